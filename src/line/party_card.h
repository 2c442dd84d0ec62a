// Party cards: the public half of a party's identity, as two parties exchange it out of band.
//
// A party is known by its id, which is drawn once and outlives its keys, by its name, and by four Ed25519 keys: one for
// each thing that it signs, so that no signature made for one purpose is ever good for another:
//
//   message      the messages that it sends on its lines (line/message.h)
//   log          the checkpoints of its own logs
//   cosignature  its cosignatures of what it has mirrored of its peers' logs
//   transport    its end of the TLS connections
//
// A card is one DSSE envelope of type application/vnd.wideberth.party-card.v1+json around
//
//   {"wideberth_party_card": 1, "party": uuid, "name": "[a-z0-9.-]{1,63}",
//    "keys": {"message": hex, "log": hex, "cosignature": hex, "transport": hex}, "created_at": "2026-11-21T10:00:00Z"}
//
// that all four keys have signed, and nobody else. So whoever made a card holds its keys: nobody puts the key of
// another party, or one that nobody holds, into a card of its own.
//
// A card does NOT say whose it is: anybody can make one with any name and any id. That is what the fingerprint is for.
// Two people who know each other read it over another channel (voice, a meeting) and compare all of it:
//
//   const std::string card = MakeCard(party, "north", secrets, now).value();
//   WB_ASSIGN_OR_RETURN(const PartyCard peer, ReadCard(text));
//   FingerprintOf(peer).ToString();   // "04312 55120 00917 31846 62001 18830 40655 09274"
//
// Pure; any thread. Making a card takes about 0.4 ms and reading one 0.9 ms, most of it the checks of the keys.
#ifndef WIDEBERTH_LINE_PARTY_CARD_H_
#define WIDEBERTH_LINE_PARTY_CARD_H_

#include <array>
#include <compare>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/ed25519.h"

namespace wideberth::line {

enum class KeyRole : uint8_t { kMessage, kLog, kCosignature, kTransport };
inline constexpr std::array kKeyRoles = {KeyRole::kMessage, KeyRole::kLog, KeyRole::kCosignature,
                                         KeyRole::kTransport};

// "message", "log", "cosignature", "transport".
std::string_view KeyRoleName(KeyRole role);

struct PartyCard {
  base::PartyId party;
  std::string name;
  std::array<crypto::PublicKey, kKeyRoles.size()> keys;  // in the order of kKeyRoles
  base::UtcMicros created_at;                            // by its maker's clock

  const crypto::PublicKey& key(KeyRole role) const { return keys[static_cast<size_t>(role)]; }
  bool operator==(const PartyCard&) const = default;
};

// The text of a card. `keys` stand in the order of kKeyRoles. Refuses what ReadCard would refuse: a name of another
// form, an id that is not of version 4, one key for two roles, a time outside the range of base/time.h.
base::Result<std::string> MakeCard(base::PartyId party, std::string_view name,
                                   std::span<const crypto::SecretKey, kKeyRoles.size()> keys,
                                   base::UtcMicros created_at);

// Reads and verifies a card. Fields inside the envelope are named behind "/payload": "/payload/keys/log". Refuses with
// kInvalid what breaks the form above (unknown fields; low-order and non-canonical keys; one key for two roles), with
// kTooLarge what is too long, and with kUnauthorized a card that was changed or lacks the signature of one of its keys.
base::Result<PartyCard> ReadCard(std::string_view text);

// What two people compare: the first 128 bits of the SHA-256 of
//
//   "wideberth party fingerprint 1\n", the 16 bytes of the id, one byte: the length of the name, the name,
//   the 4 x 32 bytes of the keys in the order of kKeyRoles
//
// It holds as long as id, name and keys do, whenever the card was made.
//
// How strong it is. To make a card that has the fingerprint of another party's takes some 2^128 trials, which nobody
// does. That is so only if ALL groups are compared: a group is worth 16 bits, and a card that agrees in two groups of
// one's choice takes 2^32 trials, minutes. Two cards of one maker with the same fingerprint take some 2^64, which is
// within reach of a state; so equal fingerprints prove who made a card, not that two peers of one party were given the
// same card.
struct Fingerprint {
  std::array<uint8_t, 16> bytes{};
  auto operator<=>(const Fingerprint&) const = default;

  // 8 groups of 5 decimal digits with spaces between, 00000 to 65535, each two bytes, the most significant first.
  std::string ToString() const;
  // Reads that, with any spaces and hyphens, or none.
  static base::Result<Fingerprint> Parse(std::string_view text);
};

Fingerprint FingerprintOf(const PartyCard& card);

}  // namespace wideberth::line

#endif  // WIDEBERTH_LINE_PARTY_CARD_H_
