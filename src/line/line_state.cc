#include "line/line_state.h"

#include "airspace/wire.h"
#include "base/check.h"
#include "base/limits.h"
#include "crypto/sha256.h"

namespace wideberth::line {
namespace {

using airspace::WireReader;
using airspace::WireWriter;

enum class EffectKind : uint8_t { kWritten, kMirrored, kPolicyLane };

base::Unexpected Damaged(std::string_view field) {
  return base::Fail(base::ErrorCode::kStorage, field, "must be as a node of this version wrote it");
}

void WriteEntry(uint64_t seq, const LogEntry& entry, WireWriter* wire) {
  wire->Varint(seq);
  wire->Text(*entry.envelope);
  wire->Bool(entry.body_beside != nullptr);
  if (entry.body_beside != nullptr) wire->Text(*entry.body_beside);
}

LogEntry ReadEntry(uint64_t* seq, WireReader* wire) {
  *seq = wire->Varint();
  LogEntry entry;
  entry.envelope = std::make_shared<const std::string>(wire->Text());
  if (wire->Bool()) entry.body_beside = std::make_shared<const std::string>(wire->Text());
  if (*seq == 0 || entry.envelope->empty() || entry.envelope->size() > limits::kEnvelopeBytesMax) {
    wire->Fail();
  }
  return entry;
}

void WriteLog(const LogState& log, WireWriter* wire) {
  wire->Fixed(log.last.bytes);
  wire->Text(base::AsText(log.tree.Encode()));
}

base::Result<LogState> ReadLog(WireReader* wire) {
  LogState log;
  log.last = wire->ReadDigest();
  WB_ASSIGN_OR_RETURN(log.tree, record::Frontier::Decode(base::AsBytes(wire->Text())));
  return log;
}

}  // namespace

void EncodeEffect(const Effect& effect, base::Bytes* out) {
  WireWriter wire(out);
  if (const auto* written = std::get_if<EntryWritten>(&effect)) {
    wire.EnumValue(EffectKind::kWritten);
    WriteEntry(written->seq, written->entry, &wire);
    wire.Time(written->sent_at);
  } else if (const auto* mirrored = std::get_if<EntryMirrored>(&effect)) {
    wire.EnumValue(EffectKind::kMirrored);
    WriteEntry(mirrored->seq, mirrored->entry, &wire);
  } else {
    const auto& lane = std::get<PolicyLaneChanged>(effect);
    wire.EnumValue(EffectKind::kPolicyLane);
    wire.Bool(lane.by_peer);
    wire.Bool(lane.suspended);
  }
}

base::Result<Effect> DecodeEffect(base::ByteView* in) {
  WireReader wire(*in);
  Effect effect;
  switch (wire.EnumValue(EffectKind::kPolicyLane)) {
    case EffectKind::kWritten: {
      EntryWritten written;
      written.entry = ReadEntry(&written.seq, &wire);
      written.sent_at = wire.Time();
      effect = std::move(written);
      break;
    }
    case EffectKind::kMirrored: {
      EntryMirrored mirrored;
      mirrored.entry = ReadEntry(&mirrored.seq, &wire);
      effect = std::move(mirrored);
      break;
    }
    case EffectKind::kPolicyLane: {
      PolicyLaneChanged lane;
      lane.by_peer = wire.Bool();
      lane.suspended = wire.Bool();
      effect = lane;
      break;
    }
  }
  if (!wire.ok()) return Damaged("effect");
  *in = wire.rest();
  return effect;
}

void LogState::Append(const LogEntry& entry) {
  const base::ByteView leaf = base::AsBytes(*entry.envelope);
  last = crypto::Sha256(leaf);
  tree.Append(record::LeafHash(leaf));
}

void LineState::Apply(const Effect& effect) {
  if (const auto* written = std::get_if<EntryWritten>(&effect)) {
    CHECK(written->seq == own.size() + 1);
    own.Append(written->entry);
    last_sent_at = written->sent_at;
  } else if (const auto* mirrored = std::get_if<EntryMirrored>(&effect)) {
    CHECK(mirrored->seq == mirror.size() + 1);
    mirror.Append(mirrored->entry);
  } else {
    const auto& lane = std::get<PolicyLaneChanged>(effect);
    (lane.by_peer ? suspended_by_peer : suspended_by_self) = lane.suspended;
  }
}

void LineState::Encode(base::Bytes* out) const {
  WireWriter wire(out);
  WriteLog(own, &wire);
  WriteLog(mirror, &wire);
  wire.Time(last_sent_at);
  wire.Bool(suspended_by_self);
  wire.Bool(suspended_by_peer);
}

base::Result<LineState> LineState::Decode(base::ByteView* in) {
  LineState state;
  WireReader wire(*in);
  WB_ASSIGN_OR_RETURN(state.own, ReadLog(&wire));
  WB_ASSIGN_OR_RETURN(state.mirror, ReadLog(&wire));
  state.last_sent_at = wire.Time();
  state.suspended_by_self = wire.Bool();
  state.suspended_by_peer = wire.Bool();
  if (!wire.ok()) return Damaged("line_state");
  *in = wire.rest();
  return state;
}

}  // namespace wideberth::line
