// The engine beside what a user would pick instead, on the same volumes, in the same run, with equal answers.
//
//   engine_peers [--sizes 100000,1000000,5000000] [--queries 20000] [--postgis-max 1000000]
//
// PostGIS is asked where PGHOST names a server (bench/run starts a throw-away one). Prints one table a scene and size;
// exits 1 if two engines give different answers.
#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "bench/scene.h"

namespace {

using wideberth::airspace::testing::ScenarioKind;
using wideberth::bench::Figures;
using wideberth::bench::Scene;

struct Options {
  std::vector<size_t> sizes = {100'000, 1'000'000, 5'000'000};
  size_t queries = 20'000;
  size_t postgis_max = 1'000'000;
};

size_t ParseCount(std::string_view text) {
  size_t count = 0;
  std::from_chars(text.data(), text.data() + text.size(), count);
  return count;
}

std::vector<size_t> ParseSizes(std::string_view text) {
  std::vector<size_t> sizes;
  while (!text.empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    sizes.push_back(ParseCount(text.substr(0, comma)));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return sizes;
}

void Print(const Figures& f) {
  fmt::print(
      "  {:<13} {:8.2f} {:8.2f} {:8.2f} {:9.2f} {:9.2f} {:9.2f} {:9.2f} {:9.2f} {:8.2f} {:8.1f} "
      "{:7.0f}\n",
      f.engine, f.prepare_us, f.insert_us, f.remove_us, f.query_p50_us, f.query_p99_us,
      f.query_p999_us, f.few_p50_us, f.few_p99_us, f.exact_us, f.candidates, f.bytes);
  std::fflush(stdout);
}

// How many of the queries both answered differ.
size_t Differences(const Figures& a, const Figures& b) {
  size_t differences = 0;
  for (size_t i = 0; i < std::min(a.answers.size(), b.answers.size()); ++i) {
    differences += a.answers[i] == b.answers[i] ? 0 : 1;
  }
  return differences;
}

bool Compare(ScenarioKind kind, size_t size, const Options& options) {
  const Scene scene = wideberth::bench::MakeScene(kind, size, options.queries);
  std::printf(
      "\n%s, %zu volumes, %zu queries (times in us; few: query and exact test of those "
      "with at most 4 candidates)\n",
      kind == ScenarioKind::kCity ? "city" : "country", size, options.queries);
  std::printf("  %-13s %8s %8s %8s %9s %9s %9s %9s %9s %8s %8s %7s\n", "engine", "prepare",
              "insert", "remove", "query50", "query99", "query99.9", "few50", "few99", "exact",
              "cand.", "bytes");
  const Figures ours = wideberth::bench::MeasureWideberth(scene);
  Print(ours);
  const Figures rtree = wideberth::bench::MeasureRtree(scene);
  Print(rtree);
  size_t differences = Differences(ours, rtree);
  if (wideberth::bench::HavePostgis() && size <= options.postgis_max) {
    const Figures postgis = wideberth::bench::MeasurePostgis(scene, 2'000);
    Print(postgis);
    differences += Differences(ours, postgis);
  } else {
    std::printf("  %-13s not asked\n", "PostGIS");
  }
  size_t conflicts = 0;
  for (const auto& answers : ours.answers) conflicts += answers.size();
  std::printf("  answers: %zu conflicts, %zu queries with different answers\n", conflicts,
              differences);
  return differences == 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--sizes") == 0) options.sizes = ParseSizes(argv[i + 1]);
    if (std::strcmp(argv[i], "--queries") == 0) {
      options.queries = ParseCount(argv[i + 1]);
    }
    if (std::strcmp(argv[i], "--postgis-max") == 0) {
      options.postgis_max = ParseCount(argv[i + 1]);
    }
  }
  bool equal = true;
  for (const ScenarioKind kind : {ScenarioKind::kCountry, ScenarioKind::kCity}) {
    for (const size_t size : options.sizes) equal = Compare(kind, size, options) && equal;
  }
  return equal ? 0 : 1;
}
