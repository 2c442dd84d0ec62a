// "https://node.example:8443" taken apart, and blocking TCP connections to it. Internal to net/.
#ifndef WIDEBERTH_NET_URL_H_
#define WIDEBERTH_NET_URL_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace wideberth::net {

struct BaseUrl {
  bool tls = false;
  std::string host;  // an IPv6 address stands here without its brackets
  uint16_t port = 0;

  // "node.example:8443", as in a Host field and in messages to people.
  std::string Authority() const;
};

// Reads "http://HOST[:PORT]" or "https://HOST[:PORT]", with at most a final slash: the paths come
// with each request.
base::Result<BaseUrl> ParseBaseUrl(std::string_view url);

// Connects without blocking for longer than `deadline_ms` (looking up the name excepted) and
// returns a non-blocking descriptor. Refusals say what a person can check: "connection refused at
// 127.0.0.1:8080: is the node running?".
base::Result<int> ConnectTcp(const BaseUrl& url, int64_t deadline_ms);

}  // namespace wideberth::net

#endif  // WIDEBERTH_NET_URL_H_
