#include "record/stream_verifier.h"

#include <algorithm>
#include <string>
#include <utility>

namespace wideberth::record {

using base::Invalid;
using base::Result;

StreamVerifier::StreamVerifier(std::vector<TreeHead> heads, OnProgress on_progress)
    : heads_(std::move(heads)), on_progress_(std::move(on_progress)) {
  std::stable_sort(heads_.begin(), heads_.end(),
                   [](const TreeHead& a, const TreeHead& b) { return a.size < b.size; });
  if (!heads_.empty()) progress_.size = heads_.back().size;
  state_ = Meet();
}

Result<void> StreamVerifier::Meet() {
  const uint64_t size = frontier_.size();
  if (next_ == heads_.size() || heads_[next_].size != size) return {};
  const base::Digest root = frontier_.Root();
  for (; next_ < heads_.size() && heads_[next_].size == size; ++next_) {
    if (heads_[next_].root == root) continue;
    return Invalid("head",
                   "must have the root of the entries up to its size, " + std::to_string(size) +
                       ": " + root.ToHex(),
                   heads_[next_].root.ToHex());
  }
  progress_.verified = size;
  return {};
}

Result<void> StreamVerifier::Add(base::ByteView entry) {
  return AddLeafHash(LeafHash(entry));
}

Result<void> StreamVerifier::AddLeafHash(const base::Digest& leaf_hash) {
  if (!state_) return state_;
  if (next_ == heads_.size()) {
    state_ = Invalid("entry", "must be below the longest head, " + std::to_string(progress_.size),
                     std::to_string(progress_.read));
    return state_;
  }
  frontier_.Append(leaf_hash);
  progress_.read = frontier_.size();
  const size_t next_before = next_;
  state_ = Meet();
  if (on_progress_ && (next_ != next_before || progress_.read % kProgressEvery == 0)) {
    on_progress_(progress_);
  }
  return state_;
}

Result<void> StreamVerifier::Finish() const {
  if (!state_) return state_;
  if (heads_.empty()) return Invalid("head", "must be given: without one nothing is verified");
  if (next_ == heads_.size()) return {};
  return Invalid("size", "must reach the longest head, " + std::to_string(progress_.size),
                 std::to_string(progress_.read) + " entries");
}

}  // namespace wideberth::record
