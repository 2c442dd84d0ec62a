// An agreement: the standing rules of two parties, as the text that both sign.
//
// An agreement is a TOML text of at most limits::kAgreementBytesMax. Both parties sign it byte for byte; its digest is
// the SHA-256 of exactly these bytes, comments included. There is no canonical form: nobody signs what a program made
// of what they read.
//
//   WB_ASSIGN_OR_RETURN(const Agreement agreement, ParseAgreement(text));
//   agreement.terms.rules            // for conflicts: airspace/rules.h; its digest is the agreement's
//   agreement.terms.deadlines, .ladder, .contacts, .line_check, .lost_link      // agreement/terms.h
//
// The tables of a rules file ([[party]], activity_classes, [[separation]], [zones], [hazard_dwell_min],
// [lead_time_min], [[terrain]], [[pressure]]) stand in it as formats/rules_file.h says, with exactly two parties;
// besides:
//
//   wideberth_agreement = 1           # the version of this form
//   number = 7                        # 1 to 1,000,000; counts the agreements of the line
//   effective_from = 2027-01-01T00:00:00Z
//   expires = 2028-01-01T00:00:00Z    # optional; after effective_from
//   denunciation_notice_min = 10080   # how long it goes on once it is denounced; 0 to 527,040, if absent 7 days
//   languages = ["en", "ko"]          # at most 8; [a-z]{2,3}, then -[A-Za-z0-9]{2,8}
//
//   [read_back]                       # tolerances; these are the defaults
//   position_nm = 0.1                 # or position_m; at most 10 km
//   height_ft = 100                   # or height_m; at most 1 km
//   time_s = 30                       # at most 3600
//
//   [deadlines.read_back]             # and stop_call, incursion_warning, unplanned_refine, assessment, objection,
//   routine_s = 120                   #   line_check_overdue, conflict; defaults in agreement/terms.h
//   min_s = 30                        # 1 s to routine_s to limits::kDeadlineMaxUs
//   share_of_time_to_start = 0.1      # 0 to 1
//
//   [ladder]
//   steps = [1, 2, 4]                 # rising multiples of the deadline, 1 to 100; at most 8
//   near_start_min = 60               # the deputy chief is reached when the start is so near
//   [ladder.highest]                  # duty, cell, deputy; stop_call is always deputy
//   read_back = "cell"
//
//   [[contact]]                       # two at least for each party and level: duty, cell, deputy, principal
//   party = "north"
//   level = "duty"
//   role = "duty officer"             # a role, never a person's name
//   call = "line A, extension 1"      # how to reach it; not twice on one level
//
//   [line_check]
//   period_min = 720                  # from effective_from on; 10 to 10,080. Overdue: deadlines.line_check_overdue
//
//   [lost_link]                       # what is added to every separation while the line is lost
//   lateral_nm = 5                    # keys as in [[separation]]
//   [lost_link.fallback]              # what to do then: none, or one text for each language
//   en = "..."
//
//   [[gazetteer]]                     # at most limits::kGazetteerNamesMax
//   name = "the northern box"
//   polygon = [{lat = 46.9, lng = 7.4}, ...]      # or centre = {lat, lng} with radius_m or radius_nm
//
//   [[no_fly]]                        # aircraft of these classes stay so far from a line (agreement/no_fly.h)
//   name = "east of the ridge"
//   classes = ["fixed_wing"]          # of activity_classes; absent: all
//   line = [{lat = 38.3, lng = 128.1}, ...]
//   distance_m = 40000                # or distance_nm; at most 500 km
//   notice_min = 1440                 # optional: with notice so long before, closer flights are agreed
//
//   [[exemption]]                     # flights that [[no_fly]] does not hold for
//   kind = "rescue"                   # rescue, medevac, firefighting, weather, farming; each once
//   notice_min = 0                    # told so long before
//
//   [[standing_release]]              # what a node may send without a person (MECHANISM 1.3)
//   kind = "dead_man"                 # dead_man, incursion_warning
//   name = "launch corridor"
//   party = "north"                   # whose node
//   hazard_class = "launch"           # dead_man: what is raised
//   polygon = [...]                   # dead_man: where, at all heights; incursion_warning: optional
//   lead_min = 5                      # incursion_warning: from so long before the entry, 1 to 60; if absent 5
//   repeat_s = 60                     #   and again each so long, 10 to 3600; if absent 60
//
//   [[third_party]]                   # who else has to be told, by whom, how long after a release
//   name = "joint command"
//   told_by = "north"
//   deadline_min = 30
//
// Reading is strict: an unknown key is refused with its path ("deadlines.read_back.routine"), and so is every value out
// of its bounds. All edges of its areas together are at most a million km long. Pure; any thread. About a microsecond a
// key, and what preparing the areas costs (geo/shape.h).
#ifndef WIDEBERTH_AGREEMENT_AGREEMENT_H_
#define WIDEBERTH_AGREEMENT_AGREEMENT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agreement/gazetteer.h"
#include "agreement/no_fly.h"
#include "agreement/terms.h"
#include "airspace/notice.h"
#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "geo/outline.h"

namespace wideberth::agreement {

inline constexpr size_t kLanguagesMax = 8;
inline constexpr size_t kContactsMax = 200;
inline constexpr size_t kNoFlyRowsMax = 200;
inline constexpr size_t kStandingReleasesMax = 200;
inline constexpr size_t kThirdPartiesMax = 100;
inline constexpr size_t kLadderStepsMax = 8;
inline constexpr int64_t kLadderStepMax = 100;
inline constexpr size_t kFallbackBytesMax = 2'000;
inline constexpr int64_t kDenunciationNoticeUs = 7 * 24 * base::kMicrosPerHour;

enum class ExemptionKind : uint8_t { kRescue, kMedevac, kFirefighting, kWeather, kFarming };
std::string_view Name(ExemptionKind kind);  // "rescue", "medevac", ...

struct Exemption {
  ExemptionKind kind = ExemptionKind::kRescue;
  int64_t notice_us = 0;
  bool operator==(const Exemption&) const = default;
};

enum class StandingReleaseKind : uint8_t { kDeadMan, kIncursionWarning };
std::string_view Name(StandingReleaseKind kind);  // "dead_man", "incursion_warning"

struct StandingRelease {
  StandingReleaseKind kind = StandingReleaseKind::kDeadMan;
  std::string name;
  base::PartyId party;
  std::optional<geo::Outline> area;  // always there for a dead-man area
  airspace::HazardClass hazard_class = airspace::HazardClass::kOther;  // dead-man
  int64_t lead_us = 0;                                                 // incursion warning
  int64_t repeat_us = 0;                                               // incursion warning
  bool operator==(const StandingRelease&) const = default;
};

struct ThirdParty {
  std::string name;
  base::PartyId told_by;
  int64_t deadline_us = 0;  // after the release
  bool operator==(const ThirdParty&) const = default;
};

struct Agreement {
  std::string text;     // the very bytes that are signed
  base::Digest digest;  // SHA-256 of them
  int64_t number = 0;
  base::UtcMicros effective_from;
  std::optional<base::UtcMicros> expires;
  int64_t denunciation_notice_us = kDenunciationNoticeUs;
  std::vector<std::string> languages;
  Terms terms;
  std::string rules_canonical;  // formats/rules_file.h; for comparing
  Gazetteer gazetteer;
  std::vector<NoFly> no_fly;
  std::vector<Exemption> exemptions;
  std::vector<StandingRelease> standing_releases;
  std::vector<ThirdParty> third_parties;

  // Exactly two, in the order of the text.
  const std::vector<airspace::PartyEntry>& parties() const { return terms.rules.content().parties; }
  // effective_from <= now < expires. Whether both have signed is another question: agreement/signed.h.
  bool RunsAt(base::UtcMicros now) const;
  const Exemption* FindExemption(ExemptionKind kind) const;
};

// Refuses with the key path as the field, with kTooLarge what is too long.
base::Result<Agreement> ParseAgreement(std::string_view text);

}  // namespace wideberth::agreement

#endif  // WIDEBERTH_AGREEMENT_AGREEMENT_H_
