// When something happened, as far as signatures show it: an interval, never a point.
//
// Not before: the entry names a head of the peer's log, so it was written after what stands under that head was signed.
// That a checkpoint was cosigned at some time is no such bound: an entry that names it may be older than the
// cosignature. Not after: a checkpoint that covers the entry was cosigned at a certain time, so it was there by then. A
// cosignature states whole seconds; it was made somewhere within its second.
//
//   WB_ASSIGN_OR_RETURN(const TimeInterval call, IntervalOf(last_seen_entry.sent_at, proven.not_after_s));
//   WB_ASSIGN_OR_RETURN(const TimeInterval raid, IntervalOf(...));
//   OrderOf(call, raid)      // kBefore, kAfter, or kConcurrent when the record does not say
//
// The clocks are those of the peer and the cosigners; an order is theirs to within the trust in them. A causal link
// (one entry names a head that covers the other) needs no clock.
#ifndef WIDEBERTH_RECORD_TIME_INTERVAL_H_
#define WIDEBERTH_RECORD_TIME_INTERVAL_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace wideberth::record {

// Both ends belong to it.
struct TimeInterval {
  base::UtcMicros not_before = base::kTimeOpenStart;
  base::UtcMicros not_after = base::kTimeOpenEnd;
  bool operator==(const TimeInterval&) const = default;
};

// From when the newest thing that the entry names was signed, and the time (POSIX seconds) of the cosignature by which
// the entry was there. Nothing known leaves an end open. Refuses with kInvalid times beyond the range of base/time.h,
// and with kConflict an end before the start, which shows that the clocks disagree.
base::Result<TimeInterval> IntervalOf(std::optional<base::UtcMicros> seen,
                                      std::optional<uint64_t> covered_s);

// Whether one of two events is known to have caused, or been seen before, the other.
enum class CausalLink : uint8_t { kNone, kFirstToSecond, kSecondToFirst };

enum class EventOrder : uint8_t { kBefore, kAfter, kConcurrent };
std::string_view EventOrderName(EventOrder order);  // "before", "after", "concurrent"

// Where the first event stands against the second. Intervals that share a point say nothing.
EventOrder OrderOf(const TimeInterval& first, const TimeInterval& second,
                   CausalLink link = CausalLink::kNone);

// For people: "2026-11-21T10:00:00Z to 2026-11-21T10:00:02.999999Z"; with one end open "not after ..." or
// "not before ...".
std::string FormatInterval(const TimeInterval& interval);

}  // namespace wideberth::record

#endif  // WIDEBERTH_RECORD_TIME_INTERVAL_H_
