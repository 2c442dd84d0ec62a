#include "geo/overlap.h"

#include <utility>

#include "geo/nearest.h"

namespace wideberth::geo {
namespace {

bool DeepIn(const ShapeData& ring, const Vec3& p) {
  const Piece piece = MakePointPiece(p, 0);
  const NearestQuery query{.chord_max_m = kOverlapCertainM};
  return !FindNearest(ring.skeleton, PointSkeleton(piece), query).found && InsideRing(ring, p);
}

bool BorderDeepIn(const ShapeData& ring, const ShapeData& other) {
  // Every one of few, some of many: shapes small enough for CompactShape are looked at in full.
  constexpr size_t kPiecesLookedAt = 128;
  const size_t stride = std::max<size_t>(1, other.pieces.size() / kPiecesLookedAt);
  for (size_t i = 0; i < other.pieces.size(); i += stride) {
    const Piece& piece = other.pieces[i];
    if (DeepIn(ring, piece.start) || DeepIn(ring, piece.At(0.5))) return true;
  }
  return false;
}

// Cuts `ring` along an east-west line through its cap at the given share of its northern extent,
// and looks at the middle of each stretch inside.
bool StretchDeepInBoth(const ShapeData& ring, const ShapeData& other, double share) {
  constexpr size_t kStretchesLookedAt = 16;
  const auto [east, north] = TangentsAt(ring.centre);
  double south = Dot(north, ring.pieces[0].start), top = south;
  for (const Piece& piece : ring.pieces) {
    const double at = Dot(north, piece.start);
    south = std::min(south, at);
    top = std::max(top, at);
  }
  const double level = south + share * (top - south);
  std::vector<std::pair<double, Vec3>> cuts;
  for (const Piece& piece : ring.pieces) {
    const double from = Dot(north, piece.start) - level, to = Dot(north, piece.End()) - level;
    if ((from >= 0) == (to >= 0)) continue;
    const Vec3 at = piece.At(from / (from - to));
    cuts.emplace_back(Dot(east, at), at);
  }
  std::sort(cuts.begin(), cuts.end(),
            [](const auto& p, const auto& q) { return p.first < q.first; });
  const size_t end = std::min(cuts.size(), 2 * kStretchesLookedAt);
  for (size_t i = 1; i < end; i += 2) {
    const Vec3 middle = OntoSurface(0.5 * (cuts[i - 1].second + cuts[i].second));
    if (DeepIn(ring, middle) && DeepIn(other, middle)) return true;
  }
  return false;
}

}  // namespace

bool CertainlyOverlap(const ShapeData& a, const ShapeData& b) {
  if (a.ring() && b.ring()) {
    for (const double share : {0.5, 0.25, 0.75, 0.125, 0.875}) {
      if (StretchDeepInBoth(a, b, share) || StretchDeepInBoth(b, a, share)) return true;
    }
  }
  return (a.ring() && BorderDeepIn(a, b)) || (b.ring() && BorderDeepIn(b, a));
}

}  // namespace wideberth::geo
