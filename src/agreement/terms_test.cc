#include "agreement/terms.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/random.h"

namespace wideberth::agreement {
namespace {

using base::kMicrosPerHour;
using base::kMicrosPerMinute;
using base::kMicrosPerSecond;
using base::UtcMicros;

constexpr UtcMicros kNow{1'795'000'000'000'000};

UtcMicros In(int64_t us) {
  return {kNow.us + us};
}

TEST(Deadlines, AreThoseOfPractice) {
  const Deadlines deadlines;
  EXPECT_EQ(deadlines.For(DeadlineKind::kReadBack, kNow, In(24 * kMicrosPerHour)),
            2 * kMicrosPerMinute);
  EXPECT_EQ(deadlines.For(DeadlineKind::kStopCall, kNow, std::nullopt), 30 * kMicrosPerSecond);
  EXPECT_EQ(deadlines.For(DeadlineKind::kIncursionWarning, kNow, In(5 * kMicrosPerMinute)),
            60 * kMicrosPerSecond);
  EXPECT_EQ(deadlines.For(DeadlineKind::kUnplannedRefine, kNow, In(-kMicrosPerMinute)),
            5 * kMicrosPerMinute);
  EXPECT_EQ(deadlines.For(DeadlineKind::kLineCheckOverdue, kNow, std::nullopt),
            15 * kMicrosPerMinute);
}

TEST(Deadlines, ScaleWithTheTimeToTheStart) {
  const Deadlines deadlines;
  const auto read_back = [&](UtcMicros start) {
    return deadlines.For(DeadlineKind::kReadBack, kNow, start);
  };
  EXPECT_EQ(read_back(In(10 * kMicrosPerMinute)), kMicrosPerMinute);  // a tenth
  EXPECT_EQ(read_back(In(20 * kMicrosPerMinute)), 2 * kMicrosPerMinute);
  EXPECT_EQ(read_back(In(21 * kMicrosPerMinute)), 2 * kMicrosPerMinute);
  EXPECT_EQ(read_back(In(5 * kMicrosPerMinute)), 30 * kMicrosPerSecond);
  EXPECT_EQ(read_back(In(kMicrosPerMinute)), 30 * kMicrosPerSecond);
  EXPECT_EQ(read_back(kNow), 30 * kMicrosPerSecond);
  EXPECT_EQ(read_back(base::kTimeOpenStart), 30 * kMicrosPerSecond);
  EXPECT_EQ(read_back(base::kTimeOpenEnd), 2 * kMicrosPerMinute);
}

TEST(Deadlines, NeverShrinkForALaterStartAndStayWithinTheirBounds) {
  base::SeededRandom random(1);
  for (int i = 0; i < 2'000; ++i) {
    Deadlines deadlines;
    for (DeadlineRule& rule : deadlines.rules) {
      rule.min_us = random.Between(kMicrosPerSecond, kMicrosPerHour);
      rule.routine_us = rule.min_us + random.Between(0, 40 * kMicrosPerHour);
      rule.share_of_time_to_start = random.Unit();
    }
    const auto kind = static_cast<DeadlineKind>(random.Below(kDeadlineKinds));
    std::vector<int64_t> starts;
    for (int k = 0; k < 8; ++k) {
      starts.push_back(random.Between(-kMicrosPerHour, 100 * kMicrosPerHour));
    }
    std::sort(starts.begin(), starts.end());
    int64_t before_us = 0;
    for (const int64_t start : starts) {
      const int64_t us = deadlines.For(kind, kNow, In(start));
      EXPECT_GE(us, deadlines.rule(kind).min_us);
      EXPECT_LE(us, deadlines.rule(kind).routine_us);
      EXPECT_GE(us, before_us);
      before_us = us;
    }
    EXPECT_EQ(deadlines.For(kind, kNow, std::nullopt), deadlines.rule(kind).routine_us);
  }
}

TEST(Ladder, ClimbsAtOneTwoAndFourTimesTheDeadline) {
  const Ladder ladder;
  const int64_t deadline = 100;
  const auto after = [&](int64_t waited, Level top) { return ladder.After(waited, deadline, top); };
  EXPECT_EQ(after(-5, Level::kDeputy), (Climb{Level::kDuty, 0, 100}));
  EXPECT_EQ(after(99, Level::kDeputy), (Climb{Level::kDuty, 0, 100}));
  EXPECT_EQ(after(100, Level::kDeputy), (Climb{Level::kCell, 1, 200}));
  EXPECT_EQ(after(199, Level::kDeputy), (Climb{Level::kCell, 1, 200}));
  EXPECT_EQ(after(200, Level::kDeputy), (Climb{Level::kDeputy, 2, 400}));
  EXPECT_EQ(after(400, Level::kDeputy), (Climb{Level::kDeputy, 3, std::nullopt}));
  EXPECT_EQ(after(400, Level::kCell), (Climb{Level::kCell, 3, std::nullopt}));
  EXPECT_EQ(after(400, Level::kDuty), (Climb{Level::kDuty, 3, std::nullopt}));
}

// Whatever the steps and whatever is asked for: nothing involves the principal by itself.
TEST(Ladder, NeverReachesThePrincipalByItself) {
  base::SeededRandom random(2);
  for (int i = 0; i < 2'000; ++i) {
    Ladder ladder;
    ladder.steps.clear();
    int64_t step = 0;
    for (size_t k = 1 + random.Below(8); k > 0; --k) {
      ladder.steps.push_back(step += random.Between(1, 12));
    }
    for (Level& level : ladder.highest) level = static_cast<Level>(random.Below(kLevels));
    const auto kind = static_cast<DeadlineKind>(random.Below(kDeadlineKinds));
    const Level top = random.Below(2) == 0 ? ladder.HighestFor(kind, random.Below(2) == 0, kNow,
                                                               In(random.Between(-9, 9)))
                                           : static_cast<Level>(random.Below(kLevels));
    Climb before;
    for (int64_t waited = 0; waited < 120; ++waited) {
      const Climb climb = ladder.After(waited * 10, 10, top);
      ASSERT_LT(climb.level, Level::kPrincipal);
      ASSERT_GE(climb.level, before.level);
      ASSERT_GE(climb.steps, before.steps);
      ASSERT_LE(climb.level, top);
      if (climb.next_us) {
        ASSERT_GT(*climb.next_us, waited * 10);
      }
      before = climb;
    }
    EXPECT_EQ(before.steps, ladder.steps.size());
  }
}

TEST(Ladder, TheDeputyIsForWhatIsNearAndForHazardsAndStopCalls) {
  const Ladder ladder;
  const auto highest = [&](DeadlineKind kind, bool hazard, std::optional<UtcMicros> start) {
    return ladder.HighestFor(kind, hazard, kNow, start);
  };
  const UtcMicros far = In(25 * kMicrosPerHour);
  for (const DeadlineKind kind : {DeadlineKind::kReadBack, DeadlineKind::kAssessment,
                                  DeadlineKind::kObjection, DeadlineKind::kConflict}) {
    EXPECT_EQ(highest(kind, false, far), Level::kCell) << Name(kind);
    EXPECT_EQ(highest(kind, false, In(kMicrosPerHour + 1)), Level::kCell) << Name(kind);
    EXPECT_EQ(highest(kind, false, In(kMicrosPerHour)), Level::kDeputy) << Name(kind);
    EXPECT_EQ(highest(kind, false, In(-kMicrosPerHour)), Level::kDeputy) << Name(kind);
    EXPECT_EQ(highest(kind, true, far), Level::kDeputy) << Name(kind);
    EXPECT_EQ(highest(kind, false, std::nullopt), Level::kCell) << Name(kind);
  }
  EXPECT_EQ(highest(DeadlineKind::kStopCall, false, std::nullopt), Level::kDeputy);
  EXPECT_EQ(highest(DeadlineKind::kUnplannedRefine, false, far), Level::kDeputy);
  EXPECT_EQ(highest(DeadlineKind::kLineCheckOverdue, false, std::nullopt), Level::kCell);
}

TEST(LineCheck, IsAtTheSameMomentsForBothSides) {
  const LineCheckSchedule schedule{kNow, 12 * kMicrosPerHour};
  EXPECT_EQ(schedule.NextAfter(In(-99)), kNow);
  EXPECT_EQ(schedule.NextAfter(kNow), In(12 * kMicrosPerHour));
  EXPECT_EQ(schedule.NextAfter(In(12 * kMicrosPerHour - 1)), In(12 * kMicrosPerHour));
  EXPECT_EQ(schedule.NextAfter(In(12 * kMicrosPerHour)), In(24 * kMicrosPerHour));
  UtcMicros at = In(-1);
  for (int64_t i = 0; i < 100; ++i) {
    at = schedule.NextAfter(at);
    EXPECT_EQ(at, In(i * 12 * kMicrosPerHour));
  }
}

TEST(Names, AreAllDifferent) {
  std::set<std::string_view> names;
  for (size_t i = 0; i < kDeadlineKinds; ++i) names.insert(Name(static_cast<DeadlineKind>(i)));
  EXPECT_EQ(names.size(), kDeadlineKinds);
  for (size_t i = 0; i < kLevels; ++i) {
    const Level level = static_cast<Level>(i);
    EXPECT_EQ(ParseLevel(Name(level)).value(), level);
  }
  EXPECT_FALSE(ParseLevel("Duty").has_value());
}

}  // namespace
}  // namespace wideberth::agreement
