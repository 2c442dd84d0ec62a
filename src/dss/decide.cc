#include "dss/decide.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "dss/decide_internal.h"

namespace wideberth::dss {

using base::ErrorCode;
using base::Result;

std::string OpaqueText(const Drawn& drawn) {
  return base::Base64UrlEncode(drawn);
}

Result<OvnSuffix> ParseOvnSuffix(std::string_view text) {
  const auto uuid = base::Uuid::Parse(text);
  if (!uuid || uuid->bytes[6] >> 4 != 7 || uuid->bytes[8] >> 6 != 2) {
    return base::Invalid("", "must be a version 7 UUID", text);
  }
  int64_t milliseconds = 0;
  for (size_t i = 0; i < 6; ++i) milliseconds = milliseconds << 8 | uuid->bytes[i];
  return OvnSuffix{uuid->ToString(), {milliseconds * 1'000}};
}

Result<Decision> Decide(const View& view, const Command& command, const Policy& policy,
                        base::UtcMicros now) {
  const internal::Turn turn{view, command.caller, policy, now};
  return std::visit([&](const auto& request) { return internal::Do(turn, request); },
                    command.request);
}

namespace internal {

base::Unexpected NotManager(std::string_view what) {
  return base::Fail(ErrorCode::kForbidden, "", std::string(what) + " is managed by another client");
}

base::Unexpected NotFound(std::string_view what, const base::Uuid& id) {
  return base::Fail(ErrorCode::kNotFound, "", std::string(what) + " must exist", id.ToString());
}

base::Unexpected Stale(std::string_view field, std::string_view what) {
  return base::Fail(ErrorCode::kConflict, field, what);
}

int32_t NextIndex(const Turn& turn, int32_t index) {
  if (turn.policy.time_based_notification_index) {
    const int64_t in_day_us =
        (turn.now.us % base::kMicrosPerDay + base::kMicrosPerDay) % base::kMicrosPerDay;
    return static_cast<int32_t>(in_day_us / 1'000);
  }
  return index == std::numeric_limits<int32_t>::max() ? 0 : index + 1;
}

void Name(std::vector<Subscriber>* subscribers, const std::string& url, const base::Uuid& id,
          int32_t index) {
  const auto place = std::lower_bound(subscribers->begin(), subscribers->end(), url,
                                      [](const Subscriber& subscriber, const std::string& other) {
                                        return subscriber.url < other;
                                      });
  if (place != subscribers->end() && place->url == url) {
    place->subscriptions.push_back({id, index});
  } else {
    subscribers->insert(place, Subscriber{url, {{id, index}}});
  }
}

void NotifyOf(const Turn& turn, const Extent& extent, bool of_constraint, Subscription* changed,
              const base::Uuid& removed, Decision* decision) {
  Extent heard = extent;
  if (!turn.policy.altitude_in_notifications) {
    heard.lower_mm = kAltitudeOpenLowMm;
    heard.upper_mm = kAltitudeOpenHighMm;
  }
  const auto wants = [&](const Subscription& subscription) {
    return of_constraint ? subscription.for_constraints : subscription.for_intents;
  };
  std::vector<Subscriber>* subscribers = &decision->answer.subscribers;
  for (const Subscription* each : turn.view.SubscriptionsNear(heard)) {
    if (!wants(*each) || each->id == removed) continue;
    if (changed != nullptr && each->id == changed->id) continue;
    const int32_t index = NextIndex(turn, each->notification_index);
    Name(subscribers, each->base_url, each->id, index);
    decision->effects.emplace_back(Notified{Kind::kSubscription, each->id, index});
  }
  if (changed == nullptr || !wants(*changed)) return;
  changed->notification_index = NextIndex(turn, changed->notification_index);
  Name(subscribers, changed->base_url, changed->id, changed->notification_index);
}

Result<void> SettleWindow(const Turn& turn, const Extent* old, bool end_required,
                          int64_t span_us_max, Extent* extent) {
  if (extent->start == base::kTimeOpenStart) {
    extent->start = old == nullptr ? turn.now : old->start;
  } else if (turn.now.us - extent->start.us > kClockSkewUs) {
    return base::Invalid("/extents/time_start", "must not be more than 5 minutes past",
                         base::FormatRfc3339(extent->start));
  }
  if (extent->end == base::kTimeOpenEnd && old != nullptr) extent->end = old->end;
  if (extent->end == base::kTimeOpenEnd) {
    if (end_required) return base::Invalid("/extents/time_end", "must be present");
    extent->end = {extent->start.us + span_us_max};
  }
  if (extent->end < extent->start) {
    return base::Invalid("/extents/time_end", "must not be before time_start",
                         base::FormatRfc3339(extent->end));
  }
  if (span_us_max > 0 && extent->end.us - extent->start.us > span_us_max) {
    return base::Invalid("/extents/time_end", "must be at most 24 hours after time_start",
                         base::FormatRfc3339(extent->end));
  }
  return {};
}

void AddAvailability(const View& view, std::string_view manager, Answer* answer) {
  if (answer->availability.contains(manager)) return;
  answer->availability.emplace(manager, view.AvailabilityOf(manager).availability);
}

void AddDependents(const View& view, const base::Uuid& subscription, Answer* answer) {
  std::vector<base::Uuid>& ids = answer->dependents[subscription];
  for (const Intent* intent : view.DependentsOf(subscription)) ids.push_back(intent->id);
}

Result<Decision> Do(const Turn& turn, const SetAvailability& set) {
  UssAvailability availability = turn.view.AvailabilityOf(set.uss);
  if (availability.version != set.old_version) {
    return Stale("/old_version", "must be the version of the availability that is changed");
  }
  availability.availability = set.availability;
  availability.version = OpaqueText(set.drawn_version);
  Decision decision;
  decision.answer.entity = availability;
  decision.effects.emplace_back(std::move(availability));
  return decision;
}

Result<Decision> Do(const Turn& turn, const Report& report) {
  Decision decision;
  decision.effects.emplace_back(ReportFiled{report.id, turn.caller, turn.now, report.body});
  return decision;
}

Result<Decision> Do(const Turn& turn, const Evict&) {
  constexpr size_t kAtOnce = 1'000;
  Decision decision;
  for (const View::Ended& each :
       turn.view.EndedBefore({turn.now.us - turn.policy.retention_us}, kAtOnce)) {
    decision.effects.emplace_back(Removed{each.kind, each.id});
  }
  return decision;
}

}  // namespace internal

namespace {

using internal::AddAvailability;
using internal::AddDependents;
using internal::Brief;

template <class T>
Result<Answer> Found(const View& view, const T* entity, std::string_view what,
                     const base::Uuid& id) {
  if (entity == nullptr) return internal::NotFound(what, id);
  Answer answer;
  AddAvailability(view, entity->manager, &answer);
  answer.entity = Brief(*entity);
  return answer;
}

}  // namespace

Result<Answer> GetIntent(const View& view, const base::Uuid& id) {
  return Found(view, view.FindIntent(id), "the operational intent", id);
}

Result<Answer> GetConstraint(const View& view, const base::Uuid& id) {
  return Found(view, view.FindConstraint(id), "the constraint", id);
}

Result<Answer> GetSubscription(const View& view, std::string_view caller, const base::Uuid& id) {
  const Subscription* subscription = view.FindSubscription(id);
  WB_ASSIGN_OR_RETURN(Answer answer, Found(view, subscription, "the subscription", id));
  if (subscription->manager != caller) return internal::NotManager("the subscription");
  AddDependents(view, id, &answer);
  return answer;
}

Result<Answer> GetServiceArea(const View& view, const base::Uuid& id) {
  return Found(view, view.FindServiceArea(id), "the identification service area", id);
}

Result<Answer> GetRidSubscription(const View& view, const base::Uuid& id) {
  return Found(view, view.FindRidSubscription(id), "the subscription", id);
}

Answer QueryIntents(const View& view, const Extent& extent) {
  Answer answer;
  for (const Intent* intent : view.IntentsNear(extent)) {
    AddAvailability(view, intent->manager, &answer);
    answer.intents.push_back(Brief(*intent));
  }
  return answer;
}

Answer QueryConstraints(const View& view, const Extent& extent) {
  Answer answer;
  for (const Constraint* constraint : view.ConstraintsNear(extent)) {
    AddAvailability(view, constraint->manager, &answer);
    answer.constraints.push_back(Brief(*constraint));
  }
  return answer;
}

Answer QuerySubscriptions(const View& view, std::string_view caller, const Extent& extent,
                          base::UtcMicros now) {
  Answer answer;
  Extent heard = extent;  // subscriptions are told of all altitudes, and found at all
  heard.lower_mm = kAltitudeOpenLowMm;
  heard.upper_mm = kAltitudeOpenHighMm;
  for (const Subscription* subscription : view.SubscriptionsNear(heard)) {
    if (subscription->manager != caller || subscription->extent.end < now) continue;
    AddDependents(view, subscription->id, &answer);
    answer.subscriptions.push_back(Brief(*subscription));
  }
  return answer;
}

Answer SearchServiceAreas(const View& view, Extent extent, base::UtcMicros now) {
  Answer answer;
  extent.lower_mm = kAltitudeOpenLowMm;
  extent.upper_mm = kAltitudeOpenHighMm;
  extent.start = std::max(extent.start, now);
  for (const ServiceArea* area : view.ServiceAreasNear(extent))
    answer.areas.push_back(Brief(*area));
  return answer;
}

Answer SearchRidSubscriptions(const View& view, std::string_view caller, const Extent& extent,
                              base::UtcMicros now) {
  Answer answer;
  Extent here{extent.cells, kAltitudeOpenLowMm, kAltitudeOpenHighMm, now, base::kTimeOpenEnd};
  for (const RidSubscription* subscription : view.RidSubscriptionsNear(here)) {
    if (subscription->manager == caller) answer.rid_subscriptions.push_back(Brief(*subscription));
  }
  return answer;
}

}  // namespace wideberth::dss
