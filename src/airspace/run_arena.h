// Runs of small objects that never move, in chunks: the memory of the index's lists and vertices.
//
// A run is 1 to kRunMax neighbours, named by the number of its first. Freed runs are kept by length and split when a
// shorter one is asked for; memory goes back to the system only with the arena. Allocate and Free: about 10 ns.
#ifndef WIDEBERTH_AIRSPACE_RUN_ARENA_H_
#define WIDEBERTH_AIRSPACE_RUN_ARENA_H_

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <type_traits>
#include <vector>

#include "base/check.h"

namespace wideberth::airspace {

template <class T, uint32_t kRunMax>
class RunArena {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) >= sizeof(uint32_t));

 public:
  static constexpr uint32_t kNone = 0;  // no run begins here

  T* At(uint32_t run) { return chunks_[run >> kChunkBits].get() + (run & (kChunkItems - 1)); }
  const T* At(uint32_t run) const {
    return chunks_[run >> kChunkBits].get() + (run & (kChunkItems - 1));
  }

  uint32_t Allocate(uint32_t length) {
    CHECK(length >= 1 && length <= kRunMax);
    const uint32_t found = ShortestFree(length);
    if (found == 0) return Extend(length);
    const uint32_t run = free_[found];
    free_[found] = NextFree(run);
    if (free_[found] == kNone) filled_[found / 64] &= ~(uint64_t{1} << (found % 64));
    if (found > length) Free(run + length, found - length);
    return run;
  }

  void Free(uint32_t run, uint32_t length) {
    std::memcpy(static_cast<void*>(At(run)), &free_[length], sizeof(uint32_t));
    free_[length] = run;
    filled_[length / 64] |= uint64_t{1} << (length % 64);
  }

  size_t bytes() const {
    return chunks_.size() * kChunkItems * sizeof(T) + chunks_.capacity() * sizeof(chunks_[0]);
  }

 private:
  static constexpr uint32_t kChunkBits = 16;
  static constexpr uint32_t kChunkItems = uint32_t{1} << kChunkBits;
  static_assert(kRunMax <= kChunkItems / 2);

  uint32_t NextFree(uint32_t run) const {
    uint32_t next;
    std::memcpy(&next, static_cast<const void*>(At(run)), sizeof next);
    return next;
  }

  uint32_t ShortestFree(uint32_t length) const {
    size_t word = length / 64;
    uint64_t bits = filled_[word] & (~uint64_t{0} << (length % 64));
    while (bits == 0) {
      if (++word == filled_.size()) return 0;
      bits = filled_[word];
    }
    return static_cast<uint32_t>(word * 64) + static_cast<uint32_t>(std::countr_zero(bits));
  }

  uint32_t Extend(uint32_t length) {
    uint32_t left = static_cast<uint32_t>(chunks_.size() * kChunkItems - used_);
    if (left < length) {
      while (left > 0) {
        const uint32_t piece = std::min(left, kRunMax);
        Free(static_cast<uint32_t>(used_), piece);
        used_ += piece;
        left -= piece;
      }
      CHECK_MSG(chunks_.size() < (uint64_t{1} << 32) / kChunkItems, "the index is full");
      chunks_.push_back(std::make_unique_for_overwrite<T[]>(kChunkItems));
      if (chunks_.size() == 1) used_ = 1;  // kNone names no run
    }
    const auto run = static_cast<uint32_t>(used_);
    used_ += length;
    return run;
  }

  std::vector<std::unique_ptr<T[]>> chunks_;
  uint64_t used_ = 0;
  std::array<uint32_t, kRunMax + 1> free_{};  // first free run of each length
  std::array<uint64_t, kRunMax / 64 + 1> filled_{};
};

}  // namespace wideberth::airspace

#endif  // WIDEBERTH_AIRSPACE_RUN_ARENA_H_
