// The handlers of F3548-21. Inside this folder only.
#ifndef WIDEBERTH_API_F3548_HANDLERS_H_
#define WIDEBERTH_API_F3548_HANDLERS_H_

#include <string_view>

#include "api/astm/call.h"

namespace wideberth::api::f3548 {

inline constexpr std::string_view kStrategicCoordination = "utm.strategic_coordination";
inline constexpr std::string_view kConformanceMonitoring = "utm.conformance_monitoring_sa";
inline constexpr std::string_view kConstraintManagement = "utm.constraint_management";
inline constexpr std::string_view kConstraintProcessing = "utm.constraint_processing";
inline constexpr std::string_view kAvailabilityArbitration = "utm.availability_arbitration";

// Of what cannot be read: everything is 400.
inline int Unreadable(const base::Error&) {
  return 400;
}

void QueryIntents(astm::Call call);
void GetIntent(astm::Call call);
void PutIntent(astm::Call call);  // with or without an OVN in the path
void DeleteIntent(astm::Call call);
void QueryConstraints(astm::Call call);
void GetConstraint(astm::Call call);
void PutConstraint(astm::Call call);
void DeleteConstraint(astm::Call call);
void QuerySubscriptions(astm::Call call);
void GetSubscription(astm::Call call);
void PutSubscription(astm::Call call);
void DeleteSubscription(astm::Call call);
void PostReport(astm::Call call);
void GetAvailability(astm::Call call);
void SetAvailability(astm::Call call);

}  // namespace wideberth::api::f3548

#endif  // WIDEBERTH_API_F3548_HANDLERS_H_
