// Cable and RawPeer: sockets without the code under test.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <list>
#include <thread>

#include "base/check.h"
#include "link/certificate.h"
#include "link/testing/node.h"

namespace wideberth::link::testing {
namespace {

sockaddr_in Loopback(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int ConnectTo(uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = Loopback(port);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) return fd;
  close(fd);
  return -1;
}

bool SendAll(int fd, const char* data, size_t bytes) {
  while (bytes > 0) {
    const ssize_t sent = send(fd, data, bytes, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    data += sent;
    bytes -= static_cast<size_t>(sent);
  }
  return true;
}

}  // namespace

// ---- Cable ----

// One thread with poll: what carries is copied, what is frozen is kept and not looked at.
class Cable::Impl {
 public:
  enum class Order { kNone, kCut, kFreeze, kMend };
  struct Pair {
    int a;
    int b;
    bool frozen = false;
  };

  explicit Impl(uint16_t to_port) : to_port_(to_port) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = Loopback(0);
    socklen_t bytes = sizeof(address);
    CHECK(bind(listener_, reinterpret_cast<sockaddr*>(&address), bytes) == 0);
    CHECK(listen(listener_, 16) == 0);
    CHECK(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &bytes) == 0);
    port = ntohs(address.sin_port);
    thread_ = std::thread([this] { Run(); });
  }
  ~Impl() {
    stopping_ = true;
    thread_.join();
    for (const Pair& pair : pairs_) ClosePair(pair);
    close(listener_);
  }
  void Give(Order order) {
    order_ = order;
    CHECK(Eventually([this] { return order_ == Order::kNone; }));
  }

  uint16_t port = 0;

 private:
  static void ClosePair(const Pair& pair) {
    close(pair.a);
    close(pair.b);
  }

  void Obey() {
    const Order order = order_;
    if (order == Order::kNone) return;
    for (Pair& pair : pairs_) pair.frozen = true;
    if (order == Order::kCut) {
      for (const Pair& pair : pairs_) ClosePair(pair);
      pairs_.clear();
    }
    is_cut_ = order == Order::kCut;
    order_ = Order::kNone;
  }

  void TakeIn() {
    const int a = accept(listener_, nullptr, nullptr);
    const int b = is_cut_ ? -1 : ConnectTo(to_port_);
    if (b >= 0) return pairs_.push_back({a, b});
    close(a);
  }

  static bool Copy(int from, int to) {
    std::array<char, 65'536> buffer;
    const ssize_t got = recv(from, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got < 0) return true;
    return got > 0 && SendAll(to, buffer.data(), static_cast<size_t>(got));
  }

  void Run() {
    while (!stopping_) {
      Obey();
      std::vector<pollfd> waits = {{listener_, POLLIN, 0}};
      for (const Pair& pair : pairs_) {
        if (pair.frozen) continue;
        waits.push_back({pair.a, POLLIN, 0});
        waits.push_back({pair.b, POLLIN, 0});
      }
      poll(waits.data(), waits.size(), 5);
      if (waits[0].revents != 0) TakeIn();
      for (auto it = pairs_.begin(); it != pairs_.end();) {
        const bool ended = !it->frozen && !(Copy(it->a, it->b) && Copy(it->b, it->a));
        if (ended) ClosePair(*it);
        it = ended ? pairs_.erase(it) : std::next(it);
      }
    }
  }

  const uint16_t to_port_;
  int listener_ = -1;
  std::list<Pair> pairs_;
  bool is_cut_ = false;
  std::atomic<Order> order_ = Order::kNone;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

Cable::Cable(uint16_t to_port) : impl_(std::make_unique<Impl>(to_port)), port_(impl_->port) {}
Cable::~Cable() = default;
void Cable::Cut() {
  impl_->Give(Impl::Order::kCut);
}
void Cable::Freeze() {
  impl_->Give(Impl::Order::kFreeze);
}
void Cable::Mend() {
  impl_->Give(Impl::Order::kMend);
}

// ---- RawPeer ----

class RawPeer::Impl {
 public:
  ~Impl() {
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    if (fd >= 0) close(fd);
  }
  int fd = -1;
  SSL_CTX* ctx = nullptr;
  SSL* ssl = nullptr;
  std::string in;
};

RawPeer::RawPeer(uint16_t port) : impl_(std::make_unique<Impl>()) {
  impl_->fd = ConnectTo(port);
  CHECK(impl_->fd >= 0);
  const timeval patience{20, 0};
  setsockopt(impl_->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
}
RawPeer::~RawPeer() = default;

bool RawPeer::ShakeHands(const crypto::SecretKey* key, bool only_tls12) {
  impl_->ctx = SSL_CTX_new(TLS_client_method());
  if (only_tls12) SSL_CTX_set_max_proto_version(impl_->ctx, TLS1_2_VERSION);
  if (key != nullptr) {
    const std::string pem = MakeCertificate(*key);
    BIO* bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
    X509* certificate = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
    EVP_PKEY* pkey =
        EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, key->Seed().bytes().data(), 32);
    CHECK(SSL_CTX_use_certificate(impl_->ctx, certificate) == 1 &&
          SSL_CTX_use_PrivateKey(impl_->ctx, pkey) == 1);
    EVP_PKEY_free(pkey);
    X509_free(certificate);
    BIO_free(bio);
  }
  impl_->ssl = SSL_new(impl_->ctx);
  SSL_set_fd(impl_->ssl, impl_->fd);
  return SSL_connect(impl_->ssl) == 1;
}

void RawPeer::Send(std::string_view bytes) {
  if (impl_->ssl != nullptr) {
    SSL_write(impl_->ssl, bytes.data(), static_cast<int>(bytes.size()));
  } else {
    SendAll(impl_->fd, bytes.data(), bytes.size());
  }
}

bool RawPeer::ReadSome() {
  std::array<char, 4'096> buffer;
  const ssize_t got = impl_->ssl != nullptr
                          ? SSL_read(impl_->ssl, buffer.data(), static_cast<int>(buffer.size()))
                          : recv(impl_->fd, buffer.data(), buffer.size(), 0);
  if (got > 0) impl_->in.append(buffer.data(), static_cast<size_t>(got));
  return got > 0;
}

std::string RawPeer::ReadThrough(std::string_view mark) {
  while (impl_->in.find(mark) == std::string::npos && ReadSome()) {
  }
  return std::exchange(impl_->in, {});
}

bool RawPeer::ReadToEnd() {
  while (ReadSome()) {
  }
  // TLS may have ended before TCP does. A timeout is no end.
  std::array<char, 4'096> rest;
  ssize_t got = 0;
  do got = recv(impl_->fd, rest.data(), rest.size(), 0);
  while (got > 0);
  return got == 0 || errno != EAGAIN;
}

std::string RawPeer::Upgrade(std::string_view target, std::string_view protocol) {
  Send("GET " + std::string(target) +
       " HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
       "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
       "Sec-WebSocket-Protocol: " +
       std::string(protocol) + "\r\n\r\n");
  return ReadThrough("\r\n\r\n");
}

std::string ClientFrame(uint8_t first_byte, std::string_view payload, uint64_t announced) {
  std::string frame(1, static_cast<char>(first_byte));
  const int length_bytes = announced < 126 ? 0 : announced < 65'536 ? 2 : 8;
  const uint64_t code = length_bytes == 0 ? announced : length_bytes == 2 ? 126 : 127;
  frame += static_cast<char>(0x80 | code);
  for (int i = length_bytes - 1; i >= 0; --i) frame += static_cast<char>(announced >> (8 * i));
  return frame + std::string(4, '\0') + std::string(payload);
}

}  // namespace wideberth::link::testing
