// Runs one line between two nodes in simulated worlds, one seed a world.
//
//   line_sim --seeds 2000 [--first 1]   many worlds; figures at the end
//   line_sim --seed N [--trace]         one world again, with every event
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
#include <optional>
#include <string>
#include <string_view>

#include "sim/line_world.h"

namespace {

using wideberth::sim::Report;
using wideberth::sim::RunLine;

constexpr size_t kLastEvents = 50;

struct Options {
  uint64_t first = 1;
  uint64_t seeds = 1;
  bool trace = false;
};

[[noreturn]] void Usage() {
  fmt::print(stderr, "usage: line_sim --seeds COUNT [--first SEED] | --seed SEED [--trace]\n");
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
  RunLine({.seed = seed, .trace = [&last](std::string line) {
             last.push_back(std::move(line));
             if (last.size() > kLastEvents) last.pop_front();
           }});
  fmt::print("seed {}: {}\nits last {} events (all: line_sim --seed {} --trace):\n", seed, broken,
             last.size(), seed);
  for (const std::string& line : last) fmt::print("{}\n", line);
}

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
  sum->events += report.events;
  sum->simulated_us += report.simulated_us;
}

void Print(uint64_t seeds, const Report& sum) {
  fmt::print(
      "{} seeds, {} simulated hours, {} events\n"
      "messages {} ({} receipts)\n"
      "frames sent {}, lost {}, duplicated {}\n"
      "cuts {}, paths down {}, crashes {} ({} with a torn batch)\n"
      "LINK LOST raised {}, checked {} times that it was raised within 10 s\n"
      "every invariant held\n",
      seeds, sum.simulated_us / 3'600'000'000, sum.events, sum.line.messages, sum.line.receipts,
      sum.network.sent, sum.network.lost, sum.network.duplicated, sum.cuts, sum.paths_down,
      sum.line.crashes, sum.line.torn_batches, sum.line.links_lost, sum.line.lost_checks);
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = ReadOptions(argc, argv);
  signal(SIGABRT, SayWhatRan);
  const bool progress = isatty(STDERR_FILENO) == 1;
  Report sum;
  for (uint64_t done = 0; done < options.seeds; ++done) {
    const uint64_t seed = options.first + done;
    Remember(seed);
    if (progress && done % 10 == 0) fmt::print(stderr, "\r{} of {} seeds ", done, options.seeds);
    wideberth::sim::RunOptions run{.seed = seed};
    if (options.trace) run.trace = [](std::string line) { fmt::print("{}\n", line); };
    const Report report = RunLine(run);
    if (report.broken) {
      if (progress) fmt::print(stderr, "\n");
      SayHowItBroke(seed, *report.broken);
      return 1;
    }
    Add(report, &sum);
  }
  if (progress) fmt::print(stderr, "\r");
  Print(options.seeds, sum);
}
