// What the two sides say about the lengths of their logs: heads in heartbeats and messages, checkpoints, cosignatures;
// and what a side with an old copy has back from the other.
#include <algorithm>

#include "base/check.h"
#include "line/endpoint.h"
#include "line/key_change.h"
#include "line/policy_lane.h"
#include "line/receipt.h"

namespace wideberth::line {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;

constexpr size_t kGivenBackEntries = 256;  // for one question
constexpr size_t kGivenBackBytes = 1 << 20;
constexpr int64_t kAskAgainUs = 1'000'000;
constexpr int64_t kAskBehindUs = 100'000;

Error Say(std::string_view field, std::string_view rule, std::string found) {
  return {ErrorCode::kInvalid, std::string(field), std::string(rule), std::move(found)};
}

std::string Say(const record::TreeHead& head) {
  return std::to_string(head.size) + " entries, root " + head.root.ToHex();
}

}  // namespace

void Endpoint::ReceiveCosignature(size_t path, std::string_view note, Now now) {
  // It may be of what this side has no more. A head of what is fetched is signed, and cosigned, anew.
  if (behind()) return;
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

Cosigning::Standing Endpoint::StandingOfHeads() const {
  Cosigning::Standing standing{may_write(), AnyPathUp(), {}, outbox_.acknowledged()};
  const uint64_t through =
      liveness_.state() == LinkState::kLost ? state_.own.size() : standing.peer_holds;
  // One a size, without a gap, up to that of our log: no root is computed here, which every wake asks for.
  if (!own_heads_.empty() && through >= own_heads_.front().size) {
    standing.to_sign = own_heads_[through - own_heads_.front().size];
  }
  return standing;
}

void Endpoint::FinishCosigning(Now now) {
  Cosigning::Turn turn = cosigning_.Finish(state_, peer_, now, StandingOfHeads());
  for (Effect& effect : turn.effects) Apply(std::move(effect));
  for (std::string& frame : turn.frames) SendToAll(std::move(frame));
  for (const Cosigning::Problem& problem : turn.problems) Report(problem, 0);
}

// The peer says how much of our log it holds.
void Endpoint::HearPeerHolds(size_t path, const record::TreeHead& head, std::string_view bytes) {
  if (head.size > state_.own.size()) {
    HearPeerHoldsMore(path, head, bytes);
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

// Its cosignature says that it holds so much durably (R2). Both times are by its own clock; one that was said in the
// second of the cosignature may have come before it.
void Endpoint::CheckStillHolds(size_t path, const Heartbeat& heartbeat, std::string_view bytes) {
  const std::optional<KnownHead>& cosigned = state_.own.cosigned;
  if (!cosigned || heartbeat.peer_head.size >= cosigned->head.size) return;
  const int64_t second = heartbeat.sent_at.us / base::kMicrosPerSecond;
  if (second <= static_cast<int64_t>(cosigned->time_s)) return;
  Report(TroubleKind::kCosignedNotHeld, path,
         Say("/peer_head",
             "must not be less than it has cosigned at " + std::to_string(cosigned->time_s) + ": " +
                 Say(cosigned->head),
             Say(heartbeat.peer_head)),
         bytes);
}

// Whether the peer has sent it after the one that said peer_wrote_, or where none did, after it had signed what is
// here. A heartbeat of an earlier start may come late; what shows the order of two starts, or that it is of after ours,
// is the echo of a heartbeat that we sent in between.
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
  const record::TreeHead mirrored = state_.mirror.tree.head();
  if (head.size < peer_wrote_.size) {
    if (!IsAfterPeerWrote(heartbeat)) return;
    inbox_.DropHeld();
    Report(TroubleKind::kPeerRolledBack, path,
           Say("/own_head", "must not be shorter than before: " + Say(peer_wrote_), Say(head)),
           bytes);
    // What is here it fetches. What it had written and nobody holds does not come any more.
    if (head.size < mirrored.size) return;
    peer_wrote_said_in_ = {};
  }
  if (head.size == mirrored.size && head.root != mirrored.root) {
    Report(TroubleKind::kHeadsDiffer, path,
           Say("/own_head", "must be the log that is mirrored here: " + Say(mirrored), Say(head)),
           bytes);
    return;
  }
  if (head.size > peer_wrote_.size || peer_wrote_said_in_ == HeartbeatName{}) {
    peer_wrote_said_in_ = heartbeat.name;
    peer_wrote_heard_after_ = liveness_.newest_sent();
  }
  peer_wrote_ = head;
}

// ---- An old copy
//
// What the peer holds of both logs, and this side has no more, is fetched from it (line/endpoint.h).
//
// The side that has lost says how much it holds of either log, again and again until it has caught up ('Q'). The other
// sends its own log from there on, as it sends what is not acknowledged, and of the asker's what it mirrors ('O'), so
// much at a time. Both sides' entries name how long the other's log was when they were signed (peer_head), so they can
// be taken in the order in which they came to be: an answer never before what it answers.

std::optional<OldCopy> Endpoint::old_copy() const {
  if (may_write()) return std::nullopt;
  const bool proven = doubted_ || known_restored_ || shown_ || keys_changed_;
  return OldCopy{!doubted_, state_.own.size(), peer_holds_.size,
                 differs_,  keys_changed_,     !proven && claim_is_old_};
}

// Only this party could have made an entry under its key, so one that is not here proves that this store is an old
// copy. The size that a peer names, and the root, are its word alone: both stop every line while the peer may still be
// about to show what is behind them, and after that the line on which they were said. Paths that come and go, and
// larger sizes, give it no new time.
void Endpoint::WeighClaim(Now now) {
  if (!behind()) known_restored_ = shown_ = false;
  if (!behind() && !differs_) {
    claimed_us_.reset();
    claim_is_old_ = false;
    return;
  }
  if (doubted_) return;
  if (!claimed_us_) claimed_us_ = now.monotonic_us;
  if (now.monotonic_us - *claimed_us_ >= kOldCopyPatienceUs) claim_is_old_ = true;
}

// ---- The side that has lost ----

void Endpoint::HearPeerHoldsMore(size_t path, const record::TreeHead& head,
                                 std::string_view bytes) {
  if (head.size <= peer_holds_.size) return;
  peer_holds_ = head;
  peer_holds_said_in_ = bytes;
  Report(TroubleKind::kPeerHoldsMore, path,
         Say("/peer_head",
             "must not hold more than the " + std::to_string(state_.own.size()) +
                 " entries of our log",
             Say(head)),
         bytes);
}

// The peer hears of the smaller log first, under our signature: that it was set back is shown on both sides.
bool Endpoint::MayAsk() const {
  return behind() && !differs_ && (peer_heard_us_ || asks_unheard_);
}

void Endpoint::Ask(Now now) {
  if (!behind() || differs_ || !AnyPathUp()) {
    progress_us_.reset();
    return;
  }
  if (!progress_us_) progress_us_ = now.monotonic_us;
  const bool patient = now.monotonic_us - *progress_us_ <= kOldCopyPatienceUs;
  if (!patient && !peer_heard_us_ && !asks_unheard_) {
    // What comes now was not asked for before: it has its own time.
    asks_unheard_ = true;
    progress_us_ = now.monotonic_us;
  } else if (!patient && !impatient_) {
    impatient_ = true;
    if (!doubted_)
      Report(TroubleKind::kNotShown, 0,
             Say("/peer_head",
                 "must be shown by the peer: it was asked for what is behind the " +
                     std::to_string(state_.own.size()) + " entries that are here",
                 Say(peer_holds_)),
             peer_holds_said_in_);
  }
  if (!MayAsk() || now.monotonic_us < ask_at_us_) return;
  ask_at_us_ = now.monotonic_us + kAskAgainUs;
  asked_from_ = state_.own.size();
  SendToAll(WriteAskFrame({state_.own.size(), state_.mirror.size()}));
}

// Whether the peer's next message is taken now. While it is not known which of its messages were taken before, and
// what was said to them, it waits.
bool Endpoint::MayTake(const Message& message) const {
  if (!behind() || differs_ || impatient_) return true;
  if (message.peer_head.size > state_.own.size()) return false;
  // What was signed here before it was heard goes first, also while that is still to come.
  if (const auto next = given_back_.begin(); next != given_back_.end()) {
    if (next->first != state_.own.size() + 1) return false;
    if (next->second.opened.message.peer_head.size < message.seq) return false;
  }
  const bool all_given =
      !doubted_ && !given_back_.empty() && given_back_.rbegin()->first >= peer_holds_.size;
  return message.seq <= taken_before_ || all_given;
}

// What stands behind a change of our keys is under one that is not known yet; it comes again. The next entry is not.
bool Endpoint::MayBeBehindKeyChange(std::string_view envelope) const {
  if (shown_ || !given_back_.empty()) return true;
  const Result<Message> claimed = ReadUnverifiedMessage(envelope);
  return claimed && claimed->from == config_.self && claimed->seq > state_.own.size() + 1;
}

void Endpoint::ReceiveOwnEntry(size_t path, const OwnEntryFrame& frame, std::string_view bytes,
                               Now now) {
  if (!behind() || differs_) return;  // nobody has asked for it, or not any more
  std::vector<crypto::PublicKey> keys;
  for (const KeyEpoch& epoch : state_.own.keys) keys.push_back(epoch.key);
  Result<OpenedMessage> opened = OpenMessage(frame.entry.envelope, keys);
  if (!opened) {
    const bool unverified = opened.error().code == ErrorCode::kUnauthorized;
    if (unverified && MayBeBehindKeyChange(frame.entry.envelope)) return;
    Report(unverified ? TroubleKind::kUnverified : TroubleKind::kMalformed, path, opened.error(),
           bytes);
    return;
  }
  const Message& message = opened->message;
  if (message.from != config_.self || message.to != config_.peer) {
    Report(TroubleKind::kNotOurs, path,
           Say("/from", "must be this node, to the peer of this line", message.from.ToString()),
           bytes);
    return;
  }
  const uint64_t seq = message.seq;
  if (seq <= state_.own.size() || given_back_.contains(seq)) return;
  Result<LogEntry> entry = EntryOf(*opened, frame.entry);
  if (!entry) {
    Report(TroubleKind::kMalformed, path, entry.error(), bytes);
    return;
  }
  const bool room = given_back_.size() < 2 * kGivenBackEntries &&
                    given_back_bytes_ + entry->size() <= limits::kLineHeldBytesMax;
  if (!room && seq != state_.own.size() + 1) return;
  given_back_bytes_ += entry->size();
  const auto& signers = opened->signers;
  const crypto::PublicKey& in_force = state_.own.keys.back().key;
  shown_ = shown_ || std::find(signers.begin(), signers.end(), in_force) != signers.end();
  taken_before_ = std::max(taken_before_, message.peer_head.size);
  given_back_.emplace(seq, Arrival{std::move(*opened), std::move(*entry)});
  progress_us_ = now.monotonic_us;
}

// What waited for the other log goes on with it.
void Endpoint::Settle(Now now) {
  if (given_back_.empty() && inbox_.Next() == nullptr) return;
  for (bool again = true; again;) {
    const uint64_t mirrored = state_.mirror.size();
    again = TakeGivenBack(now);
    if (inbox_.Next() != nullptr) TakeInOrder(0, now);
    again = again || state_.mirror.size() != mirrored;
  }
  if (behind()) return;
  given_back_.clear();
  given_back_bytes_ = 0;
}

std::optional<Trouble> Endpoint::CheckGivenBack(const Arrival& arrival) const {
  const Message& message = arrival.opened.message;
  const auto& signers = arrival.opened.signers;
  const crypto::PublicKey& key = state_.own.EpochAt(message.seq).key;
  if (std::find(signers.begin(), signers.end(), key) == signers.end()) {
    return Trouble{TroubleKind::kUnverified, 0,
                   Error{ErrorCode::kUnauthorized, "/signatures",
                         "must be by our key that is in force at entry " +
                             std::to_string(message.seq) + ", " + key.KeyId(),
                         signers.front().KeyId()},
                   *arrival.entry.envelope};
  }
  // It is signed by this party, and follows another entry than the one that is here.
  if (message.previous != state_.own.last) {
    return Trouble{TroubleKind::kHeadsDiffer, 0,
                   Say("/previous", "must name our message before it, " + state_.own.last.ToHex(),
                       message.previous.ToHex()),
                   *arrival.entry.envelope};
  }
  return std::nullopt;
}

// Entries of ours, each when the mirror has what it answers. Whether there was one.
bool Endpoint::TakeGivenBack(Now now) {
  bool any = false;
  while (!differs_) {
    const auto next = given_back_.begin();
    if (next == given_back_.end() || next->first != state_.own.size() + 1) break;
    if (next->second.opened.message.peer_head.size > state_.mirror.size() && !impatient_) break;
    Arrival arrival = std::move(next->second);
    given_back_bytes_ -= arrival.entry.size();
    given_back_.erase(next);
    if (const std::optional<Trouble> wrong = CheckGivenBack(arrival)) {
      differs_ = wrong->kind == TroubleKind::kHeadsDiffer;
      Report(wrong->kind, 0, wrong->error, wrong->evidence);
      break;
    }
    const Message& message = arrival.opened.message;
    Apply(EntryWritten{message.seq, arrival.entry, message.sent_at});
    outbox_.Restore(state_.own.size());
    const Result<void> held = outbox_.Acknowledge({state_.own.size(), {}});
    CHECK_MSG(held.has_value(), "what the peer has given it holds");
    own_heads_.assign(1, state_.own.tree.head());
    Received received{std::move(arrival.opened), std::move(arrival.entry)};
    received.own = received.again = true;
    Follow(received);
    output_.received.push_back(std::move(received));
    CheckCaughtUp();
    progress_us_ = now.monotonic_us;
    impatient_ = false;
    any = true;
  }
  // The next question when all that one brings is here, or nothing more comes.
  if (any) {
    const bool all = state_.own.size() >= asked_from_ + kGivenBackEntries;
    ask_at_us_ = now.monotonic_us + (all ? 0 : kAskBehindUs);
  }
  return any;
}

// What an entry of ours changed on the line when it was written.
void Endpoint::Follow(const Received& own) {
  const std::string& type = own.opened.message.type.name;
  if (type == kPolicyLaneType) {
    const Result<bool> suspended = ReadPolicyLane(own.body());
    if (suspended) Apply(PolicyLaneChanged{/*by_peer=*/false, *suspended});
  } else if (type == kReceiptType) {
    const Result<Receipt> receipt = ReadReceipt(own.body());
    if (!receipt) return;
    for (auto& [mode, waiting] : to_receipt_) {
      std::erase_if(waiting, [&](const auto& each) {
        return std::find(receipt->stored.begin(), receipt->stored.end(), each.first) !=
               receipt->stored.end();
      });
    }
  } else if (type == kKeyChangeType) {
    keys_changed_ = true;
    const Result<PartyCard> card = ReadKeyChangeCard(own.body());
    if (!card) return;
    const crypto::PublicKey& key = card->key(KeyRole::kMessage);
    if (key == state_.own.keys.back().key) return;
    Apply(MessageKeyChanged{false, own.opened.message.seq + 1, key});
  }
}

void Endpoint::CheckCaughtUp() {
  if (state_.own.size() != peer_holds_.size) return;
  const record::TreeHead head = state_.own.tree.head();
  if (head.root == peer_holds_.root) return;
  differs_ = true;
  Report(TroubleKind::kHeadsDiffer, 0,
         Say("/peer_head", "must be our log: " + Say(head), Say(peer_holds_)), peer_holds_said_in_);
}

// ---- The side that has it ----

void Endpoint::ReceiveAsk(size_t path, const AskFrame& ask) {
  outbox_.Rewind(ask.held_of_yours);
  inbox_.DropHeld();
  asked_ = {path, ask.held_of_own};
}

void Endpoint::Answer() {
  const std::optional<std::pair<size_t, uint64_t>> asked = std::exchange(asked_, std::nullopt);
  const uint64_t readable = std::exchange(mirror_readable_, state_.mirror.size());
  if (!asked || !path_up_[asked->first]) return;
  size_t bytes = 0;
  for (uint64_t seq = asked->second + 1; seq <= readable; ++seq) {
    if (seq > asked->second + kGivenBackEntries || bytes > kGivenBackBytes) return;
    const Result<LogEntry> entry = mirror_log_.ReadEntry(seq);
    if (!entry) return Report(TroubleKind::kLogUnreadable, 0, entry.error(), {});
    bytes += entry->size();
    output_.frames.push_back(
        {asked->first, std::make_shared<const std::string>(WriteOwnEntryFrame(*entry))});
  }
}

}  // namespace wideberth::line
