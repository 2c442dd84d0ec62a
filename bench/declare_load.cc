// Durable declarations a second through the HTTP API of a running node, with the load generator on the same machine.
//
//   declare_load --port P --token FILE [--count N] [--connections C] [--rate R] [--first K]
//
// Declaration k is a volume of the country scenario under an id made of k: `--first` continues where an earlier run
// stopped. Every answer must be 201. Prints the rate and the latencies; exits 1 if any answer was another one.
#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "airspace/testing/scenario.h"
#include "base/time.h"
#include "bench/load_command.h"
#include "formats/notice_json.h"
#include "json/writer.h"
#include "net/load_client.h"

namespace {

using wideberth::airspace::Declaration;
using wideberth::airspace::testing::Scenario;
using wideberth::airspace::testing::ScenarioKind;

constexpr uint64_t kSeed = 7;

// Bodies are made beforehand: the load generator shares its cores with the node. A ring of this many is reused; ids
// differ, so every request is a notice of its own.
constexpr size_t kBodies = 50'000;

std::vector<std::string> MakeBodies(uint64_t count) {
  Scenario scenario(ScenarioKind::kCountry, kSeed);
  const wideberth::base::SystemClock clock;
  const int64_t now_us = clock.Now().us;
  std::vector<std::string> bodies;
  bodies.reserve(kBodies);
  for (size_t i = 0; i < std::min<uint64_t>(kBodies, count); ++i) {
    Declaration declaration;
    declaration.volumes.push_back(scenario.NextOrdinary());
    auto& window = declaration.volumes[0].window;
    const int64_t length_us = window.end.us - window.start.us;
    window.start.us = now_us + wideberth::base::kMicrosPerHour +
                      static_cast<int64_t>(i % 4'000) * wideberth::base::kMicrosPerMinute;
    window.end.us = window.start.us + length_us;
    std::string body;
    wideberth::json::Writer json(&body);
    json.BeginObject();
    json.Key("declaration");
    wideberth::formats::WriteDeclaration(&json, declaration);
    json.EndObject();
    bodies.push_back(std::move(body));
  }
  return bodies;
}

}  // namespace

int main(int argc, char** argv) {
  const wideberth::bench::LoadCommand command = wideberth::bench::ReadLoadCommand(argc, argv);
  const std::string fields = command.fields();
  const std::vector<std::string> bodies = MakeBodies(command.count);
  size_t body_bytes = 0;
  for (const std::string& body : bodies) body_bytes += body.size();
  std::string first_refusal;
  const auto result = wideberth::net::RunLoad(
      command.load(),
      [&](uint64_t k, std::string* out) {
        wideberth::net::AppendRequest("PUT",
                                      "/v1/notices/" + wideberth::bench::IdOf(command.first + k),
                                      fields, bodies[k % bodies.size()], out);
      },
      [&](uint64_t, int status, std::string_view body) {
        if (status != 201 && first_refusal.empty()) {
          first_refusal = std::to_string(status) + " " + std::string(body.substr(0, 300));
        }
      });
  if (!result) {
    std::fprintf(stderr, "declare_load: %s\n", result.error().ToString().c_str());
    return 1;
  }
  fmt::print(
      "{} declarations of {} bytes over {} connections: {:.0f} a second, p50 {:.2f} ms, "
      "p99 {:.2f} ms, p99.9 {:.2f} ms; load generator {:.1f} us of CPU each\n",
      result->answers, body_bytes / bodies.size(), command.connections, result->PerSecond(),
      static_cast<double>(result->LatencyNs(0.5)) * 1e-6,
      static_cast<double>(result->LatencyNs(0.99)) * 1e-6,
      static_cast<double>(result->LatencyNs(0.999)) * 1e-6,
      static_cast<double>(result->cpu_ns) * 1e-3 / static_cast<double>(result->answers));
  for (const auto& [status, count] : result->by_status) {
    if (status != 201) {
      std::printf("  %llu answers %d; the first: %s\n", static_cast<unsigned long long>(count),
                  status, first_refusal.c_str());
      return 1;
    }
  }
  return 0;
}
