// The transparency log of a pool as it lies in the database: the tree, its head and who may add to it.
//
//   dss_log          one row: the name, the key, the signed head, the lease of the integrator, what is wrong
//   dss_log_staged   entries of accepted writes that have no index yet
//   dss_log_tile     hash tiles and, as level -1, entry bundles; the unfinished one of each level grows in its place
//   dss_log_time     the indices of the entries of one time, to find an entry by
//   dss_log_node     the nodes that show the log: which server each has compared with what it had shown, and how far
#ifndef WIDEBERTH_STORE_POSTGRES_LOG_TABLES_H_
#define WIDEBERTH_STORE_POSTGRES_LOG_TABLES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "record/merkle.h"
#include "record/signed_note.h"
#include "record/tile.h"
#include "store/postgres/connection.h"

namespace wideberth::store::postgres {

struct LogRow {
  std::string origin;
  std::string key;  // the vkey
  record::TreeHead head;
  std::string note;     // of the head; empty before the first
  std::string trouble;  // why nothing is signed any more; empty: nothing is wrong
  uint64_t staged = 0;  // entries that wait, counted up to kStagedCountedMax
  bool held = false;    // somebody's lease has not run out
};
inline constexpr uint64_t kStagedCountedMax = 10'000;

inline constexpr Statement kReadLog = {
    "read_log",
    "SELECT origin, vkey, size, root, note, trouble, "
    "(SELECT count(*) FROM (SELECT FROM dss_log_staged LIMIT 10000) s), "
    "held_until >= (1000000 * extract(epoch FROM clock_timestamp()))::bigint FROM dss_log"};
inline constexpr Statement kReadTile = {
    "read_tile",
    "SELECT width, bytes FROM dss_log_tile WHERE level = $1::smallint AND place = $2::bigint"};

// By kReadLog, which the connection has prepared. Nothing where no log has begun.
base::Result<std::optional<LogRow>> ReadLogRow(Connection* connection);

// Tiles out of the rows, by kReadTile, which the connection has prepared. What was stored later, and so wider, is cut.
class LogTiles final : public record::TileReader {
 public:
  explicit LogTiles(Connection* connection) : connection_(connection) {}
  base::Result<base::Bytes> ReadTile(const record::TilePath& tile) const override;

 private:
  Connection* const connection_;
};

// That the tiles make the head, that the head of `row` is signed by `key`, and that the tree which was shown is what it
// begins with. Refuses with kConflict what differs; other refusals say that it could not be read.
base::Result<void> CheckLog(const record::TileReader& tiles, const LogRow& row,
                            const record::VerifierKey& key,
                            const std::optional<record::TreeHead>& shown);

}  // namespace wideberth::store::postgres

#endif  // WIDEBERTH_STORE_POSTGRES_LOG_TABLES_H_
