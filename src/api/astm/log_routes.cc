#include "api/astm/log_routes.h"

#include <memory>
#include <string>
#include <utility>

#include "api/astm/call.h"
#include "dss/log_entry.h"
#include "dss/transparency_log.h"
#include "record/tile_path.h"

namespace wideberth::api::astm {
namespace {

constexpr std::string_view kPrefix = "/dss/log/";
constexpr std::string_view kText = "text/plain; charset=utf-8";
constexpr std::string_view kChanges = "no-cache";
constexpr std::string_view kNeverChanges = "max-age=31536000, immutable";

dss::TransparencyLog::Text Answer(net::Responder to, std::string_view type,
                                  std::string_view caching) {
  auto responder = std::make_shared<net::Responder>(std::move(to));
  return [responder, type, caching](base::Result<std::string> text) {
    if (!text) return (*responder)(RenderRefusal(StatusOf(text.error()), text.error()));
    net::Response response;
    response.content_type = type;
    response.headers.Add("Cache-Control", std::string(caching));
    response.body = *std::move(text);
    (*responder)(std::move(response));
  };
}

void GetKey(Call call) {
  const std::string key = call.context.dss.log()->key().Format() + "\n";
  Answer(std::move(call.responder), kText, kChanges)(key);
}

void GetCheckpoint(Call call) {
  call.context.dss.log()->ReadCheckpoint(Answer(std::move(call.responder), kText, kChanges));
}

void GetTile(Call call) {
  base::Result<record::TilePath> tile =
      record::ParseTilePath(call.request.path().substr(kPrefix.size()));
  if (!tile) return call.Refuse(404, tile.error());
  call.context.dss.log()->ReadTile(
      *tile, Answer(std::move(call.responder), "application/octet-stream", kNeverChanges));
}

void GetProof(Call call) {
  const std::optional<std::string_view> given = call.request.target.Find("entry");
  const auto bytes = base::Base64UrlDecode(given.value_or(""));
  if (!given || !bytes || bytes->size() > dss::kLogEntryBytesMax) {
    return call.Refuse(400, {base::ErrorCode::kInvalid, "entry",
                             "must be the base64url of an entry of the log, without padding", ""});
  }
  std::string entry(base::AsText(*bytes));
  if (const auto parsed = dss::ParseLogEntry(entry); !parsed) {
    return call.Refuse(400, base::Error(parsed.error()).Under("entry: "));
  }
  call.context.dss.log()->Prove(std::move(entry),
                                Answer(std::move(call.responder), kText, kChanges));
}

}  // namespace

void AddLogRoutes(net::Router* router, const Context* context) {
  if (context->dss.log() == nullptr) return;
  // One alternative that asks for no scope is any token; no alternative is none.
  const Scopes scopes = context->options.public_log ? Scopes{} : Scopes{{}};
  const auto get = [&](std::string_view path, Handler handler) {
    AddRoute(router, context, net::Method::kGet, std::string(kPrefix).append(path), scopes,
             std::move(handler));
  };
  get("key", GetKey);
  get("checkpoint", GetCheckpoint);
  get("proof", GetProof);
  for (const std::string_view path :
       {"tile/{level}/{a}", "tile/{level}/{a}/{b}", "tile/{level}/{a}/{b}/{c}",
        "tile/{level}/{a}/{b}/{c}/{d}", "tile/{level}/{a}/{b}/{c}/{d}/{e}"}) {
    get(path, GetTile);
  }
}

}  // namespace wideberth::api::astm
