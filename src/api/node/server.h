// A node that serves: everything between a store and a socket, put together.
//
//   WB_ASSIGN_OR_RETURN(Parts parts, ReadParts(config));
//   parts.store = std::move(store);
//   WB_ASSIGN_OR_RETURN(auto server, Server::Start(config, std::move(parts), clock));
//   Log("listening", server->port());
//   ...
//   server->Stop();
//
// Start restores the state, which can take seconds; it listens only when it can answer.
#ifndef WIDEBERTH_API_NODE_SERVER_H_
#define WIDEBERTH_API_NODE_SERVER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "api/astm/context.h"
#include "api/astm/key_source.h"
#include "api/astm/replays.h"
#include "api/cosign/witnesses.h"
#include "api/node/api.h"
#include "api/node/events.h"
#include "api/node/parts.h"
#include "api/node/sessions.h"
#include "api/web/console.h"
#include "base/metrics.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/token.h"
#include "dss/host.h"
#include "link/transport.h"
#include "net/router.h"
#include "net/server.h"
#include "service/config.h"
#include "service/node.h"

namespace wideberth::api::node {

class Server {
 public:
  static base::Result<std::unique_ptr<Server>> Start(const service::NodeConfig& config, Parts parts,
                                                     const base::Clock& clock);
  ~Server();

  // Ends the event streams, stops accepting, finishes what has begun, writes the projection.
  // Idempotent.
  void Stop();

  uint16_t port() const { return http_->port(); }
  uint16_t line_port() const { return transport_ == nullptr ? 0 : transport_->port(); }
  service::Node& node() { return *node_; }
  crypto::TokenVerifier& tokens() { return *tokens_; }
  // The keys of the files of [dss], beside those of its URL; does nothing where no DSS is served.
  void SetDssKeysOfFiles(crypto::TokenKeys keys);
  net::ServerStats http_stats() const { return http_->stats(); }

 private:
  Server() = default;
  service::NodeOptions MakeOptions(const service::NodeConfig& config, Parts* parts);
  net::HttpServer::Options MakeHttp(const service::NodeConfig& config);
  void AddMetrics();
  void AddDssMetrics();
  void AddPoolMetrics();
  void AddLogMetrics(const dss::TransparencyLog* log);
  void AddRoutes(const service::NodeConfig& config);
  void AddDss(const service::DssConfig& config);
  Context MakeContext(const service::NodeConfig& config, crypto::KdfCost account_cost);
  base::Result<void> StartTransport(LineParts line, const base::Clock& clock);
  std::vector<link::PeerPaths> LinkPeers() const;
  service::Sequencer::Publish FollowKeys(std::span<const mechanism::DeskEffect> effects);
  void SendFrames(std::vector<mechanism::ToSend> frames);

  base::Metrics metrics_;
  EventHub events_;
  std::unique_ptr<crypto::TokenVerifier> tokens_;
  std::unique_ptr<crypto::TokenVerifier> dss_tokens_;
  std::unique_ptr<astm::KeySource> dss_keys_;
  astm::Replays replays_;
  base::SystemRandom random_;
  std::unique_ptr<service::Node> node_;
  std::unique_ptr<dss::Host> dss_host_;
  std::unique_ptr<astm::Context> dss_;
  // In line mode.
  std::vector<link::PeerPaths> link_peers_;  // as configured
  std::unique_ptr<link::Transport> transport_;
  std::unique_ptr<Sessions> sessions_;
  std::unique_ptr<Worker> passwords_;
  std::unique_ptr<Worker> timelines_;
  std::unique_ptr<cosign::Witnesses> witnesses_;  // null: of no line
  std::optional<web::Console> console_;
  std::unique_ptr<Api> api_;
  std::unique_ptr<net::Router> router_;
  std::unique_ptr<net::HttpServer> http_;
};

}  // namespace wideberth::api::node

#endif  // WIDEBERTH_API_NODE_SERVER_H_
