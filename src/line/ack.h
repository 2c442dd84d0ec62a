// Acknowledgements: how far a node holds the peer's log, sent in the pipe beside the signed heartbeats.
//
// `through`: every entry up to and including it is durable here; the sender need never send it again. `ranges`: entries
// beyond a gap that have arrived; they are in memory only, so the sender holds them back for a while but keeps them.
//
// Binary: varints of `through`, the number of ranges, and for each the distance from the end before it and its length.
// Decoding is strict. Pure.
#ifndef WIDEBERTH_LINE_ACK_H_
#define WIDEBERTH_LINE_ACK_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace wideberth::line {

struct Ack {
  struct Range {
    uint64_t first = 0;
    uint64_t last = 0;  // inclusive
    bool operator==(const Range&) const = default;
  };
  uint64_t through = 0;
  std::vector<Range> ranges;  // ascending, apart from `through` and from each other by a gap
  bool operator==(const Ack&) const = default;
};

std::string EncodeAck(const Ack& ack);
// Refuses (field "ack") more than limits::kLineAckRangesMax ranges, touching ranges and anything behind the last.
base::Result<Ack> DecodeAck(std::string_view bytes);

}  // namespace wideberth::line

#endif  // WIDEBERTH_LINE_ACK_H_
