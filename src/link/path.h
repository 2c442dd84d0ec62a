// What the transport knows of a peer and its paths.
#ifndef WIDEBERTH_LINK_PATH_H_
#define WIDEBERTH_LINK_PATH_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "crypto/ed25519.h"
#include "link/bundle.h"
#include "link/peers.h"
#include "net/websocket.h"

namespace wideberth::link {

// One path. Belongs to the loop's thread, but for what Status reads.
struct Path {
  Path(base::PartyId its_peer, crypto::PublicKey its_key, size_t its_index, PathConfig its_config)
      : peer(its_peer), key(its_key), index(its_index), config(std::move(its_config)) {}

  const base::PartyId peer;
  crypto::PublicKey key;  // that the other end has shown last
  const size_t index;
  const PathConfig config;

  bool is_configured = true;
  std::shared_ptr<net::WebSocket> connection;  // being dialled, or up
  int64_t pause_ms = 0;                        // before the next dial
  size_t dials = 0;                            // since one was accepted
  size_t unhandled_frames = 0;
  size_t unhandled_bytes = 0;

  Bundle bundle;  // what leaves next
  struct Leaving {
    size_t frames = 0;
    size_t bytes = 0;
  };
  std::deque<Leaving> leaving;  // the messages that the connection has not handed to the kernel

  // Written by the loop's thread under its mutex, read by it without.
  bool up = false;
  std::string remote_address;
  base::UtcMicros since;
  std::string last_error;

  std::atomic<uint64_t> frames_sent = 0;
  std::atomic<uint64_t> frames_received = 0;
  std::atomic<uint64_t> bytes_sent = 0;
  std::atomic<uint64_t> bytes_received = 0;
};
using PathPtr = std::shared_ptr<Path>;

struct Peer {
  crypto::PublicKey key;
  std::optional<crypto::PublicKey> former_key;
  int64_t former_until_monotonic_us = 0;
  std::vector<PathPtr> paths;
};

}  // namespace wideberth::link

#endif  // WIDEBERTH_LINK_PATH_H_
