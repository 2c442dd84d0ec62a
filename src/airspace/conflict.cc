#include "airspace/conflict.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

#include "airspace/enum_names.h"

namespace wideberth::airspace {
namespace {

using std::string_view;

constexpr std::array<string_view, 3> kVerdictWords = {"clear", "possible", "certain"};
constexpr std::array<string_view, 6> kConflictStateWords = {"open",     "seen", "proposed",
                                                            "resolved", "kept", "passed"};

constexpr int64_t kUnbounded = std::numeric_limits<int64_t>::min();

int64_t Subtract(int64_t from, int64_t what) {
  int64_t difference = 0;
  if (!__builtin_sub_overflow(from, what, &difference)) return difference;
  return from < 0 ? std::numeric_limits<int64_t>::min() : std::numeric_limits<int64_t>::max();
}

Verdict Judge(int64_t gap_min, int64_t gap_max, int64_t separation) {
  if (gap_max < separation) return Verdict::kCertain;
  return gap_min < separation ? Verdict::kPossible : Verdict::kClear;
}

// How far one limit lies above another: exact where min == max.
struct Rise {
  int64_t min_mm = 0;
  int64_t max_mm = 0;
};

bool IsUnlimited(const geo::Altitude& lower, const geo::Altitude& upper) {
  return lower.mm == geo::kUnlimitedDown || upper.mm == geo::kUnlimitedUp;
}

bool BothAgl(const geo::Altitude& lower, const geo::Altitude& upper) {
  return lower.reference == geo::AltitudeReference::kAgl &&
         upper.reference == geo::AltitudeReference::kAgl && !IsUnlimited(lower, upper);
}

// From the upper limit of `below` to the lower limit of `above`. `one_place`: both are meant at the
// same place, so that heights above ground have the same ground under them.
Rise RiseBetween(const Volume4D& below, const Volume4D& above, bool one_place) {
  const geo::Altitude& upper = below.band.upper;
  const geo::Altitude& lower = above.band.lower;
  if (IsUnlimited(lower, upper)) return {kUnbounded, kUnbounded};
  if (lower.reference == upper.reference && (one_place || !BothAgl(lower, upper))) {
    const int64_t rise = Subtract(lower.mm, upper.mm);
    return {rise, rise};
  }
  return {Subtract(above.lower_w84.lower_mm, below.upper_w84.upper_mm),
          Subtract(above.lower_w84.upper_mm, below.upper_w84.lower_mm)};
}

// The thickness of a band, counted downwards. A band is never empty (ValidateVolume), however wide
// the intervals of its limits are.
Rise OwnRise(const Volume4D& volume) {
  const Rise rise = RiseBetween(volume, volume, /*one_place=*/true);
  return {std::min<int64_t>(rise.min_mm, -1), std::min<int64_t>(rise.max_mm, -1)};
}

uint8_t CauseOf(geo::AltitudeReference reference) {
  switch (reference) {
    case geo::AltitudeReference::kW84:
      return kUncertainNothing;
    case geo::AltitudeReference::kAmsl:
      return kUncertainGeoid;
    case geo::AltitudeReference::kAgl:
      return kUncertainTerrain;
    case geo::AltitudeReference::kStd:
      return kUncertainPressure;
  }
  return kUncertainNothing;
}

uint8_t CausesOf(const Volume4D& below, const Volume4D& above, const Rise& rise,
                 int64_t separation_mm) {
  if (Judge(rise.min_mm, rise.max_mm, separation_mm) != Verdict::kPossible) return 0;
  return static_cast<uint8_t>(CauseOf(below.band.upper.reference) |
                              CauseOf(above.band.lower.reference));
}

// Whether it matters to the heights if the outlines overlap.
bool AsksForOverlap(const Volume4D& a, const Volume4D& b) {
  return BothAgl(a.band.lower, b.band.upper) || BothAgl(b.band.lower, a.band.upper);
}

// Either may be true: the worse verdict, and every gap there can be.
VerticalVerdict Worse(const VerticalVerdict& a, const VerticalVerdict& b) {
  VerticalVerdict worse;
  const bool same = a.verdict == b.verdict;
  worse.verdict = same ? a.verdict : Verdict::kPossible;
  worse.uncertainty = static_cast<uint8_t>(a.uncertainty | b.uncertainty |
                                           (same ? kUncertainNothing : kUncertainLateralTolerance));
  worse.gap_min_mm = std::min(a.gap_min_mm, b.gap_min_mm);
  worse.gap_max_mm = std::max(a.gap_max_mm, b.gap_max_mm);
  return worse;
}

bool IsEmpty(const TimeWindow& window) {
  return window.start >= window.end;
}

bool MeetInTime(const TimeWindow& a, const TimeWindow& b, const Separation& separation) {
  return !IsEmpty(a) && !IsEmpty(b) && TimeGapUs(a, b) < separation.time_us;
}

struct Heights {
  VerticalVerdict apart;
  VerticalVerdict together;  // as apart, unless it matters
  bool asks_for_overlap = false;
};

Heights HeightsOf(const Volume4D& a, const Volume4D& b, const Separation& separation) {
  Heights heights;
  heights.apart = CompareHeights(a, b, separation.vertical_mm, /*outlines_overlap=*/false);
  heights.together = heights.apart;
  heights.asks_for_overlap = AsksForOverlap(a, b);
  if (heights.asks_for_overlap) {
    heights.together = CompareHeights(a, b, separation.vertical_mm, /*outlines_overlap=*/true);
  }
  return heights;
}

bool MeetInHeight(const Heights& heights) {
  return heights.apart.verdict != Verdict::kClear || heights.together.verdict != Verdict::kClear;
}

// What is measured in floating point is measured in one order, whichever side asks first.
bool ComesBefore(const geo::Outline& a, const geo::Outline& b) {
  if (a.kind() != b.kind()) return a.kind() < b.kind();
  if (a.buffer_mm() != b.buffer_mm()) return a.buffer_mm() < b.buffer_mm();
  return std::lexicographical_compare(a.vertices().begin(), a.vertices().end(),
                                      b.vertices().begin(), b.vertices().end());
}

void ExplainTime(const TimeWindow& a, const TimeWindow& b, const Separation& separation,
                 VolumeConflict* conflict) {
  const base::UtcMicros later_start = std::max(a.start, b.start);
  const base::UtcMicros earlier_end = std::min(a.end, b.end);
  conflict->first_moment = later_start;
  conflict->overlap = {std::min(later_start, earlier_end), std::max(later_start, earlier_end)};
  conflict->time_gap_us = TimeGapUs(a, b);
  conflict->time_shortfall_us = Subtract(separation.time_us, conflict->time_gap_us);
}

void ExplainOutlines(const Volume4D& a, const geo::Shape& shape_a, const Volume4D& b,
                     const geo::Shape& shape_b, const Separation& separation,
                     VolumeConflict* conflict) {
  const bool turned = ComesBefore(b.outline, a.outline);
  const geo::Shape& first = turned ? shape_b : shape_a;
  const geo::Shape& second = turned ? shape_a : shape_b;
  const geo::Gap gap = geo::MeasureGap(first, second);
  const double gap_mm = gap.gap_m * 1000.0;
  const double whole_mm = std::floor(gap_mm);
  conflict->lateral_gap_mm = static_cast<int64_t>(whole_mm);
  conflict->lateral_error_mm =
      static_cast<int64_t>(std::ceil(gap.error_m * 1000.0 + (gap_mm - whole_mm)));
  conflict->closest_a = turned ? gap.on_b : gap.on_a;
  conflict->closest_b = turned ? gap.on_a : gap.on_b;
  conflict->area = geo::OverlapBounds(first, second, separation.lateral_mm);
  conflict->lateral_shortfall_mm =
      std::max<int64_t>(0, separation.lateral_mm - conflict->lateral_gap_mm);
}

}  // namespace

string_view Name(Verdict value) {
  return WordOf(kVerdictWords, value);
}
string_view Name(ConflictState value) {
  return WordOf(kConflictStateWords, value);
}

template <>
base::Result<Verdict> ParseName<Verdict>(string_view text) {
  return ParseWord<Verdict>(kVerdictWords, text);
}
template <>
base::Result<ConflictState> ParseName<ConflictState>(string_view text) {
  return ParseWord<ConflictState>(kConflictStateWords, text);
}

base::UtcMicros NextChangeAt(const Conflict& conflict) {
  if (!conflict.risk_accepted || !conflict.risk_accepted->until) return conflict.last_moment;
  return std::min(conflict.last_moment, *conflict.risk_accepted->until);
}

bool IsLive(const Conflict& conflict) {
  return conflict.state != ConflictState::kResolved && conflict.state != ConflictState::kPassed;
}

ConflictState StateOfSaid(const Conflict& conflict) {
  const auto& [a, b] = conflict.sides;
  const bool local = conflict.local();
  const bool measures = !a.measures.empty() || !b.measures.empty();
  if (conflict.risk_accepted || (measures && (local || a.measures == b.measures))) {
    return ConflictState::kKept;
  }
  if (measures) return ConflictState::kProposed;
  const bool seen = local ? a.seen_at || b.seen_at : a.seen_at && b.seen_at;
  return seen ? ConflictState::kSeen : ConflictState::kOpen;
}

bool IsKnownTo(const Conflict& conflict, base::PartyId party) {
  return std::any_of(conflict.sides.begin(), conflict.sides.end(), [&](const ConflictSide& side) {
    return side.party == party && (side.held || !conflict.local());
  });
}

bool VolumeConflict::operator==(const VolumeConflict& other) const {
  const auto tie = [](const VolumeConflict& c) {
    return std::tie(
        c.version_a, c.version_b, c.volume_a, c.volume_b, c.certain, c.uncertainty, c.first_moment,
        c.overlap.start, c.overlap.end, c.time_gap_us, c.vertical_gap_min_mm, c.vertical_gap_max_mm,
        c.lateral_gap_mm, c.lateral_error_mm, c.closest_a, c.closest_b, c.area.south_west,
        c.area.north_east, c.lateral_shortfall_mm, c.vertical_shortfall_mm, c.time_shortfall_us);
  };
  return tie(*this) == tie(other);
}

VerticalVerdict CompareHeights(const Volume4D& a, const Volume4D& b, int64_t separation_mm,
                               bool outlines_overlap) {
  const Rise to_a = RiseBetween(b, a, outlines_overlap);
  const Rise to_b = RiseBetween(a, b, outlines_overlap);
  const Rise own_a = OwnRise(a);
  const Rise own_b = OwnRise(b);
  VerticalVerdict result;
  result.gap_min_mm = std::max({to_a.min_mm, to_b.min_mm, own_a.min_mm, own_b.min_mm});
  result.gap_max_mm = std::max({to_a.max_mm, to_b.max_mm, own_a.max_mm, own_b.max_mm});
  result.verdict = Judge(result.gap_min_mm, result.gap_max_mm, separation_mm);
  if (result.verdict == Verdict::kPossible) {
    result.uncertainty = static_cast<uint8_t>(CausesOf(b, a, to_a, separation_mm) |
                                              CausesOf(a, b, to_b, separation_mm));
  }
  return result;
}

int64_t TimeGapUs(const TimeWindow& a, const TimeWindow& b) {
  const base::UtcMicros later_start = std::max(a.start, b.start);
  const base::UtcMicros earlier_end = std::min(a.end, b.end);
  if (later_start == base::kTimeOpenStart || earlier_end == base::kTimeOpenEnd) return kUnbounded;
  return Subtract(later_start.us, earlier_end.us);
}

bool OutlinesDecide(const Volume4D& a, const TimeWindow& window_a, const Volume4D& b,
                    const TimeWindow& window_b, const Separation& separation) {
  return MeetInTime(window_a, window_b, separation) && MeetInHeight(HeightsOf(a, b, separation));
}

VolumeVerdict JudgeVolumes(const Volume4D& a, const TimeWindow& window_a, const geo::Shape& shape_a,
                           const Volume4D& b, const TimeWindow& window_b, const geo::Shape& shape_b,
                           const Separation& separation) {
  if (!MeetInTime(window_a, window_b, separation)) return {};
  const Heights heights = HeightsOf(a, b, separation);
  if (!MeetInHeight(heights)) return {};

  const geo::Lateral lateral = geo::CompareGap(shape_a, shape_b, separation.lateral_mm);
  if (lateral == geo::Lateral::kClear) return {};
  geo::Lateral overlap = lateral;
  if (heights.asks_for_overlap && separation.lateral_mm != 0) {
    overlap = geo::CompareGap(shape_a, shape_b, 0);
  }

  VolumeVerdict result;
  switch (overlap) {
    case geo::Lateral::kConflict:
      result.vertical = heights.together;
      break;
    case geo::Lateral::kWithinTolerance:
      result.vertical = Worse(heights.apart, heights.together);
      break;
    case geo::Lateral::kClear:
      result.vertical = heights.apart;
      break;
  }
  result.verdict = result.vertical.verdict;
  if (result.verdict == Verdict::kClear) return {};
  result.uncertainty = result.vertical.uncertainty;
  if (lateral == geo::Lateral::kWithinTolerance) {
    result.verdict = Verdict::kPossible;
    result.uncertainty |= kUncertainLateralTolerance;
  }
  return result;
}

std::optional<VolumeConflict> CheckVolumes(const Volume4D& a, const TimeWindow& window_a,
                                           const geo::Shape& shape_a, const Volume4D& b,
                                           const TimeWindow& window_b, const geo::Shape& shape_b,
                                           const Separation& separation) {
  const VolumeVerdict judged = JudgeVolumes(a, window_a, shape_a, b, window_b, shape_b, separation);
  if (judged.verdict == Verdict::kClear) return std::nullopt;
  VolumeConflict conflict;
  conflict.certain = judged.verdict == Verdict::kCertain;
  conflict.uncertainty = judged.uncertainty;
  conflict.vertical_gap_min_mm = judged.vertical.gap_min_mm;
  conflict.vertical_gap_max_mm = judged.vertical.gap_max_mm;
  conflict.vertical_shortfall_mm = Subtract(separation.vertical_mm, conflict.vertical_gap_min_mm);
  ExplainTime(window_a, window_b, separation, &conflict);
  ExplainOutlines(a, shape_a, b, shape_b, separation, &conflict);
  return conflict;
}

base::Digest ConflictId(Sha256Function sha256, base::PartyId party_a, base::PartyId party_b,
                        DataMode mode, base::NoticeId notice_a, base::NoticeId notice_b) {
  std::array<uint8_t, 4 * 16 + 1> bytes{};
  auto* out = bytes.data();
  const auto put = [&out](const base::Uuid& uuid) {
    out = std::copy(uuid.bytes.begin(), uuid.bytes.end(), out);
  };
  put(std::min(party_a, party_b).uuid);
  put(std::max(party_a, party_b).uuid);
  *out++ = static_cast<uint8_t>(mode);
  put(std::min(notice_a, notice_b).uuid);
  put(std::max(notice_a, notice_b).uuid);
  return sha256(bytes);
}

}  // namespace wideberth::airspace
