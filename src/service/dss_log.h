// The transparency log of the DSS in this node's store: how far it goes, where its entries stand, its tree.
//
// An entry is stored once, inside the batch that changes the state (service/batch.h). Beside it memory holds, for each
// 256 entries, their hash and the numbers of the batches that they stand in; of the last, unfinished 256 the leaf
// hashes. That is 1 to 3 bytes an entry. Hash tiles of level 0 are made again of the entries when they are asked for.
//
// Threads: changed by the sequencer under the state's lock; rows are encoded, and what is durable is looked at
// (service/embedded_dss.h), under the shared one.
#ifndef WIDEBERTH_SERVICE_DSS_LOG_H_
#define WIDEBERTH_SERVICE_DSS_LOG_H_

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "dss/effects.h"
#include "record/merkle.h"

namespace wideberth::service {

class DssLog {
 public:
  // The one entry that may come now has index size(). Also for rebuilding, where rows may be ahead of the batches:
  // what is known is passed over.
  void Apply(const dss::LogBegun& begun);
  void Apply(const dss::LogEntry& entry, uint64_t batch);
  void Apply(const dss::LogHead& head);

  const std::string& origin() const { return origin_; }  // empty: never begun
  uint64_t size() const { return size_; }
  const std::optional<dss::LogHead>& head() const { return head_; }
  // Of all entries: at most 63 hashes and those of the unfinished bundle.
  base::Digest Root() const;

  // That this head may be shown: the batch that holds it is on the disk.
  void MarkDurable(const std::optional<dss::LogHead>& head) { durable_ = head; }
  const std::optional<dss::LogHead>& durable() const { return durable_; }

  // The bundles of the tree in which an entry of that time may stand: first and one past the last.
  std::pair<uint64_t, uint64_t> BundlesAt(base::UtcMicros time) const;
  // The batches that the entries of a bundle stand in, in order.
  std::vector<uint64_t> BatchesOf(uint64_t bundle) const;
  // The node of a full bundle or above it; kNotFound below.
  base::Result<base::Digest> UpperNode(unsigned level, uint64_t index) const;

  // Rows, as airspace/state.h.
  std::vector<uint64_t> TakeDirty();
  void MarkDirty(std::span<const uint64_t> rows) { dirty_.insert(rows.begin(), rows.end()); }
  std::optional<base::Bytes> EncodeRow(uint64_t row) const;
  base::Result<void> LoadRow(uint64_t row, base::ByteView bytes);
  base::Bytes Canonical() const;

 private:
  struct Bundle {
    base::UtcMicros first_time;
    uint64_t first_batch = 0;
    base::Bytes further_batches;  // varints: the steps from one to the next
  };
  class Nodes;

  std::string origin_;
  uint64_t size_ = 0;
  std::optional<dss::LogHead> head_;
  std::optional<dss::LogHead> durable_;
  std::vector<Bundle> bundles_;
  uint64_t last_batch_ = 0;           // of the last entry
  std::vector<base::Digest> leaves_;  // of the unfinished bundle
  record::MemoryNodes finished_;      // over the hashes of the full ones
  std::set<uint64_t> dirty_;
};

}  // namespace wideberth::service

#endif  // WIDEBERTH_SERVICE_DSS_LOG_H_
