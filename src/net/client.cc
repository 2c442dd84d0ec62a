#include "net/client.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>
#include <vector>

#include "base/time.h"
#include "net/http_wire.h"
#include "net/url.h"

namespace wideberth::net {
namespace {

int64_t NowMs() {
  return base::SystemClock().MonotonicMicros() / 1'000;
}

enum class Arrival { kBytes, kEnd, kLate, kInterrupted, kFailed };

// A descriptor that is closed with its owner.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

// One connection: bytes out, bytes in, each wait bounded.
class Wire {
 public:
  Wire(Descriptor fd, std::unique_ptr<TlsSession> tls, int interrupt_fd)
      : fd_(std::move(fd)), tls_(std::move(tls)), interrupt_fd_(interrupt_fd) {}
  ~Wire() {
    if (!tls_) return;
    tls_->Shutdown();
    (void)PushOut(NowMs());
  }
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  base::Result<void> Handshake(int64_t due_ms) {
    if (!tls_) return {};
    WB_RETURN_IF_ERROR(tls_->Receive({}, &in));
    while (!tls_->established()) {
      if (!PushOut(due_ms)) break;
      base::Error error;
      const Arrival arrival = Receive(due_ms, &error);
      if (arrival == Arrival::kBytes) continue;
      if (arrival == Arrival::kFailed && !error.rule.empty()) return base::Fail(std::move(error));
      break;
    }
    if (tls_->established()) return {};
    return base::Fail(base::ErrorCode::kBusy, "tls", "the server must complete a TLS handshake");
  }

  bool Send(std::string_view bytes, int64_t due_ms) {
    if (tls_) {
      if (!tls_->Send(bytes)) return false;
      return PushOut(due_ms);
    }
    return SendRaw(bytes, due_ms);
  }

  // Appends what comes next to `in`.
  Arrival Receive(int64_t due_ms, base::Error* error) {
    std::array<char, 64 * 1024> buffer;
    for (;;) {
      const ssize_t bytes = recv(fd_.get(), buffer.data(), buffer.size(), 0);
      if (bytes > 0) {
        const std::string_view got(buffer.data(), static_cast<size_t>(bytes));
        if (!tls_) {
          in.append(got);
          return Arrival::kBytes;
        }
        const size_t before = in.size();
        const bool shaking = !tls_->established();
        base::Result<void> received = tls_->Receive(got, &in);
        const bool pushed = PushOut(due_ms);
        if (!received) {
          *error = std::move(received).error();
          return Arrival::kFailed;
        }
        if (!pushed) return Arrival::kFailed;
        if (in.size() > before || (shaking && tls_->established())) return Arrival::kBytes;
        if (tls_->peer_closed()) return Arrival::kEnd;
        continue;
      }
      // Without a goodbye the bytes may have been cut by somebody else than the server.
      if (bytes == 0) return tls_ && !tls_->peer_closed() ? Arrival::kFailed : Arrival::kEnd;
      if (errno == EINTR) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) return Arrival::kFailed;
      const Arrival ready = Wait(POLLIN, due_ms);
      if (ready != Arrival::kBytes) return ready;
    }
  }

  std::string in;

 private:
  Arrival Wait(short events, int64_t due_ms) const {
    for (;;) {
      const int64_t left_ms = due_ms - NowMs();
      if (left_ms <= 0) return Arrival::kLate;
      std::array<pollfd, 2> entries = {{{fd_.get(), events, 0}, {interrupt_fd_, POLLIN, 0}}};
      const nfds_t count = interrupt_fd_ >= 0 ? 2 : 1;
      const int ready =
          poll(entries.data(), count, static_cast<int>(std::min<int64_t>(left_ms, 60'000)));
      if (ready < 0 && errno != EINTR) return Arrival::kFailed;
      if (ready <= 0) continue;
      if (count == 2 && entries[1].revents != 0) return Arrival::kInterrupted;
      return Arrival::kBytes;
    }
  }

  bool SendRaw(std::string_view bytes, int64_t due_ms) {
    while (!bytes.empty()) {
      const ssize_t sent = send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent > 0) {
        bytes.remove_prefix(static_cast<size_t>(sent));
      } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
        if (Wait(POLLOUT, due_ms) != Arrival::kBytes) return false;
      } else if (errno != EINTR) {
        return false;
      }
    }
    return true;
  }

  bool PushOut(int64_t due_ms) {
    std::string out = std::exchange(tls_->outgoing(), {});
    return SendRaw(out, due_ms);
  }

  Descriptor fd_;
  std::unique_ptr<TlsSession> tls_;
  int interrupt_fd_;
};

}  // namespace

class HttpClient::Impl {
 public:
  BaseUrl url;
  Options options;
  std::shared_ptr<const TlsContext> tls;
  std::vector<std::pair<std::string, std::string>> headers;
  std::unique_ptr<Wire> kept;
  Descriptor interrupt;

  base::Result<std::unique_ptr<Wire>> Connect(bool interruptible) const {
    WB_ASSIGN_OR_RETURN(const int fd, ConnectTcp(url, options.connect_deadline_ms));
    auto wire = std::make_unique<Wire>(Descriptor(fd),
                                       tls ? std::make_unique<TlsSession>(tls, url.host) : nullptr,
                                       interruptible ? interrupt.get() : -1);
    WB_RETURN_IF_ERROR(wire->Handshake(NowMs() + options.connect_deadline_ms));
    return wire;
  }

  std::string RequestHead(Method method, std::string_view target, std::string_view content_type,
                          size_t body_bytes) const {
    std::string head;
    head.append(MethodName(method)).append(" ").append(target).append(" HTTP/1.1\r\n");
    head.append("Host: ").append(url.Authority()).append("\r\n");
    for (const auto& [name, value] : headers) {
      head.append(name).append(": ").append(value).append("\r\n");
    }
    if (!content_type.empty()) head.append("Content-Type: ").append(content_type).append("\r\n");
    if (body_bytes != 0 || method == Method::kPut || method == Method::kPost ||
        method == Method::kPatch) {
      head.append("Content-Length: ").append(std::to_string(body_bytes)).append("\r\n");
    }
    head.append("\r\n");
    return head;
  }

  // One attempt on `wire`. Sets `silent` if no byte of an answer came.
  base::Result<Response> Exchange(Wire* wire, std::string_view head, std::string_view body,
                                  bool head_request, bool* keep, bool* silent) const {
    const int64_t due_ms = NowMs() + options.request_deadline_ms;
    // A server that refuses may answer before it has read everything: a failed send is not yet the
    // end.
    const bool sent = wire->Send(head, due_ms) && (body.empty() || wire->Send(body, due_ms));
    WireLimits limits;
    limits.body_bytes_max = options.body_bytes_max;
    ResponseReader reader(limits, head_request);
    *silent = true;
    for (;;) {
      base::Error error;
      const Arrival arrival = wire->Receive(due_ms, &error);
      if (arrival == Arrival::kFailed && !error.rule.empty()) return base::Fail(std::move(error));
      if (arrival == Arrival::kLate) {
        *silent =
            false;  // the server has the request and may still act on it: not to be sent twice
        return base::Fail(base::ErrorCode::kBusy, "",
                          "no answer from " + url.Authority() + " within the deadline");
      }
      if (arrival == Arrival::kFailed && (*silent || !sent)) {
        return base::Fail(base::ErrorCode::kBusy, "",
                          "the connection to " + url.Authority() + " broke");
      }
      ReadStatus status = ReadStatus::kNeedMore;
      if (arrival == Arrival::kBytes) {
        *silent = false;
        do {
          size_t used = 0;
          status = reader.Feed(wire->in, &used);
          wire->in.erase(0, used);
        } while (status == ReadStatus::kHeader);
      } else {
        status = reader.FeedEnd();
      }
      if (status == ReadStatus::kRefused) return base::Fail(reader.error());
      if (status == ReadStatus::kNeedMore) continue;
      *keep = sent && reader.keep_alive() && arrival == Arrival::kBytes && wire->in.empty();
      return std::move(reader.response());
    }
  }
};

HttpClient::HttpClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;
HttpClient::~HttpClient() = default;

base::Result<HttpClient> HttpClient::Create(std::string_view base_url, Options options) {
  auto impl = std::make_unique<Impl>();
  WB_ASSIGN_OR_RETURN(impl->url, ParseBaseUrl(base_url));
  if (impl->url.tls) {
    WB_ASSIGN_OR_RETURN(impl->tls, TlsContext::Client(options.tls));
  }
  impl->options = std::move(options);
  impl->interrupt = Descriptor(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (impl->interrupt.get() < 0) {
    return base::Fail(base::ErrorCode::kInternal, "", "the system must give a descriptor",
                      std::generic_category().message(errno));
  }
  return HttpClient(std::move(impl));
}

void HttpClient::SetHeader(std::string_view name, std::string_view value) {
  auto& headers = impl_->headers;
  std::erase_if(headers, [&](const auto& field) { return EqualsIgnoreCase(field.first, name); });
  if (!value.empty()) headers.emplace_back(name, value);
}

base::Result<Response> HttpClient::Get(std::string_view target) {
  return Do(Method::kGet, target, {}, {});
}
base::Result<Response> HttpClient::Post(std::string_view target, std::string_view content_type,
                                        std::string_view body) {
  return Do(Method::kPost, target, content_type, body);
}
base::Result<Response> HttpClient::Put(std::string_view target, std::string_view content_type,
                                       std::string_view body) {
  return Do(Method::kPut, target, content_type, body);
}
base::Result<Response> HttpClient::Delete(std::string_view target) {
  return Do(Method::kDelete, target, {}, {});
}

base::Result<Response> HttpClient::Do(Method method, std::string_view target,
                                      std::string_view content_type, std::string_view body) {
  for (const auto& [name, value] : impl_->headers) {
    if (!IsToken(name) || !IsFieldValue(value)) {
      return base::Invalid(name, "a header field must hold no control bytes");
    }
  }
  if (!ParseTarget(target) || !IsFieldValue(content_type)) {
    return base::Invalid("target", "must be a path that a server can be asked for", target);
  }
  const std::string head = impl_->RequestHead(method, target, content_type, body.size());
  const bool twice = method != Method::kPost && method != Method::kPatch;
  for (;;) {
    const bool kept = impl_->kept != nullptr;
    if (!kept) {
      WB_ASSIGN_OR_RETURN(impl_->kept, impl_->Connect(/*interruptible=*/false));
    }
    bool keep = false;
    bool silent = true;
    base::Result<Response> response =
        impl_->Exchange(impl_->kept.get(), head, body, method == Method::kHead, &keep, &silent);
    if (!keep) impl_->kept.reset();
    if (response || !kept || !silent || !twice) return response;
  }
}

base::Result<void> HttpClient::ReadEvents(std::string_view target, std::string_view last_event_id,
                                          const std::function<bool(const Event&)>& on_event,
                                          int64_t silence_deadline_ms) {
  if (!ParseTarget(target) || !IsFieldValue(last_event_id)) {
    return base::Invalid("target", "must be a path that a server can be asked for", target);
  }
  WB_ASSIGN_OR_RETURN(const std::unique_ptr<Wire> wire, impl_->Connect(/*interruptible=*/true));
  std::string head = impl_->RequestHead(Method::kGet, target, {}, 0);
  head.resize(head.size() - 2);
  head.append("Accept: text/event-stream\r\n");
  if (!last_event_id.empty()) head.append("Last-Event-ID: ").append(last_event_id).append("\r\n");
  head.append("\r\n");
  wire->Send(head, NowMs() + impl_->options.request_deadline_ms);
  WireLimits limits;
  limits.body_bytes_max = impl_->options.body_bytes_max;
  ResponseReader reader(limits, /*head_request=*/false);
  EventReader events(impl_->options.event_bytes_max);
  for (;;) {
    base::Error error;
    const Arrival arrival = wire->Receive(NowMs() + silence_deadline_ms, &error);
    if (arrival == Arrival::kInterrupted) return {};
    if (arrival == Arrival::kLate) {
      return base::Fail(base::ErrorCode::kBusy, "",
                        "nothing came from " + impl_->url.Authority() + " for too long");
    }
    if (arrival == Arrival::kFailed) {
      return base::Fail(base::ErrorCode::kBusy, "",
                        "the connection to " + impl_->url.Authority() + " broke", error.found);
    }
    ReadStatus status = ReadStatus::kNeedMore;
    if (arrival == Arrival::kEnd) {
      status = reader.FeedEnd();
    } else {
      do {
        size_t used = 0;
        status = reader.Feed(wire->in, &used);
        wire->in.erase(0, used);
        if (status == ReadStatus::kHeader && reader.response().status == 200) reader.StreamBody();
      } while (status == ReadStatus::kHeader);
    }
    if (status == ReadStatus::kRefused) return base::Fail(reader.error());
    if (reader.response().status == 200) {
      switch (events.Feed(reader.TakeBody(), on_event)) {
        case EventReader::Status::kOpen:
          break;
        case EventReader::Status::kStopped:
          return {};
        case EventReader::Status::kTooLarge:
          return base::Fail(
              base::ErrorCode::kTooLarge, "event",
              "must be at most " + std::to_string(impl_->options.event_bytes_max) + " bytes");
      }
    } else if (status == ReadStatus::kComplete) {
      return base::Fail(base::ErrorCode::kInvalid, "", "the server must answer 200",
                        std::to_string(reader.response().status) + " " + reader.response().body);
    }
    if (status == ReadStatus::kComplete) return {};
  }
}

void HttpClient::Interrupt() {
  const uint64_t one = 1;
  (void)!write(impl_->interrupt.get(), &one, sizeof(one));
}

}  // namespace wideberth::net
