#include "apps/wideberth/line/answers.h"

#include <fmt/format.h>

#include "apps/wideberth/show/terminal.h"

namespace wideberth::cli {

using base::Result;

std::optional<json::Value> At(const json::Value& value, std::string_view path) {
  json::Value at = value;
  while (!path.empty()) {
    const size_t dot = path.find('.');
    if (at.kind() != json::Kind::kObject) return std::nullopt;
    Result<json::Object> object = at.AsObject();
    if (!object) return std::nullopt;
    const std::optional<json::Value> next = object->Find(path.substr(0, dot));
    if (!next) return std::nullopt;
    at = *next;
    path = dot == std::string_view::npos ? "" : path.substr(dot + 1);
  }
  return at;
}

std::string TextAt(const json::Value& value, std::string_view path) {
  const std::optional<json::Value> at = At(value, path);
  if (!at || at->is_null()) return {};
  if (at->kind() != json::Kind::kString) return at->ToJson();
  return std::string(at->AsString(SIZE_MAX).value_or(std::string_view()));
}

int64_t IntAt(const json::Value& value, std::string_view path) {
  const std::optional<json::Value> at = At(value, path);
  if (!at || at->kind() != json::Kind::kInteger) return 0;
  return at->AsInt64(INT64_MIN, INT64_MAX).value_or(0);
}

bool IsTrueAt(const json::Value& value, std::string_view path) {
  const std::optional<json::Value> at = At(value, path);
  return at && at->kind() == json::Kind::kBool && at->AsBool().value_or(false);
}

Result<void> ForEach(const json::Document& answer, std::string_view items,
                     const std::function<Result<void>(const json::Value&)>& visit) {
  WB_ASSIGN_OR_RETURN(json::Object object, answer.root().AsObject());
  WB_ASSIGN_OR_RETURN(const json::Array list, object.RequiredArray(items, SIZE_MAX));
  for (const json::Value value : list) WB_RETURN_IF_ERROR(visit(value));
  return {};
}

Result<std::string> PeerOr(Remote* remote, const std::string& given) {
  if (!given.empty()) return given;
  WB_ASSIGN_OR_RETURN(const json::Document lines, remote->GetJson("/v1/lines"));
  std::string name;
  size_t peers = 0;
  WB_RETURN_IF_ERROR(ForEach(lines, "lines", [&](const json::Value& line) -> Result<void> {
    name = TextAt(line, "peer.name");
    ++peers;
    return {};
  }));
  if (peers == 1) return name;
  return base::Invalid("--to", peers == 0 ? "needs a peer: this node has none"
                                          : "must be given: there are several peers");
}

Result<Acted> PostActOf(Remote* remote, std::string_view act,
                        const std::function<void(json::Writer*)>& fill) {
  std::string body;
  json::Writer json(&body);
  json.BeginObject();
  json.StringField("act", act);
  fill(&json);
  json.EndObject();
  return remote->PostAct(body);
}

int ReportActed(const Session& session, const Acted& acted, std::string_view done) {
  if (session.json) {
    Print(acted.body + "\n");
  } else {
    Print(fmt::format("{}\n", done));
  }
  return kExitOk;
}

Result<Remote> OpenAsPerson(const Session& session) {
  WB_ASSIGN_OR_RETURN(Remote remote, Remote::Open(session));
  if (remote.is_person()) return remote;
  return base::Invalid("--token-file",
                       "must be the session of a person: sign on with `wideberth login`",
                       session.token_file);
}

}  // namespace wideberth::cli
