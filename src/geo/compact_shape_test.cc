#include "geo/compact_shape.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "geo/testing/scenes.h"

namespace wideberth::geo {
namespace {

using testing::LogUniform;
using testing::SeededRandom;
using testing::Uniform;

OutlineKind RandomKind(SeededRandom& random) {
  return static_cast<OutlineKind>(random.Below(3));
}

Shape Prepared(const Outline& outline) {
  auto shape = Shape::Prepare(outline);
  EXPECT_TRUE(shape.has_value());
  return *std::move(shape);
}

Lateral Quickly(const Shape& a, const Shape& b, int64_t separation_mm) {
  std::vector<CompactVertex> offsets;
  const CompactHeader header = MakeCompact(b, &offsets);
  return CompactQuery(a).Quickly(header, offsets, separation_mm);
}

TEST(CompactShape, NeverContradictsCompareGapOnFacingPairs) {
  constexpr int kCases = 60'000;
  SeededRandom random(501);
  int decided = 0;
  for (int i = 0; i < kCases && !HasFailure(); ++i) {
    const int64_t separation_mm =
        random.Below(3) == 0 ? 0 : std::llround(LogUniform(random, 2, 100e6));
    // From within the tolerance to metres off it, where the flat computation begins to decide.
    const double excess_m = (random.Below(2) == 0 ? 1 : -1) * LogUniform(random, 0.001, 100);
    const testing::Scene scene =
        testing::FacingPair(random, RandomKind(random), RandomKind(random),
                            static_cast<double>(separation_mm) * 1e-3 + excess_m,
                            {.least_m = 5, .most_m = random.Below(64) == 0 ? 2e5 : 2e4});
    const Shape a = Prepared(scene.a), b = Prepared(scene.b);
    const Lateral quick = Quickly(a, b, separation_mm);
    if (quick == Lateral::kWithinTolerance) continue;
    ++decided;
    EXPECT_EQ(quick, CompareGap(a, b, separation_mm)) << "case " << i;
  }
  EXPECT_GT(decided, kCases / 4);
}

// Outlines strewn over a few of their own sizes, overlapping or not.
TEST(CompactShape, NeverContradictsCompareGapOnNeighbours) {
  constexpr int kCases = 60'000;
  SeededRandom random(502);
  for (int i = 0; i < kCases && !HasFailure(); ++i) {
    const double size_m = LogUniform(random, 5, 9e4);
    const Position place = testing::RandomPlace(random);
    const Position other =
        GeodesicDestination(place, Uniform(random, 0, 360), size_m * LogUniform(random, 1e-6, 3));
    const Outline outline_a =
        testing::RandomOutline(random, RandomKind(random), place, size_m, 3 + random.Below(20));
    const Outline outline_b =
        testing::RandomOutline(random, RandomKind(random), other,
                               size_m * LogUniform(random, 0.1, 1), 3 + random.Below(20));
    const Shape a = Prepared(outline_a), b = Prepared(outline_b);
    const int64_t separation_mm =
        random.Below(2) == 0 ? 0 : std::llround(size_m * LogUniform(random, 1, 1e3));
    const Lateral quick = Quickly(a, b, separation_mm);
    if (quick == Lateral::kWithinTolerance) continue;
    EXPECT_EQ(quick, CompareGap(a, b, separation_mm)) << "case " << i;
  }
}

TEST(CompactShape, DecidesNearlyAllOrdinaryPairs) {
  constexpr int kCases = 20'000;
  SeededRandom random(503);
  int decided = 0, conflicts = 0;
  for (int i = 0; i < kCases; ++i) {
    const Position place = testing::RandomPlace(random);
    const Position other =
        GeodesicDestination(place, Uniform(random, 0, 360), Uniform(random, 0, 30'000));
    const Outline outline_a = testing::RandomOutline(random, OutlineKind::kPolygon, place,
                                                     LogUniform(random, 500, 20'000), 12);
    const Outline outline_b = testing::RandomOutline(random, OutlineKind::kPolygon, other,
                                                     LogUniform(random, 500, 20'000), 12);
    const Lateral quick =
        Quickly(Prepared(outline_a), Prepared(outline_b), random.Between(0, 10'000'000));
    decided += quick != Lateral::kWithinTolerance;
    conflicts += quick == Lateral::kConflict;
  }
  EXPECT_GT(decided, kCases * 99 / 100);
  EXPECT_GT(conflicts, kCases / 10);
  RecordProperty("decided", decided);
}

TEST(CompactShape, WideOutlinesAreDecidedByTheirCapsOnly) {
  SeededRandom random(504);
  const Position place{47'000'000'000, 8'000'000'000};
  const Shape wide =
      Prepared(testing::RandomOutline(random, OutlineKind::kPolygon, place, 400'000, 8));
  const Shape near = Prepared(testing::RandomOutline(random, OutlineKind::kCircle, place, 100, 1));
  const Shape far = Prepared(testing::RandomOutline(random, OutlineKind::kCircle,
                                                    GeodesicDestination(place, 10, 2e6), 100, 1));
  std::vector<CompactVertex> offsets;
  const CompactHeader header = MakeCompact(wide, &offsets);
  EXPECT_EQ(header.vertices, 0);
  EXPECT_TRUE(offsets.empty());
  EXPECT_EQ(Quickly(wide, near, 0), Lateral::kWithinTolerance);
  EXPECT_EQ(Quickly(near, wide, 0), Lateral::kWithinTolerance);
  EXPECT_EQ(Quickly(wide, far, 0), Lateral::kClear);
  EXPECT_EQ(Quickly(far, wide, 0), Lateral::kClear);
}

}  // namespace
}  // namespace wideberth::geo
