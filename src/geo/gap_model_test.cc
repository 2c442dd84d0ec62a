// CompareGap and MeasureGap against the slow model, at random places and sizes.
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "geo/gap.h"
#include "geo/testing/model.h"
#include "geo/testing/scenes.h"

namespace wideberth::geo {
namespace {

using testing::kModelExcessM;
using testing::LogUniform;
using testing::ModelGapM;
using testing::SeededRandom;
using testing::Uniform;

OutlineKind RandomKind(SeededRandom& random) {
  return static_cast<OutlineKind>(random.Below(3));
}

struct ModelCase {
  Outline a, b;
};

// Neighbours of like size that may overlap, touch or stand apart by a few diameters.
ModelCase RandomNeighbours(SeededRandom& random) {
  const double size_m = LogUniform(random, 5, 1e6);
  const Position place = testing::RandomPlace(random);
  const Position other =
      GeodesicDestination(place, Uniform(random, 0, 360), size_m * LogUniform(random, 0.01, 3));
  const double other_size_m = size_m * LogUniform(random, 0.1, 1);
  Outline a =
      testing::RandomOutline(random, RandomKind(random), place, size_m, 3 + random.Below(4));
  Outline b =
      testing::RandomOutline(random, RandomKind(random), other, other_size_m, 3 + random.Below(4));
  return {std::move(a), std::move(b)};
}

std::string Text(const Outline& outline) {
  std::string text = std::string(OutlineKindName(outline.kind())) + " " +
                     std::to_string(outline.buffer_mm()) + ":";
  for (const Position p : outline.vertices()) {
    text += " " + std::to_string(p.lat_e9) + "," + std::to_string(p.lng_e9);
  }
  return text;
}

TEST(GapModel, AgreesOnRandomNeighbours) {
  constexpr int kCases = 4'000;
  SeededRandom random(77);
  int overlaps = 0, apart = 0;
  for (int i = 0; i < kCases && !HasFailure(); ++i) {
    const auto [outline_a, outline_b] = RandomNeighbours(random);
    SCOPED_TRACE("case " + std::to_string(i) + "\n" + Text(outline_a) + "\n" + Text(outline_b));
    const auto a = Shape::Prepare(outline_a), b = Shape::Prepare(outline_b);
    ASSERT_TRUE(a.has_value() && b.has_value());
    const double model_m = ModelGapM(outline_a, outline_b);
    const Gap gap = MeasureGap(*a, *b);
    ASSERT_LT(gap.error_m, 0.001);
    EXPECT_LE(gap.gap_m, model_m + gap.error_m);
    EXPECT_GE(gap.gap_m, model_m - kModelExcessM - gap.error_m);
    if (gap.gap_m == 0) {
      ++overlaps;
      EXPECT_NE(CompareGap(*a, *b, 0), Lateral::kClear);
      EXPECT_EQ(gap.on_a, gap.on_b);
      EXPECT_LT(DistanceM(*a, gap.on_a), 0.001);
      EXPECT_LT(DistanceM(*b, gap.on_b), 0.001);
      continue;
    }
    ++apart;
    EXPECT_NEAR(GeodesicDistanceM(gap.on_a, gap.on_b), gap.gap_m, 0.001);
    for (const int64_t off_mm : {-1000, -12, -3, 0, 3, 1000}) {
      const int64_t separation_mm = std::llround(model_m * 1e3) + off_mm;
      if (separation_mm < 2 || separation_mm > 500'000'000) continue;
      const Lateral verdict = CompareGap(*a, *b, separation_mm);
      EXPECT_EQ(verdict, CompareGap(*b, *a, separation_mm));
      if (off_mm <= -12) {
        EXPECT_EQ(verdict, Lateral::kClear) << off_mm;
      } else {
        EXPECT_NE(verdict, Lateral::kClear) << off_mm;
      }
      if (off_mm >= 1000) {
        EXPECT_EQ(verdict, Lateral::kConflict);
      }
    }
  }
  EXPECT_GT(overlaps, kCases / 10);
  EXPECT_GT(apart, kCases / 10);
}

TEST(GapModel, AgreesOnWhatARingContains) {
  constexpr int kCases = 3'000;
  SeededRandom random(78);
  int inside = 0;
  for (int i = 0; i < kCases && !HasFailure(); ++i) {
    const Position centre = testing::RandomPlace(random);
    const double radius_m = LogUniform(random, 5, 4.9e6);
    const auto ring =
        Outline::Polygon(testing::RandomRing(random, centre, radius_m, 3 + random.Below(6)));
    ASSERT_TRUE(ring.has_value());
    const auto shape = Shape::Prepare(*ring);
    ASSERT_TRUE(shape.has_value()) << shape.error().ToString();
    for (int k = 0; k < 4; ++k) {
      const Position p = k == 3 ? testing::RandomPlace(random)
                                : GeodesicDestination(centre, Uniform(random, 0, 360),
                                                      radius_m * Uniform(random, 0, 1.2));
      const bool expected = testing::ModelInsideRing(*ring, p);
      inside += expected;
      const Lateral verdict = Contains(*shape, p);
      EXPECT_NE(verdict, expected ? Lateral::kClear : Lateral::kConflict)
          << Text(*ring) << "\npoint " << p.lat_e9 << "," << p.lng_e9 << " radius " << radius_m;
    }
  }
  EXPECT_GT(inside, kCases);
}

// Points on the extension of an edge that reaches them from the east or west: there the edge crosses the line of sight
// at a very small angle, thousands of km away.
TEST(GapModel, AgreesOnWhatARingContainsInLineWithItsEdges) {
  constexpr int kCases = 6'000;
  SeededRandom random(79);
  for (int i = 0; i < kCases && !HasFailure(); ++i) {
    const Position p = testing::RandomPlace(random);
    const double azimuth = (random.Below(2) == 0 ? 90 : -90) +
                           (random.Below(2) == 0 ? 1 : -1) * LogUniform(random, 1e-9, 1e-2);
    const double length_m = LogUniform(random, 3e4, 3e6);
    const Position from = GeodesicDestination(p, azimuth, length_m);
    const Position to = GeodesicDestination(p, azimuth, length_m + LogUniform(random, 3'000, 1e6));
    const Position third =
        GeodesicDestination(p, Uniform(random, 0, 360), length_m * Uniform(random, 0.2, 1.5));
    const auto ring = Outline::Polygon({from, to, third});
    if (!ring) continue;
    const auto shape = Shape::Prepare(*ring);
    if (!shape) continue;
    const bool expected = testing::ModelInsideRing(*ring, p);
    EXPECT_NE(Contains(*shape, p), expected ? Lateral::kClear : Lateral::kConflict)
        << Text(*ring) << "\npoint " << p.lat_e9 << "," << p.lng_e9;
  }
}

}  // namespace
}  // namespace wideberth::geo
