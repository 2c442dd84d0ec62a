// The rows of the projection, the canonical form, and the sanity check of a State.
#include <algorithm>

#include "airspace/codec.h"
#include "airspace/state_impl.h"
#include "airspace/wire.h"
#include "base/check.h"

namespace wideberth::airspace {
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
  for (const std::vector<PreparedVolume>& of_version : record.prepared) {
    wire.Varint(of_version.size());
    for (const PreparedVolume& volume : of_version) EncodePrepared(volume, out);
  }
}

base::Unexpected DamagedRow() {
  return base::Fail(base::ErrorCode::kStorage, "projection", "must decode: a row is damaged");
}

base::Result<NoticeRow> DecodeNoticeRow(base::ByteView bytes) {
  NoticeRow row;
  WB_ASSIGN_OR_RETURN(row.notice, DecodeNotice(&bytes));
  WireReader in(bytes);
  row.retired = in.Bool();
  row.prepared.resize(row.notice.versions.size());
  const std::vector<bool> may_be_checked = MayBeChecked(row.notice);
  for (size_t i = 0; i < row.prepared.size(); ++i) {
    const size_t volumes = row.notice.versions[i].declaration.volumes.size();
    if (in.Varint() != (may_be_checked[i] ? volumes : 0) || !in.ok()) return DamagedRow();
    if (!may_be_checked[i]) continue;
    row.prepared[i].reserve(volumes);
    base::ByteView rest = in.rest();
    for (size_t k = 0; k < volumes; ++k) {
      WB_ASSIGN_OR_RETURN(PreparedVolume volume, DecodePrepared(&rest));
      row.prepared[i].push_back(std::move(volume));
    }
    in = WireReader(rest);
  }
  if (!in.ok() || in.left() != 0) return DamagedRow();
  return row;
}

base::Result<FactsRow> DecodeFacts(base::ByteView bytes) {
  FactsRow facts;
  WireReader in(bytes);
  facts.rules = in.ReadDigest();
  for (size_t i = 0; i < kDataModes; ++i) {
    facts.last_time[i] = in.Time();
    facts.clock[i].real = in.Time();
    facts.clock[i].shown = in.Time();
    facts.clock[i].rate = in.F64();
  }
  if (!in.ok() || in.left() != 0) return DamagedRow();
  return facts;
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

State::Row::Row(std::unique_ptr<Content> content) : content_(std::move(content)) {}
State::Row::Row(Row&&) noexcept = default;
State::Row& State::Row::operator=(Row&&) noexcept = default;
State::Row::~Row() = default;

base::Result<State::Row> State::DecodeRow(uint64_t key, base::ByteView bytes) {
  auto content = std::make_unique<Row::Content>();
  content->ordinal = key & kOrdinalMask;
  switch (key >> kRowKindShift) {
    case kNoticeRow: {
      WB_ASSIGN_OR_RETURN(content->value, DecodeNoticeRow(bytes));
      break;
    }
    case kConflictRow: {
      WB_ASSIGN_OR_RETURN(content->value, DecodeConflict(&bytes));
      if (!bytes.empty()) return DamagedRow();
      break;
    }
    case kFactsRow: {
      WB_ASSIGN_OR_RETURN(content->value, DecodeFacts(bytes));
      break;
    }
    default:
      return DamagedRow();
  }
  return Row(std::move(content));
}

base::Result<void> State::LoadRow(Row& row) {
  impl_->loading = true;
  Row::Content& content = *row.content_;
  if (auto* loaded = std::get_if<NoticeRow>(&content.value)) {
    Notice& notice = loaded->notice;
    NoticeRecord* record = impl_->AddNotice(content.ordinal, notice.id, notice.party);
    if (record == nullptr) return DamagedRow();
    record->notice = std::move(notice);
    record->retired = loaded->retired;
    record->prepared = std::move(loaded->prepared);
    impl_->Index(*record);
  } else if (const auto* conflict = std::get_if<Conflict>(&content.value)) {
    if (impl_->conflict_by_id.contains(conflict->id)) return DamagedRow();
    impl_->PutConflict(content.ordinal, *conflict);
  } else {
    const auto& facts = std::get<FactsRow>(content.value);
    impl_->rules = facts.rules;
    for (size_t i = 0; i < kDataModes; ++i) {
      Partition& partition = impl_->partitions[i];
      partition.last_time = facts.last_time[i];
      partition.clock.real = facts.clock[i].real;
      partition.clock.shown = facts.clock[i].shown;
      partition.clock.rate = facts.clock[i].rate;
    }
  }
  return {};
}

// A set is made of sorted values in linear time; one by one each would cost a walk through cold memory.
void State::FinishLoading() {
  impl_->loading = false;
  std::array<std::vector<Deadline>, kDataModes> ending, evictable;
  for (const auto& [ordinal, record] : impl_->notices) {
    const auto mode = static_cast<size_t>(record.notice.data_mode());
    (record.retired ? evictable : ending)[mode].emplace_back(*record.ends, ordinal);
  }
  for (size_t mode = 0; mode < kDataModes; ++mode) {
    std::sort(ending[mode].begin(), ending[mode].end());
    std::sort(evictable[mode].begin(), evictable[mode].end());
    Partition& partition = impl_->partitions[mode];
    partition.ending = {ending[mode].begin(), ending[mode].end()};
    partition.evictable = {evictable[mode].begin(), evictable[mode].end()};
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

namespace {

// The slots of a notice are the volumes of its checked versions that occupy anything, one each, and
// there is a cache for every version that may be checked.
void CheckSlots(const NoticeRecord& record, const Partition& partition) {
  const Notice& notice = record.notice;
  const std::vector<bool> may_be_checked = MayBeChecked(notice);
  CHECK(record.prepared.size() == notice.versions.size());
  for (size_t i = 0; i < notice.versions.size(); ++i) {
    const NoticeVersion& version = notice.versions[i];
    CHECK(version.number == i + 1);
    CHECK(record.prepared[i].size() ==
          (may_be_checked[i] ? version.declaration.volumes.size() : 0));
    CHECK((version.disclosure == Disclosure::kDeclared) || !version.until_read_back);
    CHECK(version.disclosure == Disclosure::kDraft ||
          (version.disclosure == Disclosure::kHeld) == notice.held());
  }
  size_t next = 0;
  for (const uint32_t checked : CheckedVersions(notice)) {
    CHECK(may_be_checked[checked]);
    const NoticeVersion& version = notice.versions[checked];
    for (uint32_t i = 0; i < version.declaration.volumes.size() && !record.retired; ++i) {
      const TimeWindow window = EffectiveWindow(notice, version, version.declaration.volumes[i]);
      if (window.start >= window.end) continue;
      CHECK(next < record.slots.size());
      const VolumeSlot slot = record.slots[next++];
      const SlotOwner& owner = partition.slots[slot];
      CHECK(owner.record == &record && owner.version == checked && owner.volume == i);
      CHECK(partition.index.Contains(slot));
    }
  }
  CHECK(next == record.slots.size());
}

}  // namespace

void State::SanityCheck() const {
  size_t volumes = 0;
  for (const auto& [ordinal, record] : impl_->notices) {
    CHECK(record.ordinal == ordinal && impl_->Find(record.notice.id) == &record);
    CHECK(!record.notice.versions.empty() && record.ends.has_value());
    const Partition& partition = impl_->PartitionOf(record.notice.data_mode());
    const Deadline deadline{*record.ends, ordinal};
    CHECK(partition.ending.contains(deadline) == !record.retired);
    CHECK(partition.evictable.contains(deadline) == record.retired);
    CheckSlots(record, partition);
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
    CHECK(partition.passing.contains({NextChangeAt(conflict), ordinal}) == IsLive(conflict));
    CHECK(!conflict.sides[0].held || !conflict.sides[1].held);
    CHECK(!conflict.risk_accepted || conflict.local());
    for (size_t i = 0; i < conflict.sides.size(); ++i) {
      const ConflictSide& side = conflict.sides[i];
      const NoticeRecord* notice = impl_->Find(side.notice);
      CHECK(notice != nullptr && notice->conflicts.contains(ordinal));
      CHECK(side.held == notice->notice.held());
      if (!IsLive(conflict)) continue;
      const auto& by = impl_->Find(conflict.sides[1 - i].notice)->notice.disregarded_by;
      const auto mark = by.find(side.party);
      CHECK(side.disregarded_at ==
            (mark == by.end() ? std::nullopt : std::optional<base::UtcMicros>(mark->second)));
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
