// What a pool of two nodes accepts in a second: operational intents with implicit subscriptions, written by clients
// that each wait for their answer, half of them to either node. Both nodes are in this process, without HTTP.
//
//   pool_rate URL SECONDS CLIENTS [cell] [log]
//
// Spread out; or with `cell` all in one S2 cell, up to 20 that overlap and know one another, then on to a later time.
// With `log` the pool keeps its transparency log, and all entries must be in it a little later.
// URL is of an empty database. Every answer is checked, and at the end what is stored is counted.
#include <fmt/core.h>
#include <stdlib.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/random.h"
#include "base/time.h"
#include "crypto/ed25519.h"
#include "dss/transparency_log.h"
#include "geo/covering.h"
#include "geo/position.h"
#include "record/signed_note.h"
#include "store/postgres/pool.h"
#include "store/postgres/schema.h"

namespace wideberth {
namespace {

using store::postgres::Pool;

// Where the nodes write down what they have shown of the log.
class ShownFolder {
 public:
  ShownFolder() {
    path_ = (std::filesystem::temp_directory_path() / "pool-rate-XXXXXX").string();
    CHECK(mkdtemp(path_.data()) != nullptr);
  }
  ~ShownFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::unique_ptr<Pool> Open(const store::postgres::Address& address, const std::string& locality,
                           const std::optional<ShownFolder>& shown, const base::Clock& clock,
                           base::RandomSource& random) {
  store::postgres::PoolOptions options;
  options.address = address;
  options.locality = locality;
  if (shown) {
    auto secret = crypto::SecretKey::FromSeed(base::Bytes(32, 7)).value();
    options.log.emplace();
    options.log->key = std::make_shared<const record::SignerKey>(
        record::SignerKey::Make("bench.test/log", record::KeyAlgorithm::kEd25519, std::move(secret))
            .value());
    options.log->shown_file = shown->path() + "/" + locality;
  }
  auto pool = Pool::Open(std::move(options), clock, random);
  if (!pool) fmt::print(stderr, "pool_rate: {}\n", pool.error().ToString());
  CHECK(pool.has_value());
  return std::move(*pool);
}

// About 1 km square, somewhere in 20 by 20 degrees, for half an hour.
dss::PutIntent Draw(base::SeededRandom& random, base::UtcMicros now) {
  dss::PutIntent put;
  put.id = random.NewUuidV4();
  put.base_url = "https://uss.test";
  const double lat = 35 + 20 * random.Unit();
  const double lng = 20 * random.Unit();
  for (int i = 0; i < 4; ++i) {
    const auto corner = geo::MakePosition(lat + 0.01 * (i / 2), lng + 0.014 * (i % 2)).value();
    put.extent.cells.push_back(geo::CellAt(corner, dss::kCellLevel));
  }
  std::sort(put.extent.cells.begin(), put.extent.cells.end());
  put.extent.cells.erase(std::unique(put.extent.cells.begin(), put.extent.cells.end()),
                         put.extent.cells.end());
  put.extent.lower_mm = 0;
  put.extent.upper_mm = 120'000;
  put.extent.start = {now.us + random.Between(1, 600) * base::kMicrosPerMinute};
  put.extent.end = {put.extent.start.us + 30 * base::kMicrosPerMinute};
  put.new_subscription = dss::NewSubscription{"https://uss.test", false};
  put.drawn_subscription = random.NewUuidV4();
  random.Fill(put.drawn_ovn);
  return put;
}

// The next one of a client in one cell: each has minutes of its own, for 20 intents.
struct Lane {
  uint64_t number = 0;
  std::vector<std::string> key;
};
dss::PutIntent DrawInCell(base::SeededRandom& random, base::UtcMicros began, size_t clients,
                          Lane* lane) {
  constexpr size_t kOverlap = 20;
  constexpr int64_t kWindowUs = 10 * base::kMicrosPerMinute;
  if (lane->key.size() == kOverlap) {
    lane->number += clients;
    lane->key.clear();
  }
  dss::PutIntent put = Draw(random, began);
  put.extent.cells = {geo::CellAt(geo::MakePosition(47.0, 8.0).value(), dss::kCellLevel)};
  put.extent.start = {began.us + base::kMicrosPerHour +
                      static_cast<int64_t>(lane->number) * (kWindowUs + base::kMicrosPerSecond)};
  put.extent.end = {put.extent.start.us + kWindowUs};
  put.key = lane->key;
  return put;
}

struct Counts {
  std::vector<double> latencies_ms;
  uint64_t incomplete = 0;
};

struct Load {
  size_t clients = 0;
  bool in_cell = false;
  base::UtcMicros began;
};

Counts Write(Pool* pool, uint64_t seed, const Load& load, const base::Clock& clock,
             const std::atomic<bool>& over) {
  base::SeededRandom random(seed);
  Counts counts;
  Lane lane{seed, {}};
  while (!over) {
    const int64_t began_us = clock.MonotonicMicros();
    dss::PutIntent put = load.in_cell ? DrawInCell(random, load.began, load.clients, &lane)
                                      : Draw(random, clock.Now());
    dss::Command command{"uss" + std::to_string(seed), std::move(put), {}};
    random.Fill(command.log_salt);
    std::promise<base::Result<dss::Answer>> promise;
    auto future = promise.get_future();
    CHECK(
        pool->Submit(std::move(command), [&](auto answer) { promise.set_value(std::move(answer)); })
            .has_value());
    const base::Result<dss::Answer> answer = future.get();
    if (!answer) fmt::print(stderr, "pool_rate: {}\n", answer.error().ToString());
    CHECK(answer.has_value());
    if (const auto* made = std::get_if<dss::Intent>(&answer->entity)) lane.key.push_back(made->ovn);
    // Two that happen to overlap: the second would have to know the first.
    if (answer->key_incomplete) {
      ++counts.incomplete;
      continue;
    }
    counts.latencies_ms.push_back(static_cast<double>(clock.MonotonicMicros() - began_us) / 1'000);
  }
  return counts;
}

int Number(std::string_view text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : 0;
}

void MigrateNew(const store::postgres::Address& address, base::RandomSource* random) {
  auto connection = store::postgres::Connection::Open(address, {});
  CHECK(connection.has_value());
  CHECK(store::postgres::Migrate(connection->get(), store::postgres::kSchemaVersion, random)
            .has_value());
}

// Each accept is an entry, soon after the last of them.
void CheckLog(const dss::TransparencyLog& log, size_t accepts, const base::Clock& clock) {
  const int64_t last_us = clock.MonotonicMicros();
  while (log.GetStatistics().signed_size < accepts) {
    CHECK(clock.MonotonicMicros() - last_us < base::kMicrosPerMinute);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  CHECK(log.GetStatistics().signed_size == accepts);
  fmt::print("{} entries in the log, the last of them signed after {:.1f} s\n", accepts,
             static_cast<double>(clock.MonotonicMicros() - last_us) / 1e6);
}

int Main(int argc, char** argv) {
  bool in_cell = false;
  bool keeps_log = false;
  for (int i = 4; i < argc; ++i) {
    in_cell = in_cell || std::string_view(argv[i]) == "cell";
    keeps_log = keeps_log || std::string_view(argv[i]) == "log";
  }
  if (argc != 4 + in_cell + keeps_log || Number(argv[2]) < 1 || Number(argv[3]) < 1) {
    fmt::print(stderr, "usage: pool_rate URL SECONDS CLIENTS [cell] [log]\n");
    return 2;
  }
  const store::postgres::Address address{argv[1], ""};
  const int seconds = Number(argv[2]);
  const auto clients = static_cast<size_t>(Number(argv[3]));
  const base::SystemClock clock;
  base::SystemRandom random;
  MigrateNew(address, &random);
  std::optional<ShownFolder> shown;
  if (keeps_log) shown.emplace();
  const auto east = Open(address, "east", shown, clock, random);
  const auto west = Open(address, "west", shown, clock, random);
  const Load load{clients, in_cell, clock.Now()};
  std::atomic<bool> over = false;
  std::vector<Counts> all(clients);
  std::vector<std::thread> threads;
  const int64_t began_us = clock.MonotonicMicros();
  for (size_t i = 0; i < clients; ++i) {
    threads.emplace_back(
        [&, i] { all[i] = Write(i % 2 == 0 ? east.get() : west.get(), i, load, clock, over); });
  }
  std::this_thread::sleep_for(std::chrono::seconds(seconds));
  over = true;
  for (std::thread& thread : threads) thread.join();
  const double took_s = static_cast<double>(clock.MonotonicMicros() - began_us) / 1e6;
  std::vector<double> latencies;
  uint64_t incomplete = 0;
  for (const Counts& each : all) {
    latencies.insert(latencies.end(), each.latencies_ms.begin(), each.latencies_ms.end());
    incomplete += each.incomplete;
  }
  std::sort(latencies.begin(), latencies.end());
  CHECK(!latencies.empty());
  const auto at = [&](double share) {
    return latencies[std::min(latencies.size() - 1,
                              static_cast<size_t>(share * static_cast<double>(latencies.size())))];
  };
  uint64_t transactions = 0;
  uint64_t retries = 0;
  for (const Pool* node : {east.get(), west.get()}) {
    transactions += node->GetPoolStatistics()->transactions;
    retries += node->GetPoolStatistics()->retries;
  }
  fmt::print(
      "{} clients on two nodes, {:.1f} s: {:.0f} accepts/s, {} of {} refused as incomplete\n",
      clients, took_s, static_cast<double>(latencies.size()) / took_s, incomplete,
      latencies.size() + incomplete);
  fmt::print(
      "p50 {:.1f} ms, p99 {:.1f} ms, p99.9 {:.1f} ms; {:.1f} accepts a transaction, {} retries\n",
      at(0.5), at(0.99), at(0.999),
      static_cast<double>(latencies.size()) / static_cast<double>(transactions), retries);
  auto connection = store::postgres::Connection::Open(address, {});
  const int64_t stored =
      (*connection)->Ask("SELECT count(*) FROM dss_entity WHERE kind = 0").value().Int(0, 0);
  CHECK(stored == static_cast<int64_t>(latencies.size()));
  if (keeps_log) CheckLog(*west->log(), latencies.size(), clock);
  return 0;
}

}  // namespace
}  // namespace wideberth

int main(int argc, char** argv) {
  return wideberth::Main(argc, argv);
}
