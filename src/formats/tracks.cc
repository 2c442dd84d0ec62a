#include "formats/tracks.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <utility>

#include "base/utf8.h"
#include "formats/decimal.h"
#include "formats/zone_file.h"
#include "json/reader.h"

namespace wideberth::formats {
namespace {

using base::Result;
using base::UtcMicros;

constexpr size_t kIdBytesMax = 32;
constexpr size_t kColumnsMax = 256;
constexpr size_t kTracePointsMax = 50'000'000;
constexpr double kSecondsMax = 253'370'764'800;  // the year 9999

// Feet or metres of a file as mm; heights out of any atmosphere are refused.
std::optional<int64_t> HeightMm(double value, bool feet) {
  const double metres = feet ? value * 0.3048 : value;
  if (!(std::abs(metres) <= 100'000)) return std::nullopt;
  return feet ? geo::FeetToMm(value) : std::llround(value * 1000);
}

void SortTracks(std::map<std::string, std::vector<TrackPoint>> by_id, TrackFile* file) {
  for (auto& [id, points] : by_id) {
    std::stable_sort(points.begin(), points.end(),
                     [](const TrackPoint& a, const TrackPoint& b) { return a.time < b.time; });
    file->tracks.push_back({id, std::move(points)});
  }
}

// Splits a row in place of `fields`; quotes around a field are taken off ("" inside is one quote).
void SplitRow(std::string_view row, char separator, std::vector<std::string>* fields) {
  fields->clear();
  fields->emplace_back();
  bool quoted = false;
  for (size_t i = 0; i < row.size(); ++i) {
    const char c = row[i];
    if (quoted && c == '"' && i + 1 < row.size() && row[i + 1] == '"') {
      fields->back().push_back('"');
      ++i;
    } else if (c == '"' && (quoted || fields->back().empty())) {
      quoted = !quoted;
    } else if (c == separator && !quoted && fields->size() < kColumnsMax) {
      fields->emplace_back();
    } else {
      fields->back().push_back(c);
    }
  }
}

enum Column {
  kTime,
  kTimestamp,
  kId,
  kLat,
  kLng,
  kStdFt,
  kStdM,
  kW84Ft,
  kW84M,
  kAmslFt,
  kAmslM,
  kGround,
  kColumns
};
struct ColumnName {
  std::string_view name;
  Column column;
};
constexpr ColumnName kColumnNames[] = {
    {"time", kTime},         {"timestamp", kTimestamp}, {"id", kId},
    {"icao", kId},           {"icao24", kId},           {"hex", kId},
    {"lat", kLat},           {"latitude", kLat},        {"lng", kLng},
    {"lon", kLng},           {"longitude", kLng},       {"alt_std_ft", kStdFt},
    {"alt_baro_ft", kStdFt}, {"alt_std_m", kStdM},      {"alt_w84_ft", kW84Ft},
    {"alt_geom_ft", kW84Ft}, {"alt_w84_m", kW84M},      {"alt_amsl_ft", kAmslFt},
    {"alt_amsl_m", kAmslM},  {"on_ground", kGround}};

class CsvReader {
 public:
  explicit CsvReader(const TrackReadOptions& options) : options_(options) { where_.fill(-1); }

  Result<TrackFile> Read(std::string_view text);

 private:
  Result<void> ReadHeader(std::string_view row);
  Result<void> ReadRow();
  Result<void> ReadSbs();
  Result<UtcMicros> RowTime();
  Result<UtcMicros> TimeOf(std::string_view text);
  Result<UtcMicros> OnAssumedDate(std::string_view text);
  Result<std::optional<double>> Number(Column column, double min, double max);
  Result<void> ReadHeight(Column feet, Column metres, std::optional<int64_t>* mm);
  std::string_view Field(Column column) const {
    const int index = where_[column];
    if (index < 0 || static_cast<size_t>(index) >= fields_.size()) return {};
    return TrimSpace(fields_[static_cast<size_t>(index)]);
  }
  base::Unexpected Refuse(std::string_view rule, std::string_view found) const {
    return base::Invalid("line " + std::to_string(line_), rule, found);
  }

  const TrackReadOptions& options_;
  std::array<int, kColumns> where_;
  std::vector<std::string> fields_;
  std::map<std::string, std::vector<TrackPoint>> by_id_;
  TrackFile file_;
  size_t line_ = 0;
  char separator_ = ',';
  std::optional<int64_t> last_of_day_us_;
  int64_t days_on_ = 0;
};

// "MSG,3,..." or "1234567,MSG,3,...".
size_t SbsStart(const std::vector<std::string>& fields) {
  for (size_t i = 0; i < 2 && i < fields.size(); ++i) {
    if (fields[i] == "MSG") return i;
  }
  return std::string::npos;
}

Result<TrackFile> CsvReader::Read(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  bool sbs = false;
  bool begun = false;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view row = TrimSpace(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    ++line_;
    if (row.empty() || row.starts_with('#')) continue;
    if (!begun) {
      SplitRow(row, ',', &fields_);
      sbs = SbsStart(fields_) != std::string::npos;
      begun = true;
      if (!sbs) {
        WB_RETURN_IF_ERROR(ReadHeader(row));
        continue;
      }
    }
    SplitRow(row, separator_, &fields_);
    WB_RETURN_IF_ERROR(sbs ? ReadSbs() : ReadRow());
  }
  if (!begun) return base::Invalid("", "must have a header row or SBS-1 messages", "nothing");
  SortTracks(std::move(by_id_), &file_);
  return std::move(file_);
}

Result<void> CsvReader::ReadHeader(std::string_view row) {
  separator_ =
      std::count(row.begin(), row.end(), ';') > std::count(row.begin(), row.end(), ',') ? ';' : ',';
  SplitRow(row, separator_, &fields_);
  for (size_t i = 0; i < fields_.size(); ++i) {
    for (const ColumnName& known : kColumnNames) {
      if (!EqualsIgnoringCase(TrimSpace(fields_[i]), known.name)) continue;
      if (where_[known.column] >= 0) return Refuse("must have each column once", fields_[i]);
      where_[known.column] = static_cast<int>(i);
    }
  }
  if ((where_[kTime] < 0 && where_[kTimestamp] < 0) || where_[kLat] < 0 || where_[kLng] < 0) {
    return Refuse("must have the columns time (or timestamp), lat and lng", row);
  }
  return {};
}

Result<UtcMicros> CsvReader::OnAssumedDate(std::string_view text) {
  if (!options_.assume_date) {
    return Refuse("a time without a date needs an assumed date (--date)", text);
  }
  bool assumed = false;
  auto of_day = ParseTimeOfDay(text, options_.assume_zone_minutes, &assumed);
  if (!of_day) return Refuse(of_day.error().rule, text);
  NoteOnce("times without a date were taken to be of the assumed date", &file_.notes);
  if (assumed) NoteOnce("times without a zone were read in the assumed one", &file_.notes);
  // A step back by more than half a day is midnight.
  if (last_of_day_us_ && *last_of_day_us_ - of_day->us > base::kMicrosPerDay / 2) ++days_on_;
  last_of_day_us_ = of_day->us;
  const int64_t day = base::DaysFromCivil(*options_.assume_date) + days_on_;
  return UtcMicros{day * base::kMicrosPerDay + of_day->us -
                   of_day->zone_minutes * base::kMicrosPerMinute};
}

Result<UtcMicros> CsvReader::TimeOf(std::string_view text) {
  if (text.size() > 2 && text[2] == ':') return OnAssumedDate(text);
  bool assumed = false;
  auto time = ParseFileTime(text, options_.assume_zone_minutes, &assumed);
  if (!time) return Refuse(time.error().rule, text);
  if (*time == base::kTimeOpenEnd) return Refuse("must lie in the years 1970 to 9998", text);
  if (assumed) NoteOnce("times without a zone were read in the assumed one", &file_.notes);
  return time;
}

Result<UtcMicros> CsvReader::RowTime() {
  if (where_[kTimestamp] < 0) return TimeOf(Field(kTime));
  const std::string_view text = Field(kTimestamp);
  const std::optional<double> seconds = ParseDecimal(text);
  if (!seconds || *seconds < 0 || *seconds >= kSecondsMax) {
    return Refuse("timestamp must be seconds since 1970", text);
  }
  return UtcMicros{std::llround(*seconds * 1e6)};
}

Result<std::optional<double>> CsvReader::Number(Column column, double min, double max) {
  const std::string_view text = Field(column);
  if (text.empty()) return std::optional<double>();
  const std::optional<double> value = ParseDecimal(text);
  if (!value || *value < min || *value > max) return Refuse("must be a number in range", text);
  return value;
}

Result<void> CsvReader::ReadHeight(Column feet, Column metres, std::optional<int64_t>* mm) {
  WB_ASSIGN_OR_RETURN(const std::optional<double> in_feet, Number(feet, -330'000, 330'000));
  WB_ASSIGN_OR_RETURN(const std::optional<double> in_metres, Number(metres, -1e5, 1e5));
  if (in_feet) *mm = HeightMm(*in_feet, true);
  if (in_metres) *mm = HeightMm(*in_metres, false);
  return {};
}

Result<void> CsvReader::ReadRow() {
  if (Field(kLat).empty() || Field(kLng).empty()) return {};
  if (Field(where_[kTimestamp] >= 0 ? kTimestamp : kTime).empty()) return {};
  TrackPoint point;
  WB_ASSIGN_OR_RETURN(point.time, RowTime());
  WB_ASSIGN_OR_RETURN(const std::optional<double> lat_deg, Number(kLat, -90, 90));
  WB_ASSIGN_OR_RETURN(const std::optional<double> lng_deg, Number(kLng, -180, 180));
  WB_ASSIGN_OR_RETURN(point.position, geo::MakePosition(*lat_deg, *lng_deg));
  WB_RETURN_IF_ERROR(ReadHeight(kStdFt, kStdM, &point.std_mm));
  WB_RETURN_IF_ERROR(ReadHeight(kW84Ft, kW84M, &point.w84_mm));
  WB_RETURN_IF_ERROR(ReadHeight(kAmslFt, kAmslM, &point.amsl_mm));
  const std::string_view ground = Field(kGround);
  point.on_ground = ground == "1" || EqualsIgnoringCase(ground, "true");
  by_id_[std::string(base::CutUtf8(Field(kId), kIdBytesMax))].push_back(point);
  return {};
}

// The fields of a message, from "MSG" on: 1 type, 4 address, 6 and 7 date and time of generation, 11 altitude (ft), 14
// and 15 position, 21 on ground.
Result<void> CsvReader::ReadSbs() {
  const size_t start = SbsStart(fields_);
  if (start == std::string::npos || fields_.size() < start + 16) return {};
  const auto field = [&](size_t i) -> std::string_view {
    return start + i < fields_.size() ? TrimSpace(fields_[start + i]) : std::string_view();
  };
  if (field(14).empty() || field(15).empty()) return {};
  const std::optional<double> lat_deg = ParseDecimal(field(14));
  const std::optional<double> lng_deg = ParseDecimal(field(15));
  if (!lat_deg || !lng_deg) return Refuse("must have a position in degrees", field(14));
  TrackPoint point;
  auto position = geo::MakePosition(*lat_deg, *lng_deg);
  if (!position) return Refuse(position.error().rule, position.error().found);
  point.position = *position;
  std::string when(field(6));
  std::replace(when.begin(), when.end(), '/', '-');
  if (when.empty()) {
    WB_ASSIGN_OR_RETURN(point.time, OnAssumedDate(field(7)));
  } else {
    WB_ASSIGN_OR_RETURN(point.time, TimeOf(when.append("T").append(field(7))));
  }
  if (const std::optional<double> feet = ParseDecimal(field(11))) {
    point.std_mm = HeightMm(*feet, true);
  }
  point.on_ground = field(21) == "-1" || field(21) == "1";
  by_id_[std::string(base::CutUtf8(field(4), kIdBytesMax))].push_back(point);
  return {};
}

// A row of a readsb trace; empty when it has no position in the air or on the ground worth keeping.
Result<TrackPoint> ReadTraceRow(const json::Value& value, double base_s) {
  WB_ASSIGN_OR_RETURN(const json::Array row, value.AsArray(64));
  if (row.size() < 4) return value.Refuse("must have time, latitude, longitude, altitude");
  std::vector<json::Value> cells;
  for (const json::Value cell : row) cells.push_back(cell);
  TrackPoint point;
  WB_ASSIGN_OR_RETURN(const double after_s, cells[0].AsDouble(0, 1e7));
  point.time = {std::llround((base_s + after_s) * 1e6)};
  WB_ASSIGN_OR_RETURN(const double lat_deg, cells[1].AsDouble(-90, 90));
  WB_ASSIGN_OR_RETURN(const double lng_deg, cells[2].AsDouble(-180, 180));
  WB_ASSIGN_OR_RETURN(point.position, geo::MakePosition(lat_deg, lng_deg));
  constexpr int64_t kNewLeg = 2;
  constexpr int64_t kAltitudeIsGeometric = 8;
  int64_t flags = 0;
  if (row.size() > 6) {
    WB_ASSIGN_OR_RETURN(flags, cells[6].AsInt64(0, 1'000'000));
  }
  point.new_leg = (flags & kNewLeg) != 0;
  if (cells[3].kind() == json::Kind::kString) {
    point.on_ground = true;
  } else if (!cells[3].is_null()) {
    WB_ASSIGN_OR_RETURN(const double feet, cells[3].AsDouble(-10'000, 300'000));
    ((flags & kAltitudeIsGeometric) != 0 ? point.w84_mm : point.std_mm) = HeightMm(feet, true);
  }
  if (row.size() > 10 && !cells[10].is_null()) {
    WB_ASSIGN_OR_RETURN(const double feet, cells[10].AsDouble(-10'000, 300'000));
    point.w84_mm = HeightMm(feet, true);
  }
  return point;
}

}  // namespace

Result<TrackFile> ReadTrackCsv(std::string_view text, const TrackReadOptions& options) {
  if (text.size() > limits::kImportFileBytesMax) {
    return base::Fail(base::ErrorCode::kTooLarge, "", "must be at most 64 MiB");
  }
  return CsvReader(options).Read(text);
}

Result<TrackFile> ReadReadsbTrace(std::string_view text) {
  WB_ASSIGN_OR_RETURN(const json::Document document,
                      json::Document::Parse(text, limits::kImportFileBytesMax));
  WB_ASSIGN_OR_RETURN(json::Object root, document.root().AsObject());
  WB_ASSIGN_OR_RETURN(const std::string_view id, root.RequiredString("icao", kIdBytesMax));
  WB_ASSIGN_OR_RETURN(const double base_s, root.RequiredDouble("timestamp", 0, 2.5e11));
  WB_ASSIGN_OR_RETURN(const json::Array rows, root.RequiredArray("trace", kTracePointsMax));
  std::vector<TrackPoint> points;
  points.reserve(rows.size());
  for (const json::Value row : rows) {
    WB_ASSIGN_OR_RETURN(const TrackPoint point, ReadTraceRow(row, base_s));
    points.push_back(point);
  }
  TrackFile file;
  SortTracks({{std::string(id), std::move(points)}}, &file);
  return file;
}

}  // namespace wideberth::formats
