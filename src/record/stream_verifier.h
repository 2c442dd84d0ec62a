// Verifying a log from its entries alone, one by one: what is kept is the edge of the tree, 2 kB however long the log
// is.
//
//   StreamVerifier verifier({{70'000, root}, {1'000'000, later_root}}, on_progress);
//   while (...) WB_RETURN_IF_ERROR(verifier.Add(entry));
//   WB_RETURN_IF_ERROR(verifier.Finish());
//
// Every head given is met at its size: so one pass also proves that all of them are heads of one history. An entry
// costs its hashing and one hash more (a million entries of 1 kB: about 2 s).
#ifndef WIDEBERTH_RECORD_STREAM_VERIFIER_H_
#define WIDEBERTH_RECORD_STREAM_VERIFIER_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "record/merkle.h"

namespace wideberth::record {

class StreamVerifier {
 public:
  // Entries verified so far: those below the last head that was met; and entries read.
  struct Progress {
    uint64_t verified = 0;
    uint64_t read = 0;
    uint64_t size = 0;  // of the longest head
    bool operator==(const Progress&) const = default;
  };
  using OnProgress = std::function<void(const Progress&)>;

  static constexpr uint64_t kProgressEvery = 4'096;

  // Heads in any order, each of a checkpoint that the caller opened. `on_progress` is called behind every
  // kProgressEvery entries and at every head; it may be empty.
  explicit StreamVerifier(std::vector<TreeHead> heads, OnProgress on_progress = {});

  // Takes the next entry. Refuses with kInvalid: "head" when the tree up to this entry is another one than a head of
  // its size says; "entry" behind the longest head, which nothing vouches for. Behind a refusal every call refuses
  // alike.
  base::Result<void> Add(base::ByteView entry);
  // The same for a reader that has only hashes.
  base::Result<void> AddLeafHash(const base::Digest& leaf_hash);

  // Refuses with kInvalid "size" when entries up to the longest head are missing, and what Add refused. Without heads
  // nothing is verified, which is refused too.
  base::Result<void> Finish() const;

  const Progress& progress() const { return progress_; }
  TreeHead head() const { return frontier_.head(); }

 private:
  base::Result<void> Meet();

  std::vector<TreeHead> heads_;  // by size
  size_t next_ = 0;              // the first of them that is yet to be met
  OnProgress on_progress_;
  Frontier frontier_;
  Progress progress_;
  base::Result<void> state_;
};

}  // namespace wideberth::record

#endif  // WIDEBERTH_RECORD_STREAM_VERIFIER_H_
