// Heights and what they are measured from.
//
//   kW84   metres above the WGS-84 ellipsoid
//   kAmsl  metres above mean sea level, EGM96
//   kAgl   metres above ground
//   kStd   pressure altitude: metres in the standard atmosphere with 1013.25 hPa at zero
//
// Two heights of the same reference are compared as the integers they are. Two different references are never compared
// as if equal: each is turned into an interval of W84 heights that certainly contains it, and the intervals are compared
// (MECHANISM 4.2). The width of the interval is the stated error:
//
//   AMSL  lowest to highest geoid undulation over the outline, widened by kGeoidErrorMm;
//   AGL   lowest to highest terrain over the outline, from the bounds both sides agreed on; the Earth's extremes where
//         there is no bound;
//   STD   the band in which a pressure altitude can lie given the agreed QNH and temperature bounds; the Earth's
//         extremes where there is none.
//
// All heights are millimetres. kUnlimitedUp and kUnlimitedDown are values of their own ("UNL", "from the ground down").
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
  int64_t mm = 0;  // in [limits::kAltitudeMinMm, limits::kAltitudeMaxMm], or one of the unlimited values
  AltitudeReference reference = AltitudeReference::kW84;
  auto operator<=>(const Altitude&) const = default;
};

struct HeightInterval {  // W84, mm; lower <= upper
  int64_t lower_mm = 0;
  int64_t upper_mm = 0;
  bool operator==(const HeightInterval&) const = default;
};

// Feet are exact: 1 ft = 304.8 mm; rounded to the nearest mm.
int64_t FeetToMm(double feet);

// The EGM96 geoid as a grid of undulations.
class Geoid {
 public:
  // Reads NOAA's GTX format (big-endian; Debian's proj-data ships egm96_15.gtx). Refuses a damaged or truncated file.
  static base::Result<Geoid> FromGtx(base::ByteView bytes);

  // Height of mean sea level above the ellipsoid at a point, in metres (bilinear).
  double UndulationM(Position point) const;

  struct Range {
    double min_m;
    double max_m;
  };
  // A range that contains every undulation within the cap. Error of the grid against EGM96: kGeoidErrorMm.
  Range UndulationRange(Position centre, double radius_m) const;

  static constexpr int64_t kGeoidErrorMm = 1'000;

 private:
  Geoid() = default;
  int rows_ = 0, columns_ = 0;
  double south_deg_ = 0, west_deg_ = 0, step_lat_deg_ = 0, step_lng_deg_ = 0;
  std::vector<float> metres_;
};

// Terrain and pressure bounds, as both sides agreed on them: rectangles of latitude and longitude with the lowest and
// highest terrain, and the lowest and highest QNH and temperature deviation. Where rectangles overlap the hull holds;
// a place that no rectangle covers has the Earth's extremes.
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
  static base::Result<HeightBounds> Make(std::vector<Terrain> terrain,
                                         std::vector<Pressure> pressure);

  // Over the cap: terrain heights AMSL.
  HeightInterval TerrainAmsl(Position centre, double radius_m) const;
  // Where, AMSL, an aircraft that shows pressure altitude `std_mm` can be over the cap.
  HeightInterval PressureAmsl(int64_t std_mm, Position centre, double radius_m) const;

 private:
  std::vector<Terrain> terrain_;
  std::vector<Pressure> pressure_;
};

// What is needed to turn a height into W84. The geoid may be null: then AMSL has the Earth's extreme undulations.
struct HeightModel {
  std::shared_ptr<const Geoid> geoid;
  HeightBounds bounds;
};

// The W84 interval that certainly contains `altitude` everywhere over the shape.
HeightInterval ToW84(const HeightModel& model, const Shape& shape, Altitude altitude);

}  // namespace wideberth::geo

#endif  // WIDEBERTH_GEO_ALTITUDE_H_
