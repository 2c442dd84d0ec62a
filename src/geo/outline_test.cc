#include "geo/outline.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/limits.h"
#include "geo/position.h"

namespace wideberth::geo {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

Position At(double lat_deg, double lng_deg) {
  return *MakePosition(lat_deg, lng_deg);
}

template <class T>
void ExpectRefusal(const base::Result<T>& result, std::string_view field, std::string_view found,
                   base::ErrorCode code = base::ErrorCode::kInvalid) {
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, code);
  EXPECT_EQ(result.error().field, field);
  EXPECT_EQ(result.error().found, found);
  EXPECT_FALSE(result.error().rule.empty());
}

TEST(Position, IsQuantisedToTheNearestUnit) {
  EXPECT_EQ(At(47.1234567894, -8.1234567896), (Position{47'123'456'789, -8'123'456'790}));
  EXPECT_EQ(At(90, 180), (Position{90'000'000'000, 180'000'000'000}));
  EXPECT_EQ(At(-90, -180), (Position{-90'000'000'000, -180'000'000'000}));
  EXPECT_EQ(At(-0.0, 0.0), (Position{0, 0}));
}

TEST(Position, RefusesWhatIsNoPlace) {
  ExpectRefusal(MakePosition(91, 0), "/lat", "91");
  ExpectRefusal(MakePosition(-90.0000000001, 0), "/lat", "-90.0000000001");
  ExpectRefusal(MakePosition(0, 180.5), "/lng", "180.5");
  ExpectRefusal(MakePosition(kNan, 0), "/lat", "nan");
  ExpectRefusal(MakePosition(0, kNan), "/lng", "nan");
  ExpectRefusal(MakePosition(kInfinity, 0), "/lat", "inf");
  ExpectRefusal(MakePosition(0, -kInfinity), "/lng", "-inf");
}

TEST(Position, GeodesicsAreThoseOfTheEllipsoid) {
  // A degree of the equator is a pi / 180, and the quarter meridian of WGS-84 is 10,001,965.729 m long.
  EXPECT_NEAR(GeodesicDistanceM(At(0, 10), At(0, 11)), 6'378'137 * M_PI / 180, 1e-6);
  EXPECT_NEAR(GeodesicDistanceM(At(0, 30), At(90, 0)), 10'001'965.729, 1e-3);
  const Position start = At(10, 20);
  const Position end = GeodesicDestination(start, 75, 1'234.5);
  EXPECT_NEAR(GeodesicDistanceM(start, end), 1'234.5, 1e-3);
}

TEST(Outline, KeepsWhatItWasGiven) {
  const std::vector<Position> ring{At(0, 0), At(0, 1), At(1, 0)};
  const auto polygon = Outline::Polygon(ring);
  ASSERT_TRUE(polygon.has_value());
  EXPECT_EQ(polygon->kind(), OutlineKind::kPolygon);
  EXPECT_EQ(std::vector<Position>(polygon->vertices().begin(), polygon->vertices().end()), ring);
  EXPECT_EQ(polygon->buffer_mm(), 0);
  const auto circle = Outline::Circle(At(5, 6), 1'500);
  ASSERT_TRUE(circle.has_value());
  EXPECT_EQ(circle->buffer_mm(), 1'500);
  const auto corridor = Outline::Corridor({At(0, 0), At(0, 1)}, 20'000);
  ASSERT_TRUE(corridor.has_value());
  EXPECT_EQ(OutlineKindName(corridor->kind()), "corridor");
}

TEST(Outline, RefusesTooFewAndTooManyVertices) {
  ExpectRefusal(Outline::Polygon({}), "/vertices", "0");
  ExpectRefusal(Outline::Polygon({At(0, 0), At(1, 1)}), "/vertices", "2");
  ExpectRefusal(Outline::Corridor({At(0, 0)}, 1), "/vertices", "1");
  std::vector<Position> many;
  for (size_t i = 0; i < limits::kOutlineVerticesMax + 1; ++i) {
    const double turn = 2 * M_PI * static_cast<double>(i) / 10'001;
    many.push_back(At(std::sin(turn), std::cos(turn)));
  }
  ExpectRefusal(Outline::Polygon(many), "/vertices", "10001", base::ErrorCode::kTooLarge);
  many.pop_back();
  EXPECT_TRUE(Outline::Polygon(many).has_value());
}

TEST(Outline, RefusesRepeatedNeighbours) {
  ExpectRefusal(Outline::Polygon({At(0, 0), At(0, 1), At(0, 1), At(1, 0)}), "/vertices/2", "0,1");
  ExpectRefusal(Outline::Polygon({At(0, 0), At(0, 1), At(1, 0), At(0, 0)}), "/vertices/3", "0,0");
  ExpectRefusal(Outline::Corridor({At(0, 0), At(0, 0)}, 1), "/vertices/1", "0,0");
}

TEST(Outline, RefusesOnePlaceSpeltTwice) {
  ExpectRefusal(Outline::Corridor({At(3, 180), At(3, -180)}, 1), "/vertices/1", "3,-180");
  ExpectRefusal(Outline::Corridor({At(90, 10), At(90, 50)}, 1), "/vertices/1", "90,50");
  EXPECT_TRUE(Outline::Corridor({At(3, 179), At(3, -179)}, 1).has_value());
}

TEST(Outline, RefusesPlacesOffTheMap) {
  const Position off{91'000'000'000, 0};
  ExpectRefusal(Outline::Polygon({At(0, 0), At(0, 1), off}), "/vertices/2/lat", "91");
  ExpectRefusal(Outline::Circle({0, 181'000'000'000}, 1'000), "/centre/lng", "181");
}

TEST(Outline, RefusesEdgesWithoutAClearShortestWay) {
  const auto antipodal = Outline::Corridor({At(0, 0), At(0.1, 179.9)}, 1);
  ASSERT_FALSE(antipodal.has_value());
  EXPECT_EQ(antipodal.error().field, "/vertices/1");
  EXPECT_FALSE(Outline::Polygon({At(0, 0), At(0, 60), At(0, 120)}).has_value());  // closing edge
  EXPECT_TRUE(Outline::Corridor({At(0, 0), At(0, 89)}, 1).has_value());
}

TEST(Outline, RefusesBuffersOutsideTheirLimits) {
  ExpectRefusal(Outline::Circle(At(0, 0), 0), "/radius", "0 mm");
  ExpectRefusal(Outline::Circle(At(0, 0), -5), "/radius", "-5 mm");
  ExpectRefusal(Outline::Circle(At(0, 0), limits::kCircleRadiusMaxMm + 1), "/radius",
                "2000000001 mm");
  ExpectRefusal(Outline::Corridor({At(0, 0), At(0, 1)}, 0), "/half_width", "0 mm");
  EXPECT_TRUE(Outline::Circle(At(0, 0), limits::kCircleRadiusMinMm).has_value());
}

}  // namespace
}  // namespace wideberth::geo
