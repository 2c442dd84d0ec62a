// Text as a JSON string: what the log and the JSON writer share.
#ifndef WIDEBERTH_BASE_QUOTE_H_
#define WIDEBERTH_BASE_QUOTE_H_

#include <string>
#include <string_view>

namespace wideberth::base {

// Appends `text` as a JSON string with its quotes. The result is valid JSON whatever the bytes:
// those that are not UTF-8 become U+FFFD.
void AppendJsonQuoted(std::string* out, std::string_view text);

}  // namespace wideberth::base

#endif  // WIDEBERTH_BASE_QUOTE_H_
