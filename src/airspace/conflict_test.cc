#include "airspace/conflict.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "airspace/testing/naive.h"
#include "base/random.h"

namespace wideberth::airspace {
namespace {

using geo::Altitude;
using geo::HeightInterval;
using geo::Position;
using enum geo::AltitudeReference;

constexpr int64_t kMinimum = std::numeric_limits<int64_t>::min();
constexpr int64_t kMinute = base::kMicrosPerMinute;
constexpr int64_t kStart = 1'795'255'200'000'000;  // 2026-11-21T10:00:00Z

geo::Outline Circle(double lat, double lng, double radius_m) {
  return *geo::Outline::Circle(*geo::MakePosition(lat, lng), static_cast<int64_t>(radius_m * 1000));
}

Volume4D Band(Altitude lower, Altitude upper) {
  Volume4D volume{Circle(0, 0, 1000), {lower, upper}, {{kStart}, {kStart + 60 * kMinute}}, {}, {}};
  if (lower.reference == kW84) volume.lower_w84 = {lower.mm, lower.mm};
  if (upper.reference == kW84) volume.upper_w84 = {upper.mm, upper.mm};
  return volume;
}

// --- heights

struct LikeHeights {
  int64_t a_lower, a_upper, b_lower, b_upper;
  int64_t gap;
};

TEST(CompareHeights, OfOneReferenceIsExact) {
  const std::vector<LikeHeights> cases = {
      {0, 100, 200, 300, 100},   // apart
      {0, 100, 100, 200, 0},     // touching
      {0, 100, 99, 200, -1},     // overlapping by 1 mm
      {0, 100, 50, 60, -10},     // one inside the other: its own thickness
      {0, 100, 0, 100, -100},    // equal
      {-50, -40, -30, -20, 10},  // below the datum
  };
  for (const auto reference : {kW84, kAmsl, kStd, kAgl}) {
    for (const LikeHeights& c : cases) {
      const Volume4D a = Band({c.a_lower, reference}, {c.a_upper, reference});
      const Volume4D b = Band({c.b_lower, reference}, {c.b_upper, reference});
      for (const int64_t separation : {0, 1, 10, 100, 101}) {
        const VerticalVerdict found = CompareHeights(a, b, separation, /*outlines_overlap=*/true);
        EXPECT_EQ(found.gap_min_mm, c.gap);
        EXPECT_EQ(found.gap_max_mm, c.gap);
        EXPECT_EQ(found.verdict, c.gap < separation ? Verdict::kCertain : Verdict::kClear)
            << "equality is clear";
        EXPECT_EQ(found.uncertainty, kUncertainNothing);
        EXPECT_EQ(CompareHeights(b, a, separation, true), found);
      }
    }
  }
}

TEST(CompareHeights, OfDifferentReferencesGoesThroughTheIntervals) {
  Volume4D a = Band({0, kW84}, {1'000'000, kW84});
  Volume4D b = Band({900'000, kAmsl}, {2'000'000, kAmsl});
  b.lower_w84 = {940'000, 960'000};
  b.upper_w84 = {2'040'000, 2'060'000};
  VerticalVerdict found = CompareHeights(a, b, 0, true);
  EXPECT_EQ(found.verdict, Verdict::kCertain);
  EXPECT_EQ(found.uncertainty, kUncertainNothing) << "an error that does not matter is no cause";
  EXPECT_EQ(found.gap_min_mm, -60'000);
  EXPECT_EQ(found.gap_max_mm, -40'000);

  b.lower_w84 = {990'000, 1'010'000};
  found = CompareHeights(a, b, 0, true);
  EXPECT_EQ(found.verdict, Verdict::kPossible);
  EXPECT_EQ(found.uncertainty, kUncertainGeoid);
  EXPECT_EQ(found.gap_max_mm - found.gap_min_mm, 20'000) << "the size of the error";

  b.lower_w84 = {1'000'000, 1'020'000};
  EXPECT_EQ(CompareHeights(a, b, 0, true).verdict, Verdict::kClear) << "equality is clear";
  EXPECT_EQ(CompareHeights(a, b, 1, true).verdict, Verdict::kPossible);
  EXPECT_EQ(CompareHeights(a, b, 20'000, true).verdict, Verdict::kPossible);
  EXPECT_EQ(CompareHeights(a, b, 20'001, true).verdict, Verdict::kCertain);
}

TEST(CompareHeights, NamesTheReferencesThatMakeItUncertain) {
  const auto possible = [](geo::AltitudeReference upper, geo::AltitudeReference lower) {
    Volume4D a = Band({geo::kUnlimitedDown, kW84}, {1'000, upper});
    Volume4D b = Band({1'000, lower}, {geo::kUnlimitedUp, kW84});
    a.upper_w84 = {900, 1'100};
    b.lower_w84 = {900, 1'100};
    const VerticalVerdict found = CompareHeights(a, b, 0, false);
    EXPECT_EQ(found.verdict, Verdict::kPossible);
    EXPECT_EQ(CompareHeights(b, a, 0, false), found);
    return found.uncertainty;
  };
  EXPECT_EQ(possible(kW84, kAmsl), kUncertainGeoid);
  EXPECT_EQ(possible(kAgl, kW84), kUncertainTerrain);
  EXPECT_EQ(possible(kStd, kW84), kUncertainPressure);
  EXPECT_EQ(possible(kAgl, kStd), kUncertainTerrain | kUncertainPressure);
  EXPECT_EQ(possible(kAmsl, kAgl), kUncertainGeoid | kUncertainTerrain);
  EXPECT_EQ(possible(kAgl, kAgl), kUncertainTerrain) << "elsewhere the ground differs";
}

TEST(CompareHeights, AboveGroundIsNativeOnlyWhereTheOutlinesOverlap) {
  Volume4D a = Band({0, kAgl}, {100'000, kAgl});
  Volume4D b = Band({150'000, kAgl}, {300'000, kAgl});
  a.lower_w84 = {400'000, 900'000};
  a.upper_w84 = {500'000, 1'000'000};
  b.lower_w84 = {550'000, 1'050'000};
  b.upper_w84 = {700'000, 1'200'000};
  const VerticalVerdict together = CompareHeights(a, b, 0, true);
  EXPECT_EQ(together.verdict, Verdict::kClear);
  EXPECT_EQ(together.gap_min_mm, 50'000);
  const VerticalVerdict apart = CompareHeights(a, b, 0, false);
  EXPECT_EQ(apart.verdict, Verdict::kPossible);
  EXPECT_EQ(apart.uncertainty, kUncertainTerrain);
  EXPECT_EQ(apart.gap_min_mm, -100'000) << "no deeper than the thinner band is thick";
  EXPECT_EQ(apart.gap_max_mm, 550'000) << "b's ground at 900 m, a's at 400 m";
}

TEST(CompareHeights, UnlimitedIsBeyondEverything) {
  const Volume4D all = Band({geo::kUnlimitedDown, kAgl}, {geo::kUnlimitedUp, kStd});
  const Volume4D above = Band({1'000'000'000, kW84}, {geo::kUnlimitedUp, kW84});
  const Volume4D low = Band({geo::kUnlimitedDown, kAmsl}, {-8'000'000, kW84});
  for (const Volume4D& other : {all, above, low}) {
    const VerticalVerdict found = CompareHeights(all, other, 0, true);
    EXPECT_EQ(found.verdict, Verdict::kCertain);
    EXPECT_EQ(CompareHeights(other, all, 0, true), found);
    EXPECT_EQ(found.gap_min_mm, kMinimum) << "nothing bounds how far they overlap";
  }
  const VerticalVerdict far = CompareHeights(low, above, 20'000'000, true);
  EXPECT_EQ(far.verdict, Verdict::kClear);
  EXPECT_EQ(far.gap_min_mm, 1'008'000'000);
}

TEST(CompareHeights, DoesNotOverflow) {
  Volume4D a = Band({0, kAgl}, {1, kAmsl});
  Volume4D b = Band({0, kStd}, {1, kAmsl});
  a.lower_w84 = b.upper_w84 = {kMinimum, std::numeric_limits<int64_t>::max()};
  const VerticalVerdict found = CompareHeights(a, b, 1, false);
  EXPECT_EQ(found.verdict, Verdict::kPossible);
  EXPECT_EQ(found.gap_max_mm, std::numeric_limits<int64_t>::max());
}

// --- time

struct TimeCase {
  int64_t a_start, a_end, b_start, b_end;
  int64_t gap;
};

TEST(TimeGap, IsFromTheEarlierEndToTheLaterStart) {
  constexpr int64_t kOpen = std::numeric_limits<int64_t>::max();
  const std::vector<TimeCase> cases = {
      {0, 10, 20, 30, 10},
      {0, 10, 10, 20, 0},
      {0, 10, 9, 20, -1},
      {0, 100, 40, 50, -10},
      {0, kOpen, 40, 50, -10},
      {kMinimum, 10, 30, kOpen, 20},
      {0, kOpen, 5, kOpen, kMinimum},
      {kMinimum, 10, kMinimum, 5, kMinimum},
      {kMinimum, kOpen, kMinimum, kOpen, kMinimum},
  };
  for (const TimeCase& c : cases) {
    const TimeWindow a{{c.a_start}, {c.a_end}};
    const TimeWindow b{{c.b_start}, {c.b_end}};
    EXPECT_EQ(TimeGapUs(a, b), c.gap);
    EXPECT_EQ(TimeGapUs(b, a), c.gap);
  }
}

// --- pairs of volumes

struct Prepared {
  Volume4D volume;
  geo::Shape shape;
};

Prepared Prepare(Volume4D volume) {
  base::Result<geo::Shape> shape = geo::Shape::Prepare(volume.outline);
  EXPECT_TRUE(shape) << shape.error().ToString();
  return {std::move(volume), *std::move(shape)};
}

Prepared Flight(geo::Outline outline, int64_t lower_mm, int64_t upper_mm, int64_t start_min,
                int64_t end_min) {
  return Prepare({std::move(outline),
                  {{lower_mm, kW84}, {upper_mm, kW84}},
                  {{kStart + start_min * kMinute}, {kStart + end_min * kMinute}},
                  {lower_mm, lower_mm},
                  {upper_mm, upper_mm}});
}

std::optional<VolumeConflict> Check(const Prepared& a, const Prepared& b,
                                    const Separation& separation) {
  const auto found = CheckVolumes(a.volume, a.volume.window, a.shape, b.volume, b.volume.window,
                                  b.shape, separation);
  auto mirrored = CheckVolumes(b.volume, b.volume.window, b.shape, a.volume, a.volume.window,
                               a.shape, separation);
  if (mirrored) std::swap(mirrored->closest_a, mirrored->closest_b);
  EXPECT_EQ(found, mirrored);
  return found;
}

// On the equator a geodesic is an arc of the circle of 6,378,137 m: 0.03 degrees are 3,339.584724 m, and two circles of
// 1,000 m leave a gap of 1,339.584724 m.
TEST(CheckVolumes, SaysWhatIsMissingSideBySide) {
  const Prepared a = Flight(Circle(0, 10, 1000), 100'000, 200'000, 0, 60);
  const Prepared b = Flight(Circle(0, 10.03, 1000), 250'000, 400'000, 70, 90);
  const auto found = Check(a, b, {2'000'000, 60'000, 15 * kMinute});
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->certain);
  EXPECT_EQ(found->uncertainty, kUncertainNothing);
  EXPECT_EQ(found->lateral_gap_mm, 1'339'584);
  EXPECT_LE(found->lateral_error_mm, 2);
  EXPECT_EQ(found->lateral_shortfall_mm, 660'416);
  EXPECT_EQ(found->vertical_gap_min_mm, 50'000);
  EXPECT_EQ(found->vertical_gap_max_mm, 50'000);
  EXPECT_EQ(found->vertical_shortfall_mm, 10'000);
  EXPECT_EQ(found->time_gap_us, 10 * kMinute);
  EXPECT_EQ(found->time_shortfall_us, 5 * kMinute);
  EXPECT_EQ(found->first_moment.us, kStart + 70 * kMinute);
  EXPECT_EQ(found->overlap, (TimeWindow{{kStart + 60 * kMinute}, {kStart + 70 * kMinute}}));
  // 1,000 m east of the one centre and west of the other: 0.008983153 degrees.
  EXPECT_NEAR(found->closest_a.lng_deg(), 10.008983153, 2e-7);
  EXPECT_NEAR(found->closest_b.lng_deg(), 10.021016847, 2e-7);
  EXPECT_NEAR(found->closest_a.lat_deg(), 0, 1e-4);

  // Equality is clear in each dimension.
  EXPECT_FALSE(Check(a, b, {1'339'000, 60'000, 15 * kMinute}));
  EXPECT_FALSE(Check(a, b, {2'000'000, 50'000, 15 * kMinute}));
  EXPECT_TRUE(Check(a, b, {2'000'000, 50'001, 15 * kMinute}));
  EXPECT_FALSE(Check(a, b, {2'000'000, 60'000, 10 * kMinute}));
  EXPECT_TRUE(Check(a, b, {2'000'000, 60'000, 10 * kMinute + 1}));
}

TEST(CheckVolumes, SaysWhatOverlaps) {
  const Prepared a = Flight(Circle(0, 179.995, 1000), 100'000, 200'000, 0, 60);
  const Prepared b = Flight(Circle(0, -179.995, 1000), 150'000, 400'000, 30, 90);
  const auto found = Check(a, b, {});
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->certain);
  EXPECT_EQ(found->lateral_gap_mm, 0);
  EXPECT_EQ(found->lateral_shortfall_mm, 0);
  EXPECT_EQ(found->vertical_gap_min_mm, -50'000);
  EXPECT_EQ(found->vertical_shortfall_mm, 50'000);
  EXPECT_EQ(found->time_gap_us, -30 * kMinute);
  EXPECT_EQ(found->time_shortfall_us, 30 * kMinute);
  EXPECT_EQ(found->overlap, (TimeWindow{{kStart + 30 * kMinute}, {kStart + 60 * kMinute}}));
  EXPECT_EQ(found->first_moment.us, kStart + 30 * kMinute);
  // The centres are 1,113.19 m apart: the lens reaches 443.4 m either side of the antimeridian.
  EXPECT_GT(found->area.south_west.lng_deg(), 179.98);
  EXPECT_LE(found->area.south_west.lng_deg(), 180 - 0.0039);
  EXPECT_LT(found->area.north_east.lng_deg(), -179.98);
  EXPECT_GE(found->area.north_east.lng_deg(), -180 + 0.0039);
}

TEST(CheckVolumes, TouchingInHeightOrTimeIsClearAndInOutlineIsNot) {
  const Prepared a = Flight(Circle(47, 8, 1000), 100'000, 200'000, 0, 60);
  EXPECT_FALSE(Check(a, Flight(Circle(47, 8, 1000), 200'000, 300'000, 0, 60), {}));
  EXPECT_FALSE(Check(a, Flight(Circle(47, 8, 1000), 100'000, 200'000, 60, 90), {}));
  EXPECT_TRUE(Check(a, Flight(Circle(47, 8, 1000), 199'999, 300'000, 59, 90), {}));

  // Two polygons with a common edge touch: gap 0, a conflict, and too close to be certain.
  const auto box = [](double west, double east) {
    return *geo::Outline::Polygon({*geo::MakePosition(47, west), *geo::MakePosition(47, east),
                                   *geo::MakePosition(47.01, east),
                                   *geo::MakePosition(47.01, west)});
  };
  const auto found =
      Check(Flight(box(8, 8.01), 0, 1'000, 0, 60), Flight(box(8.01, 8.02), 0, 1'000, 0, 60), {});
  ASSERT_TRUE(found);
  EXPECT_FALSE(found->certain);
  EXPECT_EQ(found->uncertainty, kUncertainLateralTolerance);
  EXPECT_EQ(found->lateral_gap_mm, 0);
}

TEST(CheckVolumes, IsPossibleWithinTheToleranceOfTheLimit) {
  const Prepared a = Flight(Circle(0, 10, 1000), 0, 1'000, 0, 60);
  const Prepared b = Flight(Circle(0, 10.03, 1000), 0, 1'000, 0, 60);  // gap 1,339,584.7 mm
  const auto at_limit = Check(a, b, {1'339'584, 0, 0});
  ASSERT_TRUE(at_limit);
  EXPECT_FALSE(at_limit->certain);
  EXPECT_EQ(at_limit->uncertainty, kUncertainLateralTolerance);
  EXPECT_EQ(at_limit->lateral_shortfall_mm, 0);
  EXPECT_FALSE(Check(a, b, {1'339'574, 0, 0})) << "10.7 mm beyond the limit";
  const auto certain = Check(a, b, {1'339'600, 0, 0});
  ASSERT_TRUE(certain);
  EXPECT_TRUE(certain->certain);
  EXPECT_EQ(certain->lateral_shortfall_mm, 16);
}

TEST(CheckVolumes, AnEmptyWindowIsClearOfEverything) {
  const Prepared a = Flight(Circle(47, 8, 1000), 0, 1'000, 0, 60);
  const TimeWindow empty{{kStart + kMinute}, {kStart + kMinute}};
  EXPECT_FALSE(CheckVolumes(a.volume, empty, a.shape, a.volume, a.volume.window, a.shape,
                            {1'000, 1'000, 1'000'000'000}));
  EXPECT_FALSE(CheckVolumes(a.volume, a.volume.window, a.shape, a.volume, empty, a.shape,
                            {1'000, 1'000, 1'000'000'000}));
}

TEST(CheckVolumes, AnOpenEndHasNoBoundedOverlap) {
  const Prepared a = Flight(Circle(47, 8, 1000), 0, 1'000, 0, 60);
  const TimeWindow open{{kStart + kMinute}, base::kTimeOpenEnd};
  const auto found =
      CheckVolumes(a.volume, open, a.shape, a.volume, open, a.shape, {0, 0, kMinute});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->overlap, open);
  EXPECT_EQ(found->time_gap_us, kMinimum);
  EXPECT_EQ(found->time_shortfall_us, std::numeric_limits<int64_t>::max());
}

// Above ground at 0 to 100 m, and at 150 to 300 m, over terrain between 400 and 900 m.
Prepared AboveGround(geo::Outline outline, int64_t lower_mm, int64_t upper_mm) {
  return Prepare({std::move(outline),
                  {{lower_mm, kAgl}, {upper_mm, kAgl}},
                  {{kStart}, {kStart + kMinute}},
                  {lower_mm + 400'000, lower_mm + 900'000},
                  {upper_mm + 400'000, upper_mm + 900'000}});
}

TEST(CheckVolumes, TheGroundIsCommonOnlyWhereTheOutlinesAre) {
  const Separation separation{5'000'000, 20'000, 0};
  const Prepared low = AboveGround(Circle(0, 10, 1000), 0, 100'000);
  EXPECT_FALSE(Check(low, AboveGround(Circle(0, 10.001, 1000), 150'000, 300'000), separation))
      << "50 m above it, over the same ground";
  const auto beside = Check(low, AboveGround(Circle(0, 10.03, 1000), 150'000, 300'000), separation);
  ASSERT_TRUE(beside) << "1.3 km away the ground may be 500 m lower";
  EXPECT_FALSE(beside->certain);
  EXPECT_EQ(beside->uncertainty, kUncertainTerrain);
  EXPECT_EQ(beside->vertical_gap_min_mm, -100'000);
  EXPECT_EQ(beside->vertical_gap_max_mm, 550'000);
  EXPECT_EQ(beside->vertical_shortfall_mm, 120'000);

  // Circles of 1,000 m whose centres are 2,000.0000 m apart: whether they overlap cannot be told.
  const double lng = 10 + 2000.0 / 6'378'137.0 * 180.0 / 3.14159265358979323846;
  const auto touching = Check(low, AboveGround(Circle(0, lng, 1000), 150'000, 300'000), separation);
  ASSERT_TRUE(touching) << "the worse of the two holds";
  EXPECT_FALSE(touching->certain);
  EXPECT_EQ(touching->uncertainty, kUncertainTerrain | kUncertainLateralTolerance);
}

TEST(CheckVolumes, AgreesWithTheNaiveModelOnRandomPairs) {
  base::SeededRandom random(41);
  testing::Coverage coverage;
  for (int i = 0; i < 120'000; ++i) {
    std::array<uint8_t, 64> bytes{};
    random.Fill(bytes);
    ASSERT_EQ(testing::ComparePairWithModel(bytes, &coverage), "") << "case " << i;
  }
  EXPECT_EQ(coverage.cases, 120'000u);
  EXPECT_EQ(coverage.references.size(), 256u) << "every pair of references, in both bands";
  EXPECT_EQ(coverage.causes,
            kUncertainLateralTolerance | kUncertainGeoid | kUncertainTerrain | kUncertainPressure);
  EXPECT_GT(coverage.clear, 10'000u);
  EXPECT_GT(coverage.certain, 10'000u);
  EXPECT_GT(coverage.possible, 5'000u);
  EXPECT_GT(coverage.by_tolerance, 1'000u);
}

// --- names of conflicts

base::Digest FirstAndLast(base::ByteView bytes) {  // shows what was hashed
  base::Digest digest;
  digest.bytes = {
      static_cast<uint8_t>(bytes.size()), bytes[15], bytes[31], bytes[32], bytes[48], bytes[64]};
  return digest;
}

TEST(ConflictId, IsTheSameFromBothSides) {
  base::PartyId north, south;
  north.uuid.bytes[15] = 1;
  south.uuid.bytes[15] = 2;
  base::NoticeId first, second;
  first.uuid.bytes[15] = 3;
  second.uuid.bytes[15] = 4;
  const base::Digest id = ConflictId(FirstAndLast, north, south, DataMode::kTest, first, second);
  EXPECT_EQ(id.bytes[0], 65);  // 16 + 16 + 1 + 16 + 16
  EXPECT_EQ(id.bytes[1], 1);
  EXPECT_EQ(id.bytes[2], 2);
  EXPECT_EQ(id.bytes[3], 2);  // TEST
  EXPECT_EQ(id.bytes[4], 3);
  EXPECT_EQ(id.bytes[5], 4);
  EXPECT_EQ(ConflictId(FirstAndLast, south, north, DataMode::kTest, second, first), id);
  EXPECT_EQ(ConflictId(FirstAndLast, south, north, DataMode::kTest, first, second), id)
      << "parties and notices are sorted each on their own";
  EXPECT_NE(ConflictId(FirstAndLast, north, south, DataMode::kReal, first, second), id);
}

}  // namespace
}  // namespace wideberth::airspace
