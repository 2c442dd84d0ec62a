// The joint view of a line: its two logs in one order (MECHANISM 7.3).
//
// Every entry names how much of the other log its writer had seen. The order keeps both logs in theirs, puts no entry
// before one that its writer had seen, and leaves nothing else to chance: of the two entries that may come next, the
// one with the earlier time of sending comes first, and at the same time the one with the smaller digest.
//
//   WB_ASSIGN_OR_RETURN(const auto view, MergeLogs(ours, theirs));
//   FormatJointView(view)       // the same bytes on both nodes, whichever log is whose
//
// So two nodes that hold the same prefixes of both logs have byte-identical views: take the prefixes that the latest
// cosigned checkpoints of each log cover. A longer prefix may put an entry anywhere behind what its writer had seen: a
// view is of two sizes, and is named by them.
//
// That the sizes which entries name are true (the root beside the size is that of the other log) was checked where the
// entries were accepted. Times are the writers' own claims; they decide only what causality leaves open. Pure; any
// thread.
#ifndef WIDEBERTH_RECORD_MERGE_H_
#define WIDEBERTH_RECORD_MERGE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"

namespace wideberth::record {

struct LoggedEntry {
  base::Digest digest;      // SHA-256 of the entry's bytes
  base::UtcMicros sent_at;  // by its writer's clock
  uint64_t peer_seen = 0;   // the size of the other log that the entry names
  bool operator==(const LoggedEntry&) const = default;
};

// The prefix of one log: entry i stands at i.
struct WriterLog {
  std::string origin;
  std::vector<LoggedEntry> entries;
};

struct JointEntry {
  std::string_view origin;  // of the WriterLog that was merged, which outlives the view
  uint64_t index = 0;
  const LoggedEntry* entry = nullptr;
};

// All entries of both, in the order above; linear. An entry that names more of the other log than there is stands
// behind all of it. Refuses with kInvalid two logs of one origin, and entries that name each other ("entries": each
// behind the other's), of which at least one lies.
base::Result<std::vector<JointEntry>> MergeLogs(const WriterLog& a, const WriterLog& b);

// One line an entry: origin, index, the time of sending, the digest in hex.
std::string FormatJointView(const std::vector<JointEntry>& view);

}  // namespace wideberth::record

#endif  // WIDEBERTH_RECORD_MERGE_H_
