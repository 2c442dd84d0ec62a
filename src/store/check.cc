#include "store/check.h"

#include "base/limits.h"

namespace wideberth::store {
namespace {

// False when no more findings are wanted.
bool AddFinding(CheckReport& report, base::Error finding) {
  if (report.findings.size() >= limits::kStoreFindingsMax) {
    report.cut_short = true;
    return false;
  }
  report.findings.push_back(std::move(finding));
  return true;
}

void CheckLog(Store& store, const CheckVisitors& visitors, CheckReport& report) {
  uint64_t next = 1;
  const auto visit = [&](const Batch& batch) -> base::Result<void> {
    next = batch.seq + 1;
    if (report.batches == 0) report.first_time = batch.time;
    report.last_time = batch.time;
    ++report.batches;
    report.batch_bytes += batch.bytes.size();
    if (!visitors.batch) return {};
    if (auto seen = visitors.batch(batch); !seen) {
      const std::string where = "batch " + std::to_string(batch.seq) + " ";
      if (!AddFinding(report, std::move(seen).error().Under(where))) {
        return base::Fail(base::ErrorCode::kTooLarge, "findings", "are too many to go on");
      }
    }
    return {};
  };
  while (next <= report.last_seq && !report.cut_short) {
    auto read = store.Replay(next, visit);
    if (read || report.cut_short) break;
    if (!AddFinding(report, std::move(read).error())) break;
    ++next;  // the batch that could not be read
  }
}

void CheckProjection(Store& store, const CheckVisitors& visitors, CheckReport& report) {
  const auto visit = [&](uint64_t key, base::ByteView bytes) -> base::Result<void> {
    ++report.rows;
    report.row_bytes += bytes.size();
    if (!visitors.row) return {};
    if (auto seen = visitors.row(key, bytes); !seen) {
      const std::string where = "projection row " + std::to_string(key) + " ";
      if (!AddFinding(report, std::move(seen).error().Under(where))) {
        return base::Fail(base::ErrorCode::kTooLarge, "findings", "are too many to go on");
      }
    }
    return {};
  };
  auto read = store.ReadProjection(visit);
  if (!read && !report.cut_short) AddFinding(report, std::move(read).error());
}

}  // namespace

CheckReport CheckStore(Store& store, const CheckVisitors& visitors) {
  CheckReport report;
  report.last_seq = store.last_seq();
  report.last_chain = store.last_chain();
  report.projected_seq = store.projected_seq();
  CheckLog(store, visitors, report);
  CheckProjection(store, visitors, report);
  return report;
}

}  // namespace wideberth::store
