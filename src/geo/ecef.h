// Earth-centred coordinates on WGS-84, and lengths of geodesics from the chords under them. Inside
// geo only.
//
// A point of the ellipsoid x'Dx = 1, D = diag(1/a^2, 1/a^2, 1/b^2), has the outward normal Dx, and
// the normal curvature in the direction of the unit tangent t is (t'Dt) / |Dx|. Both need no
// trigonometry, which is why geometry here is done in Cartesian metres and not in latitudes. A
// double resolves 1e-9 m at the Earth's surface.
#ifndef WIDEBERTH_GEO_ECEF_H_
#define WIDEBERTH_GEO_ECEF_H_

#include <algorithm>
#include <cmath>

#include "geo/position.h"

namespace wideberth::geo {

struct Vec3 {
  double x = 0, y = 0, z = 0;
  bool operator==(const Vec3&) const = default;
};

inline Vec3 operator+(const Vec3& p, const Vec3& q) {
  return {p.x + q.x, p.y + q.y, p.z + q.z};
}
inline Vec3 operator-(const Vec3& p, const Vec3& q) {
  return {p.x - q.x, p.y - q.y, p.z - q.z};
}
inline Vec3 operator*(double k, const Vec3& p) {
  return {k * p.x, k * p.y, k * p.z};
}
inline double Dot(const Vec3& p, const Vec3& q) {
  return p.x * q.x + p.y * q.y + p.z * q.z;
}
inline Vec3 Cross(const Vec3& p, const Vec3& q) {
  return {p.y * q.z - p.z * q.y, p.z * q.x - p.x * q.z, p.x * q.y - p.y * q.x};
}
inline double Norm2(const Vec3& p) {
  return Dot(p, p);
}
inline double Norm(const Vec3& p) {
  return std::sqrt(Norm2(p));
}

inline constexpr double kEquatorRadiusM = 6378137.0;
inline constexpr double kFlattening = 1 / 298.257223563;
inline constexpr double kPolarRadiusM = kEquatorRadiusM * (1 - kFlattening);
inline constexpr double kEccentricity2 = kFlattening * (2 - kFlattening);
// The least and the greatest radius of normal curvature anywhere: b^2/a (equator, along the
// meridian) and a^2/b (pole).
inline constexpr double kCurvatureRadiusMinM = kPolarRadiusM * kPolarRadiusM / kEquatorRadiusM;
inline constexpr double kCurvatureRadiusMaxM = kEquatorRadiusM * kEquatorRadiusM / kPolarRadiusM;

// Dx: outward normal at a point of the surface, not normalised.
inline Vec3 Gradient(const Vec3& p) {
  constexpr double kInvA2 = 1 / (kEquatorRadiusM * kEquatorRadiusM);
  constexpr double kInvB2 = 1 / (kPolarRadiusM * kPolarRadiusM);
  return {p.x * kInvA2, p.y * kInvA2, p.z * kInvB2};
}

Vec3 ToEcef(Position p);
Vec3 ToEcef(double lat_deg, double lng_deg);
// The inverse, for points on the surface (up to rounding to 1e-9 degree).
Position FromEcef(const Vec3& p);
// The point of the surface on the ray from the Earth's centre through `p`.
Vec3 OntoSurface(const Vec3& p);

// East and north at a point of the surface, not normalised; at the poles some pair of right-angled
// tangents.
struct Tangents {
  Vec3 east;
  Vec3 north;
};
Tangents TangentsAt(const Vec3& p);

// Length of the arc of a circle of radius `radius_m` over a chord, and back. An arc of a geodesic
// with chord c is at least ArcOverChord(c, kCurvatureRadiusMaxM) and at most ArcOverChord(c,
// kCurvatureRadiusMinM) long.
inline double ArcOverChord(double chord_m, double radius_m) {
  const double x = chord_m / (2 * radius_m);
  return x < 1 ? 2 * radius_m * std::asin(x) : M_PI * radius_m;
}
inline double ChordOfArc(double arc_m, double radius_m) {
  const double x = arc_m / (2 * radius_m);
  return x < M_PI / 2 ? 2 * radius_m * std::sin(x) : 2 * radius_m;
}

// Length of the geodesic between two points of the surface. Below kClosedFormMaxM it is the arc
// over the chord with the normal curvature at its middle (error below 2 um against GeographicLib,
// ecef_test); beyond, GeographicLib itself.
inline constexpr double kClosedFormMaxM = 100'000;
double GeodesicLengthM(const Vec3& p, const Vec3& q);

// The greatest angle between the normals of two points of the ellipsoid that are `distance_m`
// apart, measured along the surface or straight through the Earth. A ball of the least radius of
// curvature rolls freely inside the ellipsoid, so normals turn nowhere faster than on that ball.
inline double NormalAngleMax(double distance_m) {
  return 2 * std::asin(std::min(1.0, distance_m / (2 * kCurvatureRadiusMinM)));
}

struct CapBox {
  double south_deg, north_deg;         // within [-90, 90]
  double lng_deg, lng_half_width_deg;  // 180: all the way round
};

// Contains every point within `radius_m` of the centre, with a margin of 1 cm for rounding.
inline CapBox BoxOfCap(Position centre, double radius_m) {
  constexpr double kDegree = 180 / M_PI;
  const double angle = NormalAngleMax(radius_m) + 2e-9;
  const double lat = centre.lat_deg() / kDegree;
  CapBox box{std::max(-90.0, (lat - angle) * kDegree), std::min(90.0, (lat + angle) * kDegree),
             centre.lng_deg(), 180};
  if (std::abs(lat) + angle < M_PI / 2) {
    const double sine = std::sin(angle) / std::cos(lat);
    if (sine < 1) box.lng_half_width_deg = std::min(180.0, std::asin(sine) * kDegree + 1e-9);
  }
  return box;
}

}  // namespace wideberth::geo

#endif  // WIDEBERTH_GEO_ECEF_H_
