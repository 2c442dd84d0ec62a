// Recorded flights as declared corridors, so that real flying becomes real activity.
//
// Two kinds of files are read.
//
// readsb / tar1090 traces (`trace_full_<hex>.json`): `timestamp` in seconds since 1970 and `trace` rows of seconds
// after it, latitude, longitude, pressure altitude in ft or "ground", and, if there, geometric altitude in ft.
//
// CSV with a header row; separator "," or ";"; any order; other columns are passed over:
//
//   time          2026-11-21T10:00:00Z; a time of day or a time without a zone needs an assumption (below)
//   timestamp     seconds since 1970, instead of `time`
//   id            of the aircraft, optional; also icao, icao24, hex
//   lat, lng      degrees; also latitude, longitude, lon
//   alt_std_ft    pressure altitude (also alt_baro_ft); or alt_std_m
//   alt_w84_m     above the WGS-84 ellipsoid; or alt_w84_ft (also alt_geom_ft)
//   alt_amsl_m    above mean sea level; or alt_amsl_ft
//   on_ground     1 or true: not flying
//
// A CSV without a header whose rows are SBS-1 messages ("MSG,3,..."; a number before them is passed over) is read too.
// SBS-1 writes the receiver's local time without a zone, so it always needs `assume_zone_minutes`. Every assumption
// that was used is a note.
//
// Rows without a position or a time are passed over; a row that is broken is refused with its line.
//
// Threads: pure functions. Cost: about 1 us a point for reading and 1 us for CorridorsFromTrack.
#ifndef WIDEBERTH_FORMATS_TRACKS_H_
#define WIDEBERTH_FORMATS_TRACKS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "airspace/notice.h"
#include "base/result.h"
#include "base/time.h"
#include "geo/position.h"

namespace wideberth::formats {

struct TrackPoint {
  base::UtcMicros time;
  geo::Position position;
  std::optional<int64_t> std_mm;   // pressure altitude
  std::optional<int64_t> w84_mm;   // above the ellipsoid
  std::optional<int64_t> amsl_mm;  // above mean sea level
  bool on_ground = false;
  bool new_leg = false;  // the recorder says that a flight begins here
};

struct Track {
  std::string id;
  std::vector<TrackPoint> points;  // in order of time
};

struct TrackFile {
  std::vector<Track> tracks;  // in order of id
  std::vector<std::string> notes;
};

struct TrackReadOptions {
  std::optional<base::CivilDate> assume_date;
  std::optional<int> assume_zone_minutes;  // east of UTC
};

base::Result<TrackFile> ReadTrackCsv(std::string_view text, const TrackReadOptions& options);
base::Result<TrackFile> ReadReadsbTrace(std::string_view text);

struct CorridorOptions {
  airspace::DataMode data_mode = airspace::DataMode::kReal;
  std::string activity_class;
  // Half the width of the corridor; a quarter of it may be used up by simplifying the line. At least 100 m.
  int64_t half_width_mm = 1'852'000;
  int64_t height_margin_mm = 150'000;  // below the lowest and above the highest point of a piece
  int64_t time_margin_us = 120 * base::kMicrosPerSecond;
  // A corridor is cut into pieces that overlap at one point, so that band and window stay close to the flight.
  int64_t piece_duration_max_us = 10 * base::kMicrosPerMinute;
  int64_t piece_height_max_mm = 900'000;
  // A longer silence, or standing on the ground, ends a flight.
  int64_t gap_max_us = 15 * base::kMicrosPerMinute;
};

struct Corridors {
  std::vector<airspace::Declaration>
      flights;  // one for each flight; more where one would exceed limits.h
  std::vector<std::string> notes;
};

// Guarantee: every recorded point in the air, and the straight way between two that are no further apart than
// `gap_max_us`, lies within the declared volumes in area, height and time (tested). The height is of the best reference
// that every point of a piece has: STD, then W84, then AMSL. Where a point has no height, those before and after it
// count; where a flight has none at all the band is unlimited, and a note says so.
base::Result<Corridors> CorridorsFromTrack(const Track& track, const CorridorOptions& options);

}  // namespace wideberth::formats

#endif  // WIDEBERTH_FORMATS_TRACKS_H_
