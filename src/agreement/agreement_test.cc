#include "agreement/agreement.h"

#include <gtest/gtest.h>

#include <string>

#include "agreement/testing/samples.h"
#include "base/limits.h"
#include "crypto/sha256.h"

namespace wideberth::agreement {
namespace {

using testing::Sample;
using testing::SampleText;
using testing::With;

TEST(Agreement, EveryExampleIsRead) {
  for (const std::string name : {"default", "india-pakistan-1991", "korea-2018"}) {
    const std::string text = testing::ReadFile("examples/agreements/" + name + ".toml");
    const auto agreement = ParseAgreement(text);
    ASSERT_TRUE(agreement.has_value()) << name << ": " << agreement.error().ToString();
    EXPECT_EQ(agreement->text, text);
    EXPECT_EQ(agreement->digest, crypto::Sha256(base::AsBytes(text)));
    EXPECT_EQ(agreement->terms.rules.digest(), agreement->digest);
    EXPECT_EQ(agreement->parties().size(), 2u);
    for (const airspace::PartyEntry& party : agreement->parties()) {
      for (size_t level = 0; level < kLevels; ++level) {
        EXPECT_GE(agreement->terms.ContactsOf(party.id, static_cast<Level>(level)).size(), 2u);
      }
    }
  }
}

TEST(Agreement, SaysWhatItsTextSays) {
  const Agreement& sample = Sample();
  EXPECT_EQ(sample.number, 1);
  EXPECT_EQ(base::FormatRfc3339(sample.effective_from), "2027-01-01T00:00:00Z");
  EXPECT_EQ(base::FormatRfc3339(*sample.expires), "2028-01-01T00:00:00Z");
  EXPECT_EQ(sample.languages, (std::vector<std::string>{"en", "ru"}));
  EXPECT_EQ(sample.terms.rules.widest(), (airspace::Separation{9'260'000, 609'600, 600'000'000}));
  EXPECT_EQ(sample.terms.rules.content().hazard_dwell_us[0], 45 * base::kMicrosPerMinute);
  EXPECT_EQ(sample.terms.lost_link.widening,
            (airspace::Separation{9'260'000, 304'800, 600'000'000}));
  EXPECT_EQ(sample.terms.lost_link.fallback.size(), 2u);
  EXPECT_EQ(sample.terms.line_check.first, sample.effective_from);
  EXPECT_EQ(sample.terms.line_check.period_us, 12 * base::kMicrosPerHour);
  ASSERT_NE(sample.gazetteer.Find("THE LAKE CIRCLE"), nullptr);
  EXPECT_EQ(sample.gazetteer.Find("the lake circle")->outline.buffer_mm(), 18'520'000);
  EXPECT_EQ(sample.FindExemption(ExemptionKind::kFirefighting)->notice_us,
            15 * base::kMicrosPerMinute);
  EXPECT_EQ(sample.FindExemption(ExemptionKind::kFarming), nullptr);
  ASSERT_EQ(sample.standing_releases.size(), 2u);
  EXPECT_EQ(sample.standing_releases[0].hazard_class, airspace::HazardClass::kDebris);
  EXPECT_EQ(sample.standing_releases[0].party, sample.parties()[0].id);
  EXPECT_EQ(sample.standing_releases[1].repeat_us, 60 * base::kMicrosPerSecond);
  EXPECT_EQ(sample.standing_releases[1].area, std::nullopt);
  ASSERT_EQ(sample.third_parties.size(), 1u);
  EXPECT_EQ(sample.third_parties[0].told_by, sample.parties()[1].id);
}

// The text of default.toml spells out every default of agreement/terms.h.
TEST(Agreement, TheExampleHoldsTheDefaults) {
  const Terms& terms = Sample().terms;
  EXPECT_EQ(terms.read_back, ReadBackTolerance());
  EXPECT_EQ(terms.deadlines, Deadlines());
  EXPECT_EQ(terms.ladder, Ladder());
}

TEST(Agreement, RunsFromItsStartToItsEnd) {
  const Agreement& sample = Sample();
  EXPECT_FALSE(sample.RunsAt({sample.effective_from.us - 1}));
  EXPECT_TRUE(sample.RunsAt(sample.effective_from));
  EXPECT_TRUE(sample.RunsAt({sample.expires->us - 1}));
  EXPECT_FALSE(sample.RunsAt(*sample.expires));
  const Agreement endless =
      ParseAgreement(With(SampleText(), "expires = 2028-01-01T00:00:00Z", "")).value();
  EXPECT_TRUE(endless.RunsAt({sample.expires->us}));
}

TEST(Agreement, ItsDigestIsOfTheBytes) {
  const Agreement commented = ParseAgreement(SampleText() + "# a word more\n").value();
  EXPECT_NE(commented.digest, Sample().digest);
  EXPECT_EQ(commented.rules_canonical, Sample().rules_canonical);
}

struct Refusal {
  std::string_view from, to, field;
};

void ExpectRefused(std::span<const Refusal> cases) {
  for (const Refusal& c : cases) {
    const auto agreement = ParseAgreement(With(SampleText(), c.from, c.to));
    ASSERT_FALSE(agreement.has_value()) << c.to;
    EXPECT_EQ(agreement.error().field, c.field) << agreement.error().ToString();
  }
}

TEST(Agreement, RefusesItsHeadWithTheKey) {
  const Refusal cases[] = {
      {"wideberth_agreement = 1", "wideberth_agreement = 2", "wideberth_agreement"},
      {"wideberth_agreement = 1", "", "wideberth_agreement"},
      {"number = 1", "number = 0", "number"},
      {"number = 1", "number = 1000001", "number"},
      {"2027-01-01T00:00:00Z", "2027-01-01T00:00:00", "effective_from"},
      {"2028-01-01T00:00:00Z", "2027-01-01T00:00:00Z", "expires"},
      {"[\"en\", \"ru\"]", "[\"en\", \"en\"]", "languages"},
      {"[\"en\", \"ru\"]", "[\"english\", \"ru\"]", "languages"},
      {"number = 1", "number = 1\npurpose = \"x\"", "purpose"},
      {"[[party]]\nname = \"north\"",
       "[[party]]\nname = \"third\"\nid = "
       "\"11111111-1111-4111-8111-111111111111\"\n[[party]]\nname = \"north\"",
       "party"},
      {"[[party]]\nname = \"south\"", "[[party]]\nname = \"north\"", "party[1].name"},
      {"between = [\"activity\", \"hazard\"]", "between = [\"activity\", \"danger\"]",
       "separation[1].between"},
  };
  ExpectRefused(cases);
}

TEST(Agreement, RefusesItsTermsWithTheKey) {
  const Refusal cases[] = {
      {"position_nm = 0.1", "position_nm = 6", "read_back.position_nm"},
      {"position_nm = 0.1", "position_nm = 0.1\nposition_m = 1", "read_back.position_nm"},
      {"height_ft = 100", "heigth_ft = 100", "read_back.heigth_ft"},
      {"stop_call = { routine_s = 30, min_s = 30", "stop_call = { routine_s = 30, min_s = 31",
       "deadlines.stop_call.min_s"},
      {"stop_call = { routine_s = 30, min_s = 30", "stop_call = { routine_s = 0.5, min_s = 0.5",
       "deadlines.stop_call.routine_s"},
      {"routine_s = 120", "routine_s = 172801", "deadlines.read_back.routine_s"},
      {"share_of_time_to_start = 0.25", "share_of_time_to_start = 1.1",
       "deadlines.assessment.share_of_time_to_start"},
      {"routine_s = 120", "routine = 120", "deadlines.read_back.routine"},
      {"\nconflict = {", "\nconflicts = {", "deadlines.conflicts"},
      {"steps = [1, 2, 4]", "steps = [1, 2, 2]", "ladder.steps"},
      {"steps = [1, 2, 4]", "steps = []", "ladder.steps"},
      {"steps = [1, 2, 4]", "steps = [0, 2]", "ladder.steps[0]"},
      {"read_back = \"cell\"", "read_back = \"principal\"", "ladder.highest.read_back"},
      {"read_back = \"cell\"", "read_back = \"head\"", "ladder.highest.read_back"},
      {"stop_call = \"deputy\"", "stop_call = \"cell\"", "ladder.highest.stop_call"},
      {"period_min = 720", "period_min = 9", "line_check.period_min"},
      {"[lost_link]\nlateral_nm = 5", "[lost_link]\nlateral_nm = 300", "lost_link.lateral_nm"},
      {"\nen = \"Keep", "\nde = \"Keep", "lost_link.fallback.en"},
      {"\nru = \"", "\nru = \"\"\nde = \"", "lost_link.fallback.ru"},
      // Contacts: two of each level, on two lines.
      {"call = \"line A, duty 2\"", "call = \"line A, duty 1\"", "contact[1].call"},
      {"level = \"cell\"", "level = \"duty\"", "contact"},
      {"party = \"south\"\nlevel = \"principal\"", "party = \"west\"\nlevel = \"principal\"",
       "contact[14].party"},
      {"role = \"duty officer\"", "role = \"\"", "contact[0].role"},
      {"role = \"duty officer\"", "role = \"duty\\nofficer\"", "contact[0].role"},
  };
  ExpectRefused(cases);
}

TEST(Agreement, RefusesItsAreasWithTheKey) {
  const Refusal cases[] = {
      {"name = \"the lake circle\"", "name = \"The Northern  BOX\"", "gazetteer[1].name"},
      {"radius_nm = 10", "radius_nm = 0", "gazetteer[1].centre"},
      {"radius_nm = 10", "", "gazetteer[1].centre"},
      {"radius_nm = 10", "radius_nm = 10\npolygon = []", "gazetteer[1].centre"},
      {"{ lat = 46.9, lng = 7.6 }", "{ lat = 47.2, lng = 7.6 }", "gazetteer[0].polygon"},
      {"{ lat = 46.9, lng = 7.6 }", "{ lat = 96.9, lng = 7.6 }", "gazetteer[0].polygon[1].lat"},
      {"{ lat = 46.9, lng = 7.6 }", "{ lat = 46.9, lon = 7.6 }", "gazetteer[0].polygon[1].lng"},
      {"kind = \"rescue\"", "kind = \"medevac\"", "exemption[1].kind"},
      {"kind = \"rescue\"", "kind = \"reconnaissance\"", "exemption[0].kind"},
      {"kind = \"dead_man\"", "kind = \"strike\"", "standing_release[0].kind"},
      {"hazard_class = \"debris\"", "hazard_class = \"target\"",
       "standing_release[0].hazard_class"},
      {"hazard_class = \"debris\"", "", "standing_release[0].hazard_class"},
      {"name = \"warnings of the south\"", "name = \"northern launch corridor\"",
       "standing_release[1].name"},
      {"repeat_s = 60", "repeat_s = 5", "standing_release[1].repeat_s"},
      {"lead_min = 5", "lead_min = 5\nhazard_class = \"debris\"",
       "standing_release[1].hazard_class"},
      {"told_by = \"south\"", "told_by = \"east\"", "third_party[0].told_by"},
      {"deadline_min = 60", "deadline_min = 0", "third_party[0].deadline_min"},
  };
  ExpectRefused(cases);
  const std::string row =
      "[[no_fly]]\nname = \"ridge\"\nclasses = [\"survey\"]\ndistance_m = 500\n"
      "line = [{ lat = 46, lng = 7 }, { lat = 46, lng = 8 }]\n";
  EXPECT_TRUE(ParseAgreement(SampleText() + row).has_value());
  const Refusal no_fly[] = {{"\"survey\"", "\"combat\"", "no_fly[0].classes"},
                            {"distance_m = 500", "", "no_fly[0].distance_m"},
                            {"distance_m = 500", "distance_m = 500001", "no_fly[0].distance_m"},
                            {", { lat = 46, lng = 8 }", "", "no_fly[0].line"},
                            {"line = ", "lines = ", "no_fly[0].line"}};
  for (const Refusal& c : no_fly) {
    const auto agreement = ParseAgreement(SampleText() + With(row, c.from, c.to));
    ASSERT_FALSE(agreement.has_value()) << c.to;
    EXPECT_EQ(agreement.error().field, c.field) << agreement.error().ToString();
  }
}

TEST(Agreement, IsLimited) {
  const std::string text =
      SampleText() + "#" + std::string(limits::kAgreementBytesMax - SampleText().size() - 1, 'x');
  EXPECT_TRUE(ParseAgreement(text).has_value());
  EXPECT_EQ(ParseAgreement(text + "x").error().code, base::ErrorCode::kTooLarge);
  // Triangles over a quarter of the Earth: some are fine, 70 are not.
  std::string places = SampleText();
  for (int i = 0; i < 70; ++i) {
    places +=
        "[[gazetteer]]\nname = \"place " + std::to_string(i) +
        "\"\npolygon = [{ lat = 0, lng = 0 }, { lat = 0, lng = 78 }, { lat = 60, lng = 40 }]\n";
  }
  const auto many = ParseAgreement(places);
  ASSERT_FALSE(many.has_value());
  EXPECT_TRUE(many.error().field.starts_with("gazetteer[6")) << many.error().ToString();
  EXPECT_EQ(many.error().rule, "must leave all edges of the agreement below 1000000 km");
}

}  // namespace
}  // namespace wideberth::agreement
