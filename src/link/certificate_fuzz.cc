// Invariants checked: reading a certificate never crashes; a key that comes out is a canonical point that reads back.
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "link/certificate.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto key = wideberth::link::KeyOfCertificate({data, size});
  if (!key) {
    CHECK(!key.error().rule.empty());
    return 0;
  }
  CHECK(wideberth::crypto::PublicKey::FromBytes(key->bytes()) == *key);
  return 0;
}
