#include "net/tls.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/bytes.h"
#include "base/check.h"

namespace wideberth::net {
namespace {

template <auto kFree>
struct Freer {
  template <class T>
  void operator()(T* p) const {
    kFree(p);
  }
};
using CtxPtr = std::unique_ptr<SSL_CTX, Freer<SSL_CTX_free>>;
using SslPtr = std::unique_ptr<SSL, Freer<SSL_free>>;
using X509Ptr = std::unique_ptr<X509, Freer<X509_free>>;
using BioPtr = std::unique_ptr<BIO, Freer<BIO_free>>;

// The last word of OpenSSL on this thread; empties its queue.
std::string OpenSslReason() {
  const unsigned long code = ERR_peek_last_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  std::string text = reason == nullptr ? "no reason given" : reason;
  ERR_clear_error();
  return text;
}

constexpr std::array<unsigned char, 9> kAlpn = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

int SelectAlpn(SSL*, const unsigned char** out, unsigned char* out_bytes, const unsigned char* in,
               unsigned int in_bytes, void*) {
  unsigned char* selected = nullptr;
  if (SSL_select_next_proto(&selected, out_bytes, kAlpn.data(), kAlpn.size(), in, in_bytes) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *out = selected;
  return SSL_TLSEXT_ERR_OK;
}

base::Result<CtxPtr> NewContext(const SSL_METHOD* method) {
  CtxPtr ctx(SSL_CTX_new(method));
  if (!ctx) return base::Fail(base::ErrorCode::kInternal, "tls", "must start", OpenSslReason());
  SSL_CTX_set_min_proto_version(ctx.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(
      ctx.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  // Idle connections give their 34 kB of record buffers back.
  SSL_CTX_set_mode(ctx.get(), SSL_MODE_RELEASE_BUFFERS);
  CHECK(SSL_CTX_set_cipher_list(ctx.get(), "ECDHE+AESGCM:ECDHE+CHACHA20") == 1);
  return ctx;
}

base::Result<void> LoadKeyPair(SSL_CTX* ctx, const std::string& chain, const std::string& key) {
  if (SSL_CTX_use_certificate_chain_file(ctx, chain.c_str()) != 1) {
    return base::Invalid("tls.certificate", "must be a readable PEM certificate chain",
                         chain + ": " + OpenSslReason());
  }
  if (SSL_CTX_use_PrivateKey_file(ctx, key.c_str(), SSL_FILETYPE_PEM) != 1) {
    return base::Invalid("tls.key", "must be the PEM private key of the certificate",
                         key + ": " + OpenSslReason());
  }
  return {};
}

std::string Sha256Hex(X509* certificate) {
  std::array<unsigned char, 32> digest{};
  unsigned int bytes = 0;
  if (X509_digest(certificate, EVP_sha256(), digest.data(), &bytes) != 1) return {};
  return base::HexEncode({digest.data(), bytes});
}

bool IsIpAddress(const std::string& name) {
  std::array<unsigned char, 16> ignored{};
  return inet_pton(AF_INET, name.c_str(), ignored.data()) == 1 ||
         inet_pton(AF_INET6, name.c_str(), ignored.data()) == 1;
}

}  // namespace

// ---- TlsContext ----

class TlsContext::Impl {
 public:
  CtxPtr ctx;
  bool server = false;
  bool verify_name = false;
  std::string pinned_sha256;
};

TlsContext::TlsContext(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TlsContext::~TlsContext() = default;

base::Result<std::shared_ptr<const TlsContext>> TlsContext::Server(const TlsServerFiles& files) {
  WB_ASSIGN_OR_RETURN(CtxPtr ctx, NewContext(TLS_server_method()));
  WB_RETURN_IF_ERROR(LoadKeyPair(ctx.get(), files.certificate_chain_path, files.private_key_path));
  SSL_CTX_set_alpn_select_cb(ctx.get(), SelectAlpn, nullptr);
  if (files.client_certificate_required && files.client_ca_path.empty()) {
    return base::Invalid("tls.client_ca", "must be given where a client certificate is required");
  }
  if (!files.client_ca_path.empty()) {
    const char* path = files.client_ca_path.c_str();
    STACK_OF(X509_NAME)* names = SSL_load_client_CA_file(path);
    if (names == nullptr || SSL_CTX_load_verify_locations(ctx.get(), path, nullptr) != 1) {
      sk_X509_NAME_pop_free(names, X509_NAME_free);
      return base::Invalid("tls.client_ca", "must be a readable PEM file of certificates",
                           files.client_ca_path + ": " + OpenSslReason());
    }
    SSL_CTX_set_client_CA_list(ctx.get(), names);
    const int required = files.client_certificate_required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0;
    SSL_CTX_set_verify(ctx.get(), SSL_VERIFY_PEER | required, nullptr);
    static constexpr std::array<unsigned char, 9> kSessionId = {'w', 'i', 'd', 'e', 'b',
                                                                'e', 'r', 't', 'h'};
    SSL_CTX_set_session_id_context(ctx.get(), kSessionId.data(), kSessionId.size());
  }
  auto impl = std::make_unique<Impl>();
  impl->ctx = std::move(ctx);
  impl->server = true;
  return std::shared_ptr<const TlsContext>(new TlsContext(std::move(impl)));
}

base::Result<std::shared_ptr<const TlsContext>> TlsContext::Client(const TlsClientFiles& files) {
  WB_ASSIGN_OR_RETURN(CtxPtr ctx, NewContext(TLS_client_method()));
  SSL_CTX_set_alpn_protos(ctx.get(), kAlpn.data(), kAlpn.size());
  const bool trust_chain = !files.insecure && files.pinned_sha256.empty();
  if (trust_chain && files.ca_path.empty()) {
    SSL_CTX_set_default_verify_paths(ctx.get());
  } else if (!files.ca_path.empty() &&
             SSL_CTX_load_verify_locations(ctx.get(), files.ca_path.c_str(), nullptr) != 1) {
    return base::Invalid("tls.ca", "must be a readable PEM file of certificates",
                         files.ca_path + ": " + OpenSslReason());
  }
  SSL_CTX_set_verify(ctx.get(), trust_chain ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  if (!files.certificate_chain_path.empty()) {
    WB_RETURN_IF_ERROR(
        LoadKeyPair(ctx.get(), files.certificate_chain_path, files.private_key_path));
  }
  auto impl = std::make_unique<Impl>();
  impl->ctx = std::move(ctx);
  impl->verify_name = trust_chain;
  impl->pinned_sha256 = files.pinned_sha256;
  return std::shared_ptr<const TlsContext>(new TlsContext(std::move(impl)));
}

// ---- TlsSession ----

class TlsSession::Impl {
 public:
  // Moves what OpenSSL wants to send out of its buffer.
  void Collect() {
    char* data = nullptr;
    const long bytes = BIO_get_mem_data(to_wire, &data);
    if (bytes > 0) outgoing.append(data, static_cast<size_t>(bytes));
    (void)BIO_reset(to_wire);
  }

  base::Result<void> Dead(std::string_view found) {
    Collect();
    dead = true;
    return base::Invalid("tls", "the handshake and every record must hold", found);
  }

  base::Result<void> CheckPin() const {
    const std::string& pin = context->impl().pinned_sha256;
    if (pin.empty()) return {};
    const X509Ptr certificate(SSL_get1_peer_certificate(ssl.get()));
    const std::string found = certificate ? Sha256Hex(certificate.get()) : "no certificate";
    if (EqualsIgnoreCase(found, pin)) return {};
    return base::Fail(base::ErrorCode::kUnauthorized, "tls",
                      "the server's certificate must be the pinned one", found);
  }

  base::Result<void> Handshake() {
    const int done = SSL_do_handshake(ssl.get());
    Collect();
    if (done == 1) {
      established = true;
      return CheckPin();
    }
    const int error = SSL_get_error(ssl.get(), done);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return {};
    const long verify = SSL_get_verify_result(ssl.get());
    if (!context->impl().server && verify != X509_V_OK) {
      ERR_clear_error();
      dead = true;
      return base::Fail(base::ErrorCode::kUnauthorized, "tls",
                        "the server's certificate must be trusted and bear its name",
                        X509_verify_cert_error_string(verify));
    }
    return Dead(OpenSslReason());
  }

  std::shared_ptr<const TlsContext> context;
  SslPtr ssl;
  BIO* from_wire = nullptr;  // owned by ssl
  BIO* to_wire = nullptr;    // owned by ssl
  std::string outgoing;
  bool established = false;
  bool peer_closed = false;
  bool dead = false;
};

TlsSession::TlsSession(std::shared_ptr<const TlsContext> context, const std::string& server_name)
    : impl_(std::make_unique<Impl>()) {
  impl_->ssl.reset(SSL_new(context->impl().ctx.get()));
  CHECK_MSG(impl_->ssl != nullptr, "OpenSSL is out of memory");
  SSL* ssl = impl_->ssl.get();
  BioPtr in(BIO_new(BIO_s_mem()));
  BioPtr out(BIO_new(BIO_s_mem()));
  CHECK_MSG(in != nullptr && out != nullptr, "OpenSSL is out of memory");
  BIO_set_mem_eof_return(in.get(), -1);  // an empty buffer means "wait", not "end"
  impl_->from_wire = in.get();
  impl_->to_wire = out.get();
  SSL_set_bio(ssl, in.release(), out.release());
  if (context->impl().server) {
    SSL_set_accept_state(ssl);
  } else {
    SSL_set_connect_state(ssl);
    if (!server_name.empty() && !IsIpAddress(server_name)) {
      SSL_set_tlsext_host_name(ssl, server_name.c_str());
    }
    if (context->impl().verify_name) {
      if (IsIpAddress(server_name)) {
        X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), server_name.c_str());
      } else {
        SSL_set1_host(ssl, server_name.c_str());
      }
    }
  }
  impl_->context = std::move(context);
}
TlsSession::~TlsSession() = default;

base::Result<void> TlsSession::Receive(std::string_view wire, std::string* plain) {
  if (impl_->dead) return impl_->Dead("a record after the end");
  ERR_clear_error();
  SSL* ssl = impl_->ssl.get();
  while (!wire.empty()) {
    const int taken = BIO_write(impl_->from_wire, wire.data(),
                                static_cast<int>(std::min<size_t>(wire.size(), 1 << 20)));
    if (taken <= 0) return impl_->Dead("out of memory");
    wire.remove_prefix(static_cast<size_t>(taken));
  }
  if (!impl_->established) WB_RETURN_IF_ERROR(impl_->Handshake());
  if (!impl_->established) return {};
  std::array<char, 16 * 1024> buffer;
  for (;;) {
    const int bytes = SSL_read(ssl, buffer.data(), static_cast<int>(buffer.size()));
    if (bytes > 0) {
      plain->append(buffer.data(), static_cast<size_t>(bytes));
      continue;
    }
    impl_->Collect();
    const int error = SSL_get_error(ssl, bytes);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return {};
    if (error == SSL_ERROR_ZERO_RETURN) {
      impl_->peer_closed = true;
      return {};
    }
    return impl_->Dead(OpenSslReason());
  }
}

base::Result<void> TlsSession::Send(std::string_view plain) {
  if (impl_->dead || !impl_->established) return impl_->Dead("a send outside the session");
  ERR_clear_error();
  while (!plain.empty()) {
    const int bytes = SSL_write(impl_->ssl.get(), plain.data(),
                                static_cast<int>(std::min<size_t>(plain.size(), 1 << 20)));
    if (bytes <= 0) return impl_->Dead(OpenSslReason());
    plain.remove_prefix(static_cast<size_t>(bytes));
  }
  impl_->Collect();
  return {};
}

void TlsSession::Shutdown() {
  if (impl_->dead || !impl_->established) return;
  ERR_clear_error();
  SSL_shutdown(impl_->ssl.get());
  ERR_clear_error();
  impl_->Collect();
}

std::string& TlsSession::outgoing() {
  return impl_->outgoing;
}
bool TlsSession::established() const {
  return impl_->established && !impl_->dead;
}
bool TlsSession::peer_closed() const {
  return impl_->peer_closed;
}

void TlsSession::Describe(Peer* peer) const {
  peer->tls = true;
  peer->tls_version = SSL_get_version(impl_->ssl.get());
  const X509Ptr certificate(SSL_get1_peer_certificate(impl_->ssl.get()));
  // A server that does not require certificates still never gets here with one that failed to
  // verify.
  if (!certificate || SSL_get_verify_result(impl_->ssl.get()) != X509_V_OK) return;
  peer->certificate_sha256 = Sha256Hex(certificate.get());
  const BioPtr text(BIO_new(BIO_s_mem()));
  if (!text) return;
  X509_NAME_print_ex(text.get(), X509_get_subject_name(certificate.get()), 0, XN_FLAG_RFC2253);
  char* data = nullptr;
  const long bytes = BIO_get_mem_data(text.get(), &data);
  if (bytes > 0) peer->certificate_subject.assign(data, static_cast<size_t>(bytes));
}

}  // namespace wideberth::net
