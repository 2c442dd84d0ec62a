#include "store/checksum.h"

namespace wideberth::store {
namespace {

// Odd, so that multiplying by it is a bijection of 64 bits: 2^64 divided by the golden ratio.
constexpr uint64_t kOdd = 0x9e3779b97f4a7c15;

constexpr uint64_t Mix(uint64_t x) {
  x *= kOdd;
  return x ^ (x >> 32);
}

// Little-endian on every machine; compilers turn it into one load where that is the machine's
// order.
uint64_t LoadWord(const uint8_t* p, size_t n) {
  uint64_t word = 0;
  for (size_t i = 0; i < n; ++i) word |= uint64_t{p[i]} << (8 * i);
  return word;
}

}  // namespace

uint64_t Checksum64(base::ByteView bytes, uint64_t seed) {
  uint64_t state = Mix(seed + kOdd) ^ bytes.size();
  size_t i = 0;
  for (; i + 8 <= bytes.size(); i += 8) {
    const uint8_t* p = bytes.data() + i;
    const uint64_t word = uint64_t{p[0]} | uint64_t{p[1]} << 8 | uint64_t{p[2]} << 16 |
                          uint64_t{p[3]} << 24 | uint64_t{p[4]} << 32 | uint64_t{p[5]} << 40 |
                          uint64_t{p[6]} << 48 | uint64_t{p[7]} << 56;
    state = Mix(state ^ word);
  }
  if (i < bytes.size()) state = Mix(state ^ LoadWord(bytes.data() + i, bytes.size() - i));
  return Mix(state);
}

}  // namespace wideberth::store
