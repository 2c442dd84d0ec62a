#include "record/tile_path.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "json/reader.h"
#include "record/merkle.h"

namespace wideberth::record {
namespace {

using base::Bytes;
using base::ErrorCode;

TEST(TilePath, HasTheSpecificationsSpelling) {
  const std::vector<std::pair<TilePath, std::string>> cases = {
      {{0, 0, 256}, "tile/0/000"},
      {{0, 5, 255}, "tile/0/005.p/255"},
      {{1, 999, 1}, "tile/1/999.p/1"},
      {{2, 1'000, 256}, "tile/2/x001/000"},
      {{0, 1'234'067, 256}, "tile/0/x001/x234/067"},
      {{std::nullopt, 1'234'067, 8}, "tile/entries/x001/x234/067.p/8"},
      {{std::nullopt, 0, 256}, "tile/entries/000"},
      {{7, 0, 127}, "tile/7/000.p/127"},
      {{0, (kTreeSizeMax >> 8) - 1, 256}, "tile/0/x036/x028/x797/x018/x963/966"},
      {{0, kTreeSizeMax >> 8, 255}, "tile/0/x036/x028/x797/x018/x963/967.p/255"},
  };
  for (const auto& [tile, path] : cases) {
    EXPECT_EQ(FormatTilePath(tile).value(), path);
    ASSERT_TRUE(ParseTilePath(path).has_value()) << path;
    EXPECT_EQ(ParseTilePath(path).value(), tile) << path;
  }
}

TEST(TilePath, EveryTileMakesTheRoundTrip) {
  base::SeededRandom random(1);
  for (int i = 0; i < 20'000; ++i) {
    TilePath tile;
    const unsigned level = static_cast<unsigned>(random.Below(8));
    if (level > 0 || random.Below(2) == 0) tile.level = level;
    const uint64_t full = (kTreeSizeMax >> (8 * level)) / 256;
    tile.index = full == 0 ? 0 : random.Below(uint64_t{1} << random.Below(56)) % full;
    tile.width = 1 + static_cast<unsigned>(random.Below(level == 7 ? 127 : 256));
    const std::string path = FormatTilePath(tile).value();
    ASSERT_EQ(ParseTilePath(path).value(), tile) << path;
  }
}

TEST(TilePath, PathsAreParsedStrictly) {
  const std::string level = "path.level";
  const std::string index = "path.index";
  const std::string width = "path.width";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "path"},
      {"tile", "path"},
      {"/tile/0/000", "path"},
      {"Tile/0/000", "path"},
      {"tile/", level},
      {"tile//000", level},
      {"tile/00/000", level},
      {"tile/8/000.p/1", level},
      {"tile/63/000.p/1", level},
      {"tile/-1/000", level},
      {"tile/entrie/000", level},
      {"tile/data/000", level},
      {"tile/0", index},
      {"tile/0/", index},
      {"tile/0/0", index},
      {"tile/0/00", index},
      {"tile/0/0000", index},
      {"tile/0/1000", index},
      {"tile/0/x000/005", index},
      {"tile/0/x001", index},
      {"tile/0/001/000", index},
      {"tile/0/x001/x000", index},
      {"tile/0/x001//000", index},
      {"tile/0/X001/000", index},
      {"tile/0/000/", index},
      {"tile/0/000.p", index},
      {"tile/0/ 00", index},
      {"tile/0/+00", index},
      {"tile/0/x999/x999/x999/x999/x999/x999/999", index},
      {"tile/0/x" + std::string(1000, '0'), index},
      {"tile/0/000.p/", width},
      {"tile/0/000.p/0", width},
      {"tile/0/000.p/01", width},
      {"tile/0/000.p/256", width},
      {"tile/0/000.p/1/", width},
      {"tile/0/000.p/1.p/1", width},
      {"tile/7/000", "path"},
      {"tile/7/000.p/128", "path"},
      {"tile/7/001.p/1", "path"},
      {"tile/0/x036/x028/x797/x018/x963/967", "path"},
      {"tile/0/x036/x028/x797/x018/x963/968.p/1", "path"},
  };
  for (const auto& [path, field] : cases) {
    const auto parsed = ParseTilePath(path);
    ASSERT_FALSE(parsed.has_value()) << path;
    EXPECT_EQ(parsed.error().field, field) << path;
    EXPECT_FALSE(parsed.error().rule.empty());
  }
  EXPECT_EQ(ParseTilePath("tile/0/000.p/256").error().ToString(),
            "path.width: must be 1 to 255 without leading zeros (found 256)");
  EXPECT_EQ(ParseTilePath("tile/0/000.p/0").error().ToString(),
            "path.width: must be 1 to 255 without leading zeros (found 0)");
  EXPECT_EQ(ParseTilePath("tile/0/0\xFF").error().ToString(),
            "path.index: must be groups of three digits, an x before each but the last "
            "(x001/x234/067) (found 30ff)");
  EXPECT_EQ(
      ParseTilePath("tile/7/000").error().ToString(),
      "path: must be a tile of a tree of at most 2^63 - 1 entries (found index 0 at level 7)");
  EXPECT_EQ(FormatTilePath({8, 0, 1}).error().field, level);
  EXPECT_EQ(FormatTilePath({0, 0, 0}).error().field, width);
  EXPECT_EQ(FormatTilePath({0, 0, 257}).error().field, width);
  EXPECT_EQ(FormatTilePath({0, ~uint64_t{0}, 256}).error().field, "path");
}

TEST(TilePath, CountsTilesAsTheSpecificationDoes) {
  EXPECT_EQ(TilesOfLevel(0, 70'000), (TileCount{273, 112}));
  EXPECT_EQ(TilesOfLevel(1, 70'000), (TileCount{1, 17}));
  EXPECT_EQ(TilesOfLevel(2, 70'000), (TileCount{0, 1}));
  EXPECT_EQ(TilesOfLevel(3, 70'000), (TileCount{0, 0}));
  EXPECT_EQ(TilesOfLevel(0, 256), (TileCount{1, 0}));
  EXPECT_EQ(TilesOfLevel(1, 256), (TileCount{0, 1}));
  EXPECT_EQ(TilesOfLevel(0, 0), (TileCount{0, 0}));
  EXPECT_EQ(TilesOfLevel(7, kTreeSizeMax), (TileCount{0, 127}));
  EXPECT_EQ(TilesOfLevel(8, kTreeSizeMax), (TileCount{0, 0}));

  std::ifstream file("../shared/vectors/record/c2sp_examples.json", std::ios::binary);
  if (!file) GTEST_SKIP() << "skipped: ../shared is absent";
  const std::string text(std::istreambuf_iterator<char>(file), {});
  const json::Document document = json::Document::Parse(text).value();
  json::Object root = document.root().AsObject().value();
  const json::Array tile_counts = root.RequiredArray("tile_counts", 10).value();
  for (const json::Value value : tile_counts) {
    json::Object counts = value.AsObject().value();
    const auto size = static_cast<uint64_t>(counts.RequiredInt64("size", 0, 1'000'000).value());
    const auto count = [&](const std::string& key) {
      return static_cast<uint64_t>(counts.OptionalInt64(key, 0, 1'000'000).value().value_or(0));
    };
    for (const unsigned level : {0U, 1U, 2U}) {
      const std::string prefix = "level" + std::to_string(level);
      const TileCount tiles = TilesOfLevel(level, size);
      EXPECT_EQ(tiles.full, count(prefix + "_full")) << size;
      EXPECT_EQ(tiles.partial_width, count(prefix + "_partial")) << size;
    }
  }
  json::Object example = root.RequiredObject("path_example").value();
  const auto index = static_cast<uint64_t>(example.RequiredInt64("index", 0, 1LL << 40).value());
  EXPECT_EQ(FormatTilePath({0, index, 256}).value(),
            "tile/0/" + std::string(example.RequiredString("path", 100).value()));
}

TEST(EntryBundle, MakesTheRoundTrip) {
  base::SeededRandom random(2);
  for (unsigned width = 1; width <= kTileWidth; ++width) {
    std::vector<Bytes> entries(width);
    Bytes bundle;
    for (Bytes& entry : entries) {
      entry.resize(random.Below(300));
      random.Fill(entry);
      ASSERT_TRUE(AppendEntry(entry, &bundle).has_value());
    }
    const auto decoded = DecodeEntryBundle(bundle, width).value();
    ASSERT_EQ(decoded.size(), width);
    for (unsigned i = 0; i < width; ++i) {
      ASSERT_TRUE(
          std::equal(decoded[i].begin(), decoded[i].end(), entries[i].begin(), entries[i].end()));
    }
    for (size_t cut = 1; cut <= bundle.size(); cut += 1 + random.Below(50)) {
      ASSERT_FALSE(DecodeEntryBundle({bundle.data(), bundle.size() - cut}, width).has_value());
    }
    bundle.push_back(0);
    ASSERT_FALSE(DecodeEntryBundle(bundle, width).has_value());
  }
}

TEST(EntryBundle, HoldsEntriesUpToTheirLimit) {
  Bytes bundle;
  ASSERT_TRUE(AppendEntry(Bytes(kEntryBytesMax, 7), &bundle).has_value());
  ASSERT_TRUE(AppendEntry({}, &bundle).has_value());
  const Bytes before = bundle;
  const auto refused = AppendEntry(Bytes(kEntryBytesMax + 1), &bundle);
  EXPECT_EQ(refused.error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(refused.error().ToString(), "entry: must have at most 65535 bytes (found 65536 bytes)");
  EXPECT_EQ(bundle, before);
  const auto entries = DecodeEntryBundle(bundle, 2).value();
  EXPECT_EQ(entries[0].size(), kEntryBytesMax);
  EXPECT_TRUE(entries[1].empty());
}

TEST(EntryBundle, RefusalsNameTheEntry) {
  const Bytes bundle = {0, 1, 'a', 0, 2, 'b', 'c'};
  const auto refusal = [](base::ByteView bytes, unsigned width) {
    return DecodeEntryBundle(bytes, width).error().ToString();
  };
  ASSERT_TRUE(DecodeEntryBundle(bundle, 2).has_value());
  EXPECT_EQ(refusal(bundle, 1), "bundle: must end behind its 1 entries (found 4 more bytes)");
  EXPECT_EQ(refusal(bundle, 3), "entry 2: must begin with a length of 2 bytes (found 0 bytes)");
  EXPECT_EQ(refusal(base::ByteView(bundle).first(4), 2),
            "entry 1: must begin with a length of 2 bytes (found 1 bytes)");
  EXPECT_EQ(refusal(base::ByteView(bundle).first(6), 2),
            "entry 1: must have the 2 bytes of its length (found 1 bytes)");
  EXPECT_EQ(refusal(bundle, 0), "width: must be 1 to 256 (found 0)");
  EXPECT_EQ(refusal(bundle, 257), "width: must be 1 to 256 (found 257)");
}

}  // namespace
}  // namespace wideberth::record
