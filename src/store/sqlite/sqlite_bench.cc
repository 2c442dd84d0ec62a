// What the embedded store does on this machine's disk, beside what the disk does bare.
//
//   store_sqlite_bench --benchmark_min_time=2
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "base/check.h"
#include "base/random.h"
#include "store/sqlite/sqlite_store.h"
#include "store/sqlite/testing/scratch.h"

namespace wideberth::store::sqlite {
namespace {

using testing::Scratch;

constexpr size_t kRowBytes = 600;
constexpr size_t kRowsPerWrite = 1'000;

base::Bytes RandomBytes(size_t size) {
  base::SeededRandom random(1);
  base::Bytes bytes(size);
  random.Fill(bytes);
  return bytes;
}

std::unique_ptr<SqliteStore> MustOpen(const std::string& directory) {
  auto opened = SqliteStore::Open(directory);
  CHECK(opened.has_value());
  return std::move(*opened);
}

// The floor: the same bytes at the end of a file, then fdatasync.
void BM_BareAppend(benchmark::State& state) {
  const Scratch scratch;
  const base::Bytes bytes = RandomBytes(static_cast<size_t>(state.range(0)));
  const int fd = open((scratch.path() + "/bare").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  off_t offset = 0;
  for (auto _ : state) {
    CHECK(pwrite(fd, bytes.data(), bytes.size(), offset) == static_cast<ssize_t>(bytes.size()));
    CHECK(fdatasync(fd) == 0);
    offset += static_cast<off_t>(bytes.size());
  }
  close(fd);
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_BareAppend)->Arg(1 << 10)->Arg(16 << 10)->Arg(128 << 10)->UseRealTime();

void BM_Append(benchmark::State& state) {
  const Scratch scratch;
  const auto store = MustOpen(scratch.store());
  const base::Bytes bytes = RandomBytes(static_cast<size_t>(state.range(0)));
  for (auto _ : state) {
    CHECK(store->Append(store->last_seq() + 1, base::UtcMicros{1}, bytes).has_value());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_Append)->Arg(1 << 10)->Arg(16 << 10)->Arg(128 << 10)->UseRealTime();

void WriteRows(SqliteStore& store, uint64_t rows, const base::Bytes& bytes) {
  std::vector<ProjectionRow> chunk;
  for (uint64_t key = 0; key < rows;) {
    chunk.clear();
    for (; chunk.size() < kRowsPerWrite && key < rows; ++key) {
      chunk.push_back({key, base::ByteView(bytes)});
    }
    CHECK(store.WriteProjection(1, chunk).has_value());
  }
}

// Rows in ascending order into an empty projection; then (Rewrite) scattered ones of a million.
void BM_WriteProjection(benchmark::State& state) {
  const Scratch scratch;
  const auto store = MustOpen(scratch.store());
  CHECK(store->Append(1, base::UtcMicros{1}, {}).has_value());
  const base::Bytes bytes = RandomBytes(kRowBytes);
  for (auto _ : state) {
    WriteRows(*store, 200'000, bytes);
    state.PauseTiming();
    CHECK(store->ClearProjection().has_value());
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * 200'000);
}
BENCHMARK(BM_WriteProjection)->UseRealTime()->Unit(benchmark::kMillisecond);

void BM_RewriteProjection(benchmark::State& state) {
  const Scratch scratch;
  const auto store = MustOpen(scratch.store());
  CHECK(store->Append(1, base::UtcMicros{1}, {}).has_value());
  const base::Bytes bytes = RandomBytes(kRowBytes);
  WriteRows(*store, 1'000'000, bytes);
  base::SeededRandom random(2);
  for (auto _ : state) {
    std::vector<ProjectionRow> chunk;
    for (size_t i = 0; i < kRowsPerWrite; ++i) {
      chunk.push_back({random.Below(1'000'000), base::ByteView(bytes)});
    }
    CHECK(store->WriteProjection(1, chunk).has_value());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kRowsPerWrite));
}
BENCHMARK(BM_RewriteProjection)->UseRealTime()->Unit(benchmark::kMillisecond);

void BM_ReadProjection(benchmark::State& state) {
  const Scratch scratch;
  const auto store = MustOpen(scratch.store());
  CHECK(store->Append(1, base::UtcMicros{1}, {}).has_value());
  WriteRows(*store, static_cast<uint64_t>(state.range(0)), RandomBytes(kRowBytes));
  uint64_t bytes_read = 0;
  for (auto _ : state) {
    CHECK(store
              ->ReadProjection([&](uint64_t, base::ByteView bytes) -> base::Result<void> {
                bytes_read += bytes.size();
                return {};
              })
              .has_value());
  }
  state.SetBytesProcessed(static_cast<int64_t>(bytes_read));
}
BENCHMARK(BM_ReadProjection)->Arg(1'000'000)->UseRealTime()->Unit(benchmark::kMillisecond);

void BM_Replay(benchmark::State& state) {
  const Scratch scratch(Scratch::Place::kMemory);  // where filling it does not take syncs
  const auto store = MustOpen(scratch.store());
  const base::Bytes bytes = RandomBytes(static_cast<size_t>(state.range(0)));
  while (store->last_seq() < 10'000) {
    CHECK(store->Append(store->last_seq() + 1, base::UtcMicros{1}, bytes).has_value());
  }
  for (auto _ : state) {
    uint64_t batches = 0;
    const auto visit = [&](const Batch&) -> base::Result<void> {
      ++batches;
      return {};
    };
    CHECK(store->Replay(1, visit).has_value() && batches == 10'000);
  }
  state.SetItemsProcessed(state.iterations() * 10'000);
}
BENCHMARK(BM_Replay)->Arg(1 << 10)->Arg(16 << 10)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace wideberth::store::sqlite
