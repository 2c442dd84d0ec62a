// Appends COUNT batches to the store in DIRECTORY, with projections in between, and writes the sequence number of each
// batch to standard output as soon as it is promised. Stops at the first refusal, with status 3.
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <cstring>
#include <string>

#include "store/sqlite/sqlite_store.h"

namespace wideberth {
namespace {

constexpr int kRefused = 3;

int Refuse(const base::Error& error) {
  std::fprintf(stderr, "refused: %s\n", error.ToString().c_str());
  return kRefused;
}

int Run(const char* directory, uint64_t count) {
  store::sqlite::SqliteOptions options;
  options.checkpoint_wal_bytes = 30'000;
  auto opened = store::sqlite::SqliteStore::Open(directory, options);
  if (!opened) return Refuse(opened.error());
  store::Store& store = **opened;
  for (uint64_t i = 0; i < count; ++i) {
    const uint64_t seq = store.last_seq() + 1;
    const std::string bytes =
        "batch " + std::to_string(seq) + std::string(i == 1 ? 20'000 : 200, '.');
    const auto appended = store.Append(seq, base::UtcMicros{1}, base::AsBytes(bytes));
    if (!appended) return Refuse(appended.error());
    const std::string line = std::to_string(seq) + "\n";
    if (write(STDOUT_FILENO, line.data(), line.size()) != static_cast<ssize_t>(line.size()))
      return 1;
    const store::ProjectionRow row{i, base::AsBytes(bytes)};
    const auto projected = store.WriteProjection(seq, {&row, 1});
    if (!projected) {
      std::fprintf(stderr, "projection: %s\n", projected.error().ToString().c_str());
      if (const auto cleared = store.ClearProjection(); !cleared) return Refuse(cleared.error());
    }
  }
  return 0;
}

}  // namespace
}  // namespace wideberth

int main(int argc, char** argv) {
  uint64_t count = 0;
  if (argc != 3 ||
      std::from_chars(argv[2], argv[2] + std::strlen(argv[2]), count).ec != std::errc()) {
    std::fprintf(stderr, "usage: store_faults_writer DIRECTORY COUNT\n");
    return 2;
  }
  return wideberth::Run(argv[1], count);
}
