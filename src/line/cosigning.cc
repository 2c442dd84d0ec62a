#include "line/cosigning.h"

#include <algorithm>

#include "base/check.h"
#include "base/limits.h"
#include "line/frame.h"
#include "record/statement.h"

namespace wideberth::line {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;
using record::KeyAlgorithm;
using record::SignedNote;
using record::VerifierKey;

// Beyond it a clock is not off, but wrong, or a lie.
constexpr uint64_t kCosignatureReportedAheadS = 300;

uint64_t Seconds(base::UtcMicros time) {
  return time.us < 0 ? 0 : static_cast<uint64_t>(time.us / base::kMicrosPerSecond);
}

record::SignerKey SignerOf(std::string_view name, KeyAlgorithm algorithm,
                           const crypto::SecretKey& secret) {
  Result<crypto::SecretKey> copy = crypto::SecretKey::FromSeed(secret.Seed().bytes());
  CHECK(copy.has_value());
  auto signer = record::SignerKey::Make(name, algorithm, std::move(*copy));
  CHECK_MSG(signer.has_value(), "the names of a line's keys are names of keys");
  return std::move(*signer);
}

std::string Say(const record::TreeHead& head) {
  return std::to_string(head.size) + " entries, root " + head.root.ToHex();
}

bool HasSignatureOf(const SignedNote& note, const VerifierKey& key) {
  return std::any_of(note.signatures.begin(), note.signatures.end(), [&](const auto& line) {
    return line.key_name == key.name() && line.key_id == key.id();
  });
}

Error Wrongly(std::string_view field, std::string_view rule, std::string found) {
  return {ErrorCode::kInvalid, std::string(field), std::string(rule), std::move(found)};
}

}  // namespace

std::string OriginOf(base::PartyId writer, base::PartyId peer) {
  return writer.ToString() + "/line/" + peer.ToString();
}

std::string CosignerNameOf(base::PartyId party) {
  return party.ToString() + "/cosignature";
}

VerifierKey LogKeyOf(const PartyCard& writer, base::PartyId peer) {
  return VerifierKey::Make(OriginOf(writer.party, peer), KeyAlgorithm::kEd25519,
                           writer.key(KeyRole::kLog))
      .value();
}

VerifierKey CosignerKeyOf(const PartyCard& party) {
  return VerifierKey::Make(CosignerNameOf(party.party), KeyAlgorithm::kCosignatureV1,
                           party.key(KeyRole::kCosignature))
      .value();
}

Cosigning::Cosigning(base::PartyId self, base::PartyId peer, const RecordKeys& keys)
    : self_(self),
      peer_(peer),
      own_origin_(OriginOf(self, peer)),
      peer_origin_(OriginOf(peer, self)) {
  ChangeKeys(keys);
}

void Cosigning::ChangeKeys(const RecordKeys& keys) {
  if (!keys.present()) return;
  signers_.emplace(
      Signers{SignerOf(own_origin_, KeyAlgorithm::kEd25519, *keys.log),
              SignerOf(CosignerNameOf(self_), KeyAlgorithm::kCosignatureV1, *keys.cosignature),
              keys.message});
}

// ---- What comes in ----

std::optional<Cosigning::Problem> Cosigning::ReceiveCheckpoint(std::string_view note,
                                                               const LineState& state,
                                                               const PartyCard& peer) {
  if (!signers_) return std::nullopt;
  const Result<SignedNote> parsed = record::ParseNote(note);
  if (!parsed) return Problem{Wrong::kMalformed, parsed.error(), std::string(note)};
  Result<record::Checkpoint> checkpoint = record::ParseCheckpoint(parsed->text);
  if (!checkpoint) return Problem{Wrong::kMalformed, checkpoint.error(), std::string(note)};
  if (checkpoint->origin != peer_origin_ || !checkpoint->extensions.empty()) {
    return Problem{Wrong::kNotOurs,
                   Wrongly("origin", "must be the peer's log of this line, " + peer_origin_,
                           checkpoint->origin),
                   std::string(note)};
  }
  const record::TreeHead head = checkpoint->head;
  const auto& cosigned = state.mirror.cosigned;
  if (cosigned && head == cosigned->head) {
    answer_again_ = true;  // the cosignature was lost
    return std::nullopt;
  }
  if (cosigned && head.size == cosigned->head.size) {
    if (const auto opened = record::OpenCheckpoint(note, {LogKeyOf(peer, self_), {}}); !opened) {
      return Problem{Wrong::kUnverified, opened.error(), std::string(note)};
    }
    // Its writer is to hear of it: CosignMet refuses it.
    met_ = Met{std::string(note), *checkpoint, cosigned->head.root};
    return Problem{Wrong::kFork,
                   Wrongly("root", "must be that of the head signed before, " + Say(cosigned->head),
                           Say(head)),
                   std::string(note)};
  }
  // Overtaken by its successors.
  if (cosigned && head.size < cosigned->head.size) return std::nullopt;
  if (met_ && head.size < met_->checkpoint.head.size) return std::nullopt;
  Met met{std::string(note), std::move(*checkpoint), state.mirror.tree.Root()};
  if (head.size == state.mirror.size()) {
    met_ = std::move(met);
  } else if (head.size > state.mirror.size()) {
    waiting_.insert_or_assign(head.size, std::move(met));
    // The longest makes room: it comes again.
    if (waiting_.size() > kCheckpointsWaitingMax) waiting_.erase(std::prev(waiting_.end()));
  } else if (!mirrored_.empty() && head.size >= mirrored_.front().size) {
    while (mirrored_.front().size < head.size) mirrored_.pop_front();
    met.mirrored = mirrored_.front().root;
    met_ = std::move(met);
  }
  // One of before this start, or of longer ago than is remembered: its log signs again.
  return std::nullopt;
}

void Cosigning::Mirrored(const LogState& mirror) {
  CHECK(mirrored_.empty() || mirrored_.back().size + 1 == mirror.size());
  mirrored_.push_back(mirror.tree.head());
  if (mirrored_.size() > limits::kLineHeadsRemembered) mirrored_.pop_front();
  const auto waiting = waiting_.find(mirror.size());
  if (waiting == waiting_.end()) return;
  met_ = std::move(waiting->second);
  met_->mirrored = mirrored_.back().root;
  waiting_.erase(waiting_.begin(), std::next(waiting));
}

std::optional<Cosigning::Problem> Cosigning::ReceiveCosignature(std::string_view note,
                                                                const LineState& state,
                                                                const PartyCard& peer,
                                                                base::UtcMicros now,
                                                                std::optional<Effect>* effect) {
  const auto problem = [&](Wrong wrong, Error error) {
    return Problem{wrong, std::move(error), std::string(note)};
  };
  const Result<SignedNote> parsed = record::ParseNote(note);
  if (!parsed) return problem(Wrong::kMalformed, parsed.error());
  const Result<record::Checkpoint> checkpoint = record::ParseCheckpoint(parsed->text);
  if (!checkpoint) return problem(Wrong::kMalformed, checkpoint.error());
  if (checkpoint->origin != own_origin_) {
    return problem(
        Wrong::kNotOurs,
        Wrongly("origin", "must be our log of this line, " + own_origin_, checkpoint->origin));
  }
  const uint64_t size = checkpoint->head.size;
  if (state.own.cosigned && size <= state.own.cosigned->head.size) return std::nullopt;
  const KnownHead* known = nullptr;
  for (const KnownHead& each : signed_) {
    if (each.head == checkpoint->head) known = &each;
  }
  if (known == nullptr && state.own.signed_head &&
      state.own.signed_head->head == checkpoint->head) {
    known = &*state.own.signed_head;
  }
  if (known == nullptr) {
    // Of before a restart, which is signed again; or of no log of ours, which proves nothing against anybody.
    return size <= state.own.size()
               ? std::nullopt
               : std::optional(
                     problem(Wrong::kNotOurs,
                             Wrongly("size", "must have been signed here", Say(checkpoint->head))));
  }
  const VerifierKey cosigner = CosignerKeyOf(peer);
  // Under a key that the peer has changed since, or that its change has not brought here yet: asked for again.
  if (!HasSignatureOf(*parsed, cosigner)) return std::nullopt;
  const auto verified = record::VerifyNote(*parsed, {&cosigner, 1});
  if (!verified) return problem(Wrong::kUnverified, verified.error());
  const uint64_t time_s = verified->front().time_s;
  if (time_s > Seconds(now) + kCosignatureReportedAheadS) {
    return problem(Wrong::kFromFuture,
                   Wrongly("time",
                           "must not be of the future: this node's clock shows " +
                               std::to_string(Seconds(now)),
                           std::to_string(time_s)));
  }
  // Clocks differ, which heartbeats say: it is asked for again, and counts when its time has come.
  if (time_s > Seconds(now) + kCosignatureAheadMaxS) return std::nullopt;
  SignedNote both = record::ParseNote(*known->note).value();
  for (const record::NoteSignature& line : parsed->signatures) {
    if (line.key_name == cosigner.name() && line.key_id == cosigner.id()) {
      both.signatures.push_back(line);
      break;
    }
  }
  *effect = HeadCosigned{true, known->head, time_s, record::FormatNote(both).value()};
  while (!signed_.empty() && signed_.front().head.size <= size) signed_.pop_front();
  return std::nullopt;
}

std::optional<Cosigning::Problem> Cosigning::ReceiveRefusal(std::string_view envelope,
                                                            const LineState& state) const {
  const crypto::PublicKey& key = state.mirror.keys.back().key;
  const auto refusal = record::OpenCosignRefusal(envelope, key);
  if (!refusal) {
    const bool unverified = refusal.error().code == ErrorCode::kUnauthorized;
    return Problem{unverified ? Wrong::kUnverified : Wrong::kMalformed, refusal.error(),
                   std::string(envelope)};
  }
  if (refusal->origin != own_origin_) {
    return Problem{
        Wrong::kNotOurs,
        Wrongly("/origin", "must be our log of this line, " + own_origin_, refusal->origin),
        std::string(envelope)};
  }
  return Problem{Wrong::kRefused,
                 Wrongly("/reason", "must not be refused a cosignature of our log",
                         std::string(record::RefusalReasonName(refusal->reason)) + ", " +
                             Say(refusal->refused)),
                 std::string(envelope)};
}

// ---- What goes out ----

bool Cosigning::IsUnsigned(const LineState& state, const Standing& standing) const {
  const uint64_t signed_size = state.own.signed_head ? state.own.signed_head->head.size : 0;
  return signers_.has_value() && standing.may_sign && standing.to_sign.size > signed_size;
}

bool Cosigning::IsUnanswered(const LineState& state, const Standing& standing) const {
  if (!signers_ || !standing.may_sign || !standing.may_send || !state.own.signed_head) return false;
  if (state.own.signed_head->head.size > standing.peer_holds) return false;
  return !state.own.cosigned || state.own.cosigned->head.size < state.own.signed_head->head.size;
}

void Cosigning::SignDue(const LineState& state, Now now, const Standing& standing, Turn* turn) {
  if (!IsUnsigned(state, standing) || now.monotonic_us < sign_at_us_) return;
  const record::TreeHead& head = standing.to_sign;
  const Result<SignedNote> note = record::SignCheckpoint(head, signers_->log);
  CHECK_MSG(note.has_value(), "a head of ours can be signed");
  HeadSigned effect{head, record::FormatNote(*note).value()};
  signed_.push_back({head, 0, std::make_shared<const std::string>(effect.note)});
  if (signed_.size() > kSignedHeadsRemembered) signed_.pop_front();
  if (head.size <= standing.peer_holds) {
    turn->frames.push_back(WriteCheckpointFrame(effect.note));
  }
  turn->effects.emplace_back(std::move(effect));
  sign_at_us_ = now.monotonic_us + kCheckpointPeriodUs;
  pause_us_ = kCheckpointRetryUs;
  send_at_us_ = now.monotonic_us + pause_us_;
}

void Cosigning::Refuse(const LineState& state, const Met& met, Now now, Turn* turn) const {
  record::CosignRefusal refusal;
  refusal.origin = peer_origin_;
  refusal.refused = met.checkpoint.head;
  refusal.reason = record::RefusalReason::kOtherTree;
  if (state.mirror.cosigned) refusal.known = state.mirror.cosigned->head;
  refusal.refused_at = now.utc;
  const Result<std::string> envelope = record::SignCosignRefusal(refusal, *signers_->message);
  if (envelope) turn->frames.push_back(WriteRefusalFrame(*envelope));
}

void Cosigning::CosignMet(const LineState& state, const PartyCard& peer, Now now, Turn* turn) {
  const std::optional<Met> met = std::exchange(met_, std::nullopt);
  if (!met) return;
  // Under another key of the peer than that of its card here: it is signed, and comes, again.
  if (!HasSignatureOf(record::ParseNote(met->note).value(), LogKeyOf(peer, self_))) return;
  const auto opened = record::OpenCheckpoint(met->note, {LogKeyOf(peer, self_), {}});
  if (!opened) {
    turn->problems.push_back({Wrong::kUnverified, opened.error(), met->note});
    return;
  }
  const record::TreeHead& head = met->checkpoint.head;
  // Said when it came: a fork.
  const auto& cosigned = state.mirror.cosigned;
  if (cosigned && head.size == cosigned->head.size) return Refuse(state, *met, now, turn);
  if (head.root != met->mirrored) {
    turn->problems.push_back(
        {Wrong::kOtherTree,
         Wrongly("root", "must be that of the entries that came, " + met->mirrored.ToHex(),
                 Say(head)),
         met->note});
    return Refuse(state, *met, now, turn);
  }
  uint64_t time_s = Seconds(now.utc);
  if (state.mirror.cosigned) time_s = std::max(time_s, state.mirror.cosigned->time_s);
  // One signature of the log and one of ours: whatever else came beside them is nobody's business here.
  SignedNote note{opened->note.text, {}};
  const VerifierKey log = LogKeyOf(peer, self_);
  for (const record::NoteSignature& line : opened->note.signatures) {
    if (line.key_name == log.name() && line.key_id == log.id()) {
      note.signatures = {line};
      break;
    }
  }
  Result<record::NoteSignature> cosignature =
      record::CosignCheckpoint(note.text, signers_->cosigner, time_s);
  CHECK_MSG(cosignature.has_value(), "what was opened can be cosigned");
  const SignedNote answer{note.text, {*cosignature}};
  note.signatures.push_back(std::move(*cosignature));
  turn->effects.emplace_back(HeadCosigned{false, head, time_s, record::FormatNote(note).value()});
  turn->frames.push_back(WriteCosignatureFrame(record::FormatNote(answer).value()));
  answer_again_ = false;
  answer_at_us_ = now.monotonic_us + kCheckpointPeriodUs;
}

Cosigning::Turn Cosigning::Finish(const LineState& state, const PartyCard& peer, Now now,
                                  const Standing& standing) {
  Turn turn;
  if (!signers_) return turn;
  const bool may_sign = standing.may_sign;
  if (may_sign) {
    SignDue(state, now, standing, &turn);
    CosignMet(state, peer, now, &turn);
  }
  if (!standing.may_send) {
    turn.frames.clear();
    return turn;
  }
  // What comes over several paths is answered once.
  if (may_sign && std::exchange(answer_again_, false) && now.monotonic_us >= answer_at_us_) {
    answer_at_us_ = now.monotonic_us + kCheckpointPeriodUs;
    // Signed anew, at the time that it has: the key may have changed since, and the peer reads the new one.
    const KnownHead& known = *state.mirror.cosigned;
    SignedNote note = record::ParseNote(*known.note).value();
    note.signatures = {
        record::CosignCheckpoint(note.text, signers_->cosigner, known.time_s).value()};
    turn.frames.push_back(WriteCosignatureFrame(record::FormatNote(note).value()));
  }
  if (turn.effects.empty() && IsUnanswered(state, standing) && now.monotonic_us >= send_at_us_) {
    turn.frames.push_back(WriteCheckpointFrame(*state.own.signed_head->note));
    send_at_us_ = now.monotonic_us + pause_us_;
    pause_us_ = std::min(2 * pause_us_, limits::kLineRetryMaxUs);
  }
  return turn;
}

int64_t Cosigning::next_wake_monotonic_us(const LineState& state, const Standing& standing) const {
  int64_t wake = std::numeric_limits<int64_t>::max();
  if (IsUnsigned(state, standing)) wake = sign_at_us_;
  if (IsUnanswered(state, standing)) wake = std::min(wake, send_at_us_);
  return wake;
}

}  // namespace wideberth::line
