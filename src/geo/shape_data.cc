#include "geo/shape_data.h"

namespace wideberth::geo {
namespace {

double Beyond(double value, double low, double high) {
  return std::max({low - value, value - high, 0.0});
}

void Grow(Box* box, const Vec3& low, const Vec3& high) {
  box->low = {std::min(box->low.x, low.x), std::min(box->low.y, low.y),
              std::min(box->low.z, low.z)};
  box->high = {std::max(box->high.x, high.x), std::max(box->high.y, high.y),
               std::max(box->high.z, high.z)};
}

// The chord's box and the same moved by the lift contain the curve between them.
Box BoxOf(const Piece& piece) {
  Box box{piece.start, piece.start};
  const Vec3 end = piece.End();
  for (const Vec3& p : {end, piece.start + piece.lift, end + piece.lift}) Grow(&box, p, p);
  return box;
}

}  // namespace

Piece MakePiece(const Vec3& from, const Vec3& to, uint32_t edge) {
  Piece piece;
  piece.start = from;
  piece.d = to - from;
  piece.edge = edge;
  const Vec3 up = Gradient(0.5 * (from + to));
  const double length2 = Norm2(piece.d);
  piece.lift = (Dot(piece.d, Gradient(piece.d)) / (8 * Norm2(up))) * up;
  const Vec3 right = Cross(piece.d, up);
  piece.right = (1 / Norm(right)) * right;
  piece.inv_length2 = 1 / length2;
  // The lift of 5 km is 0.49 m and grows with the square; at right angles to the chord it hardly
  // lengthens the reach.
  piece.reach_m = 0.5 * std::sqrt(length2) * (1 + 1e-7);
  return piece;
}

Piece MakePointPiece(const Vec3& at, uint32_t edge) {
  Piece piece;
  piece.start = at;
  piece.edge = edge;
  return piece;
}

double BoxDistance2(const Box& a, const Box& b) {
  const double x = std::max({a.low.x - b.high.x, b.low.x - a.high.x, 0.0});
  const double y = std::max({a.low.y - b.high.y, b.low.y - a.high.y, 0.0});
  const double z = std::max({a.low.z - b.high.z, b.low.z - a.high.z, 0.0});
  return x * x + y * y + z * z;
}

double BoxDistance2(const Box& box, const Vec3& p) {
  const double x = Beyond(p.x, box.low.x, box.high.x);
  const double y = Beyond(p.y, box.low.y, box.high.y);
  const double z = Beyond(p.z, box.low.z, box.high.z);
  return x * x + y * y + z * z;
}

Skeleton PointSkeleton(const Piece& piece) {
  Skeleton skeleton;
  skeleton.pieces = {&piece, 1};
  skeleton.whole = BoxOf(piece);
  return skeleton;
}

void BuildBoxes(ShapeData* data) {
  Skeleton& skeleton = data->skeleton;
  skeleton.pieces = data->pieces;
  skeleton.ring = data->ring();
  const uint32_t leaves = skeleton.NodesAt(0);
  const auto leaf_box = [&](uint32_t leaf) {
    Box box = BoxOf(data->pieces[skeleton.LeafBegin(leaf)]);
    for (uint32_t i = skeleton.LeafBegin(leaf) + 1; i < skeleton.LeafEnd(leaf); ++i) {
      const Box piece = BoxOf(data->pieces[i]);
      Grow(&box, piece.low, piece.high);
    }
    return box;
  };
  if (leaves == 1) {
    skeleton.whole = leaf_box(0);
    return;
  }
  data->boxes.reserve(leaves + leaves / (kFanOut - 1) + kLevelsMax);
  for (uint32_t leaf = 0; leaf < leaves; ++leaf) data->boxes.push_back(leaf_box(leaf));
  for (uint32_t below = leaves; below > 1; below = skeleton.NodesAt(skeleton.levels - 1)) {
    const uint32_t begin = skeleton.level_begin[skeleton.levels - 1];
    skeleton.level_begin[skeleton.levels] = static_cast<uint32_t>(data->boxes.size());
    for (uint32_t i = 0; i < below; i += kFanOut) {
      Box box = data->boxes[begin + i];
      for (uint32_t k = i + 1; k < std::min(below, i + kFanOut); ++k) {
        Grow(&box, data->boxes[begin + k].low, data->boxes[begin + k].high);
      }
      data->boxes.push_back(box);
    }
    ++skeleton.levels;
  }
  skeleton.boxes = data->boxes.data();
}

// A ray from p along the curve in which the plane of p's east and vertical cuts the ellipsoid,
// eastwards, up to about p's antipode, which is never inside because the ring fits in a cap of 45
// degrees. An edge crosses that plane where its ends have different sides; one computed side per
// vertex keeps the parity of the crossings right whatever the rounding. The crossing counts when it
// is east of p. Both ends east (west) decide that at once; an edge with one of each passes within
// its own length of p, and there the side of p from the edge's plane tells.
bool InsideRing(const ShapeData& ring, const Vec3& p) {
  if (Norm2(p - ring.centre) > ring.skeleton_radius_m * ring.skeleton_radius_m) return false;
  const auto [east, north] = TangentsAt(p);
  bool inside = false;
  const Vec3* from = &ring.pieces.back().start;
  const Piece* piece = &ring.pieces.back();
  bool from_north = Dot(north, *from - p) >= 0;
  for (const Piece& next : ring.pieces) {
    const Vec3& to = next.start;
    const bool to_north = Dot(north, to - p) >= 0;
    if (from_north != to_north) {
      const bool from_east = Dot(east, *from - p) > 0;
      const bool to_east = Dot(east, to - p) > 0;
      const bool crosses_east =
          from_east == to_east ? from_east : to_north == (piece->Offset(p) < 0);
      inside ^= crosses_east;
    }
    from = &to;
    piece = &next;
    from_north = to_north;
  }
  return inside;
}

}  // namespace wideberth::geo
