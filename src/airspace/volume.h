// A Volume4D: an outline, a band of heights and a window of time.
//
// Windows are half-open [start, end); an open end is base::kTimeOpenEnd. A band's two limits may have different
// references ("from the ground (AGL) up to 6,259 m AMSL" is a real zone). Our own API refuses lower = upper and
// start = end (MECHANISM 4.1).
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
  // What the issuer says the two limits are in W84: lower limit in [lower_w84.lower, lower_w84.upper], likewise the
  // upper limit. The receiver uses the hull of these and its own (MECHANISM 4.2).
  geo::HeightInterval lower_w84;
  geo::HeightInterval upper_w84;
  bool operator==(const Volume4D&) const = default;
};

// Refuses: start >= end (field "/window"), a window longer than limits::kNoticeWindowMaxUs unless its end is open, a
// height outside its limits (field "/band/lower"), lower >= upper where both have the same reference or one is
// unlimited the wrong way round (field "/band"); with different references, lower certainly at or above upper.
base::Result<void> ValidateVolume(const Volume4D& volume);

// Fills lower_w84 and upper_w84 from the model: unlimited limits become the Earth's extremes of limits.h.
void FillW84(const geo::HeightModel& model, const geo::Shape& shape, Volume4D* volume);

}  // namespace wideberth::airspace

#endif  // WIDEBERTH_AIRSPACE_VOLUME_H_
