#include <utility>
#include <vector>

#include "api/node/answer.h"
#include "api/node/handlers.h"
#include "api/node/views.h"
#include "formats/notice_json.h"

namespace wideberth::api::node {
namespace {

using airspace::Conflict;
using airspace::ConflictState;
using base::Result;

struct ConflictFilter {
  std::optional<airspace::DataMode> data_mode;
  std::optional<ConflictState> state;
  std::optional<bool> live;
  std::optional<airspace::Treatment> treatment;
  std::optional<base::NoticeId> notice;

  bool Wants(const Conflict& conflict) const {
    if (data_mode && *data_mode != conflict.data_mode) return false;
    if (state && *state != conflict.state) return false;
    if (live && *live != airspace::IsLive(conflict)) return false;
    if (treatment && *treatment != conflict.treatment) return false;
    return !notice || conflict.sides[0].notice == *notice || conflict.sides[1].notice == *notice;
  }
};

Result<ConflictFilter> TakeFilter(net::Query* query) {
  ConflictFilter filter;
  WB_ASSIGN_OR_RETURN(filter.data_mode,
                      query->Parsed("data_mode", airspace::ParseName<airspace::DataMode>));
  WB_ASSIGN_OR_RETURN(filter.state, query->Parsed("state", airspace::ParseName<ConflictState>));
  WB_ASSIGN_OR_RETURN(filter.live, query->Bool("live"));
  WB_ASSIGN_OR_RETURN(filter.treatment,
                      query->Parsed("treatment", airspace::ParseName<airspace::Treatment>));
  WB_ASSIGN_OR_RETURN(filter.notice, query->Parsed("notice", base::NoticeId::Parse));
  return filter;
}

std::string PageJson(const Page<ConflictView>& page, const airspace::RuleBook& rules) {
  std::string body;
  json::Writer json(&body);
  json.BeginObject();
  json.Key("conflicts");
  json.BeginArray();
  for (const ConflictView& view : page.items) WriteConflictView(&json, view, rules);
  json.EndArray();
  if (page.next) json.Uint64Field("next", *page.next);
  json.Uint64Field("durable_seq", page.seq);
  json.EndObject();
  return body;
}

}  // namespace

Result<void> ListConflicts(Call& call) {
  const service::Node& node = call.context.node;
  net::Query query(call.request.target);
  WB_ASSIGN_OR_RETURN(const PageRequest request, TakePageRequest(&query));
  WB_ASSIGN_OR_RETURN(const ConflictFilter filter, TakeFilter(&query));
  WB_ASSIGN_OR_RETURN(const auto format, query.Parsed("format", ParsePageFormat));
  WB_RETURN_IF_ERROR(query.ExpectNoOthers());
  const base::PartyId party = call.caller.id();
  const Page<ConflictView> page = ReadPage<ConflictView, Conflict>(
      node, request, &airspace::State::VisitConflicts,
      [&](const airspace::State& state, const Conflict& conflict) -> std::optional<ConflictView> {
        if (!airspace::IsKnownTo(conflict, party) || !filter.Wants(conflict)) return std::nullopt;
        return ViewConflict(state, conflict);
      });
  net::Response response;
  if (format == PageFormat::kGeoJson) {
    std::vector<const Conflict*> conflicts;
    for (const ConflictView& view : page.items) conflicts.push_back(&view.conflict);
    response = GeoJsonResponse(formats::ConflictsGeoJson(conflicts, node.rules()), call.request,
                               page.next);
  } else {
    response = net::JsonResponse(200, PageJson(page, node.rules()));
  }
  AnswerWhenDurable(&call.context.node.sequencer(), page.seq, std::move(call.responder),
                    std::move(response));
  return {};
}

Result<void> GetConflict(Call& call) {
  WB_ASSIGN_OR_RETURN(const base::Digest id, ConflictIdOf(call));
  net::Query query(call.request.target);
  WB_RETURN_IF_ERROR(query.ExpectNoOthers());
  const base::PartyId party = call.caller.id();
  const auto [view, seq] =
      call.context.node.Read([&](const airspace::State& state) -> std::optional<ConflictView> {
        const Conflict* conflict = state.FindConflict(id);
        if (conflict == nullptr || !airspace::IsKnownTo(*conflict, party)) return std::nullopt;
        return ViewConflict(state, *conflict);
      });
  if (!view) {
    return base::Fail(base::ErrorCode::kNotFound, "id",
                      "must name a conflict of the caller's party", id.ToHex());
  }
  std::string body;
  json::Writer json(&body);
  WriteConflictView(&json, *view, call.context.node.rules());
  AnswerWhenDurable(&call.context.node.sequencer(), seq, std::move(call.responder),
                    net::JsonResponse(200, std::move(body)));
  return {};
}

}  // namespace wideberth::api::node
