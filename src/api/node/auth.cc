#include "api/node/auth.h"

#include <string>
#include <utility>

#include "api/node/answer.h"
#include "api/web/cookie.h"

namespace wideberth::api::node {
namespace {

constexpr std::string_view kScheme = "Bearer ";
constexpr std::string_view kHeader = "authorization";
constexpr std::string_view kCsrfField = "x-wideberth-csrf";

bool ChangesNothing(net::Method method) {
  return method == net::Method::kGet || method == net::Method::kHead ||
         method == net::Method::kOptions;
}

// The rules may be replaced while a request is answered: what is kept of them is a copy.
std::optional<airspace::PartyEntry> Entry(const airspace::PartyEntry* party) {
  return party == nullptr ? std::nullopt : std::optional(*party);
}

base::Unexpected Unauthorized(std::string_view rule) {
  return base::Fail(base::ErrorCode::kUnauthorized, kHeader, rule);
}

base::Result<Caller> OfSession(std::string_view token, const Authority& authority,
                               base::UtcMicros now) {
  Caller caller;
  caller.session = authority.sessions->Find(token, now);
  if (caller.session == nullptr) {
    return base::Fail(base::ErrorCode::kUnauthorized, "token",
                      "must be of a session that is open: sign on again");
  }
  caller.party = Entry(authority.rules.FindParty(*authority.party));
  if (caller.party) return caller;
  return base::Fail(base::ErrorCode::kForbidden, "rules",
                    "must have the party of this node, or nobody acts for it",
                    authority.party->ToString());
}

base::Result<void> CheckMachine(const Caller& machine, Scope scope, const Authority& authority) {
  if (!authority.party) return {};
  if (machine.id() != *authority.party) {
    return base::Fail(base::ErrorCode::kForbidden, "token.sub", "must be the party of this node",
                      machine.party->name);
  }
  if (scope == Scope::kRead || scope == Scope::kAdmin || scope == Scope::kHeartbeat) return {};
  return base::Fail(base::ErrorCode::kForbidden, kHeader,
                    "must be a session: in line mode people act, signed on with name and password");
}

}  // namespace

bool Caller::is_administrator() const {
  if (session != nullptr) return session->role == operators::Role::kAdministrator;
  return claims->HasScope(ScopeName(Scope::kAdmin));
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

base::Result<std::string_view> PersonToken(const net::Request& request, base::PartyId party) {
  const net::Headers& headers = request.headers;
  const std::optional<std::string_view> token = web::CookieToken(headers, party);
  if (headers.Find(kHeader) || !token || !token->starts_with(kSessionTokenPrefix)) {
    return BearerToken(headers);
  }
  if (ChangesNothing(request.method)) return *token;
  const std::optional<std::string_view> proof = headers.Find(web::kCsrfHeader);
  if (proof && headers.Count(web::kCsrfHeader) == 1 && *proof == web::CsrfOf(*token)) {
    return *token;
  }
  return base::Fail(base::ErrorCode::kForbidden, kCsrfField,
                    "must be the text that /v1/me gives, beside a session in a cookie");
}

std::string_view ScopeName(Scope scope) {
  switch (scope) {
    case Scope::kNone:
    case Scope::kSession:
      break;
    case Scope::kRead:
      return "wideberth.read";
    case Scope::kWrite:
      return "wideberth.write";
    case Scope::kAdmin:
      return "wideberth.admin";
    case Scope::kHeartbeat:
      return "wideberth.heartbeat";
  }
  return {};
}

base::Result<Caller> Authenticate(const net::Request& request, Scope scope,
                                  const Authority& authority, base::UtcMicros now) {
  const auto given =
      authority.party ? PersonToken(request, *authority.party) : BearerToken(request.headers);
  if (!given) return base::Fail(given.error());
  const std::string_view token = *given;
  if (authority.party && token.starts_with(kSessionTokenPrefix)) {
    if (scope != Scope::kHeartbeat) return OfSession(token, authority, now);
    return base::Fail(base::ErrorCode::kForbidden, kHeader,
                      "must be a machine's token: no person stands in for telemetry");
  }
  const airspace::RuleBook& rules = authority.rules;
  Caller caller;
  WB_ASSIGN_OR_RETURN(caller.claims, authority.tokens.Verify(token, now));
  if (scope != Scope::kSession) {
    WB_RETURN_IF_ERROR(crypto::RequireScope(*caller.claims, ScopeName(scope)));
  }
  const std::string& subject = caller.claims->subject;
  caller.party = Entry(rules.FindParty(std::string_view(subject)));
  if (!caller.party) {
    const base::Result<base::PartyId> id = base::PartyId::Parse(subject);
    if (id) caller.party = Entry(rules.FindParty(*id));
  }
  if (!caller.party) {
    return base::Fail(base::ErrorCode::kForbidden, "token.sub",
                      "must be the name or the id of a party of the rules", subject);
  }
  WB_RETURN_IF_ERROR(CheckMachine(caller, scope, authority));
  return caller;
}

net::Response RenderAuthRefusal(const base::Error& error, Scope scope) {
  net::Response response = RenderError(net::StatusFor(error.code), error);
  std::string challenge = "Bearer realm=\"wideberth\"";
  if (error.code == base::ErrorCode::kForbidden && !ScopeName(scope).empty()) {
    challenge.append(", error=\"insufficient_scope\", scope=\"")
        .append(ScopeName(scope))
        .append("\"");
  } else if (error.field != kHeader) {
    challenge.append(", error=\"invalid_token\"");
  }
  response.headers.Add("WWW-Authenticate", challenge);
  return response;
}

}  // namespace wideberth::api::node
