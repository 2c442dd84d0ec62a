#include "service/config.h"

#include <filesystem>

#include "agreement/in_force.h"
#include "base/config_parts.h"
#include "base/limits.h"
#include "base/toml.h"
#include "record/signed_note.h"

namespace wideberth::service {
namespace {

using base::PathFrom;
using base::Result;
using base::TomlTable;

constexpr size_t kPathBytesMax = base::kConfigPathBytesMax;
constexpr size_t kNameBytesMax = 256;
constexpr size_t kKeyFilesMax = 64;
constexpr size_t kWitnessesMax = 8;
constexpr int64_t kMib = 1024 * 1024;

Result<void> ReadStore(TomlTable table, const std::filesystem::path& folder, NodeConfig* config) {
  WB_ASSIGN_OR_RETURN(const std::string directory,
                      table.RequiredString("directory", kPathBytesMax));
  config->store_directory = PathFrom(folder, directory);
  WB_ASSIGN_OR_RETURN(const int64_t free_mib, table.Int64("disk_free_min_mib", 256, 1, 1 << 20));
  config->disk_free_bytes_min = free_mib * kMib;
  WB_ASSIGN_OR_RETURN(const int64_t period_s, table.Int64("projection_period_s", 2, 1, 3600));
  config->projection_period_us = period_s * base::kMicrosPerSecond;
  return {};
}

Result<void> ReadListen(TomlTable table, const std::filesystem::path& folder, NodeConfig* config) {
  WB_ASSIGN_OR_RETURN(base::ListenConfig listen, base::ReadListen(&table, folder, 8471));
  config->listen_address = std::move(listen.address);
  config->listen_port = listen.port;
  config->tls_certificate = std::move(listen.tls_certificate);
  config->tls_key = std::move(listen.tls_key);
  WB_ASSIGN_OR_RETURN(const int64_t threads, table.Int64("threads", 2, 1, 64));
  config->listen_threads = static_cast<int>(threads);
  return {};
}

Result<void> ReadAuth(TomlTable table, const std::filesystem::path& folder, NodeConfig* config) {
  WB_ASSIGN_OR_RETURN(config->auth_issuer, table.RequiredString("issuer", kNameBytesMax));
  WB_ASSIGN_OR_RETURN(config->auth_audience, table.RequiredString("audience", kNameBytesMax));
  WB_ASSIGN_OR_RETURN(std::vector<std::string> files,
                      table.Strings("key_files", kKeyFilesMax, kPathBytesMax));
  for (const std::string& file : files) config->auth_key_files.push_back(PathFrom(folder, file));
  WB_ASSIGN_OR_RETURN(const std::string jwks, table.String("jwks_file", "", kPathBytesMax));
  config->auth_jwks_file = PathFrom(folder, jwks);
  if (config->auth_key_files.empty() && config->auth_jwks_file.empty()) {
    return table.Refuse("key_files", "must name a key, or jwks_file must be given");
  }
  return {};
}

Result<std::optional<DssLogConfig>> ReadDssLog(TomlTable table,
                                               const std::filesystem::path& folder) {
  DssLogConfig log;
  WB_ASSIGN_OR_RETURN(const std::string file, table.String("key_file", "", kPathBytesMax));
  log.key_file = PathFrom(folder, file);
  WB_ASSIGN_OR_RETURN(log.origin, table.String("origin", "", record::kKeyNameBytesMax));
  WB_ASSIGN_OR_RETURN(log.is_public, table.Bool("public", false));
  WB_RETURN_IF_ERROR(table.ExpectNoOtherKeys());
  if (file.empty() && !log.origin.empty()) {
    return table.Refuse("key_file", "must be given with origin: who signs the log");
  }
  if (file.empty()) return std::optional<DssLogConfig>();
  if (const auto name = record::CheckKeyName(log.origin); !name) {
    return table.Refuse("origin", "must name the log: " + name.error().rule);
  }
  return std::optional(std::move(log));
}

Result<std::optional<DssConfig>> ReadDss(TomlTable table, const std::filesystem::path& folder) {
  constexpr size_t kNamesMax = 16;
  DssConfig dss;
  WB_ASSIGN_OR_RETURN(const bool enabled, table.Bool("enabled", false));
  WB_ASSIGN_OR_RETURN(dss.issuers, table.Strings("issuers", kNamesMax, kNameBytesMax));
  WB_ASSIGN_OR_RETURN(dss.audiences, table.Strings("audiences", kNamesMax, kNameBytesMax));
  WB_ASSIGN_OR_RETURN(const std::vector<std::string> files,
                      table.Strings("key_files", kKeyFilesMax, kPathBytesMax));
  for (const std::string& file : files) dss.key_files.push_back(PathFrom(folder, file));
  WB_ASSIGN_OR_RETURN(const std::string jwks, table.String("jwks_file", "", kPathBytesMax));
  dss.jwks_file = PathFrom(folder, jwks);
  WB_ASSIGN_OR_RETURN(dss.jwks_url, table.String("jwks_url", "", 2'048));
  WB_ASSIGN_OR_RETURN(const std::string ca, table.String("jwks_ca_file", "", kPathBytesMax));
  dss.jwks_ca_file = PathFrom(folder, ca);
  WB_ASSIGN_OR_RETURN(dss.locality, table.String("locality", "wideberth", kNameBytesMax));
  WB_ASSIGN_OR_RETURN(dss.public_endpoint, table.String("public_endpoint", "", 2'048));
  WB_ASSIGN_OR_RETURN(dss.dar_id, table.String("dar_id", "wideberth", kNameBytesMax));
  WB_ASSIGN_OR_RETURN(dss.http_base_urls, table.Bool("http_base_urls", false));
  WB_ASSIGN_OR_RETURN(dss.exact_circles, table.Bool("exact_circles", false));
  WB_ASSIGN_OR_RETURN(dss.altitude_in_notifications,
                      table.Bool("altitude_in_notifications", false));
  WB_ASSIGN_OR_RETURN(dss.time_based_notification_index,
                      table.Bool("time_based_notification_index", false));
  WB_ASSIGN_OR_RETURN(const int64_t retention_h, table.Int64("retention_h", 2'688, 1, 87'600));
  dss.retention_us = retention_h * base::kMicrosPerHour;
  WB_ASSIGN_OR_RETURN(TomlTable log, table.Table("log"));
  WB_ASSIGN_OR_RETURN(dss.log, ReadDssLog(log, folder));
  WB_RETURN_IF_ERROR(table.ExpectNoOtherKeys());
  if (!enabled) return std::optional<DssConfig>();
  if (dss.issuers.empty()) return table.Refuse("issuers", "must name one at least");
  if (dss.audiences.empty()) return table.Refuse("audiences", "must name one at least");
  if (dss.key_files.empty() && dss.jwks_file.empty() && dss.jwks_url.empty()) {
    return table.Refuse("key_files", "must name a key, or jwks_file or jwks_url must be given");
  }
  return std::optional(std::move(dss));
}

Result<std::optional<PoolConfig>> ReadPool(TomlTable table, const std::filesystem::path& folder) {
  PoolConfig pool;
  WB_ASSIGN_OR_RETURN(pool.url, table.String("url", "", kPathBytesMax));
  WB_ASSIGN_OR_RETURN(const std::string password, table.String("password_file", "", kPathBytesMax));
  pool.password_file = PathFrom(folder, password);
  WB_ASSIGN_OR_RETURN(const int64_t writers, table.Int64("writers", 4, 1, 32));
  pool.writers = static_cast<int>(writers);
  WB_RETURN_IF_ERROR(table.ExpectNoOtherKeys());
  if (pool.url.empty()) return std::optional<PoolConfig>();
  return std::optional(std::move(pool));
}

Result<void> ReadLog(TomlTable table, NodeConfig* config) {
  WB_ASSIGN_OR_RETURN(const std::string level, table.String("level", "info", 16));
  if (level == "debug") {
    config->log.level_min = base::LogLevel::kDebug;
  } else if (level == "info") {
    config->log.level_min = base::LogLevel::kInfo;
  } else if (level == "warn") {
    config->log.level_min = base::LogLevel::kWarn;
  } else if (level == "error") {
    config->log.level_min = base::LogLevel::kError;
  } else {
    return table.Refuse("level", "must be debug, info, warn or error");
  }
  WB_ASSIGN_OR_RETURN(const std::string form, table.String("form", "auto", 16));
  if (form == "auto") {
    config->log.form = base::LogForm::kAuto;
  } else if (form == "json") {
    config->log.form = base::LogForm::kJsonLines;
  } else if (form == "people") {
    config->log.form = base::LogForm::kForPeople;
  } else {
    return table.Refuse("form", "must be auto, json or people");
  }
  return {};
}

Result<PeerConfig> ReadPeer(TomlTable table, const std::filesystem::path& folder) {
  PeerConfig peer;
  WB_ASSIGN_OR_RETURN(const std::string card, table.RequiredString("card", kPathBytesMax));
  peer.card_file = PathFrom(folder, card);
  WB_ASSIGN_OR_RETURN(std::vector<TomlTable> paths, table.Tables("path", limits::kLinePathsMax));
  for (TomlTable& each : paths) {
    PathOfPeer path;
    WB_ASSIGN_OR_RETURN(path.name, each.RequiredString("name", limits::kLinkPathNameBytesMax));
    WB_ASSIGN_OR_RETURN(path.connect, each.String("connect", "", kNameBytesMax));
    peer.paths.push_back(std::move(path));
  }
  if (peer.paths.empty()) return table.Refuse("path", "must be given at least once");
  WB_ASSIGN_OR_RETURN(const std::vector<std::string> files,
                      table.Strings("agreements", agreement::kAgreementsOfLineMax, kPathBytesMax));
  for (const std::string& file : files) peer.agreement_files.push_back(PathFrom(folder, file));
  WB_ASSIGN_OR_RETURN(std::vector<TomlTable> witnesses, table.Tables("witness", kWitnessesMax));
  for (TomlTable& each : witnesses) {
    WitnessOfPeer witness;
    WB_ASSIGN_OR_RETURN(witness.vkey, each.RequiredString("vkey", 1'024));
    WB_ASSIGN_OR_RETURN(witness.url, each.RequiredString("url", 2'048));
    peer.witnesses.push_back(std::move(witness));
  }
  return peer;
}

Result<std::optional<LineConfig>> ReadLine(TomlTable* root, const std::filesystem::path& folder) {
  WB_ASSIGN_OR_RETURN(TomlTable party, root->Table("party"));
  WB_ASSIGN_OR_RETURN(TomlTable table, root->Table("line"));
  WB_ASSIGN_OR_RETURN(std::vector<TomlTable> peers, root->Tables("peer", limits::kLinkPeersMax));
  LineConfig line;
  WB_ASSIGN_OR_RETURN(const std::string keys, party.String("keys", "", kPathBytesMax));
  WB_ASSIGN_OR_RETURN(const std::string passphrase,
                      party.String("passphrase_file", "", kPathBytesMax));
  line.keys_folder = PathFrom(folder, keys);
  line.passphrase_file = PathFrom(folder, passphrase);
  WB_ASSIGN_OR_RETURN(line.listen_address, table.String("listen_address", "", 64));
  WB_ASSIGN_OR_RETURN(const int64_t port, table.Int64("listen_port", 8472, 0, 65'535));
  line.listen_port = static_cast<uint16_t>(port);
  for (TomlTable& each : peers) {
    WB_ASSIGN_OR_RETURN(PeerConfig peer, ReadPeer(each, folder));
    line.peers.push_back(std::move(peer));
  }
  if (!keys.empty()) return std::optional(std::move(line));
  if (!peers.empty() || !line.listen_address.empty()) {
    return party.Refuse("keys", "must name the party's keys where there are lines");
  }
  return std::optional<LineConfig>();
}

Result<NodeConfig> Read(TomlTable root, const std::filesystem::path& folder) {
  NodeConfig config;
  WB_ASSIGN_OR_RETURN(const std::string agreement,
                      root.String("agreement_file", "", kPathBytesMax));
  config.agreement_file = PathFrom(folder, agreement);
  WB_ASSIGN_OR_RETURN(const std::string rules, root.String("rules_file", "", kPathBytesMax));
  config.rules_file = PathFrom(folder, rules);
  WB_ASSIGN_OR_RETURN(config.line, ReadLine(&root, folder));
  bool any_agreement = !agreement.empty();
  if (config.line) {
    for (const PeerConfig& peer : config.line->peers) {
      any_agreement = any_agreement || !peer.agreement_files.empty();
    }
  } else if (rules.empty()) {
    return root.Refuse("rules_file",
                       "must be given, unless party.keys makes this one side of lines");
  }
  if (!rules.empty() && any_agreement) {
    return root.Refuse("rules_file", "must not be given beside agreements: they hold the rules");
  }
  WB_ASSIGN_OR_RETURN(const std::string geoid,
                      root.String("geoid_file", "/usr/share/proj/egm96_15.gtx", kPathBytesMax));
  config.geoid_file = PathFrom(folder, geoid);
  WB_ASSIGN_OR_RETURN(TomlTable store, root.RequiredTable("store"));
  WB_RETURN_IF_ERROR(ReadStore(store, folder, &config));
  WB_ASSIGN_OR_RETURN(TomlTable listen, root.Table("listen"));
  WB_RETURN_IF_ERROR(ReadListen(listen, folder, &config));
  WB_ASSIGN_OR_RETURN(TomlTable auth, root.RequiredTable("auth"));
  WB_RETURN_IF_ERROR(ReadAuth(auth, folder, &config));
  WB_ASSIGN_OR_RETURN(TomlTable dss, root.Table("dss"));
  WB_ASSIGN_OR_RETURN(config.dss, ReadDss(dss, folder));
  WB_ASSIGN_OR_RETURN(TomlTable pool, root.Table("pool"));
  WB_ASSIGN_OR_RETURN(config.pool, ReadPool(pool, folder));
  if (config.pool && !config.dss) {
    return pool.Refuse("url", "must not be given without dss.enabled: a pool shares the DSS");
  }
  WB_ASSIGN_OR_RETURN(TomlTable log, root.Table("log"));
  WB_RETURN_IF_ERROR(ReadLog(log, &config));
  WB_RETURN_IF_ERROR(root.ExpectNoOtherKeys());
  return config;
}

}  // namespace

Result<NodeConfig> LoadNodeConfig(const std::string& path) {
  WB_ASSIGN_OR_RETURN(const base::TomlDocument file, base::TomlDocument::Load(path));
  Result<NodeConfig> config = Read(file.root(), std::filesystem::path(path).parent_path());
  if (!config) return base::Fail(std::move(config).error().Under(path + ": "));
  return config;
}

}  // namespace wideberth::service
