#include "service/dss_log.h"

#include <algorithm>
#include <utility>

#include "airspace/wire.h"
#include "dss/log_entry.h"
#include "record/tile_path.h"

namespace wideberth::service {
namespace {

constexpr uint64_t kStateRow = 0;
constexpr uint64_t kFirstBundleRow = 1;

base::Unexpected Damaged() {
  return base::Fail(base::ErrorCode::kStorage, "dss log row",
                    "must be as a node of this version wrote it");
}

base::Unexpected NotComplete() {
  return base::Fail(base::ErrorCode::kNotFound, "node", "must be complete");
}

// The hash over hashes that are as many as a power of two.
base::Digest Fold(std::vector<base::Digest> hashes) {
  for (; hashes.size() > 1; hashes.resize(hashes.size() / 2)) {
    for (size_t i = 0; i < hashes.size() / 2; ++i) {
      hashes[i] = record::NodeHash(hashes[2 * i], hashes[2 * i + 1]);
    }
  }
  return hashes.front();
}

}  // namespace

// What is in memory: enough for the root of all entries.
class DssLog::Nodes final : public record::NodeReader {
 public:
  explicit Nodes(const DssLog& log) : log_(log) {}
  base::Result<base::Digest> Node(unsigned level, uint64_t index) const override {
    if (level >= record::kTileHeight) return log_.UpperNode(level, index);
    const uint64_t first = index << level;
    const uint64_t unfinished = log_.size_ - log_.leaves_.size();
    const uint64_t width = uint64_t{1} << level;
    if (first < unfinished || first + width > log_.size_) return NotComplete();
    const auto begin = log_.leaves_.begin() + static_cast<ptrdiff_t>(first - unfinished);
    return Fold({begin, begin + static_cast<ptrdiff_t>(width)});
  }

 private:
  const DssLog& log_;
};

base::Result<base::Digest> DssLog::UpperNode(unsigned level, uint64_t index) const {
  if (level < record::kTileHeight) return NotComplete();
  return finished_.Node(level - record::kTileHeight, index);
}

base::Digest DssLog::Root() const {
  return record::RootAt(Nodes(*this), size_).value();
}

void DssLog::Apply(const dss::LogBegun& begun) {
  for (size_t i = 0; i < bundles_.size(); ++i) dirty_.insert(kFirstBundleRow + i);
  dirty_.insert(kStateRow);
  std::set<uint64_t> dirty = std::move(dirty_);
  *this = DssLog();
  dirty_ = std::move(dirty);
  origin_ = begun.origin;
}

void DssLog::Apply(const dss::LogEntry& entry, uint64_t batch) {
  if (entry.index != size_) return;
  if (leaves_.empty()) {
    const auto parsed = dss::ParseLogEntry(entry.text);
    bundles_.push_back({parsed ? parsed->time : base::UtcMicros(), batch, {}});
  } else if (batch != last_batch_) {
    airspace::WireWriter(&bundles_.back().further_batches).Varint(batch - last_batch_);
  }
  last_batch_ = batch;
  leaves_.push_back(record::LeafHash(base::AsBytes(entry.text)));
  ++size_;
  dirty_.insert(kFirstBundleRow + bundles_.size() - 1);
  if (leaves_.size() < record::kTileWidth) return;
  finished_.Append(Fold(std::exchange(leaves_, {})));
}

void DssLog::Apply(const dss::LogHead& head) {
  if (head_ && head_->size >= head.size) return;
  head_ = head;
  dirty_.insert(kStateRow);
}

std::pair<uint64_t, uint64_t> DssLog::BundlesAt(base::UtcMicros time) const {
  const auto begins_before = [](const Bundle& bundle, base::UtcMicros at) {
    return bundle.first_time < at;
  };
  const auto begins_after = [](base::UtcMicros at, const Bundle& bundle) {
    return at < bundle.first_time;
  };
  const auto from = std::lower_bound(bundles_.begin(), bundles_.end(), time, begins_before);
  const auto to = std::upper_bound(bundles_.begin(), bundles_.end(), time, begins_after);
  const auto first = static_cast<uint64_t>(from - bundles_.begin());
  return {first == 0 ? 0 : first - 1, static_cast<uint64_t>(to - bundles_.begin())};
}

std::vector<uint64_t> DssLog::BatchesOf(uint64_t bundle) const {
  const Bundle& of = bundles_.at(bundle);
  std::vector<uint64_t> batches = {of.first_batch};
  airspace::WireReader wire(of.further_batches);
  while (wire.left() > 0) batches.push_back(batches.back() + wire.Varint());
  return batches;
}

// ---- Rows ----

std::vector<uint64_t> DssLog::TakeDirty() {
  std::vector<uint64_t> dirty(dirty_.begin(), dirty_.end());
  dirty_.clear();
  return dirty;
}

std::optional<base::Bytes> DssLog::EncodeRow(uint64_t row) const {
  base::Bytes out;
  airspace::WireWriter wire(&out);
  if (row == kStateRow) {
    if (origin_.empty()) return std::nullopt;
    wire.Text(origin_);
    wire.Bool(head_.has_value());
    if (!head_) return out;
    wire.Varint(head_->size);
    wire.Fixed(head_->root.bytes);
    wire.Text(head_->note);
    return out;
  }
  const uint64_t bundle = row - kFirstBundleRow;
  if (bundle >= bundles_.size()) return std::nullopt;
  wire.Time(bundles_[bundle].first_time);
  wire.Varint(bundles_[bundle].first_batch);
  wire.Varint(bundles_[bundle].further_batches.size());
  wire.Fixed(bundles_[bundle].further_batches);
  if (bundle * record::kTileWidth + record::kTileWidth <= size_) {
    wire.Bool(true);
    wire.Fixed(finished_.Node(0, bundle)->bytes);
    return out;
  }
  wire.Bool(false);
  for (const base::Digest& leaf : leaves_) wire.Fixed(leaf.bytes);
  return out;
}

base::Result<void> DssLog::LoadRow(uint64_t row, base::ByteView bytes) {
  airspace::WireReader wire(bytes);
  if (row == kStateRow) {
    origin_ = wire.Text();
    if (wire.Bool()) {
      dss::LogHead head;
      head.size = wire.Varint();
      head.root = wire.ReadDigest();
      head.note = wire.Text();
      head_ = std::move(head);
    }
    return wire.ok() && wire.left() == 0 ? base::Result<void>() : Damaged();
  }
  // Rows come by key, so bundles in order.
  if (row - kFirstBundleRow != bundles_.size() || !leaves_.empty()) return Damaged();
  Bundle bundle;
  bundle.first_time = wire.Time();
  bundle.first_batch = wire.Varint();
  const size_t further = wire.Count(1);
  for (size_t i = 0; i < further && wire.ok(); ++i) bundle.further_batches.push_back(wire.U8());
  const bool full = wire.Bool();
  bundles_.push_back(std::move(bundle));
  if (full) {
    finished_.Append(wire.ReadDigest());
    size_ += record::kTileWidth;
  } else {
    while (wire.ok() && wire.left() > 0) leaves_.push_back(wire.ReadDigest());
    size_ += leaves_.size();
  }
  if (!wire.ok() || wire.left() > 0 || leaves_.size() >= record::kTileWidth) return Damaged();
  last_batch_ = BatchesOf(bundles_.size() - 1).back();
  return {};
}

base::Bytes DssLog::Canonical() const {
  base::Bytes all;
  for (uint64_t row = 0; row < kFirstBundleRow + bundles_.size(); ++row) {
    const auto bytes = EncodeRow(row);
    if (bytes) all.insert(all.end(), bytes->begin(), bytes->end());
  }
  return all;
}

}  // namespace wideberth::service
