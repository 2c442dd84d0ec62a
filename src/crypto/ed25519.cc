#include "crypto/ed25519.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sodium.h>

#include <algorithm>
#include <memory>

#include "base/check.h"
#include "base/limits.h"
#include "crypto/sha256.h"

namespace wideberth::crypto {

using base::Invalid;
using base::Result;

namespace {

template <auto kFree>
struct FreeWith {
  template <class T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using Bio = std::unique_ptr<BIO, FreeWith<BIO_free_all>>;
using Pkey = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;

// An encrypted PEM asks for a passphrase by this; without it OpenSSL would ask on the terminal.
int NoPassphrase(char*, int, int, void*) {
  return -1;
}

// A reader of a PEM text; null for texts that are too long to be a key.
Bio OpenPem(std::string_view pem) {
  if (pem.size() > limits::kKeyFileBytesMax) return nullptr;
  return Bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

base::ByteView Contents(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return base::AsBytes({data, static_cast<size_t>(size)});
}

}  // namespace

bool VerifyEd25519(base::ByteView public_key, base::ByteView message, base::ByteView signature) {
  return public_key.size() == crypto_sign_PUBLICKEYBYTES && signature.size() == crypto_sign_BYTES &&
         crypto_sign_verify_detached(signature.data(), message.data(), message.size(),
                                     public_key.data()) == 0;
}

// -------------------------------------------------------------------------------------- PublicKey

Result<PublicKey> PublicKey::FromBytes(base::ByteView bytes) {
  if (bytes.size() != kEd25519KeyBytes) {
    return Invalid("", "must be an Ed25519 public key of 32 bytes",
                   std::to_string(bytes.size()) + " bytes");
  }
  if (crypto_core_ed25519_is_valid_point(bytes.data()) != 1) {
    return Invalid("", "must be a canonical Ed25519 point of prime order", base::HexEncode(bytes));
  }
  PublicKey key;
  std::copy(bytes.begin(), bytes.end(), key.bytes_.begin());
  return key;
}

Result<PublicKey> PublicKey::FromHex(std::string_view text) {
  WB_ASSIGN_OR_RETURN(const base::Bytes bytes, base::HexDecode(text));
  return FromBytes(bytes);
}

Result<PublicKey> PublicKey::FromPem(std::string_view pem) {
  const Bio bio = OpenPem(pem);
  const Pkey pkey(bio == nullptr ? nullptr
                                 : PEM_read_bio_PUBKEY(bio.get(), nullptr, NoPassphrase, nullptr));
  ERR_clear_error();
  std::array<uint8_t, kEd25519KeyBytes> bytes{};
  size_t size = bytes.size();
  if (pkey == nullptr || EVP_PKEY_get_id(pkey.get()) != EVP_PKEY_ED25519 ||
      EVP_PKEY_get_raw_public_key(pkey.get(), bytes.data(), &size) != 1) {
    ERR_clear_error();
    return Invalid("", "must be the PEM of an Ed25519 public key");
  }
  return FromBytes(bytes);
}

std::string PublicKey::ToPem() const {
  const Pkey pkey(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_.data(), bytes_.size()));
  const Bio bio(BIO_new(BIO_s_mem()));
  CHECK(pkey != nullptr && bio != nullptr && PEM_write_bio_PUBKEY(bio.get(), pkey.get()) == 1);
  return std::string(base::AsText(Contents(bio.get())));
}

std::string PublicKey::KeyId() const {
  return Sha256(bytes_).ToHex().substr(0, 16);
}

bool PublicKey::Verify(base::ByteView message, base::ByteView signature) const {
  return VerifyEd25519(bytes_, message, signature);
}

// -------------------------------------------------------------------------------------- SecretKey

SecretKey::SecretKey(SecretBytes expanded) : expanded_(std::move(expanded)) {
  std::copy_n(expanded_.bytes().begin() + crypto_sign_SEEDBYTES, kEd25519KeyBytes,
              public_key_.bytes_.begin());
}

SecretKey SecretKey::Generate() {
  SecretBytes seed(crypto_sign_SEEDBYTES);
  randombytes_buf(seed.bytes().data(), seed.size());
  Result<SecretKey> key = FromSeed(seed.bytes());
  return std::move(key).value();
}

Result<SecretKey> SecretKey::FromSeed(base::ByteView seed) {
  if (seed.size() != crypto_sign_SEEDBYTES) {
    return Invalid("", "must be an Ed25519 seed of 32 bytes",
                   std::to_string(seed.size()) + " bytes");
  }
  SecretBytes expanded(crypto_sign_SECRETKEYBYTES);
  std::array<uint8_t, kEd25519KeyBytes> unused;
  CHECK(crypto_sign_seed_keypair(unused.data(), expanded.bytes().data(), seed.data()) == 0);
  return SecretKey(std::move(expanded));
}

Result<SecretKey> SecretKey::FromPem(std::string_view pem) {
  const Bio bio = OpenPem(pem);
  const Pkey pkey(bio == nullptr
                      ? nullptr
                      : PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassphrase, nullptr));
  ERR_clear_error();
  SecretBytes seed(crypto_sign_SEEDBYTES);
  size_t size = seed.size();
  if (pkey == nullptr || EVP_PKEY_get_id(pkey.get()) != EVP_PKEY_ED25519 ||
      EVP_PKEY_get_raw_private_key(pkey.get(), seed.bytes().data(), &size) != 1) {
    ERR_clear_error();
    // What was found is not shown: it may be a key.
    return Invalid("", "must be the unencrypted PKCS #8 PEM of an Ed25519 key");
  }
  return FromSeed(seed.bytes());
}

Signature SecretKey::Sign(base::ByteView message) const {
  Signature signature;
  CHECK(crypto_sign_detached(signature.data(), nullptr, message.data(), message.size(),
                             expanded_.bytes().data()) == 0);
  return signature;
}

base::Digest SecretKey::Hmac(base::ByteView message) const {
  static_assert(crypto_auth_hmacsha256_KEYBYTES == crypto_sign_SEEDBYTES);
  base::Digest digest;
  static_assert(sizeof digest.bytes == crypto_auth_hmacsha256_BYTES);
  crypto_auth_hmacsha256(digest.bytes.data(), message.data(), message.size(),
                         expanded_.bytes().data());
  return digest;
}

SecretBytes SecretKey::Seed() const {
  return SecretBytes::CopyOf(expanded_.bytes().first(crypto_sign_SEEDBYTES));
}

SecretBytes SecretKey::ToPem() const {
  const Pkey pkey(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, expanded_.bytes().data(),
                                               crypto_sign_SEEDBYTES));
  const Bio bio(BIO_new(BIO_s_secmem()));
  CHECK(pkey != nullptr && bio != nullptr &&
        PEM_write_bio_PKCS8PrivateKey(bio.get(), pkey.get(), nullptr, nullptr, 0, nullptr,
                                      nullptr) == 1);
  return SecretBytes::CopyOf(Contents(bio.get()));
}

}  // namespace wideberth::crypto
