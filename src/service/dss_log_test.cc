// The log of the DSS over crashes: nothing that was answered is missing in it, nothing that was signed changes.
#include "service/dss_log.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "airspace/testing/world.h"
#include "crypto/ed25519.h"
#include "dss/log_entry.h"
#include "dss/testing/log_reading.h"
#include "dss/testing/random_requests.h"
#include "dss/testing/still_clock.h"
#include "record/merkle.h"
#include "service/batch.h"
#include "service/node.h"
#include "store/memory/memory_store.h"

namespace wideberth::service {
namespace {

using dss::testing::EntriesOf;
using dss::testing::HeadOf;
using dss::testing::LogTiles;
using dss::testing::StillClock;
using store::memory::MemoryDisk;
using store::memory::MemoryStore;

class DssLogTest : public ::testing::Test {
 protected:
  base::Result<void> Open(std::string_view origin = "dss.test/log") {
    reader_.reset();
    node_.reset();
    WB_ASSIGN_OR_RETURN(auto store, MemoryStore::Open(disk_));
    if (restored_) WB_RETURN_IF_ERROR(store->PutMeta(store::kRestoredFact, "yes"));
    restored_ = false;
    NodeOptions options;
    WB_ASSIGN_OR_RETURN(
        auto key, record::SignerKey::Make(origin, record::KeyAlgorithm::kEd25519,
                                          crypto::SecretKey::FromSeed(base::Bytes(32, 7)).value()));
    options.dss_log_key = std::make_shared<const record::SignerKey>(std::move(key));
    WB_ASSIGN_OR_RETURN(node_, Node::Open(std::move(store), airspace::testing::TestRules(), {},
                                          clock_, std::move(options)));
    reader_ = node_->MakeDssLogReader();
    return {};
  }
  void Submit(dss::Command command) {
    requests_.random().Fill(command.log_salt);
    clock_.Advance(1'000);
    const auto submitted = node_->sequencer().SubmitDss(
        std::move(command), [this](const base::Result<dss::Answer>& answer) {
          if (answer && answer->logged) answered_.push_back(answer->logged->entry);
        });
    ASSERT_TRUE(submitted.has_value());
  }
  // So many writes, some to a turn; then a head, if asked for.
  void Write(int writes, bool sign) {
    for (int i = 0; i < writes; ++i) {
      dss::PutSubscription put;
      put.id = requests_.random().NewUuidV4();
      put.base_url = "https://uss.test";
      put.extent = requests_.Where();
      put.for_intents = true;
      Submit({"uss1", put, {}});
      if (requests_.random().Below(4) == 0) Turn();
    }
    if (sign) Submit({"", dss::Evict{}, {}});
    Turn();
  }
  void Turn() {
    while (node_->sequencer().Step()) {
    }
  }
  StillClock clock_;
  std::shared_ptr<MemoryDisk> disk_ = std::make_shared<MemoryDisk>();
  std::unique_ptr<Node> node_;
  std::unique_ptr<dss::TransparencyLog> reader_;
  dss::testing::RandomRequests requests_{3, clock_.Now()};
  std::vector<std::string> answered_;
  bool restored_ = false;
};

TEST_F(DssLogTest, NothingIsShownBeforeItIsSigned) {
  ASSERT_TRUE(Open());
  EXPECT_EQ(HeadOf(reader_.get()).error().code, base::ErrorCode::kNotFound);
  Write(5, false);
  EXPECT_EQ(HeadOf(reader_.get()).error().code, base::ErrorCode::kNotFound);
  EXPECT_EQ(reader_->GetStatistics().entries, answered_.size());
  Write(1, true);
  EXPECT_EQ(HeadOf(reader_.get())->size, answered_.size());
  // Written, not signed: neither shown nor proven.
  const size_t shown = answered_.size();
  Write(3, false);
  EXPECT_EQ(EntriesOf(reader_.get())->size(), shown);
  base::Result<std::string> proof;
  reader_->Prove(answered_.back(), [&](auto got) { proof = std::move(got); });
  EXPECT_EQ(proof.error().code, base::ErrorCode::kNotFound);
  base::Result<std::string> tile;
  reader_->ReadTile({0, 0, static_cast<unsigned>(shown + 1)},
                    [&](auto got) { tile = std::move(got); });
  EXPECT_EQ(tile.error().code, base::ErrorCode::kNotFound);
}

// Power cuts at any time, with the projection anywhere: each answered write is there once, each head that was shown is
// one of the tree's.
TEST_F(DssLogTest, OutlivesPowerCuts) {
  base::SeededRandom random(17);
  std::vector<record::TreeHead> shown;
  ASSERT_TRUE(Open());
  for (int life = 0; life < 25; ++life) {
    Write(static_cast<int>(random.Between(1, 60)), random.Below(3) != 0);
    if (random.Below(2) == 0) {
      ASSERT_TRUE(node_->WriteProjection().has_value());
    }
    if (const auto head = HeadOf(reader_.get())) shown.push_back(*head);
    Write(static_cast<int>(random.Below(20)), random.Below(2) == 0);
    disk_->CutPower(static_cast<size_t>(random.Below(400)));
    const auto opened = Open();
    ASSERT_TRUE(opened.has_value()) << opened.error().ToString();
    // The turn that was cut may or may not be there; what was answered is.
    ASSERT_GE(reader_->GetStatistics().entries, answered_.size());
    Write(0, true);
    const auto entries = EntriesOf(reader_.get());
    ASSERT_TRUE(entries.has_value()) << entries.error().ToString();
    ASSERT_EQ(*entries, answered_);
  }
  const LogTiles tiles(reader_.get());
  const record::TileNodes nodes(tiles, HeadOf(reader_.get())->size);
  ASSERT_GT(shown.size(), 10u);
  ASSERT_GT(shown.back().size, 512u);
  for (const record::TreeHead& head : shown) {
    EXPECT_EQ(record::RootAt(nodes, head.size).value(), head.root) << head.size;
  }
}

TEST_F(DssLogTest, AnOldCopyOfAStoreSignsNothingUnderTheSameName) {
  ASSERT_TRUE(Open());
  Write(300, true);
  restored_ = true;
  const auto refused = Open();
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().field, "dss.log.origin");
  EXPECT_FALSE(Open().has_value()) << "and so it stays";
  ASSERT_TRUE(Open("dss.test/log-2"));
  EXPECT_EQ(reader_->GetStatistics().entries, 0u);
  answered_.clear();
  Write(3, true);
  EXPECT_EQ(*EntriesOf(reader_.get()), answered_);
  // From now on it is the store's own.
  ASSERT_TRUE(node_->WriteProjection().has_value());
  ASSERT_TRUE(Open("dss.test/log-2"));
  Write(2, true);
  EXPECT_EQ(*EntriesOf(reader_.get()), answered_);
}

TEST_F(DssLogTest, AHeadThatTheEntriesDoNotMakeStopsTheNode) {
  ASSERT_TRUE(Open());
  Write(10, true);
  {
    reader_.reset();
    node_.reset();
    auto store = MemoryStore::Open(disk_);
    BatchWriter batch;
    batch.Add(dss::Effect(dss::LogHead{answered_.size() + 1, {}, "forged"}));
    batch.Add(dss::Effect(dss::LogEntry{answered_.size(), "another"}));
    ASSERT_TRUE((*store)->Append((*store)->last_seq() + 1, clock_.Now(), batch.Encode()));
  }
  const auto opened = Open();
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().code, base::ErrorCode::kStorage);
}

// Rows that were written at any time, and the batches behind them, give what all batches give.
TEST_F(DssLogTest, RowsAndBatchesGiveTheSame) {
  base::SeededRandom random(5);
  DssLog log;
  std::vector<std::pair<dss::LogEntry, uint64_t>> entries;
  std::map<uint64_t, base::Bytes> rows;
  log.Apply(dss::LogBegun{"dss.test/log"});
  const auto add = [&](uint64_t count) {
    for (; count > 0; --count) {
      const uint64_t i = entries.size();
      const base::UtcMicros at{static_cast<int64_t>(i) * 1'000'000};
      entries.emplace_back(dss::LogEntry{i, dss::FormatLogEntry({"-", "-", at, {}})}, 1 + i / 3);
      log.Apply(entries.back().first, entries.back().second);
    }
  };
  while (entries.size() < 4'000) {
    add(random.Below(300));
    // A round of the projector: rows are encoded a little later than they were taken, each at another time, and are
    // complete up to when they were taken.
    const std::vector<uint64_t> dirty = log.TakeDirty();
    const size_t complete_to = entries.size();
    for (const uint64_t row : dirty) {
      add(random.Below(200));
      rows[row] = *log.EncodeRow(row);
    }
    DssLog again;
    for (const auto& [row, bytes] : rows) ASSERT_TRUE(again.LoadRow(row, bytes).has_value()) << row;
    ASSERT_GE(again.size(), complete_to);
    for (size_t k = random.Below(complete_to + 1); k < entries.size(); ++k) {
      again.Apply(entries[k].first, entries[k].second);
    }
    ASSERT_EQ(again.Canonical(), log.Canonical());
    ASSERT_EQ(again.Root(), log.Root());
  }
  for (uint64_t at : {uint64_t{0}, uint64_t{255}, uint64_t{256}, uint64_t{1'499}}) {
    const auto [first, end] = log.BundlesAt({static_cast<int64_t>(at) * 1'000'000});
    EXPECT_LE(first, at / 256);
    EXPECT_GT(end, at / 256);
    EXPECT_LE(end - first, 2u);
  }
  DssLog damaged;
  base::Bytes cut = rows.begin()->second;
  cut.pop_back();
  EXPECT_FALSE(damaged.LoadRow(rows.begin()->first, cut).has_value());
  EXPECT_FALSE(damaged.LoadRow(3, rows.at(3)).has_value()) << "out of order";
}

}  // namespace
}  // namespace wideberth::service
