// What a request costs: the server with a handler that does nothing, and the load generator, on the
// cores they share.
//
//   BM_Get  a short answer from the connection's own thread
//   BM_Put  a body of 1,150 bytes and a token of 600, answered by another thread that takes what
//           has queued every 120 us, as a group commit does; batched:1 under an AnswerBatch
//
// server_cpu_us is everything this process spent outside the generator's thread, for each request.
#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "net/load_client.h"
#include "net/server.h"

namespace wideberth::net {
namespace {

constexpr uint64_t kRequests = 50'000;

double ProcessCpuUs() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto us = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_usec);
  };
  return us(usage.ru_utime) + us(usage.ru_stime);
}

// Answers from a thread of its own, in batches.
class Committer {
 public:
  explicit Committer(bool batched) : batched_(batched), thread_([this] { Run(); }) {}
  ~Committer() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    ready_.notify_one();
    thread_.join();
  }
  void Submit(Responder responder) {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(responder));
    if (waiting_.size() == 1) ready_.notify_one();
  }

 private:
  void Run() {
    for (;;) {
      std::vector<Responder> batch;
      {
        std::unique_lock lock(mutex_);
        ready_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
        if (stopping_) return;
        batch.swap(waiting_);
      }
      std::this_thread::sleep_for(std::chrono::microseconds(120));
      std::optional<AnswerBatch> scope;
      if (batched_) scope.emplace();
      for (Responder& responder : batch)
        responder(JsonResponse(201, R"({"version":"0123456789"})"));
    }
  }

  const bool batched_;
  std::mutex mutex_;
  std::condition_variable ready_;
  bool stopping_ = false;
  std::vector<Responder> waiting_;
  std::thread thread_;
};

void Measure(benchmark::State& state, const Handler& handler, const MakeRequest& make) {
  auto server =
      HttpServer::Start({.threads = static_cast<int>(state.range(0)), .handler = handler});
  if (!server) return state.SkipWithError(server.error().ToString().c_str());
  double cpu_us = 0;
  for (auto _ : state) {
    const double before_us = ProcessCpuUs();
    const auto result =
        RunLoad({.port = (*server)->port(), .connections = 64, .requests = kRequests}, make,
                [](uint64_t, int, std::string_view) {});
    if (!result) return state.SkipWithError(result.error().ToString().c_str());
    cpu_us += ProcessCpuUs() - before_us - static_cast<double>(result->cpu_ns) / 1e3;
    state.counters["p50_us"] = static_cast<double>(result->LatencyNs(0.5)) / 1e3;
    state.counters["p99_us"] = static_cast<double>(result->LatencyNs(0.99)) / 1e3;
    state.counters["load_cpu_us"] =
        static_cast<double>(result->cpu_ns) / 1e3 / static_cast<double>(kRequests);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kRequests));
  state.counters["server_cpu_us"] =
      cpu_us / static_cast<double>(state.iterations()) / static_cast<double>(kRequests);
}

void BM_Get(benchmark::State& state) {
  Measure(
      state,
      [](const Request&, Responder responder) {
        responder(JsonResponse(200, R"({"status":"ok","n":1234567})"));
      },
      [](uint64_t, std::string* out) { AppendRequest("GET", "/v1/health", {}, {}, out); });
}
BENCHMARK(BM_Get)->ArgName("threads")->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);

void BM_Put(benchmark::State& state) {
  Committer committer(state.range(1) != 0);
  const std::string body(1'150, 'x');
  const std::string fields = "Authorization: Bearer " + std::string(600, 't') + "\r\n";
  Measure(
      state, [&](const Request&, Responder responder) { committer.Submit(std::move(responder)); },
      [&](uint64_t k, std::string* out) {
        AppendRequest("PUT", "/v1/notices/" + std::to_string(k), fields, body, out);
      });
}
BENCHMARK(BM_Put)
    ->ArgNames({"threads", "batched"})
    ->ArgsProduct({{1, 2}, {0, 1}})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace wideberth::net
