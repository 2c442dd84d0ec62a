#include "mechanism/core.h"

#include <algorithm>
#include <bitset>

#include "base/check.h"
#include "base/limits.h"
#include "crypto/sha256.h"
#include "json/reader.h"
#include "json/writer.h"
#include "line/key_change.h"
#include "line/party_card.h"
#include "line/policy_lane.h"
#include "line/receipt.h"
#include "mechanism/core_line.h"
#include "mechanism/mode.h"

namespace wideberth::mechanism {
namespace {

using airspace::DataMode;
using base::Result;
using base::UtcMicros;
using operators::ActKind;

constexpr size_t kDueAtOnce = 1'000;

std::map<line::MessageType, std::vector<std::string>> Understood() {
  std::map<line::MessageType, std::vector<std::string>> types;
  for (const std::string_view name :
       {kActType, kOperatorKeysType, kBasisType, kLineCheckType, kIncursionRepeatType,
        kStandingHazardType, kForwardedType, line::kReceiptType, line::kPolicyLaneType,
        line::kKeyChangeType}) {
    types[{std::string(name), 1}] = {};
  }
  return types;
}

// Nobody guesses it who has not the key, so that the hash of an entry tells nothing of it (journal/journal.h); the same
// entry at the same place has the same, so that a node that replays its turns writes the same bytes.
std::string JournalSalt(const crypto::SecretKey& key, const base::Digest& previous) {
  const std::string text = "wideberth journal salt 2\n" + previous.ToHex();
  return key.Hmac(base::AsBytes(text)).ToHex().substr(0, 32);
}

// The two sides do not hold the same, or one of them says so.
bool IsAboutRecord(line::TroubleKind kind) {
  switch (kind) {
    case line::TroubleKind::kFork:
    case line::TroubleKind::kHeadsDiffer:
    case line::TroubleKind::kHeadsForked:
    case line::TroubleKind::kOtherTree:
    case line::TroubleKind::kNotCosigned:
    case line::TroubleKind::kPeerHoldsMore:
    case line::TroubleKind::kPeerRolledBack:
    case line::TroubleKind::kCosignedNotHeld:
    case line::TroubleKind::kNotShown:
    case line::TroubleKind::kBrokenChain:
    case line::TroubleKind::kKeyReplaced:
    case line::TroubleKind::kFromFuture:
      return true;
    default:
      return false;
  }
}

}  // namespace

Core::Core(Self self, Terms terms, const airspace::State& airspace, const Desk& desk,
           airspace::RuleBook rules, const geo::HeightModel& heights, Applier& applier)
    : self_(std::move(self)),
      given_terms_(std::move(terms)),
      given_rules_(std::move(rules)),
      terms_(given_terms_),
      airspace_(airspace),
      desk_(desk),
      rules_(given_rules_),
      heights_(heights),
      applier_(applier),
      keys_(self_.message_keys),
      record_keys_(self_.record_keys) {}

Core::~Core() = default;

void Core::OpenLine(base::PartyId peer, size_t paths, line::LineState state,
                    const line::LogSource& own_log, const line::LogSource& mirror,
                    line::Now start) {
  const Peer* known = desk_.FindPeer(peer);
  CHECK(known != nullptr && !keys_.empty());
  const Result<line::PartyCard> card = line::ReadCard(known->card);
  CHECK_MSG(card.has_value(), "a card was read before its peer was enrolled");
  line::EndpointConfig config{self_.party,  peer,         self_.boot,    0,
                              Understood(), record_keys_, self_.restored};
  lines_[peer] = std::make_unique<Line>(
      peer, known->line, paths,
      line::Endpoint(std::move(config), keys_, *card, std::move(state), own_log, mirror, start));
  now_ = start;
}

Result<Core::Line*> Core::LineTo(const std::optional<base::PartyId>& peer) {
  Line* line = peer ? Find(*peer) : nullptr;
  if (!peer && lines_.size() == 1) line = lines_.begin()->second.get();
  if (line != nullptr) return line;
  return base::Fail(base::ErrorCode::kNotFound, "/to",
                    "must be a peer that this node has a line to",
                    peer ? peer->ToString() : "nobody");
}

Core::Line* Core::Find(base::PartyId peer) {
  const auto found = lines_.find(peer);
  return found == lines_.end() ? nullptr : found->second.get();
}

const line::Endpoint* Core::FindLine(base::PartyId peer) const {
  const auto found = lines_.find(peer);
  return found == lines_.end() ? nullptr : &found->second->endpoint;
}

Result<airspace::Decision> Core::Decide(const airspace::Command& command, UtcMicros clock) {
  bool changed = false;
  return DecideAndApply(command, clock, &changed);
}

Result<airspace::Decision> Core::DecideAndApply(const airspace::Command& command, UtcMicros clock,
                                                bool* changed) {
  const DataMode mode = ModeOf(airspace_, command);
  const bool then = as_of_then_ && mode == DataMode::kReal;
  const UtcMicros now = then ? clock : NowOf(airspace_, mode, clock);
  WB_ASSIGN_OR_RETURN(airspace::Decision decision,
                      airspace::Decide(airspace_, rules_, crypto::Sha256, command, now,
                                       lines_.empty() ? base::PartyId{} : self_.party));
  if (decision.effects.empty()) return decision;
  *changed = true;
  now_.utc = clock;
  decision.effects.emplace_back(airspace::TimeAdvanced{mode, now});
  std::vector<airspace::Effect> effects = std::move(decision.effects);
  decision.effects.clear();
  std::vector<airspace::Effect> conflicts;
  bool evicted = false;
  for (const airspace::Effect& effect : effects) {
    if (std::holds_alternative<airspace::ConflictChanged>(effect)) conflicts.push_back(effect);
    evicted = evicted || std::holds_alternative<airspace::NoticeEvicted>(effect);
  }
  applier_.Apply(std::move(effects));
  // Matters run by the node's clock, whatever a drill's shows.
  FollowConflicts(conflicts, clock);
  if (evicted) {
    ForgetBases();
    for (DeskEffect& effect :
         desk_.Forgetting([&](base::NoticeId id) { return airspace_.FindNotice(id) != nullptr; })) {
      Put(std::move(effect));
    }
  }
  return decision;
}

Result<airspace::Decision> Core::DecideAs(base::PartyId party, airspace::CommandBody body,
                                          UtcMicros now, std::optional<UtcMicros> said_at) {
  return Decide({party, std::move(body), said_at}, now);
}

Result<void> Core::DecideFor(Line& line, airspace::CommandBody body, UtcMicros now,
                             std::optional<UtcMicros> said_at) {
  WB_RETURN_IF_ERROR(Decide({line.peer, std::move(body), said_at}, now));
  return {};
}

// ---- The desk's bookkeeping ----

void Core::OpenMatter(Matter matter, UtcMicros now) {
  // A drill that both sides have not opened, or that has ended, is nobody's to answer.
  if (const Line* line = Find(matter.peer);
      line != nullptr && !Reaches(*line, matter.data_mode, now)) {
    return;
  }
  matter.number = desk_.next_matter_number();
  Open(TermsFor(matter.peer), now, &matter);
  Put(MatterChanged{std::move(matter)});
}

void Core::CloseMatter(Matter matter, std::string_view as, UtcMicros now) {
  matter.closed_at = now;
  matter.closed_as = as;
  Put(MatterChanged{std::move(matter)});
}

void Core::CloseMattersOf(const base::Digest& subject, std::optional<MatterKind> kind,
                          std::string_view as, UtcMicros now) {
  for (const Matter* matter : desk_.OpenMattersOf(subject)) {
    if (!kind || matter->kind == *kind) CloseMatter(*matter, as, now);
  }
}

void Core::CloseMattersWith(base::PartyId peer, const base::Digest& subject,
                            std::initializer_list<MatterKind> kinds, std::string_view as,
                            UtcMicros now) {
  for (const Matter* matter : desk_.OpenMattersOf(subject)) {
    if (matter->peer != peer) continue;
    if (std::find(kinds.begin(), kinds.end(), matter->kind) == kinds.end()) continue;
    CloseMatter(*matter, as, now);
  }
}

void Core::CloseMattersOfNotice(base::NoticeId id, std::string_view as, UtcMicros now) {
  const airspace::Notice* notice = airspace_.FindNotice(id);
  if (notice == nullptr) return;
  for (const airspace::NoticeVersion& version : notice->versions) {
    CloseMattersOf(version.digest, std::nullopt, as, now);
  }
}

Counts& Core::CountsOf(base::PartyId peer, DataMode mode) {
  const CountsKey key{peer, mode};
  const auto found = counts_.find(key);
  if (found != counts_.end()) return found->second;
  return counts_.emplace(key, desk_.CountsOf(key)).first->second;
}

void Core::Journal(std::string_view what, const SealedAct* act, std::string_view details,
                   UtcMicros now) {
  if (act == nullptr) return WriteJournal(what, std::nullopt, {}, details, now);
  const ActKind kind = act->act.kind();
  const bool kept_here_alone = kind == ActKind::kAcceptRisk || kind == ActKind::kHandOver ||
                               kind == ActKind::kAcknowledgeHandover;
  WriteJournal(what, act->digest, act->act.key_id, details, now,
               kept_here_alone ? act->envelope : std::string_view());
}

void Core::JournalOf(std::string_view what, std::string_view key_id, std::string_view details,
                     UtcMicros now) {
  WriteJournal(what, std::nullopt, key_id, details, now);
}

void Core::WriteJournal(std::string_view what, std::optional<base::Digest> act,
                        std::string_view key_id, std::string_view details, UtcMicros now,
                        std::string_view signed_act) {
  std::string text;
  json::Writer json(&text);
  json.BeginObject();
  json.StringField("previous", desk_.journal_last().ToHex());
  if (!keys_.empty()) json.StringField("salt", JournalSalt(*keys_.front(), desk_.journal_last()));
  json.StringField("at", base::FormatRfc3339(now));
  json.StringField("what", what);
  if (act) json.StringField("act", act->ToHex());
  if (!key_id.empty()) json.StringField("key", key_id);
  if (!details.empty()) json.StringField("details", details);
  if (!signed_act.empty()) json.StringField("signed_act", signed_act);
  json.EndObject();
  Put(JournalWritten{desk_.journal_size() + 1, std::move(text)});
}

// ---- Lines ----

Result<base::Digest> Core::Write(Line& line, std::string_view type, DataMode mode, line::Lane lane,
                                 std::string body, line::Now now) {
  return line.endpoint.Write(
      {{std::string(type), 1}, lane, mode, std::nullopt, {}, std::move(body)}, now);
}

Result<void> Core::TellEveryLine(const ActRequest& request, line::Now now) {
  const Act& act = request.act.act;
  const auto notice = std::visit(
      [](const auto& body) {
        if constexpr (requires { body.notice; }) return base::NoticeId(body.notice);
        return base::NoticeId();
      },
      act.body);
  for (auto& [peer, line] : lines_) {
    if (!Reaches(*line, act.data_mode, act.at)) continue;
    if (line->HoldsBack(this, request, notice, now.utc)) continue;
    WB_RETURN_IF_ERROR(SendAct(*line, request, now));
  }
  return {};
}

void Core::SetPath(base::PartyId peer, size_t path, bool up) {
  Line* line = Find(peer);
  if (line == nullptr || path >= limits::kLinePathsMax) return;
  line->endpoint.SetPath(path, up);
  line->paths_up.set(path, up);
}

void Core::Receive(base::PartyId peer, size_t path, std::string_view frame, line::Now now) {
  Line* line = Find(peer);
  if (line == nullptr || path >= limits::kLinePathsMax) return;
  line->endpoint.Receive(path, frame, now);
}

Result<void> Core::SetPolicyLane(base::PartyId peer, bool suspended, line::Now now) {
  WB_ASSIGN_OR_RETURN(Line * line, LineTo(peer));
  return line->endpoint.SetPolicyLane(suspended, now);
}

Result<void> Core::ConfirmRecovered(base::PartyId peer, line::Now now) {
  WB_ASSIGN_OR_RETURN(Line * line, LineTo(peer));
  WB_RETURN_IF_ERROR(line->endpoint.ConfirmRecovered());
  TakeLinkState(*line, now.utc);
  return {};
}

void Core::ChangeAccount(operators::Account account, line::Now now) {
  Journal("account_changed", nullptr, account.name, now.utc);
  Put(AccountChanged{std::move(account)});
  AnnounceOperators(now);
}

void Core::AnnounceOperators(line::Now now) {
  std::vector<operators::OperatorKey> keys;
  for (const auto& [name, account] : desk_.accounts()) {
    for (auto& key : operators::OperatorKeysOf(account)) keys.push_back(std::move(key));
  }
  const Result<std::string> body = operators::WriteOperatorKeys(keys);
  if (!body) return;  // more accounts than a party may have are refused where they are made
  for (auto& [peer, line] : lines_) {
    const auto written =
        Write(*line, kOperatorKeysType, DataMode::kReal, line::Lane::kSafety, *body, now);
    // An old copy signs nothing; the keys are announced again when it has caught up.
    line->announce = !written.has_value();
  }
}

void Core::TakeLinkState(Line& line, UtcMicros now) {
  const line::LinkState state = line.endpoint.liveness().state();
  const base::Digest subject = SubjectOf(line.peer);
  if (state == line::LinkState::kUp) {
    CloseMattersOf(subject, MatterKind::kLineLost, "recovered", now);
    return FollowAgreements(now);
  }
  if (state != line::LinkState::kLost) return;
  for (const Matter* matter : desk_.OpenMattersOf(subject)) {
    if (matter->kind == MatterKind::kLineLost) return;
  }
  ++CountsOf(line.peer, DataMode::kReal).times_lost;
  Interrupt(line.peer, "line_lost", now);
  Matter matter;
  matter.kind = MatterKind::kLineLost;
  matter.peer = line.peer;
  matter.subject = subject;
  matter.urgent = true;
  OpenMatter(std::move(matter), now);
  FollowAgreements(now);
}

std::vector<line::Received> Core::TakeOutput(Line& line, line::Output output, UtcMicros now,
                                             TurnEnd* end) {
  for (const line::Effect& effect : output.effects) {
    applier_.Apply(line.number, effect);
    const auto* head = std::get_if<line::HeadCosigned>(&effect);
    if (head != nullptr && head->by_peer) TakeRecorded(line, *head, now);
  }
  for (line::Outgoing& frame : output.frames) end->frames.push_back({line.peer, std::move(frame)});
  for (line::Trouble& trouble : output.troubles) {
    // What cannot be put right by sending again: people have to hear of it, once while it is open.
    const bool of_record = IsAboutRecord(trouble.kind);
    const base::Digest subject =
        crypto::Sha256(base::AsBytes(line.peer.ToString() + " " + std::string(Name(trouble.kind))));
    if (of_record && desk_.OpenMattersOf(subject).empty()) {
      Journal(Name(trouble.kind), nullptr, trouble.error.ToString(), now);
      Matter matter;
      matter.kind = MatterKind::kUnusable;
      matter.peer = line.peer;
      matter.subject = subject;
      matter.urgent = true;
      OpenMatter(std::move(matter), now);
    }
    end->troubles.push_back({line.peer, std::move(trouble)});
  }
  if (output.link_changed) {
    TakeLinkState(line, now);
    end->link_changed.push_back(line.peer);
  }
  return std::move(output.received);
}

TurnEnd Core::Finish(line::Now now) {
  now_ = now;
  TurnEnd end;
  RecheckSome(now.utc);
  // What is received on one line may make us write on any; all of it belongs to this turn, and is sent at its end.
  for (bool again = true; again;) {
    again = false;
    for (auto& [peer, line] : lines_) {
      for (const line::Received& received :
           TakeOutput(*line, line->endpoint.Collect(), now.utc, &end)) {
        TakeReceived(*line, received, now);
        again = true;
      }
    }
  }
  FollowOldCopies(now);
  for (auto& [peer, line] : lines_) {
    const auto received = TakeOutput(*line, line->endpoint.Finish(now), now.utc, &end);
    CHECK_MSG(received.empty(), "everything received was collected");
  }
  for (const auto& [key, counts] : counts_) Put(CountsChanged{key, counts});
  counts_.clear();
  return end;
}

int64_t Core::next_wake_monotonic_us() const {
  if (rechecking_) return now_.monotonic_us;
  int64_t wake = std::numeric_limits<int64_t>::max();
  for (const auto& [peer, line] : lines_) {
    wake = std::min(wake, line->endpoint.next_wake_monotonic_us());
  }
  return wake;
}

// ---- Time ----

void Core::ClimbDue(UtcMicros now) {
  for (const uint64_t number : desk_.DueMatters(now, kDueAtOnce)) {
    const Matter& before = *desk_.FindMatter(number);
    Matter matter = Climbed(TermsUnder(before), before, now);
    Counts& counts = CountsOf(matter.peer, matter.data_mode);
    if (matter.level != before.level) ++counts.climbed;
    if (matter.alarmed && !before.alarmed && matter.kind == MatterKind::kLineCheck) {
      ++counts.checks_missed;
    }
    if (matter.level != before.level) {
      Journal("climbed", nullptr,
              std::string(Name(matter.kind)) + " " + std::to_string(matter.number) + " to " +
                  std::string(Name(matter.level)),
              now);
    }
    Put(MatterChanged{std::move(matter)});
  }
}

void Core::Tick(base::Uuid drawn, line::Now now) {
  now_ = now;
  FollowAgreements(now.utc);
  bool announce = false;
  for (auto& [peer, line] : lines_) {
    MakeLineCheck(*line, drawn, now);
    ExpectLineCheck(*line, now.utc);
    // Not before the peer is heard: what it says may show that this store is an old copy.
    const bool heard =
        line->endpoint.liveness().to_echo().has_value() && line->endpoint.may_write();
    announce = announce || (line->announce && heard && !desk_.accounts().empty());
    TellKeys(*line, now);
  }
  if (announce) AnnounceOperators(now);
  WatchDeadMen(drawn, now);
  RepeatWarnings(now);
  EndExercisesThatAreOver(now.utc);
  ClimbDue(now.utc);
}

// ---- What a peer says ----

void Core::OpenUnusable(Line& line, const line::Received& received, const base::Error& error,
                        UtcMicros now) {
  Journal("unusable", nullptr, error.ToString(), now);
  Matter matter;
  matter.kind = MatterKind::kUnusable;
  matter.peer = line.peer;
  matter.data_mode = received.opened.message.data_mode;
  matter.subject = received.opened.digest;
  matter.urgent = received.opened.message.lane == line::Lane::kSafety;
  OpenMatter(std::move(matter), now);
}

void Core::TakeReceived(Line& line, const line::Received& received, line::Now now) {
  if (!received.again) return TakeMessage(line, received, now);
  // As far as can be, the state becomes what it was: at the times of then.
  as_of_then_ = true;
  now.utc = std::min(now.utc, received.opened.message.sent_at);
  now_.utc = now.utc;
  received.own ? TakeOwn(line, received, now) : TakeMessage(line, received, now);
  as_of_then_ = false;
}

void Core::TakeMessage(Line& line, const line::Received& received, line::Now now) {
  const std::string& type = received.opened.message.type.name;
  if (!received.understood) {
    OpenUnusable(line, received,
                 {base::ErrorCode::kInvalid, "/payloadType", "must be understood here",
                  received.opened.message.type.ShortName()},
                 now.utc);
  } else if (type == kActType) {
    TakeAct(line, received, now);
  } else if (type == line::kReceiptType) {
    TakeReceipt(line, received, now);
  } else if (type == kOperatorKeysType) {
    TakeOperatorKeys(line, received, now.utc);
  } else if (type == kBasisType) {
    TakeBasis(line, received, now.utc);
  } else if (type == line::kKeyChangeType) {
    TakeKeyChange(line, received, now.utc);
  } else if (type == kLineCheckType) {
    TakeLineCheck(line, received, now.utc);
  } else if (type == kIncursionRepeatType) {
    TakeRepeat(line, received, now.utc);
  } else if (type == kStandingHazardType) {
    TakeStandingHazard(line, received, now.utc);
  } else if (type == kForwardedType) {
    TakeForwarded(line, received, now);
  }
}

void Core::TakeOperatorKeys(Line& line, const line::Received& received, UtcMicros now) {
  auto keys = operators::ReadOperatorKeys(received.body());
  if (!keys) return OpenUnusable(line, received, keys.error(), now);
  Peer peer = *desk_.FindPeer(line.peer);
  peer.operator_keys = std::move(*keys);
  Put(PeerChanged{std::move(peer)});
}

void Core::TakeReceipt(Line& line, const line::Received& received, line::Now now) {
  const Result<line::Receipt> receipt = line::ReadReceipt(received.body());
  if (!receipt) return OpenUnusable(line, received, receipt.error(), now.utc);
  for (const base::Digest& message : receipt->stored) {
    const Awaited* awaited = desk_.FindAwaited(message);
    if (awaited == nullptr && line.old_copy_of && line.receipts_early.size() < kReceiptsEarlyMax) {
      line.receipts_early.try_emplace(message,
                                      Line::EarlyReceipt{received.opened.message.sent_at, now.utc});
    }
    if (awaited == nullptr || awaited->peer != line.peer) continue;
    TakeReceipted(line, *awaited, received.opened.message.sent_at, now.utc);
  }
  for (const base::Digest& message : receipt->not_understood) {
    OpenUnusable(line, received,
                 {base::ErrorCode::kInvalid, "/payloadType", "must be understood by the peer",
                  message.ToHex()},
                 now.utc);
  }
}

// R2 of every version that stands below the head (MECHANISM 3.2).
void Core::TakeRecorded(Line& line, const line::HeadCosigned& head, UtcMicros now) {
  const std::vector<ToRecord> below = desk_.ToRecordUpTo(line.peer, head.head.size);
  if (below.empty()) return;
  Put(ToRecordChanged{below.back(), true});
  const UtcMicros cosigned_at{static_cast<int64_t>(head.time_s) * base::kMicrosPerSecond};
  for (const ToRecord& each : below) {
    (void)DecideAs({}, airspace::RecordCosigned{each.notice, each.version, line.peer, cosigned_at},
                   now)
        .has_value();
  }
}

// `at`: by the peer, as it signed the receipt. An event is of the clock of who signed it, here as in every report.
void Core::TakeReceipted(Line& line, const Awaited& found, UtcMicros at, UtcMicros now) {
  const Awaited awaited = found;
  Put(AwaitedChanged{awaited, true});
  if (awaited.kind == ActKind::kWarnIncursion) return TakeSendingReceipted(awaited, now);
  if (awaited.kind == ActKind::kForwardNotice) return TakeForwardReceipted(awaited, now);
  if (awaited.kind == ActKind::kManagePeers) return TakeKeysTold(line, now);
  if (IsAboutAgreements(awaited.kind)) return TakeAgreementReceipted(awaited, now);
  if (awaited.kind == ActKind::kWithdraw) {
    const auto& held = desk_.held_back();
    const bool to_be_said = std::any_of(held.begin(), held.end(), [&](const auto& each) {
      return each.second.notice == awaited.notice;
    });
    if (desk_.IsWithdrawing(awaited.notice) || to_be_said) return;
    // It takes effect when every line that was told holds it (MECHANISM 3.1), and is judged by when it was said, as
    // they have judged it: what began meanwhile is withdrawn with them.
    const auto withdrawn = DecideAs(
        self_.party, airspace::Withdraw{awaited.notice, awaited.version}, now, awaited.written_at);
    if (withdrawn) return CloseMattersOfNotice(awaited.notice, "withdrawn", now);
    // It was replaced before they all held it. It stays in force here; they may see it otherwise.
    Journal("not_withdrawn", nullptr, withdrawn.error().ToString(), now);
    Matter matter;
    matter.kind = MatterKind::kUnusable;
    matter.peer = line.peer;
    matter.notice = awaited.notice;
    matter.subject = awaited.version;
    matter.urgent = true;
    return OpenMatter(std::move(matter), now);
  }
  (void)DecideAs({}, airspace::RecordReceipt{awaited.notice, awaited.version, line.peer}, now)
      .has_value();
  for (const Matter* open : desk_.OpenMattersOf(awaited.version)) {
    if (open->kind != MatterKind::kReceipt || open->peer != line.peer) continue;
    Matter matter = *open;
    matter.kind = MatterKind::kReadBack;
    matter.alarmed = false;
    Open(TermsFor(line.peer), now, &matter);
    Counts& counts = CountsOf(line.peer, matter.data_mode);
    counts.receipt.Add(at.us - awaited.written_at.us);
    if (matter.starts_at && matter.starts_at != base::kTimeOpenStart) {
      counts.lead_at_r1.Add(matter.starts_at->us - at.us);
    }
    Put(MatterChanged{std::move(matter)});
  }
}

}  // namespace wideberth::mechanism
