#include "api/astm/replays.h"

#include <algorithm>
#include <array>
#include <string>

#include "api/astm/call.h"
#include "crypto/sha256.h"

namespace wideberth::api::astm {
namespace {

constexpr std::string_view kHeader = "idempotency-key";

// Length first: no two lists of texts give the same bytes.
void Add(crypto::Sha256Hasher* hasher, std::string_view text) {
  std::array<uint8_t, 8> length{};
  auto left = static_cast<uint64_t>(text.size());
  for (uint8_t& byte : length) {
    byte = static_cast<uint8_t>(left);
    left >>= 8U;
  }
  hasher->Update(length);
  hasher->Update(base::AsBytes(text));
}

net::Response Refusal(int status, std::string_view rule) {
  return RenderRefusal(
      status, base::Error{base::ErrorCode::kConflict, std::string(kHeader), std::string(rule), ""});
}

bool MayBeKept(const net::Response& response) {
  return response.status >= 200 && response.status < 500 && response.status != 429;
}

}  // namespace

base::Result<std::optional<RequestKey>> Replays::KeyOf(const net::Request& request,
                                                       std::string_view subject) {
  const std::optional<std::string_view> text = request.headers.Find(kHeader);
  if (!text) return std::optional<RequestKey>();
  if (request.headers.Count(kHeader) != 1) return base::Invalid(kHeader, "must be given once");
  const bool visible =
      std::all_of(text->begin(), text->end(), [](char c) { return c > 0x20 && c < 0x7f; });
  if (text->empty() || text->size() > kKeyBytesMax || !visible) {
    return base::Invalid(kHeader, "must be 1 to 255 visible ASCII characters");
  }
  crypto::Sha256Hasher hasher;
  RequestKey key;
  Add(&hasher, subject);
  Add(&hasher, *text);
  key.name = hasher.Finish();
  Add(&hasher, net::MethodName(request.method));
  Add(&hasher, request.path());
  for (const net::QueryParameter& parameter : request.target.query) {
    Add(&hasher, parameter.name);
    Add(&hasher, parameter.value);
  }
  Add(&hasher, request.body);
  key.request = hasher.Finish();
  return std::optional(key);
}

std::optional<net::Response> Replays::Begin(const RequestKey& key, int64_t now_us) {
  const std::lock_guard lock(mutex_);
  Forget(now_us);
  const auto [place, first] = kept_.try_emplace(key.name, Kept{key.request, std::nullopt, 0});
  if (first) return std::nullopt;
  const Kept& kept = place->second;
  if (kept.request != key.request) {
    return Refusal(422, "was used for another request; choose another one");
  }
  if (kept.response) return kept.response;
  net::Response response = Refusal(409, "the first request with it is still being answered");
  response.headers.Add("Retry-After", "1");
  return response;
}

void Replays::End(const RequestKey& key, const net::Response& response, int64_t now_us) {
  const std::lock_guard lock(mutex_);
  const auto place = kept_.find(key.name);
  if (place == kept_.end()) return;
  size_t bytes = response.body.size() + sizeof(Kept);
  for (size_t i = 0; i < response.headers.size(); ++i) bytes += response.headers.at(i).value.size();
  if (!MayBeKept(response) || bytes > options_.bytes_max) {
    kept_.erase(place);
    return;
  }
  place->second.response = response;
  place->second.bytes = bytes;
  bytes_ += bytes;
  by_age_.emplace_back(now_us, key.name);
  Forget(now_us);
}

void Replays::Forget(int64_t now_us) {
  while (!by_age_.empty()) {
    const auto& [since_us, name] = by_age_.front();
    const bool room = by_age_.size() <= options_.answers_max && bytes_ <= options_.bytes_max;
    if (room && now_us - since_us < options_.hold_us) return;
    const auto place = kept_.find(name);
    bytes_ -= place->second.bytes;
    kept_.erase(place);
    by_age_.pop_front();
  }
}

size_t Replays::answers() const {
  const std::lock_guard lock(mutex_);
  return by_age_.size();
}

}  // namespace wideberth::api::astm
