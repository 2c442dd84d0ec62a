#include "apps/wideberth/remote.h"

#include <limits>

#include "base/limits.h"
#include "formats/notice_json.h"
#include "formats/zone_file.h"
#include "json/writer.h"

namespace wideberth::cli {
namespace {

using base::Result;

constexpr size_t kAnyBytes = std::numeric_limits<size_t>::max();
constexpr size_t kPrefixBytesMin = 4;

base::ErrorCode CodeOf(std::string_view name, int status) {
  for (const auto code :
       {base::ErrorCode::kInvalid, base::ErrorCode::kUnauthorized, base::ErrorCode::kForbidden,
        base::ErrorCode::kNotFound, base::ErrorCode::kConflict, base::ErrorCode::kTooLarge,
        base::ErrorCode::kBusy, base::ErrorCode::kStorage, base::ErrorCode::kInternal}) {
    if (base::ErrorCodeName(code) == name) return code;
  }
  return status < 500 ? base::ErrorCode::kInvalid : base::ErrorCode::kInternal;
}

// {"error":{"code":...,"field":...,"rule":...,"found":...}} as the node writes it.
Result<base::Error> ReadRefusal(std::string_view body, int status) {
  WB_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(body));
  WB_ASSIGN_OR_RETURN(json::Object object, document.root().AsObject());
  WB_ASSIGN_OR_RETURN(json::Object error, object.RequiredObject("error"));
  WB_ASSIGN_OR_RETURN(const std::string_view code, error.RequiredString("code", kAnyBytes));
  WB_ASSIGN_OR_RETURN(const std::string_view field, error.RequiredString("field", kAnyBytes));
  WB_ASSIGN_OR_RETURN(const std::string_view rule, error.RequiredString("rule", kAnyBytes));
  WB_ASSIGN_OR_RETURN(const auto found, error.OptionalString("found", kAnyBytes));
  return base::Error{CodeOf(code, status), std::string(field), std::string(rule),
                     std::string(found.value_or(""))};
}

base::Error RefusalOf(const net::Response& answer) {
  Result<base::Error> refusal = ReadRefusal(answer.body, answer.status);
  if (refusal) return *std::move(refusal);
  return {CodeOf("", answer.status), "", "the node answered without saying why",
          std::to_string(answer.status) + " " + std::string(net::StatusPhrase(answer.status))};
}

Result<Stored> ReadStoredValue(const json::Value& value) {
  WB_ASSIGN_OR_RETURN(json::Object object, value.AsObject());
  Stored stored;
  WB_ASSIGN_OR_RETURN(stored.notice, object.RequiredString("notice", kAnyBytes));
  WB_ASSIGN_OR_RETURN(const int64_t number, object.RequiredInt64("version_number", 0, INT64_MAX));
  stored.version_number = static_cast<uint64_t>(number);
  WB_ASSIGN_OR_RETURN(stored.version, object.RequiredString("version", kAnyBytes));
  WB_ASSIGN_OR_RETURN(stored.late, object.RequiredBool("late"));
  WB_ASSIGN_OR_RETURN(stored.lead_time_s, object.RequiredDouble("lead_time_s", -1e15, 1e15));
  WB_ASSIGN_OR_RETURN(const json::Array conflicts, object.RequiredArray("conflicts", kAnyBytes));
  for (const json::Value each : conflicts) {
    WB_ASSIGN_OR_RETURN(ConflictRow row, ReadConflictRow(each));
    stored.conflicts.push_back(std::move(row));
  }
  return stored;
}

Result<Stored> ReadStored(std::string body) {
  WB_ASSIGN_OR_RETURN(const json::Document document,
                      json::Document::Parse(body, limits::kHttpClientBodyBytesMax));
  WB_ASSIGN_OR_RETURN(Stored stored, ReadStoredValue(document.root()));
  stored.body = std::move(body);
  return stored;
}

Result<net::HttpClient> Connect(const Session& session) {
  net::HttpClient::Options options;
  options.tls.ca_path = session.ca_file;
  Result<net::HttpClient> http = net::HttpClient::Create(session.node, options);
  if (!http) {
    base::Error error = std::move(http).error();
    error.field = "--node";
    return base::Fail(std::move(error));
  }
  return http;
}

Result<std::string> ReadToken(const Session& session) {
  Result<std::string> text = ReadInput(session.token_file);
  if (!text) {
    return base::Fail(base::ErrorCode::kNotFound, "--token-file",
                      "must name a file with a token; script/server and `wideberth node init` "
                      "make some for development",
                      session.token_file);
  }
  while (text->ends_with('\n') || text->ends_with('\r') || text->ends_with(' ')) text->pop_back();
  for (const char c : *text) {
    if (c <= ' ' || c > '~') {
      return base::Invalid("--token-file", "must hold one token and nothing else",
                           session.token_file);
    }
  }
  return text;
}

}  // namespace

base::Error Unreachable(base::Error error) {
  error.code = base::ErrorCode::kBusy;
  if (!error.field.empty()) error.rule = error.field + ": " + error.rule;
  error.field = "--node";
  return error;
}

Result<Remote> Remote::Open(const Session& session) {
  WB_ASSIGN_OR_RETURN(const std::string token, ReadToken(session));
  WB_ASSIGN_OR_RETURN(net::HttpClient http, Connect(session));
  http.SetHeader("Authorization", "Bearer " + token);
  return Remote(std::move(http), token.starts_with(kSessionTokenPrefix));
}

Result<Remote> Remote::OpenUnsigned(const Session& session) {
  WB_ASSIGN_OR_RETURN(net::HttpClient http, Connect(session));
  return Remote(std::move(http), false);
}

Result<std::string> Remote::Call(net::Method method, std::string_view target,
                                 std::string_view body) {
  Result<net::Response> answer =
      http_.Do(method, target, body.empty() ? "" : "application/json", body);
  if (!answer) return base::Fail(Unreachable(std::move(answer).error()));
  status_ = answer->status;
  if (answer->status >= 200 && answer->status < 300) return std::move(answer->body);
  return base::Fail(RefusalOf(*answer));
}

Result<json::Document> Remote::GetJson(std::string_view target) {
  WB_ASSIGN_OR_RETURN(const std::string body, Call(net::Method::kGet, target));
  return json::Document::Parse(body, limits::kHttpClientBodyBytesMax);
}

Result<void> Remote::Walk(std::string_view path, std::string_view query, std::string_view items,
                          const std::function<Result<bool>(const json::Value&)>& visit) {
  std::string after;
  while (true) {
    std::string target(path);
    target.append("?limit=1000").append(after);
    if (!query.empty()) target.append("&").append(query);
    WB_ASSIGN_OR_RETURN(const json::Document document, GetJson(target));
    WB_ASSIGN_OR_RETURN(json::Object page, document.root().AsObject());
    WB_ASSIGN_OR_RETURN(const json::Array list, page.RequiredArray(items, kAnyBytes));
    for (const json::Value value : list) {
      WB_ASSIGN_OR_RETURN(const bool more, visit(value));
      if (!more) return {};
    }
    WB_ASSIGN_OR_RETURN(const auto next, page.OptionalInt64("next", 0, INT64_MAX));
    if (!next) return {};
    after = "&after=" + std::to_string(*next);
  }
}

Result<std::string> Remote::Collect(std::string_view path, std::string_view query,
                                    std::string_view items) {
  std::string text = "{\"" + std::string(items) + "\":[";
  bool first = true;
  WB_RETURN_IF_ERROR(Walk(path, query, items, [&](const json::Value& value) -> Result<bool> {
    if (!first) text += ",";
    first = false;
    value.AppendTo(&text);
    return true;
  }));
  return text + "]}";
}

// A GeoJSON page has no place for a cursor: the target of the next one is in its Link header.
Result<std::string> Remote::CollectGeoJson(std::string_view path, std::string_view query) {
  std::string text = "{\"type\":\"FeatureCollection\",\"features\":[";
  bool first = true;
  std::string target(path);
  target.append("?limit=1000&format=geojson");
  if (!query.empty()) target.append("&").append(query);
  while (!target.empty()) {
    Result<net::Response> answer = http_.Get(target);
    if (!answer) return base::Fail(Unreachable(std::move(answer).error()));
    if (answer->status != 200) return base::Fail(RefusalOf(*answer));
    WB_ASSIGN_OR_RETURN(const json::Document document,
                        json::Document::Parse(answer->body, limits::kHttpClientBodyBytesMax));
    WB_ASSIGN_OR_RETURN(json::Object page, document.root().AsObject());
    WB_ASSIGN_OR_RETURN(const json::Array features, page.RequiredArray("features", kAnyBytes));
    for (const json::Value value : features) {
      if (!first) text += ",";
      first = false;
      value.AppendTo(&text);
    }
    const std::string_view link = answer->headers.Find("link").value_or("");
    const size_t end = link.find('>');
    target = link.starts_with('<') && end != std::string_view::npos ? link.substr(1, end - 1) : "";
  }
  return text + "]}";
}

Result<base::UtcMicros> Remote::Now(airspace::DataMode mode) {
  WB_ASSIGN_OR_RETURN(const json::Document document, GetJson("/v1/status"));
  WB_ASSIGN_OR_RETURN(json::Object status, document.root().AsObject());
  WB_ASSIGN_OR_RETURN(json::Object times, status.RequiredObject("times"));
  return times.RequiredParsed(airspace::Name(mode), kAnyBytes, base::ParseRfc3339);
}

Result<Stored> Remote::PutNotice(base::NoticeId id, const airspace::Declaration& declaration,
                                 Keep keep, std::string_view replaces) {
  std::string body;
  json::Writer json(&body);
  json.BeginObject();
  json.Key("declaration");
  formats::WriteDeclaration(&json, declaration);
  if (formats::UnwrapOriginal(declaration.original)) {
    json.StringField("original", declaration.original);
  }
  if (keep == Keep::kDraft) json.BoolField("draft", true);
  if (keep == Keep::kHeld) json.BoolField("held", true);
  if (!replaces.empty()) json.StringField("replaces", replaces);
  json.EndObject();
  WB_ASSIGN_OR_RETURN(std::string answer,
                      Call(net::Method::kPut, "/v1/notices/" + id.ToString(), body));
  WB_ASSIGN_OR_RETURN(Stored stored, ReadStored(std::move(answer)));
  stored.created = status_ == 201;
  return stored;
}

Result<std::string> Remote::Original(std::string_view notice) {
  Result<json::Document> document = GetJson("/v1/notices/" + std::string(notice) + "/original");
  if (!document && status_ == 404) return std::string();
  if (!document) return base::Fail(std::move(document).error());
  WB_ASSIGN_OR_RETURN(json::Object object, document->root().AsObject());
  WB_ASSIGN_OR_RETURN(const std::string_view text, object.RequiredString("original", kAnyBytes));
  return std::string(text);
}

Result<Stored> Remote::Act(std::string_view notice, std::string_view act, std::string_view body) {
  std::string target = "/v1/notices/";
  target.append(notice).append("/").append(act);
  WB_ASSIGN_OR_RETURN(std::string answer, Call(net::Method::kPost, target, body));
  return ReadStored(std::move(answer));
}

Result<Acted> Remote::PostAct(std::string_view body) {
  Acted acted;
  WB_ASSIGN_OR_RETURN(acted.body, Call(net::Method::kPost, "/v1/acts", body));
  const bool created = status_ == 201;
  WB_ASSIGN_OR_RETURN(const json::Document document,
                      json::Document::Parse(acted.body, limits::kHttpClientBodyBytesMax));
  WB_ASSIGN_OR_RETURN(json::Object object, document.root().AsObject());
  WB_ASSIGN_OR_RETURN(acted.act, object.RequiredString("act", kAnyBytes));
  WB_ASSIGN_OR_RETURN(acted.id, object.RequiredString("id", kAnyBytes));
  if (const auto decision = object.Find("decision"); decision) {
    WB_ASSIGN_OR_RETURN(acted.decision, ReadStoredValue(*decision));
    acted.decision->created = created;
    acted.decision->body = acted.body;
  }
  if (const auto conflict = object.Find("conflict"); conflict) acted.conflict = conflict->ToJson();
  return acted;
}

Result<std::string> Remote::VersionDigest(std::string_view notice, std::string_view version) {
  if (version.size() == 64) return std::string(version);
  WB_ASSIGN_OR_RETURN(const json::Document document, GetJson("/v1/notices/" + std::string(notice)));
  WB_ASSIGN_OR_RETURN(json::Object object, document.root().AsObject());
  WB_ASSIGN_OR_RETURN(const json::Array versions, object.RequiredArray("versions", kAnyBytes));
  std::string digest;
  for (const json::Value value : versions) {
    WB_ASSIGN_OR_RETURN(json::Object each, value.AsObject());
    WB_ASSIGN_OR_RETURN(const int64_t number, each.RequiredInt64("number", 0, INT64_MAX));
    if (version != "latest" && version != std::to_string(number)) continue;
    WB_ASSIGN_OR_RETURN(digest, each.RequiredString("digest", kAnyBytes));
  }
  if (digest.empty()) {
    return base::Invalid("--version", "must be the number or the digest of a version", version);
  }
  return digest;
}

Result<std::string> Remote::Resolve(std::string_view path, std::string_view items,
                                    std::string_view text, size_t whole_bytes) {
  if (text.size() >= whole_bytes) return net::PercentEncode(text);
  if (text.size() < kPrefixBytesMin) {
    return base::Invalid("ID", "must be an id, or its first 4 characters or more", text);
  }
  std::string found;
  bool twice = false;
  WB_RETURN_IF_ERROR(Walk(path, "", items, [&](const json::Value& value) -> Result<bool> {
    WB_ASSIGN_OR_RETURN(json::Object object, value.AsObject());
    WB_ASSIGN_OR_RETURN(const std::string_view id, object.RequiredString("id", kAnyBytes));
    if (!id.starts_with(text)) return true;
    twice = !found.empty();
    found = id;
    return !twice;
  }));
  if (twice) return base::Invalid("ID", "must be longer: several ids begin so", text);
  if (found.empty()) return base::Fail(base::ErrorCode::kNotFound, "ID", "must be known", text);
  return found;
}

Result<std::string> Remote::ResolveNotice(std::string_view text) {
  return Resolve("/v1/notices", "notices", text, 36);
}

Result<std::string> Remote::ResolveConflict(std::string_view text) {
  return Resolve("/v1/conflicts", "conflicts", text, 64);
}

}  // namespace wideberth::cli
