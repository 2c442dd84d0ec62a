#include "api/f3548/write.h"

#include "api/astm/encode.h"

namespace wideberth::api::f3548 {
namespace {

// Stands for "no subscription" where the schema wants an identifier.
constexpr std::string_view kNoSubscription = "00000000-0000-4000-8000-000000000000";

std::string_view AvailabilityOf(const std::string& manager, const dss::Answer& answer) {
  const auto found = answer.availability.find(manager);
  return dss::Name(found == answer.availability.end() ? dss::Availability::kUnknown
                                                      : found->second);
}

}  // namespace

void WriteIntent(json::Writer* json, const dss::Intent& intent, const dss::Answer& answer,
                 const std::string& caller) {
  json->BeginObject();
  json->StringField("id", intent.id.ToString());
  json->StringField("manager", intent.manager);
  json->StringField("uss_availability", AvailabilityOf(intent.manager, answer));
  json->Int64Field("version", intent.version);
  json->StringField("state", dss::Name(intent.state));
  json->StringField("ovn", intent.manager == caller ? std::string_view(intent.ovn) : kOvnOfOthers);
  astm::WriteTime(json, "time_start", intent.extent.start);
  astm::WriteTime(json, "time_end", intent.extent.end);
  json->StringField("uss_base_url", intent.base_url);
  json->StringField("subscription_id", intent.subscription.is_nil()
                                           ? std::string(kNoSubscription)
                                           : intent.subscription.ToString());
  json->EndObject();
}

void WriteConstraint(json::Writer* json, const dss::Constraint& constraint,
                     const dss::Answer& answer, const std::string& caller) {
  json->BeginObject();
  json->StringField("id", constraint.id.ToString());
  json->StringField("manager", constraint.manager);
  json->StringField("uss_availability", AvailabilityOf(constraint.manager, answer));
  json->Int64Field("version", constraint.version);
  json->StringField("ovn",
                    constraint.manager == caller ? std::string_view(constraint.ovn) : kOvnOfOthers);
  astm::WriteTime(json, "time_start", constraint.extent.start);
  astm::WriteTime(json, "time_end", constraint.extent.end);
  json->StringField("uss_base_url", constraint.base_url);
  json->EndObject();
}

void WriteSubscription(json::Writer* json, const dss::Subscription& subscription,
                       const dss::Answer& answer) {
  json->BeginObject();
  json->StringField("id", subscription.id.ToString());
  json->StringField("version", subscription.version);
  json->Int64Field("notification_index", subscription.notification_index);
  astm::WriteTime(json, "time_start", subscription.extent.start);
  astm::WriteTime(json, "time_end", subscription.extent.end);
  json->StringField("uss_base_url", subscription.base_url);
  json->BoolField("notify_for_operational_intents", subscription.for_intents);
  json->BoolField("notify_for_constraints", subscription.for_constraints);
  json->BoolField("implicit_subscription", subscription.implicit);
  json->Key("dependent_operational_intents");
  json->BeginArray();
  if (const auto found = answer.dependents.find(subscription.id);
      found != answer.dependents.end()) {
    for (const base::Uuid& id : found->second) json->String(id.ToString());
  }
  json->EndArray();
  json->EndObject();
}

void WriteSubscribers(json::Writer* json, const dss::Answer& answer) {
  json->Key("subscribers");
  json->BeginArray();
  for (const dss::Subscriber& subscriber : answer.subscribers) {
    json->BeginObject();
    astm::WriteNamed(json, subscriber.subscriptions);
    json->StringField("uss_base_url", subscriber.url);
    json->EndObject();
  }
  json->EndArray();
}

void WriteIntents(json::Writer* json, std::string_view key, const dss::Answer& answer,
                  const std::string& caller) {
  json->Key(key);
  json->BeginArray();
  for (const dss::Intent& intent : answer.intents) WriteIntent(json, intent, answer, caller);
  json->EndArray();
}

void WriteConstraints(json::Writer* json, std::string_view key, const dss::Answer& answer,
                      const std::string& caller) {
  json->Key(key);
  json->BeginArray();
  for (const dss::Constraint& each : answer.constraints) {
    WriteConstraint(json, each, answer, caller);
  }
  json->EndArray();
}

net::Response KeyIncomplete(const dss::Answer& answer, const std::string& caller) {
  return astm::JsonObject(409, [&](json::Writer* json) {
    json->StringField("message", "the key must hold the OVN of every entity listed here");
    WriteIntents(json, "missing_operational_intents", answer, caller);
    WriteConstraints(json, "missing_constraints", answer, caller);
  });
}

}  // namespace wideberth::api::f3548
