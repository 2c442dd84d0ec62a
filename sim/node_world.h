// Two or five whole nodes in a world that one number decides. Five stand in a ring with one chord, so that some have no
// line to each other. The same seed gives the same run, to the last frame, on every machine.
//
//   const NodeReport report = RunNodes({.seed = 17});
//   if (report.broken) ...   // and RunNodes({.seed = 17, .trace = Print}) shows how it came to that
//
// For ten seconds to a minute of simulated time people act, lines lose, repeat, delay and are cut, nodes crash and
// tear their last batch; then everything heals, people deal with what waits, and the nodes must come to rest.
// NodeInvariants says what must hold.
#ifndef WIDEBERTH_SIM_NODE_WORLD_H_
#define WIDEBERTH_SIM_NODE_WORLD_H_

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "sim/machine.h"
#include "sim/network.h"
#include "sim/node_invariants.h"
#include "sim/trace.h"

namespace wideberth::sim {

struct NodeRunOptions {
  uint64_t seed = 1;
  size_t nodes = 0;         // 2 or 5; 0: as the seed has it, five in one of eight
  bool old_disks = false;   // the disk of one node is set back to a copy that was made before
  bool agreements = false;  // each line is under agreements, which people make and end
  NodeFault fault = NodeFault::kNone;
  Trace::Sink trace = nullptr;
};

struct NodeReport {
  std::optional<std::string> broken;  // the first invariant that did not hold
  size_t nodes = 0;
  NodeCounts counts;
  NetworkCounts network;
  uint64_t acts_done = 0;
  uint64_t acts_refused = 0;
  uint64_t cuts = 0;
  uint64_t events = 0;
  int64_t simulated_us = 0;
  base::Digest fingerprint;  // of every frame, in order, and of what the nodes hold at the end
};

NodeReport RunNodes(const NodeRunOptions& options);

}  // namespace wideberth::sim

#endif  // WIDEBERTH_SIM_NODE_WORLD_H_
