#include "crypto/token.h"

#include <algorithm>
#include <array>
#include <mutex>
#include <unordered_map>

#include "base/limits.h"
#include "crypto/sha256.h"
#include "json/reader.h"
#include "json/writer.h"

namespace wideberth::crypto {

using base::ErrorCode;
using base::Result;
using base::UtcMicros;

namespace {

// The last moment that fits every calculation below; later than any time that is accepted (base/time.h).
constexpr double kNumericDateMax = 253'402'300'799;

base::Unexpected Refuse(std::string_view field, std::string_view rule,
                        std::string_view found = {}) {
  return base::Fail(ErrorCode::kUnauthorized, field, rule, found);
}

// A refusal of the JSON inside a token becomes one of the token.
base::Unexpected Refuse(std::string_view part, base::Error error) {
  error.code = ErrorCode::kUnauthorized;
  std::replace(error.field.begin(), error.field.end(), '/', '.');
  return base::Fail(std::move(error).Under(part));
}

struct Header {
  TokenAlgorithm algorithm = TokenAlgorithm::kEdDsa;
  std::string key_id;
};

constexpr json::EnumName<TokenAlgorithm> kAlgorithms[] = {
    {"RS256", TokenAlgorithm::kRs256},
    {"ES256", TokenAlgorithm::kEs256},
    {"EdDSA", TokenAlgorithm::kEdDsa},
};
enum class TokenType { kJwt, kAccessToken };
constexpr json::EnumName<TokenType> kTypes[] = {
    {"JWT", TokenType::kJwt},
    {"jwt", TokenType::kJwt},
    {"at+jwt", TokenType::kAccessToken},
    {"application/at+jwt", TokenType::kAccessToken},
};

// Fields such as jwk, jku and x5c are passed over: a token never brings its own key.
Result<Header> ReadHeader(std::string_view json) {
  WB_ASSIGN_OR_RETURN(const json::Document document,
                      json::Document::Parse(json, limits::kTokenBytesMax));
  WB_ASSIGN_OR_RETURN(json::Object object, document.root().AsObject());
  Header header;
  WB_ASSIGN_OR_RETURN(header.algorithm, object.RequiredEnum("alg", kAlgorithms));
  WB_RETURN_IF_ERROR(object.OptionalEnum("typ", kTypes));
  if (object.Find("crit")) return object.Refuse("crit", "must not be present: none is understood");
  WB_ASSIGN_OR_RETURN(const auto key_id, object.OptionalString("kid", limits::kTokenClaimBytesMax));
  header.key_id = key_id.value_or("");
  return header;
}

Result<UtcMicros> ReadDate(const json::Value& value) {
  WB_ASSIGN_OR_RETURN(const double seconds, value.AsDouble(0, kNumericDateMax));
  return UtcMicros{static_cast<int64_t>(seconds * 1e6)};
}

// `aud` is one text or a list of them.
Result<std::string> ReadAudience(json::Object& object, const std::vector<std::string>& ours) {
  WB_ASSIGN_OR_RETURN(const json::Value value, object.Required("aud"));
  const auto is_ours = [&](std::string_view audience) {
    return std::find(ours.begin(), ours.end(), audience) != ours.end();
  };
  if (value.kind() == json::Kind::kArray) {
    WB_ASSIGN_OR_RETURN(const json::Array audiences, value.AsArray(limits::kTokenScopesMax));
    for (const json::Value item : audiences) {
      WB_ASSIGN_OR_RETURN(const auto audience, item.AsString(limits::kTokenClaimBytesMax));
      if (is_ours(audience)) return std::string(audience);
    }
  } else {
    WB_ASSIGN_OR_RETURN(const auto audience, value.AsString(limits::kTokenClaimBytesMax));
    if (is_ours(audience)) return std::string(audience);
  }
  return value.Refuse("must be or contain an audience of this node");
}

// RFC 8693: words with single spaces between them.
Result<std::vector<std::string>> ReadScopes(json::Object& object) {
  std::vector<std::string> scopes;
  WB_ASSIGN_OR_RETURN(const auto text, object.OptionalString("scope", limits::kTokenBytesMax));
  std::string_view rest = text.value_or("");
  while (!rest.empty()) {
    const size_t end = std::min(rest.find(' '), rest.size());
    if (end > 0) {
      if (scopes.size() == limits::kTokenScopesMax) {
        return object.Refuse(
            "scope", "must have at most " + std::to_string(limits::kTokenScopesMax) + " words");
      }
      scopes.emplace_back(rest.substr(0, end));
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return scopes;
}

Result<Claims> ReadClaims(std::string_view json, const TokenPolicy& policy, UtcMicros now) {
  WB_ASSIGN_OR_RETURN(const json::Document document,
                      json::Document::Parse(json, limits::kTokenBytesMax));
  WB_ASSIGN_OR_RETURN(json::Object object, document.root().AsObject());
  Claims claims;
  WB_ASSIGN_OR_RETURN(claims.issuer, object.RequiredString("iss", limits::kTokenClaimBytesMax));
  if (std::find(policy.issuers.begin(), policy.issuers.end(), claims.issuer) ==
      policy.issuers.end()) {
    return object.Refuse("iss", "must be an issuer that this node trusts", claims.issuer);
  }
  WB_ASSIGN_OR_RETURN(claims.audience, ReadAudience(object, policy.audiences));
  WB_ASSIGN_OR_RETURN(claims.subject, object.RequiredString("sub", limits::kTokenClaimBytesMax));
  if (claims.subject.empty()) return object.Refuse("sub", "must not be empty");
  WB_ASSIGN_OR_RETURN(claims.scopes, ReadScopes(object));
  WB_ASSIGN_OR_RETURN(const json::Value exp, object.Required("exp"));
  WB_ASSIGN_OR_RETURN(claims.expires, ReadDate(exp));
  if (claims.expires.us - now.us > limits::kTokenLifetimeMaxUs + limits::kTokenClockSkewUs) {
    return exp.Refuse("must not lie more than 24 hours ahead");
  }
  if (const auto nbf = object.Find("nbf")) {
    WB_ASSIGN_OR_RETURN(claims.not_before, ReadDate(*nbf));
  }
  if (const auto iat = object.Find("iat")) {
    WB_ASSIGN_OR_RETURN(const UtcMicros issued, ReadDate(*iat));
    if (issued.us > now.us + limits::kTokenClockSkewUs) {
      return iat->Refuse("must not lie in the future");
    }
  }
  return claims;
}

Result<void> CheckTimes(const Claims& claims, UtcMicros now) {
  if (now.us >= claims.expires.us + limits::kTokenClockSkewUs) {
    return Refuse("token.exp", "must not have passed", base::FormatRfc3339(claims.expires));
  }
  if (now.us < claims.not_before.us - limits::kTokenClockSkewUs) {
    return Refuse("token.nbf", "must have passed", base::FormatRfc3339(claims.not_before));
  }
  return {};
}

struct Parts {
  std::string_view signed_text;  // header "." claims
  base::Bytes header;
  base::Bytes claims;
  base::Bytes signature;
};

Result<Parts> Split(std::string_view token) {
  const size_t first = token.find('.');
  const size_t second = first == token.npos ? token.npos : token.find('.', first + 1);
  if (second == token.npos || token.find('.', second + 1) != token.npos) {
    return Refuse("token", "must be three base64url parts with dots between them");
  }
  Parts parts;
  parts.signed_text = token.substr(0, second);
  auto header = base::Base64UrlDecode(token.substr(0, first));
  auto claims = base::Base64UrlDecode(token.substr(first + 1, second - first - 1));
  auto signature = base::Base64UrlDecode(token.substr(second + 1));
  if (!header || !claims || !signature || signature->empty()) {
    return Refuse("token", "must be three base64url parts with dots between them");
  }
  parts.header = std::move(*header);
  parts.claims = std::move(*claims);
  parts.signature = std::move(*signature);
  return parts;
}

// Claims of verified tokens. Each shard keeps the last that came, in a ring, so that a flood of good tokens costs
// memory for no more than the ring.
class Cache {
 public:
  std::shared_ptr<const Claims> Find(const base::Digest& token) const {
    const Shard& shard = ShardOf(token);
    const std::lock_guard lock(shard.mutex);
    const auto it = shard.claims.find(token);
    return it == shard.claims.end() ? nullptr : it->second;
  }

  void Add(const base::Digest& token, std::shared_ptr<const Claims> claims) {
    Shard& shard = ShardOf(token);
    const std::lock_guard lock(shard.mutex);
    if (!shard.claims.emplace(token, std::move(claims)).second) return;
    if (shard.ring.size() < kEntriesPerShard) {
      shard.ring.push_back(token);
      return;
    }
    shard.claims.erase(shard.ring[shard.oldest]);
    shard.ring[shard.oldest] = token;
    shard.oldest = (shard.oldest + 1) % kEntriesPerShard;
  }

  size_t size() const {
    size_t size = 0;
    for (const Shard& shard : shards_) {
      const std::lock_guard lock(shard.mutex);
      size += shard.claims.size();
    }
    return size;
  }

 private:
  static constexpr size_t kShards = 16;
  static constexpr size_t kEntriesPerShard = limits::kTokenCacheEntriesMax / kShards;

  struct Shard {
    mutable std::mutex mutex;
    std::unordered_map<base::Digest, std::shared_ptr<const Claims>, base::DigestHash> claims;
    std::vector<base::Digest> ring;
    size_t oldest = 0;
  };

  Shard& ShardOf(const base::Digest& token) { return shards_[token.bytes[31] % kShards]; }
  const Shard& ShardOf(const base::Digest& token) const {
    return shards_[token.bytes[31] % kShards];
  }

  std::array<Shard, kShards> shards_;
};

// Keys and what they verified belong together: replacing the keys replaces both.
struct KeysAndCache {
  TokenKeys keys;
  Cache cache;
};

}  // namespace

bool Claims::HasScope(std::string_view scope) const {
  return std::find(scopes.begin(), scopes.end(), scope) != scopes.end();
}

Result<void> RequireScope(const Claims& claims, std::string_view scope) {
  if (claims.HasScope(scope)) return {};
  return base::Fail(ErrorCode::kForbidden, "token.scope", "must include " + std::string(scope),
                    std::to_string(claims.scopes.size()) + " other scopes");
}

struct TokenVerifier::Impl {
  TokenPolicy policy;
  mutable std::mutex mutex;
  std::shared_ptr<KeysAndCache> state;  // guarded by mutex

  std::shared_ptr<KeysAndCache> State() const {
    const std::lock_guard lock(mutex);
    return state;
  }
};

TokenVerifier::TokenVerifier(TokenPolicy policy, TokenKeys keys) : impl_(std::make_unique<Impl>()) {
  impl_->policy = std::move(policy);
  ReplaceKeys(std::move(keys));
}

TokenVerifier::~TokenVerifier() = default;

void TokenVerifier::ReplaceKeys(TokenKeys keys) {
  auto state = std::make_shared<KeysAndCache>();
  state->keys = std::move(keys);
  const std::lock_guard lock(impl_->mutex);
  impl_->state = std::move(state);
}

size_t TokenVerifier::CachedTokens() const {
  return impl_->State()->cache.size();
}

Result<std::shared_ptr<const Claims>> TokenVerifier::Verify(std::string_view token,
                                                            UtcMicros now) const {
  if (token.size() > limits::kTokenBytesMax) {
    return Refuse("token", "must have at most " + std::to_string(limits::kTokenBytesMax) + " bytes",
                  std::to_string(token.size()) + " bytes");
  }
  const std::shared_ptr<KeysAndCache> state = impl_->State();
  const base::Digest digest = Sha256(base::AsBytes(token));
  if (std::shared_ptr<const Claims> known = state->cache.Find(digest)) {
    WB_RETURN_IF_ERROR(CheckTimes(*known, now));
    return known;
  }
  WB_ASSIGN_OR_RETURN(const Parts parts, Split(token));
  Result<Header> header = ReadHeader(base::AsText(parts.header));
  if (!header) return Refuse("token.header", std::move(header).error());
  if (!state->keys.Verify(header->algorithm, header->key_id, base::AsBytes(parts.signed_text),
                          parts.signature)) {
    return Refuse("token", "must be signed by a key that this node trusts",
                  TokenAlgorithmName(header->algorithm));
  }
  Result<Claims> claims = ReadClaims(base::AsText(parts.claims), impl_->policy, now);
  if (!claims) return Refuse("token", std::move(claims).error());
  WB_RETURN_IF_ERROR(CheckTimes(*claims, now));
  auto shared = std::make_shared<const Claims>(std::move(*claims));
  state->cache.Add(digest, shared);
  return shared;
}

Result<std::string> IssueToken(const TokenRequest& request, const SecretKey& key, UtcMicros now) {
  if (request.lifetime_us <= 0 || request.lifetime_us > limits::kTokenLifetimeMaxUs) {
    return base::Invalid("lifetime", "must be more than nothing and at most 24 hours",
                         std::to_string(request.lifetime_us / base::kMicrosPerSecond) + " s");
  }
  std::string header;
  json::Writer header_json(&header);
  header_json.BeginObject();
  header_json.StringField("alg", "EdDSA");
  header_json.StringField("kid", key.public_key().KeyId());
  header_json.StringField("typ", "JWT");
  header_json.EndObject();
  std::string scope;
  for (const std::string& word : request.scopes)
    scope.append(scope.empty() ? "" : " ").append(word);
  std::string claims;
  json::Writer claims_json(&claims);
  claims_json.BeginObject();
  claims_json.StringField("iss", request.issuer);
  claims_json.StringField("sub", request.subject);
  claims_json.StringField("aud", request.audience);
  claims_json.StringField("scope", scope);
  claims_json.Int64Field("iat", now.us / base::kMicrosPerSecond);
  claims_json.Int64Field("exp", (now.us + request.lifetime_us) / base::kMicrosPerSecond);
  claims_json.EndObject();
  std::string token = base::Base64UrlEncode(base::AsBytes(header)) + "." +
                      base::Base64UrlEncode(base::AsBytes(claims));
  const Signature signature = key.Sign(base::AsBytes(token));
  token.append(".").append(base::Base64UrlEncode(signature));
  return token;
}

}  // namespace wideberth::crypto
