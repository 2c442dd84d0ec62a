#include "mechanism/matter.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "mechanism/testing/values.h"

namespace wideberth::mechanism {
namespace {

using base::UtcMicros;
using testing::kNoon;

constexpr int64_t kSecond = base::kMicrosPerSecond;
constexpr int64_t kMinute = base::kMicrosPerMinute;
constexpr int64_t kHour = base::kMicrosPerHour;

UtcMicros At(int64_t us) {
  return {kNoon.us + us};
}

Matter Opened(MatterKind kind, std::optional<UtcMicros> starts_at = {}, bool urgent = false,
              bool owed_by_peer = false) {
  Matter matter;
  matter.kind = kind;
  matter.starts_at = starts_at;
  matter.urgent = urgent;
  matter.owed_by_peer = owed_by_peer;
  Open(Terms(), kNoon, &matter);
  return matter;
}

// The level at `now` of a matter that is looked at whenever it asks for it.
Level LevelAt(Matter matter, int64_t us) {
  while (matter.next_climb_at <= At(us)) matter = Climbed(Terms(), matter, matter.next_climb_at);
  return matter.level;
}

TEST(DeadlineTest, AReceiptIsAMachines) {
  EXPECT_EQ(DeadlineUs(Terms(), MatterKind::kReceipt, kNoon, At(24 * kHour)), 10 * kSecond);
  EXPECT_EQ(DeadlineUs(Terms(), MatterKind::kReceipt, kNoon, {}), 10 * kSecond);
}

TEST(DeadlineTest, ScalesWithTheTimeToTheStartBetweenItsBounds) {
  const Terms terms;
  const auto deadline = [&](int64_t until_start_us) {
    return DeadlineUs(terms, MatterKind::kReadBack, kNoon, At(until_start_us));
  };
  EXPECT_EQ(deadline(24 * kHour), 120 * kSecond);
  EXPECT_EQ(deadline(20 * kMinute), 120 * kSecond);
  EXPECT_EQ(deadline(10 * kMinute), 60 * kSecond);
  EXPECT_EQ(deadline(5 * kMinute), 30 * kSecond);
  EXPECT_EQ(deadline(kSecond), 30 * kSecond);
  EXPECT_EQ(deadline(-kHour), 30 * kSecond) << "what has begun is not waited for";
  // Nothing starts, or it always has: routine.
  EXPECT_EQ(DeadlineUs(terms, MatterKind::kReadBack, kNoon, {}), 120 * kSecond);
  EXPECT_EQ(DeadlineUs(terms, MatterKind::kReadBack, kNoon, base::kTimeOpenStart), 120 * kSecond);
}

TEST(DeadlineTest, NearerNeverMeansLonger) {
  base::SeededRandom random(3);
  const Terms terms;
  for (int i = 0; i < 5'000; ++i) {
    const auto kind = static_cast<MatterKind>(random.Below(kMatterKinds));
    const int64_t near = random.Between(-kHour, 2 * kHour);
    const int64_t far = random.Between(near, 4 * kHour);
    const int64_t near_us = DeadlineUs(terms, kind, kNoon, At(near));
    EXPECT_GT(near_us, 0);
    EXPECT_LE(near_us, DeadlineUs(terms, kind, kNoon, At(far)));
    EXPECT_LE(DeadlineUs(terms, kind, kNoon, At(far)), DeadlineUs(terms, kind, kNoon, {}));
  }
}

TEST(LadderTest, RoutineMattersEndAtTheCellHead) {
  const Matter matter = Opened(MatterKind::kReadBack, At(24 * kHour));
  EXPECT_EQ(matter.level, Level::kDutyOfficer);
  EXPECT_EQ(matter.next_climb_at, At(120 * kSecond));
  EXPECT_EQ(LevelAt(matter, 120 * kSecond - 1), Level::kDutyOfficer);
  EXPECT_EQ(LevelAt(matter, 120 * kSecond), Level::kCellHead);
  EXPECT_EQ(LevelAt(matter, 22 * kHour), Level::kCellHead);
}

TEST(LadderTest, TheDeputyChiefIsReachedWhenTheStartIsNear) {
  const Matter matter = Opened(MatterKind::kReadBack, At(24 * kHour));
  EXPECT_EQ(LevelAt(matter, 23 * kHour - 1), Level::kCellHead);
  EXPECT_EQ(LevelAt(matter, 23 * kHour), Level::kDeputyChief);
}

TEST(LadderTest, HazardsAndStopCallsReachTheDeputyChiefAtOnce) {
  const Matter hazard = Opened(MatterKind::kReadBack, At(24 * kHour), true);
  EXPECT_EQ(LevelAt(hazard, 120 * kSecond), Level::kCellHead);
  EXPECT_EQ(LevelAt(hazard, 240 * kSecond - 1), Level::kCellHead);
  EXPECT_EQ(LevelAt(hazard, 240 * kSecond), Level::kDeputyChief);
  const Matter stop = Opened(MatterKind::kStopCall, {}, true);
  EXPECT_EQ(LevelAt(stop, 30 * kSecond), Level::kCellHead);
  EXPECT_EQ(LevelAt(stop, 60 * kSecond), Level::kDeputyChief);
}

TEST(LadderTest, WhatThePeerOwesAlarmsAndDoesNotClimbSaveObjectionStopCallAndIncursion) {
  for (size_t i = 0; i < kMatterKinds; ++i) {
    const auto kind = static_cast<MatterKind>(i);
    SCOPED_TRACE(Name(kind));
    const Matter matter = Opened(kind, {}, true, /*owed_by_peer=*/true);
    const Matter after = Climbed(Terms(), matter, matter.next_climb_at);
    EXPECT_TRUE(after.alarmed);
    const bool both = kind == MatterKind::kObjection || kind == MatterKind::kStopCall ||
                      kind == MatterKind::kIncursion;
    EXPECT_EQ(LevelAt(matter, 24 * kHour), both ? Level::kDeputyChief : Level::kDutyOfficer);
    // Level with level: both sides climb at the same moments.
    if (both) {
      const Matter theirs = Opened(kind, {}, true, false);
      for (int64_t us = 0; us < 10 * kMinute; us += kSecond) {
        EXPECT_EQ(LevelAt(matter, us), LevelAt(theirs, us));
      }
    }
  }
}

TEST(LadderTest, ANodeThatWasDownClimbsAtOnceAsFarAsItWouldHave) {
  base::SeededRandom random(5);
  for (int i = 0; i < 5'000; ++i) {
    const auto kind = static_cast<MatterKind>(random.Below(kMatterKinds));
    std::optional<UtcMicros> start;
    if (random.Below(3) != 0) start = At(random.Between(-kHour, 6 * kHour));
    const Matter matter = Opened(kind, start, random.Below(2) == 0);
    const int64_t us = random.Between(0, 7 * kHour);
    Matter once = matter;
    if (once.next_climb_at <= At(us)) once = Climbed(Terms(), once, At(us));
    EXPECT_EQ(once.level, LevelAt(matter, us)) << Name(kind) << " after " << us;
    EXPECT_GT(once.next_climb_at, At(us));
  }
}

TEST(LadderTest, NothingReachesThePrincipalByItself) {
  // There is no level for it; every kind, left alone for a week, ends at the deputy chief at the most, and rests there.
  for (size_t i = 0; i < kMatterKinds; ++i) {
    for (const bool urgent : {false, true}) {
      Matter matter = Opened(static_cast<MatterKind>(i), At(kHour), urgent);
      int climbs = 0;
      while (matter.next_climb_at != base::kTimeOpenEnd) {
        matter = Climbed(Terms(), matter, matter.next_climb_at);
        ASSERT_LT(++climbs, 8);
      }
      EXPECT_EQ(matter.level, Level::kDeputyChief);
    }
  }
  EXPECT_EQ(Name(Level::kDeputyChief), "deputy_chief");
}

// Deir ez-Zor, 17 September 2016: the caller waited 27 minutes for the contact he knew while the strike went on
// (../shared/reference/mechanisms.md). Here the matter has left the absent person after two minutes and has reached the
// deputy chief after four; 23 of the 27 minutes are left.
TEST(LadderTest, AnAbsentContactIsPassedByInTime) {
  const Matter matter = Opened(MatterKind::kReadBack, At(0), /*urgent=*/true);
  EXPECT_EQ(LevelAt(matter, 30 * kSecond), Level::kCellHead);
  EXPECT_EQ(LevelAt(matter, kMinute), Level::kDeputyChief);
  const Matter planned = Opened(MatterKind::kReadBack, At(24 * kHour), /*urgent=*/true);
  EXPECT_EQ(LevelAt(planned, 4 * kMinute), Level::kDeputyChief);
  EXPECT_LT(4 * kMinute, 27 * kMinute);
}

TEST(LadderTest, AnOpenStartIsNeitherNearNorFar) {
  const Matter site = Opened(MatterKind::kReadBack, base::kTimeOpenStart);
  EXPECT_EQ(LevelAt(site, kHour), Level::kCellHead);
}

}  // namespace
}  // namespace wideberth::mechanism
