// Who asks: the bearer token of a request, and the party that it names.
//
// A token is accepted by crypto::TokenVerifier; its `sub` must be the name or the id of a party of
// the rules, and its scopes must hold what the route asks for:
//
//   wideberth.read   look: notices, conflicts, events, rules, status
//   wideberth.write  declare and act for the party
//   wideberth.admin  move the clocks of EXERCISE and TEST; see the counts of the whole node
//
// A scope does not imply another. No token, and no part of one, is ever logged or answered.
#ifndef WIDEBERTH_API_NODE_AUTH_H_
#define WIDEBERTH_API_NODE_AUTH_H_

#include <memory>
#include <string_view>

#include "airspace/rules.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/token.h"
#include "net/http.h"

namespace wideberth::api::node {

enum class Scope { kNone, kRead, kWrite, kAdmin };
std::string_view ScopeName(Scope scope);  // "wideberth.read"; empty for kNone

struct Caller {
  const airspace::PartyEntry* party = nullptr;  // of the rules
  std::shared_ptr<const crypto::Claims> claims;

  base::PartyId id() const { return party->id; }
};

// Refuses with kUnauthorized what has no valid token, with kForbidden a token without the scope or
// of no party. The field is "authorization", or names the part of the token.
base::Result<Caller> Authenticate(const net::Request& request, Scope scope,
                                  const crypto::TokenVerifier& tokens, const airspace::Rules& rules,
                                  base::UtcMicros now);

// The answer to such a refusal, with the challenge of RFC 6750.
net::Response RenderAuthRefusal(const base::Error& error, Scope scope);

}  // namespace wideberth::api::node

#endif  // WIDEBERTH_API_NODE_AUTH_H_
