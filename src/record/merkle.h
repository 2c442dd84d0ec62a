// The Merkle tree of RFC 6962 (section 2.1) over SHA-256: 32 bytes that name a whole log, proofs that an entry stands
// in it, and proofs that a later log only added to an earlier one.
//
//   MemoryNodes nodes;
//   for (const base::Bytes& entry : entries) nodes.Append(LeafHash(entry));
//   WB_ASSIGN_OR_RETURN(const Proof proof, InclusionProof(nodes, index, head.size));
//   WB_RETURN_IF_ERROR(VerifyInclusion(index, LeafHash(entry), proof, head));   // what anybody else does
//
// The node (level, index) covers the 2^level entries from index * 2^level on; it is complete, and never changes again,
// once the log has all of them. Every root and every proof is made of complete nodes.
//
// A root commits to entries and their places, not to a number: for some sizes one proof verifies under a head with
// another size and the same root. Take heads from verified checkpoints (checkpoint.h), which sign both.
//
// Sizes go to kTreeSizeMax, the largest that verifiers with signed integers read. Proofs have at most 64 hashes.
// Functions are thread-safe; an object may be read from several threads while none changes it.
#ifndef WIDEBERTH_RECORD_MERKLE_H_
#define WIDEBERTH_RECORD_MERKLE_H_

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace wideberth::record {

inline constexpr uint64_t kTreeSizeMax = std::numeric_limits<int64_t>::max();

// SHA-256 of 0x00 and the entry, of 0x01 and both children, of nothing. About 0.2 us beside hashing a long entry.
base::Digest LeafHash(base::ByteView entry);
base::Digest NodeHash(const base::Digest& left, const base::Digest& right);
base::Digest EmptyRoot();

// What a checkpoint says about a tree.
struct TreeHead {
  uint64_t size = 0;
  base::Digest root;
  bool operator==(const TreeHead&) const = default;
};
// Refuses what no tree has: a "size" beyond kTreeSizeMax, and at size 0 a "root" other than EmptyRoot().
base::Result<void> CheckHead(const TreeHead& head);

// From the entry, or the edge of the older tree, to the root.
using Proof = std::vector<base::Digest>;

// The right edge of a growing tree: all that is needed to append and to know the root, in at most 63 hashes.
class Frontier {
 public:
  // One hash on average, 63 at most.
  void Append(const base::Digest& leaf_hash);

  uint64_t size() const { return size_; }
  base::Digest Root() const;  // up to 63 hashes
  TreeHead head() const { return {size_, Root()}; }

  // The size as u64 big-endian, then the roots of the complete subtrees from the largest (leftmost) to the smallest.
  // Decode refuses any other length, and sizes beyond kTreeSizeMax; nothing in the bytes proves the hashes: compare
  // Root() with a signed head.
  base::Bytes Encode() const;
  static base::Result<Frontier> Decode(base::ByteView bytes);

  bool operator==(const Frontier&) const = default;

 private:
  uint64_t size_ = 0;
  std::vector<base::Digest> subtrees_;  // largest first, one for each bit that is set in size_
};

// That the entry with this leaf hash is number `index` of the tree. Refuses with kInvalid: "index" beyond the tree, a
// "proof" of another length than this place has, or one that leads to another root.
base::Result<void> VerifyInclusion(uint64_t index, const base::Digest& leaf_hash,
                                   std::span<const base::Digest> proof, const TreeHead& head);

// That the older tree is what the newer one begins with. Refuses with kInvalid: "old.size" above the new size, or 0
// below a new size (nothing can be shown about no entries), heads that CheckHead refuses, a "proof" of another length
// than these sizes have, or one that leads to another old or new root. Equal sizes have an empty proof and equal roots.
base::Result<void> VerifyConsistency(const TreeHead& old_head, const TreeHead& new_head,
                                     std::span<const base::Digest> proof);

// Where complete nodes are kept: memory, tiles, rows of a store.
class NodeReader {
 public:
  virtual ~NodeReader() = default;
  // Refuses a node that is not (yet) complete with kNotFound.
  virtual base::Result<base::Digest> Node(unsigned level, uint64_t index) const = 0;
};

// The root, and proofs, of the tree of the first `size` entries, which may be fewer than the reader has. A root reads
// up to 63 nodes; a proof one for each hash, and up to 63 for the one hash whose entries the end of the tree cuts
// short. Refused are sizes beyond kTreeSizeMax, `index` beyond `size`, an old size above the new one or 0 below it, and
// what the reader refuses.
base::Result<base::Digest> RootAt(const NodeReader& nodes, uint64_t size);
base::Result<Proof> InclusionProof(const NodeReader& nodes, uint64_t index, uint64_t size);
base::Result<Proof> ConsistencyProof(const NodeReader& nodes, uint64_t old_size, uint64_t new_size);

// All complete nodes in memory: 64 bytes an entry.
class MemoryNodes final : public NodeReader {
 public:
  void Append(const base::Digest& leaf_hash);  // one hash on average
  uint64_t size() const { return levels_.empty() ? 0 : levels_.front().size(); }
  base::Result<base::Digest> Node(unsigned level, uint64_t index) const override;

 private:
  std::vector<std::vector<base::Digest>> levels_;  // levels_[l][i] is node (l, i)
};

}  // namespace wideberth::record

#endif  // WIDEBERTH_RECORD_MERKLE_H_
