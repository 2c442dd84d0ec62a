// A notice's way between two nodes: the check before release, receipt and read-back, the union of versions, withdrawal,
// hazards and their all-clear.
#include <gtest/gtest.h>

#include <cstdlib>

#include "airspace/testing/world.h"
#include "base/testing/refused.h"
#include "crypto/sha256.h"
#include "mechanism/testing/parties.h"

namespace wideberth::mechanism {
namespace {

using airspace::Declaration;
using airspace::testing::TestActivity;
using airspace::testing::TestHazard;
using airspace::testing::TestNotice;
using base::ErrorCode;
using base::testing::ExpectRefused;
using operators::Role;
using testing::kBoth;
using testing::kMinute;
using testing::kSecond;
using testing::OperatorKeyFor;
using testing::Parties;

class NoticesTest : public ::testing::Test {
 protected:
  NoticesTest() { parties.Settle(); }

  base::Result<void> SecondEntry(const Declaration& entered, uint8_t nth = 1) {
    return parties.core(0).CheckRelease(TestNotice(1), ReadingOf(testing::AsSent(entered)),
                                        OperatorKeyFor(1, Role::kDutyOfficer, nth).key_id,
                                        parties.now(0).utc);
  }
  base::Result<ActResult> ReleaseChecked(const Declaration& declaration,
                                         ReleaseCheck check = ReleaseCheck::kSecondEntry,
                                         std::optional<base::NoticeId> from_plan = {}) {
    ActRequest request = parties.ReleaseRequest(0, 1, declaration, check);
    request.from_plan = from_plan;
    return parties.Do(0, request);
  }
  static Declaration Unplanned(double east_m = 0) {
    Declaration hazard = TestHazard(east_m);
    hazard.unplanned = true;
    hazard.volumes[0].window.start = testing::kNoon;
    return hazard;
  }

  Parties parties;
};

// The entry of the journal about `what`, of `notice`, by the nth duty officer of North; how often.
size_t Journaled(const Parties& parties, std::string_view what, uint8_t notice, uint8_t nth = 0) {
  size_t count = 0;
  for (const std::string& entry : parties.journal(0)) {
    const auto has = [&](const std::string& text) { return entry.find(text) != std::string::npos; };
    if (has("\"what\":\"" + std::string(what) + "\"") &&
        has("\"key\":\"" + OperatorKeyFor(1, Role::kDutyOfficer, nth).key_id + "\"") &&
        has(TestNotice(notice).ToString())) {
      ++count;
    }
  }
  return count;
}

TEST_F(NoticesTest, WhatStaysInTheNodeIsInTheJournalWithWhoDidIt) {
  ASSERT_TRUE(parties.Draft(0, 1, TestHazard()).has_value());
  ASSERT_TRUE(parties.Draft(0, 1, TestHazard()).has_value());
  EXPECT_EQ(Journaled(parties, "draft_notice", 1), 1u) << "the same content is no change";
  ASSERT_TRUE(parties.Draft(0, 1, TestHazard(50), 1).has_value());
  EXPECT_EQ(Journaled(parties, "draft_notice", 1, 1), 1u);
  ASSERT_TRUE(parties.Hold(0, 3, TestActivity()).has_value());
  ASSERT_TRUE(parties.Hold(0, 3, TestActivity(100)).has_value());
  EXPECT_EQ(Journaled(parties, "hold_plan", 3), 2u);
  ASSERT_TRUE(parties.Draft(0, 1, TestHazard()).has_value());
  parties.Release(1, 2, TestHazard());
  parties.Run(kSecond);
  ASSERT_TRUE(
      parties.core(0)
          .DecideBy(OperatorKeyFor(1, Role::kDutyOfficer).key_id,
                    {Parties::party(0), airspace::Disregard{TestNotice(2), Parties::party(0)}},
                    parties.now(0).utc)
          .has_value());
  EXPECT_EQ(Journaled(parties, "disregard_hazard", 2), 1u);
  // What is said of a conflict with a held plan stands nowhere else.
  const airspace::Conflict local = parties.LiveConflicts(0)[0];
  ASSERT_TRUE(local.local());
  ASSERT_TRUE(parties.Propose(0, local.id, "north:accepted").has_value());
  EXPECT_NE(parties.journal(0).back().find(local.id.ToHex() + " north:accepted"),
            std::string::npos);
}

TEST_F(NoticesTest, NothingIsReleasedThatNobodyElseHasChecked) {
  ASSERT_TRUE(parties.Draft(0, 1, TestHazard()).has_value());
  ExpectRefused(ReleaseChecked(TestHazard()), ErrorCode::kConflict, "/check");
  ExpectRefused(ReleaseChecked(TestHazard(), ReleaseCheck::kNone), ErrorCode::kConflict, "/check");
  ExpectRefused(SecondEntry(TestHazard(), 0), ErrorCode::kConflict, "/by");
  ASSERT_TRUE(SecondEntry(TestHazard()).has_value());
  // The check was of that content, not of another.
  ExpectRefused(ReleaseChecked(TestHazard(50)), ErrorCode::kConflict, "/check");
  // A second person who goes on with the draft is not its second person any more.
  ASSERT_TRUE(parties.Draft(0, 1, TestHazard(50), 1).has_value());
  ExpectRefused(SecondEntry(TestHazard(50), 0), ErrorCode::kConflict, "/by");
  ExpectRefused(SecondEntry(TestHazard(50), 1), ErrorCode::kConflict, "/by");
  ASSERT_TRUE(parties.Draft(0, 1, TestHazard()).has_value());
  ExpectRefused(ReleaseChecked(TestHazard()), ErrorCode::kConflict, "/check");
  // Nor does what the node forgets when it stops make them one.
  parties.Crash(0);
  parties.Start(0);
  parties.Settle();
  ExpectRefused(SecondEntry(TestHazard(), 1), ErrorCode::kConflict, "/by");
  const std::string third = OperatorKeyFor(1, Role::kSupervisor).key_id;
  ASSERT_TRUE(parties.core(0)
                  .CheckRelease(TestNotice(1), ReadingOf(testing::AsSent(TestHazard())), third,
                                parties.now(0).utc)
                  .has_value());
  // The second person does not release what they have checked.
  ActRequest by_second = parties.ReleaseRequest(0, 1, TestHazard(), ReleaseCheck::kSecondEntry);
  by_second.act =
      parties.Seal(0, Role::kSupervisor, by_second.act.act.body, airspace::DataMode::kReal);
  ExpectRefused(parties.Do(0, by_second), ErrorCode::kConflict, "/check");
  parties.Run(kSecond);
  EXPECT_EQ(parties.notice(1, 1), nullptr) << "nothing of all this has crossed";
  EXPECT_EQ(parties.desk(0).CountsOf({{}, airspace::DataMode::kReal}).release_blocked, 5u);
  EXPECT_TRUE(ReleaseChecked(TestHazard()).has_value());
  parties.Run(kSecond);
  EXPECT_NE(parties.notice(1, 1), nullptr);
}

// Deir ez-Zor: the notice that was sent was 9 km from what was meant (../shared/reference/mechanisms.md).
TEST_F(NoticesTest, ANineKilometreErrorIsCaughtByTheSecondEntry) {
  ASSERT_TRUE(parties.Draft(0, 1, TestHazard(9'000)).has_value());
  const auto entered = SecondEntry(TestHazard(0));
  ExpectRefused(entered, ErrorCode::kConflict, "/centre");
  EXPECT_NE(entered.error().found.find("9"), std::string::npos) << entered.error().ToString();
  ExpectRefused(ReleaseChecked(TestHazard(9'000)), ErrorCode::kConflict, "/check");
  parties.Run(kSecond);
  EXPECT_EQ(parties.notice(1, 1), nullptr);
}

TEST_F(NoticesTest, AnErrorThatIsInTheHeldPlanTooIsCaughtByNothing) {
  // What the comparison with a held plan finds: a slip between plan and notice.
  ASSERT_TRUE(parties.Hold(0, 2, TestHazard(0)).has_value());
  ExpectRefused(ReleaseChecked(TestHazard(9'000), ReleaseCheck::kHeldPlan, TestNotice(2)),
                ErrorCode::kConflict, "/centre");
  // What it cannot find: the plan itself is 9 km off. This is known, and why a second entry is the better check.
  ASSERT_TRUE(parties.Hold(0, 3, TestHazard(9'000)).has_value());
  EXPECT_TRUE(
      ReleaseChecked(TestHazard(9'000), ReleaseCheck::kHeldPlan, TestNotice(3)).has_value());
  parties.Run(kSecond);
  ASSERT_NE(parties.notice(1, 1), nullptr);
  EXPECT_TRUE(parties.ReadBack(1, 1).has_value()) << "a read-back finds errors of transmission";
  ExpectRefused(ReleaseChecked(TestHazard(), ReleaseCheck::kHeldPlan), ErrorCode::kNotFound,
                "/from_plan");
  ExpectRefused(ReleaseChecked(TestHazard(), ReleaseCheck::kHeldPlan, TestNotice(1)),
                ErrorCode::kNotFound, "/from_plan");
}

TEST_F(NoticesTest, TheTextBesideIsTheTextThatWasPreparedAndSigned) {
  ASSERT_TRUE(parties.Draft(0, 1, TestHazard()).has_value());
  ASSERT_TRUE(SecondEntry(TestHazard()).has_value());
  ActRequest request = parties.ReleaseRequest(0, 1, TestHazard(), ReleaseCheck::kSecondEntry);
  const ActRequest other = parties.ReleaseRequest(0, 1, TestHazard(50), ReleaseCheck::kSecondEntry);
  ActRequest mixed = request;
  mixed.declaration = other.declaration;
  ExpectRefused(parties.Do(0, mixed), ErrorCode::kInvalid, "/declaration_sha256");
  mixed = request;
  mixed.prepared = other.prepared;
  ExpectRefused(parties.Do(0, mixed), ErrorCode::kInvalid, "/declaration");
  EXPECT_TRUE(parties.Do(0, request).has_value());
}

TEST_F(NoticesTest, FromReleaseToReadBackOnBothSides) {
  const base::Digest version = parties.Release(0, 1, TestHazard());
  ASSERT_EQ(parties.OpenMatters(0).size(), 1u);
  EXPECT_EQ(parties.OpenMatters(0)[0].kind, MatterKind::kReceipt);
  EXPECT_TRUE(parties.OpenMatters(0)[0].owed_by_peer);
  parties.Run(kSecond);
  // R1.
  EXPECT_EQ(parties.Latest(1, 1), version) << "both name the version alike";
  ASSERT_EQ(parties.OpenMatters(0).size(), 1u);
  EXPECT_EQ(parties.OpenMatters(0)[0].kind, MatterKind::kReadBack);
  const auto delivery = [&](size_t n, size_t to) {
    return parties.notice(n, 1)->delivery.at(Parties::party(to));
  };
  EXPECT_EQ(delivery(0, 1).r1->version, version);
  // R2, which R3 does not wait for, and by the peer's clock: at most one checkpoint a second.
  parties.Run(2 * kSecond);
  ASSERT_TRUE(delivery(0, 1).r2.has_value());
  EXPECT_EQ(delivery(0, 1).r2->version, version);
  EXPECT_EQ(delivery(0, 1).r2->cosigned_at.us % kSecond, 0);
  EXPECT_LE(std::abs(delivery(0, 1).r2->at.us - delivery(0, 1).r2->cosigned_at.us), 2 * kSecond);
  EXPECT_FALSE(delivery(0, 1).r3.has_value());
  ASSERT_EQ(parties.OpenMatters(1, MatterKind::kReadBack).size(), 1u);
  EXPECT_FALSE(parties.OpenMatters(1, MatterKind::kReadBack)[0].owed_by_peer);
  EXPECT_TRUE(parties.OpenMatters(1, MatterKind::kReadBack)[0].urgent);
  // R3.
  parties.Run(20 * kSecond);
  ASSERT_TRUE(parties.ReadBack(1, 1).has_value());
  EXPECT_TRUE(parties.OpenMatters(1).empty());
  EXPECT_FALSE(parties.OpenMatters(0).empty()) << "not before it has crossed";
  parties.Run(kSecond);
  EXPECT_TRUE(parties.OpenMatters(0).empty());
  EXPECT_EQ(delivery(0, 1).r3->version, version);
  EXPECT_EQ(delivery(1, 1).r3->version, version);
  const Counts counts = parties.CountsOf(0, 1);
  EXPECT_EQ(counts.sent, 1u);
  EXPECT_EQ(counts.receipt.count, 1u);
  EXPECT_EQ(counts.read_back.count, 1u);
  EXPECT_EQ(counts.lead_at_r1.count, 1u);
  // 20 s between R1 and R3 are 20 s less of lead.
  EXPECT_GE(counts.lead_at_r1.max_us - counts.lead_at_r3.max_us, 20 * kSecond);
  EXPECT_EQ(parties.CountsOf(1, 0).received, 1u);
  EXPECT_EQ(parties.CountsOf(1, 0).read_back_by_us.count, 1u);
}

TEST_F(NoticesTest, SayingTheSameReleaseAgainChangesNothing) {
  ASSERT_TRUE(parties.Draft(0, 1, TestHazard()).has_value());
  ASSERT_TRUE(SecondEntry(TestHazard()).has_value());
  const ActRequest request = parties.ReleaseRequest(0, 1, TestHazard(), ReleaseCheck::kSecondEntry);
  ASSERT_TRUE(parties.Do(0, request).has_value());
  parties.Run(kSecond);
  const uint64_t written = parties.core(0).FindLine(Parties::party(1))->state().own.size();
  EXPECT_TRUE(parties.Do(0, request).has_value());
  parties.Run(kSecond);
  EXPECT_EQ(parties.core(0).FindLine(Parties::party(1))->state().own.size(), written);
  EXPECT_EQ(parties.OpenMatters(0).size(), 1u);
  EXPECT_EQ(parties.OpenMatters(1).size(), 1u);
}

TEST_F(NoticesTest, AReadBackThatDoesNotAgreeBlocks) {
  parties.Release(0, 1, TestHazard());
  parties.Run(kSecond);
  Reading wrong = ReadingOf(testing::AsSent(TestHazard(9'000)));
  ExpectRefused(parties.ReadBack(1, 1, wrong), ErrorCode::kConflict, "/centre");
  parties.Run(kSecond);
  EXPECT_EQ(parties.OpenMatters(1, MatterKind::kReadBack).size(), 1u);
  EXPECT_EQ(parties.OpenMatters(0, MatterKind::kReadBack).size(), 1u);
  EXPECT_FALSE(parties.notice(0, 1)->delivery.at(Parties::party(1)).r3.has_value());
  EXPECT_EQ(parties.CountsOf(1, 0).read_back_mismatches, 1u);
}

TEST_F(NoticesTest, UntilReadBackBothSidesCheckAllVersions) {
  // South flies where the first version is; the second moves away from it.
  parties.Release(1, 9, TestActivity(0));
  parties.Release(0, 1, TestHazard(0));
  parties.Run(kSecond);
  ASSERT_TRUE(parties.ReadBack(1, 1).has_value());
  ASSERT_TRUE(parties.ReadBack(0, 9).has_value());
  parties.Run(kSecond);
  ASSERT_EQ(parties.LiveConflicts(0).size(), 1u);
  parties.Release(0, 1, TestHazard(50'000));
  parties.Run(kSecond);
  for (const size_t n : kBoth) {
    ASSERT_EQ(parties.LiveConflicts(n).size(), 1u) << n << ": South still acts by the first";
    EXPECT_EQ(airspace::CheckedVersions(*parties.notice(n, 1), Parties::party(1)).size(), 2u);
  }
  EXPECT_EQ(parties.LiveConflicts(0)[0].id, parties.LiveConflicts(1)[0].id);
  ASSERT_TRUE(parties.ReadBack(1, 1).has_value());
  EXPECT_TRUE(parties.LiveConflicts(1).empty());
  parties.Run(kSecond);
  EXPECT_TRUE(parties.LiveConflicts(0).empty());
  EXPECT_EQ(parties.OpenMatters(0, MatterKind::kReadBack).size(), 0u) << "superseded and read back";
}

TEST_F(NoticesTest, AWithdrawalTakesEffectWithItsReceipt) {
  const base::Digest version = parties.Release(0, 1, TestActivity());
  parties.Run(kSecond);
  parties.passes = [](const testing::Flight&) { return false; };
  ASSERT_TRUE(parties.Do(0, Withdraw{{TestNotice(1), version}}).has_value());
  parties.Run(2 * kSecond);
  EXPECT_NE(airspace::EffectiveVersion(*parties.notice(0, 1)), nullptr)
      << "South may fly by it yet";
  parties.passes = [](const testing::Flight&) { return true; };
  parties.Run(5 * kSecond);
  EXPECT_EQ(airspace::EffectiveVersion(*parties.notice(1, 1)), nullptr);
  EXPECT_EQ(airspace::EffectiveVersion(*parties.notice(0, 1)), nullptr);
  EXPECT_TRUE(parties.OpenMatters(0).empty());
  EXPECT_TRUE(parties.OpenMatters(1).empty());
}

TEST_F(NoticesTest, AHazardThatWasWithdrawnInTimeIsSoOnBothSidesHoweverLateTheyHearOfIt) {
  for (const size_t lost_from : {size_t{0}, size_t{1}}) {
    const auto number = static_cast<uint8_t>(1 + lost_from);
    Declaration hazard = TestHazard();
    hazard.volumes[0].window.start = {parties.now(0).utc.us + 30 * kSecond};
    const base::Digest version = parties.Release(0, number, hazard);
    parties.Run(kSecond);
    // The withdrawal, or that South has it, comes when the hazard would have begun.
    parties.passes = [&](const testing::Flight& flight) { return flight.from != lost_from; };
    ASSERT_TRUE(parties.Do(0, Withdraw{{TestNotice(number), version}}).has_value());
    // What was done to it from here on would be done to nothing in South.
    ExpectRefused(parties.Do(0, SetActive{{TestNotice(number), version}}), ErrorCode::kConflict,
                  "/notice");
    parties.Run(40 * kSecond);
    EXPECT_NE(airspace::EffectiveVersion(*parties.notice(0, number)), nullptr);
    parties.passes = [](const testing::Flight&) { return true; };
    parties.Run(20 * kSecond);
    for (const size_t n : testing::kBoth) {
      EXPECT_EQ(airspace::EffectiveVersion(*parties.notice(n, number)), nullptr);
      EXPECT_TRUE(parties.OpenMatters(n, MatterKind::kUnusable).empty());
    }
  }
}

TEST_F(NoticesTest, AHazardThatHasStartedIsNotWithdrawn) {
  Declaration hazard = TestHazard();
  hazard.volumes[0].window.start = {parties.now(0).utc.us + 5 * kSecond};
  const base::Digest version = parties.Release(0, 1, hazard);
  parties.Run(6 * kSecond);
  ExpectRefused(parties.Do(0, Withdraw{{TestNotice(1), version}}), ErrorCode::kConflict, "/id");
}

TEST_F(NoticesTest, AHazardIsClearedHereByTheReadBackOfItsAllClear) {
  const base::Digest version = parties.Release(0, 1, Unplanned());
  parties.Run(kSecond);
  ASSERT_TRUE(parties.ReadBack(1, 1).has_value());
  ASSERT_TRUE(parties.Do(0, SetEnded{{TestNotice(1), version}}).has_value());
  ExpectRefused(parties.Do(0, AllClear{{TestNotice(1), version}, false}), ErrorCode::kConflict,
                "/id");
  ExpectRefused(parties.DoAs(0, Role::kDutyOfficer, AllClear{{TestNotice(1), version}, false}),
                ErrorCode::kForbidden, "role");
  parties.Run(46 * kMinute);
  ASSERT_TRUE(parties.Do(0, AllClear{{TestNotice(1), version}, false}).has_value());
  EXPECT_TRUE(parties.notice(0, 1)->all_clear_at.has_value());
  EXPECT_EQ(parties.OpenMatters(0, MatterKind::kReadBack).size(), 1u);
  // Days pass; no timer clears it.
  parties.ticks = true;
  parties.Run(2 * kSecond);
  for (int hours = 0; hours < 3; ++hours) parties.Run(20 * kMinute);
  EXPECT_FALSE(parties.notice(1, 1)->all_clear_at.has_value());
  EXPECT_EQ(parties.OpenMatters(1, MatterKind::kReadBack).size(), 1u);
  ASSERT_TRUE(parties.ReadBackAllClear(1, 1).has_value());
  EXPECT_TRUE(parties.notice(1, 1)->all_clear_at.has_value());
  EXPECT_TRUE(parties.OpenMatters(1, MatterKind::kReadBack).empty());
  parties.Run(kSecond);
  EXPECT_TRUE(parties.OpenMatters(0, MatterKind::kReadBack).empty());
}

TEST_F(NoticesTest, AnAllClearIsReadBackForItsOwnNoticeAlone) {
  const base::Digest first = parties.Release(0, 1, Unplanned());
  const base::Digest second = parties.Release(0, 2, Unplanned(80'000));
  parties.Run(kSecond);
  for (const auto& [n, version] : {std::pair(uint8_t{1}, first), {uint8_t{2}, second}}) {
    ASSERT_TRUE(parties.ReadBack(1, n).has_value());
    ASSERT_TRUE(parties.Do(0, SetEnded{{TestNotice(n), version}}).has_value());
  }
  parties.Run(46 * kMinute);
  ASSERT_TRUE(parties.Do(0, AllClear{{TestNotice(1), first}, false}).has_value());
  parties.Run(kSecond);
  // The all-clear of the first, read back as if it were of the second.
  ExpectRefused(parties.ReadBackAllClear(1, 2), ErrorCode::kNotFound, "/of");
  EXPECT_FALSE(parties.notice(1, 2)->all_clear_at.has_value());
  EXPECT_TRUE(parties.ReadBackAllClear(1, 1).has_value());
}

TEST_F(NoticesTest, AnUnplannedHazardIsActiveWhileOnlySent) {
  parties.SetPath(0, 1, false);
  parties.Release(0, 1, Unplanned());
  EXPECT_EQ(parties.notice(0, 1)->activity, airspace::ActivityState::kActive);
  ASSERT_EQ(parties.OpenMatters(0, MatterKind::kRefine).size(), 1u);
  parties.SetPath(0, 1, true);
  parties.Run(5 * kSecond);
  EXPECT_EQ(parties.notice(1, 1)->activity, airspace::ActivityState::kActive);
  // A second coarse version keeps it so, and its matter is the one that waits.
  parties.Release(0, 1, Unplanned(500));
  EXPECT_EQ(parties.OpenMatters(0, MatterKind::kRefine).size(), 1u);
  parties.Run(kSecond);
  EXPECT_TRUE(parties.OpenMatters(1, MatterKind::kUnusable).empty());
  // Refined: checked by a second person, as any other.
  Declaration refined = Unplanned(600);
  refined.unplanned = false;
  parties.Release(0, 1, refined);
  EXPECT_TRUE(parties.OpenMatters(0, MatterKind::kRefine).empty());
  parties.Run(kSecond);
  EXPECT_EQ(parties.notice(1, 1)->activity, airspace::ActivityState::kActive);
}

TEST_F(NoticesTest, AnObjectionClimbsOnBothSidesAndNoReadBackEndsIt) {
  const base::Digest version = parties.Release(0, 1, TestActivity());
  parties.Run(kSecond);
  const NoticeVersionRef ref{TestNotice(1), version};
  ASSERT_TRUE(parties.Do(1, Assess{ref, airspace::Assessment::kObjection, {}}).has_value());
  parties.Run(kSecond);
  ASSERT_TRUE(parties.ReadBack(1, 1).has_value());
  parties.Run(kSecond);
  ASSERT_EQ(parties.OpenMatters(0, MatterKind::kObjection).size(), 1u);
  ASSERT_EQ(parties.OpenMatters(1, MatterKind::kObjection).size(), 1u);
  parties.Run(16 * kMinute);
  const Matter ours = parties.OpenMatters(0, MatterKind::kObjection)[0];
  const Matter theirs = parties.OpenMatters(1, MatterKind::kObjection)[0];
  EXPECT_GE(ours.level, Level::kCellHead);
  EXPECT_EQ(ours.level, theirs.level) << "level with level";
  ASSERT_TRUE(parties.Do(1, Assess{ref, airspace::Assessment::kNoObjection, {}}).has_value());
  parties.Run(kSecond);
  EXPECT_TRUE(parties.OpenMatters(0, MatterKind::kObjection).empty());
  EXPECT_TRUE(parties.OpenMatters(1, MatterKind::kObjection).empty());
}

TEST_F(NoticesTest, ADrillNeverTouchesWhatIsReal) {
  const base::Digest version = parties.Release(0, 1, TestActivity());
  parties.Run(kSecond);
  ActRequest drill{parties.Seal(0, Role::kDutyOfficer, Withdraw{{TestNotice(1), version}},
                                airspace::DataMode::kExercise),
                   nullptr,
                   {},
                   {},
                   {}};
  ExpectRefused(parties.Do(0, drill), ErrorCode::kInvalid, "/data_mode");
  ActRequest check{parties.Seal(0, Role::kDutyOfficer, LineCheck{"X"}, airspace::DataMode::kTest),
                   nullptr,
                   {},
                   {},
                   {}};
  ExpectRefused(parties.Do(0, check), ErrorCode::kInvalid, "/data_mode");
  EXPECT_NE(airspace::EffectiveVersion(*parties.notice(1, 1)), nullptr);
}

TEST_F(NoticesTest, ASiteThatHasAlwaysBeenThereHasNoLeadTime) {
  Declaration site = airspace::testing::TestSite();
  site.volumes[0].window.start = base::kTimeOpenStart;
  parties.Release(0, 1, site);
  parties.Run(kSecond);
  ASSERT_TRUE(parties.ReadBack(1, 1).has_value());
  parties.Run(kSecond);
  EXPECT_EQ(parties.CountsOf(0, 1).read_back.count, 1u);
  EXPECT_EQ(parties.CountsOf(0, 1).lead_at_r1.count, 0u);
  EXPECT_EQ(parties.CountsOf(0, 1).lead_at_r3.count, 0u);
}

}  // namespace
}  // namespace wideberth::mechanism
