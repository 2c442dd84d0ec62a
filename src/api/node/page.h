// Reading long lists in pages without holding up the sequencer; inside api/node only.
#ifndef WIDEBERTH_API_NODE_PAGE_H_
#define WIDEBERTH_API_NODE_PAGE_H_

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "airspace/state.h"
#include "api/node/query.h"
#include "api/node/views.h"
#include "base/limits.h"
#include "service/node.h"

namespace wideberth::api::node {

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

inline base::Result<PageRequest> TakePageRequest(Query* query) {
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

#endif  // WIDEBERTH_API_NODE_PAGE_H_
