#include "agreement/signed.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "agreement/testing/samples.h"
#include "base/limits.h"
#include "crypto/dsse.h"

namespace wideberth::agreement {
namespace {

using base::ErrorCode;
using crypto::SecretKey;
using testing::Sample;
using testing::SampleText;
using testing::With;

constexpr base::UtcMicros kSigned{1'800'014'400'000'000};  // 2027-01-15T12:00:00Z

SecretKey Key(uint8_t seed) {
  return SecretKey::FromSeed(base::Bytes(32, seed)).value();
}
std::array<PartyKeys, 2> Keys() {
  return {PartyKeys{Sample().parties()[0].id, {Key(1).public_key()}},
          PartyKeys{Sample().parties()[1].id, {Key(2).public_key()}}};
}
std::string Sign(uint8_t seed, std::string_view text = SampleText()) {
  return SignAgreement(text, Key(seed), kSigned).value();
}
base::Result<SignedAgreement> Read(const std::vector<std::string>& signatures,
                                   std::string_view text = SampleText()) {
  return ReadSignedAgreement(WriteSignedAgreement(text, signatures), Keys());
}

TEST(SignedAgreement, IsInForceWhenBothSigned) {
  for (const auto& signatures : {std::vector{Sign(1), Sign(2)}, std::vector{Sign(2), Sign(1)}}) {
    const SignedAgreement read = Read(signatures).value();
    EXPECT_TRUE(read.complete());
    EXPECT_EQ(read.agreement.text, SampleText()) << "byte for byte";
    EXPECT_EQ(read.agreement.digest, Sample().digest);
    EXPECT_EQ(read.signatures, signatures);
    EXPECT_TRUE(RequireInForce(read, Sample().effective_from).has_value());
    const auto early = RequireInForce(read, {Sample().effective_from.us - 1});
    EXPECT_EQ(early.error().field, "effective_from");
    EXPECT_EQ(RequireInForce(read, *Sample().expires).error().field, "expires");
  }
}

TEST(SignedAgreement, WhatOneSideSignedIsNotInForce) {
  const SignedAgreement none = Read({}).value();
  const SignedAgreement north = Read({Sign(1)}).value();
  const SignedAgreement south = Read({Sign(2)}).value();
  EXPECT_TRUE(north.signed_by[0] && !north.signed_by[1]);
  EXPECT_TRUE(!south.signed_by[0] && south.signed_by[1]);
  const auto found = [](const SignedAgreement& agreement) {
    const auto refused = RequireInForce(agreement, Sample().effective_from);
    EXPECT_EQ(refused.error().code, ErrorCode::kConflict);
    EXPECT_EQ(refused.error().rule,
              "must be of both parties: what one side signed is not in force");
    return refused.error().found;
  };
  EXPECT_EQ(found(none), "nobody signed");
  EXPECT_EQ(found(north), "only north signed");
  EXPECT_EQ(found(south), "only south signed");
}

TEST(SignedAgreement, TheKeysMayStandInAnyOrderAndBeOldOnes) {
  auto keys = Keys();
  std::swap(keys[0], keys[1]);
  keys[1].keys.insert(keys[1].keys.begin(), Key(9).public_key());  // a newer key of the north
  const std::string file = WriteSignedAgreement(SampleText(), std::vector{Sign(1), Sign(2)});
  EXPECT_TRUE(ReadSignedAgreement(file, keys)->complete());
  const std::string newer = WriteSignedAgreement(SampleText(), std::vector{Sign(9), Sign(2)});
  EXPECT_TRUE(ReadSignedAgreement(newer, keys)->complete());
}

// It was signed before the key was replaced, or it was not the party that signed it.
TEST(SignedAgreement, AReplacedKeyHoldsForWhatItSignedBefore) {
  auto keys = Keys();
  const std::string file = WriteSignedAgreement(SampleText(), std::vector{Sign(1), Sign(2)});
  keys[0].keys = {Key(9).public_key(), {Key(1).public_key(), kSigned}};
  EXPECT_TRUE(ReadSignedAgreement(file, keys)->complete());
  keys[0].keys[1].until = base::UtcMicros{kSigned.us - 1};
  const auto refused = ReadSignedAgreement(file, keys);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kUnauthorized);
  EXPECT_EQ(refused.error().field, "/signatures/0/payload/signed_at");
  EXPECT_EQ(refused.error().found, "2027-01-15T12:00:00Z");

  EXPECT_EQ(VerifyAgreementSignature(Sign(1), Sample(), Keys()[0].keys).value(), kSigned);
  EXPECT_FALSE(VerifyAgreementSignature(Sign(1), Sample(), keys[0].keys).has_value());
  EXPECT_FALSE(VerifyAgreementSignature(Sign(1), Sample(), {}).has_value());
}

TEST(SignedAgreement, RefusesSignaturesThatAreNotOfTheTwoPartiesAndThisText) {
  const auto refuse = [](const std::vector<std::string>& signatures, std::string_view field) {
    const auto read = Read(signatures);
    ASSERT_FALSE(read.has_value()) << field;
    EXPECT_EQ(read.error().code, ErrorCode::kUnauthorized) << read.error().ToString();
    EXPECT_TRUE(read.error().field.starts_with(field)) << read.error().ToString();
  };
  refuse({Sign(3)}, "/signatures/0");
  refuse({Sign(1), Sign(3)}, "/signatures/1");
  refuse({Sign(1), Sign(1)}, "/signatures/1");
  // Of another text: one digit, or one space, of difference.
  refuse({Sign(1), Sign(2, With(SampleText(), "position_nm = 0.1", "position_nm = 0.2"))},
         "/signatures/1");
  refuse({Sign(1, SampleText() + "\n")}, "/signatures/0");
  // The right payload under another type, and both keys on one signature.
  const std::string statement =
      "{\"agreement_sha256\":\"" + Sample().digest.ToHex() + "\",\"number\":1,\"parties\":[\"" +
      Sample().parties()[0].id.ToString() + "\",\"" + Sample().parties()[1].id.ToString() +
      "\"],\"signed_at\":\"2027-01-15T12:00:00Z\"}";
  const auto seal = [&](std::string_view type, std::vector<SecretKey> keys) {
    return crypto::SignEnvelope(type, base::AsBytes(statement), keys).value();
  };
  constexpr std::string_view kType = "application/vnd.wideberth.agreement-signature.v1+json";
  std::vector<SecretKey> one;
  one.push_back(Key(1));
  EXPECT_EQ(seal(kType, std::move(one)), Sign(1)) << "what is signed is as the header says";
  std::vector<SecretKey> other;
  other.push_back(Key(1));
  refuse({seal("application/vnd.wideberth.notice.v1+json", std::move(other))}, "/signatures/0");
  std::vector<SecretKey> both;
  both.push_back(Key(1));
  both.push_back(Key(2));
  refuse({seal(kType, std::move(both))}, "/signatures/0");
}

TEST(SignedAgreement, NoChangedByteIsRead) {
  const std::string file = WriteSignedAgreement(SampleText(), std::vector{Sign(1), Sign(2)});
  const size_t stride = file.size() / 400 + 1;
  for (size_t i = 0; i < file.size(); i += stride) {
    for (const char c : {'0', 'x'}) {
      std::string changed = file;
      changed[i] = c;
      if (changed == file) continue;
      ASSERT_FALSE(ReadSignedAgreement(changed, Keys()).has_value()) << i;
    }
  }
}

TEST(SignedAgreement, RefusesOtherPartiesAndSharedKeys) {
  const std::string file = WriteSignedAgreement(SampleText(), std::vector{Sign(1), Sign(2)});
  auto keys = Keys();
  keys[1].party = base::PartyId::Parse("11111111-1111-4111-8111-111111111111").value();
  EXPECT_EQ(ReadSignedAgreement(file, keys).error().field, "/text/party");
  keys = Keys();
  keys[1].keys.push_back(Key(1).public_key());
  EXPECT_EQ(ReadSignedAgreement(file, keys).error().field, "keys");
  // Nobody signs what is no agreement.
  EXPECT_FALSE(SignAgreement("number = 1", Key(1), kSigned).has_value());
  EXPECT_EQ(Read({}, With(SampleText(), "number = 1", "number = 0")).error().field, "/text/number");
  for (const std::string_view bad : {"", "{}", "[]", "{\"wideberth_signed_agreement\":2}"}) {
    EXPECT_FALSE(ReadSignedAgreement(bad, Keys()).has_value()) << bad;
  }
}

// Longer than any envelope, up to the limit of an agreement.
TEST(SignedAgreement, MayBeLongerThanAnEnvelope) {
  const std::string text =
      SampleText() + "#" + std::string(limits::kAgreementBytesMax - SampleText().size() - 1, '"');
  const std::vector signatures = {Sign(1, text), Sign(2, text)};
  const SignedAgreement read = Read(signatures, text).value();
  EXPECT_TRUE(read.complete());
  EXPECT_EQ(read.agreement.text, text);
}

}  // namespace
}  // namespace wideberth::agreement
