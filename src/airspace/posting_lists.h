// The lists of the 4D index: for each key (a hash of a cell and a bucket of time) the volumes entered there.
//
// A key is 32 bits. Two places that hash alike share a list, which costs a few comparisons and no correctness, because
// every posting is checked against the volume itself before it is reported.
//
// Layout. Keys and list heads are in 1,024 small open-addressing tables of 8 bytes a slot (a probe that finds nothing
// costs one cache line; growing one table stops the writer for a millisecond, not for a second). A key belongs to one
// of 8 groups, with 64 tables for places and 64 for layers each: what every query asks for but holds little (the kinds
// of time of zones) has tables of its own, which stay in the cache. A list is a run of 1, 2, 4, ... 1,024 postings of
// 16 bytes; a longer list is a chain of runs of 1,024. Unused postings match nothing, so reading needs no lengths. A
// list of more than 64 is split by height: the postings that have a layer move to lists of their own, one for each
// layer, so that a crowded place costs a query only the heights it asks for, while everywhere else one look finds all.
//
// Threads: const methods from any number while nobody writes.
#ifndef WIDEBERTH_AIRSPACE_POSTING_LISTS_H_
#define WIDEBERTH_AIRSPACE_POSTING_LISTS_H_

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "airspace/run_arena.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace wideberth::airspace {

// Six bounds, each of which must not be above the asker's limit for the volume to be near it. Upper bounds are negated.
struct alignas(16) Posting {
  enum Bound { kStart, kEnd, kHullLower, kHullUpper, kNativeLower, kNativeUpper, kBounds };
  std::array<int16_t, kBounds> bound{};
  uint32_t slot_and_tag = 0;  // 28 bits of slot, 4 bits of tag

  static constexpr int16_t kNever = 32767;  // as kStart: this posting matches nothing
  static constexpr uint32_t kSlotMask = (uint32_t{1} << 28) - 1;
  uint32_t slot() const { return slot_and_tag & kSlotMask; }
  uint32_t tag() const { return slot_and_tag >> 28; }
};
static_assert(sizeof(Posting) == 16);

// Heights are counted in steps of 4 m, rounded outwards; beyond 131 km every height is the last step.
inline constexpr int64_t kHeightStepMm = 4'000;
inline constexpr int64_t kHeightStepMax = 32'766;

// Layers of height, by the lower end of a band's W84 hull. A band is thin when its hull is, and its native numbers are
// near the hull's: 128 m and the rounding of both ends. Thin bands have layers of 256 m; a query looks at the few from
// which one can reach it. Other bands have layers of 4 km when their native lower limit is within 1 km of the hull's; a
// query looks at all from its own top downwards. What is left has no layer.
inline constexpr int kThinSteps = 34;
inline constexpr int kTallSteps = 256;
inline constexpr int kThinLayers = 1'024;
inline constexpr int kLayers = kThinLayers + 64;
inline constexpr int kNoLayer = -1;
inline int ThinLayerAt(int64_t step) {
  return static_cast<int>((std::clamp(step, -kHeightStepMax, kHeightStepMax) + 32'768) / 64);
}
inline int TallLayerAt(int64_t step) {
  return kThinLayers +
         static_cast<int>((std::clamp(step, -kHeightStepMax, kHeightStepMax) + 32'768) / 1'024);
}
int LayerOf(const Posting& posting);

struct Limits {
  alignas(16)
      std::array<int16_t, 8> bound{};  // [kStart] < Posting::kNever; the last two are not compared
};

class PostingLists {
 public:
  using List = uint32_t;
  static constexpr List kNone = 0;

  // Bits 1 to 3 of a key are its group. Keys of places are even; the odd ones name the layers of split lists.
  static constexpr uint32_t kGroups = 8;
  static uint32_t PlaceKey(uint32_t group, uint64_t hash) {
    return (static_cast<uint32_t>(hash >> 32) & ~0xFu) | group << 1;
  }
  static uint32_t LayerKey(uint32_t key, int layer) {
    uint64_t x = (uint64_t{key} << 32 | static_cast<uint32_t>(layer)) * 0x9FB21C651E98DF25u;
    x ^= x >> 35;
    return (static_cast<uint32_t>((x * 0xD6E8FEB86659FD93u) >> 32) & ~0xFu) | (key & 0xEu) | 1u;
  }

  void Add(uint32_t key, const Posting& posting);
  // REQUIRES: this posting was added under `key`. O(length of the list it is in).
  void Remove(uint32_t key, const Posting& posting);

  void Prefetch(uint32_t key) const {
    const Table& table = tables_[TableOf(key)];
    if (table.keys != 0) __builtin_prefetch(&table.slots[table.Home(key)]);
  }
  List Find(uint32_t key) const;
  // The first four cache lines of a list; the processor sees by itself where a longer one goes.
  void PrefetchList(List list) const {
    const Posting* run = RunOf(list);
    const uint32_t postings = std::min(16u, 1u << std::min(ClassOf(list), kClassMax));
    for (uint32_t i = 0; i < postings; i += 4) __builtin_prefetch(run + i);
  }
  // A split list holds what has no layer; the rest is under the layer keys of its key.
  static bool IsSplit(List list) { return ClassOf(list) == kSplitClass; }

  // Calls visit(posting, above) for each posting whose time bounds are within the limits and which has no height bound
  // above its limit both by hull and natively. `above` has bit 2k set where bound k is above its limit.
  template <class Visit>
  void Scan(List list, const Limits& limits, Visit visit) const;
  // Calls visit(posting) for every posting of the list.
  template <class Visit>
  void ForEach(List list, Visit visit) const;

  size_t postings() const { return postings_; }
  size_t bytes() const;

 private:
  static constexpr uint32_t kTables = 2 * 64 * kGroups;
  static constexpr uint32_t kClassMax = 10;
  static constexpr uint32_t kSplitClass = 15;
  static constexpr uint32_t kSplitFromClass = 6;
  static constexpr uint32_t kRunMax = 1u << kClassMax;
  static constexpr uint32_t kRunBits = 28;

  // What stands in a split list's place.
  struct Split {
    uint32_t layered = 0;  // postings in layers
    std::array<uint32_t, 2> unused{};
    List rest = kNone;
  };
  static_assert(sizeof(Split) == sizeof(Posting));
  Split SplitOf(List list) const { return std::bit_cast<Split>(*RunOf(list)); }
  List RestOf(List list) const { return IsSplit(list) ? SplitOf(list).rest : list; }

  struct Slot {
    uint32_t key = 0;
    List list = kNone;
  };
  struct Table {
    std::vector<Slot> slots;
    uint32_t keys = 0;
    uint32_t shift = 32;
    size_t Home(uint32_t key) const { return key >> shift; }
    size_t Next(size_t at) const { return at + 1 == slots.size() ? 0 : at + 1; }
  };

  // The table by the lowest bits (place or layer, group, and six of the hash), the slot in it by the highest.
  static uint32_t TableOf(uint32_t key) { return key & (kTables - 1); }

  // A list's name: the class of its first run and the run's place.
  static List Name(uint32_t size_class, uint32_t run);
  static uint32_t ClassOf(List list) { return list >> kRunBits; }
  static uint32_t PlaceOf(List list) { return list & ((1u << kRunBits) - 1); }
  const Posting* RunOf(List list) const { return runs_.At(PlaceOf(list)); }
  Posting* RunOf(List list) { return runs_.At(PlaceOf(list)); }
  // How many postings a run can hold: the last of a run of the longest kind is the link to the next.
  static uint32_t Room(uint32_t size_class) {
    return size_class == kClassMax ? kRunMax - 1 : 1u << size_class;
  }
  List LinkOf(List list) const { return RunOf(list)[kRunMax - 1].slot_and_tag; }

  List NewRun(uint32_t size_class, List link);
  uint32_t Count(List list) const;
  Slot* FindOrMakeSlot(uint32_t key);
  void AddTo(List* list, const Posting& posting);
  void RemoveFrom(List* list, const Posting& posting);
  void AddInLayer(uint32_t key, const Posting& posting);
  bool TrySplit(Slot* slot);
  List Resized(List list, uint32_t size_class, uint32_t count);
  static void Grow(Table* table);
  static Slot* FindSlot(Table* table, uint32_t key);
  static void EraseSlot(Table* table, Slot* slot);
  static uint32_t Above(const Posting& posting, const Limits& limits);

  std::array<Table, kTables> tables_;
  RunArena<Posting, kRunMax> runs_;
  size_t postings_ = 0;
};

// One comparison of all bounds at once: two bits a bound, as the instruction gives them.
inline uint32_t PostingLists::Above(const Posting& posting, const Limits& limits) {
#if defined(__SSE2__)
  const __m128i bounds = _mm_load_si128(reinterpret_cast<const __m128i*>(&posting));
  const __m128i limit = _mm_load_si128(reinterpret_cast<const __m128i*>(limits.bound.data()));
  return static_cast<uint32_t>(_mm_movemask_epi8(_mm_cmpgt_epi16(bounds, limit)));
#else
  uint32_t above = 0;
  for (uint32_t k = 0; k < Posting::kBounds; ++k) {
    above |= (posting.bound[k] > limits.bound[k] ? 3u : 0u) << (2 * k);
  }
  return above;
#endif
}

template <class Visit>
void PostingLists::Scan(List list, const Limits& limits, Visit visit) const {
  constexpr uint32_t kTime = 3u << (2 * Posting::kStart) | 3u << (2 * Posting::kEnd);
  constexpr uint32_t kHeights = 0xFu << (2 * Posting::kHullLower);
  static_assert(Posting::kNativeLower == Posting::kHullLower + 2);
  list = RestOf(list);
  while (list != kNone) {
    const uint32_t size_class = ClassOf(list);
    const Posting* run = RunOf(list);
    const uint32_t room = Room(size_class);
    for (uint32_t i = 0; i < room; ++i) {
      const uint32_t above = Above(run[i], limits);
      if ((above & kTime) != 0 || (above & (above >> 4) & kHeights) != 0) continue;
      visit(run[i], above);
    }
    list = size_class == kClassMax ? LinkOf(list) : kNone;
  }
}

template <class Visit>
void PostingLists::ForEach(List list, Visit visit) const {
  list = RestOf(list);
  while (list != kNone) {
    const uint32_t count = Count(list);
    for (uint32_t i = 0; i < count; ++i) visit(RunOf(list)[i]);
    list = ClassOf(list) == kClassMax ? LinkOf(list) : kNone;
  }
}

}  // namespace wideberth::airspace

#endif  // WIDEBERTH_AIRSPACE_POSTING_LISTS_H_
