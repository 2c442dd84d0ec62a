// Distances that aircraft of a class keep from a line: "combat aircraft not within 10 km", "fixed wing 40 km in the
// east and 20 km in the west".
//
// A row is a line of geodesic edges and a distance; what it forbids is the corridor of that half width, at all heights.
// Both parties keep off, each on its side. What names no class of activity is held to every row (the strictest).
//
//   for (const NoFlyBreach& breach : NoFlyBreaches(agreement.no_fly, declaration).value()) ...
//
// Pure; any thread.
#ifndef WIDEBERTH_AGREEMENT_NO_FLY_H_
#define WIDEBERTH_AGREEMENT_NO_FLY_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "airspace/notice.h"
#include "base/result.h"
#include "geo/outline.h"

namespace wideberth::agreement {

struct NoFly {
  std::string name;
  std::vector<std::string> classes;  // empty: all
  geo::Outline corridor;             // the line, with the distance as its half width
  // With notice so long before its start a flight may come closer; none: never.
  std::optional<int64_t> notice_us;

  bool HoldsFor(std::string_view activity_class) const;
  bool operator==(const NoFly&) const = default;
};

struct NoFlyBreach {
  size_t row = 0;
  size_t volume = 0;
  double distance_m = 0;  // from the line; 0 where it is crossed
  bool certain = true;    // false: within the last centimetre (geo/gap.h), which counts as a breach
};

// The rows that an activity comes too close to, each with the volume that comes closest. Empty for what is no activity.
// Refuses what cannot be prepared as a shape, with "/volumes/2/outline/..." as the field.
base::Result<std::vector<NoFlyBreach>> NoFlyBreaches(std::span<const NoFly> rows,
                                                     const airspace::Declaration& declaration);

}  // namespace wideberth::agreement

#endif  // WIDEBERTH_AGREEMENT_NO_FLY_H_
