#include "mechanism/reading.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "airspace/testing/world.h"
#include "base/limits.h"
#include "base/random.h"
#include "mechanism/testing/values.h"

namespace wideberth::mechanism {
namespace {

using airspace::Declaration;
using airspace::Volume4D;
using airspace::testing::TestActivity;
using geo::Outline;
using geo::Position;

constexpr Position kGeneva{46'400'000'000, 6'500'000'000};

Declaration With(std::vector<Outline> outlines) {
  Declaration declaration = TestActivity();
  const Volume4D volume = declaration.volumes[0];
  declaration.volumes.clear();
  for (Outline& outline : outlines) {
    declaration.volumes.push_back(volume);
    declaration.volumes.back().outline = std::move(outline);
  }
  return declaration;
}
Position East(Position from, double metres) {
  return geo::GeodesicDestination(from, 90, metres);
}
std::vector<std::string> Fields(const std::vector<Mismatch>& found) {
  std::vector<std::string> fields;
  for (const Mismatch& one : found) fields.push_back(one.field);
  return fields;
}
using Strings = std::vector<std::string>;

std::vector<Mismatch> Differ(const Reading& a, const Reading& b, bool voice = false) {
  return Compare(a, b, Tolerances(), voice);
}

TEST(ReadingOfTest, ACircleIsItsCentreAndRadius) {
  const Reading reading = ReadingOf(With({Outline::Circle(kGeneva, 3'000'000).value()}));
  EXPECT_EQ(reading.centre(), kGeneva);
  EXPECT_EQ(reading.extent_mm(), 3'000'000);
  EXPECT_EQ(reading.vertices, std::vector<Position>{kGeneva});
  EXPECT_EQ(reading.volume.band, TestActivity().volumes[0].band);
  EXPECT_EQ(reading.volume.window, TestActivity().volumes[0].window);
}

TEST(ReadingOfTest, APolygonIsItsMiddleAndItsFarthestVertex) {
  const std::vector<Position> ring = {{46'000'000'000, 6'000'000'000},
                                      {46'000'000'000, 6'400'000'000},
                                      {46'200'000'000, 6'400'000'000},
                                      {46'200'000'000, 6'000'000'000}};
  const Reading reading = ReadingOf(With({Outline::Polygon(ring).value()}));
  EXPECT_EQ(reading.centre(), (Position{46'100'000'000, 6'200'000'000}));
  // From the middle of the box to a southern corner, by another way than the code: a degree of latitude is 111.15 km
  // here, one of longitude 77.3 to 77.5 km.
  EXPECT_NEAR(static_cast<double>(reading.extent_mm()) / 1e6, std::hypot(11.115, 0.2 * 77.5), 0.05);
  EXPECT_EQ(reading.vertices, ring);
}

TEST(ReadingOfTest, ACorridorReachesItsHalfWidthFurther) {
  const Position end = East(kGeneva, 20'000);
  const Reading reading = ReadingOf(With({Outline::Corridor({kGeneva, end}, 1'000'000).value()}));
  EXPECT_NEAR(static_cast<double>(reading.extent_mm()) / 1e6, 11, 0.01);
}

TEST(ReadingOfTest, OfSeveralVolumesTheHullIsRead) {
  Declaration declaration = With({Outline::Circle(kGeneva, 1'000'000).value(),
                                  Outline::Circle(East(kGeneva, 10'000), 2'000'000).value()});
  Volume4D& first = declaration.volumes[0];
  Volume4D& second = declaration.volumes[1];
  first.band = {{1'000'000, geo::AltitudeReference::kW84},
                {2'000'000, geo::AltitudeReference::kW84}};
  second.band = {{500'000, geo::AltitudeReference::kW84},
                 {1'500'000, geo::AltitudeReference::kW84}};
  for (Volume4D* volume : {&first, &second}) {
    volume->lower_w84 = {volume->band.lower.mm, volume->band.lower.mm};
    volume->upper_w84 = {volume->band.upper.mm, volume->band.upper.mm};
  }
  second.window = {{first.window.start.us - 1}, {first.window.end.us + 1}};
  const Reading reading = ReadingOf(declaration);
  EXPECT_NEAR(static_cast<double>(reading.extent_mm()) / 1e6, 7, 0.01);
  EXPECT_EQ(reading.volume.band.lower.mm, 500'000);
  EXPECT_EQ(reading.volume.band.upper.mm, 2'000'000);
  EXPECT_EQ(reading.volume.window, second.window);
}

TEST(ReadingOfTest, LongitudeOneEightyIsNoEdge) {
  const auto box = [](int64_t west_e9, int64_t east_e9) {
    return With({Outline::Polygon({{10'000'000'000, west_e9},
                                   {10'000'000'000, east_e9},
                                   {10'500'000'000, east_e9},
                                   {10'500'000'000, west_e9}})
                     .value()});
  };
  const Reading across = ReadingOf(box(179'800'000'000, -179'800'000'000));
  const Reading elsewhere = ReadingOf(box(19'800'000'000, 20'200'000'000));
  EXPECT_EQ(std::abs(across.centre().lng_e9), 180'000'000'000);
  EXPECT_NEAR(static_cast<double>(across.extent_mm()), static_cast<double>(elsewhere.extent_mm()),
              1);
  Reading entered = across;
  entered.volume.outline =
      Outline::Circle({across.centre().lat_e9, -across.centre().lng_e9}, across.extent_mm())
          .value();
  EXPECT_TRUE(Differ(across, entered).empty()) << "180 E is 180 W";
}

TEST(CompareTest, TheTolerancesHoldToTheirEdges) {
  const Reading right = ReadingOf(TestActivity());
  const Tolerances tolerances;
  Reading entered = right;
  const auto moved = [&](double metres) {
    return Outline::Circle(East(right.centre(), metres), right.extent_mm()).value();
  };
  // 0.1 NM is 185.2 m; a position has steps of 0.1 mm.
  entered.volume.outline = moved(185.199);
  EXPECT_TRUE(Differ(right, entered).empty());
  entered.volume.outline = moved(185.202);
  EXPECT_EQ(Fields(Differ(right, entered)), Strings{"/centre"});

  entered = right;
  for (const int64_t sign : {-1, 1}) {
    const auto extent = [&](int64_t by_mm) {
      return Outline::Circle(right.centre(), right.extent_mm() + sign * by_mm).value();
    };
    entered.volume.outline = extent(tolerances.position_mm);
    EXPECT_TRUE(Differ(right, entered).empty());
    entered.volume.outline = extent(tolerances.position_mm + 1);
    EXPECT_EQ(Fields(Differ(right, entered)), Strings{"/extent"});
  }
  for (const int64_t sign : {-1, 1}) {
    entered = right;
    entered.volume.band.lower.mm += sign * 30'480;  // 100 ft
    entered.volume.band.upper.mm -= sign * 30'480;
    entered.volume.window.start.us += sign * 30'000'000;
    entered.volume.window.end.us -= sign * 30'000'000;
    EXPECT_TRUE(Differ(right, entered).empty());
    entered.volume.band.lower.mm += sign;
    EXPECT_EQ(Fields(Differ(right, entered)), Strings{"/altitude_lower"});
    entered.volume.band.upper.mm -= sign;
    entered.volume.window.start.us += sign;
    entered.volume.window.end.us -= sign;
    EXPECT_EQ(Fields(Differ(right, entered)),
              (Strings{"/altitude_lower", "/altitude_upper", "/time_start", "/time_end"}));
  }
}

TEST(CompareTest, HeightsOfAnotherReferenceAreNeverTheSame) {
  const Reading right = ReadingOf(TestActivity());
  Reading entered = right;
  entered.volume.band.lower.reference = geo::AltitudeReference::kAmsl;
  const auto found = Differ(right, entered);
  ASSERT_EQ(Fields(found), Strings{"/altitude_lower"});
  EXPECT_EQ(found[0].off_by, "another reference");
}

TEST(CompareTest, UnlimitedIsAValueOfItsOwn) {
  Declaration declaration = TestActivity();
  declaration.volumes[0].band.upper = {geo::kUnlimitedUp, geo::AltitudeReference::kW84};
  declaration.volumes[0].band.lower = {geo::kUnlimitedDown, geo::AltitudeReference::kW84};
  declaration.volumes[0].window.end = base::kTimeOpenEnd;
  const Reading right = ReadingOf(declaration);
  EXPECT_TRUE(Differ(right, right).empty());
  Reading entered = right;
  // Unlimited has no reference.
  entered.volume.band.upper.reference = geo::AltitudeReference::kStd;
  EXPECT_TRUE(Differ(right, entered).empty());
  entered.volume.band.upper.mm = limits::kAltitudeMaxMm;
  entered.volume.band.lower.mm = limits::kAltitudeMinMm;
  entered.volume.window.end = {253'370'764'799'999'999};
  const auto found = Differ(right, entered);
  EXPECT_EQ(Fields(found), (Strings{"/altitude_lower", "/altitude_upper", "/time_end"}));
  EXPECT_EQ(Fields(Differ(entered, right)), Fields(found)) << "and the other way round";
  for (const Mismatch& one : found) EXPECT_FALSE(one.ToString().empty());
}

TEST(CompareTest, ADrillIsNotReal) {
  const Reading right = ReadingOf(TestActivity());
  Reading entered = right;
  entered.data_mode = airspace::DataMode::kExercise;
  EXPECT_EQ(Fields(Differ(right, entered)), Strings{"/data_mode"});
}

TEST(CompareTest, OverVoiceARingHasNoFirstVertexAndNoDirection) {
  std::vector<Position> ring;
  for (int i = 0; i < 7; ++i) {
    ring.push_back(geo::GeodesicDestination(kGeneva, 360.0 * i / 7, 5'000 + 700 * i));
  }
  const Reading right = ReadingOf(With({Outline::Polygon(ring).value()}));
  for (const bool backwards : {false, true}) {
    for (size_t first = 0; first < ring.size(); ++first) {
      Reading entered = right;
      if (backwards) std::reverse(entered.vertices.begin(), entered.vertices.end());
      std::rotate(entered.vertices.begin(),
                  entered.vertices.begin() + static_cast<std::ptrdiff_t>(first),
                  entered.vertices.end());
      for (Position& vertex : entered.vertices) vertex = East(vertex, 100);
      EXPECT_TRUE(Differ(right, entered, true).empty()) << first << " " << backwards;
      entered.vertices[2] = East(entered.vertices[2], 9'000);
      const auto found = Differ(right, entered, true);
      ASSERT_EQ(found.size(), 1u) << first << " " << backwards;
      EXPECT_TRUE(found[0].field.starts_with("/vertices/"));
      EXPECT_TRUE(Differ(right, entered, false).empty()) << "on the data path they are not read";
    }
  }
  Reading entered = right;
  entered.vertices.pop_back();
  EXPECT_EQ(Fields(Differ(right, entered, true)), Strings{"/vertices"});
}

TEST(CompareTest, OverVoiceEveryVolumeIsRead) {
  std::vector<Position> ring;
  for (int i = 0; i < 5; ++i) ring.push_back(geo::GeodesicDestination(kGeneva, 72.0 * i, 5'000));
  const Position far = East(kGeneva, 40'000);
  const Reading right =
      ReadingOf(With({Outline::Polygon(ring).value(), Outline::Circle(far, 2'000'000).value()}));
  ASSERT_EQ(right.vertices.size(), 6u);
  Reading entered = right;
  entered.vertices_of_volumes.clear();
  std::rotate(entered.vertices.begin(), entered.vertices.begin() + 2, entered.vertices.begin() + 5);
  EXPECT_TRUE(Differ(right, entered, true).empty());
  entered.vertices.back() = East(far, 9'000);
  EXPECT_EQ(Fields(Differ(right, entered, true)), Strings{"/vertices/5"});
  // The first volume alone is no read-back of both.
  entered.vertices.pop_back();
  EXPECT_EQ(Fields(Differ(right, entered, true)), Strings{"/vertices"});
  // A vertex of one volume does not stand for that of another.
  entered = right;
  std::swap(entered.vertices.front(), entered.vertices.back());
  EXPECT_FALSE(Differ(right, entered, true).empty());
}

TEST(CompareTest, TwoVerticesInEachOthersPlaceAreFound) {
  // A bow tie has the same vertices as its square; its outline is another.
  const std::vector<Position> square = {{46'000'000'000, 6'000'000'000},
                                        {46'000'000'000, 6'200'000'000},
                                        {46'200'000'000, 6'200'000'000},
                                        {46'200'000'000, 6'000'000'000}};
  const Reading right = ReadingOf(With({Outline::Polygon(square).value()}));
  Reading entered = right;
  std::swap(entered.vertices[1], entered.vertices[2]);
  EXPECT_FALSE(Differ(right, entered, true).empty());
}

// Laws, on drawn declarations.
TEST(CompareTest, AReadingAgreesWithItselfAndWithNothingBeyondTheTolerance) {
  base::SeededRandom random(1);
  const Tolerances tolerances;
  for (int i = 0; i < 2'000; ++i) {
    SCOPED_TRACE(i);
    const Position centre =
        geo::MakePosition(random.Unit() * 160 - 80, random.Unit() * 360 - 180).value();
    Declaration declaration;
    if (random.Below(2) == 0) {
      declaration = With({Outline::Circle(centre, random.Between(1'000'000, 50'000'000)).value()});
    } else {
      std::vector<Position> ring;
      const int n = static_cast<int>(3 + random.Below(9));
      for (int v = 0; v < n; ++v) {
        ring.push_back(
            geo::GeodesicDestination(centre, 360.0 * v / n, 2'000 + random.Unit() * 20'000));
      }
      declaration = With({Outline::Polygon(ring).value()});
    }
    const Reading right = ReadingOf(declaration);
    EXPECT_TRUE(Differ(right, right, true).empty());
    Reading entered = right;
    const double bearing = random.Unit() * 360;
    const double off_m = random.Unit() * 20'000;
    entered.volume.outline =
        Outline::Circle(geo::GeodesicDestination(right.centre(), bearing, off_m), right.extent_mm())
            .value();
    const double limit_m = static_cast<double>(tolerances.position_mm) / 1e3;
    if (std::abs(off_m - limit_m) > 0.01) {
      EXPECT_EQ(Fields(Differ(right, entered)), off_m > limit_m ? Strings{"/centre"} : Strings{});
    }
    // Neither side of a comparison is special.
    EXPECT_EQ(Fields(Differ(right, entered)), Fields(Differ(entered, right)));
    entered = right;
    const int64_t off_us = random.Between(-60'000'000, 60'000'000);
    entered.volume.window.start.us += off_us;
    EXPECT_EQ(Differ(right, entered).empty(), std::abs(off_us) <= tolerances.time_us);
    entered = right;
    const int64_t off_mm = random.Between(-60'000, 60'000);
    entered.volume.band.upper.mm += off_mm;
    EXPECT_EQ(Differ(right, entered).empty(), std::abs(off_mm) <= tolerances.height_mm);
  }
}

TEST(ReadingJsonTest, ReadsWhatItWrites) {
  for (const Declaration& declaration : {With({Outline::Circle(kGeneva, 3'000'000).value()}),
                                         With({Outline::Polygon({{46'000'000'000, 6'000'000'000},
                                                                 {46'000'000'000, 6'400'000'000},
                                                                 {46'200'000'001, 6'400'000'000}})
                                                   .value()})}) {
    const Reading reading = ReadingOf(declaration);
    std::string text;
    json::Writer json(&text);
    WriteReading(reading, &json);
    const json::Document document = json::Document::Parse(text).value();
    const auto read = ReadReading(document.root().AsObject().value());
    ASSERT_TRUE(read.has_value()) << read.error().ToString();
    EXPECT_EQ(read->centre(), reading.centre());
    EXPECT_EQ(read->extent_mm(), reading.extent_mm());
    EXPECT_EQ(read->volume.band, reading.volume.band);
    EXPECT_EQ(read->volume.window, reading.volume.window);
    EXPECT_EQ(read->vertices, reading.vertices);
  }
}

}  // namespace
}  // namespace wideberth::mechanism
