#include "crypto/token_keys.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/check.h"
#include "base/limits.h"
#include "crypto/ed25519.h"
#include "json/reader.h"

namespace wideberth::crypto {

using base::Invalid;
using base::Result;

namespace {

constexpr int kRsaBitsMin = 2048;
constexpr int kRsaBitsMax = 8192;
constexpr size_t kP256CoordinateBytes = 32;

template <auto kFree>
struct FreeWith {
  template <class T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using Bio = std::unique_ptr<BIO, FreeWith<BIO_free_all>>;
using Pkey = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;
using PkeyContext = std::unique_ptr<EVP_PKEY_CTX, FreeWith<EVP_PKEY_CTX_free>>;
using MdContext = std::unique_ptr<EVP_MD_CTX, FreeWith<EVP_MD_CTX_free>>;
using Number = std::unique_ptr<BIGNUM, FreeWith<BN_free>>;
using ParamBuilder = std::unique_ptr<OSSL_PARAM_BLD, FreeWith<OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, FreeWith<OSSL_PARAM_free>>;
using EcdsaSignature = std::unique_ptr<ECDSA_SIG, FreeWith<ECDSA_SIG_free>>;

Number ToNumber(base::ByteView bytes) {
  return Number(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
}

// OpenSSL keeps what went wrong in a queue for each thread; a refusal must leave none behind.
struct ErrorQueueGuard {
  ~ErrorQueueGuard() { ERR_clear_error(); }
};

Pkey FromParams(const char* type, OSSL_PARAM_BLD* builder) {
  const Params params(OSSL_PARAM_BLD_to_param(builder));
  const PkeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* pkey = nullptr;
  if (params == nullptr || context == nullptr || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &pkey, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) {
    return nullptr;
  }
  return Pkey(pkey);
}

bool IsP256(const EVP_PKEY* pkey) {
  std::array<char, 80> group{};
  size_t size = 0;
  return EVP_PKEY_get_utf8_string_param(pkey, OSSL_PKEY_PARAM_GROUP_NAME, group.data(),
                                        group.size(), &size) == 1 &&
         std::string_view(group.data(), size) == SN_X9_62_prime256v1;
}

// JWS writes an ECDSA signature as r || s; OpenSSL reads DER.
std::optional<base::Bytes> EcdsaToDer(base::ByteView signature) {
  if (signature.size() != 2 * kP256CoordinateBytes) return std::nullopt;
  const EcdsaSignature pair(ECDSA_SIG_new());
  Number r = ToNumber(signature.first(kP256CoordinateBytes));
  Number s = ToNumber(signature.last(kP256CoordinateBytes));
  CHECK(pair != nullptr && r != nullptr && s != nullptr &&
        ECDSA_SIG_set0(pair.get(), r.release(), s.release()) == 1);
  uint8_t* der = nullptr;
  const int size = i2d_ECDSA_SIG(pair.get(), &der);
  if (size <= 0) return std::nullopt;
  base::Bytes bytes(der, der + size);
  OPENSSL_free(der);
  return bytes;
}

bool VerifyWithSha256(EVP_PKEY* pkey, base::ByteView message, base::ByteView signature) {
  const ErrorQueueGuard guard;
  const MdContext context(EVP_MD_CTX_new());
  CHECK(context != nullptr);
  return EVP_DigestVerifyInit_ex(context.get(), nullptr, "SHA256", nullptr, nullptr, pkey,
                                 nullptr) == 1 &&
         EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(),
                          message.size()) == 1;
}

}  // namespace

struct TokenKeys::Key {
  std::string id;
  TokenAlgorithm algorithm = TokenAlgorithm::kEdDsa;
  Pkey pkey;                         // RSA and P-256
  std::optional<PublicKey> ed25519;  // verified by libsodium: stricter

  bool Verify(base::ByteView message, base::ByteView signature) const {
    switch (algorithm) {
      case TokenAlgorithm::kEdDsa:
        return ed25519->Verify(message, signature);
      case TokenAlgorithm::kRs256:
        return VerifyWithSha256(pkey.get(), message, signature);
      case TokenAlgorithm::kEs256: {
        const std::optional<base::Bytes> der = EcdsaToDer(signature);
        return der && VerifyWithSha256(pkey.get(), message, *der);
      }
    }
    return false;
  }
};

struct TokenKeyReader {
  using Key = TokenKeys::Key;

  // Binds a key to the algorithm of its kind, or refuses it.
  static Result<Key> Bind(Pkey pkey, std::string_view key_id) {
    Key key;
    key.id = key_id;
    if (EVP_PKEY_get_id(pkey.get()) == EVP_PKEY_RSA) {
      const int bits = EVP_PKEY_get_bits(pkey.get());
      if (bits < kRsaBitsMin || bits > kRsaBitsMax) {
        return Invalid("", "must be an RSA key of 2048 to 8192 bits",
                       std::to_string(bits) + " bits");
      }
      key.algorithm = TokenAlgorithm::kRs256;
    } else if (EVP_PKEY_get_id(pkey.get()) == EVP_PKEY_EC && IsP256(pkey.get())) {
      key.algorithm = TokenAlgorithm::kEs256;
    } else if (EVP_PKEY_get_id(pkey.get()) == EVP_PKEY_ED25519) {
      std::array<uint8_t, kEd25519KeyBytes> bytes{};
      size_t size = bytes.size();
      CHECK(EVP_PKEY_get_raw_public_key(pkey.get(), bytes.data(), &size) == 1);
      WB_ASSIGN_OR_RETURN(key.ed25519, PublicKey::FromBytes(bytes));
      key.algorithm = TokenAlgorithm::kEdDsa;
      return key;
    } else {
      return Invalid("", "must be an RSA, P-256 or Ed25519 key");
    }
    key.pkey = std::move(pkey);
    return key;
  }

  static Result<base::Bytes> Coordinate(json::Object& object, std::string_view name, size_t bytes) {
    WB_ASSIGN_OR_RETURN(base::Bytes value,
                        object.RequiredParsed(name, limits::kJwksBytesMax, base::Base64UrlDecode));
    if (bytes != 0 && value.size() != bytes) {
      return object.Refuse(name, "must have " + std::to_string(bytes) + " bytes",
                           std::to_string(value.size()) + " bytes");
    }
    return value;
  }

  static Result<Key> ReadRsa(json::Object& object, std::string_view key_id) {
    WB_ASSIGN_OR_RETURN(const base::Bytes n, Coordinate(object, "n", 0));
    WB_ASSIGN_OR_RETURN(const base::Bytes e, Coordinate(object, "e", 0));
    if (n.size() > kRsaBitsMax / 8) return object.Refuse("n", "must have at most 8192 bits");
    // Exponents beyond 32 bits are not in use and make verification slow.
    if (e.empty() || e.size() > 4 || (e.back() & 1) == 0) {
      return object.Refuse("e", "must be an odd number of at most 32 bits");
    }
    const Number modulus = ToNumber(n);
    const Number exponent = ToNumber(e);
    const ParamBuilder builder(OSSL_PARAM_BLD_new());
    CHECK(OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get()) == 1 &&
          OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get()) == 1);
    return BindAt(object, FromParams("RSA", builder.get()), key_id);
  }

  static Result<Key> ReadP256(json::Object& object, std::string_view key_id) {
    WB_ASSIGN_OR_RETURN(const base::Bytes x, Coordinate(object, "x", kP256CoordinateBytes));
    WB_ASSIGN_OR_RETURN(const base::Bytes y, Coordinate(object, "y", kP256CoordinateBytes));
    base::Bytes point = {POINT_CONVERSION_UNCOMPRESSED};
    point.insert(point.end(), x.begin(), x.end());
    point.insert(point.end(), y.begin(), y.end());
    const ParamBuilder builder(OSSL_PARAM_BLD_new());
    CHECK(OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME,
                                          SN_X9_62_prime256v1, 0) == 1 &&
          OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                           point.size()) == 1);
    return BindAt(object, FromParams("EC", builder.get()), key_id);
  }

  static Result<Key> ReadEd25519(json::Object& object, std::string_view key_id) {
    WB_ASSIGN_OR_RETURN(const base::Bytes x, Coordinate(object, "x", kEd25519KeyBytes));
    Result<PublicKey> ed25519 = PublicKey::FromBytes(x);
    if (!ed25519) return object.Refuse("x", ed25519.error().rule, ed25519.error().found);
    Key key;
    key.id = key_id;
    key.ed25519 = *ed25519;
    return key;
  }

  static Result<Key> BindAt(const json::Object& object, Pkey pkey, std::string_view key_id) {
    if (pkey == nullptr) return object.AsValue().Refuse("must be a valid public key");
    Result<Key> key = Bind(std::move(pkey), key_id);
    if (!key) return object.AsValue().Refuse(std::move(key).error());
    return key;
  }

  // nullopt for a key that is none of ours.
  static Result<std::optional<Key>> ReadJwk(const json::Value& value) {
    WB_ASSIGN_OR_RETURN(json::Object object, value.AsObject());
    WB_ASSIGN_OR_RETURN(const auto kty, object.RequiredString("kty", 16));
    WB_ASSIGN_OR_RETURN(const auto crv, object.OptionalString("crv", 16));
    WB_ASSIGN_OR_RETURN(const auto use, object.OptionalString("use", 16));
    WB_ASSIGN_OR_RETURN(const auto alg, object.OptionalString("alg", 32));
    WB_ASSIGN_OR_RETURN(const auto kid, object.OptionalString("kid", limits::kTokenClaimBytesMax));
    if (use && *use != "sig") return std::optional<Key>();
    std::optional<Result<Key>> key;
    if (kty == "RSA") key = ReadRsa(object, kid.value_or(""));
    if (kty == "EC" && crv == "P-256") key = ReadP256(object, kid.value_or(""));
    if (kty == "OKP" && crv == "Ed25519") key = ReadEd25519(object, kid.value_or(""));
    if (!key) return std::optional<Key>();
    if (!key->has_value()) return base::Fail(key->error());
    // A key that is meant for another algorithm of its kind (PS256, RS512) is not used for ours.
    if (alg && *alg != TokenAlgorithmName((*key)->algorithm)) return std::optional<Key>();
    return std::optional<Key>(std::move(**key));
  }

  static Result<void> Add(Key key, TokenKeys* keys) {
    if (keys->keys_.size() == limits::kTokenKeysMax) {
      return base::Fail(base::ErrorCode::kTooLarge, "",
                        "must have at most " + std::to_string(limits::kTokenKeysMax) + " keys");
    }
    for (const auto& other : keys->keys_) {
      if (!key.id.empty() && key.id == other->id) {
        return Invalid("", "must not have two keys of one id", key.id);
      }
    }
    keys->keys_.push_back(std::make_shared<const Key>(std::move(key)));
    return {};
  }
};

std::string_view TokenAlgorithmName(TokenAlgorithm algorithm) {
  switch (algorithm) {
    case TokenAlgorithm::kRs256:
      return "RS256";
    case TokenAlgorithm::kEs256:
      return "ES256";
    case TokenAlgorithm::kEdDsa:
      return "EdDSA";
  }
  return "";
}

Result<TokenKeys> TokenKeys::FromPem(std::string_view pem, std::string_view key_id) {
  const ErrorQueueGuard guard;
  if (pem.size() > limits::kKeyFileBytesMax) {
    return Invalid("", "must be the PEM of one public key", std::to_string(pem.size()) + " bytes");
  }
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  const auto no_passphrase = [](char*, int, int, void*) { return -1; };
  Pkey pkey(PEM_read_bio_PUBKEY(bio.get(), nullptr, no_passphrase, nullptr));
  if (pkey == nullptr) return Invalid("", "must be the PEM of one public key");
  WB_ASSIGN_OR_RETURN(Key key, TokenKeyReader::Bind(std::move(pkey), key_id));
  TokenKeys keys;
  WB_RETURN_IF_ERROR(TokenKeyReader::Add(std::move(key), &keys));
  return keys;
}

Result<TokenKeys> TokenKeys::FromJwks(std::string_view json) {
  const ErrorQueueGuard guard;
  WB_ASSIGN_OR_RETURN(const json::Document document,
                      json::Document::Parse(json, limits::kJwksBytesMax));
  WB_ASSIGN_OR_RETURN(json::Object root, document.root().AsObject());
  WB_ASSIGN_OR_RETURN(const json::Array items, root.RequiredArray("keys", limits::kTokenKeysMax));
  TokenKeys keys;
  for (const json::Value item : items) {
    WB_ASSIGN_OR_RETURN(std::optional<Key> key, TokenKeyReader::ReadJwk(item));
    if (key) WB_RETURN_IF_ERROR(TokenKeyReader::Add(std::move(*key), &keys));
  }
  if (keys.size() == 0) {
    return Invalid("/keys", "must have a key for RS256, ES256 or EdDSA");
  }
  return keys;
}

Result<TokenKeys> TokenKeys::Merge(const TokenKeys& a, const TokenKeys& b) {
  TokenKeys keys = a;
  for (const auto& key : b.keys_) {
    if (keys.size() == limits::kTokenKeysMax) {
      return base::Fail(base::ErrorCode::kTooLarge, "",
                        "must have at most " + std::to_string(limits::kTokenKeysMax) + " keys");
    }
    for (const auto& other : a.keys_) {
      if (!key->id.empty() && key->id == other->id) {
        return Invalid("", "must not have two keys of one id", key->id);
      }
    }
    keys.keys_.push_back(key);
  }
  return keys;
}

bool TokenKeys::Verify(TokenAlgorithm algorithm, std::string_view key_id, base::ByteView message,
                       base::ByteView signature) const {
  return std::any_of(keys_.begin(), keys_.end(), [&](const std::shared_ptr<const Key>& key) {
    const bool may_be_meant = key_id.empty() || key->id.empty() || key->id == key_id;
    return may_be_meant && key->algorithm == algorithm && key->Verify(message, signature);
  });
}

}  // namespace wideberth::crypto
