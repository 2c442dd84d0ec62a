// The rectangle of latitude and longitude around a cap. Inside geo only.
#ifndef WIDEBERTH_GEO_CAP_BOX_H_
#define WIDEBERTH_GEO_CAP_BOX_H_

#include <algorithm>
#include <cmath>

#include "geo/ecef.h"
#include "geo/position.h"

namespace wideberth::geo {

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

#endif  // WIDEBERTH_GEO_CAP_BOX_H_
