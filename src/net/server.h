// The HTTP/1.1 server: TCP or TLS, requests in, answers out, nothing unbounded in between.
//
//   HttpServer::Options options;
//   options.address = "127.0.0.1";
//   options.port = 8080;
//   options.handler = [&router](const Request& q, Responder r) { router.Handle(q, std::move(r)); };
//   WB_ASSIGN_OR_RETURN(std::unique_ptr<HttpServer> server, HttpServer::Start(std::move(options)));
//   ...
//   server->Stop(limits::kHttpStopDeadlineMs);
//
// Threads. Each of `threads` loops serves its share of the connections; a connection stays on its
// loop. The handler is called on the loop's thread and must not block: whatever waits is done
// elsewhere and answered from there (net/responder.h). The Request is valid until the handler
// returns; take what is needed later.
//
// Order. A connection's requests are handed out one at a time, in order: pipelined ones wait in the
// client's and the kernel's buffers.
//
// Limits. What a stranger can make the server hold, for each connection: one header, one body, one
// answer, one queue of events; and for how long: every wait has a deadline. A refusal of syntax or
// size is answered through `render_error` and ends the connection; a connection over the limits is
// answered 503, where that is possible without waiting, and closed.
#ifndef WIDEBERTH_NET_SERVER_H_
#define WIDEBERTH_NET_SERVER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/limits.h"
#include "base/metrics.h"
#include "base/result.h"
#include "net/http.h"
#include "net/http_wire.h"
#include "net/responder.h"
#include "net/router.h"
#include "net/tls.h"

namespace wideberth::net {

using Handler = std::function<void(const Request&, Responder)>;

// Counts since the start, except for those named open. What strangers do is counted; only our own
// defects and trouble with the system are logged.
struct ServerStats {
  uint64_t connections_open = 0;
  uint64_t connections_accepted = 0;
  uint64_t connections_refused = 0;  // over a limit, or while stopping
  uint64_t requests = 0;             // handed to the handler
  uint64_t refusals = 0;         // malformed, too large or too slow: answered by the server itself
  uint64_t timeouts = 0;         // connections ended by a deadline, idle ones not counted
  uint64_t answers_dropped = 0;  // Responders destroyed unanswered: defects of ours
  uint64_t tls_failures = 0;
  uint64_t event_streams_open = 0;
  uint64_t event_streams_cut = 0;  // readers that were too slow
  uint64_t bytes_received = 0;
  uint64_t bytes_sent = 0;
};

class HttpServer {
 public:
  struct Options {
    std::string address = "127.0.0.1";  // IPv4 or IPv6; "::" listens on both
    uint16_t port = 0;                  // 0: a free one, see port()
    int threads = 2;                    // 1 to 64
    std::optional<TlsServerFiles> tls{};

    Handler handler{};  // required
    // A lower cap for the body of this request, whose header is complete. Called on the loop's
    // thread.
    std::function<size_t(const Request&)> body_bytes_max{};
    ErrorRenderer render_error = RenderErrorAsText;
    // When set, the counts of stats() appear there as wideberth_http_*. It must outlive every
    // Scrape() of it, not the server.
    base::Metrics* metrics = nullptr;

    WireLimits wire{};
    size_t connections_max = limits::kHttpConnectionsMax;
    // For each IPv4 address, or IPv6 /64: what one subscriber is usually given.
    size_t connections_per_address_max = limits::kHttpConnectionsPerAddressMax;
    int64_t header_deadline_ms = limits::kHttpHeaderDeadlineMs;  // the TLS handshake included
    int64_t body_deadline_ms =
        limits::kHttpBodyDeadlineMs;  // plus its bytes at bytes_per_second_min
    int64_t idle_deadline_ms = limits::kHttpIdleDeadlineMs;
    int64_t write_deadline_ms =
        limits::kHttpWriteDeadlineMs;  // plus its bytes at bytes_per_second_min
    int64_t linger_deadline_ms = limits::kHttpLingerDeadlineMs;
    int64_t bytes_per_second_min = limits::kHttpBytesPerSecondMin;
    size_t event_streams_max = limits::kSseClientsMax;
    size_t event_queue_bytes_max = limits::kSseQueueBytesMax;
    int64_t event_keep_alive_ms = limits::kSseKeepAliveMs;
  };

  // Listens when it returns. Refuses an address it cannot listen on, TLS files it cannot use,
  // options out of range.
  static base::Result<std::unique_ptr<HttpServer>> Start(Options options);

  // As Stop(0).
  ~HttpServer();

  // Stops accepting, closes idle connections, lets requests that have begun finish and event
  // streams send what is queued, for at most `deadline_ms`; then closes the rest. Returns when
  // every thread has ended. Answers given later go nowhere. Must not be called from a handler. A
  // second call does nothing.
  void Stop(int64_t deadline_ms);

  uint16_t port() const;
  ServerStats stats() const;  // any thread

 private:
  class Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace wideberth::net

#endif  // WIDEBERTH_NET_SERVER_H_
