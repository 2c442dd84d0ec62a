#include <fmt/format.h>

#include <map>

#include "apps/wideberth/commands.h"
#include "apps/wideberth/flags.h"
#include "apps/wideberth/line/answers.h"
#include "apps/wideberth/live_view.h"
#include "apps/wideberth/remote.h"
#include "apps/wideberth/show/conflict_text.h"
#include "apps/wideberth/show/terminal.h"
#include "json/writer.h"

namespace wideberth::cli {
namespace {

using base::Result;

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

// The conflicts of one party as they change.
class Watch final : public LiveView {
 public:
  Watch(const Session& session, const ConflictOptions& options)
      : LiveView(session, options.changes_max), options_(options) {}

 private:
  Result<void> Reload(Remote* remote) override {
    WB_ASSIGN_OR_RETURN(const std::vector<ConflictRow> rows, ReadRows(remote, Query(options_)));
    rows_.clear();
    for (const ConflictRow& row : rows) rows_[row.id] = row;
    return {};
  }

  Result<bool> Take(Remote*, const net::Event& event) override {
    if (event.name != "conflict") return false;
    const Result<json::Document> document = json::Document::Parse(event.data);
    if (!document) return false;
    Result<ConflictRow> row = ReadConflictRow(document->root());
    if (!row) return false;
    changed_ = *std::move(row);
    if (changed_.live() || options_.all) {
      rows_[changed_.id] = changed_;
    } else {
      rows_.erase(changed_.id);
    }
    return true;
  }

  void Tell(const net::Event&) override {
    Print(StoryText(changed_, "", TerminalWidth(), ColoursOn()));
  }

  std::string Title() const override { return fmt::format("{} conflicts", rows_.size()); }

  void PrintContent() const override {
    std::vector<ConflictRow> rows;
    for (const auto& [id, row] : rows_) rows.push_back(row);
    SortByTime(&rows);
    PrintTable(ConflictTable(rows));
  }

  const ConflictOptions& options_;
  std::map<std::string, ConflictRow> rows_;
  ConflictRow changed_;  // the last
};

void PrintDetails(const ConflictRow& row) {
  Print(StoryText(row, "", TerminalWidth(), ColoursOn()));
  Table table({{"SIDE"}, {"NOTICE"}, {"SEEN"}, {"MEASURES", Fit::kWrap}});
  for (const ConflictParty& side : row.sides) {
    table.AddRow({{SideText(side)}, {side.notice}, {side.seen ? "yes" : "no"}, {side.measures}});
  }
  PrintTable(table);
  if (!row.risk_accepted.empty()) Print(fmt::format("risk accepted {}\n", row.risk_accepted));
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
  if (!options.until.empty()) json.StringField("until", options.until);
  json.EndObject();
  WB_ASSIGN_OR_RETURN(const Acted acted, remote.PostAct(body));
  if (!acted.conflict.empty() && !session.json) return ShowAnswer(session, acted.conflict);
  Print(session.json ? acted.body + "\n" : "done\n");
  return kExitOk;
}

}  // namespace

Result<int> RunConflicts(const Session& session, const ConflictOptions& options) {
  if (options.watch) {
    return Watch(session, options)
        .Run(options.mode.empty() ? "/v1/events"
                                  : "/v1/events?data_mode=" + net::PercentEncode(options.mode));
  }
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

Result<int> RunConflictAcceptRisk(const Session& session, ConflictOptions options) {
  if (!options.until.empty()) {
    const base::UtcMicros now = base::SystemClock().Now();
    auto until = ParseTime(options.until, now, now);
    if (!until) return base::Fail(std::move(until).error().Under("--until"));
    options.until = base::FormatRfc3339(*until);
  }
  WB_ASSIGN_OR_RETURN(Remote remote, Remote::Open(session));
  return ActOnConflict(session, std::move(remote), options, "accept_risk");
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
