#include <string>

#include "formats/decimal.h"
#include "formats/geojson.h"
#include "formats/notice_json.h"

namespace wideberth::formats {
namespace {

using airspace::Conflict;
using airspace::Notice;
using airspace::RuleBook;

void BeginCollection(json::Writer* json) {
  json->BeginObject();
  json->StringField("type", "FeatureCollection");
  json->Key("features");
  json->BeginArray();
}

void EndCollection(json::Writer* json) {
  json->EndArray();
  json->EndObject();
}

std::string PartyName(base::PartyId id, const RuleBook& rules) {
  const airspace::PartyEntry* party = rules.FindParty(id);
  return party != nullptr ? party->name : id.ToString();
}

// What the ring on the map is not: the true shape of a circle or a corridor.
void WriteTrueShape(json::Writer* json, const geo::Outline& outline) {
  json->StringField("outline", geo::OutlineKindName(outline.kind()));
  if (outline.kind() == geo::OutlineKind::kPolygon) return;
  json->BoolField("approximate", true);
  const bool circle = outline.kind() == geo::OutlineKind::kCircle;
  json->Key(circle ? "radius_m" : "half_width_m");
  json->Raw(ScaledText(outline.buffer_mm(), 3));
  json->Key(circle ? "center" : "centreline");
  if (circle) {
    WriteLngLat(json, outline.vertices()[0]);
    return;
  }
  json->BeginArray();
  for (const geo::Position& vertex : outline.vertices()) WriteLngLat(json, vertex);
  json->EndArray();
}

void WriteNoticeFeature(json::Writer* json, const Notice& notice, size_t index,
                        const RuleBook& rules) {
  const airspace::Declaration& declaration = notice.latest().declaration;
  const airspace::Volume4D& volume = declaration.volumes[index];
  json->BeginObject();
  json->StringField("type", "Feature");
  json->StringField("id", notice.id.ToString() + "/" + std::to_string(index));
  json->Key("geometry");
  WriteGeometry(json, volume.outline);
  json->Key("properties");
  json->BeginObject();
  json->StringField("notice", notice.id.ToString());
  json->StringField("party", PartyName(notice.party, rules));
  json->StringField("kind", airspace::Name(declaration.kind));
  json->StringField("data_mode", airspace::Name(declaration.data_mode));
  if (declaration.kind == airspace::NoticeKind::kHazard) {
    json->StringField("hazard_class", airspace::Name(declaration.hazard_class));
  }
  if (declaration.kind == airspace::NoticeKind::kZone) {
    json->StringField("restriction", airspace::Name(declaration.restriction));
  }
  if (!declaration.activity_class.empty()) {
    json->StringField("activity_class", declaration.activity_class);
  }
  if (!declaration.name.empty()) json->StringField("name", declaration.name);
  if (!declaration.role_to_call.empty()) {
    json->StringField("role_to_call", declaration.role_to_call);
  }
  if (declaration.unplanned) json->BoolField("unplanned", true);
  if (declaration.on_behalf_of) json->BoolField("on_behalf_of", true);
  json->StringField("author", airspace::Name(notice.latest().author));
  json->StringField("activity", airspace::Name(notice.activity));
  json->StringField("lower", AltitudeText(volume.band.lower));
  json->StringField("upper", AltitudeText(volume.band.upper));
  json->StringField("time_start", TimeText(volume.window.start));
  json->StringField("time_end", TimeText(volume.window.end));
  WriteTrueShape(json, volume.outline);
  json->EndObject();
  json->EndObject();
}

// The rectangle as a ring. Its sides along a parallel are no geodesics; that is what WritePolygonGeometry divides, so
// points are put in to keep it a rectangle on the map.
std::vector<geo::Position> RectangleRing(const geo::Bounds& area) {
  constexpr int kSteps = 8;
  const geo::Position sw = area.south_west;
  const geo::Position ne = area.north_east;
  constexpr int64_t kTurnE9 = 360'000'000'000;
  const int64_t width_e9 = ne.lng_e9 - sw.lng_e9 + (ne.lng_e9 < sw.lng_e9 ? kTurnE9 : 0);
  std::vector<geo::Position> ring;
  const auto add = [&](int64_t lat_e9, int step) {
    int64_t lng_e9 = sw.lng_e9 + width_e9 * step / kSteps;
    if (lng_e9 > kTurnE9 / 2) lng_e9 -= kTurnE9;
    ring.push_back({lat_e9, lng_e9});
  };
  for (int i = 0; i <= kSteps; ++i) add(sw.lat_e9, i);
  for (int i = kSteps; i >= 0; --i) add(ne.lat_e9, i);
  return ring;
}

void WritePairFeature(json::Writer* json, const Conflict& conflict, size_t index,
                      const RuleBook& rules) {
  const airspace::VolumeConflict& pair = conflict.pairs[index];
  json->BeginObject();
  json->StringField("type", "Feature");
  json->StringField("id", conflict.id.ToHex() + "/" + std::to_string(index));
  json->Key("geometry");
  if (pair.area.south_west == pair.area.north_east) {
    json->BeginObject();
    json->StringField("type", "Point");
    json->Key("coordinates");
    WriteLngLat(json, pair.area.south_west);
    json->EndObject();
  } else {
    WritePolygonGeometry(json, RectangleRing(pair.area));
  }
  json->Key("properties");
  json->BeginObject();
  json->StringField("party_a", PartyName(conflict.sides[0].party, rules));
  json->StringField("party_b", PartyName(conflict.sides[1].party, rules));
  json->StringField("time_start", TimeText(pair.overlap.start));
  json->StringField("time_end", TimeText(pair.overlap.end));
  json->Key("conflict");
  WriteConflict(json, conflict, {nullptr, nullptr}, rules);
  json->EndObject();
  json->EndObject();
}

}  // namespace

std::string NoticesGeoJson(std::span<const Notice* const> notices, const RuleBook& rules) {
  std::string text;
  json::Writer json(&text);
  BeginCollection(&json);
  for (const Notice* notice : notices) {
    for (size_t i = 0; i < notice->latest().declaration.volumes.size(); ++i) {
      WriteNoticeFeature(&json, *notice, i, rules);
    }
  }
  EndCollection(&json);
  return text;
}

std::string ConflictsGeoJson(std::span<const Conflict* const> conflicts, const RuleBook& rules) {
  std::string text;
  json::Writer json(&text);
  BeginCollection(&json);
  for (const Conflict* conflict : conflicts) {
    for (size_t i = 0; i < conflict->pairs.size(); ++i) {
      WritePairFeature(&json, *conflict, i, rules);
    }
  }
  EndCollection(&json);
  return text;
}

}  // namespace wideberth::formats
