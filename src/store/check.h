// Reads a whole store and says what is wrong with it: the core of wideberth-fsck.
//
//   const CheckReport report = CheckStore(*store, {});
//   for (const base::Error& finding : report.findings) Print(finding.ToString());
#ifndef WIDEBERTH_STORE_CHECK_H_
#define WIDEBERTH_STORE_CHECK_H_

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "store/store.h"

namespace wideberth::store {

// What looks into the payload, where given. An error it returns becomes a finding, and the walk
// goes on.
struct CheckVisitors {
  BatchVisitor batch;
  RowVisitor row;
};

struct CheckReport {
  uint64_t last_seq = 0;
  base::Digest last_chain;
  uint64_t batches = 0;  // read and found whole
  uint64_t batch_bytes = 0;
  base::UtcMicros first_time;  // of the batches counted; zero when there is none
  base::UtcMicros last_time;
  uint64_t projected_seq = 0;
  uint64_t rows = 0;
  uint64_t row_bytes = 0;
  std::vector<base::Error> findings;  // at most limits::kStoreFindingsMax
  bool cut_short = false;             // there were more findings than that
};

// Walks the log from batch 1, verifying chain, gaps and sizes, and goes on behind a damaged batch,
// so that the report says how much is hit; then the projection, verifying row and set checksums.
// Time and I/O: all of the store once; memory: one row. Changes nothing.
CheckReport CheckStore(Store& store, const CheckVisitors& visitors);

}  // namespace wideberth::store

#endif  // WIDEBERTH_STORE_CHECK_H_
