#include "record/merkle.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "crypto/sha256.h"
#include "json/reader.h"
#include "record/testing/naive_merkle.h"

namespace wideberth::record {
namespace {

using base::Bytes;
using base::Digest;
using base::ErrorCode;
using testing::NaiveTree;
using testing::RandomEntries;

constexpr size_t kSmall = 300;  // every size up to it is looked at

Digest RandomDigest(base::SeededRandom& random) {
  Digest digest;
  random.Fill(digest.bytes);
  return digest;
}

Proof WithBitFlipped(Proof proof, size_t bit) {
  proof[bit / 256].bytes[bit % 256 / 8] ^= static_cast<uint8_t>(1 << bit % 8);
  return proof;
}

// One tree three ways: the model, and the code under test.
struct Trees {
  Trees(size_t size, uint64_t seed) : naive(RandomEntries(size, seed)) {
    for (const Bytes& entry : RandomEntries(size, seed)) {
      leaves.push_back(LeafHash(entry));
      nodes.Append(leaves.back());
    }
  }
  TreeHead Head(size_t size) const { return {size, naive.Root(size)}; }

  NaiveTree naive;
  std::vector<Digest> leaves;
  MemoryNodes nodes;
};

const Trees& SmallTrees() {
  static const Trees* const trees = new Trees(kSmall, 1);
  return *trees;
}

// ------------------------------------------------------------------------------------ known answers

TEST(Merkle, RootsOfTheKnownEntries) {
  // The entries and roots that implementations of Certificate Transparency are tested with.
  const std::vector<std::string> entries = {"",
                                            "00",
                                            "10",
                                            "2021",
                                            "3031",
                                            "40414243",
                                            "5051525354555657",
                                            "606162636465666768696a6b6c6d6e6f"};
  const std::vector<std::string> roots = {
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
      "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
      "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
      "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
      "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
      "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
      "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
      "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
  Frontier frontier;
  MemoryNodes nodes;
  EXPECT_EQ(frontier.Root().ToHex(), roots[0]);
  for (size_t i = 0; i < entries.size(); ++i) {
    const Digest leaf = LeafHash(base::HexDecode(entries[i]).value());
    frontier.Append(leaf);
    nodes.Append(leaf);
    EXPECT_EQ(frontier.Root().ToHex(), roots[i + 1]);
    EXPECT_EQ(RootAt(nodes, i + 1)->ToHex(), roots[i + 1]);
  }
}

// What a vector file says; roots that are no digest are stood for by their hash, as equal bytes stay equal.
struct Vector {
  uint64_t first = 0;   // leafIdx, size1
  uint64_t second = 0;  // treeSize, size2
  Bytes first_bytes;    // leafHash, root1
  Bytes second_bytes;   // root, root2
  std::vector<Bytes> proof;
  bool refused = false;
};

uint64_t ReadUint64(json::Object& object, std::string_view key) {
  const std::string text = object.Find(key)->ToJson();
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  EXPECT_EQ(end, text.data() + text.size()) << text;
  return value;
}

Vector ReadVector(const std::filesystem::path& path, bool inclusion) {
  std::ifstream file(path, std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(file), {});
  const json::Document document = json::Document::Parse(text).value();
  json::Object object = document.root().AsObject().value();
  const auto bytes = [&](std::string_view key) {
    return base::Base64Decode(object.RequiredString(key, 1000).value()).value();
  };
  Vector vector;
  vector.first = ReadUint64(object, inclusion ? "leafIdx" : "size1");
  vector.second = ReadUint64(object, inclusion ? "treeSize" : "size2");
  vector.first_bytes = bytes(inclusion ? "leafHash" : "root1");
  vector.second_bytes = bytes(inclusion ? "root" : "root2");
  vector.refused = object.RequiredBool("wantErr").value();
  if (const json::Value proof = *object.Find("proof"); !proof.is_null()) {
    const json::Array hashes = proof.AsArray(100).value();
    for (const json::Value hash : hashes) {
      vector.proof.push_back(base::Base64Decode(hash.AsString(1000).value()).value());
    }
  }
  return vector;
}

Digest AsDigest(const Bytes& bytes) {
  Digest digest;
  if (bytes.size() != digest.bytes.size()) return crypto::Sha256(bytes);
  std::copy(bytes.begin(), bytes.end(), digest.bytes.begin());
  return digest;
}

Proof AsProof(const std::vector<Bytes>& hashes) {
  Proof proof;
  for (const Bytes& hash : hashes) proof.push_back(AsDigest(hash));
  return proof;
}

// Runs every vector under `folder` and returns how many there are.
size_t ForEachVector(std::string_view folder, bool inclusion,
                     const std::function<bool(const Vector&)>& accepts) {
  size_t count = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    const Vector vector = ReadVector(entry.path(), inclusion);
    EXPECT_EQ(accepts(vector), !vector.refused) << entry.path();
    ++count;
  }
  return count;
}

TEST(Merkle, InclusionVectors) {
  constexpr std::string_view kFolder = "../shared/vectors/record/inclusion";
  if (!std::filesystem::exists(kFolder)) GTEST_SKIP() << "skipped: ../shared is absent";
  const size_t count = ForEachVector(kFolder, true, [](const Vector& vector) {
    // An empty leaf hash or root is refused by not being a Digest.
    if (vector.first_bytes.empty() || vector.second_bytes.empty()) return false;
    return VerifyInclusion(vector.first, AsDigest(vector.first_bytes), AsProof(vector.proof),
                           {vector.second, AsDigest(vector.second_bytes)})
        .has_value();
  });
  EXPECT_EQ(count, 98U);
}

TEST(Merkle, ConsistencyVectors) {
  constexpr std::string_view kFolder = "../shared/vectors/record/consistency";
  if (!std::filesystem::exists(kFolder)) GTEST_SKIP() << "skipped: ../shared is absent";
  const size_t count = ForEachVector(kFolder, false, [](const Vector& vector) {
    return VerifyConsistency({vector.first, AsDigest(vector.first_bytes)},
                             {vector.second, AsDigest(vector.second_bytes)}, AsProof(vector.proof))
        .has_value();
  });
  EXPECT_EQ(count, 98U);
}

// -------------------------------------------------------------------------- laws against the model

TEST(Merkle, EveryRootIsTheModels) {
  const Trees& trees = SmallTrees();
  Frontier frontier;
  for (size_t size = 0; size <= kSmall; ++size) {
    ASSERT_EQ(frontier.head(), trees.Head(size)) << size;
    ASSERT_EQ(RootAt(trees.nodes, size).value(), trees.naive.Root(size)) << size;
    if (size < kSmall) frontier.Append(trees.leaves[size]);
  }
  EXPECT_EQ(trees.nodes.size(), kSmall);
}

TEST(Merkle, EveryInclusionProofIsTheModelsAndHoldsForItsEntryAlone) {
  const Trees& trees = SmallTrees();
  base::SeededRandom random(2);
  for (size_t size = 1; size <= kSmall; ++size) {
    const TreeHead head = trees.Head(size);
    for (size_t index = 0; index < size; ++index) {
      const Digest leaf = trees.leaves[index];
      const Proof proof = InclusionProof(trees.nodes, index, size).value();
      ASSERT_EQ(proof, trees.naive.Inclusion(index, size));
      ASSERT_TRUE(VerifyInclusion(index, leaf, proof, head).has_value()) << index << " of " << size;
      const size_t other = random.Below(kSmall);
      if (other == index) continue;
      ASSERT_FALSE(VerifyInclusion(other, leaf, proof, head).has_value());
      ASSERT_FALSE(VerifyInclusion(index, trees.leaves[other], proof, head).has_value());
      // Under another size it holds exactly where the way to the root is the same.
      if (other > index) {
        ASSERT_EQ(VerifyInclusion(index, leaf, proof, {other, head.root}).has_value(),
                  testing::InclusionShape(index, other) == testing::InclusionShape(index, size))
            << index << " of " << size << " as of " << other;
      }
    }
  }
}

TEST(Merkle, EveryConsistencyProofIsTheModelsAndHoldsForItsHeadsAlone) {
  const Trees& trees = SmallTrees();
  base::SeededRandom random(3);
  for (size_t new_size = 1; new_size <= kSmall; ++new_size) {
    const TreeHead new_head = trees.Head(new_size);
    for (size_t old_size = 1; old_size <= new_size; ++old_size) {
      const TreeHead old_head = trees.Head(old_size);
      const Proof proof = ConsistencyProof(trees.nodes, old_size, new_size).value();
      ASSERT_EQ(proof, trees.naive.Consistency(old_size, new_size));
      ASSERT_TRUE(VerifyConsistency(old_head, new_head, proof).has_value())
          << old_size << " to " << new_size;
      const size_t other = 1 + random.Below(kSmall);
      if (other != old_size) {
        ASSERT_FALSE(VerifyConsistency({other, old_head.root}, new_head, proof).has_value());
        ASSERT_FALSE(VerifyConsistency(trees.Head(other), new_head, proof).has_value());
      }
      if (other != new_size) {
        ASSERT_FALSE(VerifyConsistency(old_head, trees.Head(other), proof).has_value())
            << old_size << " to " << new_size << " as to " << other;
      }
      if (other > old_size && old_size < new_size) {
        ASSERT_EQ(VerifyConsistency(old_head, {other, new_head.root}, proof).has_value(),
                  testing::ConsistencyShape(old_size, other) ==
                      testing::ConsistencyShape(old_size, new_size))
            << old_size << " to " << new_size << " as to " << other;
      }
    }
  }
}

// Refuses a proof with one hash more or less, or one bit changed, at any place.
void ExpectOnlyThisProof(const Proof& proof, const std::function<bool(const Proof&)>& accepts,
                         base::SeededRandom& random, bool every_bit) {
  ASSERT_TRUE(accepts(proof));
  for (size_t i = 0; i <= proof.size(); ++i) {
    Proof longer = proof;
    longer.insert(longer.begin() + static_cast<std::ptrdiff_t>(i), RandomDigest(random));
    ASSERT_FALSE(accepts(longer));
    if (i == proof.size()) break;
    longer[i] = proof[i];
    ASSERT_FALSE(accepts(longer));  // a hash twice
    Proof shorter = proof;
    shorter.erase(shorter.begin() + static_cast<std::ptrdiff_t>(i));
    ASSERT_FALSE(accepts(shorter));
    if (i > 0) {
      Proof swapped = proof;
      std::swap(swapped[i - 1], swapped[i]);
      ASSERT_FALSE(accepts(swapped));
    }
    for (size_t bit = 0; bit < 256; bit += every_bit ? 1 : 1 + random.Below(256)) {
      ASSERT_FALSE(accepts(WithBitFlipped(proof, 256 * i + bit)));
    }
  }
}

void ExpectOnlyThisHead(const TreeHead& head, const std::function<bool(const TreeHead&)>& accepts) {
  for (size_t bit = 0; bit < 256; ++bit) {
    TreeHead changed = head;
    changed.root = WithBitFlipped({head.root}, bit)[0];
    ASSERT_FALSE(accepts(changed));
  }
}

void ExpectExactInclusion(const Trees& trees, size_t index, size_t size, base::SeededRandom& random,
                          bool every_bit) {
  const TreeHead head = trees.Head(size);
  const Digest leaf = trees.leaves[index];
  const Proof proof = InclusionProof(trees.nodes, index, size).value();
  ExpectOnlyThisProof(
      proof,
      [&](const Proof& changed) { return VerifyInclusion(index, leaf, changed, head).has_value(); },
      random, every_bit);
  if (!every_bit) return;
  ExpectOnlyThisHead(head, [&](const TreeHead& changed) {
    return VerifyInclusion(index, leaf, proof, changed).has_value();
  });
  for (size_t bit = 0; bit < 256; ++bit) {
    ASSERT_FALSE(VerifyInclusion(index, WithBitFlipped({leaf}, bit)[0], proof, head).has_value());
  }
}

void ExpectExactConsistency(const Trees& trees, size_t old_size, size_t new_size,
                            base::SeededRandom& random, bool every_bit) {
  const TreeHead old_head = trees.Head(old_size);
  const TreeHead new_head = trees.Head(new_size);
  const Proof proof = ConsistencyProof(trees.nodes, old_size, new_size).value();
  ExpectOnlyThisProof(
      proof,
      [&](const Proof& changed) {
        return VerifyConsistency(old_head, new_head, changed).has_value();
      },
      random, every_bit);
  if (!every_bit) return;
  ExpectOnlyThisHead(old_head, [&](const TreeHead& changed) {
    return VerifyConsistency(changed, new_head, proof).has_value();
  });
  ExpectOnlyThisHead(new_head, [&](const TreeHead& changed) {
    return VerifyConsistency(old_head, changed, proof).has_value();
  });
}

TEST(Merkle, NoChangedProofHolds) {
  const Trees& trees = SmallTrees();
  base::SeededRandom random(4);
  for (size_t size = 1; size <= kSmall; ++size) {
    const bool every_bit = size <= 17;
    for (size_t at = 1; at <= size; at += every_bit ? 1 : 1 + random.Below(40)) {
      ExpectExactInclusion(trees, at - 1, size, random, every_bit);
      ExpectExactConsistency(trees, at, size, random, every_bit);
      if (HasFatalFailure()) FAIL() << at << " of " << size;
    }
  }
}

TEST(Merkle, LargeTreesKeepTheSameLaws) {
  base::SeededRandom random(5);
  const Trees trees(20'000, 6);
  Frontier frontier;
  size_t appended = 0;
  for (int i = 0; i < 20; ++i) {
    const size_t size = 1 + static_cast<size_t>(random.Below(20'000));
    const size_t at = 1 + static_cast<size_t>(random.Below(size));
    if (size < appended) {
      frontier = {};
      appended = 0;
    }
    for (; appended < size; ++appended) frontier.Append(trees.leaves[appended]);
    ASSERT_EQ(frontier.head(), trees.Head(size));
    ASSERT_EQ(RootAt(trees.nodes, size).value(), trees.naive.Root(size));
    ASSERT_EQ(InclusionProof(trees.nodes, at - 1, size).value(),
              trees.naive.Inclusion(at - 1, size));
    ASSERT_EQ(ConsistencyProof(trees.nodes, at, size).value(), trees.naive.Consistency(at, size));
    ExpectExactInclusion(trees, at - 1, size, random, i < 4);
    ExpectExactConsistency(trees, at, size, random, i < 4);
    if (HasFatalFailure()) FAIL() << at << " of " << size;
  }
}

// A log of any size, all of whose entries are the same: each level has one hash for all its nodes.
class UniformNodes final : public NodeReader {
 public:
  UniformNodes() : levels_(64, LeafHash({})) {
    for (size_t i = 1; i < 64; ++i) levels_[i] = NodeHash(levels_[i - 1], levels_[i - 1]);
  }
  base::Result<Digest> Node(unsigned level, uint64_t index) const override {
    EXPECT_LT(level, 63U);
    EXPECT_LE(index, (kTreeSizeMax >> level) - 1);
    return levels_.at(level);
  }

 private:
  std::vector<Digest> levels_;
};

TEST(Merkle, TheLargestTreesHaveProofs) {
  const UniformNodes nodes;
  for (const uint64_t size : {kTreeSizeMax, kTreeSizeMax - 1, (kTreeSizeMax >> 1) + 1,
                              (kTreeSizeMax >> 1) + 2, uint64_t{1} << 40}) {
    const TreeHead head = {size, RootAt(nodes, size).value()};
    for (const uint64_t index : {uint64_t{0}, size / 3, size - 2, size - 1}) {
      const Proof proof = InclusionProof(nodes, index, size).value();
      EXPECT_LE(proof.size(), 63U);
      EXPECT_TRUE(VerifyInclusion(index, LeafHash({}), proof, head).has_value());
      if (index == 0) continue;
      const TreeHead old_head = {index, RootAt(nodes, index).value()};
      const Proof consistency = ConsistencyProof(nodes, index, size).value();
      EXPECT_LE(consistency.size(), 64U);
      EXPECT_TRUE(VerifyConsistency(old_head, head, consistency).has_value());
    }
  }
  const uint64_t beyond = kTreeSizeMax + 1;
  EXPECT_EQ(RootAt(nodes, beyond).error().field, "size");
  EXPECT_EQ(InclusionProof(nodes, 0, beyond).error().field, "size");
  EXPECT_EQ(ConsistencyProof(nodes, 1, beyond).error().field, "new.size");
  // Nobody proves such a tree, and asking is no overflow.
  EXPECT_FALSE(VerifyInclusion(~uint64_t{1}, {}, {}, {~uint64_t{0}, {}}).has_value());
  EXPECT_FALSE(VerifyConsistency({~uint64_t{1}, {}}, {~uint64_t{0}, {}}, {}).has_value());
}

// ----------------------------------------------------------------------------------------- Frontier

TEST(Merkle, AFrontierGoesOnWhereItsBytesLeftOff) {
  const Trees& trees = SmallTrees();
  Frontier frontier;
  for (size_t size = 0;; ++size) {
    const Bytes bytes = frontier.Encode();
    Frontier decoded = Frontier::Decode(bytes).value();
    ASSERT_EQ(decoded, frontier);
    ASSERT_EQ(decoded.Encode(), bytes);
    for (size_t cut = 1; cut <= bytes.size(); cut += 31) {
      ASSERT_FALSE(Frontier::Decode({bytes.data(), bytes.size() - cut}).has_value());
    }
    Bytes longer = bytes;
    longer.push_back(0);
    ASSERT_FALSE(Frontier::Decode(longer).has_value());
    if (size == kSmall) break;
    decoded.Append(trees.leaves[size]);
    frontier.Append(trees.leaves[size]);
    ASSERT_EQ(decoded, frontier);
  }
}

TEST(Merkle, AFrontierIsDecodedStrictly) {
  const auto refusal = [](const Bytes& bytes) {
    return Frontier::Decode(bytes).error().ToString();
  };
  EXPECT_EQ(refusal({}), "frontier: must begin with a size of 8 bytes (found 0 bytes)");
  EXPECT_EQ(refusal(Bytes(7)), "frontier: must begin with a size of 8 bytes (found 7 bytes)");
  EXPECT_EQ(refusal({0, 0, 0, 0, 0, 0, 0, 5}),
            "frontier: must have 72 bytes at size 5 (found 8 bytes)");
  Bytes too_large(8 + 32, 0);
  too_large[0] = 0x80;
  EXPECT_EQ(refusal(too_large),
            "frontier.size: must be at most 2^63 - 1 (found 9223372036854775808)");
  Bytes largest(8 + 63 * 32, 0xFF);
  largest[0] = 0x7F;
  EXPECT_EQ(Frontier::Decode(largest)->size(), kTreeSizeMax);
}

// ---------------------------------------------------------------------------------------- refusals

TEST(Merkle, RefusalsNameTheFieldAndTheRule) {
  const Trees& trees = SmallTrees();
  const TreeHead old_head = trees.Head(5);
  const TreeHead head = trees.Head(8);
  const Proof inclusion = InclusionProof(trees.nodes, 2, 8).value();
  const Proof consistency = ConsistencyProof(trees.nodes, 5, 8).value();
  const auto text = [](const auto& result) { return result.error().ToString(); };

  EXPECT_EQ(text(VerifyInclusion(8, trees.leaves[2], inclusion, head)),
            "index: must be below the size, 8 (found 8)");
  EXPECT_EQ(text(VerifyInclusion(2, trees.leaves[2], std::span(inclusion).first(2), head)),
            "proof: must have 3 hashes here (found 2 hashes)");
  const auto wrong_leaf = VerifyInclusion(2, trees.leaves[3], inclusion, head);
  EXPECT_EQ(wrong_leaf.error().field, "proof");
  EXPECT_EQ(wrong_leaf.error().rule, "must lead to the root " + head.root.ToHex());
  EXPECT_EQ(wrong_leaf.error().found.size(), 64U);

  EXPECT_EQ(text(VerifyConsistency(head, old_head, consistency)),
            "old.size: must be at most the new size, 5 (found 8)");
  EXPECT_EQ(text(VerifyConsistency({0, EmptyRoot()}, head, {})),
            "old.size: must be above 0: nothing can be shown about no entries (found 0)");
  EXPECT_EQ(VerifyConsistency({0, old_head.root}, head, {}).error().field, "old.root");
  EXPECT_EQ(VerifyConsistency({0, EmptyRoot()}, {0, head.root}, {}).error().field, "new.root");
  EXPECT_TRUE(VerifyConsistency({0, EmptyRoot()}, {0, EmptyRoot()}, {}).has_value());
  EXPECT_EQ(text(VerifyConsistency(head, head, consistency)),
            "proof: must have 0 hashes here (found 4 hashes)");
  EXPECT_EQ(VerifyConsistency(head, {8, old_head.root}, {}).error().rule,
            "must be the old root at the same size, " + head.root.ToHex());
  EXPECT_EQ(VerifyConsistency({5, head.root}, head, consistency).error().rule,
            "must lead to the old root " + head.root.ToHex());
  EXPECT_EQ(VerifyConsistency(old_head, {8, old_head.root}, consistency).error().rule,
            "must lead to the new root " + old_head.root.ToHex());

  EXPECT_EQ(text(InclusionProof(trees.nodes, 8, 8)), "index: must be below the size, 8 (found 8)");
  EXPECT_EQ(text(ConsistencyProof(trees.nodes, 9, 8)),
            "old.size: must be at most the new size, 8 (found 9)");
  EXPECT_EQ(ConsistencyProof(trees.nodes, 0, 8).error().field, "old.size");
  EXPECT_EQ(ConsistencyProof(trees.nodes, 0, 0).value(), Proof());
  const auto missing = RootAt(trees.nodes, kSmall + 1);
  EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(text(missing),
            "node: must be complete in the tree of 300 entries (found level 0, index 300)");
  EXPECT_FALSE(trees.nodes.Node(40, 0).has_value());
}

}  // namespace
}  // namespace wideberth::record
