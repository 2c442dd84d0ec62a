#include "store/postgres/pool.h"

#include <gtest/gtest.h>

#include <array>
#include <future>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/log.h"
#include "base/random.h"
#include "dss/effects.h"
#include "dss/testing/host_contract.h"
#include "dss/testing/log_contract.h"
#include "store/postgres/schema.h"
#include "store/postgres/testing/pools.h"
#include "store/postgres/testing/throwaway_server.h"

namespace wideberth::store::postgres {
namespace {

using dss::testing::Ask;
using dss::testing::HarnessFactory;
using dss::testing::HostContract;
using dss::testing::Look;
using testing::NewPool;
using testing::OpenPool;
using testing::ThrowawayServer;

class TwoNodes final : public dss::testing::HostHarness {
 public:
  TwoNodes(const base::Clock& clock, const dss::Policy& policy) : policy_(policy) {
    const Address address = NewPool(&random_);
    for (const char* locality : {"east", "west"}) {
      nodes_.push_back(OpenPool(address, locality, clock, random_, policy, logs_.Of(locality)));
    }
    policy_.time_based_notification_index = true;
  }
  std::vector<dss::Host*> hosts() override { return {nodes_[0].get(), nodes_[1].get()}; }
  dss::Policy policy() const override { return policy_; }

 private:
  base::SystemRandom random_;
  dss::Policy policy_;
  testing::LogFolder logs_;
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

// Waits until the rows of `sql` say so; the test fails if they never do.
void AwaitTrue(Connection* connection, const std::string& sql) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (std::chrono::steady_clock::now() < until) {
    const auto rows = connection->Ask(sql);
    ASSERT_TRUE(rows.has_value()) << rows.error().ToString();
    if (rows->Bool(0, 0)) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  FAIL() << sql;
}

// A write whose connection dies in COMMIT, where every later connection finds another history and is refused an answer.
TEST_F(PoolTest, ALostCommitIsAskedForUntilThereIsAnAnswer) {
  const Address address = NewPool(&random_);
  const auto connection = Connect(address);
  ASSERT_TRUE(connection
                  ->RunScript(R"(
CREATE SCHEMA fake;
CREATE SEQUENCE fake.asked;
CREATE FUNCTION fake.pg_postmaster_start_time() RETURNS timestamptz LANGUAGE sql AS 'SELECT clock_timestamp()';
CREATE FUNCTION fake.pg_xact_status(xid8) RETURNS text LANGUAGE plpgsql AS
  $$ BEGIN PERFORM nextval('fake.asked'); RAISE EXCEPTION 'not now'; END $$;
CREATE FUNCTION fake.die() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(60); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER die AFTER INSERT ON dss_change DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION fake.die();
DO $$ BEGIN
  EXECUTE format('ALTER DATABASE %I SET search_path = fake, pg_catalog, public', current_database());
END $$;)")
                  .has_value());
  dss::testing::StillClock clock;
  const auto node = OpenPool(address, "here", clock, random_);
  std::promise<base::Result<dss::Answer>> promise;
  auto answer = promise.get_future();
  ASSERT_TRUE(
      node->Submit({"uss1", Plan(47.0)}, [&](auto got) { promise.set_value(std::move(got)); })
          .has_value());
  AwaitTrue(connection.get(), "SELECT last_value >= 3 FROM fake.asked");
  EXPECT_EQ(answer.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  clock.Advance(base::kMicrosPerMinute);
  const base::Result<dss::Answer> got = answer.get();
  ASSERT_FALSE(got.has_value());
  EXPECT_EQ(got.error().code, base::ErrorCode::kStorage);
  EXPECT_EQ(node->GetPoolStatistics()->unresolved, 1u);
}

// While no synchronous standby has it, a commit is not answered, whatever ends the server's wait for one.
TEST_F(PoolTest, ACommitThatNoStandbyHasIsNotAnswered) {
  const Address address = NewPool(&random_);
  const auto node = OpenPool(address, "here", clock_, random_);
  const auto connection = Connect(address);
  const auto reload = [&](const char* change) {
    ASSERT_TRUE(connection->RunScript(change).has_value());
    ASSERT_TRUE(connection->RunScript("SELECT pg_reload_conf()").has_value());
  };
  int written = 0;
  for (const char* end : {"pg_cancel_backend", "pg_terminate_backend"}) {
    reload("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
    std::future<base::Result<dss::Answer>> answer;
    const std::string waits =
        "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    // What is written before the server heeds the setting is answered.
    while (!connection->Ask(waits)->Bool(0, 0)) {
      ASSERT_LT(std::chrono::steady_clock::now(), until);
      if (!answer.valid() ||
          answer.wait_for(std::chrono::milliseconds(5)) == std::future_status::ready) {
        answer = std::async(std::launch::async, [&, put = Plan(20 + 0.1 * ++written)] {
          return Ask(node.get(), {"uss1", put});
        });
      }
    }
    ASSERT_TRUE(connection
                    ->RunScript("SELECT " + std::string(end) +
                                "(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'")
                    .has_value());
    AwaitTrue(connection.get(), waits + " AND query LIKE 'UPDATE dss_pool%'");
    EXPECT_EQ(answer.wait_for(std::chrono::seconds(0)), std::future_status::timeout) << end;
    reload("ALTER SYSTEM RESET synchronous_standby_names");
    const base::Result<dss::Answer> got = answer.get();
    EXPECT_TRUE(got.has_value()) << got.error().ToString();
  }
}

// As a node that was stopped between what it read and what it wanted to write.
TEST_F(PoolTest, ASessionThatStandsStillKeepsItsLocksFromOthersForMomentsOnly) {
  const Address address = NewPool(&random_);
  const auto node = OpenPool(address, "here", clock_, random_);
  const auto still = Connect(address);
  ASSERT_TRUE(still->RunScript("BEGIN").has_value());
  ASSERT_TRUE(
      still->Ask("SELECT pg_advisory_xact_lock($1::bigint)", Values().Add(WorldKey())).has_value());
  const auto answer = Ask(node.get(), {"uss1", Plan(47.0)});
  ASSERT_TRUE(answer.has_value()) << answer.error().ToString();
  EXPECT_FALSE(still->RunScript("COMMIT").has_value());
}

// However many want to write where somebody holds the lock, they take no connection from those who write elsewhere.
TEST_F(PoolTest, ThoseWhoWaitForOnePlaceKeepNobodyFromAnother) {
  const Address address = NewPool(&random_);
  const auto node = OpenPool(address, "here", clock_, random_);
  const dss::PutIntent hot = Plan(47.0);
  const auto holder = Connect(address);
  const postgres::Plan plan = MakePlan(dss::State(), {"uss1", hot}, clock_.Now());
  ASSERT_TRUE(holder->RunScript("BEGIN").has_value());
  for (const auto& [key, shared] : plan.locks) {
    ASSERT_TRUE(
        holder->Ask("SELECT pg_advisory_xact_lock($1::bigint)", Values().Add(key)).has_value());
  }
  std::vector<std::future<base::Result<dss::Answer>>> waiting;
  for (int i = 0; i < 40; ++i) {
    waiting.push_back(std::async(std::launch::async, [&, put = Plan(47.0)]() mutable {
      return Ask(node.get(), {"uss1", put});
    }));
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(Ask(node.get(), {"uss2", Plan(20.0 + i)}).has_value());
  }
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(2));
  for (const auto& each : waiting) {
    EXPECT_EQ(each.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  }
  ASSERT_TRUE(holder->RunScript("ROLLBACK").has_value());
  size_t accepted = 0;
  for (auto& each : waiting) {
    const auto answer = each.get();
    ASSERT_TRUE(answer.has_value()) << answer.error().ToString();
    accepted += answer->key_incomplete ? 0 : 1;
  }
  EXPECT_EQ(accepted, 1u);
  EXPECT_LT(node->GetPoolStatistics()->transactions, 30u);
}

// A search finds what lasts minutes, hours, days and for ever, and nothing that does not meet it.
TEST_F(PoolTest, AWriteFindsWhatMeetsItHoweverLongThatLasts) {
  const Address address = NewPool(&random_);
  const auto node = OpenPool(address, "here", clock_, random_);
  constexpr int64_t kHour = base::kMicrosPerHour;
  const int64_t now_us = clock_.Now().us;
  base::SeededRandom random(8);
  struct Stored {
    int64_t start_us;
    int64_t end_us;
    std::string ovn;
  };
  std::vector<Stored> stored;
  const std::array<int64_t, 8> lasts = {kHour / 60,     kHour - 1,  kHour,      kHour + 1,
                                        24 * kHour - 1, 24 * kHour, 25 * kHour, 100 * kHour};
  for (int i = 0; i < 120; ++i) {
    dss::PutIntent put = Plan(47.0);
    put.extent.start.us = now_us + kHour + random.Between(0, 200) * kHour;
    put.extent.end.us = put.extent.start.us + lasts[static_cast<size_t>(i) % lasts.size()];
    std::set<std::string> wanted;
    for (const Stored& one : stored) {
      if (one.start_us <= put.extent.end.us && put.extent.start.us <= one.end_us) {
        wanted.insert(one.ovn);
      }
    }
    const auto asked = Ask(node.get(), {"uss1", put});
    ASSERT_TRUE(asked.has_value()) << asked.error().ToString();
    std::set<std::string> found;
    for (const dss::Intent& missing : asked->intents) found.insert(missing.ovn);
    ASSERT_EQ(found, wanted) << i;
    if (asked->key_incomplete) {
      put.key.assign(wanted.begin(), wanted.end());
      ASSERT_FALSE(Ask(node.get(), {"uss1", put})->key_incomplete);
    }
    stored.push_back({put.extent.start.us, put.extent.end.us, dss::OpaqueText(put.drawn_ovn)});
  }
}

}  // namespace
}  // namespace wideberth::store::postgres
