// Operational intents.
#include <utility>

#include "api/astm/decode.h"
#include "api/astm/encode.h"
#include "api/f3548/handlers.h"
#include "api/f3548/write.h"
#include "json/reader.h"

namespace wideberth::api::f3548 {
namespace {

using astm::Call;
using base::Result;

constexpr json::EnumName<dss::IntentState> kStates[] = {
    {"Accepted", dss::IntentState::kAccepted},
    {"Activated", dss::IntentState::kActivated},
    {"Nonconforming", dss::IntentState::kNonconforming},
    {"Contingent", dss::IntentState::kContingent}};

Result<std::vector<std::string>> ReadKey(json::Object* body) {
  std::vector<std::string> key;
  const std::optional<json::Value> value = astm::Given(body, "key");
  if (!value) return key;
  WB_ASSIGN_OR_RETURN(const json::Array array, value->AsArray(dss::kKeyOvnsMax));
  key.reserve(array.size());
  for (const json::Value each : array) {
    WB_ASSIGN_OR_RETURN(const std::string_view ovn, each.AsString(dss::kOvnBytesMax));
    key.emplace_back(ovn);
  }
  return key;
}

Result<void> ReadSubscription(json::Object* body, const astm::Options& options,
                              dss::PutIntent* put) {
  if (const auto value = astm::Given(body, "subscription_id")) {
    WB_ASSIGN_OR_RETURN(const std::string_view text, value->AsString(64));
    auto id = astm::ParseId(text);
    if (!id) return value->Refuse(std::move(id).error());
    put->subscription = *id;
  }
  if (const auto value = astm::Given(body, "new_subscription")) {
    WB_ASSIGN_OR_RETURN(json::Object object, value->AsObject());
    dss::NewSubscription made;
    WB_ASSIGN_OR_RETURN(made.base_url, astm::ReadBaseUrl(&object, "uss_base_url", options));
    WB_ASSIGN_OR_RETURN(made.for_constraints,
                        astm::FlagOr(&object, "notify_for_constraints", false));
    put->new_subscription = std::move(made);
  }
  return {};
}

Result<dss::PutIntent> ReadPut(const Call& call) {
  const astm::Options& options = call.context.options;
  dss::PutIntent put;
  WB_ASSIGN_OR_RETURN(put.id, astm::ParseId(call.params.Get("entityid")));
  if (const std::string_view ovn = call.params.Get("ovn"); !ovn.empty()) put.ovn = ovn;
  WB_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(call.request.body));
  WB_ASSIGN_OR_RETURN(json::Object body, document.root().AsObject());
  WB_ASSIGN_OR_RETURN(put.base_url, astm::ReadBaseUrl(&body, "uss_base_url", options));
  WB_ASSIGN_OR_RETURN(put.state, body.RequiredEnum("state", kStates));
  WB_ASSIGN_OR_RETURN(put.key, ReadKey(&body));
  WB_RETURN_IF_ERROR(ReadSubscription(&body, options, &put));
  if (const auto value = astm::Given(&body, "requested_ovn_suffix")) {
    WB_ASSIGN_OR_RETURN(const std::string_view text, value->AsString(64));
    auto suffix = dss::ParseOvnSuffix(text);
    if (!suffix) return value->Refuse(std::move(suffix).error());
    put.ovn_suffix = *suffix;
  }
  WB_ASSIGN_OR_RETURN(const json::Value extents, astm::Needed(&body, "extents"));
  WB_ASSIGN_OR_RETURN(put.extent, astm::ReadExtents(extents, options));
  put.drawn_ovn = astm::Draw(call.context);
  put.drawn_subscription = call.context.random.NewUuidV4();
  put.drawn_subscription_version = astm::Draw(call.context);
  return put;
}

net::Response WriteChange(int status, const dss::Answer& answer, const std::string& caller) {
  if (answer.key_incomplete) return KeyIncomplete(answer, caller);
  return astm::JsonObject(status, [&](json::Writer* json) {
    WriteSubscribers(json, answer);
    json->Key("operational_intent_reference");
    WriteIntent(json, std::get<dss::Intent>(answer.entity), answer, caller);
  });
}

}  // namespace

void QueryIntents(Call call) {
  auto extent = astm::ReadAreaOfInterest(call.request.body, call.context.options);
  if (!extent) return call.Refuse(400, extent.error());
  astm::Read(
      std::move(call),
      [extent = std::move(*extent)](const dss::View& view, const std::string&, base::UtcMicros) {
        return dss::QueryIntents(view, extent);
      },
      [](const dss::Answer& answer, const std::string& caller) {
        return astm::JsonObject(200, [&](json::Writer* json) {
          WriteIntents(json, "operational_intent_references", answer, caller);
        });
      });
}

void GetIntent(Call call) {
  const auto id = astm::ParseId(call.params.Get("entityid"));
  if (!id) return call.Refuse(400, id.error());
  astm::Read(
      std::move(call),
      [id = *id](const dss::View& view, const std::string&, base::UtcMicros) {
        return dss::GetIntent(view, id);
      },
      [](const dss::Answer& answer, const std::string& caller) {
        return astm::JsonObject(200, [&](json::Writer* json) {
          json->Key("operational_intent_reference");
          WriteIntent(json, std::get<dss::Intent>(answer.entity), answer, caller);
        });
      });
}

void PutIntent(Call call) {
  auto put = ReadPut(call);
  if (!put) return call.Refuse(400, put.error());
  const bool off_nominal =
      put->state == dss::IntentState::kNonconforming || put->state == dss::IntentState::kContingent;
  if (off_nominal && !call.claims->HasScope(kConformanceMonitoring)) {
    return call.Refuse(403, {base::ErrorCode::kForbidden, "token.scope",
                             "must hold " + std::string(kConformanceMonitoring) + " in this state",
                             std::string(dss::Name(put->state))});
  }
  const int status = put->ovn ? 200 : 201;
  astm::Submit(std::move(call), std::move(*put),
               [status](const dss::Answer& answer, const std::string& caller) {
                 return WriteChange(status, answer, caller);
               });
}

void DeleteIntent(Call call) {
  const auto id = astm::ParseId(call.params.Get("entityid"));
  if (!id) return call.Refuse(400, id.error());
  dss::DeleteIntent remove{*id, std::string(call.params.Get("ovn"))};
  astm::Submit(std::move(call), std::move(remove),
               [](const dss::Answer& answer, const std::string& caller) {
                 return WriteChange(200, answer, caller);
               });
}

}  // namespace wideberth::api::f3548
