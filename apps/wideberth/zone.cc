#include <fmt/format.h>

#include "apps/wideberth/commands.h"
#include "apps/wideberth/flags.h"
#include "apps/wideberth/remote.h"
#include "apps/wideberth/show/terminal.h"
#include "apps/wideberth/zone_import.h"
#include "formats/ed269.h"
#include "formats/ed318.h"
#include "formats/notice_json.h"
#include "formats/openair/openair.h"
#include "json/writer.h"

namespace wideberth::cli {
namespace {

using base::Result;

Result<formats::ZoneImportOptions> TakeImportOptions(const ZoneOptions& options) {
  formats::ZoneImportOptions import;
  import.horizon_days = options.horizon_days;
  Result<airspace::DataMode> mode = airspace::ParseName<airspace::DataMode>(options.mode);
  if (!mode) return base::Fail(std::move(mode).error().Under("--mode"));
  import.data_mode = *mode;
  if (!options.assume_zone.empty()) {
    const Result<int> zone = ParseZoneMinutes(options.assume_zone);
    if (!zone) return base::Fail(base::Error(zone.error()).Under("--assume-zone"));
    import.assume_zone_minutes = *zone;
  }
  return import;
}

Result<formats::FileFormat> TakeFormat(const std::string& name, std::string_view text) {
  Result<formats::FileFormat> format =
      name == "auto" ? formats::DetectFormat(text) : formats::ParseFileFormat(name);
  if (!format && name != "auto") return base::Fail(std::move(format).error().Under("--format"));
  return format;
}

std::string SummaryJson(const formats::ZoneFile& file, const ImportSummary& summary) {
  std::string text;
  json::Writer json(&text);
  json.BeginObject();
  json.Uint64Field("zones", file.zones.size());
  json.Uint64Field("stored", summary.stored);
  json.Uint64Field("replaced", summary.replaced);
  json.Uint64Field("unchanged", summary.unchanged);
  json.Key("refused");
  json.BeginArray();
  for (const auto* errors : {&file.refused, &summary.refused}) {
    for (const base::Error& error : *errors) json.String(error.ToString());
  }
  json.EndArray();
  json.Key("notes");
  json.BeginArray();
  for (const auto& [note, count] : CountNotes(file)) {
    json.BeginObject();
    json.StringField("note", note);
    json.Uint64Field("zones", count);
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
  return text;
}

void PrintSummary(const formats::ZoneFile& file, const ImportSummary& summary) {
  const size_t refused = file.refused.size() + summary.refused.size();
  Print(fmt::format(
      "{} zones in the file: {} notices stored, {} replaced, {} unchanged, {}\n",
      file.zones.size() + file.refused.size(), summary.stored, summary.replaced, summary.unchanged,
      refused == 0 ? "none refused" : Paint(Style::kRed, fmt::format("{} refused", refused))));
  for (const auto& [note, count] : CountNotes(file)) {
    Print(fmt::format("  note{}: {}\n", count == 1 ? "" : fmt::format(" ({} times)", count),
                      Printable(note)));
  }
  for (const auto* errors : {&file.refused, &summary.refused}) {
    for (const base::Error& error : *errors) {
      Print("  refused: " + Printable(error.ToString()) + "\n");
    }
  }
}

}  // namespace

Result<int> RunZoneImport(const Session& session, const ZoneOptions& options) {
  WB_ASSIGN_OR_RETURN(const std::string text, ReadInput(options.file));
  WB_ASSIGN_OR_RETURN(formats::ZoneImportOptions import, TakeImportOptions(options));
  WB_ASSIGN_OR_RETURN(Remote remote, Remote::Open(session));
  WB_ASSIGN_OR_RETURN(import.now, remote.Now(import.data_mode));
  Result<formats::FileFormat> format = TakeFormat(options.format, text);
  if (!format && options.format != "auto") return base::Fail(std::move(format).error());
  Result<formats::ZoneFile> file =
      format ? ReadZones(text, *format, import) : base::Fail(std::move(format).error());
  if (!file) return base::Fail(std::move(file).error().Under(options.file + ": "));
  size_t total = 0;
  for (const formats::ImportedZone& zone : file->zones) total += zone.declarations.size();
  Progress progress("importing zones", total);
  WB_ASSIGN_OR_RETURN(const ImportSummary summary,
                      ImportZones(session, *file, [&](size_t done) { progress.Set(done); }));
  if (session.json) {
    Print(SummaryJson(*file, summary) + "\n");
  } else {
    PrintSummary(*file, summary);
  }
  return file->refused.empty() && summary.refused.empty() ? kExitOk : kExitRefused;
}

Result<int> RunZoneExport(const Session& session, const ZoneOptions& options) {
  WB_ASSIGN_OR_RETURN(Remote remote, Remote::Open(session));
  const std::string query = "kind=zone&in_force=true&data_mode=" + net::PercentEncode(options.mode);
  std::string text;
  if (options.format == "geojson") {
    WB_ASSIGN_OR_RETURN(text, remote.CollectGeoJson("/v1/notices", query));
  } else {
    std::vector<airspace::Declaration> zones;
    std::vector<std::string> ids;
    const auto add = [&](const json::Value& value) -> Result<bool> {
      WB_ASSIGN_OR_RETURN(json::Object notice, value.AsObject());
      WB_ASSIGN_OR_RETURN(json::Object latest, notice.RequiredObject("latest"));
      WB_ASSIGN_OR_RETURN(const json::Value declaration, latest.Required("declaration"));
      WB_ASSIGN_OR_RETURN(airspace::Declaration zone, formats::DecodeDeclaration(declaration));
      WB_ASSIGN_OR_RETURN(const std::string_view id, notice.RequiredString("id", 36));
      ids.emplace_back(id);
      zones.push_back(std::move(zone));
      return true;
    };
    WB_RETURN_IF_ERROR(remote.Walk("/v1/notices", query, "notices", add));
    // What a zone of ours was imported from is written again as it was.
    Progress progress("reading originals", zones.size());
    for (size_t i = 0; i < zones.size(); ++i) {
      WB_ASSIGN_OR_RETURN(std::string original, remote.Original(ids[i]));
      if (!original.empty()) zones[i].original = std::move(original);
      progress.Set(i + 1);
    }
    std::vector<const airspace::Declaration*> pointers;
    for (const airspace::Declaration& zone : zones) pointers.push_back(&zone);
    WB_ASSIGN_OR_RETURN(const base::UtcMicros now, remote.Now(airspace::DataMode::kReal));
    const formats::ZoneExportOptions form{options.title, options.country, now};
    if (options.format == "ed318") {
      WB_ASSIGN_OR_RETURN(text, formats::ExportEd318(pointers, form));
    } else if (options.format == "ed269") {
      WB_ASSIGN_OR_RETURN(text, formats::ExportEd269(pointers, form));
    } else {
      WB_ASSIGN_OR_RETURN(text, formats::openair::Export(pointers, form));
    }
  }
  if (!text.ends_with('\n')) text += "\n";
  if (options.file.empty() || options.file == "-") {
    Print(text);
    return kExitOk;
  }
  WB_RETURN_IF_ERROR(WriteOutput(options.file, text, false, false));
  return kExitOk;
}

}  // namespace wideberth::cli
