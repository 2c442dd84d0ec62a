// The handlers behind the routes; inside api/node only. Each answers call.responder exactly once.
#ifndef WIDEBERTH_API_NODE_HANDLERS_H_
#define WIDEBERTH_API_NODE_HANDLERS_H_

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "airspace/command.h"
#include "airspace/decide.h"
#include "api/node/api.h"
#include "api/node/auth.h"
#include "base/bytes.h"
#include "base/ids.h"
#include "json/reader.h"
#include "net/responder.h"
#include "net/router.h"

namespace wideberth::api::node {

struct Call {
  const Context& context;
  const net::Request& request;
  const net::PathParams& params;
  Caller caller;  // without a party where the route needs no token
  net::Responder responder;
};

// notices.cc
base::Result<void> ListNotices(Call& call);
base::Result<void> GetNotice(Call& call);
base::Result<void> GetNoticeVersion(Call& call);
base::Result<void> GetNoticeOriginal(Call& call);
base::Result<void> PutNotice(Call& call);
base::Result<void> CheckDeclaration(Call& call);
// acts.cc
base::Result<void> WithdrawNotice(Call& call);
base::Result<void> SetNoticeActivity(Call& call);
base::Result<void> ClearNotice(Call& call);
base::Result<void> AssessNotice(Call& call);
base::Result<void> DisseminateNotice(Call& call);
base::Result<void> SeeConflict(Call& call);
base::Result<void> ProposeConflictMeasures(Call& call);
base::Result<void> PutClock(Call& call);
// conflicts.cc
base::Result<void> ListConflicts(Call& call);
base::Result<void> GetConflict(Call& call);
// house.cc
base::Result<void> GetHealthy(Call& call);
base::Result<void> GetMetrics(Call& call);
base::Result<void> GetStatus(Call& call);
base::Result<void> GetRules(Call& call);
base::Result<void> GetOpenApi(Call& call);
base::Result<void> GetEvents(Call& call);

// The values of the path: a refusal's field is the name in the pattern.
base::Result<base::NoticeId> NoticeIdOf(const Call& call);
base::Result<base::Digest> ConflictIdOf(const Call& call);

// Submits a command of the caller. When it is durable, `write` makes the answer's body, on the
// sequencer's thread, and the status is 200, or 201 if something came into being. `rename` puts the
// fields of a refusal by Decide into the words of the request.
using WriteAnswer = std::function<std::string(airspace::Decision)>;
using RenameError = std::function<base::Error(base::Error)>;
base::Result<void> Submit(Call& call, airspace::CommandBody body, WriteAnswer write,
                          RenameError rename = {});
// The body that WriteDecision gives.
WriteAnswer DecisionWriter(const Context& context);

// A page as GeoJSON, which has no place for a cursor: `next` becomes a Link header.
net::Response GeoJsonResponse(std::string body, const net::Request& request,
                              std::optional<uint64_t> next);

}  // namespace wideberth::api::node

#endif  // WIDEBERTH_API_NODE_HANDLERS_H_
