// The inbox: puts the peer's messages back into their order, once each.
//
// A message that comes before one it follows is held, within limits, until the gap is closed; one that was there
// already is recognised by the SHA-256 of its bytes, before any signature is verified, because every message comes over
// every path. Pure; not thread-safe.
#ifndef WIDEBERTH_LINE_INBOX_H_
#define WIDEBERTH_LINE_INBOX_H_

#include <cstdint>
#include <deque>
#include <map>
#include <unordered_set>

#include "base/bytes.h"
#include "line/ack.h"
#include "line/log_entry.h"
#include "line/message.h"

namespace wideberth::line {

struct Arrival {
  OpenedMessage opened;
  LogEntry entry;
};

class Inbox {
 public:
  enum class Place {
    kNext,       // the one that is waited for; kept until it is taken
    kHeld,       // kept until what comes before it is here
    kDuplicate,  // already taken, or already held, with the same bytes
    kLongTaken,  // taken so long ago that its bytes are not remembered
    kOther,      // its number is taken or held with other bytes: a fork
    kNoRoom,     // too far ahead: dropped, and will be sent again
  };

  // True for bytes that Offer has seen lately; costs one look-up.
  bool SeenLately(const base::Digest& digest) const { return lately_.contains(digest); }

  // Where an opened message belongs. kNext and kHeld keep it. One that was taken long ago, or before the
  // start, is the caller's to compare with the mirror, which has it: what this turn takes is remembered.
  Place Offer(Arrival arrival);

  // The next message in order, or null while it is not here. Then one of the two: it counts as taken, or it is
  // forgotten as if it had never come. REQUIRES (CHECK): Next() is not null.
  const Arrival* Next() const;
  Arrival TakeNext();
  void DropNext();
  // All that is not taken is forgotten as if it had never come: its writer has lost it and writes these numbers anew.
  void DropHeld();

  // For rebuilding: entries up to `seq` have been taken before.
  void Restore(uint64_t seq) { through_ = seq; }

  // Every message up to here has been taken.
  uint64_t through() const { return through_; }
  // What the peer is told: `through`, and what is held beyond.
  Ack MakeAck() const;

 private:
  Arrival RemoveNext();

  uint64_t through_ = 0;
  std::map<uint64_t, Arrival> held_;
  size_t held_bytes_ = 0;
  // The latest messages taken, oldest first, for recognising duplicates and forks without reading the mirror.
  std::deque<base::Digest> taken_lately_;  // its last is entry through_
  std::unordered_set<base::Digest, base::DigestHash> lately_;
};

}  // namespace wideberth::line

#endif  // WIDEBERTH_LINE_INBOX_H_
