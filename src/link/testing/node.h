// A node for tests: a Transport, what it was told, and the other ends that tests need.
#ifndef WIDEBERTH_LINK_TESTING_NODE_H_
#define WIDEBERTH_LINK_TESTING_NODE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "crypto/ed25519.h"
#include "link/transport.h"

namespace wideberth::link::testing {

base::PartyId PartyOf(uint8_t number);
crypto::SecretKey KeyOf(uint8_t number);
std::shared_ptr<const crypto::SecretKey> SharedKeyOf(uint8_t number);

// Waits, for at most 20 s, until `condition` holds.
bool Eventually(const std::function<bool()>& condition);

class Node {
 public:
  struct Arrived {
    size_t path;
    std::string frame;
  };

  // Party and key number `number`.
  explicit Node(uint8_t number) : party(PartyOf(number)), keys({SharedKeyOf(number)}) {}
  ~Node() { Kill(); }

  // Starts on 127.0.0.1, on the port of the last time. `options` may hold limits.
  void Start(std::vector<PeerPaths> peers, Transport::Options options = {});
  void Kill();

  // How this node stands in the list of a peer that dials it, or is dialled by it: "127.0.0.1:port" or nothing.
  PeerPaths AsPeer(const std::vector<std::string>& path_names, bool dialled) const;

  void Send(const Node& to, size_t path, std::string frame);
  PathStatus StatusOf(const Node& peer, size_t path = 0) const;
  bool IsUp(const Node& peer, size_t path = 0) const { return StatusOf(peer, path).up; }

  // Since the last TakeFrames.
  size_t frames_from(const Node& peer) const;
  std::vector<Arrived> TakeFrames();
  std::vector<std::string> PathEvents() const;  // "0 up", "0 down"

  const base::PartyId party;
  Transport::Keys keys;  // the newest first, for the next Start
  // When set, every frame is reported as handled at once.
  bool handles_frames = true;
  uint16_t port = 0;
  base::Metrics metrics;
  std::unique_ptr<Transport> transport;

 private:
  base::SystemClock clock_;
  std::atomic<Transport*> started_ =
      nullptr;  // what events use: they may come before Start returns
  mutable std::mutex mutex_;
  std::vector<Arrived> frames_;
  std::map<base::PartyId, size_t> frames_from_;
  std::vector<std::string> path_events_;
};

// A cable between a dialling node and a listening one, that can be cut and mended.
class Cable {
 public:
  explicit Cable(uint16_t to_port);
  ~Cable();
  Cable(const Cable&) = delete;
  Cable& operator=(const Cable&) = delete;

  uint16_t port() const { return port_; }
  void Cut();     // ends the connections; those that come are ended at once
  void Freeze();  // the connections stay open and carry nothing; those that come carry
  void Mend();    // those that come carry

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
  uint16_t port_ = 0;
};

// A hostile or clumsy client, which sends exactly the bytes that a test gives it, over TLS or without.
class RawPeer {
 public:
  explicit RawPeer(uint16_t port);
  ~RawPeer();
  RawPeer(const RawPeer&) = delete;
  RawPeer& operator=(const RawPeer&) = delete;

  // False when the handshake fails on this side. With TLS 1.3 a server's refusal comes later, as the end.
  bool ShakeHands(const crypto::SecretKey* key, bool only_tls12 = false);
  void Send(std::string_view bytes);
  // Reads until `mark` has come or the connection has ended; what has come.
  std::string ReadThrough(std::string_view mark);
  // Reads until the connection ends; false if it has not within 20 s.
  bool ReadToEnd();
  std::string Upgrade(std::string_view target, std::string_view protocol = "wideberth-line.v1");

 private:
  bool ReadSome();
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// A frame of RFC 6455 with a mask of zeros; `announced` may exceed the payload.
std::string ClientFrame(uint8_t first_byte, std::string_view payload, uint64_t announced);
inline std::string BinaryFrame(std::string_view payload) {
  return ClientFrame(0x82, payload, payload.size());
}

}  // namespace wideberth::link::testing

#endif  // WIDEBERTH_LINK_TESTING_NODE_H_
