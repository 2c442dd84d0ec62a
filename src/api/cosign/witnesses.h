// Witnesses of the logs of this node's lines: asked for cosignatures of heads that the peer has cosigned already, one
// round every few seconds, on a thread of its own; what they say is kept beside the store, for proofs. They are given
// checkpoints and consistency proofs, never an entry, and only those that a line's configuration names.
#ifndef WIDEBERTH_API_COSIGN_WITNESSES_H_
#define WIDEBERTH_API_COSIGN_WITNESSES_H_

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "service/node.h"
#include "witness/asker.h"

namespace wideberth::api::cosign {

using WitnessesOfPeers = std::map<base::PartyId, std::vector<witness::Witness>>;

// How one of them stands.
struct WitnessState {
  witness::Witness witness;
  uint64_t size = 0;    // of what it cosigned last
  uint64_t time_s = 0;  // when, by its clock
  std::string trouble;  // why it did not the last time; empty: it did
};

class Witnesses {
 public:
  // `folder` is made where it is not there.
  static base::Result<std::unique_ptr<Witnesses>> Open(const std::string& folder,
                                                       const WitnessesOfPeers& of);
  ~Witnesses();

  void Start(const service::Node& node);
  // Waits for the request that is under way. Idempotent.
  void Stop();

  // Once through; called by the thread, and by tests.
  void Round(const service::Node& node);

  std::vector<WitnessState> StateOf(base::PartyId peer) const;
  // The earliest checkpoint of our log of that line, of at least `size` entries, that all of its witnesses have
  // cosigned; for nullopt the latest. Refuses with kNotFound where there is none.
  base::Result<std::string> Checkpoint(base::PartyId peer, std::optional<uint64_t> size) const;

 private:
  struct Line {
    std::vector<WitnessState> states;
    std::unique_ptr<witness::CosignedNotes> notes;
    std::optional<record::SignedNote> last;  // with all that was obtained for it
  };
  Witnesses() = default;
  bool IsStopping();
  void RoundOf(const service::Node& node, base::PartyId peer, Line* line);

  mutable std::mutex mutex_;  // of the states; requests are made without it
  std::map<base::PartyId, Line> lines_;
  std::mutex stop_mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace wideberth::api::cosign

#endif  // WIDEBERTH_API_COSIGN_WITNESSES_H_
