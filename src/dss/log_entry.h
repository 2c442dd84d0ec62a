// The entries of a DSS's transparency log (MECHANISM 7.2): of each accepted write an id, a version, a time and a salted
// commitment, and nothing else. Only who has the salt can say what was written.
//
// An entry is five lines of ASCII, each with its newline:
//
//   wideberth-dss-log/v1
//   2f8343be-6482-4d1b-a474-16847e01af1e        the id of what was written; "-" for the availability of a provider
//   3                                           its version; "-" where the version is known to its manager alone
//   2026-11-22T10:00:00.123456Z                 when the DSS decided
//   u8JdT...=                                   the commitment, base64
//
//   commitment = SHA-256("wideberth-dss-commitment/v1\n" || salt || statement)
//
// `salt` is 32 random bytes of this entry alone; `statement` is one JSON object that says what was written, by whom
// , and its bytes are what counts: nobody has to make them again. Salt and statement together are the
// *opening*. The DSS hands it to the manager with the answer and keeps it nowhere, so that not even its store, or a
// backup of that, opens an entry.
//
// What counts as a write: what changes an operational intent, a constraint, a subscription, an identification service
// area or the availability of a provider. What goes with it (an implicit subscription, notification indices) is part of
// the one write. Reports and what the node itself takes away when it is long over are no writes.
//
// Functions are pure and thread-safe.
#ifndef WIDEBERTH_DSS_LOG_ENTRY_H_
#define WIDEBERTH_DSS_LOG_ENTRY_H_

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "dss/command.h"
#include "dss/decide.h"
#include "dss/view.h"

namespace wideberth::dss {

inline constexpr size_t kLogEntryBytesMax = 256;

// The entry and its opening for what `decision` grants `command`, over the view that it was decided on; nothing where
// that is no write. About 3 us.
std::optional<Logged> LogOf(const View& view, const Command& command, const Decision& decision,
                            base::UtcMicros now);

struct ParsedLogEntry {
  std::string id;       // or "-"
  std::string version;  // or "-"
  base::UtcMicros time;
  base::Digest commitment;
  bool operator==(const ParsedLogEntry&) const = default;
};
// One entry, one spelling: refuses ("line N") every other.
base::Result<ParsedLogEntry> ParseLogEntry(std::string_view text);
std::string FormatLogEntry(const ParsedLogEntry& entry);

base::Digest LogCommitment(base::ByteView opening);

// The statement in an opening, once that is what the entry commits to. Refuses ("opening") fewer bytes than a salt, and
// another opening than the entry's.
base::Result<std::string> OpenLogEntry(std::string_view entry, base::ByteView opening);

}  // namespace wideberth::dss

#endif  // WIDEBERTH_DSS_LOG_ENTRY_H_
