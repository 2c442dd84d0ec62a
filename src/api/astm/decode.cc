#include "api/astm/decode.h"

#include <algorithm>

#include "base/limits.h"

namespace wideberth::api::astm {
namespace {

using base::Result;

constexpr size_t kTimeBytesMax = 64;

// "M" of a length, "W84" of a reference: one word is taken.
Result<void> Expect(json::Object* object, std::string_view key, std::string_view word) {
  WB_ASSIGN_OR_RETURN(const std::string_view text, object->RequiredString(key, kTimeBytesMax));
  if (text == word) return {};
  return object->Refuse(key, "must be " + std::string(word), text);
}

Result<std::optional<double>> ReadAltitude(json::Object* volume, std::string_view key) {
  const std::optional<json::Value> value = Given(volume, key);
  if (!value) return std::optional<double>();
  WB_ASSIGN_OR_RETURN(json::Object altitude, value->AsObject());
  WB_ASSIGN_OR_RETURN(const double metres, altitude.RequiredDouble("value", -8'000, 100'000));
  WB_RETURN_IF_ERROR(Expect(&altitude, "reference", "W84"));
  WB_RETURN_IF_ERROR(Expect(&altitude, "units", "M"));
  return std::optional(metres);
}

Result<dss::CircleOutline> ReadCircle(const json::Value& value) {
  WB_ASSIGN_OR_RETURN(json::Object circle, value.AsObject());
  WB_ASSIGN_OR_RETURN(const json::Value centre, Needed(&circle, "center"));
  WB_ASSIGN_OR_RETURN(const json::Value radius_value, Needed(&circle, "radius"));
  WB_ASSIGN_OR_RETURN(json::Object radius, radius_value.AsObject());
  dss::CircleOutline outline;
  WB_ASSIGN_OR_RETURN(outline.centre, ReadPoint(centre));
  WB_ASSIGN_OR_RETURN(outline.radius_m, radius.RequiredDouble("value", 0, 1e9));
  if (outline.radius_m <= 0) return radius.Refuse("value", "must be above 0");
  WB_RETURN_IF_ERROR(Expect(&radius, "units", "M"));
  return outline;
}

Result<std::optional<base::UtcMicros>> ReadOptionalTime(json::Object* object,
                                                        std::string_view key) {
  const std::optional<json::Value> value = Given(object, key);
  if (!value) return std::optional<base::UtcMicros>();
  WB_ASSIGN_OR_RETURN(const base::UtcMicros time, ReadTime(*value));
  return std::optional(time);
}

Result<dss::Extent> MakeExtentAt(const json::Value& where, const std::vector<dss::Volume>& volumes,
                                 const Options& options, bool list) {
  Result<dss::Extent> extent = dss::MakeExtent(volumes, options.extents);
  if (extent) return extent;
  base::Error error = extent.error();
  // Of a single volume there is no index to tell.
  if (!list && error.field.starts_with("/0")) error.field.erase(0, 2);
  return where.Refuse(std::move(error));
}

// "Too large" is said of an area alone, because some routes answer it with 413: text that is too long is invalid.
base::Unexpected NotOfTheArea(base::Error error) {
  if (error.code == base::ErrorCode::kTooLarge) error.code = base::ErrorCode::kInvalid;
  return base::Fail(std::move(error));
}

}  // namespace

Result<base::Uuid> ParseUuid(std::string_view text) {
  if (text.size() != 32) return base::Uuid::Parse(text);
  std::string hyphened(text);
  for (const size_t at : {20U, 16U, 12U, 8U}) hyphened.insert(at, 1, '-');
  return base::Uuid::Parse(hyphened);
}

Result<base::Uuid> ParseId(std::string_view text) {
  WB_ASSIGN_OR_RETURN(const base::Uuid uuid, ParseUuid(text));
  return base::Uuid::ParseV4(uuid.ToString());
}

std::optional<json::Value> Given(json::Object* object, std::string_view key) {
  std::optional<json::Value> value = object->Find(key);
  return value && !value->is_null() ? value : std::nullopt;
}

Result<json::Value> Needed(json::Object* object, std::string_view key) {
  if (const std::optional<json::Value> value = Given(object, key)) return *value;
  return object->Refuse(key, "must be present");
}

Result<std::string> NeededText(json::Object* object, std::string_view key, size_t bytes_max) {
  WB_ASSIGN_OR_RETURN(const json::Value value, Needed(object, key));
  WB_ASSIGN_OR_RETURN(const std::string_view text, value.AsString(bytes_max));
  return std::string(text);
}

Result<bool> FlagOr(json::Object* object, std::string_view key, bool otherwise) {
  const std::optional<json::Value> value = Given(object, key);
  if (!value) return otherwise;
  return value->AsBool();
}

Result<base::UtcMicros> ReadTime(const json::Value& value) {
  WB_ASSIGN_OR_RETURN(json::Object time, value.AsObject());
  WB_RETURN_IF_ERROR(Expect(&time, "format", "RFC3339"));
  return time.RequiredParsed("value", kTimeBytesMax, base::ParseRfc3339);
}

Result<geo::Position> ReadPoint(const json::Value& value) {
  WB_ASSIGN_OR_RETURN(json::Object point, value.AsObject());
  WB_ASSIGN_OR_RETURN(const double lat_deg, point.RequiredDouble("lat", -90, 90));
  WB_ASSIGN_OR_RETURN(const double lng_deg, point.RequiredDouble("lng", -180, 180));
  return geo::MakePosition(lat_deg, lng_deg);
}

Result<std::vector<geo::Position>> ReadVertices(const json::Value& polygon) {
  WB_ASSIGN_OR_RETURN(json::Object object, polygon.AsObject());
  WB_ASSIGN_OR_RETURN(const json::Value list, Needed(&object, "vertices"));
  WB_ASSIGN_OR_RETURN(const json::Array array, list.AsArray(limits::kOutlineVerticesMax));
  if (array.size() < 3) return list.Refuse("must have at least 3 vertices");
  std::vector<geo::Position> vertices;
  vertices.reserve(array.size());
  for (const json::Value each : array) {
    WB_ASSIGN_OR_RETURN(const geo::Position vertex, ReadPoint(each));
    vertices.push_back(vertex);
  }
  return vertices;
}

Result<dss::Volume> ReadVolume(const json::Value& volume_4d) {
  WB_ASSIGN_OR_RETURN(json::Object outer, volume_4d.AsObject());
  WB_ASSIGN_OR_RETURN(const json::Value inner, Needed(&outer, "volume"));
  WB_ASSIGN_OR_RETURN(json::Object object, inner.AsObject());
  const std::optional<json::Value> polygon = Given(&object, "outline_polygon");
  const std::optional<json::Value> circle = Given(&object, "outline_circle");
  if (polygon.has_value() == circle.has_value()) {
    return inner.Refuse("must have one of outline_polygon and outline_circle");
  }
  dss::Volume volume;
  if (polygon) {
    WB_ASSIGN_OR_RETURN(volume.polygon, ReadVertices(*polygon));
  } else {
    WB_ASSIGN_OR_RETURN(volume.circle, ReadCircle(*circle));
  }
  WB_ASSIGN_OR_RETURN(volume.lower_m, ReadAltitude(&object, "altitude_lower"));
  WB_ASSIGN_OR_RETURN(volume.upper_m, ReadAltitude(&object, "altitude_upper"));
  WB_ASSIGN_OR_RETURN(volume.start, ReadOptionalTime(&outer, "time_start"));
  WB_ASSIGN_OR_RETURN(volume.end, ReadOptionalTime(&outer, "time_end"));
  return volume;
}

Result<std::string> ReadBaseUrl(json::Object* object, std::string_view key,
                                const Options& options) {
  WB_ASSIGN_OR_RETURN(std::string url, NeededText(object, key, dss::kBaseUrlBytesMax));
  std::string_view rest = url;
  const bool http = rest.starts_with("http://");
  if (!http && !rest.starts_with("https://"))
    return object->Refuse(key, "must begin with https://", url);
  if (http && !options.http_base_urls) return object->Refuse(key, "must begin with https://", url);
  rest.remove_prefix(http ? 7 : 8);
  const bool plain =
      std::all_of(rest.begin(), rest.end(), [](char c) { return c > 0x20 && c < 0x7F; });
  if (rest.empty() || rest.front() == '/' || !plain) {
    return object->Refuse(key, "must be a URL with a host", url);
  }
  return url;
}

Result<dss::Extent> ReadExtent(const json::Value& volume_4d, const Options& options) {
  auto volume = ReadVolume(volume_4d);
  if (!volume) return NotOfTheArea(std::move(volume).error());
  return MakeExtentAt(volume_4d, {std::move(*volume)}, options, false);
}

Result<dss::Extent> ReadExtents(const json::Value& volumes_4d, const Options& options) {
  WB_ASSIGN_OR_RETURN(const json::Array array, volumes_4d.AsArray(dss::kExtentVolumesMax));
  std::vector<dss::Volume> volumes;
  for (const json::Value each : array) {
    WB_ASSIGN_OR_RETURN(dss::Volume volume, ReadVolume(each));
    volumes.push_back(std::move(volume));
  }
  return MakeExtentAt(volumes_4d, volumes, options, true);
}

Result<dss::Extent> ReadAreaOfInterest(std::string_view body, const Options& options) {
  auto document = json::Document::Parse(body);
  if (!document) return NotOfTheArea(std::move(document).error());
  WB_ASSIGN_OR_RETURN(json::Object object, document->root().AsObject());
  WB_ASSIGN_OR_RETURN(const json::Value area, Needed(&object, "area_of_interest"));
  return ReadExtent(area, options);
}

}  // namespace wideberth::api::astm
