// Exchanges on a line: entered by both, minuted, signed, published (MECHANISM 1.4).
#include <gtest/gtest.h>

#include "base/testing/refused.h"
#include "crypto/sha256.h"
#include "exchange/testing/values.h"
#include "mechanism/testing/parties.h"

namespace wideberth::mechanism {
namespace {

using base::ErrorCode;
using base::testing::ExpectRefused;
using exchange::EnterExchange;
using exchange::Exchange;
using exchange::kOurs;
using exchange::kTheirs;
using exchange::ProposeReadout;
using exchange::PublishStatement;
using exchange::SignReadout;
using exchange::testing::ExchangeId;
using exchange::testing::MinutesOf;
using exchange::testing::StatementOf;
using exchange::testing::TestAccount;
using operators::Role;
using testing::kBoth;
using testing::kSecond;
using testing::Parties;

base::Digest DigestOf(std::string_view text) {
  return crypto::Sha256(base::AsBytes(text));
}

class ExchangesTest : public ::testing::Test {
 protected:
  explicit ExchangesTest(size_t count = 2) : parties(count) {
    const base::UtcMicros start{testing::kNoon.us - testing::kMinute};
    for (size_t n = 1; n < count; ++n) {
      parties.Agree(0, n, {Parties::MakeAgreement(0, n, 1, 5, start)});
    }
    parties.Settle();
  }

  base::Result<ActResult> Enter(size_t n, const exchange::Account& account,
                                std::optional<size_t> to = std::nullopt) {
    return parties.Do(n, EnterExchange{account}, to);
  }
  base::Result<ActResult> DoWith(size_t n, Role role, ActBody body, std::string beside) {
    ActRequest request;
    request.act = parties.Seal(n, role, std::move(body));
    request.beside = std::move(beside);
    return parties.Do(n, request);
  }
  base::Result<ActResult> Propose(size_t n, const std::string& text) {
    return DoWith(n, Role::kDutyOfficer, ProposeReadout{ExchangeId(1), DigestOf(text)}, text);
  }
  base::Result<ActResult> Sign(size_t n, const std::string& text, std::vector<bool> agreed) {
    return parties.Do(n, SignReadout{ExchangeId(1), DigestOf(text), std::move(agreed)});
  }
  base::Result<ActResult> Publish(size_t n, const std::string& text) {
    return DoWith(n, Role::kSupervisor, PublishStatement{ExchangeId(1), DigestOf(text)}, text);
  }
  const Exchange& At(size_t n, uint8_t id = 1) const {
    const Exchange* found = parties.desk(n).FindExchange(ExchangeId(id));
    EXPECT_NE(found, nullptr);
    static const Exchange kNone;
    return found == nullptr ? kNone : *found;
  }
  size_t Unusable(size_t n) const { return parties.OpenMatters(n, MatterKind::kUnusable).size(); }

  Parties parties;
};

TEST_F(ExchangesTest, EachPartyEntersItsOwnAccountAndBothHoldBoth) {
  exchange::Account ours = TestAccount(1);
  ours.initiated_by = exchange::Initiator::kPeer;
  exchange::Account theirs = TestAccount(1);
  theirs.initiated_by = exchange::Initiator::kPeer;
  ASSERT_TRUE(Enter(0, ours).has_value());
  parties.Run(kSecond);
  EXPECT_FALSE(At(1).accounts[kOurs].has_value()) << "nobody has entered it there";
  ASSERT_TRUE(Enter(1, theirs).has_value());
  parties.Run(kSecond);
  EXPECT_EQ(At(0).accounts[kOurs]->account, ours);
  EXPECT_EQ(At(0).accounts[kTheirs]->account, theirs);
  EXPECT_EQ(At(1).accounts[kOurs]->account, theirs);
  EXPECT_EQ(At(1).accounts[kTheirs]->account, ours);
  EXPECT_EQ(At(0).accounts[kOurs]->said.act, At(1).accounts[kTheirs]->said.act);
  // Entered anew: the latest is shown, and how often is counted.
  ours.held_at->us += kSecond;
  ASSERT_TRUE(Enter(0, ours).has_value());
  parties.Run(kSecond);
  EXPECT_EQ(At(1).accounts[kTheirs]->account, ours);
  EXPECT_EQ(At(1).accounts[kTheirs]->entered, 2u);
  EXPECT_EQ(At(1).accounts[kOurs]->account, theirs) << "neither changes the other's";
}

TEST_F(ExchangesTest, MinutesAreAgreedParagraphByParagraphWhenBothHaveSigned) {
  ASSERT_TRUE(Enter(0, TestAccount(1)).has_value());
  parties.Run(kSecond);
  const std::string text = exchange::FormatMinutes(MinutesOf(1));
  ASSERT_TRUE(Propose(1, text).has_value());
  parties.Run(kSecond);
  ASSERT_TRUE(Sign(0, text, {true, true}).has_value());
  parties.Run(kSecond);
  for (const size_t n : kBoth) {
    EXPECT_FALSE(At(n).readouts.at(0).is_signed());
    EXPECT_FALSE(At(n).readouts.at(0).IsAgreed(0)) << "by one";
  }
  ASSERT_TRUE(Sign(1, text, {true, false}).has_value());
  parties.Run(kSecond);
  for (const size_t n : kBoth) {
    const exchange::Readout& readout = At(n).readouts.at(0);
    EXPECT_EQ(readout.text, text);
    EXPECT_EQ(readout.by_us, n == 1);
    EXPECT_TRUE(readout.is_signed());
    EXPECT_TRUE(readout.IsAgreed(0));
    EXPECT_FALSE(readout.IsAgreed(1));
    EXPECT_FALSE(readout.IsAgreed(2)) << "there is none";
  }
}

TEST_F(ExchangesTest, EachSidesPublicVersionIsStoredBeside) {
  ASSERT_TRUE(Enter(0, TestAccount(1)).has_value());
  parties.Run(kSecond);
  exchange::Statement statement = StatementOf(1);
  const std::string ours = exchange::FormatStatement(statement);
  statement.text = "There was no call.";
  const std::string theirs = exchange::FormatStatement(statement);
  ASSERT_TRUE(Publish(0, ours).has_value());
  ASSERT_TRUE(Publish(1, theirs).has_value());
  parties.Run(kSecond);
  for (const size_t n : kBoth) {
    ASSERT_EQ(At(n).statements.size(), 2u);
    for (const auto& each : At(n).statements)
      EXPECT_EQ(each.text, each.by_us == (n == 0) ? ours : theirs);
  }
}

TEST_F(ExchangesTest, RefusalsNameTheFieldAndLeaveNothingDone) {
  const std::string text = exchange::FormatMinutes(MinutesOf(1));
  ExpectRefused(Propose(0, text), ErrorCode::kNotFound, "/exchange");
  ASSERT_TRUE(Enter(0, TestAccount(1)).has_value());
  ExpectRefused(DoWith(0, Role::kDutyOfficer, ProposeReadout{ExchangeId(1), DigestOf("x")}, text),
                ErrorCode::kInvalid, "/readout");
  ExpectRefused(Propose(0, "{}"), ErrorCode::kInvalid, "/readout/exchange");
  const std::string other = exchange::FormatMinutes(MinutesOf(2));
  ExpectRefused(Propose(0, other), ErrorCode::kInvalid, "/readout/exchange");
  ExpectRefused(Sign(0, text, {true, true}), ErrorCode::kNotFound, "/readout_sha256");
  ASSERT_TRUE(Propose(0, text).has_value());
  ExpectRefused(Propose(0, text), ErrorCode::kConflict, "/readout_sha256");
  ExpectRefused(Sign(0, text, {true}), ErrorCode::kInvalid, "/paragraphs");
  ASSERT_TRUE(Sign(0, text, {true, true}).has_value());
  ExpectRefused(Sign(0, text, {false, false}), ErrorCode::kConflict, "/readout_sha256");
  ExpectRefused(Publish(0, text), ErrorCode::kInvalid, "/statement/language");
  // By a role that may not.
  ExpectRefused(
      parties.DoAs(0, Role::kDutyOfficer, SignReadout{ExchangeId(1), DigestOf(text), {true, true}}),
      ErrorCode::kForbidden, "role");
  EXPECT_EQ(At(0).readouts.size(), 1u);
  parties.Run(kSecond);
  EXPECT_EQ(Unusable(1), 0u);
}

TEST_F(ExchangesTest, OneSideDoesNotFlood) {
  ASSERT_TRUE(Enter(0, TestAccount(1)).has_value());
  for (size_t i = 0; i < exchange::kReadoutsMax; ++i) {
    exchange::Minutes minutes = MinutesOf(1);
    minutes.paragraphs[0].texts[0] += std::to_string(i);
    ASSERT_TRUE(Propose(0, exchange::FormatMinutes(minutes)).has_value());
  }
  ExpectRefused(Propose(0, exchange::FormatMinutes(MinutesOf(1))), ErrorCode::kTooLarge,
                "/exchange");
  parties.Run(kSecond);
  EXPECT_TRUE(Propose(1, exchange::FormatMinutes(MinutesOf(1))).has_value()) << "each has its own";
}

TEST_F(ExchangesTest, ASuspendedPolicyLaneCarriesNoneAndTheSafetyLaneNever) {
  ASSERT_TRUE(parties.core(1).SetPolicyLane(Parties::party(0), true, parties.now(1)).has_value());
  parties.Turn(1);
  parties.Run(kSecond);
  EXPECT_FALSE(Enter(0, TestAccount(1)).has_value());
  EXPECT_EQ(parties.desk(0).FindExchange(ExchangeId(1)), nullptr);
  ASSERT_TRUE(parties.core(1).SetPolicyLane(Parties::party(0), false, parties.now(1)).has_value());
  parties.Turn(1);
  parties.Run(kSecond);
  EXPECT_TRUE(Enter(0, TestAccount(1)).has_value());
}

TEST_F(ExchangesTest, WhatThePeerForgesIsUnusableAndChangesNothing) {
  ASSERT_TRUE(Enter(0, TestAccount(1)).has_value());
  parties.Run(kSecond);
  // On the safety lane, whatever it says.
  const SealedAct entered = parties.Seal(1, Role::kDutyOfficer, EnterExchange{TestAccount(1)});
  parties.SendRaw(1, 0, "act", Parties::ActMessage(entered.envelope));
  parties.Run(kSecond);
  EXPECT_EQ(Unusable(0), 1u);
  EXPECT_FALSE(At(0).accounts[kTheirs].has_value());
}

TEST_F(ExchangesTest, ACrashKeepsAllOfIt) {
  ASSERT_TRUE(Enter(0, TestAccount(1)).has_value());
  const std::string text = exchange::FormatMinutes(MinutesOf(1));
  ASSERT_TRUE(Propose(0, text).has_value());
  ASSERT_TRUE(Publish(0, exchange::FormatStatement(StatementOf(1))).has_value());
  parties.Run(kSecond);
  ASSERT_TRUE(Sign(1, text, {true, false}).has_value());
  parties.Run(kSecond);
  for (const size_t n : kBoth) {
    EXPECT_EQ(parties.side(n).Canonical(), parties.side(n).Replayed());
  }
}

TEST(ExchangesOnTheFloorTest, DealingsAreByAgreement) {
  Parties parties;
  const base::UtcMicros later{testing::kNoon.us + 24 * 60 * testing::kMinute};
  parties.Agree(0, 1, {Parties::MakeAgreement(0, 1, 1, 5, later)});
  parties.Settle();
  const auto refused = parties.Do(0, EnterExchange{TestAccount(1)});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kConflict) << refused.error().ToString();
}

class ThreeExchangesTest : public ExchangesTest {
 protected:
  ThreeExchangesTest() : ExchangesTest(3) {}
};

TEST_F(ThreeExchangesTest, NothingOfOneLineIsOnAnother) {
  ExpectRefused(Enter(0, TestAccount(1)), ErrorCode::kNotFound, "/to");
  ASSERT_TRUE(Enter(0, TestAccount(1), 1).has_value());
  ExpectRefused(Enter(0, TestAccount(1), 2), ErrorCode::kConflict, "/to");
  const std::string text = exchange::FormatMinutes(MinutesOf(1));
  ASSERT_TRUE(Propose(0, text).has_value());
  parties.Run(kSecond);
  EXPECT_EQ(parties.desk(2).FindExchange(ExchangeId(1)), nullptr);
  EXPECT_EQ(parties.Wire(0, 2).find(ExchangeId(1).ToString()), std::string::npos);
  EXPECT_NE(parties.Wire(0, 1).find(ExchangeId(1).ToString()), std::string::npos);
}

}  // namespace
}  // namespace wideberth::mechanism
