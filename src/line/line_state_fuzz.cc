// Invariants checked: no reader crashes, and refusals name their rules; what is read is written again as the same bytes
// (effects, states), or as a body that reads as the same (receipts, the policy lane); a state that is read takes the
// next effect. Input: a letter, 'e' effects, 's' a state, 'r' a receipt, 'p' a policy-lane body, and the bytes of it.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/limits.h"
#include "line/line_state.h"
#include "line/policy_lane.h"
#include "line/receipt.h"

namespace wideberth::line {
namespace {

bool Same(base::ByteView a, base::ByteView b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

void CheckEffects(base::ByteView input) {
  LineState state;
  while (!input.empty()) {
    base::ByteView rest = input;
    const auto effect = DecodeEffect(&rest);
    if (!effect) {
      CHECK(effect.error().field == "effect" && rest.size() == input.size());
      return;
    }
    base::Bytes again;
    EncodeEffect(*effect, &again);
    CHECK(Same(again, input.first(input.size() - rest.size())));
    const auto* mirrored = std::get_if<EntryMirrored>(&*effect);
    if (mirrored != nullptr && mirrored->seq == state.mirror.size() + 1) state.Apply(*effect);
    input = rest;
  }
}

void CheckState(base::ByteView input) {
  base::ByteView rest = input;
  auto state = LineState::Decode(&rest);
  if (!state) {
    CHECK(!state.error().rule.empty());
    return;
  }
  base::Bytes again;
  state->Encode(&again);
  CHECK(Same(again, input.first(input.size() - rest.size())));
  if (state->mirror.size() >= record::kTreeSizeMax) return;
  const uint64_t before = state->mirror.size();
  state->Apply(EntryMirrored{before + 1, {std::make_shared<const std::string>("next"), nullptr}});
  CHECK(state->mirror.size() == before + 1);
}

void CheckReceipt(std::string_view body) {
  const auto receipt = ReadReceipt(body);
  if (!receipt) {
    CHECK(!receipt.error().rule.empty());
    return;
  }
  CHECK(!receipt->stored.empty() && receipt->stored.size() <= limits::kReceiptEntriesMax);
  CHECK(ReadReceipt(WriteReceipt(*receipt)).value() == *receipt);
}

void CheckPolicyLane(std::string_view body) {
  const auto suspended = ReadPolicyLane(body);
  if (!suspended) {
    CHECK(!suspended.error().rule.empty());
    return;
  }
  CHECK(ReadPolicyLane(WritePolicyLane(*suspended)).value() == *suspended);
}

}  // namespace
}  // namespace wideberth::line

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace line = wideberth::line;
  if (size == 0) return 0;
  const wideberth::base::ByteView rest(data + 1, size - 1);
  if (data[0] == 'e') line::CheckEffects(rest);
  if (data[0] == 's') line::CheckState(rest);
  if (data[0] == 'r') line::CheckReceipt(wideberth::base::AsText(rest));
  if (data[0] == 'p') line::CheckPolicyLane(wideberth::base::AsText(rest));
  return 0;
}
