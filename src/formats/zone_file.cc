#include "formats/zone_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/utf8.h"
#include "formats/decimal.h"
#include "json/reader.h"
#include "json/writer.h"

namespace wideberth::formats {
namespace {

using airspace::Declaration;
using airspace::TimeWindow;
using airspace::Volume4D;
using base::Invalid;
using base::kMicrosPerDay;
using base::kMicrosPerHour;
using base::kMicrosPerMinute;
using base::kMicrosPerSecond;
using base::kTimeOpenEnd;
using base::kTimeOpenStart;
using base::Result;
using base::UtcMicros;

constexpr int64_t kScheduleWindowsMax = 100'000;      // of one zone
constexpr size_t kZoneVolumesMax = 100'000;           // parts times windows of one zone
constexpr int64_t kFarAwayUs = 3653 * kMicrosPerDay;  // ten years
// The zones of the Earth run from UTC-12 to UTC+14, so a local day lies within these of the UTC day of its date.
constexpr int64_t kDayBeforeUs = 14 * kMicrosPerHour;
constexpr int64_t kDayAfterUs = 12 * kMicrosPerHour;

// Reads digits from the front of a text.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_(text) {}

  bool Take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::optional<int> Digits(size_t count) {
    if (rest_.size() < count) return std::nullopt;
    const std::optional<int64_t> value = ParseInteger(rest_.substr(0, count));
    if (!value || rest_[0] == '-' || rest_[0] == '+') return std::nullopt;
    rest_.remove_prefix(count);
    return static_cast<int>(*value);
  }
  std::string_view TakeDigits() {
    const size_t end = std::min(rest_.find_first_not_of("0123456789"), rest_.size());
    const std::string_view digits = rest_.substr(0, end);
    rest_.remove_prefix(end);
    return digits;
  }
  bool at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

// "17:00", "17:00:00", "17:00:00.25", "24:00" as microseconds since midnight.
std::optional<int64_t> TakeClock(Cursor* in) {
  const std::optional<int> hour = in->Digits(2);
  if (!hour || !in->Take(':')) return std::nullopt;
  const std::optional<int> minute = in->Digits(2);
  if (!minute) return std::nullopt;
  int second = 0;
  int64_t fraction_us = 0;
  if (in->Take(':')) {
    const std::optional<int> digits = in->Digits(2);
    if (!digits) return std::nullopt;
    second = *digits;
    if (in->Take('.')) {
      std::string digits_us(in->TakeDigits().substr(0, 6));
      if (digits_us.empty()) return std::nullopt;
      digits_us.resize(6, '0');
      fraction_us = *ParseInteger(digits_us);
    }
  }
  const int64_t us =
      *hour * kMicrosPerHour + *minute * kMicrosPerMinute + second * kMicrosPerSecond + fraction_us;
  if (*hour > 24 || *minute > 59 || second > 59 || us > kMicrosPerDay) return std::nullopt;
  return us;
}

enum class Zone { kStated, kAbsent, kBroken };
Zone TakeZone(Cursor* in, int* zone_minutes) {
  if (in->at_end()) return Zone::kAbsent;
  if (in->Take('Z') || in->Take('z')) {
    *zone_minutes = 0;
    return in->at_end() ? Zone::kStated : Zone::kBroken;
  }
  const bool east = in->Take('+');
  if (!east && !in->Take('-')) return Zone::kBroken;
  const std::optional<int> hours = in->Digits(2);
  if (!hours || *hours > 14) return Zone::kBroken;
  int minutes = 0;
  if (!in->at_end()) {
    in->Take(':');
    const std::optional<int> digits = in->Digits(2);
    if (!digits || *digits > 59) return Zone::kBroken;
    minutes = *digits;
  }
  *zone_minutes = (east ? 1 : -1) * (*hours * 60 + minutes);
  return in->at_end() ? Zone::kStated : Zone::kBroken;
}

Result<int> ZoneOrAssumed(Cursor* in, std::string_view text, std::optional<int> assume_zone_minutes,
                          bool* assumed) {
  int zone_minutes = 0;
  switch (TakeZone(in, &zone_minutes)) {
    case Zone::kStated:
      return zone_minutes;
    case Zone::kAbsent:
      if (!assume_zone_minutes) {
        return Invalid("", "must say its time zone, such as Z or +02:00 (or assume one)", text);
      }
      *assumed = true;
      return *assume_zone_minutes;
    case Zone::kBroken:
      break;
  }
  return Invalid("", "must end with a time zone such as Z or +02:00", text);
}

// What one line of a schedule says for the local date `day`.
TimeWindow WindowOfDay(const DailyPeriod& period, int64_t day) {
  const int64_t midnight_us = day * kMicrosPerDay;
  const auto at = [&](const TimeOfDay& time, int64_t extra_us) {
    return UtcMicros{midnight_us + time.us - time.zone_minutes * kMicrosPerMinute + extra_us};
  };
  TimeWindow window;
  window.start = period.start ? at(*period.start, 0) : UtcMicros{midnight_us - kDayBeforeUs};
  if (!period.end) {
    window.end = {midnight_us + kMicrosPerDay + kDayAfterUs};
  } else {
    window.end = at(*period.end, 0);
    if (period.start && window.end <= window.start) window.end = at(*period.end, kMicrosPerDay);
  }
  return window;
}

// The windows of a period with a schedule. They are expanded over [from, to) and may reach beyond it.
std::vector<TimeWindow> ExpandSchedule(const Period& period, int64_t from_us, int64_t to_us) {
  std::vector<TimeWindow> windows;
  const int64_t first_day = from_us / kMicrosPerDay - 2;
  const int64_t last_day = to_us / kMicrosPerDay + 1;
  for (int64_t day = first_day; day <= last_day; ++day) {
    const int bit = 1 << base::WeekdayFromDays(day);
    for (const DailyPeriod& daily : period.schedule) {
      if ((daily.weekdays & bit) == 0) continue;
      TimeWindow window = WindowOfDay(daily, day);
      window.start = std::max(window.start, period.start);
      window.end = std::min(window.end, period.end);
      if (window.start < window.end && window.start.us < to_us) windows.push_back(window);
    }
  }
  MergeWindows(&windows);
  return windows;
}

// A schedule without a gap for two weeks has none at all.
bool HoldsAlways(const std::vector<DailyPeriod>& schedule, UtcMicros now) {
  if (schedule.size() > 1'000) return false;
  const int64_t to_us = now.us + 14 * kMicrosPerDay;
  const std::vector<TimeWindow> windows =
      ExpandSchedule({kTimeOpenStart, kTimeOpenEnd, schedule}, now.us, to_us);
  return windows.size() == 1 && windows[0].start <= now && windows[0].end.us >= to_us;
}

// Cuts what is longer than a notice's window may be.
void AppendInPieces(TimeWindow window, const ZoneImportOptions& options,
                    std::vector<TimeWindow>* out) {
  while (window.start != kTimeOpenStart && window.end != kTimeOpenEnd &&
         window.end.us - window.start.us > limits::kNoticeWindowMaxUs) {
    const UtcMicros cut{window.start.us + limits::kNoticeWindowMaxUs};
    if (cut > options.now) out->push_back({window.start, cut});
    window.start = cut;
  }
  out->push_back(window);
}

}  // namespace

void NoteOnce(std::string note, std::vector<std::string>* notes) {
  if (std::find(notes->begin(), notes->end(), note) == notes->end()) {
    notes->push_back(std::move(note));
  }
}

Result<UtcMicros> ParseFileTime(std::string_view text, std::optional<int> assume_zone_minutes,
                                bool* assumed) {
  Cursor in(text);
  const std::optional<int> year = in.Digits(4);
  bool well_formed = year && in.Take('-');
  const std::optional<int> month = well_formed ? in.Digits(2) : std::nullopt;
  well_formed = month && in.Take('-');
  const std::optional<int> day = well_formed ? in.Digits(2) : std::nullopt;
  well_formed = day && (in.Take('T') || in.Take('t') || in.Take(' '));
  const std::optional<int64_t> clock_us = well_formed ? TakeClock(&in) : std::nullopt;
  if (!clock_us || !base::IsValidDate({*year, *month, *day})) {
    return Invalid("", "must be a date and time such as 2026-11-21T10:00:00Z", text);
  }
  if (*year == 9999) return kTimeOpenEnd;
  if (*year < 1970) return Invalid("", "must lie in the years 1970 to 9998", text);
  WB_ASSIGN_OR_RETURN(const int zone_minutes,
                      ZoneOrAssumed(&in, text, assume_zone_minutes, assumed));
  const int64_t days = base::DaysFromCivil({*year, *month, *day});
  const UtcMicros time{days * kMicrosPerDay + *clock_us - zone_minutes * kMicrosPerMinute};
  if (time.us < 0) return Invalid("", "must lie in the years 1970 to 9998", text);
  return time;
}

Result<TimeOfDay> ParseTimeOfDay(std::string_view text, std::optional<int> assume_zone_minutes,
                                 bool* assumed) {
  Cursor in(text);
  const std::optional<int64_t> clock_us = TakeClock(&in);
  if (!clock_us) return Invalid("", "must be a time of day such as 17:00:00Z", text);
  WB_ASSIGN_OR_RETURN(const int zone_minutes,
                      ZoneOrAssumed(&in, text, assume_zone_minutes, assumed));
  return TimeOfDay{*clock_us, zone_minutes};
}

void MergeWindows(std::vector<TimeWindow>* windows) {
  std::sort(windows->begin(), windows->end(), [](const TimeWindow& a, const TimeWindow& b) {
    return std::pair(a.start, a.end) < std::pair(b.start, b.end);
  });
  std::vector<TimeWindow> merged;
  for (const TimeWindow& window : *windows) {
    if (!merged.empty() && window.start <= merged.back().end) {
      merged.back().end = std::max(merged.back().end, window.end);
    } else {
      merged.push_back(window);
    }
  }
  *windows = std::move(merged);
}

std::vector<TimeWindow> ExpandPeriods(std::span<const Period> periods,
                                      const ZoneImportOptions& options,
                                      std::vector<std::string>* notes) {
  const int64_t horizon_us =
      options.now.us +
      std::clamp(options.horizon_days, int64_t{1}, limits::kScheduleHorizonDaysMax) * kMicrosPerDay;
  std::vector<TimeWindow> windows;
  bool cut_at_horizon = false;
  bool far_end = false;
  for (Period period : periods) {
    if (period.end != kTimeOpenEnd && period.end.us > options.now.us + kFarAwayUs) {
      period.end = kTimeOpenEnd;
      far_end = true;
    }
    if (period.start >= period.end) continue;
    if (period.schedule.empty() || HoldsAlways(period.schedule, options.now)) {
      windows.push_back({period.start, period.end});
      continue;
    }
    const int64_t from_us = std::max(period.start.us, options.now.us);
    const int64_t to_us = std::min(period.end.us, horizon_us);
    if (from_us >= to_us) {
      cut_at_horizon |= from_us < period.end.us;
      continue;
    }
    const int64_t days = (to_us - from_us) / kMicrosPerDay + 4;
    if (static_cast<int64_t>(period.schedule.size()) * days >
        kScheduleWindowsMax - static_cast<int64_t>(windows.size())) {
      windows.push_back({period.start, period.end});
      NoteOnce("a schedule with too many windows is taken as all of its period", notes);
      continue;
    }
    const std::vector<TimeWindow> expanded = ExpandSchedule(period, from_us, to_us);
    cut_at_horizon |= period.end.us > horizon_us;
    windows.insert(windows.end(), expanded.begin(), expanded.end());
  }
  if (far_end) notes->push_back("an end more than ten years away is taken as open");
  if (cut_at_horizon) {
    notes->push_back("the schedule is expanded up to " +
                     base::FormatRfc3339(UtcMicros{horizon_us}) + ": import again before then");
  }
  MergeWindows(&windows);
  std::vector<TimeWindow> pieces;
  for (const TimeWindow& window : windows) {
    if (window.end > options.now) AppendInPieces(window, options, &pieces);
  }
  if (pieces.empty()) notes->push_back("not in force after now: nothing to declare");
  return pieces;
}

Result<void> BuildDeclarations(const Declaration& common, std::span<const ZonePart> given,
                               std::span<const TimeWindow> windows, ImportedZone* zone) {
  if (given.size() > kZonePartsMax) {
    return base::Fail(base::ErrorCode::kTooLarge, "", "must have at most 1,000 parts",
                      std::to_string(given.size()));
  }
  std::vector<ZonePart> parts;  // a part that stands twice says nothing more
  for (const ZonePart& part : given) {
    if (std::find(parts.begin(), parts.end(), part) == parts.end()) parts.push_back(part);
  }
  if (parts.size() * windows.size() > kZoneVolumesMax) {
    return base::Fail(base::ErrorCode::kTooLarge, "",
                      "must have at most 100,000 parts times windows",
                      std::to_string(parts.size() * windows.size()));
  }
  size_t vertices = 0;
  for (const TimeWindow& window : windows) {
    for (const ZonePart& part : parts) {
      const size_t more = part.outline.vertices().size();
      const bool full = !zone->declarations.empty() &&
                        (zone->declarations.back().volumes.size() >= limits::kNoticeVolumesMax ||
                         vertices + more > limits::kNoticeVerticesMax);
      if (zone->declarations.empty() || full) {
        zone->declarations.push_back(common);
        vertices = 0;
      }
      Volume4D volume{part.outline, part.band, window, {}, {}};
      zone->declarations.back().volumes.push_back(std::move(volume));
      vertices += more;
    }
  }
  for (Declaration& declaration : zone->declarations) {
    if (declaration.original.size() > limits::kJsonBodyBytesMax) {
      declaration.original.clear();
      NoteOnce("the original is too large to be kept: an export writes the zone anew",
               &zone->notes);
    }
    WB_RETURN_IF_ERROR(airspace::ValidateDeclaration(declaration));
  }
  if (zone->declarations.size() > 1) {
    zone->notes.push_back("split into " + std::to_string(zone->declarations.size()) +
                          " notices, because one would be too large");
  }
  return {};
}

std::string WrapOriginal(const Original& original) {
  std::string text;
  json::Writer json(&text);
  json.BeginObject();
  json.StringField("format", original.format);
  json.Int64Field("index", original.index);
  if (!original.valid_from.empty()) json.StringField("valid_from", original.valid_from);
  json.Key("feature");
  json.Raw(original.feature);
  json.EndObject();
  return text;
}

std::optional<Original> UnwrapOriginal(std::string_view original) {
  const auto document = json::Document::Parse(original, limits::kImportFileBytesMax);
  if (!document) return std::nullopt;
  auto object = document->root().AsObject();
  if (!object) return std::nullopt;
  const auto format = object->RequiredString("format", 32);
  const auto index = object->RequiredInt64("index", 0, limits::kImportFeaturesMax);
  const auto feature = object->Required("feature");
  const auto valid_from = object->OptionalString("valid_from", 64);
  if (!format || !index || !feature || !valid_from) return std::nullopt;
  return Original{std::string(*format), *index, feature->ToJson(),
                  std::string(valid_from->value_or(""))};
}

std::vector<ZoneGroup> GroupForExport(const Declaration& declaration) {
  std::vector<ZoneGroup> groups;  // first one for each part, in order of appearance
  for (const Volume4D& volume : declaration.volumes) {
    const ZonePart part{volume.outline, volume.band};
    auto group = std::find_if(groups.begin(), groups.end(),
                              [&](const ZoneGroup& g) { return g.parts[0] == part; });
    if (group == groups.end()) group = groups.insert(groups.end(), ZoneGroup{{part}, {}});
    group->windows.push_back(volume.window);
  }
  std::vector<ZoneGroup> joined;
  for (ZoneGroup& group : groups) {
    MergeWindows(&group.windows);
    const auto same = std::find_if(joined.begin(), joined.end(),
                                   [&](const ZoneGroup& g) { return g.windows == group.windows; });
    if (same == joined.end()) {
      joined.push_back(std::move(group));
    } else {
      same->parts.push_back(std::move(group.parts[0]));
    }
  }
  return joined;
}

Result<geo::Altitude> FileAltitude(double value, bool feet, geo::AltitudeReference reference,
                                   bool is_upper) {
  if (is_upper && value >= kUnlimitedUpperValue) {
    return geo::Altitude{geo::kUnlimitedUp, geo::AltitudeReference::kW84};
  }
  const double metres = feet ? value * 0.3048 : value;
  if (!(metres >= limits::kAltitudeMinMm / 1e3 && metres <= limits::kAltitudeMaxMm / 1e3)) {
    return Invalid("", "must be between -8000 m and 1000000 m", fmt::format("{} m", metres));
  }
  return geo::Altitude{feet ? geo::FeetToMm(value) : std::llround(value * 1000), reference};
}

namespace {

// A notice must not hold characters that break a line or reorder a display; files do.
std::string CleanText(std::string_view text, size_t bytes_max) {
  std::string clean;
  while (!text.empty()) {
    const size_t bytes = std::max<size_t>(base::Utf8SequenceBytes(text), 1);
    const std::string_view sequence = text.substr(0, bytes);
    text.remove_prefix(bytes);
    const auto byte = static_cast<unsigned char>(sequence[0]);
    const bool control = (bytes == 1 && (byte < 0x20 || byte >= 0x7F)) ||
                         (bytes == 2 && (sequence < "\xC2\xA0" || sequence == "\xD8\x9C")) ||
                         sequence == "\xE2\x80\x8E" || sequence == "\xE2\x80\x8F" ||
                         (sequence >= "\xE2\x80\xA8" && sequence <= "\xE2\x80\xAE") ||
                         (sequence >= "\xE2\x81\xA6" && sequence <= "\xE2\x81\xA9") ||
                         sequence == "\xEF\xBB\xBF";
    clean.append(control ? std::string_view(" ") : sequence);
  }
  return std::string(TrimSpace(base::CutUtf8(clean, bytes_max)));
}

}  // namespace

std::string NoticeName(std::string_view text) {
  return CleanText(text, limits::kNoticeNameBytesMax);
}

std::string NoticeContact(std::string_view text) {
  return CleanText(text, limits::kContactBytesMax);
}

}  // namespace wideberth::formats
