#include "dss/extent_index.h"

#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "base/random.h"

namespace wideberth::dss {
namespace {

// Level-13 cells in a row along one face.
geo::CellId CellNumber(uint64_t number) {
  return (uint64_t{1} << 62) + (number << 35) + (uint64_t{1} << 34);
}

Extent RandomExtent(base::SeededRandom& random) {
  Extent extent;
  const uint64_t first = random.Below(12);
  const uint64_t count = 1 + random.Below(4);
  for (uint64_t i = 0; i < count; ++i) extent.cells.push_back(CellNumber(first + i));
  if (random.Below(10) != 0) {
    extent.lower_mm = static_cast<int32_t>(random.Between(0, 20));
    extent.upper_mm = extent.lower_mm + static_cast<int32_t>(random.Below(5));
  }
  if (random.Below(20) != 0) {
    // From an instant to years: every class of duration.
    const int64_t unit_us = int64_t{1} << random.Below(48);
    extent.start.us = random.Between(-50, 50) * base::kMicrosPerMinute;
    extent.end.us = extent.start.us + static_cast<int64_t>(random.Below(4)) * unit_us;
  }
  return extent;
}

TEST(ExtentIndex, FindsWhatANaiveSearchFinds) {
  base::SeededRandom random(20260301);
  ExtentIndex index;
  std::map<uint32_t, Extent> all;
  size_t hits = 0;
  for (int step = 0; step < 6'000; ++step) {
    const auto slot = static_cast<uint32_t>(random.Below(900));
    if (const auto found = all.find(slot); found != all.end()) {
      index.Erase(slot, found->second);
      all.erase(found);
    } else {
      all.emplace(slot, RandomExtent(random));
      index.Insert(slot, all.at(slot));
    }
    if (step % 4 != 0) continue;
    const Extent query = RandomExtent(random);
    std::vector<uint32_t> expected;
    for (const auto& [other, extent] : all) {
      if (CellsMeet(extent, query) && TimesMeet(extent, query) && AltitudesMeet(extent, query)) {
        expected.push_back(other);
      }
    }
    std::vector<uint32_t> found;
    index.Search(query, &found);
    ASSERT_EQ(found, expected) << "step " << step;
    hits += found.size();
  }
  EXPECT_GT(hits, 10'000U);
  for (const auto& [slot, extent] : all) index.Erase(slot, extent);
  EXPECT_EQ(index.entries(), 0U);
}

TEST(ExtentIndex, BoundsAreInclusive) {
  ExtentIndex index;
  const Extent stored{{CellNumber(1)}, 100, 200, {1'000}, {2'000}};
  index.Insert(7, stored);
  const auto finds = [&](Extent query) {
    std::vector<uint32_t> found;
    index.Search(query, &found);
    return !found.empty();
  };
  EXPECT_TRUE(finds({{CellNumber(1)}, 200, 300, {2'000}, {3'000}}));
  EXPECT_TRUE(finds({{CellNumber(1)}, 0, 100, {0}, {1'000}}));
  EXPECT_FALSE(finds({{CellNumber(1)}, 201, 300, {2'000}, {3'000}}));
  EXPECT_FALSE(finds({{CellNumber(1)}, 0, 99, {0}, {1'000}}));
  EXPECT_FALSE(finds({{CellNumber(1)}, 100, 200, {2'001}, {3'000}}));
  EXPECT_FALSE(finds({{CellNumber(1)}, 100, 200, {0}, {999}}));
  EXPECT_FALSE(finds({{CellNumber(2)}, 100, 200, {1'000}, {2'000}}));
}

TEST(ExtentIndex, OneCellHoldsManyInAnyOrderOfTime) {
  base::SeededRandom random(5);
  ExtentIndex index;
  std::vector<Extent> all;
  for (uint32_t i = 0; i < 20'000; ++i) {
    const int64_t start = random.Between(0, 30'000) * base::kMicrosPerMinute;
    all.push_back({{CellNumber(1)}, 0, 100, {start}, {start + 30 * base::kMicrosPerMinute}});
    index.Insert(i, all.back());
  }
  for (int k = 0; k < 200; ++k) {
    const int64_t start = random.Between(0, 30'000) * base::kMicrosPerMinute;
    const Extent query{{CellNumber(1)}, 0, 100, {start}, {start + base::kMicrosPerMinute}};
    std::vector<uint32_t> found;
    index.Search(query, &found);
    std::vector<uint32_t> expected;
    for (uint32_t i = 0; i < all.size(); ++i) {
      if (TimesMeet(all[i], query)) expected.push_back(i);
    }
    ASSERT_EQ(found, expected);
  }
}

}  // namespace
}  // namespace wideberth::dss
