// The one true time of a simulated world, and what happens when.
//
// What is scheduled for one moment happens in the order of scheduling, so a run depends on nothing but its seed. Not
// thread-safe.
#ifndef WIDEBERTH_SIM_TIMELINE_H_
#define WIDEBERTH_SIM_TIMELINE_H_

#include <cstdint>
#include <functional>
#include <vector>

namespace wideberth::sim {

class Timeline {
 public:
  using Action = std::function<void()>;

  int64_t now_us() const { return now_us_; }
  uint64_t steps() const { return steps_; }

  // A moment that has passed counts as now.
  void At(int64_t time_us, Action action);
  void After(int64_t delay_us, Action action) { At(now_us_ + delay_us, std::move(action)); }

  // Goes to the next moment and does what happens there; false when nothing is left.
  bool Step();

 private:
  struct Event {
    int64_t time_us;
    uint64_t order;
    Action action;
  };
  static bool Later(const Event& a, const Event& b);

  int64_t now_us_ = 0;
  uint64_t scheduled_ = 0;
  uint64_t steps_ = 0;
  std::vector<Event> heap_;  // the earliest on top
};

}  // namespace wideberth::sim

#endif  // WIDEBERTH_SIM_TIMELINE_H_
