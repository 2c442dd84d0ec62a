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
#include "store/memory/memory_store.h"

namespace wideberth::service {
namespace {

using airspace::testing::TestNotice;
using airspace::testing::TestParty;
using mechanism::testing::MessageSeed;
using operators::Role;
using store::memory::MemoryDisk;
using store::memory::MemoryStore;

constexpr int64_t kSecond = base::kMicrosPerSecond;
constexpr size_t kBoth[] = {0, 1};

std::shared_ptr<testing::MemoryKeys> KeysOf(uint8_t party) {
  return std::make_shared<testing::MemoryKeys>(TestParty(party), party == 1 ? "north" : "south",
                                               MessageSeed(party), airspace::testing::kNoon);
}

class NodeLineTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    base::StartLogging({base::LogLevel::kError, base::LogForm::kJsonLines});
  }
  static void TearDownTestSuite() { base::StopLogging(); }
  NodeLineTest() {
    Open(0);
    Open(1);
  }

  void Open(size_t n) {
    const auto party = static_cast<uint8_t>(n + 1);
    const auto peer = static_cast<uint8_t>(2 - n);
    NodeOptions options;
    options.hooks.on_frames = [this, n](std::vector<mechanism::ToSend> frames) {
      for (const mechanism::ToSend& each : frames) flights_.push_back({1 - n, *each.frame.bytes});
    };
    options.hooks.on_trouble = [this](const mechanism::PeerTrouble& trouble) {
      if (expects_trouble_) return troubles_.push_back(trouble.trouble);
      ADD_FAILURE() << line::Name(trouble.trouble.kind) << " " << trouble.trouble.error.ToString();
    };
    options.line.emplace();
    options.line->party = TestParty(party);
    options.line->keys = keys_[n];
    options.line->peers = {{keys_[1 - n]->FirstCard().value(), 1}};
    auto node = Node::Open(MemoryStore::Open(disks_[n]).value(), airspace::testing::TestRules(), {},
                           clock_, std::move(options));
    ASSERT_TRUE(node.has_value()) << node.error().ToString();
    nodes_[n] = std::move(*node);
    nodes_[n]->sequencer().SetPath(TestParty(peer), 0, true);
    if (nodes_[1 - n] != nullptr) {
      nodes_[1 - n]->sequencer().SetPath(TestParty(party), 0, false);
      nodes_[1 - n]->sequencer().SetPath(TestParty(party), 0, true);
    }
    Work(n, [&](mechanism::Core& core, line::Now now) {
      core.ChangeAccount(mechanism::testing::TestAccount(party, Role::kDutyOfficer), now);
    });
  }
  // The process is gone: nothing is finished, and what was on its way to it is lost.
  void Crash(size_t n) {
    // Stop would write the projection; a node whose store refuses it is as good as killed.
    disks_[n]->CutPower();
    nodes_[n].reset();
    std::erase_if(flights_, [&](const Flight& flight) { return flight.to == n; });
  }
  void Work(size_t n, const std::function<void(mechanism::Core&, line::Now)>& work) {
    ASSERT_TRUE(nodes_[n]
                    ->sequencer()
                    .SubmitWork(
                        [work](mechanism::Core& core, line::Now now) -> Sequencer::Done {
                          work(core, now);
                          return nullptr;
                        },
                        nullptr)
                    .has_value());
    Steps(n);
  }
  void Steps(size_t n) {
    for (int i = 0; i < 1'000 && nodes_[n]->sequencer().Step(); ++i) {
    }
  }
  void Run(int64_t us) {
    for (const base::UtcMicros until{clock_.Now().us + us}; clock_.Now() < until;) {
      clock_.Advance(100'000);
      for (const size_t n : kBoth) {
        if (nodes_[n] == nullptr) continue;
        if (clock_.Now().us % kSecond == 0) {
          Work(n,
               [&](mechanism::Core& core, line::Now now) { core.Tick(random_.NewUuidV4(), now); });
        }
        Steps(n);
      }
      for (size_t passes = 0; !flights_.empty() && passes < 100'000; ++passes) {
        const Flight flight = std::move(flights_.front());
        flights_.pop_front();
        if (nodes_[flight.to] == nullptr) continue;
        nodes_[flight.to]->sequencer().Receive(TestParty(static_cast<uint8_t>(2 - flight.to)), 0,
                                               flight.bytes);
        Steps(flight.to);
      }
    }
  }
  // A text for the peer; true when it was answered as durable.
  bool Say(size_t n, std::string text) {
    const auto party = static_cast<uint8_t>(n + 1);
    mechanism::Act act;
    act.id = random_.NewUuidV4();
    act.party = TestParty(party);
    act.role = Role::kDutyOfficer;
    act.at = clock_.Now();
    act.body = mechanism::SendPolicyText{std::move(text)};
    const mechanism::SealedAct sealed =
        mechanism::SealAct(act, mechanism::testing::OperatorSecret(party, Role::kDutyOfficer))
            .value();
    bool durable = false;
    const auto submitted = nodes_[n]->sequencer().SubmitWork(
        [&durable, sealed](mechanism::Core& core, line::Now now) -> Sequencer::Done {
          const auto done = core.Do({sealed, nullptr, {}, {}, {}}, now);
          EXPECT_TRUE(done.has_value()) << done.error().ToString();
          return [&durable](const std::optional<base::Error>& failure) { durable = !failure; };
        },
        nullptr);
    EXPECT_TRUE(submitted.has_value());
    Steps(n);
    return durable;
  }
  std::set<std::string> Heard(size_t n) const {
    return nodes_[n]
        ->ReadDesk([](const airspace::State&, const mechanism::Desk& desk) {
          std::set<std::string> texts;
          for (const auto& [id, call] : desk.calls()) {
            if (!call.by_us && call.kind == operators::ActKind::kSendPolicyText) {
              texts.insert(call.words);
            }
          }
          return texts;
        })
        .first;
  }
  base::Bytes Canonical(size_t n) const {
    return nodes_[n]
        ->ReadDesk([](const airspace::State& state, const mechanism::Desk& desk) {
          base::Bytes all = state.Canonical();
          const base::Bytes of_desk = desk.Canonical();
          all.insert(all.end(), of_desk.begin(), of_desk.end());
          return all;
        })
        .first;
  }
  // What is on a disk that no node has, made both ways.
  base::Bytes OnDisk(size_t n, bool with_projection) {
    const auto store = MemoryStore::Open(disks_[n]).value();
    Contents contents(*store);
    uint64_t from = 1;
    if (with_projection) {
      EXPECT_TRUE(
          store
              ->ReadProjection([&](uint64_t key, base::ByteView bytes) -> base::Result<void> {
                WB_ASSIGN_OR_RETURN(const bool taken, contents.LoadRow(key, bytes));
                if (taken) return {};
                WB_ASSIGN_OR_RETURN(auto row, airspace::State::DecodeRow(key, bytes));
                return contents.airspace().LoadRow(row);
              })
              .has_value());
      contents.airspace().FinishLoading();
      from = store->projected_seq() + 1;
    }
    EXPECT_TRUE(
        store->Replay(from, [&](const store::Batch& batch) { return contents.Replay(batch); })
            .has_value());
    return contents.Canonical();
  }

  // New keys for a node. False when it went down before the change was durable.
  bool ChangeKeys(size_t n, std::set<line::KeyRole> roles = {line::KeyRole::kMessage,
                                                             line::KeyRole::kTransport}) {
    std::optional<bool> changed;
    nodes_[n]->ChangeKeys(
        {std::move(roles), false, std::nullopt, "admin"},
        [&](const base::Result<line::PartyCard>& card) { changed = card.has_value(); });
    Steps(n);
    return changed.value_or(false);
  }
  std::string OwnCard(size_t n) const {
    return nodes_[n]
        ->ReadDesk([](const airspace::State&, const mechanism::Desk& desk) {
          return desk.own_card()->card;
        })
        .first;
  }
  // The card of the other node, as node n has it.
  std::string PeerCard(size_t n) const {
    return nodes_[n]
        ->ReadDesk([&](const airspace::State&, const mechanism::Desk& desk) {
          return desk.FindPeer(TestParty(static_cast<uint8_t>(2 - n)))->card;
        })
        .first;
  }

  struct Flight {
    size_t to = 0;
    std::string bytes;
  };
  base::SeededRandom random_{11};
  base::ManualClock clock_{airspace::testing::kNoon};
  std::array<std::shared_ptr<MemoryDisk>, 2> disks_ = {std::make_shared<MemoryDisk>(),
                                                       std::make_shared<MemoryDisk>()};
  std::array<std::shared_ptr<testing::MemoryKeys>, 2> keys_ = {KeysOf(1), KeysOf(2)};
  std::deque<Flight> flights_;
  bool expects_trouble_ = false;
  std::vector<line::Trouble> troubles_;
  std::array<std::unique_ptr<Node>, 2> nodes_;
};

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

TEST_F(NodeLineTest, TornChainsAndReplacedKeysBecomeEvidence) {
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

TEST_F(NodeLineTest, AnOldCopySignsNothingAndHasBackWhatWasSaid) {
  using Calls = std::map<base::Uuid, mechanism::Call>;
  const auto calls_of = [&](size_t n) {
    return nodes_[n]
        ->ReadDesk([](const airspace::State&, const mechanism::Desk& desk) {
          Calls calls;
          for (const auto& [id, call] : desk.calls()) {
            // When a machine heard of it is all that may be otherwise.
            if (call.kind != operators::ActKind::kSendPolicyText) continue;
            calls.emplace(id, call).first->second.stored_at = call.at;
            calls.at(id).closed_at = call.at;
          }
          return calls;
        })
        .first;
  };
  Run(3 * kSecond);
  for (const bool known : {true, false}) {
    ASSERT_TRUE(Say(0, known ? "kept 1" : "kept 2"));
    Run(3 * kSecond);
    const auto copy = CopyOf(*disks_[0]);
    for (int i = 0; i < 5; ++i) {
      ASSERT_TRUE(Say(0, "lost " + std::to_string(i)));
      Run(300'000);
      ASSERT_TRUE(Say(1, "heard and lost " + std::to_string(i)));
      Run(static_cast<int64_t>(random_.Below(2)) * kSecond);
    }
    Run(4 * kSecond);
    const Calls lost = calls_of(0);
    const auto size = [&] {
      return nodes_[0]->record().Find(TestParty(2), Writer::kOurs).value().size;
    };
    const uint64_t written = size();

    Crash(0);
    disks_[0] = copy;
    if (known) {
      auto store = MemoryStore::Open(disks_[0]).value();
      ASSERT_TRUE(store->PutMeta(store::kRestoredFact, "yes").has_value());
    }
    expects_trouble_ = true;
    troubles_.clear();
    Open(0);
    if (known) {
      // Before the peer is heard: refused, and in words.
      Work(0, [](mechanism::Core& core, line::Now) {
        const auto may = core.RequireMaySign();
        ASSERT_FALSE(may.has_value());
        EXPECT_EQ(may.error().code, base::ErrorCode::kConflict);
        EXPECT_NE(may.error().rule.find("south"), std::string::npos);
      });
      EXPECT_LT(size(), written);
    }
    Run(12 * kSecond);
    EXPECT_EQ(calls_of(0), lost);
    EXPECT_GE(size(), written);
    Work(0,
         [](mechanism::Core& core, line::Now) { EXPECT_TRUE(core.RequireMaySign().has_value()); });
    // Shown on both sides; the peer's file needs nobody's word.
    const auto said = [&](line::TroubleKind kind) {
      return std::find_if(troubles_.begin(), troubles_.end(),
                          [&](const line::Trouble& each) { return each.kind == kind; });
    };
    ASSERT_NE(said(line::TroubleKind::kPeerHoldsMore), troubles_.end());
    ASSERT_NE(said(line::TroubleKind::kPeerRolledBack), troubles_.end());
    for (const line::Trouble& trouble : troubles_) {
      EXPECT_TRUE(trouble.kind == line::TroubleKind::kPeerHoldsMore ||
                  trouble.kind == line::TroubleKind::kPeerRolledBack)
          << line::Name(trouble.kind) << " " << trouble.error.ToString();
    }
    const auto file =
        EvidenceOf(nodes_[1]->record(), line::ReadCard(OwnCard(1)).value(),
                   line::ReadCard(OwnCard(0)).value(), *said(line::TroubleKind::kPeerRolledBack));
    ASSERT_TRUE(file.has_value()) << file.error().ToString();
    EXPECT_EQ(record::VerifyEvidence((*file)->text)->kind, record::EvidenceKind::kRollback);
    expects_trouble_ = false;
    // It goes on, and is the same after every kind of start.
    ASSERT_TRUE(Say(0, known ? "behind 1" : "behind 2"));
    Run(4 * kSecond);
    EXPECT_TRUE(Heard(1).contains(known ? "behind 1" : "behind 2"));
    ASSERT_TRUE(nodes_[0]->WriteProjection().has_value());
    Crash(0);
    ASSERT_EQ(OnDisk(0, true), OnDisk(0, false));
    {
      auto store = MemoryStore::Open(disks_[0]).value();
      ASSERT_TRUE(store->PutMeta(store::kRestoredFact, "no").has_value());
    }
    Open(0);
    Run(4 * kSecond);
  }
  EXPECT_EQ(nodes_[0]->record().Find(TestParty(2), Writer::kOurs)->cosigned->head,
            nodes_[1]->record().Find(TestParty(1), Writer::kTheirs)->cosigned->head);
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
