// The rules of MECHANISM 4 and 8.2 a second time, in their plainest form: slow, without tables, on
// real numbers with infinities instead of saturating integers. Tests and fuzz targets hold the
// engine against it.
//
// A driver turns bytes into a case, runs both, and says in words where they differ; an empty text
// means that they agree. The same driver serves a seeded random test and a fuzz target.
#ifndef WIDEBERTH_AIRSPACE_TESTING_NAIVE_H_
#define WIDEBERTH_AIRSPACE_TESTING_NAIVE_H_

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "airspace/conflict.h"
#include "airspace/rules.h"
#include "base/bytes.h"

namespace wideberth::airspace::testing {

// One way a pair may be judged.
struct NaiveVerdict {
  Verdict verdict = Verdict::kClear;
  bool lateral_tolerance = false;  // possible because of the outlines
  bool heights = false;            // possible because of the heights
  auto operator<=>(const NaiveVerdict&) const = default;
};

// `lateral`: how the lateral gap stands to its separation; `overlap`: whether the outlines overlap.
NaiveVerdict NaiveJudge(const Volume4D& a, const TimeWindow& window_a, const Volume4D& b,
                        const TimeWindow& window_b, const Separation& separation,
                        geo::Lateral lateral, geo::Lateral overlap);

// Every answer CompareGap may give for two outlines by its contract, from the distance between
// them.
std::set<geo::Lateral> NaiveLaterals(const Volume4D& a, const geo::Shape& shape_a,
                                     const Volume4D& b, const geo::Shape& shape_b,
                                     int64_t separation_mm);

Separation NaiveSeparation(const std::vector<SeparationRow>& rows,
                           const std::vector<std::string>& classes, const Declaration& a,
                           const Declaration& b);

// What a run of cases met, so that a test can see that it met everything.
struct Coverage {
  size_t cases = 0;
  std::set<uint32_t> references;  // lower and upper of a, lower and upper of b, 2 bits each
  size_t clear = 0, possible = 0, certain = 0;
  size_t by_tolerance = 0;  // possible because of the outlines
  uint8_t causes = 0;       // every Uncertainty bit seen
};

// One pair of volumes with its separation, read from `bytes` (48 and more are of use).
std::string ComparePairWithModel(base::ByteView bytes, Coverage* coverage);

// One table of separations and all pairs of kinds, read from `bytes`.
std::string CompareRulesWithModel(base::ByteView bytes);

}  // namespace wideberth::airspace::testing

#endif  // WIDEBERTH_AIRSPACE_TESTING_NAIVE_H_
