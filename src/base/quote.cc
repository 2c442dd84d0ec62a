#include "base/quote.h"

#include <array>
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

// Of eight bytes read at once, whether all are of class 0. A byte is compared in its own eight bits: below 0x20 the
// subtraction borrows into its high bit, of two equal bytes nothing is left; a borrow from the byte below can only
// make it say no, which costs a look at each.
bool AllPlain(const char* bytes) {
  uint64_t eight;
  std::memcpy(&eight, bytes, sizeof eight);
  constexpr uint64_t kOnes = 0x0101010101010101u;
  constexpr uint64_t kHigh = 0x8080808080808080u;
  const uint64_t quote = eight ^ (kOnes * '"');
  const uint64_t backslash = eight ^ (kOnes * '\\');
  return ((eight | (eight - kOnes * 0x20) | (quote - kOnes) | (backslash - kOnes)) & kHigh) == 0;
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
    if (text.size() - i >= 8 && AllPlain(text.data() + i)) {
      i += 8;
      continue;
    }
    const uint8_t byte_class = kByteClass[static_cast<uint8_t>(text[i])];
    if (byte_class == 0) {
      ++i;
      continue;
    }
    if (byte_class == 2) {
      const size_t bytes = Utf8SequenceBytes(text.substr(i));
      if (bytes != 0) {
        i += bytes;
        continue;
      }
    }
    out->append(text, copied, i - copied);
    if (byte_class == 1) {
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
