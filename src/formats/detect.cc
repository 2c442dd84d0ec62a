#include "formats/detect.h"

#include <algorithm>
#include <string>

#include "base/limits.h"
#include "formats/decimal.h"
#include "json/reader.h"

namespace wideberth::formats {
namespace {

using base::Result;

struct FormatName {
  FileFormat format;
  std::string_view name;
};
constexpr FormatName kNames[] = {
    {FileFormat::kNotices, "notices"}, {FileFormat::kEd318, "ed318"},
    {FileFormat::kEd269, "ed269"},     {FileFormat::kOpenAir, "openair"},
    {FileFormat::kTrackCsv, "csv"},    {FileFormat::kReadsbTrace, "readsb"}};

constexpr std::string_view kLookedFor =
    "must be declarations of ours, ED-318 or ED-269 JSON, OpenAir, a track CSV or a readsb trace";

Result<FileFormat> DetectJson(std::string_view text) {
  WB_ASSIGN_OR_RETURN(const json::Document document,
                      json::Document::Parse(text, limits::kImportFileBytesMax));
  const json::Value root = document.root();
  if (root.kind() == json::Kind::kArray) return FileFormat::kNotices;
  WB_ASSIGN_OR_RETURN(json::Object object, root.AsObject());
  if (object.Find("kind") || object.Find("notices")) return FileFormat::kNotices;
  if (object.Find("trace") && object.Find("icao")) return FileFormat::kReadsbTrace;
  if (const auto type = object.Find("type")) {
    const auto word = type->AsString(32);
    if (word && *word == "FeatureCollection") return FileFormat::kEd318;
  }
  if (object.Find("features")) return FileFormat::kEd269;
  return base::Invalid("", kLookedFor, "other JSON");
}

bool IsTrackHeader(std::string_view row) {
  const auto has = [&](std::initializer_list<std::string_view> names) {
    std::string_view rest = row;
    while (true) {
      const size_t end = std::min(rest.find_first_of(",;"), rest.size());
      std::string_view column = TrimSpace(rest.substr(0, end));
      if (column.size() > 1 && column.front() == '"') column = column.substr(1, column.size() - 2);
      for (const std::string_view name : names) {
        if (EqualsIgnoringCase(column, name)) return true;
      }
      if (end == rest.size()) return false;
      rest.remove_prefix(end + 1);
    }
  };
  return has({"time", "timestamp"}) && has({"lat", "latitude"});
}

bool IsSbs(std::string_view row) {
  if (row.starts_with("MSG,")) return true;
  const size_t comma = row.find(',');
  return comma != std::string_view::npos && ParseInteger(row.substr(0, comma)) &&
         row.substr(comma + 1).starts_with("MSG,");
}

}  // namespace

std::string_view Name(FileFormat format) {
  for (const FormatName& entry : kNames) {
    if (entry.format == format) return entry.name;
  }
  return "unknown";
}

Result<FileFormat> ParseFileFormat(std::string_view name) {
  for (const FormatName& entry : kNames) {
    if (entry.name == name) return entry.format;
  }
  return base::Invalid("", "must be notices, ed318, ed269, openair, csv or readsb", name);
}

Result<FileFormat> DetectFormat(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  const std::string_view start = TrimSpace(text.substr(0, 4096));
  if (start.starts_with('{') || start.starts_with('[')) return DetectJson(text);
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = TrimSpace(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.starts_with('*') || line.starts_with('#')) continue;
    if (EqualsIgnoringCase(line.substr(0, 3), "AC ") ||
        EqualsIgnoringCase(line.substr(0, 3), "AC\t")) {
      return FileFormat::kOpenAir;
    }
    if (IsSbs(line) || IsTrackHeader(line)) return FileFormat::kTrackCsv;
    // Styles (SP, SB) may stand before the first zone of an OpenAir file.
    if (EqualsIgnoringCase(line.substr(0, 3), "SP ") ||
        EqualsIgnoringCase(line.substr(0, 3), "SB ")) {
      continue;
    }
    return base::Invalid("", kLookedFor, line);
  }
  return base::Invalid("", kLookedFor, "nothing");
}

}  // namespace wideberth::formats
