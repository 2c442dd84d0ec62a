#include "link/testing/node.h"

#include <array>
#include <chrono>
#include <thread>
#include <utility>

#include "base/bytes.h"
#include "base/check.h"

namespace wideberth::link::testing {

base::PartyId PartyOf(uint8_t number) {
  std::array<uint8_t, 16> bytes{};
  bytes[0] = number;
  return {base::Uuid::V4FromRandom(bytes)};
}

crypto::SecretKey KeyOf(uint8_t number) {
  return crypto::SecretKey::FromSeed(base::Bytes(32, number)).value();
}

std::shared_ptr<const crypto::SecretKey> SharedKeyOf(uint8_t number) {
  return std::make_shared<const crypto::SecretKey>(KeyOf(number));
}

bool Eventually(const std::function<bool()>& condition) {
  for (int i = 0; i < 4'000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return condition();
}

void Node::Start(std::vector<PeerPaths> peers, Transport::Options options) {
  options.self = party;
  options.clock = &clock_;
  options.listen_address = "127.0.0.1";
  options.listen_port = port;
  options.metrics = &metrics;
  Transport::Events events;
  events.on_path = [this](base::PartyId, size_t path, bool up) {
    const std::lock_guard lock(mutex_);
    path_events_.push_back(std::to_string(path) + (up ? " up" : " down"));
  };
  events.on_frame = [this](base::PartyId peer, size_t path, std::string frame) {
    const size_t bytes = frame.size();
    {
      const std::lock_guard lock(mutex_);
      frames_.push_back({path, std::move(frame)});
      ++frames_from_[peer];
    }
    if (!handles_frames) return;
    started_.wait(nullptr);
    started_.load()->Handled(peer, path, 1, bytes);
  };
  auto started = Transport::Start(std::move(options), keys, std::move(peers), std::move(events));
  CHECK_MSG(started.has_value(), started ? "" : started.error().ToString().c_str());
  transport = *std::move(started);
  port = transport->port();
  started_ = transport.get();
  started_.notify_all();
}

void Node::Kill() {
  if (transport) transport->Stop();
  started_ = nullptr;
  transport.reset();
}

PeerPaths Node::AsPeer(const std::vector<std::string>& path_names, bool dialled) const {
  PeerPaths peer{party, keys.front()->public_key(), {}};
  for (const std::string& name : path_names) {
    peer.paths.push_back({name, dialled ? "127.0.0.1:" + std::to_string(port) : ""});
  }
  return peer;
}

void Node::Send(const Node& to, size_t path, std::string frame) {
  transport->Send(to.party, path, std::make_shared<const std::string>(std::move(frame)));
}

PathStatus Node::StatusOf(const Node& peer, size_t path) const {
  const auto all = transport->Status(peer.party);
  return path < all.size() ? all[path] : PathStatus{};
}

size_t Node::frames_from(const Node& peer) const {
  const std::lock_guard lock(mutex_);
  const auto it = frames_from_.find(peer.party);
  return it == frames_from_.end() ? 0 : it->second;
}

std::vector<Node::Arrived> Node::TakeFrames() {
  const std::lock_guard lock(mutex_);
  frames_from_.clear();
  return std::exchange(frames_, {});
}

std::vector<std::string> Node::PathEvents() const {
  const std::lock_guard lock(mutex_);
  return path_events_;
}

}  // namespace wideberth::link::testing
