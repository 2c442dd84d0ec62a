// Trouble as one file that a third party can check: what was signed, and why no honest owner of the key could have
// signed it. Nothing but signatures and hashes decides; nobody's account of what happened is in the file.
//
//   const Evidence evidence = ForkEvidence{peer_log, first, second, ...};
//   WB_ASSIGN_OR_RETURN(const std::string file, FormatEvidence(evidence));       // refuses what would prove nothing
//   WB_ASSIGN_OR_RETURN(const Finding finding, VerifyEvidence(file));            // what anybody else does
//
// A file is one JSON object, {"wideberth_evidence": 1, "kind": ..., ...}, read strictly; docs/formats.md lists its
// fields. Keys stand in it, so it proves something about a key. Whose key that is, the reader must know from elsewhere
// (a party card, a policy): Finding::against and Finding::relies_on say which ones.
//
// What cannot be proven is not in the list: that a party is silent, that it withholds entries, that it lost a message
// on the way. Of those the record keeps both accounts.
#ifndef WIDEBERTH_RECORD_EVIDENCE_H_
#define WIDEBERTH_RECORD_EVIDENCE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/ed25519.h"
#include "record/checkpoint.h"
#include "record/merkle.h"
#include "record/signed_note.h"
#include "record/statement.h"

namespace wideberth::record {

inline constexpr size_t kEvidenceBytesMax = 4 * 1024 * 1024;
inline constexpr size_t kEvidenceCosignersMax = 64;

// A log signed two histories.
struct ForkEvidence {
  // What the tree of the second checkpoint begins with, in place of what the first one says.
  struct Prefix {
    base::Digest root;  // of the second tree's first entries, as many as the first checkpoint has
    Proof proof;        // ConsistencyProof from there to the second checkpoint
    bool operator==(const Prefix&) const = default;
  };
  VerifierKey log;
  SignedNote first;  // of the same size, or the smaller one
  SignedNote second;
  std::optional<Prefix> prefix;        // exactly when the sizes differ
  std::vector<VerifierKey> cosigners;  // those that are accused too: each cosigned both
  bool operator==(const ForkEvidence&) const = default;
};

// A party signed two messages of one number to one peer, or two heads ("own_head" of its heartbeats) of one size and
// two roots. Found before any checkpoint is signed: what a node restored from a backup does first.
struct MessageForkEvidence {
  crypto::PublicKey message_key;
  std::string first;  // envelopes
  std::string second;
  bool operator==(const MessageForkEvidence&) const = default;
};

// A cosigner (of its own log: the log's own clock) cosigned a shorter tree after a longer one.
struct RollbackEvidence {
  VerifierKey log;
  VerifierKey cosigner;
  SignedNote first;   // the longer one, cosigned earlier
  SignedNote second;  // the shorter one, cosigned in a later second
  bool operator==(const RollbackEvidence&) const = default;
};

// A party signed an entry of its log, and at a later time, by its own clock, that its log is shorter than that
// ("own_head" of a heartbeat): its store was set back.
struct MessageRollbackEvidence {
  crypto::PublicKey message_key;
  std::string first;   // the entry
  std::string second;  // the heartbeat
  bool operator==(const MessageRollbackEvidence&) const = default;
};

// A party refused a cosignature. With a proof from what it had cosigned to what it refused as another tree, it refused
// without cause.
struct RefusalEvidence {
  VerifierKey log;
  SignedNote checkpoint;
  crypto::PublicKey refuser;
  std::string refusal;  // statement.h
  std::optional<Proof> proof;
  bool operator==(const RefusalEvidence&) const = default;
};

// A key signed after it was revoked.
struct RevokedKeyEvidence {
  // A checkpoint beyond the last size of the revoked log key.
  struct LogUse {
    VerifierKey log;
    SignedNote checkpoint;
    bool operator==(const LogUse&) const = default;
  };
  // A cosignature whose own time is later.
  struct CosignerUse {
    VerifierKey log;
    VerifierKey cosigner;
    SignedNote checkpoint;
    bool operator==(const CosignerUse&) const = default;
  };
  // An envelope whose "sent_at" is later.
  struct MessageUse {
    std::string envelope;
    bool operator==(const MessageUse&) const = default;
  };
  crypto::PublicKey revoker;
  std::string revocation;  // statement.h
  std::variant<LogUse, CosignerUse, MessageUse> use;
  bool operator==(const RevokedKeyEvidence&) const = default;
};

// A log whose entries do not follow each other: an entry that is not number "seq" of its writer, or does not name the
// one before it.
struct GapEvidence {
  struct Entry {
    uint64_t index = 0;
    std::string envelope;
    Proof proof;  // its inclusion in the checkpoint
    bool operator==(const Entry&) const = default;
  };
  VerifierKey log;
  crypto::PublicKey message_key;
  SignedNote checkpoint;
  std::optional<Entry> before;  // the entry before, where "previous" is what is wrong
  Entry entry;
  bool operator==(const GapEvidence&) const = default;
};

// Two messages of following numbers, of which the second does not name the first: between them something is missing or
// was taken out. Found before any checkpoint is signed.
struct MessageGapEvidence {
  crypto::PublicKey message_key;
  std::string before;
  std::string entry;
  bool operator==(const MessageGapEvidence&) const = default;
};

// A key signed a message behind the one by which it gave way to another ("key-change").
struct ReplacedKeyEvidence {
  crypto::PublicKey message_key;
  std::string change;
  std::string use;
  bool operator==(const ReplacedKeyEvidence&) const = default;
};

using Evidence = std::variant<ForkEvidence, MessageForkEvidence, RollbackEvidence,
                              MessageRollbackEvidence, RefusalEvidence, RevokedKeyEvidence,
                              ReplacedKeyEvidence, GapEvidence, MessageGapEvidence>;

// Those of checkpoints and those of messages are of the same kinds of trouble.
enum class EvidenceKind : uint8_t { kFork, kRollback, kRefusal, kRevokedKey, kGap };
// "fork", "rollback", "refused_cosignature", "revoked_key_used", "gap".
std::string_view EvidenceKindName(EvidenceKind kind);

enum class AccusedRole : uint8_t { kLog, kCosigner, kMessage };
struct Accused {
  AccusedRole role = AccusedRole::kLog;
  std::string name;  // of the key of a log or cosigner
  crypto::PublicKey key;
  bool operator==(const Accused&) const = default;
};

// What a file proves.
struct Finding {
  EvidenceKind kind = EvidenceKind::kFork;
  std::vector<Accused> against;  // at least one
  std::vector<crypto::PublicKey>
      relies_on;               // keys that must be known to be of the accused party: a revoker
  std::string summary;         // one sentence in English, of what the signatures show
  bool without_cause = false;  // of a refusal
};

// Refuses what is not strictly of the form, and with kInvalid or kUnauthorized, and the field that it fails by, what
// does not prove its trouble: evidence is proof or it is nothing.
base::Result<Finding> VerifyEvidence(std::string_view file);
base::Result<Finding> VerifyEvidence(const Evidence& evidence);

base::Result<Evidence> ParseEvidence(std::string_view file);
// Refuses what VerifyEvidence refuses.
base::Result<std::string> FormatEvidence(const Evidence& evidence);

// The evidence of a fork between two signed checkpoints of any sizes, in any order. `tree` has the nodes of the larger
// one. Refuses with kNotFound where there is no fork: the smaller one is what the larger begins with.
base::Result<ForkEvidence> ProveFork(const VerifierKey& log, const SignedNote& a,
                                     const SignedNote& b, const NodeReader& tree);

}  // namespace wideberth::record

#endif  // WIDEBERTH_RECORD_EVIDENCE_H_
