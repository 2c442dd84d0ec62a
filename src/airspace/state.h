// The state of one node's airspace, in memory: notices, conflicts, and the index over what is in
// force, one partition for each data mode.
//
// Threads: const methods from any number of threads while nobody calls Apply (the service holds a
// shared mutex). Const methods draw their working memory from thread-local storage.
//
// Apply cannot fail: effects come from Decide or from a log that was written by it and whose bytes
// were checked. Applying an effect again changes nothing. Cost: VersionStored about the cost of an
// index insert a volume.
#ifndef WIDEBERTH_AIRSPACE_STATE_H_
#define WIDEBERTH_AIRSPACE_STATE_H_

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "airspace/effects.h"
#include "airspace/view.h"

namespace wideberth::airspace {

class State final : public View {
 public:
  State();
  ~State() override;
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  void Apply(const Effect& effect);
  void Apply(std::span<const Effect> effects);

  // View
  const Notice* FindNotice(base::NoticeId id) const override;
  const Conflict* FindConflict(const base::Digest& id) const override;
  std::vector<const Conflict*> LiveConflictsOf(base::NoticeId id) const override;
  void Near(DataMode mode, const VolumeIndex::PreparedQuery& query,
            std::vector<NearVolume>* out) const override;
  base::UtcMicros LastTime(DataMode mode) const override;
  std::vector<base::NoticeId> EndedNotices(DataMode mode, base::UtcMicros now,
                                           size_t max) const override;
  std::vector<base::NoticeId> EvictableNotices(DataMode mode, base::UtcMicros before,
                                               size_t max) const override;
  std::vector<base::Digest> OverConflicts(DataMode mode, base::UtcMicros now,
                                          size_t max) const override;

  // In order of a notice's first storing, from `after` (0 for the first page); the ordinal is
  // stable until eviction. Stops when the visitor returns false.
  void VisitNotices(uint64_t after,
                    const std::function<bool(uint64_t ordinal, const Notice&)>& visit) const;
  void VisitConflicts(uint64_t after,
                      const std::function<bool(uint64_t ordinal, const Conflict&)>& visit) const;

  base::Digest rules() const;
  SetClock clock(DataMode mode) const;

  struct Statistics {
    size_t notices = 0;
    size_t in_force = 0;
    size_t conflicts = 0;
    size_t live_conflicts = 0;
    VolumeIndex::Statistics index;  // all partitions together
  };
  Statistics GetStatistics() const;

  // A projection row is one notice, one conflict or the small facts, under a key of 64 bits. Keys
  // of what changed since the last call are taken with TakeDirty; EncodeRow gives the row's present
  // bytes, or nothing when it is gone.
  std::vector<uint64_t> TakeDirty();
  // Gives keys back that were taken and could not be written.
  void MarkDirty(std::span<const uint64_t> keys);
  std::optional<base::Bytes> EncodeRow(uint64_t key) const;
  // Loading a projection into an empty state. Decoding refuses damaged bytes and needs no state, so it may run on
  // another thread than loading. Rows may come in any order; FinishLoading comes after the last of them, and nothing
  // else is done with the state before.
  class Row {
   public:
    Row(Row&&) noexcept;
    Row& operator=(Row&&) noexcept;
    ~Row();

   private:
    friend class State;
    struct Content;
    explicit Row(std::unique_ptr<Content> content);
    std::unique_ptr<Content> content_;
  };
  static base::Result<Row> DecodeRow(uint64_t key, base::ByteView bytes);
  // Takes what the row holds; what is left of it is the caller's to destroy.
  base::Result<void> LoadRow(Row& row);
  void FinishLoading();

  // All of the state as canonical bytes: equal states, equal bytes, whatever order things happened
  // in. For tests, fsck and the promise that replay gives the same state.
  base::Bytes Canonical() const;

  // Every cross-reference holds: index against notices, conflicts against notices, queues against
  // windows. CHECKs.
  void SanityCheck() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wideberth::airspace

#endif  // WIDEBERTH_AIRSPACE_STATE_H_
