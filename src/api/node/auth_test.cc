// Who may ask what.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/node/api.h"
#include "api/node/testing/fixture.h"
#include "base/log.h"

namespace wideberth::api::node {
namespace {

using net::Method;
using testing::Answer;
using ::testing::HasSubstr;
using testing::NoticeId;
using ::testing::StartsWith;
using testing::TestNode;
using testing::TokenOptions;

// A target of the route that exists as far as the router is concerned.
std::string TargetOf(const RouteInfo& route) {
  std::string target(route.pattern);
  const bool conflict = target.starts_with("/v1/conflicts/");
  for (const auto& [name, value] :
       {std::pair<std::string, std::string>{"{id}", conflict ? std::string(64, 'a') : NoticeId(1)},
        {"{number}", "1"}}) {
    if (const size_t at = target.find(name); at != std::string::npos) {
      target.replace(at, name.size(), value);
    }
  }
  return target;
}

Answer Ask(TestNode* node, const RouteInfo& route, std::string_view token) {
  const bool has_body = route.method == Method::kPut || route.method == Method::kPost;
  return node->DoWithToken(token, route.method, TargetOf(route), has_body ? "{\"no\":1}" : "");
}

TEST(AuthTest, EveryRouteAsksForItsScope) {
  TestNode node;
  for (const RouteInfo& route : Api::Routes()) {
    if (route.line_mode) {
      const Answer answer = Ask(&node, route, "");
      EXPECT_EQ(answer.status, 404) << route.pattern;
      EXPECT_EQ(answer.Text("/error/rule"), "this node is not in line mode");
      continue;
    }
    if (route.scope == Scope::kNone) {
      EXPECT_EQ(Ask(&node, route, "").status, 200) << route.pattern;
      continue;
    }
    const Answer without = Ask(&node, route, "");
    EXPECT_EQ(without.status, 401) << route.pattern;
    EXPECT_EQ(without.headers.Find("www-authenticate"), "Bearer realm=\"wideberth\"");
    for (const Scope scope : {Scope::kRead, Scope::kWrite, Scope::kAdmin}) {
      if (scope == route.scope) continue;
      const Answer wrong =
          Ask(&node, route, node.Token({.scopes = {std::string(ScopeName(scope))}}));
      EXPECT_EQ(wrong.status, 403) << route.pattern << " with " << ScopeName(scope);
      EXPECT_EQ(wrong.Text("/error/field"), "token.scope");
      EXPECT_THAT(std::string(wrong.headers.Find("www-authenticate").value_or("")),
                  HasSubstr("scope=\"" + std::string(ScopeName(route.scope)) + "\""));
    }
    if (route.pattern == "/v1/events") continue;  // it would not end
    const Answer right =
        Ask(&node, route, node.Token({.scopes = {std::string(ScopeName(route.scope))}}));
    EXPECT_NE(right.status, 401) << route.pattern;
    EXPECT_NE(right.status, 403) << route.pattern;
  }
}

TEST(AuthTest, ATokenMustVerify) {
  TestNode node;
  const auto status = [&](const TokenOptions& options) {
    return node.DoWithToken(node.Token(options), Method::kGet, "/v1/status").status;
  };
  EXPECT_EQ(status({}), 200);
  EXPECT_EQ(status({.issuer = "https://other.test"}), 401);
  EXPECT_EQ(status({.audience = "other.test"}), 401);
  EXPECT_EQ(status({.issued_ago_us = 3 * base::kMicrosPerHour}), 401);
  EXPECT_EQ(status({.issued_ago_us = -base::kMicrosPerHour}), 401);
  EXPECT_EQ(status({.foreign_key = true}), 401);
  EXPECT_EQ(status({.subject = "west"}), 403);
  EXPECT_EQ(status({.subject = airspace::testing::TestParty(1).ToString()}), 200);
  EXPECT_EQ(status({.subject = NoticeId(1)}), 403);
  std::string damaged = node.Token({});
  damaged[damaged.size() / 2] = damaged[damaged.size() / 2] == 'A' ? 'B' : 'A';
  for (const std::string& token :
       {std::string("x"), std::string("a.b.c"), damaged, std::string(9'000, 'a')}) {
    const Answer answer = node.DoWithToken(token, Method::kGet, "/v1/status");
    EXPECT_EQ(answer.status, 401);
    EXPECT_EQ(answer.headers.Find("www-authenticate"),
              "Bearer realm=\"wideberth\", error=\"invalid_token\"");
    EXPECT_EQ(answer.body.find(token.substr(0, 20) + token.substr(token.size() / 2)),
              std::string::npos);
  }
}

TEST(AuthTest, OnlyBearerIsKnown) {
  TestNode node;
  const std::string token = node.Token({});
  for (const std::string& value :
       {"Basic " + token, token, std::string("Bearer"), std::string("Bearer ")}) {
    auto client = net::HttpClient::Create(node.url(), {});
    client->SetHeader("Authorization", value);
    const auto response = client->Get("/v1/status");
    ASSERT_TRUE(response.has_value());
    EXPECT_EQ(response->status, 401) << value.substr(0, 8);
  }
  auto client = net::HttpClient::Create(node.url(), {});
  client->SetHeader("Authorization", "bEARER " + token);
  EXPECT_EQ(client->Get("/v1/status")->status, 200);
}

TEST(AuthTest, NoTokenIsLogged) {
  const base::LogCapture capture;
  TestNode node;
  const std::string good = node.Token({});
  const std::string bad = node.Token({.foreign_key = true});
  node.DoWithToken(good, Method::kGet, "/v1/status");
  node.DoWithToken(bad, Method::kGet, "/v1/status");
  for (const std::string& line : capture.lines()) {
    EXPECT_EQ(line.find(good.substr(good.rfind('.'))), std::string::npos);
    EXPECT_EQ(line.find(bad.substr(bad.rfind('.'))), std::string::npos);
  }
}

}  // namespace
}  // namespace wideberth::api::node
