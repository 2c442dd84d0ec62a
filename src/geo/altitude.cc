#include "geo/altitude.h"

#include <cmath>

#include "base/limits.h"

namespace wideberth::geo {
namespace {

int64_t FloorMm(double metres) {
  return static_cast<int64_t>(std::floor(metres * 1e3));
}
int64_t CeilMm(double metres) {
  return static_cast<int64_t>(std::ceil(metres * 1e3));
}

// What to add to a height AMSL.
HeightInterval SeaLevelW84(const HeightModel& model, Position centre, double radius_m) {
  Geoid::Range range{kUndulationLowestM, kUndulationHighestM};
  if (model.geoid != nullptr) range = model.geoid->UndulationRange(centre, radius_m);
  return {FloorMm(range.min_m) - Geoid::kGeoidErrorMm, CeilMm(range.max_m) + Geoid::kGeoidErrorMm};
}

HeightInterval Sum(HeightInterval a, HeightInterval b) {
  return {a.lower_mm + b.lower_mm, a.upper_mm + b.upper_mm};
}

}  // namespace

std::string_view AltitudeReferenceName(AltitudeReference reference) {
  switch (reference) {
    case AltitudeReference::kW84:
      return "W84";
    case AltitudeReference::kAmsl:
      return "AMSL";
    case AltitudeReference::kAgl:
      return "AGL";
    case AltitudeReference::kStd:
      return "STD";
  }
  return "?";
}

base::Result<AltitudeReference> ParseAltitudeReference(std::string_view text) {
  for (const AltitudeReference reference : {AltitudeReference::kW84, AltitudeReference::kAmsl,
                                            AltitudeReference::kAgl, AltitudeReference::kStd}) {
    if (text == AltitudeReferenceName(reference)) return reference;
  }
  return base::Invalid("", "must be one of W84, AMSL, AGL, STD", text);
}

int64_t FeetToMm(double feet) {
  constexpr double kLimitMm = 9e18;
  const double mm = feet * 304.8;
  if (!(mm > -kLimitMm)) return kUnlimitedDown;
  if (mm > kLimitMm) return kUnlimitedUp;
  return std::llround(mm);
}

HeightInterval ToW84(const HeightModel& model, const Shape& shape, Altitude altitude) {
  return ToW84(model, shape.cap_centre(), shape.cap_radius_m(), altitude);
}

HeightInterval ToW84(const HeightModel& model, Position cap_centre, double cap_radius_m,
                     Altitude altitude) {
  if (altitude.mm == kUnlimitedUp) return {limits::kHeightW84MaxMm, limits::kHeightW84MaxMm};
  if (altitude.mm == kUnlimitedDown) return {limits::kHeightW84MinMm, limits::kHeightW84MinMm};
  const HeightInterval exact{altitude.mm, altitude.mm};
  if (altitude.reference == AltitudeReference::kW84) return exact;
  const HeightInterval sea_level = SeaLevelW84(model, cap_centre, cap_radius_m);
  switch (altitude.reference) {
    case AltitudeReference::kAgl:
      return Sum(Sum(exact, model.bounds.TerrainAmsl(cap_centre, cap_radius_m)), sea_level);
    case AltitudeReference::kStd:
      return Sum(model.bounds.PressureAmsl(altitude.mm, cap_centre, cap_radius_m), sea_level);
    default:
      return Sum(exact, sea_level);
  }
}

}  // namespace wideberth::geo
