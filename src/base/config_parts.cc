#include "base/config_parts.h"

namespace wideberth::base {
namespace {

bool IsLoopback(const std::string& address) {
  return address == "::1" || address.starts_with("127.");
}

}  // namespace

std::string PathFrom(const std::filesystem::path& folder, const std::string& path) {
  return path.empty() ? path : (folder / path).lexically_normal().string();
}

Result<ListenConfig> ReadListen(TomlTable* table, const std::filesystem::path& folder,
                                uint16_t port_otherwise) {
  ListenConfig config;
  WB_ASSIGN_OR_RETURN(config.address, table->String("address", "127.0.0.1", 64));
  WB_ASSIGN_OR_RETURN(const int64_t port, table->Int64("port", port_otherwise, 0, 65'535));
  config.port = static_cast<uint16_t>(port);
  WB_ASSIGN_OR_RETURN(const std::string certificate,
                      table->String("tls_certificate", "", kConfigPathBytesMax));
  WB_ASSIGN_OR_RETURN(const std::string key, table->String("tls_key", "", kConfigPathBytesMax));
  if (certificate.empty() != key.empty()) {
    return table->Refuse(certificate.empty() ? "tls_key" : "tls_certificate",
                         "must come with both a certificate and a key");
  }
  if (certificate.empty() && !IsLoopback(config.address)) {
    return table->Refuse("address", "must be a loopback address unless TLS is configured");
  }
  config.tls_certificate = PathFrom(folder, certificate);
  config.tls_key = PathFrom(folder, key);
  return config;
}

}  // namespace wideberth::base
