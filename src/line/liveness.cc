#include "line/liveness.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "base/limits.h"

namespace wideberth::line {
namespace {

constexpr double kPauseDeviationMinUs = 100'000;
constexpr double kSuspicionMax = 300;  // beyond it the tail of a double is empty

}  // namespace

bool ClockOffset::alarm() const {
  return std::abs(offset_us) > limits::kClockOffsetAlarmUs;
}

Liveness::Liveness(base::Uuid boot, int64_t start_monotonic_us)
    : boot_(boot), next_send_us_(start_monotonic_us), echoed_sent_us_(start_monotonic_us) {}

HeartbeatName Liveness::Send(Now now) {
  sent_.push_back({++number_, now});
  if (sent_.size() > limits::kHeartbeatsRemembered) sent_.pop_front();
  next_send_us_ = now.monotonic_us + limits::kHeartbeatPeriodUs;
  return {boot_, number_};
}

std::deque<Liveness::Sent>::iterator Liveness::FindEchoed(const Heartbeat& heartbeat) {
  if (!heartbeat.echo || heartbeat.echo->name.boot != boot_) return sent_.end();
  return std::find_if(sent_.begin(), sent_.end(),
                      [&](const Sent& one) { return one.number == heartbeat.echo->name.number; });
}

bool Liveness::Hear(const Heartbeat& heartbeat, Now now) {
  const auto sent = FindEchoed(heartbeat);
  const bool echoes = sent != sent_.end();
  if (to_echo_ && to_echo_->name.boot == heartbeat.name.boot) {
    if (heartbeat.name.number <= to_echo_->name.number) return false;
    boot_has_echoed_ = boot_has_echoed_ || echoes;
  } else {
    if (boot_has_echoed_ && !echoes) return false;
    boot_has_echoed_ = echoes;
  }
  to_echo_ = Heartbeat::Echo{heartbeat.name, now.utc};
  if (heard_us_) {
    pauses_us_.push_back(now.monotonic_us - *heard_us_);
    if (pauses_us_.size() > limits::kHeartbeatsRemembered) pauses_us_.pop_front();
  }
  heard_us_ = now.monotonic_us;
  if (echoes) TakeEcho(heartbeat, sent, now);
  return true;
}

void Liveness::TakeEcho(const Heartbeat& heartbeat, std::deque<Sent>::iterator sent, Now now) {
  echoed_sent_us_ = std::max(echoed_sent_us_, sent->at.monotonic_us);
  ever_echoed_ = true;
  // The round trip is measured on the monotonic clock, the time at the peer on the peer's.
  const int64_t there_us = heartbeat.echo->received_at.us - sent->at.utc.us;
  const int64_t back_us = heartbeat.sent_at.us - now.utc.us;
  const int64_t at_peer_us = heartbeat.sent_at.us - heartbeat.echo->received_at.us;
  const int64_t round_trip_us = now.monotonic_us - sent->at.monotonic_us - at_peer_us;
  if (at_peer_us >= 0 && round_trip_us >= 0) {
    TakeClockSample({(there_us + back_us) / 2, round_trip_us / 2});
  }
  sent_.erase(sent_.begin(), sent);
}

void Liveness::TakeClockSample(const ClockOffset& sample) {
  samples_.push_back(sample);
  if (samples_.size() > limits::kHeartbeatsRemembered) samples_.pop_front();
  clock_offset_ = *std::min_element(
      samples_.begin(), samples_.end(),
      [](const ClockOffset& a, const ClockOffset& b) { return a.error_us < b.error_us; });
}

bool Liveness::Advance(int64_t monotonic_us) {
  const bool fresh = echo_age_us(monotonic_us) <= limits::kLinkLostAfterUs;
  LinkState next = state_;
  if (!fresh) {
    next = LinkState::kLost;
  } else if (state_ == LinkState::kConnecting && ever_echoed_) {
    next = LinkState::kUp;
  } else if (state_ == LinkState::kLost) {
    next = LinkState::kRecovering;
  }
  const bool changed = next != state_;
  state_ = next;
  return changed;
}

int64_t Liveness::echo_deadline_monotonic_us() const {
  return echoed_sent_us_ + limits::kLinkLostAfterUs + 1;
}

bool Liveness::Confirm() {
  if (state_ != LinkState::kRecovering) return false;
  state_ = LinkState::kUp;
  return true;
}

double Liveness::Suspicion(int64_t monotonic_us) const {
  if (!heard_us_ || pauses_us_.size() < 2) return 0;
  double sum = 0;
  for (const int64_t pause : pauses_us_) sum += static_cast<double>(pause);
  const double mean = sum / static_cast<double>(pauses_us_.size());
  double squares = 0;
  for (const int64_t pause : pauses_us_) {
    squares += (static_cast<double>(pause) - mean) * (static_cast<double>(pause) - mean);
  }
  const double deviation =
      std::max(kPauseDeviationMinUs, std::sqrt(squares / static_cast<double>(pauses_us_.size())));
  const double silence = static_cast<double>(monotonic_us - *heard_us_);
  const double later = 0.5 * std::erfc((silence - mean) / (deviation * std::sqrt(2.0)));
  return later <= 0 ? kSuspicionMax : std::min(kSuspicionMax, -std::log10(later));
}

}  // namespace wideberth::line
