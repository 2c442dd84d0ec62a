#include "api/web/cookie.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/http.h"

namespace wideberth::api::web {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const base::PartyId kParty = base::PartyId::Parse("5b0c8a4e-6c1e-4e55-9d3a-0a6f3f1f2b01").value();

net::Headers With(std::string_view name, std::string_view value) {
  net::Headers headers;
  headers.Add(name, value);
  return headers;
}

TEST(CookieTest, TheTokenIsFoundByTheNameOfThePartyAlone) {
  EXPECT_EQ(CookieName(kParty), "wideberth_5b0c8a4e");
  EXPECT_EQ(CookieToken(With("Cookie", "a=b; wideberth_5b0c8a4e=wbs_x; c=d"), kParty), "wbs_x");
  EXPECT_EQ(CookieToken(With("cookie", "wideberth_5b0c8a4e=wbs_x"), kParty), "wbs_x");
  for (const std::string_view other :
       {"", "wideberth_00000000=wbs_x", "xwideberth_5b0c8a4e=wbs_x", "a=wideberth_5b0c8a4e=wbs_x",
        "wideberth_5b0c8a4e", "wideberth_5b0c8a4e=wbs_x; wideberth_5b0c8a4e=wbs_y"}) {
    EXPECT_EQ(CookieToken(With("Cookie", other), kParty), std::nullopt) << other;
  }
}

TEST(CookieTest, TheCookieIsForNoScriptAndNoOtherSite) {
  const std::string set = SetCookie(kParty, "wbs_token", 12 * 3600 * base::kMicrosPerSecond, true);
  for (const std::string_view attribute :
       {"; HttpOnly", "; SameSite=Strict", "; Path=/v1", "; Secure", "; Max-Age=43200"}) {
    EXPECT_THAT(set, HasSubstr(std::string(attribute)));
  }
  EXPECT_THAT(SetCookie(kParty, "wbs_token", 1, false), Not(HasSubstr("Secure")));
  EXPECT_THAT(DropCookie(kParty, false), HasSubstr("Max-Age=0"));
}

}  // namespace
}  // namespace wideberth::api::web
