#include "sim/seeds.h"

#include <fmt/core.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <deque>

namespace wideberth::sim {
namespace {

constexpr size_t kLastEvents = 50;

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

void SayHowItBroke(std::string_view program, std::string_view flags, uint64_t seed,
                   const std::string& broken, const RunSeed& run) {
  std::deque<std::string> last;
  run(seed, [&last](std::string line) {
    last.push_back(std::move(line));
    if (last.size() > kLastEvents) last.pop_front();
  });
  fmt::print("seed {}: {}\nits last {} events (all: {} --seed {}{} --trace):\n", seed, broken,
             last.size(), program, seed, flags);
  for (const std::string& line : last) fmt::print("{}\n", line);
}

[[noreturn]] void Usage(std::string_view program, std::span<const SeedFlag> flags) {
  std::string own;
  for (const SeedFlag& flag : flags) own += fmt::format(" [{}]", flag.name);
  fmt::print(stderr, "usage: {} --seeds COUNT [--first SEED] | --seed SEED [--trace]{}\n", program,
             own);
  std::exit(2);
}

}  // namespace

SeedOptions ReadSeedOptions(std::string_view program, int argc, char** argv,
                            std::span<const SeedFlag> flags) {
  SeedOptions options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--trace") {
      options.trace = true;
      continue;
    }
    const auto flag = std::ranges::find(flags, name, &SeedFlag::name);
    if (flag != flags.end()) {
      *flag->given = true;
      options.flags += fmt::format(" {}", name);
      continue;
    }
    uint64_t* const into = name == "--seeds"                       ? &options.seeds
                           : name == "--first" || name == "--seed" ? &options.first
                                                                   : nullptr;
    if (into == nullptr || ++i == argc) Usage(program, flags);
    const std::string_view text = argv[i];
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *into);
    if (error != std::errc() || end != text.data() + text.size()) Usage(program, flags);
  }
  return options;
}

bool RunSeeds(std::string_view program, const SeedOptions& options, const RunSeed& run) {
  signal(SIGABRT, SayWhatRan);
  const bool progress = isatty(STDERR_FILENO) == 1;
  std::function<void(std::string)> trace;
  if (options.trace) trace = [](std::string line) { fmt::print("{}\n", line); };
  for (uint64_t done = 0; done < options.seeds; ++done) {
    const uint64_t seed = options.first + done;
    Remember(seed);
    if (progress && done % 10 == 0) fmt::print(stderr, "\r{} of {} seeds ", done, options.seeds);
    const std::optional<std::string> broken = run(seed, trace);
    if (!broken) continue;
    if (progress) fmt::print(stderr, "\n");
    SayHowItBroke(program, options.flags, seed, *broken, run);
    return false;
  }
  if (progress) fmt::print(stderr, "\r");
  return true;
}

}  // namespace wideberth::sim
