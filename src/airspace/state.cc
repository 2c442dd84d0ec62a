#include "airspace/state.h"

#include <algorithm>
#include <utility>

#include "airspace/state_impl.h"
#include "base/check.h"

namespace wideberth::airspace {
namespace {

// The end of the last effective window of a checked version; empty windows do not count.
base::UtcMicros LastEnd(const Notice& notice) {
  base::UtcMicros last{0};
  if (EffectiveVersion(notice) == nullptr) {
    for (const Volume4D& volume : notice.latest().declaration.volumes) {
      last = std::max(last, volume.window.end);
    }
    return last;
  }
  for (const uint32_t checked : CheckedVersions(notice)) {
    const NoticeVersion& version = notice.versions[checked];
    for (const Volume4D& volume : version.declaration.volumes) {
      last = std::max(last, EffectiveWindow(notice, version, volume).end);
    }
  }
  return last;
}

bool HasManyVertices(const Volume4D& volume) {
  return volume.outline.vertices().size() >= kKeepShapeVerticesMin;
}

// Everything of a notice that decides what of it is in the index, beside the versions' content.
struct Occupancy {
  std::vector<uint32_t> checked;
  std::optional<base::UtcMicros> started_at;
  std::optional<base::UtcMicros> ended_at;
  std::optional<base::UtcMicros> all_clear_at;
  bool operator==(const Occupancy&) const = default;
};

Occupancy OccupancyOf(const Notice& notice) {
  return {CheckedVersions(notice), notice.started_at, notice.ended_at, notice.all_clear_at};
}

}  // namespace

std::vector<bool> MayBeChecked(const Notice& notice) {
  std::vector<bool> may(notice.versions.size(), false);
  for (size_t i = notice.versions.size(); i-- > 0;) {
    if (notice.versions[i].disclosure == Disclosure::kDraft) continue;
    may[i] = true;
    if (!notice.versions[i].until_read_back) break;
  }
  return may;
}

void State::Impl::Unindex(NoticeRecord& record) {
  Partition& partition = PartitionOf(record.notice.data_mode());
  if (!record.slots.empty()) --partition.in_force;
  for (const VolumeSlot slot : record.slots) {
    partition.index.Remove(slot);
    partition.slots[slot] = {};
    partition.free_slots.push_back(slot);
  }
  record.slots.clear();
  if (record.ends) {
    partition.ending.erase({*record.ends, record.ordinal});
    partition.evictable.erase({*record.ends, record.ordinal});
    record.ends.reset();
  }
}

void State::Impl::Index(NoticeRecord& record) {
  Partition& partition = PartitionOf(record.notice.data_mode());
  record.ends = LastEnd(record.notice);
  if (!loading) {
    (record.retired ? partition.evictable : partition.ending)
        .insert({*record.ends, record.ordinal});
  }
  record.kept.reset();
  if (record.retired) return;
  uint32_t kept = 0;
  for (const uint32_t checked : CheckedVersions(record.notice)) {
    const NoticeVersion& version = record.notice.versions[checked];
    const std::vector<Volume4D>& volumes = version.declaration.volumes;
    std::vector<PreparedVolume>& prepared = record.prepared[checked];
    // While a log is applied again over newer rows, a version may for a moment stand beside another's
    // cache, or without one.
    if (volumes.size() != prepared.size()) continue;
    for (uint32_t i = 0; i < volumes.size(); ++i) {
      const TimeWindow window = EffectiveWindow(record.notice, version, volumes[i]);
      if (window.start >= window.end) continue;
      const VolumeSlot slot = TakeSlot(partition);
      // The cache stays as it was stored, so that it does not depend on what happened since.
      const TimeWindow declared = std::exchange(prepared[i].window, window);
      partition.index.Insert(slot, prepared[i]);
      prepared[i].window = declared;
      partition.slots[slot] = {&record, static_cast<uint16_t>(checked), static_cast<uint16_t>(i),
                               HasManyVertices(volumes[i]) ? kept++ : SlotOwner::kNothingKept};
      record.slots.push_back(slot);
    }
  }
  if (kept > 0) record.kept = std::make_unique<KeptShape[]>(kept);
  if (!record.slots.empty()) ++partition.in_force;
}

VolumeSlot State::Impl::TakeSlot(Partition& partition) {
  if (partition.free_slots.empty()) {
    partition.slots.emplace_back();
    return static_cast<VolumeSlot>(partition.slots.size() - 1);
  }
  const VolumeSlot slot = partition.free_slots.back();
  partition.free_slots.pop_back();
  return slot;
}

NoticeRecord* State::Impl::AddNotice(uint64_t ordinal, base::NoticeId id, base::PartyId party) {
  const auto [entry, is_new] = notice_by_id.try_emplace(id);
  if (!is_new) return nullptr;
  // Ordinals mostly come in order.
  NoticeRecord& record = notices.try_emplace(notices.end(), ordinal)->second;
  record.ordinal = ordinal;
  record.notice.id = id;
  record.notice.party = party;
  entry->second = &record;
  if (const auto it = conflicts_of.find(id); it != conflicts_of.end()) {
    record.conflicts = it->second;
  }
  next_notice = std::max(next_notice, ordinal + 1);
  return &record;
}

void State::Impl::On(const VersionStored& effect) {
  NoticeRecord* record = Find(effect.id);
  const bool is_new = record == nullptr;
  if (is_new) record = AddNotice(next_notice, effect.id, effect.party);
  std::vector<NoticeVersion>& versions = record->notice.versions;
  // The partition to leave is that of the versions so far; a mode never changes between versions
  // (Decide).
  if (!is_new) Unindex(*record);
  const size_t place = effect.version.number - 1;
  CHECK_MSG(place <= versions.size(), "versions of a notice are stored without gaps");
  if (place == versions.size()) {
    versions.push_back(effect.version);
    record->prepared.emplace_back();
  } else {
    versions[place] = effect.version;
  }
  record->prepared[place] = effect.prepared;
  const std::vector<bool> may_be_checked = MayBeChecked(record->notice);
  for (size_t i = 0; i < versions.size(); ++i) {
    if (!may_be_checked[i]) record->prepared[i] = {};
  }
  // A notice that was over is extended by a version with a later window.
  record->retired = false;
  Index(*record);
  MarkNotice(*record);
}

void State::Impl::On(const AxesChanged& effect) {
  NoticeRecord* record = Find(effect.id);
  if (record == nullptr) return;  // evicted by a later effect that the projection already held
  Notice& notice = record->notice;
  const Occupancy before = OccupancyOf(notice);
  for (size_t i = 0; i < std::min(effect.authors.size(), notice.versions.size()); ++i) {
    notice.versions[i].author = effect.authors[i];
  }
  notice.activity = effect.activity;
  notice.started_at = effect.started_at;
  notice.ended_at = effect.ended_at;
  notice.all_clear_at = effect.all_clear_at;
  notice.delivery = effect.delivery;
  notice.assessments = effect.assessments;
  notice.dissemination = effect.dissemination;
  notice.disregarded_by = effect.disregarded_by;
  if (record->retired || OccupancyOf(notice) != before) {
    Unindex(*record);
    record->retired = false;
    Index(*record);
  }
  MarkNotice(*record);
}

void State::Impl::On(const DeliveryChanged& effect) {
  NoticeRecord* record = Find(effect.id);
  if (record == nullptr) return;
  record->notice.delivery[effect.to] = effect.delivery;
  MarkNotice(*record);
}

void State::Impl::On(const NoticeRetired& effect) {
  NoticeRecord* record = Find(effect.id);
  if (record == nullptr) return;
  Unindex(*record);
  record->retired = true;
  Index(*record);
  MarkNotice(*record);
}

void State::Impl::On(const NoticeEvicted& effect) {
  NoticeRecord* record = Find(effect.id);
  if (record == nullptr) return;
  Unindex(*record);
  const std::set<uint64_t> gone = record->conflicts;
  for (const uint64_t ordinal : gone) DropConflict(ordinal);
  conflicts_of.erase(effect.id);
  notice_by_id.erase(effect.id);
  MarkNotice(*record);
  notices.erase(record->ordinal);
}

void State::Impl::DropConflict(uint64_t ordinal) {
  const auto it = conflicts.find(ordinal);
  if (it == conflicts.end()) return;
  const Conflict& conflict = it->second.conflict;
  for (const ConflictSide& side : conflict.sides) {
    if (const auto of = conflicts_of.find(side.notice); of != conflicts_of.end()) {
      of->second.erase(ordinal);
    }
    if (NoticeRecord* record = Find(side.notice)) record->conflicts.erase(ordinal);
  }
  PartitionOf(conflict.data_mode).passing.erase({NextChangeAt(conflict), ordinal});
  if (IsLive(conflict)) --live_conflicts;
  conflict_by_id.erase(conflict.id);
  conflicts.erase(it);
  dirty.insert(RowKey(kConflictRow, ordinal));
}

void State::Impl::PutConflict(uint64_t ordinal, const Conflict& conflict) {
  ConflictRecord& record = conflicts[ordinal];
  Partition& partition = PartitionOf(conflict.data_mode);
  if (record.ordinal != 0) {
    partition.passing.erase({NextChangeAt(record.conflict), ordinal});
    if (IsLive(record.conflict)) --live_conflicts;
  }
  record.ordinal = ordinal;
  record.conflict = conflict;
  conflict_by_id[conflict.id] = &record;
  if (IsLive(conflict)) {
    ++live_conflicts;
    partition.passing.insert({NextChangeAt(conflict), ordinal});
  }
  for (const ConflictSide& side : conflict.sides) {
    conflicts_of[side.notice].insert(ordinal);
    if (NoticeRecord* notice = Find(side.notice)) notice->conflicts.insert(ordinal);
  }
  next_conflict = std::max(next_conflict, ordinal + 1);
}

void State::Impl::On(const ConflictChanged& effect) {
  const auto it = conflict_by_id.find(effect.conflict.id);
  const uint64_t ordinal = it == conflict_by_id.end() ? next_conflict : it->second->ordinal;
  PutConflict(ordinal, effect.conflict);
  dirty.insert(RowKey(kConflictRow, ordinal));
}

void State::Impl::On(const TimeAdvanced& effect) {
  Partition& partition = PartitionOf(effect.mode);
  partition.last_time = std::max(partition.last_time, effect.now);
  dirty.insert(RowKey(kFactsRow, 0));
}

void State::Impl::On(const RulesAdopted& effect) {
  rules = effect.rules;
  dirty.insert(RowKey(kFactsRow, 0));
}

void State::Impl::On(const ClockSet& effect) {
  PartitionOf(effect.clock.mode).clock = effect.clock;
  dirty.insert(RowKey(kFactsRow, 0));
}

const geo::Shape& KeptShape::Get(const geo::Outline& outline) const {
  const geo::Shape* kept = shape_.load(std::memory_order_acquire);
  if (kept != nullptr) return *kept;
  base::Result<geo::Shape> shape = geo::Shape::Prepare(outline);
  CHECK_MSG(shape.has_value(), "an outline was prepared once before it was stored");
  auto made = std::make_unique<const geo::Shape>(std::move(*shape));
  if (shape_.compare_exchange_strong(kept, made.get(), std::memory_order_acq_rel)) {
    return *made.release();
  }
  return *kept;
}

State::State() : impl_(std::make_unique<Impl>()) {
  for (size_t i = 0; i < kDataModes; ++i) {
    impl_->partitions[i].clock.mode = static_cast<DataMode>(i);
  }
}
State::~State() = default;

void State::Apply(const Effect& effect) {
  CHECK(!impl_->loading);
  std::visit([this](const auto& value) { impl_->On(value); }, effect);
}

void State::Apply(std::span<const Effect> effects) {
  for (const Effect& effect : effects) Apply(effect);
}

const Notice* State::FindNotice(base::NoticeId id) const {
  const NoticeRecord* record = impl_->Find(id);
  return record == nullptr ? nullptr : &record->notice;
}

const Conflict* State::FindConflict(const base::Digest& id) const {
  const auto it = impl_->conflict_by_id.find(id);
  return it == impl_->conflict_by_id.end() ? nullptr : &it->second->conflict;
}

std::vector<const Conflict*> State::LiveConflictsOf(base::NoticeId id) const {
  std::vector<const Conflict*> live;
  const NoticeRecord* record = impl_->Find(id);
  if (record == nullptr) return live;
  for (const uint64_t ordinal : record->conflicts) {
    const Conflict& conflict = impl_->conflicts.at(ordinal).conflict;
    if (IsLive(conflict)) live.push_back(&conflict);
  }
  return live;
}

void State::Near(DataMode mode, const VolumeIndex::PreparedQuery& query,
                 std::vector<NearVolume>* out) const {
  thread_local VolumeIndex::ScratchPtr scratch = VolumeIndex::MakeScratch();
  thread_local std::vector<VolumeIndex::Candidate> candidates;
  candidates.clear();
  const Partition& partition = impl_->PartitionOf(mode);
  partition.index.Query(query, scratch.get(), &candidates);
  out->reserve(out->size() + candidates.size());
  for (const VolumeIndex::Candidate& candidate : candidates) {
    const SlotOwner& owner = partition.slots[candidate.slot];
    const NoticeRecord& record = *owner.record;
    const geo::Shape* shape = nullptr;
    if (owner.kept != SlotOwner::kNothingKept) {
      const Declaration& declaration = record.notice.versions[owner.version].declaration;
      shape = &record.kept[owner.kept].Get(declaration.volumes[owner.volume].outline);
    }
    out->push_back({&record.notice, owner.version, owner.volume, candidate.lateral, shape});
  }
}

base::UtcMicros State::LastTime(DataMode mode) const {
  return impl_->PartitionOf(mode).last_time;
}

std::vector<base::NoticeId> State::EndedNotices(DataMode mode, base::UtcMicros now,
                                                size_t max) const {
  std::vector<base::NoticeId> ids;
  for (const auto& [end, ordinal] : impl_->PartitionOf(mode).ending) {
    if (end > now || ids.size() == max) break;
    ids.push_back(impl_->notices.at(ordinal).notice.id);
  }
  return ids;
}

std::vector<base::NoticeId> State::EvictableNotices(DataMode mode, base::UtcMicros before,
                                                    size_t max) const {
  std::vector<base::NoticeId> ids;
  for (const auto& [end, ordinal] : impl_->PartitionOf(mode).evictable) {
    if (end > before || ids.size() == max) break;
    ids.push_back(impl_->notices.at(ordinal).notice.id);
  }
  return ids;
}

std::vector<base::Digest> State::OverConflicts(DataMode mode, base::UtcMicros now,
                                               size_t max) const {
  std::vector<base::Digest> ids;
  for (const auto& [end, ordinal] : impl_->PartitionOf(mode).passing) {
    if (end > now || ids.size() == max) break;
    ids.push_back(impl_->conflicts.at(ordinal).conflict.id);
  }
  return ids;
}

void State::VisitNotices(uint64_t after,
                         const std::function<bool(uint64_t, const Notice&)>& visit) const {
  for (auto it = impl_->notices.upper_bound(after); it != impl_->notices.end(); ++it) {
    if (!visit(it->first, it->second.notice)) return;
  }
}

void State::VisitConflicts(uint64_t after,
                           const std::function<bool(uint64_t, const Conflict&)>& visit) const {
  for (auto it = impl_->conflicts.upper_bound(after); it != impl_->conflicts.end(); ++it) {
    if (!visit(it->first, it->second.conflict)) return;
  }
}

base::Digest State::rules() const {
  return impl_->rules;
}

SetClock State::clock(DataMode mode) const {
  return impl_->PartitionOf(mode).clock;
}

State::Statistics State::GetStatistics() const {
  Statistics statistics;
  statistics.notices = impl_->notices.size();
  statistics.conflicts = impl_->conflicts.size();
  statistics.live_conflicts = impl_->live_conflicts;
  for (const Partition& partition : impl_->partitions) {
    statistics.in_force += partition.in_force;
    const VolumeIndex::Statistics index = partition.index.GetStatistics();
    statistics.index.volumes += index.volumes;
    statistics.index.entries += index.entries;
    statistics.index.bytes += index.bytes;
    statistics.index.vertex_bytes += index.vertex_bytes;
  }
  return statistics;
}

void State::MarkDirty(std::span<const uint64_t> keys) {
  impl_->dirty.insert(keys.begin(), keys.end());
}

std::vector<uint64_t> State::TakeDirty() {
  std::vector<uint64_t> keys(impl_->dirty.begin(), impl_->dirty.end());
  impl_->dirty.clear();
  std::sort(keys.begin(), keys.end());
  return keys;
}

}  // namespace wideberth::airspace
