// Notices in line mode: a draft is checked by a second person, released, read back by the other side.
#include <fmt/format.h>

#include "apps/wideberth/line/answers.h"
#include "apps/wideberth/line/commands.h"
#include "apps/wideberth/line/reading.h"
#include "apps/wideberth/remote.h"
#include "apps/wideberth/show/conflict_text.h"
#include "apps/wideberth/show/terminal.h"
#include "base/random.h"
#include "formats/notice_json.h"

namespace wideberth::cli {
namespace {

using base::Result;

Result<json::Document> GetNotice(Remote* remote, const std::string& id) {
  return remote->GetJson("/v1/notices/" + id);
}

// The digest of the version that a release of this notice replaces: the newest that was told. Empty: none was.
Result<std::string> PreviousOf(const json::Document& notice) {
  std::string previous;
  WB_RETURN_IF_ERROR(ForEach(notice, "versions", [&](const json::Value& version) -> Result<void> {
    if (TextAt(version, "author") == "released") previous = TextAt(version, "digest");
    return {};
  }));
  return previous;
}

// A mismatch is told as a person needs it: which value, and by how much.
base::Unexpected TellMismatch(base::Error error) {
  constexpr std::string_view kFields[] = {"/centre",         "/extent",     "/altitude_lower",
                                          "/altitude_upper", "/time_start", "/time_end",
                                          "/data_mode",      "/vertices"};
  for (const std::string_view field : kFields) {
    if (error.field != field && !error.field.starts_with(std::string(field) + "/")) continue;
    // "/centre: 46.9, 7.4 sent, 46.82, 7.4 entered, off by 9.01 km"; the field is said already.
    error.rule = "must agree with the notice";
    const std::string prefix = error.field + ": ";
    if (error.found.starts_with(prefix)) error.found.erase(0, prefix.size());
    break;
  }
  return base::Fail(std::move(error));
}

void PrintReleased(const Stored& stored, std::string_view what) {
  std::string line = fmt::format("{} {}, version {}", what, Paint(Style::kBold, stored.notice),
                                 stored.version_number);
  if (stored.lead_time_s > 0) {
    line += ", starts in " + DurationText(static_cast<int64_t>(stored.lead_time_s * 1e6));
  }
  if (stored.late) line += Paint(Style::kYellow, ", LATE: less notice than agreed");
  Print(line + "\n");
  if (stored.conflicts.empty()) return;
  Print(fmt::format("{} in conflict with it:\n", stored.conflicts.size()));
  std::vector<ConflictRow> rows = stored.conflicts;
  SortByTime(&rows);
  PrintTable(ConflictTable(rows));
}

int ReportReleased(const Session& session, const Acted& acted) {
  if (session.json || !acted.decision) {
    Print(acted.body + "\n");
  } else {
    PrintReleased(*acted.decision, "released");
  }
  return kExitOk;
}

// The open all-clear of a notice that waits to be read back.
Result<std::string> AllClearOf(Remote* remote, const std::string& notice) {
  WB_ASSIGN_OR_RETURN(const json::Document calls,
                      remote->GetJson("/v1/calls?open=true&limit=1000"));
  std::string act;
  WB_RETURN_IF_ERROR(ForEach(calls, "calls", [&](const json::Value& call) -> Result<void> {
    if (TextAt(call, "kind") == "all_clear" && TextAt(call, "notice") == notice &&
        !IsTrueAt(call, "by_us")) {
      act = TextAt(call, "act");
    }
    return {};
  }));
  if (!act.empty()) return act;
  return base::Fail(base::ErrorCode::kNotFound, "ID", "must have an all-clear to read back",
                    notice);
}

}  // namespace

Result<int> RunNoticeCheck(const Session& session, const LineNoticeOptions& options) {
  WB_ASSIGN_OR_RETURN(Remote remote, OpenAsPerson(session));
  WB_ASSIGN_OR_RETURN(const std::string id, remote.ResolveNotice(options.id));
  WB_ASSIGN_OR_RETURN(const base::UtcMicros now, remote.Now(airspace::DataMode::kReal));
  WB_ASSIGN_OR_RETURN(const mechanism::Reading reading, TakeReading(options.reading, now));
  std::string body;
  json::Writer json(&body);
  json.BeginObject();
  json.Key("reading");
  mechanism::WriteReading(reading, &json);
  json.EndObject();
  const Result<std::string> answer =
      remote.Call(net::Method::kPost, "/v1/notices/" + id + "/check", body);
  if (!answer) return TellMismatch(answer.error());
  Print(session.json ? *answer + "\n"
                     : fmt::format("{}: the draft agrees with what you entered; another person may "
                                   "release it\n",
                                   Paint(Style::kBold, id)));
  return kExitOk;
}

Result<int> RunNoticeRelease(const Session& session, const LineNoticeOptions& options) {
  WB_ASSIGN_OR_RETURN(Remote remote, OpenAsPerson(session));
  WB_ASSIGN_OR_RETURN(const std::string id, remote.ResolveNotice(options.id));
  WB_ASSIGN_OR_RETURN(const json::Document notice, GetNotice(&remote, id));
  WB_ASSIGN_OR_RETURN(const std::string previous, PreviousOf(notice));
  const auto fill = [&](json::Writer* json) {
    json->StringField("notice", id);
    if (!previous.empty()) json->StringField("previous", previous);
    if (options.plan.empty()) return;
    json->StringField("check", "held_plan");
    json->StringField("from_plan", options.plan);
  };
  const Result<Acted> acted = PostActOf(&remote, "release", fill);
  if (!acted) return TellMismatch(acted.error());
  return ReportReleased(session, *acted);
}

Result<int> RunNoticeForward(const Session& session, const LineNoticeOptions& options) {
  WB_ASSIGN_OR_RETURN(Remote remote, OpenAsPerson(session));
  WB_ASSIGN_OR_RETURN(const std::string id, remote.ResolveNotice(options.id));
  WB_ASSIGN_OR_RETURN(const std::string version, remote.VersionDigest(id, "latest"));
  WB_ASSIGN_OR_RETURN(const Acted acted,
                      PostActOf(&remote, "forward_notice", [&](json::Writer* json) {
                        json->StringField("notice", id);
                        json->StringField("version", version);
                        json->StringField("to", options.to);
                      }));
  Print(session.json ? acted.body + "\n"
                     : fmt::format("forwarded {} to {}, as its issuer signed it; what its issuer "
                                   "says of it later goes there too\n",
                                   Paint(Style::kBold, id), options.to));
  return kExitOk;
}

Result<int> RunReadBack(const Session& session, const LineNoticeOptions& options) {
  WB_ASSIGN_OR_RETURN(Remote remote, OpenAsPerson(session));
  WB_ASSIGN_OR_RETURN(const std::string id, remote.ResolveNotice(options.id));
  WB_ASSIGN_OR_RETURN(const base::UtcMicros now, remote.Now(airspace::DataMode::kReal));
  WB_ASSIGN_OR_RETURN(const mechanism::Reading reading, TakeReading(options.reading, now));
  WB_ASSIGN_OR_RETURN(const std::string version, remote.VersionDigest(id, options.version));
  std::string of;
  if (options.all_clear) {
    WB_ASSIGN_OR_RETURN(of, AllClearOf(&remote, id));
  }
  const Result<Acted> acted = PostActOf(&remote, "read_back", [&](json::Writer* json) {
    json->StringField("notice", id);
    json->StringField("version", version);
    if (!of.empty()) json->StringField("of", of);
    json->Key("reading");
    mechanism::WriteReading(reading, json);
    json->BoolField("over_voice", !reading.vertices.empty());
  });
  if (!acted) return TellMismatch(acted.error());
  return ReportActed(session, *acted,
                     Paint(Style::kBold, id) + (options.all_clear ? ": the all-clear is read back"
                                                                  : ": read back, and it agrees"));
}

Result<int> RunDisregard(const Session& session, const LineNoticeOptions& options) {
  WB_ASSIGN_OR_RETURN(Remote remote, OpenAsPerson(session));
  WB_ASSIGN_OR_RETURN(const std::string id, remote.ResolveNotice(options.id));
  WB_ASSIGN_OR_RETURN(const std::string answer,
                      remote.Call(net::Method::kPost, "/v1/notices/" + id + "/disregard", "{}"));
  Print(session.json ? answer + "\n"
                     : fmt::format("{} is disregarded here; it stays to be seen\n", id));
  return kExitOk;
}

// ---- Held plans ----

Result<int> RunPlanList(const Session& session) {
  WB_ASSIGN_OR_RETURN(Remote remote, Remote::Open(session));
  Table table({{"ID"}, {"WHAT"}, {"HEIGHT", Fit::kWrap}, {"FROM"}, {"TO"}});
  std::string list;
  WB_RETURN_IF_ERROR(
      remote.Walk("/v1/notices", "", "notices", [&](const json::Value& value) -> Result<bool> {
        if (TextAt(value, "latest.disclosure") != "held") return true;
        list.append(list.empty() ? "" : ",").append(value.ToJson());
        const std::optional<json::Value> content = At(value, "latest.declaration");
        if (!content) return true;
        WB_ASSIGN_OR_RETURN(const airspace::Declaration declaration,
                            formats::DecodeDeclaration(*content));
        const airspace::Volume4D& first = declaration.volumes.front();
        table.AddRow({{TextAt(value, "id"), Style::kDim},
                      {TextAt(value, "kind") + " " + declaration.activity_class, Style::kBold},
                      {formats::AltitudeText(first.band.lower) + " to " +
                       formats::AltitudeText(first.band.upper)},
                      {formats::TimeText(first.window.start)},
                      {formats::TimeText(first.window.end)}});
        return true;
      }));
  if (session.json) {
    Print("{\"plans\":[" + list + "]}\n");
  } else if (table.rows() == 0) {
    Print("no held plans\n");
  } else {
    PrintTable(table);
  }
  return kExitOk;
}

Result<int> RunPlanDeclare(const Session& session, const LineNoticeOptions& options) {
  WB_ASSIGN_OR_RETURN(Remote remote, OpenAsPerson(session));
  WB_ASSIGN_OR_RETURN(const std::string plan, remote.ResolveNotice(options.id));
  WB_ASSIGN_OR_RETURN(const json::Document notice, GetNotice(&remote, plan));
  const std::optional<json::Value> held = At(notice.root(), "notice.latest.declaration");
  if (!held) return base::Invalid("ID", "must be a held plan", plan);
  WB_ASSIGN_OR_RETURN(airspace::Declaration declaration, formats::DecodeDeclaration(*held));
  if (!options.file.empty()) {
    WB_ASSIGN_OR_RETURN(const std::string text, ReadInput(options.file));
    Result<airspace::Declaration> given = formats::ParseDeclaration(text);
    if (!given) return base::Fail(std::move(given).error().Under(options.file + ": "));
    declaration = *std::move(given);
  }
  const base::NoticeId id{base::SystemRandom().NewUuidV4()};
  const Result<Acted> acted = PostActOf(&remote, "release", [&](json::Writer* json) {
    json->StringField("notice", id.ToString());
    json->Key("declaration");
    formats::WriteDeclaration(json, declaration);
    json->StringField("check", "held_plan");
    json->StringField("from_plan", plan);
  });
  if (!acted) return TellMismatch(acted.error());
  return ReportReleased(session, *acted);
}

// ---- What is there already ----

Result<int> RunHazardReport(const Session& session, const HazardReportOptions& options) {
  DeclareOptions declare;
  declare.kind = "hazard";
  declare.circle = options.at + "," + options.radius;
  declare.lower = options.lower;
  declare.upper = options.upper;
  declare.start = "now";
  declare.end = "open";
  declare.class_name = options.class_name;
  declare.source = options.source;
  declare.mode = options.mode;
  declare.confidence = "observed";
  declare.unplanned = true;
  return RunDeclare(session, declare);
}

}  // namespace wideberth::cli
