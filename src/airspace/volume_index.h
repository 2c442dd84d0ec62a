// The 4D index: which volumes may be near a given one, in space, height and time.
//
// A space-time inverted index. Each volume is entered under the S2 cells of its covering, at the finest of a few levels
// that needs few cells, and under buckets of time, fine ones for short windows and coarse ones for long (the coarse
// level also takes open-ended windows). An entry carries the quantised window and heights, rounded outwards, so that
// most non-candidates fall without touching the volume. What is left passes bounding caps, then the compact shapes, and
// only what is still undecided costs an exact test by the caller.
//
// Answers err to more: Query never misses a volume whose lateral gap, height gap and time gap are within the given
// separations, for every pair of references (heights of the same reference are filtered natively, others by their W84
// hulls). What it returns besides is the caller's to discard.
//
// Cost (measured: airspace_bench): see docs/decisions. Memory: at most 300 bytes a volume beside its vertices.
// Threads: const methods from any number of threads while none mutates. Each querying thread has its own Scratch.
#ifndef WIDEBERTH_AIRSPACE_VOLUME_INDEX_H_
#define WIDEBERTH_AIRSPACE_VOLUME_INDEX_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "airspace/rules.h"
#include "airspace/volume.h"
#include "geo/compact_shape.h"
#include "geo/covering.h"
#include "geo/shape.h"

namespace wideberth::airspace {

// A volume's place in the index; chosen by the caller, dense (0, 1, 2, ...), reusable after Remove.
using VolumeSlot = uint32_t;

// What the index stores, computed once from a volume. Preparing is the expensive part of an insert (covering, compact
// shape); it needs no index and may run on another thread, and its result can be stored (EncodePrepared) so that a
// restart does not pay again.
struct PreparedVolume {
  geo::Covering covering;  // of the bare outline
  geo::CompactHeader compact;
  std::vector<geo::CompactVertex> offsets;
  TimeWindow window;  // the effective window
  HeightBand band;
  geo::HeightInterval w84;  // hull of both limits
};
PreparedVolume PrepareVolume(const geo::Shape& shape, const Volume4D& volume,
                             const TimeWindow& window);

void EncodePrepared(const PreparedVolume& prepared, base::Bytes* out);
base::Result<PreparedVolume> DecodePrepared(base::ByteView* in);  // advances *in

class VolumeIndex {
 public:
  VolumeIndex();
  ~VolumeIndex();
  VolumeIndex(VolumeIndex&&) noexcept;
  VolumeIndex& operator=(VolumeIndex&&) noexcept;

  // REQUIRES (CHECK): the slot is empty / occupied.
  void Insert(VolumeSlot slot, const PreparedVolume& volume);
  void Remove(VolumeSlot slot);
  bool Contains(VolumeSlot slot) const;
  size_t size() const;

  // A query prepared once: coverings of the outline grown by the widest separation at every level in use, the compact
  // query, and the widened window and heights.
  class PreparedQuery {
   public:
    PreparedQuery(const geo::Shape& shape, const Volume4D& volume, const TimeWindow& window,
                  const Separation& widest);
    ~PreparedQuery();
    PreparedQuery(PreparedQuery&&) noexcept;

   private:
    friend class VolumeIndex;
    struct Impl;
    std::unique_ptr<Impl> impl_;
  };

  struct Candidate {
    VolumeSlot slot;
    // kConflict: the outlines are certainly within the *lateral separation given to the query*; kWithinTolerance: not
    // known, ask the exact test. Never kClear.
    geo::Lateral lateral;
  };

  class Scratch;  // reusable working memory of one thread
  struct ScratchDeleter { void operator()(Scratch* scratch) const; };
  using ScratchPtr = std::unique_ptr<Scratch, ScratchDeleter>;
  static ScratchPtr MakeScratch();

  // Appends the candidates to *out in ascending order of slot, each once.
  void Query(const PreparedQuery& query, Scratch* scratch, std::vector<Candidate>* out) const;

  struct Statistics {
    size_t volumes = 0;
    size_t entries = 0;
    size_t bytes = 0;            // everything the index holds except vertices
    size_t vertex_bytes = 0;
  };
  Statistics GetStatistics() const;

  // Every entry belongs to an occupied slot and every occupied slot has all its entries; counts agree. Test hook:
  // CHECKs. O(everything).
  void SanityCheck() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wideberth::airspace

#endif  // WIDEBERTH_AIRSPACE_VOLUME_INDEX_H_
