// People signed on in a browser: the session in a cookie, and the proof beside it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/node/auth.h"
#include "api/node/testing/line_pair.h"
#include "api/web/cookie.h"
#include "net/client.h"

namespace wideberth::api::node {
namespace {

using api::web::CookieName;
using api::web::CsrfOf;
using net::Method;
using ::testing::HasSubstr;
using testing::Json;
using testing::kPassword;
using testing::LinePair;
using ::testing::Not;
using testing::Side;

const base::PartyId kParty = base::PartyId::Parse("5b0c8a4e-6c1e-4e55-9d3a-0a6f3f1f2b01").value();

TEST(BrowserSessionTest, ARequestThatMayChangeSomethingNeedsTheProof) {
  net::Request request;
  request.headers.Add("Cookie", CookieName(kParty) + "=wbs_token");
  EXPECT_EQ(PersonToken(request, kParty).value(), "wbs_token");
  for (const Method method : {Method::kPost, Method::kPut, Method::kDelete, Method::kPatch}) {
    request.method = method;
    EXPECT_EQ(PersonToken(request, kParty).error().code, base::ErrorCode::kForbidden);
  }
  request.headers.Add("x-wideberth-csrf", CsrfOf("wbs_token"));
  EXPECT_EQ(PersonToken(request, kParty).value(), "wbs_token");
  request.headers.Add("x-wideberth-csrf", CsrfOf("wbs_token"));
  EXPECT_FALSE(PersonToken(request, kParty));
  EXPECT_NE(CsrfOf("wbs_token"), CsrfOf("wbs_tokeN"));
  // What a program sends by itself is judged by that alone.
  request.headers.Add("Authorization", "Bearer other");
  EXPECT_EQ(PersonToken(request, kParty).value(), "other");
}

class Browser {
 public:
  explicit Browser(const Side& side) : url_(side.node->url()) {}

  net::Response Send(Method method, std::string_view target, std::string_view body = {}) const {
    net::HttpClient client = net::HttpClient::Create(url_, {}).value();
    if (!cookie.empty()) client.SetHeader("Cookie", cookie);
    if (!csrf.empty()) client.SetHeader("X-Wideberth-CSRF", csrf);
    return client.Do(method, target, body.empty() ? "" : "application/json", body).value();
  }

  std::string cookie;
  std::string csrf;

 private:
  std::string url_;
};

TEST(BrowserSessionTest, ABrowserSignsOnActsAndSignsOff) {
  LinePair pair;
  Browser browser(pair.north);
  const std::string login =
      R"({"name":"a.duty","password":")" + std::string(kPassword) + R"(","cookie":true})";
  const net::Response opened = browser.Send(Method::kPost, "/v1/login", login);
  ASSERT_EQ(opened.status, 200);
  EXPECT_THAT(opened.body, Not(HasSubstr("wbs_")));
  const std::string set(opened.headers.Find("set-cookie").value_or(""));
  browser.cookie = set.substr(0, set.find(';'));
  EXPECT_THAT(browser.cookie, HasSubstr("=wbs_"));

  const net::Response me = browser.Send(Method::kGet, "/v1/me");
  EXPECT_EQ(me.status, 200);
  EXPECT_EQ(Json(me.body).Text("/csrf"), Json(opened.body).Text("/csrf"));
  const std::string act = R"({"act":"line_check","word":"KESTREL"})";
  const net::Response forged = browser.Send(Method::kPost, "/v1/acts", act);
  EXPECT_EQ(forged.status, 403);
  EXPECT_EQ(Json(forged.body).Text("/error/field"), "x-wideberth-csrf");
  browser.csrf = Json(opened.body).Text("/csrf");
  EXPECT_EQ(browser.Send(Method::kPost, "/v1/acts", act).status, 200);

  const net::Response out = browser.Send(Method::kPost, "/v1/logout", "{}");
  EXPECT_EQ(out.status, 200);
  EXPECT_THAT(std::string(out.headers.Find("set-cookie").value_or("")), HasSubstr("Max-Age=0"));
  EXPECT_EQ(browser.Send(Method::kGet, "/v1/me").status, 401);
  // The other node's cookie is another one: signing on there leaves this one alone.
  Browser south(pair.south);
  south.cookie = browser.cookie;
  EXPECT_EQ(south.Send(Method::kGet, "/v1/me").status, 401);
}

}  // namespace
}  // namespace wideberth::api::node
