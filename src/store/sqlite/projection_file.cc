#include "store/sqlite/projection_file.h"

#include <algorithm>
#include <array>

#include "base/durable_file.h"
#include "store/sqlite/directory.h"

namespace wideberth::store::sqlite {
namespace {

constexpr const char* kSteps[] = {
    "CREATE TABLE row(key INTEGER PRIMARY KEY, checksum INTEGER NOT NULL, bytes BLOB NOT NULL)"
    " STRICT;"
    "CREATE TABLE head(id INTEGER PRIMARY KEY CHECK (id = 1), projected_seq INTEGER NOT NULL,"
    " chain BLOB NOT NULL, row_count INTEGER NOT NULL, row_sum INTEGER NOT NULL,"
    " checksum INTEGER NOT NULL) STRICT",
};
constexpr Format kFormat{0x5742504a, kSteps};  // "WBPJ"

// Keys are unsigned and SQLite's are signed: the upper half comes first in its order.
constexpr std::string_view kReadLowerHalf =
    "SELECT key, checksum, bytes FROM row WHERE key >= 0 ORDER BY key";
constexpr std::string_view kReadUpperHalf =
    "SELECT key, checksum, bytes FROM row WHERE key < 0 ORDER BY key";

base::Unexpected Damaged(const std::string& path, std::string_view rule, std::string_view found) {
  return base::Fail(base::ErrorCode::kStorage, path, rule, found);
}

void PutWord(uint64_t value, uint8_t* out) {
  for (int i = 0; i < 8; ++i) out[i] = static_cast<uint8_t>(value >> (8 * i));
}

}  // namespace

uint64_t ProjectionFile::Head::Checksum() const {
  std::array<uint8_t, 56> bytes{};
  PutWord(projected_seq, bytes.data());
  PutWord(rows.count, bytes.data() + 8);
  PutWord(rows.sum, bytes.data() + 16);
  std::copy(chain.bytes.begin(), chain.bytes.end(), bytes.begin() + 24);
  return Checksum64(bytes, 0);
}

base::Result<void> ProjectionFile::Remove(const std::string& path) {
  // The log first: without its file it means nothing, but a new file must not meet an old log.
  for (const char* suffix : {"-wal", "-journal", "-shm", ""}) {
    WB_RETURN_IF_ERROR(RemoveIfAny(path + suffix));
  }
  return {};
}

base::Result<std::unique_ptr<ProjectionFile>> ProjectionFile::Open(
    const std::string& path, const Database::Options& options) {
  WB_ASSIGN_OR_RETURN(const bool exists, Exists(path));
  if (!exists) {
    // Made under another name: killed on the way, it is no damage to report at the next start.
    const std::string fresh = path + ".new";
    WB_RETURN_IF_ERROR(Remove(path));
    WB_RETURN_IF_ERROR(Remove(fresh));
    WB_RETURN_IF_ERROR(Database::Create(fresh, kFormat, options));
    WB_RETURN_IF_ERROR(base::RenameFile(fresh, path));
  }
  WB_ASSIGN_OR_RETURN(std::unique_ptr<Database> database, Database::Open(path, kFormat, options));
  std::unique_ptr<ProjectionFile> projection(new ProjectionFile(std::move(database)));
  WB_RETURN_IF_ERROR(projection->PrepareAll());
  WB_RETURN_IF_ERROR(projection->ReadHead());
  return projection;
}

base::Result<void> ProjectionFile::PrepareAll() {
  WB_ASSIGN_OR_RETURN(row_checksum_, database_->Prepare("SELECT checksum FROM row WHERE key = ?"));
  WB_ASSIGN_OR_RETURN(put_row_,
                      database_->Prepare("INSERT INTO row(key, checksum, bytes) VALUES(?, ?, ?)"
                                         " ON CONFLICT(key) DO UPDATE SET"
                                         " checksum = excluded.checksum, bytes = excluded.bytes"));
  WB_ASSIGN_OR_RETURN(remove_row_, database_->Prepare("DELETE FROM row WHERE key = ?"));
  WB_ASSIGN_OR_RETURN(put_head_,
                      database_->Prepare("INSERT OR REPLACE INTO head"
                                         "(id, projected_seq, chain, row_count, row_sum, checksum)"
                                         " VALUES(1, ?, ?, ?, ?, ?)"));
  return {};
}

base::Result<void> ProjectionFile::ReadHead() {
  WB_ASSIGN_OR_RETURN(
      Statement query,
      database_->Prepare("SELECT projected_seq, chain, row_count, row_sum, checksum FROM head"));
  WB_ASSIGN_OR_RETURN(const bool row, query.Step());
  if (!row) return {};  // nothing was ever written; Read holds the rows against a count of 0
  const base::ByteView chain = query.Blob(1);
  head_.projected_seq = query.U64(0);
  head_.rows = {query.U64(2), query.U64(3)};
  if (chain.size() == head_.chain.bytes.size()) {
    std::copy(chain.begin(), chain.end(), head_.chain.bytes.begin());
    if (query.U64(4) == head_.Checksum()) return {};
  }
  return Damaged(database_->path(), "must have a head with a right checksum", "another");
}

base::Result<void> ProjectionFile::WriteRow(const ProjectionRow& row, SetChecksum& set) {
  bool known = false;
  {
    const Resetter resetter(row_checksum_);
    WB_ASSIGN_OR_RETURN(known, row_checksum_.Bind(1, row.key).Step());
    if (known) set.Remove(row_checksum_.U64(0));
  }
  if (!row.bytes) return known ? remove_row_.Bind(1, row.key).Run() : base::Result<void>();
  const uint64_t checksum = Checksum64(*row.bytes, row.key);
  set.Add(checksum);
  return put_row_.Bind(1, row.key).Bind(2, checksum).Bind(3, *row.bytes).Run();
}

base::Result<void> ProjectionFile::Write(uint64_t projected_seq, const base::Digest& chain,
                                         std::span<const ProjectionRow> rows) {
  WB_RETURN_IF_ERROR(database_->CheckpointIfLarge());
  Head head{projected_seq, chain, head_.rows};
  WB_RETURN_IF_ERROR(database_->Begin());
  for (const ProjectionRow& row : rows) WB_RETURN_IF_ERROR(WriteRow(row, head.rows));
  WB_RETURN_IF_ERROR(put_head_.Bind(1, head.projected_seq)
                         .Bind(2, base::ByteView(head.chain.bytes))
                         .Bind(3, head.rows.count)
                         .Bind(4, head.rows.sum)
                         .Bind(5, head.Checksum())
                         .Run());
  WB_RETURN_IF_ERROR(database_->Commit());
  head_ = head;
  return {};
}

base::Result<void> ProjectionFile::ReadRange(std::string_view sql, const RowVisitor& visit,
                                             SetChecksum& found) {
  WB_ASSIGN_OR_RETURN(Statement query, database_->Prepare(sql));
  while (true) {
    WB_ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return {};
    const uint64_t key = query.U64(0);
    const base::ByteView bytes = query.Blob(2);
    const uint64_t checksum = Checksum64(bytes, key);
    if (query.U64(1) != checksum) {
      return Damaged(database_->path(), "row must have a right checksum",
                     "row " + std::to_string(key) + " with another");
    }
    found.Add(checksum);
    WB_RETURN_IF_ERROR(visit(key, bytes));
  }
}

base::Result<void> ProjectionFile::Read(const RowVisitor& visit) {
  SetChecksum found;
  WB_RETURN_IF_ERROR(ReadRange(kReadLowerHalf, visit, found));
  WB_RETURN_IF_ERROR(ReadRange(kReadUpperHalf, visit, found));
  if (found == head_.rows) return {};
  return Damaged(database_->path(),
                 "must hold the " + std::to_string(head_.rows.count) + " rows that were written",
                 std::to_string(found.count) + " rows" +
                     (found.count == head_.rows.count ? ", not all of them the last version" : ""));
}

}  // namespace wideberth::store::sqlite
