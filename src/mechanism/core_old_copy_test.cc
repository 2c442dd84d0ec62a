// A peer that says it holds more of our log than there is: its word stops what is between the two, and nobody else.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "airspace/testing/world.h"
#include "line/frame.h"
#include "line/heartbeat.h"
#include "mechanism/testing/parties.h"

namespace wideberth::mechanism {
namespace {

using airspace::testing::TestActivity;
using airspace::testing::TestHazard;
using airspace::testing::TestNotice;
using base::ErrorCode;
using testing::kSecond;
using testing::Parties;

constexpr std::string_view kCorridor = "launch corridor";  // of North

Terms TermsWithCorridor() {
  const auto at = [](double lat, double lng) { return geo::MakePosition(lat, lng).value(); };
  agreement::StandingRelease corridor;
  corridor.kind = agreement::StandingReleaseKind::kDeadMan;
  corridor.name = kCorridor;
  corridor.party = Parties::party(0);
  corridor.area = geo::Outline::Polygon({at(47.2, 7.0), at(47.2, 7.6), at(47.8, 7.4)}).value();
  corridor.hazard_class = airspace::HazardClass::kLaunch;
  Terms terms;
  terms.agreement.bytes.fill(0x41);
  terms.standing_releases = {std::move(corridor)};
  return terms;
}

// North has lines to South, which lies, and to East.
class OldCopyClaim : public ::testing::Test {
 protected:
  explicit OldCopyClaim(Terms terms = {}) : parties(3, std::move(terms)) { parties.Settle(); }

  // South's node is gone, and somebody with its key says that it holds five entries more.
  void Claim() {
    parties.Crash(1);
    line::Heartbeat heartbeat;
    heartbeat.from = Parties::party(1);
    heartbeat.to = Parties::party(0);
    const line::Endpoint& endpoint = *parties.core(0).FindLine(Parties::party(1));
    // Of the start that North hears.
    heartbeat.name = endpoint.liveness().to_echo()->name;
    heartbeat.name.number += 1'000'000;
    heartbeat.sent_at = parties.now(1).utc;
    heartbeat.own_head = endpoint.state().mirror.tree.head();
    heartbeat.peer_head = {endpoint.state().own.size() + 5, base::Digest{}};
    const std::string frame =
        line::WriteHeartbeatFrame(line::SealHeartbeat(heartbeat, parties.message_key(1)));
    parties.core(0).Receive(Parties::party(1), 0, frame, parties.now(0));
    parties.Turn(0);
  }
  uint64_t Written() { return parties.core(0).FindLine(Parties::party(1))->state().own.size(); }
  bool IsJournalled(std::string_view what) const {
    return std::any_of(parties.journal(0).begin(), parties.journal(0).end(),
                       [&](const std::string& entry) { return entry.find(what) != entry.npos; });
  }

  Parties parties;
};

class OldCopyClaimOfDeadMan : public OldCopyClaim {
 protected:
  OldCopyClaimOfDeadMan() : OldCopyClaim(TermsWithCorridor()) {}
};

TEST_F(OldCopyClaim, StopsEveryLineWhileItIsYoungAndThenItsOwn) {
  Claim();
  ASSERT_FALSE(parties.core(0).RequireMaySign().has_value());
  parties.Run(line::kOldCopyPatienceUs - 2 * kSecond);
  EXPECT_FALSE(parties.core(0).RequireMaySign().has_value());
  const auto early = parties.Do(0, LineCheck{"ALPHA 1 BRAVO"}, 2);
  ASSERT_FALSE(early.has_value());
  EXPECT_EQ(early.error().code, ErrorCode::kConflict);
  parties.Run(3 * kSecond);
  EXPECT_TRUE(parties.core(0).RequireMaySign().has_value());
  EXPECT_TRUE(parties.Do(0, LineCheck{"ALPHA 1 BRAVO"}, 2).has_value());
  const auto there = parties.Do(0, LineCheck{"ALPHA 2 BRAVO"}, 1);
  ASSERT_FALSE(there.has_value());
  EXPECT_EQ(there.error().code, ErrorCode::kConflict);
}

TEST_F(OldCopyClaim, WhatIsForEverybodyGoesToTheOthersAndIsSaidToBeNotSent) {
  const base::Digest before = parties.Release(1, 7, TestHazard());
  parties.Run(2 * kSecond);
  Claim();
  const uint64_t written = Written();
  parties.Run(line::kOldCopyPatienceUs + kSecond);
  const base::Digest version = parties.Release(0, 1, TestHazard());
  parties.Run(2 * kSecond);
  ASSERT_NE(parties.notice(2, 1), nullptr) << "East has it";
  EXPECT_EQ(Written(), written) << "nothing was signed on the other line";
  const auto waiting = parties.OpenMatters(0, MatterKind::kUnusable);
  EXPECT_TRUE(std::any_of(waiting.begin(), waiting.end(), [&](const Matter& matter) {
    return matter.peer == Parties::party(1) && matter.subject == version &&
           matter.notice == TestNotice(1);
  })) << "and a person sees to it that South hears of it";
  EXPECT_TRUE(IsJournalled("released, not sent"));
  // It began, and is over: East is told each time.
  ASSERT_TRUE(parties.Do(0, SetActive{{TestNotice(1), version}}).has_value());
  parties.Run(2 * kSecond);
  EXPECT_EQ(parties.notice(2, 1)->activity, airspace::ActivityState::kActive);
  EXPECT_EQ(Written(), written);

  // What would be kept here and has to be said on that line is refused, and has changed nothing.
  const auto withdrawn = parties.Do(0, Withdraw{{TestNotice(1), version}});
  ASSERT_FALSE(withdrawn.has_value());
  EXPECT_EQ(withdrawn.error().code, ErrorCode::kConflict);
  EXPECT_NE(withdrawn.error().rule.find("does not show them"), std::string::npos);
  const base::Bytes state = parties.side(0).Canonical();
  const auto read_back = parties.ReadBack(0, 7);
  ASSERT_FALSE(read_back.has_value());
  EXPECT_EQ(read_back.error().code, ErrorCode::kConflict);
  EXPECT_EQ(parties.side(0).Canonical(), state);
  EXPECT_EQ(parties.Latest(0, 7), before);
  EXPECT_EQ(parties.side(0).Canonical(), parties.side(0).Replayed());
}

// What was said meanwhile comes to South by itself when the line can be signed on again: in order, each once, and
// nothing that is over and that South never heard of.
TEST_F(OldCopyClaim, WhatWasHeldBackIsSentWhenTheClaimHasEnded) {
  const base::Digest told = parties.Release(0, 5, TestActivity());
  parties.Run(2 * kSecond);
  Claim();
  parties.Run(line::kOldCopyPatienceUs + kSecond);
  const base::Digest first = parties.Release(0, 1, TestHazard());
  ASSERT_TRUE(parties.Do(0, SetActive{{TestNotice(1), first}}).has_value());
  airspace::Declaration moved = TestHazard();
  moved.volumes[0].window.start = parties.now(0).utc;
  const base::Digest second = parties.Release(0, 1, moved);
  const base::Digest over = parties.Release(0, 2, TestActivity());
  ASSERT_TRUE(parties.Do(0, SetActive{{TestNotice(2), over}}).has_value());
  ASSERT_TRUE(parties.Do(0, SetEnded{{TestNotice(2), over}}).has_value());
  // Of what South knows even its end is told.
  ASSERT_TRUE(parties.Do(0, SetActive{{TestNotice(5), told}}).has_value());
  ASSERT_TRUE(parties.Do(0, SetEnded{{TestNotice(5), told}}).has_value());
  EXPECT_EQ(parties.desk(0).HeldBackFor(Parties::party(1)).size(), 8u);
  EXPECT_TRUE(parties.desk(0).HeldBackFor(Parties::party(2)).empty());
  const uint64_t written = Written();

  // South's own node is back, and North starts anew: the claim is forgotten. What waits has outlived the start.
  parties.Crash(0);
  parties.Start(0);
  EXPECT_EQ(parties.desk(0).HeldBackFor(Parties::party(1)).size(), 8u);
  parties.Start(1);
  parties.Connect();
  parties.Run(5 * kSecond);
  EXPECT_TRUE(parties.desk(0).held_back().empty());
  EXPECT_GE(Written(), written + 5);
  const airspace::Notice* hazard = parties.notice(1, 1);
  ASSERT_NE(hazard, nullptr);
  ASSERT_EQ(hazard->versions.size(), 2u);
  EXPECT_EQ(hazard->versions[0].digest, first);
  EXPECT_EQ(hazard->versions[1].digest, second);
  EXPECT_EQ(hazard->activity, airspace::ActivityState::kActive);
  EXPECT_EQ(parties.notice(1, 5)->activity, airspace::ActivityState::kEnded);
  EXPECT_EQ(parties.notice(1, 2), nullptr) << "it was over before South could hear of it";
  EXPECT_TRUE(IsJournalled("never told of " + TestNotice(2).ToString() + ", which is over"));
  // Nobody has to see to it any more; what South owes now is its read-back of the newest.
  for (const auto& [number, matter] : parties.desk(0).matters()) {
    const bool not_said = matter.kind == MatterKind::kUnusable && matter.notice.has_value();
    EXPECT_FALSE(not_said && matter.open()) << number;
  }
  EXPECT_EQ(parties.OpenMatters(0, MatterKind::kReceipt).size(), 0u);
  const auto owed = parties.OpenMatters(0, MatterKind::kReadBack);
  EXPECT_TRUE(std::any_of(owed.begin(), owed.end(), [&](const Matter& matter) {
    return matter.subject == second && matter.peer == Parties::party(1);
  }));
  EXPECT_FALSE(std::any_of(owed.begin(), owed.end(),
                           [&](const Matter& matter) { return matter.subject == first; }));
  EXPECT_TRUE(parties.side(1).troubles.empty());
  for (size_t n = 0; n < 3; ++n) {
    EXPECT_EQ(parties.side(n).Canonical(), parties.side(n).Replayed());
  }
}

// By the key that was in force when the machine raised it.
TEST_F(OldCopyClaimOfDeadMan, AHazardIsSentAlsoAfterTheKeysWereChanged) {
  Claim();
  parties.Run(line::kOldCopyPatienceUs + kSecond);
  ASSERT_TRUE(parties.core(0)
                  .ArmDeadMan(kCorridor, 4 * kSecond, "b0066359d64f97eb", parties.now(0))
                  .has_value());
  parties.Turn(0);
  parties.Run(8 * kSecond);
  const auto raised = parties.desk(0).FindDeadMan(kCorridor)->notice;
  ASSERT_TRUE(raised.has_value());
  ASSERT_NE(parties.state(2).FindNotice(*raised), nullptr) << "East has it";
  ASSERT_EQ(parties.desk(0).HeldBackFor(Parties::party(1)).size(), 1u);
  ASSERT_TRUE(parties.ChangeKeys(0).has_value());
  parties.Run(5 * kSecond);

  parties.Crash(0);
  parties.Start(0);
  parties.Start(1);
  parties.Connect();
  parties.Run(10 * kSecond);
  EXPECT_NE(parties.state(1).FindNotice(*raised), nullptr);
  EXPECT_TRUE(parties.desk(0).held_back().empty());
  for (const size_t n : testing::kBoth) {
    EXPECT_EQ(parties.side(n).Canonical(), parties.side(n).Replayed());
  }
}

// An operator who is gone has to be stood in for: the peer would not take the act.
TEST_F(OldCopyClaim, WhatCannotGoAsItWasSignedWaitsForAPerson) {
  Claim();
  parties.Run(line::kOldCopyPatienceUs + kSecond);
  const base::Digest version = parties.Release(0, 1, TestHazard());
  operators::Account account = testing::TestAccount(1, operators::Role::kDutyOfficer);
  account.disabled_at = account.created_at;
  parties.core(0).ChangeAccount(account, parties.now(0));
  parties.Turn(0);
  parties.Crash(0);
  parties.Start(0);
  parties.Start(1);
  parties.Connect();
  parties.Run(5 * kSecond);
  EXPECT_TRUE(parties.desk(0).held_back().empty());
  EXPECT_EQ(parties.notice(1, 1), nullptr);
  EXPECT_TRUE(IsJournalled("must be a time when the key was valid"));
  const auto waiting = parties.OpenMatters(0, MatterKind::kUnusable);
  EXPECT_TRUE(std::any_of(waiting.begin(), waiting.end(), [&](const Matter& matter) {
    return matter.subject == version && matter.peer == Parties::party(1);
  }));
}

// The peer shows its own entries, and for longer than this node waits none of ours: what answers a release is here
// before the release is.
TEST(SetBack, AReleaseThatComesBackAfterItsReceiptIsReceipted) {
  Parties parties;
  parties.Settle();
  const auto copy = parties.side(0).Copy();
  const uint64_t mirrored = copy->lines.at(1).mirror.size();
  const base::Digest version = parties.Release(0, 1, TestHazard());
  parties.Run(2 * kSecond);
  ASSERT_TRUE(parties.OpenMatters(0, MatterKind::kReceipt).empty());

  parties.passes = [](const testing::Flight& flight) {
    return flight.from != 1 || flight.bytes.front() != 'O';
  };
  parties.SetBack(0, *copy);
  parties.Connect();
  parties.Run(3 * line::kOldCopyPatienceUs);
  ASSERT_EQ(parties.notice(0, 1), nullptr);
  ASSERT_GT(parties.side(0).lines.at(1).mirror.size(), mirrored) << "with the receipt";
  parties.passes = [](const testing::Flight&) { return true; };
  parties.Run(5 * kSecond);
  EXPECT_EQ(parties.Latest(0, 1), version);
  EXPECT_TRUE(parties.OpenMatters(0, MatterKind::kReceipt).empty());
  const auto owed = parties.OpenMatters(0, MatterKind::kReadBack);
  ASSERT_EQ(owed.size(), 1u);
  EXPECT_EQ(owed[0].subject, version);
  EXPECT_EQ(parties.CountsOf(0, 1).receipt.count, 1u);
  EXPECT_EQ(parties.side(0).Canonical(), parties.side(0).Replayed());
}

// What an operator has signed stands with the key of then, and nothing that the key signs later counts.
TEST(OperatorKeys, AReplacedKeyCountsForWhatItSignedBefore) {
  Parties parties;
  parties.Settle();
  const base::Digest version = parties.Release(0, 1, TestHazard());
  const SealedAct late = parties.Seal(0, operators::Role::kDutyOfficer, LineCheck{"ALPHA 1 BRAVO"});
  // Signed before the key was replaced, and sent after.
  const operators::Account before = testing::TestAccount(1, operators::Role::kDutyOfficer);
  parties.Run(kSecond);
  const operators::Account after =
      operators::Rekeyed(before, testing::TestAccount(3, operators::Role::kDutyOfficer),
                         parties.now(0).utc)
          .value();
  parties.core(0).ChangeAccount(after, parties.now(0));
  parties.Turn(0);
  parties.Run(2 * kSecond);
  const auto& keys = parties.desk(1).FindPeer(Parties::party(0))->operator_keys;
  const auto key_of = [&](const std::string& id) {
    return std::find_if(keys.begin(), keys.end(),
                        [&](const operators::OperatorKey& key) { return key.key_id == id; });
  };
  ASSERT_NE(key_of(before.key_id), keys.end());
  EXPECT_EQ(key_of(before.key_id)->revoked_at, key_of(after.key_id)->valid_from);
  EXPECT_NE(parties.notice(1, 1), nullptr) << "released by the key before";
  EXPECT_TRUE(parties.ReadBack(1, 1).has_value());
  const size_t unusable = parties.OpenMatters(1, MatterKind::kUnusable).size();
  ActRequest request{late, nullptr, {}, {}, Parties::party(1)};
  ASSERT_TRUE(parties.Do(0, request).has_value());
  parties.Run(2 * kSecond);
  EXPECT_EQ(parties.OpenMatters(1, MatterKind::kUnusable).size(), unusable) << "of then";
  // By the key that is revoked, now.
  const auto wrong = parties.Seal(0, operators::Role::kDutyOfficer, LineCheck{"ALPHA 2 BRAVO"});
  ASSERT_TRUE(parties.Do(0, {wrong, nullptr, {}, {}, Parties::party(1)}).has_value());
  parties.Run(2 * kSecond);
  EXPECT_EQ(parties.OpenMatters(1, MatterKind::kUnusable).size(), unusable + 1);
  EXPECT_EQ(parties.desk(1).FindCall(wrong.act.id), nullptr);
  EXPECT_NE(parties.desk(1).FindCall(late.act.id), nullptr);
  EXPECT_EQ(parties.Latest(1, 1), version);
  for (const size_t n : testing::kBoth) {
    EXPECT_EQ(parties.side(n).Canonical(), parties.side(n).Replayed());
  }
}

}  // namespace
}  // namespace wideberth::mechanism
