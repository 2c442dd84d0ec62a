#include "store/postgres/pool.h"

#include <gtest/gtest.h>

#include <array>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/log.h"
#include "base/random.h"
#include "dss/testing/host_contract.h"
#include "store/postgres/schema.h"
#include "store/postgres/testing/throwaway_server.h"

namespace wideberth::store::postgres {
namespace {

using dss::testing::Ask;
using dss::testing::HarnessFactory;
using dss::testing::HostContract;
using dss::testing::Look;
using testing::ThrowawayServer;

Address NewPool(base::RandomSource* random) {
  Address address = ThrowawayServer::Get().NewDatabase();
  auto connection = Connection::Open(address, {});
  EXPECT_TRUE(connection.has_value()) << connection.error().ToString();
  EXPECT_TRUE(Migrate(connection->get(), kSchemaVersion, random).has_value());
  return address;
}

std::unique_ptr<Pool> OpenPool(const Address& address, const std::string& locality,
                               const base::Clock& clock, base::RandomSource& random,
                               dss::Policy policy = {}) {
  PoolOptions options;
  options.address = address;
  options.locality = locality;
  options.public_endpoint = "https://" + locality + ".test";
  options.policy = policy;
  auto pool = Pool::Open(std::move(options), clock, random);
  EXPECT_TRUE(pool.has_value()) << pool.error().ToString();
  return std::move(*pool);
}

class TwoNodes final : public dss::testing::HostHarness {
 public:
  TwoNodes(const base::Clock& clock, const dss::Policy& policy) : policy_(policy) {
    const Address address = NewPool(&random_);
    for (const char* locality : {"east", "west"}) {
      nodes_.push_back(OpenPool(address, locality, clock, random_, policy));
    }
    policy_.time_based_notification_index = true;
  }
  std::vector<dss::Host*> hosts() override { return {nodes_[0].get(), nodes_[1].get()}; }
  dss::Policy policy() const override { return policy_; }

 private:
  base::SystemRandom random_;
  dss::Policy policy_;
  std::vector<std::unique_ptr<Pool>> nodes_;
};

INSTANTIATE_TEST_SUITE_P(Pool, HostContract,
                         ::testing::Values(HarnessFactory(
                             [](const base::Clock& clock, const dss::Policy& policy,
                                std::string* why) -> std::unique_ptr<dss::testing::HostHarness> {
                               if (const char* reason = ThrowawayServer::Unavailable()) {
                                 *why = reason;
                                 return nullptr;
                               }
                               return std::make_unique<TwoNodes>(clock, policy);
                             })));

class PoolTest : public ::testing::Test {
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

TEST_F(PoolTest, MigratesForwardAndBackAndKnowsWhichDatabaseItCanWorkOn) {
  const Address address = ThrowawayServer::Get().NewDatabase();
  const auto connection = Connect(address);
  EXPECT_EQ(ReadSchemaVersion(connection.get()).value(), 0);
  const auto refused = Pool::Open({address, "here", "", {}, 1, nullptr}, clock_, random_);
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
  EXPECT_FALSE(Pool::Open({address, "here", "", {}, 1, nullptr}, clock_, random_).has_value());
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

TEST_F(PoolTest, RefusesAServerWhoseLocksHoldNothing) {
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

TEST_F(PoolTest, AnIntentThatMovesIsHeldAtBothPlacesByANodeThatDoesNotKnowItYet) {
  const Address address = NewPool(&random_);
  const auto east = OpenPool(address, "east", clock_, random_);
  const auto west = OpenPool(address, "west", clock_, random_);
  dss::PutIntent put = Plan(47.0);
  std::string ovn;
  for (int i = 0; i < 40; ++i) {
    put.extent.cells = Plan(30.0 + i).extent.cells;
    if (i > 0) put.ovn = ovn;
    random_.Fill(put.drawn_ovn);
    // At once after the other node's answer: the read index of this one has not heard of it.
    const auto answer = Ask(i % 2 == 0 ? east.get() : west.get(), {"uss1", put});
    ASSERT_TRUE(answer.has_value()) << i << " " << answer.error().ToString();
    ovn = std::get<dss::Intent>(answer->entity).ovn;
    EXPECT_EQ(std::get<dss::Intent>(answer->entity).version, i + 1);
  }
  const auto connection = Connect(address);
  EXPECT_EQ(connection->Ask("SELECT count(*) FROM dss_cell")->Int(0, 0), 1);
}

TEST_F(PoolTest, ANodeThatWasAwayForLongReadsEverythingAgain) {
  const Address address = NewPool(&random_);
  const auto node = OpenPool(address, "here", clock_, random_);
  const auto follower = Connection::Open(address, ReadIndex::statements());
  ASSERT_TRUE(follower.has_value());
  ReadIndex index;
  ASSERT_TRUE(index.Fetch(follower->get()).has_value());
  ASSERT_TRUE(Ask(node.get(), {"uss1", Plan(47.0)}).has_value());
  ASSERT_TRUE(index.Fetch(follower->get()).has_value());
  EXPECT_EQ(index.loads(), 1u);
  ASSERT_TRUE(Ask(node.get(), {"uss1", Plan(48.0)}).has_value());
  const auto connection = Connect(address);
  ASSERT_TRUE(connection
                  ->RunScript("UPDATE dss_pool SET pruned_below = (SELECT max(xid) + 1 FROM "
                              "dss_change); DELETE FROM dss_change")
                  .has_value());
  ASSERT_TRUE(index.Fetch(follower->get()).has_value());
  EXPECT_EQ(index.loads(), 2u);
  EXPECT_EQ(index.Read([](const dss::State& s) { return s.GetStatistics(); }).entities[0], 2u);
}

// A change above a transaction that still runs is shown at once, and that one's when it ends.
TEST_F(PoolTest, AFetchDoesNotWaitForTransactionsThatStillRun) {
  const Address address = NewPool(&random_);
  const auto node = OpenPool(address, "here", clock_, random_);
  const auto follower = Connection::Open(address, ReadIndex::statements());
  ReadIndex index;
  ASSERT_TRUE(index.Fetch(follower->get()).has_value());
  const auto slow = Connect(address);
  ASSERT_TRUE(slow->RunScript("BEGIN; SELECT pg_current_xact_id()").has_value());
  ASSERT_TRUE(Ask(node.get(), {"uss1", Plan(47.0)}).has_value());
  const auto stored = [&] {
    return index.Read([](const dss::State& s) { return s.GetStatistics(); }).entities[0];
  };
  ASSERT_TRUE(index.Fetch(follower->get()).has_value());
  EXPECT_EQ(stored(), 1u);
  // What the slow one writes has the smaller number.
  base::Bytes effects;
  dss::Intent intent;
  intent.id = random_.NewUuidV4();
  intent.extent = Plan(40.0).extent;
  dss::EncodeEffect(intent, &effects);
  ASSERT_TRUE(slow->Ask("INSERT INTO dss_change SELECT pg_current_xact_id()::text::bigint, "
                        "'00000000-0000-4000-8000-000000000001'::uuid, 0, $1::bytea",
                        Values().Add(base::ByteView(effects)))
                  .has_value());
  ASSERT_TRUE(index.Fetch(follower->get()).has_value());
  EXPECT_EQ(stored(), 1u);
  ASSERT_TRUE(slow->RunScript("COMMIT").has_value());
  ASSERT_TRUE(index.Fetch(follower->get()).has_value());
  EXPECT_EQ(stored(), 2u);
  EXPECT_EQ(index.loads(), 1u);
}

TEST_F(PoolTest, OutlivesARestartOfTheServerWithoutLosingWhatItAnswered) {
  base::StartLogging({base::LogLevel::kError, base::LogForm::kJsonLines});
  const Address address = NewPool(&random_);
  const auto node = OpenPool(address, "here", clock_, random_);
  constexpr int kWriters = 4;
  std::atomic<bool> over = false;
  std::vector<std::vector<base::Uuid>> answered(kWriters);
  std::vector<std::vector<base::Uuid>> not_applied(kWriters);
  std::vector<std::thread> writers;
  for (int writer = 0; writer < kWriters; ++writer) {
    writers.emplace_back([&, writer] {
      for (int i = 0; !over; ++i) {
        const dss::PutIntent put = Plan(20.0 + 5.0 * writer, 0.05 * (i % 1'000));
        dss::PutIntent known = put;
        const auto answer = Ask(node.get(), {"uss1", known});
        const auto at = static_cast<size_t>(writer);
        if (answer && !answer->key_incomplete) answered[at].push_back(put.id);
        if (!answer && answer.error().code == base::ErrorCode::kBusy) {
          not_applied[at].push_back(put.id);
        }
      }
    });
  }
  for (int crash = 0; crash < 3; ++crash) {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    ThrowawayServer::Get().Crash();
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    ThrowawayServer::Get().Start();
  }
  over = true;
  for (std::thread& writer : writers) writer.join();
  const auto find = [&](const base::Uuid& id) {
    return Look(node.get(), [&](const auto& view, auto) { return GetIntent(view, id); });
  };
  size_t count = 0;
  for (size_t writer = 0; writer < kWriters; ++writer) {
    for (const base::Uuid& id : answered[writer]) EXPECT_TRUE(find(id).has_value());
    for (const base::Uuid& id : not_applied[writer]) {
      const auto found = find(id);
      ASSERT_FALSE(found.has_value());
      EXPECT_EQ(found.error().code, base::ErrorCode::kNotFound);
    }
    count += answered[writer].size();
  }
  EXPECT_GT(count, 0u);
  base::StopLogging();
}

TEST_F(PoolTest, WhileTheDatabaseIsAwayItSaysSoAndGuessesNothing) {
  const Address address = NewPool(&random_);
  dss::testing::StillClock clock;
  const auto node = OpenPool(address, "here", clock, random_);
  ThrowawayServer::Get().Crash();
  std::promise<base::ErrorCode> read;
  node->Read(
      [](const dss::View&, base::UtcMicros) -> base::Result<dss::Answer> { return dss::Answer(); },
      [&](const base::Result<dss::Answer>& answer) -> dss::Host::Show {
        const auto code = answer ? base::ErrorCode::kInternal : answer.error().code;
        return [&read, code](const auto&) { read.set_value(code); };
      });
  std::promise<base::ErrorCode> write;
  ASSERT_TRUE(node->Submit({"uss1", Plan(47.0)},
                           [&](const auto& answer) {
                             write.set_value(answer ? base::ErrorCode::kInternal
                                                    : answer.error().code);
                           })
                  .has_value());
  // The deadline of both passes.
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  clock.Advance(std::max(kReadDeadlineUs, kWriteDeadlineUs) + 1);
  EXPECT_EQ(read.get_future().get(), base::ErrorCode::kBusy);
  EXPECT_EQ(write.get_future().get(), base::ErrorCode::kBusy);
  ThrowawayServer::Get().Start();
  EXPECT_TRUE(Ask(node.get(), {"uss1", Plan(47.0)}).has_value());
}

}  // namespace
}  // namespace wideberth::store::postgres
