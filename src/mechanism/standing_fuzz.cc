// Invariants checked: opening a standing hazard never crashes and a refusal names its rule; nobody forges a signature;
// one that is opened is sealed again and opens as the same; the body of its message is read as it was written.
// Input: a payload, which the party's message key signs here so that the fuzzer need not forge signatures. The whole
// input is also read as an envelope and as the body of a message.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "airspace/testing/world.h"
#include "base/check.h"
#include "crypto/dsse.h"
#include "mechanism/standing.h"
#include "mechanism/testing/values.h"

namespace mechanism = wideberth::mechanism;
using wideberth::airspace::testing::TestParty;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace base = wideberth::base;
  static const wideberth::crypto::SecretKey secret =
      mechanism::testing::TestKey(mechanism::testing::MessageSeed(1));
  static const wideberth::crypto::PublicKey keys[] = {secret.public_key()};
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  CHECK(!mechanism::OpenStandingHazard(input, TestParty(1), keys).has_value());
  if (const auto body = mechanism::ReadStandingHazardMessage(input)) {
    const std::string written = mechanism::WriteStandingHazardMessage(*body);
    const auto again = mechanism::ReadStandingHazardMessage(written);
    CHECK(again.has_value() && again->envelope == body->envelope &&
          again->agreement == body->agreement && again->declaration == body->declaration);
  }
  const auto envelope = wideberth::crypto::SignEnvelope(
      "application/vnd.wideberth.standing-hazard.v1+json", base::AsBytes(input), secret);
  if (!envelope) return 0;
  const auto opened = mechanism::OpenStandingHazard(*envelope, TestParty(1), keys);
  if (!opened) {
    CHECK(!opened.error().rule.empty());
    return 0;
  }
  CHECK(opened->hazard.party == TestParty(1));
  const auto sealed = mechanism::SealStandingHazard(opened->hazard, secret);
  CHECK(sealed.has_value());
  const auto again = mechanism::OpenStandingHazard(sealed->envelope, TestParty(1), keys);
  CHECK(again.has_value() && again->hazard == opened->hazard);
  return 0;
}
