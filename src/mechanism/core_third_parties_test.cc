// Who else is told (MECHANISM 3.8): the same list on both sides, a deadline, and a person who says that it is done.
#include <gtest/gtest.h>

#include "airspace/testing/world.h"
#include "mechanism/testing/parties.h"

namespace wideberth::mechanism {
namespace {

using airspace::testing::TestActivity;
using airspace::testing::TestHazard;
using airspace::testing::TestNotice;
using base::ErrorCode;
using testing::kBoth;
using testing::kMinute;
using testing::kSecond;
using testing::Parties;

// North tells two, South one.
Terms WithThirdParties() {
  Terms terms;
  terms.third_parties = {{"joint command", Parties::party(0), 10 * kMinute},
                         {"region", Parties::party(0), 60 * kMinute},
                         {"coast guard", Parties::party(1), 30 * kMinute}};
  return terms;
}

class ThirdPartiesTest : public ::testing::Test {
 protected:
  ThirdPartiesTest() : parties(2, WithThirdParties()) { parties.Settle(); }

  base::Result<ActResult> Tell(size_t n, const std::string& name, const std::string& receipt = {}) {
    return parties.Do(n, MarkTold{{TestNotice(1), parties.Latest(0, 1)}, name, receipt});
  }
  size_t Open(size_t n) const { return parties.OpenMatters(n, MatterKind::kTellThird).size(); }

  Parties parties;
};

void ExpectRefused(const base::Result<ActResult>& result, ErrorCode code) {
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, code) << result.error().ToString();
  EXPECT_EQ(result.error().field, "/third_party") << result.error().ToString();
}

TEST_F(ThirdPartiesTest, AReleaseOwesThemAndAPersonSaysThatTheyAreTold) {
  const base::Digest version = parties.Release(0, 1, TestHazard());
  parties.Run(kSecond);
  for (const size_t n : kBoth) {
    const std::vector<ThirdPartyDuty> owed = parties.desk(n).ThirdPartiesOf(TestNotice(1));
    ASSERT_EQ(owed.size(), 2u);
    for (const ThirdPartyDuty& duty : owed) {
      EXPECT_EQ(duty.version, version);
      EXPECT_EQ(duty.told_by, Parties::party(0));
      EXPECT_FALSE(duty.told_at.has_value());
    }
    const std::vector<Matter> open = parties.OpenMatters(n, MatterKind::kTellThird);
    ASSERT_EQ(open.size(), 2u);
    EXPECT_EQ(open[0].owed_by_peer, n == 1);
    EXPECT_EQ(open[0].third_party, "joint command");
    EXPECT_EQ(open[0].deadline_us, 10 * kMinute);
    EXPECT_EQ(open[1].deadline_us, 60 * kMinute);
  }
  ExpectRefused(Tell(0, "the press"), ErrorCode::kNotFound);
  ExpectRefused(Tell(0, "coast guard"), ErrorCode::kNotFound);
  ASSERT_TRUE(Tell(0, "joint command", "acknowledged").has_value());
  ExpectRefused(Tell(0, "joint command"), ErrorCode::kConflict);
  parties.Run(kSecond);
  EXPECT_EQ(parties.desk(0).ThirdPartiesOf(TestNotice(1)),
            parties.desk(1).ThirdPartiesOf(TestNotice(1)));
  for (const size_t n : kBoth) {
    const ThirdPartyDuty* told =
        parties.desk(n).FindThirdParty({TestNotice(1), version}, "joint command");
    ASSERT_NE(told, nullptr);
    EXPECT_EQ(told->receipt, "acknowledged");
    EXPECT_TRUE(told->told_at.has_value());
    EXPECT_EQ(Open(n), 1u) << "region is still to be told";
  }
}

TEST_F(ThirdPartiesTest, AnUnplannedHazardOwesThemTooAndItClimbsHereAndAlarmsThere) {
  airspace::Declaration hazard = TestHazard();
  hazard.unplanned = true;
  hazard.volumes[0].window.start = testing::kNoon;
  parties.Release(0, 1, hazard);
  parties.Run(11 * kMinute);
  const Matter ours = parties.OpenMatters(0, MatterKind::kTellThird)[0];
  const Matter theirs = parties.OpenMatters(1, MatterKind::kTellThird)[0];
  EXPECT_TRUE(ours.alarmed);
  EXPECT_TRUE(theirs.alarmed);
  EXPECT_EQ(ours.level, Level::kCellHead);
  EXPECT_EQ(theirs.level, Level::kDutyOfficer) << "what the peer owes climbs at the peer";
}

TEST_F(ThirdPartiesTest, OfAnotherVersionTheyAreToldAnew) {
  const base::Digest first = parties.Release(0, 1, TestHazard());
  parties.Run(kSecond);
  ASSERT_TRUE(Tell(0, "joint command", "acknowledged").has_value());
  const base::Digest second = parties.Release(0, 1, TestHazard(50));
  parties.Run(kSecond);
  // Of the old version nothing is owed any more, and what was done stays to be seen.
  ExpectRefused(parties.Do(0, MarkTold{{TestNotice(1), first}, "region", ""}),
                ErrorCode::kNotFound);
  for (const size_t n : kBoth) {
    EXPECT_EQ(Open(n), 2u);
    EXPECT_NE(parties.desk(n).FindThirdParty({TestNotice(1), first}, "joint command"), nullptr);
    EXPECT_EQ(parties.desk(n).FindThirdParty({TestNotice(1), first}, "region"), nullptr);
    EXPECT_NE(parties.desk(n).FindThirdParty({TestNotice(1), second}, "region"), nullptr);
  }
  // A withdrawal takes the duty away; to whom it was told is still known.
  ASSERT_TRUE(parties.Do(0, Withdraw{{TestNotice(1), second}}).has_value());
  parties.Run(kSecond);
  for (const size_t n : kBoth) EXPECT_EQ(Open(n), 0u);
}

TEST_F(ThirdPartiesTest, NobodySaysItForTheOtherSide) {
  parties.Release(0, 1, TestHazard());
  parties.Run(kSecond);
  ExpectRefused(Tell(1, "joint command"), ErrorCode::kNotFound);
  const SealedAct forged = parties.Seal(
      1, operators::Role::kDutyOfficer,
      MarkTold{{TestNotice(1), parties.Latest(0, 1)}, "joint command", "acknowledged"});
  parties.SendRaw(1, 0, "act", Parties::ActMessage(forged.envelope));
  parties.Run(kSecond);
  EXPECT_EQ(Open(0), 2u);
  EXPECT_EQ(parties.OpenMatters(0, MatterKind::kUnusable).size(), 1u);
}

TEST_F(ThirdPartiesTest, WhatHasLeftTheStateIsForgotten) {
  parties.Release(1, 2, TestActivity());
  parties.Run(kSecond);
  ASSERT_EQ(parties.desk(0).ThirdPartiesOf(TestNotice(2)).size(), 1u);
  parties.SetPath(0, 1, false);
  for (const size_t n : kBoth) {
    parties.side(n).clock_offset_us = int64_t{3} * 365 * 86'400 * kSecond;
  }
  parties.Run(5 * kSecond);
  for (const size_t n : kBoth) {
    EXPECT_EQ(parties.notice(n, 2), nullptr) << "evicted";
    EXPECT_TRUE(parties.desk(n).ThirdPartiesOf(TestNotice(2)).empty());
  }
}

}  // namespace
}  // namespace wideberth::mechanism
