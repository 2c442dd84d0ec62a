// Invariants checked:
// - import never crashes; every zone it gives is a valid declaration; every refusal has a rule;
// - what is exported is read back to equal volumes, zone by zone.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "formats/ed269.h"

namespace {

namespace formats = wideberth::formats;

formats::ZoneImportOptions Options() {
  formats::ZoneImportOptions options;
  options.now = wideberth::base::UtcMicros{1'656'633'600'000'000};  // 2022-07-01
  options.horizon_days = 10;
  return options;
}

std::vector<const wideberth::airspace::Declaration*> Declarations(const formats::ZoneFile& file) {
  std::vector<const wideberth::airspace::Declaration*> all;
  for (const formats::ImportedZone& zone : file.zones) {
    for (const auto& declaration : zone.declarations) {
      CHECK(wideberth::airspace::ValidateDeclaration(declaration).has_value());
      all.push_back(&declaration);
    }
  }
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto file = formats::ImportEd269(text, Options());
  if (!file) {
    CHECK(!file.error().rule.empty());
    return 0;
  }
  for (const auto& refused : file->refused) CHECK(!refused.rule.empty());
  const auto zones = Declarations(*file);
  const auto written = formats::ExportEd269(zones, {});
  if (!written) return 0;  // what the format cannot say
  const auto again = formats::ImportEd269(*written, Options());
  CHECK(again.has_value());
  const auto zones_again = Declarations(*again);
  CHECK(zones_again.size() == zones.size());
  for (size_t i = 0; i < zones.size(); ++i) {
    CHECK(zones[i]->volumes == zones_again[i]->volumes);
    CHECK(zones[i]->restriction == zones_again[i]->restriction);
  }
  return 0;
}
