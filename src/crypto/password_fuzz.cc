// Invariants checked: reading a hash never crashes, and what is read has a cost within its limits. Nothing is hashed
// but what costs next to nothing; such a hash, made again with its own cost, is read again.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "base/limits.h"
#include "crypto/password.h"

namespace crypto = wideberth::crypto;
namespace limits = wideberth::limits;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto cost = crypto::CostOfPasswordHash(text);
  if (!cost) {
    CHECK(cost.error().field == "hash" && cost.error().found.empty());
    return 0;
  }
  CHECK(cost->operations >= 1 && cost->operations <= limits::kKeyFileKdfOperationsMax);
  CHECK(cost->memory_bytes >= 8 * 1024 && cost->memory_bytes <= limits::kKeyFileKdfMemoryBytesMax);
  if (cost->operations > 1 || cost->memory_bytes > 8 * 1024) return 0;
  const auto password = crypto::SecretBytes::CopyOf("fuzz");
  const auto again = crypto::HashPassword(password, {}, *cost);
  CHECK(again.has_value() && crypto::VerifyPassword(*again, password).has_value());
  CHECK(crypto::VerifyPassword(text, password).has_value() || text != *again);
  return 0;
}
