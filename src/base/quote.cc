#include "base/quote.h"

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include "base/utf8.h"

namespace wideberth::base {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

// 0: copy as it is; 1: needs an escape; 2: starts a multi-byte sequence (or is no UTF-8 at all).
constexpr std::array<uint8_t, 256> kByteClass = [] {
  std::array<uint8_t, 256> table{};
  for (size_t i = 0; i < 0x20; ++i) table[i] = 1;
  table['"'] = 1;
  table['\\'] = 1;
  for (size_t i = 0x80; i < 256; ++i) table[i] = 2;
  return table;
}();

// How many bytes from `at` on are of class 0. A text inside a text has a quote every few bytes, and base64 has none for
// thousands, so what ends a run of them is found without looking at each.
size_t CountPlain(std::string_view text, size_t at) {
  using Sixteen [[gnu::vector_size(16)]] = signed char;
  static_assert(std::endian::native == std::endian::little, "the first byte is the lowest");
  size_t i = at;
  for (; text.size() - i >= sizeof(Sixteen); i += sizeof(Sixteen)) {
    Sixteen bytes;
    std::memcpy(&bytes, text.data() + i, sizeof bytes);
    // Read as signed, what is not ASCII is below a space too.
    const auto special = (bytes < ' ') | (bytes == '"') | (bytes == '\\');
    const auto [low, high] = std::bit_cast<std::array<uint64_t, 2>>(special);
    if ((low | high) == 0) continue;
    const int bit = low != 0 ? std::countr_zero(low) : 64 + std::countr_zero(high);
    return i + static_cast<size_t>(bit) / 8 - at;
  }
  while (i < text.size() && kByteClass[static_cast<uint8_t>(text[i])] == 0) ++i;
  return i - at;
}

void AppendEscape(std::string* json, char c) {
  constexpr char kHexDigits[] = "0123456789abcdef";
  switch (c) {
    case '"':
      json->append("\\\"");
      return;
    case '\\':
      json->append("\\\\");
      return;
    case '\b':
      json->append("\\b");
      return;
    case '\f':
      json->append("\\f");
      return;
    case '\n':
      json->append("\\n");
      return;
    case '\r':
      json->append("\\r");
      return;
    case '\t':
      json->append("\\t");
      return;
    default:
      json->append("\\u00");
      json->push_back(kHexDigits[static_cast<uint8_t>(c) >> 4]);
      json->push_back(kHexDigits[static_cast<uint8_t>(c) & 15]);
  }
}

}  // namespace

void AppendJsonQuoted(std::string* out, std::string_view text) {
  out->push_back('"');
  size_t copied = 0;
  size_t i = 0;
  while (i < text.size()) {
    i += CountPlain(text, i);
    if (i == text.size()) break;
    const bool escapes = kByteClass[static_cast<uint8_t>(text[i])] == 1;
    if (!escapes) {
      const size_t bytes = Utf8SequenceBytes(text.substr(i));
      if (bytes != 0) {
        i += bytes;
        continue;
      }
    }
    out->append(text, copied, i - copied);
    if (escapes) {
      AppendEscape(out, text[i]);
    } else {
      out->append(kReplacement);
    }
    copied = ++i;
  }
  out->append(text, copied, text.size() - copied);
  out->push_back('"');
}

}  // namespace wideberth::base
