#include "api/node/server.h"

#include <algorithm>
#include <array>
#include <utility>

#include "api/astm/aux.h"
#include "api/astm/log_routes.h"
#include "api/cosign/cosigner.h"
#include "api/f3411/api.h"
#include "api/f3548/api.h"
#include "api/node/answer.h"
#include "base/limits.h"
#include "base/log.h"
#include "dss/transparency_log.h"
#include "line/party_card.h"
#include "service/embedded_dss.h"
#include "service/record_evidence.h"

namespace wideberth::api::node {
namespace {

// How long the transport key that a peer had before is good beside the one that it has.
constexpr int64_t kFormerKeyUs = 10 * base::kMicrosPerMinute;
// Of readers of the record; each may take two seconds.
constexpr size_t kTimelinesPendingMax = 8;

std::string EvidenceFolderOf(const service::NodeConfig& config) {
  return config.store_directory + "/evidence";
}

void LogTrouble(const mechanism::PeerTrouble& trouble) {
  base::Log(base::LogLevel::kWarn, "line_trouble",
            {{"peer", trouble.peer.ToString()},
             {"kind", line::Name(trouble.trouble.kind)},
             {"error", trouble.trouble.error.ToString()}});
}

// On the sequencer's thread, and rare: what is proven is kept before anything else follows.
void KeepTrouble(const service::Node& node, const std::string& folder,
                 const mechanism::PeerTrouble& trouble) {
  LogTrouble(trouble);
  const auto cards =
      node.ReadDesk([&](const airspace::State&, const mechanism::Desk& desk) {
            const mechanism::Peer* peer = desk.FindPeer(trouble.peer);
            return std::pair(desk.own_card()->card, peer == nullptr ? std::string() : peer->card);
          })
          .first;
  const auto keep = [&]() -> base::Result<void> {
    WB_ASSIGN_OR_RETURN(const line::PartyCard self, line::ReadCard(cards.first));
    WB_ASSIGN_OR_RETURN(const line::PartyCard peer, line::ReadCard(cards.second));
    WB_ASSIGN_OR_RETURN(const auto file,
                        service::EvidenceOf(node.record(), self, peer, trouble.trouble));
    if (!file) return {};
    WB_ASSIGN_OR_RETURN(const bool fresh, service::KeepEvidence(folder, *file));
    if (fresh) {
      base::Log(base::LogLevel::kError, "evidence_kept",
                {{"peer", peer.name}, {"file", folder + "/" + file->name}});
    }
    return {};
  };
  if (const base::Result<void> kept = keep(); !kept) {
    base::Log(base::LogLevel::kError, "evidence_not_kept", {{"error", kept.error().ToString()}});
  }
}

// The node is opened after its hooks are made.
std::function<void(const mechanism::PeerTrouble&)> KeeperIn(
    std::string folder, const std::unique_ptr<service::Node>& node) {
  return [folder = std::move(folder), &node](const mechanism::PeerTrouble& trouble) {
    KeepTrouble(*node, folder, trouble);
  };
}

// Without it nobody could be told from whom a notice is.
base::Result<void> CheckOwnParty(const airspace::RuleBook& rules, base::PartyId party) {
  if (rules.FindParty(party) != nullptr) return {};
  return base::Invalid("rules", "must have the party of this node", party.ToString());
}

dss::Policy PolicyOf(const service::DssConfig& config) {
  return {config.altitude_in_notifications, config.time_based_notification_index,
          config.retention_us};
}

std::unique_ptr<astm::KeySource> KeepKeys(const service::NodeConfig& config,
                                          crypto::TokenVerifier* tokens,
                                          crypto::TokenKeys of_files) {
  if (!config.dss || tokens == nullptr) return nullptr;
  astm::KeySource::Options options;
  options.url = config.dss->jwks_url;
  options.tls.ca_path = config.dss->jwks_ca_file;
  return std::make_unique<astm::KeySource>(tokens, std::move(of_files), std::move(options));
}

}  // namespace

base::Result<std::unique_ptr<Server>> Server::Start(const service::NodeConfig& config, Parts parts,
                                                    const base::Clock& clock) {
  std::unique_ptr<Server> server(new Server());
  Server* self = server.get();
  self->tokens_ = std::move(parts.tokens);
  self->dss_tokens_ = std::move(parts.dss_tokens);
  self->dss_host_ = std::move(parts.dss);
  self->dss_keys_ = KeepKeys(config, self->dss_tokens_.get(), std::move(parts.dss_keys));
  crypto::KdfCost account_cost;
  if (parts.line) {
    WB_RETURN_IF_ERROR(CheckOwnParty(parts.rules, parts.line->node.party));
    account_cost = parts.line->account_cost;
  }
  service::NodeOptions options = self->MakeOptions(config, &parts);
  WB_ASSIGN_OR_RETURN(self->node_,
                      service::Node::Open(std::move(parts.store), std::move(parts.rules),
                                          std::move(parts.heights), clock, std::move(options)));
  self->events_.Attach(self->node_.get());
  if (parts.line && !parts.line->witnesses.empty()) {
    WB_ASSIGN_OR_RETURN(
        self->witnesses_,
        cosign::Witnesses::Open(config.store_directory + "/witnessed", parts.line->witnesses));
  }
  if (parts.line) WB_RETURN_IF_ERROR(self->StartTransport(std::move(*parts.line), clock));
  self->node_->Start();
  if (self->witnesses_ != nullptr) self->witnesses_->Start(*self->node_);
  self->AddMetrics();
  self->api_ = std::make_unique<Api>(self->MakeContext(config, account_cost));
  self->console_ = std::move(parts.console);
  self->AddRoutes(config);

  WB_ASSIGN_OR_RETURN(self->http_, net::HttpServer::Start(self->MakeHttp(config)));
  return server;
}

service::NodeOptions Server::MakeOptions(const service::NodeConfig& config, Parts* parts) {
  service::NodeOptions options;
  options.hooks.describe = [this](uint64_t seq, std::span<const airspace::Effect> effects,
                                  std::span<const mechanism::DeskEffect> desk_effects) {
    return [follow_keys = FollowKeys(desk_effects),
            publish = events_.Describe(seq, effects, desk_effects)] {
      if (follow_keys) follow_keys();
      publish();
    };
  };
  options.hooks.answer_together = [](const std::function<void()>& give) {
    const net::AnswerBatch batch;
    give();
  };
  options.hooks.on_failure = std::move(parts->on_failure);
  if (parts->line) {
    options.line = parts->line->node;
    options.hooks.on_frames = [this](std::vector<mechanism::ToSend> frames) {
      SendFrames(std::move(frames));
    };
    options.hooks.on_handled = [this](base::PartyId peer, size_t path, size_t frames,
                                      size_t bytes) {
      transport_->Handled(peer, path, frames, bytes);
    };
    options.hooks.on_trouble = KeeperIn(EvidenceFolderOf(config), node_);
  }
  options.progress = std::move(parts->progress);
  options.disk_free_bytes_min = config.disk_free_bytes_min;
  if (config.dss) options.dss = PolicyOf(*config.dss);
  if (dss_host_ == nullptr) options.dss_log_key = std::move(parts->dss_log_key);
  if (config.projection_period_us > 0) options.projection_period_us = config.projection_period_us;
  return options;
}

net::HttpServer::Options Server::MakeHttp(const service::NodeConfig& config) {
  net::HttpServer::Options http;
  http.address = config.listen_address;
  http.port = config.listen_port;
  http.threads = config.listen_threads;
  if (!config.tls_certificate.empty()) {
    http.tls.emplace();
    http.tls->certificate_chain_path = config.tls_certificate;
    http.tls->private_key_path = config.tls_key;
  }
  http.handler = [router = router_.get()](const net::Request& request, net::Responder responder) {
    router->Handle(request, std::move(responder));
  };
  http.body_bytes_max = [router = router_.get()](const net::Request& request) {
    return router->BodyBytesMax(request);
  };
  http.render_error = RenderError;
  http.metrics = &metrics_;
  return http;
}

void Server::AddRoutes(const service::NodeConfig& config) {
  router_ = std::make_unique<net::Router>(RenderError);
  api_->AddRoutes(router_.get());
  if (console_) console_->AddRoutes(router_.get());
  if (config.dss && dss_tokens_) AddDss(*config.dss);
  if (node_->party()) cosign::AddCosignerRoute(router_.get(), *node_);
}

void Server::AddDss(const service::DssConfig& config) {
  if (dss_host_ == nullptr) {
    dss_host_ = std::make_unique<service::EmbeddedDss>(
        *node_,
        service::EmbeddedDss::Names{config.dar_id, config.locality, config.public_endpoint});
  }
  astm::Options options;
  options.extents.exact_circles = config.exact_circles;
  options.http_base_urls = config.http_base_urls;
  options.public_log = config.log && config.log->is_public;
  // In a pool nothing else is possible.
  options.time_based_notification_index =
      config.time_based_notification_index || dss_host_->GetPoolStatistics().has_value();
  dss_ = std::make_unique<astm::Context>(astm::Context{*dss_host_, node_->clock(), *dss_tokens_,
                                                       random_, std::move(options), &replays_});
  f3548::AddRoutes(router_.get(), dss_.get());
  f3411::AddRoutes(router_.get(), dss_.get());
  astm::AddAuxRoutes(router_.get(), dss_.get());
  astm::AddLogRoutes(router_.get(), dss_.get());
  AddDssMetrics();
}

void Server::SetDssKeysOfFiles(crypto::TokenKeys keys) {
  if (dss_keys_) dss_keys_->SetKeysOfFiles(std::move(keys));
}

void Server::AddDssMetrics() {
  const dss::Host* host = dss_host_.get();
  base::Metrics& m = metrics_;
  // In the order of dss::Kind.
  const std::array<base::Gauge, dss::kKinds> entities = {
      m.AddGauge("wideberth_dss_operational_intents", "Operational intents stored."),
      m.AddGauge("wideberth_dss_constraints", "Constraints stored."),
      m.AddGauge("wideberth_dss_service_areas", "Identification service areas stored."),
      m.AddGauge("wideberth_dss_subscriptions", "Subscriptions of F3548 stored."),
      m.AddGauge("wideberth_dss_rid_subscriptions", "Subscriptions of F3411 stored.")};
  const base::Gauge entries =
      m.AddGauge("wideberth_dss_index_entries", "Cells that entities occupy in the DSS's index.");
  const base::Gauge replays =
      m.AddGauge("wideberth_dss_replays", "Answers kept for clients that ask again.");
  const base::Gauge age = m.AddGauge(
      "wideberth_dss_key_set_age_seconds",
      "Since the key set was last fetched from its URL; -1 where it never was or there is none.");
  m.OnScrape([host, entities, entries, replays, age, keys = dss_keys_.get(), kept = &replays_] {
    replays.Set(static_cast<double>(kept->answers()));
    const int64_t age_ms = keys->GetStatistics().age_ms;
    age.Set(age_ms < 0 ? -1 : static_cast<double>(age_ms) / 1'000);
    const dss::State::Statistics statistics = host->GetStatistics();
    for (size_t kind = 0; kind < dss::kKinds; ++kind) {
      entities[kind].Set(static_cast<double>(statistics.entities[kind]));
    }
    entries.Set(static_cast<double>(statistics.index_entries));
  });
  if (host->GetPoolStatistics()) AddPoolMetrics();
  if (const dss::TransparencyLog* log = dss_host_->log()) AddLogMetrics(log);
}

void Server::AddLogMetrics(const dss::TransparencyLog* log) {
  const base::Gauge entries =
      metrics_.AddGauge("wideberth_dss_log_entries", "Entries of the DSS's transparency log.");
  const base::Gauge signed_entries = metrics_.AddGauge(
      "wideberth_dss_log_signed_entries", "Entries below the head that was signed last.");
  metrics_.OnScrape([log, entries, signed_entries] {
    const dss::TransparencyLog::Statistics statistics = log->GetStatistics();
    entries.Set(static_cast<double>(statistics.entries));
    signed_entries.Set(static_cast<double>(statistics.signed_size));
  });
}

void Server::AddPoolMetrics() {
  struct All {
    base::Counter transactions, commands, refused, retries, unresolved, fetches, loads;
    base::Gauge queued, reachable;
  };
  base::Metrics& m = metrics_;
  const All all{
      m.AddCounter("wideberth_pool_transactions_total", "Transactions committed in the pool."),
      m.AddCounter("wideberth_pool_commands_total", "Commands decided over the pool."),
      m.AddCounter("wideberth_pool_refused_total", "Commands that a rule refused."),
      m.AddCounter("wideberth_pool_retries_total", "Transactions begun again."),
      m.AddCounter("wideberth_pool_unresolved_total",
                   "Transactions of which nobody knows whether they were applied."),
      m.AddCounter("wideberth_pool_fetches_total", "Fetches of what the pool has changed."),
      m.AddCounter("wideberth_pool_loads_total", "Times that the whole pool was read."),
      m.AddGauge("wideberth_pool_queued", "Commands that wait to be decided."),
      m.AddGauge("wideberth_pool_reachable", "1 while the pool's database answers.")};
  m.OnScrape([host = dss_host_.get(), all] {
    const auto advance = [](const base::Counter& counter, uint64_t to) {
      const auto value = static_cast<double>(to);
      if (value > counter.value()) counter.Increment(value - counter.value());
    };
    const dss::PoolStatistics pool = *host->GetPoolStatistics();
    advance(all.transactions, pool.transactions);
    advance(all.commands, pool.commands);
    advance(all.refused, pool.refused);
    advance(all.retries, pool.retries);
    advance(all.unresolved, pool.unresolved);
    advance(all.fetches, pool.fetches);
    advance(all.loads, pool.loads);
    all.queued.Set(static_cast<double>(pool.queued));
    all.reachable.Set(pool.reachable ? 1 : 0);
  });
}

Context Server::MakeContext(const service::NodeConfig& config, crypto::KdfCost account_cost) {
  Context context{*node_, *tokens_, events_, metrics_, std::nullopt};
  if (!node_->party()) return context;
  sessions_ = std::make_unique<Sessions>();
  passwords_ = std::make_unique<Worker>(limits::kLoginsPendingMax,
                                        "others are signing on: try again in a second");
  timelines_ = std::make_unique<Worker>(
      kTimelinesPendingMax, "others are reading the record: try again in a few seconds");
  context.line.emplace(LineContext{*sessions_, *passwords_, *timelines_, account_cost,
                                   transport_.get(), EvidenceFolderOf(config), witnesses_.get()});
  return context;
}

Server::~Server() {
  Stop();
}

void Server::Stop() {
  events_.Close();
  if (http_ != nullptr) http_->Stop(limits::kHttpStopDeadlineMs);
  if (witnesses_ != nullptr) witnesses_->Stop();
  if (passwords_ != nullptr) passwords_->Stop();
  if (timelines_ != nullptr) timelines_->Stop();
  if (node_ != nullptr) node_->Stop();
  // What a pool still holds for its clients is answered before the routes go.
  if (dss_host_ != nullptr) dss_host_->Stop();
  if (transport_ != nullptr) transport_->Stop();
}

// Nothing is on its way yet: the node's sequencer, which sends and is told, starts after this.
base::Result<void> Server::StartTransport(LineParts line, const base::Clock& clock) {
  service::Sequencer* sequencer = &node_->sequencer();
  link::Transport::Options options;
  options.self = line.node.party;
  options.clock = &clock;
  options.listen_address = line.listen_address;
  options.listen_port = line.listen_port;
  options.metrics = &metrics_;
  link::Transport::Events events;
  events.on_path = [sequencer](base::PartyId peer, size_t path, bool up) {
    sequencer->SetPath(peer, path, up);
  };
  events.on_frame = [sequencer](base::PartyId peer, size_t path, std::string frame) {
    sequencer->Receive(peer, path, std::move(frame));
  };
  link_peers_ = std::move(line.peers);
  WB_ASSIGN_OR_RETURN(
      transport_, link::Transport::Start(std::move(options), node_->transport_keys(), LinkPeers(),
                                         std::move(events)));
  return {};
}

// The configuration names a card of each peer; its keys may have changed since.
std::vector<link::PeerPaths> Server::LinkPeers() const {
  std::vector<link::PeerPaths> peers = link_peers_;
  for (link::PeerPaths& peer : peers) {
    const mechanism::Peer known =
        node_
            ->ReadDesk([&](const airspace::State&, const mechanism::Desk& desk) {
              return *desk.FindPeer(peer.peer);
            })
            .first;
    const auto card = line::ReadCard(known.card);
    if (!card) continue;
    peer.transport_key = card->key(line::KeyRole::kTransport);
    if (known.former.empty()) continue;
    const auto former = line::ReadCard(known.former.back().card);
    if (!former) continue;
    const crypto::PublicKey& key = former->key(line::KeyRole::kTransport);
    const auto& revoked = known.revoked;
    if (key == peer.transport_key ||
        std::find(revoked.begin(), revoked.end(), key) != revoked.end()) {
      continue;
    }
    const base::Clock& clock = node_->clock();
    peer.former_key = key;
    peer.former_until_monotonic_us =
        clock.MonotonicMicros() + known.former.back().ended_at.us + kFormerKeyUs - clock.Now().us;
  }
  return peers;
}

// The transport's keys as a turn leaves them, to be taken up when it is durable.
service::Sequencer::Publish Server::FollowKeys(std::span<const mechanism::DeskEffect> effects) {
  if (transport_ == nullptr) return nullptr;
  bool own = false;
  bool peers = false;
  for (const mechanism::DeskEffect& effect : effects) {
    const auto* awaited = std::get_if<mechanism::AwaitedChanged>(&effect);
    own = own || std::holds_alternative<mechanism::OwnCardChanged>(effect) ||
          (awaited != nullptr && awaited->awaited.kind == operators::ActKind::kManagePeers);
    peers = peers || std::holds_alternative<mechanism::PeerChanged>(effect);
  }
  if (!own && !peers) return nullptr;
  std::optional<service::Node::SecretKeys> keys;
  std::optional<std::vector<link::PeerPaths>> paths;
  if (own) keys = node_->transport_keys();
  if (peers) paths = LinkPeers();
  return [this, keys = std::move(keys), paths = std::move(paths)] {
    base::Result<void> done;
    if (keys) done = transport_->SetKeys(*keys);
    if (done && paths) done = transport_->SetPeers(*paths);
    if (!done) {
      base::Log(base::LogLevel::kError, "keys_not_followed", {{"error", done.error().ToString()}});
    }
  };
}

void Server::SendFrames(std::vector<mechanism::ToSend> frames) {
  std::vector<link::OutgoingFrame> outgoing;
  outgoing.reserve(frames.size());
  for (mechanism::ToSend& each : frames) {
    outgoing.push_back({each.peer, each.frame.path, std::move(each.frame.bytes)});
  }
  transport_->Send(std::move(outgoing));
}

void Server::AddMetrics() {
  service::Node* node = node_.get();
  struct Gauges {
    base::Gauge notices, in_force, conflicts, live_conflicts, volumes, entries, bytes, vertex_bytes,
        durable_seq, failed, refusing;
  };
  struct Counters {
    base::Counter batches, commands, refused, overloaded, append_seconds, log_dropped;
  };
  base::Metrics& m = metrics_;
  const Gauges gauges{
      m.AddGauge("wideberth_notices", "Notices in memory."),
      m.AddGauge("wideberth_notices_in_force", "Notices that take part in conflict checks."),
      m.AddGauge("wideberth_conflicts", "Conflicts in memory."),
      m.AddGauge("wideberth_conflicts_live", "Conflicts neither resolved nor passed."),
      m.AddGauge("wideberth_index_volumes", "Volumes in the space-time index."),
      m.AddGauge("wideberth_index_entries", "Cells that volumes occupy in the index."),
      m.AddGauge("wideberth_index_bytes", "Memory of the index without vertices."),
      m.AddGauge("wideberth_index_vertex_bytes", "Memory of the vertices in the index."),
      m.AddGauge("wideberth_store_durable_seq", "Number of the newest durable batch."),
      m.AddGauge("wideberth_store_failed", "1 when the store has failed."),
      m.AddGauge("wideberth_store_refusing_writes", "1 while the disk is nearly full.")};
  const Counters counters{
      m.AddCounter("wideberth_sequencer_batches_total", "Batches made durable."),
      m.AddCounter("wideberth_sequencer_commands_total", "Commands decided."),
      m.AddCounter("wideberth_sequencer_refused_total", "Commands refused by a rule."),
      m.AddCounter("wideberth_sequencer_overloaded_total", "Commands refused as too many."),
      m.AddCounter("wideberth_store_append_seconds_total", "Time spent making batches durable."),
      m.AddCounter("wideberth_log_records_dropped_total", "Log records dropped.")};
  m.OnScrape([node, gauges, counters] {
    const airspace::State::Statistics state =
        node->Read([](const airspace::State& s) { return s.GetStatistics(); }).first;
    gauges.notices.Set(static_cast<double>(state.notices));
    gauges.in_force.Set(static_cast<double>(state.in_force));
    gauges.conflicts.Set(static_cast<double>(state.conflicts));
    gauges.live_conflicts.Set(static_cast<double>(state.live_conflicts));
    gauges.volumes.Set(static_cast<double>(state.index.volumes));
    gauges.entries.Set(static_cast<double>(state.index.entries));
    gauges.bytes.Set(static_cast<double>(state.index.bytes));
    gauges.vertex_bytes.Set(static_cast<double>(state.index.vertex_bytes));
    const service::Sequencer& sequencer = node->sequencer();
    gauges.durable_seq.Set(static_cast<double>(sequencer.durable_seq()));
    gauges.failed.Set(sequencer.failed() ? 1 : 0);
    gauges.refusing.Set(sequencer.refusal() ? 1 : 0);
    const auto advance = [](const base::Counter& counter, double to) {
      if (to > counter.value()) counter.Increment(to - counter.value());
    };
    const service::Sequencer::Statistics work = sequencer.GetStatistics();
    advance(counters.batches, static_cast<double>(work.batches));
    advance(counters.commands, static_cast<double>(work.commands));
    advance(counters.refused, static_cast<double>(work.refused));
    advance(counters.overloaded, static_cast<double>(work.overloaded));
    advance(counters.append_seconds, static_cast<double>(work.append_us) / 1e6);
    advance(counters.log_dropped, static_cast<double>(base::LogRecordsDropped()));
  });
}

}  // namespace wideberth::api::node
