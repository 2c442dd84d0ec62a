// Any bytes are commands; the state and the naive model must agree after each (testing/model_run.h).
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "airspace/testing/model_run.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace testing = wideberth::airspace::testing;
  // Every step looks at all pairs: long inputs add time, not states.
  if (size > 1'000) return 0;
  testing::ModelCoverage coverage;
  const std::string difference = testing::RunAgainstModel({data, size}, &coverage);
  if (!difference.empty()) {
    std::fprintf(stderr, "%s\n", difference.c_str());
    std::abort();
  }
  return 0;
}
