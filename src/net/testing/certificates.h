// Throw-away P-256 keys and certificates for tests, written as PEM files.
#ifndef WIDEBERTH_NET_TESTING_CERTIFICATES_H_
#define WIDEBERTH_NET_TESTING_CERTIFICATES_H_

#include <filesystem>
#include <memory>
#include <string>

namespace wideberth::net::testing {

struct CertificateFiles {
  std::string certificate_path;
  std::string private_key_path;
  std::string sha256;  // of the DER form, hex
};

// A certificate authority in a directory of its own, which goes with it.
class CertificateAuthority {
 public:
  CertificateAuthority();
  ~CertificateAuthority();
  CertificateAuthority(const CertificateAuthority&) = delete;
  CertificateAuthority& operator=(const CertificateAuthority&) = delete;

  std::string ca_path() const;
  // `alternative_names`: "DNS:localhost,IP:127.0.0.1".
  CertificateFiles Issue(const std::string& common_name, const std::string& alternative_names);

 private:
  struct Impl;
  std::filesystem::path directory_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wideberth::net::testing

#endif  // WIDEBERTH_NET_TESTING_CERTIFICATES_H_
