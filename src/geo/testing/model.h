// The slow model: what geo computes, written again from the definitions with GeographicLib alone.
//
// Edges are geodesic lines sampled along their length; distances are geodesics between samples, refined by golden
// sections along both edges in turn; inside a ring is where the azimuths to its border add up to a whole turn. Shares
// nothing with the code under test. A few ms a pair.
#ifndef WIDEBERTH_GEO_TESTING_MODEL_H_
#define WIDEBERTH_GEO_TESTING_MODEL_H_

#include "geo/outline.h"
#include "geo/position.h"

namespace wideberth::geo::testing {

// The gap; 0 where a vertex or sample of one lies in the other or where the refinement finds the lines crossing. Never
// less than the true gap by more than rounding; more by up to kModelExcessM where it converges slowly.
inline constexpr double kModelExcessM = 0.001;
double ModelGapM(const Outline& a, const Outline& b);

bool ModelInsideRing(const Outline& ring, Position p);

}  // namespace wideberth::geo::testing

#endif  // WIDEBERTH_GEO_TESTING_MODEL_H_
