// What one node holds in memory of its pool's database, to read from: the rows at some moment, and every change since.
//
// Changes are rows stamped with the id of the transaction that made them, one a transaction. Serial numbers would
// become visible out of order and be lost; transaction ids do too, so a fetch asks for everything above the oldest
// transaction that was still running at the last one and passes over what it has applied. Hence a fetch shows all that
// was committed when it began, also what stands above a transaction that still runs: that one cannot disagree with
// anything committed beside it, because its id was drawn under its locks (plan.h), and the changes of the two may be
// applied either way.
//
// Threads: Read from any; Load and Fetch from one.
#ifndef WIDEBERTH_STORE_POSTGRES_READ_INDEX_H_
#define WIDEBERTH_STORE_POSTGRES_READ_INDEX_H_

#include <cstdint>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <span>
#include <string>
#include <utility>

#include "base/result.h"
#include "dss/state.h"
#include "store/postgres/connection.h"

namespace wideberth::store::postgres {

class ReadIndex {
 public:
  // Brings the index to what is committed when it begins; reads everything if it must: at first, when another server
  // answers than before, when changes that it has not seen have been pruned.
  base::Result<void> Fetch(Connection* connection);
  static std::span<const Statement> statements();

  template <class Function>
  auto Read(Function read) const {
    const auto lock = ReadLock();
    return read(std::as_const(state_));
  }

  uint64_t loads() const;

 private:
  base::Result<void> Load(Connection* connection);
  std::shared_lock<std::shared_mutex> ReadLock() const;
  std::unique_lock<std::shared_mutex> WriteLock();

  // A writer that waits goes before the readers that come after it.
  mutable std::mutex turnstile_;
  mutable std::shared_mutex mutex_;
  dss::State state_;
  std::string identity_;       // of the server that it was read from
  int64_t low_ = 0;            // every transaction below has ended and is applied
  std::set<int64_t> applied_;  // at or above `low_`
  uint64_t loads_ = 0;
};

}  // namespace wideberth::store::postgres

#endif  // WIDEBERTH_STORE_POSTGRES_READ_INDEX_H_
