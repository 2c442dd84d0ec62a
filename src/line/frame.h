// Frames: what one node hands to a path of the line, and the other takes from it: a letter that says what it is, and
// the rest.
//
//   'E'  an envelope
//   'B'  varint of the envelope's length, the envelope, and the body beside it
//   'A'  an acknowledgement (line/ack.h)
//   'H'  a heartbeat's envelope
//   'C'  a checkpoint of the sender's log of the line, a signed note (record/checkpoint.h)
//   'S'  a checkpoint of the receiver's log, with the sender's cosignature
//   'R'  the envelope of a refusal to cosign one (record/statement.h)
//   'Q'  varints of how many entries the sender holds of its own log, and of the receiver's: it has lost the rest
//   'O'  varint of the envelope's length, the envelope of an entry of the receiver's own log, the body beside it or
//        nothing: what the receiver has asked for
//
// Reading refuses other letters and what is longer than its limit, and copies nothing. Pure.
#ifndef WIDEBERTH_LINE_FRAME_H_
#define WIDEBERTH_LINE_FRAME_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "line/ack.h"
#include "line/log_entry.h"

namespace wideberth::line {

// A checkpoint of a line and its signatures; they have some 450.
inline constexpr size_t kLineCheckpointBytesMax = 4'096;

struct EntryFrame {
  std::string_view envelope;
  std::string_view body_beside;  // empty: none
};
struct HeartbeatFrame {
  std::string_view envelope;
};
struct CheckpointFrame {
  std::string_view note;
};
struct CosignatureFrame {
  std::string_view note;
};
struct RefusalFrame {
  std::string_view envelope;
};
struct AskFrame {
  uint64_t held_of_own = 0;
  uint64_t held_of_yours = 0;
};
struct OwnEntryFrame {
  EntryFrame entry;
};
using Frame = std::variant<EntryFrame, Ack, HeartbeatFrame, CheckpointFrame, CosignatureFrame,
                           RefusalFrame, AskFrame, OwnEntryFrame>;

std::string WriteEntryFrame(const LogEntry& entry);
std::string WriteAckFrame(const Ack& ack);
std::string WriteHeartbeatFrame(std::string_view envelope);
std::string WriteCheckpointFrame(std::string_view note);
std::string WriteCosignatureFrame(std::string_view note);
std::string WriteRefusalFrame(std::string_view envelope);
std::string WriteAskFrame(const AskFrame& ask);
std::string WriteOwnEntryFrame(const LogEntry& entry);

// The views point into `bytes`.
base::Result<Frame> ReadFrame(std::string_view bytes);

}  // namespace wideberth::line

#endif  // WIDEBERTH_LINE_FRAME_H_
