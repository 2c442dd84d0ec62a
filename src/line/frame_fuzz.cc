// Invariants checked: reading never crashes and never reads beyond the bytes; a frame that is read is within its limits
// and is written again as the same bytes; an acknowledgement that is decoded ascends and leaves gaps, and an outbox and
// an inbox of any length take it or refuse it. The input is a frame; behind its first byte it is also an
// acknowledgement.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/limits.h"
#include "line/frame.h"
#include "line/outbox.h"
#include "line/testing/pair.h"

namespace wideberth::line {
namespace {

void CheckAck(const Ack& ack) {
  CHECK(ack.ranges.size() <= limits::kLineAckRangesMax);
  uint64_t end = ack.through;
  for (const Ack::Range& range : ack.ranges) {
    CHECK(range.first >= end + 2 && range.first > end && range.last >= range.first);
    end = range.last;
  }
  testing::MemoryLog log;
  Outbox outbox(log);
  for (int i = 0; i < 20; ++i) outbox.Add({std::make_shared<const std::string>("e"), nullptr});
  CHECK(outbox.Acknowledge(ack).has_value() == (end <= 20));
  const std::vector<Outbox::Due> due = outbox.Take(0).value();
  CHECK(due.size() == (end <= 20 ? 20 - ack.through : 0));
}

void CheckFrame(std::string_view bytes, const Frame& frame) {
  if (const auto* ack = std::get_if<Ack>(&frame)) {
    CHECK(WriteAckFrame(*ack) == bytes);
  } else if (const auto* heartbeat = std::get_if<HeartbeatFrame>(&frame)) {
    CHECK(WriteHeartbeatFrame(heartbeat->envelope) == bytes);
  } else {
    const auto& entry = std::get<EntryFrame>(frame);
    CHECK(entry.envelope.size() <= limits::kEnvelopeBytesMax);
    LogEntry whole;
    whole.envelope = std::make_shared<const std::string>(entry.envelope);
    if (!entry.body_beside.empty()) {
      whole.body_beside = std::make_shared<const std::string>(entry.body_beside);
    }
    CHECK(WriteEntryFrame(whole) == bytes);
  }
}

}  // namespace
}  // namespace wideberth::line

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace line = wideberth::line;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto frame = line::ReadFrame(input);
  if (frame) {
    line::CheckFrame(input, *frame);
  } else {
    CHECK(!frame.error().rule.empty() && !frame.error().field.empty());
  }
  if (input.empty()) return 0;
  const auto ack = line::DecodeAck(input.substr(1));
  if (ack) {
    line::CheckAck(*ack);
    CHECK(line::EncodeAck(*ack) == input.substr(1));
  }
  return 0;
}
