#include "airspace/decide.h"

#include <gtest/gtest.h>

#include "airspace/testing/world.h"
#include "base/limits.h"
#include "base/testing/refused.h"

namespace wideberth::airspace {
namespace {

using base::ErrorCode;
using base::testing::ExpectRefused;
using testing::kNoon;
using testing::TestActivity;
using testing::TestHazard;
using testing::TestNotice;
using testing::TestParty;
using testing::TestRules;
using testing::TestSite;
using testing::TestZone;
using testing::World;

constexpr int64_t kMinute = base::kMicrosPerMinute;
constexpr int64_t kHour = base::kMicrosPerHour;

TEST(DecideTest, TwoActivitiesTooCloseConflictForBothSidesAndSayWhy) {
  World world;
  const auto first = world.Put(1, 1, TestActivity());
  ASSERT_TRUE(first.has_value()) << first.error().ToString();
  EXPECT_TRUE(first->created);
  EXPECT_TRUE(first->conflicts.empty());

  Declaration near = TestActivity(4'000);  // 2 km between the circles
  near.volumes[0].band.lower.mm = 1'300'000;
  near.volumes[0].band.upper.mm = 1'400'000;  // 100 m above
  near.volumes[0].window.start.us += 65 * kMinute;
  near.volumes[0].window.end.us += 65 * kMinute;  // 5 minutes later
  const auto second = world.Put(2, 2, near);
  ASSERT_TRUE(second.has_value()) << second.error().ToString();
  ASSERT_EQ(second->conflicts.size(), 1u);
  const Conflict& conflict = second->conflicts[0];
  EXPECT_EQ(conflict.verdict, Verdict::kCertain);
  EXPECT_EQ(conflict.treatment, Treatment::kSeparation);
  EXPECT_EQ(conflict.state, ConflictState::kOpen);
  EXPECT_EQ(conflict.sides[0].notice, TestNotice(1));
  EXPECT_EQ(conflict.sides[1].party, TestParty(2));
  ASSERT_EQ(conflict.pairs.size(), 1u);
  const VolumeConflict& pair = conflict.pairs[0];
  EXPECT_NEAR(static_cast<double>(pair.lateral_gap_mm), 2'000'000, 2);
  EXPECT_NEAR(static_cast<double>(pair.lateral_shortfall_mm), 3'000'000, 2);
  EXPECT_EQ(pair.vertical_gap_max_mm, 100'000);
  EXPECT_EQ(pair.vertical_shortfall_mm, 200'000);
  EXPECT_EQ(pair.time_gap_us, 5 * kMinute);
  EXPECT_EQ(pair.time_shortfall_us, 5 * kMinute);
  EXPECT_EQ(conflict.first_moment.us, kNoon.us + 2 * kHour + 5 * kMinute);
  // Ten minutes after the first of the two has ended.
  EXPECT_EQ(conflict.last_moment.us, kNoon.us + 2 * kHour + 10 * kMinute);
  world.state().SanityCheck();
}

TEST(DecideTest, EqualityIsClearInHeightAndTime) {
  World world;
  ASSERT_TRUE(world.Put(1, 1, TestActivity()).has_value());
  Declaration above = TestActivity();
  above.volumes[0].band.lower.mm = 1'500'000;
  above.volumes[0].band.upper.mm = 1'600'000;
  EXPECT_TRUE(world.Put(2, 2, above)->conflicts.empty());
  above.volumes[0].band.lower.mm -= 1;
  EXPECT_EQ(world.Replace(2, 2, above)->conflicts.size(), 1u);
  Declaration later = TestActivity();
  later.volumes[0].window = {{kNoon.us + 2 * kHour + 10 * kMinute}, {kNoon.us + 4 * kHour}};
  EXPECT_TRUE(world.Put(2, 3, later)->conflicts.empty());
  later.volumes[0].window.start.us -= 1;
  EXPECT_EQ(world.Replace(2, 3, later)->conflicts.size(), 1u);
}

TEST(DecideTest, TreatmentsFollowTheMatrix) {
  World world;
  ASSERT_TRUE(world.Put(1, 1, TestZone(Restriction::kProhibited)).has_value());
  ASSERT_TRUE(world.Put(1, 2, TestZone(Restriction::kConditional)).has_value());
  ASSERT_TRUE(world.Put(1, 3, TestSite()).has_value());
  ASSERT_TRUE(world.Put(3, 4, TestHazard()).has_value());
  const auto hazard = world.Put(2, 5, TestHazard());
  ASSERT_TRUE(hazard.has_value());
  // Against the other hazard (listed) and the site (keep out); zones concern activities.
  ASSERT_EQ(hazard->conflicts.size(), 2u);
  for (const Conflict& conflict : hazard->conflicts) {
    const bool site = conflict.sides[0].notice == TestNotice(3);
    EXPECT_EQ(conflict.treatment, site ? Treatment::kKeepOut : Treatment::kListed);
  }
  // A zone binds its own publisher too; a site of one's own does not.
  const auto own = world.Put(1, 6, TestActivity());
  ASSERT_TRUE(own.has_value());
  std::map<base::NoticeId, Treatment> by_other;
  for (const Conflict& conflict : own->conflicts) {
    by_other[conflict.sides[0].notice] = conflict.treatment;
  }
  const std::map<base::NoticeId, Treatment> expected = {
      {TestNotice(1), Treatment::kKeepOut},
      {TestNotice(2), Treatment::kListed},
      {TestNotice(4), Treatment::kSeparation},
      {TestNotice(5), Treatment::kSeparation},
  };
  EXPECT_EQ(by_other, expected);
}

TEST(DecideTest, TheSameRequestTwiceChangesNothing) {
  World world;
  ASSERT_TRUE(world.Put(1, 1, TestActivity()).has_value());
  const auto first = world.Put(2, 2, TestActivity());
  const base::Bytes before = world.state().Canonical();
  world.Pass(kMinute);
  const auto again = world.Put(2, 2, TestActivity());
  ASSERT_TRUE(again.has_value());
  EXPECT_TRUE(again->effects.empty());
  EXPECT_FALSE(again->created);
  EXPECT_EQ(again->version, first->version);
  EXPECT_EQ(again->conflicts, first->conflicts);
  EXPECT_EQ(world.state().Canonical(), before);
}

TEST(DecideTest, AVersionReplacesOnlyTheOneItNames) {
  World world;
  ASSERT_TRUE(world.Put(1, 1, TestActivity()).has_value());
  ExpectRefused(world.Put(1, 1, TestActivity(100)), ErrorCode::kConflict, "/replaces");
  ExpectRefused(world.Put(2, 1, TestActivity(100)), ErrorCode::kForbidden, "/id");
  ExpectRefused(world.Replace(1, 1, TestHazard()), ErrorCode::kInvalid, "/kind");
  Declaration exercise = TestActivity();
  exercise.data_mode = DataMode::kExercise;
  ExpectRefused(world.Replace(1, 1, exercise), ErrorCode::kInvalid, "/data_mode");
  const auto second = world.Replace(1, 1, TestActivity(100));
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(second->version_number, 2u);
  const Notice& notice = *world.state().FindNotice(TestNotice(1));
  EXPECT_EQ(notice.versions[0].author, AuthorState::kSuperseded);
  EXPECT_EQ(notice.versions[1].author, AuthorState::kReleased);
}

TEST(DecideTest, ANewVersionOpensKeepsAndResolvesConflicts) {
  World world;
  ASSERT_TRUE(world.Put(1, 1, TestActivity()).has_value());
  const auto close = world.Put(2, 2, TestActivity());
  ASSERT_EQ(close->conflicts.size(), 1u);
  const base::Digest id = close->conflicts[0].id;
  ASSERT_TRUE(world.Do(TestParty(1), MarkConflictSeen{id}).has_value());
  ASSERT_TRUE(world.Do(TestParty(2), MarkConflictSeen{id}).has_value());
  EXPECT_EQ(world.state().FindConflict(id)->state, ConflictState::kSeen);

  world.Pass(kMinute);
  // Still too close, but another version: people have to look again.
  ASSERT_EQ(world.Replace(2, 2, TestActivity(3'000))->conflicts.size(), 1u);
  const Conflict* held = world.state().FindConflict(id);
  EXPECT_EQ(held->state, ConflictState::kOpen);
  EXPECT_FALSE(held->sides[0].seen_at.has_value());
  EXPECT_EQ(held->opened_at, kNoon);
  EXPECT_EQ(held->sides[1].version, world.Latest(2));

  EXPECT_TRUE(world.Replace(2, 2, TestActivity(50'000))->conflicts.empty());
  EXPECT_EQ(world.state().FindConflict(id)->state, ConflictState::kResolved);
  EXPECT_EQ(world.state().FindConflict(id)->verdict, Verdict::kClear);

  // The same two notices have the same conflict again.
  const auto again = world.Replace(2, 2, TestActivity());
  ASSERT_EQ(again->conflicts.size(), 1u);
  EXPECT_EQ(again->conflicts[0].id, id);
  EXPECT_EQ(again->conflicts[0].opened_at, world.now());
  world.state().SanityCheck();
}

TEST(DecideTest, ADraftTakesNoPartUntilReleased) {
  World world;
  ASSERT_TRUE(world.Put(1, 1, TestActivity()).has_value());
  ASSERT_TRUE(world.Put(2, 2, TestActivity(), /*draft=*/true).has_value());
  EXPECT_TRUE(world.Live().empty());
  // Another party does not learn that it exists.
  ExpectRefused(
      world.Do(TestParty(1), Assess{TestNotice(2), world.Latest(2), Assessment::kNoObjection, {}}),
      ErrorCode::kNotFound, "/id");
  ExpectRefused(world.Do(TestParty(1), Withdraw{TestNotice(2), world.Latest(2)}),
                ErrorCode::kNotFound, "/id");
  const auto released = world.Put(2, 2, TestActivity());
  ASSERT_TRUE(released.has_value()) << released.error().ToString();
  EXPECT_EQ(released->version_number, 1u);
  EXPECT_EQ(world.Live().size(), 1u);
}

TEST(DecideTest, ADraftOverAReleasedVersionLeavesItInForce) {
  World world;
  ASSERT_TRUE(world.Put(1, 1, TestActivity()).has_value());
  ASSERT_TRUE(world.Put(2, 2, TestActivity()).has_value());
  auto prepared =
      PreparedDeclaration::Prepare(TestActivity(50'000), world.rules(), {}, testing::TestDigest);
  ASSERT_TRUE(prepared.has_value());
  const auto shared = std::make_shared<const PreparedDeclaration>(std::move(*prepared));
  ASSERT_TRUE(
      world.Do(TestParty(2), Declare{TestNotice(2), shared, true, world.Latest(2)}).has_value());
  EXPECT_EQ(world.Live().size(), 1u);
  const auto released =
      world.Do(TestParty(2), Declare{TestNotice(2), shared, false, world.Latest(2)});
  ASSERT_TRUE(released.has_value()) << released.error().ToString();
  EXPECT_EQ(released->version_number, 2u);
  EXPECT_TRUE(world.Live().empty());
}

TEST(DecideTest, TheSecondOfTwoWhoEditOneDraftMustHaveSeenTheFirst) {
  World world;
  ASSERT_TRUE(world.Put(1, 1, TestActivity()).has_value());
  const base::Digest released = world.Latest(1);
  const auto draft = [&](double away_m, const base::Digest& replaces) {
    auto prepared =
        PreparedDeclaration::Prepare(TestActivity(away_m), world.rules(), {}, testing::TestDigest);
    auto shared = std::make_shared<const PreparedDeclaration>(std::move(prepared).value());
    return world.Do(TestParty(1), Declare{TestNotice(1), shared, true, replaces});
  };
  ASSERT_TRUE(draft(50'000, released).has_value());
  const base::Digest first = world.Latest(1);
  ExpectRefused(draft(60'000, released), ErrorCode::kConflict, "/replaces");
  EXPECT_EQ(world.Latest(1), first);
  EXPECT_TRUE(draft(60'000, first).has_value());
}

TEST(DecideTest, WithdrawalResolvesWhatHadNotBegunAndPassesWhatHad) {
  World world;
  ASSERT_TRUE(world.Put(1, 1, TestActivity()).has_value());
  ASSERT_TRUE(world.Put(2, 2, TestActivity()).has_value());
  Declaration early = TestActivity();
  early.volumes[0].window = {{kNoon.us - kHour}, {kNoon.us + kHour + kMinute}};
  Declaration early_other = early;
  ASSERT_TRUE(world.Put(1, 3, early).has_value());
  ASSERT_TRUE(world.Put(2, 4, early_other).has_value());
  ASSERT_EQ(world.Live().size(), 4u);  // each of north's against each of south's
  ExpectRefused(world.Do(TestParty(2), Withdraw{TestNotice(1), world.Latest(1)}),
                ErrorCode::kForbidden, "/id");
  ExpectRefused(world.Do(TestParty(1), Withdraw{TestNotice(1), base::Digest{}}),
                ErrorCode::kConflict, "/version");
  ASSERT_TRUE(world.Do(TestParty(1), Withdraw{TestNotice(1), world.Latest(1)}).has_value());
  ASSERT_TRUE(world.Do(TestParty(1), Withdraw{TestNotice(3), world.Latest(3)}).has_value());
  EXPECT_TRUE(world.Live().empty());
  size_t passed = 0;
  size_t resolved = 0;
  world.state().VisitConflicts(0, [&](uint64_t, const Conflict& conflict) {
    (conflict.state == ConflictState::kPassed ? passed : resolved) += 1;
    return true;
  });
  EXPECT_EQ(passed, 1u);
  EXPECT_EQ(resolved, 3u);
  // Once more is the same answer; a new version of it is refused.
  EXPECT_TRUE(world.Do(TestParty(1), Withdraw{TestNotice(1), world.Latest(1)})->effects.empty());
  ExpectRefused(world.Replace(1, 1, TestActivity(9)), ErrorCode::kConflict, "/id");
}

TEST(DecideTest, AHazardOccupiesUntilItsAllClear) {
  World world;
  ASSERT_TRUE(world.Put(1, 1, TestHazard()).has_value());
  Declaration next_day = TestActivity();
  next_day.volumes[0].window = {{kNoon.us + 25 * kHour}, {kNoon.us + 26 * kHour}};
  const auto activity = world.Put(2, 2, next_day);
  ASSERT_EQ(activity->conflicts.size(), 1u) << "whatever its planned end";
  EXPECT_EQ(activity->conflicts[0].last_moment.us, kNoon.us + 26 * kHour);

  const base::Digest version = world.Latest(1);
  ExpectRefused(world.Do(TestParty(1), AllClear{TestNotice(1), version, false}),
                ErrorCode::kConflict, "/id");
  world.Pass(90 * kMinute);  // it has started
  ExpectRefused(world.Do(TestParty(1), Withdraw{TestNotice(1), version}), ErrorCode::kConflict,
                "/id");
  Declaration moved = TestHazard();
  moved.volumes[0].window.start.us += 3 * kHour;
  moved.volumes[0].window.end.us += 3 * kHour;
  ExpectRefused(world.Replace(1, 1, moved), ErrorCode::kConflict, "/volumes");
  ASSERT_TRUE(world.Do(TestParty(1), SetActivity{TestNotice(1), ActivityState::kActive, version})
                  .has_value());
  ASSERT_TRUE(world.Do(TestParty(1), SetActivity{TestNotice(1), ActivityState::kEnded, version})
                  .has_value());
  EXPECT_EQ(world.Live().size(), 1u) << "its end is not its all-clear";
  world.Pass(44 * kMinute);
  ExpectRefused(world.Do(TestParty(1), AllClear{TestNotice(1), version, false}),
                ErrorCode::kConflict, "/id");
  world.Pass(kMinute);
  ExpectRefused(world.Do(TestParty(2), AllClear{TestNotice(1), version, false}),
                ErrorCode::kForbidden, "/id");
  ExpectRefused(world.Do(TestParty(1), AllClear{TestNotice(1), version, true}), ErrorCode::kInvalid,
                "/no_longer_observed");
  ASSERT_TRUE(world.Do(TestParty(1), AllClear{TestNotice(1), version, false}).has_value());
  EXPECT_TRUE(world.Live().empty());
  EXPECT_EQ(world.state().FindNotice(TestNotice(1))->activity, ActivityState::kAllClear);
  world.state().SanityCheck();
}

TEST(DecideTest, AHazardOfOthersEndsAsNoLongerObserved) {
  World world;
  Declaration observed = TestHazard();
  observed.hazard_source = HazardSource::kExpectedThirdParty;
  ASSERT_TRUE(world.Put(1, 1, observed).has_value());
  world.Pass(2 * kHour);
  const base::Digest version = world.Latest(1);
  ASSERT_TRUE(world.Do(TestParty(1), SetActivity{TestNotice(1), ActivityState::kEnded, version})
                  .has_value());
  world.Pass(kHour);
  ExpectRefused(world.Do(TestParty(1), AllClear{TestNotice(1), version, false}),
                ErrorCode::kInvalid, "/no_longer_observed");
  ASSERT_TRUE(world.Do(TestParty(1), AllClear{TestNotice(1), version, true}).has_value());
  EXPECT_EQ(world.state().FindNotice(TestNotice(1))->activity, ActivityState::kNoLongerObserved);
}

TEST(DecideTest, NoTimerClearsAHazard) {
  World world;
  ASSERT_TRUE(world.Put(1, 1, TestHazard()).has_value());
  world.Pass(400 * 24 * kHour);
  ASSERT_TRUE(world.Do({}, Tick{DataMode::kReal}).has_value());
  Declaration far_later = TestActivity();
  far_later.volumes[0].window = {{world.now().us + kHour}, {world.now().us + 2 * kHour}};
  EXPECT_EQ(world.Put(2, 2, far_later)->conflicts.size(), 1u);
}

TEST(DecideTest, AnActivityThatEndedEarlyIsOutOfTheWay) {
  World world;
  ASSERT_TRUE(world.Put(1, 1, TestActivity()).has_value());
  ASSERT_TRUE(world.Put(2, 2, TestActivity()).has_value());
  world.Pass(90 * kMinute);
  ASSERT_TRUE(
      world.Do(TestParty(1), SetActivity{TestNotice(1), ActivityState::kEnded, world.Latest(1)})
          .has_value());
  EXPECT_EQ(world.Live().size(), 1u) << "whoever follows keeps ten minutes behind it";
  world.Pass(10 * kMinute);
  ASSERT_TRUE(world.Do({}, Tick{DataMode::kReal}).has_value());
  EXPECT_TRUE(world.Live().empty());
  Declaration behind = TestActivity();
  behind.volumes[0].window = {world.now(), {world.now().us + kHour}};
  EXPECT_TRUE(world.Put(3, 3, behind)->conflicts.size() == 1) << "the other one is still there";
  ExpectRefused(
      world.Do(TestParty(1), SetActivity{TestNotice(1), ActivityState::kActive, world.Latest(1)}),
      ErrorCode::kConflict, "/activity");
}

TEST(DecideTest, WhatBeginsEarlyIsInTheWayFromThatMoment) {
  World world;
  Declaration early = TestActivity();
  early.volumes[0].window = {kNoon, {kNoon.us + 30 * kMinute}};
  ASSERT_TRUE(world.Put(2, 2, early).has_value());
  ASSERT_TRUE(world.Put(1, 1, TestHazard()).has_value());
  EXPECT_TRUE(world.Live().empty()) << "the hazard was declared for an hour later";
  world.Pass(10 * kMinute);
  const auto active =
      world.Do(TestParty(1), SetActivity{TestNotice(1), ActivityState::kActive, world.Latest(1)});
  ASSERT_TRUE(active.has_value());
  ASSERT_EQ(active->conflicts.size(), 1u);
  EXPECT_EQ(active->conflicts[0].first_moment, world.now());
  ExpectRefused(world.Do(TestParty(1), Withdraw{TestNotice(1), world.Latest(1)}),
                ErrorCode::kConflict, "/id");
  world.state().SanityCheck();
}

TEST(DecideTest, TimesInThePastAndFarAheadAreRefused) {
  World world;
  Declaration past = TestActivity();
  past.volumes[0].window = {{kNoon.us - 2 * kHour}, {kNoon.us}};
  ExpectRefused(world.Put(1, 1, past), ErrorCode::kInvalid, "/volumes");
  Declaration ahead = TestActivity();
  ahead.volumes[0].window = {{kNoon.us + limits::kNoticeHorizonMaxUs + 1},
                             {kNoon.us + limits::kNoticeHorizonMaxUs + kHour}};
  ExpectRefused(world.Put(1, 1, ahead), ErrorCode::kInvalid, "/volumes/0/time_start");
}

TEST(DecideTest, ALateNoticeIsKeptAndLabelled) {
  World world;
  world.Pass(50 * kMinute);
  ASSERT_TRUE(world.Put(1, 1, TestActivity()).has_value());
  const NoticeVersion& version = world.state().FindNotice(TestNotice(1))->latest();
  EXPECT_TRUE(version.late);
  EXPECT_EQ(version.lead_time_us, 10 * kMinute);
}

TEST(DecideTest, AssessmentsNameAVersionAndStopCountingWithIt) {
  World world;
  ASSERT_TRUE(world.Put(1, 1, TestActivity()).has_value());
  const base::Digest first = world.Latest(1);
  const auto assess = [&](uint8_t party, base::Digest version, Assessment assessment,
                          std::optional<base::UtcMicros> until = std::nullopt) {
    return world.Do(TestParty(party), Assess{TestNotice(1), version, assessment, until});
  };
  ExpectRefused(assess(1, first, Assessment::kNoObjection), ErrorCode::kForbidden, "/id");
  ExpectRefused(assess(2, {}, Assessment::kNoObjection), ErrorCode::kNotFound, "/version");
  ExpectRefused(assess(2, first, Assessment::kNeedTime), ErrorCode::kInvalid, "/assessment");
  ExpectRefused(assess(2, first, Assessment::kNeedTime, kNoon), ErrorCode::kInvalid,
                "/need_time_until");
  ASSERT_TRUE(assess(2, first, Assessment::kObjection).has_value());
  const auto record = [&] {
    return world.state().FindNotice(TestNotice(1))->assessments.at(TestParty(2));
  };
  EXPECT_TRUE(record().counts);
  ASSERT_TRUE(world.Replace(1, 1, TestActivity(10)).has_value());
  EXPECT_FALSE(record().counts);
  ASSERT_TRUE(assess(2, first, Assessment::kNoObjection).has_value()) << "kept";
  EXPECT_FALSE(record().counts) << "but it does not count";
  ASSERT_TRUE(assess(2, world.Latest(1), Assessment::kNoObjection).has_value());
  EXPECT_TRUE(record().counts);
  ExpectRefused(assess(2, first, Assessment::kObjection), ErrorCode::kConflict, "/version");
}

TEST(DecideTest, MeasuresAreKeptWhenBothSidesGiveTheSame) {
  World world;
  ASSERT_TRUE(world.Put(1, 1, TestActivity()).has_value());
  const base::Digest id = world.Put(2, 2, TestActivity())->conflicts.at(0).id;
  const auto propose = [&](uint8_t party, std::string measures) {
    return world.Do(TestParty(party), ProposeMeasures{id, std::move(measures)});
  };
  ExpectRefused(propose(3, "north:change_height"), ErrorCode::kNotFound, "/id");
  ExpectRefused(propose(1, "we will fly around you"), ErrorCode::kInvalid, "/measures");
  ASSERT_TRUE(propose(1, "north:change_height").has_value());
  EXPECT_EQ(world.state().FindConflict(id)->state, ConflictState::kProposed);
  ASSERT_TRUE(propose(2, "south:change_time").has_value());
  EXPECT_EQ(world.state().FindConflict(id)->state, ConflictState::kProposed);
  ASSERT_TRUE(propose(2, "north:change_height").has_value());
  EXPECT_EQ(world.state().FindConflict(id)->state, ConflictState::kKept);
}

TEST(DecideTest, DataModesNeverMix) {
  World world;
  ASSERT_TRUE(world.Put(1, 1, TestActivity()).has_value());
  Declaration drill = TestActivity();
  drill.data_mode = DataMode::kExercise;
  EXPECT_TRUE(world.Put(2, 2, drill)->conflicts.empty());
  EXPECT_EQ(world.Put(1, 3, drill)->conflicts.size(), 1u);
}

TEST(DecideTest, TimePassingRetiresAndEvictsButTheLogKeeps) {
  World world;
  ASSERT_TRUE(world.Put(1, 1, TestActivity()).has_value());
  ASSERT_TRUE(world.Put(2, 2, TestActivity()).has_value());
  world.Pass(2 * kHour - 1);
  ASSERT_TRUE(world.Do({}, Tick{DataMode::kReal})->effects.empty());
  world.Pass(1);
  ASSERT_TRUE(world.Do({}, Tick{DataMode::kReal})->effects.empty());
  EXPECT_EQ(world.Live().size(), 1u) << "ten minutes of separation are not over";
  Declaration behind = TestActivity();
  behind.volumes[0].window = {{kNoon.us + 2 * kHour + 5 * kMinute}, {kNoon.us + 3 * kHour}};
  ASSERT_EQ(world.Put(2, 3, behind)->conflicts.size(), 1u) << "five minutes behind the first";
  ASSERT_TRUE(world.Do(TestParty(2), Withdraw{TestNotice(3), world.Latest(3)}).has_value());
  world.Pass(10 * kMinute);
  ASSERT_TRUE(world.Do({}, Tick{DataMode::kReal}).has_value());
  EXPECT_TRUE(world.Live().empty());
  EXPECT_EQ(world.state().GetStatistics().in_force, 0u);
  world.state().SanityCheck();
  world.Pass(limits::kNoticeRetentionUs + kHour);
  ASSERT_TRUE(world.Do({}, Tick{DataMode::kReal}).has_value()) << "retires the withdrawn one";
  ASSERT_TRUE(world.Do({}, Tick{DataMode::kReal}).has_value()) << "and evicts it";
  EXPECT_EQ(world.state().GetStatistics().notices, 0u);
  EXPECT_EQ(world.state().GetStatistics().conflicts, 0u);
  world.state().SanityCheck();
  EXPECT_EQ(world.Replayed()->Canonical(), world.state().Canonical());
}

TEST(DecideTest, OnlyOtherClocksThanTheRealOneMayBeSet) {
  World world;
  ExpectRefused(world.Do(TestParty(1), SetClock{DataMode::kReal, kNoon, kNoon, 1}),
                ErrorCode::kInvalid, "/mode");
  ExpectRefused(world.Do(TestParty(1), SetClock{DataMode::kTest, kNoon, kNoon, 0}),
                ErrorCode::kInvalid, "/rate");
  ASSERT_TRUE(world.Do(TestParty(1), SetClock{DataMode::kExercise, kNoon, kNoon, 60}).has_value());
  EXPECT_EQ(world.state().clock(DataMode::kExercise).rate, 60);
}

TEST(DecideTest, ConflictsAreFoundWithoutStoringAnything) {
  World world;
  ASSERT_TRUE(world.Put(1, 1, TestActivity()).has_value());
  const base::Bytes before = world.state().Canonical();
  auto prepared =
      PreparedDeclaration::Prepare(TestActivity(), world.rules(), {}, testing::TestDigest);
  ASSERT_TRUE(prepared.has_value());
  const std::vector<Conflict> found =
      FindConflicts(world.state(), world.rules(), testing::TestDigest, TestParty(2), TestNotice(9),
                    *prepared, world.now());
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found, world.Put(2, 9, TestActivity())->conflicts);
  EXPECT_NE(world.state().Canonical(), before);
}

TEST(DecideTest, WhatWasPreparedUnderNarrowerRulesIsStillFoundUnderWiderOnes) {
  auto prepared = PreparedDeclaration::Prepare(TestActivity(12'000), TestRules(), {},
                                               testing::TestDigest);  // 10 km between the circles
  ASSERT_TRUE(prepared.has_value());
  const auto shared = std::make_shared<const PreparedDeclaration>(std::move(*prepared));
  World narrow;
  ASSERT_TRUE(narrow.Put(1, 1, TestActivity()).has_value());
  EXPECT_TRUE(
      narrow.Do(TestParty(2), Declare{TestNotice(2), shared, false, {}})->conflicts.empty());

  Rules::Content content = TestRules().content();
  content.separations[0].separation.lateral_mm = 50'000'000;
  World wide(*Rules::Make(std::move(content), testing::TestDigest(base::AsBytes("wider"))));
  ASSERT_TRUE(wide.Put(1, 1, TestActivity()).has_value());
  EXPECT_EQ(wide.Do(TestParty(2), Declare{TestNotice(2), shared, false, {}})->conflicts.size(), 1u);
}

}  // namespace
}  // namespace wideberth::airspace
