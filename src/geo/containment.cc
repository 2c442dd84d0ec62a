#include "geo/containment.h"

#include <algorithm>
#include <cmath>
#include <queue>

#include "geo/ecef.h"
#include "geo/nearest.h"
#include "geo/shape_data.h"

namespace wideberth::geo {
namespace {

// Metres to the border of an outline: positive outside, negative inside. Inside, the chord is taken for the arc, which
// is never longer: an upper bound of how far out a point is stays one.
double SignedDistanceM(const ShapeData& shape, const Vec3& p) {
  const Piece piece = MakePointPiece(p, 0);
  const NearestPair nearest = FindNearest(shape.skeleton, PointSkeleton(piece), {});
  if (shape.ring()) return InsideRing(shape, p) ? -nearest.chord_m : DistanceToPointM(shape, p);
  const double outside_m = DistanceToPointM(shape, p);
  return outside_m > 0 ? outside_m : std::min(0.0, nearest.chord_m - shape.buffer_m());
}

// A square of the plane that touches the Earth at the centre of `inner`.
struct Square {
  double x, y, half_m;
  double bound_m;  // no point of it is farther from the area
  bool operator<(const Square& other) const { return bound_m < other.bound_m; }
};

class Search {
 public:
  Search(const ShapeData& area, const ShapeData& inner, double enough_m)
      : area_(area), inner_(inner), enough_m_(enough_m) {
    const auto [east, north] = TangentsAt(inner.centre);
    east_ = (1 / Norm(east)) * east;
    north_ = (1 / Norm(north)) * north;
  }

  StickOut Run() {
    best_.at = FromEcef(inner_.pieces.front().start);
    // Rays from the Earth's centre carry the plane onto the surface. A cap of chord r reaches r / cos(angle) out in the
    // plane, and no distance grows on the way, save by the 0.7 % that the Earth is not a sphere.
    const double angle =
        std::min(1.3, ArcOverChord(inner_.radius_m, kCurvatureRadiusMinM) / kCurvatureRadiusMinM);
    const double half_m = 1.01 * kCurvatureRadiusMaxM * std::tan(angle) + 1;
    size_m_ = 2 * half_m;
    for (const Piece& piece : inner_.pieces) Look(piece.start);
    std::priority_queue<Square> open;
    Add(0, 0, half_m, &open);
    while (!open.empty() && open.top().bound_m > std::max(enough_m_, best_.distance_m)) {
      const Square square = open.top();
      open.pop();
      if (work_ > kWorkMax) return {square.bound_m, FromEcef(Middle(square.x, square.y))};
      const double half = square.half_m / 2;
      for (const double dx : {-half, half}) {
        for (const double dy : {-half, half}) Add(square.x + dx, square.y + dy, half, &open);
      }
    }
    return best_;
  }

 private:
  static constexpr double kStretch = 1.01;
  // A square costs a look at every piece of both outlines, and more.
  static constexpr size_t kWorkMax = 100'000'000;
  static constexpr size_t kWorkOfSquare = 500;

  Vec3 Middle(double x, double y) const {
    return OntoSurface(inner_.centre + x * east_ + y * north_);
  }

  double PrecisionM() const { return std::max({2.0, 0.02 * best_.distance_m, size_m_ / 5'000}); }

  void Look(const Vec3& p) {
    const double out_m = DistanceToPointM(area_, p);
    if (out_m > best_.distance_m) best_ = {out_m, FromEcef(p)};
  }

  void Add(double x, double y, double half_m, std::priority_queue<Square>* open) {
    work_ += kWorkOfSquare + area_.pieces.size() + inner_.pieces.size();
    const Vec3 middle = Middle(x, y);
    const double reach_m = kStretch * M_SQRT2 * half_m;
    const double from_inner_m = SignedDistanceM(inner_, middle);
    if (from_inner_m > reach_m) return;
    if (from_inner_m <= 0) Look(middle);
    const double bound_m = SignedDistanceM(area_, middle) + reach_m;
    if (bound_m <= std::max(enough_m_, best_.distance_m)) return;
    if (reach_m < PrecisionM() / 2) {
      // Too small to divide. Some point of `inner` may be in it, although its middle is not.
      if (bound_m - reach_m > best_.distance_m) best_ = {bound_m - reach_m, FromEcef(middle)};
      return;
    }
    open->push({x, y, half_m, bound_m});
  }

  const ShapeData& area_;
  const ShapeData& inner_;
  const double enough_m_;
  Vec3 east_, north_;
  double size_m_ = 0;
  size_t work_ = 0;
  StickOut best_;
};

}  // namespace

StickOut MeasureStickOut(const Shape& area, const Shape& inner, double enough_m) {
  return Search(area.data(), inner.data(), std::max(0.0, enough_m)).Run();
}

}  // namespace wideberth::geo
