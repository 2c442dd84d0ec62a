// Invariants checked: opening never crashes, and a refusal names its rule; a message that is opened is within its
// limits and is sealed again as one that opens as the same.
// Input: a byte that chooses the payload type, and a payload, which a known key signs here so that the fuzzer need not
// forge signatures. The whole input is also read as an envelope, and as the name of a type.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/check.h"
#include "base/limits.h"
#include "crypto/dsse.h"
#include "line/message.h"
#include "line/testing/values.h"

namespace wideberth::line {
namespace {

void CheckMessage(const Message& message, const crypto::SecretKey& key) {
  CHECK(message.seq >= 1);
  CHECK((message.seq > 1) || message.previous == base::Digest{});
  CHECK(message.clock_error_ms >= 0 && message.clock_error_ms <= limits::kClockErrorMaxMs);
  CHECK(message.crit.size() <= limits::kMessageCritFieldsMax);
  if (message.seq > 1 && message.previous == base::Digest{}) return;  // the writer never has that
  // What was read in its shortest form may be written in a longer one (a double), so it may be too large again.
  const auto sealed = SealMessage(message, key);
  if (!sealed) {
    CHECK(sealed.error().code == base::ErrorCode::kTooLarge);
    return;
  }
  const std::span keys(&key.public_key(), 1);
  CHECK(OpenMessage(*sealed, keys).value().message == message);
}

void CheckType(std::string_view text) {
  const auto type = MessageType::FromShortName(text);
  if (type) CHECK(type->ShortName() == text);
  const auto from_payload_type = MessageType::FromPayloadType(text);
  if (from_payload_type) CHECK(from_payload_type->PayloadType() == text);
}

}  // namespace
}  // namespace wideberth::line

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace line = wideberth::line;
  namespace base = wideberth::base;
  static const wideberth::crypto::SecretKey key = line::testing::TestKey(1);
  static constexpr std::string_view kTypes[] = {
      "application/vnd.wideberth.note.v1+json", "application/vnd.wideberth.receipt.v999+json",
      "application/vnd.wideberth.heartbeat.v1+json", "application/vnd.wideberth.note.v0+json", ""};
  const std::span keys(&key.public_key(), 1);
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  line::CheckType(input);
  CHECK(!line::OpenMessage(input, keys).has_value());  // nobody forges a signature
  (void)line::ReadUnverifiedMessage(input).has_value();
  if (input.empty()) return 0;
  const auto envelope = wideberth::crypto::SignEnvelope(kTypes[data[0] % std::size(kTypes)],
                                                        base::AsBytes(input.substr(1)), key);
  if (!envelope) return 0;
  const auto opened = line::OpenMessage(*envelope, keys);
  if (!opened) {
    CHECK(!opened.error().rule.empty());
    return 0;
  }
  const auto unverified = line::ReadUnverifiedMessage(*envelope);
  CHECK(unverified && unverified->seq == opened->message.seq &&
        unverified->from == opened->message.from);
  line::CheckMessage(opened->message, key);
  return 0;
}
