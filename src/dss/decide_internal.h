// Shared by the decisions on intents, subscriptions and remote identification. Inside dss only.
#ifndef WIDEBERTH_DSS_DECIDE_INTERNAL_H_
#define WIDEBERTH_DSS_DECIDE_INTERNAL_H_

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "dss/decide.h"

namespace wideberth::dss::internal {

struct Turn {
  const View& view;
  const std::string& caller;
  const Policy& policy;
  base::UtcMicros now;
};

base::Unexpected NotManager(std::string_view what);
base::Unexpected NotFound(std::string_view what, const base::Uuid& id);
base::Unexpected Stale(std::string_view field, std::string_view what);

// The same without what no answer shows.
template <class T>
T Brief(const T& entity) {
  T brief = entity;
  brief.extent.cells.clear();
  return brief;
}

int32_t NextIndex(const Turn& turn, int32_t index);
// Adds a subscription to the list under its URL.
void Name(std::vector<Subscriber>* subscribers, const std::string& url, const base::Uuid& id,
          int32_t index);

// Everybody who asked to hear of `entity_extent`, with `changed` in place of what the view has of the subscription of
// that id, and without `removed`. Adds the effects; the index of *changed is moved in place.
void NotifyOf(const Turn& turn, const Extent& extent, bool of_constraint, Subscription* changed,
              const base::Uuid& removed, Decision* decision);

// Start and end of a subscription or service area by what was sent and what was there (null: nothing).
base::Result<void> SettleWindow(const Turn& turn, const Extent* old, bool end_required,
                                int64_t span_us_max, Extent* extent);

void AddAvailability(const View& view, std::string_view manager, Answer* answer);
void AddDependents(const View& view, const base::Uuid& subscription, Answer* answer);

base::Result<Decision> Do(const Turn& turn, const PutIntent& put);
base::Result<Decision> Do(const Turn& turn, const DeleteIntent& remove);
base::Result<Decision> Do(const Turn& turn, const PutConstraint& put);
base::Result<Decision> Do(const Turn& turn, const DeleteConstraint& remove);
base::Result<Decision> Do(const Turn& turn, const PutSubscription& put);
base::Result<Decision> Do(const Turn& turn, const DeleteSubscription& remove);
base::Result<Decision> Do(const Turn& turn, const PutServiceArea& put);
base::Result<Decision> Do(const Turn& turn, const DeleteServiceArea& remove);
base::Result<Decision> Do(const Turn& turn, const PutRidSubscription& put);
base::Result<Decision> Do(const Turn& turn, const DeleteRidSubscription& remove);
base::Result<Decision> Do(const Turn& turn, const SetAvailability& set);
base::Result<Decision> Do(const Turn& turn, const Report& report);
base::Result<Decision> Do(const Turn& turn, const Evict& evict);

}  // namespace wideberth::dss::internal

#endif  // WIDEBERTH_DSS_DECIDE_INTERNAL_H_
