// What a node has written, as it stands in its store: the entries of a line's two logs, and the journal. For whoever
// shows them, or proves something by them.
//
//   WB_ASSIGN_OR_RETURN(const auto entries, node.entries().ReadLog(peer, false, 1, 200));
//   WB_ASSIGN_OR_RETURN(const JournalPage page, node.entries().ReadJournal(after_batch, 1'000));
//
// Nothing is given out that is not durable. Any thread; the state's lock is held only to find where entries stand, and
// the store is read without it. A page of entries reads each batch that it needs once; the journal has no index and is
// found by walking the batches, so it is read in pages of batches.
#ifndef WIDEBERTH_SERVICE_ENTRY_READER_H_
#define WIDEBERTH_SERVICE_ENTRY_READER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "line/log_entry.h"
#include "mechanism/desk.h"
#include "service/contents.h"
#include "service/state_lock.h"
#include "store/store.h"

namespace wideberth::service {

class Sequencer;

struct JournalPage {
  std::vector<mechanism::JournalWritten> entries;
  std::optional<uint64_t> next;  // where to go on; none: the end was reached
};

class EntryReader {
 public:
  EntryReader(const Contents& contents, StateLock& lock, store::Store& store,
              const Sequencer& sequencer)
      : contents_(contents), lock_(lock), store_(store), sequencer_(sequencer) {}

  // Entries `first_seq`, counted from 1, and those after it: at most `count`, fewer at the end. `theirs`: of the log
  // that the peer writes. Refuses with kNotFound who is no peer.
  base::Result<std::vector<line::LogEntry>> ReadLog(base::PartyId peer, bool theirs,
                                                    uint64_t first_seq, size_t count) const;

  // What stands in the batches after `after_batch`, of which at most `batches_max` are looked at.
  base::Result<JournalPage> ReadJournal(uint64_t after_batch, size_t batches_max) const;

 private:
  base::Result<void> Visit(
      uint64_t batch, const std::function<base::Result<bool>(const store::Batch&)>& visit) const;

  const Contents& contents_;
  StateLock& lock_;
  store::Store& store_;
  const Sequencer& sequencer_;
};

}  // namespace wideberth::service

#endif  // WIDEBERTH_SERVICE_ENTRY_READER_H_
