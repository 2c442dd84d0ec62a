#include "crypto/testing/openssl_keys.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <array>

#include "base/check.h"

namespace wideberth::crypto::testing {
namespace {

std::string Drain(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<size_t>(size));
  BIO_free(bio);
  return text;
}

std::string NumberParam(const EVP_PKEY* pkey, const char* name, int bytes) {
  BIGNUM* number = nullptr;
  CHECK(EVP_PKEY_get_bn_param(pkey, name, &number) == 1);
  base::Bytes padded(static_cast<size_t>(bytes == 0 ? BN_num_bytes(number) : bytes));
  CHECK(BN_bn2binpad(number, padded.data(), static_cast<int>(padded.size())) > 0);
  BN_free(number);
  return base::Base64UrlEncode(padded);
}

base::Bytes DerToRaw(const base::Bytes& der) {
  const uint8_t* at = der.data();
  ECDSA_SIG* const pair = d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size()));
  CHECK(pair != nullptr);
  base::Bytes raw(64);
  CHECK(BN_bn2binpad(ECDSA_SIG_get0_r(pair), raw.data(), 32) == 32);
  CHECK(BN_bn2binpad(ECDSA_SIG_get0_s(pair), raw.data() + 32, 32) == 32);
  ECDSA_SIG_free(pair);
  return raw;
}

}  // namespace

struct OpensslKey::Impl {
  EVP_PKEY* pkey = nullptr;
  explicit Impl(EVP_PKEY* key) : pkey(key) { CHECK(pkey != nullptr); }
  ~Impl() { EVP_PKEY_free(pkey); }
};

OpensslKey::OpensslKey(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
OpensslKey::~OpensslKey() = default;
OpensslKey::OpensslKey(OpensslKey&&) noexcept = default;

OpensslKey OpensslKey::Rsa(unsigned bits) {
  return OpensslKey(std::make_unique<Impl>(EVP_RSA_gen(bits)));
}

OpensslKey OpensslKey::Ec(std::string_view curve) {
  return OpensslKey(std::make_unique<Impl>(EVP_EC_gen(std::string(curve).c_str())));
}

OpensslKey OpensslKey::Ed25519() {
  return OpensslKey(std::make_unique<Impl>(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")));
}

OpensslKey OpensslKey::FromPrivatePem(std::string_view pem) {
  BIO* const bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  EVP_PKEY* const pkey = PEM_read_bio_PrivateKey(bio, nullptr, nullptr, nullptr);
  BIO_free(bio);
  return OpensslKey(std::make_unique<Impl>(pkey));
}

std::string OpensslKey::PublicPem() const {
  BIO* const bio = BIO_new(BIO_s_mem());
  CHECK(PEM_write_bio_PUBKEY(bio, impl_->pkey) == 1);
  return Drain(bio);
}

std::string OpensslKey::PrivatePem() const {
  BIO* const bio = BIO_new(BIO_s_mem());
  CHECK(PEM_write_bio_PKCS8PrivateKey(bio, impl_->pkey, nullptr, nullptr, 0, nullptr, nullptr) ==
        1);
  return Drain(bio);
}

std::string OpensslKey::Jwk(std::string_view key_id) const {
  std::string jwk = "{";
  if (!key_id.empty()) jwk.append("\"kid\":\"").append(key_id).append("\",");
  if (EVP_PKEY_get_id(impl_->pkey) == EVP_PKEY_RSA) {
    return jwk + "\"kty\":\"RSA\",\"n\":\"" + NumberParam(impl_->pkey, OSSL_PKEY_PARAM_RSA_N, 0) +
           "\",\"e\":\"" + NumberParam(impl_->pkey, OSSL_PKEY_PARAM_RSA_E, 0) + "\"}";
  }
  if (EVP_PKEY_get_id(impl_->pkey) == EVP_PKEY_EC) {
    return jwk + "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" +
           NumberParam(impl_->pkey, OSSL_PKEY_PARAM_EC_PUB_X, 32) + "\",\"y\":\"" +
           NumberParam(impl_->pkey, OSSL_PKEY_PARAM_EC_PUB_Y, 32) + "\"}";
  }
  std::array<uint8_t, 32> raw{};
  size_t size = raw.size();
  CHECK(EVP_PKEY_get_raw_public_key(impl_->pkey, raw.data(), &size) == 1);
  return jwk + "\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" + base::Base64UrlEncode(raw) + "\"}";
}

base::Bytes OpensslKey::SignJws(std::string_view text) const {
  const bool is_ed25519 = EVP_PKEY_get_id(impl_->pkey) == EVP_PKEY_ED25519;
  EVP_MD_CTX* const context = EVP_MD_CTX_new();
  CHECK(EVP_DigestSignInit_ex(context, nullptr, is_ed25519 ? nullptr : "SHA256", nullptr, nullptr,
                              impl_->pkey, nullptr) == 1);
  size_t size = 0;
  const base::ByteView bytes = base::AsBytes(text);
  CHECK(EVP_DigestSign(context, nullptr, &size, bytes.data(), bytes.size()) == 1);
  base::Bytes signature(size);
  CHECK(EVP_DigestSign(context, signature.data(), &size, bytes.data(), bytes.size()) == 1);
  signature.resize(size);
  EVP_MD_CTX_free(context);
  return EVP_PKEY_get_id(impl_->pkey) == EVP_PKEY_EC ? DerToRaw(signature) : signature;
}

bool OpensslVerifiesEd25519(std::string_view public_pem, base::ByteView message,
                            base::ByteView signature) {
  BIO* const bio = BIO_new_mem_buf(public_pem.data(), static_cast<int>(public_pem.size()));
  EVP_PKEY* const pkey = PEM_read_bio_PUBKEY(bio, nullptr, nullptr, nullptr);
  BIO_free(bio);
  CHECK(pkey != nullptr);
  EVP_MD_CTX* const context = EVP_MD_CTX_new();
  CHECK(EVP_DigestVerifyInit(context, nullptr, nullptr, nullptr, pkey) == 1);
  const bool verifies = EVP_DigestVerify(context, signature.data(), signature.size(),
                                         message.data(), message.size()) == 1;
  EVP_MD_CTX_free(context);
  EVP_PKEY_free(pkey);
  return verifies;
}

std::string SigningInput(std::string_view header, std::string_view claims) {
  return base::Base64UrlEncode(base::AsBytes(header)) + "." +
         base::Base64UrlEncode(base::AsBytes(claims));
}

std::string MakeToken(const OpensslKey& key, std::string_view header, std::string_view claims) {
  const std::string input = SigningInput(header, claims);
  return input + "." + base::Base64UrlEncode(key.SignJws(input));
}

base::Bytes HmacSha256(std::string_view key, std::string_view text) {
  base::Bytes mac(32);
  unsigned int size = 0;
  CHECK(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), base::AsBytes(text).data(),
             text.size(), mac.data(), &size) != nullptr);
  return mac;
}

}  // namespace wideberth::crypto::testing
