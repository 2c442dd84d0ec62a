#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace wideberth::base {

void CheckFailed(const char* file, int line, const char* condition, const char* message) noexcept {
  std::fprintf(stderr, "CHECK failed at %s:%d: %s%s%s\n", file, line, condition,
               message[0] == '\0' ? "" : ": ", message);
  std::abort();
}

}  // namespace wideberth::base
