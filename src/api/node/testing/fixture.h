// A whole node for tests: memory store, real HTTP server on the loopback, three parties. Every
// answer that passes through it is held against the OpenAPI file, and so is every request that was
// accepted.
#ifndef WIDEBERTH_API_NODE_TESTING_FIXTURE_H_
#define WIDEBERTH_API_NODE_TESTING_FIXTURE_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "airspace/testing/world.h"
#include "api/node/server.h"
#include "api/node/testing/openapi.h"
#include "base/time.h"
#include "crypto/ed25519.h"
#include "json/reader.h"
#include "net/client.h"
#include "store/memory/memory_disk.h"

namespace wideberth::api::node::testing {

// The calendar stands still until it is moved; ages follow the real time. Thread-safe.
class TestClock final : public base::Clock {
 public:
  base::UtcMicros Now() const override { return {now_us_.load()}; }
  int64_t MonotonicMicros() const override { return system_.MonotonicMicros(); }
  void Pass(int64_t us) { now_us_ += us; }

 private:
  base::SystemClock system_;
  std::atomic<int64_t> now_us_ = airspace::testing::kNoon.us;
};

// A JSON text, read by pointers ("/conflicts/0/id"). What is not there reads as "" or -1.
class Json {
 public:
  explicit Json(std::string_view text);
  bool Has(std::string_view pointer) const;
  std::string Text(std::string_view pointer) const;  // a string's own text, else compact JSON
  int64_t Size(std::string_view pointer) const;      // of an array

 private:
  std::optional<json::Value> Find(std::string_view pointer) const;
  std::optional<json::Document> document_;
};

struct Answer {
  int status = 0;  // 0: there was none
  net::Headers headers;
  std::string content_type;
  std::string body;
  Json json{"null"};

  std::string Text(std::string_view pointer) const { return json.Text(pointer); }
};

struct TokenOptions {
  std::string subject = "north";
  std::vector<std::string> scopes = {"wideberth.read", "wideberth.write"};
  std::string issuer = "https://auth.test";
  std::string audience = "node.test";
  int64_t issued_ago_us = 0;
  bool foreign_key = false;
};

class TestNode {
 public:
  // With `line` in line mode.
  explicit TestNode(std::shared_ptr<store::memory::MemoryDisk> disk = nullptr,
                    std::optional<LineParts> line = std::nullopt);
  ~TestNode();

  // As a party ("north", "south", "east"); an empty name sends no token, "admin" asks as north with
  // every scope.
  Answer Do(std::string_view party, net::Method method, std::string_view target,
            std::string_view body = {});
  Answer Get(std::string_view party, std::string_view target);
  Answer Put(std::string_view party, std::string_view target, std::string_view body);
  Answer Post(std::string_view party, std::string_view target, std::string_view body);
  Answer DoWithToken(std::string_view token, net::Method method, std::string_view target,
                     std::string_view body = {}, std::string_view content_type = "");
  std::string Token(const TokenOptions& options) const;
  net::HttpClient Client(std::string_view party) const;

  TestClock& clock() { return clock_; }
  Server& server() { return *server_; }
  store::memory::MemoryDisk& disk() { return *disk_; }
  const OpenApi& openapi() const { return openapi_; }
  uint64_t failures() const { return failures_.load(); }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(server_->port()); }

 private:
  std::string PartyToken(std::string_view party) const;

  TestClock clock_;
  crypto::SecretKey key_ = crypto::SecretKey::Generate();
  crypto::SecretKey foreign_key_ = crypto::SecretKey::Generate();
  OpenApi openapi_{OpenApiDocument()};
  std::shared_ptr<store::memory::MemoryDisk> disk_;
  std::atomic<uint64_t> failures_ = 0;
  std::unique_ptr<Server> server_;
};

// "20000000-0000-4000-8000-00000000000N" and its path.
std::string NoticeId(int n);
std::string NoticePath(int n, std::string_view act = {});

struct Sketch {
  std::string kind = "activity";
  std::string data_mode = "REAL";
  std::string more = "";  // further members, with a comma behind: "\"name\":\"x\","
  double lng = 6.5;       // of a circle of 1 km at latitude 46.4
  int lower_m = 1000;
  int upper_m = 1200;
  std::string start = "2027-01-15T13:00:00Z";
  std::string end = "2027-01-15T14:00:00Z";
};
std::string DeclarationJson(const Sketch& sketch = {});
// {"declaration":...} with further members behind: ",\"draft\":true".
std::string PutBody(const Sketch& sketch = {}, std::string_view more = {});

}  // namespace wideberth::api::node::testing

#endif  // WIDEBERTH_API_NODE_TESTING_FIXTURE_H_
