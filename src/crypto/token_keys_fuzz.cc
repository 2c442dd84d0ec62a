// Invariants checked: reading key sets and PEM never crashes; a set that is read has keys and can be merged; a refusal
// has a rule.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "crypto/token_keys.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace base = wideberth::base;
  namespace crypto = wideberth::crypto;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const auto& keys : {crypto::TokenKeys::FromJwks(text), crypto::TokenKeys::FromPem(text)}) {
    if (!keys) {
      CHECK(!keys.error().rule.empty());
      continue;
    }
    CHECK(keys->size() > 0);
    CHECK(crypto::TokenKeys::Merge(crypto::TokenKeys(), *keys).has_value());
    const base::Bytes signature(64, 1);
    for (const auto algorithm : {crypto::TokenAlgorithm::kRs256, crypto::TokenAlgorithm::kEs256,
                                 crypto::TokenAlgorithm::kEdDsa}) {
      CHECK(!keys->Verify(algorithm, "", base::AsBytes(text), signature));
    }
  }
  return 0;
}
