// `record ...`: the logs of a line, exported, proven and checked.
#include <fmt/format.h>

#include <charconv>
#include <filesystem>
#include <optional>

#include "apps/wideberth/line/answers.h"
#include "apps/wideberth/line/commands.h"
#include "apps/wideberth/line/log_readers.h"
#include "apps/wideberth/show/table.h"
#include "apps/wideberth/show/terminal.h"
#include "crypto/sha256.h"
#include "line/message.h"
#include "line/party_card.h"
#include "record/checkpoint.h"
#include "record/evidence.h"
#include "record/policy.h"
#include "record/proof_file.h"
#include "record/time_interval.h"

namespace wideberth::cli {
namespace {

using base::Result;
using record::TreeHead;

constexpr std::string_view kCheckpointFile = "checkpoint";
constexpr std::string_view kPolicyFile = "policy";

base::Error InFile(base::Error error, std::string_view file) {
  return std::move(error).Under(std::string(file) + ": ");
}

Result<uint64_t> IndexOf(const std::string& text) {
  uint64_t index = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), index);
  if (error == std::errc() && end == text.data() + text.size()) return index;
  return base::Invalid("INDEX", "must be the number of an entry, from 0", text);
}

// What a policy makes of a checkpoint.
struct Vouched {
  record::OpenedCheckpoint opened;
  std::optional<uint64_t> time_s;
};
Result<Vouched> OpenUnder(const record::Policy& policy, std::string_view note) {
  WB_ASSIGN_OR_RETURN(const record::SignedNote parsed, record::ParseNote(note));
  WB_ASSIGN_OR_RETURN(const record::Checkpoint read, record::ParseCheckpoint(parsed.text));
  std::vector<record::VerifierKey> witnesses;
  for (const auto& witness : policy.witnesses()) witnesses.push_back(witness.key);
  std::optional<base::Error> refusal;
  for (const auto& log : policy.logs()) {
    if (log.key.name() != read.origin) continue;
    Result<record::OpenedCheckpoint> opened = record::OpenCheckpoint(note, {log.key, witnesses});
    if (!opened) {
      refusal = opened.error();
      continue;
    }
    WB_ASSIGN_OR_RETURN(const auto time_s, policy.QuorumTime(opened->cosignatures));
    return Vouched{std::move(*opened), time_s};
  }
  if (refusal) return base::Fail(*refusal);
  return base::Fail(base::ErrorCode::kUnauthorized, "checkpoint", "must be of a log of the policy",
                    read.origin);
}

Result<record::Policy> ReadPolicy(const std::string& file, const FolderLog* folder) {
  if (file.empty() && folder == nullptr) {
    return base::Invalid("--policy", "must be given: whose signatures are enough");
  }
  WB_ASSIGN_OR_RETURN(const std::string text,
                      file.empty() ? folder->Read(kPolicyFile) : ReadInput(file));
  auto policy = record::Policy::Parse(text);
  if (!policy) return base::Fail(InFile(std::move(policy).error(), file.empty() ? "policy" : file));
  return policy;
}

// Every tile and entry against a head, in one pass.
Result<void> VerifyAll(const record::TileReader& tiles, const TreeHead& head,
                       std::function<Result<void>(uint64_t, base::ByteView)> on_entry = {}) {
  Progress progress("entries verified", head.size);
  record::VerifyTilesOptions options;
  options.on_entry = std::move(on_entry);
  options.on_progress = [&](uint64_t done) { progress.Set(done); };
  return record::VerifyTiles(tiles, head, options);
}

std::string TimeText(uint64_t time_s) {
  return base::FormatRfc3339({static_cast<int64_t>(time_s) * base::kMicrosPerSecond});
}

int Done(const Session& session, std::string text, std::string json) {
  Print((session.json ? std::move(json) : std::move(text)) + "\n");
  return kExitOk;
}

// ---- export ----

Result<void> CopyTiles(const NodeLog& node, const FolderLog& folder, uint64_t old_size,
                       const TreeHead& head) {
  const std::vector<record::TilePath> tiles = record::TilesBetween(old_size, head.size);
  Progress progress("tiles copied", tiles.size());
  uint64_t done = 0;
  for (const record::TilePath& tile : tiles) {
    progress.Set(++done);
    const std::string name = record::FormatTilePath(tile).value();
    if (folder.Has(name)) continue;  // of an export that was cut short; verified below
    WB_ASSIGN_OR_RETURN(const base::Bytes bytes, node.ReadTile(tile));
    WB_RETURN_IF_ERROR(folder.Write(name, base::AsText(bytes)));
  }
  return {};
}

// The folder's head before; size 0 where nothing was exported.
Result<TreeHead> HeadOf(const FolderLog& folder, std::string_view origin) {
  if (!folder.Has(kCheckpointFile)) return TreeHead{0, record::EmptyRoot()};
  WB_ASSIGN_OR_RETURN(const std::string note, folder.Read(kCheckpointFile));
  WB_ASSIGN_OR_RETURN(const record::SignedNote parsed, record::ParseNote(note));
  WB_ASSIGN_OR_RETURN(const record::Checkpoint checkpoint, record::ParseCheckpoint(parsed.text));
  if (checkpoint.origin == origin) return checkpoint.head;
  return base::Fail(base::ErrorCode::kConflict, "DIR", "must hold the log " + std::string(origin),
                    checkpoint.origin);
}

Result<void> CheckGrown(const FolderLog& folder, const TreeHead& before, const TreeHead& head) {
  if (head.size < before.size) {
    return base::Fail(
        base::ErrorCode::kConflict, "checkpoint",
        "must not be shorter than the one exported before, " + std::to_string(before.size),
        std::to_string(head.size));
  }
  if (before.size == 0) return {};
  const record::TileNodes nodes(folder, head.size);
  WB_ASSIGN_OR_RETURN(const record::Proof proof,
                      record::ConsistencyProof(nodes, before.size, head.size));
  return record::VerifyConsistency(before, head, proof);
}

}  // namespace

Result<int> RunRecordExport(const Session& session, const LogOptions& options) {
  WB_ASSIGN_OR_RETURN(Remote remote, Remote::Open(session));
  WB_ASSIGN_OR_RETURN(const std::string peer, PeerOr(&remote, options.peer));
  WB_ASSIGN_OR_RETURN(const json::Document about, remote.GetJson("/v1/lines/" + peer + "/record"));
  WB_ASSIGN_OR_RETURN(const auto log_key, record::VerifierKey::Parse(
                                              TextAt(about.root(), options.writer + ".log_key")));
  WB_ASSIGN_OR_RETURN(const auto cosigner, record::VerifierKey::Parse(TextAt(
                                               about.root(), options.writer + ".cosigner_key")));
  WB_ASSIGN_OR_RETURN(const record::Policy policy, record::Policy::AllOf(log_key, {cosigner}));
  const NodeLog node(&remote, peer, options.writer);
  const FolderLog folder(options.dir);
  WB_ASSIGN_OR_RETURN(const TreeHead before, HeadOf(folder, log_key.name()));
  WB_ASSIGN_OR_RETURN(const std::string note, node.Get("checkpoint"));
  WB_ASSIGN_OR_RETURN(const Vouched vouched, OpenUnder(policy, note));
  const TreeHead head = vouched.opened.checkpoint.head;
  WB_RETURN_IF_ERROR(CopyTiles(node, folder, before.size, head));
  WB_RETURN_IF_ERROR(CheckGrown(folder, before, head));
  WB_RETURN_IF_ERROR(VerifyAll(folder, head));
  WB_RETURN_IF_ERROR(folder.Write(kPolicyFile, policy.Format()));
  WB_RETURN_IF_ERROR(folder.Write(kCheckpointFile, note));
  for (const record::TilePath& old : record::TilesBetween(head.size, before.size)) {
    WB_RETURN_IF_ERROR(folder.Remove(record::FormatTilePath(old).value()));
  }
  return Done(session,
              fmt::format("{}: {} entries, {} more than before, cosigned {}", log_key.name(),
                          head.size, head.size - before.size, TimeText(vouched.time_s.value_or(0))),
              fmt::format(R"({{"origin":"{}","size":{},"root":"{}"}})", log_key.name(), head.size,
                          head.root.ToHex()));
}

// ---- prove ----

namespace {

struct Proven {
  std::string file;
  std::string entry;
};
Result<Proven> ProveFrom(const record::TileReader& tiles, uint64_t index, const std::string& note) {
  WB_ASSIGN_OR_RETURN(record::SignedNote parsed, record::ParseNote(note));
  WB_ASSIGN_OR_RETURN(const record::Checkpoint checkpoint, record::ParseCheckpoint(parsed.text));
  const uint64_t size = checkpoint.head.size;
  if (index >= size) {
    return base::Fail(base::ErrorCode::kNotFound, "INDEX",
                      "must be below " + std::to_string(size) + ", which is what is cosigned",
                      std::to_string(index));
  }
  const record::TileNodes nodes(tiles, size);
  WB_ASSIGN_OR_RETURN(record::Proof proof, record::InclusionProof(nodes, index, size));
  const uint64_t bundle = index / record::kTileWidth;
  const uint64_t left = size - bundle * record::kTileWidth;
  const record::TilePath path{std::nullopt, bundle,
                              static_cast<unsigned>(std::min<uint64_t>(left, record::kTileWidth))};
  WB_ASSIGN_OR_RETURN(const base::Bytes bytes, tiles.ReadTile(path));
  WB_ASSIGN_OR_RETURN(const auto entries, record::DecodeEntryBundle(bytes, path.width));
  const base::ByteView entry = entries[static_cast<size_t>(index % record::kTileWidth)];
  WB_RETURN_IF_ERROR(
      record::VerifyInclusion(index, record::LeafHash(entry), proof, checkpoint.head));
  Proven proven;
  proven.entry = base::AsText(entry);
  WB_ASSIGN_OR_RETURN(proven.file, record::FormatProofFile(
                                       {index, std::move(proof), std::move(parsed), std::nullopt}));
  return proven;
}

}  // namespace

Result<int> RunRecordProve(const Session& session, const LogOptions& options) {
  WB_ASSIGN_OR_RETURN(const uint64_t index, IndexOf(options.index));
  Proven proven;
  if (!options.dir.empty()) {
    const FolderLog folder(options.dir);
    WB_ASSIGN_OR_RETURN(const std::string note, folder.Read(kCheckpointFile));
    WB_ASSIGN_OR_RETURN(proven, ProveFrom(folder, index, note));
  } else {
    WB_ASSIGN_OR_RETURN(Remote remote, Remote::Open(session));
    WB_ASSIGN_OR_RETURN(const std::string peer, PeerOr(&remote, options.peer));
    const NodeLog node(&remote, peer, options.writer);
    WB_ASSIGN_OR_RETURN(const std::string note,
                        node.Get("checkpoint?covering=" + std::to_string(index)));
    WB_ASSIGN_OR_RETURN(proven, ProveFrom(node, index, note));
  }
  if (!options.entry.empty()) {
    WB_RETURN_IF_ERROR(WriteOutput(options.entry, proven.entry, /*secret=*/false, /*keep=*/false));
  }
  if (options.output.empty()) {
    Print(proven.file);
    return kExitOk;
  }
  WB_RETURN_IF_ERROR(WriteOutput(options.output, proven.file, /*secret=*/false, /*keep=*/false));
  return kExitOk;
}

// ---- verify ----

namespace {

std::string_view RoleText(record::AccusedRole role) {
  switch (role) {
    case record::AccusedRole::kLog:
      return "the log's key";
    case record::AccusedRole::kCosigner:
      return "the cosigner's key";
    case record::AccusedRole::kMessage:
      break;
  }
  return "the message key";
}

Result<int> VerifyEvidenceFile(const Session& session, const std::string& text) {
  WB_ASSIGN_OR_RETURN(const record::Finding finding, record::VerifyEvidence(text));
  std::string json;
  json::Writer writer(&json);
  writer.BeginObject();
  writer.StringField("kind", record::EvidenceKindName(finding.kind));
  writer.StringField("summary", finding.summary);
  writer.BoolField("without_cause", finding.without_cause);
  writer.Key("against");
  writer.BeginArray();
  std::string lines =
      fmt::format("{}: {}", record::EvidenceKindName(finding.kind), finding.summary);
  for (const record::Accused& accused : finding.against) {
    writer.String(accused.key.KeyId());
    lines += fmt::format("\nagainst {} {} {}", RoleText(accused.role), accused.key.KeyId(),
                         accused.name);
  }
  writer.EndArray();
  writer.EndObject();
  for (const crypto::PublicKey& key : finding.relies_on) {
    lines += fmt::format("\nif the key {} is the same party's", key.KeyId());
  }
  return Done(session, Printable(lines), std::move(json));
}

Result<int> VerifyProof(const Session& session, const LogOptions& options,
                        const std::string& text) {
  if (options.entry.empty()) {
    return base::Invalid("--entry", "must be given: what the proof is about");
  }
  WB_ASSIGN_OR_RETURN(const record::Policy policy, ReadPolicy(options.policy, nullptr));
  WB_ASSIGN_OR_RETURN(const std::string entry, ReadInput(options.entry));
  WB_ASSIGN_OR_RETURN(const record::ProvenEntry proven,
                      record::VerifyProofFile(text, base::AsBytes(entry), policy));
  const std::string not_after =
      proven.not_after_s ? TimeText(*proven.not_after_s) : std::string("no time is known");
  return Done(session,
              fmt::format("entry {} of {}, of {} entries; there at the latest: {}", proven.index,
                          proven.origin, proven.head.size, not_after),
              fmt::format(R"({{"origin":"{}","index":{},"size":{},"not_after":"{}"}})",
                          proven.origin, proven.index, proven.head.size, not_after));
}

Result<int> VerifyFolder(const Session& session, const LogOptions& options) {
  const FolderLog folder(options.file);
  WB_ASSIGN_OR_RETURN(const record::Policy policy, ReadPolicy(options.policy, &folder));
  WB_ASSIGN_OR_RETURN(const std::string note, folder.Read(kCheckpointFile));
  WB_ASSIGN_OR_RETURN(const Vouched vouched, OpenUnder(policy, note));
  const TreeHead& head = vouched.opened.checkpoint.head;
  WB_RETURN_IF_ERROR(VerifyAll(folder, head));
  const std::string& origin = vouched.opened.checkpoint.origin;
  const std::string time = vouched.time_s ? TimeText(*vouched.time_s) : "";
  return Done(session,
              fmt::format("{}: {} entries, whole{}", origin, head.size,
                          time.empty() ? "" : ", cosigned " + time),
              fmt::format(R"({{"origin":"{}","size":{},"root":"{}","cosigned_at":"{}"}})", origin,
                          head.size, head.root.ToHex(), time));
}

}  // namespace

Result<int> RunRecordVerify(const Session& session, const LogOptions& options) {
  std::error_code error;
  if (std::filesystem::is_directory(options.file, error)) return VerifyFolder(session, options);
  WB_ASSIGN_OR_RETURN(const std::string text, ReadInput(options.file));
  return text.starts_with("{") ? VerifyEvidenceFile(session, text)
                               : VerifyProof(session, options, text);
}

Result<int> RunRecordConsistency(const Session& session, const LogOptions& options) {
  const FolderLog folder(options.dir);
  WB_ASSIGN_OR_RETURN(const record::Policy policy, ReadPolicy(options.policy, &folder));
  std::vector<record::Checkpoint> heads;
  for (const std::string& file : {options.old_checkpoint, options.new_checkpoint}) {
    WB_ASSIGN_OR_RETURN(const std::string note, ReadInput(file));
    Result<Vouched> vouched = OpenUnder(policy, note);
    if (!vouched) return base::Fail(InFile(std::move(vouched).error(), file));
    heads.push_back(vouched->opened.checkpoint);
  }
  if (heads[0].origin != heads[1].origin) {
    return base::Fail(base::ErrorCode::kConflict, "NEW", "must be of the log " + heads[0].origin,
                      heads[1].origin);
  }
  const TreeHead& before = heads[0].head;
  const TreeHead& after = heads[1].head;
  const record::TileNodes nodes(folder, after.size);
  WB_ASSIGN_OR_RETURN(const record::Proof proof,
                      record::ConsistencyProof(nodes, before.size, after.size));
  WB_RETURN_IF_ERROR(record::VerifyConsistency(before, after, proof));
  return Done(session,
              fmt::format("{}: {} entries, then {} more", heads[0].origin, before.size,
                          after.size - before.size),
              fmt::format(R"({{"origin":"{}","old_size":{},"new_size":{}}})", heads[0].origin,
                          before.size, after.size));
}

Result<int> RunRecordFsck(const Session& session, const LogOptions& options) {
  const FolderLog folder(options.dir);
  WB_ASSIGN_OR_RETURN(const std::string note, folder.Read(kCheckpointFile));
  WB_ASSIGN_OR_RETURN(const record::SignedNote parsed, record::ParseNote(note));
  WB_ASSIGN_OR_RETURN(const record::Checkpoint checkpoint, record::ParseCheckpoint(parsed.text));
  std::vector<crypto::PublicKey> keys;
  for (const std::string& file : options.cards) {
    WB_ASSIGN_OR_RETURN(const std::string text, ReadInput(file));
    Result<line::PartyCard> card = line::ReadCard(text);
    if (!card) return base::Fail(InFile(std::move(card).error(), file));
    keys.push_back(card->key(line::KeyRole::kMessage));
  }
  base::Digest previous;
  const auto follows = [&](uint64_t index, base::ByteView entry) -> Result<void> {
    const std::string field = "entry " + std::to_string(index);
    const Result<line::OpenedMessage> opened = line::OpenMessage(base::AsText(entry), keys);
    if (!opened) return base::Fail(InFile(opened.error(), field));
    const line::Message& message = opened->message;
    if (message.seq != index + 1) {
      return base::Fail(base::ErrorCode::kInvalid, field,
                        "must be message " + std::to_string(index + 1) + " of its writer",
                        std::to_string(message.seq));
    }
    if (message.previous != previous) {
      return base::Fail(base::ErrorCode::kInvalid, field,
                        "must name the message before it, " + previous.ToHex(),
                        message.previous.ToHex());
    }
    previous = crypto::Sha256(entry);
    return {};
  };
  if (keys.empty()) {
    WB_RETURN_IF_ERROR(VerifyAll(folder, checkpoint.head));
  } else {
    WB_RETURN_IF_ERROR(VerifyAll(folder, checkpoint.head, follows));
  }
  return Done(session,
              fmt::format("{}: {} entries, whole", checkpoint.origin, checkpoint.head.size),
              fmt::format(R"({{"origin":"{}","size":{},"whole":true}})", checkpoint.origin,
                          checkpoint.head.size));
}

}  // namespace wideberth::cli
