#include "line/heartbeat.h"

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
using testing::PayloadOf;
using testing::Replaced;
using testing::TestKey;

constexpr std::string_view kType = "application/vnd.wideberth.heartbeat.v1+json";

base::Result<Heartbeat> Open(std::string_view envelope) {
  const std::vector<crypto::PublicKey> keys = {TestKey(1).public_key()};
  return OpenHeartbeat(envelope, keys);
}

base::Result<Heartbeat> OpenPayload(std::string_view payload, std::string_view type = kType) {
  return Open(crypto::SignEnvelope(type, base::AsBytes(payload), TestKey(1)).value());
}

Heartbeat FixedHeartbeat() {
  Heartbeat heartbeat;
  heartbeat.from = testing::TestParty(1);
  heartbeat.to = testing::TestParty(2);
  heartbeat.name = {testing::TestBoot(1, 1), 412};
  heartbeat.sent_at = testing::kNoon;
  heartbeat.clock_error_ms = 12;
  heartbeat.echo = Heartbeat::Echo{{testing::TestBoot(2, 1), 398}, {testing::kNoon.us - 1'500'001}};
  heartbeat.own_head = {17, crypto::Sha256(base::AsBytes("own"))};
  heartbeat.peer_head = {9, crypto::Sha256(base::AsBytes("peer"))};
  heartbeat.link = LinkState::kRecovering;
  heartbeat.policy_suspended = true;
  heartbeat.speaks = {{"note", 1}, {"receipt", 1}};
  return heartbeat;
}

std::string FixedPayload() {
  return PayloadOf(SealHeartbeat(FixedHeartbeat(), TestKey(1)));
}

TEST(Heartbeat, WhatIsSealedOpensAsTheSame) {
  base::SeededRandom random(3);
  for (int i = 0; i < 300; ++i) {
    const Heartbeat heartbeat = testing::DrawHeartbeat(&random);
    EXPECT_EQ(Open(SealHeartbeat(heartbeat, TestKey(1))).value(), heartbeat);
  }
}

TEST(Heartbeat, PayloadOfAFixedHeartbeat) {
  EXPECT_EQ(
      FixedPayload(),
      R"({"from":"00000000-0000-4000-8000-000000000001","to":"00000000-0000-4000-8000-000000000002",)"
      R"("boot":"b0000000-0000-4000-8000-000000000101","number":412,"sent_at":"2027-01-15T12:00:00Z",)"
      R"("clock_error_ms":12,"echo":{"boot":"b0000000-0000-4000-8000-000000000201","number":398,)"
      R"("received_at":"2027-01-15T11:59:58.499999Z"},"own_head":{"size":17,"root":")" +
          crypto::Sha256(base::AsBytes("own")).ToHex() + R"("},"peer_head":{"size":9,"root":")" +
          crypto::Sha256(base::AsBytes("peer")).ToHex() +
          R"("},"link":"recovering","policy_lane":"suspended","speaks":["note.v1","receipt.v1"]})");
}

TEST(Heartbeat, TheLargestFitsAnEnvelope) {
  Heartbeat heartbeat = FixedHeartbeat();
  heartbeat.speaks.assign(limits::kSpokenTypesMax,
                          {std::string(limits::kMessageTypeNameBytesMax, 'n'), 999});
  EXPECT_EQ(Open(SealHeartbeat(heartbeat, TestKey(1))).value(), heartbeat);
}

TEST(Heartbeat, RefusesEachFieldByName) {
  struct Refusal {
    std::string_view from;
    std::string_view to;
    std::string_view field;
    ErrorCode code = ErrorCode::kInvalid;
  };
  const Refusal refusals[] = {
      {R"("from":)", R"("by":)", "/from"},
      {R"("from":"00000000-0000-4000)", R"("from":"00000000-0000-7000)", "/from"},
      {R"("to":")", R"("at":")", "/to"},
      {R"("boot":"b)", R"("start":"b)", "/boot"},
      {R"("boot":"b0000000-0000-4000)", R"("boot":"b0000000-0000-5000)", "/boot"},
      {R"("number":412,)", "", "/number"},
      {R"("number":412)", R"("number":0)", "/number"},
      {R"("number":412)", R"("number":9223372036854775808)", "/number"},
      {R"("sent_at":"2027)", R"("sent_at":"27)", "/sent_at"},
      {R"("sent_at":)", R"("sent":)", "/sent_at"},
      {R"("clock_error_ms":12)", R"("clock_error_ms":86400001)", "/clock_error_ms"},
      {R"("clock_error_ms":12)", R"("clock_error_ms":"12")", "/clock_error_ms"},
      {R"("echo":{)", R"("echo":null,"x":{)", "/echo"},
      {R"("echo":{)", R"("echo":[],"x":{)", "/echo"},
      {R"("echo":{"boot":)", R"("echo":{"start":)", "/echo/boot"},
      {R"("number":398)", R"("number":0)", "/echo/number"},
      {R"("number":398,)", "", "/echo/number"},
      {R"("received_at":)", R"("heard_at":)", "/echo/received_at"},
      {R"("received_at":"2027-01-15T11:59:58.499999Z")", R"("received_at":"2027-01-15")",
       "/echo/received_at"},
      {R"("own_head":)", R"("my_head":)", "/own_head"},
      {R"("own_head":{"size":17)", R"("own_head":{"size":-17)", "/own_head/size"},
      {R"("own_head":{"size":17,"root":")", R"("own_head":{"size":17,"root":"!)", "/own_head/root",
       ErrorCode::kTooLarge},
      {R"("peer_head":)", R"("your_head":)", "/peer_head"},
      {R"("peer_head":{"size":9)", R"("peer_head":{"size":9.5)", "/peer_head/size"},
      {R"("link":"recovering",)", "", "/link"},
      {R"("link":"recovering")", R"("link":"fine")", "/link"},
      {R"("policy_lane":"suspended",)", "", "/policy_lane"},
      {R"("policy_lane":"suspended")", R"("policy_lane":true)", "/policy_lane"},
      {R"("speaks":)", R"("says":)", "/speaks"},
      {R"("speaks":["note.v1")", R"("speaks":["note")", "/speaks/0"},
      {R"("receipt.v1"])", R"(7])", "/speaks/1"},
  };
  const std::string payload = FixedPayload();
  ASSERT_TRUE(OpenPayload(payload).has_value());
  for (const Refusal& refusal : refusals) {
    const auto opened = OpenPayload(Replaced(payload, refusal.from, refusal.to));
    ASSERT_FALSE(opened.has_value()) << refusal.to;
    EXPECT_EQ(opened.error().field, refusal.field) << refusal.to;
    EXPECT_EQ(opened.error().code, refusal.code) << refusal.to;
  }
  for (size_t bytes = 0; bytes < payload.size(); ++bytes) {
    EXPECT_FALSE(OpenPayload(payload.substr(0, bytes)).has_value()) << bytes;
  }
}

TEST(Heartbeat, SpeaksHasALimit) {
  std::string many = R"("speaks":[)";
  for (size_t i = 0; i <= limits::kSpokenTypesMax; ++i) many += "\"a.v1\",";
  const auto opened = OpenPayload(Replaced(FixedPayload(), R"("speaks":[)", many));
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().field, "/speaks");
  EXPECT_EQ(opened.error().code, ErrorCode::kTooLarge);
}

TEST(Heartbeat, UnknownOptionalFieldsArePassedOver) {
  const auto opened =
      OpenPayload(Replaced(FixedPayload(), "{\"from\"", "{\"mood\":\"calm\",\"from\""));
  ASSERT_TRUE(opened.has_value());
  EXPECT_EQ(*opened, FixedHeartbeat());
}

// A heartbeat takes no sequence number, so it must never be taken for a message, nor a message for a heartbeat.
TEST(Heartbeat, IsNoMessageAndNoMessageIsOne) {
  const std::string payload = FixedPayload();
  for (const std::string_view type :
       {"application/vnd.wideberth.heartbeat.v2+json", "application/vnd.wideberth.note.v1+json",
        "application/json", ""}) {
    const auto opened = OpenPayload(payload, type);
    ASSERT_FALSE(opened.has_value());
    EXPECT_EQ(opened.error().field, "/payloadType");
  }
  const std::vector<crypto::PublicKey> keys = {TestKey(1).public_key()};
  EXPECT_FALSE(OpenMessage(SealHeartbeat(FixedHeartbeat(), TestKey(1)), keys).has_value());
}

TEST(Heartbeat, RefusesWhatTheKeysDidNotSign) {
  EXPECT_EQ(Open(SealHeartbeat(FixedHeartbeat(), TestKey(2))).error().code,
            ErrorCode::kUnauthorized);
  const std::string mine = SealHeartbeat(FixedHeartbeat(), TestKey(1));
  EXPECT_EQ(OpenHeartbeat(mine, {}).error().code, ErrorCode::kUnauthorized);
}

}  // namespace
}  // namespace wideberth::line
