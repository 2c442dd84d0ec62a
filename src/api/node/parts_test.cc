// Reading what a configuration names: refusals say which file.
#include "api/node/parts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <vector>

#include "agreement/signed.h"
#include "crypto/ed25519.h"
#include "line/party_card.h"
#include "service/agreements.h"

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

// Two parties as a node's configuration names them, with the agreement of examples/ between them.
constexpr base::UtcMicros kSigned{1'800'000'000'000'000};

class AgreementsOfPeersTest : public PartsTest {
 protected:
  struct Party {
    airspace::PartyEntry entry;
    std::vector<crypto::SecretKey> keys;
    std::string card;
  };

  void SetUp() override {
    PartsTest::SetUp();
    const auto parsed = agreement::ParseAgreement(Text());
    ASSERT_TRUE(parsed.has_value());
    for (const airspace::PartyEntry& entry : parsed->parties()) parties_.push_back(Make(entry));
    folder_ = ::testing::TempDir() + "parts_test_keys_" + std::to_string(getpid());
    std::filesystem::create_directories(folder_);
    std::ofstream(folder_ + "/party-card.json", std::ios::binary) << parties_[0].card;
    written_.push_back(folder_ + "/party-card.json");
    config_.rules_file.clear();
    config_.line.emplace();
    config_.line->keys_folder = folder_;
    config_.line->peers.emplace_back();
    config_.line->peers[0].card_file = Write("south.json", parties_[1].card);
  }
  void TearDown() override {
    PartsTest::TearDown();
    std::filesystem::remove_all(folder_);
  }

  static std::string Text() {
    std::ifstream file("examples/agreements/default.toml", std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static Party Make(const airspace::PartyEntry& entry) {
    Party party{entry, {}, {}};
    for (size_t i = 0; i < line::kKeyRoles.size(); ++i) {
      party.keys.push_back(crypto::SecretKey::Generate());
    }
    const std::span<const crypto::SecretKey, line::kKeyRoles.size()> keys(party.keys.data(),
                                                                          party.keys.size());
    party.card = line::MakeCard(entry.id, entry.name, keys, {1'800'000'000'000'000}).value();
    return party;
  }
  static std::string Sign(const Party& party) {
    const auto role = static_cast<size_t>(line::KeyRole::kMessage);
    return agreement::SignAgreement(Text(), party.keys[role], kSigned).value();
  }
  std::string Signed(const std::vector<std::string>& signatures) {
    return Write("agreement.json", agreement::WriteSignedAgreement(Text(), signatures));
  }
  base::Error Refused() {
    const auto read = service::ReadAgreements(config_);
    return read ? base::Error{} : read.error();
  }

  std::vector<Party> parties_;
  std::string folder_;
};

TEST_F(AgreementsOfPeersTest, EachPeerHasItsOwnAndWithoutOneTheFloor) {
  auto read = service::ReadAgreements(config_);
  ASSERT_TRUE(read.has_value()) << read.error().ToString();
  ASSERT_EQ(read->size(), 1u);
  const base::UtcMicros far{4'000'000'000'000'000};
  EXPECT_EQ(read->at(parties_[1].entry.id).At(far), agreement::InForce());
  const std::string file = Signed({Sign(parties_[1]), Sign(parties_[0])});
  for (const bool of_peer : {true, false}) {
    service::NodeConfig config = config_;
    if (of_peer) {
      config.line->peers[0].agreement_files = {file, file};
    } else {
      config.agreement_file = file;
    }
    read = service::ReadAgreements(config);
    ASSERT_TRUE(read.has_value()) << read.error().ToString();
    const agreement::Agreement parsed = agreement::ParseAgreement(Text()).value();
    EXPECT_EQ(read->at(parties_[1].entry.id).At(parsed.effective_from).agreement->digest,
              parsed.digest);
  }
}

TEST_F(AgreementsOfPeersTest, RefusesWhatNotBothHaveSigned) {
  std::vector<std::string>& files = config_.line->peers[0].agreement_files;
  files = {Signed({Sign(parties_[1])})};
  EXPECT_EQ(Refused().code, base::ErrorCode::kConflict);
  EXPECT_THAT(Refused().field, StartsWith(files[0] + ": "));
  const Party stranger = Make({{base::Uuid::V4FromRandom({7})}, "nobody"});
  files = {Signed({Sign(parties_[0]), Sign(stranger)})};
  EXPECT_EQ(Refused().code, base::ErrorCode::kUnauthorized);
  files = {"nowhere.json"};
  EXPECT_EQ(Refused().field, "nowhere.json");
  files.clear();
  config_.agreement_file = Signed({Sign(parties_[0])});
  EXPECT_EQ(Refused().code, base::ErrorCode::kConflict);
  config_.line->peers.clear();
  EXPECT_THAT(Refused().rule, HasSubstr("no [[peer]]"));
}

// What the cards of the configuration do not know, the store does.
TEST_F(AgreementsOfPeersTest, ChangedKeysVerifyWhatTheySignedWhileTheyWereInForce) {
  const Party now = Make(parties_[1].entry);
  const auto text_of = [](const Party& party) { return party.card; };
  const auto message = [](const Party& party) {
    return party.keys[static_cast<size_t>(line::KeyRole::kMessage)].public_key();
  };
  mechanism::Desk desk;
  mechanism::Peer peer;
  peer.id = parties_[1].entry.id;
  peer.name = parties_[1].entry.name;
  peer.card = text_of(now);
  peer.former = {{text_of(parties_[1]), 5, kSigned}};
  const auto read = [&](const Party& signer) {
    config_.line->peers[0].agreement_files = {Signed({Sign(parties_[0]), Sign(signer)})};
    desk.Apply(mechanism::PeerChanged{peer});
    return service::VerifyAgreements(service::ReadAgreementFiles(config_).value(),
                                     service::MessageKeysOf(desk).value());
  };
  EXPECT_TRUE(read(now).has_value());
  EXPECT_EQ(Refused().code, base::ErrorCode::kUnauthorized) << "by the cards alone";
  EXPECT_TRUE(read(parties_[1]).has_value()) << "signed at the last moment of its key";
  peer.former[0].ended_at = {kSigned.us - 1};
  EXPECT_EQ(read(parties_[1]).error().code, base::ErrorCode::kUnauthorized);
  peer.former[0].ended_at = kSigned;
  // A key that was revoked holds as long: the other party has signed the same text.
  peer.revoked = {message(parties_[1])};
  EXPECT_TRUE(read(parties_[1]).has_value());
  peer.former[0].ended_at = {kSigned.us - 1};
  EXPECT_EQ(read(parties_[1]).error().code, base::ErrorCode::kUnauthorized);
  EXPECT_TRUE(read(now).has_value());
  EXPECT_FALSE(read(parties_[0]).has_value()) << "one side twice";
}

TEST_F(AgreementsOfPeersTest, AConfigurationHasRulesOrAgreements) {
  const auto load = [&](const std::string& top, const std::string& peer,
                        const std::string& party = "[party]\nkeys = \"keys\"\n") {
    const std::string path =
        Write("node.toml", top + party + "[store]\ndirectory = \"s\"\n[auth]\nissuer = \"i\"\n" +
                               "audience = \"a\"\nkey_files = [\"k\"]\n" + peer);
    const auto config = service::LoadNodeConfig(path);
    return config ? std::string() : config.error().ToString();
  };
  const std::string peer = "[[peer]]\ncard = \"c\"\n[[peer.path]]\nname = \"p\"\n";
  const std::string agreed =
      "[[peer]]\ncard = \"c\"\nagreements = [\"x\", \"y\"]\n"
      "[[peer.path]]\nname = \"p\"\n";
  EXPECT_EQ(load("", peer), "");
  EXPECT_EQ(load("", agreed), "");
  EXPECT_EQ(load("agreement_file = \"z\"\n", agreed), "");
  EXPECT_EQ(load("rules_file = \"r\"\n", peer), "");
  EXPECT_THAT(load("rules_file = \"r\"\n", agreed), HasSubstr("beside agreements"));
  EXPECT_THAT(load("rules_file = \"r\"\nagreement_file = \"z\"\n", peer),
              HasSubstr("beside agreements"));
  EXPECT_THAT(load("", "", ""), HasSubstr("must be given"));
}

}  // namespace
}  // namespace wideberth::api::node
