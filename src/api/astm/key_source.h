// Where the keys of tokens come from, and keeping a verifier at them: files, which are read again when someone says so,
// and a key set at a URL (RFC 7517), which is fetched again and again.
//
// A failed fetch changes nothing: the keys that were fetched last hold, and the next attempt comes after a pause that
// doubles from a second to the period. Any answer but 200 with a whole, sound set is a failed fetch: a redirection, a
// set that is damaged, too large, empty, without a usable key or with one id twice. Keys that the authority takes out
// of its set are gone with the next fetch that succeeds; keys that were fetched hold for as long as it is out of reach,
// for a provider must be able to withdraw its intents while the authority is down. GetStatistics() says how old they
// are.
//
// No request ever waits for a fetch: TokenVerifier is given whole sets, and nothing while they do not change.
#ifndef WIDEBERTH_API_ASTM_KEY_SOURCE_H_
#define WIDEBERTH_API_ASTM_KEY_SOURCE_H_

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "base/result.h"
#include "crypto/token.h"
#include "crypto/token_keys.h"
#include "net/tls.h"

namespace wideberth::api::astm {

struct KeySetUrl {
  std::string base;    // "https://auth.example"
  std::string target;  // "/.well-known/jwks.json"
};
// Refuses what is not an https URL with a path; http only to a loopback address, because in the clear anybody on the
// way could say whom to believe.
base::Result<KeySetUrl> ParseKeySetUrl(std::string_view url);

class KeySource {
 public:
  struct Options {
    std::string url;  // empty: files alone
    net::TlsClientFiles tls{};
    int64_t period_ms = 60'000;
    int64_t retry_ms = 1'000;
  };
  // `verifier` outlives this and has `of_files` already. Fetching begins at once, on a thread of its own, if there is a
  // URL; one that ParseKeySetUrl refuses is never fetched.
  KeySource(crypto::TokenVerifier* verifier, crypto::TokenKeys of_files, Options options);
  ~KeySource();
  KeySource(const KeySource&) = delete;
  KeySource& operator=(const KeySource&) = delete;

  void SetKeysOfFiles(crypto::TokenKeys keys);

  struct Statistics {
    uint64_t fetched = 0;
    uint64_t failed = 0;
    int64_t age_ms = -1;  // of the newest set that was fetched; -1: none was
  };
  Statistics GetStatistics() const;

 private:
  void Run();
  base::Result<std::string> Fetch() const;
  base::Result<void> Take(std::string set);  // needs mutex_
  base::Result<void> Apply();                // needs mutex_

  crypto::TokenVerifier* const verifier_;
  const Options options_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  crypto::TokenKeys of_files_;
  crypto::TokenKeys fetched_;
  std::string set_;  // as it was fetched
  Statistics statistics_;
  std::chrono::steady_clock::time_point fetched_at_{};
  std::thread thread_;
};

}  // namespace wideberth::api::astm

#endif  // WIDEBERTH_API_ASTM_KEY_SOURCE_H_
