#include "bench/scene.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "airspace/conflict.h"
#include "base/check.h"

namespace wideberth::bench {
namespace {

constexpr double kMetresPerDegree = 110'500;  // a little too few: boxes err to larger
constexpr double kFarFutureS = 1e11;

Box BoxOf(const airspace::Volume4D& volume, double grow_m) {
  Box box{180, -180, 90, -90, 0, 0, 0, 0};
  for (const geo::Position& vertex : volume.outline.vertices()) {
    box.west = std::min(box.west, vertex.lng_deg());
    box.east = std::max(box.east, vertex.lng_deg());
    box.south = std::min(box.south, vertex.lat_deg());
    box.north = std::max(box.north, vertex.lat_deg());
  }
  // Long edges bulge towards the pole by up to L^2 / 8R.
  const double extent_m = (box.east - box.west) * kMetresPerDegree;
  const double bulge_m = extent_m * extent_m / (8 * 6.3e6);
  const double by_m = grow_m + bulge_m + static_cast<double>(volume.outline.buffer_mm()) * 1e-3;
  const double lat_deg = by_m / kMetresPerDegree;
  const double widest = std::max(std::fabs(box.south), std::fabs(box.north)) + lat_deg;
  const double lng_deg = lat_deg / std::cos(widest * std::numbers::pi / 180);
  box.west -= lng_deg;
  box.east += lng_deg;
  box.south -= lat_deg;
  box.north += lat_deg;
  box.low_m = static_cast<double>(volume.lower_w84.lower_mm) * 1e-3;
  box.high_m = static_cast<double>(volume.upper_w84.upper_mm) * 1e-3;
  const auto seconds = [](base::UtcMicros time) {
    if (time == base::kTimeOpenStart) return -kFarFutureS;
    if (time == base::kTimeOpenEnd) return kFarFutureS;
    return static_cast<double>(time.us) * 1e-6;
  };
  box.start_s = seconds(volume.window.start);
  box.end_s = seconds(volume.window.end);
  return box;
}

airspace::Volume4D InW84(airspace::Volume4D volume) {
  volume.band.lower = {volume.lower_w84.lower_mm, geo::AltitudeReference::kW84};
  volume.band.upper = {volume.upper_w84.upper_mm, geo::AltitudeReference::kW84};
  volume.lower_w84.upper_mm = volume.lower_w84.lower_mm;
  volume.upper_w84.lower_mm = volume.upper_w84.upper_mm;
  return volume;
}

}  // namespace

Scene MakeScene(airspace::testing::ScenarioKind kind, size_t items, size_t queries) {
  Scene scene;
  airspace::testing::Scenario stored(kind, 1);
  scene.separation = stored.separation();
  scene.items.reserve(items);
  for (size_t i = 0; i < items; ++i) {
    airspace::Volume4D volume = InW84(stored.Next());
    const Box box = BoxOf(volume, 0);
    scene.items.push_back({std::move(volume), box});
  }
  airspace::testing::Scenario asked(kind, 2);
  for (size_t i = 0; i < queries; ++i) {
    airspace::Volume4D volume = InW84(asked.NextOrdinary());
    Box box = BoxOf(volume, static_cast<double>(scene.separation.lateral_mm) * 1e-3);
    box.low_m -= static_cast<double>(scene.separation.vertical_mm) * 1e-3;
    box.high_m += static_cast<double>(scene.separation.vertical_mm) * 1e-3;
    box.start_s -= static_cast<double>(scene.separation.time_us) * 1e-6;
    box.end_s += static_cast<double>(scene.separation.time_us) * 1e-6;
    base::Result<geo::Shape> shape = geo::Shape::Prepare(volume.outline);
    CHECK(shape.has_value());
    scene.queries.push_back({std::move(volume), std::move(*shape), box});
  }
  return scene;
}

bool Conflicts(const Scene& scene, const Query& query, uint32_t item) {
  const airspace::Volume4D& other = scene.items[item].volume;
  const base::Result<geo::Shape> shape = geo::Shape::Prepare(other.outline);
  CHECK(shape.has_value());
  return airspace::JudgeVolumes(query.volume, query.volume.window, query.shape, other, other.window,
                                *shape, scene.separation)
             .verdict != airspace::Verdict::kClear;
}

double Quantile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[static_cast<size_t>(share * static_cast<double>(values.size() - 1))];
}

}  // namespace wideberth::bench
