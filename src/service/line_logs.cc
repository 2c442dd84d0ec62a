#include "service/line_logs.h"

#include <algorithm>

#include "airspace/wire.h"
#include "base/check.h"
#include "service/batch.h"

namespace wideberth::service {
namespace {

// Row keys: of a state its line alone; of a piece of an index the line, the log and which piece.
constexpr uint64_t kIndexRow = uint64_t{1} << 55;
constexpr size_t kEntriesARow = 4'096;

uint64_t LogOf(uint32_t line, bool mirror) {
  return uint64_t{line} * 2 + (mirror ? 1 : 0);
}
uint64_t IndexRow(uint32_t line, bool mirror, uint64_t seq) {
  return kIndexRow | (LogOf(line, mirror) << 24) | ((seq - 1) / kEntriesARow);
}

base::Unexpected Damaged(std::string_view what) {
  return base::Fail(base::ErrorCode::kStorage, what, "must be as a node of this version wrote it");
}

struct EntryName {
  bool mirror = false;
  uint64_t seq = 0;
  const line::LogEntry* entry = nullptr;
};
std::optional<EntryName> NameOf(const line::Effect& effect) {
  if (const auto* written = std::get_if<line::EntryWritten>(&effect)) {
    return EntryName{false, written->seq, &written->entry};
  }
  if (const auto* mirrored = std::get_if<line::EntryMirrored>(&effect)) {
    return EntryName{true, mirrored->seq, &mirrored->entry};
  }
  return std::nullopt;
}

}  // namespace

class LineLogs::Source final : public line::LogSource {
 public:
  Source(const LineLogs& logs, uint32_t line, bool mirror)
      : logs_(logs), line_(line), mirror_(mirror) {}
  base::Result<line::LogEntry> ReadEntry(uint64_t seq) const override {
    return logs_.ReadEntry(line_, mirror_, seq);
  }

 private:
  const LineLogs& logs_;
  const uint32_t line_;
  const bool mirror_;
};

void LineLogs::SetBatch(uint32_t line, bool mirror, uint64_t seq, uint64_t batch) {
  std::vector<uint64_t>& batches = lines_[line].batches[mirror ? 1 : 0];
  if (batches.size() < seq) batches.resize(seq);
  batches[seq - 1] = batch;
  dirty_.insert(IndexRow(line, mirror, seq));
}

void LineLogs::Index(uint32_t line, const line::Effect& effect, uint64_t batch) {
  if (const auto name = NameOf(effect)) SetBatch(line, name->mirror, name->seq, batch);
}

void LineLogs::SetState(uint32_t line, const line::LineState& state) {
  lines_[line].state = state;
  dirty_.insert(line);
}

void LineLogs::Replay(uint32_t line, const line::Effect& effect, uint64_t batch) {
  line::LineState& state = lines_[line].state;
  const auto name = NameOf(effect);
  if (!name) {
    state.Apply(effect);
  } else {
    // A row may be ahead of the number beside it.
    if (name->seq == (name->mirror ? state.mirror : state.own).size() + 1) state.Apply(effect);
    SetBatch(line, name->mirror, name->seq, batch);
  }
  dirty_.insert(line);
}

void LineLogs::Clear() {
  lines_.clear();
  dirty_.clear();
  cached_.clear();
  cached_batch_ = 0;
}

line::LineState LineLogs::StateOf(uint32_t line) const {
  const auto found = lines_.find(line);
  return found == lines_.end() ? line::LineState() : found->second.state;
}

std::vector<uint64_t> LineLogs::BatchesOf(uint32_t line, bool mirror, uint64_t first_seq,
                                          size_t count) const {
  const auto found = lines_.find(line);
  if (found == lines_.end()) return {};
  const std::vector<uint64_t>& all = found->second.batches[mirror ? 1 : 0];
  const size_t begin = std::min(all.size(), static_cast<size_t>(first_seq - 1));
  const size_t end = begin + std::min(count, all.size() - begin);
  return {all.begin() + static_cast<ptrdiff_t>(begin), all.begin() + static_cast<ptrdiff_t>(end)};
}

std::unique_ptr<line::LogSource> LineLogs::OwnLog(uint32_t line) const {
  return std::make_unique<Source>(*this, line, false);
}
std::unique_ptr<line::LogSource> LineLogs::Mirror(uint32_t line) const {
  return std::make_unique<Source>(*this, line, true);
}

base::Result<line::LogEntry> LineLogs::ReadEntry(uint32_t line, bool mirror, uint64_t seq) const {
  const auto found = lines_.find(line);
  CHECK(found != lines_.end() && seq >= 1);
  const std::vector<uint64_t>& batches = found->second.batches[mirror ? 1 : 0];
  if (seq > batches.size() || batches[seq - 1] == 0) return Damaged("entry " + std::to_string(seq));
  const uint64_t batch = batches[seq - 1];
  if (batch != cached_batch_) {
    cached_.clear();
    cached_batch_ = 0;
    bool done = false;
    BatchVisitor visitor;
    visitor.line = [&](uint32_t of, line::Effect effect) {
      if (const auto name = NameOf(effect)) {
        cached_[{LogOf(of, name->mirror), name->seq}] = *name->entry;
      }
    };
    base::Result<void> read = store_.Replay(batch, [&](const store::Batch& one) {
      auto visited = ReadBatch(one.bytes, visitor);
      done = visited.has_value();
      // One batch is wanted, not all that follow.
      return done ? base::Fail(base::ErrorCode::kInternal, "", "is enough") : visited;
    });
    if (!done) return base::Fail(std::move(read).error());
    cached_batch_ = batch;
  }
  const auto entry = cached_.find({LogOf(line, mirror), seq});
  if (entry == cached_.end()) return Damaged("entry " + std::to_string(seq));
  return entry->second;
}

std::vector<uint64_t> LineLogs::TakeDirty() {
  std::vector<uint64_t> dirty(dirty_.begin(), dirty_.end());
  dirty_.clear();
  return dirty;
}

std::optional<base::Bytes> LineLogs::EncodeRow(uint64_t row) const {
  base::Bytes out;
  if ((row & kIndexRow) == 0) {
    const auto found = lines_.find(static_cast<uint32_t>(row));
    if (found == lines_.end()) return std::nullopt;
    found->second.state.Encode(&out);
    return out;
  }
  const uint64_t log = (row & ~kIndexRow) >> 24;
  const auto found = lines_.find(static_cast<uint32_t>(log / 2));
  if (found == lines_.end()) return std::nullopt;
  const std::vector<uint64_t>& batches = found->second.batches[log % 2];
  airspace::WireWriter wire(&out);
  const size_t first = (row & 0xff'ffff) * kEntriesARow;
  for (size_t i = first; i < std::min(batches.size(), first + kEntriesARow); ++i) {
    wire.Varint(batches[i]);
  }
  return out;
}

base::Result<void> LineLogs::LoadRow(uint64_t row, base::ByteView bytes) {
  if ((row & kIndexRow) == 0) {
    WB_ASSIGN_OR_RETURN(lines_[static_cast<uint32_t>(row)].state, line::LineState::Decode(&bytes));
    return bytes.empty() ? base::Result<void>() : Damaged("row");
  }
  const uint64_t log = (row & ~kIndexRow) >> 24;
  std::vector<uint64_t>& batches = lines_[static_cast<uint32_t>(log / 2)].batches[log % 2];
  airspace::WireReader wire(bytes);
  size_t next = (row & 0xff'ffff) * kEntriesARow;
  for (; wire.ok() && wire.left() > 0; ++next) {
    if (batches.size() <= next) batches.resize(next + 1);
    batches[next] = wire.Varint();
  }
  return wire.ok() ? base::Result<void>() : Damaged("row");
}

base::Bytes LineLogs::Canonical() const {
  base::Bytes all;
  airspace::WireWriter wire(&all);
  for (const auto& [number, line] : lines_) {
    wire.Varint(number);
    line.state.Encode(&all);
    for (const std::vector<uint64_t>& batches : line.batches) {
      for (const uint64_t batch : batches) wire.Varint(batch);
    }
  }
  return all;
}

}  // namespace wideberth::service
