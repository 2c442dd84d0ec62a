// Logs to test with: keys from seeds, entries, checkpoints, and tiles in memory.
#ifndef WIDEBERTH_RECORD_TESTING_LOGS_H_
#define WIDEBERTH_RECORD_TESTING_LOGS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "record/checkpoint.h"
#include "record/merkle.h"
#include "record/signed_note.h"
#include "record/tile.h"

namespace wideberth::record::testing {

crypto::SecretKey TestSecret(uint8_t seed);
SignerKey TestSigner(std::string_view name, KeyAlgorithm algorithm, uint8_t seed);

// Tiles by their paths, as a folder has them.
class MemoryTiles final : public TileReader {
 public:
  void Put(const Tile& tile) { tiles[FormatTilePath(tile.path).value()] = tile.bytes; }
  base::Result<base::Bytes> ReadTile(const TilePath& tile) const override;

  std::map<std::string, base::Bytes> tiles;
  mutable std::vector<TilePath> reads;
};

class MemoryEntries final : public EntrySource {
 public:
  explicit MemoryEntries(std::vector<base::Bytes> of) : entries(std::move(of)) {}
  base::Result<base::Bytes> ReadEntry(uint64_t index) const override;

  std::vector<base::Bytes> entries;
};

// A log with its keys: its own, its clock's and its peer's.
struct TestLog {
  // Entries are given, or short ones with their index in them.
  explicit TestLog(std::vector<base::Bytes> of,
                   std::string_view origin = "north.example/line/south");
  explicit TestLog(size_t size) : TestLog(ShortEntries(size)) {}
  static std::vector<base::Bytes> ShortEntries(size_t size, uint64_t salt = 0);

  TreeHead Head(uint64_t size) const { return {size, RootAt(nodes, size).value()}; }
  // Signed by the log, and cosigned by those of the two that have a time.
  SignedNote Note(uint64_t size, uint64_t clock_s = 0, uint64_t peer_s = 0) const;
  std::string Text(uint64_t size, uint64_t clock_s = 0, uint64_t peer_s = 0) const;
  // All tiles and bundles of the tree of `size` entries.
  MemoryTiles Tiles(uint64_t size) const;

  SignerKey log;
  SignerKey clock;
  SignerKey peer;
  MemoryEntries entries;
  MemoryNodes nodes;
};

}  // namespace wideberth::record::testing

#endif  // WIDEBERTH_RECORD_TESTING_LOGS_H_
