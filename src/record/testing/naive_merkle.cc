#include "record/testing/naive_merkle.h"

#include "base/random.h"
#include "crypto/sha256.h"

namespace wideberth::record::testing {
namespace {

using base::Bytes;
using base::Digest;

// The largest power of two smaller than n > 1.
size_t Split(size_t n) {
  size_t k = 1;
  while (2 * k < n) k *= 2;
  return k;
}

void Append(const Digest& digest, Bytes* bytes) {
  bytes->insert(bytes->end(), digest.bytes.begin(), digest.bytes.end());
}

std::string SubProofShape(size_t m, size_t n, bool whole) {
  if (m == n) return whole ? "" : "h";
  const size_t k = Split(n);
  if (m <= k) return SubProofShape(m, k, whole) + "r";
  return SubProofShape(m - k, n - k, false) + "l";
}

}  // namespace

Digest NaiveTree::Mth(size_t begin, size_t end) const {
  if (begin == end) return crypto::Sha256({});
  const auto [at, inserted] = known_.try_emplace({begin, end});
  if (!inserted) return at->second;
  Bytes bytes;
  if (end - begin == 1) {
    bytes = {0};
    bytes.insert(bytes.end(), entries_[begin].begin(), entries_[begin].end());
  } else {
    const size_t k = Split(end - begin);
    bytes = {1};
    Append(Mth(begin, begin + k), &bytes);
    Append(Mth(begin + k, end), &bytes);
  }
  return at->second = crypto::Sha256(bytes);
}

std::vector<Digest> NaiveTree::Path(size_t m, size_t begin, size_t end) const {
  if (end - begin == 1) return {};
  const size_t k = Split(end - begin);
  std::vector<Digest> path;
  if (m < k) {
    path = Path(m, begin, begin + k);
    path.push_back(Mth(begin + k, end));
  } else {
    path = Path(m - k, begin + k, end);
    path.push_back(Mth(begin, begin + k));
  }
  return path;
}

std::vector<Digest> NaiveTree::SubProof(size_t m, size_t begin, size_t end, bool whole) const {
  if (m == end - begin) {
    if (whole) return {};
    return {Mth(begin, end)};
  }
  const size_t k = Split(end - begin);
  std::vector<Digest> proof;
  if (m <= k) {
    proof = SubProof(m, begin, begin + k, whole);
    proof.push_back(Mth(begin + k, end));
  } else {
    proof = SubProof(m - k, begin + k, end, false);
    proof.push_back(Mth(begin, begin + k));
  }
  return proof;
}

std::vector<Digest> NaiveTree::Inclusion(size_t index, size_t size) const {
  return Path(index, 0, size);
}

std::vector<Digest> NaiveTree::Consistency(size_t old_size, size_t new_size) const {
  return SubProof(old_size, 0, new_size, true);
}

std::string InclusionShape(size_t index, size_t size) {
  if (size == 1) return "";
  const size_t k = Split(size);
  if (index < k) return InclusionShape(index, k) + "r";
  return InclusionShape(index - k, size - k) + "l";
}

std::string ConsistencyShape(size_t old_size, size_t new_size) {
  return SubProofShape(old_size, new_size, true);
}

std::vector<Bytes> RandomEntries(size_t count, uint64_t seed) {
  base::SeededRandom random(seed);
  std::vector<Bytes> entries(count);
  for (size_t i = 1; i < count; ++i) {
    // Entry 0 is empty; the number in front keeps the others apart.
    entries[i].resize(4 + random.Below(37));
    random.Fill(entries[i]);
    for (size_t k = 0; k < 4; ++k) entries[i][k] = static_cast<uint8_t>(i >> (8 * k));
  }
  return entries;
}

}  // namespace wideberth::record::testing
