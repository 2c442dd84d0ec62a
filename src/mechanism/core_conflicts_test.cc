// Conflicts between nodes: the same ids, equal bases, and nothing said of what is held.
#include <gtest/gtest.h>

#include "airspace/testing/world.h"
#include "crypto/sha256.h"
#include "formats/notice_json.h"
#include "json/reader.h"
#include "json/writer.h"
#include "mechanism/basis.h"
#include "mechanism/testing/parties.h"

namespace wideberth::mechanism {
namespace {

using airspace::testing::TestActivity;
using airspace::testing::TestHazard;
using airspace::testing::TestNotice;
using operators::Role;
using testing::kBoth;
using testing::kMinute;
using testing::kSecond;
using testing::Parties;

// Conflicts of both are the same and both have signed the same, and say so of each other.
void ExpectAgreed(const Parties& parties, size_t a, size_t b, size_t conflicts) {
  size_t common = 0;
  for (const airspace::Conflict& conflict : parties.LiveConflicts(a)) {
    if (conflict.local()) continue;
    const bool with_b = conflict.sides[0].party == Parties::party(b) ||
                        conflict.sides[1].party == Parties::party(b);
    if (!with_b) continue;
    ++common;
    const airspace::Conflict* there = parties.state(b).FindConflict(conflict.id);
    ASSERT_NE(there, nullptr);
    EXPECT_EQ(there->verdict, conflict.verdict);
    ASSERT_TRUE(parties.desk(a).SignedBasis(conflict.id).has_value());
    EXPECT_EQ(parties.desk(a).SignedBasis(conflict.id), parties.desk(b).SignedBasis(conflict.id));
    ASSERT_NE(parties.desk(a).HeardBasis(conflict.id), nullptr);
    ASSERT_NE(parties.desk(b).HeardBasis(conflict.id), nullptr);
    EXPECT_EQ(*parties.desk(a).HeardBasis(conflict.id), *parties.desk(b).HeardBasis(conflict.id));
  }
  EXPECT_EQ(common, conflicts);
}

size_t Occurrences(std::string_view text, std::string_view what) {
  size_t count = 0;
  for (size_t at = text.find(what); at != std::string_view::npos; at = text.find(what, at + 1)) {
    ++count;
  }
  return count;
}

TEST(ConflictsTest, BothNameItAlikeSignTheSameAndResignWhenTheVerdictChanges) {
  Parties parties;
  parties.Settle();
  parties.Release(0, 1, TestHazard());
  parties.Release(1, 2, TestActivity());
  parties.Run(5 * kSecond);
  ASSERT_TRUE(parties.ReadBack(1, 1).has_value());
  ASSERT_TRUE(parties.ReadBack(0, 2).has_value());
  parties.Run(5 * kSecond);
  ExpectAgreed(parties, 0, 1, 1);
  const base::Digest id = parties.LiveConflicts(0)[0].id;
  for (const size_t n : kBoth) {
    EXPECT_EQ(parties.OpenMatters(n, MatterKind::kConflict).size(), 1u);
    ASSERT_TRUE(parties.MarkSeen(n, id).has_value());
    EXPECT_TRUE(parties.OpenMatters(n, MatterKind::kConflict).empty());
  }
  parties.Run(5 * kSecond);
  for (const size_t n : kBoth) {
    for (const auto& side : parties.state(n).FindConflict(id)->sides) {
      EXPECT_TRUE(side.seen_at.has_value());
    }
  }
  // Quiet: nothing is signed again while nothing changes.
  const auto signed_by = [&](size_t n) {
    return parties.core(n).FindLine(Parties::party(1 - n))->state().own.size();
  };
  const uint64_t before[] = {signed_by(0), signed_by(1)};
  parties.Run(120 * kSecond);
  EXPECT_EQ(signed_by(0), before[0]);
  EXPECT_EQ(signed_by(1), before[1]);
  // Both propose; the same words are an agreement.
  for (const size_t n : kBoth) {
    ASSERT_TRUE(parties.Propose(n, id, "north:none,south:change_height").has_value());
    parties.Run(5 * kSecond);
  }
  EXPECT_EQ(parties.state(0).FindConflict(id)->state, parties.state(1).FindConflict(id)->state);
  for (const size_t side : kBoth) {
    for (const size_t n : kBoth) {
      EXPECT_EQ(parties.state(n).FindConflict(id)->sides[side].measures,
                "north:none,south:change_height");
    }
  }
  // South moves away: clear, signed once more by each.
  const base::Digest basis = *parties.desk(0).SignedBasis(id);
  parties.Release(1, 2, TestActivity(80'000));
  parties.Run(5 * kSecond);
  ASSERT_TRUE(parties.ReadBack(0, 2).has_value());
  parties.Run(5 * kSecond);
  EXPECT_TRUE(parties.LiveConflicts(0).empty());
  EXPECT_TRUE(parties.LiveConflicts(1).empty());
  EXPECT_NE(*parties.desk(0).SignedBasis(id), basis);
  EXPECT_EQ(parties.desk(0).SignedBasis(id), parties.desk(1).SignedBasis(id));
  EXPECT_NE(parties.desk(1).HeardBasis(id)->find("\"clear\""), std::string::npos);
}

TEST(ConflictsTest, AVerdictOfThePeerThatIsNotOursIsLookedAt) {
  Parties parties;
  parties.Settle();
  base::Digest unknown;
  unknown.bytes.fill(0x5A);
  Basis basis{unknown, {}, airspace::Verdict::kCertain, {}};
  for (const uint8_t n : {uint8_t{1}, uint8_t{2}}) {
    basis.versions[n - 1] = {TestNotice(n), crypto::Sha256(base::AsBytes("of another world"))};
  }
  parties.SendRaw(1, 0, "basis", WriteBasis(basis));
  parties.Run(kSecond);
  ASSERT_EQ(parties.OpenMatters(0, MatterKind::kConflict).size(), 1u);
  EXPECT_TRUE(parties.OpenMatters(0, MatterKind::kConflict)[0].urgent);
  // The peer's basis is what was looked at.
  ConflictVersions others = basis.versions;
  others[1].version = {};
  const auto refused = parties.Do(0, MarkConflictSeen{unknown, others});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, base::ErrorCode::kConflict);
  EXPECT_EQ(refused.error().field, "/versions/1");
  ASSERT_TRUE(parties.Do(0, MarkConflictSeen{unknown, basis.versions}).has_value());
  EXPECT_TRUE(parties.OpenMatters(0, MatterKind::kConflict).empty());
}

// Both sides as they stand on both nodes, the times of the nodes apart.
void ExpectSaidAlike(const Parties& parties, const base::Digest& id) {
  const airspace::Conflict& north = *parties.state(0).FindConflict(id);
  const airspace::Conflict& south = *parties.state(1).FindConflict(id);
  EXPECT_EQ(north.state, south.state);
  for (const size_t side : kBoth) {
    EXPECT_EQ(north.sides[side].version, south.sides[side].version);
    EXPECT_EQ(north.sides[side].seen_at.has_value(), south.sides[side].seen_at.has_value());
    EXPECT_EQ(north.sides[side].measures, south.sides[side].measures);
  }
}

TEST(ConflictsTest, WhatIsSaidOfAnOldVersionIsKeptAndCountsOnNeitherSide) {
  Parties parties;
  parties.Settle();
  parties.Release(0, 1, TestHazard());
  parties.Release(1, 2, TestActivity());
  parties.Run(5 * kSecond);
  const base::Digest id = parties.LiveConflicts(0)[0].id;
  const ConflictVersions old = VersionsOf(*parties.state(0).FindConflict(id));
  ASSERT_TRUE(parties.MarkSeen(0, id).has_value());
  ASSERT_TRUE(parties.MarkSeen(1, id).has_value());
  parties.Run(5 * kSecond);
  ExpectSaidAlike(parties, id);
  // North's measures and a version of South's cross.
  ASSERT_TRUE(parties.Propose(0, id, "north:none").has_value());
  parties.Release(1, 2, TestActivity(100));
  ASSERT_TRUE(parties.Propose(1, id, "north:none").has_value());
  parties.Run(5 * kSecond);
  ExpectSaidAlike(parties, id);
  const airspace::Conflict& conflict = *parties.state(1).FindConflict(id);
  EXPECT_EQ(conflict.state, airspace::ConflictState::kProposed)
      << "not kept: North spoke of another";
  EXPECT_EQ(conflict.sides[0].measures, "");
  EXPECT_EQ(conflict.sides[1].measures, "north:none");
  EXPECT_FALSE(conflict.sides[0].seen_at.has_value()) << "both have to look again";
  EXPECT_FALSE(conflict.sides[1].seen_at.has_value());
  for (const size_t n : kBoth) {
    EXPECT_EQ(parties.OpenMatters(n, MatterKind::kConflict).size(), 1u);
    EXPECT_TRUE(parties.OpenMatters(n, MatterKind::kUnusable).empty());
    for (const ActBody& body :
         {ActBody(MarkConflictSeen{id, old}), ActBody(ProposeMeasures{id, old, "north:none"})}) {
      const auto refused = parties.Do(n, body);
      ASSERT_FALSE(refused.has_value());
      EXPECT_EQ(refused.error().code, base::ErrorCode::kConflict);
      EXPECT_EQ(refused.error().field, "/versions/1");
    }
  }
}

TEST(ConflictsTest, WhatIsSaidStaysSaidWhenAnOlderVersionLeavesTheCheck) {
  Parties parties;
  parties.Settle();
  parties.Release(0, 1, TestHazard());
  parties.Release(1, 2, TestActivity());
  parties.Run(5 * kSecond);
  ASSERT_TRUE(parties.ReadBack(0, 2).has_value());
  parties.Release(1, 2, TestActivity(100));
  parties.Run(5 * kSecond);
  const base::Digest id = parties.LiveConflicts(0)[0].id;
  const size_t pairs = parties.state(0).FindConflict(id)->pairs.size();
  // South has seen it, and North's read-back, which takes the old version out of the check, crosses that.
  ASSERT_TRUE(parties.ReadBack(0, 2).has_value());
  EXPECT_LT(parties.state(0).FindConflict(id)->pairs.size(), pairs);
  ASSERT_TRUE(parties.MarkSeen(1, id).has_value());
  ASSERT_TRUE(parties.Propose(1, id, "north:none").has_value());
  parties.Run(5 * kSecond);
  EXPECT_LT(parties.state(1).FindConflict(id)->pairs.size(), pairs);
  ExpectSaidAlike(parties, id);
  EXPECT_EQ(parties.state(0).FindConflict(id)->sides[1].measures, "north:none");
  EXPECT_TRUE(parties.state(0).FindConflict(id)->sides[1].seen_at.has_value());
  EXPECT_TRUE(parties.OpenMatters(1, MatterKind::kConflict).empty());
}

TEST(ConflictsTest, WhatNeitherSeesAnyMoreIsNotLookedAt) {
  Parties parties;
  parties.Connect();
  parties.Run(5 * kSecond);
  base::Digest unknown;
  unknown.bytes.fill(0x5A);
  for (const auto verdict : {airspace::Verdict::kCertain, airspace::Verdict::kClear}) {
    Basis basis{unknown, {}, verdict, {}};
    for (const uint8_t n : {uint8_t{1}, uint8_t{2}}) basis.versions[n - 1].notice = TestNotice(n);
    parties.SendRaw(1, 0, "basis", WriteBasis(basis));
    parties.Run(kSecond);
    EXPECT_EQ(parties.OpenMatters(0, MatterKind::kConflict).size(),
              verdict == airspace::Verdict::kClear ? 0u : 1u);
  }
}

TEST(ConflictsTest, NothingOfAHeldPlanCrosses) {
  Parties parties;
  parties.Settle();
  // Held by South where North declares: South alone knows.
  const airspace::Declaration plan = TestActivity(1'234.5);
  ASSERT_TRUE(parties.Hold(1, 7, plan).has_value());
  parties.Release(0, 1, TestHazard());
  parties.Run(5 * kSecond);
  ASSERT_EQ(parties.LiveConflicts(1).size(), 1u);
  const airspace::Conflict conflict = parties.LiveConflicts(1)[0];
  EXPECT_TRUE(conflict.local());
  EXPECT_EQ(parties.OpenMatters(1, MatterKind::kConflict).size(), 1u);
  ASSERT_TRUE(parties.MarkSeen(1, conflict.id).has_value());
  ASSERT_TRUE(parties.Do(1, AcceptRisk{conflict.id, VersionsOf(conflict), {}}).has_value());
  ASSERT_TRUE(parties.ReadBack(1, 1).has_value());
  // A release that is compared with it, and blocked, says nothing of it either.
  ActRequest request = parties.ReleaseRequest(1, 8, TestActivity(90'000), ReleaseCheck::kHeldPlan);
  request.from_plan = TestNotice(7);
  EXPECT_FALSE(parties.Do(1, request).has_value());
  parties.Run(60 * kSecond);
  EXPECT_TRUE(parties.LiveConflicts(0).empty());
  EXPECT_EQ(parties.notice(0, 7), nullptr);

  const std::string wire = parties.Wire(1, 0);
  EXPECT_GT(Occurrences(wire, "read_back"), 0u) << "what was sent can be read here";
  EXPECT_GT(Occurrences(wire, TestNotice(1).ToString()), 0u);
  const airspace::NoticeVersion& held = parties.notice(1, 7)->latest();
  std::string longitude;
  json::AppendDouble(&longitude, held.declaration.volumes[0].outline.vertices()[0].lng_deg());
  ASSERT_GE(longitude.size(), 8u) << longitude;
  for (const std::string& secret :
       {TestNotice(7).ToString(), longitude.substr(0, 8), held.digest.ToHex(), conflict.id.ToHex(),
        testing::OperatorName(2, Role::kDutyOfficer), std::string("person"), std::string("escalat"),
        std::string("accept_risk"), std::string("risk_accepted"), std::string("journal"),
        std::string("matter")}) {
    EXPECT_EQ(Occurrences(wire, secret), 0u) << secret;
  }
  std::string bytes;
  bytes.assign(reinterpret_cast<const char*>(TestNotice(7).uuid.bytes.data()), 16);
  EXPECT_EQ(Occurrences(wire, bytes), 0u);
  // The journal has it, and stays.
  bool seen = false;
  for (const std::string& entry : parties.side(1).journal) {
    seen = seen || entry.find("mark_conflict_seen") != std::string::npos;
  }
  EXPECT_TRUE(seen);
}

TEST(ConflictsTest, ARiskIsAcceptedByRoleForTheVersionsThatWereLookedAt) {
  Parties parties;
  parties.Settle();
  ASSERT_TRUE(parties.Hold(1, 7, TestActivity()).has_value());
  parties.Release(0, 1, TestHazard());
  parties.Run(5 * kSecond);
  const auto conflict = [&]() -> const airspace::Conflict& {
    return *parties.state(1).FindConflict(parties.LiveConflicts(1)[0].id);
  };
  const base::Digest id = conflict().id;
  const auto accept = [&](std::optional<base::UtcMicros> until = {}) {
    return AcceptRisk{id, VersionsOf(conflict()), until};
  };
  // A duty officer may not; nor may it be of a version that is not there, or of a time that is over.
  const auto by_duty = parties.DoAs(1, Role::kDutyOfficer, accept());
  ASSERT_FALSE(by_duty.has_value());
  EXPECT_EQ(by_duty.error().code, base::ErrorCode::kForbidden);
  AcceptRisk other = accept();
  other.versions[0].version = {};
  const auto of_other = parties.Do(1, other);
  ASSERT_FALSE(of_other.has_value());
  EXPECT_EQ(of_other.error().field, "/versions/0");
  const auto too_late = parties.Do(1, accept(parties.now(1).utc));
  ASSERT_FALSE(too_late.has_value());
  EXPECT_EQ(too_late.error().field, "/until");
  EXPECT_EQ(parties.OpenMatters(1, MatterKind::kConflict).size(), 1u);

  // Until a time: then the conflict waits to be looked at again.
  const size_t entries = parties.journal(1).size();
  const base::UtcMicros until{parties.now(1).utc.us + kMinute};
  const auto accepted = parties.Do(1, accept(until));
  ASSERT_TRUE(accepted.has_value()) << accepted.error().ToString();
  ASSERT_TRUE(conflict().risk_accepted.has_value());
  EXPECT_EQ(conflict().risk_accepted->role, "supervisor");
  EXPECT_EQ(conflict().risk_accepted->act, accepted->act);
  EXPECT_EQ(conflict().state, airspace::ConflictState::kKept);
  EXPECT_TRUE(parties.OpenMatters(1, MatterKind::kConflict).empty());
  // The journal has the act itself, which verifies by the operator's key.
  ASSERT_EQ(parties.journal(1).size(), entries + 1);
  const auto entry = json::Document::Parse(parties.journal(1).back()).value();
  json::Object fields = entry.root().AsObject().value();
  EXPECT_EQ(fields.RequiredString("details", 64).value(), id.ToHex());
  const auto key = testing::OperatorKeyFor(2, Role::kSupervisor);
  const auto opened =
      OpenAct(fields.RequiredString("signed_act", 65'535).value(), Parties::party(1), {&key, 1});
  ASSERT_TRUE(opened.has_value()) << opened.error().ToString();
  EXPECT_EQ(std::get<AcceptRisk>(opened->act.body).conflict, id);
  parties.Run(2 * kMinute);
  EXPECT_FALSE(conflict().risk_accepted.has_value());
  EXPECT_EQ(conflict().state, airspace::ConflictState::kOpen);
  EXPECT_EQ(parties.OpenMatters(1, MatterKind::kConflict).size(), 1u);

  // Without one it holds until either side has another version.
  ASSERT_TRUE(parties.Do(1, accept()).has_value());
  parties.Run(kMinute);
  EXPECT_TRUE(conflict().risk_accepted.has_value());
  parties.Crash(1);
  parties.Start(1);
  parties.Run(5 * kSecond);
  EXPECT_TRUE(conflict().risk_accepted.has_value());
  parties.Release(0, 1, TestHazard(500));
  parties.Run(5 * kSecond);
  ASSERT_EQ(parties.LiveConflicts(1).size(), 1u);
  EXPECT_FALSE(conflict().risk_accepted.has_value());
  EXPECT_EQ(parties.OpenMatters(1, MatterKind::kConflict).size(), 1u);
  ASSERT_TRUE(parties.Do(1, accept()).has_value());
  ASSERT_TRUE(parties.Hold(1, 7, TestActivity(300)).has_value());
  EXPECT_FALSE(conflict().risk_accepted.has_value());
  EXPECT_EQ(parties.side(1).Canonical(), parties.side(1).Replayed());
}

TEST(ConflictsTest, TheRiskOfADeclaredConflictIsNobodysAloneAndNoPeersToAccept) {
  Parties parties;
  parties.Settle();
  parties.Release(0, 1, TestHazard());
  parties.Release(1, 2, TestActivity());
  parties.Run(5 * kSecond);
  const airspace::Conflict conflict = parties.LiveConflicts(1)[0];
  const AcceptRisk accept{conflict.id, VersionsOf(conflict), {}};
  const auto refused = parties.Do(1, accept);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, base::ErrorCode::kConflict);
  // What a peer sends of it is no act of the line.
  const SealedAct act = parties.Seal(1, Role::kSupervisor, accept);
  parties.SendRaw(1, 0, "act", Parties::ActMessage(act.envelope));
  parties.Run(5 * kSecond);
  const auto unusable = parties.OpenMatters(0, MatterKind::kUnusable);
  ASSERT_EQ(unusable.size(), 1u);
  EXPECT_FALSE(parties.state(0).FindConflict(conflict.id)->risk_accepted.has_value());
}

TEST(ConflictsTest, NothingOfOneLineAppearsOnAnother) {
  Parties parties(3);
  parties.Settle();
  // South tells North and East of its own; North flies into it; East declares to both.
  parties.Release(1, 2, TestActivity());
  parties.Release(0, 1, TestActivity());
  parties.Run(5 * kSecond);
  ASSERT_TRUE(parties.ReadBack(0, 2).has_value());
  ASSERT_TRUE(parties.ReadBack(1, 1).has_value());
  ASSERT_TRUE(
      parties.Do(1, StopCall{{{46'400'000'000, 6'500'000'000}, 5'000'000}, "SOUTH 9", ""}, 0)
          .has_value());
  ASSERT_TRUE(parties.Do(0, SendPolicyText{"for South alone"}, 1).has_value());
  const base::Digest id = parties.LiveConflicts(0)[0].id;
  ASSERT_TRUE(parties.MarkSeen(0, id).has_value());
  ASSERT_TRUE(
      parties
          .Do(0,
              Assess{{TestNotice(2), parties.Latest(0, 2)}, airspace::Assessment::kObjection, {}})
          .has_value());
  parties.Run(60 * kSecond);
  ExpectAgreed(parties, 0, 1, 1);
  // To East go releases of its peers and nothing of what passed between them.
  for (const size_t from : kBoth) {
    const std::string wire = parties.Wire(from, 2);
    EXPECT_GT(Occurrences(wire, "\"release\""), 0u);
    const std::string of_the_other = TestNotice(from == 0 ? 2 : 1).ToString();
    for (const std::string& secret :
         {std::string("SOUTH 9"), std::string("for South alone"), std::string("\"objection\""),
          of_the_other, id.ToHex(), Parties::party(1 - from).ToString()}) {
      EXPECT_EQ(Occurrences(wire, secret), 0u) << from << " " << secret;
    }
  }
  // East knows both notices, each from its own party, and two conflicts of its neighbours are not its own.
  EXPECT_NE(parties.notice(2, 1), nullptr);
  EXPECT_NE(parties.notice(2, 2), nullptr);
  EXPECT_TRUE(parties.desk(2).bases_signed().empty());
  EXPECT_TRUE(parties.OpenMatters(2, MatterKind::kConflict).empty());
  // One version has one name on every line.
  EXPECT_EQ(parties.Latest(1, 1), parties.Latest(2, 1));
}

TEST(ConflictsTest, BasesOfWhatHasLeftTheStateAreForgotten) {
  Parties parties;
  parties.Settle();
  parties.Release(0, 1, TestHazard());
  parties.Release(1, 2, TestActivity());
  parties.Run(5 * kSecond);
  const base::Digest id = parties.LiveConflicts(0)[0].id;
  ASSERT_TRUE(parties.desk(0).SignedBasis(id).has_value());
  for (const size_t n : kBoth) {
    // As if the conflict had been evicted: the state no longer has it, and the next eviction sweeps.
    base::Digest old;
    old.bytes.fill(0x77);
    parties.side(n).Apply(DeskEffect(BasisSigned{old, id}));
    parties.side(n).Apply(DeskEffect(BasisHeard{old, "{}"}));
  }
  // Everything ends, and is evicted long after.
  parties.ticks = false;
  parties.SetPath(0, 1, false);
  for (const size_t n : kBoth)
    parties.side(n).clock_offset_us = int64_t{3} * 365 * 86'400 * kSecond;
  parties.ticks = true;
  parties.Run(5 * kSecond);
  EXPECT_EQ(parties.notice(1, 2), nullptr) << "evicted";
  EXPECT_TRUE(parties.desk(1).bases_signed().empty());
  EXPECT_TRUE(parties.desk(1).bases_heard().empty());
}

}  // namespace
}  // namespace wideberth::mechanism
