// Checkpoints (C2SP tlog-checkpoint, tlog-cosignature v1): the signed head of a log.
//
// A checkpoint is a signed note whose text is three lines, the origin (the log's name), the size and the root:
//
//   example.com/line/a
//   20852163
//   CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
//
// The log signs it with a key of KeyAlgorithm::kEd25519 whose name is the origin. Others cosign the same text with keys
// of kCosignatureV1, each at its own time: "as of this time, this was the longest log under this origin that I saw, and
// it only ever grew". What else a cosignature means (a peer's: "and I durably hold every entry") is agreed apart.
//
//   WB_ASSIGN_OR_RETURN(SignedNote note, SignCheckpoint(frontier.head(), log_key));
//   WB_ASSIGN_OR_RETURN(NoteSignature cosignature, CosignCheckpoint(note.text, our_cosigner, now_s));
//   note.signatures.push_back(std::move(cosignature));
//   WB_ASSIGN_OR_RETURN(const std::string bytes, FormatNote(note));
//   WB_ASSIGN_OR_RETURN(const OpenedCheckpoint opened, OpenCheckpoint(bytes, {log_vkey, {peer_cosigner_vkey}}));
//
// Opening proves who signed, not that two checkpoints agree: VerifyConsistency (merkle.h) does. That a log never signs
// a shorter or another tree, and a cosigner only what it verified, is the callers' part. Functions are thread-safe.
#ifndef WIDEBERTH_RECORD_CHECKPOINT_H_
#define WIDEBERTH_RECORD_CHECKPOINT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "record/merkle.h"
#include "record/signed_note.h"

namespace wideberth::record {

struct Checkpoint {
  std::string origin;
  TreeHead head;
  // Further lines of other people's logs, each with its newline: opaque, and never written here.
  std::string extensions;
  bool operator==(const Checkpoint&) const = default;
};

// Reads the text of a note. Refuses what CheckNoteText refuses, fewer than three lines, an empty line, a size with a
// leading zero or beyond kTreeSizeMax, a root that is not base64 of 32 bytes, and at size 0 any but EmptyRoot().
base::Result<Checkpoint> ParseCheckpoint(std::string_view text);

// The text of a checkpoint. Refuses an origin that no key can have as its name, and heads that ParseCheckpoint refuses.
base::Result<std::string> FormatCheckpoint(std::string_view origin, const TreeHead& head);

// The checkpoint of the log whose key this is, with that one signature. Refuses a key of another algorithm.
base::Result<SignedNote> SignCheckpoint(const TreeHead& head, const SignerKey& log);

// A cosignature of the text of a checkpoint at `time_s` (POSIX). Refuses a text that is no checkpoint, a key of another
// algorithm, and times beyond kCosignatureTimeMaxS.
base::Result<NoteSignature> CosignCheckpoint(std::string_view text, const SignerKey& cosigner,
                                             uint64_t time_s);

// Whose word counts.
struct CheckpointKeys {
  VerifierKey log;                     // kEd25519; its name is the origin
  std::vector<VerifierKey> cosigners;  // kCosignatureV1
};

struct Cosignature {
  size_t cosigner = 0;  // which of CheckpointKeys::cosigners
  uint64_t time_s = 0;  // the earliest, where one cosigned more than once
  bool operator==(const Cosignature&) const = default;
};

struct OpenedCheckpoint {
  Checkpoint checkpoint;
  std::vector<Cosignature> cosignatures;  // one a cosigner at most, in the order of their lines
  SignedNote note;                        // as it was read, signatures of unknown keys included
};

// Reads a checkpoint that the log signed. Refuses: kUnauthorized without a signature of the log, or with one under the
// name and id of any of the keys that does not verify; kInvalid for another origin than the log's name, and for what
// ParseNote and ParseCheckpoint refuse; kInvalid ("keys...") for keys of the wrong algorithm. How many cosigners it
// takes is for the caller to say: none are needed here.
base::Result<OpenedCheckpoint> OpenCheckpoint(std::string_view note, const CheckpointKeys& keys);

}  // namespace wideberth::record

#endif  // WIDEBERTH_RECORD_CHECKPOINT_H_
