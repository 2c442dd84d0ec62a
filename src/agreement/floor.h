// The safety floor: what holds between two parties without an agreement (MECHANISM 8.1).
//
// It holds before the first agreement, and after one has lapsed or was denounced: hazards, stop calls, receipts,
// heartbeats, line checks and the messages that make an agreement go on, under the widest separations. Nobody can
// suspend it, and it needs no signature.
//
//   after an agreement    the component-wise widest of its separations between all kinds; its tolerances, deadlines,
//                         ladder, contacts, dwell times, line-check schedule and lost-link terms
//   before the first      10 NM, 2,000 ft and 10 min between all kinds, 45 min of dwell for every hazard class, and the
//                         defaults of agreement/terms.h
//
// The second row is ours, not practice, and meant to be wide: twice 5 NM and twice 1,000 ft, the separations under area
// control; the time that an aircraft needs to leave an area of some 50 km; fire that has gone on for more than 40 min.
//
// Pure; any thread.
#ifndef WIDEBERTH_AGREEMENT_FLOOR_H_
#define WIDEBERTH_AGREEMENT_FLOOR_H_

#include "agreement/agreement.h"
#include "agreement/terms.h"
#include "airspace/rules.h"
#include "base/result.h"

namespace wideberth::agreement {

inline constexpr airspace::Separation kFloorSeparation{18'520'000, 609'600,
                                                       10 * base::kMicrosPerMinute};
inline constexpr int64_t kFloorDwellUs = 45 * base::kMicrosPerMinute;

// What the parties of a line may be dealing with.
enum class Matter : uint8_t {
  // On the floor
  kHazard,
  kStopCall,
  kReceipt,
  kHeartbeat,
  kLineCheck,
  kAgreementMessage,
  // By agreement only
  kActivity,
  kProtectedSite,
  kZone,
  kAssessment,
  kExchange,
  kStandingRelease,
  kExercise,
};
inline constexpr size_t kMatters = 13;
constexpr bool HoldsOnFloor(Matter matter) {
  return matter <= Matter::kAgreementMessage;
}
constexpr Matter MatterOf(airspace::NoticeKind kind) {
  switch (kind) {
    case airspace::NoticeKind::kActivity:
      return Matter::kActivity;
    case airspace::NoticeKind::kHazard:
      return Matter::kHazard;
    case airspace::NoticeKind::kProtectedSite:
      return Matter::kProtectedSite;
    case airspace::NoticeKind::kZone:
      break;
  }
  return Matter::kZone;
}

// The terms of the floor. `last` is the agreement that ran before, or null; then its parties must be `a` and `b`. Equal
// for (a, b) and (b, a). The digest of its rules is the SHA-256 of
//
//   "wideberth safety floor 1\n", the two ids in ascending order, the digest of `last` or 32 zero bytes
//
// so that both sides name alike what they judge under. Refuses (kInvalid) two parties with one id or one name, names of
// another form, and a `last` of other parties.
base::Result<Terms> SafetyFloor(const airspace::PartyEntry& a, const airspace::PartyEntry& b,
                                const Agreement* last = nullptr);

}  // namespace wideberth::agreement

#endif  // WIDEBERTH_AGREEMENT_FLOOR_H_
