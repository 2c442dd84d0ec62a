// Operators, declarations and acts for tests and fuzz targets of the mechanism: the same at every call.
#ifndef WIDEBERTH_MECHANISM_TESTING_VALUES_H_
#define WIDEBERTH_MECHANISM_TESTING_VALUES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "airspace/notice.h"
#include "base/random.h"
#include "base/time.h"
#include "crypto/ed25519.h"
#include "mechanism/act.h"
#include "mechanism/desk.h"
#include "operators/account.h"

namespace wideberth::mechanism::testing {

inline constexpr base::UtcMicros kNoon{1'800'014'400'000'000};  // 2027-01-15T12:00:00Z

crypto::SecretKey TestKey(uint8_t n);  // of the seed that is 32 bytes n

// The keys of party n (1, 2, 3): of its messages, and of an operator of that role.
uint8_t MessageSeed(uint8_t party);
crypto::SecretKey OperatorSecret(uint8_t party, operators::Role role, uint8_t nth = 0);
operators::OperatorKey OperatorKeyFor(uint8_t party, operators::Role role, uint8_t nth = 0);
// With the cheapest password that there is.
operators::Account TestAccount(uint8_t party, operators::Role role, uint8_t nth = 0);
// The name of that account, which must never cross a line.
std::string OperatorName(uint8_t party, operators::Role role, uint8_t nth = 0);

// The text of a declaration, and what reading that text gives.
std::string TextOf(const airspace::Declaration& declaration);
airspace::Declaration AsSent(const airspace::Declaration& declaration);

// One of every kind, in the order of ActBody, all of it by a duty officer or supervisor of TestParty(1).
std::vector<ActBody> OneOfEach();
// An act of party n. The role is one that may do it.
Act TestAct(uint8_t party, ActBody body);

// Whatever an effect of the desk may hold.
DeskEffect DrawEffect(base::SeededRandom* random);
base::Digest DrawDigest(base::SeededRandom* random);

}  // namespace wideberth::mechanism::testing

#endif  // WIDEBERTH_MECHANISM_TESTING_VALUES_H_
