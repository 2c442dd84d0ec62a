// Agreements come into force, lapse and differ by line; a lost line widens the separations.
#include <gtest/gtest.h>

#include "agreement/floor.h"
#include "airspace/testing/world.h"
#include "mechanism/testing/parties.h"

namespace wideberth::mechanism {
namespace {

using agreement::Agreement;
using airspace::testing::TestActivity;
using airspace::testing::TestHazard;
using base::ErrorCode;
using testing::kBoth;
using testing::kMinute;
using testing::kNoon;
using testing::kSecond;
using testing::Parties;

base::UtcMicros At(int64_t us) {
  return {kNoon.us + us};
}

// Both judge by the same, have found the same, signed the same and heard the same.
void ExpectAgreed(const Parties& parties, const base::Digest& rules, size_t conflicts) {
  for (const size_t n : kBoth) {
    EXPECT_EQ(parties.state(n).rules(), rules) << n;
    ASSERT_EQ(parties.LiveConflicts(n).size(), conflicts) << n;
  }
  for (const airspace::Conflict& conflict : parties.LiveConflicts(0)) {
    EXPECT_EQ(conflict.rules, rules);
    ASSERT_TRUE(parties.desk(0).SignedBasis(conflict.id).has_value());
    EXPECT_EQ(parties.desk(0).SignedBasis(conflict.id), parties.desk(1).SignedBasis(conflict.id));
    ASSERT_NE(parties.desk(0).HeardBasis(conflict.id), nullptr);
    EXPECT_EQ(*parties.desk(0).HeardBasis(conflict.id), *parties.desk(1).HeardBasis(conflict.id));
  }
}

// North's activity and south's, 12 km apart: 10 km between their outlines.
void ReleaseNeighbours(Parties* parties) {
  parties->Release(0, 1, TestActivity());
  parties->Release(1, 2, TestActivity(12'000));
  parties->Run(2 * kSecond);
  ASSERT_TRUE(parties->ReadBack(0, 2).has_value());
  ASSERT_TRUE(parties->ReadBack(1, 1).has_value());
  parties->Run(2 * kSecond);
}

// North's people confirm, which is refused until both sides hold the same.
void ConfirmUntilUp(Parties& parties) {
  for (int tries = 0; parties.Link(0, 1) != line::LinkState::kUp; ++tries) {
    ASSERT_LT(tries, 60);
    (void)parties.core(0).ConfirmRecovered(Parties::party(1), parties.now(0)).has_value();
    parties.Turn(0);
    parties.Run(kSecond);
  }
}

Agreement Until(Agreement agreement, base::UtcMicros expires) {
  agreement.expires = expires;
  return agreement;
}

TEST(AgreementsTest, ANewOneComesIntoForceByItselfAndRunningDeadlinesKeepTheirs) {
  Parties parties;
  Agreement first = Parties::MakeAgreement(0, 1, 1, 5, At(-kMinute));
  Agreement second = Parties::MakeAgreement(0, 1, 2, 30, At(5 * kMinute));
  const auto kind = static_cast<size_t>(agreement::DeadlineKind::kReadBack);
  first.terms.deadlines.rules[kind] = {200 * kSecond, 200 * kSecond, 0};
  second.terms.deadlines.rules[kind] = {40 * kSecond, 40 * kSecond, 0};
  second.terms.ladder.steps = {10, 20};
  parties.Agree(0, 1, {first, second});
  parties.Settle();
  ReleaseNeighbours(&parties);
  parties.Run(4 * kMinute + 20 * kSecond - parties.now_us());
  EXPECT_TRUE(parties.LiveConflicts(0).empty());
  parties.Release(0, 3, TestHazard(200'000));
  parties.Run(2 * kSecond);
  const Matter before = parties.OpenMatters(1, MatterKind::kReadBack).at(0);
  EXPECT_EQ(before.under, first.digest);
  EXPECT_EQ(before.deadline_us, 200 * kSecond);

  parties.Run(5 * kMinute + 4 * kSecond - parties.now_us());
  ExpectAgreed(parties, second.digest, 1);
  for (const size_t n : kBoth) {
    EXPECT_EQ(parties.core(n).FindInForce(Parties::party(1 - n))->agreement->number, 2);
    EXPECT_NE(parties.journal(n).back().find("terms_changed"), std::string::npos);
  }
  parties.Release(0, 4, TestHazard(300'000));
  parties.Run(2 * kSecond);
  ASSERT_EQ(parties.OpenMatters(1, MatterKind::kReadBack).size(), 2u);
  EXPECT_EQ(parties.OpenMatters(1, MatterKind::kReadBack)[1].deadline_us, 40 * kSecond);
  // The one that was running climbs by the steps that it began under: at once, not after ten times its deadline.
  parties.Run(before.opened_at.us + 201 * kSecond - kNoon.us - parties.now_us());
  const auto open = parties.OpenMatters(1, MatterKind::kReadBack);
  EXPECT_EQ(open[0].number, before.number);
  EXPECT_EQ(open[0].deadline_us, 200 * kSecond);
  EXPECT_EQ(open[0].level, Level::kCellHead);
  EXPECT_EQ(open[1].level, Level::kDutyOfficer) << "ten times 40 s have not passed";
}

TEST(AgreementsTest, ALapseLeavesTheFloorOnBothSides) {
  Parties parties;
  const Agreement first = Until(Parties::MakeAgreement(0, 1, 1, 30, At(-kMinute)), At(kMinute));
  parties.Agree(0, 1, {first});
  parties.Settle();
  ReleaseNeighbours(&parties);
  ExpectAgreed(parties, first.digest, 1);
  parties.Run(kMinute + 4 * kSecond - parties.now_us());
  const auto& entries = first.parties();
  const auto floor = agreement::SafetyFloor(entries[0], entries[1], &first);
  ExpectAgreed(parties, floor->rules.digest(), 1);
  for (const size_t n : kBoth) {
    EXPECT_TRUE(parties.core(n).FindInForce(Parties::party(1 - n))->on_floor());
  }
  // What is not on the floor is refused where it is said.
  ASSERT_TRUE(parties.Draft(0, 5, TestActivity()).has_value());
  const auto refused =
      parties.Do(0, parties.ReleaseRequest(0, 5, TestActivity(), ReleaseCheck::kSecondEntry));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kConflict);
  EXPECT_EQ(refused.error().field, "/agreement");
  EXPECT_EQ(parties.Do(0, SendPolicyText{"Let us meet."}).error().field, "/agreement");
  // What is goes on, and what was released before can be ended.
  parties.Release(0, 6, TestHazard(400'000));
  parties.Run(2 * kSecond);
  EXPECT_NE(parties.notice(1, 6), nullptr);
  EXPECT_TRUE(parties.ReadBack(1, 6).has_value());
  ASSERT_TRUE(
      parties.Do(0, StopCall{{{46'400'000'000, 6'500'000'000}, 1'500'250}, "", ""}).has_value());
  parties.Run(2 * kSecond);
  EXPECT_NE(parties.LastCall(1, operators::ActKind::kStopCall), nullptr);
  ASSERT_TRUE(
      parties.Do(0, Withdraw{airspace::testing::TestNotice(1), parties.Latest(0, 1)}).has_value());
  parties.Run(2 * kSecond);
  ExpectAgreed(parties, floor->rules.digest(), 0);
}

TEST(AgreementsTest, WhatAPeerSendsBeforeItsAgreementRunsHereIsKept) {
  Parties parties;
  const Agreement first = Parties::MakeAgreement(0, 1, 1, 30, At(kMinute));
  parties.Agree(0, 1, {first});
  parties.Settle();
  parties.side(1).clock_offset_us = 60 * kSecond;  // its agreement runs already
  parties.Run(2 * kSecond);
  parties.Release(1, 2, TestActivity());
  parties.Run(2 * kSecond);
  ASSERT_TRUE(parties.core(0).FindInForce(Parties::party(1))->on_floor());
  EXPECT_NE(parties.notice(0, 2), nullptr);
  EXPECT_TRUE(parties.OpenMatters(0, MatterKind::kUnusable).empty());
}

TEST(AgreementsTest, ALostLineWidensUntilRecoveryIsConfirmed) {
  Parties parties;
  Agreement first = Parties::MakeAgreement(0, 1, 1, 5, At(-kMinute));
  first.terms.lost_link.widening = {20'000'000, 0, 0};
  parties.Agree(0, 1, {first});
  parties.Settle();
  ReleaseNeighbours(&parties);
  ExpectAgreed(parties, first.digest, 0);
  const base::Digest lost = agreement::WhileLost(first.terms).digest();
  parties.SetPath(0, 1, false);
  parties.Run(12 * kSecond);
  for (const size_t n : kBoth) {
    EXPECT_EQ(parties.state(n).rules(), lost);
    ASSERT_EQ(parties.LiveConflicts(n).size(), 1u);
    EXPECT_EQ(parties.LiveConflicts(n)[0].rules, lost);
    EXPECT_EQ(parties.LiveConflicts(n)[0].separation.lateral_mm, 25'000'000);
  }
  // A start in the middle of it changes nothing.
  parties.Crash(1);
  parties.Start(1);
  parties.Run(2 * kSecond);
  EXPECT_EQ(parties.core(1).rules().digest(), lost);
  parties.SetPath(0, 1, true);
  parties.Run(5 * kSecond);
  EXPECT_EQ(parties.state(0).rules(), lost) << "nobody has confirmed";
  // The one that was started has a line that was never lost to it; the other's person waits until both hold the same.
  ConfirmUntilUp(parties);
  parties.Run(5 * kSecond);
  ExpectAgreed(parties, first.digest, 0);
}

// One node holds the line for lost; the other was down meanwhile and never did.
TEST(AgreementsTest, WhatWasSaidOutlivesALineThatOnlyOneSideLost) {
  Parties parties;
  Agreement first = Parties::MakeAgreement(0, 1, 1, 30, At(-kMinute));
  first.terms.lost_link.widening = {20'000'000, 0, 0};
  parties.Agree(0, 1, {first});
  parties.Settle();
  ReleaseNeighbours(&parties);
  ExpectAgreed(parties, first.digest, 1);
  const base::Digest id = parties.LiveConflicts(0)[0].id;
  const std::string measures = "north:none,south:change_height";
  ASSERT_TRUE(parties.MarkSeen(0, id).has_value());
  ASSERT_TRUE(parties.Propose(1, id, measures).has_value());
  parties.Run(2 * kSecond);
  parties.Crash(1);
  parties.Run(12 * kSecond);
  const base::Digest lost = agreement::WhileLost(first.terms).digest();
  ASSERT_EQ(parties.state(0).rules(), lost);
  ASSERT_EQ(parties.LiveConflicts(0).at(0).rules, lost);
  // Said while it is lost, of the same versions.
  ASSERT_TRUE(parties.Propose(0, id, measures).has_value());
  EXPECT_EQ(parties.LiveConflicts(0).at(0).state, airspace::ConflictState::kKept);
  parties.Start(1);
  ASSERT_EQ(parties.state(1).rules(), first.digest);
  ConfirmUntilUp(parties);
  parties.Run(5 * kSecond);
  ExpectAgreed(parties, first.digest, 1);
  for (const size_t n : kBoth) {
    const airspace::Conflict conflict = parties.LiveConflicts(n).at(0);
    EXPECT_EQ(conflict.state, airspace::ConflictState::kKept);
    const size_t north = conflict.sides[0].party == Parties::party(0) ? 0 : 1;
    EXPECT_TRUE(conflict.sides[north].seen_at.has_value());
    for (const airspace::ConflictSide& side : conflict.sides) EXPECT_EQ(side.measures, measures);
  }
}

// Said while one node is under the next agreement already and the other is not, or received so much later.
TEST(AgreementsTest, WhatIsSaidAroundItsFirstMomentStandsOnBothSidesOrOnNeither) {
  struct Line {
    int64_t offset_us, delay_us;
  };
  const int64_t moment_us = 2 * kMinute;
  for (const Line& line : {Line{-4 * kSecond, 10'000}, {4 * kSecond, 10'000}, {0, 3 * kSecond}}) {
    for (const size_t speaker : kBoth) {
      for (const int64_t said_s : {-6, -2, 2, 6}) {
        SCOPED_TRACE(::testing::Message() << line.offset_us << " " << speaker << " " << said_s);
        Parties parties;
        const Agreement second = Parties::MakeAgreement(0, 1, 2, 40, At(moment_us));
        parties.Agree(0, 1, {Parties::MakeAgreement(0, 1, 1, 30, At(-kMinute)), second});
        parties.Settle();
        ReleaseNeighbours(&parties);
        parties.side(1).clock_offset_us = line.offset_us;
        parties.delay_us = line.delay_us;
        parties.Run(moment_us + said_s * kSecond - parties.now_us());
        const base::Digest id = parties.LiveConflicts(0).at(0).id;
        const bool stands = parties.state(speaker).rules() == second.digest;
        ASSERT_TRUE(parties.MarkSeen(speaker, id).has_value());
        ASSERT_TRUE(parties.Propose(speaker, id, "north:none,south:change_height").has_value());
        parties.Run(20 * kSecond);
        ExpectAgreed(parties, second.digest, 1);
        for (const size_t n : kBoth) {
          const airspace::Conflict conflict = parties.LiveConflicts(n).at(0);
          const size_t side = conflict.sides[0].party == Parties::party(speaker) ? 0 : 1;
          EXPECT_EQ(conflict.sides[side].seen_at.has_value(), stands) << n;
          EXPECT_EQ(!conflict.sides[side].measures.empty(), stands) << n;
          EXPECT_EQ(conflict.state,
                    stands ? airspace::ConflictState::kProposed : airspace::ConflictState::kOpen);
        }
      }
    }
  }
}

TEST(AgreementsTest, WhatIsSaidOfAConflictBeforeThisNodeFindsItCountsWhenItDoes) {
  Parties parties;
  const Agreement second = Parties::MakeAgreement(0, 1, 2, 30, At(2 * kMinute));
  parties.Agree(0, 1, {Parties::MakeAgreement(0, 1, 1, 2, At(-kMinute)), second});
  parties.Settle();
  ReleaseNeighbours(&parties);
  parties.side(1).clock_offset_us = 20 * kSecond;
  parties.Run(2 * kMinute - 10 * kSecond - parties.now_us());
  ASSERT_TRUE(parties.LiveConflicts(0).empty());
  ASSERT_EQ(parties.LiveConflicts(1).size(), 1u);
  const base::Digest id = parties.LiveConflicts(1)[0].id;
  ASSERT_TRUE(parties.MarkSeen(1, id).has_value());
  ASSERT_TRUE(parties.Propose(1, id, "north:none").has_value());
  parties.Run(20 * kSecond);
  ExpectAgreed(parties, second.digest, 1);
  for (const size_t n : kBoth) {
    const airspace::Conflict conflict = parties.LiveConflicts(n).at(0);
    const size_t south = conflict.sides[0].party == Parties::party(1) ? 0 : 1;
    EXPECT_TRUE(conflict.sides[south].seen_at.has_value()) << n;
    EXPECT_EQ(conflict.sides[south].measures, "north:none") << n;
    EXPECT_EQ(conflict.state, airspace::ConflictState::kProposed) << n;
  }
}

// What is over has left the check. A wider separation in time does not bring it back on one side of a pair.
TEST(AgreementsTest, WhatIsOverIsNotCheckedAnew) {
  Parties parties;
  Agreement second = Parties::MakeAgreement(0, 1, 2, 5, At(30 * kMinute));
  airspace::Rules::Content content = second.terms.rules.content();
  content.separations[0].separation.time_us = 6 * 60 * kMinute;
  second.terms.rules = airspace::Rules::Make(std::move(content), second.digest).value();
  parties.Agree(0, 1, {Parties::MakeAgreement(0, 1, 1, 5, At(-kMinute)), second});
  parties.Settle();
  const auto at = [](int64_t from_us, int64_t to_us) {
    airspace::Declaration activity = TestActivity();
    activity.volumes[0].window = {At(from_us), At(to_us)};
    return activity;
  };
  parties.Release(0, 1, at(2 * kMinute, 10 * kMinute));
  parties.Release(1, 2, at(120 * kMinute, 150 * kMinute));
  parties.Run(31 * kMinute);
  for (const size_t n : kBoth) {
    EXPECT_EQ(parties.state(n).rules(), second.digest);
    EXPECT_TRUE(parties.LiveConflicts(n).empty()) << n;
  }
}

TEST(AgreementsTest, EachLineIsJudgedByItsOwn) {
  Parties parties(3);
  Agreement with_south = Parties::MakeAgreement(0, 1, 1, 2, At(-kMinute));
  Agreement with_east = Parties::MakeAgreement(0, 2, 4, 30, At(-kMinute));
  parties.Agree(0, 1, {with_south});
  parties.Agree(0, 2, {with_east});
  parties.Agree(1, 2, {Parties::MakeAgreement(1, 2, 9, 2, At(-kMinute))});
  parties.Settle();
  parties.Release(0, 1, TestActivity());
  parties.Release(1, 2, TestActivity(12'000));
  parties.Release(2, 3, TestActivity(-12'000));
  parties.Run(5 * kSecond);
  const auto between = [&](size_t n, size_t a, size_t b) {
    std::vector<base::Digest> rules;
    for (const airspace::Conflict& conflict : parties.LiveConflicts(n)) {
      const auto of = [&](size_t party) {
        return conflict.sides[0].party == Parties::party(party) ||
               conflict.sides[1].party == Parties::party(party);
      };
      if (of(a) && of(b)) rules.push_back(conflict.rules);
    }
    return rules;
  };
  EXPECT_TRUE(between(0, 0, 1).empty());
  EXPECT_TRUE(between(1, 0, 1).empty());
  EXPECT_EQ(between(0, 0, 2), std::vector{with_east.digest});
  EXPECT_EQ(between(2, 0, 2), std::vector{with_east.digest});
  EXPECT_EQ(parties.core(0).TermsFor(Parties::party(1)).agreement, with_south.digest);
  EXPECT_EQ(parties.core(0).TermsFor(Parties::party(2)).agreement, with_east.digest);
}

TEST(AgreementsTest, ANoticeGoesWhereItIsAgreedAndSaysWhereItDidNot) {
  Parties parties(3);
  parties.Agree(0, 1, {Parties::MakeAgreement(0, 1, 1, 2, At(-kMinute))});
  parties.Agree(0, 2, {});
  parties.Settle();
  const base::Digest version = parties.Release(0, 1, TestActivity());
  parties.Run(3 * kSecond);
  EXPECT_NE(parties.notice(1, 1), nullptr);
  EXPECT_EQ(parties.notice(2, 1), nullptr);
  const auto not_told = parties.OpenMatters(0, MatterKind::kNotTold);
  ASSERT_EQ(not_told.size(), 1u);
  EXPECT_EQ(not_told[0].peer, Parties::party(2));
  EXPECT_EQ(not_told[0].subject, version);
  EXPECT_EQ(parties.CountsOf(0, 1).sent, 1u);
  EXPECT_EQ(parties.CountsOf(0, 2).sent, 0u);
}

TEST(AgreementsTest, LateIsJudgedByTheLeadTimeOfEachLine) {
  Parties parties(3);
  Agreement slow = Parties::MakeAgreement(0, 2, 4, 2, At(-kMinute));
  airspace::Rules::Content content = slow.terms.rules.content();
  content.lead_time_min_us.fill(24 * 60 * kMinute);
  slow.terms.rules = airspace::Rules::Make(std::move(content), slow.digest).value();
  parties.Agree(0, 1, {Parties::MakeAgreement(0, 1, 1, 2, At(-kMinute))});
  parties.Agree(0, 2, {slow});
  parties.Settle();
  parties.Release(0, 1, TestActivity());
  parties.Run(3 * kSecond);
  EXPECT_EQ(parties.CountsOf(0, 1).sent_late, 0u);
  EXPECT_EQ(parties.CountsOf(1, 0).received_late, 0u);
  EXPECT_EQ(parties.CountsOf(0, 2).sent_late, 1u);
  EXPECT_EQ(parties.CountsOf(2, 0).received_late, 1u);
}

TEST(AgreementsTest, ManyNoticesAreCheckedAnewInSeveralTurns) {
  Parties parties;
  const Agreement first = Parties::MakeAgreement(0, 1, 1, 1, At(-kMinute));
  const Agreement second = Parties::MakeAgreement(0, 1, 2, 30, At(kMinute));
  parties.Agree(0, 1, {first, second});
  for (uint8_t n = 1; n <= 150; ++n) {
    ASSERT_TRUE(parties.Hold(0, n, TestActivity(1'000.0 * n)).has_value());
  }
  parties.Settle();
  parties.Release(1, 200, TestActivity(40'000));
  parties.Run(kMinute - kSecond - parties.now_us());
  const size_t before = parties.LiveConflicts(0).size();
  parties.ticks = false;
  parties.core(0).Tick(parties.random.NewUuidV4(), {At(kMinute), parties.now(0).monotonic_us});
  EXPECT_NE(parties.state(0).rules(), second.digest);
  parties.Turn(0);
  EXPECT_NE(parties.state(0).rules(), second.digest) << "one turn is not enough";
  EXPECT_LE(parties.core(0).next_wake_monotonic_us(), parties.now(0).monotonic_us);
  for (int i = 0; i < 3; ++i) parties.Turn(0);
  EXPECT_EQ(parties.state(0).rules(), second.digest);
  EXPECT_GT(parties.core(0).next_wake_monotonic_us(), parties.now(0).monotonic_us);
  EXPECT_GT(parties.LiveConflicts(0).size(), before);
  for (const airspace::Conflict& conflict : parties.LiveConflicts(0)) {
    EXPECT_EQ(conflict.rules, second.digest);
  }
}

}  // namespace
}  // namespace wideberth::mechanism
