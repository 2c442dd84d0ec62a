#include "formats/ed318.h"

#include <cmath>
#include <utility>

#include "formats/decimal.h"
#include "formats/geojson.h"
#include "formats/zone_json.h"

namespace wideberth::formats {
namespace {

using airspace::Declaration;
using airspace::HeightBand;
using base::Result;

constexpr std::string_view kFormat = "ed318";
constexpr size_t kPeriodsMax = 10'000;
constexpr geo::Altitude kNoCeiling{geo::kUnlimitedUp, geo::AltitudeReference::kW84};
constexpr geo::Altitude kNoFloor{geo::kUnlimitedDown, geo::AltitudeReference::kW84};

Result<geo::Altitude> ReadLimit(json::Object* layer, std::string_view value_key,
                                std::string_view reference_key, bool feet, bool is_upper) {
  const std::optional<json::Value> limit = layer->Find(value_key);
  if (!limit || limit->is_null()) return is_upper ? kNoCeiling : kNoFloor;
  WB_ASSIGN_OR_RETURN(const double value, limit->AsDouble(-1e9, 1e9));
  WB_ASSIGN_OR_RETURN(const geo::AltitudeReference reference,
                      ReadHeightReference(layer, reference_key));
  auto altitude = FileAltitude(value, feet, reference, is_upper);
  if (!altitude) return limit->Refuse(std::move(altitude).error());
  return altitude;
}

Result<HeightBand> ReadLayer(json::Object* geometry, std::vector<std::string>* notes) {
  HeightBand band{kNoFloor, kNoCeiling};
  const std::optional<json::Value> field = geometry->Find("layer");
  if (!field || field->is_null()) {
    notes->push_back("no layer: taken as unlimited in height");
    return band;
  }
  WB_ASSIGN_OR_RETURN(json::Object layer, field->AsObject());
  bool feet = false;
  if (const std::optional<json::Value> unit = layer.Find("uom")) {
    WB_ASSIGN_OR_RETURN(const std::string_view word, unit->AsString(8));
    feet = EqualsIgnoringCase(word, "ft");
    if (!feet && !EqualsIgnoringCase(word, "m")) return unit->Refuse("must be m or ft");
  }
  WB_ASSIGN_OR_RETURN(band.lower, ReadLimit(&layer, "lower", "lowerReference", feet, false));
  WB_ASSIGN_OR_RETURN(band.upper, ReadLimit(&layer, "upper", "upperReference", feet, true));
  return band;
}

Result<geo::Outline> ReadCircle(json::Object* geometry) {
  WB_ASSIGN_OR_RETURN(const json::Value coordinates, geometry->Required("coordinates"));
  WB_ASSIGN_OR_RETURN(const geo::Position centre, ReadPosition(coordinates));
  WB_ASSIGN_OR_RETURN(json::Object extent, geometry->RequiredObject("extent"));
  WB_ASSIGN_OR_RETURN(const std::string_view sub_type, extent.RequiredString("subType", 32));
  if (!EqualsIgnoringCase(sub_type, "Circle")) {
    return extent.Refuse("subType", "must be Circle", sub_type);
  }
  WB_ASSIGN_OR_RETURN(const double radius_m,
                      extent.RequiredDouble("radius", 0, limits::kCircleRadiusMaxMm / 1e3));
  auto circle = geo::Outline::Circle(centre, std::llround(radius_m * 1000));
  if (!circle) return extent.AsValue().Refuse(std::move(circle).error());
  return circle;
}

Result<void> ReadGeometry(const json::Value& value, bool inside_collection,
                          std::vector<std::string>* notes, std::vector<ZonePart>* parts) {
  WB_ASSIGN_OR_RETURN(json::Object geometry, value.AsObject());
  WB_ASSIGN_OR_RETURN(const std::string_view type, geometry.RequiredString("type", 32));
  if (type == "GeometryCollection" && !inside_collection) {
    WB_ASSIGN_OR_RETURN(const json::Array members,
                        geometry.RequiredArray("geometries", kZonePartsMax));
    for (const json::Value member : members) {
      WB_RETURN_IF_ERROR(ReadGeometry(member, true, notes, parts));
    }
    return {};
  }
  WB_ASSIGN_OR_RETURN(const HeightBand band, ReadLayer(&geometry, notes));
  if (type == "Point") {
    WB_ASSIGN_OR_RETURN(geo::Outline circle, ReadCircle(&geometry));
    parts->push_back({std::move(circle), band});
    return {};
  }
  if (type == "Polygon") {
    WB_ASSIGN_OR_RETURN(const json::Value rings, geometry.Required("coordinates"));
    WB_ASSIGN_OR_RETURN(geo::Outline polygon, ReadPolygonRings(rings, notes));
    parts->push_back({std::move(polygon), band});
    return {};
  }
  if (type == "MultiPolygon") {
    WB_ASSIGN_OR_RETURN(const json::Array polygons,
                        geometry.RequiredArray("coordinates", kZonePartsMax));
    for (const json::Value rings : polygons) {
      WB_ASSIGN_OR_RETURN(geo::Outline polygon, ReadPolygonRings(rings, notes));
      parts->push_back({std::move(polygon), band});
    }
    return {};
  }
  return geometry.Refuse("type", "must be Polygon, MultiPolygon, Point or GeometryCollection",
                         type);
}

Result<std::vector<Period>> ReadPeriods(json::Object* properties, base::UtcMicros valid_from,
                                        const ZoneImportOptions& options,
                                        std::vector<std::string>* notes) {
  std::vector<Period> periods;
  const std::optional<json::Value> field = properties->Find("limitedApplicability");
  if (field && !field->is_null()) {
    WB_ASSIGN_OR_RETURN(const json::Array items, field->AsArray(kPeriodsMax));
    for (const json::Value item : items) {
      WB_ASSIGN_OR_RETURN(Period period, ReadPeriod(item, options, notes));
      periods.push_back(std::move(period));
    }
  }
  if (periods.empty()) periods.push_back({valid_from, base::kTimeOpenEnd, {}});
  return periods;
}

// When the zones of a file begin to hold.
struct ValidFrom {
  std::string text;
  base::UtcMicros time = base::kTimeOpenStart;
};

Result<ImportedZone> ImportFeature(const json::Value& value, int64_t index,
                                   const ValidFrom& valid_from, const ZoneImportOptions& options) {
  WB_ASSIGN_OR_RETURN(json::Object feature, value.AsObject());
  WB_ASSIGN_OR_RETURN(json::Object properties, feature.RequiredObject("properties"));
  ImportedZone zone;
  zone.identifier = ReadAnyText(&properties, "identifier");
  Declaration common;
  common.kind = airspace::NoticeKind::kZone;
  common.data_mode = options.data_mode;
  common.name = NoticeName(ReadAnyText(&properties, "name"));
  if (common.name.empty()) common.name = NoticeName(zone.identifier);
  common.role_to_call = ReadAuthority(&properties);
  common.restriction = ReadRestriction(ReadAnyText(&properties, "type"), &zone.notes);
  common.original = WrapOriginal({std::string(kFormat), index, value.ToJson(), valid_from.text});

  WB_ASSIGN_OR_RETURN(const std::vector<Period> periods,
                      ReadPeriods(&properties, valid_from.time, options, &zone.notes));
  WB_ASSIGN_OR_RETURN(const json::Value geometry, feature.Required("geometry"));
  std::vector<ZonePart> parts;
  WB_RETURN_IF_ERROR(ReadGeometry(geometry, false, &zone.notes, &parts));
  if (parts.empty()) return geometry.Refuse("must not be empty");
  const std::vector<airspace::TimeWindow> windows = ExpandPeriods(periods, options, &zone.notes);
  auto built = BuildDeclarations(common, parts, windows, &zone);
  if (!built) return value.Refuse(std::move(built).error());
  return zone;
}

Result<ValidFrom> ReadMetadata(json::Object* root, const ZoneImportOptions& options,
                               std::vector<std::string>* notes) {
  ValidFrom valid_from;
  const std::optional<json::Value> field = root->Find("metadata");
  if (!field || field->kind() != json::Kind::kObject) return valid_from;
  WB_ASSIGN_OR_RETURN(json::Object metadata, field->AsObject());
  const std::optional<json::Value> from = metadata.Find("validFrom");
  if (from && !from->is_null()) {
    WB_ASSIGN_OR_RETURN(const std::string_view text, from->AsString(64));
    bool assumed = false;
    auto time = ParseFileTime(text, options.assume_zone_minutes, &assumed);
    if (!time) return from->Refuse(std::move(time).error());
    if (assumed) notes->push_back("times without a zone were read in the assumed one");
    valid_from = {std::string(text), *time};
  }
  if (const std::string valid_to = ReadAnyText(&metadata, "validTo"); !valid_to.empty()) {
    notes->push_back("the publisher calls the file valid to " + valid_to +
                     "; zones without an end of their own stay in force after it");
  }
  return valid_from;
}

Result<std::string_view> ReferenceWord(geo::Altitude altitude) {
  switch (altitude.reference) {
    case geo::AltitudeReference::kAgl:
      return "AGL";
    case geo::AltitudeReference::kAmsl:
      return "AMSL";
    case geo::AltitudeReference::kW84:
      return "WGS84";
    case geo::AltitudeReference::kStd:
      break;
  }
  return base::Invalid("", "ED-318 has heights over AGL, AMSL and WGS84 only", "STD");
}

Result<void> WriteLayer(const FileBand& file_band, const HeightBand& band, json::Writer* json) {
  json->Key("layer");
  json->BeginObject();
  WB_ASSIGN_OR_RETURN(const std::string_view upper, ReferenceWord(band.upper));
  WB_ASSIGN_OR_RETURN(const std::string_view lower, ReferenceWord(band.lower));
  if (file_band.upper) {
    json->Int64Field("upper", *file_band.upper);
    json->StringField("upperReference", upper);
  }
  if (file_band.lower) {
    json->Int64Field("lower", *file_band.lower);
    json->StringField("lowerReference", lower);
  }
  json->StringField("uom", file_band.feet ? "ft" : "m");
  json->EndObject();
  return {};
}

Result<void> WritePart(const ZonePart& part, json::Writer* json) {
  json->BeginObject();
  switch (part.outline.kind()) {
    case geo::OutlineKind::kCorridor:
      return base::Invalid("", "ED-318 has circles and polygons only", "corridor");
    case geo::OutlineKind::kCircle:
      json->StringField("type", "Point");
      json->Key("coordinates");
      WriteLngLat(json, part.outline.vertices()[0]);
      json->Key("extent");
      json->BeginObject();
      json->StringField("subType", "Circle");
      json->Key("radius");
      json->Raw(ScaledText(part.outline.buffer_mm(), 3));
      json->EndObject();
      break;
    case geo::OutlineKind::kPolygon:
      WritePolygonMembers(json, part.outline.vertices());
      break;
  }
  WB_RETURN_IF_ERROR(WriteLayer(BandForExport(part.band, true), part.band, json));
  json->EndObject();
  return {};
}

void WriteText(std::string_view key, std::string_view text, json::Writer* json) {
  json->Key(key);
  json->BeginArray();
  json->BeginObject();
  json->StringField("text", text);
  json->StringField("lang", "en-GB");
  json->EndObject();
  json->EndArray();
}

void WriteApplicability(const std::vector<airspace::TimeWindow>& windows, json::Writer* json) {
  const bool always = windows.size() == 1 && windows[0].start == base::kTimeOpenStart &&
                      windows[0].end == base::kTimeOpenEnd;
  if (always) return;
  json->Key("limitedApplicability");
  json->BeginArray();
  for (const airspace::TimeWindow& window : windows) {
    json->BeginObject();
    if (window.start != base::kTimeOpenStart) {
      json->StringField("startDateTime", SecondsText(window.start, false));
    }
    if (window.end != base::kTimeOpenEnd) {
      json->StringField("endDateTime", SecondsText(window.end, true));
    }
    json->Key("schedule");  // the schema requires one: all of every day
    json->BeginArray();
    json->BeginObject();
    json->Key("day");
    json->BeginArray();
    json->String("ANY");
    json->EndArray();
    json->StringField("startTime", "00:00:00Z");
    json->StringField("endTime", "23:59:59Z");
    json->EndObject();
    json->EndArray();
    json->EndObject();
  }
  json->EndArray();
}

void WriteProperties(const Declaration& zone, const ZoneIdentity& identity, const ZoneGroup& group,
                     json::Writer* json) {
  json->Key("properties");
  json->BeginObject();
  json->StringField("identifier", identity.identifier);
  json->StringField("country", identity.country);
  if (!zone.name.empty()) WriteText("name", zone.name, json);
  json->StringField("type", zone.restriction == airspace::Restriction::kReqAuthorisation
                                ? "REQ_AUTHORIZATION"
                                : airspace::Name(zone.restriction));
  json->StringField("variant", "COMMON");
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
  WriteText("name", zone.role_to_call.empty() ? "not stated" : zone.role_to_call, json);
  json->EndObject();
  json->EndArray();
  json->EndObject();
}

Result<void> WriteZone(const ExportItem& item, size_t ordinal, const ZoneExportOptions& options,
                       json::Writer* json) {
  const Declaration& zone = *item.declaration;
  const ZoneIdentity identity = IdentityForExport(item, ordinal, options);
  for (const ZoneGroup& group : GroupForExport(zone)) {
    json->BeginObject();
    json->StringField("type", "Feature");
    json->Key("geometry");
    if (group.parts.size() == 1) {
      WB_RETURN_IF_ERROR(WritePart(group.parts[0], json));
    } else {
      json->BeginObject();
      json->StringField("type", "GeometryCollection");
      json->Key("geometries");
      json->BeginArray();
      for (const ZonePart& part : group.parts) WB_RETURN_IF_ERROR(WritePart(part, json));
      json->EndArray();
      json->EndObject();
    }
    WriteProperties(zone, identity, group, json);
    json->EndObject();
  }
  return {};
}

// The file's `validFrom`, when every zone in it is written as it stood in files that agree on one. Otherwise it is left
// out, which errs to more time.
std::string CommonValidFrom(const std::vector<ExportItem>& items) {
  for (const ExportItem& item : items) {
    if (!item.own_format || item.original->valid_from != items[0].original->valid_from) return {};
  }
  return items.empty() ? std::string() : items[0].original->valid_from;
}

}  // namespace

Result<ZoneFile> ImportEd318(std::string_view text, const ZoneImportOptions& options) {
  WB_ASSIGN_OR_RETURN(const json::Document document, ParseZoneDocument(text));
  WB_ASSIGN_OR_RETURN(json::Object root, document.root().AsObject());
  WB_ASSIGN_OR_RETURN(const std::string_view type, root.RequiredString("type", 64));
  if (type != "FeatureCollection") return root.Refuse("type", "must be FeatureCollection", type);
  ZoneFile file;
  WB_ASSIGN_OR_RETURN(const ValidFrom valid_from, ReadMetadata(&root, options, &file.notes));
  WB_ASSIGN_OR_RETURN(const json::Array features,
                      root.RequiredArray("features", limits::kImportFeaturesMax));
  WB_RETURN_IF_ERROR(
      ImportFeatures(features, &file, [&](const json::Value& feature, int64_t index) {
        return ImportFeature(feature, index, valid_from, options);
      }));
  return file;
}

Result<std::string> ExportEd318(std::span<const Declaration* const> zones,
                                const ZoneExportOptions& options) {
  WB_ASSIGN_OR_RETURN(const std::vector<ExportItem> items, CollectForExport(zones, kFormat));
  std::string text;
  json::Writer json(&text, json::Layout::kPretty);
  json.BeginObject();
  json.StringField("type", "FeatureCollection");
  json.StringField("title", options.title);
  json.Key("metadata");
  json.BeginObject();
  if (const std::string valid_from = CommonValidFrom(items); !valid_from.empty()) {
    json.StringField("validFrom", valid_from);
  }
  json.StringField("issued", SecondsText(options.issued, false));
  json.EndObject();
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
