// The transport keys of this node as net/websocket.h wants them; inside link only.
#ifndef WIDEBERTH_LINK_IDENTITIES_H_
#define WIDEBERTH_LINK_IDENTITIES_H_

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/check.h"
#include "crypto/secret.h"
#include "link/certificate.h"
#include "link/transport.h"
#include "net/websocket.h"

namespace wideberth::link {

// Named by their key ids; the PEM texts live as long as this.
struct Identities {
  explicit Identities(const Transport::Keys& keys) {
    CHECK(!keys.empty());
    for (const auto& key : keys) {
      pems.push_back(key->ToPem());
      ids.push_back(key->public_key().KeyId());
      all.push_back({ids.back(), MakeCertificate(*key), base::AsText(pems.back().bytes())});
    }
  }
  std::vector<crypto::SecretBytes> pems;
  std::vector<std::string> ids;
  std::vector<net::WebSocketLoop::Identity> all;
};

}  // namespace wideberth::link

#endif  // WIDEBERTH_LINK_IDENTITIES_H_
