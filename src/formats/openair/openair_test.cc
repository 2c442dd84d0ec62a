#include "formats/openair/openair.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"
#include "formats/openair/arc.h"
#include "formats/testing/zones.h"
#include "geo/gap.h"
#include "geo/shape.h"

namespace wideberth::formats::openair {
namespace {

using airspace::Declaration;
using airspace::Restriction;
using formats::testing::At;
using formats::testing::Declarations;
using formats::testing::Describe;

const ZoneImportOptions& Options() {
  static const ZoneImportOptions options = At("2023-12-16T00:00:00Z");
  return options;
}

ZoneFile Read(std::string_view text) {
  auto file = Import(text, Options());
  EXPECT_TRUE(file.has_value());
  return std::move(file).value();
}

constexpr char kDialects[] =
    "*VERSION: 2.1\r\n"
    "* comment\r\n"
    "AC D\r\n"
    "AY CTR\r\n"
    "AN CTR M\xFCnchen\r\n"
    "AF 123.300\r\n"
    "AG Nordholz Radar\r\n"
    "AX 7000\r\n"
    "AH FL145\r\n"
    "AL 1000ft AGL\r\n"
    "DP 53:47:06N 008:21:41E\r\n"
    "DP 53:50:58.5 N, 008:55:25 E * trailing\r\n"
    "DP 53:45.133N 008:57.350E\r\n"
    "DP 53:41:10N 008:23:38E\r\n"
    "DP 53:47:06N 008:21:41E\r\n"
    "\r\n"
    "ac r\r\n"
    "an Circle\r\n"
    "al SFC\r\n"
    "ah unl\r\n"
    "v x=50:35:36N 007:56:42E\r\n"
    "dc 2.00\r\n"
    "AC Q\r\n"
    "AN Old dialect\r\n"
    "AL 1500 MSL\r\n"
    "AH 3000m\r\n"
    "AT 50:00:00N 007:00:00E\r\n"
    "TO 1\r\n"
    "XX what\r\n"
    "V X=50:00:00N 007:00:00E\r\n"
    "V D=-\r\n"
    "DA 5, 90, 0\r\n"
    "DP 50:00:00N 007:00:00E\r\n";

TEST(OpenAir, ReadsTheDialects) {
  const ZoneFile file = Read(kDialects);
  ASSERT_TRUE(file.refused.empty()) << file.refused[0].ToString();
  ASSERT_EQ(file.zones.size(), 3u);
  const Declaration& ctr = file.zones[0].declarations[0];
  EXPECT_EQ(ctr.name, "CTR M\xC3\xBCnchen");
  EXPECT_EQ(ctr.frequency, "123.300");
  EXPECT_EQ(ctr.role_to_call, "Nordholz Radar");
  EXPECT_EQ(ctr.restriction, Restriction::kConditional);
  EXPECT_EQ(ctr.volumes[0].band.lower, (geo::Altitude{304'800, geo::AltitudeReference::kAgl}));
  EXPECT_EQ(ctr.volumes[0].band.upper, (geo::Altitude{4'419'600, geo::AltitudeReference::kStd}));
  ASSERT_EQ(ctr.volumes[0].outline.vertices().size(), 4u);
  EXPECT_NEAR(ctr.volumes[0].outline.vertices()[1].lat_deg(), 53 + 50 / 60.0 + 58.5 / 3600, 1e-9);
  EXPECT_NEAR(ctr.volumes[0].outline.vertices()[2].lng_deg(), 8 + 57.350 / 60, 1e-9);

  const Declaration& circle = file.zones[1].declarations[0];
  EXPECT_EQ(circle.restriction, Restriction::kReqAuthorisation);
  EXPECT_EQ(circle.volumes[0].outline.kind(), geo::OutlineKind::kCircle);
  EXPECT_EQ(circle.volumes[0].outline.buffer_mm(), 3'704'000);
  EXPECT_EQ(circle.volumes[0].band.lower, (geo::Altitude{0, geo::AltitudeReference::kAgl}));
  EXPECT_EQ(circle.volumes[0].band.upper.mm, geo::kUnlimitedUp);

  const Declaration& old = file.zones[2].declarations[0];
  EXPECT_EQ(old.volumes[0].band.lower, (geo::Altitude{457'200, geo::AltitudeReference::kAmsl}));
  EXPECT_EQ(old.volumes[0].band.upper, (geo::Altitude{3'000'000, geo::AltitudeReference::kAmsl}));
  ASSERT_EQ(file.zones[2].notes.size(), 1u);
  EXPECT_EQ(file.zones[2].notes[0], "line 29: the command XX is passed over");
}

TEST(OpenAir, ReadsActivation) {
  const std::string zone =
      "AC UNC\nAY R\nAN X\nAH 1000ft AMSL\nAL GND\nV X=50:00:00N 7:00:00E\nDC 1\n";
  const auto windows = [&](std::string lines) {
    const ZoneFile file = Read(zone + lines);
    EXPECT_TRUE(file.refused.empty());
    std::vector<std::string> out;
    if (file.zones[0].declarations.empty()) return out;
    for (const airspace::Volume4D& volume : file.zones[0].declarations[0].volumes) {
      out.push_back(base::FormatRfc3339(volume.window.start) + " " +
                    base::FormatRfc3339(volume.window.end));
    }
    return out;
  };
  using Strings = std::vector<std::string>;
  EXPECT_EQ(windows(""), Strings{"-inf +inf"});
  EXPECT_EQ(windows("AA NONE\n"), Strings{});
  EXPECT_EQ(windows("AA 2023-12-16T12:00Z/2023-12-16T13:00Z ; once\n"),
            Strings{"2023-12-16T12:00:00Z 2023-12-16T13:00:00Z"});
  EXPECT_EQ(windows("AA 2024-12-17T00:00Z/2024-12-17T24:00Z\n"),
            Strings{"2024-12-17T00:00:00Z 2024-12-18T00:00:00Z"});
  EXPECT_EQ(windows("AA 2024-12-17T00:00Z/NONE\n"), Strings{"2024-12-17T00:00:00Z +inf"});
  EXPECT_EQ(windows("AA NONE/2024-12-18T00:00Z\n"), Strings{"-inf 2024-12-18T00:00:00Z"});
}

TEST(OpenAir, RefusalsNameTheLine) {
  const ZoneFile file = Read(
      "AC R\nAN a\nDP 50:00:00N 7:00:00E\nDP 95:00:00N 7:00:00E\n"
      "AC R\nAN b\nDC 2\n"
      "AC R\nAN c\nAL GND\nAH UNL\n"
      "AC R\nV X=50:00:00N 7:00:00E\nDB 50:00:00N 7:00:00E, 50:10:00N 7:00:00E\n"
      "AC R\nAA yesterday\n"
      "AC R\nV X=50:00:00N 7:00:00E\nDC -1\n");
  EXPECT_TRUE(file.zones.empty());
  ASSERT_EQ(file.refused.size(), 6u);
  // Whether the centre was set before belongs to the file, so zone b has the one that zone a lacks.
  EXPECT_EQ(file.refused[0].field, "line 4");
  EXPECT_EQ(file.refused[1].field, "line 7");
  EXPECT_EQ(file.refused[2].field, "line 8");
  EXPECT_EQ(file.refused[3].field, "line 14");
  EXPECT_EQ(file.refused[4].field, "line 16");
  EXPECT_EQ(file.refused[5].field, "line 19");
}

TEST(OpenAir, WritesStrictlyAndReadsBackEqual) {
  const ZoneFile file = Read(kDialects);
  const auto text = Export(Declarations(file), {});
  ASSERT_TRUE(text.has_value()) << text.error().ToString();
  EXPECT_TRUE(text->starts_with("*VERSION: 2.1\n*WRITTEN_BY: Wideberth\n"));
  EXPECT_NE(
      text->find("AC D\nAY CTR\nAN CTR M\xC3\xBCnchen\nAF 123.300\nAG Nordholz Radar\nAX 7000\n"
                 "AH FL145\nAL 1000ft AGL\n"),
      std::string::npos)
      << *text;
  EXPECT_NE(
      text->find("AC UNC\nAY R\nAN Circle\nAH UNL\nAL GND\nV X=50:35.600N 007:56.700E\nDC 2\n"),
      std::string::npos)
      << *text;
  const ZoneFile again = Read(*text);
  EXPECT_TRUE(again.refused.empty());
  EXPECT_EQ(Describe(again), Describe(file));
  for (const ImportedZone& zone : again.zones) EXPECT_TRUE(zone.notes.empty());
}

TEST(OpenAir, PositionsAndRadiiAreExact) {
  base::SeededRandom random(3);
  for (int i = 0; i < 500; ++i) {
    const geo::Position centre{random.Between(-89'000'000'000, 89'000'000'000),
                               random.Between(-179'000'000'000, 179'000'000'000)};
    const Declaration zone = formats::testing::DrawnZone(
        geo::Outline::Circle(centre, random.Between(1'000, 500'000'000)).value(),
        {{random.Between(-400'000, 1'000'000), geo::AltitudeReference::kAmsl},
         {random.Between(1'000'001, 20'000'000), geo::AltitudeReference::kStd}},
        {base::kTimeOpenStart, base::kTimeOpenEnd});
    const auto text = Export(std::vector{&zone}, {});
    ASSERT_TRUE(text.has_value());
    const ZoneFile file = Read(*text);
    ASSERT_EQ(file.zones.size(), 1u);
    ASSERT_EQ(Describe(file.zones[0].declarations[0]), Describe(zone)) << *text;
  }
}

// An arc that bulges outwards lies inside the polygon, and the polygon nowhere more than the error outside the circle.
TEST(OpenAirArc, ConvexArcsLieInsideWithinAMetre) {
  base::SeededRandom random(5);
  for (int i = 0; i < 40; ++i) {
    const geo::Position centre =
        geo::MakePosition(-70 + 140 * random.Unit(), -179 + 358 * random.Unit()).value();
    const double radius_m = 200 + 80'000 * random.Unit();
    const double start_deg = 360 * random.Unit();
    const double sweep_deg = 20 + 300 * random.Unit();
    const bool clockwise = random.Below(2) == 0;
    const double end_deg = clockwise ? start_deg + sweep_deg : start_deg - sweep_deg;
    const Arc arc = ArcFromBearings(centre, radius_m, start_deg, end_deg, clockwise);
    // A sector: the arc and its centre. Beyond 180 degrees the centre is a concave corner; the arc stays convex.
    const auto ring = BoundaryVertices({BoundaryItem(arc), BoundaryItem(centre)}, kArcErrorM);
    const geo::Shape shape = geo::Shape::Prepare(geo::Outline::Polygon(ring).value()).value();
    for (int k = 1; k < 100; ++k) {
      const double turned = sweep_deg * k / 100;
      const geo::Position on_arc = geo::GeodesicDestination(
          centre, clockwise ? start_deg + turned : start_deg - turned, radius_m);
      ASSERT_NE(geo::Contains(shape, on_arc), geo::Lateral::kClear)
          << "radius " << radius_m << " sweep " << sweep_deg;
    }
    for (const geo::Position& p : ring) {
      ASSERT_LE(geo::GeodesicDistanceM(centre, p), radius_m + kArcErrorM);
    }
  }
}

// Where the arc cuts into the zone, the zone's own points just outside the circle stay in.
TEST(OpenAirArc, ConcaveArcsLeaveNothingOut) {
  const geo::Position centre = geo::MakePosition(47, 7).value();
  const double radius_m = 10'000;
  const auto at = [&](double bearing, double m) {
    return geo::GeodesicDestination(centre, bearing, m);
  };
  // A block north of the circle whose southern side is the northern arc of the circle.
  const Arc bite = ArcFromPoints(centre, at(45, radius_m), at(-45, radius_m), false);
  const auto ring = BoundaryVertices(
      {BoundaryItem(at(-45, 40'000)), BoundaryItem(at(45, 40'000)), BoundaryItem(bite)},
      kArcErrorM);
  const geo::Shape shape = geo::Shape::Prepare(geo::Outline::Polygon(ring).value()).value();
  for (double bearing = -44; bearing <= 44; bearing += 0.37) {
    ASSERT_NE(geo::Contains(shape, at(bearing, radius_m)), geo::Lateral::kClear) << bearing;
    ASSERT_EQ(geo::Contains(shape, at(bearing, radius_m - kArcErrorM)), geo::Lateral::kClear)
        << bearing;
  }
}

TEST(OpenAir, AirwaysAreCorridorsAndComeBack) {
  const ZoneFile file = Read(
      "AC UNC\nAY AWY\nAN A1\nAH FL200\nAL FL100\nV W=10\nDY 47:00:00N 7:00:00E\n"
      "DY 47:30:00N 8:00:00E\n");
  ASSERT_EQ(file.zones.size(), 1u) << file.refused[0].ToString();
  EXPECT_EQ(file.zones[0].declarations[0].volumes[0].outline.buffer_mm(), 9'260'000);
  const auto text = Export(Declarations(file), {});
  ASSERT_TRUE(text.has_value());
  EXPECT_EQ(Describe(Read(*text)), Describe(file));
}

TEST(OpenAir, RefusesToWriteWhatEndsAtTheGround) {
  const ZoneFile file = Read(
      "AC R\nAN Deep\nAL whatever\nAH GND\nV X=47:00:00N 007:00:00E\nDC 1\n"
      "AC R\nAN Deeper\nAL whatever\nAH -10m AGL\nV X=47:00:00N 007:00:00E\nDC 1\n");
  ASSERT_EQ(Declarations(file).size(), 2u);
  for (const airspace::Declaration* zone : Declarations(file)) {
    const auto text = Export(std::vector{zone}, {});
    ASSERT_FALSE(text.has_value()) << *text;
    EXPECT_EQ(text.error().rule, "OpenAir has no heights below the ground");
  }
}

TEST(OpenAir, RefusesHeightsOverTheEllipsoid) {
  const Declaration zone = formats::testing::DrawnZone(
      geo::Outline::Circle(geo::MakePosition(46, 7).value(), 1'000'000).value(),
      {{0, geo::AltitudeReference::kW84}, {100'000, geo::AltitudeReference::kW84}},
      {base::kTimeOpenStart, base::kTimeOpenEnd});
  const auto text = Export(std::vector{&zone}, {});
  ASSERT_FALSE(text.has_value());
  EXPECT_EQ(text.error().field, "/0");
}

}  // namespace
}  // namespace wideberth::formats::openair
