#include "api/astm/aux.h"

#include <memory>
#include <utility>
#include <vector>

#include "api/astm/call.h"
#include "api/astm/encode.h"
#include "base/version.h"
#include "json/writer.h"

namespace wideberth::api::astm {
namespace {

constexpr std::string_view kReadPool = "interuss.pool_status.read";
constexpr std::string_view kWritePool = "interuss.pool_status.heartbeat.write";
constexpr std::string_view kReadAreas = "dss.read.identification_service_areas";
constexpr std::string_view kWriteAreas = "dss.write.identification_service_areas";
constexpr std::string_view kReadVersions = "interuss.versioning.read_system_versions";
constexpr size_t kSourceBytesMax = 256;

void GetVersion(Call call) {
  call.responder(JsonObject(200, [](json::Writer* json) {
    json->StringField("version", "wideberth/" + std::string(base::kVersion));
  }));
}

void GetSystemVersion(Call call) {
  call.responder(JsonObject(200, [&](json::Writer* json) {
    json->StringField("system_identity", call.params.Get("system_identity"));
    json->StringField("system_version", base::kVersion);
  }));
}

void ValidateOauth(Call call) {
  const std::optional<std::string_view> owner = call.request.target.Find("owner");
  if (owner && !owner->empty() && *owner != call.caller()) {
    return call.Refuse(403, {base::ErrorCode::kForbidden, "owner",
                             "must be the subject of the token", std::string(*owner)});
  }
  call.responder(JsonObject(200, [](json::Writer*) {}));
}

void GetPool(Call call) {
  call.responder(JsonObject(
      200, [&](json::Writer* json) { json->StringField("dar_id", call.context.dss.dar_id()); }));
}

void WriteHeartbeat(json::Writer* json, const dss::Heartbeat& heartbeat) {
  json->Key("most_recent_heartbeat");
  json->BeginObject();
  json->StringField("timestamp", base::FormatRfc3339(heartbeat.time));
  json->StringField("reporter", heartbeat.reporter);
  json->StringField("source", heartbeat.source);
  json->Uint64Field("index", heartbeat.index);
  if (heartbeat.next_expected) {
    json->StringField("next_heartbeat_expected_before",
                      base::FormatRfc3339(*heartbeat.next_expected));
  }
  json->EndObject();
}

// Answers with the instances, when they are known.
dss::Host::Listed AnswerInstances(int status, net::Responder to) {
  auto responder = std::make_shared<net::Responder>(std::move(to));
  return [status, responder](const base::Result<std::vector<dss::Instance>>& instances) {
    if (!instances) {
      return (*responder)(RenderRefusal(StatusOf(instances.error()), instances.error()));
    }
    (*responder)(JsonObject(status, [&](json::Writer* json) {
      json->Key("dss_instances");
      json->BeginArray();
      for (const dss::Instance& instance : *instances) {
        json->BeginObject();
        json->StringField("id", instance.locality);
        if (!instance.public_endpoint.empty()) {
          json->StringField("public_endpoint", instance.public_endpoint);
        }
        if (instance.heartbeat) WriteHeartbeat(json, *instance.heartbeat);
        json->EndObject();
      }
      json->EndArray();
    }));
  };
}

base::Result<dss::Heartbeat> ReadHeartbeat(const Call& call) {
  dss::Heartbeat heartbeat;
  heartbeat.reporter = call.caller();
  heartbeat.time = call.context.clock.Now();
  const net::Target& target = call.request.target;
  const std::optional<std::string_view> source = target.Find("source");
  if (!source || source->empty() || source->size() > kSourceBytesMax) {
    return base::Invalid("source", "must be present, of at most 256 bytes");
  }
  heartbeat.source = *source;
  const auto read = [&](std::string_view key) -> base::Result<std::optional<base::UtcMicros>> {
    const std::optional<std::string_view> text = target.Find(key);
    if (!text || text->empty()) return std::optional<base::UtcMicros>();
    auto time = base::ParseRfc3339(*text);
    if (!time) return base::Fail(std::move(time).error().Under(key));
    return std::optional(*time);
  };
  WB_ASSIGN_OR_RETURN(const auto time, read("timestamp"));
  if (time) heartbeat.time = *time;
  WB_ASSIGN_OR_RETURN(heartbeat.next_expected, read("next_heartbeat_expected_before"));
  if (heartbeat.next_expected && *heartbeat.next_expected < heartbeat.time) {
    return base::Invalid("next_heartbeat_expected_before", "must not be before the heartbeat");
  }
  return heartbeat;
}

void ListInstances(Call call) {
  call.context.dss.ListInstances(AnswerInstances(200, std::move(call.responder)));
}

void PutHeartbeat(Call call) {
  auto heartbeat = ReadHeartbeat(call);
  if (!heartbeat) return call.Refuse(400, heartbeat.error());
  call.context.dss.AddHeartbeat(std::move(*heartbeat),
                                AnswerInstances(201, std::move(call.responder)));
}

void GetGlobalOptions(Call call) {
  call.responder(JsonObject(200, [&](json::Writer* json) {
    json->BoolField("scd_global_lock", false);
    json->BoolField("scd_hash_lock", false);
    json->BoolField("time_based_notification_index",
                    call.context.options.time_based_notification_index);
  }));
}

// Of a datastore with certificates of its own; an embedded one has none.
void GetCertificates(Call call) {
  call.responder(JsonObject(200, [](json::Writer* json) {
    json->Key("CAs");
    json->BeginArray();
    json->EndArray();
  }));
}

}  // namespace

void AddAuxRoutes(net::Router* router, const Context* context) {
  using net::Method;
  const auto get = [&](std::string_view path, Scopes scopes, Handler handler) {
    AddRoute(router, context, Method::kGet, path, std::move(scopes), handler);
  };
  get("/aux/v1/version", {}, GetVersion);
  get("/aux/v1/validate_oauth", {{kReadAreas}, {kWriteAreas}}, ValidateOauth);
  get("/aux/v1/pool", {{kReadPool}}, GetPool);
  get("/aux/v1/configuration/global_options", {{kReadPool}}, GetGlobalOptions);
  get("/aux/v1/configuration/accepted_ca_certs", {}, GetCertificates);
  get("/aux/v1/configuration/ca_certs", {}, GetCertificates);
  get("/versions/{system_identity}", {{kReadVersions}}, GetSystemVersion);
  get("/aux/v1/pool/dss_instances", {{kReadPool}}, ListInstances);
  AddRoute(router, context, Method::kPut, "/aux/v1/pool/dss_instances/heartbeat", {{kWritePool}},
           PutHeartbeat);
}

}  // namespace wideberth::api::astm
