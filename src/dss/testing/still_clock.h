#ifndef WIDEBERTH_DSS_TESTING_STILL_CLOCK_H_
#define WIDEBERTH_DSS_TESTING_STILL_CLOCK_H_

#include <atomic>
#include <cstdint>

#include "base/time.h"

namespace wideberth::dss::testing {

// Stands still until it is told otherwise, from any thread.
class StillClock final : public base::Clock {
 public:
  base::UtcMicros Now() const override { return {now_us_.load()}; }
  int64_t MonotonicMicros() const override { return now_us_.load(); }
  void Advance(int64_t micros) { now_us_ += micros; }

 private:
  std::atomic<int64_t> now_us_ = 1'790'000'000'000'000;
};

}  // namespace wideberth::dss::testing

#endif  // WIDEBERTH_DSS_TESTING_STILL_CLOCK_H_
