#include "record/checkpoint.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/bytes.h"
#include "record/spelling.h"

namespace wideberth::record {

using base::ErrorCode;
using base::Fail;
using base::Invalid;
using base::Result;

namespace {

// Takes the next line, without its newline, off `rest`. A missing line is an empty one, which no rule allows.
std::string_view TakeLine(std::string_view* rest) {
  const size_t end = rest->find('\n');
  const std::string_view line = rest->substr(0, end);
  rest->remove_prefix(end == std::string_view::npos ? rest->size() : end + 1);
  return line;
}

Result<base::Digest> ParseRoot(std::string_view line) {
  const Result<base::Bytes> bytes = base::Base64Decode(line);
  base::Digest root;
  if (!bytes || bytes->size() != root.bytes.size()) {
    return Invalid("line 3", "must be the root: 32 bytes in base64", line);
  }
  std::copy(bytes->begin(), bytes->end(), root.bytes.begin());
  return root;
}

// The first empty line among extension lines that begin with line 4.
Result<void> CheckExtensions(std::string_view lines) {
  for (size_t number = 4; !lines.empty(); ++number) {
    if (TakeLine(&lines).empty()) {
      return Invalid("line " + std::to_string(number), "must not be empty in a checkpoint");
    }
  }
  return {};
}

Result<void> CheckAlgorithms(const CheckpointKeys& keys) {
  if (keys.log.algorithm() != KeyAlgorithm::kEd25519) {
    return Invalid("keys.log", "must be of algorithm 0x01 (Ed25519)", keys.log.Format());
  }
  for (const VerifierKey& cosigner : keys.cosigners) {
    if (cosigner.algorithm() != KeyAlgorithm::kCosignatureV1) {
      return Invalid("keys.cosigners", "must be of algorithm 0x04 (Ed25519 cosignature/v1)",
                     cosigner.Format());
    }
  }
  return {};
}

void AddEarliest(const Cosignature& cosignature, std::vector<Cosignature>* cosignatures) {
  for (Cosignature& other : *cosignatures) {
    if (other.cosigner == cosignature.cosigner) {
      other.time_s = std::min(other.time_s, cosignature.time_s);
      return;
    }
  }
  cosignatures->push_back(cosignature);
}

}  // namespace

Result<Checkpoint> ParseCheckpoint(std::string_view text) {
  WB_RETURN_IF_ERROR(CheckNoteText(text));
  Checkpoint checkpoint;
  checkpoint.origin = TakeLine(&text);
  if (checkpoint.origin.empty()) return Invalid("line 1", "must be the origin of a log");
  const std::string_view size_line = TakeLine(&text);
  const std::optional<uint64_t> size = ParseDecimal(size_line, kTreeSizeMax);
  if (!size) {
    return Invalid("line 2",
                   "must be the size: a decimal number without leading zeros, at most 2^63 - 1",
                   size_line);
  }
  checkpoint.head.size = *size;
  WB_ASSIGN_OR_RETURN(checkpoint.head.root, ParseRoot(TakeLine(&text)));
  if (const auto checked = CheckHead(checkpoint.head); !checked) {
    return Invalid("line 3", checked.error().rule, checked.error().found);
  }
  WB_RETURN_IF_ERROR(CheckExtensions(text));
  checkpoint.extensions = text;
  return checkpoint;
}

Result<std::string> FormatCheckpoint(std::string_view origin, const TreeHead& head) {
  if (const auto checked = CheckKeyName(origin); !checked) {
    return Invalid("origin", checked.error().rule, checked.error().found);
  }
  WB_RETURN_IF_ERROR(CheckHead(head));
  std::string text(origin);
  text.append("\n").append(std::to_string(head.size)).append("\n");
  text.append(base::Base64Encode(head.root.bytes)).append("\n");
  return text;
}

Result<SignedNote> SignCheckpoint(const TreeHead& head, const SignerKey& log) {
  SignedNote note;
  WB_ASSIGN_OR_RETURN(note.text, FormatCheckpoint(log.verifier().name(), head));
  WB_ASSIGN_OR_RETURN(NoteSignature signature, log.Sign(note.text));
  note.signatures.push_back(std::move(signature));
  return note;
}

Result<NoteSignature> CosignCheckpoint(std::string_view text, const SignerKey& cosigner,
                                       uint64_t time_s) {
  const Result<Checkpoint> checkpoint = ParseCheckpoint(text);
  if (!checkpoint) return Fail(checkpoint.error());
  return cosigner.Cosign(text, time_s);
}

Result<OpenedCheckpoint> OpenCheckpoint(std::string_view note, const CheckpointKeys& keys) {
  WB_RETURN_IF_ERROR(CheckAlgorithms(keys));
  OpenedCheckpoint opened;
  WB_ASSIGN_OR_RETURN(opened.note, ParseNote(note));
  std::vector<VerifierKey> known = {keys.log};
  known.insert(known.end(), keys.cosigners.begin(), keys.cosigners.end());
  WB_ASSIGN_OR_RETURN(const std::vector<VerifiedSignature> verified,
                      VerifyNote(opened.note, known));
  bool by_log = false;
  for (const VerifiedSignature& signature : verified) {
    if (signature.key == 0) {
      by_log = true;
    } else {
      AddEarliest({signature.key - 1, signature.time_s}, &opened.cosignatures);
    }
  }
  if (!by_log) {
    return Fail(ErrorCode::kUnauthorized, "signatures", "must include one of the log",
                std::to_string(verified.size()) + " of cosigners");
  }
  WB_ASSIGN_OR_RETURN(opened.checkpoint, ParseCheckpoint(opened.note.text));
  if (opened.checkpoint.origin != keys.log.name()) {
    return Invalid("line 1", "must be the origin of the log that signed, " + keys.log.name(),
                   opened.checkpoint.origin);
  }
  return opened;
}

}  // namespace wideberth::record
