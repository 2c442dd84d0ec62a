// What a peer may not do, whatever its node says: it becomes a matter for a person, and changes nothing else.
#include <gtest/gtest.h>

#include "airspace/testing/world.h"
#include "crypto/dsse.h"
#include "crypto/sha256.h"
#include "mechanism/testing/parties.h"

namespace wideberth::mechanism {
namespace {

using airspace::testing::TestActivity;
using airspace::testing::TestHazard;
using airspace::testing::TestNotice;
using operators::ActKind;
using operators::Role;
using testing::kSecond;
using testing::Parties;

// North (0) keeps the books; East (2) is honest; South (1) says what it likes.
class UntrustedTest : public ::testing::Test {
 protected:
  UntrustedTest() {
    parties.Settle();
    parties.Release(0, 1, TestHazard());
    parties.Release(2, 3, TestActivity(60'000));
    parties.Run(5 * kSecond);
    EXPECT_TRUE(
        parties.Do(0, StopCall{{{46'400'000'000, 6'500'000'000}, 5'000}, "", ""}, 2).has_value());
    EXPECT_TRUE(
        parties.Do(2, StopCall{{{46'400'000'000, 6'500'000'000}, 5'000}, "", ""}, 0).has_value());
    parties.Run(5 * kSecond);
  }

  SealedAct Sealed(ActBody body, Role role = Role::kSupervisor) {
    return parties.Seal(1, role, std::move(body));
  }
  // North's picture, without what the new matter and its entry in the journal add.
  struct Picture {
    base::Bytes airspace;
    std::vector<Matter> open;
    std::vector<Call> calls;
    std::map<base::PartyId, Peer> peers;
    bool operator==(const Picture&) const = default;
  };
  Picture PictureOfNorth() const {
    Picture picture;
    picture.airspace = parties.state(0).Canonical();
    for (const Matter& matter : parties.OpenMatters(0)) {
      if (matter.kind != MatterKind::kUnusable && matter.kind != MatterKind::kLineCheck) {
        picture.open.push_back(matter);
      }
    }
    for (const auto& [id, call] : parties.desk(0).calls()) picture.calls.push_back(call);
    picture.peers = parties.desk(0).peers();
    return picture;
  }
  void ExpectUnusable(std::string_view type, std::string body, uint32_t major = 1) {
    parties.ticks = false;  // nothing but the message changes anything
    const Picture before = PictureOfNorth();
    const size_t unusable = parties.OpenMatters(0, MatterKind::kUnusable).size();
    parties.SendRaw(1, 0, type, std::move(body), major);
    parties.Run(kSecond);
    EXPECT_EQ(parties.OpenMatters(0, MatterKind::kUnusable).size(), unusable + 1);
    const Picture after = PictureOfNorth();
    EXPECT_TRUE(before.airspace == after.airspace) << "the airspace has changed";
    EXPECT_EQ(before.open, after.open);
    EXPECT_EQ(before.calls, after.calls);
    EXPECT_EQ(before.peers, after.peers);
    // It is in the record all the same, and receipted: what was said was said.
    EXPECT_EQ(parties.side(1).raw->acknowledged(), parties.side(1).raw->state().own.size());
    const Matter matter = parties.OpenMatters(0, MatterKind::kUnusable).back();
    EXPECT_EQ(matter.peer, Parties::party(1));
    EXPECT_TRUE(matter.urgent);
  }
  void ExpectUnusableAct(ActBody body, std::string_view declaration = {}) {
    ExpectUnusable("act", Parties::ActMessage(Sealed(std::move(body)).envelope, declaration));
  }
  NoticeVersionRef Ref(uint8_t notice) const {
    return {TestNotice(notice), parties.Latest(0, notice)};
  }
  mechanism::Release ReleaseOf(uint8_t notice, std::string_view text) const {
    return {TestNotice(notice),
            std::nullopt,
            crypto::Sha256(base::AsBytes(text)),
            {},
            ReleaseCheck::kSecondEntry};
  }

  Parties parties{3};
};

TEST_F(UntrustedTest, WhatIsNotUnderstood) {
  ExpectUnusable("weather", "{}");
  ExpectUnusable("act", "{}", 2);
  ExpectUnusable("act", "{}");
  ExpectUnusable("act", "{\"act\":\"no envelope\"}");
  ExpectUnusable("basis", "{\"conflict\":\"short\"}");
  ExpectUnusable("line-check", "{\"id\":\"1\",\"word\":\"X\"}");
  ExpectUnusable("operator-keys", "{\"operators\":[{}]}");
}

TEST_F(UntrustedTest, ActsThatNobodyThereMayHaveSigned) {
  const LineCheck check{"KILO 7 TANGO"};
  // By a key that was never announced.
  Act act = testing::TestAct(2, check);
  act.at = parties.now(1).utc;
  ExpectUnusable("act", Parties::ActMessage(SealAct(act, testing::TestKey(250)).value().envelope));
  // An act of North's own operator, and one of East's, handed on as if they were South's.
  ExpectUnusable("act", Parties::ActMessage(parties.Seal(0, Role::kDutyOfficer, check).envelope));
  ExpectUnusable("act", Parties::ActMessage(parties.Seal(2, Role::kDutyOfficer, check).envelope));
  // A duty officer who does what is a supervisor's, and one who says they are a supervisor.
  ExpectUnusable("act", Parties::ActMessage(
                            Sealed(EndStopCallUnanswered{act.id}, Role::kDutyOfficer).envelope));
  // One changed byte.
  std::string forged = Sealed(check).envelope;
  forged[forged.size() / 2] = static_cast<char>(forged[forged.size() / 2] ^ 1);
  ExpectUnusable("act", Parties::ActMessage(forged));
  // Free text on the safety lane.
  ExpectUnusableAct(SendPolicyText{"hello"});
}

TEST_F(UntrustedTest, NoticesOfOthers) {
  const std::string text = testing::TextOf(TestActivity(20'000));
  for (const uint8_t notice : {uint8_t{1}, uint8_t{3}}) {
    SCOPED_TRACE(static_cast<int>(notice));
    ExpectUnusableAct(ReleaseOf(notice, text), text);
    ExpectUnusableAct(Withdraw{Ref(notice)});
    ExpectUnusableAct(SetActive{Ref(notice)});
    ExpectUnusableAct(SetEnded{Ref(notice)});
    ExpectUnusableAct(AllClear{Ref(notice), false});
  }
  // East's notice is none that South may say anything about to North.
  ExpectUnusableAct(Assess{Ref(3), airspace::Assessment::kObjection, {}});
  ExpectUnusableAct(TellUnits{Ref(3), true, true});
  const airspace::NoticeVersion& version = parties.notice(0, 3)->latest();
  ExpectUnusableAct(ReadBack{Ref(3), version.digest, ReadingOf(version.declaration), false,
                             crypto::Sha256(base::AsBytes(version.declaration.original))});
}

TEST_F(UntrustedTest, AReleaseWithoutItsText) {
  const std::string text = testing::TextOf(TestActivity(20'000));
  ExpectUnusableAct(ReleaseOf(9, text));
  ExpectUnusableAct(ReleaseOf(9, text), testing::TextOf(TestActivity(20'001)));
  ExpectUnusableAct(ReleaseOf(9, "{}"), "{}");
  airspace::Declaration drill = TestActivity(20'000);
  drill.data_mode = airspace::DataMode::kExercise;
  ExpectUnusableAct(ReleaseOf(9, testing::TextOf(drill)), testing::TextOf(drill));
}

TEST_F(UntrustedTest, AReadBackThatDoesNotAgreeOrIsOfSomethingElse) {
  const airspace::NoticeVersion version = parties.notice(0, 1)->latest();
  const base::Digest text = crypto::Sha256(base::AsBytes(version.declaration.original));
  const Reading right = ReadingOf(version.declaration);
  ExpectUnusableAct(
      ReadBack{Ref(1), version.digest, ReadingOf(testing::AsSent(TestHazard(9'000))), false, text});
  ExpectUnusableAct(ReadBack{Ref(1), version.digest, right, false, crypto::Sha256({})});
  // A right reading does not close whatever else it names: the line's own matter, the stop call to East.
  ExpectUnusableAct(
      ReadBack{Ref(1), crypto::Sha256(Parties::party(1).uuid.bytes), right, false, text});
  ExpectUnusableAct(
      ReadBack{Ref(1), parties.LastCall(0, ActKind::kStopCall)->act, right, false, text});
}

TEST_F(UntrustedTest, CallsOfOthers) {
  base::Uuid to_east;
  base::Uuid from_east;
  for (const auto& [id, call] : parties.desk(0).calls()) {
    if (call.kind != ActKind::kStopCall) continue;
    (call.by_us ? to_east : from_east) = id;
  }
  ExpectUnusableAct(AnswerStopCall{to_east, StopAnswer::kStopped, 0});
  ExpectUnusableAct(EndStopCallUnanswered{from_east});
  // A stop call that takes the id of another one is not swallowed.
  Act act = testing::TestAct(2, StopCall{{{46'400'000'000, 6'500'000'000}, 5'000}, "", ""});
  act.role = Role::kDutyOfficer;
  act.at = parties.now(1).utc;
  act.id = from_east;
  const auto secret = testing::OperatorSecret(2, Role::kDutyOfficer);
  ExpectUnusable("act", Parties::ActMessage(SealAct(act, secret).value().envelope));
}

TEST_F(UntrustedTest, AnOwnActOfAnotherPartyOrRoleIsRefused) {
  const ActRequest of_south{
      parties.Seal(1, Role::kDutyOfficer, LineCheck{"X"}), nullptr, {}, {}, {}};
  EXPECT_EQ(parties.Do(0, of_south).error().code, base::ErrorCode::kUnauthorized);
  EXPECT_EQ(parties.DoAs(0, Role::kViewer, LineCheck{"X"}).error().code,
            base::ErrorCode::kForbidden);
}

TEST_F(UntrustedTest, ANameOfALineCheckIsUsedOnce) {
  std::array<uint8_t, 16> bytes{};
  bytes.fill(0x31);
  const std::string id = base::Uuid::V4FromRandom(bytes).ToString();
  parties.ticks = false;
  parties.SendRaw(1, 0, "line-check", "{\"id\":\"" + id + "\",\"word\":\"ONE\"}");
  parties.Run(kSecond);
  EXPECT_EQ(parties.LastCall(0, ActKind::kLineCheck)->words, "ONE");
  ExpectUnusable("line-check", "{\"id\":\"" + id + "\",\"word\":\"TWO\"}");
}

TEST(KeysTest, AreAnnouncedBeforeTheFirstActAndAfterARevocation) {
  Parties parties;
  parties.ticks = false;  // no tick announces them: the act itself does
  parties.Connect();
  parties.Run(5 * kSecond);
  EXPECT_TRUE(parties.desk(1).FindPeer(Parties::party(0))->operator_keys.empty());
  ASSERT_TRUE(parties.Do(0, LineCheck{"KILO 7 TANGO"}).has_value());
  parties.Run(kSecond);
  EXPECT_NE(parties.LastCall(1, ActKind::kLineCheck), nullptr);
  EXPECT_TRUE(parties.OpenMatters(1, MatterKind::kUnusable).empty());
  EXPECT_EQ(parties.desk(1).FindPeer(Parties::party(0))->operator_keys.size(), 4u);
  // Disabled: what they sign from then on is nobody's.
  operators::Account account = testing::TestAccount(1, Role::kDutyOfficer);
  account.disabled_at = parties.now(0).utc;
  parties.core(0).ChangeAccount(account, parties.now(0));
  parties.Turn(0);
  parties.Run(kSecond);
  const SealedAct late = parties.Seal(0, Role::kDutyOfficer, LineCheck{"LIMA 1 LIMA"});
  parties.SendRaw(0, 1, "act", Parties::ActMessage(late.envelope));
  parties.Run(kSecond);
  EXPECT_EQ(parties.OpenMatters(1, MatterKind::kUnusable).size(), 1u);
  EXPECT_EQ(parties.LastCall(1, ActKind::kLineCheck)->words, "KILO 7 TANGO");
}

}  // namespace
}  // namespace wideberth::mechanism
