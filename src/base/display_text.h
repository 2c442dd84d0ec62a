// Texts that people are shown: well-formed UTF-8 without what could break a line, hide, or reorder what stands beside
// it on a display.
//
//   WB_RETURN_IF_ERROR(base::CheckDisplayText(site.name, 100, "/name"));
#ifndef WIDEBERTH_BASE_DISPLAY_TEXT_H_
#define WIDEBERTH_BASE_DISPLAY_TEXT_H_

#include <cstddef>
#include <string_view>

#include "base/result.h"

namespace wideberth::base {

enum class Lines {
  kOne,
  kSeveral
};  // several: "\n" ends a line; every other control stays refused

// Refuses with kTooLarge a longer text, with kInvalid bytes that are no UTF-8, control characters, line and paragraph
// separators, and marks of direction.
Result<void> CheckDisplayText(std::string_view text, size_t bytes_max, std::string_view field,
                              Lines lines = Lines::kOne);

}  // namespace wideberth::base

#endif  // WIDEBERTH_BASE_DISPLAY_TEXT_H_
