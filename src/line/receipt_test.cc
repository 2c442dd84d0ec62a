#include "line/receipt.h"

#include <gtest/gtest.h>

#include <string>

#include "base/limits.h"
#include "base/random.h"
#include "line/policy_lane.h"
#include "line/testing/values.h"

namespace wideberth::line {
namespace {

using base::ErrorCode;

TEST(Receipt, WhatIsWrittenReadsAsTheSame) {
  base::SeededRandom random(7);
  for (int i = 0; i < 200; ++i) {
    Receipt receipt;
    const size_t stored = 1 + random.Below(limits::kReceiptEntriesMax);
    for (size_t k = 0; k < stored; ++k) {
      receipt.stored.push_back(testing::DrawDigest(&random));
      if (random.Below(3) == 0) receipt.not_understood.push_back(receipt.stored.back());
    }
    EXPECT_EQ(ReadReceipt(WriteReceipt(receipt)).value(), receipt);
  }
}

TEST(Receipt, TextOfAFixedOne) {
  base::Digest one;
  one.bytes[31] = 1;
  base::Digest two;
  two.bytes[0] = 0xAB;
  EXPECT_EQ(
      WriteReceipt({{one, two}, {two}}),
      R"({"stored":["0000000000000000000000000000000000000000000000000000000000000001",)"
      R"("ab00000000000000000000000000000000000000000000000000000000000000"],)"
      R"("not_understood":["ab00000000000000000000000000000000000000000000000000000000000000"]})");
}

TEST(Receipt, RefusesEachFieldByName) {
  const std::string a(64, 'a');
  const std::string b(64, 'b');
  const auto field_of = [](const std::string& body) {
    const auto receipt = ReadReceipt(body);
    return receipt ? "accepted" : receipt.error().field;
  };
  EXPECT_EQ(field_of(R"({"stored":[")" + a + R"("],"not_understood":[]})"), "accepted");
  EXPECT_EQ(field_of(R"({"more":1,"stored":[")" + a + R"("],"not_understood":[]})"), "accepted");
  EXPECT_EQ(field_of(R"({"not_understood":[]})"), "/stored");
  EXPECT_EQ(field_of(R"({"stored":[],"not_understood":[]})"), "/stored");
  EXPECT_EQ(field_of(R"({"stored":")" + a + R"(","not_understood":[]})"), "/stored");
  EXPECT_EQ(field_of(R"({"stored":[")" + a + R"("]})"), "/not_understood");
  EXPECT_EQ(field_of(R"({"stored":[")" + a + R"("],"not_understood":null})"), "/not_understood");
  EXPECT_EQ(field_of(R"({"stored":[")" + a + R"(",7],"not_understood":[]})"), "/stored/1");
  EXPECT_EQ(field_of(R"({"stored":["aa"],"not_understood":[]})"), "/stored/0");
  EXPECT_EQ(field_of(R"({"stored":[")" + a + R"("],"not_understood":[")" + b + R"("]})"),
            "/not_understood");
  EXPECT_FALSE(ReadReceipt("").has_value());
  EXPECT_FALSE(ReadReceipt("[]").has_value());

  std::string many = R"({"stored":[)";
  for (size_t i = 0; i <= limits::kReceiptEntriesMax; ++i)
    many += (i > 0 ? ",\"" : "\"") + a + "\"";
  const auto receipt = ReadReceipt(many + R"(],"not_understood":[]})");
  ASSERT_FALSE(receipt.has_value());
  EXPECT_EQ(receipt.error().field, "/stored");
  EXPECT_EQ(receipt.error().code, ErrorCode::kTooLarge);
}

TEST(PolicyLane, SaysOneThing) {
  EXPECT_EQ(WritePolicyLane(true), R"({"suspended":true})");
  for (const bool suspended : {false, true}) {
    EXPECT_EQ(ReadPolicyLane(WritePolicyLane(suspended)).value(), suspended);
  }
  EXPECT_TRUE(ReadPolicyLane(R"({"why":"because","suspended":true})").value());
  for (const std::string_view body :
       {"{}", R"({"suspended":1})", R"({"suspended":"true"})", R"({"suspended":null})"}) {
    EXPECT_EQ(ReadPolicyLane(body).error().field, "/suspended") << body;
  }
  for (const std::string_view body : {"", "[]", "true", "{"}) {
    EXPECT_FALSE(ReadPolicyLane(body).has_value()) << body;
  }
}

}  // namespace
}  // namespace wideberth::line
