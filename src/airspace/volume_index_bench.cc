// The 4D index on seeded scenarios. Each run builds one index and prints, as counters:
//   prepare_us, insert_us, remove_us        medians a volume (of blocks of 1,000)
//   query_p50_us, query_p99_us, query_p999_us   prepared queries of ordinary volumes, each timed alone
//   few_p50_us, few_p99_us                  those of them with at most 4 candidates, with the caller's exact test of
//   what
//                                           the index could not decide; few_share of all
//   zone_p50_us                             the same for zones, which have thousands of lists to look at
//   candidates, undecided                   a query, on average
//   bytes_volume                            everything but vertices
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <vector>

#include "airspace/testing/scenario.h"
#include "airspace/volume_index.h"
#include "geo/gap.h"

namespace wideberth::airspace {
namespace {

using testing::Scenario;
using testing::ScenarioKind;
using Time = std::chrono::steady_clock;

double MicrosSince(Time::time_point start) {
  return std::chrono::duration<double, std::micro>(Time::now() - start).count();
}

double Quantile(std::vector<double>* values, double share) {
  std::sort(values->begin(), values->end());
  return values->empty()
             ? 0
             : (*values)[static_cast<size_t>(share * static_cast<double>(values->size() - 1))];
}

constexpr size_t kBlock = 1'000;

struct Asking {
  Volume4D volume;
  geo::Shape shape;
  VolumeIndex::PreparedQuery query;
};

std::vector<Asking> MakeQueries(ScenarioKind kind, size_t count, bool zones) {
  Scenario scenario(kind, /*seed=*/2);
  std::vector<Asking> queries;
  queries.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    Volume4D volume = zones ? scenario.NextZone() : scenario.NextOrdinary();
    geo::Shape shape = geo::Shape::Prepare(volume.outline).value();
    VolumeIndex::PreparedQuery query(shape, volume, volume.window, scenario.separation());
    queries.push_back({std::move(volume), std::move(shape), std::move(query)});
  }
  return queries;
}

// Builds the index; keeps only as many outlines as volumes, for the exact test.
std::vector<geo::Outline> Build(ScenarioKind kind, size_t count, VolumeIndex* index,
                                benchmark::State* state) {
  Scenario scenario(kind, /*seed=*/1);
  std::vector<geo::Outline> outlines;
  outlines.reserve(count);
  std::vector<double> prepare_us, insert_us;
  std::vector<PreparedVolume> block(kBlock);
  for (size_t done = 0; done < count; done += kBlock) {
    std::vector<Volume4D> volumes;
    for (size_t i = 0; i < kBlock; ++i) volumes.push_back(scenario.Next());
    auto start = Time::now();
    for (size_t i = 0; i < kBlock; ++i) {
      const geo::Shape shape = geo::Shape::Prepare(volumes[i].outline).value();
      block[i] = PrepareVolume(shape, volumes[i], volumes[i].window);
    }
    prepare_us.push_back(MicrosSince(start) / kBlock);
    start = Time::now();
    for (size_t i = 0; i < kBlock; ++i) {
      index->Insert(static_cast<VolumeSlot>(done + i), block[i]);
    }
    insert_us.push_back(MicrosSince(start) / kBlock);
    for (Volume4D& volume : volumes) outlines.push_back(std::move(volume.outline));
  }
  state->counters["prepare_us"] = Quantile(&prepare_us, 0.5);
  state->counters["insert_us"] = Quantile(&insert_us, 0.5);
  return outlines;
}

struct Measured {
  std::vector<double> query_us, few_us;
  size_t candidates = 0, undecided = 0;
};

Measured AskAll(const VolumeIndex& index, const std::vector<Asking>& queries,
                const std::vector<geo::Outline>& outlines, const Separation& separation) {
  Measured m;
  const VolumeIndex::ScratchPtr scratch = VolumeIndex::MakeScratch();
  std::vector<VolumeIndex::Candidate> found;
  std::vector<geo::Shape> shapes;
  for (const Asking& asking : queries) {
    found.clear();
    auto start = Time::now();
    index.Query(asking.query, scratch.get(), &found);
    const double query_us = MicrosSince(start);
    // A node keeps the shapes of what was asked before; preparing them is not part of the test.
    shapes.clear();
    for (const VolumeIndex::Candidate& candidate : found) {
      if (candidate.lateral == geo::Lateral::kConflict) continue;
      shapes.push_back(geo::Shape::Prepare(outlines[candidate.slot]).value());
    }
    start = Time::now();
    for (const geo::Shape& shape : shapes) {
      benchmark::DoNotOptimize(geo::CompareGap(asking.shape, shape, separation.lateral_mm));
    }
    m.query_us.push_back(query_us);
    if (found.size() <= 4) m.few_us.push_back(query_us + MicrosSince(start));
    m.candidates += found.size();
    m.undecided += shapes.size();
  }
  return m;
}

void Index(benchmark::State& state, ScenarioKind kind) {
  const auto count = static_cast<size_t>(state.range(0));
  for (auto _ : state) {
    VolumeIndex index;
    const std::vector<geo::Outline> outlines = Build(kind, count, &index, &state);
    const Separation separation = Scenario(kind, 0).separation();
    const std::vector<Asking> queries = MakeQueries(kind, 20'000, /*zones=*/false);
    AskAll(index, queries, outlines, separation);  // once to warm up
    Measured m = AskAll(index, queries, outlines, separation);
    const auto asked = static_cast<double>(queries.size());
    state.counters["candidates"] = static_cast<double>(m.candidates) / asked;
    state.counters["undecided"] = static_cast<double>(m.undecided) / asked;
    state.counters["query_p50_us"] = Quantile(&m.query_us, 0.5);
    state.counters["query_p99_us"] = Quantile(&m.query_us, 0.99);
    state.counters["query_p999_us"] = Quantile(&m.query_us, 0.999);
    state.counters["few_p50_us"] = Quantile(&m.few_us, 0.5);
    state.counters["few_p99_us"] = Quantile(&m.few_us, 0.99);
    state.counters["few_share"] = static_cast<double>(m.few_us.size()) / asked;
    Measured zones = AskAll(index, MakeQueries(kind, 200, /*zones=*/true), outlines, separation);
    state.counters["zone_p50_us"] = Quantile(&zones.query_us, 0.5);
    const VolumeIndex::Statistics statistics = index.GetStatistics();
    state.counters["bytes_volume"] =
        static_cast<double>(statistics.bytes) / static_cast<double>(count);
    state.counters["entries_volume"] =
        static_cast<double>(statistics.entries) / static_cast<double>(count);
    std::vector<double> remove_us;
    for (size_t block = 0; block < count; block += 10 * kBlock) {
      const auto start = Time::now();
      for (size_t i = 0; i < kBlock; ++i) index.Remove(static_cast<VolumeSlot>(block + i));
      remove_us.push_back(MicrosSince(start) / kBlock);
    }
    state.counters["remove_us"] = Quantile(&remove_us, 0.5);
  }
}
void IndexCountry(benchmark::State& state) {
  Index(state, ScenarioKind::kCountry);
}
void IndexCity(benchmark::State& state) {
  Index(state, ScenarioKind::kCity);
}
#define WB_INDEX_BENCH(name)                                                          \
  BENCHMARK(name)->Arg(100'000)->Arg(1'000'000)->Arg(5'000'000)->Iterations(1)->Unit( \
      benchmark::kSecond)
WB_INDEX_BENCH(IndexCountry);
WB_INDEX_BENCH(IndexCity);

// Everything a query needs before it is asked: the outline of 12 vertices to shape, coverings and compact form.
void PrepareQuery(benchmark::State& state) {
  Scenario scenario(ScenarioKind::kCity, 3);
  std::vector<Volume4D> volumes;
  while (volumes.size() < 1'000) {
    Volume4D volume = scenario.NextOrdinary();
    if (volume.outline.vertices().size() == 12) volumes.push_back(std::move(volume));
  }
  size_t i = 0;
  for (auto _ : state) {
    const Volume4D& volume = volumes[i++ % volumes.size()];
    const geo::Shape shape = geo::Shape::Prepare(volume.outline).value();
    const VolumeIndex::PreparedQuery query(shape, volume, volume.window, scenario.separation());
    benchmark::DoNotOptimize(&query);
  }
}
BENCHMARK(PrepareQuery)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace wideberth::airspace
