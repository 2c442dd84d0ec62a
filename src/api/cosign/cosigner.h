// This node as a cosigner over HTTP: POST /add-checkpoint (C2SP tlog-witness) answers for the peers' logs, with the
// cosignature that the line has made already. It decides nothing: what is not cosigned on the line is 503 here, so that
// there is one place where a head is taken. It needs no token: only a checkpoint that the log's own key has signed is
// answered with more than a refusal, and whoever holds that may know what the answer says.
#ifndef WIDEBERTH_API_COSIGN_COSIGNER_H_
#define WIDEBERTH_API_COSIGN_COSIGNER_H_

#include <string_view>

#include "base/result.h"
#include "net/router.h"
#include "record/witness.h"
#include "service/node.h"

namespace wideberth::api::cosign {

// The answer to the body of an add-checkpoint.
base::Result<record::WitnessAnswer> AnswerCosigned(const service::Node& node,
                                                   std::string_view body);

// POST /add-checkpoint, for the logs of the peers.
void AddCosignerRoute(net::Router* router, const service::Node& node);

}  // namespace wideberth::api::cosign

#endif  // WIDEBERTH_API_COSIGN_COSIGNER_H_
