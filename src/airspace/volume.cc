#include "airspace/volume.h"

#include <algorithm>
#include <string>

#include "base/limits.h"

namespace wideberth::airspace {
namespace {

using base::Invalid;
using base::Result;
using base::UtcMicros;

// The first microsecond of the year 9999, which real files use to mean "for ever" (base/time.h).
constexpr int64_t kYear9999Us = int64_t{2'932'532} * base::kMicrosPerDay;

bool IsClosedTime(UtcMicros time) {
  return time.us >= 0 && time.us < kYear9999Us;
}

std::string WindowText(const TimeWindow& window) {
  const auto text = [](UtcMicros time) {
    const bool writable =
        IsClosedTime(time) || time == base::kTimeOpenStart || time == base::kTimeOpenEnd;
    return writable ? base::FormatRfc3339(time) : std::to_string(time.us) + " us";
  };
  return text(window.start) + " to " + text(window.end);
}

std::string AltitudeText(geo::Altitude altitude) {
  std::string text;
  if (altitude.mm == geo::kUnlimitedUp || altitude.mm == geo::kUnlimitedDown) {
    text = altitude.mm == geo::kUnlimitedUp ? "unlimited upwards" : "unlimited downwards";
  } else {
    text = std::to_string(altitude.mm) + " mm";
  }
  return text.append(" ").append(geo::AltitudeReferenceName(altitude.reference));
}

Result<void> ValidateWindow(const TimeWindow& window) {
  const bool open_start = window.start == base::kTimeOpenStart;
  const bool open_end = window.end == base::kTimeOpenEnd;
  if ((!open_start && !IsClosedTime(window.start)) || (!open_end && !IsClosedTime(window.end))) {
    return Invalid("/window", "must lie in the years 1970 to 9998 or be open", WindowText(window));
  }
  if (window.start >= window.end) {
    return Invalid("/window", "must start before it ends", WindowText(window));
  }
  if (!open_start && !open_end && window.end.us - window.start.us > limits::kNoticeWindowMaxUs) {
    static_assert(limits::kNoticeWindowMaxUs == 366 * base::kMicrosPerDay);
    return base::Fail(base::ErrorCode::kTooLarge, "/window", "must not be longer than 366 days",
                      WindowText(window));
  }
  return {};
}

Result<void> ValidateLimit(geo::Altitude limit, int64_t unlimited, const char* field) {
  static_assert(limits::kAltitudeMinMm == -8'000'000 && limits::kAltitudeMaxMm == 1'000'000'000);
  if (limit.mm == unlimited) return {};
  if (limit.mm < limits::kAltitudeMinMm || limit.mm > limits::kAltitudeMaxMm) {
    const char* rule = unlimited == geo::kUnlimitedDown
                           ? "must be between -8000 m and 1000000 m, or unlimited downwards"
                           : "must be between -8000 m and 1000000 m, or unlimited upwards";
    return Invalid(field, rule, AltitudeText(limit));
  }
  return {};
}

Result<void> ValidateBand(const Volume4D& volume) {
  const auto& [lower, upper] = volume.band;
  WB_RETURN_IF_ERROR(ValidateLimit(lower, geo::kUnlimitedDown, "/band/lower"));
  WB_RETURN_IF_ERROR(ValidateLimit(upper, geo::kUnlimitedUp, "/band/upper"));
  const auto upright = [](const geo::HeightInterval& w84) { return w84.lower_mm <= w84.upper_mm; };
  if (!upright(volume.lower_w84)) return Invalid("/lower_w84", "must not be upside down");
  if (!upright(volume.upper_w84)) return Invalid("/upper_w84", "must not be upside down");
  if (lower.mm == geo::kUnlimitedDown || upper.mm == geo::kUnlimitedUp) return {};
  const bool upside_down = lower.reference == upper.reference
                               ? lower.mm >= upper.mm
                               : volume.lower_w84.lower_mm > volume.upper_w84.upper_mm;
  if (upside_down) {
    return Invalid("/band", "the lower limit must be below the upper limit",
                   AltitudeText(lower) + " to " + AltitudeText(upper));
  }
  return {};
}

void Widen(const geo::HeightInterval& by, geo::HeightInterval* interval) {
  const bool filled = *interval != geo::HeightInterval{};
  interval->lower_mm = filled ? std::min(interval->lower_mm, by.lower_mm) : by.lower_mm;
  interval->upper_mm = filled ? std::max(interval->upper_mm, by.upper_mm) : by.upper_mm;
}

}  // namespace

Result<void> ValidateVolume(const Volume4D& volume) {
  WB_RETURN_IF_ERROR(ValidateWindow(volume.window));
  return ValidateBand(volume);
}

void FillW84(const geo::HeightModel& model, const geo::Shape& shape, Volume4D* volume) {
  Widen(geo::ToW84(model, shape, volume->band.lower), &volume->lower_w84);
  Widen(geo::ToW84(model, shape, volume->band.upper), &volume->upper_w84);
}

}  // namespace wideberth::airspace
