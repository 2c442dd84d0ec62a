// What it holds: formats/testing/fuzz_zones.h.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "formats/ed318.h"
#include "formats/testing/fuzz_zones.h"

namespace formats = wideberth::formats;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  formats::testing::FuzzZoneFile(
      {reinterpret_cast<const char*>(data), size},
      {formats::ImportEd318, formats::ExportEd318, /*keeps_zones=*/true});
  return 0;
}
