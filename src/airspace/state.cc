#include "airspace/state.h"

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "airspace/codec.h"
#include "airspace/wire.h"
#include "base/check.h"

namespace wideberth::airspace {
namespace {

// Row keys: the kind in the top byte, the ordinal below it.
constexpr int kRowKindShift = 56;
constexpr uint64_t kOrdinalMask = (uint64_t{1} << kRowKindShift) - 1;
constexpr uint64_t kNoticeRow = 1;
constexpr uint64_t kConflictRow = 2;
constexpr uint64_t kFactsRow = 3;

uint64_t RowKey(uint64_t kind, uint64_t ordinal) {
  return (kind << kRowKindShift) | ordinal;
}

// Outlines with more vertices than this keep their prepared shape once somebody needed it:
// preparing 10,000 vertices for every neighbour that is declared would take milliseconds each.
constexpr size_t kKeepShapeVerticesMin = 33;

struct NoticeRecord {
  Notice notice;
  uint64_t ordinal = 0;
  bool retired = false;
  // Of the effective version's volumes; empty before the first release.
  std::vector<PreparedVolume> prepared;
  // One a volume in force, in order of volume.
  std::vector<VolumeSlot> slots;
  std::optional<base::UtcMicros> ends;  // as entered in Partition::ending or ::evictable
  std::set<uint64_t> conflicts;         // ordinals, live or not
};

struct ConflictRecord {
  Conflict conflict;
  uint64_t ordinal = 0;
};

struct SlotOwner {
  const NoticeRecord* record = nullptr;
  uint32_t volume = 0;
};

using Deadline = std::pair<base::UtcMicros, uint64_t>;  // and the ordinal

struct Partition {
  VolumeIndex index;
  std::vector<SlotOwner> slots;
  std::vector<VolumeSlot> free_slots;
  std::set<Deadline> ending;     // notices in force, by the end of their last window
  std::set<Deadline> evictable;  // retired notices, by the end of their last window
  std::set<Deadline> passing;    // live conflicts, by their last moment
  base::UtcMicros last_time{0};
  SetClock clock;
  mutable std::mutex shapes_mutex;
  mutable std::unordered_map<VolumeSlot, std::unique_ptr<geo::Shape>> shapes;
};

bool IsLive(const Conflict& conflict) {
  return conflict.state != ConflictState::kResolved && conflict.state != ConflictState::kPassed;
}

// The end of the last effective window; empty windows do not count.
base::UtcMicros LastEnd(const Notice& notice) {
  base::UtcMicros last{0};
  const NoticeVersion* version = EffectiveVersion(notice);
  const Declaration& declaration = (version ? *version : notice.latest()).declaration;
  for (const Volume4D& volume : declaration.volumes) {
    last = std::max(last, version ? EffectiveWindow(notice, volume).end : volume.window.end);
  }
  return last;
}

}  // namespace

struct State::Impl {
  std::array<Partition, kDataModes> partitions;
  // Ordered by ordinal for paging; nodes do not move, so records are pointed to.
  std::map<uint64_t, NoticeRecord> notices;
  std::map<uint64_t, ConflictRecord> conflicts;
  std::unordered_map<base::NoticeId, NoticeRecord*> notice_by_id;
  std::map<base::Digest, ConflictRecord*> conflict_by_id;
  // A conflict may be loaded before its notices; they find it here when they come.
  std::unordered_map<base::NoticeId, std::set<uint64_t>> conflicts_of;
  uint64_t next_notice = 1;
  uint64_t next_conflict = 1;
  base::Digest rules;
  size_t live_conflicts = 0;
  std::unordered_set<uint64_t> dirty;

  Partition& PartitionOf(DataMode mode) { return partitions[static_cast<size_t>(mode)]; }
  const Partition& PartitionOf(DataMode mode) const {
    return partitions[static_cast<size_t>(mode)];
  }

  NoticeRecord* Find(base::NoticeId id) const {
    const auto it = notice_by_id.find(id);
    return it == notice_by_id.end() ? nullptr : it->second;
  }

  void Unindex(NoticeRecord& record);
  void Index(NoticeRecord& record);
  void Reindex(NoticeRecord& record) {
    Unindex(record);
    Index(record);
  }
  NoticeRecord& AddNotice(uint64_t ordinal, base::NoticeId id, base::PartyId party);
  void PutConflict(uint64_t ordinal, const Conflict& conflict);
  void DropConflict(uint64_t ordinal);
  void MarkNotice(const NoticeRecord& record) { dirty.insert(RowKey(kNoticeRow, record.ordinal)); }

  void On(const VersionStored& effect);
  void On(const AxesChanged& effect);
  void On(const NoticeRetired& effect);
  void On(const NoticeEvicted& effect);
  void On(const ConflictChanged& effect);
  void On(const TimeAdvanced& effect);
  void On(const RulesAdopted& effect);
  void On(const ClockSet& effect);

  const geo::Shape* KeptShape(const Partition& partition, VolumeSlot slot,
                              const Volume4D& volume) const;
};

void State::Impl::Unindex(NoticeRecord& record) {
  Partition& partition = PartitionOf(record.notice.data_mode());
  for (const VolumeSlot slot : record.slots) {
    partition.index.Remove(slot);
    partition.slots[slot] = {};
    partition.free_slots.push_back(slot);
    partition.shapes.erase(slot);
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
  if (record.retired) {
    partition.evictable.insert({*record.ends, record.ordinal});
    return;
  }
  partition.ending.insert({*record.ends, record.ordinal});
  const NoticeVersion* version = EffectiveVersion(record.notice);
  if (version == nullptr || record.prepared.empty()) return;
  const std::vector<Volume4D>& volumes = version->declaration.volumes;
  // While a log is applied again over newer rows, a version may for a moment stand beside another's
  // cache.
  if (volumes.size() != record.prepared.size()) return;
  for (uint32_t i = 0; i < volumes.size(); ++i) {
    const TimeWindow window = EffectiveWindow(record.notice, volumes[i]);
    if (window.start >= window.end) continue;
    VolumeSlot slot = static_cast<VolumeSlot>(partition.slots.size());
    if (partition.free_slots.empty()) {
      partition.slots.emplace_back();
    } else {
      slot = partition.free_slots.back();
      partition.free_slots.pop_back();
    }
    record.prepared[i].window = window;
    partition.index.Insert(slot, record.prepared[i]);
    partition.slots[slot] = {&record, i};
    record.slots.push_back(slot);
  }
}

NoticeRecord& State::Impl::AddNotice(uint64_t ordinal, base::NoticeId id, base::PartyId party) {
  NoticeRecord& record = notices[ordinal];
  record.ordinal = ordinal;
  record.notice.id = id;
  record.notice.party = party;
  notice_by_id[id] = &record;
  if (const auto it = conflicts_of.find(id); it != conflicts_of.end()) {
    record.conflicts = it->second;
  }
  next_notice = std::max(next_notice, ordinal + 1);
  return record;
}

void State::Impl::On(const VersionStored& effect) {
  NoticeRecord* record = Find(effect.id);
  const bool is_new = record == nullptr;
  if (is_new) record = &AddNotice(next_notice, effect.id, effect.party);
  std::vector<NoticeVersion>& versions = record->notice.versions;
  // The partition to leave is that of the versions so far; a mode never changes between versions
  // (Decide).
  if (!is_new) Unindex(*record);
  const size_t place = effect.version.number - 1;
  CHECK_MSG(place <= versions.size(), "versions of a notice are stored without gaps");
  if (place == versions.size()) {
    versions.push_back(effect.version);
  } else {
    versions[place] = effect.version;
  }
  if (!effect.prepared.empty() && EffectiveVersion(record->notice) == &versions[place]) {
    record->prepared = effect.prepared;
  }
  Index(*record);
  MarkNotice(*record);
}

void State::Impl::On(const AxesChanged& effect) {
  NoticeRecord* record = Find(effect.id);
  if (record == nullptr) return;  // evicted by a later effect that the projection already held
  Unindex(*record);
  Notice& notice = record->notice;
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
  Index(*record);
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
  PartitionOf(conflict.data_mode).passing.erase({conflict.last_moment, ordinal});
  if (IsLive(conflict)) --live_conflicts;
  conflict_by_id.erase(conflict.id);
  conflicts.erase(it);
  dirty.insert(RowKey(kConflictRow, ordinal));
}

void State::Impl::PutConflict(uint64_t ordinal, const Conflict& conflict) {
  ConflictRecord& record = conflicts[ordinal];
  Partition& partition = PartitionOf(conflict.data_mode);
  if (record.ordinal != 0) {
    partition.passing.erase({record.conflict.last_moment, ordinal});
    if (IsLive(record.conflict)) --live_conflicts;
  }
  record.ordinal = ordinal;
  record.conflict = conflict;
  conflict_by_id[conflict.id] = &record;
  if (IsLive(conflict)) {
    ++live_conflicts;
    partition.passing.insert({conflict.last_moment, ordinal});
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

const geo::Shape* State::Impl::KeptShape(const Partition& partition, VolumeSlot slot,
                                         const Volume4D& volume) const {
  if (volume.outline.vertices().size() < kKeepShapeVerticesMin) return nullptr;
  const std::lock_guard lock(partition.shapes_mutex);
  std::unique_ptr<geo::Shape>& kept = partition.shapes[slot];
  if (kept == nullptr) {
    base::Result<geo::Shape> shape = geo::Shape::Prepare(volume.outline);
    CHECK_MSG(shape.has_value(), "an outline was prepared once before it was stored");
    kept = std::make_unique<geo::Shape>(std::move(*shape));
  }
  return kept.get();
}

State::State() : impl_(std::make_unique<Impl>()) {
  for (size_t i = 0; i < kDataModes; ++i) {
    impl_->partitions[i].clock.mode = static_cast<DataMode>(i);
  }
}
State::~State() = default;

void State::Apply(const Effect& effect) {
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
    const Notice& notice = owner.record->notice;
    const Volume4D& volume = EffectiveVersion(notice)->declaration.volumes[owner.volume];
    out->push_back({&notice, owner.volume, candidate.lateral,
                    impl_->KeptShape(partition, candidate.slot, volume)});
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
    statistics.in_force += partition.ending.size();
    const VolumeIndex::Statistics index = partition.index.GetStatistics();
    statistics.index.volumes += index.volumes;
    statistics.index.entries += index.entries;
    statistics.index.bytes += index.bytes;
    statistics.index.vertex_bytes += index.vertex_bytes;
  }
  return statistics;
}

std::vector<uint64_t> State::TakeDirty() {
  std::vector<uint64_t> keys(impl_->dirty.begin(), impl_->dirty.end());
  impl_->dirty.clear();
  std::sort(keys.begin(), keys.end());
  return keys;
}

namespace {

void EncodeFacts(const std::array<Partition, kDataModes>& partitions, const base::Digest& rules,
                 base::Bytes* out) {
  WireWriter wire(out);
  wire.Fixed(rules.bytes);
  for (const Partition& partition : partitions) {
    wire.Time(partition.last_time);
    wire.Time(partition.clock.real);
    wire.Time(partition.clock.shown);
    wire.F64(partition.clock.rate);
  }
}

void EncodeNoticeRow(const NoticeRecord& record, base::Bytes* out) {
  EncodeNotice(record.notice, out);
  WireWriter wire(out);
  wire.Bool(record.retired);
  wire.Varint(record.prepared.size());
  for (const PreparedVolume& volume : record.prepared) EncodePrepared(volume, out);
}

base::Unexpected DamagedRow() {
  return base::Fail(base::ErrorCode::kStorage, "projection", "must decode: a row is damaged");
}

}  // namespace

std::optional<base::Bytes> State::EncodeRow(uint64_t key) const {
  const uint64_t ordinal = key & kOrdinalMask;
  base::Bytes bytes;
  switch (key >> kRowKindShift) {
    case kNoticeRow: {
      const auto it = impl_->notices.find(ordinal);
      if (it == impl_->notices.end()) return std::nullopt;
      EncodeNoticeRow(it->second, &bytes);
      return bytes;
    }
    case kConflictRow: {
      const auto it = impl_->conflicts.find(ordinal);
      if (it == impl_->conflicts.end()) return std::nullopt;
      EncodeConflict(it->second.conflict, &bytes);
      return bytes;
    }
    case kFactsRow:
      EncodeFacts(impl_->partitions, impl_->rules, &bytes);
      return bytes;
    default:
      return std::nullopt;
  }
}

base::Result<void> State::LoadRow(uint64_t key, base::ByteView bytes) {
  const uint64_t ordinal = key & kOrdinalMask;
  switch (key >> kRowKindShift) {
    case kNoticeRow: {
      WB_ASSIGN_OR_RETURN(Notice notice, DecodeNotice(&bytes));
      WireReader in(bytes);
      const bool retired = in.Bool();
      const size_t count = in.Count(32);
      base::ByteView rest = in.rest();
      if (!in.ok() || impl_->notice_by_id.contains(notice.id)) return DamagedRow();
      std::vector<PreparedVolume> prepared;
      prepared.reserve(count);
      for (size_t i = 0; i < count; ++i) {
        WB_ASSIGN_OR_RETURN(PreparedVolume volume, DecodePrepared(&rest));
        prepared.push_back(std::move(volume));
      }
      if (!rest.empty()) return DamagedRow();
      NoticeRecord& record = impl_->AddNotice(ordinal, notice.id, notice.party);
      record.notice = std::move(notice);
      record.retired = retired;
      record.prepared = std::move(prepared);
      impl_->Index(record);
      return {};
    }
    case kConflictRow: {
      WB_ASSIGN_OR_RETURN(const Conflict conflict, DecodeConflict(&bytes));
      if (!bytes.empty() || impl_->conflict_by_id.contains(conflict.id)) return DamagedRow();
      impl_->PutConflict(ordinal, conflict);
      return {};
    }
    case kFactsRow: {
      WireReader in(bytes);
      impl_->rules = in.ReadDigest();
      for (Partition& partition : impl_->partitions) {
        partition.last_time = in.Time();
        partition.clock.real = in.Time();
        partition.clock.shown = in.Time();
        partition.clock.rate = in.F64();
      }
      if (!in.ok() || in.left() != 0) return DamagedRow();
      return {};
    }
    default:
      return DamagedRow();
  }
}

base::Bytes State::Canonical() const {
  base::Bytes bytes;
  EncodeFacts(impl_->partitions, impl_->rules, &bytes);
  std::map<base::NoticeId, const NoticeRecord*> by_id;
  for (const auto& [ordinal, record] : impl_->notices) by_id[record.notice.id] = &record;
  for (const auto& [id, record] : by_id) EncodeNoticeRow(*record, &bytes);
  for (const auto& [id, record] : impl_->conflict_by_id) EncodeConflict(record->conflict, &bytes);
  return bytes;
}

void State::SanityCheck() const {
  size_t volumes = 0;
  for (const auto& [ordinal, record] : impl_->notices) {
    CHECK(record.ordinal == ordinal && impl_->Find(record.notice.id) == &record);
    CHECK(!record.notice.versions.empty() && record.ends.has_value());
    const Partition& partition = impl_->PartitionOf(record.notice.data_mode());
    const Deadline deadline{*record.ends, ordinal};
    CHECK(partition.ending.contains(deadline) == !record.retired);
    CHECK(partition.evictable.contains(deadline) == record.retired);
    CHECK(!record.retired || record.slots.empty());
    for (const VolumeSlot slot : record.slots) {
      CHECK(partition.slots[slot].record == &record && partition.index.Contains(slot));
    }
    volumes += record.slots.size();
    for (const uint64_t conflict : record.conflicts) CHECK(impl_->conflicts.contains(conflict));
  }
  size_t live = 0;
  for (const auto& [ordinal, record] : impl_->conflicts) {
    const Conflict& conflict = record.conflict;
    CHECK(record.ordinal == ordinal && FindConflict(conflict.id) == &conflict);
    CHECK(conflict.sides[0].notice < conflict.sides[1].notice);
    live += IsLive(conflict) ? 1 : 0;
    const Partition& partition = impl_->PartitionOf(conflict.data_mode);
    CHECK(partition.passing.contains({conflict.last_moment, ordinal}) == IsLive(conflict));
    for (const ConflictSide& side : conflict.sides) {
      const NoticeRecord* notice = impl_->Find(side.notice);
      CHECK(notice != nullptr && notice->conflicts.contains(ordinal));
    }
  }
  CHECK(live == impl_->live_conflicts);
  size_t indexed = 0;
  for (const Partition& partition : impl_->partitions) {
    indexed += partition.index.size();
    partition.index.SanityCheck();
  }
  CHECK(indexed == volumes);
}

}  // namespace wideberth::airspace
