#include "witness/service.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/config_parts.h"
#include "base/durable_file.h"
#include "base/toml.h"
#include "crypto/key_file.h"

namespace wideberth::witness {
namespace {

using base::Result;
using base::TomlTable;

constexpr size_t kPathBytesMax = base::kConfigPathBytesMax;
constexpr uint16_t kPortOtherwise = 8473;
constexpr size_t kNameBytesMax = 255;
constexpr std::string_view kKeyFile = "witness.key";
constexpr std::string_view kPemFile = "witness-key.pem";
constexpr std::string_view kLedgerFile = "ledger.json";
constexpr int64_t kStopDeadlineMs = 2'000;

Result<WitnessConfig> Read(TomlTable root, const std::filesystem::path& folder) {
  WitnessConfig config;
  WB_ASSIGN_OR_RETURN(config.name, root.RequiredString("name", kNameBytesMax));
  WB_ASSIGN_OR_RETURN(const std::string keys, root.RequiredString("keys", kPathBytesMax));
  config.keys_folder = base::PathFrom(folder, keys);
  WB_ASSIGN_OR_RETURN(const std::string passphrase,
                      root.String("passphrase_file", "", kPathBytesMax));
  config.passphrase_file = base::PathFrom(folder, passphrase);
  WB_ASSIGN_OR_RETURN(std::vector<TomlTable> logs, root.Tables("log", kLogsMax));
  for (TomlTable& each : logs) {
    WB_ASSIGN_OR_RETURN(const record::VerifierKey key,
                        each.RequiredParsed("vkey", 1'024, [](std::string_view text) {
                          return record::VerifierKey::Parse(text);
                        }));
    config.logs.push_back(key);
  }
  WB_ASSIGN_OR_RETURN(TomlTable listen, root.Table("listen"));
  WB_ASSIGN_OR_RETURN(config.listen, base::ReadListen(&listen, folder, kPortOtherwise));
  WB_RETURN_IF_ERROR(root.ExpectNoOtherKeys());
  return config;
}

Result<crypto::SecretKey> ReadKey(const WitnessConfig& config) {
  if (config.passphrase_file.empty()) {
    return crypto::ReadKeyCredential(config.keys_folder, kPemFile);
  }
  WB_ASSIGN_OR_RETURN(const crypto::SecretBytes passphrase,
                      crypto::ReadPassphraseFile(config.passphrase_file));
  return crypto::ReadKeyFile(config.keys_folder + "/" + std::string(kKeyFile), passphrase);
}

}  // namespace

Result<WitnessConfig> LoadWitnessConfig(const std::string& path) {
  WB_ASSIGN_OR_RETURN(const base::TomlDocument file, base::TomlDocument::Load(path));
  Result<WitnessConfig> config = Read(file.root(), std::filesystem::path(path).parent_path());
  if (!config) return base::Fail(std::move(config).error().Under(path + ": "));
  return config;
}

Result<record::VerifierKey> MakeWitness(const std::string& folder, std::string_view name,
                                        const std::optional<crypto::SecretBytes>& passphrase) {
  crypto::SecretKey secret = crypto::SecretKey::Generate();
  WB_ASSIGN_OR_RETURN(
      const record::VerifierKey key,
      record::VerifierKey::Make(name, record::KeyAlgorithm::kCosignatureV1, secret.public_key()));
  if (mkdir(folder.c_str(), 0700) != 0) {
    return base::Fail(errno == EEXIST ? base::ErrorCode::kConflict : base::ErrorCode::kStorage,
                      folder, "must not be there yet: a witness is made once",
                      std::system_category().message(errno));
  }
  // The ledger first: a key without one must not be.
  WB_RETURN_IF_ERROR(Ledger::Create(folder + "/" + std::string(kLedgerFile)));
  if (passphrase) {
    WB_RETURN_IF_ERROR(
        crypto::WriteKeyFile(folder + "/" + std::string(kKeyFile), secret, *passphrase));
  } else {
    const crypto::SecretBytes pem = secret.ToPem();
    WB_RETURN_IF_ERROR(
        base::ReplaceFile(folder + "/" + std::string(kPemFile), base::AsText(pem.bytes())));
  }
  return key;
}

Result<std::unique_ptr<Service>> Service::Start(const WitnessConfig& config,
                                                const base::Clock& clock) {
  std::unique_ptr<Service> service(new Service(clock));
  WB_ASSIGN_OR_RETURN(crypto::SecretKey secret, ReadKey(config));
  WB_ASSIGN_OR_RETURN(record::SignerKey key,
                      record::SignerKey::Make(config.name, record::KeyAlgorithm::kCosignatureV1,
                                              std::move(secret)));
  WB_ASSIGN_OR_RETURN(service->ledger_,
                      Ledger::Open(config.keys_folder + "/" + std::string(kLedgerFile), config.logs,
                                   std::move(key)));
  service->AddRoutes();
  net::HttpServer::Options options;
  options.address = config.listen.address;
  options.port = config.listen.port;
  if (!config.listen.tls_certificate.empty()) {
    options.tls.emplace();
    options.tls->certificate_chain_path = config.listen.tls_certificate;
    options.tls->private_key_path = config.listen.tls_key;
  }
  const net::Router* router = &service->router_;
  options.handler = [router](const net::Request& request, net::Responder responder) {
    router->Handle(request, std::move(responder));
  };
  options.body_bytes_max = [router](const net::Request& request) {
    return router->BodyBytesMax(request);
  };
  WB_ASSIGN_OR_RETURN(service->http_, net::HttpServer::Start(std::move(options)));
  return service;
}

Service::~Service() {
  Stop();
}

void Service::Stop() {
  if (http_) http_->Stop(kStopDeadlineMs);
}

void Service::AddRoutes() {
  router_.Add(
      net::Method::kPost, "/add-checkpoint",
      [this](const net::Request& request, const net::PathParams&, net::Responder responder) {
        const int64_t now_us = clock_.Now().us;
        Ledger::Kept answer = ledger_->Answer(
            request.body, now_us < 0 ? 0 : static_cast<uint64_t>(now_us / base::kMicrosPerSecond));
        net::Response response;
        response.status = answer.status;
        response.content_type = std::move(answer.content_type);
        response.body = std::move(answer.body);
        responder(std::move(response));
      },
      {.body_bytes_max = record::kAddCheckpointBytesMax});
  router_.Add(
      net::Method::kGet, "/checkpoint",
      [this](const net::Request& request, const net::PathParams&, net::Responder responder) {
        auto note = ledger_->Last(request.target.Find("origin").value_or(""));
        if (!note) return responder.Refuse(note.error());
        responder(net::TextResponse(200, *std::move(note)));
      },
      {.body_bytes_max = 0});
  router_.Add(net::Method::kGet, "/healthy",
              [](const net::Request&, const net::PathParams&, net::Responder responder) {
                net::Response response;
                response.status = 204;
                responder(std::move(response));
              },
              {.body_bytes_max = 0});
}

}  // namespace wideberth::witness
