#include "airspace/rules.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "airspace/testing/naive.h"
#include "base/limits.h"
#include "base/random.h"

namespace wideberth::airspace {
namespace {

using enum NoticeKind;

base::PartyId Party(uint8_t number) {
  base::PartyId id;
  id.uuid.bytes[15] = number;
  return id;
}

Declaration Activity(std::string class_name = "") {
  Declaration declaration;
  declaration.activity_class = std::move(class_name);
  return declaration;
}

Declaration Of(NoticeKind kind) {
  Declaration declaration;
  declaration.kind = kind;
  return declaration;
}

Declaration Hazard(HazardClass hazard_class) {
  Declaration declaration = Of(kHazard);
  declaration.hazard_class = hazard_class;
  return declaration;
}

Declaration Zone(Restriction restriction) {
  Declaration declaration = Of(kZone);
  declaration.restriction = restriction;
  return declaration;
}

SeparationRow Row(std::string_view a, std::string_view b, Separation separation) {
  return {*ParseKindPattern(a), *ParseKindPattern(b), separation};
}

Rules MustMake(Rules::Content content) {
  base::Result<Rules> rules = Rules::Make(std::move(content), {});
  EXPECT_TRUE(rules) << rules.error().ToString();
  return *std::move(rules);
}

TEST(KindPattern, ReadsAndWrites) {
  for (const std::string_view text : {"activity", "activity:transport", "activity:f_16", "hazard",
                                      "hazard:live_firing", "protected_site", "zone"}) {
    const auto pattern = ParseKindPattern(text);
    ASSERT_TRUE(pattern) << text;
    EXPECT_EQ(ToString(*pattern), text);
  }
  for (const std::string_view text :
       {"", "flight", "activity:", "activity:Transport", "activity:a:b", "hazard:", "hazard:bang",
        "zone:PROHIBITED", "protected_site:x", " activity"}) {
    const auto pattern = ParseKindPattern(text);
    ASSERT_FALSE(pattern) << text;
    EXPECT_FALSE(pattern.error().rule.empty());
  }
}

// --- separations

TEST(Rules, WithoutATableEverySeparationIsZero) {
  for (const Rules& rules : {Rules(), MustMake({})}) {
    EXPECT_EQ(rules.For(Activity(), Hazard(HazardClass::kLaser)), Separation{});
    EXPECT_EQ(rules.WidestFor(Activity()), Separation{});
    EXPECT_EQ(rules.widest(), Separation{});
  }
}

TEST(Rules, TheMostSpecificRowWins) {
  Rules::Content content;
  content.activity_classes = {"transport", "fighter", "drone"};
  content.separations = {
      Row("activity", "activity", {5'000, 500, 50}),
      Row("activity", "activity:fighter", {10'000, 1'000, 100}),
      Row("activity:drone", "activity:fighter", {1'000, 100, 10}),
      Row("activity:drone", "activity", {2'000, 2'000, 2}),
      Row("hazard", "activity:drone", {7'000, 1, 1}),
      Row("hazard:laser", "activity", {1, 7'000, 2}),
      Row("zone", "activity", {50, 50, 50}),
  };
  const Rules rules = MustMake(content);
  const auto both_ways = [&rules](const Declaration& a, const Declaration& b) {
    EXPECT_EQ(rules.For(a, b), rules.For(b, a));
    return rules.For(a, b);
  };
  const Separation widest{10'000, 7'000, 100};
  EXPECT_EQ(rules.widest(), widest);
  // Two classes, one, none.
  EXPECT_EQ(both_ways(Activity("drone"), Activity("fighter")), (Separation{1'000, 100, 10}));
  EXPECT_EQ(both_ways(Activity("transport"), Activity("fighter")),
            (Separation{10'000, 1'000, 100}));
  EXPECT_EQ(both_ways(Activity("transport"), Activity("transport")), (Separation{5'000, 500, 50}));
  EXPECT_EQ(both_ways(Activity("transport"), Zone(Restriction::kProhibited)),
            (Separation{50, 50, 50}));
  // Equally specific: component by component.
  EXPECT_EQ(both_ways(Activity("drone"), Hazard(HazardClass::kLaser)),
            (Separation{7'000, 7'000, 2}));
  EXPECT_EQ(both_ways(Activity("drone"), Hazard(HazardClass::kDebris)), (Separation{7'000, 1, 1}));
  // No row: the widest of all.
  EXPECT_EQ(both_ways(Activity("transport"), Hazard(HazardClass::kDebris)), widest);
  EXPECT_EQ(both_ways(Hazard(HazardClass::kDebris), Of(kProtectedSite)), widest);
}

TEST(Rules, AnUnstatedClassCountsAsTheStrictest) {
  Rules::Content content;
  content.activity_classes = {"transport", "fighter"};
  content.separations = {
      Row("activity:transport", "activity:transport", {1'000, 900, 1}),
      Row("activity:transport", "activity:fighter", {2'000, 300, 2}),
      Row("activity:fighter", "activity:fighter", {3'000, 400, 0}),
      Row("hazard", "hazard", {90'000, 9'000, 9'000}),
  };
  const Rules rules = MustMake(content);
  EXPECT_EQ(rules.For(Activity(), Activity("transport")), (Separation{2'000, 900, 2}));
  EXPECT_EQ(rules.For(Activity(), Activity("fighter")), (Separation{3'000, 400, 2}));
  EXPECT_EQ(rules.For(Activity(), Activity()), (Separation{3'000, 900, 2}));
  EXPECT_EQ(rules.For(Activity("unheard_of"), Activity()), (Separation{3'000, 900, 2}));
  EXPECT_EQ(rules.For(Activity(), Hazard(HazardClass::kLaser)), rules.widest());

  content.separations.push_back(Row("activity", "activity", {2'500, 2'500, 0}));
  EXPECT_EQ(MustMake(content).For(Activity(), Activity("transport")), (Separation{2'500, 2'500, 2}))
      << "a row for any class is for this one too";
}

TEST(Rules, WidestForBoundsEverySeparation) {
  Rules::Content content;
  content.activity_classes = {"drone"};
  content.separations = {Row("activity:drone", "activity:drone", {100, 10, 1}),
                         Row("activity:drone", "hazard", {5, 50, 5}),
                         Row("activity:drone", "zone", {1, 1, 1}),
                         Row("activity:drone", "protected_site", {2, 2, 20}),
                         Row("hazard", "hazard", {1'000, 1'000, 1'000})};
  EXPECT_EQ(MustMake(content).WidestFor(Activity("drone")), (Separation{100, 50, 20}));
}

TEST(Rules, AgreesWithTheNaiveModelOnRandomTables) {
  base::SeededRandom random(8);
  for (int i = 0; i < 2'000; ++i) {
    std::array<uint8_t, 160> bytes{};
    random.Fill(bytes);
    ASSERT_EQ(testing::CompareRulesWithModel(bytes), "") << "case " << i;
  }
}

// --- what follows

struct TreatmentCase {
  Declaration a;
  Declaration b;
  Treatment between_parties;
  Treatment within_one_party;
};

TEST(Rules, TreatmentIsTheMatrixOfTheMechanism) {
  using enum Treatment;
  const Declaration hazard = Hazard(HazardClass::kLaunch);
  const std::vector<TreatmentCase> cases = {
      {Activity(), Activity(), kSeparation, kNone},
      {Activity(), hazard, kSeparation, kNone},
      {hazard, hazard, kListed, kNone},
      {Activity(), Of(kProtectedSite), kKeepOut, kNone},
      {hazard, Of(kProtectedSite), kKeepOut, kNone},
      {Activity(), Zone(Restriction::kProhibited), kKeepOut, kKeepOut},
      {Activity(), Zone(Restriction::kReqAuthorisation), kKeepOut, kKeepOut},
      {Activity(), Zone(Restriction::kConditional), kListed, kListed},
      {Activity(), Zone(Restriction::kNoRestriction), kListed, kListed},
      {hazard, Zone(Restriction::kProhibited), kNone, kNone},
      {Of(kProtectedSite), Of(kProtectedSite), kNone, kNone},
      {Of(kProtectedSite), Zone(Restriction::kProhibited), kNone, kNone},
      {Zone(Restriction::kProhibited), Zone(Restriction::kProhibited), kNone, kNone},
  };
  const Rules rules;
  for (size_t i = 0; i < cases.size(); ++i) {
    const auto& [a, b, between, within] = cases[i];
    EXPECT_EQ(rules.TreatmentFor(Party(1), a, Party(2), b), between) << i;
    EXPECT_EQ(rules.TreatmentFor(Party(2), b, Party(1), a), between) << i;
    EXPECT_EQ(rules.TreatmentFor(Party(1), a, Party(1), b), within) << i;
    EXPECT_EQ(rules.TreatmentFor(Party(1), b, Party(1), a), within) << i;
    Declaration exercise = a;
    exercise.data_mode = DataMode::kExercise;
    EXPECT_EQ(rules.TreatmentFor(Party(1), exercise, Party(2), b), kNone) << "modes never mix";
  }
}

TEST(Rules, AZoneIsTreatedAsAgreed) {
  Rules::Content content;
  content.zone_treatment = {Treatment::kListed, Treatment::kNone, Treatment::kKeepOut,
                            Treatment::kSeparation};
  const Rules rules = MustMake(content);
  for (size_t i = 0; i < kRestrictions; ++i) {
    EXPECT_EQ(rules.TreatmentFor(Party(1), Activity(), Party(2), Zone(static_cast<Restriction>(i))),
              content.zone_treatment[i]);
  }
}

// --- making

using Spoil = void (*)(Rules::Content*);
struct BadContent {
  const char* field;
  Spoil spoil;
};

Rules::Content Good() {
  Rules::Content content;
  content.parties = {{Party(1), "north"}, {Party(2), "south.2-b"}};
  content.activity_classes = {"transport", "drone"};
  content.separations = {Row("activity:drone", "hazard:laser", {1, 2, 3}),
                         Row("zone", "activity",
                             {limits::kSeparationLateralMaxMm, limits::kSeparationVerticalMaxMm,
                              limits::kSeparationTimeMaxUs})};
  return content;
}

TEST(Rules, MakeNamesWhatItRefuses) {
  ASSERT_TRUE(Rules::Make(Good(), {}));
  const std::vector<BadContent> cases = {
      {"/parties/0/id", [](Rules::Content* c) { c->parties[0].id = {}; }},
      {"/parties/1/id", [](Rules::Content* c) { c->parties[1].id = Party(1); }},
      {"/parties/1/name", [](Rules::Content* c) { c->parties[1].name = "north"; }},
      {"/parties/1/name", [](Rules::Content* c) { c->parties[1].name = "South"; }},
      {"/parties/1/name", [](Rules::Content* c) { c->parties[1].name = ""; }},
      {"/parties/1/name", [](Rules::Content* c) { c->parties[1].name = std::string(64, 's'); }},
      {"/activity_classes/1", [](Rules::Content* c) { c->activity_classes[1] = "transport"; }},
      {"/activity_classes/0", [](Rules::Content* c) { c->activity_classes[0] = "a b"; }},
      {"/activity_classes",
       [](Rules::Content* c) {
         for (int i = 0; i < 256; ++i) c->activity_classes.push_back("c" + std::to_string(i));
       }},
      {"/separations/0/a", [](Rules::Content* c) { c->activity_classes.pop_back(); }},
      {"/separations/0/b", [](Rules::Content* c) { c->separations[0].b.class_name = "bang"; }},
      {"/separations/1/a", [](Rules::Content* c) { c->separations[1].a.class_name = "x"; }},
      {"/separations/1/lateral_mm",
       [](Rules::Content* c) { ++c->separations[1].separation.lateral_mm; }},
      {"/separations/0/lateral_mm",
       [](Rules::Content* c) { c->separations[0].separation.lateral_mm = -1; }},
      {"/separations/1/vertical_mm",
       [](Rules::Content* c) { ++c->separations[1].separation.vertical_mm; }},
      {"/separations/1/time_us", [](Rules::Content* c) { ++c->separations[1].separation.time_us; }},
      {"/separations", [](Rules::Content* c) { c->separations.resize(10'001); }},
      {"/hazard_dwell_us/3", [](Rules::Content* c) { c->hazard_dwell_us[3] = -1; }},
      {"/lead_time_min_us/2",
       [](Rules::Content* c) { c->lead_time_min_us[2] = limits::kNoticeWindowMaxUs + 1; }},
  };
  for (const BadContent& bad : cases) {
    Rules::Content content = Good();
    bad.spoil(&content);
    const auto rules = Rules::Make(content, {});
    ASSERT_FALSE(rules) << bad.field;
    EXPECT_EQ(rules.error().field, bad.field) << rules.error().ToString();
    EXPECT_FALSE(rules.error().rule.empty());
  }
}

TEST(Rules, FindsParties) {
  base::Digest digest;
  digest.bytes[0] = 7;
  const auto rules = Rules::Make(Good(), digest);
  ASSERT_TRUE(rules);
  EXPECT_EQ(rules->digest(), digest);
  ASSERT_NE(rules->FindParty(Party(2)), nullptr);
  EXPECT_EQ(rules->FindParty(Party(2))->name, "south.2-b");
  ASSERT_NE(rules->FindParty("north"), nullptr);
  EXPECT_EQ(rules->FindParty("north")->id, Party(1));
  EXPECT_EQ(rules->FindParty(Party(3)), nullptr);
  EXPECT_EQ(rules->FindParty("nort"), nullptr);
  const Rules copy = *rules;  // a copy stands on its own
  EXPECT_EQ(copy.FindParty("north"), &copy.content().parties[0]);
}

}  // namespace
}  // namespace wideberth::airspace
