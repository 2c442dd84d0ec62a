// Invariants checked: a path that parses formats to the same bytes; a bundle that decodes under a width has that many
// entries and encodes to the same bytes, and under no other width does it decode. Input: a path, or a byte that is the
// width less one and a bundle.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "record/tile_path.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace base = wideberth::base;
  namespace record = wideberth::record;
  const std::string_view path(reinterpret_cast<const char*>(data), size);
  if (const auto tile = record::ParseTilePath(path)) {
    CHECK(record::FormatTilePath(*tile).value() == path);
  }
  if (size == 0) return 0;
  const unsigned width = data[0] + 1U;
  const base::ByteView bundle(data + 1, size - 1);
  const auto entries = record::DecodeEntryBundle(bundle, width);
  if (!entries) {
    CHECK(!entries.error().rule.empty());
    return 0;
  }
  CHECK(entries->size() == width);
  base::Bytes encoded;
  for (const base::ByteView entry : *entries) {
    CHECK(record::AppendEntry(entry, &encoded).has_value());
  }
  CHECK(std::equal(encoded.begin(), encoded.end(), bundle.begin(), bundle.end()));
  CHECK(!record::DecodeEntryBundle(bundle, width - 1).has_value());
  CHECK(!record::DecodeEntryBundle(bundle, width + 1).has_value());
  return 0;
}
