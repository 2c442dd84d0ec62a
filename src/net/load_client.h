// A load generator for bench/: N keep-alive connections driven by one thread over epoll, each with
// one request in flight. It costs about as little as the kernel lets it, because it shares its
// cores with the server it measures: the answers are read by a parser that knows no more HTTP than
// our own server speaks (Content-Length, in that spelling; no chunks). Never point it at another
// server.
//
//   LoadOptions options{.port = server->port(), .connections = 64, .requests = 200'000};
//   WB_ASSIGN_OR_RETURN(LoadResult result, RunLoad(options,
//       [&](uint64_t k, std::string* out) { AppendRequest("PUT", TargetOf(k), fields, body, out); },
//       [&](uint64_t k, int status, std::string_view body) { accepted += status == 201; }));
//   result.PerSecond(); result.LatencyNs(0.99);
#ifndef WIDEBERTH_NET_LOAD_CLIENT_H_
#define WIDEBERTH_NET_LOAD_CLIENT_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace wideberth::net {

struct LoadOptions {
  std::string host = "127.0.0.1";
  uint16_t port = 0;
  size_t connections = 64;
  uint64_t requests = 0;
  // Requests begun a second. 0: closed loop, the next request follows the answer at once. Otherwise
  // request k is due at k / rate, waits for a free connection if there is none, and its latency
  // counts from when it was due: a server that stalls is charged for everyone who would have come
  // meanwhile.
  double rate_per_second = 0;
  int64_t deadline_ms = 600'000;  // the run is then given up
};

struct LoadResult {
  uint64_t answers = 0;
  int64_t elapsed_ns = 0;
  int64_t cpu_ns = 0;  // of this thread, the callbacks included
  std::map<int, uint64_t> by_status;
  std::vector<int64_t> latency_ns;  // sorted

  double PerSecond() const;
  int64_t LatencyNs(double quantile) const;  // 0.5, 0.99, 1; 0 without answers
};

// Appends the bytes of request `k` to `out`, which is empty.
using MakeRequest = std::function<void(uint64_t k, std::string* out)>;
using TakeAnswer = std::function<void(uint64_t k, int status, std::string_view body)>;

// Sends requests 0 .. requests-1, each once, in order of k. Fails, naming why, if a connection
// cannot be made, ends, or answers what the parser does not know, and when the deadline passes.
base::Result<LoadResult> RunLoad(const LoadOptions& options, const MakeRequest& make_request,
                                 const TakeAnswer& take_answer);

// A request with a body (none if empty). `fields` are whole lines: "Authorization: Bearer ...\r\n".
void AppendRequest(std::string_view method, std::string_view target, std::string_view fields,
                   std::string_view body, std::string* out);

}  // namespace wideberth::net

#endif  // WIDEBERTH_NET_LOAD_CLIENT_H_
