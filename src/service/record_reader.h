// The record of a node's lines, for whoever shows it or proves something by it: both logs of each line as C2SP
// tlog-tiles, checkpoints with their cosignatures, proofs (record/*.h). Everything is durable that is given out here.
//
//   const RecordReader record = node.record();
//   WB_ASSIGN_OR_RETURN(const Log log, record.Find(peer, Writer::kOurs));
//   WB_ASSIGN_OR_RETURN(const base::Bytes tile, record.ReadTile(log, path));
//   WB_ASSIGN_OR_RETURN(const EntryProof proof, record.ProveEntry(log, index, log.cosigned->head.size));
//
// What is served is what the other side has cosigned: a checkpoint never comes before its cosignature, and tiles and
// proofs end with it. Before the first cosignature there is nothing, and everything refuses with kNotFound.
//
// Any thread. Hash tiles and proofs are made of nodes in memory, under the shared lock; entries are read from the store
// without it, one batch at a time.
#ifndef WIDEBERTH_SERVICE_RECORD_READER_H_
#define WIDEBERTH_SERVICE_RECORD_READER_H_

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "line/line_state.h"
#include "record/merkle.h"
#include "record/signed_note.h"
#include "record/tile_path.h"
#include "service/contents.h"
#include "service/entry_reader.h"
#include "service/state_lock.h"
#include "store/store.h"

namespace wideberth::service {

// Whose log of a line.
enum class Writer : uint8_t { kOurs, kTheirs };
std::string_view Name(Writer writer);  // "ours", "theirs"
base::Result<Writer> ParseWriter(std::string_view text);

class RecordReader {
 public:
  RecordReader(const Contents& contents, StateLock& lock, store::Store& store, EntryReader entries)
      : contents_(contents), lock_(lock), store_(store), entries_(entries) {}

  struct Log {
    base::PartyId peer;
    uint32_t line = 0;
    Writer writer = Writer::kOurs;
    uint64_t size = 0;                           // of entries that are here
    std::optional<line::KnownHead> signed_head;  // of ours
    std::optional<line::KnownHead> cosigned;     // by the other side
  };
  // Refuses with kNotFound who is no peer.
  base::Result<Log> Find(base::PartyId peer, Writer writer) const;

  // A hash tile or an entry bundle of the cosigned tree.
  base::Result<base::Bytes> ReadTile(const Log& log, const record::TilePath& path) const;

  // From number `index` on, counted from 0. Refuses with kNotFound what is not here.
  base::Result<std::vector<line::LogEntry>> ReadEntries(const Log& log, uint64_t index,
                                                        size_t count) const;

  // Of the earliest head of at least `size` entries, which dates best; of the latest of at most that.
  base::Result<line::KnownHead> FirstCosignedFrom(const Log& log, uint64_t size) const;
  base::Result<std::optional<line::KnownHead>> LastCosignedUpTo(const Log& log,
                                                                uint64_t size) const;

  // The keys that sign its entries, and from which on.
  std::vector<line::KeyEpoch> KeysOf(const Log& log) const;

  base::Result<record::Proof> ProveInclusion(const Log& log, uint64_t index, uint64_t size) const;
  base::Result<record::Proof> ProveConsistency(const Log& log, uint64_t old_size,
                                               uint64_t new_size) const;

 private:
  base::Result<line::KnownHead> ReadHead(const Log& log, const HeadPlace& place) const;

  const Contents& contents_;
  StateLock& lock_;
  store::Store& store_;
  EntryReader entries_;
};

}  // namespace wideberth::service

#endif  // WIDEBERTH_SERVICE_RECORD_READER_H_
