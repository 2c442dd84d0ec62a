// What must hold on a line, in every moment of a run and at its end, whatever the network and the disks did.
//
// Delivery: a node holds of the peer's log only what is durable there, byte for byte, and is handed each message of it
// once, in order; what was durable stays. No Trouble is reported where nobody lies. Signed times never step back. A
// restart has the state that the node had.
// Liveness: with one way dead for 10 s both nodes say LINK LOST, and neither says it while some path has carried
// everything within half a second for 10 s. A lost line becomes recovering, and up by a person's word alone.
// At rest: equal logs, each message but a receipt named in exactly one receipt, the policy lane seen alike, the peer's
// clock known within the stated error.
//
// The first thing that is broken is kept; the world stops there.
#ifndef WIDEBERTH_SIM_LINE_INVARIANTS_H_
#define WIDEBERTH_SIM_LINE_INVARIANTS_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "line/receipt.h"
#include "sim/network.h"
#include "sim/node.h"
#include "sim/timeline.h"

namespace wideberth::sim {

struct LineCounts {
  uint64_t messages = 0;  // durable at their writer
  uint64_t receipts = 0;  // of them
  uint64_t crashes = 0;
  uint64_t torn_batches = 0;
  uint64_t links_lost = 0;
  uint64_t lost_checks = 0;  // that LINK LOST was raised in time
};

class LineInvariants final : public NodeWatcher {
 public:
  LineInvariants(Timeline* timeline, const Network& network, const Trace& trace)
      : timeline_(timeline), network_(network), trace_(trace) {}

  void Watch(const Node& a, const Node& b) { nodes_ = {&a, &b}; }

  void OnTurn(const Node& node, const line::Output& output) override;
  void OnDurable(const Node& node, const line::Effect& effect) override;
  void OnStart(const Node& node, const line::LineState& replayed,
               const base::Bytes& saved) override;
  void OnCrash(const Node& node, bool torn) override;

  // A cut begins or ends, an end of a path goes up or down, a node starts or stops.
  void ConnectivityChanged();
  // A person has confirmed: the next turn may show the line up.
  void Confirmed(const Node& node);
  void CheckAtRest();

  void Break(std::string what);
  const std::optional<std::string>& broken() const { return broken_; }
  const LineCounts& counts() const { return counts_; }

 private:
  struct Seen {
    std::vector<line::LogEntry> durable_own;
    std::vector<int64_t> durable_at_us;  // each of them, in true time
    base::UtcMicros durable_sent_at;
    // Of every entry of the mirror, in its order; after a crash as many as were recovered.
    std::vector<line::Received> received;
    line::LinkState link = line::LinkState::kConnecting;
    bool confirmed = false;
  };

  const Node& PeerOf(const Node& node) const { return *nodes_[1 - node.index()]; }
  void CheckReceived(const Node& node, const line::Output& output);
  void CheckLink(const Node& node);
  void CheckLost(const Node& node);
  void CheckLogs(const Node& node);
  void CheckReceipts(const Node& node);
  void CheckClock(const Node& node);

  Timeline* const timeline_;
  const Network& network_;
  const Trace& trace_;
  std::array<const Node*, 2> nodes_{};
  std::array<Seen, 2> seen_;
  std::array<std::optional<int64_t>, 2> dead_since_us_;  // the way from that node to its peer
  std::optional<std::string> broken_;
  LineCounts counts_;
};

}  // namespace wideberth::sim

#endif  // WIDEBERTH_SIM_LINE_INVARIANTS_H_
