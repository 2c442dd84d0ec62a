// Decide as two nodes on a line need it: names from outside, versions that stay until read back, receipts, held plans,
// hazards that are disregarded. What a node with several parties needs besides: decide_test.cc.
#include <gtest/gtest.h>

#include "airspace/decide.h"
#include "airspace/testing/world.h"
#include "base/testing/refused.h"

namespace wideberth::airspace {
namespace {

using base::ErrorCode;
using base::testing::ExpectRefused;
using testing::kNoon;
using testing::TestActivity;
using testing::TestHazard;
using testing::TestNotice;
using testing::TestParty;
using testing::TestZone;
using testing::World;

constexpr int64_t kMinute = base::kMicrosPerMinute;
constexpr int64_t kHour = base::kMicrosPerHour;

base::Digest Envelope(std::string_view text) {
  return testing::TestDigest(base::AsBytes(text));
}

Declare Named(std::string_view envelope, bool until_read_back = false) {
  Declare command;
  command.name = Envelope(envelope);
  command.until_read_back = until_read_back;
  return command;
}

Declare Held() {
  Declare command;
  command.held = true;
  return command;
}

const Notice& NoticeOf(const World& world, uint8_t notice) {
  return *world.state().FindNotice(TestNotice(notice));
}

// North's notice 1 in two versions: the second, elsewhere, waits for being read back.
struct TwoVersions : World {
  TwoVersions() {
    EXPECT_TRUE(Store(1, 1, TestActivity(), Named("first", true)).has_value());
    EXPECT_TRUE(Store(1, 1, TestActivity(30'000), Named("second", true)).has_value());
  }
};

base::Result<Decision> Receive(World& world, std::string_view envelope, uint8_t by) {
  return world.Do({}, RecordReceipt{TestNotice(1), Envelope(envelope), TestParty(by)});
}

base::Result<Decision> ReadBack(World& world, std::string_view envelope, uint8_t by) {
  return world.Do({}, RecordReadBack{TestNotice(1), Envelope(envelope), TestParty(by)});
}

TEST(NamesTest, AVersionIsNamedFromOutsideAndMayBeSentAgain) {
  World world;
  const auto first = world.Store(1, 1, TestActivity(), Named("first"));
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->version, Envelope("first"));
  const auto second = world.Store(1, 1, TestActivity(30'000), Named("second"));
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(second->version_number, 2u);
  // The envelope of an older version comes once more.
  const auto again = world.Store(1, 1, TestActivity(), Named("first"));
  ASSERT_TRUE(again.has_value());
  EXPECT_TRUE(again->effects.empty());
  EXPECT_EQ(again->version, Envelope("first"));
  EXPECT_EQ(again->version_number, 1u);
  EXPECT_EQ(again->lead_time_us, first->lead_time_us);
  EXPECT_EQ(NoticeOf(world, 1).versions.size(), 2u);
  // The same content in another envelope is another version.
  EXPECT_EQ(world.Store(1, 1, TestActivity(30'000), Named("third"))->version_number, 3u);
  // And an envelope stays known when the notice is over.
  ASSERT_TRUE(world.Do(TestParty(1), Withdraw{TestNotice(1), Envelope("third")}).has_value());
  EXPECT_TRUE(world.Store(1, 1, TestActivity(30'000), Named("second"))->effects.empty());
  ExpectRefused(world.Store(1, 1, TestActivity(9), Named("fourth")), ErrorCode::kConflict, "/id");
}

TEST(NamesTest, ReplacesMayBeLeftOutAndIsCheckedWhenGiven) {
  World world;
  ASSERT_TRUE(world.Store(1, 1, TestActivity(), Named("first")).has_value());
  auto prepared =
      PreparedDeclaration::Prepare(TestActivity(9), world.rules(), {}, testing::TestDigest);
  Declare command = Named("second");
  command.id = TestNotice(1);
  command.prepared = std::make_shared<const PreparedDeclaration>(std::move(*prepared));
  command.replaces = Envelope("none of it");
  ExpectRefused(world.Do(TestParty(1), command), ErrorCode::kConflict, "/replaces");
  command.replaces.reset();
  EXPECT_TRUE(world.Do(TestParty(1), command).has_value());
  command.name.reset();
  ExpectRefused(world.Do(TestParty(1), command), ErrorCode::kConflict, "/replaces");
}

TEST(NamesTest, AnIssuerMayNameWhatIsInEffectWhileADraftLiesOverIt) {
  World world;
  ASSERT_TRUE(world.Store(1, 1, TestActivity(), Named("first")).has_value());
  Declare draft;
  draft.draft = true;
  ASSERT_TRUE(world.Store(1, 1, TestActivity(9), draft).has_value());
  EXPECT_NE(world.Latest(1), Envelope("first"));
  EXPECT_TRUE(
      world.Do(TestParty(1), SetActivity{TestNotice(1), ActivityState::kActive, Envelope("first")})
          .has_value());
  EXPECT_TRUE(world.Do(TestParty(1), Withdraw{TestNotice(1), Envelope("first")}).has_value());
}

TEST(NamesTest, WhatWaitsForItsReadBackHasANameOfItsOwn) {
  World world;
  Declare unnamed;
  unnamed.until_read_back = true;
  ASSERT_TRUE(world.Store(1, 1, TestActivity(), unnamed).has_value());
  ASSERT_TRUE(world.Store(1, 1, TestActivity(30'000), unnamed).has_value());
  ExpectRefused(world.Store(1, 1, TestActivity(), unnamed), ErrorCode::kConflict, "/name");
  EXPECT_TRUE(world.Store(1, 1, TestActivity(), Named("third", true)).has_value());
}

TEST(UnionTest, AnOlderVersionStaysInChecksUntilTheNewerIsReadBack) {
  TwoVersions world;
  const auto met = world.Put(2, 2, TestActivity());
  ASSERT_EQ(met->conflicts.size(), 1u) << "with the first version, which south may still go by";
  const Conflict& conflict = met->conflicts[0];
  EXPECT_EQ(conflict.sides[0].version, Envelope("second"));
  ASSERT_EQ(conflict.pairs.size(), 1u);
  EXPECT_EQ(conflict.pairs[0].version_a, Envelope("first"));
  EXPECT_EQ(conflict.pairs[0].version_b, world.Latest(2));
  ASSERT_EQ(world.Put(2, 3, TestActivity(30'000))->conflicts.size(), 1u) << "and with the second";

  ASSERT_TRUE(Receive(world, "first", 2).has_value());
  ASSERT_TRUE(ReadBack(world, "first", 2).has_value());
  EXPECT_EQ(world.Live().size(), 2u);
  ExpectRefused(ReadBack(world, "second", 2), ErrorCode::kConflict, "/version");
  ASSERT_TRUE(Receive(world, "second", 2).has_value());
  EXPECT_EQ(world.Live().size(), 2u) << "having come is not having been read back";
  world.Pass(kMinute);
  const auto read = ReadBack(world, "second", 2);
  ASSERT_TRUE(read.has_value());
  ASSERT_EQ(world.Live().size(), 1u);
  EXPECT_EQ(world.Live()[0].sides[1].notice, TestNotice(3));
  EXPECT_EQ(world.state().FindConflict(conflict.id)->state, ConflictState::kResolved);
  const Delivery& delivery = NoticeOf(world, 1).delivery.at(TestParty(2));
  EXPECT_EQ(LeadTimeUs(NoticeOf(world, 1).latest(), delivery.r1), kHour);
  EXPECT_EQ(LeadTimeUs(NoticeOf(world, 1).latest(), delivery.r3), kHour - kMinute);
  world.state().SanityCheck();
  EXPECT_EQ(world.Replayed()->Canonical(), world.state().Canonical());
}

TEST(UnionTest, ReadBacksAreBilateral) {
  TwoVersions world;
  for (const uint8_t by : {uint8_t{2}, uint8_t{3}}) {
    ASSERT_TRUE(Receive(world, "second", by).has_value());
  }
  ASSERT_TRUE(ReadBack(world, "second", 2).has_value());
  EXPECT_TRUE(world.Put(2, 2, TestActivity())->conflicts.empty())
      << "south has read back the second; what east has not is nothing to south";
  EXPECT_EQ(world.Put(3, 3, TestActivity(500))->conflicts.size(), 2u) << "east has not";
  ASSERT_TRUE(ReadBack(world, "second", 3).has_value());
  ASSERT_EQ(world.Live().size(), 1u) << "south with east is left";
  EXPECT_EQ(world.Live()[0].sides[0].notice, TestNotice(2));
}

TEST(UnionTest, ALateReceiverBringsAnOlderVersionBack) {
  TwoVersions world;
  ASSERT_TRUE(Receive(world, "second", 2).has_value());
  ASSERT_TRUE(ReadBack(world, "second", 2).has_value());
  ASSERT_TRUE(world.Put(3, 3, TestActivity()).has_value());
  EXPECT_TRUE(world.Live().empty());
  // Long after the second, which begins later, the first comes to east, who may go by it.
  const auto received = Receive(world, "first", 3);
  ASSERT_TRUE(received.has_value());
  EXPECT_EQ(received->conflicts.size(), 1u);
  EXPECT_EQ(world.Live().size(), 1u);
  world.state().SanityCheck();
}

TEST(UnionTest, AnOlderVersionIsBroughtBackFromRetirement) {
  World world;
  Declaration longer = TestActivity();
  longer.volumes[0].window.end.us += 5 * kHour;
  ASSERT_TRUE(world.Store(1, 1, longer, Named("first", true)).has_value());
  ASSERT_TRUE(world.Store(1, 1, TestActivity(), Named("second", true)).has_value());
  ASSERT_TRUE(Receive(world, "second", 2).has_value());
  ASSERT_TRUE(ReadBack(world, "second", 2).has_value());
  world.Pass(3 * kHour);
  ASSERT_TRUE(world.Do({}, Tick{DataMode::kReal}).has_value());
  EXPECT_EQ(world.state().GetStatistics().in_force, 0u);
  ASSERT_TRUE(Receive(world, "first", 3).has_value());
  EXPECT_EQ(world.state().GetStatistics().in_force, 1u);
  Declaration behind = TestActivity();
  behind.volumes[0].window = {{world.now().us + kHour}, {world.now().us + 2 * kHour}};
  EXPECT_EQ(world.Put(3, 3, behind)->conflicts.size(), 1u);
  ASSERT_TRUE(world.Do({}, Tick{DataMode::kReal}).has_value());
  EXPECT_EQ(world.Live().size(), 1u);
  world.state().SanityCheck();
}

TEST(UnionTest, AVersionThatNeedsNoReadingBackStandsAlone) {
  TwoVersions world;
  ASSERT_TRUE(world.Replace(1, 1, TestActivity(60'000)).has_value());
  EXPECT_TRUE(world.Put(2, 2, TestActivity())->conflicts.empty());
  EXPECT_TRUE(world.Put(2, 3, TestActivity(30'000))->conflicts.empty());
  EXPECT_EQ(world.Put(2, 4, TestActivity(60'000))->conflicts.size(), 1u);
}

TEST(UnionTest, TheStrictestOfTheVersionsHolds) {
  World world;
  Declaration zone = TestZone(Restriction::kProhibited);
  ASSERT_TRUE(world.Store(1, 1, zone, Named("closed", true)).has_value());
  zone.restriction = Restriction::kNoRestriction;
  ASSERT_TRUE(world.Store(1, 1, zone, Named("open", true)).has_value());
  const auto entered = world.Put(2, 2, TestActivity());
  ASSERT_EQ(entered->conflicts.size(), 1u);
  EXPECT_EQ(entered->conflicts[0].treatment, Treatment::kKeepOut);
  EXPECT_EQ(entered->conflicts[0].pairs_total, 2u);
  ASSERT_TRUE(Receive(world, "open", 2).has_value());
  ASSERT_TRUE(ReadBack(world, "open", 2).has_value());
  ASSERT_EQ(world.Live().size(), 1u);
  EXPECT_EQ(world.Live()[0].treatment, Treatment::kListed);
}

TEST(UnionTest, AHazardOccupiesEveryVersionUntilItsAllClear) {
  World world;
  ASSERT_TRUE(world.Store(1, 1, TestHazard(), Named("first", true)).has_value());
  Declaration wider = TestHazard(30'000);
  wider.volumes[0].window.start.us -= kHour - kMinute;
  ASSERT_TRUE(world.Store(1, 1, wider, Named("second", true)).has_value());
  Declaration next_day = TestActivity();
  next_day.volumes[0].window = {{kNoon.us + 25 * kHour}, {kNoon.us + 26 * kHour}};
  EXPECT_EQ(world.Put(2, 2, next_day)->conflicts.size(), 1u);
  world.Pass(30 * kMinute);  // the second has started, the first has not
  ExpectRefused(world.Do(TestParty(1), Withdraw{TestNotice(1), Envelope("second")}),
                ErrorCode::kConflict, "/id");
  Declaration moved = TestHazard();
  ExpectRefused(world.Store(1, 1, moved, Named("third", true)), ErrorCode::kConflict, "/volumes");
  world.Pass(2 * kHour);
  const auto end =
      world.Do(TestParty(1), SetActivity{TestNotice(1), ActivityState::kEnded, Envelope("second")});
  ASSERT_TRUE(end.has_value());
  EXPECT_EQ(world.Live().size(), 1u);
  world.Pass(kHour);
  ExpectRefused(world.Do(TestParty(1), AllClear{TestNotice(1), Envelope("first"), false}),
                ErrorCode::kConflict, "/version");
  ASSERT_TRUE(
      world.Do(TestParty(1), AllClear{TestNotice(1), Envelope("second"), false}).has_value());
  EXPECT_TRUE(world.Live().empty());
}

// What its issuer did while the line was down arrives at once, and was not done at once.
TEST(ActivityTest, BeginsAndEndsWhenItsIssuerSays) {
  World world;
  ASSERT_TRUE(world.Store(1, 1, TestActivity(), Named("first")).has_value());
  ASSERT_TRUE(world.Store(2, 2, TestActivity(), Named("near")).has_value());
  ASSERT_EQ(world.Live().size(), 1u);
  const base::UtcMicros began = kNoon;
  const auto set = [&](ActivityState activity, base::UtcMicros at) {
    return world.Do(TestParty(1), SetActivity{TestNotice(1), activity, Envelope("first")}, at);
  };
  world.Pass(kHour);
  ASSERT_TRUE(set(ActivityState::kActive, began).has_value());
  EXPECT_EQ(NoticeOf(world, 1).started_at, began);
  ASSERT_TRUE(set(ActivityState::kEnded, {began.us + kMinute}).has_value());
  EXPECT_EQ(NoticeOf(world, 1).ended_at->us, began.us + kMinute);
}

TEST(ActivityTest, BeginsWhenItIsSaidByWhateverClockAndEndsNotBeforeItBegan) {
  World world;
  ASSERT_TRUE(world.Store(1, 1, TestHazard(), Named("first")).has_value());
  const auto set = [&](ActivityState activity, base::UtcMicros at) {
    return world.Do(TestParty(1), SetActivity{TestNotice(1), activity, Envelope("first")}, at);
  };
  const base::UtcMicros ahead{kNoon.us + kMinute};
  ASSERT_TRUE(set(ActivityState::kActive, ahead).has_value());
  EXPECT_EQ(NoticeOf(world, 1).started_at, ahead);
  ASSERT_TRUE(set(ActivityState::kEnded, {kNoon.us - kHour}).has_value());
  EXPECT_EQ(NoticeOf(world, 1).ended_at, ahead);
}

TEST(UnionTest, TheLongestDwellTimeOfTheVersionsHolds) {
  Rules::Content content = testing::TestRules().content();
  content.hazard_dwell_us[static_cast<size_t>(HazardClass::kDebris)] = 2 * kHour;
  World world(*Rules::Make(std::move(content), Envelope("dwell")));
  Declaration debris = TestHazard();
  debris.hazard_class = HazardClass::kDebris;
  ASSERT_TRUE(world.Store(1, 1, debris, Named("first", true)).has_value());
  ASSERT_TRUE(world.Store(1, 1, TestHazard(), Named("second", true)).has_value());
  const base::Digest second = Envelope("second");
  ASSERT_TRUE(world.Do(TestParty(1), SetActivity{TestNotice(1), ActivityState::kEnded, second})
                  .has_value());
  world.Pass(kHour);
  ExpectRefused(world.Do(TestParty(1), AllClear{TestNotice(1), second, false}),
                ErrorCode::kConflict, "/id");
  ASSERT_TRUE(Receive(world, "second", 2).has_value());
  ASSERT_TRUE(ReadBack(world, "second", 2).has_value());
  EXPECT_TRUE(world.Do(TestParty(1), AllClear{TestNotice(1), second, false}).has_value());
}

TEST(ReceiptTest, IsOfTheNewestVersionAndStopsCountingWithIt) {
  TwoVersions world;
  EXPECT_TRUE(NoticeOf(world, 1).delivery.empty()) << "no delivery is taken for granted";
  ASSERT_TRUE(Receive(world, "second", 2).has_value());
  const auto delivery = [&] { return NoticeOf(world, 1).delivery.at(TestParty(2)); };
  EXPECT_TRUE(delivery().r1->counts);
  world.Pass(kMinute);
  EXPECT_TRUE(Receive(world, "second", 2)->effects.empty());
  EXPECT_TRUE(Receive(world, "first", 2)->effects.empty()) << "a newer one came already";
  EXPECT_EQ(delivery().r1->at, kNoon);
  ASSERT_TRUE(ReadBack(world, "first", 2).has_value()) << "R1 of a newer version will do";
  EXPECT_FALSE(delivery().r3->counts);
  ASSERT_TRUE(ReadBack(world, "second", 2).has_value());
  EXPECT_TRUE(delivery().r3->counts);
  EXPECT_TRUE(ReadBack(world, "first", 2)->effects.empty());
  ASSERT_TRUE(world.Store(1, 1, TestActivity(90'000), Named("third", true)).has_value());
  EXPECT_FALSE(delivery().r1->counts);
  EXPECT_FALSE(delivery().r3->counts);
}

TEST(ReceiptTest, IsRefusedOfOthersAndOfWhatIsNotDeclared) {
  TwoVersions world;
  ExpectRefused(Receive(world, "no such", 2), ErrorCode::kNotFound, "/version");
  ExpectRefused(Receive(world, "first", 1), ErrorCode::kForbidden, "/by");
  ExpectRefused(world.Do({}, RecordReceipt{TestNotice(1), Envelope("first"), {}}),
                ErrorCode::kInvalid, "/by");
  ExpectRefused(
      world.Do(TestParty(3), RecordReceipt{TestNotice(1), Envelope("first"), TestParty(2)}),
      ErrorCode::kForbidden, "/by");
  EXPECT_TRUE(world.Do(TestParty(2), RecordReceipt{TestNotice(1), Envelope("first"), TestParty(2)})
                  .has_value());
  ExpectRefused(world.Do({}, RecordReceipt{TestNotice(9), Envelope("first"), TestParty(2)}),
                ErrorCode::kNotFound, "/id");
  Declare draft;
  draft.draft = true;
  ASSERT_TRUE(world.Store(1, 1, TestActivity(9), draft).has_value());
  ExpectRefused(world.Do({}, RecordReceipt{TestNotice(1), world.Latest(1), TestParty(2)}),
                ErrorCode::kNotFound, "/version");
  // What a recipient is told of the notice is not the draft.
  EXPECT_EQ(world.Do(TestParty(2), RecordReceipt{TestNotice(1), Envelope("second"), TestParty(2)})
                ->version,
            Envelope("second"));
}

TEST(HeldTest, APlanIsCheckedAgainstOthersAndSeenByItsPartyAlone) {
  World world;
  ASSERT_TRUE(world.Put(1, 1, TestActivity()).has_value());
  const auto held = world.Store(2, 2, TestActivity(), Held());
  ASSERT_TRUE(held.has_value());
  EXPECT_EQ(NoticeOf(world, 2).latest().author, AuthorState::kHeld);
  EXPECT_TRUE(NoticeOf(world, 2).delivery.empty());
  ASSERT_EQ(held->conflicts.size(), 1u);
  const base::Digest id = held->conflicts[0].id;
  EXPECT_TRUE(held->conflicts[0].local());
  EXPECT_TRUE(held->conflicts[0].sides[1].held);
  EXPECT_TRUE(IsKnownTo(held->conflicts[0], TestParty(2)));
  EXPECT_FALSE(IsKnownTo(held->conflicts[0], TestParty(1)));
  // North learns of it by no answer: not by declaring, not by asking, not by acting.
  const auto replaced = world.Replace(1, 1, TestActivity(100));
  EXPECT_TRUE(replaced->conflicts.empty());
  EXPECT_EQ(world.Live().size(), 1u);
  EXPECT_TRUE(world.Replace(1, 1, TestActivity(100))->conflicts.empty());
  auto prepared =
      PreparedDeclaration::Prepare(TestActivity(), world.rules(), {}, testing::TestDigest);
  EXPECT_TRUE(FindConflicts(world.state(), world.rules(), testing::TestDigest, TestParty(1),
                            TestNotice(9), *prepared, world.now())
                  .empty());
  EXPECT_EQ(FindConflicts(world.state(), world.rules(), testing::TestDigest, TestParty(3),
                          TestNotice(9), *prepared, world.now())
                .size(),
            1u)
      << "with north's alone";
  ExpectRefused(world.Do(TestParty(1), MarkConflictSeen{id}), ErrorCode::kNotFound, "/id");
  ExpectRefused(world.Do(TestParty(1), ProposeMeasures{id, "x"}), ErrorCode::kNotFound, "/id");
  ExpectRefused(world.Do(TestParty(1), Disseminate{TestNotice(2), true, false}),
                ErrorCode::kNotFound, "/id");
  ExpectRefused(world.Do(TestParty(1), Withdraw{TestNotice(2), world.Latest(2)}),
                ErrorCode::kNotFound, "/id");
  ExpectRefused(world.Do({}, RecordReceipt{TestNotice(2), world.Latest(2), TestParty(1)}),
                ErrorCode::kNotFound, "/id");
  EXPECT_TRUE(world.Do({}, Recheck{TestNotice(2)})->conflicts.empty());
  // Its owner deals with it alone.
  ASSERT_TRUE(world.Do(TestParty(2), MarkConflictSeen{id}).has_value());
  EXPECT_EQ(world.state().FindConflict(id)->state, ConflictState::kSeen);
  ASSERT_TRUE(world.Do(TestParty(2), ProposeMeasures{id, "accepted"}).has_value());
  EXPECT_EQ(world.state().FindConflict(id)->state, ConflictState::kKept);
  ASSERT_TRUE(world.Do(TestParty(2), Withdraw{TestNotice(2), world.Latest(2)}).has_value());
  EXPECT_TRUE(world.Live().empty());
  EXPECT_TRUE(NoticeOf(world, 2).held()) << "also when it is over";
  world.state().SanityCheck();
}

TEST(HeldTest, HeldAgainstHeldAndAgainstOwnIsNotFound) {
  World world;
  ASSERT_TRUE(world.Store(1, 1, TestActivity(), Held()).has_value());
  ASSERT_TRUE(world.Store(2, 2, TestActivity(), Held()).has_value());
  EXPECT_TRUE(world.Live().empty());
  EXPECT_TRUE(world.Put(1, 3, TestActivity())->conflicts.empty())
      << "south's plan is south's, and the other is north's own";
  ASSERT_EQ(world.Live().size(), 1u);
  EXPECT_EQ(world.Live()[0].sides[0].notice, TestNotice(2));
}

TEST(HeldTest, ANoticeIsHeldForItsWholeLifeOrNever) {
  World world;
  ASSERT_TRUE(world.Store(1, 1, TestActivity(), Held()).has_value());
  ExpectRefused(world.Store(1, 1, TestActivity(9), {}), ErrorCode::kConflict, "/held");
  ExpectRefused(world.Store(1, 1, TestActivity(), {}), ErrorCode::kConflict, "/held");
  EXPECT_TRUE(world.Store(1, 1, TestActivity(9), Held()).has_value());
  ASSERT_TRUE(world.Put(1, 2, TestActivity()).has_value());
  ExpectRefused(world.Store(1, 2, TestActivity(9), Held()), ErrorCode::kConflict, "/held");
  Declare both = Held();
  both.draft = true;
  ExpectRefused(world.Store(1, 3, TestActivity(), both), ErrorCode::kInvalid, "/held");
  both = Held();
  both.until_read_back = true;
  ExpectRefused(world.Store(1, 3, TestActivity(), both), ErrorCode::kInvalid, "/until_read_back");
  // A draft becomes either.
  ASSERT_TRUE(world.Put(1, 3, TestActivity(), /*draft=*/true).has_value());
  EXPECT_EQ(world.Store(1, 3, TestActivity(), Held())->version_number, 1u);
  EXPECT_TRUE(NoticeOf(world, 3).held());
}

TEST(DraftTest, AVersionInEffectIsNotTakenBackByADraftOfTheSameContent) {
  World world;
  ASSERT_TRUE(world.Put(1, 1, TestHazard()).has_value());
  ASSERT_TRUE(world.Put(2, 2, TestActivity()).has_value());
  Declare draft;
  draft.draft = true;
  ExpectRefused(world.Store(1, 1, TestHazard(), draft), ErrorCode::kConflict, "/draft");
  EXPECT_EQ(world.Live().size(), 1u);
  EXPECT_TRUE(InForce(NoticeOf(world, 1), world.now()));
}

TEST(DraftTest, ReleasingOneRespectsWhatHappenedSinceItWasWritten) {
  World world;
  ASSERT_TRUE(world.Put(1, 1, TestHazard()).has_value());
  Declaration later = TestHazard();
  later.volumes[0].window.start.us += 3 * kHour;
  later.volumes[0].window.end.us += 3 * kHour;
  Declare draft;
  draft.draft = true;
  ASSERT_TRUE(world.Store(1, 1, later, draft).has_value());
  world.Pass(90 * kMinute);  // the hazard has started
  ExpectRefused(world.Replace(1, 1, later), ErrorCode::kConflict, "/volumes");
}

TEST(DraftTest, WhatWasNeverDeclaredStaysUnseenWhateverBecomesOfIt) {
  World world;
  ASSERT_TRUE(world.Put(1, 1, TestActivity(), /*draft=*/true).has_value());
  ASSERT_TRUE(world.Do(TestParty(1), Withdraw{TestNotice(1), world.Latest(1)}).has_value());
  ExpectRefused(world.Do(TestParty(2), Disseminate{TestNotice(1), true, false}),
                ErrorCode::kNotFound, "/id");
  ASSERT_TRUE(world.Put(1, 2, TestActivity(), /*draft=*/true).has_value());
  const base::Digest draft = world.Latest(2);
  ASSERT_TRUE(world.Replace(1, 2, TestActivity(9)).has_value());
  EXPECT_EQ(NoticeOf(world, 2).versions[0].disclosure, Disclosure::kDraft);
  ExpectRefused(world.Do(TestParty(2), Assess{TestNotice(2), draft, Assessment::kNoObjection, {}}),
                ErrorCode::kNotFound, "/version");
}

TEST(SaidTest, FallsWithWhatIsAgreedAndThatOfAPeerWhenItsNodeSaysSo) {
  World world;
  ASSERT_TRUE(world.Put(1, 1, TestActivity()).has_value());
  const base::Digest id = world.Put(2, 2, TestActivity())->conflicts.at(0).id;
  for (const uint8_t party : {uint8_t{1}, uint8_t{2}}) {
    ASSERT_TRUE(world.Do(TestParty(party), MarkConflictSeen{id}).has_value());
    ASSERT_TRUE(world.Do(TestParty(party), ProposeMeasures{id, "north:none"}).has_value());
  }
  ASSERT_EQ(world.state().FindConflict(id)->state, ConflictState::kKept);
  const auto stand = [](const Conflict& conflict) {
    std::vector<bool> said;
    for (const ConflictSide& side : conflict.sides) {
      EXPECT_EQ(side.seen_at.has_value(), !side.measures.empty());
      said.push_back(side.seen_at.has_value());
    }
    return said;
  };
  const auto next =
      Rules::Make(testing::TestRules().content(), testing::TestDigest(base::AsBytes("next")));
  const auto checked = [&](base::PartyId self) {
    const auto decision = Decide(world.state(), *next, testing::TestDigest,
                                 {{}, Recheck{TestNotice(1)}}, world.now(), self);
    return decision->conflicts.at(0);
  };
  EXPECT_EQ(stand(checked({})), (std::vector{false, false})) << "everybody says it here";
  EXPECT_EQ(checked({}).state, ConflictState::kOpen);
  EXPECT_EQ(stand(checked(TestParty(1))), (std::vector{false, true}));
  EXPECT_EQ(checked(TestParty(1)).state, ConflictState::kProposed);
  EXPECT_EQ(stand(checked(TestParty(2))), (std::vector{true, false}));

  ASSERT_TRUE(world.Do(TestParty(2), ForgetSaid{id}).has_value());
  EXPECT_EQ(stand(*world.state().FindConflict(id)), (std::vector{true, false}));
  EXPECT_EQ(world.state().FindConflict(id)->state, ConflictState::kProposed);
  EXPECT_TRUE(world.Do(TestParty(2), ForgetSaid{id})->effects.empty());
  ExpectRefused(world.Do(TestParty(3), ForgetSaid{id}), ErrorCode::kNotFound, "/id");
}

TEST(DisregardTest, AHazardOfAnotherStaysVisibleAndKeepsItsConflicts) {
  World world;
  ASSERT_TRUE(world.Store(1, 1, TestHazard(), Named("first")).has_value());
  const base::Digest id = world.Put(2, 2, TestActivity())->conflicts.at(0).id;
  ASSERT_TRUE(world.Put(3, 3, TestActivity(60'000)).has_value());
  ASSERT_TRUE(world.Do(TestParty(2), MarkConflictSeen{id}).has_value());
  ExpectRefused(world.Do({}, Disregard{TestNotice(2), TestParty(1)}), ErrorCode::kInvalid, "/id");
  ExpectRefused(world.Do({}, Disregard{TestNotice(1), TestParty(1)}), ErrorCode::kForbidden, "/by");
  ExpectRefused(world.Do(TestParty(3), Disregard{TestNotice(1), TestParty(2)}),
                ErrorCode::kForbidden, "/by");
  world.Pass(kMinute);
  const auto disregarded = world.Do(TestParty(2), Disregard{TestNotice(1), TestParty(2)});
  ASSERT_TRUE(disregarded.has_value());
  ASSERT_EQ(disregarded->conflicts.size(), 1u);
  const Conflict& marked = *world.state().FindConflict(id);
  EXPECT_EQ(marked.sides[1].disregarded_at, world.now());
  EXPECT_FALSE(marked.sides[0].disregarded_at.has_value());
  EXPECT_TRUE(marked.sides[1].seen_at.has_value()) << "what was done about it stays";
  EXPECT_TRUE(world.Do({}, Disregard{TestNotice(1), TestParty(2)})->effects.empty());
  // New conflicts of that party bear the mark, those of others do not.
  EXPECT_TRUE(world.Put(2, 4, TestActivity())->conflicts.at(0).sides[1].disregarded_at.has_value());
  EXPECT_FALSE(
      world.Put(3, 5, TestActivity(500))->conflicts.at(0).sides[1].disregarded_at.has_value());
  world.state().SanityCheck();
  // Who sends a new version is not gone.
  ASSERT_TRUE(world.Store(1, 1, TestHazard(), Named("second")).has_value());
  EXPECT_TRUE(NoticeOf(world, 1).disregarded_by.empty());
  EXPECT_FALSE(world.state().FindConflict(id)->sides[1].disregarded_at.has_value());
  world.state().SanityCheck();
}

TEST(DisregardTest, WhatIsOverIsNotDisregarded) {
  World world;
  ASSERT_TRUE(world.Put(1, 1, TestHazard()).has_value());
  ASSERT_TRUE(world.Do(TestParty(1), Withdraw{TestNotice(1), world.Latest(1)}).has_value());
  ExpectRefused(world.Do({}, Disregard{TestNotice(1), TestParty(2)}), ErrorCode::kConflict, "/id");
}

TEST(AnswerTest, AnAssessmentIsNotAnsweredWithTheConflictsOfOthers) {
  World world;
  ASSERT_TRUE(world.Put(1, 1, TestActivity()).has_value());
  ASSERT_TRUE(world.Put(2, 2, TestActivity()).has_value());
  const Assess assess{TestNotice(1), world.Latest(1), Assessment::kNoObjection, {}};
  ASSERT_TRUE(world.Do(TestParty(3), assess).has_value());
  EXPECT_TRUE(world.Do(TestParty(3), assess)->conflicts.empty()) << "north and south's alone";
  ASSERT_TRUE(world.Do(TestParty(2), assess).has_value());
  EXPECT_EQ(world.Do(TestParty(2), assess)->conflicts.size(), 1u);
}

}  // namespace
}  // namespace wideberth::airspace
