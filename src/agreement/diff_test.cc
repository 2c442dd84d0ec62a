#include "agreement/diff.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "agreement/testing/samples.h"

namespace wideberth::agreement {
namespace {

using testing::Sample;
using testing::SampleText;
using testing::With;

std::vector<std::string> DiffWith(std::string_view from, std::string_view to) {
  return Diff(Sample(), ParseAgreement(With(SampleText(), from, to)).value());
}
using Lines = std::vector<std::string>;

TEST(Diff, ReadsAsAPersonWouldSayIt) {
  EXPECT_EQ(DiffWith("between = [\"activity\", \"hazard\"]\nlateral_nm = 5",
                     "between = [\"activity\", \"hazard\"]\nlateral_nm = 10"),
            (Lines{"separation activity x hazard: lateral 9,260 m -> 18,520 m"}));
  EXPECT_EQ(DiffWith("stop_call = { routine_s = 30, min_s = 30",
                     "stop_call = { routine_s = 20.5, min_s = 20"),
            (Lines{"deadline stop_call: least 30 s -> 20 s",
                   "deadline stop_call: routine 30 s -> 20.5 s"}));
  EXPECT_EQ(DiffWith("routine_s = 1800", "routine_s = 3600"),
            (Lines{"deadline assessment: routine 1,800 s -> 3,600 s"}));
  EXPECT_EQ(DiffWith("expires = 2028-01-01T00:00:00Z", ""),
            (Lines{"expires 2028-01-01T00:00:00Z -> when denounced"}));
  EXPECT_EQ(DiffWith("call = \"line A, duty 1\"", "call = \"line C\""),
            (Lines{"contact north duty: line A, duty 1 duty officer -> (none)",
                   "contact north duty: line C (none) -> duty officer"}));
  EXPECT_EQ(DiffWith("radius_nm = 10", "radius_nm = 11"),
            (Lines{"gazetteer: the lake circle circle of 18,520 m: 46.5 6.6 -> "
                   "circle of 20,372 m: 46.5 6.6"}));
  EXPECT_EQ(DiffWith("[ladder]\nsteps = [1, 2, 4]", "[ladder]\nsteps = [1, 3]"),
            (Lines{"ladder: steps 1x, 2x, 4x -> 1x, 3x"}));
}

TEST(Diff, OfTheSameMeaningIsEmpty) {
  EXPECT_EQ(Diff(Sample(), Sample()), Lines());
  EXPECT_EQ(Diff(Sample(), ParseAgreement(SampleText() + "# a comment\n").value()), Lines());
  EXPECT_EQ(DiffWith("2027-01-01T00:00:00Z", "\"2027-01-01T01:00:00+01:00\""), Lines());
  EXPECT_EQ(DiffWith("position_nm = 0.1", "position_m = 185.2"), Lines());
  EXPECT_EQ(DiffWith("[\"transport\", \"survey\",", "[\"survey\", \"transport\","), Lines());
  EXPECT_EQ(
      DiffWith("between = [\"activity\", \"hazard\"]", "between = [\"hazard\", \"activity\"]"),
      Lines());
}

// Changes every digit and every word's first letter of a text that has every table. Whatever still is an agreement must
// show as changed: no value may be overlooked.
TEST(Diff, OverlooksNothing) {
  const std::string text = SampleText() +
                           R"(
[[no_fly]]
name = "ridge"
classes = ["survey"]
distance_m = 500
notice_min = 1440
line = [{ lat = 46, lng = 7 }, { lat = 46, lng = 8 }]
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
  const auto original = ParseAgreement(text);
  ASSERT_TRUE(original.has_value()) << original.error().ToString();
  size_t changed = 0;
  bool comment = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '#') comment = true;
    if (text[i] == '\n') comment = false;
    const bool digit = text[i] >= '0' && text[i] <= '9';
    const bool word = i > 0 && text[i - 1] == '"' && text[i] >= 'a' && text[i] <= 'z';
    if (comment || (!digit && !word)) continue;
    std::string other = text;
    other[i] = digit ? (text[i] == '9' ? '8' : static_cast<char>(text[i] + 1)) : 'q';
    const auto agreement = ParseAgreement(other);
    if (!agreement) continue;
    ++changed;
    EXPECT_NE(Diff(*original, *agreement), Lines())
        << other.substr(other.rfind('\n', i) + 1, 40) << " at " << i;
  }
  EXPECT_GT(changed, 300u);
}

TEST(Diff, IsTheSameBackwards) {
  const Agreement korea =
      ParseAgreement(testing::ReadFile("examples/agreements/korea-2018.toml")).value();
  const Lines there = Diff(Sample(), korea);
  EXPECT_EQ(there.size(), Diff(korea, Sample()).size());
  EXPECT_GT(there.size(), 50u);
}

TEST(Diff, ShowsLongOutlinesByTheirDigest) {
  std::string polygon = "[[gazetteer]]\nname = \"round\"\npolygon = [\n";
  for (int i = 0; i < 12; ++i) {
    const geo::Position at =
        geo::GeodesicDestination(geo::MakePosition(46, 7).value(), 30 * i, 10'000);
    polygon += "{ lat = " + std::to_string(at.lat_deg()) +
               ", lng = " + std::to_string(at.lng_deg()) + " },\n";
  }
  const Agreement agreement = ParseAgreement(SampleText() + polygon + "]\n").value();
  const Lines lines = Diff(Sample(), agreement);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_TRUE(lines[0].starts_with("gazetteer: round (none) -> polygon: 12 vertices, SHA-256 "))
      << lines[0];
}

}  // namespace
}  // namespace wideberth::agreement
