// The core of a node in line mode: what happens when a person acts, when a message of a peer comes, when time passes.
//
// It joins the pieces that hold the rules: airspace::Decide (notices and conflicts), line::Endpoint (delivery and
// liveness, one for each peer) and the desk (matters, calls, counts). The caller feeds it one thing after another and
// calls Finish once a turn, as for line/endpoint.h:
//
//   core.Receive(peer, path, frame, now);
//   core.Do({act, prepared, declaration}, now);
//   TurnEnd end = core.Finish(now);
//   // what the Applier was given in this turn is made durable, in one transaction; then
//   for (...) transport.Send(frame);
//
// Every change goes through the Applier as an effect, in order, and is applied before the call returns.
//
// What crosses to a peer, all of it: acts of operators (mechanism/act.h, body "act.v1"), the keys of operators
// ("operator-keys.v1"), changes of this party's keys ("key-change.v1"), bases of conflicts between declared notices
// ("basis.v1"), scheduled line checks ("line-check.v1"), what both parties have signed as standing releases
// ("incursion-repeat.v1", "standing-hazard.v1"), notices of others that list the peer ("forwarded.v1"), and what the
// line itself says. Nothing held, nothing of another line, nothing of the ladder.
//
// Pure; not thread-safe. A message costs its signature checks (the line's and the operator's) and, for a released
// version, what airspace::Decide costs.
#ifndef WIDEBERTH_MECHANISM_CORE_H_
#define WIDEBERTH_MECHANISM_CORE_H_

#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "agreement/floor.h"
#include "agreement/in_force.h"
#include "airspace/decide.h"
#include "airspace/state.h"
#include "line/endpoint.h"
#include "line/party_card.h"
#include "mechanism/act.h"
#include "mechanism/desk.h"
#include "mechanism/matter.h"
#include "mechanism/standing.h"

namespace wideberth::mechanism {

struct Forwarded;

// Takes every change: writes it to the log of this turn and applies it to the state that readers see.
class Applier {
 public:
  virtual ~Applier() = default;
  virtual void Apply(std::vector<airspace::Effect> effects) = 0;  // to the airspace
  virtual void Apply(DeskEffect effect) = 0;                      // to the desk
  virtual void Apply(uint32_t line,
                     const line::Effect& effect) = 0;  // applied already, by the endpoint
  // What every decision is judged under from here on.
  virtual void RulesChanged(const airspace::RuleBook&) {}
};

struct Self {
  base::PartyId party;
  base::Uuid boot;  // drawn anew at every start
  line::OwnKeys
      message_keys;  // needed for lines: that of the own card, then those that a line may still need
  line::RecordKeys record_keys = {};  // of the own card; without them the record is not signed
  bool restored = false;              // the store may be an old copy (line/endpoint.h)
};

// A change of this party's keys, for all lines.
struct NewKeys {
  std::string card;         // signed by all four of them
  line::Fingerprint after;  // of the card that they take the place of
  std::shared_ptr<const crypto::SecretKey> message_key;
  line::RecordKeys record_keys;
  // Keys that nobody is to trust any more, and since when somebody else may have had them.
  std::vector<crypto::PublicKey> revoked;
  std::optional<base::UtcMicros> compromised_since;
};

// An own act, as the person's node has sealed it, and what goes with it.
struct ActRequest {
  SealedAct act;
  // Release: the declaration, and its text as it was signed.
  std::shared_ptr<const airspace::PreparedDeclaration> prepared;
  std::string declaration;
  // Release: the held plan that it was made from, if ReleaseCheck says so.
  std::optional<base::NoticeId> from_plan{};
  // Calls, texts and agreements: whom they are for. Others follow from what they are about.
  std::optional<base::PartyId> to{};
  std::string agreement{};  // its text, of one that is proposed
  std::string beside{};     // minutes or a statement: their text as it was signed
};

// What came of it.
struct ActResult {
  airspace::Decision decision;  // of acts about notices and conflicts
  base::Digest act;
};

struct ToSend {
  base::PartyId peer;
  line::Outgoing frame;
};

// Something that went wrong on a line, for the log and for people.
struct PeerTrouble {
  base::PartyId peer;
  line::Trouble trouble;
};

struct TurnEnd {
  std::vector<ToSend> frames;  // not before this turn, and every earlier one, is durable
  std::vector<PeerTrouble> troubles;
  std::vector<base::PartyId> link_changed;
};

class Core {
 public:
  // All references outlive the core. `terms` and `rules` hold on every line that SetAgreements says nothing of, and in
  // pool mode.
  Core(Self self, Terms terms, const airspace::State& airspace, const Desk& desk,
       airspace::RuleBook rules, const geo::HeightModel& heights, Applier& applier);
  ~Core();

  // The card of this party, where the desk has none: before the first peer is enrolled.
  void AdoptOwnCard(std::string card, line::Now now);
  // A peer that the desk does not know.
  void Enrol(Peer peer);
  // core_keys.cc. The keys are changed on every line in this turn, at the next message of each; a line that cannot
  // write now is told as soon as it can. Refuses a card that does not follow the one in force (kInvalid; kConflict when
  // that is not the one `after` names) and a message key that is not the card's.
  base::Result<void> ChangeOwnKeys(NewKeys keys, std::string_view by, line::Now now);
  // A person has compared the fingerprint of a peer's changed keys over another channel. Refuses with kConflict
  // another fingerprint than that of the card in force, and a peer with whom nothing waits to be compared.
  base::Result<void> ConfirmPeerKeys(base::PartyId peer, const line::Fingerprint& compared,
                                     std::string_view by, line::Now now);
  // An operator's account was made or changed; every peer is told the keys of those who act on lines.
  void ChangeAccount(operators::Account account, line::Now now);
  // For a peer that the desk knows. `state` is what the store holds of its line.
  // `paths`: how many are configured, all of which a line check has to find up.
  void OpenLine(base::PartyId peer, size_t paths, line::LineState state,
                const line::LogSource& own_log, const line::LogSource& mirror, line::Now start);

  // What the parties of a line have agreed on by files, by now and for later; what they have signed on the line itself
  // is on the desk, and is added. From here on the line has the terms of the agreement in force at any time, or those
  // of the safety floor (agreement/in_force.h), and wider separations while it is lost. Tick looks at the time; a
  // change is written to the journal, and every notice is checked anew under the rules that follow, some in each turn:
  // until all are, conflicts of either may be found. The caller checks those that are there when it sets agreements.
  void SetAgreements(base::PartyId peer, agreement::LineAgreements agreements, base::UtcMicros now);
  // Null for a line that SetAgreements said nothing of.
  const agreement::InForce* FindInForce(base::PartyId peer) const;
  const agreement::LineAgreements* FindAgreements(base::PartyId peer) const;
  const airspace::RuleBook& rules() const { return rules_; }
  // What holds on the line to a peer; of who is no peer, the strictest of all lines.
  const Terms& TermsFor(base::PartyId peer) const;

  // A command of the airspace alone: drafts, held plans, rechecks, ticks, and everything in pool mode. `clock` is the
  // node's; the decision is made at the time of its data mode (mechanism/mode.h). The effects have been applied, and
  // those of the answer are empty.
  base::Result<airspace::Decision> Decide(const airspace::Command& command, base::UtcMicros clock);

  // The same, asked by an operator of this node with that key. What never crosses (drafts, held plans, hazards that are
  // disregarded) goes to the journal with the key, and who writes at a draft is remembered until it is released.
  base::Result<airspace::Decision> DecideBy(std::string_view key_id,
                                            const airspace::Command& command,
                                            base::UtcMicros clock);

  // An own act. Refuses what airspace::Decide refuses, a peer that is not known, a release that nobody has checked or
  // whose check failed, a read-back that does not agree (kConflict; the field and by how much), and what does not fit
  // the call that it answers. A refusal leaves nothing done but a count.
  base::Result<ActResult> Do(const ActRequest& request, line::Now now);

  // A second person has entered the values of a draft. Refuses with kConflict where they differ from it, naming the
  // field and by how much, and whoever has written at the draft themselves.
  base::Result<void> CheckRelease(base::NoticeId draft, const Reading& entered, std::string key_id,
                                  base::UtcMicros now);

  // Dead-man areas of this party, by their names in the agreement (mechanism/standing.h). Arming what is armed counts
  // as a heartbeat and sets the timeout, 1 to 600 s. Refuses with kNotFound (field "name") what no agreement has, with
  // kConflict an area that two of them have differently, and a heartbeat of or disarming what is not armed. `key_id`:
  // of who does it, and may report hazards. Heartbeats are counted by the monotonic clock, and by nothing else: after a
  // start they have one timeout to come.
  base::Result<void> ArmDeadMan(std::string_view name, int64_t timeout_us, std::string key_id,
                                line::Now now);
  base::Result<void> DisarmDeadMan(std::string_view name, std::string key_id, line::Now now);
  base::Result<void> BeatDeadMan(std::string_view name, line::Now now);
  // Of every agreement, each name once.
  std::vector<agreement::StandingRelease> DeadManAreas() const;

  base::Result<void> SetPolicyLane(base::PartyId peer, bool suspended, line::Now now);
  base::Result<void> ConfirmRecovered(base::PartyId peer, line::Now now);

  void SetPath(base::PartyId peer, size_t path, bool up);
  void Receive(base::PartyId peer, size_t path, std::string_view frame, line::Now now);
  // Time passes: matters climb, line checks and repetitions fall due, heartbeats of telemetry have not come. `drawn` is
  // a fresh random id. At least once a second.
  void Tick(base::Uuid drawn, line::Now now);

  TurnEnd Finish(line::Now now);
  int64_t next_wake_monotonic_us() const;

  // Null for who is no peer.
  const line::Endpoint* FindLine(base::PartyId peer) const;

  // Refuses with kConflict while the store may be an old copy; where a peer only says so, what is for its line.
  base::Result<void> RequireMaySign(const ActRequest* request = nullptr) const;

 private:
  struct Line;

  Line* Find(base::PartyId peer);
  base::Result<airspace::Decision> DecideAndApply(const airspace::Command& command,
                                                  base::UtcMicros clock, bool* changed);
  // `said_at`: as the signed act has it (airspace::Command).
  base::Result<airspace::Decision> DecideAs(base::PartyId party, airspace::CommandBody body,
                                            base::UtcMicros now,
                                            std::optional<base::UtcMicros> said_at = std::nullopt);
  base::Result<void> DecideFor(Line& line, airspace::CommandBody body, base::UtcMicros now,
                               std::optional<base::UtcMicros> said_at = std::nullopt);

  // Refuses an own act on an own notice that the peers may have taken for withdrawn already.
  base::Result<void> CheckNotWithdrawing(const Act& act) const;
  // An act is of the data mode of what it is about: drills never touch what is real (MECHANISM 2.4).
  base::Result<void> CheckMode(const Act& act) const;

  // core_agreements.cc
  struct Agreed {
    agreement::LineAgreements agreements;
    agreement::InForce in_force;
    bool lost = false;  // and recovery is not confirmed
    Terms terms;
    airspace::Rules rules;                           // wider while lost
    std::map<base::Digest, base::UtcMicros> ending;  // denounced, and not over yet
  };
  void FollowAgreements(base::UtcMicros now);
  static void Reconsider(Agreed* agreed);
  void MakeRules();
  void RecheckSome(base::UtcMicros now);
  bool IsLost(base::PartyId peer) const;
  bool Knows(base::PartyId peer) const;
  // Those a matter began under, while this node knows them (MECHANISM 8.1).
  Terms TermsUnder(const Matter& matter) const;
  bool MayDeal(base::PartyId peer, agreement::Matter matter, airspace::DataMode mode) const;
  // Refuses with kConflict what is not on the safety floor while no agreement is in force.
  base::Result<void> RequireAgreement(base::PartyId peer, agreement::Matter matter,
                                      airspace::DataMode mode) const;
  bool AnyLineCarries(const airspace::Declaration& declaration) const;
  // How an agreement comes to be on a line, and ends.
  base::Result<Agreed*> AgreedWith(base::PartyId peer);
  base::Result<std::string> SignHere(const Line& line, std::string_view text, base::UtcMicros now);
  base::Result<void> RequireRoom(base::PartyId peer, const Agreed& agreed, bool by_us) const;
  base::Result<void> SendAgreementAct(Line& line, const ActRequest& request,
                                      std::string_view signature, const base::Digest& agreement,
                                      line::Now now);
  base::Result<void> TakeAgreementAct(Line& line, const SealedAct& act, json::Object* message,
                                      base::UtcMicros now);
  base::Result<void> VerifyTheirs(const Line& line, const agreement::Agreement& agreement,
                                  std::string_view signature) const;
  base::Result<void> TakeProposal(Line& line, const SealedAct& act, const ProposeAgreement& body,
                                  std::string_view text, std::string_view signature,
                                  base::UtcMicros now);
  base::Result<void> TakeSignature(Line& line, const SealedAct& act, const SignAgreement& body,
                                   std::string_view signature, base::UtcMicros now);
  base::Result<void> TakeDenunciation(Line& line, const SealedAct& act,
                                      const DenounceAgreement& body, base::UtcMicros now);
  void TakeAgreementReceipted(const Awaited& awaited, base::UtcMicros now);
  base::Result<void> EndAgreement(KeptAgreement kept, const SealedAct& act,
                                  const DenounceAgreement& body, bool by_us, base::UtcMicros now);
  void CloseAgreement(KeptAgreement kept, std::string_view as, base::UtcMicros now);
  void PutAgreement(KeptAgreement kept, base::UtcMicros now);
  void Count(const KeptAgreement& kept, Agreed* agreed, base::UtcMicros now);
  void OpenAgreementMatter(const KeptAgreement& kept, bool owed_by_peer, base::UtcMicros starts_at,
                           base::UtcMicros now);

  // core_conflicts.cc
  void ForgetBases();
  void FollowConflicts(std::span<const airspace::Effect> effects, base::UtcMicros now);
  void FollowConflict(const airspace::Conflict& conflict, base::UtcMicros now);
  void SignBasis(Line& line, const airspace::Conflict& conflict);
  void TakeBasis(Line& line, const line::Received& received, base::UtcMicros now);
  // Whether the peer alone sees it. Refuses with kConflict what was not looked at as it stands.
  base::Result<bool> IsOfPeerAlone(const base::Digest& conflict,
                                   const ConflictVersions& looked_at) const;
  base::Result<void> TellOfConflict(const base::Digest& conflict, const ActRequest& request,
                                    line::Now now);
  bool CountsHere(const base::Digest& conflict, const ConflictVersions& looked_at) const;

  // core_forward.cc
  std::string EndorsementFor(const ActRequest& request) const;
  Provenance ProvenanceOf(const airspace::Notice& notice) const;
  std::optional<std::string> CardFor(const Provenance& known, const KeptAct& act) const;
  void ForwardPending(Provenance* known, line::Now now);
  void TakeForwardReceipted(const Awaited& awaited, base::UtcMicros now);
  void KeepForForwarding(const SealedAct& act, std::optional<std::string_view> endorsement,
                         line::Now now);
  bool IsOvertaken(const Act& act) const;
  bool CameForwardedAlone(base::NoticeId notice, const base::Digest& version) const;
  base::Result<line::PartyCard> CardOfIssuer(base::PartyId forwarder,
                                             const std::string& text) const;
  void TellFork(const SealedAct& act, const KnownVersion& other, base::UtcMicros now);
  void TakeForwarded(Line& line, const line::Received& received, line::Now now);
  base::Result<void> TakeForwardedVersion(Line& line, const SealedAct& act,
                                          const Forwarded& message, line::Now now);
  base::Result<void> TakeForwardedAct(Line& line, const SealedAct& act, const Forwarded& message,
                                      line::Now now);

  // core_exercise.cc
  Exercise ExerciseOf(base::PartyId peer, base::UtcMicros now) const;
  // Whether what is of that mode, and said at that time, crosses the line.
  bool Reaches(const Line& line, airspace::DataMode mode, base::UtcMicros at) const;
  base::Result<std::optional<base::PartyId>> PeerOf(const ActRequest& request);
  base::Result<void> RequireExercise(const ActRequest& request);
  void KeepOutsideExercise(Line& line, const SealedAct& act, base::UtcMicros now);
  void EndExercise(base::PartyId peer, std::string_view as, base::UtcMicros now);
  void EndExercisesThatAreOver(base::UtcMicros now);
  // Something real has happened on the line.
  void Interrupt(base::PartyId peer, std::string_view by, base::UtcMicros now);
  void InterruptForRelease(base::PartyId peer, const airspace::Declaration& content,
                           base::UtcMicros now);

  // core_dealings.cc
  void OweThirdParties(base::PartyId told_by, const NoticeVersionRef& release,
                       base::UtcMicros released_at, base::UtcMicros now);
  base::Result<ThirdPartyDuty> OpenDutyOf(base::PartyId told_by, const SealedAct& act) const;
  base::Result<void> TakeTold(base::PartyId told_by, const SealedAct& act, base::UtcMicros now);

  // core_dealings.cc
  base::Result<const exchange::Exchange*> ExchangeWith(base::Uuid id,
                                                       std::optional<base::PartyId> peer) const;
  base::Result<Line*> LineOfExchange(base::Uuid id, const ActRequest& request);
  void ForgetOldExchanges();
  base::Result<void> TakeAccount(base::PartyId peer, size_t side, const SealedAct& act,
                                 base::UtcMicros now);
  base::Result<void> CheckReadout(base::PartyId peer, size_t side, const SealedAct& act,
                                  std::string_view text) const;
  void TakeReadout(size_t side, const SealedAct& act, std::string_view text, base::UtcMicros now);
  base::Result<exchange::Readout> SignedReadout(base::PartyId peer, size_t side,
                                                const SealedAct& act, base::UtcMicros now) const;
  base::Result<void> CheckStatement(base::PartyId peer, size_t side, const SealedAct& act,
                                    std::string_view text) const;
  void TakeStatement(size_t side, const SealedAct& act, std::string_view text, base::UtcMicros now);

  // own_acts.cc, own_calls.cc, core_dealings.cc: one for each kind of act
  using Decided = base::Result<airspace::Decision>;
  Decided DoBody(const ActRequest& request, const Release& body, line::Now now);
  Decided DoBody(const ActRequest& request, const SetActive& body, line::Now now);
  Decided DoBody(const ActRequest& request, const SetEnded& body, line::Now now);
  Decided DoBody(const ActRequest& request, const Withdraw& body, line::Now now);
  Decided DoBody(const ActRequest& request, const AllClear& body, line::Now now);
  Decided DoBody(const ActRequest& request, const ReadBack& body, line::Now now);
  Decided DoBody(const ActRequest& request, const Assess& body, line::Now now);
  Decided DoBody(const ActRequest& request, const TellUnits& body, line::Now now);
  Decided DoBody(const ActRequest& request, const StopCall& body, line::Now now);
  Decided DoBody(const ActRequest& request, const AnswerStopCall& body, line::Now now);
  Decided DoBody(const ActRequest& request, const EndStopCallUnanswered& body, line::Now now);
  Decided DoBody(const ActRequest& request, const LineCheck& body, line::Now now);
  Decided DoBody(const ActRequest& request, const AnswerLineCheck& body, line::Now now);
  Decided DoBody(const ActRequest& request, const MarkConflictSeen& body, line::Now now);
  Decided DoBody(const ActRequest& request, const ProposeMeasures& body, line::Now now);
  Decided DoBody(const ActRequest& request, const AcceptRisk& body, line::Now now);
  Decided DoBody(const ActRequest& request, const HandOver& body, line::Now now);
  Decided DoBody(const ActRequest& request, const AcknowledgeHandover& body, line::Now now);
  Decided DoBody(const ActRequest& request, const AskKeepClear& body, line::Now now);
  Decided DoBody(const ActRequest& request, const AnswerKeepClear& body, line::Now now);
  Decided DoBody(const ActRequest& request, const SendPolicyText& body, line::Now now);
  Decided DoBody(const ActRequest& request, const MarkTold& body, line::Now now);
  Decided DoBody(const ActRequest& request, const ForwardNotice& body, line::Now now);
  Decided DoBody(const ActRequest& request, const OpenExercise& body, line::Now now);
  Decided DoBody(const ActRequest& request, const CloseExercise& body, line::Now now);
  Decided DoBody(const ActRequest& request, const IncursionWarning& body, line::Now now);
  Decided DoBody(const ActRequest& request, const AnswerIncursionWarning& body, line::Now now);
  Decided DoBody(const ActRequest& request, const EndIncursionWarning& body, line::Now now);
  Decided DoBody(const ActRequest& request, const EndIncursionWarningUnanswered& body,
                 line::Now now);
  Decided DoBody(const ActRequest& request, const ProposeAgreement& body, line::Now now);
  Decided DoBody(const ActRequest& request, const SignAgreement& body, line::Now now);
  Decided DoBody(const ActRequest& request, const DenounceAgreement& body, line::Now now);
  Decided DoBody(const ActRequest& request, const exchange::EnterExchange& body, line::Now now);
  Decided DoBody(const ActRequest& request, const exchange::ProposeReadout& body, line::Now now);
  Decided DoBody(const ActRequest& request, const exchange::SignReadout& body, line::Now now);
  Decided DoBody(const ActRequest& request, const exchange::PublishStatement& body, line::Now now);
  base::Result<void> SendRelease(const ActRequest& request, const Release& body, line::Now now);
  void AwaitReceipt(Line& line, const base::Digest& message, base::NoticeId notice,
                    const base::Digest& version, const airspace::Declaration& declaration,
                    base::UtcMicros now);
  void OweRefinement(base::NoticeId notice, const base::Digest& version, airspace::DataMode mode,
                     base::UtcMicros now);
  void OpenNotTold(base::PartyId peer, const SealedAct* act, const NoticeVersionRef& version,
                   const airspace::Declaration& declaration, base::UtcMicros now);
  // What stays in this node.
  bool HasDrafted(base::NoticeId notice, std::string_view key_id) const;
  void ForgetDraft(base::NoticeId notice);
  base::Result<void> CheckBeforeRelease(const ActRequest& request, const Release& release);
  base::Result<Line*> LineTo(const std::optional<base::PartyId>& peer);
  base::Result<Line*> LineAbout(base::NoticeId notice);
  base::Result<const airspace::Notice*> NoticeOfAnother(base::NoticeId notice) const;
  // `peer`: who says so, of what is received; only calls of its line are its to answer.
  base::Result<const Call*> OpenCallOf(base::Uuid id, operators::ActKind kind, bool by_us,
                                       std::optional<base::PartyId> peer = std::nullopt);
  base::Result<base::Digest> SendAct(Line& line, const ActRequest& request, line::Now now);
  base::Result<void> TellEveryLine(const ActRequest& request, line::Now now);
  // The message that it went out in.
  base::Result<base::Digest> StartCall(Line& line, const ActRequest& request, Call call,
                                       MatterKind matter, line::Now now);
  void TakeAnswer(Call call, CallAnswer answer, bool final, MatterKind matter, base::UtcMicros now,
                  int64_t wait_s = 0);
  void CountBreach(const Call& call, StopAnswer answer);
  void EndCall(Call call, std::string_view as, MatterKind matter, base::UtcMicros now);

  // core_standing.cc: what the machine says by itself because both parties have signed that it may
  const agreement::StandingRelease* RepeatReleaseFor(const Call& call) const;
  // `wait_us`: they have asked for it; else the agreed pause.
  void PlanRepeat(base::UtcMicros now, std::optional<int64_t> wait_us, Call* call) const;
  void RepeatWarnings(line::Now now);
  void RepeatWarning(Line& line, const Call& found, line::Now now);
  void CountRepeat(Line& line, Call call, const base::Digest& message, base::UtcMicros now);
  void TakeRepeat(Line& line, const line::Received& received, base::UtcMicros now);
  void TakeSendingReceipted(const Awaited& awaited, base::UtcMicros now);
  base::Result<const agreement::StandingRelease*> DeadManArea(std::string_view name) const;
  void WatchDeadMen(base::Uuid drawn, line::Now now);
  void RaiseDeadMan(DeadMan dead_man, base::Uuid drawn, line::Now now);
  base::Result<base::NoticeId> RaiseHazard(std::string_view name, base::Uuid drawn, line::Now now);
  bool TellStandingHazard(Line& line, const SealedStandingHazard& sealed,
                          const airspace::Declaration& declaration, line::Now now);
  void OpenNotSaid(base::PartyId peer, base::NoticeId notice, const base::Digest& subject,
                   base::UtcMicros now);
  void TakeStandingHazard(Line& line, const line::Received& received, base::UtcMicros now);

  // core_again.cc: what this node said before its store was set back, in the order in which it was said. Nothing is
  // asked or checked that was asked and checked then, and nothing is sent.
  struct Again {
    Line* line = nullptr;
    const line::Received* received = nullptr;
    std::string agreement_signature;
  };
  void FollowOldCopies(line::Now now);
  void TakeOwn(Line& line, const line::Received& received, line::Now now);
  base::Result<void> TakeOwnAct(Line& line, const line::Received& received, line::Now now);
  base::Result<void> TakeOwnKeyChange(Line& line, const line::Received& received,
                                      base::UtcMicros now);
  base::Result<void> TakeOwnLineCheck(Line& line, const line::Received& received, line::Now now);
  base::Result<void> TakeOwnRepeat(Line& line, const line::Received& received, line::Now now);
  base::Result<void> TakeOwnStandingHazard(Line& line, const line::Received& received,
                                           line::Now now);

  // received_acts.cc: the same acts by an operator of the peer. An error makes the act unusable.
  void TakeAct(Line& line, const line::Received& received, line::Now now);
  base::Result<void> TakeBody(Line& line, const SealedAct& act, const Release& body,
                              std::string_view declaration, base::UtcMicros now);
  base::Result<void> TakeBody(Line& line, const SealedAct& act, const SetActive& body,
                              std::string_view declaration, base::UtcMicros now);
  base::Result<void> TakeBody(Line& line, const SealedAct& act, const SetEnded& body,
                              std::string_view declaration, base::UtcMicros now);
  base::Result<void> TakeBody(Line& line, const SealedAct& act, const Withdraw& body,
                              std::string_view declaration, base::UtcMicros now);
  base::Result<void> TakeBody(Line& line, const SealedAct& act, const AllClear& body,
                              std::string_view declaration, base::UtcMicros now);
  base::Result<void> TakeBody(Line& line, const SealedAct& act, const ReadBack& body,
                              std::string_view declaration, base::UtcMicros now);
  base::Result<void> TakeBody(Line& line, const SealedAct& act, const Assess& body,
                              std::string_view declaration, base::UtcMicros now);
  base::Result<void> TakeBody(Line& line, const SealedAct& act, const TellUnits& body,
                              std::string_view declaration, base::UtcMicros now);
  base::Result<void> TakeBody(Line& line, const SealedAct& act, const StopCall& body,
                              std::string_view declaration, base::UtcMicros now);
  base::Result<void> TakeBody(Line& line, const SealedAct& act, const AnswerStopCall& body,
                              std::string_view declaration, base::UtcMicros now);
  base::Result<void> TakeBody(Line& line, const SealedAct& act, const EndStopCallUnanswered& body,
                              std::string_view declaration, base::UtcMicros now);
  base::Result<void> TakeBody(Line& line, const SealedAct& act, const LineCheck& body,
                              std::string_view declaration, base::UtcMicros now);
  base::Result<void> TakeBody(Line& line, const SealedAct& act, const AnswerLineCheck& body,
                              std::string_view declaration, base::UtcMicros now);
  base::Result<void> TakeBody(Line& line, const SealedAct& act, const MarkConflictSeen& body,
                              std::string_view declaration, base::UtcMicros now);
  base::Result<void> TakeBody(Line& line, const SealedAct& act, const ProposeMeasures& body,
                              std::string_view declaration, base::UtcMicros now);
  base::Result<void> TakeBody(Line& line, const SealedAct& act, const AcceptRisk& body,
                              std::string_view declaration, base::UtcMicros now);
  base::Result<void> TakeBody(Line& line, const SealedAct& act, const HandOver& body,
                              std::string_view declaration, base::UtcMicros now);
  base::Result<void> TakeBody(Line& line, const SealedAct& act, const AcknowledgeHandover& body,
                              std::string_view declaration, base::UtcMicros now);
  base::Result<void> TakeBody(Line& line, const SealedAct& act, const AskKeepClear& body,
                              std::string_view declaration, base::UtcMicros now);
  base::Result<void> TakeBody(Line& line, const SealedAct& act, const AnswerKeepClear& body,
                              std::string_view declaration, base::UtcMicros now);
  base::Result<void> TakeBody(Line& line, const SealedAct& act, const SendPolicyText& body,
                              std::string_view declaration, base::UtcMicros now);
  base::Result<void> TakeBody(Line& line, const SealedAct& act, const MarkTold& body,
                              std::string_view declaration, base::UtcMicros now);
  base::Result<void> TakeBody(Line& line, const SealedAct& act, const ForwardNotice& body,
                              std::string_view declaration, base::UtcMicros now);
  base::Result<void> TakeBody(Line& line, const SealedAct& act, const OpenExercise& body,
                              std::string_view declaration, base::UtcMicros now);
  base::Result<void> TakeBody(Line& line, const SealedAct& act, const CloseExercise& body,
                              std::string_view declaration, base::UtcMicros now);
  base::Result<void> TakeBody(Line& line, const SealedAct& act, const IncursionWarning& body,
                              std::string_view declaration, base::UtcMicros now);
  base::Result<void> TakeBody(Line& line, const SealedAct& act, const AnswerIncursionWarning& body,
                              std::string_view declaration, base::UtcMicros now);
  base::Result<void> TakeBody(Line& line, const SealedAct& act, const EndIncursionWarning& body,
                              std::string_view declaration, base::UtcMicros now);
  base::Result<void> TakeBody(Line& line, const SealedAct& act,
                              const EndIncursionWarningUnanswered& body,
                              std::string_view declaration, base::UtcMicros now);
  base::Result<void> TakeBody(Line& line, const SealedAct& act, const exchange::EnterExchange& body,
                              std::string_view beside, base::UtcMicros now);
  base::Result<void> TakeBody(Line& line, const SealedAct& act,
                              const exchange::ProposeReadout& body, std::string_view beside,
                              base::UtcMicros now);
  base::Result<void> TakeBody(Line& line, const SealedAct& act, const exchange::SignReadout& body,
                              std::string_view beside, base::UtcMicros now);
  base::Result<void> TakeBody(Line& line, const SealedAct& act,
                              const exchange::PublishStatement& body, std::string_view beside,
                              base::UtcMicros now);
  // A version of the peer's, by an act or by a standing release.
  base::Result<void> TakeVersion(Line& line, base::NoticeId notice, const base::Digest& version,
                                 std::shared_ptr<const airspace::PreparedDeclaration> prepared,
                                 base::UtcMicros released_at, base::UtcMicros now);
  base::Result<void> TakeCall(base::PartyId peer, const SealedAct& act, Call call,
                              MatterKind matter, base::UtcMicros now);
  base::Result<const airspace::Notice*> OurNotice(base::NoticeId id) const;

  // The desk's bookkeeping.
  void Put(DeskEffect effect) { applier_.Apply(std::move(effect)); }
  void OpenMatter(Matter matter, base::UtcMicros now);
  void CloseMatter(Matter matter, std::string_view as, base::UtcMicros now);
  void CloseMattersOf(const base::Digest& subject, std::optional<MatterKind> kind,
                      std::string_view as, base::UtcMicros now);
  void CloseMattersWith(base::PartyId peer, const base::Digest& subject,
                        std::initializer_list<MatterKind> kinds, std::string_view as,
                        base::UtcMicros now);
  void CloseMattersOfNotice(base::NoticeId notice, std::string_view as, base::UtcMicros now);
  Counts& CountsOf(base::PartyId peer, airspace::DataMode mode);
  void Journal(std::string_view what, const SealedAct* act, std::string_view details,
               base::UtcMicros now);
  void JournalOf(std::string_view what, std::string_view key_id, std::string_view details,
                 base::UtcMicros now);
  void WriteJournal(std::string_view what, std::optional<base::Digest> act, std::string_view key_id,
                    std::string_view details, base::UtcMicros now,
                    std::string_view signed_act = {});

  // Writes a message to a line; its name. What cannot be written (a suspended lane, an old copy) is an error.
  base::Result<base::Digest> Write(Line& line, std::string_view type, airspace::DataMode mode,
                                   line::Lane lane, std::string body, line::Now now);
  std::vector<line::Received> TakeOutput(Line& line, line::Output output, base::UtcMicros now,
                                         TurnEnd* end);
  void TakeReceived(Line& line, const line::Received& received, line::Now now);
  void TakeMessage(Line& line, const line::Received& received, line::Now now);
  void TakeReceipt(Line& line, const line::Received& received, line::Now now);
  void TakeRecorded(Line& line, const line::HeadCosigned& head, base::UtcMicros now);
  void TakeReceipted(Line& line, const Awaited& awaited, base::UtcMicros at, base::UtcMicros now);
  void AnnounceOperators(line::Now now);
  void TakeOperatorKeys(Line& line, const line::Received& received, base::UtcMicros now);
  void TakeLineCheck(Line& line, const line::Received& received, base::UtcMicros now);
  void TakeLinkState(Line& line, base::UtcMicros now);
  // core_keys.cc
  void TellKeys(Line& line, line::Now now);
  void TakeKeysTold(Line& line, base::UtcMicros now);
  void TakeKeyChange(Line& line, const line::Received& received, base::UtcMicros now);
  void OpenUnusable(Line& line, const line::Received& received, const base::Error& error,
                    base::UtcMicros now);
  void ClimbDue(base::UtcMicros now);
  void MakeLineCheck(Line& line, base::Uuid drawn, line::Now now);
  void AwaitLineCheck(Line& line, Call call, base::UtcMicros now);
  void ExpectLineCheck(Line& line, base::UtcMicros now);
  void CheckPaths(Line& line, base::UtcMicros now);

  const Self self_;
  const Terms given_terms_;
  const airspace::RuleBook given_rules_;
  std::map<base::PartyId, Agreed> agreed_;
  Terms terms_;  // of what is no line's: the strictest of all
  const airspace::State& airspace_;
  const Desk& desk_;
  airspace::RuleBook rules_;
  std::vector<base::NoticeId> to_recheck_;
  size_t rechecked_ = 0;
  bool rechecking_ = false;
  const geo::HeightModel& heights_;
  Applier& applier_;
  line::OwnKeys keys_;
  line::RecordKeys record_keys_;
  std::map<base::PartyId, std::unique_ptr<Line>> lines_;
  std::map<CountsKey, Counts> counts_;                 // changed in this turn
  std::map<std::string, int64_t, std::less<>> beats_;  // of armed dead-man areas; monotonic
  line::Now now_;                                      // of what is being done
  bool as_of_then_ = false;            // it was said long ago, and is decided at that time
  std::optional<Again> again_;         // what this node has said before and is done once more
  std::set<base::Digest> acts_again_;  // on one line; it may come on others
  std::map<std::string, operators::OperatorKey> keys_said_;
};

}  // namespace wideberth::mechanism

#endif  // WIDEBERTH_MECHANISM_CORE_H_
