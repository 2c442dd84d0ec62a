#include "api/node/answer.h"

#include <memory>
#include <utility>

#include "json/writer.h"

namespace wideberth::api::node {

net::Response RenderError(int status, const base::Error& error) {
  std::string body;
  json::Writer json(&body);
  json.BeginObject();
  json.Key("error");
  json.BeginObject();
  json.StringField("code", base::ErrorCodeName(error.code));
  json.StringField("field", error.field);
  json.StringField("rule", error.rule);
  if (!error.found.empty()) json.StringField("found", error.found);
  json.EndObject();
  json.EndObject();
  net::Response response = net::JsonResponse(status, std::move(body));
  if (status == 503) response.headers.Add("Retry-After", "1");
  return response;
}

void Refuse(net::Responder* responder, const base::Error& error) {
  (*responder)(RenderError(net::StatusFor(error.code), error));
}

void AnswerWhenDurable(service::Sequencer* sequencer, uint64_t seq, net::Responder responder,
                       net::Response response) {
  if (seq <= sequencer->durable_seq()) return responder(std::move(response));
  struct Held {
    net::Responder responder;
    net::Response response;
  };
  auto held = std::make_shared<Held>(Held{std::move(responder), std::move(response)});
  sequencer->WhenDurable(seq, [held](bool durable) {
    if (durable) return held->responder(std::move(held->response));
    Refuse(&held->responder, {base::ErrorCode::kStorage, "",
                              "the store has failed; what was read is not durable", ""});
  });
}

}  // namespace wideberth::api::node
