#include "agreement/floor.h"

#include <gtest/gtest.h>

#include <string>

#include "agreement/testing/samples.h"

namespace wideberth::agreement {
namespace {

using airspace::Declaration;
using airspace::NoticeKind;
using airspace::PartyEntry;
using testing::Sample;
using testing::SampleText;
using testing::With;

const PartyEntry& North() {
  return Sample().parties()[0];
}
const PartyEntry& South() {
  return Sample().parties()[1];
}

TEST(SafetyFloor, LetsWhatCannotWaitGoOnAndNothingElse) {
  size_t on_floor = 0;
  for (size_t i = 0; i < kMatters; ++i) on_floor += HoldsOnFloor(static_cast<Matter>(i));
  EXPECT_EQ(on_floor, 6u);
  for (const Matter matter : {Matter::kHazard, Matter::kStopCall, Matter::kReceipt,
                              Matter::kHeartbeat, Matter::kLineCheck, Matter::kAgreementMessage}) {
    EXPECT_TRUE(HoldsOnFloor(matter));
  }
  EXPECT_TRUE(HoldsOnFloor(MatterOf(NoticeKind::kHazard)));
  EXPECT_FALSE(HoldsOnFloor(MatterOf(NoticeKind::kActivity)));
  EXPECT_FALSE(HoldsOnFloor(MatterOf(NoticeKind::kProtectedSite)));
  EXPECT_FALSE(HoldsOnFloor(MatterOf(NoticeKind::kZone)));
  EXPECT_FALSE(HoldsOnFloor(Matter::kStandingRelease));
}

// The widest for every pair of kinds and classes, known or not.
void ExpectEverywhere(const Terms& terms, const airspace::Separation& widest) {
  std::vector<Declaration> all;
  for (const NoticeKind kind : {NoticeKind::kActivity, NoticeKind::kHazard,
                                NoticeKind::kProtectedSite, NoticeKind::kZone}) {
    Declaration declaration;
    declaration.kind = kind;
    all.push_back(declaration);
    if (kind != NoticeKind::kActivity) continue;
    for (const std::string name : {"survey", "transport", "unknown"}) {
      declaration.activity_class = name;
      all.push_back(declaration);
    }
  }
  for (const Declaration& a : all) {
    for (const Declaration& b : all) EXPECT_EQ(terms.rules.For(a, b), widest);
    EXPECT_EQ(terms.rules.WidestFor(a), widest);
  }
}

TEST(SafetyFloor, BeforeTheFirstAgreementIsWide) {
  const Terms floor = SafetyFloor(North(), South()).value();
  ExpectEverywhere(floor, kFloorSeparation);
  EXPECT_EQ(kFloorSeparation, (airspace::Separation{18'520'000, 609'600, 600'000'000}));
  for (const int64_t us : floor.rules.content().hazard_dwell_us) EXPECT_EQ(us, kFloorDwellUs);
  EXPECT_EQ(floor.deadlines, Deadlines());
  EXPECT_EQ(floor.read_back, ReadBackTolerance());
  EXPECT_TRUE(floor.contacts.empty());
  EXPECT_NE(floor.rules.FindParty(North().id), nullptr);
}

TEST(SafetyFloor, AfterAnAgreementKeepsItsWidestAndItsTerms) {
  const Terms floor = SafetyFloor(North(), South(), &Sample()).value();
  ExpectEverywhere(floor, Sample().terms.rules.widest());
  EXPECT_EQ(floor.deadlines, Sample().terms.deadlines);
  EXPECT_EQ(floor.ladder, Sample().terms.ladder);
  EXPECT_EQ(floor.contacts, Sample().terms.contacts);
  EXPECT_EQ(floor.line_check, Sample().terms.line_check);
  EXPECT_EQ(floor.rules.content().hazard_dwell_us, Sample().terms.rules.content().hazard_dwell_us)
      << "a hazard is not cleared earlier because an agreement lapsed";
}

// For whatever the agreement said of a pair, the floor says at least as much.
TEST(SafetyFloor, NeverNarrowsASeparation) {
  const Terms floor = SafetyFloor(North(), South(), &Sample()).value();
  for (const std::string a : {"transport", "survey", "rescue", ""}) {
    for (const NoticeKind kind : {NoticeKind::kActivity, NoticeKind::kHazard}) {
      Declaration one;
      one.activity_class = a;
      Declaration other;
      other.kind = kind;
      const airspace::Separation agreed = Sample().terms.rules.For(one, other);
      const airspace::Separation now = floor.rules.For(one, other);
      EXPECT_EQ(Widest(agreed, now), now) << a;
    }
  }
}

TEST(SafetyFloor, AnAgreementWithoutSeparationsLeavesTheWideOne) {
  std::string text = SampleText();
  for (size_t at; (at = text.find("[[separation]]")) != std::string::npos;) {
    text.erase(at, text.find("\n\n", at) - at);
  }
  const Agreement bare = ParseAgreement(text).value();
  ASSERT_EQ(bare.terms.rules.widest(), airspace::Separation{});
  ExpectEverywhere(SafetyFloor(North(), South(), &bare).value(), kFloorSeparation);
}

TEST(SafetyFloor, BothSidesNameItAlike) {
  const auto digest = [](const PartyEntry& a, const PartyEntry& b, const Agreement* last) {
    return SafetyFloor(a, b, last)->rules.digest();
  };
  EXPECT_EQ(digest(North(), South(), nullptr), digest(South(), North(), nullptr));
  EXPECT_EQ(digest(North(), South(), &Sample()), digest(South(), North(), &Sample()));
  EXPECT_NE(digest(North(), South(), nullptr), digest(North(), South(), &Sample()));
  EXPECT_NE(digest(North(), South(), &Sample()), Sample().digest);
  const Agreement other = ParseAgreement(With(SampleText(), "number = 1", "number = 2")).value();
  EXPECT_NE(digest(North(), South(), &other), digest(North(), South(), &Sample()));
}

TEST(SafetyFloor, RefusesOtherParties) {
  const PartyEntry third{base::PartyId::Parse("11111111-1111-4111-8111-111111111111").value(),
                         "third"};
  EXPECT_EQ(SafetyFloor(North(), third, &Sample()).error().found, "third");
  EXPECT_TRUE(SafetyFloor(North(), third).has_value());
  EXPECT_FALSE(SafetyFloor(North(), North()).has_value());
  EXPECT_FALSE(SafetyFloor(North(), {third.id, "north"}).has_value());
  EXPECT_FALSE(SafetyFloor(North(), {third.id, "Third"}).has_value());
}

}  // namespace
}  // namespace wideberth::agreement
