// Witnessing (C2SP tlog-witness): the request for a cosignature, its answer, and the rule by which a cosigner decides.
//
// A request is text: the size that the asker believes was cosigned last, the proof that the log only grew since, an
// empty line, the checkpoint.
//
//   old 20852014
//   PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
//
//   example.com/line/a
//   20852163
//   CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
//
//   <em dash> example.com/line/a Az3grlgtzPICa5OS8npVmf1Myq...
//
// A cosigner keeps one row a log, WitnessedLog: the key and the last checkpoint that it cosigned. Deciding is a pure
// function of row and request; what makes it safe is the order of what follows:
//
//   WB_ASSIGN_OR_RETURN(const AddCheckpointRequest request, ParseAddCheckpoint(body));       // else: 400
//   const WitnessDecision decision = DecideCosigning(FindLog(request), request, now_s, &our_mirror);
//   if (decision.status == WitnessStatus::kCosigned) {
//     Persist(*decision.row);                            // atomically with the decision, durable before anything else
//     cosignature = CosignCheckpoint(decision.text, our_cosigner, decision.row->time_s);
//   }
//   Answer(AnswerOf(decision, cosignature));
//
// So no two cosignatures of one cosigner ever belong to two histories: each one extends the row that the one before
// left, by a proof that was verified. Asking again for what was cosigned last gives another cosignature and changes
// nothing but its time.
//
// Signed times never step back, though clocks do: a cosignature has the time of the one before where the clock shows an
// earlier one. Otherwise an honest cosigner whose clock was put right would seem to have rolled back (evidence.h). This
// holds as well for the cosigner that is a log's own clock.
//
// The cosigner of a line (the peer) also holds the entries: it passes its mirror, and cosigns only what that has
// durably, down to the last entry. A neutral witness passes none. Pure; functions are thread-safe.
#ifndef WIDEBERTH_RECORD_WITNESS_H_
#define WIDEBERTH_RECORD_WITNESS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "record/checkpoint.h"
#include "record/merkle.h"
#include "record/signed_note.h"

namespace wideberth::record {

inline constexpr size_t kWitnessProofHashesMax = 63;
inline constexpr size_t kAddCheckpointBytesMax = kSignedNoteBytesMax + 4 * 1024;

struct AddCheckpointRequest {
  uint64_t old_size = 0;
  Proof proof;
  SignedNote checkpoint;  // a note whose text is a checkpoint; nothing of it is verified
  bool operator==(const AddCheckpointRequest&) const = default;
};

// Strict, so that a request has one spelling. Refuses ("line N", "proof", "checkpoint...") what FormatAddCheckpoint
// would not write: an old size above the size of the checkpoint too, and any proof from size 0.
base::Result<AddCheckpointRequest> ParseAddCheckpoint(std::string_view body);
base::Result<std::string> FormatAddCheckpoint(const AddCheckpointRequest& request);

// The statuses of the answer, as HTTP has them.
enum class WitnessStatus : uint16_t {
  kCosigned = 200,
  kMalformed = 400,
  kNotSigned = 403,  // no signature of the log's key verifies
  kUnknownLog = 404,
  kConflict = 409,  // the old size is not the one cosigned last, or the same size has another root
  kUnproven = 422,  // the proof does not lead from the one to the other
  kNotHeld = 503,   // a mirror has not all the entries yet: ask again later
};

// One log that is cosigned here. The row of a store: the vkey, FormatNote of `last` and the time are all there is to
// keep.
struct WitnessedLog {
  VerifierKey log;                 // its name is the origin
  TreeHead head{0, EmptyRoot()};   // the one cosigned last; size 0 before the first
  std::optional<SignedNote> last;  // that checkpoint, with the log's signature only
  uint64_t time_s = 0;             // of the last cosignature, POSIX
  bool operator==(const WitnessedLog&) const = default;
};

// The row as it was persisted. Refuses a checkpoint that this log did not sign.
base::Result<WitnessedLog> RestoreWitnessedLog(const VerifierKey& log, std::string_view last,
                                               uint64_t time_s);

// What a request shows about the log itself. Its signature was verified: this is its doing, or that of its key's thief.
enum class LogFinding : uint8_t {
  kNone,
  kFork,  // two signed checkpoints of one size and two roots: evidence as they are (evidence.h)
  kOtherTree,  // the entries held lead to another tree than the one that was signed
  kShorter,    // it signed, or shows again, a checkpoint below the one cosigned last
};

struct WitnessDecision {
  WitnessStatus status = WitnessStatus::kMalformed;
  base::Error error;                // of every status but kCosigned
  std::string text;                 // what is to be cosigned
  std::optional<WitnessedLog> row;  // of kCosigned: to persist before cosigning, at its time
  uint64_t known_size = 0;          // what was cosigned last: the body of kConflict
  LogFinding finding = LogFinding::kNone;
};

// `log` is the row of the request's origin, null when there is none; `now_s` is what the clock shows. `held` are the
// entries of the log that are durable here, null for a neutral witness.
WitnessDecision DecideCosigning(const WitnessedLog* log, const AddCheckpointRequest& request,
                                uint64_t now_s, const NodeReader* held = nullptr);

// The answer as it crosses.
struct WitnessAnswer {
  WitnessStatus status = WitnessStatus::kMalformed;
  std::string body;
  std::string_view content_type() const;
  bool operator==(const WitnessAnswer&) const = default;
};
// Signature lines; the known size in decimal of kConflict; one line for people otherwise. `cosignatures` are those of
// kCosigned and not read otherwise.
base::Result<WitnessAnswer> AnswerOf(const WitnessDecision& decision,
                                     const std::vector<NoteSignature>& cosignatures);

// The asker's side. Status 200: the cosignatures in `body` that verify under one of `witnesses` for this checkpoint;
// those of other keys are passed over. Refuses with kUnauthorized when there is none or one of a known key does not
// verify, with kInvalid what is not signature lines.
base::Result<std::vector<NoteSignature>> ReadCosignatures(
    std::string_view body, std::string_view checkpoint_text,
    const std::vector<VerifierKey>& witnesses);
// Status 409: the size to prove from.
base::Result<uint64_t> ReadKnownSize(std::string_view body);

}  // namespace wideberth::record

#endif  // WIDEBERTH_RECORD_WITNESS_H_
