// Runs whole nodes, two or five, in simulated worlds, one seed a world.
//
//   node_sim --seeds 100 [--first 1]   many worlds; figures at the end
//   node_sim --seed N [--trace]        one world again, with every event
//   --agreements beside either         people make and end agreements, which come into force and lapse
//   --old-disks beside either          the disk of one node is set back in each world: not all of these hold yet
//
// Exits 1 when an invariant does not hold: prints the seed, the invariant and the last 50 events.
#include <fmt/core.h>

#include <cstdint>
#include <string>

#include "base/log.h"
#include "sim/node_world.h"
#include "sim/seeds.h"

namespace {

using wideberth::sim::NodeReport;

void Add(const NodeReport& report, NodeReport* sum) {
  sum->nodes += report.nodes;
  sum->counts.crashes += report.counts.crashes;
  sum->counts.restarts_checked += report.counts.restarts_checked;
  sum->counts.set_back += report.counts.set_back;
  sum->counts.levels_checked += report.counts.levels_checked;
  sum->counts.climbed += report.counts.climbed;
  sum->counts.lost_checks += report.counts.lost_checks;
  sum->counts.entries += report.counts.entries;
  sum->counts.cosigned += report.counts.cosigned;
  sum->counts.versions += report.counts.versions;
  sum->counts.conflicts += report.counts.conflicts;
  sum->counts.agreements += report.counts.agreements;
  sum->counts.held_plans += report.counts.held_plans;
  sum->counts.frames_searched += report.counts.frames_searched;
  sum->network.sent += report.network.sent;
  sum->network.lost += report.network.lost;
  sum->network.duplicated += report.network.duplicated;
  sum->acts_done += report.acts_done;
  sum->acts_refused += report.acts_refused;
  sum->cuts += report.cuts;
  sum->events += report.events;
  sum->simulated_us += report.simulated_us;
}

void Print(const wideberth::sim::SeedOptions& options, const NodeReport& sum) {
  fmt::print(
      "{} seeds, {} nodes, {} simulated minutes, {} events\n"
      "acts done {}, refused {}; entries {} ({} cosigned), versions {}, live conflicts {}, held "
      "plans {}, agreements {}\n"
      "frames sent {}, lost {}, duplicated {}; {} distinct ones searched\n"
      "cuts {}, crashes {} ({} restarts compared, {} with an old disk)\n"
      "levels checked {} (climbed {}), LINK LOST checked {} times\n"
      "every invariant held\n",
      options.seeds, sum.nodes, sum.simulated_us / 60'000'000, sum.events, sum.acts_done,
      sum.acts_refused, sum.counts.entries, sum.counts.cosigned, sum.counts.versions,
      sum.counts.conflicts, sum.counts.held_plans, sum.counts.agreements, sum.network.sent,
      sum.network.lost, sum.network.duplicated, sum.counts.frames_searched, sum.cuts,
      sum.counts.crashes, sum.counts.restarts_checked, sum.counts.set_back,
      sum.counts.levels_checked, sum.counts.climbed, sum.counts.lost_checks);
  if (options.seeds == 1) fmt::print("fingerprint {}\n", sum.fingerprint.ToHex());
}

}  // namespace

int main(int argc, char** argv) {
  bool old_disks = false;
  bool agreements = false;
  const wideberth::sim::SeedFlag flags[] = {{"--old-disks", &old_disks},
                                            {"--agreements", &agreements}};
  const auto options = wideberth::sim::ReadSeedOptions("node_sim", argc, argv, flags);
  wideberth::base::StartLogging(
      {wideberth::base::LogLevel::kError, wideberth::base::LogForm::kJsonLines});
  NodeReport sum;
  const bool held = wideberth::sim::RunSeeds(
      "node_sim", options, [&](uint64_t seed, std::function<void(std::string)> trace) {
        const NodeReport report = wideberth::sim::RunNodes({.seed = seed,
                                                            .old_disks = old_disks,
                                                            .agreements = agreements,
                                                            .trace = std::move(trace)});
        Add(report, &sum);
        sum.fingerprint = report.fingerprint;
        return report.broken;
      });
  if (held) Print(options, sum);
  wideberth::base::StopLogging();
  return held ? 0 : 1;
}
