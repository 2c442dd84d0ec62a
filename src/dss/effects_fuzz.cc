// Invariants checked: decoding never crashes or reads beyond its bytes; what decodes encodes to the same bytes; a state
// takes it, and its rows load into another.
// Input: the bytes of effects, one behind the other.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "dss/effects.h"
#include "dss/state.h"

namespace dss = wideberth::dss;
namespace base = wideberth::base;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  base::ByteView in(data, size);
  dss::State state;
  while (!in.empty()) {
    const base::ByteView before = in;
    const auto effect = dss::DecodeEffect(&in);
    if (!effect) {
      CHECK(!effect.error().rule.empty());
      break;
    }
    base::Bytes again;
    dss::EncodeEffect(*effect, &again);
    CHECK(std::equal(again.begin(), again.end(), before.begin()));
    state.Apply(*effect);
  }
  dss::State loaded;
  for (const uint64_t row : state.TakeDirty()) {
    const auto bytes = state.EncodeRow(row);
    if (bytes) CHECK(loaded.LoadRow(row, *bytes).has_value());
  }
  CHECK(loaded.Canonical() == state.Canonical());
  return 0;
}
