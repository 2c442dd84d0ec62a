// Whether one outline lies inside another, and by how much it does not.
//
// For a place that was named instead of drawn: "north of the lake" has a polygon, what was declared has another, and
// the question is not whether they overlap but whether the second stays within the first.
//
//   const StickOut out = MeasureStickOut(named, declared, 185.2);
//   if (out.distance_m > 185.2) ...   // the declared area leaves the named one, farthest at out.at
#ifndef WIDEBERTH_GEO_CONTAINMENT_H_
#define WIDEBERTH_GEO_CONTAINMENT_H_

#include "geo/position.h"
#include "geo/shape.h"

namespace wideberth::geo {

struct StickOut {
  // The greatest distance from `area` of a point of `inner`; 0 where `inner` lies in `area`.
  double distance_m = 0;
  Position at;  // the point of `inner` that has it
};

// Points of `inner` within `enough_m` of `area` are of no interest: where all are, distance_m is some value in
// [0, enough_m]. Otherwise it differs from the true value by less than
//
//   max(2 m, 2 % of the value, 1/5,000 of the diameter of `inner`)
//
// be it a corner that sticks out, a bulge of a circle, or a bay of `area` that `inner` lies across.
//
// Method: the distance from an outline changes by at most 1 m a metre. A square over `inner` is divided into four again
// and again, except where its middle and its size prove that no point of it can be farther out than what was found.
// After about a second (two coasts of thousands of vertices that share their border) the greatest distance that is
// still possible is returned, so that the answer errs to sticking out. Pure; any thread.
StickOut MeasureStickOut(const Shape& area, const Shape& inner, double enough_m);

}  // namespace wideberth::geo

#endif  // WIDEBERTH_GEO_CONTAINMENT_H_
