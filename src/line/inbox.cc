#include "line/inbox.h"

#include "base/check.h"
#include "base/limits.h"

namespace wideberth::line {

Inbox::Place Inbox::Offer(Arrival arrival) {
  const uint64_t seq = arrival.opened.message.seq;
  const base::Digest& digest = arrival.opened.digest;
  if (seq <= through_) {
    const uint64_t back = through_ - seq;
    if (back >= taken_lately_.size()) return Place::kLongTaken;
    const base::Digest& taken = taken_lately_[taken_lately_.size() - 1 - static_cast<size_t>(back)];
    return taken == digest ? Place::kDuplicate : Place::kOther;
  }
  if (const auto held = held_.find(seq); held != held_.end()) {
    return held->second.opened.digest == digest ? Place::kDuplicate : Place::kOther;
  }
  const bool next = seq == through_ + 1;
  const bool room = held_.size() < limits::kLineHeldEntriesMax &&
                    held_bytes_ + arrival.entry.size() <= limits::kLineHeldBytesMax &&
                    seq - through_ <= limits::kLineHeldEntriesMax;
  // The one that is waited for always has room: it makes room for others.
  if (!next && !room) return Place::kNoRoom;
  lately_.insert(digest);
  held_bytes_ += arrival.entry.size();
  held_.emplace(seq, std::move(arrival));
  return next ? Place::kNext : Place::kHeld;
}

const Arrival* Inbox::Next() const {
  const auto first = held_.begin();
  return first != held_.end() && first->first == through_ + 1 ? &first->second : nullptr;
}

Arrival Inbox::RemoveNext() {
  CHECK(Next() != nullptr);
  const auto first = held_.begin();
  Arrival arrival = std::move(first->second);
  held_bytes_ -= arrival.entry.size();
  held_.erase(first);
  return arrival;
}

Arrival Inbox::TakeNext() {
  Arrival arrival = RemoveNext();
  ++through_;
  taken_lately_.push_back(arrival.opened.digest);
  if (taken_lately_.size() > limits::kLineTakenRemembered) {
    lately_.erase(taken_lately_.front());
    taken_lately_.pop_front();
  }
  return arrival;
}

void Inbox::DropNext() {
  lately_.erase(RemoveNext().opened.digest);
}

void Inbox::DropHeld() {
  for (const auto& [seq, arrival] : held_) lately_.erase(arrival.opened.digest);
  held_.clear();
  held_bytes_ = 0;
}

Ack Inbox::MakeAck() const {
  Ack ack;
  ack.through = through_;
  for (const auto& [seq, arrival] : held_) {
    if (!ack.ranges.empty() && ack.ranges.back().last + 1 == seq) {
      ack.ranges.back().last = seq;
    } else if (seq > through_ + 1) {
      if (ack.ranges.size() == limits::kLineAckRangesMax) break;
      ack.ranges.push_back({seq, seq});
    }
  }
  return ack;
}

}  // namespace wideberth::line
