#include "record/merkle.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "crypto/sha256.h"
#include "record/spelling.h"

namespace wideberth::record {

using base::Digest;
using base::ErrorCode;
using base::Fail;
using base::Invalid;
using base::Result;

namespace {

constexpr size_t kSizeBytes = 8;
constexpr size_t kDigestBytes = sizeof(Digest::bytes);

// A node beside the way from another node to the root; in a tree that ends within it, it covers the entries there are.
struct Sibling {
  unsigned level;
  uint64_t index;
  bool left;
};

// The siblings on the way from node (level, index) to the root of a tree of `size` > 0 entries, from below. Where the
// right edge has no sibling, the node is its parent's only child and goes up as it is.
std::vector<Sibling> PathToRoot(unsigned level, uint64_t index, uint64_t size) {
  std::vector<Sibling> path;
  path.reserve(64);
  for (uint64_t last = (size - 1) >> level; last != 0; ++level, index >>= 1, last >>= 1) {
    if ((index & 1) != 0) {
      path.push_back({level, index - 1, true});
    } else if (index != last) {
      path.push_back({level, index + 1, false});
    }
  }
  return path;
}

// How an older tree hangs in a newer one: by its last complete subtree, whose way to the newer root passes all the
// other ones on its left. When it is the whole older tree, a proof leaves it out: the verifier has its hash, the root.
struct OldEdge {
  explicit OldEdge(uint64_t old_size)
      : level(static_cast<unsigned>(std::countr_zero(old_size))),
        index((old_size >> level) - 1),
        is_old_root(index == 0) {}
  unsigned level;
  uint64_t index;
  bool is_old_root;
};

// The hash over the entries [begin, end), where begin is a multiple of the next power of two of their number: folds
// the complete subtrees from the smallest, at the right, to the largest.
Result<Digest> RangeRoot(const NodeReader& nodes, uint64_t begin, uint64_t end) {
  std::optional<Digest> root;
  for (uint64_t rest = end - begin; rest != 0; rest &= rest - 1) {
    const auto level = static_cast<unsigned>(std::countr_zero(rest));
    WB_ASSIGN_OR_RETURN(const Digest node, nodes.Node(level, (end >> level) - 1));
    root = root.has_value() ? NodeHash(node, *root) : node;
    end -= uint64_t{1} << level;
  }
  return *root;
}

Result<void> AppendHashes(const NodeReader& nodes, const std::vector<Sibling>& path, uint64_t size,
                          Proof* proof) {
  for (const Sibling& sibling : path) {
    const uint64_t begin = sibling.index << sibling.level;
    const uint64_t end = std::min(begin + (uint64_t{1} << sibling.level), size);
    WB_ASSIGN_OR_RETURN(const Digest hash, RangeRoot(nodes, begin, end));
    proof->push_back(hash);
  }
  return {};
}

Result<void> CheckSize(std::string_view field, uint64_t size) {
  if (size <= kTreeSizeMax) return {};
  return Invalid(field, "must be at most 2^63 - 1", std::to_string(size));
}

Result<void> CheckLength(size_t expected, std::span<const Digest> proof) {
  if (proof.size() == expected) return {};
  return Invalid("proof", "must have " + std::to_string(expected) + " hashes here",
                 std::to_string(proof.size()) + " hashes");
}

Result<void> CheckRoot(std::string_view which, const Digest& expected, const Digest& computed) {
  if (computed == expected) return {};
  return Invalid("proof", "must lead to the " + std::string(which) + " " + expected.ToHex(),
                 computed.ToHex());
}

}  // namespace

Digest LeafHash(base::ByteView entry) {
  // One for each thread: making one costs more than hashing a short entry.
  static thread_local crypto::Sha256Hasher hasher;
  static constexpr std::array<uint8_t, 1> kPrefix = {0x00};
  hasher.Update(kPrefix);
  hasher.Update(entry);
  return hasher.Finish();
}

Digest NodeHash(const Digest& left, const Digest& right) {
  std::array<uint8_t, 1 + 2 * kDigestBytes> bytes;
  bytes[0] = 0x01;
  std::copy(left.bytes.begin(), left.bytes.end(), bytes.begin() + 1);
  std::copy(right.bytes.begin(), right.bytes.end(), bytes.begin() + 1 + kDigestBytes);
  return crypto::Sha256(bytes);
}

Digest EmptyRoot() {
  return crypto::Sha256({});
}

Result<void> CheckHead(const TreeHead& head) {
  WB_RETURN_IF_ERROR(CheckSize("size", head.size));
  if (head.size != 0 || head.root == EmptyRoot()) return {};
  return Invalid("root", "must be SHA-256 of nothing at size 0", head.root.ToHex());
}

// ----------------------------------------------------------------------------------------- Frontier

void Frontier::Append(const Digest& leaf_hash) {
  Digest node = leaf_hash;
  // As a carry in binary: each low bit that is set is a subtree that this entry completes to one twice as large.
  for (uint64_t rest = size_; (rest & 1) != 0; rest >>= 1) {
    node = NodeHash(subtrees_.back(), node);
    subtrees_.pop_back();
  }
  subtrees_.push_back(node);
  ++size_;
}

Digest Frontier::Root() const {
  if (subtrees_.empty()) return EmptyRoot();
  Digest root = subtrees_.back();
  for (size_t i = subtrees_.size() - 1; i-- > 0;) root = NodeHash(subtrees_[i], root);
  return root;
}

base::Bytes Frontier::Encode() const {
  const std::array<uint8_t, kSizeBytes> size = BigEndian64(size_);
  base::Bytes bytes(size.begin(), size.end());
  bytes.reserve(kSizeBytes + kDigestBytes * subtrees_.size());
  for (const Digest& root : subtrees_) {
    bytes.insert(bytes.end(), root.bytes.begin(), root.bytes.end());
  }
  return bytes;
}

Result<Frontier> Frontier::Decode(base::ByteView bytes) {
  if (bytes.size() < kSizeBytes) {
    return Invalid("frontier", "must begin with a size of 8 bytes",
                   std::to_string(bytes.size()) + " bytes");
  }
  Frontier frontier;
  frontier.size_ = FromBigEndian64(bytes.first<kSizeBytes>());
  WB_RETURN_IF_ERROR(CheckSize("frontier.size", frontier.size_));
  frontier.subtrees_.resize(static_cast<size_t>(std::popcount(frontier.size_)));
  const size_t expected = kSizeBytes + kDigestBytes * frontier.subtrees_.size();
  if (bytes.size() != expected) {
    return Invalid("frontier",
                   "must have " + std::to_string(expected) + " bytes at size " +
                       std::to_string(frontier.size_),
                   std::to_string(bytes.size()) + " bytes");
  }
  for (size_t i = 0; i < frontier.subtrees_.size(); ++i) {
    const base::ByteView root = bytes.subspan(kSizeBytes + kDigestBytes * i, kDigestBytes);
    std::copy(root.begin(), root.end(), frontier.subtrees_[i].bytes.begin());
  }
  return frontier;
}

// ------------------------------------------------------------------------------------------- proofs

Result<void> VerifyInclusion(uint64_t index, const Digest& leaf_hash, std::span<const Digest> proof,
                             const TreeHead& head) {
  if (index >= head.size) {
    return Invalid("index", "must be below the size, " + std::to_string(head.size),
                   std::to_string(index));
  }
  const std::vector<Sibling> path = PathToRoot(0, index, head.size);
  WB_RETURN_IF_ERROR(CheckLength(path.size(), proof));
  Digest root = leaf_hash;
  for (size_t i = 0; i < path.size(); ++i) {
    root = path[i].left ? NodeHash(proof[i], root) : NodeHash(root, proof[i]);
  }
  return CheckRoot("root", head.root, root);
}

Result<void> VerifyConsistency(const TreeHead& old_head, const TreeHead& new_head,
                               std::span<const Digest> proof) {
  if (auto checked = CheckHead(old_head); !checked) {
    return Fail(std::move(checked).error().Under("old."));
  }
  if (auto checked = CheckHead(new_head); !checked) {
    return Fail(std::move(checked).error().Under("new."));
  }
  if (old_head.size > new_head.size) {
    return Invalid("old.size", "must be at most the new size, " + std::to_string(new_head.size),
                   std::to_string(old_head.size));
  }
  if (old_head.size == new_head.size) {
    WB_RETURN_IF_ERROR(CheckLength(0, proof));
    if (old_head.root == new_head.root) return {};
    return Invalid("new.root", "must be the old root at the same size, " + old_head.root.ToHex(),
                   new_head.root.ToHex());
  }
  if (old_head.size == 0) {
    return Invalid("old.size", "must be above 0: nothing can be shown about no entries", "0");
  }
  const OldEdge edge(old_head.size);
  const std::vector<Sibling> path = PathToRoot(edge.level, edge.index, new_head.size);
  WB_RETURN_IF_ERROR(CheckLength(path.size() + (edge.is_old_root ? 0 : 1), proof));
  Digest old_root = edge.is_old_root ? old_head.root : proof.front();
  Digest new_root = old_root;
  const std::span<const Digest> siblings = proof.last(path.size());
  for (size_t i = 0; i < path.size(); ++i) {
    // What lies on the right came after the old tree.
    if (path[i].left) old_root = NodeHash(siblings[i], old_root);
    new_root = path[i].left ? NodeHash(siblings[i], new_root) : NodeHash(new_root, siblings[i]);
  }
  WB_RETURN_IF_ERROR(CheckRoot("old root", old_head.root, old_root));
  return CheckRoot("new root", new_head.root, new_root);
}

Result<Digest> RootAt(const NodeReader& nodes, uint64_t size) {
  WB_RETURN_IF_ERROR(CheckSize("size", size));
  if (size == 0) return EmptyRoot();
  return RangeRoot(nodes, 0, size);
}

Result<Proof> InclusionProof(const NodeReader& nodes, uint64_t index, uint64_t size) {
  WB_RETURN_IF_ERROR(CheckSize("size", size));
  if (index >= size) {
    return Invalid("index", "must be below the size, " + std::to_string(size),
                   std::to_string(index));
  }
  Proof proof;
  WB_RETURN_IF_ERROR(AppendHashes(nodes, PathToRoot(0, index, size), size, &proof));
  return proof;
}

Result<Proof> ConsistencyProof(const NodeReader& nodes, uint64_t old_size, uint64_t new_size) {
  WB_RETURN_IF_ERROR(CheckSize("new.size", new_size));
  if (old_size > new_size) {
    return Invalid("old.size", "must be at most the new size, " + std::to_string(new_size),
                   std::to_string(old_size));
  }
  Proof proof;
  if (old_size == new_size) return proof;
  if (old_size == 0) {
    return Invalid("old.size", "must be above 0: nothing can be shown about no entries", "0");
  }
  const OldEdge edge(old_size);
  if (!edge.is_old_root) {
    WB_ASSIGN_OR_RETURN(const Digest node, nodes.Node(edge.level, edge.index));
    proof.push_back(node);
  }
  WB_RETURN_IF_ERROR(
      AppendHashes(nodes, PathToRoot(edge.level, edge.index, new_size), new_size, &proof));
  return proof;
}

// -------------------------------------------------------------------------------------- MemoryNodes

void MemoryNodes::Append(const Digest& leaf_hash) {
  Digest node = leaf_hash;
  for (size_t level = 0;; ++level) {
    if (level == levels_.size()) levels_.emplace_back();
    std::vector<Digest>& row = levels_[level];
    row.push_back(node);
    if (row.size() % 2 != 0) return;
    node = NodeHash(row[row.size() - 2], row[row.size() - 1]);
  }
}

Result<Digest> MemoryNodes::Node(unsigned level, uint64_t index) const {
  if (level < levels_.size() && index < levels_[level].size()) return levels_[level][index];
  return Fail(ErrorCode::kNotFound, "node",
              "must be complete in the tree of " + std::to_string(size()) + " entries",
              "level " + std::to_string(level) + ", index " + std::to_string(index));
}

}  // namespace wideberth::record
