#include "mechanism/matter.h"

#include <algorithm>

namespace wideberth::mechanism {
namespace {

constexpr std::string_view kKindNames[] = {"receipt",    "read_back",  "objection",    "stop_call",
                                           "keep_clear", "line_check", "missed_check", "refine",
                                           "line_lost",  "unusable",   "conflict"};
static_assert(std::size(kKindNames) == kMatterKinds);
constexpr std::string_view kLevelNames[] = {"duty_officer", "supervisor", "deputy_chief"};

// The steps of the ladder, in deadlines after the opening.
constexpr int64_t kSteps[] = {1, 2};

bool ClimbsHere(const Matter& matter) {
  return !matter.owed_by_peer || matter.kind == MatterKind::kObjection ||
         matter.kind == MatterKind::kStopCall;
}

Level HighestLevel(const Terms& terms, const Matter& matter, base::UtcMicros now) {
  const bool near = matter.starts_at && matter.starts_at->us - now.us <= terms.near_start_us;
  return matter.urgent || near ? Level::kDeputyChief : Level::kCellHead;
}

}  // namespace

std::string_view Name(MatterKind kind) {
  return kKindNames[static_cast<size_t>(kind)];
}

std::string_view Name(Level level) {
  return kLevelNames[static_cast<size_t>(level)];
}

std::array<DeadlineRule, kMatterKinds> Terms::Suggested() {
  constexpr int64_t kSecond = base::kMicrosPerSecond;
  constexpr int64_t kMinute = base::kMicrosPerMinute;
  std::array<DeadlineRule, kMatterKinds> rules{};
  const auto set = [&](MatterKind kind, int64_t routine_us, int64_t min_us) {
    rules[static_cast<size_t>(kind)] = {routine_us, min_us, 100};
  };
  set(MatterKind::kReceipt, 10 * kSecond, 5 * kSecond);
  set(MatterKind::kStopCall, 30 * kSecond, 30 * kSecond);
  set(MatterKind::kLineCheck, 2 * kMinute, 2 * kMinute);
  set(MatterKind::kMissedCheck, 15 * kMinute, 15 * kMinute);
  set(MatterKind::kRefine, 5 * kMinute, 5 * kMinute);
  set(MatterKind::kLineLost, kMinute, kMinute);
  set(MatterKind::kConflict, 5 * kMinute, 30 * kSecond);
  return rules;
}

int64_t DeadlineUs(const Terms& terms, MatterKind kind, base::UtcMicros now,
                   std::optional<base::UtcMicros> starts_at) {
  const DeadlineRule& rule = terms.deadlines[static_cast<size_t>(kind)];
  if (!starts_at || *starts_at == base::kTimeOpenStart) return rule.routine_us;
  const int64_t left_us = std::max<int64_t>(0, starts_at->us - now.us);
  return std::clamp(left_us / 1000 * rule.share_permille, rule.min_us, rule.routine_us);
}

void Open(const Terms& terms, base::UtcMicros now, Matter* matter) {
  matter->opened_at = now;
  matter->deadline_us = DeadlineUs(terms, matter->kind, now, matter->starts_at);
  matter->level = Level::kDutyOfficer;
  matter->next_climb_at = {now.us + matter->deadline_us};
}

Matter Climbed(const Terms& terms, Matter matter, base::UtcMicros now) {
  matter.alarmed = true;
  matter.next_climb_at = base::kTimeOpenEnd;
  if (!ClimbsHere(matter)) return matter;
  // A node that was down climbs at once as far as it would have climbed by itself.
  const Level highest = HighestLevel(terms, matter, now);
  for (size_t step = 0; step < std::size(kSteps); ++step) {
    const base::UtcMicros at{matter.opened_at.us + kSteps[step] * matter.deadline_us};
    if (at > now) {
      matter.next_climb_at = at;
      break;
    }
    const auto level = static_cast<Level>(step + 1);
    matter.level = std::max(matter.level, std::min(level, highest));
  }
  // Held back only because the start was far: it goes on when the start is near.
  if (matter.next_climb_at == base::kTimeOpenEnd && matter.level < Level::kDeputyChief &&
      matter.starts_at && *matter.starts_at != base::kTimeOpenStart &&
      matter.starts_at->us - terms.near_start_us > now.us) {
    matter.next_climb_at = {matter.starts_at->us - terms.near_start_us};
  }
  return matter;
}

}  // namespace wideberth::mechanism
