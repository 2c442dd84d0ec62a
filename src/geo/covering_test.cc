#include "geo/covering.h"

#include <gtest/gtest.h>
#include <s2/mutable_s2shape_index.h>
#include <s2/s2cell.h>
#include <s2/s2closest_edge_query.h>
#include <s2/s2lax_polyline_shape.h>
#include <s2/s2loop.h>
#include <s2/s2metrics.h>
#include <s2/s2point_vector_shape.h>
#include <s2/s2region_coverer.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include "base/limits.h"
#include "base/random.h"
#include "geo/ecef.h"
#include "geo/shape_data.h"

namespace wideberth::geo {
namespace {

using base::SeededRandom;

Position At(double lat_deg, double lng_deg) {
  return MakePosition(lat_deg, std::remainder(lng_deg, 360)).value();
}

// Anywhere, with the places where coverings go wrong as likely as all others together.
Position RandomPlace(SeededRandom* random) {
  const double jitter = 0.02 * (random->Unit() - 0.5);
  switch (random->Below(8)) {
    case 0:
      return At(random->Below(2) == 0 ? 89.999 : -89.99, -180 + 360 * random->Unit());
    case 1:
      return At(-80 + 160 * random->Unit(), 179.99 + 0.5 * jitter);
    case 2:  // an edge of the cube
      return At(-30 + 60 * random->Unit(),
                45 + 90.0 * static_cast<double>(random->Below(3)) + jitter);
    case 3:  // a corner of the cube
      return At(35.2644 + jitter, -135 + 90.0 * static_cast<double>(random->Below(4)) + jitter);
    default:
      return At(std::asin(2 * random->Unit() - 1) * 180 / M_PI, -180 + 360 * random->Unit());
  }
}

Shape RandomShape(SeededRandom* random, double size_m) {
  const Position middle = RandomPlace(random);
  const auto point = [&](double azimuth, double distance_m) {
    return GeodesicDestination(middle, azimuth, distance_m);
  };
  switch (random->Below(3)) {
    case 0:
      return Shape::Prepare(Outline::Circle(middle, static_cast<int64_t>(size_m * 1000)).value())
          .value();
    case 1: {  // a star around the middle
      std::vector<Position> ring;
      const uint64_t corners = 3 + random->Below(10);
      for (uint64_t k = 0; k < corners; ++k) {
        const double turn =
            (static_cast<double>(k) + 0.8 * random->Unit()) / static_cast<double>(corners);
        ring.push_back(point(360 * turn, size_m * (0.2 + 0.8 * random->Unit())));
      }
      auto shape = Shape::Prepare(Outline::Polygon(ring).value());
      if (shape) return std::move(*shape);
      return RandomShape(random, size_m);
    }
    default: {
      std::vector<Position> line;
      const uint64_t corners = 2 + random->Below(4);
      for (uint64_t k = 0; k < corners; ++k) {
        line.push_back(point(360 * random->Unit(), size_m * random->Unit()));
      }
      const auto half_width_mm = static_cast<int64_t>(1 + 300 * size_m * random->Unit());
      return Shape::Prepare(Outline::Corridor(line, half_width_mm).value()).value();
    }
  }
}

// Cells of about 1/16 of the outline's size up to its whole size.
int RandomLevel(SeededRandom* random, double size_m) {
  const int level = S2::kAvgEdge.GetClosestLevel(size_m / 6.371e6);
  return std::clamp(level + static_cast<int>(random->Between(-1, 4)), 0, kCellLevelMax);
}

bool Has(const std::vector<CellId>& cells, CellId cell) {
  return std::binary_search(cells.begin(), cells.end(), cell);
}

constexpr size_t kMany = 1'000'000;

TEST(Covering, HasTheCellOfEveryPointOfTheGrownOutline) {
  SeededRandom random(21);
  int64_t points = 0;
  for (int round = 0; round < 2'500; ++round) {
    const double size_m = std::pow(10.0, 1 + 5.2 * random.Unit());
    const Shape shape = RandomShape(&random, size_m);
    const double inflate_m = random.Below(3) == 0 ? 0 : size_m * random.Unit();
    const int level = RandomLevel(&random, size_m + inflate_m);
    const Covering covering = Cover(shape, inflate_m, level, kMany).value();
    ASSERT_TRUE(std::is_sorted(covering.cells.begin(), covering.cells.end()));
    const auto check = [&](const Vec3& at, double reach_m) {
      const Position p = FromEcef(at);
      for (int k = 0; k < 4; ++k) {
        const double distance_m = k == 0 ? 0 : reach_m * (k == 1 ? 1 : random.Unit());
        const Position q = GeodesicDestination(p, 360 * random.Unit(), distance_m);
        ++points;
        ASSERT_TRUE(Has(covering.cells, CellAt(q, level)))
            << "round " << round << " level " << level << " at " << q.lat_deg() << " "
            << q.lng_deg();
      }
    };
    const ShapeData& data = shape.data();
    const double reach_m = (data.buffer_m() + inflate_m) * (1 - 1e-9);
    for (const Piece& piece : data.pieces) {
      check(piece.start, reach_m);
      check(piece.At(random.Unit()), reach_m);
    }
    for (int k = 0; k < 20 && data.ring(); ++k) {
      const Vec3 p = ToEcef(GeodesicDestination(FromEcef(data.centre), 360 * random.Unit(),
                                                data.radius_m * std::sqrt(random.Unit())));
      if (InsideRing(data, p)) check(p, 0);
    }
  }
  EXPECT_GT(points, 100'000);
}

// Every cell that S2's distance query finds within reach, going down from the six faces.
class S2Model {
 public:
  explicit S2Model(const Shape& shape) {
    std::vector<S2Point> points;
    for (const Piece& piece : shape.data().pieces) {
      const Vec3 n = Gradient(piece.start);
      points.push_back(S2Point(n.x, n.y, n.z).Normalize());
    }
    if (shape.data().ring()) {
      loop_ = std::make_unique<S2Loop>(points);
      loop_->Normalize();
      index_.Add(std::make_unique<S2Loop::Shape>(loop_.get()));
    } else if (points.size() == 1) {
      index_.Add(std::make_unique<S2PointVectorShape>(points));
    } else {
      index_.Add(std::make_unique<S2LaxPolylineShape>(points));
    }
  }

  std::vector<CellId> Cells(double angle, int level) {
    std::vector<CellId> found;
    S2ClosestEdgeQuery query(&index_);
    std::vector<S2CellId> open;
    for (int face = 0; face < 6; ++face) open.push_back(S2CellId::FromFace(face));
    while (!open.empty()) {
      const S2CellId id = open.back();
      open.pop_back();
      S2ClosestEdgeQuery::CellTarget target{S2Cell(id)};
      if (!query.IsDistanceLessOrEqual(&target, S1ChordAngle(S1Angle::Radians(angle)))) continue;
      if (id.level() == level) {
        found.push_back(id.id());
      } else {
        for (int child = 0; child < 4; ++child) open.push_back(id.child(child));
      }
    }
    std::sort(found.begin(), found.end());
    return found;
  }

  S2Loop* loop() { return loop_.get(); }

 private:
  std::unique_ptr<S2Loop> loop_;
  MutableS2ShapeIndex index_;
};

TEST(Covering, ContainsWhatS2FindsAndLittleMore) {
  SeededRandom random(22);
  size_t bare_ours = 0, bare_s2 = 0, grown_ours = 0, grown_s2 = 0;
  for (int round = 0; round < 1'200; ++round) {
    const double size_m = std::pow(10.0, 1 + 5 * random.Unit());
    const Shape shape = RandomShape(&random, size_m);
    const double inflate_m = random.Below(2) == 0 ? 0 : size_m * random.Unit();
    const int level = RandomLevel(&random, size_m + inflate_m);
    const Covering ours = Cover(shape, inflate_m, level, kMany).value();
    const double angle = NormalAngleMax(shape.data().buffer_m() + inflate_m);
    const std::vector<CellId> exact = S2Model(shape).Cells(angle, level);
    ASSERT_TRUE(std::includes(ours.cells.begin(), ours.cells.end(), exact.begin(), exact.end()))
        << "round " << round << " level " << level;
    (angle == 0 ? bare_ours : grown_ours) += ours.cells.size();
    (angle == 0 ? bare_s2 : grown_s2) += exact.size();
  }
  const double bare = static_cast<double>(bare_ours) / static_cast<double>(bare_s2);
  const double grown = static_cast<double>(grown_ours) / static_cast<double>(grown_s2);
  RecordProperty("cells_over_s2_bare", std::to_string(bare));
  RecordProperty("cells_over_s2_grown", std::to_string(grown));
  EXPECT_LT(bare, 1.001);
  EXPECT_LT(grown, 1.2);
}

// S2RegionCoverer at one level, as the reference DSS covers its polygons.
TEST(Covering, EqualsS2RegionCovererOnBarePolygons) {
  SeededRandom random(23);
  int polygons = 0;
  for (int round = 0; round < 600; ++round) {
    const double size_m = std::pow(10.0, 2 + 3 * random.Unit());
    const Shape shape = RandomShape(&random, size_m);
    if (!shape.data().ring()) continue;
    ++polygons;
    const int level = RandomLevel(&random, size_m);
    S2RegionCoverer::Options options;
    options.set_fixed_level(level);
    options.set_max_cells(1'000'000);
    S2RegionCoverer coverer(options);
    std::vector<S2CellId> s2;
    S2Model model(shape);
    coverer.GetCovering(*model.loop(), &s2);
    std::vector<CellId> ids;
    for (const S2CellId id : s2) ids.push_back(id.id());
    const Covering ours = Cover(shape, 0, level, kMany).value();
    EXPECT_TRUE(std::includes(ours.cells.begin(), ours.cells.end(), ids.begin(), ids.end()));
    EXPECT_LE(ours.cells.size(), ids.size() + 2 + ids.size() / 100);
  }
  EXPECT_GT(polygons, 100);
}

TEST(Covering, OutlinesWiderThanAFace) {
  SeededRandom random(24);
  for (int round = 0; round < 12; ++round) {
    const double size_m = 1'000'000 + 2'000'000 * random.Unit();
    const Position middle = RandomPlace(&random);
    std::vector<Position> ring;
    for (int k = 0; k < 6; ++k) {
      ring.push_back(GeodesicDestination(middle, 60.0 * k, size_m * (0.7 + 0.3 * random.Unit())));
    }
    const Shape shape = Shape::Prepare(Outline::Polygon(ring).value()).value();
    const double inflate_m = round % 2 == 0 ? 0 : 400'000;
    const int level = 3 + round % 3;
    const Covering ours = Cover(shape, inflate_m, level, kMany).value();
    const auto exact = S2Model(shape).Cells(NormalAngleMax(inflate_m), level);
    EXPECT_TRUE(std::includes(ours.cells.begin(), ours.cells.end(), exact.begin(), exact.end()));
    EXPECT_LT(static_cast<double>(ours.cells.size()), 1.2 * static_cast<double>(exact.size()) + 4);
    EXPECT_FALSE(Cover(shape, inflate_m, 12, 10'000));
  }
}

TEST(Covering, RefusesMoreCellsThanAllowed) {
  const Shape shape = Shape::Prepare(Outline::Circle(At(47, 8), 5'000'000).value()).value();
  const size_t exact = Cover(shape, 0, 13, kMany)->cells.size();
  EXPECT_GT(exact, 60U);
  EXPECT_TRUE(Cover(shape, 0, 13, exact));
  const auto refused = Cover(shape, 0, 13, exact - 1);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, base::ErrorCode::kTooLarge);
  EXPECT_EQ(refused.error().field, "/outline");
}

TEST(Covering, WithinPicksTheFinestThatFits) {
  SeededRandom random(25);
  constexpr int kLevels[] = {12, 10, 8, 6, 4, 2, 0};
  for (int round = 0; round < 500; ++round) {
    const double size_m = std::pow(10.0, 1 + 5.2 * random.Unit());
    const Shape shape = RandomShape(&random, size_m);
    const Covering picked = CoverWithin(shape, 0, kLevels, 6);
    EXPECT_LE(picked.cells.size(), 6U);
    EXPECT_EQ(Cover(shape, 0, picked.level, kMany).value(), picked);
    for (const int level : kLevels) {
      if (level > picked.level) {
        EXPECT_FALSE(Cover(shape, 0, level, 6));
      }
    }
  }
  const Shape world = Shape::Prepare(Outline::Circle(At(35, 45), 2'000'000'000).value()).value();
  EXPECT_EQ(CoverWithin(world, 500'000, kLevels, 1).level, 0);
}

TEST(Cells, ParentsCornersAndNames) {
  SeededRandom random(26);
  for (int round = 0; round < 1'000; ++round) {
    const Position p = RandomPlace(&random);
    const int level = static_cast<int>(random.Below(kCellLevelMax + 1));
    const CellId cell = CellAt(p, level);
    EXPECT_TRUE(IsCell(cell));
    EXPECT_EQ(CellLevel(cell), level);
    const int coarser = static_cast<int>(random.Below(static_cast<uint64_t>(level) + 1));
    EXPECT_EQ(CellParent(cell, coarser), CellAt(p, coarser));
    EXPECT_EQ(CellCorners(cell).size(), 4U);
  }
  EXPECT_FALSE(IsCell(0));
  EXPECT_FALSE(IsCell(~uint64_t{0}));
}

}  // namespace
}  // namespace wideberth::geo
