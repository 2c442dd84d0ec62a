// A thin skin over one SQLite connection: ownership, refusals that name the file, and the few
// settings both files of a store share. Not thread-safe.
#ifndef WIDEBERTH_STORE_SQLITE_DATABASE_H_
#define WIDEBERTH_STORE_SQLITE_DATABASE_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace wideberth::store::sqlite {

// What a file holds, and how it came to be so: step i turns version i into i + 1, and the newest
// version is the number of steps. A file is created by taking them all.
struct Format {
  int32_t application_id;  // in the file's header: whose file this is
  std::span<const char* const> steps;

  int64_t version() const { return static_cast<int64_t>(steps.size()); }
};

// A prepared statement. Bound bytes must live until Reset.
class Statement {
 public:
  Statement() = default;
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&& other) noexcept;
  ~Statement();

  Statement& Bind(int index, int64_t value);  // index from 1
  Statement& Bind(int index, uint64_t value) { return Bind(index, static_cast<int64_t>(value)); }
  Statement& Bind(int index, base::ByteView bytes);
  Statement& Bind(int index, std::string_view text);

  // True: a row is ready. False: done.
  base::Result<bool> Step();
  // Steps to the end, ignoring rows, and resets.
  base::Result<void> Run();
  void Reset();

  int64_t Int(int column) const;  // from 0; 0 where the value is no integer
  uint64_t U64(int column) const { return static_cast<uint64_t>(Int(column)); }
  base::ByteView Blob(int column) const;  // valid until the next Step or Reset
  std::string_view Text(int column) const;
  bool IsInt(int column) const;
  bool IsBlob(int column) const;

 private:
  friend class Database;
  Statement(sqlite3_stmt* statement, const std::string* path)
      : statement_(statement), path_(path) {}
  sqlite3_stmt* statement_ = nullptr;
  const std::string* path_ = nullptr;
};

// Resets a statement at the end of a scope, so that it holds no read transaction open.
class Resetter {
 public:
  explicit Resetter(Statement& statement) : statement_(statement) {}
  ~Resetter() { statement_.Reset(); }
  Resetter(const Resetter&) = delete;
  Resetter& operator=(const Resetter&) = delete;

 private:
  Statement& statement_;
};

class Database {
 public:
  struct Options {
    std::string vfs;               // empty: the system's
    bool sync_each_commit = true;  // synchronous = FULL; otherwise NORMAL
    int64_t cache_bytes = 2 * 1024 * 1024;
    int64_t checkpoint_wal_bytes = 4 * 1024 * 1024;
  };

  // Makes the file, which must not exist, with mode 0600 and the newest format, and closes it.
  static base::Result<void> Create(const std::string& path, const Format& format,
                                   const Options& options);
  // Opens an existing file for this connection alone (locking_mode EXCLUSIVE) in WAL mode. Refuses
  // a file that is not of this format, is newer, has another schema, or is open elsewhere; brings
  // an older one to the newest version. What a crash left in the write-ahead log is written into
  // the file and synced before this returns.
  static base::Result<std::unique_ptr<Database>> Open(const std::string& path, const Format& format,
                                                      const Options& options);
  // Statements must be gone. After Abandon the write-ahead log stays as it is.
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  base::Result<Statement> Prepare(std::string_view sql);
  base::Result<void> Execute(const char* sql);

  base::Result<void> Begin();
  base::Result<void> Commit();
  void Rollback();  // after a failure; its own failure changes nothing

  // Moves the write-ahead log into the file once it is larger than Options::checkpoint_wal_bytes.
  // Bounds the log, and stalls the caller for some ms when it happens (sqlite_bench.cc). SQLite's
  // automatic checkpoint is off because it swallows errors.
  base::Result<void> CheckpointIfLarge();
  // Moves all of it, and truncates the log to nothing.
  base::Result<void> CheckpointAndTruncate();
  // Nothing is written any more, not even when the connection is closed.
  void Abandon();

  // SQLite's own search for damage (PRAGMA integrity_check); reads the whole file.
  base::Result<void> CheckIntegrity();

  const std::string& path() const { return path_; }

 private:
  Database(std::string path, const Options& options) : path_(std::move(path)), options_(options) {}
  base::Result<void> Connect();
  void SetCheckpointOnClose(bool on);
  base::Result<void> CheckFormat(const Format& format);
  base::Result<void> CheckSchema(const Format& format);
  base::Result<void> TakeSteps(const Format& format, int64_t from_version);
  base::Result<int64_t> QueryInt(const char* sql);
  base::Unexpected LastError(int code) const;

  const std::string path_;
  const Options options_;
  sqlite3* handle_ = nullptr;
  int64_t wal_bytes_ = 0;
  Statement begin_;
  Statement commit_;
  Statement rollback_;
};

}  // namespace wideberth::store::sqlite

#endif  // WIDEBERTH_STORE_SQLITE_DATABASE_H_
