// Two nodes over stores in memory, joined by hand, that crash again and again: nothing that one has acknowledged is
// lost, and each is the same after every restart, from its projection and the log behind it as from the log alone.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <deque>
#include <filesystem>

#include "airspace/testing/world.h"
#include "base/log.h"
#include "base/random.h"
#include "crypto/sha256.h"
#include "line/cosigning.h"
#include "line/frame.h"
#include "line/party_card.h"
#include "mechanism/testing/values.h"
#include "record/evidence.h"
#include "record/tile.h"
#include "service/batch.h"
#include "service/contents.h"
#include "service/line_signatures.h"
#include "service/node.h"
#include "service/record_evidence.h"
#include "service/record_reader.h"
#include "service/testing/memory_keys.h"
#include "service/testing/node_pair.h"
#include "store/memory/memory_store.h"

namespace wideberth::service {
namespace {

using airspace::testing::TestNotice;
using airspace::testing::TestParty;
using store::memory::MemoryStore;
using testing::kBoth;
using testing::KeysOf;
using testing::kSecond;
using NodeLineTest = testing::NodePairTest;

TEST_F(NodeLineTest, WhatIsSaidOnOneSideIsHeardOnTheOther) {
  Run(3 * kSecond);
  EXPECT_TRUE(Say(0, "from north"));
  EXPECT_TRUE(Say(1, "from south"));
  Run(3 * kSecond);
  EXPECT_EQ(Heard(0), std::set<std::string>{"from south"});
  EXPECT_EQ(Heard(1), std::set<std::string>{"from north"});
}

TEST_F(NodeLineTest, NothingAcknowledgedIsLostByCrashes) {
  std::array<std::set<std::string>, 2> said;
  Run(3 * kSecond);
  for (int round = 0; round < 25; ++round) {
    const size_t n = random_.Below(2);
    for (uint64_t more = random_.Below(4); more > 0; --more) {
      const size_t speaker = random_.Below(2);
      const std::string text = "text " + std::to_string(round) + "." + std::to_string(more);
      if (Say(speaker, text)) said[speaker].insert(text);
    }
    if (random_.Below(2) == 0) Run(200'000);
    if (random_.Below(2) == 0) {
      ASSERT_TRUE(nodes_[n]->WriteProjection().has_value());
    }
    const base::Bytes before = Canonical(n);
    Crash(n);
    ASSERT_EQ(OnDisk(n, true), OnDisk(n, false)) << round;
    // What readers saw was durable; opening only adds what a start adds.
    const base::Bytes on_disk = OnDisk(n, true);
    ASSERT_GE(on_disk.size(), before.size());
    EXPECT_TRUE(std::equal(before.begin(), before.end(), on_disk.begin())) << round;
    if (random_.Below(2) == 0) Run(2 * kSecond);
    Open(n);
    if (random_.Below(2) == 0) Run(3 * kSecond);
  }
  Run(30 * kSecond);
  EXPECT_EQ(Heard(0), said[1]);
  EXPECT_EQ(Heard(1), said[0]);
  EXPECT_GT(said[0].size(), 5u);
  EXPECT_GT(said[1].size(), 5u);
}

// The tiles of a log, as the node gives them out.
class ServedLog final : public record::TileReader {
 public:
  ServedLog(RecordReader reader, RecordReader::Log log) : reader_(reader), log_(std::move(log)) {}
  base::Result<base::Bytes> ReadTile(const record::TilePath& tile) const override {
    return reader_.ReadTile(log_, tile);
  }

 private:
  const RecordReader reader_;
  const RecordReader::Log log_;
};

TEST_F(NodeLineTest, TheRecordIsWholeOnBothSidesWhateverCrashes) {
  Run(3 * kSecond);
  for (int round = 0; round < 12; ++round) {
    const size_t n = random_.Below(2);
    Say(0, "from north " + std::to_string(round));
    Say(1, "from south " + std::to_string(round));
    Run(static_cast<int64_t>(random_.Below(20)) * kSecond / 10);
    if (random_.Below(2) == 0) {
      ASSERT_TRUE(nodes_[n]->WriteProjection().has_value());
    }
    Crash(n);
    Open(n);
  }
  Run(30 * kSecond);
  for (const size_t n : kBoth) {
    const RecordReader own = nodes_[n]->record();
    const RecordReader other = nodes_[1 - n]->record();
    const auto ours = own.Find(TestParty(static_cast<uint8_t>(2 - n)), Writer::kOurs).value();
    const auto theirs = other.Find(TestParty(static_cast<uint8_t>(n + 1)), Writer::kTheirs).value();
    ASSERT_TRUE(ours.cosigned && theirs.cosigned);
    EXPECT_EQ(ours.cosigned->head.size, ours.size) << "R2 of everything";
    EXPECT_EQ(*ours.cosigned->note, *theirs.cosigned->note);
    EXPECT_GT(ours.size, 12u);
    const record::TreeHead head = ours.cosigned->head;
    for (const auto& [reader, log] : {std::pair(own, ours), std::pair(other, theirs)}) {
      const auto verified = record::VerifyTiles(ServedLog(reader, log), head);
      EXPECT_TRUE(verified.has_value()) << verified.error().ToString();
      // Each entry is dated by the first cosignature that covers it.
      uint64_t time_s = 0;
      for (uint64_t index = 0; index < log.size; ++index) {
        const auto first = reader.FirstCosignedFrom(log, index + 1);
        ASSERT_TRUE(first.has_value()) << first.error().ToString();
        EXPECT_GT(first->head.size, index);
        EXPECT_GE(first->time_s, time_s);
        time_s = first->time_s;
        EXPECT_TRUE(reader.ProveInclusion(log, index, first->head.size).has_value());
        const auto last = reader.LastCosignedUpTo(log, index);
        ASSERT_TRUE(last.has_value());
        if (*last) {
          EXPECT_LE((*last)->head.size, index);
          const auto proof =
              reader.ProveConsistency(log, (*last)->head.size, first->head.size).value();
          EXPECT_TRUE(record::VerifyConsistency((*last)->head, first->head, proof).has_value());
        }
      }
      EXPECT_FALSE(reader.FirstCosignedFrom(log, log.size + 1).has_value());
      EXPECT_FALSE(reader.ReadEntries(log, log.size, 1).has_value());
    }
  }
}

TEST_F(NodeLineTest, TroubleBecomesEvidenceThatNeedsNoTrust) {
  Run(3 * kSecond);
  ASSERT_TRUE(Say(0, "one history"));
  Run(5 * kSecond);
  expects_trouble_ = true;
  const line::PartyCard north = line::ReadCard(OwnCard(0)).value();
  const line::PartyCard south = line::ReadCard(OwnCard(1)).value();
  const RecordReader record = nodes_[1]->record();
  const auto mirror = record.Find(TestParty(1), Writer::kTheirs).value();
  ASSERT_TRUE(mirror.cosigned.has_value());

  // North's keys sign another head of the size that south has cosigned.
  crypto::SecretKey log_key =
      crypto::SecretKey::FromSeed(keys_[0]->Load(north)->log->Seed().bytes()).value();
  const auto signer = record::SignerKey::Make(line::OriginOf(TestParty(1), TestParty(2)),
                                              record::KeyAlgorithm::kEd25519, std::move(log_key));
  record::TreeHead other = mirror.cosigned->head;
  other.root.bytes[0] ^= 1;
  const std::string note =
      record::FormatNote(record::SignCheckpoint(other, *signer).value()).value();
  nodes_[1]->sequencer().Receive(TestParty(1), 0, line::WriteCheckpointFrame(note));
  Steps(1);
  // And another message under a number that it has used.
  const auto entries = record.ReadEntries(mirror, mirror.size - 1, 1).value();
  const crypto::PublicKey& message_key = north.key(line::KeyRole::kMessage);
  line::Message again = line::OpenMessage(*entries.front().envelope, {&message_key, 1})->message;
  again.clock_error_ms += 1;
  const std::string forked = line::SealMessage(again, *keys_[0]->Load(north)->message).value();
  nodes_[1]->sequencer().Receive(TestParty(1), 0, "E" + forked);
  Steps(1);

  ASSERT_EQ(troubles_.size(), 2u);
  const std::string folder = ::testing::TempDir() + "evidence-of-trouble";
  std::filesystem::remove_all(folder);
  for (const line::Trouble& trouble : troubles_) {
    const auto file = EvidenceOf(record, south, north, trouble);
    ASSERT_TRUE(file.has_value()) << file.error().ToString();
    ASSERT_TRUE(file->has_value());
    const auto finding = record::VerifyEvidence((*file)->text);
    ASSERT_TRUE(finding.has_value()) << finding.error().ToString();
    EXPECT_EQ(finding->kind, record::EvidenceKind::kFork);
    EXPECT_TRUE(*KeepEvidence(folder, **file));
    EXPECT_FALSE(*KeepEvidence(folder, **file)) << "the first is kept";
  }
  const auto open = nodes_[1]
                        ->ReadDesk([](const airspace::State&, const mechanism::Desk& desk) {
                          return desk.open_matters();
                        })
                        .first;
  EXPECT_GE(open, 2u) << "and people are told";
  // Nothing of the forger's is taken.
  expects_trouble_ = false;
  EXPECT_EQ(record.Find(TestParty(1), Writer::kTheirs)->cosigned->head, mirror.cosigned->head);
  std::filesystem::remove_all(folder);
}

TEST_F(NodeLineTest, AnotherCardForAKnownPeerIsRefused) {
  Crash(0);
  NodeOptions options;
  options.line.emplace();
  options.line->party = TestParty(1);
  options.line->keys = keys_[0];
  const testing::MemoryKeys others(TestParty(2), "south", 201, airspace::testing::kNoon);
  options.line->peers = {{others.FirstCard().value(), 1}};
  const auto refused = Node::Open(MemoryStore::Open(disks_[0]).value(),
                                  airspace::testing::TestRules(), {}, clock_, std::move(options));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, base::ErrorCode::kConflict);
  EXPECT_EQ(refused.error().field, "peer[0]/keys");
}

// People tell peers apart by their names, and the name of one that is no longer configured is still its own.
TEST_F(NodeLineTest, ASecondPeerOfOneNameIsRefused) {
  Crash(0);
  NodeOptions options;
  options.line.emplace();
  options.line->party = TestParty(1);
  options.line->keys = keys_[0];
  const testing::MemoryKeys others(TestParty(3), "south", 202, airspace::testing::kNoon);
  options.line->peers = {{others.FirstCard().value(), 1}};
  const auto refused = Node::Open(MemoryStore::Open(disks_[0]).value(),
                                  airspace::testing::TestRules(), {}, clock_, std::move(options));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, base::ErrorCode::kConflict);
  EXPECT_EQ(refused.error().field, "peer[0]/name");
}

TEST_F(NodeLineTest, KeysChangeAndBothGoOnAfterEveryKindOfStart) {
  Run(3 * kSecond);
  ASSERT_TRUE(Say(0, "before"));
  ASSERT_TRUE(ChangeKeys(0));
  ASSERT_TRUE(Say(0, "behind"));
  Run(3 * kSecond);
  EXPECT_EQ(PeerCard(1), OwnCard(0));
  EXPECT_NE(OwnCard(0), keys_[0]->FirstCard().value());
  for (const size_t n : {size_t{0}, size_t{1}, size_t{0}}) {
    if (n == 0) {
      ASSERT_TRUE(nodes_[n]->WriteProjection().has_value());
    }
    Crash(n);
    ASSERT_EQ(OnDisk(n, true), OnDisk(n, false));
    // The peer's file is the card that was enrolled, and stays so.
    Open(n);
    Run(5 * kSecond);
    ASSERT_TRUE(Say(n, "again " + std::to_string(n)));
  }
  Run(5 * kSecond);
  EXPECT_EQ(Heard(1), (std::set<std::string>{"before", "behind", "again 0"}));
  EXPECT_EQ(Heard(0), std::set<std::string>{"again 1"});
  // With both in step the former keys are needed no more.
  Crash(0);
  keys_[0]->ForgetFormer();
  Open(0);
  EXPECT_EQ(nodes_[0]->transport_keys().size(), 1u);
  Run(5 * kSecond);
  ASSERT_TRUE(Say(0, "without the old"));
  Run(5 * kSecond);
  EXPECT_TRUE(Heard(1).contains("without the old"));
}

TEST_F(NodeLineTest, EveryEntryIsUnderTheKeyOfItsNumber) {
  for (int round = 0; round < 3; ++round) {
    Run(3 * kSecond);
    ASSERT_TRUE(Say(0, "round " + std::to_string(round)));
    ASSERT_TRUE(ChangeKeys(0));
    ASSERT_TRUE(ChangeKeys(1));
  }
  Run(5 * kSecond);
  for (const size_t n : kBoth) {
    Crash(n);
    const auto store = MemoryStore::Open(disks_[n]).value();
    LineSignatures right;
    const auto whole =
        store->Replay(1, [&](const store::Batch& batch) { return right.Check(batch); });
    EXPECT_TRUE(whole.has_value()) << whole.error().ToString();
    EXPECT_GT(right.checked(), 10u);
    // Without the changes of the keys the first entry behind one is wrong.
    LineSignatures wrong;
    const auto found = store->Replay(1, [&](const store::Batch& batch) -> base::Result<void> {
      BatchWriter without;
      bool any = false;
      BatchVisitor visitor;
      visitor.line = [&](uint32_t line, const line::Effect& effect) {
        const auto* key = std::get_if<line::MessageKeyChanged>(&effect);
        if (key != nullptr && key->first_seq > 1) return;
        without.Add(line, effect);
        any = true;
      };
      WB_RETURN_IF_ERROR(ReadBatch(batch.bytes, visitor));
      if (!any) return {};
      const base::Bytes bytes = without.Encode();
      store::Batch changed = batch;
      changed.bytes = bytes;
      return wrong.Check(changed);
    });
    ASSERT_FALSE(found.has_value());
    EXPECT_EQ(found.error().code, base::ErrorCode::kStorage);
  }
}

TEST_F(NodeLineTest, AChangeThatWasNeverDurableChangesNothing) {
  Run(3 * kSecond);
  const std::string before = OwnCard(0);
  // The keys are made and stored, and the node goes down before the turn that says so.
  const line::PartyCard card = line::ReadCard(before).value();
  ASSERT_TRUE(keys_[0]->Make(card, {line::KeyRole::kMessage}, clock_.Now()).has_value());
  Crash(0);
  Open(0);
  EXPECT_EQ(OwnCard(0), before);
  Run(5 * kSecond);
  ASSERT_TRUE(Say(0, "as ever"));
  // In the turn itself.
  disks_[0]->FailSync(1);
  EXPECT_FALSE(ChangeKeys(0));
  Crash(0);
  Open(0);
  Run(5 * kSecond);
  const std::string after = OwnCard(0);
  ASSERT_TRUE(Say(0, "whichever it is"));
  Run(5 * kSecond);
  EXPECT_EQ(PeerCard(1), after);
  EXPECT_EQ(Heard(1), (std::set<std::string>{"as ever", "whichever it is"}));
  ASSERT_TRUE(ChangeKeys(0));
  Run(5 * kSecond);
  EXPECT_EQ(PeerCard(1), OwnCard(0));
}

TEST_F(NodeLineTest, ADurableChangeIsToldAfterACrash) {
  Run(3 * kSecond);
  Crash(1);
  ASSERT_TRUE(ChangeKeys(0));
  ASSERT_TRUE(Say(0, "behind"));
  Crash(0);
  Open(0);
  // The peer has not receipted it, so the former keys are at hand.
  EXPECT_EQ(nodes_[0]->transport_keys().size(), 2u);
  Open(1);
  Run(10 * kSecond);
  EXPECT_EQ(PeerCard(1), OwnCard(0));
  EXPECT_EQ(Heard(1), std::set<std::string>{"behind"});
}

TEST_F(NodeLineTest, KeysThatAreNotThoseOfTheStoreDoNotStart) {
  Run(3 * kSecond);
  ASSERT_TRUE(ChangeKeys(0));
  Run(3 * kSecond);
  Crash(0);
  NodeOptions options;
  options.line.emplace();
  options.line->party = TestParty(1);
  options.line->keys = KeysOf(1);  // as they were at first: an old copy of the folder
  const auto refused = Node::Open(MemoryStore::Open(disks_[0]).value(),
                                  airspace::testing::TestRules(), {}, clock_, std::move(options));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, base::ErrorCode::kNotFound);
}

TEST_F(NodeLineTest, WhatChangedRulesFindAtAStartIsAMatterAndIsToldToThePeer) {
  Run(3 * kSecond);
  const auto declare = [&](uint8_t party, double east_m) {
    auto prepared = nodes_[0]->Prepare(airspace::testing::TestActivity(east_m)).value();
    const airspace::Declare declared{TestNotice(party), std::move(prepared), false, {}};
    ASSERT_TRUE(nodes_[0]->sequencer().Submit({TestParty(party), declared}, nullptr));
    Steps(0);
  };
  declare(1, 0);
  declare(2, 20'000);
  const auto found = [&] {
    return nodes_[0]
        ->ReadDesk([](const airspace::State& state, const mechanism::Desk& desk) {
          const auto matters = static_cast<size_t>(
              std::count_if(desk.matters().begin(), desk.matters().end(), [](const auto& each) {
                return each.second.kind == mechanism::MatterKind::kConflict;
              }));
          return std::array<size_t, 3>{state.GetStatistics().live_conflicts,
                                       desk.bases_signed().size(), matters};
        })
        .first;
  };
  ASSERT_EQ(found(), (std::array<size_t, 3>{0, 0, 0}));
  airspace::Rules::Content wider = rules_.content();
  wider.separations[0].separation.lateral_mm = 50'000'000;
  const base::Digest digest = airspace::testing::TestDigest(base::AsBytes("wider"));
  rules_ = airspace::Rules::Make(wider, digest).value();
  Crash(0);
  Open(0);
  EXPECT_EQ(found(), (std::array<size_t, 3>{1, 1, 1}));
  Run(5 * kSecond);
  const size_t heard = nodes_[1]
                           ->ReadDesk([](const airspace::State&, const mechanism::Desk& desk) {
                             return desk.bases_heard().size();
                           })
                           .first;
  EXPECT_EQ(heard, 1u);
}

TEST_F(NodeLineTest, OneKeyMayChangeAlone) {
  Run(3 * kSecond);
  ASSERT_TRUE(ChangeKeys(0, {line::KeyRole::kLog}));
  Run(3 * kSecond);
  const line::PartyCard before = line::ReadCard(keys_[0]->FirstCard().value()).value();
  const line::PartyCard after = line::ReadCard(PeerCard(1)).value();
  for (const line::KeyRole role : line::kKeyRoles) {
    EXPECT_EQ(after.key(role) == before.key(role), role != line::KeyRole::kLog);
  }
  EXPECT_FALSE(ChangeKeys(0, {}));
  ASSERT_TRUE(Say(0, "goes on"));
  Run(3 * kSecond);
  EXPECT_EQ(Heard(1), std::set<std::string>{"goes on"});
}

}  // namespace
}  // namespace wideberth::service
