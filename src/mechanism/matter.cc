#include "mechanism/matter.h"

#include <algorithm>

namespace wideberth::mechanism {
namespace {

constexpr std::string_view kKindNames[] = {
    "receipt",    "read_back",    "objection",    "stop_call",        "incursion", "keep_clear",
    "line_check", "missed_check", "refine",       "tell_third_party", "not_told",  "line_lost",
    "unusable",   "conflict",     "keys_changed", "agreement"};
static_assert(std::size(kKindNames) == kMatterKinds);
constexpr std::string_view kLevelNames[] = {"duty_officer", "supervisor", "deputy_chief"};

constexpr int64_t kReceiptDeadlineUs = 10 * base::kMicrosPerSecond;
constexpr int64_t kAgreementDeadlineMinUs = 10 * base::kMicrosPerMinute;
constexpr int64_t kAgreementDeadlineMaxUs = 24 * base::kMicrosPerHour;

// By which agreed deadline a matter runs.
agreement::DeadlineKind AgreedKind(MatterKind kind) {
  using agreement::DeadlineKind;
  switch (kind) {
    case MatterKind::kReceipt:
    case MatterKind::kReadBack:
    case MatterKind::kLineCheck:
    case MatterKind::kNotTold:
    case MatterKind::kLineLost:
    case MatterKind::kUnusable:
    case MatterKind::kTellThird:
    case MatterKind::kKeysChanged:
      return DeadlineKind::kReadBack;
    case MatterKind::kObjection:
      return DeadlineKind::kObjection;
    case MatterKind::kStopCall:
      return DeadlineKind::kStopCall;
    case MatterKind::kIncursion:
      return DeadlineKind::kIncursionWarning;
    case MatterKind::kKeepClear:
    case MatterKind::kAgreement:
      return DeadlineKind::kAssessment;
    case MatterKind::kMissedCheck:
      return DeadlineKind::kLineCheckOverdue;
    case MatterKind::kRefine:
      return DeadlineKind::kUnplannedRefine;
    case MatterKind::kConflict:
      break;
  }
  return DeadlineKind::kConflict;
}

bool ClimbsHere(const Matter& matter) {
  return !matter.owed_by_peer || matter.kind == MatterKind::kObjection ||
         matter.kind == MatterKind::kStopCall || matter.kind == MatterKind::kIncursion;
}

std::optional<base::UtcMicros> StartOf(const Matter& matter) {
  return matter.starts_at == base::kTimeOpenStart ? std::nullopt : matter.starts_at;
}

Level LevelOf(agreement::Level level) {
  return static_cast<Level>(
      std::min(static_cast<size_t>(level), static_cast<size_t>(Level::kDeputyChief)));
}

}  // namespace

std::string_view Name(MatterKind kind) {
  return kKindNames[static_cast<size_t>(kind)];
}

std::string_view Name(Level level) {
  return kLevelNames[static_cast<size_t>(level)];
}

Terms Terms::Of(const agreement::Agreement& agreement) {
  const agreement::Terms& agreed = agreement.terms;
  Terms terms;
  terms.agreement = agreed.rules.digest();
  terms.tolerances = {agreed.read_back.position_mm, agreed.read_back.height_mm,
                      agreed.read_back.time_us};
  terms.deadlines = agreed.deadlines;
  terms.ladder = agreed.ladder;
  terms.line_check_period_us = agreed.line_check.period_us;
  terms.standing_releases = agreement.standing_releases;
  terms.third_parties = agreement.third_parties;
  return terms;
}

int64_t DeadlineUs(const Terms& terms, MatterKind kind, base::UtcMicros now,
                   std::optional<base::UtcMicros> starts_at) {
  if (kind == MatterKind::kReceipt) return kReceiptDeadlineUs;
  if (kind == MatterKind::kAgreement) {
    return std::clamp(starts_at ? (starts_at->us - now.us) / 4 : kAgreementDeadlineMaxUs,
                      kAgreementDeadlineMinUs, kAgreementDeadlineMaxUs);
  }
  if (starts_at == base::kTimeOpenStart) starts_at.reset();
  return terms.deadlines.For(AgreedKind(kind), now, starts_at);
}

void Open(const Terms& terms, base::UtcMicros now, Matter* matter) {
  matter->opened_at = now;
  matter->under = terms.agreement;
  matter->deadline_us = DeadlineUs(terms, matter->kind, now, matter->starts_at);
  if (matter->kind == MatterKind::kTellThird) {
    for (const agreement::ThirdParty& third : terms.third_parties) {
      if (third.name == matter->third_party) matter->deadline_us = third.deadline_us;
    }
  }
  matter->level = Level::kDutyOfficer;
  matter->alarmed = false;
  matter->next_climb_at = {now.us + matter->deadline_us};
}

Matter Climbed(const Terms& terms, Matter matter, base::UtcMicros now) {
  matter.alarmed = true;
  matter.next_climb_at = base::kTimeOpenEnd;
  if (!ClimbsHere(matter)) return matter;
  const std::optional<base::UtcMicros> start = StartOf(matter);
  const agreement::Level highest =
      terms.ladder.HighestFor(AgreedKind(matter.kind), matter.urgent, now, start);
  // A node that was down climbs at once as far as it would have climbed by itself.
  const agreement::Climb climb =
      terms.ladder.After(now.us - matter.opened_at.us, matter.deadline_us, highest);
  matter.level = std::max(matter.level, LevelOf(climb.level));
  if (climb.next_us) matter.next_climb_at = {matter.opened_at.us + *climb.next_us};
  // Held back only because the start was far: it goes on when the start is near.
  if (matter.level < Level::kDeputyChief && start) {
    const base::UtcMicros near{start->us - terms.ladder.near_start_us};
    if (near > now) matter.next_climb_at = std::min(matter.next_climb_at, near);
  }
  return matter;
}

}  // namespace wideberth::mechanism
