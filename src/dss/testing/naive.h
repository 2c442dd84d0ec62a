// A DSS as slow and plain as it can be: entities in vectors, every search a scan over all. What Decide does over the
// State it must do over this too.
#ifndef WIDEBERTH_DSS_TESTING_NAIVE_H_
#define WIDEBERTH_DSS_TESTING_NAIVE_H_

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "dss/effects.h"
#include "dss/view.h"

namespace wideberth::dss::testing {

class NaiveView final : public View {
 public:
  void Apply(const Effect& effect) {
    std::visit([this](const auto& each) { Do(each); }, effect);
  }

  const Intent* FindIntent(const base::Uuid& id) const override { return Find<Intent>(id); }
  const Constraint* FindConstraint(const base::Uuid& id) const override {
    return Find<Constraint>(id);
  }
  const Subscription* FindSubscription(const base::Uuid& id) const override {
    return Find<Subscription>(id);
  }
  const ServiceArea* FindServiceArea(const base::Uuid& id) const override {
    return Find<ServiceArea>(id);
  }
  const RidSubscription* FindRidSubscription(const base::Uuid& id) const override {
    return Find<RidSubscription>(id);
  }
  std::vector<const Intent*> IntentsNear(const Extent& extent) const override {
    return Near<Intent>(extent);
  }
  std::vector<const Constraint*> ConstraintsNear(const Extent& extent) const override {
    return Near<Constraint>(extent);
  }
  std::vector<const Subscription*> SubscriptionsNear(const Extent& extent) const override {
    return Near<Subscription>(extent);
  }
  std::vector<const ServiceArea*> ServiceAreasNear(const Extent& extent) const override {
    return Near<ServiceArea>(extent);
  }
  std::vector<const RidSubscription*> RidSubscriptionsNear(const Extent& extent) const override {
    return Near<RidSubscription>(extent);
  }
  std::vector<const Intent*> DependentsOf(const base::Uuid& subscription) const override {
    std::vector<const Intent*> found;
    for (const auto& [id, intent] : Of<Intent>()) {
      if (intent.subscription == subscription) found.push_back(&intent);
    }
    return found;
  }
  UssAvailability AvailabilityOf(std::string_view uss) const override {
    const auto found = availability_.find(std::string(uss));
    return found == availability_.end() ? UssAvailability{std::string(uss), {}, ""} : found->second;
  }
  std::vector<Ended> EndedBefore(base::UtcMicros before, size_t max) const override {
    std::vector<std::tuple<base::UtcMicros, Kind, base::Uuid>> all;
    std::apply(
        [&](const auto&... table) {
          const auto add = [&](const auto& entities) {
            for (const auto& [id, entity] : entities) {
              if (entity.extent.end < before) all.emplace_back(entity.extent.end, entity.kKind, id);
            }
          };
          (add(table), ...);
        },
        tables_);
    std::sort(all.begin(), all.end());
    std::vector<Ended> ended;
    for (const auto& [end, kind, id] : all) {
      if (ended.size() < max) ended.push_back({kind, id});
    }
    return ended;
  }

  template <class T>
  const std::map<base::Uuid, T>& Of() const {
    return std::get<std::map<base::Uuid, T>>(tables_);
  }

 private:
  template <class T>
  std::map<base::Uuid, T>& Mutable() {
    return std::get<std::map<base::Uuid, T>>(tables_);
  }
  template <class T>
  const T* Find(const base::Uuid& id) const {
    const auto found = Of<T>().find(id);
    return found == Of<T>().end() ? nullptr : &found->second;
  }
  template <class T>
  std::vector<const T*> Near(const Extent& extent) const {
    std::vector<const T*> found;
    for (const auto& [id, entity] : Of<T>()) {
      if (CellsMeet(entity.extent, extent) && TimesMeet(entity.extent, extent) &&
          AltitudesMeet(entity.extent, extent)) {
        found.push_back(&entity);
      }
    }
    return found;
  }
  template <class T>
  void Do(const T& entity) {
    Mutable<T>()[entity.id] = entity;
  }
  void Do(const Removed& removed) {
    if (removed.kind == Kind::kIntent) Mutable<Intent>().erase(removed.id);
    if (removed.kind == Kind::kConstraint) Mutable<Constraint>().erase(removed.id);
    if (removed.kind == Kind::kServiceArea) Mutable<ServiceArea>().erase(removed.id);
    if (removed.kind == Kind::kSubscription) Mutable<Subscription>().erase(removed.id);
    if (removed.kind == Kind::kRidSubscription) Mutable<RidSubscription>().erase(removed.id);
  }
  void Do(const Notified& notified) {
    const int32_t index = notified.notification_index;
    if (notified.kind == Kind::kSubscription) {
      Mutable<Subscription>().at(notified.id).notification_index = index;
    } else {
      Mutable<RidSubscription>().at(notified.id).notification_index = index;
    }
  }
  void Do(const UssAvailability& value) { availability_[value.uss] = value; }
  void Do(const ReportFiled&) {}
  void Do(const LogBegun&) {}
  void Do(const LogEntry&) {}
  void Do(const LogHead&) {}

  std::tuple<std::map<base::Uuid, Intent>, std::map<base::Uuid, Constraint>,
             std::map<base::Uuid, ServiceArea>, std::map<base::Uuid, Subscription>,
             std::map<base::Uuid, RidSubscription>>
      tables_;
  std::map<std::string, UssAvailability> availability_;
};

}  // namespace wideberth::dss::testing

#endif  // WIDEBERTH_DSS_TESTING_NAIVE_H_
