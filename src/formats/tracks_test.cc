#include "formats/tracks.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"
#include "formats/testing/zones.h"
#include "geo/gap.h"
#include "geo/shape.h"

namespace wideberth::formats {
namespace {

using airspace::Declaration;
using airspace::Volume4D;

base::UtcMicros T(std::string_view text) {
  return base::ParseRfc3339(text).value();
}

struct Prepared {
  const Volume4D* volume;
  geo::Shape shape;
};
std::vector<Prepared> Prepare(const Corridors& corridors) {
  std::vector<Prepared> all;
  for (const Declaration& flight : corridors.flights) {
    for (const Volume4D& volume : flight.volumes) {
      all.push_back({&volume, geo::Shape::Prepare(volume.outline).value()});
    }
  }
  return all;
}

std::optional<int64_t> HeightIn(const TrackPoint& point, geo::AltitudeReference reference) {
  switch (reference) {
    case geo::AltitudeReference::kStd:
      return point.std_mm;
    case geo::AltitudeReference::kW84:
      return point.w84_mm;
    default:
      return point.amsl_mm;
  }
}

// Whether one volume holds the point in area, time and height.
bool Holds(const std::vector<Prepared>& volumes, const TrackPoint& point) {
  for (const Prepared& p : volumes) {
    const Volume4D& v = *p.volume;
    if (point.time < v.window.start || point.time >= v.window.end) continue;
    if (v.band.upper.mm != geo::kUnlimitedUp) {
      const auto height = HeightIn(point, v.band.lower.reference);
      if (height && (*height < v.band.lower.mm || *height > v.band.upper.mm)) continue;
    }
    if (geo::Contains(p.shape, point.position) == geo::Lateral::kConflict) return true;
  }
  return false;
}

// Half way along the shortest path, within millimetres for points a few kilometres apart; also across 180 degrees.
geo::Position Middle(geo::Position a, geo::Position b) {
  constexpr double kDegree = M_PI / 180;
  double x = 0;
  double y = 0;
  double z = 0;
  for (const geo::Position& p : {a, b}) {
    x += std::cos(p.lat_deg() * kDegree) * std::cos(p.lng_deg() * kDegree);
    y += std::cos(p.lat_deg() * kDegree) * std::sin(p.lng_deg() * kDegree);
    z += std::sin(p.lat_deg() * kDegree);
  }
  return geo::MakePosition(std::atan2(z, std::hypot(x, y)) / kDegree, std::atan2(y, x) / kDegree)
      .value();
}

// Every point in the air, and points on the way between two that are near in time.
void ExpectWithin(const Track& track, const Corridors& corridors, const CorridorOptions& options) {
  const std::vector<Prepared> volumes = Prepare(corridors);
  for (size_t i = 0; i < track.points.size(); ++i) {
    const TrackPoint& a = track.points[i];
    if (a.on_ground) continue;
    ASSERT_TRUE(Holds(volumes, a)) << "point " << i;
    if (i + 1 == track.points.size()) continue;
    const TrackPoint& b = track.points[i + 1];
    const bool apart = b.time.us - a.time.us > options.gap_max_us || b.new_leg;
    if (b.on_ground || apart) continue;
    TrackPoint middle;
    middle.time = {(a.time.us + b.time.us) / 2};
    middle.position = Middle(a.position, b.position);
    if (a.std_mm && b.std_mm) middle.std_mm = (*a.std_mm + *b.std_mm) / 2;
    if (a.w84_mm && b.w84_mm) middle.w84_mm = (*a.w84_mm + *b.w84_mm) / 2;
    ASSERT_TRUE(Holds(volumes, middle)) << "after point " << i;
  }
}

TEST(Tracks, ARecordedDayLiesWithinItsCorridors) {
  const auto text = testing::ReadFile("../shared/samples/adsb/readsb_trace_full_ac671b.json");
  if (!text) GTEST_SKIP() << "skipped: ../shared is absent";
  const auto file = ReadReadsbTrace(*text);
  ASSERT_TRUE(file.has_value()) << file.error().ToString();
  ASSERT_EQ(file->tracks.size(), 1u);
  const Track& track = file->tracks[0];
  EXPECT_EQ(track.id, "ac671b");
  EXPECT_EQ(track.points.size(), 2'500u);
  EXPECT_EQ(track.points[0].std_mm, 9'753'600);   // 32,000 ft
  EXPECT_EQ(track.points[0].w84_mm, 10'309'860);  // 33,825 ft
  CorridorOptions options;
  const auto corridors = CorridorsFromTrack(track, options);
  ASSERT_TRUE(corridors.has_value()) << corridors.error().ToString();
  EXPECT_GE(corridors->flights.size(), 2u);
  size_t volumes = 0;
  for (const Declaration& flight : corridors->flights) {
    EXPECT_TRUE(airspace::ValidateDeclaration(flight).has_value());
    volumes += flight.volumes.size();
  }
  EXPECT_LT(volumes, 400u);
  ExpectWithin(track, *corridors, options);
}

TEST(Tracks, RandomFlightsLieWithinTheirCorridors) {
  base::SeededRandom random(9);
  for (int round = 0; round < 40; ++round) {
    Track track;
    // One draw a statement: compilers order the arguments of a call as they like.
    const double lat_deg = -75 + 150 * random.Unit();
    const double lng_deg = -179 + 358 * random.Unit();
    geo::Position at = geo::MakePosition(lat_deg, lng_deg).value();
    double heading = 360 * random.Unit();
    double height_m = 500 + 8'000 * random.Unit();
    base::UtcMicros time = T("2026-11-21T10:00:00Z");
    for (int i = 0; i < 150; ++i) {
      TrackPoint point;
      point.time = time;
      point.position = at;
      if (random.Below(10) != 0) point.std_mm = std::llround(height_m * 1000);
      if (random.Below(10) != 0) point.w84_mm = std::llround(height_m * 1000) + 40'000;
      point.on_ground = random.Below(60) == 0;
      track.points.push_back(point);
      const double step_s =
          1 + 60 * random.Unit() * random.Unit() + (random.Below(70) == 0 ? 2'000 : 0);
      time.us += std::llround(step_s * 1e6);
      heading += 60 * (random.Unit() - 0.5);
      height_m = std::max(0.0, height_m + 20 * step_s * (random.Unit() - 0.5));
      at = geo::GeodesicDestination(at, heading, std::min(20'000.0, 200 * step_s));
    }
    CorridorOptions options;
    options.half_width_mm = random.Between(300'000, 5'000'000);
    const auto corridors = CorridorsFromTrack(track, options);
    ASSERT_TRUE(corridors.has_value()) << corridors.error().ToString();
    ExpectWithin(track, *corridors, options);
  }
}

TEST(Tracks, HoveringIsACircle) {
  Track track;
  for (int i = 0; i < 5; ++i) {
    TrackPoint point;
    point.time = {T("2026-11-21T10:00:00Z").us + i * base::kMicrosPerMinute};
    point.position = geo::MakePosition(46, 7).value();
    track.points.push_back(point);
  }
  const auto corridors = CorridorsFromTrack(track, {});
  ASSERT_TRUE(corridors.has_value());
  ASSERT_EQ(corridors->flights.size(), 1u);
  const Volume4D& volume = corridors->flights[0].volumes[0];
  EXPECT_EQ(volume.outline.kind(), geo::OutlineKind::kCircle);
  EXPECT_EQ(volume.band.upper.mm, geo::kUnlimitedUp);
  EXPECT_EQ(corridors->notes.size(), 1u);
  EXPECT_EQ(base::FormatRfc3339(volume.window.start), "2026-11-21T09:58:00Z");
}

TEST(Tracks, ReadsCsv) {
  const auto file = ReadTrackCsv(
      "\xEF\xBB\xBFtime;id;latitude;lon;alt_baro_ft;alt_w84_m;on_ground;note\r\n"
      "2026-11-21T10:00:05Z;b;46.5;6.6;1000;;0;\"x;y\"\r\n"
      "2026-11-21T11:00:00+01:00;b;46.51;6.61;;350.5;0;\r\n"
      "2026-11-21T10:00:00Z;a;46;7;;;true;\r\n"
      "\r\n"
      "2026-11-21T10:00:00Z;a;;;;;;\r\n",
      {});
  ASSERT_TRUE(file.has_value()) << file.error().ToString();
  ASSERT_EQ(file->tracks.size(), 2u);
  EXPECT_TRUE(file->notes.empty());
  EXPECT_EQ(file->tracks[0].id, "a");
  ASSERT_EQ(file->tracks[0].points.size(), 1u);
  EXPECT_TRUE(file->tracks[0].points[0].on_ground);
  const auto& points = file->tracks[1].points;
  ASSERT_EQ(points.size(), 2u);
  EXPECT_EQ(points[0].w84_mm, 350'500);  // the rows are put in order of time
  EXPECT_FALSE(points[0].std_mm.has_value());
  EXPECT_EQ(points[1].std_mm, 304'800);
}

TEST(Tracks, CsvRefusalsNameTheLine) {
  const auto field = [](std::string_view text) {
    const auto file = ReadTrackCsv(text, {});
    EXPECT_FALSE(file.has_value()) << text;
    return file ? std::string() : file.error().field;
  };
  EXPECT_EQ(field("id,lat,lng\n"), "line 1");
  EXPECT_EQ(field("time,lat,lng,latitude\n"), "line 1");
  EXPECT_EQ(field("time,lat,lng\n2026-11-21T10:00:00Z,46,x\n"), "line 2");
  EXPECT_EQ(field("time,lat,lng\n\n2026-11-21T10:00:00Z,91,7\n"), "line 3");
  EXPECT_EQ(field("time,lat,lng\n2026-11-21T10:00:00,46,7\n"), "line 2");
  EXPECT_EQ(field("time,lat,lng\n10:00:00Z,46,7\n"), "line 2");
  EXPECT_EQ(field("timestamp,lat,lng\n-1,46,7\n"), "line 2");
  EXPECT_FALSE(ReadTrackCsv("", {}).has_value());
}

TEST(Tracks, AssumptionsAreUsedAndNoted) {
  TrackReadOptions options;
  options.assume_date = base::CivilDate{2026, 11, 21};
  options.assume_zone_minutes = 60;
  const auto file = ReadTrackCsv("time,lat,lng\n23:59:59,46,7\n00:00:01,46.01,7\n", options);
  ASSERT_TRUE(file.has_value()) << file.error().ToString();
  ASSERT_EQ(file->tracks[0].points.size(), 2u);
  EXPECT_EQ(base::FormatRfc3339(file->tracks[0].points[0].time), "2026-11-21T22:59:59Z");
  EXPECT_EQ(base::FormatRfc3339(file->tracks[0].points[1].time), "2026-11-21T23:00:01Z");
  EXPECT_EQ(file->notes,
            (std::vector<std::string>{"times without a date were taken to be of the assumed date",
                                      "times without a zone were read in the assumed one"}));
}

TEST(Tracks, ReadsSbsMessages) {
  constexpr char kSbs[] =
      "MSG,1,1,1,4CA1E8,1,2026/11/21,10:00:00.000,2026/11/21,10:00:00.000,ABC123,,,,,,,,,,,0\n"
      "MSG,3,1,1,4CA1E8,1,2026/11/21,10:00:01.500,2026/11/"
      "21,10:00:01.500,,5000,,,46.5,6.6,,,0,0,0,0\n"
      "123456,MSG,3,1,1,4CA1E8,1,2026/11/21,10:00:03.000,2026/11/"
      "21,10:00:03.000,,5025,,,46.51,6.6,,,0,0,0,-1\n";
  EXPECT_FALSE(ReadTrackCsv(kSbs, {}).has_value());  // local time of an unknown zone
  TrackReadOptions options;
  options.assume_zone_minutes = 0;
  const auto file = ReadTrackCsv(kSbs, options);
  ASSERT_TRUE(file.has_value()) << file.error().ToString();
  ASSERT_EQ(file->tracks.size(), 1u);
  ASSERT_EQ(file->tracks[0].points.size(), 2u);
  EXPECT_EQ(file->tracks[0].points[0].std_mm, 1'524'000);
  EXPECT_EQ(base::FormatRfc3339(file->tracks[0].points[0].time), "2026-11-21T10:00:01.500Z");
  EXPECT_TRUE(file->tracks[0].points[1].on_ground);
  EXPECT_EQ(file->notes.size(), 1u);
}

TEST(Tracks, OptionsHaveLimits) {
  CorridorOptions options;
  options.half_width_mm = 99'999;
  EXPECT_EQ(CorridorsFromTrack({}, options).error().field, "half_width");
  options = {};
  options.time_margin_us = 0;
  EXPECT_EQ(CorridorsFromTrack({}, options).error().field, "time_margin");
  EXPECT_TRUE(CorridorsFromTrack({}, {})->flights.empty());
}

}  // namespace
}  // namespace wideberth::formats
