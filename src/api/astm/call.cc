#include "api/astm/call.h"

#include <algorithm>
#include <memory>

#include "api/astm/log_routes.h"
#include "api/astm/replays.h"
#include "json/writer.h"

namespace wideberth::api::astm {
namespace {

constexpr std::string_view kHeader = "authorization";
constexpr std::string_view kScheme = "Bearer ";

base::Unexpected Unauthorized(std::string_view rule) {
  return base::Fail(base::ErrorCode::kUnauthorized, kHeader, rule);
}

base::Result<std::string_view> BearerToken(const net::Headers& headers) {
  const std::optional<std::string_view> value = headers.Find(kHeader);
  if (!value) return Unauthorized("must be present: \"Bearer\" and a token");
  if (headers.Count(kHeader) != 1) return Unauthorized("must be given once");
  if (!net::EqualsIgnoreCase(value->substr(0, kScheme.size()), kScheme)) {
    return Unauthorized("must be \"Bearer\" and a token");
  }
  return value->substr(kScheme.size());
}

base::Result<std::shared_ptr<const crypto::Claims>> Authorize(const net::Request& request,
                                                              const Scopes& scopes,
                                                              const Context& context) {
  WB_ASSIGN_OR_RETURN(const std::string_view token, BearerToken(request.headers));
  const base::UtcMicros now = context.clock.Now();
  WB_ASSIGN_OR_RETURN(auto claims, context.tokens.Verify(token, now));
  if (claims->expires.us - now.us >
      kTokenHoursMax * base::kMicrosPerHour + limits::kTokenClockSkewUs) {
    return base::Fail(base::ErrorCode::kUnauthorized, "token.exp",
                      "must be at most an hour from now");
  }
  if (claims->subject.empty()) {
    return base::Fail(base::ErrorCode::kUnauthorized, "token.sub", "must not be empty");
  }
  const bool granted =
      std::any_of(scopes.begin(), scopes.end(), [&](const std::vector<std::string_view>& all) {
        return std::all_of(all.begin(), all.end(),
                           [&](std::string_view scope) { return claims->HasScope(scope); });
      });
  if (granted) return claims;
  std::string wanted;
  for (const auto& all : scopes) {
    if (!wanted.empty()) wanted += " or ";
    for (size_t i = 0; i < all.size(); ++i) wanted.append(i == 0 ? "" : " and ").append(all[i]);
  }
  return base::Fail(base::ErrorCode::kForbidden, "token.scope", "must hold " + wanted);
}

bool Writes(const net::Request& request) {
  return request.method != net::Method::kGet && request.method != net::Method::kHead &&
         !request.path().ends_with("/query");
}

// False: the request was answered. Otherwise what it will be answered is kept, if it has a key.
bool Once(Call* call) {
  const auto key = Replays::KeyOf(call->request, call->caller());
  if (!key) {
    call->Refuse(400, key.error());
    return false;
  }
  if (!*key) return true;
  Replays* replays = call->context.replays;
  const base::Clock* clock = &call->context.clock;
  if (auto given = replays->Begin(**key, clock->MonotonicMicros())) {
    call->responder(std::move(*given));
    return false;
  }
  call->name = (*key)->name;
  auto responder = std::make_shared<net::Responder>(std::move(call->responder));
  call->responder =
      net::Responder::To([responder, replays, clock, key = **key](net::Response response) {
        replays->End(key, response, clock->MonotonicMicros());
        if (response.status == 0) return responder->HangUp();
        (*responder)(std::move(response));
      });
  return true;
}

// Asks for a token with one of `scopes` before it hands a request on.
net::RouteHandler Guarded(const Context* context, Scopes scopes, Handler handler) {
  return [context, scopes = std::move(scopes), handler = std::move(handler)](
             const net::Request& request, const net::PathParams& params, net::Responder responder) {
    Call call{*context, request, params, std::move(responder), nullptr, std::nullopt};
    if (!scopes.empty()) {
      auto claims = Authorize(request, scopes, *context);
      if (!claims) return call.Refuse(StatusOf(claims.error()), claims.error());
      call.claims = std::move(claims).value();
      if (context->replays != nullptr && Writes(request) && !Once(&call)) return;
    }
    handler(std::move(call));
  };
}

void AddOpening(const dss::Logged& logged, net::Response* response) {
  response->headers.Add(kEntryHeader, base::Base64UrlEncode(base::AsBytes(logged.entry)));
  response->headers.Add(kOpeningHeader, base::Base64UrlEncode(logged.opening));
}

}  // namespace

net::Response RenderRefusal(int status, const base::Error& error) {
  std::string body;
  json::Writer json(&body);
  json.BeginObject();
  json.StringField(status == 500 ? "error_message" : "message", error.ToString());
  json.EndObject();
  net::Response response = net::JsonResponse(status, std::move(body));
  if (status == 503) response.headers.Add("Retry-After", "1");
  if (status == 401) response.headers.Add("WWW-Authenticate", "Bearer realm=\"dss\"");
  return response;
}

int StatusOf(const base::Error& error) {
  if (error.code == base::ErrorCode::kTooLarge) return 429;
  return net::StatusFor(error.code);
}

void AddRoute(net::Router* router, const Context* context, net::Method method,
              std::string_view pattern, Scopes scopes, Handler handler) {
  if (pattern.ends_with('}')) {
    // A path that stops where its last part should stand is a wrong request for this route.
    router->Add(method, pattern.substr(0, pattern.rfind('/') + 1),
                Guarded(context, scopes, [](Call call) {
                  call.Refuse(400, {base::ErrorCode::kInvalid, "path",
                                    "must have something after its last '/'", ""});
                }));
  }
  router->Add(method, pattern, Guarded(context, std::move(scopes), std::move(handler)));
}

void Submit(Call call, dss::Request request, Write write, RefusalStatus status) {
  auto responder = std::make_shared<net::Responder>(std::move(call.responder));
  const std::string caller = call.caller();
  const bool opening_wanted = call.request.headers.Find(kWantsOpeningHeader) == "true";
  auto answer = [responder, caller, status, opening_wanted,
                 write = std::move(write)](const base::Result<dss::Answer>& answered) {
    if (answered) {
      net::Response response = write(*answered, caller);
      if (opening_wanted && answered->logged) AddOpening(*answered->logged, &response);
      return (*responder)(std::move(response));
    }
    // 503 says that nothing was applied. Where nobody knows, nothing is said.
    if (answered.error().code == base::ErrorCode::kStorage) return responder->HangUp();
    (*responder)(RenderRefusal(status(answered.error()), answered.error()));
  };
  dss::Command command{caller, std::move(request), {}};
  if (call.context.dss.log() != nullptr) call.context.random.Fill(command.log_salt);
  const base::Result<void> submitted =
      call.context.dss.Submit(std::move(command), std::move(answer));
  // What is not taken is not answered from there.
  if (!submitted) (*responder)(RenderRefusal(StatusOf(submitted.error()), submitted.error()));
}

void Read(Call call, ReadState read, Write write, RefusalStatus status) {
  const std::string caller = call.claims == nullptr ? "" : call.caller();
  auto responder = std::make_shared<net::Responder>(std::move(call.responder));
  call.context.dss.Read(
      [read = std::move(read), caller](const dss::View& view, base::UtcMicros now) {
        return read(view, caller, now);
      },
      [responder, caller, write = std::move(write),
       status](const base::Result<dss::Answer>& answered) -> dss::Host::Show {
        auto response = std::make_shared<net::Response>(
            answered ? write(*answered, caller)
                     : RenderRefusal(status(answered.error()), answered.error()));
        return [responder, response](const std::optional<base::Error>& failure) {
          (*responder)(failure ? RenderRefusal(503, *failure) : std::move(*response));
        };
      });
}

dss::Drawn Draw(const Context& context) {
  dss::Drawn drawn;
  context.random.Fill(drawn);
  return drawn;
}

}  // namespace wideberth::api::astm
