// Live changes for subscribers: what became durable, as server-sent events.
//
//   event: open      {"durable_seq":117}   first of a stream: what was read at or after this is
//                                          complete, every later change follows
//   event: gap       {"durable_seq":117}   instead of `open`, when Last-Event-ID is not the present
//                                          batch: changes were missed, read again
//   event: notice    which notice changed and how it stands; read it again for the rest
//   event: conflict  the conflict as it stands, whole
//   event: matter    what somebody owes an answer to, as it stands, whole (line mode)
//   event: call      a call between duty officers, as it stands, whole (line mode)
//   event: clock     a clock of EXERCISE or TEST was set
//
// The id of an event is the number of the batch that it was durable with; it stands on the last
// event of a batch for a stream only, so that a stream cut in between never passes for complete.
// A party is told of its own notices, of what others have released, and of conflicts that it is a
// side of; of an assessment or a dissemination only the two whom it concerns. Ended notices leave
// the memory after a week without an event.
//
// Cost: nothing but a mutex while nobody listens; otherwise an event is written once for all.
// Threads: everything may be called from any thread.
#ifndef WIDEBERTH_API_NODE_EVENTS_H_
#define WIDEBERTH_API_NODE_EVENTS_H_

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "airspace/effects.h"
#include "airspace/notice.h"
#include "airspace/state.h"
#include "api/node/sessions.h"
#include "base/ids.h"
#include "mechanism/desk.h"
#include "net/event_stream.h"
#include "service/node.h"

namespace wideberth::api::node {

struct Subscription {
  base::PartyId party;
  std::optional<airspace::DataMode> data_mode;  // none: every mode
  std::optional<uint64_t> last_seq;             // of Last-Event-ID
  // In line mode: the stream ends with the session, at the next change that it is no longer told of.
  std::shared_ptr<const Session> session = nullptr;
};

class EventHub {
 public:
  EventHub();
  ~EventHub();

  // Once, before the first subscription: where the states of notices are read.
  void Attach(const service::Node* node);

  void Subscribe(net::EventStream stream, const Subscription& subscription);

  // Sequencer::Hooks::describe. The hub outlives what it returns.
  service::Sequencer::Publish Describe(uint64_t seq, std::span<const airspace::Effect> effects,
                                       std::span<const mechanism::DeskEffect> desk_effects);

  // Ends every stream, and every later one at once.
  void Close();

 private:
  struct Client {
    net::EventStream stream;
    Subscription subscription;
  };
  struct Change;
  std::vector<Change> DescribeAirspace(const airspace::State& state,
                                       std::span<const airspace::Effect> effects);
  void DescribeDesk(std::span<const mechanism::DeskEffect> effects, std::vector<Change>* changes);
  void Publish(uint64_t seq, std::vector<Change> changes);
  void DescribeNotice(const airspace::Notice& notice, base::UtcMicros now, bool retired,
                      std::vector<Change>* changes);
  static void Send(uint64_t seq, std::vector<Change>* changes, Client* client);

  mutable std::mutex mutex_;
  const service::Node* node_ = nullptr;
  uint64_t seq_ = 0;            // published
  uint64_t described_seq_ = 0;  // may not be durable yet
  bool closed_ = false;
  std::list<Client> clients_;
};

}  // namespace wideberth::api::node

#endif  // WIDEBERTH_API_NODE_EVENTS_H_
