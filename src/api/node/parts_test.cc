// Reading what a configuration names: refusals say which file.
#include "api/node/parts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <string>

#include "crypto/ed25519.h"

namespace wideberth::api::node {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class PartsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    config_.rules_file = "examples/rules/two-parties.toml";
    config_.auth_issuer = "https://auth.test";
    config_.auth_audience = "node.test";
    config_.auth_key_files = {Write("key.pem", key_.public_key().ToPem())};
  }
  void TearDown() override {
    for (const std::string& path : written_) std::remove(path.c_str());
  }

  std::string Write(const std::string& name, const std::string& content) {
    const std::string path =
        ::testing::TempDir() + "parts_test_" + std::to_string(getpid()) + "_" + name;
    std::ofstream(path, std::ios::binary) << content;
    written_.push_back(path);
    return path;
  }
  std::string Refusal() {
    const auto parts = ReadParts(config_);
    return parts ? "" : parts.error().ToString();
  }

  crypto::SecretKey key_ = crypto::SecretKey::Generate();
  service::NodeConfig config_;
  std::vector<std::string> written_;
};

TEST_F(PartsTest, ReadsTheExample) {
  const auto parts = ReadParts(config_);
  ASSERT_TRUE(parts.has_value()) << parts.error().ToString();
  EXPECT_NE(parts->rules.FindParty("north"), nullptr);
  EXPECT_EQ(parts->heights.geoid, nullptr);
  const base::UtcMicros now{1'800'014'400'000'000};
  const auto token = crypto::IssueToken(
      {"https://auth.test", "north", "node.test", {"wideberth.read"}}, key_, now);
  EXPECT_TRUE(parts->tokens->Verify(*token, now).has_value());
}

TEST_F(PartsTest, RefusalsNameTheFile) {
  const service::NodeConfig good = config_;
  config_.rules_file = "nowhere.toml";
  EXPECT_THAT(Refusal(), StartsWith("nowhere.toml"));
  config_ = good;
  config_.rules_file = Write("bad.toml", "activity_classes = [\"Bad\"]\n");
  EXPECT_THAT(Refusal(), StartsWith(config_.rules_file + ": "));
  config_ = good;
  config_.geoid_file = Write("geoid.gtx", "not a grid");
  EXPECT_THAT(Refusal(), StartsWith(config_.geoid_file + ": "));
  config_ = good;
  config_.auth_key_files.push_back(Write("empty.pem", ""));
  EXPECT_THAT(Refusal(), StartsWith(config_.auth_key_files.back()));
  config_.auth_key_files.back() = Write("bad.pem", "-----BEGIN PUBLIC KEY-----\n");
  EXPECT_THAT(Refusal(), StartsWith(config_.auth_key_files.back() + ": "));
  config_.auth_key_files.back() = Write("large.pem", std::string(1024 * 1024 + 1, 'x'));
  EXPECT_THAT(Refusal(), HasSubstr("at most 1048576 bytes"));
  config_ = good;
  config_.auth_jwks_file = Write("keys.json", "{\"keys\":[]}");
  EXPECT_THAT(Refusal(), StartsWith(config_.auth_jwks_file + ": "));
  config_ = good;
  config_.rules_file = "src";
  EXPECT_THAT(Refusal(), StartsWith("src"));
}

}  // namespace
}  // namespace wideberth::api::node
