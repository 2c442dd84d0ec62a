#include "crypto/sha256.h"

#include <openssl/evp.h>

#include "base/check.h"

namespace wideberth::crypto {
namespace {

// Looking an algorithm up by name costs more than hashing a short text, so it is done once.
const EVP_MD* Algorithm() {
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  CHECK_MSG(algorithm != nullptr, "OpenSSL has no SHA-256");
  return algorithm;
}

struct ContextFree {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MD_CTX, ContextFree>;

void Start(EVP_MD_CTX* context) {
  CHECK(context != nullptr && EVP_DigestInit_ex2(context, Algorithm(), nullptr) == 1);
}

base::Digest Finish(EVP_MD_CTX* context) {
  base::Digest digest;
  unsigned int size = 0;
  CHECK(EVP_DigestFinal_ex(context, digest.bytes.data(), &size) == 1 &&
        size == digest.bytes.size());
  return digest;
}

}  // namespace

struct Sha256Hasher::Impl {
  Context context{EVP_MD_CTX_new()};
};

base::Digest Sha256(base::ByteView bytes) {
  static thread_local const Context context(EVP_MD_CTX_new());
  Start(context.get());
  CHECK(EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) == 1);
  return Finish(context.get());
}

Sha256Hasher::Sha256Hasher() : impl_(std::make_unique<Impl>()) {
  Start(impl_->context.get());
}
Sha256Hasher::~Sha256Hasher() = default;
Sha256Hasher::Sha256Hasher(Sha256Hasher&&) noexcept = default;
Sha256Hasher& Sha256Hasher::operator=(Sha256Hasher&&) noexcept = default;

void Sha256Hasher::Update(base::ByteView bytes) {
  CHECK(EVP_DigestUpdate(impl_->context.get(), bytes.data(), bytes.size()) == 1);
}

base::Digest Sha256Hasher::Finish() {
  const base::Digest digest = crypto::Finish(impl_->context.get());
  Start(impl_->context.get());
  return digest;
}

}  // namespace wideberth::crypto
