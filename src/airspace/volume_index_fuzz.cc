// The 4D index against a linear scan: the bytes are the numbers that draw inserts, removals and queries.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "airspace/testing/index_model.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const uint8_t* const end = data + size;
  uint64_t spent = 0;
  // Two bytes spread over 64 bits, so that few bytes make many decisions; zeroes once they are spent.
  const auto draw = [&]() -> uint64_t {
    uint16_t word = 0;
    if (end - data >= 2) {
      std::memcpy(&word, data, 2);
      data += 2;
    } else {
      word = static_cast<uint16_t>(++spent);
    }
    uint64_t x = word * 0x9E3779B97F4A7C15u;
    return x ^ x >> 31;
  };
  const size_t steps = std::min<size_t>(size / 16, 120);
  wideberth::airspace::testing::IndexRun run;
  const std::string wrong =
      wideberth::airspace::testing::CompareIndexWithModel(draw, steps, 24, &run);
  if (!wrong.empty()) {
    std::fprintf(stderr, "%s\n", wrong.c_str());
    std::abort();
  }
  return 0;
}
