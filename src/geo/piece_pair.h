// Whether two pieces cross. Inside geo only.
#ifndef WIDEBERTH_GEO_PIECE_PAIR_H_
#define WIDEBERTH_GEO_PIECE_PAIR_H_

#include <algorithm>
#include <cmath>

#include "geo/shape_data.h"

namespace wideberth::geo {

// Greater than 0 where two pieces cross: then each has its ends on both sides of the other's plane,
// and the value is the least of the four distances in metres, that is, by how much the ends would
// have to move for the crossing to vanish. 0 where they do not cross. Only for pieces whose spheres
// of reach overlap: planes go on to the far side of the Earth.
inline double CrossingMargin(const Piece& a, const Piece& b) {
  const double b_start = a.Offset(b.start), b_end = b_start + Dot(a.right, b.d);
  if (!(b_start * b_end < 0)) return 0;
  const double a_start = b.Offset(a.start), a_end = a_start + Dot(b.right, a.d);
  if (!(a_start * a_end < 0)) return 0;
  return std::min(std::min(std::abs(b_start), std::abs(b_end)),
                  std::min(std::abs(a_start), std::abs(a_end)));
}

// The point where they cross, given that they do.
inline Vec3 CrossingOf(const Piece& a, const Piece& b) {
  const double start = b.Offset(a.start), end = start + Dot(b.right, a.d);
  return a.At(start / (start - end));
}

}  // namespace wideberth::geo

#endif  // WIDEBERTH_GEO_PIECE_PAIR_H_
