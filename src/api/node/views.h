// What a party may see of the state, copied out of it, and how it is written.
//
// A party sees its own notices whole. Of another party's notice it sees the declared versions, never a
// draft or what is held, and of what has been done about them only its own part and the issuer's:
// dealings are bilateral (MECHANISM 1.1, 2.2). Which conflicts it sees: airspace::IsKnownTo. What a
// declaration was imported from (Declaration::original) is in no view.
#ifndef WIDEBERTH_API_NODE_VIEWS_H_
#define WIDEBERTH_API_NODE_VIEWS_H_

#include <array>
#include <cstddef>
#include <optional>
#include <vector>

#include "airspace/decide.h"
#include "airspace/notice.h"
#include "airspace/rules.h"
#include "airspace/state.h"
#include "base/ids.h"
#include "json/writer.h"
#include "mechanism/desk.h"

namespace wideberth::api::node {

struct VersionView {
  airspace::NoticeVersion version;  // without content
  bool checked = false;             // it takes part in checks: for the issuer against anybody
};
struct NoticeView {
  airspace::Notice notice;           // one version: the latest that the party may see
  std::vector<VersionView> history;  // if asked for: all versions that the party may see
};
// Nothing when the party may not see the notice. `version`: that number instead of the latest.
std::optional<NoticeView> ViewNotice(const airspace::Notice& notice, base::PartyId party,
                                     bool with_history = false,
                                     std::optional<uint32_t> version = {});

// A conflict, and what its two notices say of themselves (no volumes).
struct ConflictView {
  airspace::Conflict conflict;
  std::array<std::optional<airspace::Notice>, 2> notices;
};
ConflictView ViewConflict(const airspace::State& state, const airspace::Conflict& conflict);

// About how much memory the view holds and its JSON takes.
size_t EstimateBytes(const NoticeView& view);
size_t EstimateBytes(const ConflictView& view);

void WriteNoticeView(json::Writer* json, const NoticeView& view, const airspace::RuleBook& rules);
void WriteVersionView(json::Writer* json, const VersionView& view);
void WriteConflictView(json::Writer* json, const ConflictView& view,
                       const airspace::RuleBook& rules);
void WriteClock(json::Writer* json, const airspace::SetClock& clock);
// {"notice":...,"version_number":...,"version":...,"late":...,"lead_time_s":...,"conflicts":[...]}
void WriteDecision(json::Writer* json, const airspace::Decision& decision,
                   const std::vector<ConflictView>& conflicts, const airspace::RuleBook& rules);

// A time difference in seconds, exact to the ms below it.
void WriteSeconds(json::Writer* json, std::string_view key, int64_t us);

// desk_views.cc: what is on the desk.
void WriteMatter(json::Writer* json, const mechanism::Matter& matter,
                 const airspace::RuleBook& rules);
void WriteThirdParty(json::Writer* json, const mechanism::ThirdPartyDuty& duty,
                     const airspace::RuleBook& rules);
void WriteCall(json::Writer* json, const mechanism::Call& call, const airspace::RuleBook& rules);
// In milliseconds: {"count": 3, "mean_ms": 12.5, "p50_ms": ..., "p95_ms": ..., "max_ms": ...}; without those when
// nothing was counted. Quantiles are upper bounds within a factor of two.
void WriteDurations(json::Writer* json, const mechanism::Durations& durations);

}  // namespace wideberth::api::node

#endif  // WIDEBERTH_API_NODE_VIEWS_H_
