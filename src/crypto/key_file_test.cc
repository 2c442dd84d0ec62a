#include "crypto/key_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "base/limits.h"

namespace wideberth::crypto {
namespace {

using base::ErrorCode;
namespace fs = std::filesystem;

class KeyFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "/key_file_test.XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    path_ = folder_ + "/node.key";
  }
  void TearDown() override { fs::remove_all(folder_); }

  static std::string Read(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }
  static void Write(const std::string& path, std::string_view text, mode_t mode) {
    std::ofstream(path, std::ios::binary) << text;
    ASSERT_EQ(chmod(path.c_str(), mode), 0);
  }

  std::string folder_;
  std::string path_;
  SecretBytes passphrase_ = SecretBytes::CopyOf("correct horse");
};

TEST_F(KeyFileTest, ReadsBackWhatWasWritten) {
  const SecretKey key = SecretKey::Generate();
  ASSERT_TRUE(WriteKeyFile(path_, key, passphrase_, KdfCost::Cheapest()).has_value());
  struct stat status {};
  ASSERT_EQ(stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600u);
  const SecretKey read = ReadKeyFile(path_, passphrase_).value();
  EXPECT_EQ(read.public_key(), key.public_key());
  EXPECT_EQ(read.Sign(base::AsBytes("m")), key.Sign(base::AsBytes("m")));
  EXPECT_EQ(ReadKeyFilePublic(path_).value(), key.public_key());
  // The seed stands in the file in no form, and no temporary file is left.
  const SecretBytes seed = key.Seed();
  const std::string text = Read(path_);
  EXPECT_EQ(text.find(base::HexEncode(seed.bytes())), std::string::npos);
  EXPECT_EQ(text.find(base::Base64Encode(seed.bytes()).substr(0, 40)), std::string::npos);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
}

TEST_F(KeyFileTest, TwoFilesOfOneKeyDiffer) {
  const SecretKey key = SecretKey::Generate();
  EXPECT_NE(EncryptKey(key, passphrase_, KdfCost::Cheapest()).value(),
            EncryptKey(key, passphrase_, KdfCost::Cheapest()).value());
}

TEST_F(KeyFileTest, NeverReplacesAFile) {
  const SecretKey key = SecretKey::Generate();
  ASSERT_TRUE(WriteKeyFile(path_, key, passphrase_, KdfCost::Cheapest()).has_value());
  const std::string before = Read(path_);
  const auto again = WriteKeyFile(path_, SecretKey::Generate(), passphrase_, KdfCost::Cheapest());
  EXPECT_EQ(again.error().code, ErrorCode::kConflict);
  EXPECT_EQ(Read(path_), before);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
  EXPECT_EQ(
      WriteKeyFile(folder_ + "/none/x.key", key, passphrase_, KdfCost::Cheapest()).error().code,
      ErrorCode::kStorage);
}

TEST_F(KeyFileTest, RefusesTheWrongPassphraseAndEveryChange) {
  const SecretKey key = SecretKey::Generate();
  const std::string text = EncryptKey(key, passphrase_, KdfCost::Cheapest()).value();
  EXPECT_EQ(DecryptKey(text, SecretBytes::CopyOf("correct hors")).error().code,
            ErrorCode::kUnauthorized);
  EXPECT_EQ(DecryptKey(text, SecretBytes(0)).error().field, "passphrase");
  EXPECT_EQ(EncryptKey(key, SecretBytes(0), KdfCost::Cheapest()).error().field, "passphrase");
  EXPECT_EQ(EncryptKey(key, SecretBytes(5000), KdfCost::Cheapest()).error().field, "passphrase");
  for (size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = changed[i] == '1' ? '2' : '1';
    ASSERT_FALSE(DecryptKey(changed, passphrase_).has_value()) << changed;
  }
}

TEST_F(KeyFileTest, RefusesFilesThatOthersMayRead) {
  const std::string text =
      EncryptKey(SecretKey::Generate(), passphrase_, KdfCost::Cheapest()).value();
  for (const mode_t mode : {0640u, 0604u, 0620u, 0601u, 0666u}) {
    Write(path_, text, mode);
    const auto key = ReadKeyFile(path_, passphrase_);
    ASSERT_FALSE(key.has_value());
    EXPECT_EQ(key.error().code, ErrorCode::kForbidden);
    EXPECT_EQ(key.error().rule, "must be closed to group and others (chmod 600)");
  }
  Write(path_, text, 0400);
  EXPECT_TRUE(ReadKeyFile(path_, passphrase_).has_value());
}

TEST_F(KeyFileTest, RefusesWhatIsNoKeyFile) {
  EXPECT_EQ(ReadKeyFile(path_, passphrase_).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(ReadKeyFile(folder_, passphrase_).error().code, ErrorCode::kForbidden);
  Write(path_, "", 0600);
  EXPECT_EQ(ReadKeyFile(path_, passphrase_).error().code, ErrorCode::kInvalid);
  Write(path_, std::string(limits::kKeyFileBytesMax + 1, ' '), 0600);
  EXPECT_EQ(ReadKeyFile(path_, passphrase_).error().code, ErrorCode::kTooLarge);
  // A plain key is no key file: only systemd's credentials may be plain.
  const SecretBytes pem = SecretKey::Generate().ToPem();
  Write(path_, base::AsText(pem.bytes()), 0600);
  EXPECT_FALSE(ReadKeyFile(path_, passphrase_).has_value());
  ASSERT_EQ(mkfifo((folder_ + "/fifo").c_str(), 0600), 0);
  EXPECT_EQ(ReadKeyFile(folder_ + "/fifo", passphrase_).error().code, ErrorCode::kForbidden);
}

TEST_F(KeyFileTest, IsDecidedByItsSaltsWhereTheyAreGiven) {
  const SecretKey key = SecretKey::Generate();
  const auto with = [&](uint8_t salt, uint8_t nonce) {
    KeyFileSalts salts;
    salts.salt.fill(salt);
    salts.nonce.fill(nonce);
    return EncryptKey(key, passphrase_, KdfCost::Cheapest(), salts).value();
  };
  const std::string text = with(1, 2);
  EXPECT_EQ(with(1, 2), text);
  for (const std::string& other : {with(3, 2), with(1, 3)}) {
    EXPECT_NE(other, text);
    EXPECT_EQ(DecryptKey(other, passphrase_).value().public_key(), key.public_key());
  }
  EXPECT_EQ(EncryptedKeyPublic(text).value(), key.public_key());
  EXPECT_EQ(EncryptedKeyPublic("{}").error().field, "/format");
}

TEST_F(KeyFileTest, RefusesCostsThatWouldStallTheMachine) {
  const std::string text =
      EncryptKey(SecretKey::Generate(), passphrase_, KdfCost::Cheapest()).value();
  const auto with = [&](std::string_view field, std::string_view from, std::string_view to) {
    std::string changed = text;
    const size_t at = changed.find(from, changed.find(field));
    return changed.replace(at, from.size(), to);
  };
  EXPECT_EQ(DecryptKey(with("kdf_memory_bytes", "8192", "99999999999"), passphrase_).error().field,
            "/kdf_memory_bytes");
  EXPECT_EQ(DecryptKey(with("kdf_operations", " 1", " 1000000"), passphrase_).error().field,
            "/kdf_operations");
}

TEST_F(KeyFileTest, ReadsPlainCredentialsFromTheirFolderOnly) {
  const SecretKey key = SecretKey::Generate();
  const SecretBytes pem = key.ToPem();
  Write(folder_ + "/node", base::AsText(pem.bytes()), 0440);
  EXPECT_EQ(ReadKeyCredential(folder_, "node").value().public_key(), key.public_key());
  for (const std::string_view bad : {"", ".", "..", "../node", "a/b"}) {
    EXPECT_EQ(ReadKeyCredential(folder_, bad).error().code, ErrorCode::kInvalid) << bad;
  }
  EXPECT_EQ(ReadKeyCredential("", "node").error().code, ErrorCode::kInvalid);
  EXPECT_EQ(ReadKeyCredential(folder_, "none").error().code, ErrorCode::kNotFound);
  Write(folder_ + "/node", base::AsText(pem.bytes()), 0444);
  EXPECT_EQ(ReadKeyCredential(folder_, "node").error().code, ErrorCode::kForbidden);
}

TEST_F(KeyFileTest, ReadsAPassphraseOfOneLine) {
  for (const std::string_view text : {"correct horse", "correct horse\n"}) {
    Write(path_, text, 0600);
    const SecretBytes passphrase = ReadPassphraseFile(path_).value();
    EXPECT_EQ(base::AsText(passphrase.bytes()), "correct horse");
  }
  for (const std::string& bad :
       {std::string(), std::string("\n"), std::string("a\n\n"), std::string("a\nb"),
        std::string("a\r\n"), std::string(1, '\0'), std::string(1'025, 'a')}) {
    Write(path_, bad, 0600);
    const auto refused = ReadPassphraseFile(path_);
    ASSERT_FALSE(refused.has_value()) << bad;
    EXPECT_EQ(refused.error().code, ErrorCode::kInvalid) << bad;
  }
  // What was found is the secret: it is told to nobody.
  Write(path_, "correct\thorse", 0600);
  EXPECT_EQ(ReadPassphraseFile(path_).error().found, "");
  Write(path_, "correct horse", 0640);
  EXPECT_EQ(ReadPassphraseFile(path_).error().code, ErrorCode::kForbidden);
  EXPECT_EQ(ReadPassphraseFile(folder_ + "/none").error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace wideberth::crypto
