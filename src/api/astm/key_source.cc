#include "api/astm/key_source.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/log.h"
#include "net/client.h"

namespace wideberth::api::astm {
namespace {

constexpr int64_t kFetchDeadlineMs = 5'000;
constexpr size_t kKeySetBytesMax = 1024 * 1024;

// "127.0.0.1", "[::1]" and "localhost", with or without a port; not "127.example.org".
bool IsLoopback(std::string_view authority) {
  std::string_view host = authority.substr(0, authority.rfind(':'));
  if (authority.ends_with(']')) host = authority;
  if (host == "[::1]" || host == "localhost") return true;
  return host.starts_with("127.") &&
         host.find_first_not_of("0123456789.") == std::string_view::npos;
}

}  // namespace

base::Result<KeySetUrl> ParseKeySetUrl(std::string_view url) {
  const bool secure = url.starts_with("https://");
  if (!secure && !url.starts_with("http://")) {
    return base::Invalid("", "must be an https URL with a path", url);
  }
  const size_t host = url.find("://") + 3;
  const size_t path = url.find('/', host);
  if (path == std::string_view::npos || path == host) {
    return base::Invalid("", "must be an https URL with a path", url);
  }
  const std::string_view authority = url.substr(host, path - host);
  if (authority.find('@') != std::string_view::npos) {
    return base::Invalid("", "must not hold a user name", url);
  }
  if (!secure && !IsLoopback(authority)) {
    return base::Invalid("", "must be https, or of a loopback address", url);
  }
  return KeySetUrl{std::string(url.substr(0, path)), std::string(url.substr(path))};
}

KeySource::KeySource(crypto::TokenVerifier* verifier, crypto::TokenKeys of_files, Options options)
    : verifier_(verifier), options_(std::move(options)), of_files_(std::move(of_files)) {
  if (!options_.url.empty()) thread_ = std::thread([this] { Run(); });
}

KeySource::~KeySource() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

base::Result<void> KeySource::Apply() {
  WB_ASSIGN_OR_RETURN(crypto::TokenKeys keys, crypto::TokenKeys::Merge(of_files_, fetched_));
  verifier_->ReplaceKeys(std::move(keys));
  return {};
}

void KeySource::SetKeysOfFiles(crypto::TokenKeys keys) {
  const std::lock_guard lock(mutex_);
  of_files_ = std::move(keys);
  if (const auto applied = Apply(); !applied) {
    base::Log(base::LogLevel::kError, "keys_not_reloaded", {{"error", applied.error().ToString()}});
  }
}

KeySource::Statistics KeySource::GetStatistics() const {
  const std::lock_guard lock(mutex_);
  Statistics statistics = statistics_;
  if (statistics.fetched > 0) {
    statistics.age_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                            std::chrono::steady_clock::now() - fetched_at_)
                            .count();
  }
  return statistics;
}

base::Result<std::string> KeySource::Fetch() const {
  WB_ASSIGN_OR_RETURN(const KeySetUrl url, ParseKeySetUrl(options_.url));
  net::HttpClient::Options options;
  options.tls = options_.tls;
  options.connect_deadline_ms = kFetchDeadlineMs;
  options.request_deadline_ms = kFetchDeadlineMs;
  options.body_bytes_max = kKeySetBytesMax;
  WB_ASSIGN_OR_RETURN(net::HttpClient client, net::HttpClient::Create(url.base, options));
  WB_ASSIGN_OR_RETURN(net::Response response, client.Get(url.target));
  if (response.status != 200) {
    return base::Invalid("", "must be answered with 200", std::to_string(response.status));
  }
  return std::move(response.body);
}

base::Result<void> KeySource::Take(std::string set) {
  // The verifier forgets the tokens it has seen when its keys are replaced; a set that did not change must not cost it.
  if (statistics_.fetched > 0 && set == set_) return {};
  WB_ASSIGN_OR_RETURN(crypto::TokenKeys keys, crypto::TokenKeys::FromJwks(set));
  std::swap(fetched_, keys);
  if (auto applied = Apply(); !applied) {
    std::swap(fetched_, keys);
    return applied;
  }
  set_ = std::move(set);
  return {};
}

void KeySource::Run() {
  int64_t pause_ms = options_.retry_ms;
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    base::Result<std::string> set = Fetch();
    lock.lock();
    const base::Result<void> taken =
        set ? Take(std::move(*set)) : base::Result<void>(base::Fail(std::move(set).error()));
    int64_t wait_ms = options_.period_ms;
    if (taken) {
      ++statistics_.fetched;
      fetched_at_ = std::chrono::steady_clock::now();
      pause_ms = options_.retry_ms;
    } else {
      ++statistics_.failed;
      base::Log(base::LogLevel::kWarn, "keys_not_fetched", {{"error", taken.error().ToString()}});
      wait_ms = pause_ms;
      pause_ms = std::min(2 * pause_ms, options_.period_ms);
    }
    wake_.wait_for(lock, std::chrono::milliseconds(wait_ms), [this] { return stopping_; });
  }
}

}  // namespace wideberth::api::astm
