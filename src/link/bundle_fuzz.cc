// Invariants checked: reading a message never crashes; what is read, written anew, is the same message.
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "link/bundle.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view message(reinterpret_cast<const char*>(data), size);
  const auto frames = wideberth::link::ReadBundle(message);
  if (!frames) {
    CHECK(!frames.error().rule.empty());
    return 0;
  }
  wideberth::link::Bundle bundle;
  for (const std::string_view frame : *frames) {
    CHECK(bundle.HasRoomFor(frame));
    bundle.Add(frame);
  }
  CHECK(bundle.Take() == message);
  return 0;
}
