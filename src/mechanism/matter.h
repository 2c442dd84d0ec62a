// Matters: what somebody owes an answer to, and the ladder that an unanswered one climbs by itself (MECHANISM 5).
//
// A matter has a deadline that scales with the time to the start of what it is about. Unanswered, it climbs at the
// agreed multiples of it (1, 2, 4): duty officer, cell head, deputy chief, then alarms again. Routine matters end at
// the cell head; the deputy chief is reached when the start is near, and for hazards and stop calls. The principal is
// never reached by a timer. What the peer owes does not climb here, it alarms; objections, stop calls and warnings of
// an entry climb on both sides, level with level.
//
// Pure.
#ifndef WIDEBERTH_MECHANISM_MATTER_H_
#define WIDEBERTH_MECHANISM_MATTER_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agreement/agreement.h"
#include "agreement/terms.h"
#include "airspace/notice.h"
#include "base/bytes.h"
#include "base/ids.h"
#include "base/time.h"
#include "mechanism/reading.h"

namespace wideberth::mechanism {

enum class MatterKind : uint8_t {
  kReceipt,      // a message that has no R1 yet
  kReadBack,     // a version, or an all-clear, that has not been read back
  kObjection,    // an objection that stands
  kStopCall,     // a stop call without its final answer
  kIncursion,    // a warning of an entry that is not at its end
  kKeepClear,    // "can you keep clear?"
  kLineCheck,    // a challenge word without its answer
  kMissedCheck,  // a line check that was due and did not come
  kRefine,       // an unplanned hazard that is still coarse
  kTellThird,    // a third party that has not been told of a version
  kNotTold,      // a version that did not go to that peer: no agreement in force covers it
  kLineLost,     // the line is lost, or recovering and not confirmed
  kUnusable,     // something came that cannot be acted on: call them
  kConflict,     // a conflict that nobody here has seen
  kKeysChanged,  // the peer has changed its keys: somebody compares the fingerprint over another channel
  kAgreement,  // what one side alone has signed, or what the peer has denounced
};
inline constexpr size_t kMatterKinds = 16;
std::string_view Name(MatterKind kind);
// Something real that ends a drill: a stop call, a warning of an entry.
inline bool IsAlarm(MatterKind kind) {
  return kind == MatterKind::kStopCall || kind == MatterKind::kIncursion;
}

enum class Level : uint8_t { kDutyOfficer, kCellHead, kDeputyChief };
std::string_view Name(Level level);  // "duty_officer", "supervisor", "deputy_chief"

// The numbers of an agreement that the mechanism runs by. As they stand here: the suggested ones.
struct Terms {
  base::Digest agreement;  // under which bases are signed
  Tolerances tolerances;
  agreement::Deadlines deadlines;
  agreement::Ladder ladder;
  int64_t line_check_period_us = 12 * base::kMicrosPerHour;
  std::vector<agreement::StandingRelease> standing_releases;
  std::vector<agreement::ThirdParty> third_parties;

  static Terms Of(const agreement::Agreement& agreement);
};

struct Matter {
  uint64_t number = 0;  // of this node: 1, 2, 3...
  MatterKind kind = MatterKind::kReadBack;
  bool owed_by_peer = false;
  base::PartyId peer;
  airspace::DataMode data_mode = airspace::DataMode::kReal;
  std::optional<base::NoticeId> notice;
  base::Digest subject;     // a version, an act, a message or a conflict
  base::Digest under;       // the agreement, or the floor, that it began under
  std::string third_party;  // whom to tell
  bool urgent = false;      // about a hazard or a stop call: may reach the deputy chief at any time
  std::optional<base::UtcMicros> starts_at;
  base::UtcMicros opened_at;
  int64_t deadline_us = 0;
  base::UtcMicros next_climb_at;  // kTimeOpenEnd: it climbs no further
  Level level = Level::kDutyOfficer;
  bool alarmed = false;  // the deadline has passed
  std::optional<base::UtcMicros> closed_at;
  std::string closed_as;  // "read_back", "withdrawn", "superseded", ...

  bool open() const { return !closed_at.has_value(); }
  bool operator==(const Matter&) const = default;
};

// By the agreement's rule for such a matter (agreement/terms.h). A receipt is a machine's: 10 s, whatever was agreed.
// An agreement has a day, or a quarter of the time that is left, but ten minutes at least.
// Open takes the third party's own deadline for what it is to be told.
int64_t DeadlineUs(const Terms& terms, MatterKind kind, base::UtcMicros now,
                   std::optional<base::UtcMicros> starts_at);

// Sets deadline, level and first climb of a matter that opens now, or whose clock starts again.
void Open(const Terms& terms, base::UtcMicros now, Matter* matter);

// What a matter whose next_climb_at has come is afterwards.
Matter Climbed(const Terms& terms, Matter matter, base::UtcMicros now);

}  // namespace wideberth::mechanism

#endif  // WIDEBERTH_MECHANISM_MATTER_H_
