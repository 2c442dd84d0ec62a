#include "apps/wideberth/show/conflict_text.h"

#include <gtest/gtest.h>

#include "json/reader.h"

namespace wideberth::cli {
namespace {

// As formats/notice_json.h writes it.
constexpr std::string_view kJson = R"({
  "id": "9a41000000000000000000000000000000000000000000000000000000000000",
  "data_mode": "EXERCISE", "verdict": "possible", "state": "open", "treatment": "separation",
  "why": "possible: ...",
  "sides": [
    {"party": {"id": "5b0c7a3e-61d4-4f0e-9a57-2d1f6c1b8e01", "name": "north"},
     "notice": "11111111-1111-4111-8111-111111111111", "version": "00", "kind": "activity",
     "activity_class": "survey", "role_to_call": "survey desk", "frequency": "121.500 MHz"},
    {"party": {"id": "c2a4e9d8-0f3b-4c76-8e1a-7b9d5f2a6c02"},
     "notice": "22222222-2222-4222-8222-222222222222", "version": "01", "seen_at": "2026-11-21T09:00:00Z",
     "kind": "hazard", "hazard_class": "live_firing"}],
  "separation": {"lateral_m": 1852, "vertical_m": 152.4, "time_s": 120},
  "first_moment": "2026-11-21T10:42:00Z", "last_moment": "open",
  "opened_at": "2026-11-21T09:00:00Z", "changed_at": "2026-11-21T09:00:00Z", "rules": "00",
  "pairs_total": 2,
  "pairs": [{"volumes": [0, 0], "verdict": "possible", "causes": ["terrain"],
    "first_moment": "2026-11-21T10:42:00Z",
    "overlap": {"time_start": "2026-11-21T10:42:00Z", "time_end": "open"},
    "time_gap_s": -600, "vertical_gap_min_m": 20, "vertical_gap_max_m": 170,
    "lateral_gap_m": 320.5, "lateral_error_m": 0.001,
    "closest": [{"lat": 46.9, "lng": 7.4}, {"lat": 46.9, "lng": -7.5}],
    "area": {"south_west": {"lat": 46, "lng": 7}, "north_east": {"lat": 47, "lng": 8}},
    "shortfall": {"lateral_m": 1531.5, "vertical_m": 132.4, "time_s": 720}}]})";

ConflictRow Row() {
  const auto document = json::Document::Parse(kJson);
  EXPECT_TRUE(document.has_value());
  auto row = ReadConflictRow(document->root());
  EXPECT_TRUE(row.has_value()) << (row ? "" : row.error().ToString());
  return row.value_or(ConflictRow());
}

TEST(ConflictTextTest, ReadsWhatTheNodeWrites) {
  const ConflictRow row = Row();
  EXPECT_EQ(row.lateral_gap_mm, 320'500);
  EXPECT_EQ(row.vertical_short_mm, 132'400);
  EXPECT_EQ(row.time_gap_us, -600'000'000);
  EXPECT_TRUE(row.sides[1].seen);
  EXPECT_TRUE(row.alarmed());
  EXPECT_TRUE(row.live());
}

TEST(ConflictTextTest, RefusesWhatItDoesNotKnow) {
  for (const std::string_view text :
       {"{}", "[]", R"({"id": "x"})", R"({"id":"x","sides":[]})", "null"}) {
    const auto document = json::Document::Parse(text);
    ASSERT_TRUE(document.has_value());
    EXPECT_FALSE(ReadConflictRow(document->root()).has_value()) << text;
  }
}

TEST(ConflictTextTest, Words) {
  ConflictRow row = Row();
  EXPECT_EQ(SideText(row.sides[0]), "north survey");
  EXPECT_EQ(SideText(row.sides[1]), "c2a4e9d8-0f3b-4c76-8e1a-7b9d5f2a6c02 hazard live_firing");
  EXPECT_EQ(HowCloseText(row), "320 m apart, 20 m to 170 m apart in height, at once");
  EXPECT_EQ(ShortfallText(row), "1531 m, 132 m in height");
  EXPECT_EQ(VerdictText(row), "possible: the height of the ground is known within bounds only");
  EXPECT_EQ(WhoActsText(row), "Both act. Call north: survey desk, 121.500 MHz.");
  row.verdict = "certain";
  row.lateral_gap_mm = 0;
  row.vertical_gap_min_mm = row.vertical_gap_max_mm = -300'000;
  row.time_gap_us = 240'000'000;
  row.time_short_us = 60'000'000;
  EXPECT_EQ(HowCloseText(row), "areas overlap, heights overlap by 300 m, 4 min apart");
  EXPECT_EQ(VerdictText(row), "certain");
  EXPECT_EQ(ShortfallText(row), "1531 m, 60 s");
}

TEST(ConflictTextTest, TheEntrantActsWhereOneStands) {
  ConflictRow row = Row();
  row.treatment = "keep_out";
  row.sides[0].kind = "zone";
  row.sides[0].name = "LSR 1";
  row.sides[0].class_name = "PROHIBITED";
  row.sides[1].party = "south";
  EXPECT_EQ(SideText(row.sides[0]), "zone \"LSR 1\" PROHIBITED");
  EXPECT_TRUE(WhoActsText(row).starts_with("Keep out: south acts."));
  std::swap(row.sides[0], row.sides[1]);
  EXPECT_TRUE(WhoActsText(row).starts_with("Keep out: south acts."));
}

TEST(ConflictTextTest, Story) {
  EXPECT_EQ(
      StoryText(Row(), "2026-11-21T00:00:00Z", 100, false),
      "10:42Z  north survey and c2a4e9d8-0f3b-4c76-8e1a-7b9d5f2a6c02 hazard live_firing: possible\n"
      "        Too close by 1531 m, 132 m in height: 320 m apart, 20 m to 170 m apart in height, "
      "at once;\n"
      "        agreed are 1852 m, 152 m in height, 2 min.\n"
      "        From 10:42Z until cleared, near 46.9000 N, 7.4000 E; 2 pairs of volumes in "
      "all.\n"
      "        Possible: the height of the ground is known within bounds only.\n"
      "        Both act. Call north: survey desk, 121.500 MHz.\n");
}

TEST(ConflictTextTest, Moments) {
  EXPECT_EQ(MomentText("2026-11-21T10:42:00Z", "2026-11-21T00:00:00Z"), "10:42Z");
  EXPECT_EQ(MomentText("2026-11-22T10:42:00Z", "2026-11-21T00:00:00Z"), "2026-11-22 10:42Z");
  EXPECT_EQ(MomentText("open", "2026-11-21T00:00:00Z"), "until cleared");
  EXPECT_EQ(DurationText(90'000'000), "90 s");
  EXPECT_EQ(DurationText(125 * int64_t{60'000'000}), "2 h 05 min");
}

TEST(ConflictTextTest, EarliestFirst) {
  std::vector<ConflictRow> rows(3, Row());
  rows[0].first_moment = "2026-11-21T12:00:00Z";
  rows[1].first_moment = "2026-11-21T09:00:00Z";
  rows[2].first_moment = "2026-11-21T10:00:00Z";
  SortByTime(&rows);
  EXPECT_EQ(rows[0].first_moment, "2026-11-21T09:00:00Z");
  EXPECT_EQ(rows[2].first_moment, "2026-11-21T12:00:00Z");
  const std::string table = ConflictTable(rows, "2026-11-21").ToString(0, false);
  EXPECT_NE(table.find("\n09:00Z  north survey and"), std::string::npos) << table;
  EXPECT_NE(table.find("possible: terrain"), std::string::npos) << table;
}

}  // namespace
}  // namespace wideberth::cli
