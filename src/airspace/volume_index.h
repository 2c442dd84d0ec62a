// The 4D index: which volumes may be near a given one, in space, height and time.
//
// A space-time inverted index. Each volume is entered under the S2 cells of its covering, at the finest of a few levels
// that needs few cells, in the list of one bucket of time (of the length that fits its window; windows without end or
// of months have one bucket that is always looked at). Where a list grows long it is split into layers of height. A
// query looks at the cells of its own covering, grown by the widest separation, and at the buckets and layers from
// which a volume can reach it; buckets and layers that hold nothing are not looked at. A posting carries the window
// and the heights, quantised outwards, so that most non-candidates fall without touching the volume. What is left is
// compared exactly in time and height, then by bounding caps, then by compact shapes; only what is still undecided
// costs the caller an exact test. A query so wide or long that it has more lists to look at than there are volumes
// reads all records in order.
//
// Answers err to more: Query never misses a volume whose lateral gap, height gap and time gap are within the given
// separations (MECHANISM 4.1, 4.2), for every pair of references. Two limits of the same reference are compared
// natively, others by their W84 hulls; where the rule depends on more (above ground natively only where outlines
// overlap), a volume falls only when both comparisons say clear. What Query returns besides is the caller's to discard.
//
// Cost (airspace_bench measures it): docs/decisions/0012-index-layout.md. Memory: at most 300 bytes a volume beside its
// vertices. Limits: limits::kIndexSlotsMax volumes, about 60 million of four cells each.
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
  geo::Covering
      covering;  // of the bare outline, at a level of the index, 1 to limits::kIndexCellsPerVolumeMax cells
  geo::CompactHeader compact;
  std::vector<geo::CompactVertex> offsets;  // compact.vertices of them
  TimeWindow window;                        // the effective window
  HeightBand band;
  geo::HeightInterval
      w84;  // from the least the lower limit can be to the most the upper limit can be
};
// `volume` has its W84 intervals (FillW84).
PreparedVolume PrepareVolume(const geo::Shape& shape, const Volume4D& volume,
                             const TimeWindow& window);

// A binary form, little-endian, about 120 bytes and 12 for each vertex. Decoding is strict (field "prepared"): it
// refuses what PrepareVolume cannot give, so that no damaged store reaches an invariant of the index. *in advances
// past the value.
void EncodePrepared(const PreparedVolume& prepared, base::Bytes* out);
base::Result<PreparedVolume> DecodePrepared(base::ByteView* in);

class VolumeIndex {
 public:
  VolumeIndex();
  ~VolumeIndex();
  VolumeIndex(VolumeIndex&&) noexcept;
  VolumeIndex& operator=(VolumeIndex&&) noexcept;

  // REQUIRES (CHECK): the slot is empty and below limits::kIndexSlotsMax / is occupied; the volume is as PrepareVolume
  // or DecodePrepared gave it. Cost: about 0.2 us a cell; Remove also reads the lists it takes the volume from.
  void Insert(VolumeSlot slot, const PreparedVolume& volume);
  void Remove(VolumeSlot slot);
  bool Contains(VolumeSlot slot) const;
  size_t size() const;

  // A query prepared once, to be asked of any index: coverings of the outline grown by the widest separation at every
  // level, the compact query, and the widened window and heights. Outlives shape and volume.
  class PreparedQuery {
   public:
    PreparedQuery(const geo::Shape& shape, const Volume4D& volume, const TimeWindow& window,
                  const Separation& widest);
    // The same question of another window: the coverings, which are the dear part, are shared.
    PreparedQuery(const PreparedQuery& other, const Volume4D& volume, const TimeWindow& window,
                  const Separation& widest);
    ~PreparedQuery();
    PreparedQuery(PreparedQuery&&) noexcept;

   private:
    friend class VolumeIndex;
    struct Space;
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
  struct ScratchDeleter {
    void operator()(Scratch* scratch) const;
  };
  using ScratchPtr = std::unique_ptr<Scratch, ScratchDeleter>;
  static ScratchPtr MakeScratch();

  // Appends the candidates to *out in ascending order of slot, each once.
  void Query(const PreparedQuery& query, Scratch* scratch, std::vector<Candidate>* out) const;

  struct Statistics {
    size_t volumes = 0;
    size_t entries = 0;
    size_t bytes = 0;  // everything the index holds except vertices
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
