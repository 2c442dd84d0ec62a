// From the volumes of a request to what a DSS keeps of them.
//
// This is all the arithmetic of a write, and needs no state: it is done on the thread that read the request.
#ifndef WIDEBERTH_DSS_EXTENT_H_
#define WIDEBERTH_DSS_EXTENT_H_

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "dss/entities.h"
#include "geo/outline.h"
#include "geo/position.h"

namespace wideberth::dss {

struct CircleOutline {
  geo::Position centre;
  double radius_m = 0;
};

// One volume as it was sent; exactly one of the outlines is there.
struct Volume {
  std::vector<geo::Position> polygon;
  std::optional<CircleOutline> circle;
  std::optional<double> lower_m;  // above the WGS-84 ellipsoid
  std::optional<double> upper_m;
  std::optional<base::UtcMicros> start;
  std::optional<base::UtcMicros> end;
};

struct ExtentOptions {
  // Off: a circle is the 20-gon drawn into it, as the reference DSS has it, which misses slivers at the rim. On: all of
  // the circle.
  bool exact_circles = false;
};

// 2,500 km2, of one polygon.
inline constexpr double kPolygonAreaMaxM2 = 2'500e6;

// Union of the cells, hulls of altitudes and times; what a volume leaves out is open. Fields of refusals are pointers
// below "/<index>" of `volumes`. Refuses with kTooLarge an area over the limit, with kInvalid every other breach.
base::Result<Extent> MakeExtent(std::span<const Volume> volumes, const ExtentOptions& options);

}  // namespace wideberth::dss

#endif  // WIDEBERTH_DSS_EXTENT_H_
