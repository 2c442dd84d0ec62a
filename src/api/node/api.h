// Our own HTTP API, under /v1: JSON in, JSON out, one answer for one act.
//
// What every route takes and gives is in docs/openapi/wideberth-v1.json, which the node serves at
// /v1/openapi.json and which the tests hold against every answer. The rules common to all:
//
//   - reading is strict: unknown fields and query parameters, duplicate keys, values out of bounds
//     are refused, naming the field, the rule and what was found (api/node/answer.h);
//   - an answer that tells of a change comes after its fsync; an answer that shows state shows only
//     what is durable;
//   - who asks is the party of the token (api/node/auth.h), and it sees what it may
//     (api/node/views.h);
//   - every PUT may be repeated: the second time changes nothing and is answered alike.
//
//   Api api(node, tokens, events, metrics);
//   net::Router router(RenderError);
//   api.AddRoutes(&router);
//
// Threads: handlers run on the server's loops, decode and prepare there, and are answered from the
// sequencer's thread. Everything handed in outlives the server.
#ifndef WIDEBERTH_API_NODE_API_H_
#define WIDEBERTH_API_NODE_API_H_

#include <optional>
#include <string_view>
#include <vector>

#include "api/cosign/witnesses.h"
#include "api/node/auth.h"
#include "api/node/events.h"
#include "api/node/sessions.h"
#include "base/metrics.h"
#include "crypto/key_file.h"
#include "crypto/token.h"
#include "link/transport.h"
#include "net/http.h"
#include "net/router.h"
#include "service/node.h"

namespace wideberth::api::node {

// What there is in line mode alone (DESIGN 3). The transport may be null: then no path is told of.
struct LineContext {
  Sessions& sessions;
  Worker& passwords;
  Worker& timelines;
  crypto::KdfCost account_cost;
  const link::Transport* transport = nullptr;
  std::string evidence_folder = {};              // service/record_evidence.h
  const cosign::Witnesses* witnesses = nullptr;  // of our logs; null: none
};

struct Context {
  service::Node& node;
  const crypto::TokenVerifier& tokens;
  EventHub& events;
  const base::Metrics& metrics;
  std::optional<LineContext> line;
};

struct RouteInfo {
  net::Method method = net::Method::kGet;
  std::string_view pattern;
  Scope scope = Scope::kNone;
  bool line_mode = false;  // 404 for a node that is no side of lines
};

class Api {
 public:
  explicit Api(const Context& context) : context_(context) {}

  void AddRoutes(net::Router* router);

  // Every route there is.
  static std::vector<RouteInfo> Routes();

 private:
  const Context context_;
};

// The file that describes the API, as it was when the program was built.
std::string_view OpenApiDocument();

}  // namespace wideberth::api::node

#endif  // WIDEBERTH_API_NODE_API_H_
