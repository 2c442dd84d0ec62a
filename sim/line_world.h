// One line between two nodes in a world that one number decides: clocks, network, disks, what people write, and every
// fault. The same seed gives the same run, to the last event, on every machine.
//
//   const Report report = RunLine({.seed = 17});
//   if (report.broken) ...   // and RunLine({.seed = 17, .trace = Print}) shows how it came to that
//
// A run writes and breaks things for about a minute of simulated time (loss, repetition, strays, cuts of one way or of
// both, paths that go down, crashes with torn batches, clocks that are off and drift), then heals everything and must
// come to rest. LineInvariants says what must hold. Takes about 15 ms; one seed in 128 has a backlog and takes longer.
#ifndef WIDEBERTH_SIM_LINE_WORLD_H_
#define WIDEBERTH_SIM_LINE_WORLD_H_

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "sim/line_invariants.h"
#include "sim/network.h"
#include "sim/node.h"
#include "sim/trace.h"

namespace wideberth::sim {

struct RunOptions {
  uint64_t seed = 1;
  Fault fault = Fault::kNone;
  Trace::Sink trace = nullptr;
};

struct Report {
  std::optional<std::string> broken;  // the first invariant that did not hold
  NetworkCounts network;
  LineCounts line;
  uint64_t cuts = 0;
  uint64_t paths_down = 0;
  uint64_t key_changes = 0;
  uint64_t events = 0;
  int64_t simulated_us = 0;
  base::Digest fingerprint;  // of the events, the frames and both logs: equal runs have equal ones
};

Report RunLine(const RunOptions& options);

}  // namespace wideberth::sim

#endif  // WIDEBERTH_SIM_LINE_WORLD_H_
