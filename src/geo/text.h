// Numbers as text, for refusals: the shortest spelling that reads back to the same number. Inside
// geo only.
#ifndef WIDEBERTH_GEO_TEXT_H_
#define WIDEBERTH_GEO_TEXT_H_

#include <charconv>
#include <string>

namespace wideberth::geo {

template <class Number>
std::string NumberText(Number value) {
  char text[32];
  const auto [end, error] = std::to_chars(text, text + sizeof text, value);
  return std::string(text, end);
}

}  // namespace wideberth::geo

#endif  // WIDEBERTH_GEO_TEXT_H_
