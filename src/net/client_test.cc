#include "net/client.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>

#include "net/load_client.h"
#include "net/server.h"
#include "net/testing/raw_client.h"
#include "net/url.h"

namespace wideberth::net {
namespace {

using testing::Eventually;

void Echo(const Request& request, Responder responder) {
  responder(TextResponse(200, request.path() + request.body));
}

std::string UrlOf(const HttpServer& server) {
  return "http://127.0.0.1:" + std::to_string(server.port());
}

TEST(BaseUrl, IsTakenApart) {
  EXPECT_EQ(ParseBaseUrl("http://a.example")->Authority(), "a.example:80");
  EXPECT_EQ(ParseBaseUrl("https://a.example/")->Authority(), "a.example:443");
  EXPECT_EQ(ParseBaseUrl("http://[::1]:8080")->Authority(), "[::1]:8080");
  EXPECT_EQ(ParseBaseUrl("http://[::1]")->host, "::1");
  EXPECT_TRUE(ParseBaseUrl("https://127.0.0.1:8443")->tls);
  for (const char* bad :
       {"", "a.example", "ftp://a", "http://", "http:///", "http://a/b", "http://a?b", "http://u@a",
        "http://a:", "http://a:0", "http://a:65536", "http://a:8x", "http://::1", "http://[::1",
        "http://[::1]8080", "http://[]", "http://a b", "http://a\r\nb"}) {
    EXPECT_FALSE(ParseBaseUrl(bad)) << bad;
  }
}

TEST(HttpClient, SaysThatNobodyListens) {
  uint16_t port = 0;
  {
    auto server = HttpServer::Start({.handler = Echo});
    port = (*server)->port();
  }
  HttpClient client = HttpClient::Create("http://127.0.0.1:" + std::to_string(port), {}).value();
  const auto answer = client.Get("/");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().rule,
            "connection refused at 127.0.0.1:" + std::to_string(port) + ": is the node running?");
}

TEST(HttpClient, ComesBackAfterTheServerClosedTheKeptConnection) {
  auto server = HttpServer::Start({.handler = Echo, .idle_deadline_ms = 20});
  HttpClient client = HttpClient::Create(UrlOf(**server), {}).value();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(client.Get("/a")->body, "/a");
    ASSERT_TRUE(Eventually([&] { return (*server)->stats().connections_open == 0; }));
  }
  EXPECT_EQ((*server)->stats().connections_accepted, 3u);
}

TEST(HttpClient, HoldsItsDeadlineAndItsBodyLimit) {
  auto server = HttpServer::Start({.handler = [](const Request& request, Responder responder) {
    if (request.path() == "/large") return responder(TextResponse(200, std::string(1'000, 'x')));
    std::thread([r = std::move(responder)]() mutable {
      std::this_thread::sleep_for(std::chrono::milliseconds(300));
      r(TextResponse(200, "late"));
    }).detach();
  }});
  HttpClient hasty =
      HttpClient::Create(UrlOf(**server), {.request_deadline_ms = 30, .body_bytes_max = 999})
          .value();
  const auto late = hasty.Get("/slow");
  ASSERT_FALSE(late);
  EXPECT_NE(late.error().rule.find("within the deadline"), std::string::npos);
  EXPECT_EQ((*server)->stats().requests, 1u);  // and not sent twice
  const auto large = hasty.Get("/large");
  ASSERT_FALSE(large);
  EXPECT_NE(large.error().rule.find("at most 999 bytes"), std::string::npos);
  (*server)->Stop(20'000);
}

TEST(HttpClient, SendsItsHeadersAndNothingMalformed) {
  auto server = HttpServer::Start({.handler = [](const Request& request, Responder responder) {
    responder(TextResponse(200, std::string(request.headers.Find("X-A").value_or("none"))));
  }});
  HttpClient client = HttpClient::Create(UrlOf(**server), {}).value();
  client.SetHeader("X-A", "1");
  EXPECT_EQ(client.Get("/")->body, "1");
  client.SetHeader("x-a", "2");
  EXPECT_EQ(client.Get("/")->body, "2");
  client.SetHeader("X-A", "");
  EXPECT_EQ(client.Get("/")->body, "none");
  EXPECT_FALSE(client.Get("no slash"));
  EXPECT_FALSE(client.Get("/a\r\nX: y"));
  client.SetHeader("X-A", "a\r\nb: c");
  EXPECT_FALSE(client.Get("/"));
}

TEST(HttpClient, ReadsTheRefusalOfABodyItIsStillSending) {
  auto server = HttpServer::Start({.handler = Echo, .wire = {.body_bytes_max = 1'000}});
  HttpClient client = HttpClient::Create(UrlOf(**server), {}).value();
  EXPECT_EQ(client.Put("/", "text/plain", std::string(600'000, 'x'))->status, 413);
  EXPECT_EQ(client.Put("/", "text/plain", "small")->status, 200);
}

TEST(LoadClient, SendsEachRequestOnceAndReadsItsOwnAnswer) {
  auto server = HttpServer::Start({.handler = Echo});
  constexpr uint64_t kRequests = 5'000;
  std::set<uint64_t> seen;
  const auto result = RunLoad(
      {.port = (*server)->port(), .connections = 17, .requests = kRequests},
      [](uint64_t k, std::string* out) {
        AppendRequest("PUT", "/" + std::to_string(k), "X-A: b\r\n", std::string(k % 3'000, 'x'),
                      out);
      },
      [&](uint64_t k, int status, std::string_view body) {
        EXPECT_EQ(status, 200);
        EXPECT_EQ(body, "/" + std::to_string(k) + std::string(k % 3'000, 'x'));
        EXPECT_TRUE(seen.insert(k).second);
      });
  ASSERT_TRUE(result) << result.error().ToString();
  EXPECT_EQ(result->answers, kRequests);
  EXPECT_EQ(seen.size(), kRequests);
  EXPECT_EQ(result->by_status.at(200), kRequests);
  EXPECT_EQ(result->latency_ns.size(), kRequests);
  EXPECT_LE(result->LatencyNs(0.5), result->LatencyNs(0.99));
  EXPECT_EQ((*server)->stats().requests, kRequests);
}

TEST(LoadClient, OpenLoopKeepsToItsRate) {
  auto server = HttpServer::Start({.handler = Echo});
  const auto result = RunLoad(
      {.port = (*server)->port(), .connections = 4, .requests = 200, .rate_per_second = 2'000},
      [](uint64_t, std::string* out) { AppendRequest("GET", "/", {}, {}, out); },
      [](uint64_t, int, std::string_view) {});
  ASSERT_TRUE(result);
  EXPECT_GE(result->elapsed_ns, 99'000'000);  // the last is due at 99.5 ms: never early
}

TEST(LoadClient, FailsWhenTheServerGoes) {
  auto server = HttpServer::Start({.handler = [](const Request&, Responder r) {
    Response response = TextResponse(200, "bye");
    response.close = true;
    r(std::move(response));
  }});
  const auto result = RunLoad(
      {.port = (*server)->port(), .connections = 1, .requests = 2},
      [](uint64_t, std::string* out) { AppendRequest("GET", "/", {}, {}, out); },
      [](uint64_t, int, std::string_view) {});
  EXPECT_FALSE(result);
}

}  // namespace
}  // namespace wideberth::net
