// What a peer may do to the record that no crash does, between two whole nodes: it is refused, shown on both sides, and
// kept as evidence that needs nobody's word.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "airspace/testing/world.h"
#include "crypto/ed25519.h"
#include "line/cosigning.h"
#include "line/frame.h"
#include "line/party_card.h"
#include "record/checkpoint.h"
#include "record/evidence.h"
#include "record/signed_note.h"
#include "service/record_evidence.h"
#include "service/record_reader.h"
#include "service/testing/node_pair.h"
#include "store/memory/memory_store.h"

namespace wideberth::service {
namespace {

using airspace::testing::TestParty;
using line::TroubleKind;
using store::memory::MemoryDisk;
using testing::kSecond;

class NodeFaultTest : public testing::NodePairTest {
 protected:
  const line::Trouble* Find(size_t n, TroubleKind kind) const {
    const auto& all = troubles_of_[n];
    const auto found = std::find_if(all.begin(), all.end(),
                                    [&](const line::Trouble& each) { return each.kind == kind; });
    return found == all.end() ? nullptr : &*found;
  }
  uint64_t OpenMatters(size_t n) const {
    return nodes_[n]
        ->ReadDesk(
            [](const airspace::State&, const mechanism::Desk& desk) { return desk.open_matters(); })
        .first;
  }
  line::PartyCard Card(size_t n) const { return line::ReadCard(OwnCard(n)).value(); }
  RecordReader::Log Own(size_t n) const {
    return nodes_[n]->record().Find(TestParty(static_cast<uint8_t>(2 - n)), Writer::kOurs).value();
  }
  record::SignerKey Signer(size_t n, line::KeyRole role) const {
    const line::PartyCard card = Card(n);
    const auto keys = keys_[n]->Load(card);
    const bool log = role == line::KeyRole::kLog;
    const auto& secret = log ? keys->log : keys->cosignature;
    const base::PartyId peer = TestParty(static_cast<uint8_t>(2 - n));
    return record::SignerKey::Make(
               log ? line::OriginOf(card.party, peer) : line::CosignerNameOf(card.party),
               log ? record::KeyAlgorithm::kEd25519 : record::KeyAlgorithm::kCosignatureV1,
               crypto::SecretKey::FromSeed(secret->Seed().bytes()).value())
        .value();
  }
};

// The store of North is set back without anybody noticing, South cannot be heard, and North writes on: two histories
// under one key. When they meet, both sides say so, and South has it in a file that needs nobody's word.
class TwoHistories : public NodeFaultTest, public ::testing::WithParamInterface<int> {};

TEST_P(TwoHistories, AreShownOnBothSidesAndProven) {
  Run(3 * kSecond);
  ASSERT_TRUE(Say(0, "kept"));
  Run(3 * kSecond);
  auto copy = std::make_shared<MemoryDisk>();
  const MemoryDisk::Session session = copy->Mount().value();
  for (const std::string_view file : {"log", "projection"}) {
    ASSERT_TRUE(copy->Replace(session, file, disks_[0]->Read(file)).has_value());
  }
  copy->Unmount(session);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Say(0, "first history " + std::to_string(i)));
  Run(4 * kSecond);
  const uint64_t first_size = Own(0).size;
  for (const size_t n : testing::kBoth) Crash(n);
  disks_[0] = copy;
  expects_trouble_ = true;
  Open(0);
  const int written = GetParam();
  for (int i = 0; i < written; ++i) ASSERT_TRUE(Say(0, "second history " + std::to_string(i)));
  EXPECT_EQ(Own(0).size > first_size, written > 3) << Own(0).size << " and " << first_size;
  Open(1);
  Run(8 * kSecond);

  // North: South holds another log of its own than is here.
  EXPECT_NE(Find(0, TroubleKind::kHeadsDiffer), nullptr);
  EXPECT_EQ(Find(0, TroubleKind::kNotCosigned) != nullptr, written > 3);
  for (const size_t n : testing::kBoth) EXPECT_GE(OpenMatters(n), 1u) << n;
  for (const std::string& text : Heard(1)) EXPECT_EQ(text.find("second"), text.npos) << text;
  // South: each trouble that proves something.
  std::set<record::EvidenceKind> proven;
  for (const line::Trouble& trouble : troubles_of_[1]) {
    const auto file = EvidenceOf(nodes_[1]->record(), Card(1), Card(0), trouble);
    if (!file || !*file) continue;
    const auto finding = record::VerifyEvidence((*file)->text);
    ASSERT_TRUE(finding.has_value()) << finding.error().ToString();
    proven.insert(finding->kind);
    ASSERT_EQ(finding->against.size(), 1u);
    const crypto::PublicKey& key = finding->against[0].key;
    EXPECT_TRUE(key == Card(0).key(line::KeyRole::kMessage) ||
                key == Card(0).key(line::KeyRole::kLog));
  }
  EXPECT_TRUE(
      proven.contains(written > 3 ? record::EvidenceKind::kGap : record::EvidenceKind::kRollback));
  if (HasFailure()) {
    for (const size_t n : testing::kBoth) {
      for (const line::Trouble& trouble : troubles_of_[n]) {
        ADD_FAILURE() << n << " " << line::Name(trouble.kind) << " " << trouble.error.ToString();
      }
    }
  }
}
INSTANTIATE_TEST_SUITE_P(ShorterAndLonger, TwoHistories, ::testing::Values(1, 12));

// Somebody has the log key of North and signs another head with it: South refuses, and North hears of it.
TEST_F(NodeFaultTest, AForkedHeadIsShownToTheOneWhoseKeySignedIt) {
  Run(3 * kSecond);
  ASSERT_TRUE(Say(0, "one history"));
  Run(5 * kSecond);
  expects_trouble_ = true;
  const RecordReader::Log mirror = nodes_[1]->record().Find(TestParty(1), Writer::kTheirs).value();
  record::TreeHead other = mirror.cosigned->head;
  other.root.bytes[0] ^= 1;
  const std::string note =
      record::FormatNote(record::SignCheckpoint(other, Signer(0, line::KeyRole::kLog)).value())
          .value();
  nodes_[1]->sequencer().Receive(TestParty(1), 0, line::WriteCheckpointFrame(note));
  Steps(1);
  Run(2 * kSecond);
  ASSERT_NE(Find(1, TroubleKind::kHeadsForked), nullptr);
  ASSERT_NE(Find(0, TroubleKind::kNotCosigned), nullptr);
  const auto file =
      EvidenceOf(nodes_[1]->record(), Card(1), Card(0), *Find(1, TroubleKind::kHeadsForked));
  ASSERT_TRUE(file.has_value() && file->has_value());
  EXPECT_EQ(record::VerifyEvidence((*file)->text)->kind, record::EvidenceKind::kFork);
  for (const size_t n : testing::kBoth) EXPECT_GE(OpenMatters(n), 1u) << n;
  // The line goes on, and what South cosigned stands.
  EXPECT_EQ(nodes_[1]->record().Find(TestParty(1), Writer::kTheirs)->cosigned->head,
            mirror.cosigned->head);
  ASSERT_TRUE(Say(0, "goes on"));
  Run(4 * kSecond);
  EXPECT_TRUE(Heard(1).contains("goes on"));
  EXPECT_GT(Own(0).cosigned->head.size, mirror.cosigned->head.size);
}

// A cosignature of a time that is not yet dates nothing: refused, with what this clock shows, and people hear of it.
TEST_F(NodeFaultTest, ACosignatureOfTheFutureIsRefusedAndShown) {
  Run(3 * kSecond);
  Crash(1);
  ASSERT_TRUE(Say(0, "before its time"));
  Run(15 * kSecond);  // lost: all that was written is under a head
  const RecordReader::Log own = Own(0);
  ASSERT_TRUE(own.signed_head.has_value());
  ASSERT_EQ(own.signed_head->head.size, own.size);
  const uint64_t matters = OpenMatters(0);
  expects_trouble_ = true;
  const auto now_s = static_cast<uint64_t>(clock_.Now().us / kSecond);
  // South's keys are in its files, which its card names; its node is down.
  const line::PartyCard south = line::ReadCard(PeerCard(0)).value();
  const auto keys = keys_[1]->Load(south);
  const auto signer = record::SignerKey::Make(
                          line::CosignerNameOf(TestParty(2)), record::KeyAlgorithm::kCosignatureV1,
                          crypto::SecretKey::FromSeed(keys->cosignature->Seed().bytes()).value())
                          .value();
  record::SignedNote note = record::ParseNote(*own.signed_head->note).value();
  note.signatures = {record::CosignCheckpoint(note.text, signer, now_s + 3'600).value()};
  nodes_[0]->sequencer().Receive(TestParty(2), 0,
                                 line::WriteCosignatureFrame(record::FormatNote(note).value()));
  Steps(0);
  const line::Trouble* trouble = Find(0, TroubleKind::kFromFuture);
  ASSERT_NE(trouble, nullptr);
  EXPECT_NE(trouble->error.rule.find(std::to_string(now_s)), std::string::npos)
      << trouble->error.ToString();
  EXPECT_EQ(OpenMatters(0), matters + 1) << "and people hear of it";
  EXPECT_TRUE(!Own(0).cosigned || Own(0).cosigned->head.size < own.size) << "it is no R2";
  // The same by a clock that is right.
  note.signatures = {record::CosignCheckpoint(note.text, signer, now_s).value()};
  nodes_[0]->sequencer().Receive(TestParty(2), 0,
                                 line::WriteCosignatureFrame(record::FormatNote(note).value()));
  Steps(0);
  ASSERT_TRUE(Own(0).cosigned.has_value());
  EXPECT_EQ(Own(0).cosigned->head.size, own.size);
}

}  // namespace
}  // namespace wideberth::service
