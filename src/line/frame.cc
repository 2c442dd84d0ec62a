#include "line/frame.h"

#include "airspace/wire.h"
#include "base/bytes.h"
#include "base/limits.h"

namespace wideberth::line {
namespace {

base::Unexpected Refuse(std::string_view rule, std::string_view bytes) {
  return base::Invalid("frame", rule, std::to_string(bytes.size()) + " bytes");
}

// Behind it stand `body_bytes_min` bytes or more.
base::Result<EntryFrame> ReadEntryWithBody(std::string_view rest, size_t body_bytes_min) {
  airspace::WireReader wire(base::AsBytes(rest));
  const size_t envelope_bytes = wire.Count(1);
  if (!wire.ok() || envelope_bytes > limits::kEnvelopeBytesMax ||
      envelope_bytes + body_bytes_min > wire.left()) {
    return Refuse("must be an envelope of at most 65,535 bytes and the body beside it", rest);
  }
  const std::string_view both = base::AsText(wire.rest());
  return EntryFrame{both.substr(0, envelope_bytes), both.substr(envelope_bytes)};
}

std::string WithLength(char letter, const LogEntry& entry) {
  base::Bytes length;
  airspace::WireWriter(&length).Varint(entry.envelope->size());
  std::string frame;
  frame.reserve(1 + length.size() + entry.size());
  frame += letter;
  frame += base::AsText(length);
  frame += *entry.envelope;
  if (entry.body_beside != nullptr) frame += *entry.body_beside;
  return frame;
}

base::Result<Frame> ReadAsk(std::string_view rest) {
  airspace::WireReader wire(base::AsBytes(rest));
  AskFrame ask;
  ask.held_of_own = wire.Varint();
  ask.held_of_yours = wire.Varint();
  if (!wire.ok() || wire.left() != 0) return Refuse("must be two counts", rest);
  return Frame(ask);
}

}  // namespace

std::string WriteEntryFrame(const LogEntry& entry) {
  if (entry.body_beside == nullptr) return "E" + *entry.envelope;
  return WithLength('B', entry);
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

std::string WriteAskFrame(const AskFrame& ask) {
  base::Bytes counts;
  airspace::WireWriter wire(&counts);
  wire.Varint(ask.held_of_own);
  wire.Varint(ask.held_of_yours);
  return "Q" + std::string(base::AsText(counts));
}

std::string WriteOwnEntryFrame(const LogEntry& entry) {
  return WithLength('O', entry);
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
    case 'B': {
      WB_ASSIGN_OR_RETURN(const EntryFrame entry, ReadEntryWithBody(rest, 1));
      return Frame(entry);
    }
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
    case 'Q':
      return ReadAsk(rest);
    case 'O': {
      WB_ASSIGN_OR_RETURN(const EntryFrame entry, ReadEntryWithBody(rest, 0));
      return Frame(OwnEntryFrame{entry});
    }
    default:
      return Refuse("must begin with E, B, A, H, C, S, R, Q or O", bytes);
  }
}

}  // namespace wideberth::line
