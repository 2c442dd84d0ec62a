#include "agreement/no_fly.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "agreement/agreement.h"
#include "agreement/testing/samples.h"

namespace wideberth::agreement {
namespace {

using testing::VolumeOf;

geo::Position At(double lat_deg, double lng_deg) {
  return geo::MakePosition(lat_deg, lng_deg).value();
}

airspace::Declaration Flight(std::string_view activity_class, geo::Position centre,
                             double radius_m) {
  airspace::Declaration declaration;
  declaration.activity_class = activity_class;
  declaration.volumes = {
      VolumeOf(geo::Outline::Circle(centre, static_cast<int64_t>(radius_m * 1000)).value())};
  return declaration;
}

std::map<std::string, double> Broken(const Agreement& agreement,
                                     const airspace::Declaration& declaration) {
  std::map<std::string, double> broken;
  const auto breaches = NoFlyBreaches(agreement.no_fly, declaration).value();
  for (const NoFlyBreach& breach : breaches) {
    broken[agreement.no_fly[breach.row].name] = breach.distance_m;
  }
  return broken;
}

TEST(NoFly, TheDistancesOfKorea) {
  const Agreement korea =
      ParseAgreement(testing::ReadFile("examples/agreements/korea-2018.toml")).value();
  struct Case {
    std::string_view activity_class;
    bool east;
    double limit_m;
  };
  const Case cases[] = {{"fixed_wing", true, 40'000},  {"fixed_wing", false, 20'000},
                        {"rotary_wing", true, 10'000}, {"rotary_wing", false, 10'000},
                        {"unmanned", true, 15'000},    {"unmanned", false, 10'000},
                        {"balloon", true, 25'000},     {"balloon", false, 25'000}};
  for (const Case& c : cases) {
    // South of a vertex in the east, and west of the stretch of the west that runs north.
    const geo::Position from = c.east ? At(38.33, 127.80) : At(37.86, 126.68);
    const double azimuth_deg = c.east ? 178 : 270;
    const auto at = [&](double distance_m) {
      return Broken(korea,
                    Flight(c.activity_class,
                           geo::GeodesicDestination(from, azimuth_deg, distance_m + 1'000), 1'000));
    };
    EXPECT_TRUE(at(c.limit_m * 1.1).empty()) << c.activity_class << c.east;
    ASSERT_EQ(at(c.limit_m * 0.9).size(), 1u) << c.activity_class << c.east;
    EXPECT_NEAR(at(c.limit_m * 0.9).begin()->second, c.limit_m * 0.9, c.limit_m * 0.1);
  }
  EXPECT_TRUE(Broken(korea, Flight("airliner", At(38.33, 127.80), 1'000)).empty());
  EXPECT_EQ(Broken(korea, Flight("", At(38.33, 127.80), 1'000)).size(), korea.no_fly.size() - 2)
      << "what names no class is held to every row; the two rows of the west are out of reach";
}

TEST(NoFly, TheDistancesOfIndiaAndPakistan) {
  const Agreement agreement =
      ParseAgreement(testing::ReadFile("examples/agreements/india-pakistan-1991.toml")).value();
  // On the edge from (30.99, 74.53) to (31.60, 74.57), which runs nearly north.
  const geo::Position line = At(31.30, 74.5504);
  const auto at = [&](std::string_view activity_class, double distance_m) {
    return Broken(agreement, Flight(activity_class,
                                    geo::GeodesicDestination(line, 90, distance_m + 100), 100));
  };
  EXPECT_FALSE(at("combat", 9'900).empty());
  EXPECT_TRUE(at("combat", 10'200).empty());
  EXPECT_FALSE(at("transport", 950).empty());
  EXPECT_TRUE(at("transport", 1'050).empty());
  EXPECT_TRUE(at("observation", 5'000).empty());
  EXPECT_EQ(at("combat", -100).begin()->second, 0) << "across the line";
  for (const NoFly& row : agreement.no_fly) {
    EXPECT_EQ(row.notice_us, 24 * base::kMicrosPerHour);
  }
}

TEST(NoFly, TheLimitItselfIsTooCloseToCall) {
  const geo::Outline corridor = geo::Outline::Corridor({At(0, -1), At(0, 1)}, 10'000'000).value();
  const std::vector<NoFly> rows = {{"equator", {}, corridor, std::nullopt}};
  const auto breaches = [&](double gap_m) {
    const geo::Position centre = geo::GeodesicDestination(At(0, 0), 0, 10'000 + gap_m + 1'000);
    return NoFlyBreaches(rows, Flight("", centre, 1'000)).value();
  };
  ASSERT_EQ(breaches(0).size(), 1u);
  EXPECT_FALSE(breaches(0)[0].certain);
  ASSERT_EQ(breaches(-0.1).size(), 1u);
  EXPECT_TRUE(breaches(-0.1)[0].certain);
  EXPECT_TRUE(breaches(0.02).empty());
}

TEST(NoFly, IsForActivitiesAndNamesTheClosestVolume) {
  const Agreement agreement =
      ParseAgreement(testing::ReadFile("examples/agreements/india-pakistan-1991.toml")).value();
  airspace::Declaration flight = Flight("combat", At(31.30, 74.9), 100);
  flight.volumes.push_back(Flight("combat", At(31.30, 74.60), 100).volumes[0]);
  flight.volumes.push_back(Flight("combat", At(31.30, 74.62), 100).volumes[0]);
  const auto breaches = NoFlyBreaches(agreement.no_fly, flight).value();
  ASSERT_EQ(breaches.size(), 1u);
  EXPECT_EQ(breaches[0].volume, 1u);
  flight.kind = airspace::NoticeKind::kHazard;
  EXPECT_TRUE(NoFlyBreaches(agreement.no_fly, flight)->empty());
}

}  // namespace
}  // namespace wideberth::agreement
