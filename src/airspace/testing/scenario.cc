#include "airspace/testing/scenario.h"

#include <cmath>
#include <utility>
#include <vector>

#include "base/limits.h"

namespace wideberth::airspace::testing {
namespace {

constexpr double kMetresPerDegree = 111'200;
constexpr double kLatDeg = 47, kLngDeg = 10;
constexpr int64_t kDayZeroUs = 1'790'000'000 * base::kMicrosPerSecond;
constexpr uint64_t kZoneEvery = 300;
constexpr uint64_t kPolygonVertices = 12, kCorridorVertices = 4;

geo::Position At(double lat_deg, double lng_deg) {
  return {std::llround(lat_deg * 1e9), std::llround(lng_deg * 1e9)};
}

geo::Position Offset(double lat_deg, double lng_deg, double east_m, double north_m) {
  const double narrowing = std::cos(lat_deg * M_PI / 180);
  return At(lat_deg + north_m / kMetresPerDegree,
            lng_deg + east_m / (kMetresPerDegree * narrowing));
}

// What a model of central Europe would say: undulation 45 to 52 m, terrain below 900 m, pressure within 400 m.
geo::HeightInterval ToW84(geo::Altitude altitude) {
  switch (altitude.reference) {
    case geo::AltitudeReference::kW84:
      return {altitude.mm, altitude.mm};
    case geo::AltitudeReference::kAmsl:
      return {altitude.mm + 45'000, altitude.mm + 52'000};
    case geo::AltitudeReference::kAgl:
      return {altitude.mm + 45'000, altitude.mm + 952'000};
    case geo::AltitudeReference::kStd:
      return {altitude.mm - 355'000, altitude.mm + 452'000};
  }
  return {};
}

Volume4D Make(geo::Outline outline, int64_t lower_mm, int64_t upper_mm,
              geo::AltitudeReference reference, TimeWindow window) {
  Volume4D volume{
      std::move(outline), {{lower_mm, reference}, {upper_mm, reference}}, window, {}, {}};
  volume.lower_w84 = ToW84(volume.band.lower);
  volume.upper_w84 = upper_mm == geo::kUnlimitedUp
                         ? geo::HeightInterval{limits::kHeightW84MaxMm, limits::kHeightW84MaxMm}
                         : ToW84(volume.band.upper);
  return volume;
}

}  // namespace

double Scenario::LogUniform(double low, double high) {
  return low * std::pow(high / low, random_.Unit());
}

geo::Outline Scenario::OutlineOf(double lat_deg, double lng_deg, double size_m) {
  const double radius_m = size_m / 2;
  const uint64_t choice = random_.Below(10);
  if (choice < 2) {
    return geo::Outline::Circle(At(lat_deg, lng_deg), std::llround(radius_m * 1000)).value();
  }
  std::vector<geo::Position> points;
  if (choice < 4) {
    double east_m = -radius_m, north_m = 0;
    const double step_m = size_m / static_cast<double>(kCorridorVertices - 1);
    for (uint64_t k = 0; k < kCorridorVertices; ++k) {
      points.push_back(Offset(lat_deg, lng_deg, east_m, north_m));
      east_m += step_m;
      north_m += step_m * (random_.Unit() - 0.5);
    }
    return geo::Outline::Corridor(std::move(points), std::llround(size_m * 50)).value();
  }
  for (uint64_t k = 0; k < kPolygonVertices; ++k) {
    const double turn = 2 * M_PI * (static_cast<double>(k) + 0.7 * random_.Unit()) /
                        static_cast<double>(kPolygonVertices);
    const double distance_m = radius_m * (0.5 + 0.5 * random_.Unit());
    points.push_back(
        Offset(lat_deg, lng_deg, distance_m * std::cos(turn), distance_m * std::sin(turn)));
  }
  return geo::Outline::Polygon(std::move(points)).value();
}

Volume4D Scenario::Next() {
  return ++count_ % kZoneEvery == 0 ? NextZone() : NextOrdinary();
}

Volume4D Scenario::NextOrdinary() {
  const bool city = kind_ == ScenarioKind::kCity;
  const double half_m = city ? 10'000 : 500'000;
  const double lat_deg = kLatDeg + half_m / kMetresPerDegree * (2 * random_.Unit() - 1);
  const double narrowing = std::cos(kLatDeg * M_PI / 180);
  const double lng_deg =
      kLngDeg + half_m / (kMetresPerDegree * narrowing) * (2 * random_.Unit() - 1);
  geo::Outline outline =
      OutlineOf(lat_deg, lng_deg, city ? LogUniform(200, 2'000) : LogUniform(500, 5'000));
  const double thickness_m = city ? LogUniform(30, 120) : LogUniform(100, 1'000);
  const int64_t lower_mm = std::llround(1'000 * (city ? 3'000 : 6'000) * random_.Unit());
  const int64_t upper_mm = lower_mm + std::llround(thickness_m * 1'000);
  auto reference = geo::AltitudeReference::kW84;
  if (!city) {
    constexpr geo::AltitudeReference kMix[10] = {
        geo::AltitudeReference::kW84,  geo::AltitudeReference::kW84,  geo::AltitudeReference::kAmsl,
        geo::AltitudeReference::kAmsl, geo::AltitudeReference::kAmsl, geo::AltitudeReference::kAmsl,
        geo::AltitudeReference::kAmsl, geo::AltitudeReference::kAmsl, geo::AltitudeReference::kAgl,
        geo::AltitudeReference::kStd};
    reference = kMix[random_.Below(10)];
  }
  const int64_t start_us = kDayZeroUs + random_.Between(0, 3 * base::kMicrosPerDay);
  const int64_t length_us = std::llround(LogUniform(15, 120) * base::kMicrosPerMinute);
  return Make(std::move(outline), lower_mm, upper_mm, reference,
              {{start_us}, {start_us + length_us}});
}

Volume4D Scenario::NextZone() {
  const uint64_t choice = random_.Below(10);
  const double size_m = choice < 4 ? LogUniform(200'000, 900'000) : LogUniform(2'000, 30'000);
  const double half_m = kind_ == ScenarioKind::kCity ? 10'000 : 500'000;
  geo::Outline outline =
      OutlineOf(kLatDeg + half_m / kMetresPerDegree * (random_.Unit() - 0.5),
                kLngDeg + half_m / kMetresPerDegree * (random_.Unit() - 0.5), size_m);
  // One in fifty of the small ones reaches the ground.
  const bool low = choice >= 4 && random_.Below(50) == 0;
  const int64_t lower_mm = low ? 0 : random_.Between(7'000'000, 15'000'000);
  const int64_t upper_mm =
      random_.Below(3) == 0 ? geo::kUnlimitedUp : lower_mm + random_.Between(500'000, 5'000'000);
  const int64_t start_us = kDayZeroUs - random_.Between(0, 20 * base::kMicrosPerDay);
  TimeWindow window{{start_us}, {start_us + random_.Between(25, 60) * base::kMicrosPerDay}};
  if (random_.Below(3) == 0) window.end = base::kTimeOpenEnd;
  if (random_.Below(10) == 0) window.start = base::kTimeOpenStart;
  return Make(std::move(outline), lower_mm, upper_mm, geo::AltitudeReference::kAmsl, window);
}

Separation Scenario::separation() const {
  if (kind_ == ScenarioKind::kCity) return {50'000, 15'000, base::kMicrosPerMinute};
  return {500'000, 150'000, 2 * base::kMicrosPerMinute};
}

}  // namespace wideberth::airspace::testing
