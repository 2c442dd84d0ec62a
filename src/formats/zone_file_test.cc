#include "formats/zone_file.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.h"

namespace wideberth::formats {
namespace {

using airspace::TimeWindow;
using base::kMicrosPerDay;
using base::kMicrosPerHour;
using base::UtcMicros;

UtcMicros T(std::string_view text) {
  return base::ParseRfc3339(text).value();
}

base::Result<UtcMicros> FileTime(std::string_view text, std::optional<int> zone = {}) {
  bool assumed = false;
  return ParseFileTime(text, zone, &assumed);
}

TEST(ParseFileTime, ReadsWhatFilesWrite) {
  EXPECT_EQ(FileTime("2022-06-15T09:00:00.00Z").value(), T("2022-06-15T09:00:00Z"));
  EXPECT_EQ(FileTime("2023-12-16T12:00Z").value(), T("2023-12-16T12:00:00Z"));
  EXPECT_EQ(FileTime("2024-12-17T24:00Z").value(), T("2024-12-18T00:00:00Z"));
  EXPECT_EQ(FileTime("2016-09-15T00:00:00+02:00").value(), T("2016-09-14T22:00:00Z"));
  EXPECT_EQ(FileTime("2016-09-15T00:00:00+0200").value(), T("2016-09-14T22:00:00Z"));
  EXPECT_EQ(FileTime("2016-09-15 10:00:00.1234567Z").value(), T("2016-09-15T10:00:00.123456Z"));
  EXPECT_EQ(FileTime("9999-12-31T23:59:59Z").value(), base::kTimeOpenEnd);
  EXPECT_EQ(FileTime("2016-09-15T10:00:00", 120).value(), T("2016-09-15T08:00:00Z"));
}

TEST(ParseFileTime, RefusesWhatIsNotATime) {
  for (const char* text :
       {"", "2016-09-15", "2016-13-15T00:00Z", "2016-02-30T00:00Z", "2016-09-15T24:01Z",
        "2016-09-15T10:60Z", "2016-09-15T10:00:60Z", "2016-09-15T10:00Zx", "2016-09-15T10:00+25:00",
        "1969-12-31T00:00Z", "-016-09-15T10:00Z", "2016-09-15T10:00"}) {
    EXPECT_FALSE(FileTime(text).has_value()) << text;
  }
}

ZoneImportOptions Options(std::string_view now, int64_t horizon_days) {
  ZoneImportOptions options;
  options.now = T(now);
  options.horizon_days = horizon_days;
  return options;
}

TimeOfDay Clock(int hour, int minute = 0, int zone_minutes = 0) {
  return {hour * kMicrosPerHour + minute * base::kMicrosPerMinute, zone_minutes};
}

TEST(ExpandPeriods, WeekendEvenings) {
  Period period;
  period.schedule = {{0x60, Clock(17), Clock(23)}};  // Saturday and Sunday
  std::vector<std::string> notes;
  const auto windows =
      ExpandPeriods(std::vector{period}, Options("2022-06-15T00:00:00Z", 14), &notes);
  ASSERT_EQ(windows.size(), 4u);
  EXPECT_EQ(windows[0].start, T("2022-06-18T17:00:00Z"));
  EXPECT_EQ(windows[0].end, T("2022-06-18T23:00:00Z"));
  EXPECT_EQ(windows[3].start, T("2022-06-26T17:00:00Z"));
  EXPECT_EQ(notes.size(), 1u);  // the horizon
}

// Against a model that asks every minute whether the schedule holds.
TEST(ExpandPeriods, AgreesWithAskingEveryMinute) {
  base::SeededRandom random(11);
  const UtcMicros now = T("2022-06-15T07:23:00Z");
  for (int round = 0; round < 60; ++round) {
    Period period;
    const int lines = static_cast<int>(random.Between(1, 3));
    for (int i = 0; i < lines; ++i) {
      const int zone = static_cast<int>(random.Between(-12, 14)) * 60;
      DailyPeriod daily{static_cast<uint8_t>(random.Between(1, 127)),
                        Clock(static_cast<int>(random.Between(0, 23)), 0, zone),
                        Clock(static_cast<int>(random.Between(0, 24)), 0, zone)};
      period.schedule.push_back(daily);
    }
    if (random.Below(2) == 0) period.start = {now.us + random.Between(-30, 30) * kMicrosPerHour};
    if (random.Below(2) == 0) period.end = {now.us + random.Between(40, 300) * kMicrosPerHour};
    std::vector<std::string> notes;
    const auto windows =
        ExpandPeriods(std::vector{period}, Options("2022-06-15T07:23:00Z", 10), &notes);
    for (size_t i = 0; i + 1 < windows.size(); ++i) ASSERT_LT(windows[i].end, windows[i + 1].start);
    for (int64_t hour = 0; hour < 10 * 24; ++hour) {
      const UtcMicros at{now.us + hour * kMicrosPerHour + 1};
      bool expected = false;
      for (const DailyPeriod& daily : period.schedule) {
        // Local midnight of the day that `at` falls on there, and of the day before.
        const int64_t zone_us = daily.start->zone_minutes * base::kMicrosPerMinute;
        for (const int64_t back : {0, 1}) {
          const int64_t day = (at.us + zone_us) / kMicrosPerDay - back;
          if ((daily.weekdays >> base::WeekdayFromDays(day) & 1) == 0) continue;
          const int64_t local = at.us + zone_us - day * kMicrosPerDay;
          const int64_t end =
              daily.end->us > daily.start->us ? daily.end->us : daily.end->us + kMicrosPerDay;
          expected |= local >= daily.start->us && local < end;
        }
      }
      expected = expected && at >= period.start && at < period.end;
      const bool found = std::any_of(windows.begin(), windows.end(), [&](const TimeWindow& w) {
        return w.start <= at && at < w.end;
      });
      ASSERT_EQ(found, expected) << "round " << round << " hour " << hour;
    }
  }
}

TEST(ExpandPeriods, AllWeekIsNoScheduleAtAll) {
  Period period;
  period.schedule = {{0x7F, Clock(0), Clock(24)}};
  std::vector<std::string> notes;
  const auto windows =
      ExpandPeriods(std::vector{period}, Options("2022-06-15T00:00:00Z", 28), &notes);
  ASSERT_EQ(windows.size(), 1u);
  EXPECT_EQ(windows[0], (TimeWindow{base::kTimeOpenStart, base::kTimeOpenEnd}));
  EXPECT_TRUE(notes.empty());
}

TEST(ExpandPeriods, AnEventIsTheWholeDayAnywhereOnEarth) {
  Period period;
  period.schedule = {{0x01, std::nullopt, std::nullopt}};  // Mondays, sunrise to sunset
  std::vector<std::string> notes;
  const auto windows =
      ExpandPeriods(std::vector{period}, Options("2022-06-15T00:00:00Z", 7), &notes);
  ASSERT_EQ(windows.size(), 1u);
  EXPECT_EQ(windows[0].start, T("2022-06-19T10:00:00Z"));
  EXPECT_EQ(windows[0].end, T("2022-06-21T12:00:00Z"));
}

TEST(ExpandPeriods, CutsLongWindowsAndDropsPastOnes) {
  const Period decade{T("2020-01-01T00:00:00Z"), T("2028-01-01T00:00:00Z"), {}};
  const Period over{T("2020-01-01T00:00:00Z"), T("2021-01-01T00:00:00Z"), {}};
  const Period far{T("2020-01-01T00:00:00Z"), T("2090-01-01T00:00:00Z"), {}};
  std::vector<std::string> notes;
  const ZoneImportOptions options = Options("2022-06-15T00:00:00Z", 28);
  const auto pieces = ExpandPeriods(std::vector{decade}, options, &notes);
  ASSERT_GE(pieces.size(), 6u);
  EXPECT_LE(pieces.front().start, options.now);
  EXPECT_EQ(pieces.back().end, decade.end);
  for (size_t i = 0; i < pieces.size(); ++i) {
    EXPECT_LE(pieces[i].end.us - pieces[i].start.us, limits::kNoticeWindowMaxUs);
    EXPECT_GT(pieces[i].end, options.now);
    if (i > 0) {
      EXPECT_EQ(pieces[i].start, pieces[i - 1].end);
    }
  }
  EXPECT_TRUE(ExpandPeriods(std::vector{over}, options, &notes).empty());
  EXPECT_EQ(notes.back(), "not in force after now: nothing to declare");
  const auto open = ExpandPeriods(std::vector{far}, options, &notes);
  ASSERT_EQ(open.size(), 1u);
  EXPECT_EQ(open[0].end, base::kTimeOpenEnd);
}

TEST(BuildDeclarations, SplitsWhatOneNoticeCannotHold) {
  airspace::Declaration common;
  common.kind = airspace::NoticeKind::kZone;
  const geo::Position centre = geo::MakePosition(46, 7).value();
  const ZonePart part{geo::Outline::Circle(centre, 1'000'000).value(),
                      {{0, geo::AltitudeReference::kAgl}, {100'000, geo::AltitudeReference::kAgl}}};
  std::vector<TimeWindow> windows;
  for (int i = 0; i < 1'500; ++i) {
    windows.push_back({{i * kMicrosPerHour}, {i * kMicrosPerHour + 1}});
  }
  ImportedZone zone;
  ASSERT_TRUE(BuildDeclarations(common, std::vector{part}, windows, &zone).has_value());
  ASSERT_EQ(zone.declarations.size(), 2u);
  EXPECT_EQ(zone.declarations[0].volumes.size() + zone.declarations[1].volumes.size(), 1'500u);
  EXPECT_EQ(zone.notes.size(), 1u);
}

TEST(BuildDeclarations, HoldsEqualPartsOnceAndRefusesTooMuch) {
  airspace::Declaration common;
  common.kind = airspace::NoticeKind::kZone;
  const auto part = [](int i) {
    return ZonePart{geo::Outline::Circle(geo::MakePosition(46, 7).value(), 1'000 + i).value(),
                    {{0, geo::AltitudeReference::kAgl}, {1'000, geo::AltitudeReference::kAgl}}};
  };
  std::vector<TimeWindow> windows = {{{0}, {1}}};
  ImportedZone zone;
  ASSERT_TRUE(BuildDeclarations(common, std::vector{part(1), part(1), part(2)}, windows, &zone)
                  .has_value());
  EXPECT_EQ(zone.declarations[0].volumes.size(), 2u);
  std::vector<ZonePart> parts;
  for (int i = 0; i < 1'001; ++i) parts.push_back(part(i));
  EXPECT_FALSE(BuildDeclarations(common, parts, windows, &zone).has_value());
  parts.pop_back();
  for (int i = 1; i <= 100; ++i) windows.push_back({{2 * i}, {2 * i + 1}});
  EXPECT_FALSE(BuildDeclarations(common, parts, windows, &zone).has_value());
}

TEST(ExpandPeriods, TooManyWindowsAreTakenAsAllOfThePeriod) {
  Period period;
  for (int i = 0; i < 900; ++i) period.schedule.push_back({0x01, Clock(10), Clock(11)});
  std::vector<std::string> notes;
  const auto windows =
      ExpandPeriods(std::vector{period}, Options("2022-06-15T00:00:00Z", 366), &notes);
  ASSERT_EQ(windows.size(), 1u);
  EXPECT_EQ(windows[0], (TimeWindow{base::kTimeOpenStart, base::kTimeOpenEnd}));
  EXPECT_EQ(notes.size(), 1u);
}

TEST(Original, WrapsAndUnwraps) {
  const Original original{"ed269", 17, R"({"a":[1,2.5,"x"]})", "2016-09-15T00:00:00+02:00"};
  const auto back = UnwrapOriginal(WrapOriginal(original));
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->format, original.format);
  EXPECT_EQ(back->index, original.index);
  EXPECT_EQ(back->feature, original.feature);
  EXPECT_EQ(back->valid_from, original.valid_from);
  EXPECT_FALSE(UnwrapOriginal("").has_value());
  EXPECT_FALSE(UnwrapOriginal(R"({"kind":"zone"})").has_value());
}

TEST(FileAltitude, KnowsTheFilesWordForUnlimited) {
  EXPECT_EQ(FileAltitude(99999, false, geo::AltitudeReference::kAgl, true)->mm, geo::kUnlimitedUp);
  EXPECT_EQ(FileAltitude(250, true, geo::AltitudeReference::kAgl, true)->mm, 76'200);
  EXPECT_EQ(FileAltitude(-430, false, geo::AltitudeReference::kAmsl, false)->mm, -430'000);
  EXPECT_FALSE(FileAltitude(-8'001, false, geo::AltitudeReference::kAmsl, false).has_value());
  EXPECT_FALSE(FileAltitude(1e300, false, geo::AltitudeReference::kAmsl, false).has_value());
}

TEST(NoticeName, TakesOutWhatANoticeMustNotHold) {
  EXPECT_EQ(NoticeName("A\nB\xE2\x80\xAE"
                       "C\xC2\x85"),
            "A B C");
  EXPECT_EQ(NoticeName("Z\xC3\xBCrich"), "Z\xC3\xBCrich");
  EXPECT_EQ(NoticeContact(std::string(500, 'x')).size(), limits::kContactBytesMax);
}

}  // namespace
}  // namespace wideberth::formats
