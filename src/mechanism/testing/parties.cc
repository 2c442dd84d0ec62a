#include "mechanism/testing/parties.h"

#include <algorithm>
#include <limits>

#include "airspace/codec.h"
#include "airspace/testing/world.h"
#include "base/bytes.h"
#include "base/check.h"
#include "crypto/sha256.h"
#include "json/writer.h"
#include "line/party_card.h"
#include "mechanism/basis.h"
#include "mechanism/mode.h"

namespace wideberth::mechanism::testing {
namespace {

using airspace::testing::TestNotice;
using airspace::testing::TestParty;
using operators::Role;

// Every run of base64 in `text` that is long enough to say something, decoded, and again what stands in that.
void AppendDecoded(std::string_view text, int depth, std::string* out) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
  out->append(text).append("\n");
  if (depth == 0) return;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find_first_not_of(kAlphabet, begin), text.size());
    if (end - begin >= 40) {
      const auto bytes = base::Base64Decode(text.substr(begin, end - begin));
      if (bytes) AppendDecoded(base::AsText(*bytes), depth - 1, out);
    }
    begin = end + 1;
  }
}

constexpr std::string_view kNames[] = {"north", "south", "east"};

base::PartyId PartyOf(size_t n) {
  return TestParty(static_cast<uint8_t>(n + 1));
}

Role LowestRole(operators::ActKind kind) {
  for (const Role role : {Role::kDutyOfficer, Role::kSupervisor, Role::kDeputyChief}) {
    if (operators::MayDo(role, kind)) return role;
  }
  return Role::kPrincipal;
}

// All four keys of a party after so many changes.
std::array<crypto::SecretKey, 4> KeysOf(size_t n, uint8_t changes) {
  const uint8_t seed = MessageSeed(static_cast<uint8_t>(n + 1));
  const auto key = [&](int role) {
    base::Bytes bytes(crypto::kEd25519KeyBytes, static_cast<uint8_t>(seed + role));
    if (changes > 0) bytes[0] = static_cast<uint8_t>(bytes[0] + 100 + changes);
    return crypto::SecretKey::FromSeed(bytes).value();
  };
  return {key(0), key(1), key(2), key(3)};
}
std::shared_ptr<const crypto::SecretKey> MessageKey(size_t n, uint8_t changes) {
  return std::make_shared<const crypto::SecretKey>(std::move(KeysOf(n, changes)[0]));
}
line::RecordKeys RecordKeysOf(size_t n, uint8_t changes) {
  std::array<crypto::SecretKey, 4> keys = KeysOf(n, changes);
  return {std::make_shared<const crypto::SecretKey>(std::move(keys[1])),
          std::make_shared<const crypto::SecretKey>(std::move(keys[2])),
          std::make_shared<const crypto::SecretKey>(std::move(keys[0]))};
}

}  // namespace

// ---- Side ----

void Side::Apply(std::vector<airspace::Effect> effects) {
  airspace_log_.emplace_back();
  airspace::EncodeEffects(effects, &airspace_log_.back());
  state->Apply(effects);
}

void Side::Apply(DeskEffect effect) {
  desk_log_.emplace_back();
  EncodeDeskEffect(effect, &desk_log_.back());
  if (const auto* written = std::get_if<JournalWritten>(&effect)) journal.push_back(written->text);
  desk.Apply(effect);
}

void Side::Apply(uint32_t line, const line::Effect& effect) {
  lines[line].Commit({effect});
}

base::Bytes Side::Canonical() const {
  base::Bytes all = state->Canonical();
  const base::Bytes of_desk = desk.Canonical();
  all.insert(all.end(), of_desk.begin(), of_desk.end());
  return all;
}

base::Bytes Side::Replayed() const {
  return Copy()->Canonical();
}

std::unique_ptr<Side> Side::Copy() const {
  auto copy = std::make_unique<Side>();
  for (const base::Bytes& bytes : airspace_log_) {
    copy->Apply(airspace::DecodeEffects(bytes).value());
  }
  for (const base::Bytes& bytes : desk_log_) {
    base::ByteView rest(bytes);
    copy->Apply(DecodeDeskEffect(&rest).value());
    CHECK(rest.empty());
  }
  copy->lines = lines;
  return copy;
}

// ---- Parties ----

Parties::Parties(size_t count, Terms terms, bool chain)
    : rules_(airspace::testing::TestRules()), terms_(std::move(terms)) {
  std::vector<std::string> cards;
  for (size_t n = 0; n < count; ++n) {
    cards.push_back(CardText(n, 0));
    message_keys_.push_back({MessageKey(n, 0)});
    key_changes_.push_back(0);
  }
  for (size_t n = 0; n < count; ++n) {
    sides_.push_back(std::make_unique<Side>());
    uint32_t line = 0;
    sides_[n]->Apply(OwnCardChanged{{cards[n], kNoon}});
    for (size_t other = 0; other < count; ++other) {
      if (other == n || (chain && std::max(n, other) - std::min(n, other) > 1)) continue;
      Peer peer{PartyOf(other), ++line, std::string(kNames[other]), cards[other], kNoon, {}};
      peer.told = crypto::Sha256(base::AsBytes(cards[n]));
      sides_[n]->Apply(PeerChanged{std::move(peer)});
      path_up_[{std::min(n, other), std::max(n, other)}] = false;
    }
    const auto party = static_cast<uint8_t>(n + 1);
    for (const auto& [role, nth] : {std::pair(Role::kDutyOfficer, uint8_t{0}),
                                    {Role::kDutyOfficer, uint8_t{1}},
                                    {Role::kSupervisor, uint8_t{0}},
                                    {Role::kDeputyChief, uint8_t{0}}}) {
      sides_[n]->Apply(AccountChanged{TestAccount(party, role, nth)});
    }
  }
  for (size_t n = 0; n < count; ++n) Start(n);
}

Parties::~Parties() {
  for (const auto& side : sides_) {
    CHECK_MSG(side->Canonical() == side->Replayed(), "a replay gives another state");
    side->state->SanityCheck();
  }
}

base::PartyId Parties::party(size_t n) {
  return PartyOf(n);
}

agreement::Agreement Parties::MakeAgreement(size_t a, size_t b, int64_t number, int64_t lateral_km,
                                            base::UtcMicros effective_from) {
  agreement::Agreement agreement;
  agreement.text = std::to_string(a) + "-" + std::to_string(b) + " " + std::to_string(number);
  agreement.digest = crypto::Sha256(base::AsBytes(agreement.text));
  agreement.number = number;
  agreement.effective_from = effective_from;
  airspace::Rules::Content content;
  for (const size_t n : {a, b}) content.parties.push_back({PartyOf(n), std::string(kNames[n])});
  const airspace::KindPattern activity{airspace::NoticeKind::kActivity, ""};
  content.separations = {{activity, activity, {lateral_km * 1'000'000, 300'000, kMinute}}};
  content.hazard_dwell_us.fill(45 * kMinute);
  content.lead_time_min_us.fill(15 * kMinute);
  agreement.terms.rules = airspace::Rules::Make(std::move(content), agreement.digest).value();
  return agreement;
}

void Parties::Agree(size_t a, size_t b, std::vector<agreement::Agreement> agreements) {
  const auto entry = [](size_t n) {
    return airspace::PartyEntry{PartyOf(n), std::string(kNames[n])};
  };
  agreement::LineAgreements agreed(entry(a), entry(b));
  for (agreement::Agreement& each : agreements) CHECK(agreed.Add(std::move(each)).has_value());
  for (const auto& [n, peer] : {std::pair(a, b), std::pair(b, a)}) {
    if (sides_[n]->core == nullptr) continue;
    core(n).SetAgreements(PartyOf(peer), agreed, now(n).utc);
    CHECK(core(n)
              .Decide({base::PartyId{}, airspace::AdoptRules{core(n).rules().digest()}}, now(n).utc)
              .has_value());
  }
  agreed_.insert_or_assign({std::min(a, b), std::max(a, b)}, std::move(agreed));
}

line::Now Parties::now(size_t n) const {
  return {{kNoon.us + now_us_ + sides_[n]->clock_offset_us}, 1'000'000'000 + now_us_};
}

void Parties::SetPath(size_t a, size_t b, bool up) {
  path_up_[{std::min(a, b), std::max(a, b)}] = up;
  if (!up) {
    std::erase_if(flights_, [&](const Flight& flight) {
      return (flight.from == a && flight.to == b) || (flight.from == b && flight.to == a);
    });
  }
  for (const auto& [n, other] : {std::pair(a, b), std::pair(b, a)}) {
    if (sides_[n]->core != nullptr) core(n).SetPath(PartyOf(other), 0, up);
    if (sides_[n]->raw != nullptr && sides_[n]->raw_to == other) sides_[n]->raw->SetPath(0, up);
  }
}

void Parties::Connect() {
  for (const auto& [pair, up] : path_up_) SetPath(pair.first, pair.second, true);
}

void Parties::Settle() {
  Connect();
  Run(5 * kSecond);
  for (size_t n = 0; n < sides_.size(); ++n) AnswerLineChecks(n);
  Run(kSecond);
}

void Parties::AnswerLineChecks(size_t n) {
  std::vector<std::pair<base::Uuid, std::string>> waiting;
  for (const auto& [id, call] : desk(n).calls()) {
    if (call.kind == operators::ActKind::kLineCheck && !call.by_us && !call.closed_at) {
      waiting.push_back({id, call.words});
    }
  }
  for (const auto& [id, word] : waiting) CHECK(Do(n, AnswerLineCheck{id, word}).has_value());
}

void Parties::Crash(size_t n) {
  sides_[n]->core.reset();
  sides_[n]->raw.reset();
  std::erase_if(flights_, [&](const Flight& f) { return f.from == n || f.to == n; });
  for (size_t other = 0; other < sides_.size(); ++other) {
    if (other != n && sides_[other]->core != nullptr) core(other).SetPath(PartyOf(n), 0, false);
  }
}

void Parties::Start(size_t n) {
  Side& side = *sides_[n];
  side.raw.reset();
  base::Uuid boot = base::Uuid::V4FromRandom({static_cast<uint8_t>(n + 1), ++side.starts});
  side.core = std::make_unique<Core>(
      Self{PartyOf(n), boot, message_keys_[n], RecordKeysOf(n, key_changes_[n])}, terms_,
      *side.state, side.desk, rules_, heights_, side);
  for (const auto& [pair, agreed] : agreed_) {
    if (pair.first != n && pair.second != n) continue;
    const size_t peer = pair.first == n ? pair.second : pair.first;
    side.core->SetAgreements(PartyOf(peer), agreed, now(n).utc);
  }
  for (const auto& [peer, known] : side.desk.peers()) {
    line::testing::Disk& disk = side.lines[known.line];
    side.core->OpenLine(peer, paths, disk.state, disk.own, disk.mirror, now(n));
  }
  for (const auto& [pair, up] : path_up_) {
    if (up && (pair.first == n || pair.second == n)) SetPath(pair.first, pair.second, true);
  }
}

void Parties::SetBack(size_t n, const Side& copy) {
  Crash(n);
  const uint8_t starts = sides_[n]->starts;
  sides_[n] = copy.Copy();
  sides_[n]->starts = starts;
  Start(n);
}

void Parties::Turn(size_t n) {
  Side& side = *sides_[n];
  const auto send = [&](size_t to, const std::string& bytes) {
    ++frames_sent_;
    sent_[{n, to}].push_back(bytes);
    Flight flight{n, to, bytes, now_us_ + delay_us};
    if (path_up_[{std::min(n, to), std::max(n, to)}] && passes(flight)) {
      flights_.push_back(std::move(flight));
    }
  };
  if (side.raw != nullptr) {
    line::Output output = side.raw->Finish(now(n));
    side.lines[side.desk.FindPeer(PartyOf(side.raw_to))->line].Commit(output.effects);
    for (const line::Outgoing& frame : output.frames) send(side.raw_to, *frame.bytes);
    return;
  }
  if (side.core == nullptr) return;
  TurnEnd end = side.core->Finish(now(n));
  for (const ToSend& each : end.frames) {
    for (size_t to = 0; to < sides_.size(); ++to) {
      if (PartyOf(to) == each.peer) send(to, *each.frame.bytes);
    }
  }
  std::move(end.troubles.begin(), end.troubles.end(), std::back_inserter(side.troubles));
}

void Parties::TickAll() {
  for (size_t n = 0; n < sides_.size(); ++n) {
    if (sides_[n]->core == nullptr) continue;
    core(n).Tick(random.NewUuidV4(), now(n));
    for (const auto mode : {airspace::DataMode::kReal, airspace::DataMode::kExercise}) {
      (void)core(n).Decide({base::PartyId{}, airspace::Tick{mode}}, now(n).utc).has_value();
    }
    Turn(n);
  }
}

void Parties::Run(int64_t us) {
  const int64_t until_us = now_us_ + us;
  int64_t instant_us = now_us_;
  for (size_t steps = 0; Step(until_us); ++steps) {
    if (now_us_ != instant_us) steps = 0;
    instant_us = now_us_;
    CHECK_MSG(steps < 10'000, "a node asks to be called again and again at one moment");
  }
  now_us_ = until_us;
}

bool Parties::Step(int64_t until_us) {
  const auto flight =
      std::min_element(flights_.begin(), flights_.end(),
                       [](const Flight& a, const Flight& b) { return a.due_us < b.due_us; });
  int64_t next_us = ticks ? next_tick_us_ : std::numeric_limits<int64_t>::max();
  if (flight != flights_.end()) next_us = std::min(next_us, flight->due_us);
  size_t wakes = sides_.size();
  for (size_t n = 0; n < sides_.size(); ++n) {
    const Side& side = *sides_[n];
    if (side.core == nullptr && side.raw == nullptr) continue;
    const int64_t wake = side.raw != nullptr ? side.raw->next_wake_monotonic_us()
                                             : side.core->next_wake_monotonic_us();
    if (wake == std::numeric_limits<int64_t>::max()) continue;
    if (wake - 1'000'000'000 < next_us) {
      next_us = wake - 1'000'000'000;
      wakes = n;
    }
  }
  if (next_us > until_us) return false;
  now_us_ = std::max(now_us_, next_us);
  if (wakes < sides_.size()) {
    Turn(wakes);
  } else if (flight != flights_.end() && flight->due_us == next_us) {
    const Flight arrived = *flight;
    flights_.erase(flight);
    Side& to = *sides_[arrived.to];
    if (to.raw != nullptr && to.raw_to == arrived.from) {
      to.raw->Receive(0, arrived.bytes, now(arrived.to));
    } else if (to.core != nullptr) {
      to.core->Receive(PartyOf(arrived.from), 0, arrived.bytes, now(arrived.to));
    }
    Turn(arrived.to);
  } else {
    next_tick_us_ += kSecond;
    TickAll();
  }
  return true;
}

// ---- What people do ----

SealedAct Parties::Seal(size_t n, Role role, ActBody body, airspace::DataMode mode, uint8_t nth) {
  Act act;
  act.id = random.NewUuidV4();
  act.party = PartyOf(n);
  act.role = role;
  act.data_mode = mode;
  act.at = now(n).utc;
  act.body = std::move(body);
  return SealAct(std::move(act), OperatorSecret(static_cast<uint8_t>(n + 1), role, nth)).value();
}

base::Result<ActResult> Parties::Do(size_t n, const ActRequest& request) {
  auto done = core(n).Do(request, now(n));
  Turn(n);
  return done;
}

base::Result<ActResult> Parties::Do(size_t n, ActBody body, std::optional<size_t> to) {
  Act probe;
  probe.body = body;
  return DoAs(n, LowestRole(probe.kind()), std::move(body), to);
}

base::Result<ActResult> Parties::DoAs(size_t n, Role role, ActBody body, std::optional<size_t> to) {
  ActRequest request{Seal(n, role, std::move(body)), nullptr, {}, {}, {}};
  if (to) request.to = PartyOf(*to);
  return Do(n, request);
}

ActRequest Parties::ReleaseRequest(size_t n, base::NoticeId id,
                                   const airspace::Declaration& declaration, ReleaseCheck check) {
  const std::string text = TextOf(declaration);
  mechanism::Release release;
  release.notice = id;
  release.declaration_sha256 = crypto::Sha256(base::AsBytes(text));
  release.check = check;
  if (const airspace::Notice* there = state(n).FindNotice(id); there != nullptr) {
    const airspace::NoticeVersion* effective = airspace::EffectiveVersion(*there);
    if (effective != nullptr) release.previous = effective->digest;
  }
  ActRequest request{
      Seal(n, Role::kDutyOfficer, release, declaration.data_mode), nullptr, {}, {}, {}};
  request.declaration = text;
  request.prepared = std::make_shared<const airspace::PreparedDeclaration>(
      airspace::PreparedDeclaration::Prepare(AsSent(declaration), rules_, heights_, crypto::Sha256)
          .value());
  return request;
}

base::Result<airspace::Decision> Parties::Draft(size_t n, uint8_t notice_n,
                                                const airspace::Declaration& declaration,
                                                uint8_t nth) {
  const ActRequest request = ReleaseRequest(n, notice_n, declaration, ReleaseCheck::kNone);
  airspace::Declare declare{TestNotice(notice_n), request.prepared, true};
  if (notice(n, notice_n) != nullptr) declare.replaces = Latest(n, notice_n);
  const std::string key =
      OperatorKeyFor(static_cast<uint8_t>(n + 1), Role::kDutyOfficer, nth).key_id;
  auto done = core(n).DecideBy(key, {PartyOf(n), std::move(declare)}, now(n).utc);
  Turn(n);
  return done;
}

base::Result<airspace::Decision> Parties::Hold(size_t n, uint8_t notice_n,
                                               const airspace::Declaration& declaration) {
  const ActRequest request = ReleaseRequest(n, notice_n, declaration, ReleaseCheck::kNone);
  airspace::Declare declare{TestNotice(notice_n), request.prepared};
  declare.held = true;
  if (notice(n, notice_n) != nullptr) declare.replaces = Latest(n, notice_n);
  const std::string key = OperatorKeyFor(static_cast<uint8_t>(n + 1), Role::kDutyOfficer).key_id;
  auto done = core(n).DecideBy(key, {PartyOf(n), std::move(declare)}, now(n).utc);
  Turn(n);
  return done;
}

base::Digest Parties::Release(size_t n, uint8_t notice_n,
                              const airspace::Declaration& declaration) {
  const auto check = declaration.unplanned ? ReleaseCheck::kNone : ReleaseCheck::kSecondEntry;
  if (check == ReleaseCheck::kSecondEntry) {
    const auto drafted = Draft(n, notice_n, declaration);
    CHECK_MSG(drafted.has_value(), drafted ? "" : drafted.error().ToString().c_str());
    const auto party = static_cast<uint8_t>(n + 1);
    const auto checked =
        core(n).CheckRelease(TestNotice(notice_n), ReadingOf(AsSent(declaration)),
                             OperatorKeyFor(party, Role::kDutyOfficer, 1).key_id, now(n).utc);
    CHECK_MSG(checked.has_value(), checked ? "" : checked.error().ToString().c_str());
  }
  const ActRequest request = ReleaseRequest(n, notice_n, declaration, check);
  const auto done = Do(n, request);
  CHECK_MSG(done.has_value(), done ? "" : done.error().ToString().c_str());
  return request.act.digest;
}

base::Result<ActResult> Parties::ReadBack(size_t n, uint8_t notice_n,
                                          std::optional<Reading> reading) {
  const airspace::NoticeVersion& version = notice(n, notice_n)->latest();
  mechanism::ReadBack body;
  body.notice = TestNotice(notice_n);
  body.version = body.of = version.digest;
  body.reading = reading ? std::move(*reading) : ReadingOf(version.declaration);
  body.declaration_sha256 = crypto::Sha256(base::AsBytes(version.declaration.original));
  return Do(n,
            ActRequest{Seal(n, Role::kDutyOfficer, std::move(body), version.declaration.data_mode),
                       nullptr,
                       {},
                       {},
                       {}});
}

base::Result<ActResult> Parties::ReadBackAllClear(size_t n, uint8_t notice_n) {
  const airspace::NoticeVersion& version = notice(n, notice_n)->latest();
  const Call* call = LastCall(n, operators::ActKind::kAllClear);
  CHECK(call != nullptr);
  mechanism::ReadBack body;
  body.notice = TestNotice(notice_n);
  body.version = version.digest;
  body.of = call->act;
  body.reading = ReadingOf(version.declaration);
  body.declaration_sha256 = crypto::Sha256(base::AsBytes(version.declaration.original));
  return Do(n, std::move(body));
}

base::Result<ActResult> Parties::MarkSeen(size_t n, const base::Digest& id) {
  return Do(n, MarkConflictSeen{id, VersionsOf(*state(n).FindConflict(id))});
}

base::Result<ActResult> Parties::Propose(size_t n, const base::Digest& id, std::string measures) {
  return Do(n, ProposeMeasures{id, VersionsOf(*state(n).FindConflict(id)), std::move(measures)});
}

std::string Parties::CardText(size_t n, uint8_t changes) {
  const base::UtcMicros made{kNoon.us + changes};
  return line::MakeCard(PartyOf(n), kNames[n], KeysOf(n, changes), made).value();
}

line::PartyCard Parties::Card(size_t n) const {
  return line::ReadCard(CardText(n, key_changes_[n])).value();
}

base::Result<void> Parties::ChangeKeys(size_t n, std::vector<crypto::PublicKey> revoked) {
  const auto next = static_cast<uint8_t>(key_changes_[n] + 1);
  const auto key = MessageKey(n, next);
  auto changed = core(n).ChangeOwnKeys({CardText(n, next), line::FingerprintOf(Card(n)), key,
                                        RecordKeysOf(n, next), std::move(revoked), std::nullopt},
                                       "admin", now(n));
  if (changed) {
    key_changes_[n] = next;
    message_keys_[n].insert(message_keys_[n].begin(), key);
  }
  Turn(n);
  return changed;
}

void Parties::SendRaw(size_t n, size_t to, std::string_view type, std::string body,
                      uint32_t major) {
  Side& side = *sides_[n];
  if (side.raw == nullptr) {
    Crash(n);
    line::testing::Disk& disk = side.lines[side.desk.FindPeer(PartyOf(to))->line];
    side.raw_to = to;
    side.raw = std::make_unique<line::Endpoint>(
        line::EndpointConfig{PartyOf(n),
                             PartyOf(to),
                             base::Uuid::V4FromRandom({static_cast<uint8_t>(n + 1), ++side.starts}),
                             0,
                             {}},
        message_keys_[n], line::ReadCard(side.desk.FindPeer(PartyOf(to))->card).value(), disk.state,
        disk.own, disk.mirror, now(n));
    SetPath(n, to, true);
  }
  line::Draft draft;
  draft.type = {std::string(type), major};
  draft.body = std::move(body);
  CHECK(side.raw->Write(std::move(draft), now(n)).has_value());
  Turn(n);
}

std::string Parties::ActMessage(std::string_view envelope, std::string_view declaration) {
  std::string body;
  json::Writer json(&body);
  json.BeginObject();
  json.StringField("act", envelope);
  if (!declaration.empty()) json.StringField("declaration", declaration);
  json.EndObject();
  return body;
}

// ---- What there is to see ----

const airspace::Notice* Parties::notice(size_t n, uint8_t notice_n) const {
  return state(n).FindNotice(TestNotice(notice_n));
}

base::Digest Parties::Latest(size_t n, uint8_t notice_n) const {
  return notice(n, notice_n)->latest().digest;
}

std::vector<Matter> Parties::OpenMatters(size_t n, std::optional<MatterKind> kind) const {
  std::vector<Matter> open;
  for (const auto& [number, matter] : desk(n).matters()) {
    if (matter.open() && (!kind || matter.kind == *kind)) open.push_back(matter);
  }
  return open;
}

std::vector<airspace::Conflict> Parties::LiveConflicts(size_t n) const {
  std::vector<airspace::Conflict> live;
  state(n).VisitConflicts(0, [&](uint64_t, const airspace::Conflict& conflict) {
    if (airspace::IsLive(conflict)) live.push_back(conflict);
    return true;
  });
  return live;
}

Counts Parties::CountsOf(size_t n, size_t peer, airspace::DataMode mode) const {
  return desk(n).CountsOf({PartyOf(peer), mode});
}

const Call* Parties::LastCall(size_t n, operators::ActKind kind) const {
  const Call* last = nullptr;
  for (const auto& [id, call] : desk(n).calls()) {
    if (call.kind == kind && (last == nullptr || last->stored_at <= call.stored_at)) last = &call;
  }
  return last;
}

line::LinkState Parties::Link(size_t n, size_t peer) const {
  return sides_[n]->core->FindLine(PartyOf(peer))->liveness().state();
}

std::string Parties::Wire(size_t from, size_t to) const {
  std::string all;
  const auto found = sent_.find({from, to});
  if (found == sent_.end()) return all;
  for (const std::string& frame : found->second) AppendDecoded(frame, 3, &all);
  return all;
}

}  // namespace wideberth::mechanism::testing
