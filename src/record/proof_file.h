// Proof files (C2SP tlog-proof): that one entry stands in a log and that enough witnesses saw it there, in a few kB of
// text that anybody can check with no network and no trust in whoever made the file.
//
//   c2sp.org/tlog-proof@v1
//   index 73894
//   gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=        the inclusion proof, from the leaf's sibling up
//
//   example.com/line/a                                  the checkpoint with its cosignatures, as it was signed
//   109482
//   sFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=
//
//   <em dash> example.com/line/a hI2DJw...
//   <em dash> south.example/mirror mJirIk...
//
// The entry itself is not in the file: a proof is checked against bytes that the checker has, with a Policy of his own.
//
//   WB_ASSIGN_OR_RETURN(const std::string file, FormatProofFile({index, proof, note, {}}));
//   WB_ASSIGN_OR_RETURN(const ProvenEntry proven, VerifyProofFile(file, entry, policy));
//
// Parsing is strict: a file has one spelling. Functions are thread-safe.
#ifndef WIDEBERTH_RECORD_PROOF_FILE_H_
#define WIDEBERTH_RECORD_PROOF_FILE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "record/checkpoint.h"
#include "record/merkle.h"
#include "record/policy.h"
#include "record/signed_note.h"

namespace wideberth::record {

inline constexpr size_t kProofExtraBytesMax = 96 * 1024;
inline constexpr size_t kProofHashesMax = 64;
inline constexpr size_t kProofFileBytesMax = kSignedNoteBytesMax + 160 * 1024;

struct ProofFile {
  uint64_t index = 0;
  Proof proof;
  SignedNote checkpoint;
  std::optional<base::Bytes> extra;  // nobody's word; kept and never read here
  bool operator==(const ProofFile&) const = default;
};

// Refuse ("line N", "checkpoint: ...") what the other would not read or write. Nothing is verified.
base::Result<ProofFile> ParseProofFile(std::string_view text);
base::Result<std::string> FormatProofFile(const ProofFile& file);

// What a proof file says once it is verified.
struct ProvenEntry {
  std::string origin;
  uint64_t index = 0;
  TreeHead head;
  base::Digest leaf_hash;
  VerifierKey log;
  std::vector<Cosignature> cosignatures;  // of witnesses of the policy, by their place in it
  // When the entry was there at the latest: the time by which the quorum had cosigned. Not that of the earliest
  // cosignature: one clock that runs early, or lies, does not move it where the policy asks for more than one.
  std::optional<uint64_t> not_after_s;
};

// Refuses: what ParseProofFile refuses; kUnauthorized a checkpoint of a log that the policy does not list, or with a
// bad signature; kForbidden where the quorum is missed; kInvalid where the entry is not the one that the proof places
// there.
base::Result<ProvenEntry> VerifyProofFile(std::string_view text, base::ByteView entry,
                                          const Policy& policy);
// For one who has only the digest of the entry as the log hashes it (LeafHash).
base::Result<ProvenEntry> VerifyProofFile(std::string_view text, const base::Digest& leaf_hash,
                                          const Policy& policy);

}  // namespace wideberth::record

#endif  // WIDEBERTH_RECORD_PROOF_FILE_H_
