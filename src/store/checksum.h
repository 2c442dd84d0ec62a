// A checksum against damage, not against an adversary (that is what the SHA-256 chain is for).
//
// Every step is a bijection of the state, so a change confined to one aligned 8-byte word is always
// found; other damage goes unseen with probability 2^-64. About 4 GB/s.
#ifndef WIDEBERTH_STORE_CHECKSUM_H_
#define WIDEBERTH_STORE_CHECKSUM_H_

#include <cstdint>

#include "base/bytes.h"

namespace wideberth::store {

// The value is written to disk: it is part of the store's format and the same on every machine.
uint64_t Checksum64(base::ByteView bytes, uint64_t seed);

// The checksum of a set of rows, whatever order they come in: count and sum of the rows' checksums.
// A row that vanished, came back or is an old version of itself makes a difference.
struct SetChecksum {
  uint64_t count = 0;
  uint64_t sum = 0;

  void Add(uint64_t checksum) {
    ++count;
    sum += checksum;
  }
  void Remove(uint64_t checksum) {
    --count;
    sum -= checksum;
  }
  bool operator==(const SetChecksum&) const = default;
};

}  // namespace wideberth::store

#endif  // WIDEBERTH_STORE_CHECKSUM_H_
