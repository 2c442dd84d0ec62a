// Invariants checked:
// - import never crashes; every zone it gives is a valid declaration; every refusal has a rule;
// - what is exported is read back without a refusal, with the same number of volumes.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "formats/openair/openair.h"

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
  const auto file = formats::openair::Import(text, Options());
  if (!file) {
    CHECK(!file.error().rule.empty());
    return 0;
  }
  for (const auto& refused : file->refused) CHECK(!refused.rule.empty());
  const auto zones = Declarations(*file);
  const auto written = formats::openair::Export(zones, {});
  if (!written) return 0;  // what the format cannot say
  const auto again = formats::openair::Import(*written, Options());
  CHECK(again.has_value());
  CHECK(again->refused.empty());
  const auto zones_again = Declarations(*again);
  size_t volumes = 0, volumes_again = 0;
  for (const auto* zone : zones) volumes += zone->volumes.size();
  for (const auto* zone : zones_again) volumes_again += zone->volumes.size();
  CHECK(volumes == volumes_again);
  return 0;
}
