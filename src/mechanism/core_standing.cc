// What the machine says by itself: scheduled line checks, and what both parties have signed as standing releases
// (MECHANISM 1.3).
#include <algorithm>

#include "crypto/sha256.h"
#include "formats/notice_json.h"
#include "geo/gap.h"
#include "geo/shape.h"
#include "json/reader.h"
#include "json/writer.h"
#include "mechanism/core.h"
#include "mechanism/core_line.h"

namespace wideberth::mechanism {
namespace {

using agreement::StandingRelease;
using agreement::StandingReleaseKind;
using airspace::DataMode;
using base::ErrorCode;
using base::Fail;
using base::Result;
using base::UtcMicros;
using operators::ActKind;

constexpr int64_t kRepeatsMax = 1'000'000;
constexpr int64_t kTimeoutMinUs = base::kMicrosPerSecond;
constexpr int64_t kTimeoutMaxUs = 600 * base::kMicrosPerSecond;

// Whether it is for warnings about that place.
bool IsFor(const StandingRelease& release, const Place& place) {
  if (!release.area) return true;
  const auto circle = geo::Outline::Circle(place.centre, place.radius_mm);
  if (!circle) return false;
  const auto there = geo::Shape::Prepare(*circle);
  const auto agreed = geo::Shape::Prepare(*release.area);
  return there && agreed && geo::CompareGap(*there, *agreed, 0) != geo::Lateral::kClear;
}

// "KILO 7 TANGO": easily said, easily heard, 6,760 of them.
std::string ChallengeWord(base::Uuid drawn) {
  constexpr std::string_view kSpelling[] = {
      "ALFA",    "BRAVO", "CHARLIE", "DELTA",  "ECHO",     "FOXTROT", "GOLF",   "HOTEL",  "INDIA",
      "JULIETT", "KILO",  "LIMA",    "MIKE",   "NOVEMBER", "OSCAR",   "PAPA",   "QUEBEC", "ROMEO",
      "SIERRA",  "TANGO", "UNIFORM", "VICTOR", "WHISKEY",  "XRAY",    "YANKEE", "ZULU"};
  std::string word(kSpelling[drawn.bytes[0] % 26]);
  word.append(" ").append(std::to_string(drawn.bytes[1] % 10)).append(" ");
  return word.append(kSpelling[drawn.bytes[2] % 26]);
}

int64_t LineCheckOverdueUs(const Terms& terms) {
  return terms.deadlines.rule(agreement::DeadlineKind::kLineCheckOverdue).routine_us;
}

Matter MissedCheck(base::PartyId peer) {
  Matter matter;
  matter.kind = MatterKind::kMissedCheck;
  matter.peer = peer;
  matter.subject = SubjectOf(peer);
  return matter;
}

// In any agreement that both have signed, in force here or not: the clocks differ, the line may have been lost since
// the hazard was raised, and it is there whatever has become of the agreement.
Result<const StandingRelease*> AreaOfPeer(base::PartyId peer, std::string_view name,
                                          const base::Digest& agreement, const Terms& in_force,
                                          const agreement::LineAgreements* agreed) {
  const agreement::Agreement* named = agreed == nullptr ? nullptr : agreed->Find(agreement);
  if (named == nullptr && agreement != in_force.agreement) {
    return base::Invalid("/agreement", "must be one that both have signed on this line",
                         agreement.ToHex());
  }
  const StandingRelease* release = FindDeadManArea(
      named != nullptr ? named->standing_releases : in_force.standing_releases, peer, name);
  if (release != nullptr) return release;
  return Fail(ErrorCode::kForbidden, "/standing_hazard/payload/release",
              "must be a dead-man area of the peer in the agreement", name);
}

}  // namespace

// ---- Line checks ----

void Core::CheckPaths(Line& line, UtcMicros now) {
  if (line.paths_up.count() >= line.paths) return;
  for (const Matter* open : desk_.OpenMattersOf(SubjectOf(line.peer))) {
    if (open->kind == MatterKind::kMissedCheck) return;
  }
  ++CountsOf(line.peer, DataMode::kReal).checks_missed;
  OpenMatter(MissedCheck(line.peer), now);
}

void Core::MakeLineCheck(Line& line, base::Uuid drawn, line::Now now) {
  const UtcMicros due = desk_.NextLineCheck(line.peer, false);
  if (due > now.utc || line.endpoint.liveness().state() != line::LinkState::kUp) return;
  // The peer's id makes one drawn number serve several lines.
  base::Uuid id = drawn;
  for (size_t i = 0; i < id.bytes.size(); ++i) {
    if (i != 6 && i != 8) id.bytes[i] ^= line.peer.uuid.bytes[i];  // those say that it is drawn
  }
  const std::string word = ChallengeWord(id);
  std::string body;
  json::Writer json(&body);
  json.BeginObject();
  json.StringField("id", id.ToString());
  json.StringField("word", word);
  json.EndObject();
  const auto written =
      Write(line, kLineCheckType, DataMode::kReal, line::Lane::kSafety, std::move(body), now);
  if (!written) return;
  Call call;
  call.id = id;
  call.words = word;
  call.act = *written;
  AwaitLineCheck(line, std::move(call), now.utc);
  CheckPaths(line, now.utc);
}

void Core::AwaitLineCheck(Line& line, Call call, UtcMicros now) {
  call.kind = ActKind::kLineCheck;
  call.peer = line.peer;
  call.by_us = true;
  call.at = call.stored_at = now;
  Matter matter;
  matter.kind = MatterKind::kLineCheck;
  matter.owed_by_peer = true;
  matter.peer = line.peer;
  matter.subject = call.act;
  Put(CallChanged{std::move(call)});
  OpenMatter(std::move(matter), now);
  ++CountsOf(line.peer, DataMode::kReal).checks_made;
  Put(LineCheckScheduled{line.peer, false, {now.us + TermsFor(line.peer).line_check_period_us}});
}

void Core::ExpectLineCheck(Line& line, UtcMicros now) {
  const UtcMicros expected = desk_.NextLineCheck(line.peer, true);
  const Terms& terms = TermsFor(line.peer);
  const UtcMicros next{now.us + terms.line_check_period_us + LineCheckOverdueUs(terms)};
  if (expected == base::kTimeOpenStart) {
    Put(LineCheckScheduled{line.peer, true, next});
  } else if (expected <= now) {
    ++CountsOf(line.peer, DataMode::kReal).checks_missed;
    OpenMatter(MissedCheck(line.peer), now);
    Put(LineCheckScheduled{line.peer, true, next});
  }
}

void Core::TakeLineCheck(Line& line, const line::Received& received, UtcMicros now) {
  const auto read = [&]() -> Result<Call> {
    WB_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(received.body()));
    WB_ASSIGN_OR_RETURN(json::Object object, document.root().AsObject());
    Call call;
    WB_ASSIGN_OR_RETURN(call.id, object.RequiredParsed("id", 36, base::Uuid::ParseV4));
    WB_ASSIGN_OR_RETURN(const std::string_view word, object.RequiredString("word", 64));
    call.words = word;
    return call;
  };
  Result<Call> call = read();
  if (!call) return OpenUnusable(line, received, call.error(), now);
  if (desk_.FindCall(call->id) != nullptr) {
    return OpenUnusable(line, received,
                        {base::ErrorCode::kConflict, "/id", "must be drawn anew for each check",
                         call->id.ToString()},
                        now);
  }
  call->kind = ActKind::kLineCheck;
  call->peer = line.peer;
  call->act = received.opened.digest;
  call->at = received.opened.message.sent_at;
  call->stored_at = now;
  Put(CallChanged{std::move(*call)});
  Matter matter;
  matter.kind = MatterKind::kLineCheck;
  matter.peer = line.peer;
  matter.subject = received.opened.digest;
  OpenMatter(std::move(matter), now);
  CloseMattersOf(SubjectOf(line.peer), MatterKind::kMissedCheck, "checked", now);
  const Terms& terms = TermsFor(line.peer);
  Put(LineCheckScheduled{
      line.peer, true, {now.us + terms.line_check_period_us + LineCheckOverdueUs(terms)}});
  CheckPaths(line, now);
}

// ---- Standing releases ----

// The one that repeats soonest, if several are for that place.
const StandingRelease* Core::RepeatReleaseFor(const Call& call) const {
  const StandingRelease* soonest = nullptr;
  for (const StandingRelease& release : TermsFor(call.peer).standing_releases) {
    if (release.kind != StandingReleaseKind::kIncursionWarning || release.party != self_.party) {
      continue;
    }
    if (soonest != nullptr && soonest->repeat_us <= release.repeat_us) continue;
    if (IsFor(release, call.place)) soonest = &release;
  }
  return soonest;
}

void Core::PlanRepeat(UtcMicros now, std::optional<int64_t> wait_us, Call* call) const {
  call->sending.next_repeat_at = base::kTimeOpenEnd;
  const StandingRelease* release = RepeatReleaseFor(*call);
  if (release == nullptr) return;
  call->sending.next_repeat_at = std::max(UtcMicros{now.us + wait_us.value_or(release->repeat_us)},
                                          UtcMicros{call->entry_at->us - release->lead_us});
}

void Core::RepeatWarnings(line::Now now) {
  for (const base::Uuid id : desk_.DueRepeats(now.utc)) {
    const Call& call = *desk_.FindCall(id);
    Line* line = Find(call.peer);
    // What has no R1 yet is under way, and delivery repeats it: another message would only stand behind it.
    const bool under_way = call.sending.receipts <= call.sending.repeats;
    if (line != nullptr && !under_way) RepeatWarning(*line, call, now);
  }
}

void Core::RepeatWarning(Line& line, const Call& found, line::Now now) {
  Call call = found;
  const StandingRelease* release = RepeatReleaseFor(call);
  if (release == nullptr) {  // no longer agreed
    call.sending.next_repeat_at = base::kTimeOpenEnd;
    return Put(CallChanged{std::move(call)});
  }
  std::string body;
  json::Writer json(&body);
  json.BeginObject();
  json.StringField("call", call.id.ToString());
  json.Uint64Field("number", call.sending.repeats + 1);
  json.EndObject();
  const auto written =
      Write(line, kIncursionRepeatType, call.data_mode, line::Lane::kSafety, std::move(body), now);
  if (!written) return;  // an old copy signs nothing: at the next tick
  call.sending.next_repeat_at = {now.utc.us + release->repeat_us};
  CountRepeat(line, std::move(call), *written, now.utc);
}

void Core::CountRepeat(Line& line, Call call, const base::Digest& message, UtcMicros now) {
  ++call.sending.repeats;
  call.sending.repeated_at = now;
  Put(AwaitedChanged{{message, line.peer, ActKind::kWarnIncursion, {}, call.act, now, call.id},
                     false});
  Put(CallChanged{std::move(call)});
}

void Core::TakeSendingReceipted(const Awaited& awaited, UtcMicros now) {
  const Call* found = desk_.FindCall(awaited.call);
  if (found == nullptr) return;
  Call call = *found;
  ++call.sending.receipts;
  call.sending.receipted_at = now;
  Put(CallChanged{std::move(call)});
}

void Core::TakeRepeat(Line& line, const line::Received& received, UtcMicros now) {
  const auto take = [&]() -> Result<void> {
    WB_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(received.body()));
    WB_ASSIGN_OR_RETURN(json::Object object, document.root().AsObject());
    WB_ASSIGN_OR_RETURN(const base::Uuid id,
                        object.RequiredParsed("call", 36, base::Uuid::ParseV4));
    WB_ASSIGN_OR_RETURN(const int64_t number, object.RequiredInt64("number", 1, kRepeatsMax));
    const Call* found = desk_.FindCall(id);
    if (found == nullptr || found->kind != ActKind::kWarnIncursion || found->by_us ||
        found->peer != line.peer) {
      return Fail(ErrorCode::kNotFound, "/call", "must be a warning of the peer", id.ToString());
    }
    if (received.opened.message.data_mode != found->data_mode) {
      return base::Invalid("/data_mode", "must be that of the warning",
                           airspace::Name(received.opened.message.data_mode));
    }
    if (found->closed_at) return {};  // it and our answer have crossed
    if (number != int64_t{found->sending.repeats} + 1) {
      return Fail(ErrorCode::kConflict, "/number", "must be the next repetition",
                  std::to_string(number));
    }
    Call call = *found;
    ++call.sending.repeats;
    ++call.sending.receipts;
    call.sending.repeated_at = call.sending.receipted_at = now;
    Put(CallChanged{std::move(call)});
    return {};
  };
  if (const Result<void> taken = take(); !taken) {
    OpenUnusable(line, received, taken.error(), now);
  }
}

// ---- Dead-man areas ----

std::vector<StandingRelease> Core::DeadManAreas() const {
  std::vector<StandingRelease> areas;
  for (const auto& [peer, line] : lines_) {
    for (const StandingRelease& release : TermsFor(peer).standing_releases) {
      if (release.kind != StandingReleaseKind::kDeadMan || release.party != self_.party) continue;
      if (FindDeadManArea(areas, self_.party, release.name) == nullptr) areas.push_back(release);
    }
  }
  return areas;
}

Result<const StandingRelease*> Core::DeadManArea(std::string_view name) const {
  const StandingRelease* area = nullptr;
  for (const auto& [peer, line] : lines_) {
    const StandingRelease* agreed =
        FindDeadManArea(TermsFor(peer).standing_releases, self_.party, name);
    if (agreed == nullptr) continue;
    if (area != nullptr && *area != *agreed) {
      return Fail(ErrorCode::kConflict, "name", "must be agreed alike with every peer", name);
    }
    area = agreed;
  }
  if (area != nullptr) return area;
  return Fail(ErrorCode::kNotFound, "name", "must be a dead-man area of this party in an agreement",
              name);
}

Result<void> Core::ArmDeadMan(std::string_view name, int64_t timeout_us, std::string key_id,
                              line::Now now) {
  now_ = now;
  if (timeout_us < kTimeoutMinUs || timeout_us > kTimeoutMaxUs) {
    return base::Invalid("timeout_s", "must be 1 to 600",
                         std::to_string(timeout_us / base::kMicrosPerSecond));
  }
  WB_RETURN_IF_ERROR(DeadManArea(name));
  DeadMan dead_man{std::string(name), DeadManState::kArmed, timeout_us,
                   now.utc,           std::move(key_id),    std::nullopt};
  if (const DeadMan* before = desk_.FindDeadMan(name)) dead_man.notice = before->notice;
  Journal("dead_man_armed", nullptr,
          dead_man.name + " by " + dead_man.key_id + ", " +
              std::to_string(timeout_us / base::kMicrosPerSecond) + " s",
          now.utc);
  beats_.insert_or_assign(dead_man.name, now.monotonic_us);
  Put(DeadManChanged{std::move(dead_man)});
  return {};
}

Result<void> Core::DisarmDeadMan(std::string_view name, std::string key_id, line::Now now) {
  now_ = now;
  const DeadMan* found = desk_.FindDeadMan(name);
  if (found == nullptr || found->state != DeadManState::kArmed) {
    return Fail(ErrorCode::kConflict, "name", "must be armed", name);
  }
  DeadMan dead_man = *found;
  dead_man.state = DeadManState::kDisarmed;
  dead_man.since = now.utc;
  dead_man.key_id = std::move(key_id);
  Journal("dead_man_disarmed", nullptr, dead_man.name + " by " + dead_man.key_id, now.utc);
  beats_.erase(dead_man.name);
  Put(DeadManChanged{std::move(dead_man)});
  return {};
}

Result<void> Core::BeatDeadMan(std::string_view name, line::Now now) {
  const DeadMan* found = desk_.FindDeadMan(name);
  if (found == nullptr || found->state != DeadManState::kArmed) {
    return Fail(ErrorCode::kConflict, "name", "must be armed: nobody watches for this heartbeat",
                name);
  }
  beats_.insert_or_assign(found->name, now.monotonic_us);
  return {};
}

void Core::WatchDeadMen(base::Uuid drawn, line::Now now) {
  std::vector<DeadMan> silent;
  for (const auto& [name, dead_man] : desk_.dead_men()) {
    if (dead_man.state != DeadManState::kArmed) continue;
    // The first look since the start counts as a heartbeat.
    const int64_t last_us = beats_.try_emplace(name, now.monotonic_us).first->second;
    if (now.monotonic_us - last_us >= dead_man.timeout_us) silent.push_back(dead_man);
  }
  for (DeadMan& dead_man : silent) RaiseDeadMan(std::move(dead_man), drawn, now);
}

void Core::RaiseDeadMan(DeadMan dead_man, base::Uuid drawn, line::Now now) {
  beats_.erase(dead_man.name);
  dead_man.state = DeadManState::kRaised;
  dead_man.since = now.utc;
  dead_man.notice.reset();
  const Result<base::NoticeId> raised = RaiseHazard(dead_man.name, drawn, now);
  if (raised) {
    dead_man.notice = *raised;
    Journal("dead_man_raised", nullptr, dead_man.name + ": " + raised->ToString(), now.utc);
  } else {
    // Nobody was told of what may be there: a person has to, by voice.
    Journal("dead_man_not_raised", nullptr, dead_man.name + ": " + raised.error().ToString(),
            now.utc);
    OpenNotSaid(self_.party, {}, crypto::Sha256(base::AsBytes(dead_man.name)), now.utc);
  }
  Put(DeadManChanged{std::move(dead_man)});
}

void Core::OpenNotSaid(base::PartyId peer, base::NoticeId notice, const base::Digest& subject,
                       UtcMicros now) {
  Matter matter;
  matter.kind = MatterKind::kUnusable;
  matter.peer = peer;
  if (!notice.uuid.is_nil()) matter.notice = notice;
  matter.subject = subject;
  matter.urgent = true;
  OpenMatter(std::move(matter), now);
}

Result<base::NoticeId> Core::RaiseHazard(std::string_view name, base::Uuid drawn, line::Now now) {
  WB_ASSIGN_OR_RETURN(const StandingRelease* area, DeadManArea(name));
  const StandingRelease release = *area;
  WB_ASSIGN_OR_RETURN(airspace::Declaration declaration,
                      formats::ParseDeclaration(DeclarationOf(release, now.utc).original));
  // One drawn number serves all that fall silent at once.
  base::Bytes seed(drawn.bytes.begin(), drawn.bytes.end());
  seed.insert(seed.end(), name.begin(), name.end());
  const base::Digest mixed = crypto::Sha256(seed);
  std::array<uint8_t, 16> id{};
  std::copy_n(mixed.bytes.begin(), id.size(), id.begin());
  const base::NoticeId notice{base::Uuid::V4FromRandom(id)};
  WB_ASSIGN_OR_RETURN(
      const SealedStandingHazard sealed,
      SealStandingHazard({self_.party, notice, release.name,
                          crypto::Sha256(base::AsBytes(declaration.original)), now.utc},
                         *keys_.front()));
  WB_ASSIGN_OR_RETURN(auto prepared, airspace::PreparedDeclaration::Prepare(
                                         std::move(declaration), rules_, heights_, crypto::Sha256));
  const auto shared = std::make_shared<const airspace::PreparedDeclaration>(std::move(prepared));
  WB_RETURN_IF_ERROR(
      DecideAs(self_.party,
               airspace::Declare{notice, shared, false, std::nullopt, sealed.digest, true, false},
               now.utc, sealed.hazard.at));
  OweThirdParties(self_.party, {notice, sealed.digest}, now.utc, now.utc);
  OweRefinement(notice, sealed.digest, airspace::DataMode::kReal, now.utc);
  for (auto& [peer, line] : lines_) {
    TellStandingHazard(*line, sealed, shared->declaration(), now);
  }
  return notice;
}

// A peer whose agreement does not have it hears nothing of it from the machine: a person sees to it. Whether it went.
bool Core::TellStandingHazard(Line& line, const SealedStandingHazard& sealed,
                              const airspace::Declaration& declaration, line::Now now) {
  const Terms& terms = TermsFor(line.peer);
  const StandingHazard& hazard = sealed.hazard;
  if (FindDeadManArea(terms.standing_releases, self_.party, hazard.release) == nullptr) {
    OpenNotTold(line.peer, nullptr, {hazard.notice, sealed.digest}, declaration, now.utc);
    return false;
  }
  InterruptForRelease(line.peer, declaration, now.utc);
  const auto written = Write(
      line, kStandingHazardType, airspace::DataMode::kReal, line::Lane::kSafety,
      WriteStandingHazardMessage({sealed.envelope, terms.agreement, declaration.original}), now);
  if (!written) {  // an old copy of the log signs nothing
    Journal("not_told", nullptr, written.error().ToString(), now.utc);
    line.Hold(this, {hazard.notice, sealed.digest}, sealed.envelope, true);
    OpenNotSaid(line.peer, hazard.notice, sealed.digest, now.utc);
    return false;
  }
  AwaitReceipt(line, *written, hazard.notice, sealed.digest, declaration, now.utc);
  return true;
}

void Core::TakeStandingHazard(Line& line, const line::Received& received, UtcMicros now) {
  const auto take = [&]() -> Result<void> {
    if (received.opened.message.data_mode != airspace::DataMode::kReal) {
      return base::Invalid("/data_mode", "must be REAL: a hazard that is there always is",
                           airspace::Name(received.opened.message.data_mode));
    }
    WB_ASSIGN_OR_RETURN(const StandingHazardMessage message,
                        ReadStandingHazardMessage(received.body()));
    // The entry that it stands in is by the key in force. It may have waited for that since before a change.
    auto opened =
        OpenStandingHazard(message.envelope, line.peer, KeysOf(line.endpoint.state().mirror));
    if (!opened) return Fail(std::move(opened).error().Under("/standing_hazard"));
    const StandingHazard& hazard = opened->hazard;
    WB_ASSIGN_OR_RETURN(const StandingRelease* release,
                        AreaOfPeer(line.peer, hazard.release, message.agreement,
                                   TermsFor(line.peer), FindAgreements(line.peer)));
    if (crypto::Sha256(base::AsBytes(message.declaration)) != hazard.declaration_sha256) {
      return base::Invalid("/declaration", "must have the SHA-256 that the envelope names");
    }
    if (const auto* there = airspace_.FindNotice(hazard.notice); there != nullptr) {
      const bool same = there->party == line.peer && FindVersion(*there, opened->digest) != nullptr;
      if (same) return {};  // told twice
      return Fail(ErrorCode::kConflict, "/standing_hazard/payload/notice", "must be a fresh one",
                  hazard.notice.ToString());
    }
    WB_ASSIGN_OR_RETURN(airspace::Declaration declaration,
                        formats::ParseDeclaration(message.declaration));
    WB_RETURN_IF_ERROR(CheckAsAgreed(declaration, *release, hazard.at));
    WB_ASSIGN_OR_RETURN(auto prepared,
                        airspace::PreparedDeclaration::Prepare(std::move(declaration), rules_,
                                                               heights_, crypto::Sha256));
    return TakeVersion(line, hazard.notice, opened->digest,
                       std::make_shared<const airspace::PreparedDeclaration>(std::move(prepared)),
                       hazard.at, now);
  };
  if (const Result<void> taken = take(); !taken) {
    OpenUnusable(line, received, taken.error(), now);
  }
}

}  // namespace wideberth::mechanism
