#include "store/postgres/pool_log.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/random.h"
#include "dss/log_entry.h"
#include "dss/testing/asking.h"
#include "dss/testing/log_reading.h"
#include "geo/covering.h"
#include "geo/position.h"
#include "record/merkle.h"
#include "store/postgres/schema.h"
#include "store/postgres/testing/pools.h"
#include "store/postgres/testing/throwaway_server.h"

namespace wideberth::store::postgres {
namespace {

using dss::testing::Ask;
using dss::testing::Await;
using dss::testing::EntriesOf;
using dss::testing::HeadOf;
using testing::LogFolder;
using testing::NewPool;
using testing::OpenPool;
using testing::ThrowawayServer;

// Until it is so, within half a minute.
template <class Condition>
bool AwaitThat(Condition condition) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return true;
}

class PoolLogTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const char* why = ThrowawayServer::Unavailable()) GTEST_SKIP() << why;
    base::StartLogging({base::LogLevel::kError, base::LogForm::kJsonLines});
  }
  void TearDown() override { base::StopLogging(); }

  std::unique_ptr<Connection> Connect(const Address& address) {
    auto connection = Connection::Open(address, {});
    EXPECT_TRUE(connection.has_value()) << connection.error().ToString();
    return std::move(*connection);
  }
  std::unique_ptr<Pool> Open(const Address& address, const std::string& locality,
                             const std::string& origin = "pool.test/log") {
    return OpenPool(address, locality, clock_, random_, {}, logs_.Of(locality, origin));
  }
  // Of a new subscription.
  base::Result<dss::Answer> TryWrite(dss::Host* host) {
    dss::PutSubscription put;
    put.id = random_.NewUuidV4();
    put.base_url = "https://uss.test";
    put.extent = {{geo::CellAt(geo::MakePosition(47.0, 8.0).value(), dss::kCellLevel)},
                  0,
                  100'000,
                  {clock_.Now().us + base::kMicrosPerMinute},
                  {clock_.Now().us + base::kMicrosPerHour}};
    put.for_intents = true;
    random_.Fill(put.drawn_version);
    dss::Command command{"uss" + put.id.ToString(), put, {}};
    random_.Fill(command.log_salt);
    return Ask(host, command);
  }
  // Its entry.
  std::string Write(dss::Host* host) {
    const auto answer = TryWrite(host);
    EXPECT_TRUE(answer.has_value()) << answer.error().ToString();
    return answer && answer->logged ? answer->logged->entry : "";
  }
  std::vector<std::string> WriteMany(dss::Host* host, int count) {
    std::vector<std::string> entries;
    for (int i = 0; i < count; ++i) entries.push_back(Write(host));
    return entries;
  }
  static bool AwaitSigned(dss::Host* host, uint64_t size) {
    return AwaitThat([&] { return host->log()->GetStatistics().signed_size >= size; });
  }
  // Everything that the log shows, verified, in no order.
  static std::multiset<std::string> All(dss::Host* host) {
    const auto entries = EntriesOf(host->log());
    EXPECT_TRUE(entries.has_value()) << entries.error().ToString();
    if (!entries) return {};
    return {entries->begin(), entries->end()};
  }
  static base::ErrorCode WhyNoCheckpoint(dss::Host* host) {
    const auto note = Await([&](auto done) { host->log()->ReadCheckpoint(done); });
    return note ? base::ErrorCode::kInternal : note.error().code;
  }
  std::string TroubleIn(const Address& address) {
    return std::string(Connect(address)->Ask("SELECT trouble FROM dss_log")->Text(0, 0));
  }

  base::SystemClock clock_;
  base::SystemRandom random_;
  LogFolder logs_;
};

TEST_F(PoolLogTest, WhatManyWriteAtBothNodesIsInItOnceWhoeverGivesTheIndices) {
  const Address address = NewPool(&random_);
  const auto east = Open(address, "east");
  const auto west = Open(address, "west");
  std::mutex mutex;
  std::multiset<std::string> written;
  std::atomic<bool> over = false;
  std::vector<std::thread> writers;
  for (int i = 0; i < 8; ++i) {
    writers.emplace_back([&, i] {
      while (!over) {
        const std::string entry = Write(i % 2 == 0 ? east.get() : west.get());
        const std::lock_guard lock(mutex);
        written.insert(entry);
      }
    });
  }
  // Again and again a third takes the lease from whoever has it, and gives it up at once.
  const auto connection = Connect(address);
  const auto epoch = [&] { return connection->Ask("SELECT epoch FROM dss_log")->Int(0, 0); };
  for (int i = 0; i < 12; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(150));
    const auto given_up =
        connection->Ask("UPDATE dss_log SET epoch = epoch + 1, held_until = 0 RETURNING epoch");
    ASSERT_TRUE(given_up.has_value()) << given_up.error().ToString();
    const int64_t taken = given_up->Int(0, 0);
    EXPECT_TRUE(AwaitThat([&] { return epoch() > taken; }));
  }
  over = true;
  for (std::thread& writer : writers) writer.join();
  ASSERT_GT(written.size(), 256u);
  for (dss::Host* host : {east.get(), west.get()}) {
    ASSERT_TRUE(AwaitSigned(host, written.size()));
    EXPECT_EQ(All(host), written);
  }
  EXPECT_EQ(connection->Ask("SELECT count(*) FROM dss_log_staged")->Int(0, 0), 0);
  // Each within a second or so of its write.
  const auto began = std::chrono::steady_clock::now();
  (void)Write(east.get());
  for (dss::Host* host : {east.get(), west.get()}) {
    ASSERT_TRUE(AwaitSigned(host, written.size() + 1));
  }
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(5));
}

// Who holds the lease and stops in the middle of publishing is in nobody's way for long, and publishes nothing after.
TEST_F(PoolLogTest, ADeposedHolderPublishesNothing) {
  const Address address = NewPool(&random_);
  std::vector<std::string> written;
  std::shared_ptr<const record::SignerKey> key;
  {
    const auto node = Open(address, "here");
    key = logs_.Of("here").key;
    written = WriteMany(node.get(), 3);
    ASSERT_TRUE(AwaitSigned(node.get(), 3));
  }
  const auto connection = Connect(address);
  const auto stage = [&](const char* entry) {
    ASSERT_TRUE(connection
                    ->Ask("INSERT INTO dss_log_staged SELECT pg_current_xact_id()::text::bigint, "
                          "gen_random_uuid(), 1, $1::text",
                          Values().Add(std::string_view(entry)))
                    .has_value());
  };
  const std::string entry = dss::FormatLogEntry({"-", "-", {clock_.Now().us}, record::EmptyRoot()});
  stage(entry.c_str());
  std::vector<Statement> statements(Integrator::statements().begin(),
                                    Integrator::statements().end());
  statements.push_back(kReadTile);
  const auto connect = [&] {
    auto made = Connection::Open(address, statements);
    EXPECT_TRUE(made.has_value());
    EXPECT_TRUE(Integrator::Prepare(made->get()).has_value());
    return std::move(*made);
  };
  const auto of_stopped = connect();
  const auto of_next = connect();
  Integrator stopped(*key, "stopped");
  Integrator next(*key, "next");
  ASSERT_TRUE(stopped.Hold(of_stopped.get(), 0).value());
  EXPECT_FALSE(next.Hold(of_next.get(), 0).value());
  const auto begun = stopped.Begin(of_stopped.get());
  ASSERT_TRUE(begun.has_value()) << begun.error().ToString();
  EXPECT_EQ(begun->entries, 1u);
  // It stands still here. The row is locked until the server has enough of it.
  const auto began = std::chrono::steady_clock::now();
  ASSERT_TRUE(AwaitThat([&] { return next.Hold(of_next.get(), 0).value_or(false); }));
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(8));
  EXPECT_GT(next.epoch(), stopped.epoch());
  EXPECT_FALSE(stopped.Publish(of_stopped.get()).has_value());
  EXPECT_EQ(connection->Ask("SELECT size FROM dss_log")->Int(0, 0), 3);
  ASSERT_EQ(next.Begin(of_next.get())->entries, 1u);
  ASSERT_TRUE(next.Publish(of_next.get()).has_value());
  EXPECT_EQ(connection->Ask("SELECT size FROM dss_log")->Int(0, 0), 4);

  // One that stands still between two of them finds another epoch.
  stage(dss::FormatLogEntry({"-", "-", {clock_.Now().us}, {}}).c_str());
  ASSERT_TRUE(connection->RunScript("UPDATE dss_log SET held_until = 0").has_value());
  const auto of_third = connect();
  Integrator third(*key, "third");
  ASSERT_TRUE(third.Hold(of_third.get(), 0).value());
  const auto late = next.Begin(of_next.get());
  ASSERT_FALSE(late.has_value());
  EXPECT_EQ(late.error().code, base::ErrorCode::kConflict);
  EXPECT_EQ(next.epoch(), 0);
  EXPECT_FALSE(next.Hold(of_next.get(), 0).value());
  EXPECT_EQ(connection->Ask("SELECT size FROM dss_log")->Int(0, 0), 4);
  third.Release(of_third.get());

  written.push_back(entry);
  const auto node = Open(address, "here");
  ASSERT_TRUE(AwaitSigned(node.get(), 5));
  const auto all = All(node.get());
  EXPECT_EQ(all.size(), 5u);
  for (const std::string& one : written) EXPECT_EQ(all.count(one), 1u);
}

// Another database, as this one is now. Nothing may be connected to it.
Address CopyOf(const Address& address) {
  static int copies = 0;
  const size_t from = address.url.find("@/") + 2;
  const size_t to = address.url.find('?');
  const std::string name = address.url.substr(from, to - from);
  const std::string copy = "copy" + std::to_string(++copies);
  const auto named = [&](const std::string& database) {
    std::string url = address.url;
    return Address{url.replace(from, to - from, database), ""};
  };
  const auto connection = Connection::Open(named("wideberth"), {});
  EXPECT_TRUE(connection.has_value());
  const std::string sql = "CREATE DATABASE " + copy + " TEMPLATE " + name;
  // A session that was closed may still be ending.
  EXPECT_TRUE(AwaitThat([&] { return (*connection)->RunScript(sql).has_value(); }));
  return named(copy);
}

TEST_F(PoolLogTest, OverAnOlderCopyNothingIsSignedAndTheLogSaysSo) {
  const Address address = NewPool(&random_);
  std::vector<std::string> written;
  {
    const auto east = Open(address, "east");
    written = WriteMany(east.get(), 300);
    ASSERT_TRUE(AwaitSigned(east.get(), 300));
  }
  const Address copy = CopyOf(address);
  {
    const auto east = Open(address, "east");
    (void)WriteMany(east.get(), 5);
    ASSERT_TRUE(AwaitSigned(east.get(), 305));
  }
  {
    // A node that has never shown anything waits for the one that has.
    const auto west = Open(copy, "west");
    written.push_back(Write(west.get()));
    std::this_thread::sleep_for(std::chrono::seconds(1));
    EXPECT_EQ(Connect(copy)->Ask("SELECT size FROM dss_log")->Int(0, 0), 300);
    EXPECT_EQ(TroubleIn(copy), "");
    const auto east = Open(copy, "east");
    ASSERT_TRUE(AwaitThat([&] { return !TroubleIn(copy).empty(); }));
    EXPECT_NE(TroubleIn(copy).find("305"), std::string::npos);
    for (Pool* node : {east.get(), west.get()}) {
      ASSERT_TRUE(AwaitThat([&] { return WhyNoCheckpoint(node) == base::ErrorCode::kBusy; }));
    }
    // Writes go on, and their entries wait.
    written.push_back(Write(east.get()));
    std::this_thread::sleep_for(std::chrono::seconds(1));
    EXPECT_EQ(WhyNoCheckpoint(west.get()), base::ErrorCode::kBusy);
    EXPECT_EQ(Connect(copy)->Ask("SELECT size FROM dss_log")->Int(0, 0), 300);
  }
  // Under another name it begins again, with what has waited.
  const auto east = Open(copy, "east", "pool.test/second");
  ASSERT_TRUE(AwaitSigned(east.get(), 2));
  EXPECT_EQ(All(east.get()), (std::multiset<std::string>{written.end() - 2, written.end()}));
  EXPECT_EQ(HeadOf(east->log())->size, 2u);
}

TEST_F(PoolLogTest, AfterARestartOfTheServerNothingIsSignedBeforeEveryNodeHasCompared) {
  const Address address = NewPool(&random_);
  const auto east = Open(address, "east");
  {
    const auto west = Open(address, "west");
    (void)WriteMany(west.get(), 10);
    ASSERT_TRUE(AwaitSigned(west.get(), 10));
    ASSERT_TRUE(AwaitSigned(east.get(), 10));
  }
  ThrowawayServer::Get().Crash();
  ThrowawayServer::Get().Start();
  std::string entry;
  ASSERT_TRUE(AwaitThat([&] {
    const auto answer = TryWrite(east.get());
    return answer.has_value();
  }));
  ASSERT_TRUE(AwaitThat([&] { return east->log()->GetStatistics().entries == 11; }));
  std::this_thread::sleep_for(std::chrono::seconds(2));
  EXPECT_EQ(east->log()->GetStatistics().signed_size, 10u);
  // What was signed is shown meanwhile.
  EXPECT_EQ(HeadOf(east->log())->size, 10u);
  const auto west = Open(address, "west");
  ASSERT_TRUE(AwaitSigned(east.get(), 11));
  ASSERT_TRUE(AwaitSigned(west.get(), 11));
  EXPECT_EQ(All(west.get()).size(), 11u);
}

TEST_F(PoolLogTest, TakesNoNodeOfAnotherLog) {
  const Address address = NewPool(&random_);
  const auto plain = OpenPool(address, "plain", clock_, random_);
  ASSERT_TRUE(TryWrite(plain.get()).has_value());
  const auto east = Open(address, "east");
  // One that runs without it would leave holes.
  const auto refused = TryWrite(plain.get());
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, base::ErrorCode::kBusy);
  EXPECT_NE(refused.error().ToString().find("nothing was applied"), std::string::npos);
  ASSERT_TRUE(TryWrite(east.get()).has_value());
  const auto open = [&](std::optional<PoolLogOptions> log) {
    PoolOptions options;
    options.address = address;
    options.locality = "third";
    options.log = std::move(log);
    auto pool = Pool::Open(std::move(options), clock_, random_);
    return pool ? std::string() : pool.error().field;
  };
  EXPECT_EQ(open(std::nullopt), "dss.log");
  EXPECT_EQ(open(logs_.Of("third", "pool.test/other")), "dss.log.origin");
  EXPECT_EQ(open(logs_.Of("third", "pool.test/log", 8)), "dss.log.key_file");
  EXPECT_EQ(open(logs_.Of("third")), "");
}

// The release before stages nothing: its writes would be missing.
TEST_F(PoolLogTest, EndsWhereTheTablesGoBackToTheReleaseBefore) {
  const Address address = NewPool(&random_);
  {
    const auto node = Open(address, "here");
    (void)WriteMany(node.get(), 3);
    ASSERT_TRUE(AwaitSigned(node.get(), 3));
  }
  const auto connection = Connect(address);
  ASSERT_TRUE(Migrate(connection.get(), kSchemaVersion - 1, &random_).has_value());
  ASSERT_TRUE(Migrate(connection.get(), kSchemaVersion, &random_).has_value());
  const auto node = Open(address, "here");
  ASSERT_TRUE(AwaitThat([&] { return WhyNoCheckpoint(node.get()) == base::ErrorCode::kBusy; }));
  EXPECT_NE(TroubleIn(address).find("earlier release"), std::string::npos);
}

}  // namespace
}  // namespace wideberth::store::postgres
