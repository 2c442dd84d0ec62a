// Two nodes whose clocks differ: what was said is the same on both, by the clock of who said it.
#include <gtest/gtest.h>

#include "airspace/testing/world.h"
#include "mechanism/testing/parties.h"

namespace wideberth::mechanism {
namespace {

using airspace::Declaration;
using airspace::Notice;
using airspace::testing::TestActivity;
using airspace::testing::TestHazard;
using airspace::testing::TestNotice;
using testing::kBoth;
using testing::kMinute;
using testing::kSecond;
using testing::Parties;

// South's clock is behind or ahead by so much.
class TwoClocks : public ::testing::TestWithParam<int64_t> {
 protected:
  void SetUp() override {
    parties.Settle();
    // Until nobody's clock shows a time before the operators' keys were made.
    parties.Run(3 * kMinute);
    parties.side(1).clock_offset_us = GetParam();
    parties.Run(5 * kSecond);
  }
  // A window by true time, which is North's clock.
  Declaration In(Declaration declaration, int64_t start_us, int64_t end_us) const {
    const int64_t now_us = parties.now(0).utc.us;
    declaration.volumes[0].window = {{now_us + start_us}, {now_us + end_us}};
    return declaration;
  }
  void Cut(bool cut) {
    parties.passes = [cut](const testing::Flight&) { return !cut; };
    if (!cut) parties.Run(20 * kSecond);
  }
  mechanism::NoticeVersionRef Ref(uint8_t number) const {
    return {TestNotice(number), parties.Latest(0, number)};
  }
  void ExpectTheSame(uint8_t number) const {
    const Notice& north = *parties.notice(0, number);
    const Notice& south = *parties.notice(1, number);
    EXPECT_EQ(north.activity, south.activity);
    EXPECT_EQ(north.started_at, south.started_at);
    EXPECT_EQ(north.ended_at, south.ended_at);
    EXPECT_EQ(north.all_clear_at, south.all_clear_at);
    EXPECT_EQ(EffectiveVersion(north) == nullptr, EffectiveVersion(south) == nullptr);
    for (const size_t n : kBoth) EXPECT_TRUE(parties.OpenMatters(n, MatterKind::kUnusable).empty());
  }
  void ExpectOneConflict() const {
    for (const size_t n : kBoth) ASSERT_EQ(parties.LiveConflicts(n).size(), 1u);
    const base::Digest id = parties.LiveConflicts(0)[0].id;
    EXPECT_EQ(parties.LiveConflicts(1)[0].id, id);
    EXPECT_EQ(parties.desk(0).SignedBasis(id), parties.desk(1).SignedBasis(id));
    ASSERT_NE(parties.desk(0).HeardBasis(id), nullptr);
    ASSERT_NE(parties.desk(1).HeardBasis(id), nullptr);
    EXPECT_EQ(*parties.desk(0).HeardBasis(id), *parties.desk(1).HeardBasis(id));
  }

  Parties parties;
};

// R1 and R3 are by the clock of who signed them, as in a report made of the record.
TEST_P(TwoClocks, TheStatisticsTakeAnAnswersTimeFromWhoSignedIt) {
  parties.Release(0, 1, In(TestHazard(), 40 * kMinute, 60 * kMinute));
  parties.Run(5 * kSecond);
  ASSERT_TRUE(parties.ReadBack(1, 1).has_value());
  parties.Run(5 * kSecond);
  const Counts counts = parties.CountsOf(0, 1);
  ASSERT_EQ(counts.receipt.count, 1u);
  ASSERT_EQ(counts.read_back.count, 1u);
  const auto is_about = [](int64_t found_us, int64_t expected_us) {
    return std::abs(found_us - expected_us) < 10 * kSecond;
  };
  EXPECT_TRUE(is_about(counts.receipt.sum_us, GetParam())) << counts.receipt.sum_us;
  EXPECT_TRUE(is_about(counts.read_back.sum_us, GetParam())) << counts.read_back.sum_us;
  EXPECT_TRUE(is_about(counts.lead_at_r1.sum_us, 40 * kMinute - GetParam()));
  EXPECT_TRUE(is_about(counts.lead_at_r3.sum_us, 40 * kMinute - GetParam()));
}

// An activity that was flown for a moment long before its window, and the line was down meanwhile.
TEST_P(TwoClocks, AnActivityHasOneBeginningAndOneEnd) {
  parties.Release(0, 1, In(TestActivity(), 40 * kMinute, 60 * kMinute));
  parties.Release(1, 2, In(TestActivity(), -5 * kMinute, 10 * kMinute));
  parties.Run(5 * kSecond);
  ASSERT_TRUE(parties.ReadBack(1, 1).has_value());
  ASSERT_TRUE(parties.ReadBack(0, 2).has_value());
  parties.Run(5 * kSecond);
  ASSERT_TRUE(parties.LiveConflicts(0).empty());
  Cut(true);
  ASSERT_TRUE(parties.Do(0, SetActive{Ref(1)}).has_value());
  parties.Run(5 * kSecond);
  ASSERT_TRUE(parties.Do(0, SetEnded{Ref(1)}).has_value());
  Cut(false);
  ExpectTheSame(1);
  EXPECT_LT(parties.notice(1, 1)->started_at, parties.notice(1, 1)->ended_at);
  ExpectOneConflict();
}

TEST_P(TwoClocks, AHazardIsClearedWhenItsIssuerSaysAfterADwellTimeByItsClock) {
  parties.Release(0, 1, [&] {
    Declaration hazard = In(TestHazard(), 0, kMinute);
    hazard.unplanned = true;
    return hazard;
  }());
  parties.Run(5 * kSecond);
  ASSERT_TRUE(parties.ReadBack(1, 1).has_value());
  ExpectTheSame(1);
  ASSERT_TRUE(parties.Do(0, SetEnded{Ref(1)}).has_value());
  parties.Run(46 * kMinute);
  ASSERT_TRUE(parties.Do(0, AllClear{Ref(1), false}).has_value());
  parties.Run(kSecond);
  EXPECT_FALSE(parties.notice(1, 1)->all_clear_at.has_value());
  ASSERT_TRUE(parties.ReadBackAllClear(1, 1).has_value());
  parties.Run(5 * kSecond);
  ExpectTheSame(1);
}

// As its issuer saw it, the hazard had not begun; by the other clock it had.
TEST_P(TwoClocks, AHazardIsWithdrawnOrMovedBeforeItBeginsByItsIssuersClock) {
  parties.Release(0, 1, In(TestHazard(), 20 * kSecond, kMinute));
  parties.Release(0, 3, In(TestHazard(), 20 * kSecond, kMinute));
  parties.Run(2 * kSecond);
  ASSERT_TRUE(parties.Do(0, Withdraw{Ref(1)}).has_value());
  parties.Release(0, 3, In(TestHazard(), 10 * kMinute, 20 * kMinute));
  parties.Run(5 * kSecond);
  ExpectTheSame(1);
  ExpectTheSame(3);
  EXPECT_EQ(parties.Latest(0, 3), parties.Latest(1, 3));
}

// It is in the record of both, though by one clock, or by the time that it came, its window is over.
TEST_P(TwoClocks, AReleaseIsTakenThoughItIsOverHere) {
  Cut(true);
  parties.Release(0, 1, In(TestActivity(), 0, 20 * kSecond));
  parties.Run(30 * kSecond);
  Cut(false);
  ASSERT_NE(parties.notice(1, 1), nullptr);
  ExpectTheSame(1);
}

// The safety lane is never refused for a clock (MECHANISM 6.3).
TEST_P(TwoClocks, TimeThatIsAskedForIsGiven) {
  parties.Release(0, 1, TestActivity());
  parties.Run(5 * kSecond);
  const base::UtcMicros until{parties.now(1).utc.us + 20 * kSecond};
  ASSERT_TRUE(parties.Do(1, Assess{Ref(1), airspace::Assessment::kNeedTime, until}).has_value());
  parties.Run(5 * kSecond);
  const auto& assessments = parties.notice(0, 1)->assessments;
  ASSERT_EQ(assessments.count(Parties::party(1)), 1u);
  EXPECT_EQ(assessments.at(Parties::party(1)).assessment, airspace::Assessment::kNeedTime);
  EXPECT_EQ(assessments.at(Parties::party(1)).need_time_until, until);
  ExpectTheSame(1);
}

INSTANTIATE_TEST_SUITE_P(Offsets, TwoClocks,
                         ::testing::Values(-26 * kSecond, -2 * kMinute, 2 * kMinute));

}  // namespace
}  // namespace wideberth::mechanism
