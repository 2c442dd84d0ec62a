// Witnesses over HTTP: what they answer, what they never do, and a log that shows two of them two histories.
#include "record/witness.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "base/durable_file.h"
#include "base/time.h"
#include "net/client.h"
#include "record/evidence.h"
#include "record/merkle.h"
#include "record/policy.h"
#include "record/proof_file.h"
#include "witness/asker.h"
#include "witness/ledger.h"
#include "witness/service.h"

namespace wideberth::witness {
namespace {

using base::ErrorCode;

constexpr std::string_view kOrigin = "north.example/line/south";
constexpr uint64_t kNowS = 1'800'000'000;

record::SignerKey SignerOf(std::string_view name, record::KeyAlgorithm algorithm, uint8_t seed) {
  auto secret = crypto::SecretKey::FromSeed(base::Bytes(32, seed)).value();
  return record::SignerKey::Make(name, algorithm, std::move(secret)).value();
}

// A log with its key; `salt` makes other entries from number `forked_at` on.
struct SmallLog {
  explicit SmallLog(uint64_t size, uint64_t forked_at = UINT64_MAX, std::string_view salt = "") {
    for (uint64_t i = 0; i < size; ++i) {
      entries.push_back("entry " + std::to_string(i) + std::string(i >= forked_at ? salt : ""));
      nodes.Append(record::LeafHash(base::AsBytes(entries.back())));
    }
  }
  record::SignedNote Note(uint64_t size) const {
    return record::SignCheckpoint({size, record::RootAt(nodes, size).value()}, key).value();
  }
  Prove Prover(uint64_t size) const {
    return
        [this, size](uint64_t old_size) { return record::ConsistencyProof(nodes, old_size, size); };
  }

  record::SignerKey key =
      SignerOf(kOrigin, record::KeyAlgorithm::kEd25519, 7);  // of both histories
  std::vector<std::string> entries;
  record::MemoryNodes nodes;
};

class WitnessTest : public ::testing::Test {
 protected:
  WitnessTest() {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    folder = std::filesystem::path(::testing::TempDir()) /
             ("witness-" + std::string(info->name()) + "-" + std::to_string(getpid()));
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
  }
  ~WitnessTest() override { std::filesystem::remove_all(folder); }

  // A service of its own folder, and how it is asked.
  struct Running {
    std::unique_ptr<Service> service;
    Witness address;
  };
  Running Run(const std::string& name, bool make = true) {
    WitnessConfig config;
    config.name = name + ".example/witness";
    config.keys_folder = (folder / name).string();
    if (make) {
      EXPECT_TRUE(MakeWitness(config.keys_folder, config.name, std::nullopt).has_value());
    }
    config.logs = {SmallLog(0).key.verifier()};
    config.listen.address = "127.0.0.1";
    auto started = Service::Start(config, clock);
    EXPECT_TRUE(started.has_value()) << started.error().ToString();
    Running running{*std::move(started), {SmallLog(0).key.verifier(), ""}};
    running.address = {running.service->key(),
                       "http://127.0.0.1:" + std::to_string(running.service->port())};
    return running;
  }

  std::filesystem::path folder;
  base::SystemClock clock;
};

TEST_F(WitnessTest, CosignsALogThatGrowsAndRemembersItAcrossAStop) {
  const SmallLog log(300);
  Running one = Run("one");
  auto first = Ask(one.address, log.Note(70), 0, log.Prover(70));
  ASSERT_TRUE(first.has_value()) << first.error().ToString();
  one.service.reset();
  Running again = Run("one", /*make=*/false);
  EXPECT_EQ(again.address.key, one.address.key);
  // It says itself from where it wants the proof.
  auto second = Ask(again.address, log.Note(300), 0, log.Prover(300));
  ASSERT_TRUE(second.has_value()) << second.error().ToString();
  // Never a shorter one again.
  const auto shorter = Ask(again.address, log.Note(70), 70, log.Prover(70));
  ASSERT_FALSE(shorter.has_value());
  EXPECT_EQ(shorter.error().field, "known_size");

  // A proof under a policy that wants the witness.
  record::SignedNote note = log.Note(300);
  note.signatures.push_back(*second);
  const auto policy = record::Policy::AllOf(log.key.verifier(), {again.address.key}).value();
  const std::string proof =
      record::FormatProofFile(
          {17, record::InclusionProof(log.nodes, 17, 300).value(), note, std::nullopt})
          .value();
  const auto proven = record::VerifyProofFile(proof, base::AsBytes(log.entries[17]), policy);
  ASSERT_TRUE(proven.has_value()) << proven.error().ToString();
  EXPECT_TRUE(proven->not_after_s.has_value());
}

TEST_F(WitnessTest, AnswersByTheStandard) {
  const SmallLog log(20);
  Running one = Run("one");
  auto client = net::HttpClient::Create(one.address.url, {}).value();
  const auto post = [&](const std::string& body) {
    return client.Post("/add-checkpoint", "text/plain", body).value();
  };
  const auto request = [&](uint64_t old_size, const record::SignedNote& note, record::Proof proof) {
    return record::FormatAddCheckpoint({old_size, std::move(proof), note}).value();
  };
  EXPECT_EQ(post("").status, 400);
  EXPECT_EQ(post("old 0\n").status, 400);
  record::SignedNote foreign = log.Note(5);
  foreign.signatures = {
      SignerOf(kOrigin, record::KeyAlgorithm::kEd25519, 8).Sign(foreign.text).value()};
  EXPECT_EQ(post(request(0, foreign, {})).status, 403);
  const record::SignerKey other = SignerOf("other.example/log", record::KeyAlgorithm::kEd25519, 7);
  const auto unknown = record::SignCheckpoint({0, record::EmptyRoot()}, other).value();
  EXPECT_EQ(post(request(0, unknown, {})).status, 404);
  const net::Response good = post(request(0, log.Note(5), {}));
  EXPECT_EQ(good.status, 200);
  EXPECT_EQ(record::ReadCosignatures(good.body, log.Note(5).text, {one.address.key}).value().size(),
            1u);
  const net::Response stale = post(request(0, log.Note(9), {}));
  EXPECT_EQ(stale.status, 409);
  EXPECT_EQ(stale.body, "5\n");
  EXPECT_EQ(stale.content_type, "text/x.tlog.size");
  record::Proof bad = record::ConsistencyProof(log.nodes, 5, 9).value();
  bad[0] = base::Digest();
  EXPECT_EQ(post(request(5, log.Note(9), bad)).status, 422);
  // Asked again for what it cosigned last, it says the same.
  EXPECT_EQ(post(request(5, log.Note(5), {})).status, 200);
  EXPECT_EQ(client.Get("/checkpoint?origin=" + std::string(kOrigin)).value().status, 200);
  EXPECT_EQ(client.Get("/checkpoint?origin=other").value().status, 404);
}

TEST_F(WitnessTest, TwoHistoriesForTwoWitnessesAreEvidence) {
  const SmallLog honest(40);
  const SmallLog other(40, 12, " otherwise");
  Running one = Run("one");
  Running two = Run("two");
  // Each witness sees a log that only grows.
  for (const uint64_t size : {uint64_t{10}, uint64_t{30}}) {
    ASSERT_TRUE(Ask(one.address, honest.Note(size), 0, honest.Prover(size)).has_value());
    ASSERT_TRUE(Ask(two.address, other.Note(size), 0, other.Prover(size)).has_value());
  }
  // Neither can be shown the other's history afterwards.
  const auto refused = Ask(two.address, honest.Note(40), 30, honest.Prover(40));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kConflict);

  // What the two have cosigned, compared: no honest log signs both.
  const auto last = [&](const Running& witness) {
    auto client = net::HttpClient::Create(witness.address.url, {}).value();
    const auto answer = client.Get("/checkpoint?origin=" + std::string(kOrigin)).value();
    return record::OpenCheckpoint(answer.body, {honest.key.verifier(), {witness.address.key}})
        .value();
  };
  const record::OpenedCheckpoint a = last(one);
  const record::OpenedCheckpoint b = last(two);
  ASSERT_EQ(a.cosignatures.size() + b.cosignatures.size(), 2u);
  EXPECT_NE(a.checkpoint.head, b.checkpoint.head);
  const auto fork = record::ProveFork(honest.key.verifier(), a.note, b.note, honest.nodes);
  ASSERT_TRUE(fork.has_value()) << fork.error().ToString();
  const std::string file = record::FormatEvidence(*fork).value();
  const auto finding = record::VerifyEvidence(file).value();
  EXPECT_EQ(finding.kind, record::EvidenceKind::kFork);
  EXPECT_EQ(finding.against.front().key, honest.key.verifier().public_key());
  // Of different sizes, by the tree of either.
  ASSERT_TRUE(Ask(one.address, honest.Note(40), 30, honest.Prover(40)).has_value());
  const record::OpenedCheckpoint longer = last(one);
  EXPECT_TRUE(
      record::ProveFork(honest.key.verifier(), longer.note, b.note, honest.nodes).has_value());

  // Two roots of one size shown to one witness: it keeps the evidence itself.
  EXPECT_FALSE(Ask(one.address, other.Note(40), 40, other.Prover(40)).has_value());
  size_t kept = 0;
  for (const auto& each : std::filesystem::directory_iterator(folder / "one")) {
    const std::string path = each.path().string();
    if (path.find(".fork-") == std::string::npos) continue;
    ++kept;
    EXPECT_TRUE(record::VerifyEvidence(base::ReadFile(path, 1'000'000).value()).has_value());
  }
  EXPECT_EQ(kept, 1u);
}

TEST_F(WitnessTest, NothingIsSignedThatIsNotKept) {
  const SmallLog log(20);
  const std::filesystem::path disk = folder / "disk";
  std::filesystem::create_directory(disk);
  const std::string path = (disk / "ledger.json").string();
  const auto cosigner = [] {
    return SignerOf("w.example", record::KeyAlgorithm::kCosignatureV1, 9);
  };
  ASSERT_TRUE(Ledger::Create(path).has_value());
  EXPECT_EQ(Ledger::Create(path).error().code, ErrorCode::kConflict);
  auto ledger = Ledger::Open(path, {log.key.verifier()}, cosigner()).value();
  const auto ask = [&](uint64_t old_size, uint64_t size) {
    record::AddCheckpointRequest request{old_size, {}, log.Note(size)};
    if (old_size > 0) request.proof = record::ConsistencyProof(log.nodes, old_size, size).value();
    return ledger->Answer(record::FormatAddCheckpoint(request).value(), kNowS);
  };
  ASSERT_EQ(ask(0, 5).status, 200);
  // What is on the disk when the answer is there is what another start would go on from.
  auto reread = Ledger::Open(path, {log.key.verifier()}, cosigner()).value();
  EXPECT_EQ(reread->Last(kOrigin).value(), ledger->Last(kOrigin).value());
  // A disk that refuses: no signature, and the same may be asked again.
  std::filesystem::rename(disk, folder / "away");
  const Ledger::Kept refused = ask(5, 9);
  EXPECT_EQ(refused.status, 500);
  EXPECT_EQ(refused.body.find("w.example"), std::string::npos);
  std::filesystem::rename(folder / "away", disk);
  EXPECT_EQ(ask(5, 9).status, 200);
  ledger.reset();

  // A ledger that is damaged or gone is no beginning.
  const std::string good = base::ReadFile(path, kLedgerBytesMax).value();
  for (size_t at = 0; at < good.size(); at += 3) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 1);
    std::ofstream(path, std::ios::trunc) << bad;
    const auto opened = Ledger::Open(path, {log.key.verifier()}, cosigner());
    if (!opened) continue;
    // Only a clock reading, or another name of a log, may read otherwise; never another head.
    const auto last = (*opened)->Last(kOrigin);
    if (last) {
      EXPECT_NE(last->find(log.Note(9).text), std::string::npos) << at;
    }
  }
  std::filesystem::remove(path);
  EXPECT_EQ(Ledger::Open(path, {log.key.verifier()}, cosigner()).error().code,
            ErrorCode::kNotFound);
}

TEST_F(WitnessTest, CosignedHeadsAreFoundByWhoSigned) {
  const SmallLog log(50);
  const auto cosigner = [](uint8_t n) {
    return SignerOf("w" + std::to_string(n) + ".example", record::KeyAlgorithm::kCosignatureV1, n);
  };
  const auto cosigned = [&](uint64_t size, std::vector<uint8_t> by) {
    record::SignedNote note = log.Note(size);
    for (const uint8_t n : by) {
      note.signatures.push_back(
          record::CosignCheckpoint(note.text, cosigner(n), kNowS + size).value());
    }
    return note;
  };
  const std::string path = (folder / "notes").string();
  const auto all = std::vector{cosigner(1).verifier(), cosigner(2).verifier()};
  auto notes = CosignedNotes::Open(path).value();
  EXPECT_FALSE(notes->Last(all).value().has_value());
  ASSERT_TRUE(notes->Append(cosigned(10, {1})).has_value());
  ASSERT_TRUE(notes->Append(cosigned(20, {1, 2})).has_value());
  ASSERT_TRUE(notes->Append(cosigned(30, {2, 1})).has_value());
  ASSERT_TRUE(notes->Append(cosigned(40, {2})).has_value());
  const auto text = [&](const record::SignedNote& note) {
    return record::FormatNote(note).value();
  };
  const auto check = [&](const CosignedNotes& of) {
    EXPECT_EQ(of.FirstFrom(5, all).value(), text(cosigned(20, {1, 2})));
    EXPECT_EQ(of.FirstFrom(21, all).value(), text(cosigned(30, {2, 1})));
    EXPECT_EQ(of.FirstFrom(5, {all[0]}).value(), text(cosigned(10, {1})));
    EXPECT_FALSE(of.FirstFrom(31, all).value().has_value());
    EXPECT_EQ(of.Last(all).value(), text(cosigned(30, {2, 1})));
    EXPECT_FALSE(of.Last({cosigner(3).verifier()}).value().has_value());
  };
  check(*notes);
  notes = CosignedNotes::Open(path).value();
  check(*notes);
  // Damaged before its end: nothing is cut off.
  const std::string whole = base::ReadFile(path, 1'000'000).value();
  for (const size_t at : {size_t{0}, size_t{7}, whole.size() / 2}) {
    std::string bad = whole;
    bad[at] = '\0';
    std::ofstream(path, std::ios::trunc | std::ios::binary) << bad;
    const auto refused = CosignedNotes::Open(path);
    ASSERT_FALSE(refused.has_value()) << at;
    EXPECT_EQ(refused.error().code, ErrorCode::kInvalid) << at;
    EXPECT_EQ(base::ReadFile(path, 1'000'000).value(), bad) << at;
  }
  std::ofstream(path, std::ios::trunc | std::ios::binary) << whole;
  // Cut at any byte: what was whole is there, and it goes on from it.
  const std::string good = base::ReadFile(path, 1'000'000).value();
  for (size_t size = 0; size < good.size(); size += 7) {
    std::ofstream(path, std::ios::trunc | std::ios::binary) << good.substr(0, size);
    notes = CosignedNotes::Open(path).value();
    ASSERT_TRUE(notes->Append(cosigned(50, {1, 2})).has_value());
    EXPECT_EQ(notes->Last(all).value(), text(cosigned(50, {1, 2}))) << size;
    notes = CosignedNotes::Open(path).value();
    EXPECT_EQ(notes->Last(all).value(), text(cosigned(50, {1, 2}))) << size;
  }
}

}  // namespace
}  // namespace wideberth::witness
