// What a Shape holds: the skeleton as pieces in Earth-centred metres, and boxes over runs of
// pieces. Inside geo only.
//
// Skeleton. A ring of n edges is n or more pieces (long edges are split); a chain of n vertices is
// its pieces and one piece of no length at its end; a point is one piece of no length. So the
// starts of the pieces are all the vertices, each once, and "for every vertex" is "for every
// piece".
//
// Boxes. Level 0 has one axis-parallel box for each run of kLeafPieces pieces, each further level
// one for kFanOut boxes of the level below, the last level one box. Neighbours along an outline are
// near each other, so runs make good leaves without sorting. A skeleton of one leaf has no boxes:
// its pieces are looked at one by one.
#ifndef WIDEBERTH_GEO_SHAPE_DATA_H_
#define WIDEBERTH_GEO_SHAPE_DATA_H_

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "geo/ecef.h"
#include "geo/outline.h"
#include "geo/shape.h"

namespace wideberth::geo {

// A stretch of geodesic of at most limits::kEdgeLengthMaxM: the curve start + t d + 4 t (1 - t)
// lift, t in [0, 1]. `lift` raises the middle of the chord onto the ellipsoid: with the gradient G
// at the chord's middle it is (d'Dd / 8) G / |G|^2, the sagitta for the normal curvature there. The
// distance from the true geodesic is below 0.3 um for 5 km (shape_test). d and lift are at right
// angles because both ends lie on the ellipsoid.
struct Piece {
  Vec3 start;
  Vec3 d;
  Vec3 lift;
  Vec3 right;  // unit normal of the plane through both ends and the vertical at the middle
  double inv_length2 = 0;  // 1 / |d|^2; 0 for a piece of no length
  double reach_m = 0;      // the piece lies within this of its Middle()
  uint32_t edge = 0;       // the outline's edge it is part of

  Vec3 Middle() const { return start + 0.5 * d; }
  Vec3 End() const { return start + d; }
  Vec3 At(double t) const { return start + t * d + (4 * t * (1 - t)) * lift; }
  // Signed distance from the plane, positive to the right of the direction of travel.
  double Offset(const Vec3& p) const { return Dot(right, p - start); }
};

Piece MakePiece(const Vec3& from, const Vec3& to, uint32_t edge);
Piece MakePointPiece(const Vec3& at, uint32_t edge);

// The point of `piece` nearest to `p`: its parameter, and the square of its distance in space.
//
// The foot on the chord, corrected once for the curve (a Newton step). The distance is exact to 1
// um for points of the surface up to 1,000 km away and to 1 mm up to kFootReachM.
inline constexpr double kFootReachM = 3'200'000;
struct Foot {
  double t;
  double chord2;
};
inline Foot FootOn(const Piece& piece, const Vec3& p) {
  const Vec3 w = p - piece.start;
  double t = std::clamp(Dot(w, piece.d) * piece.inv_length2, -1.0, 2.0);
  const Vec3 off_curve = w - (4 * t * (1 - t)) * piece.lift;
  t += 4 * (1 - 2 * t) * Dot(off_curve, piece.lift) * piece.inv_length2;
  t = std::clamp(t, 0.0, 1.0);
  return {t, Norm2(w - t * piece.d - (4 * t * (1 - t)) * piece.lift)};
}

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

struct Box {
  Vec3 low;
  Vec3 high;
};

// Squares of the distances between boxes, and between a box and a point.
double BoxDistance2(const Box& a, const Box& b);
double BoxDistance2(const Box& box, const Vec3& p);

inline constexpr uint32_t kLeafPieces = 16;
inline constexpr uint32_t kFanOut = 4;
inline constexpr size_t kLevelsMax = 12;  // 16 * 4^11 pieces

// A skeleton to search: points into a ShapeData, or at one piece on the stack.
struct Skeleton {
  std::span<const Piece> pieces;
  Box whole;
  const Box* boxes = nullptr;                      // null: one leaf, whose box is `whole`
  std::array<uint32_t, kLevelsMax> level_begin{};  // index of the first box of each level
  uint32_t levels = 1;
  bool ring = false;

  uint32_t NodesAt(uint32_t level) const {
    uint32_t n = (static_cast<uint32_t>(pieces.size()) + kLeafPieces - 1) / kLeafPieces;
    for (; level > 0; --level) n = (n + kFanOut - 1) / kFanOut;
    return n;
  }
  const Box& BoxAt(uint32_t level, uint32_t index) const {
    return boxes == nullptr ? whole : boxes[level_begin[level] + index];
  }
  uint32_t LeafBegin(uint32_t index) const { return index * kLeafPieces; }
  uint32_t LeafEnd(uint32_t index) const {
    return std::min(static_cast<uint32_t>(pieces.size()), (index + 1) * kLeafPieces);
  }
};

struct ShapeData {
  OutlineKind kind = OutlineKind::kPolygon;
  int64_t buffer_mm = 0;
  Vec3 centre;  // on the surface
  double radius_m =
      0;  // every point of the outline, buffer and inside included, is within this of it, in space
  double skeleton_radius_m = 0;  // the same without the buffer
  std::vector<Piece> pieces;
  std::vector<Box> boxes;
  Skeleton skeleton;

  double buffer_m() const { return static_cast<double>(buffer_mm) * 1e-3; }
  bool ring() const { return kind == OutlineKind::kPolygon; }
};

void BuildBoxes(ShapeData* data);

// One point as a skeleton; `piece` must outlive it.
Skeleton PointSkeleton(const Piece& piece);

// Whether a point of the surface lies inside a ring. Right for every point farther than 1 mm from
// the ring; nearer, the answer may be either. O(pieces), about 2 ns each.
bool InsideRing(const ShapeData& ring, const Vec3& p);

// An overlap is certain where a point lies at least this deep in it.
inline constexpr double kOverlapCertainM = 0.0015;

// Looks for a point of one outline that lies deep in the other: its vertices, the middles of its
// pieces, and, of two rings, points inside both on a few scan lines. True is certain; false means
// that none was found. For borders that coincide or meet exactly at vertices; costs up to some 100
// us for two rings of 10,000 vertices.
bool CertainlyOverlap(const ShapeData& a, const ShapeData& b);

}  // namespace wideberth::geo

#endif  // WIDEBERTH_GEO_SHAPE_DATA_H_
