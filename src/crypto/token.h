// Bearer tokens: JWS in compact form (RFC 7515) that carry JWT claims (RFC 7519).
//
//   TokenVerifier verifier({.issuers = {"https://auth.example"}, .audiences = {"node.example"}}, keys);
//   WB_ASSIGN_OR_RETURN(const auto claims, verifier.Verify(token, clock.Now()));
//   WB_RETURN_IF_ERROR(RequireScope(*claims, "wideberth.declare"));
//
// Accepted is a token that one of the keys signed under the algorithm that this key has (token_keys.h); whose header
// has no `crit` and no field twice; whose `iss` and `aud` are ours exactly; that has `sub` and `exp`; and whose times
// hold within limits::kTokenClockSkewUs: not expired, not before `nbf`, not issued in the future, not longer valid than
// limits::kTokenLifetimeMaxUs from now. Everything else is refused with kUnauthorized and a field such as
// "token.exp"; a token never appears in a refusal.
//
// Verified tokens are remembered by their SHA-256 until they expire, at most limits::kTokenCacheEntriesMax, so that a
// token costs its signature once. Changing the keys forgets them. Thread-safe.
#ifndef WIDEBERTH_CRYPTO_TOKEN_H_
#define WIDEBERTH_CRYPTO_TOKEN_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "crypto/ed25519.h"
#include "crypto/token_keys.h"

namespace wideberth::crypto {

struct Claims {
  std::string subject;
  std::string issuer;
  std::string audience;  // the one of the token's audiences that is ours
  std::vector<std::string> scopes;
  base::UtcMicros not_before{0};
  base::UtcMicros expires{0};

  bool HasScope(std::string_view scope) const;
};

// Refuses with kForbidden.
base::Result<void> RequireScope(const Claims& claims, std::string_view scope);

struct TokenPolicy {
  std::vector<std::string> issuers;    // `iss` must be one of them
  std::vector<std::string> audiences;  // `aud` must be or contain one of them
};

class TokenVerifier {
 public:
  TokenVerifier(TokenPolicy policy, TokenKeys keys);
  ~TokenVerifier();
  TokenVerifier(const TokenVerifier&) = delete;
  TokenVerifier& operator=(const TokenVerifier&) = delete;

  base::Result<std::shared_ptr<const Claims>> Verify(std::string_view token,
                                                     base::UtcMicros now) const;

  // Takes effect for every call that starts afterwards.
  void ReplaceKeys(TokenKeys keys);

  // How many tokens are remembered.
  size_t CachedTokens() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Issues tokens under an Ed25519 key: for development, demonstrations and tests (`wideberth token`).
struct TokenRequest {
  std::string issuer;
  std::string subject;
  std::string audience;
  std::vector<std::string> scopes;
  int64_t lifetime_us = int64_t{3600} * 1'000'000;
};

// The key id of the token is that of the public key. Refuses lifetimes that TokenVerifier would refuse.
base::Result<std::string> IssueToken(const TokenRequest& request, const SecretKey& key,
                                     base::UtcMicros now);

}  // namespace wideberth::crypto

#endif  // WIDEBERTH_CRYPTO_TOKEN_H_
