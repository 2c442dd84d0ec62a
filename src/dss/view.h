// What a decision looks at. In memory this is the State; over a shared database it is the rows that were read under the
// locks of the cells. Pointers hold until the state changes.
#ifndef WIDEBERTH_DSS_VIEW_H_
#define WIDEBERTH_DSS_VIEW_H_

#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "dss/entities.h"

namespace wideberth::dss {

class View {
 public:
  virtual ~View() = default;

  virtual const Intent* FindIntent(const base::Uuid& id) const = 0;
  virtual const Constraint* FindConstraint(const base::Uuid& id) const = 0;
  virtual const Subscription* FindSubscription(const base::Uuid& id) const = 0;
  virtual const ServiceArea* FindServiceArea(const base::Uuid& id) const = 0;
  virtual const RidSubscription* FindRidSubscription(const base::Uuid& id) const = 0;

  // What shares a cell with `extent` and meets its times and altitudes, bounds included; in order of id.
  virtual std::vector<const Intent*> IntentsNear(const Extent& extent) const = 0;
  virtual std::vector<const Constraint*> ConstraintsNear(const Extent& extent) const = 0;
  virtual std::vector<const Subscription*> SubscriptionsNear(const Extent& extent) const = 0;
  virtual std::vector<const ServiceArea*> ServiceAreasNear(const Extent& extent) const = 0;
  virtual std::vector<const RidSubscription*> RidSubscriptionsNear(const Extent& extent) const = 0;

  // The intents that name the subscription, in order of id.
  virtual std::vector<const Intent*> DependentsOf(const base::Uuid& subscription) const = 0;

  // Unknown, without a version, where nothing was said.
  virtual UssAvailability AvailabilityOf(std::string_view uss) const = 0;

  // What ended before `before`, at most `max`, in the order in which it may leave.
  struct Ended {
    Kind kind;
    base::Uuid id;
  };
  virtual std::vector<Ended> EndedBefore(base::UtcMicros before, size_t max) const = 0;
};

}  // namespace wideberth::dss

#endif  // WIDEBERTH_DSS_VIEW_H_
