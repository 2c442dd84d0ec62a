// Every limit on what a stranger may send, and what the stranger is told. Deadlines are made short
// by options; a test waits for what must come, never for how long it takes.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "net/client.h"
#include "net/server.h"
#include "net/testing/raw_client.h"

namespace wideberth::net {
namespace {

using testing::Eventually;
using testing::RawClient;
using testing::StatusOf;

std::unique_ptr<HttpServer> StartServer(HttpServer::Options options) {
  if (!options.handler) {
    options.handler = [](const Request&, Responder r) { r(TextResponse(200, "ok")); };
  }
  auto server = HttpServer::Start(std::move(options));
  EXPECT_TRUE(server) << server.error().ToString();
  return server ? *std::move(server) : nullptr;
}

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

// Others are served as before.
void ExpectServing(const HttpServer& server) {
  RawClient client(server.port());
  client.Send(kGet);
  EXPECT_EQ(StatusOf(client.ReadAnswer()), 200);
}

TEST(ServerLimits, HeaderBombs) {
  const auto server = StartServer({});
  RawClient fields(server->port());
  std::string many = "GET / HTTP/1.1\r\nHost: h\r\n";
  for (int i = 0; i < 200; ++i) many += "A: b\r\n";
  fields.Send(many + "\r\n");
  EXPECT_EQ(StatusOf(fields.ReadToEnd()), 431);

  RawClient bytes(server->port());
  bytes.Send("GET / HTTP/1.1\r\nHost: h\r\nA: ");
  bytes.Send(std::string(200'000, 'x'));
  EXPECT_EQ(StatusOf(bytes.ReadToEnd()), 431);

  RawClient target(server->port());
  target.Send("GET /" + std::string(20'000, 'x'));
  EXPECT_EQ(StatusOf(target.ReadToEnd()), 414);

  RawClient nested(server->port());
  nested.Send("GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n");
  EXPECT_EQ(StatusOf(nested.ReadToEnd()), 501);
  EXPECT_EQ(server->stats().refusals, 4u);
  EXPECT_EQ(server->stats().requests, 0u);
  ExpectServing(*server);
}

TEST(ServerLimits, HugeBodies) {
  const auto server = StartServer({.wire = {.body_bytes_max = 1'000}});
  RawClient announced(server->port());
  // Refused by its length: the body is not waited for, and "continue" is not said.
  announced.Send(
      "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\nExpect: 100-continue\r\n\r\n");
  const std::string answer = announced.ReadToEnd();
  EXPECT_EQ(StatusOf(answer), 413);
  EXPECT_NE(answer.find("must be at most 1000 bytes"), std::string::npos) << answer;

  RawClient chunked(server->port());
  chunked.Send("PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 3; ++i) chunked.Send("190\r\n" + std::string(400, 'x') + "\r\n");
  EXPECT_EQ(StatusOf(chunked.ReadToEnd()), 413);

  // The answer reaches a client that goes on sending before it reads.
  RawClient stubborn(server->port());
  stubborn.Send("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 500000\r\n\r\n");
  stubborn.Send(std::string(500'000, 'x'));
  EXPECT_EQ(StatusOf(stubborn.ReadToEnd()), 413);
  ExpectServing(*server);
}

TEST(ServerLimits, TheRoutesOwnBodyCap) {
  const auto server = StartServer({.body_bytes_max = [](const Request& request) {
    return request.path() == "/small" ? size_t{3} : size_t{100};
  }});
  HttpClient client =
      HttpClient::Create("http://127.0.0.1:" + std::to_string(server->port()), {}).value();
  EXPECT_EQ(client.Put("/small", "text/plain", "123")->status, 200);
  EXPECT_EQ(client.Put("/small", "text/plain", "1234")->status, 413);
  EXPECT_EQ(client.Put("/large", "text/plain", "1234")->status, 200);
}

TEST(ServerLimits, SlowHeader) {
  const auto server = StartServer({.header_deadline_ms = 60, .linger_deadline_ms = 60});
  RawClient drip(server->port());
  ASSERT_TRUE(drip.Send("GET / HT"));
  EXPECT_EQ(StatusOf(drip.ReadToEnd()), 408);
  RawClient silent(server->port());
  EXPECT_EQ(silent.ReadToEnd(), "");
  // Bytes that keep coming do not put the deadline off.
  RawClient steady(server->port());
  ASSERT_TRUE(steady.Send("GET / HTTP/1.1\r\n"));
  EXPECT_TRUE(Eventually([&] { return !steady.Send("A: b\r\n"); }));
  EXPECT_EQ(server->stats().timeouts, 2u);
}

TEST(ServerLimits, SlowBody) {
  const auto server = StartServer({.body_deadline_ms = 60});
  RawClient client(server->port());
  ASSERT_TRUE(client.Send("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc"));
  const std::string answer = client.ReadToEnd();
  EXPECT_EQ(StatusOf(answer), 408);
  EXPECT_NE(answer.find("body"), std::string::npos);
}

TEST(ServerLimits, IdleConnections) {
  const auto server = StartServer({.idle_deadline_ms = 60});
  RawClient client(server->port());
  ASSERT_TRUE(client.Send(kGet));
  EXPECT_EQ(StatusOf(client.ReadAnswer()), 200);
  EXPECT_EQ(client.ReadToEnd(), "");  // closed without a word: nothing was asked
  EXPECT_EQ(server->stats().timeouts, 0u);
}

TEST(ServerLimits, StalledReader) {
  const auto server = StartServer({
      .handler = [](const Request&,
                    Responder r) { r(TextResponse(200, std::string(32u << 20, 'x'))); },
      .write_deadline_ms = 60,
      .bytes_per_second_min = int64_t{1} << 40,
  });
  RawClient client(server->port(), /*receive_buffer_bytes=*/4'096);
  ASSERT_TRUE(client.Send(kGet));
  EXPECT_TRUE(Eventually([&] { return server->stats().timeouts == 1; }));
  EXPECT_LT(client.ReadToEnd().size(), 32u << 20);
  EXPECT_TRUE(Eventually([&] { return server->stats().connections_open == 0; }));
}

TEST(ServerLimits, LingeringEnds) {
  const auto server = StartServer({.linger_deadline_ms = 60});
  RawClient client(server->port());
  // Refused, and the client neither reads nor closes.
  ASSERT_TRUE(client.Send("BREW / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\n"));
  EXPECT_TRUE(Eventually(
      [&] { return server->stats().refusals == 1 && server->stats().connections_open == 0; }));
}

TEST(ServerLimits, ConnectionFloodFromOneAddress) {
  const auto server = StartServer({.connections_per_address_max = 3});
  std::vector<std::unique_ptr<RawClient>> kept;
  for (int i = 0; i < 3; ++i) {
    kept.push_back(std::make_unique<RawClient>(server->port()));
    ASSERT_TRUE(kept.back()->Send(kGet));
    EXPECT_EQ(StatusOf(kept.back()->ReadAnswer()), 200);
  }
  for (int i = 0; i < 10; ++i) {
    RawClient refused(server->port());
    EXPECT_EQ(StatusOf(refused.ReadToEnd()), 503);
  }
  EXPECT_EQ(server->stats().connections_refused, 10u);
  // The places are given back.
  kept.pop_back();
  EXPECT_TRUE(Eventually([&] { return server->stats().connections_open == 2; }));
  ExpectServing(*server);
}

TEST(ServerLimits, ConnectionsInAll) {
  const auto server = StartServer({.connections_max = 2});
  const RawClient first(server->port());
  const RawClient second(server->port());
  EXPECT_TRUE(Eventually([&] { return server->stats().connections_open == 2; }));
  RawClient refused(server->port());
  EXPECT_EQ(StatusOf(refused.ReadToEnd()), 503);
}

TEST(ServerLimits, GarbageIsRefusedAndOthersAreServed) {
  const auto server = StartServer({});
  for (const std::string_view bytes :
       {"\x16\x03\x01\x02\x01\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "GET /\r\n\r\n",
        "\r\n\r\n\r\n", "GET / HTTP/1.1\nHost: h\n\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nTransfer-Encoding: "
        "chunked\r\n\r\n0\r\n\r\n"
        "GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n"}) {
    RawClient client(server->port());
    ASSERT_TRUE(client.Send(bytes));
    const std::string answer = client.ReadToEnd();
    EXPECT_GE(StatusOf(answer), 400) << bytes;
    EXPECT_EQ(answer.find("Content-Length"), answer.rfind("Content-Length")) << "one answer only";
  }
  EXPECT_EQ(server->stats().requests, 0u);
  ExpectServing(*server);
}

}  // namespace
}  // namespace wideberth::net
