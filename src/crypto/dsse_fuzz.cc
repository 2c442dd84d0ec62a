// Invariants checked: opening never crashes; the only message that opens is the one of the corpus, which the trusted
// key signed; the input as a payload makes the round trip through an envelope.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "crypto/dsse.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace base = wideberth::base;
  namespace crypto = wideberth::crypto;
  static const crypto::SecretKey key = crypto::SecretKey::FromSeed(base::Bytes(32, 7)).value();
  static const std::vector<crypto::PublicKey> trusted = {key.public_key()};
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto message = crypto::VerifyEnvelope(text, trusted);
  if (!message) {
    CHECK(!message.error().rule.empty());
  } else {
    CHECK(message->payload_type == "application/vnd.wideberth.msg.v1+json");
    CHECK(base::AsText(message->payload) == "{\"seq\":1}");
  }
  // As a payload, the same bytes make the round trip.
  const auto envelope = crypto::SignEnvelope("t", base::AsBytes(text), key);
  if (envelope) {
    const auto opened = crypto::VerifyEnvelope(*envelope, trusted);
    CHECK(opened.has_value() && base::AsText(opened->payload) == text);
  }
  return 0;
}
