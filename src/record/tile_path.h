// Tiles and entry bundles (C2SP tlog-tiles): how a log is served as files that never change.
//
// A tile of level L holds up to 256 node hashes of the tree's level 8 L, an entry bundle the up to 256 entries below
// one tile of level 0. What is not full is partial: it has its width in its name, and a later one replaces it.
//
//   tile/0/x001/x234/067       hashes of the entries from 1,234,067 * 256 on
//   tile/1/000.p/17            the first 17 hashes of full tiles of level 0
//   tile/entries/000.p/17      the first 17 entries, each behind its length as u16 big-endian
//
//   WB_ASSIGN_OR_RETURN(const TilePath tile, ParseTilePath("tile/entries/000.p/17"));
//   WB_ASSIGN_OR_RETURN(const auto entries, DecodeEntryBundle(bytes, tile.width));
//
// A path has one spelling; parsing accepts no other, and no tile that a tree of kTreeSizeMax entries has not. Functions
// are thread-safe.
#ifndef WIDEBERTH_RECORD_TILE_PATH_H_
#define WIDEBERTH_RECORD_TILE_PATH_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace wideberth::record {

inline constexpr unsigned kTileHeight = 8;
inline constexpr unsigned kTileWidth = 256;
inline constexpr unsigned kTileLevelMax =
    7;  // of kTreeSizeMax entries; the format's own bound is 63
inline constexpr size_t kEntryBytesMax = 65'535;

struct TilePath {
  std::optional<unsigned> level;  // nullopt: the entry bundle
  uint64_t index = 0;
  unsigned width = kTileWidth;  // 1 to kTileWidth; below, the tile is partial
  bool operator==(const TilePath&) const = default;
};

// Refuses ("path" and the part) what FormatTilePath would not write.
base::Result<TilePath> ParseTilePath(std::string_view path);

// Refuses a level beyond kTileLevelMax, a width outside 1 to kTileWidth and an index beyond a tree of kTreeSizeMax.
base::Result<std::string> FormatTilePath(const TilePath& tile);

// The tiles of one level of a tree: `full` ones, and one of `partial_width` behind them unless that is 0. Level 0 is
// also the count of entry bundles.
struct TileCount {
  uint64_t full = 0;
  unsigned partial_width = 0;
  bool operator==(const TileCount&) const = default;
};
TileCount TilesOfLevel(unsigned level, uint64_t tree_size);

// Appends one entry to a bundle. Refuses more than kEntryBytesMax with kTooLarge, and leaves the bundle as it was.
base::Result<void> AppendEntry(base::ByteView entry, base::Bytes* bundle);

// The entries of a bundle, as views into it. Refuses another number of entries than `width`, a cut entry and bytes
// behind the last one; the refusal names the entry by its place in the bundle.
base::Result<std::vector<base::ByteView>> DecodeEntryBundle(base::ByteView bundle, unsigned width);

}  // namespace wideberth::record

#endif  // WIDEBERTH_RECORD_TILE_PATH_H_
