#include "geo/testing/scenes.h"

#include <GeographicLib/Geodesic.hpp>
#include <algorithm>
#include <cmath>
#include <utility>

#include "base/check.h"
#include "base/limits.h"

namespace wideberth::geo::testing {
namespace {

const GeographicLib::Geodesic& Earth() {
  return GeographicLib::Geodesic::WGS84();
}

// Where a geodesic from a place arrives, and its azimuth there.
struct Place {
  double lat, lng, azimuth;
};
Place Go(double lat, double lng, double azimuth_deg, double distance_m) {
  Place to{};
  Earth().Direct(lat, lng, azimuth_deg, distance_m, to.lat, to.lng, to.azimuth);
  return to;
}

Position Quantised(double lat, double lng) {
  const auto p = MakePosition(lat, lng);
  CHECK(p.has_value());
  return *p;
}

Position GoFrom(Position from, double azimuth_deg, double distance_m) {
  return GeodesicDestination(from, azimuth_deg, distance_m);
}

int64_t BufferMm(SeededRandom& random, double size_m) {
  const double buffer_m = LogUniform(random, size_m / 20, size_m);
  return std::clamp<int64_t>(std::llround(buffer_m * 1000), 1, limits::kCorridorHalfWidthMaxMm);
}

Outline Made(base::Result<Outline> outline) {
  CHECK_MSG(outline.has_value(), outline ? "" : outline.error().ToString().c_str());
  return *std::move(outline);
}

// Vertices of a skeleton whose front is at `front` and all of which lies to the back (azimuth `back`): a vertex in
// front with the rest within 60 degrees of the back, or an edge across with the rest within 80 degrees.
std::vector<Position> Skeleton(SeededRandom& random, bool ring, bool edge_in_front, Place front,
                               double back, double size_m) {
  const size_t rest = 1 + random.Below(8) + (ring && !edge_in_front ? 1 : 0);
  const double half_angle = edge_in_front ? 80 : 60;
  const double step = 2 * half_angle / static_cast<double>(rest);
  std::vector<Position> vertices;
  const auto add = [&](double azimuth, double distance_m) {
    const Place p = Go(front.lat, front.lng, azimuth, distance_m);
    vertices.push_back(Quantised(p.lat, p.lng));
  };
  const auto distance = [&] { return size_m * Uniform(random, 0.3, 1); };
  if (edge_in_front) {
    add(back - 90, distance());
  } else {
    vertices.push_back(Quantised(front.lat, front.lng));
  }
  // In order of azimuth as seen from the front: seen from there the ring is a star, so it cannot cross itself.
  for (size_t i = 0; i < rest; ++i) {
    const double from = -half_angle + step * static_cast<double>(i);
    add(back + Uniform(random, from + 0.1 * step, from + 0.9 * step), distance());
  }
  if (edge_in_front) add(back + 90, distance());
  // A chain must have the front edge between neighbours: start with one end of it and the other.
  if (!ring && edge_in_front) std::rotate(vertices.begin(), vertices.end() - 1, vertices.end());
  return vertices;
}

Outline Facing(SeededRandom& random, OutlineKind kind, bool edge_in_front, Place front, double back,
               double size_m, int64_t buffer_mm) {
  switch (kind) {
    case OutlineKind::kPolygon:
      return Made(Outline::Polygon(Skeleton(random, true, edge_in_front, front, back, size_m)));
    case OutlineKind::kCorridor:
      return Made(Outline::Corridor(Skeleton(random, false, edge_in_front, front, back, size_m),
                                    buffer_mm));
    case OutlineKind::kCircle:
      break;
  }
  return Made(Outline::Circle(Quantised(front.lat, front.lng), buffer_mm));
}

}  // namespace

double Uniform(SeededRandom& random, double low, double high) {
  return low + (high - low) * random.Unit();
}

double LogUniform(SeededRandom& random, double low, double high) {
  return low * std::pow(high / low, random.Unit());
}

Position RandomPlace(SeededRandom& random) {
  constexpr double kDegree = 180 / M_PI;
  double lat = std::asin(Uniform(random, -1, 1)) * kDegree;
  double lng = Uniform(random, -180, 180);
  switch (random.Below(5)) {
    case 0:
      lat = std::copysign(90 - LogUniform(random, 1e-9, 1), lat);
      break;
    case 1:
      lng = std::copysign(180 - LogUniform(random, 1e-9, 1), lng);
      break;
    default:
      break;
  }
  return Quantised(lat, lng);
}

std::vector<Position> RandomRing(SeededRandom& random, Position centre, double radius_m,
                                 size_t vertices) {
  std::vector<Position> ring;
  const double step = 360 / static_cast<double>(vertices);
  for (size_t i = 0; i < vertices; ++i) {
    const double azimuth = step * (static_cast<double>(i) + Uniform(random, 0.05, 0.95));
    ring.push_back(GoFrom(centre, azimuth, radius_m * Uniform(random, 0.25, 1)));
  }
  return ring;
}

std::vector<Position> RandomChain(SeededRandom& random, Position start, double edge_m,
                                  size_t vertices) {
  std::vector<Position> chain{start};
  double azimuth = Uniform(random, 0, 360);
  while (chain.size() < vertices) {
    chain.push_back(GoFrom(chain.back(), azimuth, edge_m * Uniform(random, 0.3, 1)));
    azimuth += Uniform(random, -80, 80);
  }
  return chain;
}

Outline RandomOutline(SeededRandom& random, OutlineKind kind, Position centre, double size_m,
                      size_t vertices) {
  switch (kind) {
    case OutlineKind::kPolygon:
      return Made(
          Outline::Polygon(RandomRing(random, centre, size_m / 2, std::max<size_t>(3, vertices))));
    case OutlineKind::kCorridor: {
      const size_t count = std::max<size_t>(2, vertices);
      return Made(Outline::Corridor(
          RandomChain(random, centre, size_m / static_cast<double>(count - 1), count),
          BufferMm(random, size_m / 4)));
    }
    case OutlineKind::kCircle:
      break;
  }
  return Made(Outline::Circle(centre, BufferMm(random, size_m / 2)));
}

Scene FacingPair(SeededRandom& random, OutlineKind a, OutlineKind b, double gap_m, SceneSize size) {
  const double size_a_m = LogUniform(random, size.least_m, size.most_m);
  const double size_b_m = LogUniform(random, size.least_m, size.most_m);
  const int64_t buffer_a_mm = a == OutlineKind::kPolygon ? 0 : BufferMm(random, size_a_m);
  const int64_t buffer_b_mm = b == OutlineKind::kPolygon ? 0 : BufferMm(random, size_b_m);
  const double apart_m = gap_m + static_cast<double>(buffer_a_mm + buffer_b_mm) * 1e-3;
  const Position place = RandomPlace(random);
  const double towards_b = Uniform(random, 0, 360);
  const Place f{place.lat_deg(), place.lng_deg(), towards_b};
  const Place v = Go(f.lat, f.lng, towards_b, apart_m);
  const bool edge_a = a != OutlineKind::kCircle && random.Below(2) == 0;
  const bool edge_b = b != OutlineKind::kCircle && !edge_a && random.Below(2) == 0;
  return {Facing(random, a, edge_a, f, towards_b + 180, size_a_m, buffer_a_mm),
          Facing(random, b, edge_b, v, v.azimuth, size_b_m, buffer_b_mm), gap_m,
          a == OutlineKind::kPolygon && b == a && !edge_a && !edge_b};
}

Outline Turned(const Outline& outline, double degrees) {
  std::vector<Position> vertices;
  const int64_t by_e9 = std::llround(degrees * 1e9);
  for (Position p : outline.vertices()) {
    p.lng_e9 += by_e9;
    while (p.lng_e9 > 180'000'000'000) p.lng_e9 -= 360'000'000'000;
    while (p.lng_e9 < -180'000'000'000) p.lng_e9 += 360'000'000'000;
    vertices.push_back(p);
  }
  switch (outline.kind()) {
    case OutlineKind::kPolygon:
      return Made(Outline::Polygon(std::move(vertices)));
    case OutlineKind::kCorridor:
      return Made(Outline::Corridor(std::move(vertices), outline.buffer_mm()));
    case OutlineKind::kCircle:
      break;
  }
  return Made(Outline::Circle(vertices[0], outline.buffer_mm()));
}

Outline Mirrored(const Outline& outline) {
  std::vector<Position> vertices;
  for (const Position p : outline.vertices()) vertices.push_back({-p.lat_e9, p.lng_e9});
  switch (outline.kind()) {
    case OutlineKind::kPolygon:
      return Made(Outline::Polygon(std::move(vertices)));
    case OutlineKind::kCorridor:
      return Made(Outline::Corridor(std::move(vertices), outline.buffer_mm()));
    case OutlineKind::kCircle:
      break;
  }
  return Made(Outline::Circle(vertices[0], outline.buffer_mm()));
}

}  // namespace wideberth::geo::testing
