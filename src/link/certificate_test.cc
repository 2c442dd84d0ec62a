#include "link/certificate.h"

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <string>

#include "link/testing/node.h"

namespace wideberth::link {
namespace {

using testing::KeyOf;

X509* ReadPem(const std::string& pem) {
  BIO* bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  X509* x509 = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
  BIO_free(bio);
  return x509;
}

std::string DerOf(X509* x509) {
  unsigned char* der = nullptr;
  i2d_re_X509_tbs(x509, nullptr);  // what a test has changed is encoded anew
  const int bytes = i2d_X509(x509, &der);
  std::string text(reinterpret_cast<char*>(der), static_cast<size_t>(bytes));
  OPENSSL_free(der);
  return text;
}

std::string RuleFor(std::string_view der) {
  const auto key = KeyOfCertificate(base::AsBytes(der));
  return key ? "" : key.error().rule;
}

class CertificateTest : public ::testing::Test {
 protected:
  ~CertificateTest() override { X509_free(x509_); }
  X509* const x509_ = ReadPem(MakeCertificate(KeyOf(1)));
};

TEST_F(CertificateTest, GivesItsKeyBack) {
  const auto key = KeyOfCertificate(base::AsBytes(DerOf(x509_)));
  ASSERT_TRUE(key) << key.error().ToString();
  EXPECT_EQ(*key, KeyOf(1).public_key());
}

TEST_F(CertificateTest, EveryChangedBitIsRefusedOrChangesNoKey) {
  const std::string der = DerOf(x509_);
  for (size_t bit = 0; bit < 8 * der.size(); ++bit) {
    std::string changed = der;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    const auto key = KeyOfCertificate(base::AsBytes(changed));
    EXPECT_FALSE(key.has_value()) << "bit " << bit;
  }
}

TEST_F(CertificateTest, RefusesWhatIsNotOneCertificate) {
  const std::string der = DerOf(x509_);
  EXPECT_EQ(RuleFor(""), "must be one X.509 certificate");
  EXPECT_EQ(RuleFor(der + "x"), "must be one X.509 certificate");
  for (size_t bytes = 0; bytes < der.size(); ++bytes) {
    EXPECT_EQ(RuleFor(der.substr(0, bytes)), "must be one X.509 certificate");
  }
}

TEST_F(CertificateTest, RefusesAKeySignedByAnother) {
  const crypto::SecretBytes seed = KeyOf(2).Seed();
  EVP_PKEY* other =
      EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.bytes().data(), 32);
  ASSERT_GT(X509_sign(x509_, other, nullptr), 0);
  EXPECT_EQ(RuleFor(DerOf(x509_)), "must be signed by its own key");
  EVP_PKEY_free(other);
}

TEST_F(CertificateTest, RefusesOtherKindsOfKeys) {
  for (const char* kind : {"ED448", "X25519"}) {
    EVP_PKEY* other = EVP_PKEY_Q_keygen(nullptr, nullptr, kind);
    ASSERT_EQ(X509_set_pubkey(x509_, other), 1);
    EXPECT_EQ(RuleFor(DerOf(x509_)), "must hold an Ed25519 key") << kind;
    EVP_PKEY_free(other);
  }
}

}  // namespace
}  // namespace wideberth::link
