// Numbers as text, for refusals: the shortest spelling that reads back to the same number, in no locale.
#ifndef WIDEBERTH_BASE_NUMBER_H_
#define WIDEBERTH_BASE_NUMBER_H_

#include <charconv>
#include <string>

namespace wideberth::base {

template <class Number>
std::string NumberText(Number value) {
  char text[32];
  return std::string(text, std::to_chars(text, text + sizeof text, value).ptr);
}

}  // namespace wideberth::base

#endif  // WIDEBERTH_BASE_NUMBER_H_
