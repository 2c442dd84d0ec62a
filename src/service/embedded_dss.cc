#include "service/embedded_dss.h"

#include <algorithm>
#include <map>
#include <utility>

#include "dss/log_entry.h"
#include "record/proof_file.h"
#include "record/tile.h"
#include "service/batch.h"

namespace wideberth::service {
namespace {

using base::Result;
using record::kTileWidth;

base::Unexpected Missing(std::string_view field, std::string_view rule, std::string found = "") {
  return base::Fail(base::ErrorCode::kNotFound, field, rule, found);
}

class Entries final : public record::EntrySource {
 public:
  Entries(uint64_t first, std::vector<std::string> entries)
      : first_(first), entries_(std::move(entries)) {}
  Result<base::Bytes> ReadEntry(uint64_t index) const override {
    const base::ByteView bytes = base::AsBytes(entries_.at(static_cast<size_t>(index - first_)));
    return base::Bytes(bytes.begin(), bytes.end());
  }

 private:
  const uint64_t first_;
  const std::vector<std::string> entries_;
};

}  // namespace

EmbeddedDss::EmbeddedDss(Node& node, Names names)
    : node_(node),
      names_(std::move(names)),
      log_(node.MakeDssLogReader()),
      last_{node.clock().Now(), "Startup", "", 0, std::nullopt} {}

base::Result<void> EmbeddedDss::Submit(dss::Command command, Answered answered) {
  return node_.sequencer().SubmitDss(std::move(command), std::move(answered));
}

void EmbeddedDss::Read(Reading reading, Prepare prepare) {
  auto [answer, seq] = node_.ReadDss(
      [&](const dss::State& state, base::UtcMicros now) { return reading(state, now); });
  Show show = prepare(std::move(answer));
  Sequencer& sequencer = node_.sequencer();
  if (seq <= sequencer.durable_seq()) return show(std::nullopt);
  sequencer.WhenDurable(seq, [show = std::move(show)](bool durable) {
    if (durable) return show(std::nullopt);
    show(base::Error{base::ErrorCode::kStorage, "",
                     "the store has failed; what was read is not durable", ""});
  });
}

dss::State::Statistics EmbeddedDss::GetStatistics() const {
  return node_
      .ReadDss([](const dss::State& state, base::UtcMicros) { return state.GetStatistics(); })
      .first;
}

void EmbeddedDss::ListInstances(Listed listed) {
  std::vector<dss::Instance> instances(1);
  instances[0].locality = names_.locality;
  instances[0].public_endpoint = names_.public_endpoint;
  {
    const std::lock_guard lock(mutex_);
    instances[0].heartbeat = last_;
  }
  listed(std::move(instances));
}

void EmbeddedDss::AddHeartbeat(dss::Heartbeat heartbeat, Listed listed) {
  {
    const std::lock_guard lock(mutex_);
    heartbeat.index = last_.index + 1;
    last_ = std::move(heartbeat);
  }
  ListInstances(std::move(listed));
}

// ---- The transparency log ----

// Below a bundle's own hash its entries are hashed again, once a bundle.
class DssLogReader::Nodes final : public record::NodeReader {
 public:
  Nodes(const DssLogReader& log, uint64_t size) : log_(log), size_(size) {}

  Result<base::Digest> Node(unsigned level, uint64_t index) const override {
    if (level >= record::kTileHeight) {
      const auto lock = log_.lock_.Read();
      return log_.contents_.dss_log().UpperNode(level, index);
    }
    const uint64_t bundle = index >> (record::kTileHeight - level);
    const uint64_t first = bundle * kTileWidth;
    if (first >= size_) return Missing("node", "must be complete");
    auto kept = leaves_.find(bundle);
    if (kept == leaves_.end()) {
      const auto count = static_cast<size_t>(std::min<uint64_t>(kTileWidth, size_ - first));
      WB_ASSIGN_OR_RETURN(const auto entries, log_.ReadBundle(bundle, count));
      kept = leaves_.emplace(bundle, record::MemoryNodes()).first;
      for (const std::string& entry : entries) {
        kept->second.Append(record::LeafHash(base::AsBytes(entry)));
      }
    }
    return kept->second.Node(level, index - (first >> level));
  }

 private:
  const DssLogReader& log_;
  const uint64_t size_;
  mutable std::map<uint64_t, record::MemoryNodes> leaves_;
};

Result<dss::LogHead> DssLogReader::Head() const {
  const auto lock = lock_.Read();
  const auto& head = contents_.dss_log().durable();
  if (head) return *head;
  return Missing("", "nothing has been signed yet");
}

void DssLogReader::ReadCheckpoint(Text done) {
  Result<dss::LogHead> head = Head();
  if (!head) return done(base::Fail(std::move(head).error()));
  done(std::move(head->note));
}

void DssLogReader::ReadTile(const record::TilePath& path, Text done) {
  done(MakeTile(path));
}

void DssLogReader::Prove(std::string entry, Text done) {
  done(MakeProof(entry));
}

dss::TransparencyLog::Statistics DssLogReader::GetStatistics() const {
  const auto lock = lock_.Read();
  const DssLog& log = contents_.dss_log();
  return {log.size(), log.durable() ? log.durable()->size : 0};
}

Result<base::Digest> DssLogReader::RootAt(uint64_t size) const {
  return record::RootAt(Nodes(*this, size), size);
}

// The first `count` entries of a bundle, which are durable.
Result<std::vector<std::string>> DssLogReader::ReadBundle(uint64_t bundle, size_t count) const {
  std::vector<uint64_t> batches;
  {
    const auto lock = lock_.Read();
    const DssLog& log = contents_.dss_log();
    if (bundle * kTileWidth + count > log.size()) return Missing("entry", "must be of the log");
    batches = log.BatchesOf(bundle);
  }
  std::vector<std::string> entries;
  BatchVisitor visitor;
  visitor.dss = [&](dss::Effect effect) {
    auto* entry = std::get_if<dss::LogEntry>(&effect);
    if (entry == nullptr || entries.size() == count) return;
    if (entry->index == bundle * kTileWidth + entries.size()) {
      entries.push_back(std::move(entry->text));
    }
  };
  for (size_t i = 0; i < batches.size() && entries.size() < count; ++i) {
    WB_RETURN_IF_ERROR(ReadStoredBatch(store_, batches[i], visitor));
  }
  if (entries.size() == count) return entries;
  return base::Fail(base::ErrorCode::kStorage, "entry", "must be in its batch",
                    std::to_string(bundle * kTileWidth + entries.size()));
}

Result<std::string> DssLogReader::MakeTile(const record::TilePath& path) const {
  WB_ASSIGN_OR_RETURN(const dss::LogHead head, Head());
  if (!record::HasTile(path, head.size)) {
    return Missing("tile", "must be of the tree that is signed",
                   record::FormatTilePath(path).value_or("no tile"));
  }
  record::Tile tile;
  if (!path.level) {
    WB_ASSIGN_OR_RETURN(std::vector<std::string> entries, ReadBundle(path.index, path.width));
    WB_ASSIGN_OR_RETURN(
        tile, record::MakeEntryBundle(Entries(path.index * kTileWidth, std::move(entries)), path));
  } else {
    WB_ASSIGN_OR_RETURN(tile, record::MakeHashTile(Nodes(*this, head.size), path));
  }
  return std::string(base::AsText(tile.bytes));
}

Result<uint64_t> DssLogReader::IndexOf(const std::string& entry, uint64_t size) const {
  WB_ASSIGN_OR_RETURN(const dss::ParsedLogEntry parsed, dss::ParseLogEntry(entry));
  std::pair<uint64_t, uint64_t> bundles;
  {
    const auto lock = lock_.Read();
    bundles = contents_.dss_log().BundlesAt(parsed.time);
  }
  for (uint64_t bundle = bundles.first; bundle < bundles.second; ++bundle) {
    const uint64_t first = bundle * kTileWidth;
    if (first >= size) break;
    const auto count = static_cast<size_t>(std::min<uint64_t>(kTileWidth, size - first));
    WB_ASSIGN_OR_RETURN(const auto entries, ReadBundle(bundle, count));
    const auto found = std::find(entries.begin(), entries.end(), entry);
    if (found != entries.end()) return first + static_cast<uint64_t>(found - entries.begin());
  }
  return Missing("entry", "must be in the tree that is signed");
}

Result<std::string> DssLogReader::MakeProof(const std::string& entry) const {
  WB_ASSIGN_OR_RETURN(const dss::LogHead head, Head());
  WB_ASSIGN_OR_RETURN(const uint64_t index, IndexOf(entry, head.size));
  record::ProofFile file;
  file.index = index;
  WB_ASSIGN_OR_RETURN(file.proof,
                      record::InclusionProof(Nodes(*this, head.size), index, head.size));
  WB_ASSIGN_OR_RETURN(file.checkpoint, record::ParseNote(head.note));
  return record::FormatProofFile(file);
}

}  // namespace wideberth::service
