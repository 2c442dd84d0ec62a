#include "apps/wideberth/flags.h"

#include <gtest/gtest.h>

namespace wideberth::cli {
namespace {

using geo::AltitudeReference;

TEST(FlagsTest, Lengths) {
  EXPECT_EQ(ParseLengthMm("500").value(), 500'000);
  EXPECT_EQ(ParseLengthMm("500m").value(), 500'000);
  EXPECT_EQ(ParseLengthMm("3km").value(), 3'000'000);
  EXPECT_EQ(ParseLengthMm("1.5NM").value(), 2'778'000);
  EXPECT_EQ(ParseLengthMm("1000ft").value(), 304'800);
  for (const char* bad : {"", "km", "-1km", "3 km", "3miles", "1e3", "nan", "inf", "0x10"}) {
    EXPECT_FALSE(ParseLengthMm(bad).has_value()) << bad;
  }
}

TEST(FlagsTest, Outlines) {
  const auto circle = ParseCircle("46.912,7.498,3km");
  ASSERT_TRUE(circle.has_value());
  EXPECT_EQ(circle->buffer_mm(), 3'000'000);
  EXPECT_EQ(circle->vertices()[0].lat_e9, 46'912'000'000);
  EXPECT_EQ(circle->vertices()[0].lng_e9, 7'498'000'000);
  EXPECT_EQ(ParseCircle("-33.9,-151.2,1nm")->vertices()[0].lat_e9, -33'900'000'000);

  const auto polygon = ParsePolygon("46.9,7.4  46.9,7.6 47.0,7.5");
  ASSERT_TRUE(polygon.has_value());
  EXPECT_EQ(polygon->vertices().size(), 3u);

  const auto corridor = ParseCorridor("46.9,7.4 47.0,7.6 1nm");
  ASSERT_TRUE(corridor.has_value());
  EXPECT_EQ(corridor->vertices().size(), 2u);
  EXPECT_EQ(corridor->buffer_mm(), 1'852'000);
}

TEST(FlagsTest, OutlinesAreRefusedInWords) {
  const auto rule = [](const auto& result) {
    return result.has_value() ? "" : result.error().rule;
  };
  EXPECT_NE(rule(ParseCircle("91,7,3km")).find("latitude"), std::string::npos);
  EXPECT_NE(rule(ParseCircle("46,181,3km")).find("longitude"), std::string::npos);
  EXPECT_NE(rule(ParseCircle("46,7")).find("radius"), std::string::npos);
  EXPECT_NE(rule(ParseCircle("46,7,0m")).find("radius"), std::string::npos);
  EXPECT_NE(rule(ParsePolygon("46.9,7.4 46.9,7.6")).find("vertices"), std::string::npos);
  EXPECT_NE(rule(ParseCorridor("46.9,7.4 47.0,7.6")).find("half the width"), std::string::npos);
  EXPECT_NE(rule(ParseCorridor("46.9,7.4 1nm")).find("vertices"), std::string::npos);
  EXPECT_FALSE(ParsePolygon("").has_value());
  EXPECT_FALSE(ParseCorridor("").has_value());
  EXPECT_FALSE(ParsePlace("46.9;7.4").has_value());
  EXPECT_FALSE(ParsePlace("nan,7").has_value());
}

TEST(FlagsTest, AltitudesHaveAReference) {
  struct Case {
    const char* text;
    int64_t mm;
    AltitudeReference reference;
  };
  for (const Case& c :
       {Case{"300mAGL", 300'000, AltitudeReference::kAgl},
        Case{"1500ftAMSL", 457'200, AltitudeReference::kAmsl},
        Case{"2000 m W84", 2'000'000, AltitudeReference::kW84},
        Case{"-100mamsl", -100'000, AltitudeReference::kAmsl},
        Case{"3000mSTD", 3'000'000, AltitudeReference::kStd},
        Case{"FL095", 2'895'600, AltitudeReference::kStd}, Case{"SFC", 0, AltitudeReference::kAgl},
        Case{"gnd", 0, AltitudeReference::kAgl}}) {
    const auto altitude = ParseAltitude(c.text, false);
    ASSERT_TRUE(altitude.has_value()) << c.text;
    EXPECT_EQ(altitude->mm, c.mm) << c.text;
    EXPECT_EQ(altitude->reference, c.reference) << c.text;
  }
  EXPECT_EQ(ParseAltitude("UNL", true)->mm, geo::kUnlimitedUp);
  EXPECT_EQ(ParseAltitude("UNL", false)->mm, geo::kUnlimitedDown);
  for (const char* bad : {"", "300", "300m", "300AGL", "mAGL", "300mQNH", "FL", "FL95AMSL", "FL-",
                          "-8001mAMSL", "1000001mW84", "1e400mAGL", "nanmAGL"}) {
    EXPECT_FALSE(ParseAltitude(bad, true).has_value()) << bad;
  }
}

TEST(FlagsTest, DurationsAndTimes) {
  EXPECT_EQ(ParseDurationUs("45s").value(), 45 * base::kMicrosPerSecond);
  EXPECT_EQ(ParseDurationUs("1h30min").value(), 90 * base::kMicrosPerMinute);
  EXPECT_EQ(ParseDurationUs("7d").value(), 7 * base::kMicrosPerDay);
  EXPECT_EQ(ParseDurationUs("0.5h").value(), 30 * base::kMicrosPerMinute);
  for (const char* bad : {"", "h", "5", "5y", "-5s", "5s ", "99999999d"}) {
    EXPECT_FALSE(ParseDurationUs(bad).has_value()) << bad;
  }
  const base::UtcMicros now{1'000'000};
  const base::UtcMicros origin{5'000'000};
  EXPECT_EQ(ParseTime("now", now, origin).value(), now);
  EXPECT_EQ(ParseTime("+2s", now, origin)->us, 7'000'000);
  EXPECT_EQ(ParseTime("1970-01-01T00:00:03Z", now, origin)->us, 3'000'000);
  EXPECT_FALSE(ParseTime("2026-11-21T10:00:00", now, origin).has_value());  // no zone
}

TEST(FlagsTest, ZonesAndDates) {
  EXPECT_EQ(ParseZoneMinutes("Z").value(), 0);
  EXPECT_EQ(ParseZoneMinutes("+01:00").value(), 60);
  EXPECT_EQ(ParseZoneMinutes("-0330").value(), -210);
  EXPECT_EQ(ParseZoneMinutes("+02").value(), 120);
  for (const char* bad : {"", "CET", "01:00", "+1", "+15:00", "+01:60", "+01:00x"}) {
    EXPECT_FALSE(ParseZoneMinutes(bad).has_value()) << bad;
  }
  EXPECT_EQ(ParseDate("2024-02-29").value(), (base::CivilDate{2024, 2, 29}));
  for (const char* bad : {"", "2023-02-29", "2026-13-01", "2026-1-1", "26-01-01", "2026/01/01"}) {
    EXPECT_FALSE(ParseDate(bad).has_value()) << bad;
  }
}

}  // namespace
}  // namespace wideberth::cli
