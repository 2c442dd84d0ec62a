// The logs of the lines, as the store holds them: where each entry stands, and how far each log goes.
//
// An entry is stored once, inside the batch of the turn that took it in (service/batch.h). The index names the batch
// for each entry; reading one reads its batch, which is kept for the next, as entries are read in order when they are
// sent again. Beside it stand the nodes of the Merkle tree and the heads that were cosigned: 72 bytes of memory an
// entry, and 24 a head.
//
// Threads: changed by the sequencer under the state's lock; rows are encoded on another thread under the shared one,
// and so is what is durable looked at (service/record_reader.h); sources are read on the thread that decides.
#ifndef WIDEBERTH_SERVICE_LINE_LOGS_H_
#define WIDEBERTH_SERVICE_LINE_LOGS_H_

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "line/line_state.h"
#include "line/log_entry.h"
#include "record/merkle.h"
#include "store/store.h"

namespace wideberth::service {

// Where a cosigned head stands.
struct HeadPlace {
  uint64_t size = 0;
  uint64_t time_s = 0;
  uint64_t batch = 0;
  bool operator==(const HeadPlace&) const = default;
};

class LineLogs {
 public:
  // One log as far as it is durable.
  struct Durable {
    uint64_t size = 0;
    std::optional<line::KnownHead> signed_head;
    std::optional<line::KnownHead> cosigned;
    size_t heads = 0;
  };

  explicit LineLogs(store::Store& store) : store_(store) {}

  // The entry that `effect` holds stands in that batch. For policy-lane changes nothing happens.
  void Index(uint32_t line, const line::Effect& effect, uint64_t batch);
  // What the line's state is after a turn.
  void SetState(uint32_t line, const line::LineState& state);
  // For rebuilding: the effect of a batch, which the rows may hold already.
  void Replay(uint32_t line, const line::Effect& effect, uint64_t batch);

  // How far both logs of a line go now, and that this much is durable: one turn may be in the making while another is
  // written. Own log, then mirror.
  using BothLogs = std::array<Durable, 2>;
  BothLogs SoFar(uint32_t line) const;
  void MarkDurable(uint32_t line, const BothLogs& logs) { lines_[line].durable = logs; }
  void MarkAllDurable();

  // Of what is durable. Nothing is there for a line that nobody opened.
  Durable DurableOf(uint32_t line, bool mirror) const;
  const record::NodeReader& Nodes(uint32_t line, bool mirror) const;
  // The earliest cosigned head of at least, and the latest of at most, that size.
  std::optional<HeadPlace> FirstHeadFrom(uint32_t line, bool mirror, uint64_t size) const;
  std::optional<HeadPlace> LastHeadUpTo(uint32_t line, bool mirror, uint64_t size) const;

  // Forgets everything, for rebuilding.
  void Clear();

  line::LineState StateOf(uint32_t line) const;
  // The batches of entries `first_seq` to `first_seq + count - 1`, or as many of them as there are.
  std::vector<uint64_t> BatchesOf(uint32_t line, bool mirror, uint64_t first_seq,
                                  size_t count) const;
  std::unique_ptr<line::LogSource> OwnLog(uint32_t line) const;
  std::unique_ptr<line::LogSource> Mirror(uint32_t line) const;

  // Rows, as airspace/state.h.
  std::vector<uint64_t> TakeDirty();
  void MarkDirty(std::span<const uint64_t> rows) { dirty_.insert(rows.begin(), rows.end()); }
  std::optional<base::Bytes> EncodeRow(uint64_t row) const;
  base::Result<void> LoadRow(uint64_t row, base::ByteView bytes);
  base::Bytes Canonical() const;

 private:
  class Source;
  struct Line {
    line::LineState state;
    // Of own log and mirror.
    std::vector<uint64_t> batches[2];  // of entry seq, at seq - 1
    record::MemoryNodes nodes[2];
    std::vector<HeadPlace> heads[2];  // by size
    BothLogs durable;
  };
  const Line& LineOf(uint32_t line) const;
  std::span<const HeadPlace> DurableHeads(uint32_t line, bool mirror) const;
  void SetHead(uint32_t line, const line::HeadCosigned& head, uint64_t batch);

  base::Result<line::LogEntry> ReadEntry(uint32_t line, bool mirror, uint64_t seq) const;
  void SetEntry(uint32_t line, bool mirror, uint64_t seq, const line::LogEntry& entry,
                uint64_t batch);

  store::Store& store_;
  std::map<uint32_t, Line> lines_;
  std::set<uint64_t> dirty_;

  // The batch read last, by line, log and number.
  mutable uint64_t cached_batch_ = 0;
  mutable std::map<std::pair<uint64_t, uint64_t>, line::LogEntry> cached_;
};

}  // namespace wideberth::service

#endif  // WIDEBERTH_SERVICE_LINE_LOGS_H_
