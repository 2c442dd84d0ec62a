// What others than the issuer do about a notice, and what parties do about a conflict.
#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "airspace/decide_impl.h"
#include "base/limits.h"

namespace wideberth::airspace::deciding {

using base::ErrorCode;
using base::Fail;
using base::Result;

namespace {

Result<const NoticeVersion*> DeclaredVersion(const Notice& notice, const base::Digest& name) {
  const NoticeVersion* version = FindVersion(notice, name);
  if (version == nullptr || version->disclosure != Disclosure::kDeclared) {
    return Fail(ErrorCode::kNotFound, "/version", "must name a version of the notice",
                name.ToHex());
  }
  return version;
}

// Who may say for `by` what became of another party's notice: that party, or the node.
Result<void> CheckBy(const Context& context, const Notice& notice, base::PartyId by) {
  if (by.uuid.is_nil()) return base::Invalid("/by", "must name a party", by.ToString());
  if (!context.by_node() && context.party != by) {
    return Fail(ErrorCode::kForbidden, "/by", "must be the caller's own party", by.ToString());
  }
  if (by == notice.party) {
    return Fail(ErrorCode::kForbidden, "/by", "must be another party than the notice's",
                by.ToString());
  }
  return {};
}

}  // namespace

Result<Decision> On(const Context& context, const Assess& command) {
  WB_ASSIGN_OR_RETURN(const Notice* held, FindDeclared(context, command.id));
  if (held->party == context.party) {
    return Fail(ErrorCode::kForbidden, "/id", "must name another party's notice",
                command.id.ToString());
  }
  WB_RETURN_IF_ERROR(DeclaredVersion(*held, command.version));
  if (command.need_time_until.has_value() != (command.assessment == Assessment::kNeedTime) ||
      command.assessment == Assessment::kNone) {
    return base::Invalid("/assessment",
                         "must be no_objection, objection, or need_time with need_time_until",
                         Name(command.assessment));
  }
  if (command.need_time_until && *command.need_time_until <= context.said_at) {
    return base::Invalid("/need_time_until", "must lie after the moment at which it is said",
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
  decision.effects.emplace_back(AxesOf(after));
  Describe(context, after, &decision);
  return decision;
}

Result<Decision> On(const Context& context, const Disseminate& command) {
  WB_ASSIGN_OR_RETURN(const Notice* held, FindDeclared(context, command.id));
  Notice after = *held;
  Dissemination& told = after.dissemination[context.party];
  if (command.units_told && !told.units_told) told.units_told = context.now;
  if (command.own_aircraft_clear && !told.own_aircraft_clear) {
    told.own_aircraft_clear = context.now;
  }
  if (after == *held) return Unchanged(context, *held);
  Decision decision;
  decision.effects.emplace_back(AxesOf(after));
  Describe(context, after, &decision);
  return decision;
}

namespace {

// Whether what is to be recorded of `version` is known for it, or for a newer one.
template <class Fact>
bool IsKnown(const Notice& notice, const std::optional<Fact>& receipt, const NoticeVersion& version,
             bool counts) {
  if (!receipt || receipt->counts < counts) return false;
  const NoticeVersion* known = FindVersion(notice, receipt->version);
  return known != nullptr && known->number >= version.number;
}

// What follows when `by`'s delivery is `delivery`: it may decide which versions are checked.
Decision ConcludeDelivery(const Context& context, const Notice& held, base::PartyId by,
                          const Delivery& delivery) {
  Decision decision;
  const NoticeVersion* effective = EffectiveVersion(held);
  if (effective != nullptr && effective->until_read_back) {
    Notice after = held;
    after.delivery[by] = delivery;
    if (CheckedVersions(held) != CheckedVersions(after) ||
        CheckedVersions(held, by) != CheckedVersions(after, by)) {
      Conclude(context, after, {}, &decision);
      return decision;
    }
  }
  // Otherwise the effective version is checked, or none.
  decision.effects.emplace_back(DeliveryChanged{held.id, by, delivery});
  Describe(context, held, &decision);
  return decision;
}

Delivery DeliveryTo(const Notice& notice, base::PartyId by) {
  const auto known = notice.delivery.find(by);
  return known == notice.delivery.end() ? Delivery{} : known->second;
}

bool IsInEffect(const Notice& notice, const NoticeVersion& version) {
  return EffectiveVersion(notice) == &version;
}

}  // namespace

Result<Decision> On(const Context& context, const RecordReceipt& command) {
  WB_ASSIGN_OR_RETURN(const Notice* held, FindDeclared(context, command.id));
  WB_RETURN_IF_ERROR(CheckBy(context, *held, command.by));
  WB_ASSIGN_OR_RETURN(const NoticeVersion* version, DeclaredVersion(*held, command.version));
  const bool counts = IsInEffect(*held, *version);
  Delivery delivery = DeliveryTo(*held, command.by);
  if (IsKnown(*held, delivery.r1, *version, counts)) return Unchanged(context, *held);
  delivery.r1 = Receipt{command.version, context.now, counts};
  return ConcludeDelivery(context, *held, command.by, delivery);
}

Result<Decision> On(const Context& context, const RecordCosigned& command) {
  WB_ASSIGN_OR_RETURN(const Notice* held, FindDeclared(context, command.id));
  WB_RETURN_IF_ERROR(CheckBy(context, *held, command.by));
  WB_ASSIGN_OR_RETURN(const NoticeVersion* version, DeclaredVersion(*held, command.version));
  const bool counts = IsInEffect(*held, *version);
  Delivery delivery = DeliveryTo(*held, command.by);
  if (IsKnown(*held, delivery.r2, *version, counts)) return Unchanged(context, *held);
  delivery.r2 = Recorded{command.version, context.now, command.cosigned_at, counts};
  return ConcludeDelivery(context, *held, command.by, delivery);
}

Result<Decision> On(const Context& context, const RecordReadBack& command) {
  WB_ASSIGN_OR_RETURN(const Notice* held, FindDeclared(context, command.id));
  WB_RETURN_IF_ERROR(CheckBy(context, *held, command.by));
  WB_ASSIGN_OR_RETURN(const NoticeVersion* version, DeclaredVersion(*held, command.version));
  const bool counts = IsInEffect(*held, *version);
  Delivery delivery = DeliveryTo(*held, command.by);
  if (IsKnown(*held, delivery.r3, *version, counts)) return Unchanged(context, *held);
  if (!IsKnown(*held, delivery.r1, *version, false)) {
    return Fail(ErrorCode::kConflict, "/version",
                "must have come to the party (R1) before it is read back (R3)",
                command.version.ToHex());
  }
  delivery.r3 = Receipt{command.version, context.now, counts};
  return ConcludeDelivery(context, *held, command.by, delivery);
}

Result<Decision> On(const Context& context, const Disregard& command) {
  WB_ASSIGN_OR_RETURN(const Notice* held, FindDeclared(context, command.id));
  WB_RETURN_IF_ERROR(CheckBy(context, *held, command.by));
  if (held->kind() != NoticeKind::kHazard) {
    return base::Invalid("/id", "must name a hazard", Name(held->kind()));
  }
  if (IsOver(*held)) {
    return Fail(ErrorCode::kConflict, "/id", "must name a hazard that is not over",
                command.id.ToString());
  }
  if (held->disregarded_by.contains(command.by)) return Unchanged(context, *held);
  Notice after = *held;
  after.disregarded_by[command.by] = context.now;
  Decision decision;
  decision.effects.emplace_back(AxesOf(after));
  // The conflicts stay as they are, with what has been done about them.
  for (const Conflict* conflict : context.view.LiveConflictsOf(held->id)) {
    const size_t hazard = conflict->sides[0].notice == held->id ? 0 : 1;
    if (conflict->sides[1 - hazard].party != command.by) continue;
    Conflict marked = *conflict;
    marked.sides[1 - hazard].disregarded_at = context.now;
    marked.changed_at = context.now;
    decision.effects.emplace_back(ConflictChanged{marked});
    decision.conflicts.push_back(std::move(marked));
  }
  KeepKnown(context, &decision.conflicts);
  Describe(context, after, &decision);
  return decision;
}

namespace {

// A live conflict and which of its sides the caller is; zones can put one party on both. Of a local
// one the other side knows nothing, so what the caller does about it is all that is done.
struct OwnConflict {
  Conflict conflict;
  std::array<bool, 2> own{};
};
Result<OwnConflict> FindOwnConflict(const Context& context, const base::Digest& id) {
  const Conflict* held = context.view.FindConflict(id);
  OwnConflict found;
  if (held != nullptr) {
    found.conflict = *held;
    const bool known = IsKnownTo(*held, context.party);
    for (size_t i = 0; i < 2; ++i) {
      found.own[i] = known && held->sides[i].party == context.party;
    }
  }
  if (!found.own[0] && !found.own[1]) {
    return Fail(ErrorCode::kNotFound, "/id", "must name a conflict of the caller's party",
                id.ToHex());
  }
  if (!IsLive(*held)) {
    return Fail(ErrorCode::kConflict, "/id", "must name a conflict that is not over",
                Name(held->state));
  }
  return found;
}

}  // namespace

Result<Decision> On(const Context& context, const MarkConflictSeen& command) {
  WB_ASSIGN_OR_RETURN(OwnConflict found, FindOwnConflict(context, command.conflict));
  Decision decision;
  bool changed = false;
  for (size_t i = 0; i < 2; ++i) {
    if (!found.own[i] || found.conflict.sides[i].seen_at) continue;
    found.conflict.sides[i].seen_at = context.now;
    changed = true;
  }
  if (changed) {
    found.conflict.state = StateOfSaid(found.conflict);
    found.conflict.changed_at = context.now;
    decision.effects.emplace_back(ConflictChanged{found.conflict});
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
    conflict.state = StateOfSaid(conflict);
    conflict.changed_at = context.now;
    decision.effects.emplace_back(ConflictChanged{conflict});
  }
  decision.conflicts.push_back(std::move(conflict));
  return decision;
}

Result<Decision> On(const Context& context, const ForgetSaid& command) {
  WB_ASSIGN_OR_RETURN(OwnConflict found, FindOwnConflict(context, command.conflict));
  Conflict& conflict = found.conflict;
  Decision decision;
  bool changed = false;
  for (size_t i = 0; i < 2; ++i) {
    ConflictSide& side = conflict.sides[i];
    if (!found.own[i] || (!side.seen_at && side.measures.empty())) continue;
    side.seen_at.reset();
    side.measures.clear();
    changed = true;
  }
  if (changed) {
    conflict.state = StateOfSaid(conflict);
    conflict.changed_at = context.now;
    decision.effects.emplace_back(ConflictChanged{conflict});
  }
  decision.conflicts.push_back(std::move(conflict));
  return decision;
}

Result<Decision> On(const Context& context, const AcceptRisk& command) {
  WB_ASSIGN_OR_RETURN(OwnConflict found, FindOwnConflict(context, command.conflict));
  Conflict& conflict = found.conflict;
  if (!conflict.local()) {
    return Fail(ErrorCode::kConflict, "/id",
                "must be with a held plan: of any other both sides agree on measures",
                command.conflict.ToHex());
  }
  if (command.risk.until && *command.risk.until <= context.now) {
    return base::Invalid("/until", "must lie after the present time",
                         base::FormatRfc3339(*command.risk.until));
  }
  Decision decision;
  if (!conflict.risk_accepted || conflict.risk_accepted->act != command.risk.act) {
    for (size_t i = 0; i < 2; ++i) {
      if (found.own[i] && !conflict.sides[i].seen_at) conflict.sides[i].seen_at = context.now;
    }
    conflict.risk_accepted = command.risk;
    conflict.risk_accepted->at = context.now;
    conflict.state = ConflictState::kKept;
    conflict.changed_at = context.now;
    decision.effects.emplace_back(ConflictChanged{conflict});
  }
  decision.conflicts.push_back(std::move(conflict));
  return decision;
}

}  // namespace wideberth::airspace::deciding
