// What it holds: formats/testing/fuzz_zones.h.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "formats/ed269.h"
#include "formats/testing/fuzz_zones.h"

namespace formats = wideberth::formats;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  formats::testing::FuzzZoneFile(
      {reinterpret_cast<const char*>(data), size},
      {formats::ImportEd269, formats::ExportEd269, /*keeps_zones=*/true});
  return 0;
}
