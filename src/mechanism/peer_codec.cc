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

}  // namespace wideberth::mechanism
