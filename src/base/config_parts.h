// What the configurations of programs have in common.
#ifndef WIDEBERTH_BASE_CONFIG_PARTS_H_
#define WIDEBERTH_BASE_CONFIG_PARTS_H_

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

#include "base/result.h"
#include "base/toml.h"

namespace wideberth::base {

inline constexpr size_t kConfigPathBytesMax = 4096;

// A path as a file in `folder` means it; empty stays empty.
std::string PathFrom(const std::filesystem::path& folder, const std::string& path);

// Where HTTP is served.
struct ListenConfig {
  std::string address;
  uint16_t port = 0;
  std::string tls_certificate;  // empty: plain HTTP
  std::string tls_key;
};
// Takes address, port, tls_certificate and tls_key, and leaves other keys alone. Refuses a certificate without its key,
// and plain HTTP on an address that is not loopback.
Result<ListenConfig> ReadListen(TomlTable* table, const std::filesystem::path& folder,
                                uint16_t port_otherwise);

}  // namespace wideberth::base

#endif  // WIDEBERTH_BASE_CONFIG_PARTS_H_
