// Ed25519 signatures (RFC 8032), by libsodium, strictly.
//
// Verification refuses what lets one signature fit several messages or be changed by a stranger: low-order and
// non-canonical keys, low-order and non-canonical R, and S that is not below the group order. Of the 914 edge cases
// of the CCTV collection it accepts the 43 that libsodium accepts. Importing a key is stricter still: it must be a
// canonical point of the prime-order group, as every honestly made key is, or it is refused.
//
// Signing is deterministic: the same key and message give the same signature. All functions are thread-safe. Signing
// takes about 25 us and verifying about 60 us.
#ifndef WIDEBERTH_CRYPTO_ED25519_H_
#define WIDEBERTH_CRYPTO_ED25519_H_

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/secret.h"

namespace wideberth::crypto {

inline constexpr size_t kEd25519KeyBytes = 32;
inline constexpr size_t kEd25519SignatureBytes = 64;

using Signature = std::array<uint8_t, kEd25519SignatureBytes>;

// A checked public key.
class PublicKey {
 public:
  static base::Result<PublicKey> FromBytes(base::ByteView bytes);
  static base::Result<PublicKey> FromHex(std::string_view text);
  // The SubjectPublicKeyInfo PEM that `openssl pkey -pubout` writes.
  static base::Result<PublicKey> FromPem(std::string_view pem);

  const std::array<uint8_t, kEd25519KeyBytes>& bytes() const { return bytes_; }
  std::string ToHex() const { return base::HexEncode(bytes_); }
  std::string ToPem() const;
  // The first 16 hex digits of the SHA-256 of the key: a hint which key signed, never a proof.
  std::string KeyId() const;

  [[nodiscard]] bool Verify(base::ByteView message, base::ByteView signature) const;

  auto operator<=>(const PublicKey&) const = default;

 private:
  friend class SecretKey;
  PublicKey() = default;
  std::array<uint8_t, kEd25519KeyBytes> bytes_{};
};

// A signing key in wiped memory.
class SecretKey {
 public:
  static SecretKey Generate();  // from the system's random generator
  // The 32-byte seed of RFC 8032.
  static base::Result<SecretKey> FromSeed(base::ByteView seed);
  // The unencrypted PKCS #8 PEM that `openssl genpkey -algorithm ed25519` writes.
  static base::Result<SecretKey> FromPem(std::string_view pem);

  Signature Sign(base::ByteView message) const;
  // HMAC-SHA-256 of `message` under the seed: what nobody guesses who has not the key. A tenth of a signature's cost.
  base::Digest Hmac(base::ByteView message) const;
  const PublicKey& public_key() const { return public_key_; }

  SecretBytes Seed() const;
  SecretBytes ToPem() const;

 private:
  explicit SecretKey(SecretBytes expanded);
  SecretBytes expanded_;  // seed and public key, as libsodium keeps them
  PublicKey public_key_;
};

// Verification under a key that was not imported: the rules of the first paragraph on all three parts. Refuses wrong
// lengths.
[[nodiscard]] bool VerifyEd25519(base::ByteView public_key, base::ByteView message,
                                 base::ByteView signature);

}  // namespace wideberth::crypto

#endif  // WIDEBERTH_CRYPTO_ED25519_H_
