// Words of enumerations whose values are 0, 1, 2, ...; inside airspace only.
#ifndef WIDEBERTH_AIRSPACE_ENUM_NAMES_H_
#define WIDEBERTH_AIRSPACE_ENUM_NAMES_H_

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/result.h"

namespace wideberth::airspace {

template <class Enum>
std::string_view WordOf(std::span<const std::string_view> words, Enum value) {
  CHECK(static_cast<size_t>(value) < words.size());
  return words[static_cast<size_t>(value)];
}

template <class Enum>
base::Result<Enum> ParseWord(std::span<const std::string_view> words, std::string_view text) {
  std::string rule = "must be one of ";
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i] == text) return static_cast<Enum>(i);
    rule.append(i == 0 ? "" : ", ").append(words[i]);
  }
  return base::Invalid("", rule, text);
}

}  // namespace wideberth::airspace

#endif  // WIDEBERTH_AIRSPACE_ENUM_NAMES_H_
