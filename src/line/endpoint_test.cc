// What two endpoints that both keep the rules do, whatever the paths do to them. What a peer can do wrong is in
// endpoint_trouble_test.cc.
#include "line/endpoint.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"
#include "crypto/sha256.h"
#include "line/policy_lane.h"
#include "line/receipt.h"
#include "line/testing/pair.h"
#include "line/testing/values.h"

namespace wideberth::line {
namespace {

using base::ErrorCode;
using testing::Node;
using testing::Pair;

constexpr int64_t kSecond = 1'000'000;

std::string Note(size_t n) {
  return "{\"n\":" + std::to_string(n) + "}";
}

// How often each message of ours has been receipted, and which as not understood.
struct Receipted {
  std::map<base::Digest, int> stored;
  std::set<base::Digest> not_understood;
};
Receipted ReceiptsAt(const Node& node) {
  Receipted all;
  for (const Received& received : node.received) {
    if (received.opened.message.type.name != kReceiptType || !received.understood) continue;
    const Receipt receipt = ReadReceipt(received.body()).value();
    for (const base::Digest& digest : receipt.stored) ++all.stored[digest];
    all.not_understood.insert(receipt.not_understood.begin(), receipt.not_understood.end());
  }
  return all;
}

// Both hold the same bytes, and the receipts are those of the notes, once each.
void ExpectSettled(Pair& pair) {
  for (const size_t side : {0u, 1u}) {
    const Node& node = pair.node(side);
    const Node& peer = pair.node(1 - side);
    const auto& own = node.disk.own.entries();
    const auto& mirror = peer.disk.mirror.entries();
    ASSERT_EQ(own.size(), mirror.size());
    size_t receipted = 0;
    const Receipted receipts = ReceiptsAt(node);
    for (size_t i = 0; i < own.size(); ++i) {
      EXPECT_EQ(*own[i].envelope, *mirror[i].envelope);
      ASSERT_EQ(own[i].body_beside == nullptr, mirror[i].body_beside == nullptr);
      if (own[i].body_beside != nullptr) {
        EXPECT_EQ(*own[i].body_beside, *mirror[i].body_beside);
      }
      const base::Digest digest = crypto::Sha256(base::AsBytes(*own[i].envelope));
      const Message message = OpenMessage(*own[i].envelope, peer.peer_keys).value().message;
      const auto count = receipts.stored.find(digest);
      const bool is_receipt = message.type.name == kReceiptType;
      EXPECT_EQ(count == receipts.stored.end() ? 0 : count->second, is_receipt ? 0 : 1);
      if (!is_receipt) ++receipted;
    }
    EXPECT_EQ(receipts.stored.size(), receipted);
    EXPECT_EQ(node.disk.state.own.tree.head(), peer.disk.state.mirror.tree.head());
    EXPECT_EQ(peer.received.size(), own.size());  // each was handed out once
    EXPECT_EQ(pair.endpoint(side).acknowledged(), own.size());
    EXPECT_TRUE(pair.endpoint(side).in_step());
  }
}

TEST(Endpoint, DeliversBothWaysInOrderWithAReceiptForEach) {
  Pair pair;
  pair.ConnectAll();
  std::vector<std::string> written;
  for (size_t n = 0; n < 100; ++n) {
    written.push_back(Note(n));
    ASSERT_TRUE(pair.Write(0, Note(n)).has_value());
    ASSERT_TRUE(pair.Write(1, Note(n)).has_value());
    if (n % 7 == 0) pair.Run(1'500);
  }
  pair.Run(5 * kSecond);
  EXPECT_EQ(pair.node(0).notes(), written);
  EXPECT_EQ(pair.node(1).notes(), written);
  EXPECT_EQ(pair.endpoint(0).liveness().state(), LinkState::kUp);
  ExpectSettled(pair);
  EXPECT_TRUE(pair.node(0).troubles.empty());
  // Nothing is left to say but heartbeats: receipts are not receipted.
  const uint64_t entries = pair.node(0).disk.own.size();
  pair.Run(60 * kSecond);
  EXPECT_EQ(pair.node(0).disk.own.size(), entries);
}

TEST(Endpoint, LosesAndRepeatsNothingWhateverThePathsDo) {
  base::SeededRandom random(20);
  for (int run = 0; run < 15; ++run) {
    Pair pair({.paths = 1 + random.Below(3)});
    const uint64_t loss_percent = random.Below(60);
    pair.passes = [&](const testing::Flight&) {
      // Each frame its own delay, so that they overtake each other.
      pair.delay_us = {random.Between(0, 300'000), random.Between(0, 300'000)};
      return random.Below(100) >= loss_percent;
    };
    pair.ConnectAll();
    std::vector<std::string> written[2];
    for (size_t n = 0; n < 150; ++n) {
      const size_t side = random.Below(2);
      written[side].push_back(Note(n));
      ASSERT_TRUE(pair.Write(side, Note(n)).has_value());
      pair.Run(random.Between(0, 100'000));
      if (random.Below(20) == 0) {
        const size_t path = random.Below(2) % pair.paths();
        pair.SetPath(path, false);
        pair.Run(random.Between(0, 2 * kSecond));
        pair.SetPath(path, true);
      }
    }
    pair.Run(120 * kSecond);
    pair.passes = [](const testing::Flight&) { return true; };
    pair.Run(10 * kSecond);
    EXPECT_EQ(pair.node(1).notes(), written[0]);
    EXPECT_EQ(pair.node(0).notes(), written[1]);
    ExpectSettled(pair);
    EXPECT_TRUE(pair.node(0).troubles.empty() && pair.node(1).troubles.empty());
  }
}

TEST(Endpoint, LosesAndRepeatsNothingWhoeverCrashes) {
  base::SeededRandom random(21);
  for (int run = 0; run < 15; ++run) {
    Pair pair({.paths = 2});
    pair.ConnectAll();
    std::vector<std::string> written[2];
    for (size_t n = 0; n < 120; ++n) {
      const size_t side = random.Below(2);
      written[side].push_back(Note(n));
      ASSERT_TRUE(pair.Write(side, Note(n)).has_value());
      pair.Run(random.Between(0, 3'000));
      if (random.Below(8) == 0) {
        const size_t down = random.Below(2);
        pair.Crash(down);
        pair.Run(random.Between(0, 2 * kSecond));
        pair.Start(down);
      }
    }
    pair.Run(10 * kSecond);
    EXPECT_EQ(pair.node(1).notes(), written[0]);
    EXPECT_EQ(pair.node(0).notes(), written[1]);
    ExpectSettled(pair);
    EXPECT_TRUE(pair.node(0).troubles.empty() && pair.node(1).troubles.empty());
  }
}

TEST(Endpoint, SendsAfterARestartWhatWasNotAcknowledged) {
  Pair pair;
  for (size_t n = 0; n < 10; ++n) ASSERT_TRUE(pair.Write(0, Note(n)).has_value());
  pair.ConnectAll();
  pair.Run(kSecond);
  ASSERT_EQ(pair.node(1).notes().size(), 10u);
  pair.SetPath(0, false);
  for (size_t n = 10; n < 15; ++n) ASSERT_TRUE(pair.Write(0, Note(n)).has_value());
  pair.Crash(0);
  pair.Start(0);
  EXPECT_EQ(pair.endpoint(0).acknowledged(), 0u);  // it does not know yet
  // A message is written before the first word of the peer.
  ASSERT_TRUE(pair.Write(0, Note(15)).has_value());
  pair.SetPath(0, true);
  pair.Run(5 * kSecond);
  EXPECT_EQ(pair.node(1).notes().size(), 16u);
  EXPECT_EQ(pair.node(1).notes().back(), Note(15));
  ExpectSettled(pair);
  EXPECT_TRUE(pair.node(0).troubles.empty());
}

// A receipt is written in the very turn in which the peer says what it holds; it is not in the log yet.
TEST(Endpoint, AnswersInTheTurnInWhichThePeerBecomesKnown) {
  Pair pair;
  pair.ConnectAll();
  pair.Run(kSecond);
  pair.SetPath(0, false);
  ASSERT_TRUE(pair.Write(0, Note(1)).has_value());
  ASSERT_TRUE(pair.Write(1, Note(2)).has_value());
  pair.Crash(1);
  pair.passes = [](const testing::Flight& flight) {
    return flight.to == 0 || (*flight.bytes)[0] == 'E';
  };
  pair.Start(1);
  pair.SetPath(0, true);
  pair.Run(kSecond);
  EXPECT_EQ(pair.node(1).notes().size(), 1u);
  EXPECT_EQ(pair.node(0).notes().size(), 1u);
  EXPECT_TRUE(pair.node(1).troubles.empty());
  pair.passes = [](const testing::Flight&) { return true; };
  pair.Run(10 * kSecond);
  ExpectSettled(pair);
}

TEST(Endpoint, RetriesUntilAFrameComesThrough) {
  Pair pair;
  size_t lost = 0;
  pair.passes = [&](const testing::Flight& flight) {
    if (flight.to == 0 || (*flight.bytes)[0] != 'E') return true;
    return ++lost > 4;
  };
  pair.ConnectAll();
  pair.Run(kSecond);
  ASSERT_TRUE(pair.Write(0, Note(1)).has_value());
  // Sent at 0, and after pauses of at most 0.625, 1.25, 2.5 and 5 s.
  pair.Run(9'375'000 + 10'000);
  EXPECT_EQ(lost, 5u);
  EXPECT_EQ(pair.node(1).notes().size(), 1u);
}

// MECHANISM 6.1, by a driver that calls an endpoint only when a frame comes or next_wake says so.
TEST(Endpoint, LinkLostIsRaisedInTimeOnBothSidesByWakingAlone) {
  for (const size_t deaf : {0u, 1u}) {
    Pair pair({.paths = 2});
    pair.ConnectAll();
    pair.Run(7 * kSecond + 300'000);
    ASSERT_EQ(pair.endpoint(0).liveness().state(), LinkState::kUp);
    ASSERT_EQ(pair.endpoint(1).liveness().state(), LinkState::kUp);
    const size_t changes[2] = {pair.node(0).link_changes, pair.node(1).link_changes};
    pair.passes = [&](const testing::Flight& flight) { return flight.to != deaf; };
    pair.Run(limits::kLinkLostAfterUs + 1);
    for (const size_t side : {0u, 1u}) {
      EXPECT_EQ(pair.endpoint(side).liveness().state(), LinkState::kLost);
      EXPECT_EQ(pair.node(side).link_changes, changes[side] + 1);
    }
  }
}

TEST(Endpoint, OnePathIsEnough) {
  Pair pair({.paths = 3});
  pair.ConnectAll();
  pair.Run(5 * kSecond);
  pair.passes = [](const testing::Flight& flight) { return flight.path == 2; };
  ASSERT_TRUE(pair.Write(0, Note(1)).has_value());
  pair.Run(120 * kSecond);
  EXPECT_EQ(pair.endpoint(0).liveness().state(), LinkState::kUp);
  EXPECT_EQ(pair.endpoint(1).liveness().state(), LinkState::kUp);
  ExpectSettled(pair);
}

TEST(Endpoint, ALostLineComesUpByConfirmationOfTheSameOnBothSides) {
  Pair pair;
  pair.ConnectAll();
  pair.Run(5 * kSecond);
  const auto refused = [&] {
    const auto confirmed = pair.endpoint(0).ConfirmRecovered();
    return !confirmed.has_value() && confirmed.error().code == ErrorCode::kConflict;
  };
  EXPECT_TRUE(refused());  // it is up
  pair.passes = [](const testing::Flight&) { return false; };
  ASSERT_TRUE(pair.Write(0, Note(1)).has_value());
  pair.Run(15 * kSecond);
  EXPECT_TRUE(refused());  // it is lost
  // Heartbeats come through again, entries do not: the sides do not hold the same.
  pair.passes = [](const testing::Flight& flight) { return (*flight.bytes)[0] == 'H'; };
  pair.Run(10 * kSecond);
  EXPECT_EQ(pair.endpoint(0).liveness().state(), LinkState::kRecovering);
  EXPECT_FALSE(pair.endpoint(0).in_step());
  EXPECT_TRUE(refused());
  pair.passes = [](const testing::Flight&) { return true; };
  pair.Run(10 * kSecond);
  EXPECT_EQ(pair.endpoint(0).liveness().state(), LinkState::kRecovering);  // not by itself
  const size_t changes = pair.node(0).link_changes;
  EXPECT_TRUE(pair.endpoint(0).ConfirmRecovered().has_value());
  EXPECT_EQ(pair.endpoint(0).liveness().state(), LinkState::kUp);
  pair.Turn(0);
  EXPECT_EQ(pair.node(0).link_changes, changes + 1);
  EXPECT_TRUE(refused());
  EXPECT_EQ(pair.endpoint(1).liveness().state(), LinkState::kRecovering);  // each side by itself
  EXPECT_TRUE(pair.endpoint(1).ConfirmRecovered().has_value());
  ExpectSettled(pair);
}

TEST(Endpoint, ReceiptsSayWhatIsNotUnderstood) {
  Pair pair;
  pair.ConnectAll();
  const auto write = [&](MessageType type, std::vector<std::string> crit) {
    Draft draft;
    draft.type = std::move(type);
    draft.crit = std::move(crit);
    draft.body = "{}";
    return pair.Write(0, std::move(draft)).value();
  };
  const base::Digest plain = write({"note", 1}, {});
  const base::Digest known_crit = write({"note", 1}, {"area", "sent_at", "body"});
  const base::Digest unknown_crit = write({"note", 1}, {"area", "colour"});
  const base::Digest newer = write({"note", 2}, {});
  const base::Digest other = write({"song", 1}, {});
  write({"receipt", 2}, {});  // whatever a receipt of a newer version says, it is not receipted
  pair.Run(5 * kSecond);
  const Receipted receipts = ReceiptsAt(pair.node(0));
  for (const base::Digest& digest : {plain, known_crit, unknown_crit, newer, other}) {
    EXPECT_EQ(receipts.stored.at(digest), 1);
  }
  EXPECT_EQ(receipts.stored.size(), 5u);
  EXPECT_EQ(receipts.not_understood, (std::set<base::Digest>{unknown_crit, newer, other}));
  std::vector<bool> understood;
  for (const Received& received : pair.node(1).received) understood.push_back(received.understood);
  EXPECT_EQ(understood, (std::vector<bool>{true, true, false, false, false, false}));
}

TEST(Endpoint, DataModesAreReceiptedApart) {
  Pair pair;
  std::map<airspace::DataMode, base::Digest> written;
  for (const auto mode :
       {airspace::DataMode::kReal, airspace::DataMode::kExercise, airspace::DataMode::kTest}) {
    Draft draft;
    draft.type = {"note", 1};
    draft.data_mode = mode;
    draft.body = "{}";
    written[mode] = pair.Write(0, std::move(draft)).value();
  }
  pair.ConnectAll();  // all three arrive at once
  pair.Run(5 * kSecond);
  size_t receipts = 0;
  for (const Received& received : pair.node(0).received) {
    const Receipt receipt = ReadReceipt(received.body()).value();
    EXPECT_EQ(receipt.stored,
              std::vector<base::Digest>{written.at(received.opened.message.data_mode)});
    ++receipts;
  }
  EXPECT_EQ(receipts, 3u);
}

TEST(Endpoint, ManyMessagesShareAReceipt) {
  Pair pair;
  const size_t notes = limits::kReceiptEntriesMax + 44;
  for (size_t n = 0; n < notes; ++n) {
    // None is understood, which makes the longest receipts: they go beside their envelopes.
    Draft draft;
    draft.type = {"song", 1};
    draft.body = Note(n);
    ASSERT_TRUE(pair.endpoint(0).Write(std::move(draft), pair.now(0)).has_value());
  }
  pair.Turn(0);
  pair.ConnectAll();
  pair.Run(5 * kSecond);
  ExpectSettled(pair);
  EXPECT_EQ(ReceiptsAt(pair.node(0)).not_understood.size(), notes);
  EXPECT_TRUE(pair.node(0).troubles.empty());
}

TEST(Endpoint, LargeBodiesTravelBesideTheirEnvelopes) {
  Pair pair;
  pair.ConnectAll();
  std::vector<std::string> bodies;
  for (const size_t bytes :
       {limits::kMessageBodyInlineBytesMax, limits::kMessageBodyInlineBytesMax + 1,
        size_t{limits::kMessageBodyBesideBytesMax}}) {
    bodies.push_back("{\"t\":\"" + std::string(bytes - 8, 't') + "\"}");
    ASSERT_EQ(bodies.back().size(), bytes);
    ASSERT_TRUE(pair.Write(0, bodies.back()).has_value());
  }
  pair.Run(5 * kSecond);
  EXPECT_EQ(pair.node(1).notes(), bodies);
  EXPECT_EQ(pair.node(0).disk.own.entries()[0].body_beside, nullptr);
  EXPECT_NE(pair.node(0).disk.own.entries()[1].body_beside, nullptr);
  EXPECT_LT(pair.node(0).disk.own.entries()[2].envelope->size(), 2'000u);
  ExpectSettled(pair);
}

TEST(Endpoint, RefusesToWriteWhatThePeerCouldNotRead) {
  Pair pair;
  const auto refused = [&](std::string body, std::vector<std::string> crit = {}) {
    Draft draft;
    draft.type = {"note", 1};
    draft.crit = std::move(crit);
    draft.body = std::move(body);
    return pair.Write(0, std::move(draft)).error();
  };
  const std::string large(limits::kMessageBodyInlineBytesMax, ' ');
  for (const std::string& body : {std::string(), std::string("[]"), std::string("{"),
                                  std::string("{},\"lane\":{}"), "[" + large + "]", "{" + large}) {
    EXPECT_EQ(refused(body).code, ErrorCode::kInvalid) << body.size();
    EXPECT_TRUE(refused(body).field.starts_with("/body")) << refused(body).field;
  }
  EXPECT_EQ(refused("{}", std::vector<std::string>(limits::kMessageCritFieldsMax + 1, "a")).field,
            "/crit");
  EXPECT_EQ(refused("{" + std::string(limits::kMessageBodyBesideBytesMax, ' ') + "}").code,
            ErrorCode::kTooLarge);
  EXPECT_EQ(pair.node(0).disk.own.size(), 0u);
  EXPECT_TRUE(pair.Write(0, "{}").has_value());
}

TEST(Endpoint, AnExerciseDoesNotCloseThePolicyLane) {
  Pair pair;
  pair.ConnectAll();
  pair.Run(kSecond);
  Draft draft;
  draft.type = {std::string(kPolicyLaneType), 1};
  draft.data_mode = airspace::DataMode::kExercise;
  draft.body = WritePolicyLane(true);
  ASSERT_TRUE(pair.Write(0, std::move(draft)).has_value());
  pair.Run(kSecond);
  EXPECT_FALSE(pair.endpoint(1).state().policy_suspended());
  ASSERT_FALSE(pair.node(1).received.empty());
  EXPECT_FALSE(pair.node(1).received.back().understood);
}

TEST(Endpoint, SuspendingThePolicyLaneNeverStopsTheSafetyLane) {
  Pair pair;
  pair.ConnectAll();
  pair.Run(kSecond);
  ASSERT_TRUE(pair.Write(0, Note(1), Lane::kPolicy).has_value());
  ASSERT_TRUE(pair.endpoint(1).SetPolicyLane(true, pair.now(1)).has_value());
  pair.Turn(1);
  pair.Run(kSecond);
  for (const size_t side : {0u, 1u}) {
    EXPECT_TRUE(pair.endpoint(side).state().policy_suspended());
    const auto refused = pair.Write(side, Note(2), Lane::kPolicy);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, ErrorCode::kConflict);
    EXPECT_EQ(refused.error().field, "/lane");
    EXPECT_TRUE(pair.Write(side, Note(3)).has_value());
  }
  // The other side cannot open it, only close it too.
  ASSERT_TRUE(pair.endpoint(0).SetPolicyLane(false, pair.now(0)).has_value());
  pair.Turn(0);
  EXPECT_TRUE(pair.endpoint(0).state().policy_suspended());
  ASSERT_TRUE(pair.endpoint(0).SetPolicyLane(true, pair.now(0)).has_value());
  pair.Turn(0);
  pair.Run(kSecond);
  // It survives a restart.
  pair.Crash(0);
  pair.Start(0);
  pair.Run(kSecond);
  EXPECT_TRUE(pair.endpoint(0).state().suspended_by_self);
  EXPECT_TRUE(pair.endpoint(0).state().suspended_by_peer);
  for (const size_t side : {1u, 0u}) {
    EXPECT_FALSE(pair.Write(0, Note(4), Lane::kPolicy).has_value());
    ASSERT_TRUE(pair.endpoint(side).SetPolicyLane(false, pair.now(side)).has_value());
    pair.Turn(side);
    pair.Run(kSecond);
  }
  EXPECT_TRUE(pair.Write(0, Note(5), Lane::kPolicy).has_value());
  const uint64_t entries = pair.node(0).disk.own.size();
  ASSERT_TRUE(pair.endpoint(0).SetPolicyLane(false, pair.now(0)).has_value());  // it is so already
  pair.Turn(0);
  EXPECT_EQ(pair.node(0).disk.own.size(), entries);
  pair.Run(5 * kSecond);
  EXPECT_EQ(pair.node(1).notes(), (std::vector<std::string>{Note(1), Note(3), Note(5)}));
  ExpectSettled(pair);
}

TEST(Endpoint, AMessageIsNeverRefusedForItsClock) {
  for (const int64_t offset_s : {-40, -31, -29, 0, 29, 31, 86'400}) {
    Pair pair;
    pair.node(1).clock_offset_us = offset_s * kSecond;
    pair.ConnectAll();
    ASSERT_TRUE(pair.Write(0, Note(1)).has_value());
    pair.Run(5 * kSecond);
    ASSERT_EQ(pair.node(1).received.size(), 1u);
    EXPECT_EQ(pair.node(1).received[0].clock_suspect, std::abs(offset_s) > 30) << offset_s;
    const ClockOffset offset = pair.endpoint(0).liveness().clock_offset().value();
    EXPECT_LE(std::abs(offset.offset_us - offset_s * kSecond), offset.error_us + 1);
    EXPECT_EQ(offset.alarm(), offset_s != 0);
    ExpectSettled(pair);
  }
}

TEST(Endpoint, SignedTimesNeverStepBack) {
  Pair pair;
  ASSERT_TRUE(pair.Write(0, Note(1)).has_value());
  pair.node(0).clock_offset_us = -3'600 * kSecond;
  pair.Crash(0);
  pair.Start(0);
  ASSERT_TRUE(pair.Write(0, Note(2)).has_value());
  pair.node(0).clock_offset_us = 60 * kSecond;
  ASSERT_TRUE(pair.Write(0, Note(3)).has_value());
  pair.ConnectAll();
  pair.Run(kSecond);
  const auto& received = pair.node(1).received;
  ASSERT_EQ(received.size(), 3u);
  EXPECT_EQ(received[1].opened.message.sent_at, received[0].opened.message.sent_at);
  EXPECT_GT(received[2].opened.message.sent_at, received[1].opened.message.sent_at);
}

TEST(Endpoint, EachMessageNamesTheOneBeforeAndWhatItsSenderHolds) {
  Pair pair;
  pair.ConnectAll();
  for (size_t n = 0; n < 20; ++n) {
    ASSERT_TRUE(pair.Write(n % 2, Note(n)).has_value());
    pair.Run(10'000);
  }
  for (const size_t side : {0u, 1u}) {
    base::Digest previous;
    LogState seen_of_peer;
    for (const LogEntry& entry : pair.node(side).disk.own.entries()) {
      const OpenedMessage opened =
          OpenMessage(*entry.envelope, pair.node(1 - side).peer_keys).value();
      EXPECT_EQ(opened.message.previous, previous);
      EXPECT_EQ(opened.message.clock_error_ms, 5);
      previous = opened.digest;
      const auto& peer_log = pair.node(1 - side).disk.own.entries();
      ASSERT_GE(opened.message.peer_head.size, seen_of_peer.size());
      while (seen_of_peer.size() < opened.message.peer_head.size) {
        seen_of_peer.Append(peer_log[static_cast<size_t>(seen_of_peer.size())]);
      }
      EXPECT_EQ(opened.message.peer_head, seen_of_peer.tree.head());
    }
  }
}

TEST(Endpoint, ALongBacklogIsDeliveredThroughTheWindow) {
  Pair pair;
  const size_t notes = 2 * limits::kLineWindowEntries + 100;
  for (size_t n = 0; n < notes; ++n) ASSERT_TRUE(pair.Write(0, Note(n)).has_value());
  pair.ConnectAll();
  // It goes on being written to while the backlog drains.
  for (size_t n = 0; n < 50; ++n) {
    ASSERT_TRUE(pair.Write(0, Note(notes + n)).has_value());
    pair.Run(500);
  }
  pair.Run(5 * kSecond);
  EXPECT_EQ(pair.node(1).notes().size(), notes + 50);
  ExpectSettled(pair);
  EXPECT_TRUE(pair.node(0).troubles.empty());
}

}  // namespace
}  // namespace wideberth::line
