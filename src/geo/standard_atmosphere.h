// The ICAO standard atmosphere (Doc 7488/3), from -5 km to 80 km geopotential. Inside geo only.
//
// Heights are geopotential metres; temperature is piecewise linear in them.
#ifndef WIDEBERTH_GEO_STANDARD_ATMOSPHERE_H_
#define WIDEBERTH_GEO_STANDARD_ATMOSPHERE_H_

namespace wideberth::geo {

inline constexpr double kStandardPressureHpa = 1013.25;
inline constexpr double kStandardGravity = 9.80665;   // m/s^2
inline constexpr double kAirGasConstant = 287.05287;  // J/(kg K)
inline constexpr double kStandardAtmosphereTopM = 80'000;

double StandardTemperatureK(double height_m);
double StandardPressureHpa(double height_m);
// Height at which the standard atmosphere has `pressure_hpa`; in the troposphere (above 226.32
// hPa).
double StandardHeightM(double pressure_hpa);
// The integral of dh / T(h): by how much a column grows for each kelvin that it is warmer than
// standard.
double StretchPerKelvinM(double from_m, double to_m);

}  // namespace wideberth::geo

#endif  // WIDEBERTH_GEO_STANDARD_ATMOSPHERE_H_
