// What Decide may ask of a store. The embedded store answers from memory (airspace/state.h); a
// shared database answers from the rows read under its locks. Pointers stay valid until the
// decision is made.
#ifndef WIDEBERTH_AIRSPACE_VIEW_H_
#define WIDEBERTH_AIRSPACE_VIEW_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "airspace/conflict.h"
#include "airspace/notice.h"
#include "airspace/volume_index.h"

namespace wideberth::airspace {

// A volume of a checked version of a notice in force that may be near.
struct NearVolume {
  const Notice* notice = nullptr;
  uint32_t version = 0;  // index into notice->versions; one of CheckedVersions(*notice)
  uint32_t volume = 0;   // index into that version's declaration.volumes
  geo::Lateral lateral = geo::Lateral::kWithinTolerance;  // as VolumeIndex::Candidate
  // The prepared outline, where the view keeps one (outlines of many vertices); null otherwise.
  const geo::Shape* shape = nullptr;
};

class View {
 public:
  virtual ~View() = default;

  virtual const Notice* FindNotice(base::NoticeId id) const = 0;
  virtual const Conflict* FindConflict(const base::Digest& id) const = 0;
  // Every conflict of the notice that is not resolved or passed.
  virtual std::vector<const Conflict*> LiveConflictsOf(base::NoticeId id) const = 0;

  // Appends every volume in force of that mode that may be within the query's separations; never
  // misses one.
  virtual void Near(DataMode mode, const VolumeIndex::PreparedQuery& query,
                    std::vector<NearVolume>* out) const = 0;

  // The newest time any decision of that mode was made at.
  virtual base::UtcMicros LastTime(DataMode mode) const = 0;

  // Notices in force whose last effective window has ended by `now`; retired ones that may be
  // evicted; live conflicts whose last moment has come: at most `max` each, oldest first.
  virtual std::vector<base::NoticeId> EndedNotices(DataMode mode, base::UtcMicros now,
                                                   size_t max) const = 0;
  virtual std::vector<base::NoticeId> EvictableNotices(DataMode mode, base::UtcMicros before,
                                                       size_t max) const = 0;
  virtual std::vector<base::Digest> OverConflicts(DataMode mode, base::UtcMicros now,
                                                  size_t max) const = 0;
};

}  // namespace wideberth::airspace

#endif  // WIDEBERTH_AIRSPACE_VIEW_H_
