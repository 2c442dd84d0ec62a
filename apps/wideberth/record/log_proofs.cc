// `record prove|verify`: one entry with its proof and its time, and what is checked without a node.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include "apps/wideberth/line/answers.h"
#include "apps/wideberth/line/commands.h"
#include "apps/wideberth/offline.h"
#include "apps/wideberth/record/log_checks.h"
#include "apps/wideberth/record/log_readers.h"
#include "apps/wideberth/show/terminal.h"
#include "crypto/sha256.h"
#include "record/checkpoint.h"
#include "record/evidence.h"
#include "record/policy.h"
#include "record/proof_file.h"
#include "record/time_interval.h"
#include "timeline/entry_time.h"

namespace wideberth::cli {

using base::Result;
using record::TreeHead;

namespace {

struct Proven {
  record::ProofFile file;
  std::string entry;
};

// Out of its bundle, in a tree of `size` entries.
Result<std::string> ReadEntryOf(const record::TileReader& tiles, uint64_t index, uint64_t size) {
  const uint64_t bundle = index / record::kTileWidth;
  const uint64_t left = size - bundle * record::kTileWidth;
  const record::TilePath path{std::nullopt, bundle,
                              static_cast<unsigned>(std::min<uint64_t>(left, record::kTileWidth))};
  WB_ASSIGN_OR_RETURN(const base::Bytes bytes, tiles.ReadTile(path));
  WB_ASSIGN_OR_RETURN(const auto entries, record::DecodeEntryBundle(bytes, path.width));
  return std::string(base::AsText(entries[static_cast<size_t>(index % record::kTileWidth)]));
}

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
  WB_ASSIGN_OR_RETURN(std::string entry, ReadEntryOf(tiles, index, size));
  WB_RETURN_IF_ERROR(record::VerifyInclusion(index, record::LeafHash(base::AsBytes(entry)), proof,
                                             checkpoint.head));
  return Proven{{index, std::move(proof), std::move(parsed), std::nullopt}, std::move(entry)};
}

// What the entry's writer had of the other log, which bounds its time from below: into the proof's extra, where it is
// small enough. An entry that names nothing, or more than `other` has, goes without.
Result<void> AddSeen(const record::TileReader& other, const std::string& checkpoint,
                     Proven* proven) {
  WB_ASSIGN_OR_RETURN(const record::SignedNote note, record::ParseNote(checkpoint));
  WB_ASSIGN_OR_RETURN(const record::Checkpoint held, record::ParseCheckpoint(note.text));
  // Whatever it says is checked by who verifies the proof.
  WB_ASSIGN_OR_RETURN(const record::TreeHead named, timeline::NamedHead(proven->entry));
  const uint64_t size = named.size;
  if (size == 0 || size > held.head.size) return {};
  const record::TileNodes nodes(other, held.head.size);
  timeline::SeenEntry seen;
  WB_ASSIGN_OR_RETURN(seen.envelope, ReadEntryOf(other, size - 1, held.head.size));
  WB_ASSIGN_OR_RETURN(seen.proof, record::InclusionProof(nodes, size - 1, size));
  auto extra = timeline::FormatSeen(seen);
  if (extra) proven->file.extra = *std::move(extra);
  return {};
}

}  // namespace

Result<int> RunRecordProve(const Session& session, const LogOptions& options) {
  WB_ASSIGN_OR_RETURN(const uint64_t index, IndexOf(options.index));
  Proven proven;
  if (!options.dir.empty()) {
    const FolderLog folder(options.dir);
    WB_ASSIGN_OR_RETURN(const std::string note, folder.Read(kCheckpointFile));
    WB_ASSIGN_OR_RETURN(proven, ProveFrom(folder, index, note));
    if (!options.seen.empty()) {
      const FolderLog other(options.seen);
      WB_ASSIGN_OR_RETURN(const std::string held, other.Read(kCheckpointFile));
      WB_RETURN_IF_ERROR(AddSeen(other, held, &proven));
    }
  } else {
    WB_ASSIGN_OR_RETURN(Remote remote, Remote::Open(session));
    WB_ASSIGN_OR_RETURN(const std::string peer, PeerOr(&remote, options.peer));
    const NodeLog node(&remote, peer, options.writer);
    // One that the witnesses have cosigned too, where there is one.
    const std::string covering = "checkpoint?covering=" + std::to_string(index);
    Result<std::string> witnessed = node.Get(covering + "&witnessed=true");
    if (!witnessed && witnessed.error().code == base::ErrorCode::kNotFound) {
      witnessed = node.Get(covering);
    }
    if (!witnessed) return base::Fail(std::move(witnessed).error());
    const std::string& note = *witnessed;
    WB_ASSIGN_OR_RETURN(proven, ProveFrom(node, index, note));
    const NodeLog other(&remote, peer, options.writer == "ours" ? "theirs" : "ours");
    // Before the first cosignature of the other log there is nothing to show.
    if (const auto held = other.Get("checkpoint")) {
      WB_RETURN_IF_ERROR(AddSeen(other, *held, &proven));
    }
  }
  WB_ASSIGN_OR_RETURN(const std::string file, record::FormatProofFile(proven.file));
  if (!options.entry.empty()) {
    WB_RETURN_IF_ERROR(WriteOutput(options.entry, proven.entry, /*secret=*/false, /*keep=*/false));
  }
  if (options.output.empty()) {
    Print(file);
    return kExitOk;
  }
  WB_RETURN_IF_ERROR(WriteOutput(options.output, file, /*secret=*/false, /*keep=*/false));
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

// One proof with its entry: verified, and dated where the cards are there.
struct Verified {
  record::ProvenEntry proven;
  timeline::DatedEntry dated;
};
// A stamp of the proof's checkpoint may show the entry earlier than the cosignatures do.
Result<void> TakeStamp(const LogOptions& options, const std::string& proof,
                       timeline::DatedEntry* dated, std::string* said) {
  if (options.reply.empty()) return {};
  WB_ASSIGN_OR_RETURN(const record::ProofFile file, record::ParseProofFile(proof));
  WB_ASSIGN_OR_RETURN(const crypto::Timestamp stamp,
                      ReadStamp(options.reply, options.tsa, file.checkpoint.text));
  const base::UtcMicros by{stamp.at.us + stamp.accuracy_us + base::kMicrosPerSecond - 1};
  dated->when.not_after = std::min(dated->when.not_after, by);
  if (dated->when.not_after < dated->when.not_before) {
    dated->when.not_before = base::kTimeOpenStart;
    dated->clocks_disagree = true;
  }
  *said = "\nstamped " + StampText(stamp);
  return {};
}

Result<Verified> VerifyOne(const record::Policy& policy, const std::vector<line::PartyCard>& cards,
                           const std::string& proof, const std::string& entry_file) {
  WB_ASSIGN_OR_RETURN(const std::string entry, ReadInput(entry_file));
  WB_ASSIGN_OR_RETURN(record::ProvenEntry proven,
                      record::VerifyProofFile(proof, base::AsBytes(entry), policy));
  timeline::DatedEntry dated;
  dated.origin = proven.origin;
  dated.index = proven.index;
  WB_ASSIGN_OR_RETURN(dated.when, record::IntervalOf(std::nullopt, proven.not_after_s));
  if (cards.empty()) return Verified{std::move(proven), std::move(dated)};
  WB_ASSIGN_OR_RETURN(const record::ProofFile file, record::ParseProofFile(proof));
  std::optional<timeline::SeenEntry> seen;
  if (file.extra) {
    WB_ASSIGN_OR_RETURN(seen, timeline::ParseSeen(*file.extra));
  }
  WB_ASSIGN_OR_RETURN(dated, timeline::DateEntry(proven, entry, seen, cards));
  return Verified{std::move(proven), std::move(dated)};
}

void WriteDated(const Verified& verified, json::Writer* json) {
  const auto& [proven, dated] = verified;
  json->StringField("origin", proven.origin);
  json->Uint64Field("index", proven.index);
  json->Uint64Field("size", proven.head.size);
  if (dated.when.not_before != base::kTimeOpenStart) {
    json->StringField("not_before", base::FormatRfc3339(dated.when.not_before));
  }
  if (dated.when.not_after != base::kTimeOpenEnd) {
    json->StringField("not_after", base::FormatRfc3339(dated.when.not_after));
  }
  json->BoolField("clocks_disagree", dated.clocks_disagree);
}

std::string DatedText(const Verified& verified) {
  const auto& [proven, dated] = verified;
  return fmt::format(
      "entry {} of {}, of {} entries: {}{}", proven.index, proven.origin, proven.head.size,
      record::FormatInterval(dated.when),
      dated.clocks_disagree ? "\nthe other side's clock shows what it names later: no start" : "");
}

Result<int> VerifyProof(const Session& session, const LogOptions& options,
                        const std::string& text) {
  if (options.entry.empty()) {
    return base::Invalid("--entry", "must be given: what the proof is about");
  }
  if (options.against.empty() != options.against_entry.empty()) {
    return base::Invalid("--against-entry", "must come with --against, and the other way round");
  }
  WB_ASSIGN_OR_RETURN(const record::Policy policy, ReadPolicy(options.policy, nullptr));
  WB_ASSIGN_OR_RETURN(const auto cards, ReadCards(options.cards));
  WB_ASSIGN_OR_RETURN(Verified first, VerifyOne(policy, cards, text, options.entry));
  std::string stamped;
  WB_RETURN_IF_ERROR(TakeStamp(options, text, &first.dated, &stamped));
  std::string json;
  json::Writer writer(&json);
  writer.BeginObject();
  WriteDated(first, &writer);
  std::string lines = DatedText(first) + stamped;
  if (!options.against.empty()) {
    WB_ASSIGN_OR_RETURN(const std::string other_text, ReadInput(options.against));
    auto second = VerifyOne(policy, cards, other_text, options.against_entry);
    if (!second) return base::Fail(InFile(std::move(second).error(), options.against));
    const record::EventOrder order = timeline::OrderOf(first.dated, second->dated);
    const bool linked =
        timeline::LinkBetween(first.dated, second->dated) != record::CausalLink::kNone;
    writer.Key("against");
    writer.BeginObject();
    WriteDated(*second, &writer);
    writer.EndObject();
    writer.StringField("order", record::EventOrderName(order));
    writer.BoolField("linked", linked);
    lines += "\n" + DatedText(*second);
    lines += fmt::format("\nthe first is {}{}", record::EventOrderName(order),
                         order == record::EventOrder::kConcurrent ? " with the second"
                         : linked ? " the second: the later writer had it"
                                  : " the second: their times do not touch");
  }
  writer.EndObject();
  return Done(session, std::move(lines), std::move(json));
}

// Bodies carry their digest as their name; whether all are there, `fsck` says, which can read the entries.
Result<uint64_t> VerifyBodies(const std::string& dir) {
  uint64_t count = 0;
  std::error_code error;
  for (const auto& file : std::filesystem::directory_iterator(dir + "/bodies", error)) {
    const std::string name = file.path().filename().string();
    WB_ASSIGN_OR_RETURN(const std::string body, ReadInput(file.path().string()));
    if (crypto::Sha256(base::AsBytes(body)).ToHex() != name) {
      return base::Invalid("bodies/" + name, "must have its name as its SHA-256",
                           std::to_string(body.size()) + " bytes");
    }
    ++count;
  }
  return count;
}

Result<int> VerifyFolder(const Session& session, const LogOptions& options) {
  const FolderLog folder(options.file);
  WB_ASSIGN_OR_RETURN(const record::Policy policy, ReadPolicy(options.policy, &folder));
  WB_ASSIGN_OR_RETURN(const std::string note, folder.Read(kCheckpointFile));
  WB_ASSIGN_OR_RETURN(const Vouched vouched, OpenUnder(policy, note));
  const TreeHead& head = vouched.opened.checkpoint.head;
  WB_RETURN_IF_ERROR(VerifyAll(folder, head));
  WB_ASSIGN_OR_RETURN(const uint64_t bodies, VerifyBodies(options.file));
  uint64_t stamps = 0;
  if (!options.tsa.empty()) {
    WB_ASSIGN_OR_RETURN(stamps, VerifyStamps(folder, options.file, options.tsa, head));
  }
  const std::string& origin = vouched.opened.checkpoint.origin;
  const std::string time = vouched.time_s ? TimeText(*vouched.time_s) : "";
  return Done(session,
              fmt::format("{}: {} entries, whole{}{}{}", origin, head.size,
                          time.empty() ? "" : ", cosigned " + time,
                          bodies == 0 ? "" : fmt::format(", {} bodies beside them", bodies),
                          stamps == 0 ? "" : fmt::format(", {} stamps", stamps)),
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

}  // namespace wideberth::cli
