// Exercises (MECHANISM 2.4): what is not REAL crosses a line only inside a window that both sides have opened, and ends
// there as soon as something real happens.
#include <algorithm>

#include "mechanism/core.h"
#include "mechanism/core_line.h"
#include "mechanism/mode.h"

namespace wideberth::mechanism {
namespace {

using airspace::DataMode;
using airspace::TimeWindow;
using base::ErrorCode;
using base::Fail;
using base::Result;
using base::UtcMicros;

// A hazard released for so soon is not a matter for later.
constexpr int64_t kNearUs = base::kMicrosPerHour;

base::Unexpected Conflict(std::string_view field, std::string_view rule,
                          std::string_view found = {}) {
  return Fail(ErrorCode::kConflict, field, rule, found);
}

std::string Text(const TimeWindow& window) {
  return base::FormatRfc3339(window.start) + " to " + base::FormatRfc3339(window.end);
}

// What is missing before drills may cross.
std::string Missing(const Exercise* exercise, UtcMicros at) {
  if (exercise == nullptr) return "nobody has opened one";
  if (exercise->window) {
    return (at < exercise->window->start ? "it has not begun: " : "it is over: ") +
           Text(*exercise->window);
  }
  if (exercise->theirs) return "the peer has proposed one, and a supervisor here has to open it";
  if (exercise->ours) return "the peer has not opened the one that was proposed";
  if (exercise->ended_as.empty()) return "nobody has opened one";
  return "the last one has ended by " + exercise->ended_as + ", and both have to open anew";
}

// Both crossed: what each has said of the other's holds.
Result<TimeWindow> Common(const TimeWindow& a, const TimeWindow& b) {
  const TimeWindow common{std::max(a.start, b.start), std::min(a.end, b.end)};
  if (common.start < common.end) return common;
  return Conflict("/to", "must leave a time in common with what was proposed: " + Text(a), Text(b));
}

struct ModeVisitor {
  const airspace::State& state;

  DataMode OfNotice(base::NoticeId id) const {
    const airspace::Notice* notice = state.FindNotice(id);
    return notice == nullptr ? DataMode::kReal : notice->data_mode();
  }
  DataMode OfConflict(const base::Digest& id) const {
    const airspace::Conflict* conflict = state.FindConflict(id);
    return conflict == nullptr ? DataMode::kReal : conflict->data_mode;
  }
  DataMode operator()(const airspace::Declare& c) const {
    return c.prepared->declaration().data_mode;
  }
  DataMode operator()(const airspace::Withdraw& c) const { return OfNotice(c.id); }
  DataMode operator()(const airspace::SetActivity& c) const { return OfNotice(c.id); }
  DataMode operator()(const airspace::AllClear& c) const { return OfNotice(c.id); }
  DataMode operator()(const airspace::Assess& c) const { return OfNotice(c.id); }
  DataMode operator()(const airspace::Disseminate& c) const { return OfNotice(c.id); }
  DataMode operator()(const airspace::RecordReceipt& c) const { return OfNotice(c.id); }
  DataMode operator()(const airspace::RecordCosigned& c) const { return OfNotice(c.id); }
  DataMode operator()(const airspace::RecordReadBack& c) const { return OfNotice(c.id); }
  DataMode operator()(const airspace::Disregard& c) const { return OfNotice(c.id); }
  DataMode operator()(const airspace::MarkConflictSeen& c) const { return OfConflict(c.conflict); }
  DataMode operator()(const airspace::ProposeMeasures& c) const { return OfConflict(c.conflict); }
  DataMode operator()(const airspace::ForgetSaid& c) const { return OfConflict(c.conflict); }
  DataMode operator()(const airspace::AcceptRisk& c) const { return OfConflict(c.conflict); }
  DataMode operator()(const airspace::Recheck& c) const { return OfNotice(c.id); }
  DataMode operator()(const airspace::AdoptRules&) const { return DataMode::kReal; }
  DataMode operator()(const airspace::SetClock& c) const { return c.mode; }
  DataMode operator()(const airspace::Tick& c) const { return c.mode; }
};

// The end of the year 9998, after which there is no time to write (base/time.h).
constexpr base::UtcMicros kLastTime{253'370'764'800 * base::kMicrosPerSecond - 1};

}  // namespace

DataMode ModeOf(const airspace::State& state, const airspace::Command& command) {
  return std::visit(ModeVisitor{state}, command.body);
}

base::UtcMicros NowOf(const airspace::State& state, DataMode mode, base::UtcMicros clock) {
  base::UtcMicros now = clock;
  const airspace::SetClock set = state.clock(mode);
  if (mode != DataMode::kReal && set.real.us != 0) {
    const double elapsed_us = static_cast<double>(now.us - set.real.us) * set.rate;
    // A fast clock stops where times end, long before it would overflow.
    const double room_us = static_cast<double>(kLastTime.us - set.shown.us);
    now.us = set.shown.us + static_cast<int64_t>(std::clamp(elapsed_us, -room_us, room_us));
  }
  return std::max(now, state.LastTime(mode));
}

Exercise Core::ExerciseOf(base::PartyId peer, UtcMicros now) const {
  const Exercise* known = desk_.FindExercise(peer);
  Exercise exercise = known == nullptr ? Exercise() : *known;
  exercise.peer = peer;
  exercise.changed_at = now;
  return exercise;
}

bool Core::Reaches(const Line& line, DataMode mode, UtcMicros at) const {
  // What was said on one line is done again on that one alone.
  if (again_ && again_->line != &line) return false;
  if (mode == DataMode::kReal) return true;
  const Exercise* exercise = desk_.FindExercise(line.peer);
  return exercise != nullptr && exercise->IsOpenAt(at);
}

// Whom an own act is for; nobody: whoever takes part.
Result<std::optional<base::PartyId>> Core::PeerOf(const ActRequest& request) {
  using Whom = std::optional<base::PartyId>;
  return std::visit(
      [&](const auto& body) -> Result<Whom> {
        if constexpr (requires { body.notice; }) {
          const airspace::Notice* notice = airspace_.FindNotice(body.notice);
          if (notice == nullptr || notice->party == self_.party) return Whom();
          return Whom(notice->party);
        } else if constexpr (requires { body.answers; }) {
          const Call* call = desk_.FindCall(body.answers);
          return call == nullptr ? Whom() : Whom(call->peer);
        } else if constexpr (requires { body.conflict; }) {
          const airspace::Conflict* conflict = airspace_.FindConflict(body.conflict);
          if (conflict == nullptr) return Whom();
          const bool first = conflict->sides[0].party == self_.party;
          return Whom(conflict->sides[first ? 1 : 0].party);
        } else {
          WB_ASSIGN_OR_RETURN(const Line* line, LineTo(request.to));
          return Whom(line->peer);
        }
      },
      request.act.act.body);
}

Result<void> Core::RequireExercise(const ActRequest& request) {
  const Act& act = request.act.act;
  if (act.data_mode == DataMode::kReal || lines_.empty()) return {};
  if (std::holds_alternative<AcceptRisk>(act.body))
    return {};  // nor does what is done with a held plan
  if (const auto* seen = std::get_if<MarkConflictSeen>(&act.body)) {
    // What is looked at here alone crosses no line.
    const airspace::Conflict* conflict = airspace_.FindConflict(seen->conflict);
    if (conflict == nullptr || conflict->local()) return {};
  } else if (const auto* proposed = std::get_if<ProposeMeasures>(&act.body)) {
    const airspace::Conflict* conflict = airspace_.FindConflict(proposed->conflict);
    if (conflict == nullptr || conflict->local()) return {};
  }
  WB_ASSIGN_OR_RETURN(const std::optional<base::PartyId> peer, PeerOf(request));
  std::string missing;
  for (const auto& [party, line] : lines_) {
    if (peer && party != *peer) continue;
    if (Reaches(*line, act.data_mode, act.at)) return {};
    missing = Missing(desk_.FindExercise(party), act.at);
  }
  if (missing.empty()) return {};  // of no line: refused for that
  return Conflict("/data_mode",
                  "must be REAL outside an exercise that both sides have opened: " + missing,
                  airspace::Name(act.data_mode));
}

void Core::KeepOutsideExercise(Line& line, const SealedAct& act, UtcMicros now) {
  if (desk_.FindCall(act.act.id) != nullptr) return;  // told twice
  Journal("outside_exercise", nullptr,
          std::string(operators::Name(act.act.kind())) + " " + act.digest.ToHex(), now);
  Call call;
  call.id = act.act.id;
  call.kind = act.act.kind();
  call.peer = line.peer;
  call.data_mode = act.act.data_mode;
  call.act = act.digest;
  call.role = act.act.role;
  call.at = act.act.at;
  call.stored_at = now;
  call.closed_at = now;
  call.closed_as = "outside_exercise";
  std::visit(
      [&](const auto& body) {
        if constexpr (requires { body.notice; }) {
          call.about = NoticeVersionRef{body.notice, act.digest};
          if constexpr (requires { body.version; }) call.about->version = body.version;
        }
      },
      act.act.body);
  Put(CallChanged{std::move(call)});
}

void Core::EndExercise(base::PartyId peer, std::string_view as, UtcMicros now) {
  const Exercise* known = desk_.FindExercise(peer);
  if (known == nullptr || (!known->ours && !known->theirs && !known->window)) return;
  Exercise exercise = ExerciseOf(peer, now);
  exercise.ours.reset();
  exercise.theirs.reset();
  exercise.window.reset();
  exercise.ended_as = as;
  Put(ExerciseChanged{std::move(exercise)});
  // What is owed to nobody on a line ends with the last exercise.
  const bool last = std::none_of(lines_.begin(), lines_.end(), [&](const auto& each) {
    return Reaches(*each.second, DataMode::kExercise, now);
  });
  std::vector<Matter> drills;
  for (const auto& [number, matter] : desk_.matters()) {
    if (!matter.open() || matter.data_mode == DataMode::kReal) continue;
    if (matter.peer == peer || (last && matter.peer == self_.party)) drills.push_back(matter);
  }
  for (Matter& matter : drills) CloseMatter(std::move(matter), "exercise_ended", now);
  std::vector<Call> calls;
  for (const auto& [id, call] : desk_.calls()) {
    if (call.peer == peer && call.data_mode != DataMode::kReal && !call.closed_at) {
      calls.push_back(call);
    }
  }
  for (Call& call : calls) {
    call.closed_at = now;
    call.closed_as = "exercise_ended";
    call.sending.next_repeat_at = base::kTimeOpenEnd;
    Put(CallChanged{std::move(call)});
  }
}

void Core::EndExercisesThatAreOver(UtcMicros now) {
  for (const auto& [peer, line] : lines_) {
    const Exercise* exercise = desk_.FindExercise(peer);
    if (exercise == nullptr || !exercise->window || exercise->window->end > now) continue;
    EndExercise(peer, "time_over", now);
  }
}

void Core::Interrupt(base::PartyId peer, std::string_view by, UtcMicros now) {
  const Exercise* known = desk_.FindExercise(peer);
  if (known == nullptr || (!known->ours && !known->theirs && !known->window)) return;
  Journal("exercise_interrupted", nullptr, by, now);
  EndExercise(peer, by, now);
}

void Core::InterruptForRelease(base::PartyId peer, const airspace::Declaration& content,
                               UtcMicros now) {
  if (content.data_mode != DataMode::kReal) return;
  if (content.unplanned) return Interrupt(peer, "unplanned_hazard", now);
  if (content.kind != airspace::NoticeKind::kHazard) return;
  for (const airspace::Volume4D& volume : content.volumes) {
    if (volume.window.start.us - now.us > kNearUs) continue;
    return Interrupt(peer, "hazard_within_the_hour", now);
  }
}

// ---- Opening and closing ----

Result<airspace::Decision> Core::DoBody(const ActRequest& request, const OpenExercise& body,
                                        line::Now now) {
  WB_ASSIGN_OR_RETURN(Line * line, LineTo(request.to));
  WB_RETURN_IF_ERROR(
      RequireAgreement(line->peer, agreement::Matter::kExercise, request.act.act.data_mode));
  if (body.window.end <= now.utc) {
    return Conflict("/to", "must be in the future", base::FormatRfc3339(body.window.end));
  }
  Exercise exercise = ExerciseOf(line->peer, now.utc);
  const bool runs = exercise.window && exercise.window->end > now.utc;
  const bool asked = exercise.theirs && exercise.theirs->window.end > now.utc;
  if (body.proposal) {
    if (!asked || exercise.theirs->id != *body.proposal) {
      return Fail(ErrorCode::kNotFound, "/answers", "must be a proposal of the peer that waits",
                  body.proposal->ToString());
    }
    WB_ASSIGN_OR_RETURN(TimeWindow window, Common(exercise.theirs->window, body.window));
    if (runs) {
      WB_ASSIGN_OR_RETURN(window, Common(*exercise.window, window));
    }
    exercise.window = window;
    exercise.theirs.reset();
  } else {
    if (runs) {
      return Conflict("", "must wait until the one that is open is closed", Text(*exercise.window));
    }
    if (asked) {
      return Conflict("/answers",
                      "must be what the peer has proposed: " + Text(exercise.theirs->window),
                      exercise.theirs->id.ToString());
    }
    exercise.window.reset();
    exercise.ours = {request.act.act.id, body.window, request.act.act.role};
  }
  WB_RETURN_IF_ERROR(SendAct(*line, request, now));
  Put(ExerciseChanged{std::move(exercise)});
  return airspace::Decision();
}

Result<void> Core::TakeBody(Line& line, const SealedAct& act, const OpenExercise& body,
                            std::string_view, UtcMicros now) {
  Exercise exercise = ExerciseOf(line.peer, now);
  if (!body.proposal) {
    exercise.theirs = {act.act.id, body.window, act.act.role};
    Put(ExerciseChanged{std::move(exercise)});
    return {};
  }
  // They take an exercise for open that is not, here: somebody has to call them.
  if (!exercise.ours || exercise.ours->id != *body.proposal) {
    return Fail(ErrorCode::kNotFound, "/answers", "must be a proposal of ours that waits",
                body.proposal->ToString());
  }
  WB_ASSIGN_OR_RETURN(TimeWindow window, Common(exercise.ours->window, body.window));
  if (exercise.window && exercise.window->end > now) {
    WB_ASSIGN_OR_RETURN(window, Common(*exercise.window, window));
  }
  exercise.window = window;
  exercise.ours.reset();
  Put(ExerciseChanged{std::move(exercise)});
  return {};
}

Result<airspace::Decision> Core::DoBody(const ActRequest& request, const CloseExercise&,
                                        line::Now now) {
  WB_ASSIGN_OR_RETURN(Line * line, LineTo(request.to));
  const Exercise exercise = ExerciseOf(line->peer, now.utc);
  if (!exercise.ours && !exercise.theirs && !exercise.window) {
    return Conflict("", "must be of an exercise: " + Missing(&exercise, now.utc));
  }
  WB_RETURN_IF_ERROR(SendAct(*line, request, now));
  EndExercise(line->peer, "closed_by_us", now.utc);
  return airspace::Decision();
}

Result<void> Core::TakeBody(Line& line, const SealedAct&, const CloseExercise&, std::string_view,
                            UtcMicros now) {
  EndExercise(line.peer, "closed_by_peer", now);
  return {};
}

}  // namespace wideberth::mechanism
