#include "formats/openair/arc.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace wideberth::formats::openair {
namespace {

using geo::Position;

constexpr double kDegree = M_PI / 180;
// Taken from the error allowed and given back as distance: covers the curvature of the Earth under the arc, which the
// plane formulas below leave out (5 mm for a radius of 500 km), and the rounding of positions.
constexpr double kSpareM = 0.05;
constexpr double kStepMaxDeg = 30;

struct Vector {
  double x, y, z;
};

Vector OnEllipsoid(Position p) {
  constexpr double kEquatorM = 6378137.0;
  constexpr double kFlattening = 1 / 298.257223563;
  constexpr double kE2 = kFlattening * (2 - kFlattening);
  const double lat = p.lat_deg() * kDegree;
  const double lng = p.lng_deg() * kDegree;
  const double n = kEquatorM / std::sqrt(1 - kE2 * std::sin(lat) * std::sin(lat));
  return {n * std::cos(lat) * std::cos(lng), n * std::cos(lat) * std::sin(lng),
          n * (1 - kE2) * std::sin(lat)};
}

// Bearing of the normal section from `a` to `b`: within 1e-6 degree of the geodesic's below 100 km.
double BearingDeg(Position a, Position b) {
  const Vector p = OnEllipsoid(a);
  const Vector q = OnEllipsoid(b);
  const Vector d{q.x - p.x, q.y - p.y, q.z - p.z};
  const double lat = a.lat_deg() * kDegree;
  const double lng = a.lng_deg() * kDegree;
  const double east = -std::sin(lng) * d.x + std::cos(lng) * d.y;
  const double north = -std::sin(lat) * std::cos(lng) * d.x - std::sin(lat) * std::sin(lng) * d.y +
                       std::cos(lat) * d.z;
  return std::atan2(east, north) / kDegree;
}

double Sweep(double start_deg, double end_deg, bool clockwise) {
  double sweep = std::fmod(clockwise ? end_deg - start_deg : start_deg - end_deg, 360.0);
  if (sweep <= 0) sweep += 360;
  return sweep;
}

double TurnedBearing(const Arc& arc, double turned_deg) {
  return arc.start_deg + (arc.clockwise ? turned_deg : -turned_deg);
}

// Whether the ring runs clockwise, judged with a few points of each arc.
bool RunsClockwise(const std::vector<BoundaryItem>& items) {
  std::vector<Position> rough;
  for (const BoundaryItem& item : items) {
    if (const Position* point = std::get_if<Position>(&item)) {
      rough.push_back(*point);
      continue;
    }
    const Arc& arc = std::get<Arc>(item);
    constexpr int kSteps = 24;
    for (int i = 0; i <= kSteps; ++i) {
      rough.push_back(geo::GeodesicDestination(
          arc.centre, TurnedBearing(arc, arc.sweep_deg * i / kSteps), arc.start_radius_m));
    }
  }
  double twice_area = 0;
  for (size_t i = 0; i < rough.size(); ++i) {
    const Position& a = rough[i];
    const Position& b = rough[(i + 1) % rough.size()];
    const auto east = [&](const Position& p) {
      return std::remainder(p.lng_deg() - rough[0].lng_deg(), 360.0);
    };
    twice_area += east(a) * b.lat_deg() - east(b) * a.lat_deg();
  }
  return twice_area < 0;
}

void AppendArc(const Arc& arc, bool bulges_outwards, double error_max_m,
               std::vector<Position>* ring) {
  const double radius_m = bulges_outwards ? std::max(arc.start_radius_m, arc.end_radius_m)
                                          : std::min(arc.start_radius_m, arc.end_radius_m);
  // Half the angle of a step: outside, tangents meet at radius / cos(half); inside, a chord comes in to
  // radius * cos(half). Either way the error is below radius * (1 / cos(half) - 1).
  const double error_m = error_max_m - 2 * kSpareM;
  const double half_deg = std::acos(radius_m / (radius_m + error_m)) / kDegree;
  const double step_max_deg = std::min(2 * half_deg, kStepMaxDeg);
  const int steps = std::max(1, static_cast<int>(std::ceil(arc.sweep_deg / step_max_deg)));
  const double step_deg = arc.sweep_deg / steps;
  ring->push_back(arc.start);
  if (bulges_outwards) {
    const double meet_m = radius_m / std::cos(step_deg / 2 * kDegree) + kSpareM;
    for (int i = 0; i < steps; ++i) {
      ring->push_back(
          geo::GeodesicDestination(arc.centre, TurnedBearing(arc, (i + 0.5) * step_deg), meet_m));
    }
  } else {
    const double chord_m = std::max(0.0, radius_m - kSpareM);
    for (int i = 1; i < steps; ++i) {
      ring->push_back(
          geo::GeodesicDestination(arc.centre, TurnedBearing(arc, i * step_deg), chord_m));
    }
  }
  ring->push_back(arc.end);
}

}  // namespace

Arc ArcFromBearings(Position centre, double radius_m, double start_deg, double end_deg,
                    bool clockwise) {
  Arc arc;
  arc.centre = centre;
  arc.start = geo::GeodesicDestination(centre, start_deg, radius_m);
  arc.end = geo::GeodesicDestination(centre, end_deg, radius_m);
  arc.start_deg = start_deg;
  arc.sweep_deg = Sweep(start_deg, end_deg, clockwise);
  arc.clockwise = clockwise;
  arc.start_radius_m = arc.end_radius_m = radius_m;
  return arc;
}

Arc ArcFromPoints(Position centre, Position start, Position end, bool clockwise) {
  Arc arc;
  arc.centre = centre;
  arc.start = start;
  arc.end = end;
  arc.start_deg = BearingDeg(centre, start);
  arc.sweep_deg = Sweep(arc.start_deg, BearingDeg(centre, end), clockwise);
  arc.clockwise = clockwise;
  arc.start_radius_m = geo::GeodesicDistanceM(centre, start);
  arc.end_radius_m = geo::GeodesicDistanceM(centre, end);
  return arc;
}

std::vector<Position> BoundaryVertices(const std::vector<BoundaryItem>& items, double error_max_m) {
  const bool ring_clockwise = RunsClockwise(items);
  std::vector<Position> ring;
  for (const BoundaryItem& item : items) {
    if (const Position* point = std::get_if<Position>(&item)) {
      ring.push_back(*point);
    } else {
      const Arc& arc = std::get<Arc>(item);
      AppendArc(arc, arc.clockwise == ring_clockwise, error_max_m, &ring);
    }
  }
  ring.erase(std::unique(ring.begin(), ring.end()), ring.end());
  while (ring.size() > 1 && ring.front() == ring.back()) ring.pop_back();
  return ring;
}

}  // namespace wideberth::formats::openair
