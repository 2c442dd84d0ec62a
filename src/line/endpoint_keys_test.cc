// The keys of a side change while messages flow: each entry is under the key of its number, nothing is lost, and a key
// that was replaced signs nothing any more.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/random.h"
#include "crypto/sha256.h"
#include "line/endpoint.h"
#include "line/key_change.h"
#include "line/testing/pair.h"
#include "line/testing/values.h"

namespace wideberth::line {
namespace {

using base::ErrorCode;
using testing::Flight;
using testing::Pair;
using testing::TestCardText;
using testing::TestKey;
using testing::TestKeys;
using testing::TestParty;

constexpr int64_t kSecond = 1'000'000;

std::string Note(int n) {
  return "{\"n\":" + std::to_string(n) + "}";
}

// Both sides hold the same, and every entry is under the key that its writer had in force there.
void ExpectWhole(Pair& pair) {
  for (const size_t side : {size_t{0}, size_t{1}}) {
    EXPECT_TRUE(pair.endpoint(side).in_step()) << side;
    const LogState& own = pair.endpoint(side).state().own;
    const LogState& mirror = pair.endpoint(1 - side).state().mirror;
    EXPECT_EQ(own.keys, mirror.keys) << side;
    EXPECT_EQ(own.tree.head(), mirror.tree.head()) << side;
    const auto& entries = pair.node(1 - side).disk.mirror.entries();
    ASSERT_EQ(entries.size(), own.size());
    for (uint64_t seq = 1; seq <= own.size(); ++seq) {
      const crypto::PublicKey& key = own.EpochAt(seq).key;
      EXPECT_TRUE(OpenMessage(*entries[seq - 1].envelope, {&key, 1}).has_value()) << seq;
    }
  }
}

class EndpointKeys : public ::testing::Test {
 protected:
  void Exchange(int from, int to) {
    for (int n = from; n < to; ++n) {
      ASSERT_TRUE(pair.Write(0, Note(n)).has_value());
      ASSERT_TRUE(pair.Write(1, Note(n)).has_value());
    }
  }
  void ExpectNotes(int count) {
    for (const size_t side : {size_t{0}, size_t{1}}) {
      const std::vector<std::string> notes = pair.node(side).notes();
      ASSERT_EQ(notes.size(), static_cast<size_t>(count)) << side;
      for (int n = 0; n < count; ++n) EXPECT_EQ(notes[static_cast<size_t>(n)], Note(n));
    }
  }
  // What node 0 would write next, or at another number.
  Message NextOf0() {
    const LineState& state = pair.endpoint(0).state();
    Message message;
    message.type = {"note", 1};
    message.from = TestParty(1);
    message.to = TestParty(2);
    message.seq = state.own.size() + 1;
    message.previous = state.own.last;
    message.sent_at = pair.now(0).utc;
    message.peer_head = state.mirror.tree.head();
    message.body = "{\"crafted\":true}";
    return message;
  }
  static std::string FrameOf(const Message& message, const crypto::SecretKey& key) {
    LogEntry entry;
    entry.envelope = std::make_shared<const std::string>(SealMessage(message, key).value());
    return WriteEntryFrame(entry);
  }

  Pair pair{{.paths = 2}};
};

TEST_F(EndpointKeys, ChangeAtTheirNumberWithoutTroubleOrPause) {
  pair.ConnectAll();
  pair.Run(kSecond);
  Exchange(0, 3);
  ASSERT_TRUE(pair.ChangeKeys(0).has_value());
  const uint64_t changed_at = pair.endpoint(0).state().own.size();
  Exchange(3, 6);
  pair.Run(10 * kSecond);
  ExpectNotes(6);
  ExpectWhole(pair);
  for (const size_t side : {size_t{0}, size_t{1}}) {
    EXPECT_TRUE(pair.node(side).troubles.empty()) << pair.node(side).troubles[0].error.ToString();
    EXPECT_EQ(pair.endpoint(side).liveness().state(), LinkState::kUp);
  }
  const std::vector<KeyEpoch>& keys = pair.endpoint(1).state().mirror.keys;
  ASSERT_EQ(keys.size(), 2u);
  EXPECT_EQ(keys[0], (KeyEpoch{1, TestKey(1).public_key()}));
  EXPECT_EQ(keys[1], (KeyEpoch{changed_at + 1, TestKeys(1, 1)[0].public_key()}));
  EXPECT_EQ(pair.endpoint(1).peer_card(), testing::TestCard(1, 1));
}

TEST_F(EndpointKeys, ChangeInTheMiddleOfATurn) {
  pair.ConnectAll();
  pair.Run(kSecond);
  Draft draft;
  draft.type = {"note", 1};
  draft.body = Note(0);
  ASSERT_TRUE(pair.endpoint(0).Write(draft, pair.now(0)).has_value());
  const auto changed = pair.ChangeKeys(0, [&] {
    draft.body = Note(1);
    ASSERT_TRUE(pair.endpoint(0).Write(draft, pair.now(0)).has_value());
  });
  ASSERT_TRUE(changed.has_value());
  pair.Run(3 * kSecond);
  EXPECT_EQ(pair.node(1).notes(), (std::vector<std::string>{Note(0), Note(1)}));
  EXPECT_TRUE(pair.node(1).troubles.empty());
  ExpectWhole(pair);
}

TEST_F(EndpointKeys, ChangeOnBothSidesAtOnceAndAgainAndAgain) {
  pair.ConnectAll();
  for (int round = 0; round < 10; ++round) {
    ASSERT_TRUE(pair.ChangeKeys(0).has_value());
    ASSERT_TRUE(pair.ChangeKeys(1).has_value());
    Exchange(round, round + 1);
    if (round % 3 == 0) pair.Run(kSecond);
  }
  pair.Run(5 * kSecond);
  ExpectNotes(10);
  ExpectWhole(pair);
  EXPECT_EQ(pair.endpoint(0).state().own.keys.size(), 11u);
  EXPECT_TRUE(pair.node(0).troubles.empty() && pair.node(1).troubles.empty());
}

TEST_F(EndpointKeys, LossRepetitionAndReorderingCostNothing) {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE(seed);
    Pair lossy{{.paths = 2}};
    base::SeededRandom random(seed);
    lossy.passes = [&](const Flight&) { return random.Below(3) != 0; };
    lossy.ConnectAll();
    for (int n = 0; n < 30; ++n) {
      lossy.delay_us = {random.Between(100, 200'000), random.Between(100, 200'000)};
      ASSERT_TRUE(lossy.Write(random.Below(2), Note(n)).has_value());
      if (random.Below(5) == 0) {
        ASSERT_TRUE(lossy.ChangeKeys(random.Below(2)).has_value());
      }
      if (random.Below(10) == 0) {
        const size_t side = random.Below(2);
        lossy.Crash(side);
        lossy.Start(side);
      }
      if (!lossy.flights().empty()) {
        const Flight again = lossy.flights()[random.Below(lossy.flights().size())];
        EXPECT_TRUE(lossy.Deliver(again.to, *again.bytes, again.path).empty());
      }
      lossy.Run(random.Between(0, 600'000));
    }
    lossy.passes = [](const Flight&) { return true; };
    lossy.ConnectAll();
    lossy.Run(30 * kSecond);
    EXPECT_EQ(lossy.node(0).notes().size() + lossy.node(1).notes().size(), 30u);
    ExpectWhole(lossy);
    for (const size_t side : {size_t{0}, size_t{1}}) {
      for (const Trouble& trouble : lossy.node(side).troubles) {
        ADD_FAILURE() << Name(trouble.kind) << " " << trouble.error.ToString();
      }
    }
  }
}

TEST_F(EndpointKeys, ChangeWhileTheLineIsLost) {
  pair.ConnectAll();
  pair.Run(kSecond);
  Exchange(0, 2);
  pair.Run(kSecond);
  pair.passes = [](const Flight&) { return false; };
  pair.Run(12 * kSecond);
  ASSERT_EQ(pair.endpoint(0).liveness().state(), LinkState::kLost);
  ASSERT_TRUE(pair.ChangeKeys(0).has_value());
  ASSERT_TRUE(pair.ChangeKeys(0).has_value());
  Exchange(2, 4);
  // Started anew meanwhile, and without the keys that were replaced: nothing depends on them any more.
  pair.Crash(0);
  pair.node(0).keys.resize(1);
  pair.Start(0);
  Exchange(4, 5);
  pair.passes = [](const Flight&) { return true; };
  pair.Run(10 * kSecond);
  ExpectNotes(5);
  ExpectWhole(pair);
  EXPECT_TRUE(pair.endpoint(1).ConfirmRecovered().has_value());
}

TEST_F(EndpointKeys, NothingBehindAChangeIsSentBeforeThePeerHoldsIt) {
  pair.ConnectAll();
  pair.Run(kSecond);
  bool changed = false;
  bool acknowledged = false;
  pair.passes = [&](const Flight& flight) {
    if (flight.to == 0 && (*flight.bytes)[0] == 'A' && changed) acknowledged = true;
    if (flight.to != 1 || (*flight.bytes)[0] != 'E') return true;
    const auto frame = ReadFrame(*flight.bytes);
    const auto& envelope = std::get<EntryFrame>(*frame).envelope;
    const bool behind =
        OpenMessage(envelope, std::vector{TestKeys(1, 1)[0].public_key()}).has_value();
    EXPECT_FALSE(behind && !acknowledged);
    if (!behind) changed = true;
    return true;
  };
  const auto written = pair.ChangeKeys(0, [&] {
    for (int n = 0; n < 5; ++n) {
      Draft draft;
      draft.type = {"note", 1};
      draft.body = Note(n);
      ASSERT_TRUE(pair.endpoint(0).Write(draft, pair.now(0)).has_value());
    }
  });
  ASSERT_TRUE(written.has_value());
  pair.Run(kSecond);
  EXPECT_EQ(pair.node(1).notes().size(), 5u);
}

TEST_F(EndpointKeys, AReplacedKeySignsNothing) {
  pair.ConnectAll();
  pair.Run(kSecond);
  Exchange(0, 2);
  ASSERT_TRUE(pair.ChangeKeys(0).has_value());
  pair.Run(3 * kSecond);
  const uint64_t changed_at = pair.endpoint(0).state().own.keys.back().first_seq - 1;
  const uint64_t mirrored = pair.node(1).disk.mirror.size();
  // The next entry, signed by whoever still has the old key.
  const std::string forged = FrameOf(NextOf0(), TestKey(1));
  const std::vector<Trouble> troubles = pair.Deliver(1, forged);
  ASSERT_EQ(troubles.size(), 1u);
  EXPECT_EQ(troubles[0].kind, TroubleKind::kKeyReplaced);
  EXPECT_EQ(troubles[0].evidence, forged);
  EXPECT_NE(troubles[0].error.rule.find("replaced at " + std::to_string(changed_at)),
            std::string::npos)
      << troubles[0].error.ToString();
  // A heartbeat by it that says it is of now.
  Heartbeat heartbeat;
  heartbeat.from = TestParty(1);
  heartbeat.to = TestParty(2);
  heartbeat.name = {testing::TestBoot(7, 7), 1'000};
  heartbeat.sent_at = pair.now(0).utc;
  heartbeat.own_head = pair.endpoint(0).state().own.tree.head();
  const std::string beat = WriteHeartbeatFrame(SealHeartbeat(heartbeat, TestKey(1)));
  ASSERT_EQ(pair.Deliver(1, beat).size(), 1u);
  EXPECT_EQ(pair.node(1).troubles.back().kind, TroubleKind::kUnverified);
  // One of before the change may come late; it does nothing.
  heartbeat.own_head = {1, {}};
  EXPECT_TRUE(pair.Deliver(1, WriteHeartbeatFrame(SealHeartbeat(heartbeat, TestKey(1)))).empty());
  // Old entries are under the old key, and known again, also after a start.
  pair.Crash(1);
  pair.Start(1);
  for (const LogEntry& entry : pair.node(0).disk.own.entries()) {
    EXPECT_TRUE(pair.Deliver(1, WriteEntryFrame(entry)).empty());
  }
  EXPECT_EQ(pair.node(1).disk.mirror.size(), mirrored);
  // An old number under the new key is as wrong.
  Message message = NextOf0();
  message.seq = 1;
  message.previous = {};
  ASSERT_EQ(pair.Deliver(1, FrameOf(message, TestKeys(1, 1)[0])).size(), 1u);
  EXPECT_EQ(pair.node(1).troubles.back().kind, TroubleKind::kUnverified);
  Exchange(2, 3);
  pair.Run(3 * kSecond);
  ExpectNotes(3);
  ExpectWhole(pair);
}

// It came before the change that it stands behind, and was held.
TEST_F(EndpointKeys, AnEntryHeldBackIsJudgedByTheKeyOfItsNumber) {
  pair.ConnectAll();
  pair.Run(kSecond);
  Message ahead = NextOf0();
  ahead.seq += 1;
  ahead.previous = crypto::Sha256(base::AsBytes("whatever"));
  EXPECT_TRUE(pair.Deliver(1, FrameOf(ahead, TestKey(1))).empty());
  ASSERT_TRUE(pair.ChangeKeys(0).has_value());
  Exchange(0, 1);
  pair.Run(3 * kSecond);
  EXPECT_EQ(pair.node(1).Count(TroubleKind::kKeyReplaced), 1u);
  ExpectNotes(1);
  ExpectWhole(pair);
}

TEST_F(EndpointKeys, AForgedChangeChangesNothing) {
  pair.ConnectAll();
  pair.Run(kSecond);
  const KeyChange body{TestCardText(1, 1), {}, std::nullopt};
  Message message = NextOf0();
  message.type = {std::string(kKeyChangeType), 1};
  message.body = WriteKeyChange(body);
  // Signed by the new key, or by a stranger.
  for (const auto& keys : {TestKeys(1, 1), TestKeys(2)}) {
    ASSERT_EQ(pair.Deliver(1, FrameOf(message, keys[0])).size(), 1u);
    EXPECT_EQ(pair.node(1).troubles.back().kind, TroubleKind::kUnverified);
  }
  EXPECT_EQ(pair.endpoint(1).state().mirror.keys.size(), 1u);
  EXPECT_EQ(pair.endpoint(1).peer_card(), testing::TestCard(1));
  ASSERT_TRUE(pair.Write(0, Note(0)).has_value());
  pair.Run(kSecond);
  EXPECT_EQ(pair.node(1).notes().size(), 1u);
}

TEST_F(EndpointKeys, AChangeThatIsNoneIsKeptAndNotFollowed) {
  const std::string of_another = WriteKeyChange({TestCardText(2, 1), {}, std::nullopt});
  const std::string good = WriteKeyChange({TestCardText(1, 1), {}, std::nullopt});
  for (const auto& [body, mode] : {std::pair(std::string("{}"), airspace::DataMode::kReal),
                                   {of_another, airspace::DataMode::kReal},
                                   {good, airspace::DataMode::kExercise}}) {
    Pair one;
    one.ConnectAll();
    Draft draft;
    draft.type = {std::string(kKeyChangeType), 1};
    draft.data_mode = mode;
    draft.body = body;
    ASSERT_TRUE(one.Write(0, std::move(draft)).has_value());
    one.Run(kSecond);
    ASSERT_FALSE(one.node(1).received.empty());
    EXPECT_FALSE(one.node(1).received.front().understood);
    EXPECT_EQ(one.node(1).Count(TroubleKind::kMalformed), 1u);
    EXPECT_EQ(one.endpoint(1).state().mirror.keys.size(), 1u);
    EXPECT_EQ(one.endpoint(1).peer_card(), testing::TestCard(1));
    // Its writer goes on under the key that it had, and so does the line.
    ASSERT_TRUE(one.Write(0, Note(1)).has_value());
    one.Run(kSecond);
    EXPECT_EQ(one.node(1).notes().size(), 1u);
  }
}

TEST_F(EndpointKeys, AKeyDoesNotComeBack) {
  pair.ConnectAll();
  ASSERT_TRUE(pair.ChangeKeys(0).has_value());
  pair.Run(kSecond);
  const uint64_t written = pair.endpoint(0).state().own.size();
  const auto old = std::make_shared<const crypto::SecretKey>(TestKey(1));
  auto keys = TestKeys(1, 2);
  keys[0] = TestKey(1);
  const std::string card =
      MakeCard(TestParty(1), "party-1", keys, {testing::kNoon.us + 3'600'000'000}).value();
  const std::string body = WriteKeyChange({card, {}, std::nullopt});
  const auto refused = pair.endpoint(0).ChangeKeys(body, old, pair.now(0));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kConflict);
  EXPECT_EQ(pair.endpoint(0).state().own.size(), written);
  // Nor is it taken from a peer that says so all the same.
  Draft draft;
  draft.type = {std::string(kKeyChangeType), 1};
  draft.body = body;
  ASSERT_TRUE(pair.Write(0, std::move(draft)).has_value());
  pair.Run(kSecond);
  EXPECT_EQ(pair.node(1).Count(TroubleKind::kMalformed), 1u);
  EXPECT_EQ(pair.endpoint(1).state().mirror.keys.size(), 2u);
}

TEST_F(EndpointKeys, OtherKeysChangeWithoutACut) {
  pair.ConnectAll();
  auto keys = TestKeys(1);
  keys[3] = TestKey(88);
  const std::string card =
      MakeCard(TestParty(1), "party-1", keys, {testing::kNoon.us + 60'000'000}).value();
  const auto same = std::make_shared<const crypto::SecretKey>(TestKey(1));
  ASSERT_TRUE(pair.endpoint(0)
                  .ChangeKeys(WriteKeyChange({card, {}, std::nullopt}), same, pair.now(0))
                  .has_value());
  pair.Turn(0);
  Exchange(0, 2);
  pair.Run(kSecond);
  ExpectNotes(2);
  EXPECT_EQ(pair.endpoint(1).state().mirror.keys.size(), 1u);
  EXPECT_EQ(pair.endpoint(1).peer_card().key(KeyRole::kTransport), TestKey(88).public_key());
}

}  // namespace
}  // namespace wideberth::line
