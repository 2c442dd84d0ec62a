#include <memory>
#include <utility>

#include "api/node/answer.h"
#include "api/node/handlers.h"
#include "api/node/views.h"
#include "net/query.h"

namespace wideberth::api::node {
namespace {

// Decide speaks of "/id" for what stands in the path here.
base::Error InPathWords(base::Error error) {
  if (error.field == "/id") error.field = "id";
  return error;
}

}  // namespace

base::Result<base::NoticeId> NoticeIdOf(const Call& call) {
  base::Result<base::NoticeId> id = base::NoticeId::Parse(call.params.Get("id"));
  if (!id) return base::Fail(std::move(id).error().Under("id"));
  return id;
}

base::Result<base::Digest> ConflictIdOf(const Call& call) {
  base::Result<base::Digest> id = base::Digest::FromHex(call.params.Get("id"));
  if (!id) return base::Fail(std::move(id).error().Under("id"));
  return id;
}

base::Result<void> Submit(Call& call, airspace::CommandBody body, WriteAnswer write,
                          RenameError rename) {
  std::optional<std::string> key_id;
  if (call.caller.session != nullptr) key_id = call.caller.session->key_id();
  const auto work = [key_id, write = std::move(write),
                     command = airspace::Command{call.caller.id(), std::move(body)}](
                        mechanism::Core& core, line::Now now) -> base::Result<net::Response> {
    WB_ASSIGN_OR_RETURN(airspace::Decision decision, key_id
                                                         ? core.DecideBy(*key_id, command, now.utc)
                                                         : core.Decide(command, now.utc));
    const int status = decision.created ? 201 : 200;
    return net::JsonResponse(status, write(std::move(decision)));
  };
  return SubmitWork(call, work, [rename = std::move(rename)](base::Error error) {
    error = InPathWords(std::move(error));
    return rename ? rename(std::move(error)) : error;
  });
}

base::Result<void> SubmitWork(Call& call, CoreWork work, RenameError rename) {
  auto responder = std::make_shared<net::Responder>(std::move(call.responder));
  const auto refuse = [responder, rename = std::move(rename)](const base::Error& error) {
    Refuse(responder.get(), rename ? rename(error) : error);
  };
  using Done = service::Sequencer::Done;
  service::Sequencer& sequencer = call.context.node.sequencer();
  auto turn = [&sequencer, responder, refuse, work = std::move(work)](mechanism::Core& core,
                                                                      line::Now now) -> Done {
    auto result = std::make_shared<base::Result<net::Response>>(work(core, now));
    if (!*result) sequencer.CountRefused();
    return [responder, refuse, result](const std::optional<base::Error>& failure) {
      if (failure) return refuse(*failure);
      if (!*result) return refuse(result->error());
      (*responder)(std::move(*result).value());
    };
  };
  const auto never_done = [refuse](const std::optional<base::Error>& failure) {
    refuse(failure.value());
  };
  const base::Result<void> submitted = sequencer.SubmitWork(std::move(turn), never_done);
  if (!submitted) refuse(submitted.error());
  return {};
}

base::Result<void> RequireRole(const Call& call, operators::ActKind act) {
  if (call.caller.session == nullptr) return {};
  return operators::RequireMayDo(call.caller.session->role, act);
}

base::Result<void> RequirePoolMode(const Call& call) {
  if (!call.context.line) return {};
  return base::Fail(base::ErrorCode::kConflict, "path", "in line mode people act by POST /v1/acts");
}

base::Result<base::PartyId> FindPeer(const Context& context, std::string_view text) {
  const auto found =
      context.node
          .ReadDesk([&](const airspace::State&,
                        const mechanism::Desk& desk) -> std::optional<base::PartyId> {
            for (const auto& [id, peer] : desk.peers()) {
              if (peer.name == text || id.ToString() == text) return id;
            }
            return std::nullopt;
          })
          .first;
  if (found) return *found;
  return base::Fail(base::ErrorCode::kNotFound, "", "must be the name or the id of a peer", text);
}

base::Result<json::Object> ReadBody(const Call& call, std::optional<json::Document>* document) {
  net::Query query(call.request.target);
  WB_RETURN_IF_ERROR(query.ExpectNoOthers());
  const std::string_view text =
      call.request.body.empty() ? "{}" : std::string_view(call.request.body);
  WB_ASSIGN_OR_RETURN(json::Document parsed, json::Document::Parse(text));
  document->emplace(std::move(parsed));
  return (*document)->root().AsObject();
}

WriteAnswer DecisionWriter(const Context& context) {
  return [&context](airspace::Decision decision) {
    std::vector<ConflictView> views;
    if (!decision.conflicts.empty()) {
      views = context.node
                  .Read([&](const airspace::State& state) {
                    std::vector<ConflictView> found;
                    for (const airspace::Conflict& conflict : decision.conflicts) {
                      found.push_back(ViewConflict(state, conflict));
                    }
                    return found;
                  })
                  .first;
    }
    std::string body;
    json::Writer json(&body);
    WriteDecision(&json, decision, views, context.node.rules());
    return body;
  };
}

net::Response GeoJsonResponse(std::string body, const net::Request& request,
                              std::optional<uint64_t> next) {
  net::Response response;
  response.content_type = "application/geo+json";
  response.body = std::move(body);
  if (next) {
    std::string target = request.path() + "?after=" + std::to_string(*next);
    for (const net::QueryParameter& each : request.target.query) {
      if (each.name == "after") continue;
      target.append("&").append(each.name).append("=").append(net::PercentEncode(each.value));
    }
    response.headers.Add("Link", "<" + target + ">; rel=\"next\"");
  }
  return response;
}

}  // namespace wideberth::api::node
