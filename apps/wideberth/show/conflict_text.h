// Conflicts in words and tables, from the JSON of formats/notice_json.h: what a node answers and `check` finds.
#ifndef WIDEBERTH_APPS_WIDEBERTH_SHOW_CONFLICT_TEXT_H_
#define WIDEBERTH_APPS_WIDEBERTH_SHOW_CONFLICT_TEXT_H_

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "apps/wideberth/show/table.h"
#include "base/result.h"
#include "base/time.h"
#include "json/reader.h"

namespace wideberth::cli {

inline constexpr int64_t kNoBound = std::numeric_limits<int64_t>::min();

struct ConflictParty {
  std::string party;
  std::string notice;
  std::string kind;        // empty when the notice is gone
  std::string class_name;  // of an activity or a hazard, or a zone's restriction
  std::string name;
  std::string role_to_call;
  std::string frequency;
  std::string measures;
  bool seen = false;
};

struct ConflictRow {
  std::string id;
  std::string data_mode;
  std::string verdict;    // certain, possible, clear
  std::string state;      // open, seen, proposed, kept, resolved, passed
  std::string treatment;  // separation, keep_out, listed
  std::array<ConflictParty, 2> sides;
  std::string risk_accepted;  // by which role, when, until when; empty: it is not
  int64_t agreed_lateral_mm = 0;
  int64_t agreed_vertical_mm = 0;
  int64_t agreed_time_us = 0;
  std::string first_moment;  // RFC 3339
  std::string last_moment;   // RFC 3339 or "open"
  uint64_t pairs_total = 0;
  // Of the earliest pair. Gaps are negative where there is overlap; kNoBound where nothing bounds it.
  int64_t lateral_gap_mm = 0;
  int64_t vertical_gap_min_mm = 0;
  int64_t vertical_gap_max_mm = 0;
  int64_t time_gap_us = 0;
  int64_t lateral_short_mm = 0;
  int64_t vertical_short_mm = 0;
  int64_t time_short_us = 0;
  std::string overlap_start;
  std::string overlap_end;
  std::vector<std::string> causes;
  std::optional<std::pair<double, double>> place;  // latitude and longitude in degrees

  bool alarmed() const { return treatment == "separation" || treatment == "keep_out"; }
  bool live() const { return state != "resolved" && state != "passed"; }
};

base::Result<ConflictRow> ReadConflictRow(const json::Value& value);

// "north survey", "south live_firing", "zone \"LSR Bern\" PROHIBITED"
std::string SideText(const ConflictParty& side);
// "areas overlap, heights overlap by 30 m, at once"
std::string HowCloseText(const ConflictRow& row);
// "1.5 km, 120 m up, 4 min": what is missing to what was agreed; "" where the areas must only not meet.
std::string ShortfallText(const ConflictRow& row);
// "certain", or "possible: the height of the ground is known within bounds only"
std::string VerdictText(const ConflictRow& row);
// Who has to act, and whom to call.
std::string WhoActsText(const ConflictRow& row);
// "10:42Z" on the day of `day` (RFC 3339), "2026-11-21 10:42Z" on any other; "until cleared" for "open".
std::string MomentText(std::string_view time, std::string_view day);
// "2 h 05 min"
std::string DurationText(int64_t us);

// The whole conflict in a few lines, as one tells it to somebody.
std::string StoryText(const ConflictRow& row, std::string_view day, size_t width, bool colours);

// When, who, how close, what is missing, verdict, state, id; a line each, in the order given. `day` as MomentText.
Table ConflictTable(std::span<const ConflictRow> rows, std::string_view day = {});
void SortByTime(std::vector<ConflictRow>* rows);

}  // namespace wideberth::cli

#endif  // WIDEBERTH_APPS_WIDEBERTH_SHOW_CONFLICT_TEXT_H_
