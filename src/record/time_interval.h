// When something happened, as far as signatures show it: an interval, never a point.
//
// Not before: the entry names a checkpoint of the peer that somebody had cosigned at a certain time, so it was written
// later. Not after: a checkpoint that covers the entry was cosigned at a certain time, so it was there by then. A
// cosignature states whole seconds; it was made somewhere within its second.
//
//   WB_ASSIGN_OR_RETURN(const TimeInterval call, IntervalOf(peer_checkpoint_times_s, proven.not_after_s));
//   WB_ASSIGN_OR_RETURN(const TimeInterval raid, IntervalOf(...));
//   OrderOf(call, raid)      // kBefore, kAfter, or kConcurrent when the record does not say
//
// The clocks are those of the cosigners; an order is theirs to within the trust in them. A causal link (one entry names
// a checkpoint that covers the other) needs no clock.
#ifndef WIDEBERTH_RECORD_TIME_INTERVAL_H_
#define WIDEBERTH_RECORD_TIME_INTERVAL_H_

#include <cstdint>
#include <optional>
#include <span>
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

// From the times (POSIX seconds) of cosignatures: of checkpoints named inside the entry, of which the latest counts,
// and the one by which the entry was there. Nothing known leaves an end open. Refuses with kInvalid times beyond the
// range of base/time.h, and with kConflict an end before the start, which shows that the cosigners' clocks disagree.
base::Result<TimeInterval> IntervalOf(std::span<const uint64_t> seen_s,
                                      std::optional<uint64_t> covered_s);

// Whether one of two events is known to have caused, or been seen before, the other.
enum class CausalLink : uint8_t { kNone, kFirstToSecond, kSecondToFirst };

enum class EventOrder : uint8_t { kBefore, kAfter, kConcurrent };
std::string_view EventOrderName(EventOrder order);  // "before", "after", "concurrent"

// Where the first event stands against the second. Intervals that share a point say nothing.
EventOrder OrderOf(const TimeInterval& first, const TimeInterval& second,
                   CausalLink link = CausalLink::kNone);

// "2026-11-21T10:00:00Z to 2026-11-21T10:00:02.999999Z"; open ends as "-inf" and "+inf".
std::string FormatInterval(const TimeInterval& interval);

}  // namespace wideberth::record

#endif  // WIDEBERTH_RECORD_TIME_INTERVAL_H_
