// The agreements that a configuration names.
#ifndef WIDEBERTH_SERVICE_AGREEMENTS_H_
#define WIDEBERTH_SERVICE_AGREEMENTS_H_

#include <map>

#include "agreement/in_force.h"
#include "base/ids.h"
#include "base/result.h"
#include "service/config.h"

namespace wideberth::service {

using AgreementsOfPeers = std::map<base::PartyId, agreement::LineAgreements>;

// Those of every peer, by peer; a peer without any is there too, under the safety floor. Nothing in pool mode. Refuses,
// naming the file, one that is not signed by both parties of its line, whenever it runs.
base::Result<AgreementsOfPeers> ReadAgreements(const NodeConfig& config);

}  // namespace wideberth::service

#endif  // WIDEBERTH_SERVICE_AGREEMENTS_H_
