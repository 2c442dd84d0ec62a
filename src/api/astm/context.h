// What the interfaces of a DSS share: F3548-21, F3411-22a, F3411-19 and the auxiliary one of its operators.
//
// They are decoders and encoders around a dss::Host: a write is a dss::Command and is answered when it is durable; a
// read is answered when what it saw is. They answer as the reference DSS does, down to the
// status, because clients were written against it; bodies of errors are {"message": ...}. Reading is lenient as the
// standards ask: fields that they do not name are passed over, and null is the same as absent.
#ifndef WIDEBERTH_API_ASTM_CONTEXT_H_
#define WIDEBERTH_API_ASTM_CONTEXT_H_

#include <string>

#include "base/random.h"
#include "base/time.h"
#include "crypto/token.h"
#include "dss/extent.h"
#include "dss/host.h"

namespace wideberth::api::astm {

class Replays;

struct Options {
  dss::ExtentOptions extents;
  // For tests in a closed network: providers may be reached in the clear.
  bool http_base_urls = false;
  bool public_log = false;                     // the transparency log is shown without a token
  bool time_based_notification_index = false;  // said to who asks; dss::Policy decides
};

// Everything outlives the server. `random` is thread-safe.
struct Context {
  dss::Host& dss;
  const base::Clock& clock;
  const crypto::TokenVerifier& tokens;
  base::RandomSource& random;
  Options options;
  Replays* replays = nullptr;  // none: Idempotency-Key means nothing
};

}  // namespace wideberth::api::astm

#endif  // WIDEBERTH_API_ASTM_CONTEXT_H_
