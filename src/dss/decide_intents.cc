// Operational intents and constraints.
#include <algorithm>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "dss/decide_internal.h"

namespace wideberth::dss::internal {
namespace {

using base::ErrorCode;
using base::Result;

// What becomes of subscriptions by the write of one intent.
struct Attachment {
  std::optional<Subscription> changed;  // made or extended
  const Subscription* kept = nullptr;
  base::Uuid removed;  // nil: none

  const Subscription* attached() const { return changed ? &*changed : kept; }
};

bool Within(const Extent& inner, const Extent& outer) {
  return outer.start <= inner.start && inner.end <= outer.end && CellsContain(outer, inner);
}

Result<void> CheckExtent(const Extent& extent, bool altitudes, base::UtcMicros now) {
  if (extent.start == base::kTimeOpenStart || extent.end == base::kTimeOpenEnd) {
    return base::Invalid("/extents", "must have time_start and time_end in every volume");
  }
  if (altitudes &&
      (extent.lower_mm == kAltitudeOpenLowMm || extent.upper_mm == kAltitudeOpenHighMm)) {
    return base::Invalid("/extents", "must have altitude_lower and altitude_upper in every volume");
  }
  if (extent.end < now) {
    return base::Invalid("/extents", "must not end in the past", base::FormatRfc3339(extent.end));
  }
  return {};
}

Result<void> CheckIntent(const PutIntent& put, base::UtcMicros now) {
  WB_RETURN_IF_ERROR(CheckExtent(put.extent, true, now));
  if (!put.ovn && put.state != IntentState::kAccepted) {
    return base::Invalid("/state", "must be Accepted when an operational intent is created",
                         Name(put.state));
  }
  if (put.subscription && put.new_subscription) {
    return base::Invalid("/new_subscription", "must not be given beside subscription_id");
  }
  if (put.state != IntentState::kAccepted && !put.subscription && !put.new_subscription) {
    return base::Invalid("/subscription_id",
                         "must be given, or new_subscription, in any state but Accepted");
  }
  if (put.ovn_suffix && (put.ovn_suffix->time.us < now.us - kClockSkewUs ||
                         put.ovn_suffix->time.us > now.us + kClockSkewUs)) {
    return base::Invalid("/requested_ovn_suffix", "must hold a time within 5 minutes of now",
                         base::FormatRfc3339(put.ovn_suffix->time));
  }
  return {};
}

Result<Attachment> Attach(const Turn& turn, const PutIntent& put) {
  Attachment attachment;
  if (put.new_subscription) {
    if (turn.view.FindSubscription(put.drawn_subscription) != nullptr) {
      return base::Fail(ErrorCode::kInternal, "", "a drawn identifier must be free");
    }
    Subscription made;
    made.id = put.drawn_subscription;
    made.manager = turn.caller;
    made.base_url = put.new_subscription->base_url;
    made.extent = put.extent;
    made.version = OpaqueText(put.drawn_subscription_version);
    made.for_intents = true;
    made.for_constraints = put.new_subscription->for_constraints;
    made.implicit = true;
    attachment.changed = std::move(made);
    return attachment;
  }
  if (!put.subscription) return attachment;
  const Subscription* found = turn.view.FindSubscription(*put.subscription);
  if (found == nullptr) {
    return base::Invalid("/subscription_id", "must be of a subscription that exists",
                         put.subscription->ToString());
  }
  if (found->manager != turn.caller) return NotManager("the subscription");
  attachment.kept = found;
  if (Within(put.extent, found->extent)) return attachment;
  if (!found->implicit) {
    return base::Invalid(
        "/subscription_id",
        "must be of a subscription that covers the operational intent in time and area");
  }
  attachment.changed = *found;
  attachment.changed->extent = Union(found->extent, put.extent);
  attachment.changed->version = OpaqueText(put.drawn_subscription_version);
  return attachment;
}

// An implicit subscription that nothing depends on but `intent` goes with it.
base::Uuid LeftAlone(const View& view, const Intent* intent) {
  if (intent == nullptr || intent->subscription.is_nil()) return {};
  const Subscription* subscription = view.FindSubscription(intent->subscription);
  if (subscription == nullptr || !subscription->implicit) return {};
  const auto dependents = view.DependentsOf(subscription->id);
  return dependents.size() == 1 && dependents.front()->id == intent->id ? subscription->id
                                                                        : base::Uuid();
}

// Whatever the key lacks, into the answer.
void CheckKey(const Turn& turn, const PutIntent& put, const Subscription* attached,
              Answer* answer) {
  if (put.state != IntentState::kAccepted && put.state != IntentState::kActivated) return;
  const std::unordered_set<std::string_view> key(put.key.begin(), put.key.end());
  for (const Intent* other : turn.view.IntentsNear(put.extent)) {
    if (other->id == put.id || key.contains(other->ovn)) continue;
    AddAvailability(turn.view, other->manager, answer);
    // What a provider that is down has merely planned may be planned over.
    if (other->state == IntentState::kAccepted &&
        answer->availability.find(other->manager)->second == Availability::kDown) {
      continue;
    }
    answer->intents.push_back(Brief(*other));
  }
  if (attached != nullptr && attached->for_constraints) {
    for (const Constraint* constraint : turn.view.ConstraintsNear(put.extent)) {
      if (key.contains(constraint->ovn)) continue;
      AddAvailability(turn.view, constraint->manager, answer);
      answer->constraints.push_back(Brief(*constraint));
    }
  }
  answer->key_incomplete = !answer->intents.empty() || !answer->constraints.empty();
}

Result<void> TakeSuffix(const OvnSuffix& suffix, base::UtcMicros now, Intent* intent) {
  intent->ovn = intent->id.ToString() + "_" + suffix.text;
  std::erase_if(intent->former, [&](const FormerOvn& former) {
    return former.chosen_at.us < now.us - kClockSkewUs;
  });
  for (const FormerOvn& former : intent->former) {
    if (former.ovn != intent->ovn) continue;
    return base::Invalid("/requested_ovn_suffix", "must not have been used before", suffix.text);
  }
  if (intent->former.size() >= kFormerOvnsMax) {
    return base::Fail(ErrorCode::kTooLarge, "/requested_ovn_suffix",
                      "must not be given so often for one operational intent");
  }
  intent->former.push_back({intent->ovn, suffix.time});
  return {};
}

Result<const Intent*> FindToPut(const Turn& turn, const PutIntent& put) {
  const Intent* old = turn.view.FindIntent(put.id);
  if (old == nullptr) {
    if (!put.ovn) return old;
    return base::Invalid("", "the operational intent to change must exist", put.id.ToString());
  }
  if (old->manager != turn.caller) return NotManager("the operational intent");
  if (!put.ovn) return Stale("", "the operational intent exists already: its ovn must be given");
  if (*put.ovn != old->ovn) return Stale("", "the ovn must be the one in force");
  return old;
}

}  // namespace

Result<Decision> Do(const Turn& turn, const PutIntent& put) {
  WB_RETURN_IF_ERROR(CheckIntent(put, turn.now));
  WB_ASSIGN_OR_RETURN(const Intent* old, FindToPut(turn, put));
  WB_ASSIGN_OR_RETURN(Attachment attachment, Attach(turn, put));
  Decision decision;
  CheckKey(turn, put, attachment.attached(), &decision.answer);
  if (decision.answer.key_incomplete) return decision;

  Intent intent;
  intent.id = put.id;
  intent.manager = turn.caller;
  intent.base_url = put.base_url;
  intent.extent = put.extent;
  intent.version = old == nullptr ? 1 : old->version + 1;
  intent.state = put.state;
  if (attachment.attached() != nullptr) intent.subscription = attachment.attached()->id;
  if (old != nullptr) intent.former = old->former;
  intent.ovn = OpaqueText(put.drawn_ovn);
  if (put.ovn_suffix) WB_RETURN_IF_ERROR(TakeSuffix(*put.ovn_suffix, turn.now, &intent));
  if (old != nullptr && old->subscription != intent.subscription) {
    attachment.removed = LeftAlone(turn.view, old);
  }
  NotifyOf(turn, old == nullptr ? intent.extent : Union(old->extent, intent.extent), false,
           attachment.changed ? &*attachment.changed : nullptr, attachment.removed, &decision);
  decision.answer.entity = Brief(intent);
  AddAvailability(turn.view, turn.caller, &decision.answer);
  if (attachment.changed) decision.effects.emplace_back(std::move(*attachment.changed));
  decision.effects.emplace_back(std::move(intent));
  if (!attachment.removed.is_nil()) {
    decision.effects.emplace_back(Removed{Kind::kSubscription, attachment.removed});
  }
  return decision;
}

Result<Decision> Do(const Turn& turn, const DeleteIntent& remove) {
  const Intent* old = turn.view.FindIntent(remove.id);
  if (old == nullptr) return NotFound("the operational intent", remove.id);
  if (old->manager != turn.caller) return NotManager("the operational intent");
  if (old->ovn != remove.ovn) return Stale("", "the ovn must be the one in force");
  Decision decision;
  decision.answer.entity = Brief(*old);
  AddAvailability(turn.view, turn.caller, &decision.answer);
  // A subscription that goes with the intent is still told of its end.
  NotifyOf(turn, old->extent, false, nullptr, {}, &decision);
  decision.effects.emplace_back(Removed{Kind::kIntent, old->id});
  const base::Uuid alone = LeftAlone(turn.view, old);
  if (!alone.is_nil()) decision.effects.emplace_back(Removed{Kind::kSubscription, alone});
  return decision;
}

Result<Decision> Do(const Turn& turn, const PutConstraint& put) {
  WB_RETURN_IF_ERROR(CheckExtent(put.extent, false, turn.now));
  const Constraint* old = turn.view.FindConstraint(put.id);
  if (old == nullptr && put.ovn) return Stale("", "the constraint to change must exist");
  if (old != nullptr) {
    if (old->manager != turn.caller) return NotManager("the constraint");
    if (!put.ovn) return Stale("", "the constraint exists already: its ovn must be given");
    if (*put.ovn != old->ovn) return Stale("", "the ovn must be the one in force");
  }
  Constraint constraint;
  constraint.id = put.id;
  constraint.manager = turn.caller;
  constraint.base_url = put.base_url;
  constraint.extent = put.extent;
  constraint.version = old == nullptr ? 1 : old->version + 1;
  constraint.ovn = OpaqueText(put.drawn_ovn);
  Decision decision;
  NotifyOf(turn, old == nullptr ? put.extent : Union(old->extent, put.extent), true, nullptr, {},
           &decision);
  decision.answer.entity = Brief(constraint);
  AddAvailability(turn.view, turn.caller, &decision.answer);
  decision.effects.emplace_back(std::move(constraint));
  return decision;
}

Result<Decision> Do(const Turn& turn, const DeleteConstraint& remove) {
  const Constraint* old = turn.view.FindConstraint(remove.id);
  if (old == nullptr) return NotFound("the constraint", remove.id);
  if (old->manager != turn.caller) return NotManager("the constraint");
  if (old->ovn != remove.ovn) return Stale("", "the ovn must be the one in force");
  Decision decision;
  decision.answer.entity = Brief(*old);
  AddAvailability(turn.view, turn.caller, &decision.answer);
  NotifyOf(turn, old->extent, true, nullptr, {}, &decision);
  decision.effects.emplace_back(Removed{Kind::kConstraint, old->id});
  return decision;
}

}  // namespace wideberth::dss::internal
