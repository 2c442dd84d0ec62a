// wideberthd: the node.
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "api/node/parts.h"
#include "api/node/server.h"
#include "api/web/console.h"
#include "base/log.h"
#include "base/random.h"
#include "base/result.h"
#include "base/time.h"
#include "base/version.h"
#include "dss/host.h"
#include "net/responder.h"
#include "service/config.h"
#include "store/postgres/connection.h"
#include "store/postgres/pool.h"
#include "store/postgres/schema.h"
#include "store/sqlite/sqlite_store.h"
#include "witness/service.h"

namespace wideberth {
namespace {

using api::node::Parts;
using api::node::Server;
using base::Log;
using base::LogLevel;

// Tells systemd how the service stands (sd_notify's protocol); nothing where nobody listens.
void NotifySystemd(std::string_view state) {
  const char* path = std::getenv("NOTIFY_SOCKET");
  sockaddr_un address{};
  if (path == nullptr || path[0] == '\0' || std::strlen(path) >= sizeof(address.sun_path)) return;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path, std::strlen(path));
  if (path[0] == '@') address.sun_path[0] = '\0';  // in the abstract name space
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return;
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + std::strlen(path));
  if (sendto(fd, state.data(), state.size(), MSG_NOSIGNAL,
             reinterpret_cast<const sockaddr*>(&address), size) < 0) {
    Log(LogLevel::kWarn, "systemd_not_told", {{"errno", errno}});
  }
  close(fd);
}

// Raised by the node itself when its store has failed.
constexpr int kFailureSignal = SIGUSR1;

sigset_t WaitedSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, kFailureSignal}) sigaddset(&signals, signal);
  return signals;
}

base::Result<std::unique_ptr<store::Store>> OpenStore(const std::string& directory, bool restored) {
  WB_ASSIGN_OR_RETURN(auto store, store::sqlite::SqliteStore::Open(directory));
  for (const base::Error& warning : store->warnings()) {
    Log(LogLevel::kWarn, "store_repaired", {{"what", warning.ToString()}});
  }
  if (restored) WB_RETURN_IF_ERROR(store->PutMeta(store::kRestoredFact, "yes"));
  return std::unique_ptr<store::Store>(std::move(store));
}

base::Result<store::postgres::Address> ReadAddress(const service::PoolConfig& config) {
  store::postgres::Address address{config.url, ""};
  if (config.password_file.empty()) return address;
  std::ifstream file(config.password_file);
  if (!std::getline(file, address.password)) {
    return base::Invalid("pool.password_file", "must be a file that can be read",
                         config.password_file);
  }
  return address;
}

base::Result<std::unique_ptr<dss::Host>> OpenPool(const service::NodeConfig& config,
                                                  std::shared_ptr<const record::SignerKey> log_key,
                                                  const base::Clock& clock,
                                                  base::RandomSource& random) {
  store::postgres::PoolOptions options;
  if (log_key != nullptr) {
    options.log.emplace();
    options.log->key = std::move(log_key);
    options.log->shown_file = config.store_directory + "/dss-log-shown";
  }
  WB_ASSIGN_OR_RETURN(options.address, ReadAddress(*config.pool));
  options.locality = config.dss->locality;
  options.public_endpoint = config.dss->public_endpoint;
  options.policy.altitude_in_notifications = config.dss->altitude_in_notifications;
  options.policy.retention_us = config.dss->retention_us;
  options.writers = config.pool->writers;
  options.answer_together = [](const std::function<void()>& give) {
    const net::AnswerBatch batch;
    give();
  };
  WB_ASSIGN_OR_RETURN(auto pool, store::postgres::Pool::Open(std::move(options), clock, random));
  Log(LogLevel::kInfo, "pool_opened",
      {{"dar_id", pool->dar_id()},
       {"locality", pool->locality()},
       {"schema", store::postgres::kSchemaVersion}});
  return std::unique_ptr<dss::Host>(std::move(pool));
}

// Makes the pool's tables, or brings them to `version`.
base::Result<void> MigratePool(const service::NodeConfig& config, int version) {
  if (!config.pool) return base::Invalid("pool.url", "must be given: it says what to migrate");
  base::SystemRandom random;
  WB_ASSIGN_OR_RETURN(const store::postgres::Address address, ReadAddress(*config.pool));
  WB_ASSIGN_OR_RETURN(const auto connection, store::postgres::Connection::Open(address, {}));
  WB_ASSIGN_OR_RETURN(const int found,
                      store::postgres::Migrate(connection.get(), version, &random));
  std::printf("the pool's tables are of version %d (they were of %d)\n", version, found);
  return {};
}

void ReloadKeys(const service::NodeConfig& config, Server* server) {
  auto keys = api::node::ReadTokenKeys(config);
  if (!keys) {
    Log(LogLevel::kError, "keys_not_reloaded", {{"error", keys.error().ToString()}});
    return;
  }
  Log(LogLevel::kInfo, "keys_reloaded", {{"keys", keys->size()}});
  server->tokens().ReplaceKeys(std::move(keys).value());
  if (!config.dss) return;
  auto dss_keys = api::node::ReadDssTokenKeys(*config.dss);
  if (!dss_keys) {
    Log(LogLevel::kError, "keys_not_reloaded", {{"error", dss_keys.error().ToString()}});
    return;
  }
  server->SetDssKeysOfFiles(std::move(dss_keys).value());
}

// Serves until it is told to stop; true unless the store has failed.
bool ServeUntilSignal(const service::NodeConfig& config, const std::atomic<bool>& failed,
                      Server* server) {
  const sigset_t signals = WaitedSignals();
  while (!failed) {
    int signal = 0;
    if (sigwait(&signals, &signal) != 0) continue;
    if (signal == SIGHUP) {
      ReloadKeys(config, server);
    } else if (signal != kFailureSignal) {
      Log(LogLevel::kInfo, "stopping", {{"signal", signal}});
      break;
    }
  }
  NotifySystemd("STOPPING=1");
  server->Stop();
  return !failed;
}

// Where the console is installed beside the program; empty if it is not.
std::string InstalledConsole() {
  std::error_code error;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  const std::filesystem::path folder =
      program.parent_path().parent_path() / "share" / "wideberth" / "console";
  return std::filesystem::is_directory(folder, error) ? folder.string() : "";
}

base::Result<bool> Run(const service::NodeConfig& config, const std::string& console,
                       bool restored) {
  const base::SystemClock clock;
  base::SystemRandom random;
  std::atomic<bool> failed = false;
  WB_ASSIGN_OR_RETURN(Parts parts, api::node::ReadParts(config));
  if (!console.empty()) {
    WB_ASSIGN_OR_RETURN(parts.console, api::web::Console::Read(console));
  }
  WB_ASSIGN_OR_RETURN(parts.store, OpenStore(config.store_directory, restored));
  if (config.pool) {
    WB_ASSIGN_OR_RETURN(parts.dss, OpenPool(config, parts.dss_log_key, clock, random));
  }
  parts.progress = [](std::string_view what, uint64_t done, uint64_t total) {
    Log(LogLevel::kInfo, "opening", {{"step", what}, {"done", done}, {"total", total}});
  };
  parts.on_failure = [&failed](const base::Error& error) {
    Log(LogLevel::kError, "store_failed", {{"error", error.ToString()}});
    failed = true;
    kill(getpid(), kFailureSignal);
  };
  WB_ASSIGN_OR_RETURN(const auto server, Server::Start(config, std::move(parts), clock));
  Log(LogLevel::kInfo, "listening",
      {{"version", base::kVersion},
       {"address", config.listen_address},
       {"port", server->port()},
       {"tls", !config.tls_certificate.empty()}});
  NotifySystemd("READY=1");
  return ServeUntilSignal(config, failed, server.get());
}

// A neutral witness, in place of a node.
base::Result<bool> RunWitness(const witness::WitnessConfig& config) {
  const base::SystemClock clock;
  WB_ASSIGN_OR_RETURN(const auto service, witness::Service::Start(config, clock));
  Log(LogLevel::kInfo, "listening",
      {{"version", base::kVersion},
       {"address", config.listen.address},
       {"port", service->port()},
       {"tls", !config.listen.tls_certificate.empty()},
       {"witness", service->key().Format()},
       {"logs", config.logs.size()}});
  NotifySystemd("READY=1");
  const sigset_t signals = WaitedSignals();
  int signal = SIGHUP;
  while (signal == SIGHUP) {
    if (sigwait(&signals, &signal) != 0) signal = SIGHUP;
  }
  Log(LogLevel::kInfo, "stopping", {{"signal", signal}});
  NotifySystemd("STOPPING=1");
  service->Stop();
  return true;
}

int MainOfWitness(const std::string& path, bool check) {
  const auto complain = [](const base::Error& error) {
    std::fprintf(stderr, "wideberthd: %s\n", error.ToString().c_str());
    return 1;
  };
  const base::Result<witness::WitnessConfig> config = witness::LoadWitnessConfig(path);
  if (!config) return complain(config.error());
  if (check) {
    std::puts("the configuration is fit for use");
    return 0;
  }
  const sigset_t signals = WaitedSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  base::StartLogging({});
  const base::Result<bool> in_order = RunWitness(*config);
  if (!in_order) Log(LogLevel::kError, "not_started", {{"error", in_order.error().ToString()}});
  base::StopLogging();
  return in_order.has_value() ? 0 : 1;
}

int Main(int argc, char** argv) {
  CLI::App app("The Wideberth node: takes declared activity and finds every conflict.");
  std::string path;
  bool check = false;
  app.set_version_flag("--version", "wideberthd " + std::string(base::kVersion));
  auto* config_option = app.add_option("--config", path, "The configuration file (TOML)");
  std::string witness_path;
  app.add_option("--witness", witness_path,
                 "Run a neutral witness with this configuration (TOML), and no node")
      ->excludes(config_option);
  std::string console;
  app.add_option(
      "--console", console,
      "The folder of the built console; ../share/wideberth/console beside the program if "
      "not given and there");
  bool restored = false;
  app.add_flag("--restored", restored,
               "The store was set back by a snapshot of a disk or machine, which the node cannot "
               "see: sign nothing before every peer has said what it holds");
  app.add_flag("--check", check, "Read the configuration and the files it names, then end");
  int migrate = 0;  // that of this release
  auto* migrate_option =
      app.add_option("--migrate", migrate,
                     "Make the tables of the pool's database, or bring them to the version of this "
                     "release or to the one given, then end")
          ->expected(0, 1)
          ->check(CLI::Range(1, store::postgres::kSchemaVersion));
  app.footer(
      "SIGTERM and SIGINT stop the node in order; SIGHUP reads the token keys again.\n"
      "Exit status: 0 stopped in order, 1 could not start or the store failed, 2 wrong usage.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (!witness_path.empty()) return MainOfWitness(witness_path, check);
  if (path.empty()) {
    std::fprintf(stderr, "wideberthd: --config: must be given, or --witness\n");
    return 2;
  }
  const auto complain = [](const base::Error& error) {
    std::fprintf(stderr, "wideberthd: %s\n", error.ToString().c_str());
    return 1;
  };
  const base::Result<service::NodeConfig> config = service::LoadNodeConfig(path);
  if (!config) return complain(config.error());
  if (check) {
    const base::Result<Parts> parts = api::node::ReadParts(*config);
    if (!parts) return complain(parts.error());
    std::puts("the configuration and the files it names are fit for use");
    return 0;
  }
  if (migrate_option->count() > 0) {
    const base::Result<void> migrated =
        MigratePool(*config, migrate == 0 ? store::postgres::kSchemaVersion : migrate);
    return migrated ? 0 : complain(migrated.error());
  }
  // Every thread inherits the mask: signals come to sigwait alone. A client that hangs up is none.
  const sigset_t signals = WaitedSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  base::StartLogging(config->log);
  const base::Result<bool> in_order =
      Run(*config, console.empty() ? InstalledConsole() : console, restored);
  if (!in_order) Log(LogLevel::kError, "not_started", {{"error", in_order.error().ToString()}});
  base::StopLogging();
  return in_order.has_value() && *in_order ? 0 : 1;
}

}  // namespace
}  // namespace wideberth

int main(int argc, char** argv) {
  return wideberth::Main(argc, argv);
}
