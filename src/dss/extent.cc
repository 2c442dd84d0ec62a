#include "dss/extent.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <string>

#include "base/number.h"
#include "geo/shape.h"

namespace wideberth::dss {
namespace {

using Vector = std::array<double, 3>;

constexpr double kDegree = std::numbers::pi / 180;
// The sphere that the reference DSS draws its circles on.
constexpr double kSphereRadiusM = 6'371'010;
constexpr int kCircleCorners = 20;

Vector Cross(const Vector& a, const Vector& b) {
  return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
}

Vector Unit(const Vector& a) {
  const double length = std::sqrt(a[0] * a[0] + a[1] * a[1] + a[2] * a[2]);
  return {a[0] / length, a[1] / length, a[2] / length};
}

// A fixed direction at right angles to `a`, as S2 chooses it: from there the corners are counted.
Vector Across(const Vector& a) {
  const Vector size = {std::fabs(a[0]), std::fabs(a[1]), std::fabs(a[2])};
  const size_t largest =
      size[0] > size[1] ? (size[0] > size[2] ? 0 : 2) : (size[1] > size[2] ? 1 : 2);
  Vector other = {0.012, 0.0053, 0.00457};
  other[(largest + 2) % 3] = 1;
  return Unit(Cross(a, other));
}

base::Result<std::vector<geo::Position>> CircleAsPolygon(const CircleOutline& circle) {
  const double lat = circle.centre.lat_deg() * kDegree;
  const double lng = circle.centre.lng_deg() * kDegree;
  const Vector z = {std::cos(lat) * std::cos(lng), std::cos(lat) * std::sin(lng), std::sin(lat)};
  const Vector y = Across(z);
  const Vector x = Cross(y, z);
  const double angle = circle.radius_m / kSphereRadiusM;
  std::vector<geo::Position> corners;
  for (int i = 0; i < kCircleCorners; ++i) {
    const double turn = 2 * std::numbers::pi / kCircleCorners * i;
    Vector corner{};
    for (size_t k = 0; k < 3; ++k) {
      corner[k] = z[k] * std::cos(angle) +
                  (x[k] * std::cos(turn) + y[k] * std::sin(turn)) * std::sin(angle);
    }
    WB_ASSIGN_OR_RETURN(
        const geo::Position position,
        geo::MakePosition(std::atan2(corner[2], std::hypot(corner[0], corner[1])) / kDegree,
                          std::atan2(corner[1], corner[0]) / kDegree));
    // A circle of a hand's breadth has corners that are one point once they are quantised.
    if (corners.empty() || (corners.back() != position && corners.front() != position)) {
      corners.push_back(position);
    }
  }
  return corners;
}

base::Result<geo::Outline> OutlineOf(const Volume& volume, const ExtentOptions& options) {
  if (!volume.circle) return geo::Outline::Polygon(volume.polygon);
  const CircleOutline& circle = *volume.circle;
  constexpr double kRadiusMaxM = 200'000;  // more cells than are taken, wherever it is
  if (circle.radius_m > kRadiusMaxM) {
    return base::Fail(base::ErrorCode::kTooLarge, "/radius", "must be at most 200 km",
                      base::NumberText(circle.radius_m));
  }
  const auto radius_mm = static_cast<int64_t>(std::ceil(circle.radius_m * 1'000));
  if (!options.exact_circles) {
    WB_ASSIGN_OR_RETURN(std::vector<geo::Position> corners, CircleAsPolygon(circle));
    if (corners.size() >= 3) return geo::Outline::Polygon(std::move(corners));
  }
  return geo::Outline::Circle(circle.centre, radius_mm);
}

base::Unexpected TooLarge(std::string_view found) {
  return base::Fail(base::ErrorCode::kTooLarge, "", "must enclose at most 2,500 km2", found);
}

base::Result<void> AddCells(const Volume& volume, const ExtentOptions& options, Extent* extent) {
  WB_ASSIGN_OR_RETURN(const geo::Outline outline, OutlineOf(volume, options));
  base::Result<geo::Shape> shape = geo::Shape::Prepare(outline);
  // A tiny circle drawn with corners may be too thin for a ring; the circle itself is not.
  if (!shape && volume.circle) {
    WB_ASSIGN_OR_RETURN(const geo::Outline exact, OutlineOf(volume, {true}));
    shape = geo::Shape::Prepare(exact);
  }
  if (!shape) return base::Fail(std::move(shape).error());
  if (!volume.circle) {
    const double area_m2 = shape->ApproximateAreaM2();
    if (area_m2 > kPolygonAreaMaxM2) return TooLarge(base::NumberText(area_m2 * 1e-6) + " km2");
  }
  WB_ASSIGN_OR_RETURN(const geo::Covering covering,
                      geo::Cover(*shape, 0, kCellLevel, kExtentCellsMax));
  extent->cells.insert(extent->cells.end(), covering.cells.begin(), covering.cells.end());
  return {};
}

// Never above the altitude below which it stands, never below the one above.
base::Result<void> AddBand(const Volume& volume, Extent* extent) {
  constexpr double kLowestM = -8'000;
  constexpr double kHighestM = 100'000;
  for (const auto& [altitude, field] : {std::pair(volume.lower_m, "/altitude_lower/value"),
                                        std::pair(volume.upper_m, "/altitude_upper/value")}) {
    if (altitude && !(*altitude >= kLowestM && *altitude <= kHighestM)) {
      return base::Invalid(field, "must be between -8,000 and 100,000 m",
                           base::NumberText(*altitude));
    }
  }
  if (volume.lower_m && volume.upper_m && *volume.lower_m > *volume.upper_m) {
    return base::Invalid("/altitude_lower/value", "must not be above altitude_upper",
                         base::NumberText(*volume.lower_m));
  }
  const int32_t lower_mm = volume.lower_m
                               ? static_cast<int32_t>(std::floor(*volume.lower_m * 1'000))
                               : kAltitudeOpenLowMm;
  const int32_t upper_mm = volume.upper_m ? static_cast<int32_t>(std::ceil(*volume.upper_m * 1'000))
                                          : kAltitudeOpenHighMm;
  extent->lower_mm = std::min(extent->lower_mm, lower_mm);
  extent->upper_mm = std::max(extent->upper_mm, upper_mm);
  return {};
}

base::Result<void> AddWindow(const Volume& volume, Extent* extent) {
  const base::UtcMicros start = volume.start.value_or(base::kTimeOpenStart);
  const base::UtcMicros end = volume.end.value_or(base::kTimeOpenEnd);
  if (end < start) {
    return base::Invalid("/time_end", "must not be before time_start", base::FormatRfc3339(end));
  }
  extent->start = std::min(extent->start, start);
  extent->end = std::max(extent->end, end);
  return {};
}

}  // namespace

base::Result<Extent> MakeExtent(std::span<const Volume> volumes, const ExtentOptions& options) {
  if (volumes.empty()) return base::Invalid("", "must have at least one volume");
  if (volumes.size() > kExtentVolumesMax) {
    return base::Fail(base::ErrorCode::kTooLarge, "", "must have at most 1,000 volumes",
                      base::NumberText(volumes.size()));
  }
  // The other way round than open, so that the first volume sets every bound.
  Extent extent{
      {}, kAltitudeOpenHighMm, kAltitudeOpenLowMm, base::kTimeOpenEnd, base::kTimeOpenStart};
  for (size_t i = 0; i < volumes.size(); ++i) {
    const auto add = [&]() -> base::Result<void> {
      WB_RETURN_IF_ERROR(AddWindow(volumes[i], &extent));
      WB_RETURN_IF_ERROR(AddBand(volumes[i], &extent));
      return AddCells(volumes[i], options, &extent);
    };
    if (auto added = add(); !added) {
      return base::Fail(std::move(added).error().Under("/" + base::NumberText(i)));
    }
  }
  std::sort(extent.cells.begin(), extent.cells.end());
  extent.cells.erase(std::unique(extent.cells.begin(), extent.cells.end()), extent.cells.end());
  if (extent.cells.size() > kExtentCellsMax) {
    return base::Fail(base::ErrorCode::kTooLarge, "", "must take at most 16,384 cells",
                      base::NumberText(extent.cells.size()));
  }
  return extent;
}

}  // namespace wideberth::dss
