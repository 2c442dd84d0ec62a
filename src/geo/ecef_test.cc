#include "geo/ecef.h"

#include <gtest/gtest.h>

#include <GeographicLib/Geocentric.hpp>
#include <GeographicLib/Geodesic.hpp>
#include <algorithm>

#include "geo/testing/scenes.h"

namespace wideberth::geo {
namespace {

using testing::SeededRandom;
using testing::Uniform;

TEST(Ecef, AgreesWithGeographicLib) {
  SeededRandom random(1);
  for (int i = 0; i < 10'000; ++i) {
    const Position p = testing::RandomPlace(random);
    double x = 0, y = 0, z = 0;
    GeographicLib::Geocentric::WGS84().Forward(p.lat_deg(), p.lng_deg(), 0, x, y, z);
    const Vec3 v = ToEcef(p);
    EXPECT_LT(Norm(v - Vec3{x, y, z}), 1e-8);
    EXPECT_LT(Norm(ToEcef(FromEcef(v)) - v), 1e-4);
    EXPECT_NEAR(Dot(v, Gradient(v)), 1, 1e-14);
  }
}

TEST(Ecef, TangentsPointEastAndNorth) {
  SeededRandom random(2);
  for (int i = 0; i < 1'000; ++i) {
    const Position p = testing::RandomPlace(random);
    const Vec3 at = ToEcef(p);
    const auto [east, north] = TangentsAt(at);
    const double step_m = 1;
    const Vec3 to_east = ToEcef(GeodesicDestination(p, 90, step_m)) - at;
    const Vec3 to_north = ToEcef(GeodesicDestination(p, 0, step_m)) - at;
    if (std::abs(p.lat_deg()) > 89.999) continue;  // east is a matter of the last millimetre there
    EXPECT_NEAR(Dot(east, to_east) / Norm(east), step_m, 1e-3);
    EXPECT_NEAR(Dot(north, to_north) / Norm(north), step_m, 1e-3);
  }
}

TEST(Ecef, LengthOfAGeodesicFromItsEnds) {
  SeededRandom random(3);
  double worst_m = 0;
  for (int i = 0; i < 100'000; ++i) {
    const Position p = testing::RandomPlace(random);
    const double length_m = testing::LogUniform(random, 0.001, 1.5 * kClosedFormMaxM);
    double lat = 0, lng = 0;
    GeographicLib::Geodesic::WGS84().Direct(p.lat_deg(), p.lng_deg(), Uniform(random, 0, 360),
                                            length_m, lat, lng);
    const Vec3 from = ToEcef(p), to = ToEcef(lat, lng);
    worst_m = std::max(worst_m, std::abs(GeodesicLengthM(from, to) - length_m));
  }
  EXPECT_LT(worst_m, 2e-6);
}

// The brackets on which pruning by chord rests.
TEST(Ecef, ChordsBoundGeodesics) {
  SeededRandom random(4);
  for (int i = 0; i < 100'000; ++i) {
    const Position p = testing::RandomPlace(random);
    const double length_m = testing::LogUniform(random, 1, 1.5e7);
    double lat = 0, lng = 0, shortest_m = 0;
    GeographicLib::Geodesic::WGS84().Direct(p.lat_deg(), p.lng_deg(), Uniform(random, 0, 360),
                                            length_m, lat, lng);
    GeographicLib::Geodesic::WGS84().Inverse(p.lat_deg(), p.lng_deg(), lat, lng, shortest_m);
    const double chord_m = Norm(ToEcef(p) - ToEcef(lat, lng));
    constexpr double kRoundingM = 1e-8;
    EXPECT_LE(ArcOverChord(chord_m, kCurvatureRadiusMaxM), shortest_m + kRoundingM);
    EXPECT_GE(ArcOverChord(chord_m, kCurvatureRadiusMinM), shortest_m - kRoundingM);
  }
}

}  // namespace
}  // namespace wideberth::geo
