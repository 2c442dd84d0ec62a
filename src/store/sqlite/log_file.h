// wideberth.db: the log of batches, the meta facts, and the head, one row that says where the log
// ends.
//
// The head is written in the transaction of every append. It costs one more page a commit (about 8%
// at 1 kB batches) and finds what the chain alone cannot: a log that lost its end.
//
// Not thread-safe; SqliteStore holds its lock around every call.
#ifndef WIDEBERTH_STORE_SQLITE_LOG_FILE_H_
#define WIDEBERTH_STORE_SQLITE_LOG_FILE_H_

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "store/checksum.h"
#include "store/sqlite/database.h"
#include "store/store.h"

namespace wideberth::store::sqlite {

class LogFile {
 public:
  // An empty log.
  static base::Result<void> Create(const std::string& path, const Database::Options& options);
  // `wal_was_there`: whether a write-ahead log stood beside the file before anything opened it.
  static base::Result<std::unique_ptr<LogFile>> Open(const std::string& path, bool wal_was_there,
                                                     const Database::Options& options);

  // After a failure of one of these the file must be abandoned.
  base::Result<void> Append(uint64_t seq, base::UtcMicros time, base::ByteView bytes);
  base::Result<void> PutMeta(std::string_view key, std::string_view value);
  // Marks the log as closed in order.
  base::Result<void> Close();
  void Abandon() { database_->Abandon(); }

  base::Result<void> Replay(uint64_t from_seq, const BatchVisitor& visit);
  // The chain value after batch `seq`, 0 <= seq <= last_seq.
  base::Result<base::Digest> ChainAt(uint64_t seq);
  base::Result<void> CheckIntegrity() { return database_->CheckIntegrity(); }

  uint64_t last_seq() const { return head_.last_seq; }
  const base::Digest& last_chain() const { return head_.last_chain; }
  const std::map<std::string, std::string, std::less<>>& meta() const { return meta_; }
  const std::string& path() const { return database_->path(); }

 private:
  struct Head {
    uint64_t last_seq = 0;
    base::Digest last_chain;
    SetChecksum meta;
    bool closed = true;  // in order; while a node runs it is false
    uint64_t Checksum() const;
  };

  explicit LogFile(std::unique_ptr<Database> database) : database_(std::move(database)) {}
  base::Result<void> PrepareAll();
  base::Result<void> ReadHead();
  base::Result<void> ReadMeta();
  base::Result<void> CheckTail();
  // Writes `head` and commits; head_ follows once it is durable.
  base::Result<void> CommitWith(const Head& head);

  std::unique_ptr<Database> database_;
  Statement insert_batch_;
  Statement update_head_;
  Statement put_meta_;
  Statement chain_at_;
  Statement replay_;
  Head head_;
  std::map<std::string, std::string, std::less<>> meta_;
};

}  // namespace wideberth::store::sqlite

#endif  // WIDEBERTH_STORE_SQLITE_LOG_FILE_H_
