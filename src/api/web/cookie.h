// A person's session in a browser: the token in a cookie that no script can read, and a proof against forged requests.
//
// The console signs on with `"cookie": true`. The answer sets the cookie and does not show the token: what a script
// cannot read, injected script cannot take away. Because a browser sends a cookie whoever caused the request, every
// request that may change something must also carry the header kCsrfHeader with the text that sign-on and /v1/me
// gave. A foreign page can neither read that text nor set the header. A request with `Authorization` is judged by that
// alone.
//
// The cookie is named after the party, because a browser keeps one jar for all ports of a host, and two nodes on one
// machine must not sign each other's people off.
//
// Pure functions of their arguments.
#ifndef WIDEBERTH_API_WEB_COOKIE_H_
#define WIDEBERTH_API_WEB_COOKIE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/time.h"
#include "net/http.h"

namespace wideberth::api::web {

inline constexpr std::string_view kCsrfHeader = "X-Wideberth-CSRF";

std::string CookieName(base::PartyId party);

// The session token in the request's cookies; none if there is no such cookie or it is given twice.
std::optional<std::string_view> CookieToken(const net::Headers& headers, base::PartyId party);

// The header's value for a session; says nothing of the token.
std::string CsrfOf(std::string_view token);

// Values of Set-Cookie. `tls`: the request came over TLS, so the cookie never goes without.
std::string SetCookie(base::PartyId party, std::string_view token, int64_t lifetime_us, bool tls);
std::string DropCookie(base::PartyId party, bool tls);

}  // namespace wideberth::api::web

#endif  // WIDEBERTH_API_WEB_COOKIE_H_
