// Durable declarations a second through the HTTP API of a running node, with the load generator on the same machine.
//
//   declare_load --port P --token FILE [--count N] [--connections C] [--rate R] [--first K] [--quiet]
//
// Declaration k is a volume of the country scenario under an id made of k: `--first` continues where an earlier run
// stopped. Every answer must be 201. Prints the rate and the latencies; exits 1 if any answer was another one.
#include <fmt/core.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "airspace/testing/scenario.h"
#include "base/time.h"
#include "formats/notice_json.h"
#include "json/writer.h"
#include "net/load_client.h"

namespace {

using wideberth::airspace::Declaration;
using wideberth::airspace::testing::Scenario;
using wideberth::airspace::testing::ScenarioKind;

struct Options {
  uint16_t port = 8471;
  std::string token_file;
  uint64_t count = 100'000;
  uint64_t first = 0;
  size_t connections = 64;
  uint32_t rate_per_second = 0;
  uint64_t seed = 7;
};

// Bodies are made beforehand: the load generator shares its cores with the node. A ring of this many is reused; ids
// differ, so every request is a notice of its own.
constexpr size_t kBodies = 50'000;

std::vector<std::string> MakeBodies(const Options& options) {
  Scenario scenario(ScenarioKind::kCountry, options.seed);
  const wideberth::base::SystemClock clock;
  const int64_t now_us = clock.Now().us;
  std::vector<std::string> bodies;
  bodies.reserve(kBodies);
  for (size_t i = 0; i < std::min<uint64_t>(kBodies, options.count); ++i) {
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

std::string Target(uint64_t k) {
  char text[80];
  std::snprintf(text, sizeof text, "/v1/notices/%08llx-0000-4000-8000-%012llx",
                static_cast<unsigned long long>((k * 2'654'435'761u) & 0xffffffffu),
                static_cast<unsigned long long>(k));
  return text;
}

template <class Number>
bool ParseNumber(const char* text, Number* number) {
  const char* end = text + std::strlen(text);
  const auto [stop, error] = std::from_chars(text, end, *number);
  return error == std::errc() && stop == end;
}

bool Parse(int argc, char** argv, Options* options) {
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    const char* value = argv[i + 1];
    bool known = true;
    if (name == "--port") {
      known = ParseNumber(value, &options->port);
    } else if (name == "--token") {
      options->token_file = value;
    } else if (name == "--count") {
      known = ParseNumber(value, &options->count);
    } else if (name == "--first") {
      known = ParseNumber(value, &options->first);
    } else if (name == "--connections") {
      known = ParseNumber(value, &options->connections);
    } else if (name == "--rate") {
      known = ParseNumber(value, &options->rate_per_second);
    } else {
      known = false;
    }
    if (!known) return false;
  }
  return argc % 2 == 1 && !options->token_file.empty();
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (!Parse(argc, argv, &options)) {
    std::fprintf(stderr,
                 "usage: declare_load --port P --token FILE [--count N] [--first K] "
                 "[--connections C] [--rate R]\n");
    return 2;
  }
  std::ifstream file(options.token_file);
  std::string token((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  while (!token.empty() && token.back() == '\n') token.pop_back();
  const std::string fields =
      "Authorization: Bearer " + token + "\r\nContent-Type: application/json\r\n";
  const std::vector<std::string> bodies = MakeBodies(options);
  size_t body_bytes = 0;
  for (const std::string& body : bodies) body_bytes += body.size();

  wideberth::net::LoadOptions load;
  load.port = options.port;
  load.connections = options.connections;
  load.requests = options.count;
  load.rate_per_second = options.rate_per_second;
  std::string first_refusal;
  const auto result = wideberth::net::RunLoad(
      load,
      [&](uint64_t k, std::string* out) {
        wideberth::net::AppendRequest("PUT", Target(options.first + k), fields,
                                      bodies[k % bodies.size()], out);
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
      result->answers, body_bytes / bodies.size(), options.connections, result->PerSecond(),
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
