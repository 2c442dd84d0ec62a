#include "api/astm/aux.h"

#include <utility>

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
      200, [&](json::Writer* json) { json->StringField("dar_id", call.context.options.dar_id); }));
}

net::Response WriteInstances(int status, const Options& options,
                             const Heartbeats::Heartbeat& heartbeat) {
  return JsonObject(status, [&](json::Writer* json) {
    json->Key("dss_instances");
    json->BeginArray();
    json->BeginObject();
    json->StringField("id", options.locality);
    if (!options.public_endpoint.empty()) {
      json->StringField("public_endpoint", options.public_endpoint);
    }
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
    json->EndObject();
    json->EndArray();
  });
}

base::Result<Heartbeats::Heartbeat> ReadHeartbeat(const Call& call) {
  Heartbeats::Heartbeat heartbeat;
  heartbeat.reporter = call.caller();
  heartbeat.time = call.context.node.clock().Now();
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

void Heartbeats::Add(Heartbeat heartbeat) {
  const std::lock_guard lock(mutex_);
  heartbeat.index = last_.index + 1;
  last_ = std::move(heartbeat);
}

Heartbeats::Heartbeat Heartbeats::last() const {
  const std::lock_guard lock(mutex_);
  return last_;
}

void AddAuxRoutes(net::Router* router, const Context* context, Heartbeats* heartbeats) {
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
  get("/aux/v1/pool/dss_instances", {{kReadPool}}, [heartbeats](Call call) {
    call.responder(WriteInstances(200, call.context.options, heartbeats->last()));
  });
  AddRoute(router, context, Method::kPut, "/aux/v1/pool/dss_instances/heartbeat", {{kWritePool}},
           [heartbeats](Call call) {
             auto heartbeat = ReadHeartbeat(call);
             if (!heartbeat) return call.Refuse(400, heartbeat.error());
             heartbeats->Add(std::move(heartbeat).value());
             call.responder(WriteInstances(201, call.context.options, heartbeats->last()));
           });
}

}  // namespace wideberth::api::astm
