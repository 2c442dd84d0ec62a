// How the record's formats spell numbers (decimal text with one spelling, bytes big-endian), and how refusals show what
// was found.
#ifndef WIDEBERTH_RECORD_SPELLING_H_
#define WIDEBERTH_RECORD_SPELLING_H_

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

#include "base/bytes.h"
#include "base/utf8.h"

namespace wideberth::record {

// Digits only, no leading zero, at most `max`; otherwise nullopt.
inline std::optional<uint64_t> ParseDecimal(std::string_view text, uint64_t max) {
  uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || value > max) return std::nullopt;
  if (text.size() > 1 && text.front() == '0') return std::nullopt;
  return value;
}

inline std::array<uint8_t, 8> BigEndian64(uint64_t value) {
  std::array<uint8_t, 8> bytes;
  for (size_t i = 0; i < 8; ++i) bytes[i] = static_cast<uint8_t>(value >> (56 - 8 * i));
  return bytes;
}

inline uint64_t FromBigEndian64(std::span<const uint8_t, 8> bytes) {
  uint64_t value = 0;
  for (const uint8_t byte : bytes) value = (value << 8) | byte;
  return value;
}

// Bytes of a stranger as text: in hex unless they are UTF-8.
inline std::string Shown(std::string_view text) {
  return base::IsUtf8(text) ? std::string(text) : base::HexEncode(base::AsBytes(text));
}

}  // namespace wideberth::record

#endif  // WIDEBERTH_RECORD_SPELLING_H_
