// Remote identification: service areas and subscriptions.
#include <algorithm>
#include <unordered_map>
#include <utility>

#include "dss/decide_internal.h"

namespace wideberth::dss::internal {
namespace {

using base::Result;

constexpr std::string_view kArea = "the identification service area";
constexpr std::string_view kSubscription = "the subscription";

Extent InForce(const std::vector<geo::CellId>& cells, base::UtcMicros now) {
  return {cells, kAltitudeOpenLowMm, kAltitudeOpenHighMm, now, base::kTimeOpenEnd};
}

// Subscriptions hear of areas in their cells, whatever the times, until they end.
void NotifyOfArea(const Turn& turn, const Extent& extent, Decision* decision) {
  for (const RidSubscription* each :
       turn.view.RidSubscriptionsNear(InForce(extent.cells, turn.now))) {
    const int32_t index = NextIndex(turn, each->notification_index);
    Name(&decision->answer.subscribers, each->base_url, each->id, index);
    decision->effects.emplace_back(Notified{Kind::kRidSubscription, each->id, index});
  }
}

template <class T>
Result<void> CheckPut(const Turn& turn, const T* old, const std::optional<std::string>& version,
                      const base::Uuid& id, std::string_view what) {
  if (old == nullptr) {
    if (!version) return {};
    return base::Invalid("", std::string(what) + " to change must exist", id.ToString());
  }
  if (!version) return Stale("", std::string(what) + " exists already: its version must be given");
  if (*version != RidVersion(old->version_us))
    return Stale("", "the version must be the one in force");
  if (old->manager != turn.caller) return NotManager(what);
  return {};
}

template <class T>
Result<void> CheckDelete(const Turn& turn, const T* old, const std::string& version,
                         const base::Uuid& id, std::string_view what) {
  if (old == nullptr) return NotFound(what, id);
  if (version != RidVersion(old->version_us))
    return Stale("", "the version must be the one in force");
  if (old->manager != turn.caller) return NotManager(what);
  return {};
}

// At most so many of one owner in any one cell.
Result<void> CheckQuota(const Turn& turn, const RidSubscription& subscription) {
  std::unordered_map<geo::CellId, size_t> counts;
  for (const RidSubscription* each :
       turn.view.RidSubscriptionsNear(InForce(subscription.extent.cells, turn.now))) {
    if (each->manager != turn.caller || each->id == subscription.id) continue;
    for (const geo::CellId cell : each->extent.cells) {
      if (!std::binary_search(subscription.extent.cells.begin(), subscription.extent.cells.end(),
                              cell)) {
        continue;
      }
      if (++counts[cell] < kRidSubscriptionsAreaMax) continue;
      return base::Fail(base::ErrorCode::kTooLarge, "/extents",
                        "must not have 10 other subscriptions of the client in one place");
    }
  }
  return {};
}

// A window that may not be is refused before the version is looked at, where none is given: the reference does so.
Result<void> CheckWindowOfNew(const Turn& turn, const std::optional<std::string>& version,
                              bool end_required, int64_t span_us_max, Extent extent) {
  if (version) return {};
  return SettleWindow(turn, nullptr, end_required, span_us_max, &extent);
}

// Later than the version before, though the clock may stand still.
int64_t NextVersion(base::UtcMicros now, int64_t old_us) {
  return std::max(now.us, old_us + 1);
}

}  // namespace

Result<Decision> Do(const Turn& turn, const PutServiceArea& put) {
  const ServiceArea* old = turn.view.FindServiceArea(put.id);
  WB_RETURN_IF_ERROR(CheckWindowOfNew(turn, put.version, true, 0, put.extent));
  WB_RETURN_IF_ERROR(CheckPut(turn, old, put.version, put.id, kArea));
  ServiceArea area;
  area.id = put.id;
  area.manager = turn.caller;
  area.base_url = put.base_url;
  area.extent = put.extent;
  WB_RETURN_IF_ERROR(
      SettleWindow(turn, old == nullptr ? nullptr : &old->extent, true, 0, &area.extent));
  area.version_us = NextVersion(turn.now, old == nullptr ? 0 : old->version_us);
  Decision decision;
  NotifyOfArea(turn, old == nullptr ? area.extent : Union(old->extent, area.extent), &decision);
  decision.answer.entity = Brief(area);
  decision.effects.emplace_back(std::move(area));
  return decision;
}

Result<Decision> Do(const Turn& turn, const DeleteServiceArea& remove) {
  const ServiceArea* old = turn.view.FindServiceArea(remove.id);
  WB_RETURN_IF_ERROR(CheckDelete(turn, old, remove.version, remove.id, kArea));
  Decision decision;
  NotifyOfArea(turn, old->extent, &decision);
  decision.answer.entity = Brief(*old);
  decision.effects.emplace_back(Removed{Kind::kServiceArea, old->id});
  return decision;
}

Result<Decision> Do(const Turn& turn, const PutRidSubscription& put) {
  const RidSubscription* old = turn.view.FindRidSubscription(put.id);
  WB_RETURN_IF_ERROR(
      CheckWindowOfNew(turn, put.version, false, kSubscriptionSpanMaxUs, put.extent));
  WB_RETURN_IF_ERROR(CheckPut(turn, old, put.version, put.id, kSubscription));
  RidSubscription subscription;
  subscription.id = put.id;
  subscription.manager = turn.caller;
  subscription.base_url = put.base_url;
  subscription.extent = put.extent;
  WB_RETURN_IF_ERROR(SettleWindow(turn, old == nullptr ? nullptr : &old->extent, false,
                                  kSubscriptionSpanMaxUs, &subscription.extent));
  WB_RETURN_IF_ERROR(CheckQuota(turn, subscription));
  subscription.version_us = NextVersion(turn.now, old == nullptr ? 0 : old->version_us);
  if (old != nullptr) subscription.notification_index = old->notification_index;
  Decision decision;
  decision.answer.areas = SearchServiceAreas(turn.view, subscription.extent, turn.now).areas;
  decision.answer.entity = Brief(subscription);
  decision.effects.emplace_back(std::move(subscription));
  return decision;
}

Result<Decision> Do(const Turn& turn, const DeleteRidSubscription& remove) {
  const RidSubscription* old = turn.view.FindRidSubscription(remove.id);
  WB_RETURN_IF_ERROR(CheckDelete(turn, old, remove.version, remove.id, kSubscription));
  Decision decision;
  decision.answer.entity = Brief(*old);
  decision.effects.emplace_back(Removed{Kind::kRidSubscription, old->id});
  return decision;
}

}  // namespace wideberth::dss::internal
