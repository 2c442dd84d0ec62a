// Notices released over a line, from the node of one party to that of the other, both fsynced.
//
//   release_load --port P --token FILE [--count N] [--first K] [--connections C] [--rate R]
//
// Every notice is an unplanned hazard of the country scenario: one signed act, a version, a message to the peer. When
// all are answered it asks the node when the peer's receipts (R1) came, and prints the time from release to R1. Exits 1
// if any answer was not 200 or 201, or any receipt is missing.
#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "airspace/testing/scenario.h"
#include "base/time.h"
#include "bench/load_command.h"
#include "formats/notice_json.h"
#include "json/reader.h"
#include "json/writer.h"
#include "net/client.h"
#include "net/load_client.h"

namespace wideberth {
namespace {

using airspace::Declaration;
using base::Result;

using bench::IdOf;

// Made beforehand: the load generator shares its cores with two nodes.
std::vector<std::string> MakeDeclarations(uint64_t count) {
  airspace::testing::Scenario scenario(airspace::testing::ScenarioKind::kCountry, 11);
  const int64_t now_us = base::SystemClock().Now().us;
  std::vector<std::string> texts;
  for (uint64_t i = 0; i < std::min<uint64_t>(count, 20'000); ++i) {
    Declaration declaration;
    declaration.kind = airspace::NoticeKind::kHazard;
    declaration.hazard_class = airspace::HazardClass::kOther;
    declaration.unplanned = true;
    declaration.volumes.push_back(scenario.NextOrdinary());
    declaration.volumes[0].window.start.us = now_us;
    declaration.volumes[0].window.end.us = now_us + base::kMicrosPerHour;
    std::string text;
    json::Writer json(&text);
    formats::WriteDeclaration(&json, declaration);
    texts.push_back(std::move(text));
  }
  return texts;
}

// From storing to R1, of every notice of ours; negative where there is none.
Result<std::vector<int64_t>> ReceiptTimes(const bench::LoadCommand& command) {
  WB_ASSIGN_OR_RETURN(
      net::HttpClient client,
      net::HttpClient::Create("http://127.0.0.1:" + std::to_string(command.port), {}));
  client.SetHeader("Authorization", "Bearer " + command.token);
  std::vector<int64_t> times_us;
  for (uint64_t k = 0; k < command.count; ++k) {
    WB_ASSIGN_OR_RETURN(const net::Response answer,
                        client.Get("/v1/notices/" + IdOf(command.first + k)));
    WB_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(answer.body));
    WB_ASSIGN_OR_RETURN(json::Object whole, document.root().AsObject());
    WB_ASSIGN_OR_RETURN(json::Object notice, whole.RequiredObject("notice"));
    WB_ASSIGN_OR_RETURN(json::Object version, notice.RequiredObject("latest"));
    WB_ASSIGN_OR_RETURN(const base::UtcMicros stored,
                        version.RequiredParsed("stored_at", 40, base::ParseRfc3339));
    WB_ASSIGN_OR_RETURN(const json::Array recipients, notice.RequiredArray("recipients", 64));
    int64_t time_us = -1;
    for (const json::Value value : recipients) {
      WB_ASSIGN_OR_RETURN(json::Object one, value.AsObject());
      WB_ASSIGN_OR_RETURN(const std::optional<base::UtcMicros> received,
                          one.OptionalParsed("received_at", 40, base::ParseRfc3339));
      if (received) time_us = received->us - stored.us;
    }
    times_us.push_back(time_us);
  }
  return times_us;
}

void PrintReceipts(std::vector<int64_t> times_us) {
  std::sort(times_us.begin(), times_us.end());
  const auto at = [&](double share) {
    const auto i = static_cast<size_t>(share * static_cast<double>(times_us.size() - 1));
    return static_cast<double>(times_us[i]) * 1e-3;
  };
  fmt::print("  released to R1: p50 {:.2f} ms, p99 {:.2f} ms, p99.9 {:.2f} ms, max {:.2f} ms\n",
             at(0.5), at(0.99), at(0.999), at(1));
}

int Main(int argc, char** argv) {
  const bench::LoadCommand command = bench::ReadLoadCommand(argc, argv);
  const std::string fields = command.fields();
  const std::vector<std::string> declarations = MakeDeclarations(command.count);
  std::string refusal;
  const auto result = net::RunLoad(
      command.load(),
      [&](uint64_t k, std::string* out) {
        const std::string body = R"({"act":"release","notice":")" + IdOf(command.first + k) +
                                 R"(","check":"none","declaration":)" +
                                 declarations[k % declarations.size()] + "}";
        net::AppendRequest("POST", "/v1/acts", fields, body, out);
      },
      [&](uint64_t, int status, std::string_view body) {
        if (status / 100 != 2 && refusal.empty()) refusal = body.substr(0, 300);
      });
  if (!result) {
    std::fprintf(stderr, "release_load: %s\n", result.error().ToString().c_str());
    return 1;
  }
  fmt::print(
      "{} releases over {} connections: {:.0f} a second, answered p50 {:.2f} ms, p99 {:.2f} ms\n",
      result->answers, command.connections, result->PerSecond(),
      static_cast<double>(result->LatencyNs(0.5)) * 1e-6,
      static_cast<double>(result->LatencyNs(0.99)) * 1e-6);
  if (!refusal.empty()) {
    std::printf("  refused: %s\n", refusal.c_str());
    return 1;
  }
  std::this_thread::sleep_for(std::chrono::seconds(2));
  auto times_us = ReceiptTimes(command);
  if (!times_us) {
    std::fprintf(stderr, "release_load: %s\n", times_us.error().ToString().c_str());
    return 1;
  }
  const auto missing = std::count(times_us->begin(), times_us->end(), -1);
  PrintReceipts(std::move(*times_us));
  if (missing > 0) std::printf("  %td receipts are missing\n", missing);
  return missing > 0 ? 1 : 0;
}

}  // namespace
}  // namespace wideberth

int main(int argc, char** argv) {
  return wideberth::Main(argc, argv);
}
