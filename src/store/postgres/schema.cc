#include "store/postgres/schema.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string>

namespace wideberth::store::postgres {
namespace {

using base::Result;

constexpr char kMigrationLock[] = "SELECT pg_advisory_xact_lock(7710550341872001)";

constexpr int64_t kMigrationDeadlineMs = 3'600'000;

struct Migration {
  const char* forward;
  const char* back;
};

// In the order of versions, from 1. Times are microseconds since 1970, cells S2 cell identifiers; `body` is the entity
// as dss/effects.h encodes it, and the columns beside it are what is searched by.
constexpr std::array<Migration, kSchemaVersion> kMigrations = {{
    {R"(
CREATE TABLE dss_pool (
  only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
  dar_id text NOT NULL,
  pruned_below bigint NOT NULL DEFAULT 0);
CREATE TABLE dss_entity (
  kind smallint NOT NULL, id uuid NOT NULL, ends bigint NOT NULL, subscription uuid,
  body bytea NOT NULL,
  PRIMARY KEY (kind, id));
CREATE INDEX dss_entity_ends ON dss_entity (ends);
CREATE INDEX dss_entity_dependents ON dss_entity (subscription) WHERE subscription IS NOT NULL;
CREATE TABLE dss_cell (
  kind smallint NOT NULL, cell bigint NOT NULL, ends bigint NOT NULL, id uuid NOT NULL,
  starts bigint NOT NULL,
  PRIMARY KEY (kind, cell, ends, id));
CREATE TABLE dss_availability (uss text PRIMARY KEY, body bytea NOT NULL);
CREATE TABLE dss_report (id uuid PRIMARY KEY, at bigint NOT NULL, reporter text NOT NULL, body text NOT NULL);
CREATE TABLE dss_change (
  xid bigint PRIMARY KEY, batch uuid NOT NULL, at bigint NOT NULL, effects bytea NOT NULL);
CREATE INDEX dss_change_at ON dss_change (at);
)",
     "DROP TABLE dss_change; DROP TABLE dss_report; DROP TABLE dss_availability; "
     "DROP TABLE dss_cell; DROP TABLE dss_entity; DROP TABLE dss_pool; "
     "DROP TABLE IF EXISTS dss_log, dss_log_staged, dss_log_tile, dss_log_time, dss_log_node;"},
    {R"(
CREATE TABLE dss_instance (
  locality text PRIMARY KEY, public_endpoint text NOT NULL, at bigint NOT NULL,
  source text NOT NULL, reporter text NOT NULL, number bigint NOT NULL, next_expected bigint);
)",
     "DROP TABLE dss_instance;"},
    // A slot is a cell, a kind, and how long a thing lasts at most, so that a search need not look at all that ends
    // later; accept.cc makes the same. Cells of their level leave the low bits free. It is one column because the
    // planner would rather take the key, which begins with kind and cell, where it believes cells to hold little.
    // The release before knows nothing of the log: what it accepts is not in there, so going back ends the log, and
    // keeps what was signed.
    {R"(
ALTER TABLE dss_cell ADD COLUMN slot bigint NOT NULL GENERATED ALWAYS AS (
  cell + 4 * kind +
  CASE WHEN ends / 1000000 - starts / 1000000 < 3600 THEN 0
       WHEN ends / 1000000 - starts / 1000000 < 86400 THEN 1 ELSE 2 END) STORED;
CREATE INDEX dss_cell_slot ON dss_cell (slot, ends, starts);
CREATE TABLE IF NOT EXISTS dss_log (
  only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
  origin text NOT NULL, vkey text NOT NULL,
  size bigint NOT NULL, root bytea NOT NULL, note text NOT NULL,
  epoch bigint NOT NULL, holder text NOT NULL, held_until bigint NOT NULL,
  trouble text NOT NULL);
CREATE TABLE IF NOT EXISTS dss_log_staged (
  xid bigint NOT NULL, batch uuid NOT NULL, number bigint NOT NULL, entry text NOT NULL,
  PRIMARY KEY (xid, batch, number));
CREATE TABLE IF NOT EXISTS dss_log_tile (
  level smallint NOT NULL, place bigint NOT NULL, width smallint NOT NULL, bytes bytea NOT NULL,
  PRIMARY KEY (level, place));
CREATE TABLE IF NOT EXISTS dss_log_time (at bigint NOT NULL, place bigint NOT NULL, PRIMARY KEY (at, place));
CREATE TABLE IF NOT EXISTS dss_log_node (
  locality text PRIMARY KEY, vouched text NOT NULL, size bigint NOT NULL);
)",
     "DROP INDEX dss_cell_slot; ALTER TABLE dss_cell DROP COLUMN slot; "
     "UPDATE dss_log SET trouble = 'writes may be missing: the tables were those of an earlier "
     "release' "
     "WHERE trouble = '';"},
}};

}  // namespace

Result<int> ReadSchemaVersion(Connection* connection) {
  WB_ASSIGN_OR_RETURN(const Rows there,
                      connection->Ask("SELECT to_regclass('dss_schema') IS NOT NULL"));
  if (!there.Bool(0, 0)) return 0;
  WB_ASSIGN_OR_RETURN(const Rows rows, connection->Ask("SELECT version FROM dss_schema"));
  return rows.size() == 0 ? 0 : static_cast<int>(rows.Int(0, 0));
}

Result<int> Migrate(Connection* connection, int version, base::RandomSource* random) {
  if (version < 0 || version > kSchemaVersion) {
    return base::Invalid("version", "must be 0 to " + std::to_string(kSchemaVersion),
                         std::to_string(version));
  }
  // Others' migrations are waited for, and large tables are rewritten.
  connection->set_answer_deadline_ms(kMigrationDeadlineMs);
  std::optional<int> found;
  while (true) {
    WB_RETURN_IF_ERROR(connection->RunScript("BEGIN; " + std::string(kMigrationLock)));
    const auto step = [&]() -> Result<bool> {
      WB_ASSIGN_OR_RETURN(const int now, ReadSchemaVersion(connection));
      if (!found) found = now;
      if (now == version) return false;
      if (now > kSchemaVersion) {
        return base::Invalid("version", "the database must not be of a later release",
                             std::to_string(now));
      }
      const int next = now < version ? now + 1 : now - 1;
      const Migration& migration = kMigrations.at(static_cast<size_t>(std::max(now, next) - 1));
      WB_RETURN_IF_ERROR(connection->RunScript(next > now ? migration.forward : migration.back));
      if (now == 0) {
        WB_RETURN_IF_ERROR(connection->Ask("INSERT INTO dss_pool (dar_id) VALUES ($1)",
                                           Values().Add(random->NewUuidV4().ToString())));
      }
      WB_RETURN_IF_ERROR(connection->RunScript(
          "CREATE TABLE IF NOT EXISTS dss_schema ("
          "only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one), version integer NOT NULL);"
          "DELETE FROM dss_schema; INSERT INTO dss_schema (version) VALUES (" +
          std::to_string(next) + ")"));
      return true;
    };
    const Result<bool> stepped = step();
    WB_RETURN_IF_ERROR(connection->RunScript(stepped && *stepped ? "COMMIT" : "ROLLBACK"));
    if (!stepped) return base::Fail(stepped.error());
    if (!*stepped) return *found;
  }
}

Result<void> CheckSchema(Connection* connection) {
  WB_ASSIGN_OR_RETURN(const int found, ReadSchemaVersion(connection));
  if (found >= kSchemaVersion && found <= kSchemaVersion + 1) return {};
  return base::Invalid(
      "pool.url",
      found < kSchemaVersion
          ? "must be of a database that was migrated: wideberthd --config FILE --migrate"
          : "must be of a database of this release or the next",
      "version " + std::to_string(found));
}

Result<void> ProbeLocks(Connection* one, Connection* other, base::RandomSource* random) {
  int64_t key = 0;
  std::array<uint8_t, 8> drawn{};
  random->Fill(drawn);
  std::memcpy(&key, drawn.data(), sizeof key);
  const auto may_take = [&](bool shared) -> Result<bool> {
    WB_ASSIGN_OR_RETURN(const Rows rows,
                        other->Ask(std::string("SELECT pg_try_advisory_xact_lock") +
                                       (shared ? "_shared" : "") + "($1)",
                                   Values().Add(key)));
    return rows.Bool(0, 0);
  };
  const auto probe = [&](const char* lock, bool shared_allowed) -> Result<bool> {
    WB_RETURN_IF_ERROR(one->RunScript("BEGIN"));
    WB_RETURN_IF_ERROR(one->Ask(std::string("SELECT ") + lock + "($1)", Values().Add(key)));
    WB_ASSIGN_OR_RETURN(const bool exclusive, may_take(false));
    WB_ASSIGN_OR_RETURN(const bool shared, may_take(true));
    WB_RETURN_IF_ERROR(one->RunScript("ROLLBACK"));
    WB_ASSIGN_OR_RETURN(const bool freed, may_take(false));
    return !exclusive && shared == shared_allowed && freed;
  };
  WB_ASSIGN_OR_RETURN(const bool exclusive_holds, probe("pg_advisory_xact_lock", false));
  WB_ASSIGN_OR_RETURN(const bool shared_holds, probe("pg_advisory_xact_lock_shared", true));
  if (exclusive_holds && shared_holds) return {};
  return base::Invalid("pool.url", "must be of a server whose advisory locks keep others out");
}

}  // namespace wideberth::store::postgres
