// Signed and cosigned heads, over everything that a line can do to them.
#include "line/cosigning.h"

#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "base/random.h"
#include "crypto/sha256.h"
#include "line/testing/pair.h"
#include "line/testing/values.h"
#include "record/evidence.h"
#include "record/statement.h"

namespace wideberth::line {
namespace {

using testing::Flight;
using testing::Pair;
using testing::PairConfig;
using testing::TestCard;
using testing::TestParty;

constexpr int64_t kSecond = 1'000'000;

record::CheckpointKeys KeysOf(uint8_t writer, uint8_t peer, uint8_t change = 0) {
  return {LogKeyOf(TestCard(writer, change), TestParty(peer)), {CosignerKeyOf(TestCard(peer))}};
}

record::SignerKey LogSigner(uint8_t writer, uint8_t peer) {
  auto keys = testing::TestKeys(writer);
  return record::SignerKey::Make(OriginOf(TestParty(writer), TestParty(peer)),
                                 record::KeyAlgorithm::kEd25519, std::move(keys[1]))
      .value();
}

std::string SignedBy(uint8_t writer, uint8_t peer, const record::TreeHead& head) {
  return record::FormatNote(record::SignCheckpoint(head, LogSigner(writer, peer)).value()).value();
}

record::TreeHead OtherHead(uint64_t size) {
  return {size, crypto::Sha256(base::AsBytes("another tree"))};
}

class CosigningTest : public ::testing::Test {
 protected:
  explicit CosigningTest(PairConfig config = {.paths = 2, .cosigning = true})
      : pair(std::move(config)) {
    pair.passes = [this](const Flight& flight) { return Passes(flight); };
    pair.ConnectAll();
  }

  // Every frame that leaves: what it says is on the disk of who says it.
  bool Passes(const Flight& flight) {
    const char letter = flight.bytes->front();
    const size_t from = 1 - flight.to;
    const LineState& disk = pair.node(from).disk.state;
    if (letter == 'C' || letter == 'S') {
      const auto note = record::ParseNote(flight.bytes->substr(1));
      const auto checkpoint = record::ParseCheckpoint(note->text);
      const record::TreeHead& head = checkpoint->head;
      if (letter == 'C') {
        EXPECT_EQ(disk.own.signed_head->head, head);
        EXPECT_LE(head.size, disk.own.size());
        if (flight.path == 0) ++checkpoints;
        EXPECT_GE(head.size, signed_before[from].size);
        if (head.size == signed_before[from].size) {
          EXPECT_EQ(head, signed_before[from]);
        }
        signed_before[from] = head;
      } else {
        EXPECT_LE(head.size, disk.mirror.size()) << "cosigned before it is held";
        EXPECT_EQ(disk.mirror.cosigned->head, head);
        if (flight.path == 0) ++cosignatures;
      }
    }
    return filter == nullptr || filter(letter);
  }

  void ExpectCosigned(size_t side, uint8_t change = 0) {
    const auto writer = static_cast<uint8_t>(side + 1);
    const auto peer = static_cast<uint8_t>(2 - side);
    const LogState& own = pair.endpoint(side).state().own;
    const LogState& mirror = pair.endpoint(1 - side).state().mirror;
    ASSERT_TRUE(own.cosigned.has_value());
    EXPECT_EQ(own.cosigned->head, own.tree.head());
    const auto opened = record::OpenCheckpoint(*own.cosigned->note, KeysOf(writer, peer, change));
    ASSERT_TRUE(opened.has_value()) << opened.error().ToString();
    ASSERT_EQ(opened->cosignatures.size(), 1u);
    EXPECT_EQ(opened->cosignatures[0].time_s, own.cosigned->time_s);
    EXPECT_EQ(opened->checkpoint.head, own.tree.head());
    EXPECT_EQ(*own.cosigned->note, *mirror.cosigned->note) << "both sides hold the same proof";
  }

  Pair pair;
  size_t checkpoints = 0;
  size_t cosignatures = 0;
  std::array<record::TreeHead, 2> signed_before{};
  std::function<bool(char letter)> filter;
};

TEST_F(CosigningTest, AQuietLineCosignsAtOnceAndComesToRest) {
  pair.Run(3 * kSecond);
  ASSERT_TRUE(pair.Write(0, "{}").has_value());
  pair.Run(kSecond / 10);
  ASSERT_TRUE(pair.endpoint(0).state().own.cosigned.has_value());
  EXPECT_EQ(pair.endpoint(0).state().own.cosigned->head.size, 1u);
  pair.Run(10 * kSecond);
  // The note, its receipt, and nothing more: neither checkpoints nor cosignatures are entries.
  EXPECT_EQ(pair.endpoint(0).state().own.size(), 1u);
  EXPECT_EQ(pair.endpoint(1).state().own.size(), 1u);
  ExpectCosigned(0);
  ExpectCosigned(1);
  EXPECT_EQ(checkpoints, 2u);
  EXPECT_EQ(cosignatures, 2u);
  EXPECT_TRUE(pair.node(0).troubles.empty() && pair.node(1).troubles.empty());
}

TEST_F(CosigningTest, OneCheckpointCoversManyEntries) {
  for (int i = 0; i < 400; ++i) {
    ASSERT_TRUE(pair.Write(0, "{}").has_value());
    pair.Run(kSecond / 100);
  }
  pair.Run(3 * kSecond);
  ExpectCosigned(0);
  EXPECT_LE(checkpoints, 12u) << "at most one a second of each side";
}

// A checkpoint meets a mirror that has grown since it was signed, each time while the line is busy.
TEST_F(CosigningTest, ABusyLineIsCosignedAllTheSame) {
  pair.Run(3 * kSecond);
  std::deque<uint64_t> sizes;  // of the last two seconds
  for (int i = 0; i < 5000; ++i) {
    ASSERT_TRUE(pair.Write(0, "{}").has_value());
    pair.Run(kSecond / 1000);
    const LogState& own = pair.endpoint(0).state().own;
    sizes.push_back(own.size());
    if (sizes.size() <= 2000) continue;
    ASSERT_TRUE(own.cosigned.has_value());
    ASSERT_GE(own.cosigned->head.size, sizes.front()) << "after " << i << " entries";
    sizes.pop_front();
  }
  EXPECT_LE(checkpoints, 18u) << "at most one a second of each side";
}

TEST_F(CosigningTest, WhatIsLostIsSaidAgain) {
  for (const char lost : {'C', 'S', 'E'}) {
    filter = [&](char letter) { return letter != lost; };
    ASSERT_TRUE(pair.Write(0, "{}").has_value());
    pair.Run(7 * kSecond);
    EXPECT_NE(pair.endpoint(0).state().own.cosigned
                  ? pair.endpoint(0).state().own.cosigned->head.size
                  : 0,
              pair.endpoint(0).state().own.size());
    filter = nullptr;
    pair.Run(12 * kSecond);
    ExpectCosigned(0);
  }
}

TEST_F(CosigningTest, LossAndCrashesNeverMakeAHeadShorterOrOther) {
  base::SeededRandom random(11);
  filter = [&](char) { return random.Below(10) < 7; };
  for (int i = 0; i < 300; ++i) {
    const size_t side = random.Below(2);
    if (random.Below(12) == 0) {
      pair.Crash(side);
      pair.Run(static_cast<int64_t>(random.Below(3)) * kSecond);
      pair.Start(side);
    }
    (void)pair.Write(side, "{}").has_value();
    pair.Run(static_cast<int64_t>(random.Below(400'000)));
  }
  filter = nullptr;
  pair.Run(30 * kSecond);
  ExpectCosigned(0);
  ExpectCosigned(1);
  for (size_t side = 0; side < 2; ++side) {
    EXPECT_EQ(pair.node(side).Count(TroubleKind::kHeadsForked), 0u);
    EXPECT_EQ(pair.node(side).Count(TroubleKind::kOtherTree), 0u);
  }
}

TEST_F(CosigningTest, FollowsChangedKeys) {
  ASSERT_TRUE(pair.Write(0, "{}").has_value());
  pair.Run(2 * kSecond);
  ASSERT_TRUE(pair.ChangeKeys(0).has_value());
  ASSERT_TRUE(pair.Write(0, "{}").has_value());
  pair.Run(8 * kSecond);
  ExpectCosigned(0, 1);
  // Its cosignatures are under the new key too.
  ASSERT_TRUE(pair.Write(1, "{}").has_value());
  pair.Run(8 * kSecond);
  const auto& cosigned = pair.endpoint(1).state().own.cosigned;
  EXPECT_EQ(cosigned->head, pair.endpoint(1).state().own.tree.head());
  const record::CheckpointKeys keys{LogKeyOf(TestCard(2), TestParty(1)),
                                    {CosignerKeyOf(TestCard(1, 1))}};
  EXPECT_EQ(record::OpenCheckpoint(*cosigned->note, keys)->cosignatures.size(), 1u);
}

TEST_F(CosigningTest, RefusesACosignatureOfTheFutureUntilItsTimeHasCome) {
  pair.node(1).clock_offset_us = 6 * kSecond;
  ASSERT_TRUE(pair.Write(0, "{}").has_value());
  pair.Run(kSecond);
  EXPECT_FALSE(pair.endpoint(0).state().own.cosigned.has_value());
  pair.Run(15 * kSecond);
  ExpectCosigned(0);
  EXPECT_TRUE(pair.node(0).troubles.empty()) << "clocks differ";
  pair.node(1).clock_offset_us = 3'600 * kSecond;
  ASSERT_TRUE(pair.Write(0, "{}").has_value());
  pair.Run(kSecond);
  EXPECT_GE(pair.node(0).Count(TroubleKind::kFromFuture), 1u);
  EXPECT_LT(pair.endpoint(0).state().own.cosigned->head.size, pair.endpoint(0).state().own.size());
}

TEST_F(CosigningTest, TwoHeadsOfOneSizeAreAFork) {
  ASSERT_TRUE(pair.Write(0, "{}").has_value());
  pair.Run(3 * kSecond);
  const KnownHead cosigned = *pair.endpoint(1).state().mirror.cosigned;
  const std::string other = SignedBy(1, 2, OtherHead(cosigned.head.size));
  const auto troubles = pair.Deliver(1, WriteCheckpointFrame(other));
  ASSERT_EQ(troubles.size(), 1u);
  EXPECT_EQ(troubles[0].kind, TroubleKind::kHeadsForked);
  pair.Run(kSecond);
  EXPECT_GE(pair.node(0).Count(TroubleKind::kNotCosigned), 1u) << "whose key it is hears of it";
  EXPECT_EQ(pair.endpoint(1).state().mirror.cosigned->head, cosigned.head);
  // The two of them convince anybody.
  const record::ForkEvidence fork{LogKeyOf(TestCard(1), TestParty(2)),
                                  record::ParseNote(*cosigned.note).value(),
                                  record::ParseNote(troubles[0].evidence).value(),
                                  std::nullopt,
                                  {}};
  const auto finding = record::VerifyEvidence(record::Evidence(fork));
  ASSERT_TRUE(finding.has_value()) << finding.error().ToString();
  EXPECT_EQ(finding->kind, record::EvidenceKind::kFork);
  // What somebody else signed is no fork.
  const auto forged = pair.Deliver(1, WriteCheckpointFrame("x" + other.substr(1)));
  ASSERT_EQ(forged.size(), 1u);
  EXPECT_NE(forged[0].kind, TroubleKind::kHeadsForked);
}

TEST_F(CosigningTest, RefusesAHeadThatTheEntriesDoNotLeadTo) {
  filter = [](char letter) { return letter != 'C'; };
  ASSERT_TRUE(pair.Write(0, "{}").has_value());
  pair.Run(kSecond);
  const uint64_t size = pair.endpoint(1).state().mirror.size();
  std::vector<std::string> refusals;
  filter = nullptr;
  pair.passes = [&](const Flight& flight) {
    if (flight.bytes->front() == 'R') refusals.push_back(flight.bytes->substr(1));
    return flight.bytes->front() != 'C';
  };
  const std::string other = SignedBy(1, 2, OtherHead(size));
  const auto troubles = pair.Deliver(1, WriteCheckpointFrame(other));
  ASSERT_EQ(troubles.size(), 1u);
  EXPECT_EQ(troubles[0].kind, TroubleKind::kOtherTree);
  EXPECT_FALSE(pair.endpoint(1).state().mirror.cosigned.has_value());
  ASSERT_FALSE(refusals.empty());
  const auto refusal = record::OpenCosignRefusal(refusals[0], TestCard(2).key(KeyRole::kMessage));
  ASSERT_TRUE(refusal.has_value());
  EXPECT_EQ(refusal->refused.size, size);
  pair.Run(kSecond);
  EXPECT_GE(pair.node(0).Count(TroubleKind::kNotCosigned), 1u) << "its writer hears of it";
}

// The mirror has passed it: what it was then decides.
TEST_F(CosigningTest, RefusesAHeadThatTheEntriesDidNotLeadToWhenTheyWereAsMany) {
  pair.Run(3 * kSecond);
  filter = [](char letter) { return letter != 'C'; };
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(pair.Write(0, "{}").has_value());
  pair.Run(kSecond / 10);
  const auto troubles = pair.Deliver(1, WriteCheckpointFrame(SignedBy(1, 2, OtherHead(2))));
  ASSERT_EQ(troubles.size(), 1u);
  EXPECT_EQ(troubles[0].kind, TroubleKind::kOtherTree);
  EXPECT_FALSE(pair.endpoint(1).state().mirror.cosigned.has_value());
}

TEST_F(CosigningTest, WhatIsCosignedNeverGetsShorter) {
  std::vector<std::string> before;
  pair.passes = [&](const Flight& flight) {
    if (flight.to == 1 && flight.bytes->front() == 'C') before.push_back(*flight.bytes);
    return true;
  };
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(pair.Write(0, "{}").has_value());
    pair.Run(2 * kSecond);
  }
  ASSERT_GE(before.size(), 5u);
  const KnownHead cosigned = *pair.endpoint(1).state().mirror.cosigned;
  for (const std::string& frame : before) {
    EXPECT_TRUE(pair.Deliver(1, std::string(frame)).empty());
    EXPECT_EQ(pair.endpoint(1).state().mirror.cosigned->head, cosigned.head);
  }
}

// What is under a head can be had back from the peer after an old disk; what was never there cannot, and would be
// written anew under the numbers of a head that is known.
TEST_F(CosigningTest, SignsNoHeadOfWhatThePeerDoesNotHold) {
  pair.Run(3 * kSecond);
  filter = [](char letter) { return letter != 'E'; };
  ASSERT_TRUE(pair.Write(0, "{}").has_value());
  pair.Run(5 * kSecond);
  const LineState& state = pair.endpoint(0).state();
  EXPECT_LT(state.own.signed_head ? state.own.signed_head->head.size : 0, state.own.size());
  filter = nullptr;
  pair.Run(6 * kSecond);
  ExpectCosigned(0);
}

TEST_F(CosigningTest, ALostLineLeavesNothingWithoutAHeadAndTellsThePeerOfItWithTheEntries) {
  pair.Run(3 * kSecond);
  filter = [](char) { return false; };
  ASSERT_TRUE(pair.Write(0, "{}").has_value());
  pair.Run(15 * kSecond);
  const LineState& state = pair.endpoint(0).state();
  ASSERT_TRUE(state.own.signed_head.has_value());
  EXPECT_EQ(state.own.signed_head->head, state.own.tree.head());
  // All but the entries comes through: it is not heard of.
  size_t heads = 0;
  filter = [&](char letter) {
    if (letter == 'C') ++heads;
    return letter != 'E';
  };
  pair.Run(10 * kSecond);
  EXPECT_EQ(heads, 0u);
  filter = nullptr;
  pair.Run(10 * kSecond);
  ExpectCosigned(0);
}

TEST_F(CosigningTest, DropsWhatIsForgedMalformedOrOfAnotherLog) {
  ASSERT_TRUE(pair.Write(0, "{}").has_value());
  pair.Run(3 * kSecond);
  const record::TreeHead next{2, crypto::Sha256(base::AsBytes("2"))};
  const LineState before = pair.endpoint(0).state();
  const auto expect = [&](const std::string& frame, TroubleKind kind) {
    const auto troubles = pair.Deliver(0, frame);
    ASSERT_EQ(troubles.size(), 1u) << frame;
    EXPECT_EQ(troubles[0].kind, kind) << troubles[0].error.ToString();
  };
  expect("C", TroubleKind::kMalformed);
  expect("Sxyz\n", TroubleKind::kMalformed);
  expect("R{}", TroubleKind::kMalformed);
  expect(WriteCheckpointFrame(SignedBy(2, 3, next)), TroubleKind::kNotOurs);
  expect(WriteCosignatureFrame(SignedBy(2, 1, next)), TroubleKind::kNotOurs);
  expect(WriteCosignatureFrame(SignedBy(1, 2, next)), TroubleKind::kNotOurs);
  // A head of ours that somebody else cosigned.
  filter = [](char letter) { return letter != 'S'; };
  ASSERT_TRUE(pair.Write(0, "{}").has_value());
  pair.Run(kSecond);
  const record::TreeHead head = pair.endpoint(0).state().own.signed_head->head;
  record::SignedNote note = record::SignCheckpoint(head, LogSigner(1, 2)).value();
  auto keys = testing::TestKeys(9);
  const auto stranger =
      record::SignerKey::Make(CosignerNameOf(TestParty(2)), record::KeyAlgorithm::kCosignatureV1,
                              std::move(keys[2]))
          .value();
  note.signatures = {record::CosignCheckpoint(note.text, stranger, 5).value()};
  EXPECT_TRUE(pair.Deliver(0, WriteCosignatureFrame(record::FormatNote(note).value())).empty());
  EXPECT_LT(pair.endpoint(0).state().own.cosigned->head.size, head.size);
  // Under the name of the peer's key, and not by it.
  note.signatures[0].key_id = CosignerKeyOf(TestCard(2)).id();
  expect(WriteCosignatureFrame(record::FormatNote(note).value()), TroubleKind::kUnverified);
  filter = nullptr;
  pair.Run(6 * kSecond);
  ExpectCosigned(0);
}

}  // namespace
}  // namespace wideberth::line
