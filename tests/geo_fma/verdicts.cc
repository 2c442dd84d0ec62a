// Seeded cases through geo. Without an argument it prints one line for each: the verdict and the bits of the gap. With
// the file of another build's lines it holds its own against them:
//
//   geo_verdicts > FILE
//   geo_verdicts_fma FILE
//
// Verdicts must be equal except within 1 um of a threshold, gaps within 1 um. If no gap differs in any bit the builds
// are not different at all, and the comparison fails because it would prove nothing.
#include <array>
#include <bit>
#include <cinttypes>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <vector>

#include "base/random.h"
#include "geo/compact_shape.h"
#include "geo/gap.h"
#include "geo/testing/scenes.h"

namespace {

using wideberth::base::SeededRandom;
using wideberth::geo::CompactHeader;
using wideberth::geo::CompactQuery;
using wideberth::geo::CompactVertex;
using wideberth::geo::Lateral;
using wideberth::geo::OutlineKind;
using wideberth::geo::Shape;
using wideberth::geo::testing::FacingPair;
using wideberth::geo::testing::LogUniform;
using wideberth::geo::testing::Scene;
using wideberth::geo::testing::Uniform;

constexpr int kCases = 50'000;
constexpr double kToleranceM = 1e-6;
// gap.cc's thresholds on the excess of the gap over the separation.
constexpr std::array<double, 2> kThresholdsM{0.0095, -0.0015};

struct Outcome {
  int verdict;
  int quick;
  double gap_m;
  bool near_threshold;
};

bool NearThreshold(double gap_m, int64_t separation_mm) {
  const double excess_m = gap_m - static_cast<double>(separation_mm) * 1e-3;
  for (const double threshold_m : kThresholdsM) {
    if (std::abs(excess_m - threshold_m) < kToleranceM) return true;
  }
  // Of areas that only just overlap the depth decides, not the gap.
  return gap_m == 0 && separation_mm < 2;
}

Outcome Run(SeededRandom& random) {
  const int64_t separation_mm =
      random.Below(3) == 0 ? 0 : std::llround(LogUniform(random, 2, 100e6));
  const double excess_m =
      random.Below(2) == 0 ? Uniform(random, -0.025, 0.025) : LogUniform(random, 0.001, 1e5);
  const auto kind_a = static_cast<OutlineKind>(random.Below(3));
  const auto kind_b = static_cast<OutlineKind>(random.Below(3));
  const Scene scene =
      FacingPair(random, kind_a, kind_b, static_cast<double>(separation_mm) * 1e-3 + excess_m,
                 {.least_m = 5, .most_m = random.Below(32) == 0 ? 1e6 : 1e4});
  const auto a = Shape::Prepare(scene.a), b = Shape::Prepare(scene.b);
  if (!a || !b) return {-1, -1, 0, false};
  std::vector<CompactVertex> offsets;
  const CompactHeader header = MakeCompact(*b, &offsets);
  const double gap_m = MeasureGap(*a, *b).gap_m;
  return {static_cast<int>(CompareGap(*a, *b, separation_mm)),
          static_cast<int>(CompactQuery(*a).Quickly(header, offsets, separation_mm)), gap_m,
          NearThreshold(gap_m, separation_mm)};
}

int Print() {
  SeededRandom random(4'242);
  for (int i = 0; i < kCases; ++i) {
    const Outcome outcome = Run(random);
    std::printf("%d %" PRIu64 "\n", outcome.verdict, std::bit_cast<uint64_t>(outcome.gap_m));
  }
  return 0;
}

int Compare(const char* path) {
  std::ifstream file(path);
  SeededRandom random(4'242);
  int near_threshold = 0, other_bits = 0, wrong = 0;
  for (int i = 0; i < kCases; ++i) {
    int verdict = 0;
    uint64_t bits = 0;
    if (!(file >> verdict >> bits)) {
      std::printf("%s ends before case %d\n", path, i);
      return 1;
    }
    const Outcome own = Run(random);
    const double gap_m = std::bit_cast<double>(bits);
    near_threshold += own.near_threshold;
    other_bits += gap_m != own.gap_m;
    const bool quick_fits = own.quick == static_cast<int>(Lateral::kWithinTolerance) ||
                            own.quick == verdict || own.near_threshold;
    const bool verdict_fits = own.verdict == verdict || own.near_threshold;
    if (verdict_fits && quick_fits && std::abs(own.gap_m - gap_m) <= kToleranceM) continue;
    ++wrong;
    std::printf("case %d: verdict %d, here %d, quickly %d; gaps differ by %" PRId64 " nm\n", i,
                verdict, own.verdict, own.quick,
                static_cast<int64_t>(std::llround((own.gap_m - gap_m) * 1e9)));
  }
  std::printf("%d cases, %d near a threshold, %d gaps differ in some bit, %d wrong\n", kCases,
              near_threshold, other_bits, wrong);
  return wrong == 0 && other_bits > 0 ? 0 : 1;
}

bool HasFma() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("fma") && __builtin_cpu_supports("avx2");
#else
  return false;
#endif
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return Print();
  if (!HasFma()) {
    std::printf("skipped: this CPU has no fused multiply-add\n");
    return 0;
  }
  return Compare(argv[1]);
}
