// The DSS interface of ASTM F3548-21, under /dss/v1, with the two additions of InterUSS (requested_ovn_suffix, and
// un-hyphenated identifiers). The interface between providers, /uss/v1, is not a DSS's to serve.
//
// Statuses are those of the reference DSS: an area that is too large is 400 where it is written and 413 where
// subscriptions are looked for; an unknown entity with a version is 400 for intents and subscriptions, 409 for
// constraints. The OVN of another's entity reads "Available from USS".
#ifndef WIDEBERTH_API_F3548_API_H_
#define WIDEBERTH_API_F3548_API_H_

#include "api/astm/context.h"
#include "net/router.h"

namespace wideberth::api::f3548 {

// `context` outlives the router.
void AddRoutes(net::Router* router, const astm::Context* context);

}  // namespace wideberth::api::f3548

#endif  // WIDEBERTH_API_F3548_API_H_
