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

INSTANTIATE_TEST_SUITE_P(Kinds, GapLaws, ::testing::ValuesIn(kKindPairs), [](const auto& param) {
  return std::string(OutlineKindName(param.param.a)) + "_" +
         std::string(OutlineKindName(param.param.b));
});

}  // namespace
}  // namespace wideberth::geo
