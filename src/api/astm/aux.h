// The auxiliary interface of a pool's operators, and the versioning interface. (/healthy is the node's own.)
//
// A node with an embedded store is a pool of its own, of its configured name, and lists itself.
#ifndef WIDEBERTH_API_ASTM_AUX_H_
#define WIDEBERTH_API_ASTM_AUX_H_

#include "api/astm/context.h"
#include "net/router.h"

namespace wideberth::api::astm {

// `context` outlives the router.
void AddAuxRoutes(net::Router* router, const Context* context);

}  // namespace wideberth::api::astm

#endif  // WIDEBERTH_API_ASTM_AUX_H_
