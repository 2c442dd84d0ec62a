// TLS 1.3 between two nodes that know each other's Ed25519 keys: what OpenSSL has to be told. Internal to net/.
#ifndef WIDEBERTH_NET_MUTUAL_TLS_H_
#define WIDEBERTH_NET_MUTUAL_TLS_H_

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "net/websocket.h"

struct ssl_ctx_st;
struct ssl_st;

namespace wideberth::net {

// Decides on the certificate (DER) that the other side of a session shows. Nothing else about it is checked, except
// that the peer holds its key.
class PeerJudge {
 public:
  virtual bool Judge(base::ByteView certificate_der) = 0;

 protected:
  ~PeerJudge() = default;
};

// TLS 1.3 and Ed25519 only, a certificate from both sides; no resumption, tickets, early data or renegotiation. Every
// session of the context needs a judge.
base::Result<void> ConfigureMutualTls(ssl_ctx_st* context, std::string_view certificate_pem,
                                      std::string_view private_key_pem);

// What one who dials and listens can show itself by: a context for each identity. Who listens on any of them shows the
// one that it is asked for by name.
using TlsContext = std::shared_ptr<ssl_ctx_st>;
class TlsIdentities {
 public:
  using Made = std::vector<std::pair<std::string, TlsContext>>;
  TlsIdentities() = default;
  TlsIdentities(const TlsIdentities&) = delete;
  TlsIdentities& operator=(const TlsIdentities&) = delete;

  // From any thread; the contexts are this object's, which outlives their sessions.
  base::Result<Made> Make(std::span<const WebSocketLoop::Identity> identities) const;
  void Set(Made made) { all_ = std::move(made); }
  // The one of that name, or the first. A share of its own for the caller to free.
  ssl_ctx_st* Share(std::string_view name) const;

 private:
  static int Choose(ssl_st* session, int* alert, void* self);
  ssl_ctx_st* Find(std::string_view name) const;  // null where there is none

  Made all_;
};
// Asks for a name when dialling.
void AskFor(ssl_st* session, const std::string& name);

// `judge` outlives the session.
void LetJudge(ssl_st* session, PeerJudge* judge);

// What an error code of OpenSSL says, for people.
std::string WordsOfTls(unsigned long error);

}  // namespace wideberth::net

#endif  // WIDEBERTH_NET_MUTUAL_TLS_H_
