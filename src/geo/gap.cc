#include "geo/gap.h"

#include <GeographicLib/Geodesic.hpp>
#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "geo/ecef.h"
#include "geo/nearest.h"
#include "geo/shape_data.h"

namespace wideberth::geo {
namespace {

// Thresholds on a computed gap, such that with an error of kErrorM the promises of gap.h hold for
// the true one.
constexpr double kErrorM = 0.0005;
constexpr double kClearFromM = 0.010 - kErrorM;
constexpr double kConflictFromM = 0.001 + kErrorM;
static_assert(kGapErrorM < kErrorM);
static_assert(kOverlapCertainM >= kErrorM && kOverlapCertainM <= kConflictFromM);

// Verdicts must not depend on the order of the arguments, not even in the last bit, so one order is
// computed only.
bool Ordered(const ShapeData& a, const ShapeData& b) {
  if (a.pieces.size() != b.pieces.size()) return a.pieces.size() < b.pieces.size();
  if (a.kind != b.kind) return a.kind < b.kind;
  if (a.buffer_mm != b.buffer_mm) return a.buffer_mm < b.buffer_mm;
  for (size_t i = 0; i < a.pieces.size(); ++i) {
    const Vec3 &p = a.pieces[i].start, &q = b.pieces[i].start;
    if (p.x != q.x) return p.x < q.x;
    if (p.y != q.y) return p.y < q.y;
    if (p.z != q.z) return p.z < q.z;
  }
  return true;
}

// Whether one contains a vertex of the other; where their lines do not cross, whether they overlap.
bool OneInTheOther(const ShapeData& a, const ShapeData& b) {
  return (a.ring() && InsideRing(a, b.pieces[0].start)) ||
         (b.ring() && InsideRing(b, a.pieces[0].start));
}

Lateral Compare(const ShapeData& a, const ShapeData& b, int64_t separation_mm) {
  // Skeletons nearer than this are too near.
  const double needed_m = static_cast<double>(separation_mm + a.buffer_mm + b.buffer_mm) * 1e-3;
  NearestQuery query;
  query.chord_max_m = ChordOfArc(needed_m + kClearFromM, kCurvatureRadiusMaxM);
  if (needed_m > kConflictFromM) {
    query.stop_at_chord_m = ChordOfArc(needed_m - kConflictFromM, kCurvatureRadiusMinM);
  } else {
    query.stop_at_crossing_margin_m = kOverlapCertainM;
  }
  NearestPair nearest = FindNearest(a.skeleton, b.skeleton, query);
  if (nearest.stopped) return Lateral::kConflict;

  const bool inside = !nearest.crossing && OneInTheOther(a, b);
  if (inside && (!nearest.found || nearest.chord_m >= kOverlapCertainM)) return Lateral::kConflict;
  if (!inside) {
    if (!nearest.found) return Lateral::kClear;
    const double excess_m = RefineToGeodesic(a.skeleton, b.skeleton, &nearest) - needed_m;
    if (excess_m >= kClearFromM) return Lateral::kClear;
    if (excess_m <= -kConflictFromM) return Lateral::kConflict;
  }
  // By distance alone this is too close to call. Areas that overlap deeply somewhere still overlap
  // for certain: equal rings, rings that cross exactly at vertices.
  if (nearest.chord_m < kClearFromM && CertainlyOverlap(a, b)) return Lateral::kConflict;
  return Lateral::kWithinTolerance;
}

// The point reached from `from` on the way to `to` after `distance_m`.
Position Towards(const Vec3& from, const Vec3& to, double distance_m) {
  const Position start = FromEcef(from), end = FromEcef(to);
  if (distance_m == 0) return start;
  double azimuth_deg = 0, ignored = 0;
  GeographicLib::Geodesic::WGS84().Inverse(start.lat_deg(), start.lng_deg(), end.lat_deg(),
                                           end.lng_deg(), azimuth_deg, ignored);
  return GeodesicDestination(start, azimuth_deg, distance_m);
}

// A vertex of one that lies in the other; for shapes of which OneInTheOther holds.
Vec3 CommonVertex(const ShapeData& a, const ShapeData& b) {
  return a.ring() && InsideRing(a, b.pieces[0].start) ? b.pieces[0].start : a.pieces[0].start;
}

}  // namespace

std::string_view LateralName(Lateral verdict) {
  switch (verdict) {
    case Lateral::kConflict:
      return "conflict";
    case Lateral::kWithinTolerance:
      return "within_tolerance";
    case Lateral::kClear:
      return "clear";
  }
  return "unknown";
}

Lateral CompareGap(const Shape& a, const Shape& b, int64_t separation_mm) {
  const ShapeData& da = a.data();
  const ShapeData& db = b.data();
  const double apart_m =
      da.radius_m + db.radius_m + static_cast<double>(separation_mm) * 1e-3 + kClearFromM;
  if (Norm2(da.centre - db.centre) > apart_m * apart_m) return Lateral::kClear;
  return Ordered(da, db) ? Compare(da, db, separation_mm) : Compare(db, da, separation_mm);
}

Gap MeasureGap(const Shape& a, const Shape& b) {
  const ShapeData& da = a.data();
  const ShapeData& db = b.data();
  if (!Ordered(da, db)) {
    Gap gap = MeasureGap(b, a);
    std::swap(gap.on_a, gap.on_b);
    return gap;
  }
  NearestPair nearest = FindNearest(da.skeleton, db.skeleton, {});
  if (!nearest.crossing && OneInTheOther(da, db)) {
    const Position common = FromEcef(CommonVertex(da, db));
    return {0, kErrorM, common, common};
  }
  double length_m = 0, error_m = kErrorM;
  if (nearest.chord_m <= kFootReachM) {
    length_m = RefineToGeodesic(da.skeleton, db.skeleton, &nearest);
  } else {
    // Too far to matter to any verdict: no geodesic over this chord is shorter than `least`, and
    // the feet on the pieces are right to a piece's length.
    length_m = GeodesicLengthM(nearest.on_a, nearest.on_b);
    const double least = ArcOverChord(nearest.chord_m, kCurvatureRadiusMaxM);
    error_m = std::max(length_m - least, 0.0) + 2.0 * limits::kEdgeLengthMaxM;
  }
  const double buffer_a = da.buffer_m(), buffer_b = db.buffer_m();
  if (length_m > buffer_a + buffer_b) {
    return {length_m - buffer_a - buffer_b, error_m, Towards(nearest.on_a, nearest.on_b, buffer_a),
            Towards(nearest.on_b, nearest.on_a, buffer_b)};
  }
  // The buffers share the stretch from length - buffer_b to buffer_a of the geodesic between the
  // skeletons.
  const double from_m = std::max(0.0, length_m - buffer_b), to_m = std::min(length_m, buffer_a);
  const Position common = Towards(nearest.on_a, nearest.on_b, (from_m + to_m) / 2);
  return {0, error_m, common, common};
}

Lateral Contains(const Shape& shape, Position point) {
  const ShapeData& data = shape.data();
  const Vec3 p = ToEcef(point);
  const Piece piece = MakePointPiece(p, 0);
  const Skeleton self = PointSkeleton(piece);
  NearestQuery query;
  query.chord_max_m = ChordOfArc(data.buffer_m() + kClearFromM, kCurvatureRadiusMaxM);
  if (data.buffer_m() > kConflictFromM) {
    query.stop_at_chord_m = ChordOfArc(data.buffer_m() - kConflictFromM, kCurvatureRadiusMinM);
  }
  NearestPair nearest = FindNearest(data.skeleton, self, query);
  if (nearest.stopped) return Lateral::kConflict;
  if (data.ring() && InsideRing(data, p)) {
    return nearest.found && nearest.chord_m < kConflictFromM ? Lateral::kWithinTolerance
                                                             : Lateral::kConflict;
  }
  if (!nearest.found) return Lateral::kClear;
  const double excess_m = RefineToGeodesic(data.skeleton, self, &nearest) - data.buffer_m();
  if (excess_m >= kClearFromM) return Lateral::kClear;
  return excess_m <= -kConflictFromM ? Lateral::kConflict : Lateral::kWithinTolerance;
}

double DistanceM(const Shape& shape, Position point) {
  return DistanceToPointM(shape.data(), ToEcef(point));
}

}  // namespace wideberth::geo
