#include "sim/trace.h"

#include <fmt/core.h>

namespace wideberth::sim {

void Trace::Write(const std::string& text) const {
  const int64_t now_us = timeline_.now_us();
  sink_(fmt::format("{:4}.{:06} s  {}", now_us / 1'000'000, now_us % 1'000'000, text));
}

}  // namespace wideberth::sim
