#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "airspace/decide.h"
#include "airspace/rules.h"
#include "airspace/testing/world.h"
#include "base/random.h"

namespace wideberth::airspace {
namespace {

using testing::kNoon;
using testing::TestActivity;
using testing::TestDigest;
using testing::TestHazard;
using testing::TestNotice;
using testing::TestParty;
using testing::TestZone;
using testing::World;

constexpr int64_t kKm = 1'000'000;

std::string NameOf(uint8_t party) {
  return "party-" + std::to_string(party);
}

// Between two parties: `lateral_km` between activities, everything else as wide.
Rules RulesOf(uint8_t a, uint8_t b, int64_t lateral_km, std::string_view digest,
              Rules::Content content = {}) {
  content.parties = {{TestParty(a), NameOf(a)}, {TestParty(b), NameOf(b)}};
  const KindPattern activity{NoticeKind::kActivity, ""};
  content.separations = {{activity, activity, {lateral_km * kKm, 300'000, base::kMicrosPerMinute}}};
  return Rules::Make(std::move(content), TestDigest(base::AsBytes(digest))).value();
}

// 1 has a line to 2 at 2 km and one to 3 at 30 km; 4 and 5 have one of their own.
RuleBook ThreeLines() {
  return RuleBook::OfLines({{TestParty(3), TestParty(1), RulesOf(1, 3, 30, "b")},
                            {TestParty(1), TestParty(2), RulesOf(1, 2, 2, "a")},
                            {TestParty(4), TestParty(5), RulesOf(4, 5, 7, "c")}},
                           TestDigest);
}

TEST(RuleBook, OfOneSetIsThatSet) {
  const Rules rules = testing::TestRules();
  const RuleBook book = rules;
  EXPECT_TRUE(book.single());
  EXPECT_EQ(book.digest(), rules.digest());
  EXPECT_EQ(book.widest(), rules.widest());
  EXPECT_EQ(book.parties(), rules.content().parties);
  EXPECT_EQ(book.WidestFor(TestActivity()), rules.WidestFor(TestActivity()));
  for (uint8_t a = 1; a < 5; ++a) {
    for (uint8_t b = 1; b < 5; ++b) {
      const Rules& between = book.Between(TestParty(a), TestParty(b));
      EXPECT_EQ(between.digest(), rules.digest());
      EXPECT_EQ(between.For(TestActivity(), TestHazard()), rules.For(TestActivity(), TestHazard()));
    }
  }
  EXPECT_EQ(book.HazardDwellUs(TestParty(1), HazardClass::kOther),
            rules.content().hazard_dwell_us[static_cast<size_t>(HazardClass::kOther)]);
  // So is a book of one line, and of lines that all agreed on the same.
  EXPECT_EQ(RuleBook::OfLines({{TestParty(1), TestParty(2), rules}}, TestDigest).digest(),
            rules.digest());
  const RuleBook equal = RuleBook::OfLines(
      {{TestParty(1), TestParty(2), rules}, {TestParty(1), TestParty(3), rules}}, TestDigest);
  EXPECT_TRUE(equal.single());
  EXPECT_EQ(equal.digest(), rules.digest());
}

TEST(RuleBook, OfNothingHoldsForNobody) {
  const RuleBook book;
  EXPECT_TRUE(book.parties().empty());
  EXPECT_EQ(book.widest(), Separation{});
  EXPECT_EQ(book.digest(), base::Digest());
}

TEST(RuleBook, FindsTheRulesOfEachLineEitherWayRound) {
  const RuleBook book = ThreeLines();
  EXPECT_FALSE(book.single());
  const auto lateral_km = [&](uint8_t a, uint8_t b) {
    const Rules& rules = book.Between(TestParty(a), TestParty(b));
    EXPECT_EQ(rules.digest(), book.Between(TestParty(b), TestParty(a)).digest());
    return rules.For(TestActivity(), TestActivity()).lateral_mm / kKm;
  };
  EXPECT_EQ(lateral_km(1, 2), 2);
  EXPECT_EQ(lateral_km(1, 3), 30);
  EXPECT_EQ(lateral_km(4, 5), 7);
  // Joined by no line: the widest of all. A party of one line has agreed on no other.
  EXPECT_EQ(lateral_km(2, 3), 30);
  EXPECT_EQ(lateral_km(2, 5), 30);
  EXPECT_EQ(lateral_km(6, 7), 30);
  EXPECT_EQ(lateral_km(1, 1), 30);
  EXPECT_EQ(lateral_km(2, 2), 2);
  EXPECT_EQ(lateral_km(5, 5), 7);
  EXPECT_EQ(book.parties().size(), 5u);
  EXPECT_EQ(book.FindParty("party-4")->id, TestParty(4));
  EXPECT_EQ(book.FindParty(TestParty(9)), nullptr);
}

TEST(RuleBook, NothingIsJudgedMoreWidelyThanItSays) {
  base::SeededRandom random(11);
  for (int round = 0; round < 100; ++round) {
    std::vector<LineRules> lines;
    for (uint8_t peer = 2; peer < 6; ++peer) {
      const auto km = static_cast<int64_t>(random.Below(40));
      Rules::Content content;
      content.hazard_dwell_us.fill(static_cast<int64_t>(random.Below(1'000)));
      content.lead_time_min_us.fill(static_cast<int64_t>(random.Below(1'000)));
      content.zone_treatment.fill(static_cast<Treatment>(random.Below(4)));
      lines.push_back({TestParty(peer), TestParty(1),
                       RulesOf(1, peer, km, std::to_string(km * 100 + round) + NameOf(peer),
                               std::move(content))});
    }
    const RuleBook book = RuleBook::OfLines(lines, TestDigest);
    for (uint8_t a = 1; a < 7; ++a) {
      for (uint8_t b = 1; b < 7; ++b) {
        const Rules& rules = book.Between(TestParty(a), TestParty(b));
        for (const Declaration& d : {TestActivity(), TestHazard()}) {
          const Separation separation = rules.For(d, TestActivity());
          EXPECT_EQ(Widest(separation, book.WidestFor(d)), book.WidestFor(d));
          EXPECT_EQ(Widest(separation, book.widest()), book.widest());
          // Never milder where no line has rules than where any has.
          EXPECT_EQ(Widest(separation, book.common().For(d, TestActivity())),
                    book.common().For(d, TestActivity()));
        }
        for (size_t i = 0; i < kRestrictions; ++i) {
          EXPECT_LE(rules.content().zone_treatment[i], book.common().content().zone_treatment[i]);
        }
      }
    }
    // A party's hazard dwells, and its notice has to lead, by the strictest of its own lines alone.
    int64_t longest_us = 0;
    for (const LineRules& line : book.lines()) {
      const int64_t dwell_us = line.rules.content().hazard_dwell_us[0];
      longest_us = std::max(longest_us, dwell_us);
      const base::PartyId peer = line.a == TestParty(1) ? line.b : line.a;
      EXPECT_EQ(book.HazardDwellUs(peer, HazardClass{}), dwell_us);
      EXPECT_EQ(book.LeadTimeMinUs(peer, NoticeKind::kHazard),
                line.rules.content().lead_time_min_us[0]);
    }
    EXPECT_EQ(book.HazardDwellUs(TestParty(1), HazardClass{}), longest_us);
  }
}

TEST(RuleBook, ItsDigestFollowsFromTheLinesWhateverTheirOrder) {
  std::vector<LineRules> lines = {{TestParty(1), TestParty(2), RulesOf(1, 2, 2, "a")},
                                  {TestParty(3), TestParty(1), RulesOf(1, 3, 3, "b")}};
  const base::Digest digest = RuleBook::OfLines(lines, TestDigest).digest();
  std::swap(lines[0], lines[1]);
  std::swap(lines[0].a, lines[0].b);
  EXPECT_EQ(RuleBook::OfLines(lines, TestDigest).digest(), digest);
  lines[0].rules = RulesOf(1, 3, 3, "c");
  EXPECT_NE(RuleBook::OfLines(lines, TestDigest).digest(), digest);
  lines[0].rules = RulesOf(1, 3, 3, "b");
  lines[0].b = TestParty(4);
  EXPECT_NE(RuleBook::OfLines(lines, TestDigest).digest(), digest);
}

TEST(RuleBook, AClassOfAnyLineIsKnownAndOfNoneIsNot) {
  Rules::Content heavy;
  heavy.activity_classes = {"heavy", "light"};
  const RuleBook book =
      RuleBook::OfLines({{TestParty(1), TestParty(2), RulesOf(1, 2, 2, "a", heavy)},
                         {TestParty(1), TestParty(3), RulesOf(1, 3, 2, "b")}},
                        TestDigest);
  Declaration declaration = TestActivity();
  for (const char* name : {"", "heavy", "light"}) {
    declaration.activity_class = name;
    EXPECT_TRUE(book.CheckClass(declaration).has_value()) << name;
  }
  declaration.activity_class = "survey";
  ASSERT_FALSE(book.CheckClass(declaration).has_value());
  EXPECT_EQ(book.CheckClass(declaration).error().field, "/activity_class");
  EXPECT_TRUE(ThreeLines().CheckClass(declaration).has_value()) << "no line has classes at all";
}

TEST(RuleBook, EachConflictIsJudgedByTheRulesOfItsLineAndSaysSo) {
  World world(ThreeLines());
  // 10 km east of it, 8 km between the outlines.
  ASSERT_TRUE(world.Put(1, 1, TestActivity()).has_value());
  EXPECT_TRUE(world.Put(2, 2, TestActivity(10'000))->conflicts.empty());
  const auto third = world.Put(3, 3, TestActivity(10'000));
  ASSERT_TRUE(third.has_value());
  std::vector<base::PartyId> with;
  for (const Conflict& conflict : third->conflicts) {
    const ConflictSide& other = conflict.sides[conflict.sides[0].party == TestParty(3) ? 1 : 0];
    with.push_back(other.party);
    EXPECT_EQ(conflict.rules, world.rules().Between(other.party, TestParty(3)).digest());
    EXPECT_EQ(conflict.separation.lateral_mm, 30 * kKm);
  }
  EXPECT_EQ(with.size(), 2u) << "with 1 by its agreement, with 2 by the widest";
  // What is resolved says by which rules, too.
  const auto moved = world.Replace(3, 3, TestActivity(200'000));
  ASSERT_TRUE(moved.has_value());
  for (const Conflict& conflict : third->conflicts) {
    const Conflict& over = *world.state().FindConflict(conflict.id);
    EXPECT_FALSE(IsLive(over));
    EXPECT_EQ(over.rules, conflict.rules);
  }
}

TEST(RuleBook, AZoneBindsItsPublisherToo) {
  World world(ThreeLines());
  ASSERT_TRUE(world.Put(1, 1, TestZone(Restriction::kProhibited)).has_value());
  const auto own = world.Put(1, 2, TestActivity(10'000));
  ASSERT_EQ(own->conflicts.size(), 1u);
  EXPECT_EQ(own->conflicts[0].rules, world.rules().common().digest());
  const auto theirs = world.Put(2, 3, TestActivity(10'000));
  ASSERT_EQ(theirs->conflicts.size(), 1u) << "with the zone they have 2 km, and are 8 away";
  EXPECT_EQ(theirs->conflicts[0].sides[0].notice, TestNotice(2));
}

}  // namespace
}  // namespace wideberth::airspace
