// The answers of F3548-21 as JSON. Inside this folder only.
#ifndef WIDEBERTH_API_F3548_WRITE_H_
#define WIDEBERTH_API_F3548_WRITE_H_

#include <string>

#include "dss/decide.h"
#include "json/writer.h"
#include "net/http.h"

namespace wideberth::api::f3548 {

// What stands for the OVN of an entity of somebody else's.
inline constexpr std::string_view kOvnOfOthers = "Available from USS";

void WriteIntent(json::Writer* json, const dss::Intent& intent, const dss::Answer& answer,
                 const std::string& caller);
void WriteConstraint(json::Writer* json, const dss::Constraint& constraint,
                     const dss::Answer& answer, const std::string& caller);
void WriteSubscription(json::Writer* json, const dss::Subscription& subscription,
                       const dss::Answer& answer);
// "subscribers": [...]
void WriteSubscribers(json::Writer* json, const dss::Answer& answer);
// Lists under `key`.
void WriteIntents(json::Writer* json, std::string_view key, const dss::Answer& answer,
                  const std::string& caller);
void WriteConstraints(json::Writer* json, std::string_view key, const dss::Answer& answer,
                      const std::string& caller);
net::Response KeyIncomplete(const dss::Answer& answer, const std::string& caller);

}  // namespace wideberth::api::f3548

#endif  // WIDEBERTH_API_F3548_WRITE_H_
