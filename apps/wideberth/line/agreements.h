// The agreement that a node would start under.
#ifndef WIDEBERTH_APPS_WIDEBERTH_LINE_AGREEMENTS_H_
#define WIDEBERTH_APPS_WIDEBERTH_LINE_AGREEMENTS_H_

#include "agreement/agreement.h"
#include "base/result.h"
#include "service/config.h"

namespace wideberth::cli {

// The agreement_file of a configuration: signed by the node's party and by one of its peers, and in force now.
base::Result<agreement::Agreement> AgreementInForce(const service::NodeConfig& config);

}  // namespace wideberth::cli

#endif  // WIDEBERTH_APPS_WIDEBERTH_LINE_AGREEMENTS_H_
