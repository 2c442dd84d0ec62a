// What the simulators' programs share: which seeds to run, and how one that broke is told of.
#ifndef WIDEBERTH_SIM_SEEDS_H_
#define WIDEBERTH_SIM_SEEDS_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace wideberth::sim {

struct SeedOptions {
  uint64_t first = 1;
  uint64_t seeds = 1;
  bool trace = false;
  // What of the program's own flags was given, for the command that replays a seed.
  std::string flags;
};

// An option of one program alone, as "--name": `*given` is set when it stands there.
struct SeedFlag {
  std::string_view name;
  bool* given;
};

// PROGRAM --seeds COUNT [--first SEED] | --seed SEED [--trace], and its own flags. Anything else ends the program with
// how it is used.
SeedOptions ReadSeedOptions(std::string_view program, int argc, char** argv,
                            std::span<const SeedFlag> flags = {});

// Runs one world; what broke in it, if anything did. `trace`, where there is one, is given every event.
using RunSeed = std::function<std::optional<std::string>(uint64_t seed,
                                                         std::function<void(std::string)> trace)>;

// Runs the seeds one after the other, with progress on a terminal. At the first that breaks it runs that world again,
// prints its seed, what broke and the last 50 events, and returns false. A CHECK that fails names the seed too.
bool RunSeeds(std::string_view program, const SeedOptions& options, const RunSeed& run);

}  // namespace wideberth::sim

#endif  // WIDEBERTH_SIM_SEEDS_H_
