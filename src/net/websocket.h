// WebSocket (RFC 6455) over TLS 1.3 with certificates on both sides, for two nodes that know each other's keys.
//
// A WebSocketLoop is one thread that dials, listens and serves every connection made by it. It shows a certificate of
// its own, and whoever it talks to must show one too: no chain, no name and no date is looked at, the caller's
// CertificateJudge alone decides. No resumption, no tickets, no early data, no renegotiation, no compression.
//
//   WB_ASSIGN_OR_RETURN(auto loop, WebSocketLoop::Start(options, key_pem));
//   std::shared_ptr<WebSocket> path = loop->Dial({"node.example", 8443, "/line/v1/fibre"}, judge, events);  // by Post
//
// Messages are binary. A text message, or one that is too long, ends the connection, and so do the deadlines of
// WebSocketLimits and a queue of messages to send that grows beyond its limit. Pings are answered, none are sent.
//
// Threads: Post and After may be called from any thread. Everything else, and every method of a WebSocket, belongs to
// the loop's thread; events and judges are called there and must not block.
#ifndef WIDEBERTH_NET_WEBSOCKET_H_
#define WIDEBERTH_NET_WEBSOCKET_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace wideberth::net {

struct WebSocketLimits {
  size_t message_bytes_max = 0;
  size_t queue_bytes_max = 0;  // messages given to Send and not yet handed to the kernel
  // Looking up the name, TCP, TLS and the upgrade together.
  int64_t handshake_deadline_ms = 0;
  // An open connection that brings not one byte for so long, though it is being read, is closed.
  int64_t silence_deadline_ms = 0;
  // Connections that have come in and are not open yet. One more, and the oldest of them is dropped: a stranger who
  // fills this must come faster than an honest peer shakes hands.
  size_t pending_max = 0;
};

// One connection.
class WebSocket {
 public:
  virtual ~WebSocket() = default;
  // Queues one binary message; once open only. Beyond queue_bytes_max the connection ends.
  virtual void Send(std::shared_ptr<const std::string> message) = 0;
  // Stops and resumes reading, and with it the silence deadline. At most one message more is handed out.
  virtual void SetReading(bool reading) = 0;
  // Ends the connection at once, whatever its state. No event follows.
  virtual void Close() = 0;
  virtual const std::string& remote_address() const = 0;  // "192.0.2.7:8443"; empty until connected
};

class WebSocketEvents {
 public:
  virtual ~WebSocketEvents() = default;
  virtual void OnOpen(std::shared_ptr<WebSocket> connection) = 0;
  virtual void OnMessage(std::string message) = 0;
  // A message given to Send has been handed to the kernel.
  virtual void OnSent(size_t bytes) = 0;
  // The connection failed, was refused or has ended; `reason` is for people.
  virtual void OnClosed(const std::string& reason) = 0;
};

// Whether the peer may show this certificate (X.509, DER). The error's rule goes into the reason of OnClosed.
using CertificateJudge = std::function<base::Result<void>(base::ByteView certificate_der)>;

class WebSocketLoop {
 public:
  struct Request {
    base::ByteView certificate_der;  // judged already
    std::string_view target;
    std::string_view remote_address;
  };
  struct Address {
    std::string host;  // a name or an address
    uint16_t port = 0;
    std::string target;      // of the request: "/line/v1/fibre"
    std::string identity{};  // of ours, that is shown; empty, or not there: the first
    std::string
        server_name{};  // asks the other side for that identity of its own (SNI); empty: for none
  };
  // What this loop can show itself by. Who listens shows the one that it is asked for by name, or else the first.
  struct Identity {
    std::string name{};  // of letters and digits
    std::string certificate_pem{};
    std::string_view private_key_pem{};  // not kept outside OpenSSL
  };
  struct Options {
    std::string subprotocol{};  // asked for when dialling, demanded when listening
    WebSocketLimits limits{};
    // Listening: an IPv4 or IPv6 address, or empty for not at all; port 0 takes a free one.
    std::string listen_address{};
    uint16_t listen_port = 0;
    CertificateJudge judge{};
    // Lets a request in, or refuses it: with 404, whatever the error.
    std::function<base::Result<std::shared_ptr<WebSocketEvents>>(const Request&)> admit{};
    // Somebody came and was not let in.
    std::function<void(const std::string& remote_address, const std::string& reason)> on_refused{};
  };

  // Listens when it returns. REQUIRES (CHECK): an identity, here and in SetIdentities.
  static base::Result<std::unique_ptr<WebSocketLoop>> Start(Options options,
                                                            std::span<const Identity> identities);
  ~WebSocketLoop();  // as Stop

  // Connects to every address of the host until one answers. OnOpen or OnClosed follows, unless Close is called first.
  std::shared_ptr<WebSocket> Dial(const Address& address, CertificateJudge judge,
                                  std::shared_ptr<WebSocketEvents> events);

  // For connections from now on; those that are there stay. Changes nothing when one is refused.
  base::Result<void> SetIdentities(std::span<const Identity> identities);

  // Runs `task` on the loop's thread; what is due when the loop stops is dropped.
  void Post(std::function<void()> task);
  void After(int64_t delay_ms, std::function<void()> task);
  bool IsOnLoop() const;

  uint16_t port() const;  // 0 when not listening

  // Ends the thread; no event follows. Waits for a name that is being looked up. Not on the loop's own thread. What was
  // dialled or accepted must be let go of before the loop is destroyed.
  void Stop();

  class Impl;

 private:
  explicit WebSocketLoop(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace wideberth::net

#endif  // WIDEBERTH_NET_WEBSOCKET_H_
