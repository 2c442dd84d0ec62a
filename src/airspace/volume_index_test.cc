#include "airspace/volume_index.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <vector>

#include "airspace/conflict.h"
#include "airspace/posting_lists.h"
#include "airspace/testing/index_model.h"
#include "airspace/testing/scenario.h"
#include "base/limits.h"
#include "base/random.h"

namespace wideberth::airspace {
namespace {

using base::SeededRandom;
using testing::DrawVolume;
using testing::HardVolume;

TEST(VolumeIndex, NeverMissesWhatALinearScanFinds) {
  testing::IndexRun run;
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    SeededRandom random(seed);
    const std::string wrong = testing::CompareIndexWithModel([&] { return random.Next(); },
                                                             /*steps=*/1'500,
                                                             /*volumes_max=*/100, &run);
    ASSERT_EQ(wrong, "") << "seed " << seed;
  }
  // Most of one long run is spent with many volumes stored.
  SeededRandom random(99);
  ASSERT_EQ(testing::CompareIndexWithModel([&] { return random.Next(); }, 2'500, 600, &run), "");
  EXPECT_GT(run.pairs, 400'000U);
  EXPECT_GT(run.near, 2'000U);
  EXPECT_GE(run.candidates, run.near);
  RecordProperty("pairs", std::to_string(run.pairs));
  RecordProperty("near", std::to_string(run.near));
  RecordProperty("candidates", std::to_string(run.candidates));
}

// Three days' windows within four hours.
TimeWindow Crowded(TimeWindow window) {
  if (window.start == base::kTimeOpenStart || window.end == base::kTimeOpenEnd) return window;
  const int64_t earlier_us = window.start.us - window.start.us % (4 * base::kMicrosPerHour);
  return {{window.start.us - earlier_us}, {window.end.us - earlier_us}};
}

// Crowded enough that lists are split by height and chained, and that queries go through the lists.
TEST(VolumeIndex, AgreesWithTheExactRulesInACrowdedCity) {
  for (const auto kind : {testing::ScenarioKind::kCity, testing::ScenarioKind::kCountry}) {
    const bool city = kind == testing::ScenarioKind::kCity;
    testing::Scenario scenario(kind, 5);
    VolumeIndex index;
    std::vector<Volume4D> volumes;
    std::vector<geo::Shape> shapes;
    constexpr VolumeSlot kVolumes = 30'000;
    for (VolumeSlot slot = 0; slot < kVolumes; ++slot) {
      volumes.push_back(scenario.Next());
      if (city) volumes.back().window = Crowded(volumes.back().window);
      shapes.push_back(geo::Shape::Prepare(volumes.back().outline).value());
      index.Insert(slot, PrepareVolume(shapes.back(), volumes.back(), volumes.back().window));
    }
    index.SanityCheck();
    const VolumeIndex::ScratchPtr scratch = VolumeIndex::MakeScratch();
    testing::Scenario asking(kind, 6);
    const Separation separation =
        city ? asking.separation() : Separation{10'000'000, 300'000, 3 * base::kMicrosPerHour};
    size_t near = 0, candidates = 0;
    for (int q = 0; q < 150; ++q) {
      Volume4D volume = asking.Next();
      if (city) volume.window = Crowded(volume.window);
      const geo::Shape shape = geo::Shape::Prepare(volume.outline).value();
      std::vector<VolumeIndex::Candidate> found;
      index.Query({shape, volume, volume.window, separation}, scratch.get(), &found);
      candidates += found.size();
      for (VolumeSlot slot = 0; slot < kVolumes; ++slot) {
        if (!CheckVolumes(volume, volume.window, shape, volumes[slot], volumes[slot].window,
                          shapes[slot], separation)) {
          continue;
        }
        ++near;
        EXPECT_TRUE(
            std::any_of(found.begin(), found.end(), [&](const auto& c) { return c.slot == slot; }));
      }
    }
    EXPECT_GT(near, 5U);
    EXPECT_LE(candidates, 2 * near + 60);  // candidates are few, not merely complete
    for (VolumeSlot slot = 0; slot < kVolumes; slot += 2) index.Remove(slot);
    index.SanityCheck();
    for (VolumeSlot slot = 1; slot < kVolumes; slot += 2) index.Remove(slot);
    index.SanityCheck();
    EXPECT_EQ(index.GetStatistics().entries, 0U);
  }
}

TEST(VolumeIndex, TouchingWindowsAreClearAtSeparationZero) {
  SeededRandom random(1);
  const HardVolume drawn = DrawVolume([&] { return random.Next(); });
  Volume4D volume = drawn.volume;
  volume.window = {{1'000'000}, {2'000'000}};
  VolumeIndex index;
  index.Insert(7, PrepareVolume(drawn.shape, volume, volume.window));
  const auto asked = [&](int64_t start, int64_t end, int64_t separation_us) {
    std::vector<VolumeIndex::Candidate> found;
    index.Query({drawn.shape, volume, {{start}, {end}}, {0, 0, separation_us}},
                VolumeIndex::MakeScratch().get(), &found);
    return found.size();
  };
  EXPECT_EQ(asked(2'000'000, 3'000'000, 0), 0U);
  EXPECT_EQ(asked(1'999'999, 3'000'000, 0), 1U);
  EXPECT_EQ(asked(2'000'000, 3'000'000, 1), 1U);
  EXPECT_EQ(asked(500'000, 1'000'000, 0), 0U);
  EXPECT_EQ(asked(2'500'000, 3'000'000, 500'000), 0U);
  EXPECT_EQ(asked(2'500'000, 3'000'000, 500'001), 1U);
  EXPECT_EQ(asked(1'500'000, 1'500'000, 0), 0U);  // no time at all
}

TEST(VolumeIndex, RemovedVolumesAreGoneAndSlotsReused) {
  SeededRandom random(2);
  const auto draw = [&] { return random.Next(); };
  VolumeIndex index;
  std::map<VolumeSlot, bool> model;
  for (int step = 0; step < 4'000; ++step) {
    const auto slot = static_cast<VolumeSlot>(random.Below(200) * 1'000);
    if (index.Contains(slot)) {
      index.Remove(slot);
    } else {
      const HardVolume v = DrawVolume(draw);
      index.Insert(slot, PrepareVolume(v.shape, v.volume, v.volume.window));
    }
    model[slot] = !model[slot];
    ASSERT_EQ(index.Contains(slot), model[slot]);
  }
  index.SanityCheck();
  VolumeIndex moved = std::move(index);
  for (const auto& [slot, stored] : model) {
    if (stored) moved.Remove(slot);
  }
  EXPECT_EQ(moved.size(), 0U);
  moved.SanityCheck();
}

TEST(VolumeIndexDeathTest, WrongSlotsStopTheProcess) {
  SeededRandom random(3);
  const HardVolume v = DrawVolume([&] { return random.Next(); });
  const PreparedVolume prepared = PrepareVolume(v.shape, v.volume, v.volume.window);
  VolumeIndex index;
  index.Insert(1, prepared);
  EXPECT_DEATH(index.Insert(1, prepared), "CHECK failed");
  EXPECT_DEATH(index.Remove(2), "CHECK failed");
  EXPECT_DEATH(index.Insert(limits::kIndexSlotsMax, prepared), "CHECK failed");
}

bool SamePrepared(const PreparedVolume& a, const PreparedVolume& b) {
  base::Bytes bytes_a, bytes_b;
  EncodePrepared(a, &bytes_a);
  EncodePrepared(b, &bytes_b);
  return bytes_a == bytes_b && a.covering == b.covering && a.window == b.window &&
         a.band == b.band && a.w84 == b.w84 && a.offsets.size() == b.offsets.size();
}

TEST(PreparedVolume, ReadsBackWhatWasWritten) {
  SeededRandom random(4);
  for (int round = 0; round < 500; ++round) {
    const HardVolume v = DrawVolume([&] { return random.Next(); });
    const PreparedVolume prepared = PrepareVolume(v.shape, v.volume, v.volume.window);
    base::Bytes bytes;
    EncodePrepared(prepared, &bytes);
    const size_t size = bytes.size();
    bytes.push_back(77);
    base::ByteView in = bytes;
    const auto decoded = DecodePrepared(&in);
    ASSERT_TRUE(decoded) << decoded.error().ToString();
    EXPECT_TRUE(SamePrepared(*decoded, prepared));
    EXPECT_EQ(in.size(), 1U);
    for (size_t cut = 0; cut < size; ++cut) {
      base::ByteView part = base::ByteView(bytes).first(cut);
      ASSERT_FALSE(DecodePrepared(&part));
      EXPECT_EQ(part.size(), cut);
    }
  }
}

TEST(PreparedVolume, DamagedBytesAreRefusedOrHarmless) {
  SeededRandom random(5);
  size_t refused = 0, accepted = 0;
  for (int round = 0; round < 3'000; ++round) {
    const HardVolume v = DrawVolume([&] { return random.Next(); });
    base::Bytes bytes;
    EncodePrepared(PrepareVolume(v.shape, v.volume, v.volume.window), &bytes);
    const uint64_t flips = 1 + random.Below(3);
    for (uint64_t k = 0; k < flips; ++k) {
      bytes[random.Below(bytes.size())] ^= static_cast<uint8_t>(1u << random.Below(8));
    }
    base::ByteView in = bytes;
    const auto decoded = DecodePrepared(&in);
    if (!decoded) {
      EXPECT_EQ(decoded.error().field, "prepared");
      ++refused;
      continue;
    }
    ++accepted;
    VolumeIndex index;
    index.Insert(0, *decoded);
    index.SanityCheck();
    index.Remove(0);
  }
  EXPECT_GT(refused, 500U);
  EXPECT_GT(accepted, 100U);
}

// The lists against a map, with few keys so that they are split, chained and merged by hash.
TEST(PostingLists, AgreeWithAMap) {
  SeededRandom random(6);
  PostingLists lists;
  std::map<uint32_t, std::pair<uint32_t, Posting>> by_slot;
  uint32_t next_slot = 0;
  for (int step = 0; step < 60'000; ++step) {
    // Grows, then shrinks to nothing.
    const bool add = step < 30'000 ? random.Below(10) > 0 : random.Below(10) == 0;
    if (add || by_slot.empty()) {
      Posting p;
      const auto lower = static_cast<int16_t>(random.Between(-200, 200));
      const int16_t thickness = static_cast<int16_t>(random.Below(3) == 0 ? 300 : random.Below(30));
      // One in three without a layer.
      const auto upper = static_cast<int16_t>(-lower - thickness);
      const auto native = static_cast<int16_t>(lower + (random.Below(3) == 0 ? 1'000 : 0));
      p.bound = {static_cast<int16_t>(random.Below(100)),
                 static_cast<int16_t>(random.Below(100)),
                 lower,
                 upper,
                 native,
                 upper};
      p.slot_and_tag = next_slot++;
      const uint32_t key = PostingLists::PlaceKey(1, random.Below(12) * random.Below(3) << 36);
      lists.Add(key, p);
      by_slot[p.slot()] = {key, p};
    } else {
      auto at = by_slot.lower_bound(static_cast<uint32_t>(random.Below(next_slot)));
      if (at == by_slot.end()) at = by_slot.begin();
      lists.Remove(at->second.first, at->second.second);
      by_slot.erase(at);
    }
    ASSERT_EQ(lists.postings(), by_slot.size());
    if (step == 30'000) {
      const auto crowded = lists.Find(PostingLists::PlaceKey(1, 0));
      EXPECT_TRUE(PostingLists::IsSplit(crowded));
      size_t rest = 0;
      lists.ForEach(crowded, [&](const Posting&) { ++rest; });
      EXPECT_GT(rest, 1'024U);  // so that even what has no layer is a chain of runs
    }
  }
  std::map<uint32_t, size_t> expected, found;
  for (const auto& [slot, entry] : by_slot) ++expected[entry.first];
  for (const auto& [key, count] : expected) {
    const auto list = lists.Find(key);
    const auto tally = [&, k = key](const Posting&) { ++found[k]; };
    lists.ForEach(list, tally);
    for (int layer = 0; layer < kLayers && PostingLists::IsSplit(list); ++layer) {
      lists.ForEach(lists.Find(PostingLists::LayerKey(key, layer)), tally);
    }
  }
  EXPECT_EQ(found, expected);
  while (!by_slot.empty()) {
    const auto at = by_slot.begin();
    lists.Remove(at->second.first, at->second.second);
    by_slot.erase(at);
  }
  for (const auto& [key, count] : expected) EXPECT_EQ(lists.Find(key), PostingLists::kNone);
}

}  // namespace
}  // namespace wideberth::airspace
