// The tests that every store passes. A store's test program includes this once and instantiates it:
//
//   INSTANTIATE_TEST_SUITE_P(Memory, StoreContract, ::testing::Values(HarnessFactory{...}));
#ifndef WIDEBERTH_STORE_TESTING_CONTRACT_H_
#define WIDEBERTH_STORE_TESTING_CONTRACT_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/random.h"
#include "base/result.h"
#include "base/time.h"
#include "store/chain.h"
#include "store/check.h"
#include "store/store.h"
#include "store/testing/harness.h"

namespace wideberth::store::testing {

class StoreContract : public ::testing::TestWithParam<HarnessFactory> {
 protected:
  void SetUp() override {
    harness_ = GetParam()();
    Reopen();
  }
  void Reopen() {
    store_.reset();
    auto opened = harness_->Open();
    ASSERT_TRUE(opened) << opened.error().ToString();
    store_ = std::move(*opened);
  }
  Content Read() {
    auto content = ReadContent(*store_);
    EXPECT_TRUE(content) << content.error().ToString();
    return content ? *content : Content();
  }
  base::Result<void> Append(std::string_view text) {
    return store_->Append(store_->last_seq() + 1, base::UtcMicros{1'000}, base::AsBytes(text));
  }
  base::Result<void> Put(uint64_t projected_seq, uint64_t key, std::string_view text) {
    const ProjectionRow row{key, base::AsBytes(text)};
    return store_->WriteProjection(projected_seq, {&row, 1});
  }

  std::unique_ptr<StoreHarness> harness_;
  std::unique_ptr<Store> store_;
};

TEST_P(StoreContract, FreshStoreIsEmpty) {
  EXPECT_EQ(store_->last_seq(), 0u);
  EXPECT_EQ(store_->last_chain(), base::Digest());
  EXPECT_EQ(store_->projected_seq(), 0u);
  EXPECT_EQ(Read(), Content());
  EXPECT_EQ(store_->GetMeta("absent").value(), std::nullopt);
  EXPECT_GT(store_->FreeBytes().value(), 0);
}

TEST_P(StoreContract, ReturnsWhatWasAppendedAcrossRestarts) {
  Content expected;
  base::SeededRandom random(1);
  for (uint64_t seq = 1; seq <= 40; ++seq) {
    // 0 bytes, a byte, about a page, several pages; times that step back are the caller's business.
    const size_t sizes[] = {0, 1, 600, 8'100, 8'200, 100'000};
    base::Bytes bytes = RandomBytes(random, sizes[seq % 6]);
    const base::UtcMicros time{static_cast<int64_t>(random.Next())};
    const base::Digest chain = ChainBatch(store_->last_chain(), seq, time, bytes);
    ASSERT_TRUE(store_->Append(seq, time, bytes));
    EXPECT_EQ(store_->last_seq(), seq);
    EXPECT_EQ(store_->last_chain(), chain);
    expected.batches.emplace_back(time, std::move(bytes));
    if (seq % 9 == 0) {
      Reopen();
      EXPECT_EQ(store_->last_chain(), chain);
    }
  }
  EXPECT_EQ(Read(), expected);
}

TEST_P(StoreContract, ReplaysFromAnySeq) {
  AppendBatches(*store_, 20, 100, 2);
  const Content all = Read();
  for (uint64_t from = 1; from <= 22; ++from) {
    uint64_t next = from;
    const auto visit = [&](const Batch& batch) -> base::Result<void> {
      EXPECT_EQ(batch.seq, next++);
      EXPECT_TRUE(std::ranges::equal(batch.bytes, all.batches[batch.seq - 1].second));
      return {};
    };
    EXPECT_TRUE(store_->Replay(from, visit));
    EXPECT_EQ(next, std::max<uint64_t>(from, 21));
  }
}

TEST_P(StoreContract, StopsAtTheVisitorsError) {
  AppendBatches(*store_, 5, 10, 3);
  int visits = 0;
  const auto refused = store_->Replay(1, [&](const Batch&) -> base::Result<void> {
    if (++visits == 3) return base::Invalid("payload", "must be liked");
    return {};
  });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().field, "payload");
  EXPECT_EQ(visits, 3);
  EXPECT_EQ(Read().batches.size(), 5u);  // the walk that was given up does not stand in the way
  ASSERT_TRUE(Append("more"));
}

TEST_P(StoreContract, HoldsLargeBatches) {
  base::SeededRandom random(4);
  const base::Bytes bytes = RandomBytes(random, limits::kSequencerBatchBytesMax);
  for (uint64_t seq = 1; seq <= 3; ++seq) {
    ASSERT_TRUE(store_->Append(seq, base::UtcMicros{5}, bytes));
  }
  Reopen();
  const Content content = Read();
  ASSERT_EQ(content.batches.size(), 3u);
  EXPECT_EQ(content.batches[2].second, bytes);
}

TEST_P(StoreContract, RefusesWhatIsTooLargeAndGoesOn) {
  const base::Bytes bytes(limits::kStoreBatchBytesMax + 1);
  const auto refused = store_->Append(1, base::UtcMicros{5}, bytes);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, base::ErrorCode::kTooLarge);
  ASSERT_TRUE(Append("small"));
  const ProjectionRow row{1, base::ByteView(bytes)};
  EXPECT_EQ(store_->WriteProjection(1, {&row, 1}).error().code, base::ErrorCode::kTooLarge);
  EXPECT_EQ(store_->projected_seq(), 0u);
  ASSERT_TRUE(Put(1, 1, "small"));
  EXPECT_EQ(store_->PutMeta("", "x").error().code, base::ErrorCode::kInvalid);
  const std::string long_key(limits::kStoreMetaKeyBytesMax + 1, 'k');
  EXPECT_EQ(store_->PutMeta(long_key, "x").error().code, base::ErrorCode::kTooLarge);
  const std::string long_value(limits::kStoreMetaValueBytesMax + 1, 'v');
  EXPECT_EQ(store_->PutMeta("k", long_value).error().code, base::ErrorCode::kTooLarge);
  for (size_t i = 0; i < limits::kStoreMetaKeysMax; ++i) {
    ASSERT_TRUE(store_->PutMeta("key" + std::to_string(i), "x"));
  }
  EXPECT_EQ(store_->PutMeta("one more", "x").error().code, base::ErrorCode::kTooLarge);
  ASSERT_TRUE(store_->PutMeta("key0", "changed"));
  EXPECT_EQ(store_->GetMeta("key0").value(), "changed");
}

TEST_P(StoreContract, KeepsMeta) {
  const std::string binary("a\0b\xff", 4);
  ASSERT_TRUE(store_->PutMeta("format", "1"));
  ASSERT_TRUE(store_->PutMeta("digest", binary));
  ASSERT_TRUE(store_->PutMeta("format", "2"));
  ASSERT_TRUE(store_->PutMeta("empty", ""));
  harness_->CutPower(5);
  Reopen();
  EXPECT_EQ(store_->GetMeta("format").value(), "2");
  EXPECT_EQ(store_->GetMeta("digest").value(), binary);
  EXPECT_EQ(store_->GetMeta("empty").value(), "");
  EXPECT_EQ(store_->GetMeta("absent").value(), std::nullopt);
}

TEST_P(StoreContract, ProjectionRoundTrip) {
  AppendBatches(*store_, 3, 10, 6);
  const uint64_t top = ~uint64_t{0};
  const std::string text = "row";
  const ProjectionRow rows[] = {{top, base::AsBytes(text)},
                                {0, base::AsBytes(text)},
                                {uint64_t{1} << 63, base::ByteView()},
                                {7, base::AsBytes(text)},
                                {8, base::AsBytes(text)}};
  ASSERT_TRUE(store_->WriteProjection(2, rows));
  EXPECT_EQ(store_->projected_seq(), 2u);
  // The later of two rows with a key holds; removing what is not there is no error.
  const std::string other = "other";
  const ProjectionRow changes[] = {{7, std::nullopt},
                                   {99, std::nullopt},
                                   {8, std::nullopt},
                                   {8, base::AsBytes(other)},
                                   {0, base::AsBytes(other)}};
  ASSERT_TRUE(store_->WriteProjection(2, changes));
  Reopen();
  std::vector<uint64_t> keys;
  ASSERT_TRUE(store_->ReadProjection([&](uint64_t key, base::ByteView) -> base::Result<void> {
    keys.push_back(key);
    return {};
  }));
  EXPECT_EQ(keys, (std::vector<uint64_t>{0, 8, uint64_t{1} << 63, top}));
  const base::Bytes other_bytes(other.begin(), other.end());
  EXPECT_EQ(Read().rows.at(8), other_bytes);
  EXPECT_EQ(Read().rows.at(0), other_bytes);
  EXPECT_EQ(store_->projected_seq(), 2u);
  ASSERT_TRUE(store_->WriteProjection(3, {}));
  EXPECT_EQ(store_->projected_seq(), 3u);
  EXPECT_EQ(Read().rows.size(), 4u);
}

TEST_P(StoreContract, ProjectionCanBeForgotten) {
  AppendBatches(*store_, 3, 10, 7);
  ASSERT_TRUE(Put(3, 1, "row"));
  ASSERT_TRUE(store_->ClearProjection());
  EXPECT_EQ(store_->projected_seq(), 0u);
  EXPECT_TRUE(Read().rows.empty());
  ASSERT_TRUE(Put(1, 2, "other"));
  Reopen();
  EXPECT_EQ(store_->projected_seq(), 1u);
  EXPECT_EQ(Read().rows.size(), 1u);
  EXPECT_EQ(Read().batches.size(), 3u);
}

TEST_P(StoreContract, ProjectionVisitorsErrorStopsTheWalk) {
  ASSERT_TRUE(Append("a"));
  ASSERT_TRUE(Put(1, 1, "row"));
  ASSERT_TRUE(Put(1, 2, "row"));
  int visits = 0;
  const auto refused = store_->ReadProjection([&](uint64_t, base::ByteView) -> base::Result<void> {
    ++visits;
    return base::Invalid("payload", "must be liked");
  });
  EXPECT_FALSE(refused);
  EXPECT_EQ(visits, 1);
  ASSERT_TRUE(Put(1, 3, "row"));
  EXPECT_EQ(Read().rows.size(), 3u);
}

TEST_P(StoreContract, AppendedIsThereAfterAPowerCut) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const uint64_t before = store_->last_seq();
    ASSERT_TRUE(Append("batch " + std::to_string(seed)));
    harness_->CutPower(seed);
    EXPECT_FALSE(Append("dead"));
    Reopen();
    ASSERT_EQ(store_->last_seq(), before + 1);
    EXPECT_EQ(base::AsText(Read().batches.back().second), "batch " + std::to_string(seed));
  }
}

// A failed append may leave the whole batch or nothing; the store says no to everything from there on.
TEST_P(StoreContract, FailedAppendPoisons) {
  for (uint64_t nth = 1; nth <= 4; ++nth) {
    ASSERT_TRUE(Append("kept"));
    ASSERT_TRUE(Put(store_->last_seq(), 1, "row"));
    const uint64_t last = store_->last_seq();
    harness_->FailOperation(nth);
    const auto failed = Append("failing");
    harness_->FailOperation(0);
    if (failed) break;  // fewer operations than that
    EXPECT_EQ(failed.error().code, base::ErrorCode::kStorage);
    EXPECT_EQ(store_->last_seq(), last);
    std::vector<base::Result<void>> answers;
    answers.push_back(Append("again"));
    answers.push_back(store_->PutMeta("k", "v"));
    answers.push_back(store_->Replay(1, [](const Batch&) { return base::Result<void>(); }));
    answers.push_back(Put(last, 2, "row"));
    answers.push_back(
        store_->ReadProjection([](uint64_t, base::ByteView) { return base::Result<void>(); }));
    answers.push_back(store_->ClearProjection());
    for (const auto& answer : answers) {
      ASSERT_FALSE(answer);
      EXPECT_EQ(answer.error().code, base::ErrorCode::kStorage);
      EXPECT_NE(answer.error().rule.find("restart"), std::string::npos);
    }
    EXPECT_FALSE(store_->GetMeta("k"));
    Reopen();
    EXPECT_TRUE(store_->last_seq() == last || store_->last_seq() == last + 1);
    EXPECT_EQ(Read().batches.size(), store_->last_seq());
    EXPECT_EQ(store_->GetMeta("k").value(), std::nullopt);
  }
}

TEST_P(StoreContract, FailedProjectionWritePoisonsTheProjectionAlone) {
  ASSERT_TRUE(Append("a"));
  ASSERT_TRUE(Put(1, 1, "row"));
  harness_->FailOperation(1);
  ASSERT_FALSE(Put(1, 2, "row"));
  harness_->FailOperation(0);
  EXPECT_FALSE(Put(1, 2, "row"));
  EXPECT_FALSE(
      store_->ReadProjection([](uint64_t, base::ByteView) { return base::Result<void>(); }));
  ASSERT_TRUE(Append("b"));
  ASSERT_TRUE(store_->ClearProjection());
  ASSERT_TRUE(Put(2, 3, "row"));
  Reopen();
  EXPECT_EQ(Read().batches.size(), 2u);
  EXPECT_EQ(Read().rows.size(), 1u);
  EXPECT_EQ(store_->projected_seq(), 2u);
}

TEST_P(StoreContract, HasOneUserAtATime) {
  const auto second = harness_->Open();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, base::ErrorCode::kStorage);
  ASSERT_TRUE(Append("a"));
}

// The sequencer appends, another thread writes the projection, others look on. Run under TSan.
TEST_P(StoreContract, ServesItsThreads) {
  ASSERT_TRUE(store_->PutMeta("format", "1"));
  constexpr uint64_t kBatches = 300;
  std::atomic<bool> done = false;
  std::thread projector([&] {
    while (!done) {
      const uint64_t seq = store_->last_seq();
      EXPECT_TRUE(Put(seq, seq % 7, "row"));
    }
  });
  std::thread reader([&] {
    uint64_t last = 0;
    while (!done) {
      const uint64_t seq = store_->last_seq();
      EXPECT_GE(seq, last);
      last = seq;
      EXPECT_EQ(store_->GetMeta("format").value(), "1");
      EXPECT_GT(store_->FreeBytes().value(), 0);
      EXPECT_LE(store_->projected_seq(), kBatches);
      static_cast<void>(store_->last_chain());
    }
  });
  AppendBatches(*store_, kBatches, 200, 9);
  done = true;
  projector.join();
  reader.join();
  ASSERT_TRUE(Put(kBatches, 1, "row"));
  Reopen();
  EXPECT_EQ(Read().batches.size(), kBatches);
  EXPECT_EQ(store_->projected_seq(), kBatches);
}

TEST_P(StoreContract, CheckFindsNothingInAWholeStoreAndCounts) {
  AppendBatches(*store_, 12, 100, 8);
  ASSERT_TRUE(Put(12, 1, "four"));
  ASSERT_TRUE(Put(12, 2, "more"));
  CheckVisitors visitors;
  visitors.batch = [](const Batch& batch) -> base::Result<void> {
    if (batch.seq == 5) return base::Invalid("payload", "must be liked");
    return {};
  };
  visitors.row = [](uint64_t key, base::ByteView) -> base::Result<void> {
    if (key == 2) return base::Invalid("payload", "must be liked");
    return {};
  };
  const CheckReport report = CheckStore(*store_, visitors);
  EXPECT_EQ(report.batches, 12u);
  EXPECT_EQ(report.batch_bytes, 1'200u);
  EXPECT_EQ(report.rows, 2u);
  EXPECT_EQ(report.row_bytes, 8u);
  EXPECT_EQ(report.last_chain, store_->last_chain());
  ASSERT_EQ(report.findings.size(), 2u);
  EXPECT_EQ(report.findings[0].field, "batch 5 payload");
  EXPECT_EQ(report.findings[1].field, "projection row 2 payload");
  EXPECT_TRUE(CheckStore(*store_, {}).findings.empty());
}

TEST_P(StoreContract, AgreesWithTheModelUnderFaultsKillsAndPowerCuts) {
  store_.reset();
  for (uint64_t seed = 1; seed <= 500; ++seed) {
    const std::unique_ptr<StoreHarness> harness = GetParam()();
    SCOPED_TRACE("seed " + std::to_string(seed));
    RunModel(*harness, seed);
    if (HasFatalFailure() || HasNonfatalFailure()) return;
  }
}

}  // namespace wideberth::store::testing

#endif  // WIDEBERTH_STORE_TESTING_CONTRACT_H_
