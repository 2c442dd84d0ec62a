#include "record/proof_file.h"

#include <utility>

#include "record/hash_lines.h"
#include "record/spelling.h"

namespace wideberth::record {

using base::ErrorCode;
using base::Fail;
using base::Invalid;
using base::Result;

namespace {

constexpr std::string_view kFirstLine = "c2sp.org/tlog-proof@v1";
constexpr std::string_view kExtra = "extra ";
constexpr std::string_view kIndex = "index ";

// Takes a line off `rest`; refuses one without its newline.
Result<std::string_view> TakeLine(std::string_view* rest, size_t line) {
  const size_t end = rest->find('\n');
  if (end == std::string_view::npos) {
    return Invalid("line " + std::to_string(line), "must end in a newline", Shown(*rest));
  }
  const std::string_view text = rest->substr(0, end);
  rest->remove_prefix(end + 1);
  return text;
}

Result<Checkpoint> CheckFile(const ProofFile& file) {
  auto checkpoint = ParseCheckpoint(file.checkpoint.text);
  if (!checkpoint) return Fail(std::move(checkpoint).error().Under("checkpoint: "));
  if (file.index >= checkpoint->head.size) {
    return Invalid(
        "index",
        "must be below the size of the checkpoint, " + std::to_string(checkpoint->head.size),
        std::to_string(file.index));
  }
  if (file.proof.size() > kProofHashesMax) {
    return Fail(ErrorCode::kTooLarge, "proof",
                "must have at most " + std::to_string(kProofHashesMax) + " hashes",
                std::to_string(file.proof.size()));
  }
  if (file.extra && file.extra->size() > kProofExtraBytesMax) {
    return Fail(ErrorCode::kTooLarge, "extra",
                "must have at most " + std::to_string(kProofExtraBytesMax) + " bytes",
                std::to_string(file.extra->size()) + " bytes");
  }
  return checkpoint;
}

// The checkpoint under the log key of its origin that signed it; a log may have had several.
Result<std::pair<OpenedCheckpoint, VerifierKey>> OpenUnderPolicy(const SignedNote& note,
                                                                 std::string_view origin,
                                                                 const Policy& policy) {
  CheckpointKeys keys{policy.logs().front().key, {}};
  for (const Policy::Witness& witness : policy.witnesses()) keys.cosigners.push_back(witness.key);
  WB_ASSIGN_OR_RETURN(const std::string bytes, FormatNote(note));
  base::Error error = Fail(ErrorCode::kUnauthorized, "checkpoint: line 1",
                           "must be the origin of a log of the policy", origin)
                          .value();
  for (const Policy::Log& log : policy.logs()) {
    if (log.key.name() != origin) continue;
    keys.log = log.key;
    auto opened = OpenCheckpoint(bytes, keys);
    if (opened) return std::pair(std::move(opened).value(), log.key);
    error = std::move(opened).error().Under("checkpoint: ");
  }
  return Fail(std::move(error));
}

}  // namespace

Result<ProofFile> ParseProofFile(std::string_view text) {
  if (text.size() > kProofFileBytesMax) {
    return Fail(ErrorCode::kTooLarge, "",
                "must have at most " + std::to_string(kProofFileBytesMax) + " bytes",
                std::to_string(text.size()) + " bytes");
  }
  size_t number = 1;
  WB_ASSIGN_OR_RETURN(std::string_view line, TakeLine(&text, number++));
  if (line != kFirstLine) return Invalid("line 1", "must be c2sp.org/tlog-proof@v1", Shown(line));
  ProofFile file;
  WB_ASSIGN_OR_RETURN(line, TakeLine(&text, number++));
  if (line.starts_with(kExtra)) {
    auto extra = base::Base64Decode(line.substr(kExtra.size()));
    if (!extra) return Invalid("line 2", extra.error().rule, Shown(line));
    file.extra = std::move(extra).value();
    WB_ASSIGN_OR_RETURN(line, TakeLine(&text, number++));
  }
  const auto index = line.starts_with(kIndex)
                         ? ParseDecimal(line.substr(kIndex.size()), kTreeSizeMax - 1)
                         : std::nullopt;
  if (!index) {
    return Invalid("line " + std::to_string(number - 1),
                   "must be index, a space and a number without leading zeros", Shown(line));
  }
  file.index = *index;
  WB_ASSIGN_OR_RETURN(file.proof, TakeHashLines(&text, number, kProofHashesMax));
  auto note = ParseNote(text);
  if (!note) return Fail(std::move(note).error().Under("checkpoint: "));
  file.checkpoint = std::move(note).value();
  WB_RETURN_IF_ERROR(CheckFile(file));
  return file;
}

Result<std::string> FormatProofFile(const ProofFile& file) {
  WB_RETURN_IF_ERROR(CheckFile(file));
  WB_ASSIGN_OR_RETURN(const std::string note, FormatNote(file.checkpoint));
  std::string text(kFirstLine);
  text.append("\n");
  if (file.extra) text.append(kExtra).append(base::Base64Encode(*file.extra)).append("\n");
  text.append(kIndex).append(std::to_string(file.index)).append("\n");
  AppendHashLines(file.proof, &text);
  return text.append("\n").append(note);
}

Result<ProvenEntry> VerifyProofFile(std::string_view text, base::ByteView entry,
                                    const Policy& policy) {
  return VerifyProofFile(text, LeafHash(entry), policy);
}

Result<ProvenEntry> VerifyProofFile(std::string_view text, const base::Digest& leaf_hash,
                                    const Policy& policy) {
  WB_ASSIGN_OR_RETURN(const ProofFile file, ParseProofFile(text));
  WB_ASSIGN_OR_RETURN(const Checkpoint checkpoint, CheckFile(file));
  if (policy.logs().empty()) return Invalid("policy", "must list a log");
  WB_ASSIGN_OR_RETURN(auto opened, OpenUnderPolicy(file.checkpoint, checkpoint.origin, policy));
  WB_RETURN_IF_ERROR(VerifyInclusion(file.index, leaf_hash, file.proof, checkpoint.head));
  ProvenEntry proven{checkpoint.origin, file.index,    checkpoint.head,
                     leaf_hash,         opened.second, opened.first.cosignatures,
                     std::nullopt};
  WB_ASSIGN_OR_RETURN(proven.not_after_s, policy.QuorumTime(proven.cosignatures));
  return proven;
}

}  // namespace wideberth::record
