// Keys, ids and values of line for tests, fuzz targets and simulations: the same at every call.
#ifndef WIDEBERTH_LINE_TESTING_VALUES_H_
#define WIDEBERTH_LINE_TESTING_VALUES_H_

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/random.h"
#include "crypto/ed25519.h"
#include "line/cosigning.h"
#include "line/heartbeat.h"
#include "line/message.h"
#include "line/party_card.h"

namespace wideberth::line::testing {

inline constexpr base::UtcMicros kNoon{1'800'014'400'000'000};  // 2027-01-15T12:00:00Z

crypto::SecretKey TestKey(uint8_t n);  // of the seed that is 32 bytes n
base::PartyId TestParty(uint8_t n);
// The keys and the card of party n (1 to 9) after so many changes of them; each card is a minute younger than the one
// before. The message key without a change is TestKey(n).
std::array<crypto::SecretKey, kKeyRoles.size()> TestKeys(uint8_t n, uint8_t change = 0);
std::string TestCardText(uint8_t n, uint8_t change = 0);
PartyCard TestCard(uint8_t n, uint8_t change = 0);
RecordKeys TestRecordKeys(uint8_t n, uint8_t change = 0);
base::Uuid TestBoot(uint8_t node, uint8_t start);

base::Digest DrawDigest(base::SeededRandom* random);
record::TreeHead DrawHead(base::SeededRandom* random);
MessageType DrawType(base::SeededRandom* random);
// What SealMessage accepts; `seq` from 1.
Message DrawMessage(uint64_t seq, base::SeededRandom* random);
Heartbeat DrawHeartbeat(base::SeededRandom* random);

// The payload that an envelope carries, unverified.
std::string PayloadOf(std::string_view envelope);

// `text` with the first `from` replaced; CHECKs that it is there.
std::string Replaced(std::string text, std::string_view from, std::string_view to);

}  // namespace wideberth::line::testing

#endif  // WIDEBERTH_LINE_TESTING_VALUES_H_
