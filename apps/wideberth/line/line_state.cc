// How the lines stand, and what people do about a line as a whole; and the counts of each.
#include <fmt/format.h>

#include "apps/wideberth/line/answers.h"
#include "apps/wideberth/line/commands.h"
#include "apps/wideberth/remote.h"
#include "apps/wideberth/show/conflict_text.h"
#include "apps/wideberth/show/terminal.h"

namespace wideberth::cli {
namespace {

using base::Result;

Cell StateCell(const json::Value& line) {
  const std::string state = TextAt(line, "state");
  if (state == "up") return {"up", Style::kGreen};
  if (state == "lost") return {"LINK LOST", Style::kRed};
  return {state, Style::kYellow};
}

std::string PathsText(const json::Value& line) {
  std::string text;
  const std::optional<json::Value> paths = At(line, "paths");
  if (!paths) return text;
  const Result<json::Array> list = paths->AsArray(SIZE_MAX);
  if (!list) return text;
  for (const json::Value path : *list) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", TextAt(path, "name"),
                        IsTrueAt(path, "up") ? "up" : "DOWN");
  }
  return text;
}

std::string PolicyText(const json::Value& line) {
  if (IsTrueAt(line, "policy_suspended.by_us")) return "suspended by us";
  return IsTrueAt(line, "policy_suspended.by_peer") ? "suspended by them" : "open";
}

// Why nothing is signed on a line whose store is an old copy, and what is awaited.
std::string OldCopyText(const json::Value& line) {
  const std::string name = TextAt(line, "peer.name");
  const int64_t held = IntAt(line, "old_copy.held");
  if (!IsTrueAt(line, "old_copy.peer_heard")) {
    return fmt::format(
        "{}: this store may be an old copy; nothing is signed before {} has said what it holds\n",
        name, name);
  }
  if (IsTrueAt(line, "old_copy.this_line_only")) {
    return fmt::format(
        "{}: {} SAYS that it holds {} entries of our log, of which {} are here, and does not show "
        "them: nothing is signed on this line; the others go on\n",
        name, name, IntAt(line, "old_copy.peer_holds"), held);
  }
  if (IsTrueAt(line, "old_copy.differs")) {
    return fmt::format(
        "{}: OLD COPY, and what {} holds of our log is not what is here: nothing is signed any "
        "more\n",
        name, name);
  }
  if (IsTrueAt(line, "old_copy.keys_changed")) {
    return fmt::format(
        "{}: old copy, of before a change of our keys: give it the files of the new keys and start "
        "it again\n",
        name);
  }
  return fmt::format(
      "{}: old copy, {} of our {} entries are here; the others are fetched, and nothing is signed "
      "before\n",
      name, held, IntAt(line, "old_copy.peer_holds"));
}

std::string ClockText(const json::Value& line) {
  if (!At(line, "clock_offset_ms")) return "-";
  return fmt::format("{}{} ms +-{} ms", IsTrueAt(line, "clock_alarm") ? "ALARM " : "",
                     IntAt(line, "clock_offset_ms"), IntAt(line, "clock_error_ms"));
}

Result<void> ShowLines(const json::Document& lines) {
  std::string old_copies;
  Table table({{"PEER"},
               {"LINE"},
               {"PATHS", Fit::kWrap},
               {"ECHO"},
               {"CLOCK", Fit::kWrap},
               {"SENT", Fit::kRight},
               {"ARRIVED", Fit::kRight},
               {"RECEIVED", Fit::kRight},
               {"POLICY LANE", Fit::kWrap},
               {"NEXT CHECK"}});
  WB_RETURN_IF_ERROR(ForEach(lines, "lines", [&](const json::Value& line) -> Result<void> {
    table.AddRow({{TextAt(line, "peer.name"), Style::kBold},
                  StateCell(line),
                  {PathsText(line)},
                  {fmt::format("{:.1f} s", static_cast<double>(IntAt(line, "echo_age_ms")) / 1e3)},
                  {ClockText(line)},
                  {TextAt(line, "own_size")},
                  {TextAt(line, "acknowledged")},
                  {TextAt(line, "mirror_size")},
                  {PolicyText(line)},
                  {MomentText(TextAt(line, "next_line_check"), TextAt(lines.root(), "at"))}});
    if (At(line, "old_copy")) old_copies += OldCopyText(line);
    return {};
  }));
  if (table.rows() == 0) {
    Print("no peers: `wideberth peer add`\n");
  } else {
    PrintTable(table);
    Print(Printable(old_copies));
  }
  return {};
}

Result<std::string> GetLines(const Session& session) {
  WB_ASSIGN_OR_RETURN(Remote remote, Remote::Open(session));
  return remote.Call(net::Method::kGet, "/v1/lines");
}

std::string MsText(const json::Value& value, std::string_view path) {
  const std::optional<json::Value> at = At(value, path);
  if (!at) return "-";
  const double ms = at->AsDouble(-1e18, 1e18).value_or(0);
  const double magnitude = ms < 0 ? -ms : ms;
  if (magnitude < 1'000) return fmt::format("{:.0f} ms", ms);
  if (magnitude < 120'000) return fmt::format("{:.1f} s", ms / 1e3);
  return fmt::format("{}{}", ms < 0 ? "-" : "",
                     DurationText(static_cast<int64_t>(magnitude * 1e3)));
}

void AddDurations(const json::Value& counts, std::string_view key, std::string_view what,
                  const std::string& who, Table* table) {
  const std::string at(key);
  if (IntAt(counts, at + ".count") == 0) return;
  table->AddRow({{who, Style::kBold},
                 {std::string(what)},
                 {TextAt(counts, at + ".count")},
                 {MsText(counts, at + ".p50_ms")},
                 {MsText(counts, at + ".p95_ms")},
                 {MsText(counts, at + ".max_ms")},
                 {MsText(counts, at + ".mean_ms")}});
}

std::string WhoText(const json::Value& counts) {
  const std::string peer = TextAt(counts, "peer.name");
  return fmt::format("{} {}", peer.empty() ? "own" : peer, TextAt(counts, "data_mode"));
}

}  // namespace

Result<int> RunLineStatus(const Session& session) {
  WB_ASSIGN_OR_RETURN(const std::string body, GetLines(session));
  if (session.json) {
    Print(body + "\n");
    return kExitOk;
  }
  WB_ASSIGN_OR_RETURN(const json::Document lines, json::Document::Parse(body));
  WB_RETURN_IF_ERROR(ShowLines(lines));
  return kExitOk;
}

Result<int> RunPeerList(const Session& session) {
  WB_ASSIGN_OR_RETURN(const std::string body, GetLines(session));
  if (session.json) {
    Print(body + "\n");
    return kExitOk;
  }
  WB_ASSIGN_OR_RETURN(const json::Document lines, json::Document::Parse(body));
  Table table(
      {{"PEER"}, {"ID"}, {"FINGERPRINT", Fit::kWrap}, {"SINCE"}, {"KEYS", Fit::kRight}, {"LINE"}});
  WB_RETURN_IF_ERROR(ForEach(lines, "lines", [&](const json::Value& line) -> Result<void> {
    table.AddRow({{TextAt(line, "peer.name"), Style::kBold},
                  {TextAt(line, "peer.id"), Style::kDim},
                  {TextAt(line, "fingerprint")},
                  {TextAt(line, "enrolled_at")},
                  {TextAt(line, "operator_keys")},
                  StateCell(line)});
    return {};
  }));
  PrintTable(table);
  return kExitOk;
}

Result<int> RunLineSet(const Session& session, const LookOptions& options, std::string_view verb) {
  WB_ASSIGN_OR_RETURN(Remote remote, OpenAsPerson(session));
  WB_ASSIGN_OR_RETURN(const std::string peer, PeerOr(&remote, options.peer));
  WB_ASSIGN_OR_RETURN(
      const std::string body,
      remote.Call(net::Method::kPost,
                  "/v1/lines/" + net::PercentEncode(peer) + "/" + std::string(verb), "{}"));
  if (session.json) {
    Print(body + "\n");
  } else if (verb == "confirm") {
    Print(fmt::format("the line to {} is confirmed\n", peer));
  } else {
    Print(fmt::format("the policy lane to {} is {}; the safety lane is never closed\n", peer,
                      verb == "suspend" ? "suspended" : "open again"));
  }
  return kExitOk;
}

Result<int> RunStatistics(const Session& session) {
  WB_ASSIGN_OR_RETURN(Remote remote, Remote::Open(session));
  WB_ASSIGN_OR_RETURN(const std::string body, remote.Call(net::Method::kGet, "/v1/statistics"));
  if (session.json) {
    Print(body + "\n");
    return kExitOk;
  }
  WB_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(body));
  Table times({{"WITH"},
               {"TIME", Fit::kWrap},
               {"COUNT", Fit::kRight},
               {"HALF WITHIN", Fit::kRight},
               {"95% WITHIN", Fit::kRight},
               {"LONGEST", Fit::kRight},
               {"MEAN", Fit::kRight}});
  Table counts({{"WITH"},
                {"SENT", Fit::kRight},
                {"LATE", Fit::kRight},
                {"RECEIVED", Fit::kRight},
                {"LATE", Fit::kRight},
                {"MISREAD", Fit::kRight},
                {"BLOCKED", Fit::kRight},
                {"CHECKS", Fit::kRight},
                {"MISSED", Fit::kRight},
                {"STOP CALLS", Fit::kRight},
                {"UNANSWERED", Fit::kRight},
                {"ACCEPTED", Fit::kRight},
                {"REJECTED", Fit::kRight},
                {"WARNINGS", Fit::kRight},
                {"UNANSWERED", Fit::kRight},
                {"LOST", Fit::kRight},
                {"CLIMBED", Fit::kRight}});
  WB_RETURN_IF_ERROR(ForEach(document, "statistics", [&](const json::Value& each) -> Result<void> {
    const std::string who = WhoText(each);
    AddDurations(each, "receipt", "ours, release to R1", who, &times);
    AddDurations(each, "read_back", "ours, release to R3", who, &times);
    AddDurations(each, "read_back_by_us", "theirs, R1 to our R3", who, &times);
    AddDurations(each, "lead_at_r1", "lead time at R1", who, &times);
    AddDurations(each, "lead_at_r3", "lead time at R3", who, &times);
    std::vector<Cell> row = {{who, Style::kBold}};
    for (const char* key :
         {"sent", "sent_late", "received", "received_late", "read_back_mismatches",
          "release_blocked", "checks_made", "checks_missed", "stop_calls", "stop_calls_unanswered",
          "breaches_accepted", "breaches_rejected", "incursion_warnings",
          "incursion_warnings_unanswered", "times_lost", "climbed"}) {
      row.push_back({TextAt(each, key)});
    }
    counts.AddRow(std::move(row));
    return {};
  }));
  if (counts.rows() == 0) {
    Print("nothing has been counted\n");
    return kExitOk;
  }
  PrintTable(counts);
  if (times.rows() > 0) {
    Print("\n");
    PrintTable(times);
  }
  return kExitOk;
}

}  // namespace wideberth::cli
