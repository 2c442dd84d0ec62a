// Invariants checked: verification never crashes; the raw input is refused unless it is the token of the corpus; under
// a good signature any header and claims are read without a crash, and what is accepted holds its rules.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "crypto/token.h"

namespace {

namespace base = wideberth::base;
namespace crypto = wideberth::crypto;

constexpr base::UtcMicros kNow{int64_t{1'795'255'200} * 1'000'000};

const crypto::SecretKey& Key() {
  static const crypto::SecretKey key = crypto::SecretKey::FromSeed(base::Bytes(32, 7)).value();
  return key;
}

// The input's first line as header, the rest as claims, signed.
std::string Signed(std::string_view text) {
  const size_t end = std::min(text.find('\n'), text.size());
  const std::string_view claims = text.substr(std::min(end + 1, text.size()));
  std::string token = base::Base64UrlEncode(base::AsBytes(text.substr(0, end))) + "." +
                      base::Base64UrlEncode(base::AsBytes(claims));
  const crypto::Signature signature = Key().Sign(base::AsBytes(token));
  return token + "." + base::Base64UrlEncode(signature);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const crypto::TokenVerifier verifier(
      {{"dev"}, {"localhost"}}, crypto::TokenKeys::FromPem(Key().public_key().ToPem()).value());
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto raw = verifier.Verify(text, kNow);
  CHECK(raw.has_value() || raw.error().code == base::ErrorCode::kUnauthorized);
  const auto claims = verifier.Verify(Signed(text), kNow);
  if (!claims) {
    CHECK(claims.error().code == base::ErrorCode::kUnauthorized && !claims.error().rule.empty());
    return 0;
  }
  CHECK((*claims)->issuer == "dev" && (*claims)->audience == "localhost");
  CHECK(!(*claims)->subject.empty());
  CHECK((*claims)->expires.us + 60'000'000 > kNow.us);
  return 0;
}
