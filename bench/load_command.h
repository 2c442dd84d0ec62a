// What the load programs share: their options, and the requests' ids and header fields.
#ifndef WIDEBERTH_BENCH_LOAD_COMMAND_H_
#define WIDEBERTH_BENCH_LOAD_COMMAND_H_

#include <cstdint>
#include <string>

#include "net/load_client.h"

namespace wideberth::bench {

// PROGRAM --port P --token FILE [--count N] [--first K] [--connections C] [--rate R]
struct LoadCommand {
  uint16_t port = 8471;
  std::string token;
  uint64_t count = 100'000;
  uint64_t first = 0;  // where an earlier run stopped
  size_t connections = 64;
  uint32_t rate_per_second = 0;  // 0: as fast as it goes

  net::LoadOptions load() const;
  // Authorization and Content-Type.
  std::string fields() const;
};

// Anything else ends the program with how it is used.
LoadCommand ReadLoadCommand(int argc, char** argv);

// A UUIDv4 made of k, spread over the range.
std::string IdOf(uint64_t k);

}  // namespace wideberth::bench

#endif  // WIDEBERTH_BENCH_LOAD_COMMAND_H_
