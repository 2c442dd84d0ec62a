// What the zone formats (ED-318, ED-269, OpenAir) share: what an import gives, how windows come out of periods and
// weekly schedules, and how zones are put back into a file.
//
// A zone of a file becomes declarations of kind `zone`, usually one; its volumes are every part of its area with every
// window in which it holds. More than limits.h allows in one notice is split into several declarations. A zone that
// does not hold at any time after `now`, and within the horizon, gives none, and a note says so.
//
// Wherever a file leaves room, the reading errs to more: more area, more height, more time. Every such step is a note
// in words. A feature that breaks a rule is refused by itself, with the place in the file; what to do with the others
// is the caller's choice.
//
// Declaration.original holds {"format":...,"index":...,"feature":...}: the feature as it stood in the file, with every
// field that a notice must not have. An export to the same format writes that feature again, so a file comes back with
// equal zones and with its unknown fields.
#ifndef WIDEBERTH_FORMATS_ZONE_FILE_H_
#define WIDEBERTH_FORMATS_ZONE_FILE_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "airspace/notice.h"
#include "base/limits.h"
#include "base/result.h"
#include "base/time.h"

namespace wideberth::formats {

struct ZoneImportOptions {
  // Windows that ended before it are left out; schedules are expanded from it.
  base::UtcMicros now;
  // How far weekly schedules are expanded, in days. In [1, limits::kScheduleHorizonDaysMax].
  int64_t horizon_days = 28;
  airspace::DataMode data_mode = airspace::DataMode::kReal;
  // What a time without a zone means, in minutes east of UTC. Without it such a time is refused.
  std::optional<int> assume_zone_minutes;
};

struct ImportedZone {
  std::string identifier;  // the publisher's; may be empty
  std::vector<airspace::Declaration> declarations;
  std::vector<std::string> notes;
};

struct ZoneFile {
  std::vector<ImportedZone> zones;  // in the order of the file
  std::vector<base::Error>
      refused;                     // features that break a rule; at most limits::kImportFeaturesMax
  std::vector<std::string> notes;  // about the file as a whole
};

// How a publisher is named in a file that is written from zones without an original.
struct ZoneExportOptions {
  std::string title = "Zones";
  std::string country = "ZZZ";  // ISO 3166-1 alpha-3; ZZZ is for users to assign
  base::UtcMicros issued;       // ED-318: when the file was written
};

// ---------------------------------------------------------------------------------------------------------------------
// For the readers and writers of formats alone.

// Time as files write it: ISO 8601 with or without seconds, with "24:00", and a zone ("Z", "+02:00", "+0200").
// Refuses what has no zone unless one is assumed, and says in `*assumed` whether it was. A year of 9999 gives
// base::kTimeOpenEnd.
base::Result<base::UtcMicros> ParseFileTime(std::string_view text,
                                            std::optional<int> assume_zone_minutes, bool* assumed);

struct TimeOfDay {
  int64_t us = 0;  // since local midnight, up to 24 h
  int zone_minutes = 0;
};
base::Result<TimeOfDay> ParseTimeOfDay(std::string_view text,
                                       std::optional<int> assume_zone_minutes, bool* assumed);

// One line of a weekly schedule. A limit that is absent is an event (sunrise, twilight): the whole day is taken, in
// whatever zone, which is 14 hours before midnight UTC to 12 hours after the next.
struct DailyPeriod {
  uint8_t weekdays = 0;  // bit 0 is Monday
  std::optional<TimeOfDay> start;
  std::optional<TimeOfDay> end;  // at or before the start: on the next day
};

struct Period {
  base::UtcMicros start = base::kTimeOpenStart;
  base::UtcMicros end = base::kTimeOpenEnd;
  std::vector<DailyPeriod> schedule;  // empty: all of it
};

// The windows in which any of the periods holds, merged, in order, each no longer than limits.h allows. Windows that
// ended by `options.now` are left out. A closed end more than ten years away is taken as open.
std::vector<airspace::TimeWindow> ExpandPeriods(std::span<const Period> periods,
                                                const ZoneImportOptions& options,
                                                std::vector<std::string>* notes);

struct ZonePart {
  geo::Outline outline;
  airspace::HeightBand band;
  bool operator==(const ZonePart&) const = default;
};

// Fills zone->declarations: `common` with every part in every window. Equal parts count once. Refuses more than
// kZonePartsMax parts, and more than 100,000 parts times windows.
inline constexpr size_t kZonePartsMax = 1'000;
base::Result<void> BuildDeclarations(const airspace::Declaration& common,
                                     std::span<const ZonePart> parts,
                                     std::span<const airspace::TimeWindow> windows,
                                     ImportedZone* zone);

struct Original {
  std::string format;
  int64_t index = 0;    // the feature's place in its file, from 0
  std::string feature;  // JSON; for a line format a JSON string
  // ED-318: from when the zones of the file held, as the file wrote it; empty: not stated.
  std::string valid_from = {};
};
std::string WrapOriginal(const Original& original);
std::optional<Original> UnwrapOriginal(std::string_view original);

// Parts of a declaration that hold at the same times: what one feature of a file can say. Windows that touch are one.
struct ZoneGroup {
  std::vector<ZonePart> parts;
  std::vector<airspace::TimeWindow> windows;
};
std::vector<ZoneGroup> GroupForExport(const airspace::Declaration& declaration);

// Sorts and merges windows that overlap or touch.
void MergeWindows(std::vector<airspace::TimeWindow>* windows);

// Limits of heights as files write them. At or above 99999 an upper limit is unlimited, in feet or in metres.
inline constexpr double kUnlimitedUpperValue = 99999;
base::Result<geo::Altitude> FileAltitude(double value, bool feet, geo::AltitudeReference reference,
                                         bool is_upper);

void NoteOnce(std::string note, std::vector<std::string>* notes);

// What a publisher calls a zone, and whom to call: cut to what a notice may carry, control characters as spaces.
std::string NoticeName(std::string_view text);
std::string NoticeContact(std::string_view text);

}  // namespace wideberth::formats

#endif  // WIDEBERTH_FORMATS_ZONE_FILE_H_
