#include "record/tile.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <tuple>

#include "base/random.h"
#include "json/reader.h"
#include "record/testing/logs.h"
#include "record/testing/naive_merkle.h"

namespace wideberth::record {
namespace {

using base::Bytes;
using base::Digest;
using base::ErrorCode;
using testing::MemoryEntries;
using testing::MemoryTiles;
using testing::NaiveTree;
using testing::TestLog;

std::set<std::string> Paths(const std::vector<TilePath>& tiles) {
  std::set<std::string> paths;
  for (const TilePath& tile : tiles) paths.insert(FormatTilePath(tile).value());
  return paths;
}

// As the format's text has it, tile by tile: the n-th tile of level l holds MTH(D[(n*256+i)*256^l :
// (n*256+i+1)*256^l]).
MemoryTiles NaiveTiles(const NaiveTree& tree, const std::vector<Bytes>& entries) {
  MemoryTiles tiles;
  const size_t size = entries.size();
  size_t span = 1;
  for (unsigned level = 0; size / span > 0; ++level, span *= 256) {
    for (size_t n = 0; n * 256 < size / span; ++n) {
      const size_t width = std::min<size_t>(256, size / span - n * 256);
      Tile tile{{level, n, static_cast<unsigned>(width)}, {}};
      Tile bundle{{std::nullopt, n, static_cast<unsigned>(width)}, {}};
      for (size_t i = n * 256; i < n * 256 + width; ++i) {
        const Digest hash = tree.Range(i * span, (i + 1) * span);
        tile.bytes.insert(tile.bytes.end(), hash.bytes.begin(), hash.bytes.end());
        if (level > 0) continue;
        bundle.bytes.push_back(static_cast<uint8_t>(entries[i].size() / 256));
        bundle.bytes.push_back(static_cast<uint8_t>(entries[i].size() % 256));
        bundle.bytes.insert(bundle.bytes.end(), entries[i].begin(), entries[i].end());
      }
      tiles.Put(tile);
      if (level == 0) tiles.Put(bundle);
    }
  }
  return tiles;
}

// What a node writes that hands its leaf hashes to a builder.
MemoryTiles BuiltTiles(const TestLog& log) {
  MemoryTiles tiles;
  TileBuilder builder;
  std::vector<Tile> full;
  for (const Bytes& entry : log.entries.entries) builder.Append(LeafHash(entry), &full);
  for (const Tile& tile : full) tiles.Put(tile);
  for (const Tile& tile : builder.Partial()) tiles.Put(tile);
  for (const TilePath& path : TilesBetween(0, builder.size())) {
    if (!path.level) tiles.Put(MakeEntryBundle(log.entries, path).value());
  }
  return tiles;
}

constexpr size_t kLarge = 66'000;  // three levels
const TestLog& LargeLog() {
  static const TestLog* const log = new TestLog(kLarge);
  return *log;
}
const MemoryTiles& LargeTiles() {
  static const MemoryTiles* const tiles = new MemoryTiles(LargeLog().Tiles(kLarge));
  return *tiles;
}

TEST(Tile, TreesHaveTheTilesOfTheSpecification) {
  std::ifstream file("../shared/vectors/record/c2sp_examples.json");
  if (!file) GTEST_SKIP() << "no vectors here";
  const std::string text(std::istreambuf_iterator<char>(file), {});
  const auto document = json::Document::Parse(text).value();
  auto root = document.root().AsObject().value();
  const auto counts = root.RequiredArray("tile_counts", 100).value();
  ASSERT_EQ(counts.size(), 2u);
  for (const json::Value value : counts) {
    auto count = value.AsObject().value();
    const auto size = static_cast<uint64_t>(count.RequiredInt64("size", 0, 1 << 20).value());
    const std::vector<TilePath> tiles = TilesBetween(0, size);
    for (unsigned level = 0; level < 3; ++level) {
      const std::string name = "level" + std::to_string(level);
      const auto of = [&](bool full) {
        return std::count_if(tiles.begin(), tiles.end(), [&](const TilePath& tile) {
          return tile.level == level && (tile.width == kTileWidth) == full;
        });
      };
      EXPECT_EQ(of(true), count.OptionalInt64(name + "_full", 0, 1 << 20).value().value_or(0));
      const auto width = count.OptionalInt64(name + "_partial", 0, 255).value();
      EXPECT_EQ(of(false), width ? 1 : 0);
      for (const TilePath& tile : tiles) {
        if (tile.level == level && tile.width != kTileWidth) {
          EXPECT_EQ(tile.width, *width);
        }
      }
    }
  }
}

TEST(Tile, TilesAreThoseOfTheNaiveModelAtEverySize) {
  for (size_t size :
       {0U, 1U, 2U, 3U, 255U, 256U, 257U, 511U, 512U, 513U, 700U, 65'535U, 65'536U, 65'537U}) {
    const auto entries =
        size < 1'000 ? testing::RandomEntries(size, size) : TestLog::ShortEntries(size);
    const NaiveTree tree(entries);
    const TestLog log(entries);
    const MemoryTiles naive = NaiveTiles(tree, entries);
    EXPECT_EQ(log.Tiles(size).tiles, naive.tiles) << size;
    EXPECT_EQ(BuiltTiles(log).tiles, naive.tiles) << size;
    const TileNodes nodes(naive, size);
    EXPECT_EQ(RootAt(nodes, size).value(), tree.Root(size)) << size;
    EXPECT_TRUE(VerifyTiles(naive, {size, tree.Root(size)}).has_value()) << size;
  }
}

TEST(Tile, WhatChangesBetweenTwoSizesIsTheDifference) {
  base::SeededRandom random(3);
  for (int i = 0; i < 300; ++i) {
    const uint64_t a = random.Below(uint64_t{1} << random.Below(19));
    const uint64_t b = random.Below(2) == 0 ? a + random.Below(600) : random.Below(140'000);
    const std::set<std::string> of_a = Paths(TilesBetween(0, a));
    const std::set<std::string> of_b = Paths(TilesBetween(0, b));
    std::set<std::string> expected;
    std::set_difference(of_b.begin(), of_b.end(), of_a.begin(), of_a.end(),
                        std::inserter(expected, expected.end()));
    EXPECT_EQ(Paths(TilesBetween(a, b)), expected) << a << " to " << b;
    EXPECT_EQ(TilesBetween(a, b).size(), expected.size());  // none twice
  }
  // What a longer log has outgrown is partial.
  for (const TilePath& tile : TilesBetween(700, 300)) EXPECT_LT(tile.width, kTileWidth);
  EXPECT_TRUE(TilesBetween(512, 512).empty());
}

TEST(Tile, ATreeHasTheTilesOfEveryTreeItGrewFrom) {
  std::set<std::string> until_now;
  for (uint64_t size = 0; size <= 520; ++size) {
    until_now.merge(Paths(TilesBetween(0, size)));
    if (size % 13 != 0 && size < 510) continue;
    for (const TilePath& tile : TilesBetween(0, 700)) {
      for (unsigned width = 1; width <= 256; width += 5) {
        const TilePath each{tile.level, tile.index, width};
        EXPECT_EQ(HasTile(each, size), until_now.contains(FormatTilePath(each).value()))
            << FormatTilePath(each).value() << " at " << size;
      }
    }
  }
  EXPECT_FALSE(HasTile({0, 0, 0}, 500));
  EXPECT_FALSE(HasTile({0, 0, 257}, 500));
  EXPECT_FALSE(HasTile({9, 0, 1}, kTreeSizeMax));
}

TEST(Tile, ABuilderGoesOnWhereItsTilesEnd) {
  const TestLog& log = LargeLog();
  for (const uint64_t size : {0U, 1U, 255U, 256U, 300U, 65'536U, 65'999U}) {
    MemoryTiles tiles = log.Tiles(size);
    auto resumed = TileBuilder::Resume(tiles, size);
    ASSERT_TRUE(resumed.has_value()) << size;
    std::vector<Tile> full;
    for (uint64_t i = size; i < kLarge; ++i) {
      resumed->Append(LeafHash(log.entries.entries[i]), &full);
    }
    for (const Tile& tile : full) tiles.Put(tile);
    for (const Tile& tile : resumed->Partial()) tiles.Put(tile);
    for (const auto& [path, bytes] : LargeTiles().tiles) {
      if (!path.starts_with("tile/entries/")) {
        EXPECT_EQ(tiles.tiles[path], bytes) << path;
      }
    }
  }
  EXPECT_EQ(TileBuilder::Resume(MemoryTiles(), 5).error().code, ErrorCode::kNotFound);
  EXPECT_FALSE(TileBuilder::Resume(MemoryTiles(), kTreeSizeMax + 1).has_value());
  MemoryTiles cut = log.Tiles(5);
  cut.tiles["tile/0/000.p/5"].pop_back();
  EXPECT_EQ(TileBuilder::Resume(cut, 5).error().field, "tile/0/000.p/5");
}

TEST(Tile, NodesOutOfTilesAreTheNodesOfTheTree) {
  const TestLog& log = LargeLog();
  base::SeededRandom random(4);
  for (const uint64_t size : {1U, 2U, 255U, 256U, 257U, 1'000U, 65'536U, 66'000U}) {
    const MemoryTiles tiles = log.Tiles(size);
    for (const size_t remembered : {0U, 1U, 64U}) {
      const TileNodes nodes(tiles, size, remembered);
      for (int i = 0; i < 200; ++i) {
        const auto level = static_cast<unsigned>(random.Below(18));
        const uint64_t index = random.Below((size >> level) + 1);
        const auto node = nodes.Node(level, index);
        if (index < size >> level) {
          ASSERT_TRUE(node.has_value()) << size << " " << level << " " << index;
          EXPECT_EQ(*node, log.nodes.Node(level, index).value());
        } else {
          EXPECT_EQ(node.error().code, ErrorCode::kNotFound);
        }
      }
    }
  }
  EXPECT_FALSE(TileNodes(MemoryTiles(), 1).Node(0, 0).has_value());
  EXPECT_FALSE(TileNodes(MemoryTiles(), 1).Node(63, 0).has_value());
  EXPECT_FALSE(TileNodes(MemoryTiles(), 1).Node(1'000, 0).has_value());
}

TEST(Tile, ProofsOutOfTilesVerifyAndReadFewTiles) {
  const TestLog& log = LargeLog();
  base::SeededRandom random(5);
  for (int i = 0; i < 200; ++i) {
    const uint64_t size = 2 + random.Below(kLarge - 1);
    const uint64_t index = random.Below(size);
    const MemoryTiles& tiles = LargeTiles();
    tiles.reads.clear();
    const TileNodes nodes(tiles, kLarge);
    const Proof proof = InclusionProof(nodes, index, size).value();
    EXPECT_EQ(proof, InclusionProof(log.nodes, index, size).value());
    EXPECT_TRUE(VerifyInclusion(index, LeafHash(log.entries.entries[index]), proof, log.Head(size))
                    .has_value());
    EXPECT_LE(tiles.reads.size(), 6u);
    EXPECT_EQ(Paths(tiles.reads).size(), tiles.reads.size());  // none is read twice

    tiles.reads.clear();
    const uint64_t old_size = 1 + random.Below(size);
    const TileNodes fresh(tiles, kLarge);
    const Proof consistency = ConsistencyProof(fresh, old_size, size).value();
    EXPECT_TRUE(VerifyConsistency(log.Head(old_size), log.Head(size), consistency).has_value());
    EXPECT_LE(tiles.reads.size(), 6u);
  }
}

TEST(Tile, WiderTilesAreCut) {
  const TestLog log(300);
  const MemoryTiles at_300 = log.Tiles(300);
  for (const unsigned width : {1u, 7u, 43u, 44u}) {
    for (const auto level : {std::optional<unsigned>(0), std::optional<unsigned>()}) {
      const Tile wide{{level, 1, 44}, at_300.ReadTile({level, 1, 44}).value()};
      EXPECT_EQ(CutTile(wide, width).value(),
                log.Tiles(256 + width).ReadTile({level, 1, width}).value());
      EXPECT_FALSE(CutTile(wide, 45).has_value());
      EXPECT_FALSE(CutTile(wide, 0).has_value());
      Tile broken = wide;
      broken.bytes.push_back(0);
      EXPECT_FALSE(CutTile(broken, width).has_value());
    }
  }
}

TEST(Tile, MakingRefusesWhatCannotBeATile) {
  const TestLog log(10);
  EXPECT_EQ(MakeHashTile(log.nodes, {std::nullopt, 0, 1}).error().field, "path");
  EXPECT_EQ(MakeEntryBundle(log.entries, {0, 0, 1}).error().field, "path");
  EXPECT_EQ(MakeHashTile(log.nodes, {0, 0, 300}).error().field, "path.width");
  EXPECT_EQ(MakeHashTile(log.nodes, {0, 0, 11}).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(MakeEntryBundle(log.entries, {std::nullopt, 0, 11}).error().code, ErrorCode::kNotFound);
  // An entry has at most as many bytes as its length can say.
  const MemoryEntries longest({Bytes(kEntryBytesMax, 7), Bytes()});
  const Tile bundle = MakeEntryBundle(longest, {std::nullopt, 0, 2}).value();
  EXPECT_EQ(bundle.bytes.size(), 2 + kEntryBytesMax + 2);
  EXPECT_EQ(DecodeEntryBundle(bundle.bytes, 2).value()[0].size(), kEntryBytesMax);
  const MemoryEntries too_long({Bytes(kEntryBytesMax + 1, 7)});
  EXPECT_EQ(MakeEntryBundle(too_long, {std::nullopt, 0, 1}).error().code, ErrorCode::kTooLarge);
}

TEST(Tile, LogsOfLongestEntriesVerify) {
  std::vector<Bytes> entries;
  for (uint8_t i = 0; i < 40; ++i) entries.emplace_back(kEntryBytesMax - i % 2, i);
  const TestLog log(entries);
  EXPECT_TRUE(VerifyTiles(log.Tiles(40), log.Head(40)).has_value());
}

TEST(Tile, EveryAlteredByteOfEveryTileIsFound) {
  constexpr size_t kSize = 600;
  const TestLog log(kSize);
  MemoryTiles tiles = log.Tiles(kSize);
  base::SeededRandom random(6);
  for (auto& [path, bytes] : tiles.tiles) {
    for (int i = 0; i < 40; ++i) {
      const size_t at = random.Below(bytes.size());
      const auto bit = static_cast<uint8_t>(1 << random.Below(8));
      bytes[at] ^= bit;
      const auto verified = VerifyTiles(tiles, log.Head(kSize));
      ASSERT_FALSE(verified.has_value()) << path << " byte " << at;
      EXPECT_TRUE(verified.error().field.starts_with("tile/")) << verified.error().ToString();
      VerifyTilesOptions digests_only;
      digests_only.with_entries = false;
      EXPECT_EQ(VerifyTiles(tiles, log.Head(kSize), digests_only).has_value(),
                path.starts_with("tile/entries/"));
      bytes[at] ^= bit;
    }
    const Bytes whole = bytes;
    bytes.pop_back();
    EXPECT_FALSE(VerifyTiles(tiles, log.Head(kSize)).has_value()) << path << " truncated";
    bytes = whole;
    bytes.push_back(0);
    EXPECT_FALSE(VerifyTiles(tiles, log.Head(kSize)).has_value()) << path << " lengthened";
    bytes = whole;
  }
  for (const auto& [path, bytes] : log.Tiles(kSize).tiles) {
    MemoryTiles without = tiles;
    without.tiles.erase(path);
    const auto verified = VerifyTiles(without, log.Head(kSize));
    ASSERT_FALSE(verified.has_value()) << path << " missing";
    EXPECT_EQ(verified.error().code, ErrorCode::kNotFound);
  }
  EXPECT_TRUE(VerifyTiles(tiles, log.Head(kSize)).has_value());
}

TEST(Tile, ReorderedEntriesAndOtherHeadsAreRefused) {
  const TestLog log(600);
  MemoryTiles tiles = log.Tiles(600);
  std::swap(tiles.tiles["tile/entries/000"], tiles.tiles["tile/entries/001"]);
  EXPECT_EQ(VerifyTiles(tiles, log.Head(600)).error().field, "tile/0/000");
  std::swap(tiles.tiles["tile/entries/000"], tiles.tiles["tile/entries/001"]);
  TreeHead other = log.Head(600);
  other.root.bytes[0] ^= 1;
  EXPECT_EQ(VerifyTiles(tiles, other).error().field, "root");
  EXPECT_FALSE(VerifyTiles(tiles, {601, log.Head(600).root}).has_value());
  EXPECT_FALSE(VerifyTiles(tiles, {0, log.Head(600).root}).has_value());
  EXPECT_TRUE(VerifyTiles(MemoryTiles(), {0, EmptyRoot()}).has_value());
}

TEST(Tile, VerificationShowsEntriesAndProgress) {
  const TestLog log(600);
  const MemoryTiles tiles = log.Tiles(600);
  std::vector<uint64_t> done;
  uint64_t next = 0;
  VerifyTilesOptions options;
  options.on_progress = [&](uint64_t entries) { done.push_back(entries); };
  options.on_entry = [&](uint64_t index, base::ByteView entry) -> base::Result<void> {
    EXPECT_EQ(index, next++);
    EXPECT_TRUE(std::ranges::equal(entry, log.entries.entries[index]));
    if (index == 599) return base::Invalid("entry", "must not be the last");
    return {};
  };
  EXPECT_EQ(VerifyTiles(tiles, log.Head(600), options).error().rule, "must not be the last");
  EXPECT_EQ(next, 600u);
  EXPECT_EQ(done, (std::vector<uint64_t>{256, 512}));
}

}  // namespace
}  // namespace wideberth::record
