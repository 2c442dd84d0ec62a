#include "service/record_reader.h"

#include <algorithm>

#include "record/tile.h"
#include "service/batch.h"

namespace wideberth::service {
namespace {

using base::Result;

base::Unexpected Missing(std::string_view field, std::string_view rule, std::string found) {
  return base::Fail(base::ErrorCode::kNotFound, field, rule, found);
}

// Calls `visit` for every effect of that line in one batch.
Result<void> VisitBatch(store::Store& store, uint64_t batch, uint32_t line,
                        const std::function<void(const line::Effect&)>& visit) {
  BatchVisitor visitor;
  visitor.line = [&](uint32_t of, const line::Effect& effect) {
    if (of == line) visit(effect);
  };
  return ReadStoredBatch(store, batch, visitor);
}

class Entries final : public record::EntrySource {
 public:
  Entries(uint64_t first, std::vector<line::LogEntry> entries)
      : first_(first), entries_(std::move(entries)) {}
  Result<base::Bytes> ReadEntry(uint64_t index) const override {
    const base::ByteView bytes =
        base::AsBytes(*entries_.at(static_cast<size_t>(index - first_)).envelope);
    return base::Bytes(bytes.begin(), bytes.end());
  }

 private:
  const uint64_t first_;
  const std::vector<line::LogEntry> entries_;
};

}  // namespace

std::string_view Name(Writer writer) {
  return writer == Writer::kOurs ? "ours" : "theirs";
}

Result<Writer> ParseWriter(std::string_view text) {
  if (text == "ours") return Writer::kOurs;
  if (text == "theirs") return Writer::kTheirs;
  return Missing("", "must be ours or theirs", std::string(text));
}

Result<RecordReader::Log> RecordReader::Find(base::PartyId peer, Writer writer) const {
  const auto lock = lock_.Read();
  const mechanism::Peer* known = contents_.desk().FindPeer(peer);
  if (known == nullptr) return Missing("peer", "must be a peer of this node", peer.ToString());
  Log log{peer, known->line, writer, 0, {}, {}};
  const LineLogs::Durable durable =
      contents_.line_logs().DurableOf(known->line, writer == Writer::kTheirs);
  log.size = durable.size;
  log.signed_head = durable.signed_head;
  log.cosigned = durable.cosigned;
  return log;
}

Result<base::Bytes> RecordReader::ReadTile(const Log& log, const record::TilePath& path) const {
  if (!log.cosigned || !record::HasTile(path, log.cosigned->head.size)) {
    return Missing("tile", "must be of the tree that is cosigned",
                   record::FormatTilePath(path).value_or("no tile"));
  }
  if (!path.level) {
    const uint64_t first = path.index * record::kTileWidth;
    WB_ASSIGN_OR_RETURN(std::vector<line::LogEntry> entries, ReadEntries(log, first, path.width));
    WB_ASSIGN_OR_RETURN(record::Tile tile,
                        record::MakeEntryBundle(Entries(first, std::move(entries)), path));
    return std::move(tile.bytes);
  }
  const auto lock = lock_.Read();
  WB_ASSIGN_OR_RETURN(
      record::Tile tile,
      record::MakeHashTile(contents_.line_logs().Nodes(log.line, log.writer == Writer::kTheirs),
                           path));
  return std::move(tile.bytes);
}

Result<std::vector<line::LogEntry>> RecordReader::ReadEntries(const Log& log, uint64_t index,
                                                              size_t count) const {
  if (index > log.size || count > log.size - index) {
    return Missing("index", "must be below " + std::to_string(log.size), std::to_string(index));
  }
  WB_ASSIGN_OR_RETURN(std::vector<line::LogEntry> entries,
                      entries_.ReadLog(log.peer, log.writer == Writer::kTheirs, index + 1, count));
  if (entries.size() == count) return entries;
  return base::Fail(base::ErrorCode::kStorage, "entry", "must be in its batch",
                    std::to_string(index + entries.size()));
}

Result<line::KnownHead> RecordReader::ReadHead(const Log& log, const HeadPlace& place) const {
  std::optional<line::KnownHead> head;
  const bool by_peer = log.writer == Writer::kOurs;
  WB_RETURN_IF_ERROR(VisitBatch(store_, place.batch, log.line, [&](const line::Effect& effect) {
    const auto* cosigned = std::get_if<line::HeadCosigned>(&effect);
    if (cosigned == nullptr || cosigned->by_peer != by_peer) return;
    if (cosigned->head.size != place.size) return;
    head = {cosigned->head, cosigned->time_s, std::make_shared<const std::string>(cosigned->note)};
  }));
  if (!head) return base::Fail(base::ErrorCode::kStorage, "head", "must be in its batch");
  return *head;
}

Result<line::KnownHead> RecordReader::FirstCosignedFrom(const Log& log, uint64_t size) const {
  std::optional<HeadPlace> place;
  {
    const auto lock = lock_.Read();
    place = contents_.line_logs().FirstHeadFrom(log.line, log.writer == Writer::kTheirs, size);
  }
  if (!place) {
    return Missing("size", "must be cosigned by the other side", std::to_string(size) + " entries");
  }
  return ReadHead(log, *place);
}

Result<std::optional<line::KnownHead>> RecordReader::LastCosignedUpTo(const Log& log,
                                                                      uint64_t size) const {
  std::optional<HeadPlace> place;
  {
    const auto lock = lock_.Read();
    place = contents_.line_logs().LastHeadUpTo(log.line, log.writer == Writer::kTheirs, size);
  }
  if (!place) return std::optional<line::KnownHead>();
  WB_ASSIGN_OR_RETURN(line::KnownHead head, ReadHead(log, *place));
  return std::optional(std::move(head));
}

std::vector<line::KeyEpoch> RecordReader::KeysOf(const Log& log) const {
  const auto lock = lock_.Read();
  const line::LineState state = contents_.line_logs().StateOf(log.line);
  return (log.writer == Writer::kOurs ? state.own : state.mirror).keys;
}

Result<record::Proof> RecordReader::ProveInclusion(const Log& log, uint64_t index,
                                                   uint64_t size) const {
  if (size > log.size) {
    return Missing("size", "must be at most " + std::to_string(log.size), std::to_string(size));
  }
  const auto lock = lock_.Read();
  return record::InclusionProof(
      contents_.line_logs().Nodes(log.line, log.writer == Writer::kTheirs), index, size);
}

Result<record::Proof> RecordReader::ProveConsistency(const Log& log, uint64_t old_size,
                                                     uint64_t new_size) const {
  if (new_size > log.size) {
    return Missing("size", "must be at most " + std::to_string(log.size), std::to_string(new_size));
  }
  const auto lock = lock_.Read();
  return record::ConsistencyProof(
      contents_.line_logs().Nodes(log.line, log.writer == Writer::kTheirs), old_size, new_size);
}

}  // namespace wideberth::service
