// Exercises on a line: both sides open a window, and outside it nothing that is not REAL crosses.
#include <fmt/format.h>

#include "apps/wideberth/flags.h"
#include "apps/wideberth/line/answers.h"
#include "apps/wideberth/line/commands.h"
#include "apps/wideberth/remote.h"
#include "apps/wideberth/show/conflict_text.h"
#include "apps/wideberth/show/terminal.h"

namespace wideberth::cli {
namespace {

using base::Result;

// The proposal of that peer which waits: its "id", "from" and "to". Empty texts where none does.
struct Proposal {
  std::string id, from, to;
};
Result<Proposal> ProposalOf(Remote* remote, const std::string& peer) {
  Proposal proposal;
  WB_ASSIGN_OR_RETURN(const json::Document lines, remote->GetJson("/v1/lines"));
  WB_RETURN_IF_ERROR(ForEach(lines, "lines", [&](const json::Value& line) -> Result<void> {
    if (TextAt(line, "peer.name") != peer && TextAt(line, "peer.id") != peer) return {};
    proposal = {TextAt(line, "exercise.theirs.id"), TextAt(line, "exercise.theirs.from"),
                TextAt(line, "exercise.theirs.to")};
    return {};
  }));
  return proposal;
}

std::string StateText(const json::Value& line) {
  if (IsTrueAt(line, "exercise.open")) return "open";
  if (At(line, "exercise.window")) return "opened by both";
  if (At(line, "exercise.theirs")) return "they propose; open it";
  if (At(line, "exercise.ours")) return "we propose; they have to open it";
  const std::string ended = TextAt(line, "exercise.ended_as");
  return ended.empty() ? "none" : "none; the last ended by " + ended;
}

}  // namespace

Result<int> RunExerciseOpen(const Session& session, const ExerciseOptions& options) {
  WB_ASSIGN_OR_RETURN(Remote remote, OpenAsPerson(session));
  WB_ASSIGN_OR_RETURN(const std::string peer, PeerOr(&remote, options.peer));
  WB_ASSIGN_OR_RETURN(const Proposal proposal, ProposalOf(&remote, peer));
  std::string from = proposal.from;
  std::string to = proposal.to;
  if (!options.from.empty() || from.empty()) {
    WB_ASSIGN_OR_RETURN(const base::UtcMicros now, remote.Now(airspace::DataMode::kReal));
    const auto start = ParseTime(options.from.empty() ? "now" : options.from, now, now);
    if (!start) return base::Fail(base::Error(start.error()).Under("--start"));
    from = base::FormatRfc3339(*start);
  }
  if (!options.to.empty()) {
    WB_ASSIGN_OR_RETURN(const base::UtcMicros start, base::ParseRfc3339(from));
    const auto end = ParseTime(options.to, start, start);
    if (!end) return base::Fail(base::Error(end.error()).Under("--end"));
    to = base::FormatRfc3339(*end);
  }
  if (to.empty()) return base::Invalid("--end", "must be given with a proposal of one's own");
  WB_ASSIGN_OR_RETURN(const Acted acted,
                      PostActOf(&remote, "open_exercise", [&](json::Writer* json) {
                        json->StringField("from", from);
                        json->StringField("to", to);
                        if (!proposal.id.empty()) json->StringField("answers", proposal.id);
                        json->StringField("peer", peer);
                      }));
  return ReportActed(
      session, acted,
      proposal.id.empty()
          ? fmt::format("proposed to {}: {} to {}; they have to open it", peer, from, to)
          : fmt::format("open with {}: {} to {}, as far as both have said", peer, from, to));
}

Result<int> RunExerciseClose(const Session& session, const ExerciseOptions& options) {
  WB_ASSIGN_OR_RETURN(Remote remote, OpenAsPerson(session));
  WB_ASSIGN_OR_RETURN(const std::string peer, PeerOr(&remote, options.peer));
  WB_ASSIGN_OR_RETURN(const Acted acted,
                      PostActOf(&remote, "close_exercise",
                                [&](json::Writer* json) { json->StringField("peer", peer); }));
  return ReportActed(session, acted, "the exercise with " + peer + " is closed");
}

Result<int> RunExerciseShow(const Session& session) {
  WB_ASSIGN_OR_RETURN(Remote remote, Remote::Open(session));
  WB_ASSIGN_OR_RETURN(const json::Document lines, remote.GetJson("/v1/lines"));
  if (session.json) {
    Print(lines.root().ToJson() + "\n");
    return kExitOk;
  }
  Table table({{"PEER"}, {"EXERCISE", Fit::kWrap}, {"FROM"}, {"TO"}});
  WB_RETURN_IF_ERROR(ForEach(lines, "lines", [&](const json::Value& line) -> Result<void> {
    std::string_view which = "exercise.window.";
    if (!At(line, "exercise.window")) {
      which = At(line, "exercise.theirs") ? "exercise.theirs." : "exercise.ours.";
    }
    table.AddRow(
        {{TextAt(line, "peer.name"), Style::kBold},
         {StateText(line), IsTrueAt(line, "exercise.open") ? Style::kYellow : Style::kPlain},
         {TextAt(line, std::string(which) + "from")},
         {TextAt(line, std::string(which) + "to")}});
    return {};
  }));
  PrintTable(table);
  return kExitOk;
}

}  // namespace wideberth::cli
