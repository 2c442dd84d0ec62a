#include "store/postgres/log_tables.h"

#include <algorithm>
#include <utility>

#include "record/checkpoint.h"

namespace wideberth::store::postgres {
namespace {

using base::Result;

base::Unexpected Differs(std::string rule, std::string found = "") {
  return base::Fail(base::ErrorCode::kConflict, "dss log", std::move(rule), std::move(found));
}

// A tile that is not there is one that a head was signed over and that is lost.
base::Unexpected Unreadable(const base::Error& error) {
  const bool missing =
      error.code == base::ErrorCode::kNotFound || error.code == base::ErrorCode::kInvalid;
  return missing ? Differs("must have the tiles of its head", error.ToString()) : base::Fail(error);
}

}  // namespace

Result<std::optional<LogRow>> ReadLogRow(Connection* connection) {
  WB_ASSIGN_OR_RETURN(const Rows rows, connection->Run(kReadLog));
  if (rows.size() == 0) return std::optional<LogRow>();
  LogRow row;
  row.origin = rows.Text(0, 0);
  row.key = rows.Text(0, 1);
  row.head.size = static_cast<uint64_t>(rows.Int(0, 2));
  const base::ByteView root = rows.Bytes(0, 3);
  if (root.size() != row.head.root.bytes.size()) {
    return base::Fail(base::ErrorCode::kStorage, "dss_log.root", "must be 32 bytes");
  }
  std::copy(root.begin(), root.end(), row.head.root.bytes.begin());
  row.note = rows.Text(0, 4);
  row.trouble = rows.Text(0, 5);
  row.staged = static_cast<uint64_t>(rows.Int(0, 6));
  row.held = rows.Bool(0, 7);
  return std::optional(std::move(row));
}

Result<base::Bytes> LogTiles::ReadTile(const record::TilePath& tile) const {
  const int64_t level = tile.level ? static_cast<int64_t>(*tile.level) : -1;
  WB_ASSIGN_OR_RETURN(
      const Rows rows,
      connection_->Run(kReadTile, Values().AddSmall(level).Add(static_cast<int64_t>(tile.index))));
  if (rows.size() == 0 || rows.Int(0, 0) < static_cast<int64_t>(tile.width)) {
    return base::Fail(base::ErrorCode::kNotFound, "tile", "must be of the tree",
                      record::FormatTilePath(tile).value_or("no tile"));
  }
  const base::ByteView bytes = rows.Bytes(0, 1);
  record::Tile stored{tile, base::Bytes(bytes.begin(), bytes.end())};
  stored.path.width = static_cast<unsigned>(rows.Int(0, 0));
  if (stored.path.width == tile.width) return std::move(stored.bytes);
  return record::CutTile(stored, tile.width);
}

Result<void> CheckLog(const record::TileReader& tiles, const LogRow& row,
                      const record::VerifierKey& key,
                      const std::optional<record::TreeHead>& shown) {
  const record::TreeHead& head = row.head;
  if (shown && shown->size > head.size) {
    return Differs("must not be shorter than what was signed, " + std::to_string(shown->size),
                   std::to_string(head.size));
  }
  if (head.size == 0) return {};
  const auto opened = record::OpenCheckpoint(row.note, {key, {}});
  if (!opened) return Differs("must be signed by its key", opened.error().ToString());
  if (opened->checkpoint.head != head) return Differs("must be what its head says");
  const record::TileNodes nodes(tiles, head.size);
  const Result<base::Digest> root = record::RootAt(nodes, head.size);
  if (!root) return Unreadable(root.error());
  if (*root != head.root) return Differs("must have the tiles of its head");
  if (!shown || shown->size == 0) return {};
  const Result<base::Digest> then = record::RootAt(nodes, shown->size);
  if (!then) return Unreadable(then.error());
  if (*then == shown->root) return {};
  return Differs("must have the root that was signed at " + std::to_string(shown->size));
}

}  // namespace wideberth::store::postgres
