// Stored prepared volumes: what DecodePrepared accepts has one spelling and reaches no invariant of the index.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "airspace/volume_index.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using wideberth::airspace::DecodePrepared;
  using wideberth::airspace::EncodePrepared;
  using wideberth::airspace::VolumeIndex;
  const wideberth::base::ByteView all(data, size);
  wideberth::base::ByteView rest = all;
  const auto prepared = DecodePrepared(&rest);
  if (!prepared) return 0;
  wideberth::base::Bytes again;
  EncodePrepared(*prepared, &again);
  if (again.size() != all.size() - rest.size() ||
      !std::equal(again.begin(), again.end(), all.begin())) {
    std::abort();
  }
  VolumeIndex index;
  index.Insert(0, *prepared);
  index.Insert(1, *prepared);
  index.Remove(0);
  index.SanityCheck();
  return 0;
}
