// Who asks: the bearer token of a request, and the party that it names.
//
// A machine's token is accepted by crypto::TokenVerifier; its `sub` must be the name or the id of a party of
// the rules, and its scopes must hold what the route asks for:
//
//   wideberth.read   look: notices, conflicts, events, rules, status
//   wideberth.write  declare and act for the party
//   wideberth.admin  move the clocks of EXERCISE and TEST; see the counts of the whole node
//   wideberth.heartbeat  in line mode: be the telemetry of a dead-man area, and nothing else
//
// A scope does not imply another. In line mode (the node is one party's) people act, in sessions (api/node/sessions.h):
// a session's token is accepted everywhere, and what it may do is its role's to say (operators/role.h). A machine may
// look and, with wideberth.admin, manage the operators; it acts for nobody, and its subject must be the node's party. A
// session is no telemetry. A browser keeps the token in a cookie (api/web/cookie.h).
// No token, and no part of one, is ever logged or answered.
#ifndef WIDEBERTH_API_NODE_AUTH_H_
#define WIDEBERTH_API_NODE_AUTH_H_

#include <memory>
#include <optional>
#include <string_view>

#include "airspace/rules.h"
#include "api/node/sessions.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/token.h"
#include "net/http.h"

namespace wideberth::api::node {

enum class Scope {
  kNone,
  kRead,
  kWrite,
  kAdmin,
  kHeartbeat,
  kSession,  // no scope of a token will do
};
std::string_view ScopeName(Scope scope);  // "wideberth.read"; empty for kNone and kSession

// Whom a node believes.
struct Authority {
  const crypto::TokenVerifier& tokens;
  const airspace::RuleBook rules;
  const Sessions* sessions = nullptr;  // in line mode
  std::optional<base::PartyId> party;  // in line mode: whose node this is
};

struct Caller {
  std::optional<airspace::PartyEntry> party;     // of the rules
  std::shared_ptr<const crypto::Claims> claims;  // of a machine's token
  std::shared_ptr<const Session> session;        // of a person; never both

  base::PartyId id() const { return party->id; }
  // May see what is of the node as a whole.
  bool is_administrator() const;
};

// The token of a request. Refuses with kUnauthorized, field "authorization".
base::Result<std::string_view> BearerToken(const net::Headers& headers);

// In line mode: the token of `Authorization`, or of the party's cookie. A request that may change something needs
// web::kCsrfHeader beside the cookie, or it is refused with kForbidden, field "x-wideberth-csrf".
base::Result<std::string_view> PersonToken(const net::Request& request, base::PartyId party);

// Refuses with kUnauthorized what has no valid token, with kForbidden a token without the scope or
// of no party. The field is "authorization", or names the part of the token.
base::Result<Caller> Authenticate(const net::Request& request, Scope scope,
                                  const Authority& authority, base::UtcMicros now);

// The answer to such a refusal, with the challenge of RFC 6750.
net::Response RenderAuthRefusal(const base::Error& error, Scope scope);

}  // namespace wideberth::api::node

#endif  // WIDEBERTH_API_NODE_AUTH_H_
