// The words of OpenAir that both its reader and its writer know. Inside formats only.
#ifndef WIDEBERTH_FORMATS_OPENAIR_WORDS_H_
#define WIDEBERTH_FORMATS_OPENAIR_WORDS_H_

#include <string_view>

#include "airspace/notice.h"

namespace wideberth::formats::openair {

inline constexpr double kNauticalMileM = 1852;

// What a class (AC) or a type (AY), in upper case, means for others; see formats/openair/openair.h.
airspace::Restriction RestrictionOf(std::string_view word);

// The line up to a comment (a "*" at the start or after a space), without space around it.
std::string_view WithoutComment(std::string_view line);

}  // namespace wideberth::formats::openair

#endif  // WIDEBERTH_FORMATS_OPENAIR_WORDS_H_
