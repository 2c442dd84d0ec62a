#include "api/web/console.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "base/bytes.h"
#include "crypto/sha256.h"

namespace wideberth::api::web {
namespace {

using base::ErrorCode;
using base::Fail;
using base::Result;

constexpr size_t kFilesMax = 500;
constexpr size_t kBytesMax = size_t{64} * 1024 * 1024;
constexpr std::string_view kIndex = "index.html";
constexpr std::string_view kAssets = "assets/";
constexpr size_t kEtagDigits = 32;

// No inline script, no eval, nothing from elsewhere; the map draws images from blobs and runs a worker of its own file.
constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; worker-src 'self'; font-src 'self'; manifest-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kTypes = {{
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".mjs", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".json", "application/json"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".woff2", "font/woff2"},
}};

std::string_view TypeOf(std::string_view name) {
  const auto* const found = std::find_if(
      kTypes.begin(), kTypes.end(), [&](const auto& type) { return name.ends_with(type.first); });
  return found == kTypes.end() ? "application/octet-stream" : found->second;
}

Result<std::string> ReadWhole(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string body{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (file && !body.empty()) return body;
  return Fail(ErrorCode::kInvalid, path.string(), "must be a file that can be read whole");
}

std::string EtagOf(std::string_view body) {
  return "\"" + crypto::Sha256(base::AsBytes(body)).ToHex().substr(0, kEtagDigits) + "\"";
}

net::RouteOptions NoBody() {
  return {.body_bytes_max = 0};
}

}  // namespace

Result<Console> Console::Read(const std::string& folder) {
  namespace fs = std::filesystem;
  std::error_code error;
  std::map<std::string, std::string> found;
  size_t bytes = 0;
  for (fs::recursive_directory_iterator it(folder, error), end; !error && it != end;
       it.increment(error)) {
    if (!it->is_regular_file(error)) continue;
    WB_ASSIGN_OR_RETURN(std::string body, ReadWhole(it->path()));
    bytes += body.size();
    if (bytes > kBytesMax || found.size() >= kFilesMax) {
      return Fail(ErrorCode::kTooLarge, folder, "must be a built console: it has too much in it");
    }
    found.emplace(it->path().lexically_relative(folder).generic_string(), std::move(body));
  }
  if (error || !found.contains(std::string(kIndex))) {
    return Fail(ErrorCode::kNotFound, folder, "must be a folder with a built console");
  }
  Console console;
  for (auto& [name, body] : found) {
    if (name.ends_with(".gz")) continue;
    File file{std::string(TypeOf(name)), EtagOf(body), {}, {}};
    if (const auto packed = found.find(name + ".gz"); packed != found.end()) {
      file.gzip = std::move(packed->second);
    }
    file.body = std::move(body);
    console.files_.emplace(name, std::move(file));
  }
  return console;
}

net::Response Console::Answer(std::string_view path, const net::Headers& headers) const {
  const auto found = files_.find(path);
  if (found == files_.end()) return net::TextResponse(404, "no such file of the console\n");
  const File& file = found->second;
  net::Response response;
  response.headers.Add("ETag", file.etag);
  response.headers.Add("Vary", "Accept-Encoding");
  response.headers.Add("X-Content-Type-Options", "nosniff");
  response.headers.Add("Referrer-Policy", "no-referrer");
  response.headers.Add("Cross-Origin-Opener-Policy", "same-origin");
  response.headers.Add("Cross-Origin-Resource-Policy", "same-origin");
  response.headers.Add("Content-Security-Policy", kPolicy);
  response.headers.Add("Cache-Control", path.starts_with(kAssets)
                                            ? "public, max-age=31536000, immutable"
                                            : "no-cache");
  if (headers.HasToken("if-none-match", file.etag)) {
    response.status = 304;
    return response;
  }
  response.content_type = file.content_type;
  if (!file.gzip.empty() && headers.HasToken("accept-encoding", "gzip")) {
    response.headers.Add("Content-Encoding", "gzip");
    response.body = file.gzip;
  } else {
    response.body = file.body;
  }
  return response;
}

void Console::AddRoutes(net::Router* router) const {
  router->Add(
      net::Method::kGet, "/",
      [this](const net::Request& request, const net::PathParams&, net::Responder responder) {
        responder(Answer(kIndex, request.headers));
      },
      NoBody());
  router->Add(
      net::Method::kGet, "/assets/{file}",
      [this](const net::Request& request, const net::PathParams& params, net::Responder responder) {
        responder(Answer(std::string(kAssets).append(params.Get("file")), request.headers));
      },
      NoBody());
}

}  // namespace wideberth::api::web
