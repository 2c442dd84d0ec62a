// The transparency log of a DSS as those who serve it see it: tiles, checkpoint and proofs, wherever it is kept.
//
//   log->ReadCheckpoint([](base::Result<std::string> note) { ... });
//   log->ReadTile(path, [](base::Result<std::string> bytes) { ... });
//
// What is given out is durable and of the tree that was signed last: a head leaves only after it was persisted. Before
// the first one there is nothing, and everything refuses with kNotFound.
//
// Threads: everything from any thread. Callbacks are called once, on a thread of the host's or on the caller's before
// the function returns; they must not block.
#ifndef WIDEBERTH_DSS_TRANSPARENCY_LOG_H_
#define WIDEBERTH_DSS_TRANSPARENCY_LOG_H_

#include <cstdint>
#include <functional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "record/signed_note.h"
#include "record/tile_path.h"

namespace wideberth::dss {

class TransparencyLog {
 public:
  virtual ~TransparencyLog() = default;

  // Who signs; its name is the log's origin.
  virtual const record::VerifierKey& key() const = 0;

  using Text = std::function<void(base::Result<std::string>)>;
  virtual void ReadCheckpoint(Text done) = 0;
  // A hash tile or an entry bundle. Refuses with kNotFound what the signed tree has not.
  virtual void ReadTile(const record::TilePath& path, Text done) = 0;
  // The proof file (record/proof_file.h) of this entry. Refuses with kNotFound one that is not in the signed tree, or
  // not yet: an entry comes in within a second or two.
  virtual void Prove(std::string entry, Text done) = 0;

  struct Statistics {
    uint64_t entries = 0;  // that have an index
    uint64_t signed_size = 0;
  };
  virtual Statistics GetStatistics() const = 0;
};

}  // namespace wideberth::dss

#endif  // WIDEBERTH_DSS_TRANSPARENCY_LOG_H_
