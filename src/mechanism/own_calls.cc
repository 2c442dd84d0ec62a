// The calls that an operator of this node makes and answers, and the note for the next watch: signed as every act of a
// person, in the journal, and on no line.
#include <algorithm>

#include "base/display_text.h"
#include "mechanism/core.h"
#include "mechanism/core_line.h"

namespace wideberth::mechanism {
namespace {

using base::ErrorCode;
using base::Fail;
using base::Result;
using base::UtcMicros;
using operators::ActKind;

base::Unexpected Conflict(std::string_view field, std::string_view rule,
                          std::string_view found = {}) {
  return Fail(ErrorCode::kConflict, field, rule, found);
}

Call CallOf(const ActRequest& request, Place place, std::string words) {
  Call call;
  call.place = place;
  call.words = std::move(words);
  call.id = request.act.act.id;
  return call;
}

base::Unexpected KeptHereAlone(ActKind kind) {
  return base::Invalid("/act/payload/act", "must be one that crosses a line",
                       operators::Name(kind));
}

}  // namespace

Result<base::Digest> Core::StartCall(Line& line, const ActRequest& request, Call call,
                                     MatterKind kind, line::Now now) {
  if (desk_.FindCall(call.id) != nullptr) {
    return Conflict("/id", "must be drawn anew for each act", call.id.ToString());
  }
  WB_ASSIGN_OR_RETURN(const base::Digest message, SendAct(line, request, now));
  const Act& act = request.act.act;
  call.kind = act.kind();
  call.peer = line.peer;
  call.by_us = true;
  call.data_mode = act.data_mode;
  call.act = request.act.digest;
  call.role = act.role;
  call.at = act.at;
  call.stored_at = now.utc;
  if (IsAlarm(kind) && act.data_mode == airspace::DataMode::kReal) {
    Interrupt(line.peer, operators::Name(act.kind()), now.utc);
  }
  Matter matter;
  matter.starts_at = call.entry_at;
  Put(CallChanged{std::move(call)});
  matter.kind = kind;
  matter.owed_by_peer = true;
  matter.peer = line.peer;
  matter.data_mode = act.data_mode;
  matter.subject = request.act.digest;
  matter.urgent = kind == MatterKind::kStopCall;
  OpenMatter(std::move(matter), now.utc);
  return message;
}

void Core::EndCall(Call call, std::string_view as, MatterKind kind, UtcMicros now) {
  call.closed_at = now;
  call.closed_as = as;
  call.sending.next_repeat_at = base::kTimeOpenEnd;
  CloseMattersOf(call.act, kind, as, now);
  Put(CallChanged{std::move(call)});
}

Result<const Call*> Core::OpenCallOf(base::Uuid id, ActKind kind, bool by_us,
                                     std::optional<base::PartyId> peer) {
  const Call* call = desk_.FindCall(id);
  if (call == nullptr || call->kind != kind || call->by_us != by_us ||
      (peer && call->peer != *peer)) {
    return Fail(ErrorCode::kNotFound, "/answers",
                std::string("must be a ") + std::string(operators::Name(kind)) +
                    (by_us ? " of this party" : " of the peer"),
                id.ToString());
  }
  if (call->closed_at) return Conflict("/answers", "must be open", call->closed_as);
  return call;
}

void Core::TakeAnswer(Call call, CallAnswer answer, bool final, MatterKind kind, UtcMicros now,
                      int64_t wait_s) {
  answer.at = now;
  call.answers.push_back(std::move(answer));
  if (final) {
    call.closed_at = now;
    call.closed_as = "answered";
  }
  const base::Digest act = call.act;
  Put(CallChanged{std::move(call)});
  if (final) return CloseMattersOf(act, kind, "answered", now);
  // Not final: the clock starts again, on both sides alike, when the wait that was asked for is over.
  for (const Matter* open : desk_.OpenMattersOf(act)) {
    Matter matter = *open;
    const Level level = matter.level;
    Open(TermsUnder(matter), {now.us + wait_s * base::kMicrosPerSecond}, &matter);
    matter.level = level;
    Put(MatterChanged{std::move(matter)});
  }
}

Result<airspace::Decision> Core::DoBody(const ActRequest& request, const StopCall& body,
                                        line::Now now) {
  WB_ASSIGN_OR_RETURN(Line * line, LineTo(request.to));
  WB_RETURN_IF_ERROR(StartCall(*line, request, CallOf(request, body.place, ContactWords(body)),
                               MatterKind::kStopCall, now));
  ++CountsOf(line->peer, request.act.act.data_mode).stop_calls;
  return airspace::Decision();
}

Result<airspace::Decision> Core::DoBody(const ActRequest& request, const AnswerStopCall& body,
                                        line::Now now) {
  WB_ASSIGN_OR_RETURN(const Call* call, OpenCallOf(body.answers, ActKind::kStopCall, false));
  WB_ASSIGN_OR_RETURN(Line * line, LineTo(call->peer));
  WB_RETURN_IF_ERROR(SendAct(*line, request, now));
  TakeAnswer(*call, {{}, request.act.digest, true, request.act.act.role, AnswerText(body)},
             IsFinal(body.answer), MatterKind::kStopCall, now.utc, body.wait_s);
  return airspace::Decision();
}

Result<airspace::Decision> Core::DoBody(const ActRequest& request,
                                        const EndStopCallUnanswered& body, line::Now now) {
  WB_ASSIGN_OR_RETURN(const Call* found, OpenCallOf(body.answers, ActKind::kStopCall, true));
  WB_ASSIGN_OR_RETURN(Line * line, LineTo(found->peer));
  WB_RETURN_IF_ERROR(SendAct(*line, request, now));
  ++CountsOf(line->peer, found->data_mode).stop_calls_unanswered;
  EndCall(*found, "unanswered", MatterKind::kStopCall, now.utc);
  return airspace::Decision();
}

// ---- Warnings of an entry ----

Result<airspace::Decision> Core::DoBody(const ActRequest& request, const IncursionWarning& body,
                                        line::Now now) {
  WB_ASSIGN_OR_RETURN(Line * line, LineTo(request.to));
  Call call = CallOf(request, body.place, ContactWords(body));
  call.peer = line->peer;
  call.entry_at = body.entry_at;
  PlanRepeat(now.utc, std::nullopt, &call);
  WB_ASSIGN_OR_RETURN(const base::Digest message,
                      StartCall(*line, request, std::move(call), MatterKind::kIncursion, now));
  const Act& act = request.act.act;
  Put(AwaitedChanged{{message, line->peer, act.kind(), {}, request.act.digest, now.utc, act.id},
                     false});
  ++CountsOf(line->peer, act.data_mode).incursion_warnings;
  return airspace::Decision();
}

Result<airspace::Decision> Core::DoBody(const ActRequest& request,
                                        const AnswerIncursionWarning& body, line::Now now) {
  WB_ASSIGN_OR_RETURN(const Call* call, OpenCallOf(body.answers, ActKind::kWarnIncursion, false));
  WB_ASSIGN_OR_RETURN(Line * line, LineTo(call->peer));
  WB_RETURN_IF_ERROR(SendAct(*line, request, now));
  TakeAnswer(*call, {{}, request.act.digest, true, request.act.act.role, AnswerText(body)},
             IsFinal(body.answer), MatterKind::kIncursion, now.utc, body.wait_s);
  return airspace::Decision();
}

Result<airspace::Decision> Core::DoBody(const ActRequest& request, const EndIncursionWarning& body,
                                        line::Now now) {
  WB_ASSIGN_OR_RETURN(const Call* call, OpenCallOf(body.answers, ActKind::kWarnIncursion, true));
  WB_RETURN_IF_ERROR(CheckTurned(*call));
  WB_ASSIGN_OR_RETURN(Line * line, LineTo(call->peer));
  WB_RETURN_IF_ERROR(SendAct(*line, request, now));
  EndCall(*call, "answered", MatterKind::kIncursion, now.utc);
  return airspace::Decision();
}

Result<airspace::Decision> Core::DoBody(const ActRequest& request,
                                        const EndIncursionWarningUnanswered& body, line::Now now) {
  WB_ASSIGN_OR_RETURN(const Call* call, OpenCallOf(body.answers, ActKind::kWarnIncursion, true));
  WB_ASSIGN_OR_RETURN(Line * line, LineTo(call->peer));
  WB_RETURN_IF_ERROR(SendAct(*line, request, now));
  ++CountsOf(line->peer, call->data_mode).incursion_warnings_unanswered;
  EndCall(*call, "unanswered", MatterKind::kIncursion, now.utc);
  return airspace::Decision();
}

// ---- The others ----

Result<airspace::Decision> Core::DoBody(const ActRequest& request, const LineCheck& body,
                                        line::Now now) {
  WB_ASSIGN_OR_RETURN(Line * line, LineTo(request.to));
  WB_RETURN_IF_ERROR(
      StartCall(*line, request, CallOf(request, {}, body.word), MatterKind::kLineCheck, now));
  ++CountsOf(line->peer, request.act.act.data_mode).checks_made;
  CheckPaths(*line, now.utc);
  return airspace::Decision();
}

Result<airspace::Decision> Core::DoBody(const ActRequest& request, const AnswerLineCheck& body,
                                        line::Now now) {
  WB_ASSIGN_OR_RETURN(const Call* call, OpenCallOf(body.answers, ActKind::kLineCheck, false));
  if (body.word != call->words) {
    return Conflict("/word", "must be the challenge word", body.word);
  }
  WB_ASSIGN_OR_RETURN(Line * line, LineTo(call->peer));
  WB_RETURN_IF_ERROR(SendAct(*line, request, now));
  TakeAnswer(*call, {{}, request.act.digest, true, request.act.act.role, body.word}, true,
             MatterKind::kLineCheck, now.utc);
  return airspace::Decision();
}

Result<airspace::Decision> Core::DoBody(const ActRequest& request, const AskKeepClear& body,
                                        line::Now now) {
  WB_ASSIGN_OR_RETURN(Line * line, LineTo(request.to));
  WB_RETURN_IF_ERROR(
      RequireAgreement(line->peer, agreement::Matter::kExchange, request.act.act.data_mode));
  const std::string words =
      base::FormatRfc3339(body.window.start) + " to " + base::FormatRfc3339(body.window.end);
  WB_RETURN_IF_ERROR(
      StartCall(*line, request, CallOf(request, body.place, words), MatterKind::kKeepClear, now));
  return airspace::Decision();
}

Result<airspace::Decision> Core::DoBody(const ActRequest& request, const AnswerKeepClear& body,
                                        line::Now now) {
  WB_ASSIGN_OR_RETURN(const Call* call, OpenCallOf(body.answers, ActKind::kAskKeepClear, false));
  WB_ASSIGN_OR_RETURN(Line * line, LineTo(call->peer));
  WB_RETURN_IF_ERROR(SendAct(*line, request, now));
  TakeAnswer(*call,
             {{}, request.act.digest, true, request.act.act.role, std::string(Name(body.answer))},
             body.answer != KeepClear::kNeedTime, MatterKind::kKeepClear, now.utc);
  return airspace::Decision();
}

Result<airspace::Decision> Core::DoBody(const ActRequest& request, const SendPolicyText& body,
                                        line::Now now) {
  WB_ASSIGN_OR_RETURN(Line * line, LineTo(request.to));
  WB_RETURN_IF_ERROR(
      RequireAgreement(line->peer, agreement::Matter::kExchange, request.act.act.data_mode));
  WB_RETURN_IF_ERROR(SendAct(*line, request, now));
  Call call = CallOf(request, {}, body.text);
  call.kind = ActKind::kSendPolicyText;
  call.peer = line->peer;
  call.by_us = true;
  call.act = request.act.digest;
  call.role = request.act.act.role;
  call.at = request.act.act.at;
  call.stored_at = now.utc;
  call.closed_at = now.utc;
  call.closed_as = "sent";
  Put(CallChanged{std::move(call)});
  return airspace::Decision();
}

Result<airspace::Decision> Core::DoBody(const ActRequest& request, const HandOver& body,
                                        line::Now now) {
  WB_RETURN_IF_ERROR(
      base::CheckDisplayText(body.text, kHandoverTextBytesMax, "/text", base::Lines::kSeveral));
  const Handover* before = desk_.handover();
  Handover handover;
  handover.number = before == nullptr ? 1 : before->number + 1;
  handover.text = body.text;
  handover.key_id = request.act.act.key_id;
  handover.at = now.utc;
  handover.matters = desk_.open_matters();
  handover.calls = static_cast<uint64_t>(
      std::count_if(desk_.calls().begin(), desk_.calls().end(),
                    [](const auto& each) { return !each.second.closed_at.has_value(); }));
  handover.conflicts = airspace_.GetStatistics().live_conflicts;
  Put(HandoverChanged{std::move(handover)});
  return airspace::Decision();
}

// By another person: who writes it knows it.
Result<airspace::Decision> Core::DoBody(const ActRequest& request, const AcknowledgeHandover& body,
                                        line::Now now) {
  const std::string& key_id = request.act.act.key_id;
  const Handover* found = desk_.handover();
  if (found == nullptr || found->number != body.number) {
    return Fail(ErrorCode::kConflict, "/number", "must be the newest note",
                std::to_string(found == nullptr ? 0 : found->number));
  }
  if (!found->waits()) {
    return Fail(ErrorCode::kConflict, "/number", "must not have been acknowledged",
                found->acknowledged_by);
  }
  if (AreOfOnePerson(desk_, found->key_id, key_id)) {
    return Fail(ErrorCode::kConflict, "/number", "must be acknowledged by another than who left it",
                key_id);
  }
  Handover handover = *found;
  handover.acknowledged_by = key_id;
  handover.acknowledged_at = now.utc;
  Put(HandoverChanged{std::move(handover)});
  return airspace::Decision();
}

Result<void> Core::TakeBody(Line&, const SealedAct&, const HandOver&, std::string_view, UtcMicros) {
  return KeptHereAlone(operators::ActKind::kHandOver);
}

Result<void> Core::TakeBody(Line&, const SealedAct&, const AcknowledgeHandover&, std::string_view,
                            UtcMicros) {
  return KeptHereAlone(operators::ActKind::kAcknowledgeHandover);
}

}  // namespace wideberth::mechanism
