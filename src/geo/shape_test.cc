#include "geo/shape.h"

#include <gtest/gtest.h>

#include <GeographicLib/Geodesic.hpp>
#include <GeographicLib/GeodesicLine.hpp>
#include <GeographicLib/Gnomonic.hpp>
#include <algorithm>
#include <cmath>

#include "base/limits.h"
#include "geo/nearest.h"
#include "geo/shape_data.h"
#include "geo/testing/scenes.h"

namespace wideberth::geo {
namespace {

using testing::SeededRandom;
using testing::Uniform;

Position At(double lat_deg, double lng_deg) {
  return *MakePosition(lat_deg, lng_deg);
}

base::Result<Shape> PrepareRing(std::vector<Position> ring) {
  auto outline = Outline::Polygon(std::move(ring));
  if (!outline) return base::Fail(outline.error());
  return Shape::Prepare(*outline);
}

// A ring given in metres east and north of a place.
base::Result<Shape> PrepareLocal(Position origin,
                                 const std::vector<std::pair<double, double>>& en) {
  std::vector<Position> ring;
  for (const auto& [east, north] : en) {
    ring.push_back(
        GeodesicDestination(origin, std::atan2(east, north) * 180 / M_PI, std::hypot(east, north)));
  }
  return PrepareRing(std::move(ring));
}

void ExpectTouch(const base::Result<Shape>& shape, std::string_view found_begins) {
  ASSERT_FALSE(shape.has_value());
  EXPECT_EQ(shape.error().code, base::ErrorCode::kInvalid);
  EXPECT_EQ(shape.error().rule, "the ring must not cross or touch itself");
  EXPECT_EQ(shape.error().found.substr(0, found_begins.size()), found_begins);
}

const Position kOrigin{47'000'000'000, 8'000'000'000};

TEST(Shape, RefusesRingsThatCrossThemselves) {
  ExpectTouch(PrepareLocal(kOrigin, {{0, 0}, {100, 100}, {100, 0}, {0, 100}}),
              "edge 0-1 meets edge 2-3 near 47.0004");
  // The same over hundreds of km, where the edges are split.
  ExpectTouch(PrepareLocal(kOrigin, {{0, 0}, {3e5, 3e5}, {3e5, 0}, {0, 3e5}}),
              "edge 0-1 meets edge 2-3");
  // Across the antimeridian and round a pole.
  ExpectTouch(PrepareLocal(At(0, 180), {{-50, -50}, {50, 50}, {50, -50}, {-50, 50}}),
              "edge 0-1 meets edge 2-3");
  ExpectTouch(PrepareLocal(At(90, 0), {{-5e4, -5e4}, {5e4, 5e4}, {5e4, -5e4}, {-5e4, 5e4}}),
              "edge 0-1 meets edge 2-3");
}

TEST(Shape, RefusesRingsThatTouchThemselves) {
  // A vertex used twice.
  ExpectTouch(PrepareLocal(kOrigin, {{0, 0}, {100, 0}, {50, 50}, {100, 100}, {0, 100}, {50, 50}}),
              "edge");
  // A vertex on an edge, as near as a vertex can be written down.
  ExpectTouch(PrepareLocal(kOrigin, {{0, 0}, {100, 0}, {100, 100}, {50, 0}, {0, 100}}),
              "edge 0-1 meets edge");
  // Edges that run along each other.
  ExpectTouch(PrepareLocal(kOrigin, {{0, 0}, {100, 0}, {100, 50}, {60, 0}, {40, 0}, {0, 50}}),
              "edge");
}

TEST(Shape, RefusesSpikesAndRingsWithoutArea) {
  ExpectTouch(PrepareLocal(kOrigin, {{0, 0}, {100, 0}, {200, 0}, {100, 0}, {50, 80}}), "edge");
  ExpectTouch(PrepareLocal(kOrigin, {{0, 0}, {50, 0}, {100, 0}}), "edge");
  ExpectTouch(PrepareLocal(At(0, 0), {{0, 0}, {50'000, 0}, {100'000, 0}, {70'000, 0}}), "edge");
  EXPECT_TRUE(PrepareLocal(kOrigin, {{0, 0}, {50, 0.05}, {100, 0}}).has_value());
}

TEST(Shape, TakesRingsThatComeCloseToThemselves) {
  // A slot 5 mm wide.
  EXPECT_TRUE(PrepareLocal(kOrigin, {{0, 0},
                                     {100, 0},
                                     {100, 100},
                                     {50.0025, 100},
                                     {50.0025, 10},
                                     {49.9975, 10},
                                     {49.9975, 100},
                                     {0, 100}})
                  .has_value());
}

TEST(Shape, RefusesWhatDoesNotFitInItsCap) {
  std::vector<Position> round;
  for (int lng = -180; lng < 180; lng += 30) round.push_back(At(10, lng));
  const auto belt = PrepareRing(round);
  ASSERT_FALSE(belt.has_value());
  EXPECT_EQ(belt.error().code, base::ErrorCode::kTooLarge);
  // 4,900 km round a pole fits, wherever the box around its vertices has its middle.
  for (const size_t vertices : {size_t{3}, size_t{4}, size_t{7}}) {
    std::vector<Position> ring;
    for (size_t i = 0; i < vertices; ++i) {
      ring.push_back(GeodesicDestination(
          At(90, 0), 360.0 * static_cast<double>(i) / static_cast<double>(vertices) + 10,
          4'900'000));
    }
    const auto shape = PrepareRing(ring);
    ASSERT_TRUE(shape.has_value()) << shape.error().ToString();
    EXPECT_LE(shape->cap_radius_m(), static_cast<double>(limits::kOutlineCapRadiusMaxM) + 1);
  }
}

TEST(Shape, RefusesEndlessLengthsOfEdge) {
  std::vector<Position> zigzag;
  for (int i = 0; i < 200; ++i) zigzag.push_back(At(i % 2 == 0 ? -35 : 35, 0.01 * i));
  const auto outline = Outline::Corridor(zigzag, 1'000);
  ASSERT_TRUE(outline.has_value());
  const auto shape = Shape::Prepare(*outline);
  ASSERT_FALSE(shape.has_value());
  EXPECT_EQ(shape.error().code, base::ErrorCode::kTooLarge);
  EXPECT_EQ(shape.error().field, "/vertices");
}

// A comb whose 10,000 needles all lie across each other's boxes is the most work a ring can make.
TEST(Shape, ChecksTenThousandVertices) {
  SeededRandom random(5);
  const auto ring = testing::RandomRing(random, kOrigin, 4'000, 10'000);
  EXPECT_TRUE(PrepareRing(ring).has_value());
  std::vector<Position> crossed = ring;
  std::swap(crossed[4'000], crossed[9'000]);
  EXPECT_FALSE(PrepareRing(crossed).has_value());
}

// Gnomonic projection turns the geodesics near its centre into straight lines; there every pair of edges is tried.
enum class Simple { kYes, kNo, kHardToTell };
Simple IsSimple(const std::vector<Position>& ring, Position centre) {
  const GeographicLib::Gnomonic gnomonic(GeographicLib::Geodesic::WGS84());
  std::vector<std::pair<double, double>> flat;
  for (const Position p : ring) {
    double x = 0, y = 0;
    gnomonic.Forward(centre.lat_deg(), centre.lng_deg(), p.lat_deg(), p.lng_deg(), x, y);
    flat.emplace_back(x, y);
  }
  // Distance of r from the line through p and q, with the side as its sign.
  const auto offset = [&](size_t p, size_t q, size_t r) {
    const double dx = flat[q].first - flat[p].first, dy = flat[q].second - flat[p].second;
    const double wx = flat[r].first - flat[p].first, wy = flat[r].second - flat[p].second;
    return (dx * wy - dy * wx) / std::hypot(dx, dy);
  };
  const size_t n = ring.size();
  Simple result = Simple::kYes;
  for (size_t i = 0; i < n; ++i) {
    for (size_t k = i + 2; k < n; ++k) {
      const size_t i2 = i + 1, k2 = (k + 1) % n;
      if (k2 == i) continue;
      const double k_from = offset(i, i2, k), k_to = offset(i, i2, k2);
      const double i_from = offset(k, k2, i), i_to = offset(k, k2, i2);
      const double least =
          std::min({std::abs(k_from), std::abs(k_to), std::abs(i_from), std::abs(i_to)});
      if (least < 0.05) return Simple::kHardToTell;
      if (k_from * k_to < 0 && i_from * i_to < 0) result = Simple::kNo;
    }
  }
  return result;
}

TEST(Shape, TellsSimpleRingsFromTangledOnes) {
  SeededRandom random(6);
  int simple = 0, tangled = 0;
  for (int i = 0; i < 5'000; ++i) {
    const Position centre = testing::RandomPlace(random);
    const double radius_m = testing::LogUniform(random, 10, 20'000);
    std::vector<Position> ring;
    if (random.Below(4) == 0) {  // one tangle among many edges
      ring = testing::RandomRing(random, centre, radius_m, 20 + random.Below(60));
      const size_t at = random.Below(ring.size() - 3);
      std::swap(ring[at], ring[at + 1 + random.Below(2)]);
    } else {
      for (size_t n = 4 + random.Below(3); n > 0; --n) {
        ring.push_back(GeodesicDestination(centre, Uniform(random, 0, 360),
                                           radius_m * Uniform(random, 0.1, 1)));
      }
    }
    const Simple expected = IsSimple(ring, centre);
    if (expected == Simple::kHardToTell) continue;
    EXPECT_EQ(PrepareRing(ring).has_value(), expected == Simple::kYes) << i;
    (expected == Simple::kYes ? simple : tangled) += 1;
  }
  EXPECT_GT(simple, 1'000);
  EXPECT_GT(tangled, 1'000);
}

// The pieces of an edge against the geodesic, point by point.
TEST(Shape, PiecesFollowTheGeodesic) {
  SeededRandom random(7);
  double worst_m = 0;
  for (int i = 0; i < 500; ++i) {
    const Position from = testing::RandomPlace(random);
    const Position to =
        GeodesicDestination(from, Uniform(random, 0, 360), testing::LogUniform(random, 100, 5e6));
    const auto outline = Outline::Corridor({from, to}, 1);
    ASSERT_TRUE(outline.has_value());
    const auto shape = Shape::Prepare(*outline);
    ASSERT_TRUE(shape.has_value());
    const auto line = GeographicLib::Geodesic::WGS84().InverseLine(from.lat_deg(), from.lng_deg(),
                                                                   to.lat_deg(), to.lng_deg());
    for (int k = 0; k <= 40; ++k) {
      double lat = 0, lng = 0;
      line.Position(line.Distance() * k / 40, lat, lng);
      const Piece probe = MakePointPiece(ToEcef(lat, lng), 0);
      const NearestPair nearest =
          FindNearest(shape->data().skeleton, PointSkeleton(probe), {.chord_max_m = 1});
      ASSERT_TRUE(nearest.found);
      worst_m = std::max(worst_m, nearest.chord_m);
    }
    for (const Piece& piece : shape->data().pieces) {
      EXPECT_LE(Norm(piece.d), static_cast<double>(limits::kEdgeLengthMaxM));
    }
  }
  EXPECT_LT(worst_m, 0.3e-6);
}

TEST(Shape, CapContainsTheOutline) {
  SeededRandom random(8);
  for (int i = 0; i < 2'000; ++i) {
    const auto kind = static_cast<OutlineKind>(random.Below(3));
    const Outline outline =
        testing::RandomOutline(random, kind, testing::RandomPlace(random),
                               testing::LogUniform(random, 5, 3e6), 3 + random.Below(10));
    const auto shape = Shape::Prepare(outline);
    ASSERT_TRUE(shape.has_value()) << shape.error().ToString();
    double farthest_m = 0;
    for (const Position p : outline.vertices()) {
      farthest_m = std::max(farthest_m, GeodesicDistanceM(shape->cap_centre(), p));
    }
    farthest_m += static_cast<double>(outline.buffer_mm()) * 1e-3;
    EXPECT_GE(shape->cap_radius_m(), farthest_m);
    EXPECT_LE(shape->cap_radius_m(), farthest_m * 1.001 + 1.0);
  }
}

TEST(Shape, AreaIsThatEnclosed) {
  // A degree square at the equator: 12,308.8 km2 (GeographicLib Planimeter).
  const auto square = PrepareRing({At(0, 0), At(0, 1), At(1, 1), At(1, 0)});
  ASSERT_TRUE(square.has_value());
  EXPECT_NEAR(square->ApproximateAreaM2(), 12'308'778'361.469, 1e3);
  const auto reversed = PrepareRing({At(1, 0), At(1, 1), At(0, 1), At(0, 0)});
  EXPECT_NEAR(reversed->ApproximateAreaM2(), square->ApproximateAreaM2(), 1);
  // A circle against a ring of many vertices, small, large and at a pole.
  for (const double radius_m : {100.0, 50'000.0, 1'500'000.0}) {
    for (const Position centre : {At(0, 0), At(50, 179.9), At(90, 0)}) {
      const auto circle = Shape::Prepare(*Outline::Circle(centre, std::llround(radius_m * 1000)));
      std::vector<Position> ring;
      for (int i = 0; i < 720; ++i) {
        ring.push_back(GeodesicDestination(centre, 0.5 * i, radius_m));
      }
      const auto polygon = PrepareRing(ring);
      ASSERT_TRUE(circle.has_value() && polygon.has_value());
      EXPECT_NEAR(circle->ApproximateAreaM2() / polygon->ApproximateAreaM2(), 1, 1e-3);
    }
  }
  const auto corridor = Shape::Prepare(*Outline::Corridor({At(10, 0), At(10, 1)}, 500'000));
  const double length_m = GeodesicDistanceM(At(10, 0), At(10, 1));
  EXPECT_NEAR(corridor->ApproximateAreaM2(), 1'000 * length_m + M_PI * 500 * 500, 1e5);
}

TEST(Shape, CanBeMoved) {
  auto shape = PrepareRing({At(0, 0), At(0, 1), At(1, 1)});
  ASSERT_TRUE(shape.has_value());
  const double area_m2 = shape->ApproximateAreaM2();
  Shape moved = *std::move(shape);
  EXPECT_EQ(moved.ApproximateAreaM2(), area_m2);
}

}  // namespace
}  // namespace wideberth::geo
