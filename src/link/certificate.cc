#include "link/certificate.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <array>
#include <memory>

#include "base/check.h"

namespace wideberth::link {
namespace {

template <auto kFree>
struct FreeWith {
  template <class T>
  void operator()(T* p) const {
    kFree(p);
  }
};
using BioPtr = std::unique_ptr<BIO, FreeWith<BIO_free>>;
using PkeyPtr = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;
using X509Ptr = std::unique_ptr<X509, FreeWith<X509_free>>;

}  // namespace

std::string MakeCertificate(const crypto::SecretKey& key) {
  const crypto::SecretBytes seed = key.Seed();
  const PkeyPtr pkey(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.bytes().data(),
                                                  seed.bytes().size()));
  const X509Ptr certificate(X509_new());
  const BioPtr bio(BIO_new(BIO_s_mem()));
  CHECK_MSG(pkey != nullptr && certificate != nullptr && bio != nullptr,
            "OpenSSL is out of memory");
  X509* x509 = certificate.get();
  // RFC 5280, 4.1.2.5: no well-defined expiration date. The key is pinned, and the certificate lives as long as the
  // process.
  const bool made = X509_set_version(x509, X509_VERSION_3) == 1 &&
                    ASN1_INTEGER_set(X509_get_serialNumber(x509), 1) == 1 &&
                    ASN1_TIME_set_string(X509_getm_notBefore(x509), "20000101000000Z") == 1 &&
                    ASN1_TIME_set_string(X509_getm_notAfter(x509), "99991231235959Z") == 1 &&
                    X509_set_pubkey(x509, pkey.get()) == 1 &&
                    X509_sign(x509, pkey.get(), nullptr) > 0 &&
                    PEM_write_bio_X509(bio.get(), x509) == 1;
  CHECK_MSG(made, "a certificate of an Ed25519 key can always be made");
  char* data = nullptr;
  const long bytes = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<size_t>(bytes)};
}

base::Result<crypto::PublicKey> KeyOfCertificate(base::ByteView der) {
  const unsigned char* at = der.data();
  const X509Ptr certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  ERR_clear_error();
  if (certificate == nullptr || at != der.data() + der.size()) {
    return base::Invalid("certificate", "must be one X.509 certificate");
  }
  EVP_PKEY* pkey = X509_get0_pubkey(certificate.get());
  std::array<uint8_t, crypto::kEd25519KeyBytes> raw{};
  size_t raw_bytes = raw.size();
  const bool is_ed25519 = pkey != nullptr && EVP_PKEY_get_id(pkey) == EVP_PKEY_ED25519 &&
                          EVP_PKEY_get_raw_public_key(pkey, raw.data(), &raw_bytes) == 1 &&
                          raw_bytes == raw.size();
  ERR_clear_error();
  if (!is_ed25519) return base::Invalid("certificate", "must hold an Ed25519 key");
  auto key = crypto::PublicKey::FromBytes(raw);
  if (!key) return base::Fail(std::move(key).error().Under("certificate"));
  const bool is_self_signed = X509_verify(certificate.get(), pkey) == 1;
  ERR_clear_error();
  if (!is_self_signed) return base::Invalid("certificate", "must be signed by its own key");
  return key;
}

}  // namespace wideberth::link
