// The outbox: what this side has written to its log of the line and the peer does not yet hold.
//
// Entries are sent in order, up to a window beyond what is acknowledged, on every path that is up, and again with
// growing pauses until they are acknowledged: 0.5 s, 1 s, 2 s... at most limits::kLineRetryMaxUs, each a quarter
// shorter or longer so that two nodes do not fall into step. The cap is the same for both lanes, because the sequence
// has one order and what waits for a policy message may be a safety message.
//
// After a start nothing is sent before the peer has said what it holds (its first acknowledgement or heartbeat), so
// that a restart does not send the whole log again.
//
// The log itself is the storage: the outbox keeps the bytes of the window only and reads the rest from the log when
// their turn comes, which is never before the Take after the one that followed their Add: by then they are durable.
// Pure; not thread-safe. Costs O(window) a call that sends something, O(1) otherwise.
#ifndef WIDEBERTH_LINE_OUTBOX_H_
#define WIDEBERTH_LINE_OUTBOX_H_

#include <cstdint>
#include <deque>
#include <limits>
#include <vector>

#include "base/result.h"
#include "line/ack.h"
#include "line/log_entry.h"

namespace wideberth::line {

class Outbox {
 public:
  static constexpr uint64_t kAll = std::numeric_limits<uint64_t>::max();

  // `own_log` outlives the outbox.
  explicit Outbox(const LogSource& own_log) : own_log_(own_log) {}

  // For rebuilding: entries up to `seq` have been written before.
  void Restore(uint64_t seq) { written_ = readable_ = seq; }

  // Entry written() + 1 has been written.
  void Add(LogEntry entry);

  // What the peer holds. Refuses (kInvalid, field "ack") a peer that claims what was never written; nothing changes.
  // An older acknowledgement than the newest changes nothing.
  base::Result<void> Acknowledge(const Ack& ack);

  // The peer has lost what it held beyond `through`, and is sent it again. Nothing happens if it never held more.
  void Rewind(uint64_t through);

  // A path came up: what is not acknowledged is due at once.
  void Hurry() { hurry_ = true; }

  struct Due {
    uint64_t seq = 0;
    LogEntry entry;
  };
  // What is to be sent now, in order, of the entries up to `last`; each counts as sent. An error is the log's.
  base::Result<std::vector<Due>> Take(int64_t monotonic_us, uint64_t last = kAll);
  // When Take has something again at the earliest; the maximum while nothing waits.
  int64_t next_due_monotonic_us(uint64_t last = kAll) const;

  uint64_t written() const { return written_; }
  uint64_t acknowledged() const { return acknowledged_; }
  bool peer_known() const { return peer_known_; }

 private:
  struct Sending {
    uint64_t seq = 0;
    LogEntry entry;
    uint32_t attempts = 0;
    int64_t due_monotonic_us = std::numeric_limits<int64_t>::min();
    bool held_by_peer = false;  // beyond a gap: not asked for again before the longest pause
  };

  bool HasRoom() const;
  void Push(LogEntry entry);
  base::Result<void> FillWindow();

  const LogSource& own_log_;
  uint64_t written_ = 0;
  uint64_t readable_ = 0;  // what has been written before the present turn
  uint64_t acknowledged_ = 0;
  bool peer_known_ = false;
  bool hurry_ = false;
  std::deque<Sending> window_;  // acknowledged_ + 1 and on, without a gap
  size_t window_bytes_ = 0;
};

}  // namespace wideberth::line

#endif  // WIDEBERTH_LINE_OUTBOX_H_
