#include "airspace/decide.h"

#include <algorithm>
#include <tuple>

#include "airspace/decide_impl.h"
#include "base/check.h"
#include "base/limits.h"

namespace wideberth::airspace {

using base::ErrorCode;
using base::Fail;
using base::Result;

namespace deciding {

bool IsOver(const Notice& notice) {
  return notice.latest().author == AuthorState::kWithdrawn || notice.all_clear_at.has_value() ||
         (notice.kind() != NoticeKind::kHazard && notice.ended_at.has_value());
}

AxesChanged AxesOf(const Notice& notice) {
  AxesChanged axes{notice.id,
                   {},
                   notice.activity,
                   notice.started_at,
                   notice.ended_at,
                   notice.all_clear_at,
                   notice.delivery,
                   notice.assessments,
                   notice.dissemination,
                   notice.disregarded_by};
  for (const NoticeVersion& version : notice.versions) axes.authors.push_back(version.author);
  return axes;
}

Result<const Notice*> FindDeclared(const Context& context, base::NoticeId id) {
  const Notice* notice = context.view.FindNotice(id);
  if (notice == nullptr || LatestDeclared(*notice) == nullptr) {
    return Fail(ErrorCode::kNotFound, "/id", "must name a notice", id.ToString());
  }
  return notice;
}

void DescribeVersion(const Notice& notice, const NoticeVersion& version, Decision* decision) {
  decision->notice = notice.id;
  decision->version_number = version.number;
  decision->version = version.digest;
  decision->lead_time_us = version.lead_time_us;
  decision->late = version.late;
}

void Describe(const Context& context, const Notice& notice, Decision* decision) {
  const NoticeVersion* declared = LatestDeclared(notice);
  const bool whole = context.by_node() || context.party == notice.party || declared == nullptr;
  DescribeVersion(notice, whole ? notice.latest() : *declared, decision);
}

void KeepKnown(const Context& context, std::vector<Conflict>* conflicts) {
  std::erase_if(*conflicts, [&](const Conflict& conflict) {
    return context.by_node() ? conflict.local() : !IsKnownTo(conflict, context.party);
  });
  std::sort(conflicts->begin(), conflicts->end(), [](const Conflict& a, const Conflict& b) {
    return std::tie(a.first_moment, a.id) < std::tie(b.first_moment, b.id);
  });
}

Decision Unchanged(const Context& context, const Notice& notice) {
  Decision decision;
  Describe(context, notice, &decision);
  for (const Conflict* conflict : context.view.LiveConflictsOf(notice.id)) {
    decision.conflicts.push_back(*conflict);
  }
  KeepKnown(context, &decision.conflicts);
  return decision;
}

namespace {

// Finds the conflicts of the notice as it will stand, and adds what changes for them.
void Recompute(const Context& context, const Notice& after, const SubjectOutlines& outlines,
               Decision* decision) {
  decision->conflicts =
      FindConflictsOf(context.view, context.rules, context.sha256, after, outlines, context.now);
  for (Conflict& changed : ChangedConflicts(context.view, after, &decision->conflicts,
                                            context.rules, context.self, context.now)) {
    decision->effects.emplace_back(ConflictChanged{std::move(changed)});
  }
  KeepKnown(context, &decision->conflicts);
  Describe(context, after, decision);
}

}  // namespace

void Conclude(const Context& context, const Notice& after, const SubjectOutlines& outlines,
              Decision* decision) {
  decision->effects.emplace_back(AxesOf(after));
  Recompute(context, after, outlines, decision);
}

namespace {

// The latest version, or the latest that is not a draft: whoever has read either has read what is in
// effect.
bool NamesLatest(const Notice& notice, const base::Digest& version) {
  const NoticeVersion* effective = EffectiveVersion(notice);
  return notice.latest().digest == version ||
         (effective != nullptr && effective->digest == version);
}

bool HasStarted(const Notice& notice, base::UtcMicros now) {
  const std::vector<uint32_t> checked = CheckedVersions(notice);
  const auto has_begun = [&](uint32_t version) {
    return EarliestStart(notice.versions[version].declaration) <= now;
  };
  return !checked.empty() &&
         (notice.started_at.has_value() || std::any_of(checked.begin(), checked.end(), has_begun));
}

// The notice, when the caller's party issued it and `version` names its latest version. Another
// party's draft, and what it holds, is answered like nothing at all.
Result<const Notice*> OwnLatest(const Context& context, base::NoticeId id,
                                const base::Digest& version) {
  const Notice* notice = context.view.FindNotice(id);
  if (notice == nullptr || (notice->party != context.party && LatestDeclared(*notice) == nullptr)) {
    return Fail(ErrorCode::kNotFound, "/id", "must name a notice", id.ToString());
  }
  if (notice->party != context.party) {
    return Fail(ErrorCode::kForbidden, "/id", "must name a notice of the caller's own party",
                id.ToString());
  }
  if (!NamesLatest(*notice, version)) {
    return Fail(ErrorCode::kConflict, "/version",
                "must name the latest version, " + notice->latest().digest.ToHex(),
                version.ToHex());
  }
  return notice;
}

Result<void> CheckTimes(const Context& context, const Declaration& declaration) {
  bool any_left = false;
  for (size_t i = 0; i < declaration.volumes.size(); ++i) {
    const TimeWindow& window = declaration.volumes[i].window;
    any_left = any_left || window.end > context.said_at;
    if (window.start.us > context.said_at.us + limits::kNoticeHorizonMaxUs) {
      return base::Invalid("/volumes/" + std::to_string(i) + "/time_start",
                           "must start within 366 days from when it is said",
                           base::FormatRfc3339(window.start));
    }
  }
  if (!any_left) {
    return base::Invalid(
        "/volumes",
        "must not all have ended: it was said at " + base::FormatRfc3339(context.said_at),
        base::FormatRfc3339(declaration.volumes.front().window.end));
  }
  return {};
}

Disclosure DisclosureOf(const Declare& command) {
  if (command.draft) return Disclosure::kDraft;
  return command.held ? Disclosure::kHeld : Disclosure::kDeclared;
}

Result<void> CheckDisclosure(const Declare& command) {
  if (command.held && command.draft) {
    return base::Invalid("/held", "must not be given with draft: a draft is not checked", "true");
  }
  if (command.until_read_back && (command.held || command.draft)) {
    return base::Invalid("/until_read_back", "must be given for what is declared alone", "true");
  }
  return {};
}

// Of two people who edit one draft, the second must have seen what the first has stored: the version in effect below it
// will not do. A draft that is released is itself what is replaced.
bool MayReplace(const Notice& held, const Declare& command, bool in_place) {
  if (in_place) return true;
  return command.draft ? held.latest().digest == *command.replaces
                       : NamesLatest(held, *command.replaces);
}

// What every further version of a notice must respect. `in_place`: a draft becomes one.
Result<void> CheckFurther(const Context& context, const Notice& held, const Declare& command,
                          bool in_place) {
  const Declaration& next = command.prepared->declaration();
  if (held.kind() != next.kind) {
    return base::Invalid("/kind", "must not change between versions", Name(next.kind));
  }
  if (held.data_mode() != next.data_mode) {
    return base::Invalid("/data_mode", "must not change between versions", Name(next.data_mode));
  }
  if (IsOver(held)) {
    return Fail(ErrorCode::kConflict, "/id", "must name a notice that is not over: declare another",
                held.id.ToString());
  }
  if (!in_place && held.versions.size() >= limits::kNoticeVersionsMax) {
    return Fail(ErrorCode::kTooLarge, "/id", "must have at most 1,000 versions",
                std::to_string(held.versions.size()));
  }
  const bool may_leave_out = in_place || command.name.has_value();
  if (command.replaces ? !MayReplace(held, command, in_place) : !may_leave_out) {
    return Fail(ErrorCode::kConflict, "/replaces",
                "must name the latest version, " + held.latest().digest.ToHex(),
                command.replaces ? command.replaces->ToHex() : "nothing");
  }
  if (held.kind() == NoticeKind::kHazard && HasStarted(held, context.said_at) &&
      EarliestStart(next) > context.said_at) {
    return Fail(
        ErrorCode::kConflict, "/volumes",
        "must not move a hazard that has started into the future: only an all-clear ends it",
        base::FormatRfc3339(EarliestStart(next)));
  }
  return {};
}

NoticeVersion MakeVersion(const Context& context, const Declare& command, uint32_t number) {
  const Declaration& declaration = command.prepared->declaration();
  NoticeVersion version;
  version.number = number;
  version.digest = command.name.value_or(command.prepared->digest());
  version.stored_at = context.now;
  version.disclosure = DisclosureOf(command);
  version.author = command.draft  ? AuthorState::kDraft
                   : command.held ? AuthorState::kHeld
                                  : AuthorState::kReleased;
  version.until_read_back = command.until_read_back;
  version.lead_time_us = LeadTimeUs(declaration, context.now);
  const int64_t lead_min_us = context.rules.LeadTimeMinUs(context.party, declaration.kind);
  // What has an open start was always there; nobody can be late with it.
  version.late =
      EarliestStart(declaration) != base::kTimeOpenStart && version.lead_time_us < lead_min_us;
  version.declaration = declaration;
  return version;
}

// What the command asks for, in respect of what is stored.
enum class Standing { kStored, kDraftToRelease, kFurther };

// The stored version that the command may be a repetition of: one of its name, or the latest when
// that has its content.
const NoticeVersion* Repeated(const Notice& held, const Declare& command) {
  if (command.name) return FindVersion(held, *command.name);
  const NoticeVersion& latest = held.latest();
  return latest.digest == command.prepared->digest() ? &latest : nullptr;
}

Result<Standing> StandingOf(const Notice& held, const Declare& command) {
  const Disclosure disclosure = DisclosureOf(command);
  if (command.held && LatestDeclared(held) != nullptr) {
    return Fail(ErrorCode::kConflict, "/held", "must not be given for a notice that was declared",
                held.id.ToString());
  }
  if (disclosure == Disclosure::kDeclared && held.held()) {
    return Fail(ErrorCode::kConflict, "/held",
                "must be given for every version of a held notice: declare another notice",
                held.id.ToString());
  }
  const NoticeVersion* stored = Repeated(held, command);
  if (stored == nullptr) return Standing::kFurther;
  if (stored->disclosure == disclosure) {
    // Content that was withdrawn is not in effect again for being sent again; an envelope is the same
    // envelope for ever.
    const bool withdrawn = stored->author == AuthorState::kWithdrawn;
    return withdrawn && !command.name ? Standing::kFurther : Standing::kStored;
  }
  if (stored->disclosure == Disclosure::kDraft && stored == &held.latest()) {
    return Standing::kDraftToRelease;
  }
  return Fail(ErrorCode::kConflict, command.name ? "/name" : "/draft",
              "must not name a version that was stored as something else",
              Name(stored->disclosure));
}

// A read-back names a version, so a version that waits for one has a name of its own.
Result<void> CheckName(const Notice& before, const Declare& command) {
  const base::Digest& digest = command.prepared->digest();
  if (command.name || !command.until_read_back || FindVersion(before, digest) == nullptr) return {};
  return Fail(ErrorCode::kConflict, "/name",
              "must be given: an older version has the same content and would share its name",
              digest.ToHex());
}

// What follows for the older versions and for what others have done about them.
void Supersede(const Context& context, const Declare& command, const base::Digest& version,
               Notice* notice) {
  for (NoticeVersion& old : notice->versions) old.author = AuthorState::kSuperseded;
  for (auto& [party, assessment] : notice->assessments) assessment.counts = false;
  for (auto& [party, delivery] : notice->delivery) {
    if (delivery.r1) delivery.r1->counts = false;
    if (delivery.r2) delivery.r2->counts = false;
    if (delivery.r3) delivery.r3->counts = false;
  }
  notice->disregarded_by.clear();
  if (command.held || command.until_read_back) return;
  for (const PartyEntry& party : context.rules.parties()) {
    if (party.id != context.party) notice->delivery[party.id].r1 = Receipt{version, context.now};
  }
}

SubjectOutlines OutlinesOf(const PreparedDeclaration& prepared) {
  return {prepared.shapes(), prepared.queries(), prepared.queries_separation()};
}

Result<Decision> On(const Context& context, const Declare& command) {
  CHECK(command.prepared != nullptr);
  WB_RETURN_IF_ERROR(CheckDisclosure(command));
  const PreparedDeclaration& prepared = *command.prepared;
  const Notice* held = context.view.FindNotice(command.id);
  Notice after;
  if (held != nullptr) {
    if (held->party != context.party) {
      return Fail(ErrorCode::kForbidden, "/id", "must not be the id of another party's notice",
                  command.id.ToString());
    }
    WB_ASSIGN_OR_RETURN(const Standing standing, StandingOf(*held, command));
    if (standing == Standing::kStored) {
      Decision decision = Unchanged(context, *held);
      DescribeVersion(*held, *Repeated(*held, command), &decision);
      return decision;
    }
    const bool in_place = standing == Standing::kDraftToRelease;
    WB_RETURN_IF_ERROR(CheckFurther(context, *held, command, in_place));
    after = *held;
    if (in_place) after.versions.pop_back();
    WB_RETURN_IF_ERROR(CheckName(after, command));
  }
  WB_RETURN_IF_ERROR(CheckTimes(context, prepared.declaration()));
  after.id = command.id;
  after.party = context.party;
  NoticeVersion version =
      MakeVersion(context, command, static_cast<uint32_t>(after.versions.size() + 1));
  if (!command.draft) Supersede(context, command, version.digest, &after);
  after.versions.push_back(version);
  // Unplanned means that it is going on (MECHANISM 3.2).
  if (DisclosureOf(command) == Disclosure::kDeclared && version.declaration.unplanned &&
      after.activity == ActivityState::kPlanned) {
    after.activity = ActivityState::kActive;
    after.started_at = context.said_at;
  }
  Decision decision;
  decision.created = held == nullptr;
  VersionStored stored{after.id, after.party, std::move(version), {}};
  if (!command.draft) stored.prepared = prepared.volumes();
  decision.effects.emplace_back(std::move(stored));
  if (command.draft) {
    decision.effects.emplace_back(AxesOf(after));
    Describe(context, after, &decision);
    return decision;
  }
  Conclude(context, after, OutlinesOf(prepared), &decision);
  return decision;
}

Result<Decision> On(const Context& context, const Withdraw& command) {
  WB_ASSIGN_OR_RETURN(const Notice* held, OwnLatest(context, command.id, command.version));
  if (held->latest().author == AuthorState::kWithdrawn) return Unchanged(context, *held);
  if (IsOver(*held)) {
    return Fail(ErrorCode::kConflict, "/id", "must name a notice that is not over",
                command.id.ToString());
  }
  if (held->kind() == NoticeKind::kHazard && HasStarted(*held, context.said_at)) {
    return Fail(ErrorCode::kConflict, "/id",
                "must not be a hazard that has started: it is cleared, not withdrawn",
                command.id.ToString());
  }
  Notice after = *held;
  for (NoticeVersion& version : after.versions) version.author = AuthorState::kWithdrawn;
  Decision decision;
  Conclude(context, after, {}, &decision);
  return decision;
}

Result<Decision> On(const Context& context, const SetActivity& command) {
  WB_ASSIGN_OR_RETURN(const Notice* held, OwnLatest(context, command.id, command.version));
  if (held->kind() != NoticeKind::kActivity && held->kind() != NoticeKind::kHazard) {
    return base::Invalid("/id", "must name an activity or a hazard", Name(held->kind()));
  }
  if (command.activity != ActivityState::kActive && command.activity != ActivityState::kEnded) {
    return base::Invalid("/activity", "must be active or ended", Name(command.activity));
  }
  if (held->activity == command.activity) return Unchanged(context, *held);
  if (EffectiveVersion(*held) == nullptr || IsOver(*held) || held->activity > command.activity) {
    return Fail(ErrorCode::kConflict, "/activity",
                "must follow planned, active, ended, in that order, on a released notice",
                Name(held->activity));
  }
  Notice after = *held;
  after.activity = command.activity;
  if (command.activity == ActivityState::kActive) {
    after.started_at = context.said_at;
  } else {
    after.ended_at = std::max(context.said_at, held->started_at.value_or(context.said_at));
  }
  Decision decision;
  Conclude(context, after, {}, &decision);
  return decision;
}

Result<Decision> On(const Context& context, const AllClear& command) {
  WB_ASSIGN_OR_RETURN(const Notice* held, OwnLatest(context, command.id, command.version));
  if (held->kind() != NoticeKind::kHazard) {
    return base::Invalid("/id", "must name a hazard", Name(held->kind()));
  }
  if (held->all_clear_at) return Unchanged(context, *held);
  const NoticeVersion* version = EffectiveVersion(*held);
  if (version == nullptr || !held->ended_at) {
    return Fail(ErrorCode::kConflict, "/id", "must name a hazard whose actual end has been given",
                Name(held->activity));
  }
  const bool own = version->declaration.hazard_source == HazardSource::kOwn;
  if (own == command.no_longer_observed) {
    return base::Invalid("/no_longer_observed",
                         own ? "must not be said of a hazard of one's own: it gets an all-clear"
                             : "must be said of a hazard that is not one's own",
                         Name(version->declaration.hazard_source));
  }
  // Versions may differ in class: the longest dwell time of what is checked.
  int64_t dwell_us = 0;
  for (const uint32_t checked : CheckedVersions(*held)) {
    const HazardClass of_version = held->versions[checked].declaration.hazard_class;
    dwell_us = std::max(dwell_us, context.rules.HazardDwellUs(held->party, of_version));
  }
  const base::UtcMicros earliest{held->ended_at->us + dwell_us};
  if (context.said_at < earliest) {
    return Fail(
        ErrorCode::kConflict, "/id",
        "must not be cleared before the dwell time is over, at " + base::FormatRfc3339(earliest),
        base::FormatRfc3339(context.said_at));
  }
  Notice after = *held;
  after.activity = own ? ActivityState::kAllClear : ActivityState::kNoLongerObserved;
  after.all_clear_at = context.said_at;
  Decision decision;
  Conclude(context, after, {}, &decision);
  return decision;
}

Result<Decision> On(const Context& context, const Recheck& command) {
  const Notice* held = context.view.FindNotice(command.id);
  if (held == nullptr) {
    return Fail(ErrorCode::kNotFound, "/id", "must name a notice", command.id.ToString());
  }
  Decision decision;
  Recompute(context, *held, {}, &decision);
  return decision;
}

Result<Decision> On(const Context&, const AdoptRules& command) {
  Decision decision;
  decision.effects.emplace_back(RulesAdopted{command.rules});
  return decision;
}

Result<Decision> On(const Context&, const SetClock& command) {
  if (command.mode == DataMode::kReal) {
    return base::Invalid("/mode", "must be EXERCISE or TEST: the REAL clock is never moved",
                         Name(command.mode));
  }
  if (!(command.rate > 0) || command.rate > limits::kClockRateMax) {
    return base::Invalid("/rate", "must lie above 0 and at most at 100,000",
                         std::to_string(command.rate));
  }
  Decision decision;
  decision.effects.emplace_back(ClockSet{command});
  return decision;
}

Result<Decision> On(const Context& context, const Tick& command) {
  Decision decision;
  for (const base::Digest& id :
       context.view.OverConflicts(command.mode, context.now, limits::kTickItemsMax)) {
    Conflict changed = *context.view.FindConflict(id);
    changed.changed_at = context.now;
    if (changed.last_moment <= context.now) {
      changed.state = ConflictState::kPassed;
    } else {
      // The time that its risk was accepted for is over: somebody looks at it anew.
      changed.risk_accepted.reset();
      changed.state = ConflictState::kOpen;
      for (ConflictSide& side : changed.sides) {
        side.seen_at.reset();
        side.measures.clear();
      }
    }
    decision.effects.emplace_back(ConflictChanged{std::move(changed)});
  }
  // What has ended still keeps others away until the widest separation in time has passed.
  const base::UtcMicros ended{context.now.us - context.rules.widest().time_us};
  for (const base::NoticeId id :
       context.view.EndedNotices(command.mode, ended, limits::kTickItemsMax)) {
    decision.effects.emplace_back(NoticeRetired{id});
  }
  const base::UtcMicros before{context.now.us - limits::kNoticeRetentionUs};
  for (const base::NoticeId id :
       context.view.EvictableNotices(command.mode, before, limits::kTickItemsMax)) {
    decision.effects.emplace_back(NoticeEvicted{id});
  }
  return decision;
}

Result<Decision> OnAny(const Context& context, const CommandBody& command) {
  return std::visit([&](const auto& body) { return On(context, body); }, command);
}

}  // namespace
}  // namespace deciding

Result<Decision> Decide(const View& view, const RuleBook& rules, Sha256Function sha256,
                        const Command& command, base::UtcMicros now, base::PartyId self) {
  const deciding::Context context{
      view, rules, sha256, command.party, self, now, command.said_at.value_or(now)};
  return deciding::OnAny(context, command.body);
}

std::vector<Conflict> FindConflicts(const View& view, const RuleBook& rules, Sha256Function sha256,
                                    base::PartyId party, base::NoticeId id,
                                    const PreparedDeclaration& prepared, base::UtcMicros now) {
  Notice subject;
  subject.id = id;
  subject.party = party;
  NoticeVersion version;
  version.digest = prepared.digest();
  version.stored_at = now;
  version.declaration = prepared.declaration();
  subject.versions.push_back(std::move(version));
  std::vector<Conflict> found =
      FindConflictsOf(view, rules, sha256, subject, deciding::OutlinesOf(prepared), now);
  std::erase_if(found, [&](const Conflict& conflict) { return !IsKnownTo(conflict, party); });
  return found;
}

}  // namespace wideberth::airspace
