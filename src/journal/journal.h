// The journal of a node: what never crosses a line (held plans, home checks, the internal ladder, operators' acts), one
// entry after another, each linked to all before it; and how one entry is shown to somebody later without the others.
//
//   link(0) = 32 zero bytes
//   link(n) = SHA-256("wideberth journal 1\n", link(n - 1), SHA-256(text of entry n))
//
// An entry is one JSON object with "previous": link(n - 1) and "salt", 16 bytes that nobody outside can guess, so that
// its SHA-256 tells nothing of it. To disclose entry n is to show its text, link(n - 1) and the SHA-256 of each entry
// behind it, up to a head (how many entries, and the last link):
//
//   {"wideberth_journal_disclosure": 1, "number": n, "before": hex, "entry": "<text>", "after": [hex, ...],
//    "size": n + how many, "head": hex}
//
//   WB_ASSIGN_OR_RETURN(const Disclosed found, VerifyDisclosure(file, deposited));
//
// What that proves, and to whom: the entry stood there, unchanged and at its place, when the head was made. Nothing
// outside pins a journal by itself, as its hashes are in no record (docs/security.md): it proves something to one who
// has the head from before the dispute (deposited, time-stamped, read out), and to anybody else only that the party
// stands by one consistent story.
//
// 64 bytes of the file for each later entry; verifying costs one hash for each. Pure; any thread.
#ifndef WIDEBERTH_JOURNAL_JOURNAL_H_
#define WIDEBERTH_JOURNAL_JOURNAL_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace wideberth::journal {

inline constexpr size_t kDisclosureBytesMax = 128 * 1024 * 1024;
inline constexpr size_t kEntryBytesMax = 1024 * 1024;
inline constexpr uint64_t kEntriesMax = 1'500'000;  // behind the one that is disclosed

// The link after an entry. `text`: of the entry, or by its SHA-256.
base::Digest LinkAfter(const base::Digest& before, std::string_view text);
base::Digest LinkAfter(const base::Digest& before, const base::Digest& text_sha256);

struct Head {
  uint64_t size = 0;
  base::Digest link;
  bool operator==(const Head&) const = default;

  std::string ToString() const;  // "17:3c09..."
  static base::Result<Head> Parse(std::string_view text);
};

struct Disclosure {
  uint64_t number = 0;  // from 1
  base::Digest before;
  std::string text;
  std::vector<base::Digest> after;  // SHA-256 of the entries behind it
  bool operator==(const Disclosure&) const = default;
};
Head HeadOf(const Disclosure& disclosure);
std::string FormatDisclosure(const Disclosure& disclosure);
// Strict; refuses one whose own head does not follow from it, and an entry that is not linked to what is before it.
base::Result<Disclosure> ParseDisclosure(std::string_view file);

// As ParseDisclosure; and with `pinned` kConflict ("head") one that leads to another head than that.
base::Result<Disclosure> VerifyDisclosure(std::string_view file, const std::optional<Head>& pinned);

}  // namespace wideberth::journal

#endif  // WIDEBERTH_JOURNAL_JOURNAL_H_
