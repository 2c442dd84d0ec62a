#include "api/node/api.h"

#include <array>
#include <memory>
#include <utility>

#include "api/node/answer.h"
#include "api/node/handlers.h"
#include "base/limits.h"

namespace wideberth::api::node {
namespace {

using net::Method;

struct Route {
  RouteInfo info;
  base::Result<void> (*handler)(Call&);
};

constexpr std::array kRoutes = {
    Route{{Method::kGet, "/healthy", Scope::kNone}, GetHealthy},
    Route{{Method::kGet, "/metrics", Scope::kNone}, GetMetrics},
    Route{{Method::kGet, "/v1/openapi.json", Scope::kNone}, GetOpenApi},
    Route{{Method::kGet, "/v1/status", Scope::kRead}, GetStatus},
    Route{{Method::kGet, "/v1/rules", Scope::kRead}, GetRules},
    Route{{Method::kGet, "/v1/events", Scope::kRead}, GetEvents},
    Route{{Method::kGet, "/v1/notices", Scope::kRead}, ListNotices},
    Route{{Method::kGet, "/v1/notices/{id}", Scope::kRead}, GetNotice},
    Route{{Method::kGet, "/v1/notices/{id}/versions/{number}", Scope::kRead}, GetNoticeVersion},
    Route{{Method::kGet, "/v1/notices/{id}/original", Scope::kRead}, GetNoticeOriginal},
    Route{{Method::kPut, "/v1/notices/{id}", Scope::kWrite}, PutNotice},
    Route{{Method::kPost, "/v1/notices/{id}/withdraw", Scope::kWrite}, WithdrawNotice},
    Route{{Method::kPost, "/v1/notices/{id}/activity", Scope::kWrite}, SetNoticeActivity},
    Route{{Method::kPost, "/v1/notices/{id}/all_clear", Scope::kWrite}, ClearNotice},
    Route{{Method::kPost, "/v1/notices/{id}/assessment", Scope::kWrite}, AssessNotice},
    Route{{Method::kPost, "/v1/notices/{id}/dissemination", Scope::kWrite}, DisseminateNotice},
    Route{{Method::kPost, "/v1/check", Scope::kRead}, CheckDeclaration},
    Route{{Method::kGet, "/v1/conflicts", Scope::kRead}, ListConflicts},
    Route{{Method::kGet, "/v1/conflicts/{id}", Scope::kRead}, GetConflict},
    Route{{Method::kPost, "/v1/conflicts/{id}/seen", Scope::kWrite}, SeeConflict},
    Route{{Method::kPost, "/v1/conflicts/{id}/measures", Scope::kWrite}, ProposeConflictMeasures},
    Route{{Method::kPut, "/v1/clock", Scope::kAdmin}, PutClock},
    Route{{Method::kPost, "/v1/login", Scope::kNone, true}, PostLogin},
    Route{{Method::kPost, "/v1/logout", Scope::kSession, true}, PostLogout},
    Route{{Method::kGet, "/v1/me", Scope::kSession, true}, GetMe},
    Route{{Method::kGet, "/v1/operators", Scope::kRead, true}, ListOperators},
    Route{{Method::kPost, "/v1/operators", Scope::kAdmin, true}, PostOperator},
    Route{{Method::kPost, "/v1/operators/{name}/disable", Scope::kAdmin, true}, DisableOperator},
    Route{{Method::kPost, "/v1/operators/{name}/rekey", Scope::kAdmin, true}, RekeyOperator},
    Route{{Method::kPost, "/v1/acts", Scope::kSession, true}, PostAct},
    Route{{Method::kPost, "/v1/notices/{id}/check", Scope::kSession, true}, CheckDraft},
    Route{{Method::kPost, "/v1/notices/{id}/disregard", Scope::kSession, true}, DisregardNotice},
    Route{{Method::kGet, "/v1/lines", Scope::kRead, true}, ListLines},
    Route{{Method::kPost, "/v1/lines/{peer}/suspend", Scope::kSession, true}, SuspendLine},
    Route{{Method::kPost, "/v1/lines/{peer}/resume", Scope::kSession, true}, ResumeLine},
    Route{{Method::kPost, "/v1/lines/{peer}/confirm", Scope::kSession, true}, ConfirmLine},
    Route{{Method::kPost, "/v1/lines/{peer}/keys", Scope::kAdmin, true}, ConfirmKeys},
    Route{{Method::kGet, "/v1/lines/{peer}/record", Scope::kRead, true}, GetLineRecord},
    Route{{Method::kGet, "/v1/record/{peer}/{writer}/checkpoint", Scope::kRead, true},
          GetCheckpoint},
    Route{{Method::kGet, "/v1/record/{peer}/{writer}/entries/{index}", Scope::kRead, true},
          GetEntry},
    Route{{Method::kGet, "/v1/record/{peer}/{writer}/tile/{level}/{a}", Scope::kRead, true},
          GetTile},
    Route{{Method::kGet, "/v1/record/{peer}/{writer}/tile/{level}/{a}/{b}", Scope::kRead, true},
          GetTile},
    Route{{Method::kGet, "/v1/record/{peer}/{writer}/tile/{level}/{a}/{b}/{c}", Scope::kRead, true},
          GetTile},
    Route{{Method::kGet, "/v1/record/{peer}/{writer}/tile/{level}/{a}/{b}/{c}/{d}", Scope::kRead,
           true},
          GetTile},
    Route{{Method::kGet, "/v1/evidence", Scope::kRead, true}, ListEvidence},
    Route{{Method::kGet, "/v1/evidence/{name}", Scope::kRead, true}, GetEvidence},
    Route{{Method::kGet, "/v1/keys", Scope::kRead, true}, GetKeys},
    Route{{Method::kPost, "/v1/keys/rotate", Scope::kAdmin, true}, RotateKeys},
    Route{{Method::kGet, "/v1/dead-man", Scope::kRead, true}, ListDeadManAreas},
    Route{{Method::kPost, "/v1/dead-man/{name}/arm", Scope::kSession, true}, ArmDeadManArea},
    Route{{Method::kPost, "/v1/dead-man/{name}/disarm", Scope::kSession, true}, DisarmDeadManArea},
    Route{{Method::kPost, "/v1/dead-man/{name}/heartbeat", Scope::kHeartbeat, true},
          BeatDeadManArea},
    Route{{Method::kGet, "/v1/agreements", Scope::kRead, true}, ListAgreements},
    Route{{Method::kGet, "/v1/agreements/{digest}", Scope::kRead, true}, GetAgreement},
    Route{{Method::kGet, "/v1/matters", Scope::kRead, true}, ListMatters},
    Route{{Method::kGet, "/v1/calls", Scope::kRead, true}, ListCalls},
    Route{{Method::kGet, "/v1/statistics", Scope::kRead, true}, GetStatistics},
    Route{{Method::kGet, "/v1/lines/{peer}/entries", Scope::kRead, true}, ListEntries},
    Route{{Method::kGet, "/v1/lines/{peer}/timeline", Scope::kRead, true}, GetTimeline},
    Route{{Method::kPost, "/v1/lines/{peer}/was-notified", Scope::kRead, true}, AskWasNotified},
    Route{{Method::kGet, "/v1/journal", Scope::kAdmin, true}, ListJournal},
    Route{{Method::kGet, "/v1/handover", Scope::kRead, true}, GetHandover},
    Route{{Method::kGet, "/v1/exchanges", Scope::kRead, true}, ListExchanges},
    Route{{Method::kGet, "/v1/exchanges/{id}", Scope::kRead, true}, GetExchange},
    Route{{Method::kGet, "/v1/exchanges/{id}/comparison", Scope::kRead, true}, CompareExchange},
    Route{{Method::kGet, "/v1/conflicts/{id}/bases", Scope::kRead, true}, GetConflictBases},
};

bool HasBody(Method method) {
  return method == Method::kPut || method == Method::kPost;
}

// Bodies are JSON; a client that says otherwise has made a mistake that it should hear of.
bool IsJson(const net::Headers& headers) {
  const std::optional<std::string_view> type = headers.Find("content-type");
  if (!type) return true;
  std::string_view media = type->substr(0, type->find(';'));
  while (media.ends_with(' ')) media.remove_suffix(1);
  return net::EqualsIgnoreCase(media, "application/json");
}

void Handle(const Context& context, const Route& route, const net::Request& request,
            const net::PathParams& params, net::Responder responder) {
  if (route.info.line_mode && !context.line) {
    return Refuse(&responder,
                  {base::ErrorCode::kNotFound, "path", "this node is not in line mode", ""});
  }
  Caller caller;
  if (route.info.scope != Scope::kNone) {
    const Authority authority{context.tokens, context.node.rules(),
                              context.line ? &context.line->sessions : nullptr,
                              context.node.party()};
    base::Result<Caller> known =
        Authenticate(request, route.info.scope, authority, context.node.clock().Now());
    if (!known) return responder(RenderAuthRefusal(known.error(), route.info.scope));
    caller = std::move(known).value();
  }
  if (HasBody(route.info.method) && !IsJson(request.headers)) {
    return responder(
        RenderError(415, {base::ErrorCode::kInvalid, "content-type", "must be application/json",
                          std::string(request.headers.Find("content-type").value_or(""))}));
  }
  Call call{context, request, params, std::move(caller), std::move(responder)};
  if (const base::Result<void> handled = route.handler(call); !handled) {
    Refuse(&call.responder, handled.error());
  }
}

}  // namespace

std::vector<RouteInfo> Api::Routes() {
  std::vector<RouteInfo> routes;
  for (const Route& route : kRoutes) routes.push_back(route.info);
  return routes;
}

void Api::AddRoutes(net::Router* router) {
  for (const Route& route : kRoutes) {
    const size_t body_bytes_max = HasBody(route.info.method) ? limits::kJsonBodyBytesMax : 0;
    router->Add(route.info.method, route.info.pattern,
                [this, &route](const net::Request& request, const net::PathParams& params,
                               net::Responder responder) {
                  Handle(context_, route, request, params, std::move(responder));
                },
                {.body_bytes_max = body_bytes_max});
  }
}

}  // namespace wideberth::api::node
