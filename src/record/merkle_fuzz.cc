// Invariants checked: a frontier that decodes encodes to the same bytes and goes on; of a small tree, what the input
// makes of a true proof verifies only if it is that proof, and never for another place or older tree.
// Input: 'f' and an encoded frontier, or 'i' or 'c', two numbers that choose the proof, and bytes laid over it.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/check.h"
#include "record/merkle.h"

namespace wideberth::record {
namespace {

constexpr size_t kTreeSize = 70;

struct Tree {
  Tree() {
    for (size_t i = 0; i < kTreeSize; ++i) {
      const uint8_t entry[] = {static_cast<uint8_t>(i)};
      leaves.push_back(LeafHash(entry));
      nodes.Append(leaves.back());
    }
  }
  TreeHead Head(uint64_t size) const { return {size, RootAt(nodes, size).value()}; }

  std::vector<base::Digest> leaves;
  MemoryNodes nodes;
};

// The first byte says by how much the proof is longer or shorter; the others are laid over its hashes and those added.
Proof Laid(base::ByteView input, Proof proof) {
  if (input.empty()) return proof;
  proof.resize(std::max<size_t>(proof.size() + input[0] % 8, 3) - 3);
  input = input.subspan(1);
  for (size_t i = 0; i < std::min(input.size(), proof.size() * 32); ++i) {
    proof[i / 32].bytes[i % 32] ^= input[i];
  }
  return proof;
}

void CheckFrontier(base::ByteView bytes) {
  auto frontier = Frontier::Decode(bytes);
  if (!frontier) {
    CHECK(!frontier.error().rule.empty());
    return;
  }
  const base::Bytes encoded = frontier->Encode();
  CHECK(std::equal(encoded.begin(), encoded.end(), bytes.begin(), bytes.end()));
  const TreeHead before = frontier->head();
  if (before.size == kTreeSizeMax) return;
  frontier->Append(LeafHash(bytes));
  CHECK(frontier->size() == before.size + 1 && frontier->Root() != before.root);
  CHECK(Frontier::Decode(frontier->Encode()).value() == *frontier);
}

void CheckInclusion(const Tree& tree, uint64_t size, uint64_t index, base::ByteView input) {
  const TreeHead head = tree.Head(size);
  const Proof proof = InclusionProof(tree.nodes, index, size).value();
  const Proof laid = Laid(input, proof);
  CHECK(VerifyInclusion(index, tree.leaves[index], laid, head).has_value() == (laid == proof));
  for (uint64_t other = 0; other <= size; ++other) {
    CHECK(other == index || !VerifyInclusion(other, tree.leaves[index], laid, head).has_value());
  }
}

void CheckConsistency(const Tree& tree, uint64_t new_size, uint64_t old_size,
                      base::ByteView input) {
  const TreeHead old_head = tree.Head(old_size);
  const TreeHead new_head = tree.Head(new_size);
  const Proof proof = ConsistencyProof(tree.nodes, old_size, new_size).value();
  const Proof laid = Laid(input, proof);
  CHECK(VerifyConsistency(old_head, new_head, laid).has_value() == (laid == proof));
  for (uint64_t other = 0; other <= new_size; ++other) {
    CHECK(other == old_size ||
          !VerifyConsistency({other, old_head.root}, new_head, laid).has_value());
  }
}

}  // namespace
}  // namespace wideberth::record

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace record = wideberth::record;
  static const record::Tree tree;
  const wideberth::base::ByteView input(data, size);
  if (!input.empty() && input[0] == 'f') record::CheckFrontier(input.subspan(1));
  if (input.size() < 3) return 0;
  const uint64_t tree_size = 1 + input[1] % record::kTreeSize;
  const uint64_t at = input[2] % tree_size;
  if (input[0] == 'i') record::CheckInclusion(tree, tree_size, at, input.subspan(3));
  if (input[0] == 'c') record::CheckConsistency(tree, tree_size, at + 1, input.subspan(3));
  return 0;
}
