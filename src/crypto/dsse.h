// DSSE v1 envelopes: signed messages that are verified before they are parsed.
//
// An envelope is JSON, {"payload": base64, "payloadType": text, "signatures": [{"keyid": text, "sig": base64}]}. What
// is signed is the pre-authentication encoding of type and payload, never JSON: there is no canonical form to agree on.
//
//   std::string text = SignEnvelope("application/vnd.wideberth.msg.v1+json", payload, key);
//   WB_ASSIGN_OR_RETURN(const VerifiedMessage message, VerifyEnvelope(text, {peer_key}));
//   Handle(message.payload_type, message.payload);
//
// VerifyEnvelope is the only way to a payload, so nothing unverified is ever used, and what is used are the very bytes
// that were verified. Decoding is strict: known fields only, each once, standard base64 with padding, sizes within
// limits::kEnvelope...; https://github.com/secure-systems-lab/dsse (protocol.md, envelope.md). Thread-safe.
#ifndef WIDEBERTH_CRYPTO_DSSE_H_
#define WIDEBERTH_CRYPTO_DSSE_H_

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/ed25519.h"

namespace wideberth::crypto {

// "DSSEv1" SP length(type) SP type SP length(payload) SP payload, lengths in decimal.
base::Bytes PreAuthenticationEncoding(std::string_view payload_type, base::ByteView payload);

// The envelope of a message under one key. Refuses with kTooLarge what would not be accepted by VerifyEnvelope.
base::Result<std::string> SignEnvelope(std::string_view payload_type, base::ByteView payload,
                                       const SecretKey& key);
// The same, signed by each of `keys` in their order. REQUIRES (CHECK): 1 to limits::kEnvelopeSignaturesMax keys.
base::Result<std::string> SignEnvelope(std::string_view payload_type, base::ByteView payload,
                                       std::span<const SecretKey> keys);
base::Result<std::string> SignEnvelope(std::string_view payload_type, base::ByteView payload,
                                       std::span<const SecretKey* const> keys);

struct VerifiedMessage {
  std::string payload_type;
  base::Bytes payload;
  std::vector<PublicKey> signers;  // those of the trusted keys that signed, at least one
};

// Opens an envelope that at least one of `trusted` signed. Signatures under unknown key ids are passed over; one that
// claims the key id of a trusted key and does not verify refuses the whole envelope (kUnauthorized).
base::Result<VerifiedMessage> VerifyEnvelope(std::string_view text,
                                             std::span<const PublicKey> trusted);

// The payload of an envelope that nobody has verified: to decide what may be done with it, never to act on.
base::Result<base::Bytes> UnverifiedPayload(std::string_view text);

}  // namespace wideberth::crypto

#endif  // WIDEBERTH_CRYPTO_DSSE_H_
