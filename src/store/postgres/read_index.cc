#include "store/postgres/read_index.h"

#include <array>
#include <vector>

#include "dss/effects.h"

namespace wideberth::store::postgres {
namespace {

using base::Result;

constexpr int64_t kPageRows = 10'000;

constexpr Statement kFetch = {
    "fetch",
    "SELECT pg_snapshot_xmin(s.snapshot)::text::bigint, p.pruned_below, c.xid, c.effects "
    "FROM (SELECT pg_current_snapshot() AS snapshot) s CROSS JOIN dss_pool p "
    "LEFT JOIN dss_change c ON c.xid >= $1::bigint AND NOT (c.xid = ANY ($2::bigint[])) "
    "ORDER BY c.xid"};
constexpr Statement kPosition = {
    "position",
    "SELECT pg_snapshot_xmin(s.snapshot)::text::bigint, c.xid "
    "FROM (SELECT pg_current_snapshot() AS snapshot) s "
    "LEFT JOIN dss_change c ON c.xid >= pg_snapshot_xmin(s.snapshot)::text::bigint"};
constexpr Statement kEntityPage = {
    "entity_page",
    "SELECT kind, id, body FROM dss_entity WHERE (kind, id) > ($1::smallint, $2::uuid) "
    "ORDER BY kind, id LIMIT $3::bigint"};
constexpr Statement kAvailabilities = {"availabilities", "SELECT body FROM dss_availability"};
constexpr std::array kStatements = {kFetch, kPosition, kEntityPage, kAvailabilities};

Result<void> ApplyAll(base::ByteView bytes, dss::State* state) {
  while (!bytes.empty()) {
    WB_ASSIGN_OR_RETURN(const dss::Effect effect, dss::DecodeEffect(&bytes));
    state->Apply(effect);
  }
  // Nobody writes a projection of it.
  (void)state->TakeDirty();
  return {};
}

}  // namespace

std::span<const Statement> ReadIndex::statements() {
  return kStatements;
}

std::shared_lock<std::shared_mutex> ReadIndex::ReadLock() const {
  const std::lock_guard turn(turnstile_);
  return std::shared_lock(mutex_);
}

std::unique_lock<std::shared_mutex> ReadIndex::WriteLock() {
  const std::lock_guard turn(turnstile_);
  return std::unique_lock(mutex_);
}

uint64_t ReadIndex::loads() const {
  const auto lock = ReadLock();
  return loads_;
}

Result<void> ReadIndex::Load(Connection* connection) {
  dss::State state;
  std::set<int64_t> applied;
  int64_t low = 0;
  // One snapshot for all pages.
  WB_RETURN_IF_ERROR(connection->RunScript("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"));
  const auto read = [&]() -> Result<void> {
    WB_ASSIGN_OR_RETURN(const Rows position, connection->Run(kPosition));
    low = position.Int(0, 0);
    for (size_t row = 0; row < position.size(); ++row) {
      if (!position.IsNull(row, 1)) applied.insert(position.Int(row, 1));
    }
    int64_t kind = -1;
    base::Uuid id;
    while (true) {
      WB_ASSIGN_OR_RETURN(
          const Rows page,
          connection->Run(kEntityPage, Values().AddSmall(kind).Add(id).Add(kPageRows)));
      for (size_t row = 0; row < page.size(); ++row) {
        WB_RETURN_IF_ERROR(ApplyAll(page.Bytes(row, 2), &state));
      }
      if (page.size() < kPageRows) break;
      kind = page.Int(page.size() - 1, 0);
      id = page.Uuid(page.size() - 1, 1);
    }
    WB_ASSIGN_OR_RETURN(const Rows availabilities, connection->Run(kAvailabilities));
    for (size_t row = 0; row < availabilities.size(); ++row) {
      WB_RETURN_IF_ERROR(ApplyAll(availabilities.Bytes(row, 0), &state));
    }
    return {};
  };
  const Result<void> done = read();
  if (!connection->lost()) WB_RETURN_IF_ERROR(connection->RunScript("ROLLBACK"));
  WB_RETURN_IF_ERROR(done);
  const auto lock = WriteLock();
  state_ = std::move(state);
  identity_ = connection->identity();
  low_ = low;
  applied_ = std::move(applied);
  ++loads_;
  return {};
}

Result<void> ReadIndex::Fetch(Connection* connection) {
  if (identity_ != connection->identity()) WB_RETURN_IF_ERROR(Load(connection));
  while (true) {
    const std::vector<int64_t> applied(applied_.begin(), applied_.end());
    WB_ASSIGN_OR_RETURN(const Rows rows,
                        connection->Run(kFetch, Values().Add(low_).AddArray(applied)));
    if (rows.Int(0, 1) <= low_) {
      // Bytes that do not decode leave half a change behind: everything is read again.
      const auto lock = WriteLock();
      for (size_t row = 0; row < rows.size(); ++row) {
        if (rows.IsNull(row, 2)) continue;
        if (const Result<void> done = ApplyAll(rows.Bytes(row, 3), &state_); !done) {
          identity_.clear();
          return done;
        }
        applied_.insert(rows.Int(row, 2));
      }
      low_ = rows.Int(0, 0);
      applied_.erase(applied_.begin(), applied_.lower_bound(low_));
      return {};
    }
    WB_RETURN_IF_ERROR(Load(connection));
  }
}

}  // namespace wideberth::store::postgres
