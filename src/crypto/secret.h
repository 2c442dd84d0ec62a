// Memory for keys and passphrases: locked where the system allows it, between guard pages, and wiped when it is freed.
#ifndef WIDEBERTH_CRYPTO_SECRET_H_
#define WIDEBERTH_CRYPTO_SECRET_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/bytes.h"

namespace wideberth::crypto {

// A fixed number of secret bytes. Move-only, so that a secret has one place; never logged, never compared with ==.
class SecretBytes {
 public:
  explicit SecretBytes(size_t size);  // zeros
  static SecretBytes CopyOf(base::ByteView bytes);
  static SecretBytes CopyOf(std::string_view text) { return CopyOf(base::AsBytes(text)); }

  size_t size() const { return size_; }
  std::span<uint8_t> bytes() { return {data_.get(), size_}; }
  base::ByteView bytes() const { return {data_.get(), size_}; }

 private:
  struct Free {
    void operator()(uint8_t* data) const;
  };
  std::unique_ptr<uint8_t[], Free> data_;
  size_t size_;
};

// Whether two byte strings are equal, in a time that depends on their length only.
bool ConstantTimeEqual(base::ByteView a, base::ByteView b);

// Overwrites memory in a way that the compiler does not remove.
void Wipe(std::span<uint8_t> bytes);

}  // namespace wideberth::crypto

#endif  // WIDEBERTH_CRYPTO_SECRET_H_
