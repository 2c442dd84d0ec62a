#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <map>
#include <thread>

#include "apps/wideberth/commands.h"
#include "apps/wideberth/line/answers.h"
#include "apps/wideberth/remote.h"
#include "apps/wideberth/show/conflict_text.h"
#include "apps/wideberth/show/terminal.h"
#include "json/writer.h"

namespace wideberth::cli {
namespace {

using base::Result;

constexpr auto kReconnectPause = std::chrono::seconds(2);

// Interrupt() may be called from a signal handler; this is what it is called on.
std::atomic<net::HttpClient*> watched = nullptr;
std::atomic<bool> interrupted = false;

void OnInterrupt(int) {
  interrupted = true;
  if (net::HttpClient* http = watched.load(); http != nullptr) http->Interrupt();
}

std::string Query(const ConflictOptions& options) {
  std::string query = options.all ? "" : "live=true";
  if (!options.mode.empty()) {
    query += (query.empty() ? "data_mode=" : "&data_mode=") + net::PercentEncode(options.mode);
  }
  return query;
}

Result<std::vector<ConflictRow>> ReadRows(Remote* remote, const std::string& query) {
  std::vector<ConflictRow> rows;
  WB_RETURN_IF_ERROR(remote->Walk("/v1/conflicts", query, "conflicts",
                                  [&](const json::Value& value) -> Result<bool> {
                                    WB_ASSIGN_OR_RETURN(ConflictRow row, ReadConflictRow(value));
                                    rows.push_back(std::move(row));
                                    return true;
                                  }));
  SortByTime(&rows);
  return rows;
}

// The conflicts of one party as they change: drawn over on a terminal, else one line or JSON document a change.
class Watch {
 public:
  Watch(const Session& session, const ConflictOptions& options)
      : session_(session), options_(options) {}

  Result<int> Run() {
    WB_ASSIGN_OR_RETURN(Remote remote, Remote::Open(session_));
    WB_RETURN_IF_ERROR(Reload(&remote));
    watched = &remote.http();
    std::signal(SIGINT, OnInterrupt);
    std::signal(SIGTERM, OnInterrupt);
    std::string target = "/v1/events";
    if (!options_.mode.empty()) target += "?data_mode=" + net::PercentEncode(options_.mode);
    while (!interrupted && !Done()) {
      const Result<void> read = remote.http().ReadEvents(
          target, "", [&](const net::Event& event) { return Take(&remote, event); });
      if (interrupted || Done()) break;
      lost_ = read ? "the node closed the line" : read.error().ToString();
      Draw();
      std::this_thread::sleep_for(kReconnectPause);
    }
    watched = nullptr;
    return kExitOk;
  }

 private:
  bool Done() const { return options_.changes_max > 0 && changes_ >= options_.changes_max; }
  bool DrawsOver() const { return StdoutIsTerminal() && !session_.json; }

  Result<void> Reload(Remote* remote) {
    WB_ASSIGN_OR_RETURN(const std::vector<ConflictRow> rows, ReadRows(remote, Query(options_)));
    rows_.clear();
    for (const ConflictRow& row : rows) rows_[row.id] = row;
    return {};
  }

  // False ends the stream.
  bool Take(Remote* remote, const net::Event& event) {
    lost_.clear();
    if (event.name == "open" || event.name == "gap") {
      // What happened before the stream began is only in the list.
      if (const Result<void> loaded = Reload(remote); !loaded) return false;
      Draw();
      return true;
    }
    if (event.name != "conflict") return true;
    const Result<json::Document> document = json::Document::Parse(event.data);
    if (!document) return true;
    Result<ConflictRow> row = ReadConflictRow(document->root());
    if (!row) return true;
    ++changes_;
    if (session_.json) Print(event.data + "\n");
    if (!session_.json && !DrawsOver()) {
      Print(StoryText(*row, "", TerminalWidth(), ColoursOn()));
    }
    std::fflush(stdout);
    const std::string id = row->id;
    if (row->live() || options_.all) {
      rows_[id] = *std::move(row);
    } else {
      rows_.erase(id);
    }
    Draw();
    return !Done();
  }

  void Draw() {
    if (!DrawsOver()) return;
    std::vector<ConflictRow> rows;
    for (const auto& [id, row] : rows_) rows.push_back(row);
    SortByTime(&rows);
    Print("\x1b[H\x1b[2J" + Paint(Style::kBold, fmt::format("{} conflicts", rows.size())) +
          Paint(Style::kDim, "  live, Ctrl-C ends") + "\n");
    if (!lost_.empty()) Print(Paint(Style::kRed, "NOT LIVE: " + Printable(lost_)) + "\n");
    PrintTable(ConflictTable(rows));
  }

  const Session& session_;
  const ConflictOptions& options_;
  std::map<std::string, ConflictRow> rows_;
  int64_t changes_ = 0;
  std::string lost_;  // why the table is not live
};

void PrintDetails(const ConflictRow& row) {
  Print(StoryText(row, "", TerminalWidth(), ColoursOn()));
  Table table({{"SIDE"}, {"NOTICE"}, {"SEEN"}, {"MEASURES", Fit::kWrap}});
  for (const ConflictParty& side : row.sides) {
    table.AddRow({{SideText(side)}, {side.notice}, {side.seen ? "yes" : "no"}, {side.measures}});
  }
  PrintTable(table);
  Print(fmt::format("{} {}, {}\n", row.data_mode, row.state, row.id));
}

Result<int> ShowAnswer(const Session& session, const std::string& body) {
  if (session.json) {
    Print(body + "\n");
    return kExitOk;
  }
  WB_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(body));
  WB_ASSIGN_OR_RETURN(const ConflictRow row, ReadConflictRow(document.root()));
  PrintDetails(row);
  return kExitOk;
}

Result<int> CallConflict(const Session& session, const ConflictOptions& options, net::Method method,
                         std::string_view act, std::string_view body) {
  WB_ASSIGN_OR_RETURN(Remote remote, Remote::Open(session));
  WB_ASSIGN_OR_RETURN(const std::string id, remote.ResolveConflict(options.id));
  WB_ASSIGN_OR_RETURN(const std::string answer,
                      remote.Call(method, "/v1/conflicts/" + id + std::string(act), body));
  return ShowAnswer(session, answer);
}

// The newest versions of both sides as this node shows them to the person, as JSON: an act names what was looked at. Of
// one that only the peer sees, its basis has them; of one with a held plan there is no basis.
Result<std::string> VersionsLookedAt(Remote* remote, const std::string& id) {
  const auto bases = remote->GetJson("/v1/conflicts/" + id + "/bases");
  if (bases) {
    const json::Value root = bases->root();
    const std::string verdict = TextAt(root, "ours.verdict");
    const bool ours = !verdict.empty() && verdict != "clear";
    const std::string versions = TextAt(root, ours ? "ours.versions" : "theirs.versions");
    return versions.empty() ? TextAt(root, "ours.versions") : versions;
  }
  if (bases.error().code != base::ErrorCode::kNotFound) return base::Fail(bases.error());
  WB_ASSIGN_OR_RETURN(const json::Document conflict, remote->GetJson("/v1/conflicts/" + id));
  std::string versions;
  json::Writer json(&versions);
  json.BeginArray();
  const auto write = [&](const json::Value& side) -> Result<void> {
    json.BeginObject();
    json.StringField("notice", TextAt(side, "notice"));
    json.StringField("version", TextAt(side, "version"));
    json.EndObject();
    return {};
  };
  WB_RETURN_IF_ERROR(ForEach(conflict, "sides", write));
  json.EndArray();
  return versions;
}

// In line mode. A conflict that only the other side has found is not on this node: then the act alone is told of.
Result<int> ActOnConflict(const Session& session, Remote remote, const ConflictOptions& options,
                          std::string_view act) {
  WB_ASSIGN_OR_RETURN(const std::string id, remote.ResolveConflict(options.id));
  WB_ASSIGN_OR_RETURN(const std::string versions, VersionsLookedAt(&remote, id));
  std::string body;
  json::Writer json(&body);
  json.BeginObject();
  json.StringField("act", act);
  json.StringField("conflict", id);
  json.Key("versions");
  json.Raw(versions);
  if (!options.measures.empty()) json.StringField("measures", options.measures);
  json.EndObject();
  WB_ASSIGN_OR_RETURN(const Acted acted, remote.PostAct(body));
  if (!acted.conflict.empty() && !session.json) return ShowAnswer(session, acted.conflict);
  Print(session.json ? acted.body + "\n" : "done\n");
  return kExitOk;
}

}  // namespace

Result<int> RunConflicts(const Session& session, const ConflictOptions& options) {
  if (options.watch) return Watch(session, options).Run();
  WB_ASSIGN_OR_RETURN(Remote remote, Remote::Open(session));
  const std::string query = Query(options);
  if (options.geojson) {
    WB_ASSIGN_OR_RETURN(const std::string text, remote.CollectGeoJson("/v1/conflicts", query));
    Print(text + "\n");
    return kExitOk;
  }
  if (session.json) {
    WB_ASSIGN_OR_RETURN(const std::string text,
                        remote.Collect("/v1/conflicts", query, "conflicts"));
    Print(text + "\n");
    return kExitOk;
  }
  WB_ASSIGN_OR_RETURN(const std::vector<ConflictRow> rows, ReadRows(&remote, query));
  if (rows.empty()) {
    Print("no conflicts\n");
  } else {
    PrintTable(ConflictTable(rows));
  }
  return kExitOk;
}

Result<int> RunConflictShow(const Session& session, const ConflictOptions& options) {
  return CallConflict(session, options, net::Method::kGet, "", "");
}

Result<int> RunConflictSeen(const Session& session, const ConflictOptions& options) {
  WB_ASSIGN_OR_RETURN(Remote remote, Remote::Open(session));
  if (remote.is_person()) {
    return ActOnConflict(session, std::move(remote), options, "mark_conflict_seen");
  }
  return CallConflict(session, options, net::Method::kPost, "/seen", "{}");
}

Result<int> RunConflictMeasures(const Session& session, const ConflictOptions& options) {
  WB_ASSIGN_OR_RETURN(Remote remote, Remote::Open(session));
  if (remote.is_person()) {
    return ActOnConflict(session, std::move(remote), options, "propose_measures");
  }
  std::string body;
  json::Writer json(&body);
  json.BeginObject();
  json.StringField("measures", options.measures);
  json.EndObject();
  return CallConflict(session, options, net::Method::kPost, "/measures", body);
}

}  // namespace wideberth::cli
