// Invariants checked: reading a key file never crashes and takes no more memory or time than the limits say; only the
// file of the corpus opens, and it opens to its key.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "crypto/key_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace base = wideberth::base;
  namespace crypto = wideberth::crypto;
  static const crypto::SecretBytes passphrase = crypto::SecretBytes::CopyOf("corpus");
  std::string_view text(reinterpret_cast<const char*>(data), size);
  // A fuzzer that finds a costly file learns nothing by running it: only cheap ones go on to the box.
  const bool is_cheap = text.find("\"kdf_memory_bytes\": 8192,") != text.npos &&
                        text.find("\"kdf_operations\": 1,") != text.npos;
  const auto pem = crypto::SecretKey::FromPem(text);
  CHECK(pem.has_value() || !pem.error().rule.empty());
  if (!is_cheap && text.find("kdf_memory_bytes") != text.npos) return 0;
  const auto key = crypto::DecryptKey(text, passphrase);
  if (!key) {
    CHECK(!key.error().rule.empty());
    return 0;
  }
  CHECK(key->public_key() == crypto::SecretKey::FromSeed(base::Bytes(32, 7)).value().public_key());
  return 0;
}
