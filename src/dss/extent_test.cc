#include "dss/extent.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace wideberth::dss {
namespace {

geo::Position At(double lat_deg, double lng_deg) {
  return geo::MakePosition(lat_deg, lng_deg).value();
}

Volume Square(double lat_deg, double lng_deg, double side_deg) {
  Volume volume;
  volume.polygon = {At(lat_deg, lng_deg), At(lat_deg, lng_deg + side_deg),
                    At(lat_deg + side_deg, lng_deg + side_deg), At(lat_deg + side_deg, lng_deg)};
  return volume;
}

Volume Disc(double lat_deg, double lng_deg, double radius_m) {
  Volume volume;
  volume.circle = CircleOutline{At(lat_deg, lng_deg), radius_m};
  return volume;
}

std::string FieldOf(const base::Result<Extent>& extent) {
  return extent ? "" : extent.error().field;
}

TEST(MakeExtent, UnitesCellsAndTakesHulls) {
  Volume low = Square(47.0, 8.0, 0.02);
  low.lower_m = 10;
  low.upper_m = 20.0004;
  low.start = base::UtcMicros{100};
  low.end = base::UtcMicros{200};
  Volume high = Square(47.1, 8.0, 0.02);
  high.lower_m = 5.0006;
  high.upper_m = 15;
  high.start = base::UtcMicros{150};
  high.end = base::UtcMicros{300};
  const Extent a = MakeExtent(std::vector{low}, {}).value();
  const Extent b = MakeExtent(std::vector{high}, {}).value();
  const Extent both = MakeExtent(std::vector{low, high}, {}).value();
  EXPECT_EQ(both, Union(a, b));
  EXPECT_EQ(both.lower_mm, 5'000);   // never above what was sent
  EXPECT_EQ(both.upper_mm, 20'001);  // nor below
  EXPECT_EQ(both.start.us, 100);
  EXPECT_EQ(both.end.us, 300);
  for (const geo::CellId cell : both.cells) EXPECT_EQ(geo::CellLevel(cell), kCellLevel);
  EXPECT_TRUE(CellsContain(both, a));
  EXPECT_FALSE(CellsContain(a, both));
}

TEST(MakeExtent, LeavesOpenWhatIsNotSent) {
  const Extent extent = MakeExtent(std::vector{Square(0, 0, 0.01)}, {}).value();
  EXPECT_EQ(extent.lower_mm, kAltitudeOpenLowMm);
  EXPECT_EQ(extent.upper_mm, kAltitudeOpenHighMm);
  EXPECT_EQ(extent.start, base::kTimeOpenStart);
  EXPECT_EQ(extent.end, base::kTimeOpenEnd);
}

TEST(MakeExtent, ACircleIsTheTwentyCornersWithinItUnlessAskedExactly) {
  size_t fewer = 0;
  for (int i = 0; i < 60; ++i) {
    const std::vector<Volume> disc = {Disc(-60.0 + 2 * i, 3.0 * i - 90, 5'000.0 + 100 * i)};
    const Extent corners = MakeExtent(disc, {}).value();
    const Extent exact = MakeExtent(disc, {true}).value();
    EXPECT_TRUE(CellsContain(exact, corners)) << i;
    fewer += corners.cells.size() < exact.cells.size() ? 1 : 0;
    // Its middle and almost all of its rim are in both.
    const geo::Position centre = disc[0].circle->centre;
    const double radius_m = disc[0].circle->radius_m;
    for (int k = 0; k < 36; ++k) {
      const geo::CellId cell =
          geo::CellAt(geo::GeodesicDestination(centre, 10.0 * k, radius_m * 0.975), kCellLevel);
      EXPECT_TRUE(std::binary_search(corners.cells.begin(), corners.cells.end(), cell));
    }
  }
  EXPECT_GT(fewer, 10U) << "the two must be told apart somewhere";
}

TEST(MakeExtent, TakesTheSmallestCircle) {
  for (const double radius_m : {0.001, 0.01, 0.1, 1.0}) {
    const auto extent = MakeExtent(std::vector{Disc(10, 10, radius_m)}, {});
    ASSERT_TRUE(extent.has_value()) << radius_m << ": " << extent.error().ToString();
    EXPECT_FALSE(extent->cells.empty());
  }
}

TEST(MakeExtent, RefusesAndSaysWhere) {
  EXPECT_FALSE(MakeExtent({}, {}).has_value());
  const auto huge = MakeExtent(std::vector{Square(0, 0, 1)}, {});
  ASSERT_FALSE(huge.has_value());
  EXPECT_EQ(huge.error().code, base::ErrorCode::kTooLarge);
  const auto wide = MakeExtent(std::vector{Disc(0, 0, 150'000)}, {});
  ASSERT_FALSE(wide.has_value());
  EXPECT_EQ(wide.error().code, base::ErrorCode::kTooLarge);
  Volume crossing = Square(0, 0, 0.1);
  std::swap(crossing.polygon[1], crossing.polygon[2]);
  EXPECT_FALSE(MakeExtent(std::vector{crossing}, {}).has_value());
  Volume upside = Square(0, 0, 0.1);
  upside.lower_m = 2;
  upside.upper_m = 1;
  EXPECT_EQ(FieldOf(MakeExtent(std::vector{Square(0, 0, 0.1), upside}, {})),
            "/1/altitude_lower/value");
  Volume deep = Square(0, 0, 0.1);
  deep.lower_m = -8'000.1;
  EXPECT_EQ(FieldOf(MakeExtent(std::vector{deep}, {})), "/0/altitude_lower/value");
  deep.lower_m = std::nan("");
  EXPECT_EQ(FieldOf(MakeExtent(std::vector{deep}, {})), "/0/altitude_lower/value");
  Volume backwards = Square(0, 0, 0.1);
  backwards.start = base::UtcMicros{2};
  backwards.end = base::UtcMicros{1};
  EXPECT_EQ(FieldOf(MakeExtent(std::vector{backwards}, {})), "/0/time_end");
}

}  // namespace
}  // namespace wideberth::dss
