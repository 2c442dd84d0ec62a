// Answers kept for clients that ask again: a write that carries an Idempotency-Key is applied once, and the same
// request with the same key gets the same answer.
//
//   key    1 to 255 visible ASCII characters, chosen by the client, once for each thing that it wants done
//   whose  of the token's subject: two clients may choose the same one
//   same   method, path, query and body; another request under a key in use is refused (422)
//
// What is kept is bounded and ends: an answer leaves after `hold_us`, or when newer ones need the room. It is this
// process's memory. After a restart, or at another node of a pool, the request is judged as any other is; and no write
// of these interfaces can then be applied twice, because each names the version that it replaces: what was created is
// there (409), what was changed has another version (409), what was deleted is gone (404). A report has no version: its
// identifier is made from the key, so that it is filed again under the same one.
//
// An answer that says "not now" (429, 5xx) is not kept, and neither is none at all: nothing was applied, or nobody
// knows, and the client is right to ask again. Thread-safe.
#ifndef WIDEBERTH_API_ASTM_REPLAYS_H_
#define WIDEBERTH_API_ASTM_REPLAYS_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "base/result.h"
#include "net/http.h"

namespace wideberth::api::astm {

// What identifies a request that may come again.
struct RequestKey {
  base::Digest name;     // of the key and whose it is
  base::Digest request;  // of what is asked
};

class Replays {
 public:
  struct Options {
    size_t answers_max = 50'000;
    size_t bytes_max = 64 * 1024 * 1024;
    int64_t hold_us = int64_t{24} * 3600 * 1'000'000;
  };
  static constexpr size_t kKeyBytesMax = 255;

  Replays() : Replays(Options()) {}
  explicit Replays(const Options& options) : options_(options) {}

  // Of a request with an Idempotency-Key; nothing without one. Refuses a malformed or repeated header.
  static base::Result<std::optional<RequestKey>> KeyOf(const net::Request& request,
                                                       std::string_view subject);

  // The answer to give at once: the one that was given before, or a refusal (409 while the first is being answered, 422
  // for another request). Nothing: the caller applies the request and calls End.
  std::optional<net::Response> Begin(const RequestKey& key, int64_t now_us);
  // `response` as it is sent; status 0: none is.
  void End(const RequestKey& key, const net::Response& response, int64_t now_us);

  size_t answers() const;  // kept now

 private:
  struct Kept {
    base::Digest request;
    std::optional<net::Response> response;  // none while the first is being answered
    size_t bytes = 0;
  };
  void Forget(int64_t now_us);  // needs mutex_

  const Options options_;
  mutable std::mutex mutex_;
  std::map<base::Digest, Kept> kept_;
  std::deque<std::pair<int64_t, base::Digest>> by_age_;  // of those answered
  size_t bytes_ = 0;
};

}  // namespace wideberth::api::astm

#endif  // WIDEBERTH_API_ASTM_REPLAYS_H_
