#include "store/memory/memory_store.h"

#include <gtest/gtest.h>

#include "store/testing/contract.h"

namespace wideberth::store::memory {
namespace {

using testing::AppendBatches;
using testing::Content;
using testing::HarnessFactory;
using testing::ReadContent;
using testing::StoreContract;
using testing::StoreHarness;

class MemoryHarness final : public StoreHarness {
 public:
  base::Result<std::unique_ptr<Store>> Open() override {
    WB_ASSIGN_OR_RETURN(std::unique_ptr<MemoryStore> store, MemoryStore::Open(disk_));
    return std::unique_ptr<Store>(std::move(store));
  }
  void Kill() override {}  // a MemoryStore does nothing when it is destroyed
  void CutPower(uint64_t seed) override {
    base::SeededRandom random(seed);
    disk_->CutPower(random.Below(2) == 0 ? 0 : random.Below(4'000));
  }
  void FailOperation(uint64_t nth) override {
    disk_->FailWrite(0);
    disk_->FailSync(0);
    if (nth == 0) return;
    if (nth % 2 == 1) {
      disk_->FailWrite((nth + 1) / 2, nth * 37 % 500);
    } else {
      disk_->FailSync(nth / 2);
    }
  }

 private:
  std::shared_ptr<MemoryDisk> disk_ = std::make_shared<MemoryDisk>();
};

INSTANTIATE_TEST_SUITE_P(Memory, StoreContract, ::testing::Values(HarnessFactory([] {
                           return std::make_unique<MemoryHarness>();
                         })));

std::unique_ptr<MemoryStore> MustOpen(const std::shared_ptr<MemoryDisk>& disk) {
  auto opened = MemoryStore::Open(disk);
  EXPECT_TRUE(opened) << opened.error().ToString();
  return opened ? std::move(*opened) : nullptr;
}

TEST(MemoryDiskTest, EveryFlippedBitIsRefusedOrHarmless) {
  const auto disk = std::make_shared<MemoryDisk>();
  Content whole;
  {
    const auto store = MustOpen(disk);
    AppendBatches(*store, 3, 40, 1);
    const ProjectionRow row{1, base::AsBytes("row")};
    ASSERT_TRUE(store->WriteProjection(3, {&row, 1}));
    whole = ReadContent(*store).value();
  }
  for (const std::string_view file : {"log", "projection"}) {
    for (size_t offset = 0; offset < disk->FileSize(file); ++offset) {
      const int bit = static_cast<int>(offset % 8);
      disk->FlipBit(file, offset, bit);
      const auto opened = MemoryStore::Open(disk);
      ASSERT_FALSE(opened) << file << " byte " << offset;
      EXPECT_EQ(opened.error().code, base::ErrorCode::kStorage);
      EXPECT_EQ(opened.error().field, file);
      disk->FlipBit(file, offset, bit);
    }
  }
  EXPECT_EQ(ReadContent(*MustOpen(disk)).value(), whole);
}

// The projection reaches batch 3: a log cut before that has lost what was promised.
TEST(MemoryDiskTest, LogThatEndsBeforeItsProjectionIsRefused) {
  const auto disk = std::make_shared<MemoryDisk>();
  {
    const auto store = MustOpen(disk);
    AppendBatches(*store, 3, 40, 1);
    ASSERT_TRUE(store->WriteProjection(3, {}));
  }
  disk->Truncate("log", disk->FileSize("log") - 1);
  const auto opened = MemoryStore::Open(disk);
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().rule.find("lost"), std::string::npos);
}

TEST(MemoryDiskTest, FreeBytesAreWhatTheSimulationSays) {
  const auto disk = std::make_shared<MemoryDisk>();
  disk->set_free_bytes(12);
  EXPECT_EQ(MustOpen(disk)->FreeBytes().value(), 12);
}

TEST(MemoryDiskTest, ProjectionFileStaysInProportionToItsRows) {
  const auto disk = std::make_shared<MemoryDisk>();
  const auto store = MustOpen(disk);
  AppendBatches(*store, 1, 1, 1);
  const base::Bytes bytes(100'000, 7);
  const ProjectionRow row{1, base::ByteView(bytes)};
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(store->WriteProjection(1, {&row, 1}));
  EXPECT_LT(disk->FileSize("projection"), 2'000'000u);
}

}  // namespace
}  // namespace wideberth::store::memory
