// `keygen` and `peer show` without the program: what is on the disk afterwards, and what is refused.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "apps/wideberth/commands.h"
#include "line/party_card.h"

namespace wideberth::cli {
namespace {

namespace fs = std::filesystem;
using base::ErrorCode;
using line::kKeyRoles;

class IdentityTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "/identity_test.XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    Write("passphrase", "correct horse\n", 0600);
  }
  void TearDown() override { fs::remove_all(root_); }

  void Write(const std::string& name, const std::string& text, mode_t mode) {
    std::ofstream(root_ / name, std::ios::binary) << text;
    ASSERT_EQ(chmod((root_ / name).c_str(), mode), 0);
  }
  std::string Read(const fs::path& path) const {
    std::ifstream file(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }
  // Every file below the root and its bytes; folders too.
  std::map<std::string, std::string> Everything() const {
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(root_)) {
      files[entry.path().string()] = entry.is_regular_file() ? Read(entry.path()) : "";
    }
    return files;
  }
  static mode_t Mode(const fs::path& path) {
    struct stat status {};
    EXPECT_EQ(stat(path.c_str(), &status), 0) << path;
    return status.st_mode & 07777;
  }
  line::PartyCard Card(const fs::path& folder) const {
    return line::ReadCard(Read(folder / "party-card.json")).value();
  }

  KeygenOptions Plain(const std::string& folder) const {
    KeygenOptions options;
    options.name = "north";
    options.out = (root_ / folder).string();
    options.no_passphrase = true;
    return options;
  }
  KeygenOptions Encrypted(const std::string& folder) const {
    KeygenOptions options = Plain(folder);
    options.no_passphrase = false;
    options.passphrase_file = (root_ / "passphrase").string();
    options.passphrase_cost = crypto::KdfCost::Cheapest();
    return options;
  }

  // Refused with this field, and nothing on the disk has changed.
  void ExpectRefused(const KeygenOptions& options, const std::string& field, ErrorCode code) {
    const auto before = Everything();
    const auto refused = RunKeygen(session_, options);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().field, field) << refused.error().ToString();
    EXPECT_EQ(refused.error().code, code) << refused.error().ToString();
    EXPECT_EQ(Everything(), before);
  }

  Session session_;
  fs::path root_;
};

TEST_F(IdentityTest, TheKeysAreThoseOfTheCard) {
  ASSERT_EQ(RunKeygen(session_, Encrypted("deep/down/keys/")).value(), kExitOk);
  ASSERT_EQ(RunKeygen(session_, Plain("plain")).value(), kExitOk);
  const fs::path encrypted = root_ / "deep/down/keys";
  const auto passphrase = crypto::SecretBytes::CopyOf("correct horse");
  for (const fs::path& folder : {encrypted, root_ / "plain"}) {
    EXPECT_EQ(Mode(folder), 0700u);
    EXPECT_EQ(std::distance(fs::directory_iterator(folder), fs::directory_iterator()), 5);
    EXPECT_EQ(Card(folder).name, "north");
  }
  for (const line::KeyRole role : kKeyRoles) {
    const fs::path key_file = encrypted / (std::string(line::KeyRoleName(role)) + ".key");
    EXPECT_EQ(Mode(key_file), 0600u);
    EXPECT_EQ(crypto::ReadKeyFile(key_file, passphrase).value().public_key(),
              Card(encrypted).key(role));
    const std::string pem = std::string(line::KeyRoleName(role)) + "-key.pem";
    EXPECT_EQ(Mode(root_ / "plain" / pem), 0600u);
    EXPECT_EQ(crypto::ReadKeyCredential(root_ / "plain", pem).value().public_key(),
              Card(root_ / "plain").key(role));
  }
  // Nothing is left beside the folders.
  EXPECT_EQ(std::distance(fs::directory_iterator(root_), fs::directory_iterator()), 3);
}

TEST_F(IdentityTest, EachRunDrawsAnotherPartyUnlessItIsNamed) {
  ASSERT_TRUE(RunKeygen(session_, Plain("first")).has_value());
  ASSERT_TRUE(RunKeygen(session_, Plain("second")).has_value());
  const line::PartyCard first = Card(root_ / "first");
  const line::PartyCard second = Card(root_ / "second");
  EXPECT_NE(first.party, second.party);
  KeygenOptions again = Plain("again");
  again.party = first.party.ToString();
  ASSERT_TRUE(RunKeygen(session_, again).has_value());
  const line::PartyCard renewed = Card(root_ / "again");
  EXPECT_EQ(renewed.party, first.party);
  for (const line::KeyRole role : kKeyRoles) {
    EXPECT_NE(first.key(role), second.key(role));
    EXPECT_NE(first.key(role), renewed.key(role));
  }
  EXPECT_NE(line::FingerprintOf(renewed), line::FingerprintOf(first));
}

TEST_F(IdentityTest, ReplacesNothing) {
  ASSERT_TRUE(RunKeygen(session_, Plain("keys")).has_value());
  ExpectRefused(Plain("keys"), (root_ / "keys").string(), ErrorCode::kConflict);
  ExpectRefused(Encrypted("keys"), (root_ / "keys").string(), ErrorCode::kConflict);
  ASSERT_TRUE(fs::create_directory(root_ / "used"));
  Write("used/notes", "mine", 0600);
  ExpectRefused(Plain("used"), (root_ / "used").string(), ErrorCode::kConflict);
  ExpectRefused(Plain("passphrase"), (root_ / "passphrase").string(), ErrorCode::kConflict);
  ExpectRefused(Plain("passphrase/keys"), (root_ / "passphrase/keys").string(),
                ErrorCode::kStorage);
  fs::create_directory_symlink("used", root_ / "link");
  ExpectRefused(Plain("link"), (root_ / "link").string(), ErrorCode::kConflict);
  ASSERT_TRUE(fs::create_directory(root_ / "empty"));
  EXPECT_TRUE(RunKeygen(session_, Plain("empty")).has_value());
}

TEST_F(IdentityTest, RefusesBeforeAnythingIsMade) {
  KeygenOptions options = Plain("keys");
  options.no_passphrase = false;
  ExpectRefused(options, "--passphrase-file", ErrorCode::kInvalid);
  options = Encrypted("keys");
  options.no_passphrase = true;
  ExpectRefused(options, "--passphrase-file", ErrorCode::kInvalid);
  options = Plain("keys");
  for (const std::string& name : {std::string(), std::string("North"), std::string(64, 'n')}) {
    options.name = name;
    ExpectRefused(options, "--name", name.size() > 63 ? ErrorCode::kTooLarge : ErrorCode::kInvalid);
  }
  options = Plain("keys");
  options.party = "north";
  ExpectRefused(options, "--party", ErrorCode::kInvalid);
  for (const char* out : {"", "/", ".", "..", "x/..", "./"}) {
    options = Plain("keys");
    options.out = out;
    ExpectRefused(options, "--out", ErrorCode::kInvalid);
  }
  const std::string passphrase = (root_ / "passphrase").string();
  Write("passphrase", "correct horse\n", 0644);
  ExpectRefused(Encrypted("keys"), passphrase, ErrorCode::kForbidden);
  Write("passphrase", "\n", 0600);
  ExpectRefused(Encrypted("keys"), passphrase, ErrorCode::kInvalid);
  fs::remove(passphrase);
  ExpectRefused(Encrypted("keys"), passphrase, ErrorCode::kNotFound);
}

// The key files fit under the limit, the card does not: what is there already has to go again.
TEST_F(IdentityTest, ADiskThatFailsHalfWayLeavesNothing) {
  ASSERT_TRUE(fs::create_directory(root_ / "empty"));
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  for (const KeygenOptions& options : {Plain("keys"), Encrypted("keys"), Plain("empty")}) {
    const auto files = Everything();
    const rlimit small{800, before.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
    const auto refused = RunKeygen(session_, options);
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, ErrorCode::kStorage);
    EXPECT_NE(refused.error().field.find("party-card.json"), std::string::npos);
    EXPECT_EQ(Everything(), files);
  }
  std::signal(SIGXFSZ, old_handler);
}

TEST_F(IdentityTest, ShowsACardAndComparesItsFingerprint) {
  ASSERT_TRUE(RunKeygen(session_, Plain("keys")).has_value());
  const std::string path = (root_ / "keys/party-card.json").string();
  const std::string fingerprint = line::FingerprintOf(Card(root_ / "keys")).ToString();
  EXPECT_EQ(RunPeerShow(session_, {path, ""}).value(), kExitOk);
  EXPECT_EQ(RunPeerShow(session_, {path, fingerprint}).value(), kExitOk);
  for (size_t i = 0; i < fingerprint.size(); ++i) {
    std::string wrong = fingerprint;
    if (wrong[i] == ' ') continue;
    wrong[i] = wrong[i] == '0' ? '1' : '0';
    const auto refused = RunPeerShow(session_, {path, wrong});
    ASSERT_FALSE(refused.has_value()) << wrong;
    EXPECT_EQ(ExitCodeFor(refused.error()), kExitRefused);
    EXPECT_EQ(refused.error().found, fingerprint);
  }
  const auto malformed = RunPeerShow(session_, {path, fingerprint.substr(6)});
  EXPECT_EQ(ExitCodeFor(malformed.error()), kExitUsage);

  std::string text = Read(path);
  const size_t at = text.find("\"sig\":\"") + 10;
  text[at] = text[at] == 'A' ? 'B' : 'A';
  Write("tampered.json", text, 0600);
  const auto tampered = RunPeerShow(session_, {(root_ / "tampered.json").string(), fingerprint});
  EXPECT_EQ(tampered.error().code, ErrorCode::kUnauthorized);
  EXPECT_EQ(tampered.error().field, (root_ / "tampered.json").string() + ": /signatures/0/sig");
  EXPECT_EQ(RunPeerShow(session_, {(root_ / "none").string(), ""}).error().code,
            ErrorCode::kNotFound);
}

}  // namespace
}  // namespace wideberth::cli
