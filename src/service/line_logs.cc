#include "service/line_logs.h"

#include <algorithm>

#include "airspace/wire.h"
#include "base/check.h"
#include "service/batch.h"

namespace wideberth::service {
namespace {

// Row keys: of a state its line alone; of the others what it is of, the line, the log and which piece.
constexpr uint64_t kHeadsRow = uint64_t{1} << 53;   // heads that were cosigned
constexpr uint64_t kLeavesRow = uint64_t{1} << 54;  // leaf hashes
constexpr uint64_t kIndexRow = uint64_t{1} << 55;   // batches of entries
constexpr uint64_t kRowKinds = kHeadsRow | kLeavesRow | kIndexRow;
constexpr uint64_t kPieceBits = 24;
constexpr uint64_t kPieceMask = (uint64_t{1} << kPieceBits) - 1;
constexpr size_t kEntriesARow = 4'096;
constexpr size_t kLeavesARow = 256;
constexpr size_t kHeadsARow = 512;

uint64_t LogOf(uint32_t line, bool mirror) {
  return uint64_t{line} * 2 + (mirror ? 1 : 0);
}
uint64_t RowOf(uint64_t kind, uint32_t line, bool mirror, uint64_t index, size_t a_row) {
  return kind | (LogOf(line, mirror) << kPieceBits) | (index / a_row);
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

void LineLogs::SetEntry(uint32_t line, bool mirror, uint64_t seq, const line::LogEntry& entry,
                        uint64_t batch) {
  Line& of = lines_[line];
  std::vector<uint64_t>& batches = of.batches[mirror ? 1 : 0];
  if (batches.size() < seq) batches.resize(seq);
  batches[seq - 1] = batch;
  dirty_.insert(RowOf(kIndexRow, line, mirror, seq - 1, kEntriesARow));
  record::MemoryNodes& nodes = of.nodes[mirror ? 1 : 0];
  if (nodes.size() + 1 != seq) return;  // a row that is ahead of the log has it
  nodes.Append(entry.LeafHash());
  dirty_.insert(RowOf(kLeavesRow, line, mirror, seq - 1, kLeavesARow));
}

void LineLogs::SetHead(uint32_t line, const line::HeadCosigned& head, uint64_t batch) {
  const bool mirror = !head.by_peer;
  std::vector<HeadPlace>& heads = lines_[line].heads[mirror ? 1 : 0];
  if (!heads.empty() && heads.back().size >= head.head.size) return;
  heads.push_back({head.head.size, head.time_s, batch});
  dirty_.insert(RowOf(kHeadsRow, line, mirror, heads.size() - 1, kHeadsARow));
}

void LineLogs::Index(uint32_t line, const line::Effect& effect, uint64_t batch) {
  if (const auto name = NameOf(effect)) {
    SetEntry(line, name->mirror, name->seq, *name->entry, batch);
  } else if (const auto* head = std::get_if<line::HeadCosigned>(&effect)) {
    SetHead(line, *head, batch);
  }
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
    if (const auto* head = std::get_if<line::HeadCosigned>(&effect)) SetHead(line, *head, batch);
  } else {
    // A row may be ahead of the number beside it.
    if (name->seq == (name->mirror ? state.mirror : state.own).size() + 1) state.Apply(effect);
    SetEntry(line, name->mirror, name->seq, *name->entry, batch);
  }
  dirty_.insert(line);
}

// ---- What is durable ----

LineLogs::BothLogs LineLogs::SoFar(uint32_t line) const {
  const Line& of = LineOf(line);
  const auto so_far = [](const line::LogState& log, const std::vector<HeadPlace>& heads) {
    return Durable{log.size(), log.signed_head, log.cosigned, heads.size()};
  };
  return {so_far(of.state.own, of.heads[0]), so_far(of.state.mirror, of.heads[1])};
}

void LineLogs::MarkAllDurable() {
  for (auto& [number, line] : lines_) line.durable = SoFar(number);
}

const LineLogs::Line& LineLogs::LineOf(uint32_t line) const {
  const auto found = lines_.find(line);
  static const Line kNone;
  return found == lines_.end() ? kNone : found->second;
}

LineLogs::Durable LineLogs::DurableOf(uint32_t line, bool mirror) const {
  return LineOf(line).durable[mirror ? 1 : 0];
}

const record::NodeReader& LineLogs::Nodes(uint32_t line, bool mirror) const {
  return LineOf(line).nodes[mirror ? 1 : 0];
}

std::span<const HeadPlace> LineLogs::DurableHeads(uint32_t line, bool mirror) const {
  const Line& of = LineOf(line);
  return std::span(of.heads[mirror ? 1 : 0]).first(of.durable[mirror ? 1 : 0].heads);
}

std::optional<HeadPlace> LineLogs::FirstHeadFrom(uint32_t line, bool mirror, uint64_t size) const {
  const auto heads = DurableHeads(line, mirror);
  const auto found =
      std::lower_bound(heads.begin(), heads.end(), size,
                       [](const HeadPlace& head, uint64_t wanted) { return head.size < wanted; });
  return found == heads.end() ? std::nullopt : std::optional(*found);
}

std::optional<HeadPlace> LineLogs::LastHeadUpTo(uint32_t line, bool mirror, uint64_t size) const {
  const auto heads = DurableHeads(line, mirror);
  const auto after =
      std::upper_bound(heads.begin(), heads.end(), size,
                       [](uint64_t wanted, const HeadPlace& head) { return wanted < head.size; });
  return after == heads.begin() ? std::nullopt : std::optional(*std::prev(after));
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
  if ((row & kRowKinds) == 0) {
    const auto found = lines_.find(static_cast<uint32_t>(row));
    if (found == lines_.end()) return std::nullopt;
    found->second.state.Encode(&out);
    return out;
  }
  const uint64_t log = (row & ~kRowKinds) >> kPieceBits;
  const auto found = lines_.find(static_cast<uint32_t>(log / 2));
  if (found == lines_.end()) return std::nullopt;
  airspace::WireWriter wire(&out);
  const size_t piece = row & kPieceMask;
  const auto put = [&](size_t size, size_t a_row, const auto& write) {
    for (size_t i = piece * a_row; i < std::min(size, (piece + 1) * a_row); ++i) write(i);
  };
  if ((row & kIndexRow) != 0) {
    const std::vector<uint64_t>& batches = found->second.batches[log % 2];
    put(batches.size(), kEntriesARow, [&](size_t i) { wire.Varint(batches[i]); });
  } else if ((row & kLeavesRow) != 0) {
    const record::MemoryNodes& nodes = found->second.nodes[log % 2];
    put(nodes.size(), kLeavesARow, [&](size_t i) { wire.Fixed(nodes.Node(0, i)->bytes); });
  } else {
    const std::vector<HeadPlace>& heads = found->second.heads[log % 2];
    put(heads.size(), kHeadsARow, [&](size_t i) {
      wire.Varint(heads[i].size);
      wire.Varint(heads[i].time_s);
      wire.Varint(heads[i].batch);
    });
  }
  return out;
}

base::Result<void> LineLogs::LoadRow(uint64_t row, base::ByteView bytes) {
  if ((row & kRowKinds) == 0) {
    WB_ASSIGN_OR_RETURN(lines_[static_cast<uint32_t>(row)].state, line::LineState::Decode(&bytes));
    return bytes.empty() ? base::Result<void>() : Damaged("row");
  }
  // Rows come by key, so those of one log in order.
  const uint64_t log = (row & ~kRowKinds) >> kPieceBits;
  Line& line = lines_[static_cast<uint32_t>(log / 2)];
  airspace::WireReader wire(bytes);
  const size_t piece = row & kPieceMask;
  if ((row & kIndexRow) != 0) {
    std::vector<uint64_t>& batches = line.batches[log % 2];
    if (batches.size() > piece * kEntriesARow) return Damaged("row");
    batches.resize(piece * kEntriesARow);
    while (wire.ok() && wire.left() > 0) batches.push_back(wire.Varint());
  } else if ((row & kLeavesRow) != 0) {
    record::MemoryNodes& nodes = line.nodes[log % 2];
    if (nodes.size() != piece * kLeavesARow) return Damaged("row");
    while (wire.ok() && wire.left() > 0) nodes.Append(wire.ReadDigest());
  } else {
    std::vector<HeadPlace>& heads = line.heads[log % 2];
    if (heads.size() != piece * kHeadsARow) return Damaged("row");
    while (wire.ok() && wire.left() > 0) {
      heads.push_back({wire.Varint(), wire.Varint(), wire.Varint()});
    }
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
    for (size_t i = 0; i < 2; ++i) {
      const uint64_t size = line.nodes[i].size();
      wire.Fixed(record::RootAt(line.nodes[i], size)->bytes);
      for (const HeadPlace& head : line.heads[i]) {
        wire.Varint(head.size);
        wire.Varint(head.time_s);
        wire.Varint(head.batch);
      }
    }
  }
  return all;
}

}  // namespace wideberth::service
