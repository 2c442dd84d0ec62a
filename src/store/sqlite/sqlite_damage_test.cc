// What is done to a store's files while no node runs: flipped bits, cut files, lost files, foreign and newer files.
// Whatever it is, a start either refuses and names the file, or serves all that was there.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>
#include <functional>

#include "store/sqlite/sqlite_store.h"
#include "store/sqlite/testing/fault_vfs.h"
#include "store/sqlite/testing/scratch.h"
#include "store/sqlite/wal_scan.h"
#include "store/testing/harness.h"

namespace wideberth::store::sqlite {
namespace {

using store::testing::AppendBatches;
using store::testing::Content;
using store::testing::RandomBytes;
using store::testing::ReadContent;
using testing::FaultVfs;
using testing::ReadWholeFile;
using testing::Scratch;
using testing::WriteWholeFile;

constexpr const char* kLog = "wideberth.db";
constexpr const char* kProjection = "projection.db";

// A store with batches inside a page and over several, meta, and rows of all sizes; closed, or killed with its
// write-ahead logs full.
class DamageTest : public ::testing::Test {
 protected:
  void Fill(bool kill) {
    auto store = MustOpen();
    ASSERT_NE(store, nullptr);
    base::SeededRandom random(11);
    ASSERT_TRUE(store->PutMeta("format", "1"));
    ASSERT_TRUE(store->PutMeta("rules", std::string(500, 'r')));
    for (int i = 0; i < 12; ++i) {
      AppendBatches(*store, 1, i == 6 ? 20'000 : 300, random.Next());
      const base::Bytes bytes = RandomBytes(random, i == 3 ? 12'000 : 400);
      const ProjectionRow row{static_cast<uint64_t>(i), base::ByteView(bytes)};
      ASSERT_TRUE(store->WriteProjection(store->last_seq(), {&row, 1}));
    }
    content_ = Read(*store).value();
    if (kill) vfs_.Kill();
    store.reset();
    for (const auto& entry : std::filesystem::directory_iterator(scratch_.store())) {
      files_[entry.path().filename().string()] = ReadWholeFile(entry.path().string());
    }
  }

  base::Result<Content> Read(Store& store) { return ReadContent(store, {"format", "rules"}); }

  base::Result<std::unique_ptr<SqliteStore>> Open() {
    SqliteOptions options;
    options.vfs = vfs_.name();
    return SqliteStore::Open(scratch_.store(), options);
  }
  std::unique_ptr<SqliteStore> MustOpen() {
    auto opened = Open();
    EXPECT_TRUE(opened) << opened.error().ToString();
    return opened ? std::move(*opened) : nullptr;
  }

  void Restore() {
    std::filesystem::remove_all(scratch_.store());
    std::filesystem::create_directory(scratch_.store());
    for (const auto& [name, bytes] : files_) WriteWholeFile(scratch_.file(name), bytes);
  }

  struct Tally {
    int refused = 0;
    int refused_when_read = 0;
    int projection_discarded = 0;
    int whole = 0;
  };

  // One piece of damage has been done to `file`: refused, or nothing is missing.
  void ExpectRefusedOrWhole(const std::string& file, Tally& tally) {
    auto opened = Open();
    if (!opened) {
      ++tally.refused;
      EXPECT_EQ(opened.error().code, base::ErrorCode::kStorage);
      EXPECT_NE(opened.error().field.find(file), std::string::npos) << opened.error().ToString();
      return;
    }
    SqliteStore& store = **opened;
    const auto content = Read(store);
    if (!content) {
      ++tally.refused_when_read;
      EXPECT_NE(content.error().field.find(file), std::string::npos) << content.error().ToString();
    } else if (!store.warnings().empty()) {
      ++tally.projection_discarded;
      EXPECT_EQ(content->batches, content_.batches);
      EXPECT_EQ(content->meta, content_.meta);
      EXPECT_EQ(content->projected_seq, 0u);
      EXPECT_TRUE(content->rows.empty());
    } else {
      ++tally.whole;
      EXPECT_EQ(*content, content_);
    }
    vfs_.Kill();  // closing in order would only cost time
  }

  void FlipBits(const std::string& file, size_t stride, Tally& tally) {
    const base::Bytes& original = files_.at(file);
    for (size_t offset = 0; offset < original.size() && !HasFailure();
         // Every byte of a page's head and first cell pointers, and samples of the rest.
         offset += offset % 8192 < 40 ? 1 : stride) {
      SCOPED_TRACE(file + " byte " + std::to_string(offset));
      base::Bytes damaged = original;
      damaged[offset] ^= static_cast<uint8_t>(1 << (offset % 8));
      Restore();
      WriteWholeFile(scratch_.file(file), damaged);
      ExpectRefusedOrWhole(file, tally);
    }
  }

  void CutShort(const std::string& file, size_t stride, Tally& tally) {
    const base::Bytes& original = files_.at(file);
    for (size_t size = 0; size < original.size() && !HasFailure(); size += stride) {
      SCOPED_TRACE(file + " cut to " + std::to_string(size));
      Restore();
      WriteWholeFile(scratch_.file(file), base::ByteView(original).first(size));
      ExpectRefusedOrWhole(file, tally);
    }
  }

  Scratch scratch_{Scratch::Place::kMemory};
  FaultVfs vfs_;
  Content content_;
  std::map<std::string, base::Bytes> files_;
};

TEST_F(DamageTest, FlippedBitsOfTheLog) {
  Fill(false);
  Tally tally;
  FlipBits(kLog, 101, tally);
  EXPECT_GT(tally.refused, 20);
  EXPECT_GT(tally.refused_when_read, 100);
  EXPECT_GT(tally.whole, 100);  // in free space
  EXPECT_EQ(tally.projection_discarded, 0);
}

TEST_F(DamageTest, FlippedBitsOfTheProjection) {
  Fill(false);
  Tally tally;
  FlipBits(kProjection, 101, tally);
  EXPECT_EQ(tally.refused, 0);  // it can be rebuilt, so it never stops a node
  EXPECT_GT(tally.refused_when_read, 100);
  EXPECT_GT(tally.projection_discarded, 10);
  EXPECT_GT(tally.whole, 50);
}

TEST_F(DamageTest, CutFiles) {
  Fill(false);
  Tally log;
  CutShort(kLog, 509, log);
  EXPECT_EQ(log.whole, 0);
  Tally projection;
  CutShort(kProjection, 509, projection);
  EXPECT_EQ(projection.refused, 0);
  EXPECT_EQ(projection.whole, 0);
}

// After a crash the log's end is in the write-ahead log. Damage there is found up to the last commit, which cannot be
// told from one that the crash tore (wal_scan.h).
TEST_F(DamageTest, FlippedBitsOfTheWriteAheadLog) {
  Fill(true);
  const std::string wal = std::string(kLog) + "-wal";
  const base::Bytes original = files_.at(wal);
  int refused = 0;
  int lost_last = 0;
  for (size_t offset = 0; offset < original.size() && !HasFailure(); offset += 211) {
    SCOPED_TRACE("byte " + std::to_string(offset));
    base::Bytes damaged = original;
    damaged[offset] ^= static_cast<uint8_t>(1 << (offset % 8));
    Restore();
    std::filesystem::remove(scratch_.file(kProjection));  // or it would tell of the last batch
    std::filesystem::remove(scratch_.file("projection.db-wal"));
    WriteWholeFile(scratch_.file(wal), damaged);
    auto opened = Open();
    if (!opened) {
      ++refused;
      EXPECT_NE(opened.error().field.find(wal), std::string::npos) << opened.error().ToString();
      continue;
    }
    const Content content = Read(**opened).value();
    if (content.batches.size() + 1 == content_.batches.size()) ++lost_last;
    ASSERT_GE(content.batches.size() + 1, content_.batches.size());
    for (size_t i = 0; i < content.batches.size(); ++i) {
      ASSERT_EQ(content.batches[i], content_.batches[i]);
    }
    vfs_.Kill();
  }
  EXPECT_GT(refused, 250);
  EXPECT_GT(lost_last, 0);
}

// The projection knows of the last batch, so its loss is found as well.
TEST_F(DamageTest, LogThatEndsBeforeItsProjectionIsRefused) {
  Fill(true);
  Restore();
  const std::string wal = std::string(kLog) + "-wal";
  WriteWholeFile(scratch_.file(wal), base::ByteView(files_.at(wal)).first(60'000));
  const auto opened = Open();
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().field.find(kLog), std::string::npos);
  EXPECT_NE(opened.error().rule.find("durable batches are lost"), std::string::npos);
  EXPECT_NE(opened.error().rule.find("batch 12"), std::string::npos);
  // The way out that the refusal names.
  std::filesystem::remove(scratch_.file(kProjection));
  std::filesystem::remove(scratch_.file("projection.db-wal"));
  const auto store = MustOpen();
  ASSERT_NE(store, nullptr);
  EXPECT_LT(store->last_seq(), 12u);
}

TEST_F(DamageTest, LostWriteAheadLogIsRefused) {
  Fill(true);
  Restore();
  std::filesystem::remove(scratch_.file(std::string(kLog) + "-wal"));
  const auto opened = Open();
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().field.find("wideberth.db-wal"), std::string::npos);
}

TEST_F(DamageTest, LostLogIsRefused) {
  Fill(false);
  Restore();
  std::filesystem::remove(scratch_.file(kLog));
  const auto opened = Open();
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().field.find(kLog), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(scratch_.file(kLog)));
}

TEST_F(DamageTest, ProjectionOfAnotherLogIsDiscarded) {
  Fill(false);
  {
    Scratch other(Scratch::Place::kMemory);
    auto store = SqliteStore::Open(other.store());
    ASSERT_TRUE(store);
    AppendBatches(**store, 5, 100, 99);
    ASSERT_TRUE((*store)->WriteProjection(5, {}));
    store->reset();
    files_[kProjection] = ReadWholeFile(other.file(kProjection));
  }
  Restore();
  Tally tally;
  ExpectRefusedOrWhole(kProjection, tally);
  EXPECT_EQ(tally.projection_discarded, 1);
}

void Execute(const std::string& path, const char* sql) {
  sqlite3* handle = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &handle), SQLITE_OK);
  char* error = nullptr;
  EXPECT_EQ(sqlite3_exec(handle, sql, nullptr, nullptr, &error), SQLITE_OK) << error;
  sqlite3_close(handle);
}

TEST_F(DamageTest, NewerVersionIsRefusedWithBothVersions) {
  Fill(false);
  Execute(scratch_.file(kLog), "PRAGMA user_version = 3");
  const auto opened = Open();
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().rule.find("version 1"), std::string::npos);
  EXPECT_NE(opened.error().found.find("version 3"), std::string::npos);
}

TEST_F(DamageTest, ForeignDatabaseIsRefused) {
  std::filesystem::create_directory(scratch_.store());
  Execute(scratch_.file(kLog), "CREATE TABLE batch(seq INTEGER PRIMARY KEY)");
  const auto opened = Open();
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().rule.find("application id"), std::string::npos);
}

TEST_F(DamageTest, FileThatIsNoDatabaseIsRefused) {
  std::filesystem::create_directory(scratch_.store());
  for (const std::string content : {"", "x", "not a database, but long enough to be one"}) {
    WriteWholeFile(scratch_.file(kLog), base::AsBytes(content));
    const auto opened = Open();
    ASSERT_FALSE(opened) << content;
    EXPECT_NE(opened.error().field.find(kLog), std::string::npos);
    EXPECT_EQ(ReadWholeFile(scratch_.file(kLog)).size(), content.size());  // left as it was found
  }
}

TEST_F(DamageTest, ChangedSchemaIsRefused) {
  Fill(false);
  Execute(scratch_.file(kLog), "CREATE INDEX extra ON batch(time_us)");
  const auto opened = Open();
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().rule.find("schema"), std::string::npos);
}

// Two valid states of the file in one: the rows of one are not the head of the other.
TEST_F(DamageTest, RowsChangedBehindOurBackAreFound) {
  Fill(false);
  const std::function<void(const char*, const char*)> check = [&](const char* file,
                                                                  const char* sql) {
    SCOPED_TRACE(sql);
    Restore();
    Execute(scratch_.file(file), sql);
    Tally tally;
    ExpectRefusedOrWhole(file, tally);
    EXPECT_EQ(tally.whole, 0);
  };
  check(kLog, "DELETE FROM batch WHERE seq = 12");
  check(kLog, "DELETE FROM batch WHERE seq = 5");
  check(kLog, "DELETE FROM batch WHERE seq = 1");
  check(kLog, "INSERT INTO batch SELECT 13, time_us, chain, bytes FROM batch WHERE seq = 12");
  check(kLog, "UPDATE batch SET time_us = time_us + 1 WHERE seq = 7");
  check(kLog, "UPDATE head SET last_seq = 11");
  check(kLog, "DELETE FROM head");
  check(kLog, "DELETE FROM meta WHERE key = 'rules'");
  check(kLog, "UPDATE meta SET value = x'32' WHERE key = 'format'");
  check(kProjection, "DELETE FROM row WHERE key = 3");
  check(kProjection, "UPDATE row SET key = 77 WHERE key = 3");
  check(kProjection, "UPDATE head SET projected_seq = 11");
  check(kProjection, "DELETE FROM head");
}

TEST(WalScanTest, TakesAnyBytes) {
  base::SeededRandom random(5);
  for (int i = 0; i < 2'000; ++i) {
    base::Bytes bytes = RandomBytes(random, random.Below(3'000));
    // Past the magic number, now and then.
    if (bytes.size() > 4 && i % 2 == 0) {
      const uint8_t magic[] = {0x37, 0x7f, 0x06, 0x82};
      std::copy(std::begin(magic), std::end(magic), bytes.begin());
    }
    EXPECT_EQ(ScanWalBytes("wal", bytes).has_value(), bytes.size() < 32);
  }
  EXPECT_TRUE(
      ScanWalBytes("wal", base::Bytes(5'000)));  // a file that grew before its bytes arrived
}

}  // namespace
}  // namespace wideberth::store::sqlite
