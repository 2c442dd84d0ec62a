// Forwarding: a notice goes on to a party that it lists under `may_tell`, as its issuer has signed it (MECHANISM 1.1).
//
// An act is signed with an operator's key, which only those know who have a line to the operator's party. So the
// issuer's node puts an endorsement beside each act about a notice that lists somebody: one DSSE envelope of type
// application/vnd.wideberth.endorsement.v1+json under the party's message key,
//
//   {"party": uuid, "act": hex, "operators": [the one key that signed, as in operators/account.h]}
//
// It holds nothing of a line. A forwarder wraps all of it in a message of its own line, "forwarded.v1":
//
//   {"act": <its operator's forward_notice>, "signed": <the issuer's act>, "endorsement": <of that>,
//    "card": <the issuer's, as the forwarder has it>, "declaration": <text, of a release>}
//
// With the card the endorsement is verified, and by its key the act. A card does not say whose it is: until the
// receiver has enrolled the issuer itself, all that is proved is that one holder of keys has signed it all.
//
// Pure; any thread. Opening costs two verifications and reading a card (1 ms).
#ifndef WIDEBERTH_MECHANISM_FORWARD_H_
#define WIDEBERTH_MECHANISM_FORWARD_H_

#include <string>
#include <string_view>

#include "base/result.h"
#include "crypto/ed25519.h"
#include "line/party_card.h"
#include "mechanism/act.h"
#include "operators/account.h"

namespace wideberth::mechanism {

// Of an act that `operator_key` has signed, for its party's message key.
base::Result<std::string> Endorse(const SealedAct& act, const operators::OperatorKey& operator_key,
                                  const crypto::SecretKey& message_key);

// The issuer's act, by nothing but its card. Refuses with kUnauthorized ("/endorsement...", "/signed...") what the
// card's message key has not endorsed, an endorsement of another act or for another party, and what OpenAct refuses.
base::Result<SealedAct> OpenEndorsed(std::string_view envelope, std::string_view endorsement,
                                     const line::PartyCard& card);

struct Forwarded {
  std::string act;  // of the forwarder's operator
  std::string envelope;
  std::string endorsement;
  std::string card;
  std::string declaration;
};
std::string WriteForwarded(const Forwarded& forwarded);
// Strict in these fields; passes over others.
base::Result<Forwarded> ReadForwarded(std::string_view body);

// What is forwarded: a release, and what its issuer says of the notice later.
bool MayForward(operators::ActKind kind);
// The notice that such an act is about.
base::NoticeId NoticeOf(const ActBody& body);

}  // namespace wideberth::mechanism

#endif  // WIDEBERTH_MECHANISM_FORWARD_H_
