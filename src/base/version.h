// The version of the program, as people read it; CMakeLists.txt takes it from here.
#ifndef WIDEBERTH_BASE_VERSION_H_
#define WIDEBERTH_BASE_VERSION_H_

#include <string_view>

namespace wideberth::base {

inline constexpr std::string_view kVersion = "0.1.0";

}  // namespace wideberth::base

#endif  // WIDEBERTH_BASE_VERSION_H_
