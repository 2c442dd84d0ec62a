#include "dss/state.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <utility>

#include "base/check.h"
#include "dss/extent_index.h"

namespace wideberth::dss {
namespace {

// A row's key: what it is in the high half, its slot in the low one.
constexpr int kKindShift = 32;
constexpr uint64_t kAvailabilityRow = kKinds;
constexpr size_t kFreeSlotsMax = size_t{1} << 26;  // between two rows

uint64_t RowKey(uint64_t kind, uint32_t slot) {
  return kind << kKindShift | slot;
}

template <class T>
struct Table {
  std::unordered_map<base::Uuid, uint32_t> slots;
  std::vector<std::unique_ptr<T>> entities;  // by slot
  std::vector<uint32_t> free;
  ExtentIndex index;

  const T* Find(const base::Uuid& id) const {
    const auto found = slots.find(id);
    return found == slots.end() ? nullptr : entities[found->second].get();
  }
  uint32_t NewSlot() {
    if (free.empty()) {
      entities.emplace_back();
      return static_cast<uint32_t>(entities.size() - 1);
    }
    const uint32_t slot = free.back();
    free.pop_back();
    return slot;
  }
  std::vector<const T*> Near(const Extent& extent) const {
    thread_local std::vector<uint32_t> hits;
    index.Search(extent, &hits);
    std::vector<const T*> found;
    found.reserve(hits.size());
    for (const uint32_t slot : hits) found.push_back(entities[slot].get());
    std::sort(found.begin(), found.end(), [](const T* a, const T* b) { return a->id < b->id; });
    return found;
  }
};

base::Unexpected Damaged() {
  return base::Fail(base::ErrorCode::kStorage, "dss", "must be a row of this version");
}

}  // namespace

struct State::Impl {
  std::tuple<Table<Intent>, Table<Constraint>, Table<ServiceArea>, Table<Subscription>,
             Table<RidSubscription>>
      tables;
  std::unordered_map<base::Uuid, std::set<base::Uuid>> dependents;  // of subscriptions
  std::set<std::tuple<base::UtcMicros, Kind, base::Uuid>> by_end;
  std::vector<UssAvailability> availabilities;  // by slot
  std::map<std::string, uint32_t, std::less<>> availability_slots;
  std::set<uint64_t> dirty;

  template <class T>
  Table<T>& Of() {
    return std::get<Table<T>>(tables);
  }

  void Depend(const Intent& intent) {
    if (!intent.subscription.is_nil()) dependents[intent.subscription].insert(intent.id);
  }
  void Undepend(const Intent& intent) {
    const auto found = dependents.find(intent.subscription);
    if (found == dependents.end()) return;
    found->second.erase(intent.id);
    if (found->second.empty()) dependents.erase(found);
  }

  // Takes what stands in the slot out of everything that refers to it.
  template <class T>
  void Unlink(Table<T>& table, uint32_t slot) {
    const T& old = *table.entities[slot];
    table.index.Erase(slot, old.extent);
    by_end.erase({old.extent.end, T::kKind, old.id});
    if constexpr (std::is_same_v<T, Intent>) Undepend(old);
  }
  template <class T>
  void Put(Table<T>& table, uint32_t slot, T value) {
    table.slots[value.id] = slot;
    table.index.Insert(slot, value.extent);
    by_end.insert({value.extent.end, T::kKind, value.id});
    if constexpr (std::is_same_v<T, Intent>) Depend(value);
    table.entities[slot] = std::make_unique<T>(std::move(value));
    dirty.insert(RowKey(static_cast<uint64_t>(T::kKind), slot));
  }

  template <class T>
  void Store(const T& value) {
    Table<T>& table = Of<T>();
    const auto found = table.slots.find(value.id);
    if (found == table.slots.end()) return Put(table, table.NewSlot(), value);
    const uint32_t slot = found->second;
    if (*table.entities[slot] == value) return;
    Unlink(table, slot);
    Put(table, slot, value);
  }
  template <class T>
  void Remove(const base::Uuid& id) {
    Table<T>& table = Of<T>();
    const auto found = table.slots.find(id);
    if (found == table.slots.end()) return;
    const uint32_t slot = found->second;
    Unlink(table, slot);
    table.slots.erase(found);
    table.entities[slot].reset();
    table.free.push_back(slot);
    dirty.insert(RowKey(static_cast<uint64_t>(T::kKind), slot));
  }
  template <class T>
  void SetIndex(const Notified& notified) {
    Table<T>& table = Of<T>();
    const auto found = table.slots.find(notified.id);
    if (found == table.slots.end()) return;
    table.entities[found->second]->notification_index = notified.notification_index;
    dirty.insert(RowKey(static_cast<uint64_t>(T::kKind), found->second));
  }

  void Apply(const Removed& removed) {
    switch (removed.kind) {
      case Kind::kIntent:
        return Remove<Intent>(removed.id);
      case Kind::kConstraint:
        return Remove<Constraint>(removed.id);
      case Kind::kServiceArea:
        return Remove<ServiceArea>(removed.id);
      case Kind::kSubscription:
        return Remove<Subscription>(removed.id);
      case Kind::kRidSubscription:
        return Remove<RidSubscription>(removed.id);
    }
  }
  void Apply(const Notified& notified) {
    if (notified.kind == Kind::kSubscription) return SetIndex<Subscription>(notified);
    SetIndex<RidSubscription>(notified);
  }
  void Apply(const UssAvailability& value) {
    const auto [found, added] =
        availability_slots.try_emplace(value.uss, static_cast<uint32_t>(availabilities.size()));
    if (added) availabilities.emplace_back();
    availabilities[found->second] = value;
    dirty.insert(RowKey(kAvailabilityRow, found->second));
  }
  // It lives in the log alone.
  void Apply(const ReportFiled&) {}
  // The log is kept by the host.
  void Apply(const LogBegun&) {}
  void Apply(const LogEntry&) {}
  void Apply(const LogHead&) {}
  template <class T>
  void Apply(const T& entity) {
    Store(entity);
  }

  template <class T>
  base::Result<void> Load(uint32_t slot, T value) {
    Table<T>& table = Of<T>();
    // Rows come in the order of their keys: the slots that are passed over are free.
    if (slot < table.entities.size() || slot - table.entities.size() > kFreeSlotsMax)
      return Damaged();
    while (table.entities.size() < slot) {
      table.free.push_back(static_cast<uint32_t>(table.entities.size()));
      table.entities.emplace_back();
    }
    table.entities.emplace_back();
    // Two rows of one entity: it left one slot and came back in another while rows were being written. The log behind
    // them says how it is; the slot that is given up here has a row to be removed.
    if (table.slots.contains(value.id)) {
      table.free.push_back(slot);
      dirty.insert(RowKey(static_cast<uint64_t>(T::kKind), slot));
      return {};
    }
    Put(table, slot, std::move(value));
    dirty.erase(RowKey(static_cast<uint64_t>(T::kKind), slot));
    return {};
  }
};

State::State() : impl_(std::make_unique<Impl>()) {}
State::~State() = default;
State::State(State&&) noexcept = default;
State& State::operator=(State&&) noexcept = default;

void State::Apply(const Effect& effect) {
  std::visit([this](const auto& each) { impl_->Apply(each); }, effect);
}

const Intent* State::FindIntent(const base::Uuid& id) const {
  return impl_->Of<Intent>().Find(id);
}
const Constraint* State::FindConstraint(const base::Uuid& id) const {
  return impl_->Of<Constraint>().Find(id);
}
const Subscription* State::FindSubscription(const base::Uuid& id) const {
  return impl_->Of<Subscription>().Find(id);
}
const ServiceArea* State::FindServiceArea(const base::Uuid& id) const {
  return impl_->Of<ServiceArea>().Find(id);
}
const RidSubscription* State::FindRidSubscription(const base::Uuid& id) const {
  return impl_->Of<RidSubscription>().Find(id);
}
std::vector<const Intent*> State::IntentsNear(const Extent& extent) const {
  return impl_->Of<Intent>().Near(extent);
}
std::vector<const Constraint*> State::ConstraintsNear(const Extent& extent) const {
  return impl_->Of<Constraint>().Near(extent);
}
std::vector<const Subscription*> State::SubscriptionsNear(const Extent& extent) const {
  return impl_->Of<Subscription>().Near(extent);
}
std::vector<const ServiceArea*> State::ServiceAreasNear(const Extent& extent) const {
  return impl_->Of<ServiceArea>().Near(extent);
}
std::vector<const RidSubscription*> State::RidSubscriptionsNear(const Extent& extent) const {
  return impl_->Of<RidSubscription>().Near(extent);
}

std::vector<const Intent*> State::DependentsOf(const base::Uuid& subscription) const {
  std::vector<const Intent*> intents;
  const auto found = impl_->dependents.find(subscription);
  if (found == impl_->dependents.end()) return intents;
  for (const base::Uuid& id : found->second) intents.push_back(FindIntent(id));
  return intents;
}

UssAvailability State::AvailabilityOf(std::string_view uss) const {
  const auto found = impl_->availability_slots.find(uss);
  if (found != impl_->availability_slots.end()) return impl_->availabilities[found->second];
  return {std::string(uss), Availability::kUnknown, ""};
}

std::vector<View::Ended> State::EndedBefore(base::UtcMicros before, size_t max) const {
  std::vector<Ended> ended;
  for (const auto& [end, kind, id] : impl_->by_end) {
    if (end >= before || ended.size() == max) break;
    ended.push_back({kind, id});
  }
  return ended;
}

State::Statistics State::GetStatistics() const {
  Statistics statistics;
  std::apply(
      [&](const auto&... table) {
        size_t kind = 0;
        ((statistics.entities[kind++] = table.slots.size()), ...);
        ((statistics.index_entries += table.index.entries()), ...);
      },
      impl_->tables);
  return statistics;
}

std::vector<uint64_t> State::TakeDirty() {
  const std::set<uint64_t> taken = std::exchange(impl_->dirty, {});
  return {taken.begin(), taken.end()};
}

void State::MarkDirty(std::span<const uint64_t> keys) {
  impl_->dirty.insert(keys.begin(), keys.end());
}

std::optional<base::Bytes> State::EncodeRow(uint64_t key) const {
  const uint64_t kind = key >> kKindShift;
  const auto slot = static_cast<uint32_t>(key);
  base::Bytes bytes;
  if (kind == kAvailabilityRow) {
    if (slot >= impl_->availabilities.size()) return std::nullopt;
    EncodeEffect(impl_->availabilities[slot], &bytes);
    return bytes;
  }
  std::apply(
      [&](const auto&... table) {
        uint64_t at = 0;
        const auto encode = [&](const auto& each) {
          if (at++ != kind || slot >= each.entities.size() || !each.entities[slot]) return;
          EncodeEffect(*each.entities[slot], &bytes);
        };
        (encode(table), ...);
      },
      impl_->tables);
  if (bytes.empty()) return std::nullopt;
  return bytes;
}

base::Result<void> State::LoadRow(uint64_t key, base::ByteView bytes) {
  WB_ASSIGN_OR_RETURN(Effect effect, DecodeEffect(&bytes));
  if (!bytes.empty()) return Damaged();
  const uint64_t kind = key >> kKindShift;
  const auto slot = static_cast<uint32_t>(key);
  return std::visit(
      [&](auto& value) -> base::Result<void> {
        using T = std::decay_t<decltype(value)>;
        if constexpr (std::is_base_of_v<Entity, T>) {
          if (kind != static_cast<uint64_t>(T::kKind)) return Damaged();
          return impl_->Load(slot, std::move(value));
        } else if constexpr (std::is_same_v<T, UssAvailability>) {
          if (kind != kAvailabilityRow || slot != impl_->availabilities.size()) return Damaged();
          impl_->Apply(value);
          impl_->dirty.erase(key);
          return {};
        } else {
          return Damaged();
        }
      },
      effect);
}

base::Bytes State::Canonical() const {
  base::Bytes all;
  std::apply(
      [&](const auto&... table) {
        const auto add = [&](const auto& each) {
          std::vector<std::pair<base::Uuid, uint32_t>> order(each.slots.begin(), each.slots.end());
          std::sort(order.begin(), order.end());
          for (const auto& [id, slot] : order) EncodeEffect(*each.entities[slot], &all);
        };
        (add(table), ...);
      },
      impl_->tables);
  for (const auto& [uss, slot] : impl_->availability_slots) {
    EncodeEffect(impl_->availabilities[slot], &all);
  }
  return all;
}

}  // namespace wideberth::dss
