// The side that asks: one log's head to one witness, by C2SP tlog-witness over HTTP; and what witnesses have cosigned,
// as it is kept for proofs.
//
//   WB_ASSIGN_OR_RETURN(auto signature, Ask(witness, {text, {log_signature}}, last_size, prove));
//   note.signatures.push_back(signature);
//   WB_RETURN_IF_ERROR(kept.Append(note));
#ifndef WIDEBERTH_WITNESS_ASKER_H_
#define WIDEBERTH_WITNESS_ASKER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "record/checkpoint.h"
#include "record/merkle.h"
#include "record/signed_note.h"

namespace wideberth::witness {

struct Witness {
  record::VerifierKey key;  // its name is the witness's
  std::string url;          // "https://witness.example" or with a path: add-checkpoint is below it
  bool operator==(const Witness&) const = default;
};

// Refuses ("vkey", "url") a key that is no cosigner's, and what is no http or https URL.
base::Result<Witness> ParseWitness(std::string_view vkey, std::string url);

// The consistency proof from `old_size` to the checkpoint.
using Prove = std::function<base::Result<record::Proof>(uint64_t old_size)>;

// `checkpoint`: with the log's signature only. `old_size`: what the witness cosigned last, as far as is known; when it
// says otherwise (409) it is asked once more from there. Refuses with kConflict (field "known_size") where the witness
// has cosigned more than is shown, and where it has another root at this size: somebody holds another history.
base::Result<record::NoteSignature> Ask(const Witness& witness,
                                        const record::SignedNote& checkpoint, uint64_t old_size,
                                        const Prove& prove);

// Checkpoints with all their cosignatures, in one file that only grows. They are no entries: a lost one is asked for
// again. Thread-safe.
class CosignedNotes {
 public:
  // What a crash has left half written at the end is cut off. Refuses with kInvalid a file that is damaged before that,
  // and leaves it as it is.
  static base::Result<std::unique_ptr<CosignedNotes>> Open(std::string path);

  // Durable when it returns.
  base::Result<void> Append(const record::SignedNote& note);

  // Of the notes that all of `keys` have signed, the earliest of at least `size` entries, and the latest.
  base::Result<std::optional<std::string>> FirstFrom(
      uint64_t size, const std::vector<record::VerifierKey>& keys) const;
  base::Result<std::optional<std::string>> Last(const std::vector<record::VerifierKey>& keys) const;

 private:
  struct Place {
    uint64_t size = 0;  // of the tree
    uint64_t offset = 0;
    uint32_t bytes = 0;
    uint64_t signers = 0;  // a bit for each of names_
  };
  explicit CosignedNotes(std::string path) : path_(std::move(path)) {}
  base::Result<void> Load();
  // Whole notes from the front of what has been read.
  base::Result<void> TakeFrom(std::string* buffer);
  base::Result<Place> PlaceOf(const record::SignedNote& note, uint64_t offset, size_t bytes);
  uint64_t BitsOf(const std::vector<record::VerifierKey>& keys, bool* known) const;
  base::Result<std::optional<std::string>> Read(const Place* place) const;

  const std::string path_;
  mutable std::mutex mutex_;
  std::vector<Place> places_;                                 // as they stand in the file
  std::vector<std::pair<std::string, record::KeyId>> names_;  // of keys, at most 64
  uint64_t end_ = 0;
};

}  // namespace wideberth::witness

#endif  // WIDEBERTH_WITNESS_ASKER_H_
