#include <memory>
#include <utility>
#include <vector>

#include "api/node/answer.h"
#include "api/node/handlers.h"
#include "api/node/views.h"
#include "base/limits.h"
#include "base/random.h"
#include "crypto/sha256.h"
#include "formats/notice_json.h"
#include "formats/zone_file.h"

namespace wideberth::api::node {
namespace {

using airspace::Notice;
using base::Result;

constexpr std::string_view kDeclaration = "/declaration";

struct NoticeFilter {
  std::optional<airspace::DataMode> data_mode;
  std::optional<base::PartyId> party;
  std::optional<airspace::NoticeKind> kind;
  std::optional<bool> in_force;

  bool Wants(const service::Sequencer& sequencer, const Notice& notice) const {
    if (data_mode && *data_mode != notice.data_mode()) return false;
    if (party && *party != notice.party) return false;
    if (kind && *kind != notice.kind()) return false;
    return !in_force || *in_force == airspace::InForce(notice, sequencer.NowOf(notice.data_mode()));
  }
};

// A party by its name or its id; one that the rules do not know has no notices.
Result<base::PartyId> ParseParty(const airspace::RuleBook& rules, std::string_view text) {
  if (const airspace::PartyEntry* party = rules.FindParty(text)) return party->id;
  const Result<base::PartyId> id = base::PartyId::Parse(text);
  if (id && rules.FindParty(*id) != nullptr) return *id;
  return base::Invalid("", "must be the name or the id of a party of the rules", text);
}

Result<NoticeFilter> TakeFilter(net::Query* query, const airspace::RuleBook& rules) {
  NoticeFilter filter;
  WB_ASSIGN_OR_RETURN(filter.data_mode,
                      query->Parsed("data_mode", airspace::ParseName<airspace::DataMode>));
  WB_ASSIGN_OR_RETURN(filter.party, query->Parsed("party", [&](std::string_view text) {
    return ParseParty(rules, text);
  }));
  WB_ASSIGN_OR_RETURN(filter.kind,
                      query->Parsed("kind", airspace::ParseName<airspace::NoticeKind>));
  WB_ASSIGN_OR_RETURN(filter.in_force, query->Bool("in_force"));
  return filter;
}

std::string PageJson(const Page<NoticeView>& page, const airspace::RuleBook& rules) {
  std::string body;
  json::Writer json(&body);
  json.BeginObject();
  json.Key("notices");
  json.BeginArray();
  for (const NoticeView& view : page.items) WriteNoticeView(&json, view, rules);
  json.EndArray();
  if (page.next) json.Uint64Field("next", *page.next);
  json.Uint64Field("durable_seq", page.seq);
  json.EndObject();
  return body;
}

base::Error NoSuchNotice(base::NoticeId id) {
  return {base::ErrorCode::kNotFound, "id", "must name a notice that the caller may see",
          id.ToString()};
}

// The view of one notice, and the batch that it needs.
struct FoundNotice {
  NoticeView view;
  uint64_t seq = 0;
};
Result<FoundNotice> FindVisible(const Call& call, bool with_history,
                                std::optional<uint32_t> version) {
  WB_ASSIGN_OR_RETURN(const base::NoticeId id, NoticeIdOf(call));
  net::Query query(call.request.target);
  WB_RETURN_IF_ERROR(query.ExpectNoOthers());
  auto [view, seq] = call.context.node.Read([&](const airspace::State& state) {
    const Notice* notice = state.FindNotice(id);
    return notice == nullptr ? std::nullopt
                             : ViewNotice(*notice, call.caller.id(), with_history, version);
  });
  if (!view) return base::Fail(NoSuchNotice(id));
  return FoundNotice{*std::move(view), seq};
}

// The feature of a file that a zone was imported from, with what a notice must not have (MECHANISM 10): kept with the
// zone, and given to its publisher alone.
Result<void> TakeOriginal(json::Object* body, airspace::Declaration* declaration) {
  WB_ASSIGN_OR_RETURN(const auto original,
                      body->OptionalString("original", limits::kHttpBodyBytesMax));
  if (!original) return {};
  if (declaration->kind != airspace::NoticeKind::kZone) {
    return body->Refuse("original", "must not be present: only a zone is imported from a file");
  }
  if (!formats::UnwrapOriginal(*original)) {
    return body->Refuse("original", "must be a feature with its format and place, as JSON text");
  }
  declaration->original = *original;
  return {};
}

// In line mode nothing is released by putting it.
Result<void> CheckPutInLineMode(const Call& call, bool draft, bool held,
                                const airspace::PreparedDeclaration& prepared) {
  if (!call.context.line) return {};
  if (!draft && !held) {
    return base::Fail(base::ErrorCode::kConflict, "/draft",
                      "must be true, or held: in line mode people act by POST /v1/acts");
  }
  // The text of a draft is what its release sends.
  if (draft && formats::UnwrapOriginal(prepared.declaration().original)) {
    return base::Invalid("/original",
                         "must not be given with draft in line mode: it would be sent");
  }
  return RequireRole(call, held ? operators::ActKind::kHoldPlan : operators::ActKind::kDraftNotice);
}

}  // namespace

base::Error InRequestWords(base::Error error, const airspace::Declaration& declaration) {
  const bool of_declaration = error.field.starts_with("/volumes") || error.field == "/kind" ||
                              error.field == "/data_mode" || error.field == "/activity_class" ||
                              error.field == "/name" || error.field == "/role_to_call" ||
                              error.field == "/frequency" || error.field == "/unplanned" ||
                              error.field.starts_with("/may_tell");
  if (!of_declaration) return error;
  return formats::InJsonNames(std::move(error), declaration).Under(kDeclaration);
}

Result<std::shared_ptr<const airspace::PreparedDeclaration>> TakeDeclaration(const Call& call,
                                                                             json::Object* body,
                                                                             bool to_keep) {
  WB_ASSIGN_OR_RETURN(const json::Value value, body->Required("declaration"));
  WB_ASSIGN_OR_RETURN(airspace::Declaration declaration, formats::DecodeDeclaration(value));
  if (to_keep) {
    WB_RETURN_IF_ERROR(TakeOriginal(body, &declaration));
  }
  auto prepared = call.context.node.Prepare(std::move(declaration));
  if (prepared) return prepared;
  // The names of a refusal depend on the outlines, which are gone: read once more, not copied always.
  WB_ASSIGN_OR_RETURN(declaration, formats::DecodeDeclaration(value));
  return base::Fail(InRequestWords(std::move(prepared).error(), declaration));
}

Result<void> ListNotices(Call& call) {
  const service::Node& node = call.context.node;
  net::Query query(call.request.target);
  WB_ASSIGN_OR_RETURN(const PageRequest request, TakePageRequest(&query));
  WB_ASSIGN_OR_RETURN(const NoticeFilter filter, TakeFilter(&query, node.rules()));
  WB_ASSIGN_OR_RETURN(const auto format, query.Parsed("format", ParsePageFormat));
  WB_RETURN_IF_ERROR(query.ExpectNoOthers());
  service::Sequencer* sequencer = &call.context.node.sequencer();
  const base::PartyId party = call.caller.id();
  const Page<NoticeView> page = ReadPage<NoticeView, Notice>(
      node, request, &airspace::State::VisitNotices,
      [&](const airspace::State&, const Notice& notice) -> std::optional<NoticeView> {
        if (!filter.Wants(*sequencer, notice)) return std::nullopt;
        return ViewNotice(notice, party);
      });
  net::Response response;
  if (format == PageFormat::kGeoJson) {
    std::vector<const Notice*> notices;
    for (const NoticeView& view : page.items) notices.push_back(&view.notice);
    response =
        GeoJsonResponse(formats::NoticesGeoJson(notices, node.rules()), call.request, page.next);
  } else {
    response = net::JsonResponse(200, PageJson(page, node.rules()));
  }
  AnswerWhenDurable(sequencer, page.seq, std::move(call.responder), std::move(response));
  return {};
}

Result<void> GetNotice(Call& call) {
  WB_ASSIGN_OR_RETURN(const FoundNotice found, FindVisible(call, true, std::nullopt));
  struct OfDesk {
    std::vector<mechanism::ThirdPartyDuty> third_parties;
    std::optional<mechanism::Provenance> known;
    std::optional<mechanism::Peer> issuer;
  };
  const auto [of_desk, seq] =
      call.context.node.ReadDesk([&](const airspace::State&, const mechanism::Desk& desk) {
        OfDesk read{desk.ThirdPartiesOf(found.view.notice.id), std::nullopt, std::nullopt};
        const mechanism::Provenance* known = desk.FindProvenance(found.view.notice.id);
        if (known != nullptr && (known->forwarder || !known->to.empty())) read.known = *known;
        const mechanism::Peer* issuer = desk.FindPeer(found.view.notice.party);
        if (read.known && issuer != nullptr) read.issuer = *issuer;
        return read;
      });
  std::string body;
  json::Writer json(&body);
  json.BeginObject();
  json.Key("notice");
  WriteNoticeView(&json, found.view, call.context.node.rules());
  json.Key("versions");
  json.BeginArray();
  for (const VersionView& view : found.view.history) WriteVersionView(&json, view);
  json.EndArray();
  if (!of_desk.third_parties.empty()) {
    json.Key("third_parties");
    json.BeginArray();
    for (const auto& duty : of_desk.third_parties) {
      WriteThirdParty(&json, duty, call.context.node.rules());
    }
    json.EndArray();
  }
  if (of_desk.known) {
    json.Key("forwarding");
    WriteForwarding(&json, *of_desk.known, of_desk.issuer ? &*of_desk.issuer : nullptr,
                    call.context.node.rules());
  }
  json.EndObject();
  AnswerWhenDurable(&call.context.node.sequencer(), std::max(found.seq, seq),
                    std::move(call.responder), net::JsonResponse(200, std::move(body)));
  return {};
}

Result<void> GetNoticeVersion(Call& call) {
  WB_ASSIGN_OR_RETURN(const uint64_t number,
                      net::ParseNumber("number", call.params.Get("number"), 1, UINT32_MAX));
  WB_ASSIGN_OR_RETURN(const FoundNotice found,
                      FindVisible(call, false, static_cast<uint32_t>(number)));
  std::string body;
  json::Writer json(&body);
  formats::WriteVersion(&json, found.view.notice.latest());
  AnswerWhenDurable(&call.context.node.sequencer(), found.seq, std::move(call.responder),
                    net::JsonResponse(200, std::move(body)));
  return {};
}

Result<void> GetNoticeOriginal(Call& call) {
  WB_ASSIGN_OR_RETURN(const base::NoticeId id, NoticeIdOf(call));
  net::Query query(call.request.target);
  WB_RETURN_IF_ERROR(query.ExpectNoOthers());
  auto [original, seq] = call.context.node.Read([&](const airspace::State& state) {
    const Notice* notice = state.FindNotice(id);
    const bool own = notice != nullptr && notice->party == call.caller.id();
    return own ? notice->latest().declaration.original : std::string();
  });
  if (!formats::UnwrapOriginal(original)) {
    return base::Fail(base::ErrorCode::kNotFound, "id",
                      "must name a zone of the caller's that was imported from a file",
                      id.ToString());
  }
  std::string body;
  json::Writer json(&body);
  json.BeginObject();
  json.StringField("original", original);
  json.EndObject();
  AnswerWhenDurable(&call.context.node.sequencer(), seq, std::move(call.responder),
                    net::JsonResponse(200, std::move(body)));
  return {};
}

Result<void> PutNotice(Call& call) {
  WB_ASSIGN_OR_RETURN(const base::NoticeId id, NoticeIdOf(call));
  net::Query query(call.request.target);
  WB_RETURN_IF_ERROR(query.ExpectNoOthers());
  WB_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(call.request.body));
  WB_ASSIGN_OR_RETURN(json::Object body, document.root().AsObject());
  WB_ASSIGN_OR_RETURN(const std::optional<bool> draft, body.OptionalBool("draft"));
  WB_ASSIGN_OR_RETURN(const std::optional<bool> held, body.OptionalBool("held"));
  WB_ASSIGN_OR_RETURN(const auto replaces,
                      body.OptionalParsed("replaces", 64, base::Digest::FromHex));
  WB_ASSIGN_OR_RETURN(const auto prepared, TakeDeclaration(call, &body, /*to_keep=*/true));
  WB_RETURN_IF_ERROR(body.ExpectNoOtherFields());
  WB_RETURN_IF_ERROR(
      CheckPutInLineMode(call, draft.value_or(false), held.value_or(false), *prepared));
  airspace::Declare declare{id, prepared, draft.value_or(false), replaces};
  declare.held = held.value_or(false);
  return Submit(call, std::move(declare), DecisionWriter(call.context),
                [prepared](base::Error error) {
                  return InRequestWords(std::move(error), prepared->declaration());
                });
}

Result<void> CheckDeclaration(Call& call) {
  service::Node& node = call.context.node;
  net::Query query(call.request.target);
  WB_RETURN_IF_ERROR(query.ExpectNoOthers());
  WB_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(call.request.body));
  WB_ASSIGN_OR_RETURN(json::Object body, document.root().AsObject());
  WB_ASSIGN_OR_RETURN(const auto given, body.OptionalParsed("notice", 36, base::NoticeId::Parse));
  WB_ASSIGN_OR_RETURN(const auto prepared, TakeDeclaration(call, &body, /*to_keep=*/false));
  WB_RETURN_IF_ERROR(body.ExpectNoOtherFields());
  // Without an id of its own the check gets one that meets no other.
  const base::NoticeId id = given ? *given : base::NoticeId{base::SystemRandom().NewUuidV4()};
  const base::PartyId party = call.caller.id();
  using Views = std::optional<std::vector<ConflictView>>;
  auto [views, seq] = node.Read([&](const airspace::State& state) -> Views {
    const Notice* held = state.FindNotice(id);
    if (held != nullptr && held->party != party) return std::nullopt;
    std::vector<ConflictView> found;
    const base::UtcMicros now = node.sequencer().NowOf(prepared->declaration().data_mode);
    for (const airspace::Conflict& conflict :
         airspace::FindConflicts(state, node.rules(), crypto::Sha256, party, id, *prepared, now)) {
      found.push_back(ViewConflict(state, conflict));
    }
    return found;
  });
  if (!views) {
    return base::Fail(base::ErrorCode::kForbidden, "/notice",
                      "must not be the id of another party's notice", id.ToString());
  }
  std::string text;
  json::Writer json(&text);
  json.BeginObject();
  json.StringField("version", prepared->digest().ToHex());
  json.Key("conflicts");
  json.BeginArray();
  for (const ConflictView& view : *views) WriteConflictView(&json, view, node.rules());
  json.EndArray();
  json.EndObject();
  AnswerWhenDurable(&node.sequencer(), seq, std::move(call.responder),
                    net::JsonResponse(200, std::move(text)));
  return {};
}

}  // namespace wideberth::api::node
