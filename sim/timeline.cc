#include "sim/timeline.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace wideberth::sim {

bool Timeline::Later(const Event& a, const Event& b) {
  return std::tie(a.time_us, a.order) > std::tie(b.time_us, b.order);
}

void Timeline::At(int64_t time_us, Action action) {
  heap_.push_back({std::max(time_us, now_us_), scheduled_++, std::move(action)});
  std::push_heap(heap_.begin(), heap_.end(), Later);
}

bool Timeline::Step() {
  if (heap_.empty()) return false;
  std::pop_heap(heap_.begin(), heap_.end(), Later);
  const Event event = std::move(heap_.back());
  heap_.pop_back();
  now_us_ = event.time_us;
  ++steps_;
  event.action();
  return true;
}

}  // namespace wideberth::sim
