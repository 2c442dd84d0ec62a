#include "net/server.h"

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/log.h"
#include "net/client.h"
#include "net/testing/raw_client.h"

namespace wideberth::net {
namespace {

using testing::Eventually;
using testing::RawClient;
using testing::StatusOf;

// Answers with what it was asked: "PUT /a?b=c body".
void Echo(const Request& request, Responder responder) {
  std::string text(MethodName(request.method));
  text.append(" ").append(request.path());
  for (const QueryParameter& parameter : request.target.query) {
    text.append(" ").append(parameter.name).append("=").append(parameter.value);
  }
  if (!request.body.empty()) text.append(" ").append(request.body);
  responder(TextResponse(200, text));
}

std::unique_ptr<HttpServer> StartServer(Handler handler, HttpServer::Options options = {}) {
  options.handler = std::move(handler);
  auto server = HttpServer::Start(std::move(options));
  EXPECT_TRUE(server) << server.error().ToString();
  return server ? *std::move(server) : nullptr;
}

HttpClient ClientOf(const HttpServer& server, HttpClient::Options options = {}) {
  return HttpClient::Create("http://127.0.0.1:" + std::to_string(server.port()), std::move(options))
      .value();
}

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

TEST(HttpServer, ServesEveryMethodOnOneConnection) {
  const auto server = StartServer(Echo);
  HttpClient client = ClientOf(*server);
  EXPECT_EQ(client.Get("/a%20b?x=1&y=%2B")->body, "GET /a b x=1 y=+");
  EXPECT_EQ(client.Put("/p", "text/plain", "hello")->body, "PUT /p hello");
  EXPECT_EQ(client.Post("/p", "text/plain", "")->body, "POST /p");
  EXPECT_EQ(client.Delete("/p")->body, "DELETE /p");
  const auto head = client.Do(Method::kHead, "/a", {}, {});
  ASSERT_TRUE(head);
  EXPECT_EQ(head->body, "");
  EXPECT_EQ(head->headers.Find("Content-Length"), "7");
  EXPECT_EQ(client.Get("/after")->body, "GET /after");
  EXPECT_EQ(server->stats().connections_accepted, 1u);
  EXPECT_EQ(server->stats().requests, 6u);
}

TEST(HttpServer, AnswersCarryDateAndLength) {
  const auto server = StartServer(Echo);
  RawClient client(server->port());
  ASSERT_TRUE(client.Send(kGet));
  const std::string answer = client.ReadAnswer();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\nDate: ")) << answer;
  EXPECT_NE(answer.find(" GMT\r\n"), std::string::npos);
  EXPECT_TRUE(answer.ends_with("\r\n\r\nGET /")) << answer;
  EXPECT_EQ(answer.find("Connection"), std::string::npos);
}

TEST(HttpServer, PipelinedRequestsAreAnsweredInOrder) {
  const auto server = StartServer(Echo);
  RawClient client(server->port());
  std::string bytes;
  for (int i = 0; i < 100; ++i) {
    bytes += "PUT /" + std::to_string(i) + " HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nok";
  }
  ASSERT_TRUE(client.Send(bytes));
  for (int i = 0; i < 100; ++i) {
    const std::string answer = client.ReadAnswer();
    ASSERT_TRUE(answer.ends_with("PUT /" + std::to_string(i) + " ok")) << i << answer;
  }
}

TEST(HttpServer, PipelinedRequestsWaitForTheAnswerBefore) {
  std::mutex mutex;
  std::vector<std::pair<std::string, Responder>> waiting;
  const auto server = StartServer([&](const Request& request, Responder responder) {
    const std::lock_guard lock(mutex);
    waiting.emplace_back(request.path(), std::move(responder));
  });
  RawClient client(server->port());
  ASSERT_TRUE(client.Send("GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n"));
  for (const std::string path : {"/1", "/2"}) {
    std::optional<Responder> responder;
    ASSERT_TRUE(Eventually([&] {
      const std::lock_guard lock(mutex);
      if (waiting.empty()) return false;
      EXPECT_EQ(waiting.size(), 1u);
      EXPECT_EQ(waiting.back().first, path);
      responder.emplace(std::move(waiting.back().second));
      waiting.pop_back();
      return true;
    }));
    (*responder)(TextResponse(200, path));
    EXPECT_TRUE(client.ReadAnswer().ends_with(path));
  }
}

TEST(HttpServer, ReadsChunkedBodies) {
  const auto server = StartServer(Echo);
  RawClient client(server->port());
  ASSERT_TRUE(
      client.Send("POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel"));
  ASSERT_TRUE(client.Send("lo\r\n6\r\n world\r\n0\r\n"));
  ASSERT_TRUE(client.Send("\r\n"));
  EXPECT_TRUE(client.ReadAnswer().ends_with("POST /c hello world"));
  ASSERT_TRUE(client.Send(kGet));
  EXPECT_EQ(StatusOf(client.ReadAnswer()), 200);
}

TEST(HttpServer, AsksForABodyThatIsExpected) {
  const auto server = StartServer(Echo);
  RawClient client(server->port());
  ASSERT_TRUE(client.Send(
      "PUT /e HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"));
  EXPECT_EQ(client.ReadThrough("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  ASSERT_TRUE(client.Send("hello"));
  EXPECT_TRUE(client.ReadAnswer().ends_with("PUT /e hello"));
}

TEST(HttpServer, LargeBodiesBothWays) {
  const auto server = StartServer(
      [](const Request& request, Responder responder) {
        responder(TextResponse(200, request.body + request.body));
      },
      {.wire = {.body_bytes_max = 8u << 20}});
  HttpClient client = ClientOf(*server);
  std::string body(8u << 20, 'x');
  for (size_t i = 0; i < body.size(); i += 997) body[i] = static_cast<char>('a' + i % 26);
  const auto answer = client.Put("/", "text/plain", body);
  ASSERT_TRUE(answer) << answer.error().ToString();
  EXPECT_EQ(answer->body.size(), 2 * body.size());
  EXPECT_TRUE(answer->body.starts_with(body) && answer->body.ends_with(body));
}

TEST(HttpServer, ClosesWhenAsked) {
  const auto server = StartServer(Echo);
  RawClient closing(server->port());
  ASSERT_TRUE(closing.Send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"));
  EXPECT_NE(closing.ReadToEnd().find("Connection: close\r\n"), std::string::npos);
  RawClient old(server->port());
  ASSERT_TRUE(old.Send("GET / HTTP/1.0\r\n\r\n"));
  EXPECT_TRUE(old.ReadToEnd().ends_with("GET /"));
  RawClient old_kept(server->port());
  ASSERT_TRUE(old_kept.Send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
  EXPECT_NE(old_kept.ReadAnswer().find("Connection: keep-alive"), std::string::npos);
  ASSERT_TRUE(old_kept.Send("GET /2 HTTP/1.0\r\n\r\n"));
  EXPECT_TRUE(old_kept.ReadToEnd().ends_with("GET /2"));
}

TEST(HttpServer, AnswersAClientThatHasFinishedSending) {
  const auto server = StartServer(Echo);
  RawClient client(server->port());
  ASSERT_TRUE(client.Send(kGet));
  client.ShutdownSend();
  EXPECT_TRUE(client.ReadToEnd().ends_with("GET /"));
}

TEST(HttpServer, AnswersFromAnotherThread) {
  std::vector<std::thread> threads;
  std::mutex mutex;
  const auto server = StartServer([&](const Request& request, Responder responder) {
    const std::lock_guard lock(mutex);
    threads.emplace_back([path = request.path(), r = std::move(responder)]() mutable {
      r(TextResponse(200, path));
    });
  });
  HttpClient client = ClientOf(*server);
  for (int i = 0; i < 20; ++i) {
    const std::string path = "/" + std::to_string(i);
    EXPECT_EQ(client.Get(path)->body, path);
  }
  for (std::thread& thread : threads) thread.join();
}

// A group commit: many requests wait, one thread answers them all under one batch.
TEST(HttpServer, AnswersManyInOneBatch) {
  constexpr int kClients = 40;
  std::mutex mutex;
  std::vector<std::pair<std::string, Responder>> waiting;
  const auto server = StartServer([&](const Request& request, Responder responder) {
    const std::lock_guard lock(mutex);
    waiting.emplace_back(request.path(), std::move(responder));
  });
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < kClients; ++i) {
      if (round == 0) clients.push_back(std::make_unique<RawClient>(server->port()));
      ASSERT_TRUE(clients[static_cast<size_t>(i)]->Send("GET /" + std::to_string(i) +
                                                        " HTTP/1.1\r\nHost: h\r\n\r\n"));
    }
    ASSERT_TRUE(Eventually([&] {
      const std::lock_guard lock(mutex);
      return waiting.size() == kClients;
    }));
    {
      const AnswerBatch batch;
      const AnswerBatch inner;  // does nothing, harms nothing
      const std::lock_guard lock(mutex);
      for (auto& [path, responder] : waiting) responder(TextResponse(200, path));
      waiting.clear();
    }
    for (int i = 0; i < kClients; ++i) {
      EXPECT_TRUE(clients[static_cast<size_t>(i)]->ReadAnswer().ends_with("/" + std::to_string(i)));
    }
  }
}

TEST(HttpServer, ADroppedResponderIs500AndLogged) {
  const base::LogCapture log;
  const auto server = StartServer([](const Request&, Responder) {});
  HttpClient client = ClientOf(*server);
  EXPECT_EQ(client.Get("/")->status, 500);
  EXPECT_EQ(client.Get("/")->status, 500);
  EXPECT_EQ(server->stats().answers_dropped, 2u);
  ASSERT_EQ(log.lines().size(), 2u);
  EXPECT_NE(log.lines()[0].find("http_request_left_unanswered"), std::string::npos);
}

TEST(HttpServer, HangingUpClosesWithoutAnAnswer) {
  const base::LogCapture log;
  std::mutex mutex;
  std::vector<std::thread> later;
  const auto server = StartServer([&](const Request& request, Responder responder) {
    if (request.path() == "/at-once") return responder.HangUp();
    const std::lock_guard lock(mutex);
    later.emplace_back([r = std::move(responder)]() mutable { r.HangUp(); });
  });
  HttpClient client = ClientOf(*server);
  EXPECT_FALSE(client.Get("/at-once").has_value());
  EXPECT_FALSE(client.Get("/later").has_value());
  const std::lock_guard lock(mutex);
  for (std::thread& each : later) each.join();
  EXPECT_EQ(server->stats().answers_dropped, 0u);
}

TEST(HttpServer, AMalformedAnswerIs500) {
  const base::LogCapture log;
  const auto server = StartServer([](const Request&, Responder responder) {
    Response response = TextResponse(200, "x");
    response.headers.Add("Location", "/a\r\nSet-Cookie: stolen");
    responder(std::move(response));
  });
  RawClient client(server->port());
  ASSERT_TRUE(client.Send(kGet));
  const std::string answer = client.ReadAnswer();
  EXPECT_EQ(StatusOf(answer), 500);
  EXPECT_EQ(answer.find("stolen"), std::string::npos);
}

TEST(HttpServer, RefusalsGoThroughTheRenderer) {
  const auto server =
      StartServer(Echo, {.render_error = [](int status, const base::Error& error) {
                    return JsonResponse(status, "{\"field\":\"" + error.field + "\"}");
                  }});
  RawClient client(server->port());
  ASSERT_TRUE(client.Send("GET / HTTP/1.1\r\n\r\n"));
  const std::string answer = client.ReadToEnd();
  EXPECT_EQ(StatusOf(answer), 400);
  EXPECT_TRUE(answer.ends_with("{\"field\":\"Host\"}")) << answer;
  EXPECT_NE(answer.find("Connection: close"), std::string::npos);
}

TEST(HttpServer, StopFinishesWhatHasBegun) {
  std::mutex mutex;
  std::optional<Responder> held;
  const auto server = StartServer([&](const Request&, Responder responder) {
    const std::lock_guard lock(mutex);
    held.emplace(std::move(responder));
  });
  RawClient idle(server->port());
  RawClient busy(server->port());
  ASSERT_TRUE(busy.Send(kGet));
  ASSERT_TRUE(Eventually([&] {
    const std::lock_guard lock(mutex);
    return held.has_value();
  }));
  std::thread stopper([&] { server->Stop(20'000); });
  EXPECT_EQ(idle.ReadToEnd(), "");  // closed at once
  (*held)(TextResponse(200, "done"));
  const std::string answer = busy.ReadToEnd();
  EXPECT_TRUE(answer.ends_with("done")) << answer;
  EXPECT_NE(answer.find("Connection: close"), std::string::npos);
  stopper.join();
  EXPECT_FALSE(RawClient(server->port()).connected());
  EXPECT_EQ(server->stats().connections_open, 0u);
}

TEST(HttpServer, StopGivesUpOnWhatNeverEnds) {
  std::mutex mutex;
  std::optional<Responder> held;
  const auto server = StartServer([&](const Request&, Responder responder) {
    const std::lock_guard lock(mutex);
    held.emplace(std::move(responder));
  });
  RawClient busy(server->port());
  ASSERT_TRUE(busy.Send(kGet));
  ASSERT_TRUE(Eventually([&] {
    const std::lock_guard lock(mutex);
    return held.has_value();
  }));
  server->Stop(10);
  EXPECT_EQ(busy.ReadToEnd(), "");
  (*held)(TextResponse(200, "too late"));  // goes nowhere, harms nothing
  server->Stop(10);
}

TEST(HttpServer, ResponderOutlivesTheServer) {
  std::optional<Responder> held;
  {
    std::atomic<bool> has{false};
    const auto server = StartServer([&](const Request&, Responder responder) {
      held.emplace(std::move(responder));
      has.store(true);
    });
    RawClient client(server->port());
    ASSERT_TRUE(client.Send(kGet));
    ASSERT_TRUE(Eventually([&] { return has.load(); }));
  }
  (*held)(TextResponse(200, "nobody is there"));
}

TEST(HttpServer, PublishesItsMetrics) {
  base::Metrics metrics;
  {
    const auto server = StartServer(Echo, {.metrics = &metrics});
    HttpClient client = ClientOf(*server);
    ASSERT_TRUE(client.Get("/"));
    ASSERT_TRUE(client.Get("/"));
    const std::string text = metrics.Scrape();
    EXPECT_NE(text.find("wideberth_http_requests_total 2"), std::string::npos) << text;
    EXPECT_NE(text.find("wideberth_http_connections_open 1"), std::string::npos) << text;
  }
  EXPECT_NE(metrics.Scrape().find("wideberth_http_connections_open 0"), std::string::npos);
}

TEST(HttpServer, RefusesBadOptions) {
  EXPECT_FALSE(HttpServer::Start({}));
  EXPECT_FALSE(HttpServer::Start({.address = "localhost", .handler = Echo}));
  EXPECT_FALSE(HttpServer::Start({.threads = 0, .handler = Echo}));
  EXPECT_FALSE(HttpServer::Start({.handler = Echo, .idle_deadline_ms = 0}));
  const auto server = StartServer(Echo);
  const auto second = HttpServer::Start({.port = server->port(), .handler = Echo});
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().found.find("in use"), std::string::npos) << second.error().ToString();
}

TEST(HttpServer, ListensOnIpv6) {
  auto server = HttpServer::Start({.address = "::1", .handler = Echo});
  if (!server) GTEST_SKIP() << "skipped: no IPv6 here";
  auto client = HttpClient::Create("http://[::1]:" + std::to_string((*server)->port()), {});
  EXPECT_EQ(client->Get("/six")->body, "GET /six");
}

}  // namespace
}  // namespace wideberth::net
