#include "api/f3411/api.h"

#include <string>
#include <utility>

#include "api/astm/decode.h"
#include "api/astm/encode.h"
#include "api/f3411/edition.h"

namespace wideberth::api::f3411 {
namespace {

using astm::Call;
using base::Result;

// Too large an area is 413 to a search, and 400 to a write.
int SearchStatus(const base::Error& error) {
  return error.code == base::ErrorCode::kTooLarge ? 413 : 400;
}

Result<void> ReadTimes(const Call& call, dss::Extent* extent) {
  for (const auto& [key, time] :
       {std::pair("earliest_time", &extent->start), std::pair("latest_time", &extent->end)}) {
    const std::optional<std::string_view> text = call.request.target.Find(key);
    if (!text || text->empty()) continue;
    auto parsed = base::ParseRfc3339(*text);
    if (!parsed) return base::Fail(std::move(parsed).error().Under(key));
    *time = *parsed;
  }
  if (extent->end >= extent->start) return {};
  return base::Invalid("latest_time", "must not be before earliest_time");
}

net::Response WriteArea(Edition edition, const dss::Answer& answer, bool changed) {
  return astm::JsonObject(200, [&](json::Writer* json) {
    if (changed) WriteSubscribers(answer, json);
    json->Key("service_area");
    WriteServiceArea(edition, std::get<dss::ServiceArea>(answer.entity), json);
  });
}

void WriteAreas(Edition edition, const dss::Answer& answer, json::Writer* json) {
  json->Key("service_areas");
  json->BeginArray();
  for (const dss::ServiceArea& area : answer.areas) WriteServiceArea(edition, area, json);
  json->EndArray();
}

net::Response WriteSubscribed(Edition edition, const dss::Answer& answer, bool areas) {
  return astm::JsonObject(200, [&](json::Writer* json) {
    json->Key("subscription");
    WriteSubscription(edition, std::get<dss::RidSubscription>(answer.entity), json);
    if (areas) WriteAreas(edition, answer, json);
  });
}

void SearchAreas(Edition edition, Call call) {
  auto extent = ReadArea(call);
  if (!extent) return call.Refuse(SearchStatus(extent.error()), extent.error());
  if (auto times = ReadTimes(call, &*extent); !times) return call.Refuse(400, times.error());
  astm::Read(
      std::move(call),
      [extent = std::move(*extent)](const dss::View& view, const std::string&,
                                    base::UtcMicros now) {
        return dss::SearchServiceAreas(view, extent, now);
      },
      [edition](const dss::Answer& answer, const std::string&) {
        return astm::JsonObject(200,
                                [&](json::Writer* json) { WriteAreas(edition, answer, json); });
      });
}

void GetArea(Edition edition, Call call) {
  const auto id = astm::ParseId(call.params.Get("id"));
  if (!id) return call.Refuse(400, id.error());
  astm::Read(
      std::move(call),
      [id = *id](const dss::View& view, const std::string&, base::UtcMicros) {
        return dss::GetServiceArea(view, id);
      },
      [edition](const dss::Answer& answer, const std::string&) {
        return WriteArea(edition, answer, false);
      });
}

// What is no version at all is 400, as by the reference; a version that is not the one in force is 409.
Result<std::optional<std::string>> VersionOf(const Call& call) {
  const std::string_view version = call.params.Get("version");
  if (version.empty()) return std::optional<std::string>();
  if (!dss::IsRidVersion(version)) {
    return base::Invalid("version", "must be one that the DSS gave", version);
  }
  return std::optional<std::string>(version);
}

void PutArea(Edition edition, Call call) {
  const auto id = astm::ParseId(call.params.Get("id"));
  if (!id) return call.Refuse(400, id.error());
  auto put = ReadServiceArea(edition, call);
  if (!put) return call.Refuse(400, put.error());
  auto version = VersionOf(call);
  if (!version) return call.Refuse(400, version.error());
  dss::PutServiceArea command{*id, std::move(*version), std::move(put->url),
                              std::move(put->extent)};
  astm::Submit(std::move(call), std::move(command),
               [edition](const dss::Answer& answer, const std::string&) {
                 return WriteArea(edition, answer, true);
               });
}

void DeleteArea(Edition edition, Call call) {
  const auto id = astm::ParseId(call.params.Get("id"));
  if (!id) return call.Refuse(400, id.error());
  auto version = VersionOf(call);
  if (!version) return call.Refuse(400, version.error());
  dss::DeleteServiceArea command{*id, version->value_or("")};
  astm::Submit(std::move(call), std::move(command),
               [edition](const dss::Answer& answer, const std::string&) {
                 return WriteArea(edition, answer, true);
               });
}

void SearchSubscriptions(Edition edition, Call call) {
  auto extent = ReadArea(call);
  if (!extent) return call.Refuse(SearchStatus(extent.error()), extent.error());
  astm::Read(
      std::move(call),
      [extent = std::move(*extent)](const dss::View& view, const std::string& caller,
                                    base::UtcMicros now) {
        return dss::SearchRidSubscriptions(view, caller, extent, now);
      },
      [edition](const dss::Answer& answer, const std::string&) {
        return astm::JsonObject(200, [&](json::Writer* json) {
          json->Key("subscriptions");
          json->BeginArray();
          for (const dss::RidSubscription& each : answer.rid_subscriptions) {
            WriteSubscription(edition, each, json);
          }
          json->EndArray();
        });
      });
}

void GetSubscription(Edition edition, Call call) {
  const auto id = astm::ParseId(call.params.Get("id"));
  if (!id) return call.Refuse(400, id.error());
  astm::Read(
      std::move(call),
      [id = *id](const dss::View& view, const std::string&, base::UtcMicros) {
        return dss::GetRidSubscription(view, id);
      },
      [edition](const dss::Answer& answer, const std::string&) {
        return WriteSubscribed(edition, answer, false);
      });
}

void PutSubscription(Edition edition, Call call) {
  const auto id = astm::ParseId(call.params.Get("id"));
  if (!id) return call.Refuse(400, id.error());
  auto put = ReadSubscription(edition, call);
  if (!put) return call.Refuse(400, put.error());
  auto version = VersionOf(call);
  if (!version) return call.Refuse(400, version.error());
  dss::PutRidSubscription command{*id, std::move(*version), std::move(put->url),
                                  std::move(put->extent)};
  astm::Submit(std::move(call), std::move(command),
               [edition](const dss::Answer& answer, const std::string&) {
                 return WriteSubscribed(edition, answer, true);
               });
}

void DeleteSubscription(Edition edition, Call call) {
  const auto id = astm::ParseId(call.params.Get("id"));
  if (!id) return call.Refuse(400, id.error());
  auto version = VersionOf(call);
  if (!version) return call.Refuse(400, version.error());
  dss::DeleteRidSubscription command{*id, version->value_or("")};
  astm::Submit(std::move(call), std::move(command),
               [edition](const dss::Answer& answer, const std::string&) {
                 return WriteSubscribed(edition, answer, false);
               });
}

}  // namespace

void AddRoutes(net::Router* router, const astm::Context* context) {
  using net::Method;
  struct Names {
    Edition edition;
    std::string base;
    std::string_view reader;
    std::string_view writer;
  };
  for (const Names& names :
       {Names{Edition::k19, "/v1/dss", "dss.read.identification_service_areas",
              "dss.write.identification_service_areas"},
        Names{Edition::k22a, "/rid/v2/dss", "rid.display_provider", "rid.service_provider"}}) {
    const astm::Scopes read = {{names.reader}};
    const astm::Scopes write = {{names.writer}};
    const astm::Scopes either = {{names.reader}, {names.writer}};
    const auto add = [&](Method method, const std::string& path, const astm::Scopes& scopes,
                         void (*handler)(Edition, Call)) {
      astm::AddRoute(
          router, context, method, names.base + path, scopes,
          [edition = names.edition, handler](Call call) { handler(edition, std::move(call)); });
    };
    const std::string area = "/identification_service_areas";
    add(Method::kGet, area, read, SearchAreas);
    add(Method::kGet, area + "/{id}", either, GetArea);
    add(Method::kPut, area + "/{id}", write, PutArea);
    add(Method::kPut, area + "/{id}/{version}", write, PutArea);
    add(Method::kDelete, area + "/{id}/{version}", write, DeleteArea);
    const std::string subscription = "/subscriptions";
    add(Method::kGet, subscription, read, SearchSubscriptions);
    add(Method::kGet, subscription + "/{id}", either, GetSubscription);
    add(Method::kPut, subscription + "/{id}", read, PutSubscription);
    add(Method::kPut, subscription + "/{id}/{version}", read, PutSubscription);
    add(Method::kDelete, subscription + "/{id}/{version}", read, DeleteSubscription);
  }
}

}  // namespace wideberth::api::f3411
