// The 4D index against a linear scan with the naive rules (testing/naive.h).
//
// A run is a sequence of inserts, removals and queries drawn from a source of 64-bit numbers: a seeded generator in
// tests, the fuzzer's bytes in the fuzz target. Volumes crowd around a few hard places (poles, antimeridian, corners of
// the cube, one city) in every size from 10 m to a continent, every pair of references, unlimited heights, windows of
// minutes to years and open ones, separations from 0 to the largest.
//
// Invariants checked: a query returns every volume that is not clear by the naive rules; ascending slots, each once,
// each occupied; never kClear; kConflict only where the exact test says conflict; SanityCheck() at the end.
#ifndef WIDEBERTH_AIRSPACE_TESTING_INDEX_MODEL_H_
#define WIDEBERTH_AIRSPACE_TESTING_INDEX_MODEL_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "airspace/rules.h"
#include "airspace/volume.h"
#include "geo/shape.h"

namespace wideberth::airspace::testing {

using Draw = std::function<uint64_t()>;

struct HardVolume {
  Volume4D volume;
  geo::Shape shape;
};
HardVolume DrawVolume(const Draw& draw);
Separation DrawSeparation(const Draw& draw);

struct IndexRun {
  size_t pairs = 0;       // query against stored volume
  size_t near = 0;        // of these not clear by the naive rules
  size_t candidates = 0;  // returned by the index
};
// Stores at most `volumes_max` at once. Returns what is wrong, empty when nothing is.
std::string CompareIndexWithModel(const Draw& draw, size_t steps, size_t volumes_max,
                                  IndexRun* run);

}  // namespace wideberth::airspace::testing

#endif  // WIDEBERTH_AIRSPACE_TESTING_INDEX_MODEL_H_
