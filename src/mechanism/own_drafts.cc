// What an operator does that stays in this node: drafts, held plans, the second person's entry, hazards disregarded.
#include <algorithm>

#include "crypto/sha256.h"
#include "mechanism/core.h"
#include "mechanism/core_line.h"

namespace wideberth::mechanism {
namespace {

using airspace::Notice;
using base::ErrorCode;
using base::Fail;
using base::Result;
using base::UtcMicros;
using operators::ActKind;

// What the journal says of a command; empty of what is none of an operator's.
struct Entry {
  std::string_view what;
  std::string details;
};

Entry EntryOf(const airspace::Command& command) {
  if (const auto* declare = std::get_if<airspace::Declare>(&command.body)) {
    const std::string details = declare->id.ToString() + " " + declare->prepared->digest().ToHex();
    if (declare->held) return {operators::Name(ActKind::kHoldPlan), details};
    return {declare->draft ? operators::Name(ActKind::kDraftNotice) : "declare", details};
  }
  if (const auto* disregard = std::get_if<airspace::Disregard>(&command.body)) {
    return {operators::Name(ActKind::kDisregardHazard), disregard->id.ToString()};
  }
  if (const auto* clock = std::get_if<airspace::SetClock>(&command.body)) {
    return {"set_clock",
            std::string(airspace::Name(clock->mode)) + " " + base::FormatRfc3339(clock->shown)};
  }
  return {};
}

bool IsDraft(const Notice* notice) {
  return notice != nullptr && notice->latest().author == airspace::AuthorState::kDraft;
}

}  // namespace

Result<airspace::Decision> Core::DecideBy(std::string_view key_id, const airspace::Command& command,
                                          UtcMicros clock) {
  const auto* declare = std::get_if<airspace::Declare>(&command.body);
  const bool goes_on = declare != nullptr && IsDraft(airspace_.FindNotice(declare->id));
  bool changed = false;
  WB_ASSIGN_OR_RETURN(airspace::Decision decision, DecideAndApply(command, clock, &changed));
  if (!changed) return decision;
  if (const Entry entry = EntryOf(command); !entry.what.empty()) {
    JournalOf(entry.what, key_id, entry.details, clock);
  }
  if (declare != nullptr && declare->draft) {
    Drafted drafted{declare->id, {}};
    if (goes_on) drafted.key_ids = desk_.DraftersOf(declare->id);
    if (std::find(drafted.key_ids.begin(), drafted.key_ids.end(), key_id) ==
        drafted.key_ids.end()) {
      drafted.key_ids.emplace_back(key_id);
      Put(std::move(drafted));
    }
  }
  return decision;
}

bool Core::HasDrafted(base::NoticeId notice, std::string_view key_id) const {
  const std::vector<std::string> drafters = desk_.DraftersOf(notice);
  return std::find(drafters.begin(), drafters.end(), key_id) != drafters.end();
}

void Core::ForgetDraft(base::NoticeId notice) {
  if (desk_.FindReleaseCheck(notice) != nullptr) Put(ReleaseChecked{notice, {}, {}});
  if (!desk_.DraftersOf(notice).empty()) Put(Drafted{notice, {}});
}

Result<void> Core::CheckRelease(base::NoticeId draft, const Reading& entered, std::string key_id,
                                UtcMicros now) {
  const Notice* notice = airspace_.FindNotice(draft);
  if (notice == nullptr || notice->party != self_.party || !IsDraft(notice)) {
    return Fail(ErrorCode::kNotFound, "/notice", "must be a draft of this party", draft.ToString());
  }
  if (HasDrafted(draft, key_id)) {
    return Fail(ErrorCode::kConflict, "/by", "must be a second person, not one who has drafted it",
                key_id);
  }
  const airspace::Declaration& declaration = notice->latest().declaration;
  const std::vector<Mismatch> found =
      Compare(ReadingOf(declaration), entered, terms_.tolerances, false);
  if (!found.empty()) {
    ++CountsOf({}, declaration.data_mode).release_blocked;
    JournalOf("release_blocked", key_id, found.front().ToString(), now);
    return Fail(ErrorCode::kConflict, found.front().field,
                "must agree with what was sent, within the tolerance", found.front().ToString());
  }
  JournalOf(operators::Name(ActKind::kEnterReleaseCheck), key_id, draft.ToString(), now);
  Put(ReleaseChecked{draft, crypto::Sha256(base::AsBytes(declaration.original)),
                     std::move(key_id)});
  return {};
}

}  // namespace wideberth::mechanism
