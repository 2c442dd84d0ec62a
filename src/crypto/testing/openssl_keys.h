// Keys and signatures made by OpenSSL itself, for tests: the other side of token verification.
#ifndef WIDEBERTH_CRYPTO_TESTING_OPENSSL_KEYS_H_
#define WIDEBERTH_CRYPTO_TESTING_OPENSSL_KEYS_H_

#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace wideberth::crypto::testing {

class OpensslKey {
 public:
  static OpensslKey Rsa(unsigned bits);
  static OpensslKey Ec(std::string_view curve);  // "P-256", "P-384"
  static OpensslKey Ed25519();
  static OpensslKey FromPrivatePem(std::string_view pem);
  ~OpensslKey();
  OpensslKey(OpensslKey&&) noexcept;

  std::string PublicPem() const;
  std::string PrivatePem() const;
  // One JWK with this key id; "" leaves the id out.
  std::string Jwk(std::string_view key_id) const;
  // A JWS signature: RSA PKCS #1 v1.5 with SHA-256, ECDSA with SHA-256 as r || s, or Ed25519.
  base::Bytes SignJws(std::string_view text) const;

 private:
  struct Impl;
  explicit OpensslKey(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Whether OpenSSL accepts an Ed25519 signature under a public key in PEM.
bool OpensslVerifiesEd25519(std::string_view public_pem, base::ByteView message,
                            base::ByteView signature);

// header "." claims "." signature, from the JSON of the first two.
std::string MakeToken(const OpensslKey& key, std::string_view header, std::string_view claims);
// base64url(header) "." base64url(claims)
std::string SigningInput(std::string_view header, std::string_view claims);
// HMAC-SHA-256, for the forger who uses a public key as a shared secret.
base::Bytes HmacSha256(std::string_view key, std::string_view text);

}  // namespace wideberth::crypto::testing

#endif  // WIDEBERTH_CRYPTO_TESTING_OPENSSL_KEYS_H_
