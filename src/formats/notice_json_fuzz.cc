// Invariants checked:
// - reading never crashes; what is accepted is a valid declaration and reads back equal when it is written;
// - a refusal has a rule, and its field is a JSON pointer;
// - a file of notices never crashes the reader, and what it holds is valid.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "formats/detect.h"
#include "formats/notice_file.h"
#include "formats/notice_json.h"

namespace formats = wideberth::formats;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  auto declaration = formats::ParseDeclaration(text);
  if (declaration) {
    CHECK(wideberth::airspace::ValidateDeclaration(*declaration).has_value());
    std::string written;
    wideberth::json::Writer json(&written);
    formats::WriteDeclaration(&json, *declaration);
    auto again = formats::ParseDeclaration(written);
    CHECK(again.has_value());
    again->original = declaration->original;
    CHECK(*again == *declaration);
  } else {
    CHECK(!declaration.error().rule.empty());
    CHECK(declaration.error().field.empty() || declaration.error().field[0] == '/');
  }
  auto file = formats::ReadNoticeFile(text);
  if (file) {
    for (const auto& entry : file->notices) {
      CHECK(wideberth::airspace::ValidateDeclaration(entry.declaration).has_value());
    }
    (void)formats::ShiftNotices(wideberth::base::kMicrosPerDay, &*file);
  }
  (void)formats::DetectFormat(text);
  return 0;
}
