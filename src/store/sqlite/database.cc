#include "store/sqlite/database.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "base/check.h"
#include "base/limits.h"

namespace wideberth::store::sqlite {
namespace {

// Measured (sqlite_bench.cc): at batches of 1 to 128 kB, 8 kB pages append as fast as or faster
// than 4, 16 and 32 kB.
constexpr int64_t kPageBytes = 8192;

std::string_view RuleOf(int code) {
  switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return "must be an undamaged SQLite file";
    case SQLITE_FULL:
      return "must have room to grow on its disk";
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "must not be open in another program";
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
      return "must be readable and writable";
    case SQLITE_IOERR:
      return "must be on a disk that reads and writes";
    default:
      return "must do what SQLite is asked";
  }
}

base::Unexpected SqliteError(const std::string& path, sqlite3* handle, int code) {
  const std::string message = handle == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(handle);
  return base::Fail(base::ErrorCode::kStorage, path, RuleOf(code),
                    message + ", SQLite code " + std::to_string(code));
}

base::Unexpected Refusal(const std::string& path, std::string_view rule, std::string_view found) {
  return base::Fail(base::ErrorCode::kStorage, path, rule, found);
}

// SQLite would make the file with the mode of the umask; the write-ahead log takes over the mode of
// its file.
base::Result<void> MakePrivateFile(const std::string& path) {
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) {
    return Refusal(path, "must be possible to create", std::generic_category().message(errno));
  }
  close(fd);
  return {};
}

constexpr char kSchemaQuery[] =
    "SELECT group_concat(sql, ';') FROM (SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL "
    "ORDER BY name)";

}  // namespace

Statement::Statement(Statement&& other) noexcept
    : statement_(std::exchange(other.statement_, nullptr)), path_(other.path_) {}

Statement& Statement::operator=(Statement&& other) noexcept {
  std::swap(statement_, other.statement_);
  std::swap(path_, other.path_);
  return *this;
}

Statement::~Statement() {
  sqlite3_finalize(statement_);
}

Statement& Statement::Bind(int index, int64_t value) {
  CHECK(sqlite3_bind_int64(statement_, index, value) == SQLITE_OK);
  return *this;
}

Statement& Statement::Bind(int index, base::ByteView bytes) {
  // A null pointer would bind NULL, so an empty blob needs an address.
  const void* data = bytes.empty() ? static_cast<const void*>("") : bytes.data();
  CHECK(sqlite3_bind_blob64(statement_, index, data, bytes.size(), SQLITE_STATIC) == SQLITE_OK);
  return *this;
}

Statement& Statement::Bind(int index, std::string_view text) {
  CHECK(sqlite3_bind_text64(statement_, index, text.data(), text.size(), SQLITE_STATIC,
                            SQLITE_UTF8) == SQLITE_OK);
  return *this;
}

base::Result<bool> Statement::Step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return SqliteError(*path_, sqlite3_db_handle(statement_), code);
}

base::Result<void> Statement::Run() {
  const Resetter resetter(*this);
  while (true) {
    WB_ASSIGN_OR_RETURN(const bool row, Step());
    if (!row) return {};
  }
}

void Statement::Reset() {
  sqlite3_reset(statement_);
}

int64_t Statement::Int(int column) const {
  return sqlite3_column_int64(statement_, column);
}

base::ByteView Statement::Blob(int column) const {
  const void* data = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  if (data == nullptr) return {};
  return {static_cast<const uint8_t*>(data), static_cast<size_t>(size)};
}

std::string_view Statement::Text(int column) const {
  return base::AsText(Blob(column));
}

bool Statement::IsInt(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_INTEGER;
}

bool Statement::IsBlob(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_BLOB;
}

base::Unexpected Database::LastError(int code) const {
  return SqliteError(path_, handle_, code);
}

Database::~Database() {
  begin_ = Statement();
  commit_ = Statement();
  rollback_ = Statement();
  sqlite3_close(handle_);
}

base::Result<void> Database::Connect() {
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int code = sqlite3_open_v2(path_.c_str(), &handle_, flags,
                                   options_.vfs.empty() ? nullptr : options_.vfs.c_str());
  if (code != SQLITE_OK) return LastError(code);
  SetCheckpointOnClose(false);  // a file that Open refuses stays as it was found
  // A damaged file must not make us allocate what it claims, nor run what its schema says.
  sqlite3_limit(handle_, SQLITE_LIMIT_LENGTH, static_cast<int>(limits::kStoreBatchBytesMax) + 4096);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  const std::string settings =
      "PRAGMA locking_mode = EXCLUSIVE; PRAGMA page_size = " + std::to_string(kPageBytes) +
      "; PRAGMA cell_size_check = ON; PRAGMA secure_delete = OFF;"
      "PRAGMA wal_autocheckpoint = 0; PRAGMA temp_store = MEMORY;"
      "PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -" +
      std::to_string(options_.cache_bytes / 1024);
  return Execute(settings.c_str());
}

base::Result<void> Database::Create(const std::string& path, const Format& format,
                                    const Options& options) {
  WB_RETURN_IF_ERROR(MakePrivateFile(path));
  Database database(path, options);
  WB_RETURN_IF_ERROR(database.Connect());
  WB_RETURN_IF_ERROR(database.Execute("PRAGMA synchronous = FULL; PRAGMA journal_mode = WAL"));
  WB_RETURN_IF_ERROR(database.TakeSteps(format, 0));
  WB_RETURN_IF_ERROR(database.CheckpointAndTruncate());
  database.SetCheckpointOnClose(true);
  return {};
}

base::Result<std::unique_ptr<Database>> Database::Open(const std::string& path,
                                                       const Format& format,
                                                       const Options& options) {
  std::unique_ptr<Database> database(new Database(path, options));
  WB_RETURN_IF_ERROR(database->Connect());
  Database& db = *database;
  WB_RETURN_IF_ERROR(db.CheckFormat(format));
  WB_RETURN_IF_ERROR(db.CheckSchema(format));
  {
    WB_ASSIGN_OR_RETURN(Statement mode, db.Prepare("PRAGMA journal_mode = WAL"));
    WB_ASSIGN_OR_RETURN(const bool row, mode.Step());
    if (!row || mode.Text(0) != "wal") {
      return Refusal(path, "must be in WAL mode", row ? mode.Text(0) : "nothing");
    }
  }
  WB_RETURN_IF_ERROR(db.Execute(options.sync_each_commit ? "PRAGMA synchronous = FULL"
                                                         : "PRAGMA synchronous = NORMAL"));
  sqlite3_wal_hook(
      db.handle_,
      [](void* self, sqlite3*, const char*, int pages) {
        static_cast<Database*>(self)->wal_bytes_ = pages * kPageBytes;
        return SQLITE_OK;
      },
      &db);
  WB_ASSIGN_OR_RETURN(db.begin_, db.Prepare("BEGIN IMMEDIATE"));
  WB_ASSIGN_OR_RETURN(db.commit_, db.Prepare("COMMIT"));
  WB_ASSIGN_OR_RETURN(db.rollback_, db.Prepare("ROLLBACK"));
  // What is recovered from the log may be in the kernel's memory alone: a failed fsync leaves it
  // there, marked clean. So it is written again, to the file, and synced, before anybody is told of
  // it.
  WB_RETURN_IF_ERROR(db.CheckpointAndTruncate());
  db.SetCheckpointOnClose(true);
  return database;
}

base::Result<int64_t> Database::QueryInt(const char* sql) {
  WB_ASSIGN_OR_RETURN(Statement query, Prepare(sql));
  WB_ASSIGN_OR_RETURN(const bool row, query.Step());
  return row ? query.Int(0) : 0;
}

base::Result<void> Database::CheckFormat(const Format& format) {
  WB_ASSIGN_OR_RETURN(const int64_t id, QueryInt("PRAGMA application_id"));
  if (id != format.application_id) {
    return Refusal(
        path_, "must be a Wideberth file: application id " + std::to_string(format.application_id),
        std::to_string(id));
  }
  WB_ASSIGN_OR_RETURN(const int64_t version, QueryInt("PRAGMA user_version"));
  if (version > format.version()) {
    return Refusal(path_,
                   "must be of format version " + std::to_string(format.version()) +
                       " or older, which is what this program reads; it was written by a newer one",
                   "version " + std::to_string(version));
  }
  if (version < 1) return Refusal(path_, "must name its format version", std::to_string(version));
  if (version < format.version()) return TakeSteps(format, version);
  return {};
}

base::Result<void> Database::TakeSteps(const Format& format, int64_t from_version) {
  WB_RETURN_IF_ERROR(Execute("BEGIN IMMEDIATE"));
  for (const char* step : format.steps.subspan(static_cast<size_t>(from_version))) {
    WB_RETURN_IF_ERROR(Execute(step));
  }
  const std::string stamp = "PRAGMA application_id = " + std::to_string(format.application_id) +
                            "; PRAGMA user_version = " + std::to_string(format.version()) +
                            "; COMMIT";
  return Execute(stamp.c_str());
}

// The schema must be what the steps make in an empty database: text for text, so that no damage to
// it goes unnoticed.
base::Result<void> Database::CheckSchema(const Format& format) {
  Database model(":memory:", Options());
  const int code = sqlite3_open(":memory:", &model.handle_);
  if (code != SQLITE_OK) return model.LastError(code);
  for (const char* step : format.steps) WB_RETURN_IF_ERROR(model.Execute(step));
  WB_ASSIGN_OR_RETURN(Statement expected, model.Prepare(kSchemaQuery));
  WB_ASSIGN_OR_RETURN(Statement found, Prepare(kSchemaQuery));
  WB_RETURN_IF_ERROR(expected.Step());
  WB_RETURN_IF_ERROR(found.Step());
  if (expected.Text(0) == found.Text(0)) return {};
  return Refusal(path_, "must have the schema of its format version", found.Text(0));
}

base::Result<Statement> Database::Prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) return LastError(code);
  return Statement(statement, &path_);
}

base::Result<void> Database::Execute(const char* sql) {
  const int code = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return LastError(code);
  return {};
}

base::Result<void> Database::Begin() {
  return begin_.Run();
}

base::Result<void> Database::Commit() {
  return commit_.Run();
}

void Database::Rollback() {
  if (sqlite3_get_autocommit(handle_) == 0) static_cast<void>(rollback_.Run());
}

base::Result<void> Database::CheckpointIfLarge() {
  if (wal_bytes_ <= options_.checkpoint_wal_bytes) return {};
  const int code =
      sqlite3_wal_checkpoint_v2(handle_, nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  if (code != SQLITE_OK) return LastError(code);
  wal_bytes_ = 0;
  return {};
}

base::Result<void> Database::CheckpointAndTruncate() {
  const int code =
      sqlite3_wal_checkpoint_v2(handle_, nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  if (code != SQLITE_OK) return LastError(code);
  wal_bytes_ = 0;
  return {};
}

void Database::Abandon() {
  SetCheckpointOnClose(false);
}

void Database::SetCheckpointOnClose(bool on) {
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, on ? 0 : 1, nullptr);
}

base::Result<void> Database::CheckIntegrity() {
  WB_ASSIGN_OR_RETURN(Statement check, Prepare("PRAGMA integrity_check(1)"));
  WB_ASSIGN_OR_RETURN(const bool row, check.Step());
  if (row && check.Text(0) == "ok") return {};
  return Refusal(path_, "must pass SQLite's integrity check", row ? check.Text(0) : "nothing");
}

}  // namespace wideberth::store::sqlite
