// How the 4D index divides the world: levels of cells, buckets of time, layers of height, and the rounding of windows
// and bands to the 16 bits of a posting. Inside airspace only.
#ifndef WIDEBERTH_AIRSPACE_INDEX_LAYOUT_H_
#define WIDEBERTH_AIRSPACE_INDEX_LAYOUT_H_

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>

#include "airspace/posting_lists.h"
#include "airspace/volume_index.h"

namespace wideberth::airspace::layout {

// From fine to coarse. Cells of level 12 are about 2 km wide; two levels are a factor of four.
inline constexpr std::array<int, 7> kLevels = {12, 10, 8, 6, 4, 2, 0};

inline int LevelIndex(int level) {
  const auto* found = std::find(kLevels.begin(), kLevels.end(), level);
  return found == kLevels.end() ? -1 : static_cast<int>(found - kLevels.begin());
}

// A window goes to the first kind whose buckets are at least as long as it is, into the bucket of its start; so it ends
// in that bucket or the next. The last kind has one bucket for all that is longer or open.
inline constexpr std::array<int64_t, 4> kBucketUs = {
    2 * base::kMicrosPerHour, 12 * base::kMicrosPerHour, 4 * base::kMicrosPerDay,
    32 * base::kMicrosPerDay};
inline constexpr int kTimeKinds = static_cast<int>(kBucketUs.size()) + 1;
inline constexpr int kAnyTime = kTimeKinds - 1;

inline int64_t FloorDiv(int64_t a, int64_t b) {
  const int64_t q = a / b;
  return a % b < 0 ? q - 1 : q;
}
inline int64_t CeilDiv(int64_t a, int64_t b) {
  const int64_t q = a / b;
  return a % b > 0 ? q + 1 : q;
}

// The open values are infinities: nothing is added to them.
inline constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();
inline constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
inline int64_t Plus(int64_t a, int64_t b) {
  int64_t sum;
  if (a == kLeast || a == kMost) return a;
  if (__builtin_add_overflow(a, b, &sum)) return b > 0 ? kMost : kLeast;
  return sum;
}

inline int16_t Clamped(int64_t value) {
  return static_cast<int16_t>(std::clamp(value, -kHeightStepMax, kHeightStepMax));
}

// A volume as the index sees it: closed intervals of integers; `native` are the bare numbers of the band.
struct Extent {
  int64_t start_us, end_us;  // half-open
  int64_t hull_lower_mm, hull_upper_mm;
  int64_t native_lower_mm, native_upper_mm;
  uint8_t lower_reference, upper_reference;

  uint32_t tag() const { return lower_reference | uint32_t{upper_reference} << 2; }
};

inline Extent ExtentOf(const TimeWindow& window, const HeightBand& band,
                       const geo::HeightInterval& w84) {
  Extent e{window.start.us,
           window.end.us,
           w84.lower_mm,
           w84.upper_mm,
           band.lower.mm,
           band.upper.mm,
           static_cast<uint8_t>(band.lower.reference),
           static_cast<uint8_t>(band.upper.reference)};
  // An unlimited height is so in every reference, and a W84 height is its own hull at least.
  if (e.native_lower_mm == geo::kUnlimitedDown) e.hull_lower_mm = kLeast;
  if (e.native_upper_mm == geo::kUnlimitedUp) e.hull_upper_mm = kMost;
  if (band.lower.reference == geo::AltitudeReference::kW84) {
    e.hull_lower_mm = std::min(e.hull_lower_mm, e.native_lower_mm);
  }
  if (band.upper.reference == geo::AltitudeReference::kW84) {
    e.hull_upper_mm = std::max(e.hull_upper_mm, e.native_upper_mm);
  }
  return e;
}

struct Place {
  int time_kind;
  int64_t bucket;
};

inline Place PlaceOf(const Extent& e) {
  if (e.start_us == kLeast || e.end_us == kMost) return {kAnyTime, 0};
  const uint64_t length = e.end_us > e.start_us
                              ? static_cast<uint64_t>(e.end_us) - static_cast<uint64_t>(e.start_us)
                              : 0;
  for (int kind = 0; kind < kAnyTime; ++kind) {
    const int64_t bucket_us = kBucketUs[static_cast<size_t>(kind)];
    if (length <= static_cast<uint64_t>(bucket_us)) return {kind, FloorDiv(e.start_us, bucket_us)};
  }
  return {kAnyTime, 0};
}

// Time in a bucket: 16,000 ticks for its length, so that the end of the next bucket is tick 32,000.
inline constexpr int64_t kTicks = 16'000;
inline int16_t TickDown(int64_t us, int64_t bucket, int64_t bucket_us) {
  const __int128 since = static_cast<__int128>(us) - static_cast<__int128>(bucket) * bucket_us;
  const __int128 ticks =
      since >= 0 ? since * kTicks / bucket_us : -((-since * kTicks + bucket_us - 1) / bucket_us);
  return static_cast<int16_t>(std::clamp<__int128>(ticks, -kHeightStepMax, kHeightStepMax));
}
inline int16_t TickUp(int64_t us, int64_t bucket, int64_t bucket_us) {
  const __int128 since = static_cast<__int128>(us) - static_cast<__int128>(bucket) * bucket_us;
  const __int128 ticks =
      since >= 0 ? (since * kTicks + bucket_us - 1) / bucket_us : -(-since * kTicks / bucket_us);
  return static_cast<int16_t>(std::clamp<__int128>(ticks, -kHeightStepMax, kHeightStepMax));
}

inline Posting PostingOf(const Extent& e, const Place& place, VolumeSlot slot) {
  Posting p;
  p.bound[Posting::kStart] = p.bound[Posting::kEnd] = Clamped(-kHeightStepMax);
  if (place.time_kind != kAnyTime) {
    const int64_t length = kBucketUs[static_cast<size_t>(place.time_kind)];
    p.bound[Posting::kStart] = TickDown(e.start_us, place.bucket, length);
    p.bound[Posting::kEnd] = static_cast<int16_t>(-TickUp(e.end_us, place.bucket, length));
  }
  p.bound[Posting::kHullLower] = Clamped(FloorDiv(e.hull_lower_mm, kHeightStepMm));
  p.bound[Posting::kHullUpper] =
      Clamped(-std::min(CeilDiv(e.hull_upper_mm, kHeightStepMm), kHeightStepMax));
  p.bound[Posting::kNativeLower] = Clamped(FloorDiv(e.native_lower_mm, kHeightStepMm));
  p.bound[Posting::kNativeUpper] =
      Clamped(-std::min(CeilDiv(e.native_upper_mm, kHeightStepMm), kHeightStepMax));
  p.slot_and_tag = slot | e.tag() << 28;
  return p;
}

// What a query asks for: a volume is near in time when start < end_us and end > start_us, in height when
// lower < upper_mm and upper > lower_mm, where these are the query's own widened by the separations.
struct Asked {
  Extent own;
  int64_t start_us, end_us;
  int64_t hull_lower_mm, hull_upper_mm;
  int64_t native_lower_mm, native_upper_mm;
};

inline Asked Widened(const Extent& own, const Separation& by) {
  return {own,
          Plus(own.start_us, -by.time_us),
          Plus(own.end_us, by.time_us),
          Plus(own.hull_lower_mm, -by.vertical_mm),
          Plus(own.hull_upper_mm, by.vertical_mm),
          Plus(own.native_lower_mm, -by.vertical_mm),
          Plus(own.native_upper_mm, by.vertical_mm)};
}

// "lower < upper_mm" is "floor(lower) <= floor(upper_mm - 1)" in whole steps, and so for the rest.
inline Limits HeightLimits(const Asked& q) {
  Limits l;
  const auto at_most = [](int64_t mm) { return Clamped(FloorDiv(Plus(mm, -1), kHeightStepMm)); };
  const auto at_least = [](int64_t mm) {
    return Clamped(-std::max(CeilDiv(Plus(mm, 1), kHeightStepMm), -kHeightStepMax));
  };
  l.bound[Posting::kHullLower] = at_most(q.hull_upper_mm);
  l.bound[Posting::kHullUpper] = at_least(q.hull_lower_mm);
  l.bound[Posting::kNativeLower] = at_most(q.native_upper_mm);
  l.bound[Posting::kNativeUpper] = at_least(q.native_lower_mm);
  l.bound[Posting::kStart] = l.bound[Posting::kEnd] = Clamped(kHeightStepMax);
  return l;
}

inline void SetTimeLimits(const Asked& q, int time_kind, int64_t bucket, Limits* l) {
  if (time_kind == kAnyTime) return;
  const int64_t length = kBucketUs[static_cast<size_t>(time_kind)];
  l->bound[Posting::kStart] = TickDown(Plus(q.end_us, -1), bucket, length);
  l->bound[Posting::kEnd] = static_cast<int16_t>(-TickUp(Plus(q.start_us, 1), bucket, length));
}

struct Range {
  int64_t first, last;
};
// Volumes of this kind that are near in time are in these buckets: they start after start_us less a bucket's length.
inline Range BucketsNear(const Asked& q, int time_kind) {
  if (time_kind == kAnyTime) return {0, 0};
  const int64_t length = kBucketUs[static_cast<size_t>(time_kind)];
  return {FloorDiv(Plus(Plus(q.start_us, 1), -length), length),
          FloorDiv(Plus(q.end_us, -1), length)};
}

// Volumes that are near in height and have a layer are in these. Thin ones by hull: lower <= the limit and lower >=
// upper - kThinSteps; natively the same, where hull and native numbers are at most kThinSteps apart. Others: lower <=
// the limit, with kTallSteps for the native numbers. Two W84 limits need no native comparison: there the hull contains
// the number.
struct LayerRanges {
  Range thin;
  Range tall;
};
inline LayerRanges LayersNear(const Asked& q, const Limits& l) {
  const bool natively = q.own.tag() != 0;
  const int64_t native_top = natively ? l.bound[Posting::kNativeLower] : -kHeightStepMax;
  int64_t top = l.bound[Posting::kHullLower];
  int64_t bottom = -int64_t{l.bound[Posting::kHullUpper]} - kThinSteps;
  const int64_t tall_top = std::max(top, native_top + kTallSteps);
  if (natively) {
    top = std::max(top, native_top + kThinSteps);
    bottom = std::min<int64_t>(bottom, -int64_t{l.bound[Posting::kNativeUpper]} - 2 * kThinSteps);
  }
  return {{ThinLayerAt(bottom), ThinLayerAt(top)}, {kThinLayers, TallLayerAt(tall_top)}};
}

// How the heights of a volume with `tag` are compared with the query's: bits.
enum Comparison : uint8_t {
  kNativeOnly = 1,  // all four limits have one reference, in which numbers are exact everywhere
  kLowerNatively =
      2,  // the volume's lower limit and the query's upper limit have the same reference
  kUpperNatively = 4,  // and the other way round
};
inline uint8_t ComparisonOf(const Extent& q, uint32_t tag) {
  const uint32_t lower = tag & 3, upper = tag >> 2;
  uint8_t bits = 0;
  if (lower == q.upper_reference) bits |= kLowerNatively;
  if (upper == q.lower_reference) bits |= kUpperNatively;
  if (tag == q.tag() && lower == upper &&
      lower != static_cast<uint32_t>(geo::AltitudeReference::kAgl)) {
    bits |= kNativeOnly;
  }
  return bits;
}

// Whether heights may be near, given what is out of reach (see Posting::Bound).
inline bool HeightsNear(uint8_t comparison, bool hull_lower_out, bool hull_upper_out,
                        bool native_lower_out, bool native_upper_out) {
  if (comparison & kNativeOnly) return !native_lower_out && !native_upper_out;
  const bool lower_out = hull_lower_out && (!(comparison & kLowerNatively) || native_lower_out);
  const bool upper_out = hull_upper_out && (!(comparison & kUpperNatively) || native_upper_out);
  return !lower_out && !upper_out;
}

inline bool Near(const Asked& q, const Extent& e) {
  return e.start_us < q.end_us && e.end_us > q.start_us &&
         HeightsNear(ComparisonOf(q.own, e.tag()), e.hull_lower_mm >= q.hull_upper_mm,
                     e.hull_upper_mm <= q.hull_lower_mm, e.native_lower_mm >= q.native_upper_mm,
                     e.native_upper_mm <= q.native_lower_mm);
}

}  // namespace wideberth::airspace::layout

#endif  // WIDEBERTH_AIRSPACE_INDEX_LAYOUT_H_
