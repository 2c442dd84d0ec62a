// Heights and what they are measured from.
//
//   kW84   metres above the WGS-84 ellipsoid
//   kAmsl  metres above mean sea level, EGM96
//   kAgl   metres above ground
//   kStd   pressure altitude: metres in the standard atmosphere with 1013.25 hPa at zero
//
// Two heights of the same reference are compared as the integers they are. Two different references
// are never compared as if equal: each is turned into an interval of W84 heights that certainly
// contains it, and the intervals are compared (MECHANISM 4.2). The width of the interval is the
// stated error:
//
//   AMSL  lowest to highest geoid undulation over the outline, widened by kGeoidErrorMm;
//   AGL   lowest to highest terrain over the outline, from the bounds both sides agreed on; the
//   Earth's extremes where
//         there is no bound;
//   STD   the band in which a pressure altitude can lie given the agreed QNH and temperature
//   bounds; the Earth's
//         extremes where there is none.
//
// All heights are millimetres. kUnlimitedUp and kUnlimitedDown are values of their own ("UNL",
// "from the ground down").
#ifndef WIDEBERTH_GEO_ALTITUDE_H_
#define WIDEBERTH_GEO_ALTITUDE_H_

#include <compare>
#include <cstdint>
#include <limits>
#include <memory>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "geo/gap.h"
#include "geo/shape.h"

namespace wideberth::geo {

enum class AltitudeReference : uint8_t { kW84 = 0, kAmsl = 1, kAgl = 2, kStd = 3 };

std::string_view AltitudeReferenceName(AltitudeReference reference);  // "W84", "AMSL", "AGL", "STD"
base::Result<AltitudeReference> ParseAltitudeReference(std::string_view text);

inline constexpr int64_t kUnlimitedUp = std::numeric_limits<int64_t>::max();
inline constexpr int64_t kUnlimitedDown = std::numeric_limits<int64_t>::min();

struct Altitude {
  int64_t mm =
      0;  // in [limits::kAltitudeMinMm, limits::kAltitudeMaxMm], or one of the unlimited values
  AltitudeReference reference = AltitudeReference::kW84;
  auto operator<=>(const Altitude&) const = default;
};

struct HeightInterval {  // W84, mm; lower <= upper
  int64_t lower_mm = 0;
  int64_t upper_mm = 0;
  bool operator==(const HeightInterval&) const = default;
};

// Feet are exact: 1 ft = 304.8 mm; rounded to the nearest mm. `feet` is finite; what does not fit
// saturates.
int64_t FeetToMm(double feet);

// The Earth's extremes: what holds where nothing better was agreed.
//
// Terrain: from the shore of the Dead Sea (-438 m in 2023, falling about 1 m a year; room for a
// century) to Everest (8,848.86 m, China and Nepal 2020). Undulation of EGM96: -106.99 m south of
// Sri Lanka to 85.39 m in New Guinea (NGA grid). Pressure at sea level: from the eye of typhoon Tip
// (870 hPa) to Tosontsengel (1,084.8 hPa; WMO archive), each with room. Temperature minus standard:
// from Vostok (-89.2 C at 3,488 m: -81.5 K) to Death Valley (56.7 C: +41.2 K), each with room,
// because the air aloft deviates less than the air at the ground.
inline constexpr int64_t kTerrainLowestMm = -550'000;
inline constexpr int64_t kTerrainHighestMm = 8'850'000;
inline constexpr double kUndulationLowestM = -107;
inline constexpr double kUndulationHighestM = 86;
inline constexpr double kQnhLowestHpa = 850;
inline constexpr double kQnhHighestHpa = 1'100;
inline constexpr double kIsaDeviationLowestK = -90;
inline constexpr double kIsaDeviationHighestK = 50;

// The EGM96 geoid as a grid of undulations.
class Geoid {
 public:
  // Reads NOAA's GTX format (big-endian; Debian's proj-data ships egm96_15.gtx). The grid has to go
  // round the whole Earth, from pole to pole. Refuses a damaged or truncated file (field "geoid").
  static base::Result<Geoid> FromGtx(base::ByteView bytes);

  // Height of mean sea level above the ellipsoid at a point, in metres: bilinear between the four
  // grid values around it. About 10 ns.
  double UndulationM(Position point) const;

  struct Range {
    double min_m;
    double max_m;
  };
  // The extremes of the bilinear surface over the cap's rectangle of latitude and longitude:
  // contains UndulationM of every point within `radius_m` of the centre. Below 1 us for outlines of
  // a few km; grows with the grid values inside.
  Range UndulationRange(Position centre, double radius_m) const;

  // What AMSL may differ from the grid: the grid against EGM96 itself (0.06 m at NGA's check
  // points, more between grid points in mountains), and EGM96 against the levels that charts and
  // receivers use.
  static constexpr int64_t kGeoidErrorMm = 1'000;

 private:
  Geoid() = default;
  double At(double row, double column) const;

  int rows_ = 0, columns_ = 0;  // row 0 is the South Pole; columns go east, round the Earth
  double west_deg_ = 0, step_lat_deg_ = 0, step_lng_deg_ = 0;
  std::vector<float> metres_;
};

// Terrain and pressure bounds, as both sides agreed on them: rectangles of latitude and longitude
// with the lowest and highest terrain, and the lowest and highest QNH and temperature deviation.
// Where rectangles overlap the hull holds; a place that no rectangle covers has the Earth's
// extremes. West may be greater than east, across the antimeridian.
//
// Values are immutable; a copy shares its rectangles. A look-up visits the rectangles near the cap
// (bins of one degree): below 1 us where few are, O(k log k) for k of them.
class HeightBounds {
 public:
  struct Terrain {
    Bounds area;
    int64_t lowest_mm = 0;   // AMSL
    int64_t highest_mm = 0;  // AMSL
  };
  struct Pressure {
    Bounds area;
    double qnh_min_hpa = 0, qnh_max_hpa = 0;
    double isa_deviation_min_k = 0, isa_deviation_max_k = 0;  // temperature minus standard
  };

  HeightBounds() = default;  // the Earth's extremes everywhere
  // Refuses (field "/terrain/i/..." or "/pressure/i/...") rectangles upside down, bounds upside
  // down or beyond the Earth's extremes, more than limits::kBoundsCellsMax rectangles of a kind.
  static base::Result<HeightBounds> Make(std::vector<Terrain> terrain,
                                         std::vector<Pressure> pressure);

  // Over the cap: terrain heights AMSL.
  HeightInterval TerrainAmsl(Position centre, double radius_m) const;

  // Where, AMSL, an aircraft that shows pressure altitude `std_mm` can be over the cap: ICAO's
  // standard atmosphere (Doc 7488), shifted by every agreed QNH and stretched by every agreed
  // temperature profile, for a QNH measured at any station from the lowest place on Earth up to the
  // aircraft; geopotential turned into geometric height for the strongest and the weakest gravity.
  // Above 80 km, where that atmosphere ends, there is no upper bound.
  HeightInterval PressureAmsl(int64_t std_mm, Position centre, double radius_m) const;

 private:
  struct Data;
  std::shared_ptr<const Data> data_;  // null: no rectangles
};

// What is needed to turn a height into W84. The geoid may be null: then AMSL has the Earth's
// extreme undulations.
struct HeightModel {
  std::shared_ptr<const Geoid> geoid;
  HeightBounds bounds;
};

// The W84 interval that certainly contains `altitude` everywhere over the shape. kUnlimitedUp
// becomes limits::kHeightW84MaxMm, kUnlimitedDown limits::kHeightW84MinMm, which no other altitude
// reaches.
HeightInterval ToW84(const HeightModel& model, const Shape& shape, Altitude altitude);
HeightInterval ToW84(const HeightModel& model, Position cap_centre, double cap_radius_m,
                     Altitude altitude);

}  // namespace wideberth::geo

#endif  // WIDEBERTH_GEO_ALTITUDE_H_
