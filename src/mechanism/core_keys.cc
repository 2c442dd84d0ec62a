// Keys that change: our own on every line, and a peer's on its line (line/key_change.h).
#include <algorithm>

#include "base/check.h"
#include "crypto/sha256.h"
#include "line/key_change.h"
#include "mechanism/core.h"
#include "mechanism/core_line.h"

namespace wideberth::mechanism {
namespace {

using base::ErrorCode;
using base::Fail;
using base::Result;
using base::UtcMicros;

base::Digest DigestOf(std::string_view card) {
  return crypto::Sha256(base::AsBytes(card));
}

void Keep(FormerCard card, std::vector<FormerCard>* former) {
  former->push_back(std::move(card));
  if (former->size() > 1 + kFormerCardsKept) former->erase(former->begin() + 1);
}

void Join(std::span<const crypto::PublicKey> more, std::vector<crypto::PublicKey>* keys) {
  for (const crypto::PublicKey& key : more) {
    if (std::find(keys->begin(), keys->end(), key) == keys->end()) keys->push_back(key);
  }
}

}  // namespace

void Core::AdoptOwnCard(std::string card, line::Now now) {
  CHECK(desk_.own_card() == nullptr);
  OwnCard own;
  own.card = std::move(card);
  own.since = now.utc;
  Put(OwnCardChanged{std::move(own)});
}

// The peer has our card as it is now: two people have exchanged it.
void Core::Enrol(Peer peer) {
  if (desk_.own_card() != nullptr) peer.told = DigestOf(desk_.own_card()->card);
  Put(PeerChanged{std::move(peer)});
}

Result<void> Core::ChangeOwnKeys(NewKeys keys, std::string_view by, line::Now now) {
  if (desk_.own_card() == nullptr) {
    return Fail(ErrorCode::kConflict, "/card", "must follow a card of this party: there is none");
  }
  WB_RETURN_IF_ERROR(RequireMaySign());
  OwnCard own = *desk_.own_card();
  WB_ASSIGN_OR_RETURN(const line::PartyCard before, line::ReadCard(own.card));
  if (line::FingerprintOf(before) != keys.after) {
    return Fail(ErrorCode::kConflict, "/card",
                "must follow the keys in force: they have been changed meanwhile",
                line::FingerprintOf(before).ToString());
  }
  Join(keys.revoked, &own.revoked);
  if (own.revoked.size() > line::kRevokedKeysMax) {
    return Fail(ErrorCode::kTooLarge, "/revoked",
                "must be at most " + std::to_string(line::kRevokedKeysMax) + " over all changes",
                std::to_string(own.revoked.size()));
  }
  const std::string body = line::WriteKeyChange({keys.card, own.revoked, keys.compromised_since});
  WB_RETURN_IF_ERROR(line::ReadKeyChange(body, before));
  WB_ASSIGN_OR_RETURN(const line::PartyCard card, line::ReadCard(keys.card));
  if (keys.message_key == nullptr ||
      keys.message_key->public_key() != card.key(line::KeyRole::kMessage)) {
    return base::Invalid("/message_key", "must be the key of the card",
                         card.key(line::KeyRole::kMessage).KeyId());
  }
  Keep({std::move(own.card), 0, now.utc}, &own.former);
  own.card = std::move(keys.card);
  own.since = now.utc;
  if (keys.compromised_since) own.compromised_since = keys.compromised_since;
  Journal("own_keys_changed", nullptr,
          line::FingerprintOf(card).ToString() + " by " + std::string(by), now.utc);
  Put(OwnCardChanged{std::move(own)});
  const auto same = [&](const auto& key) {
    return key->public_key() == keys.message_key->public_key();
  };
  if (std::none_of(keys_.begin(), keys_.end(), same)) {
    keys_.insert(keys_.begin(), std::move(keys.message_key));
  }
  record_keys_ = std::move(keys.record_keys);
  for (auto& [peer, line] : lines_) TellKeys(*line, now);
  return {};
}

// Nothing happens where the peer has been told already.
void Core::TellKeys(Line& line, line::Now now) {
  const OwnCard* own = desk_.own_card();
  if (own == nullptr) return;
  const Peer* known = desk_.FindPeer(line.peer);
  const base::Digest digest = DigestOf(own->card);
  if (known->told == digest || !line.endpoint.may_write()) return;
  // Not while the keys of the card are to be taken at the next start (core_again.cc).
  const Result<line::PartyCard> card = line::ReadCard(own->card);
  if (!card || card->key(line::KeyRole::kMessage) != keys_.front()->public_key()) return;
  const auto written = line.endpoint.ChangeKeys(
      line::WriteKeyChange({own->card, own->revoked, own->compromised_since}), keys_.front(), now,
      record_keys_);
  if (!written) {
    // A line that takes no further change stays under the key that it has.
    if (std::exchange(line.keys_refused, true)) return;
    Journal("own_keys_not_told", nullptr, known->name + ": " + written.error().ToString(), now.utc);
    return;
  }
  Peer peer = *known;
  peer.told = digest;
  Put(PeerChanged{std::move(peer)});
  Put(AwaitedChanged{{*written, line.peer, operators::ActKind::kManagePeers, {}, {}, now.utc},
                     false});
}

void Core::TakeKeysTold(Line& line, UtcMicros now) {
  Journal("own_keys_told", nullptr, desk_.FindPeer(line.peer)->name, now);
}

// The endpoint has followed it already: what comes behind it is under the new key.
void Core::TakeKeyChange(Line& line, const line::Received& received, UtcMicros now) {
  Peer peer = *desk_.FindPeer(line.peer);
  const Result<line::PartyCard> before = line::ReadCard(peer.card);
  CHECK_MSG(before.has_value(), "a card was read before it was put on the desk");
  const Result<line::KeyChange> change = line::ReadKeyChange(received.body(), *before);
  CHECK_MSG(change.has_value(), "the endpoint follows only what follows the card in force");
  Keep({std::move(peer.card), received.opened.message.seq, now}, &peer.former);
  peer.card = change->card;
  Join(change->revoked, &peer.revoked);
  if (peer.revoked.size() > line::kRevokedKeysMax) {
    peer.revoked.erase(peer.revoked.begin(),
                       peer.revoked.end() - static_cast<long>(line::kRevokedKeysMax));
  }
  const line::PartyCard card = line::ReadCard(change->card).value();
  Journal("peer_keys_changed", nullptr,
          peer.name + " at " + std::to_string(received.opened.message.seq) + " to " +
              line::FingerprintOf(card).ToString(),
          now);
  Put(PeerChanged{std::move(peer)});
  CloseMattersOf(SubjectOf(line.peer), MatterKind::kKeysChanged, "superseded", now);
  Matter matter;
  matter.kind = MatterKind::kKeysChanged;
  matter.peer = line.peer;
  matter.subject = SubjectOf(line.peer);
  matter.urgent = !change->revoked.empty();
  OpenMatter(std::move(matter), now);
}

Result<void> Core::ConfirmPeerKeys(base::PartyId id, const line::Fingerprint& compared,
                                   std::string_view by, line::Now now) {
  const Peer* peer = desk_.FindPeer(id);
  if (peer == nullptr) {
    return Fail(ErrorCode::kNotFound, "peer", "must be a peer of this node", id.ToString());
  }
  WB_ASSIGN_OR_RETURN(const line::PartyCard card, line::ReadCard(peer->card));
  if (line::FingerprintOf(card) != compared) {
    return Fail(ErrorCode::kConflict, "/fingerprint",
                "must be that of the peer's card in force: if the peer has read out another, "
                "somebody else has changed its keys",
                compared.ToString());
  }
  const std::vector<const Matter*> open = desk_.OpenMattersOf(SubjectOf(id));
  if (std::none_of(open.begin(), open.end(),
                   [](const Matter* matter) { return matter->kind == MatterKind::kKeysChanged; })) {
    return Fail(ErrorCode::kConflict, "peer", "must have changed its keys since they were compared",
                peer->name);
  }
  Journal("peer_keys_compared", nullptr,
          peer->name + " " + compared.ToString() + " by " + std::string(by), now.utc);
  CloseMattersOf(SubjectOf(id), MatterKind::kKeysChanged, "compared", now.utc);
  return {};
}

}  // namespace wideberth::mechanism
