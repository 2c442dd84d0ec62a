#include "crypto/secret.h"

#include <sodium.h>

#include <algorithm>

#include "base/check.h"

namespace wideberth::crypto {
namespace {

void InitialiseSodium() {
  // Thread-safe, and needed once: it picks the fastest implementations and opens the random source.
  static const int state = sodium_init();
  CHECK_MSG(state >= 0, "libsodium could not be initialised");
}

}  // namespace

SecretBytes::SecretBytes(size_t size) : size_(size) {
  InitialiseSodium();
  data_.reset(static_cast<uint8_t*>(sodium_malloc(std::max<size_t>(size, 1))));
  CHECK_MSG(data_ != nullptr, "no memory for a secret");
  std::fill_n(data_.get(), size, uint8_t{0});
}

SecretBytes SecretBytes::CopyOf(base::ByteView bytes) {
  SecretBytes secret(bytes.size());
  std::copy(bytes.begin(), bytes.end(), secret.bytes().begin());
  return secret;
}

void SecretBytes::Free::operator()(uint8_t* data) const {
  sodium_free(data);
}

bool ConstantTimeEqual(base::ByteView a, base::ByteView b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

void Wipe(std::span<uint8_t> bytes) {
  sodium_memzero(bytes.data(), bytes.size());
}

}  // namespace wideberth::crypto
