#include "store/postgres/connection.h"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <utility>

namespace wideberth::store::postgres {
namespace {

using base::Result;

// Of pg_type, which never change.
constexpr uint32_t kOidBool = 16;
constexpr uint32_t kOidBytes = 17;
constexpr uint32_t kOidInt8 = 20;
constexpr uint32_t kOidInt2 = 21;
constexpr uint32_t kOidText = 25;
constexpr uint32_t kOidUuid = 2950;

template <class T>
void PutBigEndian(std::string* out, T value) {
  using Unsigned = std::make_unsigned_t<T>;
  for (int shift = 8 * (static_cast<int>(sizeof(T)) - 1); shift >= 0; shift -= 8) {
    out->push_back(static_cast<char>(static_cast<Unsigned>(value) >> shift & 0xFF));
  }
}

// The header of a one-dimensional array.
std::string ArrayOf(uint32_t element_oid, size_t count, bool nulls) {
  std::string out;
  PutBigEndian<int32_t>(&out, count == 0 ? 0 : 1);
  PutBigEndian<int32_t>(&out, nulls ? 1 : 0);
  PutBigEndian<uint32_t>(&out, element_oid);
  if (count == 0) return out;
  PutBigEndian<int32_t>(&out, static_cast<int32_t>(count));
  PutBigEndian<int32_t>(&out, 1);
  return out;
}

void PutElement(std::string* out, base::ByteView bytes) {
  PutBigEndian<int32_t>(out, static_cast<int32_t>(bytes.size()));
  out->append(base::AsText(bytes));
}

template <class T>
void PutInteger(std::string* out, T value) {
  PutBigEndian<int32_t>(out, sizeof(T));
  PutBigEndian(out, value);
}

int64_t NowMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

base::Error MakeError(std::string_view sqlstate, std::string_view message) {
  while (message.ends_with('\n')) message.remove_suffix(1);
  const bool again = sqlstate == "40001" || sqlstate == "40P01" || sqlstate == "55P03";
  return {again ? base::ErrorCode::kBusy : base::ErrorCode::kStorage, "postgres",
          std::string(message.empty() ? "the connection is lost" : message), std::string(sqlstate)};
}

std::shared_ptr<void> Own(PGresult* result) {
  return {result, [](void* owned) { PQclear(static_cast<PGresult*>(owned)); }};
}

// As libpq takes parameters.
struct Wire {
  std::vector<const char*> values;
  std::vector<int> lengths;
  std::vector<int> formats;

  explicit Wire(const std::vector<std::optional<std::string>>& all) : formats(all.size(), 1) {
    for (const std::optional<std::string>& value : all) {
      values.push_back(value ? value->data() : nullptr);
      lengths.push_back(value ? static_cast<int>(value->size()) : 0);
    }
  }
  int count() const { return static_cast<int>(values.size()); }
};

PGresult* Of(const std::shared_ptr<void>& result) {
  return static_cast<PGresult*>(result.get());
}

}  // namespace

bool IsLost(const base::Error& error) {
  return error.code == base::ErrorCode::kStorage && error.found.empty();
}

// ---- Values ----

Values& Values::Add(int64_t value) {
  PutBigEndian(&values_.emplace_back(std::string()).value(), value);
  return *this;
}
Values& Values::AddSmall(int64_t value) {
  PutBigEndian(&values_.emplace_back(std::string()).value(), static_cast<int16_t>(value));
  return *this;
}
Values& Values::Add(std::string_view text) {
  values_.emplace_back(std::string(text));
  return *this;
}
Values& Values::Add(base::ByteView bytes) {
  return Add(base::AsText(bytes));
}
Values& Values::Add(const base::Uuid& uuid) {
  return Add(base::ByteView(uuid.bytes));
}
Values& Values::Add(std::optional<int64_t> value) {
  if (value) return Add(*value);
  values_.emplace_back(std::nullopt);
  return *this;
}
Values& Values::AddArray(std::span<const int16_t> values) {
  std::string out = ArrayOf(kOidInt2, values.size(), false);
  for (const int16_t value : values) PutInteger(&out, value);
  values_.emplace_back(std::move(out));
  return *this;
}
Values& Values::AddArray(std::span<const int64_t> values) {
  std::string out = ArrayOf(kOidInt8, values.size(), false);
  for (const int64_t value : values) PutInteger(&out, value);
  values_.emplace_back(std::move(out));
  return *this;
}
Values& Values::AddArray(const std::vector<bool>& values) {
  std::string out = ArrayOf(kOidBool, values.size(), false);
  for (const bool value : values) PutInteger<int8_t>(&out, value ? 1 : 0);
  values_.emplace_back(std::move(out));
  return *this;
}
Values& Values::AddArray(std::span<const base::Uuid> values) {
  std::string out = ArrayOf(kOidUuid, values.size(), true);
  for (const base::Uuid& value : values) {
    if (value.is_nil()) {
      PutBigEndian<int32_t>(&out, -1);
    } else {
      PutElement(&out, value.bytes);
    }
  }
  values_.emplace_back(std::move(out));
  return *this;
}
Values& Values::AddArray(std::span<const base::Bytes> values) {
  std::string out = ArrayOf(kOidBytes, values.size(), false);
  for (const base::Bytes& value : values) PutElement(&out, value);
  values_.emplace_back(std::move(out));
  return *this;
}
Values& Values::AddArray(std::span<const std::string> values) {
  std::string out = ArrayOf(kOidText, values.size(), false);
  for (const std::string& value : values) PutElement(&out, base::AsBytes(value));
  values_.emplace_back(std::move(out));
  return *this;
}

// ---- Rows ----

size_t Rows::size() const {
  return static_cast<size_t>(PQntuples(Of(result_)));
}
bool Rows::IsNull(size_t row, int column) const {
  return PQgetisnull(Of(result_), static_cast<int>(row), column) != 0;
}
base::ByteView Rows::Bytes(size_t row, int column) const {
  const int at = static_cast<int>(row);
  return {reinterpret_cast<const uint8_t*>(PQgetvalue(Of(result_), at, column)),
          static_cast<size_t>(PQgetlength(Of(result_), at, column))};
}
std::string_view Rows::Text(size_t row, int column) const {
  return base::AsText(Bytes(row, column));
}
base::Uuid Rows::Uuid(size_t row, int column) const {
  base::Uuid uuid;
  const base::ByteView bytes = Bytes(row, column);
  std::copy_n(bytes.begin(), std::min(bytes.size(), uuid.bytes.size()), uuid.bytes.begin());
  return uuid;
}
bool Rows::Bool(size_t row, int column) const {
  return Int(row, column) != 0;
}
int64_t Rows::Int(size_t row, int column) const {
  const base::ByteView bytes = Bytes(row, column);
  uint64_t value = !bytes.empty() && bytes[0] >= 0x80 && bytes.size() > 1 ? UINT64_MAX : 0;
  for (const uint8_t byte : bytes) value = value << 8 | byte;
  return static_cast<int64_t>(value);
}

// ---- Connection ----

struct Connection::Impl {
  PGconn* connection = nullptr;
  bool lost = false;
  bool warned = false;

  // As when the wait for a synchronous standby was cancelled: "committed locally, but might not have been replicated".
  static void Notice(void* impl, const PGresult* notice) {
    const char* severity = PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);
    const char* state = PQresultErrorField(notice, PG_DIAG_SQLSTATE);
    if (severity != nullptr && state != nullptr && std::strcmp(severity, "WARNING") == 0 &&
        std::strcmp(state, "01000") == 0) {
      static_cast<Impl*>(impl)->warned = true;
    }
  }
};

Connection::Connection() : impl_(std::make_unique<Impl>()) {}

Connection::~Connection() {
  PQfinish(impl_->connection);
}

bool Connection::lost() const {
  return impl_->lost || PQstatus(impl_->connection) != CONNECTION_OK;
}

base::Error Connection::LastError() const {
  return MakeError("", PQerrorMessage(impl_->connection));
}

Result<std::unique_ptr<Connection>> Connection::Open(const Address& address,
                                                     std::span<const Statement> statements) {
  // Later words win: the URL may say otherwise, save for the name and the password.
  const char* const keywords[] = {"connect_timeout",
                                  "keepalives_idle",
                                  "keepalives_interval",
                                  "keepalives_count",
                                  "tcp_user_timeout",
                                  "dbname",
                                  address.password.empty() ? nullptr : "password",
                                  nullptr};
  const char* const values[] = {
      "5", "5", "5", "3", "15000", address.url.c_str(), address.password.c_str(), nullptr};
  std::unique_ptr<Connection> connection(new Connection());
  connection->impl_->connection = PQconnectdbParams(keywords, values, /*expand_dbname=*/1);
  if (connection->lost()) return base::Fail(connection->LastError());
  WB_RETURN_IF_ERROR(connection->Begin(statements));
  return connection;
}

Result<void> Connection::Begin(std::span<const Statement> statements) {
  PQsetNoticeReceiver(impl_->connection, &Impl::Notice, impl_.get());
  // Otherwise a server that stops in the middle could hold this thread for ever.
  if (PQsetnonblocking(impl_->connection, 1) != 0) return base::Fail(LastError());
  // Plans must not depend on how full the tables were when they were made: everything here goes by an index. A commit
  // that may be lost is no commit. A node that stands still in the middle of a transaction keeps its locks no longer
  // than others wait for them.
  WB_RETURN_IF_ERROR(
      RunScript("SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; "
                "SET jit = off; SET application_name = 'wideberth'; "
                "SET idle_in_transaction_session_timeout = " +
                std::to_string(kIdleInTransactionMs) +
                "; "
                "SELECT CASE WHEN current_setting('synchronous_commit') IN ('off', 'local') "
                "THEN set_config('synchronous_commit', 'on', false) END"));
  static constexpr Statement kIdentity = {
      "identity",
      "SELECT CASE WHEN pg_is_in_recovery() THEN '' ELSE system_identifier::text || '/' || "
      "substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) || '/' || "
      "(1000000 * extract(epoch FROM pg_postmaster_start_time()))::bigint::text || '/' || "
      "(SELECT oid FROM pg_database WHERE datname = current_database())::text || '/' || "
      "coalesce(pg_relation_filenode(to_regclass('dss_log'))::text, '') END "
      "FROM pg_control_system()"};
  std::vector<Statement> all(statements.begin(), statements.end());
  all.push_back(kIdentity);
  for (const Statement& statement : all) {
    WB_RETURN_IF_ERROR(
        TakeLast(PQsendPrepare(impl_->connection, statement.name, statement.sql, 0, nullptr) == 1));
  }
  WB_ASSIGN_OR_RETURN(const Rows rows, Run(kIdentity));
  identity_ = rows.Text(0, 0);
  if (!identity_.empty()) return {};
  impl_->lost = true;
  return base::Fail(base::ErrorCode::kStorage, "postgres",
                    "must be the primary: this server is a standby");
}

// The rows, or what their statement was refused for.
Result<Rows> Connection::Check(Rows rows) {
  const ExecStatusType status = PQresultStatus(Of(rows.result_));
  if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY) {
    return rows;
  }
  if (lost()) return base::Fail(LastError());
  const char* state = PQresultErrorField(Of(rows.result_), PG_DIAG_SQLSTATE);
  const char* severity = PQresultErrorField(Of(rows.result_), PG_DIAG_SEVERITY_NONLOCALIZED);
  const char* message = PQresultErrorMessage(Of(rows.result_));
  // The server ends the connection after what is more than an error, whatever it had done before.
  if (state == nullptr || severity == nullptr || std::strcmp(severity, "ERROR") != 0) {
    impl_->lost = true;
    return base::Fail(MakeError("", message));
  }
  return base::Fail(MakeError(state, message));
}

// The last result of what was sent without a pipeline, or the first refusal.
Result<Rows> Connection::TakeLast(bool sent) {
  if (!sent) {
    impl_->lost = true;
    return base::Fail(LastError());
  }
  Result<Rows> last = Rows();
  while (true) {
    WB_ASSIGN_OR_RETURN(Rows rows, TakeResult());
    if (rows.result_ == nullptr) break;
    if (last) last = Check(std::move(rows));
    if (lost()) break;
  }
  return last;
}

Result<void> Connection::RunScript(const std::string& sql) {
  WB_RETURN_IF_ERROR(TakeLast(PQsendQuery(impl_->connection, sql.c_str()) == 1));
  return {};
}

Result<Rows> Connection::Ask(const std::string& sql, const Values& values) {
  const Wire wire(values.values_);
  return TakeLast(PQsendQueryParams(impl_->connection, sql.c_str(), wire.count(), nullptr,
                                    wire.values.data(), wire.lengths.data(), wire.formats.data(),
                                    1) == 1);
}

// Until the next result can be taken without waiting.
Result<void> Connection::Await() {
  const int64_t until_ms = NowMs() + answer_deadline_ms_;
  while (true) {
    const int unsent = PQflush(impl_->connection);
    if (unsent >= 0 && PQisBusy(impl_->connection) == 0) return {};
    const int64_t left_ms = until_ms - NowMs();
    pollfd wait{PQsocket(impl_->connection), POLLIN, 0};
    if (unsent > 0) wait.events |= POLLOUT;
    if (unsent >= 0 && (left_ms <= 0 || wait.fd < 0)) {
      impl_->lost = true;
      return base::Fail(MakeError("", "the server did not answer in time"));
    }
    if (unsent >= 0 && poll(&wait, 1, static_cast<int>(left_ms)) <= 0) continue;
    if (unsent < 0 || PQconsumeInput(impl_->connection) == 0) {
      impl_->lost = true;
      return base::Fail(LastError());
    }
  }
}

Result<Rows> Connection::TakeResult() {
  WB_RETURN_IF_ERROR(Await());
  Rows rows;
  rows.result_ = Own(PQgetResult(impl_->connection));
  return rows;
}

Result<std::vector<Rows>> Connection::Run(std::span<const Step> steps) {
  PGconn* const connection = impl_->connection;
  const auto lose = [&]() {
    impl_->lost = true;
    return base::Fail(LastError());
  };
  if (lost() || PQenterPipelineMode(connection) == 0) return lose();
  impl_->warned = false;
  for (const Step& step : steps) {
    const Wire wire(step.values.values_);
    if (PQsendQueryPrepared(connection, step.statement->name, wire.count(), wire.values.data(),
                            wire.lengths.data(), wire.formats.data(), 1) == 0) {
      return lose();
    }
  }
  if (PQpipelineSync(connection) == 0) return lose();
  std::vector<Rows> all;
  std::optional<base::Error> refused;
  // Each step gives a result and a null one; the synchronisation gives one result.
  while (true) {
    WB_ASSIGN_OR_RETURN(Rows rows, TakeResult());
    if (rows.result_ == nullptr) {
      if (lost()) return lose();
      continue;
    }
    const ExecStatusType status = PQresultStatus(Of(rows.result_));
    if (status == PGRES_PIPELINE_SYNC) break;
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) {
      all.push_back(std::move(rows));
    } else if (status != PGRES_PIPELINE_ABORTED && !refused) {
      refused = Check(std::move(rows)).error();
      if (lost()) return base::Fail(std::move(*refused));
    }
  }
  if (PQexitPipelineMode(connection) == 0) return lose();
  if (refused) return base::Fail(std::move(*refused));
  if (impl_->warned) {
    impl_->lost = true;
    return base::Fail(MakeError("", "the server warns of what it did"));
  }
  return all;
}

Result<Rows> Connection::Run(const Statement& statement, Values values) {
  const Step step{&statement, std::move(values)};
  WB_ASSIGN_OR_RETURN(std::vector<Rows> rows, Run({&step, 1}));
  return std::move(rows.at(0));
}

}  // namespace wideberth::store::postgres
