#include "formats/zone_json.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/utf8.h"
#include "formats/decimal.h"

namespace wideberth::formats {
namespace {

using airspace::Declaration;
using airspace::Restriction;
using base::kMicrosPerDay;
using base::kMicrosPerMinute;
using base::kMicrosPerSecond;
using base::Result;
using base::UtcMicros;

constexpr size_t kTextBytesMax = 64 * 1024;
constexpr size_t kScheduleLinesMax = 1'000;
constexpr std::string_view kWeekdays[] = {"MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"};
constexpr uint8_t kEveryDay = 0x7F;

Result<uint8_t> ReadWeekdays(json::Object* line) {
  const std::optional<json::Value> field = line->Find("day");
  if (!field) return kEveryDay;
  uint8_t weekdays = 0;
  const auto add = [&](const json::Value& value) -> Result<void> {
    WB_ASSIGN_OR_RETURN(const std::string_view word, value.AsString(16));
    if (EqualsIgnoringCase(word, "ANY")) {
      weekdays = kEveryDay;
      return {};
    }
    for (int i = 0; i < 7; ++i) {
      if (!EqualsIgnoringCase(word, kWeekdays[i])) continue;
      weekdays = static_cast<uint8_t>(weekdays | (1 << i));
      return {};
    }
    return value.Refuse("must be MON, TUE, WED, THU, FRI, SAT, SUN or ANY");
  };
  if (field->kind() == json::Kind::kString) {
    WB_RETURN_IF_ERROR(add(*field));
    return weekdays;
  }
  WB_ASSIGN_OR_RETURN(const json::Array days, field->AsArray(64));
  for (const json::Value day : days) WB_RETURN_IF_ERROR(add(day));
  if (weekdays == 0) return field->Refuse("must name a day");
  return weekdays;
}

// A limit of a schedule line: a time, or an event or nothing, which both mean the whole day.
Result<std::optional<TimeOfDay>> ReadDayLimit(json::Object* line, std::string_view time_key,
                                              std::string_view event_key,
                                              const ZoneImportOptions& options,
                                              std::vector<std::string>* notes) {
  const std::optional<json::Value> time = line->Find(time_key);
  if (time && time->kind() == json::Kind::kString) {
    WB_ASSIGN_OR_RETURN(const std::string_view text, time->AsString(40));
    bool assumed = false;
    auto parsed = ParseTimeOfDay(text, options.assume_zone_minutes, &assumed);
    if (!parsed) return time->Refuse(std::move(parsed).error());
    if (assumed) NoteOnce("times without a zone were read in the assumed one", notes);
    return std::optional<TimeOfDay>(*parsed);
  }
  const std::optional<json::Value> event = line->Find(event_key);
  NoteOnce(std::string(event ? "an event of daylight" : "a limit that is not given") +
               " in the schedule is taken as the whole day",
           notes);
  return std::optional<TimeOfDay>();
}

Result<DailyPeriod> ReadDailyPeriod(const json::Value& value, const ZoneImportOptions& options,
                                    std::vector<std::string>* notes) {
  WB_ASSIGN_OR_RETURN(json::Object line, value.AsObject());
  DailyPeriod period;
  WB_ASSIGN_OR_RETURN(period.weekdays, ReadWeekdays(&line));
  WB_ASSIGN_OR_RETURN(period.start, ReadDayLimit(&line, "startTime", "startEvent", options, notes));
  WB_ASSIGN_OR_RETURN(period.end, ReadDayLimit(&line, "endTime", "endEvent", options, notes));
  // Files write the end of a day as 23:59 or 23:59:59 and mean that nothing is left of it.
  if (period.end && period.end->us >= kMicrosPerDay - kMicrosPerMinute &&
      period.end->us < kMicrosPerDay) {
    period.end->us = kMicrosPerDay;
    NoteOnce("an end in the last minute of a day is taken as the end of the day", notes);
  }
  return period;
}

Result<void> ReadPeriodLimit(json::Object* period, std::string_view key,
                             const ZoneImportOptions& options, std::vector<std::string>* notes,
                             UtcMicros* limit) {
  const std::optional<json::Value> value = period->Find(key);
  if (!value || value->is_null()) return {};
  WB_ASSIGN_OR_RETURN(const std::string_view text, value->AsString(64));
  bool assumed = false;
  auto parsed = ParseFileTime(text, options.assume_zone_minutes, &assumed);
  if (!parsed) return value->Refuse(std::move(parsed).error());
  if (assumed) NoteOnce("times without a zone were read in the assumed one", notes);
  *limit = *parsed;
  return {};
}

std::string_view AnyOf(const json::Value& value) {
  const auto text = value.AsString(kTextBytesMax);
  return text ? *text : std::string_view();
}

// From a feature of either format: ED-318 has the fields one level down. What is not as expected stays empty.
void ReadIdentity(const Original& original, ZoneIdentity* identity) {
  const auto document = json::Document::Parse(original.feature, limits::kImportFileBytesMax);
  if (!document) return;
  auto feature = document->root().AsObject();
  if (!feature) return;
  json::Object fields = *feature;
  if (const std::optional<json::Value> properties = feature->Find("properties")) {
    if (auto inner = properties->AsObject(); inner) fields = *inner;
  }
  identity->identifier = ReadAnyText(&fields, "identifier");
  identity->country = ReadAnyText(&fields, "country");
  const std::optional<json::Value> reasons = fields.Find("reason");
  if (!reasons) return;
  const auto words = reasons->AsArray(16);
  if (!words) return;
  for (const json::Value word : *words) identity->reasons.emplace_back(AnyOf(word));
}

}  // namespace

Result<json::Document> ParseZoneDocument(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  return json::Document::Parse(text, limits::kImportFileBytesMax);
}

std::string ReadAnyText(json::Object* object, std::string_view key) {
  const std::optional<json::Value> field = object->Find(key);
  if (!field) return {};
  if (field->kind() == json::Kind::kString) return std::string(AnyOf(*field));
  const auto texts = field->AsArray(1'000);
  if (!texts) return {};
  std::string_view chosen;
  for (const json::Value item : *texts) {
    if (item.kind() == json::Kind::kString && chosen.empty()) chosen = AnyOf(item);
    auto entry = item.AsObject();
    if (!entry) continue;
    const std::optional<json::Value> text = entry->Find("text");
    const std::optional<json::Value> lang = entry->Find("lang");
    const bool english = lang && AnyOf(*lang).starts_with("en");
    if (text && (chosen.empty() || english)) chosen = AnyOf(*text);
    if (english) break;
  }
  return std::string(chosen);
}

std::string ReadAuthority(json::Object* properties) {
  const std::optional<json::Value> field = properties->Find("zoneAuthority");
  if (!field) return {};
  const auto authorities = field->AsArray(1'000);
  if (!authorities || authorities->size() == 0) return {};
  auto authority = (*authorities->begin()).AsObject();
  if (!authority) return {};
  std::string text = ReadAnyText(&*authority, "service");
  if (text.empty()) text = ReadAnyText(&*authority, "name");
  return NoticeContact(text);
}

Restriction ReadRestriction(std::string_view word, std::vector<std::string>* notes) {
  if (EqualsIgnoringCase(word, "PROHIBITED")) return Restriction::kProhibited;
  if (EqualsIgnoringCase(word, "REQ_AUTHORISATION") ||
      EqualsIgnoringCase(word, "REQ_AUTHORIZATION")) {
    return Restriction::kReqAuthorisation;
  }
  if (EqualsIgnoringCase(word, "CONDITIONAL")) return Restriction::kConditional;
  if (EqualsIgnoringCase(word, "NO_RESTRICTION")) return Restriction::kNoRestriction;
  if (EqualsIgnoringCase(word, "USPACE")) {
    notes->push_back("a U-space airspace is taken as CONDITIONAL");
    return Restriction::kConditional;
  }
  notes->push_back("the restriction \"" + std::string(base::CutUtf8(word, 40)) +
                   "\" is not known and is taken as REQ_AUTHORISATION");
  return Restriction::kReqAuthorisation;
}

Result<Period> ReadPeriod(const json::Value& value, const ZoneImportOptions& options,
                          std::vector<std::string>* notes) {
  WB_ASSIGN_OR_RETURN(json::Object object, value.AsObject());
  Period period;
  bool permanent = false;
  if (const std::optional<json::Value> field = object.Find("permanent")) {
    permanent = field->kind() == json::Kind::kBool ? field->AsBool().value()
                                                   : EqualsIgnoringCase(AnyOf(*field), "YES");
  }
  if (!permanent) {
    WB_RETURN_IF_ERROR(ReadPeriodLimit(&object, "startDateTime", options, notes, &period.start));
    WB_RETURN_IF_ERROR(ReadPeriodLimit(&object, "endDateTime", options, notes, &period.end));
    if (period.start >= period.end) return value.Refuse("must start before it ends");
  }
  const std::optional<json::Value> schedule = object.Find("schedule");
  if (!schedule || schedule->is_null()) return period;
  WB_ASSIGN_OR_RETURN(const json::Array lines, schedule->AsArray(kScheduleLinesMax));
  for (const json::Value line : lines) {
    WB_ASSIGN_OR_RETURN(DailyPeriod daily, ReadDailyPeriod(line, options, notes));
    period.schedule.push_back(daily);
  }
  return period;
}

Result<geo::AltitudeReference> ReadHeightReference(json::Object* object, std::string_view key) {
  WB_ASSIGN_OR_RETURN(const std::string_view word, object->RequiredString(key, 16));
  for (const std::string_view ground : {"AGL", "SFC", "GND"}) {
    if (EqualsIgnoringCase(word, ground)) return geo::AltitudeReference::kAgl;
  }
  for (const std::string_view sea : {"AMSL", "MSL"}) {
    if (EqualsIgnoringCase(word, sea)) return geo::AltitudeReference::kAmsl;
  }
  for (const std::string_view ellipsoid : {"WGS84", "W84", "HAE"}) {
    if (EqualsIgnoringCase(word, ellipsoid)) return geo::AltitudeReference::kW84;
  }
  if (EqualsIgnoringCase(word, "STD")) return geo::AltitudeReference::kStd;
  return object->Refuse(key, "must be AGL, AMSL, WGS84 or STD", word);
}

Result<std::vector<ExportItem>> CollectForExport(std::span<const Declaration* const> declarations,
                                                 std::string_view format) {
  std::vector<ExportItem> items;
  std::set<std::pair<int64_t, std::string>> written;
  for (size_t i = 0; i < declarations.size(); ++i) {
    const Declaration& declaration = *declarations[i];
    if (declaration.kind != airspace::NoticeKind::kZone) {
      return base::Invalid("/" + std::to_string(i) + "/kind", "must be zone",
                           airspace::Name(declaration.kind));
    }
    ExportItem item{&declaration, UnwrapOriginal(declaration.original), false};
    item.own_format = item.original && item.original->format == format;
    if (item.own_format && !written.emplace(item.original->index, item.original->feature).second) {
      continue;  // another part of a zone that was split
    }
    items.push_back(std::move(item));
  }
  return items;
}

ZoneIdentity IdentityForExport(const ExportItem& item, size_t ordinal,
                               const ZoneExportOptions& options) {
  ZoneIdentity identity;
  if (item.original) ReadIdentity(*item.original, &identity);
  if (identity.identifier.empty()) {
    std::string digits = std::to_string(ordinal);
    if (digits.size() < 6) digits.insert(0, 6 - digits.size(), '0');
    identity.identifier = "Z" + digits;
  }
  if (identity.country.size() != 3) identity.country = options.country;
  return identity;
}

std::string SecondsText(UtcMicros time, bool round_up) {
  int64_t seconds = time.us / kMicrosPerSecond;
  if (time.us % kMicrosPerSecond != 0) seconds += time.us < 0 ? (round_up ? 0 : -1) : round_up;
  return base::FormatRfc3339({seconds * kMicrosPerSecond});
}

FileBand BandForExport(const airspace::HeightBand& band, bool may_use_feet) {
  const auto unlimited = [](geo::Altitude a) {
    return a.mm == geo::kUnlimitedUp || a.mm == geo::kUnlimitedDown;
  };
  const auto whole_metres = [&](geo::Altitude a) { return unlimited(a) || a.mm % 1000 == 0; };
  // 1 ft is 304.8 mm; a limit counts as whole feet when they quantise to it.
  const auto nearest_feet = [](geo::Altitude a) {
    return (a.mm * 10 + (a.mm < 0 ? -1524 : 1524)) / 3048;
  };
  const auto whole_feet = [&](geo::Altitude a) {
    return unlimited(a) || geo::FeetToMm(static_cast<double>(nearest_feet(a))) == a.mm;
  };
  const auto floor_metres = [](int64_t mm) { return mm >= 0 ? mm / 1000 : -((-mm + 999) / 1000); };
  const bool metres = whole_metres(band.lower) && whole_metres(band.upper);
  FileBand out;
  out.feet = may_use_feet && !metres && whole_feet(band.lower) && whole_feet(band.upper);
  if (!unlimited(band.lower)) {
    out.lower = out.feet ? nearest_feet(band.lower) : floor_metres(band.lower.mm);
  }
  if (!unlimited(band.upper)) {
    out.upper = out.feet ? nearest_feet(band.upper) : -floor_metres(-band.upper.mm);
  }
  return out;
}

}  // namespace wideberth::formats
