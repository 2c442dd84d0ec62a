// Two things that a party says about the record under its own key, so that others can show that it said them: that it
// will not cosign a checkpoint, and that a key of its own is no longer good.
//
// Each is one DSSE envelope (crypto/dsse.h) of a type of its own:
//
//   application/vnd.wideberth.cosign-refusal.v1+json
//     {"origin": text, "size": 9, "root": hex, "reason": "other_tree", "known_size": 7, "known_root": hex,
//      "refused_at": "2027-01-15T12:00:00Z"}
//   application/vnd.wideberth.key-revocation.v1+json
//     {"key": hex, "revoked_at": "2027-01-15T12:00:00Z", "last_size": 9}          last_size only of a log's key
//
// A refusal is a fact about its author, not yet about the log; what evidence.h can prove out of one, it says there. A
// revocation may be signed by the revoked key itself or by another key of the same party: which keys are one party's is
// for the reader to know (its party card). Reading is strict. Pure; any thread.
#ifndef WIDEBERTH_RECORD_STATEMENT_H_
#define WIDEBERTH_RECORD_STATEMENT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "crypto/ed25519.h"
#include "record/merkle.h"

namespace wideberth::record {

enum class RefusalReason : uint8_t {
  kOtherTree,  // it does not extend what was cosigned last, or what is held here
  kNotHeld,    // entries below it have not been received
  kNotSigned,  // the log's signature does not verify
  kUnknownLog,
};
std::string_view RefusalReasonName(RefusalReason reason);  // "other_tree", "not_held", ...

struct CosignRefusal {
  std::string origin;
  TreeHead refused;
  RefusalReason reason = RefusalReason::kOtherTree;
  TreeHead known{0, EmptyRoot()};  // what its author had cosigned last
  base::UtcMicros refused_at;
  bool operator==(const CosignRefusal&) const = default;
};

struct KeyRevocation {
  crypto::PublicKey key;
  base::UtcMicros revoked_at;
  // Of the key of a log: the size of the last checkpoint that it was used for. Beyond it nothing is its owner's.
  std::optional<uint64_t> last_size;
  bool operator==(const KeyRevocation&) const = default;
};

// Refuse what Open... would refuse.
base::Result<std::string> SignCosignRefusal(const CosignRefusal& refusal,
                                            const crypto::SecretKey& key);
base::Result<std::string> SignKeyRevocation(const KeyRevocation& revocation,
                                            const crypto::SecretKey& key);

// Refuse with kUnauthorized what `key` did not sign, with kInvalid another type of envelope and what breaks the form
// above: fields beyond it, an origin that no log can have, heads that CheckHead refuses.
base::Result<CosignRefusal> OpenCosignRefusal(std::string_view envelope,
                                              const crypto::PublicKey& key);
base::Result<KeyRevocation> OpenKeyRevocation(std::string_view envelope,
                                              const crypto::PublicKey& key);

}  // namespace wideberth::record

#endif  // WIDEBERTH_RECORD_STATEMENT_H_
