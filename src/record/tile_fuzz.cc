// Invariants checked, with the input as one tile (its first two bytes say which) in an export of a log of 300 entries:
// the export verifies only when the tile is what it was; cutting what decodes gives what decodes, and is the same as
// decoding and taking the first ones; entries of a bundle that decodes make the same bundle again.
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "record/testing/logs.h"

namespace wideberth::record {
namespace {

class OneTile final : public EntrySource {
 public:
  explicit OneTile(std::vector<base::ByteView> entries) : entries_(std::move(entries)) {}
  base::Result<base::Bytes> ReadEntry(uint64_t index) const override {
    const base::ByteView entry = entries_.at(index);
    return base::Bytes(entry.begin(), entry.end());
  }

 private:
  std::vector<base::ByteView> entries_;
};

void CheckTile(const TilePath& path, base::ByteView bytes, unsigned width) {
  const base::Bytes owned(bytes.begin(), bytes.end());
  const auto cut = CutTile({path, owned}, width);
  if (path.level) {
    CHECK(cut.has_value() == (bytes.size() == size_t{path.width} * 32 && width <= path.width));
    if (!cut) return;
    const auto whole = DecodeHashTile(bytes, path.width).value();
    const auto part = DecodeHashTile(*cut, width).value();
    CHECK(std::equal(part.begin(), part.end(), whole.begin()));
    return;
  }
  const auto entries = DecodeEntryBundle(bytes, path.width);
  CHECK(cut.has_value() == (entries.has_value() && width <= path.width));
  if (!entries) return;
  CHECK(MakeEntryBundle(OneTile(*entries), {std::nullopt, 0, path.width}).value().bytes == owned);
  if (cut) CHECK(DecodeEntryBundle(*cut, width).has_value());
}

}  // namespace
}  // namespace wideberth::record

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace record = wideberth::record;
  static const record::testing::TestLog log(300);
  static const record::testing::MemoryTiles whole = log.Tiles(300);
  static const auto paths = record::TilesBetween(0, 300);
  if (size < 2) return 0;
  const record::TilePath& path = paths[data[0] % paths.size()];
  const wideberth::base::ByteView bytes(data + 2, size - 2);
  record::CheckTile(path, bytes, 1 + data[1]);
  record::testing::MemoryTiles tiles = whole;
  tiles.Put({path, {bytes.begin(), bytes.end()}});
  CHECK(record::VerifyTiles(tiles, log.Head(300)).has_value() == (tiles.tiles == whole.tiles));
  return 0;
}
