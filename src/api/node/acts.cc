#include <utility>

#include "api/node/answer.h"
#include "api/node/handlers.h"
#include "api/node/views.h"
#include "base/limits.h"
#include "net/query.h"

namespace wideberth::api::node {
namespace {

using base::Result;

constexpr size_t kDigestBytes = 64;
constexpr size_t kTimeBytesMax = 40;
constexpr size_t kWordBytesMax = 64;

// No body is an object without fields.
Result<json::Document> ParseBody(const Call& call) {
  net::Query query(call.request.target);
  WB_RETURN_IF_ERROR(query.ExpectNoOthers());
  return json::Document::Parse(call.request.body.empty() ? "{}"
                                                         : std::string_view(call.request.body));
}

// Reads the body of an act, which is one object read strictly, and submits what `read` makes of it.
template <class Read>
Result<void> Act(Call& call, Read read, WriteAnswer write) {
  WB_RETURN_IF_ERROR(RequirePoolMode(call));
  WB_ASSIGN_OR_RETURN(const json::Document document, ParseBody(call));
  WB_ASSIGN_OR_RETURN(json::Object body, document.root().AsObject());
  auto command = read(&body);
  if (!command) return base::Fail(std::move(command).error());
  WB_RETURN_IF_ERROR(body.ExpectNoOtherFields());
  return Submit(call, std::move(command).value(), std::move(write));
}

Result<base::Digest> TakeVersion(json::Object* body) {
  return body->RequiredParsed("version", kDigestBytes, base::Digest::FromHex);
}

}  // namespace

WriteAnswer ConflictWriter(const Context& context) {
  return [&context](airspace::Decision decision) {
    const ConflictView view = context.node
                                  .Read([&](const airspace::State& state) {
                                    return ViewConflict(state, decision.conflicts.front());
                                  })
                                  .first;
    std::string body;
    json::Writer json(&body);
    WriteConflictView(&json, view, context.node.rules());
    return body;
  };
}

Result<void> WithdrawNotice(Call& call) {
  WB_ASSIGN_OR_RETURN(const base::NoticeId id, NoticeIdOf(call));
  const auto read = [id](json::Object* body) -> Result<airspace::Withdraw> {
    WB_ASSIGN_OR_RETURN(const base::Digest version, TakeVersion(body));
    return airspace::Withdraw{id, version};
  };
  return Act(call, read, DecisionWriter(call.context));
}

Result<void> SetNoticeActivity(Call& call) {
  WB_ASSIGN_OR_RETURN(const base::NoticeId id, NoticeIdOf(call));
  const auto read = [id](json::Object* body) -> Result<airspace::SetActivity> {
    WB_ASSIGN_OR_RETURN(const airspace::ActivityState activity,
                        body->RequiredParsed("activity", kWordBytesMax,
                                             airspace::ParseName<airspace::ActivityState>));
    WB_ASSIGN_OR_RETURN(const base::Digest version, TakeVersion(body));
    return airspace::SetActivity{id, activity, version};
  };
  return Act(call, read, DecisionWriter(call.context));
}

Result<void> ClearNotice(Call& call) {
  WB_ASSIGN_OR_RETURN(const base::NoticeId id, NoticeIdOf(call));
  const auto read = [id](json::Object* body) -> Result<airspace::AllClear> {
    WB_ASSIGN_OR_RETURN(const base::Digest version, TakeVersion(body));
    WB_ASSIGN_OR_RETURN(const std::optional<bool> no_longer_observed,
                        body->OptionalBool("no_longer_observed"));
    return airspace::AllClear{id, version, no_longer_observed.value_or(false)};
  };
  return Act(call, read, DecisionWriter(call.context));
}

Result<void> AssessNotice(Call& call) {
  WB_ASSIGN_OR_RETURN(const base::NoticeId id, NoticeIdOf(call));
  const auto read = [id](json::Object* body) -> Result<airspace::Assess> {
    WB_ASSIGN_OR_RETURN(const base::Digest version, TakeVersion(body));
    WB_ASSIGN_OR_RETURN(const airspace::Assessment assessment,
                        body->RequiredParsed("assessment", kWordBytesMax,
                                             airspace::ParseName<airspace::Assessment>));
    WB_ASSIGN_OR_RETURN(const auto until,
                        body->OptionalParsed("need_time_until", kTimeBytesMax, base::ParseRfc3339));
    return airspace::Assess{id, version, assessment, until};
  };
  return Act(call, read, DecisionWriter(call.context));
}

Result<void> DisseminateNotice(Call& call) {
  WB_ASSIGN_OR_RETURN(const base::NoticeId id, NoticeIdOf(call));
  const auto read = [id](json::Object* body) -> Result<airspace::Disseminate> {
    WB_ASSIGN_OR_RETURN(const auto told, body->OptionalBool("units_told"));
    WB_ASSIGN_OR_RETURN(const auto clear, body->OptionalBool("own_aircraft_clear"));
    // Said once and for all; there is nothing to take back.
    if (told == false) return body->Refuse("units_told", "must be true, or absent", "false");
    if (clear == false) {
      return body->Refuse("own_aircraft_clear", "must be true, or absent", "false");
    }
    if (!told && !clear) {
      return body->AsValue().Refuse("must have units_told or own_aircraft_clear");
    }
    return airspace::Disseminate{id, told.has_value(), clear.has_value()};
  };
  return Act(call, read, DecisionWriter(call.context));
}

Result<void> SeeConflict(Call& call) {
  WB_ASSIGN_OR_RETURN(const base::Digest id, ConflictIdOf(call));
  const auto read = [id](json::Object*) -> Result<airspace::MarkConflictSeen> {
    return airspace::MarkConflictSeen{id};
  };
  return Act(call, read, ConflictWriter(call.context));
}

Result<void> ProposeConflictMeasures(Call& call) {
  WB_ASSIGN_OR_RETURN(const base::Digest id, ConflictIdOf(call));
  const auto read = [id](json::Object* body) -> Result<airspace::ProposeMeasures> {
    WB_ASSIGN_OR_RETURN(const std::string_view measures,
                        body->RequiredString("measures", limits::kMeasuresBytesMax));
    return airspace::ProposeMeasures{id, std::string(measures)};
  };
  return Act(call, read, ConflictWriter(call.context));
}

Result<void> PutClock(Call& call) {
  service::Node& node = call.context.node;
  WB_RETURN_IF_ERROR(RequireRole(call, operators::ActKind::kOpenExercise));
  WB_ASSIGN_OR_RETURN(const json::Document document, ParseBody(call));
  WB_ASSIGN_OR_RETURN(json::Object body, document.root().AsObject());
  airspace::SetClock set;
  set.real = node.clock().Now();
  WB_ASSIGN_OR_RETURN(set.mode, body.RequiredParsed("data_mode", kWordBytesMax,
                                                    airspace::ParseName<airspace::DataMode>));
  WB_ASSIGN_OR_RETURN(set.shown, body.RequiredParsed("time", kTimeBytesMax, base::ParseRfc3339));
  WB_ASSIGN_OR_RETURN(set.rate, body.RequiredDouble("rate", 0, limits::kClockRateMax));
  WB_RETURN_IF_ERROR(body.ExpectNoOtherFields());
  // Time never runs backwards: an earlier clock would only stand still until it has caught up.
  const base::UtcMicros last =
      node.Read([&](const airspace::State& state) { return state.LastTime(set.mode); }).first;
  if (set.mode != airspace::DataMode::kReal && set.shown < last) {
    return base::Fail(
        base::ErrorCode::kConflict, "/time",
        "must not lie before the present time of this mode, " + base::FormatRfc3339(last),
        base::FormatRfc3339(set.shown));
  }
  const auto write = [set](const airspace::Decision&) {
    std::string text;
    json::Writer json(&text);
    WriteClock(&json, set);
    return text;
  };
  return Submit(call, set, write, [](base::Error error) {
    if (error.field == "/mode") error.field = "/data_mode";
    return error;
  });
}

}  // namespace wideberth::api::node
