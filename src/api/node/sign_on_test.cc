// People signing on to a node in line mode, and what their roles let them do.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "api/node/sessions.h"
#include "api/node/testing/line_pair.h"
#include "base/limits.h"

namespace wideberth::api::node {
namespace {

using net::Method;
using testing::Answer;
using ::testing::HasSubstr;
using testing::kPassword;
using testing::LinePair;
using testing::NoticeId;
using testing::NoticePath;
using testing::PutBody;
using testing::Side;

std::string LoginBody(std::string_view name, std::string_view password = kPassword) {
  return "{\"name\":\"" + std::string(name) + "\",\"password\":\"" + std::string(password) + "\"}";
}

TEST(SignOnTest, NamesPasswordsAndTheEndOfASession) {
  LinePair pair;
  const Side& north = pair.north;
  const Answer me = north.Get("/v1/me");
  EXPECT_EQ(me.status, 200);
  EXPECT_EQ(me.Text("/name"), "a.duty");
  EXPECT_EQ(me.Text("/role"), "duty_officer");
  EXPECT_EQ(me.Text("/party/name"), "north");
  EXPECT_THAT(me.Text("/may"), HasSubstr("read_back"));
  EXPECT_TRUE(north.duty.starts_with("wbs_"));
  EXPECT_EQ(north.duty.size(), 47u);

  // An unknown name and a wrong password are refused in the same words.
  const Answer wrong = north.Post("", "/v1/login", LoginBody("a.duty", "wrong horse battery"));
  const Answer unknown = north.Post("", "/v1/login", LoginBody("nobody"));
  EXPECT_EQ(wrong.status, 401);
  EXPECT_EQ(unknown.status, 401);
  EXPECT_EQ(wrong.body, unknown.body);
  const Answer no_text = north.Post(
      "", "/v1/login", "{\"name\":\"a.duty\",\"password\":\"" + std::string(300, 'p') + "\"}");
  EXPECT_GE(no_text.status, 400);
  EXPECT_EQ(no_text.body.find("pppppppppp"), std::string::npos);

  EXPECT_EQ(north.Post(north.second, "/v1/logout", "").status, 200);
  EXPECT_EQ(north.node->DoWithToken(north.second, Method::kGet, "/v1/me").status, 401);
  EXPECT_EQ(north.Get("/v1/me").status, 200);
  pair.Pass(limits::kSessionLifetimeUs);
  EXPECT_EQ(north.Get("/v1/me").status, 401);
  const Answer again = north.Post("", "/v1/login", LoginBody("a.duty"));
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(north.node->DoWithToken(again.Text("/token"), Method::kGet, "/v1/me").status, 200);
  EXPECT_EQ(pair.south.node->DoWithToken(again.Text("/token"), Method::kGet, "/v1/me").status, 401);
}

TEST(SignOnTest, ANewKeyEndsTheSessionsOfTheOneBefore) {
  LinePair pair;
  const Side& north = pair.north;
  const std::string admin = north.SignOn("z.admin", "administrator");
  const std::string before = north.Get("/v1/me").Text("/key_id");
  const std::string path = "/v1/operators/a.duty/rekey";
  EXPECT_EQ(north.Post(north.head, path, R"({"password":"correct staple"})").status, 403);
  EXPECT_EQ(north.Post(admin, path, R"({"password":"short"})").Text("/error/field"), "/password");
  EXPECT_EQ(north.Post(admin, path, "{}").status, 400);
  EXPECT_EQ(
      north.Post(admin, "/v1/operators/nobody/rekey", R"({"password":"correct staple"})").status,
      404);
  EXPECT_EQ(north.Get("/v1/me").status, 200) << "a refusal changes nothing";
  const Answer made = north.Post(admin, path, R"({"password":"correct staple"})");
  ASSERT_EQ(made.status, 200) << made.body;
  EXPECT_NE(made.Text("/key_id"), before);
  EXPECT_EQ(made.Text("/former_keys/0/key_id"), before);
  EXPECT_EQ(north.Get("/v1/me").status, 401);
  EXPECT_EQ(north.Post("", "/v1/login", LoginBody("a.duty")).status, 401);
  const Answer again = north.Post("", "/v1/login", LoginBody("a.duty", "correct staple"));
  ASSERT_EQ(again.status, 200);
  EXPECT_EQ(again.Text("/key_id"), made.Text("/key_id"));
  EXPECT_EQ(north.Post(admin, "/v1/operators/a.duty/disable", "").status, 200);
  EXPECT_EQ(north.Post(admin, path, R"({"password":"correct staple"})").status, 409);
}

TEST(SignOnTest, OperatorsAreMadeOnceAndDisabledAtOnce) {
  LinePair pair;
  const Side& north = pair.north;
  const std::string admin = north.SignOn("z.admin", "administrator");
  const std::string body =
      "{\"name\":\"d.new\",\"role\":\"viewer\",\"password\":\"" + std::string(kPassword) + "\"}";
  EXPECT_EQ(north.Post(north.head, "/v1/operators", body).status, 403);
  const Answer made = north.Post(admin, "/v1/operators", body);
  EXPECT_EQ(made.status, 201);
  EXPECT_EQ(made.Text("/role"), "viewer");
  const Answer twice = north.Post(admin, "/v1/operators", body);
  EXPECT_EQ(twice.status, 409);
  EXPECT_EQ(twice.Text("/error/field"), "/name");
  for (const auto& [bad, field] :
       {std::pair<std::string, std::string>{
            R"({"name":"D New","role":"viewer","password":"long enough"})", "/name"},
        {R"({"name":"d.two","role":"pilot","password":"long enough"})", "/role"},
        {R"({"name":"d.two","role":"viewer","password":"short"})", "/password"}}) {
    const Answer refused = north.Post(admin, "/v1/operators", bad);
    EXPECT_EQ(refused.status, 400) << bad;
    EXPECT_EQ(refused.Text("/error/field"), field);
  }
  const Answer signed_on = north.Post("", "/v1/login", LoginBody("d.new"));
  const std::string token = signed_on.Text("/token");
  EXPECT_EQ(north.node->DoWithToken(token, Method::kGet, "/v1/operators").json.Size("/operators"),
            5);
  EXPECT_EQ(north.Post(admin, "/v1/operators/nobody/disable", "").status, 404);
  const Answer disabled = north.Post(admin, "/v1/operators/d.new/disable", "");
  EXPECT_EQ(disabled.status, 200);
  EXPECT_TRUE(disabled.json.Has("/disabled_at"));
  EXPECT_EQ(north.node->DoWithToken(token, Method::kGet, "/v1/me").status, 401);
  EXPECT_EQ(north.Post("", "/v1/login", LoginBody("d.new")).status, 403);
  EXPECT_EQ(north.Post("", "/v1/login", LoginBody("d.new", "wrong horse battery")).status, 401);
  EXPECT_EQ(north.Post(admin, "/v1/operators/d.new/disable", "").body, disabled.body);
}

TEST(SignOnTest, RolesDecideAndMachinesDoNotAct) {
  LinePair pair;
  const Side& north = pair.north;
  const std::string viewer = north.SignOn("v.view", "viewer");
  const std::string draft = PutBody({}, ",\"draft\":true");
  const std::string held = PutBody({}, ",\"held\":true");
  const auto put = [&](std::string_view token, std::string_view body) {
    return north.node->DoWithToken(token, Method::kPut, NoticePath(9), body);
  };
  const Answer refused = put(viewer, draft);
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(refused.Text("/error/field"), "role");
  EXPECT_EQ(put(viewer, held).status, 403);
  EXPECT_EQ(put(north.duty, PutBody()).status, 409);
  EXPECT_EQ(put(north.duty, held).status, 201);
  EXPECT_EQ(north.Act("{\"act\":\"line_check\",\"word\":\"x\"}", viewer).status, 403);
  EXPECT_EQ(north.Post(viewer, "/v1/lines/south/confirm", "").status, 403);
  EXPECT_EQ(north.Post(north.duty, "/v1/lines/south/suspend", "").status, 403);
  EXPECT_EQ(north.Post(north.duty, NoticePath(9, "disregard"), "").status, 403);
  EXPECT_EQ(north.Post(viewer, NoticePath(9, "check"), "{}").status, 403);
  // The routes of pool mode.
  const Answer old = north.Post(north.duty, NoticePath(9, "withdraw"),
                                "{\"version\":\"" + std::string(64, 'a') + "\"}");
  EXPECT_EQ(old.status, 409);
  EXPECT_EQ(old.Text("/error/rule"), "in line mode people act by POST /v1/acts");

  const auto machine = [&](std::string_view party, std::string_view scope) {
    return north.node->Token({.subject = std::string(party), .scopes = {std::string(scope)}});
  };
  const std::string write = machine("north", "wideberth.write");
  EXPECT_EQ(put(write, draft).status, 403);
  EXPECT_EQ(north.Act("{\"act\":\"line_check\",\"word\":\"x\"}", write).status, 403);
  const auto look = [&](std::string_view token) {
    return north.node->DoWithToken(token, Method::kGet, "/v1/matters").status;
  };
  EXPECT_EQ(look(machine("north", "wideberth.read")), 200);
  EXPECT_EQ(look(machine("south", "wideberth.read")), 403) << "another party's machine";
  EXPECT_EQ(look(machine("north", "wideberth.admin")), 403);
}

TEST(SessionsTest, AreFewAndEnd) {
  Sessions sessions;
  const base::UtcMicros now{1'000'000};
  std::string first;
  for (size_t i = 0; i < limits::kSessionsMax; ++i) {
    const auto opened = sessions.Open(i % 2 == 0 ? "even" : "odd", operators::Role::kViewer,
                                      crypto::SecretKey::Generate(), now);
    ASSERT_TRUE(opened.has_value());
    if (i == 0) first = opened->token;
  }
  const auto open_one = [&](int64_t after_us) {
    return sessions.Open("more", operators::Role::kViewer, crypto::SecretKey::Generate(),
                         {now.us + after_us});
  };
  EXPECT_EQ(open_one(0).error().code, base::ErrorCode::kBusy);
  const auto held = sessions.Find(first, now);
  ASSERT_NE(held, nullptr);
  sessions.EndAllOf("even");
  EXPECT_EQ(sessions.Find(first, now), nullptr);
  EXPECT_FALSE(held->IsOpen(now)) << "also for who still holds it";
  const auto opened = open_one(0);
  ASSERT_TRUE(opened.has_value());
  EXPECT_NE(sessions.Find(opened->token, {now.us + limits::kSessionLifetimeUs - 1}), nullptr);
  EXPECT_EQ(sessions.Find(opened->token, {now.us + limits::kSessionLifetimeUs}), nullptr);
  EXPECT_TRUE(sessions.End(opened->token));
  EXPECT_FALSE(sessions.End(opened->token));
  EXPECT_EQ(sessions.Find("wbs_", now), nullptr);
}

TEST(WorkerTest, TakesAFewAndRefusesMore) {
  Worker worker(limits::kLoginsPendingMax, "others are first");
  std::promise<void> go;
  std::promise<void> begun;
  ASSERT_TRUE(worker.Post([&] {
    begun.set_value();
    go.get_future().wait();
  }));
  begun.get_future().wait();
  std::atomic<size_t> done = 0;
  for (size_t i = 0; i < limits::kLoginsPendingMax; ++i) {
    EXPECT_TRUE(worker.Post([&] { ++done; }));
  }
  const auto refused = worker.Post([&] { ++done; });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, base::ErrorCode::kBusy);
  go.set_value();
  EXPECT_TRUE(testing::Eventually([&] { return done == limits::kLoginsPendingMax; }));
  worker.Stop();
  EXPECT_FALSE(worker.Post([] {}));
}

}  // namespace
}  // namespace wideberth::api::node
