// Effects: what a decision changes. They are the log: written, then applied; a restart applies them
// again.
//
// Every effect is absolute (it says what is, not what to add), so applying one twice, or applying
// the log to a projection that already holds some of it, gives the same state. No effect holds a
// question that is still to be computed: what the engine found out with floating point (conflicts,
// coverings) is in it as an outcome.
#ifndef WIDEBERTH_AIRSPACE_EFFECTS_H_
#define WIDEBERTH_AIRSPACE_EFFECTS_H_

#include <variant>
#include <vector>

#include "airspace/command.h"
#include "airspace/conflict.h"
#include "airspace/notice.h"
#include "airspace/volume_index.h"

namespace wideberth::airspace {

// A version of a notice, at its place in the chain (version.number). `prepared`: what the index
// needs of its volumes, a cache that spares a restart the coverings.
struct VersionStored {
  base::NoticeId id;
  base::PartyId party;
  NoticeVersion version;
  std::vector<PreparedVolume> prepared;
};

// Everything of a notice that is not a version's content. A notice that was retired takes part in
// checks again: which of its versions do may have changed. The next Tick retires it if it is over.
struct AxesChanged {
  base::NoticeId id;
  std::vector<AuthorState> authors;  // one a version
  ActivityState activity = ActivityState::kPlanned;
  std::optional<base::UtcMicros> started_at;
  std::optional<base::UtcMicros> ended_at;
  std::optional<base::UtcMicros> all_clear_at;
  std::map<base::PartyId, Delivery> delivery;
  std::map<base::PartyId, AssessmentRecord> assessments;
  std::map<base::PartyId, Dissemination> dissemination;
  std::map<base::PartyId, base::UtcMicros> disregarded_by;
};

// What is known of a notice's delivery to one recipient, where nothing else of it changes: neither what takes part in
// checks nor when. Three come for each notice that crosses a line, so they do not repeat all axes.
struct DeliveryChanged {
  base::NoticeId id;
  base::PartyId to;
  Delivery delivery;
};

// The notice no longer takes part in checks; it is kept for people to read.
struct NoticeRetired {
  base::NoticeId id;
};

// The notice and its conflicts leave the state; the log keeps them.
struct NoticeEvicted {
  base::NoticeId id;
};

struct ConflictChanged {
  Conflict conflict;
};

struct TimeAdvanced {
  DataMode mode = DataMode::kReal;
  base::UtcMicros now;
};

struct RulesAdopted {
  base::Digest rules;
};

struct ClockSet {
  SetClock clock;
};

using Effect = std::variant<VersionStored, AxesChanged, NoticeRetired, NoticeEvicted,
                            ConflictChanged, TimeAdvanced, RulesAdopted, ClockSet, DeliveryChanged>;

}  // namespace wideberth::airspace

#endif  // WIDEBERTH_AIRSPACE_EFFECTS_H_
