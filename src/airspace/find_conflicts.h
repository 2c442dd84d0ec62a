// Finding the conflicts of one notice; inside airspace only (decide.h is the door).
#ifndef WIDEBERTH_AIRSPACE_FIND_CONFLICTS_H_
#define WIDEBERTH_AIRSPACE_FIND_CONFLICTS_H_

#include <span>
#include <vector>

#include "airspace/conflict.h"
#include "airspace/rules.h"
#include "airspace/view.h"
#include "airspace/volume_index.h"
#include "geo/shape.h"

namespace wideberth::airspace {

// The outlines of the effective version's volumes. `queries`, where somebody prepared them ahead
// (PreparedDeclaration), are over the declared windows, for `queries_separation`: they are used
// where that is what is asked, and prepared anew where the rules or a window have changed since.
struct SubjectOutlines {
  std::span<const geo::Shape> shapes;
  std::span<const VolumeIndex::PreparedQuery> queries;
  Separation queries_separation;
};

// Every conflict of `subject` as it stands (its effective version, effective windows), against what
// is in force in the view; earliest first. `subject` need not be in the view; a notice of the same
// id in the view is left out.
std::vector<Conflict> FindConflictsOf(const View& view, const Rules& rules, Sha256Function sha256,
                                      const Notice& subject, const SubjectOutlines& outlines,
                                      base::UtcMicros now);

// What changes when the conflicts of `subject` become `found`: conflicts that are there (opened, or
// kept as they are when nothing about them changed), and live ones of the view that are not found
// any more (resolved, or passed when their first moment had come). `found` is updated to the
// records that hold after the change.
std::vector<Conflict> ChangedConflicts(const View& view, const Notice& subject,
                                       std::vector<Conflict>* found, const Rules& rules,
                                       base::UtcMicros now);

}  // namespace wideberth::airspace

#endif  // WIDEBERTH_AIRSPACE_FIND_CONFLICTS_H_
