// `hazard areas|arm|disarm|beat`: hazards that the node raises by itself when telemetry stops.
#include <fmt/format.h>

#include "apps/wideberth/line/answers.h"
#include "apps/wideberth/line/commands.h"
#include "apps/wideberth/remote.h"
#include "apps/wideberth/show/terminal.h"

namespace wideberth::cli {
namespace {

using base::Result;

std::string Target(const std::string& name, std::string_view verb) {
  return "/v1/dead-man/" + net::PercentEncode(name) + "/" + std::string(verb);
}

Result<int> Report(const Session& session, const std::string& body) {
  if (session.json) {
    Print(body + "\n");
    return kExitOk;
  }
  WB_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(body));
  const json::Value area = document.root();
  Print(Printable(fmt::format("{}: {}, {} s\n", TextAt(area, "name"), TextAt(area, "state"),
                              TextAt(area, "timeout_s"))));
  return kExitOk;
}

Style StyleOf(std::string_view state) {
  if (state == "raised") return Style::kRed;
  return state == "armed" ? Style::kBold : Style::kDim;
}

}  // namespace

Result<int> RunDeadManAreas(const Session& session) {
  WB_ASSIGN_OR_RETURN(Remote remote, Remote::Open(session));
  WB_ASSIGN_OR_RETURN(const std::string body, remote.Call(net::Method::kGet, "/v1/dead-man"));
  if (session.json) {
    Print(body + "\n");
    return kExitOk;
  }
  WB_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(body));
  Table table({{"AREA", Fit::kWrap},
               {"CLASS"},
               {"STATE"},
               {"SINCE"},
               {"TIMEOUT", Fit::kRight},
               {"RAISED"}});
  WB_RETURN_IF_ERROR(ForEach(document, "areas", [&](const json::Value& area) -> Result<void> {
    const std::string state = TextAt(area, "state");
    const std::string since = TextAt(area, "since");
    const std::string timeout_s = TextAt(area, "timeout_s");
    const std::string hazard_class = TextAt(area, "hazard_class");
    table.AddRow({{TextAt(area, "name")},
                  {hazard_class.empty() ? "not agreed" : hazard_class},
                  {state, StyleOf(state)},
                  {since.empty() ? "-" : MomentText(since, since)},
                  {timeout_s.empty() ? "-" : timeout_s + " s"},
                  {TextAt(area, "notice").substr(0, 8)}});
    return {};
  }));
  if (table.rows() == 0) {
    Print("no agreement has a dead-man area of this party\n");
  } else {
    PrintTable(table);
  }
  return kExitOk;
}

Result<int> RunDeadManArm(const Session& session, const DeadManOptions& options) {
  WB_ASSIGN_OR_RETURN(Remote remote, OpenAsPerson(session));
  WB_ASSIGN_OR_RETURN(const std::string body,
                      remote.Call(net::Method::kPost, Target(options.name, "arm"),
                                  fmt::format("{{\"timeout_s\":{}}}", options.timeout_s)));
  return Report(session, body);
}

Result<int> RunDeadManDisarm(const Session& session, const DeadManOptions& options) {
  WB_ASSIGN_OR_RETURN(Remote remote, OpenAsPerson(session));
  WB_ASSIGN_OR_RETURN(const std::string body,
                      remote.Call(net::Method::kPost, Target(options.name, "disarm")));
  return Report(session, body);
}

Result<int> RunDeadManBeat(const Session& session, const DeadManOptions& options) {
  WB_ASSIGN_OR_RETURN(Remote remote, Remote::Open(session));
  WB_ASSIGN_OR_RETURN(const std::string body,
                      remote.Call(net::Method::kPost, Target(options.name, "heartbeat")));
  return Report(session, body);
}

}  // namespace wideberth::cli
