// The desk: what a node in line mode must not forget beside the airspace and the logs: its peers, its operators, the
// matters that wait for an answer, the calls between duty officers, what the peer has yet to receipt, and counts.
//
// It changes by effects alone, each absolute (what is, not what to add), so that applying one twice changes nothing; a
// restart reads rows and applies the effects after them, as airspace/state.h.
//
// Nothing of it crosses a line. What may cross is signed acts (mechanism/act.h) and the machine's own messages.
//
// Threads: const methods from any number of threads while nobody calls Apply.
#ifndef WIDEBERTH_MECHANISM_DESK_H_
#define WIDEBERTH_MECHANISM_DESK_H_

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "crypto/ed25519.h"
#include "exchange/exchange.h"
#include "mechanism/act.h"
#include "mechanism/matter.h"
#include "operators/account.h"

namespace wideberth::mechanism {

// The keys that a party had before (line/key_change.h).
struct FormerCard {
  std::string card;
  uint64_t last_seq = 0;  // the entry of its log that was the last under it: the change itself
  base::UtcMicros ended_at;
  bool operator==(const FormerCard&) const = default;
};
// Of the cards that a party had, the first is kept, and so many of the latest.
inline constexpr size_t kFormerCardsKept = 15;

// The keys of the party whose node this is.
struct OwnCard {
  std::string card;
  base::UtcMicros since;
  std::vector<FormerCard>
      former{};  // oldest first; entries are of each line's own, and not counted here
  std::vector<crypto::PublicKey> revoked{};
  std::optional<base::UtcMicros> compromised_since{};
  bool operator==(const OwnCard&) const = default;
};

// A party this node has a line to.
struct Peer {
  base::PartyId id;
  uint32_t line = 0;  // 1, 2, 3...: names its two logs in the store
  std::string name;
  std::string
      card;  // in force: the exact text that was enrolled, or came in its last change of keys
  base::UtcMicros enrolled_at;
  std::vector<operators::OperatorKey> operator_keys{};  // as it has announced them
  std::vector<FormerCard> former{};                     // the enrolled one first
  std::vector<crypto::PublicKey> revoked{};  // by its own word; the latest line::kRevokedKeysMax
  base::Digest told{};                       // SHA-256 of our card as it was given to it last
  bool operator==(const Peer&) const = default;
};

// What one person asks of the other side and gets answered: a stop call, a warning of an entry, a line check, a
// question whether they keep clear, an all-clear that has to be read back; and a text of the policy lane, which needs
// no answer.
struct CallAnswer {
  base::UtcMicros at;
  base::Digest act;
  bool by_us = false;
  operators::Role role = operators::Role::kDutyOfficer;
  std::string answer;  // "stopped", "wait 60", the word of a line check
  bool operator==(const CallAnswer&) const = default;
};
// How a warning of an entry has gone out: by a person once, then again by the machine as the parties have agreed.
struct Sending {
  uint32_t repeats = 0;
  std::optional<base::UtcMicros> repeated_at;  // the last; where it was received, when that was
  uint32_t receipts = 0;                       // R1 of the warning itself and of repetitions
  std::optional<base::UtcMicros> receipted_at;
  base::UtcMicros next_repeat_at = base::kTimeOpenEnd;  // of ours
  bool operator==(const Sending&) const = default;
};
struct Call {
  base::Uuid id;  // of the act that opened it
  operators::ActKind kind = operators::ActKind::kStopCall;
  base::PartyId peer;
  bool by_us = false;
  airspace::DataMode data_mode = airspace::DataMode::kReal;
  base::Digest act;
  operators::Role role = operators::Role::kDutyOfficer;
  base::UtcMicros at;         // by its maker's clock
  base::UtcMicros stored_at;  // by ours
  Place place;
  std::string
      words;  // call sign and frequency; the word of a line check; the text of the policy lane
  std::optional<NoticeVersionRef> about;  // of an all-clear that waits to be read back
  bool no_longer_observed = false;
  std::optional<base::UtcMicros> entry_at;  // of a warning of an entry
  Sending sending;                          // of the same
  std::vector<CallAnswer> answers;
  std::optional<base::UtcMicros> closed_at;
  std::string closed_as;  // "answered", "unanswered", "missed"
  bool operator==(const Call&) const = default;
};
// Refuses with kConflict a warning of an entry that nobody has answered with "turning": it does not end as answered.
base::Result<void> CheckTurned(const Call& warning);

// A third party that is to be told of a version, by the party whose notice it is (MECHANISM 3.8). The same on both.
struct ThirdPartyDuty {
  base::NoticeId notice;
  base::Digest version;
  std::string name;  // as the agreement has it
  base::PartyId told_by;
  base::UtcMicros due_at;
  std::optional<base::UtcMicros>
      told_at;  // by the clock of who says so, as the act that says it, and its receipt
  base::Digest act;
  operators::Role role = operators::Role::kDutyOfficer;
  std::string receipt;
  bool operator==(const ThirdPartyDuty&) const = default;
};

// Of a notice of another party: its versions, the acts by which its newest one can be forwarded (mechanism/forward.h),
// who has forwarded it here and to whom it was forwarded.
struct KnownVersion {
  base::Digest digest;
  std::optional<base::Digest> previous;  // that it says it replaces
  base::UtcMicros at;                    // by its issuer's clock
  bool forwarded = false;                // here, and not told by its issuer
  bool operator==(const KnownVersion&) const = default;
};
struct KeptAct {
  base::Digest digest;
  operators::ActKind kind = operators::ActKind::kRelease;
  std::string envelope;
  std::string endorsement;  // empty: came without one
  bool operator==(const KeptAct&) const = default;
};
struct ForwardedTo {
  base::PartyId peer;
  std::string act;  // of who forwards it here
  operators::Role role = operators::Role::kDutyOfficer;
  base::UtcMicros since;
  uint32_t acts_sent = 0;                       // of those kept
  std::optional<base::UtcMicros> receipted_at;  // R1 of the last of them
  std::optional<base::UtcMicros> stopped_at;    // the newest version does not list it
  bool operator==(const ForwardedTo&) const = default;
};
struct Provenance {
  base::NoticeId notice;
  base::PartyId issuer;
  std::vector<KnownVersion> versions;  // oldest first
  std::vector<KeptAct> acts;           // the newest release, and what was said of it
  std::vector<ForwardedTo> to;
  std::optional<base::PartyId> forwarder;  // the last
  base::UtcMicros forwarded_at;
  std::string card;  // of the issuer, as it came with the notice
  bool operator==(const Provenance&) const = default;
};

// An exercise on a line (MECHANISM 2.4). What a side proposes waits for an act of the other; from then on the window is
// what both have said, until either closes it or something real interrupts it.
struct ExerciseProposal {
  base::Uuid id;
  airspace::TimeWindow window;
  operators::Role role = operators::Role::kSupervisor;
  bool operator==(const ExerciseProposal&) const = default;
};
struct Exercise {
  base::PartyId peer;
  std::optional<ExerciseProposal> ours;
  std::optional<ExerciseProposal> theirs;
  std::optional<airspace::TimeWindow> window;
  base::UtcMicros changed_at;
  // "closed_by_us", "closed_by_peer", "time_over", or what interrupted it; empty before the first has ended.
  std::string ended_as;

  bool IsOpenAt(base::UtcMicros time) const {
    return window && window->start <= time && time < window->end;
  }
  bool operator==(const Exercise&) const = default;
};

// What follows when the peer's R1 for a message of ours comes.
struct Awaited {
  base::Digest message;
  base::PartyId peer;
  operators::ActKind kind = operators::ActKind::kRelease;
  base::NoticeId notice;
  base::Digest version;
  base::UtcMicros written_at;
  base::Uuid call = {};  // of a warning of an entry, which has no notice
  bool operator==(const Awaited&) const = default;
};

// A version that stands as an entry of our log and that the peer has not cosigned yet (R2).
struct ToRecord {
  base::PartyId peer;
  uint64_t seq = 0;
  base::NoticeId notice;
  base::Digest version;
  bool operator==(const ToRecord&) const = default;
};

// What this party has said to everybody and not on that line, where nothing could be signed (line::OldCopy) or the
// store lost it. It is said there when it can be, if it is still to be said (core_again.cc).
struct HeldBack {
  base::PartyId peer;
  uint64_t number = 0;  // in the order in which it was said
  base::NoticeId notice;
  base::Digest act;
  std::string envelope;   // of the act, or of a hazard by a standing release
  bool standing = false;  // the latter
  bool operator==(const HeldBack&) const = default;
};
// So many at a time; of what is beyond only people hear.
inline constexpr size_t kHeldBackMax = 10'000;

// A dead-man area of this party (mechanism/standing.h). While it is armed, its hazard is raised when no heartbeat has
// come for the timeout; then it is raised, and watched again only when a person has armed it again.
enum class DeadManState : uint8_t { kDisarmed, kArmed, kRaised };
std::string_view Name(DeadManState state);  // "disarmed", "armed", "raised"
struct DeadMan {
  std::string name;  // in the agreement
  DeadManState state = DeadManState::kDisarmed;
  int64_t timeout_us = 0;
  base::UtcMicros since;                 // that state
  std::string key_id;                    // of who armed or disarmed it
  std::optional<base::NoticeId> notice;  // raised the last time
  bool operator==(const DeadMan&) const = default;
};

// Counts for one peer and one data mode; drills are never mixed with what was real. Times are summed in microseconds
// and sorted into powers of two of milliseconds, from which quantiles are read.
struct Durations {
  uint64_t count = 0;
  int64_t sum_us = 0;
  int64_t max_us = 0;
  std::array<uint32_t, 40> by_log2_ms{};

  void Add(int64_t us);
  // At most this long in that share of the cases: an upper bound within a factor of two (beyond 8 years: the longest).
  int64_t QuantileUs(double share) const;
  bool operator==(const Durations&) const = default;
};
struct Counts {
  uint64_t sent = 0;      // versions released to the peer
  uint64_t received = 0;  // versions of the peer
  uint64_t sent_late = 0;
  uint64_t received_late = 0;
  Durations lead_at_r1;       // of ours: start minus R1
  Durations lead_at_r3;       // of ours: start minus R3
  Durations receipt;          // of ours: from release to R1
  Durations read_back;        // of ours: from release to R3
  Durations read_back_by_us;  // of the peer's: from R1 to our R3
  uint64_t read_back_mismatches = 0;
  uint64_t release_blocked = 0;
  uint64_t checks_made = 0;
  uint64_t checks_missed = 0;
  uint64_t stop_calls = 0;
  uint64_t stop_calls_unanswered = 0;
  uint64_t breaches_accepted = 0;  // of our stop calls: answered with stopping or stopped
  uint64_t breaches_rejected = 0;  // and with not_ours
  uint64_t incursion_warnings = 0;
  uint64_t incursion_warnings_unanswered = 0;
  uint64_t times_lost = 0;
  uint64_t climbed = 0;  // matters that reached the next level
  bool operator==(const Counts&) const = default;
};
struct CountsKey {
  base::PartyId peer;
  airspace::DataMode data_mode = airspace::DataMode::kReal;
  auto operator<=>(const CountsKey&) const = default;
};

// What a side has said of an agreement, and by whom.
struct AgreementAct {
  base::Digest act;
  operators::Role role = operators::Role::kPrincipal;
  std::string key_id;
  base::UtcMicros at;  // by its maker's clock
  bool operator==(const AgreementAct&) const = default;
};
struct AgreementSignature {
  AgreementAct by;
  std::string envelope;  // agreement/signed.h; empty: it has not signed
  bool operator==(const AgreementSignature&) const = default;
};
struct Denunciation {
  AgreementAct by;
  bool by_us = false;
  base::UtcMicros until;  // when the agreement ends
  bool operator==(const Denunciation&) const = default;
};
// An agreement that one side has signed and told the other on the line. One of the configuration's files is here only
// when it was denounced, and then without its text.
struct KeptAgreement {
  base::PartyId peer;
  base::Digest digest;
  int64_t number = 0;
  base::UtcMicros effective_from;
  std::optional<base::UtcMicros> expires;
  std::string text;
  bool by_us = false;                    // proposed
  std::optional<base::Digest> counters;  // the other side's proposal that it answers
  AgreementSignature ours;
  AgreementSignature theirs;
  bool receipted = false;  // the peer holds our signature
  std::optional<Denunciation> denounced;
  std::optional<base::UtcMicros> closed_at;  // before both had signed, for ever
  std::string closed_as;                     // "denounced", "countered"

  bool complete() const { return !ours.envelope.empty() && !theirs.envelope.empty(); }
  // Each side counts it when it knows that the other holds both signatures: neither runs under it alone.
  bool counts() const { return complete() && receipted; }
  bool waits() const { return !text.empty() && !complete() && !closed_at; }
  bool operator==(const KeptAgreement&) const = default;
};
// Of those that were closed before both had signed, so many are kept for each line.
inline constexpr size_t kClosedAgreementsKept = 8;

// What the watch that leaves tells the one that comes. The newest one stands until the next is given.
struct Handover {
  uint64_t number = 0;  // 1, 2, ...
  std::string text;
  std::string key_id;  // of who gave it
  base::UtcMicros at;
  // What was open then, as this node counted it.
  uint64_t matters = 0;
  uint64_t calls = 0;
  uint64_t conflicts = 0;
  std::string acknowledged_by;  // a key; empty: it waits
  base::UtcMicros acknowledged_at;

  bool waits() const { return acknowledged_by.empty(); }
  bool operator==(const Handover&) const = default;
};

// Effects
struct PeerChanged {
  Peer peer;
};
struct AccountChanged {
  operators::Account account;
};
struct MatterChanged {
  Matter matter;
};
struct CallChanged {
  Call call;
};
struct AwaitedChanged {
  Awaited awaited;
  bool done = false;
};
struct ToRecordChanged {
  ToRecord to_record;
  bool done = false;  // with all before it: a cosigned head covers them together
};
struct HeldBackChanged {
  HeldBack held;
  bool done = false;
};
struct CountsChanged {
  CountsKey key;
  Counts counts;
};
// A verdict of ours on a conflict that was signed and sent, so that the same is not sent twice.
struct BasisSigned {
  base::Digest conflict;
  base::Digest basis;  // SHA-256 of its text; all zero: the conflict has left the state
};
struct BasisHeard {
  base::Digest conflict;
  std::string text;  // of the peer; empty: forgotten
};
// What never crosses: held plans, home checks, internal escalation, operators' acts. `text` is one JSON object that
// names the link before it (journal/journal.h).
struct JournalWritten {
  uint64_t seq = 0;
  std::string text;
};
struct LineCheckScheduled {
  base::PartyId peer;
  bool theirs = false;  // when the peer's is expected, not when ours is due
  base::UtcMicros next_at;
};
// A second person's entry agreed with this draft (MECHANISM 3.4).
struct ReleaseChecked {
  base::NoticeId notice;
  base::Digest declaration_sha256;
  std::string key_id;  // empty: forgotten, it has been released
};
// Who has written at a draft: none of them is its second person.
struct Drafted {
  base::NoticeId notice;
  std::vector<std::string> key_ids;  // none: forgotten
};
struct ThirdPartyChanged {
  ThirdPartyDuty duty;
  bool forgotten = false;
};
struct ProvenanceChanged {
  Provenance provenance;
  bool forgotten = false;
};
struct ExerciseChanged {
  Exercise exercise;
};

struct OwnCardChanged {
  OwnCard own;
};
struct DeadManChanged {
  DeadMan dead_man;
};
struct HandoverChanged {
  Handover handover;
};
struct AgreementChanged {
  KeptAgreement agreement;
  bool forgotten = false;
};
// Of the exchange itself and both accounts; its readouts and statements have effects of their own, which count while
// the exchange is there.
struct ExchangeChanged {
  exchange::Exchange exchange;
};
struct ReadoutChanged {
  base::Uuid exchange;
  exchange::Readout readout;
};
struct StatementAdded {
  base::Uuid exchange;
  exchange::StoredStatement statement;
};
struct ExchangeForgotten {
  base::Uuid exchange;
};

using DeskEffect =
    std::variant<PeerChanged, AccountChanged, MatterChanged, CallChanged, AwaitedChanged,
                 CountsChanged, BasisSigned, BasisHeard, JournalWritten, LineCheckScheduled,
                 ReleaseChecked, Drafted, ThirdPartyChanged, ExerciseChanged, OwnCardChanged,
                 DeadManChanged, AgreementChanged, ExchangeChanged, ReadoutChanged, StatementAdded,
                 ExchangeForgotten, ToRecordChanged, ProvenanceChanged, HandoverChanged,
                 HeldBackChanged>;

void EncodeDeskEffect(const DeskEffect& effect, base::Bytes* out);
// Strict; *in advances past the effect.
base::Result<DeskEffect> DecodeDeskEffect(base::ByteView* in);

class Desk {
 public:
  void Apply(const DeskEffect& effect);

  const Peer* FindPeer(base::PartyId id) const;
  const std::map<base::PartyId, Peer>& peers() const { return peers_; }
  const OwnCard* own_card() const { return own_card_ ? &*own_card_ : nullptr; }
  const operators::Account* FindAccount(std::string_view name) const;
  const std::map<std::string, operators::Account, std::less<>>& accounts() const {
    return accounts_;
  }

  const Matter* FindMatter(uint64_t number) const;
  // Open ones about a subject, of either side.
  std::vector<const Matter*> OpenMattersOf(const base::Digest& subject) const;
  // Those that climb at or before `now`, at most `max`, the most overdue first.
  std::vector<uint64_t> DueMatters(base::UtcMicros now, size_t max) const;
  base::UtcMicros next_climb_at() const;
  uint64_t next_matter_number() const { return next_matter_; }
  const std::map<uint64_t, Matter>& matters() const { return matters_; }
  size_t open_matters() const { return matters_.size() - closed_matters_.size(); }

  const Call* FindCall(base::Uuid id) const;
  const std::map<base::Uuid, Call>& calls() const { return calls_; }
  // Open ones of ours whose next repetition has come.
  std::vector<base::Uuid> DueRepeats(base::UtcMicros now) const;
  const Awaited* FindAwaited(const base::Digest& message) const;
  const std::map<base::Digest, Awaited>& awaited() const { return awaited_; }
  // Whether a peer has yet to receipt a withdrawal of it. O(log n).
  bool IsWithdrawing(base::NoticeId notice) const;
  // Those that a head of `size` entries of our log to that peer covers, in order.
  std::vector<ToRecord> ToRecordUpTo(base::PartyId peer, uint64_t size) const;
  // In the order in which they were said.
  std::vector<HeldBack> HeldBackFor(base::PartyId peer) const;
  const std::map<std::pair<base::PartyId, uint64_t>, HeldBack>& held_back() const {
    return held_back_;
  }
  Counts CountsOf(const CountsKey& key) const;
  const std::map<CountsKey, Counts>& counts() const { return counts_; }
  std::optional<base::Digest> SignedBasis(const base::Digest& conflict) const;
  const std::string* HeardBasis(const base::Digest& conflict) const;
  const std::map<base::Digest, base::Digest>& bases_signed() const { return bases_signed_; }
  const std::map<base::Digest, std::string>& bases_heard() const { return bases_heard_; }
  base::UtcMicros NextLineCheck(base::PartyId peer, bool theirs) const;
  const ReleaseChecked* FindReleaseCheck(base::NoticeId notice) const;
  // Empty when nobody has written at a draft of it since its last release.
  std::vector<std::string> DraftersOf(base::NoticeId notice) const;
  const DeadMan* FindDeadMan(std::string_view name) const;
  // Those that were ever armed.
  const std::map<std::string, DeadMan, std::less<>>& dead_men() const { return dead_men_; }

  // Null where there has never been one.
  const Handover* handover() const { return handover_ ? &*handover_ : nullptr; }

  // Of every version that is remembered.
  std::vector<ThirdPartyDuty> ThirdPartiesOf(base::NoticeId notice) const;
  const ThirdPartyDuty* FindThirdParty(const NoticeVersionRef& version,
                                       const std::string& name) const;
  // Null where nothing of it can be forwarded, and nobody has forwarded it here.
  const Provenance* FindProvenance(base::NoticeId notice) const;
  const std::map<base::NoticeId, Provenance>& provenances() const { return provenances_; }
  // What it holds about notices that `is_there` does not know.
  std::vector<DeskEffect> Forgetting(const std::function<bool(base::NoticeId)>& is_there) const;

  // Null where there has never been one.
  const Exercise* FindExercise(base::PartyId peer) const;

  const KeptAgreement* FindAgreement(base::PartyId peer, const base::Digest& digest) const;
  std::vector<const KeptAgreement*> AgreementsOf(base::PartyId peer) const;
  const exchange::Exchange* FindExchange(base::Uuid id) const;
  // By their numbers, which count on.
  const std::map<uint64_t, exchange::Exchange>& exchanges() const { return exchanges_; }
  // Null while there is none.
  const exchange::Exchange* oldest_exchange() const;
  uint64_t next_exchange_number() const;
  size_t exchange_text_bytes() const { return exchange_text_bytes_; }

  uint64_t journal_size() const { return journal_size_; }
  base::Digest journal_last() const { return journal_last_; }

  // Rows, as airspace/state.h: one for each kind of thing, matters in blocks.
  std::vector<uint64_t> TakeDirty();
  void MarkDirty(std::span<const uint64_t> rows) { dirty_.insert(rows.begin(), rows.end()); }
  std::optional<base::Bytes> EncodeRow(uint64_t row) const;
  base::Result<void> LoadRow(uint64_t row, base::ByteView bytes);
  // Equal desks, equal bytes.
  base::Bytes Canonical() const;

 private:
  void Touch(uint64_t row) { dirty_.insert(row); }
  void ApplyMatter(const Matter& matter);
  void ApplyCall(const Call& call);
  void ApplyAwaited(const AwaitedChanged& changed);
  void ApplyToRecord(const ToRecordChanged& changed);
  void ApplyThirdParty(const ThirdPartyChanged& told);
  void ApplyExchange(const exchange::Exchange& exchange);
  exchange::Exchange* TouchExchange(base::Uuid id);
  void ApplyReadout(const ReadoutChanged& changed);
  void ApplyStatement(const StatementAdded& added);
  void ForgetExchange(base::Uuid id);

  std::map<base::PartyId, Peer> peers_;
  std::optional<OwnCard> own_card_;
  std::optional<Handover> handover_;
  std::map<std::string, operators::Account, std::less<>> accounts_;
  std::map<uint64_t, Matter> matters_;
  std::unordered_map<base::Digest, std::set<uint64_t>, base::DigestHash> by_subject_;  // open ones
  std::set<std::pair<base::UtcMicros, uint64_t>> by_next_climb_;  // open ones that climb on
  std::set<uint64_t> closed_matters_;
  uint64_t next_matter_ = 1;
  std::map<base::Uuid, Call> calls_;
  std::set<std::pair<base::UtcMicros, base::Uuid>> closed_calls_;    // oldest first
  std::set<std::pair<base::UtcMicros, base::Uuid>> by_next_repeat_;  // open ones that are repeated
  std::map<base::Digest, Awaited> awaited_;
  std::set<std::pair<base::NoticeId, base::Digest>> withdrawing_;     // those of awaited_
  std::map<std::pair<base::PartyId, uint64_t>, ToRecord> to_record_;  // by entry
  std::map<std::pair<base::PartyId, uint64_t>, HeldBack> held_back_;
  std::map<CountsKey, Counts> counts_;
  std::map<base::Digest, base::Digest> bases_signed_;
  std::map<base::Digest, std::string> bases_heard_;
  std::map<std::pair<base::PartyId, bool>, base::UtcMicros> next_line_check_;
  std::map<base::NoticeId, ReleaseChecked> release_checks_;
  std::map<base::NoticeId, Drafted> drafted_;
  std::map<base::PartyId, Exercise> exercises_;
  using ThirdPartyKey = std::tuple<base::NoticeId, base::Digest, std::string>;
  std::map<ThirdPartyKey, ThirdPartyDuty> third_parties_;
  std::map<base::NoticeId, Provenance> provenances_;
  std::map<std::string, DeadMan, std::less<>> dead_men_;
  std::map<std::pair<base::PartyId, base::Digest>, KeptAgreement> agreements_;
  std::map<uint64_t, exchange::Exchange> exchanges_;
  std::map<base::Uuid, uint64_t> exchange_numbers_;
  size_t exchange_text_bytes_ = 0;
  uint64_t journal_size_ = 0;
  base::Digest journal_last_;
  std::set<uint64_t> dirty_;
};

}  // namespace wideberth::mechanism

#endif  // WIDEBERTH_MECHANISM_DESK_H_
