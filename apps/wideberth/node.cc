// `node init`, `node run` and `config check`.
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "apps/wideberth/commands.h"
#include "apps/wideberth/development.h"
#include "apps/wideberth/offline.h"
#include "apps/wideberth/show/terminal.h"
#include "base/toml.h"
#include "crypto/key_file.h"
#include "crypto/token_keys.h"
#include "json/writer.h"
#include "service/agreements.h"
#include "service/config.h"

namespace wideberth::cli {
namespace {

using base::Result;
using service::NodeConfig;

constexpr std::string_view kKeyFile = "token-key.pem";
constexpr std::string_view kPublicKeyFile = "token-key.pub.pem";
constexpr std::string_view kConfigTemplate =
    R"(# The configuration of a node, made by `wideberth node init --development`.
# Paths are taken from this file's folder. Check it with `wideberth config check`.

# What the parties agreed on.
rules_file = "{0}rules.toml"
# Heights of the geoid above the ellipsoid; "" for none: heights above the sea then have the Earth's extremes as error.
geoid_file = "/usr/share/proj/egm96_15.gtx"

[store]
directory = "{0}store"
disk_free_min_mib = 256   # MiB; with less the node refuses to store anything new
projection_period_s = 2   # s; 1 to 3600: how often the state is written for a fast restart

[listen]
address = "127.0.0.1"     # plain HTTP is for loopback alone; for others tls_certificate and tls_key
port = 8471               # 0 to 65535; 0 picks a free one
threads = 2               # 1 to 64

[auth]
# This issuer is anyone who can read {1}. Replace all three for any other use.
issuer = "{2}"
audience = "{3}"
key_files = ["{0}{4}"]

[log]
level = "info"            # debug, info, warn, error
form = "auto"             # json, people; auto: people on a terminal
)";

Result<void> MakeFolder(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error)
    return base::Fail(base::ErrorCode::kStorage, path, "must be a folder", error.message());
  return {};
}

// The signing key of the folder: the one that is there, or a new one.
Result<crypto::SecretKey> MakeKey(const std::string& dir) {
  const crypto::SecretKey made = crypto::SecretKey::Generate();
  WB_ASSIGN_OR_RETURN(const bool written,
                      WriteOutput(dir + "/" + std::string(kKeyFile),
                                  base::AsText(made.ToPem().bytes()), true, true));
  WB_ASSIGN_OR_RETURN(crypto::SecretKey key, crypto::ReadKeyCredential(dir, kKeyFile));
  if (written) {
    WB_RETURN_IF_ERROR(WriteOutput(dir + "/" + std::string(kPublicKeyFile),
                                   key.public_key().ToPem(), false, false));
  }
  return key;
}

// `dir` as the configuration has to write it, with a slash at its end; "" for its own folder.
std::string DirFromConfig(const std::string& dir, const std::string& config) {
  namespace fs = std::filesystem;
  const fs::path folder = fs::absolute(fs::path(config)).parent_path().lexically_normal();
  const fs::path target = fs::absolute(fs::path(dir)).lexically_normal();
  std::string relative = target.lexically_relative(folder).string();
  while (relative.ends_with('/')) relative.pop_back();
  return relative == "." ? "" : relative + "/";
}

std::string NameOf(base::LogLevel level) {
  switch (level) {
    case base::LogLevel::kDebug:
      return "debug";
    case base::LogLevel::kInfo:
      return "info";
    case base::LogLevel::kWarn:
      return "warn";
    case base::LogLevel::kError:
      return "error";
  }
  return {};
}

std::string NameOf(base::LogForm form) {
  switch (form) {
    case base::LogForm::kAuto:
      return "auto";
    case base::LogForm::kJsonLines:
      return "json";
    case base::LogForm::kForPeople:
      return "people";
  }
  return {};
}

struct Setting {
  std::string key;
  std::string value;
};

std::vector<Setting> SettingsOf(const NodeConfig& config) {
  const auto or_none = [](const std::string& text) { return text.empty() ? "(none)" : text; };
  std::string key_files;
  for (const std::string& file : config.auth_key_files) {
    key_files.append(key_files.empty() ? "" : ", ").append(file);
  }
  std::string peers;
  if (config.line) {
    for (const service::PeerConfig& peer : config.line->peers) {
      peers.append(peers.empty() ? "" : ", ").append(peer.card_file);
    }
  }
  const service::LineConfig line = config.line.value_or(service::LineConfig());
  return {{"rules_file", or_none(config.rules_file)},
          {"agreement_file", or_none(config.agreement_file)},
          {"party.keys", or_none(line.keys_folder)},
          {"party.passphrase_file", or_none(line.passphrase_file)},
          {"line.listen_address", or_none(line.listen_address)},
          {"line.listen_port", std::to_string(line.listen_port)},
          {"peer", or_none(peers)},
          {"geoid_file", or_none(config.geoid_file)},
          {"store.directory", config.store_directory},
          {"store.disk_free_min_mib", std::to_string(config.disk_free_bytes_min >> 20)},
          {"store.projection_period_s",
           std::to_string(config.projection_period_us / base::kMicrosPerSecond)},
          {"listen.address", config.listen_address},
          {"listen.port", std::to_string(config.listen_port)},
          {"listen.threads", std::to_string(config.listen_threads)},
          {"listen.tls_certificate", or_none(config.tls_certificate)},
          {"listen.tls_key", or_none(config.tls_key)},
          {"auth.issuer", config.auth_issuer},
          {"auth.audience", config.auth_audience},
          {"auth.key_files", or_none(key_files)},
          {"auth.jwks_file", or_none(config.auth_jwks_file)},
          {"log.level", NameOf(config.log.level_min)},
          {"log.form", NameOf(config.log.form)}};
}

std::vector<Setting> SettingsOf(const LoadedRules& rules) {
  std::string parties;
  for (const airspace::PartyEntry& party : rules.content.parties) {
    parties.append(parties.empty() ? "" : ", ").append(party.name);
  }
  std::string classes;
  for (const std::string& name : rules.content.activity_classes) {
    classes.append(classes.empty() ? "" : ", ").append(name);
  }
  std::vector<Setting> settings = {
      {"digest", rules.digest.ToHex()}, {"parties", parties}, {"activity_classes", classes}};
  for (const airspace::SeparationRow& row : rules.content.separations) {
    settings.push_back({fmt::format("{} x {}", ToString(row.a), ToString(row.b)),
                        fmt::format("{:g} m, {:g} m in height, {:g} s",
                                    static_cast<double>(row.separation.lateral_mm) / 1e3,
                                    static_cast<double>(row.separation.vertical_mm) / 1e3,
                                    static_cast<double>(row.separation.time_us) / 1e6)});
  }
  return settings;
}

void PrintSettings(const Session& session, const std::string& path,
                   const std::vector<Setting>& settings) {
  if (session.json) {
    std::string text;
    json::Writer json(&text);
    json.BeginObject();
    json.StringField("file", path);
    json.Key("values");
    json.BeginObject();
    for (const Setting& setting : settings) json.StringField(setting.key, setting.value);
    json.EndObject();
    json.EndObject();
    return Print(text + "\n");
  }
  Table table({{"KEY"}, {"VALUE", Fit::kWrap}});
  for (const Setting& setting : settings) table.AddRow({{setting.key}, {setting.value}});
  PrintTable(table);
  Print(Paint(Style::kGreen, path + ": in order") + "\n");
}

// Everything that a node would refuse to start over, save its store and its port.
Result<void> CheckFilesOf(const NodeConfig& config) {
  if (!config.rules_file.empty()) WB_RETURN_IF_ERROR(LoadRules(config.rules_file));
  // Keys that came after the cards are in the store, which is not looked at here.
  if (const auto agreed = service::ReadAgreements(config); !agreed) {
    if (agreed.error().code != base::ErrorCode::kUnauthorized) return base::Fail(agreed.error());
    std::fputs(("not verified by the cards of the configuration, the node's store decides: " +
                agreed.error().ToString() + "\n")
                   .c_str(),
               stderr);
  }
  WB_RETURN_IF_ERROR(LoadHeights(config.geoid_file));
  const auto check = [](const std::string& path, auto parse) -> Result<void> {
    WB_ASSIGN_OR_RETURN(const std::string text, ReadInput(path));
    const Result<crypto::TokenKeys> keys = parse(text);
    if (!keys) return base::Fail(base::Error(keys.error()).Under(path + ": "));
    return {};
  };
  for (const std::string& file : config.auth_key_files) {
    WB_RETURN_IF_ERROR(
        check(file, [](std::string_view text) { return crypto::TokenKeys::FromPem(text); }));
  }
  if (!config.auth_jwks_file.empty()) {
    WB_RETURN_IF_ERROR(check(config.auth_jwks_file, crypto::TokenKeys::FromJwks));
  }
  return {};
}

}  // namespace

Result<std::vector<std::string>> RulesParties(const std::string& path) {
  WB_ASSIGN_OR_RETURN(const LoadedRules rules, LoadRules(path));
  std::vector<std::string> names;
  for (const airspace::PartyEntry& party : rules.content.parties) names.push_back(party.name);
  if (names.empty()) return base::Invalid(path, "must name a party");
  return names;
}

Result<int> RunNodeInit(const Session& session, const NodeOptions& options) {
  if (!options.development) {
    return base::Invalid("--development",
                         "must be given: keys for anything else are not made by one command");
  }
  const std::string config =
      options.config.empty() ? options.dir + "/wideberthd.toml" : options.config;
  if (access(config.c_str(), F_OK) == 0) {
    return base::Fail(base::ErrorCode::kConflict, config,
                      "must not be there yet: nothing is overwritten");
  }
  WB_RETURN_IF_ERROR(MakeFolder(options.dir + "/tokens"));
  WB_ASSIGN_OR_RETURN(const crypto::SecretKey key, MakeKey(options.dir));
  WB_RETURN_IF_ERROR(WriteOutput(options.dir + "/rules.toml", RulesExample(), false, true));
  WB_ASSIGN_OR_RETURN(const std::vector<std::string> parties,
                      RulesParties(options.dir + "/rules.toml"));
  WB_RETURN_IF_ERROR(WriteDevelopmentTokens(key, options.dir + "/tokens", parties));
  const std::string content =
      fmt::format(kConfigTemplate, DirFromConfig(options.dir, config), kKeyFile, kDevelopmentIssuer,
                  kDevelopmentAudience, kPublicKeyFile);
  // Last: while it is missing, an interrupted run can be done again.
  WB_ASSIGN_OR_RETURN(const bool written, WriteOutput(config, content, false, true));
  if (!written) {
    return base::Fail(base::ErrorCode::kConflict, config,
                      "must not be there yet: nothing is overwritten");
  }
  if (session.json) {
    std::string text;
    json::Writer json(&text);
    json.BeginObject();
    json.StringField("config", config);
    json.StringField("dir", options.dir);
    json.StringField("key_id", key.public_key().KeyId());
    json.EndObject();
    Print(text + "\n");
  } else {
    Print(
        fmt::format("made {} with its rules, a signing key and a token for each party in {}\n"
                    "for development only: whoever can read {}/{} is any party\n",
                    config, options.dir, options.dir, kKeyFile));
  }
  return kExitOk;
}

Result<int> RunNodeRun(const Session&, const NodeOptions& options) {
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  const std::string program = (self.parent_path() / "wideberthd").string();
  std::fflush(stdout);
  const char* const arguments[] = {program.c_str(), "--config", options.config.c_str(), nullptr};
  execv(program.c_str(), const_cast<char* const*>(arguments));
  return base::Fail(base::ErrorCode::kNotFound, program, "must stand beside this program",
                    std::strerror(errno));
}

Result<int> RunConfigCheck(const Session& session, const NodeOptions& options) {
  WB_ASSIGN_OR_RETURN(const std::string text, ReadInput(options.config));
  Result<base::TomlDocument> document = base::TomlDocument::Parse(text, limits::kRulesFileBytesMax);
  if (!document) return base::Fail(std::move(document).error().Under(options.config + ": "));
  // A configuration names its rules; rules name their parties.
  if (document->root().Has("party") && !document->root().Has("rules_file") &&
      !document->root().Has("agreement_file") && !document->root().Has("store")) {
    WB_ASSIGN_OR_RETURN(const LoadedRules rules, LoadRules(options.config));
    PrintSettings(session, options.config, SettingsOf(rules));
    return kExitOk;
  }
  WB_ASSIGN_OR_RETURN(const NodeConfig config, service::LoadNodeConfig(options.config));
  WB_RETURN_IF_ERROR(CheckFilesOf(config));
  PrintSettings(session, options.config, SettingsOf(config));
  return kExitOk;
}

}  // namespace wideberth::cli
