#include "store/postgres/pool_log.h"

#include <array>
#include <chrono>
#include <span>
#include <utility>
#include <vector>

#include "base/durable_file.h"
#include "base/log.h"
#include "dss/log_entry.h"
#include "record/checkpoint.h"
#include "record/proof_file.h"

namespace wideberth::store::postgres {
namespace {

using base::ErrorCode;
using base::Log;
using base::LogLevel;
using base::Result;

constexpr Statement kBeginLog = {
    "begin_new_log",
    "INSERT INTO dss_log (origin, vkey, size, root, note, epoch, holder, held_until, trouble) "
    "VALUES ($1::text, $2::text, 0, $3::bytea, '', 0, '', 0, '') ON CONFLICT DO NOTHING"};
// Of one that is in trouble. The epoch goes on: whoever held the old one holds nothing.
constexpr Statement kBeginAgain = {
    "begin_log_again",
    "UPDATE dss_log SET origin = $1::text, vkey = $2::text, size = 0, root = $3::bytea, note = '', "
    "epoch = epoch + 1, holder = '', held_until = 0, trouble = '' "
    "WHERE trouble <> '' AND origin <> $1::text RETURNING epoch"};
constexpr Statement kDropTiles = {"drop_tiles", "DELETE FROM dss_log_tile"};
constexpr Statement kDropTimes = {"drop_times", "DELETE FROM dss_log_time"};
constexpr Statement kDropNodes = {"drop_nodes", "DELETE FROM dss_log_node"};
// What commits behind a head holds the head too, also on a synchronous standby.
constexpr Statement kVouch = {
    "vouch_log",
    "INSERT INTO dss_log_node (locality, vouched, size) VALUES ($1::text, $2::text, $3::bigint) "
    "ON CONFLICT (locality) DO UPDATE SET vouched = excluded.vouched, size = excluded.size"};
constexpr Statement kAccuse = {
    "accuse_log", "UPDATE dss_log SET trouble = $2::text WHERE origin = $1::text AND trouble = ''"};
constexpr Statement kTimes = {
    "places_of_time", "SELECT place FROM dss_log_time WHERE at = $1::bigint ORDER BY place"};
constexpr std::array kReading = {kReadTile, kTimes};

std::vector<Statement> KeepingStatements() {
  std::vector<Statement> all = {kReadLog, kReadTile, kVouch, kAccuse};
  const std::span<const Statement> more = Integrator::statements();
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

base::Unexpected Missing(std::string_view field, std::string_view rule, std::string found = "") {
  return base::Fail(ErrorCode::kNotFound, std::string(field), std::string(rule), std::move(found));
}

base::Error Busy(std::string rule) {
  return {ErrorCode::kBusy, "", std::move(rule), ""};
}

Result<std::string> ReadTileText(Connection* connection, const record::TilePath& path) {
  WB_ASSIGN_OR_RETURN(const base::Bytes bytes, LogTiles(connection).ReadTile(path));
  return std::string(base::AsText(bytes));
}

// Of the entries of its time, the one that it is.
Result<uint64_t> IndexOf(Connection* connection, const std::string& entry, uint64_t size) {
  WB_ASSIGN_OR_RETURN(const dss::ParsedLogEntry parsed, dss::ParseLogEntry(entry));
  WB_ASSIGN_OR_RETURN(const Rows places, connection->Run(kTimes, Values().Add(parsed.time.us)));
  for (size_t row = 0; row < places.size(); ++row) {
    const auto index = static_cast<uint64_t>(places.Int(row, 0));
    if (index >= size) break;
    const auto last = static_cast<unsigned>(index % record::kTileWidth);
    WB_ASSIGN_OR_RETURN(
        const base::Bytes bundle,
        LogTiles(connection).ReadTile({std::nullopt, index / record::kTileWidth, last + 1}));
    WB_ASSIGN_OR_RETURN(const auto entries, record::DecodeEntryBundle(bundle, last + 1));
    if (base::AsText(entries[last]) == entry) return index;
  }
  return Missing("entry", "must be in the tree that is signed");
}

Result<std::string> MakeProof(Connection* connection, const std::string& entry,
                              const record::TreeHead& head, const std::string& note) {
  WB_ASSIGN_OR_RETURN(const uint64_t index, IndexOf(connection, entry, head.size));
  const LogTiles tiles(connection);
  const record::TileNodes nodes(tiles, head.size);
  record::ProofFile file;
  file.index = index;
  WB_ASSIGN_OR_RETURN(file.proof, record::InclusionProof(nodes, index, head.size));
  WB_ASSIGN_OR_RETURN(file.checkpoint, record::ParseNote(note));
  return record::FormatProofFile(file);
}

}  // namespace

PoolLog::PoolLog(PoolLogOptions options, Address address, std::string locality,
                 const base::Clock& clock)
    : options_(std::move(options)),
      address_(std::move(address)),
      locality_(std::move(locality)),
      clock_(clock),
      integrator_(*options_.key, locality_),
      hidden_("the log was not read yet") {}

Result<std::unique_ptr<PoolLog>> PoolLog::Open(PoolLogOptions options, Address address,
                                               std::string locality, const base::Clock& clock) {
  std::unique_ptr<PoolLog> log(
      new PoolLog(std::move(options), std::move(address), std::move(locality), clock));
  WB_RETURN_IF_ERROR(log->ReadShownFile());
  {
    const std::array statements = {kReadLog,   kBeginLog,  kBeginAgain,
                                   kDropTiles, kDropTimes, kDropNodes};
    WB_ASSIGN_OR_RETURN(const auto connection, Connection::Open(log->address_, statements));
    WB_RETURN_IF_ERROR(log->Begin(connection.get()));
  }
  log->keeper_ = std::thread([self = log.get()] { self->KeepUntilStopped(); });
  log->server_ = std::thread([self = log.get()] { self->ServeUntilStopped(); });
  return log;
}

PoolLog::~PoolLog() {
  Stop();
}

void PoolLog::Stop() {
  std::deque<Job> jobs;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    jobs.swap(jobs_);
  }
  keep_wake_.notify_all();
  serve_wake_.notify_all();
  if (keeper_.joinable()) keeper_.join();
  if (server_.joinable()) server_.join();
  for (const Job& job : jobs) job(nullptr);
}

// What this node has shown under this name; that of another name is over.
Result<void> PoolLog::ReadShownFile() {
  const auto text = base::ReadFile(options_.shown_file, record::kSignedNoteBytesMax);
  if (!text && text.error().code == ErrorCode::kNotFound) return {};
  if (!text) return base::Fail(text.error());
  WB_ASSIGN_OR_RETURN(const record::SignedNote note, record::ParseNote(*text));
  WB_ASSIGN_OR_RETURN(const record::Checkpoint checkpoint, record::ParseCheckpoint(note.text));
  if (checkpoint.origin == key().name()) known_ = Shown{checkpoint.head, *text};
  return {};
}

Result<void> PoolLog::Begin(Connection* connection) {
  const std::string vkey = key().Format();
  const base::Digest empty = record::EmptyRoot();
  const auto named = [&] {
    return Values()
        .Add(std::string_view(key().name()))
        .Add(std::string_view(vkey))
        .Add(base::ByteView(empty.bytes));
  };
  WB_RETURN_IF_ERROR(connection->Run(kBeginLog, named()));
  WB_ASSIGN_OR_RETURN(std::optional<LogRow> row, ReadLogRow(connection));
  if (row && row->origin != key().name() && !row->trouble.empty()) {
    WB_RETURN_IF_ERROR(connection->RunScript("BEGIN"));
    const std::array<Connection::Step, 4> steps = {
        {{&kBeginAgain, named()}, {&kDropTiles, {}}, {&kDropTimes, {}}, {&kDropNodes, {}}}};
    WB_ASSIGN_OR_RETURN(const std::vector<Rows> rows, connection->Run(steps));
    // Another node may have begun it meanwhile.
    WB_RETURN_IF_ERROR(connection->RunScript(rows[0].size() == 1 ? "COMMIT" : "ROLLBACK"));
    Log(LogLevel::kWarn, "dss_log_began_again", {{"origin", key().name()}, {"old", row->origin}});
    WB_ASSIGN_OR_RETURN(row, ReadLogRow(connection));
  }
  if (!row) return base::Fail(ErrorCode::kStorage, "dss_log", "must have a row");
  if (row->origin != key().name()) {
    return base::Invalid("dss.log.origin", "must be the name of the pool's log", row->origin);
  }
  if (row->key != vkey) {
    return base::Invalid("dss.log.key_file", "must be the key of the pool's log", row->key);
  }
  return {};
}

// ---- Keeping ----

void PoolLog::Hide(std::string why) {
  const std::lock_guard lock(mutex_);
  if (hidden_ == why) return;
  hidden_ = std::move(why);
  Log(LogLevel::kError, "dss_log_stands_still", {{"origin", key().name()}, {"why", hidden_}});
}

Result<void> PoolLog::Accuse(Connection* connection, const std::string& trouble) {
  Hide(trouble);
  const std::string said = locality_ + ": " + trouble;
  WB_RETURN_IF_ERROR(connection->Run(
      kAccuse, Values().Add(std::string_view(key().name())).Add(std::string_view(said))));
  return {};
}

// Shows what is there, once it is compared. False where nothing may be signed.
Result<bool> PoolLog::Follow(Connection* connection) {
  WB_ASSIGN_OR_RETURN(const std::optional<LogRow> row, ReadLogRow(connection));
  if (!row || row->origin != key().name() || row->key != key().Format()) {
    Hide("the database has another log");
    return false;
  }
  {
    const std::lock_guard lock(mutex_);
    staged_ = row->staged;
  }
  if (!row->trouble.empty()) {
    Hide(row->trouble);
    return false;
  }
  const bool elsewhere = connection->identity() != compared_;
  const std::optional<record::TreeHead> known = known_ ? std::optional(known_->head) : std::nullopt;
  const bool changed = known ? *known != row->head : row->head.size > 0;
  if (elsewhere || changed) {
    const LogTiles tiles(connection);
    if (const Result<void> fits = CheckLog(tiles, *row, key(), known); !fits) {
      if (fits.error().code != ErrorCode::kConflict) return base::Fail(fits.error());
      WB_RETURN_IF_ERROR(Accuse(connection, fits.error().ToString()));
      return false;
    }
    WB_RETURN_IF_ERROR(connection->Run(kVouch, Values()
                                                   .Add(std::string_view(locality_))
                                                   .Add(std::string_view(connection->identity()))
                                                   .Add(static_cast<int64_t>(row->head.size))));
    compared_ = connection->identity();
  }
  if (changed) {
    WB_RETURN_IF_ERROR(base::ReplaceFile(options_.shown_file, row->note));
    known_ = Shown{row->head, row->note};
  }
  const std::lock_guard lock(mutex_);
  shown_ = known_;
  hidden_.clear();
  return true;
}

// True where something was published.
Result<bool> PoolLog::Integrate(Connection* connection) {
  WB_ASSIGN_OR_RETURN(const bool held, integrator_.Hold(connection, clock_.MonotonicMicros()));
  if (!held) return false;
  {
    const std::lock_guard lock(mutex_);
    if (staged_ == 0) return false;
  }
  const Result<Integrator::Begun> begun = integrator_.Begin(connection);
  if (!begun && begun.error().code == ErrorCode::kConflict && integrator_.epoch() != 0) {
    WB_RETURN_IF_ERROR(Accuse(connection, begun.error().ToString()));
    return false;
  }
  if (!begun && begun.error().code == ErrorCode::kConflict) return false;
  if (!begun) return base::Fail(begun.error());
  if (begun->waits_for != waits_for_) {
    waits_for_ = begun->waits_for;
    Log(waits_for_.empty() ? LogLevel::kInfo : LogLevel::kWarn,
        waits_for_.empty() ? "dss_log_goes_on" : "dss_log_waits_for_nodes",
        {{"nodes", waits_for_}});
  }
  if (begun->entries == 0) return false;
  WB_RETURN_IF_ERROR(integrator_.Publish(connection));
  return true;
}

// False if there is no database to keep it in.
bool PoolLog::Keep(std::unique_ptr<Connection>* connection) {
  const auto keep = [&]() -> Result<void> {
    if (*connection == nullptr) {
      WB_ASSIGN_OR_RETURN(*connection, Connection::Open(address_, KeepingStatements()));
      WB_RETURN_IF_ERROR(Integrator::Prepare(connection->get()));
    }
    while (true) {
      WB_ASSIGN_OR_RETURN(const bool may_sign, Follow(connection->get()));
      if (!may_sign) return {};
      WB_ASSIGN_OR_RETURN(const bool published, Integrate(connection->get()));
      if (!published) return {};
    }
  };
  const Result<void> kept = keep();
  if (kept) {
    said_.clear();
    return true;
  }
  const std::string why = kept.error().ToString();
  if (why != said_) Log(LogLevel::kWarn, "dss_log_not_kept", {{"error", why}});
  said_ = why;
  connection->reset();
  return false;
}

void PoolLog::KeepUntilStopped() {
  std::unique_ptr<Connection> connection;
  while (true) {
    const bool kept = Keep(&connection);
    std::unique_lock lock(mutex_);
    keep_wake_.wait_for(lock, std::chrono::microseconds(kept ? kLogTickUs : 4 * kLogTickUs),
                        [this] { return stopping_; });
    if (!stopping_) continue;
    lock.unlock();
    integrator_.Release(connection.get());
    return;
  }
}

// ---- Showing ----

Result<PoolLog::Shown> PoolLog::ReadShown() const {
  const std::lock_guard lock(mutex_);
  if (!hidden_.empty()) return base::Fail(Busy("nothing is shown: " + hidden_));
  if (shown_) return *shown_;
  return Missing("", "nothing has been signed yet");
}

void PoolLog::ReadCheckpoint(Text done) {
  Result<Shown> shown = ReadShown();
  if (!shown) return done(base::Fail(std::move(shown).error()));
  done(std::move(shown->note));
}

void PoolLog::Ask(Text done, std::function<Result<std::string>(Connection*, const Shown&)> read) {
  Result<Shown> shown = ReadShown();
  if (!shown) return done(base::Fail(std::move(shown).error()));
  Job job = [done, read = std::move(read), shown = *std::move(shown)](Connection* connection) {
    if (connection == nullptr)
      return done(base::Fail(Busy("the pool's database cannot be reached")));
    Result<std::string> text = read(connection, shown);
    // What the database says of itself is for the node's operator.
    if (!text && text.error().code == ErrorCode::kStorage) {
      return done(base::Fail(Busy("the pool's database does not answer")));
    }
    done(std::move(text));
  };
  {
    const std::lock_guard lock(mutex_);
    if (!stopping_ && jobs_.size() < kLogReadsMax) {
      jobs_.push_back(std::move(job));
      serve_wake_.notify_one();
      return;
    }
  }
  done(base::Fail(Busy("too many requests wait")));
}

void PoolLog::ReadTile(const record::TilePath& path, Text done) {
  Ask(std::move(done), [path](Connection* connection, const Shown& shown) -> Result<std::string> {
    if (record::HasTile(path, shown.head.size)) return ReadTileText(connection, path);
    return Missing("tile", "must be of the tree that is signed",
                   record::FormatTilePath(path).value_or("no tile"));
  });
}

void PoolLog::Prove(std::string entry, Text done) {
  Ask(std::move(done), [entry = std::move(entry)](Connection* connection, const Shown& shown) {
    return MakeProof(connection, entry, shown.head, shown.note);
  });
}

dss::TransparencyLog::Statistics PoolLog::GetStatistics() const {
  const std::lock_guard lock(mutex_);
  const uint64_t size = shown_ ? shown_->head.size : 0;
  return {size + staged_, size};
}

void PoolLog::ServeUntilStopped() {
  std::unique_ptr<Connection> connection;
  while (true) {
    Job job;
    {
      std::unique_lock lock(mutex_);
      serve_wake_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
      if (stopping_) return;
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    if (connection == nullptr || connection->lost()) {
      connection.reset();
      auto opened = Connection::Open(address_, kReading);
      if (opened) connection = std::move(*opened);
    }
    job(connection.get());
  }
}

}  // namespace wideberth::store::postgres
