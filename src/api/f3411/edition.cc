#include "api/f3411/edition.h"

#include <charconv>
#include <utility>

#include "api/astm/decode.h"
#include "api/astm/encode.h"
#include "base/limits.h"

namespace wideberth::api::f3411 {
namespace {

using base::Result;

// What F3411-22a leaves to be added to a base URL.
constexpr std::string_view kFlights = "/uss/flights";
constexpr std::string_view kAreas = "/uss/identification_service_areas";

std::string BaseOf(const std::string& url, std::string_view path) {
  return url.ends_with(path) ? url.substr(0, url.size() - path.size()) : url;
}

Result<std::optional<base::UtcMicros>> ReadTime19(json::Object* object, std::string_view key) {
  const std::optional<json::Value> value = astm::Given(object, key);
  if (!value) return std::optional<base::UtcMicros>();
  WB_ASSIGN_OR_RETURN(const std::string_view text, value->AsString(64));
  auto time = base::ParseRfc3339(text);
  if (!time) return value->Refuse(std::move(time).error());
  return std::optional(*time);
}

Result<dss::Extent> ReadExtent19(const json::Value& value, const astm::Options& options) {
  WB_ASSIGN_OR_RETURN(json::Object outer, value.AsObject());
  WB_ASSIGN_OR_RETURN(const json::Value inner, astm::Needed(&outer, "spatial_volume"));
  WB_ASSIGN_OR_RETURN(json::Object object, inner.AsObject());
  WB_ASSIGN_OR_RETURN(const json::Value footprint, astm::Needed(&object, "footprint"));
  dss::Volume volume;
  WB_ASSIGN_OR_RETURN(volume.polygon, astm::ReadVertices(footprint));
  const auto altitude = [&](std::string_view key) -> Result<std::optional<double>> {
    const std::optional<json::Value> height = astm::Given(&object, key);
    if (!height) return std::optional<double>();
    WB_ASSIGN_OR_RETURN(const double metres, height->AsDouble(-8'000, 100'000));
    return std::optional(metres);
  };
  WB_ASSIGN_OR_RETURN(volume.lower_m, altitude("altitude_lo"));
  WB_ASSIGN_OR_RETURN(volume.upper_m, altitude("altitude_hi"));
  WB_ASSIGN_OR_RETURN(volume.start, ReadTime19(&outer, "time_start"));
  WB_ASSIGN_OR_RETURN(volume.end, ReadTime19(&outer, "time_end"));
  auto extent = dss::MakeExtent({&volume, 1}, options.extents);
  if (!extent) return value.Refuse(std::move(extent).error());
  return extent;
}

Result<dss::Extent> ReadExtentOf(Edition edition, json::Object* body,
                                 const astm::Options& options) {
  WB_ASSIGN_OR_RETURN(const json::Value extents, astm::Needed(body, "extents"));
  return edition == Edition::k19 ? ReadExtent19(extents, options)
                                 : astm::ReadExtent(extents, options);
}

void WriteWindow(Edition edition, const dss::Extent& extent, json::Writer* json) {
  for (const auto& [key, time] :
       {std::pair("time_start", extent.start), std::pair("time_end", extent.end)}) {
    if (edition == Edition::k19) {
      json->StringField(key, base::FormatRfc3339(time));
    } else {
      astm::WriteTime(json, key, time);
    }
  }
}

Result<double> ReadDegrees(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size()) return value;
  return base::Invalid("area", "must be numbers with commas between", text);
}

}  // namespace

Result<Put> ReadServiceArea(Edition edition, const astm::Call& call) {
  const astm::Options& options = call.context.options;
  WB_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(call.request.body));
  WB_ASSIGN_OR_RETURN(json::Object body, document.root().AsObject());
  Put put;
  if (edition == Edition::k19) {
    WB_ASSIGN_OR_RETURN(put.url, astm::ReadBaseUrl(&body, "flights_url", options));
  } else {
    WB_ASSIGN_OR_RETURN(put.url, astm::ReadBaseUrl(&body, "uss_base_url", options));
    put.url += kFlights;
  }
  WB_ASSIGN_OR_RETURN(put.extent, ReadExtentOf(edition, &body, options));
  return put;
}

Result<Put> ReadSubscription(Edition edition, const astm::Call& call) {
  const astm::Options& options = call.context.options;
  WB_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(call.request.body));
  WB_ASSIGN_OR_RETURN(json::Object body, document.root().AsObject());
  Put put;
  if (edition == Edition::k19) {
    WB_ASSIGN_OR_RETURN(const json::Value value, astm::Needed(&body, "callbacks"));
    WB_ASSIGN_OR_RETURN(json::Object callbacks, value.AsObject());
    WB_ASSIGN_OR_RETURN(put.url,
                        astm::ReadBaseUrl(&callbacks, "identification_service_area_url", options));
  } else {
    WB_ASSIGN_OR_RETURN(put.url, astm::ReadBaseUrl(&body, "uss_base_url", options));
    put.url += kAreas;
  }
  WB_ASSIGN_OR_RETURN(put.extent, ReadExtentOf(edition, &body, options));
  return put;
}

Result<dss::Extent> ReadArea(const astm::Call& call) {
  const std::optional<std::string_view> area = call.request.target.Find("area");
  if (!area) return base::Invalid("area", "must be present");
  std::vector<double> numbers;
  std::string_view rest = *area;
  while (!rest.empty()) {
    const size_t comma = std::min(rest.find(','), rest.size());
    WB_ASSIGN_OR_RETURN(const double value, ReadDegrees(rest.substr(0, comma)));
    numbers.push_back(value);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  if (numbers.size() % 2 != 0 || numbers.size() < 6) {
    return base::Invalid("area", "must be at least 3 pairs of latitude and longitude");
  }
  dss::Volume volume;
  for (size_t i = 0; i < numbers.size(); i += 2) {
    auto position = geo::MakePosition(numbers[i], numbers[i + 1]);
    if (!position) return base::Fail(std::move(position).error().Under("area"));
    volume.polygon.push_back(*position);
  }
  auto extent = dss::MakeExtent({&volume, 1}, call.context.options.extents);
  if (!extent) return base::Fail(std::move(extent).error().Under("area"));
  return extent;
}

void WriteServiceArea(Edition edition, const dss::ServiceArea& area, json::Writer* json) {
  json->BeginObject();
  json->StringField("id", area.id.ToString());
  json->StringField("owner", area.manager);
  json->StringField("version", dss::RidVersion(area.version_us));
  if (edition == Edition::k19) {
    json->StringField("flights_url", area.base_url);
  } else {
    json->StringField("uss_base_url", BaseOf(area.base_url, kFlights));
  }
  WriteWindow(edition, area.extent, json);
  json->EndObject();
}

void WriteSubscription(Edition edition, const dss::RidSubscription& subscription,
                       json::Writer* json) {
  json->BeginObject();
  json->StringField("id", subscription.id.ToString());
  json->StringField("owner", subscription.manager);
  json->StringField("version", dss::RidVersion(subscription.version_us));
  json->Int64Field("notification_index", subscription.notification_index);
  if (edition == Edition::k19) {
    // The schema asks for `url` and says no more of it than that.
    json->StringField("url", subscription.base_url);
    json->Key("callbacks");
    json->BeginObject();
    json->StringField("identification_service_area_url", subscription.base_url);
    json->EndObject();
  } else {
    json->StringField("uss_base_url", BaseOf(subscription.base_url, kAreas));
  }
  WriteWindow(edition, subscription.extent, json);
  json->EndObject();
}

void WriteSubscribers(const dss::Answer& answer, json::Writer* json) {
  json->Key("subscribers");
  json->BeginArray();
  for (const dss::Subscriber& subscriber : answer.subscribers) {
    json->BeginObject();
    astm::WriteNamed(json, subscriber.subscriptions);
    json->StringField("url", subscriber.url);
    json->EndObject();
  }
  json->EndArray();
}

}  // namespace wideberth::api::f3411
