#include "store/testing/harness.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "store/chain.h"

namespace wideberth::store::testing {
namespace {

const std::vector<std::string>& MetaKeys() {
  static const std::vector<std::string> keys = {"alpha", "beta", "gamma"};
  return keys;
}

struct Projection {
  uint64_t projected_seq = 0;
  std::map<uint64_t, base::Bytes> rows;
  bool operator==(const Projection&) const = default;
};

// What a store may hold, kept as plainly as possible. Where an operation failed or power was cut there are several
// answers; all of them are kept until the next start shows which it is.
class Model {
 public:
  Model(StoreHarness& harness, uint64_t seed) : harness_(harness), random_(seed) {}

  void Run() {
    for (int life = 0; life < 4 && !::testing::Test::HasFailure(); ++life) {
      Open();
      if (::testing::Test::HasFatalFailure()) return;
      const uint64_t steps = random_.Below(25);
      if (random_.Below(3) == 0) harness_.FailOperation(1 + random_.Below(30));
      for (uint64_t step = 0; step < steps && !dead_; ++step) Step();
      End();
    }
    harness_.FailOperation(0);
    Open();
  }

 private:
  void Open() {
    dead_ = false;
    // A fault may hit the start itself: that start is refused, and the next one succeeds.
    const bool fault = random_.Below(4) == 0;
    if (fault) harness_.FailOperation(1 + random_.Below(20));
    auto opened = harness_.Open();
    harness_.FailOperation(0);
    if (!opened) {
      if (random_.Below(2) == 0) CutPower();
      opened = harness_.Open();
    }
    // Only a power cut takes a projection that was answered; one that cannot be read at the start is given up.
    if (!power_was_cut_ && !projection_dead_) projections_ = {projections_.back()};
    if (fault) projections_.emplace_back();
    power_was_cut_ = false;
    projection_dead_ = false;
    ASSERT_TRUE(opened) << opened.error().ToString();
    store_ = std::move(*opened);
    Verify();
  }

  void Verify() {
    auto content = ReadContent(*store_, MetaKeys());
    ASSERT_TRUE(content) << content.error().ToString();
    if (maybe_batch_ && content->batches.size() == batches_.size() + 1) {
      batches_.push_back(*maybe_batch_);
    }
    maybe_batch_.reset();
    ASSERT_EQ(content->batches, batches_);
    if (maybe_meta_ && content->meta == *maybe_meta_) meta_ = *maybe_meta_;
    maybe_meta_.reset();
    ASSERT_EQ(content->meta, meta_);
    const Projection found{content->projected_seq, content->rows};
    ASSERT_NE(std::find(projections_.begin(), projections_.end(), found), projections_.end())
        << "projection at " << found.projected_seq << " with " << found.rows.size() << " rows";
    projections_ = {found};
  }

  void Step() {
    switch (random_.Below(10)) {
      case 0:
        return PutMeta();
      case 1:
      case 2:
      case 3:
        return WriteProjection();
      case 4:
        return random_.Below(5) == 0 ? ClearProjection() : Append();
      default:
        return Append();
    }
  }

  void Append() {
    const size_t size = random_.Below(20) == 0 ? 70'000 : random_.Below(3'000);
    std::pair<base::UtcMicros, base::Bytes> batch{
        base::UtcMicros{static_cast<int64_t>(random_.Below(1'000'000))},
        RandomBytes(random_, size)};
    if (store_->Append(batches_.size() + 1, batch.first, batch.second)) {
      batches_.push_back(std::move(batch));
    } else {
      maybe_batch_ = std::move(batch);
      dead_ = true;
    }
  }

  void PutMeta() {
    std::map<std::string, std::string> changed = meta_;
    const std::string& key = MetaKeys()[random_.Below(MetaKeys().size())];
    const base::Bytes value = RandomBytes(random_, random_.Below(200));
    changed[key] = std::string(base::AsText(value));
    if (store_->PutMeta(key, base::AsText(value))) {
      meta_ = std::move(changed);
    } else {
      maybe_meta_ = std::move(changed);
      dead_ = true;
    }
  }

  void WriteProjection() {
    Projection next = projections_.back();
    if (projection_dead_) return;
    next.projected_seq += random_.Below(batches_.size() - next.projected_seq + 1);
    std::vector<base::Bytes> kept;
    std::vector<ProjectionRow> rows;
    const uint64_t count = random_.Below(12);
    kept.reserve(count);
    for (uint64_t i = 0; i < count; ++i) {
      const uint64_t key = random_.Below(24) * 0x0fff'ffff'ffff'ffff;
      if (random_.Below(4) == 0) {
        rows.push_back({key, std::nullopt});
        next.rows.erase(key);
      } else {
        kept.push_back(RandomBytes(random_, random_.Below(2'000)));
        rows.push_back({key, base::ByteView(kept.back())});
        next.rows[key] = kept.back();
      }
    }
    // On failure it may be there or not; on success it may still be lost to a power cut.
    projection_dead_ = !store_->WriteProjection(next.projected_seq, rows);
    projections_.push_back(std::move(next));
  }

  void ClearProjection() {
    const bool cleared = store_->ClearProjection().has_value();
    if (cleared) {
      projections_ = {Projection()};
      projection_dead_ = false;
    } else {
      projections_.emplace_back();
      projection_dead_ = true;
    }
  }

  void End() {
    const uint64_t end = random_.Below(3);
    if (end == 0) harness_.Kill();
    if (end == 1) CutPower();
    if (random_.Below(2) == 0) harness_.FailOperation(0);
    store_.reset();  // in order, unless dead
    harness_.FailOperation(0);
  }

  void CutPower() {
    harness_.CutPower(random_.Next());
    power_was_cut_ = true;
  }

  StoreHarness& harness_;
  base::SeededRandom random_;
  std::unique_ptr<Store> store_;
  bool dead_ = false;
  bool projection_dead_ = false;
  bool power_was_cut_ = false;
  std::vector<std::pair<base::UtcMicros, base::Bytes>> batches_;
  std::optional<std::pair<base::UtcMicros, base::Bytes>> maybe_batch_;
  std::map<std::string, std::string> meta_;
  std::optional<std::map<std::string, std::string>> maybe_meta_;
  std::vector<Projection> projections_ = {Projection()};
};

}  // namespace

base::Bytes RandomBytes(base::SeededRandom& random, size_t size) {
  base::Bytes bytes(size);
  random.Fill(bytes);
  return bytes;
}

base::Result<Content> ReadContent(Store& store, const std::vector<std::string>& meta_keys) {
  Content content;
  base::Digest chain;
  WB_RETURN_IF_ERROR(store.Replay(1, [&](const Batch& batch) -> base::Result<void> {
    EXPECT_EQ(batch.seq, content.batches.size() + 1);
    chain = ChainBatch(chain, batch.seq, batch.time, batch.bytes);
    EXPECT_EQ(batch.chain, chain);
    content.batches.emplace_back(batch.time, base::Bytes(batch.bytes.begin(), batch.bytes.end()));
    return {};
  }));
  EXPECT_EQ(store.last_seq(), content.batches.size());
  EXPECT_EQ(store.last_chain(), chain);
  for (const std::string& key : meta_keys) {
    WB_ASSIGN_OR_RETURN(const std::optional<std::string> value, store.GetMeta(key));
    if (value) content.meta[key] = *value;
  }
  content.projected_seq = store.projected_seq();
  WB_RETURN_IF_ERROR(
      store.ReadProjection([&](uint64_t key, base::ByteView bytes) -> base::Result<void> {
        EXPECT_TRUE(content.rows.empty() || content.rows.rbegin()->first < key);
        content.rows[key].assign(bytes.begin(), bytes.end());
        return {};
      }));
  return content;
}

void AppendBatches(Store& store, uint64_t count, size_t size, uint64_t seed) {
  base::SeededRandom random(seed);
  for (uint64_t i = 0; i < count; ++i) {
    const uint64_t seq = store.last_seq() + 1;
    const auto appended = store.Append(seq, base::UtcMicros{static_cast<int64_t>(seq * 1'000)},
                                       RandomBytes(random, size));
    ASSERT_TRUE(appended) << appended.error().ToString();
  }
}

void RunModel(StoreHarness& harness, uint64_t seed) {
  Model(harness, seed).Run();
}

}  // namespace wideberth::store::testing
