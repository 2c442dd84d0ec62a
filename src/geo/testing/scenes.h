// Seeded outlines for tests, fuzzers and benchmarks, and pairs of outlines whose gap is known by construction.
#ifndef WIDEBERTH_GEO_TESTING_SCENES_H_
#define WIDEBERTH_GEO_TESTING_SCENES_H_

#include <cstdint>
#include <vector>

#include "base/random.h"
#include "geo/outline.h"
#include "geo/position.h"

namespace wideberth::geo::testing {

using base::SeededRandom;

double Uniform(SeededRandom& random, double low, double high);
// Every decade between low and high equally often.
double LogUniform(SeededRandom& random, double low, double high);

// A place: anywhere on Earth, near a pole, or near the antimeridian.
Position RandomPlace(SeededRandom& random);

// A simple ring around `centre`, of vertices between a quarter of the radius and the radius from it.
std::vector<Position> RandomRing(SeededRandom& random, Position centre, double radius_m,
                                 size_t vertices);
// A chain that starts at `start` and turns by less than a right angle at each vertex.
std::vector<Position> RandomChain(SeededRandom& random, Position start, double edge_m,
                                  size_t vertices);
// An outline of the kind, about `size_m` across, near `centre`.
Outline RandomOutline(SeededRandom& random, OutlineKind kind, Position centre, double size_m,
                      size_t vertices);

// Two outlines that face each other across a known gap.
//
// The nearest points are F of the first skeleton and V of the second, on a geodesic of known length. At F the skeleton
// has a point, a vertex or an edge across that geodesic, and all the rest of it behind; likewise at V, where it is not
// an edge when it was one at F (a common perpendicular of two edges is not a minimum). A negative gap is how far the
// second reaches into the first along that geodesic. Quantising the vertices changes it by less than kSceneErrorM.
inline constexpr double kSceneErrorM = 0.0003;

struct Scene {
  Outline a;
  Outline b;
  double gap_m;
  // Two bare corners: a small negative gap is then no depth, because corners may slip past each other's sides.
  bool corners;
};

struct SceneSize {
  double least_m = 5;
  double most_m = 20'000;
};
// `gap_m` is measured between the outlines, buffers deducted.
Scene FacingPair(SeededRandom& random, OutlineKind a, OutlineKind b, double gap_m, SceneSize size);

// The same outline turned by `degrees` about the Earth's axis; and mirrored in the equator.
Outline Turned(const Outline& outline, double degrees);
Outline Mirrored(const Outline& outline);

}  // namespace wideberth::geo::testing

#endif  // WIDEBERTH_GEO_TESTING_SCENES_H_
