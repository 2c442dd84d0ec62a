#include "net/testing/certificates.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include <array>
#include <cstdio>

#include "base/bytes.h"
#include "base/check.h"

namespace wideberth::net::testing {
namespace {

void AddExtension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  CHECK(extension != nullptr);
  CHECK(X509_add_ext(certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

X509* NewCertificate(EVP_PKEY* key, const std::string& common_name, long serial) {
  X509* certificate = X509_new();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 86'400);
  X509_set_pubkey(certificate, key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1,
                             0);
  return certificate;
}

void WritePem(const std::string& path, X509* certificate, EVP_PKEY* key) {
  std::FILE* file = std::fopen(path.c_str(), "w");
  CHECK(file != nullptr);
  if (certificate != nullptr) CHECK(PEM_write_X509(file, certificate) == 1);
  if (key != nullptr) {
    CHECK(PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
  }
  std::fclose(file);
}

}  // namespace

struct CertificateAuthority::Impl {
  EVP_PKEY* key = nullptr;
  X509* certificate = nullptr;
  long issued = 1;
};

CertificateAuthority::CertificateAuthority() : impl_(std::make_unique<Impl>()) {
  std::string pattern = (std::filesystem::temp_directory_path() / "wideberth_ca_XXXXXX").string();
  CHECK(mkdtemp(pattern.data()) != nullptr);
  directory_ = pattern;
  impl_->key = EVP_EC_gen("P-256");
  CHECK(impl_->key != nullptr);
  impl_->certificate = NewCertificate(impl_->key, "Test Authority", impl_->issued);
  X509_set_issuer_name(impl_->certificate, X509_get_subject_name(impl_->certificate));
  AddExtension(impl_->certificate, impl_->certificate, NID_basic_constraints, "critical,CA:TRUE");
  CHECK(X509_sign(impl_->certificate, impl_->key, EVP_sha256()) > 0);
  WritePem(ca_path(), impl_->certificate, nullptr);
}

CertificateAuthority::~CertificateAuthority() {
  X509_free(impl_->certificate);
  EVP_PKEY_free(impl_->key);
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

std::string CertificateAuthority::ca_path() const {
  return (directory_ / "ca.pem").string();
}

CertificateFiles CertificateAuthority::Issue(const std::string& common_name,
                                             const std::string& alternative_names) {
  const std::string stem = std::to_string(++impl_->issued);
  CertificateFiles files;
  files.certificate_path = (directory_ / (stem + ".crt")).string();
  files.private_key_path = (directory_ / (stem + ".key")).string();
  EVP_PKEY* key = EVP_EC_gen("P-256");
  CHECK(key != nullptr);
  X509* certificate = NewCertificate(key, common_name, impl_->issued);
  X509_set_issuer_name(certificate, X509_get_subject_name(impl_->certificate));
  if (!alternative_names.empty()) {
    AddExtension(certificate, impl_->certificate, NID_subject_alt_name, alternative_names);
  }
  CHECK(X509_sign(certificate, impl_->key, EVP_sha256()) > 0);
  WritePem(files.certificate_path, certificate, nullptr);
  WritePem(files.private_key_path, nullptr, key);
  std::array<unsigned char, 32> digest{};
  unsigned int bytes = 0;
  CHECK(X509_digest(certificate, EVP_sha256(), digest.data(), &bytes) == 1);
  files.sha256 = base::HexEncode(digest);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return files;
}

}  // namespace wideberth::net::testing
