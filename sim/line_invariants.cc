#include "sim/line_invariants.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "base/limits.h"

namespace wideberth::sim {
namespace {

using line::LinkState;

constexpr int64_t kLostWithinUs = 10'000'000;
// The best sample of the last 64 heartbeats may be 128 s old, while two clocks drift apart by 200 ppm each.
constexpr int64_t kClockDriftUs = 130 * 400;

bool Equal(const line::LogEntry& a, const line::LogEntry& b) {
  const bool bodies = (a.body_beside == nullptr) == (b.body_beside == nullptr) &&
                      (a.body_beside == nullptr || *a.body_beside == *b.body_beside);
  return bodies && *a.envelope == *b.envelope;
}

bool IsReceipt(const line::Received& received) {
  return received.opened.message.type.name == line::kReceiptType;
}

}  // namespace

void LineInvariants::Break(std::string what) {
  if (broken_) return;
  trace_.Say([&] { return "BROKEN: " + what; });
  broken_ = std::move(what);
}

// ---- Delivery ----

void LineInvariants::OnTurn(const Node& node, const line::Output& output) {
  for (const line::Trouble& trouble : output.troubles) {
    Break(fmt::format("{} reports {}: {}", node.name(), line::Name(trouble.kind),
                      trouble.error.ToString()));
  }
  CheckReceived(node, output);
  CheckLink(node);
}

void LineInvariants::CheckReceived(const Node& node, const line::Output& output) {
  std::vector<line::Received>& received = seen_[node.index()].received;
  const std::vector<line::LogEntry>& durable = seen_[PeerOf(node).index()].durable_own;
  size_t next = 0;
  for (const line::Effect& effect : output.effects) {
    const auto* mirrored = std::get_if<line::EntryMirrored>(&effect);
    if (mirrored == nullptr) continue;
    if (next == output.received.size()) {
      return Break(fmt::format("{} was not handed entry {}", node.name(), mirrored->seq));
    }
    const line::Received& one = output.received[next++];
    const uint64_t seq = one.opened.message.seq;
    if (seq != mirrored->seq || seq != received.size() + 1 || !Equal(one.entry, mirrored->entry)) {
      return Break(fmt::format("{} was handed entry {} in place of {}", node.name(), seq,
                               received.size() + 1));
    }
    if (seq > durable.size() || !Equal(durable[static_cast<size_t>(seq - 1)], one.entry)) {
      return Break(
          fmt::format("{} holds entry {} that is not durable at its writer", node.name(), seq));
    }
    if (!received.empty() && one.opened.message.sent_at < received.back().opened.message.sent_at) {
      return Break(fmt::format("entry {} to {} steps back in time", seq, node.name()));
    }
    const int64_t apart_us = std::abs(one.opened.message.sent_at.us - node.now().utc.us);
    if (one.clock_suspect != (apart_us > limits::kClockSuspectUs)) {
      return Break(fmt::format("entry {} to {} has a clock off by {} us, and is labelled so: {}",
                               seq, node.name(), apart_us, one.clock_suspect));
    }
    received.push_back(one);
  }
  if (next != output.received.size()) {
    Break(fmt::format("{} was handed a message that it does not store", node.name()));
  }
}

void LineInvariants::OnDurable(const Node& node, const line::Effect& effect) {
  const auto* written = std::get_if<line::EntryWritten>(&effect);
  if (written == nullptr) return;
  Seen& seen = seen_[node.index()];
  if (written->seq != seen.durable_own.size() + 1) {
    return Break(fmt::format("{} writes entry {} after {} durable ones", node.name(), written->seq,
                             seen.durable_own.size()));
  }
  if (written->sent_at < seen.durable_sent_at) {
    return Break(fmt::format("entry {} of {} steps back in time", written->seq, node.name()));
  }
  seen.durable_sent_at = written->sent_at;
  seen.durable_own.push_back(written->entry);
  seen.durable_at_us.push_back(timeline_->now_us());
  ++counts_.messages;
}

void LineInvariants::OnStart(const Node& node, const line::LineState& replayed,
                             const base::Bytes& saved) {
  base::Bytes bytes;
  replayed.Encode(&bytes);
  if (bytes != saved) {
    Break(fmt::format("{} replays to another state than it had", node.name()));
  }
  base::ByteView in(bytes);
  const auto decoded = line::LineState::Decode(&in);
  base::Bytes again;
  if (decoded) decoded->Encode(&again);
  if (again != bytes || !in.empty()) {
    Break(fmt::format("the state of {} changes when it is encoded and decoded", node.name()));
  }
  Seen& seen = seen_[node.index()];
  seen.received.resize(std::min<size_t>(seen.received.size(), node.mirror().size()));
  if (seen.received.size() != node.mirror().size() ||
      seen.durable_own.size() != node.own_log().size()) {
    Break(fmt::format("{} starts with other logs than were durable", node.name()));
  }
  seen.link = LinkState::kConnecting;
  seen.confirmed = false;
  timeline_->After(kLostWithinUs, [this, &node] { CheckLost(node); });
}

void LineInvariants::OnCrash(const Node&, bool torn) {
  ++counts_.crashes;
  if (torn) ++counts_.torn_batches;
}

// ---- Liveness ----

void LineInvariants::CheckLink(const Node& node) {
  Seen& seen = seen_[node.index()];
  const LinkState before = std::exchange(seen.link, node.endpoint().liveness().state());
  const bool confirmed = std::exchange(seen.confirmed, false);
  if (before != seen.link) {
    const bool allowed =
        seen.link == LinkState::kLost ||
        (before == LinkState::kConnecting && seen.link == LinkState::kUp) ||
        (before == LinkState::kLost && seen.link == LinkState::kRecovering) ||
        // Lost and heard again in one turn, which began late.
        (before == LinkState::kUp && seen.link == LinkState::kRecovering) ||
        (before == LinkState::kRecovering && seen.link == LinkState::kUp && confirmed);
    if (!allowed) {
      Break(fmt::format("{} goes from {} to {}", node.name(), line::Name(before),
                        line::Name(seen.link)));
    }
    if (seen.link == LinkState::kLost) {
      ++counts_.links_lost;
      const Node& peer = PeerOf(node);
      const int64_t since_us = timeline_->now_us() - kLostWithinUs;
      if (peer.running() && node.started_us() <= since_us && peer.started_us() <= since_us &&
          network_.HealthyForUs(node.index(), peer.index()) >= kLostWithinUs) {
        Break(fmt::format("{} says LINK LOST on a healthy line", node.name()));
      }
    }
  }
  CheckLost(node);
}

// A line is not lost only while a heartbeat of the last 9 s has come back, and it came with the length of the peer's
// log: what was durable there 10 s ago is here when the line is confirmed. And all of ours is there.
void LineInvariants::Confirmed(const Node& node) {
  seen_[node.index()].confirmed = true;
  const Node& peer = PeerOf(node);
  const std::vector<int64_t>& durable_at_us = seen_[peer.index()].durable_at_us;
  const size_t here = node.mirror().size();
  if (here < durable_at_us.size() && durable_at_us[here] <= timeline_->now_us() - kLostWithinUs) {
    Break(fmt::format("{} confirms a line and does not hold entry {} of its peer", node.name(),
                      here + 1));
  }
  if (peer.mirror().size() < node.own_log().size()) {
    Break(fmt::format("{} confirms a line and its peer holds {} of {} entries", node.name(),
                      peer.mirror().size(), node.own_log().size()));
  }
}

void LineInvariants::CheckLost(const Node& node) {
  const int64_t since_us = timeline_->now_us() - kLostWithinUs;
  if (!node.running() || node.started_us() > since_us) return;
  for (size_t from = 0; from < nodes_.size(); ++from) {
    if (!dead_since_us_[from] || *dead_since_us_[from] > since_us) continue;
    ++counts_.lost_checks;
    if (node.endpoint().liveness().state() != LinkState::kLost) {
      Break(fmt::format("{} says {} although nothing has gone from {} to {} for {} ms", node.name(),
                        line::Name(node.endpoint().liveness().state()), nodes_[from]->name(),
                        nodes_[1 - from]->name(),
                        (timeline_->now_us() - *dead_since_us_[from]) / 1'000));
    }
  }
}

void LineInvariants::ConnectivityChanged() {
  for (size_t from = 0; from < nodes_.size(); ++from) {
    const size_t to = 1 - from;
    const bool carries =
        nodes_[from]->running() && nodes_[to]->running() && network_.Carries(from, to);
    if (carries) {
      dead_since_us_[from].reset();
    } else if (!dead_since_us_[from]) {
      dead_since_us_[from] = timeline_->now_us();
      timeline_->After(kLostWithinUs, [this] {
        for (const Node* node : nodes_) CheckLost(*node);
      });
    }
  }
}

// ---- At rest ----

void LineInvariants::CheckAtRest() {
  for (const Node* node : nodes_) {
    if (broken_) return;
    const line::Endpoint& endpoint = node->endpoint();
    if (!endpoint.in_step() || endpoint.liveness().state() != LinkState::kUp) {
      return Break(fmt::format("{} does not come to rest: {}, {}, {} of {} entries acknowledged",
                               node->name(), line::Name(endpoint.liveness().state()),
                               endpoint.in_step() ? "in step" : "not in step",
                               endpoint.acknowledged(), endpoint.state().own.size()));
    }
    CheckLogs(*node);
    CheckReceipts(*node);
    CheckClock(*node);
  }
}

void LineInvariants::CheckLogs(const Node& node) {
  const Node& peer = PeerOf(node);
  const std::vector<line::LogEntry>& durable = seen_[node.index()].durable_own;
  const bool equal =
      std::equal(durable.begin(), durable.end(), node.own_log().begin(), node.own_log().end(),
                 Equal) &&
      std::equal(durable.begin(), durable.end(), peer.mirror().begin(), peer.mirror().end(), Equal);
  if (!equal) {
    return Break(fmt::format("{} has written {} durable entries, holds {}, its peer {}, or others",
                             node.name(), durable.size(), node.own_log().size(),
                             peer.mirror().size()));
  }
  if (seen_[peer.index()].received.size() != durable.size()) {
    return Break(fmt::format("{} was handed {} of {} messages", peer.name(),
                             seen_[peer.index()].received.size(), durable.size()));
  }
  const line::LineState& ours = node.endpoint().state();
  const line::LineState& theirs = peer.endpoint().state();
  if (ours.own.keys != theirs.mirror.keys) {
    return Break(fmt::format("{} and its peer disagree on which key signs what", node.name()));
  }
  if (ours.own.tree.head() != theirs.mirror.tree.head() || ours.own.last != theirs.mirror.last) {
    return Break(fmt::format("the log of {} has two heads", node.name()));
  }
  if (ours.suspended_by_self != theirs.suspended_by_peer) {
    Break(fmt::format("the policy lane of {} is seen in two ways", node.name()));
  }
}

// Every message that `node` was handed, against the receipts that it has written.
void LineInvariants::CheckReceipts(const Node& node) {
  struct Named {
    unsigned stored = 0;
    unsigned not_understood = 0;
  };
  std::unordered_map<base::Digest, Named, base::DigestHash> named;
  size_t digests = 0;
  // The receipts of a node are opened by its peer.
  for (const line::Received& received : seen_[PeerOf(node).index()].received) {
    if (!IsReceipt(received)) continue;
    ++counts_.receipts;
    const auto receipt = line::ReadReceipt(received.body());
    if (!receipt) return Break("a receipt cannot be read: " + receipt.error().ToString());
    for (const base::Digest& digest : receipt->stored) ++named[digest].stored;
    for (const base::Digest& digest : receipt->not_understood) ++named[digest].not_understood;
    digests += receipt->stored.size();
  }
  for (const line::Received& received : seen_[node.index()].received) {
    if (IsReceipt(received)) continue;
    const line::Message& message = received.opened.message;
    const bool known = message.crit.empty() && message.type.name != "odd";
    const Named& by = named[received.opened.digest];
    --digests;
    if (by.stored != 1 || by.not_understood != (known ? 0 : 1) || received.understood != known) {
      return Break(fmt::format("entry {} to {} stands in {} receipts, {} times as not understood",
                               message.seq, node.name(), by.stored, by.not_understood));
    }
  }
  if (digests != 0) {
    Break(fmt::format("{} gives receipts for what is no message to it", node.name()));
  }
}

void LineInvariants::CheckClock(const Node& node) {
  // Its best sample may be older than a step of a clock.
  if (node.wall_step_us() != 0 || PeerOf(node).wall_step_us() != 0) return;
  const auto& offset = node.endpoint().liveness().clock_offset();
  const int64_t true_us = PeerOf(node).now().utc.us - node.now().utc.us;
  if (!offset) return Break(fmt::format("{} knows nothing of its peer's clock", node.name()));
  if (std::abs(offset->offset_us - true_us) > offset->error_us + kClockDriftUs) {
    Break(fmt::format("{} takes its peer's clock to be off by {} us within {}, and it is {}",
                      node.name(), offset->offset_us, offset->error_us, true_us));
  }
}

}  // namespace wideberth::sim
