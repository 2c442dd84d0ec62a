#include "crypto/dsse.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "base/limits.h"
#include "json/reader.h"

namespace wideberth::crypto {
namespace {

using base::ErrorCode;

constexpr std::string_view kType = "application/vnd.wideberth.msg.v1+json";

std::vector<PublicKey> Keys(const SecretKey& key) {
  return {key.public_key()};
}

std::string Replaced(std::string text, std::string_view from, std::string_view to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(Dsse, EncodesAsTheSpecification) {
  std::ifstream file("../shared/vectors/record/dsse_pae.json", std::ios::binary);
  if (!file) GTEST_SKIP() << "skipped: ../shared is absent";
  const std::string text(std::istreambuf_iterator<char>(file), {});
  const json::Document document = json::Document::Parse(text).value();
  json::Object vector = document.root().AsObject().value();
  const base::Bytes encoding =
      PreAuthenticationEncoding(vector.RequiredString("payloadType", 100).value(),
                                base::AsBytes(vector.RequiredString("payload", 100).value()));
  EXPECT_EQ(base::AsText(encoding), vector.RequiredString("pae", 200).value());
  // Another producer's envelope decodes; its ECDSA key is none of ours, so it is refused for that alone.
  const std::string envelope = vector.Find("envelope_ecdsa_p256")->ToJson();
  const auto opened = VerifyEnvelope(envelope, Keys(SecretKey::Generate()));
  EXPECT_EQ(opened.error().rule, "must include a signature of a trusted key");
}

TEST(Dsse, WhatIsSignedOpensUnderItsKeyOnly) {
  const SecretKey key = SecretKey::Generate();
  const SecretKey other = SecretKey::Generate();
  for (const std::string_view payload : {"", "x", "{\"a\":1}", "\0\xFF binary"}) {
    const std::string text = SignEnvelope(kType, base::AsBytes(payload), key).value();
    const std::vector<PublicKey> both = {other.public_key(), key.public_key()};
    const VerifiedMessage message = VerifyEnvelope(text, both).value();
    EXPECT_EQ(message.payload_type, kType);
    EXPECT_EQ(base::AsText(message.payload), payload);
    EXPECT_EQ(message.signers, Keys(key));
    EXPECT_EQ(VerifyEnvelope(text, Keys(other)).error().code, ErrorCode::kUnauthorized);
    EXPECT_EQ(VerifyEnvelope(text, {}).error().code, ErrorCode::kUnauthorized);
  }
}

TEST(Dsse, SeveralKeysSignTheSameBytes) {
  std::vector<SecretKey> keys;
  std::vector<PublicKey> trusted;
  for (int i = 0; i < 3; ++i) {
    keys.push_back(SecretKey::Generate());
    trusted.push_back(keys.back().public_key());
  }
  const std::string text = SignEnvelope(kType, base::AsBytes("p"), keys).value();
  EXPECT_EQ(VerifyEnvelope(text, trusted).value().signers, trusted);
  for (const PublicKey& key : trusted) {
    EXPECT_EQ(VerifyEnvelope(text, std::vector{key}).value().signers, std::vector{key});
  }
  // One bad signature of a trusted key refuses what the others signed.
  const size_t last = text.rfind("\"sig\":\"") + 7;
  std::string changed = text;
  changed[last] = changed[last] == 'A' ? 'B' : 'A';
  EXPECT_EQ(VerifyEnvelope(changed, trusted).error().field, "/signatures/2/sig");
}

TEST(Dsse, NoChangedByteOpensToAnythingElse) {
  const SecretKey key = SecretKey::Generate();
  const std::string text = SignEnvelope(kType, base::AsBytes("payload"), key).value();
  for (size_t i = 0; i < text.size(); ++i) {
    for (const char c : {'A', 'b', '"', ' ', '=', '\0'}) {
      std::string changed = text;
      changed[i] = c;
      const auto opened = VerifyEnvelope(changed, Keys(key));
      if (opened) {
        // Only the spelling of the envelope may differ, never what was signed.
        ASSERT_EQ(base::AsText(opened->payload), "payload");
        ASSERT_EQ(opened->payload_type, kType);
      }
      if (opened) {
        ASSERT_EQ(changed[i], text[i]) << changed;
      }
    }
  }
}

TEST(Dsse, ALyingKeyIdRefusesTheWholeEnvelope) {
  const SecretKey a = SecretKey::Generate();
  const SecretKey b = SecretKey::Generate();
  const std::string by_b = SignEnvelope(kType, base::AsBytes("p"), b).value();
  const std::string lying = Replaced(by_b, b.public_key().KeyId(), a.public_key().KeyId());
  const auto opened = VerifyEnvelope(lying, Keys(a));
  EXPECT_EQ(opened.error().code, ErrorCode::kUnauthorized);
  EXPECT_EQ(opened.error().field, "/signatures/0/sig");
  // A good signature beside it does not help.
  const std::string by_a = SignEnvelope(kType, base::AsBytes("p"), a).value();
  const std::string good = by_a.substr(by_a.find("[") + 1, by_a.find("]") - by_a.find("[") - 1);
  EXPECT_FALSE(VerifyEnvelope(Replaced(lying, "[", "[" + good + ","), Keys(a)).has_value());
  // One under an unknown key id is passed over.
  const auto two = VerifyEnvelope(Replaced(by_b, "[", "[" + good + ","), Keys(a));
  ASSERT_TRUE(two.has_value());
  EXPECT_EQ(two->signers, Keys(a));
}

TEST(Dsse, DecodesStrictly) {
  const SecretKey key = SecretKey::Generate();
  const std::string text = SignEnvelope(kType, base::AsBytes("payload"), key).value();
  ASSERT_TRUE(VerifyEnvelope(text, Keys(key)).has_value());
  const std::vector<std::pair<std::string, std::string>> cases = {
      {Replaced(text, "{", "{\"extra\":1,"), "/extra"},
      {Replaced(text, "{", "{\"payload\":\"\","), "/payload"},
      {Replaced(text, "\"keyid\"", "\"x\":1,\"keyid\""), "/signatures/0/x"},
      {Replaced(text, "cGF5bG9hZA==", "cGF5bG9hZA"), "/payload"},
      {Replaced(text, "cGF5bG9hZA==", "cGF5bG9hZB=="), "/payload"},
      {Replaced(text, "\"payloadType\"", "\"type\""), "/payloadType"},
      {Replaced(text, "\"" + std::string(kType) + "\"", "7"), "/payloadType"},
      {Replaced(text, "\"sig\"", "\"gis\""), "/signatures/0/sig"},
      {text + " {}", ""},
      {"[]", ""},
      {"{}", "/payload"},
      {R"({"payload":"","payloadType":"t","signatures":[]})", "/signatures"},
      {R"({"payload":"","payloadType":"t","signatures":{}})", "/signatures"},
      {R"({"payload":"","payloadType":"t","signatures":[1]})", "/signatures/0"},
  };
  for (const auto& [bad, field] : cases) {
    const auto opened = VerifyEnvelope(bad, Keys(key));
    ASSERT_FALSE(opened.has_value()) << bad;
    EXPECT_EQ(opened.error().field, field) << bad;
  }
}

TEST(Dsse, KeepsItsLimits) {
  const SecretKey key = SecretKey::Generate();
  const auto fits = SignEnvelope(kType, base::Bytes(48'000), key);
  ASSERT_TRUE(fits.has_value());
  EXPECT_TRUE(VerifyEnvelope(*fits, Keys(key)).has_value());
  EXPECT_EQ(SignEnvelope(kType, base::Bytes(60'000), key).error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(SignEnvelope(std::string(200, 't'), {}, key).error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(SignEnvelope("\xFF", {}, key).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(VerifyEnvelope(std::string(limits::kEnvelopeBytesMax + 1, ' '), Keys(key)).error().code,
            ErrorCode::kTooLarge);
  std::string many = R"({"payload":"","payloadType":"t","signatures":[)";
  for (size_t i = 0; i <= limits::kEnvelopeSignaturesMax; ++i) many += R"({"sig":""},)";
  many.back() = ']';
  EXPECT_EQ(VerifyEnvelope(many + "}", Keys(key)).error().code, ErrorCode::kTooLarge);
}

}  // namespace
}  // namespace wideberth::crypto
