#include <array>
#include <limits>

#include "base/check.h"
#include "mechanism/desk_codec.h"

namespace wideberth::mechanism {

using airspace::WireReader;
using airspace::WireWriter;
using base::Result;

namespace {

void Put(const std::vector<FormerCard>& former, WireWriter* wire) {
  wire->Varint(former.size());
  for (const FormerCard& each : former) {
    wire->Text(each.card);
    wire->Varint(each.last_seq);
    wire->Time(each.ended_at);
  }
}
std::vector<FormerCard> ReadFormer(WireReader* wire) {
  std::vector<FormerCard> former(wire->Count(10));
  for (FormerCard& each : former) {
    each.card = wire->Text();
    each.last_seq = wire->Varint();
    each.ended_at = wire->Time();
  }
  return former;
}

void Put(const std::vector<crypto::PublicKey>& keys, WireWriter* wire) {
  wire->Varint(keys.size());
  for (const crypto::PublicKey& key : keys) wire->Fixed(key.bytes());
}
Result<std::vector<crypto::PublicKey>> ReadKeys(WireReader* wire) {
  std::vector<crypto::PublicKey> keys;
  const size_t count = wire->Count(crypto::kEd25519KeyBytes);
  for (size_t i = 0; i < count; ++i) {
    std::array<uint8_t, crypto::kEd25519KeyBytes> bytes{};
    wire->Fixed(&bytes);
    if (!wire->ok()) return Damaged();
    WB_ASSIGN_OR_RETURN(const crypto::PublicKey key, crypto::PublicKey::FromBytes(bytes));
    keys.push_back(key);
  }
  return keys;
}

void Put(const AgreementAct& act, WireWriter* wire) {
  wire->Fixed(act.act.bytes);
  wire->EnumValue(act.role);
  wire->Text(act.key_id);
  wire->Time(act.at);
}
AgreementAct ReadAgreementAct(WireReader* wire) {
  AgreementAct act;
  act.act = wire->ReadDigest();
  act.role = wire->EnumValue(operators::Role::kAdministrator);
  act.key_id = wire->Text();
  act.at = wire->Time();
  return act;
}

void Put(const AgreementSignature& signature, WireWriter* wire) {
  Put(signature.by, wire);
  wire->Text(signature.envelope);
}
AgreementSignature ReadSignature(WireReader* wire) {
  AgreementSignature signature;
  signature.by = ReadAgreementAct(wire);
  signature.envelope = wire->Text();
  return signature;
}

}  // namespace

void Put(const KeptAgreement& kept, WireWriter* wire) {
  Put(kept.peer, wire);
  wire->Fixed(kept.digest.bytes);
  wire->I64(kept.number);
  wire->Time(kept.effective_from);
  wire->OptionalTime(kept.expires);
  wire->Text(kept.text);
  wire->Bool(kept.by_us);
  wire->Bool(kept.counters.has_value());
  if (kept.counters) wire->Fixed(kept.counters->bytes);
  Put(kept.ours, wire);
  Put(kept.theirs, wire);
  wire->Bool(kept.receipted);
  wire->Bool(kept.denounced.has_value());
  if (kept.denounced) {
    Put(kept.denounced->by, wire);
    wire->Bool(kept.denounced->by_us);
    wire->Time(kept.denounced->until);
  }
  wire->OptionalTime(kept.closed_at);
  wire->Text(kept.closed_as);
}
KeptAgreement ReadAgreement(WireReader* wire) {
  KeptAgreement kept;
  kept.peer = wire->ReadId<base::PartyId>();
  kept.digest = wire->ReadDigest();
  kept.number = wire->I64();
  kept.effective_from = wire->Time();
  kept.expires = wire->OptionalTime();
  kept.text = wire->Text();
  kept.by_us = wire->Bool();
  if (wire->Bool()) kept.counters = wire->ReadDigest();
  kept.ours = ReadSignature(wire);
  kept.theirs = ReadSignature(wire);
  kept.receipted = wire->Bool();
  if (wire->Bool()) {
    kept.denounced.emplace();
    kept.denounced->by = ReadAgreementAct(wire);
    kept.denounced->by_us = wire->Bool();
    kept.denounced->until = wire->Time();
  }
  kept.closed_at = wire->OptionalTime();
  kept.closed_as = wire->Text();
  return kept;
}

void Put(const ThirdPartyDuty& duty, WireWriter* wire) {
  wire->Fixed(duty.notice.uuid.bytes);
  wire->Fixed(duty.version.bytes);
  wire->Text(duty.name);
  Put(duty.told_by, wire);
  wire->Time(duty.due_at);
  wire->OptionalTime(duty.told_at);
  wire->Fixed(duty.act.bytes);
  wire->EnumValue(duty.role);
  wire->Text(duty.receipt);
}
ThirdPartyDuty ReadThirdParty(WireReader* wire) {
  ThirdPartyDuty duty;
  duty.notice = wire->ReadId<base::NoticeId>();
  duty.version = wire->ReadDigest();
  duty.name = wire->Text();
  duty.told_by = wire->ReadId<base::PartyId>();
  duty.due_at = wire->Time();
  duty.told_at = wire->OptionalTime();
  duty.act = wire->ReadDigest();
  duty.role = wire->EnumValue(operators::Role::kAdministrator);
  duty.receipt = wire->Text();
  return duty;
}

void Put(const Provenance& known, WireWriter* wire) {
  wire->Fixed(known.notice.uuid.bytes);
  Put(known.issuer, wire);
  wire->Varint(known.versions.size());
  for (const KnownVersion& each : known.versions) {
    wire->Fixed(each.digest.bytes);
    wire->Bool(each.previous.has_value());
    if (each.previous) wire->Fixed(each.previous->bytes);
    wire->Time(each.at);
    wire->Bool(each.forwarded);
  }
  wire->Varint(known.acts.size());
  for (const KeptAct& each : known.acts) {
    wire->Fixed(each.digest.bytes);
    wire->EnumValue(each.kind);
    wire->Text(each.envelope);
    wire->Text(each.endorsement);
  }
  wire->Varint(known.to.size());
  for (const ForwardedTo& each : known.to) {
    Put(each.peer, wire);
    wire->Text(each.act);
    wire->EnumValue(each.role);
    wire->Time(each.since);
    wire->Varint(each.acts_sent);
    wire->OptionalTime(each.receipted_at);
    wire->OptionalTime(each.stopped_at);
  }
  wire->Bool(known.forwarder.has_value());
  if (known.forwarder) Put(*known.forwarder, wire);
  wire->Time(known.forwarded_at);
  wire->Text(known.card);
}
Provenance ReadProvenance(WireReader* wire) {
  Provenance known;
  known.notice = wire->ReadId<base::NoticeId>();
  known.issuer = wire->ReadId<base::PartyId>();
  for (size_t left = wire->Count(32); left > 0 && wire->ok(); --left) {
    KnownVersion& each = known.versions.emplace_back();
    each.digest = wire->ReadDigest();
    if (wire->Bool()) each.previous = wire->ReadDigest();
    each.at = wire->Time();
    each.forwarded = wire->Bool();
  }
  for (size_t left = wire->Count(32); left > 0 && wire->ok(); --left) {
    KeptAct& each = known.acts.emplace_back();
    each.digest = wire->ReadDigest();
    each.kind = wire->EnumValue(operators::ActKind::kManagePeers);
    each.envelope = wire->Text();
    each.endorsement = wire->Text();
  }
  for (size_t left = wire->Count(16); left > 0 && wire->ok(); --left) {
    ForwardedTo& each = known.to.emplace_back();
    each.peer = wire->ReadId<base::PartyId>();
    each.act = wire->Text();
    each.role = wire->EnumValue(operators::Role::kAdministrator);
    each.since = wire->Time();
    const uint64_t sent = wire->Varint();
    if (sent > known.acts.size()) wire->Fail();
    each.acts_sent = static_cast<uint32_t>(sent);
    each.receipted_at = wire->OptionalTime();
    each.stopped_at = wire->OptionalTime();
  }
  if (wire->Bool()) known.forwarder = wire->ReadId<base::PartyId>();
  known.forwarded_at = wire->Time();
  known.card = wire->Text();
  return known;
}

void Put(const OwnCard& own, WireWriter* wire) {
  wire->Text(own.card);
  wire->Time(own.since);
  Put(own.former, wire);
  Put(own.revoked, wire);
  wire->OptionalTime(own.compromised_since);
}
Result<OwnCard> ReadOwnCard(WireReader* wire) {
  OwnCard own;
  own.card = wire->Text();
  own.since = wire->Time();
  own.former = ReadFormer(wire);
  WB_ASSIGN_OR_RETURN(own.revoked, ReadKeys(wire));
  own.compromised_since = wire->OptionalTime();
  return own;
}

void Put(const Peer& peer, WireWriter* wire) {
  Put(peer.id, wire);
  wire->Varint(peer.line);
  wire->Text(peer.name);
  wire->Text(peer.card);
  wire->Time(peer.enrolled_at);
  const Result<std::string> keys = operators::WriteOperatorKeys(peer.operator_keys);
  CHECK_MSG(keys.has_value(), "the keys of a peer were read from such a text");
  wire->Text(*keys);
  Put(peer.former, wire);
  Put(peer.revoked, wire);
  wire->Fixed(peer.told.bytes);
}
Result<Peer> ReadPeer(WireReader* wire) {
  Peer peer;
  peer.id = wire->ReadId<base::PartyId>();
  const uint64_t line = wire->Varint();
  if (line > std::numeric_limits<uint32_t>::max()) wire->Fail();
  peer.line = static_cast<uint32_t>(line);
  peer.name = wire->Text();
  peer.card = wire->Text();
  peer.enrolled_at = wire->Time();
  const std::string keys = wire->Text();
  if (!wire->ok()) return Damaged();
  WB_ASSIGN_OR_RETURN(peer.operator_keys, operators::ReadOperatorKeys(keys));
  peer.former = ReadFormer(wire);
  WB_ASSIGN_OR_RETURN(peer.revoked, ReadKeys(wire));
  peer.told = wire->ReadDigest();
  return peer;
}

void Put(const DeadMan& dead_man, WireWriter* wire) {
  wire->Text(dead_man.name);
  wire->EnumValue(dead_man.state);
  wire->I64(dead_man.timeout_us);
  wire->Time(dead_man.since);
  wire->Text(dead_man.key_id);
  wire->Bool(dead_man.notice.has_value());
  if (dead_man.notice) wire->Fixed(dead_man.notice->uuid.bytes);
}
DeadMan ReadDeadMan(WireReader* wire) {
  DeadMan dead_man;
  dead_man.name = wire->Text();
  dead_man.state = wire->EnumValue(DeadManState::kRaised);
  dead_man.timeout_us = wire->I64();
  if (dead_man.timeout_us < 0) wire->Fail();
  dead_man.since = wire->Time();
  dead_man.key_id = wire->Text();
  if (wire->Bool()) dead_man.notice = wire->ReadId<base::NoticeId>();
  return dead_man;
}

void Put(const HeldBack& held, WireWriter* wire) {
  Put(held.peer, wire);
  wire->Varint(held.number);
  wire->Fixed(held.notice.uuid.bytes);
  wire->Fixed(held.act.bytes);
  wire->Text(held.envelope);
  wire->Bool(held.standing);
}
HeldBack ReadHeldBack(WireReader* wire) {
  HeldBack held;
  held.peer = wire->ReadId<base::PartyId>();
  held.number = wire->Varint();
  held.notice = wire->ReadId<base::NoticeId>();
  held.act = wire->ReadDigest();
  held.envelope = wire->Text();
  held.standing = wire->Bool();
  return held;
}

void Put(const Handover& handover, WireWriter* wire) {
  wire->Varint(handover.number);
  wire->Text(handover.text);
  wire->Text(handover.key_id);
  wire->Time(handover.at);
  wire->Varint(handover.matters);
  wire->Varint(handover.calls);
  wire->Varint(handover.conflicts);
  wire->Text(handover.acknowledged_by);
  if (!handover.waits()) wire->Time(handover.acknowledged_at);
}
Handover ReadHandover(WireReader* wire) {
  Handover handover;
  handover.number = wire->Varint();
  handover.text = wire->Text();
  handover.key_id = wire->Text();
  handover.at = wire->Time();
  handover.matters = wire->Varint();
  handover.calls = wire->Varint();
  handover.conflicts = wire->Varint();
  handover.acknowledged_by = wire->Text();
  if (!handover.waits()) handover.acknowledged_at = wire->Time();
  return handover;
}

}  // namespace wideberth::mechanism
