// Conflicts between the nodes of a line (MECHANISM 4): the same ids, signed bases, and what people say about them.
#include <algorithm>

#include "crypto/sha256.h"
#include "json/reader.h"
#include "json/writer.h"
#include "mechanism/basis.h"
#include "mechanism/core.h"
#include "mechanism/core_line.h"

namespace wideberth::mechanism {
namespace {

using airspace::Conflict;
using base::Result;
using base::UtcMicros;

// The side of `party`, or null when it has no part in it.
const airspace::ConflictSide* SideOf(const Conflict& conflict, base::PartyId party) {
  for (const airspace::ConflictSide& side : conflict.sides) {
    if (side.party == party) return &side;
  }
  return nullptr;
}

const airspace::ConflictSide& Other(const Conflict& conflict, const airspace::ConflictSide& side) {
  return conflict.sides[&side == &conflict.sides[0] ? 1 : 0];
}

Result<void> RequirePresent(const ConflictVersions& present, const ConflictVersions& looked_at) {
  for (size_t i = 0; i < present.size(); ++i) {
    if (present[i] == looked_at[i]) continue;
    return base::Fail(base::ErrorCode::kConflict, "/versions/" + std::to_string(i),
                      "must be the newest version of this side: " + present[i].notice.ToString() +
                          " " + present[i].version.ToHex(),
                      looked_at[i].version.ToHex());
  }
  return {};
}

}  // namespace

ConflictVersions VersionsOf(const airspace::Conflict& conflict) {
  ConflictVersions versions;
  for (size_t i = 0; i < versions.size(); ++i) {
    versions[i] = {conflict.sides[i].notice, conflict.sides[i].version};
  }
  return versions;
}

Basis BasisOf(const airspace::Conflict& conflict) {
  return {conflict.id, conflict.agreed,
          airspace::IsLive(conflict) ? conflict.verdict : airspace::Verdict::kClear,
          VersionsOf(conflict)};
}

std::optional<base::PartyId> WhoHearsOf(const Conflict& conflict, base::PartyId self) {
  const airspace::ConflictSide* ours = SideOf(conflict, self);
  if (ours == nullptr || conflict.local()) return std::nullopt;
  return Other(conflict, *ours).party;
}

std::string WriteBasis(const Basis& basis) {
  std::string text;
  json::Writer json(&text);
  json.BeginObject();
  json.StringField("conflict", basis.conflict.ToHex());
  json.StringField("agreement", basis.agreement.ToHex());
  json.StringField("verdict", airspace::Name(basis.verdict));
  WriteConflictVersions(basis.versions, &json);
  json.EndObject();
  return text;
}

Result<Basis> ReadBasis(std::string_view text) {
  WB_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(text));
  WB_ASSIGN_OR_RETURN(json::Object object, document.root().AsObject());
  Basis basis;
  WB_ASSIGN_OR_RETURN(basis.conflict, object.RequiredParsed("conflict", 64, base::Digest::FromHex));
  WB_ASSIGN_OR_RETURN(basis.agreement,
                      object.RequiredParsed("agreement", 64, base::Digest::FromHex));
  WB_ASSIGN_OR_RETURN(basis.verdict,
                      object.RequiredParsed("verdict", 16, airspace::ParseName<airspace::Verdict>));
  WB_ASSIGN_OR_RETURN(basis.versions, ReadConflictVersions(&object));
  return basis;
}

// ---- What the machine says ----

void Core::FollowConflicts(std::span<const airspace::Effect> effects, UtcMicros now) {
  for (const airspace::Effect& effect : effects) {
    if (const auto* changed = std::get_if<airspace::ConflictChanged>(&effect)) {
      FollowConflict(changed->conflict, now);
      const auto peer = WhoHearsOf(changed->conflict, self_.party);
      Line* line = peer ? Find(*peer) : nullptr;
      if (line != nullptr) line->TakeSaid(this, changed->conflict, now);
    }
  }
}

void Core::FollowConflict(const Conflict& conflict, UtcMicros now) {
  const airspace::ConflictSide* ours = SideOf(conflict, self_.party);
  if (lines_.empty() || ours == nullptr) return;
  const std::optional<base::PartyId> hears = WhoHearsOf(conflict, self_.party);
  Line* line = hears ? Find(*hears) : nullptr;
  if (line != nullptr) SignBasis(*line, conflict);

  const bool waits =
      IsLive(conflict) && !ours->seen_at && conflict.treatment != airspace::Treatment::kListed;
  const std::vector<const Matter*> open = desk_.OpenMattersOf(conflict.id);
  if (!waits) {
    const std::string_view as = conflict.risk_accepted ? "risk_accepted" : "seen";
    if (!open.empty()) CloseMattersOf(conflict.id, MatterKind::kConflict, as, now);
    return;
  }
  if (!open.empty()) return;
  Matter matter;
  matter.kind = MatterKind::kConflict;
  matter.peer = Other(conflict, *ours).party;
  matter.data_mode = conflict.data_mode;
  matter.notice = ours->notice;
  matter.subject = conflict.id;
  matter.starts_at = conflict.first_moment;
  OpenMatter(std::move(matter), now);
}

// Of conflicts that have left the state, save those that the peer alone has found and nobody here has looked at.
void Core::ForgetBases() {
  std::vector<base::Digest> gone;
  for (const auto& [conflict, basis] : desk_.bases_signed()) {
    if (airspace_.FindConflict(conflict) == nullptr) gone.push_back(conflict);
  }
  for (const base::Digest& conflict : gone) Put(BasisSigned{conflict, {}});
  gone.clear();
  for (const auto& [conflict, text] : desk_.bases_heard()) {
    if (airspace_.FindConflict(conflict) == nullptr && desk_.OpenMattersOf(conflict).empty()) {
      gone.push_back(conflict);
    }
  }
  for (const base::Digest& conflict : gone) Put(BasisHeard{conflict, {}});
}

void Core::SignBasis(Line& line, const Conflict& conflict) {
  // What was signed already is still coming back, and is not the same as what is signed in the middle of it:
  // FollowOldCopies signs what differs in the end.
  if (line.old_copy_of) return;
  std::string text = WriteBasis(BasisOf(conflict));
  const base::Digest digest = crypto::Sha256(base::AsBytes(text));
  if (desk_.SignedBasis(conflict.id) == digest) return;
  // A verdict that was never told needs no withdrawal.
  if (!IsLive(conflict) && !desk_.SignedBasis(conflict.id)) return;
  const auto written =
      Write(line, kBasisType, conflict.data_mode, line::Lane::kSafety, std::move(text), now_);
  if (written) Put(BasisSigned{conflict.id, digest});
}

void Core::TakeBasis(Line& line, const line::Received& received, UtcMicros now) {
  const Result<Basis> heard = ReadBasis(received.body());
  if (!heard) return OpenUnusable(line, received, heard.error(), now);
  const Conflict* conflict = airspace_.FindConflict(heard->conflict);
  if (conflict != nullptr && SideOf(*conflict, line.peer) == nullptr) {
    return OpenUnusable(line, received,
                        {base::ErrorCode::kInvalid, "/conflict", "must be one of this line",
                         heard->conflict.ToHex()},
                        now);
  }
  // It is under another agreement there than it was: what they had said of it has fallen with that.
  const std::string* before = desk_.HeardBasis(heard->conflict);
  const Result<Basis> last = before != nullptr ? ReadBasis(*before) : heard;
  const bool fallen = last && last->agreement != heard->agreement;
  if (fallen || heard->verdict == airspace::Verdict::kClear) line.said_early.erase(heard->conflict);
  if (fallen && conflict != nullptr && IsLive(*conflict)) {
    const auto forgotten = DecideFor(line, airspace::ForgetSaid{heard->conflict}, now);
    if (!forgotten) return OpenUnusable(line, received, forgotten.error(), now);
    conflict = airspace_.FindConflict(heard->conflict);
  }
  Put(BasisHeard{heard->conflict, std::string(received.body())});
  // A conflict that either side finds is one on both: people look at what this node does not see.
  const bool clear_here = conflict == nullptr || !IsLive(*conflict);
  if (!clear_here) return;
  if (heard->verdict == airspace::Verdict::kClear) {
    // Both see none: nobody has to look any more.
    return CloseMattersOf(heard->conflict, MatterKind::kConflict, "clear", now);
  }
  if (!desk_.OpenMattersOf(heard->conflict).empty()) return;
  Matter matter;
  matter.kind = MatterKind::kConflict;
  matter.peer = line.peer;
  matter.data_mode = received.opened.message.data_mode;
  matter.subject = heard->conflict;
  matter.urgent = true;
  OpenMatter(std::move(matter), now);
}

// ---- What people say ----

Result<bool> Core::IsOfPeerAlone(const base::Digest& id, const ConflictVersions& looked_at) const {
  const Conflict* conflict = airspace_.FindConflict(id);
  if (conflict != nullptr && IsLive(*conflict)) {
    WB_RETURN_IF_ERROR(RequirePresent(VersionsOf(*conflict), looked_at));
    return false;
  }
  const std::string* heard = desk_.HeardBasis(id);
  if (heard == nullptr || desk_.OpenMattersOf(id).empty()) return false;
  WB_ASSIGN_OR_RETURN(const Basis basis, ReadBasis(*heard));
  WB_RETURN_IF_ERROR(RequirePresent(basis.versions, looked_at));
  return true;
}

Result<void> Core::TellOfConflict(const base::Digest& id, const ActRequest& request,
                                  line::Now now) {
  const Conflict& conflict = *airspace_.FindConflict(id);
  if (conflict.local()) return {};
  for (const airspace::ConflictSide& side : conflict.sides) {
    Line* line = Find(side.party);
    if (line != nullptr) WB_RETURN_IF_ERROR(SendAct(*line, request, now));
  }
  return {};
}

Result<airspace::Decision> Core::DoBody(const ActRequest& request, const MarkConflictSeen& body,
                                        line::Now now) {
  WB_ASSIGN_OR_RETURN(const bool of_peer_alone, IsOfPeerAlone(body.conflict, body.versions));
  if (of_peer_alone) {
    // There is nothing here to mark but the matter.
    CloseMattersOf(body.conflict, MatterKind::kConflict, "seen", now.utc);
    return airspace::Decision();
  }
  WB_ASSIGN_OR_RETURN(airspace::Decision decision,
                      DecideAs(self_.party, airspace::MarkConflictSeen{body.conflict}, now.utc));
  WB_RETURN_IF_ERROR(TellOfConflict(body.conflict, request, now));
  return decision;
}

Result<airspace::Decision> Core::DoBody(const ActRequest& request, const ProposeMeasures& body,
                                        line::Now now) {
  WB_RETURN_IF_ERROR(IsOfPeerAlone(body.conflict, body.versions));
  WB_ASSIGN_OR_RETURN(
      airspace::Decision decision,
      DecideAs(self_.party, airspace::ProposeMeasures{body.conflict, body.measures}, now.utc));
  WB_RETURN_IF_ERROR(TellOfConflict(body.conflict, request, now));
  return decision;
}

// Nothing of it leaves this node: the conflict is with a held plan, or the act is refused.
Result<airspace::Decision> Core::DoBody(const ActRequest& request, const AcceptRisk& body,
                                        line::Now now) {
  const Conflict* conflict = airspace_.FindConflict(body.conflict);
  if (conflict != nullptr && IsLive(*conflict)) {
    WB_RETURN_IF_ERROR(RequirePresent(VersionsOf(*conflict), body.versions));
  }
  const Act& act = request.act.act;
  return DecideAs(self_.party,
                  airspace::AcceptRisk{body.conflict,
                                       {now.utc, body.until, request.act.digest,
                                        std::string(operators::Name(act.role)), act.key_id}},
                  now.utc);
}

// What was said of versions that are no longer the newest here stays in the record and counts for nothing: its maker's
// node forgets it too, as soon as it has what this one has.
bool Core::CountsHere(const base::Digest& id, const ConflictVersions& looked_at) const {
  const Conflict* conflict = airspace_.FindConflict(id);
  return conflict != nullptr && IsLive(*conflict) && VersionsOf(*conflict) == looked_at;
}

void Core::Line::KeepSaid(const Core& core, const base::Digest& conflict,
                          const ConflictVersions& looked_at, std::optional<std::string> measures) {
  const Conflict* held = core.airspace_.FindConflict(conflict);
  if (held != nullptr && IsLive(*held)) return;  // of other versions
  if (said_early.size() >= kSaidEarlyMax && !said_early.contains(conflict)) {
    said_early.erase(said_early.begin());
  }
  SaidEarly& said = said_early[conflict];
  if (said.looked_at != looked_at) said = {looked_at, false, std::nullopt};
  if (measures) {
    said.measures = std::move(measures);
  } else {
    said.seen = true;
  }
}

void Core::Line::TakeSaid(Core* core, const Conflict& conflict, UtcMicros now) {
  if (!core->CountsHere(conflict.id, VersionsOf(conflict))) return;
  const auto early = said_early.extract(conflict.id);
  if (early.empty() || early.mapped().looked_at != VersionsOf(conflict)) return;
  const auto take = [&](airspace::CommandBody body) {
    const auto taken = core->DecideFor(*this, std::move(body), now);
    if (!taken) core->Journal("unusable", nullptr, taken.error().ToString(), now);
  };
  if (early.mapped().seen) take(airspace::MarkConflictSeen{conflict.id});
  if (early.mapped().measures) {
    take(airspace::ProposeMeasures{conflict.id, *early.mapped().measures});
  }
}

Result<void> Core::TakeBody(Line& line, const SealedAct&, const MarkConflictSeen& body,
                            std::string_view, UtcMicros now) {
  if (!CountsHere(body.conflict, body.versions)) {
    line.KeepSaid(*this, body.conflict, body.versions, std::nullopt);
    return {};
  }
  return DecideFor(line, airspace::MarkConflictSeen{body.conflict}, now);
}

Result<void> Core::TakeBody(Line& line, const SealedAct&, const ProposeMeasures& body,
                            std::string_view, UtcMicros now) {
  if (!CountsHere(body.conflict, body.versions)) {
    line.KeepSaid(*this, body.conflict, body.versions, body.measures);
    return {};
  }
  return DecideFor(line, airspace::ProposeMeasures{body.conflict, body.measures}, now);
}

Result<void> Core::TakeBody(Line&, const SealedAct&, const AcceptRisk&, std::string_view,
                            UtcMicros) {
  return base::Invalid("/act/payload/act", "must be one that crosses a line",
                       operators::Name(operators::ActKind::kAcceptRisk));
}

}  // namespace wideberth::mechanism
