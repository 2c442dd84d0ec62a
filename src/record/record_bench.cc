// What a log costs: appending, roots, proofs and their verification in a tree of a million entries, checkpoints, tiles,
// cosigning, and reading a million entries through.
#include <benchmark/benchmark.h>

#include <cstring>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/random.h"
#include "record/checkpoint.h"
#include "record/merge.h"
#include "record/merkle.h"
#include "record/proof_file.h"
#include "record/stream_verifier.h"
#include "record/testing/logs.h"
#include "record/tile.h"
#include "record/witness.h"

namespace wideberth::record {
namespace {

constexpr uint64_t kEntries = 1'000'000;

struct Log {
  Log() {
    for (uint64_t i = 0; i < kEntries; ++i) {
      const base::Digest leaf = LeafHash({reinterpret_cast<const uint8_t*>(&i), sizeof i});
      leaves.push_back(leaf);
      nodes.Append(leaf);
      frontier.Append(leaf);
    }
  }
  std::vector<base::Digest> leaves;
  MemoryNodes nodes;
  Frontier frontier;
};

const Log& Million() {
  static const Log* const log = new Log;
  return *log;
}

SignerKey Signer(std::string_view name, KeyAlgorithm algorithm) {
  return SignerKey::Make(name, algorithm, crypto::SecretKey::Generate()).value();
}

void BM_LeafHash(benchmark::State& state) {
  const base::Bytes entry(static_cast<size_t>(state.range(0)), 7);
  for (auto _ : state) benchmark::DoNotOptimize(LeafHash(entry));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_LeafHash)->Arg(100)->Arg(1'000)->Arg(65'535);

void BM_FrontierAppend(benchmark::State& state) {
  const Log& log = Million();
  Frontier frontier;
  size_t i = 0;
  for (auto _ : state) frontier.Append(log.leaves[i++ % kEntries]);
  benchmark::DoNotOptimize(frontier.Root());
}
BENCHMARK(BM_FrontierAppend);

// As a node does it: hash the entry, keep the nodes and the edge.
void BM_AppendEntry(benchmark::State& state) {
  const base::Bytes entry(1'000, 7);
  MemoryNodes nodes;
  Frontier frontier;
  for (auto _ : state) {
    if (nodes.size() == kEntries) nodes = {};
    const base::Digest leaf = LeafHash(entry);
    nodes.Append(leaf);
    frontier.Append(leaf);
  }
}
BENCHMARK(BM_AppendEntry);

void BM_FrontierRoot(benchmark::State& state) {
  const Log& log = Million();
  for (auto _ : state) benchmark::DoNotOptimize(log.frontier.Root());
}
BENCHMARK(BM_FrontierRoot);

void BM_ProveInclusion(benchmark::State& state) {
  const Log& log = Million();
  base::SeededRandom random(1);
  for (auto _ : state) {
    CHECK(InclusionProof(log.nodes, random.Below(kEntries), kEntries).has_value());
  }
}
BENCHMARK(BM_ProveInclusion);

void BM_VerifyInclusion(benchmark::State& state) {
  const Log& log = Million();
  const TreeHead head = log.frontier.head();
  const uint64_t index = 654'321;
  const Proof proof = InclusionProof(log.nodes, index, kEntries).value();
  for (auto _ : state) {
    CHECK(VerifyInclusion(index, log.leaves[index], proof, head).has_value());
  }
}
BENCHMARK(BM_VerifyInclusion);

void BM_ProveConsistency(benchmark::State& state) {
  const Log& log = Million();
  base::SeededRandom random(2);
  for (auto _ : state) {
    CHECK(ConsistencyProof(log.nodes, 1 + random.Below(kEntries), kEntries).has_value());
  }
}
BENCHMARK(BM_ProveConsistency);

void BM_VerifyConsistency(benchmark::State& state) {
  const Log& log = Million();
  const TreeHead old_head = {654'321, RootAt(log.nodes, 654'321).value()};
  const TreeHead head = log.frontier.head();
  const Proof proof = ConsistencyProof(log.nodes, old_head.size, kEntries).value();
  for (auto _ : state) CHECK(VerifyConsistency(old_head, head, proof).has_value());
}
BENCHMARK(BM_VerifyConsistency);

void BM_SignCheckpoint(benchmark::State& state) {
  const SignerKey log = Signer("a.example/line/b", KeyAlgorithm::kEd25519);
  const TreeHead head = Million().frontier.head();
  for (auto _ : state) {
    CHECK(FormatNote(SignCheckpoint(head, log).value()).has_value());
  }
}
BENCHMARK(BM_SignCheckpoint);

void BM_OpenCheckpoint(benchmark::State& state) {
  const SignerKey log = Signer("a.example/line/b", KeyAlgorithm::kEd25519);
  const SignerKey clock = Signer("a.example/line/b", KeyAlgorithm::kCosignatureV1);
  const SignerKey peer = Signer("b.example/mirror", KeyAlgorithm::kCosignatureV1);
  SignedNote note = SignCheckpoint(Million().frontier.head(), log).value();
  note.signatures.push_back(CosignCheckpoint(note.text, clock, 1'795'255'200).value());
  note.signatures.push_back(CosignCheckpoint(note.text, peer, 1'795'255'201).value());
  const std::string bytes = FormatNote(note).value();
  const CheckpointKeys keys{log.verifier(), {clock.verifier(), peer.verifier()}};
  for (auto _ : state) CHECK(OpenCheckpoint(bytes, keys).has_value());
  state.SetLabel("three signatures");
}
BENCHMARK(BM_OpenCheckpoint);

// Hash tiles in memory, found by their place: what is measured is our part, not a disk.
class HashTiles final : public TileReader {
 public:
  HashTiles() {
    TileBuilder builder;
    std::vector<Tile> tiles;
    for (const base::Digest& leaf : Million().leaves) builder.Append(leaf, &tiles);
    for (Tile& tile : builder.Partial()) tiles.push_back(std::move(tile));
    for (Tile& tile : tiles) {
      tiles_[{*tile.path.level, tile.path.index}] = std::move(tile.bytes);
    }
  }
  base::Result<base::Bytes> ReadTile(const TilePath& tile) const override {
    return tiles_.at({*tile.level, tile.index});
  }

 private:
  std::map<std::pair<unsigned, uint64_t>, base::Bytes> tiles_;
};

const HashTiles& MillionTiles() {
  static const HashTiles* const tiles = new HashTiles;
  return *tiles;
}

void BM_BuildTiles(benchmark::State& state) {
  const Log& log = Million();
  TileBuilder builder;
  std::vector<Tile> tiles;
  size_t i = 0;
  for (auto _ : state) {
    builder.Append(log.leaves[i++ % kEntries], &tiles);
    tiles.clear();
  }
}
BENCHMARK(BM_BuildTiles);

// Of any entry, by a server that has just started (cold) or has remembered the upper tiles.
void BM_ProveInclusionFromTiles(benchmark::State& state) {
  const HashTiles& tiles = MillionTiles();
  const bool cold = state.range(0) != 0;
  base::SeededRandom random(3);
  TileNodes warm(tiles, kEntries);
  for (auto _ : state) {
    const uint64_t index = random.Below(kEntries);
    if (cold) {
      const TileNodes nodes(tiles, kEntries);
      CHECK(InclusionProof(nodes, index, kEntries).has_value());
    } else {
      CHECK(InclusionProof(warm, index, kEntries).has_value());
    }
  }
  state.SetLabel(cold ? "nothing remembered" : "upper tiles remembered");
}
BENCHMARK(BM_ProveInclusionFromTiles)->Arg(0)->Arg(1);

void BM_VerifyProofFile(benchmark::State& state) {
  const testing::TestLog log(1'000);
  const ProofFile file{123, InclusionProof(log.nodes, 123, 1'000).value(),
                       log.Note(1'000, 1'800'000'000, 1'800'000'001), std::nullopt};
  const std::string text = FormatProofFile(file).value();
  const Policy policy =
      Policy::AllOf(log.log.verifier(), {log.clock.verifier(), log.peer.verifier()}).value();
  for (auto _ : state) {
    CHECK(VerifyProofFile(text, log.entries.entries[123], policy).has_value());
  }
  state.SetLabel("three signatures");
}
BENCHMARK(BM_VerifyProofFile);

// A request for a cosignature, from its bytes to the bytes of the answer: one verification, one signature.
void BM_Cosign(benchmark::State& state) {
  const testing::TestLog log(1'000);
  const AddCheckpointRequest request{900, ConsistencyProof(log.nodes, 900, 1'000).value(),
                                     log.Note(1'000)};
  const std::string body = FormatAddCheckpoint(request).value();
  const WitnessedLog row = RestoreWitnessedLog(log.log.verifier(), log.Text(900), 0).value();
  for (auto _ : state) {
    const WitnessDecision decision =
        DecideCosigning(&row, ParseAddCheckpoint(body).value(), 1'800'000'000, &log.nodes);
    CHECK(decision.status == WitnessStatus::kCosigned);
    const NoteSignature cosignature =
        CosignCheckpoint(decision.text, log.peer, decision.row->time_s).value();
    benchmark::DoNotOptimize(AnswerOf(decision, {cosignature}).value());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_Cosign);

// A million entries of the given size, one after another, against checkpoints at ten sizes.
void BM_StreamMillion(benchmark::State& state) {
  const auto bytes = static_cast<size_t>(state.range(0));
  base::Bytes entry(bytes, 7);
  const auto number = [&](uint64_t i) { std::memcpy(entry.data(), &i, sizeof i); };
  std::vector<TreeHead> heads;
  Frontier frontier;
  for (uint64_t i = 0; i < kEntries; ++i) {
    number(i);
    frontier.Append(LeafHash(entry));
    if (frontier.size() % (kEntries / 10) == 0) heads.push_back(frontier.head());
  }
  for (auto _ : state) {
    StreamVerifier verifier(heads);
    for (uint64_t i = 0; i < kEntries; ++i) {
      number(i);
      CHECK(verifier.Add(entry).has_value());
    }
    CHECK(verifier.Finish().has_value());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kEntries));
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(kEntries * bytes));
}
BENCHMARK(BM_StreamMillion)->Arg(500)->Arg(1'500)->Unit(benchmark::kMillisecond)->Iterations(1);

// The joint view of a line whose two logs have half a million entries each.
void BM_MergeMillion(benchmark::State& state) {
  WriterLog logs[2] = {{"a.example/line/b", {}}, {"b.example/line/a", {}}};
  base::SeededRandom random(5);
  for (uint64_t i = 0; i < kEntries; ++i) {
    WriterLog& own = logs[random.Below(2)];
    LoggedEntry entry;
    random.Fill(entry.digest.bytes);
    entry.sent_at.us = static_cast<int64_t>(i);
    entry.peer_seen = (&own == &logs[0] ? logs[1] : logs[0]).entries.size();
    own.entries.push_back(entry);
  }
  for (auto _ : state) benchmark::DoNotOptimize(MergeLogs(logs[0], logs[1]).value());
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kEntries));
}
BENCHMARK(BM_MergeMillion)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace wideberth::record
