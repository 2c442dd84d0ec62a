#include "api/astm/key_source.h"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/bytes.h"
#include "base/time.h"
#include "crypto/ed25519.h"
#include "net/server.h"

namespace wideberth::api::astm {
namespace {

// Serves a key set that the test changes, or fails.
class Authority {
 public:
  Authority() {
    net::HttpServer::Options options;
    options.threads = 1;
    options.handler = [this](const net::Request&, net::Responder responder) {
      const std::lock_guard lock(mutex_);
      responder(net::JsonResponse(status_, body_));
    };
    server_ = net::HttpServer::Start(std::move(options)).value();
  }
  void Answer(int status, std::string body) {
    const std::lock_guard lock(mutex_);
    status_ = status;
    body_ = std::move(body);
  }
  std::string url() const {
    return "http://127.0.0.1:" + std::to_string(server_->port()) + "/jwks.json";
  }

 private:
  std::mutex mutex_;
  int status_ = 500;
  std::string body_;
  std::unique_ptr<net::HttpServer> server_;
};

std::string SetOf(const crypto::SecretKey& key) {
  return R"({"keys":[{"kty":"OKP","crv":"Ed25519","kid":")" + key.public_key().KeyId() +
         R"(","x":")" + base::Base64UrlEncode(key.public_key().bytes()) + "\"}]}";
}

bool Eventually(const std::function<bool()>& holds) {
  for (int i = 0; i < 2'000 && !holds(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return holds();
}

class KeySourceTest : public ::testing::Test {
 protected:
  bool Takes(const crypto::SecretKey& key) const {
    const auto token =
        crypto::IssueToken({"issuer", "subject", "audience", {"scope"}}, key, clock_.Now());
    return verifier_.Verify(*token, clock_.Now()).has_value();
  }
  std::unique_ptr<KeySource> Start(crypto::TokenKeys of_files = {}) {
    KeySource::Options options;
    options.url = authority_.url();
    options.period_ms = 20;
    options.retry_ms = 5;
    return std::make_unique<KeySource>(&verifier_, std::move(of_files), options);
  }
  bool FailsThrice(const KeySource& source) const {
    const uint64_t before = source.GetStatistics().failed;
    return Eventually([&] { return source.GetStatistics().failed >= before + 3; });
  }

  const base::SystemClock clock_;
  const crypto::SecretKey first_ = crypto::SecretKey::Generate();
  const crypto::SecretKey second_ = crypto::SecretKey::Generate();
  crypto::TokenVerifier verifier_{{{"issuer"}, {"audience"}}, {}};
  Authority authority_;
};

TEST_F(KeySourceTest, FollowsTheSetAndKeepsItThroughFailures) {
  const auto source = Start();
  EXPECT_TRUE(FailsThrice(*source)) << "an authority that is not up yet is asked again";
  EXPECT_FALSE(Takes(first_));
  authority_.Answer(200, SetOf(first_));
  EXPECT_TRUE(Eventually([&] { return Takes(first_); }));
  const std::string sound = SetOf(second_);
  const std::string key = sound.substr(9, sound.size() - 11);
  const std::pair<int, std::string> failures[] = {
      {503, ""},
      {404, sound},
      {302, sound},
      {200, ""},
      {200, "{"},
      {200, "[]"},
      {200, R"({"keys":[]})"},
      {200, R"({"keys":7})"},
      {200, R"({"keys":[{"kty":"oct","k":"AAAA","alg":"HS256"}]})"},
      {200, R"({"keys":[{"kty":"OKP","crv":"Ed25519","kid":"a","x":"AAAA"}]})"},
      {200, R"({"keys":[{"kty":"OKP","crv":"Ed25519","kid":"a","x":7}]})"},
      {200, R"({"keys":[)" + key + "," + key + "]}"},
      {200, sound + std::string(2'000'000, ' ')}};
  for (const auto& [status, body] : failures) {
    SCOPED_TRACE(std::to_string(status) + " " + body.substr(0, 80));
    authority_.Answer(status, body);
    EXPECT_TRUE(FailsThrice(*source));
    EXPECT_TRUE(Takes(first_)) << "what was fetched last holds";
    EXPECT_FALSE(Takes(second_));
  }
  EXPECT_GE(source->GetStatistics().age_ms, 0);
  authority_.Answer(200, SetOf(second_));
  EXPECT_TRUE(Eventually([&] { return Takes(second_); }));
  EXPECT_FALSE(Takes(first_)) << "what the authority has taken out is gone";
}

TEST_F(KeySourceTest, KeysOfFilesStandBesideThoseOfTheUrl) {
  const auto of_files = crypto::TokenKeys::FromPem(first_.public_key().ToPem()).value();
  verifier_.ReplaceKeys(of_files);
  const auto source = Start(of_files);
  EXPECT_TRUE(Takes(first_)) << "before anything was fetched";
  authority_.Answer(200, SetOf(second_));
  EXPECT_TRUE(Eventually([&] { return Takes(second_); }));
  EXPECT_TRUE(Takes(first_));
  source->SetKeysOfFiles({});
  EXPECT_FALSE(Takes(first_));
  EXPECT_TRUE(Takes(second_));
}

TEST_F(KeySourceTest, ASetThatDoesNotChangeForgetsNoToken) {
  authority_.Answer(200, SetOf(first_));
  const auto source = Start();
  ASSERT_TRUE(Eventually([&] { return Takes(first_); }));
  EXPECT_EQ(verifier_.CachedTokens(), 1U);
  const uint64_t before = source->GetStatistics().fetched;
  EXPECT_TRUE(Eventually([&] { return source->GetStatistics().fetched >= before + 3; }));
  EXPECT_EQ(verifier_.CachedTokens(), 1U);
}

TEST_F(KeySourceTest, AnAuthorityThatIsGoneIsAskedAgainAndNothingWaitsForIt) {
  auto authority = std::make_unique<Authority>();
  authority->Answer(200, SetOf(first_));
  KeySource::Options options;
  options.url = authority->url();
  options.period_ms = 20;
  options.retry_ms = 5;
  KeySource source(&verifier_, {}, options);
  ASSERT_TRUE(Eventually([&] { return Takes(first_); }));
  authority.reset();
  EXPECT_TRUE(FailsThrice(source)) << "nobody listens";
  EXPECT_TRUE(Takes(first_));
}

// A key is bound to the one algorithm of its kind, whatever the token or the set says of another.
TEST_F(KeySourceTest, NoAlgorithmIsConfused) {
  authority_.Answer(200, SetOf(first_));
  const auto source = Start();
  ASSERT_TRUE(Eventually([&] { return Takes(first_); }));
  const auto token =
      crypto::IssueToken({"issuer", "subject", "audience", {"scope"}}, first_, clock_.Now());
  const std::string rest = token->substr(token->find('.'));
  for (const char* header :
       {R"({"alg":"none"})", R"({"alg":"HS256"})", R"({"alg":"RS256"})", R"({"alg":"ES256"})"}) {
    const std::string confused =
        base::Base64UrlEncode(base::AsBytes(std::string_view(header))) + rest;
    EXPECT_FALSE(verifier_.Verify(confused, clock_.Now()).has_value()) << header;
  }
}

TEST(KeySetUrl, IsHttpsUnlessItIsOfThisMachine) {
  const auto url = ParseKeySetUrl("https://auth.test:8443/.well-known/jwks.json?x=1");
  ASSERT_TRUE(url.has_value());
  EXPECT_EQ(url->base, "https://auth.test:8443");
  EXPECT_EQ(url->target, "/.well-known/jwks.json?x=1");
  for (const char* loopback : {"http://127.0.0.1:1/x", "http://[::1]:1/x", "http://localhost/x"}) {
    EXPECT_TRUE(ParseKeySetUrl(loopback).has_value()) << loopback;
  }
  for (const char* wrong :
       {"", "auth.test", "https://auth.test", "http://auth.test/x", "ftp://auth.test/x",
        "file:///etc/passwd", "http://127.auth.test/x", "http://127.0.0.1@auth.test/x",
        "https:///x", "http://localhost.test/x"}) {
    EXPECT_FALSE(ParseKeySetUrl(wrong).has_value()) << wrong;
  }
}

}  // namespace
}  // namespace wideberth::api::astm
