// One request to the DSS: who asks, what may be asked, and how it is answered.
#ifndef WIDEBERTH_API_ASTM_CALL_H_
#define WIDEBERTH_API_ASTM_CALL_H_

#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/astm/context.h"
#include "base/bytes.h"
#include "base/result.h"
#include "crypto/token.h"
#include "dss/decide.h"
#include "net/router.h"

namespace wideberth::api::astm {

// Longer than an hour a token is not taken, whatever it says itself.
inline constexpr int64_t kTokenHoursMax = 1;

// {"message": ...}; 401 with a challenge, 503 with Retry-After, 500 as the reference has it.
net::Response RenderRefusal(int status, const base::Error& error);
// The status of what dss::Decide and its host refuse.
int StatusOf(const base::Error& error);

// Alternatives, of which one must be granted whole.
using Scopes = std::vector<std::vector<std::string_view>>;

struct Call {
  const Context& context;
  const net::Request& request;
  const net::PathParams& params;
  net::Responder responder;
  std::shared_ptr<const crypto::Claims> claims;  // null on routes without scopes
  std::optional<base::Digest> name;              // of a request with an Idempotency-Key

  const std::string& caller() const { return claims->subject; }
  // Once.
  void Refuse(int status, const base::Error& error) { responder(RenderRefusal(status, error)); }
};

using Handler = std::function<void(Call call)>;

// Adds a route that first asks for a token with one of `scopes`; with no alternative it asks for nothing. A write with
// an Idempotency-Key is handled once (replays.h).
void AddRoute(net::Router* router, const Context* context, net::Method method,
              std::string_view pattern, Scopes scopes, Handler handler);

// What is said of an answer: its status and body, for the caller.
using Write = std::function<net::Response(const dss::Answer& answer, const std::string& caller)>;

// Submits a command and answers when it is durable; hangs up when nobody knows whether it was applied. `status` may
// change that of a refusal.
using RefusalStatus = int (*)(const base::Error&);
void Submit(Call call, dss::Request request, Write write, RefusalStatus status = StatusOf);

// Reads, maybe later and on another thread, and answers when what was seen is durable: both functions take what they
// need along by value.
using ReadState = std::function<base::Result<dss::Answer>(
    const dss::View& view, const std::string& caller, base::UtcMicros now)>;
void Read(Call call, ReadState read, Write write, RefusalStatus status = StatusOf);

dss::Drawn Draw(const Context& context);

}  // namespace wideberth::api::astm

#endif  // WIDEBERTH_API_ASTM_CALL_H_
