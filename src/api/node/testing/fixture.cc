#include "api/node/testing/fixture.h"

#include <gtest/gtest.h>

#include <limits>
#include <optional>
#include <utility>

#include "base/check.h"
#include "json/writer.h"
#include "net/query.h"
#include "store/memory/memory_store.h"

namespace wideberth::api::node::testing {

Json::Json(std::string_view text) {
  auto document = json::Document::Parse(text, 1 << 26);
  if (document) document_.emplace(std::move(document).value());
}

std::optional<json::Value> Json::Find(std::string_view pointer) const {
  if (!document_) return std::nullopt;
  std::optional<json::Value> value = document_->root();
  while (value && !pointer.empty()) {
    pointer.remove_prefix(1);
    const size_t end = std::min(pointer.find('/'), pointer.size());
    const std::string key(pointer.substr(0, end));
    pointer.remove_prefix(end);
    if (value->kind() == json::Kind::kObject) {
      value = value->AsObject()->Find(key);
    } else if (value->kind() == json::Kind::kArray) {
      uint64_t index = net::ParseNumber("index", key, 0, UINT32_MAX).value();
      std::optional<json::Value> item;
      const json::Array items = value->AsArray(std::numeric_limits<size_t>::max()).value();
      for (const json::Value each : items) {
        if (index-- == 0) item = each;
      }
      value = item;
    } else {
      value.reset();
    }
  }
  return value;
}

bool Json::Has(std::string_view pointer) const {
  return Find(pointer).has_value();
}

std::string Json::Text(std::string_view pointer) const {
  const std::optional<json::Value> value = Find(pointer);
  if (!value) return "";
  const auto text = value->AsString(std::numeric_limits<size_t>::max());
  return text ? std::string(*text) : value->ToJson();
}

int64_t Json::Size(std::string_view pointer) const {
  const std::optional<json::Value> value = Find(pointer);
  if (!value) return -1;
  const auto array = value->AsArray(std::numeric_limits<size_t>::max());
  return array ? static_cast<int64_t>(array->size()) : -1;
}

TestNode::TestNode(std::shared_ptr<store::memory::MemoryDisk> disk, std::optional<LineParts> line)
    : disk_(disk ? std::move(disk) : std::make_shared<store::memory::MemoryDisk>()) {
  auto store = store::memory::MemoryStore::Open(disk_);
  CHECK(store.has_value());
  auto keys = crypto::TokenKeys::FromPem(key_.public_key().ToPem());
  CHECK(keys.has_value());
  Parts parts;
  parts.store = std::move(store).value();
  parts.rules = airspace::testing::TestRules();
  parts.tokens = std::make_unique<crypto::TokenVerifier>(
      crypto::TokenPolicy{{"https://auth.test"}, {"node.test"}}, *keys);
  parts.line = std::move(line);
  parts.on_failure = [this](const base::Error&) { ++failures_; };
  service::NodeConfig config;
  config.listen_address = "127.0.0.1";
  config.listen_threads = 2;
  auto server = Server::Start(config, std::move(parts), clock_);
  CHECK_MSG(server.has_value(), "the node must start");
  server_ = std::move(server).value();
}

TestNode::~TestNode() = default;

std::string TestNode::Token(const TokenOptions& options) const {
  const auto token = crypto::IssueToken(
      {options.issuer, options.subject, options.audience, options.scopes},
      options.foreign_key ? foreign_key_ : key_, {clock_.Now().us - options.issued_ago_us});
  CHECK(token.has_value());
  return *token;
}

std::string TestNode::PartyToken(std::string_view party) const {
  TokenOptions options;
  options.subject = party;
  if (party == "admin") {
    options.subject = "north";
    options.scopes = {"wideberth.read", "wideberth.write", "wideberth.admin"};
  }
  return party.empty() ? "" : Token(options);
}

net::HttpClient TestNode::Client(std::string_view party) const {
  auto client = net::HttpClient::Create(url(), {});
  CHECK(client.has_value());
  if (!party.empty()) client->SetHeader("Authorization", "Bearer " + PartyToken(party));
  return std::move(client).value();
}

Answer TestNode::DoWithToken(std::string_view token, net::Method method, std::string_view target,
                             std::string_view body, std::string_view content_type) {
  auto client = net::HttpClient::Create(url(), {});
  CHECK(client.has_value());
  if (!token.empty()) client->SetHeader("Authorization", "Bearer " + std::string(token));
  if (content_type.empty() && !body.empty()) content_type = "application/json";
  const auto response = client->Do(method, target, content_type, body);
  Answer answer;
  EXPECT_TRUE(response.has_value()) << target << ": " << response.error().ToString();
  if (!response) return answer;
  const std::string_view path = target.substr(0, target.find('?'));
  EXPECT_EQ(openapi_.CheckResponse(method, path, *response), "")
      << net::MethodName(method) << " " << target << " " << response->status << "\n"
      << response->body.substr(0, 2'000);
  if (response->status < 300 && (method == net::Method::kPut || method == net::Method::kPost)) {
    EXPECT_EQ(openapi_.CheckRequest(method, path, body), "") << target << "\n" << body;
  }
  answer.status = response->status;
  answer.headers = response->headers;
  answer.content_type = response->content_type;
  answer.body = response->body;
  answer.json = Json(response->body);
  return answer;
}

Answer TestNode::Do(std::string_view party, net::Method method, std::string_view target,
                    std::string_view body) {
  return DoWithToken(PartyToken(party), method, target, body);
}
Answer TestNode::Get(std::string_view party, std::string_view target) {
  return Do(party, net::Method::kGet, target);
}
Answer TestNode::Put(std::string_view party, std::string_view target, std::string_view body) {
  return Do(party, net::Method::kPut, target, body);
}
Answer TestNode::Post(std::string_view party, std::string_view target, std::string_view body) {
  return Do(party, net::Method::kPost, target, body);
}

std::string NoticeId(int n) {
  std::string digits = std::to_string(n);
  digits.insert(0, 12 - digits.size(), '0');
  return "20000000-0000-4000-8000-" + digits;
}

std::string NoticePath(int n, std::string_view act) {
  std::string path = "/v1/notices/" + NoticeId(n);
  if (!act.empty()) path.append("/").append(act);
  return path;
}

std::string DeclarationJson(const Sketch& sketch) {
  std::string lng;
  json::AppendDouble(&lng, sketch.lng);
  return "{\"kind\":\"" + sketch.kind + "\",\"data_mode\":\"" + sketch.data_mode + "\"," +
         sketch.more + "\"role_to_call\":\"duty officer\",\"volumes\":[{\"outline_circle\":" +
         "{\"center\":{\"lat\":46.4,\"lng\":" + lng +
         "},\"radius\":{\"value\":1,\"units\":\"KM\"}}," +
         "\"altitude_lower\":{\"value\":" + std::to_string(sketch.lower_m) +
         ",\"reference\":\"W84\",\"units\":\"M\"},\"altitude_upper\":{\"value\":" +
         std::to_string(sketch.upper_m) + ",\"reference\":\"W84\",\"units\":\"M\"}," +
         "\"time_start\":\"" + sketch.start + "\",\"time_end\":\"" + sketch.end + "\"}]}";
}

std::string PutBody(const Sketch& sketch, std::string_view more) {
  return "{\"declaration\":" + DeclarationJson(sketch) + std::string(more) + "}";
}

}  // namespace wideberth::api::node::testing
