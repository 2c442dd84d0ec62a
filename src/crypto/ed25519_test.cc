#include "crypto/ed25519.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <fstream>
#include <iterator>
#include <optional>
#include <string>

#include "base/random.h"
#include "crypto/sha256.h"
#include "crypto/testing/openssl_keys.h"
#include "json/reader.h"

namespace wideberth::crypto {
namespace {

std::optional<std::string> ReadVectors(const std::string& name) {
  std::ifstream file("../shared/vectors/" + name, std::ios::binary);
  if (!file) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

base::Bytes Hex(std::string_view text) {
  return base::HexDecode(text).value();
}

TEST(Sha256, MatchesFips180) {
  EXPECT_EQ(Sha256({}).ToHex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Sha256(base::AsBytes("abc")).ToHex(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Sha256(base::AsBytes(std::string(1'000'000, 'a'))).ToHex(),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, PiecesGiveTheDigestOfTheWhole) {
  base::SeededRandom random(1);
  Sha256Hasher hasher;
  for (int round = 0; round < 200; ++round) {
    base::Bytes bytes(random.Below(500));
    random.Fill(bytes);
    for (base::ByteView rest = bytes; !rest.empty();) {
      const size_t n = random.Below(rest.size()) + 1;
      hasher.Update(rest.first(n));
      rest = rest.subspan(n);
    }
    ASSERT_EQ(hasher.Finish(), Sha256(bytes));
  }
}

TEST(Secret, CopiesComparesAndWipes) {
  SecretBytes secret = SecretBytes::CopyOf("passphrase");
  EXPECT_EQ(base::AsText(secret.bytes()), "passphrase");
  EXPECT_TRUE(ConstantTimeEqual(secret.bytes(), base::AsBytes("passphrase")));
  EXPECT_FALSE(ConstantTimeEqual(secret.bytes(), base::AsBytes("passphrasf")));
  EXPECT_FALSE(ConstantTimeEqual(secret.bytes(), base::AsBytes("passphras")));
  Wipe(secret.bytes());
  EXPECT_EQ(base::AsText(secret.bytes()), std::string(10, '\0'));
  EXPECT_EQ(SecretBytes(0).size(), 0u);
}

TEST(Ed25519, HmacIsThatOfOpenssl) {
  const base::Bytes seed(32, 0x0b);
  const std::string_view text = "what is signed by nobody";
  base::Digest expected;
  unsigned size = 0;
  ASSERT_NE(HMAC(EVP_sha256(), seed.data(), static_cast<int>(seed.size()),
                 base::AsBytes(text).data(), text.size(), expected.bytes.data(), &size),
            nullptr);
  EXPECT_EQ(SecretKey::FromSeed(seed)->Hmac(base::AsBytes(text)), expected);
}

// RFC 8032 section 7.1, TEST 2.
TEST(Ed25519, MatchesTheRfc) {
  const SecretKey key =
      SecretKey::FromSeed(Hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"))
          .value();
  EXPECT_EQ(key.public_key().ToHex(),
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  EXPECT_EQ(base::HexEncode(key.Sign(Hex("72"))),
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
}

TEST(Ed25519, AcceptsTheCctvVectorsThatLibsodiumAccepts) {
  const auto text = ReadVectors("ed25519/cctv_ed25519.json");
  if (!text) GTEST_SKIP() << "skipped: ../shared is absent";
  const json::Document document = json::Document::Parse(*text).value();
  const json::Array vectors = document.root().AsArray(1000).value();
  ASSERT_EQ(vectors.size(), 914u);
  int accepted = 0;
  for (const json::Value vector : vectors) {
    json::Object object = vector.AsObject().value();
    const base::Bytes key = Hex(object.RequiredString("key", 64).value());
    const base::Bytes signature = Hex(object.RequiredString("sig", 128).value());
    const auto message = object.RequiredString("msg", 100).value();
    if (VerifyEd25519(key, base::AsBytes(message), signature)) ++accepted;
    bool low_order_key = false;
    bool non_canonical_key = false;
    if (!object.Find("flags")->is_null()) {
      const json::Array flags = object.RequiredArray("flags", 20).value();
      for (const json::Value flag : flags) {
        low_order_key = low_order_key || flag.AsString(99).value() == "low_order_A";
        non_canonical_key = non_canonical_key || flag.AsString(99).value() == "non_canonical_A";
      }
    }
    if (low_order_key || non_canonical_key) {
      EXPECT_FALSE(VerifyEd25519(key, base::AsBytes(message), signature));
      EXPECT_FALSE(PublicKey::FromBytes(key).has_value());
    }
  }
  EXPECT_EQ(accepted, 43);
}

TEST(Ed25519, AgreesWithWycheproof) {
  const auto text = ReadVectors("ed25519/wycheproof_ed25519.json");
  if (!text) GTEST_SKIP() << "skipped: ../shared is absent";
  const json::Document document = json::Document::Parse(*text).value();
  json::Object root = document.root().AsObject().value();
  const json::Array groups = root.RequiredArray("testGroups", 200).value();
  int tests = 0;
  for (const json::Value group : groups) {
    json::Object object = group.AsObject().value();
    json::Object key_object = object.RequiredObject("publicKey").value();
    const PublicKey key = PublicKey::FromHex(key_object.RequiredString("pk", 64).value()).value();
    const auto pem = object.RequiredString("publicKeyPem", 500).value();
    EXPECT_EQ(PublicKey::FromPem(pem).value(), key);
    const json::Array cases = object.RequiredArray("tests", 200).value();
    for (const json::Value item : cases) {
      json::Object test = item.AsObject().value();
      const base::Bytes message = Hex(test.RequiredString("msg", 10'000).value());
      const base::Bytes signature = Hex(test.RequiredString("sig", 10'000).value());
      EXPECT_EQ(key.Verify(message, signature), test.RequiredString("result", 9).value() == "valid")
          << test.RequiredInt64("tcId", 0, 9999).value();
      ++tests;
    }
  }
  EXPECT_EQ(tests, 151);
}

TEST(Ed25519, AChangedBitNeverVerifies) {
  const SecretKey key = SecretKey::Generate();
  const base::Bytes message = {1, 2, 3, 4};
  const Signature signature = key.Sign(message);
  ASSERT_TRUE(key.public_key().Verify(message, signature));
  for (size_t bit = 0; bit < 8 * signature.size(); ++bit) {
    Signature changed = signature;
    changed[bit / 8] = static_cast<uint8_t>(changed[bit / 8] ^ (1 << bit % 8));
    ASSERT_FALSE(key.public_key().Verify(message, changed)) << bit;
  }
  for (size_t bit = 0; bit < 32; ++bit) {
    base::Bytes changed = message;
    changed[bit / 8] = static_cast<uint8_t>(changed[bit / 8] ^ (1 << bit % 8));
    ASSERT_FALSE(key.public_key().Verify(changed, signature)) << bit;
  }
  EXPECT_FALSE(key.public_key().Verify(message, base::ByteView(signature).first(63)));
  EXPECT_FALSE(SecretKey::Generate().public_key().Verify(message, signature));
}

TEST(Ed25519, OpensslReadsOurPemAndWeReadIts) {
  const SecretKey key = SecretKey::Generate();
  const SecretBytes pem = key.ToPem();
  const auto theirs = testing::OpensslKey::FromPrivatePem(base::AsText(pem.bytes()));
  EXPECT_EQ(theirs.PublicPem(), key.public_key().ToPem());
  const base::ByteView message = base::AsBytes("message");
  EXPECT_TRUE(
      testing::OpensslVerifiesEd25519(key.public_key().ToPem(), message, key.Sign(message)));
  const auto other = testing::OpensslKey::Ed25519();
  const SecretKey read = SecretKey::FromPem(other.PrivatePem()).value();
  EXPECT_EQ(read.public_key().ToPem(), other.PublicPem());
  EXPECT_EQ(PublicKey::FromPem(other.PublicPem()).value(), read.public_key());
  EXPECT_TRUE(read.public_key().Verify(message, other.SignJws("message")));
}

TEST(Ed25519, RefusesKeysThatAreNone) {
  EXPECT_FALSE(PublicKey::FromBytes({}).has_value());
  EXPECT_FALSE(PublicKey::FromBytes(base::Bytes(31)).has_value());
  for (const std::string_view bad :
       {"0000000000000000000000000000000000000000000000000000000000000000",     // order 4
        "0100000000000000000000000000000000000000000000000000000000000000",     // order 1
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",     // order 2
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",     // 1, not canonical
        "0200000000000000000000000000000000000000000000000000000000000000",     // not on the curve
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"}) {  // neither
    EXPECT_FALSE(PublicKey::FromHex(bad).has_value()) << bad;
  }
  EXPECT_FALSE(SecretKey::FromSeed(base::Bytes(31)).has_value());
  EXPECT_FALSE(SecretKey::FromPem("").has_value());
  EXPECT_FALSE(SecretKey::FromPem(testing::OpensslKey::Ec("P-256").PrivatePem()).has_value());
  EXPECT_FALSE(PublicKey::FromPem(testing::OpensslKey::Ec("P-256").PublicPem()).has_value());
  EXPECT_FALSE(PublicKey::FromPem("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")
                   .has_value());
}

}  // namespace
}  // namespace wideberth::crypto
