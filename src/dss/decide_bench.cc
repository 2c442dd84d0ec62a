// One operational intent put into a DSS that holds so many, decided, applied and encoded: what the sequencer does of
// it, without the disk. The first argument is how many are stored. The second is where: 0 is spread out over 300 by 300
// cells, 1 is all in one cell, half an hour each and so far apart that 20 meet another one; all have implicit
// subscriptions, so that 20 are notified too.
#include <benchmark/benchmark.h>

#include "base/check.h"
#include "base/random.h"
#include "dss/decide.h"
#include "dss/state.h"

namespace wideberth::dss {
namespace {

constexpr int64_t kStart = 1'790'000'000'000'000;
constexpr int64_t kLasts = 30 * base::kMicrosPerMinute;

class World {
 public:
  World(int64_t stored, bool one_cell) : stored_(stored), one_cell_(one_cell) {
    for (int64_t i = 0; i < stored; ++i) {
      const Decision decision = DecideOn(Next(i), {});
      for (const Effect& effect : decision.effects) state_.Apply(effect);
    }
  }

  // An intent that meets 20 others when they are all in one cell.
  PutIntent Next(int64_t place) {
    PutIntent put;
    put.id = random_.NewUuidV4();
    put.base_url = "https://uss.test";
    put.new_subscription = NewSubscription{"https://uss.test", false};
    random_.Fill(put.drawn_ovn);
    random_.Fill(put.drawn_subscription_version);
    put.drawn_subscription = random_.NewUuidV4();
    const auto cell = [](uint64_t number) {
      return (uint64_t{1} << 62) + (number << 35) + (uint64_t{1} << 34);
    };
    if (one_cell_) {
      put.extent.cells = {cell(0)};
      put.extent.start.us = kStart + place * kLasts / 10;
    } else {
      const uint64_t at = random_.Below(90'000);
      put.extent.cells = {cell(at), cell(at + 1), cell(at + 300), cell(at + 301)};
      put.extent.start.us =
          kStart + static_cast<int64_t>(random_.Below(30 * 24 * 60)) * base::kMicrosPerMinute;
    }
    put.extent.end.us = put.extent.start.us + kLasts;
    put.extent.lower_mm = 100'000;
    put.extent.upper_mm = 150'000;
    return put;
  }
  int64_t RandomPlace() {
    return static_cast<int64_t>(random_.Below(static_cast<uint64_t>(stored_)));
  }

  // With a key that is whole.
  Decision DecideOn(PutIntent put, const Policy& policy) {
    for (const Intent* other : state_.IntentsNear(put.extent)) put.key.push_back(other->ovn);
    return DecideKnowing(put, policy);
  }
  Decision DecideKnowing(const PutIntent& put, const Policy& policy) {
    auto decision = Decide(state_, {"uss", put}, policy, {kStart});
    CHECK(decision.has_value() && !decision->answer.key_incomplete);
    return std::move(*decision);
  }
  State& state() { return state_; }

 private:
  const int64_t stored_;
  const bool one_cell_;
  base::SeededRandom random_{11};
  State state_;
};

void BM_PutIntent(benchmark::State& bench) {
  World world(bench.range(0), bench.range(1) == 1);
  size_t notified = 0;
  base::Bytes bytes;
  for (auto _ : bench) {
    bench.PauseTiming();
    PutIntent put = world.Next(world.RandomPlace());
    for (const Intent* other : world.state().IntentsNear(put.extent)) put.key.push_back(other->ovn);
    bench.ResumeTiming();
    const Decision decision = world.DecideKnowing(put, {});
    bytes.clear();
    for (const Effect& effect : decision.effects) {
      EncodeEffect(effect, &bytes);
      world.state().Apply(effect);
    }
    notified += decision.effects.size() - 2;
    bench.PauseTiming();
    // Out again, so that the density stays.
    world.state().Apply(Removed{Kind::kIntent, put.id});
    world.state().Apply(Removed{Kind::kSubscription, put.drawn_subscription});
    bench.ResumeTiming();
  }
  bench.counters["notified"] =
      static_cast<double>(notified) / static_cast<double>(bench.iterations());
}
BENCHMARK(BM_PutIntent)
    ->Args({10'000, 0})
    ->Args({1'000'000, 0})
    ->Args({10'000, 1})
    ->Args({1'000'000, 1});

void BM_QueryIntents(benchmark::State& bench) {
  World world(bench.range(0), bench.range(1) == 1);
  size_t found = 0;
  for (auto _ : bench) {
    const Extent extent = world.Next(world.RandomPlace()).extent;
    found += QueryIntents(world.state(), extent).intents.size();
  }
  bench.counters["found"] = static_cast<double>(found) / static_cast<double>(bench.iterations());
}
BENCHMARK(BM_QueryIntents)
    ->Args({10'000, 0})
    ->Args({1'000'000, 0})
    ->Args({10'000, 1})
    ->Args({1'000'000, 1});

}  // namespace
}  // namespace wideberth::dss
