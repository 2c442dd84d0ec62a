#include "line/frame.h"

#include "airspace/wire.h"
#include "base/bytes.h"
#include "base/limits.h"

namespace wideberth::line {
namespace {

base::Unexpected Refuse(std::string_view rule, std::string_view bytes) {
  return base::Invalid("frame", rule, std::to_string(bytes.size()) + " bytes");
}

base::Result<Frame> ReadEntryWithBody(std::string_view rest) {
  airspace::WireReader wire(base::AsBytes(rest));
  const size_t envelope_bytes = wire.Count(1);
  if (!wire.ok() || envelope_bytes > limits::kEnvelopeBytesMax || envelope_bytes >= wire.left()) {
    return Refuse("must be an envelope of at most 65,535 bytes and the body beside it", rest);
  }
  const std::string_view both = base::AsText(wire.rest());
  return Frame(EntryFrame{both.substr(0, envelope_bytes), both.substr(envelope_bytes)});
}

}  // namespace

std::string WriteEntryFrame(const LogEntry& entry) {
  if (entry.body_beside == nullptr) return "E" + *entry.envelope;
  base::Bytes length;
  airspace::WireWriter(&length).Varint(entry.envelope->size());
  std::string frame;
  frame.reserve(1 + length.size() + entry.size());
  frame += 'B';
  frame += base::AsText(length);
  frame += *entry.envelope;
  frame += *entry.body_beside;
  return frame;
}

std::string WriteAckFrame(const Ack& ack) {
  return "A" + EncodeAck(ack);
}

std::string WriteHeartbeatFrame(std::string_view envelope) {
  return "H" + std::string(envelope);
}

std::string WriteCheckpointFrame(std::string_view note) {
  return "C" + std::string(note);
}

std::string WriteCosignatureFrame(std::string_view note) {
  return "S" + std::string(note);
}

std::string WriteRefusalFrame(std::string_view envelope) {
  return "R" + std::string(envelope);
}

base::Result<Frame> ReadFrame(std::string_view bytes) {
  if (bytes.empty() || bytes.size() > limits::kLineFrameBytesMax) {
    return Refuse("must have 1 byte to 4 MiB and 128 KiB", bytes);
  }
  const std::string_view rest = bytes.substr(1);
  switch (bytes[0]) {
    case 'E':
      if (rest.size() > limits::kEnvelopeBytesMax) {
        return Refuse("must hold an envelope of at most 65,535 bytes", bytes);
      }
      return Frame(EntryFrame{rest, {}});
    case 'B':
      return ReadEntryWithBody(rest);
    case 'A': {
      WB_ASSIGN_OR_RETURN(Ack ack, DecodeAck(rest));
      return Frame(std::move(ack));
    }
    case 'H':
      if (rest.size() > limits::kEnvelopeBytesMax) {
        return Refuse("must hold an envelope of at most 65,535 bytes", bytes);
      }
      return Frame(HeartbeatFrame{rest});
    case 'C':
    case 'S':
      if (rest.size() > kLineCheckpointBytesMax) {
        return Refuse("must hold a checkpoint of at most 4,096 bytes", bytes);
      }
      return bytes[0] == 'C' ? Frame(CheckpointFrame{rest}) : Frame(CosignatureFrame{rest});
    case 'R':
      if (rest.size() > limits::kEnvelopeBytesMax) {
        return Refuse("must hold an envelope of at most 65,535 bytes", bytes);
      }
      return Frame(RefusalFrame{rest});
    default:
      return Refuse("must begin with E, B, A, H, C, S or R", bytes);
  }
}

}  // namespace wideberth::line
