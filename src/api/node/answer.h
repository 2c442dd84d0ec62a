// How the API answers: errors, JSON, and holding an answer back until what it says is durable.
#ifndef WIDEBERTH_API_NODE_ANSWER_H_
#define WIDEBERTH_API_NODE_ANSWER_H_

#include <cstdint>
#include <string>

#include "base/result.h"
#include "net/http.h"
#include "net/responder.h"
#include "service/sequencer.h"

namespace wideberth::api::node {

// {"error":{"code":"invalid","field":"/declaration/volumes/0/time_end","rule":"...","found":"..."}}
// `found` is left out when it is empty. 503 carries Retry-After.
net::Response RenderError(int status, const base::Error& error);

// With the status of the error's code.
void Refuse(net::Responder* responder, const base::Error& error);

// Answers as soon as batch `seq` is durable, and with a refusal if it never will be.
void AnswerWhenDurable(service::Sequencer* sequencer, uint64_t seq, net::Responder responder,
                       net::Response response);

}  // namespace wideberth::api::node

#endif  // WIDEBERTH_API_NODE_ANSWER_H_
