// What a candidate costs: finding its separation, judging it, explaining it.
#include <benchmark/benchmark.h>

#include <string>
#include <utility>
#include <vector>

#include "airspace/conflict.h"
#include "airspace/rules.h"
#include "base/check.h"
#include "geo/shape.h"

namespace wideberth::airspace {
namespace {

constexpr int64_t kStart = 1'795'255'200'000'000;  // 2026-11-21T10:00:00Z

geo::Outline Ring(double lat, double lng, double radius_m) {
  std::vector<geo::Position> ring;
  const geo::Position centre = *geo::MakePosition(lat, lng);
  for (int i = 0; i < 12; ++i) ring.push_back(geo::GeodesicDestination(centre, -30 * i, radius_m));
  return *geo::Outline::Polygon(std::move(ring));
}

struct Side {
  explicit Side(geo::Outline outline, int64_t lower_mm = 0)
      : volume{std::move(outline),
               {{lower_mm, geo::AltitudeReference::kW84},
                {lower_mm + 120'000, geo::AltitudeReference::kW84}},
               {{kStart}, {kStart + base::kMicrosPerHour}},
               {lower_mm, lower_mm},
               {lower_mm + 120'000, lower_mm + 120'000}},
        shape(*geo::Shape::Prepare(volume.outline)) {}
  Volume4D volume;
  geo::Shape shape;
};

const Separation kSeparation{50'000, 30'000, 5 * base::kMicrosPerMinute};

void Judge(benchmark::State& state, const Side& a, const Side& b) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(JudgeVolumes(a.volume, a.volume.window, a.shape, b.volume,
                                          b.volume.window, b.shape, kSeparation));
  }
}

void BM_JudgeClearInHeight(benchmark::State& state) {
  Judge(state, Side(Ring(47, 8, 500)), Side(Ring(47, 8, 500), 200'000));
}
BENCHMARK(BM_JudgeClearInHeight);

void BM_JudgeClearInOutline(benchmark::State& state) {
  Judge(state, Side(Ring(47, 8, 500)), Side(Ring(47.0098, 8, 500)));  // 90 m between them
}
BENCHMARK(BM_JudgeClearInOutline);

void BM_JudgeOverlapping(benchmark::State& state) {
  Judge(state, Side(Ring(47, 8, 500)), Side(Ring(47.003, 8, 500)));
}
BENCHMARK(BM_JudgeOverlapping);

void BM_CheckOverlapping(benchmark::State& state) {
  const Side a(Ring(47, 8, 500));
  const Side b(Ring(47.003, 8, 500));
  for (auto _ : state) {
    benchmark::DoNotOptimize(CheckVolumes(a.volume, a.volume.window, a.shape, b.volume,
                                          b.volume.window, b.shape, kSeparation));
  }
}
BENCHMARK(BM_CheckOverlapping);

void BM_RulesFor(benchmark::State& state) {
  Rules::Content content;
  for (int64_t i = 0; i < state.range(0); ++i) {
    content.activity_classes.push_back("class_" + std::to_string(i));
  }
  content.separations = {{{NoticeKind::kActivity, ""}, {NoticeKind::kActivity, ""}, kSeparation}};
  const auto rules = Rules::Make(content, {});
  CHECK(rules.has_value());
  Declaration a;
  Declaration b;
  a.activity_class = content.activity_classes.front();
  b.activity_class = content.activity_classes.back();
  for (auto _ : state) benchmark::DoNotOptimize(rules->For(a, b));
}
BENCHMARK(BM_RulesFor)->Arg(8)->Arg(256);

}  // namespace
}  // namespace wideberth::airspace
