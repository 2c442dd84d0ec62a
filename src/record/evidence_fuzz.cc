// Invariants checked: evidence that verifies accuses somebody and is written and read back as itself; evidence that
// only parses is refused by a field; no input is a statement under a key that signed none, and a statement that this
// key signs over the input's payload reads back as itself.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "crypto/dsse.h"
#include "record/evidence.h"
#include "record/testing/logs.h"

namespace wideberth::record {
namespace {

void CheckEvidence(std::string_view input) {
  const auto evidence = ParseEvidence(input);
  if (!evidence) {
    CHECK(!evidence.error().rule.empty());
    return;
  }
  const auto finding = VerifyEvidence(*evidence);
  const auto file = FormatEvidence(*evidence);
  CHECK(finding.has_value() == file.has_value());
  if (!finding) {
    CHECK(!finding.error().rule.empty());
    return;
  }
  CHECK(!finding->against.empty() && !finding->summary.empty());
  CHECK(ParseEvidence(*file).value() == *evidence);
}

void CheckStatement(std::string_view input) {
  static const crypto::SecretKey key = testing::TestSecret(40);
  static const crypto::SecretKey other = testing::TestSecret(41);
  CHECK(!OpenCosignRefusal(input, other.public_key()).has_value());
  CHECK(!OpenKeyRevocation(input, other.public_key()).has_value());
  const auto refusal_text = crypto::SignEnvelope("application/vnd.wideberth.cosign-refusal.v1+json",
                                                 base::AsBytes(input), key);
  if (!refusal_text) return;  // too long
  if (const auto refusal = OpenCosignRefusal(*refusal_text, key.public_key())) {
    const std::string again = SignCosignRefusal(*refusal, key).value();
    CHECK(OpenCosignRefusal(again, key.public_key()).value() == *refusal);
  }
  const auto revocation_text = crypto::SignEnvelope(
      "application/vnd.wideberth.key-revocation.v1+json", base::AsBytes(input), key);
  if (const auto revocation = OpenKeyRevocation(revocation_text.value(), key.public_key())) {
    const std::string again = SignKeyRevocation(*revocation, key).value();
    CHECK(OpenKeyRevocation(again, key.public_key()).value() == *revocation);
  }
}

}  // namespace
}  // namespace wideberth::record

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  wideberth::record::CheckEvidence(input);
  wideberth::record::CheckStatement(input);
  return 0;
}
