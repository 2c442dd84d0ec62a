// Whether two outlines certainly overlap where their borders alone do not tell. Inside geo only.
#ifndef WIDEBERTH_GEO_OVERLAP_H_
#define WIDEBERTH_GEO_OVERLAP_H_

#include "geo/shape_data.h"

namespace wideberth::geo {

// An overlap is certain where a point lies at least this deep in it.
inline constexpr double kOverlapCertainM = 0.0015;

// Looks for a point of one outline that lies deep in the other: its vertices, the middles of its
// pieces, and, of two rings, points inside both on a few scan lines. True is certain; false means
// that none was found. For borders that coincide or meet exactly at vertices; costs up to some 100
// us for two rings of 10,000 vertices.
bool CertainlyOverlap(const ShapeData& a, const ShapeData& b);

}  // namespace wideberth::geo

#endif  // WIDEBERTH_GEO_OVERLAP_H_
