// What a neutral witness remembers: for each log that it cosigns, the last checkpoint, and when. It is given digests
// only, checkpoints and consistency proofs, and never an entry (record/witness.h decides).
//
// A ledger is one file that is replaced whole, and durable, before a cosignature leaves; so no two cosignatures of one
// key ever belong to two histories, whatever crashes. It is made once, beside the key, and never again: a witness whose
// ledger is lost, or came back from a backup, would begin anew and could be shown another history. It takes another key
// then. A ledger that is damaged or missing is refused, not replaced.
//
//   WB_ASSIGN_OR_RETURN(auto ledger, Ledger::Open("witness/ledger.json", {log_key}, std::move(key)));
//   const record::WitnessAnswer answer = ledger->Answer(request_body, now_s);
//
// A log that signs two roots of one size is evidence: it is kept beside the ledger (record/evidence.h).
//
// Thread-safe: one request after the other, each with two fsyncs.
#ifndef WIDEBERTH_WITNESS_LEDGER_H_
#define WIDEBERTH_WITNESS_LEDGER_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "record/signed_note.h"
#include "record/witness.h"

namespace wideberth::witness {

inline constexpr size_t kLogsMax = 1'024;
inline constexpr size_t kLedgerBytesMax = 16 * 1024 * 1024;

class Ledger {
 public:
  // An empty one. Refuses with kConflict a file that is there.
  static base::Result<void> Create(const std::string& path);

  // `logs`: whose checkpoints are cosigned; other rows stay and wait. Refuses a file that is missing or that this
  // version did not write, rows that their log did not sign, two logs of one name, a key of the wrong kind.
  static base::Result<std::unique_ptr<Ledger>> Open(std::string path,
                                                    std::vector<record::VerifierKey> logs,
                                                    record::SignerKey cosigner);

  // The answer to the body of an add-checkpoint. Status 500: the disk refused, and nothing was signed.
  struct Kept {
    int status = 0;
    std::string content_type;
    std::string body;
  };
  Kept Answer(std::string_view body, uint64_t now_s);

  // The last checkpoint of a log with this witness's cosignature; for comparing what several witnesses saw.
  base::Result<std::string> Last(std::string_view origin) const;

  const record::VerifierKey& key() const { return cosigner_.verifier(); }

 private:
  Ledger(std::string path, record::SignerKey cosigner)
      : path_(std::move(path)), cosigner_(std::move(cosigner)) {}
  base::Result<void> Load(const std::vector<record::VerifierKey>& logs);
  base::Result<void> Write(const std::map<std::string, record::WitnessedLog, std::less<>>& rows);
  void KeepFork(const record::WitnessedLog& row, const record::SignedNote& second) const;

  const std::string path_;
  const record::SignerKey cosigner_;
  mutable std::mutex mutex_;
  std::map<std::string, record::WitnessedLog, std::less<>> rows_;  // by origin
  // Those of the configuration, under the keys that they have now.
  std::map<std::string, record::VerifierKey, std::less<>> taken_;
};

}  // namespace wideberth::witness

#endif  // WIDEBERTH_WITNESS_LEDGER_H_
