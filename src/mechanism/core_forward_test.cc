// Notices that go on to parties whom they list: North issues, South has lines to both, East has none to North.
#include <gtest/gtest.h>

#include <algorithm>

#include "airspace/testing/world.h"
#include "base/testing/refused.h"
#include "crypto/sha256.h"
#include "line/party_card.h"
#include "mechanism/forward.h"
#include "mechanism/testing/parties.h"

namespace wideberth::mechanism {
namespace {

using airspace::testing::TestActivity;
using airspace::testing::TestHazard;
using airspace::testing::TestNotice;
using base::ErrorCode;
using base::testing::ExpectRefused;
using operators::Role;
using testing::kMinute;
using testing::kSecond;
using testing::Parties;

constexpr size_t kNorth = 0;
constexpr size_t kSouth = 1;
constexpr size_t kEast = 2;

airspace::Declaration ForEast(airspace::Declaration declaration) {
  declaration.may_tell = {Parties::party(kEast)};
  return declaration;
}

class ForwardTest : public ::testing::Test {
 protected:
  ForwardTest() { parties_.Settle(); }

  base::Result<ActResult> Forward(uint8_t notice, size_t to = kEast) {
    return parties_.Do(kSouth, ForwardNotice{{TestNotice(notice), parties_.Latest(kSouth, notice)},
                                             Parties::party(to)});
  }
  // What South would send of a notice of North's, with one thing changed.
  Forwarded MessageOf(uint8_t notice, size_t act = 0) {
    const Provenance& known = *parties_.desk(kSouth).FindProvenance(TestNotice(notice));
    const SealedAct forward = parties_.Seal(
        kSouth, Role::kDutyOfficer,
        ForwardNotice{{TestNotice(notice), known.acts[0].digest}, Parties::party(kEast)});
    return {forward.envelope, known.acts[act].envelope, known.acts[act].endorsement,
            parties_.desk(kSouth).FindPeer(Parties::party(kNorth))->card,
            parties_.notice(kSouth, notice)->latest().declaration.original};
  }
  // East refuses it, says why, and holds nothing of it.
  void ExpectUnusable(const Forwarded& message, std::string_view why) {
    const size_t before = parties_.OpenMatters(kEast, MatterKind::kUnusable).size();
    parties_.SendRaw(kSouth, kEast, "forwarded", WriteForwarded(message));
    parties_.Run(kSecond);
    EXPECT_EQ(parties_.OpenMatters(kEast, MatterKind::kUnusable).size(), before + 1) << why;
    const std::vector<std::string>& journal = parties_.journal(kEast);
    const bool said = std::any_of(journal.begin(), journal.end(), [&](const std::string& entry) {
      return entry.find("\"unusable\"") != std::string::npos &&
             entry.find(why) != std::string::npos;
    });
    EXPECT_TRUE(said) << why << " in " << journal.back();
  }

  Parties parties_{3, {}, true};
};

TEST_F(ForwardTest, ANoticeGoesOnAsItWasSignedAndSoDoesWhatItsIssuerSaysLater) {
  const base::Digest first = parties_.Release(kNorth, 1, ForEast(TestHazard()));
  parties_.Release(kEast, 5, TestActivity());
  parties_.Run(5 * kSecond);
  ASSERT_EQ(parties_.notice(kEast, 1), nullptr);
  ASSERT_TRUE(Forward(1).has_value());
  parties_.Run(5 * kSecond);

  const airspace::Notice* there = parties_.notice(kEast, 1);
  ASSERT_NE(there, nullptr);
  EXPECT_EQ(there->party, Parties::party(kNorth));
  EXPECT_EQ(there->latest().digest, first) << "one name on every node";
  const Provenance& known = *parties_.desk(kEast).FindProvenance(TestNotice(1));
  EXPECT_EQ(known.issuer, Parties::party(kNorth));
  EXPECT_EQ(known.forwarder, Parties::party(kSouth));
  EXPECT_EQ(known.acts[0].envelope,
            parties_.desk(kSouth).FindProvenance(TestNotice(1))->acts[0].envelope);
  // It is in East's picture, and East owes nobody an answer.
  ASSERT_EQ(parties_.LiveConflicts(kEast).size(), 1u);
  EXPECT_EQ(parties_.OpenMatters(kEast, MatterKind::kConflict).size(), 1u);
  for (const Matter& matter : parties_.OpenMatters(kEast, MatterKind::kReadBack)) {
    EXPECT_NE(matter.notice, TestNotice(1));
  }
  const ForwardedTo& to = parties_.desk(kSouth).FindProvenance(TestNotice(1))->to.at(0);
  EXPECT_TRUE(to.receipted_at.has_value());

  // A correction, the beginning and the end follow by themselves; a conflict moves with them.
  const base::Digest second = parties_.Release(kNorth, 1, ForEast(TestHazard(500)));
  parties_.Run(5 * kSecond);
  EXPECT_EQ(parties_.Latest(kEast, 1), second);
  EXPECT_EQ(parties_.notice(kEast, 1)->versions.size(), 2u);
  ASSERT_TRUE(parties_.Do(kNorth, SetActive{TestNotice(1), second}).has_value());
  parties_.Run(5 * kSecond);
  EXPECT_EQ(parties_.notice(kEast, 1)->activity, airspace::ActivityState::kActive);
  EXPECT_EQ(parties_.notice(kEast, 1)->started_at, parties_.notice(kNorth, 1)->started_at);

  // East's own person reads it back for itself: nobody hears of that.
  const size_t sent = parties_.Wire(kEast, kSouth).size();
  ASSERT_TRUE(parties_.ReadBack(kEast, 1).has_value());
  EXPECT_EQ(parties_.Wire(kEast, kSouth).find("read_back", sent), std::string::npos);
  EXPECT_EQ(parties_.side(kEast).Canonical(), parties_.side(kEast).Replayed());
  EXPECT_EQ(parties_.side(kSouth).Canonical(), parties_.side(kSouth).Replayed());
}

TEST_F(ForwardTest, AnAllClearWaitsForAPersonHereAndAWithdrawalDoesNot) {
  airspace::Declaration hazard = ForEast(TestHazard());
  hazard.unplanned = true;
  for (auto& volume : hazard.volumes) volume.window.start = parties_.now(kNorth).utc;
  const base::Digest version = parties_.Release(kNorth, 1, hazard);
  const base::Digest planned = parties_.Release(kNorth, 2, ForEast(TestHazard(200'000)));
  parties_.Run(5 * kSecond);
  ASSERT_TRUE(Forward(1).has_value());
  ASSERT_TRUE(Forward(2).has_value());
  ASSERT_TRUE(parties_.Do(kNorth, Withdraw{TestNotice(2), planned}).has_value());
  ASSERT_TRUE(parties_.Do(kNorth, SetEnded{TestNotice(1), version}).has_value());
  parties_.Run(50 * kMinute);
  const auto cleared = parties_.Do(kNorth, AllClear{{TestNotice(1), version}, false});
  ASSERT_TRUE(cleared.has_value()) << cleared.error().ToString();
  parties_.Run(5 * kSecond);
  EXPECT_EQ(parties_.notice(kEast, 2)->latest().author, airspace::AuthorState::kWithdrawn);
  EXPECT_FALSE(parties_.notice(kEast, 1)->all_clear_at.has_value());
  ASSERT_EQ(parties_.OpenMatters(kEast, MatterKind::kReadBack).size(), 1u);
  const auto read_back = parties_.ReadBackAllClear(kEast, 1);
  ASSERT_TRUE(read_back.has_value()) << read_back.error().ToString();
  EXPECT_TRUE(parties_.notice(kEast, 1)->all_clear_at.has_value());
  EXPECT_TRUE(parties_.OpenMatters(kEast, MatterKind::kReadBack).empty());
}

TEST_F(ForwardTest, WhatIsNotListedIsNotForwardedAndNothingOfTheLineGoesAlong) {
  airspace::Declaration of_other = TestActivity(50'000);
  of_other.may_tell = {Parties::party(7)};
  parties_.Release(kNorth, 1, TestHazard());
  parties_.Release(kNorth, 2, of_other);
  parties_.Release(kNorth, 3, ForEast(TestHazard(90'000)));
  parties_.Release(kSouth, 4, ForEast(TestActivity(150'000)));
  ASSERT_TRUE(parties_.Hold(kSouth, 5, ForEast(TestActivity(180'000))).has_value());
  parties_.Run(5 * kSecond);
  ExpectRefused(Forward(1), ErrorCode::kForbidden, "/to");
  ExpectRefused(Forward(2), ErrorCode::kForbidden, "/to");
  ExpectRefused(Forward(3, kNorth), ErrorCode::kForbidden, "/to");
  ExpectRefused(Forward(3, 7), ErrorCode::kNotFound, "/to");
  ExpectRefused(Forward(4), ErrorCode::kNotFound, "/notice");
  ExpectRefused(Forward(5), ErrorCode::kNotFound, "/notice");
  ExpectRefused(
      parties_.Do(kSouth, ForwardNotice{{TestNotice(3), base::Digest()}, Parties::party(kEast)}),
      ErrorCode::kConflict, "/version");
  parties_.Run(5 * kSecond);
  EXPECT_EQ(parties_.notice(kEast, 3), nullptr);
  ASSERT_TRUE(Forward(3).has_value());
  parties_.Run(5 * kSecond);
  ASSERT_NE(parties_.notice(kEast, 3), nullptr);
  const std::string wire = parties_.Wire(kSouth, kEast);
  EXPECT_NE(wire.find(TestNotice(3).ToString()), std::string::npos);
  for (const uint8_t other : {uint8_t{1}, uint8_t{2}, uint8_t{5}}) {
    EXPECT_EQ(wire.find(TestNotice(other).ToString()), std::string::npos) << int{other};
  }
  // A version that no longer lists East stops it; East keeps what it was told.
  const base::Digest told = parties_.Latest(kEast, 3);
  parties_.Release(kNorth, 3, TestHazard(95'000));
  parties_.Run(5 * kSecond);
  EXPECT_EQ(parties_.Latest(kEast, 3), told);
  EXPECT_TRUE(parties_.desk(kSouth).FindProvenance(TestNotice(3))->to.at(0).stopped_at.has_value());
}

TEST_F(ForwardTest, WhatDoesNotVerifyIsRefusedAndKept) {
  parties_.Release(kNorth, 1, ForEast(TestHazard()));
  parties_.Release(kNorth, 2, TestHazard(90'000));
  airspace::Declaration listed = ForEast(TestHazard(150'000));
  parties_.Release(kNorth, 3, listed);
  parties_.Run(5 * kSecond);
  const Forwarded good = MessageOf(1);
  Forwarded changed = good;
  changed.declaration += " ";
  ExpectUnusable(changed, "SHA-256");
  changed = good;
  changed.endorsement = MessageOf(3).endorsement;
  ExpectUnusable(changed, "/endorsement/payload/act");
  changed = good;
  changed.card = Parties::CardText(kNorth, 1);
  ExpectUnusable(changed, "/endorsement");
  changed = good;
  changed.card = Parties::CardText(kSouth, 0);
  ExpectUnusable(changed, "neither end of the line");
  changed = good;
  changed.act = MessageOf(3).act;
  ExpectUnusable(changed, "must be of the notice that is forwarded");
  changed = good;
  changed.act = good.envelope;
  ExpectUnusable(changed, "/act");
  EXPECT_EQ(parties_.notice(kEast, 1), nullptr);
  // The good one is taken, and once.
  for (int n = 0; n < 2; ++n) {
    parties_.SendRaw(kSouth, kEast, "forwarded", WriteForwarded(good));
    parties_.Run(kSecond);
  }
  ASSERT_NE(parties_.notice(kEast, 1), nullptr);
  EXPECT_EQ(parties_.notice(kEast, 1)->versions.size(), 1u);
  // Another card in North's name is not taken behind the first.
  changed = MessageOf(3);
  changed.card = Parties::CardText(kNorth, 1);
  ExpectUnusable(changed, "came first of this issuer");
}

TEST_F(ForwardTest, AnIssuerThatSignsTwoSuccessorsIsSeen) {
  parties_.Release(kNorth, 1, ForEast(TestHazard()));
  parties_.Run(5 * kSecond);
  const base::Digest first = parties_.Latest(kSouth, 1);
  ASSERT_TRUE(Forward(1).has_value());
  parties_.Run(5 * kSecond);
  const base::Digest second = parties_.Release(kNorth, 1, ForEast(TestHazard(400)));
  parties_.Run(5 * kSecond);
  ASSERT_EQ(parties_.Latest(kEast, 1), second);
  // North has signed for South what replaces the first as well.
  Forwarded other = MessageOf(1);
  const airspace::Declaration content = ForEast(TestHazard(800));
  ActRequest request = parties_.ReleaseRequest(kNorth, 1, content, ReleaseCheck::kSecondEntry);
  Release body = std::get<Release>(request.act.act.body);
  body.previous = first;
  const SealedAct act = parties_.Seal(kNorth, Role::kDutyOfficer, body);
  other.envelope = act.envelope;
  other.declaration = request.declaration;
  other.endorsement =
      Endorse(act, testing::OperatorKeyFor(1, Role::kDutyOfficer), parties_.message_key(kNorth))
          .value();
  parties_.SendRaw(kSouth, kEast, "forwarded", WriteForwarded(other));
  parties_.Run(kSecond);
  const auto matters = parties_.OpenMatters(kEast, MatterKind::kUnusable);
  ASSERT_EQ(matters.size(), 1u);
  EXPECT_EQ(matters[0].subject, act.digest);
  EXPECT_EQ(parties_.Latest(kEast, 1), second);
  const auto& journal = parties_.journal(kEast);
  EXPECT_TRUE(std::any_of(journal.begin(), journal.end(), [&](const std::string& entry) {
    return entry.find("forwarded_fork") != std::string::npos &&
           entry.find(act.digest.ToHex()) != std::string::npos;
  }));
}

// East has a line to North as well, which is down while South forwards.
TEST(ForwardBesideALineTest, WhatComesLaterFromTheIssuerItselfIsReadBackAndNothingOlderWins) {
  Parties parties(3);
  parties.Settle();
  parties.SetPath(kNorth, kEast, false);
  parties.Release(kNorth, 1, ForEast(TestHazard()));
  parties.Run(kSecond);
  const base::Digest second = parties.Release(kNorth, 1, ForEast(TestHazard(400)));
  parties.Run(5 * kSecond);
  ASSERT_EQ(parties.notice(kEast, 1), nullptr);
  ASSERT_TRUE(parties.Do(kSouth, ForwardNotice{{TestNotice(1), second}, Parties::party(kEast)})
                  .has_value());
  parties.Run(5 * kSecond);
  ASSERT_EQ(parties.Latest(kEast, 1), second);
  EXPECT_TRUE(parties.OpenMatters(kEast, MatterKind::kReadBack).empty());
  parties.SetPath(kNorth, kEast, true);
  parties.Run(10 * kSecond);
  EXPECT_EQ(parties.Latest(kEast, 1), second) << "the first came behind it";
  EXPECT_EQ(parties.OpenMatters(kEast, MatterKind::kReadBack).size(), 1u);
  ASSERT_TRUE(parties.ReadBack(kEast, 1).has_value());
  parties.Run(5 * kSecond);
  const auto& delivery = parties.notice(kNorth, 1)->delivery.at(Parties::party(kEast));
  ASSERT_TRUE(delivery.r3.has_value());
  EXPECT_EQ(delivery.r3->version, second);
  EXPECT_TRUE(parties.OpenMatters(kEast, MatterKind::kUnusable).empty());
}

}  // namespace
}  // namespace wideberth::mechanism
