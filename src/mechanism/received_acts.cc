// What an operator of the peer does.
//
// The act is in the record whatever becomes of it here. One that cannot be taken in (it contradicts what this node
// knows, or its values break a rule) is not dropped in silence: it opens a matter that only a person closes, by calling
// the other side.
#include <algorithm>

#include "crypto/sha256.h"
#include "formats/notice_json.h"
#include "json/reader.h"
#include "mechanism/core.h"
#include "mechanism/core_line.h"
#include "mechanism/mode.h"

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

base::Digest TextDigest(std::string_view text) {
  return crypto::Sha256(base::AsBytes(text));
}

Call CallOf(const SealedAct& act, Place place, std::string words) {
  Call call;
  call.id = act.act.id;
  call.place = place;
  call.words = std::move(words);
  return call;
}

}  // namespace

void Core::TakeAct(Line& line, const line::Received& received, line::Now now) {
  const auto take = [&]() -> Result<void> {
    WB_ASSIGN_OR_RETURN(const json::Document document,
                        json::Document::Parse(received.body(), limits::kMessageBodyBesideBytesMax));
    WB_ASSIGN_OR_RETURN(json::Object object, document.root().AsObject());
    WB_ASSIGN_OR_RETURN(const std::string_view envelope,
                        object.RequiredString("act", limits::kEnvelopeBytesMax));
    WB_ASSIGN_OR_RETURN(const std::optional<std::string_view> declaration,
                        object.OptionalString("declaration", limits::kMessageBodyBesideBytesMax));
    auto act = OpenAct(envelope, line.peer, desk_.FindPeer(line.peer)->operator_keys);
    if (!act) return Fail(std::move(act).error().Under("/act"));
    if (act->act.data_mode != received.opened.message.data_mode) {
      return base::Invalid("/act/payload/data_mode", "must be that of the message",
                           airspace::Name(act->act.data_mode));
    }
    WB_ASSIGN_OR_RETURN(const std::optional<std::string_view> beside,
                        object.OptionalString("beside", limits::kMessageBodyBesideBytesMax));
    if (LaneOf(act->act.kind()) == line::Lane::kPolicy &&
        received.opened.message.lane != line::Lane::kPolicy) {
      return base::Invalid("/lane", "must be policy: free text never takes the safety lane");
    }
    WB_RETURN_IF_ERROR(CheckMode(act->act));
    if (!Reaches(line, act->act.data_mode, act->act.at)) {
      KeepOutsideExercise(line, *act, now.utc);
      return {};
    }
    if (IsOvertaken(act->act)) return {};
    WB_ASSIGN_OR_RETURN(const std::optional<std::string_view> endorsement,
                        object.OptionalString("endorsement", limits::kEnvelopeBytesMax));
    const Result<void> taken = std::visit(
        [&](const auto& body) {
          if constexpr (requires { body.agreement; }) {
            return TakeAgreementAct(line, *act, &object, now.utc);
          } else {
            return TakeBody(line, *act, body,
                            declaration ? *declaration : beside.value_or(std::string_view()),
                            now.utc);
          }
        },
        act->act.body);
    if (taken) KeepForForwarding(*act, endorsement, now);
    return taken;
  };
  if (const Result<void> taken = take(); !taken) {
    OpenUnusable(line, received, taken.error(), now.utc);
  }
}

// ---- The peer's notices ----

Result<void> Core::TakeBody(Line& line, const SealedAct& act, const Release& body,
                            std::string_view declaration_text, UtcMicros now) {
  const Notice* there = airspace_.FindNotice(body.notice);
  if (there != nullptr && there->party == line.peer && FindVersion(*there, act.digest) != nullptr &&
      !CameForwardedAlone(body.notice, act.digest)) {
    return {};  // the same act, told twice
  }
  if (TextDigest(declaration_text) != body.declaration_sha256) {
    return base::Invalid("/declaration", "must have the SHA-256 that the act names",
                         TextDigest(declaration_text).ToHex());
  }
  WB_ASSIGN_OR_RETURN(Declaration declaration, formats::ParseDeclaration(declaration_text));
  if (declaration.data_mode != act.act.data_mode) {
    return base::Invalid("/declaration/data_mode", "must be that of the act",
                         airspace::Name(declaration.data_mode));
  }
  WB_ASSIGN_OR_RETURN(auto prepared, airspace::PreparedDeclaration::Prepare(
                                         std::move(declaration), rules_, heights_, crypto::Sha256));
  return TakeVersion(line, body.notice, act.digest,
                     std::make_shared<const airspace::PreparedDeclaration>(std::move(prepared)),
                     act.act.at, now);
}

Result<void> Core::TakeVersion(Line& line, base::NoticeId notice, const base::Digest& digest,
                               std::shared_ptr<const airspace::PreparedDeclaration> prepared,
                               UtcMicros released_at, UtcMicros now) {
  const Declaration& content = prepared->declaration();
  WB_ASSIGN_OR_RETURN(
      const airspace::Decision decision,
      DecideAs(line.peer,
               airspace::Declare{notice, prepared, false, std::nullopt, digest, true, false}, now,
               SaidAt(content.data_mode, released_at)));
  WB_RETURN_IF_ERROR(DecideAs({}, airspace::RecordReceipt{notice, digest, self_.party}, now));
  for (const NoticeVersion& version : airspace_.FindNotice(notice)->versions) {
    if (version.digest == digest) continue;
    CloseMattersOf(version.digest, std::nullopt, "superseded", now);
  }
  Matter matter;
  matter.kind = MatterKind::kReadBack;
  matter.peer = line.peer;
  matter.data_mode = content.data_mode;
  matter.notice = notice;
  matter.subject = digest;
  matter.urgent = content.kind == airspace::NoticeKind::kHazard;
  matter.starts_at = airspace::EarliestStart(content);
  InterruptForRelease(line.peer, content, now);
  OpenMatter(std::move(matter), now);
  OweThirdParties(line.peer, {notice, digest}, released_at, now);
  Counts& counts = CountsOf(line.peer, content.data_mode);
  ++counts.received;
  if (decision.late) ++counts.received_late;
  return {};
}

Result<void> Core::TakeBody(Line& line, const SealedAct& act, const SetActive& body,
                            std::string_view, UtcMicros now) {
  return DecideFor(
      line, airspace::SetActivity{body.notice, airspace::ActivityState::kActive, body.version}, now,
      SaidAt(act.act));
}

Result<void> Core::TakeBody(Line& line, const SealedAct& act, const SetEnded& body,
                            std::string_view, UtcMicros now) {
  return DecideFor(
      line, airspace::SetActivity{body.notice, airspace::ActivityState::kEnded, body.version}, now,
      SaidAt(act.act));
}

Result<void> Core::TakeBody(Line& line, const SealedAct& act, const Withdraw& body,
                            std::string_view, UtcMicros now) {
  WB_RETURN_IF_ERROR(
      DecideFor(line, airspace::Withdraw{body.notice, body.version}, now, SaidAt(act.act)));
  CloseMattersOfNotice(body.notice, "withdrawn", now);
  return {};
}

Result<void> Core::TakeBody(Line& line, const SealedAct& act, const AllClear& body,
                            std::string_view, UtcMicros now) {
  const Notice* notice = airspace_.FindNotice(body.notice);
  if (notice == nullptr || notice->party != line.peer) {
    return Fail(ErrorCode::kNotFound, "/notice", "must be a notice of the peer",
                body.notice.ToString());
  }
  Call call = CallOf(act, {}, {});
  call.about = body;
  call.no_longer_observed = body.no_longer_observed;
  return TakeCall(line.peer, act, std::move(call), MatterKind::kReadBack, now);
}

// ---- Our notices ----

Result<const Notice*> Core::OurNotice(base::NoticeId id) const {
  const Notice* notice = airspace_.FindNotice(id);
  if (notice != nullptr && notice->party == self_.party && LatestDeclared(*notice) != nullptr) {
    return notice;
  }
  return Fail(ErrorCode::kNotFound, "/notice", "must be a notice of ours", id.ToString());
}

Result<void> Core::TakeBody(Line& line, const SealedAct& act, const ReadBack& body,
                            std::string_view, UtcMicros now) {
  WB_ASSIGN_OR_RETURN(const Notice* notice, OurNotice(body.notice));
  const NoticeVersion* version = FindVersion(*notice, body.version);
  if (version == nullptr || version->disclosure != airspace::Disclosure::kDeclared) {
    return Fail(ErrorCode::kNotFound, "/version", "must be a version of ours",
                body.version.ToHex());
  }
  const std::vector<const Matter*> open = desk_.OpenMattersOf(body.of);
  const bool awaited = std::any_of(open.begin(), open.end(), [&](const Matter* matter) {
    return matter->kind == MatterKind::kReadBack && matter->peer == line.peer &&
           matter->notice == body.notice;
  });
  if (body.of != body.version && !awaited) {
    return Fail(ErrorCode::kNotFound, "/of", "must be the version or an all-clear that waits",
                body.of.ToHex());
  }
  // Both machines compare: the peer's may be wrong, or the bytes that it shows may not be ours.
  if (body.declaration_sha256 != TextDigest(version->declaration.original)) {
    return Fail(ErrorCode::kConflict, "/declaration_sha256", "must be that of the text we sent",
                body.declaration_sha256.ToHex());
  }
  const std::vector<Mismatch> found = Compare(ReadingOf(version->declaration), body.reading,
                                              TermsFor(line.peer).tolerances, body.over_voice);
  if (!found.empty()) {
    ++CountsOf(line.peer, notice->data_mode()).read_back_mismatches;
    return Fail(ErrorCode::kConflict, found.front().field,
                "must agree with what we sent, within the tolerance", found.front().ToString());
  }
  if (body.of == body.version) {
    WB_RETURN_IF_ERROR(
        DecideAs({}, airspace::RecordReadBack{body.notice, body.version, line.peer}, now));
    Counts& counts = CountsOf(line.peer, notice->data_mode());
    // By the clock of who signed it, as R1 is (MECHANISM 3.6 has both lead times).
    counts.read_back.Add(act.act.at.us - version->stored_at.us);
    const UtcMicros start = airspace::EarliestStart(version->declaration);
    if (start != base::kTimeOpenStart) counts.lead_at_r3.Add(start.us - act.act.at.us);
  }
  CloseMattersWith(line.peer, body.of, {MatterKind::kReceipt, MatterKind::kReadBack}, "read_back",
                   now);
  return {};
}

Result<void> Core::TakeBody(Line& line, const SealedAct& act, const Assess& body, std::string_view,
                            UtcMicros now) {
  WB_ASSIGN_OR_RETURN(const Notice* assessed, OurNotice(body.notice));
  std::optional<UtcMicros> until = body.until;
  // The clock of a drill is each side's own: what has passed here by now is over at once, and not refused.
  if (until && assessed->data_mode() != airspace::DataMode::kReal) {
    until = std::max(*until, UtcMicros{NowOf(airspace_, assessed->data_mode(), now).us + 1});
  }
  WB_RETURN_IF_ERROR(DecideFor(line,
                               airspace::Assess{body.notice, body.version, body.assessment, until},
                               now, SaidAt(act.act)));
  CloseMattersWith(line.peer, body.version, {MatterKind::kObjection}, "assessed_again", now);
  if (body.assessment != airspace::Assessment::kObjection) return {};
  const Notice& notice = *airspace_.FindNotice(body.notice);
  Matter matter;
  matter.kind = MatterKind::kObjection;
  matter.peer = line.peer;
  matter.data_mode = notice.data_mode();
  matter.notice = body.notice;
  matter.subject = body.version;
  matter.starts_at = airspace::EarliestStart(notice.latest().declaration);
  OpenMatter(std::move(matter), now);
  return {};
}

Result<void> Core::TakeBody(Line& line, const SealedAct&, const TellUnits& body, std::string_view,
                            UtcMicros now) {
  WB_RETURN_IF_ERROR(OurNotice(body.notice));
  return DecideFor(
      line, airspace::Disseminate{body.notice, body.units_told, body.own_aircraft_clear}, now);
}

// ---- Calls ----

Result<void> Core::TakeCall(base::PartyId peer, const SealedAct& act, Call call, MatterKind kind,
                            UtcMicros now) {
  if (const Call* known = desk_.FindCall(act.act.id); known != nullptr) {
    if (known->act == act.digest && known->peer == peer) return {};  // told twice
    return Fail(ErrorCode::kConflict, "/act/payload/id", "must be drawn anew for each act",
                act.act.id.ToString());
  }
  call.kind = act.act.kind();
  call.peer = peer;
  call.data_mode = act.act.data_mode;
  call.act = act.digest;
  call.role = act.act.role;
  call.at = act.act.at;
  call.stored_at = now;
  Put(CallChanged{call});
  if (IsAlarm(kind) && call.data_mode == airspace::DataMode::kReal) {
    Interrupt(peer, operators::Name(call.kind), now);
  }
  Matter matter;
  matter.starts_at = call.entry_at;
  matter.kind = kind;
  matter.peer = peer;
  matter.data_mode = call.data_mode;
  if (call.about) matter.notice = call.about->notice;
  matter.subject = act.digest;
  matter.urgent = kind == MatterKind::kStopCall;
  OpenMatter(std::move(matter), now);
  return {};
}

Result<void> Core::TakeBody(Line& line, const SealedAct& act, const StopCall& body,
                            std::string_view, UtcMicros now) {
  return TakeCall(line.peer, act, CallOf(act, body.place, ContactWords(body)),
                  MatterKind::kStopCall, now);
}

// What a stop call alleges is accepted once, however often they say that they are stopping; not_ours is final.
void Core::CountBreach(const Call& call, StopAnswer answer) {
  const auto accepts = [](std::string_view said) {
    return said == Name(StopAnswer::kStopping) || said == Name(StopAnswer::kStopped);
  };
  const bool accepted = std::any_of(call.answers.begin(), call.answers.end(),
                                    [&](const CallAnswer& said) { return accepts(said.answer); });
  if (accepted) return;
  Counts& counts = CountsOf(call.peer, call.data_mode);
  if (accepts(Name(answer))) ++counts.breaches_accepted;
  if (answer == StopAnswer::kNotOurs) ++counts.breaches_rejected;
}

Result<void> Core::TakeBody(Line& line, const SealedAct& act, const AnswerStopCall& body,
                            std::string_view, UtcMicros now) {
  WB_ASSIGN_OR_RETURN(const Call* call,
                      OpenCallOf(body.answers, ActKind::kStopCall, true, line.peer));
  CountBreach(*call, body.answer);
  TakeAnswer(*call, {{}, act.digest, false, act.act.role, AnswerText(body)}, IsFinal(body.answer),
             MatterKind::kStopCall, now, body.wait_s);
  return {};
}

Result<void> Core::TakeBody(Line& line, const SealedAct&, const EndStopCallUnanswered& body,
                            std::string_view, UtcMicros now) {
  WB_ASSIGN_OR_RETURN(const Call* found,
                      OpenCallOf(body.answers, ActKind::kStopCall, false, line.peer));
  ++CountsOf(line.peer, found->data_mode).stop_calls_unanswered;
  EndCall(*found, "unanswered", MatterKind::kStopCall, now);
  return {};
}

Result<void> Core::TakeBody(Line& line, const SealedAct& act, const IncursionWarning& body,
                            std::string_view, UtcMicros now) {
  Call call = CallOf(act, body.place, ContactWords(body));
  call.entry_at = body.entry_at;
  call.sending.receipts = 1;
  call.sending.receipted_at = now;
  return TakeCall(line.peer, act, std::move(call), MatterKind::kIncursion, now);
}

Result<void> Core::TakeBody(Line& line, const SealedAct& act, const AnswerIncursionWarning& body,
                            std::string_view, UtcMicros now) {
  WB_ASSIGN_OR_RETURN(const Call* found,
                      OpenCallOf(body.answers, ActKind::kWarnIncursion, true, line.peer));
  Call call = *found;
  call.sending.next_repeat_at = base::kTimeOpenEnd;
  if (body.answer == IncursionAnswer::kWait) {
    PlanRepeat(now, body.wait_s * base::kMicrosPerSecond, &call);
  }
  TakeAnswer(std::move(call), {{}, act.digest, false, act.act.role, AnswerText(body)},
             IsFinal(body.answer), MatterKind::kIncursion, now, body.wait_s);
  return {};
}

Result<void> Core::TakeBody(Line& line, const SealedAct&, const EndIncursionWarning& body,
                            std::string_view, UtcMicros now) {
  WB_ASSIGN_OR_RETURN(const Call* call,
                      OpenCallOf(body.answers, ActKind::kWarnIncursion, false, line.peer));
  WB_RETURN_IF_ERROR(CheckTurned(*call));
  EndCall(*call, "answered", MatterKind::kIncursion, now);
  return {};
}

Result<void> Core::TakeBody(Line& line, const SealedAct&, const EndIncursionWarningUnanswered& body,
                            std::string_view, UtcMicros now) {
  WB_ASSIGN_OR_RETURN(const Call* call,
                      OpenCallOf(body.answers, ActKind::kWarnIncursion, false, line.peer));
  ++CountsOf(line.peer, call->data_mode).incursion_warnings_unanswered;
  EndCall(*call, "unanswered", MatterKind::kIncursion, now);
  return {};
}

Result<void> Core::TakeBody(Line& line, const SealedAct& act, const LineCheck& body,
                            std::string_view, UtcMicros now) {
  WB_RETURN_IF_ERROR(
      TakeCall(line.peer, act, CallOf(act, {}, body.word), MatterKind::kLineCheck, now));
  CheckPaths(line, now);
  return {};
}

Result<void> Core::TakeBody(Line& line, const SealedAct& act, const AnswerLineCheck& body,
                            std::string_view, UtcMicros now) {
  WB_ASSIGN_OR_RETURN(const Call* call,
                      OpenCallOf(body.answers, ActKind::kLineCheck, true, line.peer));
  if (body.word != call->words) {
    return Fail(ErrorCode::kConflict, "/word", "must be our challenge word", body.word);
  }
  TakeAnswer(*call, {{}, act.digest, false, act.act.role, body.word}, true, MatterKind::kLineCheck,
             now);
  return {};
}

Result<void> Core::TakeBody(Line& line, const SealedAct& act, const AskKeepClear& body,
                            std::string_view, UtcMicros now) {
  return TakeCall(line.peer, act,
                  CallOf(act, body.place,
                         base::FormatRfc3339(body.window.start) + " to " +
                             base::FormatRfc3339(body.window.end)),
                  MatterKind::kKeepClear, now);
}

Result<void> Core::TakeBody(Line& line, const SealedAct& act, const AnswerKeepClear& body,
                            std::string_view, UtcMicros now) {
  WB_ASSIGN_OR_RETURN(const Call* call,
                      OpenCallOf(body.answers, ActKind::kAskKeepClear, true, line.peer));
  TakeAnswer(*call, {{}, act.digest, false, act.act.role, std::string(Name(body.answer))},
             body.answer != KeepClear::kNeedTime, MatterKind::kKeepClear, now);
  return {};
}

Result<void> Core::TakeBody(Line& line, const SealedAct& act, const SendPolicyText& body,
                            std::string_view, UtcMicros now) {
  if (const Call* known = desk_.FindCall(act.act.id); known != nullptr) {
    if (known->act == act.digest && known->peer == line.peer) return {};  // told twice
    return Fail(ErrorCode::kConflict, "/act/payload/id", "must be drawn anew for each act",
                act.act.id.ToString());
  }
  Call call = CallOf(act, {}, body.text);
  call.kind = ActKind::kSendPolicyText;
  call.peer = line.peer;
  call.data_mode = act.act.data_mode;
  call.act = act.digest;
  call.role = act.act.role;
  call.at = act.act.at;
  call.stored_at = now;
  call.closed_at = now;
  call.closed_as = "received";
  Put(CallChanged{std::move(call)});
  return {};
}

}  // namespace wideberth::mechanism
