#include "formats/notice_file.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "airspace/conflict.h"
#include "formats/ed269.h"
#include "formats/rules_file.h"
#include "formats/testing/zones.h"
#include "geo/altitude.h"

namespace wideberth::formats {
namespace {

using airspace::Declaration;
using airspace::Verdict;

constexpr char kOne[] = R"({"kind":"hazard","data_mode":"TEST","hazard":{"class":"laser"},
  "volumes":[{"outline_circle":{"center":{"lat":46,"lng":7},"radius":{"value":3,"units":"KM"}},
  "altitude_lower":{"unlimited":true},"altitude_upper":{"unlimited":true},
  "time_start":"2026-11-21T10:00:00Z","time_end":"open"}]})";

std::string Day(std::string_view entries) {
  return std::string(R"({"day":"2026-11-21T00:00:00Z","notices":[)").append(entries).append("]}");
}
std::string Entry(std::string_view fields) {
  return std::string("{").append(fields).append(R"(,"declaration":)").append(kOne).append("}");
}

TEST(NoticeFile, ReadsItsThreeShapes) {
  EXPECT_EQ(ReadNoticeFile(kOne)->notices.size(), 1u);
  EXPECT_EQ(ReadNoticeFile(std::string("[") + kOne + "," + kOne + "]")->notices.size(), 2u);
  const auto day = ReadNoticeFile(
      Day(Entry(R"("party":"south","declare_at":"2026-11-21T09:00:00Z",)"
                R"("ended_at":"2026-11-21T11:00:00Z","all_clear_at":"2026-11-21T12:00:00Z")") +
          "," + Entry(R"("party":"north","declare_at":"2026-11-21T08:00:00Z")")));
  ASSERT_TRUE(day.has_value()) << day.error().ToString();
  ASSERT_EQ(day->notices.size(), 2u);
  EXPECT_EQ(day->notices[0].party, "north");  // in order of time
  EXPECT_EQ(base::FormatRfc3339(*day->notices[1].all_clear_at), "2026-11-21T12:00:00Z");
}

TEST(NoticeFile, RefusesWithThePointer) {
  const auto field = [](std::string_view text) {
    const auto file = ReadNoticeFile(text);
    EXPECT_FALSE(file.has_value()) << text;
    return file ? std::string() : file.error().field;
  };
  EXPECT_EQ(field(Day(Entry(R"("declare_at":"2026-11-21T08:00:00Z")"))), "/notices/0/party");
  EXPECT_EQ(field(Day(Entry(R"("party":"a","when":1)"))), "/notices/0/when");
  EXPECT_EQ(field(Day(Entry(R"("party":"a","declare_at":"08:00")"))), "/notices/0/declare_at");
  EXPECT_EQ(field(R"([{"kind":"hazard"}])"), "/0/data_mode");
  EXPECT_EQ(field(R"({"notices":[],"x":1})"), "/x");
  EXPECT_EQ(field("7"), "");
}

TEST(NoticeFile, ShiftsEveryTime) {
  auto file = ReadNoticeFile(Day(Entry(R"("party":"a","declare_at":"2026-11-21T08:00:00Z")")));
  ASSERT_TRUE(file.has_value());
  ASSERT_TRUE(ShiftNotices(base::kMicrosPerDay, &*file).has_value());
  EXPECT_EQ(base::FormatRfc3339(*file->day), "2026-11-22T00:00:00Z");
  EXPECT_EQ(base::FormatRfc3339(*file->notices[0].declare_at), "2026-11-22T08:00:00Z");
  const airspace::TimeWindow window = file->notices[0].declaration.volumes[0].window;
  EXPECT_EQ(base::FormatRfc3339(window.start), "2026-11-22T10:00:00Z");
  EXPECT_EQ(window.end, base::kTimeOpenEnd);
  EXPECT_FALSE(ShiftNotices(-100 * 366 * base::kMicrosPerDay, &*file).has_value());
  EXPECT_FALSE(ShiftNotices(INT64_MAX, &*file).has_value());
}

struct Side {
  base::PartyId party;
  Declaration declaration;
  std::vector<geo::Shape> shapes;
  std::vector<airspace::TimeWindow> windows;
};

// Prepares the outlines, fills in the heights, and lets a hazard last until it was cleared.
Side Prepare(base::PartyId party, const Declaration& declaration, const geo::HeightModel& heights,
             std::optional<base::UtcMicros> all_clear_at) {
  Side side{party, declaration, {}, {}};
  side.declaration.data_mode = airspace::DataMode::kExercise;
  for (airspace::Volume4D& volume : side.declaration.volumes) {
    auto shape = geo::Shape::Prepare(volume.outline);
    EXPECT_TRUE(shape.has_value()) << shape.error().ToString();
    FillW84(heights, *shape, &volume);
    side.shapes.push_back(std::move(shape).value());
    side.windows.push_back({volume.window.start, all_clear_at.value_or(volume.window.end)});
  }
  return side;
}

struct Example {
  airspace::Rules rules;
  NoticeFile day;
  std::vector<Side> sides;  // the notices of the day, then the zones
};

Example LoadExample() {
  const auto rules_text = testing::ReadFile("examples/rules/two-parties.toml").value();
  const auto day_text = testing::ReadFile("examples/day/two-parties.json").value();
  const auto zones_text = testing::ReadFile("examples/zones/swiss-drone-zones.ed269.json").value();
  Example example;
  example.rules = airspace::Rules::Make(ParseRulesFile(rules_text)->content, {}).value();
  example.day = ReadNoticeFile(day_text).value();
  geo::HeightModel heights;
  heights.bounds = example.rules.content().height_bounds;
  for (const NoticeEntry& entry : example.day.notices) {
    const airspace::PartyEntry* party = example.rules.FindParty(std::string_view(entry.party));
    EXPECT_NE(party, nullptr) << entry.party;
    example.sides.push_back(Prepare(party->id, entry.declaration, heights, entry.all_clear_at));
  }
  const ZoneFile zones = ImportEd269(zones_text, testing::At("2022-06-18T00:00:00Z", 1)).value();
  for (const Declaration* zone : testing::Declarations(zones)) {
    example.sides.push_back(
        Prepare(example.rules.content().parties[0].id, *zone, heights, std::nullopt));
  }
  return example;
}

TEST(NoticeFile, TheExampleDayIsInOrder) {
  const Example example = LoadExample();
  EXPECT_EQ(example.day.notices.size(), 54u);
  EXPECT_EQ(example.sides.size(), 60u);
  for (const NoticeEntry& entry : example.day.notices) {
    ASSERT_TRUE(entry.declare_at.has_value());
    for (const auto& volume : entry.declaration.volumes) {
      EXPECT_LT(*entry.declare_at, volume.window.start);
    }
    if (entry.declaration.kind != airspace::NoticeKind::kHazard) continue;
    ASSERT_TRUE(entry.ended_at && entry.all_clear_at);
    const size_t hazard = static_cast<size_t>(entry.declaration.hazard_class);
    EXPECT_GE(entry.all_clear_at->us - entry.ended_at->us,
              example.rules.content().hazard_dwell_us[hazard]);
  }
}

struct Worst {
  Verdict verdict = Verdict::kClear;
  bool only_by_time = true;
};
Worst Compare(const Side& a, const Side& b, const airspace::Separation& separation) {
  Worst worst;
  for (size_t k = 0; k < a.shapes.size(); ++k) {
    for (size_t l = 0; l < b.shapes.size(); ++l) {
      const auto found =
          airspace::CheckVolumes(a.declaration.volumes[k], a.windows[k], a.shapes[k],
                                 b.declaration.volumes[l], b.windows[l], b.shapes[l], separation);
      if (!found) continue;
      worst.verdict =
          std::max(worst.verdict, found->certain ? Verdict::kCertain : Verdict::kPossible);
      worst.only_by_time = worst.only_by_time && found->time_gap_us >= 0;
    }
  }
  return worst;
}

// What the example day is there to show: some conflicts, of several kinds, and mostly none.
TEST(NoticeFile, TheExampleDayHasWhatTheDemoShows) {
  const Example example = LoadExample();
  std::map<airspace::Treatment, int> by_treatment;
  int certain = 0, possible = 0, by_time = 0, clear = 0;
  std::set<size_t> touched;
  for (size_t i = 0; i < example.sides.size(); ++i) {
    for (size_t j = i + 1; j < example.sides.size(); ++j) {
      const Side& a = example.sides[i];
      const Side& b = example.sides[j];
      const airspace::Treatment treatment =
          example.rules.TreatmentFor(a.party, a.declaration, b.party, b.declaration);
      if (treatment == airspace::Treatment::kNone) continue;
      const Worst worst = Compare(a, b, example.rules.For(a.declaration, b.declaration));
      if (worst.verdict == Verdict::kClear) {
        ++clear;
        continue;
      }
      ++by_treatment[treatment];
      touched.insert({i, j});
      (worst.verdict == Verdict::kCertain ? certain : possible) += 1;
      by_time += worst.only_by_time;
    }
  }
  const int conflicts = certain + possible;
  SCOPED_TRACE(::testing::Message() << certain << " certain, " << possible << " possible, "
                                    << by_time << " by time alone, " << clear << " pairs clear");
  EXPECT_GE(conflicts, 15);
  EXPECT_LE(conflicts, 45);
  EXPECT_GE(certain, 8);
  EXPECT_GE(possible, 5);
  EXPECT_GE(by_time, 1);
  EXPECT_GE(by_treatment[airspace::Treatment::kSeparation], 8);
  EXPECT_GE(by_treatment[airspace::Treatment::kKeepOut], 3);
  EXPECT_GE(by_treatment[airspace::Treatment::kListed], 1);
  EXPECT_GE(clear, 10 * conflicts);
  EXPECT_LT(touched.size(), example.sides.size());
}

}  // namespace
}  // namespace wideberth::formats
