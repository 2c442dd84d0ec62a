#include "api/node/sessions.h"

#include <array>
#include <utility>

#include "base/limits.h"
#include "base/random.h"
#include "crypto/secret.h"
#include "crypto/sha256.h"

namespace wideberth::api::node {
namespace {

constexpr size_t kTokenRandomBytes = 32;

std::string DrawToken() {
  std::array<uint8_t, kTokenRandomBytes> random{};
  base::SystemRandom().Fill(random);
  std::string token(kSessionTokenPrefix);
  token.append(base::Base64UrlEncode(random));
  crypto::Wipe(random);
  return token;
}

base::Digest NameOf(std::string_view token) {
  return crypto::Sha256(base::AsBytes(token));
}

base::Unexpected Busy(std::string_view rule) {
  return base::Fail(base::ErrorCode::kBusy, "", rule);
}

}  // namespace

base::Result<Sessions::Opened> Sessions::Open(std::string name, operators::Role role,
                                              crypto::SecretKey key, base::UtcMicros now) {
  const auto session = std::make_shared<Session>(
      std::move(name), role, std::move(key), base::UtcMicros{now.us + limits::kSessionLifetimeUs});
  std::string token = DrawToken();
  const std::lock_guard lock(mutex_);
  std::erase_if(by_token_, [&](const auto& entry) { return !entry.second->IsOpen(now); });
  if (by_token_.size() >= limits::kSessionsMax) {
    return Busy("too many people are signed on: somebody has to sign off");
  }
  by_token_.emplace(NameOf(token), session);
  return Opened{std::move(token), session};
}

std::shared_ptr<const Session> Sessions::Find(std::string_view token, base::UtcMicros now) const {
  const base::Digest name = NameOf(token);
  const std::lock_guard lock(mutex_);
  const auto found = by_token_.find(name);
  return found == by_token_.end() || !found->second->IsOpen(now) ? nullptr : found->second;
}

bool Sessions::End(std::string_view token) {
  const std::lock_guard lock(mutex_);
  const auto found = by_token_.find(NameOf(token));
  if (found == by_token_.end()) return false;
  found->second->ended = true;
  by_token_.erase(found);
  return true;
}

void Sessions::EndAllOf(std::string_view name) {
  const std::lock_guard lock(mutex_);
  std::erase_if(by_token_, [&](const auto& entry) {
    if (entry.second->name != name) return false;
    entry.second->ended = true;
    return true;
  });
}

Worker::Worker(size_t waiting_max, std::string busy)
    : waiting_max_(waiting_max), busy_(std::move(busy)), thread_([this] { Run(); }) {}

Worker::~Worker() {
  Stop();
}

base::Result<void> Worker::Post(std::function<void()> task) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return Busy("the node is stopping");
    if (queue_.size() >= waiting_max_) {
      return Busy(busy_);
    }
    queue_.push_back(std::move(task));
  }
  wake_.notify_one();
  return {};
}

void Worker::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    queue_.clear();
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Worker::Run() {
  while (true) {
    std::function<void()> task;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (stopping_) return;
      task = std::move(queue_.front());
      queue_.pop_front();
    }
    task();
  }
}

}  // namespace wideberth::api::node
