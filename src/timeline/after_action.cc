#include "timeline/after_action.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace wideberth::timeline {
namespace {

using airspace::DataMode;
using airspace::Declaration;
using airspace::NoticeKind;
using base::UtcMicros;

UtcMicros PlannedEnd(const Declaration& declaration) {
  UtcMicros end = base::kTimeOpenStart;
  for (const auto& volume : declaration.volumes) end = std::max(end, volume.window.end);
  return end;
}

// The answers of the other side to a call, in their order.
std::vector<const Event*> AnswersTo(const Timeline& timeline, const Event& call) {
  std::vector<const Event*> answers;
  for (const Event& event : timeline.events()) {
    if (event.log != call.log && event.act && event.matter == call.matter) {
      answers.push_back(&event);
    }
  }
  return answers;
}

void TakeRelease(const Timeline& timeline, const Event& event, const LeadTimesMin& lead_min_us,
                 Figures* figures) {
  const Declaration& content = *event.declaration;
  const UtcMicros start = airspace::EarliestStart(content);
  ++figures->released;
  if (event.received_at) {
    figures->receipt.push_back({event.said_at, event.received_at->us - event.said_at.us});
  }
  std::optional<UtcMicros> read_back_at;
  for (const Event& later : timeline.events()) {
    if (later.log == event.log || !later.act || later.notice != event.notice) continue;
    const auto* read_back = std::get_if<mechanism::ReadBack>(&later.act->act.body);
    if (read_back == nullptr || read_back->of != event.version) continue;
    read_back_at = later.act->act.at;
    break;
  }
  if (read_back_at) {
    figures->read_back.push_back({event.said_at, read_back_at->us - event.said_at.us});
  } else {
    ++figures->never_read_back;
  }
  if (start == base::kTimeOpenStart) return;  // always there: nothing is late
  const int64_t minimum_us = lead_min_us[static_cast<size_t>(content.kind)];
  if (event.received_at) {
    figures->lead_r1.push_back({event.said_at, start.us - event.received_at->us});
  }
  if (read_back_at) figures->lead_r3.push_back({event.said_at, start.us - read_back_at->us});
  if (!event.received_at || start.us - event.received_at->us < minimum_us) ++figures->late;
}

void TakeAllClear(const Timeline& timeline, const Event& event, Figures* figures) {
  ++figures->all_clears;
  UtcMicros planned = base::kTimeOpenEnd;
  for (const Event& earlier : timeline.events()) {
    if (earlier.log == event.log && earlier.declaration && earlier.notice == event.notice) {
      planned = PlannedEnd(*earlier.declaration);  // of the last version
    }
  }
  if (planned == base::kTimeOpenEnd) return;
  if (event.said_at.us - planned.us > kAllClearLateUs) ++figures->all_clears_late;
}

void TakeStopCall(const Timeline& timeline, const Event& event, Figures* figures) {
  ++figures->stop_calls;
  bool accepted = false;
  bool rejected = false;
  const auto answers = AnswersTo(timeline, event);
  for (const Event* answer : answers) {
    const auto* said = std::get_if<mechanism::AnswerStopCall>(&answer->act->act.body);
    if (said == nullptr) continue;
    accepted = accepted || said->answer == mechanism::StopAnswer::kStopping ||
               said->answer == mechanism::StopAnswer::kStopped;
    rejected = rejected || said->answer == mechanism::StopAnswer::kNotOurs;
  }
  if (answers.empty()) ++figures->stop_calls_unanswered;
  if (accepted) ++figures->breaches_accepted;
  if (rejected && !accepted) ++figures->breaches_rejected;
}

void Take(const Timeline& timeline, const Event& event, const LeadTimesMin& lead_min_us,
          Figures* figures) {
  if (event.declaration) return TakeRelease(timeline, event, lead_min_us, figures);
  if (event.type == "line-check") {
    ++figures->checks;
    if (AnswersTo(timeline, event).empty()) ++figures->checks_unanswered;
  }
  if (!event.act) return;
  const mechanism::ActBody& body = event.act->act.body;
  if (std::holds_alternative<mechanism::AllClear>(body)) {
    TakeAllClear(timeline, event, figures);
  } else if (std::holds_alternative<mechanism::StopCall>(body)) {
    TakeStopCall(timeline, event, figures);
  } else if (std::holds_alternative<mechanism::LineCheck>(body)) {
    ++figures->checks;
    if (AnswersTo(timeline, event).empty()) ++figures->checks_unanswered;
  } else if (std::holds_alternative<mechanism::IncursionWarning>(body)) {
    ++figures->warnings;
    if (AnswersTo(timeline, event).empty()) ++figures->warnings_unanswered;
  }
}

}  // namespace

AfterAction Summarise(const Timeline& timeline, const airspace::TimeWindow& period,
                      const LeadTimesMin& lead_time_min_us) {
  AfterAction summary;
  summary.period = period;
  for (const Event& event : timeline.events()) {
    if (event.said_at < period.start || event.said_at >= period.end) continue;
    if (!event.unusable.empty()) continue;
    auto& figures = event.data_mode == DataMode::kReal ? summary.real : summary.drills;
    Take(timeline, event, lead_time_min_us, &figures[event.log]);
  }
  return summary;
}

int64_t QuantileUs(const std::vector<Sample>& samples, double share) {
  if (samples.empty()) return 0;
  std::vector<int64_t> sorted;
  sorted.reserve(samples.size());
  for (const Sample& sample : samples) sorted.push_back(sample.us);
  std::sort(sorted.begin(), sorted.end());
  const double rank = std::ceil(share * static_cast<double>(sorted.size()) - 1e-9);
  return sorted[static_cast<size_t>(std::max(1.0, rank)) - 1];
}

}  // namespace wideberth::timeline
