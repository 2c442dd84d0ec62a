#include "formats/rules_file.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "base/toml.h"
#include "json/writer.h"

namespace wideberth::formats {
namespace {

using airspace::KindPattern;
using airspace::NoticeKind;
using airspace::Rules;
using airspace::SeparationRow;
using base::Result;
using base::TomlTable;
using geo::HeightBounds;

constexpr int64_t kMinutesMax = limits::kNoticeWindowMaxUs / base::kMicrosPerMinute;

Result<SeparationRow> ReadSeparation(TomlTable* table) {
  WB_ASSIGN_OR_RETURN(const std::vector<std::string> between, table->Strings("between", 2, 96));
  if (between.size() != 2) return table->Refuse("between", "must name two kinds");
  SeparationRow row;
  for (const size_t i : {size_t{0}, size_t{1}}) {
    auto pattern = airspace::ParseKindPattern(between[i]);
    if (!pattern) return table->Refuse("between", pattern.error().rule);
    (i == 0 ? row.a : row.b) = std::move(pattern).value();
  }
  WB_ASSIGN_OR_RETURN(row.separation, ReadSeparationLengths(table));
  return row;
}

// One value for each word of an enumeration, by table of words.
Result<void> ReadMinutes(TomlTable root, std::string_view key, std::span<int64_t> us,
                         auto name_of) {
  WB_ASSIGN_OR_RETURN(TomlTable table, root.Table(key));
  for (size_t i = 0; i < us.size(); ++i) {
    WB_ASSIGN_OR_RETURN(const int64_t minutes, table.Int64(name_of(i), 0, 0, kMinutesMax));
    us[i] = minutes * base::kMicrosPerMinute;
  }
  return {};
}

Result<void> ReadZoneTreatments(TomlTable root, Rules::Content* content) {
  WB_ASSIGN_OR_RETURN(TomlTable zones, root.Table("zones"));
  for (size_t i = 0; i < airspace::kRestrictions; ++i) {
    const std::string_view key = airspace::Name(static_cast<airspace::Restriction>(i));
    if (!zones.Has(key)) continue;
    WB_ASSIGN_OR_RETURN(content->zone_treatment[i],
                        zones.RequiredParsed(key, 32, airspace::ParseName<airspace::Treatment>));
  }
  return {};
}

Result<geo::Bounds> ReadRectangle(TomlTable* table) {
  geo::Bounds area;
  WB_ASSIGN_OR_RETURN(const double south, table->RequiredDouble("south", -90, 90));
  WB_ASSIGN_OR_RETURN(const double west, table->RequiredDouble("west", -180, 180));
  WB_ASSIGN_OR_RETURN(const double north, table->RequiredDouble("north", -90, 90));
  WB_ASSIGN_OR_RETURN(const double east, table->RequiredDouble("east", -180, 180));
  if (south >= north) return table->Refuse("north", "must be greater than south");
  WB_ASSIGN_OR_RETURN(area.south_west, geo::MakePosition(south, west));
  WB_ASSIGN_OR_RETURN(area.north_east, geo::MakePosition(north, east));
  return area;
}

Result<HeightBounds::Terrain> ReadTerrain(TomlTable* table) {
  HeightBounds::Terrain terrain;
  WB_ASSIGN_OR_RETURN(terrain.area, ReadRectangle(table));
  WB_ASSIGN_OR_RETURN(const double lowest_m, table->RequiredDouble("lowest_m", -8'000, 10'000));
  WB_ASSIGN_OR_RETURN(const double highest_m, table->RequiredDouble("highest_m", -8'000, 10'000));
  if (lowest_m > highest_m) return table->Refuse("highest_m", "must not be below lowest_m");
  terrain.lowest_mm = std::llround(lowest_m * 1000);
  terrain.highest_mm = std::llround(highest_m * 1000);
  return terrain;
}

Result<HeightBounds::Pressure> ReadPressure(TomlTable* table) {
  HeightBounds::Pressure pressure;
  WB_ASSIGN_OR_RETURN(pressure.area, ReadRectangle(table));
  WB_ASSIGN_OR_RETURN(pressure.qnh_min_hpa, table->RequiredDouble("qnh_min_hpa", 850, 1'100));
  WB_ASSIGN_OR_RETURN(pressure.qnh_max_hpa, table->RequiredDouble("qnh_max_hpa", 850, 1'100));
  WB_ASSIGN_OR_RETURN(pressure.isa_deviation_min_k,
                      table->RequiredDouble("isa_deviation_min_k", -100, 100));
  WB_ASSIGN_OR_RETURN(pressure.isa_deviation_max_k,
                      table->RequiredDouble("isa_deviation_max_k", -100, 100));
  if (pressure.qnh_min_hpa > pressure.qnh_max_hpa) {
    return table->Refuse("qnh_max_hpa", "must not be below qnh_min_hpa");
  }
  if (pressure.isa_deviation_min_k > pressure.isa_deviation_max_k) {
    return table->Refuse("isa_deviation_max_k", "must not be below isa_deviation_min_k");
  }
  return pressure;
}

// Each table of an array read by `read`.
template <class Item, class Read>
Result<std::vector<Item>> ReadTables(TomlTable root, std::string_view key, size_t max_items,
                                     Read read) {
  WB_ASSIGN_OR_RETURN(std::vector<TomlTable> tables, root.Tables(key, max_items));
  std::vector<Item> items;
  items.reserve(tables.size());
  for (TomlTable& table : tables) {
    WB_ASSIGN_OR_RETURN(Item item, read(&table));
    items.push_back(std::move(item));
  }
  return items;
}

Result<airspace::PartyEntry> ReadParty(TomlTable* table) {
  airspace::PartyEntry party;
  WB_ASSIGN_OR_RETURN(party.name, table->RequiredString("name", limits::kPartyNameBytesMax));
  WB_ASSIGN_OR_RETURN(party.id, table->RequiredParsed("id", 36, base::PartyId::Parse));
  return party;
}

// ---- the canonical form: JSON with everything sorted, in mm and us

void WriteBounds(json::Writer* json, const geo::Bounds& area) {
  json->Int64(area.south_west.lat_e9);
  json->Int64(area.south_west.lng_e9);
  json->Int64(area.north_east.lat_e9);
  json->Int64(area.north_east.lng_e9);
}

void WriteRows(json::Writer* json, const std::vector<SeparationRow>& rows) {
  // The two kinds of a row in order; rows of the same pair as the widest, which is what they mean.
  std::map<std::pair<std::string, std::string>, airspace::Separation> sorted;
  for (const SeparationRow& row : rows) {
    std::pair<std::string, std::string> kinds(airspace::ToString(row.a), airspace::ToString(row.b));
    if (kinds.second < kinds.first) std::swap(kinds.first, kinds.second);
    const auto [place, added] = sorted.emplace(std::move(kinds), row.separation);
    if (!added) place->second = airspace::Widest(place->second, row.separation);
  }
  json->Key("separation");
  json->BeginArray();
  for (const auto& [kinds, separation] : sorted) {
    json->BeginArray();
    json->String(kinds.first);
    json->String(kinds.second);
    json->Int64(separation.lateral_mm);
    json->Int64(separation.vertical_mm);
    json->Int64(separation.time_us);
    json->EndArray();
  }
  json->EndArray();
}

void WriteHeightBounds(json::Writer* json, std::vector<HeightBounds::Terrain> terrain,
                       std::vector<HeightBounds::Pressure> pressure) {
  const auto terrain_key = [](const HeightBounds::Terrain& t) {
    return std::tuple(t.area.south_west, t.area.north_east, t.lowest_mm, t.highest_mm);
  };
  const auto pressure_key = [](const HeightBounds::Pressure& p) {
    return std::tuple(p.area.south_west, p.area.north_east, p.qnh_min_hpa, p.qnh_max_hpa,
                      p.isa_deviation_min_k, p.isa_deviation_max_k);
  };
  std::sort(terrain.begin(), terrain.end(),
            [&](const auto& a, const auto& b) { return terrain_key(a) < terrain_key(b); });
  std::sort(pressure.begin(), pressure.end(),
            [&](const auto& a, const auto& b) { return pressure_key(a) < pressure_key(b); });
  json->Key("terrain");
  json->BeginArray();
  for (const HeightBounds::Terrain& t : terrain) {
    json->BeginArray();
    WriteBounds(json, t.area);
    json->Int64(t.lowest_mm);
    json->Int64(t.highest_mm);
    json->EndArray();
  }
  json->EndArray();
  json->Key("pressure");
  json->BeginArray();
  for (const HeightBounds::Pressure& p : pressure) {
    json->BeginArray();
    WriteBounds(json, p.area);
    json->Double(p.qnh_min_hpa);
    json->Double(p.qnh_max_hpa);
    json->Double(p.isa_deviation_min_k);
    json->Double(p.isa_deviation_max_k);
    json->EndArray();
  }
  json->EndArray();
}

std::string Canonical(const Rules::Content& content, std::vector<HeightBounds::Terrain> terrain,
                      std::vector<HeightBounds::Pressure> pressure) {
  std::string text;
  json::Writer json(&text);
  json.BeginObject();
  json.StringField("format", "wideberth-rules/1");
  std::vector<airspace::PartyEntry> parties = content.parties;
  std::sort(parties.begin(), parties.end(),
            [](const auto& a, const auto& b) { return a.id < b.id; });
  json.Key("parties");
  json.BeginArray();
  for (const airspace::PartyEntry& party : parties) {
    json.String(party.id.ToString());
    json.String(party.name);
  }
  json.EndArray();
  std::vector<std::string> classes = content.activity_classes;
  std::sort(classes.begin(), classes.end());
  json.Key("activity_classes");
  json.BeginArray();
  for (const std::string& name : classes) json.String(name);
  json.EndArray();
  WriteRows(&json, content.separations);
  json.Key("zones");
  json.BeginArray();
  for (const airspace::Treatment treatment : content.zone_treatment) {
    json.String(airspace::Name(treatment));
  }
  json.EndArray();
  const auto times = [&](std::string_view key, std::span<const int64_t> values) {
    json.Key(key);
    json.BeginArray();
    for (const int64_t us : values) json.Int64(us);
    json.EndArray();
  };
  times("hazard_dwell_us", content.hazard_dwell_us);
  times("lead_time_min_us", content.lead_time_min_us);
  WriteHeightBounds(&json, std::move(terrain), std::move(pressure));
  json.EndObject();
  return text;
}

// "/separations/3/a" of Rules::Make as the path of this file: "separation[3].between".
std::string KeyPath(std::string_view pointer) {
  struct Name {
    std::string_view list, key;
  };
  constexpr Name kNames[] = {{"/parties", "party"},
                             {"/activity_classes", "activity_classes"},
                             {"/separations", "separation"}};
  for (const Name& name : kNames) {
    if (!pointer.starts_with(name.list)) continue;
    std::string path(name.key);
    std::string_view rest = pointer.substr(name.list.size());
    if (rest.empty()) return path;
    const size_t slash = std::min(rest.find('/', 1), rest.size());
    path.append("[").append(rest.substr(1, slash - 1)).append("]");
    rest.remove_prefix(slash);
    if (rest == "/a" || rest == "/b") return path.append(".between");
    if (!rest.empty()) path.append(".").append(rest.substr(1));
    return path;
  }
  return std::string(pointer);
}

}  // namespace

Result<int64_t> ReadLengthMm(TomlTable* table, std::string_view metre_key,
                             std::string_view other_key, double other_mm, int64_t max_mm) {
  const double max = static_cast<double>(max_mm);
  WB_ASSIGN_OR_RETURN(const std::optional<double> metres,
                      table->OptionalDouble(metre_key, 0, max / 1000));
  WB_ASSIGN_OR_RETURN(const std::optional<double> other,
                      table->OptionalDouble(other_key, 0, max / other_mm));
  if (metres && other) {
    return table->Refuse(other_key, std::string("must not stand beside ").append(metre_key));
  }
  if (metres) return std::llround(*metres * 1000);
  return other ? std::llround(*other * other_mm) : 0;
}

Result<airspace::Separation> ReadSeparationLengths(TomlTable* table) {
  airspace::Separation separation;
  WB_ASSIGN_OR_RETURN(separation.lateral_mm,
                      ReadLengthMm(table, "lateral_m", "lateral_nm", kNauticalMileMm,
                                   limits::kSeparationLateralMaxMm));
  WB_ASSIGN_OR_RETURN(
      separation.vertical_mm,
      ReadLengthMm(table, "vertical_m", "vertical_ft", kFootMm, limits::kSeparationVerticalMaxMm));
  WB_ASSIGN_OR_RETURN(const double time_s,
                      table->Double("time_s", 0, 0, limits::kSeparationTimeMaxUs / 1e6));
  separation.time_us = std::llround(time_s * 1e6);
  return separation;
}

Result<RulesFile> ParseRulesFile(std::string_view toml) {
  WB_ASSIGN_OR_RETURN(const base::TomlDocument document,
                      base::TomlDocument::Parse(toml, limits::kRulesFileBytesMax));
  TomlTable root = document.root();
  WB_ASSIGN_OR_RETURN(RulesFile file, ReadRules(&root));
  WB_RETURN_IF_ERROR(root.ExpectNoOtherKeys());
  return file;
}

Result<RulesFile> ReadRules(TomlTable* table) {
  TomlTable& root = *table;
  RulesFile file;
  Rules::Content& content = file.content;
  WB_ASSIGN_OR_RETURN(
      content.activity_classes,
      root.Strings("activity_classes", limits::kActivityClassesMax, limits::kClassNameBytesMax));
  WB_ASSIGN_OR_RETURN(content.parties, ReadTables<airspace::PartyEntry>(
                                           root, "party", limits::kPartiesMax, ReadParty));
  WB_ASSIGN_OR_RETURN(
      content.separations,
      ReadTables<SeparationRow>(root, "separation", limits::kSeparationRowsMax, ReadSeparation));
  WB_RETURN_IF_ERROR(ReadZoneTreatments(root, &content));
  WB_RETURN_IF_ERROR(ReadMinutes(root, "hazard_dwell_min", content.hazard_dwell_us, [](size_t i) {
    return airspace::Name(static_cast<airspace::HazardClass>(i));
  }));
  WB_RETURN_IF_ERROR(ReadMinutes(root, "lead_time_min", content.lead_time_min_us, [](size_t i) {
    return airspace::Name(static_cast<NoticeKind>(i));
  }));
  WB_ASSIGN_OR_RETURN(
      const std::vector<HeightBounds::Terrain> terrain,
      ReadTables<HeightBounds::Terrain>(root, "terrain", limits::kBoundsCellsMax, ReadTerrain));
  WB_ASSIGN_OR_RETURN(
      const std::vector<HeightBounds::Pressure> pressure,
      ReadTables<HeightBounds::Pressure>(root, "pressure", limits::kBoundsCellsMax, ReadPressure));
  WB_ASSIGN_OR_RETURN(content.height_bounds, HeightBounds::Make(terrain, pressure));
  if (auto rules = Rules::Make(content, {}); !rules) {
    base::Error error = std::move(rules).error();
    error.field = KeyPath(error.field);
    return base::Fail(std::move(error));
  }
  file.canonical = Canonical(content, terrain, pressure);
  return file;
}

}  // namespace wideberth::formats
