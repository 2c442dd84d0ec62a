// Subscriptions, availability and reports.
#include <algorithm>
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

// The reference takes them in small letters too, and clients write them so.
constexpr json::EnumName<dss::Availability> kAvailabilities[] = {
    {"Unknown", dss::Availability::kUnknown}, {"Normal", dss::Availability::kNormal},
    {"Down", dss::Availability::kDown},       {"unknown", dss::Availability::kUnknown},
    {"normal", dss::Availability::kNormal},   {"down", dss::Availability::kDown}};

enum class ReportRole { kClient, kServer };
constexpr json::EnumName<ReportRole> kReportRoles[] = {{"Client", ReportRole::kClient},
                                                       {"Server", ReportRole::kServer}};
constexpr size_t kReportTextBytesMax = 64 * 1024;

Result<dss::PutSubscription> ReadPut(const Call& call) {
  dss::PutSubscription put;
  WB_ASSIGN_OR_RETURN(put.id, astm::ParseId(call.params.Get("subscriptionid")));
  if (const std::string_view version = call.params.Get("version"); !version.empty()) {
    put.version = version;
  }
  WB_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(call.request.body));
  WB_ASSIGN_OR_RETURN(json::Object body, document.root().AsObject());
  WB_ASSIGN_OR_RETURN(put.base_url, astm::ReadBaseUrl(&body, "uss_base_url", call.context.options));
  WB_ASSIGN_OR_RETURN(put.for_intents,
                      astm::FlagOr(&body, "notify_for_operational_intents", false));
  WB_ASSIGN_OR_RETURN(put.for_constraints, astm::FlagOr(&body, "notify_for_constraints", false));
  WB_ASSIGN_OR_RETURN(const json::Value extents, astm::Needed(&body, "extents"));
  WB_ASSIGN_OR_RETURN(put.extent, astm::ReadExtent(extents, call.context.options));
  put.drawn_version = astm::Draw(call.context);
  return put;
}

void WriteOne(json::Writer* json, const dss::Answer& answer) {
  json->Key("subscription");
  WriteSubscription(json, std::get<dss::Subscription>(answer.entity), answer);
}

net::Response WriteAvailability(const dss::Answer& answer, const std::string&) {
  const auto& availability = std::get<dss::UssAvailability>(answer.entity);
  return astm::JsonObject(200, [&](json::Writer* json) {
    json->StringField("version", availability.version);
    json->Key("status");
    json->BeginObject();
    json->StringField("uss", availability.uss);
    json->StringField("availability", dss::Name(availability.availability));
    json->EndObject();
  });
}

Result<dss::SetAvailability> ReadAvailability(const Call& call) {
  dss::SetAvailability set;
  set.uss = call.params.Get("uss_id");
  if (set.uss.size() > dss::kManagerBytesMax) {
    return base::Invalid("uss_id", "must be at most 1,024 bytes");
  }
  WB_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(call.request.body));
  WB_ASSIGN_OR_RETURN(json::Object body, document.root().AsObject());
  if (const auto value = astm::Given(&body, "old_version")) {
    WB_ASSIGN_OR_RETURN(const std::string_view text, value->AsString(dss::kOvnBytesMax));
    set.old_version = text;
  }
  WB_ASSIGN_OR_RETURN(set.availability, body.RequiredEnum("availability", kAvailabilities));
  set.drawn_version = astm::Draw(call.context);
  return set;
}

// Drawn; of a request that may come again after a restart, made from its key, so that it is the same one.
base::Uuid IdOfReport(const Call& call) {
  if (!call.name) return call.context.random.NewUuidV4();
  base::Uuid id;
  std::copy_n(call.name->bytes.begin(), id.bytes.size(), id.bytes.begin());
  id.bytes[6] = static_cast<uint8_t>((id.bytes[6] & 0x0fU) | 0x40U);
  id.bytes[8] = static_cast<uint8_t>((id.bytes[8] & 0x3fU) | 0x80U);
  return id;
}

// The report as it came, with its identifier.
Result<dss::Report> ReadReport(const Call& call) {
  WB_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(call.request.body));
  WB_ASSIGN_OR_RETURN(json::Object body, document.root().AsObject());
  WB_ASSIGN_OR_RETURN(const json::Value value, astm::Needed(&body, "exchange"));
  WB_ASSIGN_OR_RETURN(json::Object exchange, value.AsObject());
  for (const std::string_view key : {"url", "method", "request_source"}) {
    const auto text = astm::NeededText(&exchange, key, kReportTextBytesMax);
    // The schema asks for the last one and does not say what may stand in it.
    if (!text && key != "request_source") return base::Fail(text.error());
  }
  WB_RETURN_IF_ERROR(exchange.RequiredEnum("recorder_role", kReportRoles));
  WB_ASSIGN_OR_RETURN(const json::Value time, astm::Needed(&exchange, "request_time"));
  WB_RETURN_IF_ERROR(astm::ReadTime(time));
  dss::Report report{IdOfReport(call), {}};
  json::Writer json(&report.body);
  json.BeginObject();
  json.StringField("report_id", report.id.ToString());
  for (const json::Field field : body) {
    if (field.key == "report_id") continue;
    json.Key(field.key);
    json.Raw(field.value.ToJson());
  }
  json.EndObject();
  return report;
}

}  // namespace

void QuerySubscriptions(Call call) {
  auto extent = astm::ReadAreaOfInterest(call.request.body, call.context.options);
  if (!extent) {
    return call.Refuse(extent.error().code == base::ErrorCode::kTooLarge ? 413 : 400,
                       extent.error());
  }
  astm::Read(
      std::move(call),
      [extent = std::move(*extent)](const dss::View& view, const std::string& caller,
                                    base::UtcMicros now) {
        return dss::QuerySubscriptions(view, caller, extent, now);
      },
      [](const dss::Answer& answer, const std::string&) {
        return astm::JsonObject(200, [&](json::Writer* json) {
          json->Key("subscriptions");
          json->BeginArray();
          for (const dss::Subscription& each : answer.subscriptions) {
            WriteSubscription(json, each, answer);
          }
          json->EndArray();
        });
      });
}

void GetSubscription(Call call) {
  const auto id = astm::ParseId(call.params.Get("subscriptionid"));
  if (!id) return call.Refuse(400, id.error());
  astm::Read(
      std::move(call),
      [id = *id](const dss::View& view, const std::string& caller, base::UtcMicros) {
        return dss::GetSubscription(view, caller, id);
      },
      [](const dss::Answer& answer, const std::string&) {
        return astm::JsonObject(200, [&](json::Writer* json) { WriteOne(json, answer); });
      });
}

void PutSubscription(Call call) {
  auto put = ReadPut(call);
  if (!put) return call.Refuse(400, put.error());
  const bool intents = put->for_intents;
  const bool constraints = put->for_constraints;
  astm::Submit(std::move(call), std::move(*put),
               [intents, constraints](const dss::Answer& answer, const std::string& caller) {
                 return astm::JsonObject(200, [&](json::Writer* json) {
                   WriteOne(json, answer);
                   if (intents) WriteIntents(json, "operational_intent_references", answer, caller);
                   if (constraints) WriteConstraints(json, "constraint_references", answer, caller);
                 });
               });
}

void DeleteSubscription(Call call) {
  const auto id = astm::ParseId(call.params.Get("subscriptionid"));
  if (!id) return call.Refuse(400, id.error());
  dss::DeleteSubscription remove{*id, std::string(call.params.Get("version"))};
  astm::Submit(std::move(call), std::move(remove),
               [](const dss::Answer& answer, const std::string&) {
                 return astm::JsonObject(200, [&](json::Writer* json) { WriteOne(json, answer); });
               });
}

void PostReport(Call call) {
  auto report = ReadReport(call);
  if (!report) return call.Refuse(400, report.error());
  std::string body = report->body;
  astm::Submit(std::move(call), std::move(*report),
               [body = std::move(body)](const dss::Answer&, const std::string&) {
                 return net::JsonResponse(201, body);
               });
}

void GetAvailability(Call call) {
  const std::string uss(call.params.Get("uss_id"));
  astm::Read(
      std::move(call),
      [uss](const dss::View& view, const std::string&, base::UtcMicros) -> Result<dss::Answer> {
        dss::Answer answer;
        answer.entity = view.AvailabilityOf(uss);
        return answer;
      },
      WriteAvailability);
}

void SetAvailability(Call call) {
  auto set = ReadAvailability(call);
  if (!set) return call.Refuse(400, set.error());
  astm::Submit(std::move(call), std::move(*set), WriteAvailability);
}

}  // namespace wideberth::api::f3548
