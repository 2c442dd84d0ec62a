// Where a DSS is kept, as those who serve it see it: in one node's own store, or in a database that the nodes of a pool
// share. Both judge by dss::Decide, both answer what is durable, and one suite of tests holds for both.
//
// Threads: everything from any thread. Callbacks are called once, on a thread of the host's, or on the caller's before
// the function returns; they must not block.
#ifndef WIDEBERTH_DSS_HOST_H_
#define WIDEBERTH_DSS_HOST_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "dss/command.h"
#include "dss/decide.h"
#include "dss/state.h"
#include "dss/view.h"

namespace wideberth::dss {

class TransparencyLog;  // dss/transparency_log.h

// Of the operators' interface: that an instance was alive.
struct Heartbeat {
  base::UtcMicros time;
  std::string source;
  std::string reporter;  // empty: the instance itself
  uint64_t index = 0;    // given by the host
  std::optional<base::UtcMicros> next_expected;
};

struct Instance {
  std::string locality;
  std::string public_endpoint;  // may be empty
  std::optional<Heartbeat> heartbeat;
};

// What a host over a shared database counts.
struct PoolStatistics {
  uint64_t transactions = 0;
  uint64_t commands = 0;
  uint64_t refused = 0;     // by a rule
  uint64_t retries = 0;     // transactions begun again
  uint64_t unresolved = 0;  // transactions of which nobody knows whether they were applied
  uint64_t fetches = 0;     // of changes
  uint64_t loads = 0;       // of everything
  uint64_t queued = 0;
  bool reachable = true;
};

class Host {
 public:
  virtual ~Host() = default;

  // Decides the command and answers when what it changed is durable. Refuses at once, and then never answers, what
  // cannot be queued: kBusy.
  //
  // Besides the refusals of Decide the answer may be kBusy: nothing was applied; or kStorage: nobody knows whether it
  // was, and the caller must not be told either.
  using Answered = std::function<void(base::Result<Answer>)>;
  virtual base::Result<void> Submit(Command command, Answered answered) = 0;

  // Shows to `reading` everything that any node has answered before this call. `reading` runs under a lock, is short
  // and keeps no pointers; `prepare` then runs without it; what that returns is called once what was read is durable,
  // or with why it must not be shown. If it cannot be read at all, `reading` is not called, and `prepare` gets kBusy.
  using Reading = std::function<base::Result<Answer>(const View& view, base::UtcMicros now)>;
  using Show = std::function<void(const std::optional<base::Error>& failure)>;
  using Prepare = std::function<Show(base::Result<Answer> answer)>;
  virtual void Read(Reading reading, Prepare prepare) = 0;

  virtual State::Statistics GetStatistics() const = 0;

  // Answers all that waits, with kBusy; nothing may be asked after. Idempotent.
  virtual void Stop() {}

  // Nothing of a host in one node's store.
  virtual std::optional<PoolStatistics> GetPoolStatistics() const { return std::nullopt; }

  // Of the accepted writes; null if none is kept.
  virtual TransparencyLog* log() { return nullptr; }

  // The pool: its name, which all instances give alike, and its instances.
  virtual std::string dar_id() const = 0;
  virtual std::string locality() const = 0;
  using Listed = std::function<void(base::Result<std::vector<Instance>>)>;
  virtual void ListInstances(Listed listed) = 0;
  // Of this instance, then as ListInstances.
  virtual void AddHeartbeat(Heartbeat heartbeat, Listed listed) = 0;
};

}  // namespace wideberth::dss

#endif  // WIDEBERTH_DSS_HOST_H_
