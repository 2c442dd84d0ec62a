#include "geo/position.h"

#include <GeographicLib/Geodesic.hpp>
#include <cmath>

#include "base/number.h"

namespace wideberth::geo {
namespace {

using base::NumberText;

constexpr double kUnitsPerDegree = 1e9;

// Written so that NaN fails as well.
bool Within(double value, double limit) {
  return value >= -limit && value <= limit;
}

}  // namespace

base::Result<Position> MakePosition(double lat_deg, double lng_deg) {
  if (!Within(lat_deg, 90)) {
    return base::Invalid("/lat", "must be a number from -90 to 90 degrees", NumberText(lat_deg));
  }
  if (!Within(lng_deg, 180)) {
    return base::Invalid("/lng", "must be a number from -180 to 180 degrees", NumberText(lng_deg));
  }
  return Position{std::llround(lat_deg * kUnitsPerDegree), std::llround(lng_deg * kUnitsPerDegree)};
}

double GeodesicDistanceM(Position a, Position b) {
  double length_m = 0;
  GeographicLib::Geodesic::WGS84().Inverse(a.lat_deg(), a.lng_deg(), b.lat_deg(), b.lng_deg(),
                                           length_m);
  return length_m;
}

Position GeodesicDestination(Position start, double azimuth_deg, double distance_m) {
  double lat = 0, lng = 0;
  GeographicLib::Geodesic::WGS84().Direct(start.lat_deg(), start.lng_deg(), azimuth_deg, distance_m,
                                          lat, lng);
  return {std::llround(lat * kUnitsPerDegree), std::llround(lng * kUnitsPerDegree)};
}

}  // namespace wideberth::geo
