#include "geo/outline.h"

#include <cstdlib>
#include <string>
#include <utility>

#include "base/limits.h"
#include "base/number.h"

namespace wideberth::geo {
namespace {

using base::NumberText;

constexpr int64_t kLatMaxE9 = 90'000'000'000;
constexpr int64_t kLngMaxE9 = 180'000'000'000;

std::string VertexField(size_t index) {
  return "/vertices/" + NumberText(index);
}

base::Result<void> CheckRange(Position p, std::string_view field) {
  if (std::abs(p.lat_e9) > kLatMaxE9) {
    return base::Invalid(std::string(field) + "/lat", "must be from -90 to 90 degrees",
                         NumberText(p.lat_deg()));
  }
  if (std::abs(p.lng_e9) > kLngMaxE9) {
    return base::Invalid(std::string(field) + "/lng", "must be from -180 to 180 degrees",
                         NumberText(p.lng_deg()));
  }
  return {};
}

// Two spellings of one place: the antimeridian has two longitudes, a pole has all of them.
bool SamePlace(Position a, Position b) {
  if (a.lat_e9 != b.lat_e9) return false;
  if (a.lng_e9 == b.lng_e9 || std::abs(a.lat_e9) == kLatMaxE9) return true;
  return std::abs(a.lng_e9) == kLngMaxE9 && a.lng_e9 == -b.lng_e9;
}

// A degree of latitude or longitude is at most 111.7 km, so an edge of few degrees needs no
// geodesic to be short enough.
bool ShortAtAGlance(Position a, Position b) {
  constexpr int64_t kDegreesE9 = limits::kEdgeInputLengthMaxM / 112'000 * 1'000'000'000;
  return std::abs(a.lat_e9 - b.lat_e9) + std::abs(a.lng_e9 - b.lng_e9) < kDegreesE9;
}

base::Result<void> CheckEdge(Position from, Position to, size_t to_index, bool closing) {
  if (SamePlace(from, to)) {
    return base::Invalid(VertexField(to_index),
                         closing ? "must not repeat the first vertex: the ring closes by itself"
                                 : "must differ from the vertex before it",
                         NumberText(to.lat_deg()) + "," + NumberText(to.lng_deg()));
  }
  if (ShortAtAGlance(from, to)) return {};
  const double length_m = GeodesicDistanceM(from, to);
  if (length_m > static_cast<double>(limits::kEdgeInputLengthMaxM)) {
    return base::Invalid(VertexField(to_index),
                         closing ? "the edge to the first vertex must not be longer than 10,000 km"
                                 : "the edge to this vertex must not be longer than 10,000 km",
                         NumberText(length_m) + " m");
  }
  return {};
}

base::Result<void> CheckVertices(std::span<const Position> vertices, size_t least, bool ring) {
  if (vertices.size() < least) {
    return base::Invalid("/vertices", "must have at least " + NumberText(least) + " vertices",
                         NumberText(vertices.size()));
  }
  if (vertices.size() > limits::kOutlineVerticesMax) {
    return base::Fail(base::ErrorCode::kTooLarge, "/vertices",
                      "must have at most " + NumberText(limits::kOutlineVerticesMax) + " vertices",
                      NumberText(vertices.size()));
  }
  for (size_t i = 0; i < vertices.size(); ++i) {
    if (std::abs(vertices[i].lat_e9) <= kLatMaxE9 && std::abs(vertices[i].lng_e9) <= kLngMaxE9) {
      continue;
    }
    WB_RETURN_IF_ERROR(CheckRange(vertices[i], VertexField(i)));
  }
  for (size_t i = 1; i < vertices.size(); ++i) {
    WB_RETURN_IF_ERROR(CheckEdge(vertices[i - 1], vertices[i], i, /*closing=*/false));
  }
  if (ring) {
    WB_RETURN_IF_ERROR(
        CheckEdge(vertices.front(), vertices.back(), vertices.size() - 1, /*closing=*/true));
  }
  return {};
}

base::Result<void> CheckLength(std::string_view field, int64_t value_mm, int64_t least_mm,
                               int64_t most_mm) {
  if (value_mm >= least_mm && value_mm <= most_mm) return {};
  return base::Invalid(
      field,
      "must be from " + NumberText(least_mm) + " mm to " + NumberText(most_mm / 1'000'000) + " km",
      NumberText(value_mm) + " mm");
}

}  // namespace

std::string_view OutlineKindName(OutlineKind kind) {
  switch (kind) {
    case OutlineKind::kPolygon:
      return "polygon";
    case OutlineKind::kCircle:
      return "circle";
    case OutlineKind::kCorridor:
      return "corridor";
  }
  return "unknown";
}

base::Result<Outline> Outline::Polygon(std::vector<Position> vertices) {
  WB_RETURN_IF_ERROR(CheckVertices(vertices, limits::kPolygonVerticesMin, /*ring=*/true));
  return Outline(OutlineKind::kPolygon, std::move(vertices), 0);
}

base::Result<Outline> Outline::Circle(Position centre, int64_t radius_mm) {
  WB_RETURN_IF_ERROR(CheckRange(centre, "/centre"));
  WB_RETURN_IF_ERROR(
      CheckLength("/radius", radius_mm, limits::kCircleRadiusMinMm, limits::kCircleRadiusMaxMm));
  return Outline(OutlineKind::kCircle, {centre}, radius_mm);
}

base::Result<Outline> Outline::Corridor(std::vector<Position> centreline, int64_t half_width_mm) {
  WB_RETURN_IF_ERROR(CheckVertices(centreline, limits::kCorridorVerticesMin, /*ring=*/false));
  WB_RETURN_IF_ERROR(CheckLength("/half_width", half_width_mm, limits::kCorridorHalfWidthMinMm,
                                 limits::kCorridorHalfWidthMaxMm));
  return Outline(OutlineKind::kCorridor, std::move(centreline), half_width_mm);
}

}  // namespace wideberth::geo
