#include "service/line_logs.h"

#include <gtest/gtest.h>

#include "base/limits.h"
#include "base/random.h"
#include "record/merkle.h"
#include "service/batch.h"
#include "store/memory/memory_store.h"

namespace wideberth::service {
namespace {

using store::memory::MemoryDisk;
using store::memory::MemoryStore;

// Batches with entries of two lines, written as the sequencer does, and the model of what they hold.
class LineLogsTest : public ::testing::Test {
 protected:
  LineLogsTest() : store_(MemoryStore::Open(disk_).value()), logs_(*store_) {}

  void WriteBatch() {
    const uint64_t batch = store_->last_seq() + 1;
    BatchWriter writer;
    std::set<uint32_t> changed;
    for (uint64_t n = 1 + random_.Below(5); n > 0; --n) {
      const auto line = static_cast<uint32_t>(1 + random_.Below(2));
      const bool mirror = random_.Below(2) == 0;
      std::vector<line::LogEntry>& log = model_[{line, mirror}];
      line::LogEntry entry;
      entry.envelope = std::make_shared<const std::string>(std::to_string(random_.Next()));
      if (random_.Below(4) == 0) entry.body_beside = std::make_shared<const std::string>("beside");
      log.push_back(entry);
      const line::Effect effect = mirror ? line::Effect(line::EntryMirrored{log.size(), entry})
                                         : line::Effect(line::EntryWritten{log.size(), entry, {5}});
      writer.Add(line, effect);
      logs_.Index(line, effect, batch);
      states_[line].Apply(effect);
      changed.insert(line);
    }
    for (const uint32_t line : changed) logs_.SetState(line, states_[line]);
    ASSERT_TRUE(store_->Append(batch, {1}, writer.Encode()).has_value());
  }
  void Project() {
    for (const uint64_t row : logs_.TakeDirty()) rows_[row] = logs_.EncodeRow(row).value();
  }
  void ReplayInto(LineLogs* logs, uint64_t from) {
    ASSERT_TRUE(store_
                    ->Replay(from,
                             [&](const store::Batch& batch) {
                               BatchVisitor visitor;
                               visitor.line = [&](uint32_t line, const line::Effect& effect) {
                                 logs->Replay(line, effect, batch.seq);
                               };
                               return ReadBatch(batch.bytes, visitor);
                             })
                    .has_value());
  }
  void ExpectAll(const LineLogs& logs) {
    for (const auto& [whose, log] : model_) {
      const auto source = whose.second ? logs.Mirror(whose.first) : logs.OwnLog(whose.first);
      for (size_t n = 0; n < 2 * log.size(); ++n) {
        const size_t seq = 1 + (n < log.size() ? n : random_.Below(log.size()));
        const auto entry = source->ReadEntry(seq);
        ASSERT_TRUE(entry.has_value()) << entry.error().ToString();
        EXPECT_EQ(*entry->envelope, *log[seq - 1].envelope);
        ASSERT_EQ(entry->body_beside == nullptr, log[seq - 1].body_beside == nullptr);
        if (entry->body_beside != nullptr) {
          EXPECT_EQ(*entry->body_beside, *log[seq - 1].body_beside);
        }
      }
      EXPECT_EQ(source->ReadEntry(log.size() + 1).error().code, base::ErrorCode::kStorage);
    }
  }

  base::SeededRandom random_{3};
  std::shared_ptr<MemoryDisk> disk_ = std::make_shared<MemoryDisk>();
  std::unique_ptr<MemoryStore> store_;
  LineLogs logs_;
  std::map<std::pair<uint32_t, bool>, std::vector<line::LogEntry>> model_;
  std::map<uint32_t, line::LineState> states_;
  std::map<uint64_t, base::Bytes> rows_;
};

TEST_F(LineLogsTest, EveryEntryIsFoundWhereItStands) {
  for (int i = 0; i < 60; ++i) WriteBatch();
  ExpectAll(logs_);
}

TEST_F(LineLogsTest, RowsAndTheLogBehindThemGiveTheSameAndSoDoesTheLogAlone) {
  for (int i = 0; i < 20; ++i) WriteBatch();
  Project();
  const uint64_t complete_to = store_->last_seq();
  for (int i = 0; i < 20; ++i) WriteBatch();
  Project();  // rows ahead of the number beside them, as a kill in the middle leaves them
  for (int i = 0; i < 5; ++i) WriteBatch();
  const base::Bytes expected = logs_.Canonical();

  LineLogs alone(*store_);
  ReplayInto(&alone, 1);
  EXPECT_EQ(alone.Canonical(), expected);
  ExpectAll(alone);

  LineLogs restored(*store_);
  for (const auto& [row, bytes] : rows_) {
    ASSERT_TRUE(restored.LoadRow(row, bytes).has_value());
  }
  ReplayInto(&restored, complete_to + 1);
  EXPECT_EQ(restored.Canonical(), expected);
  ExpectAll(restored);
  restored.Clear();
  EXPECT_TRUE(restored.Canonical().empty());
}

TEST_F(LineLogsTest, EntriesAreReadAfterTheStoreWasOpenedAgain) {
  for (int i = 0; i < 30; ++i) WriteBatch();
  store_.reset();
  disk_->CutPower();
  store_ = MemoryStore::Open(disk_).value();
  LineLogs logs(*store_);
  ReplayInto(&logs, 1);
  ExpectAll(logs);
  for (const auto& [line, state] : states_) {
    base::Bytes expected;
    base::Bytes found;
    state.Encode(&expected);
    logs.StateOf(line).Encode(&found);
    EXPECT_EQ(found, expected);
  }
}

// More than fills a tile of tiles (256 x 256), with entries at the limit of their size at its border.
TEST_F(LineLogsTest, SeventyThousandEntriesAreOneTree) {
  constexpr uint32_t kLine = 1;
  constexpr uint64_t kTileOfTiles = 65'536;
  constexpr uint64_t kEntries = 70'000;
  constexpr uint64_t kABatch = 1'000;
  record::MemoryNodes model;
  std::string last;
  for (uint64_t seq = 1; seq <= kEntries;) {
    const uint64_t batch = store_->last_seq() + 1;
    BatchWriter writer;
    for (uint64_t n = 0; n < kABatch; ++n, ++seq) {
      last = "entry " + std::to_string(seq);
      if (seq >= kTileOfTiles && seq <= kTileOfTiles + 1) {
        last.resize(limits::kEnvelopeBytesMax, '.');
      }
      model.Append(record::LeafHash(base::AsBytes(last)));
      const line::Effect effect =
          line::EntryWritten{seq, {std::make_shared<const std::string>(last), nullptr}, {5}};
      writer.Add(kLine, effect);
      logs_.Index(kLine, effect, batch);
      states_[kLine].Apply(effect);
    }
    logs_.SetState(kLine, states_[kLine]);
    ASSERT_TRUE(store_->Append(batch, {1}, writer.Encode()).has_value());
  }
  logs_.MarkAllDurable();
  LineLogs again(*store_);
  ReplayInto(&again, 1);
  again.MarkAllDurable();
  EXPECT_EQ(again.Canonical(), logs_.Canonical());
  for (const LineLogs* logs : {&logs_, &again}) {
    const record::NodeReader& nodes = logs->Nodes(kLine, false);
    EXPECT_EQ(logs->DurableOf(kLine, false).size, kEntries);
    EXPECT_EQ(logs->StateOf(kLine).own.tree.Root(), record::RootAt(model, kEntries).value());
    const record::TreeHead head{kEntries, record::RootAt(nodes, kEntries).value()};
    for (const uint64_t size :
         {uint64_t{1}, uint64_t{256}, kTileOfTiles - 1, kTileOfTiles, kTileOfTiles + 1, kEntries}) {
      const record::TreeHead before{size, record::RootAt(model, size).value()};
      EXPECT_EQ(record::RootAt(nodes, size).value(), before.root) << size;
      EXPECT_TRUE(record::VerifyConsistency(before, head,
                                            record::ConsistencyProof(nodes, size, kEntries).value())
                      .has_value())
          << size;
      const auto entry = logs->OwnLog(kLine)->ReadEntry(size);
      ASSERT_TRUE(entry.has_value()) << entry.error().ToString();
      EXPECT_TRUE(
          record::VerifyInclusion(size - 1, record::LeafHash(base::AsBytes(*entry->envelope)),
                                  record::InclusionProof(nodes, size - 1, kEntries).value(), head)
              .has_value())
          << size;
    }
    EXPECT_EQ(logs->OwnLog(kLine)->ReadEntry(kTileOfTiles)->envelope->size(),
              limits::kEnvelopeBytesMax);
  }
}

TEST_F(LineLogsTest, ADamagedRowIsRefused) {
  WriteBatch();
  Project();
  for (const auto& [row, bytes] : rows_) {
    base::Bytes longer = bytes;
    longer.push_back(0xFF);
    LineLogs logs(*store_);
    EXPECT_FALSE(logs.LoadRow(row, longer).has_value()) << row;
  }
}

}  // namespace
}  // namespace wideberth::service
