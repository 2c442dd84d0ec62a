#include "formats/ed269.h"

#include <cmath>
#include <utility>

#include "formats/decimal.h"
#include "formats/geojson.h"
#include "formats/zone_json.h"

namespace wideberth::formats {
namespace {

using airspace::Declaration;
using base::Result;

constexpr std::string_view kFormat = "ed269";
constexpr size_t kPeriodsMax = 10'000;

Result<geo::Outline> ReadProjection(json::Object* volume, std::vector<std::string>* notes) {
  WB_ASSIGN_OR_RETURN(json::Object projection, volume->RequiredObject("horizontalProjection"));
  WB_ASSIGN_OR_RETURN(const std::string_view type, projection.RequiredString("type", 32));
  if (EqualsIgnoringCase(type, "Polygon")) {
    WB_ASSIGN_OR_RETURN(const json::Value rings, projection.Required("coordinates"));
    return ReadPolygonRings(rings, notes);
  }
  if (!EqualsIgnoringCase(type, "Circle")) {
    return projection.Refuse("type", "must be Circle or Polygon", type);
  }
  WB_ASSIGN_OR_RETURN(const json::Value centre_value, projection.Required("center"));
  WB_ASSIGN_OR_RETURN(const geo::Position centre, ReadPosition(centre_value));
  // Metres also where uomDimensions says feet: readers differ, and metres cover more.
  WB_ASSIGN_OR_RETURN(const double radius_m,
                      projection.RequiredDouble("radius", 0, limits::kCircleRadiusMaxMm / 1e3));
  auto circle = geo::Outline::Circle(centre, std::llround(radius_m * 1000));
  if (!circle) return projection.AsValue().Refuse(std::move(circle).error());
  return circle;
}

Result<geo::Altitude> ReadLimit(json::Object* volume, std::string_view value_key,
                                std::string_view reference_key, bool feet, bool is_upper) {
  const std::optional<json::Value> limit = volume->Find(value_key);
  if (!limit || limit->is_null()) {
    return geo::Altitude{is_upper ? geo::kUnlimitedUp : geo::kUnlimitedDown,
                         geo::AltitudeReference::kW84};
  }
  WB_ASSIGN_OR_RETURN(const double value, limit->AsDouble(-1e9, 1e9));
  WB_ASSIGN_OR_RETURN(const geo::AltitudeReference reference,
                      ReadHeightReference(volume, reference_key));
  auto altitude = FileAltitude(value, feet, reference, is_upper);
  if (!altitude) return limit->Refuse(std::move(altitude).error());
  return altitude;
}

Result<ZonePart> ReadPart(const json::Value& value, std::vector<std::string>* notes) {
  WB_ASSIGN_OR_RETURN(json::Object volume, value.AsObject());
  WB_ASSIGN_OR_RETURN(const std::string_view uom, volume.RequiredString("uomDimensions", 8));
  const bool feet = EqualsIgnoringCase(uom, "FT");
  if (!feet && !EqualsIgnoringCase(uom, "M")) {
    return volume.Refuse("uomDimensions", "must be M or FT", uom);
  }
  airspace::HeightBand band;
  WB_ASSIGN_OR_RETURN(band.lower,
                      ReadLimit(&volume, "lowerLimit", "lowerVerticalReference", feet, false));
  WB_ASSIGN_OR_RETURN(band.upper,
                      ReadLimit(&volume, "upperLimit", "upperVerticalReference", feet, true));
  WB_ASSIGN_OR_RETURN(geo::Outline outline, ReadProjection(&volume, notes));
  return ZonePart{std::move(outline), band};
}

Result<ImportedZone> ImportFeature(const json::Value& value, int64_t index,
                                   const ZoneImportOptions& options) {
  WB_ASSIGN_OR_RETURN(json::Object feature, value.AsObject());
  ImportedZone zone;
  zone.identifier = ReadAnyText(&feature, "identifier");
  Declaration common;
  common.kind = airspace::NoticeKind::kZone;
  common.data_mode = options.data_mode;
  common.name = NoticeName(ReadAnyText(&feature, "name"));
  if (common.name.empty()) common.name = NoticeName(zone.identifier);
  common.role_to_call = ReadAuthority(&feature);
  WB_ASSIGN_OR_RETURN(const std::string_view restriction,
                      feature.RequiredString("restriction", 64));
  common.restriction = ReadRestriction(restriction, &zone.notes);
  common.original = WrapOriginal({std::string(kFormat), index, value.ToJson()});

  std::vector<Period> periods;
  if (const std::optional<json::Value> applicability = feature.Find("applicability")) {
    WB_ASSIGN_OR_RETURN(const json::Array items, applicability->AsArray(kPeriodsMax));
    for (const json::Value item : items) {
      WB_ASSIGN_OR_RETURN(Period period, ReadPeriod(item, options, &zone.notes));
      periods.push_back(std::move(period));
    }
  }
  if (periods.empty()) {
    zone.notes.push_back("no applicability: taken as permanent");
    periods.emplace_back();
  }
  WB_ASSIGN_OR_RETURN(const json::Array geometry, feature.RequiredArray("geometry", kZonePartsMax));
  std::vector<ZonePart> parts;
  for (const json::Value item : geometry) {
    WB_ASSIGN_OR_RETURN(ZonePart part, ReadPart(item, &zone.notes));
    parts.push_back(std::move(part));
  }
  if (parts.empty()) return feature.Refuse("geometry", "must not be empty");
  const std::vector<airspace::TimeWindow> windows = ExpandPeriods(periods, options, &zone.notes);
  auto built = BuildDeclarations(common, parts, windows, &zone);
  if (!built) return value.Refuse(std::move(built).error());
  return zone;
}

Result<std::string_view> ReferenceWord(geo::Altitude altitude) {
  switch (altitude.reference) {
    case geo::AltitudeReference::kAgl:
      return "AGL";
    case geo::AltitudeReference::kAmsl:
      return "AMSL";
    case geo::AltitudeReference::kW84:
      // An unlimited value is of no reference; the format wants a word.
      if (altitude.mm == geo::kUnlimitedUp || altitude.mm == geo::kUnlimitedDown) return "AMSL";
      break;
    case geo::AltitudeReference::kStd:
      break;
  }
  return base::Invalid("", "ED-269 has heights over AGL and AMSL only",
                       geo::AltitudeReferenceName(altitude.reference));
}

Result<void> WritePart(const ZonePart& part, json::Writer* json) {
  if (part.outline.kind() == geo::OutlineKind::kCorridor) {
    return base::Invalid("", "ED-269 has circles and polygons only", "corridor");
  }
  // With feet a reader could take the radius for feet too, and a smaller circle.
  const bool is_circle = part.outline.kind() == geo::OutlineKind::kCircle;
  const FileBand band = BandForExport(part.band, /*may_use_feet=*/!is_circle);
  WB_ASSIGN_OR_RETURN(const std::string_view lower, ReferenceWord(part.band.lower));
  WB_ASSIGN_OR_RETURN(const std::string_view upper, ReferenceWord(part.band.upper));
  json->BeginObject();
  json->StringField("uomDimensions", band.feet ? "FT" : "M");
  if (band.lower) json->Int64Field("lowerLimit", *band.lower);
  json->StringField("lowerVerticalReference", lower);
  json->Int64Field("upperLimit", band.upper.value_or(static_cast<int64_t>(kUnlimitedUpperValue)));
  json->StringField("upperVerticalReference", upper);
  json->Key("horizontalProjection");
  json->BeginObject();
  if (is_circle) {
    json->StringField("type", "Circle");
    json->Key("center");
    WriteLngLat(json, part.outline.vertices()[0]);
    json->Key("radius");
    json->Raw(ScaledText(part.outline.buffer_mm(), 3));
  } else {
    json->StringField("type", "Polygon");
    json->Key("coordinates");
    json->BeginArray();
    json->BeginArray();
    const std::vector<geo::Position> ring = DivideEdgesToPlanar(part.outline.vertices());
    for (const geo::Position& vertex : ring) WriteLngLat(json, vertex);
    WriteLngLat(json, ring.front());
    json->EndArray();
    json->EndArray();
  }
  json->EndObject();
  json->EndObject();
  return {};
}

void WriteApplicability(const std::vector<airspace::TimeWindow>& windows, json::Writer* json) {
  json->Key("applicability");
  json->BeginArray();
  for (const airspace::TimeWindow& window : windows) {
    const bool open_start = window.start == base::kTimeOpenStart;
    const bool open_end = window.end == base::kTimeOpenEnd;
    json->BeginObject();
    json->StringField("permanent", open_start && open_end ? "YES" : "NO");
    if (!open_start) json->StringField("startDateTime", SecondsText(window.start, false));
    if (!open_end) json->StringField("endDateTime", SecondsText(window.end, true));
    json->EndObject();
  }
  json->EndArray();
}

Result<void> WriteZone(const ExportItem& item, size_t ordinal, const ZoneExportOptions& options,
                       json::Writer* json) {
  const Declaration& zone = *item.declaration;
  const ZoneIdentity identity = IdentityForExport(item, ordinal, options);
  for (const ZoneGroup& group : GroupForExport(zone)) {
    json->BeginObject();
    json->StringField("identifier", identity.identifier);
    json->StringField("country", identity.country);
    if (!zone.name.empty()) json->StringField("name", zone.name);
    json->StringField("type", "COMMON");
    json->StringField("restriction", airspace::Name(zone.restriction));
    if (!identity.reasons.empty()) {
      json->Key("reason");
      json->BeginArray();
      for (const std::string& reason : identity.reasons) json->String(reason);
      json->EndArray();
    }
    WriteApplicability(group.windows, json);
    json->Key("zoneAuthority");
    json->BeginArray();
    json->BeginObject();
    json->StringField("name", zone.role_to_call.empty() ? "not stated" : zone.role_to_call);
    json->EndObject();
    json->EndArray();
    json->Key("geometry");
    json->BeginArray();
    for (const ZonePart& part : group.parts) WB_RETURN_IF_ERROR(WritePart(part, json));
    json->EndArray();
    json->EndObject();
  }
  return {};
}

}  // namespace

Result<ZoneFile> ImportEd269(std::string_view text, const ZoneImportOptions& options) {
  WB_ASSIGN_OR_RETURN(const json::Document document, ParseZoneDocument(text));
  WB_ASSIGN_OR_RETURN(json::Object root, document.root().AsObject());
  WB_ASSIGN_OR_RETURN(const json::Array features,
                      root.RequiredArray("features", limits::kImportFeaturesMax));
  ZoneFile file;
  WB_RETURN_IF_ERROR(
      ImportFeatures(features, &file, [&](const json::Value& feature, int64_t index) {
        return ImportFeature(feature, index, options);
      }));
  return file;
}

Result<std::string> ExportEd269(std::span<const Declaration* const> zones,
                                const ZoneExportOptions& options) {
  WB_ASSIGN_OR_RETURN(const std::vector<ExportItem> items, CollectForExport(zones, kFormat));
  std::string text;
  json::Writer json(&text, json::Layout::kPretty);
  json.BeginObject();
  json.StringField("title", options.title);
  json.Key("features");
  json.BeginArray();
  size_t ordinal = 0;
  for (const ExportItem& item : items) {
    ++ordinal;
    if (item.own_format) {
      json.Raw(item.original->feature);
    } else if (auto written = WriteZone(item, ordinal, options, &json); !written) {
      return base::Fail(std::move(written).error().Under("/" + std::to_string(ordinal - 1)));
    }
  }
  json.EndArray();
  json.EndObject();
  text.push_back('\n');
  return text;
}

}  // namespace wideberth::formats
