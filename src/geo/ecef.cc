#include "geo/ecef.h"

#include <GeographicLib/Geodesic.hpp>
#include <algorithm>

namespace wideberth::geo {

Vec3 ToEcef(double lat_deg, double lng_deg) {
  constexpr double kRadian = M_PI / 180;
  const double lat = lat_deg * kRadian, lng = lng_deg * kRadian;
  const double sin_lat = std::sin(lat), cos_lat = std::cos(lat);
  const double n = kEquatorRadiusM / std::sqrt(1 - kEccentricity2 * sin_lat * sin_lat);
  return {n * cos_lat * std::cos(lng), n * cos_lat * std::sin(lng),
          n * (1 - kEccentricity2) * sin_lat};
}

Vec3 ToEcef(Position p) {
  return ToEcef(p.lat_deg(), p.lng_deg());
}

Position FromEcef(const Vec3& p) {
  constexpr double kUnit = 180e9 / M_PI;
  const double lat = std::atan2(p.z, (1 - kEccentricity2) * std::hypot(p.x, p.y));
  const double lng = std::atan2(p.y, p.x);
  return {std::clamp<int64_t>(std::llround(lat * kUnit), -90'000'000'000, 90'000'000'000),
          std::clamp<int64_t>(std::llround(lng * kUnit), -180'000'000'000, 180'000'000'000)};
}

Vec3 OntoSurface(const Vec3& p) {
  return (1 / std::sqrt(Dot(p, Gradient(p)))) * p;
}

Tangents TangentsAt(const Vec3& p) {
  const Vec3 east = p.x == 0 && p.y == 0 ? Vec3{0, 1, 0} : Vec3{-p.y, p.x, 0};
  return {east, Cross(Gradient(p), east)};
}

double GeodesicLengthM(const Vec3& p, const Vec3& q) {
  const Vec3 d = q - p;
  const double chord = Norm(d);
  if (chord == 0) return 0;
  if (chord < kClosedFormMaxM) {
    const double bend = Dot(d, Gradient(d));
    // The middle of the chord lies below the surface; sqrt(1 - bend / 4) moves its gradient up to
    // the surface.
    const double normal = Norm(Gradient(0.5 * (p + q)));
    const double curvature = bend * std::sqrt(1 - bend / 4) / (chord * chord * normal);
    return ArcOverChord(chord, 1 / curvature);
  }
  constexpr double kDegree = 180 / M_PI;
  const auto lat = [](const Vec3& v) {
    return std::atan2(v.z, (1 - kEccentricity2) * std::hypot(v.x, v.y)) * kDegree;
  };
  double length_m = 0;
  GeographicLib::Geodesic::WGS84().Inverse(lat(p), std::atan2(p.y, p.x) * kDegree, lat(q),
                                           std::atan2(q.y, q.x) * kDegree, length_m);
  return length_m;
}

}  // namespace wideberth::geo
