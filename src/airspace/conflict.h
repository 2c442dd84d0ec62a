// Conflicts: which pair of notices, where, when and why (MECHANISM 4). Where conflicts are decided:
// conflict.cc.
//
// Two volumes conflict when the vertical gap and the time gap are each below their separation and
// the lateral gap is below its own, or zero. The vertical gap is max(lower limits) - min(upper
// limits), negative where the bands overlap; the time gap likewise. Two notices conflict when any
// pair of their volumes does.
//
// Equality is clear in height and time. A verdict is `certain`, or `possible` with the cause and
// the size of the error; both are conflicts. Everything here is symmetric: turning the two sides
// round turns the answer round and changes nothing else. Wider separations never turn a conflict
// into clear.
//
// Heights and times are integers and saturate; no input overflows. Threads: pure functions.
//
//   const Separation separation = rules.For(mine, theirs);
//   const auto found = CheckVolumes(a, window_a, shape_a, b, window_b, shape_b, separation);
//   if (found) Report(*found);
#ifndef WIDEBERTH_AIRSPACE_CONFLICT_H_
#define WIDEBERTH_AIRSPACE_CONFLICT_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "airspace/notice.h"
#include "airspace/rules.h"
#include "base/bytes.h"
#include "geo/gap.h"

namespace wideberth::airspace {

enum class Verdict : uint8_t { kClear, kPossible, kCertain };
enum class ConflictState : uint8_t { kOpen, kSeen, kProposed, kResolved, kKept, kPassed };
std::string_view Name(Verdict value);
std::string_view Name(ConflictState value);
template <>
base::Result<Verdict> ParseName<Verdict>(std::string_view text);
template <>
base::Result<ConflictState> ParseName<ConflictState>(std::string_view text);

// Why a verdict is not certain; bits, since several causes may meet. Zero where it is certain.
enum Uncertainty : uint8_t {
  kUncertainNothing = 0,
  kUncertainLateralTolerance = 1,  // a lateral gap is within 1 cm of what decides
  kUncertainGeoid = 2,             // an AMSL height was compared with another reference
  kUncertainTerrain = 4,           // an AGL height was, or with AGL at another place
  kUncertainPressure = 8,          // a pressure altitude was
};

struct VerticalVerdict {
  Verdict verdict = Verdict::kClear;
  uint8_t uncertainty = kUncertainNothing;
  // The gap max(lower limits) - min(upper limits) lies between these; equal when exact. The int64
  // minimum where nothing bounds it (both bands unlimited).
  int64_t gap_min_mm = 0;
  int64_t gap_max_mm = 0;
  bool operator==(const VerticalVerdict&) const = default;
};
// What decides is how far each lower limit lies above the other band's upper limit. Limits of one
// reference are compared as the integers they are, AGL with AGL only if the outlines overlap
// (elsewhere the ground differs); an unlimited limit is below or above everything; all others are
// compared by their W84 intervals. `separation_mm` >= 0.
VerticalVerdict CompareHeights(const Volume4D& a, const Volume4D& b, int64_t separation_mm,
                               bool outlines_overlap);

// max(starts) - min(ends), saturating. The int64 minimum where an open end or start leaves it
// without bound.
int64_t TimeGapUs(const TimeWindow& a, const TimeWindow& b);

// One pair of volumes and why it conflicts.
struct VolumeConflict {
  // Which version of each side's notice the pair is of, and which of its volumes. CheckVolumes, which
  // sees two volumes alone, leaves all four empty.
  base::Digest version_a;
  base::Digest version_b;
  uint32_t volume_a = 0;
  uint32_t volume_b = 0;
  bool certain = true;
  uint8_t uncertainty = kUncertainNothing;
  base::UtcMicros first_moment;  // when the later of the two begins
  TimeWindow overlap;  // common to both windows; where they only come close, the time between them
  int64_t time_gap_us = 0;
  int64_t vertical_gap_min_mm = 0;
  int64_t vertical_gap_max_mm = 0;
  int64_t lateral_gap_mm = 0;    // rounded down; 0 where the outlines touch or overlap
  int64_t lateral_error_mm = 0;  // the true gap is no further from lateral_gap_mm than this
  geo::Position closest_a;  // where the outlines come closest; common points where they overlap
  geo::Position closest_b;
  geo::Bounds area;  // around the common area
  // What is missing to the agreed separation: separation - gap in each dimension, by the smallest
  // gap there can be in height; 0 where a lateral gap is within the tolerance above the limit.
  int64_t lateral_shortfall_mm = 0;
  int64_t vertical_shortfall_mm = 0;
  int64_t time_shortfall_us = 0;
  bool operator==(const VolumeConflict&) const;
};

struct VolumeVerdict {
  Verdict verdict = Verdict::kClear;
  uint8_t uncertainty = kUncertainNothing;
  VerticalVerdict vertical;  // not meaningful when clear
};

// False where time or height alone make the pair clear, whatever the outlines are: for callers that
// would have to prepare a shape first.
bool OutlinesDecide(const Volume4D& a, const TimeWindow& window_a, const Volume4D& b,
                    const TimeWindow& window_b, const Separation& separation);

// The verdict on one pair, alone: time first, then heights, then the outlines, so that most pairs
// that are clear cost nanoseconds. The windows are the effective ones (EffectiveWindow); an empty
// one is clear of everything. Shapes are the prepared outlines of the two volumes. Allocation-free.
VolumeVerdict JudgeVolumes(const Volume4D& a, const TimeWindow& window_a, const geo::Shape& shape_a,
                           const Volume4D& b, const TimeWindow& window_b, const geo::Shape& shape_b,
                           const Separation& separation);

// The same verdict, and the reasons; empty when clear. Explaining costs about forty times the
// verdict (conflict_bench: 0.3 us and 12 us for two overlapping rings of 12 vertices).
std::optional<VolumeConflict> CheckVolumes(const Volume4D& a, const TimeWindow& window_a,
                                           const geo::Shape& shape_a, const Volume4D& b,
                                           const TimeWindow& window_b, const geo::Shape& shape_b,
                                           const Separation& separation);

struct ConflictSide {
  base::NoticeId notice;
  base::PartyId party;
  base::Digest
      version;        // the effective one; older ones that are checked beside it stand in the pairs
  bool held = false;  // the notice is held: see Conflict::local
  std::optional<base::UtcMicros> seen_at;
  // What this party proposes to do about it, as codes ("north:change_height,south:none"); both
  // sides with the same text have agreed to it.
  std::string measures;
  // When this party marked the other side's hazard as disregarded.
  std::optional<base::UtcMicros> disregarded_at;
  bool operator==(const ConflictSide&) const = default;
};

// The owner of a held plan has taken a conflict of it as it is (MECHANISM 2.3): which role, by which key, until when.
// It ends at `until`, and with the versions and rules that it was said of; then the conflict is open again.
struct AcceptedRisk {
  base::UtcMicros at;
  std::optional<base::UtcMicros> until;
  base::Digest act;  // the signed act that says so
  std::string role;
  std::string key_id;
  bool operator==(const AcceptedRisk&) const = default;
};

struct Conflict {
  base::Digest id;  // ConflictId(...)
  DataMode data_mode = DataMode::kReal;
  std::array<ConflictSide, 2> sides;  // in ascending order of notice id
  Treatment treatment = Treatment::kSeparation;
  Verdict verdict = Verdict::kCertain;
  ConflictState state = ConflictState::kOpen;
  Separation separation;              // the widest of those that its pairs were judged by
  std::vector<VolumeConflict> pairs;  // earliest first; at most limits::kConflictPairsReportedMax
  uint32_t pairs_total = 0;
  base::UtcMicros first_moment;  // the earliest of all pairs
  base::UtcMicros
      last_moment;  // after it the conflict has passed; kTimeOpenEnd while a hazard is not cleared
  base::UtcMicros opened_at;
  base::UtcMicros changed_at;
  base::Digest rules;  // it was judged under
  // What the parties agreed on: `rules`, or what those are made from while their line is lost (Rules::agreed).
  base::Digest agreed;
  std::optional<AcceptedRisk> risk_accepted;  // only of a local one

  // A conflict with a held notice is known to that notice's party alone (MECHANISM 2.3), which deals
  // with it alone. Two held notices are never compared. Its id is computed like every other: the held
  // notice's random id in it never leaves the node, so the id tells nobody anything.
  bool local() const { return sides[0].held || sides[1].held; }
  bool operator==(const Conflict&) const = default;
};

// Neither resolved nor passed.
bool IsLive(const Conflict& conflict);

// The state of a live conflict that follows from what its parties have said of it.
ConflictState StateOfSaid(const Conflict& conflict);

// When time alone changes a live conflict: it passes, or the acceptance of its risk ends.
base::UtcMicros NextChangeAt(const Conflict& conflict);

// Whether the party may know of the conflict: it is a side, and a local one is its own.
bool IsKnownTo(const Conflict& conflict, base::PartyId party);

// SHA-256(line id, data mode, sorted notice ids), where the line id is both party ids, sorted
// (MECHANISM 1.1, 4.4): no version and no verdict is in it, so both sides name a conflict alike.
// Bytes: the two party ids (16 + 16), one byte of data mode, the two notice ids (16 + 16).
base::Digest ConflictId(Sha256Function sha256, base::PartyId party_a, base::PartyId party_b,
                        DataMode mode, base::NoticeId notice_a, base::NoticeId notice_b);

}  // namespace wideberth::airspace

#endif  // WIDEBERTH_AIRSPACE_CONFLICT_H_
