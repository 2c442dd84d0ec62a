#include "airspace/decide.h"

#include <algorithm>
#include <tuple>

#include "airspace/find_conflicts.h"
#include "base/check.h"
#include "base/limits.h"

namespace wideberth::airspace {
namespace {

using base::ErrorCode;
using base::Fail;
using base::Result;

struct Context {
  const View& view;
  const Rules& rules;
  Sha256Function sha256;
  base::PartyId party;
  base::UtcMicros now;
};

// The earliest moment that the declaration occupies.
base::UtcMicros EarliestStart(const Declaration& declaration) {
  base::UtcMicros earliest = base::kTimeOpenEnd;
  for (const Volume4D& volume : declaration.volumes) {
    earliest = std::min(earliest, volume.window.start);
  }
  return earliest;
}

bool HasStarted(const Notice& notice, base::UtcMicros now) {
  const NoticeVersion* version = EffectiveVersion(notice);
  return version != nullptr &&
         (notice.started_at.has_value() || EarliestStart(version->declaration) <= now);
}

bool IsOver(const Notice& notice) {
  return notice.latest().author == AuthorState::kWithdrawn || notice.all_clear_at.has_value() ||
         (notice.kind() != NoticeKind::kHazard && notice.ended_at.has_value());
}

AxesChanged AxesOf(const Notice& notice) {
  AxesChanged axes{notice.id,           {},
                   notice.activity,     notice.started_at,
                   notice.ended_at,     notice.all_clear_at,
                   notice.delivery,     notice.assessments,
                   notice.dissemination};
  for (const NoticeVersion& version : notice.versions) axes.authors.push_back(version.author);
  return axes;
}

bool WasReleased(const Notice& notice) {
  return std::any_of(notice.versions.begin(), notice.versions.end(),
                     [](const NoticeVersion& v) { return v.author != AuthorState::kDraft; });
}

// The notice, when the caller's party issued it and `version` names its latest version.
Result<const Notice*> OwnLatest(const Context& context, base::NoticeId id,
                                const base::Digest& version) {
  const Notice* notice = context.view.FindNotice(id);
  // Another party's draft is answered like nothing at all.
  if (notice == nullptr || (notice->party != context.party && !WasReleased(*notice))) {
    return Fail(ErrorCode::kNotFound, "/id", "must name a notice", id.ToString());
  }
  if (notice->party != context.party) {
    return Fail(ErrorCode::kForbidden, "/id", "must name a notice of the caller's own party",
                id.ToString());
  }
  if (notice->latest().digest != version) {
    return Fail(ErrorCode::kConflict, "/version",
                "must name the latest version, " + notice->latest().digest.ToHex(),
                version.ToHex());
  }
  return notice;
}

// The notice, when it can be acted on by another party than its issuer.
Result<const Notice*> OthersReleased(const Context& context, base::NoticeId id) {
  const Notice* notice = context.view.FindNotice(id);
  if (notice == nullptr || !WasReleased(*notice)) {
    return Fail(ErrorCode::kNotFound, "/id", "must name a notice", id.ToString());
  }
  return notice;
}

Result<void> CheckTimes(const Context& context, const Declaration& declaration) {
  bool any_left = false;
  for (size_t i = 0; i < declaration.volumes.size(); ++i) {
    const TimeWindow& window = declaration.volumes[i].window;
    any_left = any_left || window.end > context.now;
    if (window.start.us > context.now.us + limits::kNoticeHorizonMaxUs) {
      return base::Invalid("/volumes/" + std::to_string(i) + "/time_start",
                           "must start within 366 days from now",
                           base::FormatRfc3339(window.start));
    }
  }
  if (!any_left) {
    return base::Invalid(
        "/volumes", "must not all have ended: the time here is " + base::FormatRfc3339(context.now),
        base::FormatRfc3339(declaration.volumes.front().window.end));
  }
  return {};
}

// What a new version of an existing notice must respect.
Result<void> CheckReplacement(const Context& context, const Notice& held, const Declare& command) {
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
  if (held.versions.size() >= limits::kNoticeVersionsMax) {
    return Fail(ErrorCode::kTooLarge, "/id", "must have at most 1,000 versions",
                std::to_string(held.versions.size()));
  }
  if (!command.replaces || *command.replaces != held.latest().digest) {
    return Fail(ErrorCode::kConflict, "/replaces",
                "must name the latest version, " + held.latest().digest.ToHex(),
                command.replaces ? command.replaces->ToHex() : "nothing");
  }
  if (held.kind() == NoticeKind::kHazard && HasStarted(held, context.now) &&
      EarliestStart(next) > context.now) {
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
  version.digest = command.prepared->digest();
  version.stored_at = context.now;
  version.author = command.draft ? AuthorState::kDraft : AuthorState::kReleased;
  const base::UtcMicros start = EarliestStart(declaration);
  version.lead_time_us = start == base::kTimeOpenStart ? 0 : start.us - context.now.us;
  const int64_t lead_min_us =
      context.rules.content().lead_time_min_us[static_cast<size_t>(declaration.kind)];
  // What has an open start was always there; nobody can be late with it.
  version.late = start != base::kTimeOpenStart && version.lead_time_us < lead_min_us;
  version.declaration = declaration;
  return version;
}

void AppendConflicts(std::vector<Conflict> changed, Decision* decision) {
  for (Conflict& conflict : changed) {
    decision->effects.push_back(ConflictChanged{std::move(conflict)});
  }
}

void Describe(const Notice& notice, Decision* decision) {
  decision->notice = notice.id;
  decision->version_number = notice.latest().number;
  decision->version = notice.latest().digest;
  decision->lead_time_us = notice.latest().lead_time_us;
  decision->late = notice.latest().late;
}

Decision Unchanged(const Context& context, const Notice& notice) {
  Decision decision;
  Describe(notice, &decision);
  for (const Conflict* conflict : context.view.LiveConflictsOf(notice.id)) {
    decision.conflicts.push_back(*conflict);
  }
  std::sort(decision.conflicts.begin(), decision.conflicts.end(),
            [](const Conflict& a, const Conflict& b) {
              return std::tie(a.first_moment, a.id) < std::tie(b.first_moment, b.id);
            });
  return decision;
}

// Stores what is common to every change of a notice: its axes and what follows for its conflicts.
void Conclude(const Context& context, const Notice& after, const SubjectOutlines& outlines,
              Decision* decision) {
  decision->effects.push_back(AxesOf(after));
  decision->conflicts =
      FindConflictsOf(context.view, context.rules, context.sha256, after, outlines, context.now);
  AppendConflicts(
      ChangedConflicts(context.view, after, &decision->conflicts, context.rules, context.now),
      decision);
  Describe(after, decision);
}

SubjectOutlines OutlinesOf(const PreparedDeclaration& prepared) {
  return {prepared.shapes(), prepared.queries(), prepared.queries_separation()};
}

std::vector<geo::Shape> PrepareShapes(const Notice& notice) {
  std::vector<geo::Shape> shapes;
  if (const NoticeVersion* version = EffectiveVersion(notice)) {
    for (const Volume4D& volume : version->declaration.volumes) {
      base::Result<geo::Shape> shape = geo::Shape::Prepare(volume.outline);
      CHECK_MSG(shape.has_value(), "an outline was prepared once before it was stored");
      shapes.push_back(std::move(*shape));
    }
  }
  return shapes;
}

Result<Decision> On(const Context& context, const Declare& command) {
  CHECK(command.prepared != nullptr);
  const PreparedDeclaration& prepared = *command.prepared;
  const Notice* held = context.view.FindNotice(command.id);
  Notice after;
  if (held != nullptr) {
    if (held->party != context.party) {
      return Fail(ErrorCode::kForbidden, "/id", "must not be the id of another party's notice",
                  command.id.ToString());
    }
    const NoticeVersion& latest = held->latest();
    const bool same = latest.digest == prepared.digest();
    const AuthorState author = command.draft ? AuthorState::kDraft : AuthorState::kReleased;
    if (same && latest.author == author) return Unchanged(context, *held);
    if (!same || latest.author != AuthorState::kDraft) {
      WB_RETURN_IF_ERROR(CheckReplacement(context, *held, command));
    }
    after = *held;
    if (same) after.versions.pop_back();  // a draft is released in its place
  }
  WB_RETURN_IF_ERROR(CheckTimes(context, prepared.declaration()));
  after.id = command.id;
  after.party = context.party;
  NoticeVersion version =
      MakeVersion(context, command, static_cast<uint32_t>(after.versions.size() + 1));
  if (!command.draft) {
    for (NoticeVersion& old : after.versions) old.author = AuthorState::kSuperseded;
    for (const PartyEntry& party : context.rules.content().parties) {
      if (party.id != context.party) after.delivery[party.id] = {version.digest, context.now};
    }
    for (auto& [party, assessment] : after.assessments) assessment.counts = false;
  }
  after.versions.push_back(version);
  Decision decision;
  decision.created = held == nullptr;
  decision.effects.push_back(
      VersionStored{after.id, after.party, std::move(version),
                    command.draft ? std::vector<PreparedVolume>() : prepared.volumes()});
  if (command.draft) {
    decision.effects.push_back(AxesOf(after));
    Describe(after, &decision);
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
  if (held->kind() == NoticeKind::kHazard && HasStarted(*held, context.now)) {
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
    after.started_at = context.now;
  } else {
    after.ended_at = context.now;
  }
  Decision decision;
  const std::vector<geo::Shape> shapes = PrepareShapes(after);
  Conclude(context, after, {shapes, {}, {}}, &decision);
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
  const int64_t dwell_us =
      context.rules.content()
          .hazard_dwell_us[static_cast<size_t>(version->declaration.hazard_class)];
  const base::UtcMicros earliest{held->ended_at->us + dwell_us};
  if (context.now < earliest) {
    return Fail(
        ErrorCode::kConflict, "/id",
        "must not be cleared before the dwell time is over, at " + base::FormatRfc3339(earliest),
        base::FormatRfc3339(context.now));
  }
  Notice after = *held;
  after.activity = own ? ActivityState::kAllClear : ActivityState::kNoLongerObserved;
  after.all_clear_at = context.now;
  Decision decision;
  const std::vector<geo::Shape> shapes = PrepareShapes(after);
  Conclude(context, after, {shapes, {}, {}}, &decision);
  return decision;
}

Result<Decision> On(const Context& context, const Assess& command) {
  WB_ASSIGN_OR_RETURN(const Notice* held, OthersReleased(context, command.id));
  if (held->party == context.party) {
    return Fail(ErrorCode::kForbidden, "/id", "must name another party's notice",
                command.id.ToString());
  }
  const bool known =
      std::any_of(held->versions.begin(), held->versions.end(), [&](const NoticeVersion& version) {
        return version.digest == command.version && version.author != AuthorState::kDraft;
      });
  if (!known) {
    return Fail(ErrorCode::kNotFound, "/version", "must name a version of the notice",
                command.version.ToHex());
  }
  if (command.need_time_until.has_value() != (command.assessment == Assessment::kNeedTime) ||
      command.assessment == Assessment::kNone) {
    return base::Invalid("/assessment",
                         "must be no_objection, objection, or need_time with need_time_until",
                         Name(command.assessment));
  }
  if (command.need_time_until && *command.need_time_until <= context.now) {
    return base::Invalid("/need_time_until", "must lie in the future",
                         base::FormatRfc3339(*command.need_time_until));
  }
  Notice after = *held;
  const NoticeVersion* effective = EffectiveVersion(after);
  AssessmentRecord& record = after.assessments[context.party];
  const AssessmentRecord given{command.version, command.assessment, context.now,
                               command.need_time_until.value_or(base::UtcMicros{0}),
                               effective != nullptr && effective->digest == command.version};
  if (record.version == given.version && record.assessment == given.assessment &&
      record.need_time_until == given.need_time_until) {
    return Unchanged(context, *held);
  }
  // One that counts is not pushed aside by an answer to a version that is history.
  if (record.counts && record.assessment != Assessment::kNone && !given.counts) {
    return Fail(ErrorCode::kConflict, "/version",
                "must name the version in force: the one named was superseded",
                command.version.ToHex());
  }
  record = given;
  Decision decision;
  decision.effects.push_back(AxesOf(after));
  Describe(after, &decision);
  return decision;
}

Result<Decision> On(const Context& context, const Disseminate& command) {
  WB_ASSIGN_OR_RETURN(const Notice* held, OthersReleased(context, command.id));
  Notice after = *held;
  Dissemination& told = after.dissemination[context.party];
  if (command.units_told && !told.units_told) told.units_told = context.now;
  if (command.own_aircraft_clear && !told.own_aircraft_clear) {
    told.own_aircraft_clear = context.now;
  }
  if (after == *held) return Unchanged(context, *held);
  Decision decision;
  decision.effects.push_back(AxesOf(after));
  Describe(after, &decision);
  return decision;
}

// A live conflict and which of its sides the caller is; zones can put one party on both.
struct OwnConflict {
  Conflict conflict;
  std::array<bool, 2> own{};
};
Result<OwnConflict> FindOwnConflict(const Context& context, const base::Digest& id) {
  const Conflict* held = context.view.FindConflict(id);
  OwnConflict found;
  if (held != nullptr) {
    found.conflict = *held;
    for (size_t i = 0; i < 2; ++i) found.own[i] = held->sides[i].party == context.party;
  }
  if (!found.own[0] && !found.own[1]) {
    return Fail(ErrorCode::kNotFound, "/id", "must name a conflict of the caller's party",
                id.ToHex());
  }
  if (held->state == ConflictState::kResolved || held->state == ConflictState::kPassed) {
    return Fail(ErrorCode::kConflict, "/id", "must name a conflict that is not over",
                Name(held->state));
  }
  return found;
}

Result<Decision> On(const Context& context, const MarkConflictSeen& command) {
  WB_ASSIGN_OR_RETURN(OwnConflict found, FindOwnConflict(context, command.conflict));
  Decision decision;
  bool changed = false;
  for (size_t i = 0; i < 2; ++i) {
    if (!found.own[i] || found.conflict.sides[i].seen_at) continue;
    found.conflict.sides[i].seen_at = context.now;
    changed = true;
  }
  if (found.conflict.state == ConflictState::kOpen && found.conflict.sides[0].seen_at &&
      found.conflict.sides[1].seen_at) {
    found.conflict.state = ConflictState::kSeen;
  }
  if (changed) {
    found.conflict.changed_at = context.now;
    decision.effects.push_back(ConflictChanged{found.conflict});
  }
  decision.conflicts.push_back(std::move(found.conflict));
  return decision;
}

Result<Decision> On(const Context& context, const ProposeMeasures& command) {
  WB_ASSIGN_OR_RETURN(OwnConflict found, FindOwnConflict(context, command.conflict));
  const bool coded = !command.measures.empty() &&
                     command.measures.size() <= limits::kMeasuresBytesMax &&
                     command.measures.find_first_not_of(
                         "abcdefghijklmnopqrstuvwxyz0123456789"
                         "_:,.-") == std::string::npos;
  if (!coded) {
    return base::Invalid("/measures", "must be codes of a-z, 0-9 and _ : , . - in 1 to 500 bytes",
                         command.measures);
  }
  Conflict& conflict = found.conflict;
  Decision decision;
  bool changed = false;
  for (size_t i = 0; i < 2; ++i) {
    if (!found.own[i] || conflict.sides[i].measures == command.measures) continue;
    conflict.sides[i].measures = command.measures;
    changed = true;
  }
  if (changed) {
    conflict.state = conflict.sides[0].measures == conflict.sides[1].measures
                         ? ConflictState::kKept
                         : ConflictState::kProposed;
    conflict.changed_at = context.now;
    decision.effects.push_back(ConflictChanged{conflict});
  }
  decision.conflicts.push_back(std::move(conflict));
  return decision;
}

Result<Decision> On(const Context& context, const Recheck& command) {
  const Notice* held = context.view.FindNotice(command.id);
  if (held == nullptr) {
    return Fail(ErrorCode::kNotFound, "/id", "must name a notice", command.id.ToString());
  }
  Decision decision;
  Describe(*held, &decision);
  const std::vector<geo::Shape> shapes = PrepareShapes(*held);
  decision.conflicts = FindConflictsOf(context.view, context.rules, context.sha256, *held,
                                       {shapes, {}, {}}, context.now);
  AppendConflicts(
      ChangedConflicts(context.view, *held, &decision.conflicts, context.rules, context.now),
      &decision);
  return decision;
}

Result<Decision> On(const Context&, const AdoptRules& command) {
  Decision decision;
  decision.effects.push_back(RulesAdopted{command.rules});
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
  decision.effects.push_back(ClockSet{command});
  return decision;
}

Result<Decision> On(const Context& context, const Tick& command) {
  Decision decision;
  for (const base::Digest& id :
       context.view.OverConflicts(command.mode, context.now, limits::kTickItemsMax)) {
    Conflict over = *context.view.FindConflict(id);
    over.state = ConflictState::kPassed;
    over.changed_at = context.now;
    decision.effects.push_back(ConflictChanged{std::move(over)});
  }
  // What has ended still keeps others away until the widest separation in time has passed.
  const base::UtcMicros ended{context.now.us - context.rules.widest().time_us};
  for (const base::NoticeId id :
       context.view.EndedNotices(command.mode, ended, limits::kTickItemsMax)) {
    decision.effects.push_back(NoticeRetired{id});
  }
  const base::UtcMicros before{context.now.us - limits::kNoticeRetentionUs};
  for (const base::NoticeId id :
       context.view.EvictableNotices(command.mode, before, limits::kTickItemsMax)) {
    decision.effects.push_back(NoticeEvicted{id});
  }
  return decision;
}

}  // namespace

Result<Decision> Decide(const View& view, const Rules& rules, Sha256Function sha256,
                        const Command& command, base::UtcMicros now) {
  const Context context{view, rules, sha256, command.party, now};
  return std::visit([&](const auto& body) { return On(context, body); }, command.body);
}

std::vector<Conflict> FindConflicts(const View& view, const Rules& rules, Sha256Function sha256,
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
  return FindConflictsOf(view, rules, sha256, subject, OutlinesOf(prepared), now);
}

}  // namespace wideberth::airspace
