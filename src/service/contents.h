// Everything a store holds for a node, in memory: the airspace, the desk, the logs of the lines, the DSS and its log.
//
// It is made of the rows of the projection and the batches behind them, or of all batches; both give the same. The
// daemon runs on it, and wideberth-fsck makes it both ways and compares.
#ifndef WIDEBERTH_SERVICE_CONTENTS_H_
#define WIDEBERTH_SERVICE_CONTENTS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "airspace/state.h"
#include "base/bytes.h"
#include "base/result.h"
#include "dss/state.h"
#include "mechanism/desk.h"
#include "service/dss_log.h"
#include "service/line_logs.h"
#include "store/store.h"

namespace wideberth::service {

class Contents {
 public:
  // Empty. The store outlives it.
  explicit Contents(store::Store& store) : line_logs_(store) {}

  airspace::State& airspace() { return *airspace_; }
  const airspace::State& airspace() const { return *airspace_; }
  mechanism::Desk& desk() { return desk_; }
  const mechanism::Desk& desk() const { return desk_; }
  dss::State& dss() { return dss_; }
  const dss::State& dss() const { return dss_; }
  DssLog& dss_log() { return dss_log_; }
  const DssLog& dss_log() const { return dss_log_; }
  // Of the DSS and of its log; what batch `batch` holds.
  void Apply(const dss::Effect& effect, uint64_t batch);
  LineLogs& line_logs() { return line_logs_; }
  const LineLogs& line_logs() const { return line_logs_; }

  // True for rows that are not the airspace's, which are taken in; those of the airspace are decoded and loaded by the
  // caller, who may do that on two threads (airspace::State::DecodeRow).
  base::Result<bool> LoadRow(uint64_t key, base::ByteView bytes);
  base::Result<void> Replay(const store::Batch& batch);

  // As airspace/state.h, for all rows.
  std::vector<uint64_t> TakeDirty();
  void MarkDirty(std::span<const uint64_t> keys);
  std::optional<base::Bytes> EncodeRow(uint64_t key) const;

  void Clear();
  // Equal contents, equal bytes.
  base::Bytes Canonical() const;

 private:
  std::unique_ptr<airspace::State> airspace_ = std::make_unique<airspace::State>();
  mechanism::Desk desk_;
  LineLogs line_logs_;
  dss::State dss_;
  DssLog dss_log_;
};

}  // namespace wideberth::service

#endif  // WIDEBERTH_SERVICE_CONTENTS_H_
