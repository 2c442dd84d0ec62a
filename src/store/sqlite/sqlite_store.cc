#include "store/sqlite/sqlite_store.h"

#include "base/check.h"
#include "base/durable_file.h"
#include "store/sqlite/log_file.h"
#include "store/sqlite/projection_file.h"
#include "store/sqlite/wal_scan.h"

namespace wideberth::store::sqlite {
namespace {

constexpr std::string_view kLogFile = "wideberth.db";
constexpr std::string_view kNewLogFile = "wideberth.db.new";
constexpr std::string_view kProjectionFile = "projection.db";
constexpr std::string_view kLockFile = "wideberth.lock";
constexpr std::string_view kPlaceFile = "wideberth.place";

base::Unexpected Refusal(const std::string& path, std::string_view rule, std::string_view found) {
  return base::Fail(base::ErrorCode::kStorage, path, rule, found);
}

Database::Options LogOptions(const SqliteOptions& options) {
  return {options.vfs, true, 2 * 1024 * 1024, options.checkpoint_wal_bytes};
}

Database::Options ProjectionOptions(const SqliteOptions& options) {
  // The cache holds the inner pages of 10 M rows.
  return {options.vfs, false, 16 * 1024 * 1024, 16 * 1024 * 1024};
}

}  // namespace

SqliteStore::SqliteStore(std::string directory, SqliteOptions options)
    : directory_(std::move(directory)), options_(std::move(options)) {}

SqliteStore::~SqliteStore() {
  if (log_ == nullptr || log_poison_) return;
  // Not closed in order is no loss: the next start recovers. There is nobody to tell.
  if (!log_->Close()) log_->Abandon();
}

std::string SqliteStore::PathOf(std::string_view file) const {
  return directory_ + "/" + std::string(file);
}

base::Result<std::unique_ptr<SqliteStore>> SqliteStore::Open(const std::string& directory,
                                                             const SqliteOptions& options) {
  std::unique_ptr<SqliteStore> store(new SqliteStore(directory, options));
  if (options.create) WB_RETURN_IF_ERROR(base::MakeFolder(directory));
  WB_ASSIGN_OR_RETURN(const bool exists, Exists(directory));
  if (!exists) return Refusal(directory, "must be the directory of a store", "nothing");
  WB_ASSIGN_OR_RETURN(store->lock_, DirectoryLock::Take(store->PathOf(kLockFile)));
  WB_RETURN_IF_ERROR(store->OpenLog());
  auto projection = store->OpenProjection();
  if (!projection) return base::Fail(std::move(projection).error());
  store->last_seq_ = store->log_->last_seq();
  store->projected_seq_ = store->projection_->projected_seq();
  WB_RETURN_IF_ERROR(store->CheckPlace());
  return store;
}

// A copy that was put back does not know what was answered since it was made, and must not look like the store that
// does. The fact is durable before the place is taken for the right one.
base::Result<void> SqliteStore::CheckPlace() {
  const std::string path = PathOf(kPlaceFile);
  WB_ASSIGN_OR_RETURN(const std::string identity, IdentityOf(PathOf(kLogFile)));
  WB_ASSIGN_OR_RETURN(const base::Bytes known, ReadFileIfAny(path));
  if (base::AsText(known) == identity) return {};
  is_copy_ = last_seq() > 0;
  if (is_copy_) WB_RETURN_IF_ERROR(PutMeta(kRestoredFact, "yes"));
  return base::ReplaceFile(path, identity);
}

base::Result<void> SqliteStore::CreateLog() {
  const std::string path = PathOf(kLogFile);
  for (const std::string& left : {path + "-wal", PathOf(kProjectionFile)}) {
    WB_ASSIGN_OR_RETURN(const bool there, Exists(left));
    if (there) return Refusal(path, "must not be missing beside what belongs to it", left);
  }
  if (!options_.create) return Refusal(path, "must be the log of a store", "nothing");
  // Made under another name, so that a file called wideberth.db is always a whole one, and an empty
  // one is damage.
  const std::string fresh = PathOf(kNewLogFile);
  WB_RETURN_IF_ERROR(ProjectionFile::Remove(fresh));
  WB_RETURN_IF_ERROR(LogFile::Create(fresh, LogOptions(options_)));
  return base::RenameFile(fresh, path);
}

base::Result<void> SqliteStore::OpenLog() {
  const std::string path = PathOf(kLogFile);
  WB_ASSIGN_OR_RETURN(const bool exists, Exists(path));
  if (!exists) WB_RETURN_IF_ERROR(CreateLog());
  WB_ASSIGN_OR_RETURN(const bool wal_was_there, Exists(path + "-wal"));
  WB_RETURN_IF_ERROR(ScanWal(path + "-wal"));
  WB_ASSIGN_OR_RETURN(log_, LogFile::Open(path, wal_was_there, LogOptions(options_)));
  return {};
}

// False origin means damage elsewhere or a file brought from elsewhere.
base::Result<void> SqliteStore::CheckProjectionOrigin() {
  const uint64_t seq = projection_->projected_seq();
  WB_ASSIGN_OR_RETURN(const base::Digest chain, log_->ChainAt(seq));
  if (chain == projection_->chain()) return {};
  return Refusal(PathOf(kProjectionFile), "must be made from the log beside it",
                 "another chain value at batch " + std::to_string(seq));
}

base::Result<void> SqliteStore::OpenProjection() {
  const std::string path = PathOf(kProjectionFile);
  auto opened = ProjectionFile::Open(path, ProjectionOptions(options_));
  if (opened) {
    projection_ = std::move(*opened);
    if (projection_->projected_seq() > log_->last_seq()) {
      return Refusal(PathOf(kLogFile),
                     "must reach batch " + std::to_string(projection_->projected_seq()) +
                         ", as projection.db does; durable batches are lost. Restore the log, or "
                         "remove projection.db to go on without them",
                     "batch " + std::to_string(log_->last_seq()) + " as the last");
    }
    auto origin = CheckProjectionOrigin();
    if (origin) return {};
    projection_->Abandon();
    projection_.reset();
    warnings_.push_back(std::move(origin).error());
  } else {
    warnings_.push_back(std::move(opened).error());
  }
  WB_RETURN_IF_ERROR(ProjectionFile::Remove(path));
  WB_ASSIGN_OR_RETURN(projection_, ProjectionFile::Open(path, ProjectionOptions(options_)));
  return {};
}

std::vector<base::Error> SqliteStore::CheckFiles() {
  std::vector<base::Error> findings;
  {
    const std::lock_guard lock(projection_mutex_);
    auto checked = projection_poison_ ? base::Result<void>() : projection_->CheckIntegrity();
    if (!checked) findings.push_back(std::move(checked).error());
  }
  const std::lock_guard lock(log_mutex_);
  auto checked = log_poison_ ? base::Result<void>() : log_->CheckIntegrity();
  if (!checked) findings.push_back(std::move(checked).error());
  return findings;
}

base::Result<void> SqliteStore::PoisonLog(base::Error cause) {
  log_poison_ = cause;
  log_->Abandon();
  return base::Fail(std::move(cause));
}

base::Result<void> SqliteStore::PoisonProjection(base::Error cause) {
  projection_poison_ = cause;
  projection_->Abandon();
  return base::Fail(std::move(cause));
}

base::Result<void> SqliteStore::CheckLogUsable() const {
  if (log_poison_) return Poisoned(directory_, *log_poison_);
  return {};
}

base::Result<void> SqliteStore::Append(uint64_t seq, base::UtcMicros time, base::ByteView bytes) {
  const std::lock_guard lock(log_mutex_);
  WB_RETURN_IF_ERROR(CheckLogUsable());
  WB_RETURN_IF_ERROR(CheckBatchLimits(bytes));
  if (auto appended = log_->Append(seq, time, bytes); !appended) {
    return PoisonLog(std::move(appended).error());
  }
  last_seq_.store(seq, std::memory_order_release);
  return {};
}

base::Digest SqliteStore::last_chain() const {
  const std::lock_guard lock(log_mutex_);
  return log_->last_chain();
}

base::Result<void> SqliteStore::Replay(uint64_t from_seq, const BatchVisitor& visit) {
  CHECK(from_seq >= 1);
  const std::lock_guard lock(log_mutex_);
  WB_RETURN_IF_ERROR(CheckLogUsable());
  return log_->Replay(from_seq, visit);
}

base::Result<void> SqliteStore::WriteProjection(uint64_t projected_seq,
                                                std::span<const ProjectionRow> rows) {
  const std::lock_guard projection_lock(projection_mutex_);
  base::Digest chain;
  {
    // Not held while the rows are written: appends go on.
    const std::lock_guard log_lock(log_mutex_);
    WB_RETURN_IF_ERROR(CheckLogUsable());
    if (projection_poison_) return Poisoned(PathOf(kProjectionFile), *projection_poison_);
    CHECK(projection_->projected_seq() <= projected_seq && projected_seq <= log_->last_seq());
    WB_RETURN_IF_ERROR(CheckRowLimits(rows));
    WB_ASSIGN_OR_RETURN(chain, log_->ChainAt(projected_seq));
  }
  if (auto written = projection_->Write(projected_seq, chain, rows); !written) {
    return PoisonProjection(std::move(written).error());
  }
  projected_seq_.store(projected_seq, std::memory_order_release);
  return {};
}

base::Result<void> SqliteStore::ReadProjection(const RowVisitor& visit) {
  const std::lock_guard projection_lock(projection_mutex_);
  {
    const std::lock_guard log_lock(log_mutex_);
    WB_RETURN_IF_ERROR(CheckLogUsable());
  }
  if (projection_poison_) return Poisoned(PathOf(kProjectionFile), *projection_poison_);
  return projection_->Read(visit);
}

base::Result<void> SqliteStore::ClearProjection() {
  const std::lock_guard projection_lock(projection_mutex_);
  {
    const std::lock_guard log_lock(log_mutex_);
    WB_RETURN_IF_ERROR(CheckLogUsable());
  }
  const std::string path = PathOf(kProjectionFile);
  if (projection_ != nullptr) projection_->Abandon();
  projection_.reset();
  projected_seq_.store(0, std::memory_order_release);
  auto remade = [&]() -> base::Result<void> {
    WB_RETURN_IF_ERROR(ProjectionFile::Remove(path));
    WB_ASSIGN_OR_RETURN(projection_, ProjectionFile::Open(path, ProjectionOptions(options_)));
    return {};
  }();
  if (!remade) {
    projection_poison_ = remade.error();
    return remade;
  }
  projection_poison_.reset();
  return {};
}

base::Result<int64_t> SqliteStore::FreeBytes() const {
  return FreeBytesAt(directory_);
}

base::Result<void> SqliteStore::PutMeta(std::string_view key, std::string_view value) {
  const std::lock_guard lock(log_mutex_);
  WB_RETURN_IF_ERROR(CheckLogUsable());
  const size_t keys = log_->meta().size() + (log_->meta().contains(key) ? 0 : 1);
  WB_RETURN_IF_ERROR(CheckMetaLimits(key, value, keys));
  if (auto put = log_->PutMeta(key, value); !put) return PoisonLog(std::move(put).error());
  return {};
}

base::Result<std::optional<std::string>> SqliteStore::GetMeta(std::string_view key) {
  const std::lock_guard lock(log_mutex_);
  WB_RETURN_IF_ERROR(CheckLogUsable());
  const auto found = log_->meta().find(key);
  return found == log_->meta().end() ? std::nullopt : std::optional(found->second);
}

}  // namespace wideberth::store::sqlite
