// The pipe of a line: frames between two nodes, over several paths at once.
//
// A path is one WebSocket connection (RFC 6455) over TLS 1.3; frames that are sent together travel as one message of
// it (link/bundle.h). Each side shows a certificate of its transport key and demands that of the other: who dials takes
// the peer's pinned key and no other, who listens knows the peer by its key. Names, dates and certificate authorities
// have no say. This protects the pipe; the evidence is in the frames, which line/ signs and checks.
//
//   Transport::Events events;
//   events.on_frame = [&](base::PartyId peer, size_t path, std::string frame) { queue.Push(...); };
//   events.on_path = [&](base::PartyId peer, size_t path, bool up) { queue.Push(...); };
//   WB_ASSIGN_OR_RETURN(auto transport, Transport::Start(options, key, peers, events));
//   transport->Send({{peer, 0, frame}, {peer, 1, frame}});
//   transport->Handled(peer, path, 1, frame.size());   // when it has been dealt with
//
// Keys change while it runs. A peer's former key is good as PeerPaths says; what is up under a key that is good no
// longer is closed at once by SetPeers, and otherwise stays up. Of our own keys (SetKeys) who dials us is shown the one
// it asks for, and whom we dial is shown one after the other, the oldest first, until one is accepted: a peer that does
// not know of the change yet takes the old one, and one that does takes either.
//
// What it guarantees. Frames of a path arrive whole and in order, or the path goes down. Nothing more: a frame given to
// a path that is down, or that goes down before it is sent, is lost, and the outbox of the line sends it again. A path
// that is down is dialled again, after a pause that doubles from limits::kLinkDialPauseFirstMs to kLinkDialPauseMaxMs,
// less up to half of it by chance, and that starts over when a connection has brought a frame. A path that is up and is
// dialled once more by the peer goes over to the newer connection: the peer has seen the older one die.
//
// What ends a connection: a text message, or one that is no bundle; a frame over limits::kLineFrameBytesMax; not one
// byte for silence_deadline_ms, where heartbeats are due every 2 s; more than send_queue_bytes_max waiting; any error
// of TLS or HTTP. A long frame on a slow path may take longer than the deadline, as long as it goes on coming.
//
// Back-pressure. Frames that were given to on_frame are unhandled until Handled() says otherwise, also when their path
// has gone down meanwhile. With unhandled_frames_max of a path, or unhandled_bytes_max, the path is not read until it
// has less; then TCP holds the peer back, whose queue fills. So a path holds at most that, and one message more. While
// it is not read, its end goes unnoticed, except by a send that fails or by the peer's next connection.
//
// Threads. One thread of its own does everything; events are called on it, possibly before Start has returned, and must
// not block. All methods may be called from any thread, Stop and the destructor excepted: not from an event.
//
// On loopback a path carries about 140,000 frames of 100 bytes a second, or 360 MB/s in long ones, on two cores that
// the two ends share (transport_bench.cc).
#ifndef WIDEBERTH_LINK_TRANSPORT_H_
#define WIDEBERTH_LINK_TRANSPORT_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/limits.h"
#include "base/metrics.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/ed25519.h"
#include "link/peers.h"

namespace wideberth::link {

struct PathStatus {
  std::string name;
  bool up = false;
  std::string
      remote_address;      // "192.0.2.7:8443" of the last connection that was up; empty if none was
  base::UtcMicros since;   // when it came up or went down, or was configured
  std::string last_error;  // why it is down, or went down before; empty if it never did
  // Since it was configured. Sent: handed to the kernel. Bytes are those of the frames.
  uint64_t frames_sent = 0;
  uint64_t frames_received = 0;
  uint64_t bytes_sent = 0;
  uint64_t bytes_received = 0;
};

struct OutgoingFrame {
  base::PartyId peer;
  size_t path = 0;
  std::shared_ptr<const std::string> bytes;
};

class Transport {
 public:
  struct Events {
    // Comes before the first frame of a connection and after its last; up and down alternate.
    std::function<void(base::PartyId peer, size_t path, bool up)> on_path;
    std::function<void(base::PartyId peer, size_t path, std::string frame)> on_frame;
  };

  struct Options {
    base::PartyId self;
    const base::Clock* clock = nullptr;  // for PathStatus::since; required, outlives the transport
    // An IPv4 or IPv6 address, or empty: then peers cannot dial us. Port 0 takes a free one, see port().
    std::string listen_address{};
    uint16_t listen_port = 0;
    // When set, counts appear there as wideberth_link_*. Outlives the transport.
    base::Metrics* metrics = nullptr;

    int64_t handshake_deadline_ms = limits::kLinkHandshakeDeadlineMs;
    int64_t silence_deadline_ms = limits::kLinkSilenceDeadlineMs;
    int64_t dial_pause_first_ms = limits::kLinkDialPauseFirstMs;
    int64_t dial_pause_max_ms = limits::kLinkDialPauseMaxMs;
    size_t send_queue_bytes_max = limits::kLinkSendQueueBytesMax;
    size_t unhandled_frames_max = limits::kLinkUnhandledFramesMax;
    size_t unhandled_bytes_max = limits::kLinkUnhandledBytesMax;
    size_t connections_pending_max = limits::kLinkConnectionsPendingMax;
  };

  using Keys = std::vector<std::shared_ptr<const crypto::SecretKey>>;

  // Listens when it returns, and dials. The keys, the newest first, are copied into OpenSSL. Refuses peers as
  // CheckPeers does, and an address that it cannot listen on. REQUIRES (CHECK): a key, here and in SetKeys.
  static base::Result<std::unique_ptr<Transport>> Start(Options options, const Keys& keys,
                                                        std::vector<PeerPaths> peers,
                                                        Events events);
  ~Transport();  // as Stop

  // Takes effect soon after it returns: paths that have changed or gone (another number, name, address or peer's key)
  // are closed, all others stay as they are. Refuses as CheckPeers does, and changes nothing then.
  base::Result<void> SetPeers(std::vector<PeerPaths> peers);

  // For connections from now on, the newest first.
  base::Result<void> SetKeys(const Keys& keys);

  // Never blocks; the thread is woken once for all frames, and not at all when it is awake already.
  void Send(base::PartyId peer, size_t path, std::shared_ptr<const std::string> frame);
  void Send(std::vector<OutgoingFrame> frames);
  void Handled(base::PartyId peer, size_t path, size_t frames, size_t bytes);

  // By path number; empty for a party that is no peer.
  std::vector<PathStatus> Status(base::PartyId peer) const;
  uint16_t port() const;  // 0 when not listening

  // Closes everything; no event is called once it has returned. A second call does nothing.
  void Stop();

 private:
  class Impl;
  explicit Transport(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace wideberth::link

#endif  // WIDEBERTH_LINK_TRANSPORT_H_
