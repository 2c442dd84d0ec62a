// TLS 1.3 between two nodes that know each other's Ed25519 keys: what OpenSSL has to be told. Internal to net/.
#ifndef WIDEBERTH_NET_MUTUAL_TLS_H_
#define WIDEBERTH_NET_MUTUAL_TLS_H_

#include <functional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

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

// Who listens on `context` calls it with the name that it is asked for; the context it returns, or null for `context`
// itself, is that of the session. `choice` outlives the context.
using ContextChoice = std::function<ssl_ctx_st*(std::string_view name)>;
void ChooseByName(ssl_ctx_st* context, const ContextChoice* choice);
// Asks for a name when dialling.
void AskFor(ssl_st* session, const std::string& name);

// `judge` outlives the session.
void LetJudge(ssl_st* session, PeerJudge* judge);

// What an error code of OpenSSL says, for people.
std::string WordsOfTls(unsigned long error);

}  // namespace wideberth::net

#endif  // WIDEBERTH_NET_MUTUAL_TLS_H_
