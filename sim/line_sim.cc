// Runs one line between two nodes in simulated worlds, one seed a world.
//
//   line_sim --seeds 2000 [--first 1]   many worlds; figures at the end
//   line_sim --seed N [--trace]         one world again, with every event
//
// Exits 1 when an invariant does not hold: prints the seed, the invariant and the last 50 events.
#include <fmt/core.h>

#include <cstdint>
#include <string>

#include "sim/line_world.h"
#include "sim/seeds.h"

namespace {

using wideberth::sim::Report;

void Add(const Report& report, Report* sum) {
  sum->network.sent += report.network.sent;
  sum->network.lost += report.network.lost;
  sum->network.duplicated += report.network.duplicated;
  sum->line.messages += report.line.messages;
  sum->line.receipts += report.line.receipts;
  sum->line.crashes += report.line.crashes;
  sum->line.torn_batches += report.line.torn_batches;
  sum->line.links_lost += report.line.links_lost;
  sum->line.lost_checks += report.line.lost_checks;
  sum->cuts += report.cuts;
  sum->paths_down += report.paths_down;
  sum->key_changes += report.key_changes;
  sum->events += report.events;
  sum->simulated_us += report.simulated_us;
}

void Print(uint64_t seeds, const Report& sum) {
  fmt::print(
      "{} seeds, {} simulated hours, {} events\n"
      "messages {} ({} receipts)\n"
      "frames sent {}, lost {}, duplicated {}\n"
      "cuts {}, paths down {}, changes of keys {}, crashes {} ({} with a torn batch)\n"
      "LINK LOST raised {}, checked {} times that it was raised within 10 s\n"
      "every invariant held\n",
      seeds, sum.simulated_us / 3'600'000'000, sum.events, sum.line.messages, sum.line.receipts,
      sum.network.sent, sum.network.lost, sum.network.duplicated, sum.cuts, sum.paths_down,
      sum.key_changes, sum.line.crashes, sum.line.torn_batches, sum.line.links_lost,
      sum.line.lost_checks);
}

}  // namespace

int main(int argc, char** argv) {
  const auto options = wideberth::sim::ReadSeedOptions("line_sim", argc, argv);
  Report sum;
  const bool held = wideberth::sim::RunSeeds(
      "line_sim", options, [&](uint64_t seed, std::function<void(std::string)> trace) {
        const Report report = wideberth::sim::RunLine({.seed = seed, .trace = std::move(trace)});
        Add(report, &sum);
        return report.broken;
      });
  if (held) Print(options.seeds, sum);
  return held ? 0 : 1;
}
