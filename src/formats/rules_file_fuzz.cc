// Invariants checked:
// - reading never crashes; a refusal has a rule;
// - what is accepted makes Rules, and its canonical form does not depend on a comment in front.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "formats/rules_file.h"

namespace formats = wideberth::formats;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto file = formats::ParseRulesFile(text);
  if (!file) {
    CHECK(!file.error().rule.empty());
    return 0;
  }
  CHECK(wideberth::airspace::Rules::Make(file->content, {}).has_value());
  const auto again = formats::ParseRulesFile(std::string("# comment\n").append(text));
  if (again) CHECK(again->canonical == file->canonical);
  return 0;
}
