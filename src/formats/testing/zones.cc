#include "formats/testing/zones.h"

#include <algorithm>
#include <fstream>
#include <iterator>

#include "formats/notice_json.h"
#include "json/writer.h"

namespace wideberth::formats::testing {

std::optional<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

ZoneImportOptions At(std::string_view now, int64_t horizon_days) {
  ZoneImportOptions options;
  options.now = base::ParseRfc3339(now).value();
  options.horizon_days = horizon_days;
  return options;
}

std::vector<const airspace::Declaration*> Declarations(const ZoneFile& file) {
  std::vector<const airspace::Declaration*> all;
  for (const ImportedZone& zone : file.zones) {
    for (const airspace::Declaration& declaration : zone.declarations) all.push_back(&declaration);
  }
  return all;
}

std::string Describe(const airspace::Declaration& zone) {
  std::vector<std::string> volumes;
  for (const airspace::Volume4D& volume : zone.volumes) {
    std::string text;
    json::Writer json(&text);
    WriteVolume(&json, volume);
    volumes.push_back(std::move(text));
  }
  std::sort(volumes.begin(), volumes.end());
  std::string all = zone.name + "|" + std::string(airspace::Name(zone.restriction)) + "|" +
                    zone.role_to_call + "|" + zone.frequency;
  for (const std::string& volume : volumes) all.append("\n").append(volume);
  return all;
}

std::vector<std::string> Describe(const ZoneFile& file) {
  std::vector<std::string> all;
  for (const airspace::Declaration* zone : Declarations(file)) all.push_back(Describe(*zone));
  return all;
}

airspace::Declaration DrawnZone(geo::Outline outline, airspace::HeightBand band,
                                airspace::TimeWindow window) {
  airspace::Declaration zone;
  zone.kind = airspace::NoticeKind::kZone;
  zone.restriction = airspace::Restriction::kReqAuthorisation;
  zone.name = "Drawn";
  zone.role_to_call = "duty officer";
  zone.volumes.push_back({std::move(outline), band, window, {}, {}});
  return zone;
}

}  // namespace wideberth::formats::testing
