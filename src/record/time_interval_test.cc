#include "record/time_interval.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/random.h"

namespace wideberth::record {
namespace {

using base::ErrorCode;
using base::UtcMicros;

TEST(TimeInterval, IsFromWhatWasSeenToTheEndOfTheCoveringSecond) {
  const UtcMicros seen{1'200'000'123};
  EXPECT_EQ(IntervalOf(seen, 1'300).value(), (TimeInterval{seen, {1'300'999'999}}));
  // One second may hold both.
  EXPECT_EQ(IntervalOf(seen, 1'200).value(), (TimeInterval{seen, {1'200'999'999}}));
  EXPECT_EQ(FormatInterval(IntervalOf(seen, 1'200).value()),
            "1970-01-01T00:20:00.000123Z to 1970-01-01T00:20:00.999999Z");
}

TEST(TimeInterval, WhatIsNotKnownIsOpen) {
  EXPECT_EQ(IntervalOf({}, std::nullopt).value(), TimeInterval());
  EXPECT_EQ(IntervalOf({}, 5).value().not_before, base::kTimeOpenStart);
  EXPECT_EQ(IntervalOf(UtcMicros{7}, std::nullopt).value().not_after, base::kTimeOpenEnd);
  EXPECT_EQ(FormatInterval({}), "at a time that is not known");
  EXPECT_EQ(FormatInterval(IntervalOf({}, 5).value()), "not after 1970-01-01T00:00:05.999999Z");
  EXPECT_EQ(FormatInterval(IntervalOf(UtcMicros{7}, std::nullopt).value()),
            "not before 1970-01-01T00:00:00.000007Z");
}

TEST(TimeInterval, ClocksThatContradictAreRefused) {
  const UtcMicros seen{1'000'000'000};
  EXPECT_EQ(IntervalOf(seen, 999).error().code, ErrorCode::kConflict);
  EXPECT_TRUE(IntervalOf(seen, 1'000).has_value());
  EXPECT_EQ(IntervalOf(seen, uint64_t{1} << 62).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(IntervalOf(seen, 253'370'764'800).error().code, ErrorCode::kInvalid);
  EXPECT_TRUE(IntervalOf(seen, 253'370'764'799).has_value());
}

TEST(TimeInterval, OnlyDisjointOrLinkedEventsHaveAnOrder) {
  const TimeInterval early{{10}, {20}};
  const TimeInterval late{{21}, {30}};
  const TimeInterval touching{{20}, {30}};
  EXPECT_EQ(OrderOf(early, late), EventOrder::kBefore);
  EXPECT_EQ(OrderOf(late, early), EventOrder::kAfter);
  EXPECT_EQ(OrderOf(early, touching), EventOrder::kConcurrent);
  EXPECT_EQ(OrderOf(early, {}), EventOrder::kConcurrent);
  EXPECT_EQ(OrderOf(early, touching, CausalLink::kFirstToSecond), EventOrder::kBefore);
  EXPECT_EQ(OrderOf(early, touching, CausalLink::kSecondToFirst), EventOrder::kAfter);
  // A link is worth more than clocks.
  EXPECT_EQ(OrderOf(early, late, CausalLink::kSecondToFirst), EventOrder::kAfter);
  EXPECT_EQ(EventOrderName(EventOrder::kConcurrent), "concurrent");
}

TEST(TimeInterval, AnOrderHoldsForEveryPairOfInstantsInside) {
  base::SeededRandom random(1);
  for (int i = 0; i < 2'000; ++i) {
    const auto draw = [&] {
      const int64_t begin = random.Between(0, 20);
      return TimeInterval{{begin}, {begin + random.Between(0, 6)}};
    };
    const TimeInterval a = draw();
    const TimeInterval b = draw();
    bool all_before = true;
    bool all_after = true;
    for (int64_t x = a.not_before.us; x <= a.not_after.us; ++x) {
      for (int64_t y = b.not_before.us; y <= b.not_after.us; ++y) {
        all_before &= x < y;
        all_after &= x > y;
      }
    }
    EXPECT_EQ(OrderOf(a, b), all_before  ? EventOrder::kBefore
                             : all_after ? EventOrder::kAfter
                                         : EventOrder::kConcurrent);
  }
}

}  // namespace
}  // namespace wideberth::record
