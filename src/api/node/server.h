// A node that serves: everything between a store and a socket, put together.
//
//   WB_ASSIGN_OR_RETURN(auto tokens, ReadTokenVerifier(config));
//   Parts parts{.store = std::move(store), .rules = ..., .heights = ..., .tokens = ...};
//   WB_ASSIGN_OR_RETURN(auto server, Server::Start(config, std::move(parts), clock));
//   Log("listening", server->port());
//   ...
//   server->Stop();
//
// Start restores the state, which can take seconds; it listens only when it can answer.
#ifndef WIDEBERTH_API_NODE_SERVER_H_
#define WIDEBERTH_API_NODE_SERVER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "airspace/rules.h"
#include "api/node/api.h"
#include "api/node/events.h"
#include "base/metrics.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/token.h"
#include "geo/altitude.h"
#include "net/router.h"
#include "net/server.h"
#include "service/config.h"
#include "service/node.h"
#include "store/store.h"

namespace wideberth::api::node {

struct Parts {
  std::unique_ptr<store::Store> store;
  airspace::Rules rules;
  geo::HeightModel heights;
  std::unique_ptr<crypto::TokenVerifier> tokens;
  // As NodeOptions.
  std::function<void(std::string_view what, uint64_t done, uint64_t total)> progress;
  // Once, on the sequencer's thread, when the store has failed: nothing more is accepted, and the
  // process should end.
  std::function<void(const base::Error&)> on_failure;
};

// The verifier that auth.* of a configuration asks for. Refusals name the file.
base::Result<std::unique_ptr<crypto::TokenVerifier>> ReadTokenVerifier(
    const service::NodeConfig& config);
// Its keys alone, to replace them while the node runs.
base::Result<crypto::TokenKeys> ReadTokenKeys(const service::NodeConfig& config);

class Server {
 public:
  static base::Result<std::unique_ptr<Server>> Start(const service::NodeConfig& config, Parts parts,
                                                     const base::Clock& clock);
  ~Server();

  // Ends the event streams, stops accepting, finishes what has begun, writes the projection.
  // Idempotent.
  void Stop();

  uint16_t port() const { return http_->port(); }
  service::Node& node() { return *node_; }
  crypto::TokenVerifier& tokens() { return *tokens_; }
  net::ServerStats http_stats() const { return http_->stats(); }

 private:
  Server() = default;
  void AddMetrics();

  base::Metrics metrics_;
  EventHub events_;
  std::unique_ptr<crypto::TokenVerifier> tokens_;
  std::unique_ptr<service::Node> node_;
  std::unique_ptr<Api> api_;
  std::unique_ptr<net::Router> router_;
  std::unique_ptr<net::HttpServer> http_;
};

}  // namespace wideberth::api::node

#endif  // WIDEBERTH_API_NODE_SERVER_H_
