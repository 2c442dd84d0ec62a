// Decide holds every rule; Apply (airspace/state.h) changes the state and cannot fail.
//
//   base::Result<Decision> decision = Decide(view, rule_book, sha256, command, now);
//   if (decision) { log(decision->effects); state.Apply(decision->effects); }
//
// Decide is a pure function: it reads the view, draws nothing and knows no clock. `now` is the
// sequencer's time for the command's data mode. A refusal leaves nothing half done because nothing
// has been done.
//
// Cost of a Declare: a prepared query and an exact test for each candidate (docs/decisions);
// O(conflicts found).
#ifndef WIDEBERTH_AIRSPACE_DECIDE_H_
#define WIDEBERTH_AIRSPACE_DECIDE_H_

#include <vector>

#include "airspace/command.h"
#include "airspace/effects.h"
#include "airspace/rules.h"
#include "airspace/view.h"

namespace wideberth::airspace {

struct Decision {
  std::vector<Effect>
      effects;           // empty: nothing changes (a repeated request, a tick with nothing to do)
  bool created = false;  // a notice came into being
  // What the command was about, as it stands after the effects, for the answer.
  std::optional<base::NoticeId> notice;
  uint32_t version_number = 0;
  base::Digest version;
  int64_t lead_time_us = 0;  // of that version, as NoticeVersion
  bool late = false;         // by the longest lead time of all lines of the issuer
  // Of that notice: live ones that the asker may know of, earliest first.
  std::vector<Conflict> conflicts;
};

// `self`: the party whose node this is, if its peers say over lines what they say of conflicts; nil: everybody says it
// here. What somebody has said of a conflict falls with what was agreed: that of a peer when its own node says so
// (ForgetSaid), since both nodes come to what is agreed next by clocks of their own.
base::Result<Decision> Decide(const View& view, const RuleBook& rules, Sha256Function sha256,
                              const Command& command, base::UtcMicros now, base::PartyId self = {});

// The conflicts a declaration would have if it were stored now, without storing it, as far as the
// party may know of them: earliest first.
// A stored notice of the same `id`, which it would replace, is left out.
std::vector<Conflict> FindConflicts(const View& view, const RuleBook& rules, Sha256Function sha256,
                                    base::PartyId party, base::NoticeId id,
                                    const PreparedDeclaration& prepared, base::UtcMicros now);

}  // namespace wideberth::airspace

#endif  // WIDEBERTH_AIRSPACE_DECIDE_H_
