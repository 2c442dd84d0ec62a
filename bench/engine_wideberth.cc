#include "airspace/conflict.h"
#include "airspace/volume_index.h"
#include "base/check.h"
#include "bench/scene.h"

namespace wideberth::bench {
namespace {

constexpr size_t kBlock = 1'000;
constexpr size_t kFew = 4;

// The exact tests of a query's candidates; their shapes are prepared beforehand, as a node keeps them or prepares them
// when they are first needed.
std::vector<uint32_t> Exact(const Scene& scene, const Query& query,
                            const std::vector<airspace::VolumeIndex::Candidate>& found,
                            double* micros) {
  std::vector<geo::Shape> shapes;
  for (const auto& candidate : found) {
    shapes.push_back(geo::Shape::Prepare(scene.items[candidate.slot].volume.outline).value());
  }
  std::vector<uint32_t> answers;
  const auto start = Clock::now();
  for (size_t i = 0; i < found.size(); ++i) {
    const airspace::Volume4D& other = scene.items[found[i].slot].volume;
    const airspace::VolumeVerdict verdict =
        airspace::JudgeVolumes(query.volume, query.volume.window, query.shape, other, other.window,
                               shapes[i], scene.separation);
    if (verdict.verdict != airspace::Verdict::kClear) answers.push_back(found[i].slot);
  }
  *micros = MicrosSince(start);
  return answers;
}

void Build(const Scene& scene, airspace::VolumeIndex* index, Figures* figures) {
  std::vector<double> prepare_us;
  std::vector<double> insert_us;
  std::vector<airspace::PreparedVolume> block;
  for (size_t begin = 0; begin < scene.items.size(); begin += kBlock) {
    const size_t end = std::min(scene.items.size(), begin + kBlock);
    block.clear();
    auto start = Clock::now();
    for (size_t i = begin; i < end; ++i) {
      const airspace::Volume4D& volume = scene.items[i].volume;
      const geo::Shape shape = geo::Shape::Prepare(volume.outline).value();
      block.push_back(airspace::PrepareVolume(shape, volume, volume.window));
    }
    prepare_us.push_back(MicrosSince(start) / static_cast<double>(end - begin));
    start = Clock::now();
    for (size_t i = begin; i < end; ++i) {
      index->Insert(static_cast<airspace::VolumeSlot>(i), block[i - begin]);
    }
    insert_us.push_back(MicrosSince(start) / static_cast<double>(end - begin));
  }
  figures->prepare_us = Quantile(prepare_us, 0.5);
  figures->insert_us = Quantile(insert_us, 0.5);
}

}  // namespace

Figures MeasureWideberth(const Scene& scene) {
  Figures figures;
  figures.engine = "wideberth";
  airspace::VolumeIndex index;
  Build(scene, &index, &figures);
  const airspace::VolumeIndex::Statistics statistics = index.GetStatistics();
  figures.bytes = static_cast<double>(statistics.bytes) / static_cast<double>(scene.items.size());

  const auto scratch = airspace::VolumeIndex::MakeScratch();
  std::vector<airspace::VolumeIndex::Candidate> found;
  std::vector<double> query_us;
  std::vector<double> few_us;
  double exact_us = 0;
  double candidates = 0;
  for (const Query& query : scene.queries) {
    const airspace::VolumeIndex::PreparedQuery prepared(query.shape, query.volume,
                                                        query.volume.window, scene.separation);
    found.clear();
    const auto start = Clock::now();
    index.Query(prepared, scratch.get(), &found);
    query_us.push_back(MicrosSince(start));
    double exact = 0;
    figures.answers.push_back(Exact(scene, query, found, &exact));
    if (found.size() <= kFew) few_us.push_back(query_us.back() + exact);
    exact_us += exact;
    candidates += static_cast<double>(found.size());
  }
  const auto asked = static_cast<double>(scene.queries.size());
  figures.query_p50_us = Quantile(query_us, 0.5);
  figures.query_p99_us = Quantile(query_us, 0.99);
  figures.query_p999_us = Quantile(query_us, 0.999);
  figures.few_p50_us = Quantile(few_us, 0.5);
  figures.few_p99_us = Quantile(few_us, 0.99);
  figures.exact_us = exact_us / asked;
  figures.candidates = candidates / asked;
  const size_t removed = std::min<size_t>(scene.items.size(), 100'000);
  const auto start = Clock::now();
  for (size_t i = 0; i < removed; ++i) index.Remove(static_cast<airspace::VolumeSlot>(i));
  figures.remove_us = MicrosSince(start) / static_cast<double>(removed);
  return figures;
}

}  // namespace wideberth::bench
