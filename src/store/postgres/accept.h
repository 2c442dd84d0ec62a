// One accept: commands decided on the rows of the shared database, under locks, in one transaction.
//
//   1. BEGIN at READ COMMITTED, the locks of all commands in the order of their keys, then the transaction's id, then
//      the rows: one round trip. A statement sees what was committed when it began, and those after the locks begin
//      after whoever held them has committed.
//   2. dss::Decide on a state made of those rows, one command after the other.
//   3. The rows that changed, one row of the change feed, the entries for the log, COMMIT: the second round trip.
//
// What the database refuses because others were in the way is tried again, with a little chance in when. A COMMIT whose
// answer is lost is looked up on another connection by the transaction's id and its row of the change feed.
#ifndef WIDEBERTH_STORE_POSTGRES_ACCEPT_H_
#define WIDEBERTH_STORE_POSTGRES_ACCEPT_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "base/time.h"
#include "dss/command.h"
#include "dss/decide.h"
#include "store/postgres/connection.h"
#include "store/postgres/plan.h"
#include "store/postgres/read_index.h"

namespace wideberth::store::postgres {

// For metrics; summed over all acceptors of a node.
struct AcceptCounts {
  std::atomic<uint64_t> transactions = 0;
  std::atomic<uint64_t> commands = 0;
  std::atomic<uint64_t> refused = 0;     // by a rule
  std::atomic<uint64_t> retries = 0;     // others were in the way, or the plan was too small
  std::atomic<uint64_t> unresolved = 0;  // nobody knows whether they were applied
};

// Belongs to one thread.
class Acceptor {
 public:
  // All outlive it. `random` is thread-safe.
  struct Parts {
    const Address& address;
    const ReadIndex& index;
    const dss::Policy& policy;
    const base::Clock& clock;
    base::RandomSource& random;
    AcceptCounts& counts;
    const std::string& log_origin;  // of the log that the entries of writes are for; empty: none
  };
  explicit Acceptor(Parts parts) : parts_(parts) {}

  // What Accept holds for the command, by what is known now. Plans that are added up are made for one time, less than a
  // minute before they are used.
  Plan PlanOf(const dss::Command& command, base::UtcMicros now) const;

  // Answers the first of the commands, at least one; the others are to be given again. Or fails for all: kBusy, nothing
  // was applied, or kStorage, nobody knows. An Evict must be alone.
  base::Result<std::vector<base::Result<dss::Answer>>> Accept(
      std::span<const dss::Command> commands, Plan plan, int64_t deadline_monotonic_us);

 private:
  struct Work;
  base::Result<void> Connect();
  base::Result<void> ReadRows(const Plan& plan, bool evict, int64_t deadline_monotonic_us,
                              Work* work);
  bool DecideAll(std::span<const dss::Command> commands, const Plan& plan, Plan* needed,
                 Work* work);
  static void AddEntities(const Work& work, std::vector<Connection::Step>* steps);
  static void AddOthers(const Work& work, std::vector<Connection::Step>* steps);
  base::Result<void> Write(const Work& work);
  base::Result<void> Resolve(const Work& work, const std::string& identity);
  void Forget();
  void Pause(int attempt);

  const Parts parts_;
  std::unique_ptr<Connection> connection_;
};

}  // namespace wideberth::store::postgres

#endif  // WIDEBERTH_STORE_POSTGRES_ACCEPT_H_
