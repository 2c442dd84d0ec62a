#include "base/config_parts.h"

#include <gtest/gtest.h>

#include <string>

namespace wideberth::base {
namespace {

Result<ListenConfig> Read(const std::string& text) {
  WB_ASSIGN_OR_RETURN(const TomlDocument document, TomlDocument::Parse(text));
  TomlTable root = document.root();
  return ReadListen(&root, "/etc/wideberth", 8471);
}

TEST(ConfigPartsTest, PathsAreMeantFromTheFileThatNamesThem) {
  EXPECT_EQ(PathFrom("/etc/wideberth", "a/../b.pem"), "/etc/wideberth/b.pem");
  EXPECT_EQ(PathFrom("/etc/wideberth", "/b.pem"), "/b.pem");
  EXPECT_EQ(PathFrom("/etc/wideberth", ""), "");
}

TEST(ConfigPartsTest, PlainHttpIsForLoopbackOnly) {
  const ListenConfig plain = Read("").value();
  EXPECT_EQ(plain.address, "127.0.0.1");
  EXPECT_EQ(plain.port, 8471);
  EXPECT_TRUE(Read("address = '::1'\nport = 0").has_value());
  for (const std::string address : {"0.0.0.0", "192.0.2.7", "localhost", "::"}) {
    const auto refused = Read("address = '" + address + "'");
    ASSERT_FALSE(refused.has_value()) << address;
    EXPECT_EQ(refused.error().field, "address");
  }
  const ListenConfig tls =
      Read("address = '0.0.0.0'\ntls_certificate = 'a.pem'\ntls_key = '/b.pem'").value();
  EXPECT_EQ(tls.tls_certificate, "/etc/wideberth/a.pem");
  EXPECT_EQ(tls.tls_key, "/b.pem");
  EXPECT_EQ(Read("tls_certificate = 'a.pem'").error().field, "tls_certificate");
  EXPECT_EQ(Read("tls_key = 'a.pem'").error().field, "tls_key");
  EXPECT_EQ(Read("port = 65536").error().field, "port");
}

}  // namespace
}  // namespace wideberth::base
