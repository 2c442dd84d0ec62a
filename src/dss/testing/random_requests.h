// Random requests to a DSS, for whatever must answer them as something else does.
#ifndef WIDEBERTH_DSS_TESTING_RANDOM_REQUESTS_H_
#define WIDEBERTH_DSS_TESTING_RANDOM_REQUESTS_H_

#include <map>
#include <set>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "dss/decide.h"
#include "dss/effects.h"
#include "geo/covering.h"
#include "geo/position.h"

namespace wideberth::dss::testing {

// All that an answer says, as one text.
inline std::string Say(const base::Result<Answer>& answer) {
  if (!answer) return "refused: " + answer.error().ToString();
  base::Bytes bytes;
  const auto add = [&](const auto& list) {
    for (const auto& each : list) EncodeEffect(each, &bytes);
    bytes.push_back(0xFF);
  };
  std::visit(
      [&](const auto& entity) {
        if constexpr (!std::is_same_v<std::decay_t<decltype(entity)>, std::monostate>) {
          EncodeEffect(entity, &bytes);
        }
      },
      answer->entity);
  add(answer->intents);
  add(answer->constraints);
  add(answer->areas);
  add(answer->subscriptions);
  add(answer->rid_subscriptions);
  std::string text = answer->key_incomplete ? "incomplete " : "";
  text += base::HexEncode(bytes);
  for (const Subscriber& each : answer->subscribers) {
    text += " tell " + each.url;
    for (const auto& named : each.subscriptions) {
      text += " " + named.id.ToString() + "=" + std::to_string(named.notification_index);
    }
  }
  for (const auto& [id, dependents] : answer->dependents) {
    text += " on " + id.ToString();
    for (const base::Uuid& dependent : dependents) text += " " + dependent.ToString();
  }
  for (const auto& [uss, availability] : answer->availability) {
    text += " " + uss + ":" + std::string(Name(availability));
  }
  return text;
}

// Random requests about a small world, most of which can be granted: three places in one coarse cell, some far from
// each other, and now and then one so wide that it holds them all.
class RandomRequests {
 public:
  RandomRequests(uint64_t seed, base::UtcMicros now) : random_(seed), now_(now) {
    for (size_t i = 0; i < 7; ++i) {
      // The first three are neighbours, the others hundreds of kilometres apart.
      const double lat =
          i < 3 ? 47.0 + 0.02 * static_cast<double>(i) : 35.0 + 4.0 * static_cast<double>(i);
      places_.push_back(geo::CellAt(geo::MakePosition(lat, 8.0).value(), kCellLevel));
    }
    for (std::vector<base::Uuid>* ids :
         {&intents_, &constraints_, &subscriptions_, &areas_, &rid_}) {
      for (int i = 0; i < 6; ++i) ids->push_back(random_.NewUuidV4());
    }
  }

  Command Next(const View& known) {
    Command command;
    command.caller = Caller();
    switch (random_.Below(16)) {
      case 0:
        command.request = Constrain(known, &command.caller);
        break;
      case 1:
        command.request = DropConstraint(known, &command.caller);
        break;
      case 2:
      case 3:
        command.request = Subscribe(known, &command.caller);
        break;
      case 4:
        command.request = Unsubscribe(known, &command.caller);
        break;
      case 5:
      case 6:
        command.request = DropIntent(known, &command.caller);
        break;
      case 7:
        command.request = PutArea(known, &command.caller);
        break;
      case 8:
        command.request = PutRid(known, &command.caller);
        break;
      case 9:
        command.request = DropRid(known, &command.caller);
        break;
      case 10:
        command.request = Availability();
        break;
      case 11:
        command.request = Report{random_.NewUuidV4(), "{}"};
        break;
      default:
        command.request = Plan(known, &command.caller);
    }
    return command;
  }

  Extent Where() {
    Extent extent;
    if (random_.Below(30) == 0) {
      extent.cells = Wide();
    } else {
      std::set<geo::CellId> cells;
      const size_t first = random_.Below(places_.size());
      for (uint64_t i = 0; i <= random_.Below(3); ++i) {
        cells.insert(places_[(first + i) % places_.size()]);
      }
      extent.cells.assign(cells.begin(), cells.end());
    }
    extent.start = {now_.us + random_.Between(0, 60) * base::kMicrosPerMinute};
    extent.end = {extent.start.us + random_.Between(1, 90) * base::kMicrosPerMinute};
    extent.lower_mm = static_cast<int32_t>(random_.Between(0, 5)) * 100'000;
    extent.upper_mm = extent.lower_mm + static_cast<int32_t>(random_.Between(0, 3)) * 100'000;
    return extent;
  }

  base::SeededRandom& random() { return random_; }

 private:
  // The places, and so much besides that the coarse cells are more than one command may lock one by one.
  std::vector<geo::CellId> Wide() {
    std::set<geo::CellId> cells(places_.begin(), places_.end());
    for (int i = 0; i < 100; ++i) {
      cells.insert(geo::CellAt(geo::MakePosition(47.0, 9.0 + 0.3 * i).value(), kCellLevel));
    }
    return {cells.begin(), cells.end()};
  }
  std::string Caller() { return "uss" + std::to_string(random_.Below(3)); }
  bool Rarely() { return random_.Below(12) == 0; }
  Drawn Draw() {
    Drawn drawn;
    random_.Fill(drawn);
    return drawn;
  }
  template <class Ids>
  base::Uuid One(const Ids& ids) {
    return ids[random_.Below(ids.size())];
  }
  // Mostly its owner asks; and mostly by its present version.
  template <class T>
  bool ByOwner(const T* old, std::string* caller) {
    if (old == nullptr || Rarely()) return false;
    *caller = old->manager;
    return true;
  }

  Request Plan(const View& known, std::string* caller) {
    PutIntent put;
    put.id = One(intents_);
    const Intent* old = known.FindIntent(put.id);
    ByOwner(old, caller);
    if (old != nullptr && !Rarely()) put.ovn = Rarely() ? "stale" : old->ovn;
    put.base_url = "https://" + *caller + ".test";
    if (put.ovn && random_.Below(3) == 0) put.state = IntentState::kActivated;
    put.extent = Where();
    const uint64_t how = random_.Below(3);
    if (how == 0) put.subscription = One(subscriptions_);
    if (how == 0 && old != nullptr && !old->subscription.is_nil()) {
      put.subscription = old->subscription;
    }
    if (how == 1) put.new_subscription = NewSubscription{put.base_url, random_.Below(2) == 0};
    for (const Intent* other : known.IntentsNear(put.extent)) {
      if (!Rarely()) put.key.push_back(other->ovn);
    }
    for (const Constraint* other : known.ConstraintsNear(put.extent)) {
      if (!Rarely()) put.key.push_back(other->ovn);
    }
    put.drawn_ovn = Draw();
    put.drawn_subscription = random_.NewUuidV4();
    put.drawn_subscription_version = Draw();
    return put;
  }
  Request DropIntent(const View& known, std::string* caller) {
    const base::Uuid id = One(intents_);
    const Intent* old = known.FindIntent(id);
    ByOwner(old, caller);
    return DeleteIntent{id, old == nullptr || Rarely() ? "stale" : old->ovn};
  }
  Request Constrain(const View& known, std::string* caller) {
    PutConstraint put;
    put.id = One(constraints_);
    const Constraint* old = known.FindConstraint(put.id);
    if (ByOwner(old, caller)) put.ovn = old->ovn;
    put.base_url = "https://authority.test";
    put.extent = Where();
    put.drawn_ovn = Draw();
    return put;
  }
  Request DropConstraint(const View& known, std::string* caller) {
    const base::Uuid id = One(constraints_);
    const Constraint* old = known.FindConstraint(id);
    ByOwner(old, caller);
    return DeleteConstraint{id, old == nullptr || Rarely() ? "stale" : old->ovn};
  }
  Request Subscribe(const View& known, std::string* caller) {
    PutSubscription put;
    put.id = One(subscriptions_);
    const Subscription* old = known.FindSubscription(put.id);
    if (ByOwner(old, caller)) put.version = old->version;
    put.base_url = "https://" + *caller + ".test";
    put.extent = Where();
    if (random_.Below(2) == 0) put.extent.start = base::kTimeOpenStart;
    if (random_.Below(2) == 0) put.extent.end = base::kTimeOpenEnd;
    put.for_intents = !Rarely();
    put.for_constraints = random_.Below(2) == 0;
    put.drawn_version = Draw();
    return put;
  }
  Request Unsubscribe(const View& known, std::string* caller) {
    const base::Uuid id = One(subscriptions_);
    const Subscription* old = known.FindSubscription(id);
    ByOwner(old, caller);
    return DeleteSubscription{id, old == nullptr || Rarely() ? "stale" : old->version};
  }
  Request PutArea(const View& known, std::string* caller) {
    const base::Uuid id = One(areas_);
    const ServiceArea* old = known.FindServiceArea(id);
    const bool by_owner = ByOwner(old, caller);
    if (by_owner && random_.Below(3) == 0) {
      return DeleteServiceArea{id, RidVersion(old->version_us)};
    }
    PutServiceArea put;
    put.id = id;
    if (by_owner) put.version = RidVersion(old->version_us);
    put.base_url = "https://" + *caller + ".test/uss/flights";
    put.extent = Where();
    return put;
  }
  Request PutRid(const View& known, std::string* caller) {
    PutRidSubscription put;
    put.id = One(rid_);
    const RidSubscription* old = known.FindRidSubscription(put.id);
    if (ByOwner(old, caller)) put.version = RidVersion(old->version_us);
    put.base_url = "https://" + *caller + ".test";
    put.extent = Where();
    if (random_.Below(2) == 0) put.extent.start = base::kTimeOpenStart;
    return put;
  }
  Request DropRid(const View& known, std::string* caller) {
    const base::Uuid id = One(rid_);
    const RidSubscription* old = known.FindRidSubscription(id);
    ByOwner(old, caller);
    return DeleteRidSubscription{
        id, old == nullptr || Rarely() ? "stale" : RidVersion(old->version_us)};
  }
  Request Availability() {
    SetAvailability set;
    set.uss = Caller();
    set.old_version = said_[set.uss];
    set.availability =
        random_.Below(2) == 0 ? dss::Availability::kDown : dss::Availability::kNormal;
    set.drawn_version = Draw();
    said_[set.uss] = OpaqueText(set.drawn_version);
    return set;
  }

  base::SeededRandom random_;
  base::UtcMicros now_;
  std::vector<geo::CellId> places_;
  std::vector<base::Uuid> intents_, constraints_, subscriptions_, areas_, rid_;
  std::map<std::string, std::string> said_;
};

}  // namespace wideberth::dss::testing

#endif  // WIDEBERTH_DSS_TESTING_RANDOM_REQUESTS_H_
