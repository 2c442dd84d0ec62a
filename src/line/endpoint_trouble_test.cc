// What a peer, or whoever stands between, can do wrong: each has a clear answer, and none costs accepted data or the
// line's liveness.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "base/random.h"
#include "crypto/dsse.h"
#include "crypto/sha256.h"
#include "line/endpoint.h"
#include "line/testing/pair.h"
#include "line/testing/values.h"

namespace wideberth::line {
namespace {

using base::ErrorCode;
using testing::Pair;
using testing::TestKey;

constexpr int64_t kSecond = 1'000'000;

// A pair that has exchanged three notes from node 0 and one from node 1.
class EndpointTrouble : public ::testing::Test {
 protected:
  EndpointTrouble() {
    pair.ConnectAll();
    for (const std::string_view body : {"{\"n\":1}", "{\"n\":2}", "{\"n\":3}"}) {
      EXPECT_TRUE(pair.Write(0, std::string(body)).has_value());
    }
    EXPECT_TRUE(pair.Write(1, "{}").has_value());
    pair.Run(3 * kSecond);
  }

  // What node 0 would write next.
  Message NextOf0() {
    const LineState& state = pair.endpoint(0).state();
    Message message;
    message.type = {"note", 1};
    message.from = testing::TestParty(1);
    message.to = testing::TestParty(2);
    message.seq = state.own.size() + 1;
    message.previous = state.own.last;
    message.sent_at = pair.now(0).utc;
    message.peer_head = state.mirror.tree.head();
    message.body = "{\"crafted\":true}";
    return message;
  }
  static std::string FrameOf(const Message& message, uint8_t key = 1,
                             std::string body_beside = {}) {
    LogEntry entry;
    entry.envelope =
        std::make_shared<const std::string>(SealMessage(message, TestKey(key)).value());
    if (!body_beside.empty()) {
      entry.body_beside = std::make_shared<const std::string>(std::move(body_beside));
    }
    return WriteEntryFrame(entry);
  }
  static std::string Signed(std::string_view payload, std::string_view type) {
    return "E" + crypto::SignEnvelope(type, base::AsBytes(payload), TestKey(1)).value();
  }
  // A heartbeat of node 0 that is newer than any before.
  Heartbeat BeatOf0() {
    Heartbeat heartbeat;
    heartbeat.from = testing::TestParty(1);
    heartbeat.to = testing::TestParty(2);
    heartbeat.name = {pair.node(0).config.boot, 1'000'000 + ++beats_};
    heartbeat.sent_at = pair.now(0).utc;
    heartbeat.own_head = pair.endpoint(0).state().own.tree.head();
    heartbeat.peer_head = pair.endpoint(0).state().mirror.tree.head();
    return heartbeat;
  }
  static std::string FrameOf(const Heartbeat& heartbeat, uint8_t key = 1) {
    return WriteHeartbeatFrame(SealHeartbeat(heartbeat, TestKey(key)));
  }

  // Node 1 is handed the frame: that trouble, the frame in evidence, and nothing is taken from it.
  void ExpectTrouble(const std::string& frame, TroubleKind kind) {
    const size_t received = pair.node(1).received.size();
    const uint64_t mirrored = pair.node(1).disk.mirror.size();
    const std::vector<Trouble> troubles = pair.Deliver(1, frame);
    ASSERT_EQ(troubles.size(), 1u);
    EXPECT_EQ(troubles[0].kind, kind) << Name(troubles[0].kind) << troubles[0].error.ToString();
    EXPECT_FALSE(troubles[0].error.rule.empty());
    EXPECT_FALSE(troubles[0].evidence.empty());
    EXPECT_NE(frame.find(troubles[0].evidence), std::string::npos);
    EXPECT_EQ(pair.node(1).received.size(), received);
    EXPECT_EQ(pair.node(1).disk.mirror.size(), mirrored);
  }

  // The line goes on as if nothing had been: a note each way arrives.
  void ExpectUndisturbed() {
    const size_t at_0 = pair.node(0).notes().size();
    const size_t at_1 = pair.node(1).notes().size();
    ASSERT_TRUE(pair.Write(0, "{\"after\":0}").has_value());
    ASSERT_TRUE(pair.Write(1, "{\"after\":1}").has_value());
    pair.Run(6 * kSecond);
    EXPECT_EQ(pair.node(0).notes().size(), at_0 + 1);
    EXPECT_EQ(pair.node(1).notes().size(), at_1 + 1);
    for (const size_t side : {0u, 1u}) {
      EXPECT_EQ(pair.endpoint(side).liveness().state(), LinkState::kUp);
      EXPECT_TRUE(pair.endpoint(side).in_step());
    }
  }

  Pair pair;

 private:
  uint64_t beats_ = 0;
};

TEST_F(EndpointTrouble, Forged) {
  ExpectTrouble(FrameOf(NextOf0(), 9), TroubleKind::kUnverified);
  ExpectTrouble(FrameOf(NextOf0(), 2), TroubleKind::kUnverified);  // by the receiver's own key
  ExpectTrouble(FrameOf(BeatOf0(), 9), TroubleKind::kUnverified);
  // One bit of an envelope on its way: the signature, the payload, or the JSON around them.
  const std::string good = FrameOf(NextOf0());
  base::SeededRandom random(22);
  for (int i = 0; i < 200; ++i) {
    std::string bad = good;
    const size_t at = 1 + random.Below(good.size() - 1);
    bad[at] = static_cast<char>(bad[at] ^ (1 << random.Below(8)));
    const std::vector<Trouble> troubles = pair.Deliver(1, bad);
    ASSERT_EQ(troubles.size(), 1u);
    EXPECT_TRUE(troubles[0].kind == TroubleKind::kUnverified ||
                troubles[0].kind == TroubleKind::kMalformed);
  }
  ExpectUndisturbed();
}

TEST_F(EndpointTrouble, Replayed) {
  const uint64_t mirrored = pair.node(1).disk.mirror.size();
  const size_t received = pair.node(1).received.size();
  for (const LogEntry& entry : pair.node(0).disk.own.entries()) {
    EXPECT_TRUE(pair.Deliver(1, WriteEntryFrame(entry)).empty());
  }
  // After a restart too, when no digest is remembered.
  pair.Crash(1);
  pair.Start(1);
  for (const LogEntry& entry : pair.node(0).disk.own.entries()) {
    EXPECT_TRUE(pair.Deliver(1, WriteEntryFrame(entry)).empty());
  }
  EXPECT_EQ(pair.node(1).disk.mirror.size(), mirrored);
  EXPECT_EQ(pair.node(1).received.size(), received);
  // Of another line, or back to its writer.
  EXPECT_EQ(pair.Deliver(0, WriteEntryFrame(pair.node(0).disk.own.entries()[0])).at(0).kind,
            TroubleKind::kUnverified);
  pair.Run(3 * kSecond);
  ExpectUndisturbed();
}

TEST_F(EndpointTrouble, TruncatedAndOversized) {
  const std::string good = FrameOf(NextOf0());
  for (size_t bytes = 0; bytes < good.size(); bytes += 7) {
    const std::vector<Trouble> troubles = pair.Deliver(1, good.substr(0, bytes));
    ASSERT_EQ(troubles.size(), 1u);
    EXPECT_EQ(troubles[0].kind, TroubleKind::kMalformed);
  }
  ExpectTrouble(good + "x", TroubleKind::kMalformed);
  ExpectTrouble(good + std::string(limits::kEnvelopeBytesMax, ' '), TroubleKind::kMalformed);
  ExpectTrouble(std::string(limits::kLineFrameBytesMax + 1, 'B'), TroubleKind::kMalformed);
  ExpectUndisturbed();
}

TEST_F(EndpointTrouble, SignedNonsense) {
  constexpr std::string_view kNote = "application/vnd.wideberth.note.v1+json";
  for (const std::string_view payload : {"", "{}", "[1]", "\xFF\xFE", "{\"from\":"}) {
    ExpectTrouble(Signed(payload, kNote), TroubleKind::kMalformed);
    ExpectTrouble("H" + Signed(payload, "application/vnd.wideberth.heartbeat.v1+json").substr(1),
                  TroubleKind::kMalformed);
  }
  ExpectTrouble(Signed("{}", "text/plain"), TroubleKind::kMalformed);
  // A message where a heartbeat is expected, and the other way about.
  ExpectTrouble("H" + FrameOf(NextOf0()).substr(1), TroubleKind::kMalformed);
  ExpectTrouble("E" + FrameOf(BeatOf0()).substr(1), TroubleKind::kMalformed);
  ExpectUndisturbed();
}

TEST_F(EndpointTrouble, NotOfThisLine) {
  Message message = NextOf0();
  message.to = testing::TestParty(3);
  ExpectTrouble(FrameOf(message), TroubleKind::kNotOurs);
  message = NextOf0();
  message.from = testing::TestParty(3);  // another name over the same key
  ExpectTrouble(FrameOf(message), TroubleKind::kNotOurs);
  Heartbeat heartbeat = BeatOf0();
  heartbeat.to = testing::TestParty(3);
  ExpectTrouble(FrameOf(heartbeat), TroubleKind::kNotOurs);
  heartbeat = BeatOf0();
  heartbeat.from = testing::TestParty(3);
  ExpectTrouble(FrameOf(heartbeat), TroubleKind::kNotOurs);
  ExpectUndisturbed();
}

TEST_F(EndpointTrouble, BodiesThatAreNotWhatWasNamed) {
  const std::string body = "{\"t\":\"" + std::string(40'000, 't') + "\"}";
  Message message = NextOf0();
  message.body = BodyBeside{crypto::Sha256(base::AsBytes(body)), body.size()};
  ExpectTrouble(FrameOf(message), TroubleKind::kMalformed);  // it is not there
  ExpectTrouble(FrameOf(message, 1, body.substr(1)), TroubleKind::kMalformed);
  ExpectTrouble(FrameOf(message, 1, body + " "), TroubleKind::kMalformed);
  std::string other = body;
  other[100] = 'u';
  ExpectTrouble(FrameOf(message, 1, other), TroubleKind::kMalformed);
  // It is what was named, and yet no JSON object.
  for (const std::string& nonsense : {std::string("{"), std::string("[]")}) {
    message.body = BodyBeside{crypto::Sha256(base::AsBytes(nonsense)), nonsense.size()};
    ExpectTrouble(FrameOf(message, 1, nonsense), TroubleKind::kMalformed);
  }
  // The same envelope with the true body is taken after all.
  message.body = BodyBeside{crypto::Sha256(base::AsBytes(body)), body.size()};
  EXPECT_TRUE(pair.Deliver(1, FrameOf(message, 1, body)).empty());
  EXPECT_EQ(pair.node(1).notes().back(), body);
}

TEST_F(EndpointTrouble, AForkIsSaidWhereverItIsMet) {
  Message message = NextOf0();
  const LineState& state = pair.endpoint(0).state();
  message.seq = state.own.size();  // the latest that was taken
  message.previous = crypto::Sha256(base::AsBytes("any"));
  ExpectTrouble(FrameOf(message), TroubleKind::kFork);
  ExpectTrouble(FrameOf(message), TroubleKind::kFork);  // each time
  message.seq = 1;
  message.previous = {};
  ExpectTrouble(FrameOf(message), TroubleKind::kFork);
  // Of one that is held beyond a gap.
  message = NextOf0();
  message.seq += 1;
  message.previous = crypto::Sha256(base::AsBytes("any"));
  EXPECT_TRUE(pair.Deliver(1, FrameOf(message)).empty());
  message.body = "{\"other\":true}";
  ExpectTrouble(FrameOf(message), TroubleKind::kFork);
  // After a restart the mirror is asked.
  pair.Crash(1);
  pair.Start(1);
  message.seq = 2;
  ExpectTrouble(FrameOf(message), TroubleKind::kFork);
  pair.node(1).disk.mirror.set_damaged(true);
  EXPECT_EQ(pair.Deliver(1, FrameOf(message)).at(0).kind, TroubleKind::kLogUnreadable);
  pair.node(1).disk.mirror.set_damaged(false);
  pair.Run(3 * kSecond);
  ExpectUndisturbed();
}

TEST_F(EndpointTrouble, ABrokenChainIsNotTaken) {
  Message message = NextOf0();
  message.previous = crypto::Sha256(base::AsBytes("another past"));
  ExpectTrouble(FrameOf(message), TroubleKind::kBrokenChain);
  ExpectTrouble(FrameOf(message), TroubleKind::kBrokenChain);
  // One that was held, and whose turn comes: what is before it is taken, it is not.
  message = NextOf0();
  message.seq += 1;
  message.previous = crypto::Sha256(base::AsBytes("another past"));
  EXPECT_TRUE(pair.Deliver(1, FrameOf(message)).empty());
  const size_t notes = pair.node(1).notes().size();
  ASSERT_TRUE(pair.Write(0, "{\"true\":1}").has_value());
  pair.Run(10'000);
  EXPECT_EQ(pair.node(1).notes().size(), notes + 1);
  EXPECT_EQ(pair.node(1).troubles.back().kind, TroubleKind::kBrokenChain);
  ExpectUndisturbed();
}

TEST_F(EndpointTrouble, HeadsThatDifferAreSaid) {
  Heartbeat heartbeat = BeatOf0();
  heartbeat.own_head.root.bytes[0] ^= 1;
  ExpectTrouble(FrameOf(heartbeat), TroubleKind::kHeadsDiffer);
  heartbeat = BeatOf0();
  heartbeat.peer_head.root.bytes[0] ^= 1;
  ExpectTrouble(FrameOf(heartbeat), TroubleKind::kHeadsDiffer);
  heartbeat = BeatOf0();
  heartbeat.own_head.size -= 1;
  ExpectTrouble(FrameOf(heartbeat), TroubleKind::kPeerRolledBack);
  heartbeat = BeatOf0();
  heartbeat.peer_head.size += 1;
  ExpectTrouble(FrameOf(heartbeat), TroubleKind::kPeerHoldsMore);
  EXPECT_FALSE(pair.Write(1, "{}").has_value());
}

TEST_F(EndpointTrouble, AcknowledgementsOfNothing) {
  const uint64_t written = pair.endpoint(1).state().own.size();
  for (const Ack& ack : {Ack{written + 1, {}}, Ack{0, {{2, written + 9}}}}) {
    ExpectTrouble(WriteAckFrame(ack), TroubleKind::kAckBeyond);
  }
  ExpectTrouble("A\xFF", TroubleKind::kMalformed);
  EXPECT_TRUE(pair.Deliver(1, WriteAckFrame({0, {}})).empty());  // an old one
  EXPECT_EQ(pair.endpoint(1).acknowledged(), written);
  ExpectUndisturbed();
}

TEST_F(EndpointTrouble, AnotherKeyWithoutRotation) {
  pair.Crash(0);
  testing::Node& node = pair.node(0);
  node.keys = {std::make_shared<const crypto::SecretKey>(TestKey(9))};
  node.disk.state.own.keys = {{1, TestKey(9).public_key()}};
  pair.Start(0);
  const size_t notes = pair.node(1).notes().size();
  ASSERT_TRUE(pair.Write(0, "{}").has_value());
  pair.Run(limits::kLinkLostAfterUs + 3 * kSecond);
  EXPECT_EQ(pair.node(1).notes().size(), notes);
  EXPECT_GT(pair.node(1).Count(TroubleKind::kUnverified), 1u);
  EXPECT_EQ(pair.endpoint(0).liveness().state(), LinkState::kLost);
  EXPECT_EQ(pair.endpoint(1).liveness().state(), LinkState::kLost);
}

TEST_F(EndpointTrouble, AFloodIsReportedInBounds) {
  for (int i = 0; i < 1'000; ++i) {
    pair.endpoint(1).Receive(0, "garbage", pair.now(1));
    pair.endpoint(1).Receive(0, FrameOf(BeatOf0(), 9), pair.now(1));
  }
  EXPECT_EQ(pair.Turn(1), limits::kLineTroublesPerTurn);
  EXPECT_EQ(pair.Turn(1), 0u);
  // Messages far ahead of the gap are dropped, not kept.
  Message message = NextOf0();
  message.previous = crypto::Sha256(base::AsBytes("any"));
  for (uint64_t i = 0; i < 50; ++i) {
    message.seq = 1'000'000 + i;
    EXPECT_TRUE(pair.Deliver(1, FrameOf(message)).empty());
  }
  ExpectUndisturbed();
}

TEST_F(EndpointTrouble, AnUnreadableLogIsSaid) {
  pair.SetPath(0, false);
  ASSERT_TRUE(pair.Write(0, "{\"kept\":1}").has_value());
  pair.Crash(0);
  pair.node(0).disk.own.set_damaged(true);
  pair.Start(0);
  pair.SetPath(0, true);
  pair.Deliver(0, WriteAckFrame({1, {}}));
  EXPECT_EQ(pair.node(0).Count(TroubleKind::kLogUnreadable), 1u);
  pair.node(0).disk.own.set_damaged(false);
  pair.Run(3 * kSecond);
  ExpectUndisturbed();
}

TEST_F(EndpointTrouble, APolicyLaneMessageThatSaysNothingIsNotUnderstood) {
  Message message = NextOf0();
  message.type = {"policy-lane", 1};
  message.body = "{\"suspended\":\"perhaps\"}";
  EXPECT_TRUE(pair.Deliver(1, FrameOf(message)).empty());
  EXPECT_FALSE(pair.node(1).received.back().understood);
  EXPECT_FALSE(pair.endpoint(1).state().policy_suspended());
}

TEST(EndpointTroubleNames, AreSaidInWords) {
  constexpr std::string_view kNames[] = {
      "unverified",   "malformed",       "not_ours",         "broken_chain", "fork",
      "heads_differ", "peer_holds_more", "peer_rolled_back", "ack_beyond",   "log_unreadable"};
  for (size_t i = 0; i < std::size(kNames); ++i) {
    EXPECT_EQ(Name(static_cast<TroubleKind>(i)), kNames[i]);
  }
}

}  // namespace
}  // namespace wideberth::line
