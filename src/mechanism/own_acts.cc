// What an operator of this node does: acts that are said, and, at the end, what stays in this node (drafts, held plans,
// the second person's entry, hazards disregarded).
#include <algorithm>
#include <type_traits>

#include "base/limits.h"
#include "crypto/sha256.h"
#include "json/writer.h"
#include "mechanism/core.h"
#include "mechanism/core_line.h"

namespace wideberth::mechanism {
namespace {

using airspace::Declaration;
using airspace::Notice;
using airspace::NoticeVersion;
using base::ErrorCode;
using base::Fail;
using base::Result;
using base::UtcMicros;
using operators::ActKind;

base::Unexpected Conflict(std::string_view field, std::string_view rule,
                          std::string_view found = {}) {
  return Fail(ErrorCode::kConflict, field, rule, found);
}

base::Unexpected RefuseMismatch(const std::vector<Mismatch>& found) {
  return Conflict(found.front().field, "must agree with what was sent, within the tolerance",
                  found.front().ToString());
}

base::Digest TextDigest(std::string_view text) {
  return crypto::Sha256(base::AsBytes(text));
}

// Of what is said about a conflict, which may be with a held plan and then stands nowhere else; and the watch's note.
std::string DetailsOf(const ActBody& body) {
  if (const auto* seen = std::get_if<MarkConflictSeen>(&body)) return seen->conflict.ToHex();
  if (const auto* proposed = std::get_if<ProposeMeasures>(&body)) {
    return proposed->conflict.ToHex() + " " + proposed->measures;
  }
  if (const auto* accepted = std::get_if<AcceptRisk>(&body)) return accepted->conflict.ToHex();
  if (const auto* note = std::get_if<HandOver>(&body)) return note->text;
  if (const auto* read = std::get_if<AcknowledgeHandover>(&body)) {
    return std::to_string(read->number);
  }
  return {};
}

// What was said is said in earnest, whatever it was about.
template <class Body>
constexpr bool IsOfExchange =
    std::is_same_v<Body, exchange::EnterExchange> ||
    std::is_same_v<Body, exchange::ProposeReadout> || std::is_same_v<Body, exchange::SignReadout> ||
    std::is_same_v<Body, exchange::PublishStatement>;

std::string MessageBodyOf(const ActRequest& request, std::string_view endorsement = {}) {
  std::string body;
  json::Writer json(&body);
  json.BeginObject();
  json.StringField("act", request.act.envelope);
  if (!request.declaration.empty()) json.StringField("declaration", request.declaration);
  if (!request.beside.empty()) json.StringField("beside", request.beside);
  if (!endorsement.empty()) json.StringField("endorsement", endorsement);
  json.EndObject();
  return body;
}

// Only what may be too long is written to be measured: a text is at most six times as long when it is quoted.
bool IsLongerThan(size_t max, const ActRequest& request) {
  const size_t texts = request.act.envelope.size() + request.declaration.size();
  return texts + request.beside.size() > max / 8 && MessageBodyOf(request).size() > max;
}

// What the journal says of a command; empty of what is none of an operator's.
struct JournalEntry {
  std::string_view what;
  std::string details;
};

JournalEntry EntryOf(const airspace::Command& command) {
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

Result<ActResult> Core::Do(const ActRequest& request, line::Now now) {
  now_ = now;
  const Act& act = request.act.act;
  if (act.party != self_.party) {
    return Fail(ErrorCode::kUnauthorized, "/party", "must be the party of this node",
                act.party.ToString());
  }
  WB_RETURN_IF_ERROR(RequireMaySign(&request));
  WB_RETURN_IF_ERROR(operators::RequireMayDo(act.role, act.kind()));
  WB_RETURN_IF_ERROR(CheckMode(act));
  WB_RETURN_IF_ERROR(RequireExercise(request));
  WB_RETURN_IF_ERROR(CheckNotWithdrawing(act));
  WB_ASSIGN_OR_RETURN(
      airspace::Decision decision,
      std::visit([&](const auto& body) { return DoBody(request, body, now); }, act.body));
  Journal(operators::Name(act.kind()), &request.act, DetailsOf(act.body), now.utc);
  return ActResult{std::move(decision), request.act.digest};
}

Result<void> Core::CheckMode(const Act& act) const {
  const auto check = [&](const auto* about, airspace::DataMode mode) -> Result<void> {
    if (about == nullptr || mode == act.data_mode) return {};
    return base::Invalid(
        "/data_mode", "must be that of what the act is about: " + std::string(airspace::Name(mode)),
        airspace::Name(act.data_mode));
  };
  return std::visit(
      [&](const auto& body) -> Result<void> {
        if constexpr (requires { body.notice; }) {
          const Notice* notice = airspace_.FindNotice(body.notice);
          return check(notice, notice == nullptr ? act.data_mode : notice->data_mode());
        } else if constexpr (requires { body.answers; }) {
          const Call* call = desk_.FindCall(body.answers);
          return check(call, call == nullptr ? act.data_mode : call->data_mode);
        } else if constexpr (requires { body.conflict; }) {
          const airspace::Conflict* conflict = airspace_.FindConflict(body.conflict);
          return check(conflict, conflict == nullptr ? act.data_mode : conflict->data_mode);
        } else if constexpr (std::is_same_v<std::decay_t<decltype(body)>, LineCheck> ||
                             std::is_same_v<std::decay_t<decltype(body)>, OpenExercise> ||
                             std::is_same_v<std::decay_t<decltype(body)>, CloseExercise> ||
                             std::is_same_v<std::decay_t<decltype(body)>, HandOver> ||
                             std::is_same_v<std::decay_t<decltype(body)>, AcknowledgeHandover> ||
                             IsOfExchange<std::decay_t<decltype(body)>> ||
                             requires { body.agreement; }) {
          return check(&body, airspace::DataMode::kReal);
        } else {
          return {};
        }
      },
      act.body);
}

// Its withdrawal was sent, and holds as soon as they have it: what followed it would be of nothing there.
Result<void> Core::CheckNotWithdrawing(const Act& act) const {
  const auto check = [&](base::NoticeId notice) -> Result<void> {
    if (!desk_.IsWithdrawing(notice)) return {};
    return Conflict("/notice", "must not be one whose withdrawal is under way: declare another",
                    notice.ToString());
  };
  return std::visit(
      [&](const auto& body) -> Result<void> {
        using Body = std::decay_t<decltype(body)>;
        if constexpr (std::is_same_v<Body, Release> || std::is_same_v<Body, SetActive> ||
                      std::is_same_v<Body, SetEnded> || std::is_same_v<Body, AllClear>) {
          return check(body.notice);
        } else {
          return {};
        }
      },
      act.body);
}

Result<const Notice*> Core::NoticeOfAnother(base::NoticeId id) const {
  const Notice* notice = airspace_.FindNotice(id);
  if (notice != nullptr && notice->party != self_.party &&
      (lines_.contains(notice->party) || desk_.FindProvenance(id) != nullptr)) {
    return notice;
  }
  return Fail(ErrorCode::kNotFound, "/notice", "must be a notice of a peer", id.ToString());
}

// The line to the party whose notice it is.
Result<Core::Line*> Core::LineAbout(base::NoticeId id) {
  const Notice* notice = airspace_.FindNotice(id);
  Line* line = notice == nullptr ? nullptr : Find(notice->party);
  if (line != nullptr) return line;
  return Fail(ErrorCode::kNotFound, "/notice", "must be a notice of a peer", id.ToString());
}

Result<base::Digest> Core::SendAct(Line& line, const ActRequest& request, line::Now now) {
  if (again_) return again_->received->opened.digest;
  if (line.announce) AnnounceOperators(now);
  std::string body = MessageBodyOf(request, EndorsementFor(request));
  return Write(line, kActType, request.act.act.data_mode, LaneOf(request.act.act.kind()),
               std::move(body), now);
}

// ---- Own notices ----

Result<void> Core::CheckBeforeRelease(const ActRequest& request, const Release& release) {
  const Declaration& declaration = request.prepared->declaration();
  switch (release.check) {
    case ReleaseCheck::kNone:
      if (declaration.unplanned) return {};
      return Conflict("/check", "must be made, unless of an unplanned hazard", "none");
    case ReleaseCheck::kHeldPlan: {
      const Notice* plan = request.from_plan ? airspace_.FindNotice(*request.from_plan) : nullptr;
      if (plan == nullptr || plan->party != self_.party || !plan->held()) {
        return Fail(ErrorCode::kNotFound, "/from_plan", "must be a held plan of this party",
                    request.from_plan ? request.from_plan->ToString() : "none");
      }
      const std::vector<Mismatch> found = Compare(ReadingOf(plan->latest().declaration),
                                                  ReadingOf(declaration), terms_.tolerances, false);
      return found.empty() ? Result<void>() : RefuseMismatch(found);
    }
    case ReleaseCheck::kSecondEntry:
      break;
  }
  const ReleaseChecked* checked = desk_.FindReleaseCheck(release.notice);
  if (checked == nullptr || checked->declaration_sha256 != release.declaration_sha256) {
    return Conflict("/check", "must be made: a second person enters the values of this content");
  }
  if (AreOfOnePerson(desk_, checked->key_id, request.act.act.key_id)) {
    return Conflict("/check", "must be by a second person, not the one who releases",
                    checked->key_id);
  }
  if (HasDrafted(release.notice, checked->key_id)) {
    return Conflict("/check", "must be by a second person, not one who has written at the draft",
                    checked->key_id);
  }
  return {};
}

Result<airspace::Decision> Core::DoBody(const ActRequest& request, const Release& body,
                                        line::Now now) {
  if (request.prepared == nullptr || TextDigest(request.declaration) != body.declaration_sha256) {
    return base::Invalid("/declaration_sha256", "must be that of the declaration beside it",
                         body.declaration_sha256.ToHex());
  }
  const Declaration& declaration = request.prepared->declaration();
  if (declaration.original != request.declaration) {
    return base::Invalid("/declaration", "must be the text that was prepared");
  }
  if (!lines_.empty() && IsLongerThan(limits::kMessageBodyBesideBytesMax, request)) {
    return Fail(ErrorCode::kTooLarge, "/declaration", "must fit into a message to a peer",
                std::to_string(request.declaration.size()));
  }
  const airspace::Declare declare{body.notice,        request.prepared, false, body.previous,
                                  request.act.digest, !lines_.empty(),  false};
  const std::optional<UtcMicros> said_at = SaidAt(request.act.act);
  const Notice* there = airspace_.FindNotice(body.notice);
  const bool said = there != nullptr && FindVersion(*there, request.act.digest) != nullptr;
  if (said && !again_) return DecideAs(self_.party, declare, now.utc, said_at);  // in these bytes
  if (declaration.data_mode != request.act.act.data_mode) {
    return base::Invalid("/data_mode", "must be that of the declaration",
                         airspace::Name(request.act.act.data_mode));
  }
  if (!AnyLineCarries(declaration)) {
    WB_RETURN_IF_ERROR(RequireAgreement(
        lines_.begin()->first, agreement::MatterOf(declaration.kind), declaration.data_mode));
  }
  if (auto checked = again_ ? Result<void>() : CheckBeforeRelease(request, body); !checked) {
    if (checked.error().code == ErrorCode::kConflict) {
      ++CountsOf({}, declaration.data_mode).release_blocked;
    }
    return Fail(std::move(checked).error());
  }
  airspace::Decision decision;
  if (!said) {
    WB_ASSIGN_OR_RETURN(decision, DecideAs(self_.party, declare, now.utc, said_at));
  }
  const Notice& notice = *airspace_.FindNotice(body.notice);
  if (FindVersion(notice, request.act.digest) == nullptr) return decision;
  ForgetDraft(body.notice);
  for (const NoticeVersion& version : notice.versions) {
    if (version.digest == request.act.digest) continue;
    CloseMattersOf(version.digest, std::nullopt, "superseded", now.utc);
  }
  WB_RETURN_IF_ERROR(SendRelease(request, body, now));
  OweThirdParties(self_.party, {body.notice, request.act.digest}, request.act.act.at, now.utc);
  if (declaration.unplanned) {
    OweRefinement(body.notice, request.act.digest, declaration.data_mode, now.utc);
  }
  return decision;
}

bool Core::AnyLineCarries(const Declaration& declaration) const {
  return lines_.empty() || std::any_of(lines_.begin(), lines_.end(), [&](const auto& each) {
           return MayDeal(each.first, agreement::MatterOf(declaration.kind), declaration.data_mode);
         });
}

// Every peer is told, and owes its receipt; but one with whom nothing is agreed about such a notice is not.
Result<void> Core::SendRelease(const ActRequest& request, const Release& body, line::Now now) {
  const Declaration& declaration = request.prepared->declaration();
  for (auto& [peer, line] : lines_) {
    if (!Reaches(*line, declaration.data_mode, request.act.act.at)) continue;
    if (!MayDeal(peer, agreement::MatterOf(declaration.kind), declaration.data_mode)) {
      OpenNotTold(peer, &request.act, {body.notice, request.act.digest}, declaration, now.utc);
      continue;
    }
    if (line->HoldsBack(this, request, body.notice, now.utc)) continue;
    InterruptForRelease(peer, declaration, now.utc);
    WB_ASSIGN_OR_RETURN(const base::Digest message, SendAct(*line, request, now));
    AwaitReceipt(*line, message, body.notice, request.act.digest, declaration, now.utc);
  }
  return {};
}

void Core::AwaitReceipt(Line& line, const base::Digest& message, base::NoticeId notice,
                        const base::Digest& version, const Declaration& declaration,
                        UtcMicros now) {
  Put(AwaitedChanged{{message, line.peer, ActKind::kRelease, notice, version, now}, false});
  const uint64_t entry =
      again_ ? again_->received->opened.message.seq : line.endpoint.state().own.size();
  Put(ToRecordChanged{{line.peer, entry, notice, version}, false});
  Matter matter;
  matter.kind = MatterKind::kReceipt;
  matter.owed_by_peer = true;
  matter.peer = line.peer;
  matter.data_mode = declaration.data_mode;
  matter.notice = notice;
  matter.subject = version;
  matter.urgent = declaration.kind == airspace::NoticeKind::kHazard;
  matter.starts_at = airspace::EarliestStart(declaration);
  OpenMatter(std::move(matter), now);
  Counts& counts = CountsOf(line.peer, declaration.data_mode);
  ++counts.sent;
  const int64_t lead_us = FindVersion(*airspace_.FindNotice(notice), version)->lead_time_us;
  const int64_t lead_min_us = rules_.Between(self_.party, line.peer)
                                  .content()
                                  .lead_time_min_us[static_cast<size_t>(declaration.kind)];
  const bool always_there = airspace::EarliestStart(declaration) == base::kTimeOpenStart;
  if (!always_there && lead_us < lead_min_us) ++counts.sent_late;
}

// What was sent without a check is to be refined: somebody owes the exact values.
void Core::OweRefinement(base::NoticeId notice, const base::Digest& version,
                         airspace::DataMode mode, UtcMicros now) {
  Matter refine;
  refine.kind = MatterKind::kRefine;
  refine.peer = self_.party;
  refine.data_mode = mode;
  refine.notice = notice;
  refine.subject = version;
  refine.urgent = true;
  OpenMatter(std::move(refine), now);
}

Result<airspace::Decision> Core::DoBody(const ActRequest& request, const SetActive& body,
                                        line::Now now) {
  WB_ASSIGN_OR_RETURN(
      airspace::Decision decision,
      DecideAs(self_.party,
               airspace::SetActivity{body.notice, airspace::ActivityState::kActive, body.version},
               now.utc, SaidAt(request.act.act)));
  WB_RETURN_IF_ERROR(TellEveryLine(request, now));
  return decision;
}

Result<airspace::Decision> Core::DoBody(const ActRequest& request, const SetEnded& body,
                                        line::Now now) {
  WB_ASSIGN_OR_RETURN(
      airspace::Decision decision,
      DecideAs(self_.party,
               airspace::SetActivity{body.notice, airspace::ActivityState::kEnded, body.version},
               now.utc, SaidAt(request.act.act)));
  WB_RETURN_IF_ERROR(TellEveryLine(request, now));
  return decision;
}

Result<airspace::Decision> Core::DoBody(const ActRequest& request, const Withdraw& body,
                                        line::Now now) {
  const airspace::Withdraw command{body.notice, body.version};
  // What nobody was told ends at once; what was told ends when the peers hold the withdrawal.
  const Notice* notice = airspace_.FindNotice(body.notice);
  if (lines_.empty() || notice == nullptr || notice->held() ||
      airspace::LatestDeclared(*notice) == nullptr) {
    return DecideAs(self_.party, command, now.utc, SaidAt(request.act.act));
  }
  // Asked first, so that what would be refused is not sent.
  WB_ASSIGN_OR_RETURN(airspace::Decision decision,
                      airspace::Decide(airspace_, rules_, crypto::Sha256,
                                       {self_.party, command, SaidAt(request.act.act)}, now.utc));
  decision.effects.clear();
  for (auto& [peer, line] : lines_) {
    if (!Reaches(*line, request.act.act.data_mode, request.act.act.at)) continue;
    WB_ASSIGN_OR_RETURN(const base::Digest message, SendAct(*line, request, now));
    Put(AwaitedChanged{{message, peer, ActKind::kWithdraw, body.notice, body.version,
                        SaidAt(request.act.act).value_or(now.utc)},
                       false});
  }
  return decision;
}

Result<airspace::Decision> Core::DoBody(const ActRequest& request, const AllClear& body,
                                        line::Now now) {
  WB_ASSIGN_OR_RETURN(
      airspace::Decision decision,
      DecideAs(self_.party, airspace::AllClear{body.notice, body.version, body.no_longer_observed},
               now.utc, SaidAt(request.act.act)));
  WB_RETURN_IF_ERROR(TellEveryLine(request, now));
  CloseMattersOfNotice(body.notice, "all_clear", now.utc);
  for (auto& [peer, line] : lines_) {
    Matter matter;
    matter.kind = MatterKind::kReadBack;
    matter.owed_by_peer = true;
    matter.peer = peer;
    matter.data_mode = request.act.act.data_mode;
    matter.notice = body.notice;
    matter.subject = request.act.digest;
    OpenMatter(std::move(matter), now.utc);
  }
  return decision;
}

// ---- The peer's notices ----

Result<airspace::Decision> Core::DoBody(const ActRequest& request, const ReadBack& body,
                                        line::Now now) {
  WB_ASSIGN_OR_RETURN(const Notice* found_notice, NoticeOfAnother(body.notice));
  const Notice& notice = *found_notice;
  // Null of one that was forwarded: the read-back is for this node alone, and nobody hears of it.
  Line* line = Find(notice.party);
  const NoticeVersion* version = FindVersion(notice, body.version);
  if (version == nullptr) {
    return Fail(ErrorCode::kNotFound, "/version", "must be a version of the notice",
                body.version.ToHex());
  }
  if (body.declaration_sha256 != TextDigest(version->declaration.original)) {
    return base::Invalid("/declaration_sha256", "must be that of the version's text",
                         body.declaration_sha256.ToHex());
  }
  const std::vector<Mismatch> found = Compare(ReadingOf(version->declaration), body.reading,
                                              TermsFor(notice.party).tolerances, body.over_voice);
  if (!found.empty()) {
    if (line != nullptr) ++CountsOf(line->peer, notice.data_mode()).read_back_mismatches;
    Journal("read_back_mismatch", &request.act, found.front().ToString(), now.utc);
    return RefuseMismatch(found);
  }
  airspace::Decision decision;
  if (body.of == body.version) {
    WB_ASSIGN_OR_RETURN(
        decision,
        DecideAs({}, airspace::RecordReadBack{body.notice, body.version, self_.party}, now.utc));
    if (line != nullptr) {
      CountsOf(line->peer, notice.data_mode())
          .read_back_by_us.Add(now.utc.us - version->stored_at.us);
    }
  } else {
    const auto clear = std::find_if(desk_.calls().begin(), desk_.calls().end(), [&](auto& each) {
      return each.second.act == body.of && each.second.kind == ActKind::kAllClear &&
             !each.second.closed_at &&
             each.second.about == NoticeVersionRef{body.notice, body.version};
    });
    if (clear == desk_.calls().end()) {
      return Fail(ErrorCode::kNotFound, "/of", "must be the version or an all-clear that waits",
                  body.of.ToHex());
    }
    Call call = clear->second;
    // The picture here clears with the read-back, not before (MECHANISM 3.5); what it clears ended when it was said.
    WB_ASSIGN_OR_RETURN(
        decision, DecideAs(notice.party,
                           airspace::AllClear{body.notice, body.version, call.no_longer_observed},
                           now.utc, SaidAt(call.data_mode, call.at)));
    call.closed_at = now.utc;
    call.closed_as = "answered";
    Put(CallChanged{std::move(call)});
    CloseMattersOfNotice(body.notice, "all_clear", now.utc);
  }
  if (line != nullptr) WB_RETURN_IF_ERROR(SendAct(*line, request, now));
  CloseMattersOf(body.of, MatterKind::kReadBack, "read_back", now.utc);
  return decision;
}

Result<airspace::Decision> Core::DoBody(const ActRequest& request, const Assess& body,
                                        line::Now now) {
  WB_ASSIGN_OR_RETURN(Line * line, LineAbout(body.notice));
  WB_RETURN_IF_ERROR(
      RequireAgreement(line->peer, agreement::Matter::kAssessment, request.act.act.data_mode));
  WB_ASSIGN_OR_RETURN(
      airspace::Decision decision,
      DecideAs(self_.party,
               airspace::Assess{body.notice, body.version, body.assessment, body.until}, now.utc,
               SaidAt(request.act.act)));
  WB_RETURN_IF_ERROR(SendAct(*line, request, now));
  CloseMattersOf(body.version, MatterKind::kObjection, "assessed_again", now.utc);
  if (body.assessment != airspace::Assessment::kObjection) return decision;
  const Notice& notice = *airspace_.FindNotice(body.notice);
  Matter matter;
  matter.kind = MatterKind::kObjection;
  matter.owed_by_peer = true;
  matter.peer = line->peer;
  matter.data_mode = notice.data_mode();
  matter.notice = body.notice;
  matter.subject = body.version;
  matter.starts_at = airspace::EarliestStart(notice.latest().declaration);
  OpenMatter(std::move(matter), now.utc);
  return decision;
}

Result<airspace::Decision> Core::DoBody(const ActRequest& request, const TellUnits& body,
                                        line::Now now) {
  WB_ASSIGN_OR_RETURN(Line * line, LineAbout(body.notice));
  WB_ASSIGN_OR_RETURN(
      airspace::Decision decision,
      DecideAs(self_.party,
               airspace::Disseminate{body.notice, body.units_told, body.own_aircraft_clear},
               now.utc));
  WB_RETURN_IF_ERROR(SendAct(*line, request, now));
  return decision;
}

// ---- What stays in this node

Result<airspace::Decision> Core::DecideBy(std::string_view key_id, const airspace::Command& command,
                                          UtcMicros clock) {
  const auto* declare = std::get_if<airspace::Declare>(&command.body);
  const bool goes_on = declare != nullptr && IsDraft(airspace_.FindNotice(declare->id));
  bool changed = false;
  WB_ASSIGN_OR_RETURN(airspace::Decision decision, DecideAndApply(command, clock, &changed));
  if (!changed) return decision;
  if (const JournalEntry entry = EntryOf(command); !entry.what.empty()) {
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
  return std::any_of(drafters.begin(), drafters.end(), [&](const std::string& drafter) {
    return AreOfOnePerson(desk_, drafter, key_id);
  });
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
