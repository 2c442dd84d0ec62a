#include "store/postgres/accept.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <variant>

#include "dss/effects.h"
#include "dss/log_entry.h"
#include "dss/state.h"

namespace wideberth::store::postgres {
namespace {

using base::ErrorCode;
using base::Result;
using dss::Kind;

constexpr int kAttemptsMax = 40;
constexpr std::chrono::milliseconds kReconnect(200);
constexpr int64_t kEvictRowsMax = 200;
constexpr int64_t kResolveUs = 5 * base::kMicrosPerSecond;

// How long a thing in a slot of dss_cell (schema.cc) lasts at most, by the slot's low bits; the seconds there are whole
// ones.
constexpr int64_t kSpanMax = std::numeric_limits<int64_t>::max();
constexpr std::array kSpanUs = {3'602 * base::kMicrosPerSecond, 86'402 * base::kMicrosPerSecond,
                                kSpanMax};

constexpr Statement kBegin = {"begin", "BEGIN ISOLATION LEVEL READ COMMITTED"};
constexpr Statement kTimeout = {"timeout", "SELECT set_config('lock_timeout', $1::text, true)"};
// In the order of the arrays.
constexpr Statement kLock = {"lock",
                             "SELECT CASE WHEN l.shared THEN pg_advisory_xact_lock_shared(l.key) "
                             "ELSE pg_advisory_xact_lock(l.key) END "
                             "FROM unnest($1::bigint[], $2::boolean[]) AS l (key, shared)"};
constexpr Statement kXid = {
    "xid", "SELECT pg_current_xact_id()::text::bigint, coalesce((SELECT origin FROM dss_log), '')"};
constexpr Statement kEntities = {
    "entities",
    "SELECT e.body FROM unnest($1::smallint[], $2::uuid[]) AS a (kind, id) "
    "JOIN dss_entity e ON e.kind = a.kind AND e.id = a.id"};
constexpr Statement kDependents = {
    "dependents",
    "SELECT e.body FROM unnest($1::uuid[]) AS a (id) JOIN dss_entity e ON e.subscription = a.id"};
constexpr Statement kNear = {
    "near",
    "SELECT e.body FROM (SELECT DISTINCT c.kind, c.id "
    "FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[]) "
    "AS a (slot, starts, ends, ends_last) JOIN dss_cell c ON c.slot = a.slot "
    "AND c.ends >= a.starts AND c.ends <= a.ends_last AND c.starts <= a.ends) hit "
    "JOIN dss_entity e ON e.kind = hit.kind AND e.id = hit.id"};
constexpr Statement kEnded = {
    "ended",
    "SELECT body FROM dss_entity WHERE ends < $1::bigint ORDER BY ends, kind LIMIT $2::bigint"};
constexpr Statement kAvailability = {"availability", "SELECT body FROM dss_availability"};

constexpr Statement kRemove = {
    "remove",
    "DELETE FROM dss_entity e USING unnest($1::smallint[], $2::uuid[]) AS a (kind, id) "
    "WHERE e.kind = a.kind AND e.id = a.id"};
constexpr Statement kUncover = {
    "uncover",
    "DELETE FROM dss_cell c USING unnest($1::smallint[], $2::bigint[], $3::bigint[], $4::uuid[]) "
    "AS a (kind, cell, ends, id) "
    "WHERE c.kind = a.kind AND c.cell = a.cell AND c.ends = a.ends AND c.id = a.id"};
constexpr Statement kPut = {
    "put",
    "INSERT INTO dss_entity (kind, id, ends, subscription, body) "
    "SELECT * FROM unnest($1::smallint[], $2::uuid[], $3::bigint[], $4::uuid[], $5::bytea[]) "
    "ON CONFLICT (kind, id) DO UPDATE SET ends = excluded.ends, "
    "subscription = excluded.subscription, body = excluded.body"};
constexpr Statement kCover = {
    "cover",
    "INSERT INTO dss_cell (kind, cell, ends, id, starts) "
    "SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::bigint[], $4::uuid[], $5::bigint[])"};
constexpr Statement kSay = {
    "say",
    "INSERT INTO dss_availability (uss, body) SELECT * FROM unnest($1::text[], $2::bytea[]) "
    "ON CONFLICT (uss) DO UPDATE SET body = excluded.body"};
// A client that asks again files the same report under the same id.
constexpr Statement kFile = {
    "file",
    "INSERT INTO dss_report (id, at, reporter, body) "
    "SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[]) "
    "ON CONFLICT (id) DO NOTHING"};
constexpr Statement kStage = {"stage",
                              "INSERT INTO dss_log_staged (xid, batch, number, entry) "
                              "SELECT $1::bigint, $2::uuid, a.number, a.entry "
                              "FROM unnest($3::text[]) WITH ORDINALITY AS a (entry, number)"};
constexpr Statement kChange = {"change",
                               "INSERT INTO dss_change (xid, batch, at, effects) "
                               "VALUES ($1::bigint, $2::uuid, $3::bigint, $4::bytea)"};
constexpr Statement kCommit = {"commit", "COMMIT"};
constexpr Statement kRollback = {"rollback", "ROLLBACK"};
constexpr Statement kStatus = {
    "status",
    "SELECT EXISTS (SELECT FROM dss_change WHERE xid = $1::bigint AND batch = $2::uuid), "
    // Of a transaction that this server has yet to begin it would be an error.
    "CASE WHEN $1::bigint < pg_snapshot_xmax(pg_current_snapshot())::text::bigint "
    "THEN pg_xact_status($1::bigint::text::xid8) END"};
// Changes nothing, and commits: no sooner than the standbys have what was committed before.
constexpr Statement kAnchor = {"anchor", "UPDATE dss_pool SET pruned_below = pruned_below"};

constexpr std::array kStatements = {kBegin,      kTimeout, kLock,   kXid,          kEntities,
                                    kDependents, kNear,    kEnded,  kAvailability, kRemove,
                                    kUncover,    kPut,     kCover,  kSay,          kFile,
                                    kStage,      kChange,  kCommit, kRollback};

base::Error NotApplied(const base::Error& cause) {
  return {ErrorCode::kBusy, cause.field, "nothing was applied: " + cause.rule, cause.found};
}

base::Error Late() {
  return {ErrorCode::kBusy, "", "the command waited too long; nothing was applied", ""};
}

const dss::Entity* Find(const dss::View& view, Kind kind, const base::Uuid& id) {
  switch (kind) {
    case Kind::kIntent:
      return view.FindIntent(id);
    case Kind::kConstraint:
      return view.FindConstraint(id);
    case Kind::kServiceArea:
      return view.FindServiceArea(id);
    case Kind::kSubscription:
      return view.FindSubscription(id);
    case Kind::kRidSubscription:
      return view.FindRidSubscription(id);
  }
  return nullptr;
}

base::Bytes Encode(const dss::View& view, Kind kind, const base::Uuid& id) {
  base::Bytes bytes;
  const auto encode = [&](const auto* entity) { dss::EncodeEffect(*entity, &bytes); };
  switch (kind) {
    case Kind::kIntent:
      encode(view.FindIntent(id));
      break;
    case Kind::kConstraint:
      encode(view.FindConstraint(id));
      break;
    case Kind::kServiceArea:
      encode(view.FindServiceArea(id));
      break;
    case Kind::kSubscription:
      encode(view.FindSubscription(id));
      break;
    case Kind::kRidSubscription:
      encode(view.FindRidSubscription(id));
      break;
  }
  return bytes;
}

// Columns of the tables, filled row by row.
struct EntityColumns {
  std::vector<int16_t> kinds;
  std::vector<base::Uuid> ids;
  std::vector<int64_t> ends;
  std::vector<base::Uuid> subscriptions;
  std::vector<base::Bytes> bodies;

  void Add(const dss::View& view, Kind kind, const dss::Entity& entity) {
    kinds.push_back(static_cast<int16_t>(kind));
    ids.push_back(entity.id);
    ends.push_back(entity.extent.end.us);
    subscriptions.push_back(kind == Kind::kIntent ? view.FindIntent(entity.id)->subscription
                                                  : base::Uuid());
    bodies.push_back(Encode(view, kind, entity.id));
  }
};

struct CellColumns {
  std::vector<int16_t> kinds;
  std::vector<int64_t> cells;
  std::vector<int64_t> starts;
  std::vector<int64_t> ends;
  std::vector<base::Uuid> ids;

  void Add(Kind kind, const base::Uuid& id, const dss::Extent& extent) {
    for (const geo::CellId cell : extent.cells) {
      kinds.push_back(static_cast<int16_t>(kind));
      cells.push_back(static_cast<int64_t>(cell));
      starts.push_back(extent.start.us);
      ends.push_back(extent.end.us);
      ids.push_back(id);
    }
  }
};

Connection::Step LocksOf(const Plan& plan) {
  std::map<int64_t, bool> locks;
  if (!plan.world) locks = plan.locks;
  locks[WorldKey()] = !plan.world;
  std::vector<int64_t> keys;
  std::vector<bool> shared;
  for (const auto& [key, is_shared] : locks) {
    keys.push_back(key);
    shared.push_back(is_shared);
  }
  return {&kLock, Values().AddArray(keys).AddArray(shared)};
}

Connection::Step EntitiesOf(const Plan& plan) {
  std::vector<int16_t> kinds;
  std::vector<base::Uuid> ids;
  for (const auto& [kind, id] : plan.entities) {
    kinds.push_back(static_cast<int16_t>(kind));
    ids.push_back(id);
  }
  return {&kEntities, Values().AddArray(kinds).AddArray(ids)};
}

Connection::Step NearOf(const Plan& plan) {
  std::vector<int64_t> slots;
  std::vector<int64_t> starts;
  std::vector<int64_t> ends;
  std::vector<int64_t> ends_last;
  for (const Plan::Reach& reach : plan.reaches) {
    for (size_t span = 0; span < kSpanUs.size(); ++span) {
      // What begins by then and lasts no longer ends by then.
      const int64_t last =
          reach.end.us > kSpanMax - kSpanUs[span] ? kSpanMax : reach.end.us + kSpanUs[span];
      for (const geo::CellId cell : reach.cells) {
        slots.push_back(static_cast<int64_t>(cell) + 4 * static_cast<int64_t>(reach.kind) +
                        static_cast<int64_t>(span));
        starts.push_back(reach.start.us);
        ends.push_back(reach.end.us);
        ends_last.push_back(last);
      }
    }
  }
  return {&kNear, Values().AddArray(slots).AddArray(starts).AddArray(ends).AddArray(ends_last)};
}

}  // namespace

// What one attempt has read and decided.
struct Acceptor::Work {
  base::UtcMicros now;
  int64_t xid = 0;
  base::Uuid batch;
  dss::State state;
  std::vector<Result<dss::Answer>> answers;
  base::Bytes effects;
  // As the database has them: of the entities that were changed.
  std::map<std::pair<Kind, base::Uuid>, std::optional<dss::Extent>> before;
  std::map<std::string, base::Bytes> availabilities;
  std::vector<dss::ReportFiled> reports;
  std::vector<std::string> entries;  // for the log

  Result<void> Take(const Rows& rows) {
    for (size_t row = 0; row < rows.size(); ++row) {
      base::ByteView body = rows.Bytes(row, 0);
      WB_ASSIGN_OR_RETURN(const dss::Effect effect, dss::DecodeEffect(&body));
      state.Apply(effect);
    }
    return {};
  }

  void Touch(Kind kind, const base::Uuid& id) {
    const auto [place, added] = before.try_emplace({kind, id});
    if (!added) return;
    if (const dss::Entity* entity = Find(state, kind, id)) place->second = entity->extent;
  }

  void Apply(const dss::Effect& effect) {
    std::visit(
        [&](const auto& value) {
          using T = std::decay_t<decltype(value)>;
          if constexpr (std::is_base_of_v<dss::Entity, T>) {
            Touch(T::kKind, value.id);
          } else if constexpr (std::is_same_v<T, dss::Removed>) {
            Touch(value.kind, value.id);
          } else if constexpr (std::is_same_v<T, dss::UssAvailability>) {
            base::Bytes& body = availabilities[value.uss];
            body.clear();
            dss::EncodeEffect(value, &body);
          } else if constexpr (std::is_same_v<T, dss::ReportFiled>) {
            reports.push_back(value);
          }
        },
        effect);
    // A report is nothing that a node keeps in memory.
    if (!std::holds_alternative<dss::ReportFiled>(effect)) dss::EncodeEffect(effect, &effects);
    state.Apply(effect);
  }
  bool changed() const {
    return !before.empty() || !availabilities.empty() || !reports.empty() || !effects.empty();
  }
};

Plan Acceptor::PlanOf(const dss::Command& command, base::UtcMicros now) const {
  return parts_.index.Read([&](const dss::State& state) { return MakePlan(state, command, now); });
}

Result<void> Acceptor::Connect() {
  if (connection_ != nullptr && !connection_->lost()) return {};
  WB_ASSIGN_OR_RETURN(connection_, Connection::Open(parts_.address, kStatements));
  return {};
}

// Ends the transaction; a connection that cannot even do that is given up.
void Acceptor::Forget() {
  if (connection_ == nullptr) return;
  if (connection_->lost() || !connection_->Run(kRollback)) connection_.reset();
}

void Acceptor::Pause(int attempt) {
  std::array<uint8_t, 2> drawn{};
  parts_.random.Fill(drawn);
  const int64_t most_us = int64_t{1'000} << std::min(attempt, 6);
  std::this_thread::sleep_for(
      std::chrono::microseconds(most_us * (drawn[0] * 256 + drawn[1]) / 65'536));
}

Result<void> Acceptor::ReadRows(const Plan& plan, bool evict, int64_t deadline_monotonic_us,
                                Work* work) {
  work->now = parts_.clock.Now();
  const int64_t left_ms = (deadline_monotonic_us - parts_.clock.MonotonicMicros()) / 1'000;
  if (left_ms <= 0) return base::Fail(Late());
  const std::vector<base::Uuid> dependents(plan.dependents_of.begin(), plan.dependents_of.end());
  std::vector<Connection::Step> steps = {
      {&kBegin, {}},    {&kTimeout, Values().Add(std::string_view(std::to_string(left_ms)))},
      LocksOf(plan),    {&kXid, {}},
      EntitiesOf(plan), {&kDependents, Values().AddArray(std::span<const base::Uuid>(dependents))},
      NearOf(plan),     {&kAvailability, {}}};
  if (evict) {
    steps.push_back(
        {&kEnded, Values().Add(work->now.us - parts_.policy.retention_us).Add(kEvictRowsMax)});
  }
  WB_ASSIGN_OR_RETURN(const std::vector<Rows> rows, connection_->Run(steps));
  work->xid = rows[3].Int(0, 0);
  if (rows[3].Text(0, 1) != parts_.log_origin) {
    return base::Fail(ErrorCode::kBusy, "dss.log",
                      "the pool keeps another log than this node is configured for");
  }
  for (size_t i = 4; i < rows.size(); ++i) WB_RETURN_IF_ERROR(work->Take(rows[i]));
  // The tables hold no index of notifications: what was told since the subscription was written is in memory.
  parts_.index.Read([&](const dss::State& known) {
    for (const auto& [kind, id] : plan.entities) {
      if (kind == Kind::kSubscription) {
        const dss::Subscription* newer = known.FindSubscription(id);
        if (newer != nullptr) {
          work->state.Apply(dss::Notified{kind, id, newer->notification_index});
        }
      } else if (kind == Kind::kRidSubscription) {
        const dss::RidSubscription* newer = known.FindRidSubscription(id);
        if (newer != nullptr) {
          work->state.Apply(dss::Notified{kind, id, newer->notification_index});
        }
      }
    }
    return 0;
  });
  return {};
}

// False if the plan was too small for the first of them: then *needed is what it lacks.
bool Acceptor::DecideAll(std::span<const dss::Command> commands, const Plan& plan, Plan* needed,
                         Work* work) {
  for (const dss::Command& command : commands) {
    // By what the commands before it have left.
    *needed = MakePlan(work->state, command, plan.made_at);
    if (!plan.Covers(*needed)) return !work->answers.empty();
    const base::UtcMicros now = parts_.clock.Now();
    Result<dss::Decision> decision = dss::Decide(work->state, command, parts_.policy, now);
    if (!decision) {
      parts_.counts.refused.fetch_add(1, std::memory_order_relaxed);
      work->answers.emplace_back(base::Fail(std::move(decision).error()));
      continue;
    }
    if (!parts_.log_origin.empty()) {
      decision->answer.logged = dss::LogOf(work->state, command, *decision, now);
      if (decision->answer.logged) work->entries.push_back(decision->answer.logged->entry);
    }
    for (const dss::Effect& effect : decision->effects) work->Apply(effect);
    work->answers.emplace_back(std::move(decision->answer));
  }
  return true;
}

// Rows of entities and of the cells that they are in.
void Acceptor::AddEntities(const Work& work, std::vector<Connection::Step>* steps) {
  EntityColumns put;
  EntityColumns removed;
  CellColumns covered;
  CellColumns uncovered;
  for (const auto& [what, extent] : work.before) {
    const auto& [kind, id] = what;
    const dss::Entity* entity = Find(work.state, kind, id);
    if (entity != nullptr) put.Add(work.state, kind, *entity);
    if (entity == nullptr && extent) {
      removed.kinds.push_back(static_cast<int16_t>(kind));
      removed.ids.push_back(id);
    }
    if (entity != nullptr && extent && entity->extent.cells == extent->cells &&
        entity->extent.start == extent->start && entity->extent.end == extent->end) {
      continue;
    }
    if (extent) uncovered.Add(kind, id, *extent);
    if (entity != nullptr) covered.Add(kind, id, entity->extent);
  }
  const std::span<const base::Uuid> removed_ids(removed.ids);
  if (!removed.ids.empty()) {
    steps->push_back({&kRemove, Values().AddArray(removed.kinds).AddArray(removed_ids)});
  }
  if (!uncovered.ids.empty()) {
    steps->push_back({&kUncover, Values()
                                     .AddArray(uncovered.kinds)
                                     .AddArray(uncovered.cells)
                                     .AddArray(uncovered.ends)
                                     .AddArray(uncovered.ids)});
  }
  if (!put.ids.empty()) {
    steps->push_back({&kPut, Values()
                                 .AddArray(put.kinds)
                                 .AddArray(put.ids)
                                 .AddArray(put.ends)
                                 .AddArray(put.subscriptions)
                                 .AddArray(put.bodies)});
  }
  if (!covered.ids.empty()) {
    steps->push_back({&kCover, Values()
                                   .AddArray(covered.kinds)
                                   .AddArray(covered.cells)
                                   .AddArray(covered.ends)
                                   .AddArray(covered.ids)
                                   .AddArray(covered.starts)});
  }
}

void Acceptor::AddOthers(const Work& work, std::vector<Connection::Step>* steps) {
  if (!work.availabilities.empty()) {
    std::vector<std::string> names;
    std::vector<base::Bytes> bodies;
    for (const auto& [name, body] : work.availabilities) {
      names.push_back(name);
      bodies.push_back(body);
    }
    steps->push_back({&kSay, Values().AddArray(names).AddArray(bodies)});
  }
  if (!work.reports.empty()) {
    std::vector<base::Uuid> ids;
    std::vector<int64_t> times;
    std::vector<std::string> reporters;
    std::vector<std::string> bodies;
    for (const dss::ReportFiled& report : work.reports) {
      ids.push_back(report.id);
      times.push_back(report.at.us);
      reporters.push_back(report.reporter);
      bodies.push_back(report.body);
    }
    steps->push_back(
        {&kFile, Values().AddArray(ids).AddArray(times).AddArray(reporters).AddArray(bodies)});
  }
}

Result<void> Acceptor::Write(const Work& work) {
  std::vector<Connection::Step> steps;
  AddEntities(work, &steps);
  AddOthers(work, &steps);
  if (!work.entries.empty()) {
    steps.push_back(
        {&kStage, Values().Add(work.xid).Add(work.batch).AddArray(std::span(work.entries))});
  }
  steps.push_back(
      {&kChange,
       Values().Add(work.xid).Add(work.batch).Add(work.now.us).Add(base::ByteView(work.effects))});
  steps.push_back({&kCommit, {}});
  WB_RETURN_IF_ERROR(connection_->Run(steps));
  return {};
}

// Whether a transaction whose COMMIT was not answered was applied: nothing if it was, kBusy if it was not.
Result<void> Acceptor::Resolve(const Work& work, const std::string& identity) {
  static constexpr std::array kResolve = {kStatus, kAnchor};
  const int64_t until_us = parts_.clock.MonotonicMicros() + kResolveUs;
  for (int attempt = 0; parts_.clock.MonotonicMicros() < until_us; ++attempt) {
    if (attempt > 0) Pause(6);
    const auto connection = Connection::Open(parts_.address, kResolve);
    if (!connection) continue;
    const Result<Rows> rows = (*connection)->Run(kStatus, Values().Add(work.xid).Add(work.batch));
    // What was not answered says nothing.
    if (!rows) continue;
    if (rows->Bool(0, 0)) {
      // It may be seen without being on the standby: a server that is told to stop ends the wait for it.
      if ((*connection)->Run(kAnchor)) return {};
      continue;
    }
    // Another history, complete, without it.
    const bool elsewhere = (*connection)->identity() != identity;
    if (elsewhere || (!rows->IsNull(0, 1) && rows->Text(0, 1) == "aborted")) {
      return base::Fail(ErrorCode::kBusy, "", "the connection was lost; nothing was applied");
    }
  }
  parts_.counts.unresolved.fetch_add(1, std::memory_order_relaxed);
  return base::Fail(ErrorCode::kStorage, "",
                    "the connection was lost; nobody knows whether it was applied");
}

Result<std::vector<Result<dss::Answer>>> Acceptor::Accept(std::span<const dss::Command> commands,
                                                          Plan plan,
                                                          int64_t deadline_monotonic_us) {
  const bool evict = std::holds_alternative<dss::Evict>(commands[0].request);
  base::Error last = Late();
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    if (parts_.clock.MonotonicMicros() > deadline_monotonic_us) break;
    if (attempt > 0) parts_.counts.retries.fetch_add(1, std::memory_order_relaxed);
    if (const Result<void> connected = Connect(); !connected) {
      last = connected.error();
      std::this_thread::sleep_for(kReconnect);
      continue;
    }
    Work work;
    work.batch = parts_.random.NewUuidV4();
    Plan needed;
    Result<void> done = ReadRows(plan, evict, deadline_monotonic_us, &work);
    if (done && !DecideAll(commands, plan, &needed, &work)) {
      plan.Add(needed);
      plan.world = plan.world || plan.locks.size() > kLocksBatchMax;
      Forget();
      continue;
    }
    if (done && work.changed()) {
      const std::string identity = connection_->identity();
      done = Write(work);
      if (!done && connection_->lost()) {
        connection_.reset();
        // Not tried again: what is found out is the answer.
        if (const Result<void> applied = Resolve(work, identity); !applied) {
          return base::Fail(applied.error());
        }
        done = {};
      }
      if (done) parts_.counts.transactions.fetch_add(1, std::memory_order_relaxed);
    } else if (done) {
      Forget();
    }
    if (done) {
      parts_.counts.commands.fetch_add(work.answers.size(), std::memory_order_relaxed);
      return std::move(work.answers);
    }
    last = done.error();
    const bool lost = IsLost(last);
    Forget();
    // A lock that did not come in time will not come in the time that is left.
    if (!lost && (last.code != ErrorCode::kBusy || last.found.empty() || last.found == "55P03")) {
      break;
    }
    Pause(attempt);
  }
  return base::Fail(NotApplied(last));
}

}  // namespace wideberth::store::postgres
