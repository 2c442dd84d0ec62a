#include "store/chain.h"

#include <array>

#include "crypto/sha256.h"

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
  // One for each thread: making one costs more than hashing a small batch.
  static thread_local crypto::Sha256Hasher hasher;
  hasher.Update(previous.bytes);
  hasher.Update(header);
  hasher.Update(bytes);
  return hasher.Finish();
}

}  // namespace wideberth::store
