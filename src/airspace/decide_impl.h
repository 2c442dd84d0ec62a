// What the parts of Decide share; inside airspace only (decide.h is the door). find_conflicts.cc finds
// the conflicts of one notice, decide.cc decides what issuers and the node ask, decide_acts.cc what
// others do about a notice or a conflict.
#ifndef WIDEBERTH_AIRSPACE_DECIDE_IMPL_H_
#define WIDEBERTH_AIRSPACE_DECIDE_IMPL_H_

#include <span>
#include <vector>

#include "airspace/conflict.h"
#include "airspace/decide.h"
#include "airspace/rules.h"
#include "airspace/view.h"
#include "airspace/volume_index.h"
#include "geo/shape.h"

namespace wideberth::airspace {

// The outlines of the effective version's volumes, where somebody prepared them ahead
// (PreparedDeclaration); empty: they are prepared when needed, as those of older versions are.
// `queries` are over the declared windows, for `queries_separation`: they are used as they are or over
// another window, and prepared anew where the rules have changed since.
struct SubjectOutlines {
  std::span<const geo::Shape> shapes;
  std::span<const VolumeIndex::PreparedQuery> queries;
  Separation queries_separation;
};

// Every conflict of `subject` as it stands (its checked versions, effective windows), against what is
// in force in the view, those that are not the subject's party's to know (IsKnownTo) included;
// earliest first. `subject` need not be in the view; a notice of the same
// id in the view is left out.
std::vector<Conflict> FindConflictsOf(const View& view, const RuleBook& rules,
                                      Sha256Function sha256, const Notice& subject,
                                      const SubjectOutlines& outlines, base::UtcMicros now);

// What changes when the conflicts of `subject` become `found`: conflicts that are there (opened, or
// kept as they are when nothing about them changed), and live ones of the view that are not found
// any more (resolved, or passed when their first moment had come). `found` is updated to the
// records that hold after the change. `self`: as of Decide.
std::vector<Conflict> ChangedConflicts(const View& view, const Notice& subject,
                                       std::vector<Conflict>* found, const RuleBook& rules,
                                       base::PartyId self, base::UtcMicros now);

namespace deciding {

struct Context {
  const View& view;
  const RuleBook& rules;
  Sha256Function sha256;
  base::PartyId party;
  base::PartyId self;  // as of Decide
  base::UtcMicros now;
  base::UtcMicros said_at;  // Command::said_at

  bool by_node() const { return party.uuid.is_nil(); }
};

// No more of it takes place: withdrawn, cleared, or an activity that ended.
bool IsOver(const Notice& notice);

AxesChanged AxesOf(const Notice& notice);

// The notice, when others may see a version of it. A draft, and what is held, is answered like
// nothing at all.
base::Result<const Notice*> FindDeclared(const Context& context, base::NoticeId id);

// What the decision is about. Its party sees the latest version, others the latest declared one.
void Describe(const Context& context, const Notice& notice, Decision* decision);
void DescribeVersion(const Notice& notice, const NoticeVersion& version, Decision* decision);

// Leaves the conflicts that the asker may know of, earliest first. The node itself, whose answers may
// go anywhere, gets no local one.
void KeepKnown(const Context& context, std::vector<Conflict>* conflicts);

// The decision that changes nothing, and says what is.
Decision Unchanged(const Context& context, const Notice& notice);

// Stores what is common to every change of a notice: its axes and what follows for its conflicts.
void Conclude(const Context& context, const Notice& after, const SubjectOutlines& outlines,
              Decision* decision);

base::Result<Decision> On(const Context& context, const Assess& command);
base::Result<Decision> On(const Context& context, const Disseminate& command);
base::Result<Decision> On(const Context& context, const RecordReceipt& command);
base::Result<Decision> On(const Context& context, const RecordCosigned& command);
base::Result<Decision> On(const Context& context, const RecordReadBack& command);
base::Result<Decision> On(const Context& context, const Disregard& command);
base::Result<Decision> On(const Context& context, const MarkConflictSeen& command);
base::Result<Decision> On(const Context& context, const ProposeMeasures& command);
base::Result<Decision> On(const Context& context, const ForgetSaid& command);
base::Result<Decision> On(const Context& context, const AcceptRisk& command);

}  // namespace deciding
}  // namespace wideberth::airspace

#endif  // WIDEBERTH_AIRSPACE_DECIDE_IMPL_H_
