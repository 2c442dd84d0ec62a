// What the interfaces of a DSS share: F3548-21, F3411-22a, F3411-19 and the auxiliary one of its operators.
//
// They are decoders and encoders around service::Node: a write is a dss::Command through the sequencer and is answered
// when it is durable; a read is answered when what it saw is. They answer as the reference DSS does, down to the
// status, because clients were written against it; bodies of errors are {"message": ...}. Reading is lenient as the
// standards ask: fields that they do not name are passed over, and null is the same as absent.
#ifndef WIDEBERTH_API_ASTM_CONTEXT_H_
#define WIDEBERTH_API_ASTM_CONTEXT_H_

#include <string>

#include "base/random.h"
#include "crypto/token.h"
#include "dss/extent.h"
#include "service/node.h"

namespace wideberth::api::astm {

struct Options {
  dss::ExtentOptions extents;
  // For tests in a closed network: providers may be reached in the clear.
  bool http_base_urls = false;
  bool time_based_notification_index = false;  // said to who asks; dss::Policy decides
  std::string dar_id;                          // of the pool: what is shared
  std::string locality;                        // of this node in its pool
  std::string public_endpoint;                 // where providers reach it; may be empty
};

// Everything outlives the server. `random` is thread-safe.
struct Context {
  service::Node& node;
  const crypto::TokenVerifier& tokens;
  base::RandomSource& random;
  Options options;
};

}  // namespace wideberth::api::astm

#endif  // WIDEBERTH_API_ASTM_CONTEXT_H_
