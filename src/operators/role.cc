#include "operators/role.h"

#include "base/check.h"

namespace wideberth::operators {
namespace {

using base::Result;

constexpr uint8_t Bit(Role role) {
  return static_cast<uint8_t>(1u << static_cast<unsigned>(role));
}
constexpr uint8_t Union(uint8_t roles, Role role) {
  return static_cast<uint8_t>(roles | Bit(role));
}

constexpr uint8_t kDeputy = Bit(Role::kDeputyChief);
constexpr uint8_t kHeads = Union(kDeputy, Role::kSupervisor);
constexpr uint8_t kWatch = Union(kHeads, Role::kDutyOfficer);
constexpr uint8_t kHeadsAndPrincipal = Union(kHeads, Role::kPrincipal);
constexpr uint8_t kWatchAndPrincipal = Union(kWatch, Role::kPrincipal);
constexpr uint8_t kSigners = Union(kDeputy, Role::kPrincipal);
constexpr uint8_t kAdministrators = Bit(Role::kAdministrator);
constexpr uint8_t kEverybody =
    Union(Union(kWatchAndPrincipal, Role::kViewer), Role::kAdministrator);

struct Row {
  ActKind act;
  std::string_view name;
  uint8_t roles;
  std::string_view what;
};

constexpr Row kTable[] = {
    {ActKind::kView, "view", kEverybody, "look at everything this node holds"},
    {ActKind::kDraftNotice, "draft_notice", kWatch, "write a notice that is not released"},
    {ActKind::kHoldPlan, "hold_plan", kWatch, "keep a plan that never leaves, and check it here"},
    {ActKind::kRelease, "release", kWatch, "release a notice to the peer"},
    {ActKind::kEnterReleaseCheck, "enter_release_check", kWatch,
     "as a second person, enter the position of what is to be released"},
    {ActKind::kReportUnplannedHazard, "report_unplanned_hazard", kWatch,
     "report a hazard that nobody planned, at once"},
    {ActKind::kSetActive, "set_active", kWatch, "say that a notice is active"},
    {ActKind::kSetEnded, "set_ended", kWatch, "say that a notice has ended"},
    {ActKind::kWithdraw, "withdraw", kWatch, "withdraw a notice that has not started"},
    {ActKind::kAllClear, "all_clear", kHeads, "clear an own hazard"},
    {ActKind::kDisregardHazard, "disregard_hazard", kHeads,
     "mark a hazard as disregarded whose issuer is gone"},
    {ActKind::kReadBack, "read_back", kWatch, "read back a notice of the peer"},
    {ActKind::kAssess, "assess", kWatch, "answer no objection, objection or need time"},
    {ActKind::kTellUnits, "tell_units", kWatch,
     "say that own units are told, or own aircraft clear"},
    {ActKind::kMarkTold, "mark_told", kWatch, "say that a third party has been told"},
    {ActKind::kForwardNotice, "forward_notice", kWatch,
     "forward a notice of the peer to a party that it lists"},
    {ActKind::kStopCall, "stop_call", kWatch, "call \"stop, we are in your area\""},
    {ActKind::kAnswerStopCall, "answer_stop_call", kWatch, "answer a stop call"},
    {ActKind::kEndStopCallUnanswered, "end_stop_call_unanswered", kHeads,
     "end an own stop call as unanswered"},
    {ActKind::kWarnIncursion, "incursion_warning", kWatch, "warn of an entry that is predicted"},
    {ActKind::kAnswerIncursionWarning, "answer_incursion_warning", kWatch,
     "answer a warning of an entry"},
    {ActKind::kEndIncursionWarning, "end_incursion_warning", kWatch,
     "end an own warning: they have turned"},
    {ActKind::kEndIncursionWarningUnanswered, "end_incursion_warning_unanswered", kHeads,
     "end an own warning as unanswered"},
    {ActKind::kLineCheck, "line_check", kWatch, "make a line check"},
    {ActKind::kAnswerLineCheck, "answer_line_check", kWatch, "answer a line check"},
    {ActKind::kConfirmRecovery, "confirm_recovery", kWatch, "confirm that a line is whole again"},
    {ActKind::kSuspendPolicyLane, "suspend_policy_lane", kHeads, "suspend the policy lane"},
    {ActKind::kResumePolicyLane, "resume_policy_lane", kHeads, "resume the policy lane"},
    {ActKind::kSendPolicyText, "send_policy_text", kWatch, "write on the policy lane"},
    {ActKind::kMarkConflictSeen, "mark_conflict_seen", kWatchAndPrincipal,
     "say that a conflict has been seen"},
    {ActKind::kProposeMeasures, "propose_measures", kWatchAndPrincipal,
     "propose measures for a conflict"},
    {ActKind::kAcceptMeasures, "accept_measures", kHeadsAndPrincipal,
     "sign the measures of a conflict"},
    {ActKind::kAcceptRisk, "accept_risk", kHeadsAndPrincipal,
     "accept a conflict of a held plan as it is"},
    {ActKind::kAskKeepClear, "ask_keep_clear", kWatchAndPrincipal, "ask the peer to keep clear"},
    {ActKind::kAnswerKeepClear, "answer_keep_clear", kWatchAndPrincipal,
     "answer yes, no or need time"},
    {ActKind::kEnterExchange, "enter_exchange", kWatchAndPrincipal,
     "enter a call or a meeting with the peer"},
    {ActKind::kProposeReadout, "propose_readout", kWatchAndPrincipal,
     "propose minutes of a call or a meeting"},
    {ActKind::kSignReadout, "sign_readout", kHeadsAndPrincipal,
     "sign minutes, paragraph by paragraph"},
    {ActKind::kPublishStatement, "publish_statement", kHeadsAndPrincipal,
     "tell the peer what was said of it in public"},
    {ActKind::kClimbToPrincipal, "climb_to_principal", kDeputy, "bring a matter to the principal"},
    {ActKind::kProposeAgreement, "propose_agreement", kSigners,
     "sign an agreement and send it to the peer"},
    {ActKind::kSignAgreement, "sign_agreement", kSigners,
     "sign an agreement that the peer has signed"},
    {ActKind::kDenounceAgreement, "denounce_agreement", kSigners,
     "end an agreement, or take back or refuse one that one side alone has signed"},
    {ActKind::kOpenExercise, "open_exercise", kHeads, "open a window for an exercise"},
    {ActKind::kCloseExercise, "close_exercise", kHeads, "end an exercise"},
    {ActKind::kHandOver, "hand_over", kWatch, "leave a note for the next watch"},
    {ActKind::kAcknowledgeHandover, "acknowledge_handover", kWatch,
     "say that one has read the note of the watch before"},
    {ActKind::kManageOperators, "manage_operators", kAdministrators, "add and disable operators"},
    {ActKind::kManagePeers, "manage_peers", kAdministrators, "add and remove peers"},
};

constexpr bool InOrder() {
  size_t place = 0;
  for (const Row& row : kTable) {
    if (static_cast<size_t>(row.act) != place++) return false;
  }
  return place == kActKinds;
}
static_assert(InOrder(), "one row for each act, in the order of ActKind");

constexpr std::string_view kRoleNames[] = {"viewer",       "duty_officer", "supervisor",
                                           "deputy_chief", "principal",    "administrator"};
static_assert(std::size(kRoleNames) == kRoles.size());

const Row& RowOf(ActKind act) {
  CHECK(static_cast<size_t>(act) < kActKinds);
  return kTable[static_cast<size_t>(act)];
}

std::string RolesThatMay(ActKind act) {
  std::string names;
  for (const Role role : kRoles) {
    if (!MayDo(role, act)) continue;
    names.append(names.empty() ? "" : ", ").append(Name(role));
  }
  return names;
}

}  // namespace

bool MayDo(Role role, ActKind act) {
  return (RowOf(act).roles & Bit(role)) != 0;
}

Result<void> RequireMayDo(Role role, ActKind act) {
  if (MayDo(role, act)) return {};
  return base::Fail(
      base::ErrorCode::kForbidden, "role",
      std::string("must be one that may ").append(Name(act)).append(": ").append(RolesThatMay(act)),
      Name(role));
}

bool ActsOnLines(Role role) {
  return role != Role::kViewer && role != Role::kAdministrator;
}

std::string_view Name(Role role) {
  CHECK(static_cast<size_t>(role) < kRoles.size());
  return kRoleNames[static_cast<size_t>(role)];
}

std::string_view Name(ActKind act) {
  return RowOf(act).name;
}

Result<Role> ParseRole(std::string_view text) {
  std::string rule = "must be one of ";
  for (const Role role : kRoles) {
    if (Name(role) == text) return role;
    rule.append(role == kRoles.front() ? "" : ", ").append(Name(role));
  }
  return base::Invalid("", rule, text);
}

Result<ActKind> ParseActKind(std::string_view text) {
  for (const Row& row : kTable) {
    if (row.name == text) return row.act;
  }
  return base::Invalid("", "must be an act of the table of roles", text);
}

std::string RoleTableMarkdown() {
  std::string text = "| act | what it is |";
  std::string rule = "|---|---|";
  for (const Role role : kRoles) {
    text.append(" ").append(Name(role)).append(" |");
    rule.append(":-:|");
  }
  text.append("\n").append(rule).append("\n");
  for (const Row& row : kTable) {
    text.append("| `").append(row.name).append("` | ").append(row.what).append(" |");
    for (const Role role : kRoles) text.append(MayDo(role, row.act) ? " yes |" : " |");
    text.append("\n");
  }
  return text;
}

}  // namespace wideberth::operators
