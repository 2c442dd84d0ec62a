#include "net/server.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <thread>
#include <utility>
#include <vector>

#include "base/log.h"
#include "net/connection.h"

namespace wideberth::net {
namespace {

constexpr std::string_view kOverLimit =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 1\r\n"
    "Connection: close\r\n\r\n";

// How often deadlines are looked at: often enough that none is overstayed by more than a quarter.
int64_t SweepPeriodMs(const HttpServer::Options& options) {
  const int64_t shortest = std::min({options.header_deadline_ms, options.body_deadline_ms,
                                     options.idle_deadline_ms, options.write_deadline_ms,
                                     options.linger_deadline_ms, options.event_keep_alive_ms});
  return std::clamp<int64_t>(shortest / 4, 2, 250);
}

base::Result<void> CheckOptions(const HttpServer::Options& options) {
  if (!options.handler || !options.render_error) {
    return base::Fail(base::ErrorCode::kInternal, "server", "must have a handler and a renderer");
  }
  if (options.threads < 1 || options.threads > 64) {
    return base::Invalid("listen.threads", "must be between 1 and 64",
                         std::to_string(options.threads));
  }
  const int64_t shortest =
      std::min({options.header_deadline_ms, options.body_deadline_ms, options.idle_deadline_ms,
                options.write_deadline_ms, options.linger_deadline_ms, options.event_keep_alive_ms,
                options.bytes_per_second_min});
  if (shortest < 1) return base::Invalid("listen", "every deadline and rate must be positive");
  if (options.wire.header_bytes_max < 256 || options.wire.header_bytes_max > 1024 * 1024) {
    return base::Invalid("listen.header_bytes_max", "must be between 256 and 1048576",
                         std::to_string(options.wire.header_bytes_max));
  }
  return {};
}

// The counts are read when somebody asks: a request costs no more than a few additions.
void Publish(const std::shared_ptr<ServerShared>& shared, base::Metrics* metrics) {
  struct Published {
    base::Counter counter;
    const std::atomic<uint64_t>* source;
    uint64_t last = 0;
  };
  auto counters = std::make_shared<std::vector<Published>>();
  const auto add = [&](std::string_view name, std::string_view help,
                       const std::atomic<uint64_t>& source) {
    counters->push_back({metrics->AddCounter(name, help), &source});
  };
  const ServerCounters& c = shared->counters;
  add("wideberth_http_connections_total", "Connections accepted.", c.connections_accepted);
  add("wideberth_http_connections_refused_total", "Connections refused over a limit.",
      c.connections_refused);
  add("wideberth_http_requests_total", "Requests handed to a handler.", c.requests);
  add("wideberth_http_refusals_total", "Requests refused as malformed, too large or too slow.",
      c.refusals);
  add("wideberth_http_timeouts_total", "Connections ended by a deadline.", c.timeouts);
  add("wideberth_http_unanswered_total", "Requests that a handler left unanswered.",
      c.answers_dropped);
  add("wideberth_http_tls_failures_total", "TLS handshakes and records that failed.",
      c.tls_failures);
  add("wideberth_http_event_streams_cut_total", "Event streams cut off as too slow.",
      c.event_streams_cut);
  add("wideberth_http_received_bytes_total", "Bytes received.", c.bytes_received);
  add("wideberth_http_sent_bytes_total", "Bytes sent.", c.bytes_sent);
  const base::Gauge open =
      metrics->AddGauge("wideberth_http_connections_open", "Connections open.");
  const base::Gauge streams =
      metrics->AddGauge("wideberth_http_event_streams_open", "Event streams open.");
  metrics->OnScrape([shared, counters, open, streams] {
    for (Published& published : *counters) {
      const uint64_t value = published.source->load(std::memory_order_relaxed);
      published.counter.Increment(static_cast<double>(value - published.last));
      published.last = value;
    }
    open.Set(static_cast<double>(shared->counters.connections_open.load()));
    streams.Set(static_cast<double>(shared->counters.event_streams_open.load()));
  });
}

}  // namespace

class HttpServer::Impl {
 public:
  explicit Impl(Options options) : shared_(std::make_shared<ServerShared>(std::move(options))) {}

  base::Result<void> Start() {
    const Options& options = shared_->options;
    if (options.tls) {
      WB_ASSIGN_OR_RETURN(shared_->tls, TlsContext::Server(*options.tls));
    }
    for (int i = 0; i < options.threads; ++i) shards_.push_back(std::make_unique<Shard>());
    WB_ASSIGN_OR_RETURN(listener_,
                        Listener::Open(&shards_.front()->loop, options.address, options.port));
    port_ = listener_->port();
    listener_->Start(
        [this] { return &NextShard().loop; },
        [this](Loop*, std::unique_ptr<Socket> socket, PeerAddress peer) {
          Accept(std::move(socket), std::move(peer));
        },
        [](const std::string& reason) {
          base::Log(base::LogLevel::kError, "http_accept_failed", {{"reason", reason}});
        });
    if (options.metrics != nullptr) Publish(shared_, options.metrics);
    for (const std::unique_ptr<Shard>& shard : shards_) {
      shard->Sweep();
      shard->loop.Every(SweepPeriodMs(options), [this, s = shard.get()] { Sweep(s); });
      threads_.emplace_back([s = shard.get()] {
        s->BindToThread();
        s->loop.Run();
      });
    }
    return {};
  }

  void Stop(int64_t deadline_ms) {
    if (threads_.empty()) return;
    shared_->stopping.store(true);
    shards_.front()->loop.Post([this] { listener_->Close(); });
    for (const std::unique_ptr<Shard>& shard : shards_) {
      shard->loop.Post([this, s = shard.get()] {
        const std::vector<std::shared_ptr<Connection>> all(s->connections.begin(),
                                                           s->connections.end());
        for (const std::shared_ptr<Connection>& connection : all) connection->PrepareToStop();
        std::lock_guard lock(mutex_);
        ++prepared_;
        idle_.notify_all();
      });
    }
    {
      std::unique_lock lock(mutex_);
      idle_.wait_for(lock, std::chrono::milliseconds(std::max<int64_t>(deadline_ms, 0)), [this] {
        return prepared_ == shards_.size() && shared_->counters.connections_open.load() == 0;
      });
    }
    for (const std::unique_ptr<Shard>& shard : shards_) shard->loop.Quit();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
    for (const std::unique_ptr<Shard>& shard : shards_) {
      while (!shard->connections.empty()) {
        const std::shared_ptr<Connection> connection = *shard->connections.begin();
        connection->Close(/*reset=*/false);
      }
      shard->mailbox->Close();
    }
    listener_.reset();
    // The first loop may still hold the aborted accept, whose socket belongs to another: it goes
    // first.
    for (std::unique_ptr<Shard>& shard : shards_) shard.reset();
    shards_.clear();
  }

  uint16_t port() const { return port_; }

  ServerStats stats() const {
    const ServerCounters& c = shared_->counters;
    const auto get = [](const std::atomic<uint64_t>& counter) {
      return counter.load(std::memory_order_relaxed);
    };
    ServerStats stats;
    stats.connections_open = get(c.connections_open);
    stats.connections_accepted = get(c.connections_accepted);
    stats.connections_refused = get(c.connections_refused);
    stats.requests = get(c.requests);
    stats.refusals = get(c.refusals);
    stats.timeouts = get(c.timeouts);
    stats.answers_dropped = get(c.answers_dropped);
    stats.tls_failures = get(c.tls_failures);
    stats.event_streams_open = get(c.event_streams_open);
    stats.event_streams_cut = get(c.event_streams_cut);
    stats.bytes_received = get(c.bytes_received);
    stats.bytes_sent = get(c.bytes_sent);
    return stats;
  }

 private:
  // The shard that the accept in progress will land on; moved on by Accept().
  Shard& NextShard() { return *shards_[next_shard_]; }

  // On the first loop.
  void Accept(std::unique_ptr<Socket> socket, PeerAddress peer) {
    Shard* shard = &NextShard();
    next_shard_ = (next_shard_ + 1) % shards_.size();
    Count(&shared_->counters.connections_accepted);
    if (shared_->stopping.load() || !shared_->Admit(peer.address)) {
      Count(&shared_->counters.connections_refused);
      // One attempt, without waiting: a flood costs us one packet a connection.
      if (!shared_->tls) {
        socket->Write(kOverLimit, {});
        socket->ShutdownSend();
      }
      socket->Close(/*reset=*/false);
      return;
    }
    auto begin = [shared = shared_, shard, peer = std::move(peer),
                  held = std::make_shared<std::unique_ptr<Socket>>(std::move(socket))] {
      std::make_shared<Connection>(shared, shard, std::move(*held), peer)->Begin();
    };
    if (shard == shards_.front().get()) {
      begin();
    } else {
      shard->loop.Post(std::move(begin));
    }
  }

  void Sweep(Shard* shard) {
    shard->Sweep();
    if (!shared_->stopping.load()) return;
    const std::lock_guard lock(mutex_);
    idle_.notify_all();
  }

  const std::shared_ptr<ServerShared> shared_;
  std::vector<std::unique_ptr<Shard>> shards_;
  std::unique_ptr<Listener> listener_;
  std::vector<std::thread> threads_;
  size_t next_shard_ = 0;  // on the first loop's thread
  uint16_t port_ = 0;
  std::mutex mutex_;
  std::condition_variable idle_;
  size_t prepared_ = 0;
};

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() {
  impl_->Stop(0);
}

base::Result<std::unique_ptr<HttpServer>> HttpServer::Start(Options options) {
  WB_RETURN_IF_ERROR(CheckOptions(options));
  auto impl = std::make_unique<Impl>(std::move(options));
  WB_RETURN_IF_ERROR(impl->Start());
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

void HttpServer::Stop(int64_t deadline_ms) {
  impl_->Stop(deadline_ms);
}
uint16_t HttpServer::port() const {
  return impl_->port();
}
ServerStats HttpServer::stats() const {
  return impl_->stats();
}

}  // namespace wideberth::net
