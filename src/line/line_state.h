// What a node must not forget of a line: both logs as far as it holds them, and who has suspended the policy lane.
//
// It changes by effects alone. They are written to the store before anything that follows from them leaves the node,
// and a restart applies them again (or takes an encoded state and the effects behind it).
//
// Pure; not thread-safe. Applying costs two hashes of the entry and a few of the tree.
#ifndef WIDEBERTH_LINE_LINE_STATE_H_
#define WIDEBERTH_LINE_LINE_STATE_H_

#include <cstdint>
#include <variant>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
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

using Effect = std::variant<EntryWritten, EntryMirrored, PolicyLaneChanged>;

// A binary form. Decoding is strict (field "effect"); *in advances past the value.
void EncodeEffect(const Effect& effect, base::Bytes* out);
base::Result<Effect> DecodeEffect(base::ByteView* in);

// A log as far as this node has it.
struct LogState {
  base::Digest last;  // SHA-256 of the last envelope; all zero while there is none
  record::Frontier tree;

  uint64_t size() const { return tree.size(); }
  void Append(const LogEntry& entry);
};

struct LineState {
  LogState own;
  LogState mirror;
  base::UtcMicros last_sent_at;  // signed times never step back
  bool suspended_by_self = false;
  bool suspended_by_peer = false;

  bool policy_suspended() const { return suspended_by_self || suspended_by_peer; }

  // REQUIRES (CHECK): an entry's seq is the next of its log.
  void Apply(const Effect& effect);

  void Encode(base::Bytes* out) const;
  static base::Result<LineState> Decode(base::ByteView* in);
};

}  // namespace wideberth::line

#endif  // WIDEBERTH_LINE_LINE_STATE_H_
