// What needs a process of its own: kill -9, limits, rights, two nodes on one store.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <string>
#include <utility>

#include "store/sqlite/sqlite_store.h"
#include "store/sqlite/testing/scratch.h"
#include "store/testing/harness.h"

namespace wideberth::store::sqlite {
namespace {

using store::testing::AppendBatches;
using store::testing::RandomBytes;
using store::testing::ReadContent;
using testing::Scratch;

// Runs `body` in a child process, with a pipe to write to.
class Child {
 public:
  explicit Child(const std::function<int(int pipe)>& body) {
    int ends[2];
    EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
    pid_ = fork();
    if (pid_ == 0) {
      close(ends[0]);
      _exit(body(ends[1]));
    }
    close(ends[1]);
    pipe_ = ends[0];
  }
  ~Child() {
    if (pid_ > 0) KillAndWait();
    close(pipe_);
  }

  pid_t pid() const { return pid_; }
  int Wait() {
    int status = 0;
    EXPECT_GT(waitpid(std::exchange(pid_, -1), &status, 0), 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  void KillAndWait() {
    kill(pid_, SIGKILL);
    int status = 0;
    waitpid(std::exchange(pid_, -1), &status, 0);
  }
  // Blocks until the child has written; false at the end of what it wrote.
  bool ReadNumber(uint64_t& number) const {
    return read(pipe_, &number, sizeof number) == static_cast<ssize_t>(sizeof number);
  }

 private:
  pid_t pid_ = -1;
  int pipe_ = -1;
};

void WriteNumber(int pipe, uint64_t number) {
  if (write(pipe, &number, sizeof number) != static_cast<ssize_t>(sizeof number)) _exit(9);
}

// Batch seq is always the same bytes: the expected state outside the store is one number.
base::Bytes BatchOf(uint64_t seq) {
  base::SeededRandom random(seq);
  return RandomBytes(random, random.Below(10) == 0 ? 50'000 : random.Below(2'000));
}

int AppendForEver(const std::string& directory, int pipe) {
  SqliteOptions options;
  options.checkpoint_wal_bytes = 200'000;
  auto opened = SqliteStore::Open(directory, options);
  if (!opened) return 1;
  Store& store = **opened;
  while (true) {
    const uint64_t seq = store.last_seq() + 1;
    const base::Bytes bytes = BatchOf(seq);
    if (!store.Append(seq, base::UtcMicros{1}, bytes)) return 2;
    WriteNumber(pipe, seq);
    const ProjectionRow row{seq % 50, base::ByteView(bytes)};
    if (seq % 3 == 0 && !store.WriteProjection(seq, {&row, 1})) return 3;
  }
}

TEST(SqliteProcessTest, NothingPromisedIsLostToKill9) {
  // A kill leaves the kernel's memory alone, so the disk's syncs make no difference but to the time this takes.
  const Scratch scratch(Scratch::Place::kMemory);
  base::SeededRandom random(3);
  uint64_t promised = 0;
  uint64_t checked = 0;
  int grew = 0;
  constexpr int kRounds = 150;
  for (int round = 0; round < kRounds; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    {
      Child child([&](int pipe) { return AppendForEver(scratch.store(), pipe); });
      // Killed some time after its first promises, or before any.
      const uint64_t batches = random.Below(8);
      const uint64_t before = promised;
      for (uint64_t i = 0; i < batches; ++i) ASSERT_TRUE(child.ReadNumber(promised));
      usleep(static_cast<useconds_t>(random.Below(3'000)));
      kill(child.pid(), SIGKILL);
      while (child.ReadNumber(promised)) {
      }
      if (promised > before) ++grew;
    }
    auto opened = SqliteStore::Open(scratch.store());
    ASSERT_TRUE(opened) << opened.error().ToString();
    SqliteStore& store = **opened;
    EXPECT_TRUE(store.warnings().empty());
    ASSERT_GE(store.last_seq(), promised);
    ASSERT_LE(store.last_seq(), promised + 1);  // durable, and killed before it could say so
    const auto visit = [&](const Batch& batch) -> base::Result<void> {
      EXPECT_TRUE(std::ranges::equal(batch.bytes, BatchOf(batch.seq)));
      return {};
    };
    // What was whole in an earlier round is read again at the end.
    ASSERT_TRUE(store.Replay(checked + 1, visit));
    checked = store.last_seq();
    ASSERT_TRUE(
        store.ReadProjection([&](uint64_t, base::ByteView) { return base::Result<void>(); }));
    if (round < kRounds - 1) continue;
    ASSERT_TRUE(store.Replay(1, visit));
    EXPECT_TRUE(store.CheckFiles().empty());
  }
  EXPECT_GT(grew, 60);
}

TEST(SqliteProcessTest, KilledWhileItsFilesAreMadeLeavesNoDamage) {
  base::SeededRandom random(4);
  for (int round = 0; round < 200; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    const Scratch scratch(Scratch::Place::kMemory);
    {
      Child child([&](int pipe) { return AppendForEver(scratch.store(), pipe); });
      usleep(static_cast<useconds_t>(random.Below(4'000)));
      child.KillAndWait();
    }
    auto opened = SqliteStore::Open(scratch.store());
    ASSERT_TRUE(opened) << opened.error().ToString();
    for (const base::Error& warning : (*opened)->warnings()) ADD_FAILURE() << warning.ToString();
  }
}

TEST(SqliteProcessTest, SecondProcessIsRefusedWithTheFirstOnesId) {
  const Scratch scratch;
  Child child([&](int pipe) {
    auto opened = SqliteStore::Open(scratch.store());
    if (!opened) return 1;
    WriteNumber(pipe, 1);
    pause();
    return 0;
  });
  uint64_t ready = 0;
  ASSERT_TRUE(child.ReadNumber(ready));
  const auto second = SqliteStore::Open(scratch.store());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, base::ErrorCode::kStorage);
  EXPECT_EQ(second.error().found, "process " + std::to_string(child.pid()));
  child.KillAndWait();
  EXPECT_TRUE(SqliteStore::Open(scratch.store()));  // nothing to clean up
}

// The disk "is full" at a file size limit: no file system of its own, no privileges needed.
TEST(SqliteProcessTest, FullDiskIsRefusedAndNothingIsLost) {
  const Scratch scratch;
  uint64_t promised = 0;
  {
    Child child([&](int pipe) {
      signal(SIGXFSZ, SIG_IGN);
      const rlimit limit{1'500'000, 1'500'000};
      if (setrlimit(RLIMIT_FSIZE, &limit) != 0) return 1;
      auto opened = SqliteStore::Open(scratch.store());
      if (!opened) return 2;
      Store& store = **opened;
      base::Result<void> appended;
      while (appended) {
        const uint64_t seq = store.last_seq() + 1;
        appended = store.Append(seq, base::UtcMicros{1}, BatchOf(seq));
        if (appended) WriteNumber(pipe, seq);
      }
      if (appended.error().code != base::ErrorCode::kStorage) return 3;
      const uint64_t seq = store.last_seq() + 1;
      return store.Append(seq, base::UtcMicros{1}, {}) ? 4 : 0;
    });
    while (child.ReadNumber(promised)) {
    }
    EXPECT_EQ(child.Wait(), 0);
  }
  EXPECT_GT(promised, 10u);
  auto opened = SqliteStore::Open(scratch.store());
  ASSERT_TRUE(opened) << opened.error().ToString();
  const auto content = ReadContent(**opened);
  ASSERT_TRUE(content);
  ASSERT_GE(content->batches.size(), promised);
  for (uint64_t seq = 1; seq <= content->batches.size(); ++seq) {
    ASSERT_EQ(content->batches[seq - 1].second, BatchOf(seq));
  }
}

TEST(SqliteProcessTest, ReadOnlyDirectoryIsRefused) {
  const Scratch scratch;
  {
    auto opened = SqliteStore::Open(scratch.store());
    ASSERT_TRUE(opened);
    AppendBatches(**opened, 3, 100, 1);
  }
  // As root every directory is writable, so the child becomes nobody. It may read everything.
  ASSERT_EQ(chmod(scratch.path().c_str(), 0755), 0);
  for (const char* name : {"wideberth.db", "projection.db", "wideberth.lock"}) {
    ASSERT_EQ(chmod(scratch.file(name).c_str(), 0444), 0);
  }
  ASSERT_EQ(chmod(scratch.store().c_str(), 0555), 0);
  Child child([&](int) {
    if (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0) return 1;
    const auto opened = SqliteStore::Open(scratch.store());
    if (opened) return 2;
    if (opened.error().code != base::ErrorCode::kStorage) return 3;
    return opened.error().field.starts_with(scratch.store()) ? 0 : 4;
  });
  EXPECT_EQ(child.Wait(), 0);
  ASSERT_EQ(chmod(scratch.store().c_str(), 0700), 0);
}

}  // namespace
}  // namespace wideberth::store::sqlite
