#include "record/tile.h"

#include <algorithm>
#include <string>

namespace wideberth::record {

using base::Bytes;
using base::ByteView;
using base::Digest;
using base::ErrorCode;
using base::Fail;
using base::Invalid;
using base::Result;

namespace {

constexpr size_t kHashBytes = sizeof(Digest::bytes);

// For fields of refusals; a path that cannot be written is refused before it is read.
std::string Shown(const TilePath& path) {
  const auto text = FormatTilePath(path);
  return text ? *text : "tile";
}

Bytes EncodeHashes(std::span<const Digest> hashes) {
  Bytes bytes;
  bytes.reserve(hashes.size() * kHashBytes);
  for (const Digest& hash : hashes) bytes.insert(bytes.end(), hash.bytes.begin(), hash.bytes.end());
  return bytes;
}

// The root over the 256 hashes of a full tile.
Digest FullTileRoot(std::span<const Digest> hashes) {
  std::vector<Digest> level(hashes.begin(), hashes.end());
  while (level.size() > 1) {
    for (size_t i = 0; i < level.size() / 2; ++i) {
      level[i] = NodeHash(level[2 * i], level[2 * i + 1]);
    }
    level.resize(level.size() / 2);
  }
  return level.front();
}

void AppendLevel(std::optional<unsigned> level, uint64_t old_size, uint64_t size,
                 std::vector<TilePath>* paths) {
  const TileCount before = TilesOfLevel(level.value_or(0), old_size);
  const TileCount after = TilesOfLevel(level.value_or(0), size);
  for (uint64_t index = before.full; index < after.full; ++index) {
    paths->push_back({level, index, kTileWidth});
  }
  if (after.partial_width != 0 && after != before) {
    paths->push_back({level, after.full, after.partial_width});
  }
}

Result<void> CheckIs(const TilePath& path, bool bundle) {
  if (path.level.has_value() == bundle) {
    return Invalid("path", bundle ? "must be an entry bundle" : "must be a hash tile", Shown(path));
  }
  const auto text = FormatTilePath(path);
  if (!text) return Fail(text.error());
  return {};
}

}  // namespace

std::vector<TilePath> TilesBetween(uint64_t old_size, uint64_t size) {
  std::vector<TilePath> paths;
  AppendLevel(std::nullopt, old_size, size, &paths);
  for (unsigned level = 0; level <= kTileLevelMax; ++level) {
    AppendLevel(level, old_size, size, &paths);
  }
  return paths;
}

bool HasTile(const TilePath& tile, uint64_t size) {
  if (!FormatTilePath(tile)) return false;
  const TileCount count = TilesOfLevel(tile.level.value_or(0), size);
  return tile.index < count.full || (tile.index == count.full && tile.width <= count.partial_width);
}

Result<Bytes> CutTile(const Tile& from, unsigned width) {
  if (width < 1 || width > from.path.width) {
    return Invalid("width", "must be 1 to " + std::to_string(from.path.width),
                   std::to_string(width));
  }
  if (from.path.level.has_value()) {
    WB_ASSIGN_OR_RETURN(const auto hashes, DecodeHashTile(from.bytes, from.path.width));
    return EncodeHashes(std::span(hashes).first(width));
  }
  WB_ASSIGN_OR_RETURN(const auto entries, DecodeEntryBundle(from.bytes, from.path.width));
  Bytes bytes;
  for (const ByteView entry : std::span(entries).first(width)) {
    WB_RETURN_IF_ERROR(AppendEntry(entry, &bytes));
  }
  return bytes;
}

Result<std::vector<Digest>> DecodeHashTile(ByteView bytes, unsigned width) {
  if (bytes.size() != width * kHashBytes) {
    return Invalid("tile", "must have " + std::to_string(width * kHashBytes) + " bytes",
                   std::to_string(bytes.size()) + " bytes");
  }
  std::vector<Digest> hashes(width);
  for (size_t i = 0; i < width; ++i) {
    const ByteView hash = bytes.subspan(i * kHashBytes, kHashBytes);
    std::copy(hash.begin(), hash.end(), hashes[i].bytes.begin());
  }
  return hashes;
}

Result<Tile> MakeHashTile(const NodeReader& nodes, const TilePath& path) {
  WB_RETURN_IF_ERROR(CheckIs(path, false));
  std::vector<Digest> hashes(path.width);
  for (unsigned i = 0; i < path.width; ++i) {
    WB_ASSIGN_OR_RETURN(hashes[i],
                        nodes.Node(*path.level * kTileHeight, path.index * kTileWidth + i));
  }
  return Tile{path, EncodeHashes(hashes)};
}

Result<Tile> MakeEntryBundle(const EntrySource& entries, const TilePath& path) {
  WB_RETURN_IF_ERROR(CheckIs(path, true));
  Tile tile{path, {}};
  for (unsigned i = 0; i < path.width; ++i) {
    WB_ASSIGN_OR_RETURN(const Bytes entry, entries.ReadEntry(path.index * kTileWidth + i));
    WB_RETURN_IF_ERROR(AppendEntry(entry, &tile.bytes));
  }
  return tile;
}

// -------------------------------------------------------------------------------------- TileBuilder

void TileBuilder::Append(const Digest& leaf_hash, std::vector<Tile>* full) {
  Digest hash = leaf_hash;
  ++size_;
  for (unsigned level = 0; level <= kTileLevelMax; ++level) {
    std::vector<Digest>& edge = edge_[level];
    edge.push_back(hash);
    if (edge.size() < kTileWidth) return;
    const uint64_t index = TilesOfLevel(level, size_).full - 1;
    full->push_back({{level, index, kTileWidth}, EncodeHashes(edge)});
    hash = FullTileRoot(edge);
    edge.clear();
  }
}

std::vector<Tile> TileBuilder::Partial() const {
  std::vector<Tile> tiles;
  for (unsigned level = 0; level <= kTileLevelMax; ++level) {
    const TileCount count = TilesOfLevel(level, size_);
    if (count.partial_width == 0) continue;
    tiles.push_back({{level, count.full, count.partial_width}, EncodeHashes(edge_[level])});
  }
  return tiles;
}

Result<TileBuilder> TileBuilder::Resume(const TileReader& tiles, uint64_t size) {
  if (size > kTreeSizeMax) return Invalid("size", "must be at most 2^63 - 1", std::to_string(size));
  TileBuilder builder;
  builder.size_ = size;
  for (unsigned level = 0; level <= kTileLevelMax; ++level) {
    const TileCount count = TilesOfLevel(level, size);
    if (count.partial_width == 0) continue;
    const TilePath path{level, count.full, count.partial_width};
    WB_ASSIGN_OR_RETURN(const Bytes bytes, tiles.ReadTile(path));
    auto hashes = DecodeHashTile(bytes, count.partial_width);
    if (!hashes) return Invalid(Shown(path), hashes.error().rule, hashes.error().found);
    builder.edge_[level] = std::move(hashes).value();
  }
  return builder;
}

// ---------------------------------------------------------------------------------------- TileNodes

TileNodes::TileNodes(const TileReader& tiles, uint64_t size, size_t tiles_remembered)
    : tiles_(tiles), size_(size), tiles_remembered_(std::max<size_t>(tiles_remembered, 1)) {}

Result<Digest> TileNodes::Node(unsigned level, uint64_t index) const {
  if (size_ > kTreeSizeMax || level >= 63 || index >= size_ >> level) {
    return Fail(ErrorCode::kNotFound, "node",
                "must be complete in the tree of " + std::to_string(size_) + " entries",
                "level " + std::to_string(level) + ", index " + std::to_string(index));
  }
  // A node whose level is a multiple of 8 stands in a tile as it is; the ones above it, up to seven levels, are hashed
  // out of the same tile.
  const unsigned inside = level % kTileHeight;
  const unsigned across = kTileHeight - inside;  // a tile has 2^across nodes of this level
  const Place place{level / kTileHeight, index >> across};
  WB_ASSIGN_OR_RETURN(const Heap* heap, Expanded(place));
  return (*heap)[inside][index & ((uint64_t{1} << across) - 1)];
}

Result<const TileNodes::Heap*> TileNodes::Expanded(const Place& place) const {
  if (const auto found = by_place_.find(place); found != by_place_.end()) {
    newest_first_.splice(newest_first_.begin(), newest_first_, found->second);
    return &newest_first_.front().heap;
  }
  const TileCount count = TilesOfLevel(place.first, size_);
  const TilePath path{place.first, place.second,
                      place.second < count.full ? kTileWidth : count.partial_width};
  WB_ASSIGN_OR_RETURN(const Bytes bytes, tiles_.ReadTile(path));
  auto hashes = DecodeHashTile(bytes, path.width);
  if (!hashes) return Invalid(Shown(path), hashes.error().rule, hashes.error().found);
  Heap heap;
  heap[0] = std::move(hashes).value();
  for (size_t level = 1; level < heap.size(); ++level) {
    const std::vector<Digest>& below = heap[level - 1];
    heap[level].reserve(below.size() / 2);
    for (size_t i = 0; i + 1 < below.size(); i += 2) {
      heap[level].push_back(NodeHash(below[i], below[i + 1]));
    }
  }
  if (newest_first_.size() == tiles_remembered_) {
    by_place_.erase(newest_first_.back().place);
    newest_first_.pop_back();
  }
  newest_first_.push_front({place, std::move(heap)});
  by_place_[place] = newest_first_.begin();
  return &newest_first_.front().heap;
}

// -------------------------------------------------------------------------------------- VerifyTiles

namespace {

class TilesVerifier {
 public:
  TilesVerifier(const TileReader& tiles, const VerifyTilesOptions& options)
      : tiles_(tiles), options_(options) {}

  Result<void> Run(const TreeHead& head) {
    const TileCount count = TilesOfLevel(0, head.size);
    for (uint64_t index = 0; index < count.full; ++index) {
      WB_RETURN_IF_ERROR(TakeTile(index, kTileWidth));
    }
    if (count.partial_width != 0) WB_RETURN_IF_ERROR(TakeTile(count.full, count.partial_width));
    for (const Tile& tile : builder_.Partial()) WB_RETURN_IF_ERROR(CompareTile(tile));
    if (frontier_.Root() == head.root) return {};
    return Invalid("root", "must be that of the head, " + head.root.ToHex(),
                   frontier_.Root().ToHex());
  }

 private:
  // The leaf hashes of a tile of level 0: out of the entries, or as the tile has them.
  Result<std::vector<Digest>> Leaves(uint64_t index, unsigned width) {
    if (!options_.with_entries) {
      const TilePath path{0, index, width};
      WB_ASSIGN_OR_RETURN(const Bytes bytes, tiles_.ReadTile(path));
      auto hashes = DecodeHashTile(bytes, width);
      if (!hashes) return Invalid(Shown(path), hashes.error().rule, hashes.error().found);
      return hashes;
    }
    const TilePath path{std::nullopt, index, width};
    WB_ASSIGN_OR_RETURN(const Bytes bytes, tiles_.ReadTile(path));
    const auto entries = DecodeEntryBundle(bytes, width);
    if (!entries) {
      return Invalid(Shown(path) + ": " + entries.error().field, entries.error().rule,
                     entries.error().found);
    }
    std::vector<Digest> leaves;
    leaves.reserve(width);
    for (const ByteView entry : *entries) {
      if (options_.on_entry) {
        WB_RETURN_IF_ERROR(options_.on_entry(index * kTileWidth + leaves.size(), entry));
      }
      leaves.push_back(LeafHash(entry));
    }
    return leaves;
  }

  Result<void> TakeTile(uint64_t index, unsigned width) {
    WB_ASSIGN_OR_RETURN(const std::vector<Digest> leaves, Leaves(index, width));
    std::vector<Tile> full;
    for (const Digest& leaf : leaves) {
      builder_.Append(leaf, &full);
      frontier_.Append(leaf);
    }
    for (const Tile& tile : full) WB_RETURN_IF_ERROR(CompareTile(tile));
    if (options_.on_progress) options_.on_progress(builder_.size());
    return {};
  }

  Result<void> CompareTile(const Tile& computed) {
    if (computed.path.level == 0u && !options_.with_entries) return {};  // it was read from there
    WB_ASSIGN_OR_RETURN(const Bytes found, tiles_.ReadTile(computed.path));
    const auto hashes = DecodeHashTile(found, computed.path.width);
    if (!hashes) return Invalid(Shown(computed.path), hashes.error().rule, hashes.error().found);
    if (found == computed.bytes) return {};
    const size_t at = static_cast<size_t>(
        std::mismatch(found.begin(), found.end(), computed.bytes.begin()).first - found.begin());
    const size_t hash = at / kHashBytes;
    const ByteView expected = ByteView(computed.bytes).subspan(hash * kHashBytes, kHashBytes);
    return Invalid(Shown(computed.path),
                   "must have the hash " + base::HexEncode(expected) + " at place " +
                       std::to_string(hash) + ", as what is below it says",
                   (*hashes)[hash].ToHex());
  }

  const TileReader& tiles_;
  const VerifyTilesOptions& options_;
  TileBuilder builder_;
  Frontier frontier_;
};

}  // namespace

Result<void> VerifyTiles(const TileReader& tiles, const TreeHead& head,
                         const VerifyTilesOptions& options) {
  WB_RETURN_IF_ERROR(CheckHead(head));
  return TilesVerifier(tiles, options).Run(head);
}

}  // namespace wideberth::record
