// What people type for places, heights and times. Pure.
//
//   place      46.912,7.498                       latitude, longitude in degrees
//   length     3km  1.5nm  500m  300ft            without a unit: metres
//   circle     46.912,7.498,3km                   centre and radius
//   polygon    "46.9,7.4 46.9,7.6 47.0,7.5"       three places or more
//   corridor   "46.9,7.4 47.0,7.6 1nm"            two places or more, then half the width
//   altitude   300mAGL  1500ftAMSL  2000mW84  FL095  SFC  UNL
//   time       2026-11-21T10:00:00Z  now  +90min  +2h
//   duration   45s  30min  2h  7d  1h30min
//
// Refusals have no field: the caller knows which option it was.
#ifndef WIDEBERTH_APPS_WIDEBERTH_FLAGS_H_
#define WIDEBERTH_APPS_WIDEBERTH_FLAGS_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "geo/altitude.h"
#include "geo/outline.h"

namespace wideberth::cli {

base::Result<geo::Position> ParsePlace(std::string_view text);
base::Result<int64_t> ParseLengthMm(std::string_view text);
base::Result<geo::Outline> ParseCircle(std::string_view text);
base::Result<geo::Outline> ParsePolygon(std::string_view text);
base::Result<geo::Outline> ParseCorridor(std::string_view text);
// `is_upper`: which way UNL is meant.
base::Result<geo::Altitude> ParseAltitude(std::string_view text, bool is_upper);
base::Result<int64_t> ParseDurationUs(std::string_view text);
// "+..." counts from `origin`, "now" is `now`.
base::Result<base::UtcMicros> ParseTime(std::string_view text, base::UtcMicros now,
                                        base::UtcMicros origin);
// A zone as "Z", "+01:00" or "-0330", in minutes east of UTC.
base::Result<int> ParseZoneMinutes(std::string_view text);
// "2026-11-21"
base::Result<base::CivilDate> ParseDate(std::string_view text);

}  // namespace wideberth::cli

#endif  // WIDEBERTH_APPS_WIDEBERTH_FLAGS_H_
