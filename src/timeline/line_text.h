// Both logs of a line as somebody hands them over: cards, entries and cosigned heads as text, none of which is believed
// until CheckLine has checked it.
//
//   WB_ASSIGN_OR_RETURN(CheckedLine line, CheckLine({ours, theirs}));
//   WB_ASSIGN_OR_RETURN(const Timeline timeline, Timeline::Make(std::move(line.logs)));
//
// Pure; any thread.
#ifndef WIDEBERTH_TIMELINE_LINE_TEXT_H_
#define WIDEBERTH_TIMELINE_LINE_TEXT_H_

#include <array>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "json/writer.h"
#include "line/log_entry.h"
#include "timeline/timeline.h"

namespace wideberth::timeline {

struct LogText {
  base::PartyId writer;
  std::vector<std::string> cards;  // all that it has had on this line, the one in force first
  std::vector<line::LogEntry> entries;
  std::vector<std::string>
      heads;  // checkpoints that the other side has cosigned, in ascending order of size
};

struct Party {
  base::PartyId id;
  std::string name;         // by the card in force
  std::string fingerprint;  // of that card
};

struct CheckedLine {
  std::array<Log, 2> logs;
  std::array<Party, 2> parties;
};

// Checks the cards by their own signatures, and the heads by the keys of the cards. Entries, chains, and whether the
// heads are those of the entries, are Timeline::Make's. Refuses ("card", "0/heads/3") a card of another party, none, a
// head of another log or that a key of either side has not signed, and heads that do not ascend.
base::Result<CheckedLine> CheckLine(std::array<LogText, 2> texts);

// As JSON: an event, and what stands behind a timeline ("logs": size, root, fingerprint; "joint_view_sha256").
void WriteEvent(const Event& event, const std::array<Party, 2>& parties, json::Writer* json);
void WritePrefix(const Timeline& timeline, const std::array<Party, 2>& parties, json::Writer* json);
void WriteTold(const std::vector<Told>& told, const std::array<Party, 2>& parties,
               json::Writer* json);

}  // namespace wideberth::timeline

#endif  // WIDEBERTH_TIMELINE_LINE_TEXT_H_
