// What a command needs before it can be decided over a shared database: which locks keep everybody out with whom it
// could disagree, and which rows dss::Decide will look at.
//
// The rule: whoever changes an entity holds, exclusively, the lock of its id and the locks of the coarse cells of where
// it was and will be, and of where it looks. Two commands of which one reads what the other changes thus share a lock,
// and everything that a command changes commutes with everything changed by those that ran beside it. That a
// subscription hears of many intents needs no lock of its own: what is told to it is a time, not a count.
//
// A plan is made from what is known: first the read index of the node, which may be a moment old, then, under the
// locks, the rows themselves. If the second plan needs more than the first, the transaction is begun again with both.
#ifndef WIDEBERTH_STORE_POSTGRES_PLAN_H_
#define WIDEBERTH_STORE_POSTGRES_PLAN_H_

#include <cstdint>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "dss/command.h"
#include "dss/entities.h"
#include "dss/view.h"

namespace wideberth::store::postgres {

inline constexpr int kLockCellLevel = 10;      // about 80 km2
inline constexpr size_t kLocksMax = 64;        // of one command; beyond, it holds the world
inline constexpr size_t kLocksBatchMax = 192;  // of the commands that share a transaction

struct Plan {
  base::UtcMicros
      made_at;  // a second plan of the same command, to be held against this, is made for the same time

  // By key, and so in the order in which they are taken. True: shared with other readers.
  std::map<int64_t, bool> locks;
  bool world = false;  // instead of all: exclusively; everybody else holds the world's lock shared

  std::set<std::pair<dss::Kind, base::Uuid>> entities;
  std::set<base::Uuid> dependents_of;

  // Entities of a kind in these cells that meet these times.
  struct Reach {
    dss::Kind kind;
    std::vector<geo::CellId> cells;  // sorted
    base::UtcMicros start;
    base::UtcMicros end;
  };
  std::vector<Reach> reaches;

  void Add(const Plan& other);
  // Whether everything that `other` needs is in this one.
  bool Covers(const Plan& other) const;
};

// `known` has at least what Plan asks for by id, as far as it is known. Of an Evict: the world.
Plan MakePlan(const dss::View& known, const dss::Command& command, base::UtcMicros now);

// The lock of the world.
int64_t WorldKey();

}  // namespace wideberth::store::postgres

#endif  // WIDEBERTH_STORE_POSTGRES_PLAN_H_
