// The load of service providers on a DSS. It is made of lanes: one lane is one provider's small piece of airspace and
// time, where it plans intents that all overlap one another, and where it sends its next request when the one before is
// answered. What a lane has been answered says what the next answer must hold, so that each is checked: its status, its
// versions, that a new OVN came, that a query finds exactly the intents of the lane, and that a key which lacks one of
// them is refused with that one in the list.
#include "apps/wideberth/bench_dss.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <deque>
#include <filesystem>
#include <map>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "apps/wideberth/show/terminal.h"
#include "base/ids.h"
#include "base/random.h"
#include "base/time.h"
#include "crypto/key_file.h"
#include "crypto/token.h"
#include "json/reader.h"
#include "json/writer.h"
#include "net/load_client.h"

namespace wideberth::cli {
namespace {

using base::Result;

constexpr uint32_t kOverlapMax = 20;
constexpr int64_t kTokenUs = 50 * base::kMicrosPerMinute;
constexpr int64_t kTokenRenewedUs = 40 * base::kMicrosPerMinute;
constexpr int64_t kWindowUs = 10 * base::kMicrosPerMinute;
constexpr uint64_t kEveryIncomplete = 16;  // one create in so many has a key that lacks an OVN

enum class Operation { kCreate, kIncomplete, kQuery, kSubscribe, kUpdate, kDelete, kUnsubscribe };
constexpr std::array<std::string_view, 7> kNames = {
    "create", "key incomplete", "query", "subscribe", "update", "delete", "unsubscribe"};

struct Intent {
  std::string id;
  std::string ovn;
  int64_t version = 0;
};

struct Lane {
  uint64_t number = 0;  // of its place
  std::vector<Intent> intents;
  std::string subscription;
  std::string subscription_version;
  size_t step = 0;  // of the life of the lane
  Operation operation = Operation::kCreate;
  size_t which = 0;  // the intent that the request is about
};

class Load {
 public:
  Load(const BenchDssOptions& options, crypto::SecretKey key)
      : options_(options), key_(std::move(key)), started_us_(clock_.Now().us) {
    lanes_.resize(options.connections);
    for (size_t i = 0; i < lanes_.size(); ++i) {
      lanes_[i].number = options.first + i;
      idle_.push_back(i);
    }
    next_place_ = options.first + lanes_.size();
  }

  void Make(uint64_t k, std::string* out);
  void Take(uint64_t k, int status, std::string_view body);
  Result<void> CanSign() { return RenewToken(); }

  const std::map<Operation, uint64_t>& answers() const { return answers_; }
  uint64_t wrong() const { return wrong_; }
  const std::string& first_wrong() const { return first_wrong_; }

 private:
  Result<void> RenewToken();
  void Choose(Lane* lane);
  std::string Volume(const Lane& lane) const;
  std::string Body(const Lane& lane) const;
  Result<void> Check(Lane* lane, int status, std::string_view body);
  Result<void> CheckChange(Lane* lane, json::Object* whole);
  Result<void> CheckList(const Lane& lane, json::Object* whole, std::string_view key, bool all);
  void Restart(Lane* lane);

  const BenchDssOptions& options_;
  const crypto::SecretKey key_;
  const base::SystemClock clock_;
  base::SystemRandom random_;
  const int64_t started_us_;
  std::string fields_;
  int64_t token_us_ = 0;
  std::vector<Lane> lanes_;
  std::deque<size_t> idle_;
  std::map<uint64_t, size_t> at_;  // the lane of each request that is out
  uint64_t next_place_ = 0;
  uint64_t created_ = 0;
  std::map<Operation, uint64_t> answers_;
  uint64_t wrong_ = 0;
  std::string first_wrong_;
};

Result<void> Load::RenewToken() {
  const int64_t now_us = clock_.Now().us;
  if (!fields_.empty() && now_us - token_us_ < kTokenRenewedUs) return {};
  crypto::TokenRequest request{options_.issuer, options_.subject, options_.audience, {}, kTokenUs};
  request.scopes = {"utm.strategic_coordination"};
  WB_ASSIGN_OR_RETURN(const std::string token, crypto::IssueToken(request, key_, {now_us}));
  fields_ = "Authorization: Bearer " + token + "\r\nContent-Type: application/json\r\n";
  token_us_ = now_us;
  return {};
}

// What a lane does next. A life: as many intents as overlap, each with the key of those before it; a query; a
// subscription; each intent activated; all of it deleted, and on to another place.
void Load::Choose(Lane* lane) {
  const size_t overlap = options_.overlap;
  lane->which = 0;
  if (options_.mix == "query" && lane->intents.size() == overlap) {
    lane->operation = Operation::kQuery;
    return;
  }
  if (lane->step < overlap) {
    lane->operation = Operation::kCreate;
    lane->which = lane->step;
    const bool lacks = !lane->intents.empty() && ++created_ % kEveryIncomplete == 0;
    if (lacks) lane->operation = Operation::kIncomplete;
    return;
  }
  const size_t after = lane->step - overlap;
  if (after == 0) {
    lane->operation = Operation::kQuery;
  } else if (after == 1) {
    lane->operation = Operation::kSubscribe;
  } else if (after < 2 + overlap) {
    lane->operation = Operation::kUpdate;
    lane->which = after - 2;
  } else if (after < 2 + 2 * overlap) {
    lane->operation = Operation::kDelete;
  } else {
    lane->operation = Operation::kUnsubscribe;
  }
}

// Places lie 0.05 degrees apart in a band around the Earth, and again an hour later when it is full. In one cell the
// lanes differ in time alone.
std::string Load::Volume(const Lane& lane) const {
  constexpr uint64_t kEast = 7'000;
  constexpr uint64_t kNorth = 2'000;
  double lat = 47.0;
  double lng = 8.0;
  int64_t start_us = started_us_ + base::kMicrosPerHour;
  if (options_.place == "cell") {
    start_us += static_cast<int64_t>(lane.number) * (kWindowUs + base::kMicrosPerSecond);
  } else {
    lat = -50.0 + 0.05 * static_cast<double>(lane.number / kEast % kNorth);
    lng = -175.0 + 0.05 * static_cast<double>(lane.number % kEast);
    start_us += static_cast<int64_t>(lane.number / (kEast * kNorth)) * base::kMicrosPerHour;
  }
  const auto corner = [](double a, double b) {
    return fmt::format(R"({{"lat":{:.6f},"lng":{:.6f}}})", a, b);
  };
  constexpr double kSide = 0.002;
  return fmt::format(
      R"({{"volume":{{"outline_polygon":{{"vertices":[{},{},{},{}]}},)"
      R"("altitude_lower":{{"value":100,"reference":"W84","units":"M"}},)"
      R"("altitude_upper":{{"value":200,"reference":"W84","units":"M"}}}},)"
      R"("time_start":{{"value":"{}","format":"RFC3339"}},"time_end":{{"value":"{}","format":"RFC3339"}}}})",
      corner(lat, lng), corner(lat, lng + kSide), corner(lat + kSide, lng + kSide),
      corner(lat + kSide, lng), base::FormatRfc3339({start_us}),
      base::FormatRfc3339({start_us + kWindowUs}));
}

std::string Load::Body(const Lane& lane) const {
  constexpr std::string_view kUrl = "https://uss.bench.test/utm";
  if (lane.operation == Operation::kQuery) return R"({"area_of_interest":)" + Volume(lane) + "}";
  if (lane.operation == Operation::kSubscribe) {
    return fmt::format(
        R"({{"extents":{},"uss_base_url":"{}","notify_for_operational_intents":true}})",
        Volume(lane), kUrl);
  }
  std::string key;
  for (size_t i = 0; i < lane.intents.size(); ++i) {
    if (i == 0 && lane.operation == Operation::kIncomplete) continue;
    key.append(key.empty() ? "\"" : ",\"").append(lane.intents[i].ovn).append("\"");
  }
  return fmt::format(
      R"({{"extents":[{}],"key":[{}],"state":"{}","uss_base_url":"{}","new_subscription":{{"uss_base_url":"{}"}}}})",
      Volume(lane), key, lane.operation == Operation::kUpdate ? "Activated" : "Accepted", kUrl,
      kUrl);
}

void Load::Make(uint64_t k, std::string* out) {
  if (k % 1'024 == 0 && !RenewToken()) ++wrong_;
  const size_t index = idle_.front();
  idle_.pop_front();
  at_[k] = index;
  Lane& lane = lanes_[index];
  Choose(&lane);
  const std::string intents = "/dss/v1/operational_intent_references/";
  const std::string subscriptions = "/dss/v1/subscriptions/";
  switch (lane.operation) {
    case Operation::kCreate:
      lane.intents.push_back({random_.NewUuidV4().ToString(), "", 0});
      // Its own OVN is not there yet, and its body must not hold one.
      {
        const Intent made = std::move(lane.intents.back());
        lane.intents.pop_back();
        net::AppendRequest("PUT", intents + made.id, fields_, Body(lane), out);
        lane.intents.push_back(made);
      }
      return;
    case Operation::kIncomplete:
      net::AppendRequest("PUT", intents + random_.NewUuidV4().ToString(), fields_, Body(lane), out);
      return;
    case Operation::kUpdate: {
      const Intent& intent = lane.intents[lane.which];
      net::AppendRequest("PUT", intents + intent.id + "/" + intent.ovn, fields_, Body(lane), out);
      return;
    }
    case Operation::kDelete: {
      const Intent& intent = lane.intents.back();
      net::AppendRequest("DELETE", intents + intent.id + "/" + intent.ovn, fields_, "", out);
      return;
    }
    case Operation::kQuery:
      net::AppendRequest("POST", intents + "query", fields_, Body(lane), out);
      return;
    case Operation::kSubscribe:
      lane.subscription = random_.NewUuidV4().ToString();
      net::AppendRequest("PUT", subscriptions + lane.subscription, fields_, Body(lane), out);
      return;
    case Operation::kUnsubscribe:
      net::AppendRequest("DELETE",
                         subscriptions + lane.subscription + "/" + lane.subscription_version,
                         fields_, "", out);
      return;
  }
}

void Load::Restart(Lane* lane) {
  *lane = Lane();
  lane->number = next_place_++;
}

void Load::Take(uint64_t k, int status, std::string_view body) {
  const auto place = at_.find(k);
  Lane& lane = lanes_[place->second];
  ++answers_[lane.operation];
  const Operation operation = lane.operation;
  if (const Result<void> checked = Check(&lane, status, body); !checked) {
    if (++wrong_ == 1) {
      first_wrong_ = fmt::format("{}: {} {}: {}", kNames[static_cast<size_t>(operation)], status,
                                 body.substr(0, 300), checked.error().ToString());
    }
    Restart(&lane);  // what it holds now is not known
  }
  idle_.push_back(place->second);
  at_.erase(place);
}

Result<void> Load::Check(Lane* lane, int status, std::string_view body) {
  const Operation operation = lane->operation;
  const int wanted = operation == Operation::kCreate       ? 201
                     : operation == Operation::kIncomplete ? 409
                                                           : 200;
  if (status != wanted) return base::Invalid("status", "must be " + std::to_string(wanted));
  WB_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(body));
  WB_ASSIGN_OR_RETURN(json::Object whole, document.root().AsObject());
  switch (operation) {
    case Operation::kIncomplete:
      return CheckList(*lane, &whole, "missing_operational_intents", false);
    case Operation::kQuery:
      WB_RETURN_IF_ERROR(CheckList(*lane, &whole, "operational_intent_references", true));
      if (options_.mix != "query") ++lane->step;
      return {};
    case Operation::kSubscribe: {
      WB_RETURN_IF_ERROR(CheckList(*lane, &whole, "operational_intent_references", true));
      WB_ASSIGN_OR_RETURN(json::Object made, whole.RequiredObject("subscription"));
      WB_ASSIGN_OR_RETURN(lane->subscription_version, made.RequiredString("version", 256));
      ++lane->step;
      return {};
    }
    case Operation::kUnsubscribe:
      Restart(lane);
      return {};
    default:
      return CheckChange(lane, &whole);
  }
}

// A create, an update or a deletion: whose it is, and what is told.
Result<void> Load::CheckChange(Lane* lane, json::Object* whole) {
  const bool deletes = lane->operation == Operation::kDelete;
  Intent& intent = deletes ? lane->intents.back() : lane->intents[lane->which];
  WB_ASSIGN_OR_RETURN(json::Object reference,
                      whole->RequiredObject("operational_intent_reference"));
  WB_ASSIGN_OR_RETURN(const std::string_view id, reference.RequiredString("id", 36));
  WB_ASSIGN_OR_RETURN(const std::string_view ovn, reference.RequiredString("ovn", 256));
  WB_ASSIGN_OR_RETURN(const int64_t version, reference.RequiredInt64("version", 1, INT32_MAX));
  if (id != intent.id) return base::Invalid("id", "must be that of the request", id);
  if (version != intent.version + (deletes ? 0 : 1)) {
    return base::Invalid("version", "must count up by one", std::to_string(version));
  }
  if (!deletes && (ovn.size() < 16 || ovn == intent.ovn)) {
    return base::Invalid("ovn", "must be another one", ovn);
  }
  WB_ASSIGN_OR_RETURN(const json::Array told, whole->RequiredArray("subscribers", 100'000));
  size_t named = 0;
  for (const json::Value value : told) {
    WB_ASSIGN_OR_RETURN(json::Object one, value.AsObject());
    WB_ASSIGN_OR_RETURN(const json::Array list, one.RequiredArray("subscriptions", 100'000));
    named += list.size();
  }
  // Each intent of the lane has a subscription of its own, and the lane one more; that of what is deleted has gone.
  const size_t others = lane->intents.size() - 1;
  if (named < others + (deletes ? 0 : 1)) {
    return base::Invalid("subscribers", "must name every subscription of the lane",
                         std::to_string(named));
  }
  intent.ovn = ovn;
  intent.version = version;
  ++lane->step;
  if (deletes) lane->intents.pop_back();
  if (options_.mix == "create" && lane->step == options_.overlap) Restart(lane);
  return {};
}

Result<void> Load::CheckList(const Lane& lane, json::Object* whole, std::string_view key,
                             bool all) {
  WB_ASSIGN_OR_RETURN(const json::Array array, whole->RequiredArray(key, 100'000));
  std::set<std::string, std::less<>> found;
  for (const json::Value value : array) {
    WB_ASSIGN_OR_RETURN(json::Object one, value.AsObject());
    WB_ASSIGN_OR_RETURN(const std::string_view id, one.RequiredString("id", 36));
    found.emplace(id);
  }
  for (size_t i = 0; i < (all ? lane.intents.size() : 1); ++i) {
    if (found.erase(lane.intents[i].id) == 0) {
      return base::Invalid(key, "must hold every intent that was accepted", lane.intents[i].id);
    }
  }
  if (!found.empty()) return base::Invalid(key, "must hold no other one", *found.begin());
  return {};
}

void PrintResult(const Session& session, const net::LoadResult& result, const Load& load) {
  const auto ms = [&](double quantile) {
    return static_cast<double>(result.LatencyNs(quantile)) * 1e-6;
  };
  if (session.json) {
    std::string text;
    json::Writer json(&text);
    json.BeginObject();
    json.Int64Field("answers", static_cast<int64_t>(result.answers));
    json.Int64Field("wrong", static_cast<int64_t>(load.wrong()));
    json.DoubleField("per_second", result.PerSecond());
    json.DoubleField("p50_ms", ms(0.5));
    json.DoubleField("p99_ms", ms(0.99));
    json.DoubleField("p99_9_ms", ms(0.999));
    json.EndObject();
    Print(text + "\n");
  } else {
    std::string by_kind;
    for (const auto& [operation, count] : load.answers()) {
      by_kind += fmt::format("{}{} {}", by_kind.empty() ? "" : ", ", count,
                             kNames[static_cast<size_t>(operation)]);
    }
    Print(fmt::format(
        "{} answers: {:.0f} a second, p50 {:.2f} ms, p99 {:.2f} ms, p99.9 {:.2f} ms; "
        "{} wrong ({})\n",
        result.answers, result.PerSecond(), ms(0.5), ms(0.99), ms(0.999), load.wrong(), by_kind));
  }
  if (load.wrong() > 0) PrintError("the first wrong answer: " + load.first_wrong());
}

}  // namespace

Result<int> RunBenchDss(const Session& session, const BenchDssOptions& options) {
  if (options.overlap == 0 || options.overlap > kOverlapMax) {
    return base::Invalid("--overlap", "must be 1 to 20", std::to_string(options.overlap));
  }
  if (options.connections == 0 || options.connections > 4'096) {
    return base::Invalid("--connections", "must be 1 to 4,096",
                         std::to_string(options.connections));
  }
  const std::filesystem::path file(options.key);
  WB_ASSIGN_OR_RETURN(
      crypto::SecretKey key,
      crypto::ReadKeyCredential(file.has_parent_path() ? file.parent_path().string() : ".",
                                file.filename().string()));
  Load load(options, std::move(key));
  WB_RETURN_IF_ERROR(load.CanSign());
  net::LoadOptions how;
  how.host = options.host;
  how.port = options.port;
  how.connections = options.connections;
  how.requests = options.requests;
  how.rate_per_second = options.rate;
  how.deadline_ms = INT64_MAX / 2'000'000;
  WB_ASSIGN_OR_RETURN(
      const net::LoadResult result,
      net::RunLoad(
          how, [&](uint64_t k, std::string* out) { load.Make(k, out); },
          [&](uint64_t k, int status, std::string_view body) { load.Take(k, status, body); }));
  PrintResult(session, result, load);
  return load.wrong() == 0 ? kExitOk : kExitRefused;
}

void AddBench(Registry* registry, BenchDssOptions* options) {
  CLI::App* command = registry->Command(
      registry->Group("bench", "Loads that check every answer"), "dss",
      "Load a DSS as service providers do, and check every answer\n"
      "Each lane is a provider that plans, queries, subscribes, activates and deletes intents in "
      "one place, each with the key of those before it. Prints the rate and the latencies; exits 1 "
      "if any answer was wrong. Writes into the DSS: never against one in use.",
      "wideberth bench dss --key token-key.pem --overlap 10 --place cell\n"
      "wideberth bench dss --key token-key.pem --mix create --requests 1000000",
      [registry, options] { return RunBenchDss(registry->session(), *options); });
  registry->Text(command, "--host", &options->host, "HOST", "127.0.0.1 if not given; plain HTTP.");
  command->add_option("--port", options->port, "8471 if not given.")->type_name("PORT");
  registry
      ->Text(command, "--key", &options->key, "FILE",
             "The Ed25519 key that signs the tokens, PEM of mode 0600.")
      ->required();
  registry->Text(command, "--issuer", &options->issuer, "TEXT",
                 "`iss` of the tokens; that of development tokens if not given.");
  registry->Text(command, "--audience", &options->audience, "TEXT",
                 "`aud`; localhost if not given.");
  registry->Text(command, "--subject", &options->subject, "TEXT", "`sub`; bench if not given.");
  registry->Choice(command, "--place", &options->place,
                   "Lanes in places of their own, or all in one S2 cell at times of their own.",
                   {"spread", "cell"});
  registry->Choice(command, "--mix", &options->mix,
                   "All operations, creations that stay, or queries of what was created first.",
                   {"life", "create", "query"});
  command->add_option("--requests", options->requests, "20,000 if not given.")->type_name("N");
  command->add_option("--first", options->first, "The place to begin at; 0 if not given.")
      ->type_name("N");
  command->add_option("--connections", options->connections, "And lanes; 64 if not given.")
      ->type_name("N");
  command
      ->add_option("--overlap", options->overlap,
                   "Intents of a lane that overlap in 4D, 1 to 20; 1 if not given.")
      ->type_name("N");
  command
      ->add_option("--rate", options->rate,
                   "Requests begun a second, whatever is answered; as fast as answers come if "
                   "not given.")
      ->type_name("N");
}

}  // namespace wideberth::cli
