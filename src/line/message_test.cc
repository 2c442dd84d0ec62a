#include "line/message.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/limits.h"
#include "base/random.h"
#include "crypto/dsse.h"
#include "crypto/sha256.h"
#include "line/testing/values.h"

namespace wideberth::line {
namespace {

using base::ErrorCode;
using testing::DrawMessage;
using testing::PayloadOf;
using testing::Replaced;
using testing::TestKey;

constexpr std::string_view kNoteType = "application/vnd.wideberth.note.v1+json";

base::Result<OpenedMessage> Open(std::string_view envelope) {
  const std::vector<crypto::PublicKey> keys = {TestKey(1).public_key()};
  return OpenMessage(envelope, keys);
}

base::Result<OpenedMessage> OpenPayload(std::string_view payload,
                                        std::string_view type = kNoteType) {
  return Open(crypto::SignEnvelope(type, base::AsBytes(payload), TestKey(1)).value());
}

Message FixedMessage() {
  Message message;
  message.type = {"note", 1};
  message.from = testing::TestParty(1);
  message.to = testing::TestParty(2);
  message.seq = 17;
  message.previous = crypto::Sha256(base::AsBytes("previous"));
  message.sent_at = {testing::kNoon.us + 250'000};
  message.clock_error_ms = 12;
  message.lane = Lane::kPolicy;
  message.data_mode = airspace::DataMode::kExercise;
  message.peer_head = {9, crypto::Sha256(base::AsBytes("root"))};
  message.in_reply_to = crypto::Sha256(base::AsBytes("reply"));
  message.crit = {"area", "until"};
  message.body = "{\"text\":\"clear\",\"area\":[1,2.5,null]}";
  return message;
}

std::string FixedPayload() {
  return PayloadOf(SealMessage(FixedMessage(), TestKey(1)).value());
}

TEST(Message, WhatIsSealedOpensAsTheSame) {
  base::SeededRandom random(1);
  const crypto::SecretKey key = TestKey(1);
  for (int i = 0; i < 400; ++i) {
    const Message message = DrawMessage(i < 20 ? 1 : 2 + random.Below(1'000'000), &random);
    const std::string envelope = SealMessage(message, key).value();
    const OpenedMessage opened = Open(envelope).value();
    EXPECT_EQ(opened.message, message);
    EXPECT_EQ(opened.digest, crypto::Sha256(base::AsBytes(envelope)));
    EXPECT_EQ(SealMessage(message, key).value(), envelope);  // signing is deterministic
  }
}

// The wire format cannot change unnoticed: these bytes are in other parties' records.
TEST(Message, PayloadOfAFixedMessage) {
  EXPECT_EQ(
      FixedPayload(),
      R"({"from":"00000000-0000-4000-8000-000000000001","to":"00000000-0000-4000-8000-000000000002",)"
      R"("seq":17,"previous":"6da0633528deaa0144e7b058315f0b753ec0b945163a72bf96a0d18180f9de0d",)"
      R"("sent_at":"2027-01-15T12:00:00.250Z","clock_error_ms":12,"lane":"policy","data_mode":"EXERCISE",)"
      R"("peer_head":{"size":9,"root":"4813494d137e1631bba301d5acab6e7bb7aa74ce1185d456565ef51d737677b2"},)"
      R"("in_reply_to":"5782b18687e6cf8a482fc32d2db5b196d8821c458a0c069c6acf3953446e7bb5",)"
      R"("crit":["area","until"],"body":{"text":"clear","area":[1,2.5,null]}})");
  EXPECT_EQ(crypto::Sha256(base::AsBytes(SealMessage(FixedMessage(), TestKey(1)).value())).ToHex(),
            "5cfe64b68e499c0d2a6a47ad694bdd1d3c0ce5d3089605b5030a6ef87b67ad5f");
}

TEST(Message, TheFirstHasNoPreviousAndABodyMayStandBeside) {
  Message message = FixedMessage();
  message.seq = 1;
  message.previous = {};
  message.in_reply_to.reset();
  message.crit.clear();
  message.body =
      BodyBeside{crypto::Sha256(base::AsBytes("body")), limits::kMessageBodyBesideBytesMax};
  const std::string envelope = SealMessage(message, TestKey(1)).value();
  EXPECT_EQ(
      PayloadOf(envelope),
      R"({"from":"00000000-0000-4000-8000-000000000001","to":"00000000-0000-4000-8000-000000000002",)"
      R"("seq":1,"sent_at":"2027-01-15T12:00:00.250Z","clock_error_ms":12,"lane":"policy",)"
      R"("data_mode":"EXERCISE",)"
      R"("peer_head":{"size":9,"root":"4813494d137e1631bba301d5acab6e7bb7aa74ce1185d456565ef51d737677b2"},)"
      R"("body_beside":{"sha256":"230d8358dc8e8890b4c58deeb62912ee2f20357ae92a5cc861b98e68fe31acb5",)"
      R"("bytes":4194304}})");
  EXPECT_EQ(Open(envelope).value().message, message);
}

struct Refusal {
  std::string from;
  std::string to;
  std::string field;
  ErrorCode code = ErrorCode::kInvalid;
};

TEST(Message, RefusesEachFieldByName) {
  const std::string hex64(64, 'a');
  const std::vector<Refusal> refusals = {
      {R"("from":"00000000-0000-4000-8000-000000000001",)", "", "/from"},
      {R"("from":"00000000-0000-4000)", R"("from":"00000000-0000-1000)", "/from"},
      {R"("from":"00000000-0000-4000-8000-000000000001")", R"("from":1)", "/from"},
      {R"("to":"00000000-0000-4000-8000-000000000002",)", "", "/to"},
      {R"("to":"00000000-0000-4000-8000-000000000002")", R"("to":"")", "/to"},
      {R"("to":"00000000-0000-4000-8000-000000000002")", R"("to":null)", "/to"},
      {R"("seq":17,)", "", "/seq"},
      {R"("seq":17)", R"("seq":0)", "/seq"},
      {R"("seq":17)", R"("seq":-1)", "/seq"},
      {R"("seq":17)", R"("seq":17.0)", "/seq"},
      {R"("seq":17)", R"("seq":"17")", "/seq"},
      {R"("seq":17)", R"("seq":9223372036854775808)", "/seq"},
      {R"("seq":17)", R"("seq":1)", "/previous"},  // the first has none
      {R"("previous":)", R"("before":)", "/previous"},
      {R"("previous":"6)", R"("previous":"z)", "/previous"},
      {R"("previous":"6)", R"("previous":"66)", "/previous", ErrorCode::kTooLarge},
      {R"("sent_at":"2027-01-15T12:00:00.250Z",)", "", "/sent_at"},
      {R"("sent_at":"2027-01-15T12:00:00.250Z")", R"("sent_at":"2027-01-15T12:00:00")", "/sent_at"},
      {R"("sent_at":"2027-01-15T12:00:00.250Z")", R"("sent_at":1800014400)", "/sent_at"},
      {R"("sent_at":"2027)", R"("sent_at":"9999)", "/sent_at"},
      {R"("clock_error_ms":12,)", "", "/clock_error_ms"},
      {R"("clock_error_ms":12)", R"("clock_error_ms":-1)", "/clock_error_ms"},
      {R"("clock_error_ms":12)", R"("clock_error_ms":86400001)", "/clock_error_ms"},
      {R"("clock_error_ms":12)", R"("clock_error_ms":12.5)", "/clock_error_ms"},
      {R"("lane":"policy",)", "", "/lane"},
      {R"("lane":"policy")", R"("lane":"Policy")", "/lane"},
      {R"("data_mode":"EXERCISE",)", "", "/data_mode"},
      {R"("data_mode":"EXERCISE")", R"("data_mode":"DRILL")", "/data_mode"},
      {R"("peer_head":)", R"("head":)", "/peer_head"},
      {R"("peer_head":{"size":9,)", R"("peer_head":{)", "/peer_head/size"},
      {R"("peer_head":{"size":9)", R"("peer_head":{"size":-1)", "/peer_head/size"},
      {R"("root":")", R"("tree":")", "/peer_head/root"},
      {R"("root":"4)", R"("root":"g)", "/peer_head/root"},
      {R"("in_reply_to":")", R"("in_reply_to":"g)", "/in_reply_to", ErrorCode::kTooLarge},
      {R"("crit":["area","until"])", R"("crit":null)", "/crit"},
      {R"("crit":["area","until"])", R"("crit":"area")", "/crit"},
      {R"("crit":["area","until"])", R"("crit":["area",1])", "/crit/1"},
      {R"("crit":["area")", "\"crit\":[\"" + hex64 + "a\"", "/crit/0", ErrorCode::kTooLarge},
      {R"("body":)", R"("corpse":)", "/body"},
      {R"("body":{"text":"clear","area":[1,2.5,null]})", R"("body":[])", "/body"},
      {R"("body":{"text":"clear","area":[1,2.5,null]})", R"("body":null)", "/body"},
      {R"("body":)", R"("body_beside":{},"body":)", "/body"},  // not both
      {R"("body":{"text":"clear","area":[1,2.5,null]})", R"("body_beside":{"bytes":1})",
       "/body_beside/sha256"},
      {R"("body":{"text":"clear","area":[1,2.5,null]})",
       "\"body_beside\":{\"sha256\":\"" + hex64 + "\"}", "/body_beside/bytes"},
      {R"("body":{"text":"clear","area":[1,2.5,null]})",
       "\"body_beside\":{\"sha256\":\"" + hex64 + "\",\"bytes\":0}", "/body_beside/bytes"},
      {R"("body":{"text":"clear","area":[1,2.5,null]})",
       "\"body_beside\":{\"sha256\":\"" + hex64 + "\",\"bytes\":4194305}", "/body_beside/bytes"},
      {R"("body":{"text":"clear","area":[1,2.5,null]})", R"("body_beside":[])", "/body_beside"},
      {R"("text":"clear")", R"("area":"clear")", "/body/area"},  // a key that stands twice
  };
  const std::string payload = FixedPayload();
  ASSERT_TRUE(OpenPayload(payload));
  for (const Refusal& refusal : refusals) {
    const auto opened = OpenPayload(Replaced(payload, refusal.from, refusal.to));
    ASSERT_FALSE(opened.has_value()) << refusal.to;
    EXPECT_EQ(opened.error().field, refusal.field) << refusal.to;
    EXPECT_EQ(opened.error().code, refusal.code) << refusal.to;
    EXPECT_FALSE(opened.error().rule.empty());
  }
}

TEST(Message, CritHasItsLimits) {
  Message message = FixedMessage();
  message.crit.assign(limits::kMessageCritFieldsMax,
                      std::string(limits::kMessageCritBytesMax, 'c'));
  const std::string envelope = SealMessage(message, TestKey(1)).value();
  EXPECT_EQ(Open(envelope).value().message.crit, message.crit);
  const auto opened = OpenPayload(Replaced(PayloadOf(envelope), "\"crit\":[", "\"crit\":[\"x\","));
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().field, "/crit");
  EXPECT_EQ(opened.error().code, ErrorCode::kTooLarge);
}

TEST(Message, RefusesWhatIsNoPayload) {
  for (const std::string_view payload : {"", "{}", "[]", "null", "{\"from\":", "\xFF"}) {
    EXPECT_FALSE(OpenPayload(payload).has_value()) << payload;
  }
  const std::string payload = FixedPayload();
  for (size_t bytes = 0; bytes < payload.size(); ++bytes) {
    EXPECT_FALSE(OpenPayload(payload.substr(0, bytes)).has_value()) << bytes;
  }
}

TEST(Message, UnknownOptionalFieldsAreNotShown) {
  const std::string payload = FixedPayload();
  const auto opened = OpenPayload(Replaced(payload, "{\"from\"", R"({"colour":{"r":1},"from")"));
  ASSERT_TRUE(opened.has_value());
  EXPECT_EQ(opened->message, FixedMessage());
  // In a body they are for the reader of the body to pass over.
  const auto with_body = OpenPayload(Replaced(payload, "{\"text\"", R"({"colour":1,"text")"));
  ASSERT_TRUE(with_body.has_value());
  EXPECT_EQ(std::get<std::string>(with_body->message.body),
            R"({"colour":1,"text":"clear","area":[1,2.5,null]})");
}

TEST(Message, RefusesOtherPayloadTypes) {
  const std::string payload = FixedPayload();
  const std::string_view types[] = {"",
                                    "application/json",
                                    "application/vnd.wideberth.note.v1",
                                    "application/vnd.wideberth.+json",
                                    "application/vnd.wideberth+json",
                                    "application/vnd.wideberth.note+json",
                                    "application/vnd.wideberth.note.v0+json",
                                    "application/vnd.wideberth.note.v01+json",
                                    "application/vnd.wideberth.note.v1000+json",
                                    "application/vnd.wideberth.note.v-1+json",
                                    "application/vnd.wideberth.note.v1 +json",
                                    "application/vnd.wideberth.Note.v1+json",
                                    "application/vnd.wideberth.1note.v1+json",
                                    "application/vnd.wideberth.no.te.v1+json",
                                    "application/vnd.wideberth.note.v1.v2+json",
                                    "application/vnd.wideberth..v1+json"};
  for (const std::string_view type : types) {
    const auto opened = OpenPayload(payload, type);
    ASSERT_FALSE(opened.has_value()) << type;
    EXPECT_EQ(opened.error().field, "/payloadType") << type;
    EXPECT_EQ(opened.error().code, ErrorCode::kInvalid) << type;
  }
  EXPECT_TRUE(OpenPayload(payload, "application/vnd.wideberth.x.v999+json").has_value());
}

TEST(Message, TypeNamesMakeTheRoundTrip) {
  base::SeededRandom random(2);
  for (int i = 0; i < 300; ++i) {
    const MessageType type = testing::DrawType(&random);
    EXPECT_EQ(MessageType::FromShortName(type.ShortName()).value(), type);
    EXPECT_EQ(MessageType::FromPayloadType(type.PayloadType()).value(), type);
  }
  const std::string longest(limits::kMessageTypeNameBytesMax, 'n');
  EXPECT_TRUE(MessageType::FromShortName(longest + ".v999").has_value());
  EXPECT_FALSE(MessageType::FromShortName(longest + "n.v1").has_value());
  EXPECT_FALSE(MessageType::FromShortName("note.v").has_value());
  EXPECT_FALSE(MessageType::FromShortName("note.v18446744073709551617").has_value());
}

TEST(Message, RefusesWhatTheKeysDidNotSign) {
  const std::string envelope = SealMessage(FixedMessage(), TestKey(2)).value();
  const auto opened = Open(envelope);
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().code, ErrorCode::kUnauthorized);
  // A signature of the right key over other bytes, and over another type.
  const std::string mine = SealMessage(FixedMessage(), TestKey(1)).value();
  const std::string payload = FixedPayload();
  const std::string other =
      Replaced(mine, base::Base64Encode(base::AsBytes(payload)),
               base::Base64Encode(base::AsBytes(Replaced(payload, "\"seq\":17", "\"seq\":18"))));
  EXPECT_EQ(Open(other).error().code, ErrorCode::kUnauthorized);
  EXPECT_EQ(Open(Replaced(mine, ".note.v1", ".note.v2")).error().code, ErrorCode::kUnauthorized);
  EXPECT_EQ(OpenMessage(mine, {}).error().code, ErrorCode::kUnauthorized);
  // Two keys of the sender, as while it changes from one to the other.
  const std::vector<crypto::PublicKey> both = {TestKey(1).public_key(), TestKey(2).public_key()};
  EXPECT_TRUE(OpenMessage(mine, both).has_value());
  EXPECT_TRUE(OpenMessage(envelope, both).has_value());
}

TEST(Message, ABodyFillsAnEnvelopeAndNoMore) {
  Message message = FixedMessage();
  const auto sealed = [&](size_t text_bytes) {
    message.body = "{\"t\":\"" + std::string(text_bytes, 't') + "\"}";
    return SealMessage(message, TestKey(1));
  };
  size_t fits = limits::kMessageBodyInlineBytesMax;
  ASSERT_TRUE(sealed(fits).has_value());
  for (size_t step = limits::kEnvelopeBytesMax; step > 0; step /= 2) {
    while (sealed(fits + step).has_value()) fits += step;
  }
  const std::string largest = sealed(fits).value();
  EXPECT_LE(largest.size(), limits::kEnvelopeBytesMax);
  EXPECT_GT(largest.size(), limits::kEnvelopeBytesMax - 8);  // base64 grows by fours
  EXPECT_TRUE(Open(largest).has_value());
  EXPECT_EQ(sealed(fits + 1).error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(Open(std::string(limits::kEnvelopeBytesMax + 1, ' ')).error().code,
            ErrorCode::kTooLarge);
}

// What is signed is in the log for ever; if the peer could not read it, nothing behind it would ever arrive.
TEST(Message, SealRefusesWhatCouldNotBeOpened) {
  const auto field_of = [](auto change) {
    Message message = FixedMessage();
    change(&message);
    const auto sealed = SealMessage(message, TestKey(1));
    return sealed ? "accepted" : sealed.error().field;
  };
  EXPECT_EQ(field_of([](Message* m) { m->seq = uint64_t{1} << 63; }), "/seq");
  EXPECT_EQ(field_of([](Message* m) { m->clock_error_ms = -1; }), "/clock_error_ms");
  EXPECT_EQ(field_of([](Message* m) { m->sent_at = {-1}; }), "/sent_at");
  EXPECT_EQ(field_of([](Message* m) { m->crit.resize(limits::kMessageCritFieldsMax + 1); }),
            "/crit");
  EXPECT_EQ(field_of([](Message* m) { m->body = "[]"; }), "/body");
  EXPECT_EQ(field_of([](Message* m) { m->body = "{\"a\":1,\"a\":2}"; }), "/body/a");
  EXPECT_EQ(field_of([](Message* m) { m->body = BodyBeside{{}, 0}; }), "/body_beside/bytes");
  // Deeper than a document may be once it stands inside the payload.
  const auto nested = [](size_t levels) {
    std::string text = "{}";
    for (size_t i = 1; i < levels; ++i) text = "{\"a\":" + text + "}";
    return text;
  };
  EXPECT_EQ(field_of([&](Message* m) { m->body = nested(limits::kJsonDepthMax - 1); }), "accepted");
  EXPECT_NE(field_of([&](Message* m) { m->body = nested(limits::kJsonDepthMax); }), "accepted");
}

TEST(MessageDeathTest, SealRequiresItsParts) {
  Message message = FixedMessage();
  message.previous = {};
  EXPECT_DEATH(std::ignore = SealMessage(message, TestKey(1)), "previous");
  message = FixedMessage();
  message.type.name = "Note";
  EXPECT_DEATH(std::ignore = SealMessage(message, TestKey(1)), "IsTypeName");
}

}  // namespace
}  // namespace wideberth::line
