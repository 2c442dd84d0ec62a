#include "net/mutual_tls.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>

#include "base/check.h"

namespace wideberth::net {
namespace {

// A certificate of an Ed25519 key takes 300 bytes.
constexpr long kCertificateBytesMax = 8 * 1024;

template <auto kFree>
struct Freer {
  template <class T>
  void operator()(T* p) const {
    kFree(p);
  }
};
using BioPtr = std::unique_ptr<BIO, Freer<BIO_free>>;
using PkeyPtr = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using X509Ptr = std::unique_ptr<X509, Freer<X509_free>>;

// Where a session keeps its judge. Asio takes the place that OpenSSL calls application data.
int JudgeIndex() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

int VerifyPeer(X509_STORE_CTX* store, void*) {
  const auto* session =
      static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto* judge = static_cast<PeerJudge*>(SSL_get_ex_data(session, JudgeIndex()));
  X509* certificate = X509_STORE_CTX_get0_cert(store);
  unsigned char* der = nullptr;
  const int bytes = certificate == nullptr ? -1 : i2d_X509(certificate, &der);
  const bool accepted =
      bytes > 0 && judge != nullptr && judge->Judge({der, static_cast<size_t>(bytes)});
  OPENSSL_free(der);
  X509_STORE_CTX_set_error(store, accepted ? X509_V_OK : X509_V_ERR_CERT_REJECTED);
  return accepted ? 1 : 0;
}

// A key with a passphrase is refused; otherwise OpenSSL would ask for it on the terminal.
int NoPassphrase(char*, int, int, void*) {
  return -1;
}

base::Unexpected Refuse(std::string_view rule) {
  const unsigned long code = ERR_peek_last_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  ERR_clear_error();
  return base::Invalid("tls", rule, reason == nullptr ? "no reason given" : reason);
}

base::Result<void> UseKeyPair(SSL_CTX* context, std::string_view certificate,
                              std::string_view key) {
  const BioPtr certificate_bio(
      BIO_new_mem_buf(certificate.data(), static_cast<int>(certificate.size())));
  const BioPtr key_bio(BIO_new_mem_buf(key.data(), static_cast<int>(key.size())));
  CHECK_MSG(certificate_bio != nullptr && key_bio != nullptr, "OpenSSL is out of memory");
  const X509Ptr x509(PEM_read_bio_X509(certificate_bio.get(), nullptr, NoPassphrase, nullptr));
  if (!x509 || SSL_CTX_use_certificate(context, x509.get()) != 1) {
    return Refuse("the certificate must be PEM that TLS can use");
  }
  const PkeyPtr pkey(PEM_read_bio_PrivateKey(key_bio.get(), nullptr, NoPassphrase, nullptr));
  if (!pkey || SSL_CTX_use_PrivateKey(context, pkey.get()) != 1) {
    return Refuse("the private key must be PEM and fit the certificate");
  }
  return {};
}

}  // namespace

base::Result<void> ConfigureMutualTls(ssl_ctx_st* context, std::string_view certificate_pem,
                                      std::string_view private_key_pem) {
  const bool configured = SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) == 1 &&
                          SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) == 1 &&
                          SSL_CTX_set1_sigalgs_list(context, "ed25519") == 1 &&
                          SSL_CTX_set_num_tickets(context, 0) == 1;
  if (!configured) return Refuse("TLS 1.3 with Ed25519 must be available");
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_max_cert_list(context, kCertificateBytesMax);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  SSL_CTX_set_cert_verify_callback(context, VerifyPeer, nullptr);
  return UseKeyPair(context, certificate_pem, private_key_pem);
}

base::Result<TlsIdentities::Made> TlsIdentities::Make(
    std::span<const WebSocketLoop::Identity> identities) const {
  CHECK(!identities.empty());
  Made made;
  for (const WebSocketLoop::Identity& identity : identities) {
    TlsContext context(SSL_CTX_new(TLS_method()), SSL_CTX_free);
    CHECK_MSG(context != nullptr, "OpenSSL is out of memory");
    WB_RETURN_IF_ERROR(
        ConfigureMutualTls(context.get(), identity.certificate_pem, identity.private_key_pem));
    SSL_CTX_set_tlsext_servername_callback(context.get(), Choose);
    SSL_CTX_set_tlsext_servername_arg(context.get(), const_cast<TlsIdentities*>(this));
    made.emplace_back(identity.name, std::move(context));
  }
  return made;
}

int TlsIdentities::Choose(SSL* session, int*, void* self) {
  const char* name = SSL_get_servername(session, TLSEXT_NAMETYPE_host_name);
  SSL_CTX* asked = name == nullptr ? nullptr : static_cast<TlsIdentities*>(self)->Find(name);
  if (asked != nullptr) SSL_set_SSL_CTX(session, asked);
  // A name is a wish, not a condition; the peer judges by the key that it sees.
  return SSL_TLSEXT_ERR_NOACK;
}

SSL_CTX* TlsIdentities::Find(std::string_view name) const {
  for (const auto& [known, context] : all_) {
    if (known == name) return context.get();
  }
  return nullptr;
}

SSL_CTX* TlsIdentities::Share(std::string_view name) const {
  SSL_CTX* found = Find(name);
  if (found == nullptr) found = all_.front().second.get();
  SSL_CTX_up_ref(found);
  return found;
}

void AskFor(ssl_st* session, const std::string& name) {
  CHECK_MSG(SSL_set_tlsext_host_name(session, name.c_str()) == 1, "the name is short");
}

void LetJudge(ssl_st* session, PeerJudge* judge) {
  CHECK_MSG(SSL_set_ex_data(session, JudgeIndex(), judge) == 1, "OpenSSL is out of memory");
}

std::string WordsOfTls(unsigned long error) {
  const int alert = ERR_GET_REASON(error) - SSL_AD_REASON_OFFSET;
  if (alert == SSL_AD_BAD_CERTIFICATE) return "the peer refused our certificate";
  const char* reason = ERR_reason_error_string(error);
  return std::string("TLS: ") + (reason == nullptr ? "no reason given" : reason);
}

}  // namespace wideberth::net
