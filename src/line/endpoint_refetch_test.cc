// A node whose store is an old copy: it signs nothing, has back what the peer holds, and goes on behind it.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "base/limits.h"
#include "base/random.h"
#include "line/endpoint.h"
#include "line/testing/pair.h"
#include "line/testing/values.h"

namespace wideberth::line {
namespace {

using base::ErrorCode;
using testing::Disk;
using testing::Pair;
using testing::TestKey;

constexpr int64_t kSecond = 1'000'000;

class EndpointRefetch : public ::testing::Test {
 protected:
  explicit EndpointRefetch(testing::PairConfig config = {.cosigning = true})
      : pair(std::move(config)) {
    pair.ConnectAll();
    Talk(3);
    pair.Run(3 * kSecond);
  }

  void Talk(int notes) {
    for (int i = 0; i < notes; ++i) {
      for (const size_t side : {0u, 1u}) {
        ASSERT_TRUE(pair.Write(side, "{\"n\":" + std::to_string(++said_) + "}").has_value());
        pair.Run(50'000);
      }
    }
  }
  // Node 0 stops, its disk is set back to `copy`, and it starts.
  void Restore(const Disk& copy, bool known) {
    pair.Crash(0);
    pair.node(0).disk = copy;
    pair.node(0).config.restored = known;
    pair.node(0).received.clear();
    pair.Start(0);
  }
  // What a log has, byte by byte.
  static std::vector<std::string> TextsOf(const testing::MemoryLog& log) {
    std::vector<std::string> texts;
    for (const LogEntry& entry : log.entries()) {
      texts.push_back(*entry.envelope + (entry.body_beside ? *entry.body_beside : ""));
    }
    return texts;
  }
  void ExpectSame() {
    const Disk& ours = pair.node(0).disk;
    const Disk& theirs = pair.node(1).disk;
    EXPECT_EQ(TextsOf(ours.own), TextsOf(theirs.mirror));
    EXPECT_EQ(TextsOf(ours.mirror), TextsOf(theirs.own));
    EXPECT_EQ(ours.state.own.tree.head(), theirs.state.mirror.tree.head());
    EXPECT_EQ(ours.state.own.last, theirs.state.mirror.last);
    EXPECT_TRUE(pair.endpoint(0).in_step());
    EXPECT_TRUE(pair.endpoint(1).in_step());
    EXPECT_TRUE(pair.endpoint(0).may_write());
    for (const size_t side : {0u, 1u}) {
      for (const TroubleKind kind :
           {TroubleKind::kFork, TroubleKind::kHeadsDiffer, TroubleKind::kHeadsForked,
            TroubleKind::kOtherTree, TroubleKind::kNotCosigned, TroubleKind::kBrokenChain,
            TroubleKind::kUnverified, TroubleKind::kMalformed}) {
        EXPECT_EQ(pair.node(side).Count(kind), 0u) << side << Name(kind);
      }
    }
  }

  // What node 0 has had back since the copy.
  void ExpectOrderOfGrowth(const Disk& copy) {
    uint64_t own = copy.own.size();
    uint64_t mirrored = copy.mirror.size();
    for (const Received& received : pair.node(0).received) {
      const Message& message = received.opened.message;
      if (received.own) {
        EXPECT_EQ(message.seq, ++own);
        EXPECT_LE(message.peer_head.size, mirrored) << "an answer before what it answers";
      } else {
        EXPECT_EQ(message.seq, ++mirrored);
        EXPECT_LE(message.peer_head.size, own) << "an answer before what it answers";
      }
      EXPECT_TRUE(received.again);
      EXPECT_FALSE(received.clock_suspect);
    }
    EXPECT_EQ(own, pair.node(0).disk.own.size());
    EXPECT_EQ(mirrored, pair.node(1).disk.own.size());
  }

  Pair pair;

 private:
  int said_ = 0;
};

TEST_F(EndpointRefetch, HasBackWhatItLostAndGoesOn) {
  for (const bool known : {true, false}) {
    const Disk copy = pair.node(0).disk;
    Talk(20);
    ASSERT_TRUE(pair.endpoint(0).SetPolicyLane(known, pair.now(0)).has_value());
    pair.Turn(0);
    pair.Run(3 * kSecond);
    const Disk lost = pair.node(0).disk;
    ASSERT_GT(lost.own.size(), copy.own.size() + 20);

    Restore(copy, known);
    pair.Run(5 * kSecond);
    // The same log to the byte, and behind it nothing: what was receipted is not receipted again.
    EXPECT_EQ(TextsOf(pair.node(0).disk.own), TextsOf(lost.own)) << known;
    EXPECT_EQ(pair.node(0).disk.state.last_sent_at, lost.state.last_sent_at);
    EXPECT_EQ(pair.node(0).disk.state.suspended_by_self, known);
    EXPECT_GE(pair.node(0).Count(TroubleKind::kPeerHoldsMore), 1u);
    EXPECT_GE(pair.node(1).Count(TroubleKind::kPeerRolledBack), 1u);
    ExpectSame();

    Talk(3);
    pair.Run(5 * kSecond);
    ExpectSame();
    // Heads are signed and cosigned again, beyond those of before.
    EXPECT_GT(pair.node(0).disk.state.own.cosigned->head.size, lost.own.size());
  }
}

TEST_F(EndpointRefetch, TakesBothLogsInTheOrderInWhichTheyGrew) {
  const Disk copy = pair.node(0).disk;
  Talk(30);
  pair.Run(3 * kSecond);
  Restore(copy, true);
  pair.Run(5 * kSecond);
  ExpectOrderOfGrowth(copy);
}

// Its heartbeats say nothing before the entry that changes its keys is here, which stands behind others.
TEST_F(EndpointRefetch, InThatOrderAlsoFromAPeerThatHasChangedItsKeys) {
  const Disk copy = pair.node(0).disk;
  const PartyCard card_then = pair.node(0).peer_card;
  Talk(10);
  ASSERT_TRUE(pair.ChangeKeys(1).has_value());
  Talk(10);
  pair.Run(3 * kSecond);
  pair.node(0).peer_card = card_then;
  Restore(copy, true);
  pair.Run(15 * kSecond);
  ExpectOrderOfGrowth(copy);
}

TEST_F(EndpointRefetch, SignsNothingBeforeThePeerIsHeard) {
  const Disk copy = pair.node(0).disk;  // which is not old at all
  pair.SetPath(0, false);
  Restore(copy, true);
  pair.SetPath(0, false);
  for (const Lane lane : {Lane::kSafety, Lane::kPolicy}) {
    const auto refused = pair.Write(0, "{}", lane);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, ErrorCode::kConflict);
  }
  EXPECT_FALSE(pair.endpoint(0).SetPolicyLane(true, pair.now(0)).has_value());
  pair.Run(20 * kSecond);
  ASSERT_TRUE(pair.endpoint(0).old_copy().has_value());
  EXPECT_FALSE(pair.endpoint(0).old_copy()->peer_heard);
  EXPECT_EQ(pair.node(0).disk.own.size(), copy.own.size());
  EXPECT_EQ(pair.node(0).disk.state.own.signed_head->head, copy.state.own.signed_head->head);

  pair.SetPath(0, true);
  pair.Run(5 * kSecond);
  EXPECT_FALSE(pair.endpoint(0).old_copy().has_value());
  EXPECT_TRUE(pair.Write(0, "{}").has_value());
  pair.Run(3 * kSecond);
  ExpectSame();
}

TEST_F(EndpointRefetch, BothRestored) {
  const Disk copies[] = {pair.node(0).disk, pair.node(1).disk};
  Talk(10);
  pair.Run(3 * kSecond);
  const Disk newer = pair.node(1).disk;
  Talk(10);
  pair.Run(3 * kSecond);
  // Node 1 comes back with less than it had, and with more than node 0 has: that is what there is.
  pair.Crash(1);
  pair.node(1).disk = newer;
  pair.node(1).config.restored = true;
  Restore(copies[0], true);
  pair.Start(1);
  pair.Run(10 * kSecond);
  EXPECT_EQ(pair.node(0).disk.own.size(), newer.mirror.size());
  ExpectSame();
  Talk(3);
  pair.Run(3 * kSecond);
  ExpectSame();
}

TEST_F(EndpointRefetch, LongTailsAndBodiesBeside) {
  const Disk copy = pair.node(0).disk;
  const std::string large(limits::kMessageBodyInlineBytesMax, 'x');
  for (int i = 0; i < 400; ++i) {
    ASSERT_TRUE(pair.Write(0, "{\"n\":" + std::to_string(i) + "}").has_value());
    pair.Run(2'000);
    if (i % 100 != 0) continue;
    for (const size_t side : {0u, 1u}) {
      ASSERT_TRUE(pair.Write(side, "{\"large\":\"" + large + "\"}").has_value());
    }
  }
  pair.Run(20 * kSecond);
  ASSERT_TRUE(pair.endpoint(0).in_step());
  Restore(copy, true);
  pair.Run(10 * kSecond);
  ExpectSame();
}

TEST_F(EndpointRefetch, ThroughLossAndCrashes) {
  base::SeededRandom random(7);
  for (int round = 0; round < 12; ++round) {
    const Disk copy = pair.node(0).disk;
    Talk(static_cast<int>(random.Below(12)));
    pair.Run(8 * kSecond);
    ASSERT_TRUE(pair.endpoint(1).in_step()) << round;
    pair.passes = [&](const testing::Flight&) { return random.Below(100) < 60; };
    Restore(copy, round % 2 == 0);
    pair.Run(static_cast<int64_t>(random.Below(4)) * kSecond);
    // Again in the middle of it, on either side.
    pair.Crash(round % 2 == 0 ? 0 : 1);
    pair.Start(round % 2 == 0 ? 0 : 1);
    pair.Run(3 * kSecond);
    pair.passes = [](const testing::Flight&) { return true; };
    pair.Run(30 * kSecond);
    ExpectSame();
  }
}

TEST_F(EndpointRefetch, KeysThatWereChangedSinceTakeAStart) {
  const Disk copy = pair.node(0).disk;
  const OwnKeys before = pair.node(0).keys;
  Talk(3);
  ASSERT_TRUE(pair.ChangeKeys(0).has_value());
  Talk(3);
  pair.Run(3 * kSecond);
  const OwnKeys after = pair.node(0).keys;
  pair.node(0).keys = before;
  Restore(copy, true);
  pair.Run(15 * kSecond);
  EXPECT_EQ(TextsOf(pair.node(0).disk.own), TextsOf(pair.node(1).disk.mirror));
  ASSERT_TRUE(pair.endpoint(0).old_copy().has_value());
  EXPECT_TRUE(pair.endpoint(0).old_copy()->keys_changed);
  EXPECT_FALSE(pair.Write(0, "{}").has_value());
  pair.Crash(0);
  pair.node(0).keys = after;
  pair.Start(0);
  pair.Run(5 * kSecond);
  EXPECT_TRUE(pair.Write(0, "{}").has_value());
  pair.Run(5 * kSecond);
  ExpectSame();
}

// Of what only its heartbeats spoke of, nobody holds anything: the line goes on without.
TEST_F(EndpointRefetch, WhatNeverLeftIsWaitedForByNobody) {
  const Disk copy = pair.node(0).disk;
  pair.passes = [](const testing::Flight& flight) { return flight.bytes->front() == 'H'; };
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(pair.Write(0, "{}").has_value());
  pair.Run(3 * kSecond);
  ASSERT_FALSE(pair.endpoint(1).in_step());
  pair.passes = [](const testing::Flight&) { return true; };
  Restore(copy, true);
  pair.Run(5 * kSecond);
  EXPECT_EQ(pair.node(0).disk.own.size(), copy.own.size());
  EXPECT_EQ(pair.node(1).Count(TroubleKind::kPeerRolledBack), 1u);
  ExpectSame();
}

TEST_F(EndpointRefetch, AnEntryBehindAChangeOfKeysMayComeBeforeIt) {
  const Disk copy = pair.node(0).disk;
  const OwnKeys before = pair.node(0).keys;
  ASSERT_TRUE(pair.ChangeKeys(0).has_value());
  Talk(3);
  pair.Run(3 * kSecond);
  const Disk lost = pair.node(0).disk;
  pair.node(0).keys = before;
  pair.passes = [](const testing::Flight& flight) { return flight.bytes->front() == 'H'; };
  Restore(copy, true);
  pair.Run(5 * kSecond);
  const auto& entries = lost.own.entries();
  EXPECT_TRUE(pair.Deliver(0, WriteOwnEntryFrame(entries[copy.own.size() + 2])).empty());
  EXPECT_TRUE(pair.Deliver(0, WriteOwnEntryFrame(entries[copy.own.size()])).empty());
  EXPECT_EQ(pair.endpoint(0).state().own.size(), copy.own.size() + 1);
  pair.passes = [](const testing::Flight&) { return true; };
  pair.Run(15 * kSecond);
  EXPECT_EQ(TextsOf(pair.node(0).disk.own), TextsOf(lost.own));
  EXPECT_EQ(pair.node(0).Count(TroubleKind::kUnverified), 0u);
}

// A heartbeat of node 1 that says it holds so many entries more of node 0's log than there are.
std::string Claim(Pair& pair, uint64_t number, uint64_t more) {
  Heartbeat heartbeat;
  heartbeat.from = testing::TestParty(2);
  heartbeat.to = testing::TestParty(1);
  heartbeat.name = {pair.node(1).config.boot, 1'000'000 + number};
  heartbeat.sent_at = pair.now(1).utc;
  heartbeat.own_head = pair.endpoint(1).state().own.tree.head();
  heartbeat.peer_head = {pair.endpoint(1).state().mirror.size() + more, base::Digest{}};
  return WriteHeartbeatFrame(SealHeartbeat(heartbeat, TestKey(2)));
}

TEST_F(EndpointRefetch, APeerThatDoesNotShowWhatItSaysItHoldsIsSaid) {
  const std::string claim = Claim(pair, 1, 5);
  ASSERT_EQ(pair.Deliver(0, claim).size(), 1u);
  EXPECT_FALSE(pair.Write(0, "{}").has_value());
  pair.Run(15 * kSecond);
  const auto& troubles = pair.node(0).troubles;
  const auto said = std::find_if(troubles.begin(), troubles.end(), [](const Trouble& trouble) {
    return trouble.kind == TroubleKind::kNotShown;
  });
  ASSERT_NE(said, troubles.end());
  EXPECT_EQ(said->evidence, claim);
  EXPECT_EQ(pair.node(0).Count(TroubleKind::kNotShown), 1u);
  // What it says is taken all the same.
  const size_t notes = pair.node(0).notes().size();
  ASSERT_TRUE(pair.Write(1, "{\"hazard\":1}").has_value());
  pair.Run(3 * kSecond);
  EXPECT_EQ(pair.node(0).notes().size(), notes + 1);
}

// R2 says that it holds so much durably. What it says later under its own signature is held against that; what it said
// before, and comes late, is not.
TEST_F(EndpointRefetch, APeerThatHoldsLessThanItHasCosignedIsSaid) {
  pair.Run(3 * kSecond);
  const auto cosigned = pair.endpoint(0).state().own.cosigned;
  ASSERT_TRUE(cosigned.has_value());
  uint64_t number = 1'000'000;
  const auto say = [&](uint64_t holds, base::UtcMicros at) {
    Heartbeat heartbeat;
    heartbeat.from = testing::TestParty(2);
    heartbeat.to = testing::TestParty(1);
    heartbeat.name = {pair.node(1).config.boot, ++number};
    heartbeat.sent_at = at;
    heartbeat.own_head = pair.endpoint(1).state().own.tree.head();
    heartbeat.peer_head = {holds, base::Digest{}};
    return pair.Deliver(0, WriteHeartbeatFrame(SealHeartbeat(heartbeat, TestKey(2))));
  };
  const auto time_s = static_cast<int64_t>(cosigned->time_s);
  EXPECT_TRUE(say(cosigned->head.size - 1, {time_s * kSecond + kSecond - 1}).empty());
  EXPECT_EQ(pair.node(0).Count(TroubleKind::kCosignedNotHeld), 0u);
  const auto troubles = say(cosigned->head.size - 1, {(time_s + 1) * kSecond});
  ASSERT_EQ(troubles.size(), 1u);
  EXPECT_EQ(troubles[0].kind, TroubleKind::kCosignedNotHeld);
  EXPECT_EQ(Name(troubles[0].kind), "cosigned_not_held");
  EXPECT_NE(troubles[0].error.rule.find(std::to_string(cosigned->time_s)), std::string::npos);
  EXPECT_TRUE(pair.endpoint(0).may_write()) << "nothing stops for it";
  // A peer that was set back says so too, and has it back.
  const Disk copy = pair.node(0).disk;
  Talk(3);
  pair.Run(3 * kSecond);
  Restore(copy, true);
  pair.Run(5 * kSecond);
  EXPECT_GE(pair.node(1).Count(TroubleKind::kCosignedNotHeld), 1u);
  EXPECT_EQ(pair.node(1).Count(TroubleKind::kFork), 0u);
}

// Its word stops every line while it may still be about to show it, and then its own alone: neither paths that come
// and go nor larger claims give it more time.
TEST_F(EndpointRefetch, AClaimThatIsNotShownStopsItsOwnLineAlone) {
  ASSERT_EQ(pair.Deliver(0, Claim(pair, 1, 5)).size(), 1u);
  ASSERT_TRUE(pair.endpoint(0).old_copy().has_value());
  EXPECT_FALSE(pair.endpoint(0).old_copy()->this_line_only);
  uint64_t number = 1;
  for (int64_t waited = 0; waited < kOldCopyPatienceUs - kSecond; waited += kSecond) {
    EXPECT_FALSE(pair.endpoint(0).old_copy()->this_line_only) << waited;
    pair.SetPath(0, false);
    pair.SetPath(0, true);
    pair.Run(kSecond);
    ++number;
    pair.Deliver(0, Claim(pair, number, 5 + number));
  }
  pair.Run(2 * kSecond);
  EXPECT_TRUE(pair.endpoint(0).old_copy()->this_line_only);
  EXPECT_FALSE(pair.Write(0, "{}").has_value()) << "on this line nothing is signed";
  pair.Deliver(0, Claim(pair, ++number, 1'000));
  pair.SetPath(0, false);
  pair.SetPath(0, true);
  pair.Run(kSecond);
  EXPECT_TRUE(pair.endpoint(0).old_copy()->this_line_only) << "a larger claim is no younger";
}

// An entry of ours that is not here is no word of the peer's.
TEST_F(EndpointRefetch, AClaimThatIsShownStopsEveryLineUntilAllIsHere) {
  const Disk copy = pair.node(0).disk;
  Talk(2);
  pair.Run(3 * kSecond);
  const Disk lost = pair.node(0).disk;
  pair.passes = [](const testing::Flight& flight) { return flight.bytes->front() == 'H'; };
  Restore(copy, false);
  pair.Run(15 * kSecond);
  ASSERT_TRUE(pair.endpoint(0).old_copy().has_value());
  EXPECT_TRUE(pair.endpoint(0).old_copy()->this_line_only) << "only said so far";
  // One of them, and the rest is kept back.
  pair.Deliver(0, WriteOwnEntryFrame(lost.own.entries()[copy.own.size()]));
  EXPECT_FALSE(pair.endpoint(0).old_copy()->this_line_only);
  pair.Run(60 * kSecond);
  ASSERT_TRUE(pair.endpoint(0).old_copy().has_value());
  EXPECT_FALSE(pair.endpoint(0).old_copy()->this_line_only) << "that it is old is proven";
  pair.passes = [](const testing::Flight&) { return true; };
  pair.Run(10 * kSecond);
  ExpectSame();
}

// A store that is known to be restored waits for its peer, whatever that takes.
TEST_F(EndpointRefetch, ARestoredStoreStopsEveryLineUntilItHasCaughtUp) {
  const Disk copy = pair.node(0).disk;
  Talk(2);
  pair.Run(3 * kSecond);
  pair.passes = [](const testing::Flight& flight) { return flight.bytes->front() == 'H'; };
  Restore(copy, true);
  pair.Run(60 * kSecond);
  ASSERT_TRUE(pair.endpoint(0).old_copy().has_value());
  EXPECT_TRUE(pair.endpoint(0).old_copy()->peer_heard);
  EXPECT_FALSE(pair.endpoint(0).old_copy()->this_line_only);
  pair.passes = [](const testing::Flight&) { return true; };
  pair.Run(10 * kSecond);
  ExpectSame();
  // It has its log. What is claimed from now on is weighed as ever.
  pair.Deliver(0, Claim(pair, 9, 5));
  pair.Run(15 * kSecond);
  EXPECT_TRUE(pair.endpoint(0).old_copy()->this_line_only);
}

TEST_F(EndpointRefetch, WhatIsGivenBackIsVerified) {
  const Disk copy = pair.node(0).disk;
  Talk(2);
  pair.Run(3 * kSecond);
  const Disk lost = pair.node(0).disk;
  // Nobody answers but this test.
  pair.passes = [](const testing::Flight& flight) { return flight.bytes->front() == 'H'; };
  // Unasked, it is nothing.
  EXPECT_TRUE(pair.Deliver(0, WriteOwnEntryFrame(lost.own.entries().back())).empty());
  Restore(copy, true);
  pair.Run(5 * kSecond);
  ASSERT_TRUE(pair.endpoint(0).old_copy()->peer_heard);
  EXPECT_EQ(pair.endpoint(0).old_copy()->peer_holds, lost.own.size());
  const LogEntry next = lost.own.entries()[copy.own.size()];

  LogEntry forged = next;
  std::string text = *next.envelope;
  text[text.find("payload\":\"") + 20] ^= 1;
  forged.envelope = std::make_shared<const std::string>(text);
  auto troubles = pair.Deliver(0, WriteOwnEntryFrame(forged));
  ASSERT_EQ(troubles.size(), 1u);
  EXPECT_EQ(troubles[0].kind, TroubleKind::kUnverified);
  // An entry of the peer's own log.
  troubles = pair.Deliver(0, WriteOwnEntryFrame(lost.mirror.entries().back()));
  ASSERT_EQ(troubles.size(), 1u);
  EXPECT_EQ(troubles[0].kind, TroubleKind::kUnverified);
  EXPECT_EQ(pair.node(0).disk.own.size(), copy.own.size());
  // What this party has signed behind another entry: two logs of one party, and no way back by fetching.
  Message other = OpenMessage(*next.envelope, std::vector{TestKey(1).public_key()}).value().message;
  other.previous.bytes[0] ^= 1;
  other.peer_head = {};
  forged.envelope = std::make_shared<const std::string>(SealMessage(other, TestKey(1)).value());
  troubles = pair.Deliver(0, WriteOwnEntryFrame(forged));
  ASSERT_EQ(troubles.size(), 1u);
  EXPECT_EQ(troubles[0].kind, TroubleKind::kHeadsDiffer);
  EXPECT_TRUE(pair.endpoint(0).old_copy()->differs);
  pair.passes = [](const testing::Flight&) { return true; };
  pair.Run(20 * kSecond);
  EXPECT_EQ(pair.node(0).disk.own.size(), copy.own.size());
  EXPECT_FALSE(pair.Write(0, "{}").has_value());
}

}  // namespace
}  // namespace wideberth::line
