// Subscriptions of strategic coordination.
#include <utility>

#include "dss/decide_internal.h"

namespace wideberth::dss::internal {
namespace {

using base::Result;

Result<void> CheckDependents(const Turn& turn, const Subscription& subscription) {
  const Extent& outer = subscription.extent;
  for (const Intent* intent : turn.view.DependentsOf(subscription.id)) {
    const Extent& inner = intent->extent;
    if (CellsContain(outer, inner) && outer.lower_mm <= inner.lower_mm &&
        inner.upper_mm <= outer.upper_mm && outer.start.us <= inner.start.us + kClockSkewUs &&
        inner.end <= outer.end) {
      continue;
    }
    return base::Invalid("/extents", "must cover the operational intents that depend on it",
                         intent->id.ToString());
  }
  return {};
}

Result<const Subscription*> FindToPut(const Turn& turn, const PutSubscription& put) {
  const Subscription* old = turn.view.FindSubscription(put.id);
  if (old == nullptr) {
    if (!put.version) return old;
    return base::Invalid("", "the subscription to change must exist", put.id.ToString());
  }
  if (old->manager != turn.caller) return NotManager("the subscription");
  if (!put.version) return Stale("", "the subscription exists already: its version must be given");
  if (*put.version != old->version) return Stale("", "the version must be the one in force");
  return old;
}

}  // namespace

Result<Decision> Do(const Turn& turn, const PutSubscription& put) {
  if (!put.for_intents && !put.for_constraints) {
    return base::Invalid("/notify_for_operational_intents",
                         "must be true, or notify_for_constraints must be");
  }
  WB_ASSIGN_OR_RETURN(const Subscription* old, FindToPut(turn, put));
  Subscription subscription;
  subscription.id = put.id;
  subscription.manager = turn.caller;
  subscription.base_url = put.base_url;
  subscription.extent = put.extent;
  WB_RETURN_IF_ERROR(SettleWindow(turn, old == nullptr ? nullptr : &old->extent, false,
                                  kSubscriptionSpanMaxUs, &subscription.extent));
  subscription.version = OpaqueText(put.drawn_version);
  subscription.for_intents = put.for_intents;
  subscription.for_constraints = put.for_constraints;
  if (old != nullptr) {
    subscription.notification_index = old->notification_index;
    WB_RETURN_IF_ERROR(CheckDependents(turn, subscription));
  }
  Decision decision;
  Answer& answer = decision.answer;
  if (put.for_intents) {
    Answer found = QueryIntents(turn.view, subscription.extent);
    answer.intents = std::move(found.intents);
    answer.availability = std::move(found.availability);
  }
  if (put.for_constraints) {
    Answer found = QueryConstraints(turn.view, subscription.extent);
    answer.constraints = std::move(found.constraints);
    answer.availability.merge(found.availability);
  }
  AddDependents(turn.view, subscription.id, &answer);
  answer.entity = Brief(subscription);
  decision.effects.emplace_back(std::move(subscription));
  return decision;
}

Result<Decision> Do(const Turn& turn, const DeleteSubscription& remove) {
  const Subscription* old = turn.view.FindSubscription(remove.id);
  if (old == nullptr) return NotFound("the subscription", remove.id);
  if (old->manager != turn.caller) return NotManager("the subscription");
  if (old->version != remove.version) return Stale("", "the version must be the one in force");
  if (!turn.view.DependentsOf(remove.id).empty()) {
    return base::Invalid("",
                         "operational intents must not depend on a subscription that is deleted");
  }
  Decision decision;
  decision.answer.entity = Brief(*old);
  decision.effects.emplace_back(Removed{Kind::kSubscription, old->id});
  return decision;
}

}  // namespace wideberth::dss::internal
