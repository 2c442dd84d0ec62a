// Exercises (MECHANISM 2.4): drills cross inside a window that both have opened, and end with whatever is real.
#include <gtest/gtest.h>

#include <algorithm>

#include "airspace/testing/world.h"
#include "mechanism/testing/parties.h"

namespace wideberth::mechanism {
namespace {

using airspace::DataMode;
using airspace::Declaration;
using airspace::testing::TestActivity;
using airspace::testing::TestHazard;
using airspace::testing::TestNotice;
using base::ErrorCode;
using operators::ActKind;
using operators::Role;
using testing::kBoth;
using testing::kMinute;
using testing::kSecond;
using testing::Parties;

constexpr int64_t kHour = 60 * kMinute;

Declaration Drill(double east_m = 0) {
  Declaration drill = TestActivity(east_m);
  drill.data_mode = DataMode::kExercise;
  return drill;
}

class ExerciseTest : public ::testing::Test {
 protected:
  ExerciseTest() { parties.Settle(); }

  airspace::TimeWindow From(int64_t start_us, int64_t end_us) const {
    const base::UtcMicros now = parties.now(0).utc;
    return {{now.us + start_us}, {now.us + end_us}};
  }
  base::Result<ActResult> Propose(size_t n, const airspace::TimeWindow& window) {
    return parties.Do(n, OpenExercise{window, std::nullopt}, 1 - n);
  }
  base::Result<ActResult> Answer(size_t n, const airspace::TimeWindow& window) {
    const Exercise* exercise = parties.desk(n).FindExercise(Parties::party(1 - n));
    if (exercise == nullptr || !exercise->theirs) return base::Fail(ErrorCode::kNotFound, "", "");
    return parties.Do(n, OpenExercise{window, exercise->theirs->id}, 1 - n);
  }
  void OpenBoth() {
    ASSERT_TRUE(Propose(0, From(0, 2 * kHour)).has_value());
    parties.Run(kSecond);
    ASSERT_TRUE(Answer(1, From(0, 2 * kHour)).has_value());
    parties.Run(kSecond);
    ASSERT_TRUE(IsOpen(0) && IsOpen(1));
  }
  bool IsOpen(size_t n) const {
    const Exercise* exercise = parties.desk(n).FindExercise(Parties::party(1 - n));
    return exercise != nullptr && exercise->IsOpenAt(parties.now(n).utc);
  }
  std::string EndedAs(size_t n) const {
    const Exercise* exercise = parties.desk(n).FindExercise(Parties::party(1 - n));
    return exercise == nullptr ? "" : exercise->ended_as;
  }
  base::Result<ActResult> ReleaseDrill(uint8_t notice, double east_m = 0) {
    const Declaration drill = Drill(east_m);
    if (!parties.Draft(0, notice, drill)) return base::Fail(ErrorCode::kInvalid, "", "draft");
    const auto checked = parties.core(0).CheckRelease(
        TestNotice(notice), ReadingOf(testing::AsSent(drill)),
        testing::OperatorKeyFor(1, Role::kDutyOfficer, 1).key_id, parties.now(0).utc);
    if (!checked) return base::Fail(checked.error());
    return parties.Do(0, parties.ReleaseRequest(0, notice, drill, ReleaseCheck::kSecondEntry));
  }
  size_t OpenDrills(size_t n) const {
    const std::vector<Matter> open = parties.OpenMatters(n);
    return static_cast<size_t>(std::count_if(open.begin(), open.end(), [](const Matter& matter) {
      return matter.data_mode != DataMode::kReal;
    }));
  }

  Parties parties;
};

void ExpectRefused(const base::Result<ActResult>& result, std::string_view field,
                   std::string_view missing = {}) {
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, ErrorCode::kConflict) << result.error().ToString();
  EXPECT_EQ(result.error().field, field) << result.error().ToString();
  EXPECT_NE(result.error().rule.find(missing), std::string::npos) << result.error().ToString();
}

TEST_F(ExerciseTest, ADrillCrossesOnlyWhenBothHaveOpened) {
  ExpectRefused(ReleaseDrill(1), "/data_mode", "nobody has opened");
  ASSERT_TRUE(Propose(0, From(0, 2 * kHour)).has_value());
  ExpectRefused(ReleaseDrill(1), "/data_mode", "the peer has not opened");
  parties.Run(kSecond);
  ExpectRefused(Propose(1, From(0, kHour)), "/answers");
  // The other side may say another time; what both have said holds.
  const airspace::TimeWindow theirs = From(10 * kMinute, kHour);
  ASSERT_TRUE(Answer(1, theirs).has_value());
  parties.Run(kSecond);
  for (const size_t n : kBoth) {
    EXPECT_EQ(parties.desk(n).FindExercise(Parties::party(1 - n))->window, theirs);
  }
  ExpectRefused(ReleaseDrill(1), "/data_mode", "it has not begun");
  parties.Run(10 * kMinute);
  ASSERT_TRUE(ReleaseDrill(1).has_value());
  parties.Run(kSecond);
  ASSERT_NE(parties.notice(1, 1), nullptr);
  EXPECT_EQ(OpenDrills(1), 1u);
  ASSERT_TRUE(parties.ReadBack(1, 1).has_value());
  parties.Run(kSecond);
  EXPECT_EQ(OpenDrills(0), 0u);
  parties.Run(kHour);
  ExpectRefused(ReleaseDrill(2), "/data_mode", "time_over");
}

TEST_F(ExerciseTest, OnlyThoseWhoMayOpenAndOnlyWhatHasATime) {
  EXPECT_FALSE(
      parties.DoAs(0, Role::kDutyOfficer, OpenExercise{From(0, kHour), {}}, 1).has_value());
  ExpectRefused(Propose(0, From(-2 * kHour, -kHour)), "/to");
  ASSERT_TRUE(Propose(0, From(0, kHour)).has_value());
  parties.Run(kSecond);
  ExpectRefused(Answer(1, From(2 * kHour, 3 * kHour)), "/to");
  EXPECT_FALSE(
      parties.Do(1, OpenExercise{From(0, kHour), parties.random.NewUuidV4()}, 0).has_value());
  EXPECT_FALSE(IsOpen(1));
}

TEST_F(ExerciseTest, TwoProposalsThatCrossAreOpenForWhatBothHold) {
  ASSERT_TRUE(Propose(0, From(0, 2 * kHour)).has_value());
  ASSERT_TRUE(Propose(1, From(0, kHour)).has_value());
  parties.Run(kSecond);
  ASSERT_TRUE(Answer(0, From(0, 3 * kHour)).has_value());
  ASSERT_TRUE(Answer(1, From(0, 3 * kHour)).has_value());
  parties.Run(kSecond);
  EXPECT_TRUE(IsOpen(0));
  EXPECT_EQ(parties.desk(0).FindExercise(Parties::party(1))->window,
            parties.desk(1).FindExercise(Parties::party(0))->window);
}

TEST_F(ExerciseTest, EitherClosesIt) {
  for (const size_t closes : kBoth) {
    OpenBoth();
    ASSERT_TRUE(ReleaseDrill(static_cast<uint8_t>(1 + closes)).has_value());
    parties.Run(kSecond);
    EXPECT_GT(OpenDrills(0) + OpenDrills(1), 0u);
    ASSERT_TRUE(parties.Do(closes, CloseExercise{}, 1 - closes).has_value());
    ExpectRefused(parties.Do(closes, CloseExercise{}, 1 - closes), "");
    parties.Run(kSecond);
    EXPECT_EQ(EndedAs(closes), "closed_by_us");
    EXPECT_EQ(EndedAs(1 - closes), "closed_by_peer");
    for (const size_t n : kBoth) {
      EXPECT_FALSE(IsOpen(n));
      EXPECT_EQ(OpenDrills(n), 0u) << "nobody is called about a drill that is over";
    }
  }
}

TEST_F(ExerciseTest, WhatIsRealInterruptsIt) {
  Declaration unplanned = TestHazard(50'000);
  unplanned.unplanned = true;
  unplanned.volumes[0].window.start = parties.now(0).utc;
  Declaration near = TestHazard(60'000);
  near.volumes[0].window.start = {parties.now(0).utc.us + kHour / 2};
  near.volumes[0].window.end = {parties.now(0).utc.us + 2 * kHour};
  const std::pair<std::string, std::function<void()>> alarms[] = {
      {"stop_call",
       [&] {
         ASSERT_TRUE(
             parties.Do(1, StopCall{{{46'400'000'000, 6'500'000'000}, 5'000'000}, "", ""}, 0)
                 .has_value());
       }},
      {"unplanned_hazard", [&] { parties.Release(0, 7, unplanned); }},
      {"hazard_within_the_hour", [&] { parties.Release(1, 8, near); }},
      {"line_lost",
       [&] {
         parties.SetPath(0, 1, false);
         parties.Run(20 * kSecond);
         parties.SetPath(0, 1, true);
         parties.Run(10 * kSecond);
         for (const size_t n : kBoth) {
           (void)parties.core(n)
               .ConfirmRecovered(Parties::party(1 - n), parties.now(n))
               .has_value();
           parties.Turn(n);
         }
       }},
  };
  uint8_t notice = 20;
  for (const auto& [name, alarm] : alarms) {
    SCOPED_TRACE(name);
    OpenBoth();
    ASSERT_TRUE(ReleaseDrill(++notice).has_value());
    parties.Run(kSecond);
    alarm();
    parties.Run(5 * kSecond);
    for (const size_t n : kBoth) {
      EXPECT_EQ(EndedAs(n), name);
      EXPECT_EQ(OpenDrills(n), 0u);
    }
    ExpectRefused(ReleaseDrill(++notice), "/data_mode", "both have to open anew");
  }
  // A hazard of next week, or of the drill itself, is none.
  OpenBoth();
  parties.Release(0, 9, TestActivity(70'000));
  parties.Run(kSecond);
  EXPECT_TRUE(IsOpen(0) && IsOpen(1));
}

TEST_F(ExerciseTest, WhatCrossesTheEndIsKeptAndNotActedUpon) {
  OpenBoth();
  // South's stop call and North's drill cross.
  ASSERT_TRUE(
      parties.Do(1, StopCall{{{46'400'000'000, 6'500'000'000}, 5'000'000}, "", ""}, 0).has_value());
  ASSERT_TRUE(ReleaseDrill(1).has_value());
  parties.Run(kSecond);
  EXPECT_EQ(parties.notice(1, 1), nullptr);
  EXPECT_EQ(OpenDrills(0) + OpenDrills(1), 0u);
  const Call* kept = parties.LastCall(1, ActKind::kRelease);
  ASSERT_NE(kept, nullptr);
  EXPECT_EQ(kept->closed_as, "outside_exercise");
  EXPECT_EQ(kept->data_mode, DataMode::kExercise);
  EXPECT_EQ(kept->about->notice, TestNotice(1));
  EXPECT_NE(parties.journal(1).back().find("outside_exercise"), std::string::npos);
  EXPECT_TRUE(parties.OpenMatters(1, MatterKind::kUnusable).empty());
}

TEST_F(ExerciseTest, AnAnswerToAProposalThatIsNoMoreIsForAPerson) {
  ASSERT_TRUE(Propose(0, From(0, kHour)).has_value());
  parties.Run(kSecond);
  ASSERT_TRUE(parties.Do(0, CloseExercise{}, 1).has_value());
  ASSERT_TRUE(Answer(1, From(0, kHour)).has_value());
  parties.Run(kSecond);
  EXPECT_FALSE(IsOpen(0));
  EXPECT_FALSE(IsOpen(1)) << "closed by what crossed it";
  EXPECT_EQ(parties.OpenMatters(0, MatterKind::kUnusable).size(), 1u);
}

TEST_F(ExerciseTest, OwnChecksNeedNoExerciseAndRealThingsNeverDo) {
  ASSERT_TRUE(parties.Draft(0, 1, Drill()).has_value());
  ASSERT_TRUE(parties.Hold(0, 2, Drill(100)).has_value());
  parties.Release(0, 3, TestActivity());
  parties.Run(kSecond);
  EXPECT_NE(parties.notice(1, 3), nullptr);
  EXPECT_TRUE(parties.Do(0, LineCheck{"KILO 7 TANGO"}, 1).has_value());
}

TEST(ExercisePartiesTest, ADrillWithOneIsNotToldToAnother) {
  Parties parties(3);
  parties.Settle();
  const airspace::TimeWindow window{parties.now(0).utc, {parties.now(0).utc.us + kHour}};
  ASSERT_TRUE(parties.Do(0, OpenExercise{window, std::nullopt}, 1).has_value());
  parties.Run(kSecond);
  const Exercise* asked = parties.desk(1).FindExercise(Parties::party(0));
  ASSERT_NE(asked, nullptr);
  ASSERT_TRUE(parties.Do(1, OpenExercise{window, asked->theirs->id}, 0).has_value());
  parties.Run(kSecond);
  parties.Release(0, 1, Drill());
  parties.Run(kSecond);
  EXPECT_NE(parties.notice(1, 1), nullptr);
  EXPECT_EQ(parties.notice(2, 1), nullptr);
  EXPECT_EQ(parties.Wire(0, 2).find("open_exercise"), std::string::npos);
}

}  // namespace
}  // namespace wideberth::mechanism
