#include "formats/geojson.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

#include "base/limits.h"
#include "formats/decimal.h"

namespace wideberth::formats {
namespace {

using base::Result;
using geo::Outline;
using geo::OutlineKind;
using geo::Position;

constexpr double kDegree = M_PI / 180;
constexpr double kMetresPerDegree = 111'320;  // of a great circle; only sizes steps and tolerances
constexpr double kFlattening = 1 / 298.257223563;
constexpr double kEccentricity2 = kFlattening * (2 - kFlattening);
// 2^12 pieces of the longest edge allowed (10,000 km) are 2.4 km long: the tolerance is met long before.
constexpr int kDivisionsMax = 12;

struct LngLat {
  double lng = 0;  // degrees; may leave [-180, 180] while a ring is unrolled
  double lat = 0;
};

struct Vector {
  double x, y, z;
};

// The direction of a point from the Earth's centre, and back. The middle of two directions lies on the great ellipse
// through both points, which keeps within 0.1 m of the geodesic for edges of 500 km.
Vector Direction(const LngLat& p) {
  const double geocentric = std::atan((1 - kEccentricity2) * std::tan(p.lat * kDegree));
  return {std::cos(geocentric) * std::cos(p.lng * kDegree),
          std::cos(geocentric) * std::sin(p.lng * kDegree), std::sin(geocentric)};
}

LngLat GeodesicMiddle(const LngLat& a, const LngLat& b) {
  const Vector u = Direction(a);
  const Vector v = Direction(b);
  const Vector sum{u.x + v.x, u.y + v.y, u.z + v.z};
  const double tan_geocentric = sum.z / std::hypot(sum.x, sum.y);
  LngLat middle{std::atan2(sum.y, sum.x) / kDegree,
                std::atan(tan_geocentric / (1 - kEccentricity2)) / kDegree};
  // The turn of longitude that the two ends are in.
  middle.lng += 360 * std::round(((a.lng + b.lng) / 2 - middle.lng) / 360);
  return middle;
}

double ApproximateDistanceM(const LngLat& a, const LngLat& b) {
  const double east = (a.lng - b.lng) * std::cos((a.lat + b.lat) / 2 * kDegree);
  return std::hypot(east, a.lat - b.lat) * kMetresPerDegree;
}

enum class Keep { kGeodesic, kPlanar };

// Appends what stands between a and b.
void Divide(const LngLat& a, const LngLat& b, Keep keep, int depth, std::vector<LngLat>* out) {
  if (depth == 0) return;
  const LngLat geodesic = GeodesicMiddle(a, b);
  const LngLat planar{(a.lng + b.lng) / 2, (a.lat + b.lat) / 2};
  if (ApproximateDistanceM(geodesic, planar) <= kEdgeToleranceM) return;
  const LngLat middle = keep == Keep::kGeodesic ? geodesic : planar;
  Divide(a, middle, keep, depth - 1, out);
  out->push_back(middle);
  Divide(middle, b, keep, depth - 1, out);
}

// The ring with longitudes that run on across 180 instead of jumping, first vertex repeated at the end (on another turn
// when the ring goes round a pole).
std::vector<LngLat> Unroll(std::span<const Position> ring) {
  std::vector<LngLat> unrolled;
  unrolled.reserve(ring.size() + 1);
  for (size_t i = 0; i <= ring.size(); ++i) {
    const Position& p = ring[i % ring.size()];
    LngLat next{p.lng_deg(), p.lat_deg()};
    if (i > 0) next.lng += 360 * std::round((unrolled.back().lng - next.lng) / 360);
    unrolled.push_back(next);
  }
  return unrolled;
}

std::vector<LngLat> DivideUnrolled(std::span<const Position> ring, Keep keep) {
  const std::vector<LngLat> corners = Unroll(ring);
  std::vector<LngLat> divided;
  for (size_t i = 0; i + 1 < corners.size(); ++i) {
    divided.push_back(corners[i]);
    // Straight north or south, the two kinds of edge are one.
    if (corners[i].lng != corners[i + 1].lng) {
      Divide(corners[i], corners[i + 1], keep, kDivisionsMax, &divided);
    }
  }
  divided.push_back(corners.back());
  return divided;
}

Position Quantise(const LngLat& p) {
  const double turned = p.lng - 360 * std::round(p.lng / 360);
  return {std::llround(std::clamp(p.lat, -90.0, 90.0) * 1e9),
          std::llround(std::clamp(turned, -180.0, 180.0) * 1e9)};
}

std::vector<Position> DivideEdges(std::span<const Position> vertices, Keep keep) {
  std::vector<LngLat> divided = DivideUnrolled(vertices, keep);
  divided.pop_back();
  std::vector<Position> out;
  out.reserve(divided.size());
  for (const LngLat& p : divided) out.push_back(Quantise(p));
  return out;
}

// The part of a ring on one side of a meridian (Sutherland and Hodgman's clip).
std::vector<LngLat> ClipAtMeridian(const std::vector<LngLat>& ring, double lng, bool keep_east) {
  std::vector<LngLat> kept;
  const auto inside = [&](const LngLat& p) { return keep_east ? p.lng >= lng : p.lng <= lng; };
  for (size_t i = 0; i < ring.size(); ++i) {
    const LngLat& a = ring[i];
    const LngLat& b = ring[(i + 1) % ring.size()];
    if (inside(a)) kept.push_back(a);
    if (inside(a) != inside(b)) {
      const double t = (lng - a.lng) / (b.lng - a.lng);
      kept.push_back({lng, a.lat + t * (b.lat - a.lat)});
    }
  }
  return kept;
}

double SignedArea(const std::vector<LngLat>& ring) {
  double twice = 0;
  for (size_t i = 0; i < ring.size(); ++i) {
    const LngLat& a = ring[i];
    const LngLat& b = ring[(i + 1) % ring.size()];
    twice += (a.lng - ring[0].lng) * (b.lat - ring[0].lat) -
             (b.lng - ring[0].lng) * (a.lat - ring[0].lat);
  }
  return twice / 2;
}

// One ring on the sphere as rings on the map, each within [-180, 180].
std::vector<std::vector<LngLat>> MapRings(std::span<const Position> vertices) {
  std::vector<LngLat> ring = DivideUnrolled(vertices, Keep::kGeodesic);
  const LngLat first = ring.front();
  const LngLat last = ring.back();
  if (std::abs(last.lng - first.lng) > 180) {  // round a pole: close along the edge of the map
    const double pole = first.lat > 0 ? 90 : -90;
    ring.push_back({last.lng, pole});
    ring.push_back({first.lng, pole});
  } else {
    ring.pop_back();
  }
  std::vector<std::vector<LngLat>> pieces;
  for (int turn = -2; turn <= 2; ++turn) {
    const double west = 360.0 * turn - 180;
    std::vector<LngLat> piece = ClipAtMeridian(ClipAtMeridian(ring, west, true), west + 360, false);
    if (piece.size() < 3 || SignedArea(piece) == 0) continue;
    if (SignedArea(piece) < 0) std::reverse(piece.begin(), piece.end());
    for (LngLat& p : piece) p.lng -= 360.0 * turn;
    pieces.push_back(std::move(piece));
  }
  return pieces;
}

void WriteRing(json::Writer* json, const std::vector<LngLat>& ring) {
  json->BeginArray();
  for (size_t i = 0; i <= ring.size(); ++i) {
    const LngLat& p = ring[i % ring.size()];
    WriteLngLat(json, {std::llround(p.lat * 1e9), std::llround(p.lng * 1e9)});
  }
  json->EndArray();
}

// Azimuth of the start of the edge from a to b, for drawing: good to a fraction of a degree below 100 km.
double AzimuthDeg(Position a, Position b) {
  const double lat = (a.lat_deg() + b.lat_deg()) / 2 * kDegree;
  double east = b.lng_deg() - a.lng_deg();
  east -= 360 * std::round(east / 360);
  return std::atan2(east * std::cos(lat), b.lat_deg() - a.lat_deg()) / kDegree;
}

// Along one side of the chain, from its first to its last vertex, the side on the right hand, then half round the end.
void AppendCorridorSide(std::span<const Position> chain, double half_width_m,
                        std::vector<Position>* ring) {
  constexpr double kStepDeg = 10;
  const auto arc = [&](Position centre, double from_deg, double turn_deg) {
    const int steps = std::max(1, static_cast<int>(std::ceil(std::abs(turn_deg) / kStepDeg)));
    for (int i = 0; i <= steps; ++i) {
      ring->push_back(
          geo::GeodesicDestination(centre, from_deg + turn_deg * i / steps, half_width_m));
    }
  };
  for (size_t i = 0; i + 1 < chain.size(); ++i) {
    const double azimuth = AzimuthDeg(chain[i], chain[i + 1]);
    if (i > 0) {
      const double before = AzimuthDeg(chain[i - 1], chain[i]);
      const double turn = std::remainder(azimuth - before, 360.0);
      if (turn < 0) {  // to the left: the right side is the outer one and gets a rounded join
        arc(chain[i], before + 90, turn);
      } else {  // the inner side: one point on the bisector
        const double reach = half_width_m / std::max(0.5, std::cos(turn / 2 * kDegree));
        ring->push_back(geo::GeodesicDestination(chain[i], before + 90 + turn / 2, reach));
      }
    } else {
      ring->push_back(geo::GeodesicDestination(chain[i], azimuth + 90, half_width_m));
    }
  }
  const double last = AzimuthDeg(chain[chain.size() - 2], chain.back());
  arc(chain.back(), last + 90, -180);
}

}  // namespace

Result<Position> ReadPosition(const json::Value& value) {
  WB_ASSIGN_OR_RETURN(const json::Array pair, value.AsArray(16));
  if (pair.size() < 2) return value.Refuse("must be [longitude, latitude]");
  auto item = pair.begin();
  WB_ASSIGN_OR_RETURN(const double lng_deg, (*item).AsDouble(-180, 180));
  ++item;
  WB_ASSIGN_OR_RETURN(const double lat_deg, (*item).AsDouble(-90, 90));
  auto position = geo::MakePosition(lat_deg, lng_deg);
  if (!position) return value.Refuse(std::move(position).error());
  return position;
}

Result<Outline> ReadPolygonRings(const json::Value& coordinates, std::vector<std::string>* notes) {
  WB_ASSIGN_OR_RETURN(const json::Array rings, coordinates.AsArray(limits::kOutlineVerticesMax));
  if (rings.size() == 0) return coordinates.Refuse("must have a ring");
  const json::Value outer = *rings.begin();
  // One more for the repetition at the end.
  WB_ASSIGN_OR_RETURN(const json::Array corners, outer.AsArray(limits::kOutlineVerticesMax + 1));
  std::vector<Position> vertices;
  vertices.reserve(corners.size());
  for (const json::Value corner : corners) {
    WB_ASSIGN_OR_RETURN(const Position position, ReadPosition(corner));
    vertices.push_back(position);
  }
  const size_t given = vertices.size();
  const bool closed = given > 1 && vertices.front() == vertices.back();
  vertices.erase(std::unique(vertices.begin(), vertices.end()), vertices.end());
  const size_t repeated = given - vertices.size();
  while (vertices.size() > 1 && vertices.front() == vertices.back()) vertices.pop_back();
  if (vertices.size() < 3) return outer.Refuse("must have at least three different vertices");
  if (repeated > 0) notes->push_back(std::to_string(repeated) + " repeated vertices left out");
  if (!closed) notes->push_back("a ring that was not closed has been closed");
  if (rings.size() > 1) {
    notes->push_back(std::to_string(rings.size() - 1) +
                     " holes filled: the zone covers more than the publisher drew");
  }
  auto outline = Outline::Polygon(DivideEdgesFromPlanar(vertices));
  if (!outline) {
    base::Error error = std::move(outline).error();
    error.field.clear();  // vertices may have been added, so their numbers would mislead
    return outer.Refuse(std::move(error));
  }
  return outline;
}

std::vector<Position> DivideEdgesFromPlanar(std::span<const Position> vertices) {
  return DivideEdges(vertices, Keep::kPlanar);
}

std::vector<Position> DivideEdgesToPlanar(std::span<const Position> vertices) {
  return DivideEdges(vertices, Keep::kGeodesic);
}

std::vector<Position> BoundaryRing(const Outline& outline) {
  const std::span<const Position> vertices = outline.vertices();
  const double buffer_m = static_cast<double>(outline.buffer_mm()) / 1000;
  std::vector<Position> ring;
  switch (outline.kind()) {
    case OutlineKind::kPolygon:
      ring.assign(vertices.begin(), vertices.end());
      break;
    case OutlineKind::kCircle:
      for (int i = 0; i < kCircleRingVertices; ++i) {
        ring.push_back(
            geo::GeodesicDestination(vertices[0], -360.0 * i / kCircleRingVertices, buffer_m));
      }
      break;
    case OutlineKind::kCorridor: {
      AppendCorridorSide(vertices, buffer_m, &ring);
      const std::vector<Position> back(vertices.rbegin(), vertices.rend());
      AppendCorridorSide(back, buffer_m, &ring);
      break;
    }
  }
  return ring;
}

void WriteLngLat(json::Writer* json, Position position) {
  json->BeginArray();
  json->Raw(ScaledText(position.lng_e9, 9));
  json->Raw(ScaledText(position.lat_e9, 9));
  json->EndArray();
}

void WritePolygonMembers(json::Writer* json, std::span<const Position> ring) {
  const std::vector<std::vector<LngLat>> pieces = MapRings(ring);
  if (pieces.size() == 1) {
    json->StringField("type", "Polygon");
    json->Key("coordinates");
    json->BeginArray();
    WriteRing(json, pieces[0]);
    json->EndArray();
    return;
  }
  json->StringField("type", "MultiPolygon");
  json->Key("coordinates");
  json->BeginArray();
  for (const std::vector<LngLat>& piece : pieces) {
    json->BeginArray();
    WriteRing(json, piece);
    json->EndArray();
  }
  json->EndArray();
}

void WritePolygonGeometry(json::Writer* json, std::span<const Position> ring) {
  json->BeginObject();
  WritePolygonMembers(json, ring);
  json->EndObject();
}

void WriteGeometry(json::Writer* json, const Outline& outline) {
  WritePolygonGeometry(json, BoundaryRing(outline));
}

}  // namespace wideberth::formats
