// Invariants checked: reading never crashes and never reads beyond the bytes; a frame that is read is within its limits
// and is written again as the same bytes; an acknowledgement that is decoded ascends and leaves gaps, and an outbox and
// an inbox of any length take it or refuse it. The input is a frame; behind its first byte it is also an
// acknowledgement.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

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

LogEntry EntryOf(const EntryFrame& frame) {
  CHECK(frame.envelope.size() <= limits::kEnvelopeBytesMax);
  LogEntry entry;
  entry.envelope = std::make_shared<const std::string>(frame.envelope);
  if (!frame.body_beside.empty()) {
    entry.body_beside = std::make_shared<const std::string>(frame.body_beside);
  }
  return entry;
}

// One for each kind of frame, so that a new one is not forgotten.
struct Writer {
  std::string operator()(const EntryFrame& frame) const { return WriteEntryFrame(EntryOf(frame)); }
  std::string operator()(const Ack& frame) const { return WriteAckFrame(frame); }
  std::string operator()(const HeartbeatFrame& frame) const {
    return WriteHeartbeatFrame(frame.envelope);
  }
  std::string operator()(const CheckpointFrame& frame) const {
    return WriteCheckpointFrame(frame.note);
  }
  std::string operator()(const CosignatureFrame& frame) const {
    return WriteCosignatureFrame(frame.note);
  }
  std::string operator()(const RefusalFrame& frame) const {
    return WriteRefusalFrame(frame.envelope);
  }
  std::string operator()(const AskFrame& frame) const { return WriteAskFrame(frame); }
  std::string operator()(const OwnEntryFrame& frame) const {
    return WriteOwnEntryFrame(EntryOf(frame.entry));
  }
};

}  // namespace
}  // namespace wideberth::line

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace line = wideberth::line;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto frame = line::ReadFrame(input);
  if (frame) {
    CHECK(std::visit(line::Writer(), *frame) == input);
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
