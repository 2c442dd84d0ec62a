#include "geo/altitude.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <fstream>
#include <iterator>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "base/limits.h"
#include "base/random.h"
#include "geo/ecef.h"
#include "geo/standard_atmosphere.h"

namespace wideberth::geo {
namespace {

constexpr char kEgm96Path[] = "/usr/share/proj/egm96_15.gtx";

Position At(double lat_deg, double lng_deg) {
  return MakePosition(lat_deg, lng_deg).value();
}

std::optional<Geoid> Egm96() {
  std::ifstream file(kEgm96Path, std::ios::binary);
  if (!file) return std::nullopt;
  const std::vector<uint8_t> bytes((std::istreambuf_iterator<char>(file)), {});
  return Geoid::FromGtx(bytes).value();
}

#define EGM96_OR_SKIP(name)                  \
  const std::optional<Geoid> name = Egm96(); \
  if (!name) GTEST_SKIP() << "skipped: " << kEgm96Path << " is absent (Debian package proj-data)"

TEST(Altitude, NamesReadBack) {
  for (const auto reference : {AltitudeReference::kW84, AltitudeReference::kAmsl,
                               AltitudeReference::kAgl, AltitudeReference::kStd}) {
    EXPECT_EQ(ParseAltitudeReference(AltitudeReferenceName(reference)).value(), reference);
  }
  EXPECT_EQ(AltitudeReferenceName(AltitudeReference::kW84), "W84");
  const auto refused = ParseAltitudeReference("SFC");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().found, "SFC");
}

TEST(Altitude, FeetAreExact) {
  EXPECT_EQ(FeetToMm(0), 0);
  EXPECT_EQ(FeetToMm(5), 1524);
  EXPECT_EQ(FeetToMm(-5), -1524);
  EXPECT_EQ(FeetToMm(10'000), 3'048'000);
  EXPECT_EQ(FeetToMm(1), 305);
  EXPECT_EQ(FeetToMm(1e300), kUnlimitedUp);
  EXPECT_EQ(FeetToMm(-1e300), kUnlimitedDown);
}

// NGA's check points for EGM96 (OUTPUT.DAT beside program F477), undulations in metres.
TEST(Geoid, AgreesWithNgaCheckPoints) {
  EGM96_OR_SKIP(geoid);
  struct Check {
    double lat_deg, lng_deg, metres;
  };
  for (const Check& check :
       {Check{38.6281550, 269.7791550 - 360, -31.628},
        Check{-14.6212170, 305.0211140 - 360, -2.969}, Check{46.8743190, 102.4487290, -43.575},
        Check{-23.6174460, 133.8747120, 15.871}, Check{38.6254730, 359.9995000 - 360, 50.066},
        Check{-0.4667440, 0.0023000, 17.329}}) {
    EXPECT_NEAR(geoid->UndulationM(At(check.lat_deg, check.lng_deg)), check.metres, 0.06);
  }
}

TEST(Geoid, LiesWithinTheEarthsExtremes) {
  EGM96_OR_SKIP(geoid);
  const Geoid::Range earth = geoid->UndulationRange(At(0, 0), 20'100'000);
  EXPECT_NEAR(earth.min_m, -106.99, 0.02);
  EXPECT_NEAR(earth.max_m, 85.39, 0.02);
  EXPECT_GE(earth.min_m, kUndulationLowestM);
  EXPECT_LE(earth.max_m, kUndulationHighestM);
  // Both spellings of a meridian, and every longitude of a pole, are one place.
  EXPECT_EQ(geoid->UndulationM(At(12.3, 180)), geoid->UndulationM(At(12.3, -180)));
  EXPECT_NEAR(geoid->UndulationM(At(90, 17)), geoid->UndulationM(At(90, -120)), 1e-6);
}

TEST(Geoid, RangeContainsEveryPointOfTheCapAndLittleMore) {
  EGM96_OR_SKIP(geoid);
  base::SeededRandom random(11);
  for (int round = 0; round < 3'000; ++round) {
    const double lat = round % 7 == 0 ? (round % 2 == 0 ? 90 : -89.99) : -90 + 180 * random.Unit();
    const double lng = round % 5 == 0 ? 179.99 : -180 + 360 * random.Unit();
    const double radius_m = std::pow(10.0, 6.6 * random.Unit());
    const Geoid::Range range = geoid->UndulationRange(At(lat, lng), radius_m);
    Geoid::Range seen{1e9, -1e9};
    for (int k = 0; k < 60; ++k) {
      const double distance_m = radius_m * (k % 3 == 0 ? 1 : std::sqrt(random.Unit()));
      const Position p = GeodesicDestination(At(lat, lng), 360 * random.Unit(), distance_m);
      const double metres = geoid->UndulationM(p);
      ASSERT_GE(metres, range.min_m) << lat << " " << lng << " " << radius_m;
      ASSERT_LE(metres, range.max_m) << lat << " " << lng << " " << radius_m;
      seen = {std::min(seen.min_m, metres), std::max(seen.max_m, metres)};
    }
    if (radius_m < 2'000 && std::abs(lat) < 85) {
      EXPECT_LT(range.max_m - range.min_m, seen.max_m - seen.min_m + 0.5);
    }
  }
}

base::Bytes Gtx(double south, double west, double step_lat, double step_lng, uint32_t rows,
                uint32_t columns, size_t values, float value) {
  base::Bytes bytes;
  const auto put = [&](auto bits) {
    for (size_t i = sizeof bits; i-- > 0;) bytes.push_back(static_cast<uint8_t>(bits >> (8 * i)));
  };
  for (const double d : {south, west, step_lat, step_lng}) put(std::bit_cast<uint64_t>(d));
  put(rows);
  put(columns);
  for (size_t i = 0; i < values; ++i) put(std::bit_cast<uint32_t>(value));
  return bytes;
}

TEST(Geoid, RefusesDamagedFiles) {
  const auto good = Gtx(-90, -180, 90, 120, 3, 3, 9, 12.5F);
  ASSERT_TRUE(Geoid::FromGtx(good));
  EXPECT_DOUBLE_EQ(Geoid::FromGtx(good)->UndulationM(At(33, 44)), 12.5);
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(Geoid::FromGtx(base::ByteView(good).first(size))) << size;
  }
  auto longer = good;
  longer.push_back(0);
  EXPECT_FALSE(Geoid::FromGtx(longer));
  EXPECT_FALSE(Geoid::FromGtx(Gtx(-90, -180, 90, 120, 3, 3, 9, NAN)));
  EXPECT_FALSE(Geoid::FromGtx(Gtx(-90, -180, 90, 120, 3, 3, 9, 1e9F)));
  EXPECT_FALSE(Geoid::FromGtx(Gtx(-80, -180, 80, 120, 3, 3, 9, 1)));
  EXPECT_FALSE(Geoid::FromGtx(Gtx(-90, -180, 90, 100, 3, 3, 9, 1)));
  EXPECT_FALSE(Geoid::FromGtx(Gtx(NAN, -180, 90, 120, 3, 3, 9, 1)));
  EXPECT_FALSE(Geoid::FromGtx(Gtx(-90, NAN, 90, 120, 3, 3, 9, 1)));
  EXPECT_FALSE(Geoid::FromGtx(Gtx(-90, -180, 90, 120, 0xFFFFFFFF, 0xFFFFFFFF, 9, 1)));
  EXPECT_FALSE(Geoid::FromGtx(Gtx(-90, -180, 90, 120, 1, 1, 1, 1)));
  EXPECT_EQ(Geoid::FromGtx({}).error().field, "geoid");
}

// ICAO Doc 7488/3 and US Standard Atmosphere 1976 (equal below 80 km), tables by geopotential
// height.
TEST(StandardAtmosphere, AgreesWithThePublishedTables) {
  struct Row {
    double height_m, temperature_k, pressure_hpa;
  };
  for (const Row& row :
       {Row{-1000, 294.65, 1139.29}, Row{0, 288.15, 1013.25}, Row{1000, 281.65, 898.746},
        Row{2000, 275.15, 794.952}, Row{5000, 255.65, 540.199}, Row{10'000, 223.15, 264.363},
        Row{11'000, 216.65, 226.321}, Row{15'000, 216.65, 120.446}, Row{20'000, 216.65, 54.7489},
        Row{25'000, 221.65, 25.1102}, Row{32'000, 228.65, 8.68019}, Row{47'000, 270.65, 1.10906},
        Row{51'000, 270.65, 0.669389}, Row{71'000, 214.65, 0.0395642}}) {
    EXPECT_NEAR(StandardTemperatureK(row.height_m), row.temperature_k, 1e-9);
    EXPECT_NEAR(StandardPressureHpa(row.height_m) / row.pressure_hpa, 1, 2e-5) << row.height_m;
    if (row.height_m < 11'000) {
      EXPECT_NEAR(StandardHeightM(row.pressure_hpa), row.height_m, 0.2);
    }
  }
}

HeightBounds Everywhere(HeightBounds::Pressure pressure) {
  pressure.area = {At(-90, -180), At(90, 180)};
  return HeightBounds::Make({}, {pressure}).value();
}

// US Standard Atmosphere 1976, table of geometric against geopotential height at 45 degrees.
TEST(PressureAmsl, StandardAirKeepsTheStandardHeight) {
  const HeightBounds bounds = Everywhere({{}, 1013.25, 1013.25, 0, 0});
  for (const auto& [geopotential_m, geometric_m] : {std::pair{-5'000, -4'996},
                                                    {0, 0},
                                                    {4'997, 5'001},
                                                    {10'981, 11'000},
                                                    {19'937, 20'000},
                                                    {49'610, 50'000},
                                                    {79'006, 80'000}}) {
    const HeightInterval band =
        bounds.PressureAmsl(int64_t{1000} * geopotential_m, At(47, 8), 1000);
    EXPECT_LE(band.lower_mm, int64_t{1000} * geometric_m);
    EXPECT_GE(band.upper_mm, int64_t{1000} * geometric_m);
    // What is left is gravity: 0.3 % either way.
    EXPECT_LE(band.upper_mm - band.lower_mm, 1 + 7 * std::abs(int64_t{geometric_m}));
  }
}

// One hectopascal is 27.3 ft near sea level; 28 hPa below standard puts an aircraft about 775 ft
// lower.
TEST(PressureAmsl, LowPressureIsLower) {
  const HeightBounds bounds = Everywhere({{}, 985.25, 985.25, 0, 0});
  const HeightInterval band = bounds.PressureAmsl(FeetToMm(5'000), At(47, 8), 1000);
  EXPECT_NEAR(static_cast<double>(band.lower_mm + band.upper_mm) / 2 / 304.8, 5'000 - 775, 15);
}

// ICAO Doc 8168, table of cold temperature corrections for an aerodrome at sea level and -20 C (35
// K below standard): to be at 1,000, 3,000 and 5,000 ft an altimeter has to show 140, 420 and 710
// ft more.
TEST(PressureAmsl, ColdAirIsLowerByTheIcaoTable) {
  const HeightBounds bounds = Everywhere({{}, 1013.25, 1013.25, -35, -35});
  // The table's station is at sea level; ours may be as low as the Dead Sea, which adds 35 K / 288
  // K of 550 m.
  const double dead_sea_ft = 550 / 288.15 * 35 / 0.3048;
  for (const auto& [true_ft, correction_ft] :
       {std::pair{1'000.0, 140.0}, {3'000.0, 420.0}, {5'000.0, 710.0}}) {
    const HeightInterval band =
        bounds.PressureAmsl(FeetToMm(true_ft + correction_ft), At(45, 8), 1000);
    const double low_ft = static_cast<double>(band.lower_mm) / 304.8;
    EXPECT_NEAR(low_ft + dead_sea_ft, true_ft, 10 + true_ft * 0.003);
    EXPECT_GE(static_cast<double>(band.upper_mm) / 304.8, true_ft + correction_ft);
  }
}

// A column of air built up step by step: every height it gives lies in the band.
TEST(PressureAmsl, ContainsEveryColumnWithinTheBounds) {
  base::SeededRandom random(7);
  for (int round = 0; round < 2'000; ++round) {
    const double qnh_min = 870 + 200 * random.Unit(), qnh_max = qnh_min + 15 * random.Unit();
    const double cold = -60 + 90 * random.Unit(), warm = cold + 20 * random.Unit();
    const HeightBounds bounds = Everywhere({{}, qnh_min, qnh_max, cold, warm});
    const double qnh = qnh_min + (qnh_max - qnh_min) * random.Unit();
    const double station_m = -430 + 4'000 * random.Unit();
    // At the station an altimeter set to QNH shows the station's height.
    double pressure_height_m = station_m + StandardHeightM(qnh);
    double height_m = station_m;
    const double wave = 1 + 5 * random.Unit();
    for (int step = 0; step < 600; ++step) {
      const double deviation =
          cold + (warm - cold) * 0.5 * (1 + std::sin(wave * pressure_height_m / 1000));
      constexpr double kStepM = 25;
      const double standard_k = StandardTemperatureK(pressure_height_m + kStepM / 2);
      // The layer's thickness by the hypsometric equation; in geopotential metres, which at 45
      // degrees and these heights are geometric ones within 0.3 %.
      height_m += kStepM * (standard_k + deviation) / standard_k;
      pressure_height_m += kStepM;
      const HeightInterval band =
          bounds.PressureAmsl(static_cast<int64_t>(pressure_height_m * 1000), At(45, 8), 1000);
      ASSERT_LE(static_cast<double>(band.lower_mm), (height_m + 5) * 1e3);
      ASSERT_GE(static_cast<double>(band.upper_mm), (height_m - 5) * 1e3);
    }
  }
}

TEST(PressureAmsl, GrowsWithHeightAndEndsWithTheAtmosphere) {
  HeightInterval below = HeightBounds().PressureAmsl(limits::kAltitudeMinMm, At(0, 0), 0);
  EXPECT_GT(below.lower_mm, limits::kHeightW84MinMm);
  for (int64_t mm = limits::kAltitudeMinMm; mm < 90'000'000; mm += 500'000) {
    const HeightInterval band = HeightBounds().PressureAmsl(mm, At(0, 0), 0);
    EXPECT_GE(band.lower_mm, below.lower_mm);
    EXPECT_GE(band.upper_mm, below.upper_mm);
    below = band;
  }
  EXPECT_EQ(below.upper_mm, limits::kAltitudeMaxMm);
}

HeightBounds::Terrain Hill(double south, double west, double north, double east, int64_t low_m,
                           int64_t high_m) {
  return {{At(south, west), At(north, east)}, low_m * 1000, high_m * 1000};
}

constexpr HeightInterval kTerrainExtremes{kTerrainLowestMm, kTerrainHighestMm};

TEST(HeightBounds, OutsideEveryRectangleTheEarthsExtremesHold) {
  const HeightBounds none;
  EXPECT_EQ(none.TerrainAmsl(At(47, 8), 1000), kTerrainExtremes);
  const HeightBounds one = HeightBounds::Make({Hill(46, 7, 48, 9, 200, 4000)}, {}).value();
  EXPECT_EQ(one.TerrainAmsl(At(47, 8), 1000), (HeightInterval{200'000, 4'000'000}));
  EXPECT_EQ(one.TerrainAmsl(At(47, 8.99), 1000), kTerrainExtremes);  // reaches over the side
  EXPECT_EQ(one.TerrainAmsl(At(47, 10), 1000), kTerrainExtremes);
}

TEST(HeightBounds, NeighboursJoinWithoutAGap) {
  const HeightBounds bounds =
      HeightBounds::Make({Hill(46, 7, 47, 8, 100, 1000), Hill(46, 8, 47, 9, 200, 2000),
                          Hill(47, 7, 48, 8, 300, 3000), Hill(47, 8, 48, 9, 50, 900)},
                         {})
          .value();
  EXPECT_EQ(bounds.TerrainAmsl(At(47, 8), 1000), (HeightInterval{50'000, 3'000'000}));
  EXPECT_EQ(bounds.TerrainAmsl(At(46.5, 8), 1000), (HeightInterval{100'000, 2'000'000}));
  EXPECT_EQ(bounds.TerrainAmsl(At(46.5, 8.5), 1000), (HeightInterval{200'000, 2'000'000}));
}

TEST(HeightBounds, AcrossTheAntimeridianAndOverThePole) {
  const HeightBounds bounds =
      HeightBounds::Make({Hill(-10, 170, 10, -170, 0, 500), Hill(80, -180, 90, 180, 0, 900)}, {})
          .value();
  for (const double lng : {179.999, -179.999, 180.0, -180.0}) {
    EXPECT_EQ(bounds.TerrainAmsl(At(0, lng), 5000), (HeightInterval{0, 500'000})) << lng;
  }
  EXPECT_EQ(bounds.TerrainAmsl(At(0, -169), 5000), kTerrainExtremes);
  EXPECT_EQ(bounds.TerrainAmsl(At(89.9, 33), 50'000), (HeightInterval{0, 900'000}));
  EXPECT_EQ(bounds.TerrainAmsl(At(-89.9, 33), 50'000), kTerrainExtremes);
}

// Against every rectangle asked about every sampled point, on crowded and on sparse sets.
TEST(HeightBounds, AgreesWithALinearModel) {
  base::SeededRandom random(3);
  int covered_caps = 0;
  for (int round = 0; round < 300; ++round) {
    std::vector<HeightBounds::Terrain> hills;
    const int64_t count = random.Between(1, 60);
    for (int64_t i = 0; i < count; ++i) {
      const int64_t south = random.Between(-3, 2), west = random.Between(176, 183);
      const auto wrap = [](int64_t lng) {
        return static_cast<double>(lng > 180 ? lng - 360 : lng);
      };
      const int64_t east = west + random.Between(1, 4), low = random.Between(-400, 1000);
      hills.push_back(Hill(static_cast<double>(south), wrap(west),
                           static_cast<double>(south + random.Between(1, 3)), wrap(east), low,
                           low + random.Between(0, 3000)));
    }
    const HeightBounds bounds = HeightBounds::Make(hills, {}).value();
    for (int k = 0; k < 20; ++k) {
      const double lng = 177 + 8 * random.Unit();
      const Position centre = At(-2 + 4 * random.Unit(), lng > 180 ? lng - 360 : lng);
      const double radius_m = 60'000 * random.Unit();
      const HeightInterval answer = bounds.TerrainAmsl(centre, radius_m);
      bool all_covered = true;
      for (int s = 0; s < 40; ++s) {
        const Position p =
            GeodesicDestination(centre, 360 * random.Unit(), radius_m * random.Unit());
        bool covered = false;
        for (const auto& hill : hills) {
          const int64_t west = hill.area.south_west.lng_e9, east = hill.area.north_east.lng_e9;
          const bool in_lng = west <= east ? west <= p.lng_e9 && p.lng_e9 <= east
                                           : p.lng_e9 >= west || p.lng_e9 <= east;
          if (!in_lng || p.lat_e9 < hill.area.south_west.lat_e9 ||
              p.lat_e9 > hill.area.north_east.lat_e9) {
            continue;
          }
          covered = true;
          EXPECT_LE(answer.lower_mm, hill.lowest_mm);
          EXPECT_GE(answer.upper_mm, hill.highest_mm);
        }
        all_covered = all_covered && covered;
      }
      if (!all_covered) {
        EXPECT_EQ(answer, kTerrainExtremes);
      }
      covered_caps += answer != kTerrainExtremes;
    }
  }
  EXPECT_GT(covered_caps, 1'000);  // the model is not only about uncovered places
}

TEST(HeightBounds, RefusesWhatBreaksARule) {
  const auto field = [](const base::Result<HeightBounds>& result) {
    return result ? std::string("accepted") : result.error().field;
  };
  EXPECT_EQ(field(HeightBounds::Make({Hill(2, 0, 1, 1, 0, 1)}, {})), "/terrain/0/area");
  EXPECT_EQ(field(HeightBounds::Make({Hill(0, 0, 1, 1, 0, 1), Hill(0, 0, 1, 1, 2, 1)}, {})),
            "/terrain/1/lowest");
  EXPECT_EQ(field(HeightBounds::Make({Hill(0, 0, 1, 1, 0, 9000)}, {})), "/terrain/0/lowest");
  EXPECT_EQ(field(HeightBounds::Make({Hill(0, 0, 1, 1, -600, 0)}, {})), "/terrain/0/lowest");
  const Bounds area{At(0, 0), At(1, 1)};
  EXPECT_EQ(field(HeightBounds::Make({}, {{area, NAN, 1000, 0, 0}})), "/pressure/0/qnh_min");
  EXPECT_EQ(field(HeightBounds::Make({}, {{area, 1000, 990, 0, 0}})), "/pressure/0/qnh_min");
  EXPECT_EQ(field(HeightBounds::Make({}, {{area, 990, 1000, 5, NAN}})),
            "/pressure/0/isa_deviation_min");
  EXPECT_EQ(field(HeightBounds::Make({}, {{area, 990, 1000, -5, 51}})),
            "/pressure/0/isa_deviation_min");
  EXPECT_EQ(field(HeightBounds::Make({}, {{area, 990, 1000, -5, 5}})), "accepted");
}

TEST(ToW84, EachReferenceByItsRule) {
  EGM96_OR_SKIP(geoid);
  const HeightModel model{std::make_shared<const Geoid>(*geoid),
                          HeightBounds::Make({Hill(46, 7, 48, 9, 300, 3000)}, {}).value()};
  const Position place = At(47, 8);
  const auto w84 = [&](int64_t mm, AltitudeReference reference) {
    return ToW84(model, place, 2'000, {mm, reference});
  };
  EXPECT_EQ(w84(1'234'567, AltitudeReference::kW84), (HeightInterval{1'234'567, 1'234'567}));
  const auto undulation_mm = std::llround(geoid->UndulationM(place) * 1e3);
  const HeightInterval amsl = w84(500'000, AltitudeReference::kAmsl);
  EXPECT_LE(amsl.lower_mm, 500'000 + undulation_mm - Geoid::kGeoidErrorMm);
  EXPECT_GE(amsl.upper_mm, 500'000 + undulation_mm + Geoid::kGeoidErrorMm);
  EXPECT_LT(amsl.upper_mm - amsl.lower_mm, 2 * Geoid::kGeoidErrorMm + 1'000);
  const HeightInterval agl = w84(500'000, AltitudeReference::kAgl);
  EXPECT_EQ(agl.lower_mm, amsl.lower_mm + 300'000);
  EXPECT_EQ(agl.upper_mm, amsl.upper_mm + 3'000'000);
  const HeightInterval std = w84(500'000, AltitudeReference::kStd);
  EXPECT_LT(std.lower_mm, amsl.lower_mm - 1'000'000);
  EXPECT_GT(std.upper_mm, amsl.upper_mm + 600'000);
}

TEST(ToW84, StaysWithinItsLimitsAndUnlimitedIsBeyondAll) {
  const HeightModel model;
  for (const auto reference : {AltitudeReference::kW84, AltitudeReference::kAmsl,
                               AltitudeReference::kAgl, AltitudeReference::kStd}) {
    for (const int64_t mm : {limits::kAltitudeMinMm, int64_t{0}, limits::kAltitudeMaxMm}) {
      const HeightInterval w84 = ToW84(model, At(0, 0), 1'000, {mm, reference});
      EXPECT_LE(w84.lower_mm, w84.upper_mm);
      EXPECT_GT(w84.lower_mm, limits::kHeightW84MinMm);
      EXPECT_LT(w84.upper_mm, limits::kHeightW84MaxMm);
    }
    EXPECT_EQ(ToW84(model, At(0, 0), 1'000, {kUnlimitedUp, reference}).lower_mm,
              limits::kHeightW84MaxMm);
    EXPECT_EQ(ToW84(model, At(0, 0), 1'000, {kUnlimitedDown, reference}).upper_mm,
              limits::kHeightW84MinMm);
  }
}

}  // namespace
}  // namespace wideberth::geo
