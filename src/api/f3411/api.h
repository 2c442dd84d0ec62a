// The DSS interfaces of remote identification: F3411-22a under /rid/v2/dss and F3411-19 under /v1/dss. Both are windows
// on the same service areas and subscriptions, so that providers of either standard find each other.
//
// A URL is kept whole, as F3411-19 sends it; F3411-22a sends the base of it, and is answered with the base.
#ifndef WIDEBERTH_API_F3411_API_H_
#define WIDEBERTH_API_F3411_API_H_

#include "api/astm/context.h"
#include "net/router.h"

namespace wideberth::api::f3411 {

// `context` outlives the router.
void AddRoutes(net::Router* router, const astm::Context* context);

}  // namespace wideberth::api::f3411

#endif  // WIDEBERTH_API_F3411_API_H_
