#include "link/peers.h"

#include <algorithm>
#include <set>

#include "base/limits.h"
#include "net/url.h"

namespace wideberth::link {
namespace {

bool IsPathName(std::string_view name) {
  return !name.empty() && name.size() <= limits::kLinkPathNameBytesMax &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

base::Result<void> CheckPath(const PathConfig& path) {
  if (!IsPathName(path.name)) {
    return base::Invalid("/name",
                         "must be of a-z, 0-9 and -, 1 to " +
                             std::to_string(limits::kLinkPathNameBytesMax) + " characters",
                         path.name);
  }
  if (path.connect.empty()) return {};
  const auto url = net::ParseBaseUrl("https://" + path.connect);
  if (!url || url->Authority() != path.connect) {
    return base::Invalid("/connect", "must be HOST:PORT, an IPv6 address in brackets",
                         path.connect);
  }
  return {};
}

base::Result<void> CheckPaths(const std::vector<PathConfig>& paths) {
  if (paths.size() > limits::kLinePathsMax) {
    return base::Fail(base::ErrorCode::kTooLarge, "/paths",
                      "must be at most " + std::to_string(limits::kLinePathsMax) + " paths",
                      std::to_string(paths.size()));
  }
  std::set<std::string_view> names;
  for (size_t i = 0; i < paths.size(); ++i) {
    const std::string place = "/paths/" + std::to_string(i);
    auto checked = CheckPath(paths[i]);
    if (!checked) return base::Fail(std::move(checked).error().Under(place));
    if (!names.insert(paths[i].name).second) {
      return base::Invalid(place + "/name", "must be the only one of its peer", paths[i].name);
    }
  }
  return {};
}

}  // namespace

base::Result<void> CheckPeers(base::PartyId self, const crypto::PublicKey& self_key,
                              const std::vector<PeerPaths>& peers) {
  if (peers.size() > limits::kLinkPeersMax) {
    return base::Fail(base::ErrorCode::kTooLarge, "/peers",
                      "must be at most " + std::to_string(limits::kLinkPeersMax) + " peers",
                      std::to_string(peers.size()));
  }
  std::set<base::PartyId> parties = {self};
  std::set<crypto::PublicKey> keys = {self_key};
  for (size_t i = 0; i < peers.size(); ++i) {
    const std::string place = "/peers/" + std::to_string(i);
    if (!parties.insert(peers[i].peer).second) {
      return base::Invalid(place + "/peer", "must be another party, and stand once",
                           peers[i].peer.ToString());
    }
    // The listening side knows a peer by its key alone.
    if (!keys.insert(peers[i].transport_key).second) {
      return base::Invalid(place + "/transport_key", "must be the key of one party, and not ours",
                           peers[i].transport_key.KeyId());
    }
    if (peers[i].former_key && !keys.insert(*peers[i].former_key).second) {
      return base::Invalid(place + "/former_key", "must be the key of one party, and not ours",
                           peers[i].former_key->KeyId());
    }
    auto checked = CheckPaths(peers[i].paths);
    if (!checked) return base::Fail(std::move(checked).error().Under(place));
  }
  return {};
}

std::string TargetOfPath(std::string_view name) {
  return "/line/v1/" + std::string(name);
}

}  // namespace wideberth::link
