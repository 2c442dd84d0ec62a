// The embedded store: one directory, SQLite in it, nothing to install or to run beside the node.
//
//   wideberth.db     the log and the meta facts (log_file.h), WAL, synchronous = FULL: one
//   fdatasync a batch projection.db    the projection (projection_file.h), rebuilt from the log
//   when it is missing or damaged wideberth.lock   names the process that has the store open
//   wideberth.place  which file wideberth.db was when the store was last open: a copy is another one
//
// Files have mode 0600, the directory 0700. Both files can be read with the sqlite3 program while
// no node runs. Back up a stopped store by copying wideberth.db; without its -wal, the file of a
// running or crashed node is refused.
//
// Batches append as fast as the disk syncs (figures: sqlite_bench.cc). Every few MB an Append first
// moves the write-ahead log into the file, which takes some ms.
#ifndef WIDEBERTH_STORE_SQLITE_SQLITE_STORE_H_
#define WIDEBERTH_STORE_SQLITE_SQLITE_STORE_H_

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "store/sqlite/directory.h"
#include "store/store.h"

namespace wideberth::store::sqlite {

class LogFile;
class ProjectionFile;

struct SqliteOptions {
  bool create = true;  // make the directory and an empty store where there is none
  std::string vfs;     // SQLite's name of a file system layer; empty: the system's. For tests.
  // The write-ahead log of wideberth.db is moved into the file when it is larger.
  int64_t checkpoint_wal_bytes = 4 * 1024 * 1024;
};

class SqliteStore final : public Store {
 public:
  // Opens or makes a store. Refuses with kStorage, naming the file: a store that another process
  // has open (with its process id), a newer format version (with both versions), damage that shows
  // at this point (a damaged batch shows when it is read), a wideberth.db that lost its write-ahead
  // log or is missing beside a projection, and a log that ends before its projection does. A
  // projection that is damaged, newer, or of another log is discarded: see warnings().
  static base::Result<std::unique_ptr<SqliteStore>> Open(const std::string& directory,
                                                         const SqliteOptions& options = {});
  // Closes in order unless poisoned.
  ~SqliteStore() override;

  // The log is not the file that it was when this store was last open: it was restored or moved, or its place is not
  // known. kRestoredFact says so too.
  bool is_copy() const { return is_copy_; }

  // What was set right while opening, to be logged.
  const std::vector<base::Error>& warnings() const { return warnings_; }

  // SQLite's own search for damage in both files, for fsck; reads all of them. Empty: nothing
  // found.
  std::vector<base::Error> CheckFiles();

  base::Result<void> Append(uint64_t seq, base::UtcMicros time, base::ByteView bytes) override;
  uint64_t last_seq() const override { return last_seq_.load(std::memory_order_acquire); }
  base::Digest last_chain() const override;
  base::Result<void> Replay(uint64_t from_seq, const BatchVisitor& visit) override;
  base::Result<void> WriteProjection(uint64_t projected_seq,
                                     std::span<const ProjectionRow> rows) override;
  uint64_t projected_seq() const override { return projected_seq_.load(std::memory_order_acquire); }
  base::Result<void> ReadProjection(const RowVisitor& visit) override;
  base::Result<void> ClearProjection() override;
  base::Result<int64_t> FreeBytes() const override;
  base::Result<void> PutMeta(std::string_view key, std::string_view value) override;
  base::Result<std::optional<std::string>> GetMeta(std::string_view key) override;

 private:
  SqliteStore(std::string directory, SqliteOptions options);
  std::string PathOf(std::string_view file) const;
  base::Result<void> OpenLog();
  base::Result<void> CreateLog();
  base::Result<void> OpenProjection();
  base::Result<void> CheckPlace();
  base::Result<void> CheckProjectionOrigin();
  // Both keep the first failure; the file is not written again.
  base::Result<void> PoisonLog(base::Error cause);
  base::Result<void> PoisonProjection(base::Error cause);
  base::Result<void> CheckLogUsable() const;  // REQUIRES: log_mutex_

  const std::string directory_;
  const SqliteOptions options_;
  DirectoryLock lock_;
  std::vector<base::Error> warnings_;
  bool is_copy_ = false;

  // Where both are needed, projection_mutex_ is taken first.
  mutable std::mutex log_mutex_;
  std::unique_ptr<LogFile> log_;
  std::optional<base::Error> log_poison_;
  std::atomic<uint64_t> last_seq_ = 0;

  mutable std::mutex projection_mutex_;
  std::unique_ptr<ProjectionFile> projection_;
  std::optional<base::Error> projection_poison_;
  std::atomic<uint64_t> projected_seq_ = 0;
};

}  // namespace wideberth::store::sqlite

#endif  // WIDEBERTH_STORE_SQLITE_SQLITE_STORE_H_
