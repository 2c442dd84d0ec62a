// Randomness as a parameter: the pure modules draw none; the edges draw ids and salts here and put them into commands.
#ifndef WIDEBERTH_BASE_RANDOM_H_
#define WIDEBERTH_BASE_RANDOM_H_

#include <cstdint>
#include <span>

#include "base/ids.h"

namespace wideberth::base {

class RandomSource {
 public:
  virtual ~RandomSource() = default;
  virtual void Fill(std::span<uint8_t> out) = 0;

  Uuid NewUuidV4();
};

// The kernel's generator (getrandom). Thread-safe. Stops the process if the kernel refuses, which it does not.
class SystemRandom final : public RandomSource {
 public:
  void Fill(std::span<uint8_t> out) override;
};

// SplitMix64 from a seed: one seed replays any run. For tests, fuzzers and the simulator; never for keys.
class SeededRandom final : public RandomSource {
 public:
  explicit SeededRandom(uint64_t seed) : state_(seed) {}
  void Fill(std::span<uint8_t> out) override;

  uint64_t Next();
  // Uniform in [0, bound); bound > 0.
  uint64_t Below(uint64_t bound);
  // Uniform in [low, high].
  int64_t Between(int64_t low, int64_t high);
  // Uniform in [0, 1).
  double Unit();

 private:
  uint64_t state_;
};

}  // namespace wideberth::base

#endif  // WIDEBERTH_BASE_RANDOM_H_
