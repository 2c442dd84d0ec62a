// Frames: what one node hands to a path of the line, and the other takes from it. One frame is one binary WebSocket
// message: a letter that says what it is, and the rest.
//
//   'E'  an envelope
//   'B'  varint of the envelope's length, the envelope, and the body beside it
//   'A'  an acknowledgement (line/ack.h)
//   'H'  a heartbeat's envelope
//
// Reading refuses other letters and what is longer than its limit, and copies nothing. Pure.
#ifndef WIDEBERTH_LINE_FRAME_H_
#define WIDEBERTH_LINE_FRAME_H_

#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "line/ack.h"
#include "line/log_entry.h"

namespace wideberth::line {

struct EntryFrame {
  std::string_view envelope;
  std::string_view body_beside;  // empty: none
};
struct HeartbeatFrame {
  std::string_view envelope;
};
using Frame = std::variant<EntryFrame, Ack, HeartbeatFrame>;

std::string WriteEntryFrame(const LogEntry& entry);
std::string WriteAckFrame(const Ack& ack);
std::string WriteHeartbeatFrame(std::string_view envelope);

// The views point into `bytes`.
base::Result<Frame> ReadFrame(std::string_view bytes);

}  // namespace wideberth::line

#endif  // WIDEBERTH_LINE_FRAME_H_
