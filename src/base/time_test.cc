#include "base/time.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/random.h"

namespace wideberth::base {
namespace {

struct Accepted {
  std::string text;
  int64_t us;
};

TEST(Time, ReadsRfc3339) {
  const std::vector<Accepted> cases = {
      {"1970-01-01T00:00:00Z", 0},
      {"1970-01-01T00:00:00.000001Z", 1},
      {"2026-11-21T10:00:00Z", 1795255200000000},
      {"2026-11-21T11:00:00.25+01:00", 1795255200250000},
      {"2026-11-21t04:30:00-05:30", 1795255200000000},
      {"2026-11-21T10:00:00z", 1795255200000000},
      {"2026-11-21T10:00:00-00:00", 1795255200000000},
      {"2024-02-29T23:59:59.999999Z", 1709251199999999},
      {"2000-02-29T00:00:00Z", 951782400000000},
      {"1970-01-01T23:59:00+23:59", 0},
      {"9998-12-31T23:59:59.999999Z", 253370764799999999},
  };
  for (const Accepted& c : cases) {
    const auto time = ParseRfc3339(c.text);
    ASSERT_TRUE(time.has_value()) << c.text << ": " << time.error().ToString();
    EXPECT_EQ(time->us, c.us) << c.text;
  }
}

struct Refused {
  std::string text;
  std::string rule;
};

TEST(Time, RefusesEverySpellingButOneAndSaysWhy) {
  const std::string kShape = "must be an RFC 3339 time: YYYY-MM-DDThh:mm:ssZ";
  const std::string kNoZone = "must carry a zone (Z or +hh:mm): a time without one is refused";
  const std::string kZone = "must carry a zone written Z or +hh:mm";
  const std::string kYears = "must lie in the years 1970 to 9998";
  const std::vector<Refused> cases = {
      {"", kShape},
      {"2026", kShape},
      {"2026-11-21", kShape},
      {"2026-11-21 10:00:00Z", kShape},
      {"2026-11-21T10:00Z", kShape},
      {"2026-11-21T1:00:00Z0", kShape},
      {"2026/11/21T10:00:00Z", kShape},
      {"+026-11-21T10:00:00Z", kShape},
      {"2026-11-21T10.00.00Z", kShape},
      {" 2026-11-21T10:00:00Z", kShape},
      {"2026-11-21T10:00:00", kNoZone},
      {"2026-11-21T10:00:00.5", kNoZone},
      {"2026-11-21T10:00:00 Z", kZone},
      {"2026-11-21T10:00:00Zulu", kZone},
      {"2026-11-21T10:00:00+1:00", kZone},
      {"2026-11-21T10:00:00+0100", kZone},
      {"2026-11-21T10:00:00+01", kZone},
      {"2026-11-21T10:00:00+24:00", kZone},
      {"2026-11-21T10:00:00+01:60", kZone},
      {"2026-11-21T10:00:00,5Z", kZone},
      {"2026-11-21T23:59:60Z", "must not be a leap second"},
      {"2016-12-31T23:59:60Z", "must not be a leap second"},
      {"2026-11-21T24:00:00Z", "must be an existing time of day"},
      {"2026-11-21T10:60:00Z", "must be an existing time of day"},
      {"2026-11-21T10:00:61Z", "must be an existing time of day"},
      {"2026-02-30T10:00:00Z", "must be an existing date"},
      {"2026-02-29T10:00:00Z", "must be an existing date"},
      {"2100-02-29T10:00:00Z", "must be an existing date"},
      {"2026-13-01T10:00:00Z", "must be an existing date"},
      {"2026-00-01T10:00:00Z", "must be an existing date"},
      {"2026-01-00T10:00:00Z", "must be an existing date"},
      {"2026-04-31T10:00:00Z", "must be an existing date"},
      {"9999-12-31T23:59:59Z", kYears},
      {"1969-12-31T23:59:59Z", kYears},
      {"0000-01-01T00:00:00Z", kYears},
      {"1970-01-01T00:00:00+00:01", kYears},
      {"9998-12-31T23:59:00-00:01", kYears},
      {"2026-11-21T10:00:00.Z", "must have digits after the decimal point"},
      {"2026-11-21T10:00:00.1234567Z", "must have at most 6 digits of a second"},
  };
  for (const Refused& c : cases) {
    const auto time = ParseRfc3339(c.text);
    ASSERT_FALSE(time.has_value()) << c.text;
    EXPECT_EQ(time.error().rule, c.rule) << c.text;
    EXPECT_EQ(time.error().found, c.text);
  }
}

TEST(Time, WritesAsManyDigitsAsNeeded) {
  EXPECT_EQ(FormatRfc3339({1795255200000000}), "2026-11-21T10:00:00Z");
  EXPECT_EQ(FormatRfc3339({1795255200250000}), "2026-11-21T10:00:00.250Z");
  EXPECT_EQ(FormatRfc3339({1795255200000001}), "2026-11-21T10:00:00.000001Z");
  EXPECT_EQ(FormatRfc3339(kTimeOpenStart), "-inf");
  EXPECT_EQ(FormatRfc3339(kTimeOpenEnd), "+inf");
  EXPECT_EQ(FormatRfc3339({-1}), "-inf");
  EXPECT_EQ(FormatRfc3339({253370764800000000}), "+inf");
}

TEST(Time, WrittenTimesReadBackTheSame) {
  SeededRandom random(1);
  for (int i = 0; i < 100'000; ++i) {
    int64_t us = random.Between(0, 253370764799999999);
    if (i % 3 == 0) us -= us % 1'000'000;
    if (i % 3 == 1) us -= us % 1'000;
    const std::string text = FormatRfc3339({us});
    const auto back = ParseRfc3339(text);
    ASSERT_TRUE(back.has_value()) << text;
    ASSERT_EQ(back->us, us) << text;
  }
}

TEST(Time, DatesCountWithoutAGap) {
  // The naive calendar: month by month, day by day, from the first day to the last.
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  int64_t day_number = 0;
  int weekday = 3;  // 1970-01-01 was a Thursday
  for (int year = 1970; year <= 2410; ++year) {
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    for (int month = 1; month <= 12; ++month) {
      const int days = kDays[month - 1] + (month == 2 && leap ? 1 : 0);
      for (int day = 1; day <= days; ++day, ++day_number, weekday = (weekday + 1) % 7) {
        const CivilDate date{year, month, day};
        ASSERT_EQ(DaysFromCivil(date), day_number);
        ASSERT_EQ(CivilFromDays(day_number), date);
        ASSERT_EQ(WeekdayFromDays(day_number), weekday);
        ASSERT_TRUE(IsValidDate(date));
      }
      ASSERT_FALSE(IsValidDate({year, month, days + 1}));
    }
  }
}

TEST(Time, ClocksTellTime) {
  const SystemClock system;
  const UtcMicros now = system.Now();
  EXPECT_GT(now, ParseRfc3339("2020-01-01T00:00:00Z").value());
  const int64_t first = system.MonotonicMicros();
  EXPECT_GE(system.MonotonicMicros(), first);
  ManualClock manual(UtcMicros{5});
  EXPECT_EQ(manual.Now().us, 5);
  manual.Advance(10);
  EXPECT_EQ(manual.Now().us, 15);
  EXPECT_EQ(manual.MonotonicMicros(), 15);
  manual.Set(UtcMicros{1});
  EXPECT_EQ(manual.Now().us, 1);
}

}  // namespace
}  // namespace wideberth::base
