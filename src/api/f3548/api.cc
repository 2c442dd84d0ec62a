#include "api/f3548/api.h"

#include "api/f3548/handlers.h"

namespace wideberth::api::f3548 {

void AddRoutes(net::Router* router, const astm::Context* context) {
  using net::Method;
  const auto add = [&](Method method, const std::string& path, const astm::Scopes& scopes,
                       const astm::Handler& handler) {
    astm::AddRoute(router, context, method, "/dss/v1" + path, scopes, handler);
  };
  const astm::Scopes intents = {{kStrategicCoordination}, {kConformanceMonitoring}};
  const astm::Scopes constraints = {{kConstraintManagement}, {kConstraintProcessing}};
  const astm::Scopes managers = {{kConstraintManagement}};
  const astm::Scopes subscriptions = {{kConstraintProcessing}, {kStrategicCoordination}};
  const astm::Scopes availability = {
      {kAvailabilityArbitration}, {kStrategicCoordination}, {kConformanceMonitoring}};
  const astm::Scopes any = {{kStrategicCoordination},
                            {kConformanceMonitoring},
                            {kConstraintManagement},
                            {kConstraintProcessing},
                            {kAvailabilityArbitration}};

  const std::string intent = "/operational_intent_references/{entityid}";
  add(Method::kPost, "/operational_intent_references/query", intents, QueryIntents);
  add(Method::kGet, intent, intents, GetIntent);
  add(Method::kPut, intent, intents, PutIntent);
  add(Method::kPut, intent + "/{ovn}", intents, PutIntent);
  add(Method::kDelete, intent + "/{ovn}", intents, DeleteIntent);

  const std::string constraint = "/constraint_references/{entityid}";
  add(Method::kPost, "/constraint_references/query", constraints, QueryConstraints);
  add(Method::kGet, constraint, constraints, GetConstraint);
  add(Method::kPut, constraint, managers, PutConstraint);
  add(Method::kPut, constraint + "/{ovn}", managers, PutConstraint);
  add(Method::kDelete, constraint + "/{ovn}", managers, DeleteConstraint);

  const std::string subscription = "/subscriptions/{subscriptionid}";
  add(Method::kPost, "/subscriptions/query", subscriptions, QuerySubscriptions);
  add(Method::kGet, subscription, subscriptions, GetSubscription);
  add(Method::kPut, subscription, subscriptions, PutSubscription);
  add(Method::kPut, subscription + "/{version}", subscriptions, PutSubscription);
  add(Method::kDelete, subscription + "/{version}", subscriptions, DeleteSubscription);

  add(Method::kPost, "/reports", any, PostReport);
  add(Method::kGet, "/uss_availability/{uss_id}", availability, GetAvailability);
  add(Method::kPut, "/uss_availability/{uss_id}", {{kAvailabilityArbitration}}, SetAvailability);
}

}  // namespace wideberth::api::f3548
