#include "store/postgres/plan.h"

#include <algorithm>
#include <functional>
#include <string>
#include <variant>

#include "base/bytes.h"
#include "geo/covering.h"

namespace wideberth::store::postgres {
namespace {

using dss::Extent;
using dss::Kind;

// What a key locks, in its low bits; the cells of F3548 and F3411 do not meet.
enum class Class : uint64_t { kStrategicCell = 1, kRemoteIdCell, kEntity, kProvider, kWorld };

int64_t Key(Class what, uint64_t bits) {
  return static_cast<int64_t>((bits & ~uint64_t{7}) | static_cast<uint64_t>(what));
}

// FNV-1a: the same in every build and on every node.
int64_t KeyOf(Class what, base::ByteView bytes) {
  uint64_t hash = 0xCBF29CE484222325u;
  for (const uint8_t byte : bytes) hash = (hash ^ byte) * 0x100000001B3u;
  return Key(what, hash);
}

class Planner {
 public:
  Planner(const dss::View& known, base::UtcMicros now) : known_(known), now_(now) {}

  void operator()(const dss::PutIntent& put) {
    const dss::Intent* old = known_.FindIntent(put.id);
    LockEntity(Kind::kIntent, put.id);
    Extent where = put.extent;
    if (old != nullptr) where = dss::Union(where, old->extent);
    if (old != nullptr) Leave(old->subscription);
    if (put.subscription) {
      Lock(KeyOf(Class::kEntity, put.subscription->bytes), IsExplicit(*put.subscription));
      plan.entities.emplace(Kind::kSubscription, *put.subscription);
    }
    if (put.new_subscription) plan.entities.emplace(Kind::kSubscription, put.drawn_subscription);
    LockCells(Class::kStrategicCell, where);
    Reach(Kind::kIntent, put.extent);
    Reach(Kind::kSubscription, where);
    if (put.subscription || put.new_subscription) Reach(Kind::kConstraint, put.extent);
  }

  void operator()(const dss::DeleteIntent& remove) {
    LockEntity(Kind::kIntent, remove.id);
    const dss::Intent* old = known_.FindIntent(remove.id);
    if (old == nullptr) return;
    Leave(old->subscription);
    LockCells(Class::kStrategicCell, old->extent);
    Reach(Kind::kSubscription, old->extent);
  }

  void operator()(const dss::PutConstraint& put) {
    LockEntity(Kind::kConstraint, put.id);
    const dss::Constraint* old = known_.FindConstraint(put.id);
    const Extent where = old == nullptr ? put.extent : dss::Union(put.extent, old->extent);
    LockCells(Class::kStrategicCell, where);
    Reach(Kind::kSubscription, where);
  }

  void operator()(const dss::DeleteConstraint& remove) {
    LockEntity(Kind::kConstraint, remove.id);
    const dss::Constraint* old = known_.FindConstraint(remove.id);
    if (old == nullptr) return;
    LockCells(Class::kStrategicCell, old->extent);
    Reach(Kind::kSubscription, old->extent);
  }

  void operator()(const dss::PutSubscription& put) {
    LockEntity(Kind::kSubscription, put.id);
    plan.dependents_of.insert(put.id);
    const dss::Subscription* old = known_.FindSubscription(put.id);
    const Extent where = Settled(put.extent, old);
    LockCells(Class::kStrategicCell, old == nullptr ? where : dss::Union(where, old->extent));
    if (put.for_intents) Reach(Kind::kIntent, where);
    if (put.for_constraints) Reach(Kind::kConstraint, where);
  }

  void operator()(const dss::DeleteSubscription& remove) {
    LockEntity(Kind::kSubscription, remove.id);
    plan.dependents_of.insert(remove.id);
    const dss::Subscription* old = known_.FindSubscription(remove.id);
    if (old != nullptr) LockCells(Class::kStrategicCell, old->extent);
  }

  void operator()(const dss::PutServiceArea& put) {
    LockEntity(Kind::kServiceArea, put.id);
    const dss::ServiceArea* old = known_.FindServiceArea(put.id);
    NotifyOfArea(old == nullptr ? put.extent : dss::Union(put.extent, old->extent));
  }

  void operator()(const dss::DeleteServiceArea& remove) {
    LockEntity(Kind::kServiceArea, remove.id);
    const dss::ServiceArea* old = known_.FindServiceArea(remove.id);
    if (old != nullptr) NotifyOfArea(old->extent);
  }

  void operator()(const dss::PutRidSubscription& put) {
    LockEntity(Kind::kRidSubscription, put.id);
    const dss::RidSubscription* old = known_.FindRidSubscription(put.id);
    const Extent where = Settled(put.extent, old);
    LockCells(Class::kRemoteIdCell, old == nullptr ? where : dss::Union(where, old->extent));
    Reach(Kind::kServiceArea, where);
    ReachInForce(where);
  }

  void operator()(const dss::DeleteRidSubscription& remove) {
    LockEntity(Kind::kRidSubscription, remove.id);
    const dss::RidSubscription* old = known_.FindRidSubscription(remove.id);
    if (old != nullptr) LockCells(Class::kRemoteIdCell, old->extent);
  }

  void operator()(const dss::SetAvailability& set) {
    Lock(KeyOf(Class::kProvider, base::AsBytes(set.uss)), false);
  }
  void operator()(const dss::Report&) {}
  void operator()(const dss::Evict&) { plan.world = true; }

  Plan plan;

 private:
  void Lock(int64_t key, bool shared) {
    const auto [found, added] = plan.locks.emplace(key, shared);
    if (!added) found->second = found->second && shared;
  }
  void LockEntity(Kind kind, const base::Uuid& id) {
    Lock(KeyOf(Class::kEntity, id.bytes), false);
    plan.entities.emplace(kind, id);
  }
  void LockCells(Class what, const Extent& extent) {
    for (const geo::CellId cell : extent.cells) {
      Lock(Key(what, geo::CellParent(cell, kLockCellLevel)), false);
    }
  }
  // One that cannot change by who depends on it. Of what is not known the stronger lock is taken.
  bool IsExplicit(const base::Uuid& subscription) const {
    const dss::Subscription* found = known_.FindSubscription(subscription);
    return found != nullptr && !found->implicit;
  }
  // An implicit subscription goes with the last intent that depends on it.
  void Leave(const base::Uuid& subscription) {
    if (subscription.is_nil()) return;
    plan.entities.emplace(Kind::kSubscription, subscription);
    const bool is_explicit = IsExplicit(subscription);
    Lock(KeyOf(Class::kEntity, subscription.bytes), is_explicit);
    if (!is_explicit) plan.dependents_of.insert(subscription);
  }
  void Reach(Kind kind, const Extent& extent) {
    if (!extent.cells.empty()) {
      plan.reaches.push_back({kind, extent.cells, extent.start, extent.end});
    }
  }
  void ReachInForce(Extent extent) {
    extent.start = now_;
    extent.end = base::kTimeOpenEnd;
    Reach(Kind::kRidSubscription, extent);
  }
  void NotifyOfArea(const Extent& where) {
    LockCells(Class::kRemoteIdCell, where);
    ReachInForce(where);
  }
  // As a subscription's window is settled, or wider.
  Extent Settled(Extent extent, const dss::Entity* old) const {
    if (extent.start == base::kTimeOpenStart) {
      extent.start = old == nullptr ? now_ : std::min(now_, old->extent.start);
    }
    if (extent.end != base::kTimeOpenEnd) return extent;
    extent.end = {extent.start.us + dss::kSubscriptionSpanMaxUs};
    // A decision a moment later begins later.
    extent.end.us =
        std::max(extent.end.us, now_.us + dss::kSubscriptionSpanMaxUs + base::kMicrosPerMinute);
    if (old != nullptr) extent.end = std::max(extent.end, old->extent.end);
    return extent;
  }

  const dss::View& known_;
  const base::UtcMicros now_;
};

bool Contains(const Plan::Reach& outer, const Plan::Reach& inner) {
  return outer.kind == inner.kind && outer.start <= inner.start && inner.end <= outer.end &&
         std::includes(outer.cells.begin(), outer.cells.end(), inner.cells.begin(),
                       inner.cells.end());
}

}  // namespace

void Plan::Add(const Plan& other) {
  world = world || other.world;
  for (const auto& [key, shared] : other.locks) {
    const auto [found, added] = locks.emplace(key, shared);
    if (!added) found->second = found->second && shared;
  }
  entities.insert(other.entities.begin(), other.entities.end());
  dependents_of.insert(other.dependents_of.begin(), other.dependents_of.end());
  reaches.insert(reaches.end(), other.reaches.begin(), other.reaches.end());
}

bool Plan::Covers(const Plan& other) const {
  if (other.world && !world) return false;
  for (const auto& [key, shared] : other.locks) {
    if (world) break;
    const auto found = locks.find(key);
    if (found == locks.end() || (found->second && !shared)) return false;
  }
  const auto in = [](const auto& set) {
    return [&set](const auto& each) { return set.contains(each); };
  };
  return std::all_of(other.entities.begin(), other.entities.end(), in(entities)) &&
         std::all_of(other.dependents_of.begin(), other.dependents_of.end(), in(dependents_of)) &&
         std::all_of(other.reaches.begin(), other.reaches.end(), [&](const Reach& inner) {
           return std::any_of(reaches.begin(), reaches.end(),
                              [&](const Reach& outer) { return Contains(outer, inner); });
         });
}

Plan MakePlan(const dss::View& known, const dss::Command& command, base::UtcMicros now) {
  Planner planner(known, now);
  planner.plan.made_at = now;
  std::visit(planner, command.request);
  planner.plan.world = planner.plan.world || planner.plan.locks.size() > kLocksMax;
  return std::move(planner.plan);
}

int64_t WorldKey() {
  return Key(Class::kWorld, 0);
}

}  // namespace wideberth::store::postgres
