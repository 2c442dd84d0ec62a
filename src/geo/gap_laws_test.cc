// The laws of gap.h on seeded scenes whose gap is known by construction with GeographicLib.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <string>

#include "base/limits.h"
#include "geo/gap.h"
#include "geo/testing/scenes.h"

namespace wideberth::geo {
namespace {

using testing::FacingPair;
using testing::kSceneErrorM;
using testing::LogUniform;
using testing::Mirrored;
using testing::Scene;
using testing::SeededRandom;
using testing::Turned;
using testing::Uniform;

struct KindPair {
  OutlineKind a, b;
};
constexpr std::array<KindPair, 6> kKindPairs{{
    {OutlineKind::kPolygon, OutlineKind::kPolygon},
    {OutlineKind::kPolygon, OutlineKind::kCircle},
    {OutlineKind::kPolygon, OutlineKind::kCorridor},
    {OutlineKind::kCircle, OutlineKind::kCircle},
    {OutlineKind::kCircle, OutlineKind::kCorridor},
    {OutlineKind::kCorridor, OutlineKind::kCorridor},
}};

std::string Describe(const Outline& outline) {
  std::string text{OutlineKindName(outline.kind())};
  text += " buffer " + std::to_string(outline.buffer_mm()) + " mm:";
  for (const Position p : outline.vertices()) {
    text += " " + std::to_string(p.lat_e9) + "," + std::to_string(p.lng_e9);
  }
  return text;
}

Shape Prepared(const Outline& outline) {
  auto shape = Shape::Prepare(outline);
  EXPECT_TRUE(shape.has_value()) << shape.error().ToString() << "\n" << Describe(outline);
  return *std::move(shape);
}

int64_t RandomSeparationMm(SeededRandom& random) {
  return random.Below(3) == 0 ? 0 : std::llround(LogUniform(random, 2, 100e6));
}

// By how much the gap exceeds the separation: mostly within 20 mm of it.
double RandomExcessM(SeededRandom& random) {
  switch (random.Below(4)) {
    case 0:
      return 0.001 * static_cast<double>(random.Between(1, 20));
    case 1:
      return -0.001 * static_cast<double>(random.Between(1, 20));
    case 2:
      return Uniform(random, -0.025, 0.025);
    default:
      return LogUniform(random, 0.01, 1e5);
  }
}

// What gap.h promises for a gap that exceeds the separation by `excess_m`, give or take the scene's own error.
void ExpectPromises(Lateral verdict, const Scene& scene, double excess_m, int64_t separation_mm) {
  if (excess_m > 0.010 + kSceneErrorM) {
    EXPECT_EQ(verdict, Lateral::kClear);
  }
  if (excess_m < 0.009 - kSceneErrorM) {
    EXPECT_NE(verdict, Lateral::kClear);
  }
  const bool overlap_tells = separation_mm == 0 && scene.corners;
  if (excess_m < -0.002 - kSceneErrorM && !overlap_tells) {
    EXPECT_EQ(verdict, Lateral::kConflict);
  }
  if (std::abs(excess_m) < 0.001 - kSceneErrorM && separation_mm >= 2) {
    EXPECT_EQ(verdict, Lateral::kWithinTolerance);
  }
}

class GapLaws : public ::testing::TestWithParam<KindPair> {};

TEST_P(GapLaws, AgreeWithConstructionsOfKnownGap) {
  constexpr int kCases = 100'000;
  SeededRandom random(20'240 + static_cast<uint64_t>(GetParam().a) * 16 +
                      static_cast<uint64_t>(GetParam().b));
  for (int i = 0; i < kCases && !HasFailure(); ++i) {
    const bool wide = random.Below(32) == 0;
    const int64_t separation_mm = RandomSeparationMm(random);
    const double excess_m = RandomExcessM(random);
    const double gap_m = static_cast<double>(separation_mm) * 1e-3 + excess_m;
    const Scene scene = FacingPair(random, GetParam().a, GetParam().b, gap_m,
                                   {.least_m = 5, .most_m = wide ? 1e6 : 1e4});
    SCOPED_TRACE("case " + std::to_string(i) + " separation " + std::to_string(separation_mm) +
                 " mm, excess " + std::to_string(excess_m) + " m\n" + Describe(scene.a) + "\n" +
                 Describe(scene.b));
    const Shape a = Prepared(scene.a), b = Prepared(scene.b);
    const Lateral verdict = CompareGap(a, b, separation_mm);
    ExpectPromises(verdict, scene, excess_m, separation_mm);
    EXPECT_EQ(verdict, CompareGap(b, a, separation_mm));
    if (gap_m > 0) {
      const Gap gap = MeasureGap(a, b);
      EXPECT_NEAR(gap.gap_m, gap_m, kSceneErrorM + gap.error_m);
    }
  }
}

// Turning and mirroring are exact on positions, so the turned scene differs by rounding only. Near a threshold rounding
// may decide, so the excess keeps 10 um off all of them.
TEST_P(GapLaws, SameVerdictWhenTurnedOrMirrored) {
  constexpr int kCases = 5'000;
  SeededRandom random(31 + static_cast<uint64_t>(GetParam().a) * 16 +
                      static_cast<uint64_t>(GetParam().b));
  for (int i = 0; i < kCases && !HasFailure(); ++i) {
    const int64_t separation_mm = RandomSeparationMm(random);
    const double gap_m = static_cast<double>(separation_mm) * 1e-3 + RandomExcessM(random);
    const Scene scene = FacingPair(random, GetParam().a, GetParam().b, gap_m,
                                   {.least_m = 5, .most_m = random.Below(32) == 0 ? 1e6 : 1e4});
    SCOPED_TRACE("case " + std::to_string(i) + " separation " + std::to_string(separation_mm) +
                 "\n" + Describe(scene.a) + "\n" + Describe(scene.b));
    const Shape a = Prepared(scene.a), b = Prepared(scene.b);
    const Lateral verdict = CompareGap(a, b, separation_mm);
    const Gap gap = MeasureGap(a, b);
    const double excess_m = gap.gap_m - static_cast<double>(separation_mm) * 1e-3;
    const bool near_threshold = std::abs(excess_m - 0.0095) < 1e-5 ||
                                std::abs(excess_m + 0.0015) < 1e-5 ||
                                (gap.gap_m == 0 && separation_mm == 0);
    if (near_threshold) continue;
    const double to_antimeridian = 180 - scene.a.vertices()[0].lng_deg();
    for (const double degrees :
         {to_antimeridian, to_antimeridian + 1e-4, Uniform(random, 0, 360)}) {
      const Shape turned_a = Prepared(Turned(scene.a, degrees));
      const Shape turned_b = Prepared(Turned(scene.b, degrees));
      EXPECT_EQ(CompareGap(turned_a, turned_b, separation_mm), verdict) << "turned by " << degrees;
      EXPECT_NEAR(MeasureGap(turned_a, turned_b).gap_m, gap.gap_m, 1e-6);
    }
    const Shape mirrored_a = Prepared(Mirrored(scene.a)), mirrored_b = Prepared(Mirrored(scene.b));
    EXPECT_EQ(CompareGap(mirrored_a, mirrored_b, separation_mm), verdict);
    EXPECT_NEAR(MeasureGap(mirrored_a, mirrored_b).gap_m, gap.gap_m, 1e-6);
  }
}

Outline Grown(const Outline& outline, int64_t by_mm) {
  std::vector<Position> vertices(outline.vertices().begin(), outline.vertices().end());
  if (outline.kind() == OutlineKind::kCircle) {
    return *Outline::Circle(vertices[0], outline.buffer_mm() + by_mm);
  }
  return *Outline::Corridor(std::move(vertices), outline.buffer_mm() + by_mm);
}

// The verdicts are ordered conflict < within tolerance < clear; more separation or more buffer never raises them.
TEST_P(GapLaws, InflationNeverMakesAConflictClear) {
  constexpr int kCases = 10'000;
  SeededRandom random(57 + static_cast<uint64_t>(GetParam().a) * 16 +
                      static_cast<uint64_t>(GetParam().b));
  for (int i = 0; i < kCases && !HasFailure(); ++i) {
    const double gap_m = random.Below(3) == 0 ? -0.001 * static_cast<double>(random.Between(0, 20))
                                              : LogUniform(random, 0.001, 1e5);
    const Scene scene = FacingPair(random, GetParam().a, GetParam().b, gap_m,
                                   {.least_m = 5, .most_m = random.Below(64) == 0 ? 1e6 : 1e4});
    SCOPED_TRACE("case " + std::to_string(i) + "\n" + Describe(scene.a) + "\n" + Describe(scene.b));
    const Shape a = Prepared(scene.a), b = Prepared(scene.b);
    const auto near_mm = std::max<int64_t>(0, std::llround(gap_m * 1e3));
    Lateral before = CompareGap(a, b, 0);
    for (int64_t off_mm = -30; off_mm <= 30; off_mm += 1 + static_cast<int64_t>(random.Below(3))) {
      if (near_mm + off_mm <= 0) continue;
      const Lateral verdict = CompareGap(a, b, near_mm + off_mm);
      EXPECT_LE(verdict, before) << near_mm + off_mm;
      before = verdict;
    }
    if (scene.b.buffer_mm() == 0 || scene.b.buffer_mm() > limits::kCorridorHalfWidthMaxMm - 100) {
      continue;
    }
    const int64_t separation_mm = std::max<int64_t>(0, near_mm - 15);
    before = CompareGap(a, b, separation_mm);
    for (int64_t by_mm = 1; by_mm < 30; by_mm += 4) {
      const Lateral verdict = CompareGap(a, Prepared(Grown(scene.b, by_mm)), separation_mm);
      EXPECT_LE(verdict, before) << "grown by " << by_mm;
      before = verdict;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, GapLaws, ::testing::ValuesIn(kKindPairs), [](const auto& param) {
  return std::string(OutlineKindName(param.param.a)) + "_" +
         std::string(OutlineKindName(param.param.b));
});

}  // namespace
}  // namespace wideberth::geo
