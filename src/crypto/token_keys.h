// The public keys that bearer tokens are verified with.
//
// Each key is bound to one algorithm by what it is: RSA of 2048 to 8192 bits to RS256, P-256 to ES256, Ed25519 to
// EdDSA. What a token says about its algorithm never chooses how a key is used; it must name the one that the key has.
// There are no shared-secret keys, so a public key cannot be mistaken for one.
#ifndef WIDEBERTH_CRYPTO_TOKEN_KEYS_H_
#define WIDEBERTH_CRYPTO_TOKEN_KEYS_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace wideberth::crypto {

enum class TokenAlgorithm { kRs256, kEs256, kEdDsa };

// "RS256", "ES256", "EdDSA".
std::string_view TokenAlgorithmName(TokenAlgorithm algorithm);

// An immutable set of keys; copies share them. Thread-safe.
class TokenKeys {
 public:
  TokenKeys() = default;  // none: every token is refused

  // One key from a SubjectPublicKeyInfo PEM; `key_id` may be empty.
  static base::Result<TokenKeys> FromPem(std::string_view pem, std::string_view key_id = {});
  // The keys of an RFC 7517 key set. Keys of kinds, curves and uses that tokens are not signed with are passed over;
  // a malformed key of a kind we use, two keys of one id and a set without a usable key are refused.
  static base::Result<TokenKeys> FromJwks(std::string_view json);
  // All keys of both. At most limits::kTokenKeysMax are kept; more are refused.
  static base::Result<TokenKeys> Merge(const TokenKeys& a, const TokenKeys& b);

  size_t size() const { return keys_.size(); }

  // Whether a key that may be meant by `key_id` ("" = none given) and has `algorithm` signed `message`. A key without
  // an id may be meant by any id.
  [[nodiscard]] bool Verify(TokenAlgorithm algorithm, std::string_view key_id,
                            base::ByteView message, base::ByteView signature) const;

 private:
  struct Key;
  friend struct TokenKeyReader;
  std::vector<std::shared_ptr<const Key>> keys_;
};

}  // namespace wideberth::crypto

#endif  // WIDEBERTH_CRYPTO_TOKEN_KEYS_H_
