#include "api/web/cookie.h"

#include "base/bytes.h"
#include "crypto/sha256.h"

namespace wideberth::api::web {
namespace {

constexpr std::string_view kCookieHeader = "cookie";
constexpr std::string_view kCsrfContext = "wideberth csrf\n";
constexpr std::string_view kAttributes = "; Path=/v1; HttpOnly; SameSite=Strict";
constexpr size_t kPartyDigits = 8;

// One "name=value" of the list in `rest`, which loses it.
std::string_view TakePair(std::string_view* rest) {
  const size_t end = rest->find(';');
  std::string_view pair = rest->substr(0, end);
  rest->remove_prefix(end == std::string_view::npos ? rest->size() : end + 1);
  while (pair.starts_with(' ')) pair.remove_prefix(1);
  while (pair.ends_with(' ')) pair.remove_suffix(1);
  return pair;
}

}  // namespace

std::string CookieName(base::PartyId party) {
  return "wideberth_" + party.ToString().substr(0, kPartyDigits);
}

std::optional<std::string_view> CookieToken(const net::Headers& headers, base::PartyId party) {
  const std::string name = CookieName(party) + "=";
  std::optional<std::string_view> found;
  for (size_t i = 0; i < headers.size(); ++i) {
    const net::Headers::Field field = headers.at(i);
    if (!net::EqualsIgnoreCase(field.name, kCookieHeader)) continue;
    std::string_view rest = field.value;
    while (!rest.empty()) {
      const std::string_view pair = TakePair(&rest);
      if (!pair.starts_with(name)) continue;
      if (found) return std::nullopt;
      found = pair.substr(name.size());
    }
  }
  return found;
}

std::string CsrfOf(std::string_view token) {
  return crypto::Sha256(base::AsBytes(std::string(kCsrfContext).append(token))).ToHex();
}

std::string SetCookie(base::PartyId party, std::string_view token, int64_t lifetime_us, bool tls) {
  std::string value = CookieName(party);
  value.append("=").append(token).append(kAttributes);
  value.append("; Max-Age=").append(std::to_string(lifetime_us / base::kMicrosPerSecond));
  if (tls) value.append("; Secure");
  return value;
}

std::string DropCookie(base::PartyId party, bool tls) {
  std::string value = CookieName(party);
  value.append("=").append(kAttributes).append("; Max-Age=0");
  if (tls) value.append("; Secure");
  return value;
}

}  // namespace wideberth::api::web
