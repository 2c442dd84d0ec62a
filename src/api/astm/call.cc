#include "api/astm/call.h"

#include <algorithm>
#include <memory>

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
  const base::UtcMicros now = context.node.clock().Now();
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
  router->Add(
      method, pattern,
      [context, scopes = std::move(scopes), handler](
          const net::Request& request, const net::PathParams& params, net::Responder responder) {
        Call call{*context, request, params, std::move(responder), nullptr};
        if (!scopes.empty()) {
          auto claims = Authorize(request, scopes, *context);
          if (!claims) return call.Refuse(StatusOf(claims.error()), claims.error());
          call.claims = std::move(claims).value();
        }
        handler(std::move(call));
      });
}

void Submit(Call call, dss::Request request, Write write, RefusalStatus status) {
  auto responder = std::make_shared<net::Responder>(std::move(call.responder));
  const std::string caller = call.caller();
  auto answer = [responder, caller, status,
                 write = std::move(write)](const base::Result<dss::Answer>& answered) {
    if (!answered) {
      return (*responder)(RenderRefusal(status(answered.error()), answered.error()));
    }
    (*responder)(write(*answered, caller));
  };
  const base::Result<void> submitted =
      call.context.node.sequencer().SubmitDss({caller, std::move(request)}, std::move(answer));
  // What is not taken is not answered from there.
  if (!submitted) (*responder)(RenderRefusal(StatusOf(submitted.error()), submitted.error()));
}

void Read(Call call, const ReadState& read, const Write& write, RefusalStatus status) {
  const std::string caller = call.claims == nullptr ? "" : call.caller();
  const auto [answered, seq] = call.context.node.ReadDss(
      [&](const dss::State& state, base::UtcMicros now) { return read(state, caller, now); });
  net::Response response = answered ? write(*answered, caller)
                                    : RenderRefusal(status(answered.error()), answered.error());
  service::Sequencer& sequencer = call.context.node.sequencer();
  if (seq <= sequencer.durable_seq()) return call.responder(std::move(response));
  struct Held {
    net::Responder responder;
    net::Response response;
  };
  auto held = std::make_shared<Held>(Held{std::move(call.responder), std::move(response)});
  sequencer.WhenDurable(seq, [held](bool durable) {
    if (durable) return held->responder(std::move(held->response));
    held->responder(RenderRefusal(503, {base::ErrorCode::kStorage, "",
                                        "the store has failed; what was read is not durable", ""}));
  });
}

dss::Drawn Draw(const Context& context) {
  dss::Drawn drawn;
  context.random.Fill(drawn);
  return drawn;
}

}  // namespace wideberth::api::astm
