#include "agreement/no_fly.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "geo/gap.h"
#include "geo/shape.h"

namespace wideberth::agreement {

using base::Fail;
using base::Result;

bool NoFly::HoldsFor(std::string_view activity_class) const {
  return classes.empty() || activity_class.empty() ||
         std::find(classes.begin(), classes.end(), activity_class) != classes.end();
}

Result<std::vector<NoFlyBreach>> NoFlyBreaches(std::span<const NoFly> rows,
                                               const airspace::Declaration& declaration) {
  std::vector<NoFlyBreach> breaches;
  if (declaration.kind != airspace::NoticeKind::kActivity || rows.empty()) return breaches;
  std::vector<geo::Shape> shapes;
  for (size_t i = 0; i < declaration.volumes.size(); ++i) {
    auto shape = geo::Shape::Prepare(declaration.volumes[i].outline);
    if (!shape) {
      return Fail(std::move(shape).error().Under("/volumes/" + std::to_string(i) + "/outline"));
    }
    shapes.push_back(std::move(shape).value());
  }
  for (size_t row = 0; row < rows.size(); ++row) {
    if (!rows[row].HoldsFor(declaration.activity_class)) continue;
    const geo::Outline& corridor = rows[row].corridor;
    // The line itself, as thin as a corridor can be: the gap is measured from it.
    WB_ASSIGN_OR_RETURN(
        const geo::Outline line,
        geo::Outline::Corridor({corridor.vertices().begin(), corridor.vertices().end()},
                               limits::kCorridorHalfWidthMinMm));
    WB_ASSIGN_OR_RETURN(const geo::Shape line_shape, geo::Shape::Prepare(line));
    const int64_t separation_mm = corridor.buffer_mm() - limits::kCorridorHalfWidthMinMm;
    std::optional<NoFlyBreach> closest;
    for (size_t i = 0; i < shapes.size(); ++i) {
      const geo::Lateral verdict = geo::CompareGap(shapes[i], line_shape, separation_mm);
      if (verdict == geo::Lateral::kClear) continue;
      const double distance_m = geo::MeasureGap(shapes[i], line_shape).gap_m;
      if (closest && closest->distance_m <= distance_m) continue;
      closest = {row, i, distance_m, verdict == geo::Lateral::kConflict};
    }
    if (closest) breaches.push_back(*closest);
  }
  return breaches;
}

}  // namespace wideberth::agreement
