// Whom a node is linked to, and by which paths.
#ifndef WIDEBERTH_LINK_PEERS_H_
#define WIDEBERTH_LINK_PEERS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "crypto/ed25519.h"

namespace wideberth::link {

// A path is one connection, over one network. Both sides configure it under one name; one of them dials.
struct PathConfig {
  std::string name;  // [a-z0-9-], 1 to limits::kLinkPathNameBytesMax
  std::string
      connect;  // "host:port" to dial, an IPv6 address in brackets; empty: the peer dials us
  bool operator==(const PathConfig&) const = default;
};

struct PeerPaths {
  base::PartyId peer;
  crypto::PublicKey
      transport_key;  // of its party card; whoever holds it is the peer, and nobody else is
  std::vector<PathConfig> paths;  // the index is the path's number
  // The key it had before, which is good as well until that time of the monotonic clock, or until a connection with
  // the one above is up.
  std::optional<crypto::PublicKey> former_key{};
  int64_t former_until_monotonic_us = 0;
};

// Refuses, naming the place ("/peers/2/paths/0/name"): more than limits::kLinkPeersMax peers or limits::kLinePathsMax
// paths; a peer named twice, or with the key of another or of this node itself; names and addresses of another form; a
// path's name given twice for one peer.
base::Result<void> CheckPeers(base::PartyId self, const crypto::PublicKey& self_key,
                              const std::vector<PeerPaths>& peers);

// "/line/v1/fibre", the target of the request that opens the path "fibre".
std::string TargetOfPath(std::string_view name);

}  // namespace wideberth::link

#endif  // WIDEBERTH_LINK_PEERS_H_
