#include "line/endpoint.h"

#include <algorithm>
#include <cstdlib>

#include "base/check.h"
#include "crypto/sha256.h"
#include "json/reader.h"
#include "line/key_change.h"
#include "line/policy_lane.h"
#include "line/receipt.h"

namespace wideberth::line {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;

constexpr std::string_view kTroubleNames[] = {
    "unverified",        "malformed",       "not_ours",         "broken_chain", "fork",
    "heads_differ",      "peer_holds_more", "peer_rolled_back", "ack_beyond",   "log_unreadable",
    "heads_forked",      "other_tree",      "from_future",      "not_cosigned", "key_replaced",
    "cosigned_not_held", "not_shown"};

// Fields of the payload itself that a message may name as critical.
constexpr std::string_view kHeaderFields[] = {"from",      "to",   "seq",         "previous",
                                              "sent_at",   "lane", "data_mode",   "clock_error_ms",
                                              "peer_head", "body", "body_beside", "in_reply_to"};

Error Say(std::string_view field, std::string_view rule, std::string found) {
  return {ErrorCode::kInvalid, std::string(field), std::string(rule), std::move(found)};
}

std::vector<crypto::PublicKey> KeysOf(const LogState& log) {
  std::vector<crypto::PublicKey> keys;
  for (const KeyEpoch& epoch : log.keys) keys.push_back(epoch.key);
  return keys;
}

// Whether a heartbeat was sent before its sender changed the key, and has been overtaken by the change.
bool IsOfBeforeKeyChange(std::string_view envelope, const LogState& log) {
  if (log.keys.size() < 2) return false;
  const Result<Heartbeat> heartbeat = OpenHeartbeat(envelope, KeysOf(log));
  return heartbeat && heartbeat->own_head.size + 1 < log.keys.back().first_seq;
}

Result<void> CheckBody(std::string_view body) {
  const auto document = json::Document::Parse(body, limits::kMessageBodyBesideBytesMax);
  if (!document) return base::Fail(Error(document.error()).Under("/body"));
  if (document->root().kind() != json::Kind::kObject) {
    return base::Invalid("/body", "must be an object", body);
  }
  return {};
}

}  // namespace

std::string_view Name(TroubleKind kind) {
  return kTroubleNames[static_cast<size_t>(kind)];
}

std::string_view Received::body() const {
  const auto* text = std::get_if<std::string>(&opened.message.body);
  return text != nullptr ? std::string_view(*text) : std::string_view(*entry.body_beside);
}

Endpoint::Endpoint(EndpointConfig config, OwnKeys own_keys, PartyCard peer, LineState state,
                   const LogSource& own_log, const LogSource& mirror, Now start)
    : config_(std::move(config)),
      own_keys_(std::move(own_keys)),
      peer_(std::move(peer)),
      mirror_log_(mirror),
      state_(std::move(state)),
      outbox_(own_log),
      liveness_(config_.boot, start.monotonic_us),
      cosigning_(config_.self, config_.peer, config_.record_keys),
      doubted_(config_.restored),
      ask_at_us_(start.monotonic_us),
      known_restored_(config_.restored),
      mirror_readable_(state_.mirror.size()) {
  CHECK(config_.understands.size() <= limits::kSpokenTypesMax);
  outbox_.Restore(state_.own.size());
  inbox_.Restore(state_.mirror.size());
  own_heads_.push_back(state_.own.tree.head());
  // What is here of its log it had signed before this start, whatever it said then of how long it was.
  if (state_.mirror.size() > 0) peer_wrote_ = state_.mirror.tree.head();
  CHECK(!own_keys_.empty());
  if (state_.own.keys.empty()) Apply(MessageKeyChanged{false, 1, own_keys_[0]->public_key()});
  if (state_.mirror.keys.empty()) {
    Apply(MessageKeyChanged{true, 1, peer_.key(KeyRole::kMessage)});
  }
  CHECK_MSG(FindOwnKey(state_.own.keys.back().key) != nullptr, "the key in force is there");
}

bool Endpoint::AnyPathUp() const {
  return std::find(path_up_.begin(), path_up_.end(), true) != path_up_.end();
}

void Endpoint::SetPath(size_t path, bool up) {
  CHECK(path < path_up_.size());
  if (up && !path_up_[path]) {
    outbox_.Hurry();
    cosigning_.Hurry();
    ask_at_us_ = 0;
    liveness_.SendSoon();
    acknowledge_ = true;
  }
  path_up_[path] = up;
}

void Endpoint::Report(TroubleKind kind, size_t path, Error error, std::string_view bytes) {
  if (output_.troubles.size() >= limits::kLineTroublesPerTurn) return;
  output_.troubles.push_back({kind, path, std::move(error), std::string(bytes)});
}

void Endpoint::Apply(Effect effect) {
  state_.Apply(effect);
  output_.effects.push_back(std::move(effect));
}

void Endpoint::SendToAll(std::string frame) {
  const auto bytes = std::make_shared<const std::string>(std::move(frame));
  for (size_t path = 0; path < path_up_.size(); ++path) {
    if (path_up_[path]) output_.frames.push_back({path, bytes});
  }
}

// ---- What comes in ----

void Endpoint::Receive(size_t path, std::string_view bytes, Now now) {
  // A loss that this very frame ends was one: a node that was halted notices when it goes on (MECHANISM 6.1).
  if (liveness_.Advance(now.monotonic_us)) output_.link_changed = true;
  const Result<Frame> frame = ReadFrame(bytes);
  if (!frame) {
    Report(TroubleKind::kMalformed, path, frame.error(), bytes);
  } else if (const auto* entry = std::get_if<EntryFrame>(&*frame)) {
    ReceiveEntry(path, *entry, bytes, now);
  } else if (const auto* ack = std::get_if<Ack>(&*frame)) {
    ReceiveAck(path, *ack, bytes);
  } else if (const auto* checkpoint = std::get_if<CheckpointFrame>(&*frame)) {
    Report(cosigning_.ReceiveCheckpoint(checkpoint->note, state_, peer_), path);
  } else if (const auto* cosignature = std::get_if<CosignatureFrame>(&*frame)) {
    ReceiveCosignature(path, cosignature->note, now);
  } else if (const auto* refusal = std::get_if<RefusalFrame>(&*frame)) {
    Report(cosigning_.ReceiveRefusal(refusal->envelope, state_), path);
  } else if (const auto* ask = std::get_if<AskFrame>(&*frame)) {
    ReceiveAsk(path, *ask);
  } else if (const auto* own = std::get_if<OwnEntryFrame>(&*frame)) {
    ReceiveOwnEntry(path, *own, bytes, now);
  } else {
    ReceiveHeartbeat(path, std::get<HeartbeatFrame>(*frame), bytes, now);
  }
  Settle(now);
}

void Endpoint::ReceiveAck(size_t path, const Ack& ack, std::string_view bytes) {
  const Result<void> taken = outbox_.Acknowledge(ack);
  if (!taken && may_write()) Report(TroubleKind::kAckBeyond, path, taken.error(), bytes);
}

void Endpoint::ReceiveHeartbeat(size_t path, const HeartbeatFrame& frame, std::string_view bytes,
                                Now now) {
  const KeyEpoch& epoch = state_.mirror.keys.back();
  const Result<Heartbeat> heartbeat = OpenHeartbeat(frame.envelope, {&epoch.key, 1});
  if (!heartbeat) {
    if (IsOfBeforeKeyChange(frame.envelope, state_.mirror)) return;
    const bool unverified = heartbeat.error().code == ErrorCode::kUnauthorized;
    if (unverified && behind()) return;  // by a key, perhaps, that it told of after this copy
    Report(unverified ? TroubleKind::kUnverified : TroubleKind::kMalformed, path, heartbeat.error(),
           bytes);
    return;
  }
  if (heartbeat->from != config_.peer || heartbeat->to != config_.self) {
    Report(TroubleKind::kNotOurs, path,
           Say("/from", "must be the peer of this line, to this node", heartbeat->from.ToString()),
           bytes);
    return;
  }
  if (!liveness_.Hear(*heartbeat, now)) return;
  // It started anew, and may have with an old copy.
  if (peer_boot_ != heartbeat->name.boot) outbox_.Rewind(heartbeat->peer_head.size);
  peer_boot_ = heartbeat->name.boot;
  HearPeerHolds(path, heartbeat->peer_head, bytes);
  CheckStillHolds(path, *heartbeat, bytes);
  // Said after this start: what it holds now.
  if (heartbeat->echo && heartbeat->echo->name.boot == config_.boot) {
    doubted_ = false;
    peer_heard_us_ = true;
  }
  HearPeerWrote(path, *heartbeat, bytes);
}

// With any key that the peer ever had; which of them it must be, its number says.
Result<OpenedMessage> Endpoint::Open(std::string_view envelope) const {
  const std::vector<KeyEpoch>& epochs = state_.mirror.keys;
  Result<OpenedMessage> opened = OpenMessage(envelope, {&epochs.back().key, 1});
  if (opened || epochs.size() == 1 || opened.error().code != ErrorCode::kUnauthorized) {
    return opened;
  }
  return OpenMessage(envelope, KeysOf(state_.mirror));
}

std::optional<Error> Endpoint::CheckSigner(const OpenedMessage& opened) const {
  const KeyEpoch& epoch = state_.mirror.EpochAt(opened.message.seq);
  const auto& signers = opened.signers;
  if (std::find(signers.begin(), signers.end(), epoch.key) != signers.end()) return std::nullopt;
  std::string rule = "must be by the key that is in force at entry " +
                     std::to_string(opened.message.seq) + ", " + epoch.key.KeyId();
  if (IsReplaced(opened)) {
    rule += "; it is signed by a key that was replaced at " +
            std::to_string(*state_.mirror.ReplacedAt(signers.front()));
  }
  return Error{ErrorCode::kUnauthorized, "/signatures", std::move(rule), signers.front().KeyId()};
}

// Whether the peer itself had said before that this key signs no more.
bool Endpoint::IsReplaced(const OpenedMessage& opened) const {
  const auto replaced = state_.mirror.ReplacedAt(opened.signers.front());
  return replaced && *replaced < opened.message.seq;
}

void Endpoint::ReceiveEntry(size_t path, const EntryFrame& frame, std::string_view bytes, Now now) {
  acknowledge_ = true;
  if (inbox_.SeenLately(crypto::Sha256(base::AsBytes(frame.envelope)))) return;
  Result<OpenedMessage> opened = Open(frame.envelope);
  if (!opened) {
    const bool unverified = opened.error().code == ErrorCode::kUnauthorized;
    if (unverified && behind()) return;  // as a heartbeat
    Report(unverified ? TroubleKind::kUnverified : TroubleKind::kMalformed, path, opened.error(),
           bytes);
    return;
  }
  const Message& message = opened->message;
  if (message.from != config_.peer || message.to != config_.self) {
    Report(TroubleKind::kNotOurs, path,
           Say("/from", "must be the peer of this line, to this node", message.from.ToString()),
           bytes);
    return;
  }
  if (const std::optional<Error> wrong = CheckSigner(*opened)) {
    Report(IsReplaced(*opened) ? TroubleKind::kKeyReplaced : TroubleKind::kUnverified, path, *wrong,
           bytes);
    return;
  }
  Result<LogEntry> entry = EntryOf(*opened, frame);
  if (!entry) {
    Report(TroubleKind::kMalformed, path, entry.error(), bytes);
    return;
  }
  const uint64_t seq = message.seq;
  const SharedBytes envelope = entry->envelope;
  const Inbox::Place place = inbox_.Offer({std::move(*opened), std::move(*entry)});
  if (place == Inbox::Place::kNext) {
    TakeInOrder(path, now);
  } else if (place == Inbox::Place::kOther ||
             (place == Inbox::Place::kLongTaken && IsOtherThanMirrored(seq, *envelope))) {
    Report(TroubleKind::kFork, path,
           Say("/seq", "must not be used for two messages", std::to_string(seq)), bytes);
  }
}

// What is stored of a message that came.
Result<LogEntry> Endpoint::EntryOf(const OpenedMessage& opened, const EntryFrame& frame) const {
  LogEntry entry{std::make_shared<const std::string>(frame.envelope), nullptr};
  const auto* beside = std::get_if<BodyBeside>(&opened.message.body);
  if (beside == nullptr) return entry;
  if (frame.body_beside.size() != beside->bytes ||
      crypto::Sha256(base::AsBytes(frame.body_beside)) != beside->sha256 ||
      !CheckBody(frame.body_beside)) {
    return base::Fail(Say("/body_beside", "must be the JSON object that comes with the envelope",
                          std::to_string(frame.body_beside.size()) + " bytes"));
  }
  entry.body_beside = std::make_shared<const std::string>(frame.body_beside);
  return entry;
}

// Whether the mirror has other bytes under that number; for entries too old to be remembered.
bool Endpoint::IsOtherThanMirrored(uint64_t seq, std::string_view envelope) {
  if (seq > state_.mirror.size()) return false;
  const Result<LogEntry> held = mirror_log_.ReadEntry(seq);
  if (!held) {
    Report(TroubleKind::kLogUnreadable, 0, held.error(), {});
    return false;
  }
  return *held->envelope != envelope;
}

void Endpoint::TakeInOrder(size_t path, Now now) {
  while (const Arrival* next = inbox_.Next()) {
    // It may have come before the change of the key that it stands behind.
    if (const std::optional<Error> wrong = CheckSigner(next->opened)) {
      Report(IsReplaced(next->opened) ? TroubleKind::kKeyReplaced : TroubleKind::kUnverified, path,
             *wrong, WriteEntryFrame(next->entry));
      inbox_.DropNext();
      return;
    }
    if (next->opened.message.previous != state_.mirror.last) {
      Report(TroubleKind::kBrokenChain, path,
             Say("/previous", "must name the message before it, " + state_.mirror.last.ToHex(),
                 next->opened.message.previous.ToHex()),
             WriteEntryFrame(next->entry));
      inbox_.DropHeld();  // what is held behind it stands on it
      return;
    }
    const record::TreeHead held = next->opened.message.peer_head;
    HearPeerHolds(path, held, *next->entry.envelope);
    // What it answers to is to be given back before it.
    if (!MayTake(next->opened.message)) return;
    Take(inbox_.TakeNext(), now);
  }
}

void Endpoint::Take(Arrival arrival, Now now) {
  const Message& message = arrival.opened.message;
  arrival.entry.digest = arrival.opened.digest;
  arrival.entry.Hash();
  Apply(EntryMirrored{message.seq, arrival.entry});
  acknowledge_ = true;  // it may have waited here
  cosigning_.Mirrored(state_.mirror);
  Received received{std::move(arrival.opened), std::move(arrival.entry), true, false};
  const Message& taken = received.opened.message;
  received.understood = Understands(taken);
  received.again = taken.seq <= taken_before_;
  received.clock_suspect =
      !received.again && std::abs(taken.sent_at.us - now.utc.us) > limits::kClockSuspectUs;
  if (received.understood && taken.type.name == kPolicyLaneType) {
    const Result<bool> suspended = ReadPolicyLane(received.body());
    // An exercise does not close a lane that real matters need.
    received.understood = suspended.has_value() && taken.data_mode == airspace::DataMode::kReal;
    if (received.understood) Apply(PolicyLaneChanged{/*by_peer=*/true, *suspended});
  }
  if (received.understood && taken.type.name == kKeyChangeType) {
    received.understood = TakeKeyChange(received);
  }
  if (taken.type.name != kReceiptType) {
    to_receipt_[taken.data_mode].emplace_back(received.opened.digest, received.understood);
  }
  output_.received.push_back(std::move(received));
}

// A change that is none costs its sender the line: what comes behind it is under a key that is not known here.
bool Endpoint::TakeKeyChange(const Received& received) {
  const Message& message = received.opened.message;
  Result<KeyChange> change = ReadKeyChange(received.body(), peer_);
  if (change && message.data_mode != airspace::DataMode::kReal) {
    change = base::Invalid("/data_mode", "must be REAL", airspace::Name(message.data_mode));
  }
  if (change && state_.mirror.keys.size() >= kKeyEpochsMax) {
    change = base::Invalid("/seq", "must not be one change more than a line takes",
                           std::to_string(state_.mirror.keys.size()));
  }
  Result<PartyCard> card = change ? ReadCard(change->card) : base::Fail(change.error());
  if (card && state_.mirror.ReplacedAt(card->key(KeyRole::kMessage))) {
    card = base::Invalid("/card", "must not bring back a key that was replaced",
                         card->key(KeyRole::kMessage).KeyId());
  }
  if (!card) {
    Report(TroubleKind::kMalformed, 0, card.error(), *received.entry.envelope);
    return false;
  }
  peer_ = std::move(*card);
  const crypto::PublicKey& key = peer_.key(KeyRole::kMessage);
  if (key != state_.mirror.keys.back().key) Apply(MessageKeyChanged{true, message.seq + 1, key});
  return true;
}

bool Endpoint::Understands(const Message& message) const {
  const auto type = config_.understands.find(message.type);
  if (type == config_.understands.end()) return false;
  return std::all_of(message.crit.begin(), message.crit.end(), [&](const std::string& field) {
    return std::find(std::begin(kHeaderFields), std::end(kHeaderFields), field) !=
               std::end(kHeaderFields) ||
           std::find(type->second.begin(), type->second.end(), field) != type->second.end();
  });
}

// ---- What goes out ----

Result<base::Digest> Endpoint::Write(Draft draft, Now now) {
  if (const auto old = old_copy()) {
    return base::Fail(ErrorCode::kConflict, "",
                      "must not be signed before what the peer holds of our log is here: this "
                      "store is an old copy",
                      std::to_string(old->held) + " of " +
                          std::to_string(std::max(old->held, old->peer_holds)) + " entries");
  }
  if (draft.lane == Lane::kPolicy && state_.policy_suspended()) {
    return base::Fail(ErrorCode::kConflict, "/lane", "must not be policy while it is suspended",
                      "policy");
  }
  if (draft.body.size() > limits::kMessageBodyBesideBytesMax) {
    return base::Fail(ErrorCode::kTooLarge, "/body", "must have at most 4 MiB",
                      std::to_string(draft.body.size()) + " bytes");
  }
  WB_RETURN_IF_ERROR(CheckBody(draft.body));
  Message message;
  message.type = std::move(draft.type);
  message.from = config_.self;
  message.to = config_.peer;
  message.seq = state_.own.size() + 1;
  message.previous = state_.own.last;
  message.sent_at = std::max(now.utc, state_.last_sent_at);
  message.clock_error_ms = config_.clock_error_ms;
  message.lane = draft.lane;
  message.data_mode = draft.data_mode;
  message.peer_head = state_.mirror.tree.head();
  message.in_reply_to = draft.in_reply_to;
  message.crit = std::move(draft.crit);
  LogEntry entry;
  if (draft.body.size() > limits::kMessageBodyInlineBytesMax) {
    message.body = BodyBeside{crypto::Sha256(base::AsBytes(draft.body)), draft.body.size()};
    entry.body_beside = std::make_shared<const std::string>(std::move(draft.body));
  } else {
    message.body = std::move(draft.body);
  }
  const crypto::SecretKey* key = FindOwnKey(state_.own.keys.back().key);
  WB_ASSIGN_OR_RETURN(std::string envelope, SealMessage(message, *key));
  entry.envelope = std::make_shared<const std::string>(std::move(envelope));
  entry.Hash();
  outbox_.Add(entry);
  Apply(EntryWritten{message.seq, std::move(entry), message.sent_at});
  own_heads_.push_back(state_.own.tree.head());
  if (own_heads_.size() > limits::kLineHeadsRemembered) own_heads_.pop_front();
  return state_.own.last;
}

Result<void> Endpoint::SetPolicyLane(bool suspended, Now now) {
  if (state_.suspended_by_self == suspended) return {};
  WB_RETURN_IF_ERROR(Write({{std::string(kPolicyLaneType), 1},
                            Lane::kSafety,
                            airspace::DataMode::kReal,
                            std::nullopt,
                            {},
                            WritePolicyLane(suspended)},
                           now));
  Apply(PolicyLaneChanged{/*by_peer=*/false, suspended});
  return {};
}

const crypto::SecretKey* Endpoint::FindOwnKey(const crypto::PublicKey& key) const {
  for (const auto& own : own_keys_) {
    if (own->public_key() == key) return own.get();
  }
  return nullptr;
}

Result<base::Digest> Endpoint::ChangeKeys(std::string body,
                                          std::shared_ptr<const crypto::SecretKey> message_key,
                                          Now now, const RecordKeys& record_keys) {
  const crypto::PublicKey key = message_key->public_key();
  const bool changes = key != state_.own.keys.back().key;
  if (changes && (state_.own.ReplacedAt(key) || state_.own.keys.size() >= kKeyEpochsMax)) {
    return base::Fail(ErrorCode::kConflict, "/card",
                      "must bring a key that has not signed on this line before, and not be one "
                      "change more than it takes",
                      key.KeyId());
  }
  WB_ASSIGN_OR_RETURN(const base::Digest digest, Write({{std::string(kKeyChangeType), 1},
                                                        Lane::kSafety,
                                                        airspace::DataMode::kReal,
                                                        std::nullopt,
                                                        {},
                                                        std::move(body)},
                                                       now));
  cosigning_.ChangeKeys(record_keys);
  if (!changes) return digest;
  if (FindOwnKey(key) == nullptr) own_keys_.insert(own_keys_.begin(), std::move(message_key));
  Apply(MessageKeyChanged{false, state_.own.size() + 1, key});
  return digest;
}

// Up to the first change of our key that the peer is not known to hold.
uint64_t Endpoint::LastToSend() const {
  for (const KeyEpoch& epoch : state_.own.keys) {
    if (epoch.first_seq > outbox_.acknowledged() + 1) return epoch.first_seq - 1;
  }
  return Outbox::kAll;
}

bool Endpoint::in_step() const {
  return peer_boot_.has_value() && outbox_.acknowledged() == state_.own.size() &&
         peer_wrote_ == state_.mirror.tree.head();
}

Result<void> Endpoint::ConfirmRecovered() {
  if (!in_step()) {
    return base::Fail(
        ErrorCode::kConflict, "", "must wait until both sides hold the same logs",
        std::to_string(state_.own.size() - outbox_.acknowledged()) + " entries not acknowledged");
  }
  if (!liveness_.Confirm()) {
    return base::Fail(ErrorCode::kConflict, "", "must be a line that is recovering",
                      Name(liveness_.state()));
  }
  output_.link_changed = true;
  return {};
}

void Endpoint::WriteReceipts(Now now) {
  if (!may_write()) return;
  for (auto& [mode, waiting] : to_receipt_) {
    for (size_t first = 0; first < waiting.size(); first += limits::kReceiptEntriesMax) {
      Receipt receipt;
      const size_t last = std::min(waiting.size(), first + limits::kReceiptEntriesMax);
      for (size_t i = first; i < last; ++i) {
        receipt.stored.push_back(waiting[i].first);
        if (!waiting[i].second) receipt.not_understood.push_back(waiting[i].first);
      }
      const auto written = Write({{std::string(kReceiptType), 1},
                                  Lane::kSafety,
                                  mode,
                                  std::nullopt,
                                  {},
                                  WriteReceipt(receipt)},
                                 now);
      CHECK_MSG(written.has_value(), "a receipt is small and of the safety lane");
    }
  }
  to_receipt_.clear();
}

void Endpoint::SendHeartbeat(Now now) {
  Heartbeat heartbeat;
  heartbeat.from = config_.self;
  heartbeat.to = config_.peer;
  heartbeat.name = liveness_.Send(now);
  heartbeat.sent_at = now.utc;
  heartbeat.clock_error_ms = config_.clock_error_ms;
  heartbeat.echo = liveness_.to_echo();
  heartbeat.own_head = state_.own.tree.head();
  heartbeat.peer_head = state_.mirror.tree.head();
  heartbeat.link = liveness_.state();
  heartbeat.policy_suspended = state_.policy_suspended();
  for (const auto& [type, fields] : config_.understands) heartbeat.speaks.push_back(type);
  const std::vector<const crypto::SecretKey*> keys = HeartbeatKeys();
  if (keys.empty())
    return;  // they were changed after this copy was made, and are taken at the next start
  SendToAll(WriteHeartbeatFrame(SealHeartbeat(heartbeat, keys)));
}

// The key in force, and those before it that the peer may still take for it, the newest first.
std::vector<const crypto::SecretKey*> Endpoint::HeartbeatKeys() const {
  std::vector<const crypto::SecretKey*> keys;
  const std::vector<KeyEpoch>& epochs = state_.own.keys;
  for (size_t i = epochs.size(); i-- > 0 && keys.size() < limits::kEnvelopeSignaturesMax;) {
    const bool passed =
        i + 1 < epochs.size() && epochs[i + 1].first_seq <= outbox_.acknowledged() + 1;
    if (passed) break;
    if (const crypto::SecretKey* key = FindOwnKey(epochs[i].key)) keys.push_back(key);
  }
  return keys;
}

Output Endpoint::Collect() {
  return std::exchange(output_, {});
}

Output Endpoint::Finish(Now now) {
  if (liveness_.Advance(now.monotonic_us)) output_.link_changed = true;
  WriteReceipts(now);
  if (AnyPathUp()) {
    if (now.monotonic_us >= liveness_.next_send_monotonic_us()) SendHeartbeat(now);
    if (acknowledge_) SendToAll(WriteAckFrame(inbox_.MakeAck()));
    acknowledge_ = false;
    Result<std::vector<Outbox::Due>> due = outbox_.Take(now.monotonic_us, LastToSend());
    if (!due) {
      Report(TroubleKind::kLogUnreadable, 0, std::move(due).error(), {});
    } else {
      for (const Outbox::Due& one : *due) SendToAll(WriteEntryFrame(one.entry));
    }
  }
  FinishCosigning(now);
  WeighClaim(now);
  Ask(now);
  Answer();
  return std::exchange(output_, {});
}

int64_t Endpoint::next_wake_monotonic_us() const {
  int64_t wake = std::numeric_limits<int64_t>::max();
  if (liveness_.state() != LinkState::kLost) {
    wake = liveness_.echo_deadline_monotonic_us();
  }
  if (AnyPathUp()) {
    wake = std::min(
        {wake, liveness_.next_send_monotonic_us(), outbox_.next_due_monotonic_us(LastToSend())});
  }
  if (AnyPathUp() && MayAsk()) wake = std::min(wake, ask_at_us_);
  if (claimed_us_ && !claim_is_old_) wake = std::min(wake, *claimed_us_ + kOldCopyPatienceUs);
  wake = std::min(wake, cosigning_.next_wake_monotonic_us(state_, StandingOfHeads()));
  // What is due at once may be due since the beginning of time, from which a caller could not subtract.
  return std::max<int64_t>(wake, 0);
}

}  // namespace wideberth::line
