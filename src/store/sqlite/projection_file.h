// projection.db: the rows of the projection, and a head row that says how far they are complete and
// what set they are.
//
// A file of its own, so that its writes never stand in the way of the log's. It is synced only at
// checkpoints (synchronous = NORMAL): a power cut may take its last transactions, never part of
// one, and what is lost is rebuilt from the log. Not thread-safe; SqliteStore holds its lock around
// every call.
#ifndef WIDEBERTH_STORE_SQLITE_PROJECTION_FILE_H_
#define WIDEBERTH_STORE_SQLITE_PROJECTION_FILE_H_

#include <memory>
#include <span>
#include <string>

#include "store/checksum.h"
#include "store/sqlite/database.h"
#include "store/store.h"

namespace wideberth::store::sqlite {

class ProjectionFile {
 public:
  // Makes the file where there is none.
  static base::Result<std::unique_ptr<ProjectionFile>> Open(const std::string& path,
                                                            const Database::Options& options);
  // Removes the file and what SQLite keeps beside it. Nothing may have it open.
  static base::Result<void> Remove(const std::string& path);

  // `chain`: the log's chain value after batch projected_seq, which ties the projection to its log.
  // After a failure the file must be abandoned.
  base::Result<void> Write(uint64_t projected_seq, const base::Digest& chain,
                           std::span<const ProjectionRow> rows);
  base::Result<void> Read(const RowVisitor& visit);
  base::Result<void> CheckIntegrity() { return database_->CheckIntegrity(); }
  void Abandon() { database_->Abandon(); }

  uint64_t projected_seq() const { return head_.projected_seq; }
  const base::Digest& chain() const { return head_.chain; }

 private:
  struct Head {
    uint64_t projected_seq = 0;
    base::Digest chain;
    SetChecksum rows;
    uint64_t Checksum() const;
  };

  explicit ProjectionFile(std::unique_ptr<Database> database) : database_(std::move(database)) {}
  base::Result<void> PrepareAll();
  base::Result<void> ReadHead();
  base::Result<void> WriteRow(const ProjectionRow& row, SetChecksum& set);
  base::Result<void> ReadRange(std::string_view sql, const RowVisitor& visit, SetChecksum& found);

  std::unique_ptr<Database> database_;
  Statement row_checksum_;
  Statement put_row_;
  Statement remove_row_;
  Statement put_head_;
  Head head_;
};

}  // namespace wideberth::store::sqlite

#endif  // WIDEBERTH_STORE_SQLITE_PROJECTION_FILE_H_
