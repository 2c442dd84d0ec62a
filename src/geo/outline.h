// The lateral extent of a volume: a polygon, a circle or a corridor on the WGS-84 ellipsoid.
//
//   polygon   the area on one side of a closed ring of vertices; edges are geodesics (shortest
//   paths on WGS-84); the
//             inside is the smaller of the two areas whatever the winding; the first vertex is not
//             repeated;
//   circle    every point within `radius` (geodesic distance) of the centre;
//   corridor  every point within `half_width` of a chain of geodesic edges, ends rounded.
//
// An Outline is plain data that has passed the cheap checks (counts, ranges, no two equal
// neighbours). Whether a polygon crosses itself is found when its Shape is prepared (geo/shape.h),
// because that needs the edges.
//
// Values are immutable. Threads: safe to read from any number.
#ifndef WIDEBERTH_GEO_OUTLINE_H_
#define WIDEBERTH_GEO_OUTLINE_H_

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "geo/position.h"

namespace wideberth::geo {

enum class OutlineKind : uint8_t { kPolygon = 0, kCircle = 1, kCorridor = 2 };

std::string_view OutlineKindName(OutlineKind kind);  // "polygon", "circle", "corridor"

class Outline {
 public:
  // Refuses fewer than 3 or more than limits::kOutlineVerticesMax vertices (field "/vertices"), two
  // equal neighbours (field "/vertices/i"), a repeated first vertex at the end, an edge longer than
  // limits::kEdgeInputLengthMaxM.
  static base::Result<Outline> Polygon(std::vector<Position> vertices);
  // Refuses a radius outside [limits::kCircleRadiusMinMm, limits::kCircleRadiusMaxMm] (field
  // "/radius").
  static base::Result<Outline> Circle(Position centre, int64_t radius_mm);
  // Refuses fewer than 2 vertices, equal neighbours, a half width outside its limits (field
  // "/half_width").
  static base::Result<Outline> Corridor(std::vector<Position> centreline, int64_t half_width_mm);

  OutlineKind kind() const { return kind_; }
  // Polygon: the ring. Circle: the centre alone. Corridor: the centreline.
  std::span<const Position> vertices() const { return vertices_; }
  // Circle: the radius. Corridor: the half width. Polygon: 0.
  int64_t buffer_mm() const { return buffer_mm_; }

  bool operator==(const Outline&) const = default;

 private:
  Outline(OutlineKind kind, std::vector<Position> vertices, int64_t buffer_mm)
      : kind_(kind), vertices_(std::move(vertices)), buffer_mm_(buffer_mm) {}

  OutlineKind kind_;
  std::vector<Position> vertices_;
  int64_t buffer_mm_;
};

}  // namespace wideberth::geo

#endif  // WIDEBERTH_GEO_OUTLINE_H_
