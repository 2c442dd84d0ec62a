// Time-stamps of an outside authority (RFC 3161): that some bytes existed at a time, by somebody who is no party.
//
//   WB_ASSIGN_OR_RETURN(const base::Bytes request, MakeTimestampRequest(data, nonce));     // to the authority, as .tsq
//   WB_ASSIGN_OR_RETURN(const Timestamp stamp, VerifyTimestamp(reply, data, roots_pem));   // its .tsr, any time later
//
// The imprint is SHA-256. A reply is judged at its own time: that the authority's certificate has run out since changes
// nothing; revocation is not looked up, which needs a network.
#ifndef WIDEBERTH_CRYPTO_TIMESTAMP_H_
#define WIDEBERTH_CRYPTO_TIMESTAMP_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"

namespace wideberth::crypto {

inline constexpr size_t kTimestampReplyBytesMax = 64 * 1024;

// With a nonce and the wish for the authority's certificate; `openssl ts -reply` and every authority read it.
base::Result<base::Bytes> MakeTimestampRequest(base::ByteView data, uint64_t nonce);

struct Timestamp {
  base::UtcMicros at;       // as the authority states it
  int64_t accuracy_us = 0;  // by how much it may be off, by its own account
  std::string authority;    // the subject of its certificate
};

// Refuses with kUnauthorized a reply of an authority that the roots do not lead to, or whose certificate is not for
// time-stamps; with kInvalid what is no reply, one that grants nothing, and one over other bytes.
base::Result<Timestamp> VerifyTimestamp(base::ByteView reply, base::ByteView data,
                                        std::string_view roots_pem);

}  // namespace wideberth::crypto

#endif  // WIDEBERTH_CRYPTO_TIMESTAMP_H_
