// Messages of a line: what two nodes say to each other, and the signed bytes that prove it.
//
// A message is one DSSE envelope (crypto/dsse.h), signed with the sender's message key. Its exact bytes are stored on
// both sides, are the leaf of the sender's log of this line (leaf index = seq - 1), and are what every later message
// names by SHA-256. The payload is JSON:
//
//   {"from": uuid, "to": uuid, "seq": 17, "previous": hex, "sent_at": "2027-01-15T12:00:00.25Z", "clock_error_ms": 12,
//    "lane": "safety", "data_mode": "REAL", "peer_head": {"size": 9, "root": hex},
//    "in_reply_to": hex, "crit": ["..."], "body": {...}}
//
// `previous` is absent in a sender's first message; in_reply_to and crit are optional. A body that would make the
// envelope larger than limits::kEnvelopeBytesMax is stored and sent beside it, and named by
// "body_beside": {"sha256": hex, "bytes": n} in place of "body".
//
// `peer_head` is how much of the receiver's own log the sender holds durably: the causal link between the two logs. The
// payload type carries the message type and its major version: "application/vnd.wideberth.notice.v1+json".
//
// Reading is strict in what is known and passes over optional fields that are not: they stay in the bytes and are never
// shown, sent on or acted upon. `crit` lists fields, of the payload or of the body, that must be understood.
//
// Pure; any thread. Sealing takes about as long as one signature (25 us), opening as one verification (60 us).
#ifndef WIDEBERTH_LINE_MESSAGE_H_
#define WIDEBERTH_LINE_MESSAGE_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "airspace/notice.h"
#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/ed25519.h"
#include "record/merkle.h"

namespace wideberth::line {

// Answering the safety lane is a standing duty; the policy lane can be suspended.
enum class Lane : uint8_t { kSafety, kPolicy };

struct MessageType {
  std::string name;  // [a-z][a-z0-9-]{0,31}
  uint32_t major = 1;

  std::string ShortName() const;    // "NAME.vMAJOR"
  std::string PayloadType() const;  // "application/vnd.wideberth.NAME.vMAJOR+json"
  static base::Result<MessageType> FromShortName(std::string_view text);
  static base::Result<MessageType> FromPayloadType(std::string_view text);
  auto operator<=>(const MessageType&) const = default;
};

// A body that is stored and sent beside its envelope.
struct BodyBeside {
  base::Digest sha256;
  uint64_t bytes = 0;
  bool operator==(const BodyBeside&) const = default;
};

struct Message {
  MessageType type;
  base::PartyId from;
  base::PartyId to;
  uint64_t seq = 0;       // 1, 2, 3... of this sender on this line, without a gap
  base::Digest previous;  // SHA-256 of the sender's envelope before; all zero in the first
  base::UtcMicros sent_at;
  int64_t clock_error_ms = 0;  // how far sent_at may be off, by the sender's own account
  Lane lane = Lane::kSafety;
  airspace::DataMode data_mode = airspace::DataMode::kReal;
  record::TreeHead peer_head;
  std::optional<base::Digest> in_reply_to;  // SHA-256 of an envelope of either side
  std::vector<std::string> crit;
  std::variant<std::string, BodyBeside> body;  // a JSON object as text, or where it is

  bool operator==(const Message&) const = default;
};

// A message that has been verified, with the bytes that were.
struct OpenedMessage {
  Message message;
  base::Digest digest;  // SHA-256 of the envelope's bytes: the name of the message
  std::vector<crypto::PublicKey> signers;  // of the keys that it was opened with, at least one
};

// Refuses with kTooLarge an envelope over limits::kEnvelopeBytesMax, and what OpenMessage would refuse, by the same
// fields: a message that is signed and cannot be read would stop its sender's sequence for ever. REQUIRES (CHECK): a
// type with a name and major version within their limits, seq from 1, previous exactly when seq > 1; the text of the
// body, which is put in as it is, is one JSON object.
base::Result<std::string> SealMessage(const Message& message, const crypto::SecretKey& key);

// Refuses with kUnauthorized what none of `keys` signed, with kInvalid what is no message.
base::Result<OpenedMessage> OpenMessage(std::string_view envelope,
                                        std::span<const crypto::PublicKey> keys);

// What an envelope says of itself, whoever has made it: for what cannot be verified yet, to decide whether it waits,
// never to act on. Its type is left empty. Refuses with kInvalid what is no message, signatures aside.
base::Result<Message> ReadUnverifiedMessage(std::string_view envelope);

}  // namespace wideberth::line

#endif  // WIDEBERTH_LINE_MESSAGE_H_
