// The slow model: RFC 6962 section 2.1 as it is written there, by recursion over ranges of entries. Shares nothing with
// the code under test but SHA-256.
#ifndef WIDEBERTH_RECORD_TESTING_NAIVE_MERKLE_H_
#define WIDEBERTH_RECORD_TESTING_NAIVE_MERKLE_H_

#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"

namespace wideberth::record::testing {

class NaiveTree {
 public:
  explicit NaiveTree(std::vector<base::Bytes> entries) : entries_(std::move(entries)) {}

  // MTH, PATH and PROOF of the RFC, of the first `size` entries.
  base::Digest Root(size_t size) const { return Mth(0, size); }
  std::vector<base::Digest> Inclusion(size_t index, size_t size) const;
  std::vector<base::Digest> Consistency(size_t old_size, size_t new_size) const;
  base::Digest Leaf(size_t index) const { return Mth(index, index + 1); }
  // MTH of the entries [begin, end) alone: what a tile holds.
  base::Digest Range(size_t begin, size_t end) const { return Mth(begin, end); }

 private:
  base::Digest Mth(size_t begin, size_t end) const;
  std::vector<base::Digest> Path(size_t m, size_t begin, size_t end) const;
  std::vector<base::Digest> SubProof(size_t m, size_t begin, size_t end, bool whole) const;

  std::vector<base::Bytes> entries_;
  mutable std::map<std::pair<size_t, size_t>, base::Digest> known_;  // of Mth, by its range
};

// On which side each hash of a proof joins, from below: "rl". Proofs of one shape are told apart by their hashes alone.
std::string InclusionShape(size_t index, size_t size);
// The same for the new root; an "h" in front when the proof begins with the hash of the old tree's last subtree.
std::string ConsistencyShape(size_t old_size, size_t new_size);

// `count` different entries of 0 to 40 bytes.
std::vector<base::Bytes> RandomEntries(size_t count, uint64_t seed);

}  // namespace wideberth::record::testing

#endif  // WIDEBERTH_RECORD_TESTING_NAIVE_MERKLE_H_
