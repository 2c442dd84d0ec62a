#include "airspace/volume_index.h"

#include <algorithm>
#include <array>
#include <map>
#include <span>
#include <utility>

#include "airspace/index_layout.h"
#include "airspace/posting_lists.h"
#include "airspace/run_arena.h"
#include "base/check.h"
#include "base/limits.h"

namespace wideberth::airspace {
namespace {

using layout::Asked;
using layout::Extent;
using layout::kLevels;
using layout::kTimeKinds;

// What the index keeps of a volume.
// Two cache lines.
struct alignas(64) Record {
  Extent extent;
  geo::CompactHeader compact;
  uint32_t vertices = 0;                                         // run of compact.vertices
  std::array<uint32_t, limits::kIndexCellsPerVolumeMax> keys{};  // where it is listed
  uint8_t key_count = 0;                                         // 0: the slot is empty
  uint8_t level = 0;                                             // index into kLevels
};

static_assert(sizeof(Record) == 128);

// Records in chunks, so that growing moves nothing and leaves no slack of half the memory.
class Records {
 public:
  static constexpr uint32_t kChunk = 1024;

  Record* Find(VolumeSlot slot) {
    return slot / kChunk < chunks_.size() && chunks_[slot / kChunk] != nullptr
               ? &(*chunks_[slot / kChunk])[slot % kChunk]
               : nullptr;
  }
  const Record* Find(VolumeSlot slot) const { return const_cast<Records*>(this)->Find(slot); }
  const Record& operator[](VolumeSlot slot) const {
    return (*chunks_[slot / kChunk])[slot % kChunk];
  }
  Record& Make(VolumeSlot slot) {
    if (slot / kChunk >= chunks_.size()) chunks_.resize(slot / kChunk + 1);
    auto& chunk = chunks_[slot / kChunk];
    if (chunk == nullptr) chunk = std::make_unique<Chunk>();
    return (*chunk)[slot % kChunk];
  }
  template <class Visit>
  void ForEach(Visit visit) const {
    for (size_t c = 0; c < chunks_.size(); ++c) {
      if (chunks_[c] == nullptr) continue;
      for (uint32_t i = 0; i < kChunk; ++i) {
        const Record& record = (*chunks_[c])[i];
        if (record.key_count > 0) visit(static_cast<VolumeSlot>(c * kChunk + i), record);
      }
    }
  }
  size_t bytes() const {
    size_t bytes = chunks_.capacity() * sizeof(chunks_[0]);
    for (const auto& chunk : chunks_) bytes += chunk != nullptr ? sizeof(Chunk) : 0;
    return bytes;
  }

 private:
  using Chunk = std::array<Record, kChunk>;
  std::vector<std::unique_ptr<Chunk>> chunks_;
};

// A list's key is a hash of the bucket of time (the seed) and the cell; its group is the kind of time.
uint64_t SeedOf(int time_kind, int64_t bucket) {
  uint64_t seed = static_cast<uint64_t>(bucket) * 0x9E3779B97F4A7C15u;
  seed ^= static_cast<uint64_t>(time_kind + 1) * 0xC2B2AE3D27D4EB4Fu;
  seed ^= seed >> 29;
  return seed * 0xBF58476D1CE4E5B9u;
}
uint32_t KeyOf(int time_kind, uint64_t seed, geo::CellId cell) {
  uint64_t x = (seed ^ cell) * 0x94D049BB133111EBu;
  x ^= x >> 32;
  return PostingLists::PlaceKey(static_cast<uint32_t>(time_kind), x * 0xD6E8FEB86659FD93u);
}

struct Probe {
  uint32_t key;
  uint32_t limits;  // index into Scratch::limits
};

// Chunks of work between two rounds of prefetching: enough to hide a miss, few enough to stay in the first cache.
constexpr size_t kProbesAtOnce = 64;
constexpr size_t kRecordsAhead = 16;
constexpr uint32_t kVerticesALine = 64 / sizeof(geo::CompactVertex);

// Whether the caps alone say that two outlines are farther apart than the separation: straight through the Earth is no
// longer than along the surface.
bool CapsApart(const geo::CompactHeader& a, const geo::CompactHeader& b, int64_t separation_mm) {
  double distance2 = 0;
  for (size_t k = 0; k < 3; ++k) {
    const double d = a.centre_m[k] - b.centre_m[k];
    distance2 += d * d;
  }
  constexpr double kToleranceM = 0.05;
  const double radii_m = static_cast<double>(a.radius_m) + static_cast<double>(b.radius_m);
  const double reach_m =
      radii_m * (1 + 1e-6) + static_cast<double>(separation_mm) * 1e-3 + kToleranceM;
  return distance2 > reach_m * reach_m;
}

}  // namespace

class VolumeIndex::Scratch {
 public:
  std::vector<Limits> limits;
  std::vector<Probe> probes;
  std::vector<Probe> layer_probes;
  std::array<std::vector<int64_t>, kTimeKinds> buckets;
  std::vector<int> layers;
  std::vector<VolumeSlot> slots;
};

void VolumeIndex::ScratchDeleter::operator()(Scratch* scratch) const {
  delete scratch;
}
VolumeIndex::ScratchPtr VolumeIndex::MakeScratch() {
  return ScratchPtr(new Scratch);
}

// Where a query looks, at any time and height.
struct VolumeIndex::PreparedQuery::Space {
  Space(const geo::Shape& shape, const Separation& widest)
      : compact(shape), separation_mm(widest.lateral_mm) {
    // Up to 1 cm beyond the separation is a possible conflict; the rest is for rounding.
    constexpr double kToleranceM = 0.05;
    geo::Coverer coverer(shape, static_cast<double>(widest.lateral_mm) * 1e-3 + kToleranceM);
    std::vector<geo::CellId> cells;
    finest = 0;
    while (!coverer.Cover(kLevels[finest], limits::kIndexCellsPerQueryMax, &cells)) ++finest;
    for (size_t i = finest; i < kLevels.size(); ++i) {
      // What a covering contains, the parents of its cells contain; ids keep their order in them.
      for (geo::CellId& cell : cells) cell = geo::CellParent(cell, kLevels[i]);
      cells.erase(std::unique(cells.begin(), cells.end()), cells.end());
      begin[i] = static_cast<uint32_t>(all_cells.size());
      count[i] = static_cast<uint32_t>(cells.size());
      all_cells.insert(all_cells.end(), cells.begin(), cells.end());
    }
  }
  std::span<const geo::CellId> CellsAt(size_t level) const {
    return std::span(all_cells).subspan(begin[level], count[level]);
  }

  geo::CompactQuery compact;
  int64_t separation_mm;
  size_t finest;  // the finest level that takes few enough cells: the last, 0, always does
  std::array<uint32_t, kLevels.size()> begin{}, count{};
  std::vector<geo::CellId> all_cells;
};

struct VolumeIndex::PreparedQuery::Impl {
  Impl(std::shared_ptr<const Space> where, const Volume4D& volume, const TimeWindow& window,
       const Separation& widest)
      : space(std::move(where)), empty(window.start >= window.end) {
    const geo::HeightInterval w84{std::min(volume.lower_w84.lower_mm, volume.upper_w84.upper_mm),
                                  std::max(volume.lower_w84.lower_mm, volume.upper_w84.upper_mm)};
    asked = layout::Widened(layout::ExtentOf(window, volume.band, w84), widest);
  }

  std::shared_ptr<const Space> space;
  Asked asked{};
  bool empty;  // no time at all: near to nothing
};

VolumeIndex::PreparedQuery::PreparedQuery(const geo::Shape& shape, const Volume4D& volume,
                                          const TimeWindow& window, const Separation& widest)
    : impl_(std::make_unique<Impl>(std::make_shared<const Space>(shape, widest), volume, window,
                                   widest)) {}
VolumeIndex::PreparedQuery::PreparedQuery(const PreparedQuery& other, const Volume4D& volume,
                                          const TimeWindow& window, const Separation& widest)
    : impl_(std::make_unique<Impl>(other.impl_->space, volume, window, widest)) {
  CHECK(other.impl_->space->separation_mm == widest.lateral_mm);
}
VolumeIndex::PreparedQuery::~PreparedQuery() = default;
VolumeIndex::PreparedQuery::PreparedQuery(PreparedQuery&&) noexcept = default;

struct VolumeIndex::Impl {
  void Insert(VolumeSlot slot, const PreparedVolume& volume);
  void Remove(VolumeSlot slot);
  void Count(const Record& record, bool add);
  void Query(const PreparedQuery::Impl& query, Scratch* scratch, std::vector<Candidate>* out) const;
  bool Plan(const PreparedQuery::Impl& query, Scratch* scratch) const;
  void Seek(const PreparedQuery::Impl& query, Scratch* scratch) const;
  void RunProbes(const std::vector<Probe>& probes, const std::array<uint8_t, 16>& comparisons,
                 Scratch* scratch) const;
  void Judge(const PreparedQuery::Impl& query, VolumeSlot slot, const Record& record,
             std::vector<Candidate>* out) const;
  void SanityCheck() const;

  Records records;
  PostingLists lists;
  RunArena<geo::CompactVertex, geo::kCompactVerticesMax> vertices;
  size_t volumes = 0;
  size_t vertex_count = 0;
  // How many volumes there are, so that queries look only where something is: by level and kind of time; by bucket of
  // time; and by layer of height.
  std::array<std::array<uint32_t, kTimeKinds>, kLevels.size()> population{};
  std::array<std::map<int64_t, uint32_t>, kTimeKinds> in_bucket;
  std::array<uint32_t, kLayers> in_layer{};
};

void VolumeIndex::Impl::Count(const Record& record, bool add) {
  const layout::Place place = layout::PlaceOf(record.extent);
  const int layer = LayerOf(layout::PostingOf(record.extent, place, 0));
  const auto kind = static_cast<size_t>(place.time_kind);
  const uint32_t change = add ? 1 : ~uint32_t{0};
  population[record.level][kind] += change;
  if (layer != kNoLayer) in_layer[static_cast<size_t>(layer)] += change;
  const auto bucket = in_bucket[kind].try_emplace(place.bucket, 0).first;
  bucket->second += change;
  if (bucket->second == 0) in_bucket[kind].erase(bucket);
}

void VolumeIndex::Impl::Insert(VolumeSlot slot, const PreparedVolume& volume) {
  CHECK(slot < limits::kIndexSlotsMax);
  const int level = layout::LevelIndex(volume.covering.level);
  const std::vector<geo::CellId>& cells = volume.covering.cells;
  CHECK(level >= 0 && !cells.empty() && cells.size() <= limits::kIndexCellsPerVolumeMax);
  CHECK(volume.offsets.size() == volume.compact.vertices);
  Record& record = records.Make(slot);
  CHECK(record.key_count == 0);
  record.extent = layout::ExtentOf(volume.window, volume.band, volume.w84);
  record.compact = volume.compact;
  record.vertices = 0;
  if (!volume.offsets.empty()) {
    record.vertices = vertices.Allocate(volume.compact.vertices);
    std::copy(volume.offsets.begin(), volume.offsets.end(), vertices.At(record.vertices));
  }
  const layout::Place place = layout::PlaceOf(record.extent);
  const uint64_t seed = SeedOf(place.time_kind, place.bucket);
  for (size_t i = 0; i < cells.size(); ++i) {
    record.keys[i] = KeyOf(place.time_kind, seed, cells[i]);
    lists.Prefetch(record.keys[i]);
  }
  const Posting posting = layout::PostingOf(record.extent, place, slot);
  for (size_t i = 0; i < cells.size(); ++i) lists.Add(record.keys[i], posting);
  record.key_count = static_cast<uint8_t>(cells.size());
  record.level = static_cast<uint8_t>(level);
  Count(record, /*add=*/true);
  ++volumes;
  vertex_count += volume.compact.vertices;
}

void VolumeIndex::Impl::Remove(VolumeSlot slot) {
  Record* record = records.Find(slot);
  CHECK(record != nullptr && record->key_count > 0);
  for (size_t i = 0; i < record->key_count; ++i) lists.Prefetch(record->keys[i]);
  const Posting posting = layout::PostingOf(record->extent, layout::PlaceOf(record->extent), slot);
  for (size_t i = 0; i < record->key_count; ++i) lists.Remove(record->keys[i], posting);
  if (record->compact.vertices > 0) vertices.Free(record->vertices, record->compact.vertices);
  Count(*record, /*add=*/false);
  --volumes;
  vertex_count -= record->compact.vertices;
  *record = Record{};
}

// Finds which buckets and layers to look at. False: reading every record costs less.
bool VolumeIndex::Impl::Plan(const PreparedQuery::Impl& query, Scratch* scratch) const {
  const Limits heights = layout::HeightLimits(query.asked);
  scratch->layers.clear();
  const layout::LayerRanges layers = layout::LayersNear(query.asked, heights);
  for (const layout::Range& range : {layers.thin, layers.tall}) {
    for (int64_t layer = range.first; layer <= range.last; ++layer) {
      if (in_layer[static_cast<size_t>(layer)] == 0) continue;
      scratch->layers.push_back(static_cast<int>(layer));
    }
  }
  for (int kind = 0; kind < kTimeKinds; ++kind) {
    auto& buckets = scratch->buckets[static_cast<size_t>(kind)];
    const auto& live = in_bucket[static_cast<size_t>(kind)];
    const layout::Range range = layout::BucketsNear(query.asked, kind);
    buckets.clear();
    for (auto at = live.lower_bound(range.first); at != live.end() && at->first <= range.last;
         ++at) {
      buckets.push_back(at->first);
    }
  }
  // A probe costs about as much as a record read in order.
  size_t left = volumes;
  for (size_t level = 0; level < kLevels.size(); ++level) {
    for (size_t kind = 0; kind < kTimeKinds; ++kind) {
      if (population[level][kind] == 0 || scratch->buckets[kind].empty()) continue;
      if (level < query.space->finest) return false;
      const size_t probes = scratch->buckets[kind].size() * query.space->count[level];
      if (probes > left) return false;
      left -= probes;
    }
  }
  return true;
}

void VolumeIndex::Impl::RunProbes(const std::vector<Probe>& probes,
                                  const std::array<uint8_t, 16>& comparisons,
                                  Scratch* scratch) const {
  struct Found {
    PostingLists::List list;
    Probe probe;
  };
  std::array<Found, kProbesAtOnce> found;
  for (size_t i = 0; i < std::min(kProbesAtOnce, probes.size()); ++i) lists.Prefetch(probes[i].key);
  for (size_t at = 0; at < probes.size(); at += kProbesAtOnce) {
    const size_t end = std::min(at + kProbesAtOnce, probes.size());
    const size_t next_end = std::min(end + kProbesAtOnce, probes.size());
    for (size_t i = end; i < next_end; ++i) lists.Prefetch(probes[i].key);
    size_t count = 0;
    for (size_t i = at; i < end; ++i) {
      const PostingLists::List list = lists.Find(probes[i].key);
      if (list == PostingLists::kNone) continue;
      lists.PrefetchList(list);
      found[count++] = {list, probes[i]};
    }
    for (size_t i = 0; i < count; ++i) {
      const auto& [list, probe] = found[i];
      if (PostingLists::IsSplit(list)) {
        for (const int layer : scratch->layers) {
          scratch->layer_probes.push_back({PostingLists::LayerKey(probe.key, layer), probe.limits});
        }
      }
      lists.Scan(list, scratch->limits[probe.limits], [&](const Posting& posting, uint32_t above) {
        const auto out = [above](Posting::Bound bound) { return (above >> (2 * bound) & 1) != 0; };
        if (layout::HeightsNear(comparisons[posting.tag()], out(Posting::kHullLower),
                                out(Posting::kHullUpper), out(Posting::kNativeLower),
                                out(Posting::kNativeUpper))) {
          scratch->slots.push_back(posting.slot());
        }
      });
    }
  }
}

// Collects in scratch->slots every slot that may be near, some more than once.
void VolumeIndex::Impl::Seek(const PreparedQuery::Impl& query, Scratch* scratch) const {
  Limits limits = layout::HeightLimits(query.asked);
  scratch->limits.clear();
  scratch->probes.clear();
  scratch->layer_probes.clear();
  for (size_t kind = 0; kind < kTimeKinds; ++kind) {
    for (const int64_t bucket : scratch->buckets[kind]) {
      layout::SetTimeLimits(query.asked, static_cast<int>(kind), bucket, &limits);
      const auto limits_index = static_cast<uint32_t>(scratch->limits.size());
      scratch->limits.push_back(limits);
      const uint64_t seed = SeedOf(static_cast<int>(kind), bucket);
      for (size_t level = query.space->finest; level < kLevels.size(); ++level) {
        if (population[level][kind] == 0) continue;
        for (const geo::CellId cell : query.space->CellsAt(level)) {
          scratch->probes.push_back({KeyOf(static_cast<int>(kind), seed, cell), limits_index});
        }
      }
    }
  }
  std::array<uint8_t, 16> comparisons{};
  for (uint32_t tag = 0; tag < comparisons.size(); ++tag) {
    comparisons[tag] = layout::ComparisonOf(query.asked.own, tag);
  }
  RunProbes(scratch->probes, comparisons, scratch);
  // Layers are never split again.
  std::swap(scratch->probes, scratch->layer_probes);
  RunProbes(scratch->probes, comparisons, scratch);
}

// A volume that is near in time and height: bounding caps, then the compact shapes.
void VolumeIndex::Impl::Judge(const PreparedQuery::Impl& query, VolumeSlot slot,
                              const Record& record, std::vector<Candidate>* out) const {
  const geo::Lateral lateral = query.space->compact.Quickly(
      record.compact,
      {record.compact.vertices > 0 ? vertices.At(record.vertices) : nullptr,
       record.compact.vertices},
      query.space->separation_mm);
  if (lateral != geo::Lateral::kClear) out->push_back({slot, lateral});
}

void VolumeIndex::Impl::Query(const PreparedQuery::Impl& query, Scratch* scratch,
                              std::vector<Candidate>* out) const {
  if (volumes == 0 || query.empty) return;
  const auto near = [&](const Record& record) {
    return layout::Near(query.asked, record.extent) &&
           !CapsApart(query.space->compact.header(), record.compact, query.space->separation_mm);
  };
  if (!Plan(query, scratch)) {
    records.ForEach([&](VolumeSlot slot, const Record& record) {
      if (near(record)) Judge(query, slot, record, out);
    });
    return;
  }
  std::vector<VolumeSlot>& slots = scratch->slots;
  slots.clear();
  Seek(query, scratch);
  std::sort(slots.begin(), slots.end());
  slots.erase(std::unique(slots.begin(), slots.end()), slots.end());
  const auto prefetch = [&](size_t i) {
    if (i >= slots.size()) return;
    const char* record = reinterpret_cast<const char*>(&records[slots[i]]);
    __builtin_prefetch(record);
    __builtin_prefetch(record + 64);
  };
  for (size_t i = 0; i < kRecordsAhead; ++i) prefetch(i);
  size_t kept = 0;
  for (size_t i = 0; i < slots.size(); ++i) {
    prefetch(i + kRecordsAhead);
    const Record& record = records[slots[i]];
    if (!near(record)) continue;
    for (uint32_t v = 0; v < record.compact.vertices; v += kVerticesALine) {
      __builtin_prefetch(vertices.At(record.vertices) + v);
    }
    slots[kept++] = slots[i];
  }
  for (size_t i = 0; i < kept; ++i) Judge(query, slots[i], records[slots[i]], out);
}

void VolumeIndex::Impl::SanityCheck() const {
  size_t counted = 0, postings = 0, counted_vertices = 0;
  Impl recount;
  records.ForEach([&](VolumeSlot slot, const Record& record) {
    ++counted;
    postings += record.key_count;
    counted_vertices += record.compact.vertices;
    recount.Count(record, /*add=*/true);
    const Posting expected = layout::PostingOf(record.extent, layout::PlaceOf(record.extent), slot);
    for (size_t i = 0; i < record.key_count; ++i) {
      const auto listed =
          std::count(record.keys.begin(), record.keys.begin() + record.key_count, record.keys[i]);
      ptrdiff_t found = 0;
      const PostingLists::List list = lists.Find(record.keys[i]);
      const int layer = LayerOf(expected);
      const bool layered = PostingLists::IsSplit(list) && layer != kNoLayer;
      const auto count_here = [&](const Posting& posting) {
        if (posting.slot() != slot) return;
        CHECK(posting.bound == expected.bound && posting.slot_and_tag == expected.slot_and_tag);
        ++found;
      };
      lists.ForEach(layered ? lists.Find(PostingLists::LayerKey(record.keys[i], layer)) : list,
                    count_here);
      CHECK_MSG(found == listed, "a volume is not listed where it should be");
    }
  });
  CHECK(counted == volumes);
  CHECK(counted_vertices == vertex_count);
  CHECK_MSG(postings == lists.postings(), "a list names a volume that is not there");
  CHECK(recount.population == population);
  CHECK(recount.in_bucket == in_bucket);
  CHECK(recount.in_layer == in_layer);
}

VolumeIndex::VolumeIndex() : impl_(std::make_unique<Impl>()) {}
VolumeIndex::~VolumeIndex() = default;
VolumeIndex::VolumeIndex(VolumeIndex&&) noexcept = default;
VolumeIndex& VolumeIndex::operator=(VolumeIndex&&) noexcept = default;

void VolumeIndex::Insert(VolumeSlot slot, const PreparedVolume& volume) {
  impl_->Insert(slot, volume);
}
void VolumeIndex::Remove(VolumeSlot slot) {
  impl_->Remove(slot);
}
bool VolumeIndex::Contains(VolumeSlot slot) const {
  const Record* record = impl_->records.Find(slot);
  return record != nullptr && record->key_count > 0;
}
size_t VolumeIndex::size() const {
  return impl_->volumes;
}
void VolumeIndex::Query(const PreparedQuery& query, Scratch* scratch,
                        std::vector<Candidate>* out) const {
  impl_->Query(*query.impl_, scratch, out);
}

VolumeIndex::Statistics VolumeIndex::GetStatistics() const {
  Statistics s;
  s.volumes = impl_->volumes;
  s.entries = impl_->lists.postings();
  size_t buckets = 0;
  for (const auto& live : impl_->in_bucket) buckets += live.size();
  constexpr size_t kMapNodeBytes = 64;
  s.vertex_bytes = impl_->vertices.bytes();
  s.bytes = sizeof(Impl) + impl_->records.bytes() + impl_->lists.bytes() + buckets * kMapNodeBytes;
  return s;
}

void VolumeIndex::SanityCheck() const {
  impl_->SanityCheck();
}

}  // namespace wideberth::airspace
