// The handlers behind the routes; inside api/node only. Each answers call.responder exactly once.
#ifndef WIDEBERTH_API_NODE_HANDLERS_H_
#define WIDEBERTH_API_NODE_HANDLERS_H_

#include <functional>
#include <memory>
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
#include "mechanism/core.h"
#include "net/responder.h"
#include "net/router.h"
#include "operators/role.h"

namespace wideberth::api::node {

struct Call {
  const Context& context;
  const net::Request& request;
  const net::PathParams& params;
  Caller caller;  // without a party where the route needs no token
  net::Responder responder;
};

// Puts the fields of a refusal into the words of the request.
using RenameError = std::function<base::Error(base::Error)>;

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
base::Result<void> ListJournal(Call& call);
base::Result<void> GetHandover(Call& call);

// sign_on.cc: who is signed on, and who may
base::Result<void> PostLogin(Call& call);
base::Result<void> PostLogout(Call& call);
base::Result<void> GetMe(Call& call);
base::Result<void> ListOperators(Call& call);
base::Result<void> PostOperator(Call& call);
base::Result<void> DisableOperator(Call& call);
base::Result<void> RekeyOperator(Call& call);
// person_acts.cc: what people do in line mode
base::Result<void> PostAct(Call& call);
base::Result<void> CheckDraft(Call& call);
base::Result<void> DisregardNotice(Call& call);
// lines.cc
base::Result<void> ListLines(Call& call);
base::Result<void> SuspendLine(Call& call);
base::Result<void> ResumeLine(Call& call);
base::Result<void> ConfirmLine(Call& call);
base::Result<void> ListEntries(Call& call);
base::Result<void> GetLineRecord(Call& call);
base::Result<void> ListEvidence(Call& call);
base::Result<void> GetEvidence(Call& call);
base::Result<void> GetCheckpoint(Call& call);
base::Result<void> GetTile(Call& call);
base::Result<void> GetEntry(Call& call);
// timelines.cc
base::Result<void> GetTimeline(Call& call);
base::Result<void> AskWasNotified(Call& call);
// keys.cc
base::Result<void> GetKeys(Call& call);
base::Result<void> RotateKeys(Call& call);
base::Result<void> ConfirmKeys(Call& call);
// dead_man.cc
base::Result<void> ListDeadManAreas(Call& call);
base::Result<void> ArmDeadManArea(Call& call);
base::Result<void> DisarmDeadManArea(Call& call);
base::Result<void> BeatDeadManArea(Call& call);
// agreements.cc
base::Result<void> ListAgreements(Call& call);
base::Result<void> GetAgreement(Call& call);
// desk.cc
base::Result<void> ListMatters(Call& call);
base::Result<void> ListCalls(Call& call);
base::Result<void> GetStatistics(Call& call);
base::Result<void> GetConflictBases(Call& call);
base::Result<void> ListExchanges(Call& call);
base::Result<void> GetExchange(Call& call);
base::Result<void> CompareExchange(Call& call);

// In line mode: refuses with kForbidden, field "role", a session whose role may not do that. A caller without a session
// has come by a scope, which was checked.
base::Result<void> RequireRole(const Call& call, operators::ActKind act);
// Refuses with kConflict in line mode, where a person acts with a signature of their own.
base::Result<void> RequirePoolMode(const Call& call);
// A peer of this node by name or id; the field of the refusal is empty.
base::Result<base::PartyId> FindPeer(const Context& context, std::string_view text);
// Reads a body that is one object; no body is an object without fields. The object lives in *document.
base::Result<json::Object> ReadBody(const Call& call, std::optional<json::Document>* document);

// Does `work` in the core's turn and answers with what it returns when that is durable.
using CoreWork = std::function<base::Result<net::Response>(mechanism::Core& core, line::Now now)>;
base::Result<void> SubmitWork(Call& call, CoreWork work, RenameError rename = {});

// The values of the path: a refusal's field is the name in the pattern.
base::Result<base::NoticeId> NoticeIdOf(const Call& call);
base::Result<base::Digest> ConflictIdOf(const Call& call);

// Submits a command of the caller. When it is durable, `write` makes the answer's body, on the
// sequencer's thread, and the status is 200, or 201 if something came into being.
using WriteAnswer = std::function<std::string(airspace::Decision)>;
base::Result<void> Submit(Call& call, airspace::CommandBody body, WriteAnswer write,
                          RenameError rename = {});
// The body that WriteDecision gives.
WriteAnswer DecisionWriter(const Context& context);
// The one conflict that an act was about.
WriteAnswer ConflictWriter(const Context& context);

// The body's "declaration", validated and prepared. `to_keep`: it will be stored, and may have an original.
base::Result<std::shared_ptr<const airspace::PreparedDeclaration>> TakeDeclaration(
    const Call& call, json::Object* body, bool to_keep);
// A refusal by Decide of what is in the declaration, in the names of the request.
base::Error InRequestWords(base::Error error, const airspace::Declaration& declaration);

// A page as GeoJSON, which has no place for a cursor: `next` becomes a Link header.
net::Response GeoJsonResponse(std::string body, const net::Request& request,
                              std::optional<uint64_t> next);

}  // namespace wideberth::api::node

#endif  // WIDEBERTH_API_NODE_HANDLERS_H_
