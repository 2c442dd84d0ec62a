// What preparing and comparing outlines costs. Pairs are drawn from a table of kTable outlines so that no branch
// predictor learns one pair by heart.
#include <benchmark/benchmark.h>

#include <vector>

#include "base/random.h"
#include "geo/compact_shape.h"
#include "geo/gap.h"
#include "geo/shape.h"

namespace wideberth::geo {
namespace {

constexpr size_t kTable = 512;
constexpr Position kCity{47'376'000'000, 8'541'000'000};

double Uniform(base::SeededRandom& random, double low, double high) {
  return low + (high - low) * random.Unit();
}

// Rings of `vertices` of 1 to 2 km radius, `spread_m` around one city.
std::vector<Outline> Rings(size_t vertices, double spread_m, uint64_t seed) {
  base::SeededRandom random(seed);
  std::vector<Outline> rings;
  while (rings.size() < kTable) {
    const Position centre = GeodesicDestination(kCity, Uniform(random, 0, 360),
                                                Uniform(random, 0.2 * spread_m, spread_m));
    std::vector<Position> ring;
    for (size_t i = 0; i < vertices; ++i) {
      const double azimuth = 360 * static_cast<double>(i) / static_cast<double>(vertices);
      ring.push_back(GeodesicDestination(centre, azimuth, Uniform(random, 1'000, 2'000)));
    }
    rings.push_back(*Outline::Polygon(std::move(ring)));
  }
  return rings;
}

std::vector<Shape> Shapes(const std::vector<Outline>& outlines) {
  std::vector<Shape> shapes;
  for (const Outline& outline : outlines) shapes.push_back(*Shape::Prepare(outline));
  return shapes;
}

void BM_Prepare(benchmark::State& state) {
  const auto rings = Rings(static_cast<size_t>(state.range(0)), 10'000, 1);
  size_t i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(Shape::Prepare(rings[i++ % kTable]));
}
BENCHMARK(BM_Prepare)->Arg(4)->Arg(12)->Arg(100)->Arg(1'000)->Arg(10'000);

// The shape of a coast: what 10,000 vertices usually are. (The rings above are combs of needles, the worst case.)
void BM_PrepareCoast(benchmark::State& state) {
  base::SeededRandom random(9);
  const auto count = static_cast<size_t>(state.range(0));
  std::vector<Position> ring;
  double radius_m = 100'000;
  for (size_t i = 0; i < count; ++i) {
    radius_m *= 1 + Uniform(random, -5, 5) / static_cast<double>(count);
    const double azimuth = 360 * static_cast<double>(i) / static_cast<double>(count);
    ring.push_back(GeodesicDestination(kCity, azimuth, radius_m));
  }
  const auto outline = Outline::Polygon(std::move(ring));
  for (auto _ : state) benchmark::DoNotOptimize(Shape::Prepare(*outline));
}
BENCHMARK(BM_PrepareCoast)->Arg(1'000)->Arg(10'000);

void BM_PrepareCircle(benchmark::State& state) {
  const auto circle = Outline::Circle(kCity, 1'000'000);
  for (auto _ : state) benchmark::DoNotOptimize(Shape::Prepare(*circle));
}
BENCHMARK(BM_PrepareCircle);

// Argument: how far the centres are strewn, in metres. Near pairs mostly overlap or stand within a few km.
void BM_CompareGap(benchmark::State& state) {
  const double spread_m = static_cast<double>(state.range(0));
  const auto a = Shapes(Rings(12, spread_m, 2)), b = Shapes(Rings(12, spread_m, 3));
  size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(CompareGap(a[i % kTable], b[i * 7 % kTable], 100'000));
    ++i;
  }
}
BENCHMARK(BM_CompareGap)->Arg(1'000)->Arg(5'000)->Arg(400'000);

void BM_CompareGapThousandVertices(benchmark::State& state) {
  const auto a = Shapes(Rings(1'000, 5'000, 2)), b = Shapes(Rings(1'000, 5'000, 3));
  size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(CompareGap(a[i % kTable], b[i * 7 % kTable], 100'000));
    ++i;
  }
}
BENCHMARK(BM_CompareGapThousandVertices);

void BM_MeasureGap(benchmark::State& state) {
  const auto a = Shapes(Rings(12, 5'000, 2)), b = Shapes(Rings(12, 5'000, 3));
  size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(MeasureGap(a[i % kTable], b[i * 7 % kTable]));
    ++i;
  }
}
BENCHMARK(BM_MeasureGap);

void BM_Quickly(benchmark::State& state) {
  const double spread_m = static_cast<double>(state.range(0));
  const auto a = Shapes(Rings(12, spread_m, 2)), b = Shapes(Rings(12, spread_m, 3));
  std::vector<CompactQuery> queries;
  for (const Shape& shape : a) queries.emplace_back(shape);
  std::vector<CompactVertex> offsets;
  std::vector<CompactHeader> headers;
  for (const Shape& shape : b) headers.push_back(MakeCompact(shape, &offsets));
  size_t i = 0;
  int64_t undecided = 0;
  for (auto _ : state) {
    const size_t k = i * 7 % kTable;
    const Lateral verdict =
        queries[i % kTable].Quickly(headers[k], {offsets.data() + 12 * k, 12}, 100'000);
    undecided += verdict == Lateral::kWithinTolerance;
    ++i;
  }
  state.counters["undecided"] =
      static_cast<double>(undecided) / static_cast<double>(state.iterations());
}
BENCHMARK(BM_Quickly)->Arg(1'000)->Arg(5'000)->Arg(400'000);

void BM_CompactQuery(benchmark::State& state) {
  const auto a = Shapes(Rings(12, 5'000, 2));
  size_t i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(CompactQuery(a[i++ % kTable]));
}
BENCHMARK(BM_CompactQuery);

void BM_DistanceToPoint(benchmark::State& state) {
  const auto shapes = Shapes(Rings(12, 5'000, 2));
  size_t i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(DistanceM(shapes[i++ % kTable], kCity));
}
BENCHMARK(BM_DistanceToPoint);

}  // namespace
}  // namespace wideberth::geo
