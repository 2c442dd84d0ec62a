#include "line/outbox.h"

#include <algorithm>

#include "base/limits.h"

namespace wideberth::line {
namespace {

// The pause after the attempt of that number (1 is the first), 75 % to 125 % of its nominal length. The spread comes
// from the entry and the attempt themselves: no random source, and one seed replays any run.
int64_t PauseUs(uint64_t seq, uint32_t attempt) {
  const uint32_t doublings = std::min<uint32_t>(attempt - 1, 16);
  const int64_t nominal_us =
      std::min(limits::kLineRetryMaxUs, limits::kLineRetryFirstUs << doublings);
  uint64_t mixed = (seq * 0x9E3779B97F4A7C15u) ^ (uint64_t{attempt} * 0xC2B2AE3D27D4EB4Fu);
  mixed ^= mixed >> 29;
  mixed *= 0xD6E8FEB86659FD93u;
  const auto spread_us = static_cast<int64_t>((mixed >> 32) % 1'000) * nominal_us / 2'000;
  return std::min(limits::kLineRetryMaxUs, nominal_us * 3 / 4 + spread_us);
}

}  // namespace

bool Outbox::HasRoom() const {
  return window_.size() < limits::kLineWindowEntries && window_bytes_ < limits::kLineWindowBytes;
}

void Outbox::Push(LogEntry entry) {
  window_bytes_ += entry.size();
  window_.push_back({acknowledged_ + window_.size() + 1, std::move(entry)});
}

void Outbox::Add(LogEntry entry) {
  const bool in_turn = acknowledged_ + window_.size() == written_;
  ++written_;
  if (in_turn && HasRoom()) Push(std::move(entry));
}

base::Result<void> Outbox::Acknowledge(const Ack& ack) {
  const uint64_t last = ack.ranges.empty() ? ack.through : ack.ranges.back().last;
  if (last > written_) {
    return base::Invalid(
        "ack", "must not go beyond the " + std::to_string(written_) + " entries that were written",
        std::to_string(last));
  }
  peer_known_ = true;
  while (!window_.empty() && window_.front().seq <= ack.through) {
    window_bytes_ -= window_.front().entry.size();
    window_.pop_front();
  }
  acknowledged_ = std::max(acknowledged_, ack.through);
  for (const Ack::Range& range : ack.ranges) {
    for (uint64_t seq = std::max(range.first, acknowledged_ + 1);
         seq <= range.last && seq - acknowledged_ <= window_.size(); ++seq) {
      Sending& sending = window_[static_cast<size_t>(seq - acknowledged_ - 1)];
      if (sending.held_by_peer || sending.attempts == 0) continue;
      sending.held_by_peer = true;
      sending.due_monotonic_us += limits::kLineRetryMaxUs;
    }
  }
  return {};
}

void Outbox::Rewind(uint64_t through) {
  if (through >= acknowledged_) return;
  acknowledged_ = through;
  window_.clear();
  window_bytes_ = 0;
  peer_known_ = true;
}

base::Result<void> Outbox::FillWindow() {
  while (HasRoom() && acknowledged_ + window_.size() < readable_) {
    const uint64_t seq = acknowledged_ + window_.size() + 1;
    WB_ASSIGN_OR_RETURN(LogEntry entry, own_log_.ReadEntry(seq));
    Push(std::move(entry));
  }
  return {};
}

base::Result<std::vector<Outbox::Due>> Outbox::Take(int64_t monotonic_us, uint64_t last) {
  std::vector<Due> due;
  const base::Result<void> filled = peer_known_ ? FillWindow() : base::Result<void>();
  readable_ = written_;
  if (!filled) return base::Fail(filled.error());
  if (!peer_known_) return due;
  for (Sending& sending : window_) {
    if (sending.seq > last) break;
    if (!hurry_ && sending.due_monotonic_us > monotonic_us) continue;
    ++sending.attempts;
    sending.held_by_peer = false;
    sending.due_monotonic_us = monotonic_us + PauseUs(sending.seq, sending.attempts);
    due.push_back({sending.seq, sending.entry});
  }
  hurry_ = false;
  return due;
}

int64_t Outbox::next_due_monotonic_us(uint64_t last) const {
  int64_t next = std::numeric_limits<int64_t>::max();
  if (!peer_known_) return next;
  if (acknowledged_ + window_.size() < written_ && HasRoom()) {
    return std::numeric_limits<int64_t>::min();
  }
  for (const Sending& sending : window_) {
    if (sending.seq > last) break;
    if (hurry_) return std::numeric_limits<int64_t>::min();
    next = std::min(next, sending.due_monotonic_us);
  }
  return next;
}

}  // namespace wideberth::line
