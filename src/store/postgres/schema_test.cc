#include "store/postgres/schema.h"

#include <gtest/gtest.h>

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/random.h"
#include "dss/effects.h"
#include "dss/testing/asking.h"
#include "geo/covering.h"
#include "geo/position.h"
#include "store/postgres/pool.h"
#include "store/postgres/testing/pools.h"
#include "store/postgres/testing/throwaway_server.h"

namespace wideberth::store::postgres {
namespace {

using dss::testing::Ask;
using dss::testing::Look;
using testing::NewPool;
using testing::OpenPool;
using testing::ThrowawayServer;

class SchemaTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const char* why = ThrowawayServer::Unavailable()) GTEST_SKIP() << why;
  }
  std::unique_ptr<Connection> Connect(const Address& address) {
    auto connection = Connection::Open(address, {});
    EXPECT_TRUE(connection.has_value()) << connection.error().ToString();
    return std::move(*connection);
  }
  dss::PutIntent Plan(double lat, double lng = 8.0) {
    dss::PutIntent put;
    put.id = random_.NewUuidV4();
    put.base_url = "https://uss.test";
    put.extent = {{geo::CellAt(geo::MakePosition(lat, lng).value(), dss::kCellLevel)},
                  0,
                  100'000,
                  {clock_.Now().us + base::kMicrosPerMinute},
                  {clock_.Now().us + base::kMicrosPerHour}};
    random_.Fill(put.drawn_ovn);
    put.drawn_subscription = random_.NewUuidV4();
    return put;
  }

  base::SystemClock clock_;
  base::SystemRandom random_;
};

TEST_F(SchemaTest, MigratesForwardAndBackAndKnowsWhichDatabaseItCanWorkOn) {
  const Address address = ThrowawayServer::Get().NewDatabase();
  const auto connection = Connect(address);
  EXPECT_EQ(ReadSchemaVersion(connection.get()).value(), 0);
  const auto refused = Pool::Open({address, "here", "", {}, 1, {}, nullptr}, clock_, random_);
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().rule.find("--migrate"), std::string::npos);

  EXPECT_EQ(Migrate(connection.get(), kSchemaVersion, &random_).value(), 0);
  EXPECT_EQ(ReadSchemaVersion(connection.get()).value(), kSchemaVersion);
  EXPECT_EQ(Migrate(connection.get(), kSchemaVersion, &random_).value(), kSchemaVersion);
  const std::string name(connection->Ask("SELECT dar_id FROM dss_pool")->Text(0, 0));
  EXPECT_TRUE(base::Uuid::ParseV4(name).has_value());
  const dss::PutIntent put = Plan(47.0);
  {
    const auto node = OpenPool(address, "here", clock_, random_);
    ASSERT_TRUE(Ask(node.get(), {"uss1", put}).has_value());
    EXPECT_EQ(node->dar_id(), name);
  }
  // Back to the release before, and forward again: what was accepted is still there.
  EXPECT_EQ(Migrate(connection.get(), kSchemaVersion - 1, &random_).value(), kSchemaVersion);
  EXPECT_FALSE(Pool::Open({address, "here", "", {}, 1, {}, nullptr}, clock_, random_).has_value());
  EXPECT_EQ(Migrate(connection.get(), kSchemaVersion, &random_).value(), kSchemaVersion - 1);
  const auto node = OpenPool(address, "here", clock_, random_);
  EXPECT_TRUE(Look(node.get(), [&](const auto& view, auto) {
                return GetIntent(view, put.id);
              }).has_value());
  EXPECT_FALSE(Migrate(connection.get(), kSchemaVersion + 1, &random_).has_value());
  // Of the next release: it leaves what this one needs. Of the one after: nobody knows.
  ASSERT_TRUE(connection->RunScript("UPDATE dss_schema SET version = version + 1").has_value());
  EXPECT_TRUE(CheckSchema(connection.get()).has_value());
  ASSERT_TRUE(connection->RunScript("UPDATE dss_schema SET version = version + 1").has_value());
  EXPECT_FALSE(CheckSchema(connection.get()).has_value());
  EXPECT_FALSE(Migrate(connection.get(), kSchemaVersion, &random_).has_value());
}

TEST_F(SchemaTest, RefusesAServerWhoseLocksHoldNothing) {
  const Address address = NewPool(&random_);
  const auto one = Connect(address);
  const auto other = Connect(address);
  EXPECT_TRUE(ProbeLocks(one.get(), other.get(), &random_).has_value());
  // As a server that takes the call and does nothing.
  const std::string no_locks =
      "CREATE SCHEMA empty; "
      "CREATE FUNCTION empty.pg_advisory_xact_lock(bigint) RETURNS void LANGUAGE sql AS ''; "
      "CREATE FUNCTION empty.pg_advisory_xact_lock_shared(bigint) RETURNS void LANGUAGE sql AS '';";
  ASSERT_TRUE(one->RunScript(no_locks).has_value());
  ASSERT_TRUE(one->RunScript("SET search_path = empty, pg_catalog, public").has_value());
  EXPECT_FALSE(ProbeLocks(one.get(), other.get(), &random_).has_value());
}

// An upgrade of a pool that goes on: what a migration forward may do, and back, under nodes of the release before.
TEST_F(SchemaTest, NodesGoOnWhileTheTablesBecomeThoseOfTheNextReleaseAndBack) {
  const Address address = NewPool(&random_);
  const auto east = OpenPool(address, "east", clock_, random_);
  const auto west = OpenPool(address, "west", clock_, random_);
  int stored = 0;
  const auto write_and_read = [&](const std::vector<dss::Host*>& nodes) {
    for (dss::Host* writer : nodes) {
      const dss::PutIntent put = Plan(20.0 + ++stored);
      const auto answer = Ask(writer, {"uss1", put});
      ASSERT_TRUE(answer.has_value()) << answer.error().ToString();
      for (dss::Host* reader : nodes) {
        EXPECT_TRUE(Look(reader, [&](const auto& view, auto) {
                      return GetIntent(view, put.id);
                    }).has_value());
      }
    }
  };
  write_and_read({east.get(), west.get()});
  const auto connection = Connect(address);
  ASSERT_TRUE(connection
                  ->RunScript("BEGIN; ALTER TABLE dss_entity ADD COLUMN next text; "
                              "ALTER TABLE dss_change ADD COLUMN next bigint NOT NULL DEFAULT 7; "
                              "ALTER TABLE dss_pool ADD COLUMN next text; "
                              "CREATE TABLE dss_next (id uuid PRIMARY KEY); "
                              "UPDATE dss_schema SET version = version + 1; COMMIT")
                  .has_value());
  write_and_read({east.get(), west.get()});
  {
    // One that is started again meanwhile.
    const auto third = OpenPool(address, "third", clock_, random_);
    write_and_read({east.get(), west.get(), third.get()});
  }
  ASSERT_TRUE(connection
                  ->RunScript("BEGIN; DROP TABLE dss_next; ALTER TABLE dss_pool DROP COLUMN next; "
                              "ALTER TABLE dss_change DROP COLUMN next; "
                              "ALTER TABLE dss_entity DROP COLUMN next; "
                              "UPDATE dss_schema SET version = version - 1; COMMIT")
                  .has_value());
  write_and_read({east.get(), west.get()});
}

// What the release before says to the database, as it said it.
class BeforeThis {
 public:
  BeforeThis(Connection* connection, base::RandomSource* random)
      : connection_(connection), random_(*random) {}

  void Put(const dss::Intent& intent) {
    base::Bytes body;
    dss::EncodeEffect(intent, &body);
    const auto cell = static_cast<int64_t>(intent.extent.cells[0]);
    Run("INSERT INTO dss_entity (kind, id, ends, subscription, body) "
        "SELECT * FROM unnest($1::smallint[], $2::uuid[], $3::bigint[], $4::uuid[], $5::bytea[]) "
        "ON CONFLICT (kind, id) DO UPDATE SET ends = excluded.ends, "
        "subscription = excluded.subscription, body = excluded.body",
        Values()
            .AddArray(std::vector<int16_t>{0})
            .AddArray(std::span<const base::Uuid>({&intent.id, 1}))
            .AddArray(std::vector<int64_t>{intent.extent.end.us})
            .AddArray(std::span<const base::Uuid>({&intent.subscription, 1}))
            .AddArray(std::vector<base::Bytes>{body}));
    Run("INSERT INTO dss_cell (kind, cell, ends, id, starts) SELECT * FROM "
        "unnest($1::smallint[], $2::bigint[], $3::bigint[], $4::uuid[], $5::bigint[])",
        Values()
            .AddArray(std::vector<int16_t>{0})
            .AddArray(std::vector<int64_t>{cell})
            .AddArray(std::vector<int64_t>{intent.extent.end.us})
            .AddArray(std::span<const base::Uuid>({&intent.id, 1}))
            .AddArray(std::vector<int64_t>{intent.extent.start.us}));
    Run("INSERT INTO dss_change (xid, batch, at, effects) "
        "SELECT pg_current_xact_id()::text::bigint, $1::uuid, $2::bigint, $3::bytea",
        Values().Add(random_.NewUuidV4()).Add(intent.extent.start.us).Add(base::ByteView(body)));
  }
  size_t CountNear(const dss::Extent& extent) {
    const Rows rows =
        Run("SELECT e.body FROM (SELECT DISTINCT c.kind, c.id "
            "FROM unnest($1::smallint[], $2::bigint[], $3::bigint[], $4::bigint[]) "
            "AS a (kind, cell, starts, ends) "
            "JOIN dss_cell c ON c.kind = a.kind AND c.cell = a.cell AND c.ends >= a.starts "
            "AND c.starts <= a.ends) hit JOIN dss_entity e ON e.kind = hit.kind AND e.id = hit.id",
            Values()
                .AddArray(std::vector<int16_t>{0})
                .AddArray(std::vector<int64_t>{static_cast<int64_t>(extent.cells[0])})
                .AddArray(std::vector<int64_t>{extent.start.us})
                .AddArray(std::vector<int64_t>{extent.end.us}));
    return rows.size();
  }

 private:
  Rows Run(const std::string& sql, const Values& values) {
    auto rows = connection_->Ask(sql, values);
    EXPECT_TRUE(rows.has_value()) << rows.error().ToString();
    return rows ? *rows : Rows();
  }

  Connection* const connection_;
  base::RandomSource& random_;
};

// The steps that this release makes itself, under the statements of the release before; what that writes meanwhile is
// found by this one.
TEST_F(SchemaTest, TheReleaseBeforeReadsAndWritesWhileTheTablesAreMigratedForwardAndBack) {
  const Address address = ThrowawayServer::Get().NewDatabase();
  const auto connection = Connect(address);
  ASSERT_TRUE(Migrate(connection.get(), kSchemaVersion - 1, &random_).has_value());
  BeforeThis before(connection.get(), &random_);
  const auto follower = Connection::Open(address, ReadIndex::statements());
  ASSERT_TRUE(follower.has_value());
  ReadIndex index;
  size_t stored = 0;
  dss::PutIntent put = Plan(20.0);
  const auto write_and_read = [&] {
    dss::Intent intent;
    intent.id = random_.NewUuidV4();
    intent.manager = "uss1";
    intent.ovn = "ovn" + std::to_string(++stored);
    intent.extent = put.extent;
    before.Put(intent);
    EXPECT_EQ(before.CountNear(put.extent), stored);
    const auto fetched = index.Fetch(follower->get());
    ASSERT_TRUE(fetched.has_value()) << fetched.error().ToString();
    EXPECT_EQ(index.Read([](const dss::State& s) { return s.GetStatistics(); }).entities[0],
              stored);
  };
  write_and_read();
  for (int round = 0; round < 2; ++round) {
    ASSERT_TRUE(Migrate(connection.get(), kSchemaVersion, &random_).has_value());
    write_and_read();
    {
      const auto node = OpenPool(address, "here", clock_, random_);
      const auto answer = Ask(node.get(), {"uss2", put});
      ASSERT_TRUE(answer.has_value()) << answer.error().ToString();
      EXPECT_EQ(answer->intents.size(), stored);
    }
    ASSERT_TRUE(Migrate(connection.get(), kSchemaVersion - 1, &random_).has_value());
    write_and_read();
  }
  EXPECT_EQ(index.loads(), 1u);
}

}  // namespace
}  // namespace wideberth::store::postgres
