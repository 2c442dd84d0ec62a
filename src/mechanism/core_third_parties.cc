// Third parties that are to be told of what a party releases (MECHANISM 3.8): who owes it, until when, and that a
// person has done it.
#include <algorithm>

#include "mechanism/core.h"
#include "mechanism/core_line.h"

namespace wideberth::mechanism {

using base::ErrorCode;
using base::Fail;
using base::Result;
using base::UtcMicros;

void Core::OweThirdParties(base::PartyId told_by, const NoticeVersionRef& release,
                           UtcMicros released_at, UtcMicros now) {
  const base::NoticeId notice = release.notice;
  // Whoever has not been told of the version before is told of this one.
  for (ThirdPartyDuty& duty : desk_.ThirdPartiesOf(notice)) {
    if (duty.version != release.version && !duty.told_at) {
      Put(ThirdPartyChanged{std::move(duty), true});
    }
  }
  const airspace::Declaration& content = airspace_.FindNotice(notice)->latest().declaration;
  if (content.data_mode != airspace::DataMode::kReal) return;  // nobody outside is told of a drill
  for (const agreement::ThirdParty& third : TermsFor(told_by).third_parties) {
    if (third.told_by != told_by) continue;
    ThirdPartyDuty duty;
    duty.notice = notice;
    duty.version = release.version;
    duty.name = third.name;
    duty.told_by = told_by;
    // By the clock of who releases, on both nodes alike.
    duty.due_at = {released_at.us + third.deadline_us};
    Put(ThirdPartyChanged{std::move(duty), false});
    Matter matter;
    matter.kind = MatterKind::kTellThird;
    matter.owed_by_peer = told_by != self_.party;
    matter.peer = told_by;
    matter.data_mode = content.data_mode;
    matter.notice = notice;
    matter.subject = release.version;
    matter.third_party = third.name;
    matter.urgent = content.kind == airspace::NoticeKind::kHazard;
    OpenMatter(std::move(matter), now);
  }
}

Result<void> Core::TakeTold(base::PartyId told_by, const SealedAct& act, UtcMicros now) {
  WB_ASSIGN_OR_RETURN(ThirdPartyDuty duty, OpenDutyOf(told_by, act));
  const auto& told = std::get<MarkTold>(act.act.body);
  duty.told_at = act.act.at;
  duty.act = act.digest;
  duty.role = act.act.role;
  duty.receipt = told.receipt;
  for (const Matter* matter : desk_.OpenMattersOf(duty.version)) {
    if (matter->kind == MatterKind::kTellThird && matter->third_party == duty.name) {
      CloseMatter(*matter, "told", now);
    }
  }
  Put(ThirdPartyChanged{std::move(duty), false});
  return {};
}

Result<ThirdPartyDuty> Core::OpenDutyOf(base::PartyId told_by, const SealedAct& act) const {
  const auto& told = std::get<MarkTold>(act.act.body);
  const ThirdPartyDuty* duty = desk_.FindThirdParty(told, told.third_party);
  if (duty == nullptr || duty->told_by != told_by) {
    return Fail(ErrorCode::kNotFound, "/third_party",
                "must be one that this party has to tell of this version", told.third_party);
  }
  if (duty->told_at && duty->act != act.digest) {
    return Fail(ErrorCode::kConflict, "/third_party", "must not have been told of this version",
                base::FormatRfc3339(*duty->told_at));
  }
  return *duty;
}

Result<airspace::Decision> Core::DoBody(const ActRequest& request, const MarkTold&, line::Now now) {
  WB_RETURN_IF_ERROR(OpenDutyOf(self_.party, request.act));
  WB_RETURN_IF_ERROR(TellEveryLine(request, now));
  WB_RETURN_IF_ERROR(TakeTold(self_.party, request.act, now.utc));
  return airspace::Decision();
}

Result<void> Core::TakeBody(Line& line, const SealedAct& act, const MarkTold&, std::string_view,
                            UtcMicros now) {
  return TakeTold(line.peer, act, now);
}

}  // namespace wideberth::mechanism
