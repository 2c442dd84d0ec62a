// The terms that hold between two parties: the part of an agreement that the machinery of a line works by, and what is
// left of it when no agreement is in force (agreement/floor.h).
//
// Deadlines. A deadline scales with the time to the start of what it is about (MECHANISM 5.1):
//
//   deadline = share_of_time_to_start * (start - now), at least `min` and at most `routine`
//
// so that what starts tomorrow leaves the routine time, and what starts in a minute does not. What has no start takes
// the routine time; what has started takes the least.
//
// The ladder. A matter begins with the duty officer. After steps[0] times its deadline without an answer it climbs to
// the cell head, after steps[1] times to the deputy chief, as far as its kind may climb; each further step raises the
// alarm again where it has arrived. No matter reaches the principal by itself.
//
//   const int64_t deadline_us = terms.deadlines.For(DeadlineKind::kStopCall, now, start);
//   const Climb climb = terms.ladder.After(waited_us, deadline_us, terms.ladder.HighestFor(kind, true, now, start));
//
// Pure values; any thread.
#ifndef WIDEBERTH_AGREEMENT_TERMS_H_
#define WIDEBERTH_AGREEMENT_TERMS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "airspace/rules.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"

namespace wideberth::agreement {

// By how much a person's read-back may differ from what was sent (MECHANISM 3.3); also the tolerance between a spoken
// area and the one that was declared. Inclusive.
struct ReadBackTolerance {
  int64_t position_mm = 185'200;  // 0.1 NM
  int64_t height_mm = 30'480;     // 100 ft
  int64_t time_us = 30 * base::kMicrosPerSecond;
  bool operator==(const ReadBackTolerance&) const = default;
};

// ---- Deadlines

enum class DeadlineKind : uint8_t {
  kReadBack,
  kStopCall,
  kIncursionWarning,
  kUnplannedRefine,  // an unplanned hazard, to be refined and confirmed by its issuer
  kAssessment,
  kObjection,  // an objection, to be dealt with on each level
  kLineCheckOverdue,
  kConflict,
};
inline constexpr size_t kDeadlineKinds = 8;
std::string_view Name(DeadlineKind kind);  // "read_back", "stop_call", ...

struct DeadlineRule {
  int64_t routine_us = 0;
  int64_t min_us = 0;
  double share_of_time_to_start = 0;  // in [0, 1]
  bool operator==(const DeadlineRule&) const = default;
};

struct Deadlines {
  // Where the numbers come from: reference practice for read_back (2 min), stop_call (30 s), incursion_warning (60 s),
  // unplanned_refine (5 min) and line_check_overdue (15 min); the others are starting values of ours.
  std::array<DeadlineRule, kDeadlineKinds> rules = Defaults();
  static std::array<DeadlineRule, kDeadlineKinds> Defaults();

  const DeadlineRule& rule(DeadlineKind kind) const { return rules[static_cast<size_t>(kind)]; }
  // How long an answer may take, in us; within [min, routine], never shorter for a later start.
  int64_t For(DeadlineKind kind, base::UtcMicros now, std::optional<base::UtcMicros> start) const;
  bool operator==(const Deadlines&) const = default;
};

// ---- The ladder

enum class Level : uint8_t { kDuty, kCell, kDeputy, kPrincipal };
inline constexpr size_t kLevels = 4;
std::string_view Name(Level level);  // "duty", "cell", "deputy", "principal", as in an exchange
base::Result<Level> ParseLevel(std::string_view text);

// Where a matter has arrived.
struct Climb {
  Level level = Level::kDuty;
  size_t steps = 0;  // steps passed: the alarm is raised anew at each
  std::optional<int64_t>
      next_us;  // how long after its beginning the next step is; none after the last
  bool operator==(const Climb&) const = default;
};

struct Ladder {
  std::vector<int64_t> steps = {1, 2, 4};  // rising multiples of the deadline
  // By kind: how far it climbs when its start is not near and it is about no hazard.
  std::array<Level, kDeadlineKinds> highest = Defaults();
  int64_t near_start_us = 60 * base::kMicrosPerMinute;
  static std::array<Level, kDeadlineKinds> Defaults();

  // The deputy chief where the start is near (or past), or an unanswered hazard or stop call is meant; else what the
  // ladder says of the kind. Never the principal.
  Level HighestFor(DeadlineKind kind, bool about_hazard, base::UtcMicros now,
                   std::optional<base::UtcMicros> start) const;
  // REQUIRES (CHECK): deadline_us > 0. A negative wait counts as none.
  Climb After(int64_t waited_us, int64_t deadline_us, Level highest) const;
  bool operator==(const Ladder&) const = default;
};

// Whom to call: a role, never a person's name. Every level of a party has at least two (MECHANISM 5.3).
struct Contact {
  base::PartyId party;
  Level level = Level::kDuty;
  std::string role;
  std::string call;
  bool operator==(const Contact&) const = default;
};

// ---- The line

struct LineCheckSchedule {
  base::UtcMicros first;  // `effective_from` of the agreement
  int64_t period_us = 12 * base::kMicrosPerHour;

  // The first scheduled check after `time`: both sides compute the same.
  base::UtcMicros NextAfter(base::UtcMicros time) const;
  bool operator==(const LineCheckSchedule&) const = default;
};

struct LostLink {
  airspace::Separation
      widening;  // added to every separation while the line is lost (MECHANISM 6.2)
  struct Text {
    std::string language;
    std::string text;
    bool operator==(const Text&) const = default;
  };
  std::vector<Text> fallback;  // what to do then; one for each language, or none
  bool operator==(const LostLink&) const = default;
};

struct Terms {
  airspace::Rules rules;  // its digest is that of the agreement, or of the floor
  ReadBackTolerance read_back;
  Deadlines deadlines;
  Ladder ladder;
  std::vector<Contact> contacts;
  LineCheckSchedule line_check;
  LostLink lost_link;

  std::vector<const Contact*> ContactsOf(base::PartyId party, Level level) const;
};

}  // namespace wideberth::agreement

#endif  // WIDEBERTH_AGREEMENT_TERMS_H_
