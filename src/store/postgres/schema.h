// The tables of a pool, in versions.
//
// A node works on its own version and on the one after it: a migration leaves what the release before it needs. So a
// pool is upgraded without stopping it: migrate, then replace one node after the other; back in the opposite order.
#ifndef WIDEBERTH_STORE_POSTGRES_SCHEMA_H_
#define WIDEBERTH_STORE_POSTGRES_SCHEMA_H_

#include "base/random.h"
#include "base/result.h"
#include "store/postgres/connection.h"

namespace wideberth::store::postgres {

inline constexpr int kSchemaVersion = 3;  // what this release makes
inline constexpr int kSchemaVersionMin = 1;

// 0 on an empty database.
base::Result<int> ReadSchemaVersion(Connection* connection);

// Brings the database to `version`, forward or back, each step in a transaction of its own; makes the tables, and draws
// the pool's name, on an empty one. Several at once wait for each other. Returns the version that was found.
base::Result<int> Migrate(Connection* connection, int version, base::RandomSource* random);

// Whether a node of this release can work on the database.
base::Result<void> CheckSchema(Connection* connection);

// Proves on two connections that a lock taken on one keeps the other out: some servers that speak PostgreSQL's protocol
// take advisory locks and hold nothing.
base::Result<void> ProbeLocks(Connection* one, Connection* other, base::RandomSource* random);

}  // namespace wideberth::store::postgres

#endif  // WIDEBERTH_STORE_POSTGRES_SCHEMA_H_
