// The nearest two points of two skeletons' lines, by descending both trees of boxes. Inside geo
// only.
//
// Why vertices are enough: on a surface of positive curvature a common perpendicular between two
// geodesics is a saddle of their distance, never a minimum. So where two pieces do not cross, their
// distance is that of an end of one from the other; every vertex is the start of exactly one piece,
// so each pair of pieces is asked twice: start against piece.
//
// Two measures:
//   by chord     the straight distance in space: cheap, exact, and monotonic for pruning;
//   by geodesic  what counts. For equal chords c geodesics differ by at most c^3 / 24 (1 / Rmin^2 -
//   1 / Rmax^2), because
//                the curvature lies between 1 / Rmax and 1 / Rmin: 0.17 mm for 20 km. So up to
//                kChordDecidesM the nearest by chord is taken; beyond it every pair is measured
//                whose chord leaves a chance to be nearest.
//
// Allocation-free; the recursion is as deep as both trees are high.
#ifndef WIDEBERTH_GEO_NEAREST_H_
#define WIDEBERTH_GEO_NEAREST_H_

#include <limits>

#include "geo/shape_data.h"

namespace wideberth::geo {

inline constexpr double kChordDecidesM = 20'000;

// Bound on the error of a gap: the chord window above, the model of a piece, rounding. For gaps up
// to kFootReachM.
inline constexpr double kGapErrorM = 0.00025;

struct NearestQuery {
  // Pairs farther apart (by chord) than this are of no interest.
  double chord_max_m = std::numeric_limits<double>::infinity();
  // Stop at the first pair at most this far apart by chord. Below 0: do not.
  double stop_at_chord_m = -1;
  // Stop at the first crossing whose margin is greater than this.
  double stop_at_crossing_margin_m = 0;
};

struct NearestPair {
  bool found = false;    // a pair within chord_max_m, or a crossing
  bool stopped = false;  // one of the stops was met; the pair need not be the nearest
  bool crossing = false;
  double chord_m = 0;  // 0 for a crossing
  Vec3 on_a, on_b;     // the same point for a crossing
};

NearestPair FindNearest(const Skeleton& a, const Skeleton& b, const NearestQuery& query);

// The length of the shortest geodesic between the lines, given what FindNearest found (not
// stopped); moves on_a and on_b to where it ends. Error below kGapErrorM for lengths up to
// kFootReachM.
double RefineToGeodesic(const Skeleton& a, const Skeleton& b, NearestPair* nearest);

// Distance of a point of the surface from the outline; 0 inside. Same error; beyond kFootReachM
// below 1 %.
double DistanceToPointM(const ShapeData& shape, const Vec3& point);

}  // namespace wideberth::geo

#endif  // WIDEBERTH_GEO_NEAREST_H_
