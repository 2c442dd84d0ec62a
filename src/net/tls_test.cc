#include "net/tls.h"

#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <string>
#include <utility>

#include "net/client.h"
#include "net/server.h"
#include "net/testing/certificates.h"
#include "net/testing/raw_client.h"

namespace wideberth::net {
namespace {

using testing::CertificateAuthority;
using testing::CertificateFiles;
using testing::Eventually;
using testing::RawClient;

// Says who the server thinks the client is.
void WhoAmI(const Request& request, Responder responder) {
  const Peer& peer = request.peer;
  responder(TextResponse(200, peer.address + "|" + peer.tls_version + "|" +
                                  peer.certificate_subject + "|" + peer.certificate_sha256 + "|" +
                                  std::to_string(request.body.size())));
}

class TlsTest : public ::testing::Test {
 protected:
  std::unique_ptr<HttpServer> StartServer(TlsServerFiles files = {}) {
    files.certificate_chain_path = server_.certificate_path;
    files.private_key_path = server_.private_key_path;
    auto server = HttpServer::Start({.tls = files, .handler = WhoAmI, .linger_deadline_ms = 100});
    EXPECT_TRUE(server) << server.error().ToString();
    return *std::move(server);
  }
  static base::Result<Response> Ask(const HttpServer& server, const TlsClientFiles& files,
                                    const std::string& host = "127.0.0.1") {
    WB_ASSIGN_OR_RETURN(HttpClient client,
                        HttpClient::Create("https://" + host + ":" + std::to_string(server.port()),
                                           {.tls = files}));
    return client.Get("/");
  }

  CertificateAuthority authority_;
  CertificateFiles server_ = authority_.Issue("node", "DNS:localhost,IP:127.0.0.1");
};

TEST_F(TlsTest, ServesOverTls13WithAVerifiedName) {
  const auto server = StartServer();
  const auto answer = Ask(*server, {.ca_path = authority_.ca_path()});
  ASSERT_TRUE(answer) << answer.error().ToString();
  EXPECT_EQ(answer->body, "127.0.0.1|TLSv1.3|||0");
  EXPECT_TRUE(Ask(*server, {.ca_path = authority_.ca_path()}, "localhost"));
}

TEST_F(TlsTest, LargeBodiesAndManyRequestsOnOneSession) {
  const auto server = StartServer();
  HttpClient client = HttpClient::Create("https://127.0.0.1:" + std::to_string(server->port()),
                                         {.tls = {.ca_path = authority_.ca_path()}})
                          .value();
  for (int i = 0; i < 20; ++i) {
    const auto answer = client.Put("/", "text/plain", std::string(300'000, 'x'));
    ASSERT_TRUE(answer) << answer.error().ToString();
    EXPECT_TRUE(answer->body.ends_with("|300000"));
  }
  EXPECT_EQ(server->stats().connections_accepted, 1u);
}

TEST_F(TlsTest, TheClientRefusesWhatItDoesNotTrust) {
  const auto server = StartServer();
  const auto unknown = Ask(*server, {});
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, base::ErrorCode::kUnauthorized);
  const CertificateAuthority other;
  EXPECT_FALSE(Ask(*server, {.ca_path = other.ca_path()}));
  server_ = authority_.Issue("node", "DNS:elsewhere.example");
  const auto elsewhere = StartServer();
  const auto misnamed = Ask(*elsewhere, {.ca_path = authority_.ca_path()});
  ASSERT_FALSE(misnamed);
  EXPECT_NE(misnamed.error().found.find("IP address mismatch"), std::string::npos)
      << misnamed.error().ToString();
  EXPECT_TRUE(Ask(*elsewhere, {.insecure = true}));
  EXPECT_TRUE(Eventually([&] { return server->stats().tls_failures >= 2; }));
}

TEST_F(TlsTest, APinStandsAlone) {
  const auto server = StartServer();
  EXPECT_TRUE(Ask(*server, {.pinned_sha256 = server_.sha256}));
  const auto wrong = Ask(*server, {.pinned_sha256 = std::string(64, '0')});
  ASSERT_FALSE(wrong);
  EXPECT_NE(wrong.error().rule.find("pinned"), std::string::npos);
}

TEST_F(TlsTest, ClientCertificates) {
  const CertificateFiles mine = authority_.Issue("party.example", "");
  const auto server =
      StartServer({.client_ca_path = authority_.ca_path(), .client_certificate_required = true});
  const auto known = Ask(*server, {.ca_path = authority_.ca_path(),
                                   .certificate_chain_path = mine.certificate_path,
                                   .private_key_path = mine.private_key_path});
  ASSERT_TRUE(known) << known.error().ToString();
  EXPECT_EQ(known->body, "127.0.0.1|TLSv1.3|CN=party.example|" + mine.sha256 + "|0");
  EXPECT_FALSE(Ask(*server, {.ca_path = authority_.ca_path()}));
  CertificateAuthority other;
  const CertificateFiles foreign = other.Issue("party.example", "");
  EXPECT_FALSE(Ask(*server, {.ca_path = authority_.ca_path(),
                             .certificate_chain_path = foreign.certificate_path,
                             .private_key_path = foreign.private_key_path}));
  const auto optional = StartServer({.client_ca_path = authority_.ca_path()});
  EXPECT_EQ(Ask(*optional, {.ca_path = authority_.ca_path()})->body, "127.0.0.1|TLSv1.3|||0");
}

TEST_F(TlsTest, EventStreamsEndWithAGoodbye) {
  auto server = HttpServer::Start(
      {.tls = TlsServerFiles{server_.certificate_path, server_.private_key_path, {}, false},
       .handler = [](const Request&, Responder responder) {
         auto stream = responder.StartEventStream();
         ASSERT_TRUE(stream);
         for (int i = 0; i < 50; ++i) {
           stream->Send("n", "", std::string(5'000, 'x'));
         }
       }});
  ASSERT_TRUE(server);
  HttpClient client = HttpClient::Create("https://127.0.0.1:" + std::to_string((*server)->port()),
                                         {.tls = {.insecure = true}})
                          .value();
  int events = 0;
  const auto ended = client.ReadEvents("/", {}, [&](const Event&) { return ++events > 0; });
  EXPECT_TRUE(ended) << ended.error().ToString();
  EXPECT_EQ(events, 50);
}

TEST_F(TlsTest, StrangersBytesAreRefused) {
  const auto server = StartServer();
  RawClient plain(server->port());
  ASSERT_TRUE(plain.Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
  EXPECT_EQ(plain.ReadToEnd().find("HTTP/1.1 "), std::string::npos);
  EXPECT_TRUE(Eventually([&] { return server->stats().tls_failures == 1; }));
  EXPECT_EQ(server->stats().requests, 0u);
  EXPECT_TRUE(Ask(*server, {.ca_path = authority_.ca_path()}));
}

TEST_F(TlsTest, AHandshakeHasADeadline) {
  auto server = HttpServer::Start(
      {.tls = TlsServerFiles{server_.certificate_path, server_.private_key_path, {}, false},
       .handler = WhoAmI,
       .header_deadline_ms = 60});
  RawClient silent((*server)->port());
  EXPECT_EQ(silent.ReadToEnd(), "");
}

TEST_F(TlsTest, RefusesFilesItCannotUse) {
  const CertificateFiles other = authority_.Issue("other", "");
  EXPECT_FALSE(TlsContext::Server({"absent.pem", server_.private_key_path, {}, false}));
  EXPECT_FALSE(TlsContext::Server({server_.certificate_path, "absent.pem", {}, false}));
  const auto mismatch =
      TlsContext::Server({server_.certificate_path, other.private_key_path, {}, false});
  ASSERT_FALSE(mismatch);
  EXPECT_EQ(mismatch.error().field, "tls.key");
  EXPECT_FALSE(TlsContext::Server(
      {server_.certificate_path, server_.private_key_path, "absent.pem", false}));
  EXPECT_FALSE(TlsContext::Server({server_.certificate_path, server_.private_key_path, {}, true}));
  EXPECT_FALSE(TlsContext::Client({.ca_path = "absent.pem"}));
}

// Two sessions face to face, each byte on its own: the smallest pieces a network can make.
TEST_F(TlsTest, SessionsTakeBytesHoweverTheyAreCut) {
  const auto server_context =
      TlsContext::Server({server_.certificate_path, server_.private_key_path, {}, false});
  const auto client_context = TlsContext::Client({.ca_path = authority_.ca_path()});
  TlsSession server(*server_context);
  TlsSession client(*client_context, "localhost");
  std::string at_server;
  std::string at_client;
  ASSERT_TRUE(client.Receive({}, &at_client));
  const auto carry = [](TlsSession* from, TlsSession* to, std::string* plain) {
    const std::string wire = std::exchange(from->outgoing(), {});
    for (const char byte : wire) EXPECT_TRUE(to->Receive({&byte, 1}, plain));
    return !wire.empty();
  };
  const auto settle = [&] {
    while (carry(&client, &server, &at_server) || carry(&server, &client, &at_client)) {
    }
  };
  settle();
  ASSERT_TRUE(server.established());
  ASSERT_TRUE(client.established());
  ASSERT_TRUE(client.Send(std::string(40'000, 'q')));
  ASSERT_TRUE(server.Send("answer"));
  server.Shutdown();
  settle();
  EXPECT_EQ(at_server, std::string(40'000, 'q'));
  EXPECT_EQ(at_client, "answer");
  EXPECT_TRUE(client.peer_closed());
  EXPECT_FALSE(server.Receive("not a record at all", &at_server));
}

}  // namespace
}  // namespace wideberth::net
