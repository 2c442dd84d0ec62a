#include "geo/gap.h"

#include <gtest/gtest.h>

#include <cmath>

#include "geo/ecef.h"
#include "geo/testing/scenes.h"

namespace wideberth::geo {
namespace {

using testing::SeededRandom;
using testing::Uniform;

Position At(double lat_deg, double lng_deg) {
  return *MakePosition(lat_deg, lng_deg);
}

const Position kOrigin{47'000'000'000, 8'000'000'000};

Position Local(double east_m, double north_m) {
  return GeodesicDestination(kOrigin, std::atan2(east_m, north_m) * 180 / M_PI,
                             std::hypot(east_m, north_m));
}

Shape Ring(std::vector<Position> ring) {
  return *Shape::Prepare(*Outline::Polygon(std::move(ring)));
}
Shape LocalRing(const std::vector<std::pair<double, double>>& en) {
  std::vector<Position> ring;
  for (const auto& [east_m, north_m] : en) ring.push_back(Local(east_m, north_m));
  return Ring(std::move(ring));
}
Shape Square(double west, double south, double east, double north) {
  return LocalRing({{west, south}, {east, south}, {east, north}, {west, north}});
}
Shape Disc(Position centre, int64_t radius_mm) {
  return *Shape::Prepare(*Outline::Circle(centre, radius_mm));
}
Shape Strip(std::vector<Position> line, int64_t half_width_mm) {
  return *Shape::Prepare(*Outline::Corridor(std::move(line), half_width_mm));
}

TEST(CompareGap, EqualAreasConflict) {
  const Shape a = Square(0, 0, 100, 100), b = Square(0, 0, 100, 100);
  EXPECT_EQ(CompareGap(a, b, 0), Lateral::kConflict);
  EXPECT_EQ(CompareGap(a, a, 0), Lateral::kConflict);
  EXPECT_EQ(MeasureGap(a, b).gap_m, 0);
  SeededRandom random(3);
  for (int i = 0; i < 200; ++i) {
    const auto ring =
        testing::RandomRing(random, testing::RandomPlace(random),
                            testing::LogUniform(random, 5, 1e6), 3 + random.Below(200));
    // The same area, begun at another vertex and run the other way round.
    auto reversed = std::vector<Position>(ring.rbegin(), ring.rend());
    std::rotate(reversed.begin(), reversed.begin() + 1, reversed.end());
    EXPECT_EQ(CompareGap(Ring(ring), Ring(reversed), 0), Lateral::kConflict) << i;
  }
}

TEST(CompareGap, AreasThatCrossAtVerticesOnlyConflict) {
  // Each corner on an edge or a corner of the other: no edge crosses another between its ends.
  const Shape square = Square(0, 0, 100, 100);
  EXPECT_EQ(CompareGap(square, LocalRing({{50, 0}, {100, 50}, {50, 100}, {0, 50}}), 0),
            Lateral::kConflict);
  EXPECT_EQ(CompareGap(Square(0, 0, 200, 100), Square(100, 0, 300, 100), 0), Lateral::kConflict);
  EXPECT_EQ(CompareGap(square, LocalRing({{0, 0}, {100, 100}, {0, 100}}), 0), Lateral::kConflict);
}

TEST(CompareGap, AreasThatShareABorderAreWithinTolerance) {
  EXPECT_EQ(CompareGap(Square(0, 0, 100, 100), Square(100, 0, 200, 100), 0),
            Lateral::kWithinTolerance);
  EXPECT_EQ(CompareGap(Square(0, 0, 100, 100), Square(100, 100, 200, 200), 0),
            Lateral::kWithinTolerance);
  EXPECT_EQ(CompareGap(Square(0, 0, 100, 100), Square(100, 20, 200, 80), 0),
            Lateral::kWithinTolerance);
}

TEST(CompareGap, OneAreaInsideTheOtherConflicts) {
  const Shape outer = Square(0, 0, 1'000, 1'000), inner = Square(400, 400, 410, 410);
  EXPECT_EQ(CompareGap(outer, inner, 0), Lateral::kConflict);
  EXPECT_EQ(CompareGap(inner, outer, 50'000), Lateral::kConflict);
  EXPECT_EQ(CompareGap(outer, Disc(Local(500, 500), 1), 0), Lateral::kConflict);
  EXPECT_EQ(CompareGap(outer, Strip({Local(500, 500), Local(501, 500)}, 1), 0), Lateral::kConflict);
  EXPECT_EQ(MeasureGap(outer, inner).gap_m, 0);
}

TEST(CompareGap, ABayIsOutside) {
  const Shape horseshoe = LocalRing(
      {{0, 0}, {300, 0}, {300, 300}, {200, 300}, {200, 100}, {100, 100}, {100, 300}, {0, 300}});
  const Shape in_bay = Square(140, 200, 160, 220);
  EXPECT_EQ(CompareGap(horseshoe, in_bay, 0), Lateral::kClear);
  EXPECT_NEAR(MeasureGap(horseshoe, in_bay).gap_m, 40, 0.01);
  EXPECT_EQ(CompareGap(horseshoe, in_bay, 41'000), Lateral::kConflict);
}

TEST(CompareGap, LongWayRoundIsNotTheGap) {
  // Neighbours across the antimeridian, and across a pole.
  const Shape west = Disc(At(10, 179.9999), 1'000), east = Disc(At(10, -179.9999), 1'000);
  EXPECT_NEAR(MeasureGap(west, east).gap_m,
              GeodesicDistanceM(At(10, 179.9999), At(10, -179.9999)) - 2, 1e-3);
  const Shape this_side = Disc(At(89.999, 0), 1'000), that_side = Disc(At(89.999, 180), 1'000);
  EXPECT_NEAR(MeasureGap(this_side, that_side).gap_m, 2 * 111.694 - 2, 0.01);
}

TEST(CompareGap, ARingRoundAPoleContainsIt) {
  const Shape arctic = Ring({At(80, 0), At(80, 90), At(80, 180), At(80, -90)});
  EXPECT_EQ(Contains(arctic, At(90, 0)), Lateral::kConflict);
  EXPECT_EQ(Contains(arctic, At(90, 123)), Lateral::kConflict);
  EXPECT_EQ(Contains(arctic, At(85, 45)), Lateral::kConflict);
  EXPECT_EQ(Contains(arctic, At(79.9, 0)), Lateral::kClear);
  EXPECT_EQ(Contains(arctic, At(-90, 0)), Lateral::kClear);
  EXPECT_EQ(CompareGap(arctic, Disc(At(89, 33), 10), 0), Lateral::kConflict);
}

TEST(CompareGap, EdgesAreGeodesicsNotParallels) {
  // From 50 N 0 E to 50 N 60 E the shortest way runs over 54 N.
  const Shape ring = Ring({At(40, 0), At(40, 60), At(50, 60), At(50, 0)});
  EXPECT_EQ(Contains(ring, At(53, 30)), Lateral::kConflict);
  EXPECT_EQ(Contains(ring, At(41, 30)), Lateral::kClear);
}

TEST(Contains, TellsTheBorderFromTheInside) {
  const Shape square = Square(0, 0, 100, 100);
  EXPECT_EQ(Contains(square, Local(50, 50)), Lateral::kConflict);
  EXPECT_EQ(Contains(square, Local(50, 0)), Lateral::kWithinTolerance);
  EXPECT_EQ(Contains(square, Local(50, 0.010)), Lateral::kConflict);
  EXPECT_EQ(Contains(square, Local(50, -0.012)), Lateral::kClear);
  const Shape disc = Disc(kOrigin, 100'000);
  EXPECT_EQ(Contains(disc, kOrigin), Lateral::kConflict);
  EXPECT_EQ(Contains(disc, Local(100, 0)), Lateral::kWithinTolerance);
  EXPECT_EQ(Contains(disc, Local(0, 100.012)), Lateral::kClear);
  EXPECT_NEAR(DistanceM(disc, Local(0, 130)), 30, 1e-3);
  EXPECT_EQ(DistanceM(disc, Local(0, 30)), 0);
  EXPECT_EQ(DistanceM(square, Local(30, 30)), 0);
  EXPECT_NEAR(DistanceM(square, Local(-30, 30)), 30, 0.01);
}

TEST(MeasureGap, IsHonestAboutGapsBeyondAnyVerdict) {
  SeededRandom random(12);
  for (int i = 0; i < 500; ++i) {
    const Position from = testing::RandomPlace(random);
    const Position to =
        GeodesicDestination(from, Uniform(random, 0, 360), Uniform(random, 3e6, 1.99e7));
    const Gap gap = MeasureGap(Disc(from, 1'000), Disc(to, 1'000));
    EXPECT_NEAR(gap.gap_m, GeodesicDistanceM(from, to) - 2, gap.error_m);
  }
}

// Chords of equal length hide geodesics of unequal length: a meridian bends more than a parallel. The vertex that is
// nearer through the Earth must not be taken for the nearer one.
TEST(MeasureGap, TakesTheShortestGeodesicNotTheShortestChord) {
  SeededRandom random(14);
  int misleading = 0;
  for (int i = 0; i < 2'000; ++i) {
    const Position p = At(Uniform(random, -60, 60), Uniform(random, -180, 180));
    const double length_m = testing::LogUniform(random, 30'000, 400'000);
    // What the chords of both directions can differ by, at most.
    const double window_m = std::pow(length_m, 3) * 2.1e-17;
    const Position east = GeodesicDestination(p, 90, length_m);
    const Position north = GeodesicDestination(p, 0, length_m + window_m * Uniform(random, -1, 1));
    const Position beyond = GeodesicDestination(p, 45, 4 * length_m);
    const double to_east_m = GeodesicDistanceM(p, east), to_north_m = GeodesicDistanceM(p, north);
    misleading += (Norm(ToEcef(p) - ToEcef(east)) < Norm(ToEcef(p) - ToEcef(north))) !=
                  (to_east_m < to_north_m);
    const Gap gap = MeasureGap(Disc(p, 1'000), Strip({east, beyond, north}, 1'000));
    EXPECT_NEAR(gap.gap_m, std::min(to_east_m, to_north_m) - 2, gap.error_m);
  }
  EXPECT_GT(misleading, 200);
}

// The foot of a perpendicular of thousands of km, where the nearest point of an edge by chord is not the nearest one.
TEST(CompareGap, HoldsItsPromisesAcrossWideBuffers) {
  SeededRandom random(15);
  for (int i = 0; i < 1'000; ++i) {
    const Position foot = testing::RandomPlace(random);
    const double azimuth = Uniform(random, 0, 360);
    const int64_t radius_mm = random.Between(800'000'000, 2'000'000'000);
    const int64_t separation_mm = random.Between(0, 500'000'000);
    const double excess_m = Uniform(random, -0.025, 0.025);
    const double apart_m = static_cast<double>(radius_mm + separation_mm) * 1e-3 + excess_m;
    const Position centre = GeodesicDestination(foot, azimuth, apart_m);
    const auto behind = [&](double turn) {
      return GeodesicDestination(foot, azimuth + turn, testing::LogUniform(random, 1e4, 1e6));
    };
    const Shape ring = Ring({behind(90), behind(180), behind(-90)});
    const Shape disc = Disc(centre, radius_mm);
    const Lateral verdict = CompareGap(ring, disc, separation_mm);
    EXPECT_NEAR(MeasureGap(ring, disc).gap_m - static_cast<double>(separation_mm) * 1e-3, excess_m,
                0.0005 + testing::kSceneErrorM);
    if (excess_m > 0.010 + testing::kSceneErrorM) {
      EXPECT_EQ(verdict, Lateral::kClear);
    }
    if (excess_m < 0.009 - testing::kSceneErrorM) {
      EXPECT_NE(verdict, Lateral::kClear);
    }
    if (excess_m < -0.002 - testing::kSceneErrorM) {
      EXPECT_EQ(verdict, Lateral::kConflict);
    }
  }
}

TEST(MeasureGap, DoesNotDependOnTheOrder) {
  SeededRandom random(16);
  for (int i = 0; i < 3'000; ++i) {
    const auto kind = [&] { return static_cast<OutlineKind>(random.Below(3)); };
    const OutlineKind kind_a = kind(), kind_b = kind();
    const auto scene =
        testing::FacingPair(random, kind_a, kind_b, testing::LogUniform(random, 0.001, 1e5), {});
    const Shape a = *Shape::Prepare(scene.a), b = *Shape::Prepare(scene.b);
    const Gap ab = MeasureGap(a, b), ba = MeasureGap(b, a);
    EXPECT_EQ(ab.gap_m, ba.gap_m);
    EXPECT_EQ(ab.on_a, ba.on_b);
    EXPECT_EQ(ab.on_b, ba.on_a);
  }
}

bool Holds(const Bounds& bounds, Position p) {
  if (p.lat_e9 < bounds.south_west.lat_e9 || p.lat_e9 > bounds.north_east.lat_e9) return false;
  const int64_t west = bounds.south_west.lng_e9, east = bounds.north_east.lng_e9;
  return west <= east ? west <= p.lng_e9 && p.lng_e9 <= east : p.lng_e9 >= west || p.lng_e9 <= east;
}

TEST(OverlapBounds, HoldsEveryCommonPoint) {
  SeededRandom random(13);
  int common = 0;
  for (int i = 0; i < 2'000; ++i) {
    const double size_m = testing::LogUniform(random, 10, 1e6);
    const Position place = testing::RandomPlace(random);
    const auto outline = [&] {
      const Position centre =
          GeodesicDestination(place, Uniform(random, 0, 360), Uniform(random, 0, size_m / 2));
      return *Shape::Prepare(testing::RandomOutline(
          random, static_cast<OutlineKind>(random.Below(3)), centre, size_m, 3 + random.Below(6)));
    };
    const Shape a = outline(), b = outline();
    const int64_t separation_mm = random.Below(2) == 0 ? 0 : random.Between(0, 1'000'000);
    const Bounds bounds = OverlapBounds(a, b, separation_mm);
    for (int k = 0; k < 10; ++k) {
      const Position p =
          GeodesicDestination(place, Uniform(random, 0, 360), Uniform(random, 0, size_m));
      const double half_m = static_cast<double>(separation_mm) * 0.5e-3;
      if (DistanceM(a, p) > half_m || DistanceM(b, p) > half_m) continue;
      ++common;
      EXPECT_TRUE(Holds(bounds, p)) << i << ": " << p.lat_e9 << "," << p.lng_e9;
    }
  }
  EXPECT_GT(common, 1'000);
}

TEST(OverlapBounds, IsTightForShortEdges) {
  const Bounds bounds = OverlapBounds(Square(0, 0, 100, 100), Square(90, 80, 200, 200), 0);
  EXPECT_LT(GeodesicDistanceM(bounds.south_west, Local(90, 80)), 0.05);
  EXPECT_LT(GeodesicDistanceM(bounds.north_east, Local(100, 100)), 0.05);
}

}  // namespace
}  // namespace wideberth::geo
