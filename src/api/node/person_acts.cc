// What people do in line mode: one route for every act that another party must be able to prove, and the two steps
// that stay inside (the second person's check of a draft, and disregarding a hazard whose issuer is gone).
//
// The body of an act is its fields in mechanism/act.h, flat. What the node knows better than the person it fills in:
// id, party, key, role, time, data mode, and the digests of texts. The person's own key signs, on the loop.
#include <algorithm>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "api/node/answer.h"
#include "api/node/handlers.h"
#include "base/limits.h"
#include "base/random.h"
#include "crypto/sha256.h"
#include "exchange/readout.h"
#include "mechanism/act.h"

namespace wideberth::api::node {
namespace {

using airspace::DataMode;
using airspace::Notice;
using airspace::State;
using base::ErrorCode;
using base::Fail;
using base::Result;
using mechanism::Desk;
using operators::ActKind;

constexpr size_t kUuidDigits = 36;
constexpr size_t kDigestDigits = 64;
constexpr size_t kWordBytesMax = 64;
constexpr size_t kPeerBytesMax = 64;

using Prepared = std::shared_ptr<const airspace::PreparedDeclaration>;

// An act as far as the body says it.
struct Draft {
  mechanism::ActBody body;
  DataMode data_mode = DataMode::kReal;
  std::optional<base::PartyId> to;
  Prepared prepared;   // of a release
  std::string beside;  // minutes or a statement
  std::optional<base::NoticeId> from_plan;
  std::string agreement;  // of one that is proposed
};

// ---- Releases ----

Result<airspace::Declaration> ContentOfDraft(const Call& call, base::NoticeId id) {
  auto [content, seq] = call.context.node.ReadDesk(
      [&](const State& state, const Desk&) -> std::optional<airspace::Declaration> {
        const Notice* notice = state.FindNotice(id);
        if (notice == nullptr || notice->party != call.caller.id()) return std::nullopt;
        if (notice->latest().author != airspace::AuthorState::kDraft) return std::nullopt;
        return notice->latest().declaration;
      });
  if (content) return *std::move(content);
  return Fail(ErrorCode::kNotFound, "/notice",
              "must name a draft of this party, or the declaration must be given", id.ToString());
}

// The peer's versions in force near a declaration, which its releaser is taken to have seen (MECHANISM 3.1). The act
// goes alike to every line, and nothing of one line may stand in another (MECHANISM 1.1), not even as a digest: with
// more than one peer it quotes none.
std::vector<base::Digest> VersionsNear(const Call& call,
                                       const airspace::PreparedDeclaration& prepared) {
  const auto find = [&](const State& state, const Desk& desk) {
    std::set<base::Digest> found;
    if (desk.peers().size() != 1) return found;
    const base::PartyId peer = desk.peers().begin()->first;
    std::vector<airspace::NearVolume> near;
    for (const auto& query : prepared.queries()) {
      near.clear();
      state.Near(prepared.declaration().data_mode, query, &near);
      for (const airspace::NearVolume& volume : near) {
        if (volume.notice->party != peer) continue;
        const airspace::NoticeVersion* newest = airspace::EffectiveVersion(*volume.notice);
        if (newest != nullptr) found.insert(newest->digest);
        if (found.size() == limits::kActVersionsSeenMax) return found;
      }
    }
    return found;
  };
  const std::set<base::Digest> found = call.context.node.ReadDesk(find).first;
  return {found.begin(), found.end()};
}

Result<std::vector<base::Digest>> TakeSeen(const Call& call, json::Object* body,
                                           const airspace::PreparedDeclaration& prepared) {
  WB_ASSIGN_OR_RETURN(const auto given, body->OptionalArray("seen", limits::kActVersionsSeenMax));
  if (!given) return VersionsNear(call, prepared);
  const size_t peers =
      call.context.node.ReadDesk([](const State&, const Desk& desk) { return desk.peers().size(); })
          .first;
  if (peers > 1 && given->size() > 0) {
    return body->Refuse("seen",
                        "must be empty: the act goes to several peers, and what one has "
                        "released is not for another to hear of");
  }
  std::vector<base::Digest> seen;
  for (const json::Value value : *given) {
    WB_ASSIGN_OR_RETURN(const std::string_view text, value.AsString(kDigestDigits));
    auto digest = base::Digest::FromHex(text);
    if (!digest) return value.Refuse(std::move(digest).error());
    seen.push_back(*digest);
  }
  return seen;
}

Result<Draft> ReadRelease(const Call& call, json::Object* body) {
  Draft draft;
  mechanism::Release release;
  WB_ASSIGN_OR_RETURN(release.notice,
                      body->RequiredParsed("notice", kUuidDigits, base::NoticeId::Parse));
  WB_ASSIGN_OR_RETURN(release.previous,
                      body->OptionalParsed("previous", kDigestDigits, base::Digest::FromHex));
  WB_ASSIGN_OR_RETURN(const auto check,
                      body->OptionalParsed("check", kWordBytesMax, mechanism::ParseReleaseCheck));
  WB_ASSIGN_OR_RETURN(draft.from_plan,
                      body->OptionalParsed("from_plan", kUuidDigits, base::NoticeId::Parse));
  if (body->Find("declaration")) {
    WB_ASSIGN_OR_RETURN(draft.prepared, TakeDeclaration(call, body, /*to_keep=*/false));
  } else {
    WB_ASSIGN_OR_RETURN(airspace::Declaration content, ContentOfDraft(call, release.notice));
    WB_ASSIGN_OR_RETURN(draft.prepared, call.context.node.Prepare(std::move(content)));
  }
  const airspace::Declaration& content = draft.prepared->declaration();
  // What is going on already waits for no second person.
  release.check = check.value_or(content.unplanned ? mechanism::ReleaseCheck::kNone
                                                   : mechanism::ReleaseCheck::kSecondEntry);
  release.declaration_sha256 = crypto::Sha256(base::AsBytes(content.original));
  WB_ASSIGN_OR_RETURN(release.seen, TakeSeen(call, body, *draft.prepared));
  draft.data_mode = content.data_mode;
  draft.body = std::move(release);
  return draft;
}

// ---- The others ----

Result<DataMode> ModeOfNotice(const Call& call, base::NoticeId id) {
  const auto mode =
      call.context.node
          .ReadDesk([&](const State& state, const Desk&) -> std::optional<DataMode> {
            const Notice* notice = state.FindNotice(id);
            return notice == nullptr ? std::nullopt : std::optional(notice->data_mode());
          })
          .first;
  if (mode) return *mode;
  return Fail(ErrorCode::kNotFound, "/notice", "must name a notice", id.ToString());
}

// Of a conflict that the peer alone has found the matter tells.
DataMode ModeOfConflict(const Call& call, const base::Digest& id) {
  const auto find = [&](const State& state, const Desk& desk) {
    const airspace::Conflict* conflict = state.FindConflict(id);
    if (conflict != nullptr) return conflict->data_mode;
    const auto matters = desk.OpenMattersOf(id);
    return matters.empty() ? DataMode::kReal : matters.front()->data_mode;
  };
  return call.context.node.ReadDesk(find).first;
}

// What is no call is refused when the act is done.
DataMode ModeOfCall(const Call& call, base::Uuid id) {
  const auto find = [&](const State&, const Desk& desk) {
    const mechanism::Call* found = desk.FindCall(id);
    return found == nullptr ? DataMode::kReal : found->data_mode;
  };
  return call.context.node.ReadDesk(find).first;
}

Result<Draft> ReadReadBack(const Call& call, json::Object* body) {
  mechanism::ReadBack read_back;
  WB_ASSIGN_OR_RETURN(read_back.notice,
                      body->RequiredParsed("notice", kUuidDigits, base::NoticeId::Parse));
  WB_ASSIGN_OR_RETURN(read_back.version,
                      body->RequiredParsed("version", kDigestDigits, base::Digest::FromHex));
  WB_ASSIGN_OR_RETURN(const auto of,
                      body->OptionalParsed("of", kDigestDigits, base::Digest::FromHex));
  read_back.of = of.value_or(read_back.version);
  WB_ASSIGN_OR_RETURN(const json::Object reading, body->RequiredObject("reading"));
  WB_ASSIGN_OR_RETURN(read_back.reading, mechanism::ReadReading(reading));
  WB_ASSIGN_OR_RETURN(const auto over_voice, body->OptionalBool("over_voice"));
  read_back.over_voice = over_voice.value_or(false);
  WB_ASSIGN_OR_RETURN(const DataMode mode, ModeOfNotice(call, read_back.notice));
  const auto text =
      call.context.node
          .ReadDesk([&](const State& state, const Desk&) -> std::optional<std::string> {
            const Notice* notice = state.FindNotice(read_back.notice);
            const auto* version =
                notice == nullptr ? nullptr : airspace::FindVersion(*notice, read_back.version);
            return version == nullptr ? std::nullopt : std::optional(version->declaration.original);
          })
          .first;
  if (!text) {
    return Fail(ErrorCode::kNotFound, "/version", "must be a version of the notice",
                read_back.version.ToHex());
  }
  read_back.declaration_sha256 = crypto::Sha256(base::AsBytes(*text));
  Draft draft;
  draft.data_mode = mode;
  draft.body = std::move(read_back);
  return draft;
}

Result<std::optional<base::PartyId>> TakePeer(const Call& call, json::Object* body,
                                              std::string_view key) {
  return body->OptionalParsed(key, kPeerBytesMax,
                              [&](std::string_view text) { return FindPeer(call.context, text); });
}

// The mode of what is called about, which the caller knows: an exercise has stop calls of its own.
Result<DataMode> TakeMode(json::Object* body) {
  WB_ASSIGN_OR_RETURN(const auto mode, body->OptionalParsed("data_mode", kWordBytesMax,
                                                            airspace::ParseName<DataMode>));
  return mode.value_or(DataMode::kReal);
}

template <class Body>
concept AboutNotice = std::derived_from<Body, mechanism::NoticeVersionRef>;
template <class Body>
concept AboutConflict = requires(const Body& body) { body.conflict; };
template <class Body>
concept AboutAgreement = requires(const Body& body) { body.agreement; };
template <class Body>
concept Answering = requires(const Body& body) { body.answers; };

Result<Draft> ReadOther(const Call& call, ActKind kind, json::Object* body) {
  Draft draft;
  WB_ASSIGN_OR_RETURN(draft.body, mechanism::ReadActBody(kind, body));
  const auto complete = [&](const auto& read) -> Result<void> {
    using Body = std::decay_t<decltype(read)>;
    if constexpr (AboutNotice<Body>) {
      WB_ASSIGN_OR_RETURN(draft.data_mode, ModeOfNotice(call, read.notice));
    } else if constexpr (AboutConflict<Body>) {
      draft.data_mode = ModeOfConflict(call, read.conflict);
    } else if constexpr (Answering<Body>) {
      draft.data_mode = ModeOfCall(call, read.answers);
    } else if constexpr (std::is_same_v<Body, mechanism::StopCall> ||
                         std::is_same_v<Body, mechanism::IncursionWarning>) {
      WB_ASSIGN_OR_RETURN(draft.data_mode, TakeMode(body));
      WB_ASSIGN_OR_RETURN(draft.to, TakePeer(call, body, "to"));
    } else if constexpr (std::is_same_v<Body, mechanism::AskKeepClear>) {
      // Its "to" is a time, as that of an exercise.
      WB_ASSIGN_OR_RETURN(draft.data_mode, TakeMode(body));
      WB_ASSIGN_OR_RETURN(draft.to, TakePeer(call, body, "peer"));
    } else if constexpr (std::is_same_v<Body, mechanism::OpenExercise> ||
                         std::is_same_v<Body, mechanism::CloseExercise> || AboutAgreement<Body>) {
      WB_ASSIGN_OR_RETURN(draft.to, TakePeer(call, body, "peer"));
    } else if constexpr (std::is_same_v<Body, mechanism::HandOver> ||
                         std::is_same_v<Body, mechanism::AcknowledgeHandover>) {
      // To nobody.
    } else {
      // Line checks and the policy lane are REAL always (MECHANISM 2.4).
      WB_ASSIGN_OR_RETURN(draft.to, TakePeer(call, body, "to"));
    }
    return {};
  };
  WB_RETURN_IF_ERROR(std::visit(complete, draft.body));
  return draft;
}

// To a peer, which the body names as people do.
Result<Draft> ReadForward(const Call& call, json::Object* body) {
  Draft draft;
  mechanism::ForwardNotice forward;
  WB_ASSIGN_OR_RETURN(forward.notice,
                      body->RequiredParsed("notice", kUuidDigits, base::NoticeId::Parse));
  WB_ASSIGN_OR_RETURN(forward.version,
                      body->RequiredParsed("version", kDigestDigits, base::Digest::FromHex));
  WB_ASSIGN_OR_RETURN(forward.to, body->RequiredParsed("to", kPeerBytesMax, [&](auto text) {
    return FindPeer(call.context, text);
  }));
  WB_ASSIGN_OR_RETURN(draft.data_mode, ModeOfNotice(call, forward.notice));
  draft.body = forward;
  return draft;
}

// The text stands for its digest.
Result<Draft> ReadProposal(const Call& call, json::Object* body) {
  Draft draft;
  mechanism::ProposeAgreement propose;
  WB_ASSIGN_OR_RETURN(const std::string_view text,
                      body->RequiredString("text", limits::kAgreementBytesMax));
  draft.agreement = text;
  propose.agreement = crypto::Sha256(base::AsBytes(text));
  WB_ASSIGN_OR_RETURN(propose.counters,
                      body->OptionalParsed("counters", kDigestDigits, base::Digest::FromHex));
  WB_ASSIGN_OR_RETURN(draft.to, TakePeer(call, body, "peer"));
  draft.body = propose;
  return draft;
}

// Minutes and statements: the text that is signed is what the body has, in compact form.
Result<Draft> ReadBeside(ActKind kind, json::Object* body) {
  Draft draft;
  const bool readout = kind == ActKind::kProposeReadout;
  WB_ASSIGN_OR_RETURN(const json::Object text,
                      body->RequiredObject(readout ? "readout" : "statement"));
  draft.beside = text.AsValue().ToJson();
  const base::Digest digest = crypto::Sha256(base::AsBytes(draft.beside));
  if (readout) {
    auto minutes = exchange::ParseMinutes(draft.beside);
    if (!minutes) return text.AsValue().Refuse(std::move(minutes).error());
    draft.body = exchange::ProposeReadout{minutes->exchange, digest};
  } else {
    auto statement = exchange::ParseStatement(draft.beside);
    if (!statement) return text.AsValue().Refuse(std::move(statement).error());
    draft.body = exchange::PublishStatement{statement->exchange, digest};
  }
  return draft;
}

Result<Draft> ReadDraft(const Call& call, ActKind kind, json::Object* body) {
  if (kind == ActKind::kRelease) return ReadRelease(call, body);
  if (kind == ActKind::kProposeReadout || kind == ActKind::kPublishStatement) {
    return ReadBeside(kind, body);
  }
  if (kind == ActKind::kReadBack) return ReadReadBack(call, body);
  if (kind == ActKind::kForwardNotice) return ReadForward(call, body);
  if (kind == ActKind::kProposeAgreement) return ReadProposal(call, body);
  return ReadOther(call, kind, body);
}

// Decide speaks of commands; the body calls some things otherwise.
base::Error InActWords(base::Error error, ActKind kind, const Prepared& prepared) {
  const bool of_conflict = kind == ActKind::kMarkConflictSeen ||
                           kind == ActKind::kProposeMeasures || kind == ActKind::kAcceptRisk;
  if (error.field == "/id") error.field = of_conflict ? "/conflict" : "/notice";
  if (error.field == "/replaces") error.field = "/previous";
  if (error.field == "/need_time_until") error.field = "/until";
  return prepared == nullptr ? error : InRequestWords(std::move(error), prepared->declaration());
}

const base::Digest* AgreementOf(const mechanism::ActBody& body) {
  return std::visit(
      [](const auto& each) -> const base::Digest* {
        if constexpr (AboutAgreement<std::decay_t<decltype(each)>>) return &each.agreement;
        return nullptr;
      },
      body);
}

net::Response ActResponse(const Context& context, const mechanism::SealedAct& act,
                          airspace::Decision decision) {
  const int status = decision.created ? 201 : 200;
  std::string body;
  json::Writer json(&body);
  json.BeginObject();
  json.StringField("act", act.digest.ToHex());
  json.StringField("id", act.act.id.ToString());
  if (const base::Digest* agreement = AgreementOf(act.act.body)) {
    json.StringField("agreement", agreement->ToHex());
  }
  if (decision.notice) {
    json.Key("decision");
    json.Raw(DecisionWriter(context)(std::move(decision)));
  } else if (!decision.conflicts.empty()) {
    json.Key("conflict");
    json.Raw(ConflictWriter(context)(std::move(decision)));
  }
  json.EndObject();
  return net::JsonResponse(status, std::move(body));
}

}  // namespace

Result<void> PostAct(Call& call) {
  std::optional<json::Document> document;
  WB_ASSIGN_OR_RETURN(json::Object body, ReadBody(call, &document));
  WB_ASSIGN_OR_RETURN(const ActKind kind,
                      body.RequiredParsed("act", kWordBytesMax, operators::ParseActKind));
  WB_RETURN_IF_ERROR(RequireRole(call, kind));
  WB_ASSIGN_OR_RETURN(Draft draft, ReadDraft(call, kind, &body));
  WB_RETURN_IF_ERROR(body.ExpectNoOtherFields());
  const Session& session = *call.caller.session;
  mechanism::Act act;
  act.id = base::SystemRandom().NewUuidV4();
  act.party = call.caller.id();
  act.role = session.role;
  act.data_mode = draft.data_mode;
  act.at = call.context.node.clock().Now();
  act.body = std::move(draft.body);
  mechanism::ActRequest request;
  WB_ASSIGN_OR_RETURN(request.act, mechanism::SealAct(std::move(act), session.key));
  request.prepared = draft.prepared;
  if (draft.prepared != nullptr) request.declaration = draft.prepared->declaration().original;
  request.beside = std::move(draft.beside);
  request.from_plan = draft.from_plan;
  request.to = draft.to;
  request.agreement = std::move(draft.agreement);
  const auto work = [&context = call.context, request = std::move(request)](
                        mechanism::Core& core, line::Now now) -> Result<net::Response> {
    WB_ASSIGN_OR_RETURN(mechanism::ActResult result, core.Do(request, now));
    return ActResponse(context, request.act, std::move(result.decision));
  };
  return SubmitWork(call, work, [kind, prepared = draft.prepared](base::Error error) {
    return InActWords(std::move(error), kind, prepared);
  });
}

Result<void> CheckDraft(Call& call) {
  WB_RETURN_IF_ERROR(RequireRole(call, ActKind::kEnterReleaseCheck));
  WB_ASSIGN_OR_RETURN(const base::NoticeId id, NoticeIdOf(call));
  std::optional<json::Document> document;
  WB_ASSIGN_OR_RETURN(json::Object body, ReadBody(call, &document));
  WB_ASSIGN_OR_RETURN(const json::Object object, body.RequiredObject("reading"));
  WB_ASSIGN_OR_RETURN(const mechanism::Reading reading, mechanism::ReadReading(object));
  WB_RETURN_IF_ERROR(body.ExpectNoOtherFields());
  const auto work = [&context = call.context, id, reading, key_id = call.caller.session->key_id()](
                        mechanism::Core& core, line::Now now) -> Result<net::Response> {
    WB_RETURN_IF_ERROR(core.CheckRelease(id, reading, key_id, now.utc));
    const base::Digest checked = context.node
                                     .ReadDesk([&](const State&, const Desk& desk) {
                                       return desk.FindReleaseCheck(id)->declaration_sha256;
                                     })
                                     .first;
    std::string text;
    json::Writer json(&text);
    json.BeginObject();
    json.StringField("notice", id.ToString());
    json.StringField("declaration_sha256", checked.ToHex());
    json.StringField("checked_by", key_id);
    json.EndObject();
    return net::JsonResponse(200, std::move(text));
  };
  return SubmitWork(call, work, [](base::Error error) {
    if (error.field == "/notice") error.field = "id";
    return error;
  });
}

Result<void> DisregardNotice(Call& call) {
  WB_RETURN_IF_ERROR(RequireRole(call, ActKind::kDisregardHazard));
  WB_ASSIGN_OR_RETURN(const base::NoticeId id, NoticeIdOf(call));
  std::optional<json::Document> document;
  WB_ASSIGN_OR_RETURN(const json::Object body, ReadBody(call, &document));
  WB_RETURN_IF_ERROR(body.ExpectNoOtherFields());
  return Submit(call, airspace::Disregard{id, call.caller.id()}, DecisionWriter(call.context));
}

}  // namespace wideberth::api::node
