// What it holds: formats/testing/fuzz_zones.h.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "formats/openair/openair.h"
#include "formats/testing/fuzz_zones.h"

namespace formats = wideberth::formats;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  formats::testing::FuzzZoneFile(
      {reinterpret_cast<const char*>(data), size},
      {formats::openair::Import, formats::openair::Export, /*keeps_zones=*/false});
  return 0;
}
