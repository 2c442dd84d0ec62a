#include "net/websocket.h"

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/beast/websocket.hpp>
#include <chrono>
#include <concepts>
#include <deque>
#include <list>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/limits.h"
#include "net/mutual_tls.h"

namespace wideberth::net {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using asio::ip::tcp;
using boost::system::error_code;
using SteadyTime = std::chrono::steady_clock::time_point;

namespace {

// Read in pieces of this size, so that memory follows what has come and not what a header announces.
constexpr size_t kReadBytes = 64 * 1024;
// A client masks its messages piece by piece; one TLS record holds as much.
constexpr size_t kMaskBytes = 16 * 1024;

SteadyTime SteadyNow() {
  return std::chrono::steady_clock::now();
}

// What ended a connection, for people.
std::string Words(const error_code& ec) {
  if (ec == asio::error::eof || ec == asio::ssl::error::stream_truncated ||
      ec == asio::error::connection_reset || ec == asio::error::broken_pipe ||
      ec == http::error::end_of_stream || ec == websocket::error::closed) {
    return "the peer closed the connection";
  }
  if (ec == websocket::error::message_too_big) return "the peer sent too long a message";
  if (ec.category() == asio::error::get_ssl_category()) {
    return WordsOfTls(static_cast<unsigned long>(ec.value()));
  }
  return ec.message();
}

// Beast ends a connection by shutting TLS down, and waits for the peer to do the same. Here nobody waits: once Beast
// has sent its close frame the socket is closed.
class TlsStream : public beast::ssl_stream<tcp::socket> {
 public:
  using ssl_stream::ssl_stream;
};

template <class Handler>
void async_teardown(beast::role_type, TlsStream& stream, Handler&& handler) {
  asio::post(stream.get_executor(),
             beast::bind_front_handler(std::forward<Handler>(handler), error_code()));
}

class Connection;

}  // namespace

class WebSocketLoop::Impl {
 public:
  explicit Impl(Options opts) : options(std::move(opts)) {}

  base::Result<void> Listen();
  void Accept();
  void TakeIn(tcp::socket socket);
  void RetryAccept();
  void Forget(const Connection* connection);

  // One thread runs it: Asio may leave out what only several need. Posting stays safe from any.
  asio::io_context io{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{asio::make_work_guard(io)};
  TlsIdentities identities;
  const Options options;
  tcp::acceptor acceptor{io};
  asio::steady_timer retry{io};
  uint16_t port = 0;
  std::list<std::shared_ptr<Connection>> pending;  // the oldest first
  std::thread thread;
};

namespace {

class Connection final : public WebSocket,
                         public PeerJudge,
                         public std::enable_shared_from_this<Connection> {
 public:
  Connection(WebSocketLoop::Impl& loop, std::string_view identity, tcp::socket socket,
             CertificateJudge judge, bool dialled)
      : loop_(loop),
        tls_(loop.identities.Share(identity)),
        judge_(std::move(judge)),
        dialled_(dialled),
        stream_(std::move(socket), tls_),
        deadline_(loop.io) {
    LetJudge(stream_.next_layer().native_handle(), this);
    stream_.binary(true);
    stream_.auto_fragment(false);
    stream_.write_buffer_bytes(kMaskBytes);
    stream_.read_message_max(limits().message_bytes_max);
  }

  void StartDialling(const WebSocketLoop::Address& address,
                     std::shared_ptr<WebSocketEvents> events);
  void StartServing();
  // Before the connection is open only.
  void Refuse(const std::string& reason);

  void Send(std::shared_ptr<const std::string> message) override;
  void SetReading(bool reading) override;
  void Close() override;
  const std::string& remote_address() const override { return remote_address_; }

  bool Judge(base::ByteView certificate_der) override;

 private:
  enum class Phase { kShakingHands, kOpen, kLingering, kClosed };

  const WebSocketLimits& limits() const { return loop_.options.limits; }
  tcp::socket& socket() { return beast::get_lowest_layer(stream_); }
  bool is_closed() const { return phase_ == Phase::kClosed; }
  // A handler that keeps the connection alive and is not called when it is closed.
  template <class F>
  auto Later(F f) {
    return [ self = shared_from_this(), f ](const error_code& ec, auto&&... rest)
      requires std::invocable<const F&, Connection&, const error_code&, decltype(rest)...>
    {
      if (!self->is_closed()) f(*self, ec, rest...);
    };
  }

  void Connect(const std::vector<tcp::endpoint>& endpoints);
  void Connected();
  void ShakenHands();
  void UpgradeAsClient();
  void ReadRequest();
  void AnswerRequest();
  void Answer(http::status status, const std::string& reason);
  void Linger(const std::string& reason);
  void Drain();
  void Open();
  void ReadMore();
  void TakeRead();
  void WriteNext();
  void ArmDeadline(std::chrono::milliseconds after);
  void MeetDeadline();
  std::string Blame(const error_code& ec) const;
  void Fail(const std::string& reason);

  WebSocketLoop::Impl& loop_;
  asio::ssl::context tls_;
  const CertificateJudge judge_;
  const bool dialled_;
  websocket::stream<TlsStream, /*deflateSupported=*/false> stream_;
  asio::steady_timer deadline_;
  std::optional<tcp::resolver> resolver_;
  WebSocketLoop::Address address_;
  std::shared_ptr<WebSocketEvents> events_;
  std::string remote_address_;
  std::string certificate_der_;
  std::string judgement_;  // why the peer's certificate was refused
  Phase phase_ = Phase::kShakingHands;

  std::optional<http::request_parser<http::empty_body>> request_;
  http::response<http::empty_body> answer_;
  websocket::response_type upgrade_answer_;

  beast::flat_buffer buffer_;
  bool reading_ = true;
  bool read_due_ = false;
  SteadyTime heard_at_{};

  std::deque<std::shared_ptr<const std::string>> queue_;  // the first is being written
  size_t queue_bytes_ = 0;
};

bool Connection::Judge(base::ByteView certificate_der) {
  const base::Result<void> verdict = judge_(certificate_der);
  if (!verdict) {
    judgement_ = verdict.error().ToString();
    return false;
  }
  certificate_der_ = base::AsText(certificate_der);
  return true;
}

// ---- Shaking hands ----

void Connection::StartDialling(const WebSocketLoop::Address& address,
                               std::shared_ptr<WebSocketEvents> events) {
  address_ = address;
  events_ = std::move(events);
  if (!address_.server_name.empty()) {
    AskFor(stream_.next_layer().native_handle(), address_.server_name);
  }
  ArmDeadline(std::chrono::milliseconds(limits().handshake_deadline_ms));
  error_code not_an_address;
  const asio::ip::address ip = asio::ip::make_address(address_.host, not_an_address);
  if (!not_an_address) return Connect({tcp::endpoint(ip, address_.port)});
  resolver_.emplace(loop_.io);
  resolver_->async_resolve(
      address_.host, std::to_string(address_.port),
      Later([](Connection& self, const error_code& ec, const tcp::resolver::results_type& found) {
        if (ec) return self.Fail("looking up " + self.address_.host + ": " + ec.message());
        std::vector<tcp::endpoint> endpoints;
        for (const auto& entry : found) endpoints.push_back(entry.endpoint());
        self.Connect(endpoints);
      }));
}

void Connection::Connect(const std::vector<tcp::endpoint>& endpoints) {
  asio::async_connect(socket(), endpoints,
                      Later([](Connection& self, const error_code& ec, const tcp::endpoint&) {
                        if (ec) return self.Fail("connecting: " + ec.message());
                        self.Connected();
                      }));
}

void Connection::StartServing() {
  ArmDeadline(std::chrono::milliseconds(limits().handshake_deadline_ms));
  Connected();
}

void Connection::Connected() {
  error_code ec;
  socket().set_option(tcp::no_delay(true), ec);
  const tcp::endpoint remote = socket().remote_endpoint(ec);
  if (ec) return Fail("the peer closed the connection");
  const asio::ip::address ip = remote.address();
  const bool mapped = ip.is_v6() && ip.to_v6().is_v4_mapped();
  const std::string host =
      mapped ? asio::ip::make_address_v4(asio::ip::v4_mapped, ip.to_v6()).to_string()
             : ip.to_string();
  remote_address_ =
      (ip.is_v6() && !mapped ? "[" + host + "]" : host) + ":" + std::to_string(remote.port());
  stream_.next_layer().async_handshake(
      dialled_ ? asio::ssl::stream_base::client : asio::ssl::stream_base::server,
      Later([](Connection& self, const error_code& failed) {
        if (!failed) return self.ShakenHands();
        self.dialled_ ? self.Fail(self.Blame(failed)) : self.Linger(self.Blame(failed));
      }));
}

void Connection::ShakenHands() {
  dialled_ ? UpgradeAsClient() : ReadRequest();
}

void Connection::UpgradeAsClient() {
  stream_.set_option(websocket::stream_base::decorator([this](websocket::request_type& request) {
    request.set(http::field::sec_websocket_protocol, loop_.options.subprotocol);
    request.set(http::field::user_agent, "wideberth");
  }));
  stream_.async_handshake(
      upgrade_answer_, address_.host, address_.target,
      Later([](Connection& self, const error_code& ec) {
        if (ec == websocket::error::upgrade_declined) {
          return self.Fail("the peer refused the path: HTTP " +
                           std::to_string(self.upgrade_answer_.result_int()));
        }
        if (ec) return self.Fail(self.Blame(ec));
        if (self.upgrade_answer_[http::field::sec_websocket_protocol] !=
            self.loop_.options.subprotocol) {
          return self.Fail("the peer does not speak " + self.loop_.options.subprotocol);
        }
        self.Open();
      }));
}

void Connection::ReadRequest() {
  request_.emplace();
  request_->header_limit(static_cast<uint32_t>(limits::kHttpHeaderBytesMax));
  http::async_read_header(stream_.next_layer(), buffer_, *request_,
                          Later([](Connection& self, const error_code& ec, size_t) {
                            if (ec) return self.Linger(self.Blame(ec));
                            self.AnswerRequest();
                          }));
}

void Connection::AnswerRequest() {
  const auto& request = request_->get();
  if (!websocket::is_upgrade(request) || buffer_.size() != 0) {
    return Answer(http::status::upgrade_required, "the request was not for a WebSocket");
  }
  const std::string_view asked(request[http::field::sec_websocket_protocol].data(),
                               request[http::field::sec_websocket_protocol].size());
  if (!http::token_list(asked).exists(loop_.options.subprotocol)) {
    return Answer(http::status::bad_request,
                  "the peer does not speak " + loop_.options.subprotocol);
  }
  auto events = loop_.options.admit({.certificate_der = base::AsBytes(certificate_der_),
                                     .target = {request.target().data(), request.target().size()},
                                     .remote_address = remote_address_});
  if (!events) return Answer(http::status::not_found, events.error().ToString());
  events_ = *std::move(events);
  stream_.set_option(websocket::stream_base::decorator([this](websocket::response_type& response) {
    response.set(http::field::sec_websocket_protocol, loop_.options.subprotocol);
    response.set(http::field::server, "wideberth");
  }));
  stream_.async_accept(request, Later([](Connection& self, const error_code& ec) {
                         ec ? self.Linger(self.Blame(ec)) : self.Open();
                       }));
}

void Connection::Answer(http::status status, const std::string& reason) {
  answer_.result(status);
  answer_.set(http::field::connection, "close");
  answer_.prepare_payload();
  http::async_write(
      stream_.next_layer(), answer_,
      Later([reason](Connection& self, const error_code&, size_t) { self.Linger(reason); }));
}

// Closing at once would reset the connection, and with it the alert or the answer that says why.
void Connection::Linger(const std::string& reason) {
  phase_ = Phase::kLingering;
  if (loop_.options.on_refused) loop_.options.on_refused(remote_address_, reason);
  error_code ignored;
  socket().shutdown(tcp::socket::shutdown_send, ignored);
  ArmDeadline(std::chrono::milliseconds(limits::kHttpLingerDeadlineMs));
  Drain();
}

void Connection::Drain() {
  buffer_.clear();
  socket().async_read_some(buffer_.prepare(kMaskBytes),
                           Later([](Connection& self, const error_code& ec, size_t) {
                             ec ? self.Close() : self.Drain();
                           }));
}

void Connection::Open() {
  phase_ = Phase::kOpen;
  loop_.Forget(this);
  request_.reset();
  heard_at_ = SteadyNow();
  ArmDeadline(std::chrono::milliseconds(limits().silence_deadline_ms));
  events_->OnOpen(shared_from_this());
  ReadMore();
}

// ---- Open ----

void Connection::ReadMore() {
  if (read_due_ || !reading_ || phase_ != Phase::kOpen) return;
  read_due_ = true;
  stream_.async_read_some(buffer_, kReadBytes,
                          Later([](Connection& self, const error_code& ec, size_t) {
                            self.read_due_ = false;
                            ec ? self.Fail(self.Blame(ec)) : self.TakeRead();
                          }));
}

void Connection::TakeRead() {
  heard_at_ = SteadyNow();
  if (!stream_.got_binary()) return Fail("the peer sent a text message");
  if (stream_.is_message_done()) {
    const asio::const_buffer bytes = buffer_.cdata();
    std::string message(static_cast<const char*>(bytes.data()), bytes.size());
    buffer_.clear();
    if (buffer_.capacity() > 4 * kReadBytes) buffer_.shrink_to_fit();
    events_->OnMessage(std::move(message));
  }
  ReadMore();
}

void Connection::SetReading(bool reading) {
  if (reading && !reading_) heard_at_ = SteadyNow();
  reading_ = reading;
  ReadMore();
}

void Connection::Send(std::shared_ptr<const std::string> message) {
  if (phase_ != Phase::kOpen) return;
  queue_bytes_ += message->size();
  queue_.push_back(std::move(message));
  if (queue_bytes_ > limits().queue_bytes_max) {
    return Fail("more than " + std::to_string(limits().queue_bytes_max) +
                " bytes were waiting to be sent");
  }
  if (queue_.size() == 1) WriteNext();
}

void Connection::WriteNext() {
  stream_.async_write(asio::buffer(*queue_.front()),
                      Later([](Connection& self, const error_code& ec, size_t) {
                        if (ec) return self.Fail(self.Blame(ec));
                        const size_t bytes = self.queue_.front()->size();
                        self.queue_bytes_ -= bytes;
                        self.queue_.pop_front();
                        if (!self.queue_.empty()) self.WriteNext();
                        self.events_->OnSent(bytes);
                      }));
}

// ---- Ends ----

void Connection::ArmDeadline(std::chrono::milliseconds after) {
  deadline_.expires_after(after);
  deadline_.async_wait(Later([](Connection& self, const error_code& ec) {
    // A wait that ran out just before it was armed anew.
    if (ec || self.deadline_.expiry() > SteadyNow()) return;
    self.MeetDeadline();
  }));
}

void Connection::MeetDeadline() {
  if (phase_ == Phase::kLingering) return Close();
  if (phase_ == Phase::kShakingHands) {
    return Fail("the handshake took longer than " + std::to_string(limits().handshake_deadline_ms) +
                " ms");
  }
  const std::chrono::milliseconds deadline(limits().silence_deadline_ms);
  const auto silent =
      std::chrono::duration_cast<std::chrono::milliseconds>(SteadyNow() - heard_at_);
  if (!reading_) return ArmDeadline(deadline);
  if (silent < deadline) return ArmDeadline(deadline - silent);
  Fail("nothing came for " + std::to_string(limits().silence_deadline_ms) + " ms");
}

std::string Connection::Blame(const error_code& ec) const {
  return judgement_.empty() ? Words(ec) : judgement_;
}

void Connection::Fail(const std::string& reason) {
  const bool is_known = dialled_ || phase_ == Phase::kOpen;
  const std::shared_ptr<Connection> self = shared_from_this();  // its owner may let go of it
  Close();
  if (is_known) {
    events_->OnClosed(reason);
  } else if (loop_.options.on_refused) {
    loop_.options.on_refused(remote_address_, reason);
  }
}

void Connection::Refuse(const std::string& reason) {
  phase_ == Phase::kLingering ? Close() : Fail(reason);
}

void Connection::Close() {
  if (is_closed()) return;
  const std::shared_ptr<Connection> self = shared_from_this();  // `pending` may hold it alone
  phase_ = Phase::kClosed;
  loop_.Forget(this);
  deadline_.cancel();
  if (resolver_) resolver_->cancel();
  error_code ignored;
  socket().close(ignored);
}

}  // namespace

// ---- WebSocketLoop ----

base::Result<void> WebSocketLoop::Impl::Listen() {
  if (options.listen_address.empty()) return {};
  error_code ec;
  const asio::ip::address ip = asio::ip::make_address(options.listen_address, ec);
  if (ec) {
    return base::Invalid("listen.address", "must be an IPv4 or IPv6 address",
                         options.listen_address);
  }
  const tcp::endpoint endpoint(ip, options.listen_port);
  acceptor.open(endpoint.protocol(), ec);
  if (!ec) acceptor.set_option(asio::socket_base::reuse_address(true), ec);
  if (!ec) acceptor.bind(endpoint, ec);
  if (!ec) acceptor.listen(SOMAXCONN, ec);
  if (!ec) port = acceptor.local_endpoint(ec).port();
  if (ec) {
    return base::Invalid("listen", "must be an address and port that this node may listen on",
                         options.listen_address + " port " + std::to_string(options.listen_port) +
                             ": " + ec.message());
  }
  Accept();
  return {};
}

void WebSocketLoop::Impl::Accept() {
  acceptor.async_accept([this](const error_code& ec, tcp::socket socket) {
    if (!acceptor.is_open() || ec == asio::error::operation_aborted) return;
    // Out of file descriptors, most likely; a peer that gave up before it was accepted is no trouble.
    if (ec && ec != asio::error::connection_aborted) return RetryAccept();
    if (!ec) TakeIn(std::move(socket));
    Accept();
  });
}

void WebSocketLoop::Impl::TakeIn(tcp::socket socket) {
  if (pending.size() >= options.limits.pending_max) {
    const std::shared_ptr<Connection> oldest = pending.front();
    oldest->Refuse("too many connections were shaking hands");
  }
  const auto connection =
      std::make_shared<Connection>(*this, "", std::move(socket), options.judge, /*dialled=*/false);
  pending.push_back(connection);
  connection->StartServing();
}

void WebSocketLoop::Impl::RetryAccept() {
  retry.expires_after(std::chrono::milliseconds(100));
  retry.async_wait([this](const error_code& ec) {
    if (!ec) Accept();
  });
}

void WebSocketLoop::Impl::Forget(const Connection* connection) {
  const auto it = std::find_if(pending.begin(), pending.end(), [connection](const auto& entry) {
    return entry.get() == connection;
  });
  if (it != pending.end()) pending.erase(it);
}

base::Result<void> WebSocketLoop::SetIdentities(std::span<const Identity> identities) {
  WB_ASSIGN_OR_RETURN(auto made, impl_->identities.Make(identities));
  Post([impl = impl_.get(), made = std::move(made)] { impl->identities.Set(made); });
  return {};
}

base::Result<std::unique_ptr<WebSocketLoop>> WebSocketLoop::Start(
    Options options, std::span<const Identity> identities) {
  auto impl = std::make_unique<Impl>(std::move(options));
  WB_ASSIGN_OR_RETURN(auto made, impl->identities.Make(identities));
  impl->identities.Set(std::move(made));
  WB_RETURN_IF_ERROR(impl->Listen());
  impl->thread = std::thread([io = &impl->io] { io->run(); });
  return std::unique_ptr<WebSocketLoop>(new WebSocketLoop(std::move(impl)));
}

WebSocketLoop::WebSocketLoop(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

WebSocketLoop::~WebSocketLoop() {
  Stop();
}

std::shared_ptr<WebSocket> WebSocketLoop::Dial(const Address& address, CertificateJudge judge,
                                               std::shared_ptr<WebSocketEvents> events) {
  const auto connection = std::make_shared<Connection>(
      *impl_, address.identity, tcp::socket(impl_->io), std::move(judge), /*dialled=*/true);
  connection->StartDialling(address, std::move(events));
  return connection;
}

void WebSocketLoop::Post(std::function<void()> task) {
  asio::post(impl_->io, std::move(task));
}

void WebSocketLoop::After(int64_t delay_ms, std::function<void()> task) {
  const auto timer =
      std::make_shared<asio::steady_timer>(impl_->io, std::chrono::milliseconds(delay_ms));
  timer->async_wait([timer, task = std::move(task)](const error_code& ec) {
    if (!ec) task();
  });
}

bool WebSocketLoop::IsOnLoop() const {
  return std::this_thread::get_id() == impl_->thread.get_id();
}

uint16_t WebSocketLoop::port() const {
  return impl_->port;
}

void WebSocketLoop::Stop() {
  if (!impl_->thread.joinable()) return;
  CHECK_MSG(!IsOnLoop(), "a loop cannot wait for itself");
  impl_->io.stop();
  impl_->thread.join();
  impl_->pending.clear();
}

}  // namespace wideberth::net
