#include "line/line_state.h"

#include <algorithm>

#include "airspace/wire.h"
#include "base/check.h"
#include "base/limits.h"
#include "record/signed_note.h"

namespace wideberth::line {
namespace {

using airspace::WireReader;
using airspace::WireWriter;

enum class EffectKind : uint8_t {
  kWritten,
  kMirrored,
  kPolicyLane,
  kMessageKey,
  kHeadSigned,
  kHeadCosigned,
};

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

base::Result<crypto::PublicKey> ReadKey(WireReader* wire) {
  std::array<uint8_t, crypto::kEd25519KeyBytes> bytes{};
  wire->Fixed(&bytes);
  if (!wire->ok()) return Damaged("key");
  return crypto::PublicKey::FromBytes(bytes);
}

void PutHead(const record::TreeHead& head, WireWriter* wire) {
  wire->Varint(head.size);
  wire->Fixed(head.root.bytes);
}

record::TreeHead TakeHead(WireReader* wire) {
  record::TreeHead head;
  head.size = wire->Varint();
  head.root = wire->ReadDigest();
  if (!record::CheckHead(head)) wire->Fail();
  return head;
}

std::string TakeNote(WireReader* wire) {
  std::string note(wire->Text());
  if (note.empty() || note.size() > record::kSignedNoteBytesMax) wire->Fail();
  return note;
}

void PutKnown(const std::optional<KnownHead>& known, WireWriter* wire) {
  wire->Bool(known.has_value());
  if (!known) return;
  PutHead(known->head, wire);
  wire->Varint(known->time_s);
  wire->Text(*known->note);
}

std::optional<KnownHead> TakeKnown(WireReader* wire) {
  if (!wire->Bool()) return std::nullopt;
  KnownHead known;
  known.head = TakeHead(wire);
  known.time_s = wire->Varint();
  known.note = std::make_shared<const std::string>(TakeNote(wire));
  return known;
}

void WriteLog(const LogState& log, WireWriter* wire) {
  wire->Fixed(log.last.bytes);
  wire->Text(base::AsText(log.tree.Encode()));
  wire->Varint(log.keys.size());
  for (const KeyEpoch& epoch : log.keys) {
    wire->Varint(epoch.first_seq);
    wire->Fixed(epoch.key.bytes());
  }
  PutKnown(log.signed_head, wire);
  PutKnown(log.cosigned, wire);
}

base::Result<LogState> ReadLog(WireReader* wire) {
  LogState log;
  log.last = wire->ReadDigest();
  WB_ASSIGN_OR_RETURN(log.tree, record::Frontier::Decode(base::AsBytes(wire->Text())));
  const size_t epochs = wire->Count(crypto::kEd25519KeyBytes + 1);
  uint64_t after = 0;
  for (size_t i = 0; i < epochs; ++i) {
    const uint64_t first_seq = wire->Varint();
    WB_ASSIGN_OR_RETURN(const crypto::PublicKey key, ReadKey(wire));
    if (first_seq <= after || (i == 0 && first_seq != 1)) wire->Fail();
    after = first_seq;
    log.keys.push_back({first_seq, key});
  }
  log.signed_head = TakeKnown(wire);
  log.cosigned = TakeKnown(wire);
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
  } else if (const auto* lane = std::get_if<PolicyLaneChanged>(&effect)) {
    wire.EnumValue(EffectKind::kPolicyLane);
    wire.Bool(lane->by_peer);
    wire.Bool(lane->suspended);
  } else if (const auto* key = std::get_if<MessageKeyChanged>(&effect)) {
    wire.EnumValue(EffectKind::kMessageKey);
    wire.Bool(key->by_peer);
    wire.Varint(key->first_seq);
    wire.Fixed(key->key.bytes());
  } else if (const auto* head = std::get_if<HeadSigned>(&effect)) {
    wire.EnumValue(EffectKind::kHeadSigned);
    PutHead(head->head, &wire);
    wire.Text(head->note);
  } else {
    const auto& cosigned = std::get<HeadCosigned>(effect);
    wire.EnumValue(EffectKind::kHeadCosigned);
    wire.Bool(cosigned.by_peer);
    PutHead(cosigned.head, &wire);
    wire.Varint(cosigned.time_s);
    wire.Text(cosigned.note);
  }
}

base::Result<Effect> DecodeEffect(base::ByteView* in) {
  WireReader wire(*in);
  Effect effect;
  switch (wire.EnumValue(EffectKind::kHeadCosigned)) {
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
    case EffectKind::kMessageKey: {
      const bool by_peer = wire.Bool();
      const uint64_t first_seq = wire.Varint();
      const auto key = ReadKey(&wire);
      if (!key || first_seq == 0) return Damaged("effect");
      effect = MessageKeyChanged{by_peer, first_seq, *key};
      break;
    }
    case EffectKind::kHeadSigned: {
      HeadSigned head;
      head.head = TakeHead(&wire);
      head.note = TakeNote(&wire);
      effect = std::move(head);
      break;
    }
    case EffectKind::kHeadCosigned: {
      HeadCosigned head;
      head.by_peer = wire.Bool();
      head.head = TakeHead(&wire);
      head.time_s = wire.Varint();
      head.note = TakeNote(&wire);
      effect = std::move(head);
      break;
    }
  }
  if (!wire.ok()) return Damaged("effect");
  *in = wire.rest();
  return effect;
}

void LogState::Append(const LogEntry& entry) {
  last = entry.Digest();
  tree.Append(entry.LeafHash());
}

const KeyEpoch& LogState::EpochAt(uint64_t seq) const {
  CHECK(!keys.empty() && seq >= 1);
  const auto after = std::upper_bound(
      keys.begin(), keys.end(), seq,
      [](uint64_t wanted, const KeyEpoch& epoch) { return wanted < epoch.first_seq; });
  return *(after - 1);
}

std::optional<uint64_t> LogState::ReplacedAt(const crypto::PublicKey& key) const {
  for (size_t i = 0; i + 1 < keys.size(); ++i) {
    if (keys[i].key == key) return keys[i + 1].first_seq - 1;
  }
  return std::nullopt;
}

void LineState::Apply(const Effect& effect) {
  if (const auto* written = std::get_if<EntryWritten>(&effect)) {
    CHECK(written->seq == own.size() + 1);
    own.Append(written->entry);
    last_sent_at = written->sent_at;
  } else if (const auto* mirrored = std::get_if<EntryMirrored>(&effect)) {
    CHECK(mirrored->seq == mirror.size() + 1);
    mirror.Append(mirrored->entry);
  } else if (const auto* lane = std::get_if<PolicyLaneChanged>(&effect)) {
    (lane->by_peer ? suspended_by_peer : suspended_by_self) = lane->suspended;
  } else if (const auto* changed = std::get_if<MessageKeyChanged>(&effect)) {
    std::vector<KeyEpoch>& keys = (changed->by_peer ? mirror : own).keys;
    while (!keys.empty() && keys.back().first_seq >= changed->first_seq) keys.pop_back();
    CHECK(!keys.empty() || changed->first_seq == 1);
    keys.push_back({changed->first_seq, changed->key});
  } else if (const auto* head = std::get_if<HeadSigned>(&effect)) {
    own.signed_head = {head->head, 0, std::make_shared<const std::string>(head->note)};
  } else {
    const auto& cosigned = std::get<HeadCosigned>(effect);
    (cosigned.by_peer ? own : mirror).cosigned = {
        cosigned.head, cosigned.time_s, std::make_shared<const std::string>(cosigned.note)};
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
