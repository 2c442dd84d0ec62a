// What a party may see of the state, copied out of it, and how it is written.
//
// A party sees its own notices whole. Of another party's notice it sees the declared versions, never a
// draft or what is held, and of what has been done about them only its own part and the issuer's:
// dealings are bilateral (MECHANISM 1.1, 2.2). Which conflicts it sees: airspace::IsKnownTo. What a
// declaration was imported from (Declaration::original) is in no view.
#ifndef WIDEBERTH_API_NODE_VIEWS_H_
#define WIDEBERTH_API_NODE_VIEWS_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "airspace/decide.h"
#include "airspace/notice.h"
#include "airspace/rules.h"
#include "airspace/state.h"
#include "base/ids.h"
#include "base/limits.h"
#include "json/writer.h"
#include "mechanism/desk.h"
#include "net/query.h"
#include "service/node.h"

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
// Who has forwarded a notice here, whose it is by its card and whether that card has been compared (`issuer`: the peer
// of that id, null: none), and to whom it was forwarded.
void WriteForwarding(json::Writer* json, const mechanism::Provenance& known,
                     const mechanism::Peer* issuer, const airspace::RuleBook& rules);
void WriteCall(json::Writer* json, const mechanism::Call& call, const airspace::RuleBook& rules);
// In milliseconds: {"count": 3, "mean_ms": 12.5, "p50_ms": ..., "p95_ms": ..., "max_ms": ...}; without those when
// nothing was counted. Quantiles are upper bounds within a factor of two.
void WriteDurations(json::Writer* json, const mechanism::Durations& durations);

// ---- Reading long lists in pages without holding up the sequencer; inside api/node only

// Records looked at under one hold of the state's lock.
inline constexpr size_t kPageRecordsPerHold = 64;

struct PageRequest {
  uint64_t after = 0;  // the ordinal of the last record of the page before
  size_t limit = limits::kPageItemsDefault;
};

enum class PageFormat { kJson, kGeoJson };
inline base::Result<PageFormat> ParsePageFormat(std::string_view text) {
  if (text == "json") return PageFormat::kJson;
  if (text == "geojson") return PageFormat::kGeoJson;
  return base::Invalid("", "must be json or geojson", text);
}

inline base::Result<PageRequest> TakePageRequest(net::Query* query) {
  PageRequest page;
  WB_ASSIGN_OR_RETURN(const auto after, query->Uint64("after", 0, UINT64_MAX));
  WB_ASSIGN_OR_RETURN(const auto limit, query->Uint64("limit", 1, limits::kPageItemsMax));
  if (after) page.after = *after;
  if (limit) page.limit = static_cast<size_t>(*limit);
  return page;
}

template <class View>
struct Page {
  std::vector<View> items;
  std::optional<uint64_t> next;  // `after` of the next page; none: this was the last
  uint64_t seq = 0;              // what has to be durable before the page is shown
};

// Walks with State::VisitNotices or VisitConflicts and keeps what `take` makes a view of. A page
// ends at its limit, at limits::kPageBytesMax and when limits::kPageRecordsScannedMax were looked
// at, so it may hold fewer items than asked for, or none, and still have a next one.
template <class View, class Record>
Page<View> ReadPage(
    const service::Node& node, PageRequest request,
    void (airspace::State::*walk)(uint64_t, const std::function<bool(uint64_t, const Record&)>&)
        const,
    const std::function<std::optional<View>(const airspace::State&, const Record&)>& take) {
  Page<View> page;
  uint64_t after = request.after;
  size_t scanned = 0;
  size_t bytes = 0;
  bool more = true;
  const auto full = [&] {
    return page.items.size() >= request.limit || bytes >= limits::kPageBytesMax ||
           scanned >= limits::kPageRecordsScannedMax;
  };
  while (more && !full()) {
    const auto read_some = [&](const airspace::State& state) {
      const size_t stop_at = scanned + kPageRecordsPerHold;
      bool stopped = false;
      (state.*walk)(after, [&](uint64_t ordinal, const Record& record) {
        if (scanned >= stop_at || full()) {
          stopped = true;
          return false;
        }
        after = ordinal;
        ++scanned;
        if (std::optional<View> view = take(state, record)) {
          bytes += EstimateBytes(*view);
          page.items.push_back(*std::move(view));
        }
        return true;
      });
      return stopped;
    };
    const auto [stopped, seq] = node.Read(read_some);
    more = stopped;
    page.seq = std::max(page.seq, seq);
  }
  if (more) page.next = after;
  return page;
}

}  // namespace wideberth::api::node

#endif  // WIDEBERTH_API_NODE_VIEWS_H_
