// Warnings of an entry: to the peer's centre, repeated by the machine as the parties have agreed, until it is answered.
#include <gtest/gtest.h>

#include "airspace/testing/world.h"
#include "base/testing/refused.h"
#include "mechanism/testing/parties.h"

namespace wideberth::mechanism {
namespace {

using base::ErrorCode;
using base::testing::ExpectRefused;
using operators::ActKind;
using operators::Role;
using testing::kBoth;
using testing::kMinute;
using testing::kSecond;
using testing::Parties;

constexpr Place kPlace{{46'400'000'000, 6'500'000'000}, 5'000'000};

agreement::StandingRelease Repeats(size_t party, int64_t repeat_us,
                                   std::optional<geo::Outline> area = std::nullopt) {
  agreement::StandingRelease release;
  release.kind = agreement::StandingReleaseKind::kIncursionWarning;
  release.name = "warnings";
  release.party = Parties::party(party);
  release.area = std::move(area);
  release.lead_us = 5 * kMinute;
  release.repeat_us = repeat_us;
  return release;
}

// North may repeat each minute, from five minutes before the entry; south may not.
Terms AgreedTerms() {
  Terms terms;
  terms.standing_releases = {Repeats(0, kMinute)};
  return terms;
}

class IncursionTest : public ::testing::Test {
 protected:
  explicit IncursionTest(Terms terms = AgreedTerms()) : parties(2, std::move(terms)) {
    parties.Settle();
  }

  base::Uuid Warn(int64_t in_us, size_t from = 0, Place place = kPlace) {
    const IncursionWarning warning{
        place, {parties.now(from).utc.us + in_us}, "STORK 4", "121.500 MHz"};
    EXPECT_TRUE(parties.Do(from, warning).has_value());
    parties.Run(kSecond);
    return parties.LastCall(from, ActKind::kWarnIncursion)->id;
  }
  const Call& At(size_t n, base::Uuid id) const { return *parties.desk(n).FindCall(id); }
  void ExpectRepeats(base::Uuid id, uint32_t repeats) const {
    for (const size_t n : kBoth) {
      EXPECT_EQ(At(n, id).sending.repeats, repeats) << n;
      EXPECT_EQ(At(n, id).sending.receipts, repeats + 1) << n;
    }
  }
  void Answer(base::Uuid id, IncursionAnswer answer, int64_t wait_s = 0) {
    ASSERT_TRUE(parties.Do(1, AnswerIncursionWarning{id, answer, wait_s}).has_value());
    parties.Run(kSecond);
  }

  Parties parties;
};

TEST_F(IncursionTest, ItReachesTheOtherCentreAndIsRepeatedUnderOneClock) {
  const base::Uuid id = Warn(4 * kMinute);
  const Call& theirs = At(1, id);
  EXPECT_EQ(theirs.place, kPlace);
  EXPECT_EQ(theirs.words, "STORK 4, 121.500 MHz");
  EXPECT_EQ(theirs.entry_at, At(0, id).entry_at);
  ExpectRepeats(id, 0);
  for (uint32_t repeats = 1; repeats <= 5; ++repeats) {
    parties.Run(kMinute);
    ExpectRepeats(id, repeats);
    const Sending& ours = At(0, id).sending;
    // A tick is a second; the way there takes 10 ms, and as long back.
    const int64_t late_us = ours.repeated_at->us - At(0, id).at.us - repeats * kMinute;
    EXPECT_GE(late_us, 0);
    EXPECT_LE(late_us, repeats * kSecond);
    EXPECT_EQ(At(1, id).sending.repeated_at->us, ours.repeated_at->us + parties.delay_us);
    EXPECT_EQ(ours.receipted_at->us, ours.repeated_at->us + 2 * parties.delay_us);
  }
  EXPECT_EQ(parties.CountsOf(0, 1).incursion_warnings, 1u);
  EXPECT_TRUE(parties.OpenMatters(1, MatterKind::kUnusable).empty());
}

TEST_F(IncursionTest, TheMachineBeginsSoLongBeforeTheEntryAsWasAgreed) {
  const base::Uuid id = Warn(20 * kMinute);
  parties.Run(14 * kMinute);
  ExpectRepeats(id, 0);
  parties.Run(kMinute);
  ExpectRepeats(id, 1);
}

TEST_F(IncursionTest, NobodyRepeatsWithoutAStandingRelease) {
  const base::Uuid id = Warn(4 * kMinute, /*from=*/1);
  parties.Run(10 * kMinute);
  ExpectRepeats(id, 0);
  for (const size_t n : kBoth) {
    const auto open = parties.OpenMatters(n, MatterKind::kIncursion);
    ASSERT_EQ(open.size(), 1u);
    EXPECT_TRUE(open[0].alarmed);
    EXPECT_EQ(open[0].level, Level::kDeputyChief);
  }
}

TEST_F(IncursionTest, ItClimbsOnBothSidesAsTheEntryComesNearer) {
  Warn(4 * kMinute);  // a fifth of that: 48 s
  for (const auto& [us, level] : {std::pair(45 * kSecond, Level::kDutyOfficer),
                                  {4 * kSecond, Level::kCellHead},
                                  {48 * kSecond, Level::kDeputyChief}}) {
    parties.Run(us);
    for (const size_t n : kBoth) {
      EXPECT_EQ(parties.OpenMatters(n, MatterKind::kIncursion)[0].level, level) << n;
    }
  }
}

TEST_F(IncursionTest, AnAnswerEndsTheRepetition) {
  for (const IncursionAnswer answer : {IncursionAnswer::kNotOurs, IncursionAnswer::kCannot}) {
    SCOPED_TRACE(Name(answer));
    const base::Uuid id = Warn(4 * kMinute);
    parties.Run(kMinute);
    Answer(id, answer);
    parties.Run(5 * kMinute);
    ExpectRepeats(id, 1);
    for (const size_t n : kBoth) {
      EXPECT_EQ(At(n, id).closed_as, "answered");
      EXPECT_TRUE(parties.OpenMatters(n, MatterKind::kIncursion).empty());
    }
    ExpectRefused(parties.Do(1, AnswerIncursionWarning{id, answer, 0}), ErrorCode::kConflict,
                  "/answers");
  }
}

TEST_F(IncursionTest, TurningIsNotTheEndUntilTheCallerSaysSo) {
  const base::Uuid id = Warn(4 * kMinute);
  ExpectRefused(parties.Do(0, EndIncursionWarning{id}), ErrorCode::kConflict, "/answers");
  Answer(id, IncursionAnswer::kTurning);
  parties.Run(10 * kMinute);
  ExpectRepeats(id, 0);
  for (const size_t n : kBoth) {
    EXPECT_EQ(parties.OpenMatters(n, MatterKind::kIncursion)[0].level, Level::kDeputyChief)
        << "they said that they turn, and nobody has said that they did";
  }
  ExpectRefused(parties.Do(1, EndIncursionWarning{id}), ErrorCode::kNotFound, "/answers");
  ASSERT_TRUE(parties.Do(0, EndIncursionWarning{id}).has_value());
  parties.Run(kSecond);
  for (const size_t n : kBoth) {
    EXPECT_EQ(At(n, id).closed_as, "answered");
    EXPECT_TRUE(parties.OpenMatters(n, MatterKind::kIncursion).empty());
    EXPECT_EQ(parties.CountsOf(n, 1 - n).incursion_warnings_unanswered, 0u);
  }
}

TEST_F(IncursionTest, AWaitStopsTheRepetitionUntilItHasRunOut) {
  const base::Uuid id = Warn(4 * kMinute);
  Answer(id, IncursionAnswer::kWait, 180);
  EXPECT_EQ(At(0, id).answers.back().answer, "wait 180");
  parties.Run(175 * kSecond);
  ExpectRepeats(id, 0);
  parties.Run(10 * kSecond);
  ExpectRepeats(id, 1);
  parties.Run(kMinute);
  ExpectRepeats(id, 2);
}

TEST_F(IncursionTest, UnansweredIsSaidByTheCallersSupervisorAndCounted) {
  const base::Uuid id = Warn(4 * kMinute);
  ExpectRefused(parties.DoAs(0, Role::kDutyOfficer, EndIncursionWarningUnanswered{id}),
                ErrorCode::kForbidden, "role");
  ASSERT_TRUE(parties.Do(0, EndIncursionWarningUnanswered{id}).has_value());
  parties.Run(5 * kMinute);
  ExpectRepeats(id, 0);
  for (const size_t n : kBoth) {
    EXPECT_EQ(At(n, id).closed_as, "unanswered");
    EXPECT_EQ(parties.CountsOf(n, 1 - n).incursion_warnings_unanswered, 1u);
  }
}

TEST_F(IncursionTest, WhatIsUnderWayIsNotSaidAgainAndALostLinePilesUpNothing) {
  const base::Uuid id = Warn(4 * kMinute);
  parties.SetPath(0, 1, false);
  parties.Run(10 * kMinute);
  EXPECT_EQ(At(0, id).sending.repeats, 1u) << "one stands in the outbox";
  EXPECT_EQ(At(0, id).sending.receipts, 1u);
  parties.SetPath(0, 1, true);
  parties.Run(10 * kSecond);
  ExpectRepeats(id, 2);
}

TEST_F(IncursionTest, ARestartGoesOnWhereItWas) {
  const base::Uuid id = Warn(4 * kMinute);
  parties.Run(kMinute);
  ExpectRepeats(id, 1);
  parties.Crash(0);
  parties.Run(20 * kSecond);
  parties.Start(0);
  parties.Run(kMinute);
  ExpectRepeats(id, 2);
}

TEST_F(IncursionTest, ARepetitionOfNothingIsAMatterForAPerson) {
  const base::Uuid id = Warn(4 * kMinute);
  const std::string numbers[] = {"0", "2", "-1", "1.5", "null"};
  size_t unusable = 0;
  for (const std::string& number : numbers) {
    parties.SendRaw(0, 1, "incursion-repeat",
                    "{\"call\":\"" + id.ToString() + "\",\"number\":" + number + "}");
    parties.Run(kSecond);
    EXPECT_EQ(parties.OpenMatters(1, MatterKind::kUnusable).size(), ++unusable) << number;
  }
  parties.SendRaw(0, 1, "incursion-repeat",
                  "{\"call\":\"" + base::Uuid::V4FromRandom({9}).ToString() + "\",\"number\":1}");
  parties.Run(kSecond);
  EXPECT_EQ(parties.OpenMatters(1, MatterKind::kUnusable).size(), ++unusable);
  EXPECT_EQ(At(1, id).sending.repeats, 0u);
  parties.SendRaw(0, 1, "incursion-repeat", "{\"call\":\"" + id.ToString() + "\",\"number\":1}");
  parties.Run(kSecond);
  EXPECT_EQ(At(1, id).sending.repeats, 1u);
}

TEST_F(IncursionTest, AnAnswerAndARepetitionThatCrossHurtNothing) {
  const base::Uuid id = Warn(4 * kMinute);
  parties.delay_us = 20 * kSecond;
  parties.Run(kMinute + 5 * kSecond);  // the repetition is under way
  EXPECT_EQ(At(0, id).sending.repeats, 1u);
  EXPECT_EQ(At(1, id).sending.repeats, 0u);
  ASSERT_TRUE(parties.Do(1, AnswerIncursionWarning{id, IncursionAnswer::kCannot, 0}).has_value());
  parties.delay_us = 10'000;
  parties.Run(kMinute);
  for (const size_t n : kBoth) {
    EXPECT_EQ(At(n, id).closed_as, "answered");
    EXPECT_TRUE(parties.OpenMatters(n, MatterKind::kUnusable).empty()) << n;
  }
}

// An agreement for a place holds there alone.
class IncursionPlaceTest : public IncursionTest {
 protected:
  static Terms PlaceTerms() {
    Terms terms;
    terms.standing_releases = {
        Repeats(0, 30 * kSecond,
                geo::Outline::Circle({46'500'000'000, 6'500'000'000}, 7'000'000).value()),
        Repeats(0, kMinute, geo::Outline::Circle(kPlace.centre, 100'000).value())};
    return terms;
  }
  IncursionPlaceTest() : IncursionTest(PlaceTerms()) {}
};

TEST_F(IncursionPlaceTest, TheSoonestOfThoseThatAreForThePlace) {
  const base::Uuid both = Warn(4 * kMinute);  // 11.1 km from the larger one's centre: 5 + 7 reach
  const base::Uuid neither = Warn(4 * kMinute, 0, {{46'000'000'000, 6'500'000'000}, 5'000'000});
  const base::Uuid one = Warn(4 * kMinute, 0, {kPlace.centre, 1'000});
  parties.Run(125 * kSecond);
  ExpectRepeats(both, 4);
  ExpectRepeats(neither, 0);
  ExpectRepeats(one, 2);
}

}  // namespace
}  // namespace wideberth::mechanism
