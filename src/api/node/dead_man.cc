// Dead-man areas (mechanism/standing.h): people arm and disarm them, the owner's equipment sends their heartbeats.
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/node/answer.h"
#include "api/node/handlers.h"
#include "net/query.h"

namespace wideberth::api::node {
namespace {

using base::Result;
using mechanism::DeadMan;
using mechanism::DeadManState;
using operators::ActKind;

constexpr int64_t kTimeoutMaxS = 600;

struct Area {
  std::string name;
  std::optional<airspace::HazardClass> hazard_class;  // none: no agreement has it any more
  DeadMan dead_man;
};

void WriteArea(const Area& area, json::Writer* json) {
  json->BeginObject();
  json->StringField("name", area.name);
  json->BoolField("agreed", area.hazard_class.has_value());
  if (area.hazard_class) json->StringField("hazard_class", airspace::Name(*area.hazard_class));
  json->StringField("state", mechanism::Name(area.dead_man.state));
  if (area.dead_man.timeout_us > 0) {
    json->Int64Field("timeout_s", area.dead_man.timeout_us / base::kMicrosPerSecond);
    json->StringField("since", base::FormatRfc3339(area.dead_man.since));
    json->StringField("key", area.dead_man.key_id);
  }
  if (area.dead_man.notice) json->StringField("notice", area.dead_man.notice->ToString());
  json->EndObject();
}

// In the core's turn: what is agreed, and what was ever armed.
std::vector<Area> AreasOf(const service::Node& node, const mechanism::Core& core) {
  std::map<std::string, Area> areas;
  for (const agreement::StandingRelease& release : core.DeadManAreas()) {
    areas[release.name] = {release.name, release.hazard_class, {}};
  }
  node.ReadDesk([&](const airspace::State&, const mechanism::Desk& desk) {
    for (const auto& [name, dead_man] : desk.dead_men()) {
      Area& area = areas[name];
      area.name = name;
      area.dead_man = dead_man;
    }
    return 0;
  });
  std::vector<Area> all;
  for (auto& [name, area] : areas) all.push_back(std::move(area));
  return all;
}

net::Response OneArea(const service::Node& node, const mechanism::Core& core,
                      const std::string& name) {
  std::string text;
  for (const Area& area : AreasOf(node, core)) {
    if (area.name != name) continue;
    json::Writer json(&text);
    WriteArea(area, &json);
  }
  return net::JsonResponse(200, std::move(text));
}

// A person who may report a hazard does it; the body may have nothing but what was taken from it.
using Change = std::function<Result<void>(mechanism::Core& core, const std::string& name,
                                          const std::string& key_id, line::Now now)>;
Result<void> ChangeArea(Call& call, Change change) {
  const auto work = [&context = call.context, change = std::move(change),
                     name = std::string(call.params.Get("name")),
                     key_id = call.caller.session->key_id()](
                        mechanism::Core& core, line::Now now) -> Result<net::Response> {
    WB_RETURN_IF_ERROR(change(core, name, key_id, now));
    return OneArea(context.node, core, name);
  };
  return SubmitWork(call, work);
}

}  // namespace

Result<void> ListDeadManAreas(Call& call) {
  WB_RETURN_IF_ERROR(net::Query(call.request.target).ExpectNoOthers());
  const auto work = [&context = call.context](mechanism::Core& core,
                                              line::Now) -> Result<net::Response> {
    std::string text;
    json::Writer json(&text);
    json.BeginObject();
    json.Key("areas");
    json.BeginArray();
    for (const Area& area : AreasOf(context.node, core)) WriteArea(area, &json);
    json.EndArray();
    json.EndObject();
    return net::JsonResponse(200, std::move(text));
  };
  return SubmitWork(call, work);
}

Result<void> ArmDeadManArea(Call& call) {
  WB_RETURN_IF_ERROR(RequireRole(call, ActKind::kReportUnplannedHazard));
  std::optional<json::Document> document;
  WB_ASSIGN_OR_RETURN(json::Object body, ReadBody(call, &document));
  WB_ASSIGN_OR_RETURN(const int64_t timeout_s, body.RequiredInt64("timeout_s", 1, kTimeoutMaxS));
  WB_RETURN_IF_ERROR(body.ExpectNoOtherFields());
  return ChangeArea(call, [timeout_s](mechanism::Core& core, const std::string& name,
                                      const std::string& key_id, line::Now now) {
    return core.ArmDeadMan(name, timeout_s * base::kMicrosPerSecond, key_id, now);
  });
}

Result<void> DisarmDeadManArea(Call& call) {
  WB_RETURN_IF_ERROR(RequireRole(call, ActKind::kReportUnplannedHazard));
  std::optional<json::Document> document;
  WB_ASSIGN_OR_RETURN(const json::Object body, ReadBody(call, &document));
  WB_RETURN_IF_ERROR(body.ExpectNoOtherFields());
  return ChangeArea(call,
                    [](mechanism::Core& core, const std::string& name, const std::string& key_id,
                       line::Now now) { return core.DisarmDeadMan(name, key_id, now); });
}

Result<void> BeatDeadManArea(Call& call) {
  std::optional<json::Document> document;
  WB_ASSIGN_OR_RETURN(const json::Object body, ReadBody(call, &document));
  WB_RETURN_IF_ERROR(body.ExpectNoOtherFields());
  const auto work = [&context = call.context, name = std::string(call.params.Get("name"))](
                        mechanism::Core& core, line::Now now) -> Result<net::Response> {
    WB_RETURN_IF_ERROR(core.BeatDeadMan(name, now));
    return OneArea(context.node, core, name);
  };
  return SubmitWork(call, work);
}

}  // namespace wideberth::api::node
