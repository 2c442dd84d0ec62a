// The transparency log of the DSS over HTTP: C2SP tlog-tiles under /dss/log, its key, and the proof of one entry.
//
//   GET /dss/log/key                      the verifier key of the log (a vkey of C2SP signed-note)
//   GET /dss/log/checkpoint               the head that was signed last
//   GET /dss/log/tile/...                 hash tiles and entry bundles
//   GET /dss/log/proof?entry=BASE64URL    the proof file (C2SP tlog-proof) of an entry that the caller has
//
// Every token of the DSS's issuers opens it, whatever its scopes; none is asked for where Options::public_log says so.
#ifndef WIDEBERTH_API_ASTM_LOG_ROUTES_H_
#define WIDEBERTH_API_ASTM_LOG_ROUTES_H_

#include "api/astm/context.h"
#include "net/router.h"

namespace wideberth::api::astm {

// Adds none where the DSS keeps no log.
void AddLogRoutes(net::Router* router, const Context* context);

// The headers of a write that wants its opening (dss/log_entry.h), and of the answer to it: base64url.
inline constexpr std::string_view kWantsOpeningHeader = "Wideberth-Log-Opening-Wanted";
inline constexpr std::string_view kEntryHeader = "Wideberth-Log-Entry";
inline constexpr std::string_view kOpeningHeader = "Wideberth-Log-Opening";

}  // namespace wideberth::api::astm

#endif  // WIDEBERTH_API_ASTM_LOG_ROUTES_H_
