// TLS over bytes: a session turns what came from a socket into plain text and plain text into what
// goes to a socket. It owns no socket and never waits, so the server's loops and the blocking
// client share it.
//
// At least TLS 1.2 with forward secrecy and AEAD ciphers; 1.3 is used when both sides can. No
// renegotiation, no compression. ALPN offers and takes "http/1.1" only.
#ifndef WIDEBERTH_NET_TLS_H_
#define WIDEBERTH_NET_TLS_H_

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/http.h"

namespace wideberth::net {

struct TlsServerFiles {
  std::string certificate_chain_path{};  // PEM, the node's own certificate first
  std::string private_key_path{};        // PEM, without passphrase
  // PEM. When set, a client certificate signed by one of these is asked for and verified.
  std::string client_ca_path{};
  // Refuses clients without a certificate; otherwise they come in without Peer::certificate_*.
  bool client_certificate_required = false;
};

struct TlsClientFiles {
  std::string ca_path{};  // PEM; empty: the system's certificates
  // When set, the server's certificate must have this SHA-256 (of the DER form, hex), whoever
  // signed it and whatever name it bears.
  std::string pinned_sha256{};
  // Accepts any certificate. For development only: the connection is then private but not
  // authentic.
  bool insecure = false;
  std::string certificate_chain_path{};  // our own, when the server asks for one
  std::string private_key_path{};
};

// Keys and rules shared by many sessions. Immutable; any thread.
class TlsContext {
 public:
  // Refusals name the file and what OpenSSL says about it.
  static base::Result<std::shared_ptr<const TlsContext>> Server(const TlsServerFiles& files);
  static base::Result<std::shared_ptr<const TlsContext>> Client(const TlsClientFiles& files);
  ~TlsContext();

  class Impl;
  const Impl& impl() const { return *impl_; }

 private:
  explicit TlsContext(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// One side of one connection. Not thread-safe.
class TlsSession {
 public:
  // `server_name`: for a client, the host name or IP address that the certificate must be for.
  explicit TlsSession(std::shared_ptr<const TlsContext> context,
                      const std::string& server_name = {});
  ~TlsSession();

  // Takes bytes from the socket and appends what they decrypt to `plain`. The handshake runs
  // inside; a client starts it by a first call with nothing. After an error the session is dead;
  // send outgoing() (an alert) and close.
  base::Result<void> Receive(std::string_view wire, std::string* plain);
  // Encrypts. Only after established().
  base::Result<void> Send(std::string_view plain);
  // Says goodbye; nothing may be sent afterwards.
  void Shutdown();

  // What must go to the socket, in order; the caller erases what it has sent.
  std::string& outgoing();
  bool established() const;
  bool peer_closed() const;  // the peer said goodbye: what came before is whole

  // Fills the TLS fields of `peer`, once established.
  void Describe(Peer* peer) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wideberth::net

#endif  // WIDEBERTH_NET_TLS_H_
