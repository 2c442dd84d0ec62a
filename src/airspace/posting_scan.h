// The inner loop of PostingLists. Included by posting_lists.h only.
#ifndef WIDEBERTH_AIRSPACE_POSTING_SCAN_H_
#define WIDEBERTH_AIRSPACE_POSTING_SCAN_H_

#include "airspace/posting_lists.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace wideberth::airspace {

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

#endif  // WIDEBERTH_AIRSPACE_POSTING_SCAN_H_
