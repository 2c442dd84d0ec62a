#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <limits>
#include <string>

#include "formats/decimal.h"
#include "formats/notice_json.h"

namespace wideberth::formats {
namespace {

using airspace::Conflict;
using airspace::Declaration;
using airspace::Notice;
using airspace::NoticeKind;
using airspace::NoticeVersion;
using airspace::RuleBook;
using airspace::VolumeConflict;

constexpr int64_t kUnbounded = std::numeric_limits<int64_t>::min();
constexpr int64_t kMicrosPerMilli = 1'000;

struct Cause {
  airspace::Uncertainty bit;
  std::string_view name;
  std::string_view words;
};
constexpr Cause kCauses[] = {
    {airspace::kUncertainLateralTolerance, "lateral_tolerance",
     "the gap is within 1 cm of the limit"},
    {airspace::kUncertainGeoid, "geoid", "a height above sea level was compared with another kind"},
    {airspace::kUncertainTerrain, "terrain",
     "the height of the ground is known within bounds only"},
    {airspace::kUncertainPressure, "pressure", "the air pressure is known within bounds only"}};

void WriteParty(json::Writer* json, base::PartyId id, const RuleBook& rules) {
  json->BeginObject();
  json->StringField("id", id.ToString());
  if (const airspace::PartyEntry* party = rules.FindParty(id)) {
    json->StringField("name", party->name);
  }
  json->EndObject();
}

void WriteMetres(json::Writer* json, std::string_view key, int64_t mm) {
  json->Key(key);
  if (mm == kUnbounded) {
    json->Null();
  } else {
    json->Raw(ScaledText(mm, 3));
  }
}

void WriteSeconds(json::Writer* json, std::string_view key, int64_t us) {
  json->Key(key);
  if (us == kUnbounded) {
    json->Null();
  } else {
    json->Raw(ScaledText(us / kMicrosPerMilli, 3));
  }
}

void WriteOptionalTime(json::Writer* json, std::string_view key,
                       const std::optional<base::UtcMicros>& time) {
  if (time) json->StringField(key, TimeText(*time));
}

void WriteInterval(json::Writer* json, std::string_view key, const geo::HeightInterval& interval) {
  json->Key(key);
  json->BeginArray();
  json->Raw(ScaledText(interval.lower_mm, 3));
  json->Raw(ScaledText(interval.upper_mm, 3));
  json->EndArray();
}

// What a notice is, as far as the other side of a conflict needs it.
void WriteWhatItIs(json::Writer* json, const Declaration& declaration) {
  json->StringField("kind", airspace::Name(declaration.kind));
  if (!declaration.activity_class.empty()) {
    json->StringField("activity_class", declaration.activity_class);
  }
  if (declaration.kind == NoticeKind::kHazard) {
    json->StringField("hazard_class", airspace::Name(declaration.hazard_class));
  }
  if (declaration.kind == NoticeKind::kZone) {
    json->StringField("restriction", airspace::Name(declaration.restriction));
  }
  if (!declaration.name.empty()) json->StringField("name", declaration.name);
  if (!declaration.role_to_call.empty()) {
    json->StringField("role_to_call", declaration.role_to_call);
  }
  if (!declaration.frequency.empty()) json->StringField("frequency", declaration.frequency);
  if (declaration.unplanned) json->BoolField("unplanned", true);
  if (declaration.on_behalf_of) json->BoolField("on_behalf_of", true);
}

void WriteSeparation(json::Writer* json, std::string_view key,
                     const airspace::Separation& separation) {
  json->Key(key);
  json->BeginObject();
  WriteMetres(json, "lateral_m", separation.lateral_mm);
  WriteMetres(json, "vertical_m", separation.vertical_mm);
  WriteSeconds(json, "time_s", separation.time_us);
  json->EndObject();
}

void WritePoint(json::Writer* json, std::string_view key, geo::Position p) {
  json->Key(key);
  json->BeginObject();
  json->Key("lat");
  json->Raw(ScaledText(p.lat_e9, 9));
  json->Key("lng");
  json->Raw(ScaledText(p.lng_e9, 9));
  json->EndObject();
}

void WritePair(json::Writer* json, const VolumeConflict& pair) {
  json->BeginObject();
  json->Key("versions");
  json->BeginArray();
  json->String(pair.version_a.ToHex());
  json->String(pair.version_b.ToHex());
  json->EndArray();
  json->Key("volumes");
  json->BeginArray();
  json->Uint64(pair.volume_a);
  json->Uint64(pair.volume_b);
  json->EndArray();
  json->StringField("verdict", pair.certain ? "certain" : "possible");
  json->Key("causes");
  json->BeginArray();
  for (const Cause& cause : kCauses) {
    if ((pair.uncertainty & cause.bit) != 0) json->String(cause.name);
  }
  json->EndArray();
  json->StringField("first_moment", TimeText(pair.first_moment));
  json->Key("overlap");
  json->BeginObject();
  json->StringField("time_start", TimeText(pair.overlap.start));
  json->StringField("time_end", TimeText(pair.overlap.end));
  json->EndObject();
  WriteSeconds(json, "time_gap_s", pair.time_gap_us);
  WriteMetres(json, "vertical_gap_min_m", pair.vertical_gap_min_mm);
  WriteMetres(json, "vertical_gap_max_m", pair.vertical_gap_max_mm);
  WriteMetres(json, "lateral_gap_m", pair.lateral_gap_mm);
  WriteMetres(json, "lateral_error_m", pair.lateral_error_mm);
  json->Key("closest");
  json->BeginArray();
  for (const geo::Position& p : {pair.closest_a, pair.closest_b}) {
    json->BeginObject();
    json->Key("lat");
    json->Raw(ScaledText(p.lat_e9, 9));
    json->Key("lng");
    json->Raw(ScaledText(p.lng_e9, 9));
    json->EndObject();
  }
  json->EndArray();
  json->Key("area");
  json->BeginObject();
  WritePoint(json, "south_west", pair.area.south_west);
  WritePoint(json, "north_east", pair.area.north_east);
  json->EndObject();
  WriteSeparation(json, "shortfall",
                  {pair.lateral_shortfall_mm, pair.vertical_shortfall_mm, pair.time_shortfall_us});
  json->EndObject();
}

// "overlap by 300 m" or "are 120 m apart".
std::string GapWords(int64_t min_mm, int64_t max_mm) {
  if (min_mm == kUnbounded) return "overlap without limit";
  if (max_mm <= 0) return "overlap by " + DistanceText(-max_mm);
  if (min_mm == max_mm) return "are " + DistanceText(min_mm) + " apart";
  return "may be as near as " + (min_mm <= 0 ? "overlapping" : DistanceText(min_mm)) +
         " and at most " + DistanceText(max_mm) + " apart";
}

std::string DurationText(int64_t us) {
  const int64_t seconds = us / base::kMicrosPerSecond;
  if (seconds < 120) return fmt::format("{} s", seconds);
  if (seconds < 7'200) return fmt::format("{} min", seconds / 60);
  return fmt::format("{} h {:02} min", seconds / 3'600, seconds / 60 % 60);
}

void WriteSide(json::Writer* json, const airspace::ConflictSide& side, const Notice* notice,
               const RuleBook& rules) {
  json->BeginObject();
  json->Key("party");
  WriteParty(json, side.party, rules);
  json->StringField("notice", side.notice.ToString());
  json->StringField("version", side.version.ToHex());
  WriteOptionalTime(json, "seen_at", side.seen_at);
  if (!side.measures.empty()) json->StringField("measures", side.measures);
  WriteOptionalTime(json, "disregarded_at", side.disregarded_at);
  if (notice != nullptr) WriteWhatItIs(json, notice->latest().declaration);
  json->EndObject();
}

// "received" and "read_back", each with when, of which version, and whether that is in effect; and
// the lead time that the version shown had then.
void WriteReceipt(json::Writer* json, std::string_view what, const Notice& notice,
                  const std::optional<airspace::Receipt>& receipt) {
  if (!receipt) return;
  const std::string prefix(what);
  json->StringField(prefix + "_at", TimeText(receipt->at));
  json->StringField(prefix + "_version", receipt->version.ToHex());
  json->BoolField(prefix + "_counts", receipt->counts);
  const std::optional<int64_t> lead_time_us = airspace::LeadTimeUs(notice.latest(), receipt);
  if (lead_time_us) WriteSeconds(json, prefix + "_lead_time_s", *lead_time_us);
}

void WriteRecorded(json::Writer* json, const std::optional<airspace::Recorded>& recorded) {
  if (!recorded) return;
  json->StringField("recorded_at", TimeText(recorded->at));
  json->StringField("recorded_version", recorded->version.ToHex());
  json->BoolField("recorded_counts", recorded->counts);
  json->StringField("cosigned_at", TimeText(recorded->cosigned_at));
}

// What one party has done about the notice; nothing when it has done nothing.
void WriteRecipient(json::Writer* json, const Notice& notice, base::PartyId party,
                    const RuleBook& rules) {
  const auto delivery = notice.delivery.find(party);
  const auto assessment = notice.assessments.find(party);
  const auto told = notice.dissemination.find(party);
  const auto disregarded = notice.disregarded_by.find(party);
  if (delivery == notice.delivery.end() && assessment == notice.assessments.end() &&
      told == notice.dissemination.end() && disregarded == notice.disregarded_by.end()) {
    return;
  }
  json->BeginObject();
  json->Key("party");
  WriteParty(json, party, rules);
  if (delivery != notice.delivery.end()) {
    WriteReceipt(json, "received", notice, delivery->second.r1);
    WriteRecorded(json, delivery->second.r2);
    WriteReceipt(json, "read_back", notice, delivery->second.r3);
  }
  if (assessment != notice.assessments.end()) {
    json->StringField("assessment", airspace::Name(assessment->second.assessment));
    json->StringField("assessed_at", TimeText(assessment->second.at));
    json->StringField("assessed_version", assessment->second.version.ToHex());
    json->BoolField("assessment_counts", assessment->second.counts);
    if (assessment->second.assessment == airspace::Assessment::kNeedTime) {
      json->StringField("need_time_until", TimeText(assessment->second.need_time_until));
    }
  }
  if (told != notice.dissemination.end()) {
    WriteOptionalTime(json, "units_told", told->second.units_told);
    WriteOptionalTime(json, "own_aircraft_clear", told->second.own_aircraft_clear);
  }
  if (disregarded != notice.disregarded_by.end()) {
    json->StringField("disregarded_at", TimeText(disregarded->second));
  }
  json->EndObject();
}

}  // namespace

std::string DistanceText(int64_t mm) {
  const int64_t magnitude = std::abs(mm);
  if (magnitude < 10'000) return ScaledText(mm / 10, 2) + " m";
  if (magnitude < 10'000'000) return std::to_string(mm / 1'000) + " m";
  return ScaledText(mm / 100'000, 1) + " km";
}

std::string AltitudeText(geo::Altitude altitude) {
  if (altitude.mm == geo::kUnlimitedUp) return "unlimited";
  if (altitude.mm == geo::kUnlimitedDown) return "no lower limit";
  const int64_t feet = std::llround(static_cast<double>(altitude.mm) / 304.8);
  const bool whole_feet = geo::FeetToMm(static_cast<double>(feet)) == altitude.mm;
  if (altitude.reference == geo::AltitudeReference::kStd && whole_feet && feet >= 0 &&
      feet % 100 == 0) {
    return fmt::format("FL{:03}", feet / 100);
  }
  if (altitude.reference == geo::AltitudeReference::kAgl && altitude.mm == 0) return "ground";
  return fmt::format("{} m {} ({} ft)", ScaledText(altitude.mm, 3),
                     geo::AltitudeReferenceName(altitude.reference), feet);
}

std::string ConflictSentence(const Conflict& conflict) {
  // The pairs of a conflict that is over are what it was.
  std::string text(conflict.verdict == airspace::Verdict::kClear
                       ? std::string_view("over; it was")
                       : airspace::Name(conflict.verdict));
  if (conflict.pairs.empty()) return text;
  const VolumeConflict& pair = conflict.pairs.front();
  text += pair.lateral_gap_mm == 0
              ? ": the areas overlap"
              : ": the areas are " + DistanceText(pair.lateral_gap_mm) + " apart (agreed " +
                    DistanceText(conflict.separation.lateral_mm) + ")";
  text += ", the heights " + GapWords(pair.vertical_gap_min_mm, pair.vertical_gap_max_mm);
  if (pair.vertical_gap_max_mm > 0) {
    text += " (agreed " + DistanceText(conflict.separation.vertical_mm) + ")";
  }
  if (pair.time_gap_us >= 0) {
    text += ", one is " + DurationText(pair.time_gap_us) + " after the other (agreed " +
            DurationText(conflict.separation.time_us) + "), around " + TimeText(pair.first_moment);
  } else {
    text += ", both at once from " + TimeText(pair.overlap.start) +
            (pair.overlap.end == base::kTimeOpenEnd ? std::string(" until cleared")
                                                    : " to " + TimeText(pair.overlap.end));
  }
  if (!pair.certain) {
    std::string causes;
    for (const Cause& cause : kCauses) {
      if ((pair.uncertainty & cause.bit) == 0) continue;
      causes.append(causes.empty() ? "; possible, because " : " and ").append(cause.words);
    }
    text += causes;
  }
  return text;
}

void WriteVersion(json::Writer* json, const NoticeVersion& version) {
  json->BeginObject();
  json->Uint64Field("number", version.number);
  json->StringField("digest", version.digest.ToHex());
  json->StringField("stored_at", TimeText(version.stored_at));
  json->StringField("disclosure", airspace::Name(version.disclosure));
  json->StringField("author", airspace::Name(version.author));
  WriteSeconds(json, "lead_time_s", version.lead_time_us);
  json->BoolField("late", version.late);
  json->Key("declaration");
  WriteDeclaration(json, version.declaration);
  json->Key("altitudes_w84");
  json->BeginArray();
  for (const airspace::Volume4D& volume : version.declaration.volumes) {
    json->BeginObject();
    WriteInterval(json, "lower", volume.lower_w84);
    WriteInterval(json, "upper", volume.upper_w84);
    json->EndObject();
  }
  json->EndArray();
  json->EndObject();
}

void WriteNotice(json::Writer* json, const Notice& notice, const RuleBook& rules) {
  json->BeginObject();
  json->StringField("id", notice.id.ToString());
  json->Key("party");
  WriteParty(json, notice.party, rules);
  json->StringField("kind", airspace::Name(notice.kind()));
  json->StringField("data_mode", airspace::Name(notice.data_mode()));
  json->StringField("activity", airspace::Name(notice.activity));
  WriteOptionalTime(json, "started_at", notice.started_at);
  WriteOptionalTime(json, "ended_at", notice.ended_at);
  WriteOptionalTime(json, "all_clear_at", notice.all_clear_at);
  json->Key("latest");
  WriteVersion(json, notice.latest());
  json->Key("recipients");
  json->BeginArray();
  for (const airspace::PartyEntry& party : rules.parties()) {
    WriteRecipient(json, notice, party.id, rules);
  }
  json->EndArray();
  json->EndObject();
}

void WriteConflict(json::Writer* json, const Conflict& conflict, const ConflictNotices& notices,
                   const RuleBook& rules) {
  json->BeginObject();
  json->StringField("id", conflict.id.ToHex());
  json->StringField("data_mode", airspace::Name(conflict.data_mode));
  json->StringField("verdict", airspace::Name(conflict.verdict));
  json->StringField("state", airspace::Name(conflict.state));
  json->StringField("treatment", airspace::Name(conflict.treatment));
  if (conflict.local()) json->BoolField("local", true);
  json->StringField("why", ConflictSentence(conflict));
  json->Key("sides");
  json->BeginArray();
  for (size_t i = 0; i < conflict.sides.size(); ++i) {
    WriteSide(json, conflict.sides[i], notices[i], rules);
  }
  json->EndArray();
  WriteSeparation(json, "separation", conflict.separation);
  json->StringField("first_moment", TimeText(conflict.first_moment));
  json->StringField("last_moment", TimeText(conflict.last_moment));
  json->StringField("opened_at", TimeText(conflict.opened_at));
  json->StringField("changed_at", TimeText(conflict.changed_at));
  json->StringField("rules", conflict.rules.ToHex());
  if (conflict.risk_accepted) {
    const airspace::AcceptedRisk& risk = *conflict.risk_accepted;
    json->Key("risk_accepted");
    json->BeginObject();
    json->StringField("at", TimeText(risk.at));
    WriteOptionalTime(json, "until", risk.until);
    json->StringField("role", risk.role);
    json->StringField("key", risk.key_id);
    json->StringField("act", risk.act.ToHex());
    json->EndObject();
  }
  json->Uint64Field("pairs_total", conflict.pairs_total);
  json->Key("pairs");
  json->BeginArray();
  for (const VolumeConflict& pair : conflict.pairs) WritePair(json, pair);
  json->EndArray();
  json->EndObject();
}

}  // namespace wideberth::formats
