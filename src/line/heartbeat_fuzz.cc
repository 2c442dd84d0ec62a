// Invariants checked: opening never crashes, and a refusal names its rule; a heartbeat that is opened is within its
// limits, is sealed again as one that opens as the same, and is heard once: a second time it is refused.
// Input: the payload, which a known key signs here so that the fuzzer need not forge signatures.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/check.h"
#include "base/limits.h"
#include "crypto/dsse.h"
#include "line/heartbeat.h"
#include "line/liveness.h"
#include "line/testing/values.h"

namespace wideberth::line {
namespace {

void CheckHearing(const Heartbeat& heartbeat) {
  const Now sent{testing::kNoon, 1'000'000};
  const Now heard{{testing::kNoon.us + 500'000}, 1'500'000};
  Liveness liveness(testing::TestBoot(0, 1), sent.monotonic_us);
  for (int i = 0; i < 3; ++i) liveness.Send(sent);
  CHECK(liveness.Hear(heartbeat, heard));
  CHECK(!liveness.Hear(heartbeat, heard));
  CHECK(liveness.to_echo()->name == heartbeat.name);
  const bool echoed = heartbeat.echo && heartbeat.echo->name.boot == testing::TestBoot(0, 1) &&
                      heartbeat.echo->name.number <= 3;
  liveness.Advance(heard.monotonic_us);
  CHECK((liveness.state() == LinkState::kUp) == echoed);
  const auto& offset = liveness.clock_offset();
  CHECK(!offset || (offset->error_us >= 0 && offset->error_us <= 250'000));
}

}  // namespace
}  // namespace wideberth::line

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace line = wideberth::line;
  namespace base = wideberth::base;
  static const wideberth::crypto::SecretKey key = line::testing::TestKey(1);
  const std::span keys(&key.public_key(), 1);
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  CHECK(!line::OpenHeartbeat(input, keys).has_value());  // nobody forges a signature
  const auto envelope = wideberth::crypto::SignEnvelope(
      "application/vnd.wideberth.heartbeat.v1+json", base::AsBytes(input), key);
  if (!envelope) return 0;
  const auto heartbeat = line::OpenHeartbeat(*envelope, keys);
  if (!heartbeat) {
    CHECK(!heartbeat.error().rule.empty());
    return 0;
  }
  CHECK(heartbeat->name.number >= 1);
  CHECK(heartbeat->speaks.size() <= wideberth::limits::kSpokenTypesMax);
  const std::string sealed = line::SealHeartbeat(*heartbeat, key);
  CHECK(line::OpenHeartbeat(sealed, keys).value() == *heartbeat);
  line::CheckHearing(*heartbeat);
  return 0;
}
