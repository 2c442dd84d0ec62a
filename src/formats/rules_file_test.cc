#include "formats/rules_file.h"

#include <gtest/gtest.h>

#include "formats/testing/zones.h"

namespace wideberth::formats {
namespace {

constexpr char kRules[] = R"(
activity_classes = ["survey", "transport"]
[[party]]
name = "north"
id = "5b0c7a3e-61d4-4f0e-9a57-2d1f6c1b8e01"
[[party]]
name = "south"
id = "c2a4e9d8-0f3b-4c76-8e1a-7b9d5f2a6c02"
[[separation]]
between = ["activity:transport", "hazard"]
lateral_nm = 5
vertical_ft = 1000
time_s = 300
[[separation]]
between = ["activity", "activity:survey"]
lateral_m = 500.5
[zones]
CONDITIONAL = "keep_out"
[hazard_dwell_min]
live_firing = 45
[lead_time_min]
hazard = 60
[[terrain]]
south = 45.7
west = 5.8
north = 47.9
east = 10.6
lowest_m = 190
highest_m = 4640
[[pressure]]
south = 45.7
west = 5.8
north = 47.9
east = 10.6
qnh_min_hpa = 965
qnh_max_hpa = 1050
isa_deviation_min_k = -30
isa_deviation_max_k = 25
)";

std::string With(std::string text, std::string_view from, std::string_view to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(RulesFile, ReadsEveryTable) {
  const auto file = ParseRulesFile(kRules);
  ASSERT_TRUE(file.has_value()) << file.error().ToString();
  const airspace::Rules::Content& content = file->content;
  ASSERT_EQ(content.parties.size(), 2u);
  EXPECT_EQ(content.parties[1].name, "south");
  ASSERT_EQ(content.separations.size(), 2u);
  EXPECT_EQ(content.separations[0].separation,
            (airspace::Separation{9'260'000, 304'800, 300'000'000}));
  EXPECT_EQ(content.separations[1].separation, (airspace::Separation{500'500, 0, 0}));
  EXPECT_EQ(content.zone_treatment[0], airspace::Treatment::kKeepOut);
  EXPECT_EQ(content.zone_treatment[2], airspace::Treatment::kKeepOut);
  EXPECT_EQ(content.zone_treatment[3], airspace::Treatment::kListed);
  EXPECT_EQ(content.hazard_dwell_us[0], 45 * base::kMicrosPerMinute);
  EXPECT_EQ(content.lead_time_min_us[1], 60 * base::kMicrosPerMinute);
  EXPECT_EQ(content.lead_time_min_us[0], 0);
  const geo::HeightInterval bern =
      content.height_bounds.TerrainAmsl(geo::MakePosition(46.9, 7.4).value(), 1'000);
  EXPECT_EQ(bern, (geo::HeightInterval{190'000, 4'640'000}));
}

TEST(RulesFile, EqualRulesHaveEqualBytes) {
  const auto file = ParseRulesFile(kRules);
  ASSERT_TRUE(file.has_value());
  std::string other = "# a comment\n";
  other += With(With(With(With(kRules, "\"survey\", \"transport\"", "\"transport\", \"survey\""),
                          "\"activity\", \"activity:survey\"", "\"activity:survey\", \"activity\""),
                     "lateral_nm = 5", "lateral_m = 9260"),
                "NDITIONAL = \"keep_out\"", "NDITIONAL = \"keep_out\"\nPROHIBITED = \"keep_out\"");
  const auto same = ParseRulesFile(other);
  ASSERT_TRUE(same.has_value()) << same.error().ToString();
  EXPECT_EQ(same->canonical, file->canonical);
  for (const auto& [from, to] :
       std::vector<std::pair<const char*, const char*>>{{"time_s = 300", "time_s = 301"},
                                                        {"live_firing = 45", "live_firing = 46"},
                                                        {"hazard = 60", "zone = 60"},
                                                        {"lowest_m = 190", "lowest_m = 191"},
                                                        {"qnh_min_hpa = 965", "qnh_min_hpa = 966"},
                                                        {"\"keep_out\"", "\"none\""},
                                                        {"\"north\"", "\"west\""}}) {
    const auto different = ParseRulesFile(With(kRules, from, to));
    ASSERT_TRUE(different.has_value()) << to;
    EXPECT_NE(different->canonical, file->canonical) << to;
  }
}

TEST(RulesFile, RefusesWithTheKey) {
  struct Case {
    const char* from;
    const char* to;
    const char* field;
  };
  const Case cases[] = {
      {"time_s = 300", "time_min = 5", "separation[0].time_min"},
      {"time_s = 300", "time_s = 172801", "separation[0].time_s"},
      {"time_s = 300", "time_s = -1", "separation[0].time_s"},
      {"lateral_nm = 5", "lateral_nm = 300", "separation[0].lateral_nm"},
      {"lateral_nm = 5", "lateral_nm = 5\nlateral_m = 5", "separation[0].lateral_nm"},
      {"lateral_nm = 5", "lateral_nm = nan", "separation[0].lateral_nm"},
      {"\"hazard\"]", "\"hazards\"]", "separation[0].between"},
      {"\"hazard\"]", "\"zone:x\"]", "separation[0].between"},
      {"\"activity:survey\"]", "\"activity:training\"]", "separation[1].between"},
      {"\"activity:survey\"]", "]", "separation[1].between"},
      {"name = \"south\"", "name = \"north\"", "party[1].name"},
      {"name = \"south\"", "name = \"South\"", "party[1].name"},
      {"c2a4e9d8-0f3b-4c76", "c2a4e9d8-0f3b-1c76", "party[1].id"},
      {"\"keep_out\"", "\"stay_out\"", "zones.CONDITIONAL"},
      {"CONDITIONAL = ", "MAYBE = ", "zones.MAYBE"},
      {"live_firing = 45", "firing = 45", "hazard_dwell_min.firing"},
      {"hazard = 60", "hazard = 1.5", "lead_time_min.hazard"},
      {"north = 47.9", "north = 45", "terrain[0].north"},
      {"highest_m = 4640", "highest_m = 100", "terrain[0].highest_m"},
      {"qnh_max_hpa = 1050", "qnh_max_hpa = 1200", "pressure[0].qnh_max_hpa"},
      {"isa_deviation_max_k = 25", "", "pressure[0].isa_deviation_max_k"},
      {"activity_classes = [\"survey\", ", "purpose = 1\nactivity_classes = [\"survey\", ",
       "purpose"},
  };
  for (const Case& c : cases) {
    const auto file = ParseRulesFile(With(kRules, c.from, c.to));
    ASSERT_FALSE(file.has_value()) << c.to;
    EXPECT_EQ(file.error().field, c.field) << file.error().ToString();
  }
}

TEST(RulesFile, TheExampleLoads) {
  const auto text = testing::ReadFile("examples/rules/two-parties.toml");
  ASSERT_TRUE(text.has_value());
  const auto file = ParseRulesFile(*text);
  ASSERT_TRUE(file.has_value()) << file.error().ToString();
  EXPECT_EQ(file->content.parties.size(), 2u);
  EXPECT_TRUE(airspace::Rules::Make(file->content, {}).has_value());
}

TEST(RulesFile, NothingIsEmptyRules) {
  const auto file = ParseRulesFile("");
  ASSERT_TRUE(file.has_value());
  EXPECT_TRUE(file->content.parties.empty());
  EXPECT_EQ(airspace::Rules::Make(file->content, {})->widest(), airspace::Separation{});
}

}  // namespace
}  // namespace wideberth::formats
