#include "store/chain.h"

#include <openssl/evp.h>

#include <array>

#include "base/check.h"

namespace wideberth::store {
namespace {

void PutBigEndian(uint64_t value, uint8_t* out) {
  for (int i = 0; i < 8; ++i) out[i] = static_cast<uint8_t>(value >> (56 - 8 * i));
}

}  // namespace

base::Digest ChainBatch(const base::Digest& previous, uint64_t seq, base::UtcMicros time,
                        base::ByteView bytes) {
  std::array<uint8_t, 16> header;
  PutBigEndian(seq, header.data());
  PutBigEndian(static_cast<uint64_t>(time.us), header.data() + 8);
  base::Digest chain;
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  CHECK(EVP_DigestInit_ex(context, EVP_sha256(), nullptr) == 1);
  EVP_DigestUpdate(context, previous.bytes.data(), previous.bytes.size());
  EVP_DigestUpdate(context, header.data(), header.size());
  EVP_DigestUpdate(context, bytes.data(), bytes.size());
  EVP_DigestFinal_ex(context, chain.bytes.data(), nullptr);
  EVP_MD_CTX_free(context);
  return chain;
}

}  // namespace wideberth::store
