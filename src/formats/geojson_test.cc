#include "formats/geojson.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/random.h"
#include "geo/gap.h"
#include "geo/shape.h"

namespace wideberth::formats {
namespace {

using geo::Outline;
using geo::Position;

Position At(double lat, double lng) {
  return geo::MakePosition(lat, lng).value();
}

std::string Geometry(const Outline& outline) {
  std::string text;
  json::Writer json(&text);
  WriteGeometry(&json, outline);
  return text;
}

// Every ring of a Polygon or MultiPolygon as lists of [lng, lat].
std::vector<std::vector<std::pair<double, double>>> Rings(const std::string& text) {
  const auto document = json::Document::Parse(text).value();
  json::Object object = document.root().AsObject().value();
  const std::string_view type = object.RequiredString("type", 32).value();
  const json::Array top = object.RequiredArray("coordinates", 10'000).value();
  std::vector<json::Value> rings;
  for (const json::Value item : top) {
    if (type == "Polygon") {
      rings.push_back(item);
      continue;
    }
    const json::Array polygon = item.AsArray(10'000).value();
    for (const json::Value ring : polygon) rings.push_back(ring);
  }
  std::vector<std::vector<std::pair<double, double>>> out;
  for (const json::Value ring : rings) {
    out.emplace_back();
    const json::Array points = ring.AsArray(1'000'000).value();
    for (const json::Value point : points) {
      const Position p = ReadPosition(point).value();
      out.back().emplace_back(p.lng_deg(), p.lat_deg());
    }
  }
  return out;
}

double SignedArea(const std::vector<std::pair<double, double>>& ring) {
  double twice = 0;
  for (size_t i = 0; i + 1 < ring.size(); ++i) {
    twice += ring[i].first * ring[i + 1].second - ring[i + 1].first * ring[i].second;
  }
  return twice / 2;
}

TEST(WriteGeometry, ClosesRingsAndRunsThemCounterClockwise) {
  const Outline clockwise =
      Outline::Polygon({At(46, 7), At(46.01, 7), At(46.01, 7.01), At(46, 7.01)}).value();
  const auto rings = Rings(Geometry(clockwise));
  ASSERT_EQ(rings.size(), 1u);
  EXPECT_EQ(rings[0].size(), 5u);
  EXPECT_EQ(rings[0].front(), rings[0].back());
  EXPECT_GT(SignedArea(rings[0]), 0);
}

TEST(WriteGeometry, CutsAtTheAntimeridian) {
  const Outline across =
      Outline::Polygon({At(-1, 179), At(-1, -179), At(1, -179), At(1, 179)}).value();
  const auto rings = Rings(Geometry(across));
  ASSERT_EQ(rings.size(), 2u);
  double area = 0;
  for (const auto& ring : rings) {
    double west = 180, east = -180;
    for (const auto& [lng, lat] : ring) {
      west = std::min(west, lng);
      east = std::max(east, lng);
    }
    EXPECT_NEAR(east - west, 1, 1e-9);
    area += SignedArea(ring);
  }
  EXPECT_NEAR(area, 4, 0.01);
}

TEST(WriteGeometry, ClosesRoundAPole) {
  const Outline cap = Outline::Circle(At(89, 30), 300'000'000).value();
  const auto rings = Rings(Geometry(cap));
  ASSERT_GE(rings.size(), 1u);
  double north = -90, area = 0;
  for (const auto& ring : rings) {
    for (const auto& [lng, lat] : ring) north = std::max(north, lat);
    area += SignedArea(ring);
  }
  EXPECT_EQ(north, 90);
  EXPECT_GT(area,
            360);  // 300 km round a point 111 km from the pole: over a degree of every meridian
}

TEST(WriteGeometry, RingsOfCirclesAndCorridorsStayWithTheOutline) {
  const Outline circle = Outline::Circle(At(46.5, 6.6), 3'000'000).value();
  for (const Position& p : BoundaryRing(circle)) {
    EXPECT_NEAR(geo::GeodesicDistanceM(p, At(46.5, 6.6)), 3000, 0.01);
  }
  const Outline corridor =
      Outline::Corridor({At(46, 6), At(46.2, 6.3), At(46.2, 6.8), At(46, 7)}, 2'000'000).value();
  const geo::Shape shape = geo::Shape::Prepare(corridor).value();
  const Outline narrow =
      Outline::Corridor({At(46, 6), At(46.2, 6.3), At(46.2, 6.8), At(46, 7)}, 1'900'000).value();
  const geo::Shape inner = geo::Shape::Prepare(narrow).value();
  const Outline wide =
      Outline::Corridor({At(46, 6), At(46.2, 6.3), At(46.2, 6.8), At(46, 7)}, 2'100'000).value();
  const geo::Shape outer = geo::Shape::Prepare(wide).value();
  const std::vector<Position> ring = BoundaryRing(corridor);
  EXPECT_GT(ring.size(), 40u);
  for (const Position& p : ring) {
    EXPECT_NE(geo::Contains(inner, p), geo::Lateral::kConflict);
    EXPECT_NE(geo::Contains(outer, p), geo::Lateral::kClear);
  }
}

// A point of the straight map line between two vertices lies within the tolerance of the divided geodesic ring.
TEST(DivideEdges, KeepsWithinATolerance) {
  base::SeededRandom random(7);
  for (int i = 0; i < 200; ++i) {
    const double lat = 20 + 50 * random.Unit();
    const double lng = -180 + 360 * random.Unit();
    const double span = 0.2 + 2 * random.Unit();
    const auto wrap = [](double d) { return std::remainder(d, 360.0); };
    const std::vector<Position> square = {At(lat, wrap(lng)), At(lat, wrap(lng + span)),
                                          At(lat + 0.5, wrap(lng + span)),
                                          At(lat + 0.5, wrap(lng))};
    const std::vector<Position> divided = DivideEdgesFromPlanar(square);
    // The southern edge as a corridor, as wide as the tolerance allows.
    std::vector<Position> south;
    for (const Position& p : divided) {
      south.push_back(p);
      if (p == square[1]) break;
    }
    ASSERT_EQ(south.back(), square[1]);
    const geo::Shape band = geo::Shape::Prepare(Outline::Corridor(south, 1'100).value()).value();
    for (int k = 0; k <= 50; ++k) {
      ASSERT_NE(geo::Contains(band, At(lat, wrap(lng + span * k / 50))), geo::Lateral::kClear)
          << "lat " << lat << " span " << span << " vertices " << south.size();
    }
  }
}

TEST(DivideEdges, LeavesShortEdgesAlone) {
  const std::vector<Position> square = {At(47, 7), At(47, 7.05), At(47.05, 7.05), At(47.05, 7)};
  EXPECT_EQ(DivideEdgesFromPlanar(square), square);
  EXPECT_EQ(DivideEdgesToPlanar(square), square);
}

base::Result<Outline> Read(const char* text, std::vector<std::string>* notes) {
  const auto document = json::Document::Parse(text).value();
  return ReadPolygonRings(document.root(), notes);
}

TEST(ReadPolygonRings, ForgivesWhatFilesDo) {
  std::vector<std::string> notes;
  const auto outline = Read(
      "[[[6.0,46.0],[6.0,46.0],[6.01,46.0,300],[6.01,46.01]],[[6.005,46.001],[6.006,46.001],[6.006,"
      "46.002]]"
      "]",
      &notes);
  ASSERT_TRUE(outline.has_value());
  EXPECT_EQ(outline->vertices().size(), 3u);
  EXPECT_EQ(notes.size(), 3u);  // repeated, not closed, hole filled
}

TEST(ReadPolygonRings, RefusesWithThePlace) {
  std::vector<std::string> notes;
  EXPECT_EQ(Read("[]", &notes).error().rule, "must have a ring");
  EXPECT_EQ(Read("[[[6,46],[6,46],[6.1,46],[6,46]]]", &notes).error().field, "/0");
  EXPECT_EQ(Read("[[[6,46],[6.1,91],[6.1,46.1]]]", &notes).error().field, "/0/1/1");
  EXPECT_EQ(Read("[[[6],[6.1,46],[6.1,46.1]]]", &notes).error().field, "/0/0");
}

}  // namespace
}  // namespace wideberth::formats
