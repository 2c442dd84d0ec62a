#include "geo/containment.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/random.h"
#include "geo/gap.h"

namespace wideberth::geo {
namespace {

Position At(double lat_deg, double lng_deg) {
  return MakePosition(lat_deg, lng_deg).value();
}
Shape Circle(Position centre, double radius_m) {
  return Shape::Prepare(Outline::Circle(centre, std::llround(radius_m * 1000)).value()).value();
}
Shape Polygon(std::vector<Position> vertices) {
  return Shape::Prepare(Outline::Polygon(std::move(vertices)).value()).value();
}
Shape Corridor(std::vector<Position> line, double half_width_m) {
  return Shape::Prepare(
             Outline::Corridor(std::move(line), std::llround(half_width_m * 1000)).value())
      .value();
}
// A ring of points at drawn distances round a centre.
Shape Star(Position centre, double radius_m, size_t points, base::SeededRandom* random) {
  std::vector<Position> ring;
  for (size_t i = 0; i < points; ++i) {
    ring.push_back(GeodesicDestination(centre,
                                       360.0 * static_cast<double>(i) / static_cast<double>(points),
                                       radius_m * (0.4 + 0.6 * random->Unit())));
  }
  return Polygon(ring);
}
double ErrorM(double value_m, double diameter_m) {
  return std::max({2.0, 0.02 * value_m, diameter_m / 5'000 * 1.1});
}

// Along the geodesic through both centres lies the farthest point: d + r from the other's centre.
TEST(StickOut, OfCirclesIsExact) {
  base::SeededRandom random(1);
  for (int i = 0; i < 200; ++i) {
    const Position centre = At(-85 + 170 * random.Unit(), -180 + 360 * random.Unit());
    const double area_m = std::exp(std::log(100) + random.Unit() * std::log(5'000));
    const double inner_m = area_m * (0.05 + 1.5 * random.Unit());
    const double apart_m = area_m * 2 * random.Unit();
    const Position other = GeodesicDestination(centre, 360 * random.Unit(), apart_m);
    const double truth_m = std::max(0.0, apart_m + inner_m - area_m);
    const StickOut out = MeasureStickOut(Circle(centre, area_m), Circle(other, inner_m), 0);
    EXPECT_NEAR(out.distance_m, truth_m, ErrorM(truth_m, 2 * inner_m)) << i;
    if (out.distance_m > 0) {
      EXPECT_NEAR(GeodesicDistanceM(out.at, centre) - area_m, out.distance_m,
                  ErrorM(truth_m, 2 * inner_m));
    }
  }
}

TEST(StickOut, OfAShapeFromItselfIsNothing) {
  base::SeededRandom random(2);
  for (int i = 0; i < 10; ++i) {
    const Position centre = At(-80 + 160 * random.Unit(), -180 + 360 * random.Unit());
    const Shape star = Star(centre, 20'000, 12, &random);
    EXPECT_LE(MeasureStickOut(star, star, 185.2).distance_m, 185.2);
    EXPECT_LE(MeasureStickOut(star, star, 0).distance_m, ErrorM(0, 40'000));
  }
}

// Against points drawn in the inner shape: none is farther out than was said, and some are as far.
TEST(StickOut, OfPolygonsAgreesWithDrawnPoints) {
  base::SeededRandom random(3);
  for (int i = 0; i < 30; ++i) {
    const Position centre = At(-80 + 160 * random.Unit(), -180 + 360 * random.Unit());
    const Shape area = Star(centre, 30'000, 9, &random);
    const Position other = GeodesicDestination(centre, 360 * random.Unit(), 20'000 * random.Unit());
    const Shape inner = Star(other, 15'000, 7, &random);
    const StickOut out = MeasureStickOut(area, inner, 0);
    const double error_m = ErrorM(out.distance_m, 30'000);
    EXPECT_NEAR(DistanceM(area, out.at), out.distance_m, error_m);
    EXPECT_LE(DistanceM(inner, out.at), error_m);
    double farthest_m = 0;
    for (int k = 0; k < 20'000; ++k) {
      const Position p =
          GeodesicDestination(other, 360 * random.Unit(), 15'000 * std::sqrt(random.Unit()));
      if (Contains(inner, p) == Lateral::kClear) continue;
      farthest_m = std::max(farthest_m, DistanceM(area, p));
    }
    EXPECT_LE(farthest_m, out.distance_m + error_m) << i;
    EXPECT_GE(farthest_m, out.distance_m - 600) << i;  // so dense are the drawn points
  }
}

// A lagoon: the border of what was declared runs on the land all the way, but the water in the middle is not named.
TEST(StickOut, FindsTheBayThatAnAreaLiesAcross) {
  const Shape land = Polygon({At(0, 0), At(0, 1), At(0.45, 1), At(0.45, 0.4), At(0.55, 0.4),
                              At(0.55, 1), At(1, 1), At(1, 0)});
  const Shape across = Polygon({At(0.3, 0.3), At(0.3, 0.9), At(0.7, 0.9), At(0.7, 0.3)});
  const StickOut out = MeasureStickOut(land, across, 0);
  // The middle of a bay of 0.1 degree; at its end the corners are as near.
  EXPECT_NEAR(out.distance_m, 0.05 * 110'574, 120);
  EXPECT_NEAR(out.at.lat_deg(), 0.5, 0.01);
  // Beside the bay nothing sticks out.
  const Shape beside = Polygon({At(0.1, 0.1), At(0.1, 0.9), At(0.4, 0.9), At(0.4, 0.1)});
  EXPECT_LE(MeasureStickOut(land, beside, 0).distance_m, ErrorM(0, 100'000));
}

// A line too thin for any square's middle.
TEST(StickOut, SeesAThinCorridorBetweenItsVertices) {
  const Shape land = Polygon({At(0, 0), At(0, 1), At(0.45, 1), At(0.45, 0.4), At(0.55, 0.4),
                              At(0.55, 1), At(1, 1), At(1, 0)});
  const Shape thin = Corridor({At(0.2, 0.7), At(0.8, 0.7)}, 0.001);
  EXPECT_NEAR(MeasureStickOut(land, thin, 0).distance_m, 0.05 * 110'574, 120);
}

TEST(StickOut, IsTheDistanceOfWhatIsElsewhere) {
  const Shape area = Circle(At(46, 7), 5'000);
  const Shape far = Circle(At(50, 7), 1'000);
  const double truth_m = GeodesicDistanceM(At(46, 7), At(50, 7)) + 1'000 - 5'000;
  EXPECT_NEAR(MeasureStickOut(area, far, 185.2).distance_m, truth_m, 0.02 * truth_m);
}

TEST(StickOut, DoesNotChangeAcrossTheAntimeridianAndThePole) {
  const auto at = [](double lng_deg) {
    const auto wrap = [&](double d) { return std::remainder(lng_deg + d, 360.0); };
    const Shape area =
        Polygon({At(60, wrap(-0.2)), At(60.3, wrap(-0.2)), At(60.3, wrap(0.3)), At(60, wrap(0.3))});
    const Shape inner = Polygon({At(60.1, wrap(-0.1)), At(60.2, wrap(-0.1)), At(60.2, wrap(0.4))});
    return MeasureStickOut(area, inner, 0).distance_m;
  };
  const double here_m = at(7);
  EXPECT_GT(here_m, 5'000);
  EXPECT_NEAR(at(179.95), here_m, 0.02 * here_m);
  EXPECT_NEAR(at(-90), here_m, 0.02 * here_m);
  const Shape pole = Circle(At(90, 0), 50'000);
  EXPECT_NEAR(MeasureStickOut(pole, Circle(At(89.9, 120), 50'000), 0).distance_m, 11'169, 230);
}

TEST(StickOut, OfLittleInterestIsNotMeasured) {
  const Shape area = Circle(At(46, 7), 5'000);
  for (const double radius_m : {4'000.0, 5'000.0, 5'100.0, 5'180.0}) {
    EXPECT_LE(MeasureStickOut(area, Circle(At(46, 7), radius_m), 185.2).distance_m, 185.2);
  }
  EXPECT_NEAR(MeasureStickOut(area, Circle(At(46, 7), 5'300), 185.2).distance_m, 300, 7);
}

// Rings as intricate as a notice allows cost no more than was promised, and the answer never falls short.
TEST(StickOut, ErrsToSayingSoWhenItIsTooIntricate) {
  const Position centre = At(46, 7);
  std::vector<Position> comb;
  for (size_t i = 0; i < 2'000; ++i) {
    comb.push_back(GeodesicDestination(centre, 360.0 * static_cast<double>(i) / 2'000,
                                       i % 2 == 0 ? 40'000 : 10'000));
  }
  // Where the circle runs, the sea between two teeth is some 180 m wide.
  const double out_m = MeasureStickOut(Polygon(comb), Circle(centre, 35'000), 0).distance_m;
  EXPECT_GE(out_m, 80);
  EXPECT_LE(out_m, 2'000);
}

}  // namespace
}  // namespace wideberth::geo
