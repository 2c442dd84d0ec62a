// The signed heads of a line's two logs: each side signs checkpoints of its own log and cosigns the other's. The
// cosignature of the peer is R2: by its word and its clock, every entry below is durable there (DESIGN 5).
//
// A checkpoint names a whole log in 32 bytes, so one is enough for any number of entries: at once on a quiet line, at
// most one each kCheckpointPeriodUs on a busy one. Neither checkpoints nor cosignatures are entries, and they take no
// number; what is lost is said again until it is answered.
//
//   log's name (origin, and name of the key)     "<writer's id>/line/<peer's id>"
//   cosigner's name                              "<party's id>/cosignature"
//
// What is signed grows: never a shorter log than before, never another one, whatever crashes, because the head is
// durable before it leaves, with the entries below it. Nor does an old disk make it another one: a head is signed when
// the peer holds its entries, which can then be had back from there. While the line is lost nobody is told of a head,
// and all that was written is under one, for exports and stamps. What is cosigned is held: the mirror had exactly its
// entries when it was that long, and both are durable before the cosignature leaves. Signed times never step back.
//
// Keys follow the cards: a checkpoint is under the log key of its writer's newest card. While the peer does not hold it
// yet it cannot verify it, and is told again.
//
// Pure; not thread-safe. Signing costs 25 us, cosigning 90 us, a cosignature 60 us.
#ifndef WIDEBERTH_LINE_COSIGNING_H_
#define WIDEBERTH_LINE_COSIGNING_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "crypto/ed25519.h"
#include "line/line_state.h"
#include "line/liveness.h"
#include "line/party_card.h"
#include "record/checkpoint.h"

namespace wideberth::line {

inline constexpr int64_t kCheckpointPeriodUs = 1'000'000;
inline constexpr int64_t kCheckpointRetryUs =
    2'000'000;  // then twice as long, to limits::kLineRetryMaxUs
inline constexpr uint64_t kCosignatureAheadMaxS = 2;  // of our clock
inline constexpr size_t kCheckpointsWaitingMax = 8;   // for entries that are still under way
inline constexpr size_t kSignedHeadsRemembered = 16;  // whose cosignature may still come

std::string OriginOf(base::PartyId writer, base::PartyId peer);
std::string CosignerNameOf(base::PartyId party);
// Of the log that the owner of the card writes on its line to `peer`.
record::VerifierKey LogKeyOf(const PartyCard& writer, base::PartyId peer);
record::VerifierKey CosignerKeyOf(const PartyCard& party);

// Of this party, under its newest card. All three or none: without them nothing is signed and nothing cosigned.
struct RecordKeys {
  std::shared_ptr<const crypto::SecretKey> log;
  std::shared_ptr<const crypto::SecretKey> cosignature;
  std::shared_ptr<const crypto::SecretKey> message;  // of a refusal
  bool present() const { return log != nullptr; }
};

class Cosigning {
 public:
  enum class Wrong : uint8_t {
    kMalformed,
    kUnverified,
    kNotOurs,     // of another log
    kFork,        // the peer has signed another head of a size that it has signed before
    kOtherTree,   // the peer has signed a head that its entries, which are here, do not lead to
    kFromFuture,  // a cosignature of a time that is not yet
    kRefused,     // the peer says why it does not cosign
  };
  struct Problem {
    Wrong wrong = Wrong::kMalformed;
    base::Error error;
    std::string evidence;  // what was signed
  };

  Cosigning(base::PartyId self, base::PartyId peer, const RecordKeys& keys);

  void ChangeKeys(const RecordKeys& keys);
  // A path came up: what is not answered is said again.
  void Hurry() { send_at_us_ = std::numeric_limits<int64_t>::min(); }

  // A checkpoint of the peer's log: kept until its entries are here.
  std::optional<Problem> ReceiveCheckpoint(std::string_view note, const LineState& state,
                                           const PartyCard& peer);
  // The peer's cosignature of a head of ours. The effect of one that is good and says more than before.
  std::optional<Problem> ReceiveCosignature(std::string_view note, const LineState& state,
                                            const PartyCard& peer, base::UtcMicros now,
                                            std::optional<Effect>* effect);
  std::optional<Problem> ReceiveRefusal(std::string_view envelope, const LineState& state) const;
  // The mirror has one entry more.
  void Mirrored(const LogState& mirror);

  struct Turn {
    std::vector<Effect> effects;      // to be applied by the caller
    std::vector<std::string> frames;  // not before they are durable
    std::vector<Problem> problems;
  };
  struct Standing {
    bool may_sign = false;     // our own log is the newest that there is
    bool may_send = false;     // a path is up
    record::TreeHead to_sign;  // the longest head of ours that may be signed
    uint64_t peer_holds = 0;   // entries of ours, durably
  };
  Turn Finish(const LineState& state, const PartyCard& peer, Now now, const Standing& standing);
  int64_t next_wake_monotonic_us(const LineState& state, const Standing& standing) const;

 private:
  struct Met {  // a checkpoint whose entries are here
    std::string note;
    record::Checkpoint checkpoint;
    base::Digest mirrored;  // the root that those entries have
  };
  bool IsUnsigned(const LineState& state, const Standing& standing) const;
  bool IsUnanswered(const LineState& state, const Standing& standing) const;
  void SignDue(const LineState& state, Now now, const Standing& standing, Turn* turn);
  void CosignMet(const LineState& state, const PartyCard& peer, Now now, Turn* turn);
  void Refuse(const LineState& state, const Met& met, Now now, Turn* turn) const;

  const base::PartyId self_;
  const base::PartyId peer_;
  const std::string own_origin_;
  const std::string peer_origin_;
  struct Signers {
    record::SignerKey log;
    record::SignerKey cosigner;
    std::shared_ptr<const crypto::SecretKey> message;
  };
  std::optional<Signers> signers_;
  std::map<uint64_t, Met> waiting_;  // by size
  std::optional<Met> met_;           // the longest
  // What the mirror was at each size since the last that was met, one a size: on a busy line it has grown when the
  // checkpoint comes.
  std::deque<record::TreeHead> mirrored_;
  std::deque<KnownHead> signed_;  // lately, those that are not answered
  bool answer_again_ = false;
  int64_t answer_at_us_ = std::numeric_limits<int64_t>::min();  // not before
  int64_t sign_at_us_ = std::numeric_limits<int64_t>::min();    // not before
  int64_t send_at_us_ = std::numeric_limits<int64_t>::min();
  int64_t pause_us_ = kCheckpointRetryUs;
};

}  // namespace wideberth::line

#endif  // WIDEBERTH_LINE_COSIGNING_H_
