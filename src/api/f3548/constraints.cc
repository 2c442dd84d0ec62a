// Constraints.
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

Result<dss::PutConstraint> ReadPut(const Call& call) {
  dss::PutConstraint put;
  WB_ASSIGN_OR_RETURN(put.id, astm::ParseId(call.params.Get("entityid")));
  if (const std::string_view ovn = call.params.Get("ovn"); !ovn.empty()) put.ovn = ovn;
  WB_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(call.request.body));
  WB_ASSIGN_OR_RETURN(json::Object body, document.root().AsObject());
  WB_ASSIGN_OR_RETURN(put.base_url, astm::ReadBaseUrl(&body, "uss_base_url", call.context.options));
  WB_ASSIGN_OR_RETURN(const json::Value extents, astm::Needed(&body, "extents"));
  WB_ASSIGN_OR_RETURN(put.extent, astm::ReadExtents(extents, call.context.options));
  put.drawn_ovn = astm::Draw(call.context);
  return put;
}

net::Response WriteChange(int status, const dss::Answer& answer, const std::string& caller) {
  return astm::JsonObject(status, [&](json::Writer* json) {
    WriteSubscribers(json, answer);
    json->Key("constraint_reference");
    WriteConstraint(json, std::get<dss::Constraint>(answer.entity), answer, caller);
  });
}

}  // namespace

void QueryConstraints(Call call) {
  auto extent = astm::ReadAreaOfInterest(call.request.body, call.context.options);
  if (!extent) return call.Refuse(400, extent.error());
  astm::Read(
      std::move(call),
      [extent = std::move(*extent)](const dss::View& view, const std::string&, base::UtcMicros) {
        return dss::QueryConstraints(view, extent);
      },
      [](const dss::Answer& answer, const std::string& caller) {
        return astm::JsonObject(200, [&](json::Writer* json) {
          WriteConstraints(json, "constraint_references", answer, caller);
        });
      });
}

void GetConstraint(Call call) {
  const auto id = astm::ParseId(call.params.Get("entityid"));
  if (!id) return call.Refuse(400, id.error());
  astm::Read(
      std::move(call),
      [id = *id](const dss::View& view, const std::string&, base::UtcMicros) {
        return dss::GetConstraint(view, id);
      },
      [](const dss::Answer& answer, const std::string& caller) {
        return astm::JsonObject(200, [&](json::Writer* json) {
          json->Key("constraint_reference");
          WriteConstraint(json, std::get<dss::Constraint>(answer.entity), answer, caller);
        });
      });
}

void PutConstraint(Call call) {
  auto put = ReadPut(call);
  if (!put) return call.Refuse(400, put.error());
  const int status = put->ovn ? 200 : 201;
  astm::Submit(std::move(call), std::move(*put),
               [status](const dss::Answer& answer, const std::string& caller) {
                 return WriteChange(status, answer, caller);
               });
}

void DeleteConstraint(Call call) {
  const auto id = astm::ParseId(call.params.Get("entityid"));
  if (!id) return call.Refuse(400, id.error());
  dss::DeleteConstraint remove{*id, std::string(call.params.Get("ovn"))};
  astm::Submit(std::move(call), std::move(remove),
               [](const dss::Answer& answer, const std::string& caller) {
                 return WriteChange(200, answer, caller);
               });
}

}  // namespace wideberth::api::f3548
