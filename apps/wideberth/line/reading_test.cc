#include "apps/wideberth/line/reading.h"

#include <gtest/gtest.h>

#include "formats/notice_json.h"

namespace wideberth::cli {
namespace {

constexpr base::UtcMicros kNow{1'800'000'000'000'000};

ReadingOptions Whole() {
  return {.centre = "46.85,7.2",
          .extent = "4km",
          .lower = "SFC",
          .upper = "3000mAMSL",
          .start = "2027-01-15T10:00:00Z",
          .end = "2027-01-15T12:00:00Z",
          .mode = "REAL",
          .vertices = {}};
}

airspace::Declaration Declared() {
  return formats::ParseDeclaration(R"({"kind": "hazard", "data_mode": "REAL",
      "hazard": {"class": "live_firing"},
      "volumes": [{"outline_circle": {"center": {"lat": 46.85, "lng": 7.2},
                                      "radius": {"value": 4, "units": "KM"}},
                   "altitude_lower": {"value": 0, "reference": "AGL", "units": "M"},
                   "altitude_upper": {"value": 3000, "reference": "AMSL", "units": "M"},
                   "time_start": "2027-01-15T10:00:00Z", "time_end": "2027-01-15T12:00:00Z"}]})")
      .value();
}

TEST(TakeReading, OfWhatWasDeclaredAgrees) {
  const auto reading = TakeReading(Whole(), kNow);
  ASSERT_TRUE(reading) << reading.error().ToString();
  const auto found = mechanism::Compare(mechanism::ReadingOf(Declared()), *reading, {}, false);
  EXPECT_TRUE(found.empty()) << found.front().ToString();
}

// The values are the reader's own: none has a default that would agree by itself.
TEST(TakeReading, RefusesWhatIsLeftOutByItsOption) {
  for (const auto& [option, value] :
       {std::pair("--centre", &ReadingOptions::centre),
        std::pair("--extent", &ReadingOptions::extent),
        std::pair("--lower", &ReadingOptions::lower), std::pair("--upper", &ReadingOptions::upper),
        std::pair("--start", &ReadingOptions::start), std::pair("--end", &ReadingOptions::end),
        std::pair("--mode", &ReadingOptions::mode)}) {
    for (const char* wrong : {"", "nonsense"}) {
      ReadingOptions options = Whole();
      options.*value = wrong;
      const auto reading = TakeReading(options, kNow);
      ASSERT_FALSE(reading) << option;
      EXPECT_EQ(reading.error().field, option);
    }
  }
}

TEST(TakeReading, EveryWrongValueIsFoundInItsField) {
  const struct {
    std::string ReadingOptions::*value;
    const char* wrong;
    const char* field;
  } rows[] = {{&ReadingOptions::centre, "46.931,7.2", "/centre"},
              {&ReadingOptions::extent, "4.2km", "/extent"},
              {&ReadingOptions::lower, "40mAGL", "/altitude_lower"},
              {&ReadingOptions::upper, "3000mW84", "/altitude_upper"},
              {&ReadingOptions::start, "2027-01-15T10:00:31Z", "/time_start"},
              {&ReadingOptions::end, "open", "/time_end"},
              {&ReadingOptions::mode, "EXERCISE", "/data_mode"}};
  for (const auto& row : rows) {
    ReadingOptions options = Whole();
    options.*row.value = row.wrong;
    const auto reading = TakeReading(options, kNow);
    ASSERT_TRUE(reading) << reading.error().ToString();
    const auto found = mechanism::Compare(mechanism::ReadingOf(Declared()), *reading, {}, false);
    ASSERT_EQ(found.size(), 1u) << row.field;
    EXPECT_EQ(found.front().field, row.field);
  }
}

TEST(TakeReading, TakesVerticesOverVoice) {
  ReadingOptions options = Whole();
  options.vertices = " 46.9,7.4  46.9,7.6 47.0,7.5 ";
  const auto reading = TakeReading(options, kNow);
  ASSERT_TRUE(reading) << reading.error().ToString();
  ASSERT_EQ(reading->vertices.size(), 3u);
  EXPECT_EQ(reading->vertices[1], geo::MakePosition(46.9, 7.6).value());
  options.vertices = "46.9,7.4 91,0";
  EXPECT_EQ(TakeReading(options, kNow).error().field, "--vertices");
}

}  // namespace
}  // namespace wideberth::cli
