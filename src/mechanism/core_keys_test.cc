// A party changes its keys while it deals with two others.
#include <gtest/gtest.h>

#include "airspace/testing/world.h"
#include "crypto/sha256.h"
#include "line/key_change.h"
#include "mechanism/testing/parties.h"

namespace wideberth::mechanism {
namespace {

using airspace::testing::TestActivity;
using airspace::testing::TestHazard;
using base::ErrorCode;
using line::FingerprintOf;
using operators::ActKind;
using testing::kSecond;
using testing::Parties;

class PartyKeysTest : public ::testing::Test {
 protected:
  PartyKeysTest() { parties.Settle(); }

  line::KeyEpoch LastEpoch(size_t n, size_t peer) {
    return LineAt(n, peer)->state().mirror.keys.back();
  }
  const line::Endpoint* LineAt(size_t n, size_t peer) {
    return parties.core(n).FindLine(Parties::party(peer));
  }
  const Peer& PeerAt(size_t n, size_t peer) const {
    return *parties.desk(n).FindPeer(Parties::party(peer));
  }
  void ExpectFollowed(size_t n, size_t peer, uint8_t changes) {
    EXPECT_EQ(PeerAt(n, peer).card, Parties::CardText(peer, changes)) << n;
    const line::PartyCard card = line::ReadCard(PeerAt(n, peer).card).value();
    EXPECT_EQ(LastEpoch(n, peer).key, card.key(line::KeyRole::kMessage)) << n;
    EXPECT_EQ(LineAt(n, peer)->peer_card(), card) << n;
  }
  void ExpectNoTrouble() {
    for (const size_t n : {size_t{0}, size_t{1}, size_t{2}}) {
      for (const PeerTrouble& each : parties.side(n).troubles) {
        ADD_FAILURE() << n << ": " << each.trouble.error.ToString();
      }
    }
  }
  static std::string Journal(const testing::Side& side) {
    std::string all;
    for (const std::string& text : side.journal) all += text + "\n";
    return all;
  }

  Parties parties{3};
};

TEST_F(PartyKeysTest, AChangeReachesEveryLineAndPeopleAreAskedToCompare) {
  ASSERT_TRUE(parties.ChangeKeys(0).has_value());
  parties.Release(0, 1, TestHazard());
  parties.Run(5 * kSecond);
  for (const size_t peer : {size_t{1}, size_t{2}}) {
    ExpectFollowed(peer, 0, 1);
    ASSERT_EQ(PeerAt(peer, 0).former.size(), 1u);
    EXPECT_EQ(PeerAt(peer, 0).former[0].card, Parties::CardText(0, 0));
    EXPECT_EQ(PeerAt(peer, 0).former[0].last_seq + 1, LastEpoch(peer, 0).first_seq);
    const auto open = parties.OpenMatters(peer, MatterKind::kKeysChanged);
    ASSERT_EQ(open.size(), 1u);
    EXPECT_EQ(open[0].peer, Parties::party(0));
    EXPECT_FALSE(open[0].owed_by_peer);
    EXPECT_NE(parties.notice(peer, 1), nullptr);  // what came behind the change
    EXPECT_NE(Journal(parties.side(peer)).find("peer_keys_changed"), std::string::npos);
  }
  // Both have receipted it, and the desk waits for nothing.
  EXPECT_TRUE(parties.desk(0).awaited().empty());
  EXPECT_NE(Journal(parties.side(0)).find("own_keys_told"), std::string::npos);
  EXPECT_EQ(parties.desk(0).own_card()->card, Parties::CardText(0, 1));
  ExpectNoTrouble();
}

TEST_F(PartyKeysTest, AFingerprintClosesTheMatterAndNoOther) {
  ASSERT_TRUE(parties.ChangeKeys(0).has_value());
  parties.Run(5 * kSecond);
  const auto confirm = [&](size_t n, const line::PartyCard& card) {
    auto done = parties.core(n).ConfirmPeerKeys(Parties::party(0), FingerprintOf(card), "admin",
                                                parties.now(n));
    parties.Turn(n);
    return done;
  };
  const auto old = confirm(1, line::ReadCard(Parties::CardText(0, 0)).value());
  ASSERT_FALSE(old.has_value());
  EXPECT_EQ(old.error().code, ErrorCode::kConflict);
  EXPECT_EQ(old.error().field, "/fingerprint");
  EXPECT_EQ(parties.OpenMatters(1, MatterKind::kKeysChanged).size(), 1u);
  ASSERT_TRUE(confirm(1, parties.Card(0)).has_value());
  EXPECT_TRUE(parties.OpenMatters(1, MatterKind::kKeysChanged).empty());
  EXPECT_NE(Journal(parties.side(1)).find("peer_keys_compared"), std::string::npos);
  const auto again = confirm(1, parties.Card(0));
  ASSERT_FALSE(again.has_value());
  EXPECT_EQ(again.error().code, ErrorCode::kConflict);
  // The other peer compares for itself.
  EXPECT_EQ(parties.OpenMatters(2, MatterKind::kKeysChanged).size(), 1u);
}

TEST_F(PartyKeysTest, ALaterChangeTakesTheMatterOver) {
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(parties.ChangeKeys(0).has_value());
    parties.Run(5 * kSecond);
  }
  EXPECT_EQ(parties.OpenMatters(1, MatterKind::kKeysChanged).size(), 1u);
  size_t superseded = 0;
  for (const auto& [number, matter] : parties.desk(1).matters()) {
    if (matter.closed_as == "superseded") ++superseded;
  }
  EXPECT_EQ(superseded, 1u);
}

TEST_F(PartyKeysTest, RevokedKeysAreTakenDownAndMakeItUrgent) {
  const crypto::PublicKey stolen = parties.Card(0).key(line::KeyRole::kTransport);
  ASSERT_TRUE(parties.ChangeKeys(0, {stolen}).has_value());
  parties.Run(5 * kSecond);
  EXPECT_EQ(PeerAt(1, 0).revoked, std::vector{stolen});
  EXPECT_TRUE(parties.OpenMatters(1, MatterKind::kKeysChanged).at(0).urgent);
  // Said again with every later change, and counted once.
  ASSERT_TRUE(parties.ChangeKeys(0).has_value());
  parties.Run(5 * kSecond);
  EXPECT_EQ(PeerAt(1, 0).revoked, std::vector{stolen});
  EXPECT_EQ(parties.desk(0).own_card()->revoked, std::vector{stolen});
}

TEST_F(PartyKeysTest, RefusesWhatDoesNotFollow) {
  const auto change = [&](std::string card, line::Fingerprint after) {
    NewKeys keys{std::move(card), after, nullptr, {}, {}, std::nullopt};
    const auto done = parties.core(0).ChangeOwnKeys(std::move(keys), "admin", parties.now(0));
    EXPECT_FALSE(done.has_value());
    return done ? base::Error{} : done.error();
  };
  const line::Fingerprint now = FingerprintOf(parties.Card(0));
  EXPECT_EQ(change(Parties::CardText(0, 1), FingerprintOf(parties.Card(1))).code,
            ErrorCode::kConflict);
  EXPECT_EQ(change(Parties::CardText(1, 1), now).field, "/card");
  EXPECT_EQ(change(Parties::CardText(0, 0), now).field, "/card");
  EXPECT_EQ(change(Parties::CardText(0, 1), now).field, "/message_key");
  parties.Run(5 * kSecond);
  EXPECT_EQ(PeerAt(1, 0).card, Parties::CardText(0, 0));
  EXPECT_TRUE(parties.OpenMatters(1, MatterKind::kKeysChanged).empty());
}

TEST_F(PartyKeysTest, ALineThatIsDownIsToldWhenItIsUpAgain) {
  parties.SetPath(0, 1, false);
  parties.Run(2 * kSecond);
  ASSERT_TRUE(parties.ChangeKeys(0).has_value());
  ASSERT_TRUE(parties.ChangeKeys(0).has_value());
  parties.Run(5 * kSecond);
  ExpectFollowed(2, 0, 2);
  EXPECT_EQ(PeerAt(1, 0).card, Parties::CardText(0, 0));
  EXPECT_EQ(parties.desk(0).awaited().size(), 2u);
  parties.Crash(0);
  parties.Start(0);
  parties.SetPath(0, 1, true);
  parties.Run(20 * kSecond);
  ExpectFollowed(1, 0, 2);
  EXPECT_TRUE(parties.desk(0).awaited().empty());
  EXPECT_EQ(PeerAt(1, 0).former.size(), 2u);
  ASSERT_EQ(parties.OpenMatters(1, MatterKind::kKeysChanged).size(), 1u);
}

TEST_F(PartyKeysTest, BothChangeAndCrashAndGoOn) {
  for (size_t round = 0; round < 4; ++round) {
    ASSERT_TRUE(parties.ChangeKeys(0).has_value());
    ASSERT_TRUE(parties.ChangeKeys(1).has_value());
    parties.Run(kSecond / 50);
    parties.Crash(round % 2);
    parties.Start(round % 2);
    parties.Run(3 * kSecond);
  }
  parties.Release(0, 1, TestHazard());
  parties.Release(1, 2, TestActivity(600'000));
  parties.Run(20 * kSecond);
  ExpectFollowed(1, 0, 4);
  ExpectFollowed(0, 1, 4);
  EXPECT_NE(parties.notice(1, 1), nullptr);
  EXPECT_NE(parties.notice(0, 2), nullptr);
  ExpectNoTrouble();
}

// Of many changes the first card and the latest stay.
TEST_F(PartyKeysTest, FormerCardsAreKeptInBounds) {
  for (size_t i = 0; i < kFormerCardsKept + 5; ++i) {
    ASSERT_TRUE(parties.ChangeKeys(0).has_value());
    parties.Run(kSecond);
  }
  const Peer& peer = PeerAt(1, 0);
  ASSERT_EQ(peer.former.size(), 1 + kFormerCardsKept);
  EXPECT_EQ(peer.former.front().card, Parties::CardText(0, 0));
  EXPECT_EQ(peer.former.back().card,
            Parties::CardText(0, static_cast<uint8_t>(kFormerCardsKept + 4)));
  EXPECT_EQ(parties.desk(0).own_card()->former.size(), 1 + kFormerCardsKept);
}

}  // namespace
}  // namespace wideberth::mechanism
