// A node whose store is set back to an older copy, and what its peer can prove of that and of other trouble.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "airspace/testing/world.h"
#include "crypto/sha256.h"
#include "line/message.h"
#include "line/party_card.h"
#include "record/evidence.h"
#include "service/record_evidence.h"
#include "service/record_reader.h"
#include "service/testing/node_pair.h"
#include "store/memory/memory_store.h"

namespace wideberth::service {
namespace {

using airspace::testing::TestParty;
using store::memory::MemoryDisk;
using store::memory::MemoryStore;
using testing::kSecond;
using NodeRestoreTest = testing::NodePairTest;

TEST_F(NodeRestoreTest, TornChainsAndReplacedKeysBecomeEvidence) {
  Run(3 * kSecond);
  const line::PartyCard before = line::ReadCard(OwnCard(0)).value();
  ASSERT_TRUE(ChangeKeys(0));
  ASSERT_TRUE(Say(0, "behind the change"));
  Run(5 * kSecond);
  expects_trouble_ = true;
  const line::PartyCard after = line::ReadCard(OwnCard(0)).value();
  const line::PartyCard south = line::ReadCard(OwnCard(1)).value();
  const RecordReader record = nodes_[1]->record();
  const auto mirror = record.Find(TestParty(1), Writer::kTheirs).value();
  const auto last = record.ReadEntries(mirror, mirror.size - 1, 1).value();
  const crypto::PublicKey key = after.key(line::KeyRole::kMessage);
  line::Message next = line::OpenMessage(*last.front().envelope, {&key, 1})->message;
  next.seq += 1;
  next.previous = crypto::Sha256(base::AsBytes(*last.front().envelope));
  const auto hand_over = [&](const line::Message& message, const line::PartyCard& signer) {
    const std::string sealed = line::SealMessage(message, *keys_[0]->Load(signer)->message).value();
    nodes_[1]->sequencer().Receive(TestParty(1), 0, "E" + sealed);
    Steps(1);
  };
  hand_over(next, before);
  next.previous.bytes[0] ^= 1;
  hand_over(next, after);
  ASSERT_EQ(troubles_.size(), 2u);
  EXPECT_EQ(troubles_[0].kind, line::TroubleKind::kKeyReplaced);
  EXPECT_EQ(troubles_[1].kind, line::TroubleKind::kBrokenChain);
  const record::EvidenceKind kinds[] = {record::EvidenceKind::kRevokedKey,
                                        record::EvidenceKind::kGap};
  const std::string folder = ::testing::TempDir() + "evidence-of-keys";
  std::filesystem::remove_all(folder);
  for (size_t i = 0; i < 2; ++i) {
    const auto file = EvidenceOf(record, south, after, troubles_[i]);
    ASSERT_TRUE(file.has_value()) << file.error().ToString();
    ASSERT_TRUE(file->has_value());
    EXPECT_EQ(record::VerifyEvidence((*file)->text)->kind, kinds[i]);
    EXPECT_TRUE(*KeepEvidence(folder, **file));
    EXPECT_EQ(ReadEvidence(folder, (*file)->name).value(), (*file)->text);
  }
  EXPECT_EQ(ListEvidence(folder)->size(), 2u);
  EXPECT_FALSE(ReadEvidence(folder, "../evidence-of-keys/x.json").has_value());
  std::filesystem::remove_all(folder);
  EXPECT_TRUE(ListEvidence(folder)->empty());
  EXPECT_GE(nodes_[1]
                ->ReadDesk([](const airspace::State&, const mechanism::Desk& desk) {
                  return desk.open_matters();
                })
                .first,
            2u);
}

// A disk as it is now, for later.
std::shared_ptr<MemoryDisk> CopyOf(const MemoryDisk& disk) {
  auto copy = std::make_shared<MemoryDisk>();
  const MemoryDisk::Session session = copy->Mount().value();
  for (const std::string_view file : {"log", "projection"}) {
    EXPECT_TRUE(copy->Replace(session, file, disk.Read(file)).has_value());
  }
  copy->Unmount(session);
  return copy;
}

// What is said in texts, of both sides. When a machine heard of it is all that may be otherwise.
using Texts = std::map<base::Uuid, mechanism::Call>;
Texts TextsOf(const Node& node) {
  return node
      .ReadDesk([](const airspace::State&, const mechanism::Desk& desk) {
        Texts texts;
        for (const auto& [id, call] : desk.calls()) {
          if (call.kind != operators::ActKind::kSendPolicyText) continue;
          mechanism::Call& text = texts.emplace(id, call).first->second;
          text.stored_at = call.at;
          text.closed_at = call.at;
        }
        return texts;
      })
      .first;
}

class OldCopyTest : public NodeRestoreTest {
 protected:
  uint64_t Written() const {
    return nodes_[0]->record().Find(TestParty(2), Writer::kOurs).value().size;
  }
  void Mark(std::string_view restored) {
    auto store = MemoryStore::Open(disks_[0]).value();
    ASSERT_TRUE(store->PutMeta(store::kRestoredFact, restored).has_value());
  }
  // Both sides talk; then node 0 stands where `copy` was made.
  void LoseWhatIsSaidNow() {
    const auto copy = CopyOf(*disks_[0]);
    for (int i = 0; i < 5; ++i) {
      ASSERT_TRUE(Say(0, "lost " + std::to_string(i)));
      Run(300'000);
      ASSERT_TRUE(Say(1, "heard and lost " + std::to_string(i)));
      Run(static_cast<int64_t>(random_.Below(2)) * kSecond);
    }
    Run(4 * kSecond);
    lost_ = TextsOf(*nodes_[0]);
    written_ = Written();
    Crash(0);
    disks_[0] = copy;
  }
  const line::Trouble* Find(line::TroubleKind kind) const {
    const auto found = std::find_if(troubles_.begin(), troubles_.end(),
                                    [&](const line::Trouble& each) { return each.kind == kind; });
    return found == troubles_.end() ? nullptr : &*found;
  }
  // Shown on both sides; the peer's file needs nobody's word.
  void ExpectThatIsSaid() {
    ASSERT_NE(Find(line::TroubleKind::kPeerHoldsMore), nullptr);
    const line::Trouble* rolled_back = Find(line::TroubleKind::kPeerRolledBack);
    ASSERT_NE(rolled_back, nullptr);
    for (const line::Trouble& trouble : troubles_) {
      EXPECT_TRUE(trouble.kind == line::TroubleKind::kPeerHoldsMore ||
                  trouble.kind == line::TroubleKind::kPeerRolledBack ||
                  trouble.kind == line::TroubleKind::kCosignedNotHeld)
          << line::Name(trouble.kind) << " " << trouble.error.ToString();
    }
    const auto file = EvidenceOf(nodes_[1]->record(), line::ReadCard(OwnCard(1)).value(),
                                 line::ReadCard(OwnCard(0)).value(), *rolled_back);
    ASSERT_TRUE(file.has_value()) << file.error().ToString();
    EXPECT_EQ(record::VerifyEvidence((*file)->text)->kind, record::EvidenceKind::kRollback);
  }

  Texts lost_;
  uint64_t written_ = 0;
};

TEST_F(OldCopyTest, SignsNothingAndHasBackWhatWasSaid) {
  Run(3 * kSecond);
  ASSERT_TRUE(Say(0, "kept"));
  Run(3 * kSecond);
  LoseWhatIsSaidNow();
  Mark("yes");
  expects_trouble_ = true;
  Open(0);
  // Before the peer is heard: refused, and in words.
  Work(0, [](mechanism::Core& core, line::Now) {
    const auto may = core.RequireMaySign();
    ASSERT_FALSE(may.has_value());
    EXPECT_EQ(may.error().code, base::ErrorCode::kConflict);
    EXPECT_NE(may.error().rule.find("south"), std::string::npos);
  });
  EXPECT_LT(Written(), written_);
  Run(12 * kSecond);
  EXPECT_EQ(TextsOf(*nodes_[0]), lost_);
  EXPECT_GE(Written(), written_);
  Work(0, [](mechanism::Core& core, line::Now) { EXPECT_TRUE(core.RequireMaySign().has_value()); });
  ExpectThatIsSaid();
  // It goes on, and is the same after every kind of start.
  expects_trouble_ = false;
  ASSERT_TRUE(Say(0, "behind"));
  Run(4 * kSecond);
  EXPECT_TRUE(Heard(1).contains("behind"));
  ASSERT_TRUE(nodes_[0]->WriteProjection().has_value());
  Crash(0);
  ASSERT_EQ(OnDisk(0, true), OnDisk(0, false));
  Mark("no");
  Open(0);
  Run(4 * kSecond);
  EXPECT_EQ(nodes_[0]->record().Find(TestParty(2), Writer::kOurs)->cosigned->head,
            nodes_[1]->record().Find(TestParty(1), Writer::kTheirs)->cosigned->head);
}
// The one that has more is started in between: what it can prove is on its disk.
TEST_F(OldCopyTest, IsProvenByAPeerThatWasStartedMeanwhile) {
  Run(3 * kSecond);
  ASSERT_TRUE(Say(0, "kept"));
  Run(3 * kSecond);
  LoseWhatIsSaidNow();
  Crash(1);
  expects_trouble_ = true;
  Open(1);
  Mark("yes");
  Open(0);
  Run(12 * kSecond);
  ExpectThatIsSaid();
  EXPECT_EQ(TextsOf(*nodes_[0]), lost_);
  EXPECT_GE(Written(), written_);
}

// Both started anew, and neither has lost anything: nobody is accused.
TEST_F(NodeRestoreTest, AStartOfBothIsNoTrouble) {
  Run(3 * kSecond);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(Say(0, "one " + std::to_string(i)));
    ASSERT_TRUE(Say(1, "two " + std::to_string(i)));
    Run(kSecond);
    for (const size_t n : testing::kBoth) Crash(n);
    for (const size_t n : testing::kBoth) Open(n);
    Run(3 * kSecond);
  }
  EXPECT_EQ(Heard(1).size(), 3U);
}
}  // namespace
}  // namespace wideberth::service
