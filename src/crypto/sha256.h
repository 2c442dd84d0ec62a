// SHA-256 (FIPS 180-4), by OpenSSL with the processor's own instructions where it has them.
#ifndef WIDEBERTH_CRYPTO_SHA256_H_
#define WIDEBERTH_CRYPTO_SHA256_H_

#include <memory>

#include "base/bytes.h"

namespace wideberth::crypto {

// Thread-safe; about a tenth of a microsecond beside the hashing itself.
base::Digest Sha256(base::ByteView bytes);

// The same for bytes that come in pieces:
//   Sha256Hasher hasher;
//   hasher.Update(header);
//   hasher.Update(body);
//   const base::Digest digest = hasher.Finish();   // and it is ready for the next text
class Sha256Hasher {
 public:
  Sha256Hasher();
  ~Sha256Hasher();
  Sha256Hasher(Sha256Hasher&&) noexcept;
  Sha256Hasher& operator=(Sha256Hasher&&) noexcept;

  void Update(base::ByteView bytes);
  base::Digest Finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wideberth::crypto

#endif  // WIDEBERTH_CRYPTO_SHA256_H_
