#include "line/ack.h"

#include <limits>

#include "airspace/wire.h"
#include "base/bytes.h"
#include "base/limits.h"

namespace wideberth::line {

std::string EncodeAck(const Ack& ack) {
  base::Bytes bytes;
  airspace::WireWriter wire(&bytes);
  wire.Varint(ack.through);
  wire.Varint(ack.ranges.size());
  uint64_t end = ack.through;
  for (const Ack::Range& range : ack.ranges) {
    wire.Varint(range.first - end);
    wire.Varint(range.last - range.first);
    end = range.last;
  }
  return std::string(base::AsText(bytes));
}

base::Result<Ack> DecodeAck(std::string_view bytes) {
  airspace::WireReader wire(base::AsBytes(bytes));
  Ack ack;
  ack.through = wire.Varint();
  const size_t count = wire.Count(2);
  if (count > limits::kLineAckRangesMax) {
    return base::Invalid("ack", "must have at most 32 ranges", std::to_string(count));
  }
  uint64_t end = ack.through;
  for (size_t i = 0; i < count; ++i) {
    const uint64_t gap = wire.Varint();
    const uint64_t more = wire.Varint();
    // A gap of 1 would touch what comes before; the sum must not wrap.
    if (gap < 2 || gap > std::numeric_limits<uint64_t>::max() - end ||
        more > std::numeric_limits<uint64_t>::max() - end - gap) {
      wire.Fail();
      break;
    }
    ack.ranges.push_back({end + gap, end + gap + more});
    end += gap + more;
  }
  if (!wire.ok() || wire.left() != 0) {
    return base::Invalid("ack", "must be an acknowledgement and nothing behind it",
                         std::to_string(bytes.size()) + " bytes");
  }
  return ack;
}

}  // namespace wideberth::line
