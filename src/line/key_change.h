// Changing the keys of a party: the body of "key-change.v1", sent on the safety lane, always REAL.
//
//   {"card": "...", "revoked": [hex, ...], "compromised_since": "2027-01-15T12:00:00Z"}
//
// `card` is the text of a party card (line/party_card.h) of the same id and name, made later than the one before it:
// all four keys of it have signed it, and a key may stay what it was. `revoked` are keys of this party that nobody is
// to trust any more, whatever they sign; `compromised_since`, which is optional, says from when on somebody else may
// have had them.
//
// The message is signed like every other, by the key that is in force where it stands in its sender's log, and takes
// effect exactly there: entry N, which holds it, is under the key before, entry N + 1 under that of the card
// (line/line_state.h, KeyEpoch). So whoever holds the message key of a party can change all of its keys, and nobody
// else can. Pure.
#ifndef WIDEBERTH_LINE_KEY_CHANGE_H_
#define WIDEBERTH_LINE_KEY_CHANGE_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "crypto/ed25519.h"
#include "line/party_card.h"

namespace wideberth::line {

inline constexpr std::string_view kKeyChangeType = "key-change";
inline constexpr size_t kRevokedKeysMax = 64;

struct KeyChange {
  std::string card;  // the text; of one that was read, what ReadCard takes
  std::vector<crypto::PublicKey> revoked;
  std::optional<base::UtcMicros> compromised_since;
};

// REQUIRES (CHECK): at most kRevokedKeysMax revoked keys.
std::string WriteKeyChange(const KeyChange& change);

// Reads a change of the keys that stand on `before`. Refuses what is of another form, a card that ReadCard refuses, one
// of another party or name, one that is not later, one with the same four keys, one with a key of `before` in another
// role, and one with a key that it revokes itself. Fields of the card are named behind "/card".
base::Result<KeyChange> ReadKeyChange(std::string_view body, const PartyCard& before);

// The card alone, of a change that was verified when it was written.
base::Result<PartyCard> ReadKeyChangeCard(std::string_view body);

}  // namespace wideberth::line

#endif  // WIDEBERTH_LINE_KEY_CHANGE_H_
