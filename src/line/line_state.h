// What a node must not forget of a line: both logs as far as it holds them, which key signs which of their entries, and
// who has suspended the policy lane.
//
// It changes by effects alone. They are written to the store before anything that follows from them leaves the node,
// and a restart applies them again (or takes an encoded state and the effects behind it).
//
// Pure; not thread-safe. Applying costs two hashes of the entry and a few of the tree.
#ifndef WIDEBERTH_LINE_LINE_STATE_H_
#define WIDEBERTH_LINE_LINE_STATE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/ed25519.h"
#include "line/log_entry.h"
#include "record/merkle.h"

namespace wideberth::line {

// This node has written entry `seq` of its own log.
struct EntryWritten {
  uint64_t seq = 0;
  LogEntry entry;
  base::UtcMicros sent_at;
};

// This node holds entry `seq` of the peer's log.
struct EntryMirrored {
  uint64_t seq = 0;
  LogEntry entry;
};

// One side has closed or opened the policy lane; it is open while neither has it closed.
struct PolicyLaneChanged {
  bool by_peer = false;
  bool suspended = false;
};

// From entry `first_seq` of one of the logs on, that key signs. What was known of later entries is forgotten.
struct MessageKeyChanged {
  bool by_peer = false;
  uint64_t first_seq = 1;
  crypto::PublicKey key;
};

// This node has signed a head of its own log (line/cosigning.h): never a shorter one than before, never another of that
// size.
struct HeadSigned {
  record::TreeHead head;
  std::string note;  // the checkpoint, with the log's signature
};

// A head was cosigned: one of our own log by the peer, which is R2 for all entries below; or one of the peer's log by
// this node, which holds every entry below it.
struct HeadCosigned {
  bool by_peer = false;
  record::TreeHead head;
  uint64_t time_s = 0;  // POSIX, by the clock of who cosigned
  std::string note;     // the checkpoint, with the log's signature and the cosignature
};

using Effect = std::variant<EntryWritten, EntryMirrored, PolicyLaneChanged, MessageKeyChanged,
                            HeadSigned, HeadCosigned>;

// A binary form. Decoding is strict (field "effect"); *in advances past the value.
void EncodeEffect(const Effect& effect, base::Bytes* out);
base::Result<Effect> DecodeEffect(base::ByteView* in);

// The message key of a party changes at one entry of each of its logs: those from `first_seq` on are under `key`.
struct KeyEpoch {
  uint64_t first_seq = 1;
  crypto::PublicKey key;
  bool operator==(const KeyEpoch&) const = default;
};
// A line that has seen so many takes no further change; monthly changes would take 80 years.
inline constexpr size_t kKeyEpochsMax = 1'024;

// A head of a log as it was signed, or cosigned.
struct KnownHead {
  record::TreeHead head;
  uint64_t time_s = 0;  // of the cosignature
  SharedBytes note;
};

// A log as far as this node has it.
struct LogState {
  base::Digest last;  // SHA-256 of the last envelope; all zero while there is none
  record::Frontier tree;
  std::vector<KeyEpoch>
      keys;  // in order, the first from entry 1; empty before the line was opened for the first time

  std::optional<KnownHead> signed_head;  // the last that was signed; of the own log alone
  std::optional<KnownHead> cosigned;  // the longest that was cosigned by the other side of the line

  uint64_t size() const { return tree.size(); }
  void Append(const LogEntry& entry);
  // The epoch of an entry, which need not be there yet. REQUIRES (CHECK): keys are known; seq from 1.
  const KeyEpoch& EpochAt(uint64_t seq) const;
  // Where that key ceased to sign, or nothing: it is in force, or no key of this log.
  std::optional<uint64_t> ReplacedAt(const crypto::PublicKey& key) const;
};

struct LineState {
  LogState own;
  LogState mirror;
  base::UtcMicros last_sent_at;  // signed times never step back
  bool suspended_by_self = false;
  bool suspended_by_peer = false;

  bool policy_suspended() const { return suspended_by_self || suspended_by_peer; }

  // REQUIRES (CHECK): an entry's seq is the next of its log; the first key of a log is from entry 1.
  void Apply(const Effect& effect);

  void Encode(base::Bytes* out) const;
  static base::Result<LineState> Decode(base::ByteView* in);
};

}  // namespace wideberth::line

#endif  // WIDEBERTH_LINE_LINE_STATE_H_
