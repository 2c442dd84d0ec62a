#include "link/transport.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <concepts>
#include <iterator>
#include <map>
#include <mutex>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "base/random.h"
#include "crypto/secret.h"
#include "link/certificate.h"
#include "link/counts.h"
#include "link/identities.h"
#include "link/path.h"
#include "net/url.h"
#include "net/websocket.h"

namespace wideberth::link {
namespace {

constexpr char kSubprotocol[] = "wideberth-line.v1";
// Strangers can be refused as often as they like, but not fill the log.
constexpr int64_t kRefusalLogPeriodUs = 10 * base::kMicrosPerSecond;

bool IsKey(const crypto::PublicKey& a, const crypto::PublicKey& b) {
  return crypto::ConstantTimeEqual(a.bytes(), b.bytes());
}

}  // namespace

class Transport::Impl {
 public:
  Impl(Options options, Events events, crypto::PublicKey self_key)
      : options_(std::move(options)),
        events_(std::move(events)),
        self_key_(self_key),
        counts_(options_.metrics) {
    base::SystemRandom system;
    std::array<uint8_t, 8> seed{};
    system.Fill(seed);
    chance_ = base::SeededRandom(std::bit_cast<uint64_t>(seed));
  }

  base::Result<void> Start(const Keys& keys, const std::vector<PeerPaths>& peers);
  base::Result<void> SetKeys(const Keys& keys);
  base::Result<void> SetPeers(std::vector<PeerPaths> peers);
  void Mail(std::vector<OutgoingFrame> frames);
  void Mail(const OutgoingFrame& frame);
  void MailHandled(base::PartyId peer, size_t path, size_t frames, size_t bytes);
  std::vector<PathStatus> Status(base::PartyId peer) const;
  uint16_t port() const { return loop_->port(); }
  void Stop();

  // What happens to the connection of a path.
  void Opened(const PathPtr& path, const crypto::PublicKey& key,
              std::shared_ptr<net::WebSocket> connection);
  void Received(const PathPtr& path, std::string_view message);
  void Sent(const PathPtr& path);
  void Closed(const PathPtr& path, const std::string& reason);

 private:
  struct HandledMail {
    base::PartyId peer;
    size_t path;
    size_t frames;
    size_t bytes;
  };

  void ApplyPeers(const std::vector<PeerPaths>& peers);
  std::map<base::PartyId, Peer> PathsOf(const std::vector<PeerPaths>& peers) const;
  PathPtr KeepOrMake(const PeerPaths& peer, size_t index) const;
  void Remove(Path& path);
  void DialAdded();
  void Dial(const PathPtr& path);
  void DialLater(const PathPtr& path);
  bool IsGood(const Peer& peer, const crypto::PublicKey& key) const;
  base::Result<void> JudgeStranger(base::ByteView certificate_der) const;
  base::Result<std::shared_ptr<net::WebSocketEvents>> Admit(
      const net::WebSocketLoop::Request& request);
  void CountRefusal(const std::string& remote_address, const std::string& reason);
  void GoUp(Path& path, const std::string& remote_address);
  void GoDown(Path& path, const std::string& reason);
  void Steer(Path& path) const;
  void SendBundle(Path& path);
  template <std::invocable Put>
  void PutMail(const Put& put);
  void ReadMail();
  Path* Find(base::PartyId peer, size_t index) const;

  const Options options_;
  const Events events_;
  crypto::PublicKey self_key_;  // the newest; under mutex_
  const Counts counts_;
  base::SeededRandom chance_{0};
  int64_t refusal_logged_at_us_ = 0;
  uint64_t refusals_unlogged_ = 0;

  std::vector<std::string>
      identities_;  // key ids of our keys, the newest first; the loop's thread's
  mutable std::mutex mutex_;
  std::map<base::PartyId, Peer> peers_;  // changed by the loop's thread under mutex_

  std::mutex mail_mutex_;
  std::vector<OutgoingFrame> mail_frames_;
  std::vector<HandledMail> mail_handled_;
  bool is_woken_ = false;

  std::unique_ptr<net::WebSocketLoop> loop_;
};

namespace {

// The key that the other end has shown; it is there before the connection is open.
using ShownKey = std::shared_ptr<std::optional<crypto::PublicKey>>;

template <class Owner>
class PathEvents final : public net::WebSocketEvents {
 public:
  PathEvents(Owner& owner, PathPtr path, ShownKey key)
      : owner_(owner), path_(std::move(path)), key_(std::move(key)) {}
  void OnOpen(std::shared_ptr<net::WebSocket> connection) override {
    owner_.Opened(path_, key_->value(), std::move(connection));
  }
  void OnMessage(std::string message) override { owner_.Received(path_, message); }
  void OnSent(size_t) override { owner_.Sent(path_); }
  void OnClosed(const std::string& reason) override { owner_.Closed(path_, reason); }

 private:
  Owner& owner_;
  const PathPtr path_;
  const ShownKey key_;
};

}  // namespace

base::Result<void> Transport::Impl::Start(const Keys& keys, const std::vector<PeerPaths>& peers) {
  peers_ = PathsOf(peers);
  const Identities identities(keys);
  identities_ = identities.ids;
  net::WebSocketLoop::Options options;
  options.subprotocol = kSubprotocol;
  options.limits = {.message_bytes_max = kBundleBytesMax,
                    .queue_bytes_max = options_.send_queue_bytes_max,
                    .handshake_deadline_ms = options_.handshake_deadline_ms,
                    .silence_deadline_ms = options_.silence_deadline_ms,
                    .pending_max = options_.connections_pending_max};
  options.listen_address = options_.listen_address;
  options.listen_port = options_.listen_port;
  options.judge = [this](base::ByteView der) { return JudgeStranger(der); };
  options.admit = [this](const net::WebSocketLoop::Request& request) { return Admit(request); };
  options.on_refused = [this](const std::string& remote_address, const std::string& reason) {
    CountRefusal(remote_address, reason);
  };
  WB_ASSIGN_OR_RETURN(loop_, net::WebSocketLoop::Start(std::move(options), identities.all));
  loop_->Post([this] { DialAdded(); });
  return {};
}

base::Result<void> Transport::Impl::SetKeys(const Keys& keys) {
  const Identities identities(keys);
  WB_RETURN_IF_ERROR(loop_->SetIdentities(identities.all));
  loop_->Post([this, ids = identities.ids] { identities_ = ids; });
  const std::lock_guard lock(mutex_);
  self_key_ = keys.front()->public_key();
  return {};
}

// ---- Peers ----

base::Result<void> Transport::Impl::SetPeers(std::vector<PeerPaths> peers) {
  {
    const std::lock_guard lock(mutex_);
    WB_RETURN_IF_ERROR(CheckPeers(options_.self, self_key_, peers));
  }
  loop_->Post([this, peers = std::move(peers)] { ApplyPeers(peers); });
  return {};
}

std::map<base::PartyId, Peer> Transport::Impl::PathsOf(const std::vector<PeerPaths>& peers) const {
  std::map<base::PartyId, Peer> all;
  for (const PeerPaths& peer : peers) {
    Peer& entry =
        all.try_emplace(
               peer.peer,
               Peer{peer.transport_key, peer.former_key, peer.former_until_monotonic_us, {}})
            .first->second;
    // A connection with the key that is in force has been up: the former one is over.
    const auto old = peers_.find(peer.peer);
    if (old != peers_.end() && old->second.key == peer.transport_key) {
      if (!old->second.former_key) entry.former_key.reset();
    }

    for (size_t i = 0; i < peer.paths.size(); ++i) entry.paths.push_back(KeepOrMake(peer, i));
  }
  return all;
}

void Transport::Impl::ApplyPeers(const std::vector<PeerPaths>& peers) {
  std::map<base::PartyId, Peer> next = PathsOf(peers);
  {
    const std::lock_guard lock(mutex_);
    peers_.swap(next);
  }
  const auto is_kept = [this](const PathPtr& path) {
    return Find(path->peer, path->index) == path.get();
  };
  for (const auto& [id, peer] : next) {
    for (const PathPtr& path : peer.paths) {
      if (!is_kept(path)) Remove(*path);
    }
  }
  DialAdded();
}

void Transport::Impl::DialAdded() {
  for (const auto& [id, peer] : peers_) {
    for (const PathPtr& path : peer.paths) {
      if (!path->config.connect.empty() && path->pause_ms == 0) Dial(path);
    }
  }
}

PathPtr Transport::Impl::KeepOrMake(const PeerPaths& peer, size_t index) const {
  const auto old = peers_.find(peer.peer);
  if (old != peers_.end() && index < old->second.paths.size() &&
      old->second.paths[index]->config == peer.paths[index]) {
    const PathPtr& path = old->second.paths[index];
    const bool is_good = path->key == peer.transport_key || path->key == peer.former_key;
    if (is_good) return path;
  }
  auto path = std::make_shared<Path>(peer.peer, peer.transport_key, index, peer.paths[index]);
  path->since = options_.clock->Now();
  return path;
}

void Transport::Impl::Remove(Path& path) {
  path.is_configured = false;
  if (path.connection) path.connection->Close();
  path.connection.reset();
  if (path.up) GoDown(path, "no longer configured");
}

Path* Transport::Impl::Find(base::PartyId peer, size_t index) const {
  const auto it = peers_.find(peer);
  return it == peers_.end() || index >= it->second.paths.size() ? nullptr
                                                                : it->second.paths[index].get();
}

// ---- Coming up ----

void Transport::Impl::Dial(const PathPtr& path) {
  if (!path->is_configured) return;
  if (path->pause_ms == 0) path->pause_ms = options_.dial_pause_first_ms;
  const auto url = net::ParseBaseUrl("https://" + path->config.connect);
  CHECK_MSG(url.has_value(), "CheckPeers has read it");
  const auto peer = peers_.find(path->peer);
  if (peer == peers_.end()) return;
  const auto shown = std::make_shared<std::optional<crypto::PublicKey>>();
  const auto judge = [this, id = path->peer, shown](base::ByteView der) -> base::Result<void> {
    WB_ASSIGN_OR_RETURN(const crypto::PublicKey found, KeyOfCertificate(der));
    *shown = found;
    const auto known = peers_.find(id);
    if (known != peers_.end() && IsGood(known->second, found)) return {};
    return base::Fail(base::ErrorCode::kUnauthorized, "certificate",
                      "must be of the peer's transport key", found.KeyId());
  };
  // The oldest first: a peer that does not know of the change takes no other.
  const size_t count = identities_.size();
  net::WebSocketLoop::Address address{.host = url->host,
                                      .port = url->port,
                                      .target = TargetOfPath(path->config.name),
                                      .identity = identities_[count - 1 - path->dials++ % count],
                                      .server_name = peer->second.key.KeyId()};
  path->connection =
      loop_->Dial(address, judge, std::make_shared<PathEvents<Impl>>(*this, path, shown));
}

void Transport::Impl::DialLater(const PathPtr& path) {
  const int64_t pause_ms = chance_.Between(path->pause_ms / 2, path->pause_ms);
  path->pause_ms = std::min(2 * path->pause_ms, options_.dial_pause_max_ms);
  loop_->After(pause_ms, [this, path] { Dial(path); });
}

bool Transport::Impl::IsGood(const Peer& peer, const crypto::PublicKey& key) const {
  const bool former = peer.former_key && IsKey(key, *peer.former_key) &&
                      options_.clock->MonotonicMicros() < peer.former_until_monotonic_us;
  return IsKey(key, peer.key) || former;
}

base::Result<void> Transport::Impl::JudgeStranger(base::ByteView certificate_der) const {
  WB_ASSIGN_OR_RETURN(const crypto::PublicKey found, KeyOfCertificate(certificate_der));
  bool is_known = false;
  for (const auto& [id, peer] : peers_) is_known |= IsGood(peer, found);
  if (is_known) return {};
  return base::Fail(base::ErrorCode::kUnauthorized, "certificate",
                    "must be of the transport key of a peer", found.KeyId());
}

base::Result<std::shared_ptr<net::WebSocketEvents>> Transport::Impl::Admit(
    const net::WebSocketLoop::Request& request) {
  WB_ASSIGN_OR_RETURN(const crypto::PublicKey key, KeyOfCertificate(request.certificate_der));
  for (const auto& [id, peer] : peers_) {
    if (!IsGood(peer, key)) continue;
    for (const PathPtr& path : peer.paths) {
      if (path->config.connect.empty() && request.target == TargetOfPath(path->config.name)) {
        return std::make_shared<PathEvents<Impl>>(
            *this, path, std::make_shared<std::optional<crypto::PublicKey>>(key));
      }
    }
    return base::Fail(base::ErrorCode::kNotFound, "target",
                      "must be a path that this peer, " + id.ToString() + ", is to dial",
                      request.target);
  }
  return base::Fail(base::ErrorCode::kUnauthorized, "certificate", "must be of a peer's key");
}

void Transport::Impl::CountRefusal(const std::string& remote_address, const std::string& reason) {
  counts_.refused.Increment();
  const int64_t now_us = options_.clock->MonotonicMicros();
  if (refusal_logged_at_us_ != 0 && now_us - refusal_logged_at_us_ < kRefusalLogPeriodUs) {
    ++refusals_unlogged_;
    return;
  }
  refusal_logged_at_us_ = now_us;
  base::Log(base::LogLevel::kWarn, "link_connection_refused",
            {{"remote_address", remote_address},
             {"reason", reason},
             {"others_since_last", std::exchange(refusals_unlogged_, 0)}});
}

void Transport::Impl::Opened(const PathPtr& path, const crypto::PublicKey& key,
                             std::shared_ptr<net::WebSocket> connection) {
  if (!path->is_configured) return connection->Close();
  if (path->up) {
    path->connection->Close();
    GoDown(*path, "the peer has made a newer connection");
  }
  path->connection = std::move(connection);
  path->key = key;
  path->dials = 0;
  path->leaving.clear();
  const auto peer = peers_.find(path->peer);
  if (peer != peers_.end() && IsKey(path->key, peer->second.key)) peer->second.former_key.reset();
  Steer(*path);
  GoUp(*path, path->connection->remote_address());
}

// ---- Up ----

void Transport::Impl::Received(const PathPtr& path, std::string_view message) {
  const auto frames = ReadBundle(message);
  if (!frames) {
    path->connection->Close();
    return Closed(path, "the peer sent no frames: " + frames.error().ToString());
  }
  const size_t bytes = message.size() - frames->size() * kFrameLengthBytes;
  path->frames_received.fetch_add(frames->size(), std::memory_order_relaxed);
  path->bytes_received.fetch_add(bytes, std::memory_order_relaxed);
  counts_.frames_received.Increment(static_cast<double>(frames->size()));
  counts_.bytes_received.Increment(static_cast<double>(bytes));
  if (!path->config.connect.empty()) path->pause_ms = options_.dial_pause_first_ms;
  path->unhandled_frames += frames->size();
  path->unhandled_bytes += bytes;
  Steer(*path);
  for (const std::string_view frame : *frames) {
    events_.on_frame(path->peer, path->index, std::string(frame));
  }
}

void Transport::Impl::Steer(Path& path) const {
  if (!path.connection) return;
  path.connection->SetReading(path.unhandled_frames < options_.unhandled_frames_max &&
                              path.unhandled_bytes < options_.unhandled_bytes_max);
}

void Transport::Impl::Sent(const PathPtr& path) {
  CHECK(!path->leaving.empty());
  const Path::Leaving left = path->leaving.front();
  path->leaving.pop_front();
  path->frames_sent.fetch_add(left.frames, std::memory_order_relaxed);
  path->bytes_sent.fetch_add(left.bytes, std::memory_order_relaxed);
  counts_.frames_sent.Increment(static_cast<double>(left.frames));
  counts_.bytes_sent.Increment(static_cast<double>(left.bytes));
}

void Transport::Impl::SendBundle(Path& path) {
  path.leaving.push_back({path.bundle.frames(), path.bundle.bytes()});
  auto message = std::make_shared<const std::string>(path.bundle.Take());
  if (path.up) path.connection->Send(std::move(message));
}

// Wakes the loop with the mutex free: it takes it at once.
template <std::invocable Put>
void Transport::Impl::PutMail(const Put& put) {
  bool is_first = false;
  {
    const std::lock_guard lock(mail_mutex_);
    put();
    is_first = !std::exchange(is_woken_, true);
  }
  if (is_first) loop_->Post([this] { ReadMail(); });
}

void Transport::Impl::Mail(const OutgoingFrame& frame) {
  PutMail([&] { mail_frames_.push_back(frame); });
}

void Transport::Impl::Mail(std::vector<OutgoingFrame> frames) {
  PutMail([&] { std::move(frames.begin(), frames.end(), std::back_inserter(mail_frames_)); });
}

void Transport::Impl::MailHandled(base::PartyId peer, size_t path, size_t frames, size_t bytes) {
  PutMail([&] { mail_handled_.push_back({peer, path, frames, bytes}); });
}

void Transport::Impl::ReadMail() {
  std::vector<OutgoingFrame> frames;
  std::vector<HandledMail> handled;
  {
    const std::lock_guard lock(mail_mutex_);
    frames.swap(mail_frames_);
    handled.swap(mail_handled_);
    is_woken_ = false;
  }
  for (const HandledMail& mail : handled) {
    Path* path = Find(mail.peer, mail.path);
    if (path == nullptr) continue;
    path->unhandled_frames -= std::min(path->unhandled_frames, mail.frames);
    path->unhandled_bytes -= std::min(path->unhandled_bytes, mail.bytes);
    Steer(*path);
  }
  std::vector<Path*> filled;
  for (const OutgoingFrame& frame : frames) {
    Path* path = Find(frame.peer, frame.path);
    if (path == nullptr || !path->up) continue;
    if (!path->bundle.HasRoomFor(*frame.bytes)) SendBundle(*path);
    if (path->bundle.frames() == 0) filled.push_back(path);
    path->bundle.Add(*frame.bytes);
  }
  for (Path* path : filled) {
    if (path->bundle.frames() > 0) SendBundle(*path);
  }
}

// ---- Going down ----

void Transport::Impl::Closed(const PathPtr& path, const std::string& reason) {
  path->connection.reset();
  if (path->up) {
    GoDown(*path, reason);
  } else {
    if (path->last_error != reason) {
      base::Log(base::LogLevel::kWarn, "link_dial_failed",
                {{"peer", path->peer.ToString()}, {"path", path->config.name}, {"reason", reason}});
    }
    const std::lock_guard lock(mutex_);
    path->last_error = reason;
  }
  if (path->is_configured && !path->config.connect.empty()) DialLater(path);
}

void Transport::Impl::GoUp(Path& path, const std::string& remote_address) {
  {
    const std::lock_guard lock(mutex_);
    path.up = true;
    path.remote_address = remote_address;
    path.since = options_.clock->Now();
  }
  counts_.paths_up.Add(1);
  base::Log(base::LogLevel::kInfo, "link_path_up",
            {{"peer", path.peer.ToString()},
             {"path", path.config.name},
             {"remote_address", remote_address}});
  events_.on_path(path.peer, path.index, true);
}

void Transport::Impl::GoDown(Path& path, const std::string& reason) {
  {
    const std::lock_guard lock(mutex_);
    path.up = false;
    path.last_error = reason;
    path.since = options_.clock->Now();
  }
  counts_.paths_up.Add(-1);
  counts_.paths_lost.Increment();
  base::Log(base::LogLevel::kWarn, "link_path_down",
            {{"peer", path.peer.ToString()}, {"path", path.config.name}, {"reason", reason}});
  events_.on_path(path.peer, path.index, false);
}

std::vector<PathStatus> Transport::Impl::Status(base::PartyId peer) const {
  const std::lock_guard lock(mutex_);
  std::vector<PathStatus> all;
  const auto it = peers_.find(peer);
  if (it == peers_.end()) return all;
  for (const PathPtr& path : it->second.paths) {
    all.push_back({.name = path->config.name,
                   .up = path->up,
                   .remote_address = path->remote_address,
                   .since = path->since,
                   .last_error = path->last_error,
                   .frames_sent = path->frames_sent.load(std::memory_order_relaxed),
                   .frames_received = path->frames_received.load(std::memory_order_relaxed),
                   .bytes_sent = path->bytes_sent.load(std::memory_order_relaxed),
                   .bytes_received = path->bytes_received.load(std::memory_order_relaxed)});
  }
  return all;
}

void Transport::Impl::Stop() {
  if (!loop_) return;
  loop_->Stop();
  // The thread has ended: everything is this thread's.
  const std::lock_guard lock(mutex_);
  for (auto& [id, peer] : peers_) {
    for (const PathPtr& path : peer.paths) {
      if (path->connection) path->connection->Close();
      path->connection.reset();
      if (!path->up) continue;
      path->up = false;
      path->last_error = "stopped";
      path->since = options_.clock->Now();
      counts_.paths_up.Add(-1);
    }
  }
}

// ---- Transport ----

base::Result<std::unique_ptr<Transport>> Transport::Start(Options options, const Keys& keys,
                                                          std::vector<PeerPaths> peers,
                                                          Events events) {
  CHECK_MSG(options.clock != nullptr && events.on_path && events.on_frame,
            "a transport needs a clock and its events");
  CHECK(!keys.empty());
  WB_RETURN_IF_ERROR(CheckPeers(options.self, keys.front()->public_key(), peers));
  auto impl =
      std::make_unique<Impl>(std::move(options), std::move(events), keys.front()->public_key());
  WB_RETURN_IF_ERROR(impl->Start(keys, peers));
  return std::unique_ptr<Transport>(new Transport(std::move(impl)));
}

Transport::Transport(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Transport::~Transport() {
  Stop();
}

base::Result<void> Transport::SetPeers(std::vector<PeerPaths> peers) {
  return impl_->SetPeers(std::move(peers));
}

base::Result<void> Transport::SetKeys(const Keys& keys) {
  return impl_->SetKeys(keys);
}

void Transport::Send(base::PartyId peer, size_t path, std::shared_ptr<const std::string> frame) {
  impl_->Mail({peer, path, std::move(frame)});
}

void Transport::Send(std::vector<OutgoingFrame> frames) {
  impl_->Mail(std::move(frames));
}

void Transport::Handled(base::PartyId peer, size_t path, size_t frames, size_t bytes) {
  impl_->MailHandled(peer, path, frames, bytes);
}

std::vector<PathStatus> Transport::Status(base::PartyId peer) const {
  return impl_->Status(peer);
}

uint16_t Transport::port() const {
  return impl_->port();
}

void Transport::Stop() {
  impl_->Stop();
}

}  // namespace wideberth::link
