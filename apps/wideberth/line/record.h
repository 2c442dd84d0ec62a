// What the record of a line shows: commands that read the signed entries of both logs, from a node or from a file that
// was exported, and check them here; and the journal.
#ifndef WIDEBERTH_APPS_WIDEBERTH_LINE_RECORD_H_
#define WIDEBERTH_APPS_WIDEBERTH_LINE_RECORD_H_

#include <cstdint>
#include <string>

#include "apps/wideberth/session.h"
#include "base/result.h"

namespace wideberth::cli {

struct RecordOptions {
  std::string file;  // an export; else the node is asked
  std::string peer;  // empty: the only one
  std::string notice, matter, from, to, circle, polygon;
  bool machines = false;
  std::string lower, upper, teller = "us", mode = "REAL";
  std::string output, pdf;
  std::string fingerprint_a, fingerprint_b;
};
base::Result<int> RunTimeline(const Session& session, const RecordOptions& options);
base::Result<int> RunWasNotified(const Session& session, const RecordOptions& options);
base::Result<int> RunIncidentExport(const Session& session, const RecordOptions& options);
base::Result<int> RunIncidentVerify(const Session& session, const RecordOptions& options);
base::Result<int> RunReport(const Session& session, const RecordOptions& options);

struct JournalOptions {
  uint64_t number = 0;
  std::string file, output, head;
};
base::Result<int> RunJournalList(const Session& session);
base::Result<int> RunJournalHead(const Session& session);
base::Result<int> RunJournalDisclose(const Session& session, const JournalOptions& options);
base::Result<int> RunJournalVerify(const Session& session, const JournalOptions& options);

struct HandoverOptions {
  std::string text;
  uint64_t number = 0;
};
base::Result<int> RunHandoverShow(const Session& session);
base::Result<int> RunHandoverGive(const Session& session, const HandoverOptions& options);
base::Result<int> RunHandoverAcknowledge(const Session& session, const HandoverOptions& options);

}  // namespace wideberth::cli

#endif  // WIDEBERTH_APPS_WIDEBERTH_LINE_RECORD_H_
