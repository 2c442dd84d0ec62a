// What the two sides say about the lengths of their logs: heads in heartbeats and messages, checkpoints, cosignatures.
#include "base/check.h"
#include "line/endpoint.h"

namespace wideberth::line {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;

Error Say(std::string_view field, std::string_view rule, std::string found) {
  return {ErrorCode::kInvalid, std::string(field), std::string(rule), std::move(found)};
}

std::string Say(const record::TreeHead& head) {
  return std::to_string(head.size) + " entries, root " + head.root.ToHex();
}

}  // namespace

void Endpoint::ReceiveCosignature(size_t path, std::string_view note, Now now) {
  std::optional<Effect> effect;
  Report(cosigning_.ReceiveCosignature(note, state_, peer_, now.utc, &effect), path);
  if (effect) Apply(std::move(*effect));
}

void Endpoint::Report(const std::optional<Cosigning::Problem>& problem, size_t path) {
  if (!problem) return;
  constexpr TroubleKind kKinds[] = {TroubleKind::kMalformed,  TroubleKind::kUnverified,
                                    TroubleKind::kNotOurs,    TroubleKind::kHeadsForked,
                                    TroubleKind::kOtherTree,  TroubleKind::kFromFuture,
                                    TroubleKind::kNotCosigned};
  Report(kKinds[static_cast<size_t>(problem->wrong)], path, problem->error, problem->evidence);
}

void Endpoint::FinishCosigning(Now now) {
  Cosigning::Turn turn = cosigning_.Finish(state_, peer_, now, !old_copy_, AnyPathUp());
  for (Effect& effect : turn.effects) Apply(std::move(effect));
  for (std::string& frame : turn.frames) SendToAll(std::move(frame));
  for (const Cosigning::Problem& problem : turn.problems) Report(problem, 0);
}

// The peer says how much of our log it holds.
void Endpoint::HearPeerHolds(size_t path, const record::TreeHead& head, std::string_view bytes) {
  if (head.size > state_.own.size()) {
    old_copy_ = true;
    Report(TroubleKind::kPeerHoldsMore, path,
           Say("/peer_head",
               "must not hold more than the " + std::to_string(state_.own.size()) +
                   " entries of our log",
               Say(head)),
           bytes);
    return;
  }
  while (!own_heads_.empty() && own_heads_.front().size < head.size) own_heads_.pop_front();
  if (!own_heads_.empty() && own_heads_.front().size == head.size &&
      own_heads_.front().root != head.root) {
    Report(TroubleKind::kHeadsDiffer, path,
           Say("/peer_head", "must be our log: " + Say(own_heads_.front()), Say(head)), bytes);
    return;
  }
  const Result<void> taken = outbox_.Acknowledge({head.size, {}});
  CHECK_MSG(taken.has_value(), "a head that is not beyond our log acknowledges what was written");
}

// Whether the peer has sent it after the one that said peer_wrote_. A heartbeat of an earlier start may come late; what
// shows the order of two starts is the echo of a heartbeat that we sent in between.
bool Endpoint::IsAfterPeerWrote(const Heartbeat& heartbeat) const {
  if (heartbeat.name.boot == peer_wrote_said_in_.boot) {
    return heartbeat.name.number > peer_wrote_said_in_.number;
  }
  return heartbeat.echo && heartbeat.echo->name.boot == config_.boot &&
         heartbeat.echo->name.number > peer_wrote_heard_after_;
}

// The peer says how long its own log is.
void Endpoint::HearPeerWrote(size_t path, const Heartbeat& heartbeat, std::string_view bytes) {
  const record::TreeHead& head = heartbeat.own_head;
  if (head.size < peer_wrote_.size) {
    if (!IsAfterPeerWrote(heartbeat)) return;
    Report(TroubleKind::kPeerRolledBack, path,
           Say("/own_head", "must not be shorter than before: " + Say(peer_wrote_), Say(head)),
           bytes);
    return;
  }
  const record::TreeHead mirrored = state_.mirror.tree.head();
  if (head.size == mirrored.size && head.root != mirrored.root) {
    Report(TroubleKind::kHeadsDiffer, path,
           Say("/own_head", "must be the log that is mirrored here: " + Say(mirrored), Say(head)),
           bytes);
    return;
  }
  if (head.size > peer_wrote_.size) {
    peer_wrote_said_in_ = heartbeat.name;
    peer_wrote_heard_after_ = liveness_.newest_sent();
  }
  peer_wrote_ = head;
}

}  // namespace wideberth::line
