#include "formats/notice_json.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "geo/shape.h"

namespace wideberth::formats {
namespace {

using airspace::Declaration;
using airspace::NoticeKind;

constexpr char kActivity[] = R"({"kind":"activity","data_mode":"EXERCISE",
  "activity_class":"transport","role_to_call":"duty officer","frequency":"121.500 MHz",
  "volumes":[{"outline_corridor":{"centreline":[{"lat":46.9,"lng":7.4},{"lat":46.2,"lng":6.1}],
                                  "half_width":{"value":1,"units":"NM"}},
   "altitude_lower":{"value":60,"reference":"STD","units":"FL"},
   "altitude_upper":{"value":9500,"reference":"AMSL","units":"FT"},
   "time_start":"2026-11-21T10:00:00+01:00","time_end":"2026-11-21T10:00:00.25Z"}]})";

std::string With(std::string text, std::string_view from, std::string_view to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

std::string Written(const Declaration& declaration) {
  std::string text;
  json::Writer json(&text);
  WriteDeclaration(&json, declaration);
  return text;
}

TEST(ParseDeclaration, ReadsEveryField) {
  const auto d = ParseDeclaration(kActivity);
  ASSERT_TRUE(d.has_value()) << d.error().ToString();
  EXPECT_EQ(d->kind, NoticeKind::kActivity);
  EXPECT_EQ(d->data_mode, airspace::DataMode::kExercise);
  EXPECT_EQ(d->activity_class, "transport");
  EXPECT_EQ(d->role_to_call, "duty officer");
  EXPECT_EQ(d->frequency, "121.500 MHz");
  EXPECT_EQ(d->original, kActivity);
  const airspace::Volume4D& volume = d->volumes[0];
  EXPECT_EQ(volume.outline.buffer_mm(), 1'852'000);
  EXPECT_EQ(volume.band.lower, (geo::Altitude{1'828'800, geo::AltitudeReference::kStd}));
  EXPECT_EQ(volume.band.upper, (geo::Altitude{2'895'600, geo::AltitudeReference::kAmsl}));
  EXPECT_EQ(base::FormatRfc3339(volume.window.start), "2026-11-21T09:00:00Z");
  EXPECT_EQ(base::FormatRfc3339(volume.window.end), "2026-11-21T10:00:00.250Z");
}

constexpr char kHazard[] = R"({"kind":"hazard","data_mode":"REAL","hazard":{"class":"debris"},
  "unplanned":true,"on_behalf_of":true,
  "may_tell":["5b0c7a3e-61d4-4f0e-9a57-2d1f6c1b8e01","c2a4e9d8-0f3b-4c76-8e1a-7b9d5f2a6c02"],
  "volumes":[{"outline_circle":{"center":{"lat":46.9,"lng":7.4},"radius":{"value":3,"units":"KM"}},
   "altitude_lower":{"unlimited":true},"altitude_upper":{"unlimited":true},
   "time_start":"2026-11-21T10:00:00Z","time_end":"open"}]})";

TEST(ParseDeclaration, ReadsAndWritesTheMarks) {
  const auto d = ParseDeclaration(kHazard);
  ASSERT_TRUE(d.has_value()) << d.error().ToString();
  EXPECT_TRUE(d->unplanned);
  EXPECT_TRUE(d->on_behalf_of);
  ASSERT_EQ(d->may_tell.size(), 2u);
  EXPECT_EQ(d->may_tell[1].ToString(), "c2a4e9d8-0f3b-4c76-8e1a-7b9d5f2a6c02");
  const std::string written = Written(*d);
  auto again = ParseDeclaration(written);
  ASSERT_TRUE(again.has_value()) << again.error().ToString();
  again->original = d->original;
  EXPECT_EQ(*again, *d);
  // Without them nothing of them is written.
  for (const char* name : {"unplanned", "on_behalf_of", "may_tell"}) {
    EXPECT_NE(written.find(name), std::string::npos) << name;
    EXPECT_EQ(Written(ParseDeclaration(kActivity).value()).find(name), std::string::npos) << name;
  }
}

TEST(ParseDeclaration, RefusesMarksWithThePointer) {
  struct {
    const char* from;
    const char* to;
    const char* field;
  } const cases[] = {
      {"\"unplanned\":true", "\"unplanned\":1", "/unplanned"},
      {"\"on_behalf_of\":true", "\"on_behalf_of\":null", "/on_behalf_of"},
      {"[\"5b0c7a3e-61d4-4f0e-9a57-2d1f6c1b8e01\"", "[\"north\"", "/may_tell/0"},
      {"[\"5b0c7a3e-61d4-4f0e-9a57-2d1f6c1b8e01\"", "[7", "/may_tell/0"},
      {"5b0c7a3e-61d4-4f0e-9a57-2d1f6c1b8e01", "c2a4e9d8-0f3b-4c76-8e1a-7b9d5f2a6c02",
       "/may_tell/1"},
      {"\"may_tell\":[", "\"may_tell\":\"north\",\"x\":[", "/may_tell"},
  };
  for (const auto& c : cases) {
    const auto d = ParseDeclaration(With(kHazard, c.from, c.to));
    ASSERT_FALSE(d.has_value()) << c.to;
    EXPECT_EQ(d.error().field, c.field) << d.error().ToString();
  }
  const auto d =
      ParseDeclaration(With(kActivity, "\"activity_class\"", "\"unplanned\":true,\"x\""));
  ASSERT_FALSE(d.has_value());
  EXPECT_EQ(d.error().field, "/unplanned") << "of a hazard alone";
}

struct Refusal {
  const char* from;
  const char* to;
  const char* field;
};

// Each case changes one thing of the good declaration above.
TEST(ParseDeclaration, RefusesWithThePointer) {
  const Refusal cases[] = {
      {"\"kind\":\"activity\",", "", "/kind"},
      {"\"kind\":\"activity\"", "\"kind\":\"flight\"", "/kind"},
      {"EXERCISE", "exercise", "/data_mode"},
      {"\"activity_class\"", "\"name\"", "/name"},
      {"\"activity_class\"", "\"purpose\"", "/purpose"},
      {"\"activity_class\"", "\"restriction\"", "/restriction"},
      {"\"transport\"", "\"Trans Port\"", "/activity_class"},
      {"\"transport\"", "7", "/activity_class"},
      {"duty officer", "duty\\nofficer", "/role_to_call"},
      {"\"volumes\":[{", "\"volumes\":[],\"x\":[{", "/x"},
      {"\"outline_corridor\"", "\"outline\"", "/volumes/0"},
      {"\"lat\":46.9", "\"lat\":91", "/volumes/0/outline_corridor/centreline/0/lat"},
      {"\"lat\":46.9", "\"lat\":\"46.9\"", "/volumes/0/outline_corridor/centreline/0/lat"},
      {"{\"lat\":46.9,\"lng\":7.4},", "", "/volumes/0/outline_corridor/centreline"},
      {"{\"lat\":46.2,\"lng\":6.1}", "{\"lat\":46.9,\"lng\":7.4}",
       "/volumes/0/outline_corridor/centreline/1"},
      {"\"value\":1,", "\"value\":1e400,", "/volumes/0/outline_corridor/half_width/value"},
      {"\"value\":1,", "\"value\":0,", "/volumes/0/outline_corridor/half_width"},
      {"\"NM\"", "\"MI\"", "/volumes/0/outline_corridor/half_width/units"},
      {"\"STD\"", "\"AMSL\"", "/volumes/0/altitude_lower/reference"},
      {"\"STD\"", "\"MSL\"", "/volumes/0/altitude_lower/reference"},
      {"\"value\":60", "\"value\":-300", "/volumes/0/altitude_lower/value"},
      {"\"value\":9500", "\"unlimited\":false", "/volumes/0/altitude_upper/unlimited"},
      {"\"value\":9500", "\"unlimited\":true", "/volumes/0/altitude_upper/reference"},
      {"10:00:00+01:00", "10:00:00", "/volumes/0/time_start"},
      {"10:00:00.25Z", "10:00:60Z", "/volumes/0/time_end"},
      {"10:00:00.25Z", "09:00:00Z", "/volumes/0/time_end"},
      {"2026-11-21T10:00:00.25Z", "9999-12-31T00:00:00Z", "/volumes/0/time_end"},
      {"2026-11-21T10:00:00.25Z", "open", "/volumes/0/time_end"},
      {"2026-11-21T10:00:00+01:00", "open", "/volumes/0/time_start"},
      {"\"time_start\"", "\"time_begin\":1,\"time_start\"", "/volumes/0/time_begin"},
      {"\"time_start\"", "\"time_end\":\"open\",\"time_start\"", "/volumes/0/time_end"},
  };
  for (const Refusal& c : cases) {
    const auto d = ParseDeclaration(With(kActivity, c.from, c.to));
    ASSERT_FALSE(d.has_value()) << c.from << " -> " << c.to;
    EXPECT_EQ(d.error().field, c.field) << c.from << " -> " << c.to << ": " << d.error().ToString();
    EXPECT_FALSE(d.error().rule.empty());
  }
}

TEST(ParseDeclaration, HazardsZonesAndSites) {
  const std::string volume =
      R"("volumes":[{"outline_circle":{"center":{"lat":46,"lng":7},"radius":{"value":3,"units":"KM"}},
      "altitude_lower":{"unlimited":true},"altitude_upper":{"unlimited":true},
      "time_start":"2026-11-21T10:00:00Z","time_end":"open"}]})";
  auto d = ParseDeclaration(
      R"({"kind":"hazard","data_mode":"REAL","hazard":{"class":"live_firing"},)" + volume);
  ASSERT_TRUE(d.has_value()) << d.error().ToString();
  EXPECT_EQ(d->hazard_class, airspace::HazardClass::kLiveFiring);
  EXPECT_EQ(d->hazard_source, airspace::HazardSource::kOwn);
  EXPECT_EQ(d->volumes[0].window.end, base::kTimeOpenEnd);
  EXPECT_EQ(d->volumes[0].band.lower.mm, geo::kUnlimitedDown);
  EXPECT_EQ(d->volumes[0].band.upper.mm, geo::kUnlimitedUp);
  d = ParseDeclaration(R"({"kind":"hazard","data_mode":"REAL",)" + volume);
  EXPECT_EQ(d.error().field, "/hazard");
  d = ParseDeclaration(
      R"({"kind":"hazard","data_mode":"REAL","hazard":{"class":"laser","weapon":"x"},)" + volume);
  EXPECT_EQ(d.error().field, "/hazard/weapon");
  d = ParseDeclaration(R"({"kind":"zone","data_mode":"REAL","name":"Z",)" + volume);
  EXPECT_EQ(d.error().field, "/restriction");
  d = ParseDeclaration(
      With(R"({"kind":"zone","data_mode":"REAL","restriction":"CONDITIONAL","name":"Z",)" + volume,
           "2026-11-21T10:00:00Z", "open"));
  ASSERT_TRUE(d.has_value()) << d.error().ToString();
  EXPECT_EQ(d->volumes[0].window.start, base::kTimeOpenStart);
  EXPECT_TRUE(
      ParseDeclaration(R"({"kind":"protected_site","data_mode":"TEST",)" + volume).has_value());
}

Declaration RandomDeclaration(base::SeededRandom* random) {
  Declaration d;
  d.kind = static_cast<NoticeKind>(random->Below(airspace::kNoticeKinds));
  d.data_mode = static_cast<airspace::DataMode>(random->Below(airspace::kDataModes));
  d.confidence = static_cast<airspace::Confidence>(random->Below(3));
  if (d.kind == NoticeKind::kActivity && random->Below(2) == 0) d.activity_class = "survey";
  if (d.kind == NoticeKind::kHazard) {
    d.hazard_class = static_cast<airspace::HazardClass>(random->Below(airspace::kHazardClasses));
    d.hazard_source = static_cast<airspace::HazardSource>(random->Below(3));
  }
  const bool lasting = d.kind == NoticeKind::kZone || d.kind == NoticeKind::kProtectedSite;
  if (d.kind == NoticeKind::kZone) {
    d.restriction = static_cast<airspace::Restriction>(random->Below(airspace::kRestrictions));
  }
  if (lasting) d.name = "Z\xC3\xBCrich \"1\"";
  for (uint64_t i = random->Below(4) + 1; i > 0; --i) {
    const geo::Position p{random->Between(-80'000'000'000, 80'000'000'000),
                          random->Between(-170'000'000'000, 170'000'000'000)};
    const auto near = [&] {
      return geo::Position{p.lat_e9 + random->Between(1, 500'000'000),
                           p.lng_e9 + random->Between(1, 500'000'000)};
    };
    geo::Outline outline = geo::Outline::Circle(p, random->Between(1, 2'000'000'000)).value();
    if (random->Below(3) == 0) {
      outline = geo::Outline::Corridor({p, near()}, random->Between(1, 500'000'000)).value();
    } else if (random->Below(2) == 0) {
      outline = geo::Outline::Polygon({p, near(), near()}).value();
    }
    airspace::HeightBand band{{random->Between(-8'000'000, 1'000'000),
                               static_cast<geo::AltitudeReference>(random->Below(4))},
                              {random->Between(1'000'001, 1'000'000'000),
                               static_cast<geo::AltitudeReference>(random->Below(4))}};
    if (random->Below(8) == 0) band.upper = {geo::kUnlimitedUp, geo::AltitudeReference::kW84};
    if (random->Below(8) == 0) band.lower = {geo::kUnlimitedDown, geo::AltitudeReference::kW84};
    airspace::TimeWindow window{{random->Between(0, 4'000'000'000'000'000)}, {}};
    window.end = {window.start.us + random->Between(1, limits::kNoticeWindowMaxUs)};
    if (lasting && random->Below(4) == 0) window.start = base::kTimeOpenStart;
    if (d.kind != NoticeKind::kActivity && random->Below(4) == 0) window.end = base::kTimeOpenEnd;
    d.volumes.push_back({std::move(outline), band, window, {}, {}});
  }
  return d;
}

TEST(WriteDeclaration, ReadsBackEqual) {
  base::SeededRandom random(2026);
  for (int i = 0; i < 2'000; ++i) {
    Declaration d = RandomDeclaration(&random);
    const std::string text = Written(d);
    auto back = ParseDeclaration(text);
    ASSERT_TRUE(back.has_value()) << text << "\n" << back.error().ToString();
    EXPECT_EQ(back->original, text);
    back->original.clear();
    ASSERT_EQ(*back, d) << text;
  }
}

TEST(InJsonNames, TranslatesTheModelsFields) {
  const Declaration d = ParseDeclaration(kActivity).value();
  const auto named = [&](std::string field) {
    return InJsonNames({base::ErrorCode::kInvalid, std::move(field), "rule", ""}, d).field;
  };
  EXPECT_EQ(named("/volumes/0/window"), "/volumes/0/time_end");
  EXPECT_EQ(named("/volumes/0/band"), "/volumes/0/altitude_upper");
  EXPECT_EQ(named("/volumes/0/band/lower"), "/volumes/0/altitude_lower");
  EXPECT_EQ(named("/volumes/0/outline/vertices/3"), "/volumes/0/outline_corridor/centreline/3");
  EXPECT_EQ(named("/volumes/0/outline"), "/volumes/0/outline_corridor");
  EXPECT_EQ(named("/volumes/0/outline_corridor/centreline"),
            "/volumes/0/outline_corridor/centreline");
  EXPECT_EQ(named("/volumes/9/outline"), "/volumes/9/outline");
  EXPECT_EQ(named("/volumes"), "/volumes");
  EXPECT_EQ(named("/name"), "/name");
}

airspace::Rules TwoParties() {
  airspace::Rules::Content content;
  content.parties = {
      {base::PartyId::Parse("5b0c7a3e-61d4-4f0e-9a57-2d1f6c1b8e01").value(), "north"},
      {base::PartyId::Parse("c2a4e9d8-0f3b-4c76-8e1a-7b9d5f2a6c02").value(), "south"}};
  return airspace::Rules::Make(content, {}).value();
}

TEST(WriteNotice, SaysWhatAPersonNeeds) {
  const airspace::Rules rules = TwoParties();
  airspace::Notice notice;
  notice.id = base::NoticeId::Parse("0f3b4c76-61d4-4f0e-9a57-2d1f6c1b8e01").value();
  notice.party = rules.content().parties[0].id;
  airspace::NoticeVersion version;
  version.stored_at = base::ParseRfc3339("2026-11-21T08:00:00Z").value();
  version.lead_time_us = 3'600 * base::kMicrosPerSecond;
  version.declaration = ParseDeclaration(kActivity).value();
  notice.versions.push_back(version);
  notice.delivery[rules.content().parties[1].id].r1 =
      airspace::Receipt{version.digest, version.stored_at};
  std::string text;
  json::Writer json(&text);
  WriteNotice(&json, notice, rules);
  const auto document = json::Document::Parse(text);
  ASSERT_TRUE(document.has_value()) << document.error().ToString();
  json::Object root = document->root().AsObject().value();
  json::Object party = root.RequiredObject("party").value();
  EXPECT_EQ(party.RequiredString("name", 64).value(), "north");
  json::Object latest = root.RequiredObject("latest").value();
  EXPECT_EQ(latest.RequiredInt64("lead_time_s", 0, 1'000'000).value(), 3'600);
  // The declaration inside can be declared again as it stands.
  const auto again = DecodeDeclaration(latest.Required("declaration").value());
  EXPECT_TRUE(again.has_value());
  EXPECT_EQ(text.find("original"), std::string::npos);
  const std::string geojson = NoticesGeoJson(std::vector<const airspace::Notice*>{&notice}, rules);
  EXPECT_TRUE(json::Document::Parse(geojson).has_value());
  EXPECT_NE(geojson.find("\"half_width_m\":1852"), std::string::npos);
  EXPECT_NE(geojson.find("\"approximate\":true"), std::string::npos);
}

TEST(ConflictSentence, SaysWhy) {
  airspace::Conflict conflict;
  conflict.verdict = airspace::Verdict::kPossible;
  conflict.separation = {9'260'000, 304'800, 300 * base::kMicrosPerSecond};
  airspace::VolumeConflict pair;
  pair.certain = false;
  pair.uncertainty = airspace::kUncertainTerrain;
  pair.lateral_gap_mm = 4'200'000;
  pair.vertical_gap_min_mm = -700'000;
  pair.vertical_gap_max_mm = 100'000;
  pair.time_gap_us = -3'600'000'000;
  pair.overlap = {base::ParseRfc3339("2026-11-21T10:00:00Z").value(),
                  base::ParseRfc3339("2026-11-21T11:00:00Z").value()};
  pair.first_moment = pair.overlap.start;
  pair.area = {{46'000'000'000, 7'000'000'000}, {46'100'000'000, 7'100'000'000}};
  conflict.pairs.push_back(pair);
  EXPECT_EQ(
      ConflictSentence(conflict),
      "possible: the areas are 4200 m apart (agreed 9260 m), the heights may be as near as "
      "overlapping and at most 100 m apart (agreed 304 m), both at once from "
      "2026-11-21T10:00:00Z to 2026-11-21T11:00:00Z; possible, because the height of the ground "
      "is known within bounds only");
  conflict.pairs[0].time_gap_us = 240 * base::kMicrosPerSecond;
  EXPECT_NE(ConflictSentence(conflict).find("one is 4 min after the other (agreed 5 min)"),
            std::string::npos);
  const airspace::Rules rules = TwoParties();
  std::string text;
  json::Writer json(&text);
  WriteConflict(&json, conflict, {nullptr, nullptr}, rules);
  EXPECT_TRUE(json::Document::Parse(text).has_value());
  const std::string geojson =
      ConflictsGeoJson(std::vector<const airspace::Conflict*>{&conflict}, rules);
  EXPECT_TRUE(json::Document::Parse(geojson).has_value());
}

TEST(Words, AreWhatPeopleRead) {
  EXPECT_EQ(DistanceText(1'500), "1.5 m");
  EXPECT_EQ(DistanceText(320'900), "320 m");
  EXPECT_EQ(DistanceText(12'345'678), "12.3 km");
  EXPECT_EQ(AltitudeText({9'753'600, geo::AltitudeReference::kStd}), "FL320");
  EXPECT_EQ(AltitudeText({0, geo::AltitudeReference::kAgl}), "ground");
  EXPECT_EQ(AltitudeText({457'200, geo::AltitudeReference::kAmsl}), "457.2 m AMSL (1500 ft)");
  EXPECT_EQ(TimeText(base::kTimeOpenEnd), "open");
}

}  // namespace
}  // namespace wideberth::formats
