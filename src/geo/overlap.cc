// What two outlines have in common: whether that is certain, and a rectangle around it.
#include <algorithm>
#include <cmath>
#include <utility>

#include "geo/ecef.h"
#include "geo/gap.h"
#include "geo/nearest.h"
#include "geo/shape_data.h"

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

// Degrees; longitudes count from a reference meridian and may leave [-180, 180] on either side.
struct Rectangle {
  double south = 90, north = -90, west = 360, east = -360;

  void Add(const Vec3& at, double radius_m, double reference_deg) {
    const CapBox cap = BoxOfCap(FromEcef(at), radius_m);
    const double lng = std::remainder(cap.lng_deg - reference_deg, 360.0);
    south = std::min(south, cap.south_deg);
    north = std::max(north, cap.north_deg);
    west = std::min(west, lng - cap.lng_half_width_deg);
    east = std::max(east, lng + cap.lng_half_width_deg);
  }
  void Add(const Rectangle& other) {
    south = std::min(south, other.south);
    north = std::max(north, other.north);
    west = std::min(west, other.west);
    east = std::max(east, other.east);
  }
  // A rectangle that leaves the map on one side stands for its whole breadth: it may have left on
  // the other as well.
  void Clip(const Rectangle& other) {
    south = std::max(south, other.south);
    north = std::min(north, other.north);
    if (other.west < -180 || other.east > 180) return;
    west = std::max(west, other.west);
    east = std::min(east, other.east);
  }
};

// How far north or south of both its ends a piece can run: its sagitta over the parallel, which
// near a pole is no longer small against the piece.
double BulgeM(const Piece& piece) {
  const Vec3& p = piece.start;
  const double across = std::hypot(p.x, p.y), steepness = std::abs(p.z) / std::max(across, 1.0);
  const double turn = piece.reach_m * steepness / kCurvatureRadiusMinM;
  return turn < 0.1 ? piece.reach_m * turn : piece.reach_m;
}

// `near` around what of `a` comes within `needed_m` of `b`, `whole` around all of `a`, both grown
// by `grow_m`.
struct Rectangles {
  Rectangle near, whole;
};
Rectangles RectanglesOf(const ShapeData& a, const ShapeData& b, double grow_m, double needed_m,
                        double reference_deg) {
  Rectangles result;
  for (const Piece& piece : a.pieces) {
    const double radius_m = grow_m + BulgeM(piece);
    Rectangle ends;
    ends.Add(piece.start, radius_m, reference_deg);
    ends.Add(piece.End(), radius_m, reference_deg);
    result.whole.Add(ends);
    const Piece middle = MakePointPiece(piece.At(0.5), 0);
    const NearestQuery query{.chord_max_m = piece.reach_m + needed_m,
                             .stop_at_chord_m = piece.reach_m + needed_m};
    if (FindNearest(b.skeleton, PointSkeleton(middle), query).found ||
        (b.ring() && InsideRing(b, middle.start))) {
      result.near.Add(ends);
    }
  }
  return result;
}

int64_t Units(double degrees) {
  return static_cast<int64_t>(std::llround(degrees * 1e9));
}

bool Covers(const ShapeData& shape, const Vec3& point, double grow_m) {
  return Norm(point - shape.centre) <= shape.radius_m + grow_m &&
         DistanceToPointM(shape, point) <= grow_m;
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

// Every point on the border of the area common to two grown outlines
// lies on the border of one, near an edge of it that comes near the other. So the rectangle around
// those edges, grown, contains the area, and so do the rectangles around each whole outline; the
// smallest of them all is taken.
Bounds OverlapBounds(const Shape& a, const Shape& b, int64_t separation_mm) {
  constexpr double kToleranceM = 0.02;
  const ShapeData &da = a.data(), &db = b.data();
  const double half_m = static_cast<double>(separation_mm) * 0.5e-3 + kToleranceM / 2;
  const double grow_a = da.buffer_m() + half_m, grow_b = db.buffer_m() + half_m;
  const double reference_deg = a.cap_centre().lng_deg();
  const Rectangles of_a = RectanglesOf(da, db, grow_a, grow_a + grow_b, reference_deg);
  const Rectangles of_b = RectanglesOf(db, da, grow_b, grow_a + grow_b, reference_deg);
  Rectangle area = of_a.near;
  area.Add(of_b.near);
  Rectangle whole_a = of_a.whole, whole_b = of_b.whole;
  for (const double side : {-1.0, 1.0}) {
    const Vec3 pole{0, 0, side * kPolarRadiusM};
    const bool in_a = Covers(da, pole, half_m), in_b = Covers(db, pole, half_m);
    const Rectangle cap{side < 0 ? -90 : area.south, side < 0 ? area.north : 90, -360, 360};
    if (in_a) whole_a.Add(cap);
    if (in_b) whole_b.Add(cap);
    if (in_a && in_b) area.Add(cap);
  }
  area.Clip(whole_a);
  area.Clip(whole_b);
  if (area.south > area.north || area.west > area.east) {  // no overlap: the nearest points
    const Gap gap = MeasureGap(a, b);
    const auto [south, north] = std::minmax(gap.on_a.lat_e9, gap.on_b.lat_e9);
    const bool a_is_west = std::remainder(gap.on_b.lng_deg() - gap.on_a.lng_deg(), 360.0) >= 0;
    return {{south, a_is_west ? gap.on_a.lng_e9 : gap.on_b.lng_e9},
            {north, a_is_west ? gap.on_b.lng_e9 : gap.on_a.lng_e9}};
  }
  const bool all_round = area.east - area.west >= 360;
  const auto lng = [&](double offset) { return std::remainder(reference_deg + offset, 360.0); };
  return {{Units(area.south), all_round ? Units(-180) : Units(lng(area.west))},
          {Units(area.north), all_round ? Units(180) : Units(lng(area.east))}};
}

}  // namespace wideberth::geo
