#include "formats/notice_json.h"

#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "formats/decimal.h"

namespace wideberth::formats {
namespace {

using airspace::Declaration;
using airspace::NoticeKind;
using airspace::Volume4D;
using base::Result;
using geo::Altitude;
using geo::AltitudeReference;
using geo::Outline;
using geo::Position;

constexpr size_t kTimeBytesMax = 40;
constexpr size_t kUuidBytes = 36;

enum class LengthUnit { kMetre, kKilometre, kNauticalMile, kFoot };
constexpr json::EnumName<LengthUnit> kLengthUnits[] = {{"M", LengthUnit::kMetre},
                                                       {"KM", LengthUnit::kKilometre},
                                                       {"NM", LengthUnit::kNauticalMile},
                                                       {"FT", LengthUnit::kFoot}};
enum class AltitudeUnit { kMetre, kFoot, kFlightLevel };
constexpr json::EnumName<AltitudeUnit> kAltitudeUnits[] = {
    {"M", AltitudeUnit::kMetre}, {"FT", AltitudeUnit::kFoot}, {"FL", AltitudeUnit::kFlightLevel}};
constexpr json::EnumName<AltitudeReference> kReferences[] = {{"W84", AltitudeReference::kW84},
                                                             {"AMSL", AltitudeReference::kAmsl},
                                                             {"AGL", AltitudeReference::kAgl},
                                                             {"STD", AltitudeReference::kStd}};

Result<Position> ReadLatLng(const json::Value& value) {
  WB_ASSIGN_OR_RETURN(json::Object point, value.AsObject());
  WB_ASSIGN_OR_RETURN(const double lat_deg, point.RequiredDouble("lat", -90, 90));
  WB_ASSIGN_OR_RETURN(const double lng_deg, point.RequiredDouble("lng", -180, 180));
  WB_RETURN_IF_ERROR(point.ExpectNoOtherFields());
  auto position = geo::MakePosition(lat_deg, lng_deg);
  if (!position) return value.Refuse(std::move(position).error());
  return position;
}

Result<std::vector<Position>> ReadLatLngs(json::Object* object, std::string_view key) {
  WB_ASSIGN_OR_RETURN(const json::Array points,
                      object->RequiredArray(key, limits::kOutlineVerticesMax));
  std::vector<Position> positions;
  positions.reserve(points.size());
  for (const json::Value point : points) {
    WB_ASSIGN_OR_RETURN(const Position position, ReadLatLng(point));
    positions.push_back(position);
  }
  return positions;
}

Result<int64_t> ReadLengthMm(json::Object* object, std::string_view key) {
  WB_ASSIGN_OR_RETURN(json::Object length, object->RequiredObject(key));
  WB_ASSIGN_OR_RETURN(const double value, length.RequiredDouble("value", 0, 1e9));
  WB_ASSIGN_OR_RETURN(const LengthUnit units, length.RequiredEnum("units", kLengthUnits));
  WB_RETURN_IF_ERROR(length.ExpectNoOtherFields());
  switch (units) {
    case LengthUnit::kMetre:
      return std::llround(value * 1e3);
    case LengthUnit::kKilometre:
      return std::llround(value * 1e6);
    case LengthUnit::kNauticalMile:
      return std::llround(value * 1'852'000);
    case LengthUnit::kFoot:
      break;
  }
  return std::llround(value * 304.8);
}

// Outline names its fields as the model does; the JSON has other words for two of them.
base::Unexpected RefuseOutline(const json::Object& object, base::Error error) {
  if (error.field.starts_with("/vertices") && object.AsValue().Pointer().ends_with("corridor")) {
    error.field.replace(0, 9, "/centreline");
  }
  return object.AsValue().Refuse(std::move(error));
}

Result<Outline> ReadOutline(json::Object* volume) {
  WB_ASSIGN_OR_RETURN(std::optional<json::Object> polygon,
                      volume->OptionalObject("outline_polygon"));
  WB_ASSIGN_OR_RETURN(std::optional<json::Object> circle, volume->OptionalObject("outline_circle"));
  WB_ASSIGN_OR_RETURN(std::optional<json::Object> corridor,
                      volume->OptionalObject("outline_corridor"));
  const int given = polygon.has_value() + circle.has_value() + corridor.has_value();
  if (given != 1) {
    return volume->AsValue().Refuse(
        "must have one of outline_polygon, outline_circle, outline_corridor");
  }
  if (polygon) {
    WB_ASSIGN_OR_RETURN(std::vector<Position> vertices, ReadLatLngs(&*polygon, "vertices"));
    WB_RETURN_IF_ERROR(polygon->ExpectNoOtherFields());
    auto outline = Outline::Polygon(std::move(vertices));
    if (!outline) return RefuseOutline(*polygon, std::move(outline).error());
    return outline;
  }
  if (circle) {
    WB_ASSIGN_OR_RETURN(const json::Value center, circle->Required("center"));
    WB_ASSIGN_OR_RETURN(const Position centre, ReadLatLng(center));
    WB_ASSIGN_OR_RETURN(const int64_t radius_mm, ReadLengthMm(&*circle, "radius"));
    WB_RETURN_IF_ERROR(circle->ExpectNoOtherFields());
    auto outline = Outline::Circle(centre, radius_mm);
    if (!outline) return RefuseOutline(*circle, std::move(outline).error());
    return outline;
  }
  WB_ASSIGN_OR_RETURN(std::vector<Position> centreline, ReadLatLngs(&*corridor, "centreline"));
  WB_ASSIGN_OR_RETURN(const int64_t half_width_mm, ReadLengthMm(&*corridor, "half_width"));
  WB_RETURN_IF_ERROR(corridor->ExpectNoOtherFields());
  auto outline = Outline::Corridor(std::move(centreline), half_width_mm);
  if (!outline) return RefuseOutline(*corridor, std::move(outline).error());
  return outline;
}

Result<Altitude> ReadAltitude(json::Object* volume, std::string_view key, int64_t unlimited_mm) {
  WB_ASSIGN_OR_RETURN(json::Object object, volume->RequiredObject(key));
  WB_ASSIGN_OR_RETURN(const std::optional<bool> unlimited, object.OptionalBool("unlimited"));
  if (unlimited) {
    if (!*unlimited) return object.Refuse("unlimited", "must be true, or absent", "false");
    WB_RETURN_IF_ERROR(object.ExpectNoOtherFields());
    return Altitude{unlimited_mm, AltitudeReference::kW84};
  }
  WB_ASSIGN_OR_RETURN(const double value, object.RequiredDouble("value", -1e9, 1e9));
  WB_ASSIGN_OR_RETURN(const AltitudeReference reference,
                      object.RequiredEnum("reference", kReferences));
  WB_ASSIGN_OR_RETURN(const AltitudeUnit units, object.RequiredEnum("units", kAltitudeUnits));
  WB_RETURN_IF_ERROR(object.ExpectNoOtherFields());
  double mm = value * 1e3;
  if (units == AltitudeUnit::kFoot) mm = value * 304.8;
  if (units == AltitudeUnit::kFlightLevel) {
    if (reference != AltitudeReference::kStd) {
      return object.Refuse("reference", "must be STD for a flight level",
                           geo::AltitudeReferenceName(reference));
    }
    mm = value * 30'480;
  }
  if (mm < static_cast<double>(limits::kAltitudeMinMm) ||
      mm > static_cast<double>(limits::kAltitudeMaxMm)) {
    return object.Refuse("value", "must be between -8000 m and 1000000 m");
  }
  return Altitude{std::llround(mm), reference};
}

Result<base::UtcMicros> ReadTime(json::Object* volume, std::string_view key, bool may_be_open,
                                 std::string_view open_rule, base::UtcMicros open) {
  WB_ASSIGN_OR_RETURN(const std::string_view text, volume->RequiredString(key, kTimeBytesMax));
  if (text == "open") {
    if (!may_be_open) return volume->Refuse(key, open_rule, text);
    return open;
  }
  return volume->RequiredParsed(key, kTimeBytesMax, base::ParseRfc3339);
}

Result<Volume4D> ReadVolume(const json::Value& value, NoticeKind kind) {
  WB_ASSIGN_OR_RETURN(json::Object object, value.AsObject());
  WB_ASSIGN_OR_RETURN(Outline outline, ReadOutline(&object));
  airspace::HeightBand band;
  WB_ASSIGN_OR_RETURN(band.lower, ReadAltitude(&object, "altitude_lower", geo::kUnlimitedDown));
  WB_ASSIGN_OR_RETURN(band.upper, ReadAltitude(&object, "altitude_upper", geo::kUnlimitedUp));
  const bool lasting = kind == NoticeKind::kZone || kind == NoticeKind::kProtectedSite;
  airspace::TimeWindow window;
  WB_ASSIGN_OR_RETURN(window.start, ReadTime(&object, "time_start", lasting,
                                             "must be a time, unless of a zone or a protected site",
                                             base::kTimeOpenStart));
  WB_ASSIGN_OR_RETURN(window.end, ReadTime(&object, "time_end", kind != NoticeKind::kActivity,
                                           "must be a time for an activity", base::kTimeOpenEnd));
  WB_RETURN_IF_ERROR(object.ExpectNoOtherFields());
  return Volume4D{std::move(outline), band, window, {}, {}};
}

Result<void> ReadFlag(json::Object* object, std::string_view key, bool* flag) {
  WB_ASSIGN_OR_RETURN(const std::optional<bool> given, object->OptionalBool(key));
  *flag = given.value_or(false);
  return {};
}

Result<void> ReadMayTell(json::Object* object, std::vector<base::PartyId>* parties) {
  if (!object->Find("may_tell")) return {};
  WB_ASSIGN_OR_RETURN(const json::Array ids,
                      object->RequiredArray("may_tell", airspace::kMayTellMax));
  for (const json::Value item : ids) {
    WB_ASSIGN_OR_RETURN(const std::string_view text, item.AsString(kUuidBytes));
    base::Result<base::PartyId> id = base::PartyId::Parse(text);
    if (!id) return item.Refuse(std::move(id).error());
    parties->push_back(*id);
  }
  return {};
}

template <class Enum>
Result<void> ReadWord(json::Object* object, std::string_view key, bool required, Enum* word) {
  if (!required && !object->Find(key)) return {};
  WB_ASSIGN_OR_RETURN(*word, object->RequiredParsed(key, 64, airspace::ParseName<Enum>));
  return {};
}

Result<void> ReadText(json::Object* object, std::string_view key, size_t bytes_max,
                      std::string* text) {
  WB_ASSIGN_OR_RETURN(const std::optional<std::string_view> given,
                      object->OptionalString(key, bytes_max));
  if (given) *text = *given;
  return {};
}

// The fields that one kind of notice has and the others have not.
Result<void> ReadKindFields(json::Object* object, Declaration* declaration) {
  switch (declaration->kind) {
    case NoticeKind::kActivity:
      return ReadText(object, "activity_class", limits::kClassNameBytesMax,
                      &declaration->activity_class);
    case NoticeKind::kHazard: {
      WB_ASSIGN_OR_RETURN(json::Object hazard, object->RequiredObject("hazard"));
      WB_RETURN_IF_ERROR(ReadWord(&hazard, "class", true, &declaration->hazard_class));
      WB_RETURN_IF_ERROR(ReadWord(&hazard, "source", false, &declaration->hazard_source));
      WB_RETURN_IF_ERROR(hazard.ExpectNoOtherFields());
      return ReadFlag(object, "unplanned", &declaration->unplanned);
    }
    case NoticeKind::kZone:
      WB_RETURN_IF_ERROR(ReadWord(object, "restriction", true, &declaration->restriction));
      break;
    case NoticeKind::kProtectedSite:
      break;
  }
  return ReadText(object, "name", limits::kNoticeNameBytesMax, &declaration->name);
}

Result<Declaration> ReadDeclaration(const json::Value& value) {
  WB_ASSIGN_OR_RETURN(json::Object object, value.AsObject());
  Declaration declaration;
  WB_RETURN_IF_ERROR(ReadWord(&object, "kind", true, &declaration.kind));
  WB_RETURN_IF_ERROR(ReadWord(&object, "data_mode", true, &declaration.data_mode));
  WB_RETURN_IF_ERROR(ReadKindFields(&object, &declaration));
  WB_RETURN_IF_ERROR(ReadWord(&object, "confidence", false, &declaration.confidence));
  WB_RETURN_IF_ERROR(
      ReadText(&object, "role_to_call", limits::kContactBytesMax, &declaration.role_to_call));
  WB_RETURN_IF_ERROR(
      ReadText(&object, "frequency", limits::kContactBytesMax, &declaration.frequency));
  WB_RETURN_IF_ERROR(ReadFlag(&object, "on_behalf_of", &declaration.on_behalf_of));
  WB_RETURN_IF_ERROR(ReadMayTell(&object, &declaration.may_tell));
  WB_ASSIGN_OR_RETURN(const json::Array volumes,
                      object.RequiredArray("volumes", limits::kNoticeVolumesMax));
  declaration.volumes.reserve(volumes.size());
  for (const json::Value item : volumes) {
    WB_ASSIGN_OR_RETURN(Volume4D volume, ReadVolume(item, declaration.kind));
    declaration.volumes.push_back(std::move(volume));
  }
  WB_RETURN_IF_ERROR(object.ExpectNoOtherFields());
  if (auto valid = airspace::ValidateDeclaration(declaration); !valid) {
    return value.Refuse(InJsonNames(std::move(valid).error(), declaration));
  }
  return declaration;
}

void WriteLatLng(json::Writer* json, Position position) {
  json->BeginObject();
  json->Key("lat");
  json->Raw(ScaledText(position.lat_e9, 9));
  json->Key("lng");
  json->Raw(ScaledText(position.lng_e9, 9));
  json->EndObject();
}

void WriteLatLngs(json::Writer* json, std::string_view key, std::span<const Position> positions) {
  json->Key(key);
  json->BeginArray();
  for (const Position& position : positions) WriteLatLng(json, position);
  json->EndArray();
}

void WriteLength(json::Writer* json, std::string_view key, int64_t mm) {
  json->Key(key);
  json->BeginObject();
  json->Key("value");
  json->Raw(ScaledText(mm, 3));
  json->StringField("units", "M");
  json->EndObject();
}

void WriteOutline(json::Writer* json, const Outline& outline) {
  switch (outline.kind()) {
    case geo::OutlineKind::kPolygon:
      json->Key("outline_polygon");
      json->BeginObject();
      WriteLatLngs(json, "vertices", outline.vertices());
      break;
    case geo::OutlineKind::kCircle:
      json->Key("outline_circle");
      json->BeginObject();
      json->Key("center");
      WriteLatLng(json, outline.vertices()[0]);
      WriteLength(json, "radius", outline.buffer_mm());
      break;
    case geo::OutlineKind::kCorridor:
      json->Key("outline_corridor");
      json->BeginObject();
      WriteLatLngs(json, "centreline", outline.vertices());
      WriteLength(json, "half_width", outline.buffer_mm());
      break;
  }
  json->EndObject();
}

void WriteAltitude(json::Writer* json, std::string_view key, Altitude altitude) {
  json->Key(key);
  json->BeginObject();
  if (altitude.mm == geo::kUnlimitedUp || altitude.mm == geo::kUnlimitedDown) {
    json->BoolField("unlimited", true);
  } else {
    json->Key("value");
    json->Raw(ScaledText(altitude.mm, 3));
    json->StringField("reference", geo::AltitudeReferenceName(altitude.reference));
    json->StringField("units", "M");
  }
  json->EndObject();
}

// Replaces the part of a pointer behind "/volumes/N" where it begins with `from`.
bool Rename(std::string* field, size_t place, std::string_view from, std::string_view to) {
  if (!std::string_view(*field).substr(place).starts_with(from)) return false;
  field->replace(place, from.size(), to);
  return true;
}

}  // namespace

Result<Volume4D> DecodeVolume(const json::Value& value, NoticeKind kind) {
  return ReadVolume(value, kind);
}

Result<Declaration> DecodeDeclaration(const json::Value& value) {
  auto declaration = ReadDeclaration(value);
  if (declaration) declaration->original = value.ToJson();
  return declaration;
}

Result<Declaration> ParseDeclaration(std::string_view text) {
  WB_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(text));
  auto declaration = ReadDeclaration(document.root());
  if (declaration) declaration->original = text;
  return declaration;
}

base::Error InJsonNames(base::Error error, const Declaration& declaration) {
  constexpr std::string_view kVolumes = "/volumes/";
  if (!error.field.starts_with(kVolumes)) return error;
  const size_t end = error.field.find('/', kVolumes.size());
  if (end == std::string::npos) return error;
  const std::optional<int64_t> index =
      ParseInteger(std::string_view(error.field).substr(kVolumes.size(), end - kVolumes.size()));
  std::string* field = &error.field;
  if (Rename(field, end, "/window", "/time_end") ||
      Rename(field, end, "/band/lower", "/altitude_lower") ||
      Rename(field, end, "/band/upper", "/altitude_upper") ||
      Rename(field, end, "/band", "/altitude_upper") ||
      Rename(field, end, "/lower_w84", "/altitude_lower") ||
      Rename(field, end, "/upper_w84", "/altitude_upper")) {
    return error;
  }
  const bool known =
      index && *index >= 0 && static_cast<size_t>(*index) < declaration.volumes.size();
  // "/outline_polygon" and the like are names already.
  const size_t after = end + std::string_view("/outline").size();
  const bool outline =
      field->compare(end, 8, "/outline") == 0 && (field->size() == after || (*field)[after] == '/');
  if (!known || !outline) return error;
  const Outline& shape = declaration.volumes[static_cast<size_t>(*index)].outline;
  if (shape.kind() == geo::OutlineKind::kCorridor) {
    Rename(field, after, "/vertices", "/centreline");
  }
  field->insert(after, std::string("_").append(geo::OutlineKindName(shape.kind())));
  return error;
}

std::string TimeText(base::UtcMicros time) {
  const bool open = time == base::kTimeOpenStart || time == base::kTimeOpenEnd;
  return open ? "open" : base::FormatRfc3339(time);
}

void WriteVolume(json::Writer* json, const Volume4D& volume) {
  json->BeginObject();
  WriteOutline(json, volume.outline);
  WriteAltitude(json, "altitude_lower", volume.band.lower);
  WriteAltitude(json, "altitude_upper", volume.band.upper);
  json->StringField("time_start", TimeText(volume.window.start));
  json->StringField("time_end", TimeText(volume.window.end));
  json->EndObject();
}

void WriteDeclaration(json::Writer* json, const Declaration& declaration) {
  json->BeginObject();
  json->StringField("kind", airspace::Name(declaration.kind));
  json->StringField("data_mode", airspace::Name(declaration.data_mode));
  if (!declaration.activity_class.empty()) {
    json->StringField("activity_class", declaration.activity_class);
  }
  if (declaration.kind == NoticeKind::kHazard) {
    json->Key("hazard");
    json->BeginObject();
    json->StringField("class", airspace::Name(declaration.hazard_class));
    json->StringField("source", airspace::Name(declaration.hazard_source));
    json->EndObject();
  }
  if (declaration.kind == NoticeKind::kZone) {
    json->StringField("restriction", airspace::Name(declaration.restriction));
  }
  json->StringField("confidence", airspace::Name(declaration.confidence));
  if (!declaration.name.empty()) json->StringField("name", declaration.name);
  if (!declaration.role_to_call.empty()) {
    json->StringField("role_to_call", declaration.role_to_call);
  }
  if (!declaration.frequency.empty()) json->StringField("frequency", declaration.frequency);
  if (declaration.unplanned) json->BoolField("unplanned", true);
  if (declaration.on_behalf_of) json->BoolField("on_behalf_of", true);
  if (!declaration.may_tell.empty()) {
    json->Key("may_tell");
    json->BeginArray();
    for (const base::PartyId party : declaration.may_tell) json->String(party.ToString());
    json->EndArray();
  }
  json->Key("volumes");
  json->BeginArray();
  for (const Volume4D& volume : declaration.volumes) WriteVolume(json, volume);
  json->EndArray();
  json->EndObject();
}

}  // namespace wideberth::formats
