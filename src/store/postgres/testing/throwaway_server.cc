#include "store/postgres/testing/throwaway_server.h"

#include <cstdlib>
#include <filesystem>
#include <string>

#include "base/check.h"

namespace wideberth::store::postgres::testing {
namespace {

constexpr const char* kTool = "tools/throwaway-postgres";

bool Run(const std::string& words) {
  return std::system((std::string(kTool) + " " + words + " >/dev/null").c_str()) == 0;
}

}  // namespace

const char* ThrowawayServer::Unavailable() {
  static const bool available = std::filesystem::exists(kTool) && Run("have");
  return available ? nullptr : "PostgreSQL's server is not installed (package postgresql)";
}

ThrowawayServer& ThrowawayServer::Get() {
  static ThrowawayServer server;
  return server;
}

ThrowawayServer::ThrowawayServer() {
  std::string folder = (std::filesystem::temp_directory_path() / "wb-pg-XXXXXX").string();
  CHECK(mkdtemp(folder.data()) != nullptr);
  folder_ = folder;
  Start();
}

ThrowawayServer::~ThrowawayServer() {
  (void)Run("crash " + folder_);
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void ThrowawayServer::Do(const char* command) {
  CHECK(Run(std::string(command) + " " + folder_));
}

void ThrowawayServer::Crash() {
  Do("crash");
}

void ThrowawayServer::Start() {
  Do("start");
}

Address ThrowawayServer::NewDatabase() {
  const std::string name = "test" + std::to_string(++databases_);
  const Address first{"postgresql://wideberth@/wideberth?host=" + folder_, ""};
  const auto connection = Connection::Open(first, {});
  CHECK(connection.has_value());
  CHECK((*connection)->RunScript("CREATE DATABASE " + name).has_value());
  return {"postgresql://wideberth@/" + name + "?host=" + folder_, ""};
}

}  // namespace wideberth::store::postgres::testing
