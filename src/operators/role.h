// Who may do what: one table of roles and acts (MECHANISM 1.2).
//
// Every act of a person is one ActKind, and every person has one role. A peer sees the role, never a name. The table
// is in role.cc, printed in docs/roles.md, and nothing else in the node decides whether a role may act.
//
//   if (!MayDo(Role::kDutyOfficer, ActKind::kAllClear)) ...   // a hazard is cleared by a supervisor
//   WB_RETURN_IF_ERROR(RequireMayDo(role, ActKind::kAllClear));
//
// How the table is made. A duty officer keeps the watch alone: everything that cannot wait is theirs, and the
// supervisor and the deputy chief may do all of it too, so that nothing waits for one person. What ends a duty of the
// other side or binds one's own (clearing a hazard, disregarding one, ending an unanswered stop call or warning,
// accepting measures or a risk, closing the policy lane, opening an exercise) is a supervisor's. The principal signs,
// and deals with the peer's principal; nothing reaches the principal by itself. The administrator runs the node and
// does no operational act. A viewer looks.
//
// Threads: pure functions of constants.
#ifndef WIDEBERTH_OPERATORS_ROLE_H_
#define WIDEBERTH_OPERATORS_ROLE_H_

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace wideberth::operators {

enum class Role : uint8_t {
  kViewer,
  kDutyOfficer,
  kSupervisor,  // the cell head
  kDeputyChief,
  kPrincipal,
  kAdministrator,
};
inline constexpr std::array kRoles = {Role::kViewer,      Role::kDutyOfficer, Role::kSupervisor,
                                      Role::kDeputyChief, Role::kPrincipal,   Role::kAdministrator};

enum class ActKind : uint8_t {
  kView,
  // Notices
  kDraftNotice,
  kHoldPlan,
  kRelease,
  kEnterReleaseCheck,  // by a second person, who enters the position independently (MECHANISM 3.4)
  kReportUnplannedHazard,
  kSetActive,
  kSetEnded,
  kWithdraw,
  kAllClear,
  kDisregardHazard,
  // The peer's notices
  kReadBack,
  kAssess,
  kTellUnits,
  kMarkTold,  // third parties
  kForwardNotice,
  // Calls and warnings
  kStopCall,
  kAnswerStopCall,
  kEndStopCallUnanswered,
  kWarnIncursion,
  kAnswerIncursionWarning,
  kEndIncursionWarning,
  kEndIncursionWarningUnanswered,
  // The line
  kLineCheck,
  kAnswerLineCheck,
  kConfirmRecovery,
  kSuspendPolicyLane,
  kResumePolicyLane,
  kSendPolicyText,
  // Conflicts
  kMarkConflictSeen,
  kProposeMeasures,
  kAcceptMeasures,
  kAcceptRisk,
  kAskKeepClear,
  kAnswerKeepClear,
  // Dealings
  kEnterExchange,
  kProposeReadout,
  kSignReadout,
  kPublishStatement,
  kClimbToPrincipal,
  kProposeAgreement,
  kSignAgreement,
  kDenounceAgreement,
  kOpenExercise,
  kCloseExercise,
  // The watch
  kHandOver,
  kAcknowledgeHandover,
  // The node
  kManageOperators,
  kManagePeers,
};
inline constexpr size_t kActKinds = static_cast<size_t>(ActKind::kManagePeers) + 1;

bool MayDo(Role role, ActKind act);
// Refuses with kForbidden; the field is "role", the rule names the roles that may.
base::Result<void> RequireMayDo(Role role, ActKind act);

// Whether a role does anything that a peer may see: the keys of the others never cross a line.
bool ActsOnLines(Role role);

std::string_view Name(Role role);    // "viewer", "duty_officer", "supervisor", ...
std::string_view Name(ActKind act);  // "draft_notice", "hold_plan", "release", ...
// Refuse every other spelling; the field is empty, for the caller to fill.
base::Result<Role> ParseRole(std::string_view text);
base::Result<ActKind> ParseActKind(std::string_view text);

// The whole table as Markdown: one row an act with what it is, one column a role. docs/roles.md holds exactly this.
std::string RoleTableMarkdown();

}  // namespace wideberth::operators

#endif  // WIDEBERTH_OPERATORS_ROLE_H_
