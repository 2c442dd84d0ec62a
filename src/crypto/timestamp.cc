#include "crypto/timestamp.h"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>
#include <openssl/ts.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include <cstring>
#include <ctime>
#include <memory>

#include "base/check.h"
#include "crypto/sha256.h"

namespace wideberth::crypto {
namespace {

using base::ErrorCode;
using base::Fail;
using base::Invalid;
using base::Result;

template <auto Free>
struct Deleter {
  template <class T>
  void operator()(T* value) const {
    Free(value);
  }
};
template <class T, auto Free>
using Owned = std::unique_ptr<T, Deleter<Free>>;
using Request = Owned<TS_REQ, TS_REQ_free>;
using Reply = Owned<TS_RESP, TS_RESP_free>;
using Store = Owned<X509_STORE, X509_STORE_free>;
using Context = Owned<TS_VERIFY_CTX, TS_VERIFY_CTX_free>;

std::string LastError() {
  const char* text = ERR_reason_error_string(ERR_peek_last_error());
  std::string found = text == nullptr ? "" : text;
  ERR_clear_error();
  return found;
}

Result<Store> ReadRoots(std::string_view pem) {
  Store store(X509_STORE_new());
  const Owned<BIO, BIO_free_all> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  CHECK(store != nullptr && bio != nullptr);
  size_t count = 0;
  while (
      const Owned<X509, X509_free> root{PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)}) {
    if (X509_STORE_add_cert(store.get(), root.get()) != 1) break;
    ++count;
  }
  ERR_clear_error();  // the end of the text is an error there
  if (count > 0) return store;
  return Invalid("roots", "must be certificates in PEM");
}

Result<std::time_t> TimeOf(const TS_TST_INFO* info) {
  std::tm parts{};
  const ASN1_GENERALIZEDTIME* time = TS_TST_INFO_get_time(info);
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) {
    return Invalid("reply", "must have a time", LastError());
  }
  return timegm(&parts);
}

int64_t AccuracyOf(TS_TST_INFO* info) {
  TS_ACCURACY* accuracy = TS_TST_INFO_get_accuracy(info);
  if (accuracy == nullptr) return 0;
  const auto number = [](const ASN1_INTEGER* value) -> int64_t {
    const int64_t of = value == nullptr ? 0 : ASN1_INTEGER_get(value);
    return of < 0 || of > 86'400 * int64_t{1'000} ? 86'400 * int64_t{1'000} : of;
  };
  return number(TS_ACCURACY_get_seconds(accuracy)) * base::kMicrosPerSecond +
         number(TS_ACCURACY_get_millis(accuracy)) * 1'000 +
         number(TS_ACCURACY_get_micros(accuracy));
}

// OpenSSL states whole seconds; a fraction can make it up to a second later.
bool HasFraction(const TS_TST_INFO* info) {
  const ASN1_GENERALIZEDTIME* time = TS_TST_INFO_get_time(info);
  const std::string_view text(reinterpret_cast<const char*>(ASN1_STRING_get0_data(time)),
                              static_cast<size_t>(ASN1_STRING_length(time)));
  return text.find('.') != std::string_view::npos;
}

std::string SignerOf(PKCS7* token) {
  STACK_OF(X509)* signers = PKCS7_get0_signers(token, nullptr, 0);
  std::string name;
  if (signers != nullptr && sk_X509_num(signers) > 0) {
    char text[512];
    X509_NAME_oneline(X509_get_subject_name(sk_X509_value(signers, 0)), text, sizeof(text));
    name = text;
  }
  sk_X509_free(signers);
  return name;
}

}  // namespace

Result<base::Bytes> MakeTimestampRequest(base::ByteView data, uint64_t nonce) {
  const base::Digest digest = Sha256(data);
  const Request request(TS_REQ_new());
  const Owned<TS_MSG_IMPRINT, TS_MSG_IMPRINT_free> imprint(TS_MSG_IMPRINT_new());
  const Owned<X509_ALGOR, X509_ALGOR_free> algorithm(X509_ALGOR_new());
  const Owned<ASN1_INTEGER, ASN1_INTEGER_free> number(ASN1_INTEGER_new());
  CHECK(request != nullptr && imprint != nullptr && algorithm != nullptr && number != nullptr);
  std::array<uint8_t, 32> bytes = digest.bytes;
  const bool made =
      X509_ALGOR_set0(algorithm.get(), OBJ_nid2obj(NID_sha256), V_ASN1_NULL, nullptr) == 1 &&
      TS_MSG_IMPRINT_set_algo(imprint.get(), algorithm.get()) == 1 &&
      TS_MSG_IMPRINT_set_msg(imprint.get(), bytes.data(), static_cast<int>(bytes.size())) == 1 &&
      ASN1_INTEGER_set_uint64(number.get(), nonce) == 1 &&
      TS_REQ_set_version(request.get(), 1) == 1 &&
      TS_REQ_set_msg_imprint(request.get(), imprint.get()) == 1 &&
      TS_REQ_set_nonce(request.get(), number.get()) == 1 &&
      TS_REQ_set_cert_req(request.get(), 1) == 1;
  const int size = made ? i2d_TS_REQ(request.get(), nullptr) : 0;
  if (size <= 0) return Fail(ErrorCode::kInternal, "request", "must be made", LastError());
  base::Bytes der(static_cast<size_t>(size));
  uint8_t* out = der.data();
  i2d_TS_REQ(request.get(), &out);
  return der;
}

Result<Timestamp> VerifyTimestamp(base::ByteView reply_der, base::ByteView data,
                                  std::string_view roots_pem) {
  if (reply_der.size() > kTimestampReplyBytesMax) {
    return Fail(ErrorCode::kTooLarge, "reply",
                "must have at most " + std::to_string(kTimestampReplyBytesMax) + " bytes",
                std::to_string(reply_der.size()));
  }
  ERR_clear_error();
  const uint8_t* in = reply_der.data();
  const Reply reply(d2i_TS_RESP(nullptr, &in, static_cast<long>(reply_der.size())));
  if (reply == nullptr || in != reply_der.data() + reply_der.size()) {
    return Invalid("reply", "must be a reply of a time-stamp authority (RFC 3161)", LastError());
  }
  TS_TST_INFO* info = TS_RESP_get_tst_info(reply.get());
  if (info == nullptr) return Invalid("reply", "must grant a time-stamp");
  WB_ASSIGN_OR_RETURN(const std::time_t time, TimeOf(info));
  WB_ASSIGN_OR_RETURN(const Store store, ReadRoots(roots_pem));
  X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store.get()), time);

  const base::Digest digest = Sha256(data);
  auto* imprint = static_cast<unsigned char*>(OPENSSL_malloc(digest.bytes.size()));
  const Context context(TS_VERIFY_CTX_new());
  CHECK(imprint != nullptr && context != nullptr);
  std::memcpy(imprint, digest.bytes.data(), digest.bytes.size());
  TS_VERIFY_CTX_set_flags(context.get(), TS_VFY_VERSION | TS_VFY_SIGNATURE | TS_VFY_IMPRINT);
  TS_VERIFY_CTX_set_imprint(context.get(), imprint, static_cast<long>(digest.bytes.size()));
  X509_STORE_up_ref(store.get());  // the context frees one
  TS_VERIFY_CTX_set_store(context.get(), store.get());
  if (TS_RESP_verify_response(context.get(), reply.get()) != 1) {
    const int reason = ERR_GET_REASON(ERR_peek_last_error());
    const bool other_bytes = reason == TS_R_MESSAGE_IMPRINT_MISMATCH;
    if (other_bytes) return Invalid("reply", "must be over these bytes", LastError());
    return Fail(ErrorCode::kUnauthorized, "reply", "must be of an authority under the roots",
                LastError());
  }
  Timestamp stamp;
  stamp.at = {static_cast<int64_t>(time) * base::kMicrosPerSecond};
  stamp.accuracy_us = AccuracyOf(info) + (HasFraction(info) ? base::kMicrosPerSecond : 0);
  stamp.authority = SignerOf(TS_RESP_get_token(reply.get()));
  return stamp;
}

}  // namespace wideberth::crypto
