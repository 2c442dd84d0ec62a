#include "line/key_change.h"

#include <gtest/gtest.h>

#include "line/testing/values.h"

namespace wideberth::line {
namespace {

using base::ErrorCode;
using testing::kNoon;
using testing::Replaced;
using testing::TestCard;
using testing::TestCardText;
using testing::TestKey;
using testing::TestKeys;
using testing::TestParty;

KeyChange To(std::string card_text) {
  return {std::move(card_text), {}, std::nullopt};
}
void ExpectRefused(const std::string& body, ErrorCode code, std::string_view field) {
  const auto read = ReadKeyChange(body, TestCard(1));
  ASSERT_FALSE(read.has_value()) << body;
  EXPECT_EQ(read.error().code, code) << read.error().ToString();
  EXPECT_EQ(read.error().field, field) << read.error().ToString();
}
std::string CardWith(std::array<crypto::SecretKey, 4> keys, std::string_view name = "party-1",
                     int64_t later_us = base::kMicrosPerMinute, uint8_t party = 1) {
  return MakeCard(TestParty(party), name, keys, {kNoon.us + later_us}).value();
}

TEST(KeyChange, MakesTheRoundTrip) {
  KeyChange change = To(TestCardText(1, 1));
  change.revoked = {TestKey(1).public_key(), TestKey(9).public_key()};
  change.compromised_since = base::UtcMicros{kNoon.us - 5};
  const KeyChange read = ReadKeyChange(WriteKeyChange(change), TestCard(1)).value();
  EXPECT_EQ(read.card, TestCardText(1, 1));
  EXPECT_EQ(read.revoked, change.revoked);
  EXPECT_EQ(read.compromised_since, change.compromised_since);
  EXPECT_TRUE(ReadKeyChange(WriteKeyChange(To(TestCardText(1, 1))), TestCard(1))->revoked.empty());
}

TEST(KeyChange, OneKeyMayChangeAndTheOthersStay) {
  auto keys = TestKeys(1);
  keys[3] = TestKey(77);
  const KeyChange read =
      ReadKeyChange(WriteKeyChange(To(CardWith(std::move(keys)))), TestCard(1)).value();
  const PartyCard card = ReadCard(read.card).value();
  EXPECT_EQ(card.key(KeyRole::kMessage), TestCard(1).key(KeyRole::kMessage));
  EXPECT_NE(card.key(KeyRole::kTransport), TestCard(1).key(KeyRole::kTransport));
}

TEST(KeyChange, RefusesWhatDoesNotFollow) {
  const auto body = [](std::string card) { return WriteKeyChange(To(std::move(card))); };
  ExpectRefused(body(TestCardText(2, 1)), ErrorCode::kInvalid, "/card");  // another party
  ExpectRefused(body(CardWith(TestKeys(1, 1), "other")), ErrorCode::kInvalid, "/card");
  ExpectRefused(body(CardWith(TestKeys(1, 1), "party-1", 0)), ErrorCode::kInvalid, "/card");
  ExpectRefused(body(CardWith(TestKeys(1, 1), "party-1", -1)), ErrorCode::kInvalid, "/card");
  ExpectRefused(body(CardWith(TestKeys(1))), ErrorCode::kInvalid, "/card");  // nothing changes
  auto swapped = TestKeys(1);
  std::swap(swapped[0], swapped[1]);
  ExpectRefused(body(CardWith(std::move(swapped))), ErrorCode::kInvalid, "/card");
  // A card that its keys have not all signed is none.
  ExpectRefused(body(Replaced(TestCardText(1, 1), "\"sig\":\"", "\"sig\":\"AAAA")),
                ErrorCode::kUnauthorized, "/card/signatures/0/sig");
  KeyChange change = To(TestCardText(1, 1));
  change.revoked = {TestCard(1, 1).key(KeyRole::kLog)};
  ExpectRefused(WriteKeyChange(change), ErrorCode::kInvalid, "/revoked");
}

TEST(KeyChange, RefusesWhatIsNoBody) {
  const std::string good = WriteKeyChange(To(TestCardText(1, 1)));
  ExpectRefused("{}", ErrorCode::kInvalid, "/card");
  ExpectRefused("[]", ErrorCode::kInvalid, "");
  ExpectRefused(Replaced(good, "\"revoked\":[]", "\"revoked\":[\"00\"]"), ErrorCode::kInvalid,
                "/revoked/0");
  ExpectRefused(Replaced(good, "\"revoked\":[]", "\"revoked\":[7]"), ErrorCode::kInvalid,
                "/revoked/0");
  ExpectRefused(Replaced(good, "\"revoked\":[]", "\"revoked\":[],\"compromised_since\":\"noon\""),
                ErrorCode::kInvalid, "/compromised_since");
  std::string many = "\"revoked\":[";
  for (size_t i = 0; i <= kRevokedKeysMax; ++i) {
    many += std::string(i > 0 ? "," : "") + "\"" + TestKey(1).public_key().ToHex() + "\"";
  }
  const auto read = ReadKeyChange(Replaced(good, "\"revoked\":[", many), TestCard(1));
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().field, "/revoked");
  // A field that is not known is passed over (line/message.h).
  EXPECT_TRUE(
      ReadKeyChange(Replaced(good, "{\"card\"", "{\"later\":1,\"card\""), TestCard(1)).has_value());
}

}  // namespace
}  // namespace wideberth::line
