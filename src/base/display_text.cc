#include "base/display_text.h"

#include <array>
#include <cstdint>
#include <string>

#include "base/utf8.h"

namespace wideberth::base {
namespace {

uint32_t DecodeUtf8(std::string_view sequence) {
  constexpr std::array<uint8_t, 5> kLeadBits = {0, 0x7F, 0x1F, 0x0F, 0x07};
  uint32_t code = static_cast<uint8_t>(sequence[0]) & kLeadBits[sequence.size()];
  for (const char c : sequence.substr(1)) code = code << 6 | (static_cast<uint8_t>(c) & 0x3F);
  return code;
}

bool IsDisplayControl(uint32_t code) {
  return code < 0x20 || (code >= 0x7F && code < 0xA0) ||        // C0, DEL, C1
         code == 0x061C || code == 0x200E || code == 0x200F ||  // direction marks
         (code >= 0x2028 && code <= 0x202E) ||                  // separators, embeddings, overrides
         (code >= 0x2066 && code <= 0x2069) ||                  // isolates
         code == 0xFEFF;                                        // byte order mark
}

}  // namespace

Result<void> CheckDisplayText(std::string_view text, size_t bytes_max, std::string_view field,
                              Lines lines) {
  if (text.size() > bytes_max) {
    return Fail(ErrorCode::kTooLarge, field,
                "must not be longer than " + std::to_string(bytes_max) + " bytes",
                std::to_string(text.size()) + " bytes");
  }
  for (std::string_view rest = text; !rest.empty();) {
    const size_t bytes = Utf8SequenceBytes(rest);
    const std::string place = "at byte " + std::to_string(text.size() - rest.size());
    if (bytes == 0) return Invalid(field, "must be valid UTF-8", place);
    const uint32_t code = DecodeUtf8(rest.substr(0, bytes));
    if (IsDisplayControl(code) && (code != '\n' || lines == Lines::kOne)) {
      return Invalid(field, "must not hold control characters", place);
    }
    rest.remove_prefix(bytes);
  }
  return {};
}

}  // namespace wideberth::base
