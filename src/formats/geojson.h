// Outlines as GeoJSON (RFC 7946) and back.
//
// An edge of ours is a geodesic; an edge of GeoJSON is a straight line in longitude and latitude. The two differ by
// about L^2 tan(lat) / 8R: 1 m for an edge of 7 km at 47 degrees north, 200 m for one of 100 km. So an edge is divided,
// in either direction, until the two agree within kEdgeToleranceM; short edges stay as they are.
//
// Written rings are closed, run counter-clockwise, and are cut where they cross longitude 180 (RFC 7946, 3.1.6 and
// 3.1.9); an outline that contains a pole is closed along the edge of the map.
//
// Circles are written as kCircleRingVertices vertices on the circle, corridors as one ring with rounded ends and joins;
// both are approximations for the eye, and the properties written beside them give the true centre and radius.
#ifndef WIDEBERTH_FORMATS_GEOJSON_H_
#define WIDEBERTH_FORMATS_GEOJSON_H_

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "geo/outline.h"
#include "json/reader.h"
#include "json/writer.h"

namespace wideberth::formats {

inline constexpr double kEdgeToleranceM = 1.0;
inline constexpr int kCircleRingVertices = 72;

// Reads [longitude, latitude] or [longitude, latitude, height]; the height is passed over.
base::Result<geo::Position> ReadPosition(const json::Value& value);

// Reads the `coordinates` of a GeoJSON Polygon: a list of rings. Leniently: a ring that is not closed, repeated
// vertices and either winding are accepted. Holes are filled, which errs to more area. What was done is added to
// `notes`. Refuses fewer than three different vertices and more than limits::kOutlineVerticesMax.
base::Result<geo::Outline> ReadPolygonRings(const json::Value& coordinates,
                                            std::vector<std::string>* notes);

// `vertices` of a closed ring without the repetition at its end, divided as above. FromPlanar: the edges given are
// straight in longitude and latitude, the edges wanted geodesics. ToPlanar: the other way round.
std::vector<geo::Position> DivideEdgesFromPlanar(std::span<const geo::Position> vertices);
std::vector<geo::Position> DivideEdgesToPlanar(std::span<const geo::Position> vertices);

// The boundary of any outline as a ring of vertices: a polygon's own, or the approximation described above.
std::vector<geo::Position> BoundaryRing(const geo::Outline& outline);

// Writes a geometry object: {"type":"Polygon","coordinates":...}, or a MultiPolygon where the outline crosses longitude
// 180. The first form writes the boundary ring of an outline.
void WriteGeometry(json::Writer* json, const geo::Outline& outline);
void WritePolygonGeometry(json::Writer* json, std::span<const geo::Position> ring);
// The two members alone, for formats that put others beside them.
void WritePolygonMembers(json::Writer* json, std::span<const geo::Position> ring);
// Writes [longitude, latitude].
void WriteLngLat(json::Writer* json, geo::Position position);

}  // namespace wideberth::formats

#endif  // WIDEBERTH_FORMATS_GEOJSON_H_
