// A point on the ellipsoid, quantised: latitude and longitude in units of 1e-9 degree (0.11 mm).
//
// Inputs are quantised once, on entry; from then on every outline is made of integers and two nodes
// that were sent the same numbers hold the same numbers (DESIGN 4). Latitude lies in [-90e9, 90e9],
// longitude in [-180e9, 180e9]; -180 and 180 degrees are the same meridian and both spellings are
// kept as given.
#ifndef WIDEBERTH_GEO_POSITION_H_
#define WIDEBERTH_GEO_POSITION_H_

#include <compare>
#include <cstdint>

#include "base/result.h"

namespace wideberth::geo {

struct Position {
  int64_t lat_e9 = 0;
  int64_t lng_e9 = 0;

  auto operator<=>(const Position&) const = default;
  double lat_deg() const { return static_cast<double>(lat_e9) * 1e-9; }
  double lng_deg() const { return static_cast<double>(lng_e9) * 1e-9; }
};

// Quantises to the nearest 1e-9 degree. Refuses NaN, infinities, latitudes outside [-90, 90] and
// longitudes outside
// [-180, 180] (field "/lat" or "/lng").
base::Result<Position> MakePosition(double lat_deg, double lng_deg);

// Length of the geodesic between two points, in metres (GeographicLib; error below 1e-8 m).
double GeodesicDistanceM(Position a, Position b);

// The point reached from `start` along the geodesic of azimuth `azimuth_deg` (clockwise from north)
// after `distance_m`.
Position GeodesicDestination(Position start, double azimuth_deg, double distance_m);

}  // namespace wideberth::geo

#endif  // WIDEBERTH_GEO_POSITION_H_
