// Heartbeats: how each side of a line knows that the other hears it.
//
// A node sends one every limits::kHeartbeatPeriodUs on every path, signed like a message, but it takes no sequence
// number and is no entry of a log. It says which heartbeat of the peer is the newest one heard (the echo), how long
// both logs are as the sender holds them, what the sender speaks, and in what state it sees the line. It says nothing
// else: no count and no state of anything that is not this line's (MECHANISM 2.2).
//
// Payload, under "application/vnd.wideberth.heartbeat.v1+json":
//
//   {"from": uuid, "to": uuid, "boot": uuid, "number": 412, "sent_at": time, "clock_error_ms": 12,
//    "echo": {"boot": uuid, "number": 398, "received_at": time},
//    "own_head": {"size": 17, "root": hex}, "peer_head": {"size": 9, "root": hex},
//    "link": "up", "policy_lane": "open", "speaks": ["notice.v1", ...]}
//
// Pure; any thread.
#ifndef WIDEBERTH_LINE_HEARTBEAT_H_
#define WIDEBERTH_LINE_HEARTBEAT_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/ed25519.h"
#include "line/message.h"
#include "record/merkle.h"

namespace wideberth::line {

// How one side sees the line.
enum class LinkState : uint8_t {
  kConnecting,  // since the start nothing has been echoed, and it is too early to alarm
  kUp,
  kLost,        // no echo for limits::kLinkLostAfterUs: both sides have raised LINK LOST
  kRecovering,  // heard again; not up before a person has confirmed (MECHANISM 6.2)
};
std::string_view Name(LinkState state);  // "connecting", "up", "lost", "recovering"

// One heartbeat of one start of a node. Numbers of different boots are not compared.
struct HeartbeatName {
  base::Uuid boot;
  uint64_t number = 0;  // 1, 2, 3...
  bool operator==(const HeartbeatName&) const = default;
};

struct Heartbeat {
  struct Echo {
    HeartbeatName name;
    base::UtcMicros received_at;  // by the clock of the one who echoes
    bool operator==(const Echo&) const = default;
  };

  base::PartyId from;
  base::PartyId to;
  HeartbeatName name;
  base::UtcMicros sent_at;
  int64_t clock_error_ms = 0;
  std::optional<Echo> echo;
  record::TreeHead own_head;   // of the sender's log of this line
  record::TreeHead peer_head;  // of the receiver's log, as far as the sender holds it durably
  LinkState link = LinkState::kConnecting;
  bool policy_suspended = false;
  std::vector<MessageType> speaks;

  bool operator==(const Heartbeat&) const = default;
};

std::string SealHeartbeat(const Heartbeat& heartbeat, const crypto::SecretKey& key);
// Signed by each of `keys`: while the peer may not hold a change of the key yet. REQUIRES (CHECK): 1 to
// limits::kEnvelopeSignaturesMax keys.
std::string SealHeartbeat(const Heartbeat& heartbeat,
                          std::span<const crypto::SecretKey* const> keys);

// Refuses with kUnauthorized what none of `keys` signed, with kInvalid what is no heartbeat.
base::Result<Heartbeat> OpenHeartbeat(std::string_view envelope,
                                      std::span<const crypto::PublicKey> keys);

}  // namespace wideberth::line

#endif  // WIDEBERTH_LINE_HEARTBEAT_H_
