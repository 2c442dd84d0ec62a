// What a log costs: appending, roots, proofs and their verification in a tree of a million entries, checkpoints.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "base/check.h"
#include "base/random.h"
#include "record/checkpoint.h"
#include "record/merkle.h"

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

}  // namespace
}  // namespace wideberth::record
