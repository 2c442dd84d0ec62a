// What a pool of two nodes accepts in a second: operational intents with implicit subscriptions, spread out, written by
// clients that each wait for their answer, half of them to either node. Both nodes are in this process, without HTTP.
//
//   pool_rate URL SECONDS CLIENTS
//
// URL is of an empty database. Every answer is checked, and at the end what is stored is counted.
#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/random.h"
#include "base/time.h"
#include "geo/covering.h"
#include "geo/position.h"
#include "store/postgres/pool.h"
#include "store/postgres/schema.h"

namespace wideberth {
namespace {

using store::postgres::Pool;

std::unique_ptr<Pool> Open(const store::postgres::Address& address, const char* locality,
                           const base::Clock& clock, base::RandomSource& random) {
  store::postgres::PoolOptions options;
  options.address = address;
  options.locality = locality;
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

struct Counts {
  std::vector<double> latencies_ms;
  uint64_t incomplete = 0;
};

Counts Write(Pool* pool, uint64_t seed, const base::Clock& clock, const std::atomic<bool>& over) {
  base::SeededRandom random(seed);
  Counts counts;
  while (!over) {
    const int64_t began_us = clock.MonotonicMicros();
    std::promise<base::Result<dss::Answer>> promise;
    auto future = promise.get_future();
    CHECK(pool->Submit({"uss" + std::to_string(seed), Draw(random, clock.Now())},
                       [&](auto answer) { promise.set_value(std::move(answer)); })
              .has_value());
    const base::Result<dss::Answer> answer = future.get();
    CHECK(answer.has_value());
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

int Main(int argc, char** argv) {
  if (argc != 4 || Number(argv[2]) < 1 || Number(argv[3]) < 1) {
    fmt::print(stderr, "usage: pool_rate URL SECONDS CLIENTS\n");
    return 2;
  }
  const store::postgres::Address address{argv[1], ""};
  const int seconds = Number(argv[2]);
  const auto clients = static_cast<size_t>(Number(argv[3]));
  const base::SystemClock clock;
  base::SystemRandom random;
  {
    auto connection = store::postgres::Connection::Open(address, {});
    CHECK(connection.has_value());
    CHECK(store::postgres::Migrate(connection->get(), store::postgres::kSchemaVersion, &random)
              .has_value());
  }
  const auto east = Open(address, "east", clock, random);
  const auto west = Open(address, "west", clock, random);
  std::atomic<bool> over = false;
  std::vector<Counts> all(clients);
  std::vector<std::thread> threads;
  const int64_t began_us = clock.MonotonicMicros();
  for (size_t i = 0; i < clients; ++i) {
    threads.emplace_back(
        [&, i] { all[i] = Write(i % 2 == 0 ? east.get() : west.get(), i + 1, clock, over); });
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
  return 0;
}

}  // namespace
}  // namespace wideberth

int main(int argc, char** argv) {
  return wideberth::Main(argc, argv);
}
