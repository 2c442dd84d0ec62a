#include "store/postgres/integrator.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>
#include <vector>

#include "dss/log_entry.h"
#include "record/checkpoint.h"
#include "store/postgres/log_tables.h"

namespace wideberth::store::postgres {
namespace {

using base::Result;
using record::kTileWidth;

constexpr Statement kTake = {
    "take_log",
    // A time too far ahead is that of another server's clock.
    "UPDATE dss_log SET epoch = epoch + 1, holder = $1::text, held_until = clock.now + $2::bigint "
    "FROM (SELECT (1000000 * extract(epoch FROM clock_timestamp()))::bigint AS now) clock "
    "WHERE trouble = '' AND (held_until < clock.now OR held_until > clock.now + $2::bigint) "
    "RETURNING epoch"};
constexpr Statement kRenew = {
    "renew_log",
    "UPDATE dss_log SET held_until = "
    "(1000000 * extract(epoch FROM clock_timestamp()))::bigint + $2::bigint "
    "WHERE epoch = $1::bigint AND trouble = '' RETURNING epoch"};
constexpr Statement kRelease = {"release_log",
                                "UPDATE dss_log SET held_until = 0 WHERE epoch = $1::bigint"};
constexpr Statement kBegin = {"begin_log", "BEGIN ISOLATION LEVEL READ COMMITTED"};
// Under this lock everything up to COMMIT happens, and by this epoch alone.
constexpr Statement kLockRow = {"lock_log",
                                "SELECT size, root FROM dss_log "
                                "WHERE epoch = $1::bigint AND trouble = '' FOR UPDATE"};
constexpr Statement kUnvouched = {
    "unvouched_log",
    "SELECT locality FROM dss_log_node WHERE vouched <> $1::text ORDER BY locality LIMIT 8"};
constexpr Statement kStaged = {
    "staged_log",
    "SELECT xid, batch, number, entry FROM dss_log_staged ORDER BY xid, batch, number "
    "LIMIT $1::bigint"};
constexpr Statement kPutTiles = {
    "put_tiles",
    "INSERT INTO dss_log_tile (level, place, width, bytes) "
    "SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::smallint[], $4::bytea[]) "
    "ON CONFLICT (level, place) DO UPDATE SET width = excluded.width, bytes = excluded.bytes"};
constexpr Statement kPutTimes = {
    "put_times",
    "INSERT INTO dss_log_time (at, place) SELECT * FROM unnest($1::bigint[], $2::bigint[])"};
constexpr Statement kUnstage = {
    "unstage",
    "DELETE FROM dss_log_staged s USING unnest($1::bigint[], $2::uuid[], $3::bigint[]) "
    "AS a (xid, batch, number) "
    "WHERE s.xid = a.xid AND s.batch = a.batch AND s.number = a.number"};
constexpr Statement kPutHead = {
    "put_head",
    "UPDATE dss_log SET size = $2::bigint, root = $3::bytea, note = $4::text, held_until = "
    "(1000000 * extract(epoch FROM clock_timestamp()))::bigint + $5::bigint "
    "WHERE epoch = $1::bigint"};
constexpr Statement kCommit = {"commit_log", "COMMIT"};
constexpr Statement kRollback = {"rollback_log", "ROLLBACK"};
constexpr std::array kStatements = {kTake,      kRenew,  kRelease,  kBegin,    kLockRow,
                                    kUnvouched, kStaged, kPutTiles, kPutTimes, kUnstage,
                                    kPutHead,   kCommit, kRollback};

// What was just made, and the rows below it.
class NewTiles final : public record::TileReader {
 public:
  NewTiles(const std::vector<record::Tile>& made, const record::TileReader& stored)
      : stored_(stored) {
    for (const record::Tile& tile : made) {
      if (tile.path.level) made_[{*tile.path.level, tile.path.index}] = &tile;
    }
  }
  Result<base::Bytes> ReadTile(const record::TilePath& tile) const override {
    const auto found = tile.level ? made_.find({*tile.level, tile.index}) : made_.end();
    if (found == made_.end()) return stored_.ReadTile(tile);
    return record::CutTile(*found->second, tile.width);
  }

 private:
  const record::TileReader& stored_;
  std::map<std::pair<unsigned, uint64_t>, const record::Tile*> made_;
};

}  // namespace

struct Integrator::Edge {
  record::TreeHead head;
  record::TileBuilder tiles;
  base::Bytes bundle;  // the unfinished one
};

struct Integrator::Batch {
  Edge edge;  // as it will be
  std::string note;
  std::vector<record::Tile> tiles;
  std::vector<int64_t> times;
  std::vector<int64_t> places;
  std::vector<int64_t> xids;
  std::vector<base::Uuid> batches;
  std::vector<int64_t> numbers;
};

Integrator::Integrator(const record::SignerKey& key, std::string holder)
    : key_(key), holder_(std::move(holder)) {}
Integrator::~Integrator() = default;

std::span<const Statement> Integrator::statements() {
  return kStatements;
}

Result<void> Integrator::Prepare(Connection* connection) {
  return connection->RunScript("SET lock_timeout = " + std::to_string(kLockWaitMs));
}

Result<bool> Integrator::Hold(Connection* connection, int64_t monotonic_us) {
  if (epoch_ != 0 && monotonic_us - renewed_us_ < kLeaseRenewedUs) return true;
  const bool renews = epoch_ != 0;
  const Result<Rows> rows =
      renews ? connection->Run(kRenew, Values().Add(epoch_).Add(kLeaseUs))
             : connection->Run(kTake, Values().Add(std::string_view(holder_)).Add(kLeaseUs));
  epoch_ = 0;
  if (!rows) {
    edge_.reset();
    // Somebody has the row locked: they hold it.
    if (rows.error().found == "55P03") return false;
    return base::Fail(rows.error());
  }
  if (rows->size() == 0) {
    edge_.reset();
    return false;
  }
  epoch_ = rows->Int(0, 0);
  renewed_us_ = monotonic_us;
  return true;
}

void Integrator::Forget(Connection* connection) {
  batch_.reset();
  if (connection->lost() || !connection->Run(kRollback)) edge_.reset();
}

Result<void> Integrator::Resume(Connection* connection, const record::TreeHead& head) {
  if (edge_ != nullptr && edge_->head == head) return {};
  edge_ = std::make_unique<Edge>();
  edge_->head = head;
  const LogTiles stored(connection);
  const auto resume = [&]() -> Result<void> {
    WB_ASSIGN_OR_RETURN(edge_->tiles, record::TileBuilder::Resume(stored, head.size));
    if (const auto width = static_cast<unsigned>(head.size % kTileWidth); width > 0) {
      WB_ASSIGN_OR_RETURN(edge_->bundle,
                          stored.ReadTile({std::nullopt, head.size / kTileWidth, width}));
    }
    const record::TileNodes nodes(stored, head.size);
    WB_ASSIGN_OR_RETURN(const base::Digest root, record::RootAt(nodes, head.size));
    if (root == head.root) return {};
    return base::Fail(base::ErrorCode::kConflict, "dss log", "must have the tiles of its head");
  };
  const Result<void> done = resume();
  if (done) return {};
  edge_.reset();
  const bool missing = done.error().code == base::ErrorCode::kNotFound ||
                       done.error().code == base::ErrorCode::kInvalid;
  if (!missing) return done;
  return base::Fail(base::ErrorCode::kConflict, "dss log", "must have the tiles of its head",
                    done.error().ToString());
}

// All of it, in order, behind what is published; then the head.
Result<void> Integrator::Add(const Rows& staged, Connection* connection) {
  Batch& batch = *batch_;
  Edge& edge = batch.edge;
  for (size_t row = 0; row < staged.size(); ++row) {
    const base::ByteView entry = staged.Bytes(row, 3);
    WB_ASSIGN_OR_RETURN(const dss::ParsedLogEntry parsed, dss::ParseLogEntry(base::AsText(entry)));
    const uint64_t index = edge.tiles.size();
    WB_RETURN_IF_ERROR(record::AppendEntry(entry, &edge.bundle));
    edge.tiles.Append(record::LeafHash(entry), &batch.tiles);
    if (edge.tiles.size() % kTileWidth == 0) {
      batch.tiles.push_back(
          {{std::nullopt, index / kTileWidth, kTileWidth}, std::exchange(edge.bundle, {})});
    }
    batch.times.push_back(parsed.time.us);
    batch.places.push_back(static_cast<int64_t>(index));
    batch.xids.push_back(staged.Int(row, 0));
    batch.batches.push_back(staged.Uuid(row, 1));
    batch.numbers.push_back(staged.Int(row, 2));
  }
  const uint64_t size = edge.tiles.size();
  if (const auto width = static_cast<unsigned>(size % kTileWidth); width > 0) {
    batch.tiles.push_back({{std::nullopt, size / kTileWidth, width}, edge.bundle});
  }
  for (record::Tile& tile : edge.tiles.Partial()) batch.tiles.push_back(std::move(tile));
  edge.head.size = size;
  const LogTiles stored(connection);
  const NewTiles tiles(batch.tiles, stored);
  const record::TileNodes nodes(tiles, size);
  WB_ASSIGN_OR_RETURN(edge.head.root, record::RootAt(nodes, size));
  WB_ASSIGN_OR_RETURN(const record::SignedNote note, record::SignCheckpoint(edge.head, key_));
  WB_ASSIGN_OR_RETURN(batch.note, record::FormatNote(note));
  return {};
}

Result<Integrator::Begun> Integrator::Begin(Connection* connection) {
  batch_.reset();
  const std::array<Connection::Step, 4> steps = {
      {{&kBegin, {}},
       {&kLockRow, Values().Add(epoch_)},
       {&kUnvouched, Values().Add(std::string_view(connection->identity()))},
       {&kStaged, Values().Add(kEntriesAtOnceMax)}}};
  const auto begin = [&]() -> Result<Begun> {
    WB_ASSIGN_OR_RETURN(const std::vector<Rows> rows, connection->Run(steps));
    if (rows[1].size() == 0) {
      epoch_ = 0;
      return base::Fail(base::ErrorCode::kConflict, "dss log", "must be held by this node");
    }
    Begun begun;
    for (size_t row = 0; row < rows[2].size(); ++row) {
      begun.waits_for.append(row > 0 ? ", " : "").append(rows[2].Text(row, 0));
    }
    if (!begun.waits_for.empty() || rows[3].size() == 0) return begun;
    record::TreeHead head;
    head.size = static_cast<uint64_t>(rows[1].Int(0, 0));
    const base::ByteView root = rows[1].Bytes(0, 1);
    std::copy_n(root.begin(), std::min(root.size(), head.root.bytes.size()),
                head.root.bytes.begin());
    WB_RETURN_IF_ERROR(Resume(connection, head));
    batch_ = std::make_unique<Batch>();
    batch_->edge = *edge_;
    WB_RETURN_IF_ERROR(Add(rows[3], connection));
    begun.entries = batch_->places.size();
    return begun;
  };
  Result<Begun> begun = begin();
  if (!begun || begun->entries == 0) Forget(connection);
  return begun;
}

Result<void> Integrator::Publish(Connection* connection) {
  const std::unique_ptr<Batch> batch = std::move(batch_);
  std::vector<int16_t> levels;
  std::vector<int64_t> places;
  std::vector<int16_t> widths;
  std::vector<base::Bytes> bytes;
  for (record::Tile& tile : batch->tiles) {
    levels.push_back(
        static_cast<int16_t>(tile.path.level ? static_cast<int>(*tile.path.level) : -1));
    places.push_back(static_cast<int64_t>(tile.path.index));
    widths.push_back(static_cast<int16_t>(tile.path.width));
    bytes.push_back(std::move(tile.bytes));
  }
  const record::TreeHead& head = batch->edge.head;
  const std::array<Connection::Step, 5> steps = {
      {{&kPutTiles, Values().AddArray(levels).AddArray(places).AddArray(widths).AddArray(bytes)},
       {&kPutTimes, Values().AddArray(batch->times).AddArray(batch->places)},
       {&kUnstage, Values()
                       .AddArray(batch->xids)
                       .AddArray(std::span<const base::Uuid>(batch->batches))
                       .AddArray(batch->numbers)},
       {&kPutHead, Values()
                       .Add(epoch_)
                       .Add(static_cast<int64_t>(head.size))
                       .Add(base::ByteView(head.root.bytes))
                       .Add(std::string_view(batch->note))
                       .Add(kLeaseUs)},
       {&kCommit, {}}}};
  if (const auto done = connection->Run(steps); !done) {
    // Whether it was committed is what the row says next time.
    edge_.reset();
    Forget(connection);
    return base::Fail(done.error());
  }
  edge_ = std::make_unique<Edge>(std::move(batch->edge));
  return {};
}

void Integrator::Release(Connection* connection) {
  if (epoch_ == 0 || connection == nullptr || connection->lost()) return;
  (void)connection->Run(kRelease, Values().Add(std::exchange(epoch_, 0))).has_value();
}

}  // namespace wideberth::store::postgres
