#include "formats/testing/fuzz_zones.h"

#include <vector>

#include "base/check.h"

namespace wideberth::formats::testing {
namespace {

using Zones = std::vector<const airspace::Declaration*>;

ZoneImportOptions Options() {
  ZoneImportOptions options;
  options.now = base::UtcMicros{1'656'633'600'000'000};  // 2022-07-01
  options.horizon_days = 10;
  return options;
}

Zones ZonesOf(const ZoneFile& file) {
  Zones zones;
  for (const ImportedZone& zone : file.zones) {
    for (const airspace::Declaration& declaration : zone.declarations) {
      CHECK(ValidateDeclaration(declaration).has_value());
      zones.push_back(&declaration);
    }
  }
  return zones;
}

size_t CountVolumes(const Zones& zones) {
  size_t volumes = 0;
  for (const airspace::Declaration* zone : zones) volumes += zone->volumes.size();
  return volumes;
}

}  // namespace

void FuzzZoneFile(std::string_view text, const ZoneFormat& format) {
  const base::Result<ZoneFile> file = format.import_file(text, Options());
  if (!file) {
    CHECK(!file.error().rule.empty());
    return;
  }
  for (const base::Error& refused : file->refused) CHECK(!refused.rule.empty());
  const Zones zones = ZonesOf(*file);
  const base::Result<std::string> written = format.export_file(zones, {});
  if (!written) return;  // what the format cannot say
  const base::Result<ZoneFile> again = format.import_file(*written, Options());
  CHECK(again.has_value() && again->refused.empty());
  const Zones zones_again = ZonesOf(*again);
  CHECK(CountVolumes(zones_again) == CountVolumes(zones));
  if (!format.keeps_zones) return;
  CHECK(zones_again.size() == zones.size());
  for (size_t i = 0; i < zones.size(); ++i) {
    CHECK(zones[i]->volumes == zones_again[i]->volumes);
    CHECK(zones[i]->restriction == zones_again[i]->restriction);
  }
}

}  // namespace wideberth::formats::testing
