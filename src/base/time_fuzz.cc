// Invariants checked: reading never crashes; a time that is accepted lies in the range and, written and read again, is
// the same; a refusal has a rule.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "base/time.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using wideberth::base::FormatRfc3339;
  using wideberth::base::ParseRfc3339;
  const auto time = ParseRfc3339({reinterpret_cast<const char*>(data), size});
  if (!time) {
    CHECK(!time.error().rule.empty());
    return 0;
  }
  CHECK(time->us >= 0);
  const auto again = ParseRfc3339(FormatRfc3339(*time));
  CHECK(again.has_value() && *again == *time);
  return 0;
}
