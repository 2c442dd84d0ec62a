// Trouble on a line as evidence that a third party can check (record/evidence.h): what a report of the line proves,
// together with what this node holds already.
//
//   fork               the peer has signed two messages of one number, or two heads of one size
//   not_cosigned       the peer has refused to cosign our log: with a proof, when it extends what it had cosigned
//   peer_rolled_back   the peer's log has become shorter than an entry of it that is here
//   broken_chain       an entry of the peer does not follow the one before it
//   key_replaced       the peer's key has signed behind the change by which it gave way to another
//
// Of the other troubles nothing can be proven to a stranger; they are in the log and in the journal.
#ifndef WIDEBERTH_SERVICE_RECORD_EVIDENCE_H_
#define WIDEBERTH_SERVICE_RECORD_EVIDENCE_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "line/party_card.h"
#include "mechanism/core.h"
#include "service/record_reader.h"

namespace wideberth::service {

struct EvidenceFile {
  std::string name;  // of the same trouble again the same: "fork-of-head-17-5b0c...json"
  std::string text;
};

// Nothing where the trouble is of another kind. `self` and `peer` are the cards in force. Refuses with what
// record::FormatEvidence refuses: then it proves nothing.
base::Result<std::optional<EvidenceFile>> EvidenceOf(const RecordReader& record,
                                                     const line::PartyCard& self,
                                                     const line::PartyCard& peer,
                                                     const line::Trouble& trouble);

// Keeps the file in that folder, which is made where it is not there, durably. False when one of that name is there:
// the first is kept.
base::Result<bool> KeepEvidence(const std::string& folder, const EvidenceFile& file);

// What is kept in that folder, by name; at most kEvidenceListed. Nothing where there is no folder.
struct EvidenceEntry {
  std::string name;
  uint64_t bytes = 0;
  base::UtcMicros kept_at;
};
inline constexpr size_t kEvidenceListed = 10'000;
base::Result<std::vector<EvidenceEntry>> ListEvidence(const std::string& folder);
// Refuses with kNotFound what is no name that ListEvidence gives.
base::Result<std::string> ReadEvidence(const std::string& folder, std::string_view name);

}  // namespace wideberth::service

#endif  // WIDEBERTH_SERVICE_RECORD_EVIDENCE_H_
