#include "sim/people.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "airspace/testing/world.h"
#include "base/check.h"
#include "crypto/sha256.h"
#include "mechanism/basis.h"
#include "mechanism/testing/values.h"
#include "sim/agreements.h"

namespace wideberth::sim {
namespace {

using airspace::DataMode;
using airspace::Notice;
using airspace::NoticeKind;
using airspace::NoticeVersion;
using mechanism::Matter;
using mechanism::MatterKind;
using mechanism::testing::OperatorKeyFor;
using operators::ActKind;
using operators::Role;

constexpr geo::Position kGeneva{46'400'000'000, 6'500'000'000};
constexpr int64_t kSecond = base::kMicrosPerSecond;
constexpr Role kWatch[] = {Role::kDutyOfficer, Role::kSupervisor, Role::kDeputyChief};

uint8_t PartyNumber(const Machine& machine) {
  return static_cast<uint8_t>(machine.index() + 1);
}

Role LowestRole(const mechanism::ActBody& body) {
  mechanism::Act probe;
  probe.body = body;
  for (const Role role : kWatch) {
    if (operators::MayDo(role, probe.kind())) return role;
  }
  return Role::kPrincipal;
}

base::Digest TextDigest(std::string_view text) {
  return crypto::Sha256(base::AsBytes(text));
}

// The numbers that stand behind "lat" and "lng" in the text of a declaration.
std::vector<std::string> CoordinatesOf(std::string_view text) {
  std::vector<std::string> found;
  for (const std::string_view key : {"\"lat\":", "\"lng\":"}) {
    for (size_t at = text.find(key); at != std::string_view::npos; at = text.find(key, at + 1)) {
      const size_t begin = at + key.size();
      const size_t end = text.find_first_not_of("-0123456789.", begin);
      found.emplace_back(text.substr(begin, end - begin));
    }
  }
  return found;
}

}  // namespace

void People::TakeOffice(Machine& machine) {
  const uint8_t party = PartyNumber(machine);
  for (const auto& [role, nth] : {std::pair(Role::kDutyOfficer, uint8_t{0}),
                                  {Role::kDutyOfficer, uint8_t{1}},
                                  {Role::kSupervisor, uint8_t{0}},
                                  {Role::kDeputyChief, uint8_t{0}}}) {
    machine.Do([account = mechanism::testing::TestAccount(party, role, nth)](
                   mechanism::Core& core, line::Now now) -> service::Sequencer::Done {
      core.ChangeAccount(account, now);
      return nullptr;
    });
  }
}

mechanism::SealedAct People::Seal(const Machine& machine, Role role, mechanism::ActBody body,
                                  DataMode mode) {
  mechanism::Act act;
  act.id = random_.NewUuidV4();
  act.party = machine.config().party;
  act.role = role;
  act.data_mode = mode;
  act.at = machine.utc();
  act.body = std::move(body);
  return mechanism::SealAct(std::move(act),
                            mechanism::testing::OperatorSecret(PartyNumber(machine), role))
      .value();
}

void People::Do(Machine& machine, mechanism::ActBody body, DataMode mode,
                std::optional<base::PartyId> to) {
  const Role role = LowestRole(body);
  mechanism::ActRequest request{Seal(machine, role, std::move(body), mode), nullptr, {}, {}, to};
  Submit(machine, std::move(request), false);
}

void People::Submit(Machine& machine, mechanism::ActRequest request, bool draft_first) {
  const size_t index = machine.index();
  machine.Do([this, index, draft_first, request = std::move(request),
              drafted_by = OperatorKeyFor(PartyNumber(machine), Role::kDutyOfficer).key_id,
              checked_by = OperatorKeyFor(PartyNumber(machine), Role::kDutyOfficer, 1).key_id](
                 mechanism::Core& core, line::Now now) -> service::Sequencer::Done {
    const mechanism::Act& act = request.act.act;
    if (draft_first) {
      const auto& release = std::get<mechanism::Release>(act.body);
      airspace::Declare declare{release.notice, request.prepared, true};
      declare.replaces = release.previous;
      const auto reading = mechanism::ReadingOf(request.prepared->declaration());
      if (core.DecideBy(drafted_by, {act.party, std::move(declare)}, now.utc)) {
        // What is wrong with it is told by the release.
        (void)core.CheckRelease(release.notice, reading, checked_by, now.utc).has_value();
      }
    }
    const auto result = core.Do(request, now);
    trace_.Say([&] {
      return fmt::format("{} does {} {}: {}", static_cast<char>('A' + index),
                         operators::Name(act.kind()), request.act.digest.ToHex().substr(0, 8),
                         result ? "done" : result.error().ToString());
    });
    if (!result) {
      ++refused_;
      return nullptr;
    }
    return [this, index, digest = request.act.digest](const std::optional<base::Error>& failure) {
      if (failure) return;
      ++done_;
      acknowledged_[index].insert(digest);
    };
  });
}

// ---- What they look at ----

airspace::Declaration People::DrawDeclaration(const Machine& machine, NoticeKind kind) {
  airspace::Declaration declaration = kind == NoticeKind::kHazard
                                          ? airspace::testing::TestHazard()
                                          : airspace::testing::TestActivity();
  if (random_.Below(6) == 0) declaration.data_mode = DataMode::kExercise;
  airspace::Volume4D& volume = declaration.volumes[0];
  // To a tenth of a millimetre, so that no two places are alike; within 12 km of each other.
  const geo::Position centre{46'400'000'000 + random_.Between(0, 108'000'000),
                             6'500'000'000 + random_.Between(0, 156'000'000)};
  volume.outline = geo::Outline::Circle(centre, random_.Between(300'000, 3'000'000)).value();
  const int64_t start_us = machine.utc().us / base::kMicrosPerMinute * base::kMicrosPerMinute +
                           random_.Between(40, 200) * base::kMicrosPerMinute;
  volume.window = {{start_us}, {start_us + random_.Between(20, 120) * base::kMicrosPerMinute}};
  return declaration;
}

mechanism::ActRequest People::ReleaseRequest(const Machine& machine, base::NoticeId id,
                                             const airspace::Declaration& declaration,
                                             mechanism::ReleaseCheck check) {
  const std::string text = mechanism::testing::TextOf(declaration);
  mechanism::Release release;
  release.notice = id;
  release.declaration_sha256 = TextDigest(text);
  release.check = check;
  if (const Notice* there = machine.state().FindNotice(id); there != nullptr) {
    if (const NoticeVersion* version = airspace::EffectiveVersion(*there); version != nullptr) {
      release.previous = version->digest;
    }
  }
  mechanism::ActRequest request{
      Seal(machine, Role::kDutyOfficer, release, declaration.data_mode), nullptr, {}, {}, {}};
  request.declaration = text;
  request.prepared = machine.node().Prepare(mechanism::testing::AsSent(declaration)).value();
  return request;
}

const Notice* People::DrawNotice(const Machine& machine, bool own) {
  std::vector<const Notice*> found;
  machine.state().VisitNotices(0, [&](uint64_t, const Notice& notice) {
    const bool ours = notice.party == machine.config().party;
    if (ours == own && !notice.held() && airspace::EffectiveVersion(notice) != nullptr) {
      found.push_back(machine.state().FindNotice(notice.id));
    }
    return true;
  });
  return found.empty() ? nullptr : found[random_.Below(found.size())];
}

const Matter* People::DrawMatter(const Machine& machine) {
  std::vector<const Matter*> open;
  for (const auto& [number, matter] : machine.desk().matters()) {
    if (matter.open() && !matter.owed_by_peer) open.push_back(&matter);
  }
  return open.empty() ? nullptr : open[random_.Below(open.size())];
}

base::PartyId People::DrawPeer(const Machine& machine) {
  const auto& peers = machine.desk().peers();
  return std::next(peers.begin(), static_cast<long>(random_.Below(peers.size())))->first;
}

mechanism::Place People::DrawPlace() {
  return {geo::GeodesicDestination(kGeneva, 90, static_cast<double>(random_.Between(0, 12'000))),
          random_.Between(500'000, 3'000'000)};
}

// ---- What they do ----

void People::Act(Machine& machine) {
  if (agree_ && random_.Below(6) == 0) return ActOnAgreement(machine);
  const uint64_t drawn = random_.Below(27);
  // One in ten of these: a change costs as much as a hundred other acts.
  if (drawn == 26) {
    if (random_.Below(10) == 0) machine.ChangeKeys(random_.Below(2) == 0);
    return;
  }
  if (drawn >= 24) return OpenOrCloseExercise(machine);
  if (drawn < 4) {
    const auto kind = random_.Below(3) == 0 ? NoticeKind::kHazard : NoticeKind::kActivity;
    airspace::Declaration declaration = DrawDeclaration(machine, kind);
    const bool unplanned = kind == NoticeKind::kHazard && random_.Below(2) == 0;
    if (unplanned) {
      declaration.unplanned = true;
      declaration.volumes[0].window.start = machine.utc();
    }
    const auto check =
        unplanned ? mechanism::ReleaseCheck::kNone : mechanism::ReleaseCheck::kSecondEntry;
    const base::NoticeId id{random_.NewUuidV4()};
    return Submit(machine, ReleaseRequest(machine, id, declaration, check), !unplanned);
  }
  if (drawn < 9) return ActOnOwn(machine);
  if (drawn < 12) return ActOnPeers(machine);
  if (drawn < 14) return Call(machine);
  if (drawn < 16) return ActOnConflict(machine);
  if (drawn < 17) return Hold(machine);
  if (drawn < 18) return ReleaseHeld(machine);
  if (const Matter* matter = DrawMatter(machine); matter != nullptr) {
    DealWith(machine, *matter, random_.Below(4) != 0);
  }
}

void People::ActOnOwn(Machine& machine) {
  const Notice* notice = DrawNotice(machine, true);
  if (notice == nullptr) return;
  const DataMode mode = notice->data_mode();
  const mechanism::NoticeVersionRef ref{notice->id, airspace::EffectiveVersion(*notice)->digest};
  switch (random_.Below(6)) {
    case 0:
      return Do(machine, mechanism::SetActive{ref}, mode);
    case 1:
      return Do(machine, mechanism::SetEnded{ref}, mode);
    case 2:
      return Do(machine, mechanism::Withdraw{ref}, mode);
    case 3:
      return Do(machine, mechanism::AllClear{ref, false}, mode);
    default: {
      airspace::Declaration next = DrawDeclaration(machine, notice->kind());
      next.data_mode = mode;
      return Submit(
          machine, ReleaseRequest(machine, notice->id, next, mechanism::ReleaseCheck::kSecondEntry),
          true);
    }
  }
}

void People::ActOnPeers(Machine& machine) {
  const Notice* notice = DrawNotice(machine, false);
  if (notice == nullptr) return;
  const mechanism::NoticeVersionRef ref{notice->id, airspace::EffectiveVersion(*notice)->digest};
  if (random_.Below(4) == 0) {
    return Do(machine, mechanism::TellUnits{ref, true, random_.Below(2) == 0}, notice->data_mode());
  }
  mechanism::Assess assess{ref, airspace::Assessment::kNoObjection, std::nullopt};
  const uint64_t drawn = random_.Below(3);
  if (drawn == 1) assess.assessment = airspace::Assessment::kObjection;
  if (drawn == 2) {
    assess.assessment = airspace::Assessment::kNeedTime;
    assess.until = base::UtcMicros{machine.utc().us + base::kMicrosPerMinute};
  }
  Do(machine, assess, notice->data_mode());
}

void People::Call(Machine& machine) {
  const base::PartyId peer = DrawPeer(machine);
  switch (random_.Below(8)) {
    case 0:
      return Do(machine, mechanism::StopCall{DrawPlace(), "ANVIL 21", "121.500 MHz"},
                DataMode::kReal, peer);
    case 1:
      return Do(machine, mechanism::LineCheck{"KILO 7 TANGO"}, DataMode::kReal, peer);
    case 2: {
      const base::UtcMicros now = machine.utc();
      return Do(machine,
                mechanism::AskKeepClear{DrawPlace(), {now, {now.us + base::kMicrosPerHour}}},
                DataMode::kReal, peer);
    }
    case 3:
      for (const auto& [id, call] : machine.desk().calls()) {
        if (call.kind != ActKind::kStopCall || !call.by_us || call.closed_at) continue;
        return Do(machine, mechanism::EndStopCallUnanswered{id}, call.data_mode);
      }
      return;
    case 4: {
      const base::UtcMicros entry{machine.utc().us + base::kMicrosPerMinute};
      return Do(machine, mechanism::IncursionWarning{DrawPlace(), entry, "STORK 4", ""},
                DataMode::kReal, peer);
    }
    case 5:
      return ArmDeadMan(machine);
    default:
      break;
  }
  std::string text = "The next session is on Thursday.";
  if (machine.config().fault == NodeFault::kSayWhatIsHeld && !held_.empty()) {
    text = "We plan " + held_.front().id.ToString();
  }
  Do(machine, mechanism::SendPolicyText{text}, DataMode::kReal, peer);
}

void People::OpenOrCloseExercise(Machine& machine) {
  const base::PartyId peer = DrawPeer(machine);
  const mechanism::Exercise* exercise = machine.desk().FindExercise(peer);
  if (exercise != nullptr && exercise->window && random_.Below(4) == 0) {
    return Do(machine, mechanism::CloseExercise{}, DataMode::kReal, peer);
  }
  const base::UtcMicros now = machine.utc();
  mechanism::OpenExercise open{{now, {now.us + 2 * base::kMicrosPerHour}}, std::nullopt};
  if (exercise != nullptr && exercise->theirs) open.proposal = exercise->theirs->id;
  Do(machine, open, DataMode::kReal, peer);
}

// Its telemetry is silent: it is raised when 4 s have passed without a crash.
void People::ArmDeadMan(Machine& machine) {
  machine.Do([](mechanism::Core& core, line::Now now) -> service::Sequencer::Done {
    for (const agreement::StandingRelease& area : core.DeadManAreas()) {
      (void)core.ArmDeadMan(area.name, 4 * base::kMicrosPerSecond, "telemetry", now).has_value();
    }
    return nullptr;
  });
}

void People::ActOnConflict(Machine& machine) {
  struct Live {
    base::Digest id;
    DataMode mode;
    mechanism::ConflictVersions versions;
  };
  std::vector<Live> live;
  machine.state().VisitConflicts(0, [&](uint64_t, const airspace::Conflict& conflict) {
    if (airspace::IsLive(conflict)) {
      live.push_back({conflict.id, conflict.data_mode, mechanism::VersionsOf(conflict)});
    }
    return true;
  });
  if (live.empty()) return;
  const auto& [id, mode, versions] = live[random_.Below(live.size())];
  if (random_.Below(2) == 0) return Do(machine, mechanism::MarkConflictSeen{id, versions}, mode);
  const bool one = random_.Below(2) == 0;
  Do(machine,
     mechanism::ProposeMeasures{id, versions, one ? "a:none,b:change_height" : "a:change_time"},
     mode);
}

void People::ActOnAgreement(Machine& machine) {
  const base::PartyId peer = DrawPeer(machine);
  std::vector<base::Digest> theirs;
  std::vector<base::Digest> running;
  for (const mechanism::KeptAgreement* kept : machine.desk().AgreementsOf(peer)) {
    if (kept->waits() && !kept->by_us) theirs.push_back(kept->digest);
    if (!kept->closed_at && !kept->denounced) running.push_back(kept->digest);
  }
  const agreement::InForce& in_force = *machine.core().FindInForce(peer);
  if (!in_force.on_floor()) running.push_back(in_force.agreement->digest);
  const uint64_t drawn = random_.Below(8);
  if (drawn < 3 && !theirs.empty()) {
    const base::Digest& proposal = theirs[random_.Below(theirs.size())];
    if (drawn == 0) return Propose(machine, peer, proposal);
    return Do(machine, mechanism::SignAgreement{proposal}, DataMode::kReal, peer);
  }
  if (drawn == 3 && !running.empty()) {
    mechanism::DenounceAgreement denounce{running[random_.Below(running.size())], std::nullopt};
    if (random_.Below(2) == 0)
      denounce.until = {machine.utc().us + random_.Between(0, 8) * kSecond};
    return Do(machine, denounce, DataMode::kReal, peer);
  }
  Propose(machine, peer, std::nullopt);
}

void People::Propose(Machine& machine, base::PartyId peer, std::optional<base::Digest> counters) {
  AgreementTimes times;
  times.from = {machine.utc().us + random_.Between(kSecond, 15 * kSecond)};
  if (random_.Below(3) == 0) times.expires = {times.from.us + random_.Between(2, 20) * kSecond};
  const agreement::LineAgreements& agreed = *machine.core().FindAgreements(peer);
  const auto& parties = agreed.all().front()->parties();
  std::string text = DrawAgreement({parties[0], parties[1]}, times, &random_);
  mechanism::ActRequest request{
      Seal(machine, Role::kDeputyChief, mechanism::ProposeAgreement{TextDigest(text), counters},
           DataMode::kReal),
      nullptr,
      {},
      {},
      peer};
  request.agreement = std::move(text);
  Submit(machine, std::move(request), false);
}

void People::Hold(Machine& machine) {
  const airspace::Declaration declaration = DrawDeclaration(machine, NoticeKind::kActivity);
  const base::NoticeId id{random_.NewUuidV4()};
  airspace::Declare declare{
      id, machine.node().Prepare(mechanism::testing::AsSent(declaration)).value()};
  declare.held = true;
  held_.push_back(
      {id, machine.config().party, CoordinatesOf(mechanism::testing::TextOf(declaration))});
  machine.Decide({machine.config().party, std::move(declare)}, nullptr);
}

void People::ReleaseHeld(Machine& machine) {
  for (HeldPlan& plan : held_) {
    const Notice* there = machine.state().FindNotice(plan.id);
    if (plan.party != machine.config().party || there == nullptr || plan.coordinates.empty()) {
      continue;
    }
    // What was planned is told by this, under another name.
    plan.coordinates.clear();
    mechanism::ActRequest request =
        ReleaseRequest(machine, base::NoticeId{random_.NewUuidV4()}, there->latest().declaration,
                       mechanism::ReleaseCheck::kHeldPlan);
    request.from_plan = plan.id;
    return Submit(machine, std::move(request), false);
  }
}

// ---- What waits ----

// With the fingerprint that is in force at the peer, or with one that somebody misread.
void People::CompareKeys(Machine& machine, base::PartyId peer, bool rightly) {
  machine.Do([peer, rightly](mechanism::Core& core, line::Now now) -> service::Sequencer::Done {
    line::Fingerprint told = line::FingerprintOf(core.FindLine(peer)->peer_card());
    if (!rightly) told.bytes[0] ^= 1;
    const bool confirmed = core.ConfirmPeerKeys(peer, told, "admin", now).has_value();
    CHECK_MSG(rightly || !confirmed, "a fingerprint that is another is taken");
    return nullptr;
  });
}

void People::DealWith(Machine& machine, const Matter& matter, bool rightly) {
  switch (matter.kind) {
    case MatterKind::kReadBack:
      return ReadBack(machine, matter, rightly);
    case MatterKind::kConflict:
      return LookAtConflict(machine, matter);
    case MatterKind::kKeysChanged:
      return CompareKeys(machine, matter.peer, rightly);
    case MatterKind::kAgreement:
      return AnswerProposal(machine, matter);
    case MatterKind::kStopCall:
    case MatterKind::kIncursion:
    case MatterKind::kLineCheck:
    case MatterKind::kKeepClear:
      for (const auto& [id, call] : machine.desk().calls()) {
        if (call.act == matter.subject) return AnswerCall(machine, call, rightly);
      }
      return;
    default:
      return;  // the mechanism closes it, or a telephone
  }
}

void People::AnswerProposal(Machine& machine, const Matter& matter) {
  const mechanism::KeptAgreement* kept = machine.desk().FindAgreement(matter.peer, matter.subject);
  if (kept == nullptr || !kept->waits() || kept->by_us) return;
  if (kept->effective_from > machine.utc()) {
    return Do(machine, mechanism::SignAgreement{kept->digest}, DataMode::kReal, matter.peer);
  }
  Do(machine, mechanism::DenounceAgreement{kept->digest, std::nullopt}, DataMode::kReal,
     matter.peer);
}

void People::LookAtConflict(Machine& machine, const Matter& matter) {
  const airspace::Conflict* conflict = machine.state().FindConflict(matter.subject);
  mechanism::MarkConflictSeen seen{matter.subject, {}};
  if (conflict != nullptr && airspace::IsLive(*conflict)) {
    seen.versions = mechanism::VersionsOf(*conflict);
  } else if (const std::string* heard = machine.desk().HeardBasis(matter.subject)) {
    seen.versions = mechanism::ReadBasis(*heard).value().versions;
  }
  Do(machine, seen, matter.data_mode);
}

void People::ReadBack(Machine& machine, const Matter& matter, bool rightly) {
  if (!matter.notice) return;
  const Notice* notice = machine.state().FindNotice(*matter.notice);
  if (notice == nullptr) return;
  const NoticeVersion* version = FindVersion(*notice, matter.subject);
  for (const auto& [id, call] : machine.desk().calls()) {
    if (call.act == matter.subject && call.about) {
      version = FindVersion(*notice, call.about->version);
    }
  }
  if (version == nullptr) return;
  mechanism::ReadBack body;
  body.notice = notice->id;
  body.version = version->digest;
  body.of = matter.subject;
  body.reading = mechanism::ReadingOf(version->declaration);
  body.declaration_sha256 = TextDigest(version->declaration.original);
  if (!rightly) {
    const geo::Position off = geo::GeodesicDestination(body.reading.centre(), 45, 9'000);
    body.reading.volume.outline = geo::Outline::Circle(off, body.reading.extent_mm()).value();
  }
  Do(machine, std::move(body), notice->data_mode());
}

void People::AnswerCall(Machine& machine, const mechanism::Call& call, bool rightly) {
  using mechanism::KeepClear;
  using mechanism::StopAnswer;
  switch (call.kind) {
    case ActKind::kStopCall:
      if (rightly) {
        return Do(machine, mechanism::AnswerStopCall{call.id, StopAnswer::kStopped, 0},
                  call.data_mode);
      }
      return random_.Below(2) == 0
                 ? Do(machine, mechanism::AnswerStopCall{call.id, StopAnswer::kWait, 5},
                      call.data_mode)
                 : Do(machine, mechanism::AnswerStopCall{call.id, StopAnswer::kStopping, 0},
                      call.data_mode);
    case ActKind::kWarnIncursion: {
      using mechanism::IncursionAnswer;
      IncursionAnswer answer = IncursionAnswer::kNotOurs;
      if (!rightly) {
        answer = random_.Below(2) == 0 ? IncursionAnswer::kWait : IncursionAnswer::kTurning;
      }
      const int64_t wait_s = answer == IncursionAnswer::kWait ? 5 : 0;
      return Do(machine, mechanism::AnswerIncursionWarning{call.id, answer, wait_s},
                call.data_mode);
    }
    case ActKind::kLineCheck:
      return Do(machine, mechanism::AnswerLineCheck{call.id, rightly ? call.words : "ZULU 0 ZULU"},
                call.data_mode);
    case ActKind::kAskKeepClear:
      return Do(
          machine,
          mechanism::AnswerKeepClear{call.id, rightly ? KeepClear::kYes : KeepClear::kNeedTime},
          call.data_mode);
    default:
      return;
  }
}

void People::ConfirmLines(Machine& machine) {
  for (const auto& [peer, known] : machine.desk().peers()) {
    const line::Endpoint* line = machine.core().FindLine(peer);
    if (line == nullptr || line->liveness().state() != line::LinkState::kRecovering) continue;
    machine.Do([id = peer](mechanism::Core& core, line::Now now) -> service::Sequencer::Done {
      (void)core.ConfirmRecovered(id, now).has_value();  // refused while they are not in step
      return nullptr;
    });
  }
}

void People::DealWithEverything(Machine& machine) {
  ConfirmLines(machine);
  std::vector<Matter> open;
  for (const auto& [number, matter] : machine.desk().matters()) {
    if (matter.open() && !matter.owed_by_peer) open.push_back(matter);
  }
  for (const Matter& matter : open) DealWith(machine, matter, true);
}

}  // namespace wideberth::sim
