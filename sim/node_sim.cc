// Runs whole nodes, two or five, in simulated worlds, one seed a world.
//
//   node_sim --seeds 100 [--first 1]   many worlds; figures at the end
//   node_sim --seed N [--trace]        one world again, with every event
//
// Exits 1 when an invariant does not hold: prints the seed, the invariant and the last 50 events.
#include <fmt/core.h>
#include <signal.h>
#include <unistd.h>

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <string>
#include <string_view>

#include "base/log.h"
#include "sim/node_world.h"

namespace {

using wideberth::sim::NodeReport;
using wideberth::sim::RunNodes;

constexpr size_t kLastEvents = 50;

struct Options {
  uint64_t first = 1;
  uint64_t seeds = 1;
  bool trace = false;
};

[[noreturn]] void Usage() {
  fmt::print(stderr, "usage: node_sim --seeds COUNT [--first SEED] | --seed SEED [--trace]\n");
  std::exit(2);
}

Options ReadOptions(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--trace") {
      options.trace = true;
      continue;
    }
    uint64_t* const into = name == "--seeds"                       ? &options.seeds
                           : name == "--first" || name == "--seed" ? &options.first
                                                                   : nullptr;
    if (into == nullptr || ++i == argc) Usage();
    const std::string_view text = argv[i];
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *into);
    if (error != std::errc() || end != text.data() + text.size()) Usage();
  }
  return options;
}

// A CHECK that fails stops the process; it should not take the seed with it.
char running[64];
size_t running_bytes = 0;

void SayWhatRan(int) {
  const ssize_t written = write(STDERR_FILENO, running, running_bytes);
  static_cast<void>(written);
}

void Remember(uint64_t seed) {
  const std::string said = fmt::format("in seed {}\n", seed);
  running_bytes = said.copy(running, sizeof running);
}

void SayHowItBroke(uint64_t seed, const std::string& broken) {
  std::deque<std::string> last;
  RunNodes({.seed = seed, .trace = [&last](std::string line) {
              last.push_back(std::move(line));
              if (last.size() > kLastEvents) last.pop_front();
            }});
  fmt::print("seed {}: {}\nits last {} events (all: node_sim --seed {} --trace):\n", seed, broken,
             last.size(), seed);
  for (const std::string& line : last) fmt::print("{}\n", line);
}

void Add(const NodeReport& report, NodeReport* sum) {
  sum->nodes += report.nodes;
  sum->counts.crashes += report.counts.crashes;
  sum->counts.restarts_checked += report.counts.restarts_checked;
  sum->counts.levels_checked += report.counts.levels_checked;
  sum->counts.climbed += report.counts.climbed;
  sum->counts.lost_checks += report.counts.lost_checks;
  sum->counts.entries += report.counts.entries;
  sum->counts.versions += report.counts.versions;
  sum->counts.conflicts += report.counts.conflicts;
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

void Print(const Options& options, const NodeReport& sum) {
  fmt::print(
      "{} seeds, {} nodes, {} simulated minutes, {} events\n"
      "acts done {}, refused {}; entries {}, versions {}, live conflicts {}, held plans {}\n"
      "frames sent {}, lost {}, duplicated {}; {} distinct ones searched\n"
      "cuts {}, crashes {} ({} restarts compared)\n"
      "levels checked {} (climbed {}), LINK LOST checked {} times\n"
      "every invariant held\n",
      options.seeds, sum.nodes, sum.simulated_us / 60'000'000, sum.events, sum.acts_done,
      sum.acts_refused, sum.counts.entries, sum.counts.versions, sum.counts.conflicts,
      sum.counts.held_plans, sum.network.sent, sum.network.lost, sum.network.duplicated,
      sum.counts.frames_searched, sum.cuts, sum.counts.crashes, sum.counts.restarts_checked,
      sum.counts.levels_checked, sum.counts.climbed, sum.counts.lost_checks);
  if (options.seeds == 1) fmt::print("fingerprint {}\n", sum.fingerprint.ToHex());
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = ReadOptions(argc, argv);
  wideberth::base::StartLogging(
      {wideberth::base::LogLevel::kError, wideberth::base::LogForm::kJsonLines});
  signal(SIGABRT, SayWhatRan);
  NodeReport sum;
  bool held = true;
  for (uint64_t done = 0; done < options.seeds && held; ++done) {
    const uint64_t seed = options.first + done;
    Remember(seed);
    wideberth::sim::NodeRunOptions run{.seed = seed};
    if (options.trace) run.trace = [](std::string line) { fmt::print("{}\n", line); };
    const NodeReport report = RunNodes(run);
    if (report.broken) {
      SayHowItBroke(seed, *report.broken);
      held = false;
    }
    Add(report, &sum);
    sum.fingerprint = report.fingerprint;
  }
  if (held) Print(options, sum);
  wideberth::base::StopLogging();
  return held ? 0 : 1;
}
