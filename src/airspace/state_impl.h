// How a State is laid out; shared by state.cc (apply, view) and state_rows.cc (rows, canonical
// form, sanity).
#ifndef WIDEBERTH_AIRSPACE_STATE_IMPL_H_
#define WIDEBERTH_AIRSPACE_STATE_IMPL_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

#include "airspace/state.h"
#include "base/limits.h"

namespace wideberth::airspace {

// Row keys: the kind in the top byte, the ordinal below it.
inline constexpr int kRowKindShift = 56;
inline constexpr uint64_t kOrdinalMask = (uint64_t{1} << kRowKindShift) - 1;
inline constexpr uint64_t kNoticeRow = 1;
inline constexpr uint64_t kConflictRow = 2;
inline constexpr uint64_t kFactsRow = 3;

inline uint64_t RowKey(uint64_t kind, uint64_t ordinal) {
  return (kind << kRowKindShift) | ordinal;
}

// Outlines with more vertices than this keep their prepared shape once somebody needed it:
// preparing 10,000 vertices for every neighbour that is declared would take milliseconds each.
inline constexpr size_t kKeepShapeVerticesMin = 33;

// Prepared by the first reader who needs it; should two come at once, the second one's work is thrown away.
class KeptShape {
 public:
  KeptShape() = default;
  KeptShape(const KeptShape&) = delete;
  KeptShape& operator=(const KeptShape&) = delete;
  ~KeptShape() { delete shape_.load(std::memory_order_acquire); }

  const geo::Shape& Get(const geo::Outline& outline) const;

 private:
  mutable std::atomic<const geo::Shape*> shape_ = nullptr;
};

struct NoticeRecord {
  Notice notice;
  uint64_t ordinal = 0;
  bool retired = false;
  // One entry a version: what the index needs of its volumes, as it was stored. Empty where the
  // version can not be checked (any more): MayBeChecked.
  std::vector<std::vector<PreparedVolume>> prepared;
  // One a volume in force, in order of version and volume.
  std::vector<VolumeSlot> slots;
  std::optional<base::UtcMicros> ends;  // as entered in Partition::ending or ::evictable
  std::set<uint64_t> conflicts;         // ordinals, live or not
  // One a volume in force that has many vertices.
  std::unique_ptr<KeptShape[]> kept;
};

struct ConflictRecord {
  Conflict conflict;
  uint64_t ordinal = 0;
};

struct SlotOwner {
  static constexpr uint32_t kNothingKept = UINT32_MAX;
  const NoticeRecord* record = nullptr;
  uint16_t version = 0;
  uint16_t volume = 0;
  uint32_t kept = kNothingKept;  // index into record->kept
};
static_assert(limits::kNoticeVersionsMax <= UINT16_MAX && limits::kNoticeVolumesMax <= UINT16_MAX);
static_assert(sizeof(SlotOwner) == 16);

using Deadline = std::pair<base::UtcMicros, uint64_t>;  // and the ordinal

struct Partition {
  VolumeIndex index;
  std::vector<SlotOwner> slots;
  std::vector<VolumeSlot> free_slots;
  std::set<Deadline> ending;     // notices in force, by the end of their last window
  std::set<Deadline> evictable;  // retired notices, by the end of their last window
  std::set<Deadline> passing;    // live conflicts, by their last moment
  size_t in_force = 0;           // notices with volumes in the index
  base::UtcMicros last_time{0};
  SetClock clock;
};

// Where a version's volumes may still be checked, in the order of the notice's versions: it is no
// draft, and no later one was stored that needs no reading back.
std::vector<bool> MayBeChecked(const Notice& notice);

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
  bool loading =
      false;  // rows are being loaded: Partition::ending and ::evictable come with FinishLoading

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
  VolumeSlot TakeSlot(Partition& partition);
  // Null when there is one of this id.
  NoticeRecord* AddNotice(uint64_t ordinal, base::NoticeId id, base::PartyId party);
  void PutConflict(uint64_t ordinal, const Conflict& conflict);
  void DropConflict(uint64_t ordinal);
  void MarkNotice(const NoticeRecord& record) { dirty.insert(RowKey(kNoticeRow, record.ordinal)); }

  void On(const VersionStored& effect);
  void On(const AxesChanged& effect);
  void On(const DeliveryChanged& effect);
  void On(const NoticeRetired& effect);
  void On(const NoticeEvicted& effect);
  void On(const ConflictChanged& effect);
  void On(const TimeAdvanced& effect);
  void On(const RulesAdopted& effect);
  void On(const ClockSet& effect);
};

// What a row of the projection says.
struct NoticeRow {
  Notice notice;
  bool retired = false;
  std::vector<std::vector<PreparedVolume>> prepared;
};
struct FactsRow {
  base::Digest rules;
  std::array<base::UtcMicros, kDataModes> last_time;
  std::array<SetClock, kDataModes> clock;
};
struct State::Row::Content {
  uint64_t ordinal = 0;
  std::variant<NoticeRow, Conflict, FactsRow> value;
};

}  // namespace wideberth::airspace

#endif  // WIDEBERTH_AIRSPACE_STATE_IMPL_H_
