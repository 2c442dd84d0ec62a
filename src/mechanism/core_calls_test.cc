// Calls between duty officers, line checks, the two lanes, and a line that is lost.
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

class CallsTest : public ::testing::Test {
 protected:
  CallsTest() { parties.Settle(); }

  base::Uuid Stop() {
    EXPECT_TRUE(parties.Do(0, StopCall{kPlace, "ANVIL 21", "121.500 MHz"}).has_value());
    parties.Run(kSecond);
    return parties.LastCall(0, ActKind::kStopCall)->id;
  }

  Parties parties;
};

TEST_F(CallsTest, AStopCallIsClosedByAnAnswerThatEndsIt) {
  for (const StopAnswer answer :
       {StopAnswer::kStopped, StopAnswer::kCannot, StopAnswer::kNotOurs}) {
    SCOPED_TRACE(Name(answer));
    const base::Uuid id = Stop();
    const Call* theirs = parties.desk(1).FindCall(id);
    ASSERT_NE(theirs, nullptr);
    EXPECT_EQ(theirs->place, kPlace);
    EXPECT_EQ(theirs->words, "ANVIL 21, 121.500 MHz");
    ASSERT_EQ(parties.OpenMatters(0, MatterKind::kStopCall).size(), 1u);
    ASSERT_EQ(parties.OpenMatters(1, MatterKind::kStopCall).size(), 1u);
    ASSERT_TRUE(parties.Do(1, AnswerStopCall{id, StopAnswer::kStopping, 0}).has_value());
    parties.Run(kSecond);
    EXPECT_EQ(parties.OpenMatters(0, MatterKind::kStopCall).size(), 1u)
        << "stopping is not stopped";
    ASSERT_TRUE(parties.Do(1, AnswerStopCall{id, answer, 0}).has_value());
    parties.Run(kSecond);
    for (const size_t n : kBoth) {
      EXPECT_TRUE(parties.OpenMatters(n, MatterKind::kStopCall).empty());
      const Call* call = parties.desk(n).FindCall(id);
      EXPECT_EQ(call->closed_as, "answered");
      ASSERT_EQ(call->answers.size(), 2u);
      EXPECT_EQ(call->answers[1].answer, Name(answer));
    }
    ExpectRefused(parties.Do(1, AnswerStopCall{id, StopAnswer::kStopped, 0}), ErrorCode::kConflict,
                  "/answers");
  }
  EXPECT_EQ(parties.CountsOf(0, 1).stop_calls, 3u);
  EXPECT_EQ(parties.CountsOf(0, 1).breaches_accepted, 3u) << "each had begun to stop, once";
  EXPECT_EQ(parties.CountsOf(0, 1).breaches_rejected, 0u);
}

TEST_F(CallsTest, WhatAStopCallAllegesIsCountedByItsAnswer) {
  for (const StopAnswer answer :
       {StopAnswer::kNotOurs, StopAnswer::kCannot, StopAnswer::kStopped}) {
    const base::Uuid id = Stop();
    ASSERT_TRUE(parties.Do(1, AnswerStopCall{id, StopAnswer::kWait, 5}).has_value());
    ASSERT_TRUE(parties.Do(1, AnswerStopCall{id, answer, 0}).has_value());
    parties.Run(kSecond);
  }
  EXPECT_EQ(parties.CountsOf(0, 1).breaches_accepted, 1u);
  EXPECT_EQ(parties.CountsOf(0, 1).breaches_rejected, 1u);
  EXPECT_EQ(parties.CountsOf(1, 0).breaches_accepted, 0u) << "of its own stop calls: none";
}

// Who asks for time has answered: the alarm ends until the time that was asked for is over.
TEST_F(CallsTest, AnAnswerThatIsNotFinalEndsTheAlarmOnBothSides) {
  const base::Uuid id = Stop();
  parties.Run(40 * kSecond);
  for (const size_t n : kBoth)
    EXPECT_TRUE(parties.OpenMatters(n, MatterKind::kStopCall)[0].alarmed);
  ASSERT_TRUE(parties.Do(1, AnswerStopCall{id, StopAnswer::kWait, 60}).has_value());
  parties.Run(2 * kSecond);
  for (const size_t n : kBoth) {
    EXPECT_FALSE(parties.OpenMatters(n, MatterKind::kStopCall)[0].alarmed) << n;
  }
  parties.Run(120 * kSecond);
  for (const size_t n : kBoth)
    EXPECT_TRUE(parties.OpenMatters(n, MatterKind::kStopCall)[0].alarmed);
}

TEST_F(CallsTest, AStopCallClimbsByTheSecondsOnBothSides) {
  Stop();
  for (const auto& [us, level] : {std::pair(28 * kSecond, Level::kDutyOfficer),
                                  {3 * kSecond, Level::kCellHead},
                                  {30 * kSecond, Level::kDeputyChief}}) {
    parties.Run(us);
    for (const size_t n : kBoth) {
      EXPECT_EQ(parties.OpenMatters(n, MatterKind::kStopCall)[0].level, level) << n;
    }
  }
}

TEST_F(CallsTest, AWaitMovesTheNextStepAndNoFurther) {
  const base::Uuid id = Stop();
  ASSERT_TRUE(parties.Do(1, AnswerStopCall{id, StopAnswer::kWait, 60}).has_value());
  parties.Run(88 * kSecond);
  for (const size_t n : kBoth) {
    EXPECT_EQ(parties.OpenMatters(n, MatterKind::kStopCall)[0].level, Level::kDutyOfficer);
  }
  parties.Run(5 * kSecond);
  for (const size_t n : kBoth) {
    EXPECT_EQ(parties.OpenMatters(n, MatterKind::kStopCall)[0].level, Level::kCellHead)
        << "one step, not two at once";
  }
}

TEST_F(CallsTest, UnansweredIsSaidByTheCallersSupervisorAndCounted) {
  const base::Uuid id = Stop();
  ExpectRefused(parties.DoAs(0, Role::kDutyOfficer, EndStopCallUnanswered{id}),
                ErrorCode::kForbidden, "role");
  ExpectRefused(parties.Do(1, EndStopCallUnanswered{id}), ErrorCode::kNotFound, "/answers");
  parties.Run(2 * kMinute);
  EXPECT_FALSE(parties.desk(0).FindCall(id)->closed_at.has_value()) << "no timer ends it";
  ASSERT_TRUE(parties.Do(0, EndStopCallUnanswered{id}).has_value());
  parties.Run(kSecond);
  for (const size_t n : kBoth) {
    EXPECT_EQ(parties.desk(n).FindCall(id)->closed_as, "unanswered");
    EXPECT_TRUE(parties.OpenMatters(n, MatterKind::kStopCall).empty());
    EXPECT_EQ(parties.CountsOf(n, 1 - n).stop_calls_unanswered, 1u);
  }
}

TEST_F(CallsTest, CanYouKeepClear) {
  const airspace::TimeWindow window{testing::kNoon, {testing::kNoon.us + 60 * kMinute}};
  ASSERT_TRUE(parties.Do(0, AskKeepClear{kPlace, window}).has_value());
  parties.Run(kSecond);
  const base::Uuid id = parties.LastCall(1, ActKind::kAskKeepClear)->id;
  ASSERT_TRUE(parties.Do(1, AnswerKeepClear{id, KeepClear::kNeedTime}).has_value());
  parties.Run(kSecond);
  EXPECT_EQ(parties.OpenMatters(0, MatterKind::kKeepClear).size(), 1u);
  ASSERT_TRUE(parties.Do(1, AnswerKeepClear{id, KeepClear::kNo}).has_value());
  parties.Run(kSecond);
  EXPECT_TRUE(parties.OpenMatters(0, MatterKind::kKeepClear).empty());
  EXPECT_EQ(parties.desk(0).FindCall(id)->answers.back().answer, "no");
}

TEST_F(CallsTest, ALineCheckIsAnsweredWithItsWord) {
  ASSERT_TRUE(parties.Do(0, LineCheck{"KILO 7 TANGO"}).has_value());
  parties.Run(kSecond);
  const base::Uuid id = parties.LastCall(1, ActKind::kLineCheck)->id;
  ExpectRefused(parties.Do(1, AnswerLineCheck{id, "KILO 8 TANGO"}), ErrorCode::kConflict, "/word");
  ASSERT_TRUE(parties.Do(1, AnswerLineCheck{id, "KILO 7 TANGO"}).has_value());
  parties.Run(kSecond);
  for (const size_t n : kBoth) {
    EXPECT_TRUE(parties.OpenMatters(n, MatterKind::kLineCheck).empty());
  }
}

TEST_F(CallsTest, AWrongWordFromThePeerClosesNothing) {
  ASSERT_TRUE(parties.Do(0, LineCheck{"KILO 7 TANGO"}).has_value());
  parties.Run(kSecond);
  const Call call = *parties.LastCall(1, ActKind::kLineCheck);
  // Its own node would refuse; this one says it all the same.
  const SealedAct wrong =
      parties.Seal(1, Role::kDutyOfficer, AnswerLineCheck{call.id, "KILO 8 TANGO"});
  parties.SendRaw(1, 0, "act", Parties::ActMessage(wrong.envelope));
  parties.Run(kSecond);
  EXPECT_EQ(parties.OpenMatters(0, MatterKind::kLineCheck).size(), 1u);
  EXPECT_EQ(parties.OpenMatters(0, MatterKind::kUnusable).size(), 1u);
}

TEST_F(CallsTest, LineChecksAreMadeBothWaysByThemselvesAndAMissedOneAlarmsAtBothEnds) {
  for (const size_t n : kBoth) EXPECT_EQ(parties.CountsOf(n, 1 - n).checks_made, 1u);
  // Nobody answers the next one, twelve hours later.
  parties.delay_us = 0;
  parties.Run(12 * 60 * kMinute + 20 * kMinute);
  for (const size_t n : kBoth) {
    EXPECT_EQ(parties.CountsOf(n, 1 - n).checks_made, 2u);
    size_t owed = 0;
    size_t owing = 0;
    for (const Matter& matter : parties.OpenMatters(n, MatterKind::kLineCheck)) {
      EXPECT_TRUE(matter.alarmed);
      ++(matter.owed_by_peer ? owed : owing);
      EXPECT_EQ(matter.level, matter.owed_by_peer ? Level::kDutyOfficer : Level::kCellHead);
    }
    EXPECT_EQ(owed, 1u);
    EXPECT_EQ(owing, 1u);
    EXPECT_GE(parties.CountsOf(n, 1 - n).checks_missed, 1u);
  }
}

TEST_F(CallsTest, ACheckFindsAPathThatIsDownThoughTheLineIsUp) {
  parties.paths = 2;
  const auto second_path = [&](bool up) {
    for (const size_t n : kBoth) parties.core(n).SetPath(Parties::party(1 - n), 1, up);
  };
  for (const size_t n : kBoth) {
    parties.Crash(n);
    parties.Start(n);
  }
  second_path(true);
  const auto missed = [&](size_t n) {
    return parties.OpenMatters(n, MatterKind::kMissedCheck).size();
  };
  const int64_t until_checked = 12 * 60 * kMinute + kMinute;
  parties.Run(until_checked);
  for (const size_t n : kBoth) EXPECT_EQ(missed(n), 0u) << n;
  second_path(false);
  parties.Run(until_checked);
  for (const size_t n : kBoth) {
    EXPECT_EQ(missed(n), 1u) << n;
    EXPECT_EQ(parties.Link(n, 1 - n), line::LinkState::kUp) << n;
    EXPECT_GE(parties.CountsOf(n, 1 - n).checks_missed, 1u) << n;
  }
  second_path(true);
  parties.Run(until_checked);
  for (const size_t n : kBoth) EXPECT_EQ(missed(n), 0u) << n;
}

TEST_F(CallsTest, ACheckThatDoesNotComeAlarmsWhereItWasExpected) {
  parties.Crash(1);
  parties.Run(12 * 60 * kMinute + 16 * kMinute);
  EXPECT_EQ(parties.OpenMatters(0, MatterKind::kMissedCheck).size(), 1u);
  EXPECT_EQ(parties.OpenMatters(0, MatterKind::kLineLost).size(), 1u);
}

TEST_F(CallsTest, ASuspendedPolicyLaneStopsNoSafetyMessage) {
  ASSERT_TRUE(parties.Do(0, SendPolicyText{"On Thursday, as agreed."}).has_value());
  parties.Run(kSecond);
  EXPECT_EQ(parties.LastCall(1, ActKind::kSendPolicyText)->words, "On Thursday, as agreed.");
  ASSERT_TRUE(parties.core(1).SetPolicyLane(Parties::party(0), true, parties.now(1)).has_value());
  parties.Turn(1);
  parties.Run(kSecond);
  for (const size_t n : kBoth) {
    EXPECT_EQ(parties.Do(n, SendPolicyText{"And now?"}).error().code, ErrorCode::kConflict);
  }
  const base::Uuid id = Stop();
  EXPECT_NE(parties.desk(1).FindCall(id), nullptr);
  parties.Release(0, 1, airspace::testing::TestHazard());
  parties.Run(kSecond);
  EXPECT_NE(parties.notice(1, 1), nullptr);
  EXPECT_TRUE(parties.Do(1, AnswerStopCall{id, StopAnswer::kStopped, 0}).has_value());
}

TEST_F(CallsTest, ALostLineIsAMatterOnBothSidesUntilAPersonConfirms) {
  // One direction alone is cut.
  parties.passes = [](const testing::Flight& flight) { return flight.from == 0; };
  parties.Run(11 * kSecond);
  for (const size_t n : kBoth) {
    EXPECT_EQ(parties.OpenMatters(n, MatterKind::kLineLost).size(), 1u) << n;
    EXPECT_EQ(parties.CountsOf(n, 1 - n).times_lost, 1u);
  }
  parties.Run(5 * kMinute);
  for (const size_t n : kBoth) {
    EXPECT_EQ(parties.OpenMatters(n, MatterKind::kLineLost)[0].level, Level::kDeputyChief);
  }
  parties.passes = [](const testing::Flight&) { return true; };
  parties.Run(20 * kSecond);
  for (const size_t n : kBoth) {
    EXPECT_EQ(parties.Link(n, 1 - n), line::LinkState::kRecovering);
    EXPECT_EQ(parties.OpenMatters(n, MatterKind::kLineLost).size(), 1u);
    ASSERT_TRUE(
        parties.core(n).ConfirmRecovered(Parties::party(1 - n), parties.now(n)).has_value());
    parties.Turn(n);
    EXPECT_TRUE(parties.OpenMatters(n, MatterKind::kLineLost).empty());
    EXPECT_EQ(parties.Link(n, 1 - n), line::LinkState::kUp);
  }
  parties.Run(kMinute);
  for (const size_t n : kBoth) EXPECT_EQ(parties.CountsOf(n, 1 - n).times_lost, 1u);
}

TEST_F(CallsTest, ANodeThatWasDownClimbsAtOnce) {
  const base::Uuid id = Stop();
  parties.Crash(1);
  parties.Run(10 * kMinute);
  parties.Start(1);
  parties.Run(2 * kSecond);
  EXPECT_EQ(parties.OpenMatters(1, MatterKind::kStopCall)[0].level, Level::kDeputyChief);
  parties.Run(10 * kSecond);
  ASSERT_TRUE(parties.Do(1, AnswerStopCall{id, StopAnswer::kStopped, 0}).has_value());
  parties.Run(5 * kSecond);
  EXPECT_EQ(parties.desk(0).FindCall(id)->closed_as, "answered");
}

}  // namespace
}  // namespace wideberth::mechanism
