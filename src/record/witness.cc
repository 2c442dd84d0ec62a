#include "record/witness.h"

#include <algorithm>
#include <utility>

#include "record/hash_lines.h"
#include "record/spelling.h"

namespace wideberth::record {

using base::ErrorCode;
using base::Fail;
using base::Invalid;
using base::Result;

namespace {

constexpr std::string_view kOld = "old ";

Result<void> CheckRequest(const AddCheckpointRequest& request, const Checkpoint& checkpoint) {
  if (request.old_size > checkpoint.head.size) {
    return Invalid(
        "line 1",
        "must be at most the size of the checkpoint, " + std::to_string(checkpoint.head.size),
        std::to_string(request.old_size));
  }
  if (request.old_size == 0 && !request.proof.empty()) {
    return Invalid("proof", "must be empty from size 0",
                   std::to_string(request.proof.size()) + " hashes");
  }
  if (request.proof.size() > kWitnessProofHashesMax) {
    return Fail(ErrorCode::kTooLarge, "proof",
                "must have at most " + std::to_string(kWitnessProofHashesMax) + " hashes",
                std::to_string(request.proof.size()));
  }
  return {};
}

Result<Checkpoint> CheckpointOf(const SignedNote& note) {
  auto checkpoint = ParseCheckpoint(note.text);
  if (!checkpoint) return Fail(std::move(checkpoint).error().Under("checkpoint: "));
  return checkpoint;
}

WitnessDecision Refuse(WitnessStatus status, base::Error error, const WitnessedLog* log,
                       LogFinding finding = LogFinding::kNone) {
  WitnessDecision decision;
  decision.status = status;
  decision.error = std::move(error);
  decision.known_size = log != nullptr ? log->head.size : 0;
  decision.finding = finding;
  return decision;
}

base::Error MakeError(ErrorCode code, std::string_view field, std::string_view rule,
                      std::string_view found) {
  return Fail(code, field, rule, found).value();
}

// What the signed head says against what is held here.
std::optional<WitnessDecision> CheckHeld(const NodeReader& held, const TreeHead& head,
                                         const WitnessedLog& log) {
  const auto root = RootAt(held, head.size);
  if (!root && root.error().code == ErrorCode::kNotFound) {
    return Refuse(WitnessStatus::kNotHeld,
                  MakeError(ErrorCode::kBusy, "size", "must be of entries that are held here",
                            std::to_string(head.size)),
                  &log);
  }
  if (!root) return Refuse(WitnessStatus::kNotHeld, root.error(), &log);
  if (*root == head.root) return std::nullopt;
  return Refuse(
      WitnessStatus::kUnproven,
      MakeError(ErrorCode::kConflict, "root",
                "must be that of the entries held here, " + root->ToHex(), head.root.ToHex()),
      &log, LogFinding::kOtherTree);
}

// The refusals that rest on the log's own signed heads, in the order of the format's text.
std::optional<WitnessDecision> CheckAgainstLast(const WitnessedLog& log,
                                                const AddCheckpointRequest& request,
                                                const TreeHead& head) {
  const bool forked =
      log.last.has_value() && head.size == log.head.size && head.root != log.head.root;
  if (forked) {
    return Refuse(WitnessStatus::kConflict,
                  MakeError(ErrorCode::kConflict, "root",
                            "must be the one cosigned at this size, " + log.head.root.ToHex(),
                            head.root.ToHex()),
                  &log, LogFinding::kFork);
  }
  if (request.old_size != log.head.size) {
    return Refuse(WitnessStatus::kConflict,
                  MakeError(ErrorCode::kConflict, "old",
                            "must be the size cosigned last, " + std::to_string(log.head.size),
                            std::to_string(request.old_size)),
                  &log, head.size < log.head.size ? LogFinding::kShorter : LogFinding::kNone);
  }
  if (log.head.size == 0) return std::nullopt;  // nothing to be consistent with
  const auto proven = VerifyConsistency(log.head, head, request.proof);
  if (proven) return std::nullopt;
  return Refuse(WitnessStatus::kUnproven, proven.error(), &log);
}

}  // namespace

// ---------------------------------------------------------------------------------------- the request

Result<AddCheckpointRequest> ParseAddCheckpoint(std::string_view body) {
  if (body.size() > kAddCheckpointBytesMax) {
    return Fail(ErrorCode::kTooLarge, "",
                "must have at most " + std::to_string(kAddCheckpointBytesMax) + " bytes",
                std::to_string(body.size()) + " bytes");
  }
  const size_t end = body.find('\n');
  const std::string_view line = body.substr(0, end);
  const auto old_size =
      line.starts_with(kOld) ? ParseDecimal(line.substr(kOld.size()), kTreeSizeMax) : std::nullopt;
  if (!old_size || end == std::string_view::npos) {
    return Invalid("line 1", "must be old, a space and a size of at most 2^63 - 1", Shown(line));
  }
  body.remove_prefix(end + 1);
  AddCheckpointRequest request{*old_size, {}, {}};
  WB_ASSIGN_OR_RETURN(request.proof, TakeHashLines(&body, 2, kWitnessProofHashesMax));
  auto note = ParseNote(body);
  if (!note) return Fail(std::move(note).error().Under("checkpoint: "));
  request.checkpoint = std::move(note).value();
  WB_ASSIGN_OR_RETURN(const Checkpoint checkpoint, CheckpointOf(request.checkpoint));
  WB_RETURN_IF_ERROR(CheckRequest(request, checkpoint));
  return request;
}

Result<std::string> FormatAddCheckpoint(const AddCheckpointRequest& request) {
  WB_ASSIGN_OR_RETURN(const Checkpoint checkpoint, CheckpointOf(request.checkpoint));
  WB_RETURN_IF_ERROR(CheckRequest(request, checkpoint));
  WB_ASSIGN_OR_RETURN(const std::string note, FormatNote(request.checkpoint));
  std::string body(kOld);
  body.append(std::to_string(request.old_size)).append("\n");
  AppendHashLines(request.proof, &body);
  return body.append("\n").append(note);
}

// --------------------------------------------------------------------------------------- the decision

Result<WitnessedLog> RestoreWitnessedLog(const VerifierKey& log, std::string_view last,
                                         uint64_t time_s) {
  WB_ASSIGN_OR_RETURN(OpenedCheckpoint opened, OpenCheckpoint(last, {log, {}}));
  return WitnessedLog{log, opened.checkpoint.head, std::move(opened.note), time_s};
}

WitnessDecision DecideCosigning(const WitnessedLog* log, const AddCheckpointRequest& request,
                                uint64_t now_s, const NodeReader* held) {
  const auto checkpoint = CheckpointOf(request.checkpoint);
  if (!checkpoint) return Refuse(WitnessStatus::kMalformed, checkpoint.error(), log);
  if (log == nullptr || log->log.name() != checkpoint->origin) {
    return Refuse(WitnessStatus::kUnknownLog,
                  MakeError(ErrorCode::kNotFound, "origin", "must be a log that is cosigned here",
                            checkpoint->origin),
                  nullptr);
  }
  const auto verified = VerifyNote(request.checkpoint, {&log->log, 1});
  if (!verified) return Refuse(WitnessStatus::kNotSigned, verified.error(), log);
  if (const auto checked = CheckRequest(request, *checkpoint); !checked) {
    return Refuse(WitnessStatus::kMalformed, checked.error(), log);
  }
  if (auto refused = CheckAgainstLast(*log, request, checkpoint->head)) return *refused;
  if (held != nullptr) {
    if (auto refused = CheckHeld(*held, checkpoint->head, *log)) return *refused;
  }
  WitnessDecision decision;
  decision.status = WitnessStatus::kCosigned;
  decision.text = request.checkpoint.text;
  decision.known_size = checkpoint->head.size;
  // Others may have signed too; what is kept is the word of the log.
  SignedNote last{request.checkpoint.text, {}};
  for (const NoteSignature& signature : request.checkpoint.signatures) {
    if (signature.key_id == log->log.id() && signature.key_name == log->log.name()) {
      last.signatures = {signature};
      break;
    }
  }
  decision.row =
      WitnessedLog{log->log, checkpoint->head, std::move(last), std::max(now_s, log->time_s)};
  return decision;
}

// ----------------------------------------------------------------------------------------- the answer

std::string_view WitnessAnswer::content_type() const {
  return status == WitnessStatus::kConflict ? "text/x.tlog.size" : "text/plain; charset=utf-8";
}

Result<WitnessAnswer> AnswerOf(const WitnessDecision& decision,
                               const std::vector<NoteSignature>& cosignatures) {
  WitnessAnswer answer{decision.status, ""};
  if (decision.status == WitnessStatus::kConflict) {
    answer.body = std::to_string(decision.known_size) + "\n";
  } else if (decision.status != WitnessStatus::kCosigned) {
    answer.body = decision.error.ToString() + "\n";
  } else if (cosignatures.empty()) {
    return Invalid("cosignatures", "must be there when a checkpoint is cosigned");
  } else {
    for (const NoteSignature& cosignature : cosignatures) {
      WB_ASSIGN_OR_RETURN(const std::string line, FormatSignatureLine(cosignature));
      answer.body.append(line);
    }
  }
  return answer;
}

Result<std::vector<NoteSignature>> ReadCosignatures(std::string_view body,
                                                    std::string_view checkpoint_text,
                                                    const std::vector<VerifierKey>& witnesses) {
  if (body.size() > kAddCheckpointBytesMax) {
    return Fail(ErrorCode::kTooLarge, "",
                "must have at most " + std::to_string(kAddCheckpointBytesMax) + " bytes",
                std::to_string(body.size()) + " bytes");
  }
  const auto checkpoint = ParseCheckpoint(checkpoint_text);
  if (!checkpoint) return Fail(checkpoint.error());
  WB_ASSIGN_OR_RETURN(const SignedNote note,
                      ParseNote(std::string(checkpoint_text).append("\n").append(body)));
  std::vector<VerifierKey> cosigners;
  for (const VerifierKey& witness : witnesses) {
    if (witness.algorithm() == KeyAlgorithm::kCosignatureV1) cosigners.push_back(witness);
  }
  // A body with an empty line of its own would move what counts as the text.
  if (note.text != checkpoint_text) return Invalid("", "must be signature lines only");
  WB_RETURN_IF_ERROR(VerifyNote(note, cosigners));
  std::vector<NoteSignature> known;
  for (const NoteSignature& signature : note.signatures) {
    const bool is_known =
        std::any_of(cosigners.begin(), cosigners.end(), [&](const VerifierKey& key) {
          return key.id() == signature.key_id && key.name() == signature.key_name;
        });
    if (is_known) known.push_back(signature);
  }
  return known;
}

Result<uint64_t> ReadKnownSize(std::string_view body) {
  const auto size = body.ends_with('\n')
                        ? ParseDecimal(body.substr(0, body.size() - 1), kTreeSizeMax)
                        : std::nullopt;
  if (!size) return Invalid("", "must be a size and a newline", Shown(body));
  return *size;
}

}  // namespace wideberth::record
