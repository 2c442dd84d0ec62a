// The contents of tiles and entry bundles (tile_path.h names them): made, kept, served, read and verified.
//
// A log that grows hands each leaf hash to a TileBuilder, which gives back the tiles that became full; whoever writes
// (rows of a store, files of an export) keeps those for ever and replaces the partial ones at each checkpoint:
//
//   TileBuilder tiles;
//   std::vector<Tile> full;
//   for (const base::Bytes& entry : entries) tiles.Append(LeafHash(entry), &full);
//   for (const Tile& tile : tiles.Partial()) Write(tile);
//
// Whoever reads gives a TileReader, and has nodes, roots and proofs of any tree up to that size:
//
//   TileNodes nodes(reader, head.size);
//   WB_ASSIGN_OR_RETURN(const Proof proof, InclusionProof(nodes, index, head.size));
//
// An inclusion or consistency proof reads at most two tiles of each level: one for every 256-fold of the log, and one
// more where the tree ends. Tiles of a stranger prove nothing: what is computed out of them holds only when it is
// verified against a signed head, by VerifyInclusion and VerifyConsistency (merkle.h) or by VerifyTiles here.
#ifndef WIDEBERTH_RECORD_TILE_H_
#define WIDEBERTH_RECORD_TILE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "record/merkle.h"
#include "record/tile_path.h"

namespace wideberth::record {

// A hash tile or an entry bundle with its place.
struct Tile {
  TilePath path;
  base::Bytes bytes;
  bool operator==(const Tile&) const = default;
};

// Where tiles and bundles are read from: rows, files, HTTP.
class TileReader {
 public:
  virtual ~TileReader() = default;
  // The bytes of exactly this tile. A reader that has only a wider one of the same place cuts it (CutTile). Refuses
  // with kNotFound what is not there.
  virtual base::Result<base::Bytes> ReadTile(const TilePath& tile) const = 0;
};

// Where the entries of a log are read from; index counts from 0. Refuses with kNotFound what the log has not.
class EntrySource {
 public:
  virtual ~EntrySource() = default;
  virtual base::Result<base::Bytes> ReadEntry(uint64_t index) const = 0;
};

// The tiles of a tree of `size` entries that a tree of `old_size` entries has not: first entry bundles, then hash tiles
// from level 0 up, each by index, the partial one last. From 0: all tiles of the tree. With the sizes exchanged: the
// partial tiles of the smaller tree that the larger one has outgrown and that may be deleted.
std::vector<TilePath> TilesBetween(uint64_t old_size, uint64_t size);

// Whether a tree of `size` entries, or a smaller one that it grew from, has this tile: what may be served, and whether
// a reader may ask for it.
bool HasTile(const TilePath& tile, uint64_t size);

// The first `width` hashes or entries of a wider tile of the same place. Refuses bytes that are no tile of `from`.
base::Result<base::Bytes> CutTile(const Tile& from, unsigned width);

// The hashes of a hash tile. Refuses ("tile") another length than 32 bytes for each of `width`.
base::Result<std::vector<base::Digest>> DecodeHashTile(base::ByteView bytes, unsigned width);

// A hash tile of any log whose nodes can be read, and a bundle of any log whose entries can. Refuse paths of the other
// kind and those that FormatTilePath refuses, what the source refuses, and entries of more than kEntryBytesMax.
base::Result<Tile> MakeHashTile(const NodeReader& nodes, const TilePath& path);
base::Result<Tile> MakeEntryBundle(const EntrySource& entries, const TilePath& path);

// The right edge of a growing log as tiles: at most 255 hashes of each level. Costs 256/255 of one hash an entry.
class TileBuilder {
 public:
  // Appends to *full the hash tiles that this entry completes: none mostly, then one of each level from 0 up.
  void Append(const base::Digest& leaf_hash, std::vector<Tile>* full);

  uint64_t size() const { return size_; }
  // The partial hash tiles, from level 0 up.
  std::vector<Tile> Partial() const;

  // The builder of a log of `size` entries whose partial tiles can be read, as after a restart. Nothing proves them:
  // compare RootAt(TileNodes(reader, size), size) with a signed head.
  static base::Result<TileBuilder> Resume(const TileReader& tiles, uint64_t size);

  bool operator==(const TileBuilder&) const = default;

 private:
  uint64_t size_ = 0;
  std::array<std::vector<base::Digest>, kTileLevelMax + 1>
      edge_;  // of each level, the partial tile
};

// The nodes of a tree of `size` entries, out of its tiles. Remembers the tiles read last, with the nodes inside them
// (16 kB each). Not thread-safe; the reader outlives it.
class TileNodes final : public NodeReader {
 public:
  TileNodes(const TileReader& tiles, uint64_t size, size_t tiles_remembered = 64);
  base::Result<base::Digest> Node(unsigned level, uint64_t index) const override;

 private:
  using Place = std::pair<unsigned, uint64_t>;  // level and index of a tile
  using Heap =
      std::array<std::vector<base::Digest>, kTileHeight + 1>;  // the complete nodes in it, by level
  struct Remembered {
    Place place;
    Heap heap;
  };
  base::Result<const Heap*> Expanded(const Place& place) const;

  const TileReader& tiles_;
  const uint64_t size_;
  const size_t tiles_remembered_;
  mutable std::list<Remembered> newest_first_;
  mutable std::map<Place, std::list<Remembered>::iterator> by_place_;
};

struct VerifyTilesOptions {
  // Without entries, hash tiles are verified against each other and the head: what a witness that is given digests only
  // can do.
  bool with_entries = true;
  // Called for each entry that is there (its bundle is read, nothing is verified yet), in order; may be empty. A
  // refusal ends the verification.
  std::function<base::Result<void>(uint64_t index, base::ByteView entry)> on_entry;
  // Called behind every full tile of level 0 and at the end with the entries done so far.
  std::function<void(uint64_t entries_done)> on_progress;
};

// Whether all tiles of the tree are there, are what their entries (or the level below) make them, and lead to the root:
// reads every tile of TilesBetween(0, head.size) once and keeps one bundle and 64 kB in mind. Refuses with kInvalid,
// and the tile's path as the field, what differs; "root" when all tiles agree with each other and not with the head;
// what the reader refuses.
base::Result<void> VerifyTiles(const TileReader& tiles, const TreeHead& head,
                               const VerifyTilesOptions& options = {});

}  // namespace wideberth::record

#endif  // WIDEBERTH_RECORD_TILE_H_
