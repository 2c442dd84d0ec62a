#include "service/entry_reader.h"

#include "service/batch.h"
#include "service/sequencer.h"

namespace wideberth::service {

using base::ErrorCode;
using base::Fail;
using base::Result;

// Calls `visit` for the batch and those after it while it says so.
Result<void> EntryReader::Visit(
    uint64_t batch, const std::function<Result<bool>(const store::Batch&)>& visit) const {
  bool enough = false;
  Result<void> read = store_.Replay(batch, [&](const store::Batch& one) -> Result<void> {
    WB_ASSIGN_OR_RETURN(const bool more, visit(one));
    if (more) return {};
    enough = true;
    return Fail(ErrorCode::kInternal, "", "is enough");
  });
  if (enough) return {};
  return read;
}

Result<std::vector<line::LogEntry>> EntryReader::ReadLog(base::PartyId peer, bool theirs,
                                                         uint64_t first_seq, size_t count) const {
  std::optional<uint32_t> line;
  std::vector<uint64_t> batches;
  {
    const auto held = lock_.Read();
    if (const mechanism::Peer* known = contents_.desk().FindPeer(peer)) {
      line = known->line;
      batches = contents_.line_logs().BatchesOf(known->line, theirs, first_seq, count);
    }
  }
  if (!line) return Fail(ErrorCode::kNotFound, "peer", "must be a peer", peer.ToString());
  const uint64_t durable = sequencer_.durable_seq();
  std::vector<line::LogEntry> entries;
  while (entries.size() < batches.size()) {
    const uint64_t batch = batches[entries.size()];
    if (batch == 0 || batch > durable) break;
    const size_t before = entries.size();
    BatchVisitor visitor;
    visitor.line = [&](uint32_t of, line::Effect effect) {
      if (of != *line || entries.size() == batches.size()) return;
      const uint64_t wanted = first_seq + entries.size();
      auto* written = std::get_if<line::EntryWritten>(&effect);
      auto* mirrored = std::get_if<line::EntryMirrored>(&effect);
      if (!theirs && written != nullptr && written->seq == wanted) {
        entries.push_back(std::move(written->entry));
      } else if (theirs && mirrored != nullptr && mirrored->seq == wanted) {
        entries.push_back(std::move(mirrored->entry));
      }
    };
    const auto read_one = [&](const store::Batch& one) -> Result<bool> {
      WB_RETURN_IF_ERROR(ReadBatch(one.bytes, visitor));
      return false;
    };
    WB_RETURN_IF_ERROR(Visit(batch, read_one));
    if (entries.size() == before) {
      return Fail(ErrorCode::kStorage, "entry " + std::to_string(first_seq + before),
                  "must be in its batch");
    }
  }
  return entries;
}

Result<JournalPage> EntryReader::ReadJournal(uint64_t after_batch, size_t batches_max) const {
  JournalPage page;
  const uint64_t durable = sequencer_.durable_seq();
  if (after_batch >= durable) return page;
  size_t looked_at = 0;
  BatchVisitor visitor;
  visitor.desk = [&](mechanism::DeskEffect effect) {
    if (auto* written = std::get_if<mechanism::JournalWritten>(&effect)) {
      page.entries.push_back(std::move(*written));
    }
  };
  const auto read_some = [&](const store::Batch& one) -> Result<bool> {
    WB_RETURN_IF_ERROR(ReadBatch(one.bytes, visitor));
    ++looked_at;
    if (one.seq >= durable) return false;
    if (looked_at < batches_max) return true;
    page.next = one.seq;
    return false;
  };
  WB_RETURN_IF_ERROR(Visit(after_batch + 1, read_some));
  return page;
}

}  // namespace wideberth::service
