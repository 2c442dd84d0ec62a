// What every engine is measured on: the same volumes, the same queries, and one form for the figures.
#ifndef WIDEBERTH_BENCH_SCENE_H_
#define WIDEBERTH_BENCH_SCENE_H_

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "airspace/testing/scenario.h"
#include "airspace/volume.h"
#include "geo/shape.h"

namespace wideberth::bench {

// Bounding box of a volume; degrees, metres, seconds since 1970. None of the scenes crosses the antimeridian.
struct Box {
  double west, east, south, north;
  double low_m, high_m;
  double start_s, end_s;
};

// A volume with its heights in W84, so that every engine compares the same numbers.
struct Item {
  airspace::Volume4D volume;
  Box box;
};

struct Query {
  airspace::Volume4D volume;
  geo::Shape shape;
  Box box;  // grown by the separation
};

struct Scene {
  std::vector<Item> items;
  std::vector<Query> queries;
  airspace::Separation separation;
};

Scene MakeScene(airspace::testing::ScenarioKind kind, size_t items, size_t queries);

// Whether item and query conflict, by the engine's own exact test: what is left to do with any index's candidates.
bool Conflicts(const Scene& scene, const Query& query, uint32_t item);

struct Figures {
  std::string engine;
  double prepare_us = 0;  // of a volume, before it can be inserted
  double insert_us = 0;   // of a volume, building
  double remove_us = 0;
  double query_p50_us = 0, query_p99_us = 0, query_p999_us = 0;  // candidates of a prepared query
  double exact_us = 0;  // of the exact tests of a query's candidates, mean
  double few_p50_us = 0,
         few_p99_us = 0;  // query and exact tests, of queries with at most 4 candidates
  double candidates = 0;  // a query, mean
  double bytes = 0;       // a volume, beside its vertices where the engine can tell
  // The answers of every query after the exact test, in order; equal for all engines.
  std::vector<std::vector<uint32_t>> answers;
};

double Quantile(std::vector<double> values, double share);

using Clock = std::chrono::steady_clock;
inline double MicrosSince(Clock::time_point start) {
  return std::chrono::duration<double, std::micro>(Clock::now() - start).count();
}

Figures MeasureWideberth(const Scene& scene);
Figures MeasureRtree(const Scene& scene);
// Over the server that PGHOST and the like name; `queries` are taken from the front of the scene's.
bool HavePostgis();
Figures MeasurePostgis(const Scene& scene, size_t queries);

}  // namespace wideberth::bench

#endif  // WIDEBERTH_BENCH_SCENE_H_
