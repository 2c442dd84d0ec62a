// One side of one line: the whole protocol of delivery and liveness as a machine without sockets, clocks or disks.
//
// The caller feeds it what happens (frames, paths that come and go, messages to write) and calls Finish once a turn.
// Finish says what must be made durable, and what is to be sent when it is:
//
//   endpoint.Receive(path, frame, now);
//   Output output = endpoint.Finish(now);
//   store.Append(output.effects);                   // one transaction, also for what the caller decides on
//   for (...) socket.Send(frame.path, frame.bytes); // only now, and never before those of an earlier Finish
//
// So nothing is acknowledged, receipted or sent that a power cut could take back, and the same code runs in the daemon
// and in the simulator.
//
// Guarantees, whatever the paths lose, repeat, delay or reorder, and whoever crashes: what one side has written the
// other is handed once each, in the order of writing; both hold the same bytes; what was sent is sent again until it is
// acknowledged as durable; LINK LOST is raised on both sides within 10 s of a cut in either direction
// (line/liveness.h). Frames that are forged, malformed or out of chain are dropped, reported as Trouble, and disturb
// nothing else.
//
// Keys change in the log itself (line/key_change.h): each entry is under the key that is in force at its number, and no
// other. What comes behind a change is not sent before the peer holds the change; heartbeats are signed by every key
// that is in force between what the peer is known to hold and the end of our log, so the peer can verify one of them.
//
// A store that was restored from a backup is an old copy: the peer holds entries that this node has signed and has no
// more. While a line may be under an old copy (EndpointConfig::restored, until the peer has said what it holds) or is
// known to be, nothing is signed but heartbeats: no message, no head, no cosignature. What is missing of either log is
// fetched from the peer, which has both; each entry of ours is verified like any entry of a log (its key, its chain,
// and in the end the tree that the peer said it holds), written again as ours, and handed out in the order in which
// both logs grew (Received::own), so that the caller comes to the state that it had. A peer that says so and, for 10 s,
// shows nothing that this party has signed stops its own line and no other (OldCopy::this_line_only).
//
// Pure; not thread-safe. Receiving a message costs one signature check, a duplicate one hash.
#ifndef WIDEBERTH_LINE_ENDPOINT_H_
#define WIDEBERTH_LINE_ENDPOINT_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/limits.h"
#include "base/result.h"
#include "crypto/ed25519.h"
#include "line/cosigning.h"
#include "line/frame.h"
#include "line/inbox.h"
#include "line/line_state.h"
#include "line/liveness.h"
#include "line/message.h"
#include "line/outbox.h"
#include "line/party_card.h"

namespace wideberth::line {

// What goes wrong on a line is said, with the bytes that show it.
enum class TroubleKind : uint8_t {
  kUnverified,       // not signed by the key of the peer that is in force there
  kMalformed,        // no frame, message or heartbeat
  kNotOurs,          // from or to another party
  kBrokenChain,      // does not name the peer's message before it
  kFork,             // the peer has written two messages of one number
  kHeadsDiffer,      // the two sides hold different logs of one length
  kPeerHoldsMore,    // the peer holds more of our log than we do: our store is an old copy
  kPeerRolledBack,   // the peer's log has become shorter than it said before
  kAckBeyond,        // acknowledges what was never written
  kLogUnreadable,    // our own store refuses
  kHeadsForked,      // the peer has signed two heads of one size
  kOtherTree,        // the peer has signed a head that its entries do not lead to
  kFromFuture,       // a cosignature of a time that is not yet
  kNotCosigned,      // the peer has refused to cosign our log, and says why
  kKeyReplaced,      // signed by a key that the peer had replaced before
  kCosignedNotHeld,  // the peer says it holds less of our log than it has cosigned
  kNotShown,         // the peer says it holds more of our log than we do, and does not show it
};
std::string_view Name(TroubleKind kind);  // "unverified", "broken_chain", ...

struct Trouble {
  TroubleKind kind = TroubleKind::kMalformed;
  size_t path = 0;
  base::Error error;
  std::string evidence;  // the frame
};

// What is to be written; the rest of the message follows from the state.
struct Draft {
  MessageType type;
  Lane lane = Lane::kSafety;
  airspace::DataMode data_mode = airspace::DataMode::kReal;
  std::optional<base::Digest> in_reply_to;
  std::vector<std::string> crit;
  std::string body;  // a JSON object
};

struct Received {
  OpenedMessage opened;
  LogEntry entry;
  // False: its type, major version or a critical field is not known here, or it is a policy-lane message that cannot be
  // read or is not REAL. It is kept and receipted, never acted upon.
  bool understood = true;
  // An entry of ours, signed before this store became an old copy, and given back by the peer.
  bool own = false;
  // Sent long ago and in the logs of before: an entry of either side that this node has had before.
  bool again = false;
  // Its sent_at and this node's clock are more than limits::kClockSuspectUs apart (MECHANISM 6.3).
  bool clock_suspect = false;

  // The body, wherever it stands.
  std::string_view body() const;
};

struct Outgoing {
  size_t path = 0;
  SharedBytes bytes;
};

struct Output {
  std::vector<Effect> effects;
  std::vector<Outgoing>
      frames;  // not before the effects of this and of every earlier output are durable
  std::vector<Received> received;
  std::vector<Trouble> troubles;  // at most limits::kLineTroublesPerTurn
  bool link_changed = false;
};

struct EndpointConfig {
  base::PartyId self;
  base::PartyId peer;
  base::Uuid boot;  // drawn anew at every start
  int64_t clock_error_ms = 0;
  // The message types this node understands, and in each the body fields it understands when they are critical.
  std::map<MessageType, std::vector<std::string>> understands;
  RecordKeys record_keys = {};  // of this party's newest card
  bool restored = false;        // the store may be an old copy
};

// So long an entry of the peer waits for the one of ours that it answers, and every other line for a peer to show what
// it says it holds. Then they go on without: neither what the peer says nor the other lines are kept from people
// because something of ours does not come.
// A peer that is not understood, since it has changed its keys, has as long before it is asked unheard.
inline constexpr int64_t kOldCopyPatienceUs = 10'000'000;

// What stands between a line and its next signature.
struct OldCopy {
  bool peer_heard = false;  // since the start, what it holds
  uint64_t held = 0;        // of our own log, here
  uint64_t peer_holds = 0;  // of it, by the peer's word
  bool differs = false;  // what the peer holds of it is not what is here: this ends by no fetching
  bool keys_changed =
      false;  // what was fetched changes this party's keys: they are taken at the next start
  // Nothing but the peer's word says that this store is an old copy, and it has had its time to show an entry of ours
  // that is not here: the other lines go on.
  bool this_line_only = false;
};

// Message keys of this party, the newest first.
using OwnKeys = std::vector<std::shared_ptr<const crypto::SecretKey>>;

class Endpoint {
 public:
  // The logs outlive the endpoint; `state` is what the store holds, and `peer` the card that is in force. A line that
  // is opened for the first time is under the newest of own_keys. REQUIRES (CHECK): own_keys has the one in force by
  // the state; others in it sign heartbeats for a peer that does not hold a change yet.
  Endpoint(EndpointConfig config, OwnKeys own_keys, PartyCard peer, LineState state,
           const LogSource& own_log, const LogSource& mirror, Now start);

  // Paths 0 to limits::kLinePathsMax - 1; all are down at the start.
  void SetPath(size_t path, bool up);
  void Receive(size_t path, std::string_view frame, Now now);

  // Writes a message of ours and returns its digest. Refuses with kConflict a policy message while that lane is
  // suspended, and everything while our own log is known to be an old copy; with kTooLarge a body over
  // limits::kMessageBodyBesideBytesMax; with kInvalid a body or crit that the peer could not read.
  base::Result<base::Digest> Write(Draft draft, Now now);

  // Closes or opens the policy lane from this side, by a signed message. The safety lane is never closed. Nothing
  // happens when it is so already.
  base::Result<void> SetPolicyLane(bool suspended, Now now);

  // Writes a change of our keys (`body`: WriteKeyChange), behind which `message_key` signs; it may be the one that
  // signs already. Returns the message's digest. Refuses as Write, and with kConflict a key that has signed here
  // before, and what would be one change more than a line takes.
  base::Result<base::Digest> ChangeKeys(std::string body,
                                        std::shared_ptr<const crypto::SecretKey> message_key,
                                        Now now, const RecordKeys& record_keys = {});

  // A person has confirmed a line that was lost and is heard again. Refuses with kConflict any other state, and while
  // the two sides do not hold the same (in_step).
  base::Result<void> ConfirmRecovered();

  // What has been received and written since the last call, for a caller that writes more because of it in the same
  // turn. Sends nothing.
  Output Collect();
  // Once a turn, at its end.
  Output Finish(Now now);
  // When Finish should be called at the latest, if nothing else happens.
  int64_t next_wake_monotonic_us() const;

  const LineState& state() const { return state_; }
  const Liveness& liveness() const { return liveness_; }
  const PartyCard& peer_card() const { return peer_; }
  uint64_t acknowledged() const { return outbox_.acknowledged(); }
  // Nothing: our own log is the newest that there is. Otherwise Write refuses everything.
  std::optional<OldCopy> old_copy() const;
  bool may_write() const { return !behind() && !differs_ && !keys_changed_; }
  // Both logs are on both sides, as far as both have said.
  bool in_step() const;

 private:
  void ReceiveEntry(size_t path, const EntryFrame& frame, std::string_view bytes, Now now);
  void ReceiveAck(size_t path, const Ack& ack, std::string_view bytes);
  // endpoint_heads.cc, as what follows
  void ReceiveAsk(size_t path, const AskFrame& ask);
  bool MayBeBehindKeyChange(std::string_view envelope) const;
  void ReceiveOwnEntry(size_t path, const OwnEntryFrame& frame, std::string_view bytes, Now now);
  void HearPeerHoldsMore(size_t path, const record::TreeHead& head, std::string_view bytes);
  void Settle(Now now);
  bool TakeGivenBack(Now now);
  std::optional<Trouble> CheckGivenBack(const Arrival& arrival) const;
  void Follow(const Received& own);
  void CheckCaughtUp();
  bool behind() const { return doubted_ || peer_holds_.size > state_.own.size(); }
  bool MayAsk() const;
  void WeighClaim(Now now);
  bool MayTake(const Message& message) const;
  void Ask(Now now);
  void Answer();
  base::Result<LogEntry> EntryOf(const OpenedMessage& opened, const EntryFrame& frame) const;
  void ReceiveCosignature(size_t path, std::string_view note, Now now);
  Cosigning::Standing StandingOfHeads() const;
  void FinishCosigning(Now now);
  void Report(const std::optional<Cosigning::Problem>& problem, size_t path);
  void ReceiveHeartbeat(size_t path, const HeartbeatFrame& frame, std::string_view bytes, Now now);
  void TakeInOrder(size_t path, Now now);
  void Take(Arrival arrival, Now now);
  bool TakeKeyChange(const Received& received);
  base::Result<OpenedMessage> Open(std::string_view envelope) const;
  std::optional<base::Error> CheckSigner(const OpenedMessage& opened) const;
  bool IsReplaced(const OpenedMessage& opened) const;
  bool IsOtherThanMirrored(uint64_t seq, std::string_view envelope);
  bool Understands(const Message& message) const;
  void HearPeerHolds(size_t path, const record::TreeHead& head, std::string_view bytes);
  void CheckStillHolds(size_t path, const Heartbeat& heartbeat, std::string_view bytes);
  void HearPeerWrote(size_t path, const Heartbeat& heartbeat, std::string_view bytes);
  bool IsAfterPeerWrote(const Heartbeat& heartbeat) const;
  void Report(TroubleKind kind, size_t path, base::Error error, std::string_view bytes);
  void Apply(Effect effect);
  void WriteReceipts(Now now);
  void SendHeartbeat(Now now);
  std::vector<const crypto::SecretKey*> HeartbeatKeys() const;
  const crypto::SecretKey* FindOwnKey(const crypto::PublicKey& key) const;
  uint64_t LastToSend() const;
  void SendToAll(std::string frame);
  bool AnyPathUp() const;

  const EndpointConfig config_;
  OwnKeys own_keys_;
  PartyCard peer_;
  const LogSource& mirror_log_;
  LineState state_;
  Outbox outbox_;
  Inbox inbox_;
  Liveness liveness_;
  Cosigning cosigning_;

  std::array<bool, limits::kLinePathsMax> path_up_{};
  bool acknowledge_ = false;                // something came that the peer should know is here
  std::deque<record::TreeHead> own_heads_;  // of the sizes that the peer has yet to name
  record::TreeHead peer_wrote_;             // the longest the peer has said or shown its log is
  HeartbeatName peer_wrote_said_in_;        // the first heartbeat that said so
  uint64_t peer_wrote_heard_after_ = 0;     // our newest heartbeat when it came
  std::map<airspace::DataMode, std::vector<std::pair<base::Digest, bool>>> to_receipt_;

  // Of an old copy.
  bool doubted_;                    // the peer has not said yet what it holds
  bool differs_ = false;            // our log and what the peer holds of it
  record::TreeHead peer_holds_;     // the longest of our log
  std::string peer_holds_said_in_;  // the frame
  uint64_t taken_before_ = 0;       // of the mirror, by our own entries that were given back
  std::map<uint64_t, Arrival> given_back_;
  size_t given_back_bytes_ = 0;
  int64_t ask_at_us_ = 0;
  uint64_t asked_from_ = 0;
  std::optional<int64_t> progress_us_;  // when the last entry was given back, or asking began
  bool impatient_ = false;              // nothing waits for what does not come
  bool asks_unheard_ = false;  // a peer that has changed its keys is understood by what it shows
  bool keys_changed_ = false;
  bool known_restored_;  // until the first time that nothing is missing
  bool shown_ =
      false;  // an entry of ours that is not here: this store is an old copy, whatever the peer says
  std::optional<int64_t> claimed_us_;  // since when there is nothing but the peer's word
  bool claim_is_old_ = false;          // the peer had the time to show it
  bool peer_heard_us_ = false;         // since this start
  // What the peer asks for, and how much of its log can be read.
  std::optional<std::pair<size_t, uint64_t>> asked_;
  uint64_t mirror_readable_ = 0;
  std::optional<base::Uuid> peer_boot_;
  Output output_;
};

}  // namespace wideberth::line

#endif  // WIDEBERTH_LINE_ENDPOINT_H_
