// The peer that needs no server: Boost.Geometry's R-tree over 4D boxes, bulk loaded as its documentation advises.
#include <malloc.h>

#include <algorithm>
#include <boost/geometry.hpp>
#include <boost/geometry/index/rtree.hpp>

#include "bench/scene.h"

namespace wideberth::bench {
namespace {

namespace bg = boost::geometry;
namespace bgi = boost::geometry::index;

using Point = bg::model::point<double, 4, bg::cs::cartesian>;
using Extent = bg::model::box<Point>;
using Value = std::pair<Extent, uint32_t>;
using Tree = bgi::rtree<Value, bgi::quadratic<16>>;

Extent ExtentOf(const Box& box) {
  Point low;
  Point high;
  low.set<0>(box.west);
  low.set<1>(box.south);
  low.set<2>(box.low_m);
  low.set<3>(box.start_s);
  high.set<0>(box.east);
  high.set<1>(box.north);
  high.set<2>(box.high_m);
  high.set<3>(box.end_s);
  return {low, high};
}

size_t HeapBytes() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

}  // namespace

Figures MeasureRtree(const Scene& scene) {
  Figures figures;
  figures.engine = "Boost R-tree";
  std::vector<Value> values;
  values.reserve(scene.items.size());
  for (uint32_t i = 0; i < scene.items.size(); ++i) {
    values.emplace_back(ExtentOf(scene.items[i].box), i);
  }
  const size_t before = HeapBytes();
  auto start = Clock::now();
  Tree tree(values.begin(), values.end());
  figures.insert_us = MicrosSince(start) / static_cast<double>(values.size());
  figures.bytes =
      static_cast<double>(HeapBytes() - before) / static_cast<double>(scene.items.size());

  std::vector<Value> found;
  std::vector<double> query_us;
  std::vector<double> few_us;
  double exact_us = 0;
  double candidates = 0;
  for (const Query& query : scene.queries) {
    found.clear();
    const Extent extent = ExtentOf(query.box);
    start = Clock::now();
    tree.query(bgi::intersects(extent), std::back_inserter(found));
    query_us.push_back(MicrosSince(start));
    start = Clock::now();
    std::vector<uint32_t> answers;
    for (const Value& value : found) {
      if (Conflicts(scene, query, value.second)) answers.push_back(value.second);
    }
    const double exact = MicrosSince(start);
    std::sort(answers.begin(), answers.end());
    if (found.size() <= 4) few_us.push_back(query_us.back() + exact);
    exact_us += exact;
    candidates += static_cast<double>(found.size());
    figures.answers.push_back(std::move(answers));
  }
  const auto asked = static_cast<double>(scene.queries.size());
  figures.query_p50_us = Quantile(query_us, 0.5);
  figures.query_p99_us = Quantile(query_us, 0.99);
  figures.query_p999_us = Quantile(query_us, 0.999);
  figures.few_p50_us = Quantile(few_us, 0.5);
  figures.few_p99_us = Quantile(few_us, 0.99);
  figures.exact_us = exact_us / asked;
  figures.candidates = candidates / asked;
  const size_t removed = std::min<size_t>(values.size(), 20'000);
  start = Clock::now();
  for (size_t i = 0; i < removed; ++i) tree.remove(values[i]);
  figures.remove_us = MicrosSince(start) / static_cast<double>(removed);
  return figures;
}

}  // namespace wideberth::bench
