// How far apart two outlines are, and whether that is far enough.
//
// The gap of two outlines is the length of the shortest geodesic between them; 0 where they touch
// or overlap. Whether a gap is enough is a three-valued question, because no computation is exact
// and the standard's precision is 1 cm (ASTM F3548-21, IntersectionMinimumPrecision;
// MECHANISM 4.1):
//
//   kConflict         certainly closer than the separation (for separation 0: certainly
//   overlapping) kWithinTolerance  too close to call: callers treat it as a *possible* conflict
//   kClear            certainly at least the separation
//
// Promises, g being the true gap and s the separation:
//
//   overlapping, by however little         never kClear
//   g > s + 10 mm                          kClear
//   g < s + 9 mm                           not kClear
//   |g - s| < 1 mm, s >= 2 mm              kWithinTolerance
//   g < s - 2 mm                           kConflict
//   overlapping by more than 2 mm, s = 0   kConflict, where a point that deep in both is found: always, except for
//                                          areas whose borders meet only at vertices and that share a mere sliver
//
// Laws: CompareGap(a, b, s) == CompareGap(b, a, s), to the last bit; a larger separation never turns a conflict into
// clear; turning both outlines about the Earth's axis or mirroring them in the equator does not change the verdict away
// from the thresholds. gap_laws_test and gap_model_test hold all of this against GeographicLib.
//
// Errors. A computed gap is right to 0.25 mm (geo/nearest.h) up to 3,000 km between the skeletons; the thresholds leave
// 0.5 mm. Overlaps that no two borders show (equal outlines) are certain from 1.5 mm of depth.
//
// Complexity: O(n + m) to O((n + m) log) by bounding hierarchies; some 10 ns for two far apart, below 1 us for two
// close outlines of 12 vertices. Gaps that come within 0.01 % of the separation and are longer than 20 km cost some us
// for each pair of edges that may be the nearest. Allocates nothing, except to look for the overlap of coinciding
// borders. Threads: pure functions of immutable shapes.
#ifndef WIDEBERTH_GEO_GAP_H_
#define WIDEBERTH_GEO_GAP_H_

#include <cstdint>
#include <string_view>

#include "geo/position.h"
#include "geo/shape.h"

namespace wideberth::geo {

enum class Lateral : uint8_t { kConflict = 0, kWithinTolerance = 1, kClear = 2 };

std::string_view LateralName(Lateral verdict);  // "conflict", "within_tolerance", "clear"

// `separation_mm` in [0, limits::kSeparationLateralMaxMm].
Lateral CompareGap(const Shape& a, const Shape& b, int64_t separation_mm);

// The gap itself, for people: error_m is the bound on |gap_m - true gap|. The two points are where
// the outlines come closest; where they overlap, both are one point common to both.
struct Gap {
  double gap_m = 0;
  double error_m = 0;
  Position on_a;
  Position on_b;
};
Gap MeasureGap(const Shape& a, const Shape& b);

// Whether a point lies in the outline: kConflict inside, kClear outside, kWithinTolerance near the border (as above).
Lateral Contains(const Shape& shape, Position point);

// Length of the geodesic from a point to the outline, 0 inside; error below 1 mm up to 3,000 km,
// below 1 % beyond.
double DistanceM(const Shape& shape, Position point);

// A rectangle around the area common to both, each grown by half the separation; for display. It
// contains that area and is at most one edge (5 km) wider. West is greater than east across the
// antimeridian; around a pole it goes from -180 to 180. Where there is no common area: around the
// two nearest points.
struct Bounds {
  Position south_west;
  Position north_east;
};
Bounds OverlapBounds(const Shape& a, const Shape& b, int64_t separation_mm);

}  // namespace wideberth::geo

#endif  // WIDEBERTH_GEO_GAP_H_
