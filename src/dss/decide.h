// Every rule of the DSS: what a command does to what it sees, without doing it.
//
// Decide reads the view alone and gives the effects; applying them cannot fail. The rules are those of the reference
// DSS, which clients were written against; where ours are better and a client could notice, a Policy has to say so.
//
// Refusals: kInvalid 400, kForbidden 403 (another one's), kNotFound 404, kConflict 409 (another version), kTooLarge 429
// (too many of them). An incomplete key is no refusal but an answer: it lists what is missing, and has no effects.
#ifndef WIDEBERTH_DSS_DECIDE_H_
#define WIDEBERTH_DSS_DECIDE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "dss/command.h"
#include "dss/effects.h"
#include "dss/entities.h"
#include "dss/view.h"

namespace wideberth::dss {

struct Policy {
  // Off: subscriptions hear of changes in their cells and times at any altitude.
  bool altitude_in_notifications = false;
  // Off: a subscription's index counts. On: it is the milliseconds since midnight UTC, and no two writes of a pool
  // contend for it.
  bool time_based_notification_index = false;
  // How long after its end something is kept.
  int64_t retention_us = 112 * base::kMicrosPerDay;
};

// Whom the writer has to tell, each once.
struct Subscriber {
  std::string url;
  struct Named {
    base::Uuid id;
    int32_t notification_index = 0;
    bool operator==(const Named&) const = default;
  };
  std::vector<Named> subscriptions;
  bool operator==(const Subscriber&) const = default;
};

// What an accepted write has put into the transparency log (dss/log_entry.h), for its manager alone.
struct Logged {
  std::string entry;
  base::Bytes opening;
};

// What the caller is told. Entities in it are without their cells.
struct Answer {
  std::variant<std::monostate, Intent, Constraint, ServiceArea, Subscription, RidSubscription,
               UssAvailability>
      entity;
  std::vector<Subscriber> subscribers;
  bool key_incomplete = false;  // then the lists below are what the key lacks
  std::vector<Intent> intents;
  std::vector<Constraint> constraints;
  std::vector<ServiceArea> areas;
  std::vector<Subscription> subscriptions;
  std::vector<RidSubscription> rid_subscriptions;
  std::map<base::Uuid, std::vector<base::Uuid>> dependents;       // of the subscriptions
  std::map<std::string, Availability, std::less<>> availability;  // of the managers
  std::optional<Logged> logged;  // by the host; none if it has no log
};

struct Decision {
  std::vector<Effect> effects;
  Answer answer;
};

base::Result<Decision> Decide(const View& view, const Command& command, const Policy& policy,
                              base::UtcMicros now);

// Reading: what Decide would put into an answer.
base::Result<Answer> GetIntent(const View& view, const base::Uuid& id);
base::Result<Answer> GetConstraint(const View& view, const base::Uuid& id);
base::Result<Answer> GetSubscription(const View& view, std::string_view caller,
                                     const base::Uuid& id);
base::Result<Answer> GetServiceArea(const View& view, const base::Uuid& id);
base::Result<Answer> GetRidSubscription(const View& view, const base::Uuid& id);
Answer QueryIntents(const View& view, const Extent& extent);
Answer QueryConstraints(const View& view, const Extent& extent);
// Of the caller, and not over yet.
Answer QuerySubscriptions(const View& view, std::string_view caller, const Extent& extent,
                          base::UtcMicros now);
Answer SearchServiceAreas(const View& view, Extent extent, base::UtcMicros now);
Answer SearchRidSubscriptions(const View& view, std::string_view caller, const Extent& extent,
                              base::UtcMicros now);

}  // namespace wideberth::dss

#endif  // WIDEBERTH_DSS_DECIDE_H_
