// Commands: everything that can be asked of the airspace's state. A command carries whatever is
// drawn or computed outside (ids, prepared shapes), so that deciding it needs nothing but the view
// and the time.
#ifndef WIDEBERTH_AIRSPACE_COMMAND_H_
#define WIDEBERTH_AIRSPACE_COMMAND_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "airspace/conflict.h"
#include "airspace/notice.h"
#include "airspace/rules.h"
#include "airspace/volume_index.h"
#include "geo/shape.h"

namespace wideberth::airspace {

// A declaration that has passed every check that needs no state, with the expensive parts done:
// shapes, coverings, W84 intervals, the questions to the index, digest. Preparing is pure and runs on
// any thread, so that the one thread that decides does not have to. Movable, not copyable.
class PreparedDeclaration {
 public:
  // Refuses with the JSON pointer inside the declaration ("/volumes/2/outline_polygon/vertices").
  // Heights are turned into W84 by the geoid of `heights` and by the bounds of every line's rules. A
  // class that no rules declare is not refused here (RuleBook::CheckClass): it counts as the strictest.
  static base::Result<PreparedDeclaration> Prepare(Declaration declaration, const RuleBook& rules,
                                                   const geo::HeightModel& heights,
                                                   Sha256Function sha256);

  const Declaration& declaration() const { return declaration_; }
  const base::Digest& digest() const { return digest_; }
  const std::vector<geo::Shape>& shapes() const { return shapes_; }
  // Over the declared windows; Decide narrows or widens them to the effective ones.
  const std::vector<PreparedVolume>& volumes() const { return volumes_; }
  // What is near each volume over its declared window, within queries_separation(): the widest the
  // rules had for this declaration when it was prepared.
  const std::vector<VolumeIndex::PreparedQuery>& queries() const { return queries_; }
  const Separation& queries_separation() const { return queries_separation_; }

 private:
  PreparedDeclaration() = default;
  Declaration declaration_;
  base::Digest digest_;
  std::vector<geo::Shape> shapes_;
  std::vector<PreparedVolume> volumes_;
  std::vector<VolumeIndex::PreparedQuery> queries_;
  Separation queries_separation_;
};

// Stores a version of a notice: the first creates it. What is stored already changes nothing and is
// answered like the first time, so a request may be repeated safely: without a `name` that is the
// content of the latest version, with one the same name of any version. A draft that is the latest
// version becomes released, or held, in its place.
struct Declare {
  base::NoticeId id;
  std::shared_ptr<const PreparedDeclaration> prepared;
  bool draft = false;  // kept, seen by its party alone, takes no part in checks until released
  // The name of the version this one replaces: the latest, or the latest that is not a draft.
  // Required once a notice exists and the content differs, so that two writers cannot overwrite each
  // other unseen; with a `name` it may be left out, and is checked when given.
  std::optional<base::Digest> replaces = std::nullopt;
  // What names the version, given from outside: the SHA-256 of the envelope it was released in
  // (MECHANISM 3.1). Without one the digest of the content does. The same content under another name
  // is another version.
  std::optional<base::Digest> name = std::nullopt;
  // The versions before stay in checks beside this one until it is read back (RecordReadBack), and no
  // delivery is taken for granted: RecordReceipt says when it came.
  bool until_read_back = false;
  // Kept, seen by its party alone, and checked against what others declare (MECHANISM 2.2, 2.3). A
  // notice is held for its whole life or never. Neither with `draft` nor with `until_read_back`.
  bool held = false;
};

// Ends a notice before or while it is flown. A hazard that has started is cleared, not withdrawn
// (MECHANISM 3.1).
struct Withdraw {
  base::NoticeId id;
  base::Digest version;  // the latest, or the latest that is not a draft
};

// Says that an activity or a hazard has become active or has ended.
struct SetActivity {
  base::NoticeId id;
  ActivityState activity = ActivityState::kActive;  // kActive or kEnded
  base::Digest version;
};

// Clears a hazard: by its issuer alone, after the actual end and the dwell time of its class,
// naming the latest version. A hazard whose source is not `own` ends as no_longer_observed
// (MECHANISM 3.5).
struct AllClear {
  base::NoticeId id;
  base::Digest version;
  bool no_longer_observed = false;
};

// What a recipient thinks of a version. Carries no reason, by design (MECHANISM 2.3).
struct Assess {
  base::NoticeId id;
  base::Digest version;
  Assessment assessment = Assessment::kNoObjection;
  std::optional<base::UtcMicros> need_time_until;
};

struct Disseminate {
  base::NoticeId id;
  bool units_told = false;
  bool own_aircraft_clear = false;
};

// That a version came to a party (R1, a machine's receipt) and that a person there read it back (R3).
// From the node itself or from that party, which is not the issuer. Of a declared version only. What
// is known for the same or a newer version changes nothing. A read-back needs R1 of that version or
// of a newer one.
struct RecordReceipt {
  base::NoticeId id;
  base::Digest version;
  base::PartyId by;
};
// The same, that the party has cosigned the log in which the version stands (R2). It needs no R1.
struct RecordCosigned {
  base::NoticeId id;
  base::Digest version;
  base::PartyId by;
  base::UtcMicros cosigned_at;
};
struct RecordReadBack {
  base::NoticeId id;
  base::Digest version;
  base::PartyId by;
};

// A party's cell head takes a hazard of another party, whose issuer is gone, for disregarded
// (MECHANISM 3.5): it stays visible and keeps its conflicts, which are marked. From the node itself or
// from that party.
struct Disregard {
  base::NoticeId id;
  base::PartyId by;
};

struct MarkConflictSeen {
  base::Digest conflict;
};

struct ProposeMeasures {
  base::Digest conflict;
  std::string measures;
};

// What the caller's party has said of a conflict falls: at its node what is agreed has changed.
struct ForgetSaid {
  base::Digest conflict;
};

// The owner of a held plan accepts a conflict of it as it is; `risk.at` is filled in.
struct AcceptRisk {
  base::Digest conflict;
  AcceptedRisk risk;
};

// Checks a notice against the rules as they are: what a node does for every notice when its rules
// have changed.
struct Recheck {
  base::NoticeId id;
};

// The rules every later decision is judged under; the last step of a change of rules.
struct AdoptRules {
  base::Digest rules;
};

// Sets the clock of a mode that is not REAL: at `real` it shows `shown` and runs `rate` times as
// fast.
struct SetClock {
  DataMode mode = DataMode::kExercise;
  base::UtcMicros real;
  base::UtcMicros shown;
  double rate = 1.0;
};

// Time passes: what has ended leaves the index, conflicts that are over have passed, what is old is
// evicted.
struct Tick {
  DataMode mode = DataMode::kReal;
};

using CommandBody =
    std::variant<Declare, Withdraw, SetActivity, AllClear, Assess, Disseminate, RecordReceipt,
                 RecordCosigned, RecordReadBack, Disregard, MarkConflictSeen, ProposeMeasures,
                 ForgetSaid, AcceptRisk, Recheck, AdoptRules, SetClock, Tick>;

struct Command {
  // Who asks; nil for the node itself (Recheck, AdoptRules, Tick, and what it records for a party).
  base::PartyId party;
  CommandBody body;
  // When it was said, by the clock of whoever signed it. Every rule about time that it must keep is judged by this, and
  // this is when what it says has come about: so two nodes of a line decide alike and hold the same, however far their
  // clocks are apart and however long the line was down. Without it: when it is decided.
  std::optional<base::UtcMicros> said_at = std::nullopt;
};

}  // namespace wideberth::airspace

#endif  // WIDEBERTH_AIRSPACE_COMMAND_H_
