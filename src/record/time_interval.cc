#include "record/time_interval.h"

#include <string>

namespace wideberth::record {

using base::ErrorCode;
using base::Fail;
using base::Invalid;
using base::Result;
using base::UtcMicros;

namespace {

// The last second of the year 9998.
constexpr uint64_t kSecondsMax = 253'370'764'799;

Result<UtcMicros> FromSeconds(uint64_t time_s) {
  if (time_s > kSecondsMax) {
    return Invalid("time", "must be in the years 1970 to 9998", std::to_string(time_s));
  }
  return UtcMicros{static_cast<int64_t>(time_s) * base::kMicrosPerSecond};
}

}  // namespace

Result<TimeInterval> IntervalOf(std::optional<UtcMicros> seen, std::optional<uint64_t> covered_s) {
  TimeInterval interval;
  interval.not_before = seen.value_or(base::kTimeOpenStart);
  if (covered_s) {
    WB_ASSIGN_OR_RETURN(const UtcMicros time, FromSeconds(*covered_s));
    interval.not_after = {time.us + base::kMicrosPerSecond - 1};
  }
  if (interval.not_before <= interval.not_after) return interval;
  return Fail(ErrorCode::kConflict, "not_after",
              "must not be before what the entry names, " +
                  base::FormatRfc3339(interval.not_before) + ": the clocks disagree",
              base::FormatRfc3339(interval.not_after));
}

std::string_view EventOrderName(EventOrder order) {
  switch (order) {
    case EventOrder::kBefore:
      return "before";
    case EventOrder::kAfter:
      return "after";
    case EventOrder::kConcurrent:
      return "concurrent";
  }
  return "";
}

EventOrder OrderOf(const TimeInterval& first, const TimeInterval& second, CausalLink link) {
  if (link == CausalLink::kFirstToSecond) return EventOrder::kBefore;
  if (link == CausalLink::kSecondToFirst) return EventOrder::kAfter;
  if (first.not_after < second.not_before) return EventOrder::kBefore;
  if (second.not_after < first.not_before) return EventOrder::kAfter;
  return EventOrder::kConcurrent;
}

std::string FormatInterval(const TimeInterval& interval) {
  const bool no_start = interval.not_before == base::kTimeOpenStart;
  const bool no_end = interval.not_after == base::kTimeOpenEnd;
  if (no_start && no_end) return "at a time that is not known";
  if (no_start) return "not after " + base::FormatRfc3339(interval.not_after);
  if (no_end) return "not before " + base::FormatRfc3339(interval.not_before);
  return base::FormatRfc3339(interval.not_before) + " to " +
         base::FormatRfc3339(interval.not_after);
}

}  // namespace wideberth::record
