#include "agreement/terms.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace wideberth::agreement {
namespace {

using base::kMicrosPerMinute;
using base::kMicrosPerSecond;
using base::UtcMicros;

constexpr std::string_view kKindNames[] = {"read_back",          "stop_call",  "incursion_warning",
                                           "unplanned_refine",   "assessment", "objection",
                                           "line_check_overdue", "conflict"};
static_assert(std::size(kKindNames) == kDeadlineKinds);
constexpr std::string_view kLevelNames[] = {"duty", "cell", "deputy", "principal"};
static_assert(std::size(kLevelNames) == kLevels);

// In doubles, because the ends of time are open; the result is clamped to what an integer holds exactly.
double Between(UtcMicros from, UtcMicros to) {
  return static_cast<double>(to.us) - static_cast<double>(from.us);
}

}  // namespace

std::string_view Name(DeadlineKind kind) {
  CHECK(static_cast<size_t>(kind) < kDeadlineKinds);
  return kKindNames[static_cast<size_t>(kind)];
}

std::string_view Name(Level level) {
  CHECK(static_cast<size_t>(level) < kLevels);
  return kLevelNames[static_cast<size_t>(level)];
}

base::Result<Level> ParseLevel(std::string_view text) {
  for (size_t i = 0; i < kLevels; ++i) {
    if (kLevelNames[i] == text) return static_cast<Level>(i);
  }
  return base::Invalid("", "must be one of duty, cell, deputy, principal", text);
}

std::array<DeadlineRule, kDeadlineKinds> Deadlines::Defaults() {
  return {{
      {2 * kMicrosPerMinute, 30 * kMicrosPerSecond, 0.1},   // read_back
      {30 * kMicrosPerSecond, 30 * kMicrosPerSecond, 0},    // stop_call
      {60 * kMicrosPerSecond, 15 * kMicrosPerSecond, 0.2},  // incursion_warning
      {5 * kMicrosPerMinute, 5 * kMicrosPerMinute, 0},      // unplanned_refine
      {30 * kMicrosPerMinute, 2 * kMicrosPerMinute, 0.25},  // assessment
      {15 * kMicrosPerMinute, 1 * kMicrosPerMinute, 0.1},   // objection
      {15 * kMicrosPerMinute, 15 * kMicrosPerMinute, 0},    // line_check_overdue
      {15 * kMicrosPerMinute, 1 * kMicrosPerMinute, 0.1},   // conflict
  }};
}

int64_t Deadlines::For(DeadlineKind kind, UtcMicros now, std::optional<UtcMicros> start) const {
  const DeadlineRule& of = rule(kind);
  if (!start) return of.routine_us;
  const double scaled_us = of.share_of_time_to_start * Between(now, *start);
  return std::llround(
      std::clamp(scaled_us, static_cast<double>(of.min_us), static_cast<double>(of.routine_us)));
}

std::array<Level, kDeadlineKinds> Ladder::Defaults() {
  std::array<Level, kDeadlineKinds> highest;
  highest.fill(Level::kCell);
  for (const DeadlineKind kind :
       {DeadlineKind::kStopCall, DeadlineKind::kIncursionWarning, DeadlineKind::kUnplannedRefine}) {
    highest[static_cast<size_t>(kind)] = Level::kDeputy;
  }
  return highest;
}

Level Ladder::HighestFor(DeadlineKind kind, bool about_hazard, UtcMicros now,
                         std::optional<UtcMicros> start) const {
  const bool near = start && Between(now, *start) <= static_cast<double>(near_start_us);
  if (about_hazard || near || kind == DeadlineKind::kStopCall) return Level::kDeputy;
  return std::min(highest[static_cast<size_t>(kind)], Level::kDeputy);
}

Climb Ladder::After(int64_t waited_us, int64_t deadline_us, Level top) const {
  CHECK(deadline_us > 0);
  Climb climb;
  for (const int64_t step : steps) {
    const int64_t at_us = step * deadline_us;
    if (waited_us < at_us) {
      climb.next_us = at_us;
      break;
    }
    ++climb.steps;
  }
  climb.level = std::min(static_cast<Level>(std::min(climb.steps, kLevels - 1)),
                         std::min(top, Level::kDeputy));
  return climb;
}

UtcMicros LineCheckSchedule::NextAfter(UtcMicros time) const {
  CHECK(period_us > 0);
  if (time < first) return first;
  const int64_t periods = (time.us - first.us) / period_us + 1;
  return {first.us + periods * period_us};
}

std::vector<const Contact*> Terms::ContactsOf(base::PartyId party, Level level) const {
  std::vector<const Contact*> found;
  for (const Contact& contact : contacts) {
    if (contact.party == party && contact.level == level) found.push_back(&contact);
  }
  return found;
}

}  // namespace wideberth::agreement
