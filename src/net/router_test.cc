#include "net/router.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace wideberth::net {
namespace {

RouteHandler Say(const std::string& what) {
  return [what](const Request&, const PathParams& params, Responder responder) {
    responder(TextResponse(
        200, what + "(" + std::string(params.Get("a")) + "," + std::string(params.Get("b")) + ")"));
  };
}

Response Ask(const Router& router, Method method, const std::string& path) {
  Request request;
  request.method = method;
  request.target.path = path;
  Response answer;
  answer.status = 0;
  router.Handle(request, Responder::To([&](Response r) { answer = std::move(r); }));
  return answer;
}

class RouterTest : public ::testing::Test {
 protected:
  RouterTest() {
    router_.Add(Method::kGet, "/", Say("root"));
    router_.Add(Method::kGet, "/v1/notices", Say("list"));
    router_.Add(Method::kPost, "/v1/notices", Say("create"), {.body_bytes_max = 10});
    router_.Add(Method::kGet, "/v1/notices/{a}", Say("get"));
    router_.Add(Method::kPut, "/v1/notices/{a}", Say("put"));
    router_.Add(Method::kGet, "/v1/notices/mine", Say("mine"));
    router_.Add(Method::kGet, "/v1/notices/{a}/versions/{b}", Say("version"));
    router_.Add(Method::kGet, "/v1/notices/mine/drafts/{b}", Say("draft"));
  }
  Router router_;
};

TEST_F(RouterTest, FindsByPathAndMethod) {
  EXPECT_EQ(Ask(router_, Method::kGet, "/").body, "root(,)");
  EXPECT_EQ(Ask(router_, Method::kGet, "/v1/notices").body, "list(,)");
  EXPECT_EQ(Ask(router_, Method::kPost, "/v1/notices").body, "create(,)");
  EXPECT_EQ(Ask(router_, Method::kGet, "/v1/notices/7").body, "get(7,)");
  EXPECT_EQ(Ask(router_, Method::kPut, "/v1/notices/7").body, "put(7,)");
  EXPECT_EQ(Ask(router_, Method::kGet, "/v1/notices/7/versions/9").body, "version(7,9)");
}

TEST_F(RouterTest, LiteralWinsAndParameterIsTheFallback) {
  EXPECT_EQ(Ask(router_, Method::kGet, "/v1/notices/mine").body, "mine(,)");
  EXPECT_EQ(Ask(router_, Method::kGet, "/v1/notices/mine/drafts/2").body, "draft(,2)");
  EXPECT_EQ(Ask(router_, Method::kGet, "/v1/notices/mine/versions/2").body, "version(mine,2)");
}

TEST_F(RouterTest, HeadIsServedByGet) {
  EXPECT_EQ(Ask(router_, Method::kHead, "/v1/notices/7").body, "get(7,)");
}

TEST_F(RouterTest, UnknownPathIs404) {
  for (const char* path : {"/v2", "/v1", "/v1/notices/", "/v1/notices/7/", "/v1/notices/7/versions",
                           "/v1/notices/7/versions/9/x"}) {
    EXPECT_EQ(Ask(router_, Method::kGet, path).status, 404) << path;
  }
}

TEST_F(RouterTest, UnknownMethodIs405WithAllow) {
  const Response answer = Ask(router_, Method::kDelete, "/v1/notices/7");
  EXPECT_EQ(answer.status, 405);
  EXPECT_EQ(answer.headers.Find("Allow"), "GET, HEAD, PUT, OPTIONS");
  const Response options = Ask(router_, Method::kOptions, "/v1/notices");
  EXPECT_EQ(options.status, 204);
  EXPECT_EQ(options.headers.Find("Allow"), "GET, HEAD, POST, OPTIONS");
}

TEST_F(RouterTest, TellsTheBodyCapOfTheRoute) {
  Request request;
  request.method = Method::kPost;
  request.target.path = "/v1/notices";
  EXPECT_EQ(router_.BodyBytesMax(request), 10u);
  request.target.path = "/nowhere";
  EXPECT_EQ(router_.BodyBytesMax(request), limits::kHttpBodyBytesMax);
}

TEST_F(RouterTest, RefusalsGoThroughTheRenderer) {
  Router router([](int status, const base::Error& error) {
    return JsonResponse(status, "{\"rule\":\"" + error.rule + "\"}");
  });
  EXPECT_EQ(Ask(router, Method::kGet, "/x").content_type, "application/json");
}

TEST(RouterDeathTest, RefusesDefectsOfOurOwn) {
  Router router;
  router.Add(Method::kGet, "/a/{x}", Say("a"));
  EXPECT_DEATH(router.Add(Method::kGet, "/a/{x}", Say("b")), "given twice");
  EXPECT_DEATH(router.Add(Method::kPut, "/a/{y}", Say("b")), "parameter names");
  EXPECT_DEATH(router.Add(Method::kPut, "a", Say("b")), "must start with");
}

TEST(Responder, AnswersOnceAndADroppedOneSays500) {
  int answers = 0;
  int status = 0;
  const auto callback = [&](Response r) {
    ++answers;
    status = r.status;
  };
  {
    Responder responder = Responder::To(callback);
    responder(TextResponse(201, "x"));
    EXPECT_FALSE(responder);
    responder(TextResponse(202, "y"));
    responder.Refuse({});
  }
  EXPECT_EQ(answers, 1);
  EXPECT_EQ(status, 201);
  { Responder responder = Responder::To(callback); }
  EXPECT_EQ(status, 500);
  {
    Responder first = Responder::To(callback);
    Responder second = std::move(first);
    second.Refuse({base::ErrorCode::kConflict, "a", "b", "c"});
  }
  EXPECT_EQ(answers, 3);
  EXPECT_EQ(status, 409);
}

}  // namespace
}  // namespace wideberth::net
