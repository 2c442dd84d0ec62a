#include "net/loop.h"

#include <sys/socket.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <utility>
#include <vector>

namespace wideberth::net {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

struct Periodic {
  Periodic(asio::io_context& io, int64_t period, std::function<void()> what)
      : timer(io), period_ms(period), task(std::move(what)) {}
  void Arm() {
    timer.expires_after(std::chrono::milliseconds(period_ms));
    timer.async_wait([this](error_code ec) {
      if (ec) return;
      task();
      Arm();
    });
  }
  asio::steady_timer timer;
  int64_t period_ms;
  std::function<void()> task;
};

bool IsWouldBlock(const error_code& ec) {
  return ec == asio::error::would_block || ec == asio::error::try_again ||
         ec == asio::error::interrupted;
}

IoResult ToResult(const error_code& ec, size_t bytes) {
  if (!ec) return {IoResult::Kind::kDone, bytes};
  if (IsWouldBlock(ec)) return {IoResult::Kind::kWouldBlock, 0};
  if (ec == asio::error::eof) return {IoResult::Kind::kEnd, 0};
  return {IoResult::Kind::kFailed, 0};
}

}  // namespace

// ---- Loop ----

class Loop::Impl {
 public:
  // One thread runs the loop: Asio may leave out what only several need. Posting stays safe from
  // any.
  Impl() : io(1), work(asio::make_work_guard(io)) {}
  asio::io_context io;
  asio::executor_work_guard<asio::io_context::executor_type> work;
  std::vector<std::unique_ptr<Periodic>> periodic;
};

Loop::Loop() : impl_(std::make_unique<Impl>()) {}
Loop::~Loop() {
  impl_->periodic.clear();
}
void Loop::Run() {
  impl_->io.run();
}
void Loop::Quit() {
  impl_->io.stop();
}
void Loop::Post(std::function<void()> task) {
  asio::post(impl_->io, std::move(task));
}
void Loop::Every(int64_t period_ms, std::function<void()> task) {
  impl_->periodic.push_back(std::make_unique<Periodic>(impl_->io, period_ms, std::move(task)));
  impl_->periodic.back()->Arm();
}

// ---- Socket ----

class Socket::Impl {
 public:
  explicit Impl(tcp::socket connected) : socket(std::move(connected)) {}
  tcp::socket socket;
  bool read_due = false;
  bool write_due = false;
};

Socket::Socket(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
Socket::~Socket() {
  Close(/*reset=*/false);
}
bool Socket::is_open() const {
  return impl_->socket.is_open();
}

IoResult Socket::Read(std::span<char> out) {
  error_code ec;
  const size_t bytes = impl_->socket.read_some(asio::buffer(out.data(), out.size()), ec);
  return ToResult(ec, bytes);
}

IoResult Socket::Write(std::string_view first, std::string_view second) {
  error_code ec;
  if (second.empty()) {
    const size_t bytes = impl_->socket.write_some(asio::buffer(first.data(), first.size()), ec);
    return ToResult(ec, bytes);
  }
  const std::array<asio::const_buffer, 2> both = {asio::buffer(first.data(), first.size()),
                                                  asio::buffer(second.data(), second.size())};
  const size_t bytes = impl_->socket.write_some(both, ec);
  return ToResult(ec, bytes);
}

void Socket::AwaitReadable(std::shared_ptr<SocketEvents> owner) {
  if (impl_->read_due || !is_open()) return;
  impl_->read_due = true;
  impl_->socket.async_wait(tcp::socket::wait_read,
                           [impl = impl_, owner = std::move(owner)](error_code) {
                             impl->read_due = false;
                             if (impl->socket.is_open()) owner->OnReadable();
                           });
}

void Socket::AwaitWritable(std::shared_ptr<SocketEvents> owner) {
  if (impl_->write_due || !is_open()) return;
  impl_->write_due = true;
  impl_->socket.async_wait(tcp::socket::wait_write,
                           [impl = impl_, owner = std::move(owner)](error_code) {
                             impl->write_due = false;
                             if (impl->socket.is_open()) owner->OnWritable();
                           });
}

void Socket::ShutdownSend() {
  error_code ignored;
  impl_->socket.shutdown(tcp::socket::shutdown_send, ignored);
}

void Socket::Close(bool reset) {
  if (!is_open()) return;
  error_code ignored;
  if (reset) impl_->socket.set_option(asio::socket_base::linger(true, 0), ignored);
  impl_->socket.close(ignored);
}

// ---- Listener ----

class Listener::Impl : public std::enable_shared_from_this<Listener::Impl> {
 public:
  explicit Impl(asio::io_context& io) : acceptor(io), retry(io) {}

  void Accept() {
    if (!acceptor.is_open()) return;
    Loop* loop = pick();
    acceptor.async_accept(loop->impl().io, [self = shared_from_this(), loop](const error_code& ec,
                                                                             tcp::socket socket) {
      self->Accepted(loop, ec, std::move(socket));
    });
  }

 private:
  void Accepted(Loop* loop, const error_code& ec, tcp::socket socket) {
    if (!acceptor.is_open() || ec == asio::error::operation_aborted) return;
    if (ec) {
      // A peer that gave up between its SYN and here is no trouble of ours.
      if (ec != asio::error::connection_aborted) {
        on_trouble(ec.message());
        retry.expires_after(std::chrono::milliseconds(100));
        retry.async_wait([self = shared_from_this()](error_code stopped) {
          if (!stopped) self->Accept();
        });
        return;
      }
      return Accept();
    }
    error_code failed;
    const tcp::endpoint remote = socket.remote_endpoint(failed);
    if (!failed) socket.non_blocking(true, failed);
    if (!failed) {
      error_code ignored;
      socket.set_option(tcp::no_delay(true), ignored);
      PeerAddress peer{remote.address().to_string(), remote.port()};
      if (remote.address().is_v6() && remote.address().to_v6().is_v4_mapped()) {
        peer.address =
            asio::ip::make_address_v4(asio::ip::v4_mapped, remote.address().to_v6()).to_string();
      }
      on_accept(loop, std::make_unique<Socket>(std::make_shared<Socket::Impl>(std::move(socket))),
                std::move(peer));
    }
    Accept();
  }

 public:
  tcp::acceptor acceptor;
  asio::steady_timer retry;
  PickLoop pick;
  OnAccept on_accept;
  OnTrouble on_trouble;
};

Listener::Listener(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
Listener::~Listener() = default;

base::Result<std::unique_ptr<Listener>> Listener::Open(Loop* loop, const std::string& address,
                                                       uint16_t port) {
  error_code ec;
  const asio::ip::address ip = asio::ip::make_address(address, ec);
  if (ec) return base::Invalid("listen.address", "must be an IPv4 or IPv6 address", address);
  auto impl = std::make_shared<Impl>(loop->impl().io);
  const tcp::endpoint endpoint(ip, port);
  impl->acceptor.open(endpoint.protocol(), ec);
  if (!ec) impl->acceptor.set_option(asio::socket_base::reuse_address(true), ec);
  if (!ec) impl->acceptor.bind(endpoint, ec);
  if (!ec) impl->acceptor.listen(SOMAXCONN, ec);
  if (ec) {
    return base::Invalid("listen", "must be an address and port that this node may listen on",
                         address + " port " + std::to_string(port) + ": " + ec.message());
  }
  return std::unique_ptr<Listener>(new Listener(std::move(impl)));
}

uint16_t Listener::port() const {
  error_code ignored;
  return impl_->acceptor.local_endpoint(ignored).port();
}

void Listener::Start(PickLoop pick, OnAccept on_accept, OnTrouble on_trouble) {
  impl_->pick = std::move(pick);
  impl_->on_accept = std::move(on_accept);
  impl_->on_trouble = std::move(on_trouble);
  impl_->Accept();
}

void Listener::Close() {
  error_code ignored;
  impl_->acceptor.close(ignored);
  impl_->retry.cancel();
}

}  // namespace wideberth::net
