// Well-formed UTF-8 (Unicode table 3-7: no surrogates, no overlong forms, nothing beyond U+10FFFF).
#ifndef WIDEBERTH_BASE_UTF8_H_
#define WIDEBERTH_BASE_UTF8_H_

#include <cstddef>
#include <string_view>

namespace wideberth::base {

// The length of the well-formed sequence at the start of `text`, 1 to 4; 0 when there is none or
// `text` is empty.
size_t Utf8SequenceBytes(std::string_view text);

bool IsUtf8(std::string_view text);

// The longest prefix of at most `max_bytes` that does not end inside a sequence of `text`.
std::string_view CutUtf8(std::string_view text, size_t max_bytes);

}  // namespace wideberth::base

#endif  // WIDEBERTH_BASE_UTF8_H_
