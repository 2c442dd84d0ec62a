#include "store/sqlite/sqlite_store.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "store/sqlite/testing/fault_vfs.h"
#include "store/sqlite/testing/scratch.h"
#include "store/testing/contract.h"

namespace wideberth::store::sqlite {
namespace {

using store::testing::AppendBatches;
using store::testing::HarnessFactory;
using store::testing::RandomBytes;
using store::testing::ReadContent;
using store::testing::StoreContract;
using store::testing::StoreHarness;
using testing::FaultVfs;
using testing::Scratch;

// Small, so that checkpoints are part of what is tested.
constexpr int64_t kCheckpointWalBytes = 100'000;

class SqliteHarness final : public StoreHarness {
 public:
  base::Result<std::unique_ptr<Store>> Open() override {
    SqliteOptions options;
    options.vfs = vfs_.name();
    options.checkpoint_wal_bytes = kCheckpointWalBytes;
    WB_ASSIGN_OR_RETURN(std::unique_ptr<SqliteStore> store,
                        SqliteStore::Open(scratch_.store(), options));
    return std::unique_ptr<Store>(std::move(store));
  }
  void Kill() override { vfs_.Kill(); }
  void CutPower(uint64_t seed) override { vfs_.CutPower(seed); }
  void FailOperation(uint64_t nth) override {
    const FaultVfs::Fault faults[] = {FaultVfs::Fault::kIoError, FaultVfs::Fault::kDiskFull,
                                      FaultVfs::Fault::kShortWrite};
    vfs_.FailAt(nth, faults[nth % 3]);
  }

  FaultVfs& vfs() { return vfs_; }

 private:
  Scratch scratch_{Scratch::Place::kMemory};
  FaultVfs vfs_;
};

INSTANTIATE_TEST_SUITE_P(Sqlite, StoreContract, ::testing::Values(HarnessFactory([] {
                           return std::make_unique<SqliteHarness>();
                         })));

// What the script below has been promised.
struct Promised {
  uint64_t opened = 0;
  std::vector<base::Bytes> batches;
  std::vector<base::Bytes> attempted;  // as batches, and the one that failed
  std::string meta;
  std::string meta_attempted;
};

// A life with everything in it: creation, appends small and large, checkpoints, projections, meta, restart. Ends at
// the first refusal of the log, as a node would; a refused projection is cleared.
void RunScript(StoreHarness& harness, Promised& promised) {
  base::SeededRandom random(7);
  for (int life = 0; life < 2; ++life) {
    auto opened = harness.Open();
    if (!opened) return;
    ++promised.opened;
    Store& store = **opened;
    promised.meta_attempted = "life " + std::to_string(life);
    if (!store.PutMeta("life", promised.meta_attempted)) return;
    promised.meta = promised.meta_attempted;
    for (int i = 0; i < 5; ++i) {
      const base::Bytes bytes = RandomBytes(random, i == 2 ? 60'000 : 500);
      promised.attempted.push_back(bytes);
      const uint64_t seq = promised.batches.size() + 1;
      if (!store.Append(seq, base::UtcMicros{static_cast<int64_t>(seq)}, bytes)) return;
      promised.batches.push_back(bytes);
      const base::Bytes row_bytes = RandomBytes(random, 5'000);
      const ProjectionRow row{static_cast<uint64_t>(i), base::ByteView(row_bytes)};
      if (!store.WriteProjection(seq, {&row, 1}) && !store.ClearProjection()) return;
    }
  }
}

void ExpectPromised(StoreHarness& harness, const Promised& promised) {
  auto opened = harness.Open();
  ASSERT_TRUE(opened) << opened.error().ToString();
  const auto content = ReadContent(**opened, {"life"});
  ASSERT_TRUE(content) << content.error().ToString();
  ASSERT_GE(content->batches.size(), promised.batches.size());
  ASSERT_LE(content->batches.size(), promised.attempted.size());
  for (size_t i = 0; i < content->batches.size(); ++i) {
    ASSERT_EQ(content->batches[i].second, promised.attempted[i]) << i;
  }
  const auto meta = content->meta.find("life");
  const std::string found = meta == content->meta.end() ? "" : meta->second;
  EXPECT_TRUE(found == promised.meta || found == promised.meta_attempted) << found;
  // And it works again.
  const uint64_t seq = (*opened)->last_seq() + 1;
  EXPECT_TRUE((*opened)->Append(seq, base::UtcMicros{1}, {}));
}

class EveryFaultPoint : public ::testing::TestWithParam<FaultVfs::Fault> {};

TEST_P(EveryFaultPoint, LosesNothingThatWasPromised) {
  uint64_t fault_points = 0;
  for (uint64_t nth = 1;; ++nth) {
    SCOPED_TRACE("fault at operation " + std::to_string(nth));
    SqliteHarness harness;
    Promised promised;
    const bool reads = GetParam() == FaultVfs::Fault::kIoError;
    harness.vfs().FailAt(nth, GetParam(), nth, reads);
    RunScript(harness, promised);
    const bool fired = harness.vfs().fired();
    harness.vfs().ClearFault();
    ExpectPromised(harness, promised);
    if (HasFailure()) return;
    if (!fired) break;
    ++fault_points;
  }
  EXPECT_GT(fault_points, 100u);
}

std::string FaultName(const ::testing::TestParamInfo<FaultVfs::Fault>& fault) {
  switch (fault.param) {
    case FaultVfs::Fault::kIoError:
      return "IoError";
    case FaultVfs::Fault::kDiskFull:
      return "DiskFull";
    case FaultVfs::Fault::kShortWrite:
      return "ShortWrite";
    case FaultVfs::Fault::kPowerCut:
      return "PowerCut";
  }
  return "";
}

INSTANTIATE_TEST_SUITE_P(Faults, EveryFaultPoint,
                         ::testing::Values(FaultVfs::Fault::kIoError, FaultVfs::Fault::kDiskFull,
                                           FaultVfs::Fault::kShortWrite,
                                           FaultVfs::Fault::kPowerCut),
                         FaultName);

// After a failed fsync the machine dies as well: the kernel may have dropped what it could not write.
TEST(SqliteStoreTest, FaultFollowedByPowerCutLosesNothingThatWasPromised) {
  for (uint64_t nth = 1;; ++nth) {
    SCOPED_TRACE("fault at operation " + std::to_string(nth));
    SqliteHarness harness;
    Promised promised;
    harness.vfs().FailAt(nth, FaultVfs::Fault::kIoError);
    RunScript(harness, promised);
    const bool fired = harness.vfs().fired();
    harness.vfs().ClearFault();
    harness.vfs().CutPower(nth);
    ExpectPromised(harness, promised);
    if (HasFailure() || !fired) return;
  }
}

TEST(SqliteStoreTest, FilesArePrivate) {
  const Scratch scratch;
  const auto store = SqliteStore::Open(scratch.store());
  ASSERT_TRUE(store) << store.error().ToString();
  ASSERT_TRUE((*store)->Append(1, base::UtcMicros{1}, {}));
  struct stat info {};
  ASSERT_EQ(stat(scratch.store().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(scratch.store())) {
    ASSERT_EQ(stat(entry.path().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600u) << entry.path();
    ++files;
  }
  EXPECT_GE(files, 4);
}

TEST(SqliteStoreTest, WriteAheadLogStaysBounded) {
  const Scratch scratch;
  SqliteOptions options;
  options.checkpoint_wal_bytes = kCheckpointWalBytes;
  const auto store = SqliteStore::Open(scratch.store(), options);
  ASSERT_TRUE(store);
  AppendBatches(**store, 200, 5'000, 1);
  EXPECT_LT(std::filesystem::file_size(scratch.file("wideberth.db-wal")), 300'000u);
}

TEST(SqliteStoreTest, ClosedStoreIsOneFileAndALock) {
  const Scratch scratch;
  {
    const auto store = SqliteStore::Open(scratch.store());
    ASSERT_TRUE(store);
    AppendBatches(**store, 3, 100, 1);
  }
  EXPECT_FALSE(std::filesystem::exists(scratch.file("wideberth.db-wal")));
  EXPECT_FALSE(std::filesystem::exists(scratch.file("projection.db-wal")));
}

TEST(SqliteStoreTest, WithoutCreateAMissingStoreIsRefused) {
  const Scratch scratch;
  SqliteOptions options;
  options.create = false;
  const auto missing = SqliteStore::Open(scratch.store(), options);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().field, scratch.store());
  EXPECT_FALSE(std::filesystem::exists(scratch.store()));
  std::filesystem::create_directory(scratch.store());
  EXPECT_FALSE(SqliteStore::Open(scratch.store(), options));
}

TEST(SqliteStoreTest, CheckFilesFindsNothingInAWholeStore) {
  const Scratch scratch;
  const auto store = SqliteStore::Open(scratch.store());
  ASSERT_TRUE(store);
  AppendBatches(**store, 20, 20'000, 1);
  EXPECT_TRUE((*store)->CheckFiles().empty());
}

}  // namespace
}  // namespace wideberth::store::sqlite
