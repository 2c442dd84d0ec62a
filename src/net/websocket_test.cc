// What needs no second node; src/link/ tests the rest over real connections.
#include "net/websocket.h"

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <future>
#include <memory>
#include <string>
#include <utility>

namespace wideberth::net {
namespace {

std::string Contents(BIO* bio) {
  char* data = nullptr;
  const long bytes = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<size_t>(bytes));
  BIO_free(bio);
  return text;
}

struct KeyPair {
  explicit KeyPair(const char* kind) {
    EVP_PKEY* pkey = EVP_PKEY_Q_keygen(nullptr, nullptr, kind);
    X509* x509 = X509_new();
    X509_gmtime_adj(X509_getm_notBefore(x509), 0);
    X509_gmtime_adj(X509_getm_notAfter(x509), 3'600);
    X509_set_pubkey(x509, pkey);
    X509_sign(x509, pkey, nullptr);
    BIO* bio = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(bio, x509);
    certificate = Contents(bio);
    bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey(bio, pkey, nullptr, nullptr, 0, nullptr, nullptr);
    key = Contents(bio);
    X509_free(x509);
    EVP_PKEY_free(pkey);
  }
  std::string certificate;
  std::string key;
};

base::Result<std::unique_ptr<WebSocketLoop>> Start(const std::string& certificate,
                                                   const std::string& key,
                                                   const std::string& listen_address = {}) {
  WebSocketLoop::Options options;
  options.subprotocol = "test";
  options.limits = {.message_bytes_max = 1'000,
                    .queue_bytes_max = 1'000,
                    .handshake_deadline_ms = 20'000,
                    .silence_deadline_ms = 20'000,
                    .pending_max = 1};
  options.listen_address = listen_address;
  const WebSocketLoop::Identity identity{"", certificate, key};
  return WebSocketLoop::Start(std::move(options), {&identity, 1});
}

struct Outcome final : WebSocketEvents {
  void OnOpen(std::shared_ptr<WebSocket>) override { result.set_value("open"); }
  void OnMessage(std::string) override {}
  void OnSent(size_t) override {}
  void OnClosed(const std::string& reason) override { result.set_value(reason); }
  std::promise<std::string> result;
};

std::string Dial(WebSocketLoop& loop, const std::string& host, uint16_t port) {
  const auto outcome = std::make_shared<Outcome>();
  std::shared_ptr<WebSocket> connection;
  loop.Post([&] {
    connection = loop.Dial(
        {host, port, "/"}, [](base::ByteView) { return base::Result<void>(); }, outcome);
  });
  std::string reason = outcome->result.get_future().get();
  loop.Stop();
  return reason;
}

TEST(WebSocketLoopTest, NeedsACertificateAndItsKey) {
  const KeyPair ours("ED25519");
  const KeyPair other("ED25519");
  EXPECT_TRUE(Start(ours.certificate, ours.key));
  for (const auto& [certificate, key] :
       {std::pair{ours.certificate, other.key}, std::pair{ours.certificate, std::string("x")},
        std::pair{std::string("x"), ours.key}, std::pair{std::string(), std::string()}}) {
    const auto started = Start(certificate, key);
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().field, "tls");
  }
}

TEST(WebSocketLoopTest, SaysWhyAHostCannotBeReached) {
  const KeyPair pair("ED25519");
  EXPECT_EQ(Dial(**Start(pair.certificate, pair.key), "127.0.0.1", 1),
            "connecting: Connection refused");
  const std::string reason = Dial(**Start(pair.certificate, pair.key), "nowhere.invalid", 1);
  EXPECT_TRUE(reason.starts_with("looking up nowhere.invalid: ")) << reason;
}

TEST(WebSocketLoopTest, RunsTasksAtOnceAndLaterOnItsOwnThread) {
  const KeyPair pair("ED25519");
  const std::unique_ptr<WebSocketLoop> loop = *Start(pair.certificate, pair.key, "127.0.0.1");
  EXPECT_NE(loop->port(), 0);
  EXPECT_FALSE(loop->IsOnLoop());
  std::promise<bool> posted;
  std::promise<bool> later;
  loop->Post([&] { posted.set_value(loop->IsOnLoop()); });
  loop->After(1, [&] { later.set_value(loop->IsOnLoop()); });
  EXPECT_TRUE(posted.get_future().get());
  EXPECT_TRUE(later.get_future().get());
  bool ran = false;
  loop->After(3'600'000, [&ran] { ran = true; });
  loop->Stop();
  loop->Post([&ran] { ran = true; });
  loop->Stop();
  EXPECT_FALSE(ran);
}

}  // namespace
}  // namespace wideberth::net
