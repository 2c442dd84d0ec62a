#include "record/tile_path.h"

#include "record/merkle.h"
#include "record/spelling.h"

namespace wideberth::record {

using base::ErrorCode;
using base::Fail;
using base::Invalid;
using base::Result;

namespace {

constexpr std::string_view kStart = "tile/";
constexpr std::string_view kEntries = "entries";
constexpr std::string_view kPartial = ".p/";
constexpr size_t kLengthBytes = 2;

// "067", "x001/x234/067".
std::string FormatIndex(uint64_t index) {
  std::string digits = std::to_string(index);
  digits.insert(0, (3 - digits.size() % 3) % 3, '0');
  std::string text;
  for (size_t i = 0; i < digits.size(); i += 3) {
    const bool last = i + 3 == digits.size();
    text.append(last ? "" : "x").append(digits, i, 3).append(last ? "" : "/");
  }
  return text;
}

// Reads the digits and lets FormatIndex say whether everything around them is as it should be.
std::optional<uint64_t> ParseIndex(std::string_view text) {
  uint64_t index = 0;
  for (const char c : text) {
    if (c == 'x' || c == '/') continue;
    if (c < '0' || c > '9' || index > kTreeSizeMax / 10) return std::nullopt;
    index = index * 10 + static_cast<uint64_t>(c - '0');
  }
  if (FormatIndex(index) != text) return std::nullopt;
  return index;
}

Result<void> CheckTile(const TilePath& tile) {
  const unsigned level = tile.level.value_or(0);
  if (level > kTileLevelMax) {
    return Invalid("path.level", "must be 0 to " + std::to_string(kTileLevelMax),
                   std::to_string(level));
  }
  if (tile.width < 1 || tile.width > kTileWidth) {
    return Invalid("path.width", "must be 1 to " + std::to_string(kTileWidth),
                   std::to_string(tile.width));
  }
  const uint64_t hashes_max = kTreeSizeMax >> (kTileHeight * level);
  if (tile.index > hashes_max / kTileWidth || tile.index * kTileWidth + tile.width > hashes_max) {
    return Invalid("path", "must be a tile of a tree of at most 2^63 - 1 entries",
                   "index " + std::to_string(tile.index) + " at level " + std::to_string(level));
  }
  return {};
}

}  // namespace

Result<TilePath> ParseTilePath(std::string_view path) {
  std::string_view rest = path;
  if (!rest.starts_with(kStart)) return Invalid("path", "must begin with tile/", Shown(path));
  rest.remove_prefix(kStart.size());
  TilePath tile;
  const std::string_view level = rest.substr(0, rest.find('/'));
  if (level != kEntries) {
    const auto number = ParseDecimal(level, kTileLevelMax);
    if (!number) {
      return Invalid("path.level",
                     "must be entries, or a level from 0 to " + std::to_string(kTileLevelMax),
                     Shown(level));
    }
    tile.level = static_cast<unsigned>(*number);
  }
  rest.remove_prefix(level.size());
  if (!rest.empty()) rest.remove_prefix(1);
  if (const size_t at = rest.find(kPartial); at != std::string_view::npos) {
    const std::string_view width = rest.substr(at + kPartial.size());
    const auto number = ParseDecimal(width, kTileWidth - 1);
    if (!number || *number == 0) {
      return Invalid("path.width",
                     "must be 1 to " + std::to_string(kTileWidth - 1) + " without leading zeros",
                     Shown(width));
    }
    tile.width = static_cast<unsigned>(*number);
    rest = rest.substr(0, at);
  }
  const auto index = ParseIndex(rest);
  if (!index) {
    return Invalid("path.index",
                   "must be groups of three digits, an x before each but the last (x001/x234/067)",
                   Shown(rest));
  }
  tile.index = *index;
  WB_RETURN_IF_ERROR(CheckTile(tile));
  return tile;
}

Result<std::string> FormatTilePath(const TilePath& tile) {
  WB_RETURN_IF_ERROR(CheckTile(tile));
  std::string path(kStart);
  path.append(tile.level ? std::to_string(*tile.level) : std::string(kEntries)).append("/");
  path.append(FormatIndex(tile.index));
  if (tile.width != kTileWidth) path.append(kPartial).append(std::to_string(tile.width));
  return path;
}

TileCount TilesOfLevel(unsigned level, uint64_t tree_size) {
  if (level > kTileLevelMax) return {};
  const uint64_t hashes = tree_size >> (kTileHeight * level);
  return {hashes / kTileWidth, static_cast<unsigned>(hashes % kTileWidth)};
}

Result<void> AppendEntry(base::ByteView entry, base::Bytes* bundle) {
  if (entry.size() > kEntryBytesMax) {
    return Fail(ErrorCode::kTooLarge, "entry",
                "must have at most " + std::to_string(kEntryBytesMax) + " bytes",
                std::to_string(entry.size()) + " bytes");
  }
  bundle->push_back(static_cast<uint8_t>(entry.size() >> 8));
  bundle->push_back(static_cast<uint8_t>(entry.size() & 0xFF));
  bundle->insert(bundle->end(), entry.begin(), entry.end());
  return {};
}

Result<std::vector<base::ByteView>> DecodeEntryBundle(base::ByteView bundle, unsigned width) {
  if (width < 1 || width > kTileWidth) {
    return Invalid("width", "must be 1 to " + std::to_string(kTileWidth), std::to_string(width));
  }
  std::vector<base::ByteView> entries;
  entries.reserve(width);
  for (unsigned i = 0; i < width; ++i) {
    const std::string field = "entry " + std::to_string(i);
    if (bundle.size() < kLengthBytes) {
      return Invalid(field, "must begin with a length of 2 bytes",
                     std::to_string(bundle.size()) + " bytes");
    }
    const size_t size = size_t{bundle[0]} << 8 | bundle[1];
    bundle = bundle.subspan(kLengthBytes);
    if (bundle.size() < size) {
      return Invalid(field, "must have the " + std::to_string(size) + " bytes of its length",
                     std::to_string(bundle.size()) + " bytes");
    }
    entries.push_back(bundle.first(size));
    bundle = bundle.subspan(size);
  }
  if (!bundle.empty()) {
    return Invalid("bundle", "must end behind its " + std::to_string(width) + " entries",
                   std::to_string(bundle.size()) + " more bytes");
  }
  return entries;
}

}  // namespace wideberth::record
