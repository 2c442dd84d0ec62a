// Whether the peer still hears this node, and how far its clock is off.
//
// Each side judges by the age of its own newest heartbeat that the peer has echoed, counted from when that heartbeat
// was sent, on its own monotonic clock, over whatever path (MECHANISM 6.1). Hearing the peer is not enough: when only
// one direction is cut, the side that is still heard gets no fresh echo, and both sides raise LINK LOST within 10 s by
// themselves. With one heartbeat every 2 s and a threshold of 9 s the alarm comes 7 to 9 s after the cut, to which the
// caller adds the time until it calls Advance.
//
// A lost line that is heard again is `recovering` until a person confirms it.
//
// Clock offset: a heartbeat and its echo carry four times; half the difference of the two ways is the offset, and half
// of the round trip is its error (the classic NTP sample). The sample with the smallest error of the last
// limits::kHeartbeatsRemembered is kept.
//
// Suspicion (phi accrual: how unlikely so long a silence is, as a power of ten, from the pauses seen lately, taken as
// normally distributed with a deviation of at least 100 ms; Hayashibara et al. 2004) is advice for a display. It alarms
// nothing: an adaptive detector has no hard bound.
//
// Pure; not thread-safe.
#ifndef WIDEBERTH_LINE_LIVENESS_H_
#define WIDEBERTH_LINE_LIVENESS_H_

#include <cstdint>
#include <deque>
#include <optional>

#include "base/time.h"
#include "line/heartbeat.h"

namespace wideberth::line {

// One moment on both clocks of a node.
struct Now {
  base::UtcMicros utc;
  int64_t monotonic_us = 0;
};

struct ClockOffset {
  int64_t offset_us = 0;  // the peer's clock minus ours
  int64_t error_us = 0;
  bool alarm() const;  // beyond limits::kClockOffsetAlarmUs
};

class Liveness {
 public:
  // `boot`: a random id of this start of the node.
  Liveness(base::Uuid boot, int64_t start_monotonic_us);

  // A heartbeat goes out now, on all paths; the same name on each.
  HeartbeatName Send(Now now);
  // When the next one is due.
  int64_t next_send_monotonic_us() const { return next_send_us_; }
  // The number of the newest that went out; 0: none.
  uint64_t newest_sent() const { return number_; }
  // A path came up: the peer should hear from this node at once.
  void SendSoon() { next_send_us_ = 0; }

  // A verified heartbeat of the peer. False for one that is not newer than what was heard: of the same boot a lower
  // number, of another boot one that echoes nothing of ours as new as what the present boot has echoed. A boot that has
  // echoed nothing yet gives way to any other, so a repeated heartbeat of an earlier start does not shut out the
  // living peer.
  bool Hear(const Heartbeat& heartbeat, Now now);

  // Brings the state up to date; true when it changed.
  bool Advance(int64_t monotonic_us);
  // A person confirms that a recovering line is in order. False in any other state.
  bool Confirm();

  LinkState state() const { return state_; }
  // Since the newest own heartbeat that came back was sent; since the start while none has.
  int64_t echo_age_us(int64_t monotonic_us) const { return monotonic_us - echoed_sent_us_; }
  // When the line is lost if no further echo comes.
  int64_t echo_deadline_monotonic_us() const;
  // What our next heartbeat echoes.
  const std::optional<Heartbeat::Echo>& to_echo() const { return to_echo_; }
  const std::optional<ClockOffset>& clock_offset() const { return clock_offset_; }
  double Suspicion(int64_t monotonic_us) const;

 private:
  struct Sent {
    uint64_t number = 0;
    Now at;
  };

  std::deque<Sent>::iterator FindEchoed(const Heartbeat& heartbeat);
  void TakeEcho(const Heartbeat& heartbeat, std::deque<Sent>::iterator sent, Now now);
  void TakeClockSample(const ClockOffset& sample);

  const base::Uuid boot_;
  LinkState state_ = LinkState::kConnecting;
  uint64_t number_ = 0;
  int64_t next_send_us_;
  std::deque<Sent> sent_;  // those whose echo may still come, oldest first
  int64_t echoed_sent_us_;
  bool ever_echoed_ = false;
  std::optional<Heartbeat::Echo> to_echo_;
  bool boot_has_echoed_ = false;  // the peer's boot that to_echo_ names has echoed us
  std::optional<int64_t> heard_us_;
  std::deque<int64_t> pauses_us_;  // between heartbeats heard
  std::deque<ClockOffset> samples_;
  std::optional<ClockOffset> clock_offset_;
};

}  // namespace wideberth::line

#endif  // WIDEBERTH_LINE_LIVENESS_H_
