#include "base/random.h"

#include <sys/random.h>

#include <cerrno>
#include <cstring>

#include "base/check.h"

namespace wideberth::base {

Uuid RandomSource::NewUuidV4() {
  std::array<uint8_t, 16> random{};
  Fill(random);
  return Uuid::V4FromRandom(random);
}

void SystemRandom::Fill(std::span<uint8_t> out) {
  // getrandom gives at most 256 bytes at a time without interruption.
  for (size_t done = 0; done < out.size();) {
    const size_t want = out.size() - done < 256 ? out.size() - done : 256;
    const ssize_t got = getrandom(out.data() + done, want, 0);
    if (got < 0 && errno == EINTR) continue;
    CHECK_MSG(got > 0, "the kernel's random generator failed");
    done += static_cast<size_t>(got);
  }
}

uint64_t SeededRandom::Next() {
  state_ += 0x9E3779B97F4A7C15u;
  uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

void SeededRandom::Fill(std::span<uint8_t> out) {
  for (size_t done = 0; done < out.size(); done += 8) {
    const uint64_t word = Next();
    std::memcpy(out.data() + done, &word, out.size() - done < 8 ? out.size() - done : 8);
  }
}

uint64_t SeededRandom::Below(uint64_t bound) {
  CHECK(bound > 0);
  // The high half of a 128-bit product; the bias is below 2^-32 for the bounds that tests use.
  return static_cast<uint64_t>((static_cast<__uint128_t>(Next()) * bound) >> 64);
}

int64_t SeededRandom::Between(int64_t low, int64_t high) {
  CHECK(low <= high);
  return low +
         static_cast<int64_t>(Below(static_cast<uint64_t>(high) - static_cast<uint64_t>(low) + 1));
}

double SeededRandom::Unit() {
  return static_cast<double>(Next() >> 11) * 0x1.0p-53;
}

}  // namespace wideberth::base
