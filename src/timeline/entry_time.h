// When an entry of a line's log was written, as an interval that signatures show, and which of two came first.
//
//   not before   the entry names a head of the other side's log: when the last entry under that head was signed, by the
//                clock of the other side. The proof is an inclusion in that very head, so nothing else need be signed;
//   not after    when the quorum of a policy had cosigned a checkpoint that covers the entry (record/proof_file.h).
//
// Both ends are by clocks that are not the writer's. What shows the start is carried in the `extra` of a proof file:
//
//   {"seen": {"entry": "<envelope>", "proof": ["<base64>", ...]}}
//
//   WB_ASSIGN_OR_RETURN(const record::ProvenEntry proven, record::VerifyProofFile(text, entry, policy));
//   WB_ASSIGN_OR_RETURN(const DatedEntry call, DateEntry(proven, entry, seen, cards));
//   OrderOf(call, raid)       // before, after, or concurrent: the record does not say
//
// Pure; any thread.
#ifndef WIDEBERTH_TIMELINE_ENTRY_TIME_H_
#define WIDEBERTH_TIMELINE_ENTRY_TIME_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "line/message.h"
#include "line/party_card.h"
#include "record/merkle.h"
#include "record/proof_file.h"
#include "record/time_interval.h"

namespace wideberth::timeline {

// The last entry under the head that another entry names, with its inclusion in that head.
struct SeenEntry {
  std::string envelope;
  record::Proof proof;
  bool operator==(const SeenEntry&) const = default;
};
// Refuse ("/seen...") what the other would not read or write.
base::Result<base::Bytes> FormatSeen(const SeenEntry& seen);
base::Result<SeenEntry> ParseSeen(base::ByteView extra);

// The head of the other log that an envelope names, whoever signed it: for making a proof that others verify.
base::Result<record::TreeHead> NamedHead(std::string_view envelope);

struct DatedEntry {
  std::string origin;
  uint64_t index = 0;
  line::Message message;
  record::TimeInterval when;
  // The other side's clock shows the entry below later than the cosigners' show this one: the start is left open.
  bool clocks_disagree = false;
};

// `cards`: of both parties, any that they have had. Refuses with kUnauthorized an entry that no key of the log's writer
// signed, or a seen one that no key of the other did; with kInvalid an entry of another log or number than was proven,
// and a seen one that is not the last under the head that the entry names. Without `seen` the start is open.
base::Result<DatedEntry> DateEntry(const record::ProvenEntry& proven, std::string_view envelope,
                                   const std::optional<SeenEntry>& seen,
                                   std::span<const line::PartyCard> cards);

// Whether the writer of one had the other. Of the two logs of a line: the head that it names is taken at its word.
record::CausalLink LinkBetween(const DatedEntry& first, const DatedEntry& second);
record::EventOrder OrderOf(const DatedEntry& first, const DatedEntry& second);

}  // namespace wideberth::timeline

#endif  // WIDEBERTH_TIMELINE_ENTRY_TIME_H_
