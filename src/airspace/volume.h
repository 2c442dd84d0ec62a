// A Volume4D: an outline, a band of heights and a window of time.
//
// Windows are half-open [start, end); an open start is base::kTimeOpenStart ("always has been"), an
// open end base::kTimeOpenEnd. A band's two limits may have different references ("from the ground
// (AGL) up to 6,259 m AMSL" is a real zone). Our own API refuses lower = upper and start = end
// (MECHANISM 4.1).
#ifndef WIDEBERTH_AIRSPACE_VOLUME_H_
#define WIDEBERTH_AIRSPACE_VOLUME_H_

#include <cstdint>

#include "base/time.h"
#include "geo/altitude.h"
#include "geo/outline.h"

namespace wideberth::airspace {

struct TimeWindow {
  base::UtcMicros start;
  base::UtcMicros end;
  bool operator==(const TimeWindow&) const = default;
};

struct HeightBand {
  geo::Altitude lower;
  geo::Altitude upper;
  bool operator==(const HeightBand&) const = default;
};

struct Volume4D {
  geo::Outline outline;
  HeightBand band;
  TimeWindow window;
  // What the issuer says the two limits are in W84: lower limit in [lower_w84.lower,
  // lower_w84.upper], likewise the upper limit. The receiver uses the hull of these and its own
  // (MECHANISM 4.2).
  geo::HeightInterval lower_w84;
  geo::HeightInterval upper_w84;
  bool operator==(const Volume4D&) const = default;
};

// Refuses, with the JSON pointer inside the volume:
//   "/window"      start at or after end; longer than limits::kNoticeWindowMaxUs with both ends
//                  closed; a time that is neither open nor in the years 1970 to 9998
//   "/band/lower", "/band/upper"
//                  a limit outside [limits::kAltitudeMinMm, limits::kAltitudeMaxMm] that is not
//                  unlimited, or unlimited the wrong way round
//   "/band"        lower at or above upper in the same reference; in different references, lower
//                  certainly above upper by the W84 intervals (both are zero, and refuse nothing,
//                  until FillW84)
//   "/lower_w84", "/upper_w84"
//                  an interval that is upside down
// The outline has been checked already: geo refuses a bad one when it is made or prepared.
base::Result<void> ValidateVolume(const Volume4D& volume);

// Fills lower_w84 and upper_w84 with the hull of what they hold and what the model says, so that a
// receiver widens the issuer's interval by its own and never narrows it (MECHANISM 4.2); two zeroes
// are an interval not filled yet. An unlimited limit becomes geo::ToW84 of it.
void FillW84(const geo::HeightModel& model, const geo::Shape& shape, Volume4D* volume);

}  // namespace wideberth::airspace

#endif  // WIDEBERTH_AIRSPACE_VOLUME_H_
