// What a period was like on a line, from its record: how long before their start notices had come, how long receipts
// and read-backs took, what was late, missed or unanswered. Drills are apart.
//
// An event's time is by the clock of who signed it: a notice's by its issuer's, R1 by that of the machine that signed
// the receipt, R3 by that of the person's node. So a time between the two sides is by two clocks, and their difference
// is in the figures; a node's own statistics (mechanism::Counts) count by the same rule.
//
//   late notice      its lead time at R1 (start minus R1) is below the agreed minimum of its kind; so is one without R1
//   late all-clear   said more than kAllClearLateUs after the planned end of the last version
//   breach           alleged by a stop call; accepted where the answer is stopping or stopped, rejected where it is
//                    not_ours; else open. What it was in truth is not in the record.
//
// Pure; any thread.
#ifndef WIDEBERTH_TIMELINE_AFTER_ACTION_H_
#define WIDEBERTH_TIMELINE_AFTER_ACTION_H_

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "airspace/notice.h"
#include "base/time.h"
#include "timeline/timeline.h"

namespace wideberth::timeline {

inline constexpr int64_t kAllClearLateUs = base::kMicrosPerHour;

struct Sample {
  base::UtcMicros at;
  int64_t us = 0;
};

// Of one side: what it released, called and checked, and how the other answered.
struct Figures {
  std::vector<Sample> lead_r1, lead_r3;    // of its notices: start minus R1, start minus R3
  std::vector<Sample> receipt, read_back;  // of its notices: from saying to R1, to R3
  uint64_t released = 0;
  uint64_t late = 0;
  uint64_t never_read_back = 0;
  uint64_t all_clears = 0;
  uint64_t all_clears_late = 0;
  uint64_t checks = 0;
  uint64_t checks_unanswered = 0;
  uint64_t stop_calls = 0;
  uint64_t stop_calls_unanswered = 0;
  uint64_t breaches_accepted = 0;
  uint64_t breaches_rejected = 0;
  uint64_t warnings = 0;
  uint64_t warnings_unanswered = 0;
};

struct AfterAction {
  airspace::TimeWindow period;
  std::array<Figures, 2> real;    // by the logs of the timeline
  std::array<Figures, 2> drills;  // EXERCISE and TEST
};

// The least lead times, by kind, that were agreed.
using LeadTimesMin = std::array<int64_t, airspace::kNoticeKinds>;

// What was said in the period, and all that was answered to it.
AfterAction Summarise(const Timeline& timeline, const airspace::TimeWindow& period,
                      const LeadTimesMin& lead_time_min_us);

// At most so long in that share of the samples; 0 where there are none.
int64_t QuantileUs(const std::vector<Sample>& samples, double share);

// The report as one HTML file that needs nothing else: tables, and plots as SVG inside. `names`: of the parties, by the
// logs; whatever is in them is escaped.
std::string ReportHtml(const AfterAction& summary, const std::array<std::string, 2>& names,
                       base::UtcMicros made_at);

}  // namespace wideberth::timeline

#endif  // WIDEBERTH_TIMELINE_AFTER_ACTION_H_
