// Signed agreements: the text, and what each party signed of it.
//
// An agreement may be longer than an envelope (crypto/dsse.h: 65,535 bytes), so what is signed names the text by its
// digest. A signature is one DSSE envelope of type application/vnd.wideberth.agreement-signature.v1+json around
//
//   {"agreement_sha256": hex, "number": 7, "parties": [uuid, uuid], "signed_at": "2027-01-15T12:00:00Z"}
//
// made with the message key that the party had then; parties as in the text. A signed agreement is a JSON file
//
//   {"wideberth_signed_agreement": 1, "text": "...", "signatures": ["{...}", "{...}"]}
//
// with at most one signature of each party; each signs on its own node and the file grows by a signature:
//
//   const std::string mine = SignAgreement(text, key, now).value();
//   const std::string file = WriteSignedAgreement(text, std::vector{mine, theirs});
//   WB_ASSIGN_OR_RETURN(const SignedAgreement read, ReadSignedAgreement(file, keys));
//   WB_RETURN_IF_ERROR(RequireInForce(read, now));
//
// Pure; any thread.
#ifndef WIDEBERTH_AGREEMENT_SIGNED_H_
#define WIDEBERTH_AGREEMENT_SIGNED_H_

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agreement/agreement.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/ed25519.h"

namespace wideberth::agreement {

// A message key that a party has, or had: an agreement outlives a change of keys. What is said to be signed after
// `until` was not signed by the party. The time is the signer's word: a key that others may have had is left out.
struct PartyKey {
  PartyKey(crypto::PublicKey public_key, std::optional<base::UtcMicros> replaced_at = {})
      : key(public_key), until(replaced_at) {}

  crypto::PublicKey key;
  std::optional<base::UtcMicros> until;  // none: in force
};
struct PartyKeys {
  base::PartyId party;
  std::vector<PartyKey> keys;
};

// A signature of a text that ParseAgreement accepts; refuses what it refuses.
base::Result<std::string> SignAgreement(std::string_view text, const crypto::SecretKey& key,
                                        base::UtcMicros now);
// When it was signed. Refuses with kUnauthorized what none of `keys` has signed while it was in force, and a signature
// of another text.
base::Result<base::UtcMicros> VerifyAgreementSignature(std::string_view signature,
                                                       const Agreement& agreement,
                                                       std::span<const PartyKey> keys);

std::string WriteSignedAgreement(std::string_view text, std::span<const std::string> signatures);

struct SignedAgreement {
  Agreement agreement;
  std::array<bool, 2> signed_by{};      // in the order of agreement.parties()
  std::vector<std::string> signatures;  // as they stand in the file

  bool complete() const { return signed_by[0] && signed_by[1]; }
};

// Reads and verifies. `keys` are those of the two parties, in any order. A file with one signature, or none, is read:
// that is how the other side gets it to sign. Refuses with kInvalid what is no such file or no agreement ("/text/"
// before the key path), keys of other parties than the text names, one key of both parties; with kUnauthorized
// ("/signatures/1...") a signature of a stranger, one that does not verify, one of another text, one by a key that had
// been replaced when it was made, and a second one of the same party.
base::Result<SignedAgreement> ReadSignedAgreement(std::string_view file,
                                                  const std::array<PartyKeys, 2>& keys);

// An agreement that only one side signed is a proposal. Refuses with kConflict what is not signed by both, saying who
// did not.
base::Result<void> RequireComplete(const SignedAgreement& agreement);
// And what is not yet effective, and what has expired.
base::Result<void> RequireInForce(const SignedAgreement& agreement, base::UtcMicros now);

}  // namespace wideberth::agreement

#endif  // WIDEBERTH_AGREEMENT_SIGNED_H_
