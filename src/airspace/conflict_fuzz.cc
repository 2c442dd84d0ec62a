// Holds the verdict on a pair of volumes, and the choice of a separation, against a naive
// reimplementation.
//
// Invariants checked: the verdict and its causes are among those the model allows; an explanation
// exists exactly where there is a conflict, is consistent with it and symmetric; wider separations
// never make a pair clearer; For() is the model's separation, symmetric, and never beyond
// WidestFor().
#include <cstddef>
#include <cstdint>
#include <string>

#include "airspace/testing/naive.h"
#include "base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace testing = wideberth::airspace::testing;
  if (size == 0) return 0;
  const wideberth::base::ByteView rest(data + 1, size - 1);
  testing::Coverage coverage;
  const std::string difference = data[0] % 4 == 0 ? testing::CompareRulesWithModel(rest)
                                                  : testing::ComparePairWithModel(rest, &coverage);
  CHECK_MSG(difference.empty(), difference.c_str());
  return 0;
}
