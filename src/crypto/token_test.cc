#include "crypto/token.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "base/limits.h"
#include "crypto/testing/openssl_keys.h"

namespace wideberth::crypto {
namespace {

using base::ErrorCode;
using base::UtcMicros;
using testing::MakeToken;
using testing::OpensslKey;

constexpr UtcMicros kNow{int64_t{1'795'255'200} * 1'000'000};
constexpr int64_t kNowS = 1'795'255'200;

const OpensslKey& RsaKey() {
  static const OpensslKey key = OpensslKey::Rsa(2048);
  return key;
}
const OpensslKey& EcKey() {
  static const OpensslKey key = OpensslKey::Ec("P-256");
  return key;
}
const OpensslKey& EdKey() {
  static const OpensslKey key = OpensslKey::Ed25519();
  return key;
}

TokenPolicy Policy() {
  return {{"https://auth.example"}, {"node.example", "localhost"}};
}

TokenKeys AllKeys() {
  return TokenKeys::FromJwks("{\"keys\":[" + RsaKey().Jwk("rsa") + "," + EcKey().Jwk("ec") + "," +
                             EdKey().Jwk("ed") + "]}")
      .value();
}

std::string ClaimsJson(std::string_view more = {}, int64_t exp_s = kNowS + 3600,
                       std::string_view iss = "https://auth.example",
                       std::string_view aud = "\"node.example\"") {
  return "{\"iss\":\"" + std::string(iss) + "\",\"sub\":\"party\",\"aud\":" + std::string(aud) +
         ",\"scope\":\"wideberth.declare wideberth.read\",\"exp\":" + std::to_string(exp_s) +
         std::string(more) + "}";
}

TEST(Token, AcceptsEachAlgorithmUnderItsKey) {
  const TokenVerifier verifier(Policy(), AllKeys());
  const std::pair<const OpensslKey*, std::string> cases[] = {
      {&RsaKey(), R"({"alg":"RS256","typ":"JWT","kid":"rsa"})"},
      {&EcKey(), R"({"alg":"ES256","kid":"ec","typ":"at+jwt"})"},
      {&EdKey(), R"({"alg":"EdDSA","kid":"ed"})"},
      {&RsaKey(), R"({"alg":"RS256"})"},
      {&EcKey(), R"({"alg":"ES256"})"},
      {&EdKey(), R"({"alg":"EdDSA","jku":"https://evil.example"})"},
  };
  for (const auto& [key, header] : cases) {
    const auto claims = verifier.Verify(MakeToken(*key, header, ClaimsJson()), kNow);
    ASSERT_TRUE(claims.has_value()) << header << ": " << claims.error().ToString();
    EXPECT_EQ((*claims)->subject, "party");
    EXPECT_EQ((*claims)->issuer, "https://auth.example");
    EXPECT_EQ((*claims)->audience, "node.example");
    EXPECT_EQ((*claims)->scopes, (std::vector<std::string>{"wideberth.declare", "wideberth.read"}));
    EXPECT_EQ((*claims)->expires.us, (kNowS + 3600) * 1'000'000);
    EXPECT_TRUE(RequireScope(**claims, "wideberth.read").has_value());
    EXPECT_EQ(RequireScope(**claims, "wideberth").error().code, ErrorCode::kForbidden);
  }
}

TEST(Token, PemKeysWorkWithAndWithoutAnId) {
  for (const OpensslKey* key : {&RsaKey(), &EcKey(), &EdKey()}) {
    const std::string alg = key == &RsaKey() ? "RS256" : key == &EcKey() ? "ES256" : "EdDSA";
    const std::string named =
        MakeToken(*key, "{\"alg\":\"" + alg + "\",\"kid\":\"k1\"}", ClaimsJson());
    const std::string other =
        MakeToken(*key, "{\"alg\":\"" + alg + "\",\"kid\":\"k2\"}", ClaimsJson());
    const TokenVerifier any(Policy(), TokenKeys::FromPem(key->PublicPem()).value());
    EXPECT_TRUE(any.Verify(named, kNow).has_value());
    EXPECT_TRUE(any.Verify(other, kNow).has_value());
    const TokenVerifier one(Policy(), TokenKeys::FromPem(key->PublicPem(), "k1").value());
    EXPECT_TRUE(one.Verify(named, kNow).has_value());
    EXPECT_EQ(one.Verify(other, kNow).error().rule,
              "must be signed by a key that this node trusts");
  }
}

void ExpectRefused(const TokenVerifier& verifier, const std::string& token, std::string_view field,
                   std::string_view rule) {
  const auto claims = verifier.Verify(token, kNow);
  ASSERT_FALSE(claims.has_value()) << field << " " << rule;
  EXPECT_EQ(claims.error().code, ErrorCode::kUnauthorized);
  EXPECT_EQ(claims.error().field, field) << claims.error().ToString();
  EXPECT_EQ(claims.error().rule.substr(0, rule.size()), rule) << claims.error().ToString();
}

TEST(Token, RefusesConfusedAlgorithms) {
  const TokenVerifier verifier(Policy(), AllKeys());
  constexpr std::string_view kSigned = "must be signed by a key";
  constexpr std::string_view kAlg = "must be one of RS256 ES256 EdDSA";
  // "none", in any spelling, with and without a signature.
  for (const std::string_view none : {"none", "None", "NONE", ""}) {
    const std::string header = "{\"alg\":\"" + std::string(none) + "\"}";
    ExpectRefused(verifier, testing::SigningInput(header, ClaimsJson()) + ".", "token",
                  "must be three base64url parts");
    ExpectRefused(verifier, testing::SigningInput(header, ClaimsJson()) + ".AAAA",
                  "token.header.alg", kAlg);
  }
  // A public key as the secret of an HMAC.
  for (const OpensslKey* key : {&RsaKey(), &EcKey(), &EdKey()}) {
    const std::string input = testing::SigningInput(R"({"alg":"HS256"})", ClaimsJson());
    const std::string mac = base::Base64UrlEncode(testing::HmacSha256(key->PublicPem(), input));
    ExpectRefused(verifier, input + "." + mac, "token.header.alg", kAlg);
    const std::string as_rsa = testing::SigningInput(R"({"alg":"RS256"})", ClaimsJson());
    ExpectRefused(
        verifier,
        as_rsa + "." + base::Base64UrlEncode(testing::HmacSha256(key->PublicPem(), as_rsa)),
        "token", kSigned);
  }
  // A good signature under the wrong name of its algorithm, or under the id of another key.
  ExpectRefused(verifier, MakeToken(EcKey(), R"({"alg":"RS256"})", ClaimsJson()), "token", kSigned);
  ExpectRefused(verifier, MakeToken(RsaKey(), R"({"alg":"ES256"})", ClaimsJson()), "token",
                kSigned);
  ExpectRefused(verifier, MakeToken(EdKey(), R"({"alg":"ES256"})", ClaimsJson()), "token", kSigned);
  ExpectRefused(verifier, MakeToken(EdKey(), R"({"alg":"EdDSA","kid":"rsa"})", ClaimsJson()),
                "token", kSigned);
  for (const std::string_view alg : {"RS512", "PS256", "ES384", "rs256", "EDDSA", "Ed25519"}) {
    ExpectRefused(verifier,
                  MakeToken(RsaKey(), "{\"alg\":\"" + std::string(alg) + "\"}", ClaimsJson()),
                  "token.header.alg", kAlg);
  }
}

TEST(Token, RefusesBrokenHeaders) {
  const TokenVerifier verifier(Policy(), AllKeys());
  const auto refused = [&](std::string_view header, std::string_view field, std::string_view rule) {
    ExpectRefused(verifier, MakeToken(EdKey(), header, ClaimsJson()), field, rule);
  };
  refused(R"({"alg":"EdDSA","alg":"EdDSA"})", "token.header.alg", "must stand only once");
  refused(R"({"alg":"EdDSA","kid":"ed","kid":"ed"})", "token.header.kid", "must stand only once");
  refused(R"({"alg":"EdDSA","crit":["exp"],"exp":1})", "token.header.crit", "must not be present");
  refused(R"({"alg":"EdDSA","crit":[]})", "token.header.crit", "must not be present");
  refused(R"({"alg":"EdDSA","typ":"JWE"})", "token.header.typ", "must be one of");
  refused(R"({"alg":"EdDSA","kid":7})", "token.header.kid", "must be a string");
  refused(R"({"kid":"ed"})", "token.header.alg", "must be present");
  refused(R"({"alg":["EdDSA"]})", "token.header.alg", "must be a string");
  refused("[]", "token.header", "must be an object");
  refused("", "token.header", "must be one JSON value");
  refused("{\"alg\":\"EdDSA\"", "token.header", "must have a comma or }");
}

TEST(Token, RefusesForgeries) {
  const TokenVerifier verifier(Policy(), AllKeys());
  for (const OpensslKey* key : {&RsaKey(), &EcKey(), &EdKey()}) {
    const std::string alg = key == &RsaKey() ? "RS256" : key == &EcKey() ? "ES256" : "EdDSA";
    const std::string token = MakeToken(*key, "{\"alg\":\"" + alg + "\"}", ClaimsJson());
    ASSERT_TRUE(verifier.Verify(token, kNow).has_value());
    // Every changed character refuses, whether or not the token it came from is remembered.
    for (size_t i = 0; i < token.size(); ++i) {
      std::string changed = token;
      changed[i] = changed[i] == 'A' ? 'B' : 'A';
      ASSERT_FALSE(verifier.Verify(changed, kNow).has_value()) << i;
    }
    ASSERT_FALSE(verifier.Verify(token + "A", kNow).has_value());
    ASSERT_FALSE(verifier.Verify(token + "=", kNow).has_value());
    ASSERT_FALSE(verifier.Verify(token + ".AAAA", kNow).has_value());
    ASSERT_FALSE(verifier.Verify(token.substr(0, token.size() - 4), kNow).has_value());
    ASSERT_FALSE(verifier.Verify(" " + token, kNow).has_value());
  }
  const OpensslKey stranger = OpensslKey::Ed25519();
  ExpectRefused(verifier, MakeToken(stranger, R"({"alg":"EdDSA","kid":"ed"})", ClaimsJson()),
                "token", "must be signed by a key that this node trusts");
  for (const std::string_view bad : {"", ".", "..", "...", "a.b", "a.b.c", "AAAA.AAAA.AAAA"}) {
    EXPECT_FALSE(verifier.Verify(bad, kNow).has_value()) << bad;
  }
  ExpectRefused(verifier, std::string(limits::kTokenBytesMax + 1, 'A'), "token",
                "must have at most 8192 bytes");
  EXPECT_FALSE(TokenVerifier(Policy(), TokenKeys())
                   .Verify(MakeToken(EdKey(), R"({"alg":"EdDSA"})", ClaimsJson()), kNow)
                   .has_value());
}

TEST(Token, RefusesClaimsThatAreNotForUs) {
  const TokenVerifier verifier(Policy(), AllKeys());
  const auto refused = [&](const std::string& claims, std::string_view field,
                           std::string_view rule) {
    ExpectRefused(verifier, MakeToken(EdKey(), R"({"alg":"EdDSA"})", claims), field, rule);
  };
  const int64_t exp = kNowS + 3600;
  refused(ClaimsJson("", exp, "https://auth.example/"), "token.iss", "must be an issuer");
  refused(ClaimsJson("", exp, "https://AUTH.example"), "token.iss", "must be an issuer");
  refused(ClaimsJson("", exp, ""), "token.iss", "must be an issuer");
  refused(ClaimsJson("", exp, "https://auth.example", "\"other\""), "token.aud",
          "must be or contain");
  refused(ClaimsJson("", exp, "https://auth.example", "\"node.example.evil\""), "token.aud",
          "must be or");
  refused(ClaimsJson("", exp, "https://auth.example", "[]"), "token.aud", "must be or contain");
  refused(ClaimsJson("", exp, "https://auth.example", "[\"x\",7]"), "token.aud.1",
          "must be a string");
  refused(ClaimsJson("", exp, "https://auth.example", "null"), "token.aud", "must be a string");
  refused(R"({"iss":"https://auth.example","aud":"localhost","exp":1795255300})", "token.sub",
          "must be");
  refused(R"({"iss":"https://auth.example","aud":"localhost","sub":"","exp":1795255300})",
          "token.sub", "must not be empty");
  refused(R"({"iss":"https://auth.example","aud":"localhost","sub":"p"})", "token.exp",
          "must be present");
  refused(R"({"aud":"localhost","sub":"p","exp":1795255300})", "token.iss", "must be present");
  refused(R"({"iss":"https://auth.example","sub":"p","exp":1795255300})", "token.aud",
          "must be present");
  refused(ClaimsJson(",\"sub\":\"admin\""), "token.sub", "must stand only once");
  refused(ClaimsJson(",\"iss2\":1e400"), "token.iss2", "must be a number that");
  refused("[]", "token", "must be an object");
  std::string many =
      R"({"iss":"https://auth.example","aud":"localhost","sub":"p","exp":1795255300,"scope":")";
  for (size_t i = 0; i <= limits::kTokenScopesMax; ++i) many += "s" + std::to_string(i) + " ";
  refused(many + "\"}", "token.scope", "must have at most 64 words");
  EXPECT_TRUE(
      verifier
          .Verify(MakeToken(EdKey(), R"({"alg":"EdDSA"})",
                            ClaimsJson("", exp, "https://auth.example", "[\"x\",\"localhost\"]")),
                  kNow)
          .has_value());
}

TEST(Token, HoldsTimesWithinTheAgreedSkew) {
  const TokenVerifier verifier(Policy(), AllKeys());
  const auto verify = [&](const std::string& claims, int64_t now_s) {
    return verifier
        .Verify(MakeToken(EdKey(), R"({"alg":"EdDSA"})", claims), UtcMicros{now_s * 1'000'000})
        .has_value();
  };
  constexpr int64_t kSkewS = limits::kTokenClockSkewUs / 1'000'000;
  const std::string expiring = ClaimsJson("", kNowS + 10);
  EXPECT_TRUE(verify(expiring, kNowS));
  EXPECT_TRUE(verify(expiring, kNowS + 10 + kSkewS - 1));  // remembered
  EXPECT_FALSE(verify(expiring, kNowS + 10 + kSkewS));     // remembered, and yet expired
  EXPECT_FALSE(verify(ClaimsJson("", kNowS - kSkewS), kNowS));
  EXPECT_TRUE(verify(ClaimsJson("", kNowS - kSkewS + 1), kNowS));
  EXPECT_FALSE(verify(ClaimsJson("", kNowS + 86'400 + kSkewS + 1), kNowS));
  EXPECT_TRUE(verify(ClaimsJson("", kNowS + 86'400), kNowS));
  const std::string later = ClaimsJson(",\"nbf\":" + std::to_string(kNowS + 100));
  EXPECT_FALSE(verify(later, kNowS + 100 - kSkewS - 1));
  EXPECT_TRUE(verify(later, kNowS + 100 - kSkewS));
  EXPECT_FALSE(verify(later, kNowS + 100 - kSkewS - 1));  // remembered, and yet too early
  EXPECT_FALSE(verify(ClaimsJson(",\"iat\":" + std::to_string(kNowS + kSkewS + 1)), kNowS));
  EXPECT_TRUE(verify(ClaimsJson(",\"iat\":" + std::to_string(kNowS)), kNowS));
  for (const std::string_view exp :
       {"\"1795255300\"", "-1", "1e300", "null", "true", "253402300800"}) {
    EXPECT_FALSE(verify(R"({"iss":"https://auth.example","aud":"localhost","sub":"p","exp":)" +
                            std::string(exp) + "}",
                        kNowS))
        << exp;
  }
  EXPECT_TRUE(verify(
      R"({"iss":"https://auth.example","aud":"localhost","sub":"p","exp":1795255300.5})", kNowS));
}

TEST(Token, RemembersABoundedNumberAndForgetsWithTheKeys) {
  const SecretKey key = SecretKey::Generate();
  TokenVerifier verifier({{"i"}, {"a"}}, TokenKeys::FromPem(key.public_key().ToPem()).value());
  std::string last;
  for (size_t i = 0; i < limits::kTokenCacheEntriesMax + 500; ++i) {
    last = IssueToken({"i", "s" + std::to_string(i), "a", {}}, key, kNow).value();
    ASSERT_TRUE(verifier.Verify(last, kNow).has_value());
  }
  EXPECT_LE(verifier.CachedTokens(), limits::kTokenCacheEntriesMax);
  EXPECT_GT(verifier.CachedTokens(), limits::kTokenCacheEntriesMax / 2);
  const auto first = verifier.Verify(last, kNow).value();
  EXPECT_EQ(verifier.Verify(last, kNow).value(), first);  // the same object: it was remembered
  verifier.ReplaceKeys(TokenKeys::FromPem(EdKey().PublicPem()).value());
  EXPECT_EQ(verifier.CachedTokens(), 0u);
  EXPECT_FALSE(verifier.Verify(last, kNow).has_value());
}

TEST(Token, VerifiesFromManyThreads) {
  const SecretKey key = SecretKey::Generate();
  TokenVerifier verifier({{"i"}, {"a"}}, TokenKeys::FromPem(key.public_key().ToPem()).value());
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 100; ++i) {
        const std::string token =
            IssueToken({"i", "s" + std::to_string(i % 10), "a", {}}, key, kNow).value();
        EXPECT_TRUE(verifier.Verify(token, kNow).has_value());
        if (t == 0) verifier.ReplaceKeys(TokenKeys::FromPem(key.public_key().ToPem()).value());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(Token, IssuesTokensThatVerify) {
  const SecretKey key = SecretKey::Generate();
  const TokenVerifier verifier(
      {{"dev"}, {"localhost"}},
      TokenKeys::FromPem(key.public_key().ToPem(), key.public_key().KeyId()).value());
  const std::string token =
      IssueToken({"dev", "party a", "localhost", {"wideberth.declare", "wideberth.read"}}, key,
                 kNow)
          .value();
  const auto claims = verifier.Verify(token, kNow).value();
  EXPECT_EQ(claims->subject, "party a");
  EXPECT_TRUE(claims->HasScope("wideberth.read"));
  EXPECT_EQ(claims->expires.us, kNow.us + int64_t{3600} * 1'000'000);
  EXPECT_FALSE(IssueToken({"i", "s", "a", {}, 0}, key, kNow).has_value());
  EXPECT_FALSE(
      IssueToken({"i", "s", "a", {}, limits::kTokenLifetimeMaxUs + 1}, key, kNow).has_value());
}

TEST(TokenKeys, RefusesUnfitKeys) {
  EXPECT_EQ(TokenKeys::FromPem(OpensslKey::Rsa(1024).PublicPem()).error().rule,
            "must be an RSA key of 2048 to 8192 bits");
  EXPECT_EQ(TokenKeys::FromPem(OpensslKey::Ec("P-384").PublicPem()).error().rule,
            "must be an RSA, P-256 or Ed25519 key");
  EXPECT_FALSE(TokenKeys::FromPem("").has_value());
  EXPECT_FALSE(TokenKeys::FromPem("secret").has_value());
  EXPECT_FALSE(TokenKeys::FromPem(EdKey().PrivatePem()).has_value());
  EXPECT_FALSE(TokenKeys::FromPem(std::string(100'000, 'x')).has_value());
}

TEST(TokenKeys, ReadsKeySetsStrictlyWhereTheyAreOurs) {
  const auto jwks = [](const std::string& keys) {
    return TokenKeys::FromJwks("{\"keys\":[" + keys + "]}");
  };
  const std::string ed = EdKey().Jwk("ed");
  const auto with = [](std::string jwk, std::string_view field) {
    return jwk.insert(1, std::string(field) + ",");
  };
  EXPECT_EQ(jwks(ed).value().size(), 1u);
  // Passed over: other kinds, other uses, other algorithms of the same kind.
  for (const std::string& other :
       {std::string(R"({"kty":"oct","k":"AAAA"})"), std::string(R"({"kty":"EC","crv":"P-521"})"),
        std::string(R"({"kty":"OKP","crv":"X25519","x":"AAAA"})"),
        with(EcKey().Jwk("e"), "\"use\":\"enc\""), with(RsaKey().Jwk("r"), "\"alg\":\"PS256\""),
        with(RsaKey().Jwk("r"), "\"alg\":\"HS256\"")}) {
    EXPECT_EQ(jwks(ed + "," + other).value().size(), 1u) << other;
    EXPECT_FALSE(jwks(other).has_value()) << other;
  }
  EXPECT_EQ(jwks(with(RsaKey().Jwk("r"), "\"alg\":\"RS256\",\"use\":\"sig\"")).value().size(), 1u);
  const std::pair<std::string, std::string> refused[] = {
      {"", "/keys"},
      {ed + "," + ed, ""},
      {"7", "/keys/0"},
      {R"({"kid":"x"})", "/keys/0/kty"},
      {R"({"kty":"RSA","n":"AQAB"})", "/keys/0/e"},
      {R"({"kty":"RSA","n":"AQAB","e":"AQAB"})", "/keys/0"},
      {R"({"kty":"RSA","n":"AQAB","e":"AA"})", "/keys/0/e"},
      {R"({"kty":"RSA","n":"A+AB","e":"AQAB"})", "/keys/0/n"},
      {R"({"kty":"EC","crv":"P-256","x":"AAAA","y":"AAAA"})", "/keys/0/x"},
      {R"({"kty":"EC","crv":"P-256","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",)"
       R"("y":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"})",
       "/keys/0"},
      {R"({"kty":"OKP","crv":"Ed25519","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"})",
       "/keys/0/x"},
  };
  for (const auto& [keys, field] : refused) {
    const auto result = jwks(keys);
    ASSERT_FALSE(result.has_value()) << keys;
    EXPECT_EQ(result.error().field, field) << result.error().ToString();
  }
  std::string many = ed;
  for (size_t i = 0; i < limits::kTokenKeysMax; ++i)
    many += "," + EdKey().Jwk("k" + std::to_string(i));
  EXPECT_EQ(jwks(many).error().code, ErrorCode::kTooLarge);
}

TEST(TokenKeys, MergesSets) {
  const TokenKeys a = TokenKeys::FromPem(EdKey().PublicPem(), "a").value();
  const TokenKeys b = TokenKeys::FromPem(EcKey().PublicPem(), "b").value();
  EXPECT_EQ(TokenKeys::Merge(a, b).value().size(), 2u);
  EXPECT_FALSE(TokenKeys::Merge(a, a).has_value());
  EXPECT_EQ(TokenKeys::Merge(TokenKeys(), b).value().size(), 1u);
}

}  // namespace
}  // namespace wideberth::crypto
